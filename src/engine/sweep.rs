//! The full check: every replica's time and newest entry against what was last taken in. It finds what polls missed. Must never
//! conclude from absence: what is missing is only hinted, and read directly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Engine;
use crate::model::catalog::Shape;
use crate::model::hub::ItemState;
use crate::model::ids::{CommentId, FieldId, InstanceId, IssueId, ItemId, SideId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::remark::Remark;
use crate::model::settings::{CopyEdits, FieldRow, SideSettings};
use crate::model::store::{Hint, StoreError};
use crate::model::value::Value;

/// Items compared at once: their replicas fit one request per instance.
const AT_ONCE: usize = 100;

/// What a sweep saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Replicas compared.
    pub compared: usize,
    /// Replicas that were not as last seen.
    pub different: usize,
}

/// The comments of people on a side that are taken for standing there.
fn comments_of(item: &ItemState, side: &SideId) -> BTreeSet<CommentId> {
    let theirs = item.comments.iter().filter(|record| &record.side == side && !record.gone);
    theirs.map(|record| record.id.clone()).collect()
}

/// The items that an issue belongs to, with their syncs.
type Known = Vec<(ItemState, Arc<super::SyncRun>)>;

/// Fields that count, and what they were last seen to hold.
type Counts = Vec<(FieldId, Option<Value>)>;

/// What a side was last seen to count: votes, which move no `updated`.
fn counts_of(item: &ItemState, sync: &super::SyncRun, side: &SideId) -> Counts {
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

/// Whether a side shows a link to an issue whose project the file does not list any more.
fn shows_unlisted(item: &ItemState, sync: &super::SyncRun, side: &SideId) -> bool {
    let listed = |of: &SideId, link: &String| {
        let key = item.replicas.get(of).and_then(|replica| replica.ends.own.get(link)).map(|end| &end.key);
        let project = key.and_then(|key| key.as_str().rsplit_once('-')).map(|(project, _)| project);
        let mut rows = sync.settings.fields.values().filter_map(|row| row.not_synced.get(of));
        project.is_some_and(|project| rows.any(|projects| projects.contains(project)))
    };
    let shown = item.replicas.get(side).map(|replica| &replica.ends.shown);
    shown.into_iter().flatten().any(|(of, links)| links.keys().any(|link| !listed(of, link)))
}

impl Engine {
    /// Has an item looked at where something was refused that may be possible by now.
    async fn hint_what_may_pass(&self, item: &ItemState, sync: &super::SyncRun) -> Result<(), StoreError> {
        // What belongs somewhere and is not there waits for something: a parent that is hidden, a right.
        let belongs = |side: &SideSettings| side.when.is_none() || item.belongs.contains(&side.id);
        let lacks = sync.settings.sides.iter().any(|side| !item.replicas.contains_key(&side.id) && belongs(side));
        for (side, replica) in &item.replicas {
            let waits = replica.bases.values().any(|base| base.acknowledged.as_ref().is_some_and(|why| why.may_pass));
            // What somebody wrote into a copy goes back to its original once the right to edit that is given.
            let flows = sync.settings.comments.copies == CopyEdits::FlowBack;
            let strays = item.comments.iter().any(|record| &record.side == side && !record.strayed.is_empty());
            let refused = [Remark::Comment, Remark::Worklog]
                .into_iter()
                .flat_map(|remark| item.remarks(remark))
                .any(|record| record.refused.contains_key(side));
            let shows = shows_unlisted(item, sync, side);
            if let (true, Some(instance)) =
                (waits || refused || flows && strays || shows || lacks, sync.instance_of(side))
            {
                self.store.queue_hints(instance, &[Hint { issue: replica.issue }], &[], None, self.now()).await?;
            }
        }
        Ok(())
    }

    /// Compares a hundred items after `after`, and queues those that differ. `None` when that was the end.
    ///
    /// # Errors
    /// The state could not answer. An instance that does not answer is passed over: the next sweep comes.
    pub async fn sweep(&self, after: Option<ItemId>) -> Result<(Swept, Option<ItemId>), StoreError> {
        let ids = self.store.item_ids(after, AT_ONCE).await?;
        let mut wanted: BTreeMap<InstanceId, BTreeMap<IssueId, (jiff::Timestamp, u64)>> = BTreeMap::new();
        let mut said: BTreeMap<(InstanceId, IssueId), BTreeSet<CommentId>> = BTreeMap::new();
        let mut counted: BTreeMap<(InstanceId, IssueId), Counts> = BTreeMap::new();
        let mut watched: BTreeMap<(InstanceId, IssueId), Known> = BTreeMap::new();
        for id in &ids {
            let Some(item) = self.store.item(*id).await? else { continue };
            let Some(sync) = self.syncs.get(&item.sync) else { continue };
            self.hint_what_may_pass(&item, sync).await?;
            for (side, replica) in &item.replicas {
                if let Some(instance) = sync.instance_of(side) {
                    let known = (replica.updated, replica.entry.0);
                    wanted.entry(instance.clone()).or_default().insert(replica.issue, known);
                    let counts = counts_of(&item, sync, side);
                    if !counts.is_empty() {
                        counted.insert((instance.clone(), replica.issue), counts);
                    }
                    if sync.want(side).watches {
                        let of_issue = watched.entry((instance.clone(), replica.issue)).or_default();
                        of_issue.push((item.clone(), Arc::clone(sync)));
                    }
                    if sync.settings.comments.gives(side) {
                        said.insert((instance.clone(), replica.issue), comments_of(&item, side));
                    }
                }
            }
        }
        let mut swept = Swept::default();
        for (id, known) in wanted {
            let Some(instance) = self.instances.get(&id).filter(|instance| instance.pause().is_none()) else {
                continue;
            };
            let issues: Vec<IssueId> = known.keys().copied().collect();
            // One that cannot be read counts as different, and is read by itself.
            let rows = match instance.read.rows(&issues, &instance.want).await {
                Ok(read) => read.rows,
                Err(error) => {
                    instance.failed(&error);
                    continue;
                }
            };
            let mut different: Vec<IssueId> = issues.clone();
            for row in rows {
                let newest = row.log.iter().map(|entry| entry.id.0).max().unwrap_or(0);
                let same = known.get(&row.id).is_some_and(|known| *known >= (row.updated, newest));
                // A comment that was deleted need not move `updated`.
                let there = |comment: &CommentId| row.comments.list.iter().any(|read| &read.id == comment);
                let gone = said.get(&(id.clone(), row.id)).is_some_and(|said| !said.iter().all(there));
                let same = same && !(row.comments.complete && gone);
                let same =
                    same && counted.get(&(id.clone(), row.id)).is_none_or(|counts| counts_the_same(&row, counts));
                let mut items = watched.get(&(id.clone(), row.id)).into_iter().flatten();
                let otherwise = items.any(|(item, sync)| self.is_watched_otherwise(item, sync, &row));
                if same && !otherwise {
                    different.retain(|issue| *issue != row.id);
                } else {
                    self.rows.put(&id, row);
                }
            }
            swept.compared += issues.len();
            swept.different += different.len();
            let hints: Vec<Hint> = different.into_iter().map(|issue| Hint { issue }).collect();
            self.store.queue_hints(&id, &hints, &[], None, self.now()).await?;
        }
        let next = ids.last().copied().filter(|_| ids.len() == AT_ONCE);
        if next.is_none() {
            self.look_after_duplicates().await?;
        }
        Ok((swept, next))
    }
}
