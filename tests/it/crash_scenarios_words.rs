//! Stories of the crash ring about what an operator begins and ends, or has done again: pauses, an item that is let go and paired again, a
//! value that is chosen, a problem that is tried again. Who was answered says it once. Must never look into the daemon's state.

use std::collections::BTreeMap;

use jirasyncd::model::command::{Command, Target};
use jirasyncd::model::problem_filter::ProblemFilter;
use jirasyncd::simulator::{Fault, FaultRule, Jira, When};
use serde_json::json;

use super::crash_ring::{Scenario, Span, deaths_in};
use super::crash_scenarios_pairs::{BY, key, only};
use super::crash_scenarios_values::{item, one_of_each};
use super::daemon_initial::resolve;
use super::daemon_pairs::{comment, create, edit, field, pair, said, unpair};
use super::daemon_pause::writes;
use super::daemon_restored::carrying;
use super::daemon_support::{THREE, World, two};

fn sync() -> Target {
    Target::Sync("support".into())
}

fn globex() -> Target {
    Target::Instance("globex".into())
}

fn nothing_is_written(world: &World) {
    world.jiras.keys().for_each(|jira| nothing_is_written_at(world, jira));
}

fn nothing_is_written_at(world: &World, jira: &str) {
    let mut writes = writes(world, jira);
    writes.retain(|operation, _| !operation.starts_with("bulkFetch"));
    assert_eq!(writes, BTreeMap::new(), "{jira}");
}

/// People of both sides do something, before it is paused and while it is. Nothing is written twice: what stood for a moment would cross or
/// not.
fn at_once(world: &World, number: usize) {
    let (here, there) = (key(world, "acme", "Item"), key(world, "globex", "Item"));
    comment(world, "acme", &here, &format!("Said {number}"));
    comment(world, "globex", &there, &format!("Answered {number}"));
    let own = [json!({ "duedate": "2030-05-06" }), json!({ "priority": { "name": "Highest" } })];
    edit(world, "acme", &here, own[number].clone());
    let theirs = [json!({ "summary": "Item, edited" }), json!({ "description": "Said there" })];
    edit(world, "globex", &there, theirs[number].clone());
    create(world, "acme", json!({ "summary": format!("Born {number}"), "labels": ["share-globex", "share-initech"] }));
}

fn all_of_it(world: &World) {
    for (jira, priority) in [("acme", "Highest"), ("globex", "P1")] {
        assert_eq!(world.jira(jira).issues().len(), 3, "{jira}");
        let issue = world.issue(jira, "Item");
        assert_eq!((issue.fields["summary"].as_str(), issue.comments.len()), ("Item, edited", 4), "{issue:?}");
        assert_eq!((issue.fields["duedate"].as_str(), issue.fields["priority"].as_str()), ("2030-05-06", priority));
        assert!(issue.fields["description"].contains("Said there"), "{issue:?}");
    }
}

fn a_sync_is_paused_and_resumed() -> Scenario {
    Scenario {
        before: item,
        act: |world| at_once(world, 0),
        span: Some(Span {
            begin: |_| Command::Pause(sync()),
            act: |world| at_once(world, 1),
            holds: nothing_is_written,
            end: |_| Command::Resume(sync()),
        }),
        holds: all_of_it,
        ..Scenario::of(two())
    }
}

fn an_instance_is_paused_and_resumed() -> Scenario {
    Scenario {
        before: |world| {
            let labels = ["share-globex", "share-initech"];
            create(world, "acme", json!({ "summary": "Item", "labels": labels }));
        },
        act: |world| at_once(world, 0),
        span: Some(Span {
            begin: |_| Command::Pause(globex()),
            act: |world| at_once(world, 1),
            // A start asks every instance; what is written there waits.
            holds: |world| nothing_is_written_at(world, "globex"),
            end: |_| Command::Resume(globex()),
        }),
        holds: |world| {
            all_of_it(world);
            let there = world.issue("initech", "Item");
            assert_eq!((world.jira("initech").issues().len(), there.comments.len()), (3, 2), "{there:?}");
            assert_eq!((there.fields["duedate"].as_str(), there.fields["priority"].as_str()), ("2030-05-06", "Hoch"));
        },
        ..Scenario::of(THREE.to_owned())
    }
}

