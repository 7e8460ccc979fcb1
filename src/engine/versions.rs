//! Whether an instance is of the version that it was of before. Nothing is upgraded without being away for minutes, so it is asked when it is
//! back, and at each start. Must never ask an instance that was not away, nor take its answer for more than a word.

use std::sync::{MutexGuard, PoisonError};

use super::Engine;
use super::instance::Instance;
use crate::model::ids::InstanceId;

const REMEDY: &str = "restart the daemon, or `jirasyncd reload`: what depends on the version is tried anew then. `jirasyncd check` tells what does \
                      not fit";

impl Engine {
    /// An instance answers again that did not: asks of which version it is now.
    pub(super) async fn look_who_is_back(&self, instance: &Instance) {
        match instance.read.identity().await {
            Ok(now) => instance.is_of_version(&now.version),
            // The next start asks again.
            Err(error) => tracing::warn!(instance = %instance.id(), %error, "could not ask of which version it is"),
        }
    }
}

/// Says that an instance is of another version than before.
pub(super) fn tell_upgrade(instance: &InstanceId, was: &str, now: &str) {
    tracing::warn!(%instance, was, now, "this Jira is of version {now} now, and was of version {was}");
}

impl Instance {
    fn version(&self) -> MutexGuard<'_, Option<String>> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_of_version(&self, now: &str) {
        let was = &self.identity.version;
        let other = Some(now.to_owned()).filter(|now| now != was && !now.is_empty() && !was.is_empty());
        let mut version = self.version();
        if *version != other {
            tell_upgrade(self.id(), version.as_ref().unwrap_or(was), now);
            *version = other;
        }
    }

    /// That it is of another version than at the start, and what to do.
    pub(super) fn version_in_words(&self) -> Option<(String, &'static str)> {
        let (was, now) = (&self.identity.version, self.version().clone()?);
        let what = format!(
            "this Jira is of version {now} now, and was of version {was} when the daemon started: what depends on that was tried with the one before"
        );
        Some((what, REMEDY))
    }
}
