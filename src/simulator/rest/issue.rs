//! Issues: create (also many), read (also many), edit, assign, delete, histories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::change;
use super::super::parents;
use super::super::permissions;
use super::super::render::Wanted;
use super::super::reply::{Answer, Refusal, Reply};
use super::super::state::{Entry, Issue, State};
use super::{Call, strings};

/// `POST issue`
pub(crate) fn insert(state: &mut State, call: &Call) -> Answer {
    let id = change::create(state, call.by(), &call.body)?;
    Ok(Reply::created(created(state, call, id)))
}

fn created(state: &State, call: &Call, id: u64) -> Value {
    let key = state.issues.get(&id).map(|issue| issue.key.clone()).unwrap_or_default();
    json!({ "id": id.to_string(), "key": key, "self": call.view(state).link(&format!("issue/{id}")) })
}

/// `POST issue/bulk`: at most 50 on Cloud; 201 if any succeeded, 400 if none (v3).
pub(crate) fn insert_many(state: &mut State, call: &Call) -> Answer {
    let wanted = call.body.get("issueUpdates").and_then(Value::as_array).cloned().unwrap_or_default();
    if wanted.is_empty() || (state.is_cloud() && wanted.len() > 50) {
        return Err(Refusal::message(400, "The number of issues to create must be between 1 and 50."));
    }
    let (mut issues, mut errors) = (Vec::new(), Vec::new());
    for (index, body) in wanted.iter().enumerate() {
        match change::create(state, call.by(), body) {
            Ok(id) => issues.push(created(state, call, id)),
            Err(refusal) => errors.push(json!({
                "status": refusal.status, "elementErrors": refusal.body(), "failedElementNumber": index,
            })),
        }
    }
    let body = json!({ "issues": issues, "errors": errors });
    if issues.is_empty() { Err(Refusal::raw(400, body)) } else { Ok(Reply::created(body)) }
}

/// `GET issue/{}`
pub(crate) fn get(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    Ok(Reply::ok(call.view(state).issue(&issue, &call.wanted(Some("*all")))))
}

/// `PUT issue/{}`: 204, or with `returnIssue=true` on Cloud 200 and the issue (v3).
pub(crate) fn edit(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let notify = call.flag("notifyUsers").unwrap_or(true);
    for flag in ["overrideScreenSecurity", "overrideEditableFlag"] {
        if state.is_cloud() && call.flag(flag) == Some(true) {
            return Err(Refusal::message(
                403,
                "Only Connect and Forge apps may override screen security or the editable flag.",
            ));
        }
    }
    change::edit(state, call.by(), &issue, &call.body, notify)?;
    if !state.is_cloud() || call.flag("returnIssue") != Some(true) {
        return Ok(Reply::empty(204));
    }
    let issue = call.issue(state)?;
    Ok(Reply::ok(call.view(state).issue(&issue, &call.wanted(Some("*all")))))
}

/// `DELETE issue/{}`
pub(crate) fn delete(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    if !permissions::holds(state, &project, Some(&issue), call.user.as_deref(), "DELETE_ISSUES") {
        return Err(Refusal::message(403, "You do not have permission to delete issues in this project."));
    }
    let below = parents::sub_tasks(state, &issue);
    if !below.is_empty() && call.flag("deleteSubtasks") != Some(true) {
        let why = format!(
            "The issue '{}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks.",
            issue.key
        );
        return Err(Refusal::message(400, why));
    }
    for gone in below.iter().chain([&issue]) {
        super::issue_link::forget(state, call, gone);
        state.remove(gone.id);
        parents::orphan(state, gone.id);
    }
    Ok(Reply::empty(204))
}

/// `GET issue/{}/editmeta`
pub(crate) fn editmeta(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let project = change::project_of(state, &issue)?;
    Ok(Reply::ok(call.view(state).editmeta(&project, &issue)))
}

/// `PUT issue/{}/assignee`: `"-1"` is the project's default (here: nobody), null nobody.
pub(crate) fn assign(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let name = if state.is_cloud() { "accountId" } else { "name" };
    let Some(given) = call.body.get(name) else {
        return Err(Refusal::field("assignee", format!("Specify {name}")));
    };
    let user = if given.is_null() || given.as_str() == Some("-1") { Value::Null } else { json!({ name: given }) };
    let body = json!({ "fields": { "assignee": user } });
    change::edit(state, call.by(), &issue, &body, true)?;
    Ok(Reply::empty(204))
}

