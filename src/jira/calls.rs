//! How many requests went to an instance and what became of them, by endpoint. Must never count by anything that a Jira chooses: what is
//! counted by is a name of ours and a status.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Statuses that are told apart. Others are counted as what they are of: `2xx`, `4xx`.
const TOLD: [(u16, &str); 7] =
    [(400, "400"), (401, "401"), (403, "403"), (404, "404"), (409, "409"), (429, "429"), (503, "503")];

/// Under what a request is counted that brought no whole answer.
const NONE: &str = "none";

/// Requests of one kind that ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// The endpoint: Atlassian's operationId.
    pub endpoint: &'static str,
    /// What the answer was: a status, a class of them, or `none`.
    pub status: &'static str,
    /// How many, since the client was made.
    pub count: u64,
}

/// Counts requests.
#[derive(Debug, Default)]
pub(super) struct Calls(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Calls {
    /// One request ended, with this status or without a whole answer.
    pub(super) fn ended(&self, endpoint: &'static str, status: Option<u16>) {
        let status = status.map_or(NONE, in_words);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((endpoint, status)).or_default() += 1;
    }

    /// What was counted.
    pub(super) fn counted(&self) -> Vec<CallCount> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.iter().map(|((endpoint, status), count)| CallCount { endpoint, status, count: *count }).collect()
    }
}

fn in_words(status: u16) -> &'static str {
    if let Some((_, told)) = TOLD.iter().find(|(told, _)| *told == status) {
        return told;
    }
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_statuses_are_told_apart() {
        let calls = Calls::default();
        for status in [Some(200), Some(204), Some(429), Some(418), Some(502), Some(503), Some(999), None] {
            calls.ended("getIssue", status);
        }
        let counted: Vec<_> = calls.counted().into_iter().map(|call| (call.status, call.count)).collect();
        assert_eq!(counted, [("2xx", 2), ("429", 1), ("4xx", 1), ("503", 1), ("5xx", 2), ("none", 1)]);
    }
}
