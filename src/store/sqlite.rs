//! The store that the engine sees: each call of the trait becomes one step for a worker. Must never run SQL itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;

use super::checker::Checker;
use super::commands::{self, EffectColumns};
use super::journal::{Entry, Move};
use super::pairing::{self, PairColumns};
use super::problems::Owner;
use super::record::{ItemColumns, RecordColumns};
use super::step::StepResult;
use super::things::{self, ThingColumns};
use super::worker::{Held, Spawn, Worker};
use super::{OpenError, SideInstances, creations, inbox, journal, knowledge, look, open, problems, queue, record};
use crate::clock::{Clock, Entropy};
use crate::model::catalog::Workflow;
use crate::model::command::{CommandRecord, Effect, PairEffect, Pause};
use crate::model::hub::{Conflict, ItemState, There};
use crate::model::ids::{FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId, ThingId};
use crate::model::occasion::Occasion;
use crate::model::operation::{Action, Intent, IntentState, Thing};
use crate::model::problem::Problem;
use crate::model::start::{Ahead, Counted, CreationFigures, CreationStep};
use crate::model::store::{
    Announced, Announcement, Claim, CommentTrace, Cursor, Figures, Hint, KnownBy, Newcomer, Record, StateIdentity,
    Store, StoreError, StoredProblem, Urgency, Waiting,
};
use crate::model::things::{MadeThing, ProjectThing};
use crate::model::trail::ThingStep;

/// What a store that writes is given.
#[derive(Clone)]
pub struct Dependencies {
    /// Dates what is recorded.
    pub clock: Arc<dyn Clock>,
    /// Makes the state's identity.
    pub entropy: Arc<dyn Entropy>,
    /// The instance of each side, from the configuration.
    pub instances: SideInstances,
    /// Where the work is done.
    pub spawn: Spawn,
}

impl std::fmt::Debug for Dependencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dependencies").field("spawn", &self.spawn).finish_non_exhaustive()
    }
}

/// The state in an SQLite database. Dropping it finishes what is queued, closes the file and frees the lock.
pub struct SqliteStore {
    /// Where a large state is checked while it is worked on already. Dropped before the writer folds its log.
    checker: Option<Checker>,
    /// Declared first, so dropped first: the writer then finds nobody reading, and folds its log into the file.
    reader: Option<Worker>,
    /// `None`: opened for reading only.
    writer: Option<Writer>,
}

struct Writer {
    worker: Worker,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Replaced when the configuration is.
    instances: RwLock<Arc<SideInstances>>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("writes", &self.writer.is_some()).finish_non_exhaustive()
    }
}

/// A writing call on a state that was opened for reading.
#[derive(Debug, thiserror::Error)]
#[error("the state was opened for reading only")]
struct ReadOnly;

impl SqliteStore {
    /// Opens the state at `path` for writing, alone, and makes it if nothing is there. Its folder must exist.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing was changed then.
    pub fn open(path: &Path, dependencies: Dependencies) -> Result<Self, OpenError> {
        let spawn = dependencies.spawn;
        let (held, deferred) = open::for_writing(path, spawn == Spawn::Thread)?;
        let writer = Writer::start(held, dependencies)?;
        let checker = if deferred { Some(Checker::start(path)?) } else { None };
        let reader = match spawn {
            Spawn::Inline => None,
            Spawn::Thread => {
                let held = open::for_reading(path)?;
                Some(start(spawn, "state-reader", held)?)
            }
        };
        Ok(Self { checker, reader, writer: Some(writer) })
    }

    /// A state in memory, gone when dropped.
    ///
    /// # Errors
    /// SQLite or the system refused.
    pub fn in_memory(dependencies: Dependencies) -> Result<Self, OpenError> {
        let writer = Writer::start(open::in_memory()?, dependencies)?;
        Ok(Self { checker: None, reader: None, writer: Some(writer) })
    }

