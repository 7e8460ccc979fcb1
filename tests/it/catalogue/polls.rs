//! Rows about what polls and histories show: late, older, incomplete, at one instant. Must never let an older row undo a newer word.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::{Value, json};

use super::super::bent::Bent;
use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{World, two, two_clouds};

async fn conflicts(world: &World, key: &str) -> Vec<String> {
    let items = world.daemon().store().items_by_key(&IssueKey::from(key)).await.unwrap();
    let conflicts = world.daemon().store().conflicts(items[0]).await.unwrap();
    conflicts.iter().map(|conflict| format!("{conflict:?}")).collect()
}

/// A replica node that is behind answers every third read of issues with what it answered long ago, and searches lag besides.
#[tokio::test(start_paused = true)]
async fn row_043_an_older_answer_takes_nothing_back() {
    let mut world = World::without_daemon(&two_clouds());
    let (stale, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let kept: Arc<Mutex<BTreeMap<String, Value>>> = Arc::default();
    let olds = Arc::new(AtomicUsize::new(0));
    let (behind, counted, old_ones) = (Arc::clone(&stale), Arc::clone(&calls), Arc::clone(&olds));
    world.bend(move |inner| {
        let (behind, counted, kept) = (Arc::clone(&behind), Arc::clone(&counted), Arc::clone(&kept));
        let served = Arc::clone(&old_ones);
        Arc::new(Bent::new(inner).back(move |place, asked, said| {
            let reads = ["/bulkfetch", "/search/jql", "/issue/"].iter().any(|path| place.contains(path));
            if !behind.load(Ordering::SeqCst) || !reads || place.starts_with("PUT") {
                return;
            }
            let asked = format!("{place} {asked}");
            let old = kept.lock().unwrap().entry(asked).or_insert_with(|| said.clone()).clone();
            if counted.fetch_add(1, Ordering::SeqCst) % 3 == 2 && old != *said {
                *said = old;
                served.fetch_add(1, Ordering::SeqCst);
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    let there = world.issue("initech", "Item").key;
    stale.store(true, Ordering::SeqCst);
    for jira in ["acme", "initech"] {
        let lag = Fault::IndexLag(Duration::from_secs(200));
        world.jira(jira).add_fault(FaultRule::new("search", When::EveryNth(2), lag));
    }
    for round in 0..12 {
        let (jira, who, key) = if round % 3 == 0 { ("initech", "petra", &there) } else { ("acme", "jane", &key) };
        edit(&world, jira, who, key, &format!("Item, round {round:02}"));
        world.intervals(3).await;
    }
    assert!(olds.load(Ordering::SeqCst) > 4, "{olds:?} of {calls:?} were old");
    stale.store(false, Ordering::SeqCst);
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
        assert!(words.len() >= 8 && words.is_sorted(), "{jira}: {words:?}");
    }
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
