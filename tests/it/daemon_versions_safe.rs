//! Versions kept in step where something goes wrong: previews, two syncs on a project, newcomers of a known name, refusals, doubt
//! without end, pauses. Must never look into the daemon's state to judge it.

use std::time::Duration;

use jirasyncd::app::{Chosen, preview};
use jirasyncd::config::{self, SecretsWanted};
use jirasyncd::model::command::Command;
use jirasyncd::model::configuration::Existing;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_pause::give;
use super::daemon_support::{THREE, Tokens, World, calls, two};
use super::daemon_versions::{BOTH, pairs, rest, versions, with, world, writes};

const ROWS: &str = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";

#[tokio::test(start_paused = true)]
async fn a_preview_of_issues_that_lack_a_version_writes_nothing() {
    for (config, other, _, _) in pairs() {
        let config = config.replacen("summary = \"both\"", ROWS, 1);
        let mut world = world(&config, BOTH, [&["1.0"], &[], &[]]);
        world.start().await;
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "fixVersions": [{ "name": "1.0" }] });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.daemon = None;
        let planned = preview(world.config.clone(), world.surroundings(), Chosen::All, Existing::ReMap).await.unwrap();
        let planned: usize =
            planned.items.iter().filter_map(|item| item.plan.as_ref()).map(|plan| plan.operations.len()).sum();
        assert!(planned > 0, "the issue is to be made");
        assert_eq!((writes(&world, "acme"), writes(&world, other)), (0, 0), "{other}");
        world.start().await;
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0"]);
        assert_eq!(world.field(other, "Item", "fixVersions"), "1.0");
    }
}

/// Two syncs over the project of home, one with each partner.
fn two_syncs(of_one: &str, of_two: &str, row_of_one: &str) -> String {
    let (head, rest_of) = THREE.split_at(THREE.find("[sync.support]").unwrap());
    let fields = rest_of.get(..rest_of.find("[sync.support.map]").unwrap()).unwrap();
    let without = |partner: &str, name: &str, line: &str, rows: &str| {
        let kept = fields.lines().filter(|line| !line.starts_with(&format!("side.{partner}"))).collect::<Vec<_>>();
        let text = kept.join("\n").replace(", sees = [\"acme\"]", "");
        let text = text.replace("sync.support", name).replacen("home = ", &format!("{line}\nhome = "), 1);
        format!("{text}\n[{name}.fields]\nsummary = \"both\"\n{rows}\n")
    };
    let one = without("initech", "sync.one", of_one, row_of_one);
    format!("{head}{one}\n{}", without("globex", "sync.two", of_two, ""))
}

/// What one sync wrote there could not be told from what people said by the other.
#[test]
fn two_syncs_that_keep_versions_of_one_project_are_refused_where_one_writes_there() {
    let load = |one: &str, two: &str| {
        let text = two_syncs(one, two, "").replace("STATE", "/nowhere/state.db");
        config::load(&text, "test.toml", &Tokens, SecretsWanted::Yes).map_err(|report| report.to_string())
    };
    let out = "versions = { from = [\"acme\"], every = \"30s\" }";
    let in_too = "versions = { from = [\"acme\"], to = [\"acme\", \"globex\"] }";
    for (one, two) in [(BOTH, BOTH), (BOTH, out), (out, BOTH), (in_too, out)] {
        let refused = load(one, two).map(drop).unwrap_err();
        assert!(
            refused.contains("syncs `one` and `two` both keep the versions of project `SUP` of `acme` in step"),
            "{one} {two}: {refused}"
        );
    }
    let alone = "versions = { from = [\"acme\"], to = [\"globex\"] }";
    let too = "versions = { from = [\"acme\"], to = [\"initech\"] }";
    for (one, two) in [(BOTH, ""), (BOTH, "components = \"both\""), (alone, too)] {
        load(one, two).map(drop).unwrap_or_else(|refused| panic!("{one} {two}: {refused}"));
    }
}

