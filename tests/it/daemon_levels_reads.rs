//! Security levels against reads that are older than what they are judged by: what comes late, what an index had before, what a
//! Jira does not tell. Must never ask the daemon what a Jira holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::{Value, json};

use super::bent::{Bent, each_issue};
use super::daemon_levels::{levels, pairs, world, writes};
use super::daemon_pause::give;
use super::daemon_support::{THREE, World};

/// What somebody does once, right after home's Jira answered a poll.
type Deed = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// Lets somebody act between a poll of home and what is read after it; `change` is done to all that home answers.
fn between(world: &mut World, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Deed {
    let deed = Deed::default();
    let (held, change) = (Arc::clone(&deed), Arc::new(change));
    world.bend(move |inner| {
        let (held, change) = (Arc::clone(&held), Arc::clone(&change));
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if !place.contains("acme.example") {
                return;
            }
            change(said);
            let rows = said.get("issues").and_then(Value::as_array).is_some_and(|issues| !issues.is_empty());
            if place.contains("/search") && rows {
                let deed = held.lock().unwrap().take();
                if let Some(deed) = deed {
                    deed();
                }
            }
        })) as Arc<dyn Transport>
    });
    deed
}

fn item(level: Option<&str>) -> Value {
    let level = level.map_or(Value::Null, |level| json!({ "name": level }));
    json!({ "summary": "Item", "priority": { "name": "Low" }, "security": level })
}

