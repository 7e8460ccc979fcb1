//! Syncs that an operator ended. Nothing of them is carried; where that was asked for, our marks are taken away from their issues: links
//! to counterparts, the fields that tell of them, and the properties that name us. Must never take away what a person put there, nor
//! anything of a sync that is not ended; what histories say of us stays.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::apply::Marked;
use super::instance::Instance;
use super::seal::Mark;
use super::{Engine, SyncRun};
use crate::jira::{IssueEdit, WriteOutcome, as_urgent_as};
use crate::model::detach::Detached;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{FieldId, FieldName, ItemId, OperationId, SideId, SyncId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Intent, NativeWrite};
use crate::model::problem::Problem;
use crate::model::settings::Kind;
use crate::model::store::{Record, StoreError, Urgency};
use crate::plan::tells_of_counterparts;

/// Items looked at between two looks at whether the sync is still ended.
const AT_ONCE: usize = 100;
/// Pause between two items that were written to: the marks of a large sync go over hours, and leave room for what is urgent.
const BETWEEN: Duration = Duration::from_millis(200);
/// How long after it was sent a write of ours may land still: what it brings must not come after it was taken away.
const LANDS: Duration = Duration::from_secs(600);

/// Under what it is told that a sync is ended.
#[must_use]
pub fn detached_about(sync: &SyncId) -> String {
    format!("detached sync {sync}")
}

/// What became of the marks of one issue.
enum Went {
    /// None is left, as far as that can be done.
    Away,
    /// Jira refused one of them, with the reason.
    Refused(String),
    /// It is not to be reached now.
    NotNow,
}

