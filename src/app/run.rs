//! The daemon's tasks: one poller per instance, the worker, the sweeper. Must never go on half-dead: a task that cannot use
//! the state ends the run, and whoever started it starts it again.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_cron_scheduler::JobSchedulerError;
use tokio_util::sync::CancellationToken;

use super::Daemon;
use crate::engine::Upload;
use crate::model::ids::InstanceId;
use crate::model::store::{Store as _, StoreError, Urgency};

/// Batches worked on at once, and the most there may be: one that takes long waits for an instance, and counts no longer. More than
/// could be written at once (`engine::places`): while one creates or reads, the others' items are written.
const BATCHES: usize = 6;
const MOST_BATCHES: usize = 16;
/// So many of either are kept for what people just did: first copies and full checks, however many they are, never take all.
const FOR_PEOPLE: usize = 1;
/// From when on a batch takes long.
const LONG: Duration = Duration::from_secs(5);
/// Longest sleep of the worker: what is due is looked up again at the latest then.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How soon an instance is polled that began to be left alone. As long as the longest of such pauses.
const FOUND_BACK: Duration = Duration::from_secs(120);
/// Its sleep where something is due that could not be claimed.
const SHORTEST_SLEEP: Duration = Duration::from_millis(50);
/// How long work under way may go on after the daemon was told to stop, so that all of it ends within ten seconds. What is not done then is
/// in doubt, and looked for.
const DRAIN: Duration = Duration::from_secs(9);
/// How long the state is given to recover, in a row of attempts, before the run ends.
const STATE_RETRY: Duration = Duration::from_secs(5);
const STATE_RETRIES: u32 = 12;