    /// A copy in memory of the state at `path`, to plan on: whatever is written to it is thrown away. A new one where there
    /// is none yet.
    ///
    /// # Errors
    /// See [`OpenError`]. The file is only read.
    pub fn copy_in_memory(path: &Path, dependencies: Dependencies) -> Result<Self, OpenError> {
        let writer = Writer::start(open::copy(path)?, dependencies)?;
        Ok(Self { checker: None, reader: None, writer: Some(writer) })
    }

    /// Opens the state at `path` for reading, beside a running daemon or without one. Every writing call is refused, and
    /// not a byte of the state changes. Work is done on the calling thread.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Missing`] when there is none yet.
    pub fn read_only(path: &Path) -> Result<Self, OpenError> {
        let held = open::for_reading(path)?;
        Ok(Self { checker: None, reader: Some(start(Spawn::Inline, "state-reader", held)?), writer: None })
    }

    /// Has it go by another configuration from now on: the instance of each side.
    ///
    /// # Errors
    /// It was opened for reading only.
    pub fn follow(&self, instances: SideInstances) -> Result<(), StoreError> {
        let writer = self.writer("go by another configuration")?;
        *writer.instances.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(instances);
        Ok(())
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        attempt: &'static str,
        step: impl FnOnce(&Connection) -> StepResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let worker = self.reader.as_ref().or(self.writer.as_ref().map(|writer| &writer.worker));
        match worker {
            Some(worker) => worker.run(attempt, step).await,
            None => Err(StoreError::Database { attempt, source: "the state is closed".into() }),
        }
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        attempt: &'static str,
        step: impl FnOnce(&Connection) -> StepResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Some(damage) = self.checker.as_ref().and_then(Checker::damage) {
            let source = format!("the state is damaged: {damage}").into();
            return Err(StoreError::Database { attempt, source });
        }
        self.writer(attempt)?.worker.run(attempt, step).await
    }

    fn writer(&self, attempt: &'static str) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::Database { attempt, source: Box::new(ReadOnly) })
    }
}

impl Writer {
    fn start(held: Held, dependencies: Dependencies) -> Result<Self, OpenError> {
        let Dependencies { clock, entropy, instances, spawn } = dependencies;
        let instances = RwLock::new(Arc::new(instances));
        Ok(Self { worker: start(spawn, "state-writer", held)?, clock, entropy, instances })
    }

