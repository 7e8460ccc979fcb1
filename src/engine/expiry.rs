//! Secrets and certificates that end soon, in words. Must never say when one ends that nobody has written down: of most secrets, Jira does
//! not tell.

use jiff::{SignedDuration, Timestamp};

use crate::model::settings::LoginEnds;

/// How long before its end a secret is worth a word: as the first notice of it.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
const REMEDY: &str = "make a new one in Jira, put it where `auth` of the instance says, and set `auth.expires`";
const AGAIN: &str = "have access granted again: `jirasyncd login INSTANCE`";
const SHOWN: &str = "have a new one made, put it where `client-certificate` says and its key where `client-key` does, and run \
                     `jirasyncd reload`";
const TRUSTED: &str = "put the authority's new certificate into the file that `ca-file` names, beside the old one, and run `jirasyncd reload`";

/// What is told of the days on which secrets, what somebody granted, and certificates end.
#[must_use]
pub fn ends_in_words(ends: &LoginEnds, now: Timestamp) -> Vec<(String, &'static str)> {
    let LoginEnds { expires, granted_until, certificate_until, authority_until } = *ends;
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
    let shown = certificate_until.filter(is_soon).map(|at| match at <= now {
        true => (format!("the client certificate has ended on {}", day(at)), SHOWN),
        false => (format!("the client certificate ends on {}", day(at)), SHOWN),
    });
    let trusted = authority_until.filter(is_soon).map(|at| match at <= now {
        true => (format!("the certificate authority of `ca-file` has ended on {}", day(at)), TRUSTED),
        false => (format!("the certificate authority of `ca-file` ends on {}", day(at)), TRUSTED),
    });
    [secret, granted, shown, trusted].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_two_weeks_before_and_from_then_on() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let ends = |day: &str| LoginEnds { expires: Some(day.parse().unwrap()), ..LoginEnds::default() };
        let said = |day: &str| ends_in_words(&ends(day), now).pop().map(|(what, _)| what);
        assert_eq!(said("2026-06-16T00:00:00Z"), None);
        assert_eq!(said("2026-06-15T00:00:00Z").unwrap(), "its secret ends on 2026-06-15, by `auth.expires`");
        assert_eq!(said("2026-05-31T00:00:00Z").unwrap(), "its secret has ended on 2026-05-31, by `auth.expires`");
    }

    #[test]
    fn whatever_ends_is_told_with_what_mends_it() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let soon = Some("2026-06-02T00:00:00Z".parse().unwrap());
        let past = Some("2026-05-31T00:00:00Z".parse().unwrap());
        let ends = LoginEnds { expires: None, granted_until: soon, certificate_until: past, authority_until: soon };
        let expected = [
            ("the access that was granted ends on 2026-06-02".to_owned(), AGAIN),
            ("the client certificate has ended on 2026-05-31".to_owned(), SHOWN),
            ("the certificate authority of `ca-file` ends on 2026-06-02".to_owned(), TRUSTED),
        ];
        assert_eq!(ends_in_words(&ends, now), expected);
    }
}
