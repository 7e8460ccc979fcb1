//! Projects that get another key, as operators and answers of a Jira that are late or new know them. Must never take the daemon's word for what
//! stands in a Jira.

use jirasyncd::app::{Chosen, preview};
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::model::store::Store as _;
use serde_json::json;

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
