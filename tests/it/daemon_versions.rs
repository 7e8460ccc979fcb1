//! Versions and components kept in step beside the issues, on both kinds: made, renamed, dated, released and archived, paired by
//! name, disputed, refused, in doubt, and kept from partners. Must never look into the daemon's state to judge it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::simulator::{FaultKind, Holder};
use serde_json::{Value, json};

use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// The two kinds of partner: their configuration, name, project, and a person who administers it.
fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "ENG", "jdoe"), (two_clouds(), "initech", "OPS", "petra")]
}

fn with(config: &str, line: &str) -> String {
    config.replacen("[sync.support]\n", &format!("[sync.support]\n{line}\n"), 1)
}

/// A world in which everybody administers the projects, not started yet.
fn world(config: &str, line: &str, versions: [&[&str]; 3]) -> World {
    let world = World::of(&with(config, line), |setups| {
        for (name, versions) in ["acme", "globex", "initech"].into_iter().zip(versions) {
            setups.get_mut(name).unwrap().projects[0].versions =
                versions.iter().map(|name| (*name).to_owned()).collect();
        }
    });
    for (name, project) in [("acme", "SUP"), ("globex", "ENG"), ("initech", "OPS")] {
        world.jira(name).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
    }
    world
}

/// The versions of a project, each as its name and what else is set of it.
fn versions(world: &World, jira: &str) -> Vec<String> {
    let project = match jira {
        "acme" => "SUP",
        "globex" => "ENG",
        _ => "OPS",
    };
    let said = |version: &Value| {
        let mut words = vec![version["name"].as_str().unwrap().to_owned()];
        for key in ["description", "startDate", "releaseDate"] {
            words.extend(version.get(key).and_then(Value::as_str).map(str::to_owned));
        }
        for key in ["released", "archived"] {
            words.extend((version[key] == json!(true)).then(|| key.to_owned()));
        }
        words.join(" | ")
    };
    let mut all: Vec<String> = world.jira(jira).versions(project).iter().map(said).collect();
    all.sort();
    all
}

fn none() -> [&'static [&'static str]; 3] {
    [&[], &[], &[]]
}

/// Looks until everything that is due was done: a look comes every five minutes.
async fn rest(world: &World) {
    for _ in 0..24 {
        world.interval().await;
    }
}

/// How many versions were made or changed at a Jira.
fn writes(world: &World, jira: &str) -> u64 {
    let calls = calls(world.jira(jira));
    ["createVersion", "updateVersion", "createComponent", "updateComponent"]
        .iter()
        .map(|name| calls.get(*name).copied().unwrap_or(0))
        .sum()
}

#[tokio::test(start_paused = true)]
async fn a_version_is_made_renamed_dated_released_and_archived_in_step() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "versions = \"both\"", none());
        world.start().await;
        let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
        jane.make_version("SUP", "1.0", json!({ "description": "First", "releaseDate": "2026-12-24" })).unwrap();
        there.make_version(project, "2.0", json!({})).unwrap();
        rest(&world).await;
        for side in ["acme", other] {
            assert_eq!(versions(&world, side), ["1.0 | First | 2026-12-24", "2.0"], "{side}");
        }
        // Each property from either side, and a rename is a rename.
        there.change_version(project, "1.0", json!({ "name": "1.0.1", "startDate": "2026-12-01" })).unwrap();
        jane.change_version("SUP", "2.0", json!({ "name": "Two", "description": "Next" })).unwrap();
        rest(&world).await;
        for side in ["acme", other] {
            assert_eq!(versions(&world, side), ["1.0.1 | First | 2026-12-01 | 2026-12-24", "Two | Next"], "{side}");
        }
        there.change_version(project, "1.0.1", json!({ "released": true, "releaseDate": "2026-12-23" })).unwrap();
        jane.change_version("SUP", "Two", json!({ "archived": true, "description": "" })).unwrap();
        rest(&world).await;
        for side in ["acme", other] {
            let wanted = ["1.0.1 | First | 2026-12-01 | 2026-12-23 | released", "Two | archived"];
            assert_eq!(versions(&world, side), wanted, "{side}");
        }
        jane.change_version("SUP", "1.0.1", json!({ "released": false })).unwrap();
        there.change_version(project, "Two", json!({ "archived": false })).unwrap();
        rest(&world).await;
        for side in ["acme", other] {
            assert_eq!(versions(&world, side), ["1.0.1 | First | 2026-12-01 | 2026-12-23", "Two"], "{side}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Nothing of all that is taken for a person's change, also not by a daemon that starts anew.
        let before = (writes(&world, "acme"), writes(&world, other));
        rest(&world).await;
        world.start().await;
        rest(&world).await;
        assert_eq!((writes(&world, "acme"), writes(&world, other)), before);
        // It is read at one request per side and look.
        world.jira("acme").reset_calls();
        for _ in 0..20 {
            world.interval().await;
        }
        assert_eq!(calls(world.jira("acme")).get("getProjectVersions"), Some(&2));
    }
}

