//! Random worlds: people act on three sides, faults strike, the daemon dies and starts again, all from one seed. Then everything
//! stops, and the Jiras alone are judged. A seed that fails is printed: `JIRASYNCD_SEED=n` repeats it, `JIRASYNCD_LONG=1` tries
//! many. Must never judge by the daemon's state, nor let a seed pass that did nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{HookWeather, IssueView, Jira, Person};
use serde_json::json;

use super::daemon_audit::{
    Stuck, by_token, comments, conflicts, elements, files, is_write, shared, stuck, sync_user, token, touched,
};
use super::daemon_support::{THREE, World};
use super::fault_counts::{FaultCounts, Troubles};
use super::random_life::{A_LONG_RUN, Life, is_lived_twice, is_ordinary, seeds, told};
use super::written_texts::{TEXTS, text_kept};

/// Seeds that failed once: each found a defect.
const FOUND: [u64; 2] = [0, 20110];
/// Seeds of an ordinary run, and of a long one.
const FEW: u64 = 6;
const MANY: u64 = 400;
/// The same with webhooks.
const FEW_HOOKED: u64 = 3;
/// The same with all that may get lost at once: longer lives, so fewer of them, and more in a long run.
const FEW_LOSSES: u64 = 1;
const MANY_LOSSES: u64 = 1_000;
/// What happens at least in each life, and on average.
const ACTS: usize = 40;
const ITEMS: usize = 5;
const EFFECTS: usize = 300;
/// What stands in a crowd from the beginning, more than polls read along (`engine::detect`); rows a page and rows an index gives at all.
const CROWD: usize = 60;
const SMALL_PAGE: u64 = 20;
const SMALL_WINDOW: u64 = 40;
/// Of those an ordinary run has one, and a long one some: each is as long as ten others.
const FEW_CROWDS: u64 = 1;
/// What found something there (docs/proof.md).
const FOUND_CROWDS: [u64; 1] = [4005];
/// Intervals after which a crowd is seen whole: what the index brought late behind a page of what was known is found once per overlap (five
/// minutes), and what is more than the window holds once the index surely has it (three minutes and the lag bound).
const LATE: usize = 16;
const MANY_CROWDS: u64 = 50;
/// The longest that an index lags there, in seconds; `settle` is longer.
const LONGEST_LAG: usize = 60;

const SIDES: [(&str, &[&str], &str, &str); 3] = [
    ("acme", &["jane", "omar", "li"], "SUP", "Bug"),
    ("globex", &["jdoe", "mlopez", "kchan"], "ENG", "Defect"),
    ("initech", &["petra", "juergen", "anna"], "OPS", "Fehler"),
];
const PRIORITIES: [[&str; 3]; 3] = [["Highest", "P1", "Hoch"], ["Medium", "P3", "Mittel"], ["Low", "P4", "Niedrig"]];
const STATUSES: [&[&str]; 3] =
    [&["To Do", "In Progress", "Done"], &["Open", "Working", "Closed"], &["Neu", "In Arbeit", "Fertig"]];

/// The words of what may be told in the end: an index that lagged at a start told otherwise, and is asked again after five minutes.
const TOLD: [&str; 1] = ["times in searches are read neither as milliseconds nor in the profile's time zone"];
/// The fields of one value that are compared, and the sets.
const VALUES: [&str; 5] = ["summary", "description", "priority", "status", "timeoriginalestimate"];
const SETS: [&str; 3] = ["labels", "components", "fixVersions"];

/// One random life.
struct Random {
    life: Life,
    acts: usize,
    weather: Weather,
}

/// How bad it gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weather {
    /// Faults and deaths.
    Faults,
    /// The Jiras tell by webhooks too, badly.
    Webhooks,
    /// Every fault of the simulator, indexes that lag by any time, and webhooks of which three in ten are lost and two doubled, and that
    /// come late and in another order.
    Losses,
    /// The same among so many issues that are changed in bulk that polls do not read along what they know: pages are small, and in
    /// every second world an index gives no more than its first rows.
    Crowds,
}

