//! What problems hold back is tried again when an operator says so, and problems that were dismissed stay so, in simulated time. Must never
//! take the daemon's word for what arrived: it is read in the Jiras.

use jiff::Timestamp;
use jirasyncd::model::cause::cause_of;
use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::ids::CauseId;
use jirasyncd::model::occasion::Brought;
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::model::store::{Store as _, StoredProblem};
use jirasyncd::model::trail::{HowOver, PastProblem};
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_pairs::unpair;
use super::daemon_pause::{alice, give};
use super::daemon_support::{World, calls, two, two_clouds};
use super::daemon_versions::{self, BOTH, versions};

/// What is lacking where, the other side's project, a type there, and who works there.
type Case = (&'static str, &'static str, &'static str);

fn cases() -> [(String, Case); 2] {
    [(two(), ("globex", "ENG", "jdoe")), (two_clouds(), ("initech", "OPS", "petra"))]
}

fn retry(filter: &ProblemFilter) -> Command {
    Command::RetryThese { filter: filter.clone(), dry_run: false }
}

fn dismiss(filter: &ProblemFilter, undo: bool) -> Command {
    Command::Dismiss { filter: filter.clone(), undo, dry_run: false }
}

fn of_cause(cause: &CauseId) -> ProblemFilter {
    ProblemFilter { cause: Some(cause.clone()), ..ProblemFilter::default() }
}

fn about(answer: &Answer) -> (usize, usize, usize) {
    let about = answer.about.as_ref().unwrap_or_else(|| panic!("{answer:?}"));
    (about.problems, about.items, about.causes.len())
}

async fn standing(world: &World) -> Vec<StoredProblem> {
    world.daemon().store().problems(100).await.unwrap()
}

/// What people are told: problems, and how many.
async fn told(world: &World) -> (usize, u64, u64) {
    let figures = world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap();
    (world.daemon().store().problems_to_tell(100).await.unwrap().len(), figures.problems, figures.dismissed)
}

/// Issues of both sides.
async fn paired(config: &str, to: &str, names: &[&str]) -> (World, Vec<String>) {
    let world = World::new(config, |_| {}).await;
    let fields = |name: &&str| json!({ "summary": name, "priority": { "name": "Low" } });
    let keys = names.iter().map(|name| world.person("acme", "jane").create("SUP", "Bug", fields(name)).unwrap());
    let keys: Vec<String> = keys.collect();
    world.rest().await.unwrap();
    names.iter().for_each(|name| drop(world.issue(to, name)));
    (world, keys)
}

/// Everybody but the sync user holds it.
fn take(world: &World, (jira, project, _): Case, right: &str) {
    let sync = world.person(jira, "sync").id().to_owned();
    let people = world.jira(jira).people().into_iter().filter(|person| person.id() != sync);
    let others: Vec<Holder> = people.map(|person| Holder::User(person.id().to_owned())).collect();
    world.jira(jira).set_permission(project, right, &others);
}

fn give_back(world: &World, (jira, project, _): Case, right: &str) {
    world.jira(jira).set_permission(project, right, &[Holder::LoggedIn]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_field_is_tried_at_once_where_somebody_says_so_and_only_there() {
    for (config, case @ (to, project, _)) in cases() {
        let (mut world, keys) = paired(&config, to, &["First", "Second", "Third"]).await;
        let jane = world.person("acme", "jane");
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
        jane.edit(&keys[1], json!({ "duedate": "2030-05-07" })).unwrap();
        jane.edit(&keys[2], json!({ "description": "Said" })).unwrap();
        world.rest().await.unwrap();
        let problems = standing(&world).await;
        assert_eq!(problems.len(), 3, "{to}: {problems:?}");
        let day = problems.iter().find(|stored| stored.problem.field == Some("due-date".into())).unwrap();
        let cause = cause_of(&day.problem);
        world.jira(to).set_screen(project, &[]);
        // Looked at again for another reason, nothing of it is tried within the hour, and a start changes nothing in that.
        keys.iter().for_each(|key| jane.edit(key, json!({ "labels": ["seen"] })).unwrap());
        world.rest().await.unwrap();
        world.start().await;
        world.intervals(4).await;
        let days = |world: &World| ["First", "Second"].map(|name| world.field(to, name, "duedate"));
        assert_eq!(days(&world), ["", ""], "{to}");
        assert_eq!(world.field(to, "First", "labels"), "seen", "{to}");
        // Only shown, nothing is.
        let shown = Command::RetryThese { filter: of_cause(&cause), dry_run: true };
        let shown = give(&world, shown).await;
        assert_eq!((shown.ended, about(&shown)), (Ended::Shown, (2, 2, 1)), "{to}: {shown:?}");
        world.rest().await.unwrap();
        assert_eq!(days(&world), ["", ""], "{to}");
        let done = give(&world, retry(&of_cause(&cause))).await;
        assert_eq!((done.ended, about(&done)), (Ended::Done, (2, 2, 1)), "{to}: {done:?}");
        // The record keeps no word of a Jira's.
        assert!(!done.lines.iter().any(|line| line.contains("refused") || line.contains("2030")), "{done:?}");
        world.interval().await;
        assert_eq!(days(&world), ["2030-05-06", "2030-05-07"], "{to}");
        assert_eq!(world.field(to, "Third", "description"), "", "{to}: that was not asked for");
        world.rest().await.unwrap();
        assert_eq!(standing(&world).await.len(), 1, "{to}");
        let none = give(&world, retry(&of_cause(&cause))).await;
        assert_eq!(none.ended, Ended::Unchanged, "{none:?}");
        assert_eq!(give(&world, retry(&ProblemFilter::default())).await.ended, Ended::Done);
        world.rest().await.unwrap();
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}");
        let given = world.daemon().store().commands(None, 10).await.unwrap();
        let typed: Vec<String> = given.iter().map(|record| format!("{}: {}", record.by, record.command)).collect();
        let expected = format!("{}: problems retry --cause {cause}", alice());
        assert_eq!(typed, [expected.clone(), expected, format!("{}: problems retry --all", alice())], "{to} {case:?}");
    }
}

/// Each try is another operation, and the problem is one.
#[tokio::test(start_paused = true)]
async fn a_problem_counts_how_often_it_was_met_and_names_the_last_operation() {
    for (config, (to, ..)) in cases() {
        let (world, keys) = paired(&config, to, &["First"]).await;
        world.jira(to).add_fault(FaultRule::new("editIssue", When::Always, Fault::Status(403)));
        world.person("acme", "jane").edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
        world.intervals(2).await;
        let first = standing(&world).await;
        assert_eq!(first.len(), 1, "{to}: {first:?}");
        let met = first[0].problem.operation.unwrap_or_else(|| panic!("{to}: {first:?}"));
        world.pass(24 * 3_600).await;
        world.intervals(4).await;
        let later = standing(&world).await;
        assert_eq!((later.len(), later[0].since), (1, first[0].since), "{to}: {later:?}");
        assert!(later[0].times > first[0].times, "{to}: {later:?}");
        assert_ne!(later[0].problem.operation, Some(met), "{to}: it was not tried again");
    }
}

/// Asked for without need, it is refused once more and waits as before: nobody is asked without end.
#[tokio::test(start_paused = true)]
async fn what_is_refused_again_waits_again() {
    for (config, (to, project, _)) in cases() {
        let (world, keys) = paired(&config, to, &["First"]).await;
        world.jira(to).set_screen(project, &["summary", "labels"]);
        let jane = world.person("acme", "jane");
        jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        let before = standing(&world).await;
        world.jira(to).reset_calls();
        assert_eq!(give(&world, retry(&ProblemFilter::default())).await.ended, Ended::Done);
        world.rest().await.unwrap();
        for number in 0..5 {
            jane.edit(&keys[0], json!({ "labels": [format!("seen-{number}")] })).unwrap();
            world.rest().await.unwrap();
        }
        let tried = calls(world.jira(to)).get("editIssue").copied().unwrap_or_default();
        assert_eq!(tried, 6, "{to}: one try, and five labels");
        let after = standing(&world).await;
        assert_eq!(
            before.iter().map(|it| it.since).collect::<Vec<_>>(),
            after.iter().map(|it| it.since).collect::<Vec<_>>()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_that_was_given_back_is_used_at_once() {
    for (config, case @ (to, _, _)) in cases() {
        for right in ["ADD_COMMENTS", "EDIT_ISSUES", "TRANSITION_ISSUES"] {
            let (world, keys) = paired(&config, to, &["First"]).await;
            let jane = world.person("acme", "jane");
            take(&world, case, right);
            jane.comment(&keys[0], "Said").unwrap();
            jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
            jane.transition(&keys[0], "In Progress").unwrap();
            // Long enough for the next try to be far off.
            world.intervals(240).await;
            assert!(!standing(&world).await.is_empty(), "{to} {right}");
            give_back(&world, case, right);
            let arrived = |world: &World| {
                let there = world.issue(to, "First");
                there.comments.len() == 1
                    && there.fields.get("duedate").is_some_and(|day| day == "2030-05-06")
                    && there.fields["status"] != "Open"
                    && there.fields["status"] != "Neu"
            };
            world.intervals(2).await;
            assert!(!arrived(&world), "{to} {right}: it would have come by itself");
            assert_eq!(give(&world, retry(&ProblemFilter::default())).await.ended, Ended::Done);
            world.interval().await;
            assert!(arrived(&world), "{to} {right}: {:?}", world.issue(to, "First"));
            world.rest().await.unwrap();
            assert_eq!(world.in_step("acme", to).await, Ok(()), "{to} {right}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn versions_that_a_missing_right_held_back_are_made_with_the_next_look() {
    for (config, (to, project, _)) in cases() {
        let mut world = daemon_versions::world(&config, BOTH, [&["1.0"], &[], &[]]);
        world.jira(to).set_permission(project, "ADMINISTER_PROJECTS", &[]);
        world.start().await;
        world.intervals(240).await;
        assert_eq!(standing(&world).await.len(), 1, "{to}: {:?}", world.problems().await);
        world.jira(to).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
        world.intervals(2).await;
        assert_eq!(versions(&world, to), Vec::<String>::new(), "{to}");
        let done = give(&world, retry(&ProblemFilter::default())).await;
        assert_eq!(about(&done), (1, 0, 1), "{to}: {done:?}");
        world.intervals(2).await;
        assert_eq!(versions(&world, to), ["1.0"], "{to}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dismissed_problem_stays_so_until_it_changes_or_comes_again() {
    for (config, case @ (to, project, _)) in cases() {
        let (mut world, keys) = paired(&config, to, &["First", "Second"]).await;
        let jane = world.person("acme", "jane");
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
        jane.edit(&keys[1], json!({ "description": "Said" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(told(&world).await, (2, 2, 0), "{to}: {:?}", world.problems().await);
        let first = ProblemFilter { key: Some(keys[0].as_str().into()), ..ProblemFilter::default() };
        let done = give(&world, dismiss(&first, false)).await;
        assert_eq!((done.ended, about(&done)), (Ended::Done, (1, 1, 1)), "{done:?}");
        assert_eq!(give(&world, dismiss(&first, false)).await.ended, Ended::Unchanged);
        assert_eq!(told(&world).await, (1, 1, 1), "{to}");
        // Over a start, and what tries it again every hour.
        world.start().await;
        for _ in 0..4 {
            world.pass(3_700).await;
            world.daemon().engine().sweep(None).await.unwrap();
            world.rest().await.unwrap();
            assert_eq!(told(&world).await, (1, 1, 1), "{to}");
        }
        let who = standing(&world).await.into_iter().find_map(|stored| stored.dismissed).unwrap();
        assert_eq!(who.by, alice());
        // And back.
        assert_eq!(give(&world, dismiss(&first, true)).await.ended, Ended::Done);
        assert_eq!(told(&world).await, (2, 2, 0), "{to}");
        assert_eq!(give(&world, dismiss(&ProblemFilter::default(), false)).await.ended, Ended::Done);
        assert_eq!(told(&world).await, (0, 0, 2), "{to}");
        // With another reason it is told, beside what nobody can judge meanwhile; and it holds nothing back.
        world.jira(to).set_screen(project, &[]);
        take(&world, case, "EDIT_ISSUES");
        world.pass(3_700).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(4).await;
        assert_eq!(told(&world).await, (2, 2, 2), "{to}: {:?}", standing(&world).await);
        assert_eq!(give(&world, dismiss(&ProblemFilter::default(), false)).await.ended, Ended::Done);
        give_back(&world, case, "EDIT_ISSUES");
        assert_eq!(give(&world, retry(&ProblemFilter::default())).await.ended, Ended::Done);
        world.rest().await.unwrap();
        assert_eq!(told(&world).await, (0, 0, 0), "{to}");
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}");
        // What was gone and comes again is told.
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-07" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(told(&world).await, (1, 1, 0), "{to}");
    }
}

/// What stands of an instance.
async fn of_instance(world: &World, about: &str) -> Vec<StoredProblem> {
    let mut standing = standing(world).await;
    standing.retain(|stored| stored.about == about);
    standing
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_one_problem_whatever_its_answers_say() {
    for (config, (to, ..)) in cases() {
        let (world, _) = paired(&config, to, &["First"]).await;
        let about = format!("instance {to}");
        let down = |status| {
            world.jira(to).clear_faults();
            for operation in ["search", "searchForIssuesUsingJql"] {
                let fault = Fault::Unavailable { status, retry_after: None };
                world.jira(to).add_fault(FaultRule::new(operation, When::Always, fault));
            }
        };
        down(502);
        world.intervals(2).await;
        let first = of_instance(&world, &about).await;
        assert!(first.len() == 1 && first[0].problem.what.contains("status 502"), "{to}: {first:?}");
        assert_eq!(give(&world, dismiss(&ProblemFilter::default(), false)).await.ended, Ended::Done);
        down(503);
        world.intervals(2).await;
        let then = of_instance(&world, &about).await;
        assert!(then.len() == 1 && then[0].problem.what.contains("status 503"), "{to}: {then:?}");
        assert_eq!((then[0].number, then[0].since), (first[0].number, first[0].since), "{to}");
        assert!(then[0].times > first[0].times && then[0].dismissed.is_some(), "{to}: {then:?}");
        world.jira(to).clear_faults();
        world.rest().await.unwrap();
        assert_eq!(of_instance(&world, &about).await.len(), 0, "{to}");
    }
}

/// What was told of an item's day and is over, the oldest first.
async fn past_days(world: &World, key: &str) -> Vec<PastProblem> {
    let store = world.daemon().store();
    let item = store.items_by_key(&key.into()).await.unwrap()[0];
    let mut past = store.past_problems(item, Timestamp::MIN, 100).await.unwrap();
    past.retain(|past| past.problem.field == Some("due-date".into()));
    past
}

#[tokio::test(start_paused = true)]
async fn what_was_told_is_kept_with_how_it_ended() {
    for (config, (to, project, _)) in cases() {
        let (mut world, keys) = paired(&config, to, &["First"]).await;
        let jane = world.person("acme", "jane");
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        let stood = standing(&world).await.remove(0);
        assert_eq!(past_days(&world, &keys[0]).await, [], "{to}: it stands");
        // Mended, it is over by itself, once it is tried again.
        world.jira(to).set_screen(project, &[]);
        world.pass(3_700).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "First", "duedate"), "2030-05-06", "{to}");
        let past = past_days(&world, &keys[0]).await;
        assert_eq!(past.len(), 1, "{to}: {past:?}");
        assert_eq!((past[0].how, past[0].dismissed.as_ref()), (HowOver::ByItself, None), "{to}: {past:?}");
        assert_eq!((&past[0].problem, past[0].since), (&stood.problem, stood.since), "{to}");
        assert!(past[0].over > past[0].since && past[0].times >= stood.times && past[0].brought.is_some(), "{past:?}");
        // The next one is dismissed, and then an operator has it tried again.
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-07" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(give(&world, dismiss(&ProblemFilter::default(), false)).await.ended, Ended::Done);
        world.jira(to).set_screen(project, &[]);
        assert_eq!(give(&world, retry(&ProblemFilter::default())).await.ended, Ended::Done);
        world.rest().await.unwrap();
        let past = past_days(&world, &keys[0]).await;
        let how: Vec<HowOver> = past.iter().map(|past| past.how).collect();
        assert_eq!(how, [HowOver::ByItself, HowOver::Retried], "{to}: {past:?}");
        assert_eq!(past[1].dismissed.as_ref().map(|dismissed| &dismissed.by), Some(&alice()), "{to}: {past:?}");
        let because = past[1].brought.as_ref().map(Brought::words).unwrap_or_default();
        assert!(because.contains("`problems retry` by "), "{to}: {because}");
        // A start forgets none, and what stands no more holds nothing up.
        world.start().await;
        world.rest().await.unwrap();
        assert_eq!(past_days(&world, &keys[0]).await, past, "{to}");
        assert_eq!(world.in_step("acme", to).await, Ok(()), "{to}");
        // Nor is one forgotten that stands when its item ends.
        world.jira(to).set_screen(project, &["summary", "labels"]);
        jane.edit(&keys[0], json!({ "duedate": "2030-05-08" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(give(&world, unpair(&keys[0])).await.ended, Ended::Done);
        let past = past_days(&world, &keys[0]).await;
        assert_eq!(past.iter().map(|past| past.how).collect::<Vec<_>>()[2..], [HowOver::LetBe], "{to}: {past:?}");
        assert_eq!(standing(&world).await.len(), 0, "{to}");
    }
}
