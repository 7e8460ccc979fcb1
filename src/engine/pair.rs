//! A person says that issues which exist are one item. Must never write to a Jira, nor delete anything; never take
//! an issue that belongs elsewhere: to another item, to another state, to no side's project; and never decide on an item that somebody
//! works on, or on writes whose outcome nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::instance::Instance;
use super::merge::{BUSY, Refusal, doubts, stands_apart};
use super::pair_find::names;
use super::recover::replica_of;
use super::scope::joined;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError, Want};
use crate::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{EntryId, IssueKey, ItemId, SideId, SyncId};
use crate::model::initial::Initial;
use crate::model::issue::IssueSnapshot;
use crate::model::operation::IntentState;
use crate::model::store::{Claim, StoreError, Urgency};
use crate::plan::{Paired, alone, date, last_changed, pair, would_tell};

/// An issue that is named.
pub(super) struct Named {
    pub(super) side: SideId,
    pub(super) instance: Arc<Instance>,
    pub(super) key: IssueKey,
    /// The item that holds it.
    pub(super) held: Option<ItemState>,
    /// What it shows; of one that a living item holds it is not read.
    pub(super) row: Option<Box<IssueSnapshot>>,
}

impl Named {
    /// Whether it is the issue of a replica, whatever it was called when that was last read.
    fn is(&self, replica: &Replica) -> bool {
        self.row.as_ref().map_or(replica.key == self.key, |row| row.id == replica.issue)
    }
}

/// What a pairing comes to: what is answered, what it changes, and the item that is held meanwhile.
pub(super) struct Decision {
    pub(super) answer: Answer,
    pub(super) effect: Option<Effect>,
    pub(super) held: Vec<Claim>,
}

impl Decision {
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self { answer: Answer::refused(why), effect: None, held: Vec::new() }
    }

    pub(super) fn unchanged(line: String) -> Self {
        Self { answer: Answer::new(Ended::Unchanged, vec![line]), effect: None, held: Vec::new() }
    }
}

/// What is answered to who would change items of a sync that was ended.
pub(super) fn ended(sync: &SyncId) -> String {
    format!("sync `{sync}` was ended: `jirasyncd attach {sync}` takes it up again")
}

/// What is answered to another command.
const OTHER: &str = "this is no pairing";

impl Engine {
    /// Makes issues one item, or ends one, or shows what that would do. What is answered is recorded, with the change or without one.
    ///
    /// # Errors
    /// The state could not answer. Nothing was changed then.
    pub async fn pairing(&self, command: &Command, by: &Operator, at: Timestamp) -> Result<Answer, StoreError> {
        let (sync, dry_run) = match command {
            Command::Pair { sync, dry_run, .. }
            | Command::Unpair { sync, dry_run, .. }
            | Command::Resolve { sync, dry_run, .. }
            | Command::Create { sync, dry_run, .. } => (sync, *dry_run),
            Command::Merge { .. } | Command::Pause(_) | Command::Resume(_) => return Ok(Answer::refused(OTHER)),
            Command::NewHookPath(_)
            | Command::Remember(_)
            | Command::Reload { .. }
            | Command::Confirm { .. }
            | Command::Detach { .. }
            | Command::AcceptAccount { .. }
            | Command::Retry
            | Command::RetryThese { .. }
            | Command::Dismiss { .. }
            | Command::Take { .. }
            | Command::Attach(_) => return Ok(Answer::refused(OTHER)),
        };
        let decision = match self.syncs.get(sync).cloned() {
            None => {
                let known: Vec<&str> = self.syncs.keys().map(SyncId::as_str).collect();
                Decision::refused(format!("there is no sync `{sync}`; there are: {}", known.join(", ")))
            }
            Some(sync) if sync.ended().is_some() => Decision::refused(ended(sync.id())),
            Some(sync) => match command {
                Command::Unpair { key, .. } => self.decide_unpair(&sync, key).await?,
                Command::Create { key, .. } => self.decide_create(&sync, key).await?,
                Command::Pair { keys, .. } => self.decide_pair(&sync, keys).await?,
                Command::Resolve { key, field, side, .. } => self.decide_resolve(&sync, key, field, side).await?,
                Command::Merge { .. } | Command::Pause(_) | Command::Resume(_) => Decision::refused(OTHER),
                Command::NewHookPath(_)
                | Command::Remember(_)
                | Command::Reload { .. }
                | Command::Confirm { .. }
                | Command::Detach { .. }
                | Command::AcceptAccount { .. }
                | Command::Retry
                | Command::RetryThese { .. }
                | Command::Dismiss { .. }
                | Command::Take { .. }
                | Command::Attach(_) => Decision::refused(OTHER),
            },
        };
        self.carry_out(decision, command, by, at, dry_run).await
    }