/// Only some comments come with an issue of many: the list of them is read after it.
fn in_part(said: &mut Value) {
    each_issue(said, |issue| {
        if let Some(total) = issue.pointer_mut("/fields/comment/total") {
            *total = json!(total.as_u64().unwrap() + 1);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn what_a_list_holds_is_judged_by_a_level_that_is_read_after_it() {
    for ((text, other, ..), level, edited) in pairs()
        .into_iter()
        .zip([("Staff", false), ("Secret", true)])
        .map(|(pair, (level, edited))| (pair, level, edited))
    {
        let mut world = world(&text, other);
        world.jira(other).record_bodies(true);
        let deed = between(&mut world, in_part);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", item(None)).unwrap();
        let first = jane.comment(&key, "for all").unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(other, "Item").comments.len(), 1);
        world.jira(other).reset_calls();
        let (jira, issue) = (world.jira("acme").clone(), key.clone());
        *deed.lock().unwrap() = Some(Box::new(move || {
            let jane = jira.person("jane").unwrap();
            jane.edit(&issue, json!({ "security": { "name": level } })).unwrap();
            if edited {
                jane.edit_comment(&issue, &first, "Canary").unwrap();
            } else {
                jane.comment(&issue, "Canary").unwrap();
            }
        }));
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        assert!(deed.lock().unwrap().is_none(), "nobody acted");
        let there = world.issue(other, "Item");
        if level == "Staff" {
            assert_eq!((there.fields["security"].as_str(), there.comments.len()), ("Innen", 2));
            let made = writes(&world, other);
            let set = made.iter().position(|(_, level)| *level).unwrap();
            let said = made.iter().position(|(operation, _)| operation == "addComment").unwrap();
            assert!(set < said, "what was said under the level stood open there: {made:?}");
        } else {
            assert!(!there.comments.iter().any(|comment| comment.body.contains("Canary")), "{there:?}");
        }
    }
}

/// A row of an index that is behind is older than the read that showed the level.
#[tokio::test(start_paused = true)]
async fn a_level_without_a_row_is_not_lifted_by_what_an_index_had_before() {
    for (text, other, ..) in pairs() {
        for carried in [false, true] {
            let mut world = if carried {
                world(&text, other)
            } else {
                World::of(&text, |setups| levels(setups.get_mut("acme").unwrap(), &["Secret"]))
            };
            world.start().await;
            let jane = world.person("acme", "jane");
            let key = jane.create("SUP", "Bug", item(None)).unwrap();
            world.rest().await.unwrap();
            jane.edit(&key, json!({ "summary": "Item: Canary" })).unwrap();
            world.pass(10).await;
            jane.edit(&key, json!({ "security": { "name": "Secret" } })).unwrap();
            world.interval().await;
            assert_eq!(world.field(other, "Item", "summary"), "Item");
            // As it was between the two.
            world.jira("acme").set_index_lag(Duration::from_secs(65));
            // What the polls brought is forgotten by a daemon that starts.
            world.start().await;
            world.interval().await;
            world.jira("acme").set_index_lag(Duration::ZERO);
            world.interval().await;
            assert_eq!(world.field(other, "Item", "summary"), "Item");
            // Once home's issue itself has none, all of it goes.
            jane.edit(&key, json!({ "security": null })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "summary"), "Item: Canary");
        }
    }
}

/// Nobody knows whose the level is in the item that goes on: a person decides.
#[tokio::test(start_paused = true)]
async fn what_stands_under_a_level_is_not_opened_by_a_merge() {
    let row = "summary = \"both\"\nsecurity = { values = [ { acme = \"Staff\", globex = \"Innen\", initech = \"Intern\" } ] }";
    let mut world = World::of(&THREE.replacen("summary = \"both\"", row, 1), |setups| {
        for (side, name) in [("acme", "Staff"), ("globex", "Innen"), ("initech", "Intern")] {
            levels(setups.get_mut(side).unwrap(), &[name]);
        }
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    let fields = |summary: &str, label: &str, level: Option<&str>| {
        let level = level.map_or(Value::Null, |level| json!({ "name": level }));
        json!({ "summary": summary, "priority": { "name": "Low" }, "labels": [label], "security": level })
    };
    let kept = jane.create("SUP", "Bug", fields("Kept", "share-initech", None)).unwrap();
    let secret = jane.create("SUP", "Bug", fields("Secret", "share-globex", Some("Staff"))).unwrap();
    jane.comment(&secret, "not for all").unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Secret").key;
    let merge = Command::Merge { sync: "support".into(), keep: kept.clone(), drop: secret, dry_run: false };
    let answer = give(&world, merge).await;
    assert_eq!(answer.ended, Ended::Done, "{answer:?}");
    assert!(answer.lines.iter().any(|line| line.contains(&there) && line.contains("security level")), "{answer:?}");
    jane.edit(&kept, json!({ "duedate": "2026-05-01" })).unwrap();
    world.intervals(10).await;
    let issue = world.jira("globex").issue(&there).unwrap();
    assert_eq!((issue.fields["security"].as_str(), issue.fields["summary"].as_str()), ("Innen", "Secret"));
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("has a security level")), "{problems:?}");
    // A person opens it, and it goes on.
    world.person("globex", "jdoe").edit(&there, json!({ "security": null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Kept", "duedate"), "2026-05-01");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_first_write_under_a_level_rests_on_a_look_at_home_too() {
    for (text, other, ..) in pairs() {
        let mut world = world(&text, other);
        let deed = between(&mut world, |_| {});
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", item(Some("Staff"))).unwrap();
        world.rest().await.unwrap();
        // Home's issue gets a level that has no name there, after the poll showed what is to be carried.
        let (jira, issue) = (world.jira("acme").clone(), key.clone());
        *deed.lock().unwrap() = Some(Box::new(move || {
            jira.person("jane").unwrap().edit(&issue, json!({ "security": { "name": "Secret" } })).unwrap();
        }));
        jane.comment(&key, "Canary").unwrap();
        world.rest().await.unwrap();
        assert!(deed.lock().unwrap().is_none(), "nobody acted");
        assert_eq!(world.issue(other, "Item").comments.len(), 0, "it went by a level that home's has no more");
        jane.edit(&key, json!({ "security": { "name": "Staff" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(other, "Item").comments.len(), 1);
        // Home cannot be looked at: nothing goes but a level.
        let calls = world.jira("acme").counts();
        let read = if calls.contains_key("bulkFetchIssues") { "bulkFetchIssues" } else { "getIssue" };
        world.jira("acme").add_fault(FaultRule::new(read, When::Always, Fault::Status(403)));
        jane.comment(&key, "waits").unwrap();
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.intervals(6).await;
        let there = world.issue(other, "Item");
        assert_eq!((there.comments.len(), there.fields.get("duedate")), (1, None));
        jane.edit(&key, json!({ "security": { "name": "Board" } })).unwrap();
        world.intervals(6).await;
        assert_eq!(
            (world.field(other, "Item", "security"), world.issue(other, "Item").comments.len()),
            ("Oben".into(), 1)
        );
        world.jira("acme").clear_faults();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item");
        assert_eq!((there.comments.len(), there.fields["duedate"].as_str()), (2, "2026-05-01"));
    }
}

#[tokio::test(start_paused = true)]
async fn fields_that_are_sent_one_by_one_under_a_level_are_looked_at_one_by_one() {
    for (text, other, ..) in pairs() {
        let mut world = world(&text, other);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", item(Some("Staff"))).unwrap();
        world.rest().await.unwrap();
        world.jira(other).reset_calls();
        world.jira(other).add_fault(FaultRule::new("editIssue", When::Nth(1), Fault::Status(400)));
        jane.edit(&key, json!({ "duedate": "2026-05-01", "summary": "Item now", "labels": ["one"] })).unwrap();
        world.rest().await.unwrap();
        let made: Vec<&str> = world.jira(other).calls().iter().map(|call| call.operation).collect();
        let reads = ["getIssue", "bulkFetchIssues"];
        let made: Vec<&str> =
            made.into_iter().filter(|operation| *operation == "editIssue" || reads.contains(operation)).collect();
        assert!(made.iter().filter(|operation| **operation == "editIssue").count() >= 3, "{made:?}");
        assert!(made.windows(2).all(|two| two != ["editIssue", "editIssue"]), "two rest on one look: {made:?}");
        assert_eq!(
            (world.field(other, "Item now", "duedate"), world.field(other, "Item now", "labels")),
            ("2026-05-01".into(), "one".into())
        );
    }
}

/// A field configuration hides the level, which stands all the same.
fn hide(world: &mut World, host: &'static str) -> Arc<AtomicBool> {
    let hides = Arc::new(AtomicBool::new(true));
    let held = Arc::clone(&hides);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains(host) {
                each_issue(said, |issue| {
                    if let Some(fields) = issue.get_mut("fields").and_then(Value::as_object_mut) {
                        fields.remove("security");
                    }
                });
            }
        })) as Arc<dyn Transport>
    });
    hides
}

#[tokio::test(start_paused = true)]
async fn an_issue_whose_level_home_never_told_is_not_carried() {
    for (text, other, ..) in pairs() {
        let mut world = world(&text, other);
        let hides = hide(&mut world, "acme.example");
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", item(Some("Staff"))).unwrap();
        world.intervals(8).await;
        assert_eq!(world.issues(other, "Item").len(), 0, "it was made in the open");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("does not tell"), "{problems:?}");
        hides.store(false, Ordering::SeqCst);
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "security"), "Innen");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_level_keeps_apart_stays_so_where_the_level_is_told_no_more() {
    for (text, other, who, ..) in pairs() {
        let host = if other == "globex" { "globex.example" } else { "initech.example" };
        let mut world = world(&text, other);
        let hides = hide(&mut world, host);
        hides.store(false, Ordering::SeqCst);
        world.start().await;
        let jane = world.person("acme", "jane");
        jane.create("SUP", "Bug", item(None)).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ "security": { "name": "Geheim" } })).unwrap();
        world.rest().await.unwrap();
        hides.store(true, Ordering::SeqCst);
        world.person(other, who).edit(&there, json!({ "summary": "Item: Canary" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item");
        hides.store(false, Ordering::SeqCst);
        world.person(other, who).edit(&there, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item: Canary");
    }
}

/// Home's issue is gone for sure, so nobody can read its level: what the sync says of that is done all the same.
#[tokio::test(start_paused = true)]
async fn a_copy_under_a_level_goes_with_its_deleted_original() {
    for (text, other, _, project, _) in pairs() {
        let text = format!("{text}\n[sync.support.life]\ndeleted = \"delete\"\n");
        let mut world = world(&text, other);
        for (jira, project) in [("acme", "SUP"), (other, project)] {
            world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        }
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", item(Some("Staff"))).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issues(other, "Item").len(), 1);
        jane.delete(&key).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(40).await;
        assert_eq!(world.issues(other, "Item").len(), 0, "{other}: {:?}", world.problems().await);
    }
}
