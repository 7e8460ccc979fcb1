//! People who work in a simulated Jira, in process: what they do goes through the same code as REST, has them as author
//! and makes the same changelog entries. Never counted as calls, never limited, never made to fail by a fault.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::content::Spool;
use super::jira::Jira;
use super::reply::{Answer, Refusal};
use super::rest::{self, Call};
use super::state::{State, ThingKind};
use super::values::Version;
use super::{adf, change, parents};

/// Somebody who works in a simulated Jira.
#[derive(Debug, Clone)]
pub struct Person {
    jira: Jira,
    id: String,
}

impl Jira {
    /// The person of that id, login name or e-mail address; `None` when there is none.
    #[must_use]
    pub fn person(&self, reference: &str) -> Option<Person> {
        let id = self.lock().state.user(reference)?.id.clone();
        Some(Person { jira: self.clone(), id })
    }

    /// The login names of those who watch an issue, by its id or key. The same on both kinds, so that tests can compare them.
    #[must_use]
    pub fn watchers(&self, issue: &str) -> BTreeSet<String> {
        let inside = self.lock();
        let watchers = inside.state.issue(issue).map(|issue| issue.watchers.clone()).unwrap_or_default();
        watchers.iter().filter_map(|id| Some(inside.state.users.get(id)?.name.clone())).collect()
    }

    /// What somebody is called, by id.
    #[must_use]
    pub fn display_name(&self, id: &str) -> String {
        self.lock().state.display(id)
    }

    /// Deactivates somebody, or takes them back in.
    pub fn set_active(&self, user: &str, active: bool) {
        let inside = &mut *self.lock();
        if let Some(user) = inside.state.users.values_mut().find(|known| known.name == user || known.id == user) {
            user.active = active;
        }
    }

    /// Changes the time zone in somebody's profile (IANA name).
    pub fn set_time_zone(&self, user: &str, name: &str) {
        let inside = &mut *self.lock();
        if let Some(user) = inside.state.users.values_mut().find(|known| known.name == user || known.id == user) {
            (user.zone_name, user.zone) = (name.to_owned(), super::time::zone(name));
        }
    }

    /// Gives somebody another user name, as an administrator of a Data Center may: whatever they ever did bears it from then on.
    pub fn rename_user(&self, user: &str, name: &str) {
        let inside = &mut *self.lock();
        if let Some(user) = inside.state.users.values_mut().find(|known| known.name == user || known.id == user) {
            user.name = name.to_owned();
        }
    }

    /// Deletes somebody's account. Cloud keeps the id and shows a former user; Data Center gives them a name that says nothing, as
    /// its anonymisation does (memory).
    pub fn forget(&self, user: &str) {
        let inside = &mut *self.lock();
        let cloud = inside.state.is_cloud();
        if let Some(user) = inside.state.users.values_mut().find(|known| known.name == user || known.id == user) {
            (user.active, user.gone, user.hide_email) = (false, true, true);
            if cloud {
                user.display_name = "Former user".to_owned();
            } else {
                user.name = user.id.to_lowercase();
                user.display_name = format!("user-{}", user.id.to_lowercase());
                user.email = format!("{}@jira.invalid", user.name);
            }
        }
    }

    /// Everybody who can log in or be assigned, in the order of ids.
    #[must_use]
    pub fn people(&self) -> Vec<Person> {
        let ids: Vec<String> = self.lock().state.users.keys().cloned().collect();
        ids.into_iter().map(|id| Person { jira: self.clone(), id }).collect()
    }
}

impl Person {
    /// Account id (Cloud) or user key (Data Center).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Text as this Jira takes it: ADF on Cloud, itself on Data Center.
    #[must_use]
    pub fn text(&self, text: &str) -> Value {
        rich(&self.jira.lock().state, text)
    }

