//! A state that was lost, or that knows its sync by another name: the copies that lie in the Jiras bear marks that nobody can
//! read, and nothing may be created again beside them. Must never be judged by what the daemon says alone.

use jirasyncd::app::{Chosen, preview};
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::configuration::Existing;
use jirasyncd::plan::Plan;
use serde_json::json;

use super::daemon_input::{create, edit};
use super::daemon_pause::give;
use super::daemon_support::{World, load, two, two_clouds};

fn count(world: &World) -> usize {
    world.jiras.values().map(|jira| jira.issues().len()).sum()
}

/// Four items, three from acme and one from the other side.
async fn mirrored(config: &str, to: &str, project: &str, kind: &str, who: &str) -> World {
    let world = World::new(config, |_| {}).await;
    for index in 0..3 {
        create(&world, "SUP", &format!("Item-{index} x"), &[]);
    }
    world.person(to, who).create(project, kind, json!({ "summary": "Item-3 x" })).unwrap();
    world.settle().await;
    assert_eq!(world.in_step("acme", to).await, Ok(()));
    world
}

fn pairs() -> [(String, World2); 2] {
    [(two(), ("globex", "ENG", "Defect", "jdoe")), (two_clouds(), ("initech", "OPS", "Fehler", "petra"))]
}

type World2 = (&'static str, &'static str, &'static str, &'static str);

fn lose_the_state(world: &mut World) {
    world.daemon = None;
    for ending in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
    }
    assert!(!world.state().exists());
}

#[tokio::test(start_paused = true)]
async fn a_new_state_over_copies_of_a_lost_one_creates_nothing() {
    for (config, (to, project, kind, who)) in pairs() {
        let mut world = mirrored(&config, to, project, kind, who).await;
        lose_the_state(&mut world);
        let planned = preview(world.config.clone(), world.surroundings(), Chosen::All, Existing::ReMap).await.unwrap();
        let creates = |plan: &Plan| plan.operations.len();
        assert_eq!(
            planned.items.iter().filter_map(|item| item.plan.as_ref()).map(creates).sum::<usize>(),
            0,
            "{planned:?}"
        );
        assert!(!planned.stopped.is_empty(), "{planned:?}");
        world.start().await;
        world.intervals(5).await;
        create(&world, "SUP", "Item-new x", &[]);
        world.intervals(5).await;
        world.start().await;
        world.intervals(150).await;
        assert_eq!(count(&world), 9, "{to}: something was created again");
        let problems = world.problems().await;
        assert!(problems.len() <= 4, "{problems:?}");
        let held = problems.iter().find(|problem| problem.contains("no counterpart is created in this sync"));
        assert!(held.is_some_and(|held| held.contains("issue")), "{problems:?}");
        // Somebody says that it may begin anew.
        world.config =
            load(&config.replace("poll = \"30s\"", "poll = \"30s\"\nunknown-copies = \"leave\""), &world.state());
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(count(&world), 9 + 5, "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_gets_another_name_creates_nothing_again() {
    let mut world = mirrored(&two(), "globex", "ENG", "Defect", "jdoe").await;
    world.config = load(&two().replace("sync.support", "sync.renamed"), &world.state());
    world.start().await;
    world.intervals(10).await;
    assert_eq!(count(&world), 8);
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("a sync that is not configured")), "{problems:?}");
    // With its name back it goes on.
    world.config = load(&two(), &world.state());
    world.start().await;
    let key = world.issue("acme", "Item-0").key;
    edit(&world, "acme", "jane", &key, "Item-0 edited");
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn copies_of_another_state_that_come_later_are_counted_and_not_carried() {
    for (config, (to, project, kind, who)) in pairs() {
        let mut world = mirrored(&config, to, project, kind, who).await;
        let ours = world.config.clone();
        let other = world.state().with_extension("other");
        let leave = config.replace("poll = \"30s\"", "poll = \"30s\"\nunknown-copies = \"leave\"");
        world.config = load(&leave, &other);
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(count(&world), 12);
        world.config = ours;
        world.start().await;
        world.rest().await.unwrap();
        world.intervals(2).await;
        assert_eq!(count(&world), 12, "{to}");
        let problems = world.problems().await;
        let told = problems.iter().filter(|problem| problem.contains("made by the sync user for another state"));
        assert_eq!(told.count(), 2, "{problems:?}");
        assert!(problems.iter().any(|problem| problem.contains("3 issues")), "{problems:?}");
        let key = world.issues("acme", "Item-0")[0].key.clone();
        edit(&world, "acme", "jane", &key, "Edited");
        world.rest().await.unwrap();
        assert_eq!(world.issues(to, "Edited").len(), 1, "{to}");
    }
}

/// Two states that keep the same two issues in step: whoever hears of it first writes nothing more, and says so.
#[tokio::test(start_paused = true)]
async fn row_101_another_state_on_the_same_pair_is_refused_and_one_on_another_pair_is_not() {
    for (config, (to, project, kind, who)) in pairs() {
        let mut world = mirrored(&config, to, project, kind, who).await;
        let ours = world.config.clone();
        let (home, there) = (world.issue("acme", "Item-0").key, world.issue(to, "Item-0").key);
        // The other state takes up only what somebody pairs there.
        let other = config
            .replace("poll = \"30s\"", "poll = \"30s\"\nunknown-copies = \"leave\"")
            .replace("project = \"SUP\"", "project = \"SUP\", jql = \"labels = nobody-has-this\"")
            .replace(
                &format!("project = \"{project}\""),
                &format!("project = \"{project}\", jql = \"labels = nobody-has-this\""),
            );
        world.config = load(&other, &world.state().with_extension("other"));
        world.start().await;
        world.rest().await.unwrap();
        let pair = Command::Pair { sync: "support".into(), keys: vec![home.clone(), there.clone()], dry_run: false };
        let answer = give(&world, pair).await;
        assert_eq!(answer.ended, Ended::Done, "{answer:?}");
        world.rest().await.unwrap();
        // One side alone bears its marks: that may be another pair.
        edit(&world, "acme", "jane", &home, "Item-0 one");
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item-0", "summary"), "Item-0 one");
        let theirs = std::mem::replace(&mut world.config, ours);
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        world.config = theirs;
        world.start().await;
        edit(&world, to, who, &there, "Item-0 two");
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item-0", "summary"), "Item-0 two");
        world.config = load(&config, &world.state());
        world.start().await;
        world.rest().await.unwrap();
        let problems = world.problems().await;
        let said = format!("another state of jirasyncd keeps {home} and {there} in step too");
        assert!(problems.len() == 1 && problems[0].contains(&said), "{problems:?}");
        edit(&world, "acme", "jane", &home, "Item-0 three");
        let fine = world.issue("acme", "Item-1").key;
        edit(&world, "acme", "jane", &fine, "Item-1 goes on");
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item-0", "summary"), "Item-0 two", "{to}: nothing is written for that pair");
        assert_eq!(world.field(to, "Item-1", "summary"), "Item-1 goes on");
        // The other one is gone for good: that is known after a week, or when somebody starts this one again.
        if to == "globex" {
            world.start().await;
        } else {
            world.pass(8 * 86_400).await;
            world.daemon().engine().sweep(None).await.unwrap();
        }
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        edit(&world, "acme", "jane", &home, "Item-0 four");
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item-0", "summary"), "Item-0 four");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}
