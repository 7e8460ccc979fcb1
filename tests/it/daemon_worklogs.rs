//! Logged work: once on every side that may have it, exact to the second, and with nobody's estimate moved by us. Must never take
//! the daemon's word for what stands in a Jira.

use std::time::Duration;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When, WorklogView};
use serde_json::json;

use super::daemon_support::{THREE, World, calls, two, two_clouds};

const AT: &str = "2026-03-10T08:30:00.250+0100";

fn carried(config: &str, more: &str) -> String {
    format!("{config}\n[sync.support.worklogs]\nunrestricted = \"both\"\n{more}\n")
}

/// A world of two sides with an item, work logged on one of them, and its copy on the other.
struct Told {
    world: World,
    /// Where it was logged, by whom, the issue and the worklog.
    from: (&'static str, &'static str, String, String),
    /// Where the copy is, a person there, the issue.
    to: (&'static str, &'static str, String),
}

impl Told {
    /// From acme to globex, back, and from one Cloud to another.
    async fn all(more: &str) -> Vec<Self> {
        let mut all = Vec::new();
        for (config, from, to) in [
            (two(), ("acme", "jane"), ("globex", "jdoe")),
            (two(), ("globex", "jdoe"), ("acme", "jane")),
            (two_clouds(), ("acme", "omar"), ("initech", "petra")),
        ] {
            let world = World::new(&carried(&config, more), |_| {}).await;
            let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            let (here, there) = (world.issue(from.0, "Item").key, world.issue(to.0, "Item").key);
            let estimate = json!({ "timetracking": { "remainingEstimate": "2h" } });
            world.person(to.0, to.1).edit(&there, estimate).unwrap();
            let work = world.person(from.0, from.1).log_work(&here, AT, 3_725, "Dug deep").unwrap();
            world.rest().await.unwrap();
            let told = Self { world, from: (from.0, from.1, here, work), to: (to.0, to.1, there) };
            assert_eq!(told.copies().len(), 1, "{:?}: {:?}", told.from, told.world.problems().await);
            all.push(told);
        }
        all
    }

    fn copies(&self) -> Vec<WorklogView> {
        self.world.issue(self.to.0, "Item").worklogs
    }

    fn copy(&self) -> WorklogView {
        self.copies().remove(0)
    }

    fn original(&self) -> WorklogView {
        self.world.issue(self.from.0, "Item").worklogs.remove(0)
    }

    fn edit(&self, body: serde_json::Value) {
        let (jira, who, issue, work) = &self.from;
        self.world.person(jira, who).edit_worklog(issue, work, body).unwrap();
    }

    fn text(&self, text: &str) -> serde_json::Value {
        self.world.person(self.from.0, self.from.1).text(text)
    }

    fn delete(&self) {
        let (jira, who, issue, work) = &self.from;
        self.world.person(jira, who).delete_worklog(issue, work).unwrap();
    }

    fn allow(&self, keys: &[&str], holder: &Holder) {
        let project = self.to.2.split('-').next().unwrap();
        for key in keys {
            self.world.jira(self.to.0).set_permission(project, key, std::slice::from_ref(holder));
        }
    }
}

/// What is to be done about the worklogs that Jira refused.
async fn remedies(world: &World) -> Vec<String> {
    let stored = world.daemon().store().problems(100).await.unwrap();
    let refused = stored.into_iter().filter(|stored| stored.problem.what.contains("Jira refused a worklog"));
    refused.map(|stored| stored.problem.remedy).collect()
}

fn spent(work: &WorklogView) -> (i64, u64) {
    (work.started.as_millisecond(), work.seconds)
}

