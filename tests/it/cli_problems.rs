//! `jirasyncd problems` and `jirasyncd explain`, typed as an operator types it, beside a daemon that runs and without one. Must never reach past the binary, but to
//! simulated Jiras.

use std::time::Duration;

use jirasyncd::simulator::Credential;
use serde_json::json;

use super::cli_world::{GLOBEX_TOKEN, Place, World};
use super::process_support::Running;

/// Issues with a priority that no row of the map names.
fn create_unmapped(world: &World, count: usize) {
    let jane = world.acme.person("jane").unwrap();
    for number in 0..count {
        let fields = json!({ "summary": format!("Number {number}"), "priority": { "name": "Lowest" } });
        jane.create("SUP", "Bug", fields).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_issues_lack_is_one_thing_to_mend() {
    let world = World::new().await;
    let place = world.place_with("summary = \"both\"", "summary = \"both\"\npriority = \"both\"");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["problems"]).await.expect(0, &["no problems"]);
    create_unmapped(&world, 7);
    let run = place.run(&["run", "--once"]).await.expect(1, &["a problem: `jirasyncd problems` tells what it is"]);
    assert_eq!(run.stderr.matches("a problem: `jirasyncd").count(), 1, "one line of the log for one cause: {run:?}");
    assert_eq!(world.globex.issues().len(), 7);
    // A daemon that runs holds nobody up who looks.
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    let parts = ["side globex, priority: 7 times, since ", "Lowest", "Hint: ", "; and 2 more (`--all` names them)"];
    let said = place.run(&["problems"]).await.expect(1, &parts);
    assert_eq!(said.stdout.matches("Hint: ").count(), 1, "{said:?}");
    let all = place.run(&["problems", "--all"]).await.expect(1, &[]);
    for number in 1..=7 {
        assert!(all.stdout.contains(&format!("SUP-{number}")), "{all:?}");
    }
    let one = place.run(&["problems", "https://acme.example/browse/sup-3"]).await.expect(1, &["SUP-3"]);
    assert!(!one.stdout.contains("SUP-1") && !one.stdout.contains("times, since"), "{one:?}");
    assert!(one.stdout.contains("\n  met "), "{one:?}");
    place
        .run(&["problems", "--side", "globex", "--field", "priority", "--matching", "LOWEST"])
        .await
        .expect(1, &["7 times"]);
    for nothing in [["--side", "acme"], ["--field", "summary"], ["--matching", "permission"]] {
        place.run(&[&["problems"], &nothing[..]].concat()).await.expect(0, &["no problems"]);
    }
    // What there is not is no good news, for programs neither.
    let unknown = [
        (["--side", "acne"], "there is none of that name; there are: acme, globex"),
        (
            ["--field", "summry"],
            "there is none of that name; there are: description, issue-type, priority, status, summary",
        ),
        (["--cause", "zzz"], "`zzz` is no cause"),
    ];
    for (words, said) in unknown {
        place.run(&[&["problems"], &words[..]].concat()).await.expect(1, &[said]);
        place.run(&[&["problems", "--json"], &words[..]].concat()).await.expect(1, &[]);
    }
    place.run(&["problems", "SUP-99"]).await.expect(1, &["no issue SUP-99 is kept in step", "plan --item SUP-99"]);
    // Said once by `status`, too.
    let parts = ["  7  problems standing", "  7 problems (cause ", "; and 4 more: `jirasyncd problems show "];
    let status = place.run(&["status"]).await.expect(1, &parts);
    assert_eq!(status.stdout.matches("Hint: ").count(), 1, "{status:?}");
    let json = place.run(&["problems", "--json"]).await.expect(1, &[]).json();
    assert_eq!(json["problems"], 7, "{json}");
    assert_eq!(json["causes"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["causes"][0]["about"].as_array().unwrap().len(), 7, "{json}");
    place.run(&["problems", "17"]).await.expect(2, &["that is no issue's key"]);
    let (ended, ..) = daemon.terminate(Duration::from_secs(20)).await;
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_value_that_lost_is_told_with_its_issue() {
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
    place.run(&["run", "--once"]).await;
    let parts = ["acme and globex both changed it; acme stands", "What globex says", "is kept in the record"];
    place.run(&["problems", &copy]).await.expect(0, &parts);
    let json = place.run(&["problems", &key, "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["conflicts"][0]["loser"], "globex", "{json}");
    assert!(json["conflicts"][0]["lost"].to_string().contains("What globex says"), "{json}");
}

/// What has not arrived is told with what it waits for, also where that is no problem of the issue.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_side_does_not_have_yet_is_explained() {
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nmost-creations = 1");
    let jane = world.acme.person("jane").unwrap();
    let create = |summary: &str| {
        jane.create("SUP", "Bug", json!({ "summary": summary, "priority": { "name": "Highest" } })).unwrap()
    };
    let first = create("First");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let said = place.run(&["explain", &first]).await.expect(0, &[]);
    assert!(!said.stdout.contains("\nwaits\n"), "{said:?}");
    jane.edit(&first, json!({ "summary": "First again" })).unwrap();
    world.globex.set_credentials("sync", Vec::new());
    place.run(&["run", "--once"]).await;
    let parts = ["\nwaits\n  side globex: 1 field not written yet: summary (", "not logged in as the sync user"];
    place.run(&["explain", &first]).await.expect(0, &parts);
    let json = place.run(&["explain", &first, "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["items"][0]["waits"][0]["fields"], json!(["summary"]), "{json}");
    world.globex.set_credentials("sync", vec![Credential::Pat(GLOBEX_TOKEN.into())]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let many = [create("Second"), create("Third")];
    place.run(&["run", "--once"]).await.expect(1, &[]);
    let parts = ["\nwaits\n  side globex: its issue there is not made yet (", "jirasyncd confirm support"];
    place.run(&["explain", &many[1]]).await.expect(0, &parts);
}

/// Makes two issues of which a run with these words creates one there. Gives the key of the other.
async fn left_over(world: &World, place: &Place, words: &[&str]) -> String {
    let jane = world.acme.person("jane").unwrap();
    let keys = ["First", "Second"].map(|summary| {
        let fields = json!({ "summary": summary, "priority": { "name": "Highest" } });
        (summary, jane.create("SUP", "Bug", fields).unwrap())
    });
    place.run(words).await.expect(0, &[]);
    let made = world.globex.issues();
    assert_eq!(made.len(), 1, "{made:?}");
    let mut left = keys.into_iter().filter(|(summary, _)| made[0].fields["summary"] != *summary);
    left.next().unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_whose_turn_has_not_come_is_explained() {
    let world = World::new().await;
    let place = world.place();
    let key = left_over(&world, &place, &["run", "--once", "--limit", "1"]).await;
    let unmade = "\nwaits\n  side globex: its issue there is not made yet (its turn has not come: ";
    let parts = [unmade, "the next run creates it, unless `--limit` ends that before)"];
    place.run(&["explain", &key]).await.expect(0, &parts);
    let json = place.run(&["explain", &key, "--json"]).await.expect(0, &[]).json();
    let waits = &json["items"][0]["waits"];
    assert_eq!(waits.as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!((&waits[0]["side"], &waits[0]["fields"]), (&json!("globex"), &json!([])), "{json}");
    assert_eq!(waits[0]["why"].as_array().map(Vec::len), Some(1), "{json}");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(world.globex.issues().len(), 2);
    let said = place.run(&["explain", &key]).await.expect(0, &[]);
    assert!(!said.stdout.contains("\nwaits\n"), "{said:?}");

    // With a pace, it is that what it waits for.
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nbackfill = { per-hour = 1 }");
    let key = left_over(&world, &place, &["run", "--once"]).await;
    let parts = [unmade, "`backfill` has a pace, and `jirasyncd status` tells it)"];
    place.run(&["explain", &key]).await.expect(0, &parts);
    place.run(&["status"]).await.expect(0, &["1 wait (1 on globex)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_explained_by_what_the_state_knows_of_it() {
    let world = World::new().await;
    let place = world.place_with("summary = \"both\"", "summary = \"both\"\npriority = \"both\"");
    create_unmapped(&world, 1);
    place.run(&["run", "--once"]).await.expect(1, &[]);
    let jane = world.acme.person("jane").unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    jane.edit("SUP-1", json!({ "summary": "Another name" })).unwrap();
    jane.comment("SUP-1", "Said").unwrap();
    place.run(&["run", "--once"]).await.expect(1, &[]);
    let parts = [
        "sync support, item ",
        "made by people",
        "made by jirasyncd",
        "/browse/ENG-1",
        "summary, of acme and globex: \"Another name\", by acme at 20",
        "globex was last seen to hold \"Another name\"",
        "priority, of acme and globex: \"acme:Lowest\", by acme at 20",
        "globex was last seen to hold \"globex:P3\" (`P3`); it cannot hold more: ",
        "\nproblems\n  side globex, priority, since ",
        "\nwritten, the newest last\n",
        "+ globex ENG-1 create `Defect`",
        "~ globex ENG-1 summary: \"Number 0\" -> \"Another name\"",
        "comment ",
    ];
    let said = place.run(&["explain", "eng-1"]).await.expect(0, &[]);
    let missing: Vec<&str> = parts.into_iter().filter(|part| !said.stdout.contains(part)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "{}", said.stdout);
    let few = place.run(&["explain", "SUP-1", "--writes", "1", "--json"]).await.expect(0, &[]).json();
    assert_eq!(few["items"].as_array().map(Vec::len), Some(1), "{few}");
    assert_eq!(few["items"][0]["item"]["sync"], "support", "{few}");
    let settled = few["items"][0]["writes"].as_array().unwrap().iter().filter(|told| !told["settled"].is_null());
    assert_eq!(settled.count(), 1, "{few}");
    place
        .run(&["explain", "SUP-9"])
        .await
        .expect(1, &["no item of this state has an issue SUP-9", "plan --item SUP-9"]);
    place.run(&["explain", "nothing"]).await.expect(2, &["that is no issue's key"]);
}
