//! What is to be done after one attempt: one pure function of the operation's class, what came back, and how often it was
//! tried. Must never say that a write may be sent again unless it surely was not done.

use std::time::Duration;

use http::HeaderMap;

use super::Failure;
use super::transport::{TransportError, Trouble};
use crate::planted::{Bug, is_planted};
use crate::schedule::growing;

/// How often a read is tried in all.
pub(super) const ATTEMPTS: u32 = 4;
/// The longest that a request waits inside the transport; what must wait longer goes back to the caller with the time.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
const LEAST_WAIT: Duration = Duration::from_secs(1);
const MOST_WAIT: Duration = Duration::from_secs(3_600);
/// How long a write waits after a refused login: nothing changes by asking sooner, and accounts get locked by it.
const LOGIN_WAIT: Duration = Duration::from_secs(300);
/// How long a write waits after a failure that a person must mend (proxy, wrong place).
const MEND_WAIT: Duration = Duration::from_secs(60);

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// It does not: it may be sent again.
    Read,
    /// It does: it is sent once.
    Write,
}

/// What one attempt brought.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'a> {
    /// An answer's head (its body came whole).
    Answer(u16, &'a HeaderMap),
    /// No whole answer.
    Broken(&'a TransportError),
}

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    /// The answer is for the caller, be it yes or no.
    Give,
    /// Send it again, no earlier than after this.
    RetryAfter(Duration),
    /// A read failed for good.
    GiveUp(Failure),
    /// A write may have happened.
    InDoubt(String),
    /// A write surely did not happen; it may be sent again, by the caller, no earlier than after this.
    NotSent(String, Duration),
}

/// Decides. `attempt` counts from 0. Waits are without jitter.
#[must_use]
pub(super) fn decide(class: Class, seen: Seen<'_>, attempt: u32) -> Decision {
    match (class, seen) {
        (Class::Read, Seen::Broken(error)) => read_broken(error, attempt),
        (Class::Read, Seen::Answer(status, headers)) => read_answered(status, headers, attempt),
        (Class::Write, Seen::Broken(error)) if error.trouble.may_have_arrived() && !is_planted(Bug::BlindRetry) => {
            Decision::InDoubt(error.to_string())
        }
        (Class::Write, Seen::Broken(error)) => Decision::NotSent(error.to_string(), growth(attempt.max(3))),
        (Class::Write, Seen::Answer(status, headers)) => write_answered(status, headers, attempt),
    }
}

fn read_broken(error: &TransportError, attempt: u32) -> Decision {
    if error.trouble == Trouble::TooLarge {
        return Decision::GiveUp(Failure::Unreadable(error.to_string()));
    }
    if attempt + 1 >= ATTEMPTS {
        return Decision::GiveUp(Failure::Unreachable(error.to_string()));
    }
    Decision::RetryAfter(growth(attempt))
}

fn read_answered(status: u16, headers: &HeaderMap, attempt: u32) -> Decision {
    if !(status == 429 || status == 408 || status >= 500) {
        return Decision::Give;
    }
    let told = told_wait(headers);
    let wait = told.unwrap_or_else(|| growth(attempt));
    if attempt + 1 < ATTEMPTS && wait <= PATIENCE {
        return Decision::RetryAfter(wait);
    }
    if status == 429 || (status == 503 && told.is_some()) {
        return Decision::GiveUp(Failure::Wait(millis(wait)));
    }
    Decision::GiveUp(Failure::Server(status))
}

/// How every doubt begins that is one in spite of an answer.
const ANSWERED: &str = "the server answered ";

/// Whether a write is in doubt in spite of an answer. Otherwise nothing came back, or not all of it.
#[must_use]
pub(crate) fn tells_an_answer(doubt: &str) -> bool {
    doubt.starts_with(ANSWERED)
}

