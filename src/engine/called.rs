//! Which items an issue's key leads to. An issue goes by two keys once an administrator changed that of its project: people type either, and the
//! state knows the one that was read last. Must never take an issue of another instance, or of another project, for the one that is meant.

use std::collections::{BTreeMap, BTreeSet};

use super::renamed::{keys_note, renamed_in};
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueKey, ItemId, SideId};
use crate::model::problem_filter::ProblemFilter;
use crate::model::settings::{SideSettings, SyncSettings};
use crate::model::store::{Store, StoreError};

/// The projects of the sides that have another key than the configuration says, as the state keeps it: by instance and configured key.
#[derive(Debug, Default)]
pub struct OtherKeys(BTreeMap<InstanceId, BTreeMap<String, String>>);

impl OtherKeys {
    /// What the state keeps of the instances of these syncs.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn kept(store: &dyn Store, syncs: &[&SyncSettings]) -> Result<Self, StoreError> {
        let sides = syncs.iter().flat_map(|sync| sync.sides.iter());
        let instances: BTreeSet<InstanceId> = sides.map(|side| side.instance.clone()).collect();
        let mut found = BTreeMap::new();
        for instance in instances {
            let kept = store.note(&keys_note(&instance)).await?;
            found.insert(instance, renamed_in(kept.as_deref().unwrap_or_default()));
        }
        Ok(Self(found))
    }

    /// The other key that an issue of a side goes by.
    fn other(&self, side: &SideSettings, key: &IssueKey) -> Option<IssueKey> {
        let now = self.0.get(&side.instance)?.get(&side.project)?;
        let (project, number) = key.as_str().rsplit_once('-')?;
        let other = match project {
            configured if configured == side.project => now,
            shown if shown == now => &side.project,
            _ => return None,
        };
        Some(IssueKey::new(format!("{other}-{number}")))
    }

    /// All keys that an item's issues go by.
    #[must_use]
    pub fn of(&self, sync: Option<&SyncSettings>, item: &ItemState) -> BTreeSet<IssueKey> {
        let both = item.replicas.iter().flat_map(|(side, replica)| {
            let other = sync.and_then(|sync| self.other(sync.side(side)?, &replica.key));
            other.into_iter().chain([replica.key.clone()])
        });
        both.collect()
    }
}

/// The items with an issue that goes by a key, and the sides on which it does: living ones, and those that were let be.
///
/// # Errors
/// The state cannot be read.
pub async fn items_called(
    store: &dyn Store,
    syncs: &[&SyncSettings],
    key: &IssueKey,
) -> Result<Vec<(ItemState, Vec<SideId>)>, StoreError> {
    let keys = OtherKeys::kept(store, syncs).await?;
    let sides = syncs.iter().flat_map(|sync| sync.sides.iter());
    let others: BTreeSet<IssueKey> = sides.filter_map(|side| keys.other(side, key)).collect();
    let mut ids: BTreeSet<ItemId> = store.items_by_key(key).await?.into_iter().collect();
    for other in others {
        ids.extend(store.items_by_key(&other).await?);
    }
    let mut found = Vec::new();
    for id in ids {
        let Some(item) = store.item(id).await? else { continue };
        let sync = syncs.iter().find(|sync| sync.id == item.sync);
        // The other key means this issue where that project is, and nowhere else.
        let other = |side: &SideId| keys.other(sync?.side(side)?, key);
        let goes_by = item
            .replicas
            .iter()
            .filter(|(side, replica)| &replica.key == key || other(side).is_some_and(|other| other == replica.key));
        let sides: Vec<SideId> = goes_by.map(|(side, _)| side.clone()).collect();
        if !sides.is_empty() {
            found.push((item, sides));
        }
    }
    Ok(found)
}

/// The items with an issue that goes by the key which a filter names; none where it names none.
///
/// # Errors
/// The state cannot be read.
pub async fn items_of_key(
    store: &dyn Store,
    syncs: &[&SyncSettings],
    filter: &ProblemFilter,
) -> Result<BTreeSet<ItemId>, StoreError> {
    let Some(key) = &filter.key else { return Ok(BTreeSet::new()) };
    Ok(items_called(store, syncs, key).await?.into_iter().map(|(item, _)| item.id).collect())
}
