//! Ticks of a cron schedule. The scheduler has no guard against overlap, forgets missed runs, and its stop does not wait; so
//! a job of it only ticks, and whoever takes the ticks does the rest. Must never queue up ticks: one that waits is enough.

use std::time::Duration;

use chrono::DateTime;
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// How long the scheduler is given to stop: it does not wait for its jobs, so it needs none.
const STOP: Duration = Duration::from_secs(1);

/// The first time after `from` at which the schedule ticks; `None` where it never does, or the expression cannot be read. The
/// same parser as the scheduler's, in UTC.
#[must_use]
pub fn next_after(expression: &str, from: Timestamp) -> Option<Timestamp> {
    let cron = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build().parse(expression).ok()?;
    let from = DateTime::from_timestamp(from.as_second(), 0)?;
    let next = cron.find_next_occurrence(&from, false).ok()?;
    Timestamp::from_second(next.timestamp()).ok()
}

/// A running schedule. Dropped without [`Ticks::stop`], it goes on ticking into nothing.
pub struct Ticks {
    scheduler: JobScheduler,
    receiver: mpsc::Receiver<()>,
}

impl Ticks {
    /// Starts a schedule: second, minute, hour, day, month, weekday, in UTC.
    ///
    /// # Errors
    /// The expression cannot be read.
    pub async fn start(expression: &str) -> Result<Self, JobSchedulerError> {
        let (sender, receiver) = mpsc::channel(1);
        let scheduler = JobScheduler::new().await?;
        let job = Job::new_async(expression, move |_, _| {
            let sender = sender.clone();
            Box::pin(async move {
                // Full: a tick waits already, and the work it asks for covers this one.
                let _ = sender.try_send(());
            })
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, receiver })
    }

    /// Waits for the next tick, or takes the one that came meanwhile. `false`: there will be none any more.
    pub async fn next(&mut self) -> bool {
        self.receiver.recv().await.is_some()
    }

    /// Ends the schedule. A scheduler that was just started may never answer; then it is left to itself, as the process ends.
    pub async fn stop(mut self) {
        match tokio::time::timeout(STOP, self.scheduler.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the scheduler did not stop cleanly"),
            Err(_) => tracing::debug!("the scheduler did not answer when it was stopped"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that was suspended must not end the schedule for good: jobs that only repeat did.
    #[tokio::test(flavor = "current_thread")]
    #[expect(clippy::disallowed_methods, reason = "the whole process is to stand still for a while")]
    async fn ticks_go_on_after_the_process_stood_still() {
        let mut ticks = Ticks::start("* * * * * *").await.unwrap();
        assert!(ticks.next().await);
        std::thread::sleep(Duration::from_secs(3));
        for _ in 0..2 {
            let tick = tokio::time::timeout(Duration::from_secs(4), ticks.next()).await;
            assert_eq!(tick, Ok(true));
        }
        ticks.stop().await;
    }

    #[test]
    fn the_next_time_is_told_in_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let next = |expression: &str, from: &str| next_after(expression, at(from));
        assert_eq!(next("0 17 */6 * * *", "2026-03-28T18:16:59.9Z"), Some(at("2026-03-28T18:17:00Z")));
        assert_eq!(next("0 17 */6 * * *", "2026-03-28T18:17:00Z"), Some(at("2026-03-29T00:17:00Z")));
        assert_eq!(next("0 0 3 1 * MON", "2026-03-02T00:00:00Z"), Some(at("2026-06-01T03:00:00Z")), "both must hold");
        assert_eq!(next("0 0 0 30 2 *", "2026-03-02T00:00:00Z"), None);
        assert_eq!(next("never", "2026-03-02T00:00:00Z"), None);
    }

    #[tokio::test]
    async fn what_is_no_schedule_is_refused() {
        assert!(Ticks::start("every now and then").await.is_err());
    }
}