impl Weather {
    /// Whether all may get lost at once.
    fn is_lossy(self) -> bool {
        matches!(self, Self::Losses | Self::Crowds)
    }
}

impl Random {
    async fn new(seed: u64, weather: Weather) -> Self {
        let hooked = weather != Weather::Faults;
        let carried = THREE.replacen("home = \"acme\"", "home = \"acme\"\nattachments = { names = [\"*\"] }", 1);
        let rows = "summary = \"both\"\ncomponents = \"both\"\nfix-versions = { on-unmapped = \"create\" }\noriginal-estimate = \"both\"";
        let webhooks = "poll = \"30s\"\n[daemon.webhooks]\npublic-url = \"https://hooks.example\"";
        let carried = if hooked { carried.replacen("poll = \"30s\"", webhooks, 1) } else { carried };
        // No index lags longer than an instance is said to need to settle.
        let settle = if weather.is_lossy() { "settle = \"90s\"" } else { "settle = \"60s\"" };
        let carried = carried.replace("settle = \"60s\"", settle);
        let world = World::of(&carried.replacen("summary = \"both\"", rows, 1), |setups| {
            for (number, setup) in setups.values_mut().enumerate() {
                let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
                setup.projects[0].components = names(&["Api", "Web", "Db"]);
                // What one side has of these is made on the others.
                setup.projects[0].versions = names(&["v1", "v2", "v3"][number..]);
                // Faults say when there is too much; a limit of its own would only slow the run.
                setup.limits = jirasyncd::simulator::Limits::off();
            }
        });
        let double = if weather.is_lossy() { 0.2 } else { 0.3 };
        for jira in world.jiras.values().filter(|_| hooked) {
            jira.register_webhook("https://hooks.example/x", None);
            jira.set_hook_weather(HookWeather { lose: 0.3, double, delay: Duration::from_secs(90) });
        }
        let life = Life::new(seed, world).await;
        for jira in life.world.jiras.values().filter(|_| weather.is_lossy()) {
            jira.set_index_lag(Duration::from_secs(life.dice.below(LONGEST_LAG + 1) as u64));
        }
        let mut random = Self { life, acts: 0, weather };
        if weather == Weather::Crowds {
            random.gather(seed);
        }
        random
    }

    /// Issues that people have already, in a Jira that shows few at a time.
    fn gather(&mut self, seed: u64) {
        for jira in self.life.world.jiras.values() {
            jira.set_quirks(|quirks| quirks.search_page_cap = SMALL_PAGE);
            if !seed.is_multiple_of(2) {
                jira.set_quirks(|quirks| quirks.search_window = SMALL_WINDOW);
            }
        }
        let who = self.life.world.person("acme", "jane");
        for number in 0..CROWD {
            let labels = if number % 4 == 0 { &["share-globex", "share-initech"][..] } else { &["share-globex"][..] };
            let fields = json!({ "summary": format!("Item-s{number} from-acme"), "labels": labels });
            who.create("SUP", "Bug", fields).unwrap();
        }
    }

    /// Somebody changes all issues of a project at once.
    fn change_all(&mut self) {
        let column = self.life.dice.below(2);
        let (jira, people, ..) = SIDES[column];
        let who = self.life.world.person(jira, self.life.dice.one(people));
        let (number, is_text) = (self.acts, self.life.dice.below(2) == 0);
        self.acts += 1;
        let priority = PRIORITIES[self.life.dice.below(3)][column];
        for issue in self.life.world.jira(jira).issues() {
            let fields = if is_text {
                json!({ "description": format!("Bulk {number} from-{jira}") })
            } else {
                json!({ "priority": { "name": priority } })
            };
            who.edit(&issue.key, fields).unwrap_or_else(|refusal| panic!("{}: {refusal:?}", issue.key));
        }
    }

