//! Versions and components that people delete or merge into another, and who voted. Must never leave an issue with one that is gone.

use serde_json::{Value, json};

use super::people::Person;
use super::permissions::holds;
use super::reply::Refusal;
use super::setup::FieldType;
use super::state::{FieldKind, State, ThingKind};
use super::{Jira, change, hooks};

impl Jira {
    /// How many voted for an issue, by its id or key.
    #[must_use]
    pub fn votes(&self, issue: &str) -> usize {
        self.lock().state.issue(issue).map_or(0, |issue| issue.voters.len())
    }

    /// Deletes the version of that name as somebody in the browser. Its issues hold another instead, or none (v3: Delete and replace
    /// version, Merge versions; each issue that held it changes).
    ///
    /// # Errors
    /// 403 without project administration; 404 when there is none of that name.
    pub fn remove_version(&self, by: &Person, project: &str, name: &str, instead: Option<&str>) -> Result<(), Refusal> {
        remove(&mut self.lock().state, (by.id(), project), ThingKind::Version, name, instead)
    }

    /// The same of a component (v3: Delete component, `moveIssuesTo`).
    ///
    /// # Errors
    /// 403 without project administration; 404 when there is none of that name.
    pub fn remove_component(
        &self,
        by: &Person,
        project: &str,
        name: &str,
        instead: Option<&str>,
    ) -> Result<(), Refusal> {
        remove(&mut self.lock().state, (by.id(), project), ThingKind::Component, name, instead)
    }
}

fn remove(
    state: &mut State,
    (user, key): (&str, &str),
    kind: ThingKind,
    name: &str,
    instead: Option<&str>,
) -> Result<(), Refusal> {
    let missing = |name: &str| Refusal::message(404, format!("no `{name}` in {key}"));
    let project = state.projects.get(key).ok_or_else(|| missing(key))?;
    if !holds(state, project, None, Some(user), "ADMINISTER_PROJECTS") {
        return Err(Refusal::message(403, "You must have project administrator rights."));
    }
    let id = |name: &str| {
        let found = state.things_of(key, kind).find(|thing| thing.name == name);
        found.map(|thing| thing.id.clone()).ok_or_else(|| missing(name))
    };
    let gone = id(name)?;
    let instead = instead.map(id).transpose()?;
    let held = |value: &Value| -> Option<Value> {
        let is_it = |value: &Value| value.as_str() == Some(gone.as_str());
        if is_it(value) {
            return Some(instead.as_ref().map_or(Value::Null, |id| json!(id)));
        }
        let all = value.as_array().filter(|all| all.iter().any(is_it))?;
        let mut left: Vec<Value> = all.iter().filter(|value| !is_it(value)).cloned().collect();
        if let Some(id) = instead.as_ref().map(|id| json!(id)).filter(|id| !left.contains(id)) {
            left.push(id);
        }
        Some(Value::Array(left))
    };
    let fields: Vec<String> =
        state.fields.values().filter(|field| holds_such(&field.kind, kind)).map(|field| field.id.clone()).collect();
    let issues: Vec<u64> = state.issues.keys().copied().collect();
    for issue in issues {
        let Some(issue) = state.issues.get(&issue) else { continue };
        let changes: Vec<(String, Value)> =
            fields.iter().filter_map(|field| Some((field.clone(), held(issue.value(field))?))).collect();
        if !changes.is_empty() {
            let mut issue = (**issue).clone();
            change::log(state, &mut issue, Some(user), changes, None);
            state.store(issue);
        }
    }
    if kind == ThingKind::Version {
        hooks::tell_of_version(state, "jira:version_deleted", &gone, instead.as_deref());
    }
    state.things.retain(|thing| thing.id != gone);
    Ok(())
}

/// Whether a field holds things of that kind.
fn holds_such(field: &FieldKind, kind: ThingKind) -> bool {
    let FieldKind::Plain(field) = field else { return false };
    match kind {
        ThingKind::Version => matches!(field, FieldType::Version | FieldType::Versions),
        ThingKind::Component => matches!(field, FieldType::Components),
        ThingKind::SecurityLevel => false,
    }
}
