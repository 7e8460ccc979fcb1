//! A time as an operator types it: a moment, a day, or how long ago. Must never take a day for another one: days are those of UTC, as all
//! times that are printed.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::clock::{Clock as _, SystemClock};

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(moment) = text.parse::<DateTime>()
            && let Ok(moment) = moment.to_zoned(TimeZone::UTC)
        {
            return Ok(Self::At(moment.timestamp()));
        }
        let span = text.parse::<Span>().ok();
        let ago = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let ago = ago.filter(|ago| !ago.is_negative());
        ago.map(Self::Ago)
            .ok_or_else(|| "that is no time: `2026-03-01`, `2026-03-01T09:30:00Z`, `2h` or `7d`".to_owned())
    }
}

impl Since {
    /// The moment.
    pub(super) fn moment(self) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => SystemClock::new().now().saturating_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_days_and_spans_are_taken() {
        let at = |text: &str| Ok(Since::At(text.parse().unwrap()));
        assert_eq!("2026-03-01T09:30:00+01:00".parse::<Since>(), at("2026-03-01T08:30:00Z"));
        assert_eq!("2026-03-01".parse::<Since>(), at("2026-03-01T00:00:00Z"));
        assert_eq!("2026-03-01T09:30".parse::<Since>(), at("2026-03-01T09:30:00Z"));
        assert_eq!("2h".parse::<Since>(), Ok(Since::Ago(SignedDuration::from_hours(2))));
        assert_eq!("7d".parse::<Since>(), Ok(Since::Ago(SignedDuration::from_hours(7 * 24))));
        for wrong in ["", "yesterday", "7", "-2h", "2026-13-01"] {
            assert!(wrong.parse::<Since>().is_err(), "{wrong}");
        }
    }
}
