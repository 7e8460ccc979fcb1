//! Stories of the crash ring with three sides that do not all see each other, with webhooks, and with many issues at once. Must never
//! look into the daemon's state.

use jirasyncd::model::command::Command;
use serde_json::json;

use super::crash_ring::{By, Scenario, deaths_in};
use super::daemon_support::{THREE, World, two, two_clouds};
use super::daemon_webhooks;

/// Somebody of a side.
fn who(jira: &str) -> &'static str {
    match jira {
        "acme" => "jane",
        "globex" => "jdoe",
        _ => "petra",
    }
}

const ALL: [&str; 3] = ["acme", "globex", "initech"];

fn shared(world: &World) {
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
}

/// Each side says something that the others know it by.
fn everybody_acts(world: &World) {
    for (number, jira) in ALL.into_iter().enumerate() {
        let (issue, person) = (world.issue(jira, "Item").key, world.person(jira, who(jira)));
        person.comment(&issue, &format!("canary-{jira}")).unwrap();
        person.update(&issue, json!({ "labels": [{ "add": format!("label-{jira}") }] })).unwrap();
        let field = ["summary", "description", "duedate"][number];
        let value = match field {
            "summary" => json!("Item of home"),
            "description" => person.text("canary-globex"),
            _ => json!("2026-05-01"),
        };
        person.edit(&issue, json!({ field: value })).unwrap();
    }
}

/// Home has everything; what a partner did is at home and nowhere else.
fn nothing_leaks(world: &World) {
    for jira in ALL {
        assert_eq!(world.jira(jira).issues().len(), 1, "{jira}");
        assert_eq!(world.field(jira, "Item", "summary"), "Item of home", "{jira}");
        let shown = format!("{:?}", world.jira(jira).issues());
        for other in ALL {
            let sees = jira == other || jira == "acme" || other == "acme";
            for word in [format!("canary-{other}"), format!("label-{other}")] {
                assert_eq!(shown.contains(&word), sees, "{word} at {jira}");
            }
        }
    }
    assert_eq!(world.issue("acme", "Item").comments.len(), 3);
    assert_eq!(world.field("acme", "Item", "duedate"), "2026-05-01");
    assert_eq!(world.field("globex", "Item", "duedate"), "");
}

fn an_issue_is_shared_with_two_partners() -> Scenario {
    Scenario {
        act: |world| {
            shared(world);
            world.person("acme", "jane").comment(&world.issue("acme", "Item").key, "Hello").unwrap();
        },
        holds: |world| {
            for jira in ALL {
                assert_eq!(world.jira(jira).issues().len(), 1, "{jira}");
                assert_eq!(world.issue(jira, "Item").comments.len(), 1, "{jira}");
            }
        },
        ..Scenario::of(THREE.to_owned())
    }
}

fn partners_act_at_once_and_see_nothing_of_each_other() -> Scenario {
    Scenario { before: shared, act: everybody_acts, holds: nothing_leaks, ..Scenario::of(THREE.to_owned()) }
}

fn a_partner_is_let_in_later_and_another_goes() -> Scenario {
    Scenario {
        before: |world| {
            let fields = json!({ "summary": "Item", "labels": ["share-globex"] });
            let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.person("acme", "jane").comment(&key, "Said early").unwrap();
        },
        act: |world| {
            let (home, jane) = (world.issue("acme", "Item").key, world.person("acme", "jane"));
            jane.edit(&home, json!({ "labels": ["share-initech"], "summary": "Item, shared anew" })).unwrap();
            world.person("globex", "jdoe").comment(&world.issue("globex", "Item").key, "canary-globex").unwrap();
        },
        holds: |world| {
            for jira in ALL {
                assert_eq!(world.jira(jira).issues().len(), 1, "{jira}");
            }
            assert_eq!(world.field("globex", "Item", "summary"), "Item");
            let there = world.issue("initech", "Item, shared anew");
            assert!(!format!("{there:?}").contains("canary"), "{there:?}");
        },
        ..Scenario::of(format!("{THREE}\n[sync.support.life]\nleft = \"stop\"\n"))
    }
}

fn jiras_tell_by_webhooks() -> Scenario {
    Scenario {
        before: shared,
        act: everybody_acts,
        found: By::Webhooks,
        holds: nothing_leaks,
        ..Scenario::of(daemon_webhooks::config())
    }
}

/// Issues that are there before they are looked at.
fn many(world: &World) {
    for number in 0..5 {
        let fields =
            json!({ "summary": format!("Old {number}"), "description": "Text", "priority": { "name": "Low" } });
        let key = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.person("acme", "jane").comment(&key, &format!("Word on {number}")).unwrap();
    }
}

fn once_each(world: &World, other: &str) {
    for jira in ["acme", other] {
        assert_eq!(world.jira(jira).issues().len(), 5, "{jira}");
        for number in 0..5 {
            let comments = world.issue(jira, &format!("Old {number}")).comments;
            assert!(comments.len() == 1 && comments[0].body.contains(&format!("Word on {number}")), "{comments:?}");
        }
    }
}

fn many_issues_are_made_in_one_request() -> Scenario {
    Scenario { act: many, holds: |world| once_each(world, "initech"), ..Scenario::of(two_clouds()) }
}

fn a_burst_is_confirmed_and_made_once() -> Scenario {
    let config = two().replacen("home = \"acme\"\n", "home = \"acme\"\nmost-creations = 2\n", 1);
    Scenario {
        before: many,
        commands: |_| vec![Command::Confirm { sync: "support".into(), most: 5 }],
        holds: |world| once_each(world, "globex"),
        ..Scenario::of(config)
    }
}

deaths_in![
    an_issue_is_shared_with_two_partners,
    partners_act_at_once_and_see_nothing_of_each_other,
    a_partner_is_let_in_later_and_another_goes,
    jiras_tell_by_webhooks,
    many_issues_are_made_in_one_request,
    a_burst_is_confirmed_and_made_once,
];
