//! The full check: what every replica shows against what it showed when it was last taken in, a hundred in one request. It finds what
//! polls cannot: what moves no `updated`, and what is not there any more. Must never conclude from absence: what is missing is
//! only queued, and read directly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::uploads::waits_for_uploads;
use super::went_back::lies_far_back;
use super::{Engine, SyncRun};
use crate::jira::{Failure, as_urgent_as};
use crate::model::catalog::Shape;
use crate::model::fingerprint::{Fingerprint, Shown};
use crate::model::hub::{Absence, ItemState, Replica};
use crate::model::ids::{CommentId, FieldId, InstanceId, IssueId, ItemId, SideId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::occasion::Occasion;
use crate::model::remark::Remark;
use crate::model::settings::{CopyEdits, FieldKind, FieldRow, SideSettings, SyncSettings};
use crate::model::store::{StoreError, Urgency};
use crate::model::value::Value;
use crate::plan::shows_too_much;

/// Items compared at once: their replicas fit one request per instance.
const AT_ONCE: usize = 100;

/// Of so many items one is read whole in each full check, whatever its row shows: with the usual four checks a day each item is
/// once a week. What a row cannot show is found that way (comments beyond the first twenty, and what else is cut off).
pub const ROTATION: u32 = 28;

/// What a full check covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// These instances alone.
    pub only: Option<BTreeSet<InstanceId>>,
    /// The items whose turn it is are read whole.
    pub turn: Option<u32>,
}

impl Scope {
    pub(super) fn covers(&self, instance: &InstanceId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(instance))
    }

    /// Whether it is an item's turn. Ids are random, so every turn has as many.
    fn is_turn_of(&self, item: ItemId) -> bool {
        self.turn.is_some_and(|turn| item.0 % u128::from(ROTATION) == u128::from(turn % ROTATION))
    }
}

/// What a sweep saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Replicas compared.
    pub compared: usize,
    /// Replicas that were not as last seen.
    pub different: usize,
    /// Items that are read whole since it is their turn.
    pub read_whole: usize,
    /// Instances that did not answer: what is there was not compared.
    pub passed_over: BTreeSet<InstanceId>,
}

impl Swept {
    /// Adds what another portion saw.
    pub fn take(&mut self, more: Self) {
        self.compared += more.compared;
        self.different += more.different;
        self.read_whole += more.read_whole;
        self.passed_over.extend(more.passed_over);
    }
}

/// The replicas of a portion on one instance, by their issue: the places among the items.
type Places = BTreeMap<IssueId, Vec<(usize, SideId)>>;

/// Whether a row shows something else than when its replica was last taken in, although its `updated` is the same: comments that were deleted,
/// links, votes. `None` where it cannot be told. `sync` has every field by its id.
pub(super) fn shows_otherwise(
    item: &ItemState,
    sync: &SyncSettings,
    (side, replica): (&SideId, &Replica),
    row: &IssueSnapshot,
) -> Option<bool> {
    // What is apart is not taken in, so it may show what it wants; and a row may be older than what was read.
    let same_version = row.updated == replica.updated && !replica.restricted && replica.away.is_none();
    let print = replica.print.filter(|_| same_version)?;
    Some(print.differs(&Fingerprint::of(row, &Shown::of(sync, side))) || lacks_comments(item, sync, side, row))
}

/// Whether a comment that is taken for standing is not among those that a row shows. Its deletion need not move `updated`.
fn lacks_comments(item: &ItemState, sync: &SyncSettings, side: &SideId, row: &IssueSnapshot) -> bool {
    let there = |comment: &CommentId| row.comments.list.iter().any(|read| &read.id == comment);
    row.comments.complete && sync.comments.gives(side) && !comments_of(item, side).iter().all(there)
}

/// The comments of people on a side that are taken for standing there.
fn comments_of(item: &ItemState, side: &SideId) -> BTreeSet<CommentId> {
    let theirs = item.comments.iter().filter(|record| &record.side == side && !record.gone);
    theirs.map(|record| record.id.clone()).collect()
}

/// Fields that count, and what they were last seen to hold.
type Counts = Vec<(FieldId, Option<Value>)>;

/// What a side was last seen to count: votes, which move no `updated`.
fn counts_of(item: &ItemState, sync: &SyncRun, side: &SideId) -> Counts {
    let catalogs = sync.catalogs();
    let counts = |field: &FieldId| {
        catalogs.get(side).and_then(|catalog| catalog.shapes.get(field)).is_some_and(|shape| *shape == Shape::Count)
    };
    let bases = item.replicas.get(side).map(|replica| &replica.bases);
    let rows = sync.settings.fields.values().filter_map(|row| Some((row, row.sides.get(side)?)));
    let held = |row: &FieldRow| bases.and_then(|bases| bases.get(&row.name)?.value.clone());
    rows.filter(|(_, field)| counts(field)).map(|(row, field)| (field.clone(), held(row))).collect()
}

