//! Sprints by name, between Cloud and Data Center and between two Clouds: as a sprint on both sides, as text or an option on one.
//! Must never ask the daemon what a Jira holds.

use jirasyncd::model::cause::causes;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, FieldSetup, FieldType, Holder, Setup, SprintState, When};
use serde_json::{Value, json};

use super::daemon_support::{World, calls, two, two_clouds};

const SPRINT: &str = "customfield_25000";
const OTHER: &str = "customfield_35000";

fn pairs() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn enrich(setup: &mut Setup, id: &str, kind: FieldType, names: &[(&str, SprintState)]) {
    setup.fields.push(FieldSetup::new(id, "Sprint", kind));
    setup.projects[0].sprints = names.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
}

/// Home's sprints are 1 and 2; on the other side another one comes first, so that no number means the same.
fn world(config: &str, other: &str, row: &str, there: FieldType) -> World {
    World::of(&config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1), |setups| {
        let home = [("Sprint 1, a", SprintState::Active), ("Sprint 2", SprintState::Future)];
        enrich(setups.get_mut("acme").unwrap(), SPRINT, FieldType::Sprint, &home);
        let names = [
            ("Before", SprintState::Closed),
            ("Sprint 2", SprintState::Future),
            ("Sprint 1, a", SprintState::Active),
            ("Theirs", SprintState::Future),
            ("Twin", SprintState::Future),
            ("Twin", SprintState::Future),
        ];
        enrich(setups.get_mut(other).unwrap(), OTHER, there, &names);
    })
}

fn issue(sprint: u64) -> Value {
    json!({ "summary": "Item", "priority": { "name": "Low" }, SPRINT: sprint })
}

