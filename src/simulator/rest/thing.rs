//! Components and versions of a project: listed, and made by whom administers it. Must never make two of one name.

use serde_json::{Value, json};

use super::super::permissions::{holds, holds_global};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Project, State, ThingKind};
use super::Call;

/// The longest name, in characters.
const LONGEST: usize = 255;

fn listed(state: &State, call: &Call, kind: ThingKind) -> Answer {
    let project = call.project(state, call.parameter(0))?;
    let view = call.view(state);
    Ok(Reply::ok(state.things_of(&project.key, kind).map(|thing| view.thing(thing)).collect()))
}

/// `GET project/{}/components`
pub(crate) fn components(state: &mut State, call: &Call) -> Answer {
    listed(state, call, ThingKind::Component)
}

/// `GET project/{}/versions`
pub(crate) fn versions(state: &mut State, call: &Call) -> Answer {
    listed(state, call, ThingKind::Version)
}

/// `POST component`: needs project administration; without it 403 on both kinds [v3, dc].
pub(crate) fn create_component(state: &mut State, call: &Call) -> Answer {
    let key = call.body.get("project").and_then(Value::as_str).unwrap_or_default().to_owned();
    let project = call.project(state, &key)?;
    let refusal = Refusal::message(403, "The user does not have permission to complete this operation.");
    create(state, call, &project, ThingKind::Component, refusal)
}

/// `POST version`: needs project administration; without it 404 on Cloud and 403 on Data Center [v3, dc].
pub(crate) fn create_version(state: &mut State, call: &Call) -> Answer {
    let id = call.body.get("projectId").and_then(|id| id.as_u64().map(|id| id.to_string()));
    let key = call.body.get("project").and_then(Value::as_str).map(str::to_owned);
    let Some(wanted) = id.or(key) else {
        return Err(Refusal::field("projectId", "Project must be specified."));
    };
    let project = call.project(state, &wanted)?;
    let refusal = Refusal::message(
        if state.is_cloud() { 404 } else { 403 },
        format!("Project with id '{}' does not exist or you do not have permission to administer it.", project.id),
    );
    create(state, call, &project, ThingKind::Version, refusal)
}

fn create(state: &mut State, call: &Call, project: &Project, kind: ThingKind, no_right: Refusal) -> Answer {
    let user = call.user.as_deref();
    if !holds(state, project, None, user, "ADMINISTER_PROJECTS") && !holds_global(state, user, "ADMINISTER") {
        return Err(no_right);
    }
    let word = if kind == ThingKind::Component { "component" } else { "version" };
    let name = call.body.get("name").and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(Refusal::field("name", format!("The {word} name must have 1 to {LONGEST} characters.")));
    }
    if state.things_of(&project.key, kind).any(|thing| thing.name.eq_ignore_ascii_case(&name)) {
        return Err(Refusal::field("name", format!("A {word} with the name {name} already exists in this project.")));
    }
    let id = state.make_thing(&project.key, kind, &name);
    let mut body = state.thing(&id).map_or(Value::Null, |thing| call.view(state).thing(thing));
    match (kind, project.id.parse::<u64>()) {
        (ThingKind::Version, Ok(id)) => body["projectId"] = json!(id),
        (ThingKind::Component, _) => body["project"] = json!(project.key),
        (ThingKind::Version | ThingKind::SecurityLevel, _) => {}
    }
    Ok(Reply::created(body))
}
