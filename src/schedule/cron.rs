//! Ticks of a cron schedule. The scheduler has no guard against overlap, forgets missed runs, and its stop does not wait; so
//! a job of it only ticks, and whoever takes the ticks does the rest. Must never queue up ticks: one that waits is enough.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// How long the scheduler is given to stop: it does not wait for its jobs, so it needs none.
const STOP: Duration = Duration::from_secs(1);

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

    #[tokio::test]
    async fn what_is_no_schedule_is_refused() {
        assert!(Ticks::start("every now and then").await.is_err());
    }
}
