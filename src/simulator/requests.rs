//! Request types of service desks: what the field takes, and what it shows (jira-facts 16). Must never take the type of another
//! desk, nor one that is made as another issue type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::build::type_id;
use super::jira::Jira;
use super::setup::{FieldType, ProjectSetup};
use super::state::{FieldKind, Issue, Project, RequestType, State};

/// The first id of a request type, less one.
const BEFORE_FIRST: usize = 40;

impl Jira {
    /// What a client writes for a request type of a project: its id on Cloud, the keys of portal and type on Data Center. Empty
    /// where the project has none of that name.
    #[must_use]
    pub fn request_type(&self, project: &str, name: &str) -> String {
        let inside = self.lock();
        let found = inside.state.projects.get(project).and_then(|project| {
            let found = project.request_types.iter().find(|kind| kind.name == name)?;
            Some(written(&inside.state, project, found))
        });
        found.unwrap_or_default()
    }

    /// Adds a request type to a project's service desk; it is made as an issue type of the project.
    pub fn add_request_type(&self, project: &str, name: &str, issue_type: &str) {
        let mut inside = self.lock();
        let known = inside.state.types.iter().find(|kind| kind.name == issue_type).map(|kind| kind.id.clone());
        let number = count(&inside.state);
        if let (Some(issue_type), Some(project)) = (known, inside.state.projects.get_mut(project)) {
            project.request_types.push(new(number, name, issue_type));
        }
    }

    /// Gives a project's portal another key, as one has whose project was called otherwise when it was made.
    pub fn set_portal(&self, project: &str, key: &str) {
        if let Some(project) = self.lock().state.projects.get_mut(project) {
            key.clone_into(&mut project.portal);
        }
    }
}

fn count(state: &State) -> usize {
    state.projects.values().map(|project| project.request_types.len()).sum()
}

fn new(number: usize, name: &str, issue_type: String) -> RequestType {
    let id = BEFORE_FIRST + 1 + number;
    // As Jira makes them for types that an administrator adds.
    let key = format!("0b6c1f4e-77aa-4d0f-9c3e-{:012}", 7 * id);
    RequestType { id: id.to_string(), key, name: name.to_owned(), issue_type }
}

/// The request types of a new project.
pub(crate) fn made(state: &mut State, setup: &ProjectSetup) -> Vec<RequestType> {
    let before = count(state);
    let mut all = Vec::new();
    for (number, (name, issue_type)) in setup.request_types.iter().enumerate() {
        all.push(new(before + number, name, type_id(state, issue_type, false)));
    }
    all
}

/// The id of a project's service desk, which is not the project's.
pub(crate) fn desk_of(project: &Project) -> String {
    (7 + project.id.parse::<u64>().unwrap_or_default()).to_string()
}

fn written(state: &State, project: &Project, kind: &RequestType) -> String {
    if state.is_cloud() { kind.id.clone() } else { format!("{}/{}", project.portal, kind.key) }
}

/// What a client wrote as a request type -> its id. It is a text: the id on Cloud, `portal/type` on Data Center (jira-facts 16; the
/// documentation of JQL's `Customer Request Type` names the latter too).
pub(crate) fn parse(state: &State, project: &Project, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let text = value.as_str().ok_or("Operation value must be a string")?;
    let found = project.request_types.iter().find(|kind| written(state, project, kind) == text);
    found.map(|kind| json!(kind.id)).ok_or_else(|| format!("Request type '{text}' is not valid."))
}

/// Why request types that are written do not go with the issue's type, as it is or becomes.
pub(crate) fn misfits(
    state: &State,
    project: &Project,
    current: Option<&Issue>,
    body: &Value,
    changes: &[(String, Value)],
) -> BTreeMap<String, String> {
    let is_request = |field: &str| {
        state.fields.get(field).is_some_and(|field| field.kind == FieldKind::Plain(FieldType::RequestType))
    };
    let written = changes.iter().filter(|(field, value)| !value.is_null() && is_request(field));
    let becomes = || {
        let changed = changes.iter().find(|(field, _)| field == "issuetype").map(|(_, kind)| kind.clone());
        changed.or_else(|| current.map(|issue| issue.value("issuetype").clone())).or_else(|| {
            let field = state.fields.get("issuetype")?;
            let named = body.pointer("/fields/issuetype")?;
            super::values::parse(state, project, field, named, super::values::Version::V2).ok()
        })
    };
    let fits = |id: &Value| {
        let kind = project.request_types.iter().find(|kind| id.as_str() == Some(kind.id.as_str()));
        kind.is_none_or(|kind| becomes().is_none_or(|becomes| becomes.as_str() == Some(kind.issue_type.as_str())))
    };
    let wrong = written.filter(|(_, id)| !fits(id));
    wrong
        .map(|(field, _)| (field.clone(), "The request type is not valid for the issue type of this issue.".to_owned()))
        .collect()
}

fn find<'a>(state: &'a State, id: &str) -> Option<(&'a Project, &'a RequestType)> {
    let mut all =
        state.projects.values().flat_map(|project| project.request_types.iter().map(move |kind| (project, kind)));
    all.find(|(_, kind)| kind.id == id)
}

/// What a request type is called.
pub(crate) fn name(state: &State, id: &str) -> Option<String> {
    find(state, id).map(|(_, kind)| kind.name.clone())
}

/// A request type as service desks list it.
pub(crate) fn row(state: &State, project: &Project, kind: &RequestType) -> Value {
    let desk = desk_of(project);
    json!({
        "_expands": ["field"], "id": kind.id, "name": kind.name, "description": "", "helpText": "",
        "issueTypeId": kind.issue_type, "serviceDeskId": desk, "portalId": desk, "groupIds": ["1"],
        "_links": { "self": format!("{}/rest/servicedeskapi/servicedesk/{desk}/requesttype/{}", state.base, kind.id) },
    })
}

/// A request type as an issue shows it: an object that holds one, beside the customer's view of the status.
pub(crate) fn shown(state: &State, value: &Value) -> Value {
    let Some((project, kind)) = value.as_str().and_then(|id| find(state, id)) else { return Value::Null };
    json!({
        "_links": { "web": format!("{}/servicedesk/customer/portal/{}", state.base, desk_of(project)) },
        "requestType": row(state, project, kind),
        "currentStatus": { "status": "Waiting for support" },
    })
}