    /// Somebody does something somewhere.
    fn act(&mut self) {
        let column = self.life.dice.below(3);
        let (jira, people, project, issue_type) = SIDES[column];
        let who = self.life.world.person(jira, self.life.dice.one(people));
        let issues = self.life.world.jira(jira).issues();
        let few = issues.len() < 3;
        let number = self.acts;
        self.acts += 1;
        // A canary in every text: whose it is shows where it went.
        let canary = format!("from-{jira}");
        if few || self.life.dice.below(6) == 0 {
            let labels: Vec<&str> = ["share-globex", "share-initech", "paper"]
                .into_iter()
                .filter(|label| column == 0 && self.life.dice.below(3) > 0 || *label == "paper")
                .collect();
            let fields = json!({ "summary": format!("Item-{number} {canary}"), "labels": labels,
                "description": format!("Text {number} {canary}"),
                "priority": { "name": PRIORITIES[self.life.dice.below(3)][column] } });
            let key = who.create(project, issue_type, fields).unwrap();
            println!("{} {jira}: {key:?} is item {number}", self.life.world.surroundings.clock.now());
            return;
        }
        let issue = &issues[self.life.dice.below(issues.len())];
        self.change(&who, column, issue, number, &canary);
    }

    fn change(&self, who: &Person, column: usize, issue: &IssueView, number: usize, canary: &str) {
        let key = &issue.key;
        let done = match self.life.dice.below(12) {
            9 => who.update(key, json!({ "components": [{ self.life.dice.one(&["add", "remove"]): { "name": self.life.dice.one(&["Api", "Web", "Db"]) } }] })),
            10 => who.update(key, json!({ "fixVersions": [{ self.life.dice.one(&["add", "remove"]): { "name": "v3" } }] })),
            11 => who.edit(key, json!({ "timetracking": { "originalEstimate": format!("{}m", self.life.dice.below(3) * 30) } })),
            0 | 1 => who.edit(key, json!({ "summary": format!("{} {number} {canary}", token(issue)) })),
            2 => who.edit(key, json!({ "description": format!("Text {number} {canary}") })),
            3 => who.edit(key, json!({ "priority": { "name": PRIORITIES[self.life.dice.below(3)][column] } })),
            4 => who.comment(key, &format!("Comment {number} {canary}")).map(drop),
            // Every second one has the same name.
            7 => {
                let name = format!("{}-{canary}.txt", number / 2 * 2);
                who.attach(key, &name, format!("File {number} {canary}").as_bytes()).map(drop)
            }
            8 => {
                let own = issue.attachments.iter().find(|file| file.author.as_deref() == Some(who.id()));
                own.map_or(Ok(()), |file| who.detach(&file.id.to_string()))
            }
            5 => who.update(key, json!({ "labels": [{ "add": format!("word-{}", self.life.dice.below(4)) }] })),
            _ => {
                let to = self.life.dice.one(STATUSES[column]);
                // Not every way exists: then nobody goes it.
                let _ = who.transition(key, to);
                Ok(())
            }
        };
        done.unwrap_or_else(|refusal| panic!("{key}: {refusal:?}"));
    }

    async fn run(&mut self) -> Result<(), String> {
        let losses = self.weather.is_lossy();
        let mut steps = 0;
        while steps < 14 || self.acts < ACTS || self.items() < ITEMS {
            steps += 1;
            for _ in 0..self.life.dice.below(5) {
                self.act();
                self.life.world.pass(self.life.dice.below(7) as u64).await;
            }
            if self.weather == Weather::Crowds && self.life.dice.below(4) == 0 {
                self.change_all();
            }
            if losses {
                self.life.bad_weather(&SIDES.map(|side| side.0));
            } else {
                self.life.weather(&SIDES.map(|side| side.0));
            }
            self.life.live().await;
        }
        self.life.calm().await;
        self.life.world.rest().await?;
        if self.weather == Weather::Crowds {
            self.life.world.intervals(LATE).await;
            self.life.world.rest().await?;
        }
        self.judge().await
    }

