//! Fields that hold a project which people picked: by key, through a table or as it is, and only what the sync user may browse. Must
//! never ask the daemon what a Jira holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::app::Daemon;
use jirasyncd::jira::Transport;
use jirasyncd::model::command::Ended;
use jirasyncd::simulator::{FieldSetup, FieldType, Holder, ProjectSetup, Setup};
use serde_json::{Value, json};

use super::bent::{Bent, each_issue};
use super::daemon_reload::{reload, started, write};
use super::daemon_support::{World, calls, two, two_clouds};

const MAPPED: u64 = 0;
const PLAIN: u64 = 1;

fn id(side: &str, place: u64) -> String {
    format!("customfield_{}", if side == "acme" { 25_000 } else { 35_000 } + place)
}

/// Projects beside the one that is synced; the last is shown to nobody but one person at the other side.
fn enrich(setup: &mut Setup, side: &str, keys: [&str; 4], only: Option<&str>) {
    setup.fields.push(FieldSetup::new(&id(side, MAPPED), "For project", FieldType::Project));
    setup.fields.push(FieldSetup::new(&id(side, PLAIN), "Any project", FieldType::Project));
    let only = only.map(|name| setup.users.iter().find(|user| user.name == name).unwrap().id.clone());
    for (number, key) in (10_900..).zip(keys) {
        let mut project = ProjectSetup::new(key, number, &format!("{key} of {side}"));
        if let Some(only) = only.clone().filter(|_| key == "HID") {
            project.permissions.insert("BROWSE_PROJECTS".to_owned(), [Holder::User(only)].into());
        }
        setup.projects.push(project);
    }
}

fn world(config: &str, (other, who): (&'static str, &str), rows: &str) -> World {
    World::of(&config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1), |setups| {
        enrich(setups.get_mut("acme").unwrap(), "acme", ["APP", "WEB", "LAB", "HID"], None);
        enrich(setups.get_mut(other).unwrap(), other, ["APPS", "SITE", "LAB", "HID"], Some(who));
    })
}

fn rows(other: &str) -> String {
    format!(
        "\"For project\" = {{ values = [ {{ acme = \"APP\", {other} = \"APPS\" }}, {{ acme = \"WEB\", {other} = \"SITE\" }} ] }}\n\
         \"Any project\" = \"both\""
    )
}

fn pairs() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn issue(more: &Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn key(key: &str) -> Value {
    json!({ "key": key })
}

#[tokio::test(start_paused = true)]
async fn a_picked_project_crosses_by_its_key_in_both_directions() {
    for (config, other, who) in pairs() {
        let mut world = world(&config, (other, who), &rows(other));
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ id("acme", MAPPED): key("APP"), id("acme", PLAIN): { "id": "10902" } });
        let here = jane.create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        // The Jiras show names, and these are other ones on each side.
        let shown = |side: &'static str| [MAPPED, PLAIN].map(|place| world.field(side, "Item", &id(side, place)));
        assert_eq!(shown(other), [format!("APPS of {other}"), format!("LAB of {other}")]);
        let back = json!({ id(other, MAPPED): key("SITE"), id(other, PLAIN): null });
        world.person(other, who).edit(&there, back).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown("acme"), ["WEB of acme".to_owned(), String::new()]);
        jane.edit(&here, json!({ id("acme", MAPPED): null, id("acme", PLAIN): key("LAB") })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(other), [String::new(), format!("LAB of {other}")]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira("acme").reset_calls();
        world.intervals(10).await;
        assert_eq!(calls(world.jira("acme")).get("editIssue"), None, "nothing of it was taken for a change");
    }
}

/// As soon as it is told to, acme shows a project that people picked by another key.
fn picked_is_renamed(world: &mut World) -> Arc<AtomicBool> {
    let renamed = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&renamed);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains("acme.example") {
                each_issue(said, |issue| {
                    let picked = format!("/fields/{}/key", id("acme", PLAIN));
                    if let Some(shown) = issue.pointer_mut(&picked) {
                        *shown = json!("LABS");
                    }
                });
            }
        })) as Arc<dyn Transport>
    });
    renamed
}

