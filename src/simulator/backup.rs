//! A backup of a simulated Jira, and its way back: what was written since is gone, and its ids and keys are given again. Must never put
//! back what a backup of Jira does not hold: who runs it, its clock, its faults, and what its webhooks still have to tell.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Jira;
use super::state::{Issue, Project, Sprint, Thing};

/// What the people of a Jira had written when it was made.
#[derive(Debug, Clone)]
pub struct Backup {
    issues: BTreeMap<u64, Arc<Issue>>,
    keys: BTreeMap<String, u64>,
    comments: BTreeMap<u64, u64>,
    attachments: BTreeMap<u64, u64>,
    projects: BTreeMap<String, Project>,
    things: Vec<Thing>,
    sprints: Vec<Sprint>,
    last: Last,
}

/// The last ids that were given by then.
#[derive(Debug, Clone, Copy)]
struct Last {
    sprint: u64,
    issue: u64,
    thing: usize,
    comment: u64,
    worklog: u64,
    entry: u64,
    attachment: u64,
    link: u64,
}

impl Jira {
    /// What stands in it now.
    #[must_use]
    pub fn back_up(&self) -> Backup {
        let inside = self.lock();
        let state = &inside.state;
        Backup {
            issues: state.issues.clone(),
            keys: state.keys.clone(),
            comments: state.comments.clone(),
            attachments: state.attachments.clone(),
            projects: state.projects.clone(),
            things: state.things.clone(),
            sprints: state.sprints.clone(),
            last: Last {
                sprint: state.last_sprint,
                issue: state.last_issue,
                thing: state.last_thing,
                comment: state.last_comment,
                worklog: state.last_worklog,
                entry: state.last_entry,
                attachment: state.last_attachment,
                link: state.last_link,
            },
        }
    }

    /// Puts a backup in the place of what stands there. The index is made anew from it, and nobody is told by a webhook.
    pub fn put_back(&self, backup: &Backup) {
        let mut inside = self.lock();
        let state = &mut inside.state;
        state.issues.clone_from(&backup.issues);
        state.keys.clone_from(&backup.keys);
        state.comments.clone_from(&backup.comments);
        state.attachments.clone_from(&backup.attachments);
        state.projects.clone_from(&backup.projects);
        state.things.clone_from(&backup.things);
        state.sprints.clone_from(&backup.sprints);
        let Last { sprint, issue, thing, comment, worklog, entry, attachment, link } = backup.last;
        (state.last_sprint, state.last_issue, state.last_thing) = (sprint, issue, thing);
        (state.last_comment, state.last_worklog, state.last_entry) = (comment, worklog, entry);
        (state.last_attachment, state.last_link) = (attachment, link);
        state.searches.clear();
        if state.is_cloud() {
            let written = |issue: &Arc<Issue>| VecDeque::from([(issue.updated, Some(Arc::clone(issue)))]);
            state.index = state.issues.iter().map(|(id, issue)| (*id, written(issue))).collect();
        }
    }
}
