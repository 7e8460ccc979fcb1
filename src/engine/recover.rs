//! What is in doubt is looked for: creates by their mark in the index, comments and worklogs by the marks of the sync user's own. Must never
//! call something not there before it could have been found: not before the instance's lag bound, and for issues not before
//! two searches after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

use super::Engine;
use super::cycle::STALE_AFTER;
use super::files::doubtful_files;
use super::instance::Instance;
use super::left_alone::Pause;
use super::work::Work;
use crate::jira::{JiraError, Want};
use crate::mapping::Rich;
use crate::model::hub::{Replica, Terms, WrittenCopy};
use crate::model::ids::{CommentId, InstanceId, IssueId, OperationId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, NO_COPY_THERE};
use crate::model::remark::{Remark, Spent};
use crate::model::settings::Kind;
use crate::model::store::StoreError;
use crate::planted::{Bug, is_planted};

/// What a search over all projects brought.
#[derive(Default)]
struct Found {
    /// `None`: it was not answered.
    rows: Option<Vec<IssueSnapshot>>,
    /// The instance is left alone for now.
    pause: Option<Pause>,
}

/// Searches without result after the lag bound that make a "not there".
const SEARCHES: u32 = 2;
/// How much earlier than an intent its trace is looked for: clocks differ, and JQL counts in minutes.
pub(super) const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// Longest that a request for a comment may be under way.
const COMMENT_HORIZON: Duration = Duration::from_secs(120);
/// What has to wait is looked for at multiples of so many seconds. Divides a minute.
const TOGETHER: i64 = 5;
/// How long it is remembered when an answer was lost: longer than any horizon.
const REMEMBERED: Duration = Duration::from_secs(26 * 3_600);

/// What is to be looked for in one project: since when, when the last of the answers was lost, by our monotonic time (`None` where
/// something may be given up by what is found), and for how long each may still be on its way.
struct Doubts {
    since: Timestamp,
    lost: Option<Duration>,
    intents: BTreeMap<OperationId, Option<Duration>>,
}

impl Doubts {
    fn since(opened: Timestamp) -> Self {
        Self { since: opened, lost: Some(Duration::ZERO), intents: BTreeMap::new() }
    }
}

impl Engine {
    /// Settles what can be settled of an item's doubts about creates, comments and files.
    pub(super) async fn recover(&self, works: &mut [Work]) -> Result<(), StoreError> {
        self.recover_creates(works).await?;
        self.recover_comments(works).await;
        for work in works.iter_mut() {
            for intent in doubtful_remarks(work, Remark::Worklog) {
                self.recover_worklog(work, &intent).await;
            }
            for intent in doubtful_files(work) {
                self.recover_file(work, &intent).await;
            }
        }
        Ok(())
    }

    async fn recover_creates(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let places = self.places_in_doubt(works);
        let oldest = places.values().map(|doubts| doubts.since).min().unwrap_or(Timestamp::MIN);
        // Of an instance all that is about to be given up is looked for once, wherever it may be by now.
        let mut anywhere: BTreeMap<InstanceId, Found> = BTreeMap::new();
        for ((instance, project), doubts) in places {
            let Some(instance) = self.instances.get(&instance).cloned() else { continue };
            let found = self.created_lately(&instance, &project, doubts.since, doubts.lost).await;
            let left_alone = instance.pause();
            if let (Err(error), None) = (&found, &left_alone) {
                instance.failed(error);
            }
            for work in works.iter_mut() {
                for intent in doubts_at(work, instance.id(), &project) {
                    let Some(left) = doubts.intents.get(&intent.id) else { continue };
                    match &found {
                        Ok(rows) => {
                            if self.take_marked(work, &intent, rows).await? {
                                continue;
                            }
                            if let Some(left) = left {
                                // A search that began before the bound counts for nothing, however long it took.
                                self.looked_for().insert(intent.id);
                                work.be_due(self.after(*left));
                            } else if self.is_to_be_given_up(work, &intent, &instance).await? {
                                let found = self.anywhere(&mut anywhere, &instance, oldest).await;
                                self.give_up(work, &intent, found).await?;
                            }
                        }
                        Err(_) => match &left_alone {
                            Some(pause) => self.wait_for(work, pause),
                            None => work.failed = true,
                        },
                    }
                }
            }
        }
        Ok(())
    }

