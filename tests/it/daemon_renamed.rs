//! Projects that get another key, as operators and answers of a Jira that are late or new know them. Must never take the daemon's word for what
//! stands in a Jira.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::app::{Chosen, preview};
use jirasyncd::jira::Transport;
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::model::store::Store as _;
use serde_json::{Value, json};

use super::bent::Bent;
use super::cli_world::Place;
use super::daemon_moved::{HARSH, create, harsh, in_project, pairs, rename, twice};
use super::daemon_pairs::tells;
use super::daemon_pause::give;
use super::daemon_rebuild::lose_files;
use super::daemon_support::{THREE, World, calls};

/// The host of a partner's Jira.
fn host_of(jira: &str) -> &'static str {
    if jira == "globex" { "globex.example" } else { "initech.example" }
}

fn about(key: &str) -> ProblemFilter {
    ProblemFilter { key: Some(key.into()), ..ProblemFilter::default() }
}

/// Every command that is given a key finds the item.
async fn is_found(world: &World, place: &Place, key: &str) {
    let (sync, typed) = ("support", || key.to_owned());
    let shown = give(world, Command::Unpair { sync: sync.into(), key: typed(), dry_run: true }).await;
    assert_eq!(shown.ended, Ended::Shown, "{key}: {shown:?}");
    let (field, side) = ("summary".to_owned(), "acme".into());
    let asked = give(world, Command::Resolve { sync: sync.into(), key: typed(), field, side, dry_run: true }).await;
    assert!(tells(&asked, "nothing is asked about"), "{key}: {asked:?}");
    let same = give(world, Command::Merge { sync: sync.into(), keep: typed(), drop: typed(), dry_run: true }).await;
    assert!(tells(&same, "are the same issue"), "{key}: {same:?}");
    let kept = give(world, Command::Create { sync: sync.into(), key: typed(), dry_run: true }).await;
    assert!(tells(&kept, "is kept in step already"), "{key}: {kept:?}");
    let chosen = Chosen::Keys(vec![key.into()]);
    let planned = preview(world.config.clone(), world.surroundings(), chosen, Existing::ReMap).await.unwrap();
    assert!(planned.not_begun.is_empty() && planned.items.len() == 1, "{key}: {planned:?}");
    place.run(&["explain", key]).await.expect(0, &["sync support, item "]);
}

/// The problem of its item is found.
async fn has_its_problem(world: &World, place: &Place, key: &str) {
    place.run(&["problems", key]).await.expect(1, &["due-date"]);
    for command in [
        Command::RetryThese { filter: about(key), dry_run: true },
        Command::Dismiss { filter: about(key), undo: false, dry_run: true },
    ] {
        let shown = give(world, command).await;
        assert!(tells(&shown, "1 problem, of 1 item"), "{key}: {shown:?}");
    }
}

/// People type what a browser shows, or what an old mail says. The state knows the key that was read last: of one issue the new one, of the
/// other the old one still.
#[tokio::test(start_paused = true)]
async fn commands_find_an_issue_of_a_renamed_project_by_either_key() {
    for (config, (to, project, who)) in pairs() {
        for (jira, host, was, editor) in [("acme", "acme.example", "SUP", "jane"), (to, host_of(to), project, who)] {
            let mut world = harsh(&config, to);
            let renamed = rename(&mut world, host, was);
            world.start().await;
            for summary in ["Item", "Object"] {
                create(&world, summary);
            }
            world.rest().await.unwrap();
            // The day is on no screen there: a problem of the one.
            world.jira(to).set_screen(project, &["summary", "labels"]);
            let here = world.issue("acme", "Item").key;
            world.person("acme", "jane").edit(&here, json!({ "duedate": "2030-05-06" })).unwrap();
            world.intervals(4).await;
            renamed.becomes("NEW");
            let (read, unread) = (world.issue(jira, "Item").key, world.issue(jira, "Object").key);
            world.person(jira, editor).edit(&read, json!({ "summary": "Item, edited" })).unwrap();
            world.intervals(3).await;
            let is_new = |key: &String| key.replace(&format!("{was}-"), "NEW-");
            for key in [&is_new(&read), &unread] {
                let known = world.daemon().store().items_by_key(&key.as_str().into()).await.unwrap();
                assert_eq!(known.len(), 1, "{jira}: {key} is not the key that was read last");
            }
            let config = format!("{config}{HARSH}").replace("STATE", &world.state().display().to_string());
            let place = Place::new(&config);
            for key in [&read, &is_new(&read), &unread, &is_new(&unread)] {
                is_found(&world, &place, key).await;
            }
            for key in [&read, &is_new(&read)] {
                has_its_problem(&world, &place, key).await;
            }
            // What was commanded by the one key is told by the other, too.
            let dismissed = give(&world, Command::Dismiss { filter: about(&read), undo: false, dry_run: false }).await;
            assert_eq!(dismissed.ended, Ended::Done, "{jira}: {dismissed:?}");
            let told = format!("problems dismiss {read}");
            place.run(&["explain", &is_new(&read)]).await.expect(0, &[&told]);
            // The same number in another project is another issue.
            let elsewhere = is_new(&read).replace("NEW-", "NEWS-");
            place.run(&["explain", &elsewhere]).await.expect(1, &["no item of this state has an issue"]);
        }
    }
}

