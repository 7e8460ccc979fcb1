//! A small world for the store's tests: a clock that is set by hand, two syncs over two instances, and short ways to items.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jirasyncd::clock::{Clock, SeededEntropy};
use jirasyncd::model::hub::{Acts, Audience, Conflict, ItemState, Replica};
use jirasyncd::model::ids::{InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId};
use jirasyncd::model::occasion::Occasion;
use jirasyncd::model::operation::{Action, Intent, IntentState, Operation};
use jirasyncd::model::problem::Problem;
use jirasyncd::model::store::{Claim, Hint, Newcomer, Record, Store, Urgency};
use jirasyncd::model::value::Value;
use jirasyncd::store::{Dependencies, SideInstances, Spawn, SqliteStore};
use tempfile::TempDir;

/// A clock that stands until it is moved.
pub(super) struct HandClock(Mutex<Timestamp>);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// `seconds` after the start of the tests' time.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// An open store and what it was opened with.
pub(super) struct World {
    pub(super) store: SqliteStore,
    pub(super) clock: Arc<HandClock>,
    pub(super) folder: TempDir,
    pub(super) spawn: Spawn,
}

pub(super) fn instances() -> SideInstances {
    [("one", "a", "acme"), ("one", "g", "globex"), ("two", "a", "acme"), ("two", "g", "globex")]
        .into_iter()
        .map(|(sync, side, instance)| ((SyncId::from(sync), SideId::from(side)), InstanceId::from(instance)))
        .collect()
}

pub(super) fn dependencies(spawn: Spawn, clock: &Arc<HandClock>) -> Dependencies {
    let entropy = Arc::new(SeededEntropy::new(7));
    Dependencies { clock: Arc::clone(clock) as Arc<dyn Clock>, entropy, instances: instances(), spawn }
}

pub(super) fn hand_clock() -> Arc<HandClock> {
    Arc::new(HandClock(Mutex::new(at(0))))
}

impl World {
    pub(super) fn on_file(spawn: Spawn) -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), hand_clock());
        let store = SqliteStore::open(&folder.path().join("state.db"), dependencies(spawn, &clock)).unwrap();
        Self { store, clock, folder, spawn }
    }

    pub(super) fn in_memory() -> Self {
        let (folder, clock) = (tempfile::tempdir().unwrap(), hand_clock());
        let store = SqliteStore::in_memory(dependencies(Spawn::Inline, &clock)).unwrap();
        Self { store, clock, folder, spawn: Spawn::Inline }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    /// Moves our clock.
    pub(super) fn set(&self, seconds: i64) {
        *self.clock.0.lock().unwrap() = at(seconds);
    }

    /// Begins item `number` of sync "one" from issue `number` on acme, due at once.
    pub(super) async fn begin(&self, number: u64, urgency: Urgency) -> ItemId {
        let item = item(number);
        let began =
            self.store.begin_item(&item, &"acme".into(), &newcomer("one", number, 0), urgency, at(0)).await.unwrap();
        assert!(began, "item {number} was there already");
        item.id
    }

    /// A hint about issue `number` on acme, due at `seconds`.
    pub(super) async fn hint(&self, number: u64, seconds: i64) {
        let hints = [Hint::live(IssueId(number), polled())];
        self.store.queue_hints(&"acme".into(), &hints, &[], None, at(seconds)).await.unwrap();
    }

    pub(super) async fn claim(&self, seconds: i64, limit: usize) -> Vec<Claim> {
        self.store.claim("me", at(seconds), limit, Urgency::Sweep).await.unwrap()
    }

    /// Claims at `seconds` and answers the ids only.
    pub(super) async fn claimed(&self, seconds: i64, limit: usize) -> Vec<ItemId> {
        self.claim(seconds, limit).await.iter().map(|claim| claim.item.id).collect()
    }

    /// Claims the only due item.
    pub(super) async fn claim_one(&self, seconds: i64) -> Claim {
        let mut claims = self.claim(seconds, 10).await;
        assert_eq!(claims.len(), 1, "{claims:?}");
        claims.remove(0)
    }
}

pub(super) fn id(number: u64) -> ItemId {
    ItemId(u128::from(number))
}

/// An item of sync "one" with its replica on side "a".
pub(super) fn item(number: u64) -> ItemState {
    let mut item = ItemState::new(id(number), "one".into());
    item.replicas.insert("a".into(), replica(number, &format!("SUP-{number}")));
    item
}

pub(super) fn replica(issue: u64, key: &str) -> Replica {
    Replica::unread(IssueId(issue), IssueKey::from(key), at(0))
}

pub(super) fn newcomer(sync: &str, issue: u64, first_seen: i64) -> Newcomer {
    Newcomer {
        sync: sync.into(),
        side: "a".into(),
        instance: "acme".into(),
        issue: IssueId(issue),
        first_seen: at(first_seen),
        urgency: Urgency::Live,
        occasion: polled(),
    }
}

/// What brought an issue of acme.
pub(super) fn polled() -> Occasion {
    Occasion::Poll("acme".into())
}

pub(super) fn intent(number: u128, item: ItemId, opened: i64) -> Intent {
    Intent {
        id: OperationId(number),
        item,
        issue: Some(IssueId(5)),
        operation: Operation { side: "g".into(), action: Action::SetFields { fields: BTreeMap::new() } },
        state: IntentState::Open,
        opened: at(opened),
        opened_there: None,
        silent: false,
        searches: 0,
        brought: None,
    }
}

/// A record that changes nothing but the item.
pub(super) fn record(item: ItemState) -> Record {
    Record {
        item,
        intents: Vec::new(),
        conflicts: Vec::new(),
        problems: None,
        acts: Vec::new(),
        requests: Vec::new(),
        brought: None,
    }
}

pub(super) fn problem(what: &str) -> Problem {
    Problem {
        side: "g".into(),
        field: Some("summary".into()),
        what: what.into(),
        remedy: "Do this.".into(),
        operation: None,
        settles: false,
    }
}

pub(super) fn conflict(lost: &str) -> Conflict {
    Conflict {
        field: "summary".into(),
        audience: Audience(BTreeSet::from(["a".into(), "g".into()])),
        winner: "a".into(),
        kept: Value::Line("kept".into()),
        loser: "g".into(),
        lost: Value::Line(lost.into()),
        at: at(3),
        overwritten_by: None,
    }
}

/// Acts with one act of side "a".
pub(super) fn acts(number: u64) -> Acts {
    let mut acts = Acts::default();
    acts.include(&"a".into(), number);
    acts
}
