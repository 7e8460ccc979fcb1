//! Files that go everywhere when somebody deletes a copy, where the sync says `deleted = "both"`. Must never take the daemon's word for what
//! stands in a Jira, nor that something is missing for its having been deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::simulator::Holder;
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// A Jira with its project and somebody there.
type Place = (&'static str, &'static str, &'static str);

const ACME: Place = ("acme", "SUP", "jane");
const GLOBEX: Place = ("globex", "ENG", "jdoe");
const INITECH: Place = ("initech", "OPS", "petra");

const BOTH: &str = "attachments = { deleted = \"both\" }";

fn with(config: &str, how: &str) -> String {
    config.replacen("home = \"acme\"", &format!("home = \"acme\"\n{how}"), 1)
}

/// An item whose issue in the first place has a file, which all others have by now; people may delete what others attached, and the sync user
/// too.
async fn attached(mut world: World, places: &[Place], name: &str) -> World {
    world.start().await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    for (jira, project, _) in places {
        world.jira(jira).set_permission(project, "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
    }
    let (from, _, who) = places[0];
    world.person(from, who).attach(&world.issue(from, "Item").key, name, b"bytes").unwrap();
    world.rest().await.unwrap();
    assert_eq!(count(&world, places), vec![1; places.len()]);
    world
}

fn count(world: &World, places: &[Place]) -> Vec<usize> {
    places.iter().map(|(jira, ..)| world.issue(jira, "Item").attachments.len()).collect()
}

fn delete(world: &World, (jira, _, who): Place) {
    let file = world.issue(jira, "Item").attachments[0].id.to_string();
    world.person(jira, who).detach(&file).unwrap();
}

fn deletions(world: &World, places: &[Place]) -> u64 {
    places.iter().map(|(jira, ..)| calls(world.jira(jira)).get("removeAttachment").copied().unwrap_or_default()).sum()
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_somebody_deletes_takes_the_original_along() {
    for (config, places) in [
        (two(), vec![ACME, GLOBEX]),
        (two(), vec![GLOBEX, ACME]),
        (two_clouds(), vec![ACME, INITECH]),
        (two_clouds(), vec![INITECH, ACME]),
    ] {
        let world = attached(World::without_daemon(&with(&config, BOTH)), &places, "plan.png").await;
        delete(&world, places[1]);
        world.rest().await.unwrap();
        assert_eq!(count(&world, &places), [0, 0], "{places:?}");
        assert_eq!(deletions(&world, &places), 1, "{places:?}");
        world.intervals(10).await;
        assert_eq!(deletions(&world, &places), 1, "{places:?}: nothing more is deleted");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{places:?}");
    }
}

/// Three that see one another: from one copy to the original, and from there to the other copy.
#[tokio::test(start_paused = true)]
async fn it_goes_on_every_side_that_sees_who_deleted_it() {
    let open = THREE.replace(", sees = [\"acme\"]", "");
    let places = [ACME, GLOBEX, INITECH];
    let world = attached(World::without_daemon(&with(&open, BOTH)), &places, "plan.png").await;
    delete(&world, GLOBEX);
    world.intervals(20).await;
    assert_eq!(count(&world, &places), [0, 0, 0]);
    assert_eq!((deletions(&world, &places), world.problems().await), (2, vec![]));
}

/// A partner's people take nothing away from another partner who does not see them.
#[tokio::test(start_paused = true)]
async fn where_another_partner_has_a_copy_it_stays_and_that_is_told_at_home() {
    let places = [ACME, GLOBEX, INITECH];
    let told = with(THREE, "attachments = { deleted = \"both\", names = [\"*\"] }");
    let world = attached(World::without_daemon(&told), &places, "plan.png").await;
    delete(&world, GLOBEX);
    world.intervals(20).await;
    assert_eq!(count(&world, &places), [1, 0, 1]);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("initech has one, and does not see globex"), "{problems:?}");
    delete(&world, ACME);
    world.rest().await.unwrap();
    assert_eq!(count(&world, &places), [0, 0, 0]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// What is only not shown was deleted by nobody: the history says so of what was.
#[tokio::test(start_paused = true)]
async fn a_copy_that_is_not_shown_takes_nothing_along() {
    for (config, other) in [(two(), GLOBEX), (two_clouds(), INITECH)] {
        let mut world = World::without_daemon(&with(&config, BOTH));
        let hidden = Arc::new(AtomicBool::new(false));
        let (is_hidden, host) = (Arc::clone(&hidden), format!("{}.example", other.0));
        world.bend(move |inner| {
            let (is_hidden, host) = (Arc::clone(&is_hidden), host.clone());
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if place.contains(&host) && is_hidden.load(Ordering::SeqCst) {
                    hide(said);
                }
            })) as Arc<dyn Transport>
        });
        let places = [ACME, other];
        let world = attached(world, &places, "plan.png").await;
        hidden.store(true, Ordering::SeqCst);
        let key = world.issue(other.0, "Item").key;
        world.person(other.0, other.2).edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        world.intervals(10).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(10).await;
        assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{other:?}");
        assert_eq!((count(&world, &places), deletions(&world, &places)), (vec![1, 1], 0), "{other:?}");
    }
}

fn hide(said: &mut Value) {
    match said {
        Value::Object(map) => {
            if let Some(Value::Array(files)) = map.get_mut("attachment") {
                files.clear();
            }
            map.values_mut().for_each(hide);
        }
        Value::Array(all) => all.iter_mut().for_each(hide),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What people deleted before the sync said `both` takes nothing along afterwards.
#[tokio::test(start_paused = true)]
async fn what_was_deleted_before_takes_nothing_along() {
    for (config, other) in [(two(), GLOBEX), (two_clouds(), INITECH)] {
        let places = [ACME, other];
        let before = with(&config, "attachments = \"both\"");
        let world = attached(World::without_daemon(&before), &places, "plan.png").await;
        delete(&world, other);
        world.rest().await.unwrap();
        assert_eq!(count(&world, &places), [1, 0], "{other:?}");
        let mut world = world.with_config(&with(&config, BOTH));
        world.start().await;
        let key = world.issue(other.0, "Item").key;
        world.person(other.0, other.2).edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        world.intervals(10).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!((count(&world, &places), deletions(&world, &places)), (vec![1, 0], 0), "{other:?}");
    }
}

/// Who only receives files has no say over them.
#[tokio::test(start_paused = true)]
async fn a_side_whose_files_do_not_cross_takes_nothing_along() {
    let how = "attachments = { deleted = \"both\", from = [\"acme\"], to = [\"globex\"] }";
    let places = [ACME, GLOBEX];
    let world = attached(World::without_daemon(&with(&two(), how)), &places, "plan.png").await;
    delete(&world, GLOBEX);
    world.intervals(10).await;
    assert_eq!(count(&world, &places), [1, 0]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_told_and_the_rest_goes_on() {
    for (config, other) in [(two(), GLOBEX), (two_clouds(), INITECH)] {
        let places = [ACME, other];
        let world = attached(World::without_daemon(&with(&config, BOTH)), &places, "plan.png").await;
        let jane = Holder::User(world.person("acme", "jane").id().to_owned());
        world.jira("acme").set_permission("SUP", "DELETE_ALL_ATTACHMENTS", &[jane]);
        delete(&world, other);
        world.intervals(4).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("to delete a file whose copy was deleted"), "{problems:?}");
        let key = world.issue("acme", "Item").key;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.intervals(4).await;
        assert_eq!(world.field(other.0, "Item", "summary"), "Item two", "{other:?}");
        assert_eq!((count(&world, &places), world.problems().await), (vec![1, 0], problems), "{other:?}");
        world.jira("acme").set_permission("SUP", "DELETE_ALL_ATTACHMENTS", &[Holder::LoggedIn]);
        world.pass(3_600).await;
        world.rest().await.unwrap();
        assert_eq!((count(&world, &places), world.problems().await), (vec![0, 0], vec![]), "{other:?}");
    }
}
