//! Bugs planted around the running daemon: each must be caught by what its test looks at, and the sound daemon must pass the same.
//! Whoever weakens a check learns it here. Must never plant anything inside the daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::store::Store;
use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::{Value, json};

use super::bent::Bent;
use super::crash::{EarlyCursor, Fuse, FusedStore};
use super::daemon_audit::{by_token, compare};
use super::daemon_support::{World, in_bulk, two, two_clouds};

fn create(world: &World, token: &str) -> String {
    let fields = json!({ "summary": format!("{token} is broken"), "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// The daemon was down while two issues were made, further apart than a poll looks back. It dies at each effect of its first
/// poll. Gives what is not in step then, if anything.
async fn dies_in_the_first_poll(early: bool) -> Option<String> {
    for n in 1..=8 {
        let mut world = World::without_daemon(&two());
        world.start().await;
        world.settle().await;
        create(&world, "First");
        world.pass(1_200).await;
        create(&world, "Second");
        let fuse = Arc::new(Fuse::default());
        let held = Arc::clone(&fuse);
        world.surroundings.between = Arc::new(move |inner| -> Arc<dyn Store> {
            if early {
                Arc::new(EarlyCursor(inner, Arc::clone(&held)))
            } else {
                Arc::new(FusedStore(inner, Arc::clone(&held)))
            }
        });
        world.start().await;
        fuse.set(n);
        tokio::select! {
            biased;
            () = fuse.blown() => {}
            _ = world.interval() => {}
        }
        fuse.set(0);
        world.start().await;
        world.rest().await.unwrap();
        if let Err(why) = compare(&world, "acme", "globex") {
            return Some(why);
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_moves_before_its_rows_loses_an_issue() {
    assert_eq!(dies_in_the_first_poll(false).await, None);
    let why = dies_in_the_first_poll(true).await.expect("the planted bug was not caught");
    assert!(why.contains("First"), "{why}");
}

/// A change that the index shows only after a later one was seen. Says whether it came across.
async fn indexed_late(overlap: &str) -> Result<(), String> {
    let config = two_clouds().replacen("settle = \"60s\"", &format!("settle = \"60s\"\noverlap = \"{overlap}\""), 1);
    let mut world = World::without_daemon(&config);
    let hidden = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&hidden);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            if held.load(Ordering::SeqCst) && place.ends_with("acme.example/rest/api/3/search/jql") {
                let rows = said.get_mut("issues").and_then(Value::as_array_mut).unwrap();
                rows.retain(|row| row["key"] != "SUP-1" && row["id"] != "10000");
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let (late, other) = (create(&world, "Late"), create(&world, "Other"));
    world.settle().await;
    assert_eq!(late, "SUP-1");
    world.pass(1_800).await;
    hidden.store(true, Ordering::SeqCst);
    world.person("acme", "jane").edit(&late, json!({ "summary": "Late edited" })).unwrap();
    world.intervals(1).await;
    world.pass(90).await;
    world.person("acme", "jane").edit(&other, json!({ "summary": "Other edited" })).unwrap();
    world.intervals(2).await;
    hidden.store(false, Ordering::SeqCst);
    world.rest().await.unwrap();
    compare(&world, "acme", "initech")
}

#[tokio::test(start_paused = true)]
async fn without_overlap_a_change_that_is_indexed_late_is_lost() {
    assert_eq!(indexed_late("5min").await, Ok(()));
    let why = indexed_late("0s").await.expect_err("the missing overlap was not caught");
    assert!(why.contains("Late"), "{why}");
}

/// A first poll of several pages, one of which comes empty when `lost`. `unlisted`: and nothing comes of looking for what slipped
/// through.
async fn a_page_of_many(lost: bool, unlisted: bool) -> Result<(), String> {
    let mut world = World::without_daemon(&in_bulk(&two()));
    let pages = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&pages);
    world.bend(move |inner| {
        let counted = Arc::clone(&counted);
        Arc::new(Bent::new(inner).back(move |place, asked, said| {
            let poll = place.ends_with("acme.example/rest/api/3/search/jql") && asked["expand"].is_string();
            if poll && asked["nextPageToken"].is_string() && counted.fetch_add(1, Ordering::SeqCst) == 0 && lost {
                said["issues"] = json!([]);
            }
            if unlisted && place.ends_with("acme.example/rest/api/3/search/jql") && asked["fields"] == json!(["id"]) {
                said["issues"] = json!([]);
            }
        })) as Arc<dyn Transport>
    });
    for index in 0..250 {
        create(&world, &format!("Item-{index:03}"));
        world.pass(10).await;
    }
    world.start().await;
    world.rest().await.unwrap();
    assert!(pages.load(Ordering::SeqCst) > 1, "the poll had one page");
    compare(&world, "acme", "globex")
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_lost_shows() {
    assert_eq!(a_page_of_many(false, false).await, Ok(()));
    assert_eq!(a_page_of_many(true, false).await, Ok(()), "what did not come is looked for");
    let why = a_page_of_many(true, true).await.expect_err("the lost page was not caught");
    assert!(why.contains("Item-100"), "{why}");
}

/// A create whose answer is missing, on a network that does this to it. Gives the world at rest.
async fn unanswered(
    config: &str,
    to: &str,
    bend: impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static,
) -> World {
    let mut world = World::without_daemon(config);
    world.bend(bend);
    world.start().await;
    world.jira(to).add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
    create(&world, "Item");
    world.intervals(3).await;
    world.jira(to).clear_faults();
    world.rest().await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn a_create_without_its_mark_is_done_twice() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let sound = unanswered(&config, to, |inner| inner).await;
        assert_eq!(sound.in_step("acme", to).await, Ok(()));
        let unmarked = unanswered(&config, to, |inner| {
            Arc::new(Bent::new(inner).out(|place, body| {
                if place.starts_with("POST") && place.ends_with("/issue") {
                    body.as_object_mut().unwrap().remove("properties");
                }
            }))
        });
        let why = by_token(&unmarked.await, to).expect_err("the missing mark was not caught");
        assert!(why.contains("the same item"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_is_sent_again_blindly_is_done_twice_and_told() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let blind = unanswered(&config, to, |inner| {
            Arc::new(Bent::new(inner).again(|place| place.starts_with("POST") && place.ends_with("/issue")))
        })
        .await;
        let why = by_token(&blind, to).expect_err("the blind retry was not caught");
        assert!(why.contains("the same item"), "{why}");
        let problems = blind.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("is a duplicate of")), "{problems:?}");
    }
}

/// A create without an answer whose issue somebody archives before the index shows it: no search can tell of it, and it is done again. When it
/// is there again and changes, it is told. (Data Center's search shows it at once.)
#[tokio::test(start_paused = true)]
async fn a_create_that_is_archived_before_it_is_found_is_told_when_it_is_back() {
    let world = World::new(&two_clouds(), |_| {}).await;
    let initech = world.jira("initech");
    initech.set_index_lag(Duration::from_secs(30));
    initech.add_fault(FaultRule::new("createIssue", When::Nth(1), Fault::ResetAfter));
    create(&world, "Item");
    world.interval().await;
    let (lost, petra) = (world.issue("initech", "Item").key, world.person("initech", "petra"));
    petra.archive(&lost).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("initech", "Item").len(), 2, "it was not made again");
    petra.restore(&lost).unwrap();
    petra.update(&lost, json!({ "labels": [{ "add": "again" }] })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("initech", "Item").len(), 2, "one was deleted, or made again");
    let problems = world.problems().await;
    assert!(problems.iter().any(|text| text.contains(&lost) && text.contains("is a duplicate of")), "{problems:?}");
}

/// A create that lands after it was given up and done again: it is told, it stays, and it is forgotten when it is deleted.
#[tokio::test(start_paused = true)]
async fn a_create_that_lands_after_all_patience_is_told_and_never_deleted() {
    for (config, to, who) in [(two(), "globex", "mlopez"), (two_clouds(), "initech", "petra")] {
        let world = World::new(&config, |_| {}).await;
        let late = Fault::LateWrite(Duration::from_secs(1_200));
        world.jira(to).add_fault(FaultRule::new("createIssue", When::Nth(1), late));
        let key = create(&world, "Item");
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        let kept = world.issue(to, "Item").key;
        world.pass(1_200).await;
        world.rest().await.unwrap();
        assert_eq!(world.issues(to, "Item").len(), 2, "the late one did not land, or was deleted");
        let problems = world.problems().await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(&format!("is a duplicate of {kept}")), "{problems:?}");
        // The item itself goes on, and the problem stands through it.
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item edited" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.jira(to).issue(&kept).unwrap().fields["summary"], "Item edited");
        assert_eq!(world.problems().await.len(), 1);
        let second = world.issue(to, "broken").key;
        world.person(to, who).delete(&second).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// A copy of a comment that lands after it was given up and done again: it is told as long as it is there, and it stays.
#[tokio::test(start_paused = true)]
async fn a_comment_that_lands_after_all_patience_is_told_and_never_deleted() {
    for (config, to, who) in [(two(), "globex", "mlopez"), (two_clouds(), "initech", "petra")] {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "Item");
        world.rest().await.unwrap();
        world.jira(to).add_fault(FaultRule::new(
            "addComment",
            When::Nth(1),
            Fault::LateWrite(Duration::from_secs(900)),
        ));
        let jane = world.person("acme", "jane");
        jane.comment(&key, "Said once").unwrap();
        world.rest().await.unwrap();
        let there = || world.issue(to, "Item").comments;
        assert_eq!(there().len(), 1, "it was done again");
        world.pass(900).await;
        world.rest().await.unwrap();
        assert_eq!(there().len(), 2, "the late one did not land, or was deleted");
        let problems = world.problems().await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("is a duplicate of comment"), "{problems:?}");
        // It stands while the item goes on, and makes no echo.
        jane.edit(&key, json!({ "summary": "Item edited" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((world.problems().await.len(), world.issue("acme", "Item").comments.len()), (1, 1));
        let (copy, second) = (world.issue(to, "Item").key, there()[1].id.to_string());
        world.person(to, who).delete_comment(&copy, &second).unwrap();
        jane.edit(&key, json!({ "summary": "Item edited again" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What lands late, but before it was done again, is taken for what it is: nothing is created twice.
#[tokio::test(start_paused = true)]
async fn a_create_that_lands_late_settles_its_doubt_by_the_next_poll() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        // Patience without end: only the poll can settle it.
        let world = World::new(&config.replace("settle = \"60s\"", "settle = \"20h\""), |_| {}).await;
        let late = Fault::LateWrite(Duration::from_secs(600));
        world.jira(to).add_fault(FaultRule::new("createIssue", When::Nth(1), late));
        create(&world, "Item");
        world.intervals(25).await;
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
    }
}
