//! Kills the daemon at every effect of a create, an edit, a comment, a two-hop transition and what else it does, and starts it again on the same
//! files. Afterwards there is one replica per side and one copy per comment, and everything arrived. Must never skip an effect in a long
//! run (`scripts/test long`).

use std::sync::Arc;

use jirasyncd::simulator::Holder;
use serde_json::json;

use super::crash::{Fuse, die_once, fused_world};
use super::daemon_support::{World, two};

/// What people do, and what must be true in the end.
struct Scenario {
    /// What the sync says of issues that are gone.
    life: &'static str,
    /// Before the daemon starts for the first time.
    before: fn(&World),
    /// While it runs; the daemon then dies somewhere on the way.
    act: fn(&World),
    /// What the Jiras must show.
    holds: fn(&World),
}

async fn fused(scenario: &Scenario) -> (World, Arc<Fuse>) {
    let config = two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    let mut world = World::without_daemon(&format!(
        "{config}\n[sync.support.worklogs]\nunrestricted = \"both\"\n\n[sync.support.life]\n{}\n",
        scenario.life
    ));
    let fuse = fused_world(&mut world);
    (scenario.before)(&world);
    world.start().await;
    world.settle().await;
    (scenario.act)(&world);
    (world, fuse)
}

/// Runs until quiet, and starts the daemon again when it dies.
async fn live(world: &mut World, fuse: &Fuse) {
    die_once(world, fuse).await;
    world.settle().await;
}

/// A long run dies at every effect; any other at every third: before and after requests and commits alike, since these alternate.
fn stride() -> usize {
    if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 3 }
}

/// Dies once at an effect, for each of them that is tried, and starts again on the same files.
async fn at_every_effect(scenario: Scenario) {
    let (mut world, fuse) = fused(&scenario).await;
    fuse.set(0);
    live_without_death(&mut world).await;
    let effects = fuse.passed();
    (scenario.holds)(&world);
    assert!(effects > 8, "only {effects} effects were counted");
    for n in (1..=effects).step_by(stride()) {
        let (mut world, fuse) = fused(&scenario).await;
        fuse.set(n);
        live(&mut world, &fuse).await;
        (scenario.holds)(&world);
        world.daemon = None;
    }
    println!("{effects} effects, the daemon died at every {}.", stride());
}

async fn live_without_death(world: &mut World) {
    for _ in 0..4 {
        world.interval().await;
    }
}

