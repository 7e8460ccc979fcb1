//! From a raw read to an observation: the log since the last entry seen is made whole, and every entry is attributed. Must
//! never call an entry ours that does not carry a mark of ours by the sync user's own hand.

use super::instance::Instance;
use super::work::{Read, Work};
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError};
use crate::model::ids::{EntryId, OperationId, SideId};
use crate::model::issue::{IssueSnapshot, LogEntry};
use crate::model::remark::Remark;
use crate::plan::{By, Step};

impl Engine {
    /// Completes and attributes a read of a side. `None`: it is older than what is known, and says nothing.
    pub(super) async fn observe(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        mut snapshot: IssueSnapshot,
        direct: bool,
    ) -> Result<Option<Read>, JiraError> {
        let Some(replica) = work.item.replicas.get(side) else { return Ok(None) };
        let (known, ours, observed) = (replica.entry, replica.ours, replica.observed);
        let newest = snapshot.log.iter().map(|entry| entry.id).max().unwrap_or_default();
        // A row of a lagging index or node: what is known is newer. It is ignored, never "reverted".
        if snapshot.log_whole && newest < known || snapshot.updated < replica.updated {
            return Ok(None);
        }
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
        let wants_comments = work.sync.settings.comments.gives(side) || has_copies;
        if wants_comments && !snapshot.comments.complete {
            snapshot.comments.list = instance.patiently(instance.read.comments(snapshot.id)).await?;
            snapshot.comments.complete = true;
        }
        self.complete_worklogs(work, side, instance, &mut snapshot).await?;
        for remark in Remark::ALL {
            if snapshot.remarks(remark).complete {
                self.look_for_late_comments(work, side, instance, &snapshot, remark).await?;
            }
        }
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
            .collect();
        for step in &steps {
            if let By::Us(operation) = step.by {
                instance.gave_tag_back(true);
                self.remember(work, operation).await;
            }
        }
        Ok(Some(Read { snapshot, steps, direct, again: false, outsiders }))
    }

    /// Who made an entry. A mark is believed only from the sync user's own hand: a person could copy one.
    fn who(&self, sync: &SyncRun, side: &SideId, instance: &Instance, entry: &LogEntry) -> By {
        if entry.author.as_ref() != Some(&instance.identity.account) {
            return By::Person;
        }
        let mark = entry.tag.as_deref().and_then(|tag| self.seal.open(tag, sync.id(), side));
        mark.map_or(By::SyncUser, |mark| By::Us(mark.operation))
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