    /// Where creations in doubt are to be looked for now. One that was looked for waits until it would surely be found: whatever brings its
    /// item up meanwhile says nothing of it, and when it is there a poll brings it.
    fn places_in_doubt(&self, works: &mut [Work]) -> BTreeMap<(InstanceId, String), Doubts> {
        let mut places: BTreeMap<(InstanceId, String), Doubts> = BTreeMap::new();
        for work in works {
            for intent in doubtful_creates(work).cloned().collect::<Vec<_>>() {
                let Some(settings) = work.sync.side(&intent.operation.side) else { continue };
                let Some(opened) = self.opened_there(&settings.instance, &intent) else { continue };
                let Some(instance) = self.instances.get(&settings.instance) else { continue };
                let place = (settings.instance.clone(), settings.project.clone());
                let left = self.left_until(instance, &intent, instance.settings.settle);
                if let Some(left) = left.filter(|_| self.looked_for().contains(&intent.id)) {
                    work.be_due(self.after(left));
                    continue;
                }
                let lost = self.lost_writes().get(&intent.id).copied().unwrap_or_default();
                let doubts = places.entry(place).or_insert_with(|| Doubts::since(opened));
                doubts.since = doubts.since.min(opened);
                doubts.lost = left.and(doubts.lost).map(|last| last.max(lost));
                doubts.intents.insert(intent.id, left);
            }
        }
        places
    }

    /// When an intent was opened, by its instance's clock.
    pub(super) fn opened_there(&self, instance: &InstanceId, intent: &Intent) -> Option<Timestamp> {
        let skew = SignedDuration::from_millis(self.instances.get(instance)?.skew_ms());
        Some(intent.opened_there.unwrap_or_else(|| intent.opened.saturating_add(skew).unwrap_or(Timestamp::MAX)))
    }

    /// Notes that the answer to a write was lost just now.
    pub(super) fn note_lost(&self, id: OperationId) {
        let now = self.clock.monotonic();
        let mut lost = self.lost_writes();
        // By then it is decided by other means, or was long ago.
        lost.retain(|_, at| now.saturating_sub(*at) < REMEMBERED);
        lost.insert(id, now);
    }

    pub(super) fn lost_writes(&self) -> MutexGuard<'_, BTreeMap<OperationId, Duration>> {
        self.lost_writes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a write may still be under way, or hidden by the index. It counts from when the answer was lost, however long the
    /// intent had waited; for one from before the start, from when it was opened, by the instance's clock: ours may have been set.
    pub(super) fn left_until(&self, instance: &Instance, intent: &Intent, horizon: Duration) -> Option<Duration> {
        let horizon = horizon.mul_f64(if is_planted(Bug::LagBoundIgnored) { 0.0 } else { 1.0 });
        let lost = self.lost_writes().get(&intent.id).copied();
        if let Some(lost) = lost {
            let passed = self.clock.monotonic().saturating_sub(lost);
            return horizon.checked_sub(passed).filter(|left| !left.is_zero());
        }
        // Creates are sent at once. Any other write may have stood behind those before it.
        let create = matches!(intent.operation.action, Action::Create { .. });
        let horizon = if create { horizon } else { horizon + STALE_AFTER };
        let opened = self.opened_there(instance.id(), intent)?;
        let passed = Duration::try_from(instance.server_now().duration_since(opened)).unwrap_or(Duration::ZERO);
        horizon.checked_sub(passed).filter(|left| !left.is_zero())
    }

    pub(super) async fn created(
        &self,
        instance: &Instance,
        project: Option<&str>,
        since: Timestamp,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
        let since = since.checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        if let Some(pause) = instance.pause() {
            return Err(pause.error(instance));
        }
        // What was sent before another account took the place of the one before bears that one's name.
        let skew = SignedDuration::from_millis(instance.skew_ms());
        let former = instance.former.since(since.saturating_sub(skew).unwrap_or(Timestamp::MIN));
        let made = instance.patiently(instance.read.created_by_us(project, since, &former)).await?;
        self.unknown_of(instance, made, since).await
    }

    /// Whether a creation was looked for often enough in its project, after the lag bound. If not, it is looked for again.
    async fn is_to_be_given_up(
        &self,
        work: &mut Work,
        intent: &Intent,
        instance: &Instance,
    ) -> Result<bool, StoreError> {
        self.looked_for().remove(&intent.id);
        self.store.count_search(intent.id).await?;
        let searches = intent.searches + 1;
        if let Some(kept) = work.intents.iter_mut().find(|kept| kept.id == intent.id) {
            kept.searches = searches;
        }
        if searches < SEARCHES {
            work.be_due(self.after(Duration::from_secs(5).min(instance.settings.settle)));
            return Ok(false);
        }
        Ok(true)
    }

