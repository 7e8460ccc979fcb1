//! Remote links of an issue. Setting one moves `updated`; with a `globalId` it is kept once, whatever is sent how often.

use serde_json::{Value, json};

use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Issue, RemoteLink, State};
use super::super::{change, permissions};
use super::Call;

/// The longest `globalId`, in characters.
const LONGEST: usize = 255;

fn linkable(state: &State, call: &Call) -> Result<Issue, Refusal> {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    if permissions::holds(state, &project, Some(&issue), call.user.as_deref(), "LINK_ISSUES") {
        return Ok(Issue::clone(&issue));
    }
    Err(Refusal::message(403, "You do not have permission to link issues in this project."))
}

fn shown(call: &Call, state: &State, issue: &Issue, link: &RemoteLink) -> Value {
    let mut body = link.body.clone();
    body["id"] = json!(link.id);
    body["self"] = json!(call.view(state).link(&format!("issue/{}/remotelink/{}", issue.id, link.id)));
    body
}

/// `GET issue/{}/remotelink`: all, or with `globalId` the one.
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let Some(global) = call.query("globalId") else {
        let all: Vec<Value> = issue.remote_links.iter().map(|link| shown(call, state, &issue, link)).collect();
        return Ok(Reply::ok(Value::Array(all)));
    };
    let found = issue.remote_links.iter().find(|link| link.global_id() == Some(global));
    let missing = || Refusal::message(404, format!("Remote issue link with globalId '{global}' was not found."));
    found.map(|link| Reply::ok(shown(call, state, &issue, link))).ok_or_else(missing)
}

/// `POST issue/{}/remotelink`: 201 for a new one and 200 for one in place of another; on Data Center 200 for both.
pub(crate) fn set(state: &mut State, call: &Call) -> Answer {
    let mut issue = linkable(state, call)?;
    let text = |at: &str| call.body.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty());
    for (at, name) in [("/object/url", "url"), ("/object/title", "title")] {
        if text(at).is_none() {
            return Err(Refusal::field(name, format!("'{name}' is required.")));
        }
    }
    let global = text("/globalId");
    if global.is_some_and(|global| global.chars().count() > LONGEST) {
        return Err(Refusal::field("globalId", "'globalId' is too long."));
    }
    let place = global.and_then(|global| issue.remote_links.iter().position(|link| link.global_id() == Some(global)));
    let id = match place.and_then(|place| issue.remote_links.get(place)) {
        Some(link) => link.id,
        None => state.next_entry(),
    };
    let link = RemoteLink { id, body: call.body.clone() };
    match place.and_then(|place| issue.remote_links.get_mut(place)) {
        Some(known) => *known = link,
        None => issue.remote_links.push(link),
    }
    issue.updated = state.now;
    let body = json!({ "id": id, "self": call.view(state).link(&format!("issue/{}/remotelink/{id}", issue.id)) });
    state.store(issue);
    Ok(if place.is_none() && state.is_cloud() { Reply::created(body) } else { Reply::ok(body) })
}

/// `DELETE issue/{}/remotelink?globalId=`
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let mut issue = linkable(state, call)?;
    let Some(global) = call.query("globalId") else {
        return Err(Refusal::message(400, "'globalId' is required."));
    };
    let before = issue.remote_links.len();
    issue.remote_links.retain(|link| link.global_id() != Some(global));
    if issue.remote_links.len() == before {
        return Err(Refusal::message(404, format!("Remote issue link with globalId '{global}' was not found.")));
    }
    issue.updated = state.now;
    state.store(issue);
    Ok(Reply::empty(204))
}
