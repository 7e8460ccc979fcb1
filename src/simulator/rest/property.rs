//! Entity properties of issues and comments. Setting one moves no `updated` and makes no changelog entry.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Issue, State};
use super::super::{change, comments, permissions, properties};
use super::Call;

fn missing(key: &str) -> Refusal {
    Refusal::message(404, format!("The property with key '{key}' does not exist."))
}

fn keys(call: &Call, state: &State, base: &str, kept: &BTreeMap<String, Value>) -> Answer {
    let rows = kept
        .keys()
        .map(|key| json!({ "key": key, "self": call.view(state).link(&format!("{base}/properties/{key}")) }));
    Ok(Reply::ok(json!({ "keys": rows.collect::<Vec<_>>() })))
}

fn one(kept: &BTreeMap<String, Value>, key: &str) -> Answer {
    let value = kept.get(key).ok_or_else(|| missing(key))?;
    Ok(Reply::ok(json!({ "key": key, "value": value })))
}

/// 201 for a new one, 200 for a replaced one.
fn set(kept: &mut BTreeMap<String, Value>, key: &str, value: &Value) -> Result<u16, Refusal> {
    properties::check(key, value)?;
    Ok(if kept.insert(key.to_owned(), value.clone()).is_some() { 200 } else { 201 })
}

fn editable_issue(state: &State, call: &Call) -> Result<Issue, Refusal> {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    if permissions::holds(state, &project, Some(&issue), call.user.as_deref(), "EDIT_ISSUES") {
        return Ok(Issue::clone(&issue));
    }
    Err(Refusal::message(403, "You do not have permission to edit this issue."))
}

/// `GET issue/{}/properties`
pub(crate) fn issue_keys(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    keys(call, state, &format!("issue/{}", issue.id), &issue.properties)
}

/// `GET issue/{}/properties/{}`
pub(crate) fn issue_get(state: &mut State, call: &Call) -> Answer {
    one(&call.issue(state)?.properties, call.parameter(1))
}

/// `PUT issue/{}/properties/{}`
pub(crate) fn issue_set(state: &mut State, call: &Call) -> Answer {
    let mut issue = editable_issue(state, call)?;
    let status = set(&mut issue.properties, call.parameter(1), &call.body)?;
    state.store(issue);
    Ok(Reply::empty(status))
}

/// `DELETE issue/{}/properties/{}`
pub(crate) fn issue_delete(state: &mut State, call: &Call) -> Answer {
    let mut issue = editable_issue(state, call)?;
    issue.properties.remove(call.parameter(1)).ok_or_else(|| missing(call.parameter(1)))?;
    state.store(issue);
    Ok(Reply::empty(204))
}

/// The issue of a comment that the caller may read.
fn comment_issue(state: &State, call: &Call) -> Result<(Arc<Issue>, usize), Refusal> {
    let id = call.parameter(0);
    let lost = || Refusal::message(404, format!("Can not find a comment for the id: {id}."));
    let number: u64 = id.parse().map_err(|_| lost())?;
    let issue = state.comments.get(&number).and_then(|issue| state.issues.get(issue)).ok_or_else(lost)?;
    let project = change::project_of(state, issue)?;
    let user = call.user.as_deref();
    let position = issue
        .comments
        .iter()
        .position(|comment| comment.id == number && comments::sees(state, &project, comment, user));
    match position {
        Some(position) if permissions::sees(state, issue, user) => Ok((Arc::clone(issue), position)),
        _ => Err(lost()),
    }
}

fn editable_comment(state: &State, call: &Call) -> Result<(Issue, usize), Refusal> {
    let (issue, position) = comment_issue(state, call)?;
    let project = change::project_of(state, &issue)?;
    let user = call.user.as_deref();
    let own = issue.comments.get(position).is_some_and(|comment| comment.author.as_deref() == user);
    let may = permissions::holds(state, &project, Some(&issue), user, "EDIT_ALL_COMMENTS")
        || (own && permissions::holds(state, &project, Some(&issue), user, "EDIT_OWN_COMMENTS"));
    if may {
        return Ok((Issue::clone(&issue), position));
    }
    Err(Refusal::message(403, "You do not have the permission to edit this comment."))
}

/// `GET comment/{}/properties`
pub(crate) fn comment_keys(state: &mut State, call: &Call) -> Answer {
    let (issue, position) = comment_issue(state, call)?;
    let none = BTreeMap::new();
    let kept = issue.comments.get(position).map_or(&none, |comment| &comment.properties);
    keys(call, state, &format!("comment/{}", call.parameter(0)), kept)
}

/// `GET comment/{}/properties/{}`
pub(crate) fn comment_get(state: &mut State, call: &Call) -> Answer {
    let (issue, position) = comment_issue(state, call)?;
    let none = BTreeMap::new();
    one(issue.comments.get(position).map_or(&none, |comment| &comment.properties), call.parameter(1))
}

/// `PUT comment/{}/properties/{}`
pub(crate) fn comment_set(state: &mut State, call: &Call) -> Answer {
    let (mut issue, position) = editable_comment(state, call)?;
    let mut status = 404;
    if let Some(comment) = issue.comments.get_mut(position) {
        status = set(&mut comment.properties, call.parameter(1), &call.body)?;
    }
    state.store(issue);
    Ok(Reply::empty(status))
}

/// `DELETE comment/{}/properties/{}`
pub(crate) fn comment_delete(state: &mut State, call: &Call) -> Answer {
    let (mut issue, position) = editable_comment(state, call)?;
    let removed = issue.comments.get_mut(position).and_then(|comment| comment.properties.remove(call.parameter(1)));
    removed.ok_or_else(|| missing(call.parameter(1)))?;
    state.store(issue);
    Ok(Reply::empty(204))
}