    /// The instance of each side now.
    fn instances(&self) -> Arc<SideInstances> {
        Arc::clone(&self.instances.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn start(spawn: Spawn, name: &str, held: Held) -> Result<Worker, OpenError> {
    Worker::start(spawn, name, held).map_err(|source| OpenError::Thread { source })
}

#[async_trait]
impl Store for SqliteStore {
    async fn identity(&self) -> Result<StateIdentity, StoreError> {
        const ATTEMPT: &str = "read who this state is";
        let Some(writer) = &self.writer else {
            let unmade = || StoreError::Unreadable {
                what: "no identity".to_owned(),
                why: "no daemon has run on this state yet".to_owned(),
            };
            return self.read(ATTEMPT, knowledge::identity).await?.ok_or_else(unmade);
        };
        let entropy = Arc::clone(&writer.entropy);
        self.write(ATTEMPT, move |connection| knowledge::identity_or_new(connection, &*entropy)).await
    }

    async fn cursor(&self, instance: &InstanceId) -> Result<Option<Cursor>, StoreError> {
        let instance = instance.clone();
        self.read("read a cursor", move |connection| knowledge::cursor(connection, &instance)).await
    }

    async fn queue_hints(
        &self,
        instance: &InstanceId,
        hints: &[Hint],
        newcomers: &[Newcomer],
        cursor: Option<Cursor>,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        let (instance, hints, newcomers) = (instance.clone(), hints.to_vec(), newcomers.to_vec());
        self.write("queue hints", move |connection| {
            queue::hints(connection, &instance, &hints, &newcomers, cursor, due)
        })
        .await
    }

    async fn announce(&self, instance: &InstanceId, told: &Announcement) -> Result<bool, StoreError> {
        let (instance, told) = (instance.clone(), told.clone());
        self.write("store what a webhook told", move |connection| inbox::announce(connection, &instance, &told)).await
    }

    async fn announced(
        &self,
        instance: &InstanceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Announced>, StoreError> {
        let instance = instance.clone();
        self.read("read what webhooks told", move |connection| inbox::announced(connection, &instance, now, limit))
            .await
    }

    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        self.read("look what webhooks told", inbox::waiting).await
    }

    async fn looked_after(&self, instance: &InstanceId, looked: &[Announced]) -> Result<(), StoreError> {
        let (instance, looked) = (instance.clone(), looked.to_vec());
        self.write("forget what webhooks told", move |connection| inbox::looked_after(connection, &instance, &looked))
            .await
    }

    async fn traces(&self, instance: &InstanceId, issue: IssueId) -> Result<Vec<(i64, CommentTrace)>, StoreError> {
        let instance = instance.clone();
        self.read("read traces of comments", move |connection| inbox::traces(connection, &instance, issue)).await
    }

    async fn forget_traces(&self, numbers: &[i64]) -> Result<(), StoreError> {
        let numbers = numbers.to_vec();
        self.write("forget traces of comments", move |connection| inbox::forget_traces(connection, &numbers)).await
    }

    async fn items_of(
        &self,
        instance: &InstanceId,
        issue: IssueId,
    ) -> Result<Vec<(ItemId, SyncId, SideId)>, StoreError> {
        let instance = instance.clone();
        self.read("look up an issue", move |connection| look::items_of(connection, &instance, issue)).await
    }

    async fn known(&self, by: &KnownBy, instance: &InstanceId, issues: &[IssueId]) -> Result<Vec<IssueId>, StoreError> {
        let (by, instance, issues) = (by.clone(), instance.clone(), issues.to_vec());
        self.read("look up issues", move |connection| queue::known(connection, &by, &instance, &issues)).await
    }

    async fn newcomers(&self, of: Option<(&SyncId, &SideId)>, limit: usize) -> Result<Vec<Newcomer>, StoreError> {
        let of = of.map(|(sync, side)| (sync.clone(), side.clone()));
        self.read("read newcomers", move |connection| queue::newcomers(connection, of.as_ref(), limit)).await
    }

    async fn forget_newcomers(&self, newcomers: &[Newcomer]) -> Result<(), StoreError> {
        let newcomers = newcomers.to_vec();
        self.write("forget newcomers", move |connection| queue::forget_newcomers(connection, &newcomers)).await
    }

    async fn pair_up(&self, pair: &PairEffect) -> Result<(), StoreError> {
        const ATTEMPT: &str = "pair issues";
        let writer = self.writer(ATTEMPT)?;
        let (now, columns) = (writer.clock.now(), PairColumns::of(pair, &writer.instances())?);
        self.write(ATTEMPT, move |connection| pairing::pair(connection, now, &columns, &Occasion::Paired)).await
    }

    async fn begin_item(
        &self,
        item: &ItemState,
        instance: &InstanceId,
        newcomer: &Newcomer,
        urgency: Urgency,
        due: Timestamp,
    ) -> Result<bool, StoreError> {
        const ATTEMPT: &str = "begin an item";
        let instances = &*self.writer(ATTEMPT)?.instances();
        let item = ItemColumns::of(item, instances)?.starting_from(newcomer, instance);
        let (instance, newcomer) = (instance.clone(), newcomer.clone());
        self.write(ATTEMPT, move |connection| record::begin(connection, &item, &instance, &newcomer, urgency, due))
            .await
    }

    async fn claim(
        &self,
        holder: &str,
        now: Timestamp,
        limit: usize,
        least: Urgency,
    ) -> Result<Vec<Claim>, StoreError> {
        let holder = holder.to_owned();
        self.write("claim due items", move |connection| queue::claim(connection, &holder, now, limit, least)).await
    }

    async fn claim_these(&self, holder: &str, now: Timestamp, items: &[ItemId]) -> Result<Vec<Claim>, StoreError> {
        let (holder, items) = (holder.to_owned(), items.to_vec());
        self.write("claim items", move |connection| queue::claim_these(connection, &holder, now, &items)).await
    }

    async fn open_intents(&self, fence: u64, intents: &[Intent]) -> Result<(), StoreError> {
        const ATTEMPT: &str = "open intents";
        let writer = self.writer(ATTEMPT)?;
        let now = writer.clock.now();
        let offers = intents.iter().any(|intent| matches!(intent.operation.action, Action::Offer { .. }));
        let instances = if offers { writer.instances() } else { Arc::default() };
        let intents: Vec<(Intent, Entry)> =
            intents.iter().map(|intent| Ok((intent.clone(), Entry::of(intent)?))).collect::<Result<_, StoreError>>()?;
        self.write(ATTEMPT, move |connection| journal::open(connection, fence, now, &intents, &instances)).await
    }

    async fn move_intents(&self, moves: &[(OperationId, IntentState)]) -> Result<(), StoreError> {
        const ATTEMPT: &str = "move intents";
        let now = self.writer(ATTEMPT)?.clock.now();
        let moves: Vec<Move> = moves.iter().map(Move::of).collect::<Result<_, _>>()?;
        self.write(ATTEMPT, move |connection| journal::advance(connection, now, &moves)).await
    }

    async fn count_search(&self, operation: OperationId) -> Result<(), StoreError> {
        self.write("count a search", move |connection| journal::count_search(connection, operation)).await
    }

    async fn intent(&self, operation: OperationId) -> Result<Option<Intent>, StoreError> {
        self.read("look up an intent", move |connection| journal::find(connection, operation)).await
    }

    async fn record(&self, records: &[(u64, Record)]) -> Result<(), StoreError> {
        const ATTEMPT: &str = "record what became of items";
        let writer = self.writer(ATTEMPT)?;
        let (now, instances) = (writer.clock.now(), writer.instances());
        let records: Vec<RecordColumns> = records
            .iter()
            .map(|(fence, record)| RecordColumns::of(*fence, record, &instances))
            .collect::<Result<_, _>>()?;
        self.write(ATTEMPT, move |connection| record::record(connection, now, &records)).await
    }

    async fn keep_retired(&self, item: &ItemState) -> Result<(), StoreError> {
        const ATTEMPT: &str = "keep an item that was let be";
        let writer = self.writer(ATTEMPT)?;
        let (now, columns) = (writer.clock.now(), ItemColumns::of(item, &writer.instances())?);
        self.write(ATTEMPT, move |connection| record::keep_retired(connection, &columns, now)).await
    }

    async fn release(&self, item: ItemId, fence: u64, due: Option<Timestamp>, attempts: u32) -> Result<(), StoreError> {
        self.write("release an item", move |connection| queue::release(connection, item, fence, due, attempts)).await
    }

    async fn free_all(&self) -> Result<Vec<ItemId>, StoreError> {
        const ATTEMPT: &str = "free the items of a dead holder";
        let now = self.writer(ATTEMPT)?.clock.now();
        self.write(ATTEMPT, move |connection| queue::free_all(connection, now)).await
    }

    async fn wake_awaited(&self) -> Result<(), StoreError> {
        const ATTEMPT: &str = "wake what waits for an instance";
        let now = self.writer(ATTEMPT)?.clock.now();
        self.write(ATTEMPT, move |connection| queue::wake_awaited(connection, now)).await
    }

    async fn queue_items(
        &self,
        items: &[ItemId],
        urgency: Urgency,
        due: Timestamp,
        occasion: &Occasion,
    ) -> Result<(), StoreError> {
        let (items, occasion) = (items.to_vec(), occasion.clone());
        self.write("queue items", move |connection| {
            items.iter().try_for_each(|item| queue::wake(connection, *item, urgency, due, &occasion))
        })
        .await
    }

    async fn wake_sync(&self, sync: &SyncId, due: Timestamp, occasion: &Occasion) -> Result<(), StoreError> {
        let (sync, why) = (sync.clone(), occasion.clone());
        self.write("queue the items of a sync", move |connection| queue::wake_sync(connection, &sync, due, &why)).await
    }

    async fn wake_troubled(
        &self,
        sync: &SyncId,
        side: &SideId,
        field: &FieldName,
        due: Timestamp,
        occasion: &Occasion,
    ) -> Result<(), StoreError> {
        let (sync, side, field, occasion) = (sync.clone(), side.clone(), field.clone(), occasion.clone());
        self.write("queue items with a problem", move |connection| {
            problems::of_field(connection, &sync, &side, &field)?
                .into_iter()
                .try_for_each(|item| queue::wake(connection, item, Urgency::Live, due, &occasion))
        })
        .await
    }

    async fn size_of(&self, sync: &SyncId) -> Result<u64, StoreError> {
        let sync = sync.clone();
        self.read("count the items of a sync", move |connection| creations::size(connection, &sync)).await
    }

    async fn waiting_creations(&self, sync: &SyncId) -> Result<Vec<(ItemId, SideId)>, StoreError> {
        let sync = sync.clone();
        self.read("read what waits to be created", move |connection| creations::waiting(connection, &sync)).await
    }

    async fn begun_creations(&self, sync: &SyncId, since: Timestamp) -> Result<Vec<Timestamp>, StoreError> {
        let sync = sync.clone();
        self.read("read what was begun", move |connection| creations::begun(connection, &sync, since)).await
    }

    async fn started_creations(&self, sync: &SyncId) -> Result<Vec<ItemId>, StoreError> {
        let sync = sync.clone();
        self.read("read what was started", move |connection| creations::started(connection, &sync)).await
    }

    async fn creations_ahead(&self, sync: &SyncId, of: Counted) -> Result<Ahead, StoreError> {
        let sync = sync.clone();
        self.read("count what is ahead", move |connection| creations::ahead(connection, &sync, of)).await
    }

    async fn keep_creations(&self, sync: &SyncId, step: &CreationStep, now: Timestamp) -> Result<(), StoreError> {
        let (sync, step) = (sync.clone(), step.clone());
        self.write("keep what begins and what waits", move |connection| creations::keep(connection, &sync, &step, now))
            .await
    }

    async fn creation_figures(&self, now: Timestamp) -> Result<Vec<CreationFigures>, StoreError> {
        self.read("count first copies", move |connection| creations::figures(connection, now)).await
    }

    async fn next_due(&self, least: Urgency) -> Result<Option<Timestamp>, StoreError> {
        self.read("see what is due next", move |connection| queue::next_due(connection, least)).await
    }

    async fn workflow(&self, instance: &InstanceId, project: &str) -> Result<Workflow, StoreError> {
        let (instance, project) = (instance.clone(), project.to_owned());
        self.read("read learnt ways", move |connection| knowledge::workflow(connection, &instance, &project)).await
    }

    async fn learn_ways(
        &self,
        instance: &InstanceId,
        project: &str,
        ways: &[(String, String, String)],
    ) -> Result<(), StoreError> {
        let (instance, project, ways) = (instance.clone(), project.to_owned(), ways.to_vec());
        self.write("keep learnt ways", move |connection| knowledge::learn_ways(connection, &instance, &project, &ways))
            .await
    }

    async fn set_problems(&self, about: &str, problems: &[Problem], now: Timestamp) -> Result<(), StoreError> {
        let (owner, problems) = (Owner::About(about.to_owned()), problems.to_vec());
        self.write("keep problems", move |connection| problems::replace(connection, &owner, &problems, now, None)).await
    }

    async fn problems(&self, limit: usize) -> Result<Vec<StoredProblem>, StoreError> {
        self.read("read problems", move |connection| problems::all(connection, limit, true)).await
    }

    async fn problems_to_tell(&self, limit: usize) -> Result<Vec<StoredProblem>, StoreError> {
        self.read("read problems", move |connection| problems::all(connection, limit, false)).await
    }

    async fn items_in_conflict(&self) -> Result<Vec<ItemId>, StoreError> {
        self.read("list conflicts", look::items_in_conflict).await
    }

    async fn conflicts(&self, item: ItemId) -> Result<Vec<Conflict>, StoreError> {
        self.read("read conflicts", move |connection| look::conflicts(connection, item)).await
    }

    async fn figures(&self, now: Timestamp) -> Result<Figures, StoreError> {
        self.read("count", move |connection| look::figures(connection, now)).await
    }

    async fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        let name = name.to_owned();
        self.read("read a note", move |connection| knowledge::note(connection, &name)).await
    }

    async fn set_note(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write("keep a note", move |connection| knowledge::set_note(connection, &name, &value)).await
    }

    async fn item(&self, item: ItemId) -> Result<Option<ItemState>, StoreError> {
        self.read("read an item", move |connection| look::item(connection, item)).await
    }

    async fn items_by_key(&self, key: &IssueKey) -> Result<Vec<ItemId>, StoreError> {
        let key = key.clone();
        self.read("look up a key", move |connection| look::items_by_key(connection, &key)).await
    }

    async fn counterparts(
        &self,
        sync: &SyncId,
        keys: &[IssueKey],
    ) -> Result<Vec<BTreeMap<SideId, IssueKey>>, StoreError> {
        let (sync, keys) = (sync.clone(), keys.to_vec());
        self.read("look up keys", move |connection| look::counterparts(connection, &sync, &keys)).await
    }

    async fn relatives(
        &self,
        sync: &SyncId,
        issues: &[(InstanceId, IssueId)],
        keys: &[(InstanceId, IssueKey)],
        items: &[ItemId],
    ) -> Result<Vec<(ItemId, BTreeMap<SideId, There>)>, StoreError> {
        let (sync, issues, keys, items) = (sync.clone(), issues.to_vec(), keys.to_vec(), items.to_vec());
        let attempt = "look up linked items";
        self.read(attempt, move |connection| look::relatives(connection, &sync, &issues, &keys, &items)).await
    }

    async fn carry_out(&self, command: &CommandRecord, effects: &[Effect]) -> Result<(), StoreError> {
        const ATTEMPT: &str = "carry a command out";
        let writer = self.writer(ATTEMPT)?;
        let (now, command, instances) = (writer.clock.now(), command.clone(), writer.instances());
        let effects: Vec<EffectColumns> =
            effects.iter().map(|effect| EffectColumns::of(effect, &instances)).collect::<Result<_, StoreError>>()?;
        self.write(ATTEMPT, move |connection| commands::carry_out(connection, now, &command, &effects)).await
    }

    async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        self.read("read what is paused", commands::pauses).await
    }

    async fn commands(&self, since: Option<Timestamp>, limit: usize) -> Result<Vec<CommandRecord>, StoreError> {
        self.read("read what operators did", move |connection| commands::since(connection, since, limit)).await
    }

    async fn things(&self, sync: &SyncId, thing: Thing) -> Result<Vec<ProjectThing>, StoreError> {
        let sync = sync.clone();
        self.read("read versions and components", move |connection| things::all(connection, &sync, thing)).await
    }

    async fn keep_things(
        &self,
        sync: &SyncId,
        things: &[ProjectThing],
        over: &[ThingId],
        made: &[MadeThing],
        steps: &[ThingStep],
    ) -> Result<(), StoreError> {
        let columns: Vec<ThingColumns> = things.iter().map(ThingColumns::of).collect::<Result<_, _>>()?;
        let (sync, over, made, steps) = (sync.clone(), over.to_vec(), made.to_vec(), steps.to_vec());
        self.write("keep versions and components", move |connection| {
            things::keep(connection, &sync, &columns, (&over, &made), &steps)
        })
        .await
    }

    async fn made_things(&self, thing: Thing) -> Result<Vec<MadeThing>, StoreError> {
        self.read("read what we named", move |connection| things::made(connection, thing)).await
    }

    async fn item_ids(&self, after: Option<ItemId>, limit: usize) -> Result<Vec<ItemId>, StoreError> {
        self.read("list items", move |connection| look::item_ids(connection, after, limit)).await
    }

    async fn retired_ids(&self, after: Option<ItemId>, limit: usize) -> Result<Vec<ItemId>, StoreError> {
        self.read("list retired items", move |connection| look::retired_ids(connection, after, limit)).await
    }
}
