//! Versions and components kept in step beside the issues: reads the projects' lists, has `plan` decide, and sends what is due. Must
//! never send what is not durable, and never let one that Jira refuses hold up another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;

use super::instance::Instance;
use super::things_outcome::told;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{WriteOutcome, traced};
use crate::model::catalog::Shape;
use crate::model::ids::{SideId, SyncId, ThingId};
use crate::model::occasion::Occasion;
use crate::model::operation::Thing;
use crate::model::problem::Problem;
use crate::model::settings::SideSettings;
use crate::model::store::StoreError;
use crate::model::things::{MadeThing, ProjectThing, Property, SeenThing, ThingSettings, ThingWrite};
use crate::model::trail::ThingStep;
use crate::plan::{
    ThingRules, ThingsSeen, called, give_words, mark_sent, take_in, take_made, thing_field, thing_problems,
    thing_writes,
};

/// Writes after one read of the lists: what goes beyond rests on another read.
const MOST_WRITES: usize = 50;
/// Turns of planning and writing after one read: what is made is completed by a change.
const TURNS: usize = 3;
/// How soon it is looked again where something was left over, or is in doubt.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// Under what the problems of a sync's versions and components are kept.
#[must_use]
pub fn things_about(sync: &SyncId) -> String {
    format!("versions and components of {sync}")
}

/// What is remembered between looks. After a start all of it is asked anew.
#[derive(Default)]
pub(super) struct ThingLooks {
    /// When the next look is due, by our monotonic time.
    due: BTreeMap<(SyncId, Thing), Duration>,
    /// When the last look was, by our monotonic time, and the names that it met, in small letters.
    last: BTreeMap<(SyncId, Thing), (Duration, BTreeSet<String>)>,
    found: BTreeMap<(SyncId, Thing), Vec<Problem>>,
    pub(super) held_back: BTreeMap<WriteKey, HeldBack>,
    /// Changes that were refused as a whole: their properties go one by one.
    pub(super) singly: BTreeSet<(ThingId, SideId)>,
    /// Where the right is missing.
    pub(super) no_right: BTreeMap<(SyncId, SideId), Waits>,
    told: BTreeMap<SyncId, Vec<Problem>>,
}

impl ThingLooks {
    /// Has what these problems tell of wait no longer.
    pub(super) fn try_again(&mut self, told: &BTreeSet<Problem>) {
        let waits = self.held_back.values_mut().map(|held| &mut held.waits).chain(self.no_right.values_mut());
        for waits in waits.filter(|waits| told.contains(&waits.problem)) {
            waits.until = Duration::ZERO;
        }
        let (due, found) = (&mut self.due, &self.found);
        for (key, at) in due {
            let concerned = found.get(key).is_some_and(|found| found.iter().any(|problem| told.contains(problem)));
            let shut = self.no_right.iter().any(|((sync, _), waits)| sync == &key.0 && told.contains(&waits.problem));
            if concerned || shut {
                *at = Duration::ZERO;
            }
        }
    }
}

/// Something that is tried again ever more seldom.
#[derive(Clone)]
pub(super) struct Waits {
    pub(super) times: u32,
    /// By our monotonic time.
    pub(super) until: Duration,
    pub(super) problem: Problem,
}

/// Which write: the thing, the side, and what is written.
pub(super) type WriteKey = (ThingId, SideId, BTreeSet<Property>);

pub(super) fn key_of(write: &ThingWrite) -> WriteKey {
    (write.id, write.side.clone(), write.values.keys().copied().collect())
}

/// A write that Jira refused, or that ended in doubt.
pub(super) struct HeldBack {
    pub(super) write: ThingWrite,
    pub(super) in_doubt: bool,
    pub(super) waits: Waits,
}

impl HeldBack {
    /// Whether somebody has to know: what was in doubt once is sent again soon.
    fn is_told(&self) -> bool {
        !self.in_doubt || self.waits.times > 0
    }
}

