//! Two syncs share one instance: while one has thousands of first copies to make there, a live edit of the other arrives nearly as soon as
//! without them. Counted in simulated time, and held against the table in `benches/README.md` (`UPDATE=1` writes it anew). Must never
//! measure while nothing else is under way.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::simulator::ProjectSetup;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::daemon_support::World;

/// How long each answer takes.
const ANSWER: Duration = Duration::from_millis(50);
const POLL: Duration = Duration::from_secs(5);
/// As many wait in an ordinary run. With fewer a poll shows no more than a page of new ones.
const FEW: usize = 5_000;
/// The limit: so much longer than alone.
const MOST: u32 = 2;

pub(super) const CONFIG: &str = r#"
[daemon]
state = "sqlite:STATE"
poll = "5s"

[instance.acme]
kind = "cloud"
url = "https://acme.example"
auth = { method = "api-token", user = "sync@acme.example", token = "env:TOKEN" }

[instance.globex]
kind = "data-center"
url = "https://jira.globex.example/jira"
auth = { method = "bearer", token = "env:TOKEN" }

[instance.initech]
kind = "cloud"
url = "https://initech.example"
auth = { method = "api-token", user = "sync@initech.example", token = "env:TOKEN" }

[sync.bulk]
most-creations = 1000000
side.acme = { instance = "acme", project = "SUP" }
side.globex = { instance = "globex", project = "ENG" }
[sync.bulk.map]
issue-type = [ { acme = "Bug", globex = "Defect" } ]
[sync.bulk.fields]
summary = "both"
[sync.bulk.comments]
unrestricted = "both"

[sync.live]
side.acme = { instance = "acme", project = "TWO" }
side.initech = { instance = "initech", project = "OPS" }
[sync.live.map]
issue-type = [ { acme = "Bug", initech = "Fehler" } ]
[sync.live.fields]
summary = "both"
"#;

/// Every answer takes as long.
struct Slow(Arc<dyn Transport>);

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        tokio::time::sleep(ANSWER).await;
        self.0.send(request).await
    }
}

fn is_long() -> bool {
    std::env::var_os("JIRASYNCD_LONG").is_some()
}

/// Issues that wait to be copied, each with a comment.
fn queued() -> usize {
    if is_long() { 50_000 } else { FEW }
}

/// An issue on a side, and who edits it there.
type End<'a> = (&'a str, &'a str, &'a str);

