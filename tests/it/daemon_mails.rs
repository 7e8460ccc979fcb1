//! Edits that set off no mails. Must never take the daemon's word for what was sent: the Jiras count whom they wrote to.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, FieldSetup, FieldType, Holder, When};
use serde_json::json;

use super::daemon_support::{THREE, World, two, two_clouds};

const RIGHT: &str = "ADMINISTER_PROJECTS";

fn with(config: &str, word: &str) -> String {
    config.replacen("home = \"acme\"", &format!("home = \"acme\"\nnotify = \"{word}\""), 1)
}

type Pair = (&'static str, &'static str);

/// Configurations, who edits, where that is carried, and the project there.
fn pairs() -> [(String, Pair, Pair); 3] {
    [
        (two(), ("acme", "jane"), ("globex", "ENG")),
        (two(), ("globex", "jdoe"), ("acme", "SUP")),
        (two_clouds(), ("acme", "jane"), ("initech", "OPS")),
    ]
}

async fn world(config: &str, (to, project): (&str, &str), holders: &[Holder]) -> World {
    let world = World::new(config, |jiras| jiras[to].set_permission(project, RIGHT, holders)).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.jira(to).reset_calls();
    world
}

fn mails(world: &World, jira: &str) -> u64 {
    world.issue(jira, "Item").notifications
}

/// How often it was asked that no mails are sent.
fn asked(world: &World, jira: &str) -> usize {
    world.jira(jira).calls().iter().filter(|call| call.query.contains("notifyUsers")).count()
}

/// A Cloud that cannot give an issue.
fn unread(when: When) -> FaultRule {
    let mut rule = FaultRule::new("getIssue", when, Fault::Status(500));
    rule.operations.push("bulkFetchIssues".to_owned());
    rule
}

async fn renamed(world: &World, (from, who): (&str, &str), to: &str, name: &str) {
    let key = world.issue(from, "Item").key;
    world.person(from, who).edit(&key, json!({ "summary": name })).unwrap();
    world.intervals(8).await;
    assert_eq!(world.field(to, "Item", "summary"), name, "{from} to {to}");
}

#[tokio::test(start_paused = true)]
async fn mails_are_left_out_where_that_is_wished_and_allowed() {
    for (config, from, to) in pairs() {
        for (word, holders, silent) in [
            ("never", &[Holder::LoggedIn][..], true),
            ("never", &[], false),
            ("always", &[Holder::LoggedIn], false),
            ("changes", &[Holder::LoggedIn], false),
        ] {
            let world = world(&with(&config, word), to, holders).await;
            let before = mails(&world, to.0);
            renamed(&world, from, to.0, "Item two").await;
            renamed(&world, from, to.0, "Item three").await;
            let what = format!("{word}, {holders:?}: {from:?} to {to:?}");
            assert_eq!(mails(&world, to.0) - before, if silent { 0 } else { 2 }, "{what}");
            assert_eq!(asked(&world, to.0), if silent { 2 } else { 0 }, "{what}");
            let rights = world.jira(to.0).count("getMyPermissions");
            assert!(rights <= u64::from(word == "never"), "asked once for what lasts: {rights}, {what}");
            // Who wishes it is told where it cannot be.
            let told = world.problems().await;
            assert_eq!(told.len(), usize::from(word == "never" && !silent), "{what}: {told:?}");
            assert!(told.iter().all(|told| told.contains("without mails")), "{what}: {told:?}");
        }
    }
}

