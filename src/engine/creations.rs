//! How fast and on whose word counterparts are created. A burst is counted before any of it is created, and where it is larger than
//! the sync allows it waits for a person's word; a staged start lets only so many items begin; the backlog keeps to its hour and
//! window. What people make while this waits goes on. Must never let a counterpart wait that nothing would let go again, nor hold up
//! anything but creations.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};

use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::hub::ItemState;
use crate::model::ids::{ItemId, SideId, SyncId};
use crate::model::operation::{Action, Operation};
use crate::model::problem::Problem;
use crate::model::settings::SyncSettings;
use crate::model::start::{Counted, CreationPace, CreationStep, Phase, Standing, StartSettings};
use crate::model::store::StoreError;

/// How old an issue may be that counts as new and is held to no pace. What is older was not made just now: it had to wait for somebody
/// who was away, and is caught up with.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// How long what another configuration creates waits for what was put off, at most: one item that is tried again and again must not have
/// everything of the time before wait for ever.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(24);
/// What a pace is counted over: an hour, and as long as a creation is hardly ever under way. It is counted when it begins and made some time
/// before it is answered; so an hour by the Jira's own times holds more only where that took longer than two minutes.
const COUNTED: SignedDuration = SignedDuration::from_mins(62);
/// What the speed is measured over.
const MEASURED: SignedDuration = SignedDuration::from_mins(10);
/// The least that a speed is told from: so long, and so many.
const LEAST_TIME: SignedDuration = SignedDuration::from_secs(60);
const LEAST_COUNT: usize = 5;
/// Items let go at once.
const AT_ONCE: usize = 1_000;

/// The gates of all syncs.
pub(super) type Gates = BTreeMap<SyncId, Gate>;

/// Under what the problem of a sync is kept whose creations wait for a person's word.
#[must_use]
pub fn creations_about(sync: &SyncId) -> String {
    format!("creations of sync {sync}")
}

/// What is let through of a sync's creations.
pub(super) struct Gate {
    standing: Standing,
    /// As many items as this may begin: a staged start.
    limit: Option<u64>,
    /// The items that were begun at a pace or in a staged start.
    started: BTreeSet<ItemId>,
    /// What waits, and in which order its items came.
    waiting: BTreeMap<ItemId, BTreeSet<SideId>>,
    order: VecDeque<ItemId>,
    /// When those of the backlog were begun that count for the pace.
    begun: VecDeque<Timestamp>,
    /// When this process began.
    from: Timestamp,
    /// What is not in the state yet.
    step: CreationStep,
}

impl Gate {
    fn new(standing: Standing, waiting: Vec<(ItemId, SideId)>, from: Timestamp) -> Self {
        let mut gate = Self {
            standing,
            limit: None,
            started: BTreeSet::new(),
            waiting: BTreeMap::new(),
            order: VecDeque::new(),
            begun: VecDeque::new(),
            from,
            step: CreationStep::default(),
        };
        for (item, side) in waiting {
            gate.wait(item, side);
        }
        gate
    }

    /// Says whether that is news.
    fn wait(&mut self, item: ItemId, side: SideId) -> bool {
        if !self.waiting.contains_key(&item) {
            self.order.push_back(item);
        }
        self.waiting.entry(item).or_default().insert(side)
    }

