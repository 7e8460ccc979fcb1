//! How issues change: creation, edits, transitions, each with its author and its changelog entry. REST and the
//! in-process people come through here alike. Must never look at HTTP.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::comments;
use super::fields;
use super::parents;
use super::permissions::{self, holds};
use super::reply::Refusal;
use super::setup::FieldType;
use super::state::{Entry, Field, FieldKind, Issue, Item, Project, State, Transition};
use super::values::{self, Version};
use super::{mails, time, workflow};

/// Who asks, and in which REST version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) version: Version,
}

/// What a request body asks for, checked.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    changes: Vec<(String, Value)>,
    comments: Vec<Value>,
    properties: Vec<(String, Value)>,
    metadata: Option<Value>,
}

/// Where the fields of a request must be found.
#[derive(Clone, Copy)]
pub(crate) enum Screen<'a> {
    /// The project's create or edit screen.
    Project { creating: bool },
    /// A transition's own screen.
    Transition(&'a Transition),
}

const OFF_SCREEN: &str = "It is not on the appropriate screen, or unknown.";

pub(crate) fn off_screen(field: &str) -> String {
    format!("Field '{field}' cannot be set. {OFF_SCREEN}")
}

/// Whether this field can be written there.
pub(crate) fn is_on_screen(project: &Project, field: &Field, screen: Screen<'_>) -> bool {
    match screen {
        Screen::Transition(transition) => {
            transition.screen.contains_key(&field.id)
                && (fields::is_writable(field) || field.kind == FieldKind::Resolution)
        }
        Screen::Project { creating } => {
            let listed = project.screen.is_empty()
                || project.screen.contains(&field.id)
                || matches!(field.id.as_str(), "summary" | "issuetype" | "parent");
            fields::is_writable(field) && listed && (creating || field.id != "project")
        }
    }
}

/// Checks a request body against a screen. `current` is the issue as it is (None at creation).
pub(crate) fn draft(
    state: &State,
    project: &Project,
    current: Option<&Issue>,
    by: By<'_>,
    body: &Value,
    screen: Screen<'_>,
) -> Result<Draft, Refusal> {
    let empty = Map::new();
    let set = object(body, "fields")?.unwrap_or(&empty);
    let update = object(body, "update")?.unwrap_or(&empty);
    let mut errors = BTreeMap::new();
    let mut draft =
        Draft { metadata: body.get("historyMetadata").filter(|value| value.is_object()).cloned(), ..Draft::default() };
    draft.properties = properties(body)?;
    let creating = current.is_none();
    for (name, value) in set {
        if creating && matches!(name.as_str(), "project" | "issuetype") {
            continue;
        }
        if update.contains_key(name) {
            errors.insert(name.clone(), format!("Field '{name}' cannot appear in both 'fields' and 'update'"));
            continue;
        }
        if name == "timetracking" {
            match writable(state, project, current, by, name, screen)
                .and_then(|_| values::time_tracking(state, value, creating))
            {
                Ok(estimates) => draft.changes.extend(estimates),
                Err(reason) => drop(errors.insert(name.clone(), reason)),
            }
            continue;
        }
        match writable(state, project, current, by, name, screen).and_then(|field| {
            let parsed = values::parse(state, project, field, value, by.version)?;
            Ok(super::sprints::joined(state, field, current, parsed))
        }) {
            Ok(value) => draft.changes.push((name.clone(), value)),
            Err(reason) => drop(errors.insert(name.clone(), reason)),
        }
    }
    for (name, operations) in update {
        let operations = operations.as_array().map_or(&[][..], Vec::as_slice);
        if name == "comment" {
            draft.comments.extend(operations.iter().filter_map(|operation| operation.get("add").cloned()));
            continue;
        }
        match writable(state, project, current, by, name, screen)
            .and_then(|field| updated(state, project, field, current, operations, by.version))
        {
            Ok(value) => draft.changes.push((name.clone(), value)),
            Err(reason) => drop(errors.insert(name.clone(), reason)),
        }
    }
    errors.extend(permissions::shut(state, project, current, by.user, &draft.changes));
    errors.extend(super::requests::misfits(state, project, current, body, &draft.changes));
    require(state, project, &draft, creating, screen, &mut errors);
    if errors.is_empty() { Ok(draft) } else { Err(Refusal::fields(errors)) }
}