/// Two syncs over one project: the names that the issues of the one brought there are nobody's word in the other.
#[tokio::test(start_paused = true)]
async fn what_an_issue_of_one_sync_brought_does_not_go_on_by_another() {
    let line = "versions = { from = [\"acme\"], to = [\"initech\"], every = \"30s\" }";
    let row = "fix-versions = { on-unmapped = \"create\" }";
    let mut world = world(&two_syncs("", line, row), "", [&["1.0"], &["canary-theirs"], &[]]);
    world.start().await;
    rest(&world).await;
    let fields =
        json!({ "summary": "Theirs", "fixVersions": [{ "name": "canary-theirs" }], "labels": ["share-globex"] });
    world.person("globex", "jdoe").create("ENG", "Task", fields).unwrap();
    world.person("acme", "jane").change_version("SUP", "1.0", json!({ "released": true })).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "acme"), ["1.0 | released", "canary-theirs"], "{:?}", world.problems().await);
    assert_eq!(versions(&world, "initech"), ["1.0 | released"]);
}

/// Somebody makes there what home has had for long. That is older than what home's people did, whatever it says.
#[tokio::test(start_paused = true)]
async fn a_newcomer_of_a_known_name_takes_nothing_back_that_stands() {
    for (policy, kept) in [("newest", "Ours | 2026-12-24"), ("prefer OTHER", "Theirs | 2027-01-01")] {
        for (config, other, project, who) in pairs() {
            let line = format!("on-conflict = \"{}\"\n{BOTH}", policy.replace("OTHER", other));
            let mut world = world(&config, &line, [&["1.0"], &[], &[]]);
            let set = json!({ "description": "Ours", "releaseDate": "2026-12-24", "released": true });
            world.person("acme", "jane").change_version("SUP", "1.0", set).unwrap();
            let there = world.jira(other).clone();
            let administer = |who: &[Holder]| there.set_permission(project, "ADMINISTER_PROJECTS", who);
            administer(&[]);
            world.start().await;
            rest(&world).await;
            let made = json!({ "description": "Theirs", "releaseDate": "2027-01-01" });
            administer(&[Holder::LoggedIn]);
            world.person(other, who).make_version(project, "1.0", made).unwrap();
            administer(&[]);
            rest(&world).await;
            assert_eq!(versions(&world, "acme"), [format!("1.0 | {kept} | released")], "{policy} {other}");
            administer(&[Holder::LoggedIn]);
            world.intervals(30).await;
            assert_eq!(versions(&world, other), [format!("1.0 | {kept} | released")], "{policy} {other}");
        }
    }
}

/// A create for an issue that Jira refused gives nobody a name.
#[tokio::test(start_paused = true)]
async fn what_was_refused_to_an_issue_is_a_persons_word_once_they_make_it() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let line = "versions = { from = [\"globex\"], to = [\"acme\"], every = \"30s\" }";
    let mut world = world(&config, line, [&["Plan"], &[], &[]]);
    world.jira("globex").set_permission("ENG", "ADMINISTER_PROJECTS", &[]);
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "fixVersions": [{ "name": "Plan" }],
        "labels": ["share-globex"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    rest(&world).await;
    assert_eq!(world.jira("globex").count("createVersion"), 1, "{:?}", world.problems().await);
    world.jira("globex").set_permission("ENG", "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
    world.person("globex", "jdoe").make_version("ENG", "Plan", json!({ "description": "Said" })).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "acme"), ["Plan | Said"]);
}

/// Of what was made for an issue only the name is ours.
#[tokio::test(start_paused = true)]
async fn what_somebody_said_of_a_version_that_an_issue_brought_is_told_when_it_is_lost() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, "", [&["1.0"], &[], &[]]);
    world.start().await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "fixVersions": [{ "name": "1.0" }],
        "labels": ["share-globex"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    rest(&world).await;
    world.person("globex", "jdoe").change_version("ENG", "1.0", json!({ "description": "Mine" })).unwrap();
    let said = json!({ "description": "Ours", "released": true });
    world.person("acme", "jane").change_version("SUP", "1.0", said).unwrap();
    world = world.with_config(&with(&config, "versions = { from = [\"acme\"], every = \"30s\" }"));
    world.start().await;
    rest(&world).await;
    assert_eq!(versions(&world, "globex"), ["1.0 | Ours | released"]);
    let problems = world.problems().await;
    let told = "was made `Mine` here and `Ours` at `acme`";
    assert!(problems.len() == 1 && problems[0].contains(told), "{problems:?}");
}

