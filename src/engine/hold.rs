//! What waits: for an operator who paused it, for an instance that is away, for a write to be seen. Nothing of a paused sync and
//! nothing for a paused instance is sent; what changes waits in the queue until somebody says that it goes on. Must never forget a
//! change for it, and never wake by the clock what waits for a person.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::command::{AWAITED, PARKED, Pause, Target};
use crate::model::ids::{InstanceId, ItemId, SideId};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, Operation};
use crate::model::store::{Claim, StoreError};

/// What is said of a write that waits.
const NOT_SENT: &str = "not sent: an operator paused it";

impl Engine {
    /// From now on exactly these pauses hold. What is on its way to a Jira already is not called back.
    pub fn hold(&self, pauses: &[Pause]) {
        self.pauses.fetch_add(1, Ordering::AcqRel);
        let of =
            |target: &Target| pauses.iter().find(|pause| &pause.target == target || pause.target == Target::Everything);
        for (id, instance) in &self.instances {
            let held = of(&Target::Instance(id.clone()));
            instance.hold(held.map(|pause| format!("as operator {} said at {}", pause.by, pause.since)));
        }
        for (id, sync) in &self.syncs {
            sync.park(of(&Target::Sync(id.clone())).is_some());
        }
    }

    /// Whether an operator paused an instance.
    #[must_use]
    pub fn is_held(&self, instance: &InstanceId) -> bool {
        self.instances.get(instance).is_some_and(|instance| instance.is_held())
    }

    /// Whether a write may be sent now; if not, the item comes back when it may.
    pub(super) fn may_write(&self, work: &mut Work, operation: &Operation) -> bool {
        if work.sync.has_twin() {
            work.be_due(PARKED);
            return false;
        }
        if self.is_parked(work, operation) {
            return false;
        }
        if let Action::DeleteIssue { with } = &operation.action
            && !work.saw_gone(with)
        {
            // Confirmed perhaps long ago. An issue that could not be asked for now may be back: its copy stays, and it is asked for
            // again when that can be done.
            return false;
        }
        let side = &operation.side;
        let Some(pause) = self.instance_on(work, side).and_then(|instance| instance.pause()) else {
            return !self.is_too_early(work, operation);
        };
        self.wait_for(work, &pause);
        false
    }

    /// Why nothing is sent to an instance now, if it is so. One that does not answer is left alone by everybody.
    pub(super) fn leaves_alone(&self, instance: &Instance) -> Option<JiraError> {
        if let Some(error) = instance.is_silent() {
            if instance.pause().is_none() {
                instance.failed(&error);
            }
            return Some(error);
        }
        instance.pause().map(|pause| pause.error(instance))
    }

    /// Puts an item of a paused sync aside: it is due when the pause ends, or hinted, and then put aside again. Says whether it did.
    pub(super) async fn park(&self, sync: &SyncRun, claim: &Claim) -> Result<bool, StoreError> {
        if !sync.is_parked() {
            return Ok(false);
        }
        for (side, replica) in &claim.item.replicas {
            // Others need the room; it is read when its turn comes.
            if let Some(instance) = sync.instance_of(side) {
                self.rows.take(instance, replica.issue);
            }
        }
        self.rows.forget([claim.item.id]);
        self.store.release(claim.item.id, claim.fence, Some(PARKED), claim.attempts).await?;
        if !sync.is_parked() {
            self.wake_now(claim.item.id).await?;
        }
        Ok(true)
    }

