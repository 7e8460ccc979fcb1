//! What webhooks carried of comments: the only trace of what a person wrote into a copy of ours between our last look and our own
//! write, which ran over it. It must never keep a comment that is not a copy of ours, nor take a trace for what stands there.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::Engine;
use super::cycle::STALE_AFTER;
use super::instance::Instance;
use super::work::Work;
use crate::mapping::Rich;
use crate::model::hub::{Audience, CommentRecord, Conflict};
use crate::model::ids::{FieldName, IssueId, SideId};
use crate::model::issue::NativeValue;
use crate::model::remark::Remark;
use crate::model::store::{CommentTrace, StoreError};
use crate::model::value::Value;
use crate::text;

impl Engine {
    /// Whether a trace is of a copy of ours: nothing else is kept.
    pub(super) async fn is_of_a_copy(
        &self,
        instance: &Instance,
        issue: IssueId,
        trace: &CommentTrace,
    ) -> Result<bool, StoreError> {
        for (item, _, side) in self.store.items_of(instance.id(), issue).await? {
            let item = self.store.item(item).await?;
            let copies = item.iter().flat_map(|item| &item.comments).filter_map(|record| record.copies.get(&side));
            if copies.into_iter().any(|copy| copy == &trace.comment) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Weighs the traces of a side's comments against what was just read there. What a write of ours ran over is recorded as the
    /// lost half of a conflict; a trace that is newer than the read waits for the next one.
    pub(super) async fn weigh_traces(&self, work: &mut Work, side: &SideId) -> Result<(), StoreError> {
        let Some(instance) = self.instance_on(work, side).filter(|instance| instance.has_heard()) else {
            return Ok(());
        };
        let Some(read) = work.reads.get(side) else { return Ok(()) };
        let issue = read.snapshot.id;
        if !read.snapshot.remarks(Remark::Comment).complete {
            return Ok(());
        }
        let mut weighed = Vec::new();
        for (number, trace) in self.store.traces(instance.id(), issue).await? {
            if let Some(conflict) = self.overwritten(work, side, &instance, &trace) {
                weighed.push(number);
                work.conflicts.extend(conflict);
            }
        }
        if weighed.is_empty() { Ok(()) } else { self.store.forget_traces(&weighed).await }
    }

    /// What a trace tells: `None`: nothing yet; `Some(None)`: nothing was lost.
    fn overwritten(
        &self,
        work: &Work,
        side: &SideId,
        instance: &Instance,
        trace: &CommentTrace,
    ) -> Option<Option<Conflict>> {
        let read = work.reads.get(side)?;
        let is_it = |record: &&CommentRecord| record.copies.get(side) == Some(&trace.comment);
        let Some(record) = work.item.comments.iter().find(is_it) else { return Some(None) };
        let list = &read.snapshot.remarks(Remark::Comment).list;
        let Some(there) = list.iter().find(|there| there.id == trace.comment) else { return Some(None) };
        let (Some(updated), Some(by)) = (trace.updated, &trace.by) else { return Some(None) };
        if there.updated < updated {
            return None;
        }
        // Before a write of ours that came later than this the copy was read once more, and what stood there taken in.
        let window = SignedDuration::try_from(STALE_AFTER).unwrap_or(SignedDuration::MAX);
        let ran_over = !instance.is_us(Some(by))
            && !trace.deleted
            && instance.is_us(there.changed_by.as_ref())
            && there.updated.duration_since(updated) <= window;
        let catalogs = work.sync.catalogs();
        let Some(catalog) = catalogs.get(side).filter(|_| ran_over) else { return Some(None) };
        let rich = Rich { sync: &work.sync.settings, side, catalog, references: &work.references, origin: None };
        let lost = rich.read(&NativeValue::Wiki(trace.body.clone()));
        let stands = rich.read(&there.body);
        let known = record.recorded.get(side).is_some_and(|known| text::same(known, &lost));
        if known || text::same(&lost, &stands) {
            return Some(None);
        }
        let at = updated.saturating_sub(SignedDuration::from_millis(instance.skew_ms())).unwrap_or(updated);
        tracing::warn!(item = %work.item.id, %side, "a write of ours ran over what somebody wrote into a copy; it is kept as a conflict");
        Some(Some(Conflict {
            field: FieldName::from(Remark::Comment.word()),
            audience: Audience(BTreeSet::from([record.side.clone(), side.clone()])),
            winner: record.side.clone(),
            kept: Value::Document(stands),
            loser: side.clone(),
            lost: Value::Document(lost),
            at,
            overwritten_by: None,
        }))
    }
}
