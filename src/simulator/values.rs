//! Field values on their way in: what a client wrote -> the canonical value, or why Jira refuses it.
//! And how a canonical value reads in a changelog item. Must never change an issue.

use serde_json::{Value, json};

use super::adf;
use super::setup::FieldType;
use super::state::{Field, FieldKind, Project, State, ThingKind};
use super::time;

/// Which REST version speaks: 3 takes ADF, 2 takes wiki text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V2,
    V3,
}

/// Rich text as a client of this version writes it -> canonical.
pub(crate) fn rich_text(state: &State, version: Version, value: &Value, comment: bool) -> Result<Value, String> {
    let limit = state.quirks.text_limit;
    let long = || format!("The entered text is too long. It exceeds the allowed limit of {limit} characters.");
    if state.is_cloud() && version == Version::V3 {
        if value.is_null() {
            return Ok(Value::Null);
        }
        if adf::check(value).is_err() {
            return Err(if comment { "Comment body is not valid!" } else { NOT_A_DOCUMENT }.into());
        }
        if adf::to_wiki(value).chars().count() > limit {
            return Err(long());
        }
        return Ok(if !comment && adf::is_blank(value) { Value::Null } else { value.clone() });
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    let Some(text) = value.as_str() else { return Err("Operation value must be a string".into()) };
    if text.chars().count() > limit {
        return Err(long());
    }
    if !comment && text.trim().is_empty() {
        return Ok(Value::Null);
    }
    Ok(if state.is_cloud() { adf::from_wiki(text) } else { value.clone() })
}

const NOT_A_DOCUMENT: &str = "Operation value must be an Atlassian Document (see the Atlassian Document Format)";

/// What a client wrote for a field -> canonical value.
pub(crate) fn parse(
    state: &State,
    project: &Project,
    field: &Field,
    value: &Value,
    version: Version,
) -> Result<Value, String> {
    match &field.kind {
        FieldKind::Plain(kind) => parse_plain(state, project, field, kind, value, version),
        FieldKind::Priority => named(&state.priorities, value, "The priority selected is invalid."),
        FieldKind::Resolution => named(&state.resolutions, value, "The resolution selected is invalid."),
        FieldKind::IssueType => issue_type(state, project, value),
        FieldKind::Parent => super::parents::parse(state, field, value),
        FieldKind::Status | FieldKind::Project | FieldKind::TimeTracking | FieldKind::Derived => {
            Err(format!("Field '{}' cannot be set.", field.id))
        }
    }
}

fn parse_plain(
    state: &State,
    project: &Project,
    field: &Field,
    kind: &FieldType,
    value: &Value,
    version: Version,
) -> Result<Value, String> {
    match kind {
        FieldType::RichText => rich_text(state, version, value, false),
        FieldType::Labels => labels(value),
        FieldType::Users => array(value)?
            .iter()
            .map(|user| user_reference(state, user))
            .collect::<Result<Vec<Value>, String>>()
            .map(Value::Array),
        FieldType::MultiSelect(_) | FieldType::Checkboxes(_) => array(value)?
            .iter()
            .map(|option| option_reference(field, option))
            .collect::<Result<Vec<Value>, String>>()
            .map(Value::Array),
        FieldType::Groups => array(value)?
            .iter()
            .map(|group| group_reference(state, group))
            .collect::<Result<Vec<Value>, String>>()
            .map(Value::Array),
        FieldType::Versions | FieldType::Components => array(value)?
            .iter()
            .map(|thing| thing_reference(state, project, kind, thing))
            .collect::<Result<Vec<Value>, String>>()
            .map(Value::Array),
        FieldType::Text | FieldType::Url | FieldType::EpicName => text(field, value),
        FieldType::Sprint => super::sprints::parse(state, value),
        FieldType::RequestType => super::requests::parse(state, project, value),
        FieldType::Opaque | FieldType::EpicLink => Err(format!("Field '{}' cannot be set.", field.id)),
        FieldType::Number
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::User
        | FieldType::Select(_)
        | FieldType::Radio(_)
        | FieldType::Cascade(_)
        | FieldType::Group
        | FieldType::Version
        | FieldType::Project
        | FieldType::Security
            if value.is_null() =>
        {
            Ok(Value::Null)
        }
        FieldType::Group => group_reference(state, value),
        FieldType::Version | FieldType::Security => thing_reference(state, project, kind, value),
        FieldType::Project => project_reference(state, value),
        FieldType::Cascade(_) => cascade_reference(field, value),
        FieldType::Number => {
            value.as_f64().map(|number| json!(number)).ok_or_else(|| "Operation value must be a number".into())
        }
        FieldType::Date => match value.as_str() {
            Some("") => Ok(Value::Null),
            Some(date) if time::is_date(date) => Ok(json!(date)),
            _ => Err(format!("Error parsing date string: {}", value.as_str().unwrap_or_default())),
        },
        FieldType::DateTime => match value.as_str().and_then(time::parse_stamp) {
            Some(at) => Ok(json!(time::stamp(at, &state.zone))),
            None => Err("Error parsing time".into()),
        },
        FieldType::User => {
            let user = user_reference(state, value)?;
            check_user(state, project, field, &user)?;
            Ok(user)
        }
        FieldType::Select(_) | FieldType::Radio(_) => option_reference(field, value),
    }
}

fn check_user(state: &State, project: &Project, field: &Field, user: &Value) -> Result<(), String> {
    let Some(id) = user.as_str() else { return Ok(()) };
    let active = state.users.get(id).is_some_and(|user| user.active);
    if field.id == "assignee"
        && !(active && super::permissions::holds(state, project, None, Some(id), "ASSIGNABLE_USER"))
    {
        return Err(format!("User '{}' cannot be assigned issues.", state.display(id)));
    }
    if state.quirks.inactive_users_refused && !active {
        return Err(format!("User '{}' is not active.", state.display(id)));
    }
    Ok(())
}

fn text(field: &Field, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let Some(text) = value.as_str() else { return Err("Operation value must be a string".into()) };
    if field.id == "summary" {
        if text.contains(['\n', '\r']) {
            return Err("The summary is invalid because it contains newline characters.".into());
        }
        if text.chars().count() > 255 {
            return Err("Summary can't exceed 255 characters.".into());
        }
        return Ok(json!(text.trim()));
    }
    if text.chars().count() > 255 {
        return Err("The entered text is too long. It exceeds the allowed limit of 255 characters.".into());
    }
    Ok(if text.is_empty() { Value::Null } else { json!(text) })
}

fn array(value: &Value) -> Result<&[Value], String> {
    if value.is_null() {
        return Ok(&[]);
    }
    value.as_array().map(Vec::as_slice).ok_or_else(|| "data was not an array".into())
}

fn labels(value: &Value) -> Result<Value, String> {
    let mut seen: Vec<&str> = Vec::new();
    for label in array(value)? {
        let Some(label) = label.as_str() else { return Err("string expected at index 0".into()) };
        if label.contains(char::is_whitespace) {
            return Err(format!("The label '{label}' contains spaces which is invalid."));
        }
        if label.chars().count() > 255 {
            return Err(format!("The label '{label}' exceeds the maximum length for labels: 255 characters."));
        }
        if !label.is_empty() && !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen.sort_unstable();
    Ok(json!(seen))
}

/// `{"accountId":…}` or `{"id":…}` on Cloud; `{"name":…}` or `{"key":…}` on Data Center; null for nobody.
pub(crate) fn user_reference(state: &State, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    if state.is_cloud() {
        let Some(id) = part("accountId").or_else(|| part("id")) else {
            return if value.get("accountId").is_some_and(Value::is_null) || value.get("id").is_some_and(Value::is_null)
            {
                Ok(Value::Null)
            } else {
                Err("Specify a valid value for accountId".into())
            };
        };
        return match state.users.get(id) {
            Some(user) => Ok(json!(user.id)),
            None => Err(format!("Specify a valid value for {id}")),
        };
    }
    if value.get("name").is_some_and(Value::is_null) {
        return Ok(Value::Null);
    }
    let found = match (part("name"), part("key")) {
        (Some(""), _) => return Ok(Value::Null),
        (Some(name), _) => state.users.values().find(|user| user.name.eq_ignore_ascii_case(name)),
        (None, Some(key)) => state.users.get(key),
        (None, None) => None,
    };
    found
        .map(|user| json!(user.id))
        .ok_or_else(|| format!("User '{}' does not exist.", part("name").or_else(|| part("key")).unwrap_or_default()))
}

fn option_reference(field: &Field, value: &Value) -> Result<Value, String> {
    let by = |name: &str| value.get(name).and_then(Value::as_str);
    let found = match (by("id"), by("value")) {
        (Some(id), _) => field.options.iter().find(|(known, _)| known == id),
        (None, Some(name)) => field.options.iter().find(|(_, known)| known == name),
        (None, None) => return Err("Specify a valid 'id' or 'name' for the option".into()),
    };
    found
        .filter(|(id, _)| !field.disabled.contains(id))
        .map(|(id, _)| json!(id))
        .ok_or_else(|| format!("Option value '{}' is not valid", by("value").or_else(|| by("id")).unwrap_or_default()))
}

/// `{"value":…,"child":{"value":…}}`, each by id as well; kept as `PARENT` or `PARENT,CHILD`.
fn cascade_reference(field: &Field, value: &Value) -> Result<Value, String> {
    let parent = option_reference(field, value)?;
    let (Some(parent), Some(child)) = (parent.as_str(), value.get("child").filter(|child| !child.is_null())) else {
        return Ok(parent);
    };
    let by = |name: &str| child.get(name).and_then(Value::as_str);
    let found = field.children.iter().find(|(above, id, name)| {
        above == parent && by("id").map_or_else(|| by("value") == Some(name), |wanted| wanted == id)
    });
    let (_, id, _) = found.ok_or_else(|| {
        format!(
            "The option '{}' is invalid for parent '{parent}'",
            by("value").or_else(|| by("id")).unwrap_or_default()
        )
    })?;
    Ok(json!(format!("{parent},{id}")))
}

/// `{"name":…}`; Cloud's examples show a bare name too.
fn group_reference(state: &State, value: &Value) -> Result<Value, String> {
    let name = value.get("name").and_then(Value::as_str).or_else(|| value.as_str()).unwrap_or_default();
    let known = state.groups.iter().find(|known| *known == name);
    known.map(|name| json!(name)).ok_or_else(|| format!("Could not find group '{name}'."))
}

/// `{"key":…}` or `{"id":…}` [v3, dc narrative]; kept as the id, since keys change. Who may choose it is asked in `permissions`.
fn project_reference(state: &State, value: &Value) -> Result<Value, String> {
    let by = |name: &str| value.get(name).and_then(Value::as_str);
    let Some(wanted) = by("id").or_else(|| by("key")) else { return Err("data was not an object".into()) };
    state.project(wanted).map(|found| json!(found.id)).ok_or_else(|| unknown_project(wanted))
}

/// What is said of a project that is not there, and of one that is not shown (memory).
pub(crate) fn unknown_project(reference: &str) -> String {
    format!("No project could be found with key '{reference}'.")
}

/// What a field of this type chooses from.
pub(crate) fn thing_kind(kind: &FieldType) -> Option<(ThingKind, &'static str)> {
    match kind {
        FieldType::Components => Some((ThingKind::Component, "Component")),
        FieldType::Version | FieldType::Versions => Some((ThingKind::Version, "Version")),
        FieldType::Security => Some((ThingKind::SecurityLevel, "Security level")),
        FieldType::Text
        | FieldType::RichText
        | FieldType::Number
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Labels
        | FieldType::User
        | FieldType::Users
        | FieldType::Select(_)
        | FieldType::MultiSelect(_)
        | FieldType::Url
        | FieldType::Radio(_)
        | FieldType::Checkboxes(_)
        | FieldType::Cascade(_)
        | FieldType::Group
        | FieldType::Groups
        | FieldType::Project
        | FieldType::EpicLink
        | FieldType::EpicName
        | FieldType::Sprint
        | FieldType::RequestType
        | FieldType::Opaque => None,
    }
}

/// A component, version or level of the project, by id or name.
fn thing_reference(state: &State, project: &Project, kind: &FieldType, value: &Value) -> Result<Value, String> {
    let Some((kind, word)) = thing_kind(kind) else { return Ok(Value::Null) };
    let by = |name: &str| value.get(name).and_then(Value::as_str);
    let mut known = state.things_of(&project.key, kind);
    let found = match (by("id"), by("name")) {
        (Some(id), _) => known.find(|thing| thing.id == id),
        (None, Some(name)) => known.find(|thing| thing.name.eq_ignore_ascii_case(name)),
        (None, None) => None,
    };
    found.map(|thing| json!(thing.id)).ok_or_else(|| match (by("name"), by("id")) {
        (Some(name), _) => format!("{word} name '{name}' is not valid"),
        (None, id) => format!("{word} id '{}' is not valid", id.unwrap_or_default()),
    })
}

/// What a client wrote as `timetracking` -> the estimates that it gives, in seconds. At creation what is only estimated is
/// what remains as well.
pub(crate) fn time_tracking(state: &State, value: &Value, creating: bool) -> Result<Vec<(String, Value)>, String> {
    let given = |name: &str| match value.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Value::Null)),
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            time::seconds(text, state.quirks.hours_per_day)
                .map(|seconds| Some(json!(seconds)))
                .ok_or_else(|| format!("The value '{text}' is not a valid time: e.g. \"3w 4d 12h\" was expected"))
        }
    };
    let (original, mut remaining) = (given("originalEstimate")?, given("remainingEstimate")?);
    if creating && remaining.is_none() {
        remaining.clone_from(&original);
    }
    let named = [("timeoriginalestimate", original), ("timeestimate", remaining)];
    Ok(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

fn named(known: &[super::state::Named], value: &Value, message: &str) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let by = |name: &str| value.get(name).and_then(Value::as_str);
    let found = match (by("id"), by("name")) {
        (Some(id), _) => known.iter().find(|entry| entry.id == id),
        (None, Some(name)) => known.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)),
        (None, None) => None,
    };
    found.map(|entry| json!(entry.id)).ok_or_else(|| message.to_owned())
}

