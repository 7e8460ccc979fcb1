//! Secrets that end soon, in words. Must never say when one ends that nobody has written down: of most, Jira does not tell.

use jiff::{SignedDuration, Timestamp};

/// How long before its end a secret is worth a word: as the first notice of it.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
const REMEDY: &str = "make a new one in Jira, put it where `auth` of the instance says, and set `auth.expires`";
const AGAIN: &str = "have access granted again: `jirasyncd login INSTANCE`";

/// What is told of the day on which a secret ends (`auth.expires`) and of that on which access that somebody granted does.
#[must_use]
pub fn ends_in_words(
    expires: Option<Timestamp>,
    granted_until: Option<Timestamp>,
    now: Timestamp,
) -> Vec<(String, &'static str)> {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d");
    let is_soon = |at: &Timestamp| at.duration_since(now) < SOON;
    let secret = expires.filter(is_soon).map(|at| match at <= now {
        true => (format!("its secret has ended on {}, by `auth.expires`", day(at)), REMEDY),
        false => (format!("its secret ends on {}, by `auth.expires`", day(at)), REMEDY),
    });
    let granted = granted_until.filter(is_soon).map(|at| match at <= now {
        true => (format!("the access that was granted has ended on {}", day(at)), AGAIN),
        false => (format!("the access that was granted ends on {}", day(at)), AGAIN),
    });
    secret.into_iter().chain(granted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_two_weeks_before_and_from_then_on() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let said = |day: &str| ends_in_words(Some(day.parse().unwrap()), None, now).pop().map(|(what, _)| what);
        assert_eq!(said("2026-06-16T00:00:00Z"), None);
        assert_eq!(said("2026-06-15T00:00:00Z").unwrap(), "its secret ends on 2026-06-15, by `auth.expires`");
        assert_eq!(said("2026-05-31T00:00:00Z").unwrap(), "its secret has ended on 2026-05-31, by `auth.expires`");
        let granted = ends_in_words(None, Some("2026-06-02T00:00:00Z".parse().unwrap()), now);
        assert_eq!(granted, [("the access that was granted ends on 2026-06-02".to_owned(), AGAIN)]);
    }
}