    fn count(&self) -> u64 {
        let count: usize = self.waiting.values().map(BTreeSet::len).sum();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// More creations than this wait for a person's word.
    fn bar(&self, settings: &StartSettings) -> u64 {
        if self.standing.asked { self.standing.confirmed.unwrap_or(0) } else { self.burst(settings) }
    }

    /// More than this at once are a burst, whatever waits already.
    fn burst(&self, settings: &StartSettings) -> u64 {
        settings.most_creations.max(self.standing.confirmed.unwrap_or(0))
    }

    /// Whether what is let through is let through at all.
    fn is_open(&self, settings: &StartSettings) -> bool {
        // A staged start that is smaller than what needs nobody's word needs none.
        self.standing.phase == Phase::Open || self.limit.is_some_and(|limit| limit <= self.bar(settings))
    }

    /// How many more items may begin.
    fn items_left(&self) -> usize {
        let started = self.started.len();
        let limit = self.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        limit.map_or(usize::MAX, |limit| limit.saturating_sub(started))
    }

    /// How many more creations of the backlog may begin now.
    fn pace_left(&mut self, settings: &StartSettings, now: Timestamp) -> usize {
        if settings.window.as_ref().is_some_and(|window| !window.is_open(now)) {
            return 0;
        }
        while self.begun.front().is_some_and(|at| now.duration_since(*at) >= COUNTED) {
            self.begun.pop_front();
        }
        let most = settings.per_hour.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        most.map_or(usize::MAX, |most| most.saturating_sub(self.begun.len()))
    }

    /// Whether a creation goes now; what does not is noted as waiting.
    fn lets(&mut self, settings: &StartSettings, item: &ItemState, side: &SideId, now: Timestamp) -> bool {
        let is_new = item.made.is_some_and(|made| made >= self.standing.since);
        let is_fresh = is_new && item.made.is_some_and(|made| made >= self.from && now.duration_since(made) < FRESH);
        let may_start = self.started.contains(&item.id) || self.items_left() > 0;
        let word = self.is_open(settings) || is_new && self.limit.is_none();
        let goes = may_start && word && (is_fresh || self.pace_left(settings, now) > 0);
        if !goes {
            if self.wait(item.id, side.clone()) {
                self.step.waits.push((item.id, side.clone()));
            }
            return false;
        }
        if !is_fresh {
            self.begun.push_back(now);
        }
        if self.limit.is_some() || settings.has_a_pace() {
            self.started.insert(item.id);
            self.step.begins.push((item.id, side.clone()));
        }
        true
    }

    /// What of an item waits and is not to be created any more.
    fn forget(&mut self, item: ItemId, wanted: &BTreeSet<SideId>) {
        let Some(sides) = self.waiting.get_mut(&item) else { return };
        if sides.is_subset(wanted) {
            return;
        }
        sides.retain(|side| wanted.contains(side));
        let left = sides.clone();
        if left.is_empty() {
            self.waiting.remove(&item);
            self.order.retain(|waits| *waits != item);
        }
        self.step.released.push((item, false));
        self.step.waits.extend(left.into_iter().map(|side| (item, side)));
    }

    /// Takes out what may go now, the longest waiting first.
    fn release(&mut self, settings: &StartSettings, now: Timestamp) -> Vec<ItemId> {
        let (mut items, mut creations) = (self.items_left(), self.pace_left(settings, now));
        let mut released = Vec::new();
        if !self.is_open(settings) {
            return released;
        }
        let mut kept = VecDeque::new();
        while let Some(item) = self.order.pop_front() {
            let known = self.started.contains(&item);
            let sides = self.waiting.get(&item).map_or(0, BTreeSet::len);
            if creations == 0 || released.len() >= AT_ONCE {
                kept.push_back(item);
                break;
            }
            if items == 0 && !known {
                kept.push_back(item);
                continue;
            }
            self.waiting.remove(&item);
            items = items.saturating_sub(usize::from(!known));
            creations = creations.saturating_sub(sides);
            released.push(item);
        }
        kept.append(&mut self.order);
        self.order = kept;
        released
    }

    /// The speed of the last minutes and the time that is left at it, as far as they can be told.
    fn pace(&mut self, settings: &StartSettings, queued: u64, now: Timestamp) -> CreationPace {
        let waiting = self.count();
        let lately: Vec<&Timestamp> = self.begun.iter().filter(|at| now.duration_since(**at) < MEASURED).collect();
        let took = lately.first().map_or(SignedDuration::ZERO, |first| now.duration_since(**first));
        let measured = lately.len() >= LEAST_COUNT && took >= LEAST_TIME;
        let seconds = u64::try_from(took.as_secs()).unwrap_or(0).max(1);
        let count = u64::try_from(lately.len()).unwrap_or(0);
        let per_hour = measured.then(|| count.saturating_mul(3_600) / seconds);
        let shut = settings.window.as_ref().filter(|window| !window.is_open(now)).map(|window| window.opens(now));
        let is_full = settings.per_hour.is_some() && self.pace_left(settings, now) == 0;
        let why = match (waiting, self.standing.phase, shut) {
            (0, _, _) => None,
            _ if !self.is_open(settings) && self.standing.phase == Phase::Counting => {
                Some("they are counted first".to_owned())
            }
            _ if !self.is_open(settings) => Some("they wait for `jirasyncd confirm`".to_owned()),
            _ if self.items_left() == 0 => Some("this run starts no more items (`--limit`)".to_owned()),
            (_, _, Some(opens)) => Some(format!("the window opens at {opens}")),
            _ if is_full => Some("as many as `per-hour` allows were made within the hour".to_owned()),
            _ => None,
        };
        // What waits for a person or for an hour of the day comes at nobody's speed; a cap is a speed by itself.
        let speed = match settings.per_hour {
            Some(cap) if settings.window.is_none() => Some(per_hour.map_or(cap, |measured| measured.min(cap))),
            Some(_) => None,
            None => per_hour.filter(|_| settings.window.is_none()),
        };
        let speed = speed.filter(|speed| *speed > 0 && self.is_open(settings) && self.limit.is_none());
        let left = waiting.saturating_add(queued);
        let left_seconds = speed.filter(|_| left > 0).map(|speed| left.saturating_mul(3_600) / speed);
        CreationPace { per_hour, left_seconds, why }
    }
}

impl Engine {
    fn gate<T>(&self, sync: &SyncId, look: impl FnOnce(&mut Gate) -> T) -> Option<T> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.get_mut(sync).map(look)
    }