/// An administrator changes a project's key without an entry of the issues that hold it: nobody picked another project.
#[tokio::test(start_paused = true)]
async fn the_key_that_a_project_gets_is_nobodys_act() {
    for (config, other, who) in pairs() {
        let mut world = world(&config, (other, who), &rows(other));
        let renamed = picked_is_renamed(&mut world);
        world.start().await;
        let jane = world.person("acme", "jane");
        let here = jane.create("SUP", "Bug", issue(&json!({ id("acme", PLAIN): key("LAB") }))).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        renamed.store(true, Ordering::SeqCst);
        jane.edit(&here, json!({ "priority": { "name": "Highest" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", &id(other, PLAIN)), format!("LAB of {other}"), "nobody picked another");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // What somebody does crosses as ever.
        world.person(other, who).edit(&there, json!({ id(other, PLAIN): null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", &id("acme", PLAIN)), "");
    }
}

/// A daemon that goes over to another configuration reads anew what each side holds: a picked project is what it was, also where it has got
/// another key.
#[tokio::test(start_paused = true)]
async fn a_picked_project_is_as_it_was_after_a_reload() {
    for (config, other, who) in pairs() {
        let text = config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{}", rows(other)), 1);
        let mut world = world(&config, (other, who), &rows(other));
        let renamed = picked_is_renamed(&mut world);
        let (mut world, file) = started(world, &text).await;
        let jane = world.person("acme", "jane");
        let fields = json!({ id("acme", MAPPED): key("APP"), id("acme", PLAIN): key("LAB") });
        let here = jane.create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        renamed.store(true, Ordering::SeqCst);
        jane.edit(&here, json!({ "priority": { "name": "Highest" } })).unwrap();
        world.rest().await.unwrap();
        let edits = |world: &World| ["acme", other].map(|side| world.jira(side).count("editIssue"));
        let before = edits(&world);
        let other_text = text.replace("exclude = [\"share-*\"]", "exclude = [\"share-*\", \"own-*\"]");
        assert_ne!(other_text, text);
        write(&world, &file, &other_text);
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        world.rest().await.unwrap();
        let shown =
            |world: &World, side: &str| [MAPPED, PLAIN].map(|place| world.field(side, "Item", &id(side, place)));
        assert_eq!(shown(&world, other), [format!("APPS of {other}"), format!("LAB of {other}")]);
        assert_eq!(shown(&world, "acme"), ["APP of acme", "LAB of acme"]);
        assert_eq!(edits(&world), before, "{other}: nothing of it was taken for a change");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // And it goes on.
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ id(other, MAPPED): key("SITE") })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, "acme"), ["WEB of acme", "LAB of acme"]);
    }
}

/// A project that is not there, one without a row, and one that the sync user may not browse are told, and hold up nothing else.
#[tokio::test(start_paused = true)]
async fn a_project_that_is_not_there_or_not_shown_is_told_and_looked_for_again() {
    for (config, other, who) in pairs() {
        let mut world = world(&config, (other, who), &rows(other));
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ id("acme", MAPPED): key("LAB"), id("acme", PLAIN): key("WEB") });
        let here = jane.create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        let shown = |place: u64| world.field(other, "Item", &id(other, place));
        assert_eq!((shown(MAPPED), shown(PLAIN)), (String::new(), String::new()), "the issue is made all the same");
        let told = world.problems().await;
        let says = |told: &[String], parts: &[&str]| {
            told.iter().any(|problem| parts.iter().all(|part| problem.contains(part)))
        };
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(says(&told, &["LAB`", "`For project`", "has no counterpart"]), "{told:?}");
        assert!(says(&told, &["project `WEB` of field `Any project`", "or the sync user may not see it"]), "{told:?}");
        jane.edit(&here, json!({ id("acme", MAPPED): key("APP"), id("acme", PLAIN): key("HID") })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((shown(MAPPED), shown(PLAIN)), (format!("APPS of {other}"), String::new()));
        let told = world.problems().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(says(&told, &["project `HID` of field `Any project`", "or the sync user may not see it"]), "{told:?}");
        // It is shown from now on.
        world.jira(other).set_permission("HID", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        world.pass(700).await;
        jane.edit(&here, json!({ "summary": "Item now" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(PLAIN), format!("HID of {other}"));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Who may browse a project is decided there: a row that names one which is not shown is a warning, where a misspelt option is an error.
#[tokio::test(start_paused = true)]
async fn a_row_with_a_project_that_is_not_shown_is_a_warning() {
    for (config, other, who) in pairs() {
        let rows = format!(
            "\"For project\" = {{ values = [ {{ acme = \"APP\", {other} = \"HID\" }}, {{ acme = \"NONE\", {other} = \"SITE\" }} ] }}"
        );
        let world = world(&config, (other, who), &rows);
        let (_, told) = Daemon::start(world.config.clone(), world.surroundings()).await.unwrap();
        for (side, key) in [(other, "HID"), ("acme", "NONE")] {
            let is_it = |what: &str, place: &str| {
                what == format!("there is no project `{key}`, or the sync user may not see it")
                    && place.ends_with(&format!("fields.For project.values, side `{side}`"))
            };
            assert_eq!(told.iter().filter(|found| is_it(&found.what, &found.place)).count(), 1, "{key}: {told:?}");
        }
        assert_eq!(told.iter().filter(|found| found.what.contains("there is no project")).count(), 2, "{told:?}");
    }
}

/// Into text it goes as its key, and out of text where that is one.
#[tokio::test(start_paused = true)]
async fn a_picked_project_and_a_line_of_text_hold_its_key() {
    const TEXT: &str = "customfield_35777";
    let row = format!("product = {{ acme = \"Any project\", globex = \"{TEXT}\", kind = \"line\" }}");
    let config = two().replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1);
    let mut world = World::of(&config, |setups| {
        enrich(setups.get_mut("acme").unwrap(), "acme", ["APP", "WEB", "LAB", "HID"], None);
        setups.get_mut("globex").unwrap().fields.push(FieldSetup::new(TEXT, "Product", FieldType::Text));
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    jane.create("SUP", "Bug", issue(&json!({ id("acme", PLAIN): key("WEB") }))).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    assert_eq!(world.field("globex", "Item", TEXT), "WEB");
    world.person("globex", "jdoe").edit(&there, json!({ TEXT: "APP" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", &id("acme", PLAIN)), "APP of acme");
    assert_eq!(world.problems().await, Vec::<String>::new());
}
