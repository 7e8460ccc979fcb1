//! How an instance reads the times that we write in JQL: in the time zone of the sync user's profile, which somebody may change while
//! the daemon runs. Must never let a poll pass over what another zone hid.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::detect::PollError;
use super::instance::Instance;
use crate::jira::TimesRead;
use crate::model::ids::InstanceId;
use crate::model::store::StoreError;

/// How often the profile is looked at.
const HOUR: Duration = Duration::from_secs(3_600);
/// How soon it is tried again where neither form was read right: an index that lagged at the start may have said so.
const SOON: Duration = Duration::from_secs(300);
/// As much as two zones differ.
const WIDE: SignedDuration = SignedDuration::from_hours(26);

/// What to do where an instance reads times otherwise.
pub(super) const REMEDY: &str = "set a time zone in the profile of the sync user; it is tried again every five minutes, and until then more is read than is needed";

/// Under what it is kept in which zone an instance read times, and how far it was polled then.
pub(super) fn note(instance: &InstanceId) -> String {
    format!("times of {instance}")
}

impl Engine {
    /// Looks once an hour whether the profile's zone is still the one that we write in. Where it is not, the next poll looks as far
    /// back as the old one may have been wrong.
    pub(super) async fn watch_times(&self, instance: &Arc<Instance>) -> Result<(), PollError> {
        // Before the very first poll there is nothing to look back to.
        if self.store.cursor(instance.id()).await?.is_none() {
            return Ok(());
        }
        let every = if instance.times() == TimesRead::Otherwise { SOON } else { HOUR };
        let first = instance.looks_at_times(every);
        if first == Some(false) && matches!(instance.times(), TimesRead::Otherwise | TimesRead::Untried) {
            self.learn_times(instance).await?;
        }
        let zone = match first {
            None => None,
            // It was asked for at the start.
            Some(true) if instance.times().needs_zone() => Some(instance.identity.time_zone.clone()),
            Some(true) => None,
            Some(false) => instance.read.zone_now().await?,
        };
        let Some(zone) = zone else { return Ok(()) };
        let known = self.store.note(&note(instance.id())).await?;
        let known = known.as_deref().and_then(|known| known.split_once('|'));
        match known {
            Some((before, until)) if before != zone => {
                tracing::warn!(
                    instance = %instance.id(), before, now = zone,
                    "the time zone of the sync user's profile changed: what was polled of late is looked at again"
                );
                let until = until.parse::<Timestamp>().ok();
                instance.looks_back(until.and_then(|until| until.checked_sub(WIDE).ok()));
                self.read_anew(instance).await?;
                self.learn_times(instance).await?;
            }
            Some(_) | None => self.times_hold(instance, &zone).await?,
        }
        Ok(())
    }

    /// Tries again how times are read.
    async fn learn_times(&self, instance: &Arc<Instance>) -> Result<(), PollError> {
        if let Some(project) = instance.projects.first() {
            let read = instance.read.learn_time_form(project).await?;
            instance.times_are_read(read);
        }
        Ok(())
    }

    /// Notes that all until the cursor was polled in this zone. Durable: the zone may change while no daemon runs.
    async fn times_hold(&self, instance: &Instance, zone: &str) -> Result<(), StoreError> {
        let Some(cursor) = self.store.cursor(instance.id()).await? else { return Ok(()) };
        self.store.set_note(&note(instance.id()), &format!("{zone}|{}", cursor.updated)).await
    }

    /// Takes note that what another zone hid was read.
    pub(super) async fn looked_back(&self, instance: &Arc<Instance>) -> Result<(), PollError> {
        instance.looks_back(None);
        if let Some(zone) = instance.read.zone_now().await? {
            self.times_hold(instance, &zone).await?;
        }
        Ok(())
    }
}

impl Instance {
    /// What is wrong with how times are read, if anything is.
    pub(super) fn times_in_words(&self) -> Option<(String, &'static str)> {
        (self.times() == TimesRead::Otherwise).then(|| {
            let zone = &self.identity.time_zone;
            let what = format!(
                "times in searches are read neither as milliseconds nor in the profile's time zone (`{zone}`): polls ask 26 \
                 hours further back than they need to"
            );
            (what, REMEDY)
        })
    }
}
