//! Jira's way of writing times. Must never read a clock: times come in as values.

use jiff::{Timestamp, tz::TimeZone};

/// `2021-01-17T12:34:00.000+0000`: milliseconds, offset without a colon [v3 examples].
pub(crate) fn stamp(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

/// Reads what [`stamp`] writes, and RFC 3339.
pub(crate) fn parse_stamp(text: &str) -> Option<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().or_else(|| text.parse().ok())
}

/// `2021-01-17`, and nothing else.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// The zone of that IANA name; UTC when there is none.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Jira keeps milliseconds.
pub(crate) fn to_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// The beginning of its day, in UTC.
pub(crate) fn day_of(time: Timestamp) -> Timestamp {
    time.to_zoned(TimeZone::UTC).start_of_day().map_or(time, |day| day.timestamp())
}

/// Adds seconds and the like; saturates.
pub(crate) fn after(time: Timestamp, span: std::time::Duration) -> Timestamp {
    let signed = jiff::SignedDuration::try_from(span).unwrap_or(jiff::SignedDuration::MAX);
    time.checked_add(signed).unwrap_or(Timestamp::MAX)
}

/// The units of a time to be spent: a week has five days, a day as many hours as its site says.
fn units(hours_per_day: u64) -> [(char, u64); 4] {
    let day = hours_per_day.saturating_mul(3_600);
    [('w', day.saturating_mul(5)), ('d', day), ('h', 3_600), ('m', 60)]
}

/// `1w 2d 3h 4m`, or bare minutes, in seconds; `None` for anything else.
pub(crate) fn seconds(text: &str, hours_per_day: u64) -> Option<u64> {
    let units = units(hours_per_day);
    let mut sum = 0_u64;
    for part in text.split_whitespace() {
        let unit = units.iter().find(|(unit, _)| part.ends_with(*unit));
        let (digits, each) = unit.map_or((part, 60), |(unit, each)| (part.trim_end_matches(*unit), *each));
        sum = sum.checked_add(digits.parse::<u64>().ok()?.checked_mul(each)?)?;
    }
    (!text.trim().is_empty()).then_some(sum)
}

/// Seconds as Jira shows them: `1w 2d 3h 4m`.
pub(crate) fn in_words(seconds: u64, hours_per_day: u64) -> String {
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, each) in units(hours_per_day) {
        if rest >= each {
            parts.push(format!("{}{unit}", rest / each));
            rest %= each;
        }
    }
    if parts.is_empty() { "0m".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_milliseconds_and_an_offset_without_a_colon() {
        let time: Timestamp = "2021-01-17T12:34:00.5Z".parse().unwrap();
        assert_eq!(stamp(time, &TimeZone::UTC), "2021-01-17T12:34:00.500+0000");
        let shanghai = stamp(time, &zone("Asia/Shanghai"));
        assert_eq!(shanghai, "2021-01-17T20:34:00.500+0800");
        assert_eq!(parse_stamp(&shanghai), Some(time));
    }

    #[test]
    fn a_day_is_as_long_as_its_site_says() {
        for (hours, day, week) in [(8, 28_800, 144_000), (6, 21_600, 108_000)] {
            assert_eq!((seconds("1d", hours), seconds("1w", hours)), (Some(day), Some(week)));
            assert_eq!((in_words(day, hours), in_words(week, hours)), ("1d".to_owned(), "1w".to_owned()));
            assert_eq!(seconds("2h 30m", hours), Some(9_000));
        }
        assert_eq!(in_words(28_800, 6), "1d 2h");
    }

    #[test]
    fn dates_are_exact() {
        assert!(is_date("2024-02-29"));
        assert!(!is_date("2023-02-29"));
        assert!(!is_date("29/Feb/24"));
    }
}