/// Edits right before polls, and how long after the poll each arrived.
async fn edits(world: &World, began: Instant, (from, to): (End<'_>, End<'_>), count: u32, word: &str) -> Vec<Duration> {
    let mut all = Vec::new();
    for number in 0..count {
        let polls = began.elapsed().as_millis() / POLL.as_millis() + 1;
        let tick = began + POLL * u32::try_from(polls).unwrap();
        tokio::time::sleep_until(tick - Duration::from_millis(1)).await;
        let text = format!("Live {word} {number}");
        let (jira, who, issue) = from;
        world.person(jira, who).edit(issue, json!({ "summary": text })).unwrap();
        let (jira, _, copy) = to;
        while world.jira(jira).issue(copy).unwrap().fields["summary"] != text {
            assert!(tick.elapsed() < Duration::from_secs(120), "{text} does not arrive");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        all.push(tick.elapsed());
    }
    all
}

/// The two syncs' Jiras, not started yet.
pub(super) fn shared() -> World {
    shared_by(CONFIG)
}

/// The same by a configuration like it.
pub(super) fn shared_by(config: &str) -> World {
    let mut world = World::of(config, |setups| {
        let acme = setups.get_mut("acme").unwrap();
        let first = acme.projects[0].clone();
        acme.projects.push(ProjectSetup { key: "TWO".into(), id: 10_001, name: "Second".into(), ..first });
        // The daemon's own rate is what is shared here.
        setups.values_mut().for_each(|setup| setup.limits = jirasyncd::simulator::Limits::off());
    });
    world.bend(|inner| Arc::new(Slow(inner)));
    world
}

#[tokio::test(start_paused = true)]
async fn a_live_edit_hardly_waits_for_the_first_copies_of_another_sync() {
    let mut world = shared();
    world.start().await;
    let issue = world.person("initech", "petra").create("OPS", "Fehler", json!({ "summary": "Live" })).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue("acme", "Live").key;
    let (cancel, queued) = (CancellationToken::new(), queued());
    let people = async {
        let began = Instant::now();
        let (there, crowded) = (("initech", "petra", issue.as_str()), ("acme", "jane", copy.as_str()));
        let alone = [
            edits(&world, began, (there, crowded), 5, "alone").await,
            edits(&world, began, (crowded, there), 5, "back alone").await,
        ];
        let jdoe = world.person("globex", "jdoe");
        for number in 0..queued {
            let key = jdoe.create("ENG", "Defect", json!({ "summary": format!("Bulk {number}") })).unwrap();
            jdoe.comment(&key, "To be copied").unwrap();
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
        // Of very many, all are read before the first is made.
        let writes = || ["createIssues", "addComment"].map(|write| world.jira("acme").count(write)).iter().sum::<u64>();
        while writes() == 0 {
            assert!(began.elapsed() < Duration::from_hours(2), "no first copy is made");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let before = writes();
        let count = if is_long() { 40 } else { 8 };
        let beside = [
            edits(&world, began, (there, crowded), count, "beside").await,
            edits(&world, began, (crowded, there), count, "back beside").await,
        ];
        let after = writes();
        cancel.cancel();
        (alone, beside, before, after)
    };
    let (run, (mut alone, mut beside, before, after)) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
    println!("alone {alone:?}, beside {beside:?}, writes {before}..{after} of the other sync, {queued} queued");
    assert!(before < after && after < queued as u64, "the other sync was not at work all the time: {before}..{after}");
    let figures = [0, 1].map(|way| Figures::of(&mut alone[way], &mut beside[way]));
    // What comes from there is not in the table: how far the last poll came when the next is due differs from run to run.
    let [to, from] = &figures;
    for figures in [to, from] {
        assert!(
            figures.median.1 <= figures.median.0 * MOST,
            "{beside:?} beside {queued} first copies, {alone:?} alone"
        );
        assert!(
            figures.slowest.1 <= figures.median.0 * MOST,
            "{beside:?} beside {queued} first copies, {alone:?} alone"
        );
    }
    if queued == FEW {
        publish(to);
    }
}

/// People's own edits of another sync are as urgent as this one's: each sync has its share of the instance's rate.
#[tokio::test(start_paused = true)]
async fn a_live_edit_hardly_waits_for_the_many_live_edits_of_another_sync() {
    const CROWD: usize = 600;
    // A look and a write, each behind one of the crowd's and one of the polls', of ten a second.
    const SHARED: Duration = Duration::from_millis(2 * 3 * 100);
    let mut world = shared();
    world.start().await;
    let jdoe = world.person("globex", "jdoe");
    let bulk = |number| json!({ "summary": format!("Bulk {number}") });
    let keys: Vec<String> = (0..CROWD).map(|number| jdoe.create("ENG", "Defect", bulk(number)).unwrap()).collect();
    let issue = world.person("initech", "petra").create("OPS", "Fehler", json!({ "summary": "Live" })).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue("acme", "Live").key;
    let cancel = CancellationToken::new();
    let people = async {
        let began = Instant::now();
        let (there, crowded) = (("initech", "petra", issue.as_str()), ("acme", "jane", copy.as_str()));
        let mut alone = edits(&world, began, (there, crowded), 5, "alone").await;
        let written = || world.jira("acme").count("editIssue");
        for (number, key) in keys.iter().enumerate() {
            jdoe.edit(key, json!({ "summary": format!("Changed {number}") })).unwrap();
        }
        let before = written();
        // By then the crowd's edits are under way.
        tokio::time::sleep(POLL * 2).await;
        let begun = written();
        let mut beside = edits(&world, began, (there, crowded), 5, "beside").await;
        let (after, count) = (written(), beside.len() as u64);
        cancel.cancel();
        assert!(before < begun && after < before + CROWD as u64, "the crowd was not at work: {before} {begun} {after}");
        let figures = Figures::of(&mut alone, &mut beside);
        println!("alone {alone:?}, beside {beside:?}, {} of {CROWD} edits of the crowd", after - before - count);
        assert!(figures.slowest.1 <= figures.median.0 + SHARED, "{beside:?} beside a crowd, {alone:?} alone");
    };
    let (run, ()) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
}

/// What somebody makes goes before the many that are copied for the first time: it is decided on and created first.
#[tokio::test(start_paused = true)]
async fn an_issue_that_somebody_makes_does_not_wait_for_first_copies() {
    const MANY: usize = 1_500;
    let mut world = shared();
    world.start().await;
    world.rest().await.unwrap();
    let cancel = CancellationToken::new();
    let jdoe = world.person("globex", "jdoe");
    let made = async |began: Instant, text: String| {
        let polls = began.elapsed().as_millis() / POLL.as_millis() + 1;
        let tick = began + POLL * u32::try_from(polls).unwrap();
        tokio::time::sleep_until(tick - Duration::from_millis(1)).await;
        jdoe.create("ENG", "Defect", json!({ "summary": text })).unwrap();
        while world.issues("acme", &text).is_empty() {
            assert!(tick.elapsed() < Duration::from_secs(120), "{text} does not arrive");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tick.elapsed()
    };
    let people = async {
        let began = Instant::now();
        let alone = made(began, "Made alone".to_owned()).await;
        for number in 0..MANY {
            let key = jdoe.create("ENG", "Defect", json!({ "summary": format!("Bulk {number}") })).unwrap();
            jdoe.comment(&key, "To be copied").unwrap();
        }
        let copied = || world.issues("acme", "Bulk").len();
        while copied() == 0 {
            assert!(began.elapsed() < Duration::from_hours(2), "no first copy is made");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let mut beside = Vec::new();
        for number in 0..3 {
            beside.push(made(began, format!("Made beside {number}.")).await);
        }
        let done = copied();
        cancel.cancel();
        println!("alone {alone:?}, beside {beside:?}, {done} of {MANY} copied");
        assert!(done < MANY, "nothing else was under way");
        // All that waits takes minutes. What else the poll has to do, and the decision, take their time.
        assert!(beside.iter().all(|took| *took <= POLL), "{beside:?} beside {MANY} first copies, {alone:?} alone");
    };
    let (run, ()) = tokio::join!(world.daemon().run(cancel.clone()), people);
    run.unwrap();
}

/// What edits took, alone and beside first copies.
struct Figures {
    median: (Duration, Duration),
    slowest: (Duration, Duration),
}

impl Figures {
    fn of(alone: &mut [Duration], beside: &mut [Duration]) -> Self {
        let sorted = |times: &mut [Duration]| {
            times.sort();
            (times[times.len() / 2], times[times.len() - 1])
        };
        let (alone, beside) = (sorted(alone), sorted(beside));
        Self { median: (alone.0, beside.0), slowest: (alone.1, beside.1) }
    }
}

const BEGIN: &str = "<!-- counted by `daemon_fairness` -->\n";
const END: &str = "<!-- end of fairness -->\n";

fn publish(figures: &Figures) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("where the table begins");
    let (written, tail) = rest.split_once(END).expect("where the table ends");
    let row = |what: &str, (alone, beside): (Duration, Duration), limit: &str| {
        let ratio = beside.as_secs_f64() / alone.as_secs_f64();
        format!(
            "| a live edit, {what} | {} ms | {} ms | {ratio:.2} | {limit} |\n",
            alone.as_millis(),
            beside.as_millis()
        )
    };
    let counted = format!(
        "| what | alone | beside | ratio | limit |\n| --- | ---: | ---: | ---: | ---: |\n{}{}",
        row("the median", figures.median, &MOST.to_string()),
        row("the slowest", figures.slowest, &MOST.to_string())
    );
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{counted}{END}{tail}")).unwrap();
        return;
    }
    // One edit or another may wait half a place for a page of a poll: how the polls of two instances lie beside each other differs from run to
    // run, and the limit above holds for it.
    let settled = |table: &str| table.lines().filter(|line| !line.contains("slowest")).collect::<Vec<_>>().join("\n");
    assert_eq!(settled(written), settled(&counted), "UPDATE=1 writes the table anew; say why it changed");
}