#[tokio::test(start_paused = true)]
async fn components_are_made_renamed_and_described_in_step() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "components = \"both\"", none());
        world.start().await;
        world.person("acme", "jane").make_component("SUP", "Api").unwrap();
        world.person(other, who).make_component(project, "Web").unwrap();
        rest(&world).await;
        world.person("acme", "jane").change_component("SUP", "Web", json!({ "name": "Web UI" })).unwrap();
        world
            .person(other, who)
            .change_component(project, "Api", json!({ "description": "What others call" }))
            .unwrap();
        rest(&world).await;
        for (side, key) in [("acme", "SUP"), (other, project)] {
            let named = |component: &Value| {
                (component["name"].as_str().unwrap().to_owned(), component.get("description").cloned())
            };
            let mut all: Vec<_> = world.jira(side).components(key).iter().map(named).collect();
            all.sort_by(|one, other| one.0.cmp(&other.0));
            let wanted = [("Api".to_owned(), Some(json!("What others call"))), ("Web UI".to_owned(), None)];
            assert_eq!(all, wanted, "{side}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
        assert_eq!((writes(&world, "acme"), writes(&world, other)), (2, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_one_name_is_paired_and_never_doubled() {
    for (config, other, project, who) in pairs() {
        let there: &[&str] = &["v1 BETA", "2.0", "Theirs"];
        let lists: [&[&str]; 3] = [&["V1 beta", "2.0", "Ours"], there, there];
        let mut world = world(&config, "versions = \"both\"", lists);
        world.person(other, who).change_version(project, "2.0", json!({ "description": "Said there" })).unwrap();
        world.start().await;
        rest(&world).await;
        for side in ["acme", other] {
            assert_eq!(versions(&world, side), ["2.0 | Said there", "Ours", "Theirs", "V1 beta"], "{side}");
        }
        assert_eq!((calls(world.jira("acme"))["createVersion"], calls(world.jira(other))["createVersion"]), (1, 1));
        assert_eq!(world.problems().await, Vec::<String>::new());
        // From now on they are one by their ids.
        world.person(other, who).change_version(project, "2.0", json!({ "name": "2.1" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, "acme")[0], "2.1 | Said there");
    }
}

#[tokio::test(start_paused = true)]
async fn one_way_carries_what_the_leading_side_does_and_leaves_the_rest() {
    for (config, other, project, who) in pairs() {
        let line = "versions = { from = [\"acme\"], carry = [\"released\"], every = \"30s\" }";
        let mut world = world(&config, line, [&["1.0"], &["Own"], &["Own"]]);
        world.start().await;
        let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0", "Own"]);
        assert_eq!(versions(&world, "acme"), ["1.0"]);
        // What is done there stays there, and is not fought.
        there.change_version(project, "1.0", json!({ "name": "One", "description": "Theirs" })).unwrap();
        jane.change_version("SUP", "1.0", json!({ "released": true, "description": "Ours" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, "acme"), ["1.0 | Ours | released"]);
        assert_eq!(versions(&world, other), ["One | Theirs | released", "Own"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Once the leading side says otherwise, its word goes over theirs, which is told.
        jane.change_version("SUP", "1.0", json!({ "name": "1.1" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.1 | Theirs | released", "Own"]);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("was made `One` here and `1.1` at `acme`"), "{problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_two_sides_make_of_one_property_is_a_conflict_that_is_told() {
    for (policy, kept) in [("newest", "Acme"), ("prefer OTHER", "Other"), ("ask", "")] {
        for (config, other, project, who) in pairs() {
            let line = format!("on-conflict = \"{}\"\nversions = \"both\"", policy.replace("OTHER", other));
            let mut world = world(&config, &line, [&["1.0"], &["1.0"], &["1.0"]]);
            world.start().await;
            let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
            rest(&world).await;
            jane.change_version("SUP", "1.0", json!({ "description": "Acme", "startDate": "2027-01-01" })).unwrap();
            there
                .change_version(project, "1.0", json!({ "description": "Other", "releaseDate": "2027-02-01" }))
                .unwrap();
            rest(&world).await;
            // What only one of them touched crosses all the same.
            let said = |word: &str| vec![format!("1.0 | {word} | 2027-01-01 | 2027-02-01")];
            let wanted = if kept.is_empty() { [said("Acme"), said("Other")] } else { [said(kept), said(kept)] };
            assert_eq!([versions(&world, "acme"), versions(&world, other)], wanted, "{policy}");
            let problems = world.problems().await;
            let told = if kept.is_empty() { "is disputed" } else { "neither knew" };
            let lost = if kept == "Acme" { "`Other`" } else { "`Acme`" };
            assert!(problems.iter().any(|what| what.contains(told) && what.contains(lost)), "{policy}: {problems:?}");
            // A person ends it.
            jane.change_version("SUP", "1.0", json!({ "description": "Both" })).unwrap();
            if kept.is_empty() {
                there.change_version(project, "1.0", json!({ "description": "Both" })).unwrap();
            }
            rest(&world).await;
            assert_eq!([versions(&world, "acme"), versions(&world, other)], [said("Both"), said("Both")], "{policy}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{policy}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_one_problem_per_project_and_stops_nothing_else() {
    for (config, other, project, who) in pairs() {
        let line = "versions = \"both\"\ncomponents = \"both\"";
        let mut world = world(&config, line, [&["1.0", "2.0"], &["3.0"], &["3.0"]]);
        world.person("acme", "jane").make_component("SUP", "Api").unwrap();
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::User(who.to_owned())]);
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[]);
        world.start().await;
        world
            .person("acme", "jane")
            .create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } }))
            .unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, "acme"), ["1.0", "2.0", "3.0"], "the other way it goes on");
        assert_eq!(versions(&world, other), ["3.0"]);
        assert_eq!(world.issues(other, "Item").len(), 1);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not administer project"), "{problems:?}");
        // It is tried ever more seldom: far fewer requests than looks.
        assert!(writes(&world, other) <= 4, "{}", writes(&world, other));
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
        for _ in 0..80 {
            world.interval().await;
        }
        assert_eq!(versions(&world, other), ["1.0", "2.0", "3.0"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // The same of a change, to which Cloud says 400.
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[]);
        world.person("acme", "jane").change_version("SUP", "1.0", json!({ "released": true })).unwrap();
        rest(&world).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not administer project"), "{problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_told_of_that_version_alone() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "versions = { from = [\"acme\"] }", [&["1.0", "2.0"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        // Somebody makes there what home is about to call so.
        world.person(other, who).make_version(project, "One", json!({})).unwrap();
        world.interval().await;
        world.person("acme", "jane").change_version("SUP", "1.0", json!({ "name": "one" })).unwrap();
        world.person("acme", "jane").change_version("SUP", "2.0", json!({ "released": true })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0", "2.0 | released", "One"]);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("already exists in this project"), "{problems:?}");
        world.person(other, who).change_version(project, "One", json!({ "name": "Other" })).unwrap();
        for _ in 0..80 {
            world.interval().await;
        }
        assert_eq!(versions(&world, other), ["2.0 | released", "Other", "one"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_told_and_neither_deleted_elsewhere_nor_made_again() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "versions = \"both\"", [&["1.0"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        world.jira(other).delete_version(project, "1.0");
        rest(&world).await;
        assert_eq!((versions(&world, "acme").len(), versions(&world, other).len()), (1, 0));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("was deleted or merged here"), "{problems:?}");
        world.person("acme", "jane").change_version("SUP", "1.0", json!({ "description": "More" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), Vec::<String>::new());
        // Made anew by a person it is the same one again; deleted everywhere it is forgotten.
        world.person(other, who).make_version(project, "1.0", json!({})).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0 | More"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira(other).delete_version(project, "1.0");
        world.jira("acme").delete_version("SUP", "1.0");
        rest(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_taken_away_is_told() {
    for (config, other, project, _) in pairs() {
        let mut world = world(&config, "versions = \"both\"", none());
        world.start().await;
        let days = json!({ "startDate": "2027-01-01", "releaseDate": "2027-02-01" });
        world.person("acme", "jane").make_version("SUP", "1.0", days).unwrap();
        rest(&world).await;
        world.jira("acme").clear_days("SUP", "1.0");
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0 | 2027-01-01 | 2027-02-01"]);
        let problems = world.problems().await;
        assert!(problems.len() == 2 && problems[0].contains("was taken away elsewhere"), "{problems:?}");
        world.jira(other).clear_days(project, "1.0");
        rest(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
        assert_eq!((versions(&world, "acme"), versions(&world, other)), (vec!["1.0".into()], vec!["1.0".into()]));
    }
}
