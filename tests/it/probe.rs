//! `jirasyncd probe` on simulated Jiras, in process: what holds there, what does not once a quirk is switched, and that nothing is left
//! behind. Every request is held against the contract. Must never count a fact that could not be tried as one that holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jirasyncd::app::{MOST_REQUESTS, Probed, Surroundings, Verdict, probe};
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::jira::{Transport, TransportSetupError};
use jirasyncd::model::settings::{InstanceSettings, Kind};
use jirasyncd::simulator::{Fault, FaultRule, Holder, Jira, ProjectSetup, Setup, When, presets};
use jirasyncd::store::Spawn;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::contract::watch::watched;
use super::jira_support::{EPOCH, InProcess, settings};

/// Where things are tried.
const SANDBOX: &str = "SAND";

/// What a probe found, and the Jira that it was made on.
struct Ran {
    probed: Probed,
    jira: Jira,
    took: Duration,
}

impl Ran {
    fn of(&self, fact: &str) -> (Verdict, &str) {
        let tried =
            self.probed.facts.iter().find(|tried| tried.fact == fact).unwrap_or_else(|| panic!("no fact {fact}"));
        (tried.verdict, &tried.seen)
    }

    /// The facts of a verdict, each with what was seen.
    fn which(&self, verdict: Verdict) -> BTreeMap<&str, &str> {
        let of = self.probed.facts.iter().filter(|tried| tried.verdict == verdict);
        of.map(|tried| (tried.fact, tried.seen.as_str())).collect()
    }

    #[track_caller]
    fn not(&self, facts: &[&str]) {
        let found: Vec<&str> = self.which(Verdict::DoesNotHold).into_keys().collect();
        assert_eq!(found, facts, "{:#?}", self.which(Verdict::DoesNotHold));
    }

    fn left(&self) -> Vec<String> {
        let issues = self.jira.issues().into_iter();
        issues.filter(|issue| issue.key.starts_with(SANDBOX)).map(|issue| issue.key).collect()
    }
}

fn sandboxed(mut setup: Setup) -> Setup {
    let sandbox = ProjectSetup { key: SANDBOX.into(), id: 19_000, name: "Sandbox".into(), ..setup.projects[0].clone() };
    setup.projects.push(sandbox);
    setup
}

fn cloud() -> Setup {
    sandboxed(presets::acme("https://acme.example"))
}

fn server() -> Setup {
    sandboxed(presets::globex("https://jira.globex.example/jira"))
}

/// What a person has in the same project and beside it, which no probe may touch.
fn plant(jira: &Jira) -> BTreeMap<String, serde_json::Value> {
    let name = if jira.kind() == jirasyncd::simulator::Kind::Cloud { "jane" } else { "jdoe" };
    let person = jira.person(name).unwrap();
    let kind = "Task";
    for project in [SANDBOX, if name == "jane" { "SUP" } else { "ENG" }] {
        let key = person.create(project, kind, json!({ "summary": format!("Not yours, {project}") })).unwrap();
        person.comment(&key, "Nor this").unwrap();
    }
    untouched(jira)
}

fn untouched(jira: &Jira) -> BTreeMap<String, serde_json::Value> {
    let rows = jira.issues().into_iter().filter(|issue| issue.fields["summary"].to_string().contains("Not yours"));
    rows.map(|issue| (issue.key.clone(), json!(format!("{issue:?}")))).collect()
}

async fn ran(setup: &Setup, change: impl FnOnce(&Jira, &mut InstanceSettings)) -> Ran {
    ran_until(setup, change, &CancellationToken::new()).await
}

/// The same without holding what is sent to the contract, which takes most of the time: where a Jira is bent, what is sent is the same.
async fn ran_bent(setup: &Setup, change: impl FnOnce(&Jira, &mut InstanceSettings)) -> Ran {
    let unwatched = |jira: &Jira, settings: &mut InstanceSettings| {
        jira.on_exchange(|_| {});
        change(jira, settings);
    };
    ran(setup, unwatched).await
}

