//! What became of a change to our copy of a comment, or of a link. Such a write bears no tag: what stands there tells. Must never
//! call a copy changed that was not seen or confirmed to be.

use super::Engine;
use super::instance::Instance;
use super::look::is_seen_by_reading;
use super::work::{Read, Work};
use crate::jira::{JiraError, Refusal};
use crate::mapping::Rich;
use crate::model::document::Document;
use crate::model::hub::{CommentRecord, Terms, WrittenCopy};
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, Intent, IntentEvent, IntentState};
use crate::model::remark::{Remark, Spent};
use crate::plan::as_it_was_met;

impl Engine {
    /// Before a copy is changed its original is asked for by itself: a list that is read page by page can miss one, and it may be
    /// for fewer readers by now. The same before a copy is made of what not everybody may read, and before a file goes that a
    /// comment names. Says whether the write may be sent; any other may.
    pub(super) async fn is_still_so(&self, work: &mut Work, intent: &Intent) -> bool {
        let action = &intent.operation.action;
        if let Action::EditOriginal { comment, by, expects, .. } = action {
            return self.is_as_expected(work, intent, comment, by, expects).await;
        }
        if matches!(action, Action::AddFile { .. }) {
            return self.is_still_named(work, intent).await;
        }
        let Some((remark, origin, comment)) = action.original() else { return true };
        if !self.meets_no_customer(work, intent).await {
            return false;
        }
        if matches!(action, Action::AddComment { .. }) && work.shut.contains(&(intent.operation.side.clone(), remark)) {
            work.move_intent(intent.id, &IntentEvent::Refused("not sent: another of the kind was refused".to_owned()));
            work.put_off.push(intent.operation.clone());
            return false;
        }
        let withdraws = matches!(action, Action::DeleteComment { .. } | Action::EditComment { emptied: true, .. });
        // What waited for a right may have been taken back meanwhile: a deletion moves nothing that a poll shows.
        let waited = work.intents.iter().any(|earlier| {
            earlier.id != intent.id
                && earlier.operation.side == intent.operation.side
                && earlier.operation.action.original() == action.original()
        });
        let for_all = matches!(action, Action::AddComment { terms, .. } if terms == &Terms::default());
        // One that was just read by itself, with all that is said there, was asked for.
        let is_open = for_all && (!waited || shows_now(work, origin, comment));
        // Logged work that not everybody may read is not carried at all: only what is taken back is asked for.
        if is_open || remark == Remark::Worklog && !withdraws {
            return true;
        }
        let is_notice = |record: &CommentRecord| record.notice && &record.id == comment;
        if remark == Remark::Comment && work.item.comments.iter().any(is_notice) {
            // It never was a comment anywhere.
            return true;
        }
        let issue = work.item.replicas.get(origin).map(|replica| replica.issue);
        let (Some(instance), Some(issue)) = (self.instance_on(work, origin), issue) else { return false };
        let terms = if let Action::AddComment { terms, .. } = action {
            terms.clone()
        } else {
            record_of(work, intent).map(|record| record.terms_of(&intent.operation.side)).unwrap_or_default()
        };
        let asked = match remark {
            Remark::Comment => instance.patiently(instance.read.comment(issue, comment)).await,
            // Where time tracking is off none is found by itself: only a list that comes says that one is not in it.
            Remark::Worklog => match instance.patiently(instance.read.worklogs(issue)).await {
                Ok(list) => Ok(list.into_iter().find(|there| &there.id == comment)),
                Err(error) => Err(error),
            },
        };
        let why = match asked {
            Ok(None) if withdraws => return true,
            Ok(None) => "the original is not there".to_owned(),
            Ok(Some(there)) => {
                let side = &intent.operation.side;
                let met = record_of(work, intent).map_or_else(|| terms.of.clone(), |record| record.visibility.clone());
                let there = as_it_was_met(Some(&met), there);
                let routed = work.sync.settings.remarks(remark).route(origin, &there.visibility, side);
                let same = there.visibility == terms.of && routed.is_none_or(|readers| readers == terms.under);
                match (withdraws, same) {
                    (true, false) | (false, true) => return true,
                    (true, true) => "the original is there after all".to_owned(),
                    (false, false) => "the original has other readers now".to_owned(),
                }
            }
            Err(error) => put_off(work, intent, &instance, &error),
        };
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
        if let Some(record) = record_of(work, intent).filter(|_| withdraws) {
            record.gone = false;
        }
        work.want_read(origin, false);
        false
    }

