//! `jirasyncd plan --save-input` and `--from`: what a defect is reported with. Must never ask a Jira where the file alone is to be asked.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::cli_world::{Place, World};

/// What people wrote and are called, and what the configuration calls them: none of it is in a redacted file.
const CANARIES: [&str; 18] = [
    "zanzibar",
    "quokka",
    "wombat",
    "Jane",
    "jdoe",
    "Roe",
    "example",
    "SUP",
    "ENG",
    "acme",
    "globex",
    "support",
    "Highest",
    "Defect",
    "127.0.0.1",
    "canary",
    "Globex",
    "4711235",
];

/// Issues in step that were changed since, in every way that people have words for.
async fn world() -> (World, Place) {
    let world = World::new().await;
    let place = world.place();
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({ "summary": "Zanzibar printer smokes", "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields.clone()).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.edit(&key, json!({ "summary": "Zanzibar printer burns, call 4711235" })).unwrap();
    jane.comment(&key, "A quokka sat on it.").unwrap();
    let theirs = world.globex.person("jdoe").unwrap();
    theirs.comment("ENG-1", "No wombat here.").unwrap();
    jane.create("SUP", "Bug", fields).unwrap();
    (world, place)
}

fn of_items(json: &Value) -> Value {
    let part = |item: &Value| json!({ "names": item["names"], "lines": item["lines"], "then": item["then"], "plan": item["plan"] });
    json["items"].as_array().unwrap().iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_again_from_its_file_alone() {
    let (world, place) = world().await;
    let file = place.file("whole.plans");
    let name = file.to_str().unwrap().to_owned();
    let said = ["what 2 plans are made from, with people's names and texts"];
    let planned = place.run(&["plan", "--json", "--save-input", &name, "--unredacted"]).await.expect(0, &said).json();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else reads it");
    let calls = (world.acme.calls().len(), world.globex.calls().len());
    let elsewhere = Place::new("no configuration");
    let again = elsewhere.run(&["plan", "--json", "--from", &name]).await.expect(0, &[]).json();
    assert_eq!(of_items(&again), of_items(&planned));
    assert_eq!(
        (again["totals"]["changes"].as_u64(), &again["broken"]),
        (planned["totals"]["changes"].as_u64(), &json!([]))
    );
    assert!(again["totals"]["changes"].as_u64() >= Some(4), "{again}");
    assert_eq!((world.acme.calls().len(), world.globex.calls().len()), calls);
    elsewhere.run(&["plan", "--from", &name]).await.expect(0, &["Zanzibar printer burns", "2 items: "]);
    // Nothing is written over.
    let before = std::fs::read(&file).unwrap();
    place.run(&["plan", "--save-input", &name]).await.expect(1, &["there is a file", "whole.plans"]);
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_a_report_says_nothing_of_people_and_plans_the_same() {
    let (_world, place) = world().await;
    let (whole, other) = (place.file("whole.plans"), place.file("other.plans"));
    let [whole, other] = [&whole, &other].map(|file| file.to_str().unwrap());
    place.run(&["plan", "--save-input", whole, "--unredacted"]).await.expect(0, &[]);
    place.run(&["plan", "--save-input", other]).await.expect(0, &["other words stand for names and texts"]);
    // Short ones are parts of other words, but for how they are written.
    let has = |file: &str, word: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        text.contains(word) || word.len() > 3 && text.to_lowercase().contains(&word.to_lowercase())
    };
    let told: Vec<&&str> = CANARIES.iter().filter(|word| has(whole, word)).collect();
    assert!(told.len() + 2 >= CANARIES.len(), "the whole file tells all but tokens: {told:?}");
    let text = std::fs::read_to_string(other).unwrap();
    let found = CANARIES.iter().find(|word| has(other, word)).map(|word| {
        let at = text.find(word).unwrap_or_default();
        (word, String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(60)..at + 60]).into_owned())
    });
    assert_eq!(found, None);
    let totals =
        async |file: &str| place.run(&["plan", "--json", "--from", file]).await.expect(0, &[]).json()["totals"].clone();
    assert_eq!(totals(other).await, totals(whole).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_none_or_not_whole_is_told() {
    let (_world, place) = world().await;
    let file = place.file("it.plans");
    let name = file.to_str().unwrap();
    place.run(&["plan", "--from", name]).await.expect(1, &["could not read", "it.plans"]);
    place.run(&["plan", "--save-input", name]).await.expect(0, &[]);
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 3);
    for (text, part) in [
        (String::new(), "does not begin as a file of `plan --save-input` does"),
        ("{}\n".to_owned(), "does not begin as a file of `plan --save-input` does"),
        (format!("{}\n{}\n", lines[0], lines[1]), "holds 1 of 2 items: it is cut off"),
        (format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..lines[2].len() / 2]), "line 3 of"),
        (whole.replacen("\"jirasyncd-plans\":1", "\"jirasyncd-plans\":2", 1), "in the format 2, and this one reads 1"),
    ] {
        std::fs::write(&file, text).unwrap();
        place.run(&["plan", "--from", name]).await.expect(1, &[part, "it.plans"]);
    }
    place.run(&["plan", "--from", name, "--item", "SUP-1"]).await.expect(2, &["--from"]);
    place.run(&["plan", "--unredacted"]).await.expect(2, &["--save-input"]);
}