/// One look at one kind of thing.
pub(super) struct Turn<'a> {
    pub(super) sync: &'a SyncRun,
    pub(super) rules: ThingRules<'a>,
    pub(super) looks: &'a mut ThingLooks,
    /// Sides to which nothing more is sent in this look.
    pub(super) shut: BTreeSet<SideId>,
    pub(super) soon: bool,
    /// Only the number of writes stopped it.
    capped: bool,
    sent: usize,
    /// Names that came to be, by side.
    pub(super) new_names: BTreeSet<SideId>,
    /// What is to be told of writes and is not kept yet.
    steps: Vec<ThingStep>,
}

/// What a look found.
pub(super) struct Taken {
    /// The lists that could be read.
    pub(super) lists: BTreeMap<SideId, Vec<SeenThing>>,
    /// What was known.
    known: Vec<ProjectThing>,
    /// What is known now.
    pub(super) things: Vec<ProjectThing>,
    /// What could not be read.
    pub(super) problems: Vec<Problem>,
}

impl Engine {
    /// Looks at the versions and components that it is time to look at. Returns how many writes were sent.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn look_at_things(&self) -> Result<usize, StoreError> {
        let mut looks = self.things.lock().await;
        let mut sent = 0;
        for sync in self.syncs.values() {
            for (thing, settings) in &sync.settings.things {
                let due = looks.due.get(&(sync.id().clone(), *thing)).copied();
                if due.is_none_or(|due| due <= self.clock.monotonic()) {
                    sent += self.look_at(sync, *thing, settings, &mut looks).await?;
                }
            }
        }
        Ok(sent)
    }

    /// Looks at once, before something is made for an issue: it may only have been renamed. Not again for a name that was met just
    /// now (that one is lacking for another reason), unless it is to be known which one bears it (`surely`).
    pub(super) async fn look_at_things_first(
        &self,
        sync: &SyncRun,
        thing: Thing,
        name: &str,
        surely: bool,
    ) -> Result<(), StoreError> {
        if let Some(settings) = sync.settings.things.get(&thing) {
            let mut looks = self.things.lock().await;
            let now = self.clock.monotonic();
            let met = looks.last.get(&(sync.id().clone(), thing)).is_some_and(|(at, names)| {
                now.saturating_sub(*at) < SOON && names.contains(&name.trim().to_lowercase())
            });
            if surely || !met {
                self.look_at(sync, thing, settings, &mut looks).await?;
            }
        }
        Ok(())
    }

    /// Takes what was made on a side for an issue for the thing of that name.
    pub(super) async fn pair_made(
        &self,
        sync: &SyncRun,
        side: &SideId,
        thing: Thing,
        made: &SeenThing,
    ) -> Result<(), StoreError> {
        let Some(settings) = sync.settings.things.get(&thing) else { return Ok(()) };
        // No look takes it in at the same time.
        let _looks = self.things.lock().await;
        let rules = ThingRules { sync: &sync.settings, thing, settings };
        let known = self.known_things(sync, rules).await?;
        match take_made(rules, &known, side, (made, self.now())) {
            Some(paired) => {
                self.store.keep_things(sync.id(), std::slice::from_ref(&paired), &[], &[], &[]).await?;
                let mut things = known;
                things.retain(|thing| thing.id != paired.id);
                things.push(paired);
                sync.calls(thing, called(rules, &things));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Learns from the state what versions and components are called on each side: before their lists are read again issues may be,
    /// and a name that a partner gave is nobody else's word then either. No look is waited for: what one finds is newer, and stays.
    pub(super) async fn learn_names(&self, works: &[Work]) -> Result<(), StoreError> {
        for sync in works.iter().map(|work| &work.sync) {
            for thing in Thing::ALL.into_iter().filter(|thing| !sync.knows_names(*thing)) {
                let kept = sync.settings.things.get(&thing);
                // Where they are kept in step no more, what issues hold of them stays the word that it was.
                let before = ThingSettings {
                    from: sync.settings.side_ids().cloned().collect(),
                    to: BTreeSet::new(),
                    carry: BTreeSet::from([Property::Name]),
                    every: Duration::MAX,
                };
                let rules = ThingRules { sync: &sync.settings, thing, settings: kept.unwrap_or(&before) };
                let known = self.known_things(sync, rules).await?;
                let mut named = called(rules, &known);
                if kept.is_none() {
                    // Nobody reads the lists.
                    named.values_mut().for_each(|called| called.by_id = None);
                    named.retain(|_, _| !known.is_empty());
                }
                sync.calls_first(thing, named);
            }
        }
        Ok(())
    }

    /// The things that are known, each with its word.
    async fn known_things(&self, sync: &SyncRun, rules: ThingRules<'_>) -> Result<Vec<ProjectThing>, StoreError> {
        let mut known = self.store.things(sync.id(), rules.thing).await?;
        give_words(rules, &mut known);
        Ok(known)
    }

    async fn look_at(
        &self,
        sync: &SyncRun,
        thing: Thing,
        settings: &ThingSettings,
        looks: &mut ThingLooks,
    ) -> Result<usize, StoreError> {
        // Where copies of another state lie, this one may have lost what it knew of versions, too.
        if sync.is_parked() || sync.is_held() {
            // What an issue shows and no list has is nobody's word until these are read.
            sync.could_not_list(thing, settings.sides().cloned());
            return Ok(0);
        }
        let rules = ThingRules { sync: &sync.settings, thing, settings };
        let key = (sync.id().clone(), thing);
        let Taken { lists, known, things, mut problems } = self.take_things(sync, rules).await?;
        let mut turn = Turn {
            sync,
            rules,
            looks,
            shut: BTreeSet::new(),
            soon: false,
            capped: false,
            sent: 0,
            new_names: BTreeSet::new(),
            steps: Vec::new(),
        };
        let things = self.write_things(&mut turn, known, things, &lists.keys().cloned().collect()).await?;
        let (soon, capped, sent) = (turn.soon, turn.capped, turn.sent);
        let mut new_names = std::mem::take(&mut turn.new_names);
        for (side, list) in &lists {
            if self.offer_things(sync, side, thing, list, &things) {
                new_names.insert(side.clone());
            }
        }
        for side in &new_names {
            self.wake_for(sync, side, thing).await?;
        }
        problems.extend(thing_problems(rules, &things));
        let waits = match (capped, soon) {
            (true, _) => Duration::ZERO,
            (false, true) => SOON.min(settings.every),
            (false, false) => settings.every,
        };
        looks.due.insert(key.clone(), self.clock.monotonic() + waits);
        let names = lists.values().flatten().map(|seen| seen.value(Property::Name).trim().to_lowercase()).collect();
        looks.last.insert(key.clone(), (self.clock.monotonic(), names));
        let ids: BTreeSet<ThingId> = things.iter().map(|thing| thing.id).collect();
        let told = looks.held_back.iter().filter(|((id, _, _), held)| ids.contains(id) && held.is_told());
        problems.extend(told.map(|(_, held)| held.waits.problem.clone()));
        looks.found.insert(key, problems);
        self.tell_things(sync, looks).await?;
        Ok(sent)
    }

    /// Reads the lists and takes them in, keeping nothing.
    pub(super) async fn take_things(&self, sync: &SyncRun, rules: ThingRules<'_>) -> Result<Taken, StoreError> {
        let (lists, problems) = self.read_things(sync, rules).await;
        sync.could_not_list(rules.thing, rules.settings.sides().filter(|side| !lists.contains_key(*side)).cloned());
        let known = self.store.things(sync.id(), rules.thing).await?;
        let made = self.made_names(sync, rules.thing).await?;
        let settle = rules.settings.sides().filter_map(|side| {
            let settle = self.instances.get(sync.instance_of(side)?)?.settings.settle;
            Some((side.clone(), SignedDuration::try_from(settle).unwrap_or(SignedDuration::MAX)))
        });
        let settle: BTreeMap<SideId, SignedDuration> = settle.collect();
        let seen = ThingsSeen { lists: &lists, made: &made, settle: &settle, now: self.now() };
        let mut named = known.clone();
        give_words(rules, &mut named);
        let things = take_in(rules, &named, &seen, &mut || ThingId(self.entropy.next_id(self.now())));
        Ok(Taken { lists, known, things, problems })
    }

    /// The lists of the sides that answer; what those say that do not.
    async fn read_things(
        &self,
        sync: &SyncRun,
        rules: ThingRules<'_>,
    ) -> (BTreeMap<SideId, Vec<SeenThing>>, Vec<Problem>) {
        let read = rules.settings.sides().filter_map(|side| {
            let settings = sync.side(side)?;
            let instance = self.instances.get(&settings.instance)?;
            instance.pause().is_none().then_some((side, settings, instance))
        });
        let read = read.map(async |(side, settings, instance)| {
            (side, instance, instance.patiently(instance.read.things(&settings.project, rules.thing)).await)
        });
        let (mut lists, mut problems) = (BTreeMap::new(), Vec::new());
        for (side, instance, answer) in futures_util::future::join_all(read).await {
            match answer {
                Ok(list) => drop(lists.insert(side.clone(), list)),
                Err(error) => {
                    if !instance.failed(&error) {
                        problems.push(Problem {
                            side: side.clone(),
                            field: Some(thing_field(rules.thing)),
                            what: format!("the {}s cannot be read: {error}", rules.thing.word()),
                            remedy: "let the sync user browse the project; it is tried again".to_owned(),
                            operation: None,
                            settles: false,
                        });
                    }
                }
            }
        }
        (lists, problems)
    }

    /// The names that the sync user gave at each side, which are nobody's word there: for another sync, and, where some side does not
    /// see another, for an issue of this one.
    async fn made_names(&self, sync: &SyncRun, thing: Thing) -> Result<BTreeMap<SideId, BTreeSet<String>>, StoreError> {
        let sides = &sync.settings.sides;
        let apart = sides.iter().any(|side| side.sees.len() < sides.len());
        let mut names: BTreeMap<SideId, BTreeSet<String>> = BTreeMap::new();
        for made in self.store.made_things(thing).await? {
            let own = &made.sync == sync.id();
            if own && !(apart && made.for_issue) {
                continue;
            }
            let known = self.syncs.get(&made.sync).and_then(|of| of.side(&made.side));
            let is_there = |side: &&SideSettings| match known {
                Some(known) => (&known.instance, &known.project) == (&side.instance, &side.project),
                // Of a sync that is not configured any more: any project of that instance.
                None => made.instance.as_str().is_empty() || made.instance == side.instance,
            };
            for side in sides.iter().filter(is_there) {
                names.entry(side.id.clone()).or_default().insert(made.name.trim().to_lowercase());
            }
        }
        Ok(names)
    }

    /// Plans and writes, in turns, and keeps what is known before anything is sent and after.
    async fn write_things(
        &self,
        turn: &mut Turn<'_>,
        mut known: Vec<ProjectThing>,
        mut things: Vec<ProjectThing>,
        read: &BTreeSet<SideId>,
    ) -> Result<Vec<ProjectThing>, StoreError> {
        for _ in 0..TURNS {
            let wanted = Self::things_wanted(turn, &things, read);
            let mut writes: Vec<ThingWrite> = Vec::new();
            for write in wanted.into_iter().filter(|write| self.may_send(turn, write)) {
                if turn.sent + writes.len() >= MOST_WRITES {
                    turn.capped = true;
                    break;
                }
                writes.push(write);
            }
            if writes.is_empty() {
                self.keep_known(turn, &known, &mut things, &[]).await?;
                return Ok(things);
            }
            // Each by itself, with what became of those before: who is stopped here has one in doubt, and no more.
            for write in &writes {
                // A side may be shut by now, and the sync paused.
                if !self.may_send(turn, write) {
                    turn.soon = true;
                    continue;
                }
                let now = self.now();
                let Some(thing) = things.iter_mut().find(|thing| thing.id == write.id) else { continue };
                mark_sent(thing, write, now);
                turn.steps.push(ThingStep::goes(write, now));
                self.keep_known(turn, &known, &mut things, std::slice::from_ref(write)).await?;
                known.clone_from(&things);
                let (outcome, request) = traced(self.send_thing(turn, write)).await;
                turn.steps.push(ThingStep::ended(write, now, told(&outcome, self.now()), request));
                let Some(thing) = things.iter_mut().find(|thing| thing.id == write.id) else { continue };
                self.thing_outcome(turn, thing, write, outcome, now).await;
            }
            self.keep_known(turn, &known, &mut things, &[]).await?;
            known.clone_from(&things);
        }
        turn.soon = true;
        Ok(things)
    }

    /// The writes that are due, those last that were in doubt before; forgets what was held back and is not wanted any more.
    fn things_wanted(turn: &mut Turn<'_>, things: &[ProjectThing], read: &BTreeSet<SideId>) -> Vec<ThingWrite> {
        let looks = &mut *turn.looks;
        let wanted = thing_writes(turn.rules, things, read);
        let of_these: BTreeSet<ThingId> = things.iter().map(|thing| thing.id).collect();
        let due: BTreeSet<(ThingId, SideId)> = wanted.iter().map(|write| (write.id, write.side.clone())).collect();
        looks.singly.retain(|key| !of_these.contains(&key.0) || due.contains(key));
        let mut wanted: Vec<ThingWrite> = wanted
            .into_iter()
            .flat_map(|write| {
                if write.native.is_none() || !looks.singly.contains(&(write.id, write.side.clone())) {
                    return vec![write];
                }
                let one = |(property, value): (&Property, &(String, _))| ThingWrite {
                    values: [(*property, value.clone())].into(),
                    ..write.clone()
                };
                write.values.iter().map(one).collect()
            })
            .collect();
        let keys: BTreeSet<WriteKey> = wanted.iter().map(key_of).collect();
        // One that may have been made is looked for, and not wanted meanwhile.
        let is_sought = |id: &ThingId, side: &SideId| {
            let thing = things.iter().find(|thing| &thing.id == id);
            thing.and_then(|thing| thing.replicas.get(side)).is_some_and(|replica| replica.native.is_none())
        };
        looks.held_back.retain(|key, held| {
            !of_these.contains(&key.0) || keys.contains(key) || (held.in_doubt && is_sought(&key.0, &key.1))
        });
        wanted.sort_by_key(|write| looks.held_back.get(&key_of(write)).is_some_and(|held| held.in_doubt));
        wanted
    }

    /// Whether it is time to send it.
    fn may_send(&self, turn: &Turn<'_>, write: &ThingWrite) -> bool {
        let now = self.clock.monotonic();
        let waits = |waits: &Waits| waits.until > now;
        let no_right = turn.looks.no_right.get(&(turn.sync.id().clone(), write.side.clone()));
        let held_back = turn.looks.held_back.get(&key_of(write));
        let held = self.instance_at(turn.sync, &write.side).is_none_or(|(_, instance)| instance.pause().is_some());
        let held = held || turn.sync.is_parked() || turn.sync.is_held();
        !held
            && !turn.shut.contains(&write.side)
            && !no_right.is_some_and(waits)
            && !held_back.is_some_and(|back| &back.write == write && waits(&back.waits))
    }

    pub(super) fn instance_at<'a>(
        &'a self,
        sync: &'a SyncRun,
        side: &SideId,
    ) -> Option<(&'a SideSettings, &'a Instance)> {
        let settings = sync.side(side)?;
        Some((settings, self.instances.get(&settings.instance)?))
    }

    async fn send_thing(&self, turn: &mut Turn<'_>, write: &ThingWrite) -> WriteOutcome<Option<SeenThing>> {
        let there = self.instance_at(turn.sync, &write.side);
        let Some((settings, instance)) = there.filter(|_| !turn.shut.contains(&write.side)) else {
            return WriteOutcome::NotSent { why: "nothing more is sent there for now".to_owned(), wait_ms: 0 };
        };
        if instance.pause().is_some() || turn.sync.is_parked() || turn.sync.is_held() {
            return WriteOutcome::NotSent { why: "it is left alone for now".to_owned(), wait_ms: 0 };
        }
        turn.sent += 1;
        self.hands.write_thing(&settings.instance, &settings.project, write).await
    }

    /// Keeps what changed, and the names that are about to be given. What is nowhere any more is forgotten.
    async fn keep_known(
        &self,
        turn: &mut Turn<'_>,
        known: &[ProjectThing],
        things: &mut Vec<ProjectThing>,
        writes: &[ThingWrite],
    ) -> Result<(), StoreError> {
        let sync = turn.sync;
        let gone = |thing: &ProjectThing| thing.replicas.values().all(|replica| replica.gone);
        things.retain(|thing| !gone(thing));
        // Those that are gone, and those that turned out to be one with another.
        let left: BTreeSet<ThingId> = things.iter().map(|thing| thing.id).collect();
        let over: Vec<ThingId> = known.iter().map(|thing| thing.id).filter(|id| !left.contains(id)).collect();
        // Before an issue can be read with a name that is about to be sent.
        sync.calls(turn.rules.thing, called(turn.rules, things));
        let before: BTreeMap<ThingId, &ProjectThing> = known.iter().map(|thing| (thing.id, thing)).collect();
        let changed = things.iter().filter(|thing| before.get(&thing.id) != Some(thing)).cloned();
        let changed: Vec<ProjectThing> = changed.collect();
        let made = writes.iter().filter_map(|write| {
            let (name, _) = write.values.get(&Property::Name)?;
            Some(MadeThing {
                sync: sync.id().clone(),
                side: write.side.clone(),
                instance: sync.instance_of(&write.side)?.clone(),
                thing: write.thing,
                name: name.clone(),
                for_issue: false,
            })
        });
        let made: Vec<MadeThing> = made.collect();
        let steps = std::mem::take(&mut turn.steps);
        if changed.is_empty() && over.is_empty() && made.is_empty() && steps.is_empty() {
            return Ok(());
        }
        self.store.keep_things(sync.id(), &changed, &over, &made, &steps).await
    }

    /// What fields that hold such things offer on a side is what its project has, but for the archived ones. Says whether that is something
    /// else now.
    fn offer_things(
        &self,
        sync: &SyncRun,
        side: &SideId,
        thing: Thing,
        list: &[SeenThing],
        things: &[ProjectThing],
    ) -> bool {
        let ours: BTreeMap<&str, &ProjectThing> =
            things.iter().filter_map(|thing| Some((thing.replicas.get(side)?.native.as_deref()?, thing))).collect();
        let value = |native: &str, read: Option<&SeenThing>, property: Property| {
            let held = ours.get(native).and_then(|thing| thing.replicas.get(side)?.held.get(&property));
            held.map(|held| held.value.clone()).or_else(|| read.map(|read| read.value(property).to_owned()))
        };
        let read = list.iter().map(|read| (read.native.as_str(), Some(read)));
        let made = ours.keys().filter(|native| !list.iter().any(|read| read.native == **native));
        let made = made.filter(|native| ours.get(**native).is_some_and(|thing| is_there(thing, side)));
        let all = read.chain(made.map(|native| (*native, None)));
        let offered = all.filter(|(native, read)| value(native, *read, Property::Archived).as_deref() != Some("true"));
        let names = offered.filter_map(|(native, read)| value(native, read, Property::Name)).collect();
        sync.offers_these(side, thing, &names)
    }

    /// Has the items looked at that lacked such a thing on a side.
    async fn wake_for(&self, sync: &SyncRun, side: &SideId, thing: Thing) -> Result<(), StoreError> {
        let catalogs = sync.catalogs();
        for row in sync.settings.fields.values() {
            let shape = row.sides.get(side).and_then(|field| catalogs.get(side)?.shapes.get(field));
            let holds = match thing {
                Thing::Version => matches!(shape, Some(Shape::Version | Shape::Versions)),
                Thing::Component => shape == Some(&Shape::Components),
            };
            if holds {
                self.store.wake_troubled(sync.id(), side, &row.name, self.now(), &Occasion::Awaited).await?;
            }
        }
        Ok(())
    }

    /// Keeps the problems of both kinds of a sync, where they are others than before. A missing right is told once.
    async fn tell_things(&self, sync: &SyncRun, looks: &mut ThingLooks) -> Result<(), StoreError> {
        let found = looks.found.iter().filter(|((of, _), _)| of == sync.id()).flat_map(|(_, problems)| problems);
        let no_right = looks.no_right.iter().filter(|((of, _), _)| of == sync.id()).map(|(_, waits)| &waits.problem);
        let problems: BTreeSet<&Problem> = found.chain(no_right).collect();
        let problems: Vec<Problem> = problems.into_iter().cloned().collect();
        if looks.told.get(sync.id()) != Some(&problems) {
            self.store.set_problems(&things_about(sync.id()), &problems, self.now()).await?;
            looks.told.insert(sync.id().clone(), problems);
        }
        Ok(())
    }
}

fn is_there(thing: &ProjectThing, side: &SideId) -> bool {
    thing.replicas.get(side).is_some_and(crate::model::things::ThingReplica::is_there)
}
