//! The list of what was touched: ids and times alone, the newest first, page by page. Must never take a list for whole that does not lead on.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::instance::Instance;
use crate::jira::{JiraError, Trail};
use crate::model::ids::IssueId;

/// A list that is being read.
pub(super) struct Touched<'i> {
    instance: &'i Instance,
    projects: &'i BTreeSet<String>,
    since: Timestamp,
    page: Option<String>,
    trail: Trail,
    /// Pages asked for.
    pub(super) pages: usize,
    is_over: bool,
}

impl<'i> Touched<'i> {
    /// The list of what was updated at or after `since`, by the instance's clock.
    pub(super) fn since(instance: &'i Instance, projects: &'i BTreeSet<String>, since: Timestamp) -> Self {
        Self { instance, projects, since, page: None, trail: Trail::default(), pages: 0, is_over: false }
    }

    /// Whether its last page was read.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Reads on: `whole`: to its end, else up to a page on which nothing is new. Gives what is not known, the oldest first. `None`: it cannot
    /// be read from its end.
    pub(super) async fn read_on(&mut self, whole: bool) -> Result<Option<Vec<(Timestamp, IssueId)>>, JiraError> {
        let mut new = Vec::new();
        while !self.is_over {
            let found = self.instance.read.touched(self.projects, self.since, self.page.as_deref()).await?;
            self.pages += 1;
            let ids = found.rows.iter().map(|(issue, _)| *issue);
            if found.cut || found.next.is_some() && !self.trail.leads_on(ids) {
                return Ok(None);
            }
            let (before, is_empty) = (new.len(), found.rows.is_empty());
            let rows = found.rows.into_iter().filter(|(_, updated)| *updated >= self.since);
            let unknown = rows.filter(|(issue, updated)| !self.instance.has_seen(*issue, *updated));
            new.extend(unknown.map(|(issue, updated)| (updated, issue)));
            self.page = found.next;
            self.is_over = self.page.is_none();
            // An empty page proves nothing about those behind it.
            if !whole && !is_empty && new.len() == before {
                break;
            }
        }
        new.sort_unstable();
        new.dedup();
        Ok(Some(new))
    }
}
