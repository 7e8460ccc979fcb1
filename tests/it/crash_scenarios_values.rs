//! Stories of the crash ring about issues and their fields: made, edited, moved through workflows, and sets of names. Must never
//! look into the daemon's state.

use jirasyncd::simulator::{FieldSetup, FieldType, SprintState};
use serde_json::{Value, json};

use super::crash_ring::{Scenario, deaths_in};
use super::daemon_levels::levels;
use super::daemon_support::{World, two};

/// Two sides with more rows of fields.
pub(crate) fn with_rows(rows: &str) -> String {
    two().replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1)
}

/// Two sides with more in the sync's table.
pub(crate) fn with_keys(keys: &str) -> String {
    two().replacen("home = \"acme\"", &format!("home = \"acme\"\n{keys}"), 1)
}

/// Somebody at home makes an issue.
pub(crate) fn item(world: &World) {
    made(world, json!({}));
}

pub(crate) fn made(world: &World, more: Value) {
    let mut fields = json!({ "summary": "Item", "description": "One\n\nTwo", "priority": { "name": "Low" } });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
}

pub(crate) fn key(world: &World, jira: &str) -> String {
    world.issue(jira, "Item").key
}

pub(crate) fn one_of_each(world: &World) {
    for jira in ["acme", "globex"] {
        assert_eq!(world.jira(jira).issues().len(), 1, "{jira}");
    }
}

fn edit(world: &World, jira: &str, fields: Value) {
    let who = if jira == "acme" { "jane" } else { "jdoe" };
    world.person(jira, who).edit(&key(world, jira), fields).unwrap();
}

fn an_issue_is_made() -> Scenario {
    Scenario {
        act: item,
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "priority"), "P4");
            assert_eq!(world.field("globex", "Item", "description"), "One\n\nTwo");
        },
        ..Scenario::of(two())
    }
}

fn an_edit_arrives_and_is_not_echoed() -> Scenario {
    Scenario {
        before: item,
        act: |world| edit(world, "globex", json!({ "summary": "Item, edited", "duedate": "2026-05-01" })),
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("acme", "Item", "summary"), "Item, edited");
            for jira in ["acme", "globex"] {
                assert_eq!(world.issue(jira, "Item").history.len(), 1, "{jira}");
            }
        },
        ..Scenario::of(two())
    }
}

fn both_sides_are_edited_at_once() -> Scenario {
    Scenario {
        before: item,
        act: |world| {
            edit(world, "acme", json!({ "summary": "Item of home", "priority": { "name": "Highest" } }));
            world.person("acme", "jane").assign(&key(world, "acme"), Some("jane")).unwrap();
            edit(world, "globex", json!({ "description": "Theirs", "duedate": "2026-05-01" }));
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.in_the_fields("acme"), ["Item of home", "Theirs", "Highest", "2026-05-01", "Jane Roe"]);
            assert_eq!(world.in_the_fields("globex"), ["Item of home", "Theirs", "P1", "2026-05-01", "John Doe"]);
        },
        ..Scenario::of(two())
    }
}

impl World {
    fn in_the_fields(&self, jira: &str) -> [String; 5] {
        ["summary", "description", "priority", "duedate", "assignee"].map(|field| self.field(jira, "Item", field))
    }
}

fn a_status_two_hops_away_is_reached() -> Scenario {
    Scenario {
        before: item,
        act: |world| world.person("acme", "jane").transition(&key(world, "acme"), "Done").unwrap(),
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "status"), "Closed");
            assert_eq!(world.field("acme", "Item", "status"), "Done");
            assert_eq!(world.issue("acme", "Item").history.len(), 1);
            assert_eq!(world.issue("globex", "Item").history.len(), 2);
        },
        ..Scenario::of(two())
    }
}

fn a_resolution_goes_with_its_transition() -> Scenario {
    let rows = "resolution = { values = [ { acme = \"Done\", globex = \"Fixed\" }, { acme = \"Won't Do\", globex = \"Won't Fix\" } ] }";
    Scenario {
        setups: |setups| {
            let project = &mut setups.get_mut("acme").unwrap().projects[0];
            for edge in project.transitions.iter_mut().filter(|edge| edge.to == "Done") {
                edge.screen.insert("resolution".to_owned(), false);
            }
        },
        before: item,
        act: |world| {
            let resolution = json!({ "resolution": { "name": "Won't Do" } });
            world.person("acme", "jane").transition_with(&key(world, "acme"), "Done", resolution).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            let shown = |jira: &str| (world.field(jira, "Item", "status"), world.field(jira, "Item", "resolution"));
            assert_eq!(shown("acme"), ("Done".to_owned(), "Won't Do".to_owned()));
            assert_eq!(shown("globex"), ("Closed".to_owned(), "Won't Fix".to_owned()));
        },
        ..Scenario::of(with_rows(rows))
    }
}

