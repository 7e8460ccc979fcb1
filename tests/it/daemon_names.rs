//! Names that are text or only read: Epic Name, the project, a service desk's request type as text; and names of resolutions, which are
//! looked at before anything is done. Must never ask the daemon what a Jira holds.

use jirasyncd::app::StartError;
use jirasyncd::engine::SetupError;
use jirasyncd::simulator::{FieldSetup, FieldType, Setup};
use serde_json::{Value, json};

use super::daemon_support::{World, two, two_clouds};

const NAME: &str = "customfield_26000";
const THERE: &str = "customfield_36000";
const ORIGIN: &str = "customfield_36001";

fn add(setup: &mut Setup, id: &str, name: &str, kind: FieldType) {
    setup.fields.push(FieldSetup::new(id, name, kind));
}

fn with(config: &str, rows: &str) -> String {
    config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1)
}

fn issue(fields: &Value) -> Value {
    let mut all = json!({ "summary": "Item", "priority": { "name": "Low" } });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    all
}

#[tokio::test(start_paused = true)]
async fn an_epics_name_is_text_that_only_epics_have() {
    let types = "issue-type = [ { acme = \"Epic\", globex = \"Epic\" },";
    let config = two().replacen("issue-type = [", types, 1);
    let rows = "epic-name = { acme = \"Short name\", globex = \"Epic Name\", kind = \"line\" }";
    let mut world = World::of(&with(&config, rows), |setups| {
        for (side, id, name, kind) in
            [("acme", NAME, "Short name", FieldType::Text), ("globex", THERE, "Epic Name", FieldType::EpicName)]
        {
            let setup = setups.get_mut(side).unwrap();
            setup.projects[0].types.push(("Epic".to_owned(), false));
            add(setup, id, name, kind);
        }
    });
    world.start().await;
    let jane = world.person("acme", "jane");
    let key = jane.create("SUP", "Epic", issue(&json!({ NAME: "Short" }))).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", THERE), "Short");
    let there = world.issue("globex", "Item").key;
    world.person("globex", "jdoe").edit(&there, json!({ THERE: "Shorter" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("acme", "Item", NAME), "Shorter");
    assert_eq!(world.problems().await, Vec::<String>::new());
    jane.edit(&key, json!({ NAME: "Long" })).unwrap();
    // Without a name of its own it has its summary's there.
    jane.create("SUP", "Epic", json!({ "summary": "Nameless", "priority": { "name": "Low" } })).unwrap();
    // What is no epic has none there, and that is told of this field alone.
    jane.create("SUP", "Bug", json!({ "summary": "A bug", "priority": { "name": "Low" }, NAME: "x" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", THERE), "Long");
    assert_eq!(world.field("globex", "Nameless", THERE), "Nameless");
    assert_eq!(world.issue("globex", "A bug").fields.get(THERE), None);
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("`epic-name`"), "{problems:?}");
}

#[tokio::test(start_paused = true)]
async fn a_project_is_read_by_name_and_a_request_type_into_text() {
    for (config, other, who) in [(two(), "globex", "jdoe"), (two_clouds(), "initech", "petra")] {
        let rows = format!(
            "request = {{ acme = \"Request Type\", {other} = \"{THERE}\", kind = \"line\", from = [\"acme\"] }}\n\
             origin = {{ acme = \"project\", {other} = \"{ORIGIN}\", kind = \"select\", from = [\"acme\"], \
             values = [ {{ acme = \"Support\", {other} = \"From support\" }} ] }}"
        );
        let mut world = World::of(&with(&config, &rows), |setups| {
            let home = setups.get_mut("acme").unwrap();
            home.projects[0].name = "Support".to_owned();
            add(home, NAME, "Request Type", FieldType::RequestType);
            desk(home, &["Report a fault", "Ask"]);
            let there = setups.get_mut(other).unwrap();
            add(there, THERE, "Requested", FieldType::Text);
            add(there, ORIGIN, "Origin", FieldType::Select(vec!["From support".to_owned()]));
        });
        world.start().await;
        let jane = world.person("acme", "jane");
        let ids = ["Report a fault", "Ask"].map(|name| world.jira("acme").request_type("SUP", name));
        let key = jane.create("SUP", "Bug", issue(&json!({ NAME: ids[0] }))).unwrap();
        world.rest().await.unwrap();
        let shown = |world: &World| (world.field(other, "Item", THERE), world.field(other, "Item", ORIGIN));
        assert_eq!(shown(&world), ("Report a fault".into(), "From support".into()));
        jane.edit(&key, json!({ NAME: ids[1] })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world).0, "Ask");
        assert_eq!(world.problems().await, Vec::<String>::new());
        // What a person writes there stays there.
        let there = world.issue(other, "Item").key;
        world.person(other, who).edit(&there, json!({ THERE: "Mine" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!((world.field("acme", "Item", NAME), shown(&world).0), ("Ask".into(), "Mine".into()));
        jane.edit(&key, json!({ NAME: null })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(shown(&world).0, "");
    }
    // To write a project is refused before anything is done.
    let rows = format!("origin = {{ acme = \"project\", globex = \"{ORIGIN}\" }}");
    let mut world = World::of(&with(&two(), &rows), |setups| {
        add(setups.get_mut("globex").unwrap(), ORIGIN, "Origin", FieldType::Text);
    });
    let said = findings(&mut world).await;
    assert!(
        said.iter()
            .any(|line| line.contains("fields.origin, side `acme`") && line.contains("can be read as a line of text")),
        "{said:?}"
    );
}

fn desk(setup: &mut Setup, names: &[&str]) {
    let project = &mut setup.projects[0];
    project.service_desk = true;
    project.request_types = names.iter().map(|name| ((*name).to_owned(), project.types[0].0.clone())).collect();
}

async fn findings(world: &mut World) -> Vec<String> {
    let Err(StartError::Setup(SetupError::Findings(findings))) = world.try_start().await else { panic!("it started") };
    findings.iter().map(|found| format!("{}: {}; {}", found.place, found.what, found.remedy)).collect()
}

#[tokio::test(start_paused = true)]
async fn names_of_resolutions_are_looked_at_before_anything_is_done() {
    let rows = "resolution = { values = [ { acme = \"Done\", globex = \"Fixt\" }, { acme = \"Wont\", globex = \"Duplicate\" } ], \
                on-unmapped = { globex = \"Nothing\" } }";
    let mut world = World::of(&with(&two(), rows), |_| {});
    let said = findings(&mut world).await;
    let has = |place: &str, what: &str| said.iter().any(|line| line.contains(place) && line.contains(what));
    assert!(has("fields.resolution.values, side `globex`", "no resolution `Fixt`; did you mean `Fixed`?"), "{said:?}");
    assert!(has("fields.resolution.values, side `acme`", "no resolution `Wont`"), "{said:?}");
    assert!(has("fields.resolution.on-unmapped, side `globex`", "no resolution `Nothing`; there are: "), "{said:?}");
    // Where nobody carries it, nobody asks.
    let mut world = World::without_daemon(&two());
    world.start().await;
    assert_eq!(world.jira("acme").count("getResolutions") + world.jira("globex").count("getResolutions"), 0);
}

/// What a row writes besides what its table says is held to what is offered as well: every write of another name would be refused.
#[tokio::test(start_paused = true)]
async fn names_of_options_that_rows_write_by_themselves_are_looked_at_before_anything_is_done() {
    let both = "acme = \"Severity\", globex = \"Severity\", values = [ { acme = \"S1\", globex = \"Critical\" } ]";
    for (side, offered) in [("acme", "S2"), ("globex", "Minor")] {
        for (key, row) in [
            ("on-unmapped", format!("{both}, on-unmapped = {{ {side} = \"NAME\" }}")),
            ("default", format!("{both}, default = {{ {side} = \"NAME\" }}")),
            ("value", format!("{side} = \"Severity\", value = \"NAME\"")),
        ] {
            let text = |name: &str| with(&two(), &format!("severity = {{ {} }}", row.replace("NAME", name)));
            let said = findings(&mut World::without_daemon(&text("Zzz"))).await;
            let place = format!("fields.severity.{key}, side `{side}`");
            let is_told = |line: &String| line.contains(&place) && line.contains("no option `Zzz`; there are: ");
            assert!(said.iter().any(is_told), "{key} of {side}: {said:?}");
            World::without_daemon(&text(offered)).start().await;
        }
    }
}
