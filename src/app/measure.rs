//! What the daemon tells those who watch over it: whether it is alive, whether it is ready, and its figures. Must never ask a Jira for it,
//! and never tell of an instance or sync that is not configured any more.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Daemon;
use crate::console::{InstanceMeasures, InstanceStatus, Measures, SideMeasures, VERSION, commit, seconds};
use crate::engine::{creations_about, detached_about};
use crate::model::command::Target;
use crate::model::ids::SyncId;
use crate::model::store::{Store as _, StoreError};
use crate::store::{QueueFigures, StateMeasures};

/// How long the worker may take to come round: it sleeps for half a minute at most, and waits for nothing but the state.
const LONGEST_ROUND: Duration = Duration::from_secs(180);

const STANDS: u8 = 0;
const RUNS: u8 = 1;
const STOPS: u8 = 2;

/// Whether the daemon runs, and when its worker last came round, by our monotonic time.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    phase: AtomicU8,
    beat: Mutex<Option<Duration>>,
}

impl Pulse {
    pub(super) fn begins(&self) {
        self.phase.store(RUNS, Ordering::Relaxed);
    }

    pub(super) fn ends(&self) {
        self.phase.store(STOPS, Ordering::Relaxed);
    }

    pub(super) fn beats(&self, now: Duration) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// For how long it has not come round, if that is too long. Who stops ends what is under way, and comes round no more.
    fn stuck_for(&self, now: Duration) -> Option<Duration> {
        if self.phase.load(Ordering::Relaxed) != RUNS {
            return None;
        }
        let beat = (*self.beat.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(now.saturating_sub(beat)).filter(|since| *since > LONGEST_ROUND)
    }
}

impl Daemon {
    /// Whether it does its work. A Jira out of reach is no reason to start the daemon again: that would not mend it.
    pub(super) fn is_alive(&self) -> Result<(), String> {
        let fails = self.state_fails.load(Ordering::Relaxed).then(|| "the state fails".to_owned());
        let stuck = self.pulse.stuck_for(self.surroundings.clock.monotonic());
        let stuck = stuck.map(|since| format!("the worker has not come round for {} seconds", since.as_secs()));
        said(fails.into_iter().chain(stuck))
    }

    /// Whether it does all that it is there for.
    pub(super) fn is_ready(&self) -> Result<(), String> {
        let phase = match self.pulse.phase.load(Ordering::Relaxed) {
            RUNS => None,
            STANDS => Some("it does not run yet"),
            _ => Some("it stops"),
        };
        let leaves = self.leaving.load(Ordering::Relaxed).then_some("it goes over to another configuration");
        let unreached = self
            .engine
            .instances()
            .filter(|instance| !self.engine.is_held(instance) && self.poll_record(instance).last_good.is_none());
        let unreached = unreached.map(|instance| format!("instance `{instance}` did not answer a poll yet"));
        let own = phase.into_iter().chain(leaves).map(str::to_owned);
        said(self.is_alive().err().into_iter().chain(own).chain(unreached))
    }

    /// Its figures.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn measures(&self) -> Result<Measures, StoreError> {
        let now = self.surroundings.clock.now();
        let figures = self.store.figures(now).await?;
        let StateMeasures { queues, writes, problems, apart } = self.store.measures(now).await?;
        let instances = self.config.instances.values().map(|settings| {
            let polled_to = figures.cursors.iter().find(|(instance, _)| *instance == settings.id).map(|(_, to)| *to);
            let mut status = InstanceStatus::of_state(settings, polled_to);
            self.add_what_it_saw(&mut status);
            let (calls, webhooks) = (self.engine.calls(&settings.id), self.hook_counts(&settings.id));
            InstanceMeasures { status, calls, webhooks }
        });
        let instances: Vec<InstanceMeasures> = instances.collect();
        let of = |sync: &SyncId| queues.iter().find(|queue| &queue.sync == sync).cloned();
        let queues: Vec<QueueFigures> =
            self.config.syncs.keys().map(|sync| of(sync).unwrap_or_else(|| QueueFigures::at_rest(sync))).collect();
        let mut sides = Vec::new();
        for sync in self.config.syncs.values() {
            let queue = queues.iter().find(|queue| queue.sync == sync.id);
            for side in &sync.sides {
                let open = writes.iter().find(|open| open.sync == sync.id && open.side == side.id);
                let polled = self.poll_record(&side.instance).last_good.unwrap_or(self.since);
                let oldest = queue.and_then(|queue| queue.oldest).into_iter().chain(open.map(|open| open.oldest));
                let lag = oldest.chain([polled]).map(|at| seconds(now, at)).fold(0.0, f64::max);
                let open = open.map_or(0, |open| open.count);
                sides.push(SideMeasures { sync: sync.id.clone(), side: side.id.clone(), lag, open });
            }
        }
        let stopped = self.stopped_syncs(&apart).await?;
        let stopped = self.config.syncs.keys().map(|sync| (sync.clone(), stopped.iter().any(|(of, _)| of == sync)));
        Ok(Measures {
            now,
            since: self.since,
            build: (VERSION, commit()),
            ready: self.is_ready().is_ok(),
            figures,
            instances,
            sides,
            stopped: stopped.collect(),
            queues,
            problems,
            writes: self.engine.writes(),
            swept: self.last_sweep().await?,
        })
    }

    /// The syncs that do not go on, or start nothing new, until a person does something; and why.
    pub(super) async fn stopped_syncs(&self, apart: &[(String, String)]) -> Result<Vec<(SyncId, String)>, StoreError> {
        let pauses = self.store.pauses().await?;
        let why = |sync: &SyncId| {
            let paused = pauses.iter().find(|pause| match &pause.target {
                Target::Everything => true,
                Target::Sync(of) => of == sync,
                Target::Instance(_) => false,
            });
            let paused = paused.map(|pause| format!("operator {} paused it", pause.by));
            let names = [format!("sync {sync}"), detached_about(sync), creations_about(sync)];
            paused.or_else(|| apart.iter().find(|(about, _)| names.contains(about)).map(|(_, what)| what.clone()))
        };
        let syncs = self.config.syncs.keys();
        Ok(syncs.filter_map(|sync| Some((sync.clone(), why(sync)?))).collect())
    }
}

/// All reasons, one per line.
fn said(why: impl Iterator<Item = String>) -> Result<(), String> {
    let why: Vec<String> = why.collect();
    if why.is_empty() { Ok(()) } else { Err(why.join("\n")) }
}
