//! What is done with problems, typed as an operator types it: by cause, by key, for all of them, beside a daemon that runs and without one. Must
//! never reach past the binary, but to simulated Jiras.

use std::time::Duration;

use jirasyncd::simulator::Credential;
use serde_json::json;
use tokio::time::Instant;

use super::cli_world::{GLOBEX_TOKEN, Place, World};
use super::process_support::Running;

/// How soon something arrives that nothing holds back.
const SOON: Duration = Duration::from_secs(20);

/// Three issues of both sides; the day of two of them is on no screen of the other side, nor the description of the third.
async fn refused(world: &World) -> (Place, Vec<String>) {
    let place = world.place_with("summary = \"both\"", "summary = \"both\"\ndue-date = \"both\"");
    let jane = world.acme.person("jane").unwrap();
    let create = |name: &str| {
        let fields = json!({ "summary": name, "priority": { "name": "Highest" } });
        jane.create("SUP", "Bug", fields).unwrap()
    };
    let keys = ["First", "Second", "Third"].map(create).to_vec();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    world.globex.set_screen("ENG", &["summary"]);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    jane.edit(&keys[0], json!({ "duedate": "2030-05-06" })).unwrap();
    jane.edit(&keys[1], json!({ "duedate": "2030-05-07" })).unwrap();
    jane.edit(&keys[2], json!({ "description": "Said" })).unwrap();
    place.run(&["run", "--once"]).await.expect(1, &["3 problems"]);
    (place, keys)
}

/// The causes that are listed: what each is called, and of how many.
async fn causes(place: &Place, more: &[&str]) -> Vec<(String, usize)> {
    let json = place.run(&[&["problems", "--json"], more].concat()).await.json();
    let of = |cause: &serde_json::Value| {
        (cause["id"].as_str().unwrap().to_owned(), cause["about"].as_array().unwrap().len())
    };
    json["causes"].as_array().unwrap().iter().map(of).collect()
}

fn days(world: &World) -> Vec<String> {
    let mut days: Vec<String> = world
        .globex
        .issues()
        .iter()
        .map(|issue| issue.fields.get("duedate").cloned().unwrap_or_default())
        .filter(|day| !day.is_empty())
        .collect();
    days.sort();
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_mended_arrives_at_once_when_its_cause_is_tried_again() {
    let world = World::new().await;
    let (place, keys) = refused(&world).await;
    let known = causes(&place, &[]).await;
    assert_eq!(known.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1], "{known:?}");
    let cause = known[0].0.as_str();
    place.run(&["problems"]).await.expect(1, &[&format!("(cause {cause})")]);
    let shown = place.run(&["problems", "show", cause]).await.expect(1, &["SUP-1", "SUP-2", "due-date"]);
    assert!(!shown.stdout.contains("SUP-3"), "{shown:?}");
    place.run(&["problems", "show", &keys[2]]).await.expect(1, &["SUP-3", "description"]);
    place.run(&["problems", "show", "nothing"]).await.expect(1, &["`nothing` is no cause", "no issue's key"]);
    // Which ones has to be said.
    place.run(&["problems", "retry"]).await.expect(2, &["--all"]);
    place.run(&["problems", "retry", "--all", "--side", "globex"]).await.expect(2, &["cannot be used with"]);
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    world.globex.set_screen("ENG", &[]);
    let parts = ["would be tried again now: 2 problems, of 2 items", cause, "2 problems on globex, due-date"];
    place.run(&["problems", "retry", "--cause", cause, "--dry-run"]).await.expect(0, &parts);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(days(&world), Vec::<String>::new(), "it would have come by itself");
    let parts = ["tried again now: 2 problems, of 2 items", cause];
    place.run(&["problems", "retry", "--cause", cause]).await.expect(0, &parts);
    let began = Instant::now();
    while days(&world).len() < 2 {
        assert!(began.elapsed() < SOON, "{:?}\n{}", days(&world), daemon.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(days(&world), ["2030-05-06", "2030-05-07"]);
    let none = place.run(&["problems", "retry", "--cause", "00000000", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&none["ended"], &none["source"]), (&json!("unchanged"), &json!("daemon")), "{none}");
    let (ended, ..) = daemon.terminate(SOON).await;
    assert!(ended.success());
    // A poll shows what was written, and then nothing is left of it.
    place.run(&["run", "--once"]).await.expect(1, &["1 problem"]);
    // Without a daemon it is written into the state, and the next one goes by it.
    let said = place.run(&["problems", "retry", &keys[2], "--json"]).await.expect(0, &[]).json();
    assert_eq!((&said["ended"], &said["source"]), (&json!("done"), &json!("state")), "{said}");
    assert_eq!((&said["about"]["problems"], &said["about"]["items"]), (&json!(1), &json!(1)), "{said}");
    place.run(&["run", "--once"]).await.expect(0, &["0 problems"]);
    let parts = [
        format!("`problems retry --cause {cause}`: done"),
        format!("`problems retry {}`: done", keys[2]),
        "operator ".to_owned(),
        "because of `problems retry` by ".to_owned(),
    ];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let audit = place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &parts);
    assert!(!audit.stdout.contains("--dry-run"), "{audit:?}");
    let by_key = format!("`problems retry {}` by ", keys[2]);
    let by_cause = format!("`problems retry --cause {cause}` by ");
    let other = place.run(&["explain", &keys[2]]).await.expect(0, &[&by_key]);
    assert!(!other.stdout.contains(&by_cause), "it had another cause: {other:?}");
    // What stood is told still, with how it ended, among what was written.
    let parts = [
        "\nwritten, and problems that are over, the newest last\n",
        " a problem (over, tried again by an operator)\n    side globex, due-date, since ",
        "    because of `problems retry` by ",
    ];
    let said = place.run(&["explain", &keys[0]]).await.expect(0, &parts);
    assert!(!said.stdout.contains("\nproblems\n"), "{said:?}");
    // What was said of a cause was said of each issue that had it.
    assert!(said.stdout.contains("\noperators\n") && said.stdout.contains(&by_cause), "{said:?}");
    let (made, over) = (said.stdout.find("create `Defect`"), said.stdout.find(" a problem (over, "));
    assert!(made.is_some() && made < over, "not in the order of their times: {said:?}");
    let json = place.run(&["explain", &keys[0], "--json"]).await.expect(0, &[]).json();
    let past = json["items"][0]["past_problems"].as_array().unwrap();
    let day = past.iter().find(|past| past["field"] == "due-date").unwrap_or_else(|| panic!("{json}"));
    assert_eq!((&day["how"], &day["side"]), (&json!("retried"), &json!("globex")), "{json}");
    assert!(["since", "over", "what", "remedy"].iter().all(|key| day[key].is_string()), "{json}");
    let later = place.run(&["explain", &keys[0], "--since", "2099-01-01", "--json"]).await.expect(0, &[]).json();
    assert_eq!(later["items"][0]["past_problems"], json!([]), "{later}");
    // It is told to who asks here, and in no list that goes to a side.
    let audit = place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &[]);
    assert!(!audit.stdout.contains("a problem ("), "{audit:?}");
}

