//! Stories of the crash ring about issues that have to do with each other, and about what a project has beside its issues. Must never
//! look into the daemon's state.

use jirasyncd::simulator::{FieldSetup, FieldType, Holder};
use serde_json::{Value, json};

use super::crash_ring::{Scenario, deaths_in};
use super::crash_scenarios_values::{item, with_rows};
use super::daemon_support::{World, two};
use super::daemon_versions::{versions, with};

fn create(world: &World, kind: &str, summary: &str, more: Value) -> String {
    let mut fields = json!({ "summary": summary });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.person("acme", "jane").create("SUP", kind, fields).unwrap()
}

fn key(world: &World, jira: &str, summary: &str) -> String {
    world.issue(jira, summary).key
}

/// The links of an issue: type, whether outward, the summary of the other.
fn links(world: &World, jira: &str, summary: &str) -> Vec<(String, bool, String)> {
    let shown = world.issue(jira, summary).issue_links.into_iter().map(|link| {
        let other = world.jira(jira).issue(&link.other).unwrap();
        (link.kind, link.outward, other.fields["summary"].clone())
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort();
    shown
}

fn links_are_made_and_taken_away_once() -> Scenario {
    Scenario {
        before: |world| {
            for summary in ["One", "Two", "Three"] {
                create(world, "Bug", summary, json!({}));
            }
            world
                .person("acme", "jane")
                .link(&key(world, "acme", "One"), "Blocks", &key(world, "acme", "Two"))
                .unwrap();
        },
        act: |world| {
            let jane = world.person("acme", "jane");
            jane.unlink(world.issue("acme", "One").issue_links[0].id).unwrap();
            jane.link(&key(world, "acme", "Three"), "Relates", &key(world, "acme", "Two")).unwrap();
            let jdoe = world.person("globex", "jdoe");
            jdoe.link(&key(world, "globex", "Three"), "Blocks", &key(world, "globex", "One")).unwrap();
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 3, "{jira}");
                let expected = [("Blocks", true, "One"), ("Relates", true, "Two")];
                let expected = expected.map(|(kind, outward, other)| (kind.to_owned(), outward, other.to_owned()));
                assert_eq!(links(world, jira, "Three"), expected, "{jira}");
                assert_eq!(links(world, jira, "Two").len(), 1, "{jira}");
            }
        },
        ..Scenario::of(with_rows("links = \"both\""))
    }
}

const EPIC_LINK: &str = "customfield_10100";
const EPIC_NAME: &str = "customfield_10101";

/// With parents carried, and the types that have them or are them.
fn below() -> Scenario {
    let types =
        "issue-type = [ { acme = \"Epic\", globex = \"Epic\" }, { acme = \"Subtask\", globex = \"Sub-task\" },\n";
    Scenario {
        setups: |setups| {
            for (jira, sub_task) in [("acme", "Subtask"), ("globex", "Sub-task")] {
                let types = &mut setups.get_mut(jira).unwrap().projects[0].types;
                types.extend([("Epic".to_owned(), false), (sub_task.to_owned(), true)]);
            }
            let fields = &mut setups.get_mut("globex").unwrap().fields;
            fields.push(FieldSetup::new(EPIC_LINK, "Epic Link", FieldType::EpicLink));
            fields.push(FieldSetup::new(EPIC_NAME, "Epic Name", FieldType::EpicName));
        },
        ..Scenario::of(with_rows("parent = \"both\"").replacen("issue-type = [ ", types, 1))
    }
}

fn under(parent: &str) -> Value {
    json!({ "parent": { "key": parent } })
}

/// The summary of the issue above, on either kind; empty without one.
fn above(world: &World, jira: &str, summary: &str) -> String {
    let issue = world.issue(jira, summary);
    let key = issue.fields.get("parent").or_else(|| issue.fields.get(EPIC_LINK));
    let parent = key.and_then(|key| world.jira(jira).issue(key));
    parent.map(|parent| parent.fields["summary"].clone()).unwrap_or_default()
}

fn tree(world: &World) {
    let epic = create(world, "Epic", "The epic", json!({}));
    let task = create(world, "Task", "The task", under(&epic));
    create(world, "Subtask", "Part A", under(&task));
    create(world, "Subtask", "Part B", under(&task));
}

fn a_tree_is_made_parents_first() -> Scenario {
    Scenario {
        act: tree,
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 4, "{jira}");
                let all = ["The task", "Part A", "Part B"].map(|summary| above(world, jira, summary));
                assert_eq!(all, ["The epic", "The task", "The task"], "{jira}");
            }
        },
        ..below()
    }
}

fn an_issue_gets_another_parent() -> Scenario {
    Scenario {
        before: |world| {
            tree(world);
            create(world, "Epic", "Second epic", json!({}));
            create(world, "Task", "Second task", json!({}));
        },
        act: |world| {
            let jane = world.person("acme", "jane");
            jane.edit(&key(world, "acme", "The task"), under(&key(world, "acme", "Second epic"))).unwrap();
            let jdoe = world.person("globex", "jdoe");
            let epic = key(world, "globex", "The epic");
            jdoe.edit(&key(world, "globex", "Second task"), json!({ EPIC_LINK: epic })).unwrap();
            jdoe.move_under(&key(world, "globex", "Part B"), &key(world, "globex", "Second task")).unwrap();
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 6, "{jira}");
                let all = ["The task", "Second task", "Part B"].map(|summary| above(world, jira, summary));
                assert_eq!(all, ["Second epic", "The epic", "Second task"], "{jira}");
            }
        },
        ..below()
    }
}

fn a_clone_is_an_item_of_its_own() -> Scenario {
    Scenario {
        before: item,
        act: |world| {
            let clone = world.person("globex", "jdoe").clone_issue(&key(world, "globex", "Item")).unwrap();
            world.person("globex", "jdoe").edit(&clone, json!({ "summary": "Cloned and changed" })).unwrap();
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 2, "{jira}");
                for summary in ["Item", "Cloned and changed"] {
                    assert_eq!(world.field(jira, summary, "description"), "One\n\nTwo", "{jira}");
                }
            }
        },
        ..Scenario::of(two())
    }
}

fn everybody_administers(world: &World) {
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
        world.jira(jira).set_permission(project, "ADMINISTER_PROJECTS", &[Holder::LoggedIn]);
    }
}

fn versions_and_components_are_kept_in_step() -> Scenario {
    let lines = "versions = { every = \"30s\" }\ncomponents = { every = \"30s\" }";
    Scenario {
        before: |world| {
            everybody_administers(world);
            world.person("acme", "jane").make_version("SUP", "1.0", json!({ "description": "First" })).unwrap();
        },
        act: |world| {
            let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
            jdoe.change_version("ENG", "1.0", json!({ "name": "1.0.1", "released": true })).unwrap();
            jane.make_version("SUP", "2.0", json!({ "startDate": "2026-12-01" })).unwrap();
            jane.make_component("SUP", "Api").unwrap();
            jdoe.make_component("ENG", "Web").unwrap();
        },
        holds: |world| {
            for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
                assert_eq!(versions(world, jira), ["1.0.1 | First | released", "2.0 | 2026-12-01"], "{jira}");
                assert_eq!(world.jira(jira).components(project).len(), 2, "{jira}");
            }
        },
        ..Scenario::of(with(&two(), lines))
    }
}

deaths_in![
    links_are_made_and_taken_away_once,
    a_tree_is_made_parents_first,
    an_issue_gets_another_parent,
    a_clone_is_an_item_of_its_own,
    versions_and_components_are_kept_in_step,
];
