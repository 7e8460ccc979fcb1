//! What single endpoints of an instance are spared for: those that it told us to leave alone, and after that go on at a slower pace for a
//! while. An endpoint is an operation of the API, and so of one method. Must never slow down what was not refused.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long an endpoint that refused a burst is asked at a slower pace, after it may be asked again.
const SLOW_FOR: Duration = Duration::from_secs(60);
/// The slowest pace is this part of the rate.
const SLOWEST: f64 = 4.0;

/// An endpoint that refused a burst.
#[derive(Debug, Clone, Copy)]
struct Endpoint {
    /// Nothing is sent there until then.
    closed_until: Duration,
    /// Then one request in so long.
    every: Duration,
    /// When the next may go, as far as the pace goes.
    next: Duration,
    /// Until then.
    slow_until: Duration,
}

/// The endpoints that refused a burst of late. Times are by our monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Endpoints(BTreeMap<String, Endpoint>);

impl Endpoints {
    /// An endpoint refused a burst: nothing is sent there for `wait`, and then half as much as before, a
    /// quarter at least, of `rate` requests a second.
    pub(super) fn refused(&mut self, endpoint: &str, now: Duration, wait: Duration, rate: f64) {
        self.0.retain(|_, known| known.slow_until > now);
        let until = now + wait;
        let known = self.0.get(endpoint).copied();
        // Those that were under way when the first was refused are refused as well, and say nothing new.
        let is_told = known.is_some_and(|known| known.closed_until > now);
        let at = |part: f64| Duration::from_secs_f64(part / rate.max(0.005));
        let halved = match known {
            Some(known) if is_told => known.every,
            Some(known) => known.every * 2,
            None => at(2.0),
        };
        let every = halved.min(at(SLOWEST));
        let closed_until = known.map_or(until, |known| known.closed_until.max(until));
        let slowed = Endpoint { closed_until, every, next: closed_until, slow_until: closed_until + SLOW_FOR };
        self.0.insert(endpoint.to_owned(), slowed);
    }

    /// Until when nothing is sent there.
    pub(super) fn closed_until(&self, endpoint: &str) -> Duration {
        self.0.get(endpoint).map_or(Duration::ZERO, |known| known.closed_until)
    }

    /// How long the next request there waits for its pace.
    pub(super) fn paces(&self, endpoint: &str, now: Duration) -> Option<Duration> {
        let known = self.0.get(endpoint).filter(|known| known.slow_until > now)?;
        Some(known.next.saturating_sub(now)).filter(|wait| !wait.is_zero())
    }

    /// One goes there.
    pub(super) fn goes(&mut self, endpoint: &str, now: Duration) {
        if let Some(known) = self.0.get_mut(endpoint).filter(|known| known.slow_until > now) {
            known.next = known.next.max(now) + known.every;
        }
    }

    /// Those that are closed, and for how long.
    pub(super) fn closed(&self, now: Duration) -> impl Iterator<Item = (&String, Duration)> {
        let left = move |known: &Endpoint| known.closed_until.saturating_sub(now);
        self.0.iter().map(move |(name, known)| (name, left(known))).filter(|(_, left)| !left.is_zero())
    }

    /// Those that go slowly, how many requests a second they get, and for how long yet.
    pub(super) fn slow(&self, now: Duration) -> impl Iterator<Item = (&String, f64, Duration)> {
        let slow = self.0.iter().filter(move |(_, known)| known.slow_until > now && known.closed_until <= now);
        slow.map(move |(name, known)| (name, 1.0 / known.every.as_secs_f64(), known.slow_until.saturating_sub(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_refused_a_burst_goes_on_at_half_the_pace_and_then_as_before() {
        let mut endpoints = Endpoints::default();
        endpoints.refused("searchIssues", Duration::ZERO, SECOND * 3, 10.0);
        endpoints.refused("searchIssues", SECOND, SECOND, 10.0);
        assert_eq!(endpoints.closed_until("searchIssues"), SECOND * 3);
        assert_eq!((endpoints.closed_until("getIssue"), endpoints.paces("getIssue", SECOND)), (Duration::ZERO, None));
        let mut now = SECOND * 3;
        let mut sent = 0;
        while now < SECOND * 13 {
            if endpoints.paces("searchIssues", now).is_none() {
                endpoints.goes("searchIssues", now);
                sent += 1;
            }
            now += Duration::from_millis(10);
        }
        assert!((49..=51).contains(&sent), "{sent} in ten seconds, of 100");
        assert_eq!(endpoints.slow(now).map(|(_, rate, _)| rate.round()).collect::<Vec<_>>(), [5.0]);
        endpoints.refused("searchIssues", now, SECOND, 10.0);
        assert_eq!(endpoints.slow(now + SECOND).map(|(_, rate, _)| (rate * 2.0).round()).collect::<Vec<_>>(), [5.0]);
        assert_eq!(endpoints.paces("searchIssues", now + SECOND + SLOW_FOR), None);
    }
}
