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

/// Adds seconds and the like; saturates.
pub(crate) fn after(time: Timestamp, span: std::time::Duration) -> Timestamp {
    let signed = jiff::SignedDuration::try_from(span).unwrap_or(jiff::SignedDuration::MAX);
    time.checked_add(signed).unwrap_or(Timestamp::MAX)
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
    fn dates_are_exact() {
        assert!(is_date("2024-02-29"));
        assert!(!is_date("2023-02-29"));
        assert!(!is_date("29/Feb/24"));
    }
}
