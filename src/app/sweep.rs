//! When the full check runs: on its cron schedule, with jitter, and made up for when it was missed. Must never run twice at
//! once: a tick that comes while one runs is dropped.

use std::time::Duration;

use jiff::Timestamp;

use super::{Daemon, RunError};
use crate::model::store::Store as _;
use crate::schedule::cron::next_after;

/// Under what the time of the last full check is kept.
const LAST: &str = "last sweep";
/// Pause between two portions: the full check leaves room for what is urgent.
const PAUSE: Duration = Duration::from_millis(200);
/// Ticks are put off by up to this, so that many daemons do not ask at once.
const JITTER: Duration = Duration::from_secs(120);

impl Daemon {
    /// Whether the schedule ticked since the last full check, with nobody there to hear it.
    pub(super) async fn sweep_is_due(&self) -> Result<bool, RunError> {
        let last = self.store.note(LAST).await?.and_then(|text| text.parse::<Timestamp>().ok());
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

    /// Compares everything, portion by portion.
    pub(super) async fn sweep_all(&self) -> Result<(), RunError> {
        let (mut after, mut compared, mut different) = (None, 0, 0);
        loop {
            let (swept, next) = self.engine.sweep(after).await?;
            compared += swept.compared;
            different += swept.different;
            if swept.different > 0 {
                self.wake.notify_one();
            }
            after = next;
            if after.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.store.set_note(LAST, &self.surroundings.clock.now().to_string()).await?;
        tracing::info!(compared, different, "full check: {compared} issues compared, {different} differ");
        Ok(())
    }

    /// How long a tick is put off.
    pub(super) fn sweep_jitter(&self) -> Duration {
        JITTER.mul_f64(self.surroundings.entropy.unit())
    }
}
