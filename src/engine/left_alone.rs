//! Why nothing is asked of an instance for a while, and when one is said to hang. Must never end what does not pass by itself, nor a request
//! that may still be answered.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::instance::Instance;
use crate::jira::{Failure, JiraError};
use crate::model::ids::InstanceId;

/// No shorter time without an answer is said to be one, whatever the configuration allows a request.
const LEAST: Duration = Duration::from_secs(5);

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

impl Engine {
    /// Returns once an instance has answered nothing for as long as one request of it may take, with what is to be said of it. The requests that
    /// are under way go on: whatever comes shows that it was only slow.
    pub async fn hangs(&self, instance: &InstanceId) -> JiraError {
        let Some(instance) = self.instances.get(instance) else { return std::future::pending().await };
        let longest = instance.settings.timeout.max(LEAST);
        loop {
            let lasts = instance.read.silent_for().unwrap_or_default();
            if lasts >= longest {
                let lasts = SignedDuration::try_from(lasts).unwrap_or(SignedDuration::ZERO);
                let since = self.now().saturating_sub(lasts).unwrap_or(Timestamp::MIN);
                let failure = Failure::Unreachable(format!("nothing was answered since {since:.0}"));
                let (attempt, instance) = ("waiting for an answer".to_owned(), instance.id().clone());
                return JiraError { attempt, instance, failure };
            }
            tokio::time::sleep(longest.saturating_sub(lasts)).await;
        }
    }
}

impl Pause {
    /// What is said instead of asking.
    pub(crate) fn error(&self, instance: &Instance) -> JiraError {
        let failure = Failure::Unreachable(format!("left alone for now: {}", self.why));
        JiraError { attempt: "reading issues".to_owned(), instance: instance.id().clone(), failure }
    }
}
