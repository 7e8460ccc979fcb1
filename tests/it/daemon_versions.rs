//! Versions and components kept in step beside the issues, on both kinds: made, renamed, dated, released and archived, paired by
//! name, disputed, refused, in doubt, and kept from partners. Must never look into the daemon's state to judge it.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::{Value, json};

use super::crash::{Fuse, die_once, fused_world};
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// The two kinds of partner: their configuration, name, project, and a person who administers it.
pub(super) fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "ENG", "jdoe"), (two_clouds(), "initech", "OPS", "petra")]
}

/// Versions both ways, looked at with every poll.
pub(super) const BOTH: &str = "versions = { every = \"30s\" }";

pub(super) fn with(config: &str, line: &str) -> String {
    config.replacen("[sync.support]\n", &format!("[sync.support]\n{line}\n"), 1)
}

/// A world in which everybody administers the projects, not started yet.
pub(super) fn world(config: &str, line: &str, versions: [&[&str]; 3]) -> World {
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
pub(super) fn versions(world: &World, jira: &str) -> Vec<String> {
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

pub(super) fn none() -> [&'static [&'static str]; 3] {
    [&[], &[], &[]]
}

/// Looks until everything that is due was done: a look comes with every interval.
pub(super) async fn rest(world: &World) {
    for _ in 0..6 {
        world.interval().await;
    }
}

/// How many versions were made or changed at a Jira.
pub(super) fn writes(world: &World, jira: &str) -> u64 {
    let calls = calls(world.jira(jira));
    ["createVersion", "updateVersion", "createComponent", "updateComponent"]
        .iter()
        .map(|name| calls.get(*name).copied().unwrap_or(0))
        .sum()
}

#[tokio::test(start_paused = true)]
async fn a_version_is_made_renamed_dated_released_and_archived_in_step() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, BOTH, none());
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
    }
}

