//! Links to issues that are no items of the sync, shown as remote links at the counterparts. Must never take the daemon's word for
//! what a Jira shows, and never look for a leak anywhere but in what was sent.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Fault, FaultRule, Holder, Jira, Setup, When};
use serde_json::{Value, json};

use super::daemon_pause::give;
use super::daemon_support::{ACME, GLOBEX, THREE, World, calls, two, two_clouds};

/// With links carried, those to projects that the sync lists shown, and a table that turns one type round on Data Center.
fn shown(config: &str, listed: &str) -> String {
    let rows = format!("summary = \"both\"\nlinks = {{ not-synced = {{ {listed} }} }}");
    let globex = if config.contains("side.globex") { ", globex = \"Dependency:inward\"" } else { "" };
    let initech = if config.contains("side.initech") { ", initech = \"Blocks\"" } else { "" };
    let types = format!("[sync.support.map]\nlink-type = [ {{ acme = \"Blocks\"{globex}{initech} }} ]");
    config.replacen("summary = \"both\"", &rows, 1).replacen("[sync.support.map]", &types, 1)
}

/// Projects beside the one that is synced: PLAT and SECR at acme, LAB at globex. Everybody may see them.
fn more_projects(setups: &mut BTreeMap<&'static str, Setup>) {
    let types = &mut setups.get_mut("globex").unwrap().link_types;
    types.retain(|(name, ..)| name != "Blocks");
    types.push(("Dependency".to_owned(), "blocks".to_owned(), "depends on".to_owned()));
    for (jira, key, id) in [("acme", "PLAT", 10_901), ("acme", "SECR", 10_902), ("globex", "LAB", 10_903)] {
        let projects = &mut setups.get_mut(jira).unwrap().projects;
        let mut project = projects[0].clone();
        (project.key, project.id, project.name) = (key.to_owned(), id, key.to_owned());
        projects.push(project);
    }
}

async fn world(config: &str) -> World {
    let mut world = World::of(config, more_projects);
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    world
}

/// An item, and an issue of another project.
async fn item(world: &World, labels: &[&str]) -> String {
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    key
}

fn far(world: &World, project: &str, summary: &str) -> String {
    world.person("acme", "jane").create(project, "Bug", json!({ "summary": summary })).unwrap()
}

