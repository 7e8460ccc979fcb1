//! Pause and resume: nothing is written while it holds, over restarts too, and afterwards all that people did arrives, once. Must
//! never take the daemon's word for it: what was sent is read off the Jiras.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jirasyncd::model::command::{Answer, Command, Ended, Operator, Target};
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::bent::Bent;
use super::daemon_support::{THREE, World, calls, two};

pub(crate) fn alice() -> Operator {
    Operator { uid: 1000, name: Some("alice".to_owned()) }
}

pub(crate) async fn give(world: &World, command: Command) -> Answer {
    world.daemon().command(alice(), command).await.unwrap()
}

fn sync() -> Target {
    Target::Sync("support".into())
}

fn instance(name: &str) -> Target {
    Target::Instance(name.into())
}

fn create(world: &World, jira: &str, who: &str, summary: &str) -> String {
    let (project, kind) = match jira {
        "acme" => ("SUP", "Bug"),
        "globex" => ("ENG", "Defect"),
        _ => ("OPS", "Fehler"),
    };
    let labels = if jira == "acme" { json!(["share-globex", "share-initech"]) } else { json!([]) };
    world.person(jira, who).create(project, kind, json!({ "summary": summary, "labels": labels })).unwrap()
}

/// What was asked of a Jira that changes something there.
pub(crate) fn writes(world: &World, jira: &str) -> BTreeMap<String, u64> {
    let reads = ["get", "search", "find", "count", "match", "bulkfetch"];
    let mut all = calls(world.jira(jira));
    all.retain(|operation, _| !reads.iter().any(|read| operation.to_lowercase().starts_with(read)));
    all
}

fn comments(world: &World, jira: &str, part: &str) -> usize {
    let key = world.issue(jira, part).key;
    world.jira(jira).issue(&key).unwrap().comments.len()
}

#[tokio::test(start_paused = true)]
async fn a_paused_sync_writes_nothing_until_it_is_resumed() {
    let mut world = World::new(&two(), |_| {}).await;
    let key = create(&world, "acme", "jane", "First");
    world.rest().await.unwrap();
    let answer = give(&world, Command::Pause(sync())).await;
    assert_eq!(answer.ended, Ended::Done);
    assert!(answer.lines[1].contains("`jirasyncd resume support`"), "{answer:?}");
    for jira in ["acme", "globex"] {
        world.jira(jira).reset_calls();
    }
    world.person("acme", "jane").edit(&key, json!({ "summary": "First, changed" })).unwrap();
    world.person("acme", "jane").comment(&key, "While it was paused").unwrap();
    let copy = world.issue("globex", "First").key;
    world.person("globex", "jdoe").edit(&copy, json!({ "description": "Said there" })).unwrap();
    create(&world, "acme", "jane", "Second");
    create(&world, "globex", "jdoe", "Third");
    world.intervals(20).await;
    // A restart forgets nothing of it, and the full check writes nothing either.
    world.start().await;
    world.intervals(5).await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(20).await;
    for jira in ["acme", "globex"] {
        assert_eq!(writes(&world, jira), BTreeMap::new(), "{jira}");
        assert!(!calls(world.jira(jira)).is_empty(), "{jira} is still polled");
    }
    let status = world.daemon().status().await.unwrap();
    assert_eq!((status.pauses.len(), &status.pauses[0].by, &status.pauses[0].target), (1, &alice(), &sync()));
    assert_eq!(status.figures.parked, 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(give(&world, Command::Pause(sync())).await.ended, Ended::Unchanged);
    assert_eq!(give(&world, Command::Resume(sync())).await.ended, Ended::Done);
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "First", "summary"), "First, changed");
    assert_eq!(world.field("acme", "First", "description"), "Said there");
    assert_eq!(comments(&world, "globex", "First"), 1);
    for (jira, summary) in [("globex", "Second"), ("acme", "Third")] {
        assert_eq!(world.issues(jira, summary).len(), 1, "{summary}");
    }
    assert!(world.daemon().status().await.unwrap().pauses.is_empty());
    assert_eq!(world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap().parked, 0);
    let kept = world.daemon().store().commands(None, 9).await.unwrap();
    let told: Vec<String> =
        kept.iter().map(|kept| format!("{} {} {:?}", kept.by, kept.command, kept.answer.ended)).collect();
    let [begun, again, ended] = ["pause support Done", "pause support Unchanged", "resume support Done"];
    assert_eq!(told, [begun, again, ended].map(|rest| format!("alice (uid 1000) {rest}")));
}

