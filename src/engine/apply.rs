//! The only holder of the right to write. Sends one operation as it is, with its mark, and tells what became of it. Must
//! never decide anything, and never send what is not in the journal: an [`Intent`] is taken, not an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tally::{Tally, WriteCount};
use crate::jira::{Created, FileDraft, IssueDraft, IssueEdit, JiraWrite, Pieces, Want, WriteOutcome};
use crate::model::ids::{AttachmentId, CommentId, FieldId, InstanceId, IssueId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::operation::{Action, Intent, NativeWrite, Watcher};
use crate::model::remark::Remark;
use crate::model::things::{SeenThing, ThingWrite};

/// The writing ends of all instances, and the count of what they wrote.
pub struct Hands(BTreeMap<InstanceId, Arc<dyn JiraWrite>>, Tally);

/// What bears our mark as a property.
pub(super) enum Marked {
    /// An issue that we made.
    Issue,
    /// A copy of a comment.
    Comment(CommentId),
    /// A copy of logged work.
    Worklog(CommentId),
}

/// What became of one write that is not a create.
pub(super) enum Sent {
    /// Fields were sent.
    Edit(Box<WriteOutcome<Option<IssueSnapshot>>>),
    /// A transition was taken.
    Hop(WriteOutcome<()>),
    /// A comment was added.
    Comment(WriteOutcome<CommentId>),
    /// A file was attached.
    File(WriteOutcome<AttachmentId>),
    /// A copy of a comment was changed or deleted, a link was set, or a copy of a file deleted.
    Revision(WriteOutcome<()>),
    /// A version or component was made.
    Offer(WriteOutcome<SeenThing>),
    /// An issue link was made or taken away.
    Relation(WriteOutcome<()>),
    /// A watcher came or went.
    Watch(WriteOutcome<()>),
}

impl Sent {
    /// Whether Jira said of an edit that we may not.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Edit(outcome) if matches!(&**outcome, WriteOutcome::Refused(no) if no.status == 403))
    }

    /// Whether Jira said yes.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Edit(outcome) => matches!(**outcome, WriteOutcome::Done(_)),
            Self::Hop(outcome) | Self::Revision(outcome) | Self::Relation(outcome) | Self::Watch(outcome) => {
                matches!(outcome, WriteOutcome::Done(()))
            }
            Self::Offer(outcome) => matches!(outcome, WriteOutcome::Done(_)),
            Self::Comment(outcome) => matches!(outcome, WriteOutcome::Done(_)),
            Self::File(outcome) => matches!(outcome, WriteOutcome::Done(_)),
        }
    }
}

impl Hands {
    /// Takes the writing ends over.
    #[must_use]
    pub fn new(ends: BTreeMap<InstanceId, Arc<dyn JiraWrite>>) -> Self {
        Self(ends, Tally::default())
    }

    /// How many writes were sent, and what Jira said to them.
    pub(super) fn counted(&self) -> Vec<WriteCount> {
        self.1.counted()
    }

    /// Creates issues, in as few requests as the kind allows; one outcome per draft.
    pub(super) async fn create(&self, instance: &InstanceId, drafts: &[IssueDraft]) -> Vec<WriteOutcome<Created>> {
        let Some(end) = self.0.get(instance) else { return drafts.iter().map(|_| nobody()).collect() };
        let outcomes = end.create(drafts).await;
        outcomes.iter().for_each(|outcome| self.1.ended(instance, "create", outcome));
        outcomes
    }

    /// Makes what a project lacks.
    pub(super) async fn offer(&self, instance: &InstanceId, project: &str, intent: &Intent) -> Option<Sent> {
        let Action::Offer { thing, name, .. } = &intent.operation.action else { return None };
        let outcome = match self.0.get(instance) {
            Some(end) => end.offer(project, *thing, name).await,
            None => nobody(),
        };
        self.1.ended(instance, "thing", &outcome);
        Some(Sent::Offer(outcome))
    }

