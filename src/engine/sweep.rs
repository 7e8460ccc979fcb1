//! The full check: every replica's time and newest entry against what was last taken in. It finds what polls missed. Must never
//! conclude from absence: what is missing is only hinted, and read directly.

use std::collections::BTreeMap;

use super::Engine;
use crate::model::ids::{InstanceId, IssueId, ItemId};
use crate::model::store::{Hint, StoreError};

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

impl Engine {
    /// Compares a hundred items after `after`, and queues those that differ. `None` when that was the end.
    ///
    /// # Errors
    /// The state could not answer. An instance that does not answer is passed over: the next sweep comes.
    pub async fn sweep(&self, after: Option<ItemId>) -> Result<(Swept, Option<ItemId>), StoreError> {
        let ids = self.store.item_ids(after, AT_ONCE).await?;
        let mut wanted: BTreeMap<InstanceId, BTreeMap<IssueId, (jiff::Timestamp, u64)>> = BTreeMap::new();
        for id in &ids {
            let Some(item) = self.store.item(*id).await? else { continue };
            let Some(sync) = self.syncs.get(&item.sync) else { continue };
            for (side, replica) in &item.replicas {
                if let Some(instance) = sync.instance_of(side) {
                    let known = (replica.updated, replica.entry.0);
                    wanted.entry(instance.clone()).or_default().insert(replica.issue, known);
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
                if same {
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