async fn ran_until(setup: &Setup, change: impl FnOnce(&Jira, &mut InstanceSettings), stop: &CancellationToken) -> Ran {
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    let jira = Jira::new(setup, Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(42)));
    let watch = watched(&jira);
    let kind = match jira.kind() {
        jirasyncd::simulator::Kind::Cloud => Kind::Cloud,
        jirasyncd::simulator::Kind::DataCenter => Kind::DataCenter,
    };
    let mut settings = settings(kind, &setup.base_url, presets::SYNC_TOKEN);
    settings.settle = Duration::from_secs(60);
    let before = plant(&jira);
    change(&jira, &mut settings);
    let of = jira.clone();
    let transports = move |_: &InstanceSettings| -> Result<Arc<dyn Transport>, TransportSetupError> {
        Ok(Arc::new(InProcess(of.clone())))
    };
    let surroundings = Surroundings {
        clock,
        entropy: Arc::new(SeededEntropy::new(7)),
        transports: Arc::new(transports),
        spawn: Spawn::Inline,
        between: Arc::new(|store| store),
        messengers: Arc::new(|_| Default::default()),
        reread: None,
        portion: 100,
    };
    let began = tokio::time::Instant::now();
    let probed = probe(&settings, SANDBOX, None, &surroundings, stop).await.unwrap();
    let took = began.elapsed();
    assert_eq!(untouched(&jira), before, "the probe touched what is not its own");
    drop(watch);
    Ran { probed, jira, took }
}

#[tokio::test(start_paused = true)]
async fn all_that_is_taken_for_granted_holds_on_cloud() {
    let ran = ran(&cloud(), |_, _| {}).await;
    ran.not(&[]);
    let untried: Vec<&str> = ran.which(Verdict::NotTried).into_keys().collect();
    assert_eq!(untried, ["internal-comments-are-internal", "internal-comments-stay-so"], "no service desk");
    assert!(ran.which(Verdict::Holds).len() >= 50, "{}", ran.which(Verdict::Holds).len());
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")], "only what a person made is left");
    assert!(ran.probed.left.is_empty() && !ran.probed.in_doubt && ran.probed.made > 20, "{:?}", ran.probed.made);
    assert!(ran.probed.requests < MOST_REQUESTS, "{}", ran.probed.requests);
    assert_eq!(u64::from(ran.probed.requests), ran.jira.total_calls(), "a request went past the count");
}

