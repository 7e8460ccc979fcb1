//! A daemon that goes over to another configuration: what it refuses, what it leaves alone, and that it goes on where it stood. Must
//! never judge by the daemon's answer alone.

use std::sync::{Arc, Mutex};

use jirasyncd::config::{self, SecretsWanted};
use jirasyncd::model::command::{Answer, Command, Ended, Target};
use jirasyncd::model::configuration::Existing;
use jirasyncd::simulator::{Fault, FaultRule, When, presets};
use serde_json::json;

use super::daemon_fairness;
use super::daemon_pause::give;
use super::daemon_support::{THREE, Tokens, World, load, two};

/// A daemon whose file can be written.
async fn world(text: &str) -> (World, Arc<Mutex<String>>) {
    started(World::without_daemon(text), text).await
}

pub(crate) async fn started(mut world: World, text: &str) -> (World, Arc<Mutex<String>>) {
    let file = Arc::new(Mutex::new(String::new()));
    write(&world, &file, text);
    let read = Arc::clone(&file);
    let reread = move || config::load(&read.lock().unwrap(), "test.toml", &Tokens, SecretsWanted::Yes);
    world.surroundings.reread = Some(Arc::new(reread));
    world.start().await;
    (world, file)
}

pub(crate) fn write(world: &World, file: &Mutex<String>, text: &str) {
    *file.lock().unwrap() = text.replace("STATE", &world.state().display().to_string());
}

pub(crate) async fn reload(world: &mut World, confirm: bool) -> Answer {
    let answer = give(world, Command::Reload { confirm, existing: Existing::ReMap }).await;
    if let Some((next, _)) = world.daemon().succeed().await.unwrap() {
        world.daemon = Some(Arc::new(next));
    }
    answer
}

fn without_initech() -> String {
    let lines = THREE.lines().filter(|line| !line.starts_with("side.initech")).collect::<Vec<_>>().join("\n");
    let cut = lines.find("[instance.initech]").unwrap()..lines.find("[sync.support]").unwrap();
    let text = lines.replace(lines.get(cut).unwrap(), "");
    ["Fehler", "Aufgabe", "Neu", "In Arbeit", "Fertig", "Hoch", "Mittel", "Niedrig", "petra@initech.example"]
        .iter()
        .fold(text, |text, cell| text.replace(&format!(", initech = \"{cell}\""), ""))
}

#[tokio::test(start_paused = true)]
async fn row_103_a_side_is_left_out_only_where_that_is_confirmed_and_comes_back_where_it_stood() {
    let (mut world, file) = world(THREE).await;
    let fields = json!({ "summary": "Item", "labels": ["share-globex", "share-initech"] });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.settle().await;
    assert_eq!(world.issues("initech", "Item").len(), 1);
    write(&world, &file, &without_initech());
    let answer = reload(&mut world, false).await;
    assert_eq!(answer.ended, Ended::Refused);
    assert!(
        answer.lines.iter().any(|line| line.contains("side `initech` of sync `support` is left out")),
        "{answer:?}"
    );
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("initech", "Item", "summary"), "Item two", "the configuration before holds");
    assert_eq!(reload(&mut world, true).await.ended, Ended::Done);
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item three" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item three");
    assert_eq!(world.field("initech", "Item", "summary"), "Item two", "left alone, and not deleted");
    // People go on working there; put back, both changes cross, and nothing is made twice.
    let there = world.issue("initech", "Item").key;
    world
        .person("initech", "petra")
        .edit(&there, json!({ "description": world.person("initech", "petra").text("Theirs") }))
        .unwrap();
    write(&world, &file, THREE);
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!(world.field("initech", "Item", "summary"), "Item three");
    assert!(world.field("acme", "Item", "description").contains("Theirs"));
    assert_eq!(world.issues("initech", "Item").len(), 1);
}

