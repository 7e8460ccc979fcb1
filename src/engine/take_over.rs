//! What of a plan is taken over: what it knows becomes the item's, and what it wants to write is left out where it has to wait. Must never
//! let a write wait that nothing would wake.

use tracing::Instrument as _;

use super::Engine;
use super::creations::created_on;
use super::look::taken_in;
use super::named::waits_for_a_comment;
use super::pairing::{Clear, is_created_on};
use super::work::Work;
use crate::model::ids::{OperationId, SideId};
use crate::model::operation::{Action, IntentEvent, Operation};
use crate::model::store::StoreError;
use crate::plan::By;

impl Engine {
    /// Looks at the items, and takes over what is to be done for each.
    pub(super) async fn plan_round(&self, works: &mut [Work]) -> Result<Vec<Vec<Operation>>, StoreError> {
        for work in works.iter_mut().filter(|work| work.stale && !work.over) {
            work.look_anew();
        }
        self.look_with_things(works).await?;
        let now = self.clock.monotonic();
        let (mut planned, mut clear) = (Vec::with_capacity(works.len()), Clear::default());
        for work in works {
            work.looked = now;
            let span = work.span.clone();
            planned.push(self.take_over(work, &mut clear).instrument(span).await?);
        }
        self.keep_creations().await?;
        Ok(planned)
    }

    /// Takes over what a plan knows, and gives what it wants to have done. An item without anything left is over.
    async fn take_over(&self, work: &mut Work, clear: &mut Clear) -> Result<Vec<Operation>, StoreError> {
        let Some(plan) = work.plan.take() else { return Ok(Vec::new()) };
        let sides = taken_in(work, &plan);
        work.item = plan.item;
        work.conflicts.extend(plan.conflicts);
        work.acts.extend(plan.acts);
        work.ways.extend(plan.ways);
        work.holds = plan.holds;
        Self::tell_matched(work, plan.matched);
        for operation in &plan.seen {
            self.note_missing_tag(work, *operation);
            work.move_intent(*operation, &IntentEvent::Seen);
        }
        let mut judged = false;
        for side in &sides {
            let direct = work.reads.get(side).is_some_and(|read| read.direct);
            judged |= direct && self.judge(work, side);
            self.weigh_traces(work, side).await?;
            work.reads.remove(side);
            work.again.remove(side);
        }
        judged |= self.judge_watchers(work);
        work.stuck = plan.stuck;
        self.keep_ways(work).await?;
        let learnt =
            self.learn_from_samples(work).await? || (!work.stuck.is_empty() && work.learnt != work.sync.learnt());
        let operations: Vec<Operation> =
            plan.operations.into_iter().filter(|operation| work.was_seen(operation)).collect();
        let creates = created_on(&operations);
        let (waiting, operations): (Vec<Operation>, Vec<Operation>) =
            operations.into_iter().partition(|operation| self.is_withheld(&work.sync, operation));
        let named = self.named_by_newcomers(&work.sync, &work.item, &operations, clear).await?;
        let mut operations: Vec<Operation> =
            operations.into_iter().filter(|operation| !is_created_on(operation, &named)).collect();
        operations.retain(|operation| !self.was_just_refused(work, operation));
        operations.retain(|operation| !self.may_not_be_made(work, operation));
        let waiting: Vec<SideId> = waiting.into_iter().map(|operation| operation.side).collect();
        if !waiting.is_empty() && !self.withheld(&work.sync, &waiting).await? {
            work.be_due(self.now());
        }
        operations.retain(|operation| !waits_for_a_comment(work, operation));
        Self::tell_unfound(work, &operations);
        operations.retain(|operation| !work.put_off.contains(operation) && self.may_write(work, operation));
        let waits = self.let_through(work, &creates, &mut operations);
        if operations.is_empty() && (waits || !judged && !learnt) {
            work.over = true;
        }
        Ok(operations)
    }

    /// A write of ours that was seen without its tag: the instance does not give tags back.
    fn note_missing_tag(&self, work: &Work, operation: OperationId) {
        let Some(intent) = work.intents.iter().find(|intent| intent.id == operation) else { return };
        let logged = matches!(intent.operation.action, Action::SetFields { .. } | Action::Transition { .. });
        let Some(read) = work.reads.get(&intent.operation.side).filter(|_| logged) else { return };
        if !read.steps.iter().any(|step| step.by == By::Us(operation))
            && let Some(instance) = self.instance_on(work, &intent.operation.side)
        {
            instance.gave_tag_back(false);
        }
    }
}
