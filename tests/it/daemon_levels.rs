//! Security levels that a table maps: an issue stands under its counterpart's level before anything else is written to it, and what
//! has none there is not carried. Must never ask the daemon what a Jira holds.

use jirasyncd::app::StartError;
use jirasyncd::engine::SetupError;
use jirasyncd::simulator::{Holder, Setup};
use serde_json::json;

use super::daemon_support::{THREE, World, calls, two, two_clouds};

fn pairs() -> [(String, &'static str, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG", "Defect"), (two_clouds(), "initech", "petra", "OPS", "Fehler")]
}

fn config(config: &str, other: &str) -> String {
    let row = format!(
        "summary = \"both\"\nsecurity = {{ values = [ {{ acme = \"Staff\", {other} = \"Innen\" }}, {{ acme = \"Board\", {other} = \"Oben\" }} ] }}"
    );
    config.replacen("summary = \"both\"", &row, 1)
}

fn levels(setup: &mut Setup, names: &[&str]) {
    let project = &mut setup.projects[0];
    project.security_levels = names.iter().map(|name| (*name).to_owned()).collect();
    project.permissions.insert("SET_ISSUE_SECURITY".to_owned(), [Holder::LoggedIn].into());
}

fn world(text: &str, other: &str) -> World {
    World::of(&config(text, other), |setups| {
        levels(setups.get_mut("acme").unwrap(), &["Staff", "Board", "Secret"]);
        levels(setups.get_mut(other).unwrap(), &["Innen", "Oben", "Geheim"]);
    })
}

/// Every write that a Jira took, in order: its operation, and whether it set a level.
fn writes(world: &World, side: &str) -> Vec<(String, bool)> {
    let calls = world.jira(side).calls().into_iter().filter(|call| call.method != "GET" && call.status < 300);
    let writes = calls.filter(|call| {
        !matches!(call.operation, "search" | "bulkFetchIssues" | "getCommentsByIds" | "getBulkChangelogs")
    });
    writes
        .map(|call| {
            let body = String::from_utf8_lossy(&call.request_body).into_owned();
            (call.operation.to_owned(), body.contains("\"security\""))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_made_under_its_level_and_follows_it_first() {
    for (text, other, _, _, _) in pairs() {
        let mut world = world(&text, other);
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Staff" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        jane.comment(&key, "not for all").unwrap();
        world.rest().await.unwrap();
        let level = |world: &World| world.field(other, "Item", "security");
        assert_eq!(level(&world), "Innen");
        assert_eq!(world.issue(other, "Item").comments.len(), 1);
        assert!(writes(&world, other)[0].1, "it was never there without its level: {:?}", writes(&world, other));
        // Another level, with more to say: the level goes first, and alone.
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": { "name": "Board" }, "duedate": "2026-05-01" })).unwrap();
        jane.comment(&key, "for the board").unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.issue(other, "Item").comments.len()), ("Oben".into(), 2));
        let made = writes(&world, other);
        assert!(made.len() >= 3 && made[0] == ("editIssue".to_owned(), true), "{made:?}");
        assert_eq!(made.iter().filter(|(_, level)| *level).count(), 1, "{made:?}");
        // Taken away at home: never there, and nothing more is carried.
        jane.edit(&key, json!({ "security": null, "summary": "Item, open" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.field(other, "Item", "summary")), ("Oben".into(), "Item".into()));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("and home's issue has none"), "{problems:?}");
        world.jira(other).reset_calls();
        world.intervals(10).await;
        assert_eq!(calls(world.jira(other)).get("editIssue"), None);
        // A person takes it away there.
        let there = world.issue(other, "Item").key;
        let person = world.person(other, if other == "globex" { "jdoe" } else { "petra" });
        person.edit(&there, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "summary"), "Item, open");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Home's comes again, on an issue that stands open there: the level first.
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": { "name": "Staff" }, "duedate": "2026-07-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(level(&world), "Innen");
        assert!(writes(&world, other)[0].1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_level_without_a_row_keeps_apart_as_it_always_did() {
    for (text, other, who, project, kind) in pairs() {
        let mut world = world(&text, other);
        world.start().await;
        let jane = world.person("acme", "jane");
        let secret = json!({ "summary": "Canary", "priority": { "name": "Low" }, "security": { "name": "Secret" } });
        let key = jane.create("SUP", "Bug", secret).unwrap();
        // One of the other side's own, mapped or not, tells home nothing.
        let priority = if other == "globex" { "P4" } else { "Niedrig" };
        for level in ["Innen", "Geheim"] {
            let fields = json!({ "summary": format!("Theirs {level}"), "priority": { "name": priority }, "security": { "name": level } });
            world.person(other, who).create(project, kind, fields).unwrap();
        }
        world.rest().await.unwrap();
        assert_eq!((world.issues(other, "Canary").len(), world.issues("acme", "Theirs").len()), (0, 0));
        // A mapped one makes it cross; one without a row stops it again.
        jane.edit(&key, json!({ "security": { "name": "Staff" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "security"), "Innen");
        jane.edit(&key, json!({ "security": { "name": "Secret" }, "summary": "Canary 2" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "summary"), "Canary");
        // A person's own level there, though it has a row, keeps it apart.
        let there = world.issue(other, "Canary").key;
        jane.edit(&key, json!({ "security": { "name": "Staff" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "summary"), "Canary 2");
        world
            .person(other, who)
            .edit(&there, json!({ "security": { "name": "Oben" }, "summary": "Canary 3" }))
            .unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Canary", "summary"), "Canary 2");
        jane.edit(&key, json!({ "summary": "Canary 4" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Canary", "summary"), world.field(other, "Canary", "security")),
            ("Canary 3".into(), "Oben".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_level_cannot_be_set_nothing_is_made_or_written() {
    for (text, other, _, project, _) in pairs() {
        let mut world = world(&text, other);
        world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[]);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields =
            |level: serde_json::Value| json!({ "summary": "Item", "priority": { "name": "Low" }, "security": level });
        let made = jane.create("SUP", "Bug", fields(json!({ "name": "Staff" }))).unwrap();
        world.intervals(10).await;
        assert_eq!(world.issues(other, "Item").len(), 0);
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("no counterpart is made"), "{problems:?}");
        // One that is there already is left as it is.
        jane.edit(&made, json!({ "summary": "Made", "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issues(other, "Made").len(), 1);
        jane.edit(&made, json!({ "security": { "name": "Board" }, "summary": "Canary" })).unwrap();
        jane.comment(&made, "Canary").unwrap();
        world.intervals(10).await;
        let there = world.issue(other, "Made");
        assert!(there.comments.is_empty());
        let problems = world.problems().await;
        assert!(
            problems.iter().any(|problem| problem.contains("nothing else is written to it before")),
            "{problems:?}"
        );
        // With the right, all of it comes, the level first.
        world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[Holder::LoggedIn]);
        world.pass(7 * 3_600).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Canary", "security"), world.issue(other, "Canary").comments.len()),
            ("Oben".into(), 1)
        );
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Under another row's name they would not be held to the above.
#[tokio::test(start_paused = true)]
async fn levels_are_carried_by_their_own_row_alone() {
    let row = "summary = \"both\"\nlevel = { acme = \"Security Level\", globex = \"security\", kind = \"select\" }";
    let mut world = World::without_daemon(&two().replacen("summary = \"both\"", row, 1));
    let Err(StartError::Setup(SetupError::Findings(findings))) = world.try_start().await else { panic!("it started") };
    let told = findings.iter().filter(|found| found.what.contains("by the row `security` alone"));
    assert_eq!(told.count(), 2, "{findings:?}");
}

/// What one partner cannot do holds up that partner alone.
#[tokio::test(start_paused = true)]
async fn a_level_that_one_partner_cannot_set_holds_up_nobody_else() {
    let row = "summary = \"both\"\nsecurity = { values = [ { acme = \"Staff\", globex = \"Innen\", initech = \"Intern\" } ] }";
    let mut world = World::of(&THREE.replacen("summary = \"both\"", row, 1), |setups| {
        for (side, name) in [("acme", "Staff"), ("globex", "Innen"), ("initech", "Intern")] {
            levels(setups.get_mut(side).unwrap(), &[name]);
        }
    });
    world.jira("globex").set_permission("ENG", "SET_ISSUE_SECURITY", &[]);
    world.start().await;
    let jane = world.person("acme", "jane");
    let labels = json!(["share-globex", "share-initech"]);
    let fields = json!({ "summary": "Open", "priority": { "name": "Low" }, "labels": labels });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    assert_eq!((world.issues("globex", "Open").len(), world.issues("initech", "Open").len()), (1, 1));
    jane.edit(&key, json!({ "security": { "name": "Staff" }, "summary": "Canary" })).unwrap();
    let made = json!({ "summary": "Made so", "priority": { "name": "Low" }, "labels": labels, "security": { "name": "Staff" } });
    jane.create("SUP", "Bug", made).unwrap();
    world.intervals(10).await;
    for summary in ["Canary", "Made so"] {
        assert_eq!(world.field("initech", summary, "security"), "Intern", "{summary}");
        assert_eq!(world.issues("globex", summary).len(), 0, "{summary}");
    }
    let problems = world.problems().await;
    assert!(!problems.is_empty() && problems.iter().all(|problem| problem.starts_with("globex: ")), "{problems:?}");
    // A level of its own there, though the table has it, is neither home's nor the other partner's business.
    world.jira("globex").set_permission("ENG", "SET_ISSUE_SECURITY", &[Holder::LoggedIn]);
    let third = json!({ "summary": "Third", "priority": { "name": "Low" }, "labels": labels });
    let third = jane.create("SUP", "Bug", third).unwrap();
    world.rest().await.unwrap();
    let there = world.issue("globex", "Third").key;
    world.person("globex", "jdoe").edit(&there, json!({ "security": { "name": "Innen" } })).unwrap();
    jane.edit(&third, json!({ "summary": "Third now" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        (world.field("acme", "Third", "security"), world.field("initech", "Third", "security")),
        Default::default()
    );
    assert_eq!(
        (world.field("initech", "Third", "summary"), world.field("globex", "Third", "summary")),
        ("Third now".into(), "Third".into())
    );
}
