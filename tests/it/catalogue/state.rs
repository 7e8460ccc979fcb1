//! Rows about the state's file and the process: a full disk, a lock, a half-copied state, a panic. Must never let anything be sent that is
//! not on disk first.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use futures_util::FutureExt as _;
use jirasyncd::app::RunError;
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::store::Store;
use jirasyncd::simulator::HookWeather;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::super::crash::{Fuse, FusedStore};
use super::super::daemon_audit::compare;
use super::super::daemon_input::{create, edit};
use super::super::daemon_pause::give;
use super::super::daemon_support::{World, two, two_clouds};
use super::super::daemon_webhooks::{Hooked, config, shared};
use super::{Between, writes};

/// A world whose disk can be full.
fn on_a_disk(config: &str) -> (World, Arc<Fuse>) {
    let mut world = World::without_daemon(config);
    let fuse = Arc::new(Fuse::default());
    let held = Arc::clone(&fuse);
    world.surroundings.between =
        Arc::new(move |inner| Arc::new(FusedStore(inner, Arc::clone(&held))) as Arc<dyn Store>);
    (world, fuse)
}

#[tokio::test(start_paused = true)]
async fn row_092_on_a_full_disk_nothing_is_sent_and_afterwards_all_is() {
    // There is no room for anything; or for the last thing before a write is sent.
    for full in ["", "open_intents"] {
        for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
            let (mut world, disk) = on_a_disk(&config);
            world.start().await;
            let key = create(&world, "SUP", "Item", &[]);
            world.settle().await;
            disk.fill(Some(full));
            edit(&world, "acme", "jane", &key, "Item, edited");
            create(&world, "SUP", "New", &[]);
            let there = world.issue(to, "Item").key;
            world.person(to, who).comment(&there, "Said meanwhile").unwrap();
            for jira in world.jiras.values() {
                jira.reset_calls();
            }
            for _ in 0..10 {
                world.pass(30).await;
                let failed = world.daemon().once().await.is_err();
                assert!(failed || !full.is_empty(), "it was taken for done");
            }
            assert_eq!(writes(&world), 0, "`{full}`: it was sent without being on disk");
            disk.fill(None);
            world.start().await;
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", to).await, Ok(()));
            assert_eq!(world.issue("acme", "Item").comments.len(), 1);
        }
    }
    // A disk that stays full ends the process: it does not go on by halves.
    let (mut world, disk) = on_a_disk(&two());
    world.start().await;
    disk.fill(Some(""));
    create(&world, "SUP", "New", &[]);
    let ran = tokio::time::timeout(Duration::from_secs(300), world.daemon().run(CancellationToken::new())).await;
    assert!(matches!(ran, Ok(Err(RunError::Store(_)))), "{ran:?}");
}

/// Whoever tells of a change is told to come again, and what they told then is looked at.
#[tokio::test(start_paused = true)]
async fn row_092_on_a_full_disk_webhooks_are_told_to_come_again() {
    let (mut world, disk) = on_a_disk(&config());
    world.start().await;
    let hooked = Hooked::of(world, shared).await;
    for jira in hooked.world.jiras.values() {
        jira.set_hook_weather(HookWeather { lose: 1.0, ..HookWeather::default() });
    }
    let issue = hooked.world.issue("acme", "Pump");
    let body = json!({ "webhookEvent": "jira:issue_updated", "timestamp": 1_772_443_815_000_i64,
        "issue": { "id": issue.id.to_string(), "fields": { "project": { "key": "SUP" } } } });
    edit(&hooked.world, "acme", "jane", &issue.key, "Pump, edited");
    for full in ["", "announce"] {
        disk.fill(Some(full));
        assert_eq!(hooked.send("acme", &body).await, 503, "`{full}`: there is no room for it");
    }
    disk.fill(None);
    assert_eq!(hooked.daemon.store().waiting().await.unwrap(), Vec::new(), "nothing of it was kept");
    assert_eq!(hooked.send("acme", &body).await, 204);
    let cancel = CancellationToken::new();
    let run = hooked.daemon.run(cancel.clone());
    let over = async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        cancel.cancel();
    };
    tokio::join!(run, over).0.unwrap();
    assert_eq!(hooked.world.field("globex", "Pump", "summary"), "Pump, edited");
}

/// Somebody looks into the state with another program, and holds it for a moment.
#[tokio::test(start_paused = true)]
async fn row_093_a_state_that_is_locked_for_a_moment_is_waited_for() {
    let mut world = World::without_daemon(&two());
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let path = world.state();
    let ((begun, held), (_keep, over)) = (channel::<()>(), channel::<()>());
    let other = std::thread::spawn(move || {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        begun.send(()).unwrap();
        // The daemon waits by the real clock.
        let _ = over.recv_timeout(Duration::from_millis(400));
        connection.execute_batch("COMMIT").unwrap();
    });
    held.recv().unwrap();
    edit(&world, "acme", "jane", &key, "Item, edited");
    world.interval().await;
    other.join().unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

/// Holds a state in a process of its own, until its input ends.
#[test]
#[ignore = "run by `row_093_who_holds_a_state_for_long_is_named`"]
fn child_that_holds_a_state() {
    let connection = rusqlite::Connection::open(std::env::var_os("HELD_STATE").unwrap()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::fs::write(std::env::var_os("HELD_SIGN").unwrap(), "held").unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

#[tokio::test(start_paused = true)]
async fn row_093_who_holds_a_state_for_long_is_named() {
    let mut world = World::without_daemon(&two());
    world.start().await;
    let sign = world.state().with_extension("held");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "catalogue::state::child_that_holds_a_state", "--ignored", "--nocapture"])
        .env("HELD_STATE", world.state())
        .env("HELD_SIGN", &sign)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while !sign.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it did not get hold of the state");
        std::thread::yield_now();
    }
    let failed = world.daemon().store().set_note("anything", "at all").await.unwrap_err();
    let held = format!("{failed:?}");
    drop(child.stdin.take());
    child.wait().unwrap();
    if cfg!(target_os = "linux") {
        assert!(held.contains(&format!("by process {}", child.id())), "{held}");
    }
    world.daemon().store().set_note("anything", "at all").await.unwrap();
}

