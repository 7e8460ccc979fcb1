//! Security levels that a table maps: an issue stands under its counterpart's level before anything else is written to it, and what
//! has none there is not carried. Must never ask the daemon what a Jira holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jirasyncd::app::{Daemon, StartError};
use jirasyncd::engine::SetupError;
use jirasyncd::jira::Transport;
use jirasyncd::simulator::{Fault, FaultRule, Holder, Setup, When};
use serde_json::json;

use super::bent::{Bent, each_issue};
use super::daemon_support::{THREE, World, two, two_clouds};

pub(crate) fn pairs() -> [(String, &'static str, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG", "Defect"), (two_clouds(), "initech", "petra", "OPS", "Fehler")]
}

/// A side: who works there, its project, a type, a priority, and its levels. The last of them has no row.
struct Side {
    jira: &'static str,
    who: &'static str,
    project: &'static str,
    kind: &'static str,
    priority: &'static str,
    levels: [&'static str; 3],
}

const ACME: Side = Side {
    jira: "acme",
    who: "jane",
    project: "SUP",
    kind: "Bug",
    priority: "Low",
    levels: ["Staff", "Board", "Secret"],
};
const GLOBEX: Side = Side {
    jira: "globex",
    who: "jdoe",
    project: "ENG",
    kind: "Defect",
    priority: "P4",
    levels: ["Innen", "Oben", "Geheim"],
};
const INITECH: Side = Side {
    jira: "initech",
    who: "petra",
    project: "OPS",
    kind: "Fehler",
    priority: "Niedrig",
    levels: ["Innen", "Oben", "Geheim"],
};

/// Home and the other side: each kind as either.
fn homes() -> [(String, Side, Side); 3] {
    let at_globex = two().replacen("home = \"acme\"", "home = \"globex\"", 1);
    [(two(), ACME, GLOBEX), (two_clouds(), ACME, INITECH), (at_globex, GLOBEX, ACME)]
}

/// Their world, with a row for their levels.
fn world_of(text: &str, home: &Side, other: &Side) -> World {
    world(text, if home.jira == "acme" { other.jira } else { home.jira })
}

/// Somebody makes an issue there, under one of its levels.
fn make(world: &World, side: &Side, summary: &str, level: &str) -> String {
    let fields = json!({ "summary": summary, "priority": { "name": side.priority }, "security": { "name": level } });
    world.person(side.jira, side.who).create(side.project, side.kind, fields).unwrap()
}

fn config(config: &str, other: &str) -> String {
    let row = format!(
        "summary = \"both\"\nsecurity = {{ values = [ {{ acme = \"Staff\", {other} = \"Innen\" }}, {{ acme = \"Board\", {other} = \"Oben\" }} ] }}"
    );
    config.replacen("summary = \"both\"", &row, 1)
}

pub(crate) fn levels(setup: &mut Setup, names: &[&str]) {
    let project = &mut setup.projects[0];
    project.security_levels = names.iter().map(|name| (*name).to_owned()).collect();
    project.permissions.insert("SET_ISSUE_SECURITY".to_owned(), [Holder::LoggedIn].into());
}

pub(crate) fn world(text: &str, other: &str) -> World {
    World::of(&config(text, other), |setups| {
        levels(setups.get_mut("acme").unwrap(), &["Staff", "Board", "Secret"]);
        levels(setups.get_mut(other).unwrap(), &["Innen", "Oben", "Geheim"]);
    })
}

/// Every write that a Jira took, in order: its operation, and whether it set a level.
pub(crate) fn writes(world: &World, side: &str) -> Vec<(String, bool)> {
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
    for (text, home, side) in homes() {
        let mut world = world_of(&text, &home, &side);
        let other = side.jira;
        let ([staff, board, _], [inside, above, _]) = (home.levels, side.levels);
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person(home.jira, home.who);
        let key = make(&world, &home, "Item", staff);
        jane.comment(&key, "not for all").unwrap();
        world.rest().await.unwrap();
        let level = |world: &World| world.field(other, "Item", "security");
        assert_eq!(level(&world), inside);
        assert_eq!(world.issue(other, "Item").comments.len(), 1);
        assert!(writes(&world, other)[0].1, "it was never there without its level: {:?}", writes(&world, other));
        // Another level, with more to say: the level goes first, and alone.
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": { "name": board }, "duedate": "2026-05-01" })).unwrap();
        jane.comment(&key, "for the board").unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.issue(other, "Item").comments.len()), (above.into(), 2));
        let made = writes(&world, other);
        assert!(made.len() >= 3 && made[0] == ("editIssue".to_owned(), true), "{made:?}");
        assert_eq!(made.iter().filter(|(_, level)| *level).count(), 1, "{made:?}");
        // Taken away at home: there too, by itself and before the rest.
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": null, "summary": "Item, open" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.field(other, "Item", "summary")), (String::new(), "Item, open".into()));
        let made = writes(&world, other);
        assert_eq!(made, [("editIssue".to_owned(), true), ("editIssue".to_owned(), false)]);
        assert_eq!(world.problems().await, Vec::<String>::new());
        // Home's comes again, on an issue that stands open there: the level first.
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": { "name": staff }, "duedate": "2026-07-01" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(level(&world), inside);
        assert!(writes(&world, other)[0].1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_level_without_a_row_keeps_apart_as_it_always_did() {
    for (text, home, side) in homes() {
        let mut world = world_of(&text, &home, &side);
        let other = side.jira;
        let ([staff, _, secret], [inside, above, unnamed]) = (home.levels, side.levels);
        world.start().await;
        let (jane, there) = (world.person(home.jira, home.who), world.person(other, side.who));
        let key = make(&world, &home, "Canary", secret);
        // One of the other side's own, mapped or not, tells home nothing.
        for level in [inside, unnamed] {
            make(&world, &side, &format!("Theirs {level}"), level);
        }
        world.rest().await.unwrap();
        assert_eq!((world.issues(other, "Canary").len(), world.issues(home.jira, "Theirs").len()), (0, 0));
        // A mapped one makes it cross; one without a row stops it again.
        jane.edit(&key, json!({ "security": { "name": staff } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "security"), inside);
        jane.edit(&key, json!({ "security": { "name": secret }, "summary": "Canary 2" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "summary"), "Canary");
        // A person's own level there, though it has a row, keeps it apart.
        let copy = world.issue(other, "Canary").key;
        jane.edit(&key, json!({ "security": { "name": staff } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Canary", "summary"), "Canary 2");
        there.edit(&copy, json!({ "security": { "name": above }, "summary": "Canary 3" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(home.jira, "Canary", "summary"), "Canary 2");
        jane.edit(&key, json!({ "summary": "Canary 4" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Canary", "summary"), world.field(other, "Canary", "security")),
            ("Canary 3".into(), above.into())
        );
    }
}

/// No row says anything of levels.
#[tokio::test(start_paused = true)]
async fn a_level_that_is_set_later_keeps_an_issue_apart_until_it_is_taken_away() {
    for (text, from, to) in [(two(), ACME, GLOBEX), (two(), GLOBEX, ACME), (two_clouds(), INITECH, ACME)] {
        let mut world = World::of(&text, |setups| {
            for side in [&from, &to] {
                levels(setups.get_mut(side.jira).unwrap(), &side.levels);
            }
        });
        world.start().await;
        let (author, there) = (world.person(from.jira, from.who), world.person(to.jira, to.who));
        let fields = json!({ "summary": "Item", "priority": { "name": from.priority } });
        let key = author.create(from.project, from.kind, fields).unwrap();
        world.rest().await.unwrap();
        let copy = world.issue(to.jira, "Item").key;
        author.edit(&key, json!({ "security": { "name": from.levels[0] }, "summary": "Item, canary" })).unwrap();
        world.intervals(2).await;
        author.comment(&key, "canary").unwrap();
        there.edit(&copy, json!({ "description": "written meanwhile" })).unwrap();
        there.comment(&copy, "said meanwhile").unwrap();
        world.intervals(20).await;
        let (kept, apart) = (world.jira(from.jira).issue(&key).unwrap(), world.jira(to.jira).issue(&copy).unwrap());
        let place = from.jira;
        assert_eq!((apart.fields["summary"].as_str(), apart.comments.len()), ("Item", 1), "{place}: {apart:?}");
        assert!(!kept.fields.contains_key("description") && kept.comments.len() == 1, "{place}: {kept:?}");
        let problems = world.problems().await;
        let told = format!("{place}: {key} has a security level");
        assert!(problems.iter().any(|problem| problem.contains(&told)), "{problems:?}");
        // What people did to the fields meanwhile arrives.
        author.edit(&key, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to.jira, "Item", "summary"), "Item, canary", "{place}");
        assert!(world.field(place, "Item", "description").contains("written meanwhile"), "{place}");
        // So does what they said, once each.
        for jira in [place, to.jira] {
            let said = world.issue(jira, "Item").comments;
            let times = |words: &str| said.iter().filter(|comment| comment.body.contains(words)).count();
            assert_eq!((times("canary"), times("said meanwhile"), said.len()), (1, 1, 2), "{place}, {jira}: {said:?}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "{place}");
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

/// Whoever set it there, and though it is not agreed.
#[tokio::test(start_paused = true)]
async fn what_is_written_is_the_level_that_home_has_whoever_set_it() {
    for (text, other, _, _, _) in pairs() {
        let text = text.replacen("project = \"SUP\"", "project = \"SUP\", from = [\"group:Team\"]", 1);
        let mut world = World::of(&config(&text, other), |setups| {
            levels(setups.get_mut("acme").unwrap(), &["Staff", "Board", "Secret"]);
            levels(setups.get_mut(other).unwrap(), &["Innen", "Oben", "Geheim"]);
            let acme = setups.get_mut("acme").unwrap();
            let jane = acme.users.iter().find(|user| user.name == "jane").unwrap().id.clone();
            acme.group_members.insert("Team".into(), [jane].into());
        });
        world.jira(other).record_bodies(true);
        world.start().await;
        let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Board" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "security"), "Oben");
        jane.edit(&key, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "security"), "");
        // Somebody whose acts stay at home.
        omar.edit(&key, json!({ "security": { "name": "Staff" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "security"), "Innen");
    }
}

/// A level that an issue of ours gets from its scheme is nobody's act.
#[tokio::test(start_paused = true)]
async fn a_level_that_homes_copy_got_by_itself_is_carried() {
    let mut world = world(&two(), "globex");
    let by_scheme = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&by_scheme);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.contains("acme.example") {
                each_issue(said, |issue| issue["fields"]["security"] = json!({ "id": "10000", "name": "Staff" }));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    by_scheme.store(true, Ordering::SeqCst);
    let fields = json!({ "summary": "Theirs", "priority": { "name": "P4" } });
    world.person("globex", "jdoe").create("ENG", "Defect", fields).unwrap();
    world.intervals(10).await;
    assert_eq!(
        (world.issues("acme", "Theirs").len(), world.field("globex", "Theirs", "security")),
        (1, "Innen".into())
    );
}

/// A version is seen by everybody who works there, whoever may see the issue that it was made for.
#[tokio::test(start_paused = true)]
async fn no_version_is_made_for_an_issue_under_a_level() {
    for (text, other, _, _, _) in pairs() {
        let text =
            text.replacen("summary = \"both\"", "summary = \"both\"\nfix-versions = { on-unmapped = \"create\" }", 1);
        let mut world = World::of(&config(&text, other), |setups| {
            levels(setups.get_mut("acme").unwrap(), &["Staff", "Board"]);
            levels(setups.get_mut(other).unwrap(), &["Innen", "Oben"]);
            setups.get_mut("acme").unwrap().projects[0].versions = vec!["1.0".to_owned(), "Canary".to_owned()];
        });
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = |summary: &str, version: &str, level: &str| {
            let level = if level.is_empty() { json!(null) } else { json!({ "name": level }) };
            json!({ "summary": summary, "priority": { "name": "Low" }, "security": level, "fixVersions": [{ "name": version }] })
        };
        jane.create("SUP", "Bug", fields("Open", "1.0", "")).unwrap();
        let key = jane.create("SUP", "Bug", fields("Under", "Canary", "Staff")).unwrap();
        world.rest().await.unwrap();
        let shown = |world: &World, summary: &str| {
            (world.field(other, summary, "security"), world.field(other, summary, "fixVersions"))
        };
        assert_eq!(shown(&world, "Open"), (String::new(), "1.0".into()));
        assert_eq!(shown(&world, "Under"), ("Innen".into(), String::new()));
        assert_eq!(world.jira(other).count("createVersion"), 1);
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("`Canary` is missing")), "{problems:?}");
        // One that is there is set, and it is made once home's issue is open.
        jane.edit(&key, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world, "Under"), (String::new(), "Canary".into()));
    }
}

/// The index does not show what we wrote, and home's level is what it was before.
#[tokio::test(start_paused = true)]
async fn a_level_that_was_written_and_not_seen_yet_is_not_taken_for_the_former() {
    for (text, other, _, _, _) in pairs() {
        let mut world = world(&text, other);
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Board" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jira(other).set_index_lag(Duration::from_secs(600));
        world.jira(other).reset_calls();
        jane.edit(&key, json!({ "security": { "name": "Staff" } })).unwrap();
        world.intervals(1).await;
        assert_eq!(world.field(other, "Item", "security"), "Innen");
        jane.edit(&key, json!({ "security": { "name": "Board" } })).unwrap();
        jane.comment(&key, "for the board").unwrap();
        world.intervals(40).await;
        let made = writes(&world, other);
        let edits = made.iter().take_while(|(operation, _)| operation == "editIssue").count();
        assert!(edits >= 2 && made.len() > edits, "{made:?}");
        world.jira(other).set_index_lag(Duration::ZERO);
        world.rest().await.unwrap();
        assert_eq!(
            (world.field(other, "Item", "security"), world.issue(other, "Item").comments.len()),
            ("Oben".into(), 1)
        );
    }
}

/// What stands open there while home's has a level is led to by nothing.
#[tokio::test(start_paused = true)]
async fn no_link_is_made_to_an_issue_that_does_not_stand_under_its_level() {
    for (text, other, _, project, _) in pairs() {
        let text = text.replacen("summary = \"both\"", "summary = \"both\"\nlinks = \"both\"", 1);
        let mut world = world(&text, other);
        world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[]);
        world.start().await;
        let jane = world.person("acme", "jane");
        let create = |summary: &str| {
            jane.create("SUP", "Bug", json!({ "summary": summary, "priority": { "name": "Low" } })).unwrap()
        };
        let (one, two) = (create("One"), create("Two"));
        world.rest().await.unwrap();
        jane.edit(&two, json!({ "security": { "name": "Staff" } })).unwrap();
        world.intervals(6).await;
        jane.link(&one, "Blocks", &two).unwrap();
        world.intervals(10).await;
        assert_eq!(world.issue(other, "Two").issue_links.len(), 0, "a link shows on what stands open");
        // Once it stands under its level the full check has it made.
        world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[Holder::LoggedIn]);
        for _ in 0..2 {
            world.pass(7 * 3_600).await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
        }
        assert_eq!(
            (world.field(other, "Two", "security"), world.issue(other, "Two").issue_links.len()),
            ("Innen".into(), 1)
        );
    }
}

/// No poll shows yet that it was taken away: what is written next finds it.
#[tokio::test(start_paused = true)]
async fn nothing_new_goes_to_an_issue_whose_level_was_just_taken_away() {
    for (text, other, who, _, _) in pairs() {
        let mut world = world(&text, other);
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Staff" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jira(other).set_index_lag(Duration::from_secs(600));
        let there = world.issue(other, "Item").key;
        for times in 1..3 {
            world.person(other, who).edit(&there, json!({ "security": null })).unwrap();
            world.jira(other).reset_calls();
            jane.comment(&key, "Canary").unwrap();
            world.intervals(6).await;
            let made = writes(&world, other);
            if times == 1 {
                assert_eq!(made, [("editIssue".to_owned(), true), ("addComment".to_owned(), false)]);
            } else {
                assert_eq!(made, []);
            }
        }
        assert_eq!(world.issue(other, "Item").comments.len(), 1);
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("took away")), "{problems:?}");
        world.person(other, who).edit(&there, json!({ "security": { "name": "Innen" } })).unwrap();
        world.jira(other).set_index_lag(Duration::ZERO);
        world.rest().await.unwrap();
        assert_eq!(world.issue(other, "Item").comments.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_level_that_is_not_carried_any_more_keeps_apart_before_home_is_read() {
    for (text, other, who, project, _) in pairs() {
        let carried = config(&text, other);
        let lacking = carried.replacen(&format!("{{ acme = \"Staff\", {other} = \"Innen\" }}, "), "", 1);
        for without in [text.clone(), lacking] {
            let mut world = world(&text, other);
            world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[]);
            world.start().await;
            let jane = world.person("acme", "jane");
            let key = jane.create("SUP", "Bug", json!({ "summary": "Made", "priority": { "name": "Low" } })).unwrap();
            world.rest().await.unwrap();
            jane.edit(&key, json!({ "security": { "name": "Staff" }, "summary": "Canary" })).unwrap();
            jane.comment(&key, "Canary").unwrap();
            world.intervals(10).await;
            world = world.with_config(&without);
            world.start().await;
            let there = world.issue(other, "Made").key;
            world.person(other, who).edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
            world.intervals(10).await;
            let made = world.issue(other, "Made");
            assert!(made.comments.is_empty());
            let problems = world.problems().await;
            assert!(problems.iter().any(|problem| problem.contains("has a security level")), "{problems:?}");
            // Carried again, all of it comes.
            world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[Holder::LoggedIn]);
            world = world.with_config(&carried);
            world.start().await;
            jane.edit(&key, json!({ "duedate": "2026-06-01" })).unwrap();
            world.rest().await.unwrap();
            // What was refused is tried again ever more seldom.
            world.pass(7_200).await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(
                (world.field(other, "Canary", "security"), world.issue(other, "Canary").comments.len()),
                ("Innen".into(), 1)
            );
        }
    }
}

/// Once by mistake, or an automation that nobody should fight.
#[tokio::test(start_paused = true)]
async fn a_level_that_somebody_takes_away_there_is_put_back_once() {
    for (text, other, who, _, _) in pairs() {
        let mut world = world(&text, other);
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Staff" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        let level = |world: &World| world.field(other, "Item", "security");
        world.person(other, who).edit(&there, json!({ "security": null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.problems().await), ("Innen".into(), Vec::new()));
        world.person(other, who).edit(&there, json!({ "security": null })).unwrap();
        jane.comment(&key, "Canary").unwrap();
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        jane.attach(&key, "canary.txt", b"Canary").unwrap();
        world.jira(other).reset_calls();
        world.intervals(10).await;
        assert_eq!((writes(&world, other), level(&world)), (Vec::new(), String::new()));
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("took away"), "{problems:?}");
        // Another level of home's is another word.
        jane.edit(&key, json!({ "security": { "name": "Board" } })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((level(&world), world.issue(other, "Item").comments.len()), ("Oben".into(), 1));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What Jira's index says is older than what it holds.
#[tokio::test(start_paused = true)]
async fn nothing_is_opened_by_what_an_index_says() {
    for (text, other, _, _, _) in pairs() {
        let mut world = world(&text, other);
        let lies = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&lies);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if held.load(Ordering::SeqCst) && place.contains("acme.example") && place.contains("/search") {
                    each_issue(said, |issue| issue["fields"]["security"] = json!(null));
                }
            })) as Arc<dyn Transport>
        });
        world.jira(other).record_bodies(true);
        world.start().await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Staff" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        world.jira(other).reset_calls();
        lies.store(true, Ordering::SeqCst);
        jane.edit(&key, json!({ "duedate": "2026-05-01" })).unwrap();
        world.intervals(6).await;
        assert_eq!(world.field(other, "Item", "security"), "Innen");
        assert!(!writes(&world, other).iter().any(|(_, level)| *level), "its level was written");
    }
}

/// A level that only one partner has a name for goes to that one, and the other does not hear of it.
#[tokio::test(start_paused = true)]
async fn a_side_that_has_no_name_for_a_level_gets_nothing_of_it() {
    let row = "summary = \"both\"\nsecurity = { values = [ { acme = \"Staff\", globex = \"Innen\" } ] }";
    let mut world = World::of(&THREE.replacen("summary = \"both\"", row, 1), |setups| {
        for (side, name) in [("acme", "Staff"), ("globex", "Innen"), ("initech", "Intern")] {
            levels(setups.get_mut(side).unwrap(), &[name]);
        }
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    let labels = json!(["share-globex", "share-initech"]);
    let open = json!({ "summary": "Open", "priority": { "name": "Low" }, "labels": labels });
    let key = jane.create("SUP", "Bug", open).unwrap();
    world.rest().await.unwrap();
    let made = json!({ "summary": "Made so", "priority": { "name": "Low" }, "labels": labels, "security": { "name": "Staff" } });
    jane.create("SUP", "Bug", made).unwrap();
    jane.edit(&key, json!({ "security": { "name": "Staff" }, "summary": "Canary" })).unwrap();
    world.intervals(10).await;
    assert_eq!((world.issues("initech", "Canary").len(), world.issues("initech", "Made so").len()), (0, 0));
    assert_eq!(world.field("initech", "Open", "security"), "");
    for summary in ["Canary", "Made so"] {
        assert!(world.issues("globex", summary).iter().all(|issue| issue.fields["security"] == "Innen"), "{summary}");
    }
    assert_eq!((world.issues("globex", "Canary").len(), world.issues("globex", "Made so").len()), (1, 1));
    let problems = world.problems().await;
    assert!(problems.len() >= 2 && problems.iter().all(|problem| problem.starts_with("initech: ")), "{problems:?}");
    jane.edit(&key, json!({ "security": null })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(
        (world.issues("initech", "Canary").len(), world.field("globex", "Canary", "security")),
        (1, String::new())
    );
}

/// The sync user is in none of the levels: then it may not set one, and would not see what it made.
#[tokio::test(start_paused = true)]
async fn who_is_not_in_a_level_makes_nothing_under_it() {
    for (text, other, who, project, _) in pairs() {
        let mut world = world(&text, other);
        world.start().await;
        let member = world.person(other, who).id().to_owned();
        world.jira(other).set_level_members(project, "Innen", &[Holder::User(member)]);
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "security": { "name": "Staff" } });
        jane.create("SUP", "Bug", fields).unwrap();
        world.intervals(10).await;
        assert_eq!(world.issues(other, "Item").len(), 0);
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("no counterpart is made")), "{problems:?}");
    }
}

/// While nobody knows whether a level was taken, nothing else goes.
#[tokio::test(start_paused = true)]
async fn a_level_without_an_answer_is_looked_for_before_anything_else() {
    for (text, other, _, _, _) in pairs() {
        for fault in [Fault::ResetAfter, Fault::ResetBefore] {
            let mut world = world(&text, other);
            world.jira(other).record_bodies(true);
            world.start().await;
            let jane = world.person("acme", "jane");
            let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "priority": { "name": "Low" } })).unwrap();
            world.rest().await.unwrap();
            world.jira(other).reset_calls();
            world.jira(other).add_fault(FaultRule::new("editIssue", When::Nth(1), fault));
            jane.edit(&key, json!({ "security": { "name": "Staff" }, "duedate": "2026-05-01" })).unwrap();
            jane.comment(&key, "under it").unwrap();
            world.rest().await.unwrap();
            let made = writes(&world, other);
            let levels = made.iter().take_while(|(operation, level)| operation == "editIssue" && *level).count();
            assert!(levels >= 1 && made.len() == levels + 2, "{made:?}");
            let there = world.issue(other, "Item");
            assert_eq!((there.fields["security"].as_str(), there.comments.len()), ("Innen", 1));
        }
    }
}

/// What `check` and a start say of levels.
#[tokio::test(start_paused = true)]
async fn levels_without_a_row_and_screens_without_levels_are_told_before() {
    for (text, other, _, project, _) in pairs() {
        let world = world(&text, other);
        world.jira(other).set_permission(project, "SET_ISSUE_SECURITY", &[]);
        let started = Daemon::start(world.config.clone(), world.surroundings()).await.unwrap();
        let told = |part: &str| started.1.iter().filter(|finding| finding.what.contains(part)).count();
        assert_eq!(told("security level `Secret` has no row"), 1, "{:?}", started.1);
        assert_eq!(told("no create screen offers the sync user a security level"), 1, "{:?}", started.1);
    }
}
