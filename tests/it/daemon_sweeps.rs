//! The full check: what it costs while nothing changed, and that it finds what no poll shows.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jirasyncd::console::{Heard, HookSink as _};
use jirasyncd::engine::{ROTATION, SweepScope, Swept};
use jirasyncd::model::ids::{InstanceId, IssueId};
use jirasyncd::model::store::{Announcement, Store as _};
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_support::{World, calls, in_bulk, two};

/// So many issues of both sides, in step.
async fn carried(count: usize) -> World {
    let world = World::new(&in_bulk(&two()), |jiras| {
        let jane = jiras["acme"].person("jane").unwrap();
        for index in 0..count {
            jane.create("SUP", "Bug", json!({ "summary": format!("Item-{index:03} of many") })).unwrap();
        }
        // A comment may change without a trace in `updated`: Cloud and Data Center are said to differ in it.
        for jira in jiras.values() {
            jira.set_quirks(|quirks| quirks.comment_moves_updated = false);
        }
    })
    .await;
    world.rest().await.unwrap();
    world
}

fn reset(world: &World) {
    world.jiras.values().for_each(jirasyncd::simulator::Jira::reset_calls);
}

async fn sweep(world: &World, scope: &SweepScope) -> Swept {
    let (mut all, mut after) = (Swept::default(), None);
    loop {
        let (swept, next) = world.daemon().engine().sweep_some(after, scope).await.unwrap();
        all.take(swept);
        after = next;
        if after.is_none() {
            return all;
        }
    }
}

/// Whether the copies show a text.
fn copied(world: &World, side: &str, part: &str) -> bool {
    let shows = |view: &jirasyncd::simulator::IssueView| view.comments.iter().any(|said| said.body.contains(part));
    world.issues(side, "Item-").iter().any(shows)
}

#[tokio::test(start_paused = true)]
async fn where_nothing_changed_it_costs_one_request_for_a_hundred_issues_and_side() {
    let world = carried(120).await;
    reset(&world);
    let swept = sweep(&world, &SweepScope::default()).await;
    assert_eq!((swept.compared, swept.different), (240, 0));
    assert_eq!(calls(world.jira("acme")), BTreeMap::from([("bulkFetchIssues".into(), 2)]));
    assert_eq!(calls(world.jira("globex")), BTreeMap::from([("search".into(), 2)]));
    assert_eq!(world.daemon().engine().work().await.unwrap().items, Vec::new());
    let only = Some([InstanceId::from("globex")].into());
    reset(&world);
    assert_eq!(sweep(&world, &SweepScope { only, turn: None }).await.compared, 120);
    assert_eq!(world.jira("acme").total_calls(), 0);
    // In a round of turns each item is read whole once, a few at a time, and nothing is written.
    let (mut whole, mut most) = (0, 0);
    for turn in 0..ROTATION {
        reset(&world);
        let swept = sweep(&world, &SweepScope { only: None, turn: Some(turn) }).await;
        let worked = world.daemon().engine().work().await.unwrap();
        assert_eq!((swept.different, worked.items.len(), worked.writes), (0, swept.read_whole, 0));
        let reads = world.jira("globex").total_calls();
        assert!(reads <= 2 + swept.read_whole as u64, "{reads} for {} items", swept.read_whole);
        whole += swept.read_whole;
        most = most.max(swept.read_whole);
    }
    assert_eq!(whole, 120);
    assert!(most <= 16, "{most} of 120 in one check");
}

#[tokio::test(start_paused = true)]
async fn a_comment_that_changed_without_a_trace_is_found_and_once_only() {
    for side in ["acme", "globex"] {
        let world = carried(2).await;
        let (who, other) = if side == "acme" { ("jane", "globex") } else { ("jdoe", "acme") };
        let person = world.person(side, who);
        let key = world.issue(side, "Item-001").key;
        let comment = person.comment(&key, "first words").unwrap();
        // Something else moves the issue, so that the comment is seen.
        person.edit(&key, json!({ "labels": ["seen"] })).unwrap();
        world.rest().await.unwrap();
        assert!(copied(&world, other, "first words"));
        person.edit_comment(&key, &comment, "other words").unwrap();
        world.intervals(4).await;
        assert!(!copied(&world, other, "other words"), "no poll shows it");
        assert_eq!(sweep(&world, &SweepScope::default()).await.different, 1, "on {side}");
        world.rest().await.unwrap();
        assert!(copied(&world, other, "other words"), "from {side}");
        // The copy was changed without a trace too, and by us: it is taken in when it is met.
        sweep(&world, &SweepScope::default()).await;
        world.rest().await.unwrap();
        assert_eq!(sweep(&world, &SweepScope::default()).await.different, 0, "on {side}");
    }
}

