//! The way back by fields: the keys of the counterparts, and how an issue stands to them. Must never name an issue that a side may
//! not see, and never move by itself.

use jirasyncd::simulator::{FieldSetup, FieldType, Setup};
use serde_json::{Value, json};

use super::daemon_support::{THREE, World, calls, two, two_clouds};

const KEYS: &str = "customfield_27000";
const STATE: &str = "customfield_27001";
const AT: &str = "customfield_27002";

const ROWS: &str = "summary = \"both\"\nothers = { acme = \"Others\", OTHERS, template = \"{{ keys }}\" }\n\
    standing = { acme = \"Standing\", template = \"{{ sync_state }} ({{ sync_time }})\" }\n\
    synced = { acme = \"Synced\", template = \"{{ sync_time }}\", kind = \"moment\" }";

fn enrich(setup: &mut Setup) {
    setup.fields.push(FieldSetup::new(KEYS, "Others", FieldType::Text));
    setup.fields.push(FieldSetup::new(STATE, "Standing", FieldType::Text));
    setup.fields.push(FieldSetup::new(AT, "Synced", FieldType::DateTime));
}

fn world(config: &str, others: &str) -> World {
    World::of(&config.replacen("summary = \"both\"", &ROWS.replace("OTHERS", others), 1), |setups| {
        setups.values_mut().for_each(enrich);
    })
}

