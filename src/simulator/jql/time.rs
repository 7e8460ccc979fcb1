//! The dates that a query can name: literals, periods, epochs and functions, all in the calling account's zone and the
//! server's clock. Must never read a clock itself.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// A date that a query names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) day: Date,
    /// Whether it is meant to the millisecond; a literal and a period mean a minute.
    pub(super) exact: bool,
}

/// What reading a date needs of the site.
pub(super) struct TimeFrame {
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) reads_epoch: bool,
    /// A local time that comes twice is the later one.
    pub(super) later: bool,
}

/// Whole minutes since the epoch: what is left of a time at JQL's precision.
pub(super) fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

impl TimeFrame {
    /// Reads a literal: `yyyy-MM-dd HH:mm`, `yyyy/MM/dd HH:mm`, the same without a time, a period such as `-1h 30m`,
    /// unquoted epoch milliseconds.
    pub(super) fn literal(&self, text: &str, quoted: bool) -> Option<Moment> {
        let text = text.trim();
        if !quoted && self.reads_epoch && text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let at = Timestamp::from_millisecond(text.parse().ok()?).ok()?;
            return Some(self.moment(at, true));
        }
        if let Some(local) = local_date(text) {
            return self.local(local, false);
        }
        let span = period(text)?;
        let at = self.now.to_zoned(self.zone.clone()).checked_add(span).ok()?.timestamp();
        Some(self.moment(Timestamp::from_second(minute(at) * 60).ok()?, false))
    }

    /// Evaluates a function. `None`: no such function. `Some(Err(argument))`: a bad argument.
    pub(super) fn function(&self, name: &str, arguments: &[String]) -> Option<Result<Moment, String>> {
        let name = name.to_ascii_lowercase();
        if name == "now" {
            return Some(Ok(self.moment(self.now, true)));
        }
        let (unit, end) = match name.split_at_checked(7) {
            Some(("startof", unit)) => (unit, false),
            _ => (name.strip_prefix("endof")?, true),
        };
        let unit = Unit::named(unit)?;
        let argument = arguments.first().map_or("", String::as_str);
        let Some(shift) = unit.increment(argument) else { return Some(Err(argument.to_owned())) };
        Some(self.edge(unit, shift, end).ok_or_else(|| argument.to_owned()))
    }

    fn edge(&self, unit: Unit, shift: Span, end: bool) -> Option<Moment> {
        let shifted = self.now.to_zoned(self.zone.clone()).checked_add(shift).ok()?.date();
        let first = unit.first_day(shifted)?;
        if !end {
            return self.local(first.to_datetime(Time::midnight()), true);
        }
        let next = first.checked_add(unit.span(1)?).ok()?;
        let start = self.local(next.to_datetime(Time::midnight()), true)?;
        Some(self.moment(start.at.checked_sub(1.millisecond()).ok()?, true))
    }

    fn local(&self, local: DateTime, exact: bool) -> Option<Moment> {
        let known = self.zone.to_ambiguous_timestamp(local);
        let at = if self.later && known.is_ambiguous() { known.later().ok()? } else { known.compatible().ok()? };
        Some(Moment { at, day: local.date(), exact })
    }

    fn moment(&self, at: Timestamp, exact: bool) -> Moment {
        Moment { at, day: at.to_zoned(self.zone.clone()).date(), exact }
    }
}

/// `2026-11-23 10:05`, `2026/11/23 10:05`, `2026-11-23`; digits may be single as Jira takes them.
fn local_date(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(' ').map_or((text, None), |(date, time)| (date, Some(time.trim())));
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut parts = date.split(separator);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let time = match time {
        Some(time) => {
            let (hour, minute) = time.split_once(':')?;
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?
        }
        None => Time::midnight(),
    };
    Some(date.to_datetime(time))
}

/// `-5m`, `4w 2d`, `-1h 30m`: the sign counts for all of it. Hours and days are fixed lengths, as Jira's are.
fn period(text: &str) -> Option<Span> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut minutes: i64 = 0;
    let mut any = false;
    for part in rest.split_whitespace() {
        let unit = part.chars().last()?;
        let number: i64 = part.get(..part.len() - unit.len_utf8())?.parse().ok().filter(|number| *number >= 0)?;
        let length = match unit.to_ascii_lowercase() {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        minutes = minutes.checked_add(number.checked_mul(length)?)?;
        any = true;
    }
    if any { Span::new().try_minutes(sign * minutes).ok() } else { None }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    fn named(name: &str) -> Option<Self> {
        match name {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    fn span(self, count: i64) -> Option<Span> {
        let span = Span::new();
        match self {
            Self::Day => span.try_days(count),
            Self::Week => span.try_weeks(count),
            Self::Month => span.try_months(count),
            Self::Year => span.try_years(count),
        }
        .ok()
    }

    /// Weeks start on Sunday, as in Jira's default locale.
    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Day => Some(day),
            Self::Week if day.weekday() == Weekday::Sunday => Some(day),
            Self::Week => day.nth_weekday(-1, Weekday::Sunday).ok(),
            Self::Month => Some(day.first_of_month()),
            Self::Year => Some(day.first_of_year()),
        }
    }

    /// The argument of a function: `""`, `-1`, `"+2"` in the function's own unit, or `-1d`, `2w`, `-1M`, `1y`.
    fn increment(self, argument: &str) -> Option<Span> {
        if argument.is_empty() {
            return Some(Span::new());
        }
        let argument = argument.strip_prefix('+').unwrap_or(argument);
        if let Ok(count) = argument.parse() {
            return self.span(count);
        }
        let unit = argument.chars().last()?;
        let count: i64 = argument.get(..argument.len() - unit.len_utf8())?.parse().ok()?;
        let span = Span::new();
        match unit {
            'm' => span.try_minutes(count),
            'h' => span.try_hours(count),
            'd' => span.try_days(count),
            'w' => span.try_weeks(count),
            'M' => span.try_months(count),
            'y' => span.try_years(count),
            _ => return None,
        }
        .ok()
    }
}
