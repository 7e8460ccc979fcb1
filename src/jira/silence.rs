//! How long an instance has not answered anything that was asked of it. Must never take one for silent that is only slow: what
//! it usually takes is waited for twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// No shorter time without any answer is a silence.
const LEAST: Duration = Duration::from_secs(5);

/// Watches the requests to one instance.
pub(super) struct Silence {
    clock: Arc<dyn Clock>,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    /// Calls under way, retries and waits included.
    calls: usize,
    /// Requests under way.
    requests: usize,
    /// Since when nothing was answered although something was asked, by our monotonic time.
    since: Option<Duration>,
    /// How long an answer took of late.
    usual: Duration,
}

/// One call under way. A call that nobody waits for any more counts no longer.
pub(super) struct Asking<'s> {
    silence: &'s Silence,
    sent: Option<Duration>,
}

impl Silence {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, inside: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins.
    pub(super) fn call(&self) -> Asking<'_> {
        self.lock().calls += 1;
        Asking { silence: self, sent: None }
    }

    /// For how long nothing was answered, if that is longer than can be called slow.
    pub(super) fn lasts(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let inside = self.lock();
        let lasts = now.saturating_sub(inside.since?);
        (lasts >= LEAST.max(inside.usual * 2)).then_some(lasts)
    }
}

impl Asking<'_> {
    /// A request of it is sent.
    pub(super) fn sends(&mut self) {
        let now = self.silence.clock.monotonic();
        self.sent = Some(now);
        let mut inside = self.silence.lock();
        inside.requests += 1;
        inside.since.get_or_insert(now);
    }

    /// It was answered, or not.
    pub(super) fn ended(&mut self, answered: bool) {
        let Some(sent) = self.sent.take() else { return };
        let now = self.silence.clock.monotonic();
        let mut inside = self.silence.lock();
        inside.requests = inside.requests.saturating_sub(1);
        if answered {
            inside.usual = now.saturating_sub(sent).max(inside.usual / 2);
            inside.since = (inside.requests > 0).then_some(now);
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut inside = self.silence.lock();
        inside.calls = inside.calls.saturating_sub(1);
        inside.requests = inside.requests.saturating_sub(usize::from(self.sent.is_some()));
        if inside.calls == 0 {
            inside.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::VirtualClock;

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_slow_is_waited_for_and_what_is_silent_is_not() {
        let silence = Silence::new(Arc::new(VirtualClock::starting_at(jiff::Timestamp::UNIX_EPOCH)));
        let mut first = silence.call();
        first.sends();
        pass(4).await;
        assert_eq!(silence.lasts(), None);
        pass(1).await;
        assert_eq!(silence.lasts(), Some(Duration::from_secs(5)));
        // An answer ends it, also for what waits still.
        let mut second = silence.call();
        second.sends();
        second.ended(true);
        assert_eq!(silence.lasts(), None);
        pass(15).await;
        assert!(silence.lasts().is_some());
        first.ended(true);
        drop(first);
        // It took 20 s: that is how it is.
        second.sends();
        pass(30).await;
        assert_eq!(silence.lasts(), None);
        pass(15).await;
        assert!(silence.lasts().is_some());
        // A request that broke is no answer; one that nobody waits for is none of it.
        second.ended(false);
        assert!(silence.lasts().is_some());
        drop(second);
        assert_eq!(silence.lasts(), None);
    }
}
