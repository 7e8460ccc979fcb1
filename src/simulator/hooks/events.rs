//! What a change raises, in the shapes that each kind gives it. It compares two states of an issue, so nothing that changes one can
//! forget to tell. Must never change anything but the list of what is to be told.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::render::{View, Wanted};
use super::super::state::{Issue, State};
use super::super::values::Version;
use super::super::{time, worklogs};
use super::Outgoing;

/// How long what a deletion sets off is on its way.
const FALLOUT: std::time::Duration = std::time::Duration::from_secs(60);

/// An event: its name, the rest of its body, and whether something else set it off.
type Event = (&'static str, Value, bool);

/// Tells all webhooks what became of an issue.
pub(crate) fn tell(state: &mut State, old: Option<&Arc<Issue>>, new: Option<&Arc<Issue>>) {
    if state.hooks.registered.is_empty() {
        return;
    }
    let events = match (old, new) {
        (None, Some(new)) => vec![("jira:issue_created", created(state, new), false)],
        (Some(old), Some(new)) => changed(state, old, new),
        (Some(old), None) => gone(state, old),
        (None, None) => Vec::new(),
    };
    for (name, body, secondary) in events {
        send(state, name, body, secondary);
    }
}

/// Tells all webhooks of a sprint: one was made, began, ended or was deleted. The same shape on both kinds, and nothing of its issues.
pub(crate) fn tell_of_sprint(state: &mut State, name: &'static str, sprint: &Value) {
    send(state, name, json!({ "sprint": sprint }), false);
}

/// Tells all webhooks of a version: REST v2's shape, with its project's number, on both kinds. One that was merged names the other.
pub(crate) fn tell_of_version(state: &mut State, name: &'static str, id: &str, merged_to: Option<&str>) {
    let shown = |id: &str| {
        let thing = state.thing(id)?;
        let mut body = view(state).thing(thing);
        let project = state.projects.get(&thing.project);
        body["projectId"] = json!(project.and_then(|project| project.id.parse::<u64>().ok()));
        Some(body)
    };
    let Some(version) = shown(id) else { return };
    let mut body = json!({ "version": version });
    if let Some(other) = merged_to.and_then(shown) {
        body["mergedTo"] = other;
    }
    send(state, name, body, false);
}

/// Tells all webhooks of a project: REST v2's shape with its number, on both kinds (memory).
pub(crate) fn tell_of_project(state: &mut State, name: &'static str, key: &str) {
    let Some(project) = state.projects.get(key) else { return };
    let mut shown = view(state).project(project);
    shown["id"] = json!(project.id.parse::<u64>().ok());
    send(state, name, json!({ "project": shown }), false);
}

/// Puts one event on its way to every webhook that wants it.
fn send(state: &mut State, name: &'static str, mut body: Value, secondary: bool) {
    body["timestamp"] = json!(state.now.as_millisecond());
    body["webhookEvent"] = json!(name);
    let due = if secondary { time::after(state.now, FALLOUT) } else { state.now };
    let wants = |hook: &&super::Hook| hook.enabled && hook.events.iter().any(|event| event == name || event == "*");
    let hooks: Vec<(u64, bool)> =
        state.hooks.registered.iter().filter(wants).map(|hook| (hook.id, hook.exclude_body)).collect();
    for (hook, exclude_body) in hooks {
        state.hooks.last_number += 1;
        let number = state.hooks.last_number;
        let body = if exclude_body { Bytes::new() } else { Bytes::from(body.to_string()) };
        let event = name;
        state.hooks.outgoing.push(Outgoing { number, hook, event, body, due, retries: 0, secondary, decided: false });
    }
}

/// An administrator's view: webhooks show what no sync user may see. REST v2 on both kinds.
fn view(state: &State) -> View<'_> {
    View { state, user: state.administrators.first().map(String::as_str), version: Version::V2 }
}