/// What belongs to an instance is looked at with its next poll, and nobody is told that it was tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_problem_of_an_instance_alone_is_not_said_to_be_tried_again() {
    let world = World::new().await;
    let place = world.place();
    let fields = json!({ "summary": "First", "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    world.globex.set_credentials("sync", Vec::new());
    place.run(&["run", "--once"]).await;
    let stands = ["instance globex", "not logged in as the sync user"];
    place.run(&["problems"]).await.expect(1, &stands);
    let parts = [
        "of no issue in step, so not tried by this: ",
        ", of 0 items",
        "of no issue in step: what instances, syncs and newcomers wait for is looked at with their next poll",
        "`jirasyncd reload`",
    ];
    for words in [vec!["problems", "retry", "--side", "globex", "--dry-run"], vec!["problems", "retry", "--all"]] {
        let said = place.run(&words).await.expect(0, &parts);
        assert!(!said.stdout.contains("tried again now"), "{said:?}");
    }
    let said = place.run(&["problems", "retry", "--side", "globex", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&said["ended"], &said["about"]["items"]), (&json!("done"), &json!(0)), "{said}");
    // It stands until its instance answers.
    place.run(&["problems"]).await.expect(1, &stands);
    world.globex.set_credentials("sync", vec![Credential::Pat(GLOBEX_TOKEN.into())]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["problems"]).await.expect(0, &["no problems"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_problem_is_listed_only_where_it_is_asked_for() {
    let world = World::new().await;
    let (place, keys) = refused(&world).await;
    let cause = causes(&place, &[]).await[0].0.clone();
    place.run(&["problems", "dismiss"]).await.expect(2, &["--all"]);
    let parts = ["would be told no more: 2 problems, of 2 items"];
    place.run(&["problems", "dismiss", "--cause", &cause, "--dry-run"]).await.expect(0, &parts);
    assert_eq!(causes(&place, &[]).await.len(), 2);
    let parts = ["told no more: 2 problems, of 2 items", "no daemon runs"];
    place.run(&["problems", "dismiss", "--cause", &cause]).await.expect(0, &parts);
    let left = causes(&place, &[]).await;
    assert_eq!(left.len(), 1, "{left:?}");
    place.run(&["problems"]).await.expect(1, &["2 more problems dismissed: `jirasyncd problems --dismissed`"]);
    place.run(&["status"]).await.expect(1, &["1  problems standing", "2  problems dismissed"]);
    let given = format!("`problems dismiss --cause {cause}` by ");
    place.run(&["explain", &keys[0]]).await.expect(0, &[", dismissed ", &given]);
    let other = place.run(&["explain", &keys[2]]).await.expect(0, &[]);
    assert!(!other.stdout.contains("problems dismiss"), "it had another cause: {other:?}");
    place.run(&["problems", "show", &cause]).await.expect(0, &["SUP-1", "  dismissed since "]);
    place.run(&["problems", "--dismissed"]).await.expect(0, &[&cause, "  dismissed since ", " by ", "uid"]);
    let json = place.run(&["problems", "--dismissed", "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["dismissed"].as_array().unwrap().len(), 2, "{json}");
    assert!(json["dismissed"][0]["dismissed"]["by"]["uid"].is_u64(), "{json}");
    // With a daemon that runs, the last one too: then nothing needs anybody.
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    place.run(&["problems", "dismiss", &keys[2]]).await.expect(0, &["told no more: 1 problem, of 1 item"]);
    place.run(&["problems"]).await.expect(0, &["no problems", "3 more problems dismissed"]);
    place.run(&["status"]).await.expect(0, &["0  problems standing", "3  problems dismissed"]);
    place.run(&["problems", "dismiss", "--undo", "--side", "globex"]).await.expect(0, &["told again: 3 problems"]);
    place.run(&["problems"]).await.expect(1, &[&cause]);
    let (ended, ..) = daemon.terminate(SOON).await;
    assert!(ended.success());
    place
        .run(&["audit", "--side", "globex", "--since", "1h"])
        .await
        .expect(0, &["`problems dismiss --undo --side globex`: done"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_lost_is_brought_back_by_one_command() {
    let world = World::new().await;
    let place = world.place();
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": "First", "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let copy = world.globex.issues()[0].key.clone();
    world.globex.person("jdoe").unwrap().edit(&copy, json!({ "summary": "What globex says" })).unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    jane.edit(&key, json!({ "summary": "What acme says" })).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let summaries = || [world.acme.issues(), world.globex.issues()].map(|issues| issues[0].fields["summary"].clone());
    assert_eq!(summaries(), ["What acme says", "What acme says"]);
    place.run(&["problems", "resolve", &key]).await.expect(2, &["--take"]);
    place.run(&["problems", "resolve", "--take", "globex", "--yes"]).await.expect(2, &["--all"]);
    let old_and_new = "summary on acme, globex: \"What acme says\" of acme -> \"What globex says\" of globex";
    place.run(&["problems", "resolve", &key, "--take", "globex", "--dry-run"]).await.expect(0, &[old_and_new]);
    // Where nobody can be asked it is not done.
    place.run(&["problems", "resolve", &key, "--take", "globex"]).await.expect(1, &[old_and_new, "--yes"]);
    let shown = place.run(&["problems", "resolve", &key, "--take", "globex", "--json"]).await.expect(1, &[]).json();
    assert_eq!((&shown["exit"], &shown["ended"]), (&json!(1), &json!("shown")), "what it ends with: {shown}");
    place
        .run(&["problems", "resolve", &key, "--take", "glbex", "--yes"])
        .await
        .expect(1, &["no value is kept like that"]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(summaries(), ["What acme says", "What acme says"]);
    let parts = ["stands again: 1 value of 1 item", "what acme said is kept as a conflict"];
    place.run(&["problems", "resolve", &key, "--take", "globex", "--yes"]).await.expect(0, &parts);
    place.run(&["run", "--once"]).await.expect(0, &["0 problems"]);
    assert_eq!(summaries(), ["What globex says", "What globex says"]);
    let parts = ["globex stands", "What acme says", "is kept in the record"];
    place.run(&["problems", &key]).await.expect(0, &parts);
    let words = ["problems", "resolve", &copy, "--take", "What acme says", "--yes", "--json"];
    let json = place.run(&words).await.expect(0, &[]).json();
    assert_eq!((&json["ended"], &json["about"]["items"]), (&json!("done"), &json!(1)), "{json}");
    place.run(&["run", "--once"]).await.expect(0, &["0 problems"]);
    assert_eq!(summaries(), ["What acme says", "What acme says"]);
    let audit = place.run(&["audit", "--side", "globex", "--since", "1h"]).await;
    let audit = audit.expect(0, &[&format!("`problems resolve {key} --take …`: done")]);
    assert!(!audit.stdout.contains("says"), "{audit:?}");
    // A word about a field names no issue, and is told of each that it was about.
    let words = ["problems", "resolve", "--field", "summary", "--take", "What globex says", "--yes"];
    place.run(&words).await.expect(0, &["stands again: 1 value of 1 item"]);
    place.run(&["explain", &key]).await.expect(0, &["`problems resolve --field summary --take …` by "]);
    // Nobody else wrote what the operator let stand.
    let of_it: Vec<&str> = audit.stdout.lines().filter(|line| line.contains("because of `problems resolve`")).collect();
    assert!(!of_it.is_empty() && of_it.iter().all(|line| !line.contains(", by ")), "{audit:?}");
}
