//! What is in doubt is looked for: creates by their mark in the index, comments by the marks of the sync user's own. Must never
//! call something not there before it could have been found: not before the instance's lag bound, and for issues not before
//! two searches after it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::found::Duplicate;
use super::instance::Instance;
use super::work::Work;
use crate::jira::JiraError;
use crate::model::hub::Replica;
use crate::model::ids::{CommentId, EntryId, InstanceId, OperationId, SideId};
use crate::model::issue::IssueSnapshot;
use crate::model::operation::{Action, Intent, IntentEvent, IntentState};
use crate::model::store::StoreError;

/// Searches without result after the lag bound that make a "not there".
const SEARCHES: u32 = 2;
/// How much earlier than an intent its trace is looked for: clocks differ, and JQL counts in minutes.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// Longest that a request for a comment may be under way.
const COMMENT_HORIZON: Duration = Duration::from_secs(120);

impl Engine {
    /// Settles what can be settled of an item's doubts about creates and comments.
    pub(super) async fn recover(&self, works: &mut [Work]) -> Result<(), StoreError> {
        self.recover_creates(works).await?;
        for work in works.iter_mut() {
            for intent in doubtful_comments(work) {
                self.recover_comment(work, &intent).await;
            }
        }
        Ok(())
    }

    async fn recover_creates(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let mut places: BTreeMap<(InstanceId, String), Timestamp> = BTreeMap::new();
        for work in works.iter() {
            for intent in doubtful_creates(work) {
                let Some(settings) = work.sync.side(&intent.operation.side) else { continue };
                let since =
                    places.entry((settings.instance.clone(), settings.project.clone())).or_insert(intent.opened);
                *since = (*since).min(intent.opened);
            }
        }
        for ((instance, project), since) in places {
            let Some(instance) = self.instances.get(&instance).cloned() else { continue };
            let found = self.created(&instance, &project, since).await;
            if let Err(error) = &found {
                instance.failed(error);
            }
            for work in works.iter_mut() {
                for intent in doubts_at(work, instance.id(), &project) {
                    match &found {
                        Ok(rows) => self.settle_create(work, &intent, rows, &instance).await?,
                        Err(_) => work.failed = true,
                    }
                }
            }
        }
        Ok(())
    }

    async fn created(
        &self,
        instance: &Instance,
        project: &str,
        since: Timestamp,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
        let since = instance.earliest(since).checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        instance.read.created_by_us(project, since).await
    }

    async fn settle_create(
        &self,
        work: &mut Work,
        intent: &Intent,
        rows: &[IssueSnapshot],
        instance: &Instance,
    ) -> Result<(), StoreError> {
        let side = intent.operation.side.clone();
        let marked = rows.iter().find(|row| self.mark_on(work, &side, row) == Some(intent.id)).map(replica_of);
        if let Some(replica) = marked {
            work.move_intent(intent.id, &IntentEvent::AnsweredYes);
            self.bind(work, &side, replica);
            return Ok(());
        }
        let bound = bound(self.waits_from(instance, intent.opened), instance.settings.settle);
        if self.now() < bound {
            work.be_due(bound);
            return Ok(());
        }
        self.store.count_search(intent.id).await?;
        let searches = intent.searches + 1;
        if let Some(kept) = work.intents.iter_mut().find(|kept| kept.id == intent.id) {
            kept.searches = searches;
        }
        if searches < SEARCHES {
            work.be_due(self.after(Duration::from_secs(5).min(instance.settings.settle)));
            return Ok(());
        }
        let why = format!("looked for {searches} times after the lag bound, and not found");
        work.move_intent(intent.id, &IntentEvent::Refused(why));
        Ok(())
    }

    /// From when on a doubt waits. Where our clock was set since an earlier run, its times mean nothing here: the doubts that
    /// it left wait from the start of this one.
    fn waits_from(&self, instance: &Instance, opened: Timestamp) -> Timestamp {
        match instance.clock_was_set() {
            true if opened > self.now() => self.started,
            true => opened.max(self.started),
            false => opened,
        }
    }

    /// The operation that a row's mark names.
    fn mark_on(&self, work: &Work, side: &SideId, row: &IssueSnapshot) -> Option<OperationId> {
        let mark = self.seal.open(row.mark.as_deref()?, work.sync.id(), side)?;
        (mark.item == work.item.id).then_some(mark.operation)
    }

