//! The durable state as the engine sees it: domain operations, never transactions or SQL. Must never be awaited between the
//! two halves of one domain step: each call is one short transaction, all of it or nothing.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::acts::TakenAct;
use super::catalog::Workflow;
use super::command::{CommandRecord, Effect, Operator, PairEffect, Pause};
use super::hub::{Conflict, ItemState, There};
use super::ids::{
    AccountId, CommentId, FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId, ThingId,
};
use super::occasion::{Brought, Occasion};
use super::operation::{Intent, IntentState, Thing};
use super::problem::Problem;
use super::start::{Ahead, Counted, CreationFigures, CreationStep};
use super::things::{MadeThing, ProjectThing};
use super::trail::ThingStep;

/// What makes an issue a known one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownBy {
    /// An item of this sync holds it.
    Sync(SyncId),
    /// An item of any sync holds it, of which no write is open, and it was read as it stood then or later: a Jira that was put back
    /// from a backup gives the ids of earlier issues again.
    ReadSince(Timestamp),
}

/// Why the state could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease was taken over by somebody with a newer fence: stop working on the item at once.
    #[error("the lease on item {item} was lost to a newer holder")]
    Fenced {
        /// The item.
        item: ItemId,
    },
    /// Another item of the sync holds the issue: one issue is never in two items of a sync.
    #[error("issue {issue} on {instance} belongs to item {holder} of sync {sync} already")]
    Bound {
        /// The sync.
        sync: SyncId,
        /// The instance.
        instance: InstanceId,
        /// The issue.
        issue: IssueId,
        /// The item that holds it.
        holder: ItemId,
    },
    /// The database refused or failed.
    #[error("could not {attempt} in the state database")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored value cannot be read.
    #[error("the state database holds {what} that cannot be read: {why}")]
    Unreadable {
        /// What it is.
        what: String,
        /// Why not.
        why: String,
    },
}

/// What belongs to a state from its first day on. Its `Debug` shows no key.
#[derive(Clone)]
pub struct StateIdentity {
    /// The daemon id: it names the state, not a process. 32 hex digits.
    pub daemon: String,
    /// The 256-bit key under which marks are sealed.
    pub seal_key: [u8; 32],
}

impl fmt::Debug for StateIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateIdentity").field("daemon", &self.daemon).finish_non_exhaustive()
    }
}

/// How far an instance was polled, in that server's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The newest `updated` that was queued.
    pub updated: Timestamp,
}

/// "This issue may have changed."
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint {
    /// The issue.
    pub issue: IssueId,
    /// How urgent it is to look. Live, but for what a first copy of ours is expected to show.
    pub urgency: Urgency,
    /// What told of it.
    pub occasion: Occasion,
}

impl Hint {
    /// Somebody may have done something there.
    #[must_use]
    pub fn live(issue: IssueId, occasion: Occasion) -> Self {
        Self { issue, urgency: Urgency::Live, occasion }
    }
}

/// What a webhook told, as far as it is stored: which issues may have changed. Nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The issues; issue 0 stands for something that named none.
    pub issues: Vec<IssueId>,
    /// What a comment said, of the first of the issues.
    pub trace: Option<CommentTrace>,
    /// When it came, by our clock.
    pub at: Timestamp,
    /// How long it waits for more about the same issues.
    pub debounce: jiff::SignedDuration,
    /// What the instance calls the webhook, where it gives it a name.
    pub hook: Option<String>,
}

/// What a `comment_*` webhook carried: what a comment said at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentTrace {
    /// The comment.
    pub comment: CommentId,
    /// Who wrote this version of it.
    pub by: Option<AccountId>,
    /// When, in the instance's time.
    pub updated: Option<Timestamp>,
    /// The text, in wiki markup on both kinds.
    pub body: String,
    /// It is gone.
    pub deleted: bool,
}

/// An issue that webhooks told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The issue; 0: something that named none.
    pub issue: IssueId,
    /// Grows with each telling.
    pub number: i64,
    /// What the instance calls the webhook that told first, where it gives it a name.
    pub hook: Option<String>,
}