    /// Takes up how the creations of each sync stand. Where a project is still to be read there may be a burst in it.
    pub(super) async fn recall_gates(&self) -> Result<(), StoreError> {
        let now = self.now();
        let mut gates = Gates::new();
        for sync in self.syncs.values() {
            let known = self.store.note(&Standing::note(sync.id())).await?;
            let known = known.and_then(|known| serde_json::from_str::<Standing>(&known).ok());
            let waiting = self.store.waiting_creations(sync.id()).await?;
            let mut gate = Gate::new(known.clone().unwrap_or_else(|| Standing::counting(now)), waiting, now);
            if gate.standing.phase == Phase::Open && self.is_unread(sync) {
                gate.standing = Standing::counting(now);
            }
            let since = now.checked_sub(COUNTED).unwrap_or(now);
            gate.begun = self.store.begun_creations(sync.id(), since).await?.into();
            let news = known.as_ref() != Some(&gate.standing);
            let standing = gate.standing.clone();
            gates.insert(sync.id().clone(), gate);
            if news {
                self.keep_standing(sync.id(), &standing).await?;
            }
        }
        *self.gates.lock().unwrap_or_else(PoisonError::into_inner) = gates;
        Ok(())
    }

    async fn keep_standing(&self, sync: &SyncId, standing: &Standing) -> Result<(), StoreError> {
        let step = CreationStep { note: Some(as_note(sync, standing)?), ..CreationStep::default() };
        self.store.keep_creations(sync, &step, self.now()).await
    }

