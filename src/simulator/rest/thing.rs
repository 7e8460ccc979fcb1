//! Components and versions of a project: listed, and made and changed by whom administers it. Must never let two have one name.

use serde_json::{Value, json};

use super::super::hooks;
use super::super::permissions::{holds, holds_global};
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Project, State, Thing, ThingKind};
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

/// `POST component`: needs project administration; without it 403 on both kinds (v3, dc).
pub(crate) fn create_component(state: &mut State, call: &Call) -> Answer {
    let key = call.body.get("project").and_then(Value::as_str).unwrap_or_default().to_owned();
    let project = call.project(state, &key)?;
    let refusal = Refusal::message(403, "The user does not have permission to complete this operation.");
    create(state, call, &project, ThingKind::Component, refusal)
}

/// `POST version`: needs project administration; without it 404 on Cloud and 403 on Data Center (v3, dc).
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
    let given = named(state, call, project, kind, None)?;
    let Some(name) = given else {
        return Err(Refusal::field("name", format!("The {} name must have 1 to {LONGEST} characters.", word(kind))));
    };
    let days = days(call)?;
    let id = state.make_thing(&project.key, kind, &name);
    if let Some(thing) = state.thing_mut(&id) {
        fill(thing, call, days);
        // "Not applicable when creating a version" [v3]; archived is, on both kinds.
        thing.released = false;
    }
    if kind == ThingKind::Version {
        hooks::tell_of_version(state, "jira:version_created", &id, None);
    }
    let mut body = state.thing(&id).map_or(Value::Null, |thing| call.view(state).thing(thing));
    match (kind, project.id.parse::<u64>()) {
        (ThingKind::Version, Ok(id)) => body["projectId"] = json!(id),
        (ThingKind::Component, _) => body["project"] = json!(project.key),
        (ThingKind::Version | ThingKind::SecurityLevel, _) => {}
    }
    Ok(Reply::created(body))
}

fn word(kind: ThingKind) -> &'static str {
    match kind {
        ThingKind::Component => "component",
        ThingKind::Version => "version",
        ThingKind::SecurityLevel => "security level",
    }
}

/// The name that is asked for, if one is: not blank, not too long, and no other's of the project, whatever the case of its letters.
fn named(
    state: &State,
    call: &Call,
    project: &Project,
    kind: ThingKind,
    own: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let Some(name) = call.body.get("name").and_then(Value::as_str) else { return Ok(None) };
    let (name, word) = (name.trim().to_owned(), word(kind));
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(Refusal::field("name", format!("The {word} name must have 1 to {LONGEST} characters.")));
    }
    let mut others = state.things_of(&project.key, kind).filter(|thing| own != Some(thing.id.as_str()));
    if others.any(|thing| thing.name.to_lowercase() == name.to_lowercase()) {
        return Err(Refusal::field("name", format!("A {word} with the name {name} already exists in this project.")));
    }
    Ok(Some(name))
}

/// The days that are asked for, by their key.
type Days = [Option<String>; 2];

fn days(call: &Call) -> Result<Days, Refusal> {
    let day = |key: &str| match call.body.get(key).and_then(Value::as_str) {
        None => Ok(None),
        Some(day) if day.parse::<jiff::civil::Date>().is_ok() => Ok(Some(day.to_owned())),
        Some(day) => Err(Refusal::field(key, format!("'{day}' is not a valid date, yyyy-mm-dd was expected."))),
    };
    let (start, release) = (day("startDate")?, day("releaseDate")?);
    if let (Some(start), Some(release)) = (&start, &release)
        && start > release
    {
        return Err(Refusal::field("startDate", "The start date must be before the release date."));
    }
    Ok([start, release])
}

/// What is not in the body stays.
fn fill(thing: &mut Thing, call: &Call, [start, release]: Days) {
    if let Some(text) = call.body.get("description").and_then(Value::as_str) {
        text.clone_into(&mut thing.description);
    }
    if thing.kind == ThingKind::Version {
        thing.start = start.or_else(|| thing.start.take());
        thing.release = release.or_else(|| thing.release.take());
        let flag = |key: &str| call.body.get(key).and_then(Value::as_bool);
        thing.released = flag("released").unwrap_or(thing.released);
        thing.archived = flag("archived").unwrap_or(thing.archived);
    }
}

/// `PUT component/{}`: without project administration 403 on both kinds (v3, dc).
pub(crate) fn update_component(state: &mut State, call: &Call) -> Answer {
    let refusal = Refusal::message(403, "The user does not have permission to complete this operation.");
    update(state, call, ThingKind::Component, refusal)
}

/// `PUT version/{}`: without project administration 400 on Cloud (v3) and 403 on Data Center (dc). Data Center's document shows no
/// body in the answer.
pub(crate) fn update_version(state: &mut State, call: &Call) -> Answer {
    let words =
        "You must have global administrator rights or project administrator rights in order to modify versions.";
    let refusal = Refusal::message(if state.is_cloud() { 400 } else { 403 }, words);
    let reply = update(state, call, ThingKind::Version, refusal)?;
    Ok(if state.is_cloud() { reply } else { Reply::empty(200) })
}

fn update(state: &mut State, call: &Call, kind: ThingKind, no_right: Refusal) -> Answer {
    let (id, user) = (call.parameter(0).to_owned(), call.user.as_deref());
    let missing = || Refusal::message(404, format!("Could not find {} for id '{id}'", word(kind)));
    let thing = state.thing(&id).filter(|thing| thing.kind == kind).ok_or_else(missing)?;
    let project = state.projects.get(&thing.project).cloned().ok_or_else(missing)?;
    if !holds(state, &project, None, user, "BROWSE_PROJECTS") {
        return Err(missing());
    }
    if !holds(state, &project, None, user, "ADMINISTER_PROJECTS") && !holds_global(state, user, "ADMINISTER") {
        return Err(no_right);
    }
    let (name, days) = (named(state, call, &project, kind, Some(&id))?, days(call)?);
    let thing = state.thing_mut(&id).ok_or_else(missing)?;
    if let Some(name) = name {
        thing.name = name;
    }
    let before = thing.released;
    fill(thing, call, days);
    let event = match (before, thing.released) {
        (false, true) => "jira:version_released",
        (true, false) => "jira:version_unreleased",
        (true, true) | (false, false) => "jira:version_updated",
    };
    if kind == ThingKind::Version {
        hooks::tell_of_version(state, event, &id, None);
    }
    let body = state.thing(&id).map_or(Value::Null, |thing| call.view(state).thing(thing));
    Ok(Reply::ok(body))
}
