//! What an instance said of its limits, and how much of them is left: learnt from the headers of its answers, of both kinds. Must
//! never take what one header says for what another means: a bucket that fills by the second is no quota of an hour.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::retry;

/// What is left of an instance's limits, for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Requests a second that are sent now at most.
    pub rate: f64,
    /// The limit of which least is left: requests left, and how many there are at most. `None`: nothing was told.
    #[serde(default)]
    pub left: Option<(u64, u64)>,
    /// The endpoint whose limit that is; `None`: it is that of all requests.
    #[serde(default)]
    pub left_of: Option<String>,
    /// In how many seconds it is full again, as far as was told.
    #[serde(default)]
    pub full_in: Option<u64>,
    /// What is left of a quota of hours, and in how many seconds it begins anew.
    #[serde(default)]
    pub quota: Option<(u64, u64)>,
    /// What must wait, and for how many seconds: `everything`, an endpoint, or an issue.
    #[serde(default)]
    pub waits: Vec<(String, u64)>,
    /// Which endpoints go slowly after they refused a burst: how many requests a second they get, and for how many seconds yet.
    #[serde(default)]
    pub slow: Vec<(String, f64, u64)>,
    /// The instance said that a limit is near: only what people just did is carried.
    #[serde(default)]
    pub near: bool,
}

/// A bucket as an answer told of it.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    limit: f64,
    left: f64,
    /// A second.
    fill: Option<f64>,
    at: Duration,
    /// When it is full again.
    full: Option<Duration>,
}

impl Bucket {
    fn left(&self, now: Duration) -> f64 {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        match (self.fill, self.full) {
            (Some(fill), _) => (self.left + passed * fill).min(self.limit),
            (None, Some(full)) if now >= full => self.limit,
            // Not known to be empty any more.
            (None, None) if now >= self.at + UNTOLD => self.left.max(1.0),
            (None, _) => self.left,
        }
    }

    /// Whether what it holds is still known: one that does not say when it is filled was told of lately.
    fn is_known(&self, now: Duration) -> bool {
        self.fill.is_some() || self.full.is_some() || now.saturating_sub(self.at) < KNOWN
    }

    /// How long there is nothing to be had, as far as was told.
    fn empty_for(&self, now: Duration) -> Option<Duration> {
        let left = self.left(now);
        if left >= 1.0 {
            return None;
        }
        let until = match (self.fill, self.full) {
            (Some(fill), _) => now + Duration::try_from_secs_f64((1.0 - left) / fill).unwrap_or(UNTOLD),
            (None, Some(full)) => full,
            (None, None) => self.at + UNTOLD,
        };
        // Then an answer says it anew, and an answer that was lost does no more harm than that.
        let until = until.min(self.at + BELIEVED);
        Some(until.saturating_sub(now)).filter(|wait| !wait.is_zero())
    }

    fn full_in(&self, now: Duration) -> Option<Duration> {
        match (self.fill, self.full) {
            (Some(fill), _) => Duration::try_from_secs_f64((self.limit - self.left(now)).max(0.0) / fill).ok(),
            (None, full) => full.map(|full| full.saturating_sub(now)),
        }
    }
}

/// How long an empty bucket is left alone that does not say when it is filled: those of bursts are filled by the second.
const UNTOLD: Duration = Duration::from_secs(1);
/// How long it is told of a bucket what an answer said of it, where nothing says when it is filled.
const KNOWN: Duration = Duration::from_secs(60);
/// The longest that a word is believed that nothing is left.
const BELIEVED: Duration = Duration::from_secs(20);
/// The bucket that all requests take from.
const ALL: &str = "everything";

/// The most points that one request is taken to cost: what seems more was spent by others.
const MOST_POINTS: f64 = 100.0;

/// A quota that begins anew at a time: points an hour, of apps on Cloud.
#[derive(Debug, Clone, Copy)]
struct Quota {
    left: f64,
    ends: Duration,
    /// What a request costs, as seen of late.
    cost: f64,
    /// Requests since `left` was told.
    since: f64,
}

/// What was learnt.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// By endpoint and method; Data Center counts all together.
    buckets: BTreeMap<String, Bucket>,
    quota: Option<Quota>,
    /// When work that can wait may be sent next, so that the quota lasts.
    next: Duration,
}

