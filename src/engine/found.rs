//! Issues that polls bring and that the sync user made: what nobody knew the outcome of is settled by them, and a second one
//! for the same side is told. Must never delete one, and never start an item from one.

use std::sync::Arc;

use super::instance::Instance;
use super::recover::replica_of;
use super::restored::place;
use super::seal::Mark;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, Want};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::operation::{IntentEvent, IntentState};
use crate::model::problem::{DUPLICATE, Problem, duplicate};
use crate::model::settings::Kind;
use crate::model::store::{StoreError, StoredProblem};

/// How the problems about issues of unknown items are filed; instance and id follow.
const STRANGER: &str = "unknown item of";
/// Problems looked through for duplicates at the end of a full check.
pub(super) const MOST: usize = 1_000;

/// Whether a problem filed under these words is about an issue that no item holds: it stands until the issue is gone.
#[must_use]
pub fn is_about_an_issue(about: &str) -> bool {
    about.starts_with(DUPLICATE) || about.starts_with(STRANGER)
}

fn stranger(instance: &InstanceId, issue: IssueId) -> String {
    format!("{STRANGER} {instance} {issue}")
}

/// The second issue that a problem is about, if it is about one.
pub(super) fn second_issue(stored: &StoredProblem) -> Option<(InstanceId, IssueId)> {
    let filed = stored.about.strip_prefix(DUPLICATE).filter(|_| stored.item.is_none())?;
    let (instance, issue) = filed.trim().split_once(' ')?;
    Some((InstanceId::from(instance), IssueId(issue.parse().ok()?)))
}

/// What became of an issue that bears our mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// Nothing more is to be done about it.
    In,
    /// Its item is in the hands of a worker, who may be about to record this very issue: that is no news to anybody.
    Held,
    /// Nobody knows yet whose it is.
    NotYet,
}

/// A second issue that we made for one side of an item.
#[derive(Debug, Clone)]
pub(crate) struct Duplicate {
    pub(crate) sync: SyncId,
    pub(crate) instance: InstanceId,
    pub(crate) side: SideId,
    /// The second issue.
    pub(crate) issue: IssueId,
    pub(crate) key: IssueKey,
    /// The one that is kept in step.
    pub(crate) of: IssueKey,
}

