//! An account that gets another id, as when an organisation's accounts are migrated to Cloud or merged: one and the same user before and
//! after. Must never change what was written or when, nor the properties that clients keep.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Jira;
use super::setup::Holder;
use super::state::{Issue, State};

impl Jira {
    /// Gives somebody (by id, name or e-mail address) an id that nobody has: whatever they ever did, hold or may bears it from then on,
    /// histories, comments and mentions too. Their tokens stay, what OAuth granted them ends.
    pub fn migrate_account(&self, user: &str, id: &str) {
        let inside = &mut *self.lock();
        let state = &mut inside.state;
        let Some(old) = state.user(user).map(|found| found.id.clone()) else { return };
        let renamed = Renamed { old: &old, new: id };
        renamed.in_rights(state);
        if let Some(mut user) = state.users.remove(&old) {
            id.clone_into(&mut user.id);
            state.users.insert(user.id.clone(), user);
        }
        for issue in state.issues.values_mut() {
            renamed.in_issue(Arc::make_mut(issue));
        }
        // The index shows nothing that is not stored.
        for (_, version) in state.index.values_mut().flatten() {
            if let Some(issue) = version {
                renamed.in_issue(Arc::make_mut(issue));
            }
        }
    }
}

/// One id in the place of another.
struct Renamed<'a> {
    old: &'a str,
    new: &'a str,
}

impl Renamed<'_> {
    fn in_rights(&self, state: &mut State) {
        self.in_set(&mut state.administrators);
        self.in_set(&mut state.cannot_browse_users);
        state.group_members.values_mut().for_each(|members| self.in_set(members));
        for project in state.projects.values_mut() {
            project.roles.values_mut().for_each(|members| self.in_set(members));
            for holders in project.permissions.values_mut().chain(project.level_members.values_mut()) {
                if holders.remove(&Holder::User(self.old.to_owned())) {
                    holders.insert(Holder::User(self.new.to_owned()));
                }
            }
        }
    }

    fn in_issue(&self, issue: &mut Issue) {
        self.in_id(&mut issue.creator);
        issue.fields.values_mut().for_each(|value| self.in_value(value));
        for comment in &mut issue.comments {
            self.in_id(&mut comment.author);
            self.in_id(&mut comment.update_author);
            self.in_value(&mut comment.body);
        }
        for work in &mut issue.worklogs {
            self.in_id(&mut work.author);
            self.in_id(&mut work.update_author);
            self.in_value(&mut work.comment);
        }
        for file in &mut issue.attachments {
            self.in_id(&mut file.author);
        }
        self.in_set(&mut issue.watchers);
        self.in_set(&mut issue.voters);
        for entry in &mut issue.history {
            self.in_id(&mut entry.author);
            entry.metadata.iter_mut().for_each(|value| self.in_value(value));
            for item in &mut entry.items {
                self.in_id(&mut item.from);
                self.in_id(&mut item.to);
            }
        }
    }

    fn in_id(&self, id: &mut Option<String>) {
        if id.as_deref() == Some(self.old) {
            *id = Some(self.new.to_owned());
        }
    }

    fn in_set(&self, ids: &mut BTreeSet<String>) {
        if ids.remove(self.old) {
            ids.insert(self.new.to_owned());
        }
    }

    /// Wherever the id stands by itself: a person, one of several, a mention.
    fn in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) if text == self.old => self.new.clone_into(text),
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.in_value(element)),
            Value::Object(members) => members.values_mut().for_each(|member| self.in_value(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
