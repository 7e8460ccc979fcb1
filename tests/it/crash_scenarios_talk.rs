//! Stories of the crash ring about what hangs on an issue: comments, files, logged work, watchers, remote links. Must never look into
//! the daemon's state.

use serde_json::json;

use super::crash_ring::{By, Scenario, deaths_in};
use super::crash_scenarios_values::{item, key, one_of_each, with_keys, with_rows};
use super::daemon_named_files::showing;
use super::daemon_support::{World, two};

/// What the comments of an issue hold after their first line, in the order of their text.
fn said(world: &World, jira: &str) -> Vec<String> {
    let comments = world.issue(jira, "Item").comments.into_iter();
    let mut said: Vec<String> =
        comments.map(|comment| comment.body.lines().last().unwrap_or_default().to_owned()).collect();
    said.sort();
    said
}

fn comments_are_copied_once() -> Scenario {
    Scenario {
        before: item,
        act: |world| {
            let home = key(world, "acme");
            world.person("acme", "jane").comment(&home, "First").unwrap();
            world.person("acme", "omar").comment(&home, "Second").unwrap();
            world.person("globex", "jdoe").comment(&key(world, "globex"), "Theirs").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                assert_eq!(said(world, jira), ["First", "Second", "Theirs"], "{jira}");
            }
        },
        ..Scenario::of(two())
    }
}

fn comment(world: &World, jira: &str, text: &str) -> String {
    let all = world.issue(jira, "Item").comments;
    all.into_iter().find(|comment| comment.body == text).unwrap().id.to_string()
}

fn comments_are_edited_and_deleted_once() -> Scenario {
    Scenario {
        before: |world| {
            item(world);
            for text in ["Stays", "Goes", "Changes"] {
                world.person("acme", "jane").comment(&key(world, "acme"), text).unwrap();
            }
        },
        act: |world| {
            let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
            jane.delete_comment(&home, &comment(world, "acme", "Goes")).unwrap();
            jane.edit_comment(&home, &comment(world, "acme", "Changes"), "Changed").unwrap();
        },
        found: By::FullCheck,
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                assert_eq!(said(world, jira), ["Changed", "Stays"], "{jira}");
            }
        },
        ..Scenario::of(two())
    }
}

fn a_comment_that_is_narrowed_is_withdrawn() -> Scenario {
    Scenario {
        before: |world| {
            item(world);
            let omar = world.person("acme", "omar");
            omar.comment(&key(world, "acme"), "Open").unwrap();
            omar.comment(&key(world, "acme"), "Open for now").unwrap();
        },
        act: |world| {
            let (home, omar) = (key(world, "acme"), world.person("acme", "omar"));
            let which = comment(world, "acme", "Open for now");
            omar.restrict_comment(&home, &which, "Not for all", "Globex desk").unwrap();
            omar.restricted_comment(&home, "Never for all", "Globex desk").unwrap();
            omar.comment(&home, "Open again").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(said(world, "globex"), ["Open", "Open again"]);
        },
        ..Scenario::of(two())
    }
}

fn notes_of_a_desk_stay_internal() -> Scenario {
    Scenario {
        setups: |setups| setups.values_mut().for_each(|setup| setup.projects[0].service_desk = true),
        before: |world| {
            item(world);
            world.person("acme", "jane").internal_comment(&key(world, "acme"), "Note").unwrap();
        },
        act: |world| {
            let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
            jane.edit_comment(&home, &comment(world, "acme", "Note"), "Note, corrected").unwrap();
            jane.internal_comment(&home, "Another note").unwrap();
            jane.comment(&home, "Open words").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            assert_eq!(said(world, "globex"), ["Another note", "Note, corrected", "Open words"]);
            for comment in world.issue("globex", "Item").comments {
                assert_eq!(comment.internal, !comment.body.contains("Open words"), "{comment:?}");
            }
        },
        ..Scenario::of(two().replace("unrestricted = \"both\"", "unrestricted = \"both\"\ninternal = \"as-internal\""))
    }
}

fn files_are_copied_once_and_deleted_once() -> Scenario {
    Scenario {
        before: |world| {
            item(world);
            world.person("acme", "jane").attach(&key(world, "acme"), "old.txt", b"old").unwrap();
        },
        act: |world| {
            let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
            jane.detach(&world.issue("acme", "Item").attachments[0].id.to_string()).unwrap();
            jane.attach(&home, "same.txt", b"first").unwrap();
            jane.attach(&home, "same.txt", b"other").unwrap();
            world.person("globex", "jdoe").attach(&key(world, "globex"), "theirs.txt", b"theirs").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let files = world.issue(jira, "Item").attachments;
                let mut contents: Vec<&[u8]> = files.iter().map(|file| &file.content[..]).collect();
                contents.sort_unstable();
                assert_eq!(contents, [&b"first"[..], b"other", b"theirs"], "{jira}: {files:?}");
            }
        },
        ..Scenario::of(with_keys("attachments = \"both\""))
    }
}