/// One that Jira fails at without end stands in no other's way, is told, and is tried ever more seldom.
#[tokio::test(start_paused = true)]
async fn a_write_that_stays_in_doubt_is_told_and_holds_up_nothing_else() {
    for (config, other, _, _) in pairs() {
        let mut world = world(&config, BOTH, [&["1.0"], &["1.0"], &["1.0"]]);
        world.start().await;
        rest(&world).await;
        let failing = Fault::Unavailable { status: 500, retry_after: None };
        world.jira(other).add_fault(FaultRule::new("updateVersion", When::Always, failing));
        let jane = world.person("acme", "jane");
        jane.change_version("SUP", "1.0", json!({ "released": true })).unwrap();
        jane.make_version("SUP", "2.0", json!({})).unwrap();
        world.intervals(20).await;
        assert_eq!(versions(&world, other), ["1.0", "2.0"]);
        let tried = world.jira(other).count("updateVersion");
        assert!((2..=5).contains(&tried), "{other}: {tried}");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("gave no clear answer"), "{problems:?}");
        world.jira(other).clear_faults();
        world.intervals(40).await;
        assert_eq!(versions(&world, other), ["1.0 | released", "2.0"]);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// A pause that comes while versions are written lets the one under way land, and no other.
#[tokio::test(start_paused = true)]
async fn a_pause_in_the_middle_of_a_look_lets_no_more_follow() {
    let mut world = world(&two(), BOTH, [&["1.0", "2.0", "3.0"], &[], &[]]);
    world.start().await;
    let slow = Fault::Slow(Duration::from_secs(9));
    world.jira("globex").add_fault(FaultRule::new("createVersion", When::Always, slow));
    let target = jirasyncd::model::command::Target::Sync("support".into());
    let pause = async {
        while world.jira("globex").count("createVersion") == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        give(&world, Command::Pause(target.clone())).await;
    };
    tokio::join!(world.interval(), pause);
    world.intervals(3).await;
    // The first was counted with its answer, and the second was on its way by then.
    assert_eq!(versions(&world, "globex").len(), 2);
    give(&world, Command::Resume(target.clone())).await;
    world.intervals(3).await;
    assert_eq!(versions(&world, "globex"), ["1.0", "2.0", "3.0"]);
    assert_eq!(world.jira("globex").count("createVersion"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_once_carries_more_than_one_look_writes() {
    let names: Vec<String> = (0..60).map(|number| format!("1.{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = world(&two(), "versions = \"both\"", [&names, &[], &[]]);
    world.start().await;
    world.interval().await;
    assert_eq!(versions(&world, "globex").len(), 60);
}

/// Issues that ask for what may not be made do not have the lists read for each of them.
#[tokio::test(start_paused = true)]
async fn many_issues_that_lack_versions_have_the_lists_read_once() {
    let names = ["1", "2", "3", "4", "5", "6"];
    let config = two().replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, "versions = { every = \"1h\" }", [&names, &[], &[]]);
    world.jira("globex").set_permission("ENG", "ADMINISTER_PROJECTS", &[]);
    world.start().await;
    world.interval().await;
    for name in names {
        let fields = json!({ "summary": name, "priority": { "name": "Low" }, "fixVersions": [{ "name": name }] });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    }
    world.jira("acme").reset_calls();
    world.interval().await;
    let read = calls(world.jira("acme")).get("getProjectVersions").copied().unwrap_or(0);
    assert!(read <= 3, "{read}");
}

/// A name that is taken there keeps the rest of that version from nobody.
#[tokio::test(start_paused = true)]
async fn what_is_refused_of_a_version_holds_back_none_of_its_other_properties() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, "versions = { from = [\"acme\"], every = \"30s\" }", [&["1.0"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        world.person(other, who).make_version(project, "One", json!({})).unwrap();
        world.interval().await;
        let change = json!({ "name": "one", "released": true, "description": "More" });
        world.person("acme", "jane").change_version("SUP", "1.0", change).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0 | More | released", "One"]);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("already exists in this project"), "{problems:?}");
    }
}

/// A create that never landed does not keep its name from people for ever.
#[tokio::test(start_paused = true)]
async fn a_name_that_was_given_up_is_a_persons_again_after_a_day() {
    let mut world = world(&two(), BOTH, [&[], &[], &[]]);
    world.start().await;
    world.jira("globex").add_fault(FaultRule::new("createVersion", When::Nth(1), Fault::ResetBefore));
    let jane = world.person("acme", "jane");
    jane.make_version("SUP", "1.0", json!({})).unwrap();
    world.intervals(4).await;
    assert_eq!((versions(&world, "globex"), world.jira("globex").count("createVersion")), (vec!["1.0".to_owned()], 2));
    jane.change_version("SUP", "1.0", json!({ "name": "1.1" })).unwrap();
    rest(&world).await;
    tokio::time::advance(Duration::from_secs(25 * 3_600)).await;
    rest(&world).await;
    world.person("globex", "jdoe").make_version("ENG", "1.0", json!({})).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "acme"), ["1.0", "1.1"]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// What stands could not be brought to somebody who then says something else: theirs is newer, and what stood is told as lost.
#[tokio::test(start_paused = true)]
async fn what_is_said_without_knowledge_of_what_stands_is_a_conflict_that_is_told() {
    for (config, other, project, who) in pairs() {
        let mut world = world(&config, BOTH, [&["1.0"], &["1.0"], &["1.0"]]);
        world.person("acme", "jane").change_version("SUP", "1.0", json!({ "description": "Ours" })).unwrap();
        world.person(other, who).change_version(project, "1.0", json!({ "description": "Theirs" })).unwrap();
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[]);
        world.start().await;
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.0 | Theirs"]);
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
        world.person(other, who).change_version(project, "1.0", json!({ "description": "Newer" })).unwrap();
        rest(&world).await;
        assert_eq!(versions(&world, "acme"), ["1.0 | Newer"]);
        let problems = world.problems().await;
        assert!(problems.iter().any(|what| what.contains("was made `Ours` here and `Newer` at")), "{problems:?}");
    }
}

/// Renamed at home after the issue was read: before the lists are, or while its own is made there. The name that the issue was read
/// with is nobody's any more.
#[tokio::test(start_paused = true)]
async fn a_version_that_is_renamed_while_an_issue_waits_for_it_is_not_made_twice() {
    for (config, other, project, _) in pairs() {
        for components in if other == "globex" { vec![false, true] } else { vec![false] } {
            for (slow, at, to) in [("list", "acme", "both"), ("make", other, "both"), ("make", other, "home")] {
                let (row, field) =
                    if components { ("components", "components") } else { ("fix-versions", "fixVersions") };
                let names = |world: &World, jira: &str, project: &str| -> Vec<String> {
                    let jira = world.jira(jira);
                    let all = if components { jira.components(project) } else { jira.versions(project) };
                    all.iter().map(|thing| thing["name"].as_str().unwrap().to_owned()).collect()
                };
                // What is made there, is made for the issue alone where the projects' own go home only.
                let to = if to == "both" {
                    String::new()
                } else {
                    ", from = [\"acme\", \"OTHER\"], to = [\"acme\"]".replace("OTHER", other)
                };
                let things = if components { "components" } else { "versions" };
                let line = format!("{things} = {{ every = \"10min\"{to} }}");
                let rows = format!("summary = \"both\"\n{row} = {{ on-unmapped = \"create\" }}");
                let mut world = world(&config.replacen("summary = \"both\"", &rows, 1), &line, [&[], &[], &[]]);
                world.start().await;
                world.interval().await;
                let jane = world.person("acme", "jane");
                let rename = |to: &str, from: &str| {
                    if components {
                        jane.change_component("SUP", from, json!({ "name": to }))
                    } else {
                        jane.change_version("SUP", from, json!({ "name": to }))
                    }
                };
                if components {
                    jane.make_component("SUP", "Old").unwrap();
                } else {
                    jane.make_version("SUP", "Old", json!({})).unwrap();
                }
                let operation = match (slow, components) {
                    ("list", false) => "getProjectVersions",
                    ("list", true) => "getProjectComponents",
                    (_, false) => "createVersion",
                    (_, true) => "createComponent",
                };
                world.jira(at).add_fault(FaultRule::new(operation, When::Nth(1), Fault::Slow(Duration::from_secs(5))));
                let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, field: [{ "name": "Old" }] });
                jane.create("SUP", "Bug", fields).unwrap();
                let renamed = async {
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    rename("New", "Old").unwrap();
                };
                tokio::join!(world.interval(), renamed);
                world.interval().await;
                world.pass(600).await;
                world.intervals(3).await;
                let case = format!("{other} {things} {slow} {to}: {:?}", world.problems().await);
                assert_eq!(names(&world, "acme", "SUP"), ["New"], "{case}");
                // What is kept at home alone is not renamed there.
                let there = if to.is_empty() { "New" } else { "Old" };
                assert_eq!(names(&world, other, project), [there], "{case}");
                assert_eq!(world.field(other, "Item", field), there, "{case}");
                assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
            }
        }
    }
}
