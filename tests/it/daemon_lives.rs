//! What the random lives of issues found: what leads to an issue that is not there, and accounts that are inactive for a while. Must
//! never take the daemon's word for what stands in a Jira.

use jirasyncd::simulator::{Holder, IssueView, ProjectSetup};
use serde_json::json;

use super::daemon_support::{World, calls, two, two_clouds};

fn with(config: &str, rows: &str) -> String {
    config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1)
}

async fn look(world: &World) {
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(12).await;
    world.settle().await;
}

/// A Jira, a project of it, a type, and who works there.
const PLACES: [(&str, &str, &str, &str); 3] =
    [("acme", "SUP", "Bug", "jane"), ("globex", "ENG", "Defect", "jdoe"), ("initech", "OPS", "Fehler", "petra")];

/// Who may be hidden from the sync user: whatever has this level.
const LEVEL: &str = "Inside";

/// A world of two sides in which issues can be moved away, hidden and deleted.
async fn world(config: &str) -> World {
    let mut world = World::of(config, |setups| {
        for (number, (jira, _, kind, who)) in PLACES.into_iter().enumerate() {
            let setup = setups.get_mut(jira).unwrap();
            let sub_task = if jira == "initech" { "Unteraufgabe" } else { "Subtask" };
            let who = setup.users.iter().find(|user| user.name == who).unwrap().id.clone();
            let project = &mut setup.projects[0];
            project.types.push((sub_task.to_owned(), true));
            project.security_levels = vec![LEVEL.to_owned()];
            project.level_members.insert(LEVEL.to_owned(), [Holder::User(who)].into());
            for key in ["SET_ISSUE_SECURITY", "DELETE_ISSUES"] {
                project.permissions.insert(key.to_owned(), [Holder::LoggedIn].into());
            }
            setup.projects.push(ProjectSetup::new("ATTIC", 10_900 + number as u64, "Attic").types(&[kind, "Task"]));
        }
    });
    world.start().await;
    world
}

fn create(world: &World, summaries: &[&str]) {
    for summary in summaries {
        let fields = json!({ "summary": summary, "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    }
}

fn key(world: &World, jira: &str, summary: &str) -> String {
    world.issue(jira, summary).key
}

/// The summaries of what an issue links to.
fn links(world: &World, jira: &str, summary: &str) -> Vec<String> {
    let issue = world.issue(jira, summary);
    let other = |other: &String| world.jira(jira).issue(other).map(|issue: IssueView| issue.fields["summary"].clone());
    issue.issue_links.iter().filter_map(|link| other(&link.other)).collect()
}

fn pairs() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

#[tokio::test(start_paused = true)]
async fn a_link_to_what_is_hidden_is_not_tried_before_it_is_seen_again() {
    for (config, other, who) in pairs() {
        let world = world(&with(&config, "links = \"both\"")).await;
        create(&world, &["One", "Two"]);
        world.rest().await.unwrap();
        let theirs = key(&world, other, "Two");
        world.person(other, who).edit(&theirs, json!({ "security": { "name": LEVEL } })).unwrap();
        look(&world).await;
        let jane = world.person("acme", "jane");
        jane.link(&key(&world, "acme", "One"), "Relates", &key(&world, "acme", "Two")).unwrap();
        world.jira(other).reset_calls();
        for _ in 0..2 {
            world.pass(7 * 3_600).await;
            look(&world).await;
        }
        assert_eq!(calls(world.jira(other)).get("linkIssues"), None, "{other}: a no each time");
        world.person(other, who).edit(&theirs, json!({ "security": null })).unwrap();
        look(&world).await;
        look(&world).await;
        assert_eq!(links(&world, other, "One"), ["Two"], "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sub_task_is_not_tried_below_a_parent_that_is_hidden() {
    for (config, other, who) in pairs() {
        let sub_task = if other == "globex" { "Subtask" } else { "Unteraufgabe" };
        let row = format!("issue-type = [ {{ acme = \"Subtask\", {other} = \"{sub_task}\" }}, ");
        let config = with(&config, "parent = \"both\"").replacen("issue-type = [ ", &row, 1);
        let world = world(&config).await;
        create(&world, &["Above"]);
        world.rest().await.unwrap();
        let theirs = key(&world, other, "Above");
        world.person(other, who).edit(&theirs, json!({ "security": { "name": LEVEL } })).unwrap();
        look(&world).await;
        let fields = json!({ "summary": "Below", "parent": { "key": key(&world, "acme", "Above") } });
        world.person("acme", "jane").create("SUP", "Subtask", fields).unwrap();
        world.jira(other).reset_calls();
        for _ in 0..2 {
            world.pass(7 * 3_600).await;
            look(&world).await;
        }
        let calls = calls(world.jira(other));
        assert_eq!((calls.get("createIssue"), calls.get("createIssues")), (None, None), "{other}: a no each time");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("its parent is not there now")), "{problems:?}");
        world.person(other, who).edit(&theirs, json!({ "security": null })).unwrap();
        look(&world).await;
        look(&world).await;
        assert_eq!(world.field(other, "Below", "parent"), theirs, "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_taken_away_while_its_other_end_is_elsewhere_is_taken_away_everywhere() {
    for (config, other, who) in pairs() {
        for noticed in [true, false] {
            let world = world(&with(&config, "links = \"both\"")).await;
            create(&world, &["One", "Two"]);
            world.rest().await.unwrap();
            let jane = world.person("acme", "jane");
            jane.link(&key(&world, "acme", "One"), "Relates", &key(&world, "acme", "Two")).unwrap();
            world.rest().await.unwrap();
            assert_eq!(links(&world, other, "One"), ["Two"]);
            let person = world.person(other, who);
            let moved = person.move_to(&key(&world, other, "Two"), "ATTIC").unwrap();
            if noticed {
                look(&world).await;
            }
            let link = world.issue(other, "One").issue_links[0].id;
            person.unlink(link).unwrap();
            world.intervals(12).await;
            person.move_to(&moved, world.issue(other, "One").project.as_str()).unwrap();
            look(&world).await;
            assert_eq!(links(&world, "acme", "One"), Vec::<String>::new(), "{other}, {noticed}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{other}, {noticed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_inactive_for_a_while_goes_on_to_watch_and_to_be_assigned() {
    let world = world(&with(&two_clouds(), "watchers = { on-unmapped = \"skip\" }")).await;
    create(&world, &["Item"]);
    let here = key(&world, "acme", "Item");
    world.person("acme", "jane").assign(&here, Some("jane")).unwrap();
    world.rest().await.unwrap();
    let there = key(&world, "initech", "Item");
    assert!(world.jira("initech").watchers(&there).contains("petra"));
    world.jira("initech").set_active("petra", false);
    let mut world = world;
    for restarts in [true, false] {
        if restarts {
            world.start().await;
        }
        // The list is read again.
        world.person("initech", "anna").add_watcher(&there, "anna").unwrap();
        world.person("initech", "anna").edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
        world.intervals(12).await;
        world.pass(86_400).await;
        look(&world).await;
        assert!(world.jira("acme").watchers(&here).contains("jane"), "nobody took her away");
        assert_eq!(world.jira("acme").issue(&here).unwrap().fields["assignee"], "Jane Roe");
        world.jira("initech").set_active("petra", true);
    }
    look(&world).await;
    assert!(world.jira("initech").watchers(&there).contains("petra"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}