fn whole(state: &State, issue: &Issue) -> Value {
    let fields = Some(vec!["*all".to_owned()]);
    let mut body = view(state).issue(issue, &Wanted { fields, ..Wanted::default() });
    if let Some(body) = body.as_object_mut() {
        body.remove("expand");
    }
    body
}

/// The few fields that come with a comment on Cloud (recorded).
fn brief(state: &State, issue: &Issue) -> Value {
    let fields = ["summary", "issuetype", "project", "assignee", "priority", "status"].map(str::to_owned);
    let mut body = view(state).issue(issue, &Wanted { fields: Some(fields.into()), ..Wanted::default() });
    if let Some(body) = body.as_object_mut() {
        body.remove("expand");
    }
    body
}

fn user(state: &State, id: Option<&str>) -> Value {
    let mut body = id.map_or(Value::Null, |id| view(state).user(id));
    if let Some(body) = body.as_object_mut().filter(|_| state.is_cloud()) {
        body.remove("emailAddress");
    }
    body
}

fn named(state: &State, mut body: Value, event_type: &str) -> Value {
    if !state.hooks.old_shapes {
        body["issue_event_type_name"] = json!(event_type);
    }
    body
}

fn created(state: &State, issue: &Issue) -> Value {
    let body = json!({ "user": user(state, issue.creator.as_deref()), "issue": whole(state, issue) });
    named(state, body, "issue_created")
}

fn changed(state: &State, old: &Issue, new: &Issue) -> Vec<Event> {
    let mut events = Vec::new();
    for entry in new.history.iter().filter(|entry| !old.history.iter().any(|known| known.id == entry.id)) {
        let has = |field: &str| entry.items.iter().any(|item| item.field == field);
        let event_type = match () {
            () if has("project") => "issue_moved",
            () if has("assignee") => "issue_assigned",
            () if has("status") => "issue_generic",
            () => "issue_updated",
        };
        let mut shown = view(state).entry(entry);
        let items = shown.get_mut("items").map(Value::take).unwrap_or_default();
        let body = json!({
            "user": user(state, entry.author.as_deref()), "issue": whole(state, new),
            "changelog": { "id": entry.id.to_string(), "items": items },
        });
        events.push(("jira:issue_updated", named(state, body, event_type), false));
    }
    events.extend(remarks(state, old, new));
    events.extend(properties(state, old, new));
    let attachment = |file| json!({ "attachment": view(state).attachment(file) });
    for file in new.attachments.iter().filter(|file| !old.attachments.iter().any(|known| known.id == file.id)) {
        events.push(("attachment_created", attachment(file), false));
    }
    for file in old.attachments.iter().filter(|file| !new.attachments.iter().any(|known| known.id == file.id)) {
        events.push(("attachment_deleted", attachment(file), false));
    }
    // Each link is told once: by the end that it goes out from.
    for link in new.issue_links.iter().filter(|link| link.outward && !old.issue_links.contains(link)) {
        events.push(("issuelink_created", linked(state, new.id, link), false));
    }
    for link in old.issue_links.iter().filter(|link| link.outward && !new.issue_links.contains(link)) {
        events.push(("issuelink_deleted", linked(state, old.id, link), false));
    }
    events
}

/// Entity properties of an issue (memory: with the issue, the few fields of it on Cloud). Its comments' own raise nothing.
fn properties(state: &State, old: &Issue, new: &Issue) -> Vec<Event> {
    if old.properties == new.properties {
        return Vec::new();
    }
    let issue = if state.is_cloud() { brief(state, new) } else { whole(state, new) };
    let by = user(state, state.actor.as_deref());
    let told = |name: &'static str, key: &String, value: &Value| {
        (name, json!({ "user": by, "issue": issue, "property": { "key": key, "value": value } }), false)
    };
    let set = new.properties.iter().filter(|(key, value)| old.properties.get(*key) != Some(*value));
    let mut events: Vec<Event> = set.map(|(key, value)| told("issue_property_set", key, value)).collect();
    let gone = old.properties.iter().filter(|(key, _)| !new.properties.contains_key(*key));
    events.extend(gone.map(|(key, value)| told("issue_property_deleted", key, value)));
    events
}

