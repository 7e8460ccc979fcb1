//! Sub-tasks and epics: what lies below an issue lies below its counterpart on every side that has one. Must never take the daemon's
//! word for what stands in a Jira.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, FieldSetup, FieldType, Holder, Setup, When};
use serde_json::{Value, json};

use super::daemon_support::{THREE, World, calls, two, two_clouds};

const EPIC_LINK: &str = "customfield_10100";
const EPIC_NAME: &str = "customfield_10101";

/// With parents carried, and the types that have them or are them.
fn below(config: &str) -> String {
    let types = "issue-type = [ { acme = \"Epic\", globex = \"Epic\", initech = \"Epic\" },
               { acme = \"Subtask\", globex = \"Sub-task\", initech = \"Unteraufgabe\" },
               ";
    let mut types = types.to_owned();
    for (side, names) in [("globex", ["Epic", "Sub-task"]), ("initech", ["Epic", "Unteraufgabe"])] {
        for name in names.iter().filter(|_| !config.contains(&format!("side.{side}"))) {
            types = types.replace(&format!(", {side} = \"{name}\""), "");
        }
    }
    let config = config.replacen("summary = \"both\"", "summary = \"both\"\nparent = \"both\"", 1);
    config.replacen("issue-type = [ ", &types, 1)
}

fn prepared(config: &str, more: impl FnOnce(&mut BTreeMap<&'static str, Setup>)) -> World {
    World::of(config, |setups| {
        more(setups);
        for (jira, sub_task) in [("acme", "Subtask"), ("globex", "Sub-task"), ("initech", "Unteraufgabe")] {
            let types = &mut setups.get_mut(jira).unwrap().projects[0].types;
            types.extend([("Epic".to_owned(), false), (sub_task.to_owned(), true)]);
        }
        let fields = &mut setups.get_mut("globex").unwrap().fields;
        fields.push(FieldSetup::new(EPIC_LINK, "Epic Link", FieldType::EpicLink));
        fields.push(FieldSetup::new(EPIC_NAME, "Epic Name", FieldType::EpicName));
    })
}

async fn world(config: &str) -> World {
    let mut world = prepared(&below(config), |_| {});
    world.start().await;
    world
}

fn create(world: &World, kind: &str, summary: &str, more: Value) -> String {
    create_at(world, "acme", kind, summary, more)
}

fn create_at(world: &World, jira: &str, kind: &str, summary: &str, more: Value) -> String {
    let (name, project) = match jira {
        "acme" => ("jane", "SUP"),
        "globex" => ("jdoe", "ENG"),
        _ => ("petra", "OPS"),
    };
    let mut fields = json!({ "summary": summary });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.person(jira, name).create(project, kind, fields).unwrap()
}

fn under(parent: &str) -> Value {
    json!({ "parent": { "key": parent } })
}

/// The summary of the issue above, on either kind; empty without one.
fn above(world: &World, jira: &str, summary: &str) -> String {
    let issue = world.issue(jira, summary);
    let key = issue.fields.get("parent").or_else(|| issue.fields.get(EPIC_LINK));
    let parent = key.and_then(|key| world.jira(jira).issue(key));
    parent.map(|parent| parent.fields["summary"].clone()).unwrap_or_default()
}

fn reset(world: &World) {
    for jira in ["acme", "globex", "initech"] {
        world.jira(jira).reset_calls();
    }
}

fn written(world: &World) -> u64 {
    let of = |jira: &str| {
        let calls = calls(world.jira(jira));
        ["createIssue", "createIssues", "editIssue"].iter().filter_map(|name| calls.get(*name).copied()).sum::<u64>()
    };
    ["acme", "globex", "initech"].into_iter().map(of).sum()
}

async fn is_quiet(world: &World) {
    reset(world);
    world.intervals(5).await;
    assert_eq!(written(world), 0);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_tree_made_at_once_is_made_on_the_other_side_once_parents_first() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let epic = create(&world, "Epic", "The epic", json!({}));
        let task = create(&world, "Task", "The task", under(&epic));
        for number in 0..3 {
            create(&world, "Subtask", &format!("Part {number}"), under(&task));
        }
        world.rest().await.unwrap();
        assert_eq!(above(&world, other, "The task"), "The epic", "{other}");
        for number in 0..3 {
            assert_eq!(above(&world, other, &format!("Part {number}")), "The task", "{other}");
        }
        assert_eq!(world.jira(other).issues().len(), 5, "{other}");
        if other == "globex" {
            assert_eq!(world.field(other, "The epic", EPIC_NAME), "The epic");
        }
        is_quiet(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn parents_go_from_data_center_to_cloud() {
    let world = world(&two()).await;
    let epic = create_at(&world, "globex", "Epic", "The epic", json!({ EPIC_NAME: "Name" }));
    let task = create_at(&world, "globex", "Task", "The task", json!({ EPIC_LINK: epic }));
    let part = create_at(&world, "globex", "Sub-task", "The part", under(&task));
    world.rest().await.unwrap();
    assert_eq!(
        (above(&world, "acme", "The task"), above(&world, "acme", "The part")),
        ("The epic".into(), "The task".into())
    );
    // Another epic, none, and a move of the sub-task in the browser.
    let second = create_at(&world, "globex", "Epic", "Second", json!({ EPIC_NAME: "Second" }));
    world.person("globex", "jdoe").edit(&task, json!({ EPIC_LINK: second })).unwrap();
    let other = create_at(&world, "globex", "Task", "Another", json!({}));
    world.person("globex", "jdoe").move_under(&part, &other).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        (above(&world, "acme", "The task"), above(&world, "acme", "The part")),
        ("Second".into(), "Another".into())
    );
    reset(&world);
    world.person("globex", "jdoe").edit(&task, json!({ EPIC_LINK: null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(above(&world, "acme", "The task"), "");
    assert_eq!(written(&world), 1);
    is_quiet(&world).await;
}

#[tokio::test(start_paused = true)]
async fn parents_change_and_go_on_cloud_and_the_other_side_follows() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let (one, two) = (create(&world, "Epic", "One", json!({})), create(&world, "Epic", "Two", json!({})));
        let task = create(&world, "Task", "The task", under(&one));
        world.rest().await.unwrap();
        reset(&world);
        let jane = world.person("acme", "jane");
        jane.edit(&task, json!({ "summary": "The task" , "labels": ["x"] })).unwrap();
        world.interval().await;
        world.interval().await;
        let usual = ["acme", other].map(|jira| calls(world.jira(jira)));
        reset(&world);
        jane.edit(&task, under(&two)).unwrap();
        world.interval().await;
        assert_eq!(above(&world, other, "The task"), "Two", "{other}");
        world.interval().await;
        assert_eq!(["acme", other].map(|jira| calls(world.jira(jira))), usual, "it costs what any field costs");
        jane.update(&task, json!({ "parent": [{ "set": { "none": true } }] })).unwrap();
        world.interval().await;
        assert_eq!(above(&world, other, "The task"), "", "{other}");
        jane.edit(&task, under(&one)).unwrap();
        world.interval().await;
        assert_eq!(above(&world, other, "The task"), "One", "{other}");
        assert_eq!(written(&world), 3, "{other}");
        // Both at once: the later one stands.
        let (there, name) = (world.issue(other, "The task").key, world.issue(other, "Two").key);
        jane.update(&task, json!({ "parent": [{ "set": { "none": true } }] })).unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        let (field, person) = if other == "globex" { (EPIC_LINK, "jdoe") } else { ("parent", "petra") };
        let value = if other == "globex" { json!(name) } else { json!({ "key": name }) };
        world.person(other, person).edit(&there, json!({ field: value })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((above(&world, "acme", "The task"), above(&world, other, "The task")), ("Two".into(), "Two".into()));
        is_quiet(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_sub_task_moves_between_clouds_and_on_data_center_somebody_is_asked_to() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let (one, two) = (create(&world, "Task", "One", json!({})), create(&world, "Task", "Two", json!({})));
        let part = create(&world, "Subtask", "The part", under(&one));
        world.rest().await.unwrap();
        reset(&world);
        world.person("acme", "jane").edit(&part, under(&two)).unwrap();
        world.rest().await.unwrap();
        if other == "initech" {
            assert_eq!(above(&world, other, "The part"), "Two");
            is_quiet(&world).await;
            continue;
        }
        assert_eq!(above(&world, other, "The part"), "One");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("another parent over its REST API"), "{problems:?}");
        // The rest goes on, and who does as they are asked makes it good.
        world.person("acme", "jane").edit(&part, json!({ "summary": "The part still" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(written(&world), 1);
        let there = world.issue(other, "The part still").key;
        world.person("globex", "jdoe").move_under(&there, &world.issue("globex", "Two").key).unwrap();
        world.rest().await.unwrap();
        assert_eq!(above(&world, "acme", "The part still"), "Two", "it goes nowhere back");
        is_quiet(&world).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_is_not_shared_stays_where_it_is_until_it_is() {
    // With links too, which wait in the same way.
    let world = world(&THREE.replacen("summary = \"both\"", "summary = \"both\"\nlinks = \"both\"", 1)).await;
    let labels = json!({ "labels": ["share-globex", "share-initech"] });
    let alone = create(&world, "Epic", "Canary", json!({}));
    let only_globex = create(&world, "Task", "Half", json!({ "labels": ["share-globex"] }));
    let task = create(&world, "Task", "The task", labels.clone());
    world.person("acme", "jane").edit(&task, under(&alone)).unwrap();
    world.person("acme", "jane").link(&task, "Relates", &only_globex).unwrap();
    let mut part = under(&only_globex);
    part["labels"] = labels["labels"].clone();
    create(&world, "Subtask", "The part", part);
    world.rest().await.unwrap();
    for jira in ["globex", "initech"] {
        assert_eq!(above(&world, jira, "The task"), "", "{jira}");
        assert!(world.issues(jira, "Canary").is_empty());
    }
    assert_eq!(above(&world, "globex", "The part"), "Half");
    assert!(world.issues("initech", "The part").is_empty(), "a sub-task is not made without its parent");
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("initech: a sub-task is not made"), "{problems:?}");
    // A partner's own parent, which home does not have, and a partner never hears of.
    reset(&world);
    let theirs = create_at(&world, "globex", "Epic", "Theirs", json!({ EPIC_NAME: "Theirs" }));
    world.person("globex", "jdoe").edit(&world.issue("globex", "The task").key, json!({ EPIC_LINK: theirs })).unwrap();
    world.intervals(10).await;
    assert_eq!(above(&world, "globex", "The task"), "Theirs");
    assert_eq!(above(&world, "initech", "The task"), "");
    assert_eq!(calls(world.jira("initech")).get("editIssue"), None);
    // Home shares the parents too.
    for key in [&alone, &only_globex] {
        world.person("acme", "jane").edit(key, labels.clone()).unwrap();
    }
    world.rest().await.unwrap();
    assert_eq!(above(&world, "initech", "The part"), "Half");
    assert_eq!(above(&world, "initech", "The task"), "Canary");
    assert_eq!(world.jira("initech").issues().len(), 4);
    assert_eq!(world.issue("initech", "The task").issue_links.len(), 1);
    is_quiet(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_parent_outside_the_sync_is_nobody_elses_business() {
    let config =
        two().replacen("project = \"SUP\" }", "project = \"SUP\", jql = \"labels IS EMPTY OR labels != private\" }", 1);
    let world = world(&config).await;
    let secret = create(&world, "Epic", "Canary", json!({ "labels": ["private"] }));
    let shared = create(&world, "Epic", "Shared", json!({}));
    let task = create(&world, "Task", "The task", under(&secret));
    world.rest().await.unwrap();
    assert_eq!(above(&world, "globex", "The task"), "");
    let jane = world.person("acme", "jane");
    jane.edit(&task, under(&shared)).unwrap();
    world.rest().await.unwrap();
    assert_eq!(above(&world, "globex", "The task"), "Shared");
    // Back again: the other side keeps what it has, and nothing is taken away here when it has none any more.
    jane.edit(&task, under(&secret)).unwrap();
    world.rest().await.unwrap();
    assert_eq!(above(&world, "globex", "The task"), "Shared");
    let there = world.issue("globex", "The task").key;
    world.person("globex", "jdoe").edit(&there, json!({ EPIC_LINK: null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(above(&world, "acme", "The task"), "Canary");
    is_quiet(&world).await;
    // A sub-task of such an issue waits, and is made once that is an item.
    let hidden = create(&world, "Task", "Hidden", json!({ "labels": ["private"] }));
    create(&world, "Subtask", "The part", under(&hidden));
    world.rest().await.unwrap();
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("no issue of this sync"), "{problems:?}");
    jane.edit(&hidden, json!({ "labels": [] })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(above(&world, "globex", "The part"), "Hidden");
    is_quiet(&world).await;
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_is_only_not_shown_is_not_taken_away_elsewhere() {
    let config = below(&two());
    let mut world = prepared(&config, |setups| {
        let globex = setups.get_mut("globex").unwrap();
        let mut hidden = globex.projects[0].clone();
        (hidden.key, hidden.id, hidden.name) = ("HID".to_owned(), 10_900, "Hidden".to_owned());
        hidden.permissions.insert("BROWSE_PROJECTS".to_owned(), [Holder::User("JIRAUSER10101".to_owned())].into());
        globex.projects.push(hidden);
    });
    world.start().await;
    let epic = create(&world, "Epic", "The epic", json!({}));
    create(&world, "Task", "The task", under(&epic));
    world.rest().await.unwrap();
    let jdoe = world.person("globex", "jdoe");
    jdoe.move_to(&world.issue("globex", "The epic").key, "HID").unwrap();
    jdoe.edit(&world.issue("globex", "The task").key, json!({ "summary": "The task again" })).unwrap();
    world.intervals(10).await;
    assert_eq!(above(&world, "acme", "The task again"), "The epic", "nobody took it away");
}

/// Its history says nothing of a parent that went with its issue, so that it may also be one that is only not shown.
#[tokio::test(start_paused = true)]
async fn a_parent_that_was_deleted_is_taken_away_once_and_no_problem() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let epic = create(&world, "Epic", "The epic", json!({}));
        let task = create(&world, "Task", "The task", under(&epic));
        world.rest().await.unwrap();
        assert_eq!(above(&world, other, "The task"), "The epic");
        let (who, project) = if other == "globex" { ("jdoe", "ENG") } else { ("petra", "OPS") };
        world.jira(other).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        world.person(other, who).delete(&world.issue(other, "The epic").key).unwrap();
        world.intervals(3).await;
        assert_eq!(
            (above(&world, other, "The task"), above(&world, "acme", "The task")),
            (String::new(), "The epic".into())
        );
        world.person("acme", "jane").edit(&task, json!({ "parent": { "none": true } })).unwrap();
        world.rest().await.unwrap();
        reset(&world);
        for _ in 0..3 {
            world.pass(7 * 3_600).await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.intervals(5).await;
        }
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("may not see it any more"), "{other}: {problems:?}");
        assert_eq!(written(&world), 0, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_sub_task() {
    for (operation, fault) in [("createIssue", Fault::ResetAfter), ("editIssue", Fault::ResetAfter)] {
        let mut world = world(&two()).await;
        world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
        let task = create(&world, "Task", "The task", json!({}));
        create(&world, "Subtask", "The part", under(&task));
        let epic = create(&world, "Epic", "The epic", json!({}));
        // It dies in the middle of it.
        for _ in 0..3 {
            world.interval().await;
            world.start().await;
        }
        world.person("acme", "jane").edit(&task, under(&epic)).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.jira("globex").issues().len(), 3, "{operation} {fault:?}");
        let sent = calls(world.jira("globex"));
        assert!(sent["createIssue"] == 1 && sent["editIssue"] >= 1, "it was looked for first: {sent:?}");
        assert_eq!(above(&world, "globex", "The part"), "The task", "{operation} {fault:?}");
        assert_eq!(above(&world, "globex", "The task"), "The epic", "{operation} {fault:?}");
        is_quiet(&world).await;
    }
}
