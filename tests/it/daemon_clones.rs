//! Clones that people make of copies and of originals: they bring our mark along, and are issues of their own all the same. Must
//! never take the daemon's word for which issue is whose.

use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::daemon_support::{World, calls, two, two_clouds};

/// Both kinds of receiving side: its name, who works there, and its configuration.
fn kinds() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

/// Where an original stands: its side, who makes it, who clones it, its project and its type; and the side of its copy.
type Origin = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Home with each kind of partner, and each kind of partner.
fn origins() -> [(String, Origin); 4] {
    [
        (two(), ("acme", "jane", "omar", "SUP", "Bug", "globex")),
        (two_clouds(), ("acme", "jane", "omar", "SUP", "Bug", "initech")),
        (two(), ("globex", "jdoe", "mlopez", "ENG", "Defect", "acme")),
        (two_clouds(), ("initech", "petra", "juergen", "OPS", "Fehler", "acme")),
    ]
}

fn create(world: &World) -> String {
    let fields = json!({ "summary": "Item", "description": "Broken", "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// As many issues on each side.
fn count(world: &World, to: &str) -> (usize, usize) {
    (world.issues("acme", "Item").len(), world.issues(to, "Item").len())
}

#[tokio::test(start_paused = true)]
async fn row_065_a_clone_of_a_copy_is_an_item_of_its_own() {
    for (config, to, who) in kinds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world);
        world.rest().await.unwrap();
        let copy = world.issue(to, "Item").key;
        world.jira("acme").reset_calls();
        let clone = world.person(to, who).clone_issue(&copy).unwrap();
        assert!(!world.jira(to).issue(&clone).unwrap().issue_links.is_empty(), "Jira links a clone to its original");
        world.rest().await.unwrap();
        assert_eq!(count(&world, to), (2, 2), "{to}");
        assert_eq!(calls(world.jira("acme")).get("createIssue"), Some(&1));
        // Each goes on with its own counterpart.
        world.person(to, who).edit(&clone, json!({ "summary": "Item, cloned and changed" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "cloned and changed", "description"), "Broken");
        let original = world.issues("acme", "Item").into_iter().find(|issue| issue.fields["summary"] == "Item");
        assert!(original.is_some(), "{to}: the original took what was done to the clone");
        // A restart and the full check think the same of it.
        world.start().await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(count(&world, to), (2, 2), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_clone_of_an_original_is_an_item_of_its_own() {
    for (config, (from, maker, cloner, project, kind, to)) in origins() {
        let world = World::new(&config, |_| {}).await;
        let fields = json!({ "summary": "Item", "description": "Broken" });
        let key = world.person(from, maker).create(project, kind, fields).unwrap();
        world.rest().await.unwrap();
        let clone = world.person(from, cloner).clone_issue(&key).unwrap();
        // A clone of a clone of what came from the other side bears the other's mark as well.
        world.person(from, maker).clone_issue(&clone).unwrap();
        world.rest().await.unwrap();
        assert_eq!((world.issues(from, "Item").len(), world.issues(to, "Item").len()), (3, 3), "{from} to {to}");
        // Each goes on with its own counterpart.
        world.person(from, cloner).edit(&clone, json!({ "summary": "Item, cloned and changed" })).unwrap();
        world.rest().await.unwrap();
        let shown = world.issues(to, "Item").into_iter().map(|issue| issue.fields["summary"].clone());
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        assert_eq!(shown, ["CLONE - CLONE - Item", "Item", "Item, cloned and changed"], "{from} to {to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_in_doubt_is_not_settled_by_a_clone() {
    for (config, to, who) in kinds() {
        for by_us in [false, true] {
            let world = World::new(&config, |_| {}).await;
            world.jira(to).add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
            create(&world);
            world.interval().await;
            let made = world.issue(to, "Item").key;
            let cloner = if by_us { "sync" } else { who };
            let clone = world.person(to, cloner).clone_issue(&made).unwrap();
            world.rest().await.unwrap();
            let problems = world.problems().await;
            if by_us {
                // Nobody can tell it from a create that landed twice: it is told, and left alone.
                assert_eq!(count(&world, to), (1, 2), "{to}");
                assert!(
                    problems.len() == 1 && problems[0].contains(&format!("{clone} is a duplicate of {made}")),
                    "{problems:?}"
                );
            } else {
                assert_eq!(count(&world, to), (2, 2), "{to}");
                assert_eq!(problems, Vec::<String>::new());
            }
            let original = world.issues("acme", "Item").into_iter().find(|issue| issue.fields["summary"] == "Item");
            let edit = json!({ "summary": "Item, changed" });
            world.person("acme", "jane").edit(&original.unwrap().key, edit).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.jira(to).issue(&made).unwrap().fields["summary"], "Item, changed", "{to}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_state_counts_copies_and_no_clones_of_them() {
    for (config, to, who) in kinds() {
        let mut world = World::new(&config, |_| {}).await;
        create(&world);
        world.rest().await.unwrap();
        let copy = world.issue(to, "Item").key;
        let clone = world.person(to, who).clone_issue(&copy).unwrap();
        world.daemon = None;
        for ending in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{ending}", world.state().display()));
        }
        world.start().await;
        world.intervals(10).await;
        let problems = world.problems().await;
        let named = |key: &str| problems.iter().any(|problem| problem.contains(&format!("({key})")));
        assert!(named(&copy), "{to}: {problems:?}");
        assert!(!problems.iter().any(|problem| problem.contains(&clone)), "{to}: {problems:?}");
        assert_eq!(count(&world, to), (1, 2), "{to}");
    }
}
