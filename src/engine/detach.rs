//! Syncs that an operator ended. Nothing of them is carried; where that was asked for, our marks are taken away from their issues: links
//! to counterparts, the fields that tell of them, and the properties that name us. Must never take away what a person put there, nor
//! anything of a sync that is not ended; what histories say of us stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::apply::Marked;
use super::instance::Instance;
use super::seal::Mark;
use super::{Engine, SyncRun};
use crate::jira::{Failure, IssueEdit, JiraError, Want, WriteOutcome, as_urgent_as};
use crate::mapping::{Place, References, inbound, same};
use crate::model::catalog::Catalog;
use crate::model::detach::Detached;
use crate::model::hub::{CommentRecord, ItemState, Replica};
use crate::model::ids::{
    CommentId, FieldId, FieldName, InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId,
};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::operation::{Intent, NativeWrite};
use crate::model::problem::Problem;
use crate::model::settings::{FieldRow, Kind};
use crate::model::store::{Record, StoreError, Urgency};
use crate::model::value::Value;
use crate::plan::{tells_of_counterparts, tells_of_more};

/// Items looked at between two looks at whether the sync is still ended.
const AT_ONCE: usize = 100;
/// Pause between two items that were written to: the marks of a large sync go over hours, and leave room for what is urgent.
const BETWEEN: Duration = Duration::from_millis(200);
/// How long after it was sent a write of ours may land still: what it brings must not come after it was taken away.
const LANDS: Duration = Duration::from_secs(600);

/// Under what it is told that a sync is ended.
#[must_use]
pub fn detached_about(sync: &SyncId) -> String {
    format!("detached sync {sync}")
}

/// What became of marks.
#[derive(Debug, Default)]
struct Went {
    /// Writes that were sent.
    writes: usize,
    /// Of these Jira refused one, with the reason.
    refused: Vec<String>,
    /// Fields that hold what somebody else wrote, and that were left.
    left: Vec<String>,
    /// Issues of which nobody knows whether a mark is left there.
    unknown: Vec<String>,
    /// Something could not be reached now.
    not_now: bool,
    /// The rows that were not emptied, though they tell of counterparts.
    kept: BTreeSet<FieldName>,
}

impl Went {
    fn not_now() -> Self {
        Self { not_now: true, ..Self::default() }
    }

    fn join(&mut self, other: Self) {
        self.writes += other.writes;
        self.refused.extend(other.refused);
        self.left.extend(other.left);
        self.unknown.extend(other.unknown);
        self.not_now |= other.not_now;
    }

    /// Counts what became of a write. Says whether it was refused.
    fn count(&mut self, replica: &Replica, outcome: WriteOutcome<()>) -> bool {
        self.writes += 1;
        match outcome {
            WriteOutcome::Done(()) => {}
            WriteOutcome::NotFound => {
                self.unknown.push(format!("{}: what is to go is not found there, nor known to be gone", replica.key));
            }
            WriteOutcome::Refused(refusal) => {
                self.refused.push(format!("{}: {refusal}", replica.key));
                return true;
            }
            // Asked for again: what is gone already is gone.
            WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_) => self.not_now = true,
        }
        false
    }
}

/// Whether it is still the same end of the sync that a pass began for.
fn is_still(sync: &SyncRun, since: Timestamp) -> bool {
    sync.ended().is_some_and(|detached| detached.strip && detached.since == since)
}

