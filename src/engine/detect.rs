//! Polls: one search per instance and interval over all projects of all syncs on it. It only hints, and keeps the rows as
//! first reads. Must never move the cursor past a row that is not queued, and never ask by a side's JQL: an issue that left
//! the filter would not be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::admit::MANY;
use super::instance::Instance;
use super::walk::Walk;
use super::{Engine, SyncRun};
use crate::jira::{Budget, Failure, JiraError, ReadRows};
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::occasion::Occasion;
use crate::model::store::{Announced, Cursor, Hint, KnownBy, Newcomer, StoreError, Urgency};
use crate::planted::{Bug, is_planted};

/// Up to this many rows known within the overlap, the overlap is read along in full; with more of them only ids and times
/// are asked for, and what is new among them is read.
const FEW: usize = 50;

/// `updated` may stand still for so long while an issue changes (some databases keep whole seconds): what is fresher than
/// this is read along again by the next poll.
const STANDS_STILL: SignedDuration = SignedDuration::from_secs(3);

/// What is kept of a project that was missing before it was ever read.
pub(super) const BEGINNING: &str = "the beginning";

/// An issue as a list shows it: when it was changed, and its id.
pub(super) type Listed = (Timestamp, IssueId);

/// What a poll brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Rows that were not known.
    pub rows: usize,
    /// Pages asked for.
    pub pages: usize,
    /// A project that is read from the beginning goes on: the next poll brings more.
    pub more: bool,
}

impl Polled {
    /// What both brought.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self { rows: self.rows + more.rows, pages: self.pages + more.pages, more: self.more || more.more }
    }
}