    /// Lets no more than so many items begin, of each sync; those that were begun in an earlier staged start are among them.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn limit_creations(&self, limit: Option<u64>) -> Result<(), StoreError> {
        for sync in self.syncs.keys() {
            let started = match limit {
                Some(_) => self.store.started_creations(sync).await?.into_iter().collect(),
                None => BTreeSet::new(),
            };
            self.gate(sync, |gate| {
                gate.limit = limit;
                gate.started = started;
            });
        }
        Ok(())
    }

    /// A sync is another one, or its clock is: what its items are to get at once is counted first. `asked`: and not one of it is made
    /// without a person's word.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn count_creations_anew(&self, sync: &SyncId, asked: bool) -> Result<(), StoreError> {
        self.count_anew(sync, asked).await
    }

    /// A burst began: it is counted before any of it is created.
    async fn count_anew(&self, sync: &SyncId, asked: bool) -> Result<(), StoreError> {
        let now = self.now();
        let begun = self.gate(sync, |gate| {
            let was_open = gate.standing.phase == Phase::Open;
            if was_open {
                gate.standing = Standing { asked, ..Standing::counting(now) };
            } else if asked {
                // A word that was given for what waited before says nothing of what is new, and what was made since then is old to it.
                gate.standing = Standing { asked, confirmed: None, since: now, ..gate.standing.clone() };
            }
            (was_open || asked).then(|| gate.standing.clone())
        });
        match begun.flatten() {
            Some(standing) => self.keep_standing(sync, &standing).await,
            None => Ok(()),
        }
    }

    /// So many newcomers of a sync are to begin at once.
    pub(super) async fn many_begin(&self, sync: &SyncRun, count: usize) -> Result<(), StoreError> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let many = self.gate(sync.id(), |gate| count > gate.burst(&sync.settings.start)).unwrap_or(false);
        if !many {
            return Ok(());
        }
        // Another portion of what came at once is no newcomer either.
        let now = self.now();
        let going_on = self.gate(sync.id(), |gate| {
            let goes_on = gate.standing.phase != Phase::Open;
            if goes_on {
                gate.standing.since = now;
            }
            goes_on.then(|| gate.standing.clone())
        });
        match going_on.flatten() {
            Some(standing) => self.keep_standing(sync.id(), &standing).await,
            None => self.count_anew(sync.id(), false).await,
        }
    }

    /// A person said how many creations of a sync may be made; that is in the state already.
    pub fn confirm_creations(&self, sync: &SyncId, most: u64) {
        self.gate(sync, |gate| {
            gate.standing.confirmed = Some(most);
            if gate.standing.phase == Phase::Stopped {
                gate.standing.phase = Phase::Counting;
            }
        });
    }

    /// Leaves out the creations that are to wait. What was waiting and is not to be created any more waits no longer. Says whether
    /// nothing is left to be done for it.
    pub(super) fn let_through(&self, work: &Work, planned: &BTreeSet<SideId>, operations: &mut Vec<Operation>) -> bool {
        let found = operations.len();
        let (now, start) = (self.now(), &work.sync.settings.start);
        self.gate(work.sync.id(), |gate| {
            if gate.waiting.contains_key(&work.item.id) {
                gate.forget(work.item.id, planned);
            }
            operations.retain(|operation| {
                !matches!(operation.action, Action::Create { .. }) || gate.lets(start, &work.item, &operation.side, now)
            });
        });
        operations.is_empty() && found > 0
    }

    /// Makes durable what waits and what begins, before anything of it is sent.
    pub(super) async fn keep_creations(&self) -> Result<(), StoreError> {
        for sync in self.syncs.keys() {
            let step = self.gate(sync, |gate| std::mem::take(&mut gate.step)).unwrap_or_default();
            if !step.is_empty() {
                self.store.keep_creations(sync, &step, self.now()).await?;
            }
        }
        Ok(())
    }

    /// Decides on what was counted, and lets go what may go now. Returns how many items are due for it.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn pace_creations(&self) -> Result<usize, StoreError> {
        let _alone = self.pacing.lock().await;
        let mut released = 0;
        for sync in self.syncs.values().filter(|sync| !sync.is_parked()) {
            self.weigh(sync).await?;
            let (now, id) = (self.now(), sync.id());
            let items = self.gate(id, |gate| gate.release(&sync.settings.start, now)).unwrap_or_default();
            if !items.is_empty() {
                released += items.len();
                let gone = items.into_iter().map(|item| (item, true)).collect();
                let step = CreationStep { released: gone, ..CreationStep::default() };
                self.store.keep_creations(id, &step, now).await?;
            }
        }
        Ok(released)
    }

    /// Whether some of a sync's projects are still to be read from the beginning. One that says nothing now is not waited for: what
    /// lies there is counted when it is read.
    fn is_unread(&self, sync: &SyncRun) -> bool {
        sync.settings.sides.iter().any(|side| {
            let speaks = self.instances.get(&side.instance).is_some_and(|instance| instance.pause().is_none());
            speaks && self.is_to_be_read(sync.id(), &side.id)
        })
    }

    /// Whether every instance of a sync is there, was polled, and has no project that is still to be read.
    fn is_heard(&self, sync: &SyncRun) -> bool {
        sync.settings.sides.iter().all(|side| {
            let there = self.instances.get(&side.instance);
            let speaks = there.is_some_and(|instance| instance.pause().is_none() && instance.is_polled());
            speaks && !self.is_to_be_read(sync.id(), &side.id)
        })
    }

    async fn weigh(&self, sync: &SyncRun) -> Result<(), StoreError> {
        let (id, start) = (sync.id(), &sync.settings.start);
        let Some((before, waiting, bar)) = self.gate(id, |gate| (gate.standing.clone(), gate.count(), gate.bar(start)))
        else {
            return Ok(());
        };
        if before.phase == Phase::Open {
            return Ok(());
        }
        let sides = sync.settings.sides.len();
        let now = self.now();
        // What people change all the time must not put the decision off for ever.
        let enough = if now.duration_since(before.since) < FRESH { sides } else { 2 };
        let is_held = before.asked && now.duration_since(before.since) < PUT_OFF;
        // What waits for a poll, a pause or another try is looked at later, and would slip through a gate that was opened meanwhile.
        let until = if is_held { Timestamp::MAX } else { now };
        let ahead = self.store.creations_ahead(id, Counted { sides, enough, now, until }).await?;
        let others = u64::try_from(sides.saturating_sub(1)).unwrap_or(u64::MAX);
        let most = ahead.lacking.saturating_add(ahead.newcomers.saturating_mul(others));
        let unread = self.is_unread(sync) || before.asked && !self.is_heard(sync);
        let quiet = !unread && ahead.busy == 0 && ahead.newcomers == 0;
        let phase = if waiting > bar {
            Phase::Stopped
        } else if quiet || most <= bar && !unread {
            Phase::Open
        } else {
            before.phase
        };
        // First what is told: a standing that is open is looked at no more, and a word that was to be taken back then would stand for ever.
        self.tell_waiting(sync, phase, bar).await?;
        if phase != before.phase {
            let confirmed = before.confirmed.filter(|_| phase != Phase::Open);
            let asked = before.asked && phase != Phase::Open;
            let standing = Standing { phase, confirmed, asked, ..before.clone() };
            // A word that was given meanwhile, or a burst that began, is decided on by the next look.
            let is_decided = self.gate(id, |gate| {
                let is_same = gate.standing == before;
                if is_same {
                    gate.standing = standing.clone();
                }
                is_same
            });
            if is_decided == Some(true) {
                self.keep_standing(id, &standing).await?;
                tracing::info!(sync = %id, waiting, ?phase, "decided on the creations that were counted");
            }
        }
        Ok(())
    }

    /// Says that creations wait for a person's word, and how that is given.
    async fn tell_waiting(&self, sync: &SyncRun, phase: Phase, bar: u64) -> Result<(), StoreError> {
        let (by_side, asked) = self.gate(sync.id(), |gate| (gate.by_side(), gate.standing.asked)).unwrap_or_default();
        let problem = (phase == Phase::Stopped).then(|| too_many(&sync.settings, &by_side, (bar, asked))).flatten();
        let problems: Vec<Problem> = problem.into_iter().collect();
        self.store.set_problems(&creations_about(sync.id()), &problems, self.now()).await
    }

    /// The speed of a sync's first copies and the time that is left, as far as they can be told.
    #[must_use]
    pub fn creation_pace(&self, sync: &SyncId, queued: u64) -> Option<CreationPace> {
        let (start, now) = (&self.syncs.get(sync)?.settings.start, self.now());
        self.gate(sync, |gate| gate.pace(start, queued, now))
    }

    /// What waits for a person's word, in words.
    #[must_use]
    pub fn unconfirmed(&self) -> Vec<Problem> {
        let stopped = self.syncs.values().filter_map(|sync| {
            let (phase, bar, by_side) = self.gate(sync.id(), |gate| {
                let bar = (gate.bar(&sync.settings.start), gate.standing.asked);
                (gate.standing.phase, bar, gate.by_side())
            })?;
            too_many(&sync.settings, &by_side, bar).filter(|_| phase == Phase::Stopped)
        });
        stopped.collect()
    }
}

