//! Reading a side's project from the beginning, once per side and clause: polls alone would never show what lay there before
//! the side was configured, or what a narrower `jql` left out. Must never call a project read before all of it is queued,
//! and never move the instance's cursor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::detect::{PollError, Polled, newcomer};
use super::instance::Instance;
use super::walk::Walk;
use super::{Engine, SyncRun};
use crate::jira::{ReadRows, as_urgent_as};
use crate::model::ids::{InstanceId, IssueId, SideId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::settings::{SideSettings, UnknownCopies};
use crate::model::store::{KnownBy, Store, StoreError, Urgency};

/// Pages read in one go. Between two goes the instance is polled, so that what happens now does not wait.
const PAGES: usize = 20;
/// The longest such a go, where an instance is slow or has others go first.
const LONGEST_GO: Duration = Duration::from_secs(20);

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
    /// The place was read whole before, under whatever clause: what lies there is known.
    #[serde(default)]
    proven: bool,
    /// A counterpart was not created in the sync because this place was not read yet.
    #[serde(default)]
    withheld: bool,
}

impl Reading {
    fn of(side: &SideSettings) -> Self {
        let (instance, project, jql) = (side.instance.clone(), side.project.clone(), side.jql.clone());
        Self { instance, project, jql, reached: None, whole: false, proven: false, withheld: false }
    }

    /// What is known of a side that was read so far as this says.
    fn going_on(self, side: &SideSettings) -> Self {
        if self.instance != side.instance || self.project != side.project {
            return Self::of(side);
        }
        if self.jql == side.jql { self } else { Self { jql: side.jql.clone(), reached: None, whole: false, ..self } }
    }
}

/// The sides whose project is not read whole.
pub(super) type Readings = BTreeMap<(SyncId, SideId), Reading>;

/// Under what a reading is kept.
pub(super) fn note(sync: &SyncId, side: &SideId) -> String {
    format!("read from the beginning for {sync}.{side}")
}

/// Has a side's project read from the beginning again: what was made there while no configuration named it is not known.
///
/// # Errors
/// The state could not answer.
pub async fn read_anew(store: &dyn Store, sync: &SyncId, side: &SideId) -> Result<(), StoreError> {
    let name = note(sync, side);
    let known = store.note(&name).await?.and_then(|known| serde_json::from_str::<Reading>(&known).ok());
    let Some(known) = known else { return Ok(()) };
    let anew = serde_json::to_string(&Reading { reached: None, whole: false, ..known });
    let anew = anew.map_err(|error| StoreError::Unreadable { what: "a reading".to_owned(), why: error.to_string() })?;
    store.set_note(&name, &anew).await
}