/// What waits of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The instance.
    pub instance: InstanceId,
    /// When the first of it is due, by our clock.
    pub due: Timestamp,
    /// How many issues wait.
    pub issues: u64,
}

/// An issue that may start an item: seen in a project of a sync, without an item yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newcomer {
    /// The sync.
    pub sync: SyncId,
    /// The side whose project it is in.
    pub side: SideId,
    /// The instance.
    pub instance: InstanceId,
    /// The issue.
    pub issue: IssueId,
    /// When it was first seen, by our clock: a "no" of the index is not final before the lag bound.
    pub first_seen: Timestamp,
    /// What came with few others is live: somebody waits for it. The many of a first run or an import are not.
    pub urgency: Urgency,
    /// What told of it.
    pub occasion: Occasion,
}

/// How urgent a piece of work is. Earlier variants go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Urgency {
    /// Somebody just did something.
    Live,
    /// First copy of what exists.
    Backfill,
    /// Found by the full check.
    Sweep,
}

/// An item taken for work, with what is needed to work on it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The item.
    pub item: ItemState,
    /// Its fence: every later call about the item carries it.
    pub fence: u64,
    /// Its intents that are not settled, oldest first, and those settled ones whose tag may still turn up.
    pub intents: Vec<Intent>,
    /// How often work on it failed in a row.
    pub attempts: u32,
    /// Why it was due: the most urgent reason.
    pub urgency: Urgency,
    /// What brought it up; `None`: nobody knows, or nothing did.
    pub brought: Option<Brought>,
    /// When an operator last said that what is held back is to be tried again, by our clock.
    pub asked: Option<Timestamp>,
    /// Open conflicts and problems are not needed to plan; these are the fields with problems now.
    pub problems: Vec<Problem>,
}

/// What became of an item's cycle, recorded in one transaction.
#[derive(Debug, Clone)]
pub struct Record {
    /// The item as it is now known. A replica in it that the store does not know is bound; binding an issue that
    /// another item of the sync holds is an error.
    pub item: ItemState,
    /// Intents that moved.
    pub intents: Vec<(OperationId, IntentState)>,
    /// Conflicts found. Kept for ever.
    pub conflicts: Vec<Conflict>,
    /// The item's problems from now on; the ones not listed are over. `None`: unchanged.
    pub problems: Option<Vec<Problem>>,
    /// Acts of people taken in, for explanations.
    pub acts: Vec<TakenAct>,
    /// What Jira calls the requests that carried writes, where it said so.
    pub requests: Vec<(OperationId, String)>,
    /// What brought the item up, where the problems are told: of those that are over it is kept. `None`: nobody knows, or nothing did.
    pub brought: Option<Brought>,
}

/// A problem as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredProblem {
    /// Its row: another one once it was over and came again, or changed more than numbers in its words.
    #[serde(skip)]
    pub number: i64,
    /// The item; `None` when it is a whole instance's or sync's.
    pub item: Option<ItemId>,
    /// The instance or sync that it is about, in words, or the item's keys.
    pub about: String,
    /// The problem.
    pub problem: Problem,
    /// Since when, by our clock.
    pub since: Timestamp,
    /// How often it was found since then: each look at its item, poll of its instance or check that still finds it counts.
    pub times: u64,
    /// That an operator wants to hear of it no more, for as long as it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dismissed: Option<Dismissed>,
}

/// That nobody is to be told of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dismissed {
    /// Since when, by our clock.
    pub at: Timestamp,
    /// Who said so.
    pub by: Operator,
}

/// Figures for `status`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Items known.
    pub items: u64,
    /// Items due now.
    pub due: u64,
    /// Items claimed.
    pub claimed: u64,
    /// Intents not settled, but for those at issues that are confirmed to be gone.
    pub open_intents: u64,
    /// Conflicts recorded.
    pub conflicts: u64,
    /// Problems standing, without those that were dismissed.
    pub problems: u64,
    /// Problems standing that were dismissed.
    #[serde(default)]
    pub dismissed: u64,
    /// Items that wait for a pause to end.
    #[serde(default)]
    pub parked: u64,
    /// Per instance its cursor.
    pub cursors: Vec<(InstanceId, Timestamp)>,
}