fn issue(world: &World) {
    let fields = json!({ "summary": "Item", "description": "One\n\nTwo", "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
}

fn one_of_each(world: &World) {
    assert_eq!(world.jira("acme").issues().len(), 1);
    assert_eq!(world.jira("globex").issues().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_create_is_done_once() {
    at_every_effect(Scenario {
        life: "",
        before: |_| {},
        act: issue,
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "priority"), "P4");
            assert_eq!(world.field("globex", "Item", "description"), "One\n\nTwo");
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_edit_arrives_and_is_not_echoed() {
    at_every_effect(Scenario {
        life: "",
        before: issue,
        act: |world| {
            let key = world.issue("globex", "Item").key;
            world.person("globex", "jdoe").edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("acme", "Item", "summary"), "Item, edited");
            let history = world.issue("acme", "Item").history;
            assert_eq!(history.len(), 1, "{history:?}");
            assert_eq!(world.issue("globex", "Item").history.len(), 1);
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_copied_once() {
    at_every_effect(Scenario {
        life: "",
        before: issue,
        act: |world| {
            let key = world.issue("acme", "Item").key;
            world.person("acme", "jane").comment(&key, "First").unwrap();
            world.person("acme", "omar").comment(&key, "Second").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.issue("acme", "Item").comments.len(), 2);
            let bodies: Vec<String> = world.issue("globex", "Item").comments.into_iter().map(|c| c.body).collect();
            assert_eq!(bodies.len(), 2, "{bodies:?}");
            assert!(bodies[0].ends_with("First") && bodies[1].ends_with("Second"), "{bodies:?}");
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn work_is_logged_once_changed_once_and_deleted_once() {
    const AT: &str = "2026-03-10T08:30:00.000+0000";
    at_every_effect(Scenario {
        life: "",
        before: |world| {
            issue(world);
            let key = world.issue("acme", "Item").key;
            let jane = world.person("acme", "jane");
            jane.log_work(&key, AT, 60, "Goes").unwrap();
            jane.log_work(&key, AT, 120, "Changes").unwrap();
        },
        act: |world| {
            let old = world.issue("acme", "Item");
            let jane = world.person("acme", "jane");
            jane.delete_worklog(&old.key, &old.worklogs[0].id.to_string()).unwrap();
            let more = serde_json::json!({ "timeSpentSeconds": 180 });
            jane.edit_worklog(&old.key, &old.worklogs[1].id.to_string(), more).unwrap();
            jane.log_work(&old.key, AT, 240, "Same").unwrap();
            jane.log_work(&old.key, AT, 240, "Same").unwrap();
            let globex = world.issue("globex", "Item").key;
            world.person("globex", "jdoe").log_work(&globex, AT, 300, "Theirs").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let work = world.issue(jira, "Item").worklogs;
                let mut seconds: Vec<u64> = work.iter().map(|work| work.seconds).collect();
                seconds.sort_unstable();
                assert_eq!(seconds, [180, 240, 240, 300], "{jira}: {work:?}");
            }
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn files_are_copied_once_and_deleted_once() {
    at_every_effect(Scenario {
        life: "",
        before: |world| {
            issue(world);
            let key = world.issue("acme", "Item").key;
            world.person("acme", "jane").attach(&key, "old.txt", b"old").unwrap();
        },
        act: |world| {
            let key = world.issue("acme", "Item").key;
            let jane = world.person("acme", "jane");
            jane.detach(&world.issue("acme", "Item").attachments[0].id.to_string()).unwrap();
            jane.attach(&key, "same.txt", b"first").unwrap();
            jane.attach(&key, "same.txt", b"other").unwrap();
            let globex = world.issue("globex", "Item").key;
            world.person("globex", "jdoe").attach(&globex, "theirs.txt", b"theirs").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let files = world.issue(jira, "Item").attachments;
                let mut contents: Vec<&[u8]> = files.iter().map(|file| &file.content[..]).collect();
                contents.sort_unstable();
                assert_eq!(contents, [&b"first"[..], b"other", b"theirs"], "{jira}: {files:?}");
            }
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_status_two_hops_away_is_reached_and_none_of_the_hops_is_echoed() {
    at_every_effect(Scenario {
        life: "",
        before: issue,
        act: |world| world.person("acme", "jane").transition(&world.issue("acme", "Item").key, "Done").unwrap(),
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "status"), "Closed");
            assert_eq!(world.field("acme", "Item", "status"), "Done");
            assert_eq!(world.issue("acme", "Item").history.len(), 1, "{:?}", world.issue("acme", "Item").history);
            assert_eq!(world.issue("globex", "Item").history.len(), 2);
        },
    })
    .await;
}

fn the_original_is_deleted(world: &World) {
    let key = world.issue("acme", "Item").key;
    world.jira("acme").set_permission("SUP", "DELETE_ISSUES", &[Holder::LoggedIn]);
    world.person("acme", "jane").delete(&key).unwrap();
    // No poll shows that: a change of the counterpart makes the daemon look.
    world
        .person("globex", "jdoe")
        .edit(&world.issue("globex", "Item").key, json!({ "summary": "Item, alone" }))
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn that_an_issue_is_gone_is_said_once() {
    at_every_effect(Scenario {
        life: "deleted = \"comment\"",
        before: issue,
        act: the_original_is_deleted,
        holds: |world| {
            let there = world.issue("globex", "Item, alone");
            assert_eq!(there.comments.len(), 1, "{there:?}");
            assert!(world.issues("acme", "Item").is_empty());
        },
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_copy_of_a_deleted_issue_is_deleted_and_not_made_again() {
    at_every_effect(Scenario {
        life: "deleted = \"delete\"",
        before: issue,
        act: the_original_is_deleted,
        holds: |world| {
            assert!(world.issues("acme", "Item").is_empty());
            assert!(world.issues("globex", "Item").is_empty());
        },
    })
    .await;
}
