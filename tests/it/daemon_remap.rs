//! A map that changes while issues are in step by the one before. Must never take the daemon's word for what the Jiras hold.

use jirasyncd::app::{Chosen, Daemon, preview};
use jirasyncd::model::configuration::Existing;
use serde_json::json;

use super::daemon_fairness::{CONFIG, shared};
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// Both kinds of partner: the configuration, its name, a person there, and what it calls the three priorities.
fn partners() -> [(String, &'static str, &'static str, [&'static str; 3]); 2] {
    [(two(), "globex", "jdoe", ["P1", "P3", "P4"]), (two_clouds(), "initech", "petra", ["Hoch", "Mittel", "Niedrig"])]
}

/// The same world under another configuration from now on.
pub(super) async fn under(world: World, config: &str, existing: Existing) -> World {
    let mut world = world.with_config(config);
    world.daemon = None;
    let (daemon, _) = Daemon::start_with(world.config.clone(), world.surroundings(), existing).await.unwrap();
    world.daemon = Some(std::sync::Arc::new(daemon));
    world
}

async fn mirrored(config: &str, other: &str) -> (World, String) {
    let world = World::new(config, |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", other).await, Ok(()));
    (world, key)
}

/// The partner's words for the first two priorities change places.
fn swapped(config: &str, [first, second, _]: [&str; 3]) -> String {
    let mark = config.replace(&format!("\"{first}\""), "\"@\"");
    mark.replace(&format!("\"{second}\""), &format!("\"{first}\"")).replace("\"@\"", &format!("\"{second}\""))
}

fn writes(world: &World, side: &str) -> u64 {
    let calls = calls(world.jira(side));
    calls.get("editIssue").copied().unwrap_or_default()
}

fn reset(world: &World) {
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_the_map_says_otherwise_is_nobodys_change() {
    for (config, other, _, words) in partners() {
        let (world, _) = mirrored(&config, other).await;
        reset(&world);
        let world = under(world, &swapped(&config, words), Existing::ReMap).await;
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "priority"), "Highest", "nobody changed it there");
        assert_eq!(world.field(other, "Item", "priority"), words[1]);
        assert_eq!((writes(&world, "acme"), writes(&world, other)), (0, 1));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn from_now_on_leaves_what_stands_until_somebody_changes_it() {
    for (config, other, who, words) in partners() {
        let (world, key) = mirrored(&config, other).await;
        reset(&world);
        let world = under(world, &swapped(&config, words), Existing::FromNow).await;
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "priority"), words[0]);
        assert_eq!((writes(&world, "acme"), writes(&world, other)), (0, 0));
        // Nor after another start, and however often it is looked at.
        let mut world = world;
        world.start().await;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item 2" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "priority"), words[0]);
        // What comes from now on goes by the new map, in both directions.
        world.person("acme", "jane").edit(&key, json!({ "priority": { "name": "Medium" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "priority"), words[0], "it is the word for it now");
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ "priority": { "name": words[1] } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "priority"), "Highest");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A new issue goes by it from the beginning.
        let fields = json!({ "summary": "New", "priority": { "name": "Highest" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "New", "priority"), words[1]);
    }
}

/// Whose edit it was decides, not when the map changed: an edit that nobody had read yet crosses by the new map.
#[tokio::test(start_paused = true)]
async fn an_edit_before_the_change_crosses_by_the_new_map() {
    for existing in [Existing::ReMap, Existing::FromNow] {
        for (config, other, who, words) in partners() {
            let (world, key) = mirrored(&config, other).await;
            world.person("acme", "jane").edit(&key, json!({ "priority": { "name": "Low" } })).unwrap();
            let there = world.issue(other, "Item").key;
            world.person(other, who).edit(&there, json!({ "summary": "Item by them" })).unwrap();
            let world = under(world, &swapped(&config, words), existing).await;
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "priority"), words[2]);
            assert_eq!(world.field("acme", "Item", "summary"), "Item by them");
        }
    }
}

/// A status that a Jira calls otherwise, also where it was the partner who set it last.
#[tokio::test(start_paused = true)]
async fn a_row_that_goes_by_another_name_moves_nothing() {
    let (world, _) = mirrored(&two(), "globex").await;
    let there = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").transition(&there, "Working").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "status"), "In Progress");
    reset(&world);
    // The first cell gives a row its name in the state: another order of names is another name.
    let config = two().replace("acme = [\"To Do\", \"Backlog\"]", "acme = \"To Do\"");
    let config = config.replace("acme = \"In Progress\"", "acme = [\"Backlog\", \"In Progress\"]");
    let mut world = under(world, &config, Existing::ReMap).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "status"), "Working");
    assert_eq!(world.field("acme", "Item", "status"), "In Progress");
    let moved: u64 = ["acme", "globex"].map(|side| writes(&world, side)).iter().sum();
    assert_eq!(moved, 0);
    world.start().await;
    world.person("globex", "jdoe").edit(&there, json!({ "summary": "Item again" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "summary"), "Item again");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_joins_fills_nothing_from_now_on() {
    let labelled = two();
    let without = labelled.replace("labels = { exclude = [\"share-*\"] }\n", "");
    assert_ne!(labelled, without);
    for (existing, filled) in [(Existing::ReMap, true), (Existing::FromNow, false)] {
        let world = World::new(&without, |_| {}).await;
        let fields = json!({ "summary": "Item", "labels": ["red"] });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let there = world.issue("globex", "Item").key;
        world.person("globex", "jdoe").edit(&there, json!({ "labels": ["own"] })).unwrap();
        world.rest().await.unwrap();
        let world = under(world, &labelled, existing).await;
        world.rest().await.unwrap();
        assert_eq!(world.field("globex", "Item", "labels").contains("red"), filled, "{existing:?}");
        assert_eq!(world.field("acme", "Item", "labels").contains("own"), filled, "{existing:?}");
        world.person("acme", "jane").update(&key, json!({ "labels": [{ "add": "blue" }] })).unwrap();
        world.rest().await.unwrap();
        // What both held is joined, and nothing is taken away.
        for side in ["acme", "globex"] {
            let labels = world.field(side, "Item", "labels");
            assert!(["red", "blue", "own"].iter().all(|label| labels.contains(label)), "{existing:?} {side}: {labels}");
        }
    }
}

/// What `plan` shows of another configuration, and that it is what happens then.
#[tokio::test(start_paused = true)]
async fn a_plan_with_another_configuration_shows_what_it_would_change() {
    let (config, other, _, words) = partners().into_iter().next().unwrap();
    let (world, _) = mirrored(&config, other).await;
    let new = world.with_config(&swapped(&config, words));
    reset(&new);
    let shown = |existing| preview(new.config.clone(), new.surroundings(), Chosen::All, existing);
    let planned = shown(Existing::ReMap).await.unwrap();
    let writes_of = |planned: &jirasyncd::app::Previewed| {
        let plans = planned.items.iter().filter_map(|item| item.plan.as_ref());
        plans.map(|plan| plan.operations.len()).sum::<usize>()
    };
    assert_eq!((planned.items.len(), writes_of(&planned)), (1, 1));
    let planned = shown(Existing::FromNow).await.unwrap();
    assert_eq!((planned.items.len(), writes_of(&planned)), (1, 0));
    assert_eq!(writes(&new, other), 0);
    // Nothing of that is in the state: by the configuration before nothing is to be done.
    let old = new.with_config(&config);
    let planned = preview(old.config.clone(), old.surroundings(), Chosen::All, Existing::ReMap).await.unwrap();
    assert_eq!(writes_of(&planned), 0);
}

/// Partners that see nothing of each other hear nothing of each other by a changed map either.
#[tokio::test(start_paused = true)]
async fn a_map_that_changes_for_one_partner_sends_nothing_to_the_other() {
    let world = World::new(THREE, |_| {}).await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    reset(&world);
    let world = under(world, &swapped(THREE, ["P1", "P3", "P4"]), Existing::ReMap).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "priority"), "P3");
    assert_eq!(world.field("initech", "Item", "priority"), "Hoch");
    assert_eq!((writes(&world, "acme"), writes(&world, "initech")), (0, 0));
}

