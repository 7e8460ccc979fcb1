//! From a raw read to an observation: the log since the last entry seen is made whole, and every entry is attributed. Must
//! never call an entry ours that does not carry a mark of ours by the sync user's own hand.

use jiff::Timestamp;

use super::admit::with_mark;
use super::instance::Instance;
use super::work::{Read, Work};
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError};
use crate::model::hub::Replica;
use crate::model::ids::{EntryId, OperationId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, LogEntry};
use crate::model::remark::Remark;
use crate::plan::{By, Step};
use crate::planted::{Bug, is_planted};

/// How often an issue is read again whose lists hold what came after it. Who changes one all the time is read later.
const MOST_AGAIN: usize = 3;

impl Engine {
    /// Completes and attributes a read of a side. `None`: it is older than what is known, and says nothing.
    pub(super) async fn observe(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        mut snapshot: IssueSnapshot,
        mut direct: bool,
    ) -> Result<Option<Read>, JiraError> {
        if self.is_of_the_past(work, side, instance, &mut snapshot, direct).await? {
            return Ok(None);
        }
        let Some(replica) = work.item.replicas.get(side) else { return Ok(None) };
        let (known, ours, observed) = (replica.entry, replica.ours, replica.observed);
        self.look_at_what_was_made(work, side, instance, &snapshot);
        // A row of a lagging index or node: what is known is newer. It is ignored, never "reverted".
        if is_older(replica, &snapshot) {
            return Ok(None);
        }
        let mut again = 0;
        while let Some(came) = self.complete(work, side, instance, &mut snapshot).await?
            && came > snapshot.updated
        {
            // A list holds what came after the issue was read: who may see that, only a read after the list tells.
            let read =
                async { instance.read.issues(&[snapshot.id], &with_mark(&instance.want)).await.pop().transpose() };
            let now = instance.patiently(read).await?.filter(|now| now.updated >= snapshot.updated);
            let Some(mut now) = now.filter(|_| again < MOST_AGAIN) else {
                work.unread.insert(side.clone(), "it changes while it is read".to_owned());
                work.failed = true;
                return Ok(None);
            };
            instance.by_configured_key(&mut now);
            self.note_presence(work, side, &now);
            again += 1;
            direct = true;
            let is_same = now.updated == snapshot.updated;
            if is_same {
                // Nothing was done to it meanwhile: the clocks of issue and list differ, and the lists stand.
                (now.comments, now.worklogs) = (snapshot.comments, snapshot.worklogs);
                (now.log, now.log_whole) = (snapshot.log, snapshot.log_whole);
            }
            snapshot = now;
            if is_same {
                break;
            }
        }
        self.forget_what_it_forgot(work, side, &snapshot);
        for remark in Remark::ALL {
            if snapshot.remarks(remark).complete {
                self.look_for_late_comments(work, side, instance, &snapshot, remark).await?;
            }
        }
        self.look_for_unmarked(work, side, instance, &snapshot).await?;
        self.look_for_late_files(work, side, instance, &snapshot);
        // What a person's issue held when it was first seen is theirs as it stands; its history is no news.
        let first = !observed && !ours;
        let after = if first { EntryId(u64::MAX) } else { known };
        let sync = std::sync::Arc::clone(&work.sync);
        let outsiders = self.outsiders_in(&sync, side, instance, &snapshot).await?;
        let steps: Vec<Step> = snapshot
            .log
            .iter()
            .filter(|entry| entry.id > after)
            .map(|entry| Step { entry: entry.clone(), by: self.who(&sync, side, instance, entry) })
            .filter(|step| step.by == By::Person || !is_planted(Bug::AuthorOnly))
            .collect();
        for step in &steps {
            if let By::Us(operation) = step.by {
                instance.gave_tag_back(true);
                self.look_at_our_entry(instance, &snapshot, &step.entry);
                self.remember(work, operation).await;
            }
        }
        self.look_for_rivals(work, side, instance, &steps);
        self.look_for_forgotten(work, side, instance, &snapshot, &steps).await?;
        instance.took_in(&snapshot);
        Ok(Some(Read { snapshot, steps, direct, again: false, outsiders }))
    }

