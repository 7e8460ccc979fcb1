//! Links between issues: kept at both ends, logged at both ends, and once each, however often they are sent. Must never give the
//! id of a link that was made: Jira does not.

use serde_json::{Value, json};

use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Entry, Issue, IssueLink, Item, LinkType, State};
use super::super::{change, permissions};
use super::Call;

/// `GET issueLinkType`
pub(crate) fn types(state: &mut State, call: &Call) -> Answer {
    let view = call.view(state);
    let types: Vec<Value> = state.link_types.iter().map(|kind| view.link_type(kind)).collect();
    Ok(Reply::ok(json!({ "issueLinkTypes": types })))
}

fn end(state: &State, call: &Call, name: &str) -> Result<Issue, Refusal> {
    let part = |key: &str| call.body.get(name).and_then(|end| end.get(key)).and_then(Value::as_str);
    let reference = part("id").or_else(|| part("key")).unwrap_or_default();
    let found = state.issue(reference).filter(|issue| permissions::sees(state, issue, call.user.as_deref()));
    let missing = || Refusal::message(404, format!("No issue can be found for the reference '{reference}'."));
    found.map(|issue| Issue::clone(issue)).ok_or_else(missing)
}

fn kind(state: &State, call: &Call) -> Result<LinkType, Refusal> {
    let part = |key: &str| call.body.get("type").and_then(|kind| kind.get(key)).and_then(Value::as_str);
    let found = match (part("id"), part("name")) {
        (Some(id), _) => state.link_types.iter().find(|kind| kind.id == id),
        (None, Some(name)) => state.link_types.iter().find(|kind| kind.name == name),
        (None, None) => None,
    };
    let name = part("name").or_else(|| part("id")).unwrap_or_default();
    found.cloned().ok_or_else(|| Refusal::message(404, format!("No issue link type with name '{name}' found.")))
}

fn may_link(state: &State, call: &Call, issue: &Issue) -> Result<bool, Refusal> {
    let project = change::project_of(state, issue)?;
    Ok(permissions::holds(state, &project, Some(issue), call.user.as_deref(), "LINK_ISSUES"))
}

/// A missing right is 404 on Cloud and 401 on Data Center [v3, dc].
fn forbidden(state: &State) -> Refusal {
    let status = if state.is_cloud() { 404 } else { 401 };
    Refusal::message(status, "No Link Issue Permission for issue.")
}

/// `POST issueLink`: 201 without a body, also for a link that is there already.
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    // The one named as inward shows the other as `outwardIssue` (measured on Cloud).
    let (mut from, mut to) = (end(state, call, "inwardIssue")?, end(state, call, "outwardIssue")?);
    let kind = kind(state, call)?;
    if !may_link(state, call, &to)? {
        return Err(forbidden(state));
    }
    if from.id == to.id {
        return Err(Refusal::message(400, "You cannot link an issue to itself."));
    }
    let there = |link: &IssueLink| link.kind == kind.id && link.outward && link.other == to.id;
    if from.issue_links.iter().any(there) {
        return Ok(Reply::empty(201));
    }
    state.last_link += 1;
    let id = state.last_link;
    from.issue_links.push(IssueLink { id, kind: kind.id.clone(), outward: true, other: to.id });
    to.issue_links.push(IssueLink { id, kind: kind.id.clone(), outward: false, other: from.id });
    let (from_key, to_key) = (from.key.clone(), to.key.clone());
    log(state, call, &mut from, (None, Some((&kind.outward, &to_key))));
    log(state, call, &mut to, (None, Some((&kind.inward, &from_key))));
    state.store(from);
    state.store(to);
    Ok(Reply::empty(201))
}

/// How a link reads from one end: the text of its type, the key of the other.
type Read<'a> = Option<(&'a str, &'a str)>;

