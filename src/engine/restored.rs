//! A state that was put back from an older backup: it is recognised at the first mark that was sealed under its own key and names an
//! operation that its journal does not know. What it forgot is found again item by item. Must never make anything before what stands
//! was heard of, and never take what it forgot for a person's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::admit::with_mark;
use super::found::Duplicate;
use super::instance::Instance;
use super::recover::replica_of;
use super::scope::joined;
use super::seal::{Mark, Origin};
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError};
use crate::model::command::PairEffect;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{CommentId, InstanceId, IssueId, ItemId, OperationId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot};
use crate::model::left;
use crate::model::matching::{Marked, Matching};
use crate::model::operation::Action;
use crate::model::problem::Problem;
use crate::model::remark::Remark;
use crate::model::settings::Kind;
use crate::model::store::StoreError;
use crate::plan::{By, Step};

/// How the problem is filed that tells of a state from a backup.
pub(super) const FORGOT: &str = "the state";
/// Whether a problem filed under these words is about the state as a whole: a full check ends it, and no start.
#[must_use]
pub fn is_about_the_state(about: &str) -> bool {
    about == FORGOT
}

/// How it is filed that a second daemon runs; the sync follows.
const TWIN: &str = "second daemon of sync";
/// Problems looked through at the start.
const MOST: usize = 1_000;

/// Under what it is kept how far an instance was polled before what stands was compared.
pub(super) fn knew_note(instance: &InstanceId) -> String {
    format!("knew of {instance}")
}

/// What was met of what the sync user made and nobody remembers.
#[derive(Default)]
struct Met {
    /// What proves that the state is older than that.
    proof: Option<String>,
    /// What has no mark: it may be ours, or not.
    bare: BTreeSet<String>,
    marked: Vec<Marked>,
    /// What was proven to be ours, by its names: it is looked at once.
    ours: BTreeSet<String>,
}

impl Engine {
    /// Whether the journal does not know an operation.
    pub(super) async fn is_forgotten(&self, work: &Work, operation: OperationId) -> Result<bool, StoreError> {
        let known = work.intents.iter().any(|intent| intent.id == operation);
        Ok(!known && self.is_in_no_journal(operation).await?)
    }

    /// Whether no process that worked on this state before carried an operation out.
    pub(super) async fn is_in_no_journal(&self, operation: OperationId) -> Result<bool, StoreError> {
        if self.store.intent(operation).await?.is_some() {
            return Ok(false);
        }
        // What took our marks away is named by its item, and by no journal.
        Ok(self.store.item(ItemId(operation.0)).await?.is_none())
    }

    /// An item holds something that was written by a state which knew more than this one.
    pub(super) async fn forgot(&self, work: &mut Work, side: &SideId, proof: &str) -> Result<(), StoreError> {
        tracing::warn!(item = %work.item.id, %side, proof, "an item is joined anew: the state forgot what it wrote");
        work.item.matching.get_or_insert_default().restored = true;
        Self::joins_anew(&mut work.item);
        self.recognise(side, proof).await
    }

    /// All of an item's issues are to be compared, where it is joined anew.
    pub(super) fn joins_anew(item: &mut ItemState) {
        let sides: Vec<SideId> = item.replicas.keys().cloned().collect();
        if let Some(matching) = item.matching.as_mut().filter(|matching| matching.restored) {
            matching.sides.extend(sides);
        }
    }

    /// Whether the state is known to be older than what it wrote.
    pub(super) fn is_restored(&self) -> bool {
        self.restored.load(Ordering::Acquire)
    }

    /// Takes up that the state was recognised to be from a backup when the daemon last ran, and who was told to be a second daemon.
    pub(super) async fn recall_restored(&self) -> Result<(), StoreError> {
        let restored = self.store.note(FORGOT).await?.is_some_and(|note| !note.is_empty());
        self.restored.store(restored, Ordering::Release);
        for stored in self.store.problems(MOST).await? {
            // Word and note are two commits: whoever died between them left a word that nothing would end.
            let is_over = stored.about.starts_with(TWIN) || (stored.about == FORGOT && !restored);
            if stored.item.is_none() && is_over {
                self.store.set_problems(&stored.about, &[], self.now()).await?;
            }
        }
        Ok(())
    }

    /// A full check begins: what was recognised until now is covered by it.
    pub(super) fn check_begins(&self) {
        self.covered.store(true, Ordering::Release);
    }

    /// A full check ended: all that the state knows was compared with what stands, unless something was recognised meanwhile.
    pub(super) async fn check_ended(&self) -> Result<(), StoreError> {
        if !self.covered.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        for instance in self.instances.keys() {
            let note = knew_note(instance);
            if self.store.note(&note).await?.is_some_and(|note| !note.is_empty()) {
                self.store.set_note(&note, "").await?;
            }
        }
        if self.restored.swap(false, Ordering::AcqRel) {
            self.store.set_note(FORGOT, "").await?;
            self.store.set_problems(FORGOT, &[], self.now()).await?;
        }
        Ok(())
    }

