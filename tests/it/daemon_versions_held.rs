//! Versions in issues: what they hold is the version and no name, whatever it is called where, and whatever took its name since. Must
//! never look into the daemon's state to judge it.

use serde_json::{Value, json};

use super::daemon_support::{THREE, World, calls, two};
use super::daemon_versions::{BOTH, pairs, rest, versions, world};

const ROWS: &str = "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }";

/// The versions that the issue holds there, by name.
fn held_at(world: &World, jira: &str) -> String {
    let shown = world.field(jira, "Item", "fixVersions");
    let mut names: Vec<&str> = shown.split(',').collect();
    names.sort_unstable();
    names.join(",")
}

fn item(labels: &[&str], versions: &[&str]) -> Value {
    let versions: Vec<Value> = versions.iter().map(|name| json!({ "name": name })).collect();
    json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels, "fixVersions": versions })
}

/// "next" becomes "1.4", and there is a new "next": neither moves the time of change of the issue that holds the first. Then it is
/// moved on to the second, and somebody elsewhere touches theirs.
#[tokio::test(start_paused = true)]
async fn an_issue_that_goes_on_to_what_took_a_versions_name_does_so_everywhere() {
    for (config, other, _, who) in pairs() {
        for seen_between in [true, false] {
            let mut world = world(&config.replacen("summary = \"both\"", ROWS, 1), BOTH, [&["next"], &[], &[]]);
            world.start().await;
            rest(&world).await;
            let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
            let issue = jane.create("SUP", "Bug", item(&[], &["next"])).unwrap();
            rest(&world).await;
            jane.change_version("SUP", "next", json!({ "name": "1.4" })).unwrap();
            jane.make_version("SUP", "next", json!({})).unwrap();
            if seen_between {
                rest(&world).await;
            }
            jane.edit(&issue, json!({ "fixVersions": [{ "name": "next" }] })).unwrap();
            rest(&world).await;
            there.comment(&world.issue(other, "Item").key, "Somebody says something").unwrap();
            rest(&world).await;
            let case = format!("{other} {seen_between}: {:?}", world.problems().await);
            assert_eq!(versions(&world, other), ["1.4", "next"], "{case}");
            for side in ["acme", other] {
                assert_eq!(held_at(&world, side), "next", "{side} of {case}");
            }
            // And both at once.
            jane.edit(&issue, json!({ "fixVersions": [{ "name": "next" }, { "name": "1.4" }] })).unwrap();
            rest(&world).await;
            there.comment(&world.issue(other, "Item").key, "And again").unwrap();
            rest(&world).await;
            for side in ["acme", other] {
                assert_eq!(held_at(&world, side), "1.4,next", "{side} of {case}");
            }
            assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
        }
    }
}

