//! Whether webhooks tell of what polls see. It must never keep more than a bounded part of it, nor make anything wait.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::ids::IssueId;

/// Issues that are kept at most, of each sort.
const MOST: usize = 1_000;
/// How long a webhook may be late before it counts as lost: Jira Cloud aims at 15 minutes for what bulk changes set off.
const LATE: SignedDuration = SignedDuration::from_mins(16);
/// How long a missing one is told.
const TOLD: SignedDuration = SignedDuration::from_hours(24);
/// How long it is known that one came.
const KNOWN: SignedDuration = SignedDuration::from_hours(1);
/// So many changes that no webhook told of, the first of them so long ago, with no webhook at all since: then none come any more.
const FEW: usize = 3;
const WHILE: SignedDuration = SignedDuration::from_hours(1);
/// How far clocks may differ beyond what was measured.
const DRIFT: SignedDuration = SignedDuration::from_secs(10);

/// What webhooks told of an instance, and what they did not.
#[derive(Debug)]
pub(crate) struct Announcements {
    /// What changed before, in the instance's time, is nobody's fault: nobody listened.
    began: Timestamp,
    heard: BTreeMap<IssueId, Timestamp>,
    missing: BTreeMap<IssueId, Timestamp>,
    /// Whether any came.
    pub(crate) has_heard: bool,
    /// When the last one came.
    last: Option<Timestamp>,
    /// When the first few changes after that were seen, of those that none told of.
    untold: Vec<Timestamp>,
    /// Since when none come, as long as none does: days without a change are no sign that they come again.
    silent: Option<Timestamp>,
}

impl Announcements {
    pub(crate) fn since(began: Timestamp) -> Self {
        Self {
            began,
            heard: BTreeMap::new(),
            missing: BTreeMap::new(),
            has_heard: false,
            last: None,
            untold: Vec::new(),
            silent: None,
        }
    }

    /// A webhook told of these.
    pub(crate) fn heard(&mut self, issues: &[IssueId], now: Timestamp) {
        self.has_heard = true;
        self.last = Some(now);
        self.untold.clear();
        self.silent = None;
        if self.heard.len() >= MOST {
            self.heard.retain(|_, at| now.duration_since(*at) < KNOWN);
        }
        for issue in issues {
            self.missing.remove(issue);
            if self.heard.len() < MOST {
                self.heard.insert(*issue, now);
            }
        }
    }

    /// A poll found these new. `skew`: the instance's time minus ours.
    pub(crate) fn polled(
        &mut self,
        rows: impl Iterator<Item = (IssueId, Timestamp)>,
        now: Timestamp,
        skew: SignedDuration,
    ) {
        self.missing.retain(|_, since| now.duration_since(*since) < TOLD);
        for (issue, updated) in rows.filter(|(_, updated)| *updated > self.began) {
            let changed = updated.saturating_sub(skew).unwrap_or(updated);
            let told = |at: &Timestamp| at.saturating_add(DRIFT).is_ok_and(|at| at >= changed);
            if self.heard.get(&issue).is_some_and(told) {
                continue;
            }
            // What changed before the last one came may be among more than is known of.
            if self.untold.len() < FEW && !self.last.as_ref().is_some_and(told) {
                self.untold.push(now);
            }
            if self.missing.len() < MOST {
                self.missing.entry(issue).or_insert(now);
            }
        }
    }

    /// How many changed without a webhook, longer ago than one may be late.
    pub(crate) fn missing(&self, now: Timestamp) -> usize {
        let age = |since: &Timestamp| now.duration_since(*since);
        self.missing.values().filter(|since| age(since) >= LATE && age(since) < TOLD).count()
    }

    /// Since when no webhook came though issues change, where that is sure.
    pub(crate) fn silent(&mut self, now: Timestamp) -> Option<Timestamp> {
        if let [first, .., last] = self.untold.as_slice()
            && self.untold.len() >= FEW
            && now.duration_since(*first) >= WHILE
            && now.duration_since(*last) >= LATE
        {
            self.silent = self.silent.or(Some(*first));
        }
        self.silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_webhook_told_of_in_time_is_missing() {
        let at = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).unwrap();
        let mut known = Announcements::since(at(0));
        let skew = SignedDuration::from_secs(100);
        known.heard(&[IssueId(1)], at(10));
        // Before we listened; told before; told afterwards; told long before, and never since.
        known.polled([(IssueId(9), at(-5)), (IssueId(1), at(109)), (IssueId(2), at(110))].into_iter(), at(12), skew);
        known.heard(&[IssueId(2)], at(13));
        known.polled([(IssueId(1), at(400))].into_iter(), at(301), skew);
        assert_eq!(known.missing(at(302)), 0, "it may still come");
        assert_eq!(known.missing(at(301 + 960)), 1);
        known.heard(&[IssueId(1)], at(2_000));
        assert_eq!(known.missing(at(2_001)), 0);
    }
    #[test]
    fn that_none_come_any_more_is_said_after_several_changes_over_an_hour_and_until_one_comes() {
        let at = |minutes: i64| Timestamp::from_second(1_000_000 + minutes * 60).unwrap();
        let mut known = Announcements::since(at(0));
        let poll = |known: &mut Announcements, issue, changed, now| {
            known.polled([(IssueId(issue), at(changed))].into_iter(), at(now), SignedDuration::ZERO);
        };
        known.heard(&[IssueId(1)], at(10));
        // Changed before the last webhook: more may have been told than is known of.
        (2..9).for_each(|issue| poll(&mut known, issue, 9, 11));
        assert_eq!(known.silent(at(400)), None);
        poll(&mut known, 9, 20, 21);
        poll(&mut known, 9, 30, 31);
        assert_eq!(known.silent(at(400)), None, "two changes are no sign");
        poll(&mut known, 9, 75, 76);
        assert_eq!(known.silent(at(85)), None, "the third may be told late");
        assert_eq!(known.silent(at(92)), Some(at(21)));
        // No day without changes ends it, a webhook about anything does.
        assert_eq!(known.silent(at(10_000)), Some(at(21)));
        known.heard(&[], at(10_001));
        assert_eq!(known.silent(at(10_001)), None);
        // Three at once are one moment: an hour is waited for.
        (2..9).for_each(|issue| poll(&mut known, issue, 10_010, 10_011));
        assert_eq!(known.silent(at(10_070)), None);
        assert_eq!(known.silent(at(10_071)), Some(at(10_011)));
    }
}
