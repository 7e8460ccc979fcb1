//! A first run, and whatever else would create many issues at once: a person's word, a staged start, an hour's number and a window.
//! Must never take the daemon's word for it: what was created is counted in the Jiras.

use std::time::Duration;

use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::store::Store as _;
use serde_json::json;

use super::crash::{die_once, fused_world};
use super::daemon_input::create;
use super::daemon_pause::{alice, give};
use super::daemon_support::{THREE, World, two};

/// Two sides, and as many creations as this at once without a word.
fn most(count: u64, more: &str) -> String {
    let keys = format!("home = \"acme\"\nmost-creations = {count}\n");
    format!("{}{more}", two().replacen("home = \"acme\"\n", &keys, 1))
}

fn old(world: &World, count: usize) {
    for index in 0..count {
        create(world, "SUP", &format!("Old-{index}"), &[]);
    }
}

/// The Jiras with old issues, some time later, and a daemon.
async fn began(config: &str, count: usize) -> World {
    let mut world = World::without_daemon(config);
    old(&world, count);
    tokio::time::advance(Duration::from_secs(7_200)).await;
    world.start().await;
    world
}

fn created(world: &World) -> usize {
    world.issues("globex", "").len()
}

async fn confirm(world: &World, most: u64) -> Answer {
    give(world, Command::Confirm { sync: "support".into(), most }).await
}

#[tokio::test(start_paused = true)]
async fn row_106_a_burst_waits_for_a_word_and_nothing_else_does() {
    let mut world = began(&most(3, ""), 5).await;
    world.settle().await;
    assert_eq!(created(&world), 0);
    let problems = world.problems().await;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0]
            .starts_with("globex: 5 issues would be created at once in sync `support`, more than 3: 5 on globex "),
        "{problems:?}"
    );
    let summary = world.interval().await;
    assert_eq!((summary.unconfirmed.len(), summary.problems), (1, 1));
    // Somebody makes an issue meanwhile: it is no part of the burst, and crosses.
    create(&world, "SUP", "New", &[]);
    let key = world.issue("acme", "Old-0").key;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Old-0, edited" })).unwrap();
    world.settle().await;
    assert_eq!((created(&world), world.issues("globex", "New").len()), (1, 1));
    // It holds over a restart, and a word for fewer is none.
    world.start().await;
    world.settle().await;
    assert_eq!(created(&world), 1);
    assert_eq!(world.problems().await, problems);
    let answer = confirm(&world, 4).await;
    assert_eq!(answer.ended, Ended::Refused, "{answer:?}");
    assert!(answer.lines[0].contains("`jirasyncd confirm support 5`"), "{answer:?}");
    let answer = confirm(&world, 5).await;
    assert_eq!(answer.ended, Ended::Done, "{answer:?}");
    world.settle().await;
    assert_eq!(created(&world), 6);
    assert_eq!(world.field("globex", "Old-0", "summary"), "Old-0, edited");
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(confirm(&world, 5).await.ended, Ended::Unchanged);
    let given = world.daemon().store().commands(None, 10).await.unwrap();
    let given: Vec<String> = given.iter().map(|given| format!("{} by {}", given.command, given.by)).collect();
    assert_eq!(given[1], format!("confirm support 5 by {}", alice()));
}

#[tokio::test(start_paused = true)]
async fn as_many_as_are_allowed_wait_for_nobody() {
    let world = began(&most(5, ""), 5).await;
    world.interval().await;
    assert_eq!(created(&world), 5);
}