impl Engine {
    /// Takes up which of the syncs are ended, and says so.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn recall_detached(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let note = self.store.note(&Detached::note(sync.id())).await?;
            let detached = Detached::read(note.as_deref())?;
            sync.end(detached.clone());
            self.tell_detached(sync, detached.as_ref()).await?;
        }
        Ok(())
    }

    /// Held while a command is carried out: one after the other, and nothing that one said is moved on meanwhile.
    pub async fn commanding(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.commanding.lock().await
    }

    /// A sync that was ended is about to go on.
    pub fn attach(&self, sync: &SyncId) {
        if let Some(sync) = self.syncs.get(sync) {
            sync.end(None);
        }
    }

    async fn tell_detached(&self, sync: &SyncRun, detached: Option<&Detached>) -> Result<(), StoreError> {
        let side = sync.settings.side_ids().next().cloned();
        let problem = detached.zip(side).map(|(detached, side)| in_words(sync.id(), side, detached));
        let problems: Vec<Problem> = problem.into_iter().collect();
        self.store.set_problems(&detached_about(sync.id()), &problems, self.now()).await
    }

    /// The syncs that are ended, and how far their marks are taken away.
    #[must_use]
    pub fn detached(&self) -> Vec<(SyncId, Detached)> {
        self.syncs.values().filter_map(|sync| Some((sync.id().clone(), sync.ended()?))).collect()
    }

    /// Takes the marks away that are still there, as far as their instances can be reached. Gives how many writes were sent. It may be
    /// stopped at any point: an issue that is done is noted, and what was taken away of one that is not is only asked for again.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn strip_marks(&self) -> Result<usize, StoreError> {
        let mut writes = 0;
        for sync in self.syncs.values() {
            if sync.ended().is_some_and(|detached| detached.strip && !detached.stripped) {
                writes += as_urgent_as(Urgency::Sweep, self.strip_sync(sync)).await?;
            }
        }
        Ok(writes)
    }

    async fn strip_sync(&self, sync: &Arc<SyncRun>) -> Result<usize, StoreError> {
        let Some(Detached { since, .. }) = sync.ended() else { return Ok(0) };
        let (mut after, mut all, mut retired) = (None, Went::default(), false);
        loop {
            // What was unpaired, or merged into another, bears marks as well.
            let ids = if retired {
                self.store.retired_ids(after, AT_ONCE).await?
            } else {
                self.store.item_ids(after, AT_ONCE).await?
            };
            for id in &ids {
                if !is_still(sync, since) {
                    return Ok(all.writes);
                }
                let went = self.strip_item(sync, *id, since).await?;
                for why in went.refused.iter().chain(&went.left).chain(&went.unknown) {
                    tracing::warn!(sync = %sync.id(), item = %id, why, "a mark of ours could not be taken away");
                }
                let sent = went.writes;
                all.join(went);
                if sent > 0 {
                    tokio::time::sleep(BETWEEN).await;
                }
            }
            match ids.last() {
                Some(last) if ids.len() == AT_ONCE => after = Some(*last),
                Some(_) | None if retired => break,
                Some(_) | None => (after, retired) = (None, true),
            }
        }
        self.note_stripped(sync, since, &all).await?;
        Ok(all.writes)
    }

    /// Keeps how far a pass came, if it is still the same end of the sync.
    async fn note_stripped(&self, sync: &Arc<SyncRun>, since: Timestamp, went: &Went) -> Result<(), StoreError> {
        let _no_command = self.commanding.lock().await;
        let name = Detached::note(sync.id());
        let was = Detached::read(self.store.note(&name).await?.as_deref())?;
        let Some(was) = was.filter(|was| was.strip && was.since == since) else { return Ok(()) };
        let more = |count: u64, these: &[String]| count.saturating_add(u64::try_from(these.len()).unwrap_or(u64::MAX));
        let now = Detached {
            stripped: !went.not_now,
            refused: more(was.refused, &went.refused),
            left: more(was.left, &went.left),
            unknown: more(was.unknown, &went.unknown),
            ..was.clone()
        };
        if now != was {
            self.store.set_note(&name, &now.text()?).await?;
            sync.end(Some(now.clone()));
            self.tell_detached(sync, Some(&now)).await?;
        }
        Ok(())
    }

    /// Takes our marks away from the issues of one item.
    async fn strip_item(&self, sync: &Arc<SyncRun>, id: ItemId, since: Timestamp) -> Result<Went, StoreError> {
        let is_open = |item: &ItemState, side: &SideId| item.stripped.get(side) != Some(&since);
        let Some(mut item) = self.store.item(id).await?.filter(|item| &item.sync == sync.id()) else {
            return Ok(Went::default());
        };
        if !item.replicas.keys().any(|side| is_open(&item, side)) {
            return Ok(Went::default());
        }
        if item.merged.is_some() {
            // It has no place in the queue, and nobody else works on it.
            let went = self.strip_sides(sync, &mut item, since, &BTreeSet::new()).await;
            self.store.keep_retired(&item).await?;
            return Ok(went);
        }
        let Some(mut claim) = self.store.claim_these(&self.holder, self.now(), &[id]).await?.pop() else {
            return Ok(Went::not_now());
        };
        if !is_still(sync, since) {
            self.store.release(id, claim.fence, Some(self.now()), claim.attempts).await?;
            return Ok(Went::default());
        }
        let lands = |intent: &&Intent| self.now().duration_since(intent.opened).unsigned_abs() < LANDS;
        let unsettled: Vec<&Intent> = claim.intents.iter().filter(|intent| !intent.state.is_settled()).collect();
        let mut went = Went::not_now();
        if !unsettled.iter().any(lands) {
            let doubtful = unsettled.into_iter().map(|intent| intent.operation.side.clone()).collect();
            went = self.strip_sides(sync, &mut claim.item, since, &doubtful).await;
            let record = Record {
                item: claim.item,
                intents: Vec::new(),
                conflicts: Vec::new(),
                problems: None,
                acts: Vec::new(),
                requests: Vec::new(),
                brought: None,
            };
            self.store.record(&[(claim.fence, record)]).await?;
        }
        self.store.release(id, claim.fence, None, 0).await?;
        if !is_still(sync, since) {
            // Taken up again meanwhile: that woke it while it was held here, or not at all.
            self.wake_now(id).await?;
        }
        Ok(went)
    }

    async fn strip_sides(
        &self,
        sync: &Arc<SyncRun>,
        item: &mut ItemState,
        since: Timestamp,
        doubtful: &BTreeSet<SideId>,
    ) -> Went {
        let mut all = Went::default();
        let open = item.replicas.iter().filter(|(side, _)| item.stripped.get(*side) != Some(&since));
        let open: Vec<(SideId, String)> = open.map(|(side, replica)| (side.clone(), replica.key.to_string())).collect();
        for (side, key) in open {
            let instance = sync.instance_of(&side).and_then(|id| self.instances.get(id)).cloned();
            let Some(instance) = instance else {
                // One that the configuration does not lead to any more is nobody's to write to.
                all.unknown.push(format!("{key}: side `{side}` is not configured any more"));
                item.stripped.insert(side, since);
                continue;
            };
            if self.leaves_alone(&instance).is_some() || instance.is_held() {
                all.not_now = true;
                continue;
            }
            let mut went = self.strip_side(sync, item, &side, &instance).await;
            if went.not_now {
                // What was refused is asked for again, too, and counted then.
                all.writes += went.writes;
                all.not_now = true;
                continue;
            }
            if doubtful.contains(&side) {
                went.unknown.push(format!("{key}: what became of a write there is not known"));
            }
            if let Some(replica) = item.replicas.get_mut(&side) {
                forget_shown(sync, &side, replica, &went.kept);
            }
            item.stripped.insert(side, since);
            all.join(went);
        }
        all
    }

    /// What names us goes last, so that an issue that is half done is known by it.
    async fn strip_side(&self, sync: &Arc<SyncRun>, item: &ItemState, side: &SideId, instance: &Arc<Instance>) -> Went {
        let Some(replica) = item.replicas.get(side) else { return Went::default() };
        let (id, issue) = (instance.id(), replica.issue);
        let fields = way_back(sync, side).filter_map(|row| row.sides.get(side)).cloned().collect();
        let read = match read_now(instance, issue, &Want { fields, mark: true, ..Want::default() }).await {
            Ok(read) => read,
            Err(error) => return gone_or_later(instance, replica, &error),
        };
        let mut went = Went::default();
        for global_id in shown(item, replica) {
            let outcome = self.hands.unlink(id, issue, &global_id).await;
            went.count(replica, outcome);
        }
        let fields = emptied(self, (sync, item, side), &read, &mut went);
        self.empty(sync, item, side, id, fields, &mut went).await;
        let is_ours = |mark: Option<&str>| mark.is_some_and(|mark| self.seal.open(mark, sync.id(), side).is_some());
        for record in &copies_on(&item.comments, side) {
            if went.not_now {
                return went;
            }
            match instance.read.comment_mark(issue, record).await {
                Ok(mark) if is_ours(mark.as_deref()) => {
                    let outcome = self.hands.unmark(id, issue, &Marked::Comment(record.clone())).await;
                    went.count(replica, outcome);
                }
                // Nobody's, or of a state before this one.
                Ok(_) => {}
                Err(error) => went.join(gone_or_later(instance, replica, &error)),
            }
        }
        let copies = copies_on(&item.worklogs, side);
        // Data Center's worklogs have no properties.
        if instance.settings.kind == Kind::Cloud && !copies.is_empty() && !went.not_now {
            match instance.read.worklogs(issue).await {
                Ok(there) => {
                    for worklog in &there {
                        if copies.contains(&worklog.id) && is_ours(worklog.mark.as_deref()) {
                            let outcome = self.hands.unmark(id, issue, &Marked::Worklog(worklog.id.clone())).await;
                            went.count(replica, outcome);
                        }
                    }
                }
                Err(error) => went.join(gone_or_later(instance, replica, &error)),
            }
        }
        if is_ours(read.mark.as_deref()) && !went.not_now {
            let outcome = self.hands.unmark(id, issue, &Marked::Issue).await;
            went.count(replica, outcome);
        }
        went
    }

    /// Empties fields, all at once; where Jira takes not all of them, each by itself.
    async fn empty(
        &self,
        sync: &Arc<SyncRun>,
        item: &ItemState,
        side: &SideId,
        id: &InstanceId,
        fields: BTreeMap<FieldName, (FieldId, NativeWrite)>,
        went: &mut Went,
    ) {
        let Some(replica) = item.replicas.get(side).filter(|_| !fields.is_empty()) else { return };
        let silent = self.may_silence_on(sync, side).await;
        let edit = |fields: BTreeMap<FieldId, NativeWrite>| {
            // Named by its item, since no journal holds it: it must not look like what a state forgot.
            let mark = Mark { operation: OperationId(item.id.0), item: item.id, of: None };
            let tag = self.seal.close(mark, sync.id(), side, &*self.entropy).ok()?;
            Some(IssueEdit { issue: replica.issue, fields, tag, silent })
        };
        if fields.len() > 1 {
            let Some(all) = edit(fields.values().cloned().collect()) else { return };
            match self.hands.empty(id, &all).await {
                // One of them may be to blame for all.
                WriteOutcome::Refused(_) => went.writes += 1,
                outcome @ (WriteOutcome::Done(())
                | WriteOutcome::NotFound
                | WriteOutcome::NotSent { .. }
                | WriteOutcome::InDoubt(_)) => {
                    went.count(replica, outcome);
                    return;
                }
            }
        }
        for (name, field) in fields {
            let Some(one) = edit(BTreeMap::from([field])) else { return };
            let outcome = self.hands.empty(id, &one).await;
            if went.count(replica, outcome) {
                went.kept.insert(name);
            }
        }
    }
}

