//! Stories of the crash ring about starts, of which each may die as well: the first one, one after a death, one with other accounts, with a
//! state made anew, with another configuration. Must never look into the daemon's state.

use std::time::Duration;

use jirasyncd::model::command::Command;
use jirasyncd::model::configuration::Existing;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::crash_ring::{By, Scenario, deaths_in};
use super::crash_scenarios_lives::talk;
use super::crash_scenarios_values::{item, key, made, one_of_each};
use super::crash_turns::Turn;
use super::daemon_account::{whole, with_next};
use super::daemon_pairs::{comment, create};
use super::daemon_restored::{ACME, GLOBEX, carrying, say};
use super::daemon_support::{World, two};

/// The id of the comment that says this.
fn said(world: &World, jira: &str, text: &str) -> String {
    let found = world.issue(jira, "Item").comments.into_iter().find(|comment| comment.body == text);
    found.unwrap_or_else(|| panic!("`{text}` is not at {jira}")).id.to_string()
}

/// Somebody edits what was said at home before.
fn thought_over(world: &World, what: &str) {
    let (text, omar) = (format!("{what} said at acme"), world.person("acme", "omar"));
    omar.edit_comment(&key(world, "acme"), &said(world, "acme", &text), &format!("{text}, and thought over")).unwrap();
}

fn born_later(world: &World) {
    create(world, "acme", json!({ "summary": "Born later", "priority": { "name": "Low" } }));
}

fn a_first_start_makes_everything_once() -> Scenario {
    Scenario {
        turn: Turn::First,
        before: |world| {
            for (jira, summary) in [("acme", "First"), ("acme", "Second"), ("globex", "Third")] {
                let key = create(world, jira, json!({ "summary": summary, "description": "Text" }));
                comment(world, jira, &key, &format!("Word on {summary}"));
            }
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 3, "{jira}");
                for summary in ["First", "Second", "Third"] {
                    let issue = world.issue(jira, summary);
                    assert!(issue.comments.len() == 1 && issue.fields["description"].contains("Text"), "{issue:?}");
                }
            }
        },
        ..Scenario::of(two())
    }
}

fn a_start_after_a_death_dies_as_well() -> Scenario {
    Scenario {
        turn: Turn::Death,
        before: item,
        then: &[|world| talk(world, "Early")],
        act: |world| {
            talk(world, "Later");
            born_later(world);
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "summary": "Item, edited" })).unwrap();
        },
        holds: |world| talked(world, "Item, edited", 4),
        ..Scenario::of(carrying(&two()))
    }
}

/// Both sides show two issues, and one of them so many comments, files and pieces of work.
fn talked(world: &World, summary: &str, count: usize) {
    for jira in ["acme", "globex"] {
        assert_eq!(world.jira(jira).issues().len(), 2, "{jira}");
        let issue = world.issue(jira, "Item");
        assert_eq!(issue.fields["summary"], summary, "{jira}");
        let counts = [issue.comments.len(), issue.attachments.len(), issue.worklogs.len()];
        assert_eq!(counts, [count; 3], "{jira}: {issue:?}");
    }
}

/// What the new account may do to what the one before wrote.
fn may_change_all(world: &World) {
    for (jira, project) in [("acme", "SUP"), ("globex", "ENG")] {
        for right in ["EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS", "EDIT_ALL_WORKLOGS", "DELETE_ALL_WORKLOGS"] {
            world.jira(jira).set_permission(project, right, &[Holder::LoggedIn]);
        }
    }
    item(world);
}

/// Of everything something is in doubt when the account goes, also of a daemon that does not die.
fn lands_late(world: &World) {
    for operation in ["createIssue", "addComment", "addWorklog", "addAttachment", "editIssue"] {
        for jira in ["acme", "globex"] {
            let late = Fault::LateWrite(Duration::from_secs(20));
            world.jira(jira).add_fault(FaultRule::new(operation, When::Always, late));
        }
    }
}

