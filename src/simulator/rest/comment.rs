//! Comments of an issue.

use serde_json::{Value, json};

use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Comment, Issue, Project, State};
use super::super::{change, comments, mails, permissions};
use super::Call;
use std::sync::Arc;

/// `GET issue/{}/comment`: Cloud 100 a page, Data Center everything unless asked.
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let (start, most) = if state.is_cloud() { call.page(100, 100)? } else { call.page(1_048_576, 1_048_576)? };
    let view = call.view(state);
    let mut visible: Vec<&Comment> = view.visible(&issue).collect();
    match call.query("orderBy") {
        None | Some("created" | "+created") => {}
        Some("-created") => visible.reverse(),
        Some(other) => return Err(Refusal::message(400, format!("orderBy '{other}' is not supported"))),
    }
    let expand = call.list("expand");
    let page: Vec<Value> =
        visible.iter().skip(start).take(most).map(|comment| view.comment(&issue, comment, &expand)).collect();
    Ok(Reply::ok(json!({ "startAt": start, "maxResults": most, "total": visible.len(), "comments": page })))
}

/// `POST comment/list`: at most 1,000 ids (v3).
pub(crate) fn by_ids(state: &mut State, call: &Call) -> Answer {
    let ids: Vec<u64> =
        call.body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect();
    if ids.is_empty() || ids.len() > 1_000 {
        return Err(Refusal::message(400, "Between 1 and 1000 comment ids can be asked for."));
    }
    let view = call.view(state);
    let expand = call.list("expand");
    let found = ids.iter().filter_map(|id| {
        let issue = state.issues.get(state.comments.get(id)?)?;
        if !permissions::sees(state, issue, call.user.as_deref()) {
            return None;
        }
        let comment = view.visible(issue).find(|comment| comment.id == *id)?;
        Some(view.comment(issue, comment, &expand))
    });
    let values: Vec<Value> = found.collect();
    Ok(Reply::ok(json!({
        "startAt": 0, "maxResults": 1_000, "total": values.len(), "isLast": true, "values": values,
    })))
}

/// `POST issue/{}/comment`
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    let checked = comments::check(state, &project, Some(&issue), call.by(), &call.body)?;
    let mut issue = Issue::clone(&issue);
    let id = comments::push(state, &mut issue, call.user.as_deref(), checked);
    let number = issue.id;
    state.store(issue);
    let view = call.view(state);
    let stored = state.issues.get(&number).and_then(|issue| Some((issue, find(issue, id)?)));
    let body = stored.map_or(Value::Null, |(issue, comment)| view.comment(issue, comment, &call.list("expand")));
    Ok(Reply::created(body))
}

fn find(issue: &Issue, id: u64) -> Option<&Comment> {
    issue.comments.iter().find(|comment| comment.id == id)
}

fn located(state: &State, call: &Call) -> Result<(Arc<Issue>, Project, u64), Refusal> {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    let id = call.parameter(1);
    let missing = || Refusal::message(404, format!("Can not find a comment for the id: {id}."));
    let number: u64 = id.parse().map_err(|_| missing())?;
    let seen =
        find(&issue, number).is_some_and(|comment| comments::sees(state, &project, comment, call.user.as_deref()));
    if seen { Ok((issue, project, number)) } else { Err(missing()) }
}

/// `GET issue/{}/comment/{}`
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    let (issue, _, id) = located(state, call)?;
    let view = call.view(state);
    let comment = find(&issue, id).map_or(Value::Null, |comment| view.comment(&issue, comment, &call.list("expand")));
    Ok(Reply::ok(comment))
}

/// Whether the caller may do this to his own (`own`) or to any (`all`) comment.
fn may(state: &State, project: &Project, issue: &Issue, call: &Call, id: u64, own: &str, all: &str) -> bool {
    let user = call.user.as_deref();
    let is_own = find(issue, id).is_some_and(|comment| comment.author.as_deref() == user);
    permissions::holds(state, project, Some(issue), user, all)
        || (is_own && permissions::holds(state, project, Some(issue), user, own))
}

/// `PUT issue/{}/comment/{}`: replaces the body; `updated` of the comment moves.
pub(crate) fn edit(state: &mut State, call: &Call) -> Answer {
    let (issue, project, id) = located(state, call)?;
    if !may(state, &project, &issue, call, id, "EDIT_OWN_COMMENTS", "EDIT_ALL_COMMENTS") {
        return Err(Refusal::message(
            if state.is_cloud() { 403 } else { 400 },
            "You do not have the permission to edit this comment.",
        ));
    }
    let body = comments::body(state, call.by(), &call.body)?;
    let child = find(&issue, id).filter(|comment| comment.parent.is_some());
    let visibility = call.body.get("visibility").filter(|_| child.is_some());
    if visibility.is_some_and(|wanted| {
        child.and_then(|comment| comment.visibility.as_ref()).map(|there| there.value.as_str())
            != wanted.get("value").and_then(Value::as_str)
    }) {
        // [v3]
        return Err(Refusal::message(400, "The visibility of a child comment cannot be changed."));
    }
    let rest = call.body.get("visibility").or_else(|| call.body.get("properties")).is_some();
    let checked = if rest { Some(comments::check(state, &project, None, call.by(), &call.body)?) } else { None };
    let mails = mails::of(state, &project, &issue, call);
    let mut issue = Issue::clone(&issue);
    issue.notifications += mails;
    let now = state.now;
    if let Some(comment) = issue.comments.iter_mut().find(|comment| comment.id == id) {
        comment.body = body;
        comment.updated = now;
        comment.update_author.clone_from(&call.user);
        if let Some(checked) = checked {
            if call.body.get("visibility").is_some() {
                comment.visibility = checked.visibility;
            }
            if call.body.get("properties").is_some() {
                comments::put_properties(&project, comment, checked.properties);
            }
        }
    }
    if state.quirks.comment_moves_updated {
        issue.updated = now;
    }
    let number = issue.id;
    state.store(issue);
    let view = call.view(state);
    let stored = state.issues.get(&number).and_then(|issue| Some((issue, find(issue, id)?)));
    Ok(Reply::ok(stored.map_or(Value::Null, |(issue, comment)| view.comment(issue, comment, &call.list("expand")))))
}

/// `DELETE issue/{}/comment/{}`: not allowed is 400 [v3, dc].
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let (issue, project, id) = located(state, call)?;
    if !may(state, &project, &issue, call, id, "DELETE_OWN_COMMENTS", "DELETE_ALL_COMMENTS") {
        return Err(Refusal::message(400, "You do not have the permission to delete this comment."));
    }
    let mut issue = Issue::clone(&issue);
    issue.comments.retain(|comment| comment.id != id);
    state.comments.remove(&id);
    if state.quirks.comment_delete_moves_updated {
        issue.updated = state.now;
    }
    state.store(issue);
    Ok(Reply::empty(204))
}