    /// How many issues people made.
    fn items(&self) -> usize {
        let made = |(jira, ..): &(&str, &[&str], &str, &str)| {
            let all = self.life.world.jira(jira).issues();
            all.iter().filter(|issue| issue.creator.as_deref() != Some(sync_user(jira))).count()
        };
        SIDES.iter().map(made).sum()
    }

    /// What the Jiras show, and that nothing is left to be told: whatever people write here every side can hold, and all that broke is healed.
    async fn judge(&self) -> Result<(), String> {
        let mut problems = self.life.world.problems().await;
        problems.retain(|told| !TOLD.iter().any(|words| told.contains(words)));
        let stuck = stuck(&self.life.world).await;
        problems.retain(|told| !stuck.values().any(|of_it| of_it == told));
        self.judge_jiras(&stuck).await.map_err(|why| format!("{why}; problems: {problems:?}"))?;
        if problems.is_empty() { self.is_quiet().await } else { Err(format!("problems: {problems:?}")) }
    }

    async fn judge_jiras(&self, stuck: &Stuck) -> Result<(), String> {
        let mut all: BTreeMap<&str, BTreeMap<String, IssueView>> = BTreeMap::new();
        for (jira, ..) in SIDES {
            all.insert(jira, by_token(&self.life.world, jira)?);
        }
        for token in all["acme"].keys() {
            let sides = all.iter().filter_map(|(jira, issues)| Some((sync_user(jira), issues.get(token)?)));
            let sides: Vec<(&str, &IssueView)> = sides.collect();
            let told = conflicts(&self.life.world, sides.iter().map(|(_, view)| *view)).await;
            TEXTS.iter().try_for_each(|field| text_kept(token, field, &sides, &told))?;
        }
        for partner in ["globex", "initech"] {
            self.judge_partner(&all, partner, stuck)?;
        }
        for (jira, other) in [("globex", "initech"), ("initech", "globex")] {
            for issue in all[jira].values() {
                let mut texts: Vec<&str> = issue.comments.iter().map(|comment| comment.body.as_str()).collect();
                texts.extend(issue.fields.values().map(String::as_str));
                texts.extend(issue.attachments.iter().map(|file| file.name.as_str()));
                texts.extend(issue.history.iter().flat_map(|entry| &entry.items).filter_map(|item| item.2.as_deref()));
                if texts.iter().any(|text| text.contains(&format!("from-{other}"))) {
                    return Err(format!("{} of {jira} shows what {other} wrote: {texts:?}", issue.key));
                }
            }
        }
        Ok(())
    }

    /// Nobody is written to any more.
    async fn is_quiet(&self) -> Result<(), String> {
        for jira in self.life.world.jiras.values() {
            jira.reset_calls();
        }
        self.life.world.intervals(3).await;
        for (name, jira) in &self.life.world.jiras {
            let writes: Vec<String> = jira
                .calls()
                .iter()
                .filter(|call| is_write(call))
                .map(|call| format!("{} {} {}", call.operation, call.method, call.path))
                .collect();
            if !writes.is_empty() {
                return Err(format!("{name} is written to after quiet: {writes:?}"));
            }
        }
        Ok(())
    }