    /// Records what was decided, with what it changes, and gives back what was held.
    async fn carry_out(
        &self,
        decision: Decision,
        command: &Command,
        by: &Operator,
        at: Timestamp,
        dry_run: bool,
    ) -> Result<Answer, StoreError> {
        let Decision { mut answer, effect, held } = decision;
        let ends = matches!(effect, Some(Effect::Unpair(..)));
        let effects: Vec<Effect> = effect.into_iter().filter(|_| !dry_run).collect();
        if dry_run && answer.ended == Ended::Done {
            answer.ended = Ended::Shown;
        }
        let record = |answer: &Answer| {
            let (by, command, answer) = (by.clone(), command.clone(), answer.clone());
            CommandRecord { at, by, command, answer }
        };
        let done = if dry_run { Ok(()) } else { self.store.carry_out(&record(&answer), &effects).await };
        let gone = ends && !effects.is_empty() && done.is_ok();
        for claim in held.iter().filter(|_| !gone) {
            // Given back whatever became of it; of what ended there is nothing to give back.
            self.store.release(claim.item.id, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        match done {
            // It began an item of its own meanwhile.
            Err(StoreError::Bound { .. }) => {
                let why = "one of these issues became part of an item just now: see what it is in, and try again";
                let answer = Answer::refused(why);
                self.store.carry_out(&record(&answer), &[]).await?;
                Ok(answer)
            }
            done => done.map(|()| answer),
        }
    }

    async fn decide_pair(&self, sync: &Arc<SyncRun>, keys: &[String]) -> Result<Decision, StoreError> {
        let mut named: Vec<Named> = Vec::new();
        for key in keys {
            let found = match self.find_issue(sync, key).await? {
                Ok(found) => found,
                Err(why) => return Ok(Decision::refused(why)),
            };
            if let Some(other) = named.iter().find(|other| other.side == found.side) {
                let why = if other.key == found.key { "are the same issue" } else { "are both on one side" };
                return Ok(Decision::refused(format!("{} and {} {why} ({})", other.key, found.key, found.side)));
            }
            named.push(found);
        }
        if named.len() < 2 {
            return Ok(Decision::refused("a pair is of two issues at least"));
        }
        self.pair_these(sync, named).await
    }

    /// Decides whether issues of different sides become one item, the first having the first word.
    pub(super) async fn pair_these(&self, sync: &Arc<SyncRun>, mut named: Vec<Named>) -> Result<Decision, StoreError> {
        let kept = match kept_of(sync.id(), &named) {
            Ok(kept) => kept,
            Err(decision) => return Ok(*decision),
        };
        let (mut fence, mut held, mut goes_on) = (None, Vec::new(), None);
        match kept {
            Kept::None => {}
            Kept::Ended(item) => goes_on = Some(*item),
            Kept::Living(item) => {
                held = self.hold_items(&[item]).await?;
                let Some(claim) = held.first() else { return Ok(Decision::refused(BUSY)) };
                fence = Some(claim.fence);
                goes_on = Some(claim.item.clone());
                let lost = |state: &IntentState| matches!(state, IntentState::Open | IntentState::InDoubt);
                let open = claim.intents.iter().filter(|intent| {
                    let joins = named.iter().any(|named| named.side == intent.operation.side);
                    !claim.item.is_gone_from(&intent.operation.side)
                        && (lost(&intent.state) || (joins && !intent.state.is_settled()))
                });
                if let Some(why) = doubts(open.count()) {
                    return Ok(Decision { held, ..Decision::refused(why) });
                }
            }
        }
        if let Some(item) = &mut goes_on
            && let Err(why) = self.date_known(sync, item).await?
        {
            return Ok(Decision { held, ..Decision::refused(why) });
        }
        let goes_on = goes_on.as_ref();
        // What the item holds by now: somebody else may have been quicker.
        for issue in &mut named {
            let there = goes_on.and_then(|item| Some((item, item.replicas.get(&issue.side)?)));
            let Some((item, replica)) = there else { continue };
            if !issue.is(replica) {
                let why = format!(
                    "{} is on the side {} of that item already: `jirasyncd unpair {} {}:{}` ends it, or merge the two",
                    replica.key,
                    issue.side,
                    sync.id(),
                    issue.side,
                    replica.key
                );
                return Ok(Decision { held, ..Decision::refused(why) });
            }
            issue.held = Some(item.clone());
        }
        let (items, parted) = match self.read_alone(sync, goes_on, &named).await? {
            Ok(read) => read,
            Err(why) => return Ok(Decision { held, ..Decision::refused(why) }),
        };
        let id = goes_on.map_or_else(|| self.new_item(), |item| item.id);
        let paired = pair(&sync.settings, id, &items);
        for (side, replica) in &paired.item.replicas {
            if let Some(instance) = sync.instance_of(side) {
                // What polls brought of it is older than what was just read.
                self.rows.take(instance, replica.issue);
            }
        }
        let mut lines = lines(&paired, &items);
        lines.extend(named.iter().filter_map(|issue| self.says_whose(sync, issue)));
        let answer = Answer::new(Ended::Done, lines);
        let effect = Effect::Pair(Box::new(paired.into_effect(&sync.settings, fence, parted)));
        Ok(Decision { answer, effect: Some(effect), held })
    }

    /// Notes when the fields of an issue were changed last, where that decides which value stands.
    async fn date(&self, mut work: Work, issue: &Named) -> Result<Work, Refusal> {
        let sync = Arc::clone(&work.sync);
        let settings = &sync.settings;
        if !settings.fields.values().any(|row| row.initial == Initial::Newest && row.sides.contains_key(&issue.side)) {
            return Ok(work);
        }
        let (Some(read), Some(plan)) = (work.reads.get_mut(&issue.side), work.plan.as_mut()) else { return Ok(work) };
        if !read.snapshot.log_whole {
            let all = issue.instance.patiently(issue.instance.read.log_after(read.snapshot.id, EntryId(0))).await;
            read.snapshot.log =
                all.map_err(|error| format!("the history of {} could not be read: {error}", issue.key))?;
            read.snapshot.log_whole = true;
        }
        let skew = issue.instance.skew_ms();
        let us = &issue.instance.identity.account;
        let changed = last_changed(settings, &issue.side, &read.snapshot, &read.outsiders, us, skew);
        date(&mut plan.item, &issue.side, &changed);
        Ok(work)
    }

    /// The same for an item that is in step already: what it holds since its issues were first read was dated by when they were made.
    async fn date_known(&self, sync: &Arc<SyncRun>, item: &mut ItemState) -> Result<Result<(), Refusal>, StoreError> {
        let settings = &sync.settings;
        let dated = |side: &SideId| {
            settings.fields.values().any(|row| row.initial == Initial::Newest && row.sides.contains_key(side))
        };
        let there: Vec<_> = item.replicas.iter().filter(|(side, _)| dated(side)).collect();
        let mut changes = Vec::new();
        for (side, replica) in there {
            let Some(instance) = sync.instance_of(side).and_then(|id| self.instances.get(id)) else { continue };
            let refused = |why: String| format!("the history of {} could not be read: {why}", replica.key);
            if let Some(pause) = instance.pause() {
                return Ok(Err(refused(pause.why)));
            }
            let want = Want::default();
            let read = async { Ok(instance.read.issues(&[replica.issue], &want).await) };
            let read: Result<Vec<_>, JiraError> = instance.patiently(read).await;
            let mut snapshot = match read.map(|mut rows| rows.pop()) {
                Ok(Some(Ok(snapshot))) => snapshot,
                // It is gone, or will be: it tells nothing any more.
                Ok(Some(Err(JiraError { failure: Failure::NotFound, .. })) | None) => continue,
                Ok(Some(Err(error))) | Err(error) => return Ok(Err(refused(error.to_string()))),
            };
            if !snapshot.log_whole {
                match instance.patiently(instance.read.log_after(snapshot.id, EntryId(0))).await {
                    Ok(log) => snapshot.log = log,
                    Err(error) => return Ok(Err(refused(error.to_string()))),
                }
            }
            let outsiders = match self.outsiders_in(sync, side, instance, &snapshot).await {
                Ok(outsiders) => outsiders,
                Err(error) => return Ok(Err(refused(error.to_string()))),
            };
            let us = &instance.identity.account;
            let changed = last_changed(settings, side, &snapshot, &outsiders, us, instance.skew_ms());
            changes.push((side.clone(), changed));
        }
        for (side, changed) in changes {
            date(item, &side, &changed);
        }
        Ok(Ok(()))
    }

    /// Reads the issues that join, each into an item of its own. Gives them in the order in which they were named, the item that goes on
    /// among them, and the ended items without the issues that go from them.
    async fn read_alone(
        &self,
        sync: &Arc<SyncRun>,
        goes_on: Option<&ItemState>,
        named: &[Named],
    ) -> Result<Result<(Vec<ItemState>, Vec<ItemState>), Refusal>, StoreError> {
        // Any of them may have a counterpart one day.
        let sides: BTreeSet<SideId> = sync.settings.side_ids().cloned().collect();
        let mut parted: BTreeMap<ItemId, ItemState> = BTreeMap::new();
        let (mut works, mut places) = (Vec::new(), Vec::new());
        for issue in named {
            let is_in = issue.held.as_ref().is_some_and(|held| goes_on.is_some_and(|item| item.id == held.id));
            if is_in {
                places.push(None);
                continue;
            }
            if let Some(was) = &issue.held {
                if let Some((origin, other)) = would_tell(&sync.settings, was, &issue.side, &sides) {
                    return Ok(Err(format!(
                        "people of {origin} wrote into {} while it was in step with theirs, and {other} may not see that",
                        issue.key
                    )));
                }
                parted.entry(was.id).or_insert_with(|| was.clone()).replicas.remove(&issue.side);
            }
            let Some(row) = issue.row.clone() else { return Ok(Err(format!("{} could not be read", issue.key))) };
            let mut item = alone(self.new_item(), &sync.settings, goes_on);
            let scope = joined(&sync.settings, &issue.side, false);
            item.replicas.insert(issue.side.clone(), Replica { ours: false, scope, ..replica_of(&row) });
            let (intents, problems) = (Vec::new(), Vec::new());
            let (urgency, brought, asked) = (Urgency::Live, None, None);
            let claim = Claim { item, fence: 0, intents, attempts: 0, urgency, brought, asked, problems };
            let mut work = Work::new(claim, Arc::clone(sync));
            self.take_in(&mut work, &issue.side, &issue.instance, Ok(*row), true).await;
            self.want_watchers(&mut work);
            places.push(Some(works.len()));
            works.push(work);
        }
        self.look(&mut works).await?;
        let mut read = Vec::with_capacity(works.len());
        let mut dated = Vec::with_capacity(works.len());
        for (work, (issue, _)) in works.into_iter().zip(named.iter().zip(&places).filter(|(_, place)| place.is_some()))
        {
            match self.date(work, issue).await {
                Ok(work) => dated.push(work),
                Err(why) => return Ok(Err(why)),
            }
        }
        let works = dated;
        for (work, issue) in works.into_iter().zip(named.iter().zip(&places).filter(|(_, place)| place.is_some())) {
            match taken(work, issue.0) {
                Ok(item) => read.push(Some(item)),
                Err(why) => return Ok(Err(why)),
            }
        }
        let mut items = Vec::with_capacity(named.len());
        for place in places {
            match place {
                Some(index) => items.extend(read.get_mut(index).and_then(Option::take)),
                // Several of its issues may be named.
                None => items
                    .extend(goes_on.filter(|item| !items.iter().any(|there: &ItemState| there.id == item.id)).cloned()),
            }
        }
        Ok(Ok((items, parted.into_values().collect())))
    }
}

/// The item that goes on when issues are paired.
enum Kept {
    None,
    Living(ItemId),
    /// One that was unpaired, all of whose issues are named.
    Ended(Box<ItemState>),
}

/// Which item goes on, or why there is nothing to be decided.
fn kept_of(sync: &SyncId, named: &[Named]) -> Result<Kept, Box<Decision>> {
    let refused = |why: String| Err(Box::new(Decision::refused(why)));
    let mut living: Vec<(&Named, &ItemState)> = Vec::new();
    for issue in named {
        match &issue.held {
            Some(item) if item.merged.is_none() => living.push((issue, item)),
            Some(item) if !item.is_unpaired() => {
                return refused(format!(
                    "{} was merged into another issue before; what was let be so is not taken up again",
                    issue.key
                ));
            }
            Some(_) | None => {}
        }
    }
    let Some((first, item)) = living.first() else {
        // What was ended goes on where it stood, with what it knows of copies, if that is what is asked for.
        let ended = named.iter().filter_map(|issue| issue.held.as_ref());
        let whole = |item: &&ItemState| {
            let is_named = |(side, replica): (&SideId, &Replica)| {
                named.iter().any(|issue| &issue.side == side && issue.is(replica))
            };
            item.replicas.len() > 1 && item.replicas.iter().all(is_named)
        };
        return Ok(ended
            .filter(whole)
            .max_by_key(|item| item.replicas.len())
            .map_or(Kept::None, |item| Kept::Ended(Box::new(item.clone()))));
    };
    if let Some((other, _)) = living.iter().find(|(_, other)| other.id != item.id) {
        return refused(format!(
            "{} and {} are each kept in step already: `jirasyncd merge {sync} {}:{} {}:{}` makes their items one",
            first.key, other.key, first.side, first.key, other.side, other.key
        ));
    }
    if living.len() == named.len() {
        return Err(Box::new(Decision::unchanged(format!("{} are counterparts already", names(item)))));
    }
    Ok(Kept::Living(item.id))
}

/// The item that an issue was read into, or why nothing could be taken in of it.
fn taken(work: Work, issue: &Named) -> Result<ItemState, Refusal> {
    let key = &issue.key;
    if let Some(why) = work.unread.get(&issue.side) {
        return Err(format!("{key} could not be read: {why}"));
    }
    let Some(plan) = work.plan else { return Err(format!("{key} could not be read now: try again in a minute")) };
    let replica = plan.item.replicas.get(&issue.side);
    if replica.is_some_and(Replica::rests) {
        return Err(format!(
            "{key} does not match `jql` of its side, and with `life.left = \"stop\"` nothing is carried of what does not match"
        ));
    }
    if replica.is_some_and(|replica| replica.restricted) {
        return Err(format!("{key} has a security level: nothing of it is carried while it has"));
    }
    if !replica.is_some_and(|replica| replica.observed) {
        return Err(format!(
            "{key} could not be taken in: it changes while it is read, or its log does not say what it holds"
        ));
    }
    Ok(plan.item)
}

/// What is said of a pairing, line by line.
fn lines(paired: &Paired, items: &[ItemState]) -> Vec<String> {
    let mut lines = vec![format!("paired: {}", names(&paired.item))];
    if let (1, Some(item)) = (items.len(), items.first().filter(|item| item.is_unpaired())) {
        lines.push(format!(
            "{} go on where they stood: what people changed since is carried by the usual rules",
            names(item)
        ));
    } else if let Some(first) = items.first() {
        lines.push(format!("where they differ, what {} says stands; sets are joined", names(first)));
    }
    for decided in &paired.decided {
        let field = &decided.field;
        lines.push(match &decided.stands {
            Some((side, at)) => {
                format!("`{field}`: by `initial` what {side} says stands, where it was set at {at:.0}")
            }
            None => format!(
                "`{field}`: each keeps its own (`initial = \"ask\"`), until they are equal or somebody says which stands with \
                 `jirasyncd resolve`"
            ),
        });
    }
    for (side, replica) in &paired.item.replicas {
        let lost = paired.conflicts.iter().filter(|conflict| &conflict.loser == side);
        let fields: BTreeSet<&str> = lost.map(|conflict| conflict.field.as_str()).collect();
        if !fields.is_empty() {
            let fields: Vec<&str> = fields.into_iter().collect();
            lines.push(format!("{} ({side}): its values of {} are kept as conflicts", replica.key, fields.join(", ")));
        }
    }
    for side in &paired.apart {
        let Some(replica) = paired.item.replicas.get(side) else { continue };
        lines.push(stands_apart(side, &replica.key));
    }
    lines
}