#[tokio::test(start_paused = true)]
async fn a_paused_instance_is_left_alone_and_the_others_go_on() {
    let mut world = World::new(THREE, |_| {}).await;
    let key = create(&world, "acme", "jane", "Item");
    world.rest().await.unwrap();
    give(&world, Command::Pause(instance("globex"))).await;
    world.start().await;
    world.jira("globex").reset_calls();
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, changed" })).unwrap();
    world.person("acme", "jane").comment(&key, "Hello").unwrap();
    let copy = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").edit(&copy, json!({ "description": "Said there" })).unwrap();
    world.person("globex", "jdoe").comment(&copy, "From there").unwrap();
    create(&world, "acme", "jane", "Second");
    world.intervals(30).await;
    assert_eq!(calls(world.jira("globex")), BTreeMap::new(), "nothing is asked of it");
    assert_eq!(world.field("initech", "Item", "summary"), "Item, changed");
    assert_eq!(world.issues("initech", "Second").len(), 1);
    assert_eq!(comments(&world, "initech", "Item"), 1);
    let status = world.daemon().status().await.unwrap();
    let paused: Vec<_> = status.instances.iter().filter_map(|instance| instance.paused.clone()).collect();
    assert!(paused.len() == 1 && paused[0].contains("operator alice (uid 1000)"), "{paused:?}");
    // It waits by no clock: nothing is worked on while it holds.
    world.intervals(30).await;
    let idle = world.interval().await;
    assert_eq!((idle.items, idle.writes, idle.unreachable), (0, 0, Vec::new()));
    give(&world, Command::Resume(instance("globex"))).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, changed");
    assert_eq!(world.field("acme", "Item", "description"), "Said there");
    assert_eq!(world.issues("globex", "Second").len(), 1);
    assert_eq!((comments(&world, "globex", "Item"), comments(&world, "acme", "Item")), (2, 2));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The pause comes while a write of the item is on its way. That one is not called back; the one after it waits.
#[tokio::test(start_paused = true)]
async fn a_pause_in_the_middle_of_an_items_writes_lets_none_follow() {
    for target in [sync(), instance("globex")] {
        let mut world = World::without_daemon(&two());
        let sent = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&sent);
        world.bend(move |inner| {
            let seen = Arc::clone(&seen);
            Arc::new(Bent::new(inner).out(move |place, _| {
                seen.fetch_or(place.starts_with("PUT jira.globex.example"), Ordering::SeqCst);
            }))
        });
        world.start().await;
        let key = create(&world, "acme", "jane", "Item");
        world.rest().await.unwrap();
        let globex = world.jira("globex");
        globex.reset_calls();
        globex.add_fault(FaultRule::new("editIssue", When::Nth(1), Fault::Slow(Duration::from_secs(9))));
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item, changed" })).unwrap();
        world.person("acme", "jane").comment(&key, "After the edit").unwrap();
        let pause = async {
            while !sent.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(world.field("globex", "Item", "summary"), "Item", "the edit is still on its way");
            give(&world, Command::Pause(target.clone())).await.ended
        };
        let (_, paused) = tokio::join!(world.interval(), pause);
        assert_eq!(paused, Ended::Done);
        world.intervals(5).await;
        assert_eq!(world.field("globex", "Item", "summary"), "Item, changed");
        assert_eq!((globex.count("addComment"), comments(&world, "globex", "Item")), (0, 0), "{target}");
        give(&world, Command::Resume(target.clone())).await;
        world.rest().await.unwrap();
        assert_eq!((globex.count("addComment"), comments(&world, "globex", "Item")), (1, 1), "{target}");
        assert_eq!(globex.count("editIssue"), 1);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_hold_each_by_itself() {
    let world = World::new(&two(), |_| {}).await;
    for target in [Target::Everything, sync(), instance("globex")] {
        assert_eq!(give(&world, Command::Pause(target)).await.ended, Ended::Done);
    }
    let key = create(&world, "acme", "jane", "Item");
    let resumed = give(&world, Command::Resume(sync())).await;
    assert!(resumed.lines.iter().any(|line| line.contains("still paused: everything")), "{resumed:?}");
    let refused = give(&world, Command::Resume(sync())).await;
    assert_eq!(refused.ended, Ended::Refused, "{refused:?}");
    world.intervals(3).await;
    give(&world, Command::Resume(Target::Everything)).await;
    world.intervals(5).await;
    // Its own instance goes on, the other is paused still.
    assert_eq!(world.issues("globex", "Item").len(), 0);
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, changed" })).unwrap();
    let refused = give(&world, Command::Resume(Target::Everything)).await;
    assert!(
        refused.ended == Ended::Refused && refused.lines[1].contains("`jirasyncd resume --instance globex`"),
        "{refused:?}"
    );
    give(&world, Command::Resume(instance("globex"))).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, changed");
    assert_eq!(give(&world, Command::Resume(Target::Everything)).await.ended, Ended::Unchanged);
    for target in [Target::Sync("other".into()), instance("initech")] {
        for command in [Command::Pause(target.clone()), Command::Resume(target)] {
            let answer = give(&world, command).await;
            assert!(answer.ended == Ended::Refused && answer.lines[0].contains("there are: "), "{answer:?}");
        }
    }
}
