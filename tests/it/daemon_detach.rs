//! A sync is ended by command: nothing of it is carried any more, and our marks go from its issues where that was asked for, each once,
//! whatever happens on the way. Must never take the daemon's word for it: what was sent is counted at the Jiras.

use std::collections::BTreeMap;

use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::crash::fused_world;
use super::daemon_pairs::{comment, create, edit, field, pair, tells};
use super::daemon_pause::{give, writes};
use super::daemon_support::{World, calls, load, two};

const AT_GLOBEX: &str = "customfield_10111";

/// Two sides that show everything that names a counterpart.
fn marked() -> String {
    let rows = format!("[sync.support.fields]\nway = {{ globex = \"{AT_GLOBEX}\", template = \"{{{{ keys }}}}\" }}\n");
    let config = two().replace("[sync.support.fields]\n", &rows);
    let config = config.replace("home = \"acme\"", "home = \"acme\"\ncounterparts = \"link\"");
    format!("{config}\n[sync.support.worklogs]\nunrestricted = \"both\"\n")
}

fn detach(strip_marks: bool, dry_run: bool) -> Command {
    Command::Detach { sync: "support".into(), strip_marks, dry_run }
}

async fn attach(world: &World) -> Answer {
    give(world, Command::Attach("support".into())).await
}

/// Three issues of home's and one of the partner's, with a comment and work on each. Gives a pair of keys of each kind.
async fn filled(world: &mut World) -> [(String, String); 2] {
    let home: Vec<String> =
        (0..3).map(|number| create(world, "acme", json!({ "summary": format!("Home {number}") }))).collect();
    let there = create(world, "globex", json!({ "summary": "There" }));
    for key in &home {
        comment(world, "acme", key, "Said at home");
        world.person("acme", "jane").log_work(key, "2026-01-01T10:00:00.000+0000", 3_600, "Work").unwrap();
    }
    comment(world, "globex", &there, "Said there");
    world.person("globex", "jdoe").log_work(&there, "2026-01-01T10:00:00.000+0000", 3_600, "Work").unwrap();
    world.start().await;
    world.rest().await.unwrap();
    let (copy, back) = (world.issue("globex", "Home 0").key, world.issue("acme", "There").key);
    assert!(!field(world, "globex", &copy, AT_GLOBEX).is_empty(), "it tells of its counterpart");
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
    [(home[0].clone(), copy), (back, there)]
}

/// What was taken away at a Jira, by operation: how often, and how often it was not there any more.
fn taken(world: &World, jira: &str) -> BTreeMap<&'static str, (usize, usize)> {
    let mut taken: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for call in world.jira(jira).calls().iter().filter(|call| call.method == "DELETE") {
        let (done, gone) = taken.entry(call.operation).or_default();
        *(if call.status == 404 { gone } else { done }) += usize::from(call.status == 404 || call.status == 204);
    }
    taken
}

