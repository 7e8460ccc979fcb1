//! Whether the issues of items are still in what their sync covers. Asked only where `life.left` stops at that, of issues that were
//! read since they changed, in one search for all of a batch. Must never take a lagging index for the last word, nor an issue that
//! no search finds for one that left, and never act on a clause that Jira did not answer: then that side alone waits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::admit::matching;
use super::instance::Instance;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::ids::{IssueId, SideId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::scope::{Covered, Scope};
use crate::model::settings::{SyncSettings, WhenLeft};
use crate::model::store::StoreError;

/// What finds every issue of a project that can be found at all.
const ANY: &str = "";

/// What is asked of one item: its place in the batch, the issue, when that changed last.
#[derive(Clone, Copy)]
struct Question {
    index: usize,
    issue: IssueId,
    updated: Timestamp,
}

/// What the index says of an issue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Its clause finds it.
    Found,
    /// It can be found, and its clause does not find it.
    Out,
    /// It cannot be found at all: it is archived, or its index is not whole. That says nothing.
    Nowhere,
}

/// A clause that says whether a side's replica is still in the sync: its key, the side whose issue it is asked of, its text.
struct Clause<'s> {
    key: &'static str,
    of: &'s SideId,
    text: &'s str,
}

impl Clause<'_> {
    /// What is remembered as asked.
    fn name(&self) -> String {
        format!("{} of {}: {}", self.key, self.of, self.text)
    }
}

/// The clause that a replica may leave; none where that changes nothing. What a person made on a side began its item by that
/// side's `jql`; what we made there belongs there by its `when`. A copy need not match the `jql` of its own side, and what came from
/// a partner need not match home's `when` for that partner: neither has left anything.
fn clause<'s>(sync: &'s SyncSettings, side: &SideId, ours: bool) -> Option<Clause<'s>> {
    let settings = sync.side(side).filter(|_| sync.life.left == WhenLeft::Stop)?;
    if ours {
        let of = sync.home.as_ref().filter(|home| *home != side)?;
        return settings.when.as_deref().map(|text| Clause { key: "when", of, text });
    }
    settings.jql.as_deref().map(|text| Clause { key: "jql", of: &settings.id, text })
}

/// What is known of a replica that joins now: its clause was just found to match.
pub(super) fn joined(sync: &SyncSettings, side: &SideId, ours: bool) -> Option<Scope> {
    clause(sync, side, ours).map(|clause| Scope::joined(clause.name()))
}

/// Under what it is kept which clauses those of a sync were.
pub(super) fn note(sync: &SyncId) -> String {
    format!("clauses of {sync}")
}

/// All clauses that the replicas of a sync may leave.
fn clauses(sync: &SyncSettings) -> String {
    let mut all = String::new();
    for side in sync.side_ids() {
        for clause in [false, true].into_iter().filter_map(|ours| clause(sync, side, ours)) {
            // Writing into a text cannot fail.
            let _ = writeln!(all, "{side} by {}", clause.name());
        }
    }
    all
}

