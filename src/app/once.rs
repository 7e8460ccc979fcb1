//! `run --once`: recover, poll, work until nothing is due, a sweep if one is due. Must never wait for people or for the clock
//! longer than a write needs to be seen.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::{Daemon, RunError};
use crate::engine::Polled;
use crate::model::ids::{InstanceId, ItemId};
use crate::model::store::Store as _;

/// Polls after the first, to see what was written. What is still unseen then is looked for by the next run.
const MORE_POLLS: usize = 3;

/// How long to wait for the index to show what was written.
const INDEX_WAIT: Duration = Duration::from_secs(1);

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OnceSummary {
    /// Items worked on.
    pub items: usize,
    /// Writes sent.
    pub writes: usize,
    /// Problems standing now.
    pub problems: u64,
    /// Bursts of creations that wait for a person's word, in words.
    pub unconfirmed: Vec<String>,
    /// Instances that did not answer, with the reason.
    pub unreachable: Vec<String>,
}

impl Daemon {
    /// Does everything that is to be done now.
    ///
    /// # Errors
    /// The state failed.
    pub async fn once(&self) -> Result<OnceSummary, RunError> {
        let (mut summary, mut items) = (OnceSummary::default(), BTreeSet::new());
        let mut round = 0;
        while round <= MORE_POLLS {
            self.look_after_once().await?;
            let polled = self.poll_all().await?;
            let before = summary.writes;
            // A look writes only so much; what is over is due at once.
            loop {
                match self.engine.look_at_things().await? {
                    0 => break,
                    sent => summary.writes += sent,
                }
            }
            self.work_until_quiet(&mut summary, &mut items).await?;
            if round == 0 {
                summary.writes += self.engine.strip_marks().await?;
                let wanted = self.wanted_sweeps().await?;
                let due = self.sweep_is_due().await?;
                if due || !wanted.is_empty() {
                    self.sweep_all(Some(wanted).filter(|_| !due)).await?;
                    self.work_until_quiet(&mut summary, &mut items).await?;
                }
            }
            let open = self.store.figures(self.surroundings.clock.now()).await?.open_intents;
            if polled.more {
                continue;
            }
            let quiet = polled.rows == 0 && summary.writes == before;
            if open == 0 && (round > 0 || quiet) {
                break;
            }
            if quiet {
                // What was written is not in the index yet.
                tokio::time::sleep(INDEX_WAIT).await;
            }
            round += 1;
        }
        // The last writes may have shown something that no poll was there to tell.
        for instance in self.engine.instances() {
            if self.poll_record(instance).error.is_none() {
                self.tell_troubles(instance, false).await?;
            }
        }
        summary.items = items.len();
        summary.unconfirmed = self.engine.unconfirmed().into_iter().map(|problem| problem.what).collect();
        summary.problems = self.store.figures(self.surroundings.clock.now()).await?.problems;
        // One that an operator paused is left alone, not out of reach.
        for instance in self.engine.instances().filter(|instance| !self.engine.is_held(instance)) {
            // One that fell silent after its poll is as unreachable as one that did not answer it.
            summary.unreachable.extend(self.poll_record(instance).error.or_else(|| self.engine.paused(instance)));
        }
        Ok(summary)
    }

    /// Polls every instance at once. Returns what all of them brought.
    pub(super) async fn poll_all(&self) -> Result<Polled, RunError> {
        let instances: Vec<InstanceId> = self.engine.instances().cloned().collect();
        let mut polls = Vec::with_capacity(instances.len());
        for instance in &instances {
            polls.push(self.poll(instance));
        }
        let mut all = Polled::default();
        for polled in futures_util::future::join_all(polls).await {
            all = all.and(polled?);
        }
        Ok(all)
    }

    async fn work_until_quiet(&self, summary: &mut OnceSummary, items: &mut BTreeSet<ItemId>) -> Result<(), RunError> {
        loop {
            let worked = self.engine.work().await?;
            summary.writes += worked.writes;
            let idle = worked.items.is_empty();
            items.extend(worked.items);
            if idle && self.engine.pace_creations().await? == 0 {
                // The next of many newcomers need not wait for another run.
                let more = self.engine.take_more_newcomers();
                if more.is_empty() {
                    return Ok(());
                }
                for instance in more {
                    self.engine.admit(&instance).await?;
                }
            }
        }
    }
}