    fn judge_partner(
        &self,
        all: &BTreeMap<&str, BTreeMap<String, IssueView>>,
        partner: &'static str,
        stuck: &Stuck,
    ) -> Result<(), String> {
        let share = format!("share-{partner}");
        let (home, there) = (&all["acme"], &all[partner]);
        for (token, issue) in home {
            let shared_with = issue.fields.get("labels").is_some_and(|labels| labels.split(' ').any(|l| l == share));
            let Some(counterpart) = there.get(token) else {
                if shared_with {
                    return Err(format!("{token} has no counterpart at {partner}"));
                }
                continue;
            };
            comments(partner, counterpart, "acme", issue)?;
            files(partner, counterpart, "acme", issue)?;
            files("acme", issue, partner, counterpart)?;
            // Those of home's own people cross; the copies of another partner's there are not theirs.
            comments("acme", issue, partner, counterpart)?;
            let waits = [("acme", issue), (partner, counterpart)]
                .iter()
                .any(|(jira, view)| stuck.contains_key(&(jira.to_string(), view.key.clone())));
            self.judge_values(token, issue, partner, counterpart, waits)?;
        }
        let unknown: BTreeSet<&String> = there.keys().filter(|token| !home.contains_key(*token)).collect();
        if unknown.is_empty() { Ok(()) } else { Err(format!("{unknown:?} of {partner} never reached home")) }
    }

    /// Where only home and this partner acted, both show the same; of sets, in each element that nobody else touched.
    fn judge_values(
        &self,
        token: &str,
        issue: &IssueView,
        partner: &str,
        counterpart: &IssueView,
        finds_no_way: bool,
    ) -> Result<(), String> {
        let other = if partner == "globex" { "initech" } else { "globex" };
        let others = self.life.world.jira(other).issues();
        let third = others.iter().find(|view| super::daemon_audit::token(view) == token);
        let acted = third.is_some_and(|view| {
            let people = |author: Option<&str>| author != Some(sync_user(other));
            people(view.creator.as_deref()) || view.history.iter().any(|entry| people(entry.author.as_deref()))
        });
        for field in VALUES {
            let (here, there) = (shared("acme", issue, field), shared(partner, counterpart, field));
            let is_asked = if field == "status" { !finds_no_way } else { !acted };
            if is_asked && here != there {
                return Err(format!("{token} {field}: acme `{here}`, {partner} `{there}`"));
            }
        }
        for field in SETS {
            // What the third side's people put in or took out is between them and home.
            let theirs = third.map(|view| touched(other, view, field)).unwrap_or_default();
            let common = |jira: &str, view: &IssueView| &elements(jira, view, field) - &theirs;
            let (here, there) = (common("acme", issue), common(partner, counterpart));
            if here != there {
                return Err(format!(
                    "{token} {field}: acme {here:?}, {partner} {there:?}, but for {theirs:?} of {other}"
                ));
            }
        }
        Ok(())
    }
}

/// What came of a life.
pub(crate) struct Lived {
    acts: usize,
    deaths: usize,
    effects: usize,
    struck: FaultCounts,
    /// Digests of all that was asked and answered, one a Jira.
    trace: Vec<[u8; 32]>,
}

/// One life, judged.
pub(crate) async fn try_seed(seed: u64, weather: Weather) -> Result<Lived, String> {
    let mut random = Random::new(seed, weather).await;
    let _told = told(&random.life.world);
    random.run().await.map_err(|why| format!("JIRASYNCD_SEED={seed}: {why}"))?;
    let Random { acts, life, .. } = random;
    let jiras = &life.world.jiras;
    Ok(Lived {
        acts,
        deaths: life.deaths,
        effects: life.effects(),
        struck: life.struck(),
        trace: jiras.values().map(Jira::trace).collect(),
    })
}