impl Engine {
    /// Takes up which sides are still to be read: those that are new, and those with another place or clause than was read.
    pub(super) async fn recall_readings(&self) -> Result<(), StoreError> {
        let mut pending = Readings::new();
        for sync in self.syncs.values() {
            for side in &sync.settings.sides {
                let known = self.store.note(&note(sync.id(), &side.id)).await?;
                let known = known.and_then(|known| serde_json::from_str::<Reading>(&known).ok());
                let reading = known.map_or_else(|| Reading::of(side), |known| known.going_on(side));
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
            let _alone = self.reading.lock().await;
            for (place, reading) in self.unread_sides(instance.id(), project) {
                self.finish_reading(instance, &place, reading).await?;
            }
        }
        Ok(())
    }

    /// All of a side's project is queued. Where copies of another state lie there, that is no end: it is read again.
    async fn finish_reading(
        &self,
        instance: &Instance,
        place: &(SyncId, SideId),
        reading: Reading,
    ) -> Result<(), StoreError> {
        let Some(sync) = self.syncs.get(&place.0) else { return Ok(()) };
        if self.is_unclear(instance, &reading) {
            self.hold_for_strangers(sync, &place.1, instance, &reading.project).await?;
            return self.keep(place, Reading { reached: None, whole: false, ..reading }).await;
        }
        self.go_on_after_strangers(sync, &place.1).await?;
        if reading.withheld {
            self.store.wake_sync(&place.0, self.now(), &Occasion::Awaited).await?;
        }
        self.keep(place, Reading { whole: true, proven: true, withheld: false, ..reading }).await
    }

    /// Whether copies of another state were found in a place that this one does not know yet.
    fn is_unclear(&self, instance: &Instance, reading: &Reading) -> bool {
        !reading.proven && self.unknown_copies == UnknownCopies::Hold && instance.has_strangers(&reading.project)
    }

    /// Whether a counterpart may be created on a side: not before its project was read once from the beginning, and not in a
    /// sync one of whose projects holds copies of another state.
    pub(super) fn may_create(&self, sync: &SyncRun, side: &SideId) -> bool {
        self.is_read(sync, side) && !sync.is_held()
    }

    /// Whether a side's project was read once from the beginning: what lies there is known.
    pub(super) fn is_read(&self, sync: &SyncRun, side: &SideId) -> bool {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        readings.get(&(sync.id().clone(), side.clone())).is_none_or(|reading| reading.proven)
    }

    /// Whether a side's project is still to be read from the beginning.
    pub(super) fn is_to_be_read(&self, sync: &SyncId, side: &SideId) -> bool {
        let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        readings.contains_key(&(sync.clone(), side.clone()))
    }

    /// Remembers that counterparts wait until the sync's projects are read. Durable: nothing else will wake their items. Says
    /// whether they wait indeed: it may just have been read.
    pub(super) async fn withheld(&self, sync: &SyncRun, sides: &[SideId]) -> Result<bool, StoreError> {
        let _alone = self.reading.lock().await;
        if sides.iter().all(|side| self.may_create(sync, side)) {
            return Ok(false);
        }
        let pending: Readings = {
            let readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
            let of_sync = readings.iter().filter(|((of, _), reading)| of == sync.id() && !reading.withheld);
            of_sync.map(|(place, reading)| (place.clone(), reading.clone())).collect()
        };
        for (place, reading) in pending {
            self.keep(&place, Reading { withheld: true, ..reading }).await?;
        }
        Ok(true)
    }

    /// Reads on in the projects of an instance that are to be read from the beginning, one go of each.
    pub(super) async fn read_on(&self, instance: &Arc<Instance>) -> Result<Polled, PollError> {
        let mut polled = Polled::default();
        for project in instance.polled() {
            let mut sides = self.unread_sides(instance.id(), &project);
            sides.retain(|(sync, side), _| !self.waits_for_strangers(sync, side));
            if !sides.is_empty() && !self.has_enough(&sides).await? {
                let read = as_urgent_as(Urgency::Backfill, self.read_project(instance, &project, sides));
                polled = polled.and(read.await?);
            }
        }
        Ok(polled)
    }

    async fn has_enough(&self, sides: &Readings) -> Result<bool, StoreError> {
        for (sync, side) in sides.keys() {
            let stuck = self.syncs.get(sync).map_or(0, |sync| Self::stuck_on(sync, side));
            let most = self.portion.saturating_add(stuck);
            if self.store.newcomers(Some((sync, side)), most).await?.len() >= most {
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
            instance.forget_strangers(project);
        }
        let one = BTreeSet::from([project.to_owned()]);
        let (mut polled, mut walk) = (Polled::default(), Walk::from(instance, &one, from));
        let begun = self.clock.monotonic();
        loop {
            let step = walk.step().await?;
            polled.pages += step.pages;
            let mut read = step.read;
            self.by_configured_keys(instance, &mut read).await?;
            self.look_for_strangers(instance, &read.rows).await?;
            polled.rows += self.queue_newcomers(instance, &sides, read).await?;
            // Nothing is polled meanwhile.
            let lasts = self.clock.monotonic().saturating_sub(begun) > LONGEST_GO;
            let unclear = sides.values().any(|reading| self.is_unclear(instance, reading));
            if step.reached.is_some() || step.is_last || unclear {
                self.have_read_until(instance, project, &sides, step.reached.max(from), step.is_last).await?;
            }
            if step.is_last || unclear || (polled.pages >= PAGES || lasts) && step.reached.is_some() {
                polled.more = !step.is_last && !unclear;
                return Ok(polled);
            }
        }
    }

    /// What was read of an instance's projects so far was asked for in another time zone: it is begun anew.
    pub(super) async fn read_anew(&self, instance: &Instance) -> Result<(), StoreError> {
        let _alone = self.reading.lock().await;
        for project in &instance.projects {
            for (place, reading) in self.unread_sides(instance.id(), project) {
                self.keep(&place, Reading { reached: None, ..reading }).await?;
            }
        }
        Ok(())
    }

    async fn have_read_until(
        &self,
        instance: &Instance,
        project: &str,
        sides: &Readings,
        reached: Option<Timestamp>,
        whole: bool,
    ) -> Result<(), StoreError> {
        let _alone = self.reading.lock().await;
        // As they are now: something may have begun to wait for one meanwhile.
        let now = self.unread_sides(instance.id(), project);
        for (place, reading) in now.into_iter().filter(|(place, _)| sides.contains_key(place)) {
            let reading = Reading { reached, ..reading };
            if whole || self.is_unclear(instance, &reading) {
                self.finish_reading(instance, &place, reading).await?;
            } else {
                self.keep(&place, reading).await?;
            }
        }
        Ok(())
    }

    /// Queues the rows that no item of a side's sync holds. Hints of known issues are the polls' business.
    async fn queue_newcomers(
        &self,
        instance: &Arc<Instance>,
        sides: &Readings,
        found: ReadRows,
    ) -> Result<usize, StoreError> {
        let there: Vec<IssueId> = found.rows.iter().map(|row| row.id).collect();
        let there: Vec<IssueId> = there.into_iter().chain(found.unread.iter().filter_map(|row| row.issue)).collect();
        let mut newcomers = Vec::new();
        for (sync, side) in sides.keys() {
            let Some(sync) = self.syncs.get(sync) else { continue };
            let known: BTreeSet<IssueId> =
                self.store.known(&KnownBy::Sync(sync.id().clone()), instance.id(), &there).await?.into_iter().collect();
            let unknown = there.iter().filter(|issue| !known.contains(issue));
            let seen = |issue: &IssueId| newcomer((sync, side), instance, *issue, self.now(), Urgency::Backfill);
            newcomers.extend(unknown.map(seen));
        }
        for newcomer in &mut newcomers {
            newcomer.occasion = Occasion::FirstReading(instance.id().clone());
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