#[tokio::test(start_paused = true)]
async fn an_import_into_a_running_sync_is_a_burst_and_a_word_may_come_first() {
    let world = began(&most(3, ""), 1).await;
    world.settle().await;
    old(&world, 4);
    world.settle().await;
    assert_eq!(created(&world), 1);
    assert_eq!(confirm(&world, 4).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!(created(&world), 5);
    // The word was for that burst, and not for the next one.
    old(&world, 4);
    world.settle().await;
    assert_eq!((created(&world), world.problems().await.len()), (5, 1));

    let mut world = World::without_daemon(&most(3, ""));
    old(&world, 5);
    world.start().await;
    assert_eq!(confirm(&world, 5).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!(created(&world), 5);
}

#[tokio::test(start_paused = true)]
async fn a_clause_that_lets_many_in_is_a_burst() {
    let narrow = THREE.replacen("home = \"acme\"\n", "home = \"acme\"\nmost-creations = 3\n", 1);
    let mut world = World::without_daemon(&narrow);
    for index in 0..5 {
        create(&world, "SUP", &format!("Old-{index}"), &["other"]);
    }
    create(&world, "SUP", "Shared", &["share-globex", "other"]);
    tokio::time::advance(Duration::from_secs(7_200)).await;
    world.start().await;
    world.settle().await;
    assert_eq!(created(&world), 1);
    let mut world = world.with_config(&narrow.replace("labels = share-globex", "labels = other"));
    world.start().await;
    world.settle().await;
    assert_eq!(created(&world), 1, "{:?}", world.problems().await);
    assert!(world.problems().await[0].contains("5 issues would be created"), "{:?}", world.problems().await);
    // The clause goes back: nobody wants them any more, and nothing waits.
    let mut world = world.with_config(&narrow);
    world.start().await;
    world.settle().await;
    assert_eq!((created(&world), world.problems().await), (1, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_staged_start_begins_with_one_then_two_then_all() {
    let mut world = began(&most(3, ""), 7).await;
    let mut first = Vec::new();
    for (limit, expected) in [(Some(1), 1), (Some(1), 1), (Some(2), 2), (None, 2)] {
        world.start().await;
        world.daemon().engine().limit_creations(limit).await.unwrap();
        world.settle().await;
        let made: Vec<String> = world.issues("globex", "").into_iter().map(|issue| issue.key).collect();
        assert_eq!(made.len(), expected, "with {limit:?}");
        assert!(first.iter().all(|key| made.contains(key)), "{made:?}");
        first = made;
    }
    // What was begun stays in step meanwhile, and the rest waits for a word.
    let begun = world.issues("globex", "")[0].fields["summary"].clone();
    let key = world.issue("acme", &begun).key;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Renamed" })).unwrap();
    world.settle().await;
    assert_eq!(world.issues("globex", "Renamed").len(), 1);
    assert!(world.problems().await[0].contains("5 issues would be created"), "{:?}", world.problems().await);
    confirm(&world, 5).await;
    world.settle().await;
    assert_eq!(created(&world), 7);
}

#[tokio::test(start_paused = true)]
async fn an_hour_takes_so_many_of_the_backlog_and_all_that_people_make() {
    let mut world = began(&most(100, "\n[sync.support.backfill]\nper-hour = 2\n"), 5).await;
    world.settle().await;
    assert_eq!(created(&world), 2);
    create(&world, "SUP", "New", &[]);
    world.settle().await;
    assert_eq!((created(&world), world.issues("globex", "New").len()), (3, 1));
    // A start forgets no hour.
    world.start().await;
    world.settle().await;
    assert_eq!(created(&world), 3);
    let status = world.daemon().status().await.unwrap();
    let creations = &status.creations[0];
    assert_eq!((creations.figures.waiting.values().sum::<u64>(), creations.figures.in_step), (3, 3));
    let pace = creations.pace.clone().unwrap();
    assert_eq!(pace.left_seconds, Some(3 * 3_600 / 2));
    assert_eq!(pace.why.as_deref(), Some("as many as `per-hour` allows were made within the hour"));
    for expected in [5, 6, 6] {
        // An hour, and what a creation may be under way.
        tokio::time::advance(Duration::from_mins(62)).await;
        world.settle().await;
        assert_eq!(created(&world), expected);
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_backlog_waits_for_its_window_and_edits_do_not() {
    // It is 11:30 UTC.
    let mut world = began(&most(100, "\n[sync.support.backfill]\nwindow = \"20:00-06:00 Europe/Berlin\"\n"), 2).await;
    create(&world, "SUP", "New", &[]);
    world.settle().await;
    assert_eq!(world.issues("globex", "New").len(), 1);
    assert_eq!(created(&world), 1);
    let pace = world.daemon().status().await.unwrap().creations[0].pace.clone().unwrap();
    assert_eq!(pace.why.as_deref(), Some("the window opens at 2026-03-02T19:00:00Z"));
    assert_eq!(pace.left_seconds, None);
    let key = world.issue("globex", "New").key;
    world.person("globex", "jdoe").edit(&key, json!({ "summary": "New, edited" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("acme", "New", "summary"), "New, edited");
    tokio::time::advance(Duration::from_secs(8 * 3_600)).await;
    world.start().await;
    world.settle().await;
    assert_eq!(created(&world), 3);
}

/// Dies at every third effect of a burst that is counted, confirmed and made.
#[tokio::test(start_paused = true)]
async fn a_burst_is_made_once_whatever_the_daemon_dies_at() {
    // So many effects has the counting, and so many the making.
    let (counted, made) = (24, 40);
    let step = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 9 };
    for n in (1..made).step_by(step) {
        let mut world = World::without_daemon(&most(1, ""));
        old(&world, 3);
        tokio::time::advance(Duration::from_secs(7_200)).await;
        let fuse = fused_world(&mut world);
        world.start().await;
        fuse.set(n.min(counted));
        die_once(&mut world, &fuse).await;
        world.settle().await;
        assert_eq!(created(&world), 0, "died at {n}");
        assert_eq!(confirm(&world, 3).await.ended, Ended::Done, "died at {n}");
        fuse.set(n);
        die_once(&mut world, &fuse).await;
        world.settle().await;
        assert_eq!((created(&world), world.problems().await), (3, Vec::new()), "died at {n}");
    }
}
