//! Numbers and instants: Jira's spellings and ours. Must never round.

use jiff::Timestamp;
use jiff::fmt::strtime;

/// How Jira wants an instant, on both kinds (jira-facts, section 16): milliseconds and an offset without a colon.
const JIRA: &str = "%Y-%m-%dT%H:%M:%S%.f%z";

/// A number in its shortest decimal form; `None` for what is none.
pub(super) fn number(text: &str) -> Option<String> {
    let number: f64 = text.trim().parse().ok()?;
    number.is_finite().then(|| number.to_string())
}

/// Seconds rounded up to whole minutes: Jira takes no less.
pub(super) fn whole_minutes(seconds: &str) -> String {
    let whole: Option<u64> = seconds.parse().ok();
    whole.map_or_else(|| seconds.to_owned(), |seconds| (seconds.div_ceil(60) * 60).to_string())
}

/// An instant in UTC; `None` for what is none, like a date in somebody's language.
pub(super) fn moment(text: &str) -> Option<String> {
    let text = text.trim();
    let read: Option<Timestamp> = text.parse().ok();
    let at = read.or_else(|| strtime::parse(JIRA, text).ok()?.to_timestamp().ok())?;
    Some(at.to_string())
}

/// An instant as Jira reads it.
pub(super) fn jira_moment(moment: &str) -> Option<String> {
    let at: Timestamp = moment.parse().ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_spelling() {
        for (text, is) in [("3", "3"), ("3.0", "3"), (" 2.50 ", "2.5"), ("-0.001", "-0.001"), ("1e3", "1000")] {
            assert_eq!(number(text).as_deref(), Some(is), "{text}");
        }
        assert_eq!(number("three"), None);
        assert_eq!(number("NaN"), None);
        assert_eq!(number("9007199254740993").as_deref(), Some("9007199254740992"), "Jira keeps doubles too");
    }

    #[test]
    fn an_instant_is_one_whatever_its_offset() {
        let same = ["2026-03-02T10:00:00.000+0100", "2026-03-02T09:00:00.000+0000", "2026-03-02T09:00:00Z"];
        for text in same {
            assert_eq!(moment(text).as_deref(), Some("2026-03-02T09:00:00Z"), "{text}");
        }
        assert_eq!(jira_moment("2026-03-02T09:00:00Z").as_deref(), Some("2026-03-02T09:00:00.000+0000"));
        assert_eq!(moment("02/Mar/26 10:00 AM"), None);
        assert_eq!(moment(&jira_moment("2026-03-02T09:00:00.5Z").unwrap()).as_deref(), Some("2026-03-02T09:00:00.5Z"));
    }
}