/// Has a Jira say for as long as it is told to that a project has the key which it had at first: a node that has not heard of the renaming.
fn answers_late(world: &mut World, host: &'static str, was: &'static str) -> Arc<AtomicBool> {
    let is_late = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&is_late);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            let is_of_it = place.contains(host) && place.ends_with(&format!("/project/{was}"));
            if is_of_it && held.load(Ordering::SeqCst) && said.get("key").is_some_and(Value::is_string) {
                said["key"] = json!(was);
            }
        })) as Arc<dyn Transport>
    });
    is_late
}

/// The node that answers which key the project has is the last that hears of the renaming. What is made meanwhile is shown under the new one.
#[tokio::test(start_paused = true)]
async fn an_older_answer_about_a_projects_key_loses_no_newcomer() {
    for (config, (to, _, _)) in pairs() {
        let mut world = harsh(&config, to);
        let renamed = rename(&mut world, "acme.example", "SUP");
        let is_late = answers_late(&mut world, "acme.example", "SUP");
        world.start().await;
        create(&world, "Item");
        world.rest().await.unwrap();
        renamed.becomes("NEW");
        is_late.store(true, Ordering::SeqCst);
        create(&world, "Later");
        world.intervals(1).await;
        assert!(world.issues(to, "Later").is_empty(), "{to}: nobody could know yet whose it is");
        is_late.store(false, Ordering::SeqCst);
        // Longer than polls look back, and than it would be believed that the key is nobody's.
        world.intervals(25).await;
        for summary in ["Item", "Later"] {
            let count = (world.issues("acme", summary).len(), world.issues(to, summary).len());
            assert_eq!(count, (1, 1), "{to}: {summary}: {:?}", world.problems().await);
        }
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("has the key `NEW` now"), "{to}: {problems:?}");
    }
}

/// What is shown under a key that no project of a side has is let go of, once that was said twice: nothing is told of it for ever.
#[tokio::test(start_paused = true)]
async fn what_is_shown_under_a_key_that_is_nobodys_is_let_go_of() {
    for (config, (to, _, _)) in pairs() {
        let mut world = harsh(&config, to);
        let renamed = rename(&mut world, "acme.example", "SUP");
        let is_late = answers_late(&mut world, "acme.example", "SUP");
        is_late.store(true, Ordering::SeqCst);
        world.start().await;
        world.rest().await.unwrap();
        renamed.becomes("NEW");
        create(&world, "Elsewhere");
        world.intervals(2).await;
        let told = world.problems().await;
        assert!(told.iter().any(|problem| problem.contains("it was said only once")), "{to}: {told:?}");
        world.intervals(10).await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        assert!(world.issues(to, "").is_empty(), "{to}");
    }
}

/// A row is named by the configured key when it is polled, and met again by whoever works on it: that is no word that the project has its old
/// key again.
#[tokio::test(start_paused = true)]
async fn a_row_that_was_polled_takes_nothing_back_of_a_projects_new_key() {
    for (config, (to, _, _)) in pairs() {
        let mut world = harsh(&config, to);
        let renamed = rename(&mut world, "acme.example", "SUP");
        world.start().await;
        create(&world, "Item");
        world.rest().await.unwrap();
        renamed.becomes("NEW");
        let (jane, key) = (world.person("acme", "jane"), world.issue("acme", "Item").key);
        jane.edit(&key, json!({ "summary": "Item, first" })).unwrap();
        world.rest().await.unwrap();
        world.jira("acme").reset_calls();
        for word in ["second", "third"] {
            jane.edit(&key, json!({ "summary": format!("Item, {word}") })).unwrap();
            create(&world, &format!("The {word}"));
            world.intervals(3).await;
            assert_eq!(
                (world.field(to, "Item", "summary"), world.issues(to, word).len()),
                (format!("Item, {word}"), 2)
            );
        }
        assert_eq!(calls(world.jira("acme")).get("getProject"), None, "{to}: it is known, and not asked again");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("has the key `NEW` now"), "{to}: {problems:?}");
    }
}