#[tokio::test(start_paused = true)]
async fn components_are_made_renamed_and_described_in_step() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "components = { every = \"30s\" }", none());
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
        let mut world = world(&config, BOTH, lists);
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
            let line = format!("on-conflict = \"{}\"\n{BOTH}", policy.replace("OTHER", other));
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
        let line = "versions = { every = \"30s\" }\ncomponents = { every = \"30s\" }";
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
        for _ in 0..14 {
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
        let mut world =
            world(&config, "versions = { from = [\"acme\"], every = \"30s\" }", [&["1.0", "2.0"], &[], &[]]);
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
        for _ in 0..14 {
            world.interval().await;
        }
        assert_eq!(versions(&world, other), ["2.0 | released", "Other", "one"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_told_and_neither_deleted_elsewhere_nor_made_again() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, BOTH, [&["1.0"], &[], &[]]);
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
        let mut world = world(&config, BOTH, none());
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

#[tokio::test(start_paused = true)]
async fn the_lists_are_read_every_five_minutes_unless_it_is_said_otherwise() {
    for (line, looks) in
        [("versions = \"both\"", 3), ("versions = { every = \"10min\" }", 2), ("versions = \"skip\"", 0)]
    {
        let mut world = world(&two(), line, none());
        world.start().await;
        for _ in 0..23 {
            world.interval().await;
        }
        assert_eq!(calls(world.jira("acme")).get("getProjectVersions").copied().unwrap_or(0), looks, "{line}");
        assert_eq!(calls(world.jira("acme")).get("getProjectComponents"), None);
    }
}

fn shown(world: &World, jira: &str) -> String {
    format!("{:?} {:?}", versions(world, jira), world.jira(jira).issues())
}

/// What a partner does to versions reaches home and no other partner; neither does what its issues brought there.
#[tokio::test(start_paused = true)]
async fn partners_that_do_not_see_each_other_learn_nothing_of_each_others_versions() {
    let rows = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";
    let config = THREE.replacen("summary = \"both\"", rows, 1);
    let mut world = world(&config, "", [&["1.0", "3.0"], &["canary-issue"], &[]]);
    world.start().await;
    // Before versions are carried, an issue brings the name of one to home.
    let (jane, jdoe, petra) =
        (world.person("acme", "jane"), world.person("globex", "jdoe"), world.person("initech", "petra"));
    let fields =
        json!({ "summary": "Theirs", "priority": { "name": "P4" }, "fixVersions": [{ "name": "canary-issue" }] });
    jdoe.create("ENG", "Defect", fields).unwrap();
    rest(&world).await;
    assert!(versions(&world, "acme").contains(&"canary-issue".to_owned()), "{:?}", world.problems().await);
    world = world.with_config(&with(&config, BOTH));
    world.start().await;
    rest(&world).await;
    assert_eq!(versions(&world, "initech"), ["1.0", "3.0"]);
    assert_eq!(versions(&world, "globex"), ["1.0", "3.0", "canary-issue"]);
    // All that one partner does, on what is theirs, what is home's, and what both made.
    jdoe.make_version("ENG", "canary-made", json!({ "description": "canary-made" })).unwrap();
    jdoe.change_version("ENG", "1.0", json!({ "name": "canary-name", "description": "canary-said" })).unwrap();
    jdoe.change_version("ENG", "canary-issue", json!({ "name": "canary-again", "startDate": "2027-01-01" })).unwrap();
    jdoe.make_version("ENG", "Same", json!({ "description": "canary-same" })).unwrap();
    petra.make_version("OPS", "same", json!({})).unwrap();
    rest(&world).await;
    let at_home = [
        "3.0",
        "Same | canary-same",
        "canary-again | 2027-01-01",
        "canary-made | canary-made",
        "canary-name | canary-said",
    ];
    assert_eq!(versions(&world, "acme"), at_home);
    assert_eq!(versions(&world, "initech"), ["1.0", "3.0", "same"]);
    // What home's people do to the very same reaches whom that version belongs to.
    jane.change_version("SUP", "canary-name", json!({ "releaseDate": "2027-03-01" })).unwrap();
    jane.change_version("SUP", "canary-made", json!({ "released": true })).unwrap();
    jane.change_version("SUP", "canary-again", json!({ "released": true })).unwrap();
    jane.change_version("SUP", "Same", json!({ "released": true })).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "initech"), ["1.0 | 2027-03-01", "3.0", "same | released"]);
    assert_eq!(versions(&world, "globex")[3], "canary-made | canary-made | released");
    assert!(!shown(&world, "initech").contains("canary"), "{}", shown(&world, "initech"));
    assert_eq!(world.problems().await, Vec::<String>::new());
    let before = ["acme", "globex", "initech"].map(|jira| writes(&world, jira));
    world.start().await;
    rest(&world).await;
    assert_eq!(["acme", "globex", "initech"].map(|jira| writes(&world, jira)), before);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_an_answer_is_looked_for_before_it_is_sent_again() {
    let faults = [Fault::ResetAfter, Fault::ResetBefore, Fault::Truncated, Fault::LateWrite(Duration::ZERO)];
    for (number, fault) in faults.iter().enumerate() {
        // The kinds take turns: what they answer with is the same here.
        for (operation, turn) in [("createVersion", 0), ("updateVersion", 1)] {
            let (config, other, project, _) = pairs()[(number + turn) % 2].clone();
            let mut world = world(&config, BOTH, none());
            world.start().await;
            let jane = world.person("acme", "jane");
            if operation == "updateVersion" {
                jane.make_version("SUP", "0.9", json!({})).unwrap();
                rest(&world).await;
            }
            // A create lands before it is given up; a change lands when two more were made on top of it.
            let fault = match (fault, operation) {
                (Fault::LateWrite(_), "createVersion") => Fault::LateWrite(Duration::from_secs(50)),
                (Fault::LateWrite(_), _) => Fault::LateWrite(Duration::from_secs(80)),
                (fault, _) => fault.clone(),
            };
            world.jira(other).add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
            if operation == "updateVersion" {
                jane.change_version("SUP", "0.9", json!({ "name": "1.0" })).unwrap();
            } else {
                jane.make_version("SUP", "1.0", json!({})).unwrap();
            }
            world.interval().await;
            world.interval().await;
            // What lands late goes over what somebody did since, and is no act of theirs.
            jane.change_version("SUP", "1.0", json!({ "name": "1.1", "released": true })).unwrap();
            rest(&world).await;
            let told = format!("{operation} {fault:?} at {other}");
            assert_eq!(versions(&world, "acme"), ["1.1 | released"], "{told}");
            assert_eq!(world.jira(other).versions(project).len(), 1, "{told}");
            assert_eq!(versions(&world, other), ["1.1 | released"], "{told}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{told}");
            if operation == "createVersion" && matches!(fault, Fault::ResetAfter | Fault::Truncated) {
                assert_eq!(world.jira(other).count("createVersion"), 1, "{told}");
            }
        }
    }
}

/// The daemon dies before or behind each request and commit, and starts again on the same files.
#[tokio::test(start_paused = true)]
async fn a_daemon_that_dies_makes_nothing_twice_and_takes_nothing_of_its_own_for_a_persons() {
    async fn begun() -> (World, std::sync::Arc<Fuse>) {
        let mut world = world(THREE, BOTH, [&["2.0"], &["2.0"], &["2.0"]]);
        let fuse = fused_world(&mut world);
        world.start().await;
        world.interval().await;
        world.person("acme", "jane").make_version("SUP", "1.0", json!({ "description": "First" })).unwrap();
        world.person("acme", "jane").change_version("SUP", "1.0", json!({ "released": true })).unwrap();
        // What is a partner's stays so, whatever the daemon was about when it died.
        world.person("globex", "jdoe").change_version("ENG", "2.0", json!({ "name": "canary" })).unwrap();
        world.person("globex", "jdoe").make_version("ENG", "canary-new", json!({})).unwrap();
        (world, fuse)
    }
    let holds = |world: &World, n: usize| {
        for side in ["acme", "globex"] {
            let wanted = ["1.0 | First | released", "canary", "canary-new"];
            assert_eq!(versions(world, side), wanted, "{side}, effect {n}");
        }
        assert_eq!(versions(world, "initech"), ["1.0 | First | released", "2.0"], "effect {n}");
    };
    let (world, fuse) = begun().await;
    fuse.set(0);
    rest(&world).await;
    holds(&world, 0);
    let effects = fuse.passed();
    assert!(effects > 12, "only {effects}");
    let stride = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 5 };
    for n in (1..=effects).step_by(stride) {
        let (mut world, fuse) = begun().await;
        fuse.set(n);
        die_once(&mut world, &fuse).await;
        rest(&world).await;
        holds(&world, n);
        assert_eq!(world.problems().await, Vec::<String>::new(), "effect {n}");
        let before = (writes(&world, "acme"), writes(&world, "globex"));
        world.interval().await;
        assert_eq!((writes(&world, "acme"), writes(&world, "globex")), before, "effect {n}");
        world.daemon = None;
    }
}

