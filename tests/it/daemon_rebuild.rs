//! A state that is lost with all its backups, made anew from its key and the marks: nothing is doubled, nothing deleted, no edit lost. Must never
//! take the daemon's word for what became of the issues: what stands is read off the Jiras.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jirasyncd::app::{RebuildError, rebuild_state};
use jirasyncd::engine::{Doubt, Rebuilt};
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::store::{StateIdentity, Store as _};
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use jirasyncd::store::{BackupError, SqliteStore, write_key};
use serde_json::json;

use super::daemon_pairs::conflicts;
use super::daemon_pause::{alice, give, writes};
use super::daemon_restored::{ACME, Side, carrying, create, edit, key, say, tally, whole, worlds};
use super::daemon_support::{THREE, World};

/// Keeps the key of a state beside it.
pub(super) async fn keep_key(world: &World) -> PathBuf {
    let path = world.state().with_extension("key");
    write_key(&path, &world.daemon().store().identity().await.unwrap()).unwrap();
    path
}

/// Loses the state of a daemon that does not run.
pub(super) fn lose_files(world: &World) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
    }
}

/// Stops the daemon, keeps the key of its state, and loses the state.
async fn lose(world: &mut World) -> PathBuf {
    let path = keep_key(world).await;
    world.daemon = None;
    lose_files(world);
    path
}

pub(super) async fn rebuild(world: &World, key: &std::path::Path) -> Result<Rebuilt, RebuildError> {
    world.jiras.values().for_each(|jira| jira.reset_calls());
    let rebuilt = rebuild_state(&world.config, &world.surroundings(), key, &alice()).await.map(|(rebuilt, _)| rebuilt);
    for jira in world.jiras.keys() {
        assert_eq!(writes(world, jira), BTreeMap::new(), "{jira} was written to");
    }
    rebuilt
}