/// Only the main file is copied while the daemon runs, and put back later.
#[tokio::test(start_paused = true)]
async fn row_096_a_state_that_was_copied_without_its_wal_doubles_nothing() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let mut world = World::new(&config, |_| {}).await;
        create(&world, "SUP", "Old", &[]);
        world.settle().await;
        // A stop folds the rest in; what comes after it is beside the file.
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.person("acme", "jane").comment(&key, "Said first").unwrap();
        world.settle().await;
        let wal = format!("{}-wal", world.state().display());
        assert!(std::fs::metadata(&wal).unwrap().len() > 0, "nothing was beside the file");
        let main = std::fs::read(world.state()).unwrap();
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.settle().await;
        world.daemon = None;
        for ending in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
        }
        std::fs::write(world.state(), main).unwrap();
        world.start().await;
        let there = world.issue(to, "Item").key;
        world.person(to, who).edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        for jira in ["acme", to] {
            for item in ["Old", "Item"] {
                assert_eq!(world.issues(jira, item).len(), 1, "{item} at {jira}");
            }
        }
        assert_eq!(world.issue(to, "Item").comments.len(), 1);
        assert_eq!(compare(&world, "acme", to), Ok(()));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("put back from an older backup"), "{problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_099_a_panic_ends_the_daemon_and_what_was_in_flight_is_found() {
    let mut world = World::without_daemon(&two());
    let between = Between::of(&mut world);
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    between.set(|place, _| {
        assert!(!(place.starts_with("PUT") && place.contains("globex.example")), "a fault of ours");
        None
    });
    edit(&world, "acme", "jane", &key, "Item, edited");
    let run = AssertUnwindSafe(world.daemon().run(CancellationToken::new())).catch_unwind();
    let ran = tokio::time::timeout(Duration::from_secs(600), run).await;
    assert!(matches!(ran, Ok(Err(_))), "it went on: {}", ran.is_err());
    between.clear();
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    assert_eq!(world.jira("globex").count("editIssue"), 1);
}

/// Runs until it panics, or for ten minutes. Says whether it did.
async fn panics(world: &World) -> bool {
    let run = AssertUnwindSafe(world.daemon().run(CancellationToken::new())).catch_unwind();
    matches!(tokio::time::timeout(Duration::from_secs(600), run).await, Ok(Err(_)))
}

#[tokio::test(start_paused = true)]
async fn row_099_an_item_that_makes_it_panic_three_times_is_set_aside_until_somebody_says_otherwise() {
    let mut world = World::without_daemon(&two());
    let between = Between::of(&mut world);
    world.start().await;
    let bad = create(&world, "SUP", "Bad", &[]);
    let good: Vec<String> = (0..4).map(|number| create(&world, "SUP", &format!("Good-{number}"), &[])).collect();
    world.settle().await;
    let there = world.issue("globex", "Bad").id;
    between.set(move |place, _| {
        let writes = place.starts_with("PUT") && place.contains("globex.example");
        assert!(!(writes && place.ends_with(&format!("/issue/{there}"))), "a fault of ours");
        None
    });
    edit(&world, "acme", "jane", &bad, "Bad edited");
    for (number, key) in good.iter().enumerate() {
        edit(&world, "acme", "jane", key, &format!("Good-{number} edited"));
    }
    for number in 1..=3 {
        assert!(panics(&world).await, "panic {number}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "it is not known yet whose fault it is");
        world.start().await;
    }
    // All but that one goes on, over further starts, and also for what comes later.
    for (number, key) in good.iter().enumerate() {
        edit(&world, "acme", "omar", key, &format!("Good-{number} again"));
    }
    for _ in 0..2 {
        assert!(!panics(&world).await);
        for number in 0..4 {
            assert_eq!(world.issues("globex", &format!("Good-{number} again")).len(), 1);
        }
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains(&format!("the item of {bad}")), "{problems:?}");
        world.start().await;
    }
    // Nothing of it is lost when it is tried again.
    between.clear();
    let tried = give(&world, Command::Retry).await;
    // What it was about is kept with it: `explain` tells of it.
    assert!(tried.ended == Ended::Done && !tried.touched.is_empty(), "{tried:?}");
    assert_eq!(give(&world, Command::Retry).await.ended, Ended::Unchanged);
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    assert_eq!(world.issues("globex", "Bad edited").len(), 1);
}