async fn try_seeds(seeds: impl Iterator<Item = u64>, weather: Weather) {
    let (mut wrong, mut acts, mut deaths, mut effects, mut count) = (Vec::new(), 0, 0, 0, 0);
    let mut struck = FaultCounts::default();
    for seed in seeds {
        count += 1;
        match try_seed(seed, weather).await {
            Ok(lived) => {
                acts += lived.acts;
                deaths += lived.deaths;
                effects += lived.effects;
                struck.add(lived.struck);
                // That a seed repeats is not taken for granted.
                if is_lived_twice(seed) {
                    let again = try_seed(seed, weather).await.map(|lived| lived.trace);
                    if again.as_ref() != Ok(&lived.trace) {
                        wrong.push(format!("JIRASYNCD_SEED={seed}: lived twice, it is not the same: {again:?}"));
                    }
                }
            }
            Err(why) => wrong.push(why),
        }
    }
    println!("{count} seeds, {acts} acts, {deaths} deaths, {} effects a seed", effects / count.max(1));
    print!("{struck}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    let each = effects / count.max(1);
    assert!(acts >= count * ACTS && each >= EFFECTS, "hardly anything happened: {acts} acts, {each} effects a seed");
    assert!(count < 5 || deaths > 0 && !struck.is_empty(), "nothing went wrong");
    let troubles = Troubles { rare: weather.is_lossy(), webhooks: weather != Weather::Faults };
    let never = if count >= A_LONG_RUN { struck.never_struck(troubles) } else { Vec::new() };
    assert_eq!(never, Vec::<&str>::new(), "a fault that never strikes proves nothing");
}

#[tokio::test(start_paused = true)]
async fn random_worlds_end_in_step() {
    try_seeds(seeds(FEW, MANY).into_iter(), Weather::Faults).await;
}

#[tokio::test(start_paused = true)]
async fn random_worlds_with_bad_webhooks_end_in_step() {
    try_seeds(seeds(FEW_HOOKED, MANY).into_iter(), Weather::Webhooks).await;
}

#[tokio::test(start_paused = true)]
async fn seeds_that_failed_once_pass() {
    if !FOUND.is_empty() {
        try_seeds(FOUND.into_iter(), Weather::Faults).await;
    }
}

/// "Must be shown" 2 of webhooks: after quiet nothing is missing and nothing doubled.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_doubled_where_webhooks_and_answers_are() {
    try_seeds(seeds(FEW_LOSSES, MANY_LOSSES).into_iter(), Weather::Losses).await;
}

/// Small pages, lagging indexes and lost tokens where so much changes that a poll asks for ids and times only.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_or_doubled_in_crowds() {
    let found = FOUND_CROWDS.into_iter().filter(|_| is_ordinary());
    try_seeds(seeds(FEW_CROWDS, MANY_CROWDS).into_iter().chain(found), Weather::Crowds).await;
}