impl Learnt {
    /// Takes what an answer says; of the place where it was asked only if that is told.
    pub(super) fn take(&mut self, place: Option<&str>, headers: &HeaderMap, now: Duration) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let number = |name: &str| {
            text(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite() && *number >= 0.0)
        };
        if let Some((left, seconds)) = text("beta-ratelimit").and_then(quota) {
            self.told_quota(left, now + seconds, now);
        }
        if let (Some(place), Some(limit), Some(left)) =
            (place, number("x-ratelimit-limit"), number("x-ratelimit-remaining"))
            && limit >= 1.0
        {
            let interval = number("x-ratelimit-interval-seconds").filter(|interval| *interval > 0.0);
            let fill = number("x-ratelimit-fillrate").filter(|fill| *fill > 0.0).zip(interval);
            let place = if fill.is_some() { ALL } else { place };
            let full = headers.contains_key("x-ratelimit-reset").then(|| retry::told_wait(headers)).flatten();
            let bucket = Bucket {
                limit,
                left: left.min(limit),
                fill: fill.map(|(fill, interval)| fill / interval),
                at: now,
                full: full.map(|wait| now + wait),
            };
            self.buckets.insert(place.to_owned(), bucket);
        }
    }

    fn told_quota(&mut self, left: f64, ends: Duration, now: Duration) {
        let before = self.quota.filter(|quota| quota.ends > now && quota.left >= left && quota.since > 0.0);
        let seen = before.map(|quota| (quota.left - left) / quota.since);
        let known = self.quota.map_or(1.0, |quota| quota.cost);
        let cost = seen.map_or(known, |seen| f64::midpoint(known, seen)).clamp(1.0, MOST_POINTS);
        self.quota = Some(Quota { left, ends, cost, since: 0.0 });
    }

    /// How long nothing may be sent to a place, since nothing is left there.
    pub(super) fn empty_for(&self, place: &str, now: Duration) -> Option<Duration> {
        self.buckets.get(place)?.empty_for(now)
    }

    /// How long nothing may be sent anywhere, since nothing is left of what all requests take from.
    pub(super) fn all_empty_for(&self, now: Duration) -> Option<Duration> {
        self.empty_for(ALL, now)
    }

    /// One request goes out to a place. Says when the next that can wait may, so that the rest of an hour's quota lasts for its rest.
    pub(super) fn sends(&mut self, place: &str, now: Duration) {
        for place in [place, ALL] {
            if let Some(bucket) = self.buckets.get_mut(place) {
                // Until its answer says how it is.
                bucket.left -= 1.0;
            }
        }
        let Some(quota) = self.quota.as_mut().filter(|quota| quota.ends > now) else { return };
        quota.since += 1.0;
        let requests = ((quota.left - quota.since * quota.cost) / quota.cost).max(1.0);
        let rest = quota.ends.saturating_sub(now);
        self.next = now + rest.div_f64(requests).min(rest);
    }

    /// How long work that can wait has to, for the quota's sake.
    pub(super) fn spreads(&self, now: Duration) -> Option<Duration> {
        self.quota.filter(|quota| quota.ends > now)?;
        Some(self.next.saturating_sub(now)).filter(|wait| !wait.is_zero())
    }

    /// Adds what is left.
    pub(super) fn tell(&self, budget: &mut Budget, now: Duration) {
        let told = self.buckets.iter().filter(|(_, bucket)| bucket.is_known(now));
        let least = told.min_by(|(_, one), (_, other)| {
            let share = |bucket: &Bucket| bucket.left(now) / bucket.limit;
            share(one).total_cmp(&share(other))
        });
        budget.left = least.map(|(_, bucket)| (whole(bucket.left(now)), whole(bucket.limit)));
        budget.left_of = least.map(|(place, _)| place.clone()).filter(|place| place != ALL);
        budget.full_in = least.and_then(|(_, bucket)| bucket.full_in(now)).map(|wait| wait.as_secs());
        let quota = self.quota.filter(|quota| quota.ends > now);
        let left = |quota: &Quota| whole((quota.left - quota.since * quota.cost).max(0.0));
        budget.quota = quota.map(|quota| (left(&quota), quota.ends.saturating_sub(now).as_secs()));
    }
}

