//! Issues that are not where they were: deleted, hidden, moved, and there again. Must never take the daemon's word for what became
//! of a counterpart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::model::command::{Command, Target};
use jirasyncd::simulator::{Fault, FaultRule, Holder, IssueView, Jira, ProjectSetup, When};
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_levels::levels;
use super::daemon_pause::give;
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// With a `life` table.
fn with(config: &str, life: &str) -> String {
    format!("{config}\n[sync.support.life]\n{life}\n")
}

/// A world with one item that has a counterpart on both sides, and where everybody may delete.
async fn paired(config: &str) -> World {
    let mut world = World::of(config, |setups| {
        let acme = setups.get_mut("acme").unwrap();
        acme.projects.push(ProjectSetup::new("OLD", 10_300, "Attic").types(&["Bug", "Task"]));
        let globex = setups.get_mut("globex").unwrap();
        globex.projects.push(ProjectSetup::new("ATTIC", 10_400, "Attic").types(&["Defect", "Task"]));
    });
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG"), ("initech", "OPS")] {
        world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
    }
    world.start().await;
    world.daemon().once().await.unwrap();
    let fields =
        json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": ["share-globex", "share-initech"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world
}

/// The full check, which is what finds that an issue is not there any more.
async fn look(world: &World) {
    world.daemon().engine().sweep(None).await.unwrap();
    world.intervals(12).await;
    world.settle().await;
}

fn only(world: &World, jira: &str) -> IssueView {
    world.issue(jira, "Item")
}

