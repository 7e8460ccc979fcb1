//! What recorded issues need of a Jira -> its description: people, projects, types, statuses, priorities, resolutions, fields
//! and their options. It must never put an issue in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::fields;
use super::super::setup::{
    Category, FieldSetup, FieldType, Kind, ProjectSetup, Setup, StatusSetup, TransitionSetup, UserSetup,
};
use super::super::time;
use super::{add_new, name_of, user_id};

/// Extends a description by whatever occurs in these issues.
pub(super) fn learn(setup: &mut Setup, issues: &[Value]) {
    for issue in issues {
        people(setup, issue);
        project(setup, issue);
        for (field, names) in [("priority", &mut setup.priorities), ("resolution", &mut setup.resolutions)] {
            let name = issue.pointer(&format!("/fields/{field}")).and_then(name_of);
            add_new(names, name.map(str::to_owned).into_iter().collect());
        }
    }
    fields_of(setup, issues);
}

fn people(setup: &mut Setup, issue: &Value) {
    let list = |at: &str| issue.pointer(at).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let fields = issue.get("fields").and_then(Value::as_object);
    let mut found: Vec<&Value> =
        fields.into_iter().flat_map(|fields| fields.values()).filter(|value| is_user(value)).collect();
    found.extend(
        fields
            .into_iter()
            .flat_map(|fields| fields.values())
            .filter_map(Value::as_array)
            .flatten()
            .filter(|value| is_user(value)),
    );
    found.extend(
        list("/fields/comment/comments").iter().flat_map(|comment| [&comment["author"], &comment["updateAuthor"]]),
    );
    found.extend(list("/changelog/histories").iter().map(|entry| &entry["author"]));
    for value in found {
        let Some(id) = user_id(value, setup.kind) else { continue };
        let part = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if setup.users.iter().any(|user| [&user.id, &user.name, &user.email].contains(&&id)) {
            continue;
        }
        let name = part("name").unwrap_or(&id);
        let email = part("emailAddress").map_or_else(|| format!("{id}@recorded.example"), str::to_owned);
        let mut user = UserSetup::new(&id, name, part("displayName").unwrap_or(name), &email);
        user.hide_email = part("emailAddress").is_none();
        user.active = value.get("active").and_then(Value::as_bool).unwrap_or(true);
        if let Some(zone) = part("timeZone") {
            user = user.zone(zone);
        }
        if let Some(kind) = part("accountType") {
            kind.clone_into(&mut user.account_type);
        }
        setup.users.push(user);
    }
}

/// Whether this is a user as either kind gives one.
fn is_user(value: &Value) -> bool {
    value.get("accountId").is_some() || (value.get("displayName").is_some() && value.get("name").is_some())
}

/// The key of an issue's project.
pub(super) fn project_key(issue: &Value) -> Option<&str> {
    let project = issue.pointer("/fields/project");
    let own = project.and_then(|project| project.get("key").and_then(Value::as_str).or_else(|| project.as_str()));
    own.or_else(|| issue.get("key")?.as_str()?.rsplit_once('-').map(|(project, _)| project))
}

fn project(setup: &mut Setup, issue: &Value) {
    let Some(key) = project_key(issue) else { return };
    let at = |part: &str| issue.pointer(&format!("/fields/{part}"));
    if !setup.projects.iter().any(|project| project.key == key) {
        let recorded = at("project/id").and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
        let free = |id: &u64| setup.projects.iter().all(|project| project.id != *id);
        let next = setup.projects.iter().map(|project| project.id + 1).max().unwrap_or(10_000);
        let name = at("project/name").and_then(Value::as_str).unwrap_or(key);
        setup.projects.push(ProjectSetup::new(key, recorded.filter(free).unwrap_or(next), name));
    }
    let Some(project) = setup.projects.iter_mut().find(|project| project.key == key) else { return };
    let kind = at("issuetype").and_then(name_of).or_else(|| project.types.is_empty().then_some("Task"));
    if let Some(kind) = kind.filter(|kind| !project.types.iter().any(|(known, _)| known == kind)) {
        let subtask = at("issuetype/subtask").and_then(Value::as_bool).unwrap_or(false);
        project.types.push((kind.to_owned(), subtask));
    }
    let status = at("status").and_then(name_of).or_else(|| project.statuses.is_empty().then_some("To Do"));
    if let Some(status) = status.filter(|status| !project.statuses.iter().any(|known| known.name == *status)) {
        let category = match at("status/statusCategory/key").and_then(Value::as_str) {
            Some("done") => Category::Done,
            Some("indeterminate") => Category::InProgress,
            _ => Category::ToDo,
        };
        // A workflow that somebody described is not opened up.
        if project.transitions.iter().all(|edge| edge.from.is_empty()) {
            project.transitions.push(TransitionSetup::new(status, &[], status));
        }
        project.statuses.push(StatusSetup { name: status.to_owned(), category, editable: true });
    }
    for comment in at("comment/comments").and_then(Value::as_array).into_iter().flatten() {
        if let Some(role) = comment.pointer("/visibility/value").and_then(Value::as_str) {
            project.roles.entry(role.to_owned()).or_default();
        }
    }
}

