//! Work logged on an issue.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::comments::lets_see;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Issue, Project, State, Worklog};
use super::super::worklogs::{self, Adjust};
use super::super::{change, mails, permissions};
use super::Call;

/// Worklogs of one page (v3). Data Center gives all.
const PAGE: u64 = 5_000;

/// What is done to worklogs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doing {
    Reads,
    Adds,
    Changes,
}

/// Time tracking may be switched off for everybody: documented as 404 of reads, and on Cloud of changes and deletions too.
fn tracked(state: &State, doing: Doing) -> Result<(), Refusal> {
    let unfound = doing == Doing::Reads || (doing == Doing::Changes && state.is_cloud());
    let status = if unfound { 404 } else { 400 };
    if state.quirks.time_tracking { Ok(()) } else { Err(Refusal::message(status, "Time Tracking is not enabled.")) }
}

fn refused(state: &State, what: &str) -> Refusal {
    let status = if state.is_cloud() { 400 } else { 403 };
    Refusal::message(status, format!("You do not have the permission to {what} worklogs on this issue."))
}

fn adjust(call: &Call) -> Adjust<'_> {
    Adjust {
        how: call.query("adjustEstimate").unwrap_or("auto"),
        new: call.query("newEstimate"),
        by: call.query("reduceBy").or_else(|| call.query("increaseBy")),
    }
}

/// `GET issue/{}/worklog`
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    tracked(state, Doing::Reads)?;
    let (start, most) = if state.is_cloud() { call.page(PAGE, PAGE)? } else { (0, usize::MAX) };
    let view = call.view(state);
    let all = worklogs::visible(view, &issue);
    let properties = call.list("expand").iter().any(|part| part == "properties");
    let page: Vec<Value> =
        all.iter().skip(start).take(most).map(|work| worklogs::show(view, &issue, work, properties)).collect();
    let most = most.min(1_048_576);
    Ok(Reply::ok(json!({ "startAt": start, "maxResults": most, "total": all.len(), "worklogs": page })))
}

/// `POST issue/{}/worklog`
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    tracked(state, Doing::Adds)?;
    if !permissions::holds(state, &project, Some(&issue), call.user.as_deref(), "WORK_ON_ISSUES") {
        return Err(refused(state, "create"));
    }
    editable(state, &issue)?;
    let checked = worklogs::check(state, &project, call.by(), &call.body)?;
    let seconds =
        checked.seconds.ok_or_else(|| Refusal::field("timeLogged", "You must indicate the time spent working."))?;
    // Data Center takes the time of the request for one that is left out.
    let started = checked.started.or_else(|| (!state.is_cloud()).then_some(state.now));
    let started = started.ok_or_else(|| Refusal::field("started", "The start date must be given."))?;
    let mails = mails::of(state, &project, &issue, call);
    let mut issue = Issue::clone(&issue);
    issue.notifications += mails;
    state.last_worklog += 1;
    let id = state.last_worklog;
    issue.worklogs.push(Worklog {
        id,
        author: call.user.clone(),
        update_author: call.user.clone(),
        comment: checked.comment.unwrap_or(Value::Null),
        created: state.now,
        updated: state.now,
        started,
        seconds,
        visibility: checked.visibility,
        properties: checked.properties,
    });
    worklogs::log(state, &mut issue, call.user.as_deref(), adjust(call), signed(seconds), None)?;
    Ok(Reply::created(stored(state, call, issue, id)))
}

/// `GET issue/{}/worklog/{}`
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    let (issue, _, id) = located(state, call, Doing::Reads)?;
    let properties = call.list("expand").iter().any(|part| part == "properties");
    let view = call.view(state);
    let shown = find(&issue, id).map(|work| worklogs::show(view, &issue, work, properties));
    Ok(Reply::ok(shown.unwrap_or(Value::Null)))
}

