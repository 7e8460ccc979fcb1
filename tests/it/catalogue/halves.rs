//! The other halves of rows whose first half is tried elsewhere: files, links and transitions that meet somebody's act, and refusals of
//! uploads. Must never let what is refused hold up the rest of an issue.

use std::sync::{Arc, Mutex};

use jirasyncd::simulator::Person;
use serde_json::{Value, json};

use super::super::daemon_input::create;
use super::super::daemon_support::{World, two, two_clouds};
use super::{Between, said};

fn places() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn with_files(config: &str) -> String {
    config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1)
}

/// The original goes in the very moment in which it is read.
#[tokio::test(start_paused = true)]
async fn row_015_a_file_that_goes_while_it_is_read_is_copied_nowhere() {
    for (config, to, _) in places() {
        let mut world = World::without_daemon(&with_files(&config));
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.rest().await.unwrap();
        let jane = world.person("acme", "jane");
        let file = jane.attach(&key, "plan.png", b"bytes").unwrap();
        jane.attach(&key, "other.png", b"others").unwrap();
        let race: Arc<Mutex<Option<Person>>> = Arc::new(Mutex::new(Some(world.person("acme", "jane"))));
        let (held, gone) = (Arc::clone(&race), file.clone());
        between.set(move |place, _| {
            let read = place.starts_with("GET") && place.ends_with(&format!("/attachment/content/{gone}"));
            if let Some(person) = held.lock().unwrap().take_if(|_| read) {
                person.detach(&gone).unwrap();
            }
            None
        });
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert!(race.lock().unwrap().is_none(), "{to}: it was not read");
        let there: Vec<String> = world.issue(to, "Item").attachments.into_iter().map(|file| file.name).collect();
        assert_eq!(there, ["other.png"], "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// The copy of a link goes in the very moment in which we take it away: then it is gone, and nobody makes it again.
#[tokio::test(start_paused = true)]
async fn row_015_a_link_that_goes_while_it_is_taken_away_is_gone() {
    for (config, to, who) in places() {
        let links = config.replacen("summary = \"both\"", "summary = \"both\"\nlinks = \"both\"", 1);
        let mut world = World::without_daemon(&links);
        let between = Between::of(&mut world);
        world.start().await;
        let [one, other] = ["First", "Second"].map(|summary| create(&world, "SUP", summary, &[]));
        let jane = world.person("acme", "jane");
        jane.link(&one, "Relates", &other).unwrap();
        world.rest().await.unwrap();
        let link = world.issue(to, "First").issue_links[0].id;
        let race: Arc<Mutex<Option<Person>>> = Arc::new(Mutex::new(Some(world.person(to, who))));
        let held = Arc::clone(&race);
        between.set(move |place, _| {
            let deleted = place.starts_with("DELETE") && place.contains("/issueLink/");
            if let Some(person) = held.lock().unwrap().take_if(|_| deleted) {
                person.unlink(link).unwrap();
            }
            None
        });
        jane.unlink(world.issue("acme", "First").issue_links[0].id).unwrap();
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert!(race.lock().unwrap().is_none(), "{to}: nothing was taken away");
        for jira in ["acme", to] {
            assert!(world.issue(jira, "First").issue_links.is_empty(), "{jira}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// Somebody moves the issue in the very moment in which we do: the way is looked for again from where it stands.
#[tokio::test(start_paused = true)]
async fn row_016_a_transition_that_met_another_is_planned_again_from_a_fresh_read() {
    for (config, to, who, theirs) in
        [(two(), "globex", "jdoe", "Working"), (two_clouds(), "initech", "petra", "In Arbeit")]
    {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.issue(to, "Item").key;
        let offered = world.person(to, who).transitions(&there).unwrap();
        let (_, name, _) = offered.into_iter().find(|(_, _, leads)| leads == theirs).unwrap();
        let race: Arc<Mutex<Option<Person>>> = Arc::new(Mutex::new(Some(world.person(to, who))));
        let held = Arc::clone(&race);
        between.set(move |place, _| {
            let ours = place.starts_with("POST") && place.ends_with("/transitions") && !place.contains("acme.example");
            if let Some(person) = held.lock().unwrap().take_if(|_| ours) {
                person.transition(&there, &name).unwrap();
            }
            None
        });
        world.person("acme", "jane").transition(&key, "Done").unwrap();
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert!(race.lock().unwrap().is_none(), "{to}: nothing was moved");
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// A proxy refuses an upload: the file is told by its name, once, and the rest of the issue goes on.
#[tokio::test(start_paused = true)]
async fn row_018_an_upload_that_is_too_large_for_a_proxy_is_told_and_the_rest_goes_on() {
    an_upload_is_refused(413, &json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn row_080_an_upload_for_which_no_storage_is_left_is_told_and_the_rest_goes_on() {
    an_upload_is_refused(400, &json!({ "errorMessages": ["Your site has used all its file storage."], "errors": {} }))
        .await;
}

async fn an_upload_is_refused(status: u16, words: &Value) {
    for (config, to, _) in places() {
        let mut world = World::without_daemon(&with_files(&config));
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let answer = words.clone();
        between.set(move |place, _| {
            let upload = place.starts_with("POST") && place.ends_with("/attachments");
            if upload && !place.contains("acme.example") { said(status, &answer) } else { None }
        });
        between.forget();
        let jane = world.person("acme", "jane");
        jane.attach(&key, "plan.png", b"bytes").unwrap();
        jane.edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        jane.comment(&key, "Still with you").unwrap();
        world.intervals(60).await;
        let there = world.issue(to, "Item");
        assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item, edited", 1), "{to} {status}");
        let problems = world.problems().await;
        let told = |told: &String| told.contains("`plan.png`") && told.contains(&status.to_string());
        assert!(problems.len() == 1 && told(&problems[0]), "{to} {status}: {problems:?}");
        assert!(between.count(&["POST", "/attachments"]) <= 2, "{to} {status}: it is not sent again and again");
    }
}

/// A validator says no: that status waits, in Jira's words, and everything else goes on.
#[tokio::test(start_paused = true)]
async fn row_053_a_validator_that_says_no_holds_the_status_alone() {
    for (config, to, _) in places() {
        let mut world = World::without_daemon(&config);
        let between = Between::of(&mut world);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let words = json!({ "errorMessages": ["All sub-tasks must be resolved."], "errors": {} });
        between.set(move |place, _| {
            let ours = place.starts_with("POST") && place.ends_with("/transitions") && !place.contains("acme.example");
            if ours { said(400, &words) } else { None }
        });
        between.forget();
        let jane = world.person("acme", "jane");
        jane.transition(&key, "Done").unwrap();
        jane.edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        jane.comment(&key, "Still with you").unwrap();
        world.intervals(40).await;
        let there = world.issue(to, "Item");
        assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item, edited", 1), "{to}");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("All sub-tasks must be resolved"), "{to}: {problems:?}");
        // Who mends it finds it tried soon; who does not, ever more seldom.
        let first = between.count(&["POST", "/transitions"]);
        between.forget();
        world.intervals(40).await;
        let then = between.count(&["POST", "/transitions"]);
        assert!(first <= 12 && then <= 3, "{to}: {first}, then {then}");
        between.clear();
        world.pass(3_700).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}
