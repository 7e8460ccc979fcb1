//! Rows about what polls and histories show: late, older, incomplete, at one instant. Must never let an older row undo a newer word.

use std::time::Duration;

use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{World, two, two_clouds};

async fn conflicts(world: &World, key: &str) -> Vec<String> {
    let items = world.daemon().store().items_by_key(&IssueKey::from(key)).await.unwrap();
    let conflicts = world.daemon().store().conflicts(items[0]).await.unwrap();
    conflicts.iter().map(|conflict| format!("{conflict:?}")).collect()
}

/// Every other search sees the index as it was minutes ago.
#[tokio::test(start_paused = true)]
async fn row_043_an_older_row_of_the_index_takes_nothing_back() {
    let world = World::new(&two_clouds(), |_| {}).await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let there = world.issue("initech", "Item").key;
    for jira in ["acme", "initech"] {
        let lag = Fault::IndexLag(Duration::from_secs(200));
        world.jira(jira).add_fault(FaultRule::new("search", When::EveryNth(2), lag));
    }
    for round in 0..12 {
        let (jira, who, key) = if round % 3 == 0 { ("initech", "petra", &there) } else { ("acme", "jane", &key) };
        edit(&world, jira, who, key, &format!("Item, round {round:02}"));
        world.intervals(3).await;
    }
    for jira in world.jiras.values() {
        jira.clear_faults();
    }
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "summary"), "Item, round 11");
    assert_eq!(world.in_step("acme", "initech").await, Ok(()));
    for jira in ["acme", "initech"] {
        // Each history only goes forward.
        let history = world.issue(jira, "Item").history;
        let words = history.iter().flat_map(|entry| &entry.items).filter(|(field, ..)| field == "summary");
        let words: Vec<String> = words.filter_map(|(_, _, to)| to.clone()).collect();
        assert!(words.len() >= 12 && words.is_sorted(), "{jira}: {words:?}");
    }
    assert!(conflicts(&world, &key).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn row_090_what_was_given_at_creation_is_the_base_of_the_first_edit() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let world = World::new(&config, |_| {}).await;
        let fields =
            json!({ "summary": "Item", "duedate": "2026-05-01", "labels": ["a"], "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.settle().await;
        let there = world.issue(to, "Item");
        assert!(there.history.is_empty(), "a creation is no entry: {:?}", there.history);
        let person = world.person(to, who);
        person.edit(&there.key, json!({ "duedate": null, "labels": ["a", "b"] })).unwrap();
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        world.rest().await.unwrap();
        let here = world.issue("acme", "Item");
        assert_eq!(here.fields.get("duedate").map_or("", String::as_str), "", "{to}");
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert_eq!(conflicts(&world, &key).await, Vec::<String>::new());
    }
}

/// Time stands still between the two edits, and both servers' clocks agree.
#[tokio::test(start_paused = true)]
async fn row_091_of_two_edits_at_one_instant_one_stands_everywhere_and_the_other_is_kept() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let mut winners = Vec::new();
        for first in ["acme", to] {
            let world = World::new(&config, |_| {}).await;
            let key = create(&world, "SUP", "Item", &[]);
            world.settle().await;
            let there = world.issue(to, "Item").key;
            let act = |side: &str| match side {
                "acme" => edit(&world, "acme", "jane", &key, "Item by acme"),
                _ => edit(&world, to, who, &there, "Item by them"),
            };
            act(first);
            act(if first == "acme" { to } else { "acme" });
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", to).await, Ok(()));
            let kept = conflicts(&world, &key).await;
            let stands = world.field("acme", "Item", "summary");
            let lost = if stands == "Item by acme" { "Item by them" } else { "Item by acme" };
            assert!(kept.len() == 1 && kept[0].contains(lost), "{to}: {stands}, {kept:?}");
            winners.push(stands);
        }
        assert_eq!(winners[0], winners[1], "{to}: it does not depend on who is read first");
    }
}