fn shared(world: &World, summary: &str) -> String {
    let labels = ["share-globex", "share-initech"];
    let fields =
        json!({ "summary": summary, "description": "One\n\nTwo", "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// The state goes while much is under way. Where its key is.
async fn lose_in_the_middle(world: &mut World) -> PathBuf {
    // What is under way when the state is lost lands at once at the one partner, and late at the other.
    for operation in ["createIssue", "addComment", "addWorklog", "addAttachment", "editIssue"] {
        let late = Fault::LateWrite(Duration::from_secs(90));
        world.jira("globex").add_fault(FaultRule::new(operation, When::Always, Fault::ResetAfter));
        world.jira("initech").add_fault(FaultRule::new(operation, When::Always, late));
    }
    shared(world, "In-flight");
    say(world, ACME, "First", "In-flight");
    edit(world, ACME, "End", json!({ "description": "In flight" }));
    world.interval().await;
    assert!(world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap().open_intents >= 2);
    let path = lose(world).await;
    world.jiras.values().for_each(jirasyncd::simulator::Jira::clear_faults);
    world.pass(120).await;
    path
}

/// What it does afterwards.
async fn goes_on(world: &World, globex: Side, initech: Side) {
    // It goes on as ever, and the full check ends it.
    edit(world, initech, "First", json!({ "description": "As ever" }));
    say(world, globex, "First", "After");
    world.rest().await.unwrap();
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "First", "description"), "As ever");
    assert_eq!(world.issue("acme", "First").comments.len(), 5);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_is_made_anew_and_nothing_is_doubled_or_lost() {
    let [(_, globex), (_, initech)] = worlds();
    let mut world = World::new(&carrying(THREE).replacen("\"both\"", "{ names = [\"*\"] }", 1), |_| {}).await;
    let end = shared(&world, "End");
    let first = shared(&world, "First");
    create(&world, globex, "Of-globex");
    create(&world, initech, "Of-initech");
    world.settle().await;
    for side in [ACME, globex, initech] {
        say(&world, side, "First", "Early");
    }
    say(&world, globex, "Of-globex", "Early");
    say(&world, ACME, "Of-initech", "Early");
    world.person("acme", "jane").link(&first, "Relates", &end).unwrap();
    edit(&world, globex, "First", json!({ "summary": "First of globex" }));
    world.rest().await.unwrap();
    let (comments, files) =
        (world.issue("acme", "First").comments.len(), world.issue("acme", "First").attachments.len());
    assert_eq!((comments, files), (3, 3));
    let path = lose_in_the_middle(&mut world).await;
    // People go on while nothing runs.
    edit(&world, ACME, "Of-globex", json!({ "summary": "Of-globex at home" }));
    edit(&world, globex, "First", json!({ "priority": { "name": "P1" } }));
    edit(&world, ACME, "Of-initech", json!({ "summary": "Of-initech at home" }));
    world.pass(60).await;
    edit(&world, initech, "Of-initech", json!({ "summary": "Of-initech there" }));
    world.person("acme", "omar").comment(&end, "Said meanwhile").unwrap();
    let before = tally(&world);
    assert!(world.try_start().await.is_err(), "a new state was put in the place of one that is gone");
    let rebuilt = rebuild(&world, &path).await.unwrap();
    assert_eq!((rebuilt.items, rebuilt.issues), (5, 13), "{rebuilt:?}");
    assert_eq!((rebuilt.read, rebuilt.without_a_mark), (13, 0), "{rebuilt:?}");
    assert_eq!(rebuilt.counts, BTreeMap::new(), "{rebuilt:?}");
    world.start().await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("made anew from the marks"), "{problems:?}");
    world.rest().await.unwrap();
    let after = tally(&world);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "an issue came or went");
    // One comment came meanwhile, and the rest of what was said when the state went: it had not all been sent.
    let counts = |jira: &str, item: &str| {
        let view = world.issue(jira, item);
        [view.comments.len(), view.worklogs.len(), view.attachments.len(), view.issue_links.len()]
    };
    assert_eq!(counts("acme", "First"), [4, 4, 4, 1]);
    let said: Vec<String> = ["acme", "globex", "initech"].map(|jira| world.issue(jira, "First").key).to_vec();
    for jira in ["globex", "initech"] {
        assert_eq!(counts(jira, "First"), [3, 3, 3, 1], "{jira}");
        assert_eq!(counts(jira, "End"), [1, 0, 0, 1], "{jira}");
    }
    let partners: Vec<String> = ["globex", "initech"].map(|jira| world.issue(jira, "End").key).to_vec();
    let others = |key: &&String| !said.contains(key) && !partners.contains(key);
    for key in after.keys().filter(others) {
        assert_eq!(after[key], before[key], "{key}");
    }
    for jira in ["globex", "initech"] {
        for item in ["First", "End", "In-flight"] {
            assert_eq!(world.issues(jira, item).len(), 1, "{item} at {jira}");
        }
        assert_eq!(world.field(jira, "End", "description"), "In flight");
        let late =
            world.issue(jira, "First").comments.into_iter().filter(|it| it.body.contains("In-flight said")).count();
        assert_eq!(late, 1, "{jira}");
    }
    assert_eq!(world.field("globex", "Of-globex", "summary"), "Of-globex at home");
    assert_eq!(world.field("acme", "First", "priority"), "Highest");
    assert_eq!(world.field("initech", "First", "priority"), "Niedrig", "one partner's word reached the other");
    assert_eq!(world.field("acme", "Of-initech", "summary"), "Of-initech there");
    let lost: Vec<String> = conflicts(&world, &key(&world, ACME, "Of-initech"))
        .await
        .iter()
        .map(|lost| format!("{:?}", lost.lost))
        .collect();
    assert!(lost.iter().any(|lost| lost.contains("Of-initech at home")), "{lost:?}");
    goes_on(&world, globex, initech).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_is_made_anew_by_its_own_key_alone_and_only_where_none_is() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, ACME, "Ours");
        create(&world, there, "Theirs");
        world.settle().await;
        say(&world, ACME, "Ours", "Early");
        world.settle().await;
        // Beside a state, be it a daemon's or not, nothing is made.
        let identity = world.daemon().store().identity().await.unwrap();
        let path = world.state().with_extension("first-key");
        write_key(&path, &identity).unwrap();
        for _ in 0..2 {
            let refused = rebuild(&world, &path).await.unwrap_err();
            assert!(matches!(refused, RebuildError::State(BackupError::StateThere { .. })), "{refused:?}");
            world.daemon = None;
        }
        world.start().await;
        let before = tally(&world);
        let path = lose(&mut world).await;
        // An instance that is away ends it, and leaves nothing behind.
        world.jira(there.jira).add_fault(FaultRule::new("search", When::Always, Fault::Status(503)));
        world.jira(there.jira).add_fault(FaultRule::new("searchForIssuesUsingJql", When::Always, Fault::Status(503)));
        assert!(matches!(rebuild(&world, &path).await, Err(RebuildError::Start(_))));
        world.jira(there.jira).clear_faults();
        let left: Vec<String> = std::fs::read_dir(world.state().parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.contains("key") && name != "state.db.lock")
            .collect();
        assert_eq!(left, Vec::<String>::new());
        // What is in a log is a part of a state.
        let log = format!("{}-wal", world.state().display());
        std::fs::write(&log, "frames").unwrap();
        assert!(matches!(rebuild(&world, &path).await, Err(RebuildError::State(BackupError::StateThere { .. }))));
        std::fs::remove_file(&log).unwrap();
        // The key of another daemon opens none of it.
        let other = world.state().with_extension("other-key");
        write_key(&other, &StateIdentity { daemon: "0".repeat(32), seal_key: [3; 32] }).unwrap();
        let rebuilt = rebuild(&world, &other).await.unwrap();
        assert_eq!((rebuilt.items, rebuilt.read), (0, 4), "{rebuilt:?}");
        assert_eq!(rebuilt.counts.get(&Doubt::OtherMark), Some(&2), "{rebuilt:?}");
        std::fs::remove_file(world.state()).unwrap();
        let rebuilt = rebuild(&world, &path).await.unwrap();
        assert_eq!((rebuilt.items, rebuilt.issues, rebuilt.without_a_mark), (2, 4, 0), "{rebuilt:?}");
        assert!(SqliteStore::read_only(&world.state()).unwrap().check().await.is_empty());
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(tally(&world), before);
        assert_eq!(whole(&world, "acme", there.jira), Ok(()));
    }
}

