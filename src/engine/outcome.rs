//! What a write's outcome means for its item. Must never move a base because something was sent: what Jira refused is
//! acknowledged with Jira's words, all else waits to be seen.

use std::time::Duration;

use super::Engine;
use super::apply::Sent;
use super::cycle::{FIRST_RETRY, LONGEST_SLOW_RETRY};
use super::offers::FIRST_ASK;
use super::recover::copied;
use super::revisions::{revised, revision_refused, show_revised, turned_back};
use super::rights_told::remedy_for;
use super::scope::joined;
use super::work::Work;
use super::worklogs::{UNFOUND, is_about_work};
use crate::jira::{Created, Refusal, WriteOutcome};
use crate::mapping::same;
use crate::model::hub::{Acknowledged, Acts, Replica};
use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::issue::IssueSnapshot;
use crate::model::operation::{Action, FieldWrite, Intent, IntentEvent, IntentState, Operation};
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::{FieldKind, SyncSettings};
use crate::model::value::Value;
use crate::plan::By;
use crate::planted::{Bug, is_planted};
use crate::schedule::growing;

/// Attempts after which a failure is more than a passing one.
const FEW_ATTEMPTS: u32 = 3;
/// How soon a create without an answer is looked for.
const DOUBT_WAIT: Duration = Duration::from_secs(2);

fn refused_hop(from: &str, to: &str, why: &str) -> String {
    format!("Jira refused the transition from `{from}` to `{to}`: {why}")
}

/// What is to be done about a refused hop.
fn remedy_for_hop(sync: &SyncSettings, side: &SideId) -> String {
    let needed = needed(sync, side, Function::Statuses, &[Right::TransitionIssues]);
    format!("do what Jira asks for ({needed}), or move the issue on by hand; it is tried again")
}

/// Whether a refusal is about what was written, and would be the same for ever: the value is acknowledged as refused. Any
/// other (403, 404, 409, …) is about rights, the place or the moment, which pass without the value changing.
fn is_about_the_value(refusal: &Refusal) -> bool {
    !refusal.fields.is_empty() || matches!(refusal.status, 400 | 413 | 422) || is_planted(Bug::RefusedForEver)
}

/// The same of what is said. Data Center says 400 to a missing right, too: what names no field may be taken later.
fn is_about_the_text(refusal: &Refusal) -> bool {
    is_about_the_value(refusal) && (refusal.status != 400 || !refusal.fields.is_empty())
}