    /// All that the sync user made on an instance since `since`, in any project; asked for once per `known`.
    async fn anywhere<'f>(
        &self,
        known: &'f mut BTreeMap<InstanceId, Found>,
        instance: &Instance,
        since: Timestamp,
    ) -> &'f Found {
        if !known.contains_key(instance.id()) {
            let rows = self.created(instance, None, since).await;
            let pause = instance.pause();
            if let (Err(error), None) = (&rows, &pause) {
                instance.failed(error);
            }
            known.insert(instance.id().clone(), Found { rows: rows.ok(), pause });
        }
        known.entry(instance.id().clone()).or_default()
    }

    /// Somebody may have moved it to another project before it was found: made again, it would be there twice.
    async fn give_up(&self, work: &mut Work, intent: &Intent, found: &Found) -> Result<(), StoreError> {
        match (&found.rows, &found.pause) {
            (Some(rows), _) => {
                if self.take_marked(work, intent, rows).await? {
                    return Ok(());
                }
                let why = format!("looked for {SEARCHES} times after the lag bound, and not found");
                work.move_intent(intent.id, &IntentEvent::Refused(why));
            }
            (None, Some(pause)) => self.wait_for(work, pause),
            (None, None) => work.failed = true,
        }
        Ok(())
    }

    /// Takes the row that bears an intent's mark for what it made. Says whether there is one. A clone that the sync user's account was
    /// used for bears the mark as well: what we made was there first.
    async fn take_marked(&self, work: &mut Work, intent: &Intent, rows: &[IssueSnapshot]) -> Result<bool, StoreError> {
        let side = intent.operation.side.clone();
        let marked = rows.iter().filter(|row| self.mark_on(work, &side, row) == Some(intent.id));
        let Some(row) = marked.min_by_key(|row| row.id) else { return Ok(false) };
        if self.is_given_again(work, &side, (row.id, &row.key), Some(row.created)).await? {
            return Ok(true);
        }
        let replica = Replica { created_by: Some(intent.id), ..replica_of(row) };
        self.looked_for().remove(&intent.id);
        work.move_intent(intent.id, &IntentEvent::AnsweredYes);
        let is_second = work.item.replicas.get(&side).is_some_and(|there| there.issue != replica.issue);
        self.bind(work, &side, replica);
        if is_second {
            // It is told, and no read of the counterpart will ever show it.
            work.move_intent(intent.id, &IntentEvent::Seen);
        } else {
            self.note_presence(work, &side, row);
        }
        Ok(true)
    }

    /// The operation that a row's mark names.
    fn mark_on(&self, work: &Work, side: &SideId, row: &IssueSnapshot) -> Option<OperationId> {
        let mark = self.seal.open(row.mark.as_deref()?, work.sync.id(), side)?;
        (mark.item == work.item.id && !is_planted(Bug::MarkNotRead)).then_some(mark.operation)
    }

    /// Comments in doubt: what stands at their issues is read together, a hundred in a request where the kind has that.
    async fn recover_comments(&self, works: &mut [Work]) {
        let mut places: BTreeMap<InstanceId, BTreeSet<IssueId>> = BTreeMap::new();
        for work in works.iter_mut() {
            for intent in doubtful_remarks(work, Remark::Comment) {
                let (Some(instance), Some(issue)) = (self.instance_on(work, &intent.operation.side), intent.issue)
                else {
                    continue;
                };
                if let Some(pause) = instance.pause() {
                    self.wait_for(work, &pause);
                    continue;
                }
                if let Some(left) = self.left_after_a_look(&instance, &intent) {
                    work.be_due(self.together(left));
                    continue;
                }
                places.entry(instance.id().clone()).or_default().insert(issue);
            }
        }
        for (instance, issues) in places {
            let Some(instance) = self.instances.get(&instance).cloned() else { continue };
            let issues: Vec<IssueId> = issues.into_iter().collect();
            let read = instance.patiently(async { Ok(instance.read.issues(&issues, &only_comments()).await) }).await;
            let read = read.unwrap_or_else(|error| issues.iter().map(|_| Err(error.clone())).collect());
            for (issue, read) in issues.iter().zip(read) {
                let all = match read {
                    Ok(snapshot) if snapshot.comments.complete => Ok(snapshot.comments.list),
                    Ok(_) => instance.patiently(instance.read.comments(*issue)).await,
                    Err(error) => Err(error),
                };
                for work in works.iter_mut() {
                    let mut intents = doubtful_remarks(work, Remark::Comment);
                    intents.retain(|intent| {
                        let there = self.instance_on(work, &intent.operation.side);
                        intent.issue == Some(*issue) && there.is_some_and(|there| there.id() == instance.id())
                    });
                    if !intents.is_empty() {
                        self.settle_comments(work, &intents, &instance, *issue, &all).await;
                    }
                }
            }
        }
    }

    /// How long to wait with what was looked for once and may yet land: what brings its item up meanwhile says nothing of it.
    fn left_after_a_look(&self, instance: &Instance, intent: &Intent) -> Option<Duration> {
        let horizon = COMMENT_HORIZON.min(instance.settings.settle);
        let looked = self.looked_for().contains(&intent.id);
        self.left_until(instance, intent, horizon).filter(|_| looked)
    }

    /// After so long at the earliest, and together with what else has to wait about as long: what is in doubt since the same moment is
    /// then looked for in one request.
    fn together(&self, left: Duration) -> Timestamp {
        let at = self.after(left);
        at.round(TimestampRound::new().smallest(Unit::Second).increment(TOGETHER).mode(RoundMode::Ceil)).unwrap_or(at)
    }

    pub(super) fn looked_for(&self) -> MutexGuard<'_, BTreeSet<OperationId>> {
        self.looked_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Settles the comments in doubt at one issue by all that stands there.
    async fn settle_comments(
        &self,
        work: &mut Work,
        intents: &[Intent],
        instance: &Instance,
        issue: IssueId,
        all: &Result<Vec<CommentSnapshot>, JiraError>,
    ) {
        let found = match all {
            Ok(all) => instance.patiently(self.find_copies(work, intents, instance, issue, all)).await,
            Err(error) => Err(error.clone()),
        };
        match found {
            Ok(found) => {
                for intent in intents {
                    self.settle_copy(work, intent, instance, found.get(&intent.id).cloned());
                }
            }
            Err(error) => {
                instance.failed(&error);
                work.failed = true;
            }
        }
    }

    /// Looks at what the sync user wrote since the intents, of one side each, and nobody knows: lists need not bring properties.
    async fn find_copies(
        &self,
        work: &Work,
        intents: &[Intent],
        instance: &Instance,
        issue: IssueId,
        all: &[CommentSnapshot],
    ) -> Result<BTreeMap<OperationId, CommentId>, JiraError> {
        let opened = intents.iter().filter_map(|intent| self.opened_there(instance.id(), intent)).min();
        let since = opened.unwrap_or(Timestamp::MIN).checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        let mut found = BTreeMap::new();
        for there in all {
            let ours = instance.is_us(there.author.as_ref().map(|author| &author.account));
            let known = intents.iter().all(|intent| is_copy(work, &intent.operation.side, &there.id, Remark::Comment));
            if !ours || there.created < since || known {
                continue;
            }
            if let Some(intent) = self.made_by(work, intents, instance, issue, there).await? {
                found.entry(intent.id).or_insert_with(|| there.id.clone());
            }
        }
        Ok(found)
    }

    /// Settles one copy in doubt by whether it was found.
    fn settle_copy(&self, work: &mut Work, intent: &Intent, instance: &Instance, copy: Option<CommentId>) {
        if let Some(copy) = copy.filter(|_| !is_planted(Bug::CommentMarkNotRead)) {
            self.looked_for().remove(&intent.id);
            work.move_intent(intent.id, &IntentEvent::Seen);
            copied(work, intent, copy);
            look_for_earlier(work, intent);
            return;
        }
        let horizon = COMMENT_HORIZON.min(instance.settings.settle);
        if let Some(left) = self.left_until(instance, intent, horizon) {
            self.looked_for().insert(intent.id);
            work.be_due(self.together(left));
        } else {
            self.looked_for().remove(&intent.id);
            work.move_intent(intent.id, &IntentEvent::Refused(NO_COPY_THERE.to_owned()));
            look_for_earlier(work, intent);
        }
    }

    async fn recover_worklog(&self, work: &mut Work, intent: &Intent) {
        let side = intent.operation.side.clone();
        let (Some(instance), Some(issue)) = (self.instance_on(work, &side), intent.issue) else { return };
        if let Some(pause) = instance.pause() {
            self.wait_for(work, &pause);
            return;
        }
        match instance.patiently(self.find_worklog(work, intent, &instance, issue)).await {
            Ok(copy) => self.settle_copy(work, intent, &instance, copy),
            Err(error) => {
                instance.failed(&error);
                work.failed = true;
            }
        }
    }

    /// Looks at what the sync user logged since the intent.
    async fn find_worklog(
        &self,
        work: &Work,
        intent: &Intent,
        instance: &Instance,
        issue: IssueId,
    ) -> Result<Option<CommentId>, JiraError> {
        let opened = self.opened_there(instance.id(), intent).unwrap_or(Timestamp::MIN);
        let since = opened.checked_sub(MARGIN).unwrap_or(Timestamp::MIN);
        for there in instance.read.worklogs(issue).await? {
            let ours = instance.is_us(there.author.as_ref().map(|author| &author.account));
            if !ours || there.created < since {
                continue;
            }
            if self.made_by(work, std::slice::from_ref(intent), instance, issue, &there).await?.is_some() {
                return Ok(Some(there.id));
            }
        }
        Ok(None)
    }

    /// Which of some intents of one side made a comment or worklog of the sync user's, by its mark. Worklogs of Data Center have
    /// none: there it is the one that nobody knows and that holds just what was sent.
    pub(super) async fn made_by<'i>(
        &self,
        work: &Work,
        intents: &'i [Intent],
        instance: &Instance,
        issue: IssueId,
        there: &CommentSnapshot,
    ) -> Result<Option<&'i Intent>, JiraError> {
        let Some(first) = intents.first() else { return Ok(None) };
        let Some((remark, ..)) = first.operation.action.original() else { return Ok(None) };
        let mark = match remark {
            Remark::Comment => instance.read.comment_mark(issue, &there.id).await?,
            Remark::Worklog if instance.settings.kind == Kind::DataCenter => {
                return Ok(intents.iter().find(|intent| holds_what_was_sent(work, intent, there)));
            }
            Remark::Worklog => there.mark.clone(),
        };
        let mark = mark.and_then(|mark| self.seal.open(&mark, work.sync.id(), &first.operation.side));
        Ok(intents.iter().find(|intent| mark.is_some_and(|mark| mark.operation == intent.id)))
    }
}

