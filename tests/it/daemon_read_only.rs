//! Fields that Jira alone writes: they are carried out of either kind, and a row that would write to one is refused before anything is done.
//! Must never ask the daemon what a Jira holds.

use jirasyncd::simulator::{FieldSetup, FieldType};
use serde_json::json;

use super::daemon_support::{World, two};

const SPENT: &str = "customfield_41001";
const MADE: &str = "customfield_41002";
const MAKER: &str = "customfield_41003";
const OWNER: &str = "customfield_41004";

/// The two Jiras with these rows, where `to` has fields that can hold what is only read on the other.
fn world(to: &str, rows: &str) -> World {
    World::of(&two().replacen("summary = \"both\"", &format!("summary = \"both\"\n{rows}"), 1), |setups| {
        let fields = &mut setups.get_mut(to).unwrap().fields;
        fields.push(FieldSetup::new(SPENT, "Spent", FieldType::Number));
        fields.push(FieldSetup::new(MADE, "Made", FieldType::DateTime));
        fields.push(FieldSetup::new(MAKER, "Made by", FieldType::Text));
        fields.push(FieldSetup::new(OWNER, "Owner", FieldType::User));
    })
}

#[tokio::test(start_paused = true)]
async fn what_jira_alone_writes_is_carried_out_of_it() {
    for (from, who, to) in [("acme", "jane", "globex"), ("globex", "jdoe", "acme")] {
        let rows = format!(
            "spent = {{ from = [\"{from}\"], {from} = \"timespent\", {to} = \"{SPENT}\" }}\n\
             made = {{ from = [\"{from}\"], {from} = \"created\", {to} = \"{MADE}\" }}"
        );
        let mut world = world(to, &rows);
        world.start().await;
        let (project, kind) = if from == "acme" { ("SUP", "Bug") } else { ("ENG", "Defect") };
        let person = world.person(from, who);
        let key = person.create(project, kind, json!({ "summary": "Item" })).unwrap();
        world.rest().await.unwrap();
        assert!(!world.field(to, "Item", MADE).is_empty(), "{from}: when it was made is not there");
        assert_eq!(world.field(to, "Item", SPENT), "", "{from}");
        for (times, shown) in [(1, "600"), (2, "1200")] {
            let work = json!({ "started": "2026-03-02T08:30:00.000+0000", "timeSpentSeconds": 600 });
            person.add_worklog(&key, work).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(to, "Item", SPENT), shown, "{from}: after {times}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_that_would_write_what_jira_alone_writes_is_refused() {
    for (from, to) in [("acme", "globex"), ("globex", "acme")] {
        for (read, there, told) in [
            ("timespent", SPENT, "a number that is only read"),
            ("workratio", SPENT, "a number that is only read"),
            ("created", MADE, "a time that is only read"),
            ("updated", MADE, "a time that is only read"),
            ("resolutiondate", MADE, "a time that is only read"),
            ("creator", OWNER, "a user that is only read"),
        ] {
            let mut world = world(to, &format!("row = {{ {from} = \"{read}\", {to} = \"{there}\" }}"));
            let refused = format!("{:?}", world.try_start().await.unwrap_err());
            let place = format!("fields.row, side `{from}`");
            assert!(refused.contains(&place) && refused.contains(told), "{read} of {from}: {refused}");
            assert!(refused.contains("can be read as"), "{read} of {from}: {refused}");
        }
    }
}

/// Whoever made an issue is not who reports it, where somebody else is named for that.
#[tokio::test(start_paused = true)]
async fn who_made_an_issue_is_carried_out_of_it_as_text() {
    for (from, who, name, to) in [("acme", "jane", "Jane Roe", "globex"), ("globex", "jdoe", "John Doe", "acme")] {
        let row =
            format!("maker = {{ from = [\"{from}\"], {from} = \"creator\", {to} = \"{MAKER}\", kind = \"line\" }}");
        let mut world = world(to, &row);
        world.start().await;
        let (project, kind, other) = if from == "acme" { ("SUP", "Bug", "omar") } else { ("ENG", "Defect", "mlopez") };
        let person = world.person(from, who);
        let key = person.create(project, kind, json!({ "summary": "Item" })).unwrap();
        let reporter = if from == "acme" {
            json!({ "accountId": world.person(from, other).id() })
        } else {
            json!({ "name": other })
        };
        person.edit(&key, json!({ "reporter": reporter })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", MAKER), name, "{from}");
        person.edit(&key, json!({ "summary": "Item, changed" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item, changed", MAKER), name, "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_of_text_that_would_write_who_made_an_issue_is_refused() {
    for (from, to) in [("acme", "globex"), ("globex", "acme")] {
        let row = format!("maker = {{ {from} = \"creator\", {to} = \"{MAKER}\", kind = \"line\" }}");
        let mut world = world(to, &row);
        let refused = format!("{:?}", world.try_start().await.unwrap_err());
        let place = format!("fields.maker, side `{from}`");
        assert!(refused.contains(&place) && refused.contains("can be read as a line of text"), "{from}: {refused}");
    }
}