#[tokio::test(start_paused = true)]
async fn all_that_is_taken_for_granted_holds_on_data_center() {
    let ran = ran(&server(), |_, settings| settings.rate = 5.0).await;
    ran.not(&[]);
    let least = f64::from(ran.probed.requests) / 5.0 - 20.0;
    assert!(ran.took.as_secs_f64() > least, "{} requests in {:?}", ran.probed.requests, ran.took);
    let untried: Vec<&str> = ran.which(Verdict::NotTried).into_keys().collect();
    let desk = ["internal-comments-are-internal", "internal-comments-stay-so"];
    assert_eq!(untried, [&desk[..], &["limits-are-told"]].concat(), "{:#?}", ran.which(Verdict::NotTried));
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_is_otherwise_is_told_fact_by_fact() {
    let mut setup = cloud();
    let quirks = &mut setup.quirks;
    (quirks.unknown_names_are_empty, quirks.epoch_in_jql) = (true, false);
    (quirks.comment_moves_updated, quirks.comment_delete_moves_updated) = (false, true);
    (quirks.keeps_history_metadata, quirks.comment_properties_on_create) = (false, false);
    quirks.jql_time_zone = Some("Asia/Tokyo".into());
    // It lags, too, and less than is waited for.
    quirks.index_lag = Duration::from_secs(20);
    setup.users[0].autowatch = false;
    let ran = ran_bent(&setup, |_, _| {}).await;
    ran.not(&[
        "a-changed-comment-moves-it",
        "a-comment-moves-it",
        "a-deleted-comment-does-not",
        "comments-carry-our-mark",
        "the-log-keeps-our-tag",
        "times-by-the-millisecond",
        "times-in-the-profiles-zone",
        "transitions-keep-our-tag",
        "unknown-projects-are-refused",
        "who-writes-watches",
    ]);
    let (verdict, seen) = ran.of("new-issues-are-found");
    assert!(verdict == Verdict::Holds && seen.contains("`settle` is 60 s"), "{seen}");
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn one_where_nobody_can_watch_is_told() {
    let mut setup = server();
    setup.quirks.watching = false;
    let ran = ran_bent(&setup, |_, _| {}).await;
    ran.not(&["issues-can-be-watched"]);
    let untried: Vec<&str> = ran.which(Verdict::NotTried).into_keys().collect();
    assert!(untried.contains(&"watching-twice-is-once"), "{untried:?}");
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_show_its_changes_is_told() {
    let mut setup = server();
    (setup.quirks.updated_by_day, setup.quirks.logs_status_alone) = (true, true);
    let ran = ran_bent(&setup, |_, _| {}).await;
    ran.not(&[
        "a-changed-comment-moves-it",
        "a-comment-moves-it",
        "a-file-moves-it",
        "a-link-moves-both-ends",
        "a-transition-moves-it",
        "an-edit-moves-it",
        "edits-are-in-the-log",
        "files-are-in-the-log",
        "links-are-in-the-log",
        // No search by `updated` can find them.
        "new-issues-are-found",
        "work-moves-it",
    ]);
    assert_eq!(ran.of("the-log-names-us").0, Verdict::NotTried, "there is no entry to look at");
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_lags_longer_than_settle_is_told() {
    let mut setup = cloud();
    setup.quirks.index_lag = Duration::from_secs(20);
    let short = ran_bent(&setup, |_, settings| settings.settle = Duration::from_secs(5)).await;
    assert_eq!(short.of("new-issues-are-found").0, Verdict::DoesNotHold);
    assert_eq!(short.of("named-ids-are-never-late").0, Verdict::Holds);
    assert_eq!(short.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_could_not_be_tried() {
    let ran = ran(&server(), |jira, _| {
        for right in ["ADD_COMMENTS", "LINK_ISSUES", "CREATE_ATTACHMENTS", "WORK_ON_ISSUES", "TRANSITION_ISSUES"] {
            jira.set_permission(SANDBOX, right, &[]);
        }
        jira.set_permission(SANDBOX, "ADMINISTER_PROJECTS", &[Holder::User("JIRAUSER10102".into())]);
        jira.set_screen(SANDBOX, &["summary", "priority"]);
    })
    .await;
    ran.not(&["edits-may-be-silent"]);
    assert!(ran.of("edits-may-be-silent").1.contains("403"), "{:?}", ran.of("edits-may-be-silent"));
    let untried = ran.which(Verdict::NotTried);
    for fact in [
        "a-comment-moves-it",
        "a-link-made-twice-is-one",
        "files-come-back-as-sent",
        "texts-come-back-as-sent",
        "transitions-lead-where-they-say",
        "words-come-one-by-one",
        "work-comes-back-as-sent",
    ] {
        assert!(untried.contains_key(fact), "{fact}: {untried:#?}");
    }
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_deleted_the_keys_are_told_and_a_desk_is_tried_as_one() {
    let mut setup = cloud();
    setup.projects.last_mut().unwrap().service_desk = true;
    setup.projects.last_mut().unwrap().permissions.insert("DELETE_ISSUES".into(), Default::default());
    let ran = ran(&setup, |_, _| {}).await;
    let told: Vec<String> = ran.probed.left.iter().map(|left| left.key.to_string()).collect();
    assert_eq!(told.len(), ran.probed.made, "{:?}", ran.probed.left);
    let mut there = ran.left();
    there.retain(|key| key != "SAND-1");
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>(), there.iter().collect());
    assert!(ran.probed.left[0].why.contains("refuses to delete"), "{:?}", ran.probed.left[0]);
    assert_eq!(ran.of("what-is-gone-is-404").0, Verdict::NotTried);
    // It is a service desk.
    for fact in ["internal-comments-are-internal", "internal-comments-stay-so"] {
        assert_eq!(ran.of(fact).0, Verdict::Holds, "{}", ran.of(fact).1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_in_doubt_is_looked_for_and_taken_away() {
    let ran = ran_bent(&cloud(), |jira, _| {
        jira.add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
        jira.add_fault(FaultRule::new("addComment", When::Nth(2), Fault::ResetBefore));
        jira.add_fault(FaultRule::new("getIssue", When::Nth(9), Fault::Status(403)));
    })
    .await;
    assert!(ran.probed.in_doubt, "nobody knows whether the one that was found is all");
    assert_eq!(ran.left(), [format!("{SANDBOX}-1")]);
    let untried = ran.which(Verdict::NotTried);
    assert!(untried.values().any(|seen| seen.contains("it is not known what became of it")), "{untried:#?}");
    ran.not(&[]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_away_what_was_made() {
    let stop = CancellationToken::new();
    stop.cancel();
    let stopped = ran_until(&cloud(), |_, _| {}, &stop).await;
    assert!(stopped.probed.facts.iter().all(|tried| tried.seen == "the probe was stopped"));
    assert!(stopped.probed.made > 0);
    assert_eq!(stopped.left(), [format!("{SANDBOX}-1")]);
}
