//! A daemon that dies at the n-th effect: before or after a request reaches Jira, before or after a commit. Must never let
//! anything of the dead daemon go on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::model::catalog::Workflow;
use jirasyncd::model::command::{CommandRecord, Effect, PairEffect, Pause};
use jirasyncd::model::hub::{Conflict, ItemState, There};
use jirasyncd::model::ids::{FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId, ThingId};
use jirasyncd::model::occasion::Occasion;
use jirasyncd::model::operation::{Intent, IntentState, Thing};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::settings::InstanceSettings;
use jirasyncd::model::start::{Ahead, Counted, CreationFigures, CreationStep};
use jirasyncd::model::store::{
    Announced, Announcement, Claim, CommentTrace, Cursor, Figures, Hint, KnownBy, Newcomer, Record, StateIdentity,
    Store, StoreError, StoredProblem, Urgency, Waiting,
};
use jirasyncd::model::things::{MadeThing, ProjectThing};
use jirasyncd::model::trail::ThingStep;
use tokio::sync::Notify;

use super::daemon_support::World;

/// Where the daemon may die.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Place {
    BeforeRequest,
    /// Jira did it, and the answer is not heard.
    AfterRequest,
    BeforeCommit,
    AfterCommit,
}

impl Place {
    pub(crate) const ALL: [Self; 4] = [Self::BeforeRequest, Self::AfterRequest, Self::BeforeCommit, Self::AfterCommit];

    fn is_of_request(self) -> bool {
        matches!(self, Self::BeforeRequest | Self::AfterRequest)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BeforeRequest => "before a request",
            Self::AfterRequest => "after a request",
            Self::BeforeCommit => "before a commit",
            Self::AfterCommit => "after a commit",
        }
    }
}

/// Counts effects, and stops for ever at one of them.
#[derive(Default)]
pub(crate) struct Fuse {
    /// Effects left until the daemon dies; 0: it does not.
    left: AtomicUsize,
    /// Only what is before or behind a request is counted down.
    at_requests: AtomicBool,
    passed: AtomicUsize,
    /// Effects since there is this fuse.
    all: AtomicUsize,
    blown: AtomicBool,
    /// Where the daemon died, and how often.
    deaths: Mutex<BTreeMap<Place, u64>>,
    told: Notify,
    /// Notes count as effects, too.
    thorough: AtomicBool,
    /// Each effect is printed.
    told_of: AtomicBool,
    /// What commits the disk has no room for: all whose name begins so.
    full: Mutex<Option<&'static str>>,
}

impl Fuse {
    /// Dies at the `n`-th effect from now, counted from 1; 0: never.
    pub(crate) fn set(&self, n: usize) {
        self.at_requests.store(false, Ordering::SeqCst);
        self.left.store(n, Ordering::SeqCst);
        self.passed.store(0, Ordering::SeqCst);
        self.blown.store(false, Ordering::SeqCst);
    }

    /// The same, counting only what is before or behind a request that may change something.
    pub(crate) fn set_at_requests(&self, n: usize) {
        self.set(n);
        self.at_requests.store(true, Ordering::SeqCst);
    }

    /// From now on notes, problems and ways count as well: the random worlds do without, and their seeds say what they said.
    pub(crate) fn be_thorough(&self) {
        self.thorough.store(true, Ordering::SeqCst);
    }

    /// From now on each effect is printed.
    pub(crate) fn tell(&self) {
        self.told_of.store(true, Ordering::SeqCst);
    }

    /// From now on there is no room on the disk for commits whose name begins so; or room for everything.
    pub(crate) fn fill(&self, full: Option<&'static str>) {
        *self.full.lock().unwrap() = full;
    }

    /// What a state says to a commit.
    fn room(&self, commit: &str) -> Result<(), StoreError> {
        if self.full.lock().unwrap().is_none_or(|full| !commit.starts_with(full)) {
            return Ok(());
        }
        Err(StoreError::Database { attempt: "commit", source: "database or disk is full".into() })
    }

    /// Effects since it was set.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    /// All effects that there ever were.
    pub(crate) fn all(&self) -> usize {
        self.all.load(Ordering::SeqCst)
    }

