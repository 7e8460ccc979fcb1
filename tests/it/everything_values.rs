//! Values for every field, in the form in which a side's Jira takes them. Must never write them itself, but for one custom field.

use jirasyncd::simulator::{Person, Refusal};
use serde_json::{Value, json};

use super::everything_acts::Act;
use super::everything_world::{CUSTOM, Custom, GROUPS, OPTIONS, PICKED, SIDES, VERSIONS};

/// A day, or none.
pub(crate) fn date(pick: usize) -> Value {
    if pick.is_multiple_of(4) { Value::Null } else { json!(format!("2026-05-{:02}", 1 + pick % 28)) }
}

/// One element that comes or goes.
pub(crate) fn step(field: &str, verb: &str, element: &Value) -> Value {
    json!({ field: [{ verb: element }] })
}

/// Somebody writes to a custom field.
pub(crate) fn custom(act: &Act, who: &Person, key: &str) -> Result<(), Refusal> {
    let field = CUSTOM[act.pick % (CUSTOM.len() - 1)];
    let pick = act.pick / CUSTOM.len();
    let (id, canary) = (field.id(act.column), act.canary());
    if field.is_set() && !pick.is_multiple_of(7) {
        let verb = if pick.is_multiple_of(3) { "remove" } else { "add" };
        return who.update(key, step(&id, verb, &element(field, act.column, pick / 7, &canary)));
    }
    let value = if pick.is_multiple_of(4) {
        if field.is_set() { json!([]) } else { Value::Null }
    } else if field.is_set() {
        json!([element(field, act.column, pick / 7, &canary)])
    } else {
        element(field, act.column, pick / 7, &canary)
    };
    let value = if field == Custom::Notes && !value.is_null() { who.text(&format!("Note {canary}")) } else { value };
    who.edit(key, json!({ id: value }))
}

/// A value of a field, or an element of a set.
pub(crate) fn element(field: Custom, column: usize, pick: usize, canary: &str) -> Value {
    let name = SIDES[column].people[pick % 3];
    match field {
        Custom::Effort => json!(pick % 40),
        Custom::Start => json!(format!("2026-04-{:02}T10:00:00.000+0200", 1 + pick % 28)),
        Custom::Target => json!(format!("2026-05-{:02}", 1 + pick % 28)),
        Custom::Platforms | Custom::Size | Custom::Checks | Custom::Grade => json!({ "value": OPTIONS[pick % 3] }),
        Custom::Region => {
            let below = ["North", "South"][pick / 3 % 2];
            json!({ "value": OPTIONS[pick % 3], "child": { "value": below } })
        }
        Custom::Site => json!(format!("https://example.com/{canary}")),
        Custom::Owner | Custom::Reviewers if column == 1 => json!({ "name": name }),
        Custom::Owner | Custom::Reviewers => json!({ "accountId": account(column, name) }),
        Custom::Team | Custom::Teams => json!({ "name": GROUPS[pick % 3] }),
        Custom::Notes | Custom::Client | Custom::Secret => json!(format!("Text {canary}")),
        Custom::Tags => json!(canary),
        // The number of the sprint of that name, see `everything_world`.
        Custom::Sprint => json!(1 + (pick % 3 + 3 - column) % 3),
        Custom::Release | Custom::Releases => json!({ "name": VERSIONS[pick % 3] }),
        Custom::Project => json!({ "key": PICKED[pick % 3] }),
    }
}

/// The account ids of the presets' people.
fn account(column: usize, name: &str) -> &'static str {
    match (column, name) {
        (0, "jane") => "5b10a2844c20165700ede21g",
        (0, "omar") => "5b10ac8d82e05b22cc7d4ef5",
        (0, _) => "712020:0f8b1f1c-7f0e-4f6b-9d6d-0a1b2c3d4e5f",
        (_, "petra") => "60a1b2c3d4e5f60071c2d3e5",
        (_, "juergen") => "60a1b2c3d4e5f60071c2d3e6",
        (_, _) => "60a1b2c3d4e5f60071c2d3e7",
    }
}