fn issue(fields: &Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

#[tokio::test(start_paused = true)]
async fn keys_and_standing_are_written_once_and_follow_what_happens() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let mut world = world(&config, &format!("{other} = \"Others\""));
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&json!({}))).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        assert_eq!((world.field("acme", "Item", KEYS), world.field(other, "Item", KEYS)), (there.clone(), key.clone()));
        let standing = world.field("acme", "Item", STATE);
        assert!(standing.starts_with("in step (2026-") && standing.ends_with("Z)"), "{standing}");
        assert!(!world.field("acme", "Item", AT).is_empty());
        // Home itself moves nothing there: its own edit is not answered by a write.
        let at = world.field("acme", "Item", AT);
        world.jira("acme").reset_calls();
        world.pass(120).await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert_eq!(calls(world.jira("acme")).get("editIssue"), None);
        assert_eq!(
            (world.field("acme", "Item", AT), world.field("acme", "Item", STATE)),
            (at.clone(), standing.clone())
        );
        // What comes from elsewhere brings the time along, in the same request.
        world.pass(120).await;
        world.person(other, who).edit(&there, json!({ "duedate": "2026-06-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.jira("acme").count("editIssue"), 1);
        assert_ne!(world.field("acme", "Item", AT), at);
        assert!(world.field("acme", "Item", STATE).starts_with("in step ("));
        assert_ne!(world.field("acme", "Item", STATE), standing);
        // What is held back is said, and no more when it is mended.
        let unknown = if other == "globex" { "mlopez" } else { "anna" };
        world.person(other, who).assign(&there, Some(unknown)).unwrap();
        world.rest().await.unwrap();
        let held = world.field("acme", "Item", STATE);
        assert!(held.starts_with("held back: assignee ("), "{held}");
        world.person(other, who).assign(&there, Some(who)).unwrap();
        world.rest().await.unwrap();
        assert!(world.field("acme", "Item", STATE).starts_with("in step ("));
        assert_eq!(world.problems().await, Vec::<String>::new());
        for side in ["acme", other] {
            world.jira(side).reset_calls();
        }
        world.intervals(20).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        for side in ["acme", other] {
            assert_eq!(calls(world.jira(side)).get("editIssue"), None, "nothing of it goes round");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_those_that_a_side_does_not_see_are_not_in_it() {
    let mut world = world(THREE, "globex = \"Others\", initech = \"Others\"");
    world.start().await;
    let jane = world.person("acme", "jane");
    let labels = json!({ "labels": ["share-globex", "share-initech"] });
    let key = jane.create("SUP", "Bug", issue(&labels)).unwrap();
    world.rest().await.unwrap();
    let [globex, initech] = ["globex", "initech"].map(|side| world.issue(side, "Item").key);
    assert_eq!(world.field("acme", "Item", KEYS), format!("{globex}, {initech}"));
    for side in ["globex", "initech"] {
        assert_eq!(world.field(side, "Item", KEYS), key);
    }
    // What a person writes there is theirs, and goes nowhere.
    world.person("globex", "jdoe").edit(&globex, json!({ KEYS: "OPS-1" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", KEYS), format!("{globex}, {initech}"));
    assert_eq!(world.field("initech", "Item", KEYS), key);
}

#[tokio::test(start_paused = true)]
async fn what_changed_beside_the_time_is_written() {
    let row = "summary = \"both\"\nothers = { acme = \"Others\", template = \"{{ summary }} {{ sync_time }}\" }";
    let mut world = World::of(&two().replacen("summary = \"both\"", row, 1), |setups| {
        setups.values_mut().for_each(enrich);
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item of some length" })).unwrap();
    world.rest().await.unwrap();
    assert!(world.field("acme", "Item", KEYS).starts_with("Item of some length 2026-"));
    // The new text is how the old one begins.
    jane.edit(&key, json!({ "summary": "Item of" })).unwrap();
    world.rest().await.unwrap();
    assert!(world.field("acme", "Item", KEYS).starts_with("Item of 2026-"), "{}", world.field("acme", "Item", KEYS));
}

/// A field of one line shows a text of several lines with blanks in it, and cuts a long one: there, too, a time moves nothing by itself.
#[tokio::test(start_paused = true)]
async fn a_time_among_several_lines_or_before_a_cut_is_not_written_by_itself() {
    for (template, description) in [
        ("{{ description }}\\n{{ sync_time }}", "One\nTwo\n\nThree".to_owned()),
        ("{{ sync_time }} {{ description }}", "long ".repeat(80)),
    ] {
        let row = format!("summary = \"both\"\nothers = {{ acme = \"Others\", template = \"{template}\" }}");
        let mut world = World::of(&two().replacen("summary = \"both\"", &row, 1), |setups| {
            setups.values_mut().for_each(enrich);
        });
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&json!({ "description": description }))).unwrap();
        world.rest().await.unwrap();
        let shown = world.field("acme", "Item", KEYS);
        assert!(shown.contains("2026-") && !shown.contains('\n'), "{shown}");
        world.jira("acme").reset_calls();
        world.pass(120).await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert_eq!(calls(world.jira("acme")).get("editIssue"), None, "{template}");
        // What it says beside the time is written with the time of then.
        jane.edit(&key, json!({ "description": "Short" })).unwrap();
        world.rest().await.unwrap();
        let now = world.field("acme", "Item", KEYS);
        assert!(now.contains("Short") && now.contains("2026-") && !now.contains("Three"), "{now}");
        assert_eq!(calls(world.jira("acme")).get("editIssue"), Some(&1), "{template}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_across_is_no_key() {
    let config = THREE.replacen(
        "summary = \"both\"",
        "summary = \"both\"\nothers = { globex = \"Others\", template = \"{{ keys }}\", across = true }",
        1,
    );
    let mut world = World::of(&config, |setups| setups.values_mut().for_each(enrich));
    world.start().await;
    let labels = json!({ "summary": "Item", "labels": ["share-globex", "share-initech"] });
    let key = world.person("acme", "jane").create("SUP", "Bug", labels).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("initech", "Item").len(), 1);
    assert_eq!(world.field("globex", "Item", KEYS), key);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_writes_over_it_yields_to_the_next_change() {
    let mut world = world(&two(), "globex = \"Others\"");
    world.start().await;
    let jane = world.person("acme", "jane");
    let key = jane.create("SUP", "Bug", issue(&json!({}))).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    jane.edit(&key, json!({ KEYS: null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", KEYS), "");
    world.person("globex", "jdoe").edit(&there, json!({ "duedate": "2026-06-01" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", KEYS), there);
}