impl Engine {
    /// Takes up which of the syncs are ended, and says so.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn recall_detached(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let note = self.store.note(&Detached::note(sync.id())).await?;
            let detached = Detached::read(note.as_deref());
            sync.end(detached.clone());
            self.tell_detached(sync, detached.as_ref()).await?;
        }
        Ok(())
    }

    async fn tell_detached(&self, sync: &SyncRun, detached: Option<&Detached>) -> Result<(), StoreError> {
        let side = sync.settings.side_ids().next().cloned();
        let problem = detached.zip(side).map(|(detached, side)| in_words(sync.id(), side, detached));
        let problems: Vec<Problem> = problem.into_iter().collect();
        self.store.set_problems(&detached_about(sync.id()), &problems, self.now()).await
    }

    /// The syncs that are ended, and how far their marks are taken away.
    #[must_use]
    pub fn detached(&self) -> Vec<(SyncId, Detached)> {
        self.syncs.values().filter_map(|sync| Some((sync.id().clone(), sync.ended()?))).collect()
    }

    /// Takes the marks away that are still there, as far as their instances can be reached. Gives how many writes were sent. It may be
    /// stopped at any point: an issue that is done is noted, and what was taken away of one that is not is only asked for again.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn strip_marks(&self) -> Result<usize, StoreError> {
        let mut writes = 0;
        for sync in self.syncs.values() {
            if sync.ended().is_some_and(|detached| detached.strip && !detached.stripped) {
                writes += as_urgent_as(Urgency::Sweep, self.strip_sync(sync)).await?;
            }
        }
        Ok(writes)
    }

    async fn strip_sync(&self, sync: &Arc<SyncRun>) -> Result<usize, StoreError> {
        let (mut after, mut writes, mut left, mut refused) = (None, 0, false, 0);
        loop {
            let ids = self.store.item_ids(after, AT_ONCE).await?;
            for id in &ids {
                let Some(detached) = sync.ended() else { return Ok(writes) };
                let (sent, went) = self.strip_item(sync, *id, detached.since).await?;
                for went in went {
                    match went {
                        Went::Away => {}
                        Went::Refused(why) => {
                            tracing::warn!(sync = %sync.id(), item = %id, why, "a mark of ours could not be taken away");
                            refused += 1;
                        }
                        Went::NotNow => left = true,
                    }
                }
                writes += sent;
                if sent > 0 {
                    tokio::time::sleep(BETWEEN).await;
                }
            }
            match ids.last() {
                Some(last) if ids.len() == AT_ONCE => after = Some(*last),
                Some(_) | None => break,
            }
        }
        let Some(detached) = sync.ended() else { return Ok(writes) };
        let now = Detached { stripped: !left, refused: detached.refused.saturating_add(refused), ..detached.clone() };
        if now != detached {
            let text = serde_json::to_string(&now).map_err(|error| StoreError::Unreadable {
                what: "that a sync is ended".to_owned(),
                why: error.to_string(),
            })?;
            self.store.set_note(&Detached::note(sync.id()), &text).await?;
            sync.end(Some(now.clone()));
            self.tell_detached(sync, Some(&now)).await?;
        }
        Ok(writes)
    }

    /// Takes our marks away from the issues of one item. Gives how many writes were sent, and what became of each issue.
    async fn strip_item(
        &self,
        sync: &Arc<SyncRun>,
        id: ItemId,
        since: Timestamp,
    ) -> Result<(usize, Vec<Went>), StoreError> {
        let is_open = |item: &ItemState, side: &SideId| item.stripped.get(side) != Some(&since);
        let Some(item) = self.store.item(id).await?.filter(|item| &item.sync == sync.id()) else {
            return Ok((0, Vec::new()));
        };
        if !item.replicas.keys().any(|side| is_open(&item, side)) {
            return Ok((0, Vec::new()));
        }
        if item.merged.is_some() {
            // It has no place in the queue, and nobody else works on it.
            let mut item = item;
            let (writes, went) = self.strip_sides(sync, &mut item, since).await;
            return Ok((writes, went));
        }
        let Some(mut claim) = self.store.claim_these(&self.holder, self.now(), &[id]).await?.pop() else {
            return Ok((0, vec![Went::NotNow]));
        };
        let lands = |intent: &Intent| {
            !intent.state.is_settled() && self.now().duration_since(intent.opened).unsigned_abs() < LANDS
        };
        let (mut writes, mut went) = (0, vec![Went::NotNow]);
        if !claim.intents.iter().any(lands) {
            (writes, went) = self.strip_sides(sync, &mut claim.item, since).await;
            let record = Record {
                item: claim.item,
                intents: Vec::new(),
                conflicts: Vec::new(),
                problems: None,
                acts: Vec::new(),
            };
            self.store.record(&[(claim.fence, record)]).await?;
        }
        self.store.release(id, claim.fence, None, 0).await?;
        Ok((writes, went))
    }

    async fn strip_sides(&self, sync: &Arc<SyncRun>, item: &mut ItemState, since: Timestamp) -> (usize, Vec<Went>) {
        let sides: Vec<SideId> = item.replicas.keys().cloned().collect();
        let (mut writes, mut all) = (0, Vec::new());
        for side in sides.into_iter().filter(|side| item.stripped.get(side) != Some(&since)).collect::<Vec<_>>() {
            let instance = sync.instance_of(&side).and_then(|id| self.instances.get(id)).cloned();
            // One that the configuration does not lead to any more is nobody's to write to.
            let Some(instance) = instance else { continue };
            if self.leaves_alone(&instance).is_some() || instance.is_held() {
                all.push(Went::NotNow);
                continue;
            }
            let (sent, went) = self.strip_side(sync, item, &side, &instance).await;
            writes += sent;
            if !matches!(went, Went::NotNow) {
                item.stripped.insert(side.clone(), since);
                if let Some(replica) = item.replicas.get_mut(&side) {
                    forget_shown(sync, &side, replica);
                }
            }
            all.push(went);
        }
        (writes, all)
    }

    /// What names us goes last, so that an issue that is half done is known by it.
    async fn strip_side(
        &self,
        sync: &Arc<SyncRun>,
        item: &ItemState,
        side: &SideId,
        instance: &Arc<Instance>,
    ) -> (usize, Went) {
        let Some(replica) = item.replicas.get(side) else { return (0, Went::Away) };
        let (id, issue) = (instance.id(), replica.issue);
        let (mut writes, mut refused) = (0, None);
        let mut outcomes: Vec<WriteOutcome<()>> = Vec::new();
        for global_id in shown(item, replica) {
            outcomes.push(self.hands.unlink(id, issue, &global_id).await);
        }
        if let Some(edit) = self.emptied(sync, item, side, replica).await {
            outcomes.push(self.hands.empty(id, &edit).await);
        }
        for of in marked(item, side, instance.settings.kind) {
            if outcomes.iter().any(is_for_later) {
                break;
            }
            outcomes.push(self.hands.unmark(id, issue, &of).await);
        }
        let mut not_now = false;
        for outcome in outcomes {
            writes += 1;
            match outcome {
                WriteOutcome::Done(()) | WriteOutcome::NotFound => {}
                WriteOutcome::Refused(refusal) => {
                    refused = Some(format!("{} ({}): {refusal}", replica.key, side));
                }
                // Asked for again: what is gone already is gone.
                WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_) => not_now = true,
            }
        }
        match refused {
            _ if not_now => (writes, Went::NotNow),
            Some(why) => (writes, Went::Refused(why)),
            None => (writes, Went::Away),
        }
    }

    /// The edit that empties what tells of counterparts; `None`: nothing does.
    async fn emptied(
        &self,
        sync: &Arc<SyncRun>,
        item: &ItemState,
        side: &SideId,
        replica: &Replica,
    ) -> Option<IssueEdit> {
        let fields: BTreeMap<FieldId, NativeWrite> = way_back(sync, side)
            .filter(|(name, _)| {
                let base = replica.bases.get(*name);
                base.and_then(|base| base.value.as_ref()).is_some_and(|value| !value.is_empty())
            })
            .map(|(_, field)| (field.clone(), NativeWrite::Set(NativeValue::Empty)))
            .collect();
        if fields.is_empty() {
            return None;
        }
        // Named by its item, since no journal holds it: it must not look like what a state forgot.
        let mark = Mark { operation: OperationId(item.id.0), item: item.id, of: None };
        let tag = self.seal.close(mark, sync.id(), side, &*self.entropy).ok()?;
        let silent = self.may_silence_on(sync, side).await;
        Some(IssueEdit { issue: replica.issue, fields, tag, silent })
    }
}