impl Engine {
    /// Takes in an issue that the sync user made and that no item holds. Says whether nothing more is to be done about it.
    pub(super) async fn found_ours(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<bool, StoreError> {
        if !self.store.items_of(instance.id(), row.id).await?.is_empty() {
            return Ok(true);
        }
        let mut text = row.mark.clone();
        if text.is_none() && instance.settings.kind == Kind::DataCenter {
            // A search brings no properties there.
            let want = Want { mark: true, ..instance.want.clone() };
            match instance.read.issues(&[row.id], &want).await.pop() {
                Some(Ok(read)) => {
                    text.clone_from(&read.mark);
                    self.rows.put(instance.id(), read);
                }
                // An index may show it still.
                Some(Err(error)) if matches!(error.failure, Failure::NotFound) => {
                    self.rows.let_go(instance.id(), row.id);
                    return Ok(instance.missed.again(row.id, self.clock.monotonic()));
                }
                Some(Err(error)) => {
                    instance.failed(&error);
                    return Ok(false);
                }
                None => return Ok(false),
            }
        }
        // Made by hand.
        let Some(text) = text else { return Ok(true) };
        match self.seal.open(&text, sync.id(), side) {
            Some(mark) => {
                let taken = self.settle_by(sync, side, instance, row, mark).await?;
                let of = mark.of.and_then(|of| Some((place(sync, &of)?, IssueId(of.id))));
                let may_tell = taken == Taken::NotYet;
                if taken != Taken::In && instance.is_undecided((sync.id(), side), row.id, mark.item, of, may_tell) {
                    self.tell_stranger(side, instance, row).await?;
                }
                Ok(taken == Taken::In)
            }
            None => {
                self.met_copy(instance, row, &text);
                Ok(true)
            }
        }
    }

    /// Nobody waits for an issue any more. What was told of it meanwhile is over where it was taken in.
    pub(super) async fn decided(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        issue: IssueId,
    ) -> Result<(), StoreError> {
        if instance.is_decided(sync.id(), side, issue) && !self.store.items_of(instance.id(), issue).await?.is_empty() {
            self.store.set_problems(&stranger(instance.id(), issue), &[], self.now()).await?;
        }
        Ok(())
    }

    /// Settles the create that an issue's mark names, or tells that the issue is one too many.
    async fn settle_by(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
        mark: Mark,
    ) -> Result<Taken, StoreError> {
        if instance.is_of_a_twin(row.created) && self.is_in_no_journal(mark.operation).await? {
            self.meets_twin(sync, side, row, row.created).await;
            return Ok(Taken::NotYet);
        }
        let Some(claim) = self.store.claim_these(&self.holder, self.now(), &[mark.item]).await?.pop() else {
            if let Some(kept) = self.kept_in_the_end(mark.item).await?.filter(|kept| *kept != mark.item) {
                return self.settle_merged(sync, side, instance, row, kept).await.map(|()| Taken::In);
            }
            let item = self.store.item(mark.item).await?;
            if item.as_ref().is_some_and(ItemState::is_unpaired) {
                // Somebody cloned a copy: nobody is to hear of it any more.
                return Ok(Taken::In);
            }
            if item.is_some() {
                return Ok(Taken::Held);
            }
            let rebuilt = self.rebuild(sync, side, instance, row, mark).await?;
            return Ok(if rebuilt { Taken::In } else { Taken::NotYet });
        };
        let (item, fence, attempts) = (claim.item.id, claim.fence, claim.attempts);
        let settled = self.settle_claimed(Work::new(claim, Arc::clone(sync)), side, instance, row, mark).await;
        // Given back whatever became of it: nobody else could work on it before the next start.
        self.store.release(item, fence, Some(self.now()), attempts).await?;
        settled.map(|()| Taken::In)
    }

    /// It was made for an item that was merged into another one since: that has its own issue here, or is told of this one.
    async fn settle_merged(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
        kept: ItemId,
    ) -> Result<(), StoreError> {
        let kept = self.store.item(kept).await?;
        let there = kept.iter().flat_map(|kept| kept.replicas.get(side).or_else(|| kept.replicas.values().next()));
        let Some(of) = there.map(|replica| replica.key.clone()).next() else {
            return self.tell_stranger(side, instance, row).await;
        };
        let (sync, instance) = (sync.id().clone(), instance.id().clone());
        let (side, issue, key) = (side.clone(), row.id, row.key.clone());
        self.tell_duplicate(&Duplicate { sync, instance, side, issue, key, of }).await
    }

    async fn settle_claimed(
        &self,
        mut work: Work,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
        mark: Mark,
    ) -> Result<(), StoreError> {
        let fence = work.fence;
        match work.item.replicas.get(side) {
            Some(there) if there.issue == row.id => {}
            Some(there) => {
                let (instance, of) = (instance.id().clone(), there.key.clone());
                let (side, key, sync) = (side.clone(), row.key.clone(), work.sync.id().clone());
                self.tell_duplicate(&Duplicate { sync, instance, side, issue: row.id, key, of }).await?;
            }
            None => {
                self.remember(&mut work, mark.operation).await;
                if self.is_forgotten(&work, mark.operation).await? {
                    self.forgot(&mut work, side, &format!("{} is a counterpart that it made", row.key)).await?;
                }
                let state = work.intents.iter().find(|intent| intent.id == mark.operation);
                let state = state.map(|intent| intent.state.clone());
                // One that was given up landed after all: that is seen, and no second one is made.
                let given_up = matches!(state, Some(IntentState::Void(_)));
                let event = if given_up { IntentEvent::Seen } else { IntentEvent::AnsweredYes };
                if state.is_some_and(|state| state != IntentState::Confirmed) {
                    work.move_intent(mark.operation, &event);
                }
                self.looked_for().remove(&mark.operation);
                let replica = Replica { created_by: Some(mark.operation), ..replica_of(row) };
                work.item.replicas.insert(side.clone(), replica);
                // Else its key would be told to others before its first read, also where somebody moved it away meanwhile.
                self.note_presence(&mut work, side, row);
                Self::joins_anew(&mut work.item);
                // Its row may be gone with a daemon that died, while others' rows bring the item up.
                self.rows.want(instance.id(), row.id);
                tracing::info!(item = %work.item.id, key = %row.key, "found by its mark: what we created without an answer");
                self.store.record(&[(fence, work.record())]).await?;
            }
        }
        Ok(())
    }

    /// Tells of a second issue, until it is gone.
    pub(super) async fn tell_duplicate(&self, found: &Duplicate) -> Result<(), StoreError> {
        let Duplicate { sync, instance, side, issue, key, of } = found;
        tracing::error!(%instance, %key, %of, "two issues for one: a create landed after it was given up, or was cloned");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!(
                "{key} is a duplicate of {of}: its creation landed after it was given up, or somebody cloned {of} as the \
                 sync user; only {of} is kept in step"
            ),
            remedy: format!(
                "look at both issues; `jirasyncd merge {sync} {side}:{of} {side}:{key}` keeps {of} in step and lets {key} be, the \
                 other way round {key} takes its place; or delete {key}, which the next full check sees"
            ),
            operation: None,
            settles: false,
        };
        self.store.set_problems(&duplicate(instance, *issue), &[problem], self.now()).await
    }

    pub(super) async fn tell_stranger(
        &self,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<(), StoreError> {
        let (key, id) = (&row.key, row.id);
        tracing::error!(instance = %instance.id(), %key, "an issue carries our mark, and the state does not know its item");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!("{key} carries our mark, but the state does not know its item; it is left alone"),
            remedy: "if the state was restored from a backup, restore a newer one; else delete the issue".to_owned(),
            operation: None,
            settles: false,
        };
        self.store.set_problems(&stranger(instance.id(), id), &[problem], self.now()).await
    }

    /// Forgets the problems about second issues and strangers that are gone, and about strangers that the state knows by now.
    pub(super) async fn look_after_duplicates(&self) -> Result<(), StoreError> {
        for stored in self.store.problems(MOST).await? {
            let filed = stored.about.strip_prefix(DUPLICATE).or_else(|| stored.about.strip_prefix(STRANGER));
            let Some((instance, issue)) = filed.and_then(|rest| rest.trim().split_once(' ')) else { continue };
            let (Some(instance), Ok(issue)) = (self.instances.get(&InstanceId::from(instance)), issue.parse()) else {
                continue;
            };
            if stored.item.is_some() || instance.pause().is_some() {
                continue;
            }
            let is_stranger = stored.about.starts_with(STRANGER);
            if is_stranger && !self.store.items_of(instance.id(), IssueId(issue)).await?.is_empty() {
                self.store.set_problems(&stored.about, &[], self.now()).await?;
                continue;
            }
            let read = instance.read.issues(&[IssueId(issue)], &Want::default()).await.pop();
            if matches!(read, Some(Err(error)) if matches!(error.failure, Failure::NotFound)) {
                self.store.set_problems(&stored.about, &[], self.now()).await?;
            }
        }
        Ok(())
    }
}
