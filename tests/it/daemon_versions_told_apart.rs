//! Versions that names do not tell apart: one bears what another was called, or nobody lists what there is. Must never look into the
//! daemon's state to judge it.

use std::sync::Arc;

use jirasyncd::jira::Transport;
use jirasyncd::model::configuration::Existing;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_remap::under;
use super::daemon_support::{THREE, World, two};
use super::daemon_versions::{pairs, rest, versions, world};

const ROWS: &str = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";
/// Both ways, and not looked at by the clock while a test runs.
const SELDOM: &str = "versions = { every = \"12h\" }";

/// The versions that an issue holds there, by name.
fn held(world: &World, jira: &str, issue: &str) -> String {
    let shown = world.field(jira, issue, "fixVersions");
    let mut names: Vec<&str> = shown.split(',').collect();
    names.sort_unstable();
    names.join(",")
}

fn item(summary: &str, labels: &[&str], versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions.iter().map(|name| json!({ "name": name })).collect();
    json!({ "summary": summary, "priority": { "name": "Low" }, "labels": labels, "fixVersions": versions })
}

/// "next" becomes "1.4", and there is a new "next", both unseen. Three issues go on to it at once, one of them from nothing, and one is made
/// with it.
#[tokio::test(start_paused = true)]
async fn issues_that_go_on_to_what_took_a_name_unseen_do_so_everywhere() {
    for (config, other, _, who) in pairs() {
        let mut world = world(&config.replacen("summary = \"both\"", ROWS, 1), SELDOM, [&["next"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        let jane = world.person("acme", "jane");
        let mut issues = Vec::new();
        for (name, versions) in [("Item A", &["next"][..]), ("Item B", &["next"]), ("Item C", &[])] {
            issues.push(jane.create("SUP", "Bug", item(name, &[], versions)).unwrap());
        }
        rest(&world).await;
        jane.change_version("SUP", "next", json!({ "name": "1.4" })).unwrap();
        jane.make_version("SUP", "next", json!({})).unwrap();
        for issue in &issues {
            jane.edit(issue, json!({ "fixVersions": [{ "name": "next" }] })).unwrap();
        }
        jane.create("SUP", "Bug", item("Item D", &[], &["next"])).unwrap();
        rest(&world).await;
        for name in ["Item A", "Item B", "Item D"] {
            let there = world.issue(other, name).key;
            world.person(other, who).comment(&there, "Somebody says something").unwrap();
        }
        rest(&world).await;
        assert_eq!(versions(&world, other), ["1.4", "next"]);
        for name in ["Item A", "Item B", "Item C", "Item D"] {
            for side in ["acme", other] {
                assert_eq!(held(&world, side, name), "next", "{name} at {side}: {:?}", world.problems().await);
            }
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// While home's list cannot be read, an issue that bears such a name is not decided on.
#[tokio::test(start_paused = true)]
async fn an_issue_waits_while_nobody_can_tell_which_version_it_holds() {
    let mut world = world(&two().replacen("summary = \"both\"", ROWS, 1), SELDOM, [&["next"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    let issue = jane.create("SUP", "Bug", item("Item", &[], &["next"])).unwrap();
    rest(&world).await;
    jane.change_version("SUP", "next", json!({ "name": "1.4" })).unwrap();
    jane.make_version("SUP", "next", json!({})).unwrap();
    world.jira("acme").add_fault(FaultRule::new("getProjectVersions", When::Always, Fault::Status(403)));
    jane.edit(&issue, json!({ "fixVersions": [{ "name": "next" }] })).unwrap();
    rest(&world).await;
    assert_eq!(held(&world, "globex", "Item"), "next", "the old one, as it is called there still");
    assert_eq!(world.jira("globex").count("editIssue"), 0);
    let told = world.problems().await;
    assert!(told.iter().any(|told| told.contains("the versions cannot be read")), "{told:?}");
    world.jira("acme").clear_faults();
    world.rest().await.unwrap();
    assert_eq!(versions(&world, "globex"), ["1.4", "next"]);
    for side in ["acme", "globex"] {
        assert_eq!(held(&world, side, "Item"), "next", "{side}: {:?}", world.problems().await);
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Versions go from home to one partner. The other has its own, of the same names, and issues hold them by name.
#[tokio::test(start_paused = true)]
async fn a_side_whose_versions_are_let_be_holds_them_by_name() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let line = "versions = { from = [\"acme\"], to = [\"initech\"], every = \"30s\" }";
    let mut world = world(&config, line, [&["1.0", "2.0"], &["1.0", "2.0"], &[]]);
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    let issue = jane.create("SUP", "Bug", item("Item", &["share-globex", "share-initech"], &["1.0"])).unwrap();
    rest(&world).await;
    let all = |world: &World| ["acme", "globex", "initech"].map(|side| held(world, side, "Item"));
    assert_eq!((all(&world), world.problems().await), (["1.0"; 3].map(str::to_owned), Vec::new()));
    let (jdoe, there) = (world.person("globex", "jdoe"), world.issue("globex", "Item").key);
    jdoe.edit(&there, json!({ "fixVersions": [{ "name": "2.0" }] })).unwrap();
    rest(&world).await;
    assert_eq!(held(&world, "acme", "Item"), "2.0", "{:?}", world.problems().await);
    jdoe.edit(&there, json!({ "fixVersions": [] })).unwrap();
    rest(&world).await;
    assert_eq!([held(&world, "acme", "Item"), held(&world, "globex", "Item")], ["", ""]);
    jane.edit(&issue, json!({ "fixVersions": [{ "name": "1.0" }, { "name": "2.0" }] })).unwrap();
    rest(&world).await;
    assert_eq!((all(&world), world.problems().await), (["1.0,2.0"; 3].map(str::to_owned), Vec::new()));
}

/// A partner that only receives versions makes one of its own, under a name that the sync user gave there once.
#[tokio::test(start_paused = true)]
async fn an_own_version_of_a_side_that_only_receives_is_no_other() {
    let config = two().replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, "versions = { from = [\"acme\"], every = \"30s\" }", [&["RC"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    jane.create("SUP", "Bug", item("Item", &[], &["RC"])).unwrap();
    rest(&world).await;
    for (old, new) in [("RC", "RC1"), ("RC1", "RC2")] {
        jane.change_version("SUP", old, json!({ "name": new })).unwrap();
        rest(&world).await;
    }
    assert_eq!(versions(&world, "globex"), ["RC2"]);
    for own in ["RC1", "RC"] {
        jdoe.make_version("ENG", own, json!({})).unwrap();
        let there = world.issue("globex", "Item").key;
        jdoe.edit(&there, json!({ "fixVersions": [{ "name": own }] })).unwrap();
        rest(&world).await;
        for side in ["acme", "globex"] {
            assert_eq!(held(&world, side, "Item"), own, "{side}: {:?}", world.problems().await);
        }
    }
    assert_eq!(versions(&world, "acme"), ["RC", "RC1", "RC2"]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// What is composed of versions says them by the name that all may know.
#[tokio::test(start_paused = true)]
async fn a_text_that_names_versions_says_no_partners_name_for_them() {
    let rows = "summary = { from = [\"acme\"], template = \"{{ summary }} ({{ fix_versions }})\" }\n\
                fix-versions = { on-unmapped = \"create\" }";
    let config = THREE.replacen("summary = \"both\"", rows, 1);
    let mut world = world(&config, "versions = { every = \"30s\" }", [&[], &[], &["canary-theirs"]]);
    world.jira("globex").record_bodies(true);
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    jane.change_version("SUP", "canary-theirs", json!({ "name": "3.0" })).unwrap();
    rest(&world).await;
    jane.create("SUP", "Bug", item("Item", &["share-globex"], &["3.0"])).unwrap();
    rest(&world).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item (3.0)", "{:?}", world.problems().await);
    for call in world.jira("globex").calls() {
        assert!(!String::from_utf8_lossy(&call.request_body).contains("canary"), "{call:?}");
    }
}

/// A version that no list has, such as one of another project that a field kept, stands in nobody's way for long.
#[tokio::test(start_paused = true)]
async fn a_version_that_no_list_has_goes_by_its_name() {
    let config = two().replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, "versions = { every = \"30s\" }", [&["1.0", "of another"], &[], &[]]);
    world.bend(|inner| {
        Arc::new(Bent::new(inner).back(|place, _, said| {
            if place.contains("acme.example") && place.ends_with("/versions") {
                said.as_array_mut().unwrap().retain(|version| version["name"] != "of another");
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    let issue = jane.create("SUP", "Bug", item("Item", &[], &["1.0"])).unwrap();
    rest(&world).await;
    jane.edit(
        &issue,
        json!({ "summary": "Item goes on", "fixVersions": [{ "name": "1.0" }, { "name": "of another" }] }),
    )
    .unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item goes on");
    assert_eq!(held(&world, "globex", "Item"), "1.0,of another", "{:?}", world.problems().await);
}

/// Two partners who do not see each other have a version of one name each, before home has it: as homes people make it, or as issues of
/// both bring it there.
#[tokio::test(start_paused = true)]
async fn what_two_partners_call_alike_is_one_once_home_has_it() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let line = "versions = { from = [\"acme\"], to = [\"globex\", \"initech\"], every = \"30s\" }";
    for brought in [false, true] {
        let mut world = world(&config, line, [&[], &["1.0"], &["1.0"]]);
        world.start().await;
        rest(&world).await;
        let jane = world.person("acme", "jane");
        if brought {
            for (jira, project, who, kind, priority) in
                [("globex", "ENG", "jdoe", "Defect", "P4"), ("initech", "OPS", "petra", "Fehler", "Niedrig")]
            {
                let mut fields = item(&format!("Of {jira}"), &[], &["1.0"]);
                fields["priority"] = json!({ "name": priority });
                world.person(jira, who).create(project, kind, fields).unwrap();
            }
            rest(&world).await;
            world.intervals(4).await;
        } else {
            jane.make_version("SUP", "1.0", json!({})).unwrap();
        }
        jane.create("SUP", "Bug", item("Of home", &["share-globex", "share-initech"], &["1.0"])).unwrap();
        rest(&world).await;
        world.intervals(4).await;
        for jira in ["acme", "globex", "initech"] {
            assert_eq!(versions(&world, jira), ["1.0"], "{jira}, brought: {brought}");
            assert_eq!(held(&world, jira, "Of home"), "1.0", "{jira}: {:?}", world.problems().await);
        }
        assert_eq!(["globex", "initech"].map(|jira| world.jira(jira).count("createVersion")), [0, 0]);
        if brought {
            for jira in ["globex", "initech"] {
                let name = format!("Of {jira}");
                assert_eq!([held(&world, "acme", &name), held(&world, jira, &name)], ["1.0", "1.0"]);
                // Nor was it ever taken for another one there.
                assert!(world.issue(jira, &name).history.iter().all(|entry| !format!("{entry:?}").contains("1.0")));
            }
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "brought: {brought}");
    }
}

/// Versions are not kept in step any more: what issues hold stays what it was, and the name that one partner gave home's version is
/// not shown to another, who knows it by the old one.
#[tokio::test(start_paused = true)]
async fn issues_hold_the_same_versions_when_these_are_kept_in_step_no_more() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, super::daemon_versions::BOTH, [&["1.0"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    let issue = jane.create("SUP", "Bug", item("Item", &["share-globex", "share-initech"], &["1.0"])).unwrap();
    rest(&world).await;
    world.person("initech", "petra").change_version("OPS", "1.0", json!({ "name": "9.9" })).unwrap();
    rest(&world).await;
    world.pass(3_600).await;
    jane.comment(&issue, "Looked at").unwrap();
    rest(&world).await;
    let stands = [("acme", "9.9"), ("globex", "1.0"), ("initech", "9.9")];
    assert_eq!(stands.map(|(jira, _)| versions(&world, jira)), stands.map(|(_, name)| vec![name.to_owned()]));
    let world = under(world, &config, Existing::ReMap).await;
    world.daemon().engine().sweep(None).await.unwrap();
    rest(&world).await;
    jane.edit(&issue, json!({ "summary": "Item goes on" })).unwrap();
    rest(&world).await;
    for (jira, name) in stands {
        assert_eq!(versions(&world, jira), [name], "{jira}");
        assert_eq!(held(&world, jira, "Item"), name, "{jira}: {:?}", world.problems().await);
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}
