//! A person says that issues which exist are one item, or that an item ends. Must never write to a Jira, nor delete anything; never take
//! an issue that belongs elsewhere: to another item, to another state, to no side's project; and never decide on an item that somebody
//! works on, or on writes whose outcome nobody knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::admit::with_mark;
use super::instance::Instance;
use super::merge::{BUSY, Refusal, doubts, stands_apart};
use super::recover::replica_of;
use super::scope::joined;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError};
use crate::model::command::{Answer, Command, CommandRecord, Effect, Ended, Operator};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::key::key_in;
use crate::model::operation::IntentState;
use crate::model::settings::UnknownCopies;
use crate::model::store::{Claim, StoreError, Urgency};
use crate::plan::{Paired, alone, pair, would_tell};

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
            | Command::Create { sync, dry_run, .. } => (sync, *dry_run),
            Command::Merge { .. } | Command::Pause(_) | Command::Resume(_) => return Ok(Answer::refused(OTHER)),
            Command::NewHookPath(_) | Command::Reload { .. } | Command::Confirm { .. } => {
                return Ok(Answer::refused(OTHER));
            }
        };
        let decision = match self.syncs.get(sync).cloned() {
            None => {
                let known: Vec<&str> = self.syncs.keys().map(SyncId::as_str).collect();
                Decision::refused(format!("there is no sync `{sync}`; there are: {}", known.join(", ")))
            }
            Some(sync) => match command {
                Command::Unpair { key, .. } => self.decide_unpair(&sync, key).await?,
                Command::Create { key, .. } => self.decide_create(&sync, key).await?,
                Command::Pair { keys, .. } => self.decide_pair(&sync, keys).await?,
                Command::Merge { .. } | Command::Pause(_) | Command::Resume(_) => Decision::refused(OTHER),
                Command::NewHookPath(_) | Command::Reload { .. } | Command::Confirm { .. } => Decision::refused(OTHER),
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
                    lost(&intent.state) || (joins && !intent.state.is_settled())
                });
                if let Some(why) = doubts(open.count()) {
                    return Ok(Decision { held, ..Decision::refused(why) });
                }
            }
        }
        let goes_on = goes_on.as_ref();
        // What the item holds by now: somebody else may have been quicker.
        for issue in &mut named {
            let there = goes_on.and_then(|item| Some((item, item.replicas.get(&issue.side)?)));
            let Some((item, replica)) = there else { continue };
            if replica.key != issue.key {
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
        let answer = Answer::new(Ended::Done, lines(&paired, &items));
        let effect = Effect::Pair(Box::new(paired.into_effect(&sync.settings, fence, parted)));
        Ok(Decision { answer, effect: Some(effect), held })
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
            let claim = Claim { item, fence: 0, intents, attempts: 0, urgency: Urgency::Live, problems };
            let mut work = Work::new(claim, Arc::clone(sync));
            self.take_in(&mut work, &issue.side, &issue.instance, Ok(*row), true).await;
            self.want_watchers(&mut work);
            places.push(Some(works.len()));
            works.push(work);
        }
        self.look(&mut works).await?;
        let mut read = Vec::with_capacity(works.len());
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

    /// The issue of a key, `KEY` or `SIDE:KEY`.
    pub(super) async fn find_issue(&self, sync: &SyncRun, named: &str) -> Result<Result<Named, Refusal>, StoreError> {
        let (side, key) = match place(sync, named) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let held = self.held_by_key(sync, side.as_ref(), &key).await?;
        if held.len() > 1 {
            return Ok(Err(several(&key, held.iter().map(|(side, _)| side))));
        }
        let (side, held) = match held.into_iter().next() {
            Some((side, item)) => (side, Some(item)),
            None => match side.map_or_else(|| side_of(sync, &key), Ok) {
                Ok(side) => (side, None),
                Err(why) => return Ok(Err(why)),
            },
        };
        let Some(instance) = sync.instance_of(&side).and_then(|id| self.instances.get(id)).cloned() else {
            return Ok(Err(format!("side `{side}` of sync `{}` has no instance", sync.id())));
        };
        if held.as_ref().is_some_and(|item| item.merged.is_none()) {
            return Ok(Ok(Named { side, instance, key, held, row: None }));
        }
        self.read_issue(sync, side, instance, key, held).await
    }

    /// Reads an issue that no living item holds, as far as its key tells.
    pub(super) async fn read_issue(
        &self,
        sync: &SyncRun,
        side: SideId,
        instance: Arc<Instance>,
        key: IssueKey,
        held: Option<ItemState>,
    ) -> Result<Result<Named, Refusal>, StoreError> {
        if let Some(pause) = instance.pause() {
            return Ok(Err(format!("instance `{}` is left alone now: {}", instance.id(), pause.why)));
        }
        let want = with_mark(&instance.want);
        let read = async { Ok(instance.read.named(std::slice::from_ref(&key), &want).await) };
        let read: Result<Vec<_>, JiraError> = instance.patiently(read).await;
        let row = match read.map(|mut rows| rows.pop()) {
            Ok(Some(Ok(row))) => row,
            Ok(Some(Err(JiraError { failure: Failure::NotFound, .. })) | None) => {
                return Ok(Err(format!("there is no {key} on `{}`, or the sync user may not see it", instance.id())));
            }
            Ok(Some(Err(error))) | Err(error) => {
                instance.failed(&error);
                return Ok(Err(error.to_string()));
            }
        };
        self.judge_issue(sync, side, instance, row, held).await
    }

    /// Whether an issue that was read may be paired at all.
    pub(super) async fn judge_issue(
        &self,
        sync: &SyncRun,
        side: SideId,
        instance: Arc<Instance>,
        row: IssueSnapshot,
        mut held: Option<ItemState>,
    ) -> Result<Result<Named, Refusal>, StoreError> {
        let project = sync.side(&side).map(|settings| settings.project.clone()).unwrap_or_default();
        if row.project != project {
            return Ok(Err(format!(
                "{} is in project {}, and side `{side}` of sync `{}` is project {project}",
                row.key,
                row.project,
                sync.id()
            )));
        }
        for (item, of, _) in self.store.items_of(instance.id(), row.id).await? {
            if &of == sync.id() {
                // It had another key when it was bound.
                held = self.store.item(item).await?;
            }
        }
        if held.is_none()
            && let Some(why) = self.not_ours_to_take(sync, &side, &instance, &row).await?
        {
            return Ok(Err(why));
        }
        let (key, row) = (row.key.clone(), Some(Box::new(row)));
        Ok(Ok(Named { side, instance, key, held, row }))
    }

    /// Why an issue that no item of the sync holds is not to be paired: something of jirasyncd made it, or keeps it in step.
    async fn not_ours_to_take(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<Option<Refusal>, StoreError> {
        let key = &row.key;
        if let Some(mark) = &row.mark {
            if let Some(mark) = self.seal.open(mark, sync.id(), side) {
                let of = match self.kept_in_the_end(mark.item).await? {
                    Some(item) => self.store.item(item).await?,
                    None => None,
                };
                return Ok(Some(match of {
                    Some(item) => format!("{key} is a copy that was made for the item of {}", names(&item)),
                    None => format!(
                        "{key} is a copy that was made for an item which this state does not know: restore a newer backup of it"
                    ),
                }));
            }
            if let Some((other, _)) = self.opened_elsewhere(instance, mark) {
                return Ok(Some(format!("{key} is a copy that sync `{other}` made")));
            }
        }
        let foreign = |text: &str| {
            self.seal.open(text, sync.id(), side).is_none() && self.opened_elsewhere(instance, text).is_none()
        };
        let tags = row.log.iter().filter_map(|entry| entry.tag.as_deref());
        let marked = row.mark.as_deref().into_iter().chain(tags).any(foreign);
        Ok((marked && self.unknown_copies == UnknownCopies::Hold).then(|| {
            format!(
                "{key} bears the mark of another state of jirasyncd, which made it or keeps it in step: end that first; if that state is \
                 gone for good, write `unknown-copies = \"leave\"` under `[daemon]` and restart"
            )
        }))
    }

    /// The sync and side of this state that a mark was made for.
    pub(super) fn opened_elsewhere(&self, instance: &Instance, mark: &str) -> Option<(SyncId, SideId)> {
        let sides = self.syncs.values().flat_map(|sync| sync.settings.sides.iter().map(move |side| (sync.id(), side)));
        let mut here = sides.filter(|(_, side)| &side.instance == instance.id());
        let found = here.find(|(sync, side)| self.seal.open(mark, sync, &side.id).is_some());
        found.map(|(sync, side)| (sync.clone(), side.id.clone()))
    }

    /// The items of a sync that hold a key, with the side that they hold it on.
    async fn held_by_key(
        &self,
        sync: &SyncRun,
        side: Option<&SideId>,
        key: &IssueKey,
    ) -> Result<Vec<(SideId, ItemState)>, StoreError> {
        let mut found = Vec::new();
        for id in self.store.items_by_key(key).await? {
            let Some(item) = self.store.item(id).await?.filter(|item| &item.sync == sync.id()) else { continue };
            let here = |of: &SideId, replica: &Replica| &replica.key == key && side.is_none_or(|side| side == of);
            let sides = item.replicas.iter().filter(|(of, replica)| here(of, replica));
            found.extend(sides.map(|(of, _)| (of.clone(), item.clone())).collect::<Vec<_>>());
        }
        Ok(found)
    }

    async fn decide_unpair(&self, sync: &Arc<SyncRun>, named: &str) -> Result<Decision, StoreError> {
        let (side, key) = match place(sync, named) {
            Ok(found) => found,
            Err(why) => return Ok(Decision::refused(why)),
        };
        let held = self.held_by_key(sync, side.as_ref(), &key).await?;
        if held.len() > 1 {
            return Ok(Decision::refused(several(&key, held.iter().map(|(side, _)| side))));
        }
        let Some((_, item)) = held.into_iter().next() else {
            return Ok(Decision::refused(format!("sync `{}` does not keep {key} in step", sync.id())));
        };
        match item.merged {
            Some(into) if into == item.id => return Ok(Decision::unchanged(format!("{key} was unpaired before"))),
            Some(_) => {
                return Ok(Decision::refused(format!(
                    "{key} was merged into another issue before, and is let be since"
                )));
            }
            None => {}
        }
        let held = self.hold_items(&[item.id]).await?;
        let Some(claim) = held.first() else { return Ok(Decision::refused(BUSY)) };
        if let Some(why) = doubts(claim.intents.iter().filter(|intent| !intent.state.is_settled()).count()) {
            return Ok(Decision { held, ..Decision::refused(why) });
        }
        let (mut ended, fence) = (claim.item.clone(), claim.fence);
        ended.merged = Some(ended.id);
        ended.awaits.clear();
        let lines = vec![
            format!("let be: {}; nothing is carried between them any more", names(&ended)),
            format!(
                "nothing in them is changed or deleted, and none of them is carried again until somebody says so with `jirasyncd pair {}`",
                sync.id()
            ),
        ];
        let answer = Answer::new(Ended::Done, lines);
        Ok(Decision { answer, effect: Some(Effect::Unpair(Box::new(ended), fence)), held })
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
                named.iter().any(|issue| &issue.side == side && issue.key == replica.key)
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

/// A key as it is typed, with its side where that is said.
fn place(sync: &SyncRun, named: &str) -> Result<(Option<SideId>, IssueKey), Refusal> {
    let (side, key) = match named.trim().split_once(':') {
        Some((side, key)) => (Some(SideId::from(side.trim())), key.trim()),
        None => (None, named.trim()),
    };
    if let Some(side) = side.as_ref().filter(|side| sync.side(side).is_none()) {
        return Err(format!("sync `{}` has no side `{side}`", sync.id()));
    }
    match key_in(key) {
        Some(key) => Ok((side, key)),
        None => Err(format!("`{key}` is not the key of an issue, such as SUP-1")),
    }
}

/// The one side whose project a key is of.
fn side_of(sync: &SyncRun, key: &IssueKey) -> Result<SideId, Refusal> {
    let project = key.as_str().rsplit_once('-').map(|(project, _)| project).unwrap_or_default();
    let mut sides = sync.settings.sides.iter().filter(|side| side.project == project).map(|side| &side.id);
    match (sides.next(), sides.next()) {
        (Some(side), None) => Ok(side.clone()),
        (Some(one), Some(other)) => Err(several(key, [one, other].into_iter().chain(sides))),
        (None, _) => Err(format!("{key} is in the project of no side of sync `{}`", sync.id())),
    }
}

fn several<'s>(key: &IssueKey, sides: impl Iterator<Item = &'s SideId>) -> Refusal {
    let names: Vec<String> = sides.map(|side| format!("{side}:{key}")).collect();
    format!("{key} may be on several sides: say which, {}", names.join(" or "))
}

pub(super) fn names(item: &ItemState) -> String {
    let named = item.replicas.iter().map(|(side, replica)| format!("{} ({side})", replica.key));
    named.collect::<Vec<_>>().join(", ")
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