/// A node that has not heard of the renaming shows one row under the old key: what names the project by the new one is shown to nobody for it.
#[tokio::test(start_paused = true)]
async fn an_older_row_has_nobody_forget_a_projects_new_key() {
    let mut world = World::without_daemon(THREE);
    let renamed = rename(&mut world, "globex.example", "ENG");
    world.start().await;
    let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    renamed.becomes("NEW");
    let there = world.issue("globex", "Item").key;
    jdoe.edit(&there, json!({ "duedate": "2030-05-06" })).unwrap();
    world.rest().await.unwrap();
    renamed.is_back();
    jdoe.edit(&there, json!({ "duedate": "2030-05-07" })).unwrap();
    world.rest().await.unwrap();
    jane.comment(&key, "see NEW-77 and ENG-78").unwrap();
    world.rest().await.unwrap();
    let told = world.issue("initech", "Item").comments;
    let told: Vec<&str> = told.iter().map(|comment| comment.body.as_str()).collect();
    assert!(told.len() == 1 && !told[0].contains("NEW-") && !told[0].contains("ENG-"), "{told:?}");
    // It was only that row.
    renamed.becomes("NEW");
    jdoe.edit(&there, json!({ "duedate": "2030-05-08" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", "duedate"), "2030-05-08");
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("has the key `NEW` now"), "{problems:?}");
}

/// Both Jiras were polled long after what was made until now: no poll looks back so far any more.
async fn polls_have_passed(world: &World) {
    world.pass(3_600).await;
    create(world, "First");
    world.rest().await.unwrap();
}

/// A sync is added whose project was renamed before, on instances that the state knows: what lies there begins.
#[tokio::test(start_paused = true)]
async fn a_sides_first_reading_takes_what_lies_in_a_renamed_project() {
    for (config, place) in pairs() {
        let (to, _, who) = place;
        let kind = if to == "globex" { "Defect" } else { "Fehler" };
        let both = twice(&config, place, "moved = \"comment\"", "");
        for (jira, host, was, who, kind, other, project) in [
            ("acme", "acme.example", "TWO", "jane", "Bug", to, "MORE"),
            (to, host_of(to), "MORE", who, kind, "acme", "TWO"),
        ] {
            let mut world = super::daemon_moved::world(&config, place).await;
            let low = match jira {
                "acme" => "Low",
                "globex" => "P4",
                _ => "Niedrig",
            };
            let fields = json!({ "summary": "Item", "priority": { "name": low } });
            world.person(jira, who).create(was, kind, fields).unwrap();
            polls_have_passed(&world).await;
            assert!(world.issues(other, "Item").is_empty(), "{jira}: no sync knows of it yet");
            let renamed = rename(&mut world, host, was);
            renamed.becomes("NEW");
            let mut world = world.with_config(&both);
            world.start().await;
            world.rest().await.unwrap();
            assert_eq!(in_project(&world, other, project, "Item").len(), 1, "{jira}: {:?}", world.problems().await);
            assert_eq!((world.issues(jira, "Item").len(), world.issues(other, "Item").len()), (1, 1), "{jira}");
            let problems = world.problems().await;
            assert!(
                problems.len() == 1 && problems[0].contains(&format!("project `{was}` has the key `NEW` now")),
                "{jira}: {problems:?}"
            );
        }
    }
}

/// What another state made lies in a project that was renamed since. The first reading finds it there, and nothing is made beside it.
#[tokio::test(start_paused = true)]
async fn a_sides_first_reading_finds_copies_of_another_state_in_a_renamed_project() {
    for (config, place) in pairs() {
        let (to, _, _) = place;
        let both = twice(&config, place, "moved = \"comment\"", "");
        let mut world = super::daemon_moved::world(&both, place).await;
        world.person("acme", "jane").create("TWO", "Bug", json!({ "summary": "Item" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(in_project(&world, to, "MORE", "Item").len(), 1, "{to}");
        world.daemon = None;
        lose_files(&world);
        // As whoever begins anew does, with the lock that knows of the state.
        std::fs::remove_file(format!("{}.lock", world.state().display())).unwrap();
        let mut world = world.with_config(&config);
        world.start().await;
        polls_have_passed(&world).await;
        let renamed = rename(&mut world, host_of(to), "MORE");
        renamed.becomes("NEW");
        let mut world = world.with_config(&both);
        world.start().await;
        world.intervals(20).await;
        let count = (world.issues("acme", "Item").len(), world.issues(to, "Item").len());
        assert_eq!(count, (1, 1), "{to}: {:?}", world.problems().await);
    }
}