impl Gate {
    fn by_side(&self) -> BTreeMap<SideId, u64> {
        let mut by_side: BTreeMap<SideId, u64> = BTreeMap::new();
        for side in self.waiting.values().flatten() {
            *by_side.entry(side.clone()).or_default() += 1;
        }
        by_side
    }
}

/// The sides on which a counterpart would be created.
pub(super) fn created_on(operations: &[Operation]) -> BTreeSet<SideId> {
    let creates = operations.iter().filter(|operation| matches!(operation.action, Action::Create { .. }));
    creates.map(|operation| operation.side.clone()).collect()
}

fn as_note(sync: &SyncId, standing: &Standing) -> Result<(String, String), StoreError> {
    let text = serde_json::to_string(standing)
        .map_err(|error| StoreError::Unreadable { what: "how creations stand".to_owned(), why: error.to_string() })?;
    Ok((Standing::note(sync), text))
}

/// What is said of a burst that waits.
fn too_many(sync: &SyncSettings, by_side: &BTreeMap<SideId, u64>, (bar, asked): (u64, bool)) -> Option<Problem> {
    let side = by_side.keys().next()?.clone();
    let count: u64 = by_side.values().sum();
    let id = &sync.id;
    let place = |(side, count): (&SideId, &u64)| {
        let at = sync.side(side).map(|side| format!(" (project {} of {})", side.project, side.instance));
        format!("{count} on {side}{}", at.unwrap_or_default())
    };
    let places: Vec<String> = by_side.iter().map(place).collect();
    let why = match (asked, bar) {
        (true, 0) => "by what is new in its configuration".to_owned(),
        (_, bar) => format!("more than {bar}"),
    };
    Some(Problem {
        side,
        field: None,
        what: format!(
            "{count} issues would be created at once in sync `{id}`, {why}: {}; none of them is until somebody says so, and all else \
             goes on",
            places.join(", ")
        ),
        remedy: format!(
            "look at `jirasyncd plan`; `jirasyncd confirm {id} {count}` lets them be created, `jirasyncd run --limit 1` begins \
             with one, and a narrower `jql` or `when` makes them fewer"
        ),
        operation: None,
        settles: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn item(number: u128, made: i64) -> ItemState {
        ItemState { made: Some(at(made)), ..ItemState::new(ItemId(number), SyncId::from("s")) }
    }

    fn open(per_hour: u64) -> (Gate, StartSettings) {
        let standing = Standing { phase: Phase::Open, since: at(0), confirmed: None, asked: false };
        let settings = StartSettings { per_hour: Some(per_hour), ..StartSettings::default() };
        (Gate::new(standing, Vec::new(), at(0)), settings)
    }

    #[test]
    fn an_hour_takes_so_many_of_the_backlog_and_all_that_is_new() {
        let (mut gate, settings) = open(2);
        let side = SideId::from("b");
        let went = |gate: &mut Gate, number, made, now| gate.lets(&settings, &item(number, made), &side, at(now));
        assert!(went(&mut gate, 1, -9, 10) && went(&mut gate, 2, -9, 11) && !went(&mut gate, 3, -9, 12));
        assert!(went(&mut gate, 4, 5, 13), "it was made just now");
        assert!(!went(&mut gate, 5, 5, 905), "it was made a quarter of an hour ago");
        assert_eq!(gate.release(&settings, at(3_729)), Vec::new(), "what was begun at 10 may have been made later");
        assert_eq!(gate.release(&settings, at(3_730)), [ItemId(3)]);
        assert_eq!(gate.release(&settings, at(3_732)), [ItemId(5)]);
    }

    #[test]
    fn no_time_is_told_that_was_not_measured() {
        let (mut gate, _) = open(1);
        let settings = StartSettings::default();
        let side = SideId::from("b");
        for number in 0..4 {
            assert!(gate.lets(&settings, &item(number, -9), &side, at(0)));
        }
        assert_eq!(gate.pace(&settings, 100, at(120)).left_seconds, None, "four tell nothing");
        assert!(gate.lets(&settings, &item(9, -9), &side, at(120)));
        let pace = gate.pace(&settings, 100, at(120));
        assert_eq!((pace.per_hour, pace.left_seconds), (Some(150), Some(2_400)));
        assert_eq!(gate.pace(&settings, 100, at(3_000)).left_seconds, None, "nothing was made of late");
    }
}
