//! Who watches: read as a list only where a plan asks for it, and what became of somebody who was added or taken away. Must never
//! call an instance unwell because it does not show who watches.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::Engine;
use super::instance::Instance;
use super::work::Work;
use crate::jira::{Failure, JiraError, WriteOutcome};
use crate::model::catalog::HidesWatchers;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{IssueId, SideId};
use crate::model::issue::{IssueSnapshot, Watchers};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState};

/// Lists read at once.
const AT_ONCE: usize = 4;
/// How long it is believed that a side does not show who watches.
const HIDDEN_LASTS: Duration = Duration::from_secs(600);
/// How old a list may be before the full check has it read again: one may have come and another gone.
const LIST_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// Longest that a write may be under way after its answer was lost.
const HORIZON: Duration = Duration::from_secs(120);

/// A list that was asked for: the work's place in the batch, its side, the answer.
type Listed = (usize, SideId, Arc<Instance>, Result<Option<Watchers>, JiraError>);

impl Engine {
    /// Wants the lists that tell what became of our writes, and those that are old.
    pub(super) fn want_watchers(&self, work: &mut Work) {
        let mut asked: Vec<SideId> = Vec::new();
        for intent in &work.intents {
            let late = self.now().duration_since(intent.opened).unsigned_abs() >= self.check_after;
            let open = match intent.state {
                IntentState::Open | IntentState::InDoubt => true,
                IntentState::Answered => late,
                IntentState::Confirmed | IntentState::Void(_) => false,
            };
            if open && intent.operation.action.watcher().is_some() {
                asked.push(intent.operation.side.clone());
            }
        }
        for side in work.reads.keys() {
            let replica = work.item.replicas.get(side).filter(|_| work.sync.settings.watchers_on(side).is_some());
            if replica.is_some_and(|replica| self.is_old(replica)) {
                asked.push(side.clone());
            }
        }
        let catalogs = work.sync.catalogs();
        for side in asked {
            if catalogs.get(&side).is_some_and(|catalog| catalog.hides_watchers.is_some()) {
                self.settle_unseen(work, &side);
            } else {
                work.want_list(&side);
            }
        }
        // Left open by a daemon that died: it is done again, if it is still so.
        let left = work.intents.iter().filter(|intent| !intent.state.is_settled());
        let left = left.filter(|intent| matches!(intent.operation.action, Action::StopWatching { .. }));
        for id in left.map(|intent| intent.id).collect::<Vec<_>>() {
            work.move_intent(id, &IntentEvent::Refused("nobody knows whether it was done".to_owned()));
        }
    }

    fn is_old(&self, replica: &Replica) -> bool {
        let others = replica.watching.others.unwrap_or_default();
        let old = |read: jiff::Timestamp| self.now().duration_since(read) >= LIST_LASTS;
        others > 0 && replica.watching.read.is_none_or(old)
    }

    /// Whether a row shows other watchers than were last taken in, or it is time to read the list again.
    pub(super) fn is_watched_otherwise(&self, item: &ItemState, sync: &super::SyncRun, row: &IssueSnapshot) -> bool {
        let Some(watched) = row.watched else { return false };
        let here = item.replicas.iter().filter(|(_, replica)| replica.issue == row.id);
        let mut here = here.filter(|(side, _)| sync.want(side).watches);
        here.any(|(side, replica)| {
            let carried = sync.settings.watchers_on(side).is_some();
            let differs = carried && (replica.watching.others != Some(watched.others) || self.is_old(replica));
            differs || (sync.settings.unwatch && watched.by_us && !replica.watching.by_us)
        })
    }