    /// Reads what of the history, the comments and the logged work did not come with an issue. Gives the newest time in those of
    /// these lists that were read by themselves.
    async fn complete(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &mut IssueSnapshot,
    ) -> Result<Option<Timestamp>, JiraError> {
        let Some(replica) = work.item.replicas.get(side) else { return Ok(None) };
        let (known, ours, observed) = (replica.entry, replica.ours, replica.observed);
        let covered = snapshot.log_whole || snapshot.log.iter().any(|entry| entry.id <= known);
        // Where some people's acts stay, the history tells whose what stands there is.
        let parted = work.sync.settings.parted(side).is_some();
        let rows = work.sync.settings.fields.values().filter(|row| row.sides.contains_key(side));
        let new_row = parted && rows.map(|row| &row.name).any(|name| !replica.bases.contains_key(name));
        if new_row && !snapshot.log_whole {
            snapshot.log = instance.patiently(instance.read.log_after(snapshot.id, EntryId(0))).await?;
        } else if !covered && (observed || ours) {
            snapshot.log = instance.patiently(instance.read.log_after(snapshot.id, known)).await?;
        }
        let has_copies = work.item.comments.iter().any(|record| record.copies.contains_key(side));
        let compared = (work.item.matching.is_some() || self.is_restored()) && work.sync.settings.comments.takes(side);
        let wants_comments = work.sync.settings.comments.gives(side) || has_copies || compared;
        let mut newest = None;
        if wants_comments && !snapshot.comments.complete {
            snapshot.comments.list = instance.patiently(instance.read.comments(snapshot.id)).await?;
            snapshot.comments.complete = true;
            newest = last_touched(&snapshot.comments.list);
        }
        if self.complete_worklogs(work, side, instance, snapshot).await? {
            newest = newest.max(last_touched(&snapshot.worklogs.list));
        }
        Ok(newest)
    }

    /// Who made an entry. A mark is believed only from the sync user's own hand: a person could copy one.
    fn who(&self, sync: &SyncRun, side: &SideId, instance: &Instance, entry: &LogEntry) -> By {
        if !instance.is_us(entry.author.as_ref()) || is_planted(Bug::EchoTakenAsEdit) {
            // What an earlier bridge did is nobody's word.
            let is_former = sync.settings.start.is_former(side, entry.author.as_ref());
            return if is_former { By::SyncUser } else { By::Person };
        }
        let mark = entry.tag.as_deref().and_then(|tag| self.seal.open(tag, sync.id(), side));
        mark.filter(|_| !is_planted(Bug::TagIgnored)).map_or(By::SyncUser, |mark| By::Us(mark.operation))
    }

    /// Finds an old operation of ours again, so that its entry can be understood.
    pub(super) async fn remember(&self, work: &mut Work, operation: OperationId) {
        if work.intents.iter().any(|intent| intent.id == operation) {
            return;
        }
        match self.store.intent(operation).await {
            Ok(Some(intent)) if intent.item == work.item.id => work.intents.push(intent),
            Ok(_) => {}
            Err(error) => tracing::warn!(%operation, %error, "could not look an operation up"),
        }
    }

    /// Whether a failed read says that the issue itself is not there.
    pub(super) fn is_gone(error: &JiraError) -> bool {
        matches!(error.failure, Failure::NotFound)
    }
}

/// Whether a read is older than what is known of the issue.
fn is_older(replica: &Replica, snapshot: &IssueSnapshot) -> bool {
    let newest = snapshot.log.iter().map(|entry| entry.id).max().unwrap_or_default();
    snapshot.log_whole && newest < replica.entry
        || snapshot.updated < replica.updated
        || replica.level.outdates(snapshot)
}

/// When something in a list was last made or changed.
fn last_touched(list: &[CommentSnapshot]) -> Option<Timestamp> {
    list.iter().map(|there| there.created.max(there.updated)).max()
}