/// 429 and a refused login are turned away before the request is looked at; a proxy's 407 never reaches Jira. A 503 may come
/// from a proxy that lost the server while it was writing, so it proves nothing, even with `Retry-After`; nor does a
/// redirect prove anything, nor a time-out.
fn write_answered(status: u16, headers: &HeaderMap, attempt: u32) -> Decision {
    match status {
        429 => {
            let wait = told_wait(headers).unwrap_or_else(|| growth(attempt.max(2)));
            Decision::NotSent("too many requests (429)".to_owned(), wait)
        }
        401 => Decision::NotSent("the login was refused (401)".to_owned(), LOGIN_WAIT),
        403 if login_refused(headers) => Decision::NotSent("the login was refused (403)".to_owned(), LOGIN_WAIT),
        407 => Decision::NotSent("a proxy wants a login (407)".to_owned(), MEND_WAIT),
        300..=399 => Decision::InDoubt(format!("{ANSWERED}with a redirect ({status})")),
        408 => Decision::InDoubt(format!("{ANSWERED}that it gave up waiting (408)")),
        500.. => Decision::InDoubt(format!("{ANSWERED}with status {status}")),
        _ => Decision::Give,
    }
}

/// Whether an answer says that our credentials were not taken.
#[must_use]
pub(super) fn login_refused(headers: &HeaderMap) -> bool {
    let seraph = text(headers, "x-seraph-loginreason").unwrap_or_default();
    seraph.contains("AUTHENTICATED_FAILED")
        || seraph.contains("AUTHENTICATION_DENIED")
        || text(headers, "x-authentication-denied-reason").is_some()
}

/// The wait before the next attempt, doubling from half a second up to half a minute.
#[must_use]
pub(super) fn growth(attempt: u32) -> Duration {
    growing(FIRST, LONGEST, attempt)
}

/// A wait made a little longer (up to a quarter), so that many do not come back at once. Never shorter: it may have been told.
#[must_use]
pub(super) fn jittered(wait: Duration, unit: f64) -> Duration {
    wait.mul_f64(1.0 + unit.clamp(0.0, 1.0) / 4.0)
}

/// How long the server told us to wait: `Retry-After` in seconds or as a date, else `X-RateLimit-Reset`. Dates count from the
/// answer's own `Date`. Between a second and an hour, whatever was said (Data Center says 9223372036854775807).
#[must_use]
pub(super) fn told_wait(headers: &HeaderMap) -> Option<Duration> {
    let now = text(headers, "date").and_then(http_date);
    let until = |at: jiff::Timestamp| now.map(|now| at.duration_since(now).as_secs_f64());
    let seconds = match text(headers, "retry-after") {
        Some(said) => said.parse::<f64>().ok().or_else(|| http_date(said).and_then(until)),
        None => text(headers, "x-ratelimit-reset").and_then(iso_time).and_then(until),
    };
    // Negative and not-a-number are no answer at all.
    let seconds = seconds.filter(|seconds| *seconds >= 0.0)?;
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or(MOST_WAIT);
    Some(wait.clamp(LEAST_WAIT, MOST_WAIT))
}

/// The time of a `Date` header.
#[must_use]
pub(super) fn http_date(said: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::parse(said).ok().map(|zoned| zoned.timestamp())
}