fn object<'a>(body: &'a Value, name: &str) -> Result<Option<&'a Map<String, Value>>, Refusal> {
    match body.get(name) {
        None => Ok(None),
        Some(value) if value.is_null() => Ok(None),
        Some(value) => {
            value.as_object().map(Some).ok_or_else(|| Refusal::message(400, format!("Can not deserialize {name}")))
        }
    }
}

/// `properties:[{key,value}]` of a create or edit body [v3, dc].
fn properties(body: &Value) -> Result<Vec<(String, Value)>, Refusal> {
    let list = body.get("properties").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|property| {
            let key = property.get("key").and_then(Value::as_str).unwrap_or_default();
            let value = property.get("value").cloned().unwrap_or(Value::Null);
            super::properties::check(key, &value)?;
            Ok((key.to_owned(), value))
        })
        .collect()
}

fn writable<'a>(
    state: &'a State,
    project: &Project,
    current: Option<&Issue>,
    by: By<'_>,
    name: &str,
    screen: Screen<'_>,
) -> Result<&'a Field, String> {
    let field =
        state.fields.get(name).filter(|field| is_on_screen(project, field, screen)).ok_or_else(|| off_screen(name))?;
    match permissions::of_field(field) {
        Some(key) if !holds(state, project, current, by.user, key) => Err(off_screen(name)),
        _ => Ok(field),
    }
}

/// Runs the operations of `update` on the present value.
fn updated(
    state: &State,
    project: &Project,
    field: &Field,
    current: Option<&Issue>,
    operations: &[Value],
    version: Version,
) -> Result<Value, String> {
    let mut value = current.map_or(Value::Null, |issue| issue.value(&field.id).clone());
    for operation in operations {
        if let Some(set) = operation.get("set") {
            value = values::parse(state, project, field, set, version)?;
            continue;
        }
        let (part, adding) = match (operation.get("add"), operation.get("remove")) {
            (Some(part), _) => (part, true),
            (None, Some(part)) => (part, false),
            (None, None) => return Err("Unknown operation".into()),
        };
        if !matches!(&field.kind, FieldKind::Plain(kind) if kind.is_set()) {
            return Err(format!("Field '{}' does not support this operation", field.id));
        }
        let parsed = values::parse(state, project, field, &json!([part]), version)?;
        let mut list = value.as_array().cloned().unwrap_or_default();
        for element in parsed.as_array().map_or(&[][..], Vec::as_slice) {
            list.retain(|known| known != element);
            if adding {
                list.push(element.clone());
            }
        }
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        value = Value::Array(list);
    }
    Ok(value)
}

/// Required fields: on create they must be there, afterwards they may not be emptied.
fn require(
    state: &State,
    project: &Project,
    draft: &Draft,
    creating: bool,
    screen: Screen<'_>,
    errors: &mut BTreeMap<String, String>,
) {
    let given = |name: &str| draft.changes.iter().find(|(field, _)| field == name).map(|(_, value)| value);
    let mut check = |name: &str, must_be_given: bool| {
        let missing = given(name).map_or(must_be_given, values::is_empty);
        if missing && !errors.contains_key(name) {
            let label = state.fields.get(name).map_or(name, |field| field.name.as_str());
            let message = match name {
                "summary" => "You must specify a summary of the issue.".to_owned(),
                _ => format!("{label} is required."),
            };
            errors.insert(name.to_owned(), message);
        }
    };
    match screen {
        Screen::Project { .. } => {
            check("summary", creating);
            project.required.iter().for_each(|name| check(name, creating));
        }
        Screen::Transition(transition) => {
            transition.screen.iter().filter(|(_, required)| **required).for_each(|(name, _)| check(name, true));
        }
    }
}

