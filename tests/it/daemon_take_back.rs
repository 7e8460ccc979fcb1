//! Values that lost a conflict stand again where an operator says so, on all sides that may hold them and on no other; what they replace is
//! kept. Must never take the daemon's word for it: what stands in the Jiras is read there.

use jirasyncd::model::command::{Answer, Command, Ended};
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::model::store::Store as _;
use serde_json::{Value, json};

use super::daemon_pairs::conflicts;
use super::daemon_pause::give;
use super::daemon_support::{THREE, World, two, two_clouds};

fn of_issue(key: &str) -> ProblemFilter {
    ProblemFilter { key: Some(key.into()), ..ProblemFilter::default() }
}

fn take(filter: &ProblemFilter, take: &str, dry_run: bool) -> Command {
    Command::Take { filter: filter.clone(), take: take.to_owned(), dry_run }
}

fn said(answer: &Answer) -> String {
    answer.lines.join("\n")
}

/// Both change it between two looks, home last; home's stands.
async fn dispute(world: &World, (to, who): (&str, &str), (key, there): (&str, &str), fields: [Value; 2]) {
    let [lost, stands] = fields;
    world.person(to, who).edit(there, lost).unwrap();
    world.pass(5).await;
    world.person("acme", "jane").edit(key, stands).unwrap();
    world.rest().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_value_that_lost_comes_back_and_the_other_is_kept() {
    for (config, to, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let cases = [
            ("summary", "Of them", "Of home", json!("Of them"), json!("Of home")),
            ("duedate", "2030-05-06", "2030-06-07", json!("2030-05-06"), json!("2030-06-07")),
            ("description", "Said there", "Said at home", json!("Said there"), json!("Said at home")),
        ];
        let world = World::new(&config, |_| {}).await;
        let jane = world.person("acme", "jane");
        let fields = json!({ "summary": "Item", "description": "Said", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(to, "Item").key;
        let held = |field: &str| {
            [("acme", &key), (to, &there)]
                .map(|(jira, key)| world.jira(jira).issue(key).unwrap().fields.get(field).cloned().unwrap_or_default())
        };
        for (field, lost, stands, sent_there, sent) in cases {
            let case = format!("{to} {field}");
            dispute(&world, (to, who), (&key, &there), [json!({ field: sent_there }), json!({ field: sent })]).await;
            assert_eq!(held(field), [stands, stands], "{case}");
            let before = conflicts(&world, &key).await.len();
            let row = if field == "duedate" { "due-date" } else { field };
            let filter = ProblemFilter { field: Some(row.into()), ..of_issue(&key) };
            // Only shown: each field, old and new, and nothing is done.
            let shown = give(&world, take(&filter, to, true)).await;
            assert_eq!(shown.ended, Ended::Shown, "{case}: {shown:?}");
            assert!(said(&shown).contains(&format!("\"{stands}\" of acme -> \"{lost}\" of {to}")), "{case}: {shown:?}");
            world.rest().await.unwrap();
            assert_eq!((held(field), conflicts(&world, &key).await.len()), ([stands.into(), stands.into()], before));
            let done = give(&world, take(&filter, to, false)).await;
            assert_eq!(done.ended, Ended::Done, "{case}: {done:?}");
            let about = done.about.as_ref().map(|about| (about.problems, about.items));
            assert_eq!(about, Some((1, 1)), "{case}: {done:?}");
            // The record keeps no value.
            assert!(!said(&done).contains(lost) && !said(&done).contains(stands), "{case}: {done:?}");
            world.rest().await.unwrap();
            assert_eq!(held(field), [lost, lost], "{case}: {:?}", world.problems().await);
            let kept = conflicts(&world, &key).await;
            let newest = kept.last().unwrap();
            assert_eq!((newest.winner.as_str(), newest.loser.as_str()), (to, "acme"), "{case}");
            assert!(format!("{:?}", newest.lost).contains(stands), "{case}: {newest:?}");
            assert_eq!(give(&world, take(&filter, to, false)).await.ended, Ended::Unchanged, "{case}");
            // By its words it comes back as well, to whom it is.
            let again = give(&world, take(&filter, stands, false)).await;
            assert_eq!(again.ended, Ended::Done, "{case}: {again:?}");
            world.rest().await.unwrap();
            assert_eq!(held(field), [stands, stands], "{case}");
            // Nobody's next change is a conflict with that.
            let count = conflicts(&world, &key).await.len();
            let next = if field == "duedate" { json!("2031-01-01") } else { json!("Next") };
            world.person(to, who).edit(&there, json!({ field: next.clone() })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(held(field), [next.as_str().unwrap(), next.as_str().unwrap()], "{case}");
            assert_eq!(conflicts(&world, &key).await.len(), count, "{case}");
            if field == "summary" {
                jane.edit(&key, json!({ "summary": "Item" })).unwrap();
                world.rest().await.unwrap();
            }
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
        let nothing = give(&world, take(&of_issue(&key), "nobody", false)).await;
        assert_eq!(nothing.ended, Ended::Refused, "{nothing:?}");
        assert!(said(&nothing).contains("no value is kept like that"), "{nothing:?}");
        let nothing =
            give(&world, take(&ProblemFilter { field: Some("labels".into()), ..of_issue(&key) }, to, false)).await;
        assert_eq!(nothing.ended, Ended::Unchanged, "a side, of which nothing lost: {nothing:?}");
        let given = world.daemon().store().commands(None, 100).await.unwrap();
        let typed: Vec<String> = given.iter().map(|record| record.command.to_string()).collect();
        assert!(
            typed.iter().all(|typed| typed.starts_with("problems resolve ") && typed.ends_with(" --take …")),
            "{typed:?}"
        );
    }
}

/// Of many issues by one word, over a start; and somebody who writes in between is not run over for good.
#[tokio::test(start_paused = true)]
async fn one_word_settles_many_issues() {
    let mut world = World::new(&two(), |_| {}).await;
    let jane = world.person("acme", "jane");
    let mut keys = Vec::new();
    for number in 0..7 {
        let fields = json!({ "summary": format!("Item {number}"), "priority": { "name": "Low" } });
        keys.push(jane.create("SUP", "Bug", fields).unwrap());
    }
    world.rest().await.unwrap();
    for number in 0..7 {
        let there = world.issue("globex", &format!("Item {number}")).key;
        world.person("globex", "jdoe").edit(&there, json!({ "summary": format!("Theirs {number}") })).unwrap();
    }
    world.pass(5).await;
    for (number, key) in keys.iter().enumerate() {
        jane.edit(key, json!({ "summary": format!("Ours {number}") })).unwrap();
    }
    world.rest().await.unwrap();
    assert_eq!(world.issues("globex", "Ours").len(), 7);
    let filter = ProblemFilter { field: Some("summary".into()), ..ProblemFilter::default() };
    let done = give(&world, take(&filter, "globex", false)).await;
    assert_eq!(done.about.map(|about| (about.problems, about.items)), Some((7, 7)));
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!((world.issues("acme", "Theirs").len(), world.issues("globex", "Theirs").len()), (7, 7));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Partners that do not see each other: a value reaches nobody who may not see whose it is.
#[tokio::test(start_paused = true)]
async fn a_value_comes_back_to_those_alone_who_may_hold_it() {
    let world = World::new(THREE, |_| {}).await;
    let jane = world.person("acme", "jane");
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "description": "Said", "labels": labels, "priority": { "name": "Low" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let (there, third) = (world.issue("globex", "Item").key, world.issue("initech", "Item").key);
    let held = |field: &str| {
        [("acme", &key), ("globex", &there), ("initech", &third)]
            .map(|(jira, key)| world.jira(jira).issue(key).unwrap().fields.get(field).cloned().unwrap_or_default())
    };
    let dates = [json!({ "duedate": "2030-05-06" }), json!({ "duedate": "2030-06-07" })];
    dispute(&world, ("globex", "jdoe"), (&key, &there), dates).await;
    assert_eq!(held("duedate"), ["2030-06-07"; 3]);
    let done = give(&world, take(&of_issue(&key), "globex", false)).await;
    assert_eq!(done.ended, Ended::Done, "{done:?}");
    world.rest().await.unwrap();
    assert_eq!(held("duedate"), ["2030-05-06", "2030-05-06", "2030-06-07"]);
    // What stands at home holds what a partner wrote. Home loses against the other one, and its text comes back at home alone.
    world.person("initech", "petra").edit(&third, json!({ "description": "Said\n\nSecret of initech" })).unwrap();
    world.rest().await.unwrap();
    assert!(held("description")[0].contains("Secret"), "{:?}", held("description"));
    let text = held("description")[0].replacen("Said", "Said at home", 1);
    jane.edit(&key, json!({ "description": text })).unwrap();
    world.pass(5).await;
    world.person("globex", "jdoe").edit(&there, json!({ "description": "Said there" })).unwrap();
    world.rest().await.unwrap();
    let before = held("description");
    assert!(!before[1].contains("Secret") && before[1].contains("Said there"), "{before:?}");
    let filter = ProblemFilter { field: Some("description".into()), ..of_issue(&key) };
    let shown = give(&world, take(&filter, "acme", true)).await;
    let why = "is not taken back on globex: what stood on acme may hold what people of initech wrote, and globex may not see that";
    assert!(said(&shown).contains(why), "{shown:?}");
    let done = give(&world, take(&filter, "acme", false)).await;
    assert!(said(&done).contains(why), "{done:?}");
    world.rest().await.unwrap();
    let after = held("description");
    assert!(!after[1].contains("Secret") && after[1] == before[1], "{after:?}");
    assert!(!after[2].contains("Said there"), "{after:?}");
}

/// Where each side keeps its own value, one word says whose stands, of all issues with that cause.
#[tokio::test(start_paused = true)]
async fn what_is_asked_about_is_settled_by_its_cause() {
    let config = two().replacen("home = \"acme\"\n", "home = \"acme\"\non-conflict = \"ask\"\n", 1);
    let world = World::new(&config, |_| {}).await;
    let jane = world.person("acme", "jane");
    let create = |summary: &str| {
        jane.create("SUP", "Bug", json!({ "summary": summary, "priority": { "name": "Low" } })).unwrap()
    };
    let keys = ["First", "Second"].map(create);
    world.rest().await.unwrap();
    for (name, key) in ["First", "Second"].iter().zip(&keys) {
        let there = world.issue("globex", name).key;
        world.person("globex", "jdoe").edit(&there, json!({ "duedate": "2030-05-06" })).unwrap();
        jane.edit(key, json!({ "duedate": "2030-06-07" })).unwrap();
    }
    world.rest().await.unwrap();
    let days = |jira: &str| ["First", "Second"].map(|name| world.field(jira, name, "duedate"));
    assert_eq!(
        (days("acme"), days("globex")),
        (["2030-06-07", "2030-06-07"].map(Into::into), ["2030-05-06", "2030-05-06"].map(Into::into))
    );
    let stored = world.daemon().store().problems(10).await.unwrap();
    let mut done = 0;
    for stored in stored.iter().filter(|stored| stored.problem.field == Some("due-date".into())) {
        let cause = jirasyncd::model::cause::cause_of(&stored.problem);
        let filter = ProblemFilter { cause: Some(cause), ..ProblemFilter::default() };
        // By the side, or by its value as it is typed.
        let to = if done == 0 { "globex" } else { "2030-05-06" };
        let answer = give(&world, take(&filter, to, false)).await;
        done += answer.about.map_or(0, |about| about.items);
    }
    assert_eq!(done, 2, "{stored:?}");
    world.rest().await.unwrap();
    assert_eq!(
        (days("acme"), days("globex")),
        (["2030-05-06", "2030-05-06"].map(Into::into), ["2030-05-06", "2030-05-06"].map(Into::into))
    );
    assert_eq!(world.problems().await, Vec::<String>::new());
}