/// Links are logged as `Link`, by the other issue's key, and Cloud names no field id (recorded).
fn log(state: &mut State, call: &Call, issue: &mut Issue, (from, to): (Read<'_>, Read<'_>)) {
    let key = |read: Read<'_>| read.map(|(_, key)| key.to_owned());
    let text = |read: Read<'_>| read.map(|(text, key)| format!("This issue {text} {key}"));
    let item = Item {
        field: "Link".to_owned(),
        field_type: "jira",
        field_id: None,
        from: key(from),
        from_string: text(from),
        to: key(to),
        to_string: text(to),
    };
    let (author, created) = (call.user.clone(), state.now);
    issue.history.push(Entry { id: state.next_entry(), author, created, items: vec![item], metadata: None });
    issue.updated = state.now;
}

/// The issue that shows the other as `outwardIssue`, and the link.
fn located(state: &State, call: &Call) -> Result<(Issue, IssueLink), Refusal> {
    let text = call.parameter(0);
    let id: u64 = text.parse().map_err(|_| Refusal::message(400, format!("The link id '{text}' is not valid.")))?;
    let missing = || Refusal::message(404, format!("No issue link with id '{id}' exists."));
    let has = |issue: &&std::sync::Arc<Issue>| issue.issue_links.iter().any(|link| link.id == id && link.outward);
    let issue = state.issues.values().find(has).ok_or_else(missing)?;
    let link = issue.issue_links.iter().find(|link| link.id == id && link.outward).cloned().ok_or_else(missing)?;
    let seen = |issue: &Issue| permissions::sees(state, issue, call.user.as_deref());
    let both = seen(issue) && state.issues.get(&link.other).is_some_and(|other| seen(other));
    if both { Ok((Issue::clone(issue), link)) } else { Err(missing()) }
}

/// `GET issueLink/{}`
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    let (from, link) = located(state, call)?;
    let view = call.view(state);
    let kind = state.link_types.iter().find(|kind| kind.id == link.kind).map(|kind| view.link_type(kind));
    let to = state.issues.get(&link.other).map(|issue| view.brief(issue));
    Ok(Reply::ok(json!({
        "id": link.id.to_string(), "self": view.link(&format!("issueLink/{}", link.id)), "type": kind,
        "inwardIssue": view.brief(&from), "outwardIssue": to,
    })))
}

/// `DELETE issueLink/{}`: with the right to link at one of the ends.
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let (from, link) = located(state, call)?;
    let to = state.issues.get(&link.other).map(|issue| Issue::clone(issue));
    let allowed =
        may_link(state, call, &from)? || to.as_ref().is_some_and(|to| may_link(state, call, to).is_ok_and(|may| may));
    if !allowed {
        return Err(forbidden(state));
    }
    take_away(state, call, from, &link);
    Ok(Reply::empty(204))
}

/// The links of an issue go with it.
pub(super) fn forget(state: &mut State, call: &Call, issue: &Issue) {
    for link in &issue.issue_links {
        let one = if link.outward { issue.id } else { link.other };
        let Some(from) = state.issues.get(&one).map(|from| Issue::clone(from)) else { continue };
        let found = from.issue_links.iter().find(|known| known.id == link.id).cloned();
        if let Some(link) = found {
            take_away(state, call, from, &link);
        }
    }
}

fn take_away(state: &mut State, call: &Call, mut from: Issue, link: &IssueLink) {
    let Some(mut to) = state.issues.get(&link.other).map(|issue| Issue::clone(issue)) else { return };
    let Some(kind) = state.link_types.iter().find(|kind| kind.id == link.kind).cloned() else { return };
    from.issue_links.retain(|known| known.id != link.id);
    to.issue_links.retain(|known| known.id != link.id);
    let (from_key, to_key) = (from.key.clone(), to.key.clone());
    log(state, call, &mut from, (Some((&kind.outward, &to_key)), None));
    log(state, call, &mut to, (Some((&kind.inward, &from_key)), None));
    state.store(from);
    state.store(to);
}
