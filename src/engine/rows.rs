//! Rows of polls that wait for the worker of their item, so that detecting is also the first read. Must never be needed: a
//! row that is missing is read again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;

/// Rows kept at most. Beyond it the rest is read again when its turn comes: memory stays bounded in a large first run.
const MOST: usize = 2_000;

/// The waiting rows.
#[derive(Default)]
pub(crate) struct Rows(Mutex<BTreeMap<(InstanceId, IssueId), IssueSnapshot>>);

impl Rows {
    /// Keeps a row, unless a newer one is kept already.
    pub(crate) fn put(&self, instance: &InstanceId, row: IssueSnapshot) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (instance.clone(), row.id);
        let newer = rows.get(&key).is_none_or(|kept| kept.updated <= row.updated);
        if newer && (rows.len() < MOST || rows.contains_key(&key)) {
            rows.insert(key, row);
        }
    }

    /// Takes a row out.
    pub(crate) fn take(&self, instance: &InstanceId, issue: IssueId) -> Option<IssueSnapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(instance.clone(), issue))
    }

    /// Looks at a row and leaves it there.
    pub(crate) fn peek(&self, instance: &InstanceId, issue: IssueId) -> Option<IssueSnapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(instance.clone(), issue)).cloned()
    }
}
