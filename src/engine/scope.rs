//! Whether the issues of items are still in what their sync covers. Asked only where `life.left` stops at that, of issues that were
//! read since they changed, in one search for all of a batch. Must never take a lagging index for the last word, and never act
//! on a clause that Jira did not answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::admit::matching;
use super::instance::Instance;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::hub::{Absence, Away, Replica};
use crate::model::ids::{IssueId, SideId, SyncId};
use crate::model::settings::{SyncSettings, WhenLeft};
use crate::model::store::StoreError;

/// What is asked of one item: its place in the batch, the issue, when that changed last.
struct Question {
    index: usize,
    issue: IssueId,
    updated: Timestamp,
}

/// A clause that says whether a side's replica is still in the sync: its key, and the side whose issue it is asked of.
pub(super) struct Clause<'s> {
    key: &'static str,
    of: &'s SideId,
}

/// The clause that a replica may leave; none where that changes nothing. What a person made on a side began its item by that
/// side's `jql`; what we made there belongs there by its `when`. A copy need not match the `jql` of its own side, and what came from
/// a partner need not match home's `when` for that partner: neither has left anything.
pub(super) fn clause<'s>(sync: &'s SyncSettings, side: &'s SideId, replica: &Replica) -> Option<Clause<'s>> {
    let settings = sync.side(side).filter(|_| sync.life.left == WhenLeft::Stop)?;
    if replica.ours {
        let of = sync.home.as_ref().filter(|home| *home != side && settings.when.is_some())?;
        return Some(Clause { key: "when", of });
    }
    settings.jql.as_ref().map(|_| Clause { key: "jql", of: &settings.id })
}

impl Engine {
    /// Asks for the replicas whose clause was not asked for since its issue changed. Each once in a cycle.
    pub(super) async fn judge_scope(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let mut groups: BTreeMap<(SyncId, SideId, &'static str), Vec<Question>> = BTreeMap::new();
        for (index, work) in works.iter_mut().enumerate().filter(|(_, work)| !work.over && work.plan.is_none()) {
            let sync = Arc::clone(&work.sync);
            for (side, replica) in &work.item.replicas {
                let Some(clause) = clause(&sync.settings, side, replica) else { continue };
                let Some(read) = work.reads.get(clause.of) else { continue };
                let (issue, updated) = (read.snapshot.id, read.snapshot.updated);
                let here = sync.side(clause.of).is_some_and(|settings| settings.project == read.snapshot.project);
                let asked = work.item.scope.get(side).is_some_and(|asked| *asked >= updated);
                if here && !asked && work.judged_scope.insert(side.clone()) {
                    let group = (sync.id().clone(), side.clone(), clause.key);
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
        let Some(settings) = sync.side(side) else { return Ok(()) };
        let home = sync.settings.home.as_ref().and_then(|home| sync.side(home));
        let (asked, text) = if key == "when" { (home, &settings.when) } else { (Some(settings), &settings.jql) };
        let (Some(asked), Some(text)) = (asked, text) else { return Ok(()) };
        let Some(instance) = self.instances.get(&asked.instance).cloned() else { return Ok(()) };
        let now = self.clock.monotonic();
        if let Some(until) = sync.refuses(side, key, now) {
            let at = self.after(until.saturating_sub(now));
            for question in questions {
                let Some(work) = works.get_mut(question.index) else { continue };
                leave_open(work, "Jira refused the clause of the sync");
                work.be_due(at);
            }
            return Ok(());
        }
        let times: BTreeMap<IssueId, Timestamp> =
            questions.iter().map(|question| (question.issue, question.updated)).collect();
        let issues: Vec<IssueId> = times.keys().copied().collect();
        let recent = |issue: &IssueId| times.get(issue).is_some_and(|updated| !self.is_settled(&instance, *updated));
        let found = match instance.patiently(matching(&instance, &asked.project, text, &issues, recent)).await {
            Ok(found) => found,
            Err(error) => {
                for question in questions {
                    let Some(work) = works.get_mut(question.index) else { continue };
                    leave_open(work, &error.to_string());
                    work.failed = true;
                }
                return self.scope_failed(sync, side, &instance, &error, key).await;
            }
        };
        self.scope_taken(sync, side, key).await?;
        for question in questions {
            if let Some(work) = works.get_mut(question.index) {
                self.judged(work, side, question, found.contains(&question.issue), &instance);
            }
        }
        Ok(())
    }

    /// Takes in what the index said. It is asked once more when it surely knows the last change, be it yes or no.
    fn judged(&self, work: &mut Work, side: &SideId, question: &Question, found: bool, instance: &Instance) {
        let now = self.now();
        let Some(replica) = work.item.replicas.get_mut(side) else { return };
        if found && replica.has_left() {
            tracing::info!(%side, issue.key = %replica.key, "an issue is in its sync again");
            replica.away = None;
        } else if !found && replica.away.is_none() {
            tracing::info!(%side, issue.key = %replica.key, "an issue left its sync: it is let be until it is back");
            replica.away = Some(Away { how: Absence::Left, since: now, confirmed: Some(now), moved_on: false });
        }
        if self.is_final(instance, question.updated) {
            work.item.scope.insert(side.clone(), question.updated);
        } else {
            work.be_due(self.after(instance.settings.settle));
        }
    }
}

/// Nobody knows whether the item is to be carried: it waits, and what is told of it goes on to stand.
fn leave_open(work: &mut Work, why: &str) {
    let sides: Vec<SideId> = work.item.replicas.keys().cloned().collect();
    work.unread.extend(sides.into_iter().map(|side| (side, why.to_owned())));
    work.over = true;
}
