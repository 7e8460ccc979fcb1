//! The workflow graph as far as it was seen: from people's changelog entries, from transitions offered, and where a way is
//! missing from one sample issue in each status. Must never make a hop to find out.

use std::time::Duration;

use super::Engine;
use super::work::Work;
use crate::model::ids::SideId;
use crate::model::issue::TransitionOffer;
use crate::model::occasion::Occasion;
use crate::model::settings::{FieldKind, SideSettings};
use crate::model::store::StoreError;

/// How long a side's samples are good for.
const SAMPLES_LAST: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Keeps in mind where transitions lead that were offered just now.
    pub(super) fn learn_offers(
        &self,
        work: &mut Work,
        side: &SideId,
        issue_type: &str,
        status: &str,
        offers: &[TransitionOffer],
    ) {
        for offer in offers {
            work.ways.push((side.clone(), issue_type.to_owned(), status.to_owned(), offer.to.name.clone()));
        }
    }

    /// Keeps the ways that an item showed.
    pub(super) async fn keep_ways(&self, work: &mut Work) -> Result<(), StoreError> {
        let ways = std::mem::take(&mut work.ways);
        for settings in work.sync.settings.sides.clone() {
            let of_side = ways.iter().filter(|(side, ..)| side == &settings.id);
            let of_side: Vec<_> = of_side.map(|(_, kind, from, to)| (kind.clone(), from.clone(), to.clone())).collect();
            self.learn(&settings, &of_side).await?;
        }
        Ok(())
    }

    /// Where a status has no known way, learns from one sample issue in each status of the project. Says whether anything was
    /// learnt. At most once an hour per side.
    pub(super) async fn learn_from_samples(&self, work: &mut Work) -> Result<bool, StoreError> {
        let mut learnt = false;
        for side in work.stuck.clone() {
            if self.may_sample(work, &side) {
                learnt |= self.sample_side(work, &side).await?;
            }
        }
        Ok(learnt)
    }

    fn may_sample(&self, work: &Work, side: &SideId) -> bool {
        let now = self.clock.monotonic();
        let mut learnt_at = self.learnt_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (work.sync.id().clone(), side.clone());
        if learnt_at.get(&key).is_some_and(|at| now < *at + SAMPLES_LAST) {
            return false;
        }
        learnt_at.insert(key, now);
        true
    }

    async fn sample_side(&self, work: &mut Work, side: &SideId) -> Result<bool, StoreError> {
        let (Some(settings), Some(instance)) = (work.sync.side(side).cloned(), self.instance_on(work, side)) else {
            return Ok(false);
        };
        let catalogs = work.sync.catalogs();
        let Some(catalog) = catalogs.get(side) else { return Ok(false) };
        let mut ways = Vec::new();
        let mapped = work.sync.settings.issue_types.rows.iter().filter_map(|row| row.names.get(side)).flatten();
        let mut issue_types: Vec<String> = mapped.cloned().collect();
        if issue_types.is_empty() {
            issue_types = catalog.issue_types.iter().map(|issue_type| issue_type.name.clone()).collect();
        }
        for issue_type in &issue_types {
            for status in &catalog.statuses {
                let sample = instance.read.sample(&settings.project, issue_type, &status.name).await;
                let Ok(Some(sample)) = sample else { continue };
                let Ok(offers) = instance.read.transitions(sample).await else { continue };
                ways.extend(offers.into_iter().map(|offer| (issue_type.clone(), status.name.clone(), offer.to.name)));
            }
        }
        self.learn(&settings, &ways).await
    }

    /// Learns ways, in every sync that has to do with the project. An item that one of them may help is due again. Says whether
    /// any was new.
    async fn learn(&self, place: &SideSettings, ways: &[(String, String, String)]) -> Result<bool, StoreError> {
        let mut learnt = false;
        for sync in self.syncs.values() {
            let here = |side: &&SideSettings| side.instance == place.instance && side.project == place.project;
            for side in sync.settings.sides.iter().filter(here) {
                let new = sync.learn(&side.id, ways);
                if new.is_empty() {
                    continue;
                }
                learnt = true;
                self.store.learn_ways(&side.instance, &side.project, &new).await?;
                let status = sync.settings.fields.values().find(|row| row.kind == FieldKind::Status);
                if let Some(status) = status {
                    let (why, now) = (Occasion::Awaited, self.now());
                    self.store.wake_troubled(sync.id(), &side.id, &status.name, now, &why).await?;
                }
            }
        }
        Ok(learnt)
    }
}