    /// Where the daemon died, and how often.
    pub(crate) fn deaths(&self) -> BTreeMap<Place, u64> {
        self.deaths.lock().unwrap().clone()
    }

    pub(crate) fn is_blown(&self) -> bool {
        self.blown.load(Ordering::SeqCst)
    }

    /// Returns when the daemon is dead.
    pub(crate) async fn blown(&self) {
        while !self.is_blown() {
            self.told.notified().await;
        }
    }

    /// One effect where notes count, else nothing.
    async fn note(&self, place: Place, name: &str) {
        if self.thorough.load(Ordering::SeqCst) {
            self.effect(place, name).await;
        }
    }

    /// One effect. Never returns once the daemon is dead.
    async fn effect(&self, place: Place, name: &str) {
        if self.is_blown() {
            return std::future::pending().await;
        }
        let number = 1 + self.passed.fetch_add(1, Ordering::SeqCst);
        self.all.fetch_add(1, Ordering::SeqCst);
        if self.told_of.load(Ordering::SeqCst) {
            println!("{number}: {name}");
        }
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 && (place.is_of_request() || !self.at_requests.load(Ordering::SeqCst)) {
            self.left.store(left - 1, Ordering::SeqCst);
            if left == 1 {
                self.blown.store(true, Ordering::SeqCst);
                *self.deaths.lock().unwrap().entry(place).or_default() += 1;
                self.told.notify_one();
                std::future::pending::<()>().await;
            }
        }
    }
}

/// A network with a fuse before and behind every request that may change something.
pub(crate) struct FusedNet(pub(crate) Arc<dyn Transport>, pub(crate) Arc<Fuse>);

#[async_trait]
impl Transport for FusedNet {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let path = request.uri().path();
        let reads = request.method() == http::Method::GET || path.ends_with("/jql") || path.ends_with("/bulkfetch");
        if reads || path.ends_with("/search") {
            return self.0.send(request).await;
        }
        let name = format!("{} {path}", request.method());
        self.1.effect(Place::BeforeRequest, &name).await;
        let answer = self.0.send(request).await;
        self.1.effect(Place::AfterRequest, &name).await;
        answer
    }
}

/// Runs on until the daemon dies of the fuse, and starts it again; after four intervals it will not die any more.
pub(crate) async fn die_once(world: &mut World, fuse: &Fuse) {
    for _ in 0..4 {
        let dead = tokio::select! {
            biased;
            () = fuse.blown() => true,
            _ = world.interval() => false,
        };
        if dead {
            fuse.set(0);
            world.start().await;
            break;
        }
    }
    fuse.set(0);
}

/// Puts a fuse into a world whose daemon is not started yet: into its network and its state.
pub(crate) fn fused_world(world: &mut World) -> Arc<Fuse> {
    let fuse = Arc::new(Fuse::default());
    let (net, transports) = (Arc::clone(&fuse), Arc::clone(&world.surroundings.transports));
    world.surroundings.transports = Arc::new(move |settings: &InstanceSettings| {
        Ok(Arc::new(FusedNet(transports(settings)?, Arc::clone(&net))) as _)
    });
    let store = Arc::clone(&fuse);
    world.surroundings.between =
        Arc::new(move |inner| Arc::new(FusedStore(inner, Arc::clone(&store))) as Arc<dyn Store>);
    fuse
}

/// A state with a fuse before and behind every commit.
pub(crate) struct FusedStore(pub(crate) Arc<dyn Store>, pub(crate) Arc<Fuse>);

/// The same with a planted bug: the cursor moves in a transaction of its own, before the rows that it passes are queued.
pub(crate) struct EarlyCursor(pub(crate) Arc<dyn Store>, pub(crate) Arc<Fuse>);

impl FusedStore {
    async fn queue(
        &self,
        instance: &InstanceId,
        hints: &[Hint],
        newcomers: &[Newcomer],
        cursor: Option<Cursor>,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        self.1.room("queue_hints")?;
        self.1.effect(Place::BeforeCommit, "queue_hints").await;
        self.0.queue_hints(instance, hints, newcomers, cursor, due).await?;
        self.1.effect(Place::AfterCommit, "queue_hints").await;
        Ok(())
    }
}

