//! Parents of issues: of sub-tasks on both kinds, of an epic's children by `parent` on Cloud and by the field Epic Link on Data
//! Center (jira-facts 10). Must never leave a sub-task without a parent.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::change::By;
use super::permissions;
use super::render::View;
use super::reply::Refusal;
use super::setup::FieldType;
use super::state::{Entry, Field, FieldKind, Issue, Item, Project, State};
use super::values;

/// The type of issues that have others as children.
const EPIC: &str = "Epic";

/// Where an issue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    SubTask,
    Standard,
    Epic,
}

/// Where issues of a type stand.
pub(crate) fn level(state: &State, kind: &Value) -> Level {
    match kind.as_str().and_then(|id| state.issue_type(id)) {
        Some(kind) if kind.subtask => Level::SubTask,
        Some(kind) if kind.name == EPIC => Level::Epic,
        Some(_) | None => Level::Standard,
    }
}

/// Whether a field is Epic Link: the parent of a standard issue on Data Center.
fn is_epic_link(field: &Field) -> bool {
    field.kind == FieldKind::Parent && field.custom
}

fn is_epic_name(field: &Field) -> bool {
    field.kind == FieldKind::Plain(FieldType::EpicName)
}

/// Whether a screen of issues at that level shows the field. Data Center takes a parent at creation only: later it is a move.
pub(crate) fn is_shown(state: &State, field: &Field, level: Level, creating: bool) -> bool {
    match (level, field.id.as_str()) {
        (Level::Epic, "parent") => false,
        (Level::Standard, "parent") => state.is_cloud(),
        (Level::SubTask, "parent") => state.is_cloud() || creating,
        (level, _) if is_epic_link(field) => level == Level::Standard,
        (level, _) if is_epic_name(field) => level == Level::Epic,
        _ => true,
    }
}

/// Whether a field must be filled at creation because of the level.
pub(crate) fn is_required(field: &Field, level: Level) -> bool {
    match level {
        Level::SubTask => field.id == "parent",
        Level::Epic => is_epic_name(field),
        Level::Standard => false,
    }
}

/// What a client wrote as a parent -> the id of the issue. Epic Link is a key, `parent` an object.
pub(crate) fn parse(state: &State, field: &Field, value: &Value) -> Result<Value, String> {
    if is_epic_link(field) {
        let Some(key) = value.as_str().filter(|key| !key.is_empty()) else {
            return if value.is_null() { Ok(Value::Null) } else { Err("Operation value must be a string".into()) };
        };
        let found = state.issue(key).ok_or_else(|| format!("Issue '{key}' does not exist."))?;
        return Ok(json!(found.id.to_string()));
    }
    if !value.is_object() {
        return Err("data was not an object".into());
    }
    // So it is taken away, on Cloud [v3].
    if state.is_cloud() && value.get("none") == Some(&Value::Bool(true)) {
        return Ok(Value::Null);
    }
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    let found = part("id").or_else(|| part("key")).and_then(|reference| state.issue(reference));
    found.map(|issue| json!(issue.id.to_string())).ok_or_else(|| "Could not find issue by id or key.".to_owned())
}

/// Whether the parents that a request gives are parents that the issue may have. `kind`: its type.
pub(crate) fn check(
    state: &State,
    project: &Project,
    kind: &Value,
    by: By<'_>,
    changes: &[(String, Value)],
    creating: bool,
) -> Result<(), Refusal> {
    let level = level(state, kind);
    let mut errors = BTreeMap::new();
    for (name, value) in changes {
        let Some(field) = state.fields.get(name) else { continue };
        if !is_shown(state, field, level, creating) {
            errors.insert(name.clone(), super::change::off_screen(name));
        } else if field.kind == FieldKind::Parent
            && let Err((at, why)) = fits(state, project, level, by, field, value)
        {
            errors.insert(at, why);
        }
    }
    let given = |name: &str| changes.iter().any(|(field, value)| field == name && !values::is_empty(value));
    if creating && level == Level::SubTask && !given("parent") {
        let why = "Issue type is a sub-task but parent issue key or id not specified.";
        errors.insert("issuetype".to_owned(), why.to_owned());
    }
    let name = state.fields.values().find(|field| is_epic_name(field));
    if let Some(field) = name.filter(|field| creating && level == Level::Epic && !given(&field.id)) {
        errors.insert(field.id.clone(), format!("{} is required.", field.name));
    }
    if errors.is_empty() { Ok(()) } else { Err(Refusal::fields(errors)) }
}

/// Whether an issue may have that parent; else the field that Jira names, and why not.
fn fits(
    state: &State,
    project: &Project,
    level: Level,
    by: By<'_>,
    field: &Field,
    value: &Value,
) -> Result<(), (String, String)> {
    let no = |at: &str, why: &str| Err((at.to_owned(), why.to_owned()));
    let id = value.as_str().and_then(|id| id.parse::<u64>().ok());
    let Some(parent) = id.and_then(|id| state.issues.get(&id)) else {
        return if level == Level::SubTask && field.id == "parent" {
            no("parent", "A sub-task must have a parent.")
        } else {
            Ok(())
        };
    };
    if !permissions::sees(state, parent, by.user) {
        return no(&field.id, "Could not find issue by id or key.");
    }
    let above = self::level(state, parent.value("issuetype"));
    if is_epic_link(field) {
        let why = format!("Issue '{}' must be of type '{EPIC}'.", parent.key);
        return if above == Level::Epic { Ok(()) } else { no(&field.id, &why) };
    }
    match (level, above) {
        (Level::SubTask, Level::Standard | Level::Epic) if parent.project != project.key => {
            no("parent", "Sub-tasks must be created in the same project as the parent.")
        }
        (Level::SubTask, Level::Standard) | (Level::Standard, Level::Epic) => Ok(()),
        // An epic has sub-tasks of its own as well.
        (Level::SubTask, Level::Epic) => Ok(()),
        (Level::SubTask, Level::SubTask) if !state.is_cloud() => no("parent", "Given parent is a sub-task."),
        (Level::SubTask | Level::Standard | Level::Epic, _) => {
            no("parentId", "Given parent work item does not belong to appropriate hierarchy.")
        }
    }
}

