//! Rows of polls that wait for the worker of their item, so that detecting is also the first read. Must never be needed: a
//! row that is missing is read again, and of which one is missing something is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::ids::{InstanceId, IssueId, ItemId};
use crate::model::issue::IssueSnapshot;

/// Rows kept at most. Beyond it the rest is read again when its turn comes: memory stays bounded in a large first run.
const MOST: usize = 2_000;

/// The waiting rows.
#[derive(Default)]
pub(crate) struct Rows(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    rows: BTreeMap<(InstanceId, IssueId), IssueSnapshot>,
    /// There was a row and no room for it, or what was read came to nothing, or could not be read.
    lost: BTreeSet<(InstanceId, IssueId)>,
    /// Issues that were found for an item which did not know them.
    wanted: BTreeSet<(InstanceId, IssueId)>,
    /// Items whose last attempt failed since this start: what it did not get to know is lost by its issues, and nothing else is.
    failed: BTreeSet<ItemId>,
    /// Items of which nobody knows any more what they wait for: whoever knew is dead.
    forgotten: BTreeSet<ItemId>,
}

impl Rows {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a row, unless a newer one is kept already.
    pub(crate) fn put(&self, instance: &InstanceId, row: IssueSnapshot) {
        let mut kept = self.kept();
        let key = (instance.clone(), row.id);
        let newer = kept.rows.get(&key).is_none_or(|known| known.updated <= row.updated);
        if newer && (kept.rows.len() < MOST || kept.rows.contains_key(&key)) {
            kept.lost.remove(&key);
            kept.rows.insert(key, row);
        } else if newer {
            kept.lost.insert(key);
        }
    }

    /// Takes a row out.
    pub(crate) fn take(&self, instance: &InstanceId, issue: IssueId) -> Option<IssueSnapshot> {
        let (mut kept, key) = (self.kept(), (instance.clone(), issue));
        let row = kept.rows.remove(&key)?;
        kept.wanted.remove(&key);
        Some(row)
    }

    /// Drops a row, unless it is wanted.
    pub(crate) fn let_go(&self, instance: &InstanceId, issue: IssueId) {
        let (mut kept, key) = (self.kept(), (instance.clone(), issue));
        if !kept.wanted.contains(&key) {
            kept.rows.remove(&key);
        }
    }

    /// Notes how an attempt ended, and the issues of which it did not take in what they show.
    pub(crate) fn ended(&self, item: ItemId, failed: bool, lost: impl IntoIterator<Item = (InstanceId, IssueId)>) {
        let mut kept = self.kept();
        kept.lost.extend(lost);
        if failed {
            kept.failed.insert(item);
        } else {
            kept.failed.remove(&item);
        }
    }

    /// Notes that an item was just given this issue: it takes its row, or reads it.
    pub(crate) fn want(&self, instance: &InstanceId, issue: IssueId) {
        self.kept().wanted.insert((instance.clone(), issue));
    }

    /// Whether it is known here what the last attempt at this item, which failed, did not get to know.
    pub(crate) fn knows_failure(&self, item: ItemId) -> bool {
        self.kept().failed.contains(&item)
    }

    /// Whether there was a row that came to nothing, or none of an issue that is wanted: it is to be read. Said once.
    pub(crate) fn was_lost(&self, instance: &InstanceId, issue: IssueId) -> bool {
        let (mut kept, key) = (self.kept(), (instance.clone(), issue));
        kept.lost.remove(&key) | kept.wanted.remove(&key)
    }

    /// Notes items that wait for something which nobody knows any more.
    pub(crate) fn forget(&self, items: impl IntoIterator<Item = ItemId>) {
        self.kept().forgotten.extend(items);
    }

    /// Whether nobody knows what an item waits for: all of it is to be read. Said once.
    pub(crate) fn is_forgotten(&self, item: ItemId) -> bool {
        self.kept().forgotten.remove(&item)
    }

    /// Looks at a row and leaves it there.
    pub(crate) fn peek(&self, instance: &InstanceId, issue: IssueId) -> Option<IssueSnapshot> {
        self.kept().rows.get(&(instance.clone(), issue)).cloned()
    }
}