/// What is missing is asked for by itself, also where another side's row is news of its item (8010): by that row alone nobody would ask.
#[tokio::test(start_paused = true)]
async fn what_is_missing_is_asked_for_beside_another_sides_news() {
    let world = carried(1).await;
    let key = |jira: &str| world.issues(jira, "Item-").remove(0).key;
    let (here, there) = (key("acme"), key("globex"));
    world.person("acme", "jane").comment(&here, "Left no trace").unwrap();
    world.jira("globex").set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
    world.person("globex", "jdoe").delete(&there).unwrap();
    world.intervals(3).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(sweep(&world, &SweepScope::default()).await.different, 2);
    world.daemon().engine().work().await.unwrap();
    let told = world.problems().await;
    assert!(told.iter().any(|problem| problem.contains(&format!("{there} is not there since"))), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_row_does_not_show_is_found_when_it_is_an_items_turn() {
    let world = carried(1).await;
    let jane = world.person("acme", "jane");
    let key = world.issue("acme", "Item-000").key;
    let comments: Vec<String> = (0..25).map(|number| jane.comment(&key, &format!("no {number}.")).unwrap()).collect();
    jane.edit(&key, json!({ "labels": ["seen"] })).unwrap();
    world.rest().await.unwrap();
    assert!(copied(&world, "globex", "no 2."));
    jane.edit_comment(&key, &comments[2], "changed behind the curtain").unwrap();
    jane.edit_comment(&key, &comments[24], "changed in front of it").unwrap();
    for turn in 0..ROTATION {
        sweep(&world, &SweepScope { only: None, turn: Some(turn) }).await;
        world.daemon().engine().work().await.unwrap();
    }
    world.rest().await.unwrap();
    assert!(copied(&world, "globex", "changed behind the curtain"));
    assert!(copied(&world, "globex", "changed in front of it"));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_was_missed_is_made_up_for_and_one_that_could_not_ask_is_tried_again() {
    let mut world = carried(2).await;
    let jdoe = world.person("globex", "jdoe");
    let key = world.issue("globex", "Item-000").key;
    let comment = jdoe.comment(&key, "first words").unwrap();
    jdoe.edit(&key, json!({ "labels": ["seen"] })).unwrap();
    world.rest().await.unwrap();
    // The daemon is down while the schedule ticks.
    world.daemon = None;
    jdoe.edit_comment(&key, &comment, "second words").unwrap();
    world.pass(7 * 3_600).await;
    world.start().await;
    world.interval().await;
    world.rest().await.unwrap();
    assert!(copied(&world, "acme", "second words"));
    // The next time the instance does not answer.
    jdoe.edit_comment(&key, &comment, "third words").unwrap();
    world.pass(7 * 3_600).await;
    let down = Fault::Unavailable { status: 503, retry_after: None };
    world.jira("globex").add_fault(FaultRule::new("search", When::Always, down));
    world.intervals(2).await;
    world.jira("globex").clear_faults();
    world.pass(600).await;
    world.intervals(2).await;
    world.rest().await.unwrap();
    assert!(copied(&world, "acme", "third words"));
    reset(&world);
    world.intervals(3).await;
    assert_eq!(calls(world.jira("globex")), BTreeMap::from([("search".into(), 3)]), "and then no more");
}

#[tokio::test(start_paused = true)]
async fn row_036_an_inbox_that_overflowed_has_its_instance_checked() {
    let world = carried(1).await;
    let (globex, jdoe) = (InstanceId::from("globex"), world.person("globex", "jdoe"));
    let key = world.issue("globex", "Item-000").key;
    let comment = jdoe.comment(&key, "first words").unwrap();
    jdoe.edit(&key, json!({ "labels": ["seen"] })).unwrap();
    world.rest().await.unwrap();
    jdoe.edit_comment(&key, &comment, "told of by nobody").unwrap();
    let many = Announcement {
        issues: (900_000..910_000).map(IssueId).collect(),
        trace: None,
        at: world.surroundings.clock.now(),
        debounce: SignedDuration::from_hours(9),
        hook: None,
    };
    assert!(world.daemon().store().announce(&globex, &many).await.unwrap());
    world.intervals(2).await;
    assert!(!copied(&world, "acme", "told of by nobody"));
    let body = json!({ "webhookEvent": "jira:issue_updated", "timestamp": 1_772_443_815_000_i64,
        "issue": { "id": "999999", "key": "ENG-999", "fields": { "project": { "key": "ENG" } } } });
    assert!(matches!(world.daemon().hear(&globex, body.to_string().as_bytes(), None).await, Heard::NoRoom));
    reset(&world);
    world.intervals(1).await;
    assert!(
        !calls(world.jira("acme")).contains_key("bulkFetchIssues"),
        "that instance alone: {:?}",
        calls(world.jira("acme"))
    );
    world.rest().await.unwrap();
    assert!(copied(&world, "acme", "told of by nobody"));
}