/// Pairs that people made, a copy that was made twice, an issue whose counterpart is gone.
#[tokio::test(start_paused = true)]
async fn what_the_marks_say_of_pairs_and_what_they_do_not_is_told() {
    for (config, there) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        for (side, item) in [(ACME, "Kept"), (ACME, "Orphan"), (ACME, "Cloned")] {
            create(&world, side, item);
        }
        world.settle().await;
        let (home, partner) = (by_hand(&world, ACME), by_hand(&world, there));
        let pair = Command::Pair { sync: "support".into(), keys: vec![home, partner], dry_run: false };
        assert_eq!(give(&world, pair).await.ended, Ended::Done);
        world.rest().await.unwrap();
        // Each hears of the other: both bear a mark then.
        edit(&world, ACME, "Hand", json!({ "description": "From home" }));
        world.rest().await.unwrap();
        edit(&world, there, "Hand", json!({ "labels": ["theirs"] }));
        edit(&world, there, "Orphan", json!({ "labels": ["heard"] }));
        world.rest().await.unwrap();
        let path = lose(&mut world).await;
        let orphan = key(&world, there, "Orphan");
        let cloned = key(&world, there, "Cloned");
        world.jira(there.jira).set_permission(there.project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        world.person(there.jira, there.people[0]).delete(&orphan).unwrap();
        world.person(there.jira, "sync").clone_issue(&cloned).unwrap();
        let rebuilt = rebuild(&world, &path).await.unwrap();
        assert_eq!((rebuilt.items, rebuilt.issues), (3, 6), "{rebuilt:?}");
        let told: BTreeMap<Doubt, u64> = [(Doubt::Second, 1), (Doubt::NoCounterpart, 1)].into();
        assert_eq!(rebuilt.counts, told, "{rebuilt:?}");
        world.start().await;
        world.rest().await.unwrap();
        edit(&world, there, "Hand", json!({ "description": "From there" }));
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Hand", "description"), "From there");
        assert_eq!((world.issues("acme", "").len(), world.issues("acme", "Cloned").len()), (4, 1));
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("duplicate of")), "{problems:?}");
        // Somebody deleted its counterpart: it gets another by a person's word alone.
        assert_eq!(world.issues(there.jira, "Orphan").len(), 0);
        let create = Command::Create { sync: "support".into(), key: key(&world, ACME, "Orphan"), dry_run: false };
        let answer = give(&world, create).await;
        assert_eq!(answer.ended, Ended::Done, "{answer:?}");
        world.intervals(10).await;
        assert_eq!(world.issues(there.jira, "Orphan").len(), 1);
    }
}

fn by_hand(world: &World, side: Side) -> String {
    // Before the daemon carries either: both are named at once.
    create(world, side, "Hand")
}