#[tokio::test(start_paused = true)]
async fn a_deleted_issue_is_told_and_its_counterpart_stays() {
    for (config, gone, left) in
        [(two(), "acme", "globex"), (two(), "globex", "acme"), (two_clouds(), "acme", "initech")]
    {
        let world = paired(&config).await;
        let before = only(&world, left);
        let key = only(&world, gone).key;
        let who = if gone == "acme" { "jane" } else { "jdoe" };
        world.person(gone, who).delete(&key).unwrap();
        world.jira(left).reset_calls();
        look(&world).await;
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains(&key) && problems[0].contains("was deleted"),
            "{problems:?}"
        );
        assert_eq!(only(&world, left), before);
        // What people do to the other goes on, and the lost one is not made again.
        let fields = json!({ "summary": "Item, alone" });
        let other = if left == "acme" {
            "jane"
        } else if left == "globex" {
            "jdoe"
        } else {
            "petra"
        };
        world.person(left, other).edit(&before.key, fields).unwrap();
        look(&world).await;
        assert!(world.issues(gone, "Item").is_empty());
        assert_eq!(world.problems().await, problems);
        world.jira(gone).reset_calls();
        world.intervals(10).await;
        let idle = calls(world.jira(gone));
        assert!(idle.values().sum::<u64>() <= 10, "an issue that is gone is not asked for again and again: {idle:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_014_one_miss_is_no_deletion() {
    for (gone, other) in [("acme", "globex"), ("globex", "acme")] {
        let world = paired(&with(&two(), "deleted = \"delete\"")).await;
        let (project, key) = if gone == "acme" { ("SUP", "jane") } else { ("ENG", "jdoe") };
        // The right to see the project is lost for a while: the control says that nothing can be said.
        world.jira(gone).set_permission(project, "BROWSE_PROJECTS", &[]);
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(30).await;
        assert_eq!(world.issues(other, "Item").len(), 1);
        assert!(!world.problems().await.is_empty());
        world.jira(gone).set_permission(project, "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        world.intervals(200).await;
        look(&world).await;
        let edit = json!({ "summary": "Item, seen again" });
        let issue = only(&world, gone).key;
        world.person(gone, key).edit(&issue, edit).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Item", "summary"), "Item, seen again");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn the_counterparts_of_a_deleted_issue_get_what_the_sync_says() {
    // A comment, once, by the sync user.
    let world = paired(&with(&two(), "deleted = \"comment\"")).await;
    let key = only(&world, "acme").key;
    world.person("acme", "jane").delete(&key).unwrap();
    look(&world).await;
    look(&world).await;
    let comments = only(&world, "globex").comments;
    assert!(comments.len() == 1 && comments[0].body.contains(&key), "{comments:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());

    // A status, once: what people do to it afterwards stands.
    let world = paired(&with(&two(), "deleted = { transition = \"Done\" }")).await;
    world.person("acme", "jane").delete(&only(&world, "acme").key).unwrap();
    look(&world).await;
    let issue = only(&world, "globex");
    assert_eq!(issue.fields["status"], "Closed");
    world.person("globex", "jdoe").transition(&issue.key, "Reopen").unwrap();
    look(&world).await;
    assert_eq!(only(&world, "globex").fields["status"], "Open");
    assert_eq!(world.problems().await, Vec::<String>::new());

    // The link to it goes.
    let linked = two().replace("home = \"acme\"", "home = \"acme\"\ncounterparts = \"link\"");
    let world = paired(&with(&linked, "deleted = \"unlink\"")).await;
    let issue = only(&world, "globex");
    assert_eq!(issue.links.len(), 1, "{issue:?}");
    world.person("acme", "jane").delete(&only(&world, "acme").key).unwrap();
    look(&world).await;
    assert!(only(&world, "globex").links.is_empty());
    look(&world).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Found by the crash ring: planned a second time, a notice was taken for a text that names the item, and called it by the wrong key.
#[tokio::test(start_paused = true)]
async fn a_notice_that_is_sent_later_names_the_issue_that_is_gone() {
    let world = paired(&with(&two(), "deleted = \"comment\"")).await;
    let (gone, there) = (only(&world, "acme").key, only(&world, "globex").key);
    world.jira("globex").add_fault(FaultRule::new("addComment", When::Nth(1), Fault::ResetBefore));
    world.person("acme", "jane").delete(&gone).unwrap();
    look(&world).await;
    let comments = only(&world, "globex").comments;
    assert!(comments.len() == 1 && comments[0].body.contains(&gone), "{comments:?}");
    assert!(!comments[0].body.contains(&there), "{comments:?}");
}

#[tokio::test(start_paused = true)]
async fn only_copies_of_ours_are_deleted() {
    for (config, copy) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = paired(&with(&config, "deleted = \"delete\"")).await;
        world.person("acme", "jane").delete(&only(&world, "acme").key).unwrap();
        look(&world).await;
        assert!(world.issues(copy, "Item").is_empty());
        look(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
        assert_eq!(calls(world.jira(copy)).get("deleteIssue"), Some(&1));
    }
    // The other way round the original is a person's.
    let world = paired(&with(&two(), "deleted = \"delete\"")).await;
    world.person("globex", "jdoe").delete(&only(&world, "globex").key).unwrap();
    look(&world).await;
    assert_eq!(world.issues("acme", "Item").len(), 1);
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("no copy of ours")), "{problems:?}");
}

/// It was missed once. Then nobody can be asked: by an operator's word, or since the instance is out of order.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_asked_for_again_is_not_gone() {
    for paused in [true, false] {
        let world = paired(&with(&two(), "deleted = \"delete\"")).await;
        let at = |status: u16| {
            let mut rule = FaultRule::new("getIssue", When::Always, Fault::Status(status));
            rule.operations.push("bulkFetchIssues".to_owned());
            rule
        };
        world.jira("acme").add_fault(at(404));
        let there = only(&world, "globex").key;
        world.person("globex", "jdoe").edit(&there, json!({ "summary": "Item, changed" })).unwrap();
        world.interval().await;
        let told = world.problems().await;
        assert!(told.iter().any(|told| told.starts_with("acme: ")), "missed once: {told:?}");
        world.jira("acme").clear_faults();
        if paused {
            give(&world, Command::Pause(Target::Instance("acme".into()))).await;
        } else {
            world.jira("acme").add_fault(at(500));
        }
        world.jira("acme").reset_calls();
        for _ in 0..4 {
            world.intervals(60).await;
            world.daemon().engine().sweep(None).await.unwrap();
        }
        assert_eq!(world.issues("globex", "Item").len(), 1, "paused: {paused}");
        assert!(!paused || calls(world.jira("acme")).is_empty(), "nothing is asked of it");
        world.jira("acme").clear_faults();
        if paused {
            give(&world, Command::Resume(Target::Instance("acme".into()))).await;
        }
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item, changed");
        assert_eq!(calls(world.jira("globex")).get("deleteIssue"), None);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_is_done_once() {
    for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::StatusAfter(502)] {
        let world = paired(&with(&two(), "deleted = \"delete\"")).await;
        world.jira("globex").add_fault(FaultRule::new("deleteIssue", When::Nth(1), fault.clone()));
        world.person("acme", "jane").delete(&only(&world, "acme").key).unwrap();
        look(&world).await;
        assert!(world.issues("globex", "Item").is_empty());
        look(&world).await;
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn row_108_many_deletions_at_once_are_believed_by_nobody() {
    let mut world = paired(&with(&two(), "deleted = \"delete\"\nmost-missing = 3")).await;
    for number in 0..4 {
        let fields = json!({ "summary": format!("Many {number}"), "priority": { "name": "Low" } });
        world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    }
    world.rest().await.unwrap();
    for issue in world.issues("acme", "Many") {
        world.person("acme", "jane").delete(&issue.key).unwrap();
    }
    world.daemon().engine().sweep(None).await.unwrap();
    world.interval().await;
    // A restart does not release the brake.
    world.start().await;
    world.intervals(300).await;
    assert_eq!(world.issues("globex", "Many").len(), 4);
    let problems = world.problems().await;
    assert!(problems.iter().any(|problem| problem.contains("most-missing")), "{problems:?}");
}

/// Somebody selects all issues in their Jira, and empties a field of them.
#[tokio::test(start_paused = true)]
async fn row_108_a_field_that_is_emptied_in_many_issues_at_once_is_held() {
    for (config, to) in [(two(), "globex"), (two_clouds(), "initech")] {
        let mut world = paired(&with(&config, "most-emptied = 4")).await;
        let jane = world.person("acme", "jane");
        for number in 0..10 {
            let summary = format!("Many {number}");
            let fields = json!({ "summary": summary, "priority": { "name": "Low" }, "duedate": "2030-05-06" });
            jane.create("SUP", "Bug", fields).unwrap();
        }
        world.rest().await.unwrap();
        let dates = |world: &World| {
            let there = world.issues(to, "Many");
            there.iter().filter(|issue| issue.fields.get("duedate").is_some_and(|date| date == "2030-05-06")).count()
        };
        assert_eq!(dates(&world), 10, "{to}");
        // Few are nobody's mistake.
        let issues = world.issues("acme", "Many");
        let emptied = json!({ "duedate": null });
        jane.edit(&issues[0].key, emptied.clone()).unwrap();
        world.pass(120).await;
        world.rest().await.unwrap();
        assert_eq!(dates(&world), 9, "{to}");
        for issue in &issues[1..] {
            jane.edit(&issue.key, emptied.clone()).unwrap();
            let summary = format!("{}, edited", issue.fields["summary"]);
            jane.edit(&issue.key, json!({ "summary": summary })).unwrap();
        }
        world.rest().await.unwrap();
        let left = dates(&world);
        assert!(left >= 5, "{to}: {left}");
        assert_eq!(world.issues(to, "Many").iter().filter(|it| it.fields["summary"].contains("edited")).count(), 9);
        let problems = world.problems().await;
        assert!(problems.len() == left && problems.iter().all(|it| it.contains("most-emptied")), "{to}: {problems:?}");
        // A restart does not release the brake, nor a full check.
        world.start().await;
        world.intervals(200).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(dates(&world), left, "{to}");
        // What is given back is no problem any more.
        jane.edit(&issues[9].key, json!({ "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((dates(&world), world.problems().await.len()), (left, left - 1), "{to}");
        // It was meant.
        let mut world = world.with_config(&with(&config, "most-emptied = 50"));
        world.start().await;
        world.intervals(4).await;
        world.rest().await.unwrap();
        assert_eq!(dates(&world), 1, "{to}: {:?}", world.problems().await);
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// Found by the crash ring: when it can be sure, something of the other side is looked at as well, and the issue is not read before it is asked for.
#[tokio::test(start_paused = true)]
async fn that_an_issue_moved_is_told_also_where_its_counterpart_changes_meanwhile() {
    for (from, other, attic) in [("acme", "globex", "OLD"), ("globex", "acme", "ATTIC")] {
        let (mover, elsewhere) = if from == "acme" { ("jane", "jdoe") } else { ("jdoe", "jane") };
        let world = paired(&with(&two(), "moved = \"comment\"")).await;
        world.person(from, mover).move_to(&only(&world, from).key, attic).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.interval().await;
        assert!(only(&world, other).comments.is_empty(), "seen once, it is not sure");
        // As long as its index may lag.
        world.pass(45).await;
        world.person(other, elsewhere).edit(&only(&world, other).key, json!({ "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        let comments = only(&world, other).comments;
        assert!(comments.len() == 1 && comments[0].body.contains("was moved"), "{from}: {comments:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_066_a_moved_issue_is_let_be_until_it_comes_back() {
    for (from, other, attic, back) in [("acme", "globex", "OLD", "SUP"), ("globex", "acme", "ATTIC", "ENG")] {
        let (mover, elsewhere) = if from == "acme" { ("jane", "jdoe") } else { ("jdoe", "jane") };
        let world = paired(&with(&two(), "moved = \"comment\"")).await;
        let key = only(&world, from).key;
        let moved = world.person(from, mover).move_to(&key, attic).unwrap();
        world.person(from, mover).edit(&moved, json!({ "summary": "Item in the attic" })).unwrap();
        look(&world).await;
        let there = only(&world, other);
        assert_eq!(there.fields["summary"], "Item");
        let notices: Vec<_> = there.comments.iter().filter(|comment| comment.body.contains("was moved")).collect();
        assert_eq!(notices.len(), 1, "{there:?}");
        assert!(!notices[0].body.contains(attic), "where it went is not told: {notices:?}");
        world.person(other, elsewhere).edit(&there.key, json!({ "labels": ["here-only"] })).unwrap();
        world.rest().await.unwrap();
        let has = |jira| only(&world, jira).fields.get("labels").is_some_and(|labels| labels.contains("here-only"));
        assert!(!has(from));
        // Back again: what was done meanwhile on both sides is carried, and the notice is taken back.
        world.person(from, mover).move_to(&moved, back).unwrap();
        world.intervals(6).await;
        world.rest().await.unwrap();
        assert_eq!(only(&world, other).fields["summary"], "Item in the attic");
        assert!(has(from));
        assert!(only(&world, other).comments.is_empty());
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_partner_deletes_is_not_told_to_another() {
    let world = paired(&with(THREE, "deleted = \"comment\"")).await;
    let key = only(&world, "globex").key;
    world.jira("initech").reset_calls();
    world.person("globex", "jdoe").delete(&key).unwrap();
    look(&world).await;
    assert_eq!(only(&world, "acme").comments.len(), 1);
    assert!(only(&world, "initech").comments.is_empty());
    let writes = calls(world.jira("initech"));
    assert!(
        !writes.keys().any(|operation| operation.starts_with("add") || operation.starts_with("edit")),
        "{writes:?}"
    );
}

/// Puts what was copied under a level, or takes that away.
fn hide(globex: &Jira, level: &Value) {
    let copy = globex.issues().into_iter().find(|view| view.key.starts_with("ENG-")).unwrap();
    globex.person("jdoe").unwrap().edit(&copy.key, json!({ "security": level })).unwrap();
}

/// A comment arrived without an answer, and right after it the issue is under a level whose members the sync user is none of. What a give-up
/// is remembered for is over when it may see it again.
#[tokio::test(start_paused = true)]
async fn what_was_in_doubt_on_an_issue_that_went_is_found_when_it_is_back() {
    for (worklog, operation) in [(false, "addComment"), (true, "addWorklog")] {
        let config = two() + "\n[sync.support.worklogs]\nunrestricted = \"both\"\n";
        let mut world = World::of(&config, |setups| {
            for (jira, level) in [("acme", "Staff"), ("globex", "Innen")] {
                levels(setups.get_mut(jira).unwrap(), &[level]);
            }
        });
        let written = Arc::new(AtomicBool::new(false));
        let (globex, flag) = (world.jira("globex").clone(), Arc::clone(&written));
        let place = if worklog { "/worklog" } else { "/comment" };
        world.bend(move |inner| {
            let (globex, flag) = (globex.clone(), Arc::clone(&flag));
            Arc::new(Bent::new(inner).instead(move |asked, _| {
                if flag.swap(false, Ordering::SeqCst) {
                    hide(&globex, &json!({ "name": "Innen" }));
                }
                if asked.starts_with("POST jira.globex") && asked.ends_with(place) {
                    flag.store(true, Ordering::SeqCst);
                }
                None
            })) as Arc<dyn Transport>
        });
        let jdoe = world.person("globex", "jdoe").id().to_owned();
        world.jira("globex").set_level_members("ENG", "Innen", &[Holder::User(jdoe)]);
        world.start().await;
        world.daemon().once().await.unwrap();
        let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let copy = only(&world, "globex").key;
        world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), Fault::ResetAfter));
        let jane = world.person("acme", "jane");
        if worklog {
            jane.log_work(&key, "2026-03-11T10:00:00.000+0000", 600, "Was hier getan ist").unwrap();
        } else {
            jane.comment(&key, "Was hier steht").unwrap();
        }
        world.intervals(3).await;
        assert_eq!(world.jira("globex").count(operation), 1);
        look(&world).await;
        let problems = world.problems().await;
        assert!(
            problems.iter().any(|problem| problem.starts_with("globex: ") && problem.contains(&copy)),
            "{problems:?}"
        );
        world.pass(8 * 86_400).await;
        look(&world).await;
        hide(world.jira("globex"), &json!(null));
        world.pass(86_400).await;
        look(&world).await;
        assert_eq!(world.jira("globex").count(operation), 1, "{operation} was sent again");
        world.rest().await.unwrap();
        let there = only(&world, "globex");
        let found = if worklog { there.worklogs.len() } else { there.comments.len() };
        assert_eq!(found, 1, "{operation}: {:?}", world.problems().await);
    }
}
