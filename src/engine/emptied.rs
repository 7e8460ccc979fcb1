//! The brake for fields that are emptied in many issues at once: by a mistake of one person in one Jira no value of all others is lost. It is
//! counted in memory, and what is held is kept in the state. Must never release itself at a restart, nor count what we wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::ids::{FieldName, ItemId, SideId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::store::StoreError;

/// Within this time they count as emptied at once.
const AT_ONCE: Duration = Duration::from_secs(60);
/// Of a sync's items, one in so many may be emptied at once, however few that are more than the setting.
const PART: u64 = 4;
/// As many above the setting are counted: beyond it the number says no more.
const COUNTED: usize = 100;

/// A field of a side.
pub(crate) type Place = (SideId, FieldName);

/// What was emptied on the sides of one sync.
#[derive(Default)]
pub(super) struct Brakes {
    /// Lately, and when, by our monotonic time.
    lately: BTreeMap<Place, BTreeMap<ItemId, Duration>>,
    /// Too many at once: these, and what was emptied since.
    many: BTreeMap<Place, BTreeSet<ItemId>>,
}

/// What of it is kept in the state.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    side: SideId,
    field: FieldName,
    items: BTreeSet<ItemId>,
}

pub(super) fn note(sync: &SyncId) -> String {
    format!("emptied {sync}")
}

impl SyncRun {
    fn emptied(&self) -> MutexGuard<'_, Brakes> {
        self.brakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fields of sides that nothing empty is taken in of.
    pub(super) fn braked(&self) -> BTreeSet<Place> {
        let most = self.settings.life.most_emptied;
        let brakes = self.emptied();
        brakes.many.iter().filter(|(_, items)| items.len() > most).map(|(place, _)| place.clone()).collect()
    }
}

impl Engine {
    /// Takes up what is held. What is held no more, since the setting is another one, goes on.
    pub(super) async fn recall_brakes(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let Some(text) = self.store.note(&note(sync.id())).await?.filter(|text| !text.is_empty()) else { continue };
            let kept: Vec<Kept> = serde_json::from_str(&text).unwrap_or_default();
            sync.emptied().many = kept.into_iter().map(|kept| ((kept.side, kept.field), kept.items)).collect();
            self.let_go(sync).await?;
        }
        Ok(())
    }

    /// Looks anew where too much was emptied at once. It is rare, so it lies in no cycle's own future.
    pub(super) fn look_where_braked<'a>(&'a self, works: &'a mut [Work]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { if self.brake(works).await? { self.look(works).await } else { Ok(()) } })
    }

    /// Counts what these plans empty. Says whether some are to be made again, since too much was emptied at once.
    async fn brake(&self, works: &mut [Work]) -> Result<bool, StoreError> {
        let mut again = false;
        for work in works.iter().filter(|work| !work.over && work.plan.is_some()) {
            for place in emptied(work) {
                again |= self.is_too_much(&work.sync, &place, work.item.id).await?;
            }
            self.keep_count(work).await?;
        }
        for work in works.iter_mut().filter(|work| again && !work.over && work.plan.is_some()) {
            let braked = work.sync.braked();
            if emptied(work).iter().any(|place| braked.contains(place)) {
                work.plan = None;
            }
        }
        Ok(again)
    }

    /// Counts one more. Says whether that were too many at once.
    async fn is_too_much(&self, sync: &SyncRun, place: &Place, item: ItemId) -> Result<bool, StoreError> {
        let now = self.clock.monotonic();
        let lately: BTreeSet<ItemId> = {
            let mut brakes = sync.emptied();
            let lately = brakes.lately.entry(place.clone()).or_default();
            lately.retain(|_, at| now < *at + AT_ONCE);
            lately.insert(item, now);
            lately.keys().copied().collect()
        };
        let count = lately.len();
        if count <= sync.settings.life.most_emptied || sync.braked().contains(place) {
            return Ok(false);
        }
        let all = self.store.size_of(sync.id()).await?;
        if (count as u64).saturating_mul(PART) <= all {
            return Ok(false);
        }
        let (side, field) = place;
        tracing::error!(sync = %sync.id(), %side, %field, count, "a field was emptied in many issues at once: that is held");
        sync.emptied().many.insert(place.clone(), lately);
        self.keep_brakes(sync).await?;
        Ok(true)
    }

    /// Takes in what is held of an item now, and what is back.
    async fn keep_count(&self, work: &Work) -> Result<(), StoreError> {
        let Some(plan) = &work.plan else { return Ok(()) };
        let (id, most) = (work.item.id, work.sync.settings.life.most_emptied);
        let changed = {
            let mut brakes = work.sync.emptied();
            let mut changed = false;
            for ((side, field), items) in &mut brakes.many {
                let base = plan.item.replicas.get(side).and_then(|replica| replica.bases.get(field));
                let Some(base) = base else { continue };
                if base.braked {
                    changed |= items.len() < most.saturating_add(COUNTED) && items.insert(id);
                } else if base.value.as_ref().is_some_and(|value| !value.is_empty()) {
                    changed |= items.remove(&id);
                }
            }
            changed
        };
        if changed {
            self.keep_brakes(&work.sync).await?;
            self.let_go(&work.sync).await?;
        }
        Ok(())
    }

    /// Ends what is not too much any more: its items go on.
    async fn let_go(&self, sync: &SyncRun) -> Result<(), StoreError> {
        let braked = sync.braked();
        let over: Vec<Place> = sync.emptied().many.keys().filter(|place| !braked.contains(*place)).cloned().collect();
        for place in &over {
            sync.emptied().many.remove(place);
            self.store.wake_troubled(sync.id(), &place.0, &place.1, self.now(), &Occasion::Awaited).await?;
        }
        if over.is_empty() { Ok(()) } else { self.keep_brakes(sync).await }
    }

    async fn keep_brakes(&self, sync: &SyncRun) -> Result<(), StoreError> {
        let kept: Vec<Kept> = {
            let brakes = sync.emptied();
            let of = |((side, field), items): (&Place, &BTreeSet<ItemId>)| Kept {
                side: side.clone(),
                field: field.clone(),
                items: items.clone(),
            };
            brakes.many.iter().map(of).collect()
        };
        let text = serde_json::to_string(&kept)
            .map_err(|error| StoreError::Unreadable { what: "what is held".to_owned(), why: error.to_string() })?;
        self.store.set_note(&note(sync.id()), &text).await
    }
}

/// The fields that a plan takes for emptied, by the side where somebody did that.
fn emptied(work: &Work) -> BTreeSet<Place> {
    let mut found = BTreeSet::new();
    for (field, audiences) in work.plan.iter().flat_map(|plan| &plan.item.hub) {
        for (audience, agreed) in audiences.iter().filter(|(_, agreed)| agreed.value.is_empty()) {
            let before = work.item.hub.get(field).and_then(|before| before.get(audience));
            if before.is_some_and(|before| !before.value.is_empty()) {
                found.insert((agreed.by.place(), field.clone()));
            }
        }
    }
    found
}
