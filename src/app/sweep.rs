//! When the full check runs: on its cron schedule, with jitter, made up for when it was missed, and of an instance when something
//! asks for it. Must never run twice at once: a tick that comes while one runs is dropped.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Daemon, RunError};
use crate::engine::{ROTATION, SweepScope, Swept};
use crate::model::ids::InstanceId;
use crate::model::store::{Store as _, StoreError};
use crate::schedule::cron::{Ticks, next_after};

/// Under what the time of the last full check is kept.
pub(super) const LAST: &str = "last sweep";
/// Under what it is kept which items are read whole by the next full check.
pub(super) const TURN: &str = "sweep turn";
/// Under what it is kept which instances are to be checked without waiting for the schedule.
pub(super) const WANTED: &str = "sweep wanted";
/// Pause between two portions: the full check leaves room for what is urgent. So it sends at most five requests a second to each
/// instance, reads of what differs not counted.
const PAUSE: Duration = Duration::from_millis(200);
/// Ticks are put off by up to this, so that many daemons do not ask at once.
const JITTER: Duration = Duration::from_secs(120);
const JITTER_PART: u32 = 4;
/// How long a check that was asked for waits: whatever flooded the inbox, or was out of reach, goes on for a while.
const ASKED: Duration = Duration::from_secs(300);

/// Why a full check begins.
enum Begins {
    /// The schedule ticked.
    Tick,
    /// It was asked for.
    Asked,
    /// There will be no more.
    Never,
}

impl Daemon {
    /// Whether the schedule ticked since the last full check, with nobody there to hear it.
    pub(super) async fn sweep_is_due(&self) -> Result<bool, RunError> {
        let last = self.last_sweep().await?;
        let now = self.surroundings.clock.now();
        match last {
            Some(last) => Ok(next_after(&self.config.daemon.sweep, last).is_some_and(|next| next <= now)),
            None => {
                // A new state: what is there now was just read.
                self.store.set_note(LAST, &now.to_string()).await?;
                Ok(false)
            }
        }
    }

    /// When the last full check ended; where none did, when the state was made.
    pub(super) async fn last_sweep(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.store.note(LAST).await?.and_then(|text| text.parse().ok()))
    }

    /// The instances that are to be checked without waiting for the schedule, and can be.
    pub(super) async fn wanted_sweeps(&self) -> Result<BTreeSet<InstanceId>, StoreError> {
        let known = self.store.note(WANTED).await?.unwrap_or_default();
        Ok(known.split_whitespace().map(InstanceId::from).filter(|id| self.told.contains_key(id)).collect())
    }

    /// Asks for a full check of these instances. Durable.
    pub(super) async fn want_sweep(&self, instances: impl IntoIterator<Item = InstanceId>) -> Result<(), StoreError> {
        let known = self.wanted_sweeps().await?;
        let mut wanted = known.clone();
        wanted.extend(instances);
        if wanted != known {
            self.store.set_note(WANTED, &in_one_line(&wanted)).await?;
            self.sweeps.notify_one();
        }
        Ok(())
    }

    /// Compares everything, or these instances, portion by portion.
    pub(super) async fn sweep_all(&self, only: Option<BTreeSet<InstanceId>>) -> Result<(), RunError> {
        let before = self.wanted_sweeps().await?;
        let mut all = Swept::default();
        let mut after = None;
        let scope = match &only {
            Some(_) => SweepScope { only: only.clone(), turn: None },
            None => SweepScope { only: None, turn: Some(self.next_turn().await?) },
        };
        loop {
            let (swept, next) = self.engine.sweep_some(after, &scope).await?;
            if swept.different + swept.read_whole > 0 {
                self.wake.notify_one();
            }
            all.take(swept);
            after = next;
            if after.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        // What did not answer is checked once it does, whatever the schedule says.
        let mut wanted = self.wanted_sweeps().await?;
        // One that was asked for meanwhile may be about what was compared before.
        let covered = |instance: &InstanceId| only.as_ref().is_none_or(|only| only.contains(instance));
        wanted.retain(|instance| !covered(instance) || !before.contains(instance));
        wanted.extend(all.passed_over.iter().cloned());
        self.store.set_note(WANTED, &in_one_line(&wanted)).await?;
        if only.is_none() {
            self.store.set_note(LAST, &self.surroundings.clock.now().to_string()).await?;
        }
        let Swept { compared, different, read_whole, .. } = all;
        tracing::info!(
            compared,
            different,
            read_whole,
            passed_over = in_one_line(&all.passed_over),
            "full check: {compared} issues compared, {different} differ, {read_whole} items read whole"
        );
        Ok(())
    }

    /// Which items are read whole this time.
    async fn next_turn(&self) -> Result<u32, StoreError> {
        let turn = self.store.note(TURN).await?.and_then(|text| text.parse::<u32>().ok()).unwrap_or(0) % ROTATION;
        self.store.set_note(TURN, &((turn + 1) % ROTATION).to_string()).await?;
        Ok(turn)
    }

    /// How long a tick is put off: by a quarter of the time to the next one at most, and not for long.
    fn sweep_jitter(&self) -> Duration {
        let now = self.surroundings.clock.now();
        let next = next_after(&self.config.daemon.sweep, now).map(|next| next.duration_since(now).unsigned_abs());
        let most = next.map_or(JITTER, |next| JITTER.min(next / JITTER_PART));
        most.mul_f64(self.surroundings.entropy.unit())
    }

    pub(super) async fn sweep_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        let mut ticks = Ticks::start(&self.config.daemon.sweep).await?;
        let mut due = self.sweep_is_due().await?;
        loop {
            let mut only = None;
            if !due {
                match cancel.run_until_cancelled(self.next_sweep(&mut ticks)).await {
                    Some(Ok(Begins::Tick)) => {}
                    Some(Ok(Begins::Asked)) => only = Some(self.reachable().await?),
                    Some(Ok(Begins::Never)) | None => break,
                    Some(Err(error)) => return Err(error.into()),
                }
            }
            due = false;
            if only.as_ref().is_some_and(BTreeSet::is_empty) {
                continue;
            }
            match cancel.run_until_cancelled(self.sweep_all(only)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::error!(%error, "the full check failed; the next one comes"),
                None => break,
            }
        }
        ticks.stop().await;
        Ok(())
    }

    /// Those that are to be checked and can be asked.
    async fn reachable(&self) -> Result<BTreeSet<InstanceId>, StoreError> {
        let mut wanted = self.wanted_sweeps().await?;
        wanted.retain(|instance| self.engine.paused(instance).is_none());
        Ok(wanted)
    }

    /// Waits for the next full check.
    async fn next_sweep(&self, ticks: &mut Ticks) -> Result<Begins, StoreError> {
        let wanted = self.wanted_sweeps().await?;
        let asked = async {
            if wanted.is_empty() {
                self.sweeps.notified().await;
            }
            tokio::time::sleep(ASKED).await;
        };
        tokio::select! {
            biased;
            more = ticks.next() => {
                if !more {
                    return Ok(Begins::Never);
                }
                tokio::time::sleep(self.sweep_jitter()).await;
                Ok(Begins::Tick)
            }
            () = asked => Ok(Begins::Asked),
        }
    }
}

fn in_one_line(instances: &BTreeSet<InstanceId>) -> String {
    instances.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(" ")
}
