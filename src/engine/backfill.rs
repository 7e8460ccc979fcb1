//! Reading a side's project from the beginning, once per side and clause: polls alone would never show what lay there before
//! the side was configured, or what a narrower `jql` left out. Must never call a project read before all of it is queued,
//! and never move the instance's cursor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Engine;
use super::detect::{PollError, Polled, newcomer};
use super::instance::Instance;
use crate::jira::ChangePage;
use crate::model::ids::{InstanceId, IssueId, SideId, SyncId};
use crate::model::settings::SideSettings;
use crate::model::store::StoreError;

/// Pages read in one go. Between two goes the instance is polled, so that what happens now does not wait.
const PAGES: usize = 20;
/// With so many newcomers of a side waiting no more are read.
const WAITING: usize = 1_000;
/// A go ends no sooner than so far behind its beginning: JQL counts in minutes, and the next begins where it ended.
const STEP: SignedDuration = SignedDuration::from_mins(2);

/// How far a side's project was read from the beginning, and under which clause. Durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reading {
    instance: InstanceId,
    project: String,
    jql: Option<String>,
    /// All that was changed before it is queued.
    reached: Option<Timestamp>,
    /// All of it is queued.
    whole: bool,
}

impl Reading {
    fn of(side: &SideSettings) -> Self {
        let (instance, project, jql) = (side.instance.clone(), side.project.clone(), side.jql.clone());
        Self { instance, project, jql, reached: None, whole: false }
    }

    fn is_of(&self, side: &SideSettings) -> bool {
        self.instance == side.instance && self.project == side.project && self.jql == side.jql
    }
}

/// The sides whose project is not read whole.
pub(super) type Readings = BTreeMap<(SyncId, SideId), Reading>;

/// Under what a reading is kept.
fn note(sync: &SyncId, side: &SideId) -> String {
    format!("read from the beginning for {sync}.{side}")
}

impl Engine {
    /// Takes up which sides are still to be read: those that are new, and those with another place or clause than was read.
    pub(super) async fn recall_readings(&self) -> Result<(), StoreError> {
        let mut pending = Readings::new();
        for sync in self.syncs.values() {
            for side in &sync.settings.sides {
                let known = self.store.note(&note(sync.id(), &side.id)).await?;
                let known = known.and_then(|known| serde_json::from_str::<Reading>(&known).ok());
                let reading = known.filter(|known| known.is_of(side)).unwrap_or_else(|| Reading::of(side));
                if !reading.whole {
                    pending.insert((sync.id().clone(), side.id.clone()), reading);
                }
            }
        }
        *self.readings.lock().unwrap_or_else(PoisonError::into_inner) = pending;
        Ok(())
    }

    /// The sides in a project of an instance that are still to be read.
    fn unread_sides(&self, instance: &InstanceId, project: &str) -> Readings {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let here = readings.iter().filter(|(_, reading)| &reading.instance == instance && reading.project == project);
        here.map(|(place, reading)| (place.clone(), reading.clone())).collect()
    }

    async fn keep(&self, place: &(SyncId, SideId), reading: Reading) -> Result<(), StoreError> {
        let text = serde_json::to_string(&reading)
            .map_err(|error| StoreError::Unreadable { what: "a reading".to_owned(), why: error.to_string() })?;
        self.store.set_note(&note(&place.0, &place.1), &text).await?;
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if reading.whole {
            readings.remove(place);
        } else {
            readings.insert(place.clone(), reading);
        }
        Ok(())
    }

    /// Notes that these projects were read from the beginning, for every sync.
    pub(super) async fn have_read(&self, instance: &Instance, projects: &BTreeSet<String>) -> Result<(), StoreError> {
        for project in projects {
            for (place, reading) in self.unread_sides(instance.id(), project) {
                self.keep(&place, Reading { whole: true, ..reading }).await?;
            }
        }
        Ok(())
    }

    /// Reads on in the projects of an instance that are to be read from the beginning, one go of each.
    pub(super) async fn read_on(&self, instance: &Arc<Instance>) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        for project in instance.polled() {
            let sides = self.unread_sides(instance.id(), &project);
            if !sides.is_empty() && !self.has_enough(&sides).await? {
                polled = polled.and(self.read_project(instance, &project, sides).await?);
            }
        }
        Ok(polled)
    }

    async fn has_enough(&self, sides: &Readings) -> Result<bool, StoreError> {
        for (sync, side) in sides.keys() {
            if self.store.newcomers(Some((sync, side)), WAITING).await?.len() >= WAITING {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn read_project(
        &self,
        instance: &Arc<Instance>,
        project: &str,
        sides: Readings,
    ) -> Result<Polled, PollError> {
        let from = sides.values().map(|reading| reading.reached).min().flatten();
        if from.is_none() {
            tracing::info!(instance = %instance.id(), project, "reads project {project} from the beginning");
        }
        let one = BTreeSet::from([project.to_owned()]);
        let (mut polled, mut page, mut reached) = (Polled::default(), None, from);
        loop {
            let found = instance.read.changes(&one, from, &instance.want, page.as_deref()).await?;
            polled.pages += 1;
            page.clone_from(&found.next);
            let times = found.rows.iter().map(|row| row.updated);
            reached = times.chain(found.unread.iter().filter_map(|row| row.updated)).max().max(reached);
            polled.rows += self.queue_newcomers(instance, &sides, found).await?;
            let is_far = match (from, reached) {
                (Some(from), Some(reached)) => reached.duration_since(from) >= STEP,
                (from, _) => from.is_none(),
            };
            for (place, reading) in &sides {
                self.keep(place, Reading { reached, whole: page.is_none(), ..reading.clone() }).await?;
            }
            if page.is_none() || polled.pages >= PAGES && is_far {
                break;
            }
        }
        polled.more = page.is_some();
        Ok(polled)
    }

    /// Queues the rows that no item of a side's sync holds. Hints of known issues are the polls' business.
    async fn queue_newcomers(
        &self,
        instance: &Arc<Instance>,
        sides: &Readings,
        found: ChangePage,
    ) -> Result<usize, StoreError> {
        let there: Vec<IssueId> = found.rows.iter().map(|row| row.id).collect();
        let there: Vec<IssueId> = there.into_iter().chain(found.unread.iter().filter_map(|row| row.issue)).collect();
        let mut newcomers = Vec::new();
        for (sync, side) in sides.keys() {
            let Some(sync) = self.syncs.get(sync) else { continue };
            let known: BTreeSet<IssueId> =
                self.store.known(sync.id(), instance.id(), &there).await?.into_iter().collect();
            let unknown = there.iter().filter(|issue| !known.contains(issue));
            newcomers.extend(unknown.map(|issue| newcomer(sync, side, instance, *issue, self.now())));
        }
        let new: BTreeSet<IssueId> = newcomers.iter().map(|newcomer| newcomer.issue).collect();
        for row in found.rows.into_iter().filter(|row| new.contains(&row.id)) {
            instance.could_read(row.id);
            self.rows.put(instance.id(), row);
        }
        for row in &found.unread {
            if let Some(issue) = row.issue.filter(|issue| new.contains(issue)) {
                instance.could_not_read(issue, &row.why);
            }
        }
        if !newcomers.is_empty() {
            self.store.queue_hints(instance.id(), &[], &newcomers, None, self.now()).await?;
        }
        Ok(new.len())
    }
}
