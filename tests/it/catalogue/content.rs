//! Rows about what people and other tools do to issues, comments and files. Must never make a second copy, carry an edit in a circle, or
//! lose what somebody wrote.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::model::ids::IssueKey;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Holder, TransitionSetup, When};
use serde_json::{Value, json};

use super::super::bent::{Bent, each_issue};
use super::super::daemon_input::{create, edit};
use super::super::daemon_support::{World, calls, two, two_clouds};
use super::hours;

/// Home, and each kind of counterpart with a person and its project.
fn pairs() -> [(String, &'static str, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe", "ENG"), (two_clouds(), "initech", "petra", "OPS")]
}

fn with_files(config: &str) -> String {
    config.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1)
}

async fn conflicts(world: &World, key: &str) -> Vec<String> {
    let items = world.daemon().store().items_by_key(&IssueKey::from(key)).await.unwrap();
    let conflicts = world.daemon().store().conflicts(items[0]).await.unwrap();
    conflicts.iter().map(|conflict| format!("{conflict:?}")).collect()
}

/// What was given up lands when something newer was written already.
#[tokio::test(start_paused = true)]
async fn row_005_an_edit_that_lands_late_does_not_undo_a_newer_one() {
    for (config, to, _, _) in pairs() {
        for late in [20, 90, 400] {
            let world = World::new(&config, |_| {}).await;
            let key = create(&world, "SUP", "Item", &[]);
            world.settle().await;
            world.unwatched();
            let fault = Fault::LateWrite(Duration::from_secs(late));
            world.jira(to).add_fault(FaultRule::new("editIssue", When::Nth(1), fault));
            edit(&world, "acme", "jane", &key, "Item, first");
            world.interval().await;
            edit(&world, "acme", "jane", &key, "Item, second");
            world.intervals(40).await;
            world.rest().await.unwrap();
            let first =
                world.issue(to, "Item").history.iter().any(|entry| format!("{entry:?}").contains("Item, first"));
            assert!(first, "{to} {late}: it never landed");
            assert_eq!(world.field("acme", "Item", "summary"), "Item, second", "{to} {late}: our late write came back");
            assert_eq!(world.in_step("acme", to).await, Ok(()), "{late}");
            assert_eq!(calls(world.jira("acme")).get("editIssue"), None, "{to} {late}");
        }
    }
}

/// A transition that is called like the goal leads elsewhere, and one to the goal asks for more than another.
#[tokio::test(start_paused = true)]
async fn row_054_transitions_are_chosen_by_where_they_lead() {
    let mut world = World::of(&two_clouds(), |setups| {
        let transitions = &mut setups.get_mut("initech").unwrap().projects[0].transitions;
        transitions.insert(0, TransitionSetup::new("Fertig", &["Neu", "In Arbeit"], "In Arbeit"));
        transitions.insert(1, TransitionSetup::new("Im Kreis", &["Neu", "In Arbeit", "Fertig"], "Neu"));
        let mut asking = TransitionSetup::new("Auch fertig", &["Neu", "In Arbeit"], "Fertig");
        asking.screen.insert("customfield_10078".into(), true);
        transitions.insert(2, asking);
    });
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    world.person("acme", "jane").transition(&key, "Done").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("initech", "Item", "status"), "Fertig");
    assert_eq!(world.jira("initech").count("doTransition"), 1);
    world.person("acme", "jane").transition(&key, "In Progress").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.in_step("acme", "initech").await, Ok(()));
}

/// A rule on one side sets a value back whenever it is another, as a user of its own.
#[tokio::test(start_paused = true)]
async fn row_056_a_rule_that_sets_our_value_back_is_answered_once() {
    for (to, who, project, back, config) in
        [("globex", "kchan", "ENG", "P1", two()), ("initech", "anna", "OPS", "Hoch", two_clouds())]
    {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.unwatched();
        let rule = world.person(to, who);
        for jira in world.jiras.values() {
            jira.reset_calls();
        }
        for round in 0..60 {
            if round == 5 {
                let fields = json!({ "priority": { "name": "Low" }, "summary": "Item, edited" });
                world.person("acme", "jane").edit(&key, fields).unwrap();
            }
            let there = world.issue(to, "Item");
            if there.fields["priority"] != back {
                rule.edit(&there.key, json!({ "priority": { "name": back } })).unwrap();
            }
            world.interval().await;
        }
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{project}");
        assert_eq!(world.field("acme", "Item", "priority"), "Highest");
        let (here, there) = (world.jira("acme").count("editIssue"), world.jira(to).count("editIssue"));
        assert!(here <= 2 && there <= 2, "{to}: {here} and {there} edits of ours");
    }
}