/// One that was given up before this one waited for it to be decided (`engine::late`): where it landed meanwhile, that is seen now.
fn look_for_earlier(work: &mut Work, intent: &Intent) {
    let side = intent.operation.side.clone();
    let original = intent.operation.action.original();
    let earlier = work.intents.iter().any(|other| {
        other.id != intent.id
            && other.operation.side == side
            && other.state.may_land_yet()
            && other.operation.action.original() == original
    });
    if earlier {
        work.want_read(&side, false);
    }
}

/// Whether it is a copy of ours that is known.
pub(super) fn is_copy(work: &Work, side: &SideId, id: &CommentId, remark: Remark) -> bool {
    work.item.remarks(remark).iter().any(|record| record.copies.get(side) == Some(id))
}

/// Whether a worklog that nobody knows holds just what an intent sent.
fn holds_what_was_sent(work: &Work, intent: &Intent, there: &CommentSnapshot) -> bool {
    let Action::AddComment { remark, wanted, spent, .. } = &intent.operation.action else { return false };
    let side = &intent.operation.side;
    let catalogs = work.sync.catalogs();
    let Some(catalog) = catalogs.get(side) else { return false };
    let rich = Rich { sync: &work.sync.settings, side, catalog, references: &work.references, origin: None };
    !is_copy(work, side, &there.id, *remark)
        && Spent::same(there.spent, *spent)
        && crate::text::same(&rich.read(&there.body), wanted)
}

