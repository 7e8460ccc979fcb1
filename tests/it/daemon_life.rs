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

/// The side whose issue goes, and the one that has the counterpart: Cloud and Data Center, Data Center and Cloud, Cloud and Cloud.
fn cases() -> [(String, &'static str, &'static str); 3] {
    [(two(), "acme", "globex"), (two(), "globex", "acme"), (two_clouds(), "acme", "initech")]
}

/// What may become of an issue, as `life` calls it.
const WAYS: [&str; 2] = ["deleted", "moved"];

/// Who works at a Jira.
fn worker(jira: &str) -> &'static str {
    match jira {
        "acme" => "jane",
        "globex" => "jdoe",
        _ => "petra",
    }
}

/// The project of a Jira that the sync keeps, and one that no sync keeps.
fn projects(jira: &str) -> [&'static str; 2] {
    match jira {
        "acme" => ["SUP", "OLD"],
        "globex" => ["ENG", "ATTIC"],
        _ => ["OPS", "ALT"],
    }
}

/// Somebody makes an issue at a Jira.
fn begin(world: &World, jira: &str, summary: &str) {
    let (kind, priority) = match jira {
        "acme" => ("Bug", "Low"),
        "globex" => ("Defect", "P4"),
        _ => ("Fehler", "Niedrig"),
    };
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": summary, "priority": { "name": priority }, "labels": labels });
    world.person(jira, worker(jira)).create(projects(jira)[0], kind, fields).unwrap();
}

/// Somebody deletes or moves an issue; gives its key, the new one where it was moved.
fn go(world: &World, way: &str, jira: &str, key: &str) -> String {
    let person = world.person(jira, worker(jira));
    if way == "moved" {
        return person.move_to(key, projects(jira)[1]).unwrap();
    }
    person.delete(key).unwrap();
    key.to_owned()
}

/// A world with one item that has a counterpart on both sides, and where everybody may delete.
async fn paired(config: &str) -> World {
    paired_from(config, "acme").await
}

/// The same where the item is from that Jira.
async fn paired_from(config: &str, origin: &str) -> World {
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
    begin(&world, origin, "Item");
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
async fn a_deleted_or_moved_issue_is_told_and_its_counterpart_stays() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            let world = paired(&config).await;
            let before = only(&world, left);
            let key = only(&world, gone).key;
            go(&world, way, gone, &key);
            world.jira(left).reset_calls();
            look(&world).await;
            let problems = world.problems().await;
            let [_, attic] = projects(gone);
            let told = match way {
                "moved" => format!("{key} was moved, and is in project {attic} now"),
                _ => format!("{key} was deleted"),
            };
            assert!(
                problems.len() == 1 && problems[0].starts_with(gone) && problems[0].contains(&told),
                "{gone}: {problems:?}"
            );
            assert_eq!(only(&world, left), before, "{way} at {gone}");
            // What people do to the other goes on, and the lost one is not made again.
            let fields = json!({ "summary": "Item, alone" });
            world.person(left, worker(left)).edit(&before.key, fields).unwrap();
            look(&world).await;
            let stays = world.issues(gone, "Item");
            assert_eq!(stays.len(), usize::from(way == "moved"), "{gone}: {stays:?}");
            assert!(stays.iter().all(|view| view.project == attic && view.fields["summary"] == "Item"), "{stays:?}");
            assert_eq!(world.problems().await, problems);
            world.jira(gone).reset_calls();
            world.intervals(10).await;
            let idle = calls(world.jira(gone));
            let sum = idle.values().sum::<u64>();
            assert!(sum <= 10, "{way}: an issue that is gone is not asked for again and again: {idle:?}");
        }
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

/// A comment, once, by the sync user.
#[tokio::test(start_paused = true)]
async fn the_counterparts_of_an_issue_that_went_get_a_comment_where_the_sync_says_so() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            let world = paired(&with(&config, &format!("{way} = \"comment\""))).await;
            let key = only(&world, gone).key;
            go(&world, way, gone, &key);
            look(&world).await;
            look(&world).await;
            let comments = only(&world, left).comments;
            assert!(comments.len() == 1 && comments[0].body.contains(&key), "{way} at {gone}: {comments:?}");
            assert_eq!(comments[0].body.contains("was moved out of its project"), way == "moved", "{comments:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{way} at {gone}");
        }
    }
}

/// A status, once: what people do to it afterwards stands.
#[tokio::test(start_paused = true)]
async fn the_counterparts_of_an_issue_that_went_get_a_status_where_the_sync_says_so() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            let world = paired(&with(&config, &format!("{way} = {{ transition = \"Done\" }}"))).await;
            go(&world, way, gone, &only(&world, gone).key);
            look(&world).await;
            let (done, again) = match left {
                "acme" => ("Done", "To Do"),
                "globex" => ("Closed", "Open"),
                _ => ("Fertig", "In Arbeit"),
            };
            let issue = only(&world, left);
            assert_eq!(issue.fields["status"], done, "{way} at {gone}: {:?}", world.problems().await);
            world.person(left, worker(left)).transition(&issue.key, again).unwrap();
            look(&world).await;
            assert_eq!(only(&world, left).fields["status"], again, "{way} at {gone}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{way} at {gone}");
        }
    }
}

