//! Writes of other states of jirasyncd into issues that this one keeps in step. Must never take a text for such a write that does not
//! look like a mark, nor believe for longer than a week that somebody writes who does not.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use super::Engine;
use super::instance::Instance;
use super::seal::is_like_a_mark;
use super::work::Work;
use crate::model::hub::Rival;
use crate::model::ids::{AccountId, ItemId, SideId};
use crate::model::occasion::Occasion;
use crate::model::settings::UnknownCopies;
use crate::model::store::{StoreError, Urgency};
use crate::plan::{Step, rivals::SAID};

/// How long such a write counts.
const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Problems looked through at the start.
const MOST: usize = 1_000;

impl Engine {
    /// Notes where another state of jirasyncd wrote into an issue that this one keeps in step, whatever account it writes as.
    pub(super) fn look_for_rivals(&self, work: &mut Work, side: &SideId, instance: &Instance, steps: &[Step]) {
        if self.unknown_copies == UnknownCopies::Leave {
            work.item.rivals.clear();
            return;
        }
        let foreign = |tag: &str| {
            is_like_a_mark(tag)
                && self.seal.open(tag, work.sync.id(), side).is_none()
                && self.opened_elsewhere(instance, tag).is_none()
        };
        let entries = steps.iter().map(|step| &step.entry).filter(|entry| entry.tag.as_deref().is_some_and(foreign));
        let entries: Vec<_> = entries.collect();
        let by: BTreeSet<&AccountId> = entries.iter().filter_map(|entry| entry.author.as_ref()).collect();
        let (Some(at), Some(by), 1) = (entries.iter().map(|entry| entry.created).max(), by.first(), by.len()) else {
            // Nobody's, or those of several people: no daemon writes so.
            return;
        };
        let rival = Rival { at, by: (*by).clone() };
        if age(instance, &rival) >= WEEK {
            return;
        }
        let key = work.item.replicas.get(side).map(|replica| replica.key.to_string());
        if work.item.rivals.insert(side.clone(), rival).is_none() {
            tracing::warn!(item = %work.item.id, %side, key, "another state of jirasyncd writes into this issue");
        }
        self.heard_rivals().insert(work.item.id);
    }

    fn heard_rivals(&self) -> std::sync::MutexGuard<'_, BTreeSet<ItemId>> {
        self.rivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets writes that are too old; each full check asks for that where an item is held. What was noted before the start counts only until the issues were read since.
    pub(super) fn doubt_rivals(&self, work: &mut Work) {
        let mut rivals = std::mem::take(&mut work.item.rivals);
        rivals.retain(|side, rival| self.instance_on(work, side).is_none_or(|instance| age(&instance, rival) < WEEK));
        if rivals.len() > 1 && !self.heard_rivals().contains(&work.item.id) {
            for side in rivals.keys() {
                work.want_read(side, false);
            }
        }
        work.item.rivals = rivals;
    }

    /// Lets an item go whose issues were read since the start, and bear no new mark of another state.
    pub(super) fn end_rivals(&self, work: &mut Work) {
        let read = |side: &SideId| work.fresh.contains(side);
        if work.item.rivals.len() > 1 && work.item.rivals.keys().all(read) && self.heard_rivals().insert(work.item.id) {
            tracing::info!(item = %work.item.id, "no other state wrote into its issues since: it goes on");
            work.item.rivals.clear();
        }
    }

    /// Looks again, at the start, at what is held for another state.
    pub(super) async fn recall_rivals(&self) -> Result<(), StoreError> {
        let problems = self.store.problems(MOST).await?;
        let held = problems.into_iter().filter(|stored| stored.problem.what.starts_with(SAID));
        let items: Vec<ItemId> = held.filter_map(|stored| stored.item).collect();
        if items.is_empty() {
            return Ok(());
        }
        self.store.queue_items(&items, Urgency::Sweep, self.now(), &Occasion::Start).await
    }
}

fn age(instance: &Instance, rival: &Rival) -> Duration {
    Duration::try_from(instance.server_now().duration_since(rival.at)).unwrap_or(Duration::ZERO)
}