impl Engine {
    /// Queues the items of the syncs whose clauses are others than at the last start: what rested by the old one may be back, and what
    /// was covered may not be.
    pub(super) async fn recall_clauses(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let (name, are) = (note(sync.id()), clauses(&sync.settings));
            if self.store.note(&name).await?.unwrap_or_default() != are {
                self.store.wake_sync(sync.id(), self.now(), &Occasion::Configuration).await?;
                self.store.set_note(&name, &are).await?;
            }
        }
        Ok(())
    }

    /// Asks for the replicas whose clause was not asked for since its issue changed: once for each change that is read.
    pub(super) async fn judge_scope(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let mut groups: BTreeMap<(SyncId, SideId, &'static str), Vec<Question>> = BTreeMap::new();
        for (index, work) in works.iter_mut().enumerate().filter(|(_, work)| !work.over && work.plan.is_none()) {
            let sync = Arc::clone(&work.sync);
            let sides: Vec<SideId> = work.item.replicas.keys().cloned().collect();
            for side in sides {
                let Some(clause) = take_clause(work, &sync.settings, &side) else { continue };
                let scope = work.item.replicas.get(&side).and_then(|replica| replica.scope.as_ref());
                let open = scope.is_some_and(|scope| scope.open);
                let asked = scope.and_then(|scope| scope.asked);
                let Some(read) = work.reads.get(clause.of) else {
                    if open && !work.judged_scope.contains_key(&side) {
                        work.want_read(clause.of, false);
                    }
                    continue;
                };
                let (issue, updated) = (read.snapshot.id, read.snapshot.updated);
                let here = sync.side(clause.of).is_some_and(|settings| settings.project == read.snapshot.project);
                let is_news = work.judged_scope.get(&side) < Some(&updated);
                if here && is_news && (open || asked < Some(updated)) {
                    work.judged_scope.insert(side.clone(), updated);
                    let group = (sync.id().clone(), side, clause.key);
                    groups.entry(group).or_default().push(Question { index, issue, updated });
                }
            }
        }
        for ((sync, side, key), questions) in groups {
            if let Some(sync) = self.syncs.get(&sync).cloned() {
                self.judge_side(&sync, &side, key, &questions, works).await?;
            }
        }
        Ok(())
    }

    async fn judge_side(
        &self,
        sync: &SyncRun,
        side: &SideId,
        key: &'static str,
        questions: &[Question],
        works: &mut [Work],
    ) -> Result<(), StoreError> {
        let Some(clause) = clause(&sync.settings, side, key == "when") else { return Ok(()) };
        let Some(asked) = sync.side(clause.of) else { return Ok(()) };
        let Some(instance) = self.instances.get(&asked.instance).cloned() else { return Ok(()) };
        let now = self.clock.monotonic();
        if let Some(until) = sync.refuses(side, key, now) {
            let at = self.after(until.saturating_sub(now));
            for question in questions {
                let Some(work) = works.get_mut(question.index) else { continue };
                leave_open(work, side);
                work.be_due(at);
            }
            return Ok(());
        }
        let found = match self.those_in(&instance, &asked.project, clause.text, questions).await {
            Ok(found) => found,
            Err(error) => {
                not_answered(works, side, questions);
                return self.scope_failed(sync, side, &instance, &error, key).await;
            }
        };
        self.scope_taken(sync, side, key).await?;
        let (covered, others): (Vec<Question>, Vec<Question>) =
            questions.iter().partition(|question| found.contains(&question.issue));
        for question in covered {
            self.judged(works, side, question, Answer::Found, &instance);
        }
        if others.is_empty() {
            return Ok(());
        }
        match self.those_in(&instance, &asked.project, ANY, &others).await {
            Ok(there) => {
                for question in others {
                    let answer = if there.contains(&question.issue) { Answer::Out } else { Answer::Nowhere };
                    self.judged(works, side, question, answer, &instance);
                }
            }
            Err(error) => {
                tracing::warn!(sync = %sync.id(), %side, %error, "could not ask which issues can be found at all");
                instance.failed(&error);
                not_answered(works, side, &others);
            }
        }
        Ok(())
    }

    /// Asks the index which of them a clause finds.
    async fn those_in(
        &self,
        instance: &Instance,
        project: &str,
        clause: &str,
        questions: &[Question],
    ) -> Result<BTreeSet<IssueId>, JiraError> {
        let times: BTreeMap<IssueId, Timestamp> =
            questions.iter().map(|question| (question.issue, question.updated)).collect();
        let issues: Vec<IssueId> = times.keys().copied().collect();
        let recent = |issue: &IssueId| times.get(issue).is_some_and(|updated| !self.is_settled(instance, *updated));
        instance.patiently(matching(instance, project, clause, &issues, recent)).await
    }

    /// Takes in what the index said. It is asked once more when it surely knows the last change, be it yes or no.
    fn judged(&self, works: &mut [Work], side: &SideId, question: Question, answer: Answer, instance: &Instance) {
        let Some(work) = works.get_mut(question.index) else { return };
        let Some(replica) = work.item.replicas.get_mut(side) else { return };
        let (key, rested, had_left) = (replica.key.clone(), replica.rests(), replica.has_left());
        let Some(scope) = replica.scope.as_mut() else { return };
        if answer == Answer::Nowhere {
            leave_open(work, side);
            work.failed = true;
            work.slow = true;
            if !had_left {
                let what = format!(
                    "nothing is carried to {key} or from it: no search finds the issue that says whether it is still in the sync"
                );
                let remedy = "restore it if it is archived, or wait until the index of its Jira is whole again";
                work.problem(side, None, what, remedy);
            }
            return;
        }
        scope.standing = if answer == Answer::Found { Covered::In } else { Covered::Left };
        scope.open = !self.is_final(instance, question.updated);
        if scope.open {
            work.be_due(self.after(instance.settings.settle));
        } else {
            scope.asked = Some(question.updated);
        }
        if answer == Answer::Out && !had_left {
            tracing::info!(%side, issue.key = %key, "an issue left its sync: it is let be until it is back");
        } else if answer == Answer::Found && rested {
            tracing::info!(%side, issue.key = %key, "an issue is in its sync again");
            want_back(work, side);
        }
    }
}

/// The clause that a side's replica may leave. What was known under another one is open again; where there is none, nothing rests.
fn take_clause<'s>(work: &mut Work, sync: &'s SyncSettings, side: &SideId) -> Option<Clause<'s>> {
    let clause = clause(sync, side, work.item.replicas.get(side)?.ours);
    let away = |of: &SideId| work.item.replicas.get(of).is_none_or(|replica| replica.away.is_some());
    let known = clause.as_ref().map(|clause| (clause.name(), away(clause.of)));
    let replica = work.item.replicas.get_mut(side)?;
    let rested = replica.rests();
    match known {
        None => {
            replica.scope = None;
            if rested {
                want_back(work, side);
            }
        }
        Some((name, away)) if replica.scope.as_ref().is_none_or(|scope| scope.clause != name) => {
            let standing = if replica.has_left() { Covered::Left } else { Covered::In };
            let mut scope = Scope { clause: name, asked: None, standing, open: true };
            // Who cannot be asked at all stays as it was.
            if !away {
                scope.leave_open();
            }
            replica.scope = Some(scope);
        }
        Some(_) => {}
    }
    clause
}

/// What was done to it while it rested is taken in now: no poll brings that again.
fn want_back(work: &mut Work, side: &SideId) {
    if !work.reads.contains_key(side) {
        work.want_read(side, false);
    }
}

/// Jira did not say now whether they are to be carried.
fn not_answered(works: &mut [Work], side: &SideId, questions: &[Question]) {
    for question in questions {
        if let Some(work) = works.get_mut(question.index) {
            leave_open(work, side);
            work.failed = true;
        }
    }
}

/// Nobody knows whether the side's issue is to be carried: it waits, whoever hints the item next.
fn leave_open(work: &mut Work, side: &SideId) {
    if let Some(scope) = work.item.replicas.get_mut(side).and_then(|replica| replica.scope.as_mut()) {
        scope.leave_open();
    }
}
