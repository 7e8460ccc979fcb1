//! Durations and cron expressions. Must never let a result depend on the hour: only whether a time comes at all is asked.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::keys::{Key, Need};
use super::node::Cursor;
use super::problem::Findings;

/// Milliseconds per unit, longest names first so that `min` and `ms` are not taken for `m`.
const UNITS: [(&str, u64); 6] =
    [("min", 60_000), ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// `30s`, `5m`, `10min`, `1h30m`, `250ms`, `2d`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|sign: char| !sign.is_ascii_digit())?;
        let number: u64 = rest.get(..digits).filter(|digits| (1..=9).contains(&digits.len()))?.parse().ok()?;
        rest = &rest[digits..];
        let (unit, milliseconds) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
        total = total.checked_add(number.checked_mul(*milliseconds)?)?;
        rest = &rest[unit.len()..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(total))
}

/// The duration under `key` of the table, or its default. `None`: it is wrong, and that was said.
pub(super) fn duration_of(
    table: &Cursor<'_>,
    key: &Key,
    range: &RangeInclusive<&str>,
    findings: &mut Findings<'_>,
) -> Option<Duration> {
    let Some(cursor) = table.get(key) else { return duration(default_of(key)) };
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    let Some(found) = duration(text) else {
        let message = format!("`{text}` is no duration");
        findings.error(&cursor.spot, message, "write numbers with units `ms`, `s`, `m` (or `min`), `h`, `d`: `1h30m`");
        return None;
    };
    let (least, most) = (duration(range.start())?, duration(range.end())?);
    if !(least..=most).contains(&found) {
        let message = format!("`{}` is out of range: `{text}`", key.name);
        findings.error(&cursor.spot, message, format!("write between `{}` and `{}`", range.start(), range.end()));
        return None;
    }
    Some(found)
}

/// What stands for a key that is left out; empty where nothing does.
pub(super) fn default_of(key: &Key) -> &'static str {
    match key.need {
        Need::Default(text) => text,
        Need::Required | Need::Optional => "",
    }
}

/// What is wrong with a cron expression, by the scheduler that will run it.
pub(super) fn cron_problem(text: &str) -> Option<String> {
    let fields = text.split_whitespace().count();
    if fields != 6 {
        return Some(format!("a cron expression has 6 fields here, this has {fields}"));
    }
    let Ok(mut job) = tokio_cron_scheduler::Job::new(text, |_, _| {}) else {
        return Some(format!("`{text}` is no cron expression"));
    };
    // The scheduler keeps 0 where it finds no next time.
    let never = job.job_data().is_ok_and(|data| data.next_tick == 0);
    never.then(|| format!("`{text}` never comes"))
}
