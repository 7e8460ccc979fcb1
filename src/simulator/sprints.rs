//! The field Sprint, with its awkward forms (jira-facts 16). Must never forget a sprint that is over: an issue that was in it
//! keeps it.

use serde_json::{Value, json};

use super::hooks;
use super::jira::Jira;
use super::setup::{FieldType, SprintState};
use super::state::{Field, FieldKind, Issue, Sprint, State};

impl Jira {
    /// The ids of the options of a field, in their order.
    #[must_use]
    pub fn option_ids(&self, field: &str) -> Vec<String> {
        let inside = self.lock();
        let found = inside.state.fields.get(field);
        found.into_iter().flat_map(|field| &field.options).map(|(id, _)| id.clone()).collect()
    }

    /// Disables an option of a field, or enables it again.
    pub fn enable_option(&self, field: &str, option: &str, enabled: bool) {
        let mut inside = self.lock();
        let Some(field) = inside.state.fields.get_mut(field) else { return };
        let ids = field.options.iter().filter(|(_, name)| name == option).map(|(id, _)| id.clone());
        for id in ids.collect::<Vec<_>>() {
            if enabled {
                field.disabled.remove(&id)
            } else {
                field.disabled.insert(id)
            };
        }
    }

    /// Adds a sprint to a project's board.
    pub fn add_sprint(&self, project: &str, name: &str, how_far: SprintState) {
        self.lock().state.make_sprint(project, name, how_far);
    }

    /// Deletes the sprint of that name, which no issue may hold.
    pub fn delete_sprint(&self, name: &str) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        let Some(sprint) = state.sprints.iter().find(|sprint| sprint.name == name).cloned() else { return };
        let shown = listed(state, &sprint);
        hooks::tell_of_sprint(state, "sprint_deleted", &shown);
        state.sprints.retain(|known| known.id != sprint.id);
    }

    /// Ends a sprint or begins one. The issues in it do not change by it, and nothing is logged.
    pub fn set_sprint(&self, name: &str, how_far: SprintState) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        let mut changed = Vec::new();
        for sprint in state.sprints.iter_mut().filter(|sprint| sprint.name == name && sprint.state != how_far) {
            sprint.state = how_far;
            changed.push(sprint.clone());
        }
        let event = match how_far {
            SprintState::Future => "sprint_updated",
            SprintState::Active => "sprint_started",
            SprintState::Closed => "sprint_closed",
        };
        for sprint in changed {
            let shown = listed(state, &sprint);
            hooks::tell_of_sprint(state, event, &shown);
        }
    }
}

impl SprintState {
    /// Jira's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Active => "active",
            Self::Closed => "closed",
        }
    }
}

impl State {
    /// Makes a sprint on a project's board.
    pub(crate) fn make_sprint(&mut self, project: &str, name: &str, state: SprintState) {
        self.last_sprint += 1;
        let id = self.last_sprint;
        let sprint = Sprint { id, name: name.to_owned(), state, project: project.to_owned() };
        let shown = listed(self, &sprint);
        self.sprints.push(sprint);
        hooks::tell_of_sprint(self, "sprint_created", &shown);
    }

    fn sprint(&self, id: &Value) -> Option<&Sprint> {
        let id = id.as_str()?;
        self.sprints.iter().find(|sprint| sprint.id.to_string() == id)
    }
}

/// The board that a sprint lies on: the only one of its project.
pub(crate) fn board_of(state: &State, sprint: &Sprint) -> u64 {
    state.projects.get(&sprint.project).and_then(|project| project.id.parse().ok()).unwrap_or_default()
}

/// A sprint as REST of Jira Software shows it, and as webhooks do.
pub(crate) fn listed(state: &State, sprint: &Sprint) -> Value {
    json!({
        "id": sprint.id, "self": format!("{}/rest/agile/1.0/sprint/{}", state.base, sprint.id), "goal": "",
        "state": sprint.state.word(), "name": sprint.name, "originBoardId": board_of(state, sprint),
    })
}

/// What a client wrote as a sprint -> its id alone. It is a number (memory: a text of digits will do).
pub(crate) fn parse(state: &State, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let number = number.ok_or("Number value expected as the Sprint id.")?;
    match state.sprints.iter().find(|sprint| sprint.id == number) {
        None => Err(format!("Sprint with id {number} does not exist.")),
        Some(Sprint { state: SprintState::Closed, .. }) => Err("Issues can only be moved to open sprints.".to_owned()),
        Some(sprint) => Ok(json!([sprint.id.to_string()])),
    }
}

/// The whole value that a written one makes: what is over stays.
pub(crate) fn joined(state: &State, field: &Field, current: Option<&Issue>, value: Value) -> Value {
    if field.kind != FieldKind::Plain(FieldType::Sprint) {
        return value;
    }
    let before = current.and_then(|issue| issue.value(&field.id).as_array().cloned()).unwrap_or_default();
    let over = |id: &Value| state.sprint(id).is_some_and(|sprint| sprint.state == SprintState::Closed);
    let mut all: Vec<Value> = before.into_iter().filter(over).collect();
    all.extend(value.as_array().cloned().unwrap_or_default());
    if all.is_empty() { Value::Null } else { Value::Array(all) }
}

/// The value as it is read: objects, or what Java prints of them.
pub(crate) fn shown(state: &State, value: &Value) -> Value {
    let all = value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(|id| state.sprint(id));
    let objects = state.is_cloud() || state.quirks.sprints_are_objects;
    let list: Vec<Value> =
        all.map(|sprint| if objects { object(state, sprint) } else { printed(state, sprint) }).collect();
    if list.is_empty() { Value::Null } else { Value::Array(list) }
}

fn object(state: &State, sprint: &Sprint) -> Value {
    let mut body = json!({
        "id": sprint.id, "name": sprint.name, "state": sprint.state.word(), "boardId": board_of(state, sprint), "goal": "",
    });
    if sprint.state != SprintState::Future {
        body["startDate"] = json!("2026-01-05T08:00:00.000Z");
        body["endDate"] = json!("2026-01-19T08:00:00.000Z");
    }
    if sprint.state == SprintState::Closed {
        body["completeDate"] = json!("2026-01-19T09:00:00.000Z");
    }
    body
}

fn printed(state: &State, sprint: &Sprint) -> Value {
    let begun = if sprint.state == SprintState::Future { "<null>" } else { "2026-01-05T08:00:00.000Z" };
    let ends = if sprint.state == SprintState::Future { "<null>" } else { "2026-01-19T08:00:00.000Z" };
    let over = if sprint.state == SprintState::Closed { "2026-01-19T09:00:00.000Z" } else { "<null>" };
    json!(format!(
        "com.atlassian.greenhopper.service.sprint.Sprint@1b2c3d{id}[id={id},rapidViewId={board},state={word},name={name},\
         startDate={begun},endDate={ends},completeDate={over},activatedDate={begun},sequence={id},goal=,autoStartStop=false]",
        id = sprint.id,
        board = board_of(state, sprint),
        word = sprint.state.word().to_uppercase(),
        name = sprint.name,
    ))
}

/// How it reads in a changelog item: ids and names of all.
pub(crate) fn logged(state: &State, value: &Value) -> (Option<String>, Option<String>) {
    let all: Vec<&Sprint> =
        value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(|id| state.sprint(id)).collect();
    let ids: Vec<String> = all.iter().map(|sprint| sprint.id.to_string()).collect();
    let names: Vec<&str> = all.iter().map(|sprint| sprint.name.as_str()).collect();
    (Some(ids.join(", ")), Some(names.join(", ")))
}