    /// Makes a version or component, or changes one. That it goes is durable already (`Store::keep_things`).
    pub(super) async fn write_thing(
        &self,
        instance: &InstanceId,
        project: &str,
        write: &ThingWrite,
    ) -> WriteOutcome<Option<SeenThing>> {
        let Some(end) = self.0.get(instance) else { return nobody() };
        if let Some(native) = &write.native {
            let outcome = end.change_thing(write.thing, native, &write.plain()).await;
            self.1.ended(instance, "thing", &outcome);
            return outcome;
        }
        let outcome = end.make_thing(project, write.thing, &write.plain()).await;
        self.1.ended(instance, "thing", &outcome);
        match outcome {
            WriteOutcome::Done(made) => WriteOutcome::Done(Some(made)),
            WriteOutcome::Refused(refusal) => WriteOutcome::Refused(refusal),
            WriteOutcome::NotFound => WriteOutcome::NotFound,
            WriteOutcome::NotSent { why, wait_ms } => WriteOutcome::NotSent { why, wait_ms },
            WriteOutcome::InDoubt(why) => WriteOutcome::InDoubt(why),
        }
    }

    /// Takes our mark away from an issue, or from a copy of ours there. That all of a sync's go is durable already (`Detached`).
    pub(super) async fn unmark(&self, instance: &InstanceId, issue: IssueId, of: &Marked) -> WriteOutcome<()> {
        let Some(end) = self.0.get(instance) else { return nobody() };
        match of {
            Marked::Issue => end.unmark(issue).await,
            Marked::Comment(comment) => end.unmark_comment(issue, comment).await,
            Marked::Worklog(worklog) => end.unmark_work(issue, worklog).await,
        }
    }

    /// Takes a remote link of ours away, as [`Hands::unmark`] does.
    pub(super) async fn unlink(&self, instance: &InstanceId, issue: IssueId, global_id: &str) -> WriteOutcome<()> {
        match self.0.get(instance) {
            Some(end) => end.unlink(issue, global_id).await,
            None => nobody(),
        }
    }

    /// Empties the fields that tell of counterparts, as [`Hands::unmark`] does.
    pub(super) async fn empty(&self, instance: &InstanceId, edit: &IssueEdit) -> WriteOutcome<()> {
        let Some(end) = self.0.get(instance) else { return nobody() };
        match end.edit(edit, &Want::default()).await {
            WriteOutcome::Done(_) => WriteOutcome::Done(()),
            WriteOutcome::Refused(refusal) => WriteOutcome::Refused(refusal),
            WriteOutcome::NotFound => WriteOutcome::NotFound,
            WriteOutcome::NotSent { why, wait_ms } => WriteOutcome::NotSent { why, wait_ms },
            WriteOutcome::InDoubt(why) => WriteOutcome::InDoubt(why),
        }
    }

    /// Attaches a file by an intent that is durable.
    pub(super) async fn attach(
        &self,
        instance: &InstanceId,
        issue: IssueId,
        draft: &FileDraft,
        pieces: Pieces,
    ) -> WriteOutcome<AttachmentId> {
        let Some(end) = self.0.get(instance) else { return nobody() };
        let outcome = end.attach(issue, draft, pieces).await;
        self.1.ended(instance, "file-add", &outcome);
        outcome
    }

    /// Sends an intent that is durable. `mark` is its sealed mark for the side; `want` is what a write that gives the issue
    /// back should bring; `silent` asks for no mails about an edit of fields. `None`: a create, which goes with others, or a file, which comes from elsewhere.
    pub(super) async fn send(
        &self,
        instance: &InstanceId,
        intent: &Intent,
        mark: &str,
        want: &Want,
        silent: bool,
    ) -> Option<Sent> {
        let (Some(end), issue) = (self.0.get(instance), intent.issue?) else {
            return Some(Sent::Hop(nobody()));
        };
        let sent = Self::send_by(end.as_ref(), issue, intent, mark, want, silent).await?;
        self.1.sent(instance, &intent.operation.action, &sent);
        Some(sent)
    }