/// Comments and logged work.
fn remarks(state: &State, old: &Issue, new: &Issue) -> Vec<Event> {
    let mut events = Vec::new();
    for comment in &new.comments {
        let known = old.comments.iter().find(|known| known.id == comment.id);
        let (event, event_type) = match known {
            None => ("comment_created", "issue_commented"),
            Some(known) if known.body != comment.body || known.visibility != comment.visibility => {
                ("comment_updated", "issue_comment_edited")
            }
            Some(_) => continue,
        };
        let shown = view(state).comment(new, comment, &[]);
        let mut body = json!({ "comment": shown });
        if state.is_cloud() {
            body["issue"] = brief(state, new);
        } else {
            let author = user(state, comment.update_author.as_deref().or(comment.author.as_deref()));
            let updated = json!({ "user": author, "issue": whole(state, new), "comment": shown });
            events.push(("jira:issue_updated", named(state, updated, event_type), false));
            if event == "comment_updated" {
                body["user"] = author;
            }
        }
        events.push((event, body, false));
    }
    for comment in old.comments.iter().filter(|comment| !new.comments.iter().any(|known| known.id == comment.id)) {
        let mut body = json!({ "comment": view(state).comment(old, comment, &[]) });
        if state.is_cloud() {
            body["issue"] = brief(state, new);
        } else {
            body["user"] = user(state, state.actor.as_deref());
        }
        events.push(("comment_deleted", body, false));
    }
    let shown = |issue, work| json!({ "worklog": worklogs::show(view(state), issue, work, false) });
    for work in &new.worklogs {
        match old.worklogs.iter().find(|known| known.id == work.id) {
            None => events.push(("worklog_created", shown(new, work), false)),
            Some(known) if known.updated != work.updated => events.push(("worklog_updated", shown(new, work), false)),
            Some(_) => {}
        }
    }
    for work in old.worklogs.iter().filter(|work| !new.worklogs.iter().any(|known| known.id == work.id)) {
        events.push(("worklog_deleted", shown(old, work), false));
    }
    events
}

/// A deletion, with the issue as it was, and what it sets off.
fn gone(state: &State, issue: &Issue) -> Vec<Event> {
    let body = json!({ "user": user(state, state.actor.as_deref()), "issue": whole(state, issue) });
    let mut events = vec![("jira:issue_deleted", body, false)];
    for comment in &issue.comments {
        let mut body = json!({ "comment": view(state).comment(issue, comment, &[]) });
        if state.is_cloud() {
            body["issue"] = brief(state, issue);
        }
        events.push(("comment_deleted", body, true));
    }
    for file in &issue.attachments {
        events.push(("attachment_deleted", json!({ "attachment": view(state).attachment(file) }), true));
    }
    for link in issue.issue_links.iter().filter(|link| link.outward) {
        events.push(("issuelink_deleted", linked(state, issue.id, link), true));
    }
    events
}

fn linked(state: &State, from: u64, link: &super::super::state::IssueLink) -> Value {
    let kind = state.link_types.iter().find(|kind| kind.id == link.kind);
    let word = |of: fn(&super::super::state::LinkType) -> &String| kind.map(of).cloned().unwrap_or_default();
    json!({ "issueLink": {
        "id": link.id, "sourceIssueId": from, "destinationIssueId": link.other,
        "issueLinkType": { "id": link.kind.parse::<u64>().unwrap_or_default(), "name": word(|kind| &kind.name),
            "outwardName": word(|kind| &kind.outward), "inwardName": word(|kind| &kind.inward),
            "isSubTaskLinkType": false, "isSystemLinkType": false },
        "systemLink": false,
    } })
}