#[tokio::test(start_paused = true)]
async fn work_is_copied_once_exactly_and_moves_no_estimate() {
    for told in Told::all("").await {
        let copy = told.copy();
        assert_eq!(spent(&copy), spent(&told.original()));
        assert_eq!(copy.seconds, 3_725);
        assert_ne!(copy.author, told.original().author);
        assert!(copy.comment.ends_with("Dug deep") && copy.comment.contains(':'), "the author is named: {copy:?}");
        let there = told.world.issue(told.to.0, "Item");
        assert_eq!(there.fields.get("timeestimate").map(String::as_str), Some("7200"), "left as it was");
        // Without words there is the header alone.
        let (jira, who, issue, _) = &told.from;
        told.world.person(jira, who).add_worklog(issue, json!({ "started": AT, "timeSpentSeconds": 60 })).unwrap();
        told.world.rest().await.unwrap();
        assert_eq!(told.copies().len(), 2);
        for jira in [told.from.0, told.to.0] {
            told.world.jira(jira).reset_calls();
        }
        told.world.intervals(20).await;
        for jira in [told.from.0, told.to.0] {
            let calls = calls(told.world.jira(jira));
            for write in ["addWorklog", "updateWorklog", "deleteWorklog", "getIssueWorklog"] {
                assert_eq!(calls.get(write), None, "{jira}: {calls:?}");
            }
        }
        assert_eq!(told.world.issue(told.from.0, "Item").worklogs.len(), 2, "nothing comes back");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_edit_and_the_end_of_the_original_are_made_on_the_copy() {
    for told in Told::all("").await {
        let before = told.copy();
        told.edit(json!({ "timeSpentSeconds": 7_200 }));
        told.world.rest().await.unwrap();
        assert_eq!((told.copy().id, told.copy().seconds), (before.id, 7_200));
        told.edit(json!({ "started": "2026-03-11T10:00:00.000+0000", "comment": told.text("Filled") }));
        told.world.rest().await.unwrap();
        let after = told.copy();
        assert_eq!(spent(&after), spent(&told.original()));
        assert!(after.comment.ends_with("Filled"), "{after:?}");
        assert_eq!(after.comment.lines().next(), before.comment.lines().next(), "the header stays");
        assert_eq!(calls(told.world.jira(told.to.0)).get("updateWorklog"), Some(&2));
        told.delete();
        told.world.rest().await.unwrap();
        assert_eq!(told.copies(), Vec::new());
        assert_eq!(told.world.field(told.to.0, "Item", "timeestimate"), "7200", "left as it was");
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
    for told in Told::all("deleted = \"keep\"").await {
        told.delete();
        told.world.rest().await.unwrap();
        assert_eq!(told.copies().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_makes_of_a_copy_is_told_and_not_fought() {
    for told in Told::all("").await {
        told.allow(&["EDIT_ALL_WORKLOGS"], &Holder::LoggedIn);
        let (jira, who, issue) = &told.to;
        let person = told.world.person(jira, who);
        person.edit_worklog(issue, &told.copy().id.to_string(), json!({ "timeSpentSeconds": 60 })).unwrap();
        told.world.rest().await.unwrap();
        told.world.intervals(5).await;
        assert_eq!((told.copy().seconds, told.original().seconds), (60, 3_725));
        let problems = told.world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("is a copy, and was changed here"), "{problems:?}");
        told.edit(json!({ "timeSpentSeconds": 120 }));
        told.world.rest().await.unwrap();
        assert_eq!(told.copy().seconds, 120);
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_the_answer_the_work_is_there_once() {
    for fault in [
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::StatusAfter(502),
        Fault::Status(503),
        Fault::Truncated,
        Fault::LateWrite(Duration::from_secs(40)),
    ] {
        for told in Told::all("").await {
            let jira = told.world.jira(told.to.0);
            jira.add_fault(FaultRule::new("addWorklog", When::Nth(1), fault.clone()));
            let (from, who, issue, _) = &told.from;
            let person = told.world.person(from, who);
            // The same twice: two pieces of work.
            person.log_work(issue, AT, 60, "Again").unwrap();
            person.log_work(issue, AT, 60, "Again").unwrap();
            told.world.intervals(30).await;
            assert_eq!(told.copies().len(), 3, "{fault:?} to {}: {:?}", told.to.0, told.copies());
            assert_eq!(told.world.problems().await, Vec::<String>::new(), "{fault:?}");
            jira.add_fault(FaultRule::new("updateWorklog", When::Nth(1), fault.clone()));
            told.edit(json!({ "timeSpentSeconds": 120 }));
            told.world.intervals(20).await;
            told.world.rest().await.unwrap();
            assert_eq!(told.copy().seconds, 120, "{fault:?}");
            jira.add_fault(FaultRule::new("deleteWorklog", When::Nth(1), fault.clone()));
            told.delete();
            told.world.intervals(20).await;
            told.world.rest().await.unwrap();
            assert_eq!(told.copies().len(), 2, "{fault:?}");
            assert_eq!(told.world.problems().await, Vec::<String>::new(), "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_right_it_is_told_and_the_rest_goes_on() {
    for told in Told::all("").await {
        told.allow(&["WORK_ON_ISSUES"], &Holder::User("nobody".into()));
        let (jira, who, issue, _) = &told.from;
        let person = told.world.person(jira, who);
        person.log_work(issue, AT, 600, "Later").unwrap();
        told.world.intervals(2).await;
        person.edit(issue, json!({ "summary": "Item goes on" })).unwrap();
        told.world.intervals(2).await;
        assert_eq!(told.world.field(told.to.0, "Item", "summary"), "Item goes on");
        let problems = told.world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("Jira refused a worklog"), "{problems:?}");
        told.world.jira(told.to.0).reset_calls();
        told.world.intervals(120).await;
        let tried = told.world.jira(told.to.0).count("addWorklog");
        assert!((1..10).contains(&tried), "{tried} times in an hour");
        told.allow(&["WORK_ON_ISSUES"], &Holder::LoggedIn);
        told.world.pass(7_200).await;
        told.world.rest().await.unwrap();
        assert_eq!(told.copies().len(), 2);
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_worklog_that_is_refused_names_the_one_permission_that_it_needs() {
    const RIGHTS: [&str; 3] = ["WORK_ON_ISSUES", "EDIT_OWN_WORKLOGS", "DELETE_OWN_WORKLOGS"];
    for right in RIGHTS {
        for told in Told::all("").await {
            told.allow(&[right, &right.replace("_OWN_", "_ALL_")], &Holder::User("nobody".into()));
            let (jira, who, issue, _) = &told.from;
            match right {
                "WORK_ON_ISSUES" => drop(told.world.person(jira, who).log_work(issue, AT, 600, "Later").unwrap()),
                "EDIT_OWN_WORKLOGS" => told.edit(json!({ "timeSpentSeconds": 60 })),
                _ => told.delete(),
            }
            told.world.intervals(20).await;
            let remedies = remedies(&told.world).await;
            assert_eq!(remedies.len(), 1, "{right}: {remedies:?}");
            let named: Vec<&str> = RIGHTS.into_iter().filter(|right| remedies[0].contains(right)).collect();
            assert_eq!(named, [right], "{remedies:?}");
            assert!(!remedies[0].contains("time tracking"), "{remedies:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn time_tracking_that_is_switched_off_deletes_nothing_and_is_told() {
    for told in Told::all("").await {
        let track = |jira: &str, on: bool| told.world.jira(jira).set_quirks(|quirks| quirks.time_tracking = on);
        let (jira, who, issue, _) = &told.from;
        let told_of = |problems: &[String], what: &str| problems.iter().any(|problem| problem.contains(what));
        // Where it was logged: none is shown there any more.
        track(jira, false);
        told.world.person(jira, who).edit(issue, json!({ "summary": "Item two" })).unwrap();
        told.world.intervals(4).await;
        assert_eq!(told.world.field(told.to.0, "Item", "summary"), "Item two");
        assert_eq!(told.copies().len(), 1, "it is not known to be gone");
        let problems = told.world.problems().await;
        assert!(told_of(&problems, "worklogs are known there and cannot be read"), "{problems:?}");
        track(jira, true);
        track(told.to.0, false);
        told.world.person(jira, who).log_work(issue, AT, 600, "Later").unwrap();
        told.edit(json!({ "timeSpentSeconds": 60 }));
        told.world.intervals(4).await;
        let problems = told.world.problems().await;
        assert!(told_of(&problems, "Jira refused a worklog"), "{problems:?}");
        assert!(told_of(&problems, "worklogs are known there and cannot be read"), "{problems:?}");
        let remedies = remedies(&told.world).await;
        let is_fit = |remedy: &String| remedy.contains("time tracking switched on") && !remedy.contains("_WORKLOGS");
        assert!(!remedies.is_empty() && remedies.iter().all(is_fit), "no permission is missing: {remedies:?}");
        track(told.to.0, true);
        told.world.pass(7_200).await;
        told.world.rest().await.unwrap();
        let seconds: Vec<u64> = told.copies().iter().map(|copy| copy.seconds).collect();
        assert_eq!(seconds, [60, 600], "to {}", told.to.0);
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn more_than_come_with_an_issue_are_all_copied_and_restricted_ones_stay() {
    for told in Told::all("").await {
        let (jira, who, issue, _) = &told.from;
        let person = told.world.person(jira, who);
        for number in 0..30 {
            person.log_work(issue, AT, 60 * (number + 1), &format!("Piece {number}")).unwrap();
        }
        told.world.rest().await.unwrap();
        assert_eq!(told.copies().len(), 31);
        for (one, other) in told.world.issue(jira, "Item").worklogs.iter().zip(told.copies()) {
            assert_eq!(spent(one), spent(&other));
        }
        // What a limit per issue turns away is sent again.
        let sent = told.world.jira(told.to.0).calls();
        let taken = sent.iter().filter(|call| call.operation == "addWorklog" && call.status == 201);
        assert_eq!(taken.count(), 31);
        if *who == "omar" {
            // Only its members see it at home as well; the sync user is one.
            let hidden = json!({ "started": AT, "timeSpentSeconds": 60,
                "visibility": { "type": "role", "value": "Globex desk" } });
            person.add_worklog(issue, hidden.clone()).unwrap();
            told.world.rest().await.unwrap();
            assert_eq!(told.copies().len(), 31, "a restricted one does not cross");
            told.edit(json!({ "visibility": hidden["visibility"] }));
            told.world.rest().await.unwrap();
            assert_eq!(told.copies().len(), 30, "and one that is restricted later is withdrawn");
        }
        assert_eq!(told.world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn partners_see_the_work_of_home_and_none_of_one_another() {
    let config = carried(THREE, "header = { globex = \"{{ author.name }}, {{ side }}\" }");
    let world = World::new(&config, |_| {}).await;
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").log_work(&key, AT, 60, "of home").unwrap();
    world.person("globex", "jdoe").log_work(&world.issue("globex", "Item").key, AT, 120, "of globex").unwrap();
    world.person("initech", "petra").log_work(&world.issue("initech", "Item").key, AT, 180, "of initech").unwrap();
    world.rest().await.unwrap();
    let seconds = |jira: &str| {
        let mut seconds: Vec<u64> = world.issue(jira, "Item").worklogs.iter().map(|work| work.seconds).collect();
        seconds.sort_unstable();
        seconds
    };
    assert_eq!(seconds("acme"), [60, 120, 180]);
    assert_eq!(seconds("globex"), [60, 120]);
    assert_eq!(seconds("initech"), [60, 180]);
    let copy = world.issue("globex", "Item").worklogs.into_iter().find(|work| work.seconds == 60).unwrap();
    assert!(copy.comment.starts_with("Jane") && copy.comment.contains(", acme"), "{copy:?}");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn without_the_table_no_work_is_carried_or_asked_for() {
    let world = World::new(&two(), |_| {}).await;
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" } });
    let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    world.person("acme", "jane").log_work(&key, AT, 60, "of home").unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Item").worklogs, Vec::new());
    assert_eq!(world.jira("acme").count("getIssueWorklog"), 0);
}

/// What a Cloud answers to an edit of fields shows the work as it was before that is changed as well: nothing is written twice for it.
#[tokio::test(start_paused = true)]
async fn work_and_fields_that_are_changed_at_once_are_written_once_each() {
    for told in Told::all("").await {
        let (here, who, key, work) = &told.from;
        let (person, there) = (told.world.person(here, who), told.world.jira(told.to.0));
        let comment = person.comment(key, "Said").unwrap();
        told.world.rest().await.unwrap();
        there.reset_calls();
        person.edit_worklog(key, work, json!({ "timeSpentSeconds": 1200 })).unwrap();
        person.edit_comment(key, &comment, "Said otherwise").unwrap();
        person.edit(key, json!({ "summary": "Item two" })).unwrap();
        told.world.rest().await.unwrap();
        let written = calls(there);
        for operation in ["editIssue", "updateWorklog", "updateComment"] {
            assert_eq!(written.get(operation), Some(&1), "{:?}: {written:?}", told.from);
        }
    }
}