    async fn send_by(
        end: &dyn JiraWrite,
        issue: IssueId,
        intent: &Intent,
        mark: &str,
        want: &Want,
        silent: bool,
    ) -> Option<Sent> {
        match &intent.operation.action {
            Action::Create { .. } | Action::Offer { .. } | Action::AddFile { .. } => None,
            Action::SetFields { fields } => {
                let fields = fields.values().map(|write| (write.field.clone(), write.write.clone())).collect();
                let edit = IssueEdit { issue, fields, tag: mark.to_owned(), silent };
                Some(Sent::Edit(Box::new(end.edit(&edit, want).await)))
            }
            Action::Transition { transition, fields, .. } => {
                let fields = fields.values().map(|write| (write.field.clone(), write.write.clone())).collect();
                let edit = IssueEdit { issue, fields, tag: mark.to_owned(), silent: false };
                Some(Sent::Hop(end.transition(transition, &edit).await))
            }
            Action::AddComment { spent: Some(spent), body, .. } => {
                Some(Sent::Comment(end.log_work(issue, *spent, body, mark, silent).await))
            }
            Action::EditComment { spent: Some(spent), copy, body, .. } => {
                Some(Sent::Revision(end.edit_work(issue, copy, *spent, body, silent).await))
            }
            Action::DeleteComment { remark: Remark::Worklog, copy, .. } => {
                Some(Sent::Revision(end.delete_work(issue, copy, silent).await))
            }
            Action::AddComment { body, terms, .. } => {
                Some(Sent::Comment(end.add_comment(issue, body, &terms.under, mark).await))
            }
            Action::EditComment { copy, body, .. } => {
                Some(Sent::Revision(end.edit_comment(issue, copy, body, silent).await))
            }
            Action::ShowEnd { shown, .. } => Some(Sent::Revision(end.link(issue, shown).await)),
            Action::Unlink { global_id, .. } | Action::HideEnd { global_id, .. } => {
                Some(Sent::Revision(end.unlink(issue, global_id).await))
            }
            Action::DeleteIssue { .. } => Some(Sent::Revision(end.delete(issue).await)),
            Action::EditOriginal { comment, body, .. } => {
                Some(Sent::Revision(end.edit_comment(issue, comment, body, silent).await))
            }
            Action::Link { link, .. } => Some(Sent::Revision(end.link(issue, link).await)),
            Action::DeleteFile { copy, .. } => Some(Sent::Revision(end.detach(issue, copy).await)),
            Action::AddIssueLink { link } => {
                let (from, to) = if link.outward { (issue, link.issue) } else { (link.issue, issue) };
                Some(Sent::Relation(end.add_issue_link(&link.kind, from, to).await))
            }
            Action::DeleteIssueLink { id, .. } => Some(Sent::Relation(end.delete_issue_link(issue, id).await)),
            Action::AddWatcher { watcher } => Some(Sent::Watch(end.watch(issue, &watcher.account).await)),
            Action::RemoveWatcher { watcher: Watcher { account, .. } } | Action::StopWatching { account } => {
                Some(Sent::Watch(end.unwatch(issue, account).await))
            }
            Action::DeleteComment { copy, .. } => Some(Sent::Revision(end.delete_comment(issue, copy).await)),
        }
    }
}

/// The draft of a create; `None` for anything else.
pub(super) fn draft(intent: &Intent, project: &str, mark: &str) -> Option<IssueDraft> {
    let Action::Create { issue_type, fields, .. } = &intent.operation.action else { return None };
    let fields: BTreeMap<FieldId, NativeValue> =
        fields.values().map(|write| (write.field.clone(), set(&write.write))).collect();
    Some(IssueDraft { project: project.to_owned(), issue_type: issue_type.clone(), fields, mark: mark.to_owned() })
}

/// At creation there is nothing to add to: words are set.
fn set(write: &NativeWrite) -> NativeValue {
    match write {
        NativeWrite::Set(value) => value.clone(),
        NativeWrite::Words { add, .. } => NativeValue::Words(add.iter().cloned().collect()),
    }
}

fn nobody<T>() -> WriteOutcome<T> {
    WriteOutcome::NotSent { why: "there is no connection to that instance".to_owned(), wait_ms: 60_000 }
}
