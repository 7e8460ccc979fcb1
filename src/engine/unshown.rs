//! An instance that does not show its changes: `updated` stands still when an issue is written to, or the changelog has no entry. Only
//! our own writes prove that, since of them it is known what there is to be shown. Must never take a write that changed nothing, or one that
//! was lost, for such a proof.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Engine;
use super::instance::Instance;
use super::work::Work;
use crate::model::hub::Replica;
use crate::model::ids::{FieldName, InstanceId, SideId};
use crate::model::issue::{IssueSnapshot, LogEntry, NativeValue};
use crate::model::operation::{Action, FieldWrite, Intent, NativeWrite};
use crate::model::settings::FieldKind;
use crate::model::store::StoreError;

/// As far as `updated` may be from when it was written without a doubt: clocks, slow answers and nodes of a cluster are nearer by far.
const FAR: SignedDuration = SignedDuration::from_mins(10);

/// What to do about an instance whose `updated` stands still.
const STILL_REMEDY: &str = "take this side for out of step: what people change there is found by a full check at the best (`daemon.sweep`). See \
                            what answers in the place of this Jira; `jirasyncd probe` tries all that is taken for granted of one";
/// What to do about an instance without entries.
const UNLOGGED_REMEDY: &str = "take this side for out of step: without an entry nobody knows who changed a value, and when. See what answers in \
                               the place of this Jira; `jirasyncd probe` tries all that is taken for granted of one";

/// What an instance was seen not to show, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unshown {
    /// `updated` stands still.
    still: Option<String>,
    /// The changelog has no entry of an edit.
    unlogged: Option<String>,
}

pub(super) fn note(instance: &InstanceId) -> String {
    format!("unshown by {instance}")
}

impl Engine {
    /// Holds the first read of an issue that we made against the time when we did.
    pub(super) fn look_at_what_was_made(
        &self,
        work: &Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
    ) {
        let Some(replica) = work.item.replicas.get(side).filter(|replica| replica.ours && !replica.observed) else {
            return;
        };
        let made = work.intents.iter().find(|intent| is_creation_of(intent, side, replica));
        let Some((earliest, latest)) = made.map(|intent| written_at(intent, instance)) else { return };
        let now = there(self.now(), instance).max(latest);
        if earliest.duration_since(snapshot.updated) > FAR || snapshot.updated.duration_since(now) > FAR {
            instance.stands_still(format!("{} was made at {latest}", snapshot.key), snapshot.updated);
        } else {
            instance.shows_time();
        }
    }

    /// An entry of ours was seen: the changelog has it, and `updated` is as new as it, or not.
    pub(super) fn look_at_our_entry(&self, instance: &Instance, snapshot: &IssueSnapshot, entry: &LogEntry) {
        instance.logs_us();
        if entry.created.duration_since(snapshot.updated) <= FAR {
            instance.shows_time();
        } else if entry.created <= there(self.now(), instance) {
            // Else somebody set its clock back meanwhile.
            instance.stands_still(format!("{} was edited at {}", snapshot.key, entry.created), snapshot.updated);
        }
    }

    /// An edit was answered with a yes, and a direct read shows no entry of it. Where its values stand there all the same, this instance
    /// does not show its changes.
    pub(super) fn look_at_what_left_no_entry(&self, work: &Work, intent: &Intent) {
        let side = &intent.operation.side;
        let Action::SetFields { fields } = &intent.operation.action else { return };
        let (Some(instance), Some(read)) = (self.instance_on(work, side), work.reads.get(side)) else { return };
        let (snapshot, (at, _)) = (&read.snapshot, written_at(intent, &instance));
        let rows = &work.sync.settings.fields;
        // A parent that is not shown may be there or not: to take it away need not change anything.
        let may_be_none = |name: &FieldName, write: &FieldWrite| {
            write.wanted.is_empty() && rows.get(name).is_some_and(|row| row.kind == FieldKind::Parent)
        };
        let changes = |(name, write): (&FieldName, &FieldWrite)| {
            write.expects.as_ref() != Some(&write.wanted) && !may_be_none(name, write)
        };
        if !fields.values().all(|write| stands(write, snapshot)) || !fields.iter().any(changes) {
            return;
        }
        let what = || format!("{} was edited at {at}", snapshot.key);
        if at.duration_since(snapshot.updated) > FAR {
            instance.stands_still(what(), snapshot.updated);
        }
        // Somebody else may have done the same right before us: then that is the entry.
        let touches = |write: &FieldWrite| {
            let entries = snapshot.log.iter().filter(|entry| at.duration_since(entry.created) < FAR);
            entries.flat_map(|entry| &entry.items).any(|item| item.field == write.field)
        };
        if !fields.values().any(touches) {
            instance.logs_nothing(&what());
        }
    }

