//! A Jira that was put back from an older backup: a direct read shows an issue before what was read of it, or another issue under its id.
//! That is told as its trouble, what is known of its issues is joined anew, and nothing is deleted for what is missing there, until two
//! full checks have looked at all of it. Must never take a row of an index that is behind for such a proof.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Engine;
use super::instance::Instance;
use super::look::read_directly;
use super::work::Work;
use crate::jira::JiraError;
use crate::model::hub::{ItemState, Replica, Watching};
use crate::model::ids::{AttachmentId, CommentId, EntryId, InstanceId, IssueId, SideId};
use crate::model::issue::IssueSnapshot;
use crate::model::remark::Remark;
use crate::model::store::StoreError;

/// As far as a read may lie before what is known and prove nothing: nodes of a cluster and clocks are nearer by far.
const FAR: SignedDuration = SignedDuration::from_mins(10);
/// For so long an issue is read as of before what is known, until that proves something: an answer may come out of a cache.
const LONG: Duration = Duration::from_secs(600);
/// Full checks that have to end before nothing of it is left: what the first one missed is looked for after its end.
const CHECKS: u8 = 2;
/// So many of the issues that were read last are asked for before something there is taken for gone.
const NEWEST: usize = 20;

const REMEDY: &str = "nothing, where this Jira was put back from a backup: what differs is joined anew, what was written there since is written \
                      again as far as other sides hold it, and nothing is deleted on them. It ends by itself after two full checks. Issues \
                      and comments that are missing there and stand on other sides are told one by one. Where it was not, look whether its \
                      clock was set back, or whether another Jira answers under its address";

/// What is known of an instance that may have gone back.
#[derive(Default)]
pub(super) struct WentBack {
    known: Option<Proven>,
    /// A full check began since, and missed nothing until now.
    covered: bool,
    /// Somebody is to ask for a full check.
    asks: bool,
    /// Issues that were read as of before what is known, and since when, by our monotonic time.
    before: BTreeMap<IssueId, Duration>,
    /// The issues that were taken in last, and their `updated`.
    newest: BTreeMap<IssueId, Timestamp>,
}

/// That it went back.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Proven {
    /// What proves it, in words.
    seen: String,
    /// Full checks that ended since.
    checks: u8,
}

pub(super) fn note(instance: &InstanceId) -> String {
    format!("went back {instance}")
}

/// What a read says about the time before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Nothing.
    Goes,
    /// It is of before what is known: it may be an old answer.
    Before,
    /// It is of later, and lacks what is known of its history: no answer of before is like that.
    Rewritten,
    /// It is of the same time, and has no history at all: an administrator cut that, since a backup of before would be older.
    Cut,
    /// It is of another issue, that was made later.
    Other,
}

fn told_by(replica: &Replica, snapshot: &IssueSnapshot) -> Time {
    let after = |one: Timestamp, other: Timestamp| one.duration_since(other) > FAR;
    if !replica.observed || after(snapshot.created, snapshot.updated) {
        return Time::Goes;
    }
    if after(snapshot.created, replica.updated) {
        return Time::Other;
    }
    let oldest = snapshot.log.first().map(|entry| entry.id);
    let covers = snapshot.log_whole || oldest.is_some_and(|oldest| oldest < replica.entry);
    let lacks = replica.entry > EntryId(0) && covers && !snapshot.log.iter().any(|entry| entry.id == replica.entry);
    let is_empty = snapshot.log_whole && snapshot.log.is_empty();
    if lacks && snapshot.updated > replica.updated {
        Time::Rewritten
    } else if lacks && is_empty && snapshot.updated == replica.updated {
        Time::Cut
    } else if after(replica.updated, snapshot.updated) {
        Time::Before
    } else {
        Time::Goes
    }
}

/// Whether an issue of the id of a replica that was made then, for another item, is another one.
pub(super) fn is_gone_since(replica: &Replica, made: Timestamp) -> bool {
    replica.created_by.is_some() || replica.observed && made > replica.updated
}

/// Whether a row shows an issue far before what is known: a direct read will tell.
pub(super) fn lies_far_back(replica: &Replica, row: &IssueSnapshot) -> bool {
    told_by(replica, row) != Time::Goes
}

impl Engine {
    /// Whether a read is of another issue, which was given the id of one that is known: that one is not there any more.
    pub(super) async fn is_another(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
        direct: bool,
    ) -> bool {
        let is_other = |there: &&Replica| {
            told_by(there, snapshot) == Time::Other || self.is_made_for_another(work, there, side, snapshot)
        };
        let Some(replica) = work.item.replicas.get(side).filter(is_other).filter(|_| !instance.is_still()) else {
            return false;
        };
        if direct {
            let (known, until) = (&replica.key, replica.updated);
            let seen = format!(
                "the id of {known}, which was read as it stood at {until}, is that of {} now, which was made at {}",
                snapshot.key, snapshot.created
            );
            let what = format!("{seen}: nothing is carried to it or from it");
            let remedy = "end the item with `jirasyncd unpair`; then `jirasyncd pair` or `jirasyncd create` take the new issue in";
            work.problem(side, None, what, remedy);
            if let Err(error) = self.went_back(instance, seen).await {
                tracing::warn!(%error, "could not note that a Jira was put back from a backup");
            }
        } else {
            work.want_read(side, false);
        }
        true
    }

