//! What things cost in REST calls, counted by the simulated Jiras. These figures stand in `benches/README.md`. Must never be
//! loosened without saying there what became dearer, and why.

use std::collections::BTreeMap;

use jirasyncd::simulator::Jira;
use serde_json::{Value, json};

use super::daemon_support::{THREE, World, calls, two, two_clouds};

fn create(jira: &Jira, count: usize, more: &Value) {
    let jane = jira.person("jane").unwrap();
    for index in 0..count {
        let mut fields = json!({ "summary": format!("Item {index:04}"), "description": "Text", "priority": { "name": "Low" } });
        fields.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        jane.create("SUP", "Bug", fields).unwrap();
    }
}

fn reset(world: &World) {
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
}

fn total(world: &World, jira: &str) -> u64 {
    calls(world.jira(jira)).values().sum()
}

/// The polls of these intervals, which a silent daemon would have made too.
fn without_polls(world: &World, jira: &str) -> (u64, BTreeMap<String, u64>) {
    let mut counted = calls(world.jira(jira));
    counted.retain(|operation, _| !operation.to_lowercase().contains("search"));
    (counted.values().sum(), counted)
}

#[tokio::test(start_paused = true)]
async fn an_idle_daemon_sends_one_search_per_instance_and_interval() {
    // Two syncs over the same instances: still one search each.
    let second = THREE.split_once("[sync.support]").unwrap().1.replace("sync.support", "sync.second");
    let second = second.replace("share-globex", "also-globex").replace("share-initech", "also-initech");
    let text = format!("{THREE}\n[sync.second]{second}");
    let world = World::new(&text, |jiras| create(&jiras["acme"], 60, &json!({ "labels": ["share-globex"] }))).await;
    world.settle().await;
    // Until what was written has left the overlap, and after.
    for intervals in [4, 20] {
        for _ in 0..intervals {
            reset(&world);
            world.interval().await;
            for jira in world.jiras.keys() {
                assert_eq!(total(&world, jira), 1, "{jira}: {:?}", calls(world.jira(jira)));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_isolated_edit_costs_two_calls_on_cloud_and_three_at_most_on_data_center() {
    for (config, from, to, most) in [(two_clouds(), "acme", "initech", 2), (two(), "acme", "globex", 3)] {
        let world = World::new(&config, |jiras| create(&jiras["acme"], 1, &json!({}))).await;
        world.settle().await;
        reset(&world);
        let key = world.issue(from, "Item").key;
        world.person(from, "jane").edit(&key, json!({ "summary": "Item edited", "labels": ["one"] })).unwrap();
        world.settle().await;
        assert_eq!(world.field(to, "Item", "summary"), "Item edited");
        let (there, counted) = without_polls(&world, to);
        assert!(there <= most, "{to}: {counted:?}");
        let (here, counted) = without_polls(&world, from);
        assert_eq!(here, 0, "an echo costs nothing: {counted:?}");
        println!("an isolated edit: {there} calls on {to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hop_costs_one_more_and_a_comment_one() {
    let world = World::new(&two(), |jiras| create(&jiras["acme"], 1, &json!({}))).await;
    world.settle().await;
    let (key, jane) = (world.issue("acme", "Item").key, world.person("acme", "jane"));
    reset(&world);
    jane.comment(&key, "A word").unwrap();
    world.settle().await;
    assert_eq!(without_polls(&world, "globex").0, 1, "{:?}", without_polls(&world, "globex"));
    reset(&world);
    jane.transition(&key, "Done").unwrap();
    world.settle().await;
    assert_eq!(world.field("globex", "Item", "status"), "Closed");
    let (two_hops, counted) = without_polls(&world, "globex");
    assert!(two_hops <= 3 + 2, "{counted:?}");
    println!("two hops: {two_hops} calls");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_edits_in_one_interval_are_cheaper() {
    for (config, to, most) in [(two_clouds(), "initech", 120), (two(), "globex", 220)] {
        let world = World::new(&config, |jiras| create(&jiras["acme"], 100, &json!({}))).await;
        world.settle().await;
        for _ in 0..12 {
            world.interval().await;
        }
        let keys: Vec<String> = world.jira("acme").issues().into_iter().map(|issue| issue.key).collect();
        reset(&world);
        for key in keys {
            world.person("acme", "jane").edit(&key, json!({ "summary": format!("{key} edited") })).unwrap();
        }
        world.interval().await;
        world.interval().await;
        let edited = world.jira(to).issues().iter().filter(|issue| issue.fields["summary"].ends_with("edited")).count();
        assert_eq!(edited, 100);
        let all = total(&world, to);
        assert!(all <= most, "{to}: {:?}", calls(world.jira(to)));
        println!("100 edits: {all} calls on {to}, polls included");
        world.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_backfill_of_a_thousand_goes_in_bulk() {
    let world = World::new(&two_clouds(), |jiras| create(&jiras["acme"], 1_000, &json!({}))).await;
    reset(&world);
    world.settle().await;
    assert_eq!(world.jira("initech").issues().len(), 1_000);
    let all = total(&world, "acme") + total(&world, "initech");
    let counted = (calls(world.jira("acme")), calls(world.jira("initech")));
    // 1,000 are created 50 at a time and read 100 at a time on both sides; nothing hops, nobody commented.
    let most = (1.1 * (1_000.0 / 50.0 + 2.0 * 1_000.0 / 100.0)) as u64;
    assert!(all <= most, "{all} calls, {most} are the most: {counted:?}");
    println!("backfill of 1,000: {all} calls");
}