    /// Takes up how far an instance was polled before anything was compared with it: what was made since may be forgotten, and stays so
    /// over a restart.
    pub(super) async fn recall_knew(&self, instance: &Instance) -> Result<(), StoreError> {
        let cursor = self.store.cursor(instance.id()).await?.map(|cursor| cursor.updated);
        let note = knew_note(instance.id());
        let kept = self.store.note(&note).await?.and_then(|kept| kept.parse::<Timestamp>().ok());
        instance.knew_until(cursor.map(|cursor| kept.map_or(cursor, |kept| kept.min(cursor))));
        match cursor {
            Some(cursor) if kept.is_none() => self.store.set_note(&note, &cursor.to_string()).await,
            Some(_) | None => Ok(()),
        }
    }

    /// An issue bears a mark of this state that this process did not make, and that was made while it ran: a second daemon runs on a copy
    /// of the state. Both would make everything twice.
    pub(super) async fn meets_twin(&self, sync: &SyncRun, side: &SideId, snapshot: &IssueSnapshot, at: Timestamp) {
        if sync.has_twin() {
            return;
        }
        sync.meets_twin();
        tracing::error!(sync = %sync.id(), %side, key = %snapshot.key, %at, "a second daemon runs on a copy of this state");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!(
                "a second daemon runs on a copy of this state: {} holds what it wrote at {at}, and this one did not; nothing of this sync is \
                 carried here",
                snapshot.key
            ),
            remedy: "stop one of the two for good, then start the other again".to_owned(),
            operation: None,
            settles: false,
        };
        let about = format!("{TWIN} {}", sync.id());
        if let Err(error) = self.store.set_problems(&about, &[problem], self.now()).await {
            tracing::warn!(%error, "could not note that a second daemon runs");
        }
    }

    /// Says that the state is older than what it wrote.
    async fn recognise(&self, side: &SideId, proof: &str) -> Result<(), StoreError> {
        self.covered.store(false, Ordering::Release);
        if self.restored.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        tracing::error!(%side, proof, "the state was put back from an older backup: what it forgot is joined anew");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!(
                "the state was put back from an older backup: {proof}, and its journal does not know of it. What it forgot is joined anew, \
                 item by item: what is equal joins, what differs is kept as a conflict, nothing is deleted"
            ),
            remedy: "nothing; the next full check ends it. What was paired, unpaired, merged or paused since the backup is to be \
                     done again"
                .to_owned(),
            operation: None,
            settles: true,
        };
        // The word first: of one who dies in between it is recognised, and told, again.
        self.store.set_problems(FORGOT, &[problem], self.now()).await?;
        self.store.set_note(FORGOT, &self.now().to_string()).await
    }

    /// Looks in a read for what the sync user did and the state does not remember. Costs requests only for what was made between what
    /// the state knew when the process began and that moment.
    pub(super) async fn look_for_forgotten(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
        steps: &[Step],
    ) -> Result<(), JiraError> {
        let joins = work.item.matching.as_ref().is_some_and(|matching| matching.restored);
        if !joins && !work.item.replicas.get(side).is_some_and(|replica| replica.ours || replica.observed) {
            // What a person's issue holds when it is first seen is no news.
            return Ok(());
        }
        let mut met = Met::default();
        for step in steps {
            let By::Us(operation) = step.by else { continue };
            if self.does_not_know(work, operation).await {
                if instance.is_of_a_twin(step.entry.created) {
                    self.meets_twin(&work.sync, side, snapshot, step.entry.created).await;
                    return Ok(());
                }
                met.proof =
                    Some(format!("the log of {} holds a change that it made at {}", snapshot.key, step.entry.created));
            }
        }
        for remark in Remark::ALL {
            self.look_for_forgotten_remarks(work, (side, instance, snapshot), remark, &mut met).await?;
        }
        met.bare.extend(forgotten_files(work, (side, instance, snapshot)));
        if let Some(proof) = &met.proof
            && !joins
            && let Err(error) = self.forgot(work, side, proof).await
        {
            tracing::warn!(%error, "could not note that the state is from a backup");
        }
        if !met.ours.is_empty() {
            work.item.left.entry(side.clone()).or_default().extend(met.ours);
        }
        if !met.bare.is_empty() {
            work.bare.insert(side.clone(), met.bare);
        }
        if let Some(matching) = work.item.matching.as_mut() {
            for marked in met.marked {
                if matching.origin(marked.remark, &marked.side, &marked.copy).is_none() {
                    matching.marked.push(marked);
                }
            }
        }
        Ok(())
    }

    /// Compares what has no mark with what the item holds, once each, where the state is known to have forgotten something: in any other
    /// it is what people do as the sync user.
    pub(super) fn compare_bare(&self, work: &mut Work) {
        if !self.is_restored() || work.bare.is_empty() {
            return;
        }
        for (side, bare) in std::mem::take(&mut work.bare) {
            work.item.left.entry(side).or_default().extend(bare);
        }
        if work.item.replicas.len() > 1 {
            let sides = work.item.replicas.keys().cloned();
            match &mut work.item.matching {
                None => work.item.matching = Some(Matching { careful: true, ..Matching::of(sides) }),
                // One side waits to be looked through already: now all of them do.
                Some(matching) => {
                    matching.sides.extend(sides);
                    matching.careful = true;
                }
            }
        }
    }

    async fn does_not_know(&self, work: &Work, operation: OperationId) -> bool {
        match self.is_forgotten(work, operation).await {
            Ok(forgotten) => forgotten,
            Err(error) => {
                tracing::warn!(%operation, %error, "could not look an operation up");
                false
            }
        }
    }

    async fn look_for_forgotten_remarks(
        &self,
        work: &Work,
        (side, instance, snapshot): (&SideId, &Instance, &IssueSnapshot),
        remark: Remark,
        met: &mut Met,
    ) -> Result<(), JiraError> {
        let of_this = |action: &Action| matches!(action, Action::AddComment { remark: kind, .. } if *kind == remark);
        let list = &snapshot.remarks(remark).list;
        let unknown = |there: &&CommentSnapshot| {
            let ours = instance.is_us(there.author.as_ref().map(|author| &author.account));
            let joins = work.item.matching.as_ref().is_some_and(|matching| matching.restored);
            let known =
                is_known(work, remark, side, &there.id) || work.item.is_left(side, &left::remark(remark, &there.id));
            ours && (joins || instance.may_be_forgotten(there.created)) && !known
        };
        if is_in_doubt(work, side, of_this) || !list.iter().any(|there| unknown(&there)) {
            return Ok(());
        }
        if remark == Remark::Worklog && instance.settings.kind == Kind::DataCenter {
            let carried = list.iter().filter(|there| work.sync.settings.worklogs.takes(side) && unknown(there));
            met.bare.extend(carried.map(|there| left::remark(remark, &there.id)));
            return Ok(());
        }
        let read;
        let list = if remark == Remark::Worklog {
            // With an issue they come without their marks.
            read = instance.patiently(instance.read.worklogs(snapshot.id)).await?;
            &read
        } else {
            list
        };
        for there in list.iter().filter(unknown) {
            let mark = match remark {
                Remark::Comment => instance.patiently(instance.read.comment_mark(snapshot.id, &there.id)).await?,
                Remark::Worklog => there.mark.clone(),
            };
            let Some(mark) = mark.and_then(|mark| self.seal.open(&mark, work.sync.id(), side)) else { continue };
            if !self.does_not_know(work, mark.operation).await {
                continue;
            }
            met.proof = Some(format!("{} {} of {} is a copy that it made", remark.word(), there.id, snapshot.key));
            met.ours.insert(left::remark(remark, &there.id));
            let origin = mark.of.and_then(|of| Some((place(&work.sync, &of)?, CommentId::new(of.id.to_string()))));
            met.marked.extend(origin.map(|(origin, original)| {
                let (side, copy) = (side.clone(), there.id.clone());
                Marked { remark, side, copy, origin, original }
            }));
        }
        Ok(())
    }
}

