//! Users: who am I, who is there, who can be assigned.

use serde_json::{Value, json};

use super::super::permissions::{self, holds};
use super::super::render::View;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{State, User};
use super::Call;

/// `GET myself`
pub(crate) fn myself(state: &mut State, call: &Call) -> Answer {
    let id = call.user.as_deref().unwrap_or_default();
    let mut body = call.view(state).user(id);
    body["locale"] = json!("en_US");
    body["expand"] = json!("groups,applicationRoles");
    Ok(Reply::ok(body))
}

/// `GET user`: `accountId` on Cloud, `username` or `key` on Data Center.
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    if state.is_cloud() && !permissions::holds_global(state, call.user.as_deref(), "USER_PICKER") {
        return Err(Refusal::message(403, "You do not have the permission to browse users."));
    }
    let found = if state.is_cloud() {
        call.query("accountId").and_then(|id| state.users.get(id))
    } else {
        let by_name = call.query("username").and_then(|name| state.users.values().find(|user| user.name == name));
        by_name.or_else(|| call.query("key").and_then(|key| state.users.get(key)))
    };
    let asked = call.query("accountId").or_else(|| call.query("username")).or_else(|| call.query("key"));
    let found = found.filter(|user| !(user.gone && state.is_cloud()));
    let found = found.ok_or_else(|| {
        Refusal::message(404, format!("The user named '{}' does not exist", asked.unwrap_or_default()))
    })?;
    let mut body = call.view(state).user(&found.id);
    if call.query("expand").is_some_and(|expand| expand.split(',').any(|part| part.trim() == "groups")) {
        let view = call.view(state);
        let is_in = |(name, members): (&String, &std::collections::BTreeSet<String>)| {
            members.contains(&found.id).then(|| view.group(name))
        };
        let groups: Vec<Value> = state.group_members.iter().filter_map(is_in).collect();
        body["groups"] = json!({ "size": groups.len(), "items": groups });
    }
    Ok(Reply::ok(body))
}

/// Whether a user fits what was typed: prefix of the display name, a word of it, the login or the e-mail address.
fn fits(user: &User, text: &str) -> bool {
    let text = text.to_lowercase();
    let name = user.display_name.to_lowercase();
    let starts = |part: &str| part.to_lowercase().starts_with(&text);
    starts(&user.name)
        || (!user.hide_email && starts(&user.email))
        || name.starts_with(&text)
        || name.split(' ').any(starts)
}

fn rows<'a>(view: View<'_>, users: impl Iterator<Item = &'a User>, (start, most): (usize, usize)) -> Value {
    Value::Array(users.skip(start).take(most).map(|user| view.user(&user.id)).collect())
}

/// `GET user/search`: without Browse users and groups an empty list (v3).
pub(crate) fn search(state: &mut State, call: &Call) -> Answer {
    let page = call.page(50, 1_000)?;
    if !permissions::holds_global(state, call.user.as_deref(), "USER_PICKER") {
        return Ok(Reply::ok(json!([])));
    }
    let (text, exact) =
        if state.is_cloud() { (call.query("query"), call.query("accountId")) } else { (call.query("username"), None) };
    let with_inactive = !state.is_cloud() && call.flag("includeInactive") == Some(true);
    let shown = state.users.values().filter(|user| user.active || (with_inactive && !user.gone));
    let body = match (text, exact) {
        (Some(text), None) => rows(call.view(state), shown.filter(|user| text == "." || fits(user, text)), page),
        (None, Some(id)) => rows(call.view(state), shown.filter(|user| user.id == id), page),
        (Some(_), Some(_)) => return Err(Refusal::message(400, "Only one of query and accountId may be given.")),
        (None, None) => return Err(Refusal::message(400, "The username query parameter was not provided.")),
    };
    Ok(Reply::ok(body))
}

/// `GET users/search` (Cloud, all with the inactive), `GET user/list` (Data Center, a page with a cursor).
pub(crate) fn all(state: &mut State, call: &Call) -> Answer {
    if state.is_cloud() {
        let page = call.page(50, 1_000)?;
        return Ok(Reply::ok(rows(call.view(state), state.users.values(), page)));
    }
    let values = rows(call.view(state), state.users.values(), (0, usize::MAX));
    Ok(Reply::ok(json!({ "values": values, "isLast": true })))
}

/// `GET user/bulk` (Cloud)
pub(crate) fn bulk(state: &mut State, call: &Call) -> Answer {
    let ids: Vec<&str> =
        call.query.iter().filter(|(key, _)| key == "accountId").map(|(_, value)| value.as_str()).collect();
    if ids.is_empty() {
        return Err(Refusal::message(400, "The account ID is required."));
    }
    let (start, most) = call.page(10, 200)?;
    let found: Vec<&User> = state.users.values().filter(|user| ids.contains(&user.id.as_str())).collect();
    let view = call.view(state);
    let values: Vec<Value> = found.iter().skip(start).take(most).map(|user| view.user(&user.id)).collect();
    Ok(Reply::ok(json!({
        "startAt": start, "maxResults": most, "total": found.len(), "isLast": start + values.len() >= found.len(), "values": values,
    })))
}

/// `GET user/assignable/search`: who may be assigned in a project or an issue.
pub(crate) fn assignable(state: &mut State, call: &Call) -> Answer {
    let issue = call.query("issueKey").or_else(|| call.query("issueId"));
    entitled(state, call, (issue, "project"), "ASSIGNABLE_USER")
}

/// `GET user/viewissue/search`: who may see the issues of a project, or an issue; without Browse users and groups an empty list.
pub(crate) fn viewers(state: &mut State, call: &Call) -> Answer {
    if !permissions::holds_global(state, call.user.as_deref(), "USER_PICKER") {
        return Ok(Reply::ok(json!([])));
    }
    entitled(state, call, (call.query("issueKey"), "projectKey"), "BROWSE_PROJECTS")
}

/// The active users that fit and hold a permission in a project, or the project of an issue.
fn entitled(state: &State, call: &Call, (issue, by_project): (Option<&str>, &str), permission: &str) -> Answer {
    let page = call.page(50, 1_000)?;
    let key = match (issue, call.query(by_project)) {
        (Some(issue), _) => state.issue(issue).map(|issue| issue.project.clone()).unwrap_or_default(),
        (None, Some(project)) => project.to_owned(),
        (None, None) => return Err(Refusal::message(400, format!("Either {by_project} or issueKey must be given."))),
    };
    let project = call.project(state, &key)?;
    let text = if state.is_cloud() { call.query("query") } else { call.query("username") };
    let exact = call.query("accountId").filter(|_| state.is_cloud());
    let fitting = state
        .users
        .values()
        .filter(|user| user.active && holds(state, &project, None, Some(&user.id), permission))
        .filter(|user| text.is_none_or(|text| fits(user, text)) && exact.is_none_or(|id| user.id == id));
    Ok(Reply::ok(rows(call.view(state), fitting, page)))
}
