//! Issues whose type is changed after they were created: carried where Jira's REST API can, told once where it cannot. Must never take
//! the daemon's word for what stands in a Jira.

use std::collections::BTreeMap;

use jirasyncd::simulator::Setup;
use serde_json::json;

use super::daemon_support::{World, calls, two, two_clouds};

/// Who changes a type, to what; the other side, what its issue becomes.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn cases() -> [(String, Case); 3] {
    [
        (two(), ("acme", "jane", "Task", "globex", "Task")),
        (two(), ("globex", "jdoe", "Task", "acme", "Task")),
        (two_clouds(), ("acme", "jane", "Task", "initech", "Aufgabe")),
    ]
}

async fn paired(config: &str, change: impl FnOnce(&mut BTreeMap<&'static str, Setup>)) -> World {
    let mut world = World::of(config, change);
    world.start().await;
    world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Item" })).unwrap();
    world.rest().await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn a_type_that_is_changed_is_carried() {
    for (config, (from, who, becomes, to, there)) in cases() {
        let world = paired(&config, |_| {}).await;
        let (key, other) = (world.issue(from, "Item").key, world.issue(to, "Item").key);
        let edit = json!({ "issuetype": { "name": becomes }, "summary": "Item of another type" });
        world.person(from, who).edit(&key, edit).unwrap();
        world.jira(to).reset_calls();
        world.rest().await.unwrap();
        let issue = world.jira(to).issue(&other).unwrap();
        assert_eq!(
            (issue.fields["issuetype"].as_str(), issue.fields["summary"].as_str()),
            (there, "Item of another type")
        );
        assert_eq!(calls(world.jira(to)).get("editIssue"), Some(&1), "{to}: one write, and no echo");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_type_that_jira_refuses_is_told_and_holds_nothing_up() {
    for (config, (from, who, becomes, to, there)) in cases() {
        let world = paired(&config, |_| {}).await;
        let project = if to == "acme" {
            "SUP"
        } else if to == "globex" {
            "ENG"
        } else {
            "OPS"
        };
        world.jira(to).part_types(project, &[there]);
        let (key, other) = (world.issue(from, "Item").key, world.issue(to, "Item").key);
        let edit = json!({ "issuetype": { "name": becomes }, "summary": "Item of another type" });
        world.person(from, who).edit(&key, edit).unwrap();
        world.rest().await.unwrap();
        let issue = world.jira(to).issue(&other).unwrap();
        assert_ne!(issue.fields["issuetype"], there);
        assert_eq!(issue.fields["summary"], "Item of another type", "{to}");
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].starts_with(&format!("{to}: Jira refused `issue-type`")),
            "{problems:?}"
        );
        world.jira(to).reset_calls();
        world.intervals(20).await;
        assert_eq!(calls(world.jira(to)).get("editIssue"), None, "{to}: it is not tried again and again");
        // Somebody moves it by hand.
        let by = if to == "acme" {
            "jane"
        } else if to == "globex" {
            "jdoe"
        } else {
            "petra"
        };
        world.person(to, by).convert(&other, there, None).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        assert_eq!(world.jira(from).issue(&key).unwrap().fields["issuetype"], becomes, "{from}: taken back");
    }
}

/// With sub-tasks mapped and parents carried.
fn with_sub_tasks(config: &str) -> String {
    let row = if config.contains("side.globex") {
        "issue-type = [ { acme = \"Subtask\", globex = \"Sub-task\" }, "
    } else {
        "issue-type = [ { acme = \"Subtask\", initech = \"Unteraufgabe\" }, "
    };
    let config = config.replacen("issue-type = [ ", row, 1);
    config.replacen("summary = \"both\"", "summary = \"both\"\nparent = \"both\"", 1)
}

#[tokio::test(start_paused = true)]
async fn what_becomes_a_sub_task_is_told_once_until_it_is_converted_there() {
    let cases = [
        (two(), "acme", "jane", "Subtask", "globex", "jdoe", "Sub-task"),
        (two(), "globex", "jdoe", "Sub-task", "acme", "jane", "Subtask"),
        (two_clouds(), "acme", "jane", "Subtask", "initech", "petra", "Unteraufgabe"),
    ];
    for (config, from, who, sub_task, to, by, there) in cases {
        let world = paired(&with_sub_tasks(&config), |setups| {
            for (jira, name) in [("acme", "Subtask"), ("globex", "Sub-task"), ("initech", "Unteraufgabe")] {
                setups.get_mut(jira).unwrap().projects[0].types.push((name.to_owned(), true));
            }
        })
        .await;
        world.person("acme", "jane").create("SUP", "Task", json!({ "summary": "Above" })).unwrap();
        world.rest().await.unwrap();
        let key = |jira: &str, summary: &str| world.issue(jira, summary).key;
        let (here, other) = (key(from, "Item"), key(to, "Item"));
        let native = world.jira(to).issue(&other).unwrap().fields["issuetype"].clone();
        let before = world.jira(from).issue(&here).unwrap().fields["issuetype"].clone();
        world.person(from, who).convert(&here, sub_task, Some(&key(from, "Above"))).unwrap();
        world.person(from, who).edit(&here, json!({ "summary": "Item below" })).unwrap();
        world.jira(to).reset_calls();
        world.rest().await.unwrap();
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("becomes a sub-task"), "{to}: {problems:?}");
        let issue = world.jira(to).issue(&other).unwrap();
        assert_eq!((&issue.fields["issuetype"], issue.fields["summary"].as_str()), (&native, "Item below"), "{to}");
        assert_eq!(calls(world.jira(to)).get("editIssue"), Some(&1), "{to}: the conversion itself is not tried");
        // Converted there as well, and both back again.
        world.person(to, by).convert(&other, there, Some(&key(to, "Above"))).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        world.person(from, who).convert(&here, &before, None).unwrap();
        world.rest().await.unwrap();
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("becomes a sub-task"), "{to}: {problems:?}");
        world.person(to, by).convert(&other, &native, None).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        assert_eq!(world.jira(from).issue(&here).unwrap().fields["issuetype"], before, "{from}");
    }
}