/// Whether a row counts what was last seen.
fn counts_the_same(row: &IssueSnapshot, counts: &[(FieldId, Option<Value>)]) -> bool {
    counts.iter().all(|(field, held)| match row.fields.get(field) {
        Some(NativeValue::Text(count)) => held.as_ref() == Some(&Value::Number(count.clone())),
        Some(_) | None => true,
    })
}

impl Engine {
    /// Whether something was refused at an item that may be possible by now.
    fn may_pass(item: &ItemState, sync: &SyncRun) -> bool {
        // What belongs somewhere and is not there waits for something: a parent that is hidden, a right.
        let belongs = |side: &SideSettings| side.when.is_none() || item.belongs.contains(&side.id);
        let lacks = sync.settings.sides.iter().any(|side| !item.replicas.contains_key(&side.id) && belongs(side));
        item.replicas.iter().any(|(side, replica)| {
            let rows = &sync.settings.fields;
            let carried =
                replica.bases.iter().filter(|(name, _)| rows.get(name).is_some_and(|row| row.sides.contains_key(side)));
            let waits =
                carried.map(|(_, base)| base).any(|base| base.acknowledged.as_ref().is_some_and(|why| why.may_pass));
            // What somebody wrote into a copy goes back to its original once the right to edit that is given.
            let flows = sync.settings.comments.copies == CopyEdits::FlowBack;
            let strays = item.comments.iter().any(|record| &record.side == side && !record.strayed.is_empty());
            let refused = [Remark::Comment, Remark::Worklog]
                .into_iter()
                .flat_map(|remark| item.remarks(remark))
                .any(|record| record.refused.contains_key(side));
            waits || refused || lacks || flows && strays || shows_too_much(&sync.settings, item, side)
        })
    }

    /// Whether a row shows a replica otherwise than it was last taken in.
    fn differs(&self, item: &ItemState, sync: &SyncRun, side: &SideId, row: &IssueSnapshot) -> bool {
        let Some(replica) = item.replicas.get(side) else { return true };
        let newest = row.log.iter().map(|entry| entry.id.0).max().unwrap_or(0);
        let moved = (replica.updated, replica.entry.0) < (row.updated, newest);
        moved
            || lies_far_back(replica, row)
            || shows_otherwise(item, &sync.settings, (side, replica), row).unwrap_or(false)
            || lacks_comments(item, &sync.settings, side, row)
            || !counts_the_same(row, &counts_of(item, sync, side))
            || self.is_watched_otherwise(item, sync, row)
    }

