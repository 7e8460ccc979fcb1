//! JQL that we write: literals quoted, times rendered, a user's clause wrapped. Must never put a text into a query unquoted.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::model::ids::IssueId;

/// How this instance was seen to read times in JQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// `"yyyy-MM-dd HH:mm"` in the account's zone, one minute earlier than meant: JQL has no seconds, and cuts.
    Minutes(TimeZone),
    /// Unquoted epoch milliseconds, exact. Not documented; used only where it was seen to work.
    Epoch,
    /// The zone is not known, or was seen to be wrong: in UTC, 26 hours earlier than meant.
    Wide,
}

impl TimeForm {
    /// The latest literal that is surely not after `at`.
    #[must_use]
    pub(super) fn at_or_before(&self, at: Timestamp) -> String {
        match self {
            Self::Minutes(zone) => minutes(zone, said_once(zone, earlier(at, MINUTE), -STEP)),
            Self::Epoch => at.as_millisecond().max(0).to_string(),
            Self::Wide => minutes(&TimeZone::UTC, earlier(at, WIDE)),
        }
    }

    /// A literal that is surely after `at`.
    #[must_use]
    pub(super) fn after(&self, at: Timestamp) -> String {
        let later = |by: SignedDuration| at.checked_add(by).unwrap_or(Timestamp::MAX);
        match self {
            Self::Minutes(zone) => minutes(zone, said_once(zone, later(MINUTE * 2), STEP)),
            Self::Epoch => at.as_millisecond().saturating_add(1).max(0).to_string(),
            Self::Wide => minutes(&TimeZone::UTC, later(WIDE)),
        }
    }
}

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// As much as a zone can be off, one way or the other.
const WIDE: SignedDuration = SignedDuration::from_hours(26);
/// Steps out of a time that comes twice.
const STEP: SignedDuration = SignedDuration::from_mins(15);

/// A time that its zone's clocks show once. When summer time ends an hour comes twice, and Jira does not say which of the two it
/// takes a literal for: the wrong one is an hour off.
fn said_once(zone: &TimeZone, at: Timestamp, step: SignedDuration) -> Timestamp {
    let mut at = at;
    // No zone ever went back by more than a day.
    for _ in 0..100 {
        let local = zone.to_datetime(at);
        if !zone.to_ambiguous_timestamp(local).is_ambiguous() {
            return at;
        }
        at = at.checked_add(step).unwrap_or(at);
    }
    at
}

/// A quoted minute in a zone.
#[must_use]
pub(super) fn minutes(zone: &TimeZone, at: Timestamp) -> String {
    at.to_zoned(zone.clone()).strftime("\"%Y-%m-%d %H:%M\"").to_string()
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// A text as a JQL literal: always quoted, so that reserved words and signs are harmless.
#[must_use]
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => {
                literal.push('\\');
                literal.push(sign);
            }
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// `project in ("A", "B")`.
pub(super) fn projects<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    format!("project in ({})", keys.map(quoted).collect::<Vec<_>>().join(", "))
}

/// `id in (1, 2)`.
#[must_use]
pub(super) fn ids(issues: &[IssueId]) -> String {
    let mut clause = String::from("id in (");
    for (index, issue) in issues.iter().enumerate() {
        // Writing into a String cannot fail.
        let _ = write!(clause, "{}{issue}", if index == 0 { "" } else { ", " });
    }
    clause.push(')');
    clause
}

/// A user's clause as a part of a larger one: its ORDER BY is dropped, the rest put in parentheses. `None` when nothing is
/// left.
#[must_use]
pub(super) fn wrapped(clause: &str) -> Option<String> {
    let kept = without_order(clause).trim();
    (!kept.is_empty()).then(|| format!("({kept})"))
}