impl Engine {
    /// Takes in an issue that we made for an item that the state does not know: its mark says of which issue it is the counterpart. Says
    /// whether nothing more is to be done about it.
    pub(super) async fn rebuild(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
        mark: Mark,
    ) -> Result<bool, StoreError> {
        self.recognise(side, &format!("{} is a counterpart that it made", row.key)).await?;
        let origin = mark.of.and_then(|of| Some((place(sync, &of)?, IssueId(of.id))));
        let Some((from, issue)) = origin.filter(|(from, _)| from != side) else {
            self.tell_stranger(side, instance, row).await?;
            return Ok(true);
        };
        let settings = sync.side(&from);
        let there = settings.and_then(|settings| self.instances.get(&settings.instance)).cloned();
        let (Some(there), Some(settings)) = (there, settings) else { return Ok(false) };
        let items = self.store.items_of(there.id(), issue).await?;
        if let Some((item, ..)) = items.iter().find(|(_, of, _)| of == sync.id()) {
            return self.join_begun(sync, side, instance, row, *item).await;
        }
        if there.pause().is_some() {
            return Ok(false);
        }
        let read = async { Ok(there.read.issues(&[issue], &with_mark(&there.want)).await.pop()) };
        let is_there = |project: &str| {
            project == settings.project || there.configured_key(project).as_ref() == Some(&settings.project)
        };
        let original = match there.patiently(read).await {
            Ok(Some(Ok(original))) if is_there(&original.project) => original,
            // It went elsewhere, or is gone: what it was a counterpart of is not of the sync any more.
            Ok(Some(Ok(_) | Err(JiraError { failure: Failure::NotFound, .. }))) => {
                self.tell_stranger(side, instance, row).await?;
                return Ok(true);
            }
            Ok(Some(Err(error))) | Err(error) => {
                there.failed(&error);
                return Ok(false);
            }
            Ok(None) => return Ok(false),
        };
        let mut item = ItemState::new(mark.item, sync.id().clone());
        let first = Replica { ours: false, scope: joined(&sync.settings, &from, false), ..replica_of(&original) };
        item.replicas.insert(from, first);
        item.replicas.insert(side.clone(), replica_of(row));
        item.matching = Some(Matching { restored: true, ..Matching::default() });
        Self::joins_anew(&mut item);
        let joined = vec![(there.id().clone(), issue), (instance.id().clone(), row.id)];
        let effect = PairEffect { item, fence: None, parted: Vec::new(), conflicts: Vec::new(), joined };
        match self.store.pair_up(&effect).await {
            Ok(()) => {
                tracing::warn!(%side, key = %row.key, of = %original.key, "an item that the state forgot was found again by its mark");
                Ok(true)
            }
            // Somebody was quicker: it is looked at again.
            Err(StoreError::Bound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Its original began an item of its own, since the state had forgotten the first.
    async fn join_begun(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
        item: ItemId,
    ) -> Result<bool, StoreError> {
        let Some(claim) = self.store.claim_these(&self.holder, self.now(), &[item]).await?.pop() else {
            if self.store.item(item).await?.is_some_and(|item| item.merged.is_some()) {
                self.tell_stranger(side, instance, row).await?;
                return Ok(true);
            }
            return Ok(false);
        };
        let (fence, attempts) = (claim.fence, claim.attempts);
        let done = self.join(Work::new(claim, Arc::clone(sync)), side, instance, row).await;
        self.store.release(item, fence, Some(self.now()), attempts).await?;
        done.map(|()| true)
    }

    async fn join(
        &self,
        mut work: Work,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<(), StoreError> {
        match work.item.replicas.get(side) {
            Some(there) if there.issue == row.id => Ok(()),
            Some(there) => {
                let (sync, instance, of) = (work.sync.id().clone(), instance.id().clone(), there.key.clone());
                let (side, issue, key) = (side.clone(), row.id, row.key.clone());
                self.tell_duplicate(&Duplicate { sync, instance, side, issue, key, of }).await
            }
            None => {
                work.item.replicas.insert(side.clone(), replica_of(row));
                self.forgot(&mut work, side, &format!("{} is a counterpart that it made", row.key)).await?;
                let fence = work.fence;
                self.store.record(&[(fence, work.record())]).await
            }
        }
    }
}

/// The side that a mark speaks of.
pub(super) fn place(sync: &SyncRun, of: &Origin) -> Option<SideId> {
    sync.settings.side_ids().find(|side| of.is_on(side)).cloned()
}

/// Whether a write of this kind is not settled on a side: what stands there may be its doing.
pub(super) fn is_in_doubt(work: &Work, side: &SideId, of_this: impl Fn(&Action) -> bool) -> bool {
    let open = work.intents.iter().filter(|intent| &intent.operation.side == side && !intent.state.is_settled());
    open.into_iter().any(|intent| of_this(&intent.operation.action))
}

pub(super) fn is_known(work: &Work, remark: Remark, side: &SideId, id: &CommentId) -> bool {
    work.item.remarks(remark).iter().any(|record| record.copies.get(side) == Some(id))
        || work.item.matching.as_ref().is_some_and(|matching| matching.origin(remark, side, id).is_some())
}

/// Files that lie there, that the sync user attached before the process began, and that nobody remembers.
fn forgotten_files(work: &Work, (side, instance, snapshot): (&SideId, &Instance, &IssueSnapshot)) -> BTreeSet<String> {
    let adds = |action: &Action| matches!(action, Action::AddFile { .. });
    if is_in_doubt(work, side, adds) || !work.sync.settings.attachments.to.contains(side) {
        return BTreeSet::new();
    }
    let known = |id| {
        let copies = work.item.attachments.iter().filter_map(|record| record.copies.get(side));
        copies.into_iter().any(|copy| &copy.id == id)
    };
    let files = snapshot.attachments.iter().flatten().filter(|file| {
        instance.is_us(file.author.as_ref()) && instance.may_be_forgotten(file.created) && !known(&file.id)
    });
    files.map(|file| left::file(&file.id)).filter(|name| !work.item.is_left(side, name)).collect()
}