    /// Has the items looked at whose status found no way: what lets the sync user go one (a right, a condition of the workflow) shows
    /// in no issue.
    async fn try_statuses_again(&self, scope: &Scope) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let Some(status) = sync.settings.fields.values().find(|row| row.kind == FieldKind::Status) else {
                continue;
            };
            for side in sync.settings.sides.iter().filter(|side| scope.covers(&side.instance)) {
                let (why, now) = (Occasion::FullCheck, self.now());
                self.store.wake_troubled(sync.id(), &side.id, &status.name, now, &why).await?;
            }
        }
        Ok(())
    }

    /// Compares a hundred items after `after`, and queues those that differ. `None` when that was the end.
    ///
    /// # Errors
    /// The state could not answer. An instance that does not answer is passed over, and told.
    pub async fn sweep(&self, after: Option<ItemId>) -> Result<(Swept, Option<ItemId>), StoreError> {
        self.sweep_some(after, &Scope::default()).await
    }

    /// The same for a part.
    ///
    /// # Errors
    /// As [`Engine::sweep`].
    pub async fn sweep_some(
        &self,
        after: Option<ItemId>,
        scope: &Scope,
    ) -> Result<(Swept, Option<ItemId>), StoreError> {
        if after.is_none() {
            if scope.only.is_none() {
                self.check_begins();
            }
            for instance in self.instances.values().filter(|instance| scope.covers(instance.id())) {
                instance.check_begins();
            }
            as_urgent_as(Urgency::Sweep, Box::pin(self.ask_what_may_be_attached(scope))).await;
        }
        let ids = self.store.item_ids(after, AT_ONCE).await?;
        let mut items: Vec<(ItemState, Arc<SyncRun>)> = Vec::new();
        let mut places: BTreeMap<InstanceId, Places> = BTreeMap::new();
        let (mut due, mut whole) = (BTreeSet::new(), BTreeSet::new());
        for id in &ids {
            let Some(item) = self.store.item(*id).await? else { continue };
            let Some(sync) = self.syncs.get(&item.sync).filter(|sync| sync.ended().is_none()) else { continue };
            if Self::may_pass(&item, sync) || item.rivals.len() > 1 || waits_for_uploads(&item, sync) {
                due.insert(item.id);
            }
            if scope.is_turn_of(item.id) && item.merged.is_none() {
                whole.insert(item.id);
            }
            for (side, replica) in &item.replicas {
                if let Some(instance) = sync.instance_of(side).filter(|instance| scope.covers(instance)) {
                    let here = places.entry(instance.clone()).or_default().entry(replica.issue).or_default();
                    here.push((items.len(), side.clone()));
                }
            }
            items.push((item, Arc::clone(sync)));
        }
        let mut swept = Swept { read_whole: whole.len(), ..Swept::default() };
        for (id, places) in places {
            let compared = self.compare(&id, &places, &items, &whole, &mut due, &mut swept);
            as_urgent_as(Urgency::Sweep, compared).await;
        }
        due.extend(whole);
        let due: Vec<ItemId> = due.into_iter().collect();
        self.store.queue_items(&due, Urgency::Sweep, self.now(), &Occasion::FullCheck).await?;
        let next = ids.last().copied().filter(|_| ids.len() == AT_ONCE);
        if next.is_none() {
            self.try_statuses_again(scope).await?;
            self.look_after_duplicates().await?;
            if scope.only.is_none() {
                self.check_ended().await?;
            }
            for instance in self.instances.values().filter(|instance| scope.covers(instance.id())) {
                self.was_checked(instance).await?;
            }
        }
        Ok((swept, next))
    }

    /// Compares what stands on one instance: one request for a hundred issues.
    async fn compare(
        &self,
        id: &InstanceId,
        places: &Places,
        items: &[(ItemState, Arc<SyncRun>)],
        whole: &BTreeSet<ItemId>,
        due: &mut BTreeSet<ItemId>,
        swept: &mut Swept,
    ) {
        let Some(instance) = self.instances.get(id) else { return };
        if instance.pause().is_some() {
            instance.check_misses();
            swept.passed_over.insert(id.clone());
            return;
        }
        let issues: Vec<IssueId> = places.keys().copied().collect();
        // One that cannot be read counts as different, and is read by itself.
        let rows = match instance.read.rows(&issues, &instance.want).await {
            Ok(read) => read.rows,
            Err(error) => {
                instance.failed(&error);
                if matches!(error.failure, Failure::Server(_) | Failure::Refused(_) | Failure::Unreadable(_)) {
                    // It may be one of them, for good: each is looked at by itself, and the check is not begun anew for it.
                    due.extend(
                        places.values().flatten().filter_map(|(item, _)| items.get(*item)).map(|(item, _)| item.id),
                    );
                } else {
                    instance.check_misses();
                    swept.passed_over.insert(id.clone());
                }
                return;
            }
        };
        swept.compared += issues.len();
        let mut missing: BTreeSet<IssueId> = issues.into_iter().collect();
        for row in rows {
            missing.remove(&row.id);
            let here = places.get(&row.id).into_iter().flatten();
            let here = here.filter_map(|(index, side)| Some((items.get(*index)?, side)));
            let other: Vec<ItemId> = here
                .filter(|((item, sync), side)| self.differs(item, sync, side, &row))
                .map(|((item, _), _)| item.id)
                .collect();
            if other.is_empty() {
                continue;
            }
            swept.different += 1;
            // Whose turn it is is read by itself.
            if !other.iter().any(|item| whole.contains(item)) {
                self.rows.put(id, row);
            }
            due.extend(other);
        }
        swept.different += missing.len();
        for (issue, here) in missing.iter().filter_map(|issue| Some((issue, places.get(issue)?))) {
            for ((item, _), side) in here.iter().filter_map(|(index, side)| Some((items.get(*index)?, side))) {
                let away = item.replicas.get(side).and_then(|replica| replica.away.as_ref());
                // Also where another side's row is news of its item: by that row alone nobody would ask where this one is.
                if away.is_none_or(|away| away.how != Absence::DeletedByUs) {
                    self.rows.want(id, *issue);
                }
                due.insert(item.id);
            }
        }
    }
}
