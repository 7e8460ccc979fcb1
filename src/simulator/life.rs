//! What people do to an issue as a whole in the browser, and what no REST call of ours does: clone it, archive it, make it a
//! sub-task. Must never be gentler to whoever reads it than Jira is: a clone brings all that might be taken for the original.

use serde_json::{Value, json};

use super::jira::Jira;
use super::parents::{Level, level};
use super::people::Person;
use super::permissions::holds;
use super::reply::Refusal;
use super::state::{Issue, State};
use super::{change, rest};

/// What a clone does not take over: where the original stands in its workflow, and the time spent on it.
const NOT_CLONED: &[&str] =
    &["status", "resolution", "resolutiondate", "statuscategorychangedate", "timespent", "timeestimate"];

impl Jira {
    /// Gives types of a project a workflow of their own, while it runs: REST changes the type of an issue neither to one of them
    /// nor from one of them.
    pub fn part_types(&self, project: &str, names: &[&str]) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        let ids = state.types.iter().filter(|kind| names.contains(&kind.name.as_str())).map(|kind| kind.id.clone());
        let ids: std::collections::BTreeSet<String> = ids.collect();
        if let Some(project) = state.projects.get_mut(project) {
            project.parted_types = ids;
        }
    }
}

impl Person {
    /// Clones an issue as the browser does; gives the clone's key. Its creator is who clones it. Entity properties come along:
    /// that is documented nowhere, and it is the harder case for who marks issues by them.
    ///
    /// # Errors
    /// 404 when there is no such issue, 403 without Create Issues.
    pub fn clone_issue(&self, issue: &str) -> Result<String, Refusal> {
        let key = self.on_issue(issue, |state, user, original| {
            let project = change::project_of(state, original)?;
            if !holds(state, &project, None, Some(user), "CREATE_ISSUES") {
                return Err(Refusal::message(403, "You do not have permission to create issues in this project."));
            }
            state.last_issue += 1;
            let mut clone = change::blank(state, &project, state.last_issue, Some(user));
            let fields = original.fields.iter().filter(|(name, _)| !NOT_CLONED.contains(&name.as_str()));
            clone.fields.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
            let summary = original.text("summary").unwrap_or_default();
            clone.fields.insert("summary".to_owned(), json!(format!("CLONE - {summary}")));
            if !holds(state, &project, None, Some(user), "MODIFY_REPORTER") {
                clone.fields.insert("reporter".to_owned(), json!(user));
            }
            clone.properties.clone_from(&original.properties);
            clone.text_versions = original.text_versions.keys().map(|name| (name.clone(), 1)).collect();
            if let Some(project) = state.projects.get_mut(&project.key) {
                project.last_number += 1;
                clone.key = format!("{}-{}", project.key, project.last_number);
            }
            rest::watcher::autowatch(state, &mut clone, Some(user));
            let key = clone.key.clone();
            state.store(clone);
            Ok(key)
        })?;
        // Where linking is off, or the right to it is missing, there is no link.
        let _ = self.link(&key, "Cloners", issue);
        Ok(key)
    }

    /// Puts a remote link on an issue, as other tools do.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn link_to(&self, issue: &str, address: &str) -> Result<(), Refusal> {
        let body = json!({ "object": { "url": address, "title": address } });
        self.run(rest::link_remotely, &[issue], body).map(drop)
    }

    /// Sets an entity property of an issue, as other tools do.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn set_property(&self, issue: &str, name: &str, value: Value) -> Result<(), Refusal> {
        self.run(rest::set_issue_property, &[issue, name], value).map(drop)
    }

    /// Takes an entity property of an issue away, as other tools do.
    ///
    /// # Errors
    /// As REST would refuse it.
    pub fn delete_property(&self, issue: &str, name: &str) -> Result<(), Refusal> {
        self.run(rest::delete_issue_property, &[issue, name], Value::Null).map(drop)
    }

    /// Archives an issue: it is in no search any more, can be read by who has its key, and refuses every write (memory).
    /// Neither the changelog nor `updated` says anything of it.
    ///
    /// # Errors
    /// 404 when there is no such issue.
    pub fn archive(&self, issue: &str) -> Result<(), Refusal> {
        self.set_archived(issue, true)
    }

    /// Restores an archived issue.
    ///
    /// # Errors
    /// 404 when there is no such issue.
    pub fn restore(&self, issue: &str) -> Result<(), Refusal> {
        self.set_archived(issue, false)
    }

    fn set_archived(&self, issue: &str, archived: bool) -> Result<(), Refusal> {
        self.on_issue(issue, |state, _, issue| {
            state.store(Issue { archived, ..issue.clone() });
            Ok(())
        })
    }

    /// Gives an issue another type in the browser, below a parent or below none: so an issue becomes a sub-task, and a
    /// sub-task an issue of its own.
    ///
    /// # Errors
    /// 404 when an issue or the type does not exist.
    pub fn convert(&self, issue: &str, issue_type: &str, parent: Option<&str>) -> Result<(), Refusal> {
        self.on_issue(issue, |state, user, issue| {
            let missing = || Refusal::message(404, "Issue Does Not Exist");
            let kind = state.types.iter().find(|kind| kind.name == issue_type).ok_or_else(missing)?.id.clone();
            let above = match parent {
                Some(parent) => json!(state.issue(parent).ok_or_else(missing)?.id.to_string()),
                None => Value::Null,
            };
            let changes = vec![("issuetype".to_owned(), json!(kind)), ("parent".to_owned(), above)];
            let mut issue = issue.clone();
            change::log(state, &mut issue, Some(user), changes, None);
            state.store(issue);
            Ok(())
        })
    }
}

/// Whether REST may change an issue's type: only among types with one workflow, and neither to a sub-task nor from one.
pub(crate) fn may_become(state: &State, issue: &Issue, changes: &[(String, Value)]) -> Result<(), Refusal> {
    let Some((_, kind)) = changes.iter().find(|(name, _)| name == "issuetype") else { return Ok(()) };
    let now = issue.value("issuetype");
    let parted = |kind: &Value| {
        let project = state.projects.get(&issue.project);
        kind.as_str().is_some_and(|id| project.is_some_and(|project| project.parted_types.contains(id)))
    };
    let sub_task = |kind: &Value| level(state, kind) == Level::SubTask;
    if now == kind || (parted(now) == parted(kind) && sub_task(now) == sub_task(kind)) {
        return Ok(());
    }
    Err(Refusal::field("issuetype", "The issue type selected is invalid."))
}
