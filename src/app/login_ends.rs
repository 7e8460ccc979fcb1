//! When what the instances are reached with ends. Certificates are those that were read with the configuration, as the connections have
//! them; what somebody granted may be granted anew while the daemon runs. Must never read a file each time that somebody asks.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use super::Daemon;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::ends_in_words;
use crate::jira::{grant_ends, login_ends};
use crate::model::ids::InstanceId;
use crate::model::settings::LoginEnds;

/// How soon it is seen that access was granted anew.
const LOOK: Duration = Duration::from_secs(60);

/// By instance what is known, and when it was last looked at, by our monotonic time.
pub(super) type KnownEnds = BTreeMap<InstanceId, (Duration, LoginEnds)>;

/// What holds for a configuration that was just read.
pub(super) fn of_all(config: &Config, clock: &dyn Clock) -> KnownEnds {
    let now = clock.monotonic();
    config.instances.values().map(|settings| (settings.id.clone(), (now, login_ends(settings)))).collect()
}

impl Daemon {
    /// When what an instance is reached with ends, as far as that is known.
    pub(super) fn login_ends(&self, instance: &InstanceId) -> LoginEnds {
        let now = self.surroundings.clock.monotonic();
        let mut known = self.login_ends.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((looked, ends)) = known.get_mut(instance) else { return LoginEnds::default() };
        if now.saturating_sub(*looked) >= LOOK
            && let Some(settings) = self.config.instances.get(instance)
        {
            *looked = now;
            ends.granted_until = grant_ends(settings);
        }
        *ends
    }

    /// What of it ends soon, or has ended, and what to do.
    pub(super) fn endings(&self, instance: &InstanceId) -> Vec<(String, &'static str)> {
        ends_in_words(&self.login_ends(instance), self.surroundings.clock.now())
    }
}