/// Creates an issue; gives its id.
pub(crate) fn create(state: &mut State, by: By<'_>, body: &Value) -> Result<u64, Refusal> {
    let wanted = body.pointer("/fields/project").cloned().unwrap_or(Value::Null);
    let reference = wanted.get("key").or_else(|| wanted.get("id")).and_then(Value::as_str).unwrap_or_default();
    let project = state
        .project(reference)
        .filter(|project| holds(state, project, None, by.user, "BROWSE_PROJECTS"))
        .ok_or_else(|| Refusal::field("project", "valid project is required"))?
        .clone();
    if !holds(state, &project, None, by.user, "CREATE_ISSUES") {
        return Err(Refusal::field("project", "You do not have permission to create issues in this project."));
    }
    let kind = state.fields.get("issuetype").map(|field| {
        let wanted = body.pointer("/fields/issuetype").cloned().unwrap_or(Value::Null);
        values::parse(state, &project, field, &wanted, by.version)
    });
    let kind = match kind {
        Some(Ok(kind)) => kind,
        Some(Err(reason)) => return Err(Refusal::field("issuetype", reason)),
        None => Value::Null,
    };
    let draft = draft(state, &project, None, by, body, Screen::Project { creating: true })?;
    parents::check(state, &project, &kind, by, &draft.changes, true)?;
    let added = draft
        .comments
        .iter()
        .map(|comment| comments::check(state, &project, None, by, comment))
        .collect::<Result<Vec<_>, _>>()?;
    state.last_issue += 1;
    let id = state.last_issue;
    let mut issue = blank(state, &project, id, by.user);
    issue.fields.insert("issuetype".into(), kind);
    for (name, value) in draft.changes {
        if !value.is_null() && is_versioned(state, &name) {
            issue.text_versions.insert(name.clone(), 1);
        }
        put(&mut issue.fields, &name, value);
    }
    issue.properties.extend(draft.properties);
    if let Some(project) = state.projects.get_mut(&project.key) {
        project.last_number += 1;
        issue.key = format!("{}-{}", project.key, project.last_number);
    }
    for comment in added {
        comments::push(state, &mut issue, by.user, comment);
    }
    let (key, epic) = (issue.key.clone(), parents::epic_of(state, &issue));
    super::rest::watcher::autowatch(state, &mut issue, by.user);
    state.store(issue);
    parents::tell_epics(state, by.user, (id, &key), &Value::Null, &epic);
    Ok(id)
}

pub(crate) fn blank(state: &State, project: &Project, id: u64, user: Option<&str>) -> Issue {
    let mut fields = BTreeMap::new();
    if let Some(status) = project.statuses.first() {
        fields.insert("status".to_owned(), json!(status));
    }
    if let Some(priority) = state.priorities.get(state.priorities.len() / 2) {
        fields.insert("priority".to_owned(), json!(priority.id));
    }
    if let Some(user) = user {
        fields.insert("reporter".to_owned(), json!(user));
    }
    if state.is_cloud() {
        fields.insert("statuscategorychangedate".to_owned(), json!(time::stamp(state.now, &state.zone)));
    }
    Issue {
        id,
        key: String::new(),
        project: project.key.clone(),
        created: state.now,
        updated: state.now,
        creator: user.map(str::to_owned),
        fields,
        properties: BTreeMap::new(),
        comments: Vec::new(),
        worklogs: Vec::new(),
        watchers: std::collections::BTreeSet::new(),
        voters: std::collections::BTreeSet::new(),
        remote_links: Vec::new(),
        issue_links: Vec::new(),
        attachments: Vec::new(),
        history: Vec::new(),
        text_versions: BTreeMap::new(),
        notifications: 1,
        archived: false,
    }
}

