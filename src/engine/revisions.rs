//! What became of a change to our copy of a comment, or of a link. Such a write bears no tag: what stands there tells. Must never
//! call a copy changed that was not seen or confirmed to be.

use super::Engine;
use super::work::Work;
use crate::jira::Refusal;
use crate::mapping::Rich;
use crate::model::hub::{CommentRecord, WrittenCopy};
use crate::model::operation::{Action, Intent, IntentEvent};

impl Engine {
    /// Before a copy is deleted its original is asked for by itself: a list that is read page by page can miss one. Says whether
    /// the write may be sent; any other may.
    pub(super) async fn is_surely_gone(&self, work: &mut Work, intent: &Intent) -> bool {
        let Action::DeleteComment { origin, comment, .. } = &intent.operation.action else { return true };
        let issue = work.item.replicas.get(origin).map(|replica| replica.issue);
        let (Some(instance), Some(issue)) = (self.instance_on(work, origin), issue) else { return false };
        let why = match instance.read.comment(issue, comment).await {
            Ok(None) => return true,
            Ok(Some(there)) if there.restricted => return true,
            Ok(Some(_)) => "the original is there after all".to_owned(),
            Err(error) => {
                instance.failed(&error);
                work.failed = true;
                error.to_string()
            }
        };
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
        if let Some(record) = record_of(work, intent) {
            record.gone = false;
        }
        work.want_read(origin, false);
        false
    }
}

/// A direct read settles a change in doubt: either the copy is as it was to be, or the change did not happen. One that lands
/// later is found by the next read, and made good. Says whether it settled it.
pub(super) fn judge_revision(work: &mut Work, intent: &Intent) -> bool {
    let Some(read) = work.reads.get(&intent.operation.side) else { return false };
    if matches!(intent.operation.action, Action::AddIssueLink { .. } | Action::DeleteIssueLink { .. }) {
        return super::relations::judge(work, intent);
    }
    let comments = &read.snapshot.comments;
    if !comments.complete
        && !matches!(intent.operation.action, Action::Link { .. } | Action::Offer { .. } | Action::DeleteFile { .. })
    {
        return false;
    }
    let done = match &intent.operation.action {
        Action::EditComment { copy, wanted, .. } => {
            let catalogs = work.sync.catalogs();
            let side = &intent.operation.side;
            let there = comments.list.iter().find(|comment| &comment.id == copy);
            there.zip(catalogs.get(side)).is_some_and(|(there, catalog)| {
                let rich =
                    Rich { sync: &work.sync.settings, side, catalog, references: &work.references, origin: None };
                crate::text::same(&rich.read(&there.body), wanted)
            })
        }
        Action::DeleteFile { copy, .. } => {
            let files = read.snapshot.attachments.as_ref();
            files.is_some_and(|files| !files.iter().any(|file| &file.id == copy))
        }
        Action::DeleteComment { copy, .. } => !comments.list.iter().any(|comment| &comment.id == copy),
        // It is set again: there is one per global id, however often.
        Action::Link { .. } | Action::Offer { .. } => false,
        Action::Create { .. }
        | Action::SetFields { .. }
        | Action::Transition { .. }
        | Action::AddComment { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. }
        | Action::AddFile { .. } => {
            return false;
        }
    };
    if done {
        work.move_intent(intent.id, &IntentEvent::Seen);
        revised(work, intent);
    } else {
        work.move_intent(intent.id, &IntentEvent::Refused("a direct read shows no trace of it".to_owned()));
    }
    true
}

/// Notes that a copy was changed or deleted.
pub(super) fn revised(work: &mut Work, intent: &Intent) {
    let side = &intent.operation.side;
    if let Action::Link { to, key, .. } = &intent.operation.action {
        if let Some(replica) = work.item.replicas.get_mut(side) {
            replica.links.insert(to.clone(), key.clone());
        }
        return;
    }
    if matches!(intent.operation.action, Action::DeleteFile { .. }) {
        super::files::detached(work, intent);
    }
    let Some(record) = record_of(work, intent) else { return };
    match &intent.operation.action {
        Action::EditComment { wanted, edits, .. } => {
            record.written.insert(side.clone(), WrittenCopy { body: wanted.clone(), edits: *edits });
            record.strayed.remove(side);
            record.recorded.remove(side);
        }
        Action::DeleteComment { .. } => {
            record.refused.remove(side);
            record.recorded.remove(side);
            record.copies.remove(side);
            record.written.remove(side);
            record.strayed.remove(side);
        }
        Action::Create { .. }
        | Action::SetFields { .. }
        | Action::Transition { .. }
        | Action::AddComment { .. }
        | Action::Offer { .. }
        | Action::AddFile { .. }
        | Action::DeleteFile { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. }
        | Action::Link { .. } => {}
    }
}

/// Jira will not take it: it is not tried again until the original changes once more.
pub(super) fn revision_refused(work: &mut Work, intent: &Intent, refusal: &Refusal) {
    work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
    let side = intent.operation.side.clone();
    if let Some(record) = record_of(work, intent) {
        record.refused.insert(side, refusal.to_string());
    }
}

fn record_of<'w>(work: &'w mut Work, intent: &Intent) -> Option<&'w mut CommentRecord> {
    let (Action::EditComment { origin, comment, .. } | Action::DeleteComment { origin, comment, .. }) =
        &intent.operation.action
    else {
        return None;
    };
    work.item.comments.iter_mut().find(|record| &record.side == origin && &record.id == comment)
}