fn is_for_later(outcome: &WriteOutcome<()>) -> bool {
    matches!(outcome, WriteOutcome::NotSent { .. } | WriteOutcome::InDoubt(_))
}

/// The fields on a side that tell of counterparts.
fn way_back<'s>(sync: &'s SyncRun, side: &'s SideId) -> impl Iterator<Item = (&'s FieldName, &'s FieldId)> {
    let rows = sync.settings.fields.values().filter(move |row| !row.from.contains(side) && tells_of_counterparts(row));
    rows.filter_map(move |row| Some((&row.name, row.sides.get(side)?)))
}

/// What Jira knows the links by that a replica shows.
fn shown(item: &ItemState, replica: &Replica) -> Vec<String> {
    let counterparts = replica.links.keys().map(|to| format!("jirasyncd:{}:{to}", item.id));
    let ends = replica.ends.shown.iter().flat_map(|(of, links)| {
        links.keys().map(move |link| {
            let known = replica.ends.known_by(of, link);
            known.map_or_else(|| format!("jirasyncd:{}:{of}:{link}", item.id), str::to_owned)
        })
    });
    counterparts.chain(ends).collect()
}

/// What bears our mark on a side. An issue that a person made bears none, nor do their comments.
fn marked(item: &ItemState, side: &SideId, kind: Kind) -> Vec<Marked> {
    let comments = item.comments.iter().filter_map(|record| record.copies.get(side)).cloned().map(Marked::Comment);
    // Data Center's worklogs have no properties.
    let worklogs = item.worklogs.iter().filter(|_| kind == Kind::Cloud);
    let worklogs = worklogs.filter_map(|record| record.copies.get(side)).cloned().map(Marked::Worklog);
    let ours = item.replicas.get(side).is_some_and(|replica| replica.ours);
    comments.chain(worklogs).chain(ours.then_some(Marked::Issue)).collect()
}

/// What is not shown any more: if the sync is taken up again it is shown anew.
fn forget_shown(sync: &SyncRun, side: &SideId, replica: &mut Replica) {
    replica.links.clear();
    replica.ends.shown.clear();
    for (name, _) in way_back(sync, side) {
        replica.bases.remove(name);
    }
}

/// That a sync is ended, and what can be done about it.
fn in_words(sync: &SyncId, side: SideId, detached: &Detached) -> Problem {
    let Detached { since, by, strip, stripped, refused } = detached;
    let marks = match (strip, stripped, refused) {
        (false, ..) => String::new(),
        (true, false, _) => "; our marks are being taken away from its issues".to_owned(),
        (true, true, 0) => "; our marks are taken away from its issues".to_owned(),
        (true, true, refused) => {
            format!(
                "; our marks are taken away from its issues, but on {refused} of them Jira refused that (see the log)"
            )
        }
    };
    let wait = if *strip && !stripped { " once that is done" } else { "" };
    Problem {
        side,
        field: None,
        what: format!("sync `{sync}` was ended at {since:.0} by {by}: nothing of it is carried{marks}"),
        remedy: format!("take it out of the configuration{wait}, or take it up again with `jirasyncd attach {sync}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_told_as_ended_with_what_is_left_to_do() {
        let by = crate::model::command::Operator { uid: 7, name: Some("jane".to_owned()) };
        let mut detached = Detached { since: Timestamp::UNIX_EPOCH, by, strip: true, stripped: false, refused: 0 };
        let said = |detached: &Detached| in_words(&"s".into(), "a".into(), detached);
        assert!(said(&detached).remedy.contains("once that is done"));
        (detached.stripped, detached.refused) = (true, 2);
        assert!(said(&detached).what.contains("on 2 of them") && !said(&detached).remedy.contains("once"));
    }
}
