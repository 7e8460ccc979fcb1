//! Polls: one search per instance and interval over all projects of all syncs on it. It only hints, and keeps the rows as
//! first reads. Must never move the cursor past a row that is not queued, and never ask by a side's JQL: an issue that left
//! the filter would not be seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::store::{Cursor, Hint, Newcomer, StoreError};

/// Up to this many rows known within the overlap, the overlap is read along in full; with more of them only ids and times
/// are asked for, and what is new among them is read.
const FEW: usize = 50;

/// How long queued rows are remembered: where times in JQL can only be asked for widely, a search goes back 26 hours.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(27);

/// `updated` may stand still for so long while an issue changes (some databases keep whole seconds): what is fresher than
/// this is read along again by the next poll.
const STANDS_STILL: SignedDuration = SignedDuration::from_secs(3);

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
        let begun = instance.server_now();
        let cursor = self.store.cursor(instance.id()).await?;
        let overlap = SignedDuration::try_from(instance.settings.overlap).unwrap_or(SignedDuration::MAX);
        let since = cursor.map(|cursor| cursor.updated.saturating_sub(overlap).unwrap_or(Timestamp::MIN));
        let polled = match since {
            Some(since) if instance.seen_since(since) > FEW => self.poll_narrow(instance, since).await?,
            Some(_) | None => self.poll_rows(instance, since).await?,
        };
        self.move_on(instance, cursor, begun.saturating_sub(overlap).unwrap_or(Timestamp::MIN)).await?;
        Ok(polled)
    }

    /// After a whole poll everything up to a little before its beginning is known, whether anything changed or not.
    async fn move_on(&self, instance: &Instance, before: Option<Cursor>, reached: Timestamp) -> Result<(), StoreError> {
        if before.is_some_and(|cursor| cursor.updated < reached) {
            let cursor = Some(Cursor { updated: reached });
            self.store.queue_hints(instance.id(), &[], &[], cursor, self.now()).await?;
        }
        instance.forget_before(reached.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN));
        Ok(())
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
            let newest = found.rows.iter().map(|row| row.updated).max();
            polled.rows += self.queue(instance, found.rows, newest).await?;
            page = found.next;
            if is_last {
                return Ok(polled);
            }
        }
    }

    /// Reads ids and times, and then those rows that are not known.
    async fn poll_narrow(&self, instance: &Arc<Instance>, since: Timestamp) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        let mut page: Option<String> = None;
        loop {
            let found = instance.read.touched(&instance.projects, since, page.as_deref()).await?;
            polled.pages += 1;
            // Behind what this page names nothing was asked yet: a row that moved on while it was read must not pull the cursor along.
            let newest = found.rows.iter().map(|(_, updated)| *updated).max();
            let new = found.rows.into_iter().filter(|(issue, updated)| !instance.has_seen(*issue, *updated));
            let new: Vec<IssueId> = new.map(|(issue, _)| issue).collect();
            let rows = if new.is_empty() { Vec::new() } else { instance.read.rows(&new, &instance.want).await? };
            let is_last = found.next.is_none();
            polled.rows += self.queue(instance, rows, newest).await?;
            page = found.next;
            if is_last {
                return Ok(polled);
            }
        }
    }

    /// Queues the rows that are new, and moves the cursor to `newest`, in one transaction. Pages come in the order of
    /// `updated`, so all that lies before the cursor was queued. Returns how many were new.
    async fn queue(
        &self,
        instance: &Arc<Instance>,
        rows: Vec<IssueSnapshot>,
        newest: Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let rows: Vec<IssueSnapshot> = rows.into_iter().filter(|row| !instance.has_seen(row.id, row.updated)).collect();
        if !rows.is_empty() {
            let hints: Vec<Hint> = rows.iter().map(|row| Hint { issue: row.id }).collect();
            let newcomers = self.newcomers_of(instance, &rows).await?;
            let cursor = newest.map(|updated| Cursor { updated });
            let settled = instance.server_now().checked_sub(STANDS_STILL).unwrap_or(Timestamp::MIN);
            let settled = rows.iter().filter(|row| row.updated < settled);
            let times: Vec<(IssueId, Timestamp)> = settled.map(|row| (row.id, row.updated)).collect();
            let count = rows.len();
            for row in rows {
                self.rows.put(instance.id(), row);
            }
            self.store.queue_hints(instance.id(), &hints, &newcomers, cursor, self.now()).await?;
            instance.saw(times);
            return Ok(count);
        }
        Ok(0)
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
