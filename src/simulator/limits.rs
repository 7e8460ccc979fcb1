//! Rate limits with the documented headers: Cloud per endpoint and per issue, Data Center per user.
//! Must never read a clock: server time comes in.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

/// A token bucket.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// How many requests fit at once.
    pub capacity: f64,
    /// How many come back per second.
    pub per_second: f64,
}

/// Which limits are on.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Cloud: per endpoint and method, shared by everybody (`jira-burst-based`). The key is the method; `None` switches
    /// the limit off.
    pub burst: Option<BTreeMap<String, Bucket>>,
    /// Cloud: writes on one issue, as (window in seconds, writes) pairs (`jira-per-issue-on-write`).
    pub per_issue: Vec<(i64, usize)>,
    /// Data Center: per user.
    pub per_user: Option<Bucket>,
    /// Cloud: points of an app per hour, which begins with the clock's hour (`jira-quota-tenant-based`). One a request here: what
    /// the objects in an answer cost is left out.
    pub per_hour: Option<u64>,
}

impl Limits {
    /// No limits.
    #[must_use]
    pub fn off() -> Self {
        Self::default()
    }

    /// The documented Cloud rates with a bucket of ten seconds' worth (its size is unpublished).
    #[must_use]
    pub fn cloud() -> Self {
        let rates = [("GET", 100.0), ("POST", 100.0), ("PUT", 50.0), ("DELETE", 50.0)];
        let bucket = |rate: f64| Bucket { capacity: rate * 10.0, per_second: rate };
        Self {
            burst: Some(rates.iter().map(|(method, rate)| ((*method).to_owned(), bucket(*rate))).collect()),
            per_issue: vec![(2, 20), (30, 100)],
            per_user: None,
            per_hour: None,
        }
    }

    /// The sample that was seen on a real Data Center: bucket of 70, five per second.
    #[must_use]
    pub fn data_center() -> Self {
        Self { per_user: Some(Bucket { capacity: 70.0, per_second: 5.0 }), ..Self::default() }
    }
}

/// What the limits say about one request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Verdict {
    pub(crate) refused: bool,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// The buckets' present state.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    buckets: BTreeMap<String, (f64, Timestamp)>,
    writes: BTreeMap<String, VecDeque<Timestamp>>,
    /// An hour since the epoch, and the points that were used in it.
    hour: (i64, u64),
}

impl Meter {
    /// Counts one request. `issue` names the issue that a write touches.
    pub(crate) fn take(
        &mut self,
        limits: &Limits,
        now: Timestamp,
        user: &str,
        method: &str,
        operation: &str,
        issue: Option<&str>,
    ) -> Verdict {
        if let Some(bucket) = limits.per_user {
            return self.per_user(bucket, now, user);
        }
        if let Some(issue) = issue.filter(|_| method != "GET")
            && let Some(wait) = self.per_issue(limits, now, issue)
        {
            return refused(now, wait, 20.0, "jira-per-issue-on-write");
        }
        let quota = match limits.per_hour.map(|most| self.per_hour(most, now)) {
            Some(Err(wait)) => return refused(now, wait, 0.0, "jira-quota-tenant-based"),
            Some(Ok(headers)) => headers,
            None => Vec::new(),
        };
        let Some(bucket) = limits.burst.as_ref().and_then(|rates| rates.get(method)) else {
            return Verdict { refused: false, headers: quota };
        };
        let left = self.draw(&format!("{method} {operation}"), *bucket, now);
        if left < 0.0 {
            let wait = (-left / bucket.per_second).ceil().max(1.0);
            return refused(now, wait, bucket.capacity, "jira-burst-based");
        }
        let mut headers =
            vec![("X-RateLimit-Limit", whole(bucket.capacity)), ("X-RateLimit-Remaining", whole(left.floor()))];
        if left < bucket.capacity * 0.2 {
            headers.push(("X-RateLimit-NearLimit", "true".into()));
        }
        headers.extend(quota);
        Verdict { refused: false, headers }
    }

    /// Takes a point of this hour. What is left is told once four fifths are used.
    fn per_hour(&mut self, most: u64, now: Timestamp) -> Result<Vec<(&'static str, String)>, f64> {
        let (hour, rest) = (now.as_second().div_euclid(3_600), 3_600 - now.as_second().rem_euclid(3_600));
        if self.hour.0 != hour {
            self.hour = (hour, 0);
        }
        if self.hour.1 >= most {
            return Err(f64::from(i32::try_from(rest).unwrap_or(3_600)));
        }
        self.hour.1 += 1;
        let mut headers = vec![("Beta-RateLimit-Policy", format!("\"global-app-quota\";q={most};w=3600"))];
        if self.hour.1 * 5 >= most * 4 {
            headers.push(("Beta-RateLimit", format!("\"global-app-quota\";r={};t={rest}", most - self.hour.1)));
        }
        Ok(headers)
    }

