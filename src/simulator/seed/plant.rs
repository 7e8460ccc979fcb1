//! A recorded issue -> an issue of a running Jira, with its key, id, times, comments and history. Whatever it names was made
//! before. It must never write a changelog entry of its own.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::setup::FieldType;
use super::super::state::{Comment, Entry, Field, FieldKind, Issue, Item, State, ThingKind, Visibility};
use super::super::{adf, change, time, values};
use super::{learn, name_of, user_id};

/// An issue for changelog entries that name none.
pub(super) fn nameless(project: &str, entries: Vec<Value>) -> Value {
    let first = entries.iter().filter_map(|entry| time::parse_stamp(entry.get("created")?.as_str()?)).min();
    let created = first.map(|at| time::stamp(at, &jiff::tz::TimeZone::UTC));
    json!({
        "fields": {
            "project": project, "summary": "Changelog entries that name no issue", "created": created,
        },
        "changelog": { "histories": entries },
    })
}

/// Puts one recorded issue in.
pub(crate) fn plant(state: &mut State, recorded: &Value) {
    let Some(project) = learn::project_key(recorded).and_then(|key| state.project(key)).cloned() else { return };
    let wanted = recorded.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
    let id = wanted.filter(|id| !state.issues.contains_key(id)).unwrap_or(state.last_issue + 1);
    state.last_issue = state.last_issue.max(id);
    let creator = recorded.pointer("/fields/creator").or_else(|| recorded.pointer("/fields/reporter"));
    let creator = creator.and_then(|user| person(state, user));
    let mut issue = change::blank(state, &project, id, creator.as_deref());
    issue.key = key(state, &project.key, recorded);
    issue.notifications = 0;
    if let Some(kind) = project.types.first() {
        issue.fields.insert("issuetype".into(), json!(kind));
    }
    let fields = recorded.get("fields").and_then(Value::as_object);
    for (name, value) in fields.into_iter().flatten() {
        make_things(state, &project.key, name, value);
        let Some(field) = state.fields.get(name) else { continue };
        match canonical(state, &project.key, field, value) {
            Some(value) if !values::is_empty(&value) => drop(issue.fields.insert(name.clone(), value)),
            Some(_) => drop(issue.fields.remove(name)),
            None => {}
        }
    }
    issue.created = moment(recorded.pointer("/fields/created")).unwrap_or(state.now);
    history(state, &mut issue, recorded);
    comments(state, &mut issue, recorded);
    let last = issue.history.last().map_or(issue.created, |entry| entry.created);
    issue.updated = moment(recorded.pointer("/fields/updated")).unwrap_or(last);
    state.store(issue);
}

/// The recorded key where it is free, else the project's next.
fn key(state: &mut State, project: &str, recorded: &Value) -> String {
    let own = recorded.get("key").and_then(Value::as_str).filter(|key| !state.keys.contains_key(&key.to_uppercase()));
    let Some(project) = state.projects.get_mut(project) else { return String::new() };
    if let Some(key) = own {
        let number = key.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(0);
        project.last_number = project.last_number.max(number);
        return key.to_owned();
    }
    project.last_number += 1;
    format!("{}-{}", project.key, project.last_number)
}

fn moment(value: Option<&Value>) -> Option<Timestamp> {
    value.and_then(Value::as_str).and_then(time::parse_stamp).map(time::to_millis)
}

fn person(state: &State, value: &Value) -> Option<String> {
    let id = user_id(value, state.kind)?;
    state.user(&id).map(|user| user.id.clone())
}

/// The components, versions and levels that a value names, made where the project has none of that name.
fn make_things(state: &mut State, project: &str, field: &str, value: &Value) {
    let Some(kind) = state.fields.get(field).and_then(thing_kind) else { return };
    let each = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for part in each {
        let Some(name) = name_of(part) else { continue };
        let id = state.make_thing(project, kind, name);
        if let Some(thing) = state.things.iter_mut().find(|thing| thing.id == id) {
            thing.recorded.get_or_insert_with(|| part.clone());
        }
    }
}

fn thing_kind(field: &Field) -> Option<ThingKind> {
    match &field.kind {
        FieldKind::Plain(kind) => values::thing_kind(kind).map(|(kind, _)| kind),
        FieldKind::Priority
        | FieldKind::Resolution
        | FieldKind::Status
        | FieldKind::IssueType
        | FieldKind::Project
        | FieldKind::TimeTracking
        | FieldKind::Parent
        | FieldKind::Derived => None,
    }
}

