//! One item's writes of one round on their way: to each side in order, edits and hops to the sides at the same time, so that no partner
//! waits for another. Must never send what was called off, nor anything that a write before it holds up.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Engine;
use super::apply::Sent;
use super::cycle::STALE_AFTER;
use super::work::Work;
use crate::jira::{Want, in_the_share_of, traced};
use crate::model::ids::{InstanceId, SideId};
use crate::model::operation::{Action, Intent, IntentEvent};
use crate::model::store::StoreError;

/// When a write is tried again that was not sent because its instance is left alone for now.
const SOON: Duration = Duration::from_secs(5);

/// A write that may be sent now.
struct Ready<'i> {
    intent: &'i Intent,
    instance: InstanceId,
    mark: String,
    want: Want,
}

/// What became of it; and that it went out with mails after it was refused without.
struct Went {
    sent: Option<Sent>,
    loud: bool,
    /// What Jira calls the request, where it said so.
    request: Option<String>,
}

impl Engine {
    /// Sends what is to be written to one item's issues, when it is its turn. Files have turns of their own.
    ///
    /// # Errors
    /// The state could not answer.
    pub(super) async fn send_in_a_place(&self, work: &mut Work, intents: &[Intent]) -> Result<(), StoreError> {
        let files = intents.iter().any(|intent| matches!(intent.operation.action, Action::AddFile { .. }));
        let sync = work.sync.id().clone();
        in_the_share_of(sync, async {
            let _place = if files { None } else { Some(self.places.take(work.urgency).await) };
            let sent = self.send_all(work, intents).await;
            work.end_of_writes();
            sent
        })
        .await
    }

    /// Sends one item's writes but for creates. After one that failed nothing more goes to its side in this cycle, but for what has
    /// rights of its own where an edit was refused.
    ///
    /// # Errors
    /// The state could not answer. What was sent before is in it.
    async fn send_all(&self, work: &mut Work, intents: &[Intent]) -> Result<(), StoreError> {
        let mut left: Vec<&Intent> =
            intents.iter().filter(|intent| !matches!(intent.operation.action, Action::Create { .. })).collect();
        while let Some(first) = left.first().copied() {
            if !goes_along(work, first) {
                left.remove(0);
                self.send_alone(work, first).await?;
                self.record_one(work).await?;
                continue;
            }
            let wave = next_of_each_side(work, &mut left);
            let mut ready = Vec::with_capacity(wave.len());
            for intent in wave {
                ready.extend(self.make_ready(work, intent).await?);
            }
            let going = ready.iter().map(|ready| self.go(ready));
            let went = futures_util::future::join_all(going).await;
            for (ready, went) in ready.into_iter().zip(went) {
                self.arrived(work, ready.intent, went).await;
            }
            self.record_one(work).await?;
        }
        Ok(())
    }

    /// Makes what became of a write durable before the next one goes: what was answered is not in doubt after a crash.
    async fn record_one(&self, work: &mut Work) -> Result<(), StoreError> {
        self.store.record(&[(work.fence, work.record())]).await
    }

    /// Sends one write that is no edit or hop: a file, what rests on a look of its own, what a project lacks.
    async fn send_alone(&self, work: &mut Work, intent: &Intent) -> Result<(), StoreError> {
        let side = &intent.operation.side;
        let file = matches!(intent.operation.action, Action::AddFile { .. });
        let Some(ready) = self.make_ready(work, intent).await? else { return Ok(()) };
        let project = work.sync.side(side).map(|settings| settings.project.clone()).unwrap_or_default();
        let (offered, request) = traced(self.hands.offer(&ready.instance, &project, intent)).await;
        if let Some(sent) = offered {
            work.requests.extend(request.map(|request| (intent.id, request)));
            self.outcome(work, intent, sent).await;
            return Ok(());
        }
        let went = if file {
            let (sent, request) = traced(self.carry_file(work, intent)).await;
            work.slot = None;
            Went { sent, loud: false, request }
        } else {
            self.go(&ready).await
        };
        self.arrived(work, intent, went).await;
        // Nothing is decided after a long upload on what was read before it.
        work.stale |= file && self.is_stale(work);
        Ok(())
    }

