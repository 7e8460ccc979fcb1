//! Request types of service desks by name: between Cloud and Data Center and between two Clouds, with what Jira takes for each, and
//! what it takes for none. Must never ask the daemon what a Jira holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jirasyncd::simulator::{Fault, FaultRule, FieldSetup, FieldType, Setup, When};
use serde_json::{Value, json};

use super::daemon_support::{World, calls, two, two_clouds};

const HERE: &str = "customfield_25100";
const THERE: &str = "customfield_35100";

fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG"), (two_clouds(), "initech", "petra", "OPS")]
}

fn desk(setup: &mut Setup, field: &str, names: &[(&str, usize)]) {
    setup.fields.push(FieldSetup::new(field, "Request Type", FieldType::RequestType));
    let project = &mut setup.projects[0];
    project.service_desk = true;
    let kind = |place: &usize| project.types[*place].0.clone();
    project.request_types = names.iter().map(|(name, place)| ((*name).to_owned(), kind(place))).collect();
}

/// Home's are made as bugs and as tasks. The other side has some of them, under other numbers, and one of another desk's.
fn world(config: &str, other: &str, row: &str) -> World {
    World::of(&config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1), |setups| {
        let home = [("Report a fault", 0), ("Ask", 0), ("Order", 1), ("Complain", 0), ("Return", 0)];
        desk(setups.get_mut("acme").unwrap(), HERE, &home);
        let setup = setups.get_mut(other).unwrap();
        desk(setup, THERE, &[("Order", 1), ("Ask", 0), ("Fault", 0), ("Return", 1)]);
        let mut beside = setup.projects[0].clone();
        (beside.key, beside.id, beside.name) = ("DESK".to_owned(), 10_777, "Another desk".to_owned());
        beside.request_types.push(("Complain".to_owned(), beside.types[0].0.clone()));
        setup.projects.push(beside);
    })
}

const ROW: &str = "\"Request Type\" = { values = [ { acme = \"Report a fault\", OTHER = \"Fault\" }, { acme = \"Ask\", OTHER = \"Ask\" }, \
                   { acme = \"Order\", OTHER = \"Order\" }, { acme = \"Return\", OTHER = \"Return\" } ] }";

fn row(other: &str) -> String {
    ROW.replace("OTHER", other)
}

fn issue(world: &World, request: &str) -> Value {
    json!({ "summary": "Item", "priority": { "name": "Low" }, HERE: world.jira("acme").request_type("SUP", request) })
}