    /// Reads the lists that are wanted.
    pub(super) async fn read_watchers(&self, works: &mut [Work]) {
        // Boxed: many futures over borrowed arguments cannot be shown to be `Send` otherwise.
        let mut reads: Vec<BoxFuture<'_, Listed>> = Vec::new();
        for (index, work) in works.iter_mut().enumerate().filter(|(_, work)| !work.over) {
            for side in std::mem::take(&mut work.to_list) {
                let replica = work.item.replicas.get(&side);
                let known = replica.and_then(|replica| replica.watching.others).is_some_and(|others| others > 0);
                if let (Some(replica), Some(instance)) = (replica, self.instance_on(work, &side)) {
                    let issue = replica.issue;
                    reads.push(Box::pin(async move {
                        let list = listed(&instance, issue, known).await;
                        (index, side, instance, list)
                    }));
                }
            }
        }
        let listed: Vec<Listed> = futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        for (index, side, instance, list) in listed {
            if let Some(work) = works.get_mut(index) {
                self.take_list(work, side, &instance, list);
            }
        }
    }

    fn take_list(&self, work: &mut Work, side: SideId, instance: &Instance, list: Result<Option<Watchers>, JiraError>) {
        match list {
            Ok(None) => self.is_hidden(work, side, HidesWatchers::SwitchedOff),
            // Without the right to see them Cloud, and Data Center too, may tell their number alone.
            Ok(Some(list)) if !list.whole && list.accounts.is_empty() => {
                self.is_hidden(work, side, HidesWatchers::WithoutRight);
            }
            Ok(Some(list)) => drop(work.watchers.insert(side, list)),
            Err(JiraError { failure: Failure::Refused(refusal), .. }) => {
                tracing::info!(%side, %refusal, "who watches is not shown");
                self.is_hidden(work, side, HidesWatchers::WithoutRight);
            }
            Err(error) => {
                work.unlisted.insert(side.clone());
                self.not_listed(work, &side, instance, &error);
            }
        }
    }

    fn is_hidden(&self, work: &mut Work, side: SideId, why: HidesWatchers) {
        work.sync.note_hidden_watchers(&side, why, self.clock.monotonic() + HIDDEN_LASTS);
        self.settle_unseen(work, &side);
        work.unlisted.insert(side);
    }

    /// Where nothing is shown, Jira's yes has to do; what nobody knows of is done again once it shows who watches.
    fn settle_unseen(&self, work: &mut Work, side: &SideId) {
        let open = work.intents.iter().filter(|intent| &intent.operation.side == side && !intent.state.is_settled());
        let open: Vec<Intent> = open.filter(|intent| intent.operation.action.watcher().is_some()).cloned().collect();
        for intent in open {
            if intent.state == IntentState::Answered {
                work.move_intent(intent.id, &IntentEvent::Seen);
            } else if let Some(left) = self.left_of(work, &intent) {
                work.be_due(self.after(left));
            } else {
                let why = "Jira does not show who watches".to_owned();
                work.move_intent(intent.id, &IntentEvent::Refused(why));
            }
        }
    }

    /// How long a write may still be under way.
    fn left_of(&self, work: &Work, intent: &Intent) -> Option<Duration> {
        let instance = self.instance_on(work, &intent.operation.side)?;
        self.left_until(&instance, intent, HORIZON.min(instance.settings.settle))
    }

    fn not_listed(&self, work: &mut Work, side: &SideId, instance: &Instance, error: &JiraError) {
        if let Some(pause) = instance.pause() {
            self.wait_for(work, &pause);
            work.unread.insert(side.clone(), error.to_string());
            return;
        }
        if instance.failed(error) {
            work.unread.insert(side.clone(), error.to_string());
            if let Some(pause) = instance.pause().filter(|pause| pause.away) {
                self.wait_for(work, &pause);
                return;
            }
        } else {
            let field = work.sync.settings.watchers_on(side).map(|row| row.name.clone());
            let what = format!("{}: {error}", Self::in_words(&work.sync, side));
            let remedy = "let the issue be watched in that Jira, or take the field out; it is tried again";
            work.problem(side, field.as_ref(), what, remedy);
            work.partly.insert(side.clone());
            work.slow = true;
        }
        work.failed = true;
    }

