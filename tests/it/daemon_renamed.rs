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
use super::daemon_moved::{HARSH, create, harsh, pairs, rename};
use super::daemon_pairs::tells;
use super::daemon_pause::give;
use super::daemon_support::World;

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
