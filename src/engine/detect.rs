//! Polls: one search per instance and interval over all projects of all syncs on it. It only hints, and keeps the rows as
//! first reads. Must never move the cursor past a row that is not queued, and never ask by a side's JQL: an issue that left
//! the filter would not be seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::instance::{Instance, Window};
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::store::{Cursor, Hint, Newcomer, StoreError};

/// Up to this many rows known within the overlap, the overlap is read along in full; with more of them only ids and times
/// are asked for, and what is new among them is read.
const FEW: usize = 50;

/// `updated` may stand still for so long while an issue changes (some databases keep whole seconds): what is fresher than
/// this is read along again by the next poll.
const STANDS_STILL: SignedDuration = SignedDuration::from_secs(3);

/// Rows read at once where only ids and times were asked for.
const PORTION: usize = 100;

/// What a poll brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Rows that were not known.
    pub rows: usize,
    /// Pages asked for.
    pub pages: usize,
}

/// Why a poll failed.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The instance.
    #[error(transparent)]
    Jira(#[from] JiraError),
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Asks one instance what changed, and queues it. While the instance is paused nothing is asked.
    ///
    /// # Errors
    /// The instance or the state did not answer. The cursor stands where it stood.
    pub async fn poll(&self, id: &InstanceId) -> Result<Polled, PollError> {
        let Some(instance) = self.instances.get(id).cloned() else { return Ok(Polled::default()) };
        if instance.projects.is_empty() || instance.pause().is_some() {
            return Ok(Polled::default());
        }
        let polled = self.poll_instance(&instance).await;
        match &polled {
            Ok(_) => instance.answered(),
            Err(PollError::Jira(error)) => {
                instance.failed(error);
            }
            Err(PollError::Store(_)) => {}
        }
        polled
    }

    async fn poll_instance(&self, instance: &Arc<Instance>) -> Result<Polled, PollError> {
        let cursor = self.store.cursor(instance.id()).await?;
        let Some(cursor) = cursor else {
            return self.poll_rows(instance, None).await;
        };
        let now = instance.surely_past(cursor.updated);
        let window = instance.window(cursor.updated);
        let polled = if instance.seen_since(window.since) > FEW {
            self.poll_narrow(instance, &window).await?
        } else {
            self.poll_rows(instance, Some(window.since)).await?
        };
        instance.asked_all_until(now);
        Ok(polled)
    }

    /// Reads rows in full, oldest first. Every page is queued before the next is asked for.
    async fn poll_rows(&self, instance: &Arc<Instance>, since: Option<Timestamp>) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        let mut page = None;
        loop {
            let read = &instance.read;
            let found = read.changes(&instance.projects, since, &instance.want, page.as_deref()).await?;
            polled.pages += 1;
            let is_last = found.next.is_none();
            // What lies before was asked for only because JQL cannot say it more exactly.
            let rows = found.rows.into_iter().filter(|row| since.is_none_or(|since| row.updated >= since));
            polled.rows += self.queue(instance, rows.collect(), None, is_last).await?;
            page = found.next;
            if is_last {
                instance.looked_at_all();
                return Ok(polled);
            }
        }
    }

    /// Reads ids and times, the newest first, and then those rows that are not known, the oldest first. Behind a page on
    /// which nothing is new nothing was before; what the index brings late is found once per overlap, when all is read.
    async fn poll_narrow(&self, instance: &Arc<Instance>, window: &Window) -> Result<Polled, PollError> {
        let since = if window.whole { window.earlier } else { window.since };
        let mut polled = Polled::default();
        let mut page: Option<String> = None;
        let mut new: Vec<(Timestamp, IssueId)> = Vec::new();
        loop {
            let found = instance.read.touched(&instance.projects, since, page.as_deref()).await?;
            polled.pages += 1;
            let before = new.len();
            let rows = found.rows.into_iter().filter(|(_, updated)| *updated >= since);
            let unknown = rows.filter(|(issue, updated)| !instance.has_seen(*issue, *updated));
            new.extend(unknown.map(|(issue, updated)| (updated, issue)));
            page = found.next;
            if page.is_none() || !window.whole && new.len() == before {
                break;
            }
        }
        new.sort_unstable();
        new.dedup();
        for part in new.chunks(PORTION) {
            let issues: Vec<IssueId> = part.iter().map(|(_, issue)| *issue).collect();
            let mut rows = instance.read.rows(&issues, &instance.want).await?;
            rows.sort_by_key(|row| (row.updated, row.id));
            // A row that changed once more since it was listed must not take the cursor past those behind it.
            polled.rows += self.queue(instance, rows, part.last().map(|(listed, _)| *listed), false).await?;
        }
        self.forget_old(instance).await?;
        if window.whole {
            instance.looked_at_all();
        }
        Ok(polled)
    }

    /// Queues the rows that are new, and moves the cursor behind them, in one transaction. Rows come in the order of
    /// `updated`, so all that lies before the cursor was queued; it moves no further than `most`. Returns how many were new.
    async fn queue(
        &self,
        instance: &Arc<Instance>,
        rows: Vec<IssueSnapshot>,
        most: Option<Timestamp>,
        is_last: bool,
    ) -> Result<usize, StoreError> {
        let rows: Vec<IssueSnapshot> = rows.into_iter().filter(|row| !instance.has_seen(row.id, row.updated)).collect();
        let newest = rows.iter().map(|row| row.updated).max();
        if !rows.is_empty() {
            let hints: Vec<Hint> = rows.iter().map(|row| Hint { issue: row.id }).collect();
            let newcomers = self.newcomers_of(instance, &rows).await?;
            let newest = newest.map(|newest| most.map_or(newest, |most| newest.min(most)));
            let cursor = newest.map(|updated| Cursor { updated });
            let settled = instance.server_now().checked_sub(STANDS_STILL).unwrap_or(Timestamp::MIN);
            let settled = rows.iter().filter(|row| row.updated < settled);
            let times: Vec<(IssueId, Timestamp)> = settled.map(|row| (row.id, row.updated)).collect();
            let count = rows.len();
            for row in rows {
                self.rows.put(instance.id(), row);
            }
            self.store.queue_hints(instance.id(), &hints, &newcomers, cursor, self.now()).await?;
            instance.saw(times, None);
            if is_last {
                self.forget_old(instance).await?;
            }
            return Ok(count);
        }
        if is_last {
            self.forget_old(instance).await?;
        }
        Ok(0)
    }

    async fn forget_old(&self, instance: &Arc<Instance>) -> Result<(), StoreError> {
        let cursor = self.store.cursor(instance.id()).await?;
        // Twice the overlap: so far back is looked when all is looked at.
        let overlap = SignedDuration::try_from(instance.settings.overlap * 2).unwrap_or(SignedDuration::MAX);
        let margin = SignedDuration::from_mins(2);
        let horizon = cursor.and_then(|cursor| cursor.updated.checked_sub(overlap).ok()?.checked_sub(margin).ok());
        instance.saw([], horizon);
        Ok(())
    }

    /// The rows that no item of a sync holds, for each sync that covers their project.
    async fn newcomers_of(
        &self,
        instance: &Arc<Instance>,
        rows: &[IssueSnapshot],
    ) -> Result<Vec<Newcomer>, StoreError> {
        let mut found = Vec::new();
        for sync in self.syncs.values() {
            for side in sync.settings.sides.iter().filter(|side| &side.instance == instance.id()) {
                let there: Vec<IssueId> =
                    rows.iter().filter(|row| row.project == side.project).map(|row| row.id).collect();
                if there.is_empty() {
                    continue;
                }
                let known: BTreeSet<IssueId> =
                    self.store.known(sync.id(), instance.id(), &there).await?.into_iter().collect();
                let unknown = there.into_iter().filter(|issue| !known.contains(issue));
                found.extend(unknown.map(|issue| newcomer(sync, &side.id, instance, issue, self.now())));
            }
        }
        Ok(found)
    }
}

fn newcomer(
    sync: &SyncRun,
    side: &crate::model::ids::SideId,
    instance: &Instance,
    issue: IssueId,
    first_seen: Timestamp,
) -> Newcomer {
    let (sync, side) = (sync.id().clone(), side.clone());
    Newcomer { sync, side, instance: instance.id().clone(), issue, first_seen }
}
