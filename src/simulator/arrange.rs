//! What an administrator changes in a simulated Jira while it runs. Must never change what its people wrote.

use std::sync::Arc;

use serde_json::Value;

use super::render::View;
use super::state::{Thing, ThingKind};
use super::values::Version;
use super::{Holder, Jira, Quirks, hooks};

impl Jira {
    /// Changes the quirks while it runs.
    pub fn set_quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.lock().state.quirks);
    }

    /// The versions of a project as REST lists them.
    #[must_use]
    pub fn versions(&self, project: &str) -> Vec<Value> {
        self.listed(project, ThingKind::Version)
    }

    /// The components of a project as REST lists them.
    #[must_use]
    pub fn components(&self, project: &str) -> Vec<Value> {
        self.listed(project, ThingKind::Component)
    }

    fn listed(&self, project: &str, kind: ThingKind) -> Vec<Value> {
        let inside = self.lock();
        let view = View { state: &inside.state, user: None, version: Version::V2 };
        inside.state.things_of(project, kind).map(|thing| view.thing(thing)).collect()
    }

    /// Takes the start and the release day of a version away, as its page in the browser does.
    pub fn clear_days(&self, project: &str, name: &str) {
        let mut inside = self.lock();
        let known = inside.state.things.iter_mut();
        for thing in known.filter(|thing| (thing.project.as_str(), thing.name.as_str()) == (project, name)) {
            (thing.start, thing.release) = (None, None);
        }
    }

    /// Puts the version of that name first in its project's list.
    pub fn put_version_first(&self, project: &str, name: &str) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        let is_it = |thing: &Thing| thing.kind == ThingKind::Version && thing.project == project && thing.name == name;
        let Some(place) = state.things.iter().position(is_it) else { return };
        let thing = state.things.remove(place);
        let id = thing.id.clone();
        state.things.insert(0, thing);
        hooks::tell_of_version(state, "jira:version_moved", &id, None);
    }

    /// Takes the whole history of an issue away, as who keeps none of before some day does in the database: `updated` stays.
    pub fn cut_history(&self, key: &str) {
        let mut inside = self.lock();
        let Some(mut issue) = inside.state.issue(key).map(|issue| issue.as_ref().clone()) else { return };
        issue.history.clear();
        inside.state.issues.insert(issue.id, Arc::new(issue.clone()));
        inside.state.remember(issue.id, Some(Arc::new(issue)));
    }

    /// Gives a project another name; its key stays.
    pub fn rename_project(&self, project: &str, name: &str) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        if let Some(project) = state.projects.get_mut(project) {
            name.clone_into(&mut project.name);
        }
        hooks::tell_of_project(state, "project_updated", project);
    }

    /// What a project is called; empty where there is none of that key.
    #[must_use]
    pub fn project_name(&self, project: &str) -> String {
        self.lock().state.projects.get(project).map(|project| project.name.clone()).unwrap_or_default()
    }

    /// Deletes the version of that name, which no issue may hold.
    pub fn delete_version(&self, project: &str, name: &str) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        let found = state.things_of(project, ThingKind::Version).find(|thing| thing.name == name);
        let Some(id) = found.map(|thing| thing.id.clone()) else { return };
        hooks::tell_of_version(state, "jira:version_deleted", &id, None);
        state.things.retain(|thing| thing.id != id);
    }

    /// Gives a permission of a project to these holders alone, while it runs.
    pub fn set_permission(&self, project: &str, key: &str, holders: &[Holder]) {
        if let Some(project) = self.lock().state.projects.get_mut(project) {
            project.permissions.insert(key.to_owned(), holders.iter().cloned().collect());
        }
    }

    /// Lets a user, by its id, find people and see who is in a group, or not, while it runs (the global permission Browse users and groups).
    pub fn set_browses_users(&self, user: &str, may: bool) {
        let users = &mut self.lock().state.cannot_browse_users;
        if may {
            users.remove(user);
        } else {
            users.insert(user.to_owned());
        }
    }

    /// Lets these alone see what has a security level of a project, while it runs.
    pub fn set_level_members(&self, project: &str, level: &str, members: &[Holder]) {
        if let Some(project) = self.lock().state.projects.get_mut(project) {
            project.level_members.insert(level.to_owned(), members.iter().cloned().collect());
        }
    }

    /// Puts these fields alone on a project's screens, while it runs; none at all: every field that can be written.
    pub fn set_screen(&self, project: &str, fields: &[&str]) {
        if let Some(project) = self.lock().state.projects.get_mut(project) {
            project.screen = fields.iter().map(|field| (*field).to_owned()).collect();
        }
    }

    /// Leaves these types of issue links alone, while it runs.
    pub fn set_link_types(&self, names: &[&str]) {
        self.lock().state.link_types.retain(|kind| names.contains(&kind.name.as_str()));
    }
}