/// What stands before an ORDER BY outside of quotes.
fn without_order(clause: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, sign) in clause.char_indices() {
        if escaped {
            escaped = false;
        } else if sign == '\\' {
            escaped = true;
        } else if quote == Some(sign) {
            quote = None;
        } else if quote.is_none() && matches!(sign, '"' | '\'') {
            quote = Some(sign);
        } else if quote.is_none() && starts_order(clause, at) {
            return clause.get(..at).unwrap_or(clause);
        }
    }
    clause
}

fn starts_order(clause: &str, at: usize) -> bool {
    let is_edge = |sign: Option<char>| sign.is_none_or(|sign| !(sign.is_alphanumeric() || sign == '_'));
    let before = clause.get(..at).and_then(|text| text.chars().next_back());
    let Some(word) = clause.get(at..at + 5) else { return false };
    let rest = clause.get(at + 5..).unwrap_or_default();
    let by = rest.trim_start();
    word.eq_ignore_ascii_case("order")
        && is_edge(before)
        && by.len() < rest.len()
        && by.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("by"))
        && is_edge(by.get(2..).and_then(|text| text.chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("ABC"), "\"ABC\"");
        assert_eq!(quoted("a\" OR project = \"B\\"), "\"a\\\" OR project = \\\"B\\\\\"");
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
        assert_eq!(projects(["A", "OR"].into_iter()), "project in (\"A\", \"OR\")");
        assert_eq!(ids(&[IssueId(3), IssueId(12)]), "id in (3, 12)");
    }

    #[test]
    fn a_users_order_is_dropped_but_not_in_quotes() {
        assert_eq!(wrapped("labels = x order  by created").as_deref(), Some("(labels = x)"));
        assert_eq!(wrapped("summary ~ \"order by\" OR a = 1").as_deref(), Some("(summary ~ \"order by\" OR a = 1)"));
        assert_eq!(wrapped("summary ~ \"a \\\" order by\"").as_deref(), Some("(summary ~ \"a \\\" order by\")"));
        assert_eq!(wrapped("reorder = byte").as_deref(), Some("(reorder = byte)"));
        assert_eq!(wrapped("ORDER BY key"), None);
        assert_eq!(wrapped("größe = 1 ORDER BY key").as_deref(), Some("(größe = 1)"));
    }

    #[test]
    fn times_are_never_rendered_later_than_meant() {
        let at: Timestamp = "2026-11-24T10:00:59.999Z".parse().unwrap();
        let berlin = TimeForm::Minutes(TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(berlin.at_or_before(at), "\"2026-11-24 10:59\"");
        assert_eq!(TimeForm::Epoch.at_or_before(at), "1795514459999");
        assert_eq!(TimeForm::Wide.at_or_before(at), "\"2026-11-23 08:00\"");
        assert_eq!(berlin.after(at), "\"2026-11-24 11:02\"");
        assert_eq!(TimeForm::Epoch.after(at), "1795514460000");
        assert_eq!(TimeForm::Wide.after(at), "\"2026-11-25 12:00\"");
    }

    #[test]
    fn a_local_time_that_comes_twice_is_never_written() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let form = TimeForm::Minutes(zone);
        // From 3:00 the clocks go back to 2:00: at 00:30 and at 01:30 UTC they show 2:30.
        for at in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T00:01:00Z", "2026-10-25T01:59:00Z"] {
            let at: Timestamp = at.parse().unwrap();
            let (before, after) = (form.at_or_before(at), form.after(at));
            assert!(before.as_str() < "\"2026-10-25 02:00\"", "{at}: {before}");
            assert!(after.as_str() >= "\"2026-10-25 03:00\"", "{at}: {after}");
        }
        // In spring no clock shows 2:30, and nothing is written that no clock shows.
        let at: Timestamp = "2026-03-29T01:00:30Z".parse().unwrap();
        assert_eq!(form.at_or_before(at), "\"2026-03-29 01:59\"");
        assert_eq!(form.after(at), "\"2026-03-29 03:02\"");
    }
}