/// `POST issue/bulkfetch`: at most 100; what is not found or not visible is silently missing; ascending id (v3).
pub(crate) fn bulk_fetch(state: &mut State, call: &Call) -> Answer {
    let wanted_issues = strings(call.body.get("issueIdsOrKeys"));
    if wanted_issues.is_empty() || wanted_issues.len() > 100 {
        return Err(Refusal::message(400, "The number of issues to fetch must be between 1 and 100."));
    }
    let fields = strings(call.body.get("fields"));
    let wanted = Wanted {
        fields: Some(if fields.is_empty() { vec!["*navigable".to_owned()] } else { fields }),
        expand: strings(call.body.get("expand")),
        properties: strings(call.body.get("properties")),
        changelog_cap: 40,
    };
    let found = visible(state, call, &wanted_issues);
    let issues: Vec<Value> = found.values().map(|issue| call.view(state).issue(issue, &wanted)).collect();
    Ok(Reply::ok(json!({ "issues": issues, "issueErrors": [] })))
}

fn visible(state: &State, call: &Call, wanted: &[String]) -> BTreeMap<u64, Arc<Issue>> {
    let found = wanted.iter().filter_map(|reference| state.issue(reference));
    found
        .filter(|issue| permissions::sees(state, issue, call.user.as_deref()))
        .map(|issue| (issue.id, Arc::clone(issue)))
        .collect()
}

/// `GET issue/{}/changelog`: oldest first, 100 a page (v3).
pub(crate) fn changelog(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let (start, most) = call.page(100, 100)?;
    let view = call.view(state);
    let values: Vec<Value> = issue.history.iter().skip(start).take(most).map(|entry| view.entry(entry)).collect();
    let end = start + values.len();
    let total = issue.history.len();
    let path = format!("issue/{}/changelog", call.parameter(0));
    let mut body = json!({
        "self": view.link(&format!("{path}?maxResults={most}&startAt={start}")), "maxResults": most, "startAt": start,
        "total": total, "isLast": end >= total, "values": values,
    });
    if end < total {
        body["nextPage"] = json!(view.link(&format!("{path}?maxResults={most}&startAt={end}")));
    }
    Ok(Reply::ok(body))
}

/// `POST issue/{}/changelog/list`
pub(crate) fn changelog_by_ids(state: &mut State, call: &Call) -> Answer {
    let issue = call.issue(state)?;
    let ids: BTreeSet<u64> = call
        .body
        .get("changelogIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .collect();
    let view = call.view(state);
    let histories: Vec<Value> =
        issue.history.iter().filter(|entry| ids.contains(&entry.id)).map(|entry| view.entry(entry)).collect();
    Ok(Reply::ok(json!({
        "startAt": 0, "maxResults": histories.len(), "total": histories.len(), "histories": histories,
    })))
}

/// `POST changelog/bulkfetch`: at most 1,000 issues and 10 field ids; by date, then issue id (v3).
pub(crate) fn bulk_changelogs(state: &mut State, call: &Call) -> Answer {
    let wanted = strings(call.body.get("issueIdsOrKeys"));
    let field_ids = strings(call.body.get("fieldIds"));
    if wanted.is_empty() || wanted.len() > 1_000 || field_ids.len() > 10 {
        return Err(Refusal::message(400, "Between 1 and 1000 issues and at most 10 field ids can be asked for."));
    }
    let most = call.body.get("maxResults").and_then(Value::as_u64).unwrap_or(1_000).min(10_000);
    let start: usize = match call.body.get("nextPageToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => token.parse().map_err(|_| Refusal::message(400, "The next page token is invalid."))?,
    };
    let issues = visible(state, call, &wanted);
    let mut entries: Vec<(&Entry, u64)> =
        issues.values().flat_map(|issue| issue.history.iter().map(|entry| (entry, issue.id))).collect();
    let asked = |entry: &Entry| {
        field_ids.is_empty()
            || entry.items.iter().any(|item| item.field_id.as_ref().is_some_and(|id| field_ids.contains(id)))
    };
    entries.retain(|(entry, _)| asked(entry));
    entries.sort_by_key(|(entry, issue)| (entry.created, *issue, entry.id));
    let size = usize::try_from(most).unwrap_or(usize::MAX);
    let view = call.view(state);
    let mut by_issue: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for (entry, issue) in entries.iter().skip(start).take(size) {
        by_issue.entry(*issue).or_default().push(view.entry(entry));
    }
    let logs = by_issue
        .into_iter()
        .map(|(issue, histories)| json!({ "issueId": issue.to_string(), "changeHistories": histories }));
    let mut body = json!({ "issueChangeLogs": logs.collect::<Vec<_>>() });
    if start + size < entries.len() {
        body["nextPageToken"] = json!((start + size).to_string());
    }
    Ok(Reply::ok(body))
}