/// `PUT issue/{}/worklog/{}`: what is left out stays.
pub(crate) fn edit(state: &mut State, call: &Call) -> Answer {
    let (issue, project, id) = located(state, call, Doing::Changes)?;
    if !may(state, &project, &issue, call, id, ("EDIT_OWN_WORKLOGS", "EDIT_ALL_WORKLOGS")) {
        return Err(refused(state, "edit"));
    }
    editable(state, &issue)?;
    let checked = worklogs::check(state, &project, call.by(), &call.body)?;
    let mails = mails::of(state, &project, &issue, call);
    let mut issue = Issue::clone(&issue);
    issue.notifications += mails;
    let mut more = 0;
    if let Some(work) = issue.worklogs.iter_mut().find(|work| work.id == id) {
        let seconds = checked.seconds.unwrap_or(work.seconds);
        more = signed(seconds) - signed(work.seconds);
        work.seconds = seconds;
        work.started = checked.started.unwrap_or(work.started);
        if let Some(comment) = checked.comment {
            work.comment = comment;
        }
        if call.body.get("visibility").is_some() {
            work.visibility = checked.visibility;
        }
        work.properties.extend(checked.properties);
        work.updated = state.now;
        work.update_author.clone_from(&call.user);
    }
    worklogs::log(state, &mut issue, call.user.as_deref(), adjust(call), more, Some(id))?;
    Ok(Reply::ok(stored(state, call, issue, id)))
}

/// `DELETE issue/{}/worklog/{}`
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let (issue, project, id) = located(state, call, Doing::Changes)?;
    if !may(state, &project, &issue, call, id, ("DELETE_OWN_WORKLOGS", "DELETE_ALL_WORKLOGS")) {
        return Err(refused(state, "delete"));
    }
    editable(state, &issue)?;
    let seconds = find(&issue, id).map_or(0, |work| work.seconds);
    let mails = mails::of(state, &project, &issue, call);
    let mut issue = Issue::clone(&issue);
    issue.notifications += mails;
    issue.worklogs.retain(|work| work.id != id);
    worklogs::log(state, &mut issue, call.user.as_deref(), adjust(call), -signed(seconds), Some(id))?;
    state.store(issue);
    Ok(Reply::empty(204))
}

/// `DELETE issue/{}/worklog/{}/properties/{}` (Cloud). It moves no `updated` and makes no entry, as with other properties (memory).
pub(crate) fn remove_property(state: &mut State, call: &Call) -> Answer {
    let (issue, project, id) = located(state, call, Doing::Changes)?;
    if !may(state, &project, &issue, call, id, ("EDIT_OWN_WORKLOGS", "EDIT_ALL_WORKLOGS")) {
        return Err(refused(state, "edit"));
    }
    let (mut issue, key) = (Issue::clone(&issue), call.parameter(2));
    let work = issue.worklogs.iter_mut().find(|work| work.id == id);
    if work.and_then(|work| work.properties.remove(key)).is_none() {
        return Err(Refusal::message(404, format!("The property with key '{key}' does not exist.")));
    }
    state.store(issue);
    Ok(Reply::empty(204))
}

/// In a status that refuses edits no work is logged either, without a right that we do not have (`overrideEditableFlag`).
fn editable(state: &State, issue: &Issue) -> Result<(), Refusal> {
    let status = issue.text("status").and_then(|id| state.status(id));
    if status.is_none_or(|status| status.editable) {
        return Ok(());
    }
    Err(Refusal::message(400, "You can not edit the issue as it is in a non-editable workflow state."))
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn stored(state: &mut State, call: &Call, issue: Issue, id: u64) -> Value {
    let number = issue.id;
    state.store(issue);
    let view = call.view(state);
    let stored = state.issues.get(&number).and_then(|issue| Some((issue, find(issue, id)?)));
    stored.map_or(Value::Null, |(issue, work)| worklogs::show(view, issue, work, false))
}

fn find(issue: &Issue, id: u64) -> Option<&Worklog> {
    issue.worklogs.iter().find(|work| work.id == id)
}

fn located(state: &State, call: &Call, doing: Doing) -> Result<(Arc<Issue>, Project, u64), Refusal> {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    tracked(state, doing)?;
    let id = call.parameter(1);
    let missing = || Refusal::message(404, format!("Cannot find worklog with id: '{id}'."));
    let number: u64 = id.parse().map_err(|_| missing())?;
    let user = call.user.as_deref();
    let seen = find(&issue, number).is_some_and(|work| lets_see(state, &project, work.visibility.as_ref(), user));
    if seen { Ok((issue, project, number)) } else { Err(missing()) }
}

/// Whether the caller may do this to his own or to any worklog.
fn may(state: &State, project: &Project, issue: &Issue, call: &Call, id: u64, (own, all): (&str, &str)) -> bool {
    let user = call.user.as_deref();
    let is_own = find(issue, id).is_some_and(|work| work.author.as_deref() == user);
    permissions::holds(state, project, Some(issue), user, all)
        || (is_own && permissions::holds(state, project, Some(issue), user, own))
}
