//! Webhooks as hints: what one tells is stored and, after a while without more, looked after by reading. It must never take anything
//! that a body says for so: a forged, late, doubled or lost one costs one read at most, and changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Engine;
use super::detect::{Moves, PollError, Polled};
use super::instance::Instance;
use crate::jira::{Failure, JiraError, NO_ISSUE, ReadRows, Told, UnreadRow, read_hook};
use crate::model::hub::Absence;
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::occasion::{Occasion, short_name};
use crate::model::store::{Announced, Announcement, Hint, StoreError, Urgency};
use crate::planted::{Bug, is_planted};

/// Issues that are looked after at once: as many as one bulk read takes.
const AT_ONCE: usize = 100;
/// After so many that are not answered one by one, the instance is taken to be what does not answer.
const FEW: usize = 3;

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
    pub async fn hear(
        &self,
        id: &InstanceId,
        body: &[u8],
        hook: Option<&str>,
        debounce: SignedDuration,
    ) -> Result<Hearing, StoreError> {
        let Some(instance) = self.instances.get(id).cloned() else { return Ok(Hearing::Known) };
        let Ok(told) = read_hook(instance.settings.kind, body) else { return Ok(Hearing::Unreadable) };
        instance.heard(&told.issues, self.now());
        if !self.is_worth_a_look(&instance, &told).await? {
            return Ok(Hearing::Known);
        }
        if is_planted(Bug::HookBodyBelieved) {
            instance.saw(told.issues.iter().copied().zip(told.updated).collect::<Vec<_>>(), None);
        }
        let mut trace = told.trace;
        if let (Some(kept), Some(issue)) = (&trace, told.issues.first())
            && !self.is_of_a_copy(&instance, *issue, kept).await?
        {
            trace = None;
        }
        let announcement =
            Announcement { issues: told.issues, trace, at: self.now(), debounce, hook: hook.and_then(short_name) };
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
            // A poll took it for our own doing, and it waits among what nobody waits for.
            && instance.urgency_of(*issue, updated) == Urgency::Live
        {
            return Ok(false);
        }
        let elsewhere = told.project.as_ref().is_some_and(|project| !instance.covers(project));
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
            match self.look_after_these(&instance, &told).await {
                Ok(polled) => {
                    self.store.looked_after(id, &told).await?;
                    instance.looked_after();
                    all = all.and(polled);
                }
                Err(PollError::Jira(error)) if is_of_one_issue(&error) => {
                    all = all.and(self.look_one_by_one(&instance, &told, error).await?);
                }
                Err(error) => return Err(noted(&instance, error)),
            }
        }
    }

    /// One of several may be what the instance does not answer to: it must not hold up the others, nor be asked for without end.
    /// Its item, if there is one, is hinted and tells why; whatever else is new there, polls find.
    async fn look_one_by_one(
        &self,
        instance: &Arc<Instance>,
        told: &[Announced],
        error: JiraError,
    ) -> Result<Polled, PollError> {
        let (mut all, mut answered, mut refused) = (Polled::default(), false, Vec::new());
        let alone = told.chunks(1).filter(|_| told.len() > 1);
        for one in alone {
            match self.look_after_these(instance, one).await {
                Ok(polled) => {
                    answered = true;
                    self.store.looked_after(instance.id(), one).await?;
                    all = all.and(polled);
                }
                Err(PollError::Jira(error)) if is_of_one_issue(&error) => refused.extend_from_slice(one),
                Err(error) => return Err(noted(instance, error)),
            }
            if !answered && refused.len() >= FEW {
                break;
            }
        }
        if !answered && !instance.looked_in_vain() {
            // It may be the instance, and not these issues.
            return Err(noted(instance, error.into()));
        }
        let given_up = if refused.is_empty() { told } else { &refused };
        tracing::warn!(instance = %instance.id(), %error, issues = given_up.len(), "issues that webhooks named cannot be read");
        let hints: Vec<Hint> = given_up
            .iter()
            .filter(|announced| announced.issue != NO_ISSUE)
            .map(|announced| Hint::live(announced.issue, told_by(instance, announced.issue, told)))
            .collect();
        self.store.queue_hints(instance.id(), &hints, &[], None, self.now()).await?;
        self.store.looked_after(instance.id(), given_up).await?;
        instance.looked_after();
        Ok(all)
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
        for mut row in read.rows {
            instance.by_configured_key(&mut row);
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
        self.hint_gone(instance, gone, told).await?;
        rows.extend(moved);
        self.hint_seen(instance, &rows, told).await?;
        polled.rows += self.queue(instance, ReadRows { rows, unread }, Moves::default(), told).await?;
        Ok(polled)
    }

    /// Rows that were seen as they are: what moves no `updated` (a comment, a file or a link that was deleted, say) is told by the
    /// webhook alone, so their items are looked at all the same. That costs no request: the row is here.
    async fn hint_seen(
        &self,
        instance: &Instance,
        rows: &[IssueSnapshot],
        told: &[Announced],
    ) -> Result<(), StoreError> {
        let seen = rows.iter().filter(|row| instance.has_seen(row.id, row.updated));
        let hints: Vec<Hint> = seen
            .map(|row| {
                self.rows.put(instance.id(), row.clone());
                Hint::live(row.id, told_by(instance, row.id, told))
            })
            .collect();
        if hints.is_empty() {
            return Ok(());
        }
        self.store.queue_hints(instance.id(), &hints, &[], None, self.now()).await
    }

    /// Issues that do not show themselves: where they are an item's, and it is not known already that they are away, their item is
    /// looked at. That they are gone is found there, by more than one read.
    async fn hint_gone(
        &self,
        instance: &Instance,
        gone: impl Iterator<Item = IssueId>,
        told: &[Announced],
    ) -> Result<(), StoreError> {
        let mut hints = Vec::new();
        for issue in gone {
            for (item, _, side) in self.store.items_of(instance.id(), issue).await? {
                let known = self.store.item(item).await?;
                let replica = known.as_ref().and_then(|known| known.replicas.get(&side));
                let away = replica.and_then(|replica| replica.away.as_ref());
                if away.is_none_or(|away| matches!(away.how, Absence::Moved(_))) {
                    hints.push(Hint::live(issue, told_by(instance, issue, told)));
                }
            }
        }
        if hints.is_empty() {
            return Ok(());
        }
        self.store.queue_hints(instance.id(), &hints, &[], None, self.now()).await
    }
}

/// The webhook that named an issue.
fn told_by(instance: &Instance, issue: IssueId, told: &[Announced]) -> Occasion {
    let hook = told.iter().find(|announced| announced.issue == issue).and_then(|announced| announced.hook.as_deref());
    Occasion::webhook(instance.id(), hook)
}

/// A failure of the instance, once it is known there.
fn noted(instance: &Instance, error: PollError) -> PollError {
    if let PollError::Jira(error) = &error {
        instance.failed(error);
    }
    error
}

/// Whether a failure may be about one issue alone.
fn is_of_one_issue(error: &JiraError) -> bool {
    matches!(error.failure, Failure::Server(_) | Failure::Refused(_))
}

/// Reads issues past the index. One alone is asked for by its id: Data Center refuses a search for one that is not there.
async fn read_these(instance: &Instance, issues: &[IssueId]) -> Result<ReadRows, JiraError> {
    let [issue] = issues else { return instance.read.rows(issues, &instance.want).await };
    let mut read = ReadRows::default();
    read.take(&[*issue], instance.read.issues(&[*issue], &instance.want).await)?;
    Ok(read)
}
