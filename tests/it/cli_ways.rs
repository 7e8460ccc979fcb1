//! `jirasyncd check` on workflows: where no way leads, and what a way asks for that nobody maps. Must never reach past the binary, but to
//! simulated Jiras.

use jirasyncd::simulator::Setup;
use serde_json::json;

use super::cli_rights::take_what_nobody_needs;
use super::cli_world::{Said, World};

/// What `check` says where the one Jira has an issue in each of two statuses.
async fn told(change: impl FnOnce(&mut Setup)) -> Said {
    let world = World::with(|_, globex| change(globex)).await;
    let jdoe = world.globex.person("jdoe").unwrap();
    for summary in ["Stands", "Goes on"] {
        let key = jdoe.create("ENG", "Defect", json!({ "summary": summary })).unwrap();
        if summary == "Goes on" {
            jdoe.transition(&key, "Working").unwrap();
        }
    }
    world.place().run(&["check"]).await.expect(0, &["0 errors"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_lets_us_through_is_not_mentioned() {
    let said = told(|_| {}).await;
    assert!(!said.all().contains("offered no way") && !said.all().contains("asks for"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_issue_stands_it_is_said_that_nothing_is_known() {
    let what = "note: sync.support.fields.status, side `globex`: no issue of type `Defect` stands in `Closed` of project `ENG`: what the sync user is offered there is not known yet";
    told(|_| {}).await.expect(0, &[what, "put one into each to know it before"]);
    // A note is no warning.
    let world = World::new().await;
    let place = world.place();
    take_what_nobody_needs(&world, &place).await;
    place.run(&["check"]).await.expect(0, &["all is well", "note: ", "stands in `Closed`, `Open` of project `ENG`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_transition_asks_for_and_nobody_maps_is_found_before_the_first_write() {
    let close = |globex: &mut Setup| {
        let edge = globex.projects[0].transitions.iter_mut().find(|edge| edge.to == "Closed").unwrap();
        edge.screen.insert("duedate".to_owned(), true);
    };
    let what = "the transition `Close` of type `Defect` from `Working` to `Closed` asks for `Due date` (duedate), which no row gives a value";
    told(close).await.expect(0, &[what, "make it optional on that screen"]);
}

/// A row that only reads the field there gives no counterpart a value, on either kind.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_transition_asks_for_and_a_row_only_reads_is_found_as_well() {
    for (here, other, done) in [("acme", "globex", "Done"), ("globex", "acme", "Closed")] {
        let world = World::with(|acme, globex| {
            let asking = if here == "acme" { acme } else { globex };
            for edge in asking.projects[0].transitions.iter_mut().filter(|edge| edge.to == done) {
                edge.screen.insert("duedate".to_owned(), true);
            }
        })
        .await;
        // Nobody claims to know the way through a status in which no issue stands.
        let (jira, who, project, issue_type, statuses) = if here == "acme" {
            (&world.acme, "jane", "SUP", "Bug", vec!["To Do", "Backlog", "In Progress"])
        } else {
            (&world.globex, "jdoe", "ENG", "Defect", vec!["Open", "Working"])
        };
        let person = jira.person(who).unwrap();
        for (nth, status) in statuses.into_iter().enumerate() {
            let key = person.create(project, issue_type, json!({ "summary": status })).unwrap();
            if nth > 0 {
                person.transition(&key, status).unwrap();
            }
        }
        let asks = format!("to `{done}` asks for `Due date` (duedate), which no row gives a value");
        let due = |row: &str| world.place_with("summary = \"both\"", &format!("summary = \"both\"\ndue-date = {row}"));
        let reads = due(&format!("{{ from = [\"{here}\"] }}"));
        reads.run(&["check"]).await.expect(0, &["0 errors", &asks, "gives it a value (`from`)"]);
        for row in ["\"both\"".to_owned(), format!("{{ from = [\"{other}\"] }}")] {
            let said = due(&row).run(&["check"]).await.expect(0, &["0 errors"]);
            assert!(!said.all().contains("asks for"), "{row}: {said:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_that_no_way_leads_to_is_found_before_the_first_write() {
    let shut = |globex: &mut Setup| globex.projects[0].transitions.retain(|edge| edge.to != "Closed");
    let what = "issues of type `Defect` in project `ENG` get from `Open`, `Working` to no `Closed`: the sync user is offered no way there";
    let held = "it holds Resolve Issues (RESOLVE_ISSUES) and Close Issues (CLOSE_ISSUES), so look at other conditions";
    let said = told(shut).await.expect(0, &[what, held]);
    assert!(!said.all().contains("to no `Open`"), "{said:?}");
    // Who is offered nothing at all lacks the right, and is told that.
    let world = World::new().await;
    world.globex.person("jdoe").unwrap().create("ENG", "Defect", json!({ "summary": "Stands" })).unwrap();
    world.globex.set_permission("ENG", "TRANSITION_ISSUES", &[]);
    let said = world.place().run(&["check"]).await.expect(2, &["lacks Transition Issues"]);
    assert!(!said.all().contains("offered no way"), "{said:?}");
}