    /// Looks whether a write may be sent now, and opens its intent. If it may not, the intent says why; of one that is to be looked at
    /// again first there is none.
    async fn make_ready<'i>(&self, work: &mut Work, intent: &'i Intent) -> Result<Option<Ready<'i>>, StoreError> {
        let ready = self.judge_ready(work, intent).await;
        if work.intents.iter().any(|kept| kept.id == intent.id) {
            self.store.open_intents(work.fence, std::slice::from_ref(intent)).await?;
        }
        Ok(ready)
    }

    async fn judge_ready<'i>(&self, work: &mut Work, intent: &'i Intent) -> Option<Ready<'i>> {
        let side = &intent.operation.side;
        if work.is_held_up(&intent.operation) {
            work.move_intent(intent.id, &IntentEvent::Refused("not sent: a write before it failed".to_owned()));
            return None;
        }
        if let Some(error) = self.instance_on(work, side).and_then(|instance| self.leaves_alone(&instance)) {
            work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {error}")));
            work.unread.insert(side.clone(), error.to_string());
            work.be_due(self.after(SOON));
            return None;
        }
        if matches!(intent.operation.action, Action::AddFile { .. }) {
            self.take_slot(work, side).await;
        }
        if self.is_stale(work) {
            work.forget_intent(intent.id);
            work.stale = true;
            return None;
        }
        if self.is_called_off(work, intent) || !self.is_still_so(work, intent).await {
            return None;
        }
        let mark = self.mark(work, intent);
        let (Some(instance), Some(mark)) = (work.sync.instance_of(side).cloned(), mark) else {
            work.move_intent(intent.id, &IntentEvent::Refused("not sent: no mark could be made".to_owned()));
            return None;
        };
        Some(Ready { intent, instance, mark, want: work.sync.want(side) })
    }

    /// Sends one write; a second time, with mails, where only leaving them out was refused.
    async fn go(&self, ready: &Ready<'_>) -> Went {
        let Ready { intent, instance, mark, want } = ready;
        let (sent, request) = traced(self.hands.send(instance, intent, mark, want, intent.silent)).await;
        if intent.silent && sent.as_ref().is_some_and(Sent::is_forbidden) {
            // A refusal changed nothing. It may be for want of the right to leave mails out, and for nothing else.
            let (sent, request) = traced(self.hands.send(instance, intent, mark, want, false)).await;
            return Went { sent, loud: true, request };
        }
        Went { sent, loud: false, request }
    }

    async fn arrived(&self, work: &mut Work, intent: &Intent, went: Went) {
        work.requests.extend(went.request.map(|request| (intent.id, request)));
        if went.loud {
            for kept in work.intents.iter_mut().filter(|kept| kept.id == intent.id) {
                kept.silent = false;
            }
            if went.sent.as_ref().is_some_and(Sent::is_done) {
                self.lost_silence(work, &intent.operation.side).await;
            }
        }
        if let Some(sent) = went.sent {
            if sent.is_done() {
                self.did(work, &intent.operation.side);
            }
            self.outcome(work, intent, sent).await;
        }
    }

    /// Has the next poll know that what it shows of an item's issue there is our doing.
    fn did(&self, work: &Work, side: &SideId) {
        if let (Some(instance), Some(replica)) = (self.instance_on(work, side), work.item.replicas.get(side)) {
            instance.did(replica.issue, work.urgency, replica.updated);
        }
    }

    /// Takes a slot for an upload, or keeps the one that is held. Who waited long for it looks again first, and keeps it meanwhile.
    async fn take_slot(&self, work: &mut Work, side: &SideId) {
        let Some(instance) = self.instance_on(work, side) else { return };
        if work.slot.as_ref().is_none_or(|(held, _)| held != instance.id()) {
            // Two that hold one each and wait for the other's would wait for ever.
            work.slot = None;
            work.slot = instance.upload_slot().await.map(|slot| (instance.id().clone(), slot));
        }
    }

    /// Whether an item was looked at too long ago to be written to.
    fn is_stale(&self, work: &Work) -> bool {
        self.clock.monotonic().saturating_sub(work.looked) >= STALE_AFTER
    }
}

/// Whether a write may go at the same time as one to another side. What rests on a look right before it goes by itself, so that
/// nothing comes between the two.
fn goes_along(work: &Work, intent: &Intent) -> bool {
    let plain = matches!(intent.operation.action, Action::SetFields { .. } | Action::Transition { .. });
    plain && !work.is_under_a_level(&intent.operation.side)
}

/// Takes out the next write of each side, as far as it may go along.
fn next_of_each_side<'i>(work: &Work, left: &mut Vec<&'i Intent>) -> Vec<&'i Intent> {
    let mut seen: BTreeSet<&SideId> = BTreeSet::new();
    let (wave, rest) = std::mem::take(left).into_iter().partition(|intent| {
        // Of a side only the first counts: what stands behind it waits for it.
        seen.insert(&intent.operation.side) && goes_along(work, intent)
    });
    *left = rest;
    wave
}
