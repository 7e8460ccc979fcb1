//! Why nothing is asked of an instance for a while. Must never end what does not pass by itself.

use std::time::Duration;

use super::instance::Instance;
use crate::jira::{Failure, JiraError};

/// Why an instance is left alone, and until when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pause {
    /// Our monotonic time.
    pub(crate) until: Duration,
    /// In words.
    pub(crate) why: String,
    /// It has been away for long: what waits for it need not look before a poll finds it back.
    pub(crate) away: bool,
    /// Where it does not take us for the sync user: how it said so. That does not pass by itself.
    pub(crate) refused: Option<Failure>,
}

impl Pause {
    /// What is said instead of asking.
    pub(crate) fn error(&self, instance: &Instance) -> JiraError {
        let failure = Failure::Unreachable(format!("left alone for now: {}", self.why));
        JiraError { attempt: "reading issues".to_owned(), instance: instance.id().clone(), failure }
    }
}
