//! Projects whose key an administrator changed. Jira shows the new key everywhere and takes the old one still (from memory), so they go on
//! under the key that the configuration has. Must never take an issue for one of a project that the configured key does not lead to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Engine;
use super::instance::Instance;
use super::work::Work;
use crate::jira::{Failure, JiraError};
use crate::model::hub::Absence;
use crate::model::ids::SideId;
use crate::model::issue::IssueSnapshot;

/// How long it is believed which key a project has, while rows of projects that nobody asked for come.
const BELIEVED: Duration = Duration::from_secs(600);
/// The same where an issue would be taken for moved by it.
const JUST_NOW: Duration = Duration::from_secs(5);
/// When it is asked again where nobody said it.
const LATER: Duration = Duration::from_secs(3_600);

/// What to do about a project of another key.
const REMEDY: &str = "write the new key as `project` of its sides, and restart: Jira takes the old key only until another \
    project is given it";

/// The key that a project was last said to have.
#[derive(Debug)]
struct KeyNow {
    key: String,
    /// When that was asked, by our monotonic time.
    asked: Duration,
}

/// The keys that an instance's projects have now, by those that the configuration has, as far as that was asked.
#[derive(Debug, Default)]
pub(crate) struct KeysNow(Mutex<BTreeMap<String, KeyNow>>);

impl KeysNow {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, KeyNow>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key that a project has, where that was asked within `age`.
    fn known(&self, project: &str, now: Duration, age: Duration) -> Option<String> {
        let known = self.lock();
        known.get(project).filter(|known| now.saturating_sub(known.asked) < age).map(|known| known.key.clone())
    }

    /// The configured key of the project that Jira calls so.
    fn configured(&self, shown: &str) -> Option<String> {
        self.lock().iter().find(|(_, now)| now.key == shown).map(|(configured, _)| configured.clone())
    }
}

impl Instance {
    /// The key that the configuration has for a project which Jira shows by another one.
    pub(super) fn configured_key(&self, shown: &str) -> Option<String> {
        if self.projects.contains(shown) { None } else { self.keys_now.configured(shown) }
    }

    /// Whether a project that Jira shows by this key is one of a side's.
    pub(super) fn covers(&self, shown: &str) -> bool {
        self.projects.contains(shown) || self.configured_key(shown).is_some()
    }

    /// Names an issue's project by the key that the configuration has.
    pub(super) fn by_configured_key(&self, row: &mut IssueSnapshot) {
        if let Some(configured) = self.configured_key(&row.project) {
            row.project = configured;
        } else if self.projects.contains(&row.project) {
            // Jira shows the configured key itself: if the project had another one meanwhile, that is over.
            self.keys_now.lock().retain(|configured, now| configured != &row.project || now.key == row.project);
        }
    }

    /// That projects have another key than the configuration says, and what to do.
    pub(super) fn renamed_in_words(&self) -> Vec<(String, &'static str)> {
        let known = self.keys_now.lock();
        let renamed = known.iter().filter(|(configured, now)| *configured != &now.key);
        let said = |(configured, now): (&String, &KeyNow)| {
            let what = format!("project `{configured}` has the key `{}` now; it goes on under the old one", now.key);
            (what, REMEDY)
        };
        renamed.map(said).collect()
    }
}

impl Engine {
    /// Which key a project has now, asked unless that was done within `age`. `None`: Jira knows no such project, or does not show it.
    async fn key_now(&self, instance: &Instance, project: &str, age: Duration) -> Result<Option<String>, JiraError> {
        let now = self.clock.monotonic();
        if let Some(key) = instance.keys_now.known(project, now, age) {
            return Ok(Some(key));
        }
        match instance.patiently(instance.read.key_now(project)).await {
            Ok(key) => {
                if key != project {
                    tracing::warn!(
                        instance = %instance.id(),
                        %project,
                        %key,
                        "a project has another key than the configuration says"
                    );
                }
                instance.keys_now.lock().insert(project.to_owned(), KeyNow { key: key.clone(), asked: now });
                Ok(Some(key))
            }
            Err(error) => match error.failure {
                Failure::NotFound | Failure::Refused(_) | Failure::Unreadable(_) => Ok(None),
                Failure::NotUs(_)
                | Failure::Locked(_)
                | Failure::Wait(_)
                | Failure::Unreachable(_)
                | Failure::NotJira(_)
                | Failure::Server(_) => Err(error),
            },
        }
    }

    /// Names the projects of rows by the keys that the configuration has. Where a search brings a row of a project that it was not asked
    /// for, it is asked which keys the projects have now.
    ///
    /// # Errors
    /// The instance did not answer: nobody knows then whose the rows are.
    pub(super) async fn by_configured_keys(
        &self,
        instance: &Instance,
        rows: &mut [IssueSnapshot],
    ) -> Result<(), JiraError> {
        if rows.iter().any(|row| !instance.covers(&row.project)) {
            for project in &instance.projects {
                self.key_now(instance, project, BELIEVED).await?;
            }
        }
        for row in rows {
            instance.by_configured_key(row);
        }
        Ok(())
    }

    /// Whether nothing is to be judged of an issue that seems to be moved: its project has another key than is configured, and it is there; or
    /// nobody can say now whether it is so.
    pub(super) async fn is_only_renamed(&self, work: &mut Work, side: &SideId) -> bool {
        let away = work.item.replicas.get(side).and_then(|replica| replica.away.as_ref());
        let Some(Absence::Moved(shown)) = away.map(|away| away.how.clone()) else { return false };
        let Some(instance) = self.instance_on(work, side) else { return false };
        let Some(project) = work.sync.side(side).map(|settings| settings.project.clone()) else { return false };
        if instance.projects.contains(&shown) || instance.pause().is_some() {
            return false;
        }
        match self.key_now(&instance, &project, JUST_NOW).await {
            Ok(Some(now)) if now == shown => {}
            Ok(_) => return false,
            Err(error) => {
                instance.failed(&error);
                work.be_due(self.after(LATER));
                return true;
            }
        }
        if let Some(replica) = work.item.replicas.get_mut(side) {
            replica.away = None;
        }
        match work.reads.get_mut(side) {
            Some(read) => instance.by_configured_key(&mut read.snapshot),
            // What was done to it since was not taken in.
            None => work.want_read(side, false),
        }
        true
    }
}
