//! What an administrator changes in a simulated Jira while it runs. Must never change what its people wrote.

use super::{Holder, Jira, Quirks};

impl Jira {
    /// Changes the quirks while it runs.
    pub fn set_quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.lock().state.quirks);
    }

    /// Gives a permission of a project to these holders alone, while it runs.
    pub fn set_permission(&self, project: &str, key: &str, holders: &[Holder]) {
        if let Some(project) = self.lock().state.projects.get_mut(project) {
            project.permissions.insert(key.to_owned(), holders.iter().cloned().collect());
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