/// Why a run ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state failed.
    #[error("the state failed")]
    Store(#[from] StoreError),
    /// The schedule cannot be kept.
    #[error("could not keep the schedule of full checks")]
    Schedule(#[from] JobSchedulerError),
}

/// A batch under way, by its number, or an upload.
type Running<'e> = BoxFuture<'e, (Option<u64>, Result<(), StoreError>)>;

fn aside(upload: Upload<'_>) -> Running<'_> {
    Box::pin(async move { (None, upload.await.map(drop)) })
}

/// Which batches are under way, since when, and how urgent they are.
#[derive(Default)]
struct Pace {
    begun: BTreeMap<u64, (Instant, Urgency)>,
    next: u64,
}

impl Pace {
    fn begins(&mut self, urgency: Urgency) -> u64 {
        self.next += 1;
        self.begun.insert(self.next, (Instant::now(), urgency));
        self.next
    }

    fn ends(&mut self, number: u64) {
        self.begun.remove(&number);
    }

    /// Whether one more may begin.
    fn allows_more(&self) -> bool {
        self.has_room(|_| true, 0)
    }

    /// How urgent what begins has to be at least.
    fn least(&self) -> Urgency {
        let waits = |urgency: Urgency| urgency != Urgency::Live;
        if self.has_room(waits, FOR_PEOPLE) { Urgency::Sweep } else { Urgency::Live }
    }

    fn has_room(&self, counts: impl Fn(Urgency) -> bool, kept: usize) -> bool {
        let begun = || self.begun.values().filter(|(_, urgency)| counts(*urgency));
        let young = begun().filter(|(begun, _)| begun.elapsed() < LONG).count();
        young + kept < BATCHES && begun().count() + kept < MOST_BATCHES
    }

    /// A sleep until more may begin than may now; else the one that is wished for.
    fn bounds(&self, wished: Duration) -> Duration {
        if self.allows_more() && self.least() == Urgency::Sweep {
            return wished;
        }
        let oldest = self.begun.values().map(|(begun, _)| begun.elapsed()).filter(|elapsed| *elapsed < LONG).max();
        let until = oldest.map_or(LONGEST_SLEEP, |elapsed| LONG.saturating_sub(elapsed).max(SHORTEST_SLEEP));
        // What is urgent may begin still.
        if self.allows_more() { wished.min(until) } else { until }
    }
}

impl Daemon {
    /// Runs until it is cancelled, then finishes what is under way for up to ten seconds.
    ///
    /// # Errors
    /// The state failed and did not recover.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), RunError> {
        let instances: Vec<InstanceId> = self.engine.instances().cloned().collect();
        let polls =
            futures_util::future::try_join_all(instances.iter().map(|instance| self.poll_on(instance, &cancel)));
        let things = self.things_on(&cancel);
        let strips = self.strip_on(&cancel);
        let notices = self.notices_on(&cancel);
        let figures = self.figures_on(&cancel);
        let pulse = async {
            self.pulse.begins();
            cancel.cancelled().await;
            self.pulse.ends();
            Ok(())
        };
        tokio::try_join!(
            polls,
            self.work_on(&cancel),
            self.sweep_on(&cancel),
            self.look_after_all(&cancel),
            things,
            strips,
            notices,
            figures,
            pulse
        )?;
        Ok(())
    }

    async fn poll_on(&self, instance: &InstanceId, cancel: &CancellationToken) -> Result<(), RunError> {
        let mut ticks = tokio::time::interval(self.config.daemon.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0;
        let mut next = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                _ = ticks.tick() => {}
                () = self.engine.falls(instance) => {
                    // However rare the polls: who is away is found back soon after.
                    if next.saturating_duration_since(Instant::now()) > FOUND_BACK {
                        ticks.reset_after(FOUND_BACK);
                        next = Instant::now() + FOUND_BACK;
                    }
                    continue;
                }
            }
            next = Instant::now() + self.config.daemon.poll;
            match cancel.run_until_cancelled(self.poll(instance)).await {
                Some(Ok(polled)) => {
                    self.state_answered(&mut failures);
                    if polled.more {
                        ticks.reset_immediately();
                    } else if let Some(left) = self.engine.left_alone_for(instance) {
                        let wait = left.max(Duration::from_secs(1)).min(self.config.daemon.poll);
                        ticks.reset_after(wait);
                        next = Instant::now() + wait;
                    }
                }
                Some(Err(error)) => self.state_failed(error, &mut failures, cancel).await?,
                None => break,
            }
        }
        Ok(())
    }

    /// Waits after the state failed, and gives up after a minute: a full disk may be made room on, a broken one not.
    pub(super) async fn state_failed(
        &self,
        error: StoreError,
        failures: &mut u32,
        cancel: &CancellationToken,
    ) -> Result<(), RunError> {
        *failures += 1;
        self.state_fails.store(true, Ordering::Relaxed);
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(%error, cause, "the state failed; trying again");
        if *failures > STATE_RETRIES {
            return Err(error.into());
        }
        cancel.run_until_cancelled(tokio::time::sleep(STATE_RETRY)).await;
        Ok(())
    }

    pub(super) fn state_answered(&self, failures: &mut u32) {
        *failures = 0;
        self.state_fails.store(false, Ordering::Relaxed);
    }

    async fn work_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        let mut failures = 0;
        while !cancel.is_cancelled() {
            match self.work_batches(cancel, &mut failures).await {
                Ok(()) => {}
                Err(error) => {
                    self.state_failed(error, &mut failures, cancel).await?;
                    // No batch is under way here: what the failed ones had claimed is free again.
                    match self.store.free_all().await {
                        Ok(waiting) => self.engine.forget_why(waiting),
                        Err(error) => tracing::warn!(%error, "the state is still out of order"),
                    }
                }
            }
        }
        Ok(())
    }

    /// Works on batches until cancelled or until the state fails; either way nothing is under way afterwards.
    async fn work_batches(&self, cancel: &CancellationToken, failures: &mut u32) -> Result<(), StoreError> {
        let mut running: FuturesUnordered<Running<'_>> = FuturesUnordered::new();
        // Files go beside the batches, and do not count among them: they have slots of their own.
        let (uploads, mut beside) = tokio::sync::mpsc::unbounded_channel::<Upload<'_>>();
        let mut pace = Pace::default();
        let result = loop {
            self.pulse.beats(self.surroundings.clock.monotonic());
            if cancel.is_cancelled() {
                break Ok(());
            }
            if pace.allows_more() {
                let claims = match self.engine.claim(pace.least()).await {
                    Ok(claims) => claims,
                    Err(error) => break Err(error),
                };
                self.state_answered(failures);
                if claims.is_empty() && pace.least() == Urgency::Sweep {
                    // There is room, and nothing waits: the next of many newcomers need not wait for a poll.
                    for instance in self.engine.take_more_newcomers() {
                        running.push(Box::pin(async move { (None, self.admit_more(&instance).await) }));
                    }
                }
                if !claims.is_empty() {
                    let urgency = claims.iter().map(|claim| claim.urgency).min().unwrap_or(Urgency::Live);
                    let (number, work) = (pace.begins(urgency), self.engine.work_on(claims, Some(uploads.clone())));
                    running.push(Box::pin(async move { (Some(number), work.await.map(drop)) }));
                    continue;
                }
            }
            let sleep = pace.bounds(self.until_due(pace.least()).await);
            let woken = pin!(self.wake.notified());
            tokio::select! {
                // In this order, so that a run repeats; what comes last is not kept waiting, since each turn begins anew.
                biased;
                () = cancel.cancelled() => {}
                Some((number, worked)) = running.next(), if !running.is_empty() => {
                    if let Some(number) = number {
                        pace.ends(number);
                    }
                    if let Err(error) = worked {
                        break Err(error);
                    }
                }
                Some(more) = beside.recv() => running.push(aside(more)),
                () = woken => {}
                () = self.engine.has_queued() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        };
        let drained = async {
            let mut drained = Ok(());
            loop {
                while let Ok(more) = beside.try_recv() {
                    running.push(aside(more));
                }
                let Some((_, worked)) = running.next().await else { break drained };
                drained = drained.and(worked);
            }
        };
        let drained = tokio::time::timeout(DRAIN, drained).await.unwrap_or(Ok(()));
        result.and(drained)
    }

    /// Decides on more newcomers of an instance, and has what began worked on.
    async fn admit_more(&self, instance: &InstanceId) -> Result<(), StoreError> {
        if self.engine.admit(instance).await? + self.engine.pace_creations().await? > 0 {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// How long nothing is due that may begin now.
    async fn until_due(&self, least: Urgency) -> Duration {
        let now = self.surroundings.clock.now();
        match self.store.next_due(least).await {
            Ok(Some(due)) => {
                let wait = Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO);
                // What is due and was not claimed has to wait for somebody: it is not asked for without a pause.
                if wait.is_zero() { SHORTEST_SLEEP } else { wait.min(LONGEST_SLEEP) }
            }
            Ok(None) | Err(_) => LONGEST_SLEEP,
        }
    }

    /// Looks at versions and components where it is time. Not before the first polls: they tell whether copies of another state lie
    /// there.
    async fn things_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        let mut ticks = tokio::time::interval_at(Instant::now() + self.config.daemon.poll, self.config.daemon.poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
            match cancel.run_until_cancelled(self.engine.look_at_things()).await {
                Some(Ok(0)) => {}
                Some(Ok(_)) => self.wake.notify_one(),
                Some(Err(error)) => tracing::error!(%error, "versions and components could not be looked at"),
                None => break,
            }
        }
        Ok(())
    }
}