/// Two syncs on one instance, and a field that joins one of them: it is filled there, and the other sync's issues are not even read.
#[tokio::test(start_paused = true)]
async fn a_field_that_joins_one_sync_fills_just_that_and_costs_the_others_nothing() {
    const COUNT: usize = 30;
    let mut world = shared();
    world.start().await;
    for number in 0..COUNT {
        let fields = json!({ "summary": format!("Bulk {number}"), "duedate": "2026-12-24" });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        let fields = json!({ "summary": format!("Live {number}"), "duedate": "2026-12-24" });
        world.person("initech", "petra").create("OPS", "Fehler", fields).unwrap();
    }
    world.rest().await.unwrap();
    let same = CONFIG.replace("[sync.live]\n", "[sync.live] # nothing is changed\n");
    let mut costs = Vec::new();
    let joined = CONFIG.replacen("summary = \"both\"", "summary = \"both\"\nduedate = \"both\"", 1);
    for config in [&same, &joined] {
        reset(&world);
        world = under(world, config, Existing::ReMap).await;
        world.rest().await.unwrap();
        world.intervals(3).await;
        let mut cost = calls(world.jira("initech"));
        // Polls, until all is at rest.
        cost.remove("search");
        costs.push(cost);
        let there = world.issues("globex", "Bulk");
        let filled = there.iter().filter(|issue| issue.fields.contains_key("duedate")).count();
        assert_eq!((there.len(), filled), (COUNT, if config == &joined { COUNT } else { 0 }));
    }
    assert_eq!(costs[0], costs[1], "the sync that nothing joined was worked on");
    let editions = world.jira("acme").count("editIssue");
    assert_eq!((editions, writes(&world, "globex")), (0, COUNT as u64), "and it is filled just where it was not");
    assert!(world.issues("acme", "Live").iter().all(|issue| !issue.fields.contains_key("duedate")));
}
