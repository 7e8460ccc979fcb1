//! `from` and `not-from`: the acts of some people stay where they are. Must never look for a leak anywhere but in what was sent.

use std::collections::BTreeMap;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Jira, Setup, When};
use serde_json::json;

use super::daemon_support::{World, two};

const TEAM: &str = "Field team";

/// The sync with these people's acts alone crossing from a side.
fn config(side: &str, rule: &str) -> String {
    let project = if side == "acme" { "SUP" } else { "ENG" };
    let plain = format!("project = \"{project}\"");
    let config = two().replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1);
    assert!(config.contains(&plain), "the side is written otherwise");
    format!(
        "{}\n[sync.support.worklogs]\nunrestricted = \"both\"\n",
        config.replacen(&plain, &format!("{plain}, {rule}"), 1)
    )
}

fn id_of(setup: &Setup, name: &str) -> String {
    setup.users.iter().find(|user| user.name == name).map(|user| user.id.clone()).unwrap()
}

/// The sync user and one person in the team, by group and by role.
fn join(setups: &mut BTreeMap<&'static str, Setup>) {
    for (name, member) in [("acme", "jane"), ("globex", "jdoe")] {
        let setup = setups.get_mut(name).unwrap();
        let member = id_of(setup, member);
        setup.group_members.insert(TEAM.into(), [member].into());
        setup.projects[0] = setup.projects[0].clone().member_group("Crossing", TEAM);
    }
}

async fn world(config: &str) -> World {
    let mut world = World::of(config, join);
    for jira in world.jiras.values() {
        jira.record_bodies(true);
    }
    world.start().await;
    world
}

fn was_sent(jira: &Jira, part: &str) -> bool {
    let holds = |exchange: &jirasyncd::simulator::Exchange| {
        let body = String::from_utf8_lossy(&exchange.request_body).contains(part);
        body || exchange.query.contains(part) || exchange.path.contains(part)
    };
    jira.calls().iter().any(holds)
}

fn labels(world: &World, jira: &str) -> Vec<String> {
    let words = world.field(jira, "Item", "labels");
    let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    words.sort();
    words
}

async fn quiet(world: &World) {
    let count = |world: &World| -> u64 {
        let operations = ["editIssue", "addComment", "updateComment", "addWorklog", "addAttachment", "doTransition"];
        world.jiras.values().flat_map(|jira| operations.map(|operation| jira.count(operation))).sum()
    };
    let before = count(world);
    world.intervals(6).await;
    assert_eq!(count(world), before, "something was written though nobody did anything");
}

/// What somebody outside does stays, what the team does crosses, each by itself, and nothing is put back on their side.
async fn stays(side: &str, rule: &str, (insider, outsider): (&str, &str)) {
    let world = world(&config(side, rule)).await;
    let (project, kind) = if side == "acme" { ("SUP", "Bug") } else { ("ENG", "Defect") };
    let other = if side == "acme" { "globex" } else { "acme" };
    let mine = world.person(side, insider);
    let fields = json!({ "summary": "Item", "labels": ["common"], "description": mine.text("one\n\ntwo") });
    let key = mine.create(project, kind, fields).unwrap();
    world.settle().await;
    assert_eq!(world.issues(other, "Item").len(), 1);

    let theirs = world.person(side, outsider);
    theirs.update(&key, json!({ "labels": [{ "add": "canary-label" }] })).unwrap();
    theirs.edit(&key, json!({ "description": theirs.text("one\n\ncanary words\n\ntwo") })).unwrap();
    theirs.edit(&key, json!({ "duedate": "2026-12-24" })).unwrap();
    theirs.comment(&key, "canary comment").unwrap();
    theirs.attach(&key, "canary.txt", b"canary bytes").unwrap();
    theirs.log_work(&key, "2026-11-20T09:00:00.000+0000", 3600, "canary work").unwrap();
    world.settle().await;
    assert_eq!(labels(&world, other), ["common"]);
    assert_eq!(labels(&world, side), ["canary-label", "common"]);
    assert_eq!(world.field(other, "Item", "duedate"), "");
    let problems = world.problems().await;
    let told = |part: &str| problems.iter().any(|problem| problem.contains(part));
    assert!(told("`labels` was changed here by somebody whose acts stay here"), "{problems:#?}");
    assert!(told("3 comments or files of people whose acts stay here"), "{problems:#?}");

    // The team's own acts on the same fields go on crossing, without the others' parts.
    mine.update(&key, json!({ "labels": [{ "add": "ours" }] })).unwrap();
    mine.edit(&key, json!({ "description": mine.text("one\n\ncanary words\n\ntwo and a half") })).unwrap();
    mine.comment(&key, "plain comment").unwrap();
    world.settle().await;
    assert_eq!(labels(&world, other), ["common", "ours"]);
    assert_eq!(labels(&world, side), ["canary-label", "common", "ours"]);
    assert!(world.field(other, "Item", "description").contains("two and a half"));
    assert!(world.field(side, "Item", "description").contains("canary words"), "it was put back");
    assert_eq!(world.field(side, "Item", "duedate"), "2026-12-24", "it was put back");
    let problems = world.problems().await;
    let told =
        problems.iter().any(|problem| problem.contains("`labels` was changed here by somebody whose acts stay here"));
    assert!(told, "what stays is not listed any more: {problems:#?}");
    let copies = world.issue(other, "Item").comments;
    assert!(copies.len() == 1 && copies[0].body.contains("plain comment"), "{copies:?}");

    // What comes from elsewhere reaches the side, and leaves what stays there.
    let far = world.issue(other, "Item").key;
    let visitor = world.person(other, if other == "acme" { "jane" } else { "jdoe" });
    visitor.edit(&far, json!({ "summary": "Item, seen", "duedate": "2027-01-02" })).unwrap();
    visitor.update(&far, json!({ "labels": [{ "remove": "ours" }] })).unwrap();
    world.settle().await;
    assert_eq!(labels(&world, side), ["canary-label", "common"]);
    assert_eq!(world.field(side, "Item", "duedate"), "2027-01-02");
    quiet(&world).await;
    assert!(!was_sent(world.jira(other), "canary"), "something of theirs was sent");
}