fn a_file_goes_with_the_comment_that_names_it() -> Scenario {
    Scenario {
        before: item,
        act: |world| {
            let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
            jane.attach(&home, "plan.txt", b"plan").unwrap();
            jane.attach(&home, "unnamed.txt", b"unnamed").unwrap();
            jane.add_comment(&home, json!({ "body": showing("plan.txt") })).unwrap();
        },
        holds: |world| {
            one_of_each(world);
            let files = world.issue("globex", "Item").attachments;
            assert!(files.len() == 1 && files[0].name == "plan.txt", "{files:?}");
            assert_eq!(world.issue("globex", "Item").comments.len(), 1);
        },
        ..Scenario::of(with_keys("attachments = \"with-their-comment\""))
    }
}

const AT: &str = "2026-03-10T08:30:00.000+0000";

fn work_is_logged_changed_and_deleted_once() -> Scenario {
    Scenario {
        before: |world| {
            item(world);
            let jane = world.person("acme", "jane");
            jane.log_work(&key(world, "acme"), AT, 60, "Goes").unwrap();
            jane.log_work(&key(world, "acme"), AT, 120, "Changes").unwrap();
        },
        act: |world| {
            let (old, jane) = (world.issue("acme", "Item"), world.person("acme", "jane"));
            jane.delete_worklog(&old.key, &old.worklogs[0].id.to_string()).unwrap();
            let more = json!({ "timeSpentSeconds": 180 });
            jane.edit_worklog(&old.key, &old.worklogs[1].id.to_string(), more).unwrap();
            jane.log_work(&old.key, AT, 240, "Same").unwrap();
            jane.log_work(&old.key, AT, 240, "Same").unwrap();
            world.person("globex", "jdoe").log_work(&key(world, "globex"), AT, 300, "Theirs").unwrap();
        },
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                let work = world.issue(jira, "Item").worklogs;
                let mut seconds: Vec<u64> = work.iter().map(|work| work.seconds).collect();
                seconds.sort_unstable();
                assert_eq!(seconds, [180, 240, 240, 300], "{jira}: {work:?}");
            }
        },
        ..Scenario::of(format!("{}\n[sync.support.worklogs]\nunrestricted = \"both\"\n", two()))
    }
}

fn watchers_come_and_go_once() -> Scenario {
    let users = "users = [ { acme = \"omar@acme.example\", globex = \"mlopez\" }, { acme = \"li@acme.example\", globex = \"kchan\" },\n";
    let rows = "watchers = { on-unmapped = \"skip\" }";
    Scenario {
        before: |world| {
            item(world);
            world.person("acme", "jane").add_watcher(&key(world, "acme"), "omar").unwrap();
        },
        act: |world| {
            let (home, jane) = (key(world, "acme"), world.person("acme", "jane"));
            jane.remove_watcher(&home, "omar").unwrap();
            world.person("globex", "jdoe").add_watcher(&key(world, "globex"), "kchan").unwrap();
            jane.edit(&home, json!({ "summary": "Item, watched" })).unwrap();
        },
        found: By::FullCheck,
        holds: |world| {
            one_of_each(world);
            let watchers = |jira: &str| world.jira(jira).watchers(&key(world, jira)).into_iter().collect::<Vec<_>>();
            assert_eq!(watchers("acme"), ["jane", "li"]);
            assert_eq!(watchers("globex"), ["jdoe", "kchan"]);
        },
        ..Scenario::of(with_rows(rows).replacen("users = [", users, 1))
    }
}

fn counterparts_are_linked_once() -> Scenario {
    Scenario {
        act: item,
        holds: |world| {
            one_of_each(world);
            for jira in ["acme", "globex"] {
                assert_eq!(world.issue(jira, "Item").links.len(), 1, "{jira}");
            }
        },
        ..Scenario::of(with_keys("counterparts = \"link\""))
    }
}

deaths_in![
    comments_are_copied_once,
    comments_are_edited_and_deleted_once,
    a_comment_that_is_narrowed_is_withdrawn,
    notes_of_a_desk_stay_internal,
    files_are_copied_once_and_deleted_once,
    a_file_goes_with_the_comment_that_names_it,
    work_is_logged_changed_and_deleted_once,
    watchers_come_and_go_once,
    counterparts_are_linked_once,
];