fn iso_time(said: &str) -> Option<jiff::Timestamp> {
    // Atlassian's example leaves out the seconds: 2024-10-08T15:00Z.
    said.parse().ok().or_else(|| said.strip_suffix('Z').and_then(|rest| format!("{rest}:00Z").parse().ok()))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Whole milliseconds.
#[must_use]
pub(super) fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn broken(trouble: Trouble) -> TransportError {
        TransportError { trouble, detail: "words".into() }
    }

    const SENT: [Trouble; 4] = [Trouble::Timeout, Trouble::Reset, Trouble::CutBody, Trouble::TooLarge];
    const UNSENT: [Trouble; 5] =
        [Trouble::Dns, Trouble::Refused, Trouble::ConnectTimeout, Trouble::Tls, Trouble::NotConnected];

    #[test]
    fn a_write_is_never_sent_again_by_the_transport() {
        let none = HeaderMap::new();
        for status in 100..600 {
            for attempt in 0..6 {
                let decision = decide(Class::Write, Seen::Answer(status, &none), attempt);
                assert!(!matches!(decision, Decision::RetryAfter(_) | Decision::GiveUp(_)), "{status}: {decision:?}");
            }
        }
        for trouble in SENT {
            let error = broken(trouble);
            assert!(matches!(decide(Class::Write, Seen::Broken(&error), 0), Decision::InDoubt(_)), "{trouble:?}");
        }
        for trouble in UNSENT {
            let error = broken(trouble);
            assert!(matches!(decide(Class::Write, Seen::Broken(&error), 0), Decision::NotSent(..)), "{trouble:?}");
        }
    }

    #[test]
    fn only_what_was_turned_away_at_the_door_counts_as_not_sent() {
        let none = HeaderMap::new();
        for status in [429, 401, 407] {
            assert!(matches!(decide(Class::Write, Seen::Answer(status, &none), 0), Decision::NotSent(..)), "{status}");
        }
        let later = headers(&[("retry-after", "7")]);
        for status in [500, 502, 503, 504, 408, 302] {
            let decision = decide(Class::Write, Seen::Answer(status, &later), 0);
            assert!(matches!(decision, Decision::InDoubt(_)), "{status}: {decision:?}");
        }
        for status in [200, 201, 204, 400, 403, 404, 409, 410, 413, 422] {
            assert_eq!(decide(Class::Write, Seen::Answer(status, &none), 0), Decision::Give, "{status}");
        }
        let denied = headers(&[("x-seraph-loginreason", "AUTHENTICATION_DENIED")]);
        assert!(matches!(decide(Class::Write, Seen::Answer(403, &denied), 0), Decision::NotSent(..)));
        // Any other 403 is Jira's word on the write itself: it is given to whoever wrote.
        let passed = headers(&[("x-seraph-loginreason", "OK")]);
        assert_eq!(decide(Class::Write, Seen::Answer(403, &passed), 0), Decision::Give);
    }

    #[test]
    fn reads_are_tried_four_times_with_growing_waits() {
        let none = HeaderMap::new();
        let waits: Vec<Decision> = (0..4).map(|n| decide(Class::Read, Seen::Answer(502, &none), n)).collect();
        let ms = |ms| Decision::RetryAfter(Duration::from_millis(ms));
        assert_eq!(waits, [ms(500), ms(1_000), ms(2_000), Decision::GiveUp(Failure::Server(502))]);
        let error = broken(Trouble::Refused);
        assert!(matches!(decide(Class::Read, Seen::Broken(&error), 3), Decision::GiveUp(Failure::Unreachable(_))));
        assert_eq!(decide(Class::Read, Seen::Answer(404, &none), 0), Decision::Give);
    }

    #[test]
    fn a_long_wait_goes_back_to_the_caller() {
        let hour = headers(&[("retry-after", "9223372036854775807")]);
        let wait = Decision::GiveUp(Failure::Wait(3_600_000));
        assert_eq!(decide(Class::Read, Seen::Answer(429, &hour), 0), wait);
        let short = headers(&[("retry-after", "3")]);
        assert_eq!(decide(Class::Read, Seen::Answer(429, &short), 0), Decision::RetryAfter(Duration::from_secs(3)));
        assert_eq!(decide(Class::Read, Seen::Answer(503, &short), 3), Decision::GiveUp(Failure::Wait(3_000)));
    }

    #[test]
    fn row_022_absurd_waits_are_clamped_and_dates_count_from_the_servers_clock() {
        let date = "Tue, 24 Nov 2026 10:00:00 GMT";
        let cases = [
            (vec![("retry-after", "0")], Some(1)),
            (vec![("retry-after", "36000")], Some(3_600)),
            (vec![("retry-after", "-5")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "Tue, 24 Nov 2026 10:00:40 GMT"), ("date", date)], Some(40)),
            (vec![("x-ratelimit-reset", "2026-11-24T10:02Z"), ("date", date)], Some(120)),
            (vec![("x-ratelimit-reset", "2026-11-24T10:00:09Z"), ("date", date)], Some(9)),
            (vec![("x-ratelimit-reset", "2026-11-24T10:00:09Z")], None),
        ];
        for (pairs, seconds) in cases {
            assert_eq!(told_wait(&headers(&pairs)), seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn growth_ends_at_half_a_minute_and_jitter_only_adds() {
        assert_eq!(growth(30), LONGEST);
        assert_eq!(jittered(Duration::from_secs(4), 0.0), Duration::from_secs(4));
        assert_eq!(jittered(Duration::from_secs(4), 1.0), Duration::from_secs(5));
    }
}
