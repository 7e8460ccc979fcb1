//! Who watches an issue, and who votes for it. Neither moves `updated`, and neither is in the changelog.

use serde_json::{Value, json};

use super::super::render::View;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Issue, State};
use super::super::{change, permissions};
use super::Call;

/// Whether the caller holds a permission for the issue.
fn may(state: &State, call: &Call, issue: &Issue, key: &str) -> Result<bool, Refusal> {
    let project = change::project_of(state, issue)?;
    Ok(permissions::holds(state, &project, Some(issue), call.user.as_deref(), key))
}

/// Issues can be watched only where that is switched on (v3). Of what is answered elsewhere no document tells more than that a list, an issue
/// or a user may be not found.
fn is_on(state: &State) -> Result<(), Refusal> {
    if state.quirks.watching {
        return Ok(());
    }
    Err(Refusal::message(404, "The watching of issues is disabled."))
}

/// `GET issue/{}/watchers`: without the right to see them only how many there are; or a no, where a Data Center is so.
pub(crate) fn list(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    if !state.quirks.unwatched_is_empty {
        is_on(state)?;
    }
    let seen = may(state, call, &issue, "VIEW_VOTERS_AND_WATCHERS")? && state.quirks.watching;
    if !seen && !state.is_cloud() && state.quirks.hidden_watchers_refused {
        return Err(Refusal::message(401, "You do not have permission to view the watcher list."));
    }
    let view = call.view(state);
    let watchers: Vec<Value> = issue.watchers.iter().filter(|_| seen).map(|id| view.user(id)).collect();
    let mut body = view.watches(&issue);
    body["watchers"] = Value::Array(watchers);
    Ok(Reply::ok(body))
}

/// The user that is named, or who asks.
fn named(state: &State, call: &Call, reference: Option<&str>) -> Result<String, Refusal> {
    let Some(reference) = reference else {
        return call.user.clone().ok_or_else(|| Refusal::message(401, "You are not logged in."));
    };
    let found = if state.is_cloud() {
        state.users.get(reference)
    } else {
        state.users.values().find(|user| user.name.eq_ignore_ascii_case(reference))
    };
    found.map(|user| user.id.clone()).ok_or_else(|| Refusal::message(404, format!("User '{reference}' was not found.")))
}

/// Others are managed by those alone who may: 403 on Cloud, 401 on Data Center (v3, dc).
fn managed(state: &State, call: &Call, issue: &Issue, who: &str) -> Result<(), Refusal> {
    if call.user.as_deref() == Some(who) || may(state, call, issue, "MANAGE_WATCHERS")? {
        return Ok(());
    }
    let status = if state.is_cloud() { 403 } else { 401 };
    Err(Refusal::message(status, "You do not have permission to manage the watcher list."))
}

/// `POST issue/{}/watchers`: a bare JSON string; nothing means the caller. Twice is once.
pub(crate) fn add(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    is_on(state)?;
    let reference = call.body.as_str();
    if reference.is_none() && !call.body.is_null() {
        return Err(Refusal::message(400, "The request body must be a string."));
    }
    let who = named(state, call, reference)?;
    managed(state, call, &issue, &who)?;
    if !permissions::sees(state, &issue, Some(&who)) {
        let status = if state.is_cloud() { 403 } else { 401 };
        let words = "does not have permission to view this issue. This user will not be added to the watch list.";
        return Err(Refusal::message(status, format!("The user \"{}\" {words}", state.display(&who))));
    }
    let mut issue = Issue::clone(&issue);
    issue.watchers.insert(who);
    state.store(issue);
    Ok(Reply::empty(204))
}

/// `DELETE issue/{}/watchers`: `accountId` on Cloud, `username` on Data Center.
pub(crate) fn remove(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    is_on(state)?;
    let name = if state.is_cloud() { "accountId" } else { "username" };
    let reference = call.query(name).or_else(|| call.query("userName").filter(|_| !state.is_cloud()));
    let reference = reference.ok_or_else(|| Refusal::message(400, format!("`{name}` must be given.")))?;
    let who = named(state, call, Some(reference))?;
    managed(state, call, &issue, &who)?;
    let mut issue = Issue::clone(&issue);
    issue.watchers.remove(&who);
    state.store(issue);
    Ok(Reply::empty(204))
}

/// `GET issue/{}/votes`
pub(crate) fn votes(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let seen = may(state, call, &issue, "VIEW_VOTERS_AND_WATCHERS")?;
    let view = call.view(state);
    let voters: Vec<Value> = issue.voters.iter().filter(|_| seen).map(|id| view.user(id)).collect();
    let mut body = view.votes(&issue);
    body["voters"] = json!(voters);
    Ok(Reply::ok(body))
}

/// `POST issue/{}/votes`: nobody votes for what they reported themselves.
pub(crate) fn vote(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let who = named(state, call, None)?;
    if issue.text("reporter") == Some(who.as_str()) {
        return Err(Refusal::message(404, "You cannot vote for an issue you have reported."));
    }
    let mut issue = Issue::clone(&issue);
    issue.voters.insert(who);
    state.store(issue);
    Ok(Reply::empty(if state.is_cloud() { 204 } else { 200 }))
}

/// `DELETE issue/{}/votes`
pub(crate) fn unvote(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let who = named(state, call, None)?;
    let mut issue = Issue::clone(&issue);
    if !issue.voters.remove(&who) {
        return Err(Refusal::message(404, "You have not voted for this issue."));
    }
    state.store(issue);
    Ok(Reply::empty(204))
}

impl View<'_> {
    /// How many watch an issue.
    pub(crate) fn watches(&self, issue: &Issue) -> Value {
        let on = self.state.quirks.watching;
        json!({
            "self": self.link(&format!("issue/{}/watchers", issue.key)),
            "watchCount": if on { issue.watchers.len() } else { 0 },
            "isWatching": on && self.user.is_some_and(|user| issue.watchers.contains(user)),
        })
    }

    /// How many voted for an issue.
    pub(crate) fn votes(&self, issue: &Issue) -> Value {
        json!({
            "self": self.link(&format!("issue/{}/votes", issue.key)), "votes": issue.voters.len(),
            "hasVoted": self.user.is_some_and(|user| issue.voters.contains(user)),
        })
    }
}

/// Who creates an issue or comments on it watches it from then on, if their profile says so (memory: edits do not count).
pub(crate) fn autowatch(state: &State, issue: &mut Issue, user: Option<&str>) {
    if let Some(user) = user.filter(|user| state.users.get(*user).is_some_and(|user| user.autowatch)) {
        issue.watchers.insert(user.to_owned());
    }
}
