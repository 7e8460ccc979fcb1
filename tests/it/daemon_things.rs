//! Components and versions: carried by name, made where a row says so, refused where the right is missing; and sets in which a
//! person changes another element while we write. Must never ask the daemon what a Jira holds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::simulator::{FieldSetup, FieldType, Setup};
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_support::{World, calls, two, two_clouds};

/// Found in (one version), shipped in (several), under the ids of a side.
const IDS: [(&str, [&str; 2]); 3] = [
    ("acme", ["customfield_22001", "customfield_22002"]),
    ("globex", ["customfield_32001", "customfield_32002"]),
    ("initech", ["customfield_42001", "customfield_42002"]),
];

fn ids(side: &str) -> [&'static str; 2] {
    IDS.iter().find(|(name, _)| *name == side).unwrap().1
}

fn enrich(setup: &mut Setup, side: &str, components: &[&str], versions: &[&str]) {
    let [found, shipped] = ids(side);
    setup.fields.push(FieldSetup::new(found, "Found in", FieldType::Version));
    setup.fields.push(FieldSetup::new(shipped, "Shipped in", FieldType::Versions));
    let project = &mut setup.projects[0];
    project.components = components.iter().map(|name| (*name).to_owned()).collect();
    project.versions = versions.iter().map(|name| (*name).to_owned()).collect();
}

/// The two kinds of partner: their configuration, name, and a person there.
fn pairs() -> [(String, &'static str, &'static str); 2] {
    [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")]
}

fn world(config: &str, other: &str, rows: &str, things: [&[&str]; 4]) -> World {
    let [components, versions, components_there, versions_there] = things;
    World::of(&config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1), |setups| {
        enrich(setups.get_mut("acme").unwrap(), "acme", components, versions);
        enrich(setups.get_mut(other).unwrap(), other, components_there, versions_there);
    })
}