/// Our copies of what people said, on one side.
fn copies_on(records: &[CommentRecord], side: &SideId) -> BTreeSet<CommentId> {
    records.iter().filter_map(|record| record.copies.get(side)).cloned().collect()
}

async fn read_now(instance: &Instance, issue: IssueId, want: &Want) -> Result<IssueSnapshot, JiraError> {
    let read = async { Ok(instance.read.issues(&[issue], want).await) };
    let answers: Result<Vec<_>, JiraError> = instance.patiently(read).await;
    answers?.pop().unwrap_or_else(|| {
        let attempt = format!("reading issue {issue} before our marks are taken away");
        let failure = Failure::Unreachable("no answer about it came".to_owned());
        Err(JiraError { attempt, instance: instance.id().clone(), failure })
    })
}

/// What is not shown, or cannot be read, may bear a mark still; anything else is asked for again.
fn gone_or_later(instance: &Instance, replica: &Replica, error: &JiraError) -> Went {
    if matches!(error.failure, Failure::NotFound | Failure::Refused(_) | Failure::Unreadable(_)) {
        return Went { unknown: vec![format!("{}: {error}", replica.key)], ..Went::default() };
    }
    instance.failed(error);
    Went::not_now()
}

/// The fields that hold what we wrote of counterparts and nothing else, each with the write that takes that away.
fn emptied(
    engine: &Engine,
    (sync, item, side): (&Arc<SyncRun>, &ItemState, &SideId),
    read: &IssueSnapshot,
    went: &mut Went,
) -> BTreeMap<FieldName, (FieldId, NativeWrite)> {
    let mut fields = BTreeMap::new();
    let Some(replica) = item.replicas.get(side) else { return fields };
    let catalogs = sync.catalogs();
    let nothing = Catalog::default();
    let keys: BTreeMap<SideId, IssueKey> =
        item.replicas.iter().map(|(side, replica)| (side.clone(), replica.key.clone())).collect();
    let mut references = References::new(&sync.settings, &catalogs, keys.clone());
    engine.know_keys(&sync.settings, &mut references);
    references.pair(&keys);
    for row in way_back(sync, side) {
        let base = replica.bases.get(&row.name).and_then(|base| base.value.as_ref());
        let Some((base, field)) = base.filter(|base| !base.is_empty()).zip(row.sides.get(side)) else { continue };
        let there = read.fields.get(field).unwrap_or(&NativeValue::Empty);
        let catalog = catalogs.get(side).unwrap_or(&nothing);
        let place =
            Place { sync: &sync.settings, row, side, catalog, references: &references, origin: None, held: None };
        let now = inbound(&place, there);
        if now.as_ref().is_some_and(Value::is_empty) {
            continue;
        }
        let write = match (there, base) {
            _ if tells_of_more(row) => None,
            // What others added stays.
            (NativeValue::Words(words), Value::Words(ours)) => {
                let is_ours = |word: &&String| {
                    let one = inbound(&place, &NativeValue::Words(BTreeSet::from([(*word).clone()])));
                    one.is_some_and(|one| one.words().iter().any(|word| ours.contains(word)))
                };
                let remove: Vec<String> = words.iter().filter(is_ours).cloned().collect();
                if remove.is_empty() {
                    continue;
                }
                Some(NativeWrite::Words { add: Vec::new(), remove })
            }
            _ if now.is_some_and(|now| same(&now, base)) => Some(NativeWrite::Set(NativeValue::Empty)),
            _ => None,
        };
        match write {
            Some(write) => {
                fields.insert(row.name.clone(), (field.clone(), write));
            }
            None => {
                went.left.push(format!("{}: `{}` holds what others wrote, too", replica.key, row.name));
                went.kept.insert(row.name.clone());
            }
        }
    }
    fields
}

