//! How many writes were sent and what Jira said to them, by kind. Must never tell of an issue or a person: only numbers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::apply::Sent;
use crate::jira::WriteOutcome;
use crate::model::ids::InstanceId;
use crate::model::operation::Action;

/// Writes of one kind to one instance that ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteCount {
    /// The instance.
    pub instance: InstanceId,
    /// What was written.
    pub kind: &'static str,
    /// What came of it.
    pub result: &'static str,
    /// How many, since the engine was made.
    pub count: u64,
}

/// What came of a write that Jira carried out.
pub const DONE: &str = "done";

/// Counts writes.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<BTreeMap<(InstanceId, &'static str, &'static str), u64>>);

impl Tally {
    /// One write ended.
    pub(super) fn ended<T>(&self, instance: &InstanceId, kind: &'static str, outcome: &WriteOutcome<T>) {
        self.count(instance, kind, result(outcome));
    }

    /// The same, of any kind of write that is no create.
    pub(super) fn sent(&self, instance: &InstanceId, action: &Action, sent: &Sent) {
        let result = match sent {
            Sent::Edit(outcome) => result(outcome),
            Sent::Hop(outcome) | Sent::Revision(outcome) | Sent::Relation(outcome) | Sent::Watch(outcome) => {
                result(outcome)
            }
            Sent::Comment(outcome) => result(outcome),
            Sent::File(outcome) => result(outcome),
            Sent::Offer(outcome) => result(outcome),
        };
        self.count(instance, action.kind(), result);
    }

    fn count(&self, instance: &InstanceId, kind: &'static str, result: &'static str) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counted.entry((instance.clone(), kind, result)).or_default() += 1;
    }

    /// What was counted.
    pub(super) fn counted(&self) -> Vec<WriteCount> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let each = counted.iter();
        each.map(|((instance, kind, result), count)| WriteCount {
            instance: instance.clone(),
            kind,
            result,
            count: *count,
        })
        .collect()
    }
}

fn result<T>(outcome: &WriteOutcome<T>) -> &'static str {
    match outcome {
        WriteOutcome::Done(_) => DONE,
        WriteOutcome::Refused(_) => "refused",
        WriteOutcome::NotFound => "not-found",
        WriteOutcome::NotSent { .. } => "not-sent",
        WriteOutcome::InDoubt(_) => "in-doubt",
    }
}