/// Work, and comments that are changed: only Cloud's contract has the wish for them.
#[tokio::test(start_paused = true)]
async fn work_and_edited_comments_set_off_no_mails_where_the_kind_can() {
    for (config, (from, who), to) in pairs() {
        for (holders, held) in [(&[Holder::LoggedIn][..], true), (&[], false)] {
            let config = format!("{}\n[sync.support.worklogs]\nunrestricted = \"both\"\n", with(&config, "never"));
            let world = world(&config, to, holders).await;
            let (key, person) = (world.issue(from, "Item").key, world.person(from, who));
            let before = mails(&world, to.0);
            let comment = person.comment(&key, "Said").unwrap();
            let work = person.log_work(&key, "2026-03-02T08:00:00.000+0000", 600, "Looked").unwrap();
            world.rest().await.unwrap();
            person.edit_comment(&key, &comment, "Said otherwise").unwrap();
            person.edit_worklog(&key, &work, json!({ "timeSpentSeconds": 1200 })).unwrap();
            world.rest().await.unwrap();
            let there = world.issue(to.0, "Item");
            assert_eq!((there.worklogs.len(), there.worklogs[0].seconds), (1, 1200));
            assert!(there.comments[0].body.contains("Said otherwise"));
            person.delete_worklog(&key, &work).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.issue(to.0, "Item").worklogs, Vec::new());
            let silent = held && to.0 != "globex";
            let found = (mails(&world, to.0) - before, asked(&world, to.0));
            assert_eq!(found, if silent { (0, 4) } else { (4, 0) }, "{from} to {to:?}, {held}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_that_was_taken_away_loses_no_edit() {
    for (config, from, to) in pairs() {
        for drops in [false, true] {
            let world = world(&with(&config, "never"), to, &[Holder::LoggedIn]).await;
            world.jira(to.0).set_quirks(|quirks| quirks.notify_without_right_drops_edit = drops);
            renamed(&world, from, to.0, "Item two").await;
            let before = mails(&world, to.0);
            world.jira(to.0).set_permission(to.1, RIGHT, &[]);
            let key = world.issue(from.0, "Item").key;
            world.person(from.0, from.1).edit(&key, json!({ "summary": "Item three" })).unwrap();
            world.intervals(8).await;
            let told = world.problems().await;
            let what = format!("{drops}: {from:?} to {to:?}");
            assert_eq!(world.field(to.0, "Item", "summary"), "Item three", "{what}");
            assert_eq!(mails(&world, to.0) - before, 1, "{what}");
            // A Cloud that ignores the wish alone does not say so.
            let learnt = to.0 == "globex" || drops;
            assert_eq!(told.iter().any(|told| told.contains("without mails")), learnt, "{what}: {told:?}");
            if learnt {
                // It is not tried again with every edit.
                let tried = asked(&world, to.0);
                renamed(&world, from, to.0, "Item four").await;
                assert_eq!(asked(&world, to.0), tried, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_copy_is_completed_without_mails() {
    for (config, _, (other, _)) in pairs().into_iter().filter(|(_, from, _)| from.0 == "acme") {
        for (word, mailed) in [("changes", 0), ("always", 1)] {
            let rows = "summary = \"both\"\nreference = { acme = \"Reference\", template = \"{{ key }}\" }";
            let config = with(&config, word).replacen("summary = \"both\"", rows, 1);
            let mut world = World::of(&config, |setups| {
                let field = FieldSetup::new("customfield_24000", "Reference", FieldType::Text);
                setups.get_mut("acme").unwrap().fields.push(field);
            });
            world.jira("acme").set_permission("SUP", RIGHT, &[Holder::LoggedIn]);
            world.start().await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            let before = mails(&world, "acme");
            world.rest().await.unwrap();
            let there = world.issue(other, "Item").key;
            assert_eq!(world.field("acme", "Item", "customfield_24000"), there, "{word}");
            assert_eq!(mails(&world, "acme") - before, mailed, "{word} with {other}");
            // What somebody does later is told as ever.
            let before = mails(&world, other);
            world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(mails(&world, other) - before, 1, "{word} with {other}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_never_read_keeps_no_change_on_another_side_from_being_told() {
    let world = World::new(&with(THREE, "changes"), |jiras| {
        jiras["globex"].set_permission("ENG", RIGHT, &[Holder::LoggedIn]);
        // It makes issues and shows none.
        let lag = Fault::IndexLag(Duration::from_secs(86_400));
        jiras["initech"].add_fault(FaultRule::new("search", When::Always, lag));
        jiras["initech"].add_fault(unread(When::Always));
    })
    .await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.intervals(8).await;
    assert_eq!(world.issues("initech", "Item").len(), 1);
    let before = mails(&world, "globex");
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
    world.intervals(8).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item two");
    assert_eq!(world.field("initech", "Item", "summary"), "Item", "it is not read to this day");
    assert_eq!(mails(&world, "globex") - before, 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_edit_is_known_after_a_restart() {
    let mut world = world(&with(&two_clouds(), "never"), ("initech", "OPS"), &[Holder::LoggedIn]).await;
    renamed(&world, ("acme", "jane"), "initech", "Item two").await;
    world.jira("initech").set_quirks(|quirks| quirks.notify_without_right_drops_edit = true);
    world.jira("initech").set_permission("OPS", RIGHT, &[]);
    // The first read is the look before the edit; what would show that it changed nothing fails.
    for call in 2..100 {
        world.jira("initech").add_fault(unread(When::Nth(call)));
    }
    let key = world.issue("acme", "Item").key;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item three" })).unwrap();
    world.interval().await;
    assert_eq!((world.field("initech", "Item", "summary"), asked(&world, "initech")), ("Item two".to_owned(), 2));
    world.jira("initech").clear_faults();
    world.start().await;
    world.intervals(10).await;
    assert_eq!(world.field("initech", "Item", "summary"), "Item three");
    let problems = world.problems().await;
    assert!(!problems.iter().any(|told| told.contains("kept its own")), "{problems:?}");
}

/// A proxy may refuse anything, once: that says nothing of the right. Where edits without mails are refused again though it is held, they go out with
/// them, and that is told.
#[tokio::test(start_paused = true)]
async fn one_refusal_is_no_lack_of_the_right_to_leave_mails_out() {
    for (config, from, to) in pairs() {
        let world = world(&with(&config, "never"), to, &[Holder::LoggedIn]).await;
        let refused = || FaultRule::new("editIssue", When::Nth(1), Fault::Status(403));
        let before = mails(&world, to.0);
        world.jira(to.0).add_fault(refused());
        renamed(&world, from, to.0, "Item two").await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from:?} to {to:?}");
        renamed(&world, from, to.0, "Item three").await;
        assert_eq!((mails(&world, to.0) - before, asked(&world, to.0)), (1, 2), "{from:?} to {to:?}");
        world.jira(to.0).add_fault(refused());
        renamed(&world, from, to.0, "Item four").await;
        let told = world.problems().await;
        assert!(told.len() == 1 && told[0].contains("without mails"), "{from:?} to {to:?}: {told:?}");
        renamed(&world, from, to.0, "Item five").await;
        assert_eq!((mails(&world, to.0) - before, asked(&world, to.0)), (3, 3), "{from:?} to {to:?}");
        // What is believed of it ends: then it is asked anew, and all is well.
        world.pass(3_700).await;
        renamed(&world, from, to.0, "Item six").await;
        assert_eq!(mails(&world, to.0) - before, 3, "{from:?} to {to:?}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from:?} to {to:?}");
    }
}