/// The link to it goes.
#[tokio::test(start_paused = true)]
async fn the_counterparts_of_an_issue_that_went_lose_their_link_where_the_sync_says_so() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            let linked = config.replace("home = \"acme\"", "home = \"acme\"\ncounterparts = \"link\"");
            let world = paired(&with(&linked, &format!("{way} = \"unlink\""))).await;
            let issue = only(&world, left);
            assert_eq!(issue.links.len(), 1, "{issue:?}");
            go(&world, way, gone, &only(&world, gone).key);
            look(&world).await;
            assert!(only(&world, left).links.is_empty(), "{way} at {gone}: {:?}", world.problems().await);
            look(&world).await;
            let issue = only(&world, left);
            assert!(issue.links.is_empty() && issue.comments.is_empty(), "{way} at {gone}: {issue:?}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{way} at {gone}");
        }
    }
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
    for way in WAYS {
        for (config, gone, left) in cases() {
            let config = with(&config, &format!("{way} = \"delete\""));
            let world = paired_from(&config, gone).await;
            go(&world, way, gone, &only(&world, gone).key);
            look(&world).await;
            assert!(world.issues(left, "Item").is_empty(), "{way} at {gone}: {:?}", world.problems().await);
            look(&world).await;
            assert_eq!(world.problems().await, Vec::<String>::new(), "{way} at {gone}");
            assert_eq!(calls(world.jira(left)).get("deleteIssue"), Some(&1), "{way} at {gone}");
            // The other way round the original is a person's.
            let world = paired_from(&config, left).await;
            go(&world, way, gone, &only(&world, gone).key);
            look(&world).await;
            assert_eq!(world.issues(left, "Item").len(), 1, "{way} at {gone}");
            let problems = world.problems().await;
            assert!(
                problems.iter().any(|problem| problem.contains("no copy of ours")),
                "{way} at {gone}: {problems:?}"
            );
        }
    }
}

/// It was missed once, or seen elsewhere. Then nobody can be asked: by an operator's word, or since the instance is out of order.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_asked_for_again_is_not_gone() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            for paused in [true, false] {
                could_not_be_asked(way, &config, (gone, left), paused).await;
            }
        }
    }
}

async fn could_not_be_asked(way: &str, config: &str, (gone, left): (&'static str, &'static str), paused: bool) {
    let case = format!("{way} at {gone}, paused: {paused}");
    let world = paired_from(&with(config, &format!("{way} = \"delete\"")), gone).await;
    let at = |status: u16| {
        let mut rule = FaultRule::new("getIssue", When::Always, Fault::Status(status));
        rule.operations.push("bulkFetchIssues".to_owned());
        rule
    };
    // It only looks deleted, and comes back at once from where it was moved.
    let moved = if way == "moved" {
        Some(go(&world, way, gone, &only(&world, gone).key))
    } else {
        world.jira(gone).add_fault(at(404));
        None
    };
    let there = only(&world, left).key;
    world.person(left, worker(left)).edit(&there, json!({ "summary": "Item, changed" })).unwrap();
    world.interval().await;
    assert_eq!(world.field(gone, "Item", "summary"), "Item", "{case}: it was not seen to be away");
    if moved.is_none() {
        let told = world.problems().await;
        assert!(told.iter().any(|told| told.starts_with(&format!("{gone}: "))), "{case}, missed once: {told:?}");
    }
    world.jira(gone).clear_faults();
    if paused {
        give(&world, Command::Pause(Target::Instance(gone.into()))).await;
    } else {
        world.jira(gone).add_fault(at(500));
    }
    world.jira(gone).reset_calls();
    for _ in 0..4 {
        world.intervals(60).await;
        world.daemon().engine().sweep(None).await.unwrap();
    }
    assert_eq!(world.issues(left, "Item").len(), 1, "{case}");
    assert!(!paused || calls(world.jira(gone)).is_empty(), "{case}: nothing is asked of it");
    if let Some(moved) = moved {
        world.person(gone, worker(gone)).move_to(&moved, projects(gone)[0]).unwrap();
    }
    world.jira(gone).clear_faults();
    if paused {
        give(&world, Command::Resume(Target::Instance(gone.into()))).await;
    }
    world.rest().await.unwrap();
    assert_eq!(world.field(gone, "Item", "summary"), "Item, changed", "{case}");
    assert_eq!(calls(world.jira(left)).get("deleteIssue"), None, "{case}");
    assert_eq!(world.problems().await, Vec::<String>::new(), "{case}");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_is_lost_is_done_once() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::StatusAfter(502)] {
                let world = paired_from(&with(&config, &format!("{way} = \"delete\"")), gone).await;
                world.jira(left).add_fault(FaultRule::new("deleteIssue", When::Nth(1), fault.clone()));
                go(&world, way, gone, &only(&world, gone).key);
                look(&world).await;
                assert!(world.issues(left, "Item").is_empty(), "{way} at {gone}: {fault:?}");
                look(&world).await;
                assert_eq!(world.problems().await, Vec::<String>::new(), "{way} at {gone}: {fault:?}");
            }
        }
    }
}

/// Nor are many that are moved.
#[tokio::test(start_paused = true)]
async fn row_108_many_deletions_at_once_are_believed_by_nobody() {
    for way in WAYS {
        for (config, gone, left) in cases() {
            let mut world = paired_from(&with(&config, &format!("{way} = \"delete\"\nmost-missing = 3")), gone).await;
            for number in 0..4 {
                begin(&world, gone, &format!("Many {number}"));
            }
            world.rest().await.unwrap();
            for issue in world.issues(gone, "Many") {
                go(&world, way, gone, &issue.key);
            }
            world.daemon().engine().sweep(None).await.unwrap();
            world.interval().await;
            // A restart does not release the brake.
            world.start().await;
            world.intervals(300).await;
            assert_eq!(world.issues(left, "Many").len(), 4, "{way} at {gone}");
            let problems = world.problems().await;
            assert!(problems.iter().any(|problem| problem.contains("most-missing")), "{way} at {gone}: {problems:?}");
        }
    }
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