fn doubtful_remarks(work: &Work, of: Remark) -> Vec<Intent> {
    let open = work.intents.iter().filter(|intent| matches!(intent.state, IntentState::Open | IntentState::InDoubt));
    let adds =
        |intent: &&Intent| matches!(&intent.operation.action, Action::AddComment { remark, .. } if *remark == of);
    open.filter(adds).cloned().collect()
}

/// Of an issue nothing but what people said.
fn only_comments() -> Want {
    Want {
        fields: BTreeSet::new(),
        comments: true,
        worklogs: false,
        attachments: false,
        watches: false,
        mark: false,
        transitions: false,
    }
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
    Replica { ours: true, ..Replica::unread(row.id, row.key.clone(), row.created) }
}

/// Notes the copy that an intent made.
pub(super) fn copied(work: &mut Work, intent: &Intent, copy: CommentId) {
    let Action::AddComment { remark, origin, comment, wanted, edits, spent, terms, .. } = &intent.operation.action
    else {
        return;
    };
    for record in work.item.remarks_mut(*remark) {
        if &record.side == origin && &record.id == comment {
            let side = &intent.operation.side;
            record.copies.insert(side.clone(), copy.clone());
            record.emptied.remove(side);
            if terms != &Terms::default() {
                record.terms.insert(side.clone(), terms.clone());
            }
            // An intent from before texts were kept has none.
            if !wanted.blocks.is_empty() {
                let written = WrittenCopy { body: wanted.clone(), edits: *edits, spent: *spent };
                record.written.insert(side.clone(), written);
            }
        }
    }
}