/// Two rules on two sides, each for a value of its own: it ends, is told, and nothing else of the issue waits. Without one of them
/// all goes on.
#[tokio::test(start_paused = true)]
async fn row_056_two_rules_that_insist_on_two_values_go_on_for_a_few_rounds() {
    for (to, who, back, other, config) in
        [("globex", "kchan", "P1", "P3", two()), ("initech", "anna", "Hoch", "Mittel", two_clouds())]
    {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.unwatched();
        for jira in world.jiras.values() {
            jira.reset_calls();
        }
        let insist = |jira: &str, person: &str, value: &str| {
            let issue = world.issue(jira, "Item");
            if issue.fields["priority"] != value {
                let fields = json!({ "priority": { "name": value } });
                world.person(jira, person).edit(&issue.key, fields).unwrap();
            }
        };
        for _ in 0..60 {
            insist("acme", "omar", "Low");
            insist(to, who, back);
            world.interval().await;
        }
        let edits = || [world.jira("acme").count("editIssue"), world.jira(to).count("editIssue")];
        let [here, there] = edits();
        assert!((1..=8).contains(&here) && (1..=8).contains(&there), "{to}: {here} and {there} edits of ours");
        assert_eq!(
            (world.field("acme", "Item", "priority"), world.field(to, "Item", "priority")),
            ("Low".into(), back.into())
        );
        let told = world.problems().await;
        assert!(told.len() == 1 && told[0].contains("as an automation rule does"), "{to}: {told:?}");
        // All else goes on.
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item, edited" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").fields["summary"], "Item, edited");
        assert_eq!(edits(), [here, there + 1]);
        // One of the rules ends, and somebody sets the field.
        insist(to, who, other);
        for _ in 0..10 {
            insist("acme", "omar", "Low");
            world.interval().await;
        }
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}: {:?}", world.problems().await);
        assert_eq!(world.field("acme", "Item", "priority"), "Low");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn row_058_what_a_person_does_as_the_sync_user_is_told_and_stays_where_it_is() {
    for (config, to, who, _) in pairs() {
        for at in ["acme", to] {
            let world = World::new(&config, |_| {}).await;
            let key = create(&world, "SUP", "Item", &[]);
            world.settle().await;
            let other = if at == "acme" { to } else { "acme" };
            let here = world.issue(at, "Item").key;
            edit(&world, at, "sync", &here, "Item, as the sync user");
            world.rest().await.unwrap();
            assert_eq!(world.field(other, "Item", "summary"), "Item", "{at}");
            assert_eq!(world.field(at, "Item", "summary"), "Item, as the sync user", "{at}: nothing is lost");
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains("the sync user's own account"), "{problems:?}");
            // What people say of it next goes everywhere.
            let (there, person) = (world.issue(other, "Item").key, if other == "acme" { "jane" } else { who });
            edit(&world, other, person, &there, "Item, by somebody");
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", to).await, Ok(()), "{at} {key}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_059_a_comment_of_the_sync_user_that_bears_no_mark_stays_where_it_is() {
    for (config, to, who, _) in pairs() {
        for at in ["acme", to] {
            let world = World::new(&config, |_| {}).await;
            create(&world, "SUP", "Item", &[]);
            world.settle().await;
            let other = if at == "acme" { to } else { "acme" };
            let key = world.issue(at, "Item").key;
            world.jira(at).reset_calls();
            world.person(at, "sync").comment(&key, "Written by a tool").unwrap();
            for _ in 0..3 {
                world.rest().await.unwrap();
                world.daemon().engine().sweep(None).await.unwrap();
                let who = if at == "acme" { "jane" } else { who };
                world.person(at, who).edit(&key, json!({ "duedate": "2030-05-06" })).unwrap();
                world.rest().await.unwrap();
                assert!(world.issue(other, "Item").comments.is_empty(), "{at}");
                assert_eq!(world.issue(at, "Item").comments.len(), 1, "{at}");
                let problems = world.problems().await;
                assert!(problems.len() == 1 && problems[0].contains("without our mark"), "{at}: {problems:?}");
            }
            let asked = calls(world.jira(at)).get("getCommentProperty").copied().unwrap_or_default();
            assert_eq!(asked, 1, "{at}: what it bears is asked once");
            // It is not told for ever.
            world.pass(8 * 24 * 3_600).await;
            world.person("acme", "jane").edit(&world.issue("acme", "Item").key, json!({ "duedate": null })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.problems().await, Vec::<String>::new(), "{at}");
        }
    }
}

/// A copy of ours that was given up may land yet, so what stands there is asked for its mark. Each once.
#[tokio::test(start_paused = true)]
async fn row_059_what_bears_no_mark_is_not_asked_for_ever_because_a_copy_may_land_yet() {
    for (config, to, who, _) in pairs() {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.issue(to, "Item").key;
        world.person(to, "sync").comment(&there, "Written by a tool").unwrap();
        world.jira(to).add_fault(FaultRule::new("addComment", When::Nth(1), Fault::ResetBefore));
        world.person("acme", "jane").comment(&key, "Said by Jane").unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").comments.len(), 2, "{to}");
        world.jira(to).reset_calls();
        for day in 1..4 {
            world.person(to, who).edit(&there, json!({ "duedate": format!("2030-05-0{day}") })).unwrap();
            world.rest().await.unwrap();
        }
        assert_eq!(calls(world.jira(to)).get("getCommentProperty"), None, "{to}");
    }
}

/// What stood there before the issues were paired is of another time, and what we wrote ourselves is no stranger's.
#[tokio::test(start_paused = true)]
async fn row_059_what_stood_there_before_and_what_we_wrote_is_not_told() {
    for (config, to, who, _) in pairs() {
        let mut world = World::of(&config, |_| {});
        let key = create(&world, "SUP", "Item", &[]);
        world.person("acme", "sync").comment(&key, "Written by a tool, long ago").unwrap();
        world.start().await;
        world.rest().await.unwrap();
        let there = world.issue(to, "Item").key;
        world.person("acme", "jane").comment(&key, "Said by Jane").unwrap();
        for fault in [Fault::ResetAfter, Fault::ResetBefore] {
            world.jira(to).add_fault(FaultRule::new("addComment", When::Nth(1), fault));
            world.person("acme", "jane").comment(&key, "Said by Jane again").unwrap();
            world.rest().await.unwrap();
            world.person(to, who).edit(&there, json!({ "duedate": "2030-05-06" })).unwrap();
            world.intervals(40).await;
        }
        world.person("acme", "jane").edit(&key, json!({ "duedate": "2030-05-07" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").comments.len(), 3, "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// A proxy that starts, or a Jira that hides an issue for a moment, answers 404 as a comment without a mark does.
#[tokio::test(start_paused = true)]
async fn row_059_one_404_is_not_the_word_that_a_comment_bears_no_mark() {
    for (config, to, _, _) in pairs() {
        let world = World::new(&config, |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let there = world.jira(to);
        there.add_fault(FaultRule::new("addComment", When::Nth(1), Fault::ResetAfter));
        there.add_fault(FaultRule::new("getCommentProperty", When::Nth(1), Fault::Status(404)));
        there.reset_calls();
        world.person("acme", "jane").comment(&key, "Said by Jane").unwrap();
        world.rest().await.unwrap();
        world.intervals(40).await;
        let asked = calls(there);
        assert!(asked.get("getCommentProperty") >= Some(&2), "{to}: {asked:?}");
        assert_eq!(asked.get("getCommentPropertyKeys"), Some(&1), "{to}");
        assert_eq!(world.issue(to, "Item").comments.len(), 1, "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// Both orders: the original goes while the copy is edited, and the copy goes while the original is edited.
#[tokio::test(start_paused = true)]
async fn row_062_what_somebody_edits_while_the_other_end_is_deleted_stays_where_they_wrote_it() {
    for (config, to, who, project) in pairs() {
        for original_goes in [true, false] {
            let world = World::new(&config, |_| {}).await;
            let key = create(&world, "SUP", "Item", &[]);
            let jane = world.person("acme", "jane");
            let comment = jane.comment(&key, "Said first").unwrap();
            world.rest().await.unwrap();
            for permission in ["EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS"] {
                world.jira(to).set_permission(project, permission, &[Holder::LoggedIn]);
            }
            let there = world.issue(to, "Item");
            let (copy, person) = (there.comments[0].id.to_string(), world.person(to, who));
            if original_goes {
                person.edit_comment(&there.key, &copy, "Said first, and I add this").unwrap();
                jane.delete_comment(&key, &comment).unwrap();
            } else {
                jane.edit_comment(&key, &comment, "Said better").unwrap();
                person.delete_comment(&there.key, &copy).unwrap();
            }
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            let shown = |jira: &str| {
                let comments = world.issue(jira, "Item").comments;
                comments.iter().map(|comment| comment.body.clone()).collect::<Vec<_>>()
            };
            let (edited, gone) = if original_goes { (shown(to), shown("acme")) } else { (shown("acme"), shown(to)) };
            let words = if original_goes { "and I add this" } else { "Said better" };
            assert!(edited.len() == 1 && edited[0].contains(words), "{to}: {edited:?}");
            assert!(gone.is_empty(), "{to}: {gone:?}");
            let problems = world.problems().await;
            assert!(!problems.iter().any(|problem| problem.contains("breaks a rule")), "{problems:?}");
            let writes = calls(world.jira(to));
            world.intervals(40).await;
            assert_eq!(calls(world.jira(to)).get("addComment"), writes.get("addComment"), "{to}: it is not made again");
        }
    }
}

/// A tool or an import lost the marks of all comments.
#[tokio::test(start_paused = true)]
async fn row_064_a_copy_whose_mark_is_lost_is_still_our_copy() {
    for (config, to, _, _) in pairs() {
        let mut world = World::without_daemon(&config);
        let lost = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&lost);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |_, _, said| {
                if held.load(Ordering::SeqCst) {
                    without_marks(said);
                }
            })) as Arc<dyn Transport>
        });
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        let jane = world.person("acme", "jane");
        let comment = jane.comment(&key, "Said first").unwrap();
        world.rest().await.unwrap();
        lost.store(true, Ordering::SeqCst);
        for restart in [false, true] {
            if restart {
                world.start().await;
            }
            jane.edit_comment(&key, &comment, &format!("Said again, {restart}")).unwrap();
            edit(&world, "acme", "jane", &key, &format!("Item, {restart}"));
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            let (here, there) = (world.issue("acme", "Item").comments, world.issue(to, "Item").comments);
            assert_eq!((here.len(), there.len()), (1, 1), "{to}: {here:?} {there:?}");
            assert!(there[0].body.contains(&format!("Said again, {restart}")), "{there:?}");
        }
    }
}

/// Takes our properties off every comment of an answer.
fn without_marks(said: &mut Value) {
    match said {
        Value::Object(map) => {
            if map.contains_key("body") {
                map.remove("properties");
            }
            map.values_mut().for_each(without_marks);
        }
        Value::Array(list) => list.iter_mut().for_each(without_marks),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Jira shows the new key everywhere and takes the old one still; the configuration says the old one, and everything goes on under it.
#[tokio::test(start_paused = true)]
async fn row_067_a_project_that_gets_another_key_doubles_and_deletes_nothing() {
    for (config, to, who, _) in pairs() {
        let config = format!("{config}\n[sync.support.life]\ndeleted = \"delete\"\nmoved = \"delete\"\n");
        let mut world = World::without_daemon(&config);
        let renamed = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&renamed);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if held.load(Ordering::SeqCst) && place.contains("acme.example") {
                    if place.ends_with("/project/SUP") {
                        said["key"] = json!("NEW");
                    }
                    each_issue(said, |issue| {
                        issue["key"] = json!(issue["key"].as_str().unwrap_or_default().replace("SUP-", "NEW-"));
                        if let Some(shown) = issue.pointer_mut("/fields/project/key") {
                            *shown = json!("NEW");
                        }
                    });
                }
            })) as Arc<dyn Transport>
        });
        world.jira(to).set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
        world.jira(to).set_permission("OPS", "DELETE_ISSUES", &[Holder::LoggedIn]);
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.person("acme", "jane").comment(&key, "Stays").unwrap();
        world.settle().await;
        renamed.store(true, Ordering::SeqCst);
        let there = world.issue(to, "Item").key;
        world.person(to, who).edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(20).await;
        hours(&world, 2).await;
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains("project `SUP` has the key `NEW` now"),
            "{to}: {problems:?}"
        );
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (1, 1), "{to}");
        assert_eq!(world.issue(to, "Item").comments.len(), 1, "{to}");
        assert_eq!(world.field(to, "Item", "summary"), "Item, edited", "{to}");
        assert_eq!(world.field("acme", "Item", "duedate"), "2026-05-01", "{to}");
        // Where the key is the one of the configuration again, nothing is told any more.
        renamed.store(false, Ordering::SeqCst);
        edit(&world, "acme", "jane", &key, "Item, edited again");
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()));
        assert_eq!(world.field(to, "Item", "summary"), "Item, edited again", "{to}");
    }
}

