//! One batch of items from claim to release: recover, look, record, act, and again until nothing is left to do. Must never
//! send a write whose intent is not durable, and never hold one item back for the failure of another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

use tokio::sync::mpsc::UnboundedSender;
use tracing::Instrument as _;

use super::Engine;
use super::apply::draft;
use super::look::is_seen_by_reading;
use super::outcome::changed_nothing;
use super::pairing::Clear;
use super::revisions::{judge_revision, shows_original};
use super::singly::singly;
use super::work::Work;
use crate::jira::{Created, IssueDraft, WriteOutcome, as_urgent_as, in_the_share_of, traced};
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueId, ItemId, OperationId, SideId, SyncId};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, Operation};
use crate::model::store::{Claim, Record, StoreError, Urgency};
use crate::plan::{Plan, SavedInput, ahead};
use crate::planted::{Bug, is_planted};
use crate::schedule::growing;

/// Items of one batch: as many as one bulk read takes.
const BATCH: usize = 100;
/// Rounds of looking and acting in one cycle. What is left goes on in the next cycle.
const MOST_ROUNDS: usize = 12;
/// Items of a batch that are written to at once, of what people just did; of all else as many as there are places.
const AT_ONCE: usize = 8;
const WAITING_AT_ONCE: usize = 24;
/// How long after it was looked at an item may still be written to. What comes later is given back and looked at again: people
/// went on meanwhile.
pub(super) const STALE_AFTER: Duration = Duration::from_secs(10);
/// Rounds of one cycle that may end so. Each sends something, so they are not counted among the others.
const MOST_STALE_ROUNDS: usize = 500;
/// First and longest wait before an item that failed is tried again.
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_secs(900);
/// The same for what only a person can mend: an idle daemon stays idle.
pub(super) const LONGEST_SLOW_RETRY: Duration = Duration::from_secs(6 * 3_600);
/// Longest that a transition may be under way after its answer was lost: taken twice, its functions would run twice.
const HOP_HORIZON: Duration = Duration::from_secs(120);

/// What became of one create: the work's place in the batch, its intent, what Jira calls the request, the outcome.
type CreateOutcome = (usize, Intent, Option<String>, WriteOutcome<Created>);

/// What is gone on with for one item; gives how many writes were sent.
pub type Upload<'e> = BoxFuture<'e, Result<usize, StoreError>>;
/// Takes what is gone on with beside a batch.
pub type Uploads<'e> = UnboundedSender<Upload<'e>>;

/// What a batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worked {
    /// The items that were taken.
    pub items: Vec<ItemId>,
    /// Writes sent.
    pub writes: usize,
}

impl Worked {
    fn and(mut self, more: Self) -> Self {
        self.items.extend(more.items);
        Self { writes: self.writes + more.writes, ..self }
    }
}

/// What a run would do with one item.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The item as it is recorded.
    pub item: ItemState,
    /// The plan; `None` where it could not be made now.
    pub plan: Option<Plan>,
    /// What follows it once the issues are there that it makes, if it makes any.
    pub then: Option<Plan>,
    /// Sides that could not be read, with the reason.
    pub unread: BTreeMap<SideId, String>,
    /// How many of both their writes Jira may send mails about.
    pub mails: BTreeMap<SideId, u64>,
    /// What the plan was made from, where that was asked for; `None` also where not all was read.
    pub input: Option<Box<SavedInput>>,
}

impl Engine {
    /// Takes due items and works on them. Nothing was due when `items` is 0.
    ///
    /// # Errors
    /// The state could not answer. What was claimed is freed at the next start.
    pub async fn work(&self) -> Result<Worked, StoreError> {
        let claims = self.claim(Urgency::Sweep).await?;
        self.work_on(claims, None).await
    }