/// `"global-app-quota";r=11000;t=600`: what is left, and for how long.
fn quota(said: &str) -> Option<(f64, Duration)> {
    let part = |name: &str| {
        let mut parts = said.split([';', ',']).map(str::trim);
        parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse::<f64>().ok())
    };
    let (left, seconds) = (part("r")?, part("t")?);
    let ends = Duration::try_from_secs_f64(seconds).ok().filter(|ends| *ends <= Duration::from_secs(86_400))?;
    (left.is_finite() && left >= 0.0).then_some((left, ends))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "none of them is negative or that large")]
fn whole(number: f64) -> u64 {
    number.max(0.0).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn told(learnt: &Learnt, second: u64) -> Budget {
        let mut budget = Budget::default();
        learnt.tell(&mut budget, Duration::from_secs(second));
        budget
    }

    #[test]
    fn headers_of_both_kinds_say_what_is_left_and_when_it_is_full() {
        let mut learnt = Learnt::default();
        let server = [
            ("x-ratelimit-limit", "70"),
            ("x-ratelimit-remaining", "20"),
            ("x-ratelimit-fillrate", "5"),
            ("x-ratelimit-interval-seconds", "1"),
            ("retry-after", "0"),
        ];
        learnt.take(Some("getIssue"), &headers(&server), Duration::ZERO);
        let budget = told(&learnt, 0);
        assert_eq!((budget.left, budget.full_in), (Some((20, 70)), Some(10)));
        assert_eq!((told(&learnt, 4).left, told(&learnt, 60).left), (Some((40, 70)), Some((70, 70))), "it fills");
        let cloud = |left: &str| {
            headers(&[
                ("date", "Tue, 24 Nov 2026 10:00:00 GMT"),
                ("x-ratelimit-limit", "100"),
                ("x-ratelimit-remaining", left),
                ("x-ratelimit-reset", "2026-11-24T10:00:30Z"),
            ])
        };
        let mut learnt = Learnt::default();
        learnt.take(Some("GET search"), &cloud("90"), Duration::ZERO);
        learnt.take(Some("PUT editIssue"), &cloud("7"), Duration::ZERO);
        assert_eq!((told(&learnt, 10).left, told(&learnt, 10).full_in), (Some((7, 100)), Some(20)), "the scarcest");
        assert_eq!(told(&learnt, 10).left_of.as_deref(), Some("PUT editIssue"));
        assert_eq!(told(&learnt, 30).left, Some((100, 100)));
        let mut learnt = Learnt::default();
        let untold = headers(&[("x-ratelimit-limit", "50"), ("x-ratelimit-remaining", "3")]);
        learnt.take(Some("search"), &untold, Duration::ZERO);
        assert_eq!(told(&learnt, 5).left, Some((3, 50)));
        assert_eq!(told(&learnt, 60).left, None, "nobody knows any more");
    }

    #[test]
    fn what_is_left_of_an_hour_is_spread_over_its_rest() {
        let mut learnt = Learnt::default();
        assert_eq!(learnt.spreads(Duration::ZERO), None);
        learnt.take(Some("x"), &headers(&[("beta-ratelimit", "\"global-app-quota\";r=600;t=600")]), Duration::ZERO);
        assert_eq!(learnt.spreads(Duration::ZERO), None, "the next may go at once");
        learnt.sends("x", Duration::ZERO);
        let wait = learnt.spreads(Duration::ZERO).unwrap().as_secs_f64();
        assert!((0.9..1.1).contains(&wait), "600 points for 600 seconds: {wait}");
        // It was seen that a request costs ten points.
        learnt.take(
            Some("x"),
            &headers(&[("beta-ratelimit", "\"global-app-quota\";r=581;t=599")]),
            Duration::from_secs(1),
        );
        learnt.sends("x", Duration::from_secs(1));
        let wait = learnt.spreads(Duration::from_secs(1)).unwrap().as_secs_f64();
        assert!((9.0..12.0).contains(&wait), "{wait}");
        assert_eq!(told(&learnt, 1).quota, Some((571, 599)));
        assert_eq!(learnt.spreads(Duration::from_secs(601)), None, "the next hour");
        for absurd in ["r=-1;t=5", "r=5;t=-1", "r=NaN;t=1e300", "r=5", "nonsense"] {
            assert_eq!(quota(absurd), None, "{absurd}");
        }
    }
}