#[tokio::test(start_paused = true)]
async fn a_request_type_is_carried_by_its_name_in_both_directions() {
    for (config, other, who, project) in pairs() {
        let mut world = world(&config, other, &row(other));
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&world, "Report a fault")).unwrap();
        world.rest().await.unwrap();
        let shown = |world: &World| (world.field("acme", "Item", HERE), world.field(other, "Item", THERE));
        assert_eq!(shown(&world), ("Report a fault".into(), "Fault".into()));
        let there = world.issue(other, "Item").key;
        let person = world.person(other, who);
        let ask = world.jira(other).request_type(project, "Ask");
        person.edit(&there, json!({ THERE: ask })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Ask".into(), "Ask".into()));
        // None at all, and both at once.
        jane.edit(&key, json!({ HERE: null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), (String::new(), String::new()));
        person.edit(&there, json!({ THERE: ask })).unwrap();
        world.pass(2).await;
        jane.edit(&key, json!({ HERE: world.jira("acme").request_type("SUP", "Report a fault") })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Report a fault".into(), "Fault".into()), "the newest");
        // With the issue type that it is made as.
        let order = world.jira("acme").request_type("SUP", "Order");
        jane.edit(&key, json!({ "issuetype": { "name": "Task" }, HERE: order })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Order".into(), "Order".into()));
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira("acme").reset_calls();
        world.jira(other).reset_calls();
        world.intervals(10).await;
        for side in ["acme", other] {
            let calls = calls(world.jira(side));
            assert_eq!((calls.get("editIssue"), calls.get("getRequestTypes")), (None, None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_desk_does_not_have_or_an_issue_cannot_be_is_a_problem_of_the_field_alone() {
    for (config, other, who, _) in pairs() {
        let mut world = world(&config, other, &row(other));
        world.start().await;
        let refused = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&refused);
        world.jira(other).on_exchange(move |seen| {
            if seen.status == 400 {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        // No row; another desk there has one of the name.
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&world, "Complain")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", THERE), "", "the issue is made all the same");
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains("Complain`") && problems[0].contains("no counterpart"),
            "{problems:?}"
        );
        // A row, for what is made as another issue type there.
        let back = world.jira("acme").request_type("SUP", "Return");
        jane.edit(&key, json!({ HERE: back, "summary": "Item now" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Item now", "summary"), world.field(other, "Item now", THERE)),
            ("Item now".into(), String::new())
        );
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("`Return` is not one of the issue type"), "{problems:?}");
        assert_eq!(refused.load(Ordering::Relaxed), 0, "nothing is sent that Jira would refuse");
        // Its type is changed there: it fits.
        let there = world.issue(other, "Item now").key;
        let task = if other == "globex" { "Task" } else { "Aufgabe" };
        world.person(other, who).edit(&there, json!({ "issuetype": { "name": task } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item now", THERE), "Return");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_type_that_is_not_there_yet_is_looked_for_again() {
    for (config, other, _, project) in pairs() {
        let mut world = world(&config, other, "\"Request Type\" = { on-unmapped = \"problem\" }");
        world.start().await;
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(&world, "Complain")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", THERE), "");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("does not offer `Complain`"), "{problems:?}");
        let bug = if other == "globex" { "Defect" } else { "Fehler" };
        world.jira(other).add_request_type(project, "Complain", bug);
        world.pass(700).await;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item now" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item now", THERE), "Complain");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Data Center's keys are learnt from what JQL suggests, wherever a portal's key does not follow from the project's.
#[tokio::test(start_paused = true)]
async fn keys_that_data_center_does_not_tell_are_never_made_up() {
    let start = |hides: bool| async move {
        let mut world = world(&two(), "globex", &row("globex"));
        world.jira("globex").set_portal("ENG", "engine-room");
        if hides {
            let rule = FaultRule::new("getFieldAutoCompleteForQueryString", When::Always, Fault::Status(403));
            world.jira("globex").add_fault(rule);
        }
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(&world, "Report a fault")).unwrap();
        world.rest().await.unwrap();
        (world, key)
    };
    let (world, _) = start(false).await;
    assert_eq!(world.field("globex", "Item", THERE), "Fault");
    assert_eq!(world.problems().await, Vec::<String>::new());
    let (world, key) = start(true).await;
    assert_eq!(
        (world.field("globex", "Item", "summary"), world.field("globex", "Item", THERE)),
        ("Item".into(), String::new())
    );
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("does not tell"), "{problems:?}");
    world.jira("globex").clear_faults();
    world.pass(700).await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item now" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item now", THERE), "Fault");
}

/// Where no desk is shown to the sync user, nothing else is held up; and what a side alone says is looked up nowhere.
#[tokio::test(start_paused = true)]
async fn a_desk_that_is_not_shown_is_a_problem_of_the_field_alone() {
    let mut world = world(&two(), "globex", "\"Request Type\" = { from = [\"acme\"] }");
    world.jira("globex").add_fault(FaultRule::new("getServiceDesks", When::Always, Fault::Status(403)));
    world.start().await;
    world.person("acme", "jane").create("SUP", "Bug", issue(&world, "Ask")).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        (world.field("globex", "Item", "summary"), world.field("globex", "Item", THERE)),
        ("Item".into(), String::new())
    );
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("does not offer `Ask`"), "{problems:?}");
    assert_eq!(world.jira("acme").count("getServiceDesks"), 0);
}