/// The durable state.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Who this state is. Made on first use.
    async fn identity(&self) -> Result<StateIdentity, StoreError>;

    /// How far `instance` was polled.
    async fn cursor(&self, instance: &InstanceId) -> Result<Option<Cursor>, StoreError>;

    /// Queues the items of the hinted issues (due at `due`), stores newcomers, and moves the cursor: all in one
    /// transaction, so that the cursor never passes what is not queued. Returns the hinted issues of no item.
    async fn queue_hints(
        &self,
        instance: &InstanceId,
        hints: &[Hint],
        newcomers: &[Newcomer],
        cursor: Option<Cursor>,
        due: Timestamp,
    ) -> Result<(), StoreError>;

    /// Stores what a webhook told. Durable when it returns. `false`: there is no room for more, and nothing was stored.
    async fn announce(&self, instance: &InstanceId, told: &Announcement) -> Result<bool, StoreError>;

    /// What webhooks of an instance told and is due, the longest waiting first, at most `limit`.
    async fn announced(
        &self,
        instance: &InstanceId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Announced>, StoreError>;

    /// What waits of what webhooks told, by instance.
    async fn waiting(&self) -> Result<Vec<Waiting>, StoreError>;

    /// Forgets what was looked after, unless more was told since.
    async fn looked_after(&self, instance: &InstanceId, looked: &[Announced]) -> Result<(), StoreError>;

    /// What webhooks told of an issue's comments and nobody used yet, oldest first, each with its number.
    async fn traces(&self, instance: &InstanceId, issue: IssueId) -> Result<Vec<(i64, CommentTrace)>, StoreError>;

    /// Forgets what webhooks told of comments, by number.
    async fn forget_traces(&self, numbers: &[i64]) -> Result<(), StoreError>;

    /// The items that hold `issue` on `instance`: several when several syncs touch its project.
    async fn items_of(
        &self,
        instance: &InstanceId,
        issue: IssueId,
    ) -> Result<Vec<(ItemId, SyncId, SideId)>, StoreError>;

    /// The issues among `issues` that an item holds `by` this.
    async fn known(&self, by: &KnownBy, instance: &InstanceId, issues: &[IssueId]) -> Result<Vec<IssueId>, StoreError>;

    /// Newcomers not decided yet, of one side or of all, oldest first, at most `limit`.
    async fn newcomers(&self, of: Option<(&SyncId, &SideId)>, limit: usize) -> Result<Vec<Newcomer>, StoreError>;

    /// Forgets newcomers that turned out not to start an item.
    async fn forget_newcomers(&self, newcomers: &[Newcomer]) -> Result<(), StoreError>;

    /// Makes issues one item, or lets them join one, without a command of an operator: all of it in one transaction.
    async fn pair_up(&self, pair: &PairEffect) -> Result<(), StoreError>;

    /// Starts an item from a newcomer: binds the replica, forgets the newcomer, queues the item. `false` if the issue
    /// is bound in that sync already.
    async fn begin_item(
        &self,
        item: &ItemState,
        instance: &InstanceId,
        newcomer: &Newcomer,
        urgency: Urgency,
        due: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Takes up to `limit` due items of one urgency, the most urgent that there is, each for nobody else until released or fenced off.
    /// None that is less urgent than `least`. Those of one urgency wait for no other's, and are as urgent as they say.
    async fn claim(&self, holder: &str, now: Timestamp, limit: usize, least: Urgency)
    -> Result<Vec<Claim>, StoreError>;

    /// Takes these items if they are free, due or not.
    async fn claim_these(&self, holder: &str, now: Timestamp, items: &[ItemId]) -> Result<Vec<Claim>, StoreError>;

    /// Writes intents down before they are sent. Durable when it returns.
    async fn open_intents(&self, fence: u64, intents: &[Intent]) -> Result<(), StoreError>;

    /// Moves intents on: the answer came, or not. Many items' intents in one transaction (group commit).
    async fn move_intents(&self, moves: &[(OperationId, IntentState)]) -> Result<(), StoreError>;

    /// Counts one more fruitless search for a create in doubt.
    async fn count_search(&self, operation: OperationId) -> Result<(), StoreError>;

    /// Looks one intent up by its id.
    async fn intent(&self, operation: OperationId) -> Result<Option<Intent>, StoreError>;

    /// Records what became of items, all of it in one transaction. The store was told the instance of each side when it was
    /// opened. A replica that the item no longer lists stays bound: forgetting one would let its issue start a second item.
    async fn record(&self, records: &[(u64, Record)]) -> Result<(), StoreError>;

    /// Keeps an item that was merged or unpaired: nobody holds it. One that was taken up again meanwhile stays as it is.
    async fn keep_retired(&self, item: &ItemState) -> Result<(), StoreError>;

    /// Gives an item back: due again at `due` (`None`: when hinted), with `attempts` failures in a row. A hint that came
    /// while it was claimed makes it due at once.
    async fn release(&self, item: ItemId, fence: u64, due: Option<Timestamp>, attempts: u32) -> Result<(), StoreError>;

    /// Frees what a dead holder of this state held, and gives all items that are due within minutes: why they are, was in its memory.
    /// Called at start, under the exclusive lock, and when the state failed under all that was claimed.
    async fn free_all(&self) -> Result<Vec<ItemId>, StoreError>;

    /// Makes due now all that is due by no clock ([`PARKED`](super::command::PARKED) or later): an instance is back.
    async fn wake_awaited(&self) -> Result<(), StoreError>;

    /// Makes items due at `due` for a reason other than a hint, such as a sweep. One that is due sooner stays so, and the
    /// more urgent reason stands.
    async fn queue_items(
        &self,
        items: &[ItemId],
        urgency: Urgency,
        due: Timestamp,
        occasion: &Occasion,
    ) -> Result<(), StoreError>;

    /// Makes all items of a sync due at `due`.
    async fn wake_sync(&self, sync: &SyncId, due: Timestamp, occasion: &Occasion) -> Result<(), StoreError>;

    /// Makes the items of a sync due at `due` that have a problem with a field on a side.
    async fn wake_troubled(
        &self,
        sync: &SyncId,
        side: &SideId,
        field: &FieldName,
        due: Timestamp,
        occasion: &Occasion,
    ) -> Result<(), StoreError>;

    /// How many items a sync has.
    async fn size_of(&self, sync: &SyncId) -> Result<u64, StoreError>;

    /// The counterparts of a sync that wait to be created, the longest waiting first.
    async fn waiting_creations(&self, sync: &SyncId) -> Result<Vec<(ItemId, SideId)>, StoreError>;

    /// When creations of a sync that keep to a pace were begun since a time, oldest first.
    async fn begun_creations(&self, sync: &SyncId, since: Timestamp) -> Result<Vec<Timestamp>, StoreError>;

    /// The items of a sync whose creation was begun at a pace or in a staged start.
    async fn started_creations(&self, sync: &SyncId) -> Result<Vec<ItemId>, StoreError>;

    /// What lies before a sync.
    async fn creations_ahead(&self, sync: &SyncId, of: Counted) -> Result<Ahead, StoreError>;

    /// Carries out what begins, waits and waits no longer.
    async fn keep_creations(&self, sync: &SyncId, step: &CreationStep, now: Timestamp) -> Result<(), StoreError>;

    /// How far the syncs' first copies are.
    async fn creation_figures(&self, now: Timestamp) -> Result<Vec<CreationFigures>, StoreError>;

    /// When the next unclaimed item is due that is no less urgent than `least`, if any.
    async fn next_due(&self, least: Urgency) -> Result<Option<Timestamp>, StoreError>;

    /// The ways learnt on an instance's project.
    async fn workflow(&self, instance: &InstanceId, project: &str) -> Result<Workflow, StoreError>;

    /// Keeps ways learnt: (issue type, from status, to status).
    async fn learn_ways(
        &self,
        instance: &InstanceId,
        project: &str,
        ways: &[(String, String, String)],
    ) -> Result<(), StoreError>;

    /// Problems that are no item's: of an instance or a sync. Replaces those kept under `about`.
    async fn set_problems(&self, about: &str, problems: &[Problem], now: Timestamp) -> Result<(), StoreError>;

    /// All standing problems, dismissed or not, oldest first, at most `limit`.
    async fn problems(&self, limit: usize) -> Result<Vec<StoredProblem>, StoreError>;

    /// Those of them that people are to be told of, oldest first, at most `limit`.
    async fn problems_to_tell(&self, limit: usize) -> Result<Vec<StoredProblem>, StoreError>;

    /// The items that are kept in step and that conflicts are recorded of.
    async fn items_in_conflict(&self) -> Result<Vec<ItemId>, StoreError>;

    /// The conflicts recorded of one item, oldest first.
    async fn conflicts(&self, item: ItemId) -> Result<Vec<Conflict>, StoreError>;

    /// Figures for `status`.
    async fn figures(&self, now: Timestamp) -> Result<Figures, StoreError>;

    /// A small value by name: last sweep, bound identities, configuration fingerprint.
    async fn note(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Keeps a small value by name.
    async fn set_note(&self, name: &str, value: &str) -> Result<(), StoreError>;

    /// One item, unclaimed, for showing.
    async fn item(&self, item: ItemId) -> Result<Option<ItemState>, StoreError>;

    /// Items whose replica on any side has this key now.
    async fn items_by_key(&self, key: &IssueKey) -> Result<Vec<ItemId>, StoreError>;

    /// The replicas, with a key, of all items of a sync that have one of these keys on any side.
    async fn counterparts(
        &self,
        sync: &SyncId,
        keys: &[IssueKey],
    ) -> Result<Vec<BTreeMap<SideId, IssueKey>>, StoreError>;

    /// The items of a sync that hold one of these issues, by id or by key, and these items, each with the replicas that have a key.
    async fn relatives(
        &self,
        sync: &SyncId,
        issues: &[(InstanceId, IssueId)],
        keys: &[(InstanceId, IssueKey)],
        items: &[ItemId],
    ) -> Result<Vec<(ItemId, BTreeMap<SideId, There>)>, StoreError>;

    /// The versions, or components, of a sync that are known beside its issues.
    async fn things(&self, sync: &SyncId, thing: Thing) -> Result<Vec<ProjectThing>, StoreError>;

    /// Keeps versions and components as they are known now, forgets those in `over`, and keeps for ever the names that are about to
    /// be given, and what is told of the writes: all in one transaction, durable when it returns.
    async fn keep_things(
        &self,
        sync: &SyncId,
        things: &[ProjectThing],
        over: &[ThingId],
        made: &[MadeThing],
        steps: &[ThingStep],
    ) -> Result<(), StoreError>;

    /// Every name that the sync user gave to a version, or component: for an issue, or to keep one in step.
    async fn made_things(&self, thing: Thing) -> Result<Vec<MadeThing>, StoreError>;

    /// Carries a command out and keeps that it was given, all of it in one transaction.
    async fn carry_out(&self, command: &CommandRecord, effects: &[Effect]) -> Result<(), StoreError>;

    /// The pauses that hold now.
    async fn pauses(&self) -> Result<Vec<Pause>, StoreError>;

    /// The newest commands since `since`, oldest first, at most `limit`.
    async fn commands(&self, since: Option<Timestamp>, limit: usize) -> Result<Vec<CommandRecord>, StoreError>;

    /// Ids of items after `after`, in order, at most `limit`: for plans and sweeps over everything. Without those that were merged
    /// into others.
    async fn item_ids(&self, after: Option<ItemId>, limit: usize) -> Result<Vec<ItemId>, StoreError>;

    /// The others: ids of items that were merged into others, or unpaired, after `after`, in order, at most `limit`.
    async fn retired_ids(&self, after: Option<ItemId>, limit: usize) -> Result<Vec<ItemId>, StoreError>;
}