/// All that is to go from the four items, at each of the two.
fn all_of_it() -> [(&'static str, BTreeMap<&'static str, usize>); 2] {
    [
        (
            "acme",
            BTreeMap::from([
                ("deleteIssueProperty", 1),
                ("deleteCommentProperty", 1),
                ("deleteWorklogProperty", 1),
                ("deleteRemoteIssueLinkByGlobalId", 4),
            ]),
        ),
        (
            "globex",
            BTreeMap::from([
                ("deleteIssueProperty", 3),
                ("deleteCommentProperty", 3),
                ("deleteRemoteIssueLinkByGlobalId", 4),
            ]),
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn row_112_a_sync_that_is_ended_carries_nothing_and_goes_on_where_it_stood() {
    let mut world = World::without_daemon(&marked());
    let [(home, copy), (_, there)] = filled(&mut world).await;
    let shown = give(&world, detach(false, true)).await;
    assert!(shown.ended == Ended::Shown && tells(&shown, "8 issues of 4 items"), "{shown:?}");
    edit(&world, "acme", &home, json!({ "summary": "Home, while it was only shown" }));
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &copy, "summary"), "Home, while it was only shown");
    assert_eq!(give(&world, detach(false, false)).await.ended, Ended::Done);
    assert_eq!(give(&world, detach(false, false)).await.ended, Ended::Unchanged);
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
    for restart in [false, true] {
        if restart {
            world.start().await;
        }
        edit(&world, "acme", &home, json!({ "summary": format!("Home, ended, {restart}") }));
        create(&world, "acme", json!({ "summary": format!("New, ended, {restart}") }));
        comment(&world, "globex", &there, "Said after the end");
        world.intervals(5).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(2).await;
        for jira in ["acme", "globex"] {
            assert_eq!(writes(&world, jira), BTreeMap::new(), "{jira}");
        }
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("sync `support` was ended"), "{problems:?}");
        let refused = give(&world, pair(&[&home, &there])).await;
        assert!(refused.ended == Ended::Refused && tells(&refused, "jirasyncd attach support"), "{refused:?}");
    }
    assert_eq!(attach(&world).await.ended, Ended::Done);
    assert_eq!(attach(&world).await.ended, Ended::Unchanged);
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &copy, "summary"), "Home, ended, true");
    assert_eq!(world.issues("globex", "New, ended").len(), 2, "what was made meanwhile is carried");
    assert_eq!((world.jira("acme").issues().len(), world.jira("globex").issues().len()), (6, 6), "and nothing twice");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_112_marks_are_taken_away_once_and_by_and_by() {
    let mut world = World::without_daemon(&marked());
    let [(home, copy), _] = filled(&mut world).await;
    // One of the two is away at first, and nothing of the other one's waits for it.
    world.jira("globex").add_fault(FaultRule::new("deleteIssueProperty", When::Always, Fault::Status(503)));
    assert_eq!(give(&world, detach(true, false)).await.ended, Ended::Done);
    world.intervals(2).await;
    let [(_, at_acme), (_, at_globex)] = all_of_it();
    let done = |jira: &str| {
        let taken = taken(&world, jira).into_iter().filter(|(_, (done, _))| *done > 0);
        taken.map(|(operation, (done, _))| (operation, done)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(done("acme"), at_acme);
    let asked = taken(&world, "acme");
    let reads = |world: &World| {
        let calls = calls(world.jira("acme")).into_iter();
        calls.filter(|(name, _)| ["getIssue", "bulkFetchIssues"].contains(&name.as_str())).collect::<Vec<_>>()
    };
    let read = reads(&world);
    assert!(!read.is_empty());
    assert!(world.problems().await.join("\n").contains("are being taken away"), "{:?}", world.problems().await);
    world.jira("globex").clear_faults();
    world.pass(700).await;
    world.intervals(6).await;
    assert_eq!(done("globex"), at_globex);
    assert_eq!((taken(&world, "acme"), reads(&world)), (asked, read), "what is done is looked at again");
    assert_eq!(field(&world, "globex", &copy, AT_GLOBEX), "");
    assert!(world.problems().await.join("\n").contains("our marks are taken away"), "{:?}", world.problems().await);
    // Once is enough, and a person's things stay.
    let before = (taken(&world, "acme"), taken(&world, "globex"));
    world.intervals(3).await;
    world.start().await;
    world.intervals(3).await;
    assert_eq!((taken(&world, "acme"), taken(&world, "globex")), before);
    assert_eq!(world.issue("acme", "There").comments.len(), 1);
    // Taken up again, links and fields come back, and nothing is made twice.
    edit(&world, "acme", &home, json!({ "summary": "Home, again" }));
    assert_eq!(attach(&world).await.ended, Ended::Done);
    world.rest().await.unwrap();
    assert_eq!(field(&world, "globex", &copy, "summary"), "Home, again");
    assert_eq!(field(&world, "globex", &copy, AT_GLOBEX), home);
    assert_eq!((world.jira("acme").issues().len(), world.jira("globex").issues().len()), (4, 4));
    assert_eq!(world.issue("acme", "There").comments.len(), 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn marks_are_taken_away_wherever_the_daemon_dies() {
    let ended = |n: usize| async move {
        let mut world = World::without_daemon(&marked());
        let fuse = fused_world(&mut world);
        filled(&mut world).await;
        fuse.set(n);
        let strip = async {
            give(&world, detach(true, false)).await;
            world.intervals(3).await;
        };
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            () = strip => {}
        }
        let passed = fuse.passed();
        fuse.set(0);
        world.start().await;
        give(&world, detach(true, false)).await;
        world.intervals(3).await;
        for (jira, all) in all_of_it() {
            let taken = taken(&world, jira);
            let done = taken.iter().map(|(operation, (done, _))| (*operation, *done)).collect::<BTreeMap<_, _>>();
            // A link is one by its global id, and Jira says the same of one that is not there any more.
            for (operation, wanted) in all.iter().filter(|(operation, _)| !operation.contains("Link")) {
                assert_eq!(done.get(operation), Some(wanted), "{n}: {operation} at {jira}");
            }
            let again: usize = taken.values().map(|(_, gone)| gone).sum();
            assert!(again <= 4, "{n}: {again} were asked for again at {jira}");
        }
        passed
    };
    let effects = ended(0).await;
    assert!(effects > 12, "only {effects} effects were counted");
    let stride = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 17 };
    for n in (1..=effects).step_by(stride) {
        ended(n).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_into_such_a_field_is_left_and_told() {
    let mut world = World::without_daemon(&marked());
    let [(_, copy), _] = filled(&mut world).await;
    let second = world.issue("globex", "Home 1").key;
    // It is not read again before the end: what is remembered of it is what we wrote.
    world.jira("globex").add_fault(FaultRule::new("searchForIssuesUsingJql", When::Always, Fault::Status(503)));
    assert_eq!(give(&world, detach(false, false)).await.ended, Ended::Done);
    edit(&world, "globex", &copy, json!({ AT_GLOBEX: "SUP-1, and see the plan" }));
    world.jira("globex").clear_faults();
    assert_eq!(give(&world, detach(true, false)).await.ended, Ended::Done);
    world.pass(700).await;
    world.intervals(6).await;
    assert_eq!(field(&world, "globex", &copy, AT_GLOBEX), "SUP-1, and see the plan");
    assert_eq!(field(&world, "globex", &second, AT_GLOBEX), "");
    let problems = world.problems().await.join("\n");
    assert!(problems.contains("but for 1 fields that hold what others wrote, too"), "{problems}");
}

#[tokio::test(start_paused = true)]
async fn a_field_that_tells_of_more_is_left_and_told_before() {
    let mut world = World::without_daemon(&marked().replace("{{ keys }}", "[{{ key }}] {{ summary }}"));
    let [(_, copy), _] = filled(&mut world).await;
    let before = field(&world, "globex", &copy, AT_GLOBEX);
    assert!(before.ends_with("Home 0"), "{before}");
    let done = give(&world, detach(true, false)).await;
    assert!(done.ended == Ended::Done && tells(&done, "`way` tells of more than counterparts"), "{done:?}");
    world.intervals(3).await;
    assert_eq!(field(&world, "globex", &copy, AT_GLOBEX), before);
    let problems = world.problems().await.join("\n");
    assert!(
        problems.contains("are taken away") && problems.contains("4 fields that hold what others wrote"),
        "{problems}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_that_was_unpaired_is_stripped_once_too() {
    let mut world = World::without_daemon(&marked());
    let [(home, _), _] = filled(&mut world).await;
    let unpair = Command::Unpair { sync: "support".into(), key: home, dry_run: false };
    assert_eq!(give(&world, unpair).await.ended, Ended::Done);
    world.jira("globex").add_fault(FaultRule::new("deleteIssueProperty", When::Always, Fault::Status(503)));
    assert_eq!(give(&world, detach(true, false)).await.ended, Ended::Done);
    world.intervals(2).await;
    let first = taken(&world, "acme");
    let [(_, all), _] = all_of_it();
    let done: BTreeMap<_, _> = first.iter().map(|(operation, (done, _))| (*operation, *done)).collect();
    assert_eq!(done, all, "that item bears marks as the others do");
    world.pass(700).await;
    world.intervals(6).await;
    assert_eq!(taken(&world, "acme"), first, "each pass takes it away again");
}

/// Another name for the sync is another sync: the copies of the one that ended are no new issues.
#[tokio::test(start_paused = true)]
async fn a_sync_that_is_ended_and_named_anew_doubles_nothing() {
    for keeps_the_old_one in [false, true] {
        let mut world = World::without_daemon(&marked());
        filled(&mut world).await;
        assert_eq!(give(&world, detach(false, false)).await.ended, Ended::Done);
        let renamed = marked().replace("sync.support", "sync.renamed");
        let text = if keeps_the_old_one {
            format!("{}\n{}", marked(), renamed.get(renamed.find("[sync.renamed]").unwrap()..).unwrap())
        } else {
            renamed
        };
        world.config = load(&text, &world.state());
        world.start().await;
        world.intervals(10).await;
        let count = (world.jira("acme").issues().len(), world.jira("globex").issues().len());
        assert_eq!(count, (4, 4), "{keeps_the_old_one}: something was made again");
        let problems = world.problems().await.join("\n");
        assert!(problems.contains("are copies of the ended sync `support`"), "{problems}");
    }
}