#[tokio::test(start_paused = true)]
async fn a_sprint_is_carried_by_its_name_in_both_directions() {
    for (config, other, who) in pairs() {
        let mut world = world(&config, other, "Sprint = \"both\"", FieldType::Sprint);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(1)).unwrap();
        world.rest().await.unwrap();
        let shown = |world: &World| (world.field("acme", "Item", SPRINT), world.field(other, "Item", OTHER));
        assert_eq!(shown(&world), ("Sprint 1, a".into(), "Sprint 1, a".into()));
        let there = world.issue(other, "Item").key;
        let person = world.person(other, who);
        person.edit(&there, json!({ OTHER: 2 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Sprint 2".into(), "Sprint 2".into()));
        // To the backlog, and both at once.
        jane.edit(&key, json!({ SPRINT: null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), (String::new(), String::new()));
        person.edit(&there, json!({ OTHER: 3 })).unwrap();
        world.pass(2).await;
        jane.edit(&key, json!({ SPRINT: 2 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Sprint 2".into(), "Sprint 2".into()), "the newest");
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira("acme").reset_calls();
        world.jira(other).reset_calls();
        world.intervals(10).await;
        for side in ["acme", other] {
            assert_eq!(
                (calls(world.jira(side)).get("editIssue"), calls(world.jira(side)).get("getAllBoards")),
                (None, None)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sprint_that_is_not_there_is_looked_for_again_and_never_guessed() {
    for (config, other, who) in pairs() {
        let mut world = world(&config, other, "Sprint = \"both\"", FieldType::Sprint);
        world.start().await;
        world.jira("acme").add_sprint("SUP", "Sprint 3", SprintState::Future);
        world.jira("acme").add_sprint("SUP", "Twin", SprintState::Future);
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(3)).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", OTHER), "", "the issue is made all the same");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("does not offer `Sprint 3`"), "{problems:?}");
        world.jira(other).add_sprint(if other == "globex" { "ENG" } else { "OPS" }, "Sprint 3", SprintState::Active);
        world.pass(700).await;
        jane.edit(&key, json!({ "summary": "Item now" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", OTHER), "Sprint 3");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Two of one name: neither is surely meant.
        jane.edit(&key, json!({ SPRINT: 4 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", OTHER), "Sprint 3");
        assert!(world.problems().await[0].contains("does not offer `Twin`"));
        // Back to one that both have: in time again.
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ OTHER: 2 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", SPRINT), "Sprint 2");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// When a sprint ends, what was done stays in it and Jira logs nothing; that is nobody's change.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_sprint_changes_nothing_elsewhere() {
    for (config, other, _) in pairs() {
        let mut world = world(&config, other, "Sprint = \"both\"", FieldType::Sprint);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(1)).unwrap();
        world.rest().await.unwrap();
        world.jira("acme").set_sprint("Sprint 1, a", SprintState::Closed);
        jane.edit(&key, json!({ "summary": "Item, done" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item, done", "summary"), "Item, done");
        assert_eq!(world.field(other, "Item, done", OTHER), "Sprint 1, a");
        // It goes on in the next one; the one that is over stays on home's list.
        jane.edit(&key, json!({ SPRINT: 2 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item, done", SPRINT), "Sprint 1, a, Sprint 2");
        assert_eq!(world.field(other, "Item, done", OTHER), "Sprint 2");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sprint_is_text_or_an_option_where_there_are_no_sprints() {
    for (config, other, who) in pairs() {
        for objects in [false, true] {
            let rows = format!(
                "iteration = {{ acme = \"Sprint\", {other} = \"{OTHER}\", kind = \"line\", from = [\"{other}\"] }}"
            );
            let mut world = World::of(
                &config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1),
                |setups| {
                    setups.get_mut("acme").unwrap().fields.push(FieldSetup::new(SPRINT, "Sprint", FieldType::Text));
                    let names = [("Theirs", SprintState::Active), ("Next, =[x]", SprintState::Future)];
                    let setup = setups.get_mut(other).unwrap();
                    setup.quirks.sprints_are_objects = objects;
                    enrich(setup, OTHER, FieldType::Sprint, &names);
                },
            );
            world.start().await;
            let (project, kind) = if other == "globex" { ("ENG", "Defect") } else { ("OPS", "Fehler") };
            let person = world.person(other, who);
            let priority = if other == "globex" { "P4" } else { "Niedrig" };
            let fields = json!({ "summary": "Item", "priority": { "name": priority }, OTHER: 1 });
            let there = person.create(project, kind, fields).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "Item", SPRINT), "Theirs");
            person.edit(&there, json!({ OTHER: 2 })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "Item", SPRINT), "Next, =[x]");
            person.edit(&there, json!({ OTHER: null })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "Item", SPRINT), "");
            assert_eq!(world.problems().await, Vec::<String>::new());
            assert_eq!(world.jira(other).count("getAllBoards"), 0, "nothing is looked up that is never written");
        }
        // An option of a table; and of a set, a label.
        let rows = format!(
            "iteration = {{ acme = \"Sprint\", {other} = \"{OTHER}\", kind = \"select\", values = [ \
             {{ acme = \"Sprint 2\", {other} = \"Second\" }} ], on-unmapped = \"skip\" }}"
        );
        let mut world = world(&config, other, &rows, FieldType::Select(vec!["Second".to_owned()]));
        world.start().await;
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(2)).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", OTHER), "Second");
        world.person("acme", "jane").edit(&key, json!({ SPRINT: 1 })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((world.field(other, "Item", OTHER), world.problems().await), ("Second".into(), Vec::new()));
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ OTHER: null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", SPRINT), "");
    }
}

/// Jira names no permission where it refuses either: they are told as one thing to mend.
#[tokio::test(start_paused = true)]
async fn a_sprint_and_a_due_date_that_wait_for_one_permission_are_one_cause() {
    for (config, other, _) in pairs() {
        let mut world = world(&config, other, "Sprint = \"both\"", FieldType::Sprint);
        world.start().await;
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", issue(1)).unwrap();
        world.rest().await.unwrap();
        let project = if other == "globex" { "ENG" } else { "OPS" };
        world.jira(other).set_permission(project, "SCHEDULE_ISSUES", &[]);
        jane.edit(&key, json!({ SPRINT: 2, "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        let stored = world.daemon().store().problems(100).await.unwrap();
        assert_eq!((stored.len(), causes(&stored).len()), (2, 1), "{stored:?}");
        let rights = "the sync user needs Edit Issues (EDIT_ISSUES) and Schedule Issues (SCHEDULE_ISSUES)";
        for function in ["the due date", "the sprint"] {
            let says = format!("for {function} {rights} in project `{project}`");
            assert!(stored.iter().any(|stored| stored.problem.remedy.contains(&says)), "{says}: {stored:?}");
        }
        let shown = |world: &World| (world.field(other, "Item", OTHER), world.field(other, "Item", "duedate"));
        assert_eq!(shown(&world), ("Sprint 1, a".into(), String::new()));
        world.jira(other).set_permission(project, "SCHEDULE_ISSUES", &[Holder::LoggedIn]);
        // What is refused is left alone for an hour.
        world.pass(3_700).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world), ("Sprint 2".into(), "2030-05-06".into()));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Where boards are not shown to the sync user, nothing else is held up.
#[tokio::test(start_paused = true)]
async fn boards_that_are_not_shown_are_a_problem_of_the_field_alone() {
    let mut world = world(&two(), "globex", "Sprint = \"both\"", FieldType::Sprint);
    let rule = FaultRule::new("getAllBoards", When::Always, Fault::Status(403));
    world.jira("globex").add_fault(rule);
    world.start().await;
    world.person("acme", "jane").create("SUP", "Bug", issue(1)).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        (world.field("globex", "Item", "summary"), world.field("globex", "Item", OTHER)),
        ("Item".into(), String::new())
    );
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("does not offer `Sprint 1, a`"), "{problems:?}");
}