fn issue_type(state: &State, project: &Project, value: &Value) -> Result<Value, String> {
    let by = |name: &str| value.get(name).and_then(Value::as_str);
    let found = state.types.iter().find(|kind| {
        project.types.contains(&kind.id)
            && by("id")
                .map_or_else(|| by("name").is_some_and(|name| kind.name.eq_ignore_ascii_case(name)), |id| kind.id == id)
    });
    found.map(|kind| json!(kind.id)).ok_or_else(|| "The issue type selected is invalid.".to_owned())
}

/// How one canonical value reads in a changelog item: the id part and the text part.
pub(crate) fn logged(state: &State, field: &Field, value: &Value) -> (Option<String>, Option<String>) {
    if value.is_null() {
        return (None, None);
    }
    let text = value.as_str();
    let own = |text: Option<&str>| text.map(str::to_owned);
    match &field.kind {
        FieldKind::Priority => (own(text), text.and_then(|id| name_of(&state.priorities, id))),
        FieldKind::Resolution => (own(text), text.and_then(|id| name_of(&state.resolutions, id))),
        FieldKind::Status => (own(text), text.and_then(|id| state.status(id)).map(|status| status.name.clone())),
        FieldKind::IssueType => (own(text), text.and_then(|id| state.issue_type(id)).map(|kind| kind.name.clone())),
        FieldKind::Project | FieldKind::Derived | FieldKind::TimeTracking => (own(text), own(text)),
        FieldKind::Parent => super::parents::logged(state, value),
        FieldKind::Plain(kind) => match kind {
            FieldType::Text | FieldType::Url | FieldType::EpicLink | FieldType::EpicName => (None, own(text)),
            FieldType::Sprint => super::sprints::logged(state, value),
            FieldType::RichText => (None, Some(text.map_or_else(|| adf::to_wiki(value), str::to_owned))),
            FieldType::Number => (None, value.as_f64().map(|number| number.to_string())),
            FieldType::Date if field.custom => (own(text), text.map(short_date)),
            FieldType::Date => (own(text), text.map(|date| format!("{date} 00:00:00.0"))),
            FieldType::DateTime => (own(text), own(text)),
            FieldType::Labels => (None, Some(joined(value, " ", |label| label.to_owned()))),
            FieldType::User => (own(text), text.map(|id| state.display(id))),
            FieldType::Users => (
                Some(format!("[{}]", joined(value, ", ", |id| id.to_owned()))),
                Some(format!("[{}]", joined(value, ", ", |id| state.display(id)))),
            ),
            FieldType::Select(_) | FieldType::Radio(_) => (own(text), text.and_then(|id| option_name(field, id))),
            FieldType::RequestType => (own(text), text.and_then(|id| super::requests::name(state, id))),
            FieldType::Cascade(_) => {
                let words = text.map(|path| {
                    let (parent, child) = path.split_once(',').map_or((path, None), |(parent, id)| (parent, Some(id)));
                    let first = format!("Parent values: {}({parent})", option_name(field, parent).unwrap_or_default());
                    match child {
                        Some(id) => {
                            format!("{first}Level 1 values: {}({id})", option_name(field, id).unwrap_or_default())
                        }
                        None => first,
                    }
                });
                (own(text), words)
            }
            FieldType::Group => (own(text), own(text)),
            FieldType::Groups => {
                let words = format!("[{}]", joined(value, ", ", |name| name.to_owned()));
                (Some(words.clone()), Some(words))
            }
            FieldType::Version | FieldType::Security => (own(text), text.map(|id| thing_name(state, id))),
            // By its name (memory).
            FieldType::Project => (own(text), text.and_then(|id| state.project(id)).map(|found| found.name.clone())),
            FieldType::Versions | FieldType::Components => (
                Some(format!("[{}]", joined(value, ", ", |id| id.to_owned()))),
                Some(joined(value, ",", |id| thing_name(state, id))),
            ),
            FieldType::MultiSelect(_) | FieldType::Checkboxes(_) => (
                Some(format!("[{}]", joined(value, ", ", |id| id.to_owned()))),
                Some(joined(value, ",", |id| option_name(field, id).unwrap_or_default())),
            ),
            FieldType::Opaque if matches!(field.id.as_str(), "timeestimate" | "timeoriginalestimate" | "timespent") => {
                (Some(value.to_string()), Some(value.to_string()))
            }
            FieldType::Opaque => (None, Some(text.map_or_else(|| value.to_string(), str::to_owned))),
        },
    }
}

/// `12/Jun/20`, as recorded for custom date fields.
fn short_date(date: &str) -> String {
    date.parse::<jiff::civil::Date>().map_or_else(|_| date.to_owned(), |date| date.strftime("%d/%b/%y").to_string())
}

fn joined(value: &Value, separator: &str, each: impl Fn(&str) -> String) -> String {
    let parts = value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str);
    parts.map(each).collect::<Vec<_>>().join(separator)
}

/// The name of an option.
pub(crate) fn option_name(field: &Field, id: &str) -> Option<String> {
    let below = || field.children.iter().find(|(_, known, _)| known == id).map(|(_, _, name)| name);
    field.options.iter().find(|(known, _)| known == id).map(|(_, name)| name).or_else(below).cloned()
}

/// The name of a component, version or level.
fn thing_name(state: &State, id: &str) -> String {
    state.thing(id).map(|thing| thing.name.clone()).unwrap_or_default()
}

fn name_of(known: &[super::state::Named], id: &str) -> Option<String> {
    known.iter().find(|entry| entry.id == id).map(|entry| entry.name.clone())
}

/// Whether a canonical value is as good as none.
pub(crate) fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_str().is_some_and(str::is_empty)
}
