//! Issues that somebody moves between the projects of two syncs, and projects that get another key. Must never take the daemon's word
//! for what stands in a Jira.

use std::sync::{Arc, Mutex};

use jirasyncd::jira::Transport;
use jirasyncd::model::command::{Command, Ended};
use jirasyncd::simulator::{Fault, FaultRule, Holder, IssueView, ProjectSetup, When};
use serde_json::{Value, json};

use super::bent::{Bent, each_issue};
use super::daemon_pairs::{tells, unpair};
use super::daemon_pause::give;
use super::daemon_rebuild::{keep_key, lose_files, rebuild};
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// The other side of the first sync: its Jira, its project and who works there.
pub(crate) type Place = (&'static str, &'static str, &'static str);

/// Home with each kind of counterpart.
pub(crate) fn pairs() -> [(String, Place); 2] {
    [(two(), ("globex", "ENG", "jdoe")), (two_clouds(), ("initech", "OPS", "petra"))]
}

/// Two syncs between the same two Jiras, each with a project of its own on both; `second` is put behind home's project of the second.
pub(crate) fn twice(config: &str, (_, project, _): Place, life: &str, second: &str) -> String {
    let other = config.split_once("[sync.support]").unwrap().1.replace("sync.support", "sync.second");
    let other = other.replace("project = \"SUP\"", &format!("project = \"TWO\"{second}"));
    let other = other.replace(&format!("project = \"{project}\""), "project = \"MORE\"");
    format!("{config}\n[sync.support.life]\n{life}\n\n[sync.second]{other}\n[sync.second.life]\n{life}\n")
}

/// The world of these syncs, where everybody may delete.
pub(crate) async fn world(config: &str, (to, _, _): Place) -> World {
    let mut world = World::of(config, |setups| {
        for (jira, key, id) in [("acme", "TWO", 10_001), (to, "MORE", 10_901)] {
            let setup = setups.get_mut(jira).unwrap();
            setup.projects[0].permissions.insert("DELETE_ISSUES".to_owned(), [Holder::LoggedIn].into());
            let first = setup.projects[0].clone();
            setup.projects.push(ProjectSetup { key: key.into(), id, name: key.into(), ..first });
        }
    });
    world.start().await;
    world.daemon().once().await.unwrap();
    world
}

pub(crate) fn create(world: &World, summary: &str) -> String {
    let fields = json!({ "summary": summary, "priority": { "name": "Low" } });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

/// The issues of a project whose summary holds a text.
pub(crate) fn in_project(world: &World, jira: &str, project: &str, part: &str) -> Vec<IssueView> {
    world.issues(jira, part).into_iter().filter(|view| view.project == project).collect()
}

/// The one issue of a project.
fn only(world: &World, jira: &str, project: &str) -> IssueView {
    let mut found = in_project(world, jira, project, "Item");
    assert_eq!(found.len(), 1, "in {project} at {jira}: {found:?}");
    found.remove(0)
}

/// How many comments of an issue hold a text.
fn said(view: &IssueView, part: &str) -> usize {
    view.comments.iter().filter(|comment| comment.body.contains(part)).count()
}

/// An issue is to begin in the second sync.
fn begin(key: &str) -> Command {
    Command::Create { sync: "second".into(), key: key.to_owned(), dry_run: false }
}

/// Everything is read again, also by a new process.
async fn look_again(world: &mut World) {
    world.daemon().engine().sweep(None).await.unwrap();
    world.rest().await.unwrap();
    world.start().await;
    world.rest().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_moved_into_another_syncs_project_begins_there_and_ends_where_it_was() {
    for (config, place) in pairs() {
        let (to, project, who) = place;
        let mut world = world(&twice(&config, place, "moved = \"comment\"", ""), place).await;
        let (jane, partner) = (world.person("acme", "jane"), world.person(to, who));
        let key = create(&world, "Item");
        jane.comment(&key, "Said at home").unwrap();
        world.rest().await.unwrap();
        partner.comment(&only(&world, to, project).key, "Said by the first partner").unwrap();
        world.rest().await.unwrap();
        let moved = jane.move_to(&key, "TWO").unwrap();
        world.rest().await.unwrap();
        // What home's people said goes with it; what the first partner said stands there in the sync user's name, and goes nowhere.
        let (first, second) = (only(&world, to, project), only(&world, to, "MORE"));
        assert_eq!((said(&second, "Said at home"), said(&second, "first partner")), (1, 0), "{to}: {second:?}");
        assert_eq!(said(&first, "was moved out of its project"), 1, "{to}: {first:?}");
        jane.edit(&moved, json!({ "summary": "Item of the second" })).unwrap();
        jane.comment(&moved, "Said in the second").unwrap();
        partner.comment(&second.key, "Said by the second partner").unwrap();
        world.rest().await.unwrap();
        look_again(&mut world).await;
        let (first, second) = (only(&world, to, project), only(&world, to, "MORE"));
        assert_eq!(first.fields["summary"], "Item", "{to}");
        assert_eq!(second.fields["summary"], "Item of the second", "{to}");
        assert_eq!((said(&first, "Said in the second"), said(&second, "Said in the second")), (0, 1), "{to}");
        let home = only(&world, "acme", "TWO");
        assert_eq!((said(&home, "second partner"), said(&first, "second partner")), (1, 0), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        // Back again the first goes on, and the second ends.
        let back = jane.move_to(&moved, "SUP").unwrap();
        jane.edit(&back, json!({ "summary": "Item of the first" })).unwrap();
        world.rest().await.unwrap();
        look_again(&mut world).await;
        let (first, second) = (only(&world, to, project), only(&world, to, "MORE"));
        assert_eq!(first.fields["summary"], "Item of the first", "{to}");
        assert_eq!(second.fields["summary"], "Item of the second", "{to}");
        assert_eq!((said(&first, "was moved"), said(&second, "was moved")), (0, 1), "{to}: {first:?} {second:?}");
        let home = only(&world, "acme", "SUP");
        for text in ["Said at home", "first partner", "Said in the second"] {
            assert_eq!((said(&home, text), said(&first, text)), (1, 1), "{to}: {text}");
        }
        assert_eq!((said(&home, "second partner"), said(&first, "second partner")), (1, 0), "{to}");
        // And once more into the second: its own counterpart goes on.
        let again = jane.move_to(&back, "TWO").unwrap();
        jane.edit(&again, json!({ "summary": "Item of the second again" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(only(&world, to, "MORE").fields["summary"], "Item of the second again", "{to}");
        assert_eq!(said(&only(&world, to, "MORE"), "was moved"), 0, "{to}");
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (1, 2), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// An issue that a partner made: its copy at home is the one that ends, and home gets another.
#[tokio::test(start_paused = true)]
async fn what_a_partner_moves_into_another_syncs_project_begins_there_and_ends_where_it_was() {
    for (config, place) in pairs() {
        let (to, project, who) = place;
        let mut world = world(&twice(&config, place, "moved = \"comment\"", ""), place).await;
        let (jane, partner) = (world.person("acme", "jane"), world.person(to, who));
        let kind = if to == "globex" { "Defect" } else { "Fehler" };
        let key = partner.create(project, kind, json!({ "summary": "Item" })).unwrap();
        partner.comment(&key, "Said by the partner").unwrap();
        world.rest().await.unwrap();
        assert_eq!(said(&only(&world, "acme", "SUP"), "Said by the partner"), 1, "{to}");
        let moved = partner.move_to(&key, "MORE").unwrap();
        world.rest().await.unwrap();
        let (first, second) = (only(&world, "acme", "SUP"), only(&world, "acme", "TWO"));
        assert_eq!(said(&second, "Said by the partner"), 1, "{to}: {second:?}");
        assert_eq!(said(&first, "was moved out of its project"), 1, "{to}: {first:?}");
        partner.edit(&moved, json!({ "summary": "Item of the second" })).unwrap();
        jane.comment(&first.key, "Said in the first").unwrap();
        jane.comment(&second.key, "Said in the second").unwrap();
        world.rest().await.unwrap();
        look_again(&mut world).await;
        assert_eq!(only(&world, "acme", "SUP").fields["summary"], "Item", "{to}");
        assert_eq!(only(&world, "acme", "TWO").fields["summary"], "Item of the second", "{to}");
        let there = only(&world, to, "MORE");
        assert_eq!((said(&there, "Said in the first"), said(&there, "Said in the second")), (0, 1), "{to}: {there:?}");
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (2, 1), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_moved_issue_begins_by_the_clause_of_the_sync_that_it_comes_to() {
    for (config, place) in pairs() {
        let (to, project, _) = place;
        let config = twice(&config, place, "moved = \"delete\"", ", jql = \"labels = carry\"");
        let world = world(&config, place).await;
        world.jira(to).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        let jane = world.person("acme", "jane");
        let key = create(&world, "Item");
        world.rest().await.unwrap();
        assert_eq!(in_project(&world, to, project, "Item").len(), 1, "{to}");
        let moved = jane.move_to(&key, "TWO").unwrap();
        world.intervals(20).await;
        let there = world.issues(to, "Item");
        assert!(there.is_empty(), "{to}: its copy went, and no other came: {:?} {there:?}", world.problems().await);
        jane.update(&moved, json!({ "labels": [{ "add": "carry" }] })).unwrap();
        world.intervals(20).await;
        assert_eq!(in_project(&world, to, "MORE", "Item").len(), 1, "{to}");
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (1, 1), "{to}");
        assert_eq!(calls(world.jira(to)).get("deleteIssue"), Some(&1), "{to}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_counterpart_that_is_moved_into_another_syncs_project_is_told_and_begins_by_a_persons_word() {
    for (config, place) in pairs() {
        let (to, project, who) = place;
        let mut world = world(&twice(&config, place, "moved = \"comment\"", ""), place).await;
        let (jane, partner) = (world.person("acme", "jane"), world.person(to, who));
        let key = create(&world, "Item");
        world.rest().await.unwrap();
        let copy = only(&world, to, project).key;
        let moved = partner.move_to(&copy, "MORE").unwrap();
        world.rest().await.unwrap();
        look_again(&mut world).await;
        let problems = world.problems().await;
        assert!(
            problems.len() == 1 && problems[0].contains(&moved) && problems[0].contains("which sync `second` keeps"),
            "{to}: {problems:?}"
        );
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (1, 1), "{to}");
        let refused = give(&world, begin(&moved)).await;
        assert!(refused.ended == Ended::Refused && tells(&refused, "sync `support` made"), "{to}: {refused:?}");
        // Moved back it goes on.
        let back = partner.move_to(&moved, project).unwrap();
        partner.edit(&back, json!({ "summary": "Item, back" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item, back", "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
        // The first lets go of it, and the second takes it.
        let moved = partner.move_to(&back, "MORE").unwrap();
        world.rest().await.unwrap();
        let done = give(&world, unpair(&key)).await;
        assert_eq!(done.ended, Ended::Done, "{to}: {done:?}");
        let done = give(&world, begin(&moved)).await;
        assert!(done.ended == Ended::Done && tells(&done, "was made by sync `support`"), "{to}: {done:?}");
        world.rest().await.unwrap();
        let home = only(&world, "acme", "TWO");
        partner.edit(&moved, json!({ "summary": "Item of the second" })).unwrap();
        jane.comment(&home.key, "Said at home").unwrap();
        world.rest().await.unwrap();
        look_again(&mut world).await;
        assert_eq!(only(&world, "acme", "TWO").fields["summary"], "Item of the second", "{to}");
        assert_eq!(only(&world, "acme", "SUP").fields["summary"], "Item, back", "{to}");
        assert_eq!(said(&only(&world, to, "MORE"), "Said at home"), 1, "{to}");
        assert_eq!((world.issues("acme", "Item").len(), world.issues(to, "Item").len()), (2, 1), "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// The partner of the second sync names an issue that the first one's partner wrote into: that opens nothing.
#[tokio::test(start_paused = true)]
async fn a_counterpart_that_was_let_go_is_taken_by_no_issue_that_names_it() {
    for (config, place) in pairs() {
        let (to, project, who) = place;
        let by = "\n[sync.second.pairing]\nby = [{ property = \"partner\" }]\n";
        let config = format!("{}{by}", twice(&config, place, "moved = \"comment\"", ""));
        let world = world(&config, place).await;
        let (jane, partner) = (world.person("acme", "jane"), world.person(to, who));
        let key = create(&world, "Item");
        world.rest().await.unwrap();
        let moved = partner.move_to(&only(&world, to, project).key, "MORE").unwrap();
        world.rest().await.unwrap();
        let done = give(&world, unpair(&key)).await;
        assert_eq!(done.ended, Ended::Done, "{to}: {done:?}");
        let fields = json!({ "summary": "Newcomer", "priority": { "name": "Low" } });
        let newcomer = jane.create("TWO", "Bug", fields).unwrap();
        jane.set_property(&newcomer, "partner", json!(moved)).unwrap();
        world.rest().await.unwrap();
        let problems = world.problems().await;
        let why = format!("it names {moved}, and another sync made it: only a command pairs it");
        assert!(problems.iter().any(|problem| problem.contains(&why)), "{to}: {problems:?}");
        assert_eq!(only(&world, to, "MORE").fields["summary"], "Item", "{to}");
        assert_eq!(world.issue("acme", "Newcomer").fields["summary"], "Newcomer", "{to}");
        // A person may say so, and is told whose it was.
        let keys = vec![newcomer, moved];
        let done = give(&world, Command::Pair { sync: "second".into(), keys, dry_run: false }).await;
        assert!(done.ended == Ended::Done && tells(&done, "was made by sync `support`"), "{to}: {done:?}");
        world.rest().await.unwrap();
        assert_eq!(in_project(&world, to, "MORE", "Newcomer").len(), 1, "{to}");
        assert_eq!(world.issues(to, "").len(), 1, "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{to}");
    }
}

/// The key by which a project is shown.
#[derive(Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<Option<&'static str>>>);

impl Shown {
    /// An administrator changes it.
    pub(crate) fn becomes(&self, key: &'static str) {
        *self.0.lock().unwrap() = Some(key);
    }

    /// It is what it was at first.
    pub(crate) fn is_back(&self) {
        *self.0.lock().unwrap() = None;
    }
}

/// Shows a project of a Jira by another key wherever an answer names it. The old one is still taken.
pub(crate) fn rename(world: &mut World, host: &'static str, was: &'static str) -> Shown {
    let shown = Shown::default();
    let held = shown.clone();
    world.bend(move |inner| {
        let held = held.clone();
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            let now = *held.0.lock().unwrap();
            if let Some(now) = now.filter(|_| place.contains(host)) {
                show_renamed(place, said, was, now);
            }
        })) as Arc<dyn Transport>
    });
    shown
}

fn show_renamed(place: &str, said: &mut Value, was: &str, now: &str) {
    if place.ends_with(&format!("/project/{was}")) && said.get("key").is_some() {
        said["key"] = json!(now);
    }
    each_issue(said, |issue| {
        let Some(key) = issue.get("key").and_then(Value::as_str).map(str::to_owned) else { return };
        issue["key"] = json!(key.replace(&format!("{was}-"), &format!("{now}-")));
        if let Some(shown) = issue.pointer_mut("/fields/project/key").filter(|shown| shown.as_str() == Some(was)) {
            *shown = json!(now);
        }
    });
}

/// Nothing is taken for gone that is not: everything of a few issues is deleted elsewhere with them.
pub(crate) const HARSH: &str = "\n[sync.support.life]\nmoved = \"delete\"\ndeleted = \"delete\"\nmost-missing = 1\n";

/// Home with one partner, whose project or home's may be renamed. Everybody may delete.
pub(crate) fn harsh(config: &str, to: &str) -> World {
    World::of(&format!("{config}{HARSH}"), |setups| {
        for jira in ["acme", to] {
            let project = &mut setups.get_mut(jira).unwrap().projects[0];
            project.permissions.insert("DELETE_ISSUES".to_owned(), [Holder::LoggedIn].into());
        }
    })
}

/// An administrator changes the key of a project, at home or at a partner.
#[tokio::test(start_paused = true)]
async fn a_project_that_gets_another_key_goes_on_and_nothing_is_taken_for_moved() {
    for (config, (to, project, who)) in pairs() {
        let host = if to == "globex" { "globex.example" } else { "initech.example" };
        for (jira, host, was) in [("acme", "acme.example", "SUP"), (to, host, project)] {
            let mut world = harsh(&config, to);
            let renamed = rename(&mut world, host, was);
            world.start().await;
            for summary in ["Item", "Thing", "Object"] {
                create(&world, summary);
            }
            world.rest().await.unwrap();
            renamed.becomes("NEW");
            world.daemon().engine().sweep(None).await.unwrap();
            world.intervals(10).await;
            // What is there goes on both ways, and what is new begins.
            let (here, there) = (world.issue("acme", "Item").key, world.issue(to, "Item").key);
            world.person("acme", "jane").edit(&here, json!({ "summary": "Item, edited" })).unwrap();
            world.person(to, who).edit(&there, json!({ "duedate": "2030-05-06" })).unwrap();
            create(&world, "Later");
            world.rest().await.unwrap();
            look_again(&mut world).await;
            assert_eq!(world.field(to, "Item", "summary"), "Item, edited", "{jira}");
            assert_eq!(world.field("acme", "Item", "duedate"), "2030-05-06", "{jira}");
            for summary in ["Item", "Thing", "Object", "Later"] {
                let count = (world.issues("acme", summary).len(), world.issues(to, summary).len());
                assert_eq!(count, (1, 1), "{jira}: {summary}");
            }
            assert_eq!(calls(world.jira(to)).get("deleteIssue"), None, "{jira}");
            let issue = world.issue(jira, "Thing").key;
            let editor = if jira == "acme" { "jane" } else { who };
            world.person(jira, editor).edit(&issue, json!({ "summary": "Thing, edited" })).unwrap();
            world.rest().await.unwrap();
            let problems = world.problems().await;
            assert!(
                problems.len() == 1 && problems[0].contains(&format!("project `{was}` has the key `NEW` now")),
                "{jira}: {problems:?}"
            );
            // A key that it has again is told no more.
            renamed.is_back();
            world.person(jira, editor).edit(&issue, json!({ "summary": "Thing, edited again" })).unwrap();
            world.rest().await.unwrap();
            let summaries = (world.field("acme", "Thing", "summary"), world.field(to, "Thing", "summary"));
            assert_eq!(summaries.0, summaries.1, "{jira}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{jira}");
        }
    }
}

/// The Jira cannot say for a while which key the project has, and then says once that there is none.
#[tokio::test(start_paused = true)]
async fn one_wrong_answer_about_a_project_takes_nothing_for_moved_and_loses_no_newcomer() {
    for (config, (to, _, who)) in pairs() {
        let mut world = harsh(&config, to);
        let renamed = rename(&mut world, "acme.example", "SUP");
        world.start().await;
        let keys = ["Item", "Thing", "Object"].map(|summary| create(&world, summary));
        world.rest().await.unwrap();
        renamed.becomes("NEW");
        world.jira("acme").add_fault(FaultRule::new("getProject", When::Always, Fault::Status(500)));
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(6).await;
        // Longer than `settle` after it was first missed; and for less than `settle`.
        world.jira("acme").clear_faults();
        world.jira("acme").add_fault(FaultRule::new("getProject", When::Always, Fault::Status(404)));
        create(&world, "Later");
        world.intervals(1).await;
        world.jira("acme").clear_faults();
        world.intervals(8).await;
        world.rest().await.unwrap();
        for summary in ["Item", "Thing", "Object", "Later"] {
            let count = (world.issues("acme", summary).len(), world.issues(to, summary).len());
            assert_eq!(count, (1, 1), "{to}: {summary}");
        }
        assert_eq!(calls(world.jira(to)).get("deleteIssue"), None, "{to}");
        let there = world.issue(to, "Item").key;
        world.person(to, who).edit(&there, json!({ "summary": "Item, edited" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{to}");
        // None of them counts for the brake: what goes now is one.
        world.person("acme", "jane").delete(&keys[2]).unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(20).await;
        assert_eq!(world.issues(to, "Object").len(), 0, "{to}: {:?}", world.problems().await);
    }
}

/// The key is changed, and corrected a few minutes later.
#[tokio::test(start_paused = true)]
async fn what_is_made_after_a_second_renaming_begins_too() {
    for (config, (to, _, _)) in pairs() {
        let mut world = harsh(&config, to);
        let renamed = rename(&mut world, "acme.example", "SUP");
        world.start().await;
        create(&world, "Item");
        world.rest().await.unwrap();
        for (key, summary) in [("NEW", "After the first"), ("NEWS", "After the second"), ("NEW", "After the third")] {
            renamed.becomes(key);
            create(&world, summary);
            world.intervals(4).await;
            assert_eq!(world.issues(to, summary).len(), 1, "{to}: {summary}");
        }
        assert_eq!(world.issues(to, "").len(), 4, "{to}");
        assert_eq!(calls(world.jira(to)).get("deleteIssue"), None, "{to}");
    }
}

/// Home's people write to both partners of what one of them has, by its old key and by its new one.
#[tokio::test(start_paused = true)]
async fn the_keys_of_a_renamed_project_are_shown_to_nobody_who_does_not_see_it() {
    let mut world = World::without_daemon(THREE);
    let renamed = rename(&mut world, "globex.example", "ENG");
    world.start().await;
    let jane = world.person("acme", "jane");
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    renamed.becomes("NEW");
    // The one edit shows it.
    let there = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").edit(&there, json!({ "duedate": "2030-05-06" })).unwrap();
    world.rest().await.unwrap();
    let told = |world: &World| -> Vec<String> {
        world.issue("initech", "Item").comments.into_iter().map(|comment| comment.body).collect()
    };
    jane.comment(&key, "see NEW-77 and ENG-78, fix-NEW-79").unwrap();
    world.rest().await.unwrap();
    let shown = told(&world).join("\n");
    assert!(!shown.contains("NEW-") && !shown.contains("ENG-"), "{shown}");
    assert_eq!(shown.matches("[issue").count(), 3, "{shown}");
    // Its own counterpart is called there by the key that it has.
    let own = there.replace("ENG-", "NEW-");
    for words in [&own, &there] {
        jane.comment(&key, &format!("like {words}")).unwrap();
    }
    world.rest().await.unwrap();
    let here = world.issue("initech", "Item").key;
    let shown = told(&world);
    assert!(shown.len() == 3 && shown[1..].iter().all(|body| body.contains(&here)), "{shown:?}");
    // A new process knows it before a row of that project shows it.
    world.pass(7_200).await;
    world.start().await;
    jane.comment(&key, "and NEW-80").unwrap();
    world.rest().await.unwrap();
    let shown = told(&world).join("\n");
    assert!(!shown.contains("NEW-"), "{shown}");
    assert_eq!(shown.matches("[issue").count(), 4, "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_state_is_made_anew_where_a_project_has_another_key() {
    for (config, (to, project, who)) in pairs() {
        let host = if to == "globex" { "globex.example" } else { "initech.example" };
        for (jira, host, was) in [("acme", "acme.example", "SUP"), (to, host, project)] {
            let mut world = harsh(&config, to);
            let renamed = rename(&mut world, host, was);
            world.start().await;
            for summary in ["Item", "Thing"] {
                create(&world, summary);
            }
            world.rest().await.unwrap();
            let path = keep_key(&world).await;
            world.daemon = None;
            lose_files(&world);
            renamed.becomes("NEW");
            let rebuilt = rebuild(&world, &path).await.unwrap();
            assert_eq!((rebuilt.items, rebuilt.issues, rebuilt.read), (2, 4, 4), "{jira}: {rebuilt:?}");
            world.start().await;
            world.rest().await.unwrap();
            world.person(to, who).edit(&world.issue(to, "Item").key, json!({ "summary": "Item, edited" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field("acme", "Item", "summary"), "Item, edited", "{jira}");
            assert_eq!((world.issues("acme", "").len(), world.issues(to, "").len()), (2, 2), "{jira}");
            assert_eq!(calls(world.jira(to)).get("deleteIssue"), None, "{jira}");
        }
    }
}
