//! What an earlier bridge copied, and what people wrote on both sides, is there once after the issues are paired: nothing is copied that
//! stands there, nothing is taken for another's, and nothing crosses that may not. Must never take the daemon's word for it.

use jirasyncd::app::{Chosen, preview};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::operation::Action;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::crash::{die_once, fused_world};
use super::daemon_pairs::{comment, create, pair, quiet, said};
use super::daemon_pause::give;
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// Whom the earlier bridge wrote as.
fn bridge(jira: &str) -> &'static str {
    match jira {
        "acme" => "nora",
        "globex" => "kchan",
        _ => "anna",
    }
}

/// A person of a Jira, and what they are called there.
fn someone(jira: &str) -> (&'static str, &'static str) {
    match jira {
        "acme" => ("jane", "Jane Roe"),
        "globex" => ("jdoe", "John Doe"),
        _ => ("petra", "Petra Müller"),
    }
}

/// The configuration with files and logged work, and with the accounts that the bridge wrote as.
fn bridged(config: &str, more: &str) -> String {
    let mut config = config.replacen("home = \"acme\"", &format!("home = \"acme\"\nattachments = \"both\"\n{more}"), 1);
    for (project, account) in
        [("SUP", "712020:aa8b1f1c-7f0e-4f6b-9d6d-0a1b2c3d4e60"), ("ENG", "kchan"), ("OPS", "60a1b2c3d4e5f60071c2d3e7")]
    {
        let place = format!("project = \"{project}\"");
        config = config.replace(&place, &format!("{place}, former-sync-users = [\"{account}\"]"));
    }
    format!("{config}\n[sync.support.worklogs]\nunrestricted = \"both\"\n")
}

/// A comment of the bridge, with a header that names somebody.
fn copied(world: &World, jira: &str, key: &str, header: &str, text: &str) {
    world.person(jira, bridge(jira)).comment(key, &format!("{header}\n\n{text}")).unwrap();
}

/// A text with markup, in that of the Jira.
fn marked(world: &World, jira: &str, who: &str, key: &str, header: &str) {
    let body = if jira == "globex" {
        json!({ "body": format!("{header}\n\nSaid *at home*\n\n* one\n* two") })
    } else {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let paragraph = |inlines: Vec<serde_json::Value>| json!({ "type": "paragraph", "content": inlines });
        let item = |words: &str| json!({ "type": "listItem", "content": [paragraph(vec![text(words)])] });
        let bold = json!({ "type": "text", "text": "at home", "marks": [{ "type": "strong" }] });
        let list = json!({ "type": "bulletList", "content": [item("one"), item("two")] });
        let mut blocks = vec![paragraph(vec![text("Said "), bold]), list];
        if !header.is_empty() {
            blocks.insert(0, paragraph(vec![text(header)]));
        }
        json!({ "body": { "type": "doc", "version": 1, "content": blocks } })
    };
    world.person(jira, who).add_comment(key, body).unwrap();
}

const AT: &str = "2026-03-01T08:30:00.000+0100";

/// An issue at home and the one that the bridge made of it elsewhere, with all that it copied. Gives their keys.
fn kept_in_step(world: &World, other: &str) -> (String, String) {
    let home = create(world, "acme", json!({ "summary": "Item" }));
    let (project, kind) = if other == "globex" { ("ENG", "Defect") } else { ("OPS", "Fehler") };
    let there = world.person(other, bridge(other)).create(project, kind, json!({ "summary": "Item" })).unwrap();
    let (who, name) = someone(other);
    marked(world, "acme", "jane", &home, "");
    marked(world, other, bridge(other), &there, "Jane Roe wrote:");
    comment(world, other, &there, "Said there");
    copied(world, "acme", &home, &format!("[{name}, {other}]"), "Said there");
    // Two that say the same, copied in the other order.
    comment(world, "acme", &home, "+1");
    world.person("acme", "omar").comment(&home, "+1").unwrap();
    copied(world, other, &there, "Omar Haddad (acme):", "+1");
    copied(world, other, &there, "Jane Roe (acme):", "+1");
    // Its original is gone.
    copied(world, other, &there, "Li Wei (acme):", "Nobody's any more");
    world.person("acme", "jane").attach(&home, "plan.png", b"the plan").unwrap();
    world.person("acme", "jane").attach(&home, "note.txt", b"one note").unwrap();
    world.person(other, bridge(other)).attach(&there, "acme-plan.png", b"the plan").unwrap();
    world.person(other, bridge(other)).attach(&there, "note.txt", b"one note").unwrap();
    world.person(other, who).attach(&there, "there.txt", b"of theirs").unwrap();
    world.person("acme", "nora").attach(&home, "there.txt", b"of theirs").unwrap();
    world.person("acme", "jane").log_work(&home, AT, 3_600, "Dug deep").unwrap();
    world.person(other, bridge(other)).log_work(&there, AT, 3_600, "Jane Roe: Dug deep").unwrap();
    (home, there)
}