    fn per_user(&mut self, bucket: Bucket, now: Timestamp, user: &str) -> Verdict {
        let left = self.draw(user, bucket, now);
        let wait = if left < 0.0 { (-left / bucket.per_second).ceil().max(1.0) } else { 0.0 };
        Verdict {
            refused: left < 0.0,
            headers: vec![
                ("X-RateLimit-Limit", whole(bucket.capacity)),
                ("X-RateLimit-Remaining", whole(left.max(0.0).floor())),
                ("X-RateLimit-Interval-Seconds", "1".into()),
                ("X-RateLimit-FillRate", whole(bucket.per_second)),
                ("Retry-After", whole(wait)),
            ],
        }
    }

    /// Takes a token; gives what is left, negative when there was none (and then takes nothing).
    fn draw(&mut self, key: &str, bucket: Bucket, now: Timestamp) -> f64 {
        let (tokens, at) = self.buckets.entry(key.to_owned()).or_insert((bucket.capacity, now));
        let passed = now.duration_since(*at).as_secs_f64().max(0.0);
        let filled = (*tokens + passed * bucket.per_second).min(bucket.capacity);
        *at = now;
        *tokens = if filled < 1.0 { filled } else { filled - 1.0 };
        if filled < 1.0 { filled - 1.0 } else { *tokens }
    }

    /// Seconds to wait when one issue was written too often.
    fn per_issue(&mut self, limits: &Limits, now: Timestamp, issue: &str) -> Option<f64> {
        let writes = self.writes.entry(issue.to_owned()).or_default();
        let longest = limits.per_issue.iter().map(|(seconds, _)| *seconds).max()?;
        writes.retain(|at| now.duration_since(*at).as_secs() < longest);
        for (seconds, most) in &limits.per_issue {
            let recent = writes.iter().filter(|at| now.duration_since(**at).as_secs() < *seconds).count();
            if recent >= *most {
                return Some(f64::from(u32::try_from(*seconds).unwrap_or(u32::MAX)));
            }
        }
        writes.push_back(now);
        None
    }
}

fn refused(now: Timestamp, wait: f64, limit: f64, reason: &str) -> Verdict {
    let reset = super::time::after(now, std::time::Duration::from_secs_f64(wait));
    Verdict {
        refused: true,
        headers: vec![
            ("Retry-After", whole(wait)),
            ("X-RateLimit-Limit", whole(limit)),
            ("X-RateLimit-Remaining", "0".into()),
            ("X-RateLimit-Reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("RateLimit-Reason", reason.to_owned()),
        ],
    }
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_issue_takes_twenty_writes_in_two_seconds() {
        let mut meter = Meter::default();
        let limits = Limits::cloud();
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for _ in 0..20 {
            assert!(!meter.take(&limits, start, "u", "PUT", "editIssue", Some("1")).refused);
        }
        let verdict = meter.take(&limits, start, "u", "PUT", "editIssue", Some("1"));
        assert!(verdict.refused);
        assert!(verdict.headers.contains(&("RateLimit-Reason", "jira-per-issue-on-write".into())));
        assert!(!meter.take(&limits, start, "u", "PUT", "editIssue", Some("2")).refused);
        let later = super::super::time::after(start, std::time::Duration::from_secs(2));
        assert!(!meter.take(&limits, later, "u", "PUT", "editIssue", Some("1")).refused);
    }

    #[test]
    fn data_center_counts_per_user_and_always_tells() {
        let mut meter = Meter::default();
        let limits = Limits { per_user: Some(Bucket { capacity: 2.0, per_second: 1.0 }), ..Limits::off() };
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let first = meter.take(&limits, start, "u", "GET", "getIssue", None);
        assert!(first.headers.contains(&("Retry-After", "0".into())));
        assert!(!meter.take(&limits, start, "u", "GET", "getIssue", None).refused);
        assert!(meter.take(&limits, start, "u", "GET", "getIssue", None).refused);
        assert!(!meter.take(&limits, start, "v", "GET", "getIssue", None).refused);
    }
}
