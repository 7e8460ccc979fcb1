//! People whose e-mail is hidden, who left, or who may not be assigned: known by their account where that is written, never guessed
//! by a name, and never tried against Jira's word. Must never ask the daemon what a Jira holds.

use jirasyncd::simulator::Setup;
use serde_json::json;

use super::daemon_support::{World, two, two_clouds};

fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG"), (two_clouds(), "initech", "petra", "OPS")]
}

fn hide(setup: &mut Setup, name: &str) -> String {
    let user = setup.users.iter_mut().find(|user| user.name == name).unwrap();
    user.hide_email = true;
    user.id.clone()
}

fn assigned(world: &World, side: &str) -> String {
    world.field(side, "Item", "assignee")
}

#[tokio::test(start_paused = true)]
async fn whoever_hides_their_address_is_known_by_the_account_alone() {
    for (config, other, who, _) in pairs() {
        let mut id = String::new();
        let mut world = World::of(&config, |setups| id = hide(setups.get_mut("acme").unwrap(), "jane"));
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), "", "nobody is taken for her by her name");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("has no counterpart on side"), "{problems:?}");
        // With her account in the row she is known again, by what stands there already.
        let mut world = world.with_config(&config.replace("jane@acme.example", &id));
        world.start().await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        jane.assign(&key, None).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        let there = world.person(other, who);
        assert_eq!(assigned(&world, other), world.jira(other).display_name(there.id()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Whoever has no account elsewhere stays where people put them; elsewhere nobody is, or somebody else, as the row says. What is let stand again is
/// that somebody, too.
#[tokio::test(start_paused = true)]
async fn row_071_whoever_is_in_no_row_stays_where_people_put_them() {
    for (config, other, who, _) in pairs() {
        let default = format!("on-unmapped = {{ acme = \"jane@acme.example\", {other} = \"{who}\" }}");
        let default = default.replace("\"petra\"", "\"petra@initech.example\"");
        for (unmapped, elsewhere) in [("on-unmapped = \"clear\"", false), (default.as_str(), true)] {
            let row = format!("assignee = {{ {unmapped} }}");
            let world = World::new(&config.replacen("assignee = \"both\"", &row, 1), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            let jane = world.person("acme", "jane");
            let key = jane.create("SUP", "Bug", fields).unwrap();
            jane.assign(&key, Some("jane")).unwrap();
            world.rest().await.unwrap();
            let (theirs, hers) = (world.person(other, who), |jira: &str, who: &str| {
                world.jira(jira).display_name(world.person(jira, who).id())
            });
            assert_eq!(assigned(&world, other), hers(other, who), "{other} {unmapped}");
            world.person("acme", "jane").assign(&key, Some("nora")).unwrap();
            world.rest().await.unwrap();
            let stands = if elsewhere { hers(other, who) } else { String::new() };
            let nora = hers("acme", "nora");
            assert_eq!(
                (assigned(&world, "acme"), assigned(&world, other)),
                (nora.clone(), stands),
                "{other} {unmapped}"
            );
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains("has no account here that is known"), "{problems:?}");
            // Somebody else of the other side is nobody's at home, and stays there.
            let second = if other == "globex" { "mlopez" } else { "juergen" };
            let there = world.issue(other, "Item").key;
            theirs.assign(&there, Some(second)).unwrap();
            world.rest().await.unwrap();
            let home = if elsewhere { hers("acme", "jane") } else { String::new() };
            assert_eq!((assigned(&world, "acme"), assigned(&world, other)), (home, hers(other, second)), "{unmapped}");
            world.intervals(10).await;
            assert_eq!(assigned(&world, other), hers(other, second), "{unmapped}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_071_whoever_left_stays_where_they_are_and_is_given_nothing_new() {
    for (config, other, who, _) in pairs() {
        // On Cloud nobody who left is found by an address.
        let there = World::without_daemon(&config).person(other, who).id().to_owned();
        let config = config.replace("petra@initech.example", &there);
        let mut world = World::of(&config, |_| {});
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields.clone()).unwrap();
        jane.assign(&key, Some("jane")).unwrap();
        world.rest().await.unwrap();
        let name = world.jira(other).display_name(world.person(other, who).id());
        assert_eq!(assigned(&world, other), name);
        world.jira(other).set_active(who, false);
        // The daemon starts anew, and finds them as they are.
        world.start().await;
        world.pass(25 * 3_600).await;
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((assigned(&world, other), assigned(&world, "acme")), (name.clone(), "Jane Roe".into()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A new issue of hers is made without them; Jira was asked, and refused nothing.
        jane.edit(&key, json!({ "summary": "First" })).unwrap();
        let second = jane.create("SUP", "Bug", fields).unwrap();
        jane.assign(&second, Some("jane")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), "");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not be assigned"), "{problems:?}");
        assert_eq!(world.jira(other).calls().iter().filter(|call| call.status == 400).count(), 0);
        // Back again: made good by the next full check.
        world.jira(other).set_active(who, true);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(assigned(&world, other), name);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// An account that was deleted: what stands there stays, and is nobody's change. By its id it goes on being known.
#[tokio::test(start_paused = true)]
async fn whoever_was_deleted_stays_in_the_fields_of_both_sides() {
    for (config, other, who, _) in pairs() {
        for by_account in [true, false] {
            let account = World::without_daemon(&config).person("acme", "jane").id().to_owned();
            let config = if by_account { config.replace("jane@acme.example", &account) } else { config.clone() };
            let mut world = World::without_daemon(&config);
            world.start().await;
            let omar = world.person("acme", "omar");
            let key = omar.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
            omar.assign(&key, Some("jane")).unwrap();
            world.rest().await.unwrap();
            let name = world.jira(other).display_name(world.person(other, who).id());
            world.jira("acme").forget("jane");
            world.start().await;
            omar.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "duedate").get(..10), Some("2026-05-01"));
            assert_eq!((assigned(&world, other), assigned(&world, "acme")), (name.clone(), "Former user".into()));
            let problems = world.problems().await;
            assert!(problems.len() <= usize::from(!by_account), "{problems:?}");
            // Somebody else there, and it goes on.
            world.person(other, who).assign(&world.issue(other, "Item").key, None).unwrap();
            world.rest().await.unwrap();
            assert_eq!(assigned(&world, "acme"), "");
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}
