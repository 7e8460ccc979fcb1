//! Comments: what may be written, and how it is kept. Must never write a changelog entry: comments have none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::By;
use super::permissions::holds;
use super::reply::Refusal;
use super::state::{Comment, Issue, Project, State, Visibility};
use super::values;

/// A comment that may be added.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) body: Value,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) properties: BTreeMap<String, Value>,
}

/// Checks a comment's body, visibility and properties.
pub(crate) fn check(state: &State, project: &Project, by: By<'_>, comment: &Value) -> Result<Checked, Refusal> {
    if !holds(state, project, None, by.user, "ADD_COMMENTS") {
        let status = if state.is_cloud() { 403 } else { 400 };
        return Err(Refusal::message(status, "You do not have the permission to comment on this issue."));
    }
    let body = body(state, by, comment)?;
    let visibility = visibility(project, by.user, comment)?;
    let mut properties = BTreeMap::new();
    for property in comment.get("properties").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
        let key = property.get("key").and_then(Value::as_str).unwrap_or_default();
        let value = property.get("value").cloned().unwrap_or(Value::Null);
        super::properties::check(key, &value)?;
        if state.quirks.comment_properties_on_create {
            properties.insert(key.to_owned(), value);
        }
    }
    Ok(Checked { body, visibility, properties })
}

/// Checks the body alone (`PUT comment` may leave out the rest).
pub(crate) fn body(state: &State, by: By<'_>, comment: &Value) -> Result<Value, Refusal> {
    let body = comment.get("body").cloned().unwrap_or(Value::Null);
    let empty = if state.is_cloud() { "Comment body can not be empty!" } else { "Comment body cannot be empty." };
    if body.is_null() || body.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err(Refusal::field("comment", empty));
    }
    values::rich_text(state, by.version, &body, true).map_err(|reason| Refusal::field("comment", reason))
}

/// Checks whom something is restricted to.
pub(crate) fn visibility(
    project: &Project,
    user: Option<&str>,
    comment: &Value,
) -> Result<Option<Visibility>, Refusal> {
    let Some(wanted) = comment.get("visibility").filter(|value| !value.is_null()) else { return Ok(None) };
    let part = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, value) = (part("type"), part("value"));
    let member = user.is_some_and(|user| project.roles.get(&value).is_some_and(|members| members.contains(user)));
    if kind != "role" || !member {
        let reason = format!("You are currently not a member of the {kind}: {value}.");
        return Err(Refusal::field("commentLevel", reason));
    }
    Ok(Some(Visibility { kind, value }))
}

/// Whether this user may read the comment.
pub(crate) fn sees(project: &Project, comment: &Comment, user: Option<&str>) -> bool {
    lets_see(project, comment.visibility.as_ref(), user)
}

/// Whether a restriction lets this user read.
pub(crate) fn lets_see(project: &Project, visibility: Option<&Visibility>, user: Option<&str>) -> bool {
    visibility.is_none_or(|visibility| {
        user.is_some_and(|user| {
            visibility.kind == "role"
                && project.roles.get(&visibility.value).is_some_and(|members| members.contains(user))
        })
    })
}

/// Adds a checked comment to an issue that is about to be stored; gives its id.
pub(crate) fn push(state: &mut State, issue: &mut Issue, author: Option<&str>, checked: Checked) -> u64 {
    state.last_comment += 1;
    let id = state.last_comment;
    state.comments.insert(id, issue.id);
    issue.comments.push(Comment {
        id,
        author: author.map(str::to_owned),
        update_author: author.map(str::to_owned),
        body: checked.body,
        created: state.now,
        updated: state.now,
        visibility: checked.visibility,
        properties: checked.properties,
    });
    if state.quirks.comment_moves_updated {
        issue.updated = state.now;
    }
    id
}