    /// Whether a read is of an issue that bears the mark of another item, and was made after all that was read of this item's, or in the place of
    /// what was just made for it. By its mark alone it need not be another: items are merged, and paired anew.
    fn is_made_for_another(&self, work: &Work, replica: &Replica, side: &SideId, snapshot: &IssueSnapshot) -> bool {
        let mark = snapshot.mark.as_deref().and_then(|mark| self.seal.open(mark, work.sync.id(), side));
        is_gone_since(replica, snapshot.created) && mark.is_some_and(|mark| mark.item != work.item.id)
    }

    /// Whether a read is of before what is known of its issue, and says nothing. Where that proves that its Jira was put back, what is
    /// known of the issue is put back as well, and the read is taken in.
    pub(super) async fn is_of_the_past(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &mut IssueSnapshot,
        direct: bool,
    ) -> Result<bool, JiraError> {
        let Some(replica) = work.item.replicas.get(side) else { return Ok(false) };
        let time = told_by(replica, snapshot);
        // Where `updated` is wrong it proves nothing.
        let proves = matches!(time, Time::Before | Time::Rewritten | Time::Cut) && !instance.is_still();
        // Where some people's acts stay, the history alone tells whose what stands there is: without it nothing is taken in.
        if !proves || time == Time::Cut && work.sync.settings.parted(side).is_some() {
            return Ok(false);
        }
        if !direct {
            work.want_read(side, false);
            return Ok(true);
        }
        if time == Time::Cut {
            Self::follow_the_cut(&mut work.item, side, snapshot);
            return Ok(false);
        }
        if time == Time::Before && !instance.lies_back_for_long(snapshot.id, self.clock.monotonic()) {
            return Ok(true);
        }
        if !snapshot.log_whole {
            snapshot.log = instance.patiently(instance.read.log_after(snapshot.id, EntryId(0))).await?;
            snapshot.log_whole = true;
        }
        let seen = format!(
            "{} shows {} as its `updated` and {} entries of its history, and {} and entry {} were read of it before",
            snapshot.key,
            snapshot.updated,
            snapshot.log.len(),
            replica.updated,
            replica.entry.0
        );
        if let Err(error) = self.went_back(instance, seen).await {
            tracing::warn!(%error, "could not note that a Jira was put back from a backup");
            return Ok(true);
        }
        self.put_back(&mut work.item, side, snapshot);
        Ok(false)
    }

    /// The history that was known is gone, and nothing else: what stands is compared with what is known, as ever; what is changed from now on
    /// has entries again.
    fn follow_the_cut(item: &mut ItemState, side: &SideId, snapshot: &IssueSnapshot) {
        tracing::warn!(%side, issue.key = %snapshot.key, "the history of an issue was cut: what stands is compared");
        let Some(replica) = item.replicas.get_mut(side) else { return };
        (replica.entry, replica.level.entry) = (EntryId::default(), EntryId::default());
        replica.print = None;
    }

    /// What is known of an issue is what its Jira knew by then: all that came later is looked at again.
    fn put_back(&self, item: &mut ItemState, side: &SideId, snapshot: &IssueSnapshot) {
        let Some(replica) = item.replicas.get_mut(side) else { return };
        tracing::warn!(%side, issue.key = %snapshot.key, "an item is joined anew: its Jira was put back from a backup");
        let until = replica.updated;
        // What was done there since it was put back has ids that may have been given before, and a later time than all that was read.
        let common = snapshot.log.iter().filter(|entry| entry.created <= until).map(|entry| entry.id).max();
        replica.entry = common.unwrap_or_default();
        replica.updated = snapshot.updated;
        replica.level.read = replica.level.read.map(|_| snapshot.updated);
        replica.level.entry = replica.level.entry.min(replica.entry);
        replica.print = None;
        replica.links.clear();
        replica.watching = Watching::default();
        for base in replica.bases.values_mut() {
            // It was told, and forgot it.
            base.acts = crate::model::hub::Acts::default();
            base.matched = crate::model::hub::Acts::default();
            base.acknowledged = None;
            base.seen = None;
        }
        let matching = item.matching.get_or_insert_default();
        matching.restored = true;
        matching.went_back.insert(side.clone(), until);
        Self::joins_anew(item);
    }

