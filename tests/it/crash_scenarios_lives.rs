//! Stories of the crash ring about issues that are not where they were: deleted, moved, out of scope, there again; and about a state
//! that forgot what it knew. Must never look into the daemon's state.

use jirasyncd::simulator::{Holder, ProjectSetup};
use serde_json::json;

use super::crash_ring::{By, Scenario, deaths_in};
use super::crash_scenarios_values::{item, key, made, one_of_each, with_keys};
use super::daemon_restored::carrying;
use super::daemon_support::{World, two};

fn with_life(config: &str, life: &str) -> String {
    format!("{config}\n[sync.support.life]\n{life}\n")
}

fn may_delete(world: &World) {
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
        world.jira(jira).set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
    }
    item(world);
}

fn the_original_is_deleted(world: &World) {
    world.person("acme", "jane").delete(&key(world, "acme")).unwrap();
    // No poll shows that: a change of the counterpart makes the daemon look.
    world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "summary": "Item, alone" })).unwrap();
}

fn that_an_issue_is_gone_is_said_once() -> Scenario {
    Scenario {
        before: may_delete,
        act: the_original_is_deleted,
        lasts: true,
        holds: |world| {
            let there = world.issue("globex", "Item, alone");
            assert_eq!(there.comments.len(), 1, "{there:?}");
            assert!(world.issues("acme", "Item").is_empty());
        },
        ..Scenario::of(with_life(&two(), "deleted = \"comment\""))
    }
}

fn the_copy_of_a_deleted_issue_is_deleted_and_not_made_again() -> Scenario {
    Scenario {
        before: may_delete,
        act: the_original_is_deleted,
        lasts: true,
        holds: |world| {
            assert!(world.issues("acme", "Item").is_empty());
            assert!(world.issues("globex", "Item").is_empty());
        },
        ..Scenario::of(with_life(&two(), "deleted = \"delete\""))
    }
}

fn the_counterpart_of_a_deleted_issue_is_closed_once() -> Scenario {
    Scenario {
        before: may_delete,
        act: the_original_is_deleted,
        lasts: true,
        holds: |world| {
            assert!(world.issues("acme", "Item").is_empty());
            assert_eq!(world.field("globex", "Item", "status"), "Closed");
        },
        ..Scenario::of(with_life(&two(), "deleted = { transition = \"Done\" }"))
    }
}

fn a_copy_that_people_delete_is_not_made_again() -> Scenario {
    Scenario {
        before: may_delete,
        act: |world| {
            world.person("globex", "jdoe").delete(&key(world, "globex")).unwrap();
            world.person("acme", "jane").edit(&key(world, "acme"), json!({ "summary": "Item, alone" })).unwrap();
        },
        found: By::FullCheck,
        lasts: true,
        holds: |world| {
            assert!(world.jira("globex").issues().is_empty());
            assert_eq!(world.issues("acme", "Item, alone").len(), 1);
            assert!(world.issue("acme", "Item").links.is_empty());
        },
        ..Scenario::of(with_life(&with_keys("counterparts = \"link\""), "deleted = \"unlink\""))
    }
}

fn attic(world: &World) -> String {
    world.person("acme", "jane").move_to(&key(world, "acme"), "OLD").unwrap()
}

fn moving() -> Scenario {
    Scenario {
        setups: |setups| {
            let acme = setups.get_mut("acme").unwrap();
            acme.projects.push(ProjectSetup::new("OLD", 10_300, "Attic").types(&["Bug", "Task"]));
        },
        before: item,
        found: By::FullCheck,
        ..Scenario::of(with_life(&two(), "moved = \"comment\""))
    }
}

fn an_issue_moves_to_another_project() -> Scenario {
    Scenario {
        act: |world| {
            let moved = attic(world);
            world.person("acme", "jane").edit(&moved, json!({ "summary": "Item in the attic" })).unwrap();
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "duedate": "2026-05-01" })).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            let there = world.issue("globex", "Item");
            assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item", 1), "{there:?}");
            assert_eq!(world.field("acme", "Item", "duedate"), "");
        },
        ..moving()
    }
}