    /// What became of somebody who was added or taken away, or of the sync user's leaving.
    pub(super) fn watch_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<()>) {
        let side = &intent.operation.side;
        let leaves = matches!(intent.operation.action, Action::StopWatching { .. });
        match outcome {
            WriteOutcome::Done(()) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                if leaves {
                    work.move_intent(intent.id, &IntentEvent::Seen);
                    if let Some(replica) = work.item.replicas.get_mut(side) {
                        replica.watching.by_us = false;
                    }
                } else {
                    // Jira's yes is the same for one who was there: the list tells, and shows what people did meanwhile.
                    work.want_list(side);
                }
            }
            WriteOutcome::Refused(refusal) => {
                work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
            }
            WriteOutcome::NotFound => {
                let why = "status 404: the issue or the user is not there, or the issue cannot be watched".to_owned();
                work.move_intent(intent.id, &IntentEvent::Refused(why));
                work.fresh.remove(side);
                work.want_read(side, false);
                // Nobody can watch where that is switched off: the list tells.
                work.want_list(side);
            }
            // Done twice is done once.
            WriteOutcome::InDoubt(why) if leaves => {
                work.move_intent(intent.id, &IntentEvent::Refused(format!("in doubt: {why}")));
                work.unread.insert(side.clone(), why);
                work.failed = true;
            }
            outcome @ (WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_)) => {
                self.no_answer(work, intent, outcome);
            }
        }
    }

    /// The lists that were just taken in settle the writes that they do not show. Says whether they settled any.
    pub(super) fn judge_watchers(&self, work: &mut Work) -> bool {
        let mut settled = false;
        for side in std::mem::take(&mut work.watchers).into_keys() {
            let open = work.intents.iter().filter(|intent| intent.operation.side == side && !intent.state.is_settled());
            let open: Vec<Intent> =
                open.filter(|intent| intent.operation.action.watcher().is_some()).cloned().collect();
            for intent in open {
                if intent.state == IntentState::Answered {
                    // What was read may be older than the answer.
                    if self.now().duration_since(intent.opened).unsigned_abs() >= self.check_after {
                        work.move_intent(intent.id, &IntentEvent::Seen);
                        kept_its_own(work, &intent);
                        settled = true;
                    }
                    continue;
                }
                if let Some(left) = self.left_of(work, &intent) {
                    work.be_due(self.after(left));
                    continue;
                }
                let why = "the list of watchers shows no trace of it".to_owned();
                work.move_intent(intent.id, &IntentEvent::Refused(why));
                settled = true;
            }
        }
        settled
    }
}

/// Who watches; `None`: watching is switched off in that Jira. What it answers then is not documented: that nobody watches any more, and that
/// nothing is there, is believed only where watching is on.
async fn listed(instance: &Instance, issue: IssueId, known: bool) -> Result<Option<Watchers>, JiraError> {
    let list = read_list(instance, issue).await;
    let is_doubtful = match &list {
        Ok(list) => known && list.watched.others == 0,
        Err(error) => matches!(&error.failure, Failure::NotFound | Failure::Refused(_)),
    };
    if is_doubtful && matches!(instance.patiently(instance.read.is_watching_on()).await, Ok(false)) {
        return Ok(None);
    }
    list.map(Some)
}

async fn read_list(instance: &Instance, issue: IssueId) -> Result<Watchers, JiraError> {
    if let Some(error) = instance.is_silent() {
        return Err(error);
    }
    if let Some(pause) = instance.pause() {
        return Err(pause.error(instance));
    }
    instance.patiently(instance.read.watchers(issue)).await
}

/// Jira said yes, and the list is as before: told so, it is not sent again and again.
fn kept_its_own(work: &mut Work, intent: &Intent) {
    let Some((watcher, _)) = intent.operation.action.watcher() else { return };
    let (field, account) = (watcher.field.clone(), &watcher.account);
    let reason = format!("Jira took the change of watcher `{account}` and kept its own");
    work.kept_its_own(&intent.operation.side, &field, reason);
}
