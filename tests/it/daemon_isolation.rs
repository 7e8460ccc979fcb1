//! What must not pass between partners, or hold one of them up for the other's sake, in the whole daemon. Must never ask the
//! daemon what it sent: the Jiras tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use serde_json::json;

use super::bent::{Bent, each_issue};
use super::daemon_support::{THREE, World, two};

fn shared(world: &World) -> String {
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// Jira gives no tags back at home, and what its automations do as the sync user counts there.
#[tokio::test(start_paused = true)]
async fn without_tags_a_partners_act_does_not_become_homes() {
    let home = "side.acme = { instance = \"acme\", project = \"SUP\"";
    let config = THREE.replace(home, &format!("{home}, side-effects = \"count\""));
    let world = World::new(&config, |jiras| {
        jiras["acme"].set_quirks(|quirks| quirks.keeps_history_metadata = false);
    })
    .await;
    let key = shared(&world);
    world.rest().await.unwrap();
    let there = world.issue("initech", "Item").key;
    let text =
        json!({ "summary": "Item, canary-initech", "description": "canary-initech", "labels": ["canary-initech"] });
    world.person("initech", "petra").edit(&there, text).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "summary"), "Item, canary-initech");
    let at_globex = world.issue("globex", "Item");
    assert!(!format!("{at_globex:?}").contains("canary"), "{at_globex:?}");
    // What home's people do still goes to both, on top of what home shows.
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item, by Jane" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, by Jane");
    assert_eq!(world.field("initech", "Item", "summary"), "Item, by Jane");
}

#[tokio::test(start_paused = true)]
async fn a_partners_security_level_holds_nobody_else_up() {
    let mut world = World::without_daemon(THREE);
    let secret = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&secret);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains("globex.example") {
                each_issue(said, |issue| issue["fields"]["security"] = json!({ "id": "10000", "name": "Secret" }));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let key = shared(&world);
    world.rest().await.unwrap();
    let (globex, initech) = (world.issue("globex", "Item").key, world.issue("initech", "Item").key);
    secret.store(true, Ordering::SeqCst);
    world.person("globex", "jdoe").edit(&globex, json!({ "description": "canary-secret" })).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item goes on" })).unwrap();
    world.person("acme", "jane").comment(&key, "and so do I").unwrap();
    world.person("initech", "petra").comment(&initech, "me too").unwrap();
    world.rest().await.unwrap();
    let there = world.issue("initech", "Item");
    assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item goes on", 2));
    assert_eq!(world.issue("acme", "Item").comments.len(), 2);
    assert!(!world.field("acme", "Item", "description").contains("canary"));
    let kept_apart = world.issue("globex", "Item");
    assert_eq!((kept_apart.fields["summary"].as_str(), kept_apart.comments.len()), ("Item", 0));
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("has a security level"), "{problems:?}");
    secret.store(false, Ordering::SeqCst);
    world.person("globex", "jdoe").edit(&globex, json!({ "description": "free again" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item goes on");
    assert_eq!(world.field("acme", "Item", "description"), "free again");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_picked_for_a_side_that_may_not_see_it_is_told() {
    let world = World::new(THREE, |_| {}).await;
    let petra = world.person("initech", "petra");
    petra.create("OPS", "Fehler", json!({ "summary": "Item of initech", "priority": { "name": "Hoch" } })).unwrap();
    world.rest().await.unwrap();
    let home = world.issue("acme", "Item of initech").key;
    let jane = world.person("acme", "jane");
    jane.update(&home, json!({ "labels": [{ "add": "share-globex" }] })).unwrap();
    world.rest().await.unwrap();
    assert!(world.issues("globex", "Item").is_empty());
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("no counterpart is made"), "{problems:?}");
    jane.edit(&home, json!({ "summary": "Item as home tells it" })).unwrap();
    world.rest().await.unwrap();
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("has not written its issue-type"), "{problems:?}");
    jane.edit(&home, json!({ "issuetype": { "name": "Task" } })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item as home tells it");
    assert_eq!(world.field("initech", "Item", "issuetype"), "Aufgabe");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The screen asks for a field that a person changed on a side which only receives it: what stands there is sent.
#[tokio::test(start_paused = true)]
async fn a_screen_is_no_reason_to_overwrite_what_is_let_be() {
    let config = two().replace("due-date = \"both\"", "due-date = { from = [\"acme\"] }");
    let mut world = World::of(&config, |setups| {
        for transition in &mut setups.get_mut("globex").unwrap().projects[0].transitions {
            if transition.name == "Start work" {
                transition.screen.insert("duedate".into(), true);
            }
        }
    });
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "duedate": "2028-01-01" });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").edit(&there, json!({ "duedate": "2028-09-09" })).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").transition(&key, "In Progress").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "status"), "Working");
    assert_eq!(world.field("globex", "Item", "duedate"), "2028-09-09");
}