/// An auditor that sees nothing proves nothing: a value or an element that differs is seen, and so is any problem; what one partner's people
/// put in is asked of no other; a write after quiet is seen, of whatever kind; and so are a person's words that went, where all sides agree.
#[tokio::test(start_paused = true)]
async fn what_this_auditor_asks_for_it_sees() {
    let random = Random::new(0, Weather::Faults).await;
    let world = &random.life.world;
    let (jane, petra) = (world.person("acme", "jane"), world.person("initech", "petra"));
    let fields =
        json!({ "summary": "Item", "labels": ["share-globex", "share-initech"], "priority": { "name": "Low" } });
    let home = jane.create("SUP", "Bug", fields).unwrap();
    let comment = jane.comment(&home, "Said").unwrap();
    world.rest().await.unwrap();
    assert_eq!(random.judge().await, Ok(()));

    jane.edit_comment(&home, &comment, "Said again").unwrap();
    assert!(random.is_quiet().await.unwrap_err().contains("updateComment"));
    jane.delete_comment(&home, &comment).unwrap();
    // That a comment is gone is seen when its issue is looked at.
    jane.edit(&home, json!({ "priority": { "name": "Highest" } })).unwrap();
    assert!(random.is_quiet().await.unwrap_err().contains("deleteComment"));
    let theirs = world.issue("initech", "Item").key;
    petra.update(&theirs, json!({ "labels": [{ "add": "private" }] })).unwrap();
    petra.update(&theirs, json!({ "components": [{ "add": { "name": "Db" } }] })).unwrap();
    world.rest().await.unwrap();
    let labels = ["acme", "globex"].map(|jira| world.field(jira, "Item", "labels").contains("private"));
    assert_eq!(labels, [true, false]);
    assert_eq!(random.judge().await, Ok(()));

    let key = world.issue("globex", "Item").key;
    let tells = async |problems: &[Problem]| {
        world.daemon().store().set_problems(&key, problems, world.surroundings.clock.now()).await.unwrap();
        random.judge().await
    };
    let (side, field) = ("globex".into(), Some("components".into()));
    let problem =
        Problem { side, field, what: "x".to_owned(), remedy: "y".to_owned(), operation: None, settles: false };
    let of_times = Problem { field: None, what: format!("{} (`UTC`)", TOLD[0]), ..problem.clone() };
    assert_eq!(tells(std::slice::from_ref(&of_times)).await, Ok(()));
    assert!(tells(&[of_times, problem]).await.unwrap_err().starts_with("problems: [\"globex: x\"]"));
    assert_eq!(tells(&[]).await, Ok(()));

    let ours = world.person("globex", sync_user("globex"));
    let differs = async |change: serde_json::Value, field: &str| {
        ours.update(&key, change).unwrap();
        let why = random.judge().await.unwrap_err();
        assert!(why.starts_with(&format!("Item {field}: acme")), "{why}");
    };
    differs(json!({ "labels": [{ "add": "paper" }] }), "labels").await;
    ours.update(&key, json!({ "labels": [{ "remove": "paper" }] })).unwrap();
    differs(json!({ "fixVersions": [{ "add": { "name": "v3" } }] }), "fixVersions").await;
    ours.update(&key, json!({ "fixVersions": [{ "remove": { "name": "v3" } }] })).unwrap();
    differs(json!({ "components": [{ "add": { "name": "Api" } }] }), "components").await;
    ours.update(&key, json!({ "components": [{ "remove": { "name": "Api" } }] })).unwrap();
    a_way_that_is_not_known(&random, &key).await;
    jane.edit(&home, json!({ "description": "Text 90 from-acme" })).unwrap();
    world.person("acme", sync_user("acme")).edit(&home, json!({ "description": null })).unwrap();
    let why = random.judge().await.unwrap_err();
    assert!(why.starts_with("Item description: `Text 90 from acme` of SUP-1"), "{why}");
}

/// That no way is known excuses a status where that is so, and nothing else.
async fn a_way_that_is_not_known(random: &Random, key: &str) {
    let world = &random.life.world;
    let tell = async |jira: &str, key: &str, what: &str| {
        let (side, field, what, remedy) = (jira.into(), Some("status".into()), what.to_owned(), "y".to_owned());
        let problem = Problem { side, field, what, remedy, operation: None, settles: false };
        world.daemon().store().set_problems(key, &[problem], world.surroundings.clock.now()).await.unwrap();
    };
    let as_us = |jira: &str, key: &str, status: &str| {
        world.person(jira, sync_user(jira)).transition(key, status).unwrap();
    };
    ["Working", "Closed"].into_iter().for_each(|status| as_us("globex", key, status));
    tell("globex", key, "no way is known from `Closed` to `Open`").await;
    assert!(stuck(world).await.is_empty(), "one step leads there");
    let why = random.judge_jiras(&Stuck::new()).await.unwrap_err();
    assert!(why.starts_with("Item status: acme"), "{why}");
    as_us("globex", key, "Open");
    let there = world.issue("initech", "Item").key;
    as_us("initech", &there, "Fertig");
    tell("initech", &there, "no way is known from `Fertig` to `Neu`").await;
    let known = stuck(world).await;
    assert_eq!(random.judge_jiras(&known).await, Ok(()));
    let petra = world.person("initech", "petra");
    let fields = json!({ "summary": "Other", "priority": { "name": "Hoch" } });
    let between = petra.create("OPS", "Fehler", fields).unwrap();
    petra.transition(&between, "In Arbeit").unwrap();
    assert!(stuck(world).await.is_empty(), "what leads on from there is seen");
}