impl EarlyCursor {
    async fn queue(
        &self,
        instance: &InstanceId,
        hints: &[Hint],
        newcomers: &[Newcomer],
        cursor: Option<Cursor>,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        self.1.effect(Place::BeforeCommit, "queue_hints").await;
        self.0.queue_hints(instance, &[], &[], cursor, due).await?;
        self.1.effect(Place::BeforeCommit, "queue_hints").await;
        self.0.queue_hints(instance, hints, newcomers, None, due).await?;
        self.1.effect(Place::AfterCommit, "queue_hints").await;
        Ok(())
    }
}

macro_rules! fused {
    (reads { $(fn $read:ident($($r:ident: $rt:ty),*) -> $rr:ty;)* } notes { $(fn $note:ident($($n:ident: $nt:ty),*) -> $nr:ty;)* } commits { $(fn $commit:ident($($c:ident: $ct:ty),*) -> $cr:ty;)* }) => {
        fused!(@of FusedStore reads { $(fn $read($($r: $rt),*) -> $rr;)* } notes { $(fn $note($($n: $nt),*) -> $nr;)* } commits { $(fn $commit($($c: $ct),*) -> $cr;)* });
        fused!(@of EarlyCursor reads { $(fn $read($($r: $rt),*) -> $rr;)* } notes { $(fn $note($($n: $nt),*) -> $nr;)* } commits { $(fn $commit($($c: $ct),*) -> $cr;)* });
    };
    (@of $name:ident reads { $(fn $read:ident($($r:ident: $rt:ty),*) -> $rr:ty;)* } notes { $(fn $note:ident($($n:ident: $nt:ty),*) -> $nr:ty;)* } commits { $(fn $commit:ident($($c:ident: $ct:ty),*) -> $cr:ty;)* }) => {
        #[async_trait]
        impl Store for $name {
            async fn queue_hints(
                &self,
                instance: &InstanceId,
                hints: &[Hint],
                newcomers: &[Newcomer],
                cursor: Option<Cursor>,
                due: Timestamp,
            ) -> Result<(), StoreError> {
                self.queue(instance, hints, newcomers, cursor, due).await
            }
            $(async fn $read(&self, $($r: $rt),*) -> Result<$rr, StoreError> { self.0.$read($($r),*).await })*
            $(async fn $note(&self, $($n: $nt),*) -> Result<$nr, StoreError> {
                self.1.note(Place::BeforeCommit, stringify!($note)).await;
                let done = self.0.$note($($n),*).await;
                self.1.note(Place::AfterCommit, stringify!($note)).await;
                done
            })*
            $(async fn $commit(&self, $($c: $ct),*) -> Result<$cr, StoreError> {
                self.1.room(stringify!($commit))?;
                self.1.effect(Place::BeforeCommit, stringify!($commit)).await;
                let done = self.0.$commit($($c),*).await;
                self.1.effect(Place::AfterCommit, stringify!($commit)).await;
                done
            })*
        }
    };
}

