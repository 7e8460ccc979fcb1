//! What we did lately at an instance that nobody waits for: what a poll shows of it is as urgent as doing it was. Must never take a
//! person's later change for ours.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use crate::model::ids::IssueId;
use crate::model::store::Urgency;

/// So exactly a server's time is known: it tells whole seconds.
const CLOCK: SignedDuration = SignedDuration::from_secs(2);

/// By issue how urgent it was, and until when, in server time, a change shown of it is that and no act of people's.
#[derive(Debug, Default)]
pub(super) struct Done(BTreeMap<IssueId, (Urgency, Timestamp)>);

impl Done {
    /// Forgets what no poll looks back to any more.
    pub(super) fn forget(&mut self, horizon: Timestamp) {
        self.0.retain(|_, (_, until)| *until >= horizon);
    }

    fn take(&mut self, issue: IssueId, urgency: Urgency, now: Timestamp) {
        if urgency != Urgency::Live {
            self.0.insert(issue, (urgency, now.saturating_add(CLOCK).unwrap_or(Timestamp::MAX)));
        }
    }

    fn urgency_of(&self, issue: IssueId, updated: Timestamp) -> Urgency {
        self.0.get(&issue).filter(|(_, until)| updated <= *until).map_or(Urgency::Live, |(urgency, _)| *urgency)
    }
}

impl Instance {
    /// Takes note that we just made or changed an issue, and how urgent that was.
    pub(super) fn did(&self, issue: IssueId, urgency: Urgency) {
        let now = self.server_now();
        self.done().take(issue, urgency, now);
    }

    /// How urgent it is to look at an issue that a poll shows as changed then.
    pub(super) fn urgency_of(&self, issue: IssueId, updated: Timestamp) -> Urgency {
        self.done().urgency_of(issue, updated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_did_is_no_act_of_peoples_and_what_follows_is() {
        let (mut done, issue) = (Done::default(), IssueId(7));
        let at = |seconds: i64| Timestamp::from_second(1_780_000_000 + seconds).unwrap();
        done.take(issue, Urgency::Backfill, at(0));
        assert_eq!(done.urgency_of(issue, at(0)), Urgency::Backfill);
        assert_eq!(done.urgency_of(issue, at(0)), Urgency::Backfill, "however often it is shown");
        assert_eq!(done.urgency_of(issue, at(3)), Urgency::Live, "somebody changed it since");
        assert_eq!(done.urgency_of(IssueId(8), at(0)), Urgency::Live);
        done.take(issue, Urgency::Backfill, at(10));
        assert_eq!(done.urgency_of(issue, at(10)), Urgency::Backfill);
        done.take(issue, Urgency::Live, at(20));
        assert_eq!(done.urgency_of(issue, at(20)), Urgency::Live, "what people wait for stays urgent");
        done.forget(at(60));
        assert_eq!(done.urgency_of(issue, at(10)), Urgency::Live);
    }
}