    /// Takes a batch of due items, none less urgent than `least`; [`Engine::work_on`] gives them back.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn claim(&self, least: Urgency) -> Result<Vec<Claim>, StoreError> {
        self.store.claim(&self.holder, self.now(), BATCH, least).await
    }

    /// The plans for these items, carrying nothing out, each with what it was made from where `inputs` asks for that. The state must be
    /// a copy: what was in doubt is settled in it.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn preview(&self, items: &[ItemId], inputs: bool) -> Result<Vec<Preview>, StoreError> {
        let claims = self.store.claim_these(&self.holder, self.now(), items).await?;
        let mut works = self.take_up(claims).await?;
        self.look(&mut works).await?;
        let (mut previews, mut clear) = (Vec::with_capacity(works.len()), Clear::default());
        for mut work in works {
            // Of one whose sides were all read, also where the plan broke a rule.
            let planned_by = work.planned_by.as_ref().filter(|_| inputs && work.unread.is_empty());
            let input = planned_by.map(|catalogs| Box::new(self.with_input(&work, catalogs, SavedInput::of)));
            let mut plan = match work.plan.take() {
                Some(plan) => Some(self.without_withheld(&work.sync, &work.item, plan, &mut clear).await?),
                None => None,
            };
            if let Some(plan) = &mut plan {
                // Nothing is written to what was not looked at.
                plan.operations.retain(|operation| !work.unread.contains_key(&operation.side));
            }
            let planned_by = work.planned_by.as_ref().zip(plan.as_ref());
            let mut then =
                planned_by.and_then(|(catalogs, plan)| self.with_input(&work, catalogs, |input| ahead(input, plan)));
            if let Some(then) = &mut then {
                then.operations.retain(|operation| !work.unread.contains_key(&operation.side));
            }
            let mut mails: BTreeMap<SideId, u64> = BTreeMap::new();
            for operation in plan.iter().chain(&then).flat_map(|plan| &plan.operations) {
                if self.may_be_mailed(&work, operation).await {
                    *mails.entry(operation.side.clone()).or_default() += 1;
                }
            }
            previews.push(Preview { item: work.item, plan, then, unread: work.unread, mails, input });
        }
        Ok(previews)
    }

    async fn take_up(&self, claims: Vec<Claim>) -> Result<Vec<Work>, StoreError> {
        let (pauses, mut works) = (self.pauses(), Vec::with_capacity(claims.len()));
        for claim in claims {
            match self.syncs.get(&claim.item.sync).cloned() {
                Some(sync) if self.park(&sync, &claim).await? => {}
                Some(sync) => works.push(Work::new(claim, sync)),
                // A sync that is no longer configured: its items rest until it is again.
                None => self.store.release(claim.item.id, claim.fence, None, 0).await?,
            }
        }
        for work in &mut works {
            super::merge::let_go_of_replaced(work);
        }
        self.recover(&mut works).await?;
        for work in &mut works {
            work.pauses = pauses;
            (work.unpolled, work.untold) = self.unheard(work);
            self.try_again(work);
            self.doubt_rivals(work);
            let span = work.span.clone();
            self.take_rows(work).instrument(span).await;
        }
        Ok(works)
    }

    /// Works on what was claimed. Items that files go to are given to `uploads`, to be gone on with beside it, and are not
    /// waited for; without it they are.
    ///
    /// # Errors
    /// The state could not answer. What was claimed stays so until it is freed.
    pub async fn work_on<'e>(&'e self, claims: Vec<Claim>, uploads: Option<Uploads<'e>>) -> Result<Worked, StoreError> {
        let (alone, together) = self.apart(claims);
        let mut worked = Worked::default();
        for claim in alone {
            if self.set_aside(&claim).await? {
                continue;
            }
            let item = claim.item.id;
            worked = worked.and(self.work_on_batch(vec![claim], None).await?);
            self.acquit(item).await?;
        }
        if !together.is_empty() {
            worked = worked.and(self.work_on_batch(together, uploads).await?);
        }
        Ok(worked)
    }

    async fn work_on_batch<'e>(
        &'e self,
        claims: Vec<Claim>,
        uploads: Option<Uploads<'e>>,
    ) -> Result<Worked, StoreError> {
        let items: Vec<ItemId> = claims.iter().map(|claim| claim.item.id).collect();
        let urgency = claims.iter().map(|claim| claim.urgency).min().unwrap_or(Urgency::Live);
        let of_one = of_one_sync(&claims);
        // Boxed: it is large, and would lie on the stack in each of the futures around it.
        let work = Box::pin(async {
            let works = self.take_up(claims).await?;
            let writes = self.rounds(works, 0, None, uploads).await?;
            self.pace_creations().await?;
            Ok(Worked { items: items.clone(), writes })
        });
        let work = as_urgent_as(urgency, work);
        match of_one {
            Some(sync) => self.guard(&items, in_the_share_of(sync, work)).await,
            None => self.guard(&items, work).await,
        }
    }

    /// Looks and acts until nothing is left to do, and gives the items back. `planned`: the first round was planned already.
    /// Returns how many writes were sent, but for those of `uploads`.
    fn rounds<'e>(
        &'e self,
        mut works: Vec<Work>,
        first: usize,
        mut planned: Option<Vec<Vec<Operation>>>,
        uploads: Option<Uploads<'e>>,
    ) -> Upload<'e> {
        Box::pin(async move {
            let (mut writes, mut stale, mut round) = (0, 0, first);
            loop {
                let operations = match planned.take() {
                    Some(operations) => operations,
                    None => self.plan_round(&mut works).await?,
                };
                let last = round + 1 == MOST_ROUNDS;
                if last {
                    for work in works.iter_mut().filter(|work| !work.over) {
                        work.failed = true;
                    }
                }
                if last || works.iter().all(|work| work.over) {
                    break;
                }
                let with_files = operations.iter().filter(|operations| carries_files(operations)).count();
                if with_files > 0 && (works.len() > 1 || uploads.is_some()) {
                    // A file may take long: nobody waits for another's.
                    let all = works.into_iter().zip(operations);
                    let (long, short): (Vec<_>, Vec<_>) = all.partition(|(_, operations)| carries_files(operations));
                    let mut alone: Vec<Upload<'e>> = Vec::new();
                    for (work, operations) in long {
                        let (item, urgency, sync) = (work.item.id, work.urgency, work.sync.id().clone());
                        let upload = self.rounds(vec![work], round, Some(vec![operations]), None);
                        // Somebody else polls it, outside of what this batch is done as.
                        let upload: Upload<'e> = Box::pin(as_urgent_as(urgency, in_the_share_of(sync, upload)));
                        match &uploads {
                            // Nobody takes it who stops: it is freed with all that is under way then.
                            Some(uploads) => {
                                drop(uploads.send(Box::pin(async move { self.guard(&[item], upload).await })));
                            }
                            None => alone.push(upload),
                        }
                    }
                    let (short, planned) = short.into_iter().unzip();
                    alone.push(self.rounds(short, round, Some(planned), uploads));
                    for more in futures_util::future::join_all(alone).await {
                        writes += more?;
                    }
                    return Ok(writes);
                }
                self.record(&mut works).await?;
                writes += self.act(&mut works, operations).await?;
                if stale < MOST_STALE_ROUNDS && works.iter().any(|work| work.stale) {
                    stale += 1;
                } else {
                    round += 1;
                }
            }
            self.finish(works).await?;
            Ok(writes)
        })
    }

    /// Makes what is known durable.
    async fn record(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let open = works.iter_mut().filter(|work| !work.recorded);
        let records: Vec<(u64, Record)> = open.map(|work| (work.fence, work.record())).collect();
        if records.is_empty() { Ok(()) } else { self.store.record(&records).await }
    }

    /// Opens an intent for each operation and sends it: creates together, all else right before it is sent, so that no more is in
    /// doubt after a crash than was under way. Returns how many were sent.
    async fn act(&self, works: &mut [Work], planned: Vec<Vec<Operation>>) -> Result<usize, StoreError> {
        let mut all: Vec<Vec<Intent>> = Vec::with_capacity(works.len());
        for (work, operations) in works.iter_mut().zip(planned) {
            let mut intents = self.intents(work, operations);
            for intent in &mut intents {
                intent.silent = self.is_silent(work, intent).await;
            }
            work.intents.extend(intents.iter().cloned());
            all.push(intents);
        }
        let creates: Vec<Vec<Intent>> = all.iter().map(|intents| creates_of(intents)).collect();
        if is_planted(Bug::JournalAfterSend) {
            self.create_all(works, &creates).await;
        }
        let mut opened = Vec::new();
        for (work, intents) in works.iter().zip(&creates) {
            if !intents.is_empty() {
                opened.push(self.store.open_intents(work.fence, intents));
            }
        }
        for result in futures_util::future::join_all(opened).await {
            result?;
        }
        let count = all.iter().map(Vec::len).sum();
        let urgency = urgency_of(works);
        if !is_planted(Bug::JournalAfterSend) {
            self.create_all(works, &creates).await;
        }
        // Boxed: many futures over borrowed arguments cannot be shown to be `Send` otherwise.
        let mut sends: Vec<BoxFuture<'_, Result<(), StoreError>>> = Vec::new();
        for (work, intents) in works.iter_mut().zip(&all) {
            if !intents.is_empty() {
                let span = work.span.clone();
                sends.push(Box::pin(self.send_in_a_place(work, intents).instrument(span)));
            }
        }
        let at_once = if urgency == Urgency::Live { AT_ONCE } else { WAITING_AT_ONCE };
        let sent: Vec<_> = futures_util::stream::iter(sends).buffer_unordered(at_once).collect().await;
        sent.into_iter().collect::<Result<(), _>>()?;
        self.record(works).await?;
        Ok(count)
    }

    /// The intents of one round. On a side an edit goes before a hop, and a hop waits until the edit was looked at. A file may
    /// take long: what goes to other sides goes before it, and what goes to its own after it, since that may name it.
    fn intents(&self, work: &mut Work, mut operations: Vec<Operation>) -> Vec<Intent> {
        let files = operations.iter().filter(|operation| matches!(operation.action, Action::AddFile { .. }));
        let with_files: BTreeSet<SideId> = files.map(|operation| operation.side.clone()).collect();
        operations.sort_by_key(|operation| with_files.contains(&operation.side));
        let mut intents = Vec::new();
        let mut busy: Vec<SideId> = Vec::new();
        let mut shown: BTreeSet<SideId> = BTreeSet::new();
        for operation in operations {
            // Under a security level each write rests on a look of its own: somebody may take the level away in between.
            let levelled = work.is_under_a_level(&operation.side);
            if levelled && !shown.insert(operation.side.clone()) {
                work.stale = true;
                continue;
            }
            if let Some(home) = work.sync.settings.home.clone().filter(|_| levelled) {
                work.fresh.remove(&home);
            }
            let comment = operation.action.is_beside_the_fields();
            if !comment && busy.contains(&operation.side) {
                let transitions = matches!(operation.action, Action::Transition { .. });
                work.want_read(&operation.side, transitions && !work.offers.contains_key(&operation.side));
                continue;
            }
            if !comment {
                busy.push(operation.side.clone());
            }
            let operation_side = operation.side.clone();
            let mut parts = singly(work, operation);
            if levelled && parts.len() > 1 {
                parts.truncate(1);
                work.stale = true;
            }
            for operation in parts {
                intents.push(Intent {
                    id: OperationId(self.entropy.next_id(self.now())),
                    item: work.item.id,
                    issue: work.item.replicas.get(&operation.side).map(|replica| replica.issue),
                    operation,
                    state: IntentState::Open,
                    opened: self.now(),
                    silent: false,
                    opened_there: self.instance_on(work, &operation_side).map(|instance| instance.server_now()),
                    searches: 0,
                    brought: work.brought.clone(),
                });
            }
        }
        intents
    }

    /// Sends all creates of the batch, as many in one request as the kind allows.
    async fn create_all(&self, works: &mut [Work], all: &[Vec<Intent>]) {
        let urgency = urgency_of(works);
        let mut groups: BTreeMap<InstanceId, Vec<(usize, Intent, IssueDraft)>> = BTreeMap::new();
        for (index, (work, intents)) in works.iter_mut().zip(all).enumerate() {
            for intent in intents {
                let creates = matches!(intent.operation.action, Action::Create { .. });
                if creates && self.is_called_off(work, intent) {
                    continue;
                }
                let Some(settings) = work.sync.side(&intent.operation.side) else { continue };
                let Some(mark) = self.mark(work, intent) else { continue };
                if let Some(draft) = draft(intent, &settings.project, &mark) {
                    groups.entry(settings.instance.clone()).or_default().push((index, intent.clone(), draft));
                }
            }
        }
        let mut sends: Vec<BoxFuture<'_, Vec<CreateOutcome>>> = Vec::new();
        for (instance, mut group) in groups {
            // As they were made: in what order they were looked at may rest on a partner who is not to be heard there.
            group.sort_by_key(|(index, ..)| works.get(*index).and_then(origin_of));
            sends.push(Box::pin(self.create_group(instance, group, urgency)));
        }
        for (index, intent, request, outcome) in futures_util::future::join_all(sends).await.into_iter().flatten() {
            if let Some(work) = works.get_mut(index) {
                work.requests.extend(request.map(|request| (intent.id, request)));
                let outcome = self.unless_given_again(work, &intent, outcome).await;
                work.span.clone().in_scope(|| self.created_outcome(work, &intent, outcome));
                let side = &intent.operation.side;
                // The next poll brings its row for nothing, but till then all that waits for it would wait too.
                if work.made.contains(side) && work.is_waited_for(side) {
                    work.want_read(side, false);
                }
            }
        }
    }

    /// The outcome of a creation, which stays in doubt where its issue cannot be bound.
    async fn unless_given_again(
        &self,
        work: &mut Work,
        intent: &Intent,
        outcome: WriteOutcome<Created>,
    ) -> WriteOutcome<Created> {
        let WriteOutcome::Done(created) = &outcome else { return outcome };
        // A state that cannot answer cannot take it in either, which is told then.
        match self.is_given_again(work, &intent.operation.side, (created.id, &created.key), None).await {
            Ok(true) => WriteOutcome::InDoubt(format!("{} has the id of an issue that is known already", created.key)),
            Ok(false) | Err(_) => outcome,
        }
    }

    async fn create_group(
        &self,
        instance: InstanceId,
        group: Vec<(usize, Intent, IssueDraft)>,
        urgency: Urgency,
    ) -> Vec<CreateOutcome> {
        let _place = self.places.take(urgency).await;
        let drafts: Vec<IssueDraft> = group.iter().map(|(_, _, draft)| draft.clone()).collect();
        let (outcomes, request) = traced(self.hands.create(&instance, &drafts)).await;
        let each = group.into_iter().zip(outcomes);
        each.map(|((index, intent, _), outcome)| (index, intent, request.clone(), outcome)).collect()
    }

    /// A direct read settles the edits and hops of its side that were sent before it: an answered one that left no entry
    /// changed nothing, one in doubt that left none did not happen. Says whether it settled any.
    pub(super) fn judge(&self, work: &mut Work, side: &SideId) -> bool {
        let open: Vec<Intent> = work
            .intents
            .iter()
            .filter(|intent| &intent.operation.side == side && !intent.state.is_settled())
            .filter(|intent| is_seen_by_reading(&intent.operation.action))
            .cloned()
            .collect();
        let mut settled = false;
        for intent in open {
            let link = matches!(intent.operation.action, Action::AddIssueLink { .. } | Action::DeleteIssueLink { .. });
            if link && intent.state == IntentState::Answered && self.is_young(&intent) {
                // What was read may be older than the answer.
                continue;
            }
            if intent.operation.action.is_beside_the_fields() {
                // Landing late it would run over what people write into their own comment until then, or show again what was taken
                // away since.
                let shows_end = intent.state != IntentState::Answered && intent.operation.action.far_end().is_some();
                if (shows_end || !shows_original(work, &intent))
                    && let Some(left) = self.instance_on(work, side).and_then(|instance| {
                        self.left_until(&instance, &intent, HOP_HORIZON.min(instance.settings.settle))
                    })
                {
                    work.be_due(self.after(left));
                    continue;
                }
                settled |= judge_revision(work, &intent);
                continue;
            }
            if intent.state == IntentState::Answered {
                work.move_intent(intent.id, &IntentEvent::Seen);
                self.look_at_what_left_no_entry(work, &intent);
                if !Self::was_dropped(work, &intent) {
                    changed_nothing(work, &intent);
                }
            } else {
                let left = self.instance_on(work, side).and_then(|instance| {
                    let horizon = HOP_HORIZON.min(instance.settings.settle);
                    self.left_until(&instance, &intent, horizon)
                });
                if let (Action::Transition { .. }, Some(left)) = (&intent.operation.action, left) {
                    work.be_due(self.after(left));
                    continue;
                }
                let why = "a direct read shows no trace of it".to_owned();
                work.move_intent(intent.id, &IntentEvent::Refused(why));
            }
            settled = true;
        }
        settled
    }

    /// Whether polls may yet show a write by themselves.
    fn is_young(&self, intent: &Intent) -> bool {
        self.now().duration_since(intent.opened).unsigned_abs() < self.check_after
    }

    /// Records the end of the cycle and gives the items back.
    async fn finish(&self, mut works: Vec<Work>) -> Result<(), StoreError> {
        for work in &mut works {
            work.over = true;
        }
        self.record(&mut works).await?;
        for duplicate in works.iter_mut().flat_map(|work| std::mem::take(&mut work.duplicates)) {
            self.tell_duplicate(&duplicate).await?;
        }
        for mut work in works {
            self.note_unheard(&work);
            if !work.stuck.is_empty() && work.learnt != work.sync.learnt() {
                // A way became known before the problem stood that it would have woken the item by.
                work.be_due(self.now());
            }
            let mut due = self.due_of(&work);
            let mut attempts = 0;
            if work.failed {
                // What nobody knows is found by looking, whatever else waits for a person.
                let longest = if work.slow && !work.is_in_doubt() { LONGEST_SLOW_RETRY } else { LONGEST_RETRY };
                let delay = growing(FIRST_RETRY, longest, work.attempts).mul_f64(0.5 + self.entropy.unit() / 2.0);
                let at = self.after(delay);
                due = Some(due.map_or(at, |due| due.min(at)));
                attempts = work.attempts.saturating_add(1);
            }
            self.give_back(&work, due, attempts).instrument(work.span.clone()).await?;
        }
        Ok(())
    }
}

/// The sync of these, where it is one.
fn of_one_sync(claims: &[Claim]) -> Option<SyncId> {
    let first = &claims.first()?.item.sync;
    claims.iter().all(|claim| claim.item.sync == *first).then(|| first.clone())
}

fn creates_of(intents: &[Intent]) -> Vec<Intent> {
    let creates = intents.iter().filter(|intent| matches!(intent.operation.action, Action::Create { .. }));
    creates.cloned().collect()
}

fn carries_files(operations: &[Operation]) -> bool {
    operations.iter().any(|operation| matches!(operation.action, Action::AddFile { .. }))
}

/// How urgent a batch is: as its most urgent item.
pub(super) fn urgency_of(works: &[Work]) -> Urgency {
    works.iter().map(|work| work.urgency).min().unwrap_or(Urgency::Live)
}

/// Where an item began: the place of the side, and the issue.
fn origin_of(work: &Work) -> Option<(usize, IssueId)> {
    let sides = work.sync.settings.side_ids().enumerate();
    let mut theirs = sides.filter_map(|(place, side)| Some((place, work.item.replicas.get(side)?)));
    theirs.find(|(_, replica)| !replica.ours).map(|(place, replica)| (place, replica.issue))
}
