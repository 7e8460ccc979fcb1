//! What we did lately at an instance that nobody waits for: what a poll shows of it is as urgent as doing it was. Must never take a
//! person's later change for ours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use crate::model::ids::{AccountId, IssueId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, LogEntry};
use crate::model::store::Urgency;

/// So exactly a server's time is known: it tells whole seconds.
const CLOCK: SignedDuration = SignedDuration::from_secs(2);

/// What we did to an issue.
#[derive(Debug, Clone, Copy)]
struct Deed {
    urgency: Urgency,
    /// Until then, in server time, a change shown of it may be ours.
    until: Timestamp,
    /// What anybody had done there until then, in server time, was known when we did it.
    known: Timestamp,
}

/// What we did, by issue.
#[derive(Debug, Default)]
pub(super) struct Done(BTreeMap<IssueId, Deed>);

impl Done {
    /// Forgets what no poll looks back to any more.
    pub(super) fn forget(&mut self, horizon: Timestamp) {
        self.0.retain(|_, deed| deed.until >= horizon);
    }

    fn take(&mut self, issue: IssueId, urgency: Urgency, now: Timestamp, known: Timestamp) {
        if urgency != Urgency::Live {
            let until = now.saturating_add(CLOCK).unwrap_or(Timestamp::MAX);
            self.0.insert(issue, Deed { urgency, until, known });
        }
    }

    fn deed(&self, issue: IssueId, updated: Timestamp) -> Option<Deed> {
        self.0.get(&issue).filter(|deed| updated <= deed.until).copied()
    }
}

impl Instance {
    /// Takes note that we just made or changed an issue, how urgent that was, and what of its past was known then.
    pub(super) fn did(&self, issue: IssueId, urgency: Urgency, known: Timestamp) {
        let now = self.server_now();
        self.done().take(issue, urgency, now, known);
    }

    /// How urgent it is to look at an issue that a poll lists as changed then.
    pub(super) fn urgency_of(&self, issue: IssueId, updated: Timestamp) -> Urgency {
        self.done().deed(issue, updated).map_or(Urgency::Live, |deed| deed.urgency)
    }

    /// How urgent it is to look at an issue as a poll shows it. Where our own write came last, somebody's may lie beneath it: that is
    /// live.
    pub(super) fn urgency_of_row(&self, row: &IssueSnapshot) -> Urgency {
        let Some(deed) = self.done().deed(row.id, row.updated) else { return Urgency::Live };
        let is_us = |account: Option<&AccountId>| self.is_us(account);
        if holds_news(&row.log, &row.comments.list, deed.known, is_us) { Urgency::Live } else { deed.urgency }
    }
}

/// Whether somebody else did or said something after a time.
fn holds_news(
    log: &[LogEntry],
    comments: &[CommentSnapshot],
    known: Timestamp,
    is_us: impl Fn(Option<&AccountId>) -> bool,
) -> bool {
    let acted = log.iter().any(|entry| entry.created > known && !is_us(entry.author.as_ref()));
    acted
        || comments.iter().any(|comment| {
            let author = comment.author.as_ref().map(|author| &author.account);
            let changed_by = comment.changed_by.as_ref().or(author);
            comment.created.max(comment.updated) > known && !(is_us(author) && is_us(changed_by))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{CommentId, EntryId};
    use crate::model::issue::{NativeValue, Person, Visibility};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    #[test]
    fn what_we_did_is_no_act_of_peoples_and_what_follows_is() {
        let (mut done, issue) = (Done::default(), IssueId(7));
        let urgency =
            |done: &Done, issue, seconds| done.deed(issue, at(seconds)).map_or(Urgency::Live, |deed| deed.urgency);
        done.take(issue, Urgency::Backfill, at(0), at(-60));
        assert_eq!(urgency(&done, issue, 0), Urgency::Backfill);
        assert_eq!(urgency(&done, issue, 0), Urgency::Backfill, "however often it is shown");
        assert_eq!(urgency(&done, issue, 3), Urgency::Live, "somebody changed it since");
        assert_eq!(urgency(&done, IssueId(8), 0), Urgency::Live);
        done.take(issue, Urgency::Backfill, at(10), at(0));
        assert_eq!(urgency(&done, issue, 10), Urgency::Backfill);
        done.take(issue, Urgency::Live, at(20), at(10));
        assert_eq!(urgency(&done, issue, 20), Urgency::Live, "what people wait for stays urgent");
        done.forget(at(60));
        assert_eq!(urgency(&done, issue, 10), Urgency::Live);
    }

    #[test]
    fn what_somebody_did_beneath_our_write_is_news_until_it_is_known() {
        let is_us = |account: Option<&AccountId>| account.is_some_and(|account| account.as_str() == "sync");
        let entry = |who: Option<&str>, seconds| LogEntry {
            id: EntryId(1),
            created: at(seconds),
            author: who.map(AccountId::from),
            tag: None,
            items: Vec::new(),
        };
        let person = |who: &str| Person { account: AccountId::from(who), display_name: who.to_owned(), email: None };
        let comment = |who: &str, changed_by: Option<&str>, updated| CommentSnapshot {
            id: CommentId::from("1"),
            author: Some(person(who)),
            created: at(0),
            updated: at(updated),
            body: NativeValue::Empty,
            changed_by: changed_by.map(AccountId::from),
            visibility: Visibility::Everybody,
            answers_lost: false,
            parent: None,
            spent: None,
            mark: None,
        };
        assert!(holds_news(&[entry(Some("jane"), 5), entry(Some("sync"), 6)], &[], at(4), is_us));
        assert!(holds_news(&[entry(None, 5)], &[], at(4), is_us), "nobody we know is somebody else");
        assert!(!holds_news(&[entry(Some("jane"), 5), entry(Some("sync"), 6)], &[], at(5), is_us));
        assert!(holds_news(&[], &[comment("jane", None, 5)], at(4), is_us));
        assert!(holds_news(&[], &[comment("sync", Some("jane"), 5)], at(4), is_us), "a copy that somebody changed");
        assert!(!holds_news(&[], &[comment("sync", None, 5), comment("jane", None, 4)], at(4), is_us));
    }
}