impl Engine {
    /// Takes in what became of a create.
    pub(super) fn created_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<Created>) {
        let before = work.problems.clone();
        self.take_created(work, intent, outcome);
        work.met_by(intent, &before);
    }

    fn take_created(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<Created>) {
        let side = &intent.operation.side;
        match outcome {
            WriteOutcome::Done(created) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                if let Some(instance) = self.instance_on(work, side) {
                    instance.did(created.id, work.urgency, jiff::Timestamp::UNIX_EPOCH);
                }
                tracing::info!(sync = %work.sync.id(), %side, issue.key = %created.key, operation = %intent.id, "created {}", created.key);
                let replica = Replica {
                    ours: true,
                    scope: joined(&work.sync.settings, side, true),
                    created_by: Some(intent.id),
                    ..Replica::unread(created.id, created.key, jiff::Timestamp::UNIX_EPOCH)
                };
                self.bind(work, side, replica);
            }
            WriteOutcome::Refused(refusal) => self.create_refused(work, intent, &refusal),
            WriteOutcome::NotFound => {
                work.move_intent(intent.id, &IntentEvent::Refused("not found".to_owned()));
                work.failed = true;
            }
            WriteOutcome::NotSent { why, wait_ms } => self.not_sent(work, intent, &why, wait_ms),
            WriteOutcome::InDoubt(why) => {
                tracing::warn!(operation = %intent.id, %side, why, "nobody knows whether an issue was created");
                self.note_lost(intent.id);
                work.move_intent(intent.id, &IntentEvent::AnswerLost);
                work.unread.insert(side.clone(), why);
                work.be_due(self.after(DOUBT_WAIT));
            }
        }
    }

    /// Fields that Jira names are left out of the creation, and tried afterwards; without them the rest goes on.
    fn create_refused(&self, work: &mut Work, intent: &Intent, refusal: &Refusal) {
        let side = intent.operation.side.clone();
        work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
        let Action::Create { issue_type, fields, .. } = &intent.operation.action else { return };
        // Nor is a sub-task made without what it is below.
        let catalogs = work.sync.catalogs();
        let sub_task = catalogs.get(&side).is_some_and(|catalog| catalog.sub_task_types.contains(issue_type));
        let is_needed = |name: &FieldName, write: &FieldWrite| {
            let row = work.sync.settings.fields.get(name);
            write.field.as_str() == "summary" || sub_task && row.is_some_and(|row| row.kind == FieldKind::Parent)
        };
        let sent =
            |field: &FieldId| fields.iter().any(|(name, write)| &write.field == field && !is_needed(name, write));
        let named: Vec<FieldId> = refusal.fields.keys().map(|field| FieldId::from(field.as_str())).collect();
        if !named.is_empty() && named.iter().all(sent) {
            tracing::info!(%side, issue_type, fields = ?named, "fields refused at creation are tried afterwards");
            work.left_out.entry(side).or_default().extend(named);
            return;
        }
        let what = format!("no counterpart was created in {}: {refusal}", Self::in_words(&work.sync, &side));
        let needed = needed(&work.sync.settings, &side, Function::Issues, &[Right::CreateIssues]);
        let remedy = format!("mend what Jira names (a required field, a permission): {needed}; it is tried again");
        work.problem(&side, None, what, &remedy);
        work.unread.insert(side, refusal.to_string());
        work.failed = true;
        work.slow = true;
    }

    /// Takes in what became of any other write.
    pub(super) async fn outcome(&self, work: &mut Work, intent: &Intent, sent: Sent) {
        let before = work.problems.clone();
        self.take_sent(work, intent, sent).await;
        work.met_by(intent, &before);
    }

    async fn take_sent(&self, work: &mut Work, intent: &Intent, sent: Sent) {
        if sent.is_done() {
            tell(work, intent);
        }
        match sent {
            Sent::Edit(outcome) => self.edit_outcome(work, intent, *outcome).await,
            Sent::Hop(outcome) => self.hop_outcome(work, intent, outcome),
            Sent::Comment(WriteOutcome::NotFound) if is_about_work(intent) => self.work_refused(work, intent, UNFOUND),
            Sent::Comment(WriteOutcome::Refused(refusal)) | Sent::Revision(WriteOutcome::Refused(refusal))
                if is_about_work(intent) =>
            {
                self.work_refused(work, intent, &refusal.to_string());
            }
            Sent::Comment(WriteOutcome::Done(copy)) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                work.move_intent(intent.id, &IntentEvent::Seen);
                copied(work, intent, copy);
            }
            // The right to choose readers is one of its own; it is never sent for more readers instead.
            Sent::Comment(WriteOutcome::Refused(refusal))
                if is_about_the_text(&refusal) && !refusal.fields.contains_key("commentLevel") =>
            {
                comment_refused(work, intent, &refusal);
            }
            Sent::Comment(WriteOutcome::Refused(refusal)) => self.refused_apart(work, intent, &refusal),
            Sent::Comment(outcome) => self.no_answer(work, intent, outcome),
            Sent::File(outcome) => self.file_outcome(work, intent, outcome).await,
            Sent::Revision(outcome) => self.revision_outcome(work, intent, outcome),
            Sent::Offer(outcome) => self.offer_outcome(work, intent, outcome).await,
            Sent::Relation(outcome) => self.relation_outcome(work, intent, outcome),
            Sent::Watch(outcome) => self.watch_outcome(work, intent, outcome),
        }
    }

    fn revision_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<()>) {
        match outcome {
            WriteOutcome::Done(()) if matches!(intent.operation.action, Action::EditOriginal { .. }) => {
                // The original is not ours: what it says now is read, and then known.
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                work.fresh.remove(&intent.operation.side);
                work.want_read(&intent.operation.side, false);
            }
            WriteOutcome::Refused(refusal)
                if is_about_the_text(&refusal) && matches!(intent.operation.action, Action::EditOriginal { .. }) =>
            {
                turned_back(work, intent, &refusal);
            }
            WriteOutcome::Done(()) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                work.move_intent(intent.id, &IntentEvent::Seen);
                if matches!(intent.operation.action, Action::DeleteIssue { .. }) {
                    self.deleted(work, &intent.operation.side);
                } else {
                    revised(work, intent);
                    show_revised(work, intent);
                }
            }
            WriteOutcome::NotFound => {
                // The comment or its issue: the next look at it tells which.
                work.move_intent(intent.id, &IntentEvent::Refused("not there".to_owned()));
                work.fresh.remove(&intent.operation.side);
                work.want_read(&intent.operation.side, false);
                if intent.operation.action.takes_away() {
                    // Where it is there after all, it is not asked for without a pause.
                    work.put_off.push(intent.operation.clone());
                    work.be_due(self.after(FIRST_ASK));
                }
            }
            WriteOutcome::Refused(refusal)
                if is_about_the_text(&refusal)
                    && matches!(intent.operation.action, Action::EditComment { emptied: false, .. }) =>
            {
                revision_refused(work, intent, &refusal);
            }
            WriteOutcome::Refused(refusal) if matches!(intent.operation.action, Action::DeleteIssue { .. }) => {
                self.refused_now(work, intent, &refusal);
            }
            WriteOutcome::Refused(refusal) => self.refused_apart(work, intent, &refusal),
            outcome @ (WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }

    async fn edit_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<Option<IssueSnapshot>>) {
        let side = intent.operation.side.clone();
        work.fresh.remove(&side);
        if is_planted(Bug::BaseOnDecision) {
            believe(work, intent);
        }
        match outcome {
            WriteOutcome::Done(Some(snapshot)) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                let Some(instance) = self.instance_on(work, &side) else { return };
                self.take_in(work, &side, &instance, Ok(snapshot), true).await;
                let shows = |by: By| by == By::Us(intent.id);
                let seen = work.reads.get(&side).is_some_and(|read| read.steps.iter().any(|step| shows(step.by)));
                if !seen {
                    // What came back is older than the write, or the write changed nothing: a read of its own tells.
                    work.reads.remove(&side);
                    work.fresh.remove(&side);
                    work.unread.remove(&side);
                    work.want_read(&side, false);
                }
            }
            WriteOutcome::Done(None) => {
                // The next poll shows it.
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                if is_a_level(&intent.operation.action) {
                    // All else waits for it.
                    work.want_read(&side, false);
                }
            }
            WriteOutcome::Refused(refusal) => self.edit_refused(work, intent, &refusal),
            outcome @ (WriteOutcome::NotFound | WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }

    /// The fields that Jira names are acknowledged as refused; the rest goes on. Where it names none, each is tried by itself.
    fn edit_refused(&self, work: &mut Work, intent: &Intent, refusal: &Refusal) {
        let side = intent.operation.side.clone();
        if !is_about_the_value(refusal) {
            self.refused_now(work, intent, refusal);
            return;
        }
        work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
        let Action::SetFields { fields } = &intent.operation.action else { return };
        let named: Vec<&FieldName> = fields
            .iter()
            .filter(|(_, write)| refusal.fields.contains_key(write.field.as_str()))
            .map(|(name, _)| name)
            .collect();
        let refused: Vec<&FieldName> = match (named.is_empty(), fields.len()) {
            (false, _) => named,
            (true, 1) => fields.keys().collect(),
            (true, _) => {
                work.singly.insert(side.clone());
                work.want_read(&side, false);
                return;
            }
        };
        for name in refused {
            if let Some(write) = fields.get(name) {
                let words = match refusal.fields.get(write.field.as_str()) {
                    Some(words) => format!("status {}: {words}", refusal.status),
                    None => refusal.to_string(),
                };
                acknowledge(work, &side, name, write, format!("Jira refused `{name}`: {words}"));
            }
        }
        work.want_read(&side, false);
    }

    fn hop_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<()>) {
        let side = intent.operation.side.clone();
        work.fresh.remove(&side);
        work.offers.remove(&side);
        let Action::Transition { last, acts, from, to, .. } = &intent.operation.action else { return };
        match outcome {
            WriteOutcome::Done(()) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                if !*last {
                    work.want_read(&side, true);
                }
            }
            WriteOutcome::Refused(refusal) if !is_about_the_value(&refusal) => self.refused_now(work, intent, &refusal),
            WriteOutcome::Refused(refusal) => {
                work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
                let row = work.sync.settings.fields.values().find(|row| row.kind == FieldKind::Status);
                let Some(name) = row.map(|row| row.name.clone()) else { return };
                let reason = refused_hop(from, to, &refusal.to_string());
                if let Some(base) = base_of(work, &side, &name) {
                    // Told that it cannot for now: a stop on the way is tried again, and makes no false conflict.
                    base.matched.join(acts);
                    base.acknowledged =
                        Some(Acknowledged { reason: reason.clone(), refused: false, may_pass: false, unseen: false });
                }
                let remedy = remedy_for_hop(&work.sync.settings, &side);
                work.problem(&side, Some(&name), reason, &remedy);
                work.fields_refused.insert(side, refusal.to_string());
                work.failed = true;
                work.slow = true;
            }
            outcome @ (WriteOutcome::NotFound | WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }

    /// Whether this very hop was refused, and it is not time to try it again: another hint does not change Jira's mind. The
    /// problem goes on to stand.
    pub(super) fn was_just_refused(&self, work: &mut Work, operation: &Operation) -> bool {
        let Action::Transition { from, to, .. } = &operation.action else { return false };
        let of_hop = work.intents.iter().filter(|intent| &intent.operation == operation);
        let refused: Vec<(jiff::Timestamp, String)> = of_hop
            .filter_map(|intent| match &intent.state {
                IntentState::Void(why) => Some((intent.opened, refused_hop(from, to, why))),
                IntentState::Open | IntentState::InDoubt | IntentState::Answered | IntentState::Confirmed => None,
            })
            .filter(|(_, reason)| {
                work.before.iter().any(|problem| problem.side == operation.side && &problem.what == reason)
            })
            .collect();
        let Some((last, reason)) = refused.iter().max().cloned().filter(|(last, _)| work.holds_back(*last)) else {
            return false;
        };
        // The retry that follows a refusal comes no sooner than after half of this.
        let times = u32::try_from(refused.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = growing(FIRST_RETRY, LONGEST_SLOW_RETRY, times) / 2;
        let due = last.saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
        // A clock that was set back makes it no longer than it is anyway.
        if due <= self.now() || last > self.now() {
            return false;
        }
        let status = work.sync.settings.fields.values().find(|row| row.kind == FieldKind::Status);
        let status = status.map(|row| row.name.clone());
        let remedy = remedy_for_hop(&work.sync.settings, &operation.side);
        work.problem(&operation.side, status.as_ref(), reason, &remedy);
        work.be_due(due);
        true
    }

    /// Outcomes that mean the same for every kind of write.
    pub(super) fn no_answer<T>(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<T>) {
        let side = intent.operation.side.clone();
        match outcome {
            WriteOutcome::NotSent { why, wait_ms } => self.not_sent(work, intent, &why, wait_ms),
            WriteOutcome::InDoubt(why) => {
                tracing::warn!(operation = %intent.id, %side, why, "nobody knows whether a write was done");
                work.move_intent(intent.id, &IntentEvent::AnswerLost);
                self.note_lost(intent.id);
                if work.attempts >= FEW_ATTEMPTS {
                    let what = format!("again and again nobody knows whether a write was done: {why}");
                    work.problem(
                        &side,
                        None,
                        what,
                        "look at that Jira's log; it is looked for and tried again, ever more seldom",
                    );
                }
                work.unread.insert(side, why);
                work.failed = true;
            }
            WriteOutcome::NotFound => {
                let why = "the issue is not there, or not visible".to_owned();
                work.slow = true;
                work.move_intent(intent.id, &IntentEvent::Refused(why.clone()));
                let needed = needed(&work.sync.settings, &side, Function::Issues, &[Right::BrowseProjects]);
                let remedy = format!("restore it, or let the sync user see it ({needed}); it is tried again");
                work.problem(&side, None, why.clone(), &remedy);
                work.unread.insert(side, why);
                work.failed = true;
            }
            WriteOutcome::Done(_) | WriteOutcome::Refused(_) => {}
        }
    }

    /// A no that may pass: nothing is acknowledged, and it is tried again from a fresh read.
    pub(super) fn refused_now(&self, work: &mut Work, intent: &Intent, refusal: &Refusal) {
        let side = intent.operation.side.clone();
        work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
        // Somebody was there at the same time: no matter for a person.
        if refusal.status != 409 {
            let deed = deed(&intent.operation.action);
            let what = format!("Jira refused {deed} in {}: {refusal}", Self::in_words(&work.sync, &side));
            let remedy = remedy_for(&work.sync, &side, &intent.operation.action);
            work.problem(&side, None, what, &remedy);
            work.slow = true;
        }
        let action = &intent.operation.action;
        // Somebody who was there may be there still, and a level that is not set lets nothing through.
        if refusal.status == 409 || action.fields().is_none() || is_a_level(action) {
            work.unread.insert(side, refusal.to_string());
        } else {
            work.fields_refused.insert(side, refusal.to_string());
        }
        work.failed = true;
    }

    /// The same of a comment or file, which has rights of its own: it waits by itself, ever longer, and the rest of the issue goes
    /// on as if nothing had been refused.
    pub(super) fn refused_apart(&self, work: &mut Work, intent: &Intent, refusal: &Refusal) {
        if refusal.status == 409 {
            return self.refused_now(work, intent, refusal);
        }
        let operation = &intent.operation;
        work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
        self.tell_refused(work, operation, &refusal.to_string());
        if let (Action::AddComment { remark, .. }, 401 | 403) = (&operation.action, refusal.status) {
            // The others of the kind would be refused alike.
            work.shut.insert((operation.side.clone(), *remark));
        }
        work.put_off.push(operation.clone());
        work.be_due(self.after(FIRST_ASK));
    }

    /// Says that Jira said no to something with rights of its own.
    pub(super) fn tell_refused(&self, work: &mut Work, operation: &Operation, why: &str) {
        if matches!(operation.action.original(), Some((Remark::Worklog, ..))) {
            return self.tell_work_refused(work, operation, why);
        }
        let remedy = remedy_for(&work.sync, &operation.side, &operation.action);
        if let Action::EditOriginal { by, copy, .. } = &operation.action {
            let there = Self::in_words(&work.sync, &operation.side);
            let what = format!(
                "comment {copy} is a copy, and was changed here: it cannot flow back, since Jira refused it in {there}: {why}"
            );
            work.problem(by, None, what, &remedy);
            return;
        }
        let what = format!(
            "Jira refused {} in {}: {why}",
            deed(&operation.action),
            Self::in_words(&work.sync, &operation.side)
        );
        work.problem(&operation.side, None, what, &remedy);
    }

    fn not_sent(&self, work: &mut Work, intent: &Intent, why: &str, wait_ms: u64) {
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
        work.unread.insert(intent.operation.side.clone(), why.to_owned());
        work.be_due(self.after(Duration::from_millis(wait_ms)));
    }
}

/// What was refused, in words.
fn deed(action: &Action) -> String {
    match action {
        Action::AddComment { remark, .. } => format!("the copy of a {}", remark.word()),
        Action::EditComment { remark, .. } => format!("a change of the copy of a {}", remark.word()),
        Action::DeleteComment { remark, .. } => format!("to delete the copy of a {}", remark.word()),
        Action::AddFile { name, .. } => format!("the file `{name}`"),
        Action::DeleteFile { taken: Some(_), .. } => "to delete a file whose copy was deleted".to_owned(),
        Action::DeleteFile { .. } => "to delete the copy of a file".to_owned(),
        Action::Transition { to, .. } => format!("the transition to `{to}`"),
        Action::DeleteIssue { .. } => "to delete an issue".to_owned(),
        Action::SetFields { fields } => {
            let names: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
            format!("a change of {}", names.join(", "))
        }
        Action::ShowEnd { shown, .. } => format!("to show the link to {} (Link Issues)", shown.title),
        Action::HideEnd { .. } => {
            "to take a link away that shows what a counterpart is linked to (Link Issues)".to_owned()
        }
        Action::Link { link, .. } => format!("the link to {}", link.title),
        Action::Unlink { .. } => "to take the link to a counterpart away".to_owned(),
        Action::Create { .. }
        | Action::EditOriginal { .. }
        | Action::Offer { .. }
        | Action::AddWatcher { .. }
        | Action::RemoveWatcher { .. }
        | Action::StopWatching { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. } => "a change".to_owned(),
    }
}

/// Says what was written, by names alone: values are nobody's business in a log.
fn tell(work: &Work, intent: &Intent) {
    let side = &intent.operation.side;
    let key = work.item.replicas.get(side).map(|replica| replica.key.to_string()).unwrap_or_default();
    let what = match &intent.operation.action {
        Action::Create { .. } => "created".to_owned(),
        Action::SetFields { fields } => {
            format!("set {}", fields.keys().map(FieldName::as_str).collect::<Vec<_>>().join(", "))
        }
        Action::Transition { from, to, .. } => format!("moved from `{from}` to `{to}`"),
        Action::AddComment { remark, origin, comment, .. } => format!("copied {} {comment} of {origin}", remark.word()),
        Action::EditComment { remark, copy, .. } => format!("changed the copy {copy} of a {}", remark.word()),
        Action::EditOriginal { comment, by, .. } => format!("changed comment {comment} as its copy on {by}"),
        Action::Offer { thing, .. } => format!("made a {} that it is to hold", thing.word()),
        Action::Link { link, .. } => format!("linked to {}", link.title),
        Action::Unlink { to, .. } => format!("took away the link to the counterpart on {to}"),
        Action::ShowEnd { shown, .. } => format!("shows a link to {}", shown.title),
        Action::HideEnd { of, link, .. } => format!("took away what was shown of link {link} of {of}"),
        Action::DeleteIssue { with } => format!("deleted: the counterpart on {with} is gone"),
        Action::DeleteComment { remark, copy, .. } => format!("deleted the copy {copy} of a {}", remark.word()),
        Action::AddFile { origin, file, .. } => format!("copied attachment {file} of {origin}"),
        Action::DeleteFile { copy, taken: Some(by), .. } => {
            format!("deleted attachment {copy}, whose copy was deleted on {by}")
        }
        Action::DeleteFile { copy, .. } => format!("deleted the copy {copy} of an attachment"),
        Action::AddWatcher { watcher } => format!("made `{}` a watcher", watcher.account),
        Action::RemoveWatcher { watcher } => format!("took `{}` from the watchers", watcher.account),
        Action::StopWatching { .. } => "the sync user stopped watching".to_owned(),
        Action::AddIssueLink { link } => format!("linked to {} (`{}`)", link.key, link.kind),
        Action::DeleteIssueLink { link, .. } => format!("unlinked from {} (`{}`)", link.key, link.kind),
    };
    tracing::info!(sync = %work.sync.id(), %side, issue.key = %key, operation = %intent.id, "{key}: {what}");
}

/// Whether an edit sets or takes away a security level, which goes by itself.
pub(super) fn is_a_level(action: &Action) -> bool {
    matches!(action, Action::SetFields { fields } if fields.values().any(|write| write.field.as_str() == "security"))
}

fn base_of<'w>(work: &'w mut Work, side: &SideId, name: &FieldName) -> Option<&'w mut crate::model::hub::Base> {
    work.item.replicas.get_mut(side).map(|replica| replica.bases.entry(name.clone()).or_default())
}