/// Names and addresses come from Jira with every answer, and say nothing about who we are.
#[tokio::test(start_paused = true)]
async fn row_072_another_name_of_the_sync_user_changes_nothing() {
    for (config, to, who, _) in pairs() {
        let mut world = World::without_daemon(&config);
        let renamed = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&renamed);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |_, _, said| {
                if held.load(Ordering::SeqCst) {
                    rename(said);
                }
            })) as Arc<dyn Transport>
        });
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.person("acme", "jane").comment(&key, "Before").unwrap();
        world.rest().await.unwrap();
        renamed.store(true, Ordering::SeqCst);
        for restart in [false, true] {
            if restart {
                world.start().await;
            }
            let there = world.issue(to, "Item").key;
            world.person(to, who).comment(&there, &format!("After, {restart}")).unwrap();
            edit(&world, "acme", "jane", &key, &format!("Item, {restart}"));
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", to).await, Ok(()));
        }
        let (here, there) = (world.issue("acme", "Item").comments.len(), world.issue(to, "Item").comments.len());
        assert_eq!((here, there), (3, 3), "{to}");
    }
}

/// The sync users are called otherwise.
fn rename(said: &mut Value) {
    match said {
        Value::Object(map) => {
            let name = map.get("displayName").and_then(Value::as_str).unwrap_or_default();
            if name.starts_with("Sync (") || name.starts_with("Abgleich") {
                map.insert("displayName".into(), json!("Jane Roe"));
                map.insert("emailAddress".into(), json!("jane@acme.example"));
            }
            map.values_mut().for_each(rename);
        }
        Value::Array(list) => list.iter_mut().for_each(rename),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn row_076_an_empty_file_is_copied_once() {
    for (config, to, who, _) in pairs() {
        for (from, to, who) in [("acme", to, "jane"), (to, "acme", who)] {
            let world = World::new(&with_files(&config), |_| {}).await;
            create(&world, "SUP", "Item", &[]);
            world.settle().await;
            let key = world.issue(from, "Item").key;
            world.jira(to).add_fault(FaultRule::new("addAttachment", When::Nth(1), Fault::ResetAfter));
            world.person(from, who).attach(&key, "empty.txt", b"").unwrap();
            world.rest().await.unwrap();
            world.intervals(10).await;
            let there = world.issue(to, "Item").attachments;
            assert!(there.len() == 1 && there[0].content.is_empty(), "{from} to {to}: {there:?}");
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn row_080_where_files_are_switched_off_the_rest_goes_on() {
    for (config, to, _, _) in pairs() {
        let mut world = World::of(&with_files(&config), |setups| {
            setups.get_mut(to).unwrap().quirks.attachments = false;
        });
        world.start().await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        let jane = world.person("acme", "jane");
        jane.attach(&key, "plan.png", b"bytes").unwrap();
        jane.comment(&key, "See the plan").unwrap();
        edit(&world, "acme", "jane", &key, "Item, edited");
        world.intervals(10).await;
        let there = world.issue(to, "Item");
        assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item, edited", 1), "{to}");
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("plan.png"), "{problems:?}");
        world.jira(to).reset_calls();
        hours(&world, 10).await;
        let tried = calls(world.jira(to)).get("addAttachment").copied().unwrap_or_default();
        assert_eq!(tried, 0, "{to}: what no upload can bring is not tried");
        world.jira(to).set_quirks(|quirks| quirks.attachments = true);
        // What a Jira takes is asked for when the daemon starts.
        world.start().await;
        edit(&world, "acme", "jane", &key, "Item, edited again");
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").attachments.len(), 1, "{to}: {:?}", world.problems().await);
    }
}

/// Both while the daemon runs.
#[tokio::test(start_paused = true)]
async fn row_080_that_files_are_switched_off_and_on_again_is_learnt() {
    for (config, to, _, _) in pairs() {
        let world = World::new(&with_files(&config), |_| {}).await;
        let key = create(&world, "SUP", "Item", &[]);
        world.settle().await;
        world.jira(to).set_quirks(|quirks| quirks.attachments = false);
        world.jira(to).reset_calls();
        let jane = world.person("acme", "jane");
        for name in ["one.png", "two.png", "three.png"] {
            jane.attach(&key, name, b"bytes").unwrap();
            world.rest().await.unwrap();
        }
        hours(&world, 3).await;
        let tried = calls(world.jira(to)).get("addAttachment").copied().unwrap_or_default();
        assert_eq!(tried, 1, "{to}: one refusal is enough to ask");
        let problems = world.problems().await;
        assert!(problems.len() == 3 && problems.iter().all(|told| told.contains("takes no files")), "{problems:?}");
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.problems().await.len(), 3);
        world.jira(to).set_quirks(|quirks| quirks.attachments = true);
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.issue(to, "Item").attachments.len(), 3, "{to}: {:?}", world.problems().await);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What a template makes of a summary is longer than Jira takes.
#[tokio::test(start_paused = true)]
async fn row_084_what_was_cut_to_one_line_never_flows_back() {
    for (config, to, who, _) in pairs() {
        let row = "summary = { from = [\"acme\"], template = \"[{{ key }}] {{ summary }}\" }";
        let world = World::new(&config.replacen("summary = \"both\"", row, 1), |_| {}).await;
        let long = format!("Item {}", "x".repeat(250));
        let jane = world.person("acme", "jane");
        let key = jane.create("SUP", "Bug", json!({ "summary": long, "priority": { "name": "Low" } })).unwrap();
        world.rest().await.unwrap();
        let cut = |world: &World| {
            let shown = world.field(to, "Item", "summary");
            assert_eq!((shown.chars().count(), shown.chars().last()), (255, Some('…')), "{to}: {shown}");
            assert!(shown.starts_with(&format!("[{key}] Item x")), "{shown}");
        };
        cut(&world);
        // Neither by itself nor with another edit there; nor is it written again and again.
        let there = world.issue(to, "Item").key;
        world.person(to, who).edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        world.jira(to).reset_calls();
        world.intervals(20).await;
        assert_eq!(calls(world.jira(to)).get("editIssue"), None, "{to}");
        assert_eq!(world.field("acme", "Item", "summary"), long, "{to}");
        assert!(!world.field("acme", "Item", "duedate").is_empty());
        cut(&world);
        assert_eq!(conflicts(&world, &key).await, Vec::<String>::new());
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What a template makes of a text of several lines: Jira takes no summary with a line end in it.
#[tokio::test(start_paused = true)]
async fn row_084_a_summary_that_is_composed_of_several_lines_is_one() {
    for (config, to, who, _) in pairs() {
        for (template, between) in
            [("{{ summary }}: {{ description }}", ":"), ("{{ summary }}\\n{{ description }}", "")]
        {
            let row = format!("summary = {{ from = [\"acme\"], template = \"{template}\" }}");
            let world = World::new(&config.replacen("summary = \"both\"", &row, 1), |_| {}).await;
            let jane = world.person("acme", "jane");
            let fields = json!({ "summary": "Item", "description": "First line\nsecond line\n\nthird", "priority": { "name": "Low" } });
            let key = jane.create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            let shows = |world: &World, words: &str| {
                let shown = world.field(to, "Item", "summary");
                assert!(!shown.contains(['\r', '\n']), "{to}: {shown:?}");
                let said = shown.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(said, format!("Item{between} {words}"), "{to}");
            };
            shows(&world, "First line second line third");
            // It stands: neither an edit beside it nor a full check has it written again, and home keeps its own.
            let there = world.issue(to, "Item").key;
            world.person(to, who).edit(&there, json!({ "duedate": "2026-05-01" })).unwrap();
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            let home = world.issue("acme", "Item");
            assert_eq!((home.fields["summary"].as_str(), home.fields.contains_key("duedate")), ("Item", true), "{to}");
            world.jiras.values().for_each(|jira| jira.reset_calls());
            world.intervals(20).await;
            for jira in ["acme", to] {
                assert_eq!(calls(world.jira(jira)).get("editIssue"), None, "{to}: at {jira}");
            }
            // And what it is composed of is followed, once.
            jane.edit(&key, json!({ "description": "First line\nanother" })).unwrap();
            world.rest().await.unwrap();
            shows(&world, "First line another");
            world.jira(to).reset_calls();
            world.intervals(20).await;
            assert_eq!(calls(world.jira(to)).get("editIssue"), None, "{to}");
            assert_eq!(conflicts(&world, &key).await, Vec::<String>::new());
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}
