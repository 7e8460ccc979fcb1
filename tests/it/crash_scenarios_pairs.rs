//! Stories of the crash ring about what an operator says: issues are paired, let go, merged, created, a sync is ended. Who gets no
//! answer says it again. Must never look into the daemon's state.

use jirasyncd::model::command::Command;
use serde_json::json;

use super::crash_ring::{Scenario, deaths_in};
use super::crash_scenarios_values::{item, with_keys};
use super::daemon_pairs::{comment, create, edit, field, pair, quiet, said, unpair};
use super::daemon_support::{World, two};

pub(crate) fn key(world: &World, jira: &str, summary: &str) -> String {
    world.issue(jira, summary).key
}

fn two_apart(world: &World) {
    let home = create(world, "acme", json!({ "summary": "At home", "labels": ["red"] }));
    let there = create(world, "globex", json!({ "summary": "There", "description": "Only there", "labels": ["blue"] }));
    comment(world, "acme", &home, "Said at home");
    comment(world, "globex", &there, "Said there");
}

/// The keys of the only issues that there are.
pub(crate) fn only(world: &World) -> [(&'static str, String); 2] {
    ["acme", "globex"].map(|jira| {
        let issues = world.jira(jira).issues();
        assert_eq!(issues.len(), 1, "{jira}");
        (jira, issues[0].key.clone())
    })
}

fn two_issues_are_paired() -> Scenario {
    Scenario {
        before: two_apart,
        commands: |world| vec![pair(&[&key(world, "acme", "At home"), &key(world, "globex", "There")])],
        holds: |world| {
            for (jira, key) in only(world) {
                assert_eq!(field(world, jira, &key, "summary"), "At home", "{jira}");
                assert_eq!(field(world, jira, &key, "description"), "Only there", "{jira}");
                assert!(field(world, jira, &key, "labels").contains("red"), "{jira}");
                for text in ["Said at home", "Said there"] {
                    assert_eq!(said(world, jira, &key, text), 1, "{text} at {jira}");
                }
            }
        },
        ..Scenario::of(quiet(&two()))
    }
}

fn an_item_is_let_go() -> Scenario {
    Scenario {
        before: |world| drop(create(world, "acme", json!({ "summary": "Item", "labels": ["carry"] }))),
        act: |world| {
            // It may cross before the command or stay: both sides are edited after it in `holds` of the other stories.
            comment(world, "acme", &key(world, "acme", "Item"), "Said before the end");
        },
        commands: |world| vec![unpair(&key(world, "globex", "Item"))],
        holds: |world| {
            let [_, (jira, there)] = only(world);
            assert_eq!(said(world, jira, &there, "Said before the end"), 0, "the command came first");
        },
        ..Scenario::of(quiet(&two()))
    }
}

fn two_items_are_merged() -> Scenario {
    Scenario {
        before: |world| {
            for summary in ["First", "Second"] {
                let issue = create(world, "acme", json!({ "summary": summary, "labels": [summary] }));
                comment(world, "acme", &issue, &format!("Said in {summary}"));
            }
        },
        act: |world| edit(world, "acme", &key(world, "acme", "First"), json!({ "duedate": "2026-05-01" })),
        commands: |world| {
            let (keep, drop) = (key(world, "acme", "First"), key(world, "acme", "Second"));
            vec![Command::Merge { sync: "support".into(), keep, drop, dry_run: false }]
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 2, "{jira}");
                let first = key(world, jira, "First");
                assert_eq!(field(world, jira, &first, "duedate"), "2026-05-01", "{jira}");
                assert_eq!(said(world, jira, &first, "Said in First"), 1, "{jira}");
            }
        },
        ..Scenario::of(two())
    }
}

fn an_issue_out_of_scope_is_carried_by_command() -> Scenario {
    Scenario {
        before: |world| {
            let issue = create(world, "acme", json!({ "summary": "Item", "description": "Words" }));
            comment(world, "acme", &issue, "Said before");
        },
        commands: |world| {
            vec![Command::Create { sync: "support".into(), key: key(world, "acme", "Item"), dry_run: false }]
        },
        holds: |world| {
            for (jira, key) in only(world) {
                assert_eq!(field(world, jira, &key, "description"), "Words", "{jira}");
                assert_eq!(said(world, jira, &key, "Said before"), 1, "{jira}");
            }
        },
        ..Scenario::of(quiet(&two()))
    }
}

const WORK: &str = "2026-01-01T10:00:00.000+0000";

fn a_sync_is_ended_and_its_marks_are_taken_away() -> Scenario {
    Scenario {
        before: |world| {
            item(world);
            let home = key(world, "acme", "Item");
            comment(world, "acme", &home, "Said at home");
            world.person("acme", "jane").log_work(&home, WORK, 3_600, "Work").unwrap();
            create(world, "globex", json!({ "summary": "There" }));
        },
        commands: |_| vec![Command::Detach { sync: "support".into(), strip_marks: true, dry_run: false }],
        holds: |world| {
            for jira in ["acme", "globex"] {
                for issue in world.jira(jira).issues() {
                    assert!(issue.links.is_empty() && issue.properties.is_empty(), "{issue:?}");
                    assert!(issue.comments.iter().all(|comment| comment.properties.is_empty()), "{issue:?}");
                }
            }
        },
        lasts: true,
        says: &["our marks are taken away"],
        ..Scenario::of(format!(
            "{}\n[sync.support.worklogs]\nunrestricted = \"both\"\n",
            with_keys("counterparts = \"link\"")
        ))
    }
}

fn a_sync_that_was_ended_is_taken_up_again() -> Scenario {
    Scenario {
        before: item,
        commands: |world| {
            let detach = Command::Detach { sync: "support".into(), strip_marks: false, dry_run: false };
            edit(world, "acme", &key(world, "acme", "Item"), json!({ "summary": "Item, edited" }));
            create(world, "globex", json!({ "summary": "There" }));
            vec![detach, Command::Attach("support".into())]
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 2, "{jira}");
                assert_eq!(world.field(jira, "Item", "summary"), "Item, edited", "{jira}");
                assert_eq!(world.issues(jira, "There").len(), 1, "{jira}");
            }
        },
        ..Scenario::of(two())
    }
}

/// How issues name each other here: by the fields that the presets have.
pub(crate) const BY: &str =
    "\n[sync.support.pairing]\nby = [{ field = { acme = \"Customer\", globex = \"Customer name\" } }]\n";

fn issues_that_name_each_other_are_paired() -> Scenario {
    Scenario {
        act: |world| {
            for number in 0..2 {
                let there = create(world, "globex", json!({ "summary": format!("Pair {number}") }));
                let named = json!({ "summary": format!("Pair {number}"), "customfield_10050": there });
                let home = create(world, "acme", named);
                comment(world, "acme", &home, "Said at home");
            }
            create(world, "acme", json!({ "summary": "Alone" }));
        },
        holds: |world| {
            for jira in ["acme", "globex"] {
                assert_eq!(world.jira(jira).issues().len(), 3, "{jira}");
                for number in 0..2 {
                    assert_eq!(world.issue(jira, &format!("Pair {number}")).comments.len(), 1, "{jira}");
                }
            }
        },
        ..Scenario::of(format!("{}{BY}", two()))
    }
}

deaths_in![
    two_issues_are_paired,
    an_item_is_let_go,
    two_items_are_merged,
    an_issue_out_of_scope_is_carried_by_command,
    a_sync_is_ended_and_its_marks_are_taken_away,
    a_sync_that_was_ended_is_taken_up_again,
    issues_that_name_each_other_are_paired,
];
