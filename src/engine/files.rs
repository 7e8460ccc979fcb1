//! Files on their way: from the instance where a person attached one, piece by piece, to the one that gets a copy. Must never
//! keep a file, never attach what is not whole, and never take another file for a copy of ours: what is in it tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::apply::Sent;
use super::instance::Instance;
use super::work::Work;
use crate::jira::{Failure, FileDraft, JiraError, Pieces, Want, WriteOutcome};
use crate::model::hub::{AttachmentRecord, FileCopy};
use crate::model::ids::{AttachmentId, SideId};
use crate::model::issue::{AttachmentSnapshot, LogEntry};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, NO_FILE_THERE, Operation};
use crate::model::problem::Problem;

/// How much earlier than an intent its file is looked for: clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// Longest that an upload may be taken in after its answer was lost. One of which that is not known gets the time that it may
/// take on the slowest line as well.
const HORIZON: Duration = Duration::from_secs(120);
/// Bytes per second below which an upload is given up.
const SLOWEST: u64 = 64 * 1024;

impl Engine {
    /// Carries a file over. `None`: it was not sent, and why is said.
    pub(super) async fn carry_file(&self, work: &mut Work, intent: &Intent) -> Option<Sent> {
        let Action::AddFile { origin, file, original, name, size, mime } = &intent.operation.action else {
            return None;
        };
        let (Some(source), Some(issue)) = (self.instance_on(work, origin), intent.issue) else { return None };
        let pieces = match source.patiently(source.read.file(file, original, *size)).await {
            Ok(pieces) => pieces,
            Err(error) => {
                // One file that a Jira cannot give, or that lies elsewhere, is no reason to leave all of it alone.
                let alone = matches!(error.failure, Failure::Server(_) | Failure::Unreachable(_) | Failure::NotJira(_));
                self.not_read(work, intent, origin, &source, &error, alone);
                return None;
            }
        };
        let instance = work.sync.instance_of(&intent.operation.side).cloned()?;
        let draft = FileDraft { name: name.clone(), size: *size, mime: mime.clone() };
        let broke = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&broke);
        let note = move |piece: &Result<bytes::Bytes, _>| {
            if piece.is_err() {
                noted.store(true, Ordering::Release);
            }
        };
        let outcome = self.hands.attach(&instance, issue, &draft, pieces.inspect(note).boxed()).await;
        if broke.load(Ordering::Acquire) && !matches!(outcome, WriteOutcome::Done(_)) {
            // We broke the upload off ourselves, before its end: nothing is in doubt, and the file is what is wrong.
            let failure = Failure::Unreachable("it does not come whole".to_owned());
            let error =
                JiraError { attempt: format!("reading attachment {file}"), instance: source.id().clone(), failure };
            self.not_read(work, intent, origin, &source, &error, true);
            return None;
        }
        Some(Sent::File(outcome))
    }

    fn not_read(
        &self,
        work: &mut Work,
        intent: &Intent,
        origin: &SideId,
        source: &Instance,
        error: &JiraError,
        alone: bool,
    ) {
        work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {error}")));
        if matches!(error.failure, Failure::NotFound) {
            // It was taken away meanwhile, or the issue was: a read of the issue tells.
            work.want_read(origin, false);
            work.put_off.push(intent.operation.clone());
            work.unfound.push(intent.operation.clone());
            return;
        }
        if alone || source.pause().is_none() && !source.failed(error) {
            let what = format!("a file cannot be read: {error}");
            work.problem(origin, None, what, "it is tried again; if it stays, look at the attachment in that Jira");
        }
        work.put_off.push(intent.operation.clone());
        work.failed = true;
    }

    /// Files that are listed still, though they were not found.
    pub(super) fn tell_unfound(work: &mut Work, planned: &[Operation]) {
        for operation in std::mem::take(&mut work.unfound) {
            if let (true, Action::AddFile { origin, name, .. }) = (planned.contains(&operation), &operation.action) {
                work.problem(
                    origin,
                    None,
                    unfound(name),
                    "it is tried again; if it stays, look at the attachment in that Jira",
                );
                work.failed = true;
                work.slow = true;
            }
        }
    }

    /// Takes in what became of an upload.
    pub(super) async fn file_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<AttachmentId>) {
        if let WriteOutcome::Refused(refusal) = &outcome
            && self.was_news(work, intent).await
        {
            // It takes none, or none as large, since the daemon asked: the next plan says so, and tries none.
            work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
            return;
        }
        match outcome {
            WriteOutcome::Done(copy) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                work.move_intent(intent.id, &IntentEvent::Seen);
                attached(work, intent, copy);
            }
            // Too large by a limit of its own, or of a kind that is not let in: the same for ever.
            WriteOutcome::Refused(refusal) if matches!(refusal.status, 400 | 413 | 415 | 422) => {
                work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
                let side = intent.operation.side.clone();
                if let Some(record) = record_of(work, intent) {
                    let why = format!("`{}` was not taken: {refusal}", record.name);
                    record.refused.insert(side, why);
                }
            }
            // Only the file waits: the right to attach is one of its own.
            WriteOutcome::Refused(refusal) => self.refused_apart(work, intent, &refusal),
            outcome @ (WriteOutcome::NotFound | WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }

    /// Looks for a file that was sent without an answer, in the issue itself.
    pub(super) async fn recover_file(&self, work: &mut Work, intent: &Intent) {
        let side = intent.operation.side.clone();
        let Some(instance) = self.instance_on(work, &side) else { return };
        if let Some(pause) = instance.pause() {
            self.wait_for(work, &pause);
            return;
        }
        match instance.patiently(self.find_file(work, intent, &instance)).await {
            Ok(Some(copy)) => {
                self.lost_writes().remove(&intent.id);
                work.move_intent(intent.id, &IntentEvent::Seen);
                attached(work, intent, copy);
            }
            Ok(None) => {
                if let Some(left) = self.may_still_land(&instance, intent) {
                    work.be_due(self.after(left));
                } else {
                    self.lost_writes().remove(&intent.id);
                    work.move_intent(intent.id, &IntentEvent::Refused(NO_FILE_THERE.to_owned()));
                }
            }
            Err(error) => {
                // The original may be what cannot be read, and that is on another instance.
                let alone = matches!(error.failure, Failure::Server(_)) && error.instance != *instance.id();
                if let Some(failed) = self.instances.get(&error.instance).filter(|_| !alone) {
                    failed.failed(&error);
                }
                work.failed = true;
            }
        }
    }

    /// How long an upload without an answer may yet be taken in. It counts from when the answer was lost, however long the
    /// upload stood behind others or was under way; for one from before the start, from the start.
    fn may_still_land(&self, instance: &Instance, intent: &Intent) -> Option<Duration> {
        let Action::AddFile { size, .. } = &intent.operation.action else { return None };
        let horizon = HORIZON.min(instance.settings.settle);
        let lost = self.lost_writes().get(&intent.id).copied();
        let (since, horizon) = match lost {
            Some(lost) => (lost, horizon),
            None => (self.began, horizon + Duration::from_secs(size / SLOWEST)),
        };
        let passed = self.clock.monotonic().saturating_sub(since);
        horizon.checked_sub(passed).filter(|left| !left.is_zero())
    }

    async fn find_file(
        &self,
        work: &Work,
        intent: &Intent,
        instance: &Instance,
    ) -> Result<Option<AttachmentId>, JiraError> {
        let Action::AddFile { origin, file, original, size, .. } = &intent.operation.action else { return Ok(None) };
        let Some(issue) = intent.issue else { return Ok(None) };
        let want = Want { attachments: true, ..Want::default() };
        let Some(read) = instance.read.issues(&[issue], &want).await.into_iter().next() else { return Ok(None) };
        let since = self.opened_there(instance.id(), intent).unwrap_or(Timestamp::MIN);
        let since = since.checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        let read = read?;
        let candidates = read.attachments.unwrap_or_default();
        let Some(source) = self.instance_on(work, origin) else { return Ok(None) };
        let mut sent = None;
        for there in candidates.into_iter().filter(|there| may_be_sent(work, intent, instance, since, there)) {
            if sent.is_none() {
                match source.read.file(file, original, *size).await {
                    Ok(pieces) => sent = Some(hash(pieces).await),
                    // The original is not there any more, and no other write of ours made this file: it goes as well.
                    Err(JiraError { failure: Failure::NotFound, .. }) => return Ok(Some(there.id)),
                    Err(error) => return Err(error),
                }
            }
            // One of them cannot be read whole now: nothing is known.
            let found = hash(instance.read.file(&there.id, &there.name, there.size).await?).await;
            match (&sent, found) {
                (Some(Some(sent)), Some(found)) if *sent == found => return Ok(Some(there.id)),
                (Some(Some(_)), Some(_)) => {}
                _ => {
                    let failure = Failure::Unreachable("a file broke off while it was compared".to_owned());
                    let attempt = "looking for a file that was sent".to_owned();
                    return Err(JiraError { attempt, instance: instance.id().clone(), failure });
                }
            }
        }
        Ok(taken_away(work, intent, instance, since, &read.log))
    }
}