/// What an item's issue shows: how it relates, the title, the address.
fn remote(world: &World, jira: &str) -> Vec<(String, String, String)> {
    let text = |link: &Value, at: &str| link.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let links = world.jira(jira).remote_links(&world.issue(jira, "Item").key);
    let shown =
        links.iter().map(|link| (text(link, "/relationship"), text(link, "/object/title"), text(link, "/object/url")));
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

fn one(words: &str, key: &str) -> (String, String, String) {
    (words.to_owned(), format!("{key} (acme)"), format!("{ACME}/browse/{key}"))
}

/// How often remote links were written, at all Jiras.
fn written(world: &World) -> u64 {
    let operations = ["createOrUpdateRemoteIssueLink", "deleteRemoteIssueLinkByGlobalId"];
    let of = |jira: &Jira| operations.iter().filter_map(|name| calls(jira).get(*name).copied()).sum::<u64>();
    world.jiras.values().map(of).sum()
}

fn reset(world: &World) {
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
}

fn was_sent(jira: &Jira, part: &str) -> bool {
    let holds = |exchange: &jirasyncd::simulator::Exchange| {
        let body = String::from_utf8_lossy(&exchange.request_body).contains(part);
        body || exchange.query.contains(part) || exchange.path.contains(part)
    };
    jira.calls().iter().any(holds)
}

#[tokio::test(start_paused = true)]
async fn a_far_end_is_shown_in_each_sides_words_by_its_key_alone() {
    let world = world(&shown(THREE, "acme = [\"PLAT\"], globex = [\"LAB\"]")).await;
    let key = item(&world, &["share-globex", "share-initech"]).await;
    let (ahead, behind, secret) = (
        far(&world, "PLAT", "canary summary"),
        far(&world, "PLAT", "canary summary"),
        far(&world, "SECR", "canary summary"),
    );
    let jane = world.person("acme", "jane");
    reset(&world);
    jane.link(&key, "Blocks", &ahead).unwrap();
    jane.link(&behind, "Blocks", &key).unwrap();
    jane.link(&key, "Blocks", &secret).unwrap();
    world.interval().await;
    let (globex, initech) = (remote(&world, "globex"), remote(&world, "initech"));
    assert_eq!(globex, [one("blocks", &ahead), one("depends on", &behind)], "the type reads the other way round there");
    assert_eq!(initech, [one("blocks", &ahead), one("is blocked by", &behind)]);
    assert_eq!(written(&world), 4, "one write per link and side");
    let reads = ["getIssue", "bulkFetchIssues", "getChangeLogs"];
    let read = |jira: &str| reads.iter().filter_map(|name| calls(world.jira(jira)).get(*name).copied()).sum::<u64>();
    assert_eq!(["acme", "globex", "initech"].map(read), [0; 3], "it is planned on the rows of the poll");
    // Of a type that the other side does not have, and nobody said what stands for it.
    world.jira("initech").set_link_types(&["Blocks"]);
    let told = far(&world, "PLAT", "canary summary");
    jane.link(&key, "Duplicate", &told).unwrap();
    // What a partner links to is shown to who sees it, and to nobody else.
    let lab = world.person("globex", "jdoe").create("LAB", "Defect", json!({ "summary": "Lab" })).unwrap();
    world.person("globex", "jdoe").link(&world.issue("globex", "Item").key, "Relates", &lab).unwrap();
    world.rest().await.unwrap();
    let at_home = ("relates to".to_owned(), format!("{lab} (globex)"), format!("{GLOBEX}/browse/{lab}"));
    assert_eq!(remote(&world, "acme"), [at_home]);
    assert!(!was_sent(world.jira("initech"), &lab), "partners learn nothing of one another");
    for jira in ["globex", "initech"] {
        assert!(!was_sent(world.jira(jira), &secret) && !was_sent(world.jira(jira), "canary summary"), "{jira}");
        assert_eq!(remote(&world, jira).len(), 3, "{jira}");
    }
    // Nothing of it comes back, and nothing is sent again.
    let before = written(&world);
    jane.edit(&key, json!({ "priority": { "name": "Highest" } })).unwrap();
    world.intervals(20).await;
    assert_eq!(written(&world), before);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_unless_the_sync_lists_the_project() {
    let plain = shown(&two(), "acme = [\"PLAT\"]")
        .replace("links = { not-synced = { acme = [\"PLAT\"] } }", "links = \"both\"");
    let away = shown(&two(), "globex = [\"PLAT\", \"SECR\"]");
    for config in [plain, away] {
        let world = world(&config).await;
        let key = item(&world, &[]).await;
        let end = far(&world, "PLAT", "Far");
        world.person("acme", "jane").link(&key, "Blocks", &end).unwrap();
        world.rest().await.unwrap();
        assert_eq!(remote(&world, "globex"), []);
        assert!(!was_sent(world.jira("globex"), &end));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_away_goes_and_what_is_renamed_follows() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&shown(&config, "acme = [\"PLAT\", \"SECR\"]")).await;
        let key = item(&world, &[]).await;
        let jane = world.person("acme", "jane");
        let (first, second) = (far(&world, "PLAT", "Far"), far(&world, "PLAT", "Far"));
        jane.link(&key, "Blocks", &first).unwrap();
        jane.link(&key, "Blocks", &second).unwrap();
        world.rest().await.unwrap();
        assert_eq!(remote(&world, other), [one("blocks", &first), one("blocks", &second)], "{other}");
        let links = world.issue("acme", "Item").issue_links;
        jane.unlink(links.iter().find(|link| link.other == first).unwrap().id).unwrap();
        reset(&world);
        world.rest().await.unwrap();
        assert_eq!(remote(&world, other), [one("blocks", &second)], "{other}");
        assert_eq!(written(&world), 1, "{other}");
        // Into another project that may be named: the same link, under its new key.
        jane.move_to(&second, "SECR").unwrap();
        jane.edit(&key, json!({ "priority": { "name": "Highest" } })).unwrap();
        world.rest().await.unwrap();
        let moved = world.jira("acme").issue(&second).unwrap().key;
        assert_eq!(remote(&world, other), [one("blocks", &moved)], "{other}");
        assert!(moved.starts_with("SECR-"), "{moved}");
        // One that Jira does not show any more, though nobody took the link away, is not shown elsewhere either.
        world.jira("acme").set_permission("SECR", "BROWSE_PROJECTS", &[Holder::User("nobody".into())]);
        jane.edit(&key, json!({ "priority": { "name": "Low" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(remote(&world, other), [], "{other}");
        world.jira("acme").set_permission("SECR", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        jane.edit(&key, json!({ "priority": { "name": "Highest" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(remote(&world, other), [one("blocks", &moved)], "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_far_end_that_becomes_an_item_is_linked_in_its_place() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let scoped = config.replace("project = \"SUP\"", "project = \"SUP\", jql = \"labels = carried\"");
        let world = world(&shown(&scoped, "acme = [\"PLAT\", \"SUP\"]")).await;
        let key = item(&world, &["carried"]).await;
        let jane = world.person("acme", "jane");
        // Both directions: the one link is part of the item's value, the other of what becomes one.
        let (ahead, behind) = (far(&world, "SUP", "Ahead"), far(&world, "SUP", "Behind"));
        jane.link(&key, "Relates", &ahead).unwrap();
        jane.link(&behind, "Relates", &key).unwrap();
        world.rest().await.unwrap();
        assert_eq!(remote(&world, other), [one("relates to", &ahead), one("relates to", &behind)], "{other}");
        for end in [&ahead, &behind] {
            jane.edit(end, json!({ "labels": ["carried"], "priority": { "name": "Low" } })).unwrap();
        }
        world.rest().await.unwrap();
        assert_eq!(world.issue(other, "Item").issue_links.len(), 2, "{other}");
        assert_eq!(remote(&world, other), [], "{other}");
        let before = written(&world);
        world.intervals(10).await;
        assert_eq!(written(&world), before, "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_far_end_that_becomes_an_item_of_nobody_else_is_shown_no_more() {
    let scoped = THREE.replace("project = \"SUP\"", "project = \"SUP\", jql = \"labels = carried\"");
    let world = world(&shown(&scoped, "acme = [\"SUP\"]")).await;
    let key = item(&world, &["carried", "share-globex", "share-initech"]).await;
    let end = far(&world, "SUP", "Ahead");
    world.person("acme", "jane").link(&end, "Relates", &key).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "initech"), [one("relates to", &end)]);
    // Nobody touches the issue that is linked to it, and nothing is written that would have it looked at.
    world.person("acme", "jane").edit(&end, json!({ "labels": ["carried"] })).unwrap();
    world.rest().await.unwrap();
    assert_eq!((remote(&world, "globex"), remote(&world, "initech")), (Vec::new(), Vec::new()));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_item_without_counterpart_is_no_far_end() {
    let world = world(&shown(THREE, "acme = [\"SUP\"]")).await;
    let fields = json!({ "summary": "Home", "priority": { "name": "Low" }, "labels": ["share-globex"] });
    let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    let key = item(&world, &["share-globex", "share-initech"]).await;
    world.person("acme", "jane").link(&key, "Relates", &home).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Item").issue_links.len(), 1);
    assert_eq!(remote(&world, "initech"), []);
    assert!(!was_sent(world.jira("initech"), &home), "it is not shared with that partner");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_people_link_whose_acts_stay_is_not_shown() {
    let config = shown(&two(), "acme = [\"PLAT\"]");
    let config = config.replacen("project = \"SUP\"", "project = \"SUP\", not-from = [\"group:Outside\"]", 1);
    let mut world = World::of(&config, |setups| {
        more_projects(setups);
        let acme = setups.get_mut("acme").unwrap();
        let omar = acme.users.iter().find(|user| user.name == "omar").map(|user| user.id.clone()).unwrap();
        acme.group_members.insert("Outside".into(), [omar].into());
    });
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    let key = item(&world, &[]).await;
    let (ours, theirs, both) = (far(&world, "PLAT", "Far"), far(&world, "PLAT", "Far"), far(&world, "PLAT", "Far"));
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    jane.link(&key, "Blocks", &ours).unwrap();
    omar.link(&key, "Blocks", &theirs).unwrap();
    // The log does not say which of two links to one issue is whose.
    omar.link(&key, "Blocks", &both).unwrap();
    jane.link(&key, "Relates", &both).unwrap();
    // Nor which of them was taken away.
    let under = far(&world, "PLAT", "Far");
    omar.link(&key, "Blocks", &under).unwrap();
    jane.link(&key, "Relates", &under).unwrap();
    let made = world.issue("acme", "Item").issue_links;
    jane.unlink(made.iter().rev().find(|link| link.other == under).unwrap().id).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [one("blocks", &ours)]);
    assert!(!was_sent(world.jira("globex"), &theirs) && !was_sent(world.jira("globex"), &under));
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("whose acts stay here: not shown"), "{problems:?}");
    // A person whose acts stay may take away what is shown: nothing that they made crosses by that.
    let links = world.issue("acme", "Item").issue_links;
    omar.unlink(links.iter().find(|link| link.other == ours).unwrap().id).unwrap();
    // Made again by somebody else.
    omar.unlink(links.iter().find(|link| link.other == theirs).unwrap().id).unwrap();
    jane.link(&key, "Blocks", &theirs).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [one("blocks", &theirs)]);
    // What the sync user does without our doing is a side effect.
    let automatic = far(&world, "PLAT", "Far");
    world.person("acme", "sync").link(&key, "Blocks", &automatic).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [one("blocks", &theirs)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_shows_it_once_and_leaves_nothing_behind() {
    for operation in ["createOrUpdateRemoteIssueLink", "deleteRemoteIssueLinkByGlobalId"] {
        for fault in [
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::StatusAfter(502),
            Fault::Unavailable { status: 503, retry_after: None },
            Fault::LateWrite(Duration::from_secs(40)),
        ] {
            let world = world(&shown(&two(), "acme = [\"PLAT\"]")).await;
            let key = item(&world, &[]).await;
            let end = far(&world, "PLAT", "Far");
            let jane = world.person("acme", "jane");
            world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
            jane.link(&key, "Blocks", &end).unwrap();
            world.interval().await;
            if operation == "createOrUpdateRemoteIssueLink" {
                // Taken away while nobody knows whether it is shown.
                jane.unlink(world.issue("acme", "Item").issue_links[0].id).unwrap();
                world.intervals(20).await;
                assert_eq!(remote(&world, "globex"), [], "{operation} {fault:?}");
                jane.link(&key, "Blocks", &end).unwrap();
            }
            world.intervals(20).await;
            assert_eq!(remote(&world, "globex"), [one("blocks", &end)], "{operation} {fault:?}");
            jane.unlink(world.issue("acme", "Item").issue_links[0].id).unwrap();
            world.interval().await;
            if operation == "deleteRemoteIssueLinkByGlobalId" {
                // Made again while nobody knows whether it is shown.
                jane.link(&key, "Blocks", &end).unwrap();
                world.intervals(20).await;
                assert_eq!(remote(&world, "globex"), [one("blocks", &end)], "{operation} {fault:?}");
                jane.unlink(world.issue("acme", "Item").issue_links[0].id).unwrap();
            }
            world.intervals(20).await;
            assert_eq!(remote(&world, "globex"), [], "{operation} {fault:?}");
            let before = written(&world);
            world.intervals(20).await;
            assert_eq!(written(&world), before, "{operation} {fault:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{operation} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_dies_shows_it_once_and_takes_it_away_later() {
    let mut world = world(&shown(&two(), "acme = [\"PLAT\"]")).await;
    let key = item(&world, &[]).await;
    let end = far(&world, "PLAT", "Far");
    let jane = world.person("acme", "jane");
    world.jira("globex").add_fault(FaultRule::new("createOrUpdateRemoteIssueLink", When::Nth(1), Fault::ResetAfter));
    jane.link(&key, "Blocks", &end).unwrap();
    world.interval().await;
    world.start().await;
    world.intervals(20).await;
    assert_eq!(remote(&world, "globex"), [one("blocks", &end)]);
    world.start().await;
    jane.unlink(world.issue("acme", "Item").issue_links[0].id).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [], "what is shown is remembered");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_told_and_the_rest_goes_on() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&shown(&config, "acme = [\"PLAT\"]")).await;
        let key = item(&world, &[]).await;
        let end = far(&world, "PLAT", "Far");
        let project = if other == "globex" { "ENG" } else { "OPS" };
        world.jira(other).set_permission(project, "LINK_ISSUES", &[Holder::User("nobody".into())]);
        reset(&world);
        let jane = world.person("acme", "jane");
        jane.link(&key, "Blocks", &end).unwrap();
        world.intervals(4).await;
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains("to show the link to PLAT-1 (acme)"),
            "{other}: {problems:?}"
        );
        jane.edit(&key, json!({ "summary": "Item again" })).unwrap();
        world.interval().await;
        assert_eq!(world.field(other, "Item", "summary"), "Item again");
        world.intervals(20).await;
        assert!(written(&world) <= 4, "{other}: it is asked for ever more seldom");
        world.jira(other).set_permission(project, "LINK_ISSUES", &[Holder::LoggedIn]);
        world.intervals(120).await;
        assert_eq!(remote(&world, other), [one("blocks", &end)], "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_made_shorter_takes_back_what_it_showed() {
    let mut world = world(&shown(&two(), "acme = [\"PLAT\", \"SECR\"]")).await;
    let key = item(&world, &[]).await;
    let (end, secret) = (far(&world, "PLAT", "Far"), far(&world, "SECR", "Far"));
    let jane = world.person("acme", "jane");
    jane.link(&key, "Blocks", &end).unwrap();
    jane.link(&key, "Blocks", &secret).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex").len(), 2);
    world = world.with_config(&shown(&two(), "acme = [\"PLAT\"]"));
    world.start().await;
    // Nobody touches the issue: the full check has it looked at.
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [one("blocks", &end)]);
    world = world
        .with_config(&shown(&two(), "acme = [\"PLAT\"]").replace("{ not-synced = { acme = [\"PLAT\"] } }", "\"both\""));
    world.start().await;
    jane.edit(&key, json!({ "priority": { "name": "Low" } })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), []);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A day passes, and somebody else does something: no poll asks for the item any more.
async fn idle(world: &World) {
    world.pass(86_400).await;
    let fields = json!({ "summary": "Later", "priority": { "name": "Low" } });
    for (jira, who, project, kind) in
        [("acme", "jane", "SUP", "Bug"), ("globex", "jdoe", "ENG", "Defect"), ("initech", "petra", "OPS", "Fehler")]
    {
        let fields = if jira == "acme" { fields.clone() } else { json!({ "summary": "Later" }) };
        world.person(jira, who).create(project, kind, fields).unwrap();
    }
    world.rest().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_side_may_see_no_more_is_taken_back_by_the_full_check() {
    let text =
        THREE.replacen("project = \"OPS\", sees = [\"acme\"]", "project = \"OPS\", sees = [\"acme\", \"globex\"]", 1);
    let listed = "acme = [\"PLAT\"], globex = [\"LAB\"]";
    let mut world = world(&shown(&text, listed)).await;
    item(&world, &["share-globex", "share-initech"]).await;
    let lab = world.person("globex", "jdoe").create("LAB", "Defect", json!({ "summary": "Lab" })).unwrap();
    world.person("globex", "jdoe").link(&world.issue("globex", "Item").key, "Relates", &lab).unwrap();
    world.rest().await.unwrap();
    assert_eq!((remote(&world, "acme").len(), remote(&world, "initech").len()), (1, 1));
    idle(&world).await;
    // That partner sees the other no more.
    world = world.with_config(&shown(THREE, listed));
    world.start().await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!((remote(&world, "acme").len(), remote(&world, "initech").len()), (1, 0));
    idle(&world).await;
    // The other is in no sync any more.
    world = world.with_config(&shown(&two_clouds(), "acme = [\"PLAT\"]"));
    world.start().await;
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "acme").len(), 0);
    reset(&world);
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    assert_eq!(written(&world), 0);
}

/// Of the issue that is let be nothing is shown any more.
#[tokio::test(start_paused = true)]
async fn what_a_merge_leaves_behind_is_taken_back() {
    let world = world(&shown(THREE, "acme = [\"PLAT\"]")).await;
    let jane = world.person("acme", "jane");
    let fields = json!({ "summary": "Kept", "priority": { "name": "Low" }, "labels": ["share-initech"] });
    let kept = jane.create("SUP", "Bug", fields).unwrap();
    let key = item(&world, &["share-globex"]).await;
    let (before, after) = (far(&world, "PLAT", "Far"), far(&world, "PLAT", "Far"));
    jane.link(&key, "Blocks", &before).unwrap();
    jane.link(&kept, "Blocks", &after).unwrap();
    world.rest().await.unwrap();
    assert_eq!(remote(&world, "globex"), [one("blocks", &before)]);
    let there = world.issue("globex", "Item").key;
    let merge = Command::Merge { sync: "support".into(), keep: kept, drop: key, dry_run: false };
    assert_eq!(give(&world, merge).await.ended, Ended::Done);
    world.rest().await.unwrap();
    let links = world.jira("globex").remote_links(&there);
    let titles: Vec<&str> =
        links.iter().filter_map(|link| link.pointer("/object/title").and_then(Value::as_str)).collect();
    assert_eq!(titles, [format!("{after} (acme)")]);
    assert_eq!(world.problems().await, Vec::<String>::new());
}
