//! Issues that are there again after their counterparts got what the sync says for their absence. Must never take the daemon's word for
//! what stands in a Jira.

use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Holder, ProjectSetup};
use serde_json::json;

use super::daemon_levels::levels;
use super::daemon_pairs::unpair;
use super::daemon_pause::give;
use super::daemon_support::{World, calls, two, two_clouds};

/// In what way an issue of home is not where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Under a level that the sync user is not in: as if it were deleted.
    Hidden,
    /// In a project of no sync.
    Moved,
}

/// Home with each kind of counterpart: its Jira, its project, who works there, and a status that has one of home's alone.
type Pair = (String, &'static str, &'static str, &'static str, &'static str);

fn pairs() -> [Pair; 2] {
    [(two(), "globex", "ENG", "jdoe", "Working"), (two_clouds(), "initech", "OPS", "petra", "In Arbeit")]
}

/// Everybody may delete; an attic at home, and a level with jane alone in it.
async fn world(config: &str, (to, project): (&str, &str), farewell: &str) -> World {
    let life = format!("\n[sync.support.life]\ndeleted = {farewell}\nmoved = {farewell}\n");
    let mut world = World::of(&format!("{config}{life}"), |setups| {
        let acme = setups.get_mut("acme").unwrap();
        levels(acme, &["Staff"]);
        acme.projects.push(ProjectSetup::new("OLD", 10_300, "Attic").types(&["Bug", "Task"]));
    });
    for (jira, project) in [("acme", "SUP"), (to, project)] {
        world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
    }
    let jane = world.person("acme", "jane").id().to_owned();
    world.jira("acme").set_level_members("SUP", "Staff", &[Holder::User(jane)]);
    world.start().await;
    world.daemon().once().await.unwrap();
    world
}

/// It goes, and is back with the key that is given.
fn goes(world: &World, key: &str, way: Way) -> String {
    let jane = world.person("acme", "jane");
    match way {
        Way::Hidden => {
            jane.edit(key, json!({ "security": { "name": "Staff" } })).unwrap();
            key.to_owned()
        }
        Way::Moved => jane.move_to(key, "OLD").unwrap(),
    }
}

fn is_back(world: &World, key: &str, way: Way) -> String {
    let jane = world.person("acme", "jane");
    match way {
        Way::Hidden => {
            jane.edit(key, json!({ "security": null })).unwrap();
            key.to_owned()
        }
        Way::Moved => jane.move_to(key, "SUP").unwrap(),
    }
}

fn create(world: &World) -> String {
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// The full check, which is what finds that an issue is not there any more.
async fn look(world: &World) {
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(12).await;
    world.settle().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_there_again_after_its_copy_was_deleted_is_told_and_copied_again_by_a_persons_word() {
    for (config, to, project, who, _) in pairs() {
        for way in [Way::Hidden, Way::Moved] {
            let world = world(&config, (to, project), "\"delete\"").await;
            let key = create(&world);
            world.rest().await.unwrap();
            assert_eq!(world.issues(to, "Item").len(), 1, "{to} {way:?}");
            let gone = goes(&world, &key, way);
            look(&world).await;
            assert_eq!(world.issues(to, "Item").len(), 0, "{to} {way:?}: {:?}", world.problems().await);
            let key = is_back(&world, &gone, way);
            look(&world).await;
            let problems = world.problems().await;
            let is_told = |problem: &String| problem.contains(&format!("{key} lacks a counterpart here"));
            assert!(problems.len() == 1 && problems.iter().all(is_told), "{to} {way:?}: {problems:?}");
            assert_eq!(world.issues(to, "Item").len(), 0, "{to} {way:?}: nothing is made by itself");
            let create = Command::Create { sync: "support".into(), key: key.clone(), dry_run: false };
            for command in [unpair(&key), create] {
                let done = give(&world, command).await;
                assert_eq!(done.ended, Ended::Done, "{to} {way:?}: {done:?}");
            }
            look(&world).await;
            assert_eq!(world.issues(to, "Item").len(), 1, "{to} {way:?}: {:?}", world.problems().await);
            let copy = world.issue(to, "Item").key;
            world.person(to, who).edit(&copy, json!({ "summary": "Item, edited" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{to} {way:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{to} {way:?}");
            assert_eq!(calls(world.jira(to)).get("deleteIssue"), Some(&1), "{to} {way:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_there_again_is_not_closed_by_the_status_that_its_counterpart_got() {
    for (config, to, project, who, working) in pairs() {
        for way in [Way::Hidden, Way::Moved] {
            for is_chosen_elsewhere in [false, true] {
                let told = format!("{to} {way:?} {is_chosen_elsewhere}");
                let world = world(&config, (to, project), "{ transition = \"Done\" }").await;
                let key = create(&world);
                world.rest().await.unwrap();
                world.person("acme", "jane").transition(&key, "In Progress").unwrap();
                world.rest().await.unwrap();
                assert_eq!(world.field(to, "Item", "status"), working, "{told}");
                let gone = goes(&world, &key, way);
                look(&world).await;
                let copy = world.issue(to, "Item");
                assert!(["Closed", "Fertig"].contains(&copy.fields["status"].as_str()), "{told}: {copy:?}");
                if is_chosen_elsewhere {
                    let hops: &[&str] = if to == "globex" { &["Reopen"] } else { &["Anfangen", "Zurückstellen"] };
                    for hop in hops {
                        world.person(to, who).transition(&copy.key, hop).unwrap();
                    }
                    look(&world).await;
                }
                is_back(&world, &gone, way);
                look(&world).await;
                world.rest().await.unwrap();
                let (here, there) = (world.field("acme", "Item", "status"), world.field(to, "Item", "status"));
                if is_chosen_elsewhere {
                    assert!(here == "To Do" && ["Open", "Neu"].contains(&there.as_str()), "{told}: {here} and {there}");
                } else {
                    assert_eq!((here.as_str(), there.as_str()), ("In Progress", working), "{told}");
                }
                assert_eq!(world.problems().await, Vec::<String>::new(), "{told}");
            }
        }
    }
}