fn put(fields: &mut BTreeMap<String, Value>, name: &str, value: Value) {
    if values::is_empty(&value) {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
}

/// Cloud logs rich text by version.
fn is_versioned(state: &State, name: &str) -> bool {
    state.is_cloud()
        && state
            .fields
            .get(name)
            .is_some_and(|field| !field.custom && field.kind == FieldKind::Plain(FieldType::RichText))
}

/// Edits an issue (`PUT issue`). `notify` is false where the caller asked for no notifications.
pub(crate) fn edit(state: &mut State, by: By<'_>, issue: &Issue, body: &Value, notify: bool) -> Result<(), Refusal> {
    let project = project_of(state, issue)?;
    if !holds(state, &project, Some(issue), by.user, "EDIT_ISSUES") {
        return Err(Refusal::message(403, "You do not have permission to edit issues in this project."));
    }
    if issue.text("status").and_then(|id| state.status(id)).is_some_and(|status| !status.editable) {
        return Err(Refusal::message(400, "You can not edit this issue: it is in a status that does not allow edits."));
    }
    let may_silence = notify || mails::may_silence(state, &project, issue, by.user);
    if !may_silence {
        if !state.is_cloud() {
            return Err(Refusal::message(
                403,
                "To discard the user notification either admin or project admin permissions are required.",
            ));
        }
        if state.quirks.notify_without_right_drops_edit {
            return Ok(());
        }
    }
    let draft = draft(state, &project, Some(issue), by, body, Screen::Project { creating: false })?;
    parents::check(state, &project, issue.value("issuetype"), by, &draft.changes, false)?;
    super::life::may_become(state, issue, &draft.changes)?;
    // Without the right the wish is ignored: the mails go out.
    apply(state, by, issue, draft, &project, notify || !may_silence)
}

pub(crate) fn project_of(state: &State, issue: &Issue) -> Result<Project, Refusal> {
    state.projects.get(&issue.project).cloned().ok_or_else(|| Refusal::message(404, "No project could be found"))
}

fn apply(
    state: &mut State,
    by: By<'_>,
    issue: &Issue,
    draft: Draft,
    project: &Project,
    notify: bool,
) -> Result<(), Refusal> {
    let added = draft
        .comments
        .iter()
        .map(|comment| comments::check(state, project, Some(issue), by, comment))
        .collect::<Result<Vec<_>, _>>()?;
    let mut issue = issue.clone();
    let epic = parents::epic_of(state, &issue);
    issue.properties.extend(draft.properties);
    log(state, &mut issue, by.user, draft.changes, draft.metadata);
    for comment in added {
        comments::push(state, &mut issue, by.user, comment);
    }
    issue.notifications += u64::from(notify);
    let (id, key, now) = (issue.id, issue.key.clone(), parents::epic_of(state, &issue));
    state.store(issue);
    parents::tell_epics(state, by.user, (id, &key), &epic, &now);
    Ok(())
}

/// Sets values and writes one changelog entry for those that differ; without a difference there is no entry and
/// `updated` stays.
pub(crate) fn log(
    state: &mut State,
    issue: &mut Issue,
    author: Option<&str>,
    changes: Vec<(String, Value)>,
    metadata: Option<Value>,
) {
    let mut items = Vec::new();
    for (name, new) in changes {
        let Some(field) = state.fields.get(&name) else { continue };
        let old = issue.value(&name).clone();
        if old == new || (values::is_empty(&old) && values::is_empty(&new)) {
            continue;
        }
        if matches!(name.as_str(), "components" | "versions" | "fixVersions") {
            items.extend(one_by_one(state, field, &old, &new));
        } else if field.kind == FieldKind::Parent {
            items.push(parents::item(state, field, &old, &new));
        } else {
            items.push(item(state, issue, field, &old, &new));
        }
        if is_versioned(state, &name) {
            *issue.text_versions.entry(name.clone()).or_insert(0) += 1;
        }
        follow(state, issue, &name, &new);
        put(&mut issue.fields, &name, new);
    }
    if items.is_empty() {
        return;
    }
    let metadata = metadata.filter(|_| state.quirks.keeps_history_metadata);
    let entry =
        Entry { id: state.next_entry(), author: author.map(str::to_owned), created: state.now, items, metadata };
    issue.history.push(entry);
    issue.updated = state.now;
}

/// Dates that move with a status or a resolution.
fn follow(state: &State, issue: &mut Issue, name: &str, new: &Value) {
    let stamp = json!(time::stamp(state.now, &state.zone));
    if name == "resolution" {
        put(&mut issue.fields, "resolutiondate", if new.is_null() { Value::Null } else { stamp });
    } else if name == "status" && state.is_cloud() {
        let category = |value: &Value| value.as_str().and_then(|id| state.status(id)).map(|status| status.category);
        if category(issue.value("status")) != category(new) {
            put(&mut issue.fields, "statuscategorychangedate", stamp);
        }
    }
}

/// The item of one change, in the recorded shapes.
fn item(state: &State, issue: &Issue, field: &Field, old: &Value, new: &Value) -> Item {
    let (mut from, mut from_string) = values::logged(state, field, old);
    let (mut to, mut to_string) = values::logged(state, field, new);
    if field.kind == FieldKind::Plain(FieldType::Labels) {
        from_string.get_or_insert_default();
        to_string.get_or_insert_default();
    }
    if is_versioned(state, &field.id) {
        // Recorded on Cloud: rich text is logged by the version of the field, with wiki text beside it.
        let version = issue.text_versions.get(&field.id).copied().unwrap_or(0);
        from = (version > 0).then(|| text_version(issue, field, version));
        to = Some(text_version(issue, field, version + 1));
    }
    named_item(field, (from, from_string), (to, to_string))
}

/// Components and versions of the system are logged element by element: first what went, then what came.
fn one_by_one(state: &State, field: &Field, old: &Value, new: &Value) -> Vec<Item> {
    let ids = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|id| id.as_str().map(str::to_owned)).collect()
    };
    let (old, new) = (ids(old), ids(new));
    let shown = |id: &String| (Some(id.clone()), state.thing(id).map(|thing| thing.name.clone()));
    let gone = old.iter().filter(|id| !new.contains(id)).map(|id| named_item(field, shown(id), (None, None)));
    let came = new.iter().filter(|id| !old.contains(id)).map(|id| named_item(field, (None, None), shown(id)));
    gone.chain(came).collect()
}