fused! {
    reads {
        fn identity() -> StateIdentity;
        fn cursor(instance: &InstanceId) -> Option<Cursor>;
        fn items_of(instance: &InstanceId, issue: IssueId) -> Vec<(ItemId, SyncId, SideId)>;
        fn announced(instance: &InstanceId, now: Timestamp, limit: usize) -> Vec<Announced>;
        fn waiting() -> Vec<Waiting>;
        fn traces(instance: &InstanceId, issue: IssueId) -> Vec<(i64, CommentTrace)>;
        fn known(by: &KnownBy, instance: &InstanceId, issues: &[IssueId]) -> Vec<IssueId>;
        fn newcomers(of: Option<(&SyncId, &SideId)>, limit: usize) -> Vec<Newcomer>;
        fn intent(operation: OperationId) -> Option<Intent>;
        fn size_of(sync: &SyncId) -> u64;
        fn waiting_creations(sync: &SyncId) -> Vec<(ItemId, SideId)>;
        fn begun_creations(sync: &SyncId, since: Timestamp) -> Vec<Timestamp>;
        fn started_creations(sync: &SyncId) -> Vec<ItemId>;
        fn creations_ahead(sync: &SyncId, of: Counted) -> Ahead;
        fn creation_figures(now: Timestamp) -> Vec<CreationFigures>;
        fn next_due(least: Urgency) -> Option<Timestamp>;
        fn workflow(instance: &InstanceId, project: &str) -> Workflow;
        fn problems(limit: usize) -> Vec<StoredProblem>;
        fn problems_to_tell(limit: usize) -> Vec<StoredProblem>;
        fn items_in_conflict() -> Vec<ItemId>;
        fn conflicts(item: ItemId) -> Vec<Conflict>;
        fn figures(now: Timestamp) -> Figures;
        fn note(name: &str) -> Option<String>;
        fn item(item: ItemId) -> Option<ItemState>;
        fn items_by_key(key: &IssueKey) -> Vec<ItemId>;
        fn counterparts(sync: &SyncId, keys: &[IssueKey]) -> Vec<BTreeMap<SideId, IssueKey>>;
        fn relatives(sync: &SyncId, issues: &[(InstanceId, IssueId)], keys: &[(InstanceId, IssueKey)], items: &[ItemId]) -> Vec<(ItemId, BTreeMap<SideId, There>)>;
        fn pauses() -> Vec<Pause>;
        fn things(sync: &SyncId, thing: Thing) -> Vec<ProjectThing>;
        fn made_things(thing: Thing) -> Vec<MadeThing>;
        fn commands(since: Option<Timestamp>, limit: usize) -> Vec<CommandRecord>;
        fn item_ids(after: Option<ItemId>, limit: usize) -> Vec<ItemId>;
        fn retired_ids(after: Option<ItemId>, limit: usize) -> Vec<ItemId>;
    }
    notes {
        fn learn_ways(instance: &InstanceId, project: &str, ways: &[(String, String, String)]) -> ();
        fn set_problems(about: &str, problems: &[Problem], now: Timestamp) -> ();
        fn set_note(name: &str, value: &str) -> ();
        fn free_all() -> Vec<ItemId>;
    }
    commits {
        fn wake_awaited() -> ();
        fn keep_things(sync: &SyncId, things: &[ProjectThing], over: &[ThingId], made: &[MadeThing], steps: &[ThingStep]) -> ();
        fn carry_out(command: &CommandRecord, effects: &[Effect]) -> ();
        fn announce(instance: &InstanceId, told: &Announcement) -> bool;
        fn looked_after(instance: &InstanceId, looked: &[Announced]) -> ();
        fn forget_traces(numbers: &[i64]) -> ();
        fn wake_troubled(sync: &SyncId, side: &SideId, field: &FieldName, due: Timestamp, occasion: &Occasion) -> ();
        fn queue_items(items: &[ItemId], urgency: Urgency, due: Timestamp, occasion: &Occasion) -> ();
        fn wake_sync(sync: &SyncId, due: Timestamp, occasion: &Occasion) -> ();
        fn forget_newcomers(newcomers: &[Newcomer]) -> ();
        fn pair_up(pair: &PairEffect) -> ();
        fn begin_item(item: &ItemState, instance: &InstanceId, newcomer: &Newcomer, urgency: Urgency, due: Timestamp) -> bool;
        fn claim(holder: &str, now: Timestamp, limit: usize, least: Urgency) -> Vec<Claim>;
        fn claim_these(holder: &str, now: Timestamp, items: &[ItemId]) -> Vec<Claim>;
        fn open_intents(fence: u64, intents: &[Intent]) -> ();
        fn move_intents(moves: &[(OperationId, IntentState)]) -> ();
        fn count_search(operation: OperationId) -> ();
        fn record(records: &[(u64, Record)]) -> ();
        fn keep_retired(item: &ItemState) -> ();
        fn keep_creations(sync: &SyncId, step: &CreationStep, now: Timestamp) -> ();
        fn release(item: ItemId, fence: u64, due: Option<Timestamp>, attempts: u32) -> ();
    }
}
