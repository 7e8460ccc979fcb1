//! Comments: what may be written, and how it is kept. Must never write a changelog entry: comments have none.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::By;
use super::permissions::has_role;
use super::permissions::holds;
use super::reply::Refusal;
use super::state::{Comment, Issue, Project, State, Visibility};
use super::values;

/// The property that makes a service desk's comment internal.
const INTERNAL: &str = "sd.public.comment";

/// A comment that may be added.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) body: Value,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) parent: Option<u64>,
    pub(crate) properties: BTreeMap<String, Value>,
}

/// Checks a comment's body, visibility and properties.
pub(crate) fn check(
    state: &State,
    project: &Project,
    issue: Option<&Issue>,
    by: By<'_>,
    comment: &Value,
) -> Result<Checked, Refusal> {
    if !holds(state, project, None, by.user, "ADD_COMMENTS") {
        let status = if state.is_cloud() { 403 } else { 400 };
        return Err(Refusal::message(status, "You do not have the permission to comment on this issue."));
    }
    let body = body(state, by, comment)?;
    let mut visibility = visibility(state, project, by.user, comment)?;
    let parent = parent(state, project, issue, by, comment)?;
    if let Some(parent) = parent {
        // A child inherits the visibility of what it answers [v3].
        visibility.clone_from(&parent.visibility);
    }
    let parent = parent.map(|parent| parent.id);
    let mut properties = BTreeMap::new();
    for property in comment.get("properties").and_then(Value::as_array).map_or(&[][..], Vec::as_slice) {
        let key = property.get("key").and_then(Value::as_str).unwrap_or_default();
        let value = property.get("value").cloned().unwrap_or(Value::Null);
        super::properties::check(key, &value)?;
        if state.quirks.comment_properties_on_create {
            properties.insert(key.to_owned(), value);
        }
    }
    Ok(Checked { body, visibility, parent, properties })
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

/// Cloud: the comment that this one answers. Not in the v3 document, and taken all the same.
fn parent<'i>(
    state: &State,
    project: &Project,
    issue: Option<&'i Issue>,
    by: By<'_>,
    comment: &Value,
) -> Result<Option<&'i Comment>, Refusal> {
    let Some(parent) = comment.get("parentId").filter(|parent| state.is_cloud() && !parent.is_null()) else {
        return Ok(None);
    };
    let wanted = parent.as_u64().or_else(|| parent.as_str()?.parse().ok());
    let mut there = issue.into_iter().flat_map(|issue| &issue.comments);
    let found = there.find(|there| Some(there.id) == wanted && sees(state, project, there, by.user));
    found.map(Some).ok_or_else(|| Refusal::field("parentId", "The parent comment is not there."))
}

/// Checks whom something is restricted to.
pub(crate) fn visibility(
    state: &State,
    project: &Project,
    user: Option<&str>,
    comment: &Value,
) -> Result<Option<Visibility>, Refusal> {
    let Some(wanted) = comment.get("visibility").filter(|value| !value.is_null()) else { return Ok(None) };
    let part = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, value) = (part("type"), part("value"));
    let visibility = Visibility { kind, value };
    if !is_member(state, project, &visibility, user) {
        // The words for a role are on record [sec]; those for a group follow them.
        let kind = if visibility.kind == "role" { "project role" } else { "group" };
        let reason = format!("You are currently not a member of the {kind}: {}.", visibility.value);
        return Err(Refusal::field("commentLevel", reason));
    }
    Ok(Some(visibility))
}

fn is_member(state: &State, project: &Project, visibility: &Visibility, user: Option<&str>) -> bool {
    user.is_some_and(|user| match visibility.kind.as_str() {
        "role" => has_role(state, project, &visibility.value, user),
        "group" => state.group_members.get(&visibility.value).is_some_and(|members| members.contains(user)),
        _ => false,
    })
}

/// Whether its property keeps it from a service desk's customers.
pub(crate) fn is_internal(comment: &Comment) -> bool {
    comment.properties.get(INTERNAL).and_then(|value| value.get("internal")) == Some(&Value::Bool(true))
}

/// What a PUT does to the properties of a comment. In a service desk an array that does not say that the note is internal makes
/// it public (jira-facts 8).
pub(crate) fn put_properties(project: &Project, comment: &mut Comment, sent: BTreeMap<String, Value>) {
    if project.service_desk && !sent.contains_key(INTERNAL) {
        comment.properties.remove(INTERNAL);
    }
    comment.properties.extend(sent);
}

/// Whether this user may read the comment.
pub(crate) fn sees(state: &State, project: &Project, comment: &Comment, user: Option<&str>) -> bool {
    lets_see(state, project, comment.visibility.as_ref(), user)
}

/// Whether a restriction lets this user read.
pub(crate) fn lets_see(state: &State, project: &Project, visibility: Option<&Visibility>, user: Option<&str>) -> bool {
    visibility.is_none_or(|visibility| is_member(state, project, visibility, user))
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
        parent: checked.parent,
        properties: checked.properties,
    });
    if state.quirks.comment_moves_updated {
        issue.updated = state.now;
    }
    super::rest::watcher::autowatch(state, issue, author);
    id
}
