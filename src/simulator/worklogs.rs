//! Logged work: what may be written, how it is kept, and how it is shown. Must never move an estimate that was to be left.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::By;
use super::comments::{lets_see, visibility};
use super::render::View;
use super::reply::Refusal;
use super::state::{Entry, Issue, Item, Project, State, Visibility, Worklog};
use super::{properties, time, values};

/// As many come as a field of an issue (both kinds).
const IN_FIELD: usize = 20;
/// The field of the remaining estimate.
const REMAINING: &str = "timeestimate";

/// What a body asks for, checked. What it leaves out is `None`.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) comment: Option<Value>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) seconds: Option<u64>,
    pub(crate) visibility: Option<Visibility>,
    pub(crate) properties: BTreeMap<String, Value>,
}

/// Checks a body. Times come in milliseconds with an offset without a colon, and in no other form.
pub(crate) fn check(state: &State, project: &Project, by: By<'_>, body: &Value) -> Result<Checked, Refusal> {
    let comment = match body.get("comment").filter(|comment| !comment.is_null()) {
        Some(comment) => Some(
            values::rich_text(state, by.version, comment, true).map_err(|reason| Refusal::field("comment", reason))?,
        ),
        None => None,
    };
    let started = match body.get("started").and_then(Value::as_str) {
        Some(text) => Some(
            Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.3f%z", text)
                .map_err(|_| Refusal::field("started", format!("Invalid date format: {text}")))?,
        ),
        None => None,
    };
    let (words, day) = (body.get("timeSpent").and_then(Value::as_str), state.quirks.hours_per_day);
    let seconds = match (body.get("timeSpentSeconds").and_then(Value::as_u64), words) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(words)) => Some(
            time::seconds(words, day).ok_or_else(|| Refusal::field("timeLogged", "Invalid time duration entered."))?,
        ),
        (None, None) => None,
    };
    if seconds == Some(0) {
        return Err(Refusal::field("timeLogged", "Time Spent can not be zero."));
    }
    let mut kept = BTreeMap::new();
    // Data Center's document knows no properties of worklogs.
    if state.is_cloud() {
        for property in body.get("properties").and_then(Value::as_array).into_iter().flatten() {
            let key = property.get("key").and_then(Value::as_str).unwrap_or_default();
            let value = property.get("value").cloned().unwrap_or(Value::Null);
            properties::check(key, &value)?;
            kept.insert(key.to_owned(), value);
        }
    }
    Ok(Checked { comment, started, seconds, visibility: visibility(state, project, by.user, body)?, properties: kept })
}

/// How the remaining estimate follows: what `adjustEstimate` says, and the words that go with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adjust<'a> {
    pub(crate) how: &'a str,
    pub(crate) new: Option<&'a str>,
    pub(crate) by: Option<&'a str>,
}

/// Writes the entry of a change of logged work, and lets the estimate follow. `more` is by how much more was spent.
pub(crate) fn log(
    state: &mut State,
    issue: &mut Issue,
    user: Option<&str>,
    adjust: Adjust<'_>,
    more: i64,
    changed: Option<u64>,
) -> Result<(), Refusal> {
    let spent = |field: &str| issue.value(field).as_u64();
    let before = spent("timespent");
    let sum: u64 = issue.worklogs.iter().map(|work| work.seconds).sum();
    let remaining = spent(REMAINING);
    let day = state.quirks.hours_per_day;
    let wanted = |words: Option<&str>, name: &str| {
        words
            .and_then(|words| time::seconds(words, day))
            .ok_or_else(|| Refusal::field(name, "A valid estimate must be given."))
    };
    let after = match adjust.how {
        "leave" => remaining,
        "new" => Some(wanted(adjust.new, "newEstimate")?),
        "manual" => {
            let by = wanted(adjust.by, "reduceBy")?;
            remaining.map(|left| if more < 0 { left.saturating_add(by) } else { left.saturating_sub(by) })
        }
        _ => remaining.map(|left| left.saturating_add_signed(-more)),
    };
    let mut items = Vec::new();
    let mut item = |field: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            items.push(Item {
                field: field.to_owned(),
                field_type: "jira",
                field_id: Some(field.to_owned()),
                from: from.clone(),
                from_string: from,
                to: to.clone(),
                to_string: to,
            });
        }
    };
    let text = |seconds: Option<u64>| seconds.map(|seconds| seconds.to_string());
    item("timespent", text(before), text(Some(sum)));
    item(REMAINING, text(remaining), text(after));
    item("WorklogId", changed.map(|id| id.to_string()), None);
    issue.fields.insert("timespent".to_owned(), json!(sum));
    if let Some(after) = after {
        issue.fields.insert(REMAINING.to_owned(), json!(after));
    }
    issue.updated = state.now;
    if !items.is_empty() {
        let id = state.next_entry();
        issue.history.push(Entry { id, author: user.map(str::to_owned), created: state.now, items, metadata: None });
    }
    Ok(())
}

/// What this user may see of an issue's work, oldest first.
pub(crate) fn visible<'i>(view: View<'_>, issue: &'i Issue) -> Vec<&'i Worklog> {
    let Some(project) = view.state.projects.get(&issue.project) else { return Vec::new() };
    issue.worklogs.iter().filter(|work| lets_see(view.state, project, work.visibility.as_ref(), view.user)).collect()
}

/// The field `worklog`: the first twenty, and how many there are.
pub(crate) fn field(view: View<'_>, issue: &Issue) -> Value {
    let all = if view.state.quirks.time_tracking { visible(view, issue) } else { Vec::new() };
    let shown: Vec<Value> = all.iter().take(IN_FIELD).map(|work| show(view, issue, work, false)).collect();
    json!({ "startAt": 0, "maxResults": IN_FIELD, "total": all.len(), "worklogs": shown })
}

/// One piece of logged work.
pub(crate) fn show(view: View<'_>, issue: &Issue, work: &Worklog, properties: bool) -> Value {
    let mut body = json!({
        "self": view.link(&format!("issue/{}/worklog/{}", issue.id, work.id)), "id": work.id.to_string(),
        "issueId": issue.id.to_string(), "created": view.stamp(work.created), "updated": view.stamp(work.updated),
        "started": view.stamp(work.started), "timeSpent": time::in_words(work.seconds, view.state.quirks.hours_per_day),
        "timeSpentSeconds": work.seconds,
    });
    if !work.comment.is_null() {
        body["comment"] = view.rich(&work.comment);
    } else if !view.state.is_cloud() {
        body["comment"] = json!("");
    }
    if let Some(author) = &work.author {
        body["author"] = view.user(author);
    }
    if let Some(author) = &work.update_author {
        body["updateAuthor"] = view.user(author);
    }
    if let Some(visibility) = &work.visibility {
        body["visibility"] = json!({ "type": visibility.kind, "value": visibility.value });
    }
    if properties && view.state.is_cloud() {
        let kept = work.properties.iter().map(|(key, value)| json!({ "key": key, "value": value }));
        body["properties"] = Value::Array(kept.collect());
    }
    body
}