fn an_item_is_let_go_and_paired_again() -> Scenario {
    Scenario {
        before: item,
        then: &[|world| {
            comment(world, "acme", &key(world, "acme", "Item"), "Said early");
            comment(world, "globex", &key(world, "globex", "Item"), "Answered early");
        }],
        act: |world| {
            comment(world, "acme", &key(world, "acme", "Item"), "Said before it was let go");
            edit(world, "acme", &key(world, "acme", "Item"), json!({ "summary": "Item of home" }));
        },
        span: Some(Span {
            begin: |world| unpair(&key(world, "globex", "Item")),
            act: |world| {
                comment(world, "acme", &key(world, "acme", "Item"), "Said apart");
                comment(world, "globex", &key(world, "globex", "Item"), "Answered apart");
                edit(world, "globex", &key(world, "globex", "Item"), json!({ "duedate": "2030-05-06" }));
            },
            holds: nothing_is_written,
            end: |world| pair(&[&key(world, "acme", "Item"), &key(world, "globex", "Item")]),
        }),
        holds: |world| {
            for (jira, key) in only(world) {
                assert_eq!(field(world, jira, &key, "summary"), "Item of home", "{jira}");
                assert_eq!(field(world, jira, &key, "duedate"), "2030-05-06", "{jira}");
                for text in ["Said early", "Answered early", "Said before", "Said apart", "Answered apart"] {
                    assert_eq!(said(world, jira, &key, text), 1, "{text} at {jira}");
                }
            }
        },
        ..Scenario::of(two())
    }
}

fn a_value_is_chosen_where_each_side_keeps_its_own() -> Scenario {
    Scenario {
        before: |world| {
            let there = create(world, "globex", json!({ "summary": "There", "description": "Only there" }));
            create(world, "acme", json!({ "summary": "At home", "customfield_10050": there }));
        },
        act: |world| comment(world, "acme", &key(world, "acme", "At home"), "Said at home"),
        commands: |world| vec![resolve(&key(world, "acme", "At home"), "summary", "globex")],
        once: true,
        holds: |world| {
            for (jira, key) in only(world) {
                assert_eq!(field(world, jira, &key, "summary"), "There", "{jira}");
                assert_eq!(field(world, jira, &key, "description"), "Only there", "{jira}");
                assert_eq!(said(world, jira, &key, "Said at home"), 1, "{jira}");
            }
        },
        ..Scenario::of(format!("{}{BY}initial = \"ask\"\n", two()))
    }
}

fn what_was_refused_is_tried_again_by_command() -> Scenario {
    Scenario {
        before: item,
        then: &[|world| {
            world.jira("globex").set_screen("ENG", &["summary", "labels"]);
            world.jira("globex").add_fault(FaultRule::new("addAttachment", When::Always, Fault::Status(413)));
            let here = key(world, "acme", "Item");
            edit(world, "acme", &here, json!({ "duedate": "2030-05-06" }));
            world.person("acme", "jane").attach(&here, "plan.txt", b"a plan").unwrap();
        }],
        act: |world| {
            world.jira("globex").set_screen("ENG", &[]);
            world.jiras.values().for_each(Jira::clear_faults);
        },
        commands: |_| vec![Command::RetryThese { filter: ProblemFilter::default(), dry_run: false }],
        once: true,
        holds: |world| {
            one_of_each(world);
            assert_eq!(world.field("globex", "Item", "duedate"), "2030-05-06");
            assert_eq!(world.issue("globex", "Item").attachments.len(), 1);
        },
        ..Scenario::of(carrying(&two()))
    }
}

deaths_in![
    a_sync_is_paused_and_resumed,
    an_instance_is_paused_and_resumed,
    an_item_is_let_go_and_paired_again,
    a_value_is_chosen_where_each_side_keeps_its_own,
    what_was_refused_is_tried_again_by_command,
];