    /// Creates an issue; `fields` as in REST, `description` may be plain text on Cloud too. Gives its key.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn create(&self, project: &str, issue_type: &str, mut fields: Value) -> Result<String, Refusal> {
        fields["project"] = json!({ "key": project });
        fields["issuetype"] = json!({ "name": issue_type });
        let reply = self.run(rest::create_issue, &[], json!({ "fields": fields }))?;
        Ok(reply.get("key").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Edits fields of an issue, as in REST; rich text may be plain text on Cloud too.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn edit(&self, issue: &str, fields: Value) -> Result<(), Refusal> {
        self.run(rest::edit_issue, &[issue], json!({ "fields": fields })).map(drop)
    }

    /// Runs `update` operations on an issue, as in REST.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn update(&self, issue: &str, update: Value) -> Result<(), Refusal> {
        self.run(rest::edit_issue, &[issue], json!({ "update": update })).map(drop)
    }

    /// Assigns an issue to somebody (by id, name or e-mail address) or to nobody.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn assign(&self, issue: &str, to: Option<&str>) -> Result<(), Refusal> {
        let user = {
            let inside = self.jira.lock();
            let found = to.and_then(|reference| inside.state.user(reference));
            match (found, inside.state.is_cloud()) {
                (None, _) => Value::Null,
                (Some(user), true) => json!({ "accountId": user.id }),
                (Some(user), false) => json!({ "name": user.name }),
            }
        };
        self.edit(issue, json!({ "assignee": user }))
    }

    /// Adds a comment in plain text; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn comment(&self, issue: &str, text: &str) -> Result<String, Refusal> {
        let body = json!({ "body": self.text(text) });
        self.add_comment(issue, body)
    }

    /// Adds a comment that only members of a project role may read; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn restricted_comment(&self, issue: &str, text: &str, role: &str) -> Result<String, Refusal> {
        let body = json!({ "body": self.text(text), "visibility": { "type": "role", "value": role } });
        self.add_comment(issue, body)
    }

    /// Adds a comment that only members of a group may read; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn group_comment(&self, issue: &str, text: &str, group: &str) -> Result<String, Refusal> {
        let body = json!({ "body": self.text(text), "visibility": { "type": "group", "value": group } });
        self.add_comment(issue, body)
    }

    /// Adds a comment that a service desk's customers do not see; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn internal_comment(&self, issue: &str, text: &str) -> Result<String, Refusal> {
        let property = json!({ "key": "sd.public.comment", "value": { "internal": true } });
        self.add_comment(issue, json!({ "body": self.text(text), "properties": [property] }))
    }

    /// Answers a comment (Cloud); gives the answer's id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn answer(&self, issue: &str, text: &str, comment: &str) -> Result<String, Refusal> {
        self.add_comment(issue, json!({ "body": self.text(text), "parentId": comment }))
    }

    /// Adds a comment whose body is as REST takes it; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn add_comment(&self, issue: &str, body: Value) -> Result<String, Refusal> {
        let reply = self.run(rest::add_comment, &[issue], body)?;
        Ok(reply.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Rewrites a comment.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn edit_comment(&self, issue: &str, comment: &str, text: &str) -> Result<(), Refusal> {
        let body = json!({ "body": self.text(text) });
        self.run(rest::edit_comment, &[issue, comment], body).map(drop)
    }

    /// Lets only members of a project role read a comment from now on.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn restrict_comment(&self, issue: &str, comment: &str, text: &str, role: &str) -> Result<(), Refusal> {
        let body = json!({ "body": self.text(text), "visibility": { "type": "role", "value": role } });
        self.run(rest::edit_comment, &[issue, comment], body).map(drop)
    }

    /// Lets everybody read a comment from now on.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn open_comment(&self, issue: &str, comment: &str, text: &str) -> Result<(), Refusal> {
        let body = json!({ "body": self.text(text), "visibility": null });
        self.run(rest::edit_comment, &[issue, comment], body).map(drop)
    }

    /// Makes a comment internal to a service desk, or public.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn set_internal(&self, issue: &str, comment: &str, text: &str, internal: bool) -> Result<(), Refusal> {
        let property = json!({ "key": "sd.public.comment", "value": { "internal": internal } });
        let body = json!({ "body": self.text(text), "properties": [property] });
        self.run(rest::edit_comment, &[issue, comment], body).map(drop)
    }

    /// Deletes a comment.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn delete_comment(&self, issue: &str, comment: &str) -> Result<(), Refusal> {
        self.run(rest::delete_comment, &[issue, comment], Value::Null).map(drop)
    }

    /// Logs work in plain text, with the remaining estimate left to Jira; gives its id. `started` as REST takes it.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn log_work(&self, issue: &str, started: &str, seconds: u64, text: &str) -> Result<String, Refusal> {
        let body = json!({ "started": started, "timeSpentSeconds": seconds, "comment": self.text(text) });
        self.add_worklog(issue, body)
    }

    /// Logs work, the body as in REST; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn add_worklog(&self, issue: &str, body: Value) -> Result<String, Refusal> {
        let reply = self.run(rest::add_worklog, &[issue], body)?;
        Ok(reply.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Changes logged work, the body as in REST.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn edit_worklog(&self, issue: &str, worklog: &str, body: Value) -> Result<(), Refusal> {
        self.run(rest::edit_worklog, &[issue, worklog], body).map(drop)
    }

    /// Deletes logged work.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn delete_worklog(&self, issue: &str, worklog: &str) -> Result<(), Refusal> {
        self.run(rest::delete_worklog, &[issue, worklog], Value::Null).map(drop)
    }

    /// Votes for an issue.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn vote(&self, issue: &str) -> Result<(), Refusal> {
        self.run(rest::vote, &[issue], Value::Null).map(drop)
    }

    /// Takes a vote back.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn unvote(&self, issue: &str) -> Result<(), Refusal> {
        self.run(rest::unvote, &[issue], Value::Null).map(drop)
    }

    /// Watches an issue.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn watch(&self, issue: &str) -> Result<(), Refusal> {
        self.run(rest::watch, &[issue], Value::Null).map(drop)
    }

    /// Makes somebody (by id, name or e-mail address) a watcher of an issue.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn add_watcher(&self, issue: &str, who: &str) -> Result<(), Refusal> {
        let name = self.jira.lock().state.rest_name(who);
        self.run(rest::watch, &[issue], json!(name)).map(drop)
    }

    /// Takes somebody (by id, name or e-mail address) from the watchers of an issue.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn remove_watcher(&self, issue: &str, who: &str) -> Result<(), Refusal> {
        let mut inside = self.jira.lock();
        let state = &mut inside.state;
        let mut call = self.call(state, &[issue], Value::Null);
        let key = if state.is_cloud() { "accountId" } else { "username" };
        call.query.push((key.to_owned(), state.rest_name(who)));
        rest::unwatch(state, &call).map(drop)
    }

    /// Attaches a file that nobody knows the type of; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn attach(&self, issue: &str, name: &str, content: &[u8]) -> Result<String, Refusal> {
        self.attach_as(issue, name, "application/octet-stream", content)
    }

    /// Attaches a file of that MIME type, as a browser names it; gives its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn attach_as(&self, issue: &str, name: &str, mime: &str, content: &[u8]) -> Result<String, Refusal> {
        let boundary = "simulated-boundary";
        let name = name.replace('"', "%22");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {mime}\r\n\r\n"
        );
        let body = [head.as_bytes(), content, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        self.upload(issue, rest::Upload { content_type, body: rest::Received::Whole(body.into()), token: true })
    }

    /// Attaches a file of that many bytes without meaning, which is kept on the disk where it is large; gives its id. Another
    /// name makes other bytes.
    ///
    /// # Errors
    /// As REST would refuse it; 500 where the disk takes no more.
    pub async fn attach_filled(&self, issue: &str, name: &str, length: u64) -> Result<String, Refusal> {
        let seed = name.bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let content = Spool::filled(length, seed).await;
        let content = content.map_err(|error| Refusal::message(500, error.to_string()))?;
        let file = rest::Sent { name: name.to_owned(), mime: "application/octet-stream".to_owned(), content };
        let body = rest::Received::Files(Some(vec![file]), length);
        let content_type = "multipart/form-data; boundary=none".to_owned();
        self.upload(issue, rest::Upload { content_type, body, token: true })
    }

    fn upload(&self, issue: &str, upload: rest::Upload) -> Result<String, Refusal> {
        let mut inside = self.jira.lock();
        let state = &mut inside.state;
        let call = Call { upload: Some(upload), ..self.call(state, &[issue], Value::Null) };
        let reply = rest::add_attachment(state, &call)?;
        let body = reply.body.unwrap_or_default();
        Ok(body.pointer("/0/id").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn detach(&self, attachment: &str) -> Result<(), Refusal> {
        self.run(rest::delete_attachment, &[attachment], Value::Null).map(drop)
    }

    /// Links an issue to another, so that the first reads as the type's outward text (`SUP-1 blocks SUP-2`).
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn link(&self, issue: &str, kind: &str, other: &str) -> Result<(), Refusal> {
        let body =
            json!({ "type": { "name": kind }, "inwardIssue": { "key": issue }, "outwardIssue": { "key": other } });
        self.run(rest::link_issues, &[], body).map(drop)
    }

    /// Takes a link away, by its id.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn unlink(&self, link: u64) -> Result<(), Refusal> {
        self.run(rest::unlink_issues, &[&link.to_string()], Value::Null).map(drop)
    }

    /// Takes the transition of that name, or the first that leads to the status of that name.
    ///
    /// # Errors
    /// 404 when none is offered; else as REST would refuse it.
    pub fn transition(&self, issue: &str, name: &str) -> Result<(), Refusal> {
        self.transition_with(issue, name, json!({}))
    }

    /// As [`Person::transition`], with fields for its screen.
    ///
    /// # Errors
    /// 404 when none is offered; else as REST would refuse it.
    pub fn transition_with(&self, issue: &str, name: &str, fields: Value) -> Result<(), Refusal> {
        let offered = self.transitions(issue)?;
        let chosen = offered.iter().find(|(_, known, _)| known == name);
        let chosen = chosen.or_else(|| offered.iter().find(|(_, _, to)| to == name));
        let (id, _, _) = chosen.ok_or_else(|| Refusal::message(404, format!("No transition '{name}' is on offer.")))?;
        self.run(rest::take_transition, &[issue], json!({ "transition": { "id": id }, "fields": fields })).map(drop)
    }

    /// The transitions on offer: id, name, name of the status that it leads to.
    ///
    /// # Errors
    /// 404 when there is no such issue, or it may not be seen.
    pub fn transitions(&self, issue: &str) -> Result<Vec<(String, String, String)>, Refusal> {
        let reply = self.run(rest::list_transitions, &[issue], Value::Null)?;
        let list = reply.get("transitions").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |value: &Value, at: &str| value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(list.iter().map(|entry| (text(entry, "/id"), text(entry, "/name"), text(entry, "/to/name"))).collect())
    }

    /// Makes a component of a project.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn make_component(&self, project: &str, name: &str) -> Result<(), Refusal> {
        self.run(rest::create_component, &[], json!({ "name": name, "project": project })).map(drop)
    }

    /// Makes a version of a project, with what REST takes when one is made.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn make_version(&self, project: &str, name: &str, mut more: Value) -> Result<(), Refusal> {
        more["name"] = json!(name);
        more["project"] = json!(project);
        self.run(rest::create_version, &[], more).map(drop)
    }

    /// Changes the version of a project that has this name.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn change_version(&self, project: &str, name: &str, change: Value) -> Result<(), Refusal> {
        let id = self.thing_id(project, ThingKind::Version, name)?;
        self.run(rest::update_version, &[&id], change).map(drop)
    }

    /// Changes the component of a project that has this name.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn change_component(&self, project: &str, name: &str, change: Value) -> Result<(), Refusal> {
        let id = self.thing_id(project, ThingKind::Component, name)?;
        self.run(rest::update_component, &[&id], change).map(drop)
    }

    fn thing_id(&self, project: &str, kind: ThingKind, name: &str) -> Result<String, Refusal> {
        let inside = self.jira.lock();
        let found = inside.state.things_of(project, kind).find(|thing| thing.name == name);
        found.map(|thing| thing.id.clone()).ok_or_else(|| Refusal::message(404, format!("no `{name}` in {project}")))
    }

    /// Deletes an issue.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn delete(&self, issue: &str) -> Result<(), Refusal> {
        self.run(rest::delete_issue, &[issue], Value::Null).map(drop)
    }

    /// Moves an issue to another project; gives its new key. The old key keeps working.
    ///
    /// # Errors
    /// 404 when the issue or the project does not exist.
    pub fn move_to(&self, issue: &str, project: &str) -> Result<String, Refusal> {
        let mut inside = self.jira.lock();
        let found = inside.state.issue(issue).cloned();
        let found = found.ok_or_else(|| Refusal::message(404, "Issue Does Not Exist"))?;
        change::move_to(&mut inside.state, Some(&self.id), &found, project)
    }

    /// Gives a sub-task another parent, as the browser does: on Data Center that is a move, and not of REST.
    ///
    /// # Errors
    /// 404 when an issue does not exist.
    pub fn move_under(&self, issue: &str, parent: &str) -> Result<(), Refusal> {
        let mut inside = self.jira.lock();
        let found = inside.state.issue(issue).cloned();
        let found = found.ok_or_else(|| Refusal::message(404, "Issue Does Not Exist"))?;
        parents::move_under(&mut inside.state, Some(&self.id), &found, parent)
    }

    /// Does something to an issue that is no request of REST; the closure is given this person's id.
    pub(super) fn on_issue<T>(
        &self,
        issue: &str,
        act: impl FnOnce(&mut State, &str, &super::state::Issue) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut inside = self.jira.lock();
        let found = inside.state.issue(issue).cloned();
        let found = found.ok_or_else(|| Refusal::message(404, "Issue Does Not Exist"))?;
        inside.state.actor = Some(self.id.clone());
        act(&mut inside.state, &self.id, &found)
    }

    /// Sends one request to an operation as this person, without HTTP.
    pub(super) fn run(
        &self,
        operation: fn(&mut State, &Call) -> Answer,
        parameters: &[&str],
        mut body: Value,
    ) -> Result<Value, Refusal> {
        let mut inside = self.jira.lock();
        let state = &mut inside.state;
        soften(state, &mut body);
        state.actor = Some(self.id.clone());
        let call = self.call(state, parameters, body);
        operation(state, &call).map(|reply| reply.body.unwrap_or(Value::Null))
    }
}

impl Person {
    fn call(&self, state: &State, parameters: &[&str], body: Value) -> Call {
        Call {
            user: Some(self.id.clone()),
            version: if state.is_cloud() { Version::V3 } else { Version::V2 },
            parameters: parameters.iter().map(|part| (*part).to_owned()).collect(),
            query: Vec::new(),
            body,
            upload: None,
            page_cap: u64::MAX,
        }
    }
}

fn rich(state: &State, text: &str) -> Value {
    if state.is_cloud() { adf::from_wiki(text) } else { json!(text) }
}

/// Lets people write plain text into rich text fields of Cloud, as its editor would.
fn soften(state: &State, body: &mut Value) {
    let Some(fields) = body.get_mut("fields").and_then(Value::as_object_mut) else { return };
    for (name, value) in fields {
        let is_rich = state.fields.get(name).is_some_and(super::state::Field::is_rich_text);
        if let Some(text) = value.as_str().filter(|_| is_rich && state.is_cloud()) {
            *value = adf::from_wiki(text);
        }
    }
}