/// The file that an intent sent, where somebody took it away before it was looked for: the history names it, by when it came and by when it
/// went. Not while another one of its name is looked for, too: the history does not tell which of them it was.
fn taken_away(
    work: &Work,
    intent: &Intent,
    instance: &Instance,
    since: Timestamp,
    log: &[LogEntry],
) -> Option<AttachmentId> {
    let Action::AddFile { name, .. } = &intent.operation.action else { return None };
    let side = &intent.operation.side;
    let is_of_name = |other: &&Intent| {
        let action = &other.operation.action;
        &other.operation.side == side && matches!(action, Action::AddFile { name: known, .. } if known == name)
    };
    if doubtful_files(work).iter().filter(is_of_name).count() > 1 {
        return None;
    }
    let files = |entry: &LogEntry| entry.items.clone().into_iter().filter(|item| item.field.as_str() == "attachment");
    let ours = log.iter().filter(|entry| entry.created >= since && instance.is_us(entry.author.as_ref()));
    let came = ours.flat_map(files).filter(|item| item.to_text.as_ref() == Some(name)).filter_map(|item| item.to);
    let went: Vec<String> = log.iter().flat_map(files).filter_map(|item| item.from).collect();
    came.filter(|id| went.contains(id)).map(AttachmentId::new).find(|id| !is_copy(work, side, id))
}

