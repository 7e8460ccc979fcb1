//! Webhooks as hints: what one tells is stored and, after a while without more, looked after by reading. It must never take anything
//! that a body says for so: a forged, late, doubled or lost one costs one read at most, and changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Engine;
use super::detect::{Moves, PollError, Polled};
use super::instance::Instance;
use crate::jira::{JiraError, NO_ISSUE, ReadRows, Told, UnreadRow, read_hook};
use crate::model::hub::Absence;
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::store::{Announced, Announcement, Hint, StoreError};

/// Issues that are looked after at once: as many as one bulk read takes.
const AT_ONCE: usize = 100;

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hearing {
    /// It was stored, and will be looked after.
    Stored,
    /// There is nothing to look after: we did it ourselves, it was seen already, or it is about nothing that is kept in step.
    Known,
    /// There is no room for more.
    Full,
    /// It is no webhook's body.
    Unreadable,
}

impl Engine {
    /// Takes a webhook's body. What is to be looked after is durable when it returns.
    ///
    /// # Errors
    /// The state could not take it.
    pub async fn hear(&self, id: &InstanceId, body: &[u8], debounce: SignedDuration) -> Result<Hearing, StoreError> {
        let Some(instance) = self.instances.get(id).cloned() else { return Ok(Hearing::Known) };
        let Ok(told) = read_hook(instance.settings.kind, body) else { return Ok(Hearing::Unreadable) };
        instance.heard(&told.issues, self.now());
        if !self.is_worth_a_look(&instance, &told).await? {
            return Ok(Hearing::Known);
        }
        let mut trace = told.trace;
        if let (Some(kept), Some(issue)) = (&trace, told.issues.first())
            && !self.is_of_a_copy(&instance, *issue, kept).await?
        {
            trace = None;
        }
        let announcement = Announcement { issues: told.issues, trace, at: self.now(), debounce };
        let stored = self.store.announce(id, &announcement).await?;
        Ok(if stored { Hearing::Stored } else { Hearing::Full })
    }

    /// Whether there may be something new in it. A "no" by what only the body says is harmless: polls look in any case.
    async fn is_worth_a_look(&self, instance: &Instance, told: &Told) -> Result<bool, StoreError> {
        if told.issues.is_empty() || told.by.as_ref() == Some(&instance.identity.account) {
            return Ok(false);
        }
        if let ([issue], Some(updated)) = (told.issues.as_slice(), told.updated)
            && instance.has_seen(*issue, updated)
        {
            return Ok(false);
        }
        let elsewhere = told.project.as_ref().is_some_and(|project| !instance.projects.contains(project));
        if !elsewhere {
            return Ok(true);
        }
        // One of ours that was moved away is still ours.
        for issue in &told.issues {
            if !self.store.items_of(instance.id(), *issue).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks after what webhooks of an instance told and is due. While the instance is paused it waits.
    ///
    /// # Errors
    /// The instance or the state did not answer; what was told is still there then.
    pub async fn look_after(&self, id: &InstanceId) -> Result<Polled, PollError> {
        let Some(instance) = self.instances.get(id).cloned() else { return Ok(Polled::default()) };
        let mut all = Polled::default();
        loop {
            if instance.pause().is_some() {
                return Ok(all);
            }
            let told = self.store.announced(id, self.now(), AT_ONCE).await?;
            if told.is_empty() {
                return Ok(all);
            }
            let looked = self.look_after_these(&instance, &told).await;
            if let Err(PollError::Jira(error)) = &looked {
                instance.failed(error);
            }
            let polled = looked?;
            self.store.looked_after(id, &told).await?;
            all = all.and(polled);
        }
    }

    async fn look_after_these(&self, instance: &Arc<Instance>, told: &[Announced]) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        if told.iter().any(|announced| announced.issue == NO_ISSUE) {
            polled = self.poll(instance.id()).await?;
        }
        let issues: Vec<IssueId> =
            told.iter().map(|announced| announced.issue).filter(|issue| *issue != NO_ISSUE).collect();
        if issues.is_empty() {
            return Ok(polled);
        }
        let read = read_these(instance, &issues).await?;
        let (mut rows, mut moved) = (Vec::new(), Vec::new());
        for row in read.rows {
            if instance.projects.contains(&row.project) {
                rows.push(row);
            } else if !self.store.items_of(instance.id(), row.id).await?.is_empty() {
                moved.push(row);
            }
        }
        let answered: BTreeSet<IssueId> = rows.iter().chain(&moved).map(|row: &IssueSnapshot| row.id).collect();
        let unread: Vec<UnreadRow> = read.unread;
        let unreadable: BTreeSet<IssueId> = unread.iter().filter_map(|row| row.issue).collect();
        let gone = issues.into_iter().filter(|issue| !answered.contains(issue) && !unreadable.contains(issue));
        self.hint_gone(instance, gone).await?;
        rows.extend(moved);
        polled.rows += self.queue(instance, ReadRows { rows, unread }, Moves::default()).await?;
        Ok(polled)
    }

    /// Issues that do not show themselves: where they are an item's, and it is not known already that they are away, their item is
    /// looked at. That they are gone is found there, by more than one read.
    async fn hint_gone(&self, instance: &Instance, gone: impl Iterator<Item = IssueId>) -> Result<(), StoreError> {
        let mut hints = Vec::new();
        for issue in gone {
            for (item, _, side) in self.store.items_of(instance.id(), issue).await? {
                let known = self.store.item(item).await?;
                let replica = known.as_ref().and_then(|known| known.replicas.get(&side));
                let away = replica.and_then(|replica| replica.away.as_ref());
                if away.is_none_or(|away| matches!(away.how, Absence::Moved(_))) {
                    hints.push(Hint { issue });
                }
            }
        }
        if hints.is_empty() {
            return Ok(());
        }
        self.store.queue_hints(instance.id(), &hints, &[], None, self.now()).await
    }
}

/// Reads issues past the index. One alone is asked for by its id: Data Center refuses a search for one that is not there.
async fn read_these(instance: &Instance, issues: &[IssueId]) -> Result<ReadRows, JiraError> {
    let [issue] = issues else { return instance.read.rows(issues, &instance.want).await };
    let mut read = ReadRows::default();
    read.take(&[*issue], instance.read.issues(&[*issue], &instance.want).await)?;
    Ok(read)
}