fn an_account_is_followed_while_writes_are_in_doubt() -> Scenario {
    Scenario {
        setups: with_next,
        turn: Turn::Accounts,
        before: may_change_all,
        then: &[|world| talk(world, "Early")],
        act: |world| {
            lands_late(world);
            talk(world, "Later");
            born_later(world);
            thought_over(world, "Early");
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "summary": "Item, edited" })).unwrap();
        },
        after: |world| {
            thought_over(world, "Later");
            let (there, mlopez) = (key(world, "globex"), world.person("globex", "mlopez"));
            mlopez.delete_comment(&there, &said(world, "globex", "Early said at globex")).unwrap();
            world.person("acme", "jane").edit(&key(world, "acme"), json!({ "description": "By the next" })).unwrap();
        },
        // Jira tells of no deleted comment.
        found: By::FullCheck,
        holds: |world| {
            whole(world, "acme", "globex");
            for jira in ["acme", "globex"] {
                let issue = world.issue(jira, "Item");
                assert_eq!(issue.fields["summary"], "Item, edited", "{jira}");
                assert!(issue.fields["description"].contains("By the next"), "{jira}: {issue:?}");
                let counts = [issue.comments.len(), issue.attachments.len(), issue.worklogs.len()];
                assert_eq!(counts, [3, 4, 4], "{jira}: {issue:?}");
                for what in ["Early", "Later"] {
                    let text = format!("{what} said at acme, and thought over");
                    assert_eq!(issue.comments.iter().filter(|it| it.body.contains(&text)).count(), 1, "{jira}: {text}");
                }
            }
        },
        ..Scenario::of(carrying(&two()))
    }
}

/// Files without marks are known again by what is in them: no two hold the same here.
fn both_say(world: &World, what: &str) {
    say(world, ACME, "Item", what);
    say(world, GLOBEX, "Item", what);
}

fn a_state_made_anew_from_its_marks_doubles_nothing() -> Scenario {
    Scenario {
        turn: Turn::Rebuild,
        before: item,
        then: &[|world| both_say(world, "Early")],
        act: |world| {
            both_say(world, "Later");
            born_later(world);
            world.person("globex", "jdoe").edit(&key(world, "globex"), json!({ "summary": "Item, edited" })).unwrap();
        },
        after: |world| {
            world.person("acme", "jane").edit(&key(world, "acme"), json!({ "duedate": "2030-05-06" })).unwrap();
        },
        found: By::FullCheck,
        holds: |world| {
            talked(world, "Item, edited", 4);
            assert_eq!(world.field("globex", "Item", "duedate"), "2030-05-06");
        },
        ..Scenario::of(carrying(&two()))
    }
}

/// A configuration that carries no day, no file and no work, and the one that comes after it does.
fn without_days() -> String {
    two().replacen("due-date = \"both\"\n", "", 1)
}

fn more_is_carried(turn: fn(fn() -> String) -> Turn) -> Scenario {
    Scenario {
        turn: turn(|| carrying(&two())),
        before: |world| made(world, json!({ "duedate": "2030-05-06" })),
        then: &[|world| talk(world, "Early")],
        act: |world| {
            let (here, there) = (key(world, "acme"), key(world, "globex"));
            comment(world, "acme", &here, "Said then");
            world.person("globex", "jdoe").edit(&there, json!({ "summary": "Item, edited" })).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let issue = world.issue(jira, "Item");
                assert_eq!(issue.fields["duedate"], "2030-05-06", "{jira}");
                assert_eq!(issue.fields["summary"], "Item, edited", "{jira}");
                let counts = [issue.comments.len(), issue.attachments.len(), issue.worklogs.len()];
                assert_eq!(counts, [3, 2, 2], "{jira}: {issue:?}");
            }
        },
        ..Scenario::of(without_days())
    }
}

fn a_start_with_another_configuration_looks_at_all() -> Scenario {
    more_is_carried(Turn::Configuration)
}

fn a_reload_with_another_configuration_looks_at_all() -> Scenario {
    Scenario {
        commands: |_| vec![Command::Reload { confirm: false, existing: Existing::ReMap }],
        ..more_is_carried(Turn::Reload)
    }
}

deaths_in![
    a_first_start_makes_everything_once,
    a_start_after_a_death_dies_as_well,
    an_account_is_followed_while_writes_are_in_doubt,
    a_state_made_anew_from_its_marks_doubles_nothing,
    a_start_with_another_configuration_looks_at_all,
    a_reload_with_another_configuration_looks_at_all,
];