    /// Takes up what was known of it when the daemon last ran.
    pub(super) async fn recall_unshown(&self, instance: &Instance) -> Result<(), StoreError> {
        let note = self.store.note(&note(instance.id())).await?;
        let known = note.and_then(|note| serde_json::from_str(&note).ok()).unwrap_or_default();
        instance.shown().0 = known;
        Ok(())
    }

    /// Keeps what was learnt of what an instance shows.
    ///
    /// # Errors
    /// The state could not keep it.
    pub async fn keep_unshown(&self, id: &InstanceId) -> Result<(), StoreError> {
        let Some(instance) = self.instances.get(id) else { return Ok(()) };
        let known = {
            let mut shown = instance.shown();
            if !std::mem::take(&mut shown.1) {
                return Ok(());
            }
            shown.0.clone()
        };
        let text = serde_json::to_string(&known).unwrap_or_default();
        self.store.set_note(&note(id), &text).await
    }
}

impl Instance {
    /// `updated` stands still: a write of ours did not move it.
    fn stands_still(&self, what: String, updated: Timestamp) {
        let words = format!("{what}, and its `updated` is {updated}");
        let mut shown = self.shown();
        if shown.0.still.is_none() {
            tracing::error!(instance = %self.id(), "this instance does not show its changes: {words}");
            (shown.0.still, shown.1) = (Some(words), true);
        }
    }

    /// Whether its `updated` was seen to stand still.
    pub(super) fn is_still(&self) -> bool {
        self.shown().0.still.is_some()
    }

    /// `updated` moves.
    fn shows_time(&self) {
        let mut shown = self.shown();
        shown.1 |= shown.0.still.take().is_some();
    }

    /// An edit of ours stands there without an entry.
    fn logs_nothing(&self, what: &str) {
        let mut shown = self.shown();
        if shown.0.unlogged.is_none() {
            tracing::error!(instance = %self.id(), "this instance does not show its changes: {what}, and no entry of its changelog says so");
            (shown.0.unlogged, shown.1) = (Some(what.to_owned()), true);
        }
    }

    /// An edit of ours has its entry.
    fn logs_us(&self) {
        let mut shown = self.shown();
        shown.1 |= shown.0.unlogged.take().is_some();
    }

    /// What it does not show, and what to do.
    pub(super) fn unshown_in_words(&self) -> Vec<(String, &'static str)> {
        let known = self.shown().0.clone();
        let still = known.still.map(|seen| {
            (
                format!("this Jira does not show its changes: {seen}. Polls do not find what people change there"),
                STILL_REMEDY,
            )
        });
        let unlogged = known.unlogged.map(|seen| {
            let what = format!("this Jira does not show its changes: {seen}, and no entry of the changelog says so");
            (what, UNLOGGED_REMEDY)
        });
        still.into_iter().chain(unlogged).collect()
    }
}

fn is_creation_of(intent: &Intent, side: &SideId, replica: &Replica) -> bool {
    let creates = matches!(intent.operation.action, Action::Create { .. });
    creates && &intent.operation.side == side && intent.issue.is_none_or(|issue| issue == replica.issue)
}

/// A time of ours by the clock of an instance.
fn there(at: Timestamp, instance: &Instance) -> Timestamp {
    let skew = SignedDuration::from_millis(instance.read.skew_ms().unwrap_or_default());
    at.checked_add(skew).unwrap_or(at)
}

/// When a write was sent, by the clock of its instance: the earliest and the latest that can be meant, since clocks may be set meanwhile.
fn written_at(intent: &Intent, instance: &Instance) -> (Timestamp, Timestamp) {
    let now = there(intent.opened, instance);
    let then = intent.opened_there.unwrap_or(now);
    (now.min(then), now.max(then))
}

/// Whether what was written stands there to the letter. Named things are the same by id or by name.
fn stands(write: &FieldWrite, snapshot: &IssueSnapshot) -> bool {
    let there = snapshot.fields.get(&write.field).unwrap_or(&NativeValue::Empty);
    match &write.write {
        NativeWrite::Set(NativeValue::Named(named)) => match there {
            NativeValue::Named(found) => found.id == named.id || found.name == named.name,
            NativeValue::Empty
            | NativeValue::Text(_)
            | NativeValue::Wiki(_)
            | NativeValue::Adf(_)
            | NativeValue::Words(_)
            | NativeValue::Person(_)
            | NativeValue::Links(_)
            | NativeValue::Parent(_)
            | NativeValue::Other(_) => false,
        },
        NativeWrite::Set(value) => value == there,
        NativeWrite::Words { add, remove } => {
            let NativeValue::Words(found) = there else { return add.is_empty() };
            add.iter().all(|word| found.contains(word)) && !remove.iter().any(|word| found.contains(word))
        }
    }
}