/// A recorded value as it is kept; `None` for what is computed.
fn canonical(state: &State, project: &str, field: &Field, value: &Value) -> Option<Value> {
    if value.is_null() {
        return (field.kind != FieldKind::Derived).then_some(Value::Null);
    }
    let list = |each: &dyn Fn(&Value) -> Option<Value>| -> Value {
        value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(each).collect()
    };
    let option = |value: &Value| {
        let name = name_of(value)?;
        field.options.iter().find(|(_, known)| known == name).map(|(id, _)| json!(id))
    };
    let thing = |value: &Value| {
        let (kind, name) = (thing_kind(field)?, name_of(value)?);
        state.things_of(project, kind).find(|thing| thing.name == name).map(|thing| json!(thing.id))
    };
    let user = |value: &Value| person(state, value).map(Value::from);
    let named = |known: &[super::super::state::Named]| {
        let name = name_of(value)?;
        known.iter().find(|entry| entry.name == name).map(|entry| json!(entry.id))
    };
    Some(match &field.kind {
        FieldKind::Project | FieldKind::TimeTracking | FieldKind::Parent | FieldKind::Derived => return None,
        FieldKind::Priority => named(&state.priorities)?,
        FieldKind::Resolution => named(&state.resolutions)?,
        FieldKind::Status => {
            let name = name_of(value)?;
            json!(state.statuses.iter().find(|status| status.name == name)?.id)
        }
        FieldKind::IssueType => {
            let name = name_of(value)?;
            json!(state.types.iter().find(|kind| kind.name == name)?.id)
        }
        FieldKind::Plain(kind) => match kind {
            FieldType::RichText => rich(state, value),
            FieldType::Text | FieldType::Url | FieldType::EpicLink | FieldType::EpicName => {
                value.as_str().map_or_else(|| json!(value.to_string()), |text| json!(text))
            }
            FieldType::Labels => {
                let mut labels: Vec<&str> = value.as_array()?.iter().filter_map(Value::as_str).collect();
                labels.sort_unstable();
                labels.dedup();
                json!(labels)
            }
            FieldType::User => user(value)?,
            FieldType::Users => list(&user),
            FieldType::Select(_) | FieldType::Radio(_) => option(value)?,
            FieldType::MultiSelect(_) | FieldType::Checkboxes(_) => list(&option),
            FieldType::Version | FieldType::Security => thing(value)?,
            FieldType::Versions | FieldType::Components => list(&thing),
            FieldType::Group => json!(name_of(value)?),
            FieldType::Groups => list(&|group| name_of(group).map(Value::from)),
            FieldType::Project => json!(state.project(value.get("key")?.as_str()?)?.id),
            // No recorded file has one.
            FieldType::Cascade(_) => option(value)?,
            // Recorded sprints lie on boards that were not recorded.
            FieldType::Sprint => return None,
            // Nor were service desks.
            FieldType::RequestType => return None,
            FieldType::Number | FieldType::Date | FieldType::DateTime | FieldType::Opaque => value.clone(),
        },
    })
}

/// Rich text in the markup of this kind.
fn rich(state: &State, value: &Value) -> Value {
    match (state.is_cloud(), value.as_str()) {
        (true, Some(text)) => adf::from_wiki(text),
        (false, None) => json!(adf::to_wiki(value)),
        (true, None) | (false, Some(_)) => value.clone(),
    }
}

fn history(state: &mut State, issue: &mut Issue, recorded: &Value) {
    let histories = recorded.pointer("/changelog/histories").and_then(Value::as_array).into_iter().flatten();
    for entry in histories {
        let own = entry.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        let id = own.unwrap_or(state.last_entry + 1);
        state.last_entry = state.last_entry.max(id);
        let items = entry.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        issue.history.push(Entry {
            id,
            author: entry.get("author").and_then(|author| person(state, author)),
            created: moment(entry.get("created")).unwrap_or(issue.created),
            items: items.iter().map(item).collect(),
            metadata: entry.get("historyMetadata").filter(|value| value.is_object()).cloned(),
        });
    }
    issue.history.sort_by_key(|entry| (entry.created, entry.id));
    let texts: Vec<String> = state
        .fields
        .values()
        .filter(|field| !field.custom && field.is_rich_text())
        .map(|field| field.id.clone())
        .collect();
    for field in texts.into_iter().filter(|_| state.is_cloud()) {
        let last =
            issue.history.iter().flat_map(|entry| &entry.items).rfind(|item| item.field_id.as_ref() == Some(&field));
        // Recorded: `{"id":"…","version":"3"}`.
        let version = last.and_then(|item| {
            let stored: Value = serde_json::from_str(item.to.as_deref()?).ok()?;
            stored.get("version")?.as_str()?.parse::<u64>().ok()
        });
        if version.is_some() || issue.fields.contains_key(&field) {
            issue.text_versions.insert(field, version.unwrap_or(1));
        }
    }
}

fn item(recorded: &Value) -> Item {
    let part = |name: &str| recorded.get(name).and_then(Value::as_str).map(str::to_owned);
    Item {
        field: part("field").unwrap_or_default(),
        field_type: if part("fieldtype").as_deref() == Some("custom") { "custom" } else { "jira" },
        field_id: part("fieldId"),
        from: part("from"),
        from_string: part("fromString"),
        to: part("to"),
        to_string: part("toString"),
    }
}

fn comments(state: &mut State, issue: &mut Issue, recorded: &Value) {
    for comment in recorded.pointer("/fields/comment/comments").and_then(Value::as_array).into_iter().flatten() {
        let own = comment.get("id").and_then(|id| id.as_u64().or_else(|| id.as_str()?.parse().ok()));
        let id = own.filter(|id| !state.comments.contains_key(id)).unwrap_or(state.last_comment + 1);
        state.last_comment = state.last_comment.max(id);
        state.comments.insert(id, issue.id);
        let author = comment.get("author").and_then(|author| person(state, author));
        let created = moment(comment.get("created")).unwrap_or(issue.created);
        let part = |name: &str| comment.pointer(name).and_then(Value::as_str).map(str::to_owned);
        issue.comments.push(Comment {
            id,
            update_author: comment
                .get("updateAuthor")
                .and_then(|author| person(state, author))
                .or_else(|| author.clone()),
            author,
            body: comment.get("body").map_or_else(|| rich(state, &json!("")), |body| rich(state, body)),
            created,
            updated: moment(comment.get("updated")).unwrap_or(created),
            visibility: part("/visibility/value")
                .map(|value| Visibility { kind: part("/visibility/type").unwrap_or_else(|| "role".into()), value }),
            parent: comment.get("parentId").and_then(Value::as_u64),
            properties: std::collections::BTreeMap::new(),
        });
    }
}