/// Comments, files and logged work of an issue.
fn held(world: &World, jira: &str, key: &str) -> (usize, usize, usize) {
    let issue = world.jira(jira).issue(key).unwrap();
    (issue.comments.len(), issue.attachments.len(), issue.worklogs.len())
}

fn added(world: &World) -> Vec<(String, u64)> {
    let all = world.jiras.values().flat_map(calls);
    let adds = ["addComment", "addAttachment", "addWorklog", "createIssue", "createIssues"];
    all.filter(|(operation, _)| adds.contains(&operation.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_bridge_copied_is_there_once() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let mut world = World::without_daemon(&quiet(&bridged(&config, "")));
        for jira in ["acme", other] {
            let project = if jira == "acme" {
                "SUP"
            } else if jira == "globex" {
                "ENG"
            } else {
                "OPS"
            };
            world.jira(jira).set_permission(project, "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
        }
        let (home, there) = kept_in_step(&world, other);
        let before = (held(&world, "acme", &home), held(&world, other, &there));
        world.start().await;
        world.rest().await.unwrap();
        give(&world, pair(&[&home, &there])).await;
        // What a run would do: nothing is to be created.
        let planned = preview(
            world.config.clone(),
            world.surroundings(),
            Chosen::Keys(vec![home.as_str().into()]),
            Existing::ReMap,
        )
        .await
        .unwrap();
        let plan = planned.items[0].plan.clone().unwrap();
        let matched = plan.matched;
        assert_eq!((matched.comments, matched.files, matched.worklogs, matched.left), (4, 3, 1, 1), "{other}");
        let adds = |action: &Action| matches!(action, Action::AddComment { .. } | Action::AddFile { .. });
        assert!(!plan.operations.iter().any(|operation| adds(&operation.action)), "{:?}", plan.operations);
        world.rest().await.unwrap();
        assert_eq!((held(&world, "acme", &home), held(&world, other, &there)), before, "{other}");
        assert_eq!(added(&world), Vec::new(), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // What comes later crosses, and what the bridge does later does not.
        comment(&world, "acme", &home, "Said later");
        copied(&world, other, &there, "Jane Roe wrote:", "Late by the bridge");
        world.person(other, bridge(other)).edit(&there, json!({ "summary": "Set by the bridge" })).unwrap();
        let first = world.jira("acme").issue(&home).unwrap().comments[0].id.to_string();
        world.person("acme", "jane").edit_comment(&home, &first, "Said better").unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (said(&world, other, &there, "Said later"), said(&world, "acme", &home, "Late by")),
            (1, 0),
            "{other}"
        );
        assert_eq!(said(&world, other, &there, "Said better"), 1, "the copy is ours from now on");
        assert_eq!(said(&world, other, &there, "at home"), 0);
        assert_eq!(world.jira("acme").issue(&home).unwrap().fields["summary"], "Item");
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(held(&world, other, &there).0, before.1.0 + 2);
    }
}

/// What cannot be fetched once is fetched again before it is copied beside its twin.
#[tokio::test(start_paused = true)]
async fn one_no_to_a_file_makes_no_second_one() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        for status in [403, 404] {
            let mut world = World::without_daemon(&quiet(&bridged(&config, "")));
            let (home, there) = kept_in_step(&world, other);
            let before = (held(&world, "acme", &home).1, held(&world, other, &there).1);
            world.start().await;
            world.rest().await.unwrap();
            for jira in ["acme", other] {
                world.jira(jira).add_fault(FaultRule::new("getAttachmentContent", When::Nth(1), Fault::Status(status)));
            }
            give(&world, pair(&[&home, &there])).await;
            world.rest().await.unwrap();
            assert_eq!((held(&world, "acme", &home).1, held(&world, other, &there).1), before, "{other} {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_person_wrote_on_both_sides_is_left_alone_and_two_people_are_two() {
    let mut world = World::without_daemon(&quiet(&bridged(&two(), "")));
    let home = create(&world, "acme", json!({ "summary": "Item" }));
    let there = create(&world, "globex", json!({ "summary": "Item" }));
    // Jane is jdoe there, by `map.users`.
    comment(&world, "acme", &home, "Deployed");
    comment(&world, "globex", &there, "Deployed");
    world.person("acme", "omar").comment(&home, "+1").unwrap();
    world.person("globex", "mlopez").comment(&there, "+1").unwrap();
    world.person("acme", "omar").attach(&home, "plan.png", b"the plan").unwrap();
    world.person("globex", "mlopez").attach(&there, "PLAN.PNG", b"the plan").unwrap();
    world.person("globex", "mlopez").attach(&there, "plan.png", b"a plan..").unwrap();
    world.start().await;
    world.rest().await.unwrap();
    give(&world, pair(&[&home, &there])).await;
    world.rest().await.unwrap();
    assert_eq!((held(&world, "acme", &home).0, held(&world, "globex", &there).0), (3, 3));
    assert_eq!((said(&world, "acme", &home, "+1"), said(&world, "globex", &there, "Deployed")), (2, 1));
    assert_eq!(
        (held(&world, "acme", &home).1, held(&world, "globex", &there).1),
        (2, 2),
        "one of that name is another"
    );
    // What was theirs is never deleted or changed for the other's sake.
    let comments = world.jira("acme").issue(&home).unwrap().comments;
    let id = comments.iter().find(|comment| comment.body.contains("Deployed")).unwrap().id.to_string();
    world.jira("acme").set_permission("SUP", "DELETE_ALL_COMMENTS", &[Holder::LoggedIn]);
    world.person("acme", "jane").delete_comment(&home, &id).unwrap();
    let file = world.jira("acme").issue(&home).unwrap().attachments[0].id.to_string();
    world.person("acme", "omar").detach(&file).unwrap();
    world.rest().await.unwrap();
    assert_eq!((said(&world, "globex", &there, "Deployed"), held(&world, "globex", &there).1), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_past_may_stay_where_it_is_or_be_copied_whole() {
    for (history, at_home, there_too) in [("from-now", 2, 2), ("copy", 3, 3)] {
        let mut world = World::without_daemon(&quiet(&bridged(&two(), &format!("history = \"{history}\""))));
        let home = create(&world, "acme", json!({ "summary": "Item" }));
        let there = create(&world, "globex", json!({ "summary": "Item" }));
        comment(&world, "acme", &home, "Deployed");
        comment(&world, "globex", &there, "Deployed");
        world.person("acme", "jane").attach(&home, "plan.png", b"the plan").unwrap();
        world.start().await;
        world.rest().await.unwrap();
        give(&world, pair(&[&home, &there])).await;
        comment(&world, "acme", &home, "Later");
        world.rest().await.unwrap();
        let counts = (held(&world, "acme", &home).0, held(&world, "globex", &there).0);
        assert_eq!(counts, (at_home, there_too), "{history}");
        assert_eq!(said(&world, "globex", &there, "Later"), 1, "{history}");
        assert_eq!(held(&world, "globex", &there).1, usize::from(history == "copy"), "{history}");
    }
}

#[tokio::test(start_paused = true)]
async fn three_sides_hold_it_once_and_nothing_restricted_crosses_by_a_match() {
    let desk = r#"restricted = [{ acme = "role:Globex desk", globex = "role:Administrators", with = "globex" }]"#;
    let config = THREE.replace("unrestricted = \"both\"", &format!("unrestricted = \"both\"\n{desk}"));
    let config = bridged(&config, "").replace("attachments = \"both\"\n", "");
    let mut world = World::without_daemon(&quiet(&config));
    world.jira("globex").set_permission("ENG", "EDIT_ALL_COMMENTS", &[Holder::LoggedIn]);
    let home = create(&world, "acme", json!({ "summary": "Item" }));
    let globex = create(&world, "globex", json!({ "summary": "Item" }));
    let initech = create(&world, "initech", json!({ "summary": "Item" }));
    comment(&world, "acme", &home, "For all");
    copied(&world, "globex", &globex, "Jane Roe (acme):", "For all");
    copied(&world, "initech", &initech, "Jane Roe (acme):", "For all");
    comment(&world, "globex", &globex, "Partner's own");
    copied(&world, "acme", &home, "John Doe (globex):", "Partner's own");
    // For a role, and copied by the bridge for everybody; one with a row, one without.
    let few = world.person("acme", "omar").restricted_comment(&home, "canary-desk", "Globex desk").unwrap();
    copied(&world, "globex", &globex, "Omar Haddad (acme):", "canary-desk");
    let none = world.person("acme", "jane").restricted_comment(&home, "canary-admins", "Administrators").unwrap();
    copied(&world, "globex", &globex, "Jane Roe (acme):", "canary-admins");
    world.start().await;
    world.rest().await.unwrap();
    let before = (held(&world, "acme", &home), held(&world, "globex", &globex), held(&world, "initech", &initech));
    give(&world, pair(&[&home, &globex, &initech])).await;
    world.rest().await.unwrap();
    let now = (held(&world, "acme", &home), held(&world, "globex", &globex), held(&world, "initech", &initech));
    assert_eq!(now, before, "{:?}", world.problems().await);
    // What is restricted is edited: no open copy hears of it, whoever made that.
    world.person("acme", "omar").restrict_comment(&home, &few, "canary-desk secret", "Globex desk").unwrap();
    world.person("acme", "jane").restrict_comment(&home, &none, "canary-admins secret", "Administrators").unwrap();
    world.rest().await.unwrap();
    for jira in ["globex", "initech"] {
        let open = world.jira(jira).issues().into_iter().flat_map(|issue| issue.comments);
        assert!(!open.into_iter().any(|comment| comment.body.contains("secret")), "{jira}");
    }
    assert_eq!(said(&world, "initech", &initech, "Partner"), 0);
    assert_eq!(held(&world, "globex", &globex).0, before.1.0);
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_an_earlier_bridge_made_starts_nothing() {
    let world = World::new(&bridged(&two(), ""), |_| {}).await;
    world.person("acme", "nora").create("SUP", "Bug", json!({ "summary": "By the bridge" })).unwrap();
    create(&world, "acme", json!({ "summary": "By a person" }));
    world.settle().await;
    let made = world.issues("globex", "By");
    assert_eq!(made.iter().map(|issue| issue.fields["summary"].as_str()).collect::<Vec<_>>(), ["By a person"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_doubled_whatever_the_daemon_dies_at() {
    let step = if std::env::var_os("JIRASYNCD_LONG").is_some() { 1 } else { 4 };
    for n in (1..24).step_by(step) {
        let mut world = World::without_daemon(&quiet(&bridged(&two(), "")));
        let fuse = fused_world(&mut world);
        let (home, there) = kept_in_step(&world, "globex");
        let lone = world.person("acme", "omar").comment(&home, "Never copied").unwrap();
        let before = (held(&world, "acme", &home), held(&world, "globex", &there));
        world.start().await;
        world.settle().await;
        give(&world, pair(&[&home, &there])).await;
        fuse.set(n);
        die_once(&mut world, &fuse).await;
        world.settle().await;
        let mut expected = before;
        expected.1.0 += 1;
        let now = (held(&world, "acme", &home), held(&world, "globex", &there));
        assert_eq!(now, expected, "died at {n}, {lone}");
    }
}