/// Whether a file may be the one that an intent sent, by all that is known without reading it.
pub(super) fn may_be_sent(
    work: &Work,
    intent: &Intent,
    instance: &Instance,
    since: Timestamp,
    there: &AttachmentSnapshot,
) -> bool {
    let Action::AddFile { name, size, .. } = &intent.operation.action else { return false };
    instance.is_us(there.author.as_ref())
        && &there.name == name
        && there.size == *size
        && there.created >= since
        && !is_copy(work, &intent.operation.side, &there.id)
}

/// SHA-256 of what comes; `None` where it does not come whole.
pub(super) async fn hash(mut pieces: Pieces) -> Option<Vec<u8>> {
    let mut context = Context::new(&SHA256);
    while let Some(piece) = pieces.next().await {
        context.update(&piece.ok()?);
    }
    Some(context.finish().as_ref().to_vec())
}

pub(super) fn is_copy(work: &Work, side: &SideId, file: &AttachmentId) -> bool {
    work.item.attachments.iter().any(|record| record.copies.get(side).is_some_and(|copy| &copy.id == file))
}

/// The uploads that nobody knows the outcome of.
pub(super) fn doubtful_files(work: &Work) -> Vec<Intent> {
    let open = work.intents.iter().filter(|intent| matches!(intent.state, IntentState::Open | IntentState::InDoubt));
    open.filter(|intent| matches!(intent.operation.action, Action::AddFile { .. })).cloned().collect()
}

/// That a file is not found though its issue lists it.
fn unfound(name: &str) -> String {
    format!("`{name}` is listed there, but cannot be read")
}

/// Notes the copy that an upload made.
fn attached(work: &mut Work, intent: &Intent, copy: AttachmentId) {
    let Action::AddFile { name, original, file, origin, .. } = &intent.operation.action else { return };
    let (side, name) = (intent.operation.side.clone(), name.clone());
    // It could be read now, whoever was told that it cannot: also where its own issue was not looked at in this cycle.
    let of_it = |rest: &str| rest.split(' ').next() == Some(file.as_str());
    let is_over = |problem: &Problem| {
        let rest = problem.what.strip_prefix("a file cannot be read: reading attachment ");
        let is_listed = [&name, original].into_iter().any(|name| problem.what == unfound(name));
        &problem.side == origin && (rest.is_some_and(of_it) || is_listed)
    };
    work.problems.retain(|problem| !is_over(problem));
    work.before.retain(|problem| !is_over(problem));
    if let Some(record) = record_of(work, intent) {
        record.copies.insert(side, FileCopy { id: copy, name, gone: false, taken: false });
    }
}

/// Notes that a copy was deleted, or the original.
pub(super) fn detached(work: &mut Work, intent: &Intent) {
    let side = intent.operation.side.clone();
    if let Action::DeleteFile { taken: Some(_), .. } = &intent.operation.action {
        if let Some(record) = record_of(work, intent) {
            record.gone = true;
        }
        return;
    }
    if let Some(copy) = record_of(work, intent).and_then(|record| record.copies.get_mut(&side)) {
        copy.gone = true;
    }
}

pub(super) fn record_of<'w>(work: &'w mut Work, intent: &Intent) -> Option<&'w mut AttachmentRecord> {
    let (Action::AddFile { origin, file, .. } | Action::DeleteFile { origin, file, .. }) = &intent.operation.action
    else {
        return None;
    };
    work.item.attachments.iter_mut().find(|record| &record.side == origin && &record.id == file)
}