/// Adds fields that are not there yet; a field's type is what all of its values have in common.
fn fields_of(setup: &mut Setup, issues: &[Value]) {
    let known: BTreeSet<String> = fields::system(setup.kind).into_iter().map(|field| field.id).collect();
    let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for issue in issues {
        for (id, value) in issue.get("fields").and_then(Value::as_object).into_iter().flatten() {
            if !known.contains(id) {
                values.entry(id).or_default().push(value);
            }
        }
    }
    let names = names(issues);
    for (id, values) in values {
        if let Some(field) = setup.fields.iter_mut().find(|field| field.id == id) {
            if let FieldType::Select(options) | FieldType::MultiSelect(options) = &mut field.kind {
                add_new(options, option_names(&values));
            }
            continue;
        }
        let name = names.get(id).map_or(id, String::as_str);
        // What a system field unknown to the simulator holds is for others to interpret.
        let kind = if id.starts_with("customfield_") { kind_of(&values, setup.kind) } else { FieldType::Opaque };
        setup.fields.push(FieldSetup::new(id, name, kind));
    }
}

/// Field id -> name, as `names` or changelog entries tell.
fn names(issues: &[Value]) -> BTreeMap<&str, String> {
    let mut names = BTreeMap::new();
    for issue in issues {
        let histories = issue.pointer("/changelog/histories").and_then(Value::as_array).into_iter().flatten();
        let items = histories.filter_map(|entry| entry.get("items")?.as_array()).flatten();
        for item in items {
            if let (Some(id), Some(name)) = (item.get("fieldId").and_then(Value::as_str), item["field"].as_str()) {
                names.insert(id, name.to_owned());
            }
        }
        for (id, name) in issue.get("names").and_then(Value::as_object).into_iter().flatten() {
            names.insert(id, name.as_str().unwrap_or(id).to_owned());
        }
    }
    names
}

fn option_names(values: &[&Value]) -> Vec<String> {
    let each = values.iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(*value), Vec::as_slice));
    each.filter_map(|option| option.get("value")?.as_str()).map(str::to_owned).collect()
}

fn kind_of(values: &[&Value], kind: Kind) -> FieldType {
    let filled: Vec<&Value> = values
        .iter()
        .copied()
        .filter(|value| !value.is_null() && !value.as_array().is_some_and(Vec::is_empty))
        .collect();
    let all = |test: &dyn Fn(&Value) -> bool| !filled.is_empty() && filled.iter().all(|value| test(value));
    let text = |value: &Value, test: &dyn Fn(&str) -> bool| value.as_str().is_some_and(test);
    let each =
        |value: &Value, test: &dyn Fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(test));
    let is_option = |value: &Value| value.get("value").is_some_and(Value::is_string) && value.get("child").is_none();
    if all(&|value| text(value, &time::is_date)) {
        FieldType::Date
    } else if all(&|value| text(value, &|text| time::parse_stamp(text).is_some())) {
        FieldType::DateTime
    } else if all(&|value| text(value, &|text| text.chars().count() <= 255 && !text.contains('\n'))) {
        FieldType::Text
    } else if all(&|value| value.is_string() || (kind == Kind::Cloud && value.get("type") == Some(&Value::from("doc"))))
    {
        FieldType::RichText
    } else if all(&Value::is_number) {
        FieldType::Number
    } else if all(&is_option) {
        FieldType::Select(unique(option_names(&filled)))
    } else if all(&|value| each(value, &is_option)) {
        FieldType::MultiSelect(unique(option_names(&filled)))
    } else if all(&|value| each(value, &|part| part.as_str().is_some_and(|label| !label.contains(char::is_whitespace))))
    {
        FieldType::Labels
    } else if all(&is_user) {
        FieldType::User
    } else if all(&|value| each(value, &is_user)) {
        FieldType::Users
    } else {
        FieldType::Opaque
    }
}

fn unique(names: Vec<String>) -> Vec<String> {
    let mut unique = Vec::new();
    add_new(&mut unique, names);
    unique
}