/// What a side that is left out had said stays where it crossed to, and shows nobody anything new.
#[tokio::test(start_paused = true)]
async fn leaving_a_side_out_takes_back_nothing_that_its_people_did() {
    let (mut world, file) = world(THREE).await;
    let fields = json!({ "summary": "Item", "labels": ["share-globex", "share-initech"], "duedate": "2026-05-01" });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.settle().await;
    let theirs = world.issue("initech", "Item").key;
    let words = world.person("initech", "petra").text("Theirs");
    let act = json!({ "summary": "Item by initech", "description": words, "duedate": "2026-06-01" });
    world.person("initech", "petra").update(&theirs, json!({ "labels": [{ "add": "theirs" }] })).unwrap();
    world.person("initech", "petra").edit(&theirs, act).unwrap();
    world.settle().await;
    assert_eq!(
        (world.field("acme", "Item", "summary").as_str(), world.field("globex", "Item", "summary").as_str()),
        ("Item by initech", "Item")
    );
    write(&world, &file, &without_initech());
    assert_eq!(reload(&mut world, true).await.ended, Ended::Done);
    world.settle().await;
    let at = |world: &World, side: &str, field: &str| world.field(side, "Item", field);
    assert_eq!(
        (at(&world, "acme", "summary").as_str(), at(&world, "acme", "duedate").as_str()),
        ("Item by initech", "2026-06-01")
    );
    assert!(at(&world, "acme", "description").contains("Theirs"));
    assert_eq!(
        (at(&world, "globex", "summary").as_str(), at(&world, "globex", "duedate").as_str()),
        ("Item", "2026-05-01")
    );
    assert!(!at(&world, "globex", "description").contains("Theirs"));
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item by acme" })).unwrap();
    let ours = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").update(&ours, json!({ "labels": [{ "add": "ours" }] })).unwrap();
    world.settle().await;
    assert_eq!(at(&world, "globex", "summary"), "Item by acme");
    let labels = at(&world, "acme", "labels");
    assert!(labels.contains("theirs") && labels.contains("ours"), "{labels}");
    assert!(!at(&world, "globex", "labels").contains("theirs"));
    // Put back: what was done meanwhile comes to it, and nothing goes back to what was.
    write(&world, &file, THREE);
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    world.settle().await;
    for side in ["acme", "globex", "initech"] {
        assert_eq!(at(&world, side, "summary"), "Item by acme", "{side}");
    }
    assert_eq!(
        (at(&world, "acme", "duedate").as_str(), at(&world, "globex", "duedate").as_str()),
        ("2026-06-01", "2026-05-01")
    );
    assert_eq!(at(&world, "initech", "duedate"), "2026-06-01");
}

