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
}

impl Announcements {
    pub(crate) fn since(began: Timestamp) -> Self {
        Self { began, heard: BTreeMap::new(), missing: BTreeMap::new(), has_heard: false }
    }

    /// A webhook told of these.
    pub(crate) fn heard(&mut self, issues: &[IssueId], now: Timestamp) {
        self.has_heard = true;
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
            if !self.heard.get(&issue).is_some_and(told) && self.missing.len() < MOST {
                self.missing.entry(issue).or_insert(now);
            }
        }
    }

    /// How many changed without a webhook, longer ago than one may be late.
    pub(crate) fn missing(&self, now: Timestamp) -> usize {
        let age = |since: &Timestamp| now.duration_since(*since);
        self.missing.values().filter(|since| age(since) >= LATE && age(since) < TOLD).count()
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
}