    /// When an item is looked at again by itself: also for writes that polls should show by then.
    pub(super) fn due_of(&self, work: &Work) -> Option<Timestamp> {
        let is_gone = |intent: &&Intent| work.item.is_gone_from(&intent.operation.side);
        let unseen = work.intents.iter().filter(|intent| intent.state == IntentState::Answered && !is_gone(intent));
        let check = SignedDuration::try_from(self.check_after).unwrap_or(SignedDuration::MAX);
        let now = self.now();
        let next = |from: Timestamp| from.saturating_add(check).unwrap_or(Timestamp::MAX);
        let away = |intent: &Intent| {
            let instance = self.instance_on(work, &intent.operation.side);
            instance.and_then(|instance| instance.pause()).is_some_and(|pause| pause.away)
        };
        // One that is late was just looked for in vain: asked again at once, a side that cannot be read would be asked for ever.
        let late = |intent: &Intent| if away(intent) { AWAITED } else { next(now) };
        let checks =
            unseen.map(|intent| Some(next(intent.opened)).filter(|at| *at > now).unwrap_or_else(|| late(intent)));
        checks.chain(work.due).min()
    }

    /// The item is looked at again when the pause of an instance is over; where that was away for long, once a poll finds it back: each
    /// item that asked by itself meanwhile, for days, would cost more than the changes that it waits with.
    pub(super) fn wait_for(&self, work: &mut Work, pause: &super::left_alone::Pause) {
        let wait = pause.until.saturating_sub(self.clock.monotonic());
        work.be_due(if pause.away { AWAITED } else { self.after(wait) });
    }

    /// An instance answered a poll. If it was away for long, what waited for it is looked at now.
    pub(super) async fn is_well(&self, instance: &Instance) -> Result<(), StoreError> {
        if !instance.answered() {
            return Ok(());
        }
        tracing::info!(instance = %instance.id(), "it answers again; what waited for it goes on");
        // First, so that who takes an item up before this and gives it back after the waking sees it.
        self.pauses.fetch_add(1, Ordering::AcqRel);
        self.store.wake_awaited().await?;
        // Where the state failed, the next poll wakes it.
        instance.has_woken();
        Ok(())
    }

    /// Returns when an instance begins to be left alone.
    pub async fn falls(&self, instance: &InstanceId) {
        match self.instances.get(instance) {
            Some(instance) => instance.falls().await,
            None => std::future::pending().await,
        }
    }

    /// How often it was said what is paused, or that an instance is back.
    pub(super) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Acquire)
    }

    /// Gives an item back. One that is put aside for a pause that ended meanwhile would never be woken: it is due now.
    pub(super) async fn give_back(&self, work: &Work, due: Option<Timestamp>, attempts: u32) -> Result<(), StoreError> {
        self.store.release(work.item.id, work.fence, due, attempts).await?;
        if due.is_some_and(|due| due >= PARKED) && self.pauses() != work.pauses {
            self.wake_now(work.item.id).await?;
        }
        Ok(())
    }

    pub(super) async fn wake_now(&self, item: ItemId) -> Result<(), StoreError> {
        for claim in self.store.claim_these(&self.holder, self.now(), &[item]).await? {
            self.store.release(item, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        Ok(())
    }

    /// Whether an operator wants a write to wait; if so, the item comes back when the pause ends. Before a file or the copy of a comment
    /// goes, its original is read, and before an issue goes, the one that it goes with: so it waits for that one's side, too.
    fn is_parked(&self, work: &mut Work, operation: &Operation) -> bool {
        let original =
            if let Action::AddFile { origin: side, .. } | Action::DeleteIssue { with: side } = &operation.action {
                Some(side)
            } else {
                operation.action.original().map(|(_, origin, _)| origin)
            };
        let mut sides = original.into_iter().chain([&operation.side]);
        let is_held = |side: &SideId| self.instance_on(work, side).is_some_and(|instance| instance.is_held());
        let held = work.sync.is_parked() || sides.any(is_held);
        if held {
            work.be_due(PARKED);
        }
        held
    }

    /// A write whose turn comes after the pause began: it is not sent under this id. Says whether it is so.
    pub(super) fn is_called_off(&self, work: &mut Work, intent: &Intent) -> bool {
        let held = self.is_parked(work, &intent.operation);
        if held {
            work.move_intent(intent.id, &IntentEvent::Refused(NOT_SENT.to_owned()));
            work.unread.insert(intent.operation.side.clone(), NOT_SENT.to_owned());
        }
        held
    }
}