/// The same where everybody sees everybody: the next edit of a set or text takes nothing of theirs away either.
#[tokio::test(start_paused = true)]
async fn what_a_side_said_stays_after_it_is_left_out_whoever_edits_next() {
    let open = |text: &str| {
        let partner = |text: &str, name: &str| {
            text.replace(&format!(", sees = [\"acme\"], when = \"labels = share-{name}\""), "")
        };
        partner(&partner(text, "globex"), "initech")
    };
    let (mut world, file) = world(&open(THREE)).await;
    let words = world.person("acme", "jane").text("First.\n\nSecond.");
    let fields = json!({ "summary": "Item", "labels": ["a"], "description": words });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.settle().await;
    let theirs = world.issue("initech", "Item").key;
    world.person("initech", "petra").update(&theirs, json!({ "labels": [{ "add": "theirs" }] })).unwrap();
    let words = world.person("initech", "petra").text("First.\n\nSecond by initech.");
    world.person("initech", "petra").edit(&theirs, json!({ "description": words })).unwrap();
    world.settle().await;
    assert!(world.field("globex", "Item", "description").contains("by initech"));
    write(&world, &file, &open(&without_initech()));
    assert_eq!(reload(&mut world, true).await.ended, Ended::Done);
    world.settle().await;
    let ours = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").update(&ours, json!({ "labels": [{ "add": "ours" }] })).unwrap();
    let words = world.person("acme", "jane").text("First by acme.\n\nSecond by initech.");
    world.person("acme", "jane").edit(&key, json!({ "description": words })).unwrap();
    world.settle().await;
    for side in ["acme", "globex"] {
        let (labels, text) = (world.field(side, "Item", "labels"), world.field(side, "Item", "description"));
        assert!(["a", "theirs", "ours"].iter().all(|label| labels.contains(label)), "{side}: {labels}");
        assert!(text.contains("First by acme") && text.contains("Second by initech"), "{side}: {text}");
    }
    // What is made at the side while it is out joins when it is back, on somebody's word.
    world.person("initech", "petra").create("OPS", "Fehler", json!({ "summary": "Meanwhile" })).unwrap();
    world.settle().await;
    write(&world, &file, &open(THREE));
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    world.settle().await;
    let meanwhile =
        |world: &World| [world.issues("acme", "Meanwhile").len(), world.issues("globex", "Meanwhile").len()];
    assert_eq!(meanwhile(&world), [0, 0]);
    assert_eq!(give(&world, Command::Confirm { sync: "support".into(), most: 2 }).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!(meanwhile(&world), [1, 1]);
    assert_eq!(world.issues("initech", "Item").len(), 1);
}

/// Two issues that are for initech too, which the configuration does not name yet.
async fn with_old_issues() -> (World, Arc<Mutex<String>>) {
    let (world, file) = world(&without_initech()).await;
    for number in 0..2 {
        let fields = json!({ "summary": format!("Old {number}"), "labels": ["share-globex", "share-initech"] });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    }
    world.settle().await;
    (world, file)
}

/// Not one issue is made by what is new in a configuration until somebody says so, and what people make meanwhile does not wait.
#[tokio::test(start_paused = true)]
async fn what_a_reload_would_create_waits_for_a_word() {
    for confirmed in [false, true] {
        let (mut world, file) = with_old_issues().await;
        assert_eq!((world.issues("globex", "Old").len(), world.issues("initech", "Old").len()), (2, 0));
        write(&world, &file, THREE);
        let answer = reload(&mut world, confirmed).await;
        assert_eq!(answer.ended, Ended::Done);
        let says = answer.lines.iter().any(|line| line.contains("wait until somebody says so"));
        assert_eq!(says, !confirmed, "{answer:?}");
        world.settle().await;
        if !confirmed {
            assert_eq!(world.issues("initech", "Old").len(), 0);
            let problems = world.problems().await;
            let told = "2 issues would be created at once in sync `support`, by what is new in its configuration: 2 on initech";
            assert!(problems.iter().any(|problem| problem.contains(told)), "{problems:?}");
            // Neither what people make nor what they do waits for that, also not over a start.
            world.config = load(THREE, &world.state());
            world.start().await;
            let jane = world.person("acme", "jane");
            let labels = json!(["share-globex", "share-initech"]);
            jane.create("SUP", "Bug", json!({ "summary": "New", "labels": labels })).unwrap();
            let old = world.issue("acme", "Old 0").key;
            jane.edit(&old, json!({ "summary": "Old, edited" })).unwrap();
            world.settle().await;
            assert_eq!((world.issues("initech", "New").len(), world.issues("initech", "Old").len()), (1, 0));
            assert_eq!(world.issues("globex", "Old, edited").len(), 1);
            assert_eq!(give(&world, Command::Confirm { sync: "support".into(), most: 2 }).await.ended, Ended::Done);
            world.settle().await;
        }
        assert_eq!(world.issues("initech", "Old").len(), 2);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Nor while the side that is new does not answer, or is paused: what waits for it is not forgotten meanwhile.
#[tokio::test(start_paused = true)]
async fn what_a_reload_would_create_waits_however_late_it_is_seen() {
    let paused = Target::Instance("initech".into());
    for away in [false, true] {
        let (mut world, file) = with_old_issues().await;
        write(&world, &file, THREE);
        if !away {
            give(&world, Command::Pause(paused.clone())).await;
        }
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        if away {
            world.jira("initech").add_fault(FaultRule::new("search", When::Always, Fault::Status(503)));
        }
        for _ in 0..40 {
            world.interval().await;
        }
        assert_eq!(world.issues("initech", "Old").len(), 0);
        if away {
            world.jira("initech").clear_faults();
        } else {
            give(&world, Command::Resume(paused.clone())).await;
        }
        world.rest().await.unwrap();
        assert_eq!(world.issues("initech", "Old").len(), 0, "away: {away}");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("by what is new in its configuration")), "{problems:?}");
        // A word for what waits says nothing of what the next one adds.
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        assert_eq!(give(&world, Command::Confirm { sync: "support".into(), most: 2 }).await.ended, Ended::Done);
        world.rest().await.unwrap();
        assert_eq!(world.issues("initech", "Old").len(), 2);
    }
}

/// What a side lets begin that it did not before is counted and asked about as well, and not made one by one by whoever touches it.
#[tokio::test(start_paused = true)]
async fn old_issues_that_a_side_lets_begin_now_wait_for_a_word() {
    for narrower in [
        "scope = \"on-demand\"",
        "not-from = [\"user:5b10a2844c20165700ede21g\"]",
        "from = [\"user:5b10ac8d82e05b22cc7d4ef5\"]",
    ] {
        let narrow = two().replacen("project = \"SUP\"", &format!("project = \"SUP\", {narrower}"), 1);
        let (mut world, file) = world(&narrow).await;
        let jane = world.person("acme", "jane");
        for number in 0..2 {
            jane.create("SUP", "Bug", json!({ "summary": format!("Old {number}") })).unwrap();
        }
        world.settle().await;
        assert_eq!(world.issues("globex", "Old").len(), 0, "{narrower}, before");
        write(&world, &file, &two());
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        world.settle().await;
        assert_eq!(world.issues("globex", "Old").len(), 0, "{narrower}");
        let problems = world.problems().await;
        let told =
            "2 issues would be created at once in sync `support`, by what is new in its configuration: 2 on globex";
        assert!(problems.iter().any(|problem| problem.contains(told)), "{narrower}: {problems:?}");
        jane.edit(&world.issue("acme", "Old 0").key, json!({ "summary": "Old, edited" })).unwrap();
        world.settle().await;
        assert_eq!(world.issues("globex", "Old").len(), 0, "{narrower}");
        assert_eq!(give(&world, Command::Confirm { sync: "support".into(), most: 2 }).await.ended, Ended::Done);
        world.settle().await;
        assert_eq!(world.issues("globex", "Old").len(), 2, "{narrower}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{narrower}");
    }
}

/// Nor where the daemon dies when it has answered, and is started by that configuration.
#[tokio::test(start_paused = true)]
async fn what_a_reload_would_create_waits_over_a_death() {
    for confirmed in [false, true] {
        let (mut world, file) = with_old_issues().await;
        write(&world, &file, THREE);
        let answer = give(&world, Command::Reload { confirm: confirmed, existing: Existing::ReMap }).await;
        assert_eq!(answer.ended, Ended::Done);
        world.config = load(THREE, &world.state());
        world.start().await;
        world.settle().await;
        assert_eq!(world.issues("initech", "Old").len(), if confirmed { 2 } else { 0 });
        let problems = world.problems().await;
        let told = problems.iter().any(|problem| problem.contains("by what is new in its configuration"));
        assert_eq!(told, !confirmed, "{problems:?}");
    }
}

/// Nor is what was made between two reloads let through by the second one.
#[tokio::test(start_paused = true)]
async fn old_issues_that_a_second_reload_lets_begin_wait_as_well() {
    let (jane, omar) = ("user:5b10a2844c20165700ede21g", "user:5b10ac8d82e05b22cc7d4ef5");
    let without = |who: &str| two().replacen("project = \"SUP\"", &format!("project = \"SUP\", not-from = [{who}]"), 1);
    let (mut world, file) = world(&without(&format!("\"{jane}\", \"{omar}\""))).await;
    let makes = |world: &World, who: &str, name: &str| {
        for number in 0..2 {
            let fields = json!({ "summary": format!("{name} {number}") });
            world.person("acme", who).create("SUP", "Bug", fields).unwrap();
        }
    };
    makes(&world, "jane", "Old");
    world.settle().await;
    write(&world, &file, &without(&format!("\"{omar}\"")));
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    world.settle().await;
    makes(&world, "omar", "Later");
    world.settle().await;
    write(&world, &file, &two());
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!((world.issues("globex", "Old").len(), world.issues("globex", "Later").len()), (0, 0));
    let problems = world.problems().await;
    let told = "4 issues would be created at once in sync `support`, by what is new in its configuration: 4 on globex";
    assert!(problems.iter().any(|problem| problem.contains(told)), "{problems:?}");
    assert_eq!(give(&world, Command::Confirm { sync: "support".into(), most: 4 }).await.ended, Ended::Done);
    world.settle().await;
    assert_eq!((world.issues("globex", "Old").len(), world.issues("globex", "Later").len()), (2, 2));
}

/// A row that is taken out takes along what was told of it, and what was not seen of it yet is told as nothing.
#[tokio::test(start_paused = true)]
async fn nothing_is_told_of_a_row_that_is_taken_out() {
    for refused in [false, true] {
        let (mut world, file) = world(&two()).await;
        let key = world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Item" })).unwrap();
        world.settle().await;
        if refused {
            world.jira("globex").add_fault(FaultRule::new("editIssue", When::Always, Fault::Status(400)));
        }
        world.person("acme", "jane").edit(&key, json!({ "duedate": "2026-12-24" })).unwrap();
        world.interval().await;
        let expected = if refused { "" } else { "2026-12-24" };
        assert_eq!(world.field("globex", "Item", "duedate"), expected);
        if refused {
            world.settle().await;
            assert!(!world.problems().await.is_empty());
        }
        write(&world, &file, &two().replace("due-date = \"both\"\n", ""));
        assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
        world.settle().await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "refused: {refused}");
    }
}