    /// Before a person's own comment is changed it is asked for once more: it must say what it said, to the same readers.
    async fn is_as_expected(
        &self,
        work: &mut Work,
        intent: &Intent,
        comment: &CommentId,
        by: &SideId,
        expects: &Document,
    ) -> bool {
        let side = &intent.operation.side;
        let (Some(instance), Some(issue)) = (self.instance_on(work, side), intent.issue) else { return false };
        let terms = record_of(work, intent).map(|record| record.terms_of(by)).unwrap_or_default();
        let asked = instance.patiently(instance.read.comment(issue, comment)).await;
        let met = record_of(work, intent).map(|record| record.visibility.clone());
        let asked = asked.map(|there| there.map(|there| as_it_was_met(met.as_ref(), there)));
        let why = match asked {
            Ok(Some(there)) if there.visibility == terms.of && reads_as(work, side, &there.body, expects) => {
                return true;
            }
            Ok(_) => "somebody changed it meanwhile".to_owned(),
            Err(error) => put_off(work, intent, &instance, &error),
        };
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
        work.fresh.remove(side);
        work.want_read(side, false);
        false
    }
}

/// Whether a direct read of this cycle, with all that is said there, showed a comment on its side.
fn shows_now(work: &Work, origin: &SideId, comment: &CommentId) -> bool {
    let there = |record: &CommentRecord| &record.side == origin && &record.id == comment && !record.gone;
    work.fresh.contains(origin) && work.heard.contains(origin) && work.item.comments.iter().any(there)
}

/// What could not be asked now is not written now, and holds up nothing else. Says why.
fn put_off(work: &mut Work, intent: &Intent, instance: &Instance, error: &JiraError) -> String {
    instance.failed(error);
    work.failed = true;
    work.put_off.push(intent.operation.clone());
    error.to_string()
}

/// Whether a body is read as this text on a side.
fn reads_as(work: &Work, side: &SideId, body: &NativeValue, text: &Document) -> bool {
    let catalogs = work.sync.catalogs();
    catalogs.get(side).is_some_and(|catalog| {
        let rich = Rich { sync: &work.sync.settings, side, catalog, references: &work.references, origin: None };
        crate::text::same(&rich.read(body), text)
    })
}

/// Whether nothing is in doubt about a write to an original: it was answered, or it stands there. Any other write is none.
pub(super) fn shows_original(work: &Work, intent: &Intent) -> bool {
    let Action::EditOriginal { comment, wanted, .. } = &intent.operation.action else { return true };
    let side = &intent.operation.side;
    let comments = work.reads.get(side).map(|read| &read.snapshot.comments);
    let there = comments.and_then(|comments| comments.list.iter().find(|there| &there.id == comment));
    intent.state == IntentState::Answered || there.is_none_or(|there| reads_as(work, side, &there.body, wanted))
}

/// A direct read settles a change in doubt: either the copy is as it was to be, or the change did not happen. One that lands
/// later is found by the next read, and made good. Says whether it settled it.
pub(super) fn judge_revision(work: &mut Work, intent: &Intent) -> bool {
    let Some(read) = work.reads.get(&intent.operation.side) else { return false };
    if matches!(intent.operation.action, Action::AddIssueLink { .. } | Action::DeleteIssueLink { .. }) {
        return super::relations::judge(work, intent);
    }
    let original = matches!(intent.operation.action, Action::EditOriginal { .. }).then_some(Remark::Comment);
    let remark = intent.operation.action.original().map(|(remark, ..)| remark).or(original);
    if remark.is_some_and(|remark| !read.snapshot.remarks(remark).complete) {
        return false;
    }
    if !is_seen_by_reading(&intent.operation.action) || !intent.operation.action.is_beside_the_fields() {
        return false;
    }
    let done = shows(work, intent, read);
    if done {
        work.move_intent(intent.id, &IntentEvent::Seen);
        revised(work, intent);
    } else {
        work.move_intent(intent.id, &IntentEvent::Refused("a direct read shows no trace of it".to_owned()));
        if let Some((of, link, global_id)) = far_end_known_by(&intent.operation.action) {
            // No read tells what it shows, and what it shows must go when its time comes.
            if let Some(replica) = work.item.replicas.get_mut(&intent.operation.side) {
                replica.ends.doubt(of, link, global_id);
            }
        }
    }
    true
}

/// What a write is about that shows a far end or takes it away: whose link, and the global id that Jira knows it by.
fn far_end_known_by(action: &Action) -> Option<(&SideId, &str, &str)> {
    let (of, link) = action.far_end()?;
    let global_id = if let Action::ShowEnd { shown, .. } = action {
        &shown.global_id
    } else if let Action::HideEnd { global_id, .. } = action {
        global_id
    } else {
        return None;
    };
    Some((of, link, global_id))
}

