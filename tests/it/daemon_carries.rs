//! What the daemon carries between three Jiras, in both directions, as people see it. Must never look at the daemon's state.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Jira, When};
use serde_json::json;

use super::daemon_support::{THREE, World, calls, two};

fn share(jira: &Jira, summary: &str, labels: &[&str]) -> String {
    let fields = json!({ "summary": summary, "labels": labels, "description": "First line\n\nSecond" , "priority": { "name": "Highest" } });
    jira.person("jane").unwrap().create("SUP", "Bug", fields).unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_field_goes_from_a_to_b_and_back() {
    let world = World::new(&two(), |jiras| {
        share(&jiras["acme"], "Printer on fire", &[]);
    })
    .await;
    world.settle().await;
    assert_eq!(world.field("globex", "Printer", "summary"), "Printer on fire");
    assert_eq!(world.field("globex", "Printer", "priority"), "P1");
    assert_eq!(world.field("globex", "Printer", "issuetype"), "Defect");
    let key = world.issue("globex", "Printer").key;
    world.person("globex", "jdoe").edit(&key, json!({ "summary": "Printer smokes" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("acme", "Printer", "summary"), "Printer smokes");
    assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
    for jira in world.jiras.values() {
        jira.reset_calls();
    }
    world.interval().await;
    assert_eq!(calls(world.jira("acme")).values().sum::<u64>(), 1, "{:?}", calls(world.jira("acme")));
    assert_eq!(calls(world.jira("globex")).values().sum::<u64>(), 1, "{:?}", calls(world.jira("globex")));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_value_crosses_in_both_directions() {
    let world = World::new(THREE, |jiras| {
        share(&jiras["acme"], "Shared with both", &["share-globex", "share-initech", "urgent"]);
        share(&jiras["acme"], "Shared with nobody", &["urgent"]);
    })
    .await;
    world.settle().await;
    assert!(world.issues("globex", "nobody").is_empty() && world.issues("initech", "nobody").is_empty());
    for jira in ["globex", "initech"] {
        assert_eq!(world.field(jira, "Shared", "labels"), "urgent");
        assert_eq!(world.field(jira, "Shared", "description"), "First line\n\nSecond");
    }
    let (acme, globex) = (world.issue("acme", "both").key, world.issue("globex", "both").key);
    let jane = world.person("acme", "jane");
    jane.assign(&acme, Some("jane")).unwrap();
    jane.edit(&acme, json!({ "duedate": "2026-05-01" })).unwrap();
    jane.transition(&acme, "Done").unwrap();
    jane.comment(&acme, "Looks *done* to me").unwrap();
    world.person("globex", "mlopez").update(&globex, json!({ "labels": [{ "add": "paper" }] })).unwrap();
    world.settle().await;
    assert_eq!(world.field("globex", "both", "status"), "Closed");
    assert_eq!(world.field("initech", "both", "status"), "Fertig");
    assert_eq!(world.field("globex", "both", "assignee"), "John Doe");
    assert_eq!(world.field("initech", "both", "assignee"), "Petra Müller");
    assert_eq!(world.field("initech", "both", "duedate"), "2026-05-01");
    assert_eq!(world.field("acme", "both", "labels"), "paper share-globex share-initech urgent");
    assert_eq!(world.field("initech", "both", "labels"), "urgent", "initech does not see globex");
    let comments = world.issue("globex", "both").comments;
    assert_eq!(comments.len(), 1);
    assert!(comments[0].body.starts_with("Jane Roe (acme):"), "{}", comments[0].body);
    assert_eq!(world.issue("acme", "both").comments.len(), 1);
    world.person("initech", "petra").comment(&world.issue("initech", "both").key, "Von uns").unwrap();
    world.settle().await;
    assert_eq!(world.issue("acme", "both").comments.len(), 2);
    assert_eq!(world.issue("globex", "both").comments.len(), 1, "globex does not see initech");
    assert!(world.problems().await.is_empty(), "{:?}", world.problems().await);
}

#[tokio::test(start_paused = true)]
async fn an_issue_of_a_partner_starts_at_home_and_goes_no_further() {
    let world = World::new(THREE, |_| {}).await;
    world.settle().await;
    let mlopez = world.person("globex", "mlopez");
    mlopez.create("ENG", "Defect", json!({ "summary": "From globex", "priority": { "name": "P4" } })).unwrap();
    world.settle().await;
    assert_eq!(world.field("acme", "From globex", "priority"), "Low");
    assert!(world.issues("initech", "From globex").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_side_that_joins_late_gets_the_comments_that_were_there() {
    let world = World::new(THREE, |jiras| {
        share(&jiras["acme"], "Late guest", &["share-globex"]);
    })
    .await;
    world.settle().await;
    let (acme, jane) = (world.issue("acme", "Late").key, world.person("acme", "jane"));
    for text in ["First", "Second", "Third"] {
        jane.comment(&acme, text).unwrap();
        world.settle().await;
    }
    let third = world.issue("acme", "Late").comments[2].id.to_string();
    jane.delete_comment(&acme, &third).unwrap();
    jane.update(&acme, json!({ "labels": [{ "add": "share-initech" }] })).unwrap();
    world.settle().await;
    let bodies: Vec<String> = world.issue("initech", "Late").comments.into_iter().map(|c| c.body).collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert!(bodies[0].ends_with("First") && bodies[1].ends_with("Second"), "{bodies:?}");
    world.jira("acme").reset_calls();
    world.interval().await;
    assert_eq!(calls(world.jira("acme")).values().sum::<u64>(), 1, "{:?}", calls(world.jira("acme")));
}

/// `0 17 */6 * * *` ticks at 12:17, with nobody there to hear it; the world begins at 09:30.
#[tokio::test(start_paused = true)]
async fn a_full_check_that_was_missed_is_made_up_for_once() {
    let world = World::new(&two(), |jiras| {
        share(&jiras["acme"], "Checked", &[]);
    })
    .await;
    world.settle().await;
    world.jira("acme").reset_calls();
    let mut checks = Vec::new();
    for minutes in [120, 35, 15, 330, 60] {
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        world.interval().await;
        checks.push(world.jira("acme").count("getIssue"));
    }
    // Until 11:30, 12:05, 12:20, 17:50 and 18:50, and the minutes that settling took.
    assert_eq!(checks, [0, 0, 1, 1, 2], "{:?}", calls(world.jira("acme")));
}

#[tokio::test(start_paused = true)]
async fn row_042_a_second_change_in_the_same_instant_is_not_missed() {
    let world = World::new(&two(), |jiras| {
        share(&jiras["acme"], "Twice", &[]);
    })
    .await;
    world.settle().await;
    let (key, jane) = (world.issue("globex", "Twice").key, world.person("globex", "jdoe"));
    jane.edit(&key, json!({ "summary": "Twice: first" })).unwrap();
    // The clock stands still: `updated` is the same for both edits.
    world.daemon().once().await.unwrap();
    assert_eq!(world.field("acme", "Twice", "summary"), "Twice: first");
    jane.edit(&key, json!({ "summary": "Twice: second" })).unwrap();
    world.settle().await;
    assert_eq!(world.field("acme", "Twice", "summary"), "Twice: second");
}

#[tokio::test(start_paused = true)]
async fn a_side_and_a_field_that_join_later_take_nothing_away() {
    // At first without initech, and without priorities.
    let before = two().replace("priority = \"both\"", "priority = \"skip\"");
    let mut world = World::new(&before, |jiras| {
        share(&jiras["acme"], "Grown up", &["urgent", "paper"]);
    })
    .await;
    world.settle().await;
    assert_eq!(world.field("globex", "Grown", "priority"), "P3", "Jira's default");
    let state = world.config.daemon.state.clone();
    let open = THREE.replace(", sees = [\"acme\"], when = \"labels = share-globex\"", "");
    let open = open.replace(", sees = [\"acme\"], when = \"labels = share-initech\"", "");
    world.config = super::daemon_support::load(&open, &state);
    world.start().await;
    world.settle().await;
    assert_eq!(world.field("acme", "Grown", "priority"), "Highest", "a default of ours is nobody's act");
    assert_eq!(world.field("globex", "Grown", "priority"), "P1");
    assert_eq!(world.field("initech", "Grown", "priority"), "Hoch");
    assert_eq!(world.field("initech", "Grown", "labels"), "paper urgent");
    let key = world.issue("acme", "Grown").key;
    world.person("acme", "jane").update(&key, json!({ "labels": [{ "add": "later" }] })).unwrap();
    world.settle().await;
    for jira in ["acme", "globex", "initech"] {
        assert_eq!(world.field(jira, "Grown", "labels"), "later paper urgent", "{jira}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_shared_by_mistake_and_taken_back_in_time_does_not_cross() {
    let world = World::new(THREE, |jiras| {
        share(&jiras["acme"], "Secret plan", &[]);
    })
    .await;
    world.settle().await;
    let (key, jane) = (world.issue("acme", "Secret").key, world.person("acme", "jane"));
    for operation in ["createIssue", "createIssues"] {
        world.jira("globex").add_fault(FaultRule::new(operation, When::Always, Fault::Status(403)));
    }
    jane.update(&key, json!({ "labels": [{ "add": "share-globex" }] })).unwrap();
    world.interval().await;
    jane.update(&key, json!({ "labels": [{ "remove": "share-globex" }] })).unwrap();
    world.interval().await;
    world.jira("globex").clear_faults();
    for _ in 0..60 {
        world.interval().await;
    }
    assert!(world.issues("globex", "Secret").is_empty());
}

/// Where a Jira does not keep our tag, what we write is taken for an untagged change of the sync user: it is not carried on,
/// and people's changes still are.
#[tokio::test(start_paused = true)]
async fn without_tags_people_are_carried_and_we_are_not_echoed() {
    let world = World::new(&two(), |jiras| {
        for jira in jiras.values() {
            jira.set_quirks(|quirks| quirks.keeps_history_metadata = false);
        }
        share(&jiras["acme"], "Untagged", &[]);
    })
    .await;
    world.settle().await;
    let (acme, globex) = (world.issue("acme", "Untagged").key, world.issue("globex", "Untagged").key);
    let (jane, john) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    for round in 0..3 {
        jane.edit(&acme, json!({ "summary": format!("Untagged, Jane {round}"), "labels": [format!("j{round}")] }))
            .unwrap();
        world.settle().await;
        assert_eq!(world.field("globex", "Untagged", "summary"), format!("Untagged, Jane {round}"));
        john.edit(&globex, json!({ "summary": format!("Untagged, John {round}") })).unwrap();
        world.settle().await;
        assert_eq!(world.field("acme", "Untagged", "summary"), format!("Untagged, John {round}"));
    }
    jane.transition(&acme, "Done").unwrap();
    world.settle().await;
    assert_eq!(world.field("globex", "Untagged", "status"), "Closed");
    let ours = |jira: &str, user: &str| {
        let history = world.issue(jira, "Untagged").history;
        history.iter().filter(|entry| entry.author.as_deref() == Some(user)).count()
    };
    // Three edits of John's at acme; three of Jane's and two hops at globex.
    assert_eq!(ours("acme", "5b10a2844c20165700ede21f"), 3);
    assert_eq!(ours("globex", "JIRAUSER10100"), 5);
    assert_eq!(world.problems().await, Vec::<String>::new());
    let untagged = async || -> Vec<bool> {
        world.daemon().status().await.unwrap().instances.iter().map(|instance| instance.untagged).collect()
    };
    assert_eq!(untagged().await, [true, true]);
    // A Jira that was brought up to date leaves the mode.
    world.jira("globex").set_quirks(|quirks| quirks.keeps_history_metadata = true);
    jane.edit(&acme, json!({ "summary": "Untagged, Jane again" })).unwrap();
    world.settle().await;
    assert_eq!(untagged().await, [true, false]);
}