/// A sync of which the configuration says the same is not counted anew: nothing of it waits.
#[tokio::test(start_paused = true)]
async fn what_waits_in_another_sync_does_not_wait_for_a_reload() {
    let paced =
        daemon_fairness::CONFIG.replace("[sync.bulk.map]", "[sync.bulk.backfill]\nper-hour = 3\n[sync.bulk.map]");
    let (mut world, file) = started(daemon_fairness::shared_by(&paced), &paced).await;
    for number in 0..5 {
        let fields = json!({ "summary": format!("Bulk {number}") });
        world.person("globex", "jdoe").create("ENG", "Defect", fields).unwrap();
    }
    tokio::time::advance(std::time::Duration::from_hours(1)).await;
    world.settle().await;
    let begun = world.issues("acme", "Bulk").len();
    assert_eq!(begun, 3, "the hour's pace");
    let live = "[sync.live.fields]\nsummary = \"both\"";
    write(&world, &file, &paced.replace(live, &format!("{live}\nlabels = \"both\"")));
    assert_eq!(reload(&mut world, false).await.ended, Ended::Done);
    tokio::time::advance(std::time::Duration::from_hours(2)).await;
    world.settle().await;
    assert_eq!(world.issues("acme", "Bulk").len(), 5);
}

#[tokio::test(start_paused = true)]
async fn what_a_start_would_refuse_is_refused_and_the_work_goes_on() {
    let (mut world, file) = world(&two()).await;
    let key = world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Item" })).unwrap();
    world.settle().await;
    for (wrong, told) in [
        (two().replace("project = \"ENG\"", "project = \"NONE\""), "NONE"),
        (two().replace("globex = \"P4\"", "globex = \"P9\""), "P9"),
        (
            two()
                .replace("[instance.globex]", "[instance.glob]")
                .replace("instance = \"globex\"", "instance = \"glob\""),
            "would be on `glob`",
        ),
    ] {
        write(&world, &file, &wrong);
        let answer = reload(&mut world, false).await;
        assert_eq!(answer.ended, Ended::Refused, "{answer:?}");
        assert!(answer.lines.iter().any(|line| line.contains(told)), "{answer:?}");
    }
    write(&world, &file, &two().replace("STATE", "STATE.other"));
    let answer = reload(&mut world, false).await;
    assert!(answer.ended == Ended::Refused && answer.lines[0].contains("`daemon.state` is another"), "{answer:?}");
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item two");
    let renamed =
        two().replace("[instance.globex]", "[instance.glob]").replace("instance = \"globex\"", "instance = \"glob\"");
    let mut other = world.with_config(&renamed);
    let refused = other.try_start().await.unwrap_err().to_string();
    assert!(refused.contains("would be on `glob`"), "{refused}");
    let mut world = other.with_config(&two());
    let read = Arc::clone(&file);
    let reread = move || config::load(&read.lock().unwrap(), "test.toml", &Tokens, SecretsWanted::Yes);
    world.surroundings.reread = Some(Arc::new(reread));
    world.start().await;
    // The same again is no change: nothing is looked at anew.
    write(&world, &file, &two());
    let answer = reload(&mut world, false).await;
    assert!(answer.ended == Ended::Done && answer.lines[0].contains("says the same"), "{answer:?}");
    assert_eq!(world.interval().await.writes, 0);
    let kept = world.daemon().store().configurations(10).await.unwrap();
    assert_eq!(kept.len(), 1);
}

/// A secret that somebody noted beside the file's own words is in no state.
#[tokio::test(start_paused = true)]
async fn no_secret_is_kept_with_a_configuration() {
    let (world, _) = world(&format!("# was: {}\n{}", presets::SYNC_TOKEN, two())).await;
    let kept = world.daemon().store().configurations(10).await.unwrap();
    assert!(kept[0].text.contains("# was: ***") && kept[0].text.contains("env:TOKEN"), "{}", kept[0].text);
}