/// An issue's own version follows its rename on both sides, and neither row nor version is made twice of it.
#[tokio::test(start_paused = true)]
async fn a_version_that_issues_hold_is_renamed_and_not_made_anew() {
    for (config, other, project, who) in pairs() {
        let rows = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";
        // The lists are read so seldom that issues come first.
        let line = "versions = { every = \"1h\" }";
        let mut world = world(&config.replacen("summary = \"both\"", rows, 1), line, [&["1.0"], &[], &[]]);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "fixVersions": [{ "name": "1.0" }] });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        rest(&world).await;
        assert_eq!(world.field(other, "Item", "fixVersions"), "1.0");
        // Renamed and put on another issue before anybody looks: the rename goes first, whoever asks for it.
        jane.change_version("SUP", "1.0", json!({ "name": "1.1" })).unwrap();
        jane.edit(&key, json!({ "summary": "Item, too" })).unwrap();
        let more = json!({ "summary": "More", "priority": { "name": "Low" }, "fixVersions": [{ "name": "1.1" }] });
        jane.create("SUP", "Bug", more).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.1"]);
        assert_eq!(world.field(other, "Item, too", "fixVersions"), "1.1");
        assert_eq!(world.field(other, "More", "fixVersions"), "1.1");
        assert_eq!(world.jira(other).count("createVersion"), 1);
        // And the other way, with a change of the issue there.
        let there = world.issue(other, "More").key;
        world.person(other, who).change_version(project, "1.1", json!({ "name": "1.2" })).unwrap();
        world.person(other, who).edit(&there, json!({ "summary": "More, too" })).unwrap();
        rest(&world).await;
        assert_eq!(world.field("acme", "More, too", "fixVersions"), "1.2");
        assert_eq!(versions(&world, "acme"), ["1.2"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// A create that lands after it was given up, under a name that is free again by then.
#[tokio::test(start_paused = true)]
async fn what_lands_after_it_was_given_up_is_told_and_goes_nowhere() {
    for (config, other, project, _) in pairs() {
        let mut world = world(&config, BOTH, none());
        world.start().await;
        let jane = world.person("acme", "jane");
        world.jira(other).add_fault(FaultRule::new(
            "createVersion",
            When::Nth(1),
            Fault::LateWrite(Duration::from_secs(200)),
        ));
        jane.make_version("SUP", "1.0", json!({})).unwrap();
        for _ in 0..4 {
            world.interval().await;
        }
        assert_eq!(versions(&world, other), ["1.0"], "made again once it is not found for so long");
        jane.change_version("SUP", "1.0", json!({ "name": "1.1" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0", "1.1"]);
        assert_eq!(versions(&world, "acme"), ["1.1"]);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("is one too many"), "{problems:?}");
        world.jira(other).delete_version(project, "1.0");
        rest(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