#[tokio::test(start_paused = true)]
async fn what_people_outside_a_group_do_on_a_cloud_stays() {
    stays("acme", r#"from = ["group:Field team"]"#, ("jane", "omar")).await;
}

#[tokio::test(start_paused = true)]
async fn what_people_without_a_role_do_on_a_data_center_stays() {
    stays("globex", r#"from = ["role:Crossing"]"#, ("jdoe", "kchan")).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_person_that_is_left_out_does_stays() {
    stays("globex", r#"not-from = ["user:kchan"]"#, ("jdoe", "kchan")).await;
}

#[tokio::test(start_paused = true)]
async fn an_issue_made_by_somebody_outside_is_not_carried() {
    let world = world(&config("acme", r#"from = ["role:Crossing"]"#)).await;
    let key = world.person("acme", "omar").create("SUP", "Bug", json!({ "summary": "Canary", "labels": ["common"] }));
    let key = key.unwrap();
    world.settle().await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Canary, edited" })).unwrap();
    world.settle().await;
    assert!(world.issues("globex", "Canary").is_empty());
    assert!(!was_sent(world.jira("globex"), "Canary"));
    let problems = world.problems().await;
    let told = problems.iter().any(|problem| problem.contains(&format!("not carried: {key}")));
    assert!(told, "{problems:#?}");
}

/// What stood there before the daemon came is told apart by its history.
#[tokio::test(start_paused = true)]
async fn a_history_of_both_is_told_apart_when_it_is_first_read() {
    let mut world = World::of(&config("acme", r#"from = ["group:Field team"]"#), join);
    world.jira("globex").record_bodies(true);
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    let fields = json!({ "summary": "Item", "labels": ["common"], "description": jane.text("public") });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    omar.update(&key, json!({ "labels": [{ "add": "canary-label" }] })).unwrap();
    jane.update(&key, json!({ "labels": [{ "add": "ours" }] })).unwrap();
    omar.edit(&key, json!({ "summary": "Item, canary" })).unwrap();
    omar.edit(&key, json!({ "description": omar.text("public, and a canary") })).unwrap();
    world.start().await;
    world.settle().await;
    assert_eq!(labels(&world, "globex"), ["common", "ours"]);
    assert_eq!(world.field("globex", "Item", "summary"), "Item");
    assert!(!was_sent(world.jira("globex"), "canary"));
    assert_eq!(world.field("acme", "Item", "summary"), "Item, canary", "it was put back");
    quiet(&world).await;
}

/// The log of a Cloud does not say what a text was between two people's edits: what both did since the last read stays.
#[tokio::test(start_paused = true)]
async fn a_text_that_both_changed_between_two_reads_stays() {
    let world = world(&config("acme", r#"from = ["group:Field team"]"#)).await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "description": jane.text("one\n\ntwo") })).unwrap();
    world.settle().await;
    omar.edit(&key, json!({ "description": omar.text("one\n\ncanary words\n\ntwo") })).unwrap();
    jane.edit(&key, json!({ "description": jane.text("one\n\ncanary words\n\ntwo, mended") })).unwrap();
    world.settle().await;
    assert!(!was_sent(world.jira("globex"), "canary"));
    jane.edit(&key, json!({ "description": jane.text("one and a half\n\ncanary words\n\ntwo, mended") })).unwrap();
    world.settle().await;
    assert!(!was_sent(world.jira("globex"), "canary"));
    assert!(world.field("globex", "Item", "description").contains("one and a half"));
    quiet(&world).await;
}

/// Without the rule nothing is put back, and what was kept before does not go out by itself.
#[tokio::test(start_paused = true)]
async fn letting_everybody_cross_again_puts_nothing_back() {
    let mut world = world(&config("acme", r#"from = ["group:Field team"]"#)).await;
    let (jane, omar) = (world.person("acme", "jane"), world.person("acme", "omar"));
    let key = jane.create("SUP", "Bug", json!({ "summary": "Item", "labels": ["common"] })).unwrap();
    world.settle().await;
    omar.update(&key, json!({ "labels": [{ "add": "canary-label" }] })).unwrap();
    omar.edit(&key, json!({ "duedate": "2026-12-24" })).unwrap();
    world.settle().await;
    world.daemon = None;
    world = world.with_config(&config("acme", "jql = \"project = SUP\""));
    world.start().await;
    world.settle().await;
    assert_eq!(labels(&world, "acme"), ["canary-label", "common"]);
    assert_eq!(world.field("acme", "Item", "duedate"), "2026-12-24");
    assert!(!was_sent(world.jira("globex"), "canary"));
    // From now on everybody's acts cross.
    omar.update(&key, json!({ "labels": [{ "add": "second" }] })).unwrap();
    world.settle().await;
    assert_eq!(labels(&world, "globex"), ["common", "second"]);
    quiet(&world).await;
}

/// A no says for good that somebody's acts stay: one alone, of a proxy that starts, is none.
#[tokio::test(start_paused = true)]
async fn one_no_keeps_nobodys_acts_back() {
    for (side, who, rule, operation) in [
        ("acme", "jane", r#"from = ["group:Field team"]"#, "getUser"),
        ("globex", "jdoe", r#"from = ["role:Crossing"]"#, "getProjectRoles"),
    ] {
        let world = world(&config(side, rule)).await;
        let (project, kind) = if side == "acme" { ("SUP", "Bug") } else { ("ENG", "Defect") };
        let person = world.person(side, who);
        let key = person.create(project, kind, json!({ "summary": "Item", "labels": ["common"] })).unwrap();
        world.rest().await.unwrap();
        let other = if side == "acme" { "globex" } else { "acme" };
        for status in [404, 403] {
            // What was read before is not believed any more.
            world.pass(700).await;
            world.jira(side).reset_calls();
            world.jira(side).add_fault(FaultRule::new(operation, When::Nth(1), Fault::Status(status)));
            let label = format!("after-{status}");
            person.update(&key, json!({ "labels": [{ "add": label }] })).unwrap();
            world.rest().await.unwrap();
            assert!(world.jira(side).count(operation) >= 2, "{side} {status}: it was not asked twice");
            assert!(labels(&world, other).contains(&label), "{side} {status}");
            // And of an issue that is made.
            world.pass(700).await;
            world.jira(side).add_fault(FaultRule::new(operation, When::Nth(1), Fault::Status(status)));
            let summary = format!("Made after {status}");
            person.create(project, kind, json!({ "summary": summary })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.issues(other, &summary).len(), 1, "{side} {status}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{side} {status}");
        }
    }
}

/// Where Jira does not show who is in the group nobody is taken to be.
#[tokio::test(start_paused = true)]
async fn without_the_right_to_see_groups_nothing_crosses() {
    let mut world = World::of(&config("acme", r#"from = ["group:Field team"]"#), |setups| {
        join(setups);
        let acme = setups.get_mut("acme").unwrap();
        let sync = id_of(acme, "sync");
        acme.cannot_browse_users.insert(sync);
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    jane.create("SUP", "Bug", json!({ "summary": "Item", "labels": ["common"] })).unwrap();
    world.intervals(8).await;
    assert!(world.issues("globex", "Item").is_empty());
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("not carried: SUP-1")), "{problems:#?}");
    let unseen = |problems: &[String]| problems.iter().filter(|problem| problem.contains("is not shown")).count();
    assert_eq!(unseen(&problems), 1, "{problems:#?}");
    let stored = world.daemon().store().problems(100).await.unwrap();
    let remedy = stored.into_iter().find(|stored| stored.problem.what.contains("is not shown")).unwrap().problem.remedy;
    assert!(remedy.contains("(USER_PICKER)") && remedy.contains("instance `acme`"), "{remedy}");
    // Nor after a start; and it is over once they are shown.
    world.daemon = None;
    world.start().await;
    world.intervals(8).await;
    let problems = world.problems().await;
    assert_eq!(unseen(&problems), 1);
    assert!(problems.iter().any(|problem| problem.contains("not carried: SUP-1")), "{problems:#?}");
    let sync = world.person("acme", "sync").id().to_owned();
    world.jira("acme").set_browses_users(&sync, true);
    world.pass(700).await;
    jane.create("SUP", "Bug", json!({ "summary": "Second" })).unwrap();
    world.intervals(8).await;
    assert_eq!(unseen(&world.problems().await), 0);
    assert_eq!(world.issues("globex", "Second").len(), 1);
}