/// What a log shows of a value: the id part and the text part.
type Logged = (Option<String>, Option<String>);

fn named_item(field: &Field, (from, from_string): Logged, (to, to_string): Logged) -> Item {
    let name = match field.id.as_str() {
        "components" => "Component".to_owned(),
        "versions" => "Version".to_owned(),
        "fixVersions" => "Fix Version".to_owned(),
        id if !field.custom => id.to_owned(),
        _ => field.name.clone(),
    };
    Item {
        field: name,
        field_type: if field.custom { "custom" } else { "jira" },
        field_id: Some(field.id.clone()),
        from,
        from_string,
        to,
        to_string,
    }
}

fn text_version(issue: &Issue, field: &Field, version: u64) -> String {
    let site = "5151ca1d-0000-4000-8000-000000000001";
    format!(r#"{{"id":"ari:cloud:jira:{site}:issuefieldvalue/{}/{}","version":"{version}"}}"#, issue.id, field.id)
}

/// Takes a transition (`POST transitions`).
pub(crate) fn transition(state: &mut State, by: By<'_>, issue: &Issue, body: &Value) -> Result<(), Refusal> {
    let project = project_of(state, issue)?;
    let wanted = body.pointer("/transition/id").filter(|id| !id.is_null());
    let Some(wanted) = wanted.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)) else {
        return Err(Refusal::field("transition", "Missing 'transition' identifier"));
    };
    let offered =
        workflow::offered(state, &project, issue, by.user).into_iter().find(|transition| transition.id == wanted);
    let Some(chosen) = offered.cloned() else {
        // "a wrong id is 400 on Cloud, 500 on DC" [v3, dc]
        return Err(if state.is_cloud() {
            Refusal::message(400, format!("Transition id '{wanted}' is not valid for this issue."))
        } else {
            Refusal::message(500, "Internal server error")
        });
    };
    let mut draft = draft(state, &project, Some(issue), by, body, Screen::Transition(&chosen))?;
    for (name, value) in &chosen.sets {
        if draft.changes.iter().any(|(field, _)| field == name) {
            continue;
        }
        if let Some(field) = state.fields.get(name)
            && let Ok(value) = values::parse(state, &project, field, value, Version::V2)
        {
            draft.changes.push((name.clone(), value));
        }
    }
    draft.changes.push(("status".into(), json!(chosen.to)));
    apply(state, by, issue, draft, &project, true)
}

/// Moves an issue to another project, as a person does in the browser: the id stays, the key changes, the old key
/// keeps working; the status becomes the new project's first where it does not exist there.
pub(crate) fn move_to(state: &mut State, user: Option<&str>, issue: &Issue, project: &str) -> Result<String, Refusal> {
    let target = state.project(project).cloned().ok_or_else(|| Refusal::message(404, "No project could be found"))?;
    let mut issue = issue.clone();
    let old = (issue.key.clone(), issue.project.clone());
    let number = target.last_number + 1;
    if let Some(project) = state.projects.get_mut(&target.key) {
        project.last_number = number;
    }
    issue.key = format!("{}-{number}", target.key);
    issue.project.clone_from(&target.key);
    let from = state.projects.get(&old.1);
    let plain = |field: &str, from: Option<String>, from_string: String, to: Option<String>, to_string: String| Item {
        field: field.into(),
        field_type: "jira",
        field_id: (field == "project").then(|| "project".to_owned()),
        from,
        from_string: Some(from_string),
        to,
        to_string: Some(to_string),
    };
    let items = vec![
        plain(
            "project",
            from.map(|project| project.id.clone()),
            from.map_or_else(String::new, |project| project.name.clone()),
            Some(target.id.clone()),
            target.name.clone(),
        ),
        plain("Key", None, old.0, None, issue.key.clone()),
    ];
    let entry =
        Entry { id: state.next_entry(), author: user.map(str::to_owned), created: state.now, items, metadata: None };
    issue.history.push(entry);
    if !issue.text("status").is_some_and(|status| target.statuses.iter().any(|known| known == status))
        && let Some(first) = target.statuses.first()
    {
        issue.fields.insert("status".into(), json!(first));
    }
    issue.updated = state.now;
    let key = issue.key.clone();
    state.store(issue);
    Ok(key)
}