/// What queued rows mean for the cursor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// They come of a poll of all projects.
    pub(super) polled: bool,
    /// All that was changed until then is queued with them.
    pub(super) to: Option<Timestamp>,
    /// They come of a project that is read from the beginning: nobody made any of them just now.
    pub(super) first: bool,
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
        if let Err(error) = self.watch_times(&instance).await {
            match error {
                PollError::Store(error) => return Err(error.into()),
                // The poll will say it better, and it is looked at again with the next.
                PollError::Jira(error) => tracing::warn!(instance = %id, %error, "could not look at the profile"),
            }
        }
        let mut polled = self.poll_instance(&instance).await;
        if let Err(PollError::Jira(error)) = &polled
            && is_refused(error)
            && self.find_missing(&instance).await?
        {
            polled = self.poll_instance(&instance).await;
        }
        if polled.is_ok() {
            polled = self.ask_again(&instance).await.map(|more| polled.unwrap_or_default().and(more));
        }
        if polled.is_ok() {
            polled = self.read_on(&instance).await.map(|more| polled.unwrap_or_default().and(more));
        }
        match &polled {
            Ok(_) => {
                instance.was_polled();
                let is_back = instance.was_away();
                self.is_well(&instance).await?;
                if is_back {
                    self.look_who_is_back(&instance).await;
                }
            }
            // A refusal is an answer, too.
            Err(PollError::Jira(error)) if !instance.failed(error) => self.is_well(&instance).await?,
            Err(PollError::Jira(_) | PollError::Store(_)) => {}
        }
        polled
    }

    async fn poll_instance(&self, instance: &Arc<Instance>) -> Result<Polled, PollError> {
        let torn = instance.poll_begins();
        let polled = self.poll_whole(instance, torn).await?;
        instance.poll_ends();
        Ok(polled)
    }

    async fn poll_whole(&self, instance: &Arc<Instance>, torn: bool) -> Result<Polled, PollError> {
        let cursor = self.store.cursor(instance.id()).await?;
        let projects = instance.polled();
        let Some(cursor) = cursor else {
            let polled = self.poll_rows(instance, &projects, None, true).await?;
            self.have_read(instance, &projects).await?;
            return Ok(polled);
        };
        let now = instance.surely_past(cursor.updated);
        let window = instance.window(cursor.updated);
        if let Some(back) = instance.back() {
            let polled = self.poll_rows(instance, &projects, Some(back.min(window.since)), true).await?;
            self.looked_back(instance).await?;
            instance.asked_all_until(now);
            return Ok(polled);
        }
        let polled = if instance.seen_since(window.since) > FEW {
            self.poll_narrow(instance, &projects, &window, torn).await?
        } else {
            self.poll_rows(instance, &projects, Some(window.since), true).await?
        };
        instance.asked_all_until(now);
        Ok(polled)
    }

    /// A poll of all projects was refused: finds out which of them it is for, so that the others go on. Says whether there
    /// is one to go on with.
    async fn find_missing(&self, instance: &Arc<Instance>) -> Result<bool, PollError> {
        let projects = instance.polled();
        if projects.len() < 2 {
            return Ok(false);
        }
        let cursor = self.store.cursor(instance.id()).await?.map(|cursor| cursor.updated);
        let mut missing = Vec::new();
        for project in &projects {
            let one = BTreeSet::from([project.clone()]);
            let asked = instance.read.touched(&one, cursor.unwrap_or(instance.server_now()), None).await;
            match asked {
                Ok(_) => {}
                Err(error) if is_refused(&error) => missing.push((project, error.to_string())),
                Err(error) => return Err(error.into()),
            }
        }
        if missing.is_empty() || missing.len() == projects.len() {
            return Ok(false);
        }
        for (project, why) in missing {
            tracing::error!(instance = %instance.id(), %project, why, "a project cannot be polled any more");
            // Durable: what changes there until it is back must not be missed over a restart.
            let since = cursor.map_or_else(|| BEGINNING.to_owned(), |cursor| cursor.to_string());
            self.store.set_note(&missing_note(instance.id(), project), &since).await?;
            instance.misses(project, cursor, why);
        }
        Ok(true)
    }

    /// Asks for missing projects again. One that is back is read from where it was last read.
    async fn ask_again(&self, instance: &Arc<Instance>) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        for (project, missing) in instance.to_ask_again() {
            let one = BTreeSet::from([project.clone()]);
            let since = looking_back(instance, missing.since);
            match self.poll_rows(instance, &one, since, false).await {
                Ok(read) => {
                    polled = polled.and(read);
                    if since.is_none() {
                        self.have_read(instance, &one).await?;
                    }
                    self.store.set_note(&missing_note(instance.id(), &project), "").await?;
                    instance.has_again(&project);
                    tracing::info!(instance = %instance.id(), %project, "project can be polled again");
                }
                Err(PollError::Jira(error)) if is_refused(&error) => {
                    instance.misses(&project, missing.since, error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(polled)
    }

    /// Takes up which projects of an instance were missing when the daemon last ran: they are read from there.
    pub(super) async fn recall_missing(&self, instance: &Instance) -> Result<(), StoreError> {
        self.recall_keys(instance).await?;
        self.recall_knew(instance).await?;
        self.recall_unshown(instance).await?;
        self.recall_went_back(instance).await?;
        for project in &instance.projects {
            let note = self.store.note(&missing_note(instance.id(), project)).await?;
            match note.as_deref() {
                Some(BEGINNING) => instance.recalls(project, None),
                Some(since) => {
                    if let Ok(since) = since.parse::<Timestamp>() {
                        instance.recalls(project, Some(since));
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    /// What is left of an instance's limits.
    #[must_use]
    pub fn budget(&self, instance: &InstanceId) -> Option<Budget> {
        self.instances.get(instance).map(|instance| instance.read.budget())
    }

    /// What is wrong with parts of an instance while the rest goes on: what, and what to do.
    #[must_use]
    pub fn troubles(&self, instance: &InstanceId) -> Vec<(String, &'static str)> {
        let Some(instance) = self.instances.get(instance) else { return Vec::new() };
        instance.troubles()
    }

    /// Reads rows in full, oldest first. Every page is queued before the next is asked for. The cursor stays where only a part
    /// of the projects is read.
    pub(super) async fn poll_rows(
        &self,
        instance: &Arc<Instance>,
        projects: &BTreeSet<String>,
        since: Option<Timestamp>,
        moves_cursor: bool,
    ) -> Result<Polled, PollError> {
        let begun = self.clock.monotonic();
        let (mut polled, mut walk) = (Polled::default(), Walk::from(instance, projects, since));
        let mut new = 0;
        loop {
            let step = walk.step().await?;
            polled.pages += step.pages;
            // What lies before was asked for only because JQL cannot say it more exactly.
            let late = |updated: Timestamp| since.is_none_or(|since| updated >= since);
            let rows = step.read.rows.into_iter().filter(|row| late(row.updated)).collect();
            let unread = step.read.unread.into_iter().filter(|row| row.updated.is_none_or(late)).collect();
            let mut read = ReadRows { rows, unread };
            self.by_configured_keys(instance, &mut read).await?;
            if since.is_none() {
                self.look_for_strangers(instance, &read.rows).await?;
            }
            let moves =
                Moves { polled: moves_cursor, to: step.reached.filter(|_| moves_cursor), first: since.is_none() };
            let count = self.queue(instance, read, moves, &[]).await?;
            new += count;
            if let (0, true, Some(updated)) = (count, new > 0, moves.to) {
                // What was new came with earlier pages.
                self.store.queue_hints(instance.id(), &[], &[], Some(Cursor { updated }), self.now()).await?;
            }
            if step.reached.is_some() {
                polled.rows += std::mem::take(&mut new);
            }
            if step.is_last {
                polled.rows += new;
                self.forget_old(instance).await?;
                if moves_cursor {
                    instance.looked_at_all(begun);
                }
                return Ok(polled);
            }
        }
    }

    /// Reads rows that were listed, and queues them; the cursor moves as said. Returns how many were new.
    pub(super) async fn queue_listed(
        &self,
        instance: &Arc<Instance>,
        part: &[Listed],
        to: Option<Timestamp>,
    ) -> Result<usize, PollError> {
        if part.is_empty() {
            return Ok(0);
        }
        let listed: BTreeMap<IssueId, Timestamp> = part.iter().map(|(listed, issue)| (*issue, *listed)).collect();
        let issues: Vec<IssueId> = part.iter().map(|(_, issue)| *issue).collect();
        let mut read = instance.read.rows(&issues, &instance.want).await?;
        self.by_configured_keys(instance, &mut read).await?;
        for row in &mut read.unread {
            row.updated = row.updated.or_else(|| listed.get(&row.issue?).copied());
        }
        Ok(self.queue(instance, read, Moves { polled: true, to, first: false }, &[]).await?)
    }

    /// Queues the rows that are new, and moves the cursor where all before it was queued, in one transaction. One that cannot be read is queued like the others: whoever
    /// works on it reads it again. `told`: the webhooks that they were read for. Returns how many were new.
    pub(super) async fn queue(
        &self,
        instance: &Arc<Instance>,
        read: ReadRows,
        moves: Moves,
        told: &[Announced],
    ) -> Result<usize, StoreError> {
        let is_new = |row: &IssueSnapshot| !instance.has_seen(row.id, row.updated);
        let rows: Vec<IssueSnapshot> = read.rows.into_iter().filter(is_new).collect();
        let unread = read.unread.into_iter().filter_map(|row| Some((row.issue?, row.updated, row.why)));
        let unread: Vec<(IssueId, Option<Timestamp>, String)> = unread
            .filter(|(issue, updated, _)| updated.is_none_or(|updated| !instance.has_seen(*issue, updated)))
            .collect();
        if !rows.is_empty() || !unread.is_empty() {
            // What a webhook tells of somebody else did.
            let urgency = |row: &IssueSnapshot| {
                if moves.polled { instance.urgency_of_row(row) } else { Urgency::Live }
            };
            let occasion = |issue: IssueId| brought_by(instance.id(), issue, moves, told);
            let shown = |row: &IssueSnapshot| Hint { issue: row.id, urgency: urgency(row), occasion: occasion(row.id) };
            let mut hints: Vec<Hint> = rows.iter().map(shown).collect();
            hints.extend(unread.iter().map(|(issue, ..)| Hint::live(*issue, occasion(*issue))));
            let mut newcomers = self.newcomers_of(instance, &rows, moves.first).await?;
            for (issue, _, why) in &unread {
                let unknown = self.unread_newcomers(instance, *issue).await?;
                if !unknown.is_empty() {
                    instance.could_not_read(*issue, why);
                }
                newcomers.extend(unknown);
            }
            for newcomer in &mut newcomers {
                newcomer.occasion = occasion(newcomer.issue);
            }
            let cursor = moves.to.map(|updated| Cursor { updated });
            if moves.polled {
                instance.polled_these(rows.iter().map(|row| (row.id, row.updated)), self.now());
            }
            let settled = instance.server_now().checked_sub(STANDS_STILL).unwrap_or(Timestamp::MIN);
            let mut times: Vec<(IssueId, Timestamp)> = rows.iter().map(|row| (row.id, row.updated)).collect();
            times.extend(unread.iter().filter_map(|(issue, updated, _)| Some((*issue, (*updated)?))));
            times.retain(|(_, updated)| *updated < settled);
            let count = hints.len();
            for row in rows {
                instance.could_read(row.id);
                self.rows.put(instance.id(), row);
            }
            if is_planted(Bug::CursorEarly) {
                self.store.queue_hints(instance.id(), &[], &[], cursor, self.now()).await?;
            }
            self.store.queue_hints(instance.id(), &hints, &newcomers, cursor, self.now()).await?;
            instance.saw(times, None);
            instance.sighted();
            return Ok(count);
        }
        Ok(0)
    }

    pub(super) async fn forget_old(&self, instance: &Arc<Instance>) -> Result<(), StoreError> {
        let cursor = self.store.cursor(instance.id()).await?;
        // Twice the overlap: so far back is looked when all is looked at.
        let overlap = SignedDuration::try_from(instance.settings.overlap * 2).unwrap_or(SignedDuration::MAX);
        let margin = SignedDuration::from_mins(2);
        let horizon = cursor.and_then(|cursor| cursor.updated.checked_sub(overlap).ok()?.checked_sub(margin).ok());
        let horizon = horizon.map(|horizon| instance.looks_since().map_or(horizon, |since| since.min(horizon)));
        instance.saw([], horizon);
        self.looks.forget_old(self.clock.monotonic());
        Ok(())
    }

    /// An issue that cannot be read may start an item of any sync there, as far as is known.
    async fn unread_newcomers(&self, instance: &Arc<Instance>, issue: IssueId) -> Result<Vec<Newcomer>, StoreError> {
        let mut found = Vec::new();
        for sync in self.syncs.values() {
            if !self.store.known(&KnownBy::Sync(sync.id().clone()), instance.id(), &[issue]).await?.is_empty() {
                continue;
            }
            for side in sync.settings.sides.iter().filter(|side| &side.instance == instance.id()) {
                found.push(newcomer((sync, &side.id), instance, issue, self.now(), Urgency::Live));
            }
        }
        Ok(found)
    }

    /// The rows that no item of a sync holds, for each sync that covers their project.
    async fn newcomers_of(
        &self,
        instance: &Arc<Instance>,
        rows: &[IssueSnapshot],
        first: bool,
    ) -> Result<Vec<Newcomer>, StoreError> {
        let mut found = Vec::new();
        for sync in self.syncs.values() {
            for side in sync.settings.sides.iter().filter(|side| &side.instance == instance.id()) {
                let there: Vec<IssueId> =
                    rows.iter().filter(|row| row.project == side.project).map(|row| row.id).collect();
                if there.is_empty() {
                    continue;
                }
                let known: BTreeSet<IssueId> = self
                    .store
                    .known(&KnownBy::Sync(sync.id().clone()), instance.id(), &there)
                    .await?
                    .into_iter()
                    .collect();
                let unknown: Vec<IssueId> = there.into_iter().filter(|issue| !known.contains(issue)).collect();
                let urgency = if first || unknown.len() > MANY { Urgency::Backfill } else { Urgency::Live };
                let seen = |issue| newcomer((sync, &side.id), instance, issue, self.now(), urgency);
                found.extend(unknown.into_iter().map(seen));
            }
        }
        Ok(found)
    }
}

/// Jira's no to a whole query: a project in it is gone, or may not be seen.
fn is_refused(error: &JiraError) -> bool {
    matches!(error.failure, Failure::Refused(_) | Failure::NotFound)
}

fn looking_back(instance: &Instance, from: Option<Timestamp>) -> Option<Timestamp> {
    let overlap = SignedDuration::try_from(instance.settings.overlap).unwrap_or(SignedDuration::MAX);
    from.map(|from| from.saturating_sub(overlap).unwrap_or(Timestamp::MIN))
}

/// What brought an issue: the webhook that named it, or else the poll.
fn brought_by(instance: &InstanceId, issue: IssueId, moves: Moves, told: &[Announced]) -> Occasion {
    match told.iter().find(|announced| announced.issue == issue) {
        Some(announced) => Occasion::webhook(instance, announced.hook.as_deref()),
        None if moves.first => Occasion::FirstReading(instance.clone()),
        None => Occasion::Poll(instance.clone()),
    }
}

/// Under what it is kept how far a missing project was read.
pub(super) fn missing_note(instance: &InstanceId, project: &str) -> String {
    format!("project {project} of {instance} unread since")
}

pub(super) fn newcomer(
    (sync, side): (&SyncRun, &crate::model::ids::SideId),
    instance: &Instance,
    issue: IssueId,
    first_seen: Timestamp,
    urgency: Urgency,
) -> Newcomer {
    let (sync, side) = (sync.id().clone(), side.clone());
    let (instance, occasion) = (instance.id().clone(), Occasion::Poll(instance.id().clone()));
    Newcomer { sync, side, instance, issue, first_seen, urgency, occasion }
}