/// The rows that tell of counterparts on a side.
fn way_back<'s>(sync: &'s SyncRun, side: &'s SideId) -> impl Iterator<Item = &'s FieldRow> {
    let rows = sync.settings.fields.values().filter(move |row| !row.from.contains(side) && tells_of_counterparts(row));
    rows.filter(move |row| row.sides.contains_key(side))
}

/// What Jira knows the links by that a replica shows.
fn shown(item: &ItemState, replica: &Replica) -> Vec<String> {
    let counterparts = replica.links.keys().map(|to| format!("jirasyncd:{}:{to}", item.id));
    let ends = replica.ends.shown.iter().flat_map(|(of, links)| {
        links.keys().map(move |link| {
            let known = replica.ends.known_by(of, link);
            known.map_or_else(|| format!("jirasyncd:{}:{of}:{link}", item.id), str::to_owned)
        })
    });
    counterparts.chain(ends).collect()
}

/// What is not shown any more: if the sync is taken up again it is shown anew.
fn forget_shown(sync: &SyncRun, side: &SideId, replica: &mut Replica, kept: &BTreeSet<FieldName>) {
    replica.links.clear();
    replica.ends.shown.clear();
    for row in way_back(sync, side).filter(|row| !kept.contains(&row.name)) {
        replica.bases.remove(&row.name);
    }
}

