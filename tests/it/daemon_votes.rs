//! How many voted, carried as a number from the side that counts. Must never ask the daemon what a Jira holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::simulator::{FieldSetup, FieldType};
use serde_json::json;

use super::daemon_support::{World, two};

const POPULAR: &str = "customfield_40001";

fn config(from: &str, to: &str) -> String {
    let row = format!(
        "popularity = {{ kind = \"number\", from = [\"{from}\"], {from} = \"votes\", {to} = \"{POPULAR}\" }}\n"
    );
    two().replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1)
}

#[tokio::test(start_paused = true)]
async fn votes_are_carried_as_a_number_one_way() {
    for (from, voter, to) in [("acme", "omar", "globex"), ("globex", "mlopez", "acme")] {
        let mut world = World::of(&config(from, to), |setups| {
            setups.get_mut(to).unwrap().fields.push(FieldSetup::new(POPULAR, "Popularity", FieldType::Number));
        });
        world.start().await;
        let (jira, kind, who) = if from == "acme" { ("SUP", "Bug", "jane") } else { ("ENG", "Defect", "jdoe") };
        let key = world.person(from, who).create(jira, kind, json!({ "summary": "Item" })).unwrap();
        world.rest().await.unwrap();
        world.person(from, voter).vote(&key).unwrap();
        // Nothing tells of a vote: another change of the issue, or the full check, does.
        world.intervals(4).await;
        assert_ne!(world.field(to, "Item", POPULAR), "1");
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", POPULAR), "1");
        let swept = world.daemon().engine().sweep(None).await.unwrap().0;
        assert_eq!(swept.different, 0, "what was carried is no news");
        world.person(from, voter).unvote(&key).unwrap();
        world.person(from, who).edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item two", POPULAR), "0");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Jira gives a new issue no votes: whoever votes for our copy before it was read for the first time is somebody.
#[tokio::test(start_paused = true)]
async fn a_vote_for_a_copy_that_is_a_moment_old_is_carried() {
    let mut world = World::of(&config("acme", "globex"), |setups| {
        setups.get_mut("globex").unwrap().fields.push(FieldSetup::new(POPULAR, "Popularity", FieldType::Number));
    });
    world.start().await;
    // As soon as it is made, before the daemon asks for anything else.
    let (voted, omar) = (Arc::new(AtomicBool::new(false)), world.person("acme", "omar"));
    let votes = Arc::clone(&voted);
    world.jira("acme").on_exchange(move |call| {
        if call.method == "POST" && call.path.ends_with("/issue") && call.status == 201 {
            votes.store(omar.vote("SUP-1").is_ok(), Ordering::Relaxed);
        }
    });
    world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    world.rest().await.unwrap();
    assert!(voted.load(Ordering::Relaxed), "nobody voted");
    assert_eq!(world.field("globex", "Item", POPULAR), "1");
}

#[tokio::test(start_paused = true)]
async fn votes_are_never_written() {
    let both = config("acme", "globex").replace("from = [\"acme\"], ", "");
    let mut world = World::of(&both, |setups| {
        setups.get_mut("globex").unwrap().fields.push(FieldSetup::new(POPULAR, "Popularity", FieldType::Number));
    });
    let refused = format!("{:?}", world.try_start().await.unwrap_err());
    assert!(refused.contains("can be read as a number") && refused.contains("a count"), "{refused}");
}
