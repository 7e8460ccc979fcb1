//! Newcomers that were not found when they were to begin. Must never drop one for a single answer: nobody asks for it again before it changes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::model::ids::IssueId;

/// After how long one that was not found is asked for again.
const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Those of one instance, and when they are asked for again, by our monotonic time.
#[derive(Debug, Default)]
pub(crate) struct Missed(Mutex<BTreeMap<IssueId, Duration>>);

impl Missed {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<IssueId, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that one was not found. Says whether it was not before, either: then it is gone.
    pub(crate) fn again(&self, issue: IssueId, now: Duration) -> bool {
        let again = self.lock().remove(&issue).is_some();
        if !again {
            self.lock().insert(issue, now + AGAIN_AFTER);
        }
        again
    }

    /// Notes that one is there.
    pub(crate) fn found(&self, issue: IssueId) {
        self.lock().remove(&issue);
    }

    /// Whether one was not found once.
    pub(crate) fn holds(&self, issue: IssueId) -> bool {
        self.lock().contains_key(&issue)
    }

    /// Whether one is not asked for yet.
    pub(crate) fn waits(&self, issue: IssueId, now: Duration) -> bool {
        self.lock().get(&issue).is_some_and(|until| *until > now)
    }
}
