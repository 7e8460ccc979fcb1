//! Logged work where it differs from comments: time tracking may be off, and a no holds up nothing else. Must never conclude from
//! a list that is empty because time tracking is off.

use super::Engine;
use super::instance::Instance;
use super::rights_told::remedy_for;
use super::work::Work;
use crate::jira::{Failure, JiraError};
use crate::model::ids::SideId;
use crate::model::issue::{Comments, IssueSnapshot};
use crate::model::operation::{Intent, IntentEvent, Operation};
use crate::model::remark::Remark;

/// Why work cannot be logged on an issue that is not found.
pub(super) const UNFOUND: &str = "the issue is not there, or time tracking is switched off";

/// Whether a write is about logged work.
pub(super) fn is_about_work(intent: &Intent) -> bool {
    intent.operation.action.original().is_some_and(|(remark, ..)| remark == Remark::Worklog)
}

/// Whether a no is about time tracking, which is on or off for all of a Jira: it says so, or is one of ours ([`UNFOUND`]).
fn is_about_time_tracking(why: &str) -> bool {
    why.to_lowercase().contains("time tracking")
}

impl Engine {
    /// Reads all logged work of an issue where the read brought only a part, or none of what is known to be there. Says whether it
    /// was read.
    pub(super) async fn complete_worklogs(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &mut IssueSnapshot,
    ) -> Result<bool, JiraError> {
        let there = &snapshot.worklogs;
        let copied = work.item.worklogs.iter().any(|record| record.copies.contains_key(side));
        let known = copied || work.item.worklogs.iter().any(|record| &record.side == side && !record.gone);
        let compared =
            (work.item.matching.is_some() || self.is_restored()) && work.sync.settings.worklogs.to.contains(side);
        let wanted = work.sync.settings.worklogs.from.contains(side) || copied || compared;
        // What does not come at all is not known, and not asked for.
        let part = !there.complete && !there.list.is_empty();
        let vanished = there.complete && there.list.is_empty() && known;
        if !wanted || !(part || vanished) {
            return Ok(false);
        }
        snapshot.worklogs = match instance.patiently(instance.read.worklogs(snapshot.id)).await {
            Ok(list) => Comments { list, complete: true },
            // Switched off: nothing is known, and it is asked again, ever more seldom.
            Err(error @ JiraError { failure: Failure::NotFound | Failure::Refused(_), .. }) => {
                let what = format!("{}: worklogs are known there and cannot be read: {error}", snapshot.key);
                work.problem(side, None, what, "switch time tracking on there; until then they stay as they are");
                work.partly.insert(side.clone());
                work.failed = true;
                work.slow = true;
                Comments::default()
            }
            Err(error) => return Err(error),
        };
        Ok(true)
    }

    /// Says that Jira said no to a worklog. Whoever lacks a permission is not sent to look at time tracking, nor the other way round.
    pub(super) fn tell_work_refused(&self, work: &mut Work, operation: &Operation, why: &str) {
        let side = &operation.side;
        let what = format!("Jira refused a worklog in {}: {why}", Self::in_words(&work.sync, side));
        let remedy = if is_about_time_tracking(why) {
            "have time tracking switched on there, and look whether the sync user sees the issue; it is tried again"
                .to_owned()
        } else {
            remedy_for(&work.sync, side, &operation.action)
        };
        work.problem(side, None, what, &remedy);
    }

    /// A no to a worklog or comment that may be about a right, time tracking, the status. It is told and tried again, ever more
    /// seldom; the rest goes on.
    pub(super) fn work_refused(&self, work: &mut Work, intent: &Intent, why: &str) {
        work.move_intent(intent.id, &IntentEvent::Refused(why.to_owned()));
        self.tell_work_refused(work, &intent.operation, why);
        work.put_off.push(intent.operation.clone());
        work.failed = true;
        work.slow = true;
    }
}