/// A parent as it is shown to those who may see it: of `parent` the issue in brief, of Epic Link its key.
pub(crate) fn shown(view: &View<'_>, field: &Field, value: &Value) -> Value {
    let parent = value.as_str().and_then(|id| view.state.issues.get(&id.parse().ok()?));
    let parent = parent.filter(|parent| permissions::sees(view.state, parent, view.user));
    parent.map_or(Value::Null, |parent| if field.custom { json!(parent.key) } else { view.brief(parent) })
}

/// How a parent reads in a changelog item: Cloud logs its id alone (recorded), Data Center its key too.
pub(crate) fn logged(state: &State, value: &Value) -> (Option<String>, Option<String>) {
    let id = value.as_str().map(str::to_owned);
    let issue = id.as_ref().and_then(|id| state.issues.get(&id.parse().ok()?));
    (id, issue.map(|issue| issue.key.clone()))
}

/// The item of a changed parent.
pub(crate) fn item(state: &State, field: &Field, old: &Value, new: &Value) -> Item {
    let ((from, from_key), (to, to_key)) = (logged(state, old), logged(state, new));
    let cloud = state.is_cloud();
    let name = match (cloud, field.custom) {
        (true, _) => "IssueParentAssociation",
        (false, true) => field.name.as_str(),
        (false, false) => "Parent",
    };
    Item {
        field: name.to_owned(),
        field_type: if field.custom { "custom" } else { "jira" },
        field_id: None,
        from,
        from_string: from_key.filter(|_| !cloud),
        to,
        to_string: to_key.filter(|_| !cloud),
    }
}

/// Data Center: an epic's own history tells which children came and went (recorded).
pub(crate) fn tell_epics(state: &mut State, author: Option<&str>, child: (u64, &str), old: &Value, new: &Value) {
    if old == new || state.is_cloud() {
        return;
    }
    for (epic, came) in [(old, false), (new, true)] {
        let epic = epic.as_str().and_then(|id| state.issues.get(&id.parse().ok()?));
        let Some(mut epic) = epic.map(|epic| Issue::clone(epic)) else { continue };
        let (id, key) = (Some(child.0.to_string()), Some(child.1.to_owned()));
        let ((from, from_string), (to, to_string)) =
            if came { ((None, None), (id, key)) } else { ((id, key), (None, None)) };
        let field = "Epic Child".to_owned();
        let item = Item { field, field_type: "custom", field_id: None, from, from_string, to, to_string };
        let (author, created) = (author.map(str::to_owned), state.now);
        epic.history.push(Entry { id: state.next_entry(), author, created, items: vec![item], metadata: None });
        epic.updated = state.now;
        state.store(epic);
    }
}

/// The epic that a standard issue of Data Center has.
pub(crate) fn epic_of(state: &State, issue: &Issue) -> Value {
    let link = state.fields.values().find(|field| is_epic_link(field));
    link.map_or(Value::Null, |field| issue.value(&field.id).clone())
}

/// The sub-tasks of an issue.
pub(crate) fn sub_tasks(state: &State, issue: &Issue) -> Vec<Arc<Issue>> {
    let id = issue.id.to_string();
    let is_one = |child: &&Arc<Issue>| {
        child.text("parent") == Some(&id) && level(state, child.value("issuetype")) == Level::SubTask
    };
    state.issues.values().filter(is_one).cloned().collect()
}

/// What lies below a deleted issue is below nothing then.
pub(crate) fn orphan(state: &mut State, issue: u64) {
    let id = json!(issue.to_string());
    let links: Vec<String> =
        state.fields.values().filter(|field| field.kind == FieldKind::Parent).map(|field| field.id.clone()).collect();
    let children: Vec<Issue> = state.issues.values().map(|child| Issue::clone(child)).collect();
    for mut child in children {
        let before = child.fields.len();
        child.fields.retain(|name, value| !links.contains(name) || *value != id);
        if child.fields.len() != before {
            state.store(child);
        }
    }
}

/// Gives a sub-task another parent, as a person does in the browser: on Data Center that is a move, and not of REST.
pub(crate) fn move_under(state: &mut State, user: Option<&str>, issue: &Issue, parent: &str) -> Result<(), Refusal> {
    let missing = || Refusal::message(404, "Issue Does Not Exist");
    let parent = json!(state.issue(parent).ok_or_else(missing)?.id.to_string());
    let mut issue = issue.clone();
    super::change::log(state, &mut issue, user, vec![("parent".to_owned(), parent)], None);
    state.store(issue);
    Ok(())
}
