//! A daemon that starts on the stored state of each released schema while one of its Jiras does not answer, and goes on where the one before
//! stopped. Must never let a start pass that asked both: what the one offers that is silent is read from the state alone.

use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::super::daemon_restored::{ACME, create, edit};
use super::super::daemon_support::World;
use super::released::{lived, newest, old_state};

/// Puts the stored state of a schema in the place of the one that the same life made just now: the same Jiras, the same key.
async fn left_by(version: usize) -> World {
    let (world, _) = lived().await;
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
    }
    drop(old_state(version, &world.state()));
    world
}

fn silence(world: &World) {
    world.jira("globex").add_fault(FaultRule::new("*", When::Always, Fault::Status(503)));
}

#[tokio::test(start_paused = true)]
async fn a_daemon_starts_on_each_schema_with_one_jira_silent_and_goes_on() {
    for version in 1..=newest() {
        let mut world = left_by(version).await;
        silence(&world);
        edit(&world, ACME, "First", json!({ "summary": "First, while the other was silent" }));
        create(&world, ACME, "Third");
        world.try_start().await.unwrap_or_else(|error| panic!("schema {version}: {error:?}"));
        world.intervals(3).await;
        let problems = world.problems().await;
        assert!(problems.iter().any(|told| told.contains("503")), "schema {version}: {problems:?}");
        assert_eq!(world.issues("globex", "Third").len(), 0, "schema {version}");
        world.jira("globex").clear_faults();
        world.rest().await.unwrap_or_else(|why| panic!("schema {version}: {why}"));
        assert_eq!(world.in_step("acme", "globex").await, Ok(()), "schema {version}");
        // Nothing is made anew of what was in step, and what was said stands there once.
        for jira in ["acme", "globex"] {
            assert_eq!(world.jira(jira).issues().len(), 3, "schema {version} at {jira}");
            let said = world.issue(jira, "First, while the other was silent");
            assert_eq!(
                (said.comments.len(), said.attachments.len(), said.worklogs.len()),
                (1, 1, 1),
                "schema {version}"
            );
        }
    }
}

/// Without what it last knew there is nothing to go on by: so it is that which the start above rests on.
#[tokio::test(start_paused = true)]
async fn a_start_that_knows_nothing_of_a_silent_jira_is_refused() {
    let mut world = left_by(newest()).await;
    silence(&world);
    let state = rusqlite::Connection::open(world.state()).unwrap();
    assert_eq!(state.execute("DELETE FROM notes WHERE name = 'last known'", []).unwrap(), 1);
    drop(state);
    let error = world.try_start().await.unwrap_err();
    assert!(format!("{error:?}").contains("globex"), "{error:?}");
}