    /// Binds what we created. A second one is a duplicate: it is said, and never deleted.
    pub(super) fn bind(&self, work: &mut Work, side: &SideId, replica: Replica) {
        match work.item.replicas.get(side) {
            Some(there) if there.issue != replica.issue => {
                if let Some(instance) = work.sync.instance_of(side).cloned() {
                    let (side, of) = (side.clone(), there.key.clone());
                    work.duplicates.push(Duplicate { instance, side, issue: replica.issue, key: replica.key, of });
                }
            }
            Some(_) => {}
            None => {
                work.item.replicas.insert(side.clone(), replica);
            }
        }
    }

    async fn recover_comment(&self, work: &mut Work, intent: &Intent) {
        let side = intent.operation.side.clone();
        let (Some(instance), Some(issue)) = (self.instance_on(work, &side), intent.issue) else { return };
        if instance.pause().is_some() {
            work.failed = true;
            return;
        }
        match self.find_comment(work, intent, &instance, issue).await {
            Ok(Some(copy)) => {
                work.move_intent(intent.id, &IntentEvent::Seen);
                copied(work, intent, copy);
            }
            Ok(None) => {
                let horizon = COMMENT_HORIZON.min(instance.settings.settle);
                let bound = bound(self.waits_from(&instance, intent.opened), horizon);
                if self.now() < bound {
                    work.be_due(bound);
                } else {
                    let why = "no comment of ours there carries its mark".to_owned();
                    work.move_intent(intent.id, &IntentEvent::Refused(why));
                }
            }
            Err(error) => {
                instance.failed(&error);
                work.failed = true;
            }
        }
    }

    /// Looks at the mark of each comment that the sync user wrote since the intent: lists need not bring properties.
    async fn find_comment(
        &self,
        work: &Work,
        intent: &Intent,
        instance: &Instance,
        issue: crate::model::ids::IssueId,
    ) -> Result<Option<CommentId>, JiraError> {
        let since = instance.earliest(intent.opened).checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        let us = &instance.identity.account;
        for comment in instance.read.comments(issue).await? {
            let ours = comment.author.as_ref().is_some_and(|author| &author.account == us);
            if !ours || comment.created < since {
                continue;
            }
            let mark = instance.read.comment_mark(issue, &comment.id).await?;
            let mark = mark.and_then(|mark| self.seal.open(&mark, work.sync.id(), &intent.operation.side));
            if mark.is_some_and(|mark| mark.operation == intent.id) {
                return Ok(Some(comment.id));
            }
        }
        Ok(None)
    }
}

fn doubtful_comments(work: &Work) -> Vec<Intent> {
    let open = work.intents.iter().filter(|intent| matches!(intent.state, IntentState::Open | IntentState::InDoubt));
    open.filter(|intent| matches!(intent.operation.action, Action::AddComment { .. })).cloned().collect()
}

/// The creates in doubt in one project.
fn doubts_at(work: &Work, instance: &InstanceId, project: &str) -> Vec<Intent> {
    let here = |intent: &&Intent| {
        let side = work.sync.side(&intent.operation.side);
        side.is_some_and(|side| &side.instance == instance && side.project == project)
    };
    doubtful_creates(work).filter(here).cloned().collect()
}

fn doubtful_creates(work: &Work) -> impl Iterator<Item = &Intent> {
    work.intents.iter().filter(|intent| {
        matches!(intent.operation.action, Action::Create { .. })
            && matches!(intent.state, IntentState::Open | IntentState::InDoubt)
    })
}

fn bound(opened: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    opened.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// A replica that we created, as a row shows it. Nothing of it counts as observed yet.
pub(super) fn replica_of(row: &IssueSnapshot) -> Replica {
    Replica {
        issue: row.id,
        key: row.key.clone(),
        updated: row.created,
        entry: EntryId(0),
        ours: true,
        observed: false,
        bases: BTreeMap::new(),
    }
}

/// Notes the copy that an intent made.
pub(super) fn copied(work: &mut Work, intent: &Intent, copy: CommentId) {
    let Action::AddComment { origin, comment, .. } = &intent.operation.action else { return };
    for record in &mut work.item.comments {
        if &record.side == origin && &record.id == comment {
            record.copies.insert(intent.operation.side.clone(), copy.clone());
        }
    }
}