/// What [`Bug::BaseOnDecision`] does.
fn believe(work: &mut Work, intent: &Intent) {
    for (name, write) in intent.operation.action.fields().into_iter().flatten() {
        if let Some(base) = base_of(work, &intent.operation.side, name) {
            base.value = Some(write.wanted.clone());
            base.acts.join(&write.acts);
        }
    }
}

/// The side was told and does not take it: it is not tried again until the agreed value moves. Nobody saw it there.
fn acknowledge(work: &mut Work, side: &SideId, name: &FieldName, write: &FieldWrite, reason: String) {
    if let Some(base) = base_of(work, side, name) {
        base.matched.join(&write.acts);
        base.acknowledged = Some(Acknowledged { reason, refused: true, may_pass: true, unseen: true });
    }
}

fn comment_refused(work: &mut Work, intent: &Intent, refusal: &Refusal) {
    work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
    let Action::AddComment { origin, comment, .. } = &intent.operation.action else { return };
    for record in &mut work.item.comments {
        if &record.side == origin && &record.id == comment {
            record.refused.insert(intent.operation.side.clone(), refusal.to_string());
        }
    }
}

/// Jira said yes and changed nothing. Where another value stands there than was written, it keeps its own: told so, it is not
/// tried again until the agreed value moves.
pub(super) fn changed_nothing(work: &mut Work, intent: &Intent) {
    let mut told: Vec<(FieldName, Value, Acts)> = Vec::new();
    if let Action::SetFields { fields } | Action::Transition { fields, .. } = &intent.operation.action {
        told.extend(fields.iter().map(|(name, write)| (name.clone(), write.wanted.clone(), write.acts.clone())));
    }
    if let Action::Transition { last: true, wanted, acts, .. } = &intent.operation.action {
        let row = work.sync.settings.fields.values().find(|row| row.kind == FieldKind::Status);
        told.extend(row.map(|row| (row.name.clone(), wanted.clone(), acts.clone())));
    }
    // Of a row that the configuration has no more nothing was read.
    let rows = &work.sync.settings.fields;
    told.retain(|(name, ..)| rows.get(name).is_some_and(|row| row.sides.contains_key(&intent.operation.side)));
    let Some(replica) = work.item.replicas.get_mut(&intent.operation.side) else { return };
    for (name, wanted, acts) in told {
        let base = replica.bases.entry(name.clone()).or_default();
        if !base.value.as_ref().is_some_and(|held| same(held, &wanted)) {
            base.matched.join(&acts);
            let reason = format!("Jira took `{name}` and kept its own value");
            base.acknowledged = Some(Acknowledged { reason, refused: true, may_pass: true, unseen: false });
        }
    }
}