/// Whether a direct read shows that a change was done.
fn shows(work: &Work, intent: &Intent, read: &Read) -> bool {
    let remark = intent.operation.action.original().map(|(remark, ..)| remark).unwrap_or_default();
    let list = &read.snapshot.remarks(remark).list;
    match &intent.operation.action {
        Action::EditComment { copy, wanted, spent, .. } => {
            let there = list.iter().find(|there| &there.id == copy);
            there.is_some_and(|there| {
                let side = &intent.operation.side;
                reads_as(work, side, &there.body, wanted) && Spent::same(there.spent, *spent)
            })
        }
        // Answered, it was done, whatever stands there since.
        Action::EditOriginal { comment, .. } => {
            intent.state == IntentState::Answered
                || list.iter().any(|there| &there.id == comment) && shows_original(work, intent)
        }
        Action::DeleteFile { copy, .. } => {
            let files = read.snapshot.attachments.as_ref();
            files.is_some_and(|files| !files.iter().any(|file| &file.id == copy))
        }
        Action::DeleteComment { copy, .. } => !list.iter().any(|there| &there.id == copy),
        // It is set again: there is one per global id, however often.
        Action::Link { .. }
        | Action::Unlink { .. }
        | Action::ShowEnd { .. }
        | Action::HideEnd { .. }
        | Action::Offer { .. } => false,
        Action::Create { .. }
        | Action::SetFields { .. }
        | Action::Transition { .. }
        | Action::AddComment { .. }
        | Action::DeleteIssue { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. }
        | Action::AddWatcher { .. }
        | Action::RemoveWatcher { .. }
        | Action::StopWatching { .. }
        | Action::AddFile { .. } => false,
    }
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
    if let Some((of, link)) = intent.operation.action.far_end() {
        let shown =
            if let Action::ShowEnd { shown, .. } = &intent.operation.action { Some(Some(shown.clone())) } else { None };
        if let Some(replica) = work.item.replicas.get_mut(side) {
            replica.ends.note(of, link, shown);
        }
        return;
    }
    if let Action::Unlink { to, .. } = &intent.operation.action {
        if let Some(replica) = work.item.replicas.get_mut(side) {
            replica.links.remove(to);
        }
        return;
    }
    if matches!(intent.operation.action, Action::DeleteFile { .. }) {
        super::files::detached(work, intent);
    }
    let Some(record) = record_of(work, intent) else { return };
    if let Action::EditComment { wanted, edits, spent, emptied, .. } = &intent.operation.action {
        record.written.insert(side.clone(), WrittenCopy { body: wanted.clone(), edits: *edits, spent: *spent });
        if *emptied {
            record.emptied.insert(side.clone());
        } else {
            record.emptied.remove(side);
        }
        record.strayed.remove(side);
        record.recorded.remove(side);
    } else if let Action::EditOriginal { by, carried, .. } = &intent.operation.action {
        // As far as the copy knows, one edit of the original is still to come: what it says now.
        let edits = record.said.as_ref().map_or(0, |said| said.edits.saturating_sub(1));
        record.written.insert(by.clone(), WrittenCopy { body: carried.clone(), edits, spent: None });
        record.strayed.remove(by);
        record.recorded.remove(by);
        record.turned_back.remove(by);
    } else {
        record.refused.remove(side);
        record.forget(side);
    }
}

/// What was read before a copy was changed or deleted shows it as it was: an edit of fields that went before it may have been answered with that.
/// Taken for what stands there now, it would be written once more.
pub(super) fn show_revised(work: &mut Work, intent: &Intent) {
    let Some(read) = work.reads.get_mut(&intent.operation.side) else { return };
    if let Action::EditComment { remark, copy, body, spent, .. } = &intent.operation.action {
        let list = &mut read.snapshot.remarks_mut(*remark).list;
        for shown in list.iter_mut().filter(|shown| &shown.id == copy) {
            shown.body.clone_from(body);
            shown.spent = spent.or(shown.spent);
        }
    } else if let Action::DeleteComment { remark, copy, .. } = &intent.operation.action {
        read.snapshot.remarks_mut(*remark).list.retain(|shown| &shown.id != copy);
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

/// Jira will never take what a person wrote into a copy on the original: it stays in the copy, and is told.
pub(super) fn turned_back(work: &mut Work, intent: &Intent, refusal: &Refusal) {
    work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
    let Action::EditOriginal { by, carried, .. } = &intent.operation.action else { return };
    if let Some(record) = record_of(work, intent) {
        record.turned_back.insert(by.clone(), (carried.clone(), refusal.to_string()));
    }
}

/// The record of what a write changes a copy of, or the original of.
pub(super) fn record_of<'w>(work: &'w mut Work, intent: &Intent) -> Option<&'w mut CommentRecord> {
    let action = &intent.operation.action;
    let original = action.original().filter(|_| !matches!(action, Action::AddComment { .. }));
    let (remark, origin, comment) = if let Action::EditOriginal { comment, .. } = action {
        (Remark::Comment, &intent.operation.side, comment)
    } else {
        original?
    };
    let mut records = work.item.remarks_mut(remark).iter_mut();
    records.find(|record| &record.side == origin && &record.id == comment)
}