/// A side that only receives is told of an edit that follows a rename.
#[tokio::test(start_paused = true)]
async fn an_edit_after_a_rename_reaches_a_side_that_only_receives() {
    let rows = "summary = \"both\"\nfix-versions = { from = [\"acme\"], on-unmapped = \"create\" }";
    let mut world = world(&two().replacen("summary = \"both\"", rows, 1), BOTH, [&["1.0"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let jane = world.person("acme", "jane");
    let issue = jane.create("SUP", "Bug", item(&[], &["1.0"])).unwrap();
    rest(&world).await;
    jane.change_version("SUP", "1.0", json!({ "name": "1.1" })).unwrap();
    jane.make_version("SUP", "2.0", json!({})).unwrap();
    rest(&world).await;
    jane.edit(&issue, json!({ "fixVersions": [{ "name": "1.1" }, { "name": "2.0" }] })).unwrap();
    rest(&world).await;
    assert_eq!(held_at(&world, "globex"), "1.1,2.0", "{:?}", world.problems().await);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A partner renamed home's version, and home's people make another one of its name, which the other partner's project cannot have: its
/// own still bears it.
#[tokio::test(start_paused = true)]
async fn what_a_side_cannot_have_is_told_and_another_of_its_name_is_not_taken_for_it() {
    let mut world = world(&THREE.replacen("summary = \"both\"", ROWS, 1), BOTH, [&["1.0"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let (jane, petra, jdoe) =
        (world.person("acme", "jane"), world.person("initech", "petra"), world.person("globex", "jdoe"));
    petra.change_version("OPS", "1.0", json!({ "name": "9.9" })).unwrap();
    rest(&world).await;
    jane.make_version("SUP", "1.0", json!({})).unwrap();
    rest(&world).await;
    assert_eq!([versions(&world, "acme"), versions(&world, "globex")], [vec!["1.0", "9.9"], vec!["1.0"]]);
    let issue = jane.create("SUP", "Bug", item(&["share-globex"], &["1.0"])).unwrap();
    rest(&world).await;
    assert_eq!(held_at(&world, "globex"), "", "{:?}", world.problems().await);
    let told = world.problems().await;
    assert!(told.iter().any(|told| told.contains("`1.0` is not there, and another one bears that name")), "{told:?}");
    // What the first one is there stays apart from it.
    let there = world.issue("globex", "Item").key;
    jdoe.edit(&there, json!({ "fixVersions": [{ "name": "1.0" }] })).unwrap();
    rest(&world).await;
    assert_eq!(held_at(&world, "acme"), "1.0,9.9");
    jdoe.edit(&there, json!({ "fixVersions": [] })).unwrap();
    rest(&world).await;
    assert_eq!(held_at(&world, "acme"), "1.0");
    assert_eq!(held_at(&world, "globex"), "", "a removal stays");
    jane.edit(&issue, json!({ "fixVersions": [] })).unwrap();
    rest(&world).await;
    assert!(world.problems().await.iter().all(|told| !told.contains("bears that name")));
}

/// A name that a partner gave up, and that another partner gives a version of its own: they are two.
#[tokio::test(start_paused = true)]
async fn a_partners_new_version_is_not_taken_for_anothers_by_a_name_it_cannot_see() {
    let mut world = world(&THREE.replacen("summary = \"both\"", ROWS, 1), BOTH, [&[], &["next"], &[]]);
    world.start().await;
    rest(&world).await;
    let (jane, petra, jdoe) =
        (world.person("acme", "jane"), world.person("initech", "petra"), world.person("globex", "jdoe"));
    jdoe.change_version("ENG", "next", json!({ "name": "1.4" })).unwrap();
    rest(&world).await;
    petra.make_version("OPS", "next", json!({})).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "acme"), ["1.4", "next"]);
    jane.change_version("SUP", "1.4", json!({ "released": true })).unwrap();
    rest(&world).await;
    assert_eq!(versions(&world, "initech"), ["next"]);
    assert_eq!(versions(&world, "globex"), ["1.4 | released"]);
}

/// What a partner calls home's version stays with that partner and home, in issues' rows too: they share the word that all sides may
/// know, whatever stands for it on one.
#[tokio::test(start_paused = true)]
async fn what_a_partner_calls_a_version_of_home_reaches_no_other_partner_with_an_issue() {
    let config = THREE.replacen("summary = \"both\"", ROWS, 1);
    let mut world = world(&config, BOTH, [&["1.0"], &[], &[]]);
    world.start().await;
    rest(&world).await;
    let (jane, petra, jdoe) =
        (world.person("acme", "jane"), world.person("initech", "petra"), world.person("globex", "jdoe"));
    let fields =
        json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": ["share-globex", "share-initech"] });
    let issue = jane.create("SUP", "Bug", fields).unwrap();
    // Nothing has read what home's people put on before it is called otherwise.
    petra.change_version("OPS", "1.0", json!({ "name": "canary-theirs" })).unwrap();
    world.interval().await;
    assert_eq!(versions(&world, "acme"), ["canary-theirs"]);
    jane.edit(&issue, json!({ "fixVersions": [{ "name": "canary-theirs" }] })).unwrap();
    rest(&world).await;
    let held = |world: &World| ["acme", "globex", "initech"].map(|jira| world.field(jira, "Item", "fixVersions"));
    assert_eq!(held(&world), ["canary-theirs", "1.0", "canary-theirs"], "{:?}", world.problems().await);
    // A second name while it stands on an issue, which somebody touches at home before that is seen.
    petra.change_version("OPS", "canary-theirs", json!({ "name": "canary-again" })).unwrap();
    world.interval().await;
    jane.make_version("SUP", "2.0", json!({})).unwrap();
    jane.edit(&issue, json!({ "fixVersions": [{ "name": "canary-again" }, { "name": "2.0" }] })).unwrap();
    rest(&world).await;
    assert_eq!(held(&world), ["canary-again,2.0", "1.0,2.0", "canary-again,2.0"], "{:?}", world.problems().await);
    // The daemon starts anew before it looks at the lists.
    world.daemon = None;
    world.start().await;
    let there = world.issue("globex", "Item").key;
    jdoe.edit(&there, json!({ "fixVersions": [{ "name": "2.0" }] })).unwrap();
    rest(&world).await;
    let left = ["2.0", "2.0", "canary-again,2.0"];
    assert_eq!(held(&world), left, "what one partner takes off is off at home, and nothing that the other sees");
    assert_eq!(versions(&world, "globex"), ["1.0", "2.0"]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// No screen offers an archived version any more. The issues that hold it keep it, also while another one is added there.
#[tokio::test(start_paused = true)]
async fn an_issue_keeps_an_archived_version_and_nobody_makes_it_again() {
    for (config, other, _, who) in pairs() {
        let config = config.replacen("summary = \"both\"", ROWS, 1);
        let mut world = world(&config, BOTH, [&["1.0", "2.0"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
        let issue = jane.create("SUP", "Bug", item(&[], &["1.0"])).unwrap();
        rest(&world).await;
        jane.change_version("SUP", "1.0", json!({ "archived": true })).unwrap();
        rest(&world).await;
        let before = calls(world.jira(other));
        for _ in 0..3 {
            there.comment(&world.issue(other, "Item").key, "Somebody says something").unwrap();
            rest(&world).await;
        }
        let case = format!("{other}: {:?}", world.problems().await);
        for call in ["createVersion", "editIssue"] {
            assert_eq!(calls(world.jira(other)).get(call), before.get(call), "{call} of {case}");
        }
        jane.edit(&issue, json!({ "fixVersions": [{ "name": "1.0" }, { "name": "2.0" }] })).unwrap();
        rest(&world).await;
        for side in ["acme", other] {
            assert_eq!(held_at(&world, side), "1.0,2.0", "{side} of {case}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
    }
}

/// Somebody put it into an issue just before it was archived elsewhere: nobody makes it again there. The issue has it once it is back.
#[tokio::test(start_paused = true)]
async fn what_is_archived_where_an_issue_is_to_have_it_is_told_and_not_made_again() {
    for (config, other, _, who) in pairs() {
        let config = config.replacen("summary = \"both\"", ROWS, 1);
        let mut world = world(&config, BOTH, [&["1.0"], &[], &[]]);
        world.start().await;
        rest(&world).await;
        let (jane, there) = (world.person("acme", "jane"), world.person(other, who));
        jane.create("SUP", "Bug", item(&[], &[])).unwrap();
        rest(&world).await;
        there.edit(&world.issue(other, "Item").key, json!({ "fixVersions": [{ "name": "1.0" }] })).unwrap();
        jane.change_version("SUP", "1.0", json!({ "archived": true })).unwrap();
        for _ in 0..3 {
            rest(&world).await;
            world.pass(700).await;
        }
        let told = world.problems().await;
        let case = format!("{other}: {told:?}");
        assert_eq!(calls(world.jira("acme")).get("createVersion"), None, "{case}");
        assert!(told.len() == 1 && told[0].contains("`1.0` is archived there"), "{case}");
        assert_eq!((held_at(&world, "acme").as_str(), held_at(&world, other).as_str()), ("", "1.0"), "{case}");
        jane.change_version("SUP", "1.0", json!({ "archived": false })).unwrap();
        rest(&world).await;
        assert_eq!((held_at(&world, "acme").as_str(), held_at(&world, other).as_str()), ("1.0", "1.0"), "{case}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
    }
}