    /// What people said and attached, and what was copied there, is as the Jira knows it that was put back: an id that it forgot is
    /// given to something else.
    pub(super) fn forget_what_it_forgot(&self, work: &mut Work, side: &SideId, snapshot: &IssueSnapshot) {
        let until = work.item.matching.as_mut().and_then(|matching| matching.went_back.get(side).copied());
        let Some(until) = until else { return };
        for remark in Remark::ALL {
            let there = snapshot.remarks(remark);
            if !there.complete {
                continue;
            }
            let stands = |id: &CommentId| there.list.iter().any(|said| &said.id == id && said.created <= until);
            for record in work.item.remarks_mut(remark).iter_mut().filter(|record| !record.notice) {
                if &record.side == side && !stands(&record.id) {
                    record.id = CommentId::new(lost(record.id.as_str()));
                }
                if record.copies.get(side).is_some_and(|copy| !stands(copy)) {
                    record.forget(side);
                }
            }
        }
        let Some(files) = &snapshot.attachments else { return };
        let stands = |id: &AttachmentId| files.iter().any(|file| &file.id == id && file.created <= until);
        for record in &mut work.item.attachments {
            if &record.side == side && !stands(&record.id) {
                record.id = AttachmentId::new(lost(record.id.as_str()));
            }
            if record.copies.get(side).is_some_and(|copy| !stands(&copy.id)) {
                record.copies.remove(side);
            }
        }
    }

    /// Says that an instance was put back.
    pub(super) async fn went_back(&self, instance: &Instance, seen: String) -> Result<(), StoreError> {
        let proven = Proven { seen, checks: 0 };
        {
            let mut there = instance.time();
            if there.known.is_some() {
                return Ok(());
            }
            (there.covered, there.asks, there.known) = (false, true, Some(proven.clone()));
        }
        let seen = &proven.seen;
        tracing::error!(instance = %instance.id(), "this Jira was put back from an older backup: {seen}");
        let text = serde_json::to_string(&proven).unwrap_or_default();
        let kept = self.store.set_note(&note(instance.id()), &text).await;
        if kept.is_err() {
            // It is recognised again.
            instance.time().known = None;
        }
        kept
    }

    /// Takes up that an instance was recognised to be put back when the daemon last ran.
    pub(super) async fn recall_went_back(&self, instance: &Instance) -> Result<(), StoreError> {
        let kept = self.store.note(&note(instance.id())).await?;
        instance.time().known = kept.and_then(|text| serde_json::from_str(&text).ok());
        Ok(())
    }

    /// Whether all of an instance is to be looked at before the schedule says so. Said once.
    #[must_use]
    pub fn wants_check(&self, instance: &InstanceId) -> bool {
        self.instances.get(instance).is_some_and(|instance| std::mem::take(&mut instance.time().asks))
    }

    /// A full check of an instance ended.
    pub(super) async fn was_checked(&self, instance: &Instance) -> Result<(), StoreError> {
        let now = {
            let mut there = instance.time();
            if !std::mem::take(&mut there.covered) {
                return Ok(());
            }
            let Some(known) = there.known.as_mut() else { return Ok(()) };
            known.checks += 1;
            if known.checks >= CHECKS {
                there.known = None;
            }
            there.known.clone()
        };
        let text = now.and_then(|known| serde_json::to_string(&known).ok()).unwrap_or_default();
        self.store.set_note(&note(instance.id()), &text).await
    }

    /// Whether what is missing on an instance may be missing since it was put back: asks for what was read there last.
    pub(super) async fn may_have_forgotten(&self, instance: &Instance, missing: IssueId) -> bool {
        let newest = instance.time().newest.clone();
        let others: Vec<IssueId> = newest.keys().copied().filter(|issue| *issue != missing).collect();
        if instance.went_back() || others.is_empty() {
            return instance.went_back();
        }
        let far = |read: &IssueSnapshot| {
            let known = newest.get(&read.id).copied().unwrap_or(read.updated);
            known.duration_since(read.updated) > FAR || read.created.duration_since(known) > FAR
        };
        read_directly(instance, &others, false).await.iter().flatten().any(far)
    }
}

impl Instance {
    /// Whether it was put back from a backup, and not all of it was looked at since.
    pub(super) fn went_back(&self) -> bool {
        self.time().known.is_some()
    }

    /// Whether an issue was read as of before what is known for so long that no old answer explains it.
    fn lies_back_for_long(&self, issue: IssueId, now: Duration) -> bool {
        let mut there = self.time();
        let since = *there.before.entry(issue).or_insert(now);
        there.known.is_some() || now.saturating_sub(since) >= LONG
    }

    /// A full check of it begins.
    pub(super) fn check_begins(&self) {
        self.time().covered = true;
    }

    /// A part of it could not be looked at in the full check that is under way.
    pub(super) fn check_misses(&self) {
        self.time().covered = false;
    }

    /// Remembers what was taken in last.
    pub(super) fn took_in(&self, snapshot: &IssueSnapshot) {
        let mut there = self.time();
        there.before.remove(&snapshot.id);
        there.newest.insert(snapshot.id, snapshot.updated);
        if there.newest.len() > NEWEST {
            let oldest = there.newest.iter().min_by_key(|(_, updated)| **updated).map(|(issue, _)| *issue);
            oldest.and_then(|oldest| there.newest.remove(&oldest));
        }
    }

    /// That it was put back, and what to do.
    pub(super) fn went_back_in_words(&self) -> Option<(String, &'static str)> {
        let known = self.time().known.clone()?;
        Some((format!("this Jira was put back from an older backup: {}", known.seen), REMEDY))
    }
}

/// What stands for an id that was forgotten, and that its Jira gives to nothing else.
fn lost(id: &str) -> String {
    if id.starts_with("lost-") { id.to_owned() } else { format!("lost-{id}") }
}