fn names(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

fn what_a_project_lacks_is_made_once() -> Scenario {
    let rows = "components = { on-unmapped = \"create\" }\nfix-versions = { on-unmapped = \"create\" }";
    Scenario {
        setups: |setups| {
            let project = &mut setups.get_mut("acme").unwrap().projects[0];
            (project.components, project.versions) = (vec!["Api".into(), "Web".into()], vec!["1.0".into()]);
        },
        act: |world| made(world, json!({ "components": names(&["Api", "Web"]), "fixVersions": names(&["1.0"]) })),
        holds: |world| {
            one_of_each(world);
            let shown = |jira: &str| (jira.to_owned(), world.field(jira, "Item", "fixVersions"));
            assert_eq!(shown("globex").1, "1.0");
            assert_eq!(world.jira("globex").components("ENG").len(), 2);
            assert_eq!(world.jira("globex").versions("ENG").len(), 1);
        },
        ..Scenario::of(with_rows(rows))
    }
}

fn elements_of_sets_come_and_go() -> Scenario {
    Scenario {
        setups: |setups| {
            for jira in ["acme", "globex"] {
                let project = &mut setups.get_mut(jira).unwrap().projects[0];
                project.components = ["Api", "Web", "Db"].map(str::to_owned).to_vec();
            }
        },
        before: |world| made(world, json!({ "labels": ["red", "green"], "components": names(&["Api", "Web"]) })),
        act: |world| {
            let home = json!({ "labels": [{ "add": "blue" }, { "remove": "red" }], "components": [{ "add": { "name": "Db" } }] });
            world.person("acme", "jane").update(&key(world, "acme"), home).unwrap();
            let there = json!({ "labels": [{ "add": "black" }], "components": [{ "remove": { "name": "Web" } }] });
            world.person("globex", "jdoe").update(&key(world, "globex"), there).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let sorted = |field: &str| {
                    let text = world.field(jira, "Item", field);
                    let mut all: Vec<String> = text
                        .split(|sign: char| !sign.is_alphanumeric())
                        .filter(|word| !word.is_empty())
                        .map(str::to_owned)
                        .collect();
                    all.sort();
                    all
                };
                assert_eq!(sorted("labels"), ["black", "blue", "green"], "{jira}");
                assert_eq!(sorted("components"), ["Api", "Db"], "{jira}");
            }
        },
        ..Scenario::of(with_rows("components = \"both\""))
    }
}

const SPRINT: &str = "customfield_25000";

fn a_sprint_is_carried_by_its_name() -> Scenario {
    Scenario {
        setups: |setups| {
            for (jira, names) in [("acme", ["Sprint 1", "Sprint 2"]), ("globex", ["Sprint 2", "Sprint 1"])] {
                let setup = setups.get_mut(jira).unwrap();
                setup.fields.push(FieldSetup::new(SPRINT, "Sprint", FieldType::Sprint));
                setup.projects[0].sprints = names.map(|name| (name.to_owned(), SprintState::Future)).to_vec();
            }
        },
        before: |world| made(world, json!({ SPRINT: 1 })),
        act: |world| edit(world, "globex", json!({ SPRINT: 1, "summary": "Item, planned" })),
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                assert_eq!(world.field(jira, "Item", SPRINT), "Sprint 2", "{jira}");
            }
        },
        ..Scenario::of(with_rows("Sprint = \"both\""))
    }
}

fn a_level_goes_first_and_what_it_covers_follows() -> Scenario {
    let rows =
        "security = { values = [ { acme = \"Staff\", globex = \"Innen\" }, { acme = \"Board\", globex = \"Oben\" } ] }";
    Scenario {
        setups: |setups| {
            levels(setups.get_mut("acme").unwrap(), &["Staff", "Board"]);
            levels(setups.get_mut("globex").unwrap(), &["Innen", "Oben"]);
        },
        before: |world| made(world, json!({ "security": { "name": "Staff" } })),
        act: |world| {
            edit(world, "acme", json!({ "security": { "name": "Board" }, "duedate": "2026-05-01" }));
            world.person("acme", "jane").comment(&key(world, "acme"), "For the board").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "security"), "Oben");
            assert_eq!(world.issue("globex", "Item").comments.len(), 1);
        },
        ..Scenario::of(with_rows(rows))
    }
}

deaths_in![
    an_issue_is_made,
    an_edit_arrives_and_is_not_echoed,
    both_sides_are_edited_at_once,
    a_status_two_hops_away_is_reached,
    a_resolution_goes_with_its_transition,
    what_a_project_lacks_is_made_once,
    elements_of_sets_come_and_go,
    a_sprint_is_carried_by_its_name,
    a_level_goes_first_and_what_it_covers_follows,
];