fn names(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

fn issue(fields: &Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

fn step(field: &str, verb: &str, name: &str) -> Value {
    json!({ field: [{ verb: { "name": name } }] })
}

#[tokio::test(start_paused = true)]
async fn components_and_versions_cross_by_name_and_by_table_in_both_directions() {
    for (config, other, who) in pairs() {
        let ([found, shipped], [found_there, shipped_there]) = (ids("acme"), ids(other));
        let rows = format!(
            "components = {{ values = [ {{ acme = \"Api\", {other} = \"Backend\" }}, {{ acme = \"Web\", {other} = \"Web\" }} ] }}\n\
             fix-versions = \"both\"\naffects-versions = \"both\"\n\
             found = {{ acme = \"{found}\", {other} = \"Found in\" }}\nshipped = {{ acme = \"{shipped}\", {other} = \"{shipped_there}\" }}"
        );
        let things: [&[&str]; 4] = [&["Api", "Web"], &["1.0", "2.0"], &["Web", "Backend"], &["2.0", "1.0"]];
        let mut world = world(&config, other, &rows, things);
        world.start().await;
        let mut fields =
            json!({ "components": names(&["Api"]), "fixVersions": names(&["1.0"]), "versions": names(&["2.0"]) });
        fields[found] = json!({ "name": "1.0" });
        fields[shipped] = names(&["1.0", "2.0"]);
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        let there = world.issue(other, "Item").key;
        let shown = |world: &World, field: &str| world.field(other, "Item", field);
        assert_eq!(shown(&world, "components"), "Backend");
        assert_eq!((shown(&world, "fixVersions"), shown(&world, "versions")), ("1.0".to_owned(), "2.0".to_owned()));
        assert_eq!(shown(&world, found_there), "1.0");
        assert!(shown(&world, shipped_there).contains("1.0") && shown(&world, shipped_there).contains("2.0"));
        // Back, element by element, and cleared.
        let person = world.person(other, who);
        person.update(&there, step("components", "add", "Web")).unwrap();
        person.update(&there, step("components", "remove", "Backend")).unwrap();
        person.update(&there, step("fixVersions", "add", "2.0")).unwrap();
        person.edit(&there, json!({ found_there: null, "versions": [] })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field("acme", "Item", "components"), "Web");
        assert!(world.field("acme", "Item", "fixVersions").contains("2.0"));
        assert_eq!(
            (world.field("acme", "Item", "versions"), world.field("acme", "Item", found)),
            (String::new(), String::new())
        );
        // On both sides at once: each element goes its own way.
        world.person("acme", "jane").update(&key, step(shipped, "remove", "1.0")).unwrap();
        world.person("acme", "jane").update(&key, step("components", "add", "Api")).unwrap();
        world.person(other, who).update(&there, step("components", "remove", "Web")).unwrap();
        world.rest().await.unwrap();
        assert_eq!(
            (world.field("acme", "Item", "components"), shown(&world, "components")),
            ("Api".into(), "Backend".into())
        );
        assert_eq!(shown(&world, shipped_there), "2.0");
        assert_eq!(world.problems().await, Vec::<String>::new());
        world.jira("acme").reset_calls();
        world.intervals(10).await;
        assert_eq!(calls(world.jira("acme")).get("editIssue"), None, "nothing of all that was taken for a change");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_project_lacks_is_made_where_the_row_says_so() {
    for (config, other, _) in pairs() {
        let rows = "components = { on-unmapped = \"create\" }\nfix-versions = { on-unmapped = \"create\" }";
        let mut world = world(&config, other, rows, [&["Api", "Web"], &["1.0"], &["Web"], &[]]);
        world.start().await;
        let fields = json!({ "components": names(&["Api", "Web"]), "fixVersions": names(&["1.0"]) });
        world.person("acme", "jane").create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        let shown = |field: &str| world.field(other, "Item", field);
        assert!(shown("components").contains("Api") && shown("components").contains("Web"), "{}", shown("components"));
        assert_eq!(shown("fixVersions"), "1.0");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // A second item with the same names makes nothing more.
        let made =
            |world: &World| (world.jira(other).count("createComponent"), world.jira(other).count("createVersion"));
        assert_eq!(made(&world), (1, 1));
        let mut second = issue(&fields);
        second["summary"] = json!("Another");
        world.person("acme", "jane").create("SUP", "Bug", second).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(other, "Another", "fixVersions"), "1.0");
        assert_eq!(made(&world), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_version_is_a_problem_of_its_field_and_the_rest_goes_on() {
    for (config, other, _) in pairs() {
        let rows = "components = { on-unmapped = \"create\" }\nfix-versions = { on-unmapped = \"create\" }\naffects-versions = \"both\"";
        let mut world = world(&config, other, rows, [&["Web"], &["1.0", "2.0"], &["Web"], &["2.0"]]);
        let project = if other == "globex" { "ENG" } else { "OPS" };
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[]);
        world.start().await;
        let fields = json!({ "components": names(&["Web"]), "fixVersions": names(&["1.0", "2.0"]), "versions": names(&["1.0", "2.0"]) });
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(&fields)).unwrap();
        world.settle().await;
        // All that exists there arrived; what does not is told, per field.
        let shown = |world: &World, field: &str| world.field(other, "Item", field);
        assert_eq!((shown(&world, "components"), shown(&world, "fixVersions")), ("Web".to_owned(), "2.0".to_owned()));
        assert_eq!(shown(&world, "versions"), "2.0");
        let problems = world.problems().await;
        assert!(problems.iter().any(|what| what.contains("did not let the version `1.0` be made")), "{problems:?}");
        assert!(
            problems.iter().any(|what| what.contains("`affects-versions` cannot be held in full here: `1.0`")),
            "{problems:?}"
        );
        // It is not asked for again and again, and another change goes through.
        let asked = world.jira(other).count("createVersion");
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item, renamed" })).unwrap();
        world.intervals(5).await;
        assert_eq!(world.issues(other, "Item, renamed").len(), 1);
        assert_eq!(world.jira(other).count("createVersion"), asked);
        // With the right it is made, by itself.
        world.jira(other).set_permission(project, "ADMINISTER_PROJECTS", &[jirasyncd::simulator::Holder::LoggedIn]);
        world.intervals(80).await;
        assert!(shown(&world, "fixVersions").contains("1.0"), "{:?}", world.problems().await);
        assert!(shown(&world, "versions").contains("1.0"), "what was made for one field is there for the other");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// What somebody adds in Jira while the daemon runs is found, and elements without a counterpart are left out in silence where
/// the row says so.
#[tokio::test(start_paused = true)]
async fn what_is_added_there_later_is_found() {
    let (config, other, who) = (two(), "globex", "mlopez");
    let rows = "components = \"both\"\nfix-versions = { on-unmapped = \"skip\" }";
    let mut world = world(&config, other, rows, [&["Api"], &["1.0"], &[], &[]]);
    world.start().await;
    let fields = json!({ "components": names(&["Api"]), "fixVersions": names(&["1.0"]) });
    let key = world.person("acme", "jane").create("SUP", "Bug", issue(&fields)).unwrap();
    world.settle().await;
    let problems = world.problems().await;
    assert!(
        problems.len() == 1 && problems[0].contains("`components` cannot be held in full here: `Api`"),
        "{problems:?}"
    );
    world.person(other, who).make_component("ENG", "Api").unwrap();
    world.intervals(25).await;
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item 2" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field(other, "Item", "components"), "Api");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Sets are written as additions and removals: what a person adds between our read and our write stays.
#[tokio::test(start_paused = true)]
async fn what_a_person_adds_while_we_write_survives() {
    for (config, other, who) in pairs() {
        let shipped_there = ids(other)[1];
        let rows = format!(
            "components = \"both\"\nfix-versions = \"both\"\nshipped = {{ acme = \"{}\", {other} = \"{shipped_there}\" }}",
            ids("acme")[1]
        );
        let all: [&[&str]; 4] =
            [&["Api", "Web", "Db"], &["1.0", "2.0", "3.0"], &["Api", "Web", "Db"], &["1.0", "2.0", "3.0"]];
        let mut world = world(&config, other, &rows, all);
        let race = Arc::new(AtomicBool::new(false));
        let (armed, jira) = (Arc::clone(&race), world.jira(other).clone());
        world.bend(move |inner| {
            let (armed, jira) = (Arc::clone(&armed), jira.clone());
            let host = jira.base_url().split('/').nth(2).unwrap().to_owned();
            Arc::new(Bent::new(inner).out(move |place, _| {
                let edits = place.starts_with(&format!("PUT {host}")) && place.contains("/issue/");
                if edits && armed.swap(false, Ordering::SeqCst) {
                    let issue = place.rsplit('/').next().unwrap();
                    let person = jira.person(who).unwrap();
                    for (field, name) in [("components", "Db"), ("fixVersions", "3.0"), (shipped_there, "3.0")] {
                        person.update(issue, step(field, "add", name)).unwrap();
                    }
                    person.update(issue, json!({ "labels": [{ "add": "raced" }] })).unwrap();
                }
            })) as Arc<dyn Transport>
        });
        world.start().await;
        let mut fields = json!({ "components": names(&["Api"]), "fixVersions": names(&["1.0"]), "labels": ["one"] });
        fields[ids("acme")[1]] = names(&["1.0"]);
        let key = world.person("acme", "jane").create("SUP", "Bug", issue(&fields)).unwrap();
        world.rest().await.unwrap();
        race.store(true, Ordering::SeqCst);
        let jane = world.person("acme", "jane");
        let both = |add: &str, remove: &str| json!([{ "add": { "name": add } }, { "remove": { "name": remove } }]);
        let update = json!({
            "components": both("Web", "Api"), "fixVersions": both("2.0", "1.0"), ids("acme")[1]: both("2.0", "1.0"),
            "labels": [{ "add": "two" }, { "remove": "one" }],
        });
        jane.update(&key, update).unwrap();
        world.rest().await.unwrap();
        assert!(!race.load(Ordering::SeqCst), "there was no race");
        for side in ["acme", other] {
            let set = |field: &str| {
                world.field(side, "Item", field).split([',', ' ']).map(str::to_owned).collect::<BTreeSet<String>>()
            };
            let is = |words: [&str; 2]| BTreeSet::from(words.map(str::to_owned));
            assert_eq!(set("components"), is(["Db", "Web"]), "{side}");
            assert_eq!(set("fixVersions"), is(["2.0", "3.0"]), "{side}");
            assert_eq!(set(ids(side)[1]), is(["2.0", "3.0"]), "{side}");
            assert_eq!(set("labels"), is(["raced", "two"]), "{side}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}
