//! What is in doubt is looked for: creates by their mark in the index, comments by the marks of the sync user's own. Must never
//! call something not there before it could have been found: not before the instance's lag bound, and for issues not before
//! two searches after it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::files::doubtful_files;
use super::found::Duplicate;
use super::instance::Instance;
use super::work::Work;
use crate::jira::JiraError;
use crate::model::hub::{Replica, Terms, WrittenCopy};
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
    /// Settles what can be settled of an item's doubts about creates, comments and files.
    pub(super) async fn recover(&self, works: &mut [Work]) -> Result<(), StoreError> {
        self.recover_creates(works).await?;
        for work in works.iter_mut() {
            for intent in doubtful_comments(work) {
                self.recover_comment(work, &intent).await;
            }
            for intent in doubtful_files(work) {
                self.recover_file(work, &intent).await;
            }
        }
        Ok(())
    }

    async fn recover_creates(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let mut places: BTreeMap<(InstanceId, String), Timestamp> = BTreeMap::new();
        for work in works.iter() {
            for intent in doubtful_creates(work) {
                let Some(settings) = work.sync.side(&intent.operation.side) else { continue };
                let Some(opened) = self.opened_there(&settings.instance, intent) else { continue };
                let since = places.entry((settings.instance.clone(), settings.project.clone())).or_insert(opened);
                *since = (*since).min(opened);
            }
        }
        for ((instance, project), since) in places {
            let Some(instance) = self.instances.get(&instance).cloned() else { continue };
            let found = self.created(&instance, &project, since).await;
            let left_alone = instance.pause();
            if let (Err(error), None) = (&found, &left_alone) {
                instance.failed(error);
            }
            for work in works.iter_mut() {
                for intent in doubts_at(work, instance.id(), &project) {
                    match &found {
                        Ok(rows) => self.settle_create(work, &intent, rows, &instance).await?,
                        Err(_) => match &left_alone {
                            Some(pause) => {
                                work.be_due(self.after(pause.until.saturating_sub(self.clock.monotonic())));
                            }
                            None => work.failed = true,
                        },
                    }
                }
            }
        }
        Ok(())
    }

    /// When an intent was opened, by its instance's clock.
    pub(super) fn opened_there(&self, instance: &InstanceId, intent: &Intent) -> Option<Timestamp> {
        let skew = SignedDuration::from_millis(self.instances.get(instance)?.skew_ms());
        Some(intent.opened_there.unwrap_or_else(|| intent.opened.saturating_add(skew).unwrap_or(Timestamp::MAX)))
    }

    /// How long a write may still be under way, or hidden by the index, by the instance's clock: ours may have been set.
    pub(super) fn left_until(&self, instance: &Instance, intent: &Intent, horizon: Duration) -> Option<Duration> {
        let opened = self.opened_there(instance.id(), intent)?;
        let passed = Duration::try_from(instance.server_now().duration_since(opened)).unwrap_or(Duration::ZERO);
        horizon.checked_sub(passed).filter(|left| !left.is_zero())
    }

    async fn created(
        &self,
        instance: &Instance,
        project: &str,
        since: Timestamp,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
        let since = since.checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        if let Some(pause) = instance.pause() {
            return Err(pause.error(instance));
        }
        instance.patiently(instance.read.created_by_us(project, since)).await
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
        if let Some(left) = self.left_until(instance, intent, instance.settings.settle) {
            work.be_due(self.after(left));
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
        match instance.patiently(self.find_comment(work, intent, &instance, issue)).await {
            Ok(Some(copy)) => {
                work.move_intent(intent.id, &IntentEvent::Seen);
                copied(work, intent, copy);
            }
            Ok(None) => {
                let horizon = COMMENT_HORIZON.min(instance.settings.settle);
                if let Some(left) = self.left_until(&instance, intent, horizon) {
                    work.be_due(self.after(left));
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
        let opened = self.opened_there(instance.id(), intent).unwrap_or(Timestamp::MIN);
        let since = opened.checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
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

impl Engine {
    /// Copies that landed after they were given up. One that stands alone is taken for what it is; one beside another copy is
    /// told as long as it is there, and never deleted. Costs a request only where the sync user has comments that nobody knows.
    pub(super) async fn look_for_late_comments(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
    ) -> Result<(), JiraError> {
        let given_up = given_up_comments(work, side);
        let opened = given_up.iter().filter_map(|intent| self.opened_there(instance.id(), intent)).min();
        let Some(since) = opened.and_then(|opened| opened.checked_sub(MARGIN).ok()) else { return Ok(()) };
        let us = &instance.identity.account;
        for comment in &snapshot.comments.list {
            let ours = comment.author.as_ref().is_some_and(|author| &author.account == us);
            let known = work.item.comments.iter().any(|record| record.copies.get(side) == Some(&comment.id));
            if !ours || known || comment.created < since {
                continue;
            }
            let mark = instance.read.comment_mark(snapshot.id, &comment.id).await?;
            let mark = mark.and_then(|mark| self.seal.open(&mark, work.sync.id(), side));
            let late = given_up.iter().find(|intent| mark.is_some_and(|mark| mark.operation == intent.id));
            let Some(intent) = late else { continue };
            match copy_beside(work, intent) {
                None => {
                    work.move_intent(intent.id, &IntentEvent::Seen);
                    copied(work, intent, comment.id.clone());
                }
                Some(other) => {
                    let what = format!(
                        "comment {} of {} is a duplicate of comment {other}: it landed after it was given up",
                        comment.id, snapshot.key
                    );
                    work.problem(side, None, what, "delete one of the two comments");
                }
            }
        }
        Ok(())
    }
}

fn given_up_comments(work: &Work, side: &SideId) -> Vec<Intent> {
    let of_side = work.intents.iter().filter(|intent| &intent.operation.side == side);
    let given_up = of_side.filter(|intent| matches!(intent.state, IntentState::Void(_)));
    given_up.filter(|intent| matches!(intent.operation.action, Action::AddComment { .. })).cloned().collect()
}

/// The copy that stands already where an intent was to make one.
fn copy_beside(work: &Work, intent: &Intent) -> Option<CommentId> {
    let Action::AddComment { origin, comment, .. } = &intent.operation.action else { return None };
    let record = work.item.comments.iter().find(|record| &record.side == origin && &record.id == comment)?;
    record.copies.get(&intent.operation.side).cloned()
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

/// A replica that we created, as a row shows it. Nothing of it counts as observed yet.
pub(super) fn replica_of(row: &IssueSnapshot) -> Replica {
    Replica {
        issue: row.id,
        key: row.key.clone(),
        updated: row.created,
        entry: EntryId(0),
        ours: true,
        observed: false,
        restricted: false,
        bases: BTreeMap::new(),
        links: BTreeMap::new(),
        away: None,
    }
}

/// Notes the copy that an intent made.
pub(super) fn copied(work: &mut Work, intent: &Intent, copy: CommentId) {
    let Action::AddComment { origin, comment, wanted, edits, terms, .. } = &intent.operation.action else { return };
    for record in &mut work.item.comments {
        if &record.side == origin && &record.id == comment {
            let side = &intent.operation.side;
            record.copies.insert(side.clone(), copy.clone());
            record.emptied.remove(side);
            if terms != &Terms::default() {
                record.terms.insert(side.clone(), terms.clone());
            }
            // An intent from before texts were kept has none.
            if !wanted.blocks.is_empty() {
                record.written.insert(side.clone(), WrittenCopy { body: wanted.clone(), edits: *edits });
            }
        }
    }
}