/// That a sync is ended, and what can be done about it.
fn in_words(sync: &SyncId, side: SideId, detached: &Detached) -> Problem {
    let Detached { since, by, strip, stripped, refused, left, unknown } = detached;
    let mut marks = match (strip, stripped) {
        (false, _) => String::new(),
        (true, false) => "; our marks are being taken away from its issues".to_owned(),
        (true, true) => "; our marks are taken away from its issues".to_owned(),
    };
    let but = [
        (refused, "marks that Jira refused to give up"),
        (left, "fields that hold what others wrote, too"),
        (unknown, "issues whose marks are not known"),
    ];
    let but: Vec<String> =
        but.iter().filter(|(count, _)| **count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if *strip && !but.is_empty() {
        marks = format!("{marks}, but for {} (see the log)", but.join(", "));
    }
    let wait = if *strip && !stripped { " once that is done" } else { "" };
    Problem {
        side,
        field: None,
        what: format!("sync `{sync}` was ended at {since:.0} by {by}: nothing of it is carried{marks}"),
        remedy: format!("take it out of the configuration{wait}, or take it up again with `jirasyncd attach {sync}`"),
        operation: None,
        settles: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_told_as_ended_with_what_is_left_to_do() {
        let by = crate::model::command::Operator { uid: 7, name: Some("jane".to_owned()) };
        let mut detached = Detached {
            since: Timestamp::UNIX_EPOCH,
            by,
            strip: true,
            stripped: false,
            refused: 0,
            left: 0,
            unknown: 0,
        };
        let said = |detached: &Detached| in_words(&"s".into(), "a".into(), detached);
        assert!(said(&detached).remedy.contains("once that is done"));
        (detached.stripped, detached.refused, detached.unknown) = (true, 2, 3);
        assert!(
            said(&detached)
                .what
                .contains("but for 2 marks that Jira refused to give up, 3 issues whose marks are not known")
                && !said(&detached).remedy.contains("once")
        );
    }
}