fn an_issue_moves_away_and_back() -> Scenario {
    Scenario {
        then: &[|world| {
            let moved = attic(world);
            world.person("acme", "jane").edit(&moved, json!({ "summary": "Item in the attic" })).unwrap();
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "duedate": "2026-05-01" })).unwrap();
        }],
        act: |world| drop(world.person("acme", "jane").move_to(&key(world, "acme"), "SUP").unwrap()),
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                assert_eq!(world.field(jira, "Item", "summary"), "Item in the attic", "{jira}");
                assert_eq!(world.field(jira, "Item", "duedate"), "2026-05-01", "{jira}");
            }
        },
        ..moving()
    }
}

/// Only what has a label is in the scope, and what leaves it rests.
fn scoped() -> Scenario {
    let clause = two().replacen("side.acme = { ", "side.acme = { jql = \"labels = share-it\", ", 1);
    Scenario {
        before: |world| made(world, json!({ "labels": ["share-it"] })),
        ..Scenario::of(with_life(&clause, "left = \"stop\""))
    }
}

fn outside(world: &World) {
    let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
    jane.edit(&home, json!({ "labels": [], "duedate": "2030-05-06", "summary": "Item outside" })).unwrap();
    jane.comment(&home, "Said outside").unwrap();
    world.person("globex", "jdoe").comment(&key(world, "globex"), "Said meanwhile").unwrap();
}

fn what_leaves_the_scope_rests() -> Scenario {
    Scenario {
        act: outside,
        holds: |world| {
            one_of_each(world);
            let there = world.issue("globex", "Item");
            assert_eq!((there.fields["summary"].as_str(), there.comments.len()), ("Item", 1), "{there:?}");
            assert_eq!(world.issue("acme", "Item").comments.len(), 1);
        },
        ..scoped()
    }
}

fn what_comes_back_into_scope_is_caught_up_with() -> Scenario {
    Scenario {
        then: &[outside],
        act: |world| {
            world.person("acme", "jane").edit(&key(world, "acme"), json!({ "labels": ["share-it"] })).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let issue = world.issue(jira, "Item");
                assert_eq!((issue.fields["summary"].as_str(), issue.comments.len()), ("Item outside", 2), "{issue:?}");
                assert_eq!(issue.fields["duedate"], "2030-05-06", "{jira}");
            }
        },
        ..scoped()
    }
}

pub(crate) fn talk(world: &World, what: &str) {
    for (jira, who) in [("acme", "omar"), ("globex", "mlopez")] {
        let (issue, person) = (key(world, jira), world.person(jira, who));
        person.comment(&issue, &format!("{what} said at {jira}")).unwrap();
        person.attach(&issue, &format!("{what}-from-{jira}.txt"), what.as_bytes()).unwrap();
        person.log_work(&issue, "2026-03-10T08:30:00.000+0100", 600, &format!("{what} worked at {jira}")).unwrap();
    }
}

fn a_state_that_is_put_back_doubles_nothing() -> Scenario {
    Scenario {
        before: item,
        then: &[|world| talk(world, "Early")],
        forgotten: Some(|world| {
            talk(world, "Later");
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "summary": "Item, later" })).unwrap();
            let fields = json!({ "summary": "Born later", "priority": { "name": "Low" } });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        }),
        act: |world| {
            world.person("acme", "jane").edit(&key(world, "acme"), json!({ "duedate": "2030-05-06" })).unwrap();
        },
        found: By::FullCheck,
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 2, "{jira}");
                let issue = world.issue(jira, "Item");
                assert_eq!(issue.fields["summary"], "Item, later", "{jira}");
                assert_eq!(issue.fields["duedate"], "2030-05-06", "{jira}");
                let counts = (issue.comments.len(), issue.attachments.len(), issue.worklogs.len());
                assert_eq!(counts, (4, 4, 4), "{jira}: {issue:?}");
            }
        },
        ..Scenario::of(carrying(&two()))
    }
}

deaths_in![
    that_an_issue_is_gone_is_said_once,
    the_copy_of_a_deleted_issue_is_deleted_and_not_made_again,
    the_counterpart_of_a_deleted_issue_is_closed_once,
    a_copy_that_people_delete_is_not_made_again,
    an_issue_moves_to_another_project,
    an_issue_moves_away_and_back,
    what_leaves_the_scope_rests,
    what_comes_back_into_scope_is_caught_up_with,
    a_state_that_is_put_back_doubles_nothing,
];
