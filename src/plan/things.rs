//! Versions and components: the projects' lists and what is known -> what is known now. It pairs what is one thing, tells people's
//! acts from our own writes, and says which of them stands for whom. Must never let a side's people be heard by one that does not
//! see them, and never take what the sync user made for an issue as the word of the side where it lies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::things_sought::{find_again, forget_given_up, give_up, is_called, is_late, is_sought};
use crate::model::ids::{SideId, ThingId};
use crate::model::operation::Thing;
use crate::model::settings::{ConflictPolicy, SyncSettings};
use crate::model::things::{
    ActKey, HeldValue, LostValue, ProjectThing, Property, SeenThing, ThingAct, ThingReplica, ThingSettings,
};

/// How long a write without an answer may still land. What a later look shows first may have landed before.
const MAY_LAND: SignedDuration = SignedDuration::from_mins(10);
/// How long one that was given up may still turn up. A name is a person's again after that.
const MAY_TURN_UP: SignedDuration = SignedDuration::from_hours(24);

/// What the configuration says of one kind of thing in one sync.
#[derive(Clone, Copy)]
pub struct ThingRules<'a> {
    /// The sync.
    pub sync: &'a SyncSettings,
    /// Which of the two.
    pub thing: Thing,
    /// What is carried.
    pub settings: &'a ThingSettings,
}

/// What was read.
pub struct ThingsSeen<'a> {
    /// The whole lists of the projects that answered, by side.
    pub lists: &'a BTreeMap<SideId, Vec<SeenThing>>,
    /// The names, in small letters, that the sync user gave at a side.
    pub made: &'a BTreeMap<SideId, BTreeSet<String>>,
    /// For how long a side must not show a thing to have lost it.
    pub settle: &'a BTreeMap<SideId, SignedDuration>,
    /// Our time.
    pub now: Timestamp,
}

/// Something that people did, before it is known what stands.
struct NewAct {
    property: Property,
    value: String,
    /// The newest act that whoever did it could know of.
    knew: u64,
    /// It was found where it was not looked at before: nobody knows how old it is.
    met: bool,
}

impl ThingRules<'_> {
    /// Whether what people of `of` do may reach a side.
    pub(super) fn sees(&self, side: &SideId, of: &SideId) -> bool {
        side == of || self.sync.side(side).is_some_and(|settings| settings.sees.contains(of))
    }

    /// What is carried of a thing.
    pub(super) fn carried(&self) -> impl Iterator<Item = Property> {
        let carried = |property: &&Property| **property == Property::Name || self.settings.carry.contains(property);
        Property::of(self.thing).iter().filter(carried).copied()
    }

    pub(super) fn order(&self, side: &SideId) -> usize {
        self.sync.side_ids().position(|known| known == side).unwrap_or(usize::MAX)
    }

    /// What a side is to hold of a property: the act that stands among those of the sides that it sees.
    pub(super) fn agreed<'t>(
        &self,
        thing: &'t ProjectThing,
        side: &SideId,
        property: Property,
    ) -> Option<(ActKey, &'t str)> {
        let acts = thing.acts.get(&property)?;
        let heard = |from: &SideId| self.settings.from.contains(from) && self.sees(side, from);
        let is_there = |key: &ActKey| acts.get(&key.side).is_some_and(|act| act.number == key.number);
        let beaten = |act: &ThingAct| act.lost_to.iter().any(|key| heard(&key.side) && is_there(key));
        let rank = |(from, act): &(&SideId, &ThingAct)| (!beaten(act), act.number, Reverse(self.order(from)));
        let (from, act) = acts.iter().filter(|(from, _)| heard(from)).max_by_key(rank)?;
        Some((ActKey { number: act.number, side: from.clone() }, act.value.as_str()))
    }

    /// Whether a thing may be made on a side: the side sees one whose people made it, where it still stands.
    pub(super) fn may_hold(&self, thing: &ProjectThing, side: &SideId) -> bool {
        let stands = |from: &SideId| thing.replicas.get(from).is_some_and(ThingReplica::is_there);
        let gives = |from: &&SideId| *from != side && self.settings.from.contains(*from) && self.sees(side, from);
        self.settings.to.contains(side) && thing.made_on.iter().filter(gives).any(stands)
    }

    /// What a thing is called on a side, or is about to be.
    fn name_at<'t>(&self, thing: &'t ProjectThing, side: &SideId) -> Option<&'t str> {
        match thing.replicas.get(side) {
            Some(replica) if replica.gone || replica.missing.is_some() => None,
            Some(replica) => Some(replica.value(Property::Name)),
            None if self.may_hold(thing, side) => self.agreed(thing, side, Property::Name).map(|(_, name)| name),
            None => None,
        }
    }

    /// Whether what a side calls `name` is this thing. Jira takes one name per project, whatever the case of its letters; sides that
    /// do not see each other are not compared.
    fn is_it(&self, thing: &ProjectThing, side: &SideId, name: &str, ours: bool) -> bool {
        let free = thing.replicas.get(side).is_none_or(|replica| replica.gone || replica.missing.is_some());
        let near = |other: &&SideId| self.sees(other, side) || self.sees(side, other);
        let called = |other: &SideId| self.name_at(thing, other).is_some_and(|there| is_same_name(there, name));
        // Or as all may know it, where some call it otherwise: so it is made for an issue. A person's own is never told by that.
        let known_as = |other: &SideId| {
            ours && self.name_at(thing, other).is_some() && is_same_name(super::called::open_name(*self, thing), name)
        };
        free && self.settings.sides().filter(near).any(|other| called(other) || known_as(other))
    }
}

/// Whether Jira takes two names for one.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Takes the lists in. `new_id` gives ids nobody has.
pub fn take_in(
    rules: ThingRules<'_>,
    known: &[ProjectThing],
    seen: &ThingsSeen<'_>,
    new_id: &mut dyn FnMut() -> ThingId,
) -> Vec<ProjectThing> {
    let mut look = Look { rules, seen, things: known.to_vec(), numbers: BTreeMap::new() };
    look.leave_ids_given_again();
    look.known_ones();
    // Those whose acts count go first: what only receives has nothing to begin.
    let (first, then): (Vec<&SideId>, Vec<&SideId>) = rules
        .sync
        .side_ids()
        .filter(|side| seen.lists.contains_key(*side))
        .partition(|side| rules.settings.from.contains(*side));
    for side in first.into_iter().chain(then) {
        look.newcomers(side, new_id);
    }
    look.join();
    for thing in &mut look.things {
        // Not before what a side shows was compared with it: it may have turned up in time, while nobody could look.
        let is_read = |side: &SideId| seen.lists.contains_key(side);
        forget_given_up(thing, |side, since| !is_read(side) || seen.now.duration_since(since) < MAY_TURN_UP);
        settle(rules, thing);
    }
    look.things
}

/// The thing that a side was just given one of, for an issue, under its name: paired by the id from then on. `None`: it is none of
/// those that are known, or the side is not kept in step.
#[must_use]
pub fn take_made(
    rules: ThingRules<'_>,
    known: &[ProjectThing],
    side: &SideId,
    (made, now): (&SeenThing, Timestamp),
) -> Option<ProjectThing> {
    if !rules.settings.sides().any(|kept| kept == side) {
        return None;
    }
    let name = made.value(Property::Name);
    // What was sent there without an answer has not arrived, since this one has its name: so this is it, whatever it is called when
    // the lists are read.
    let sought = known.iter().find(|thing| {
        is_sought(thing, side) && thing.replicas.get(side).is_some_and(|replica| is_called(replica, name))
    });
    let mut thing = sought.or_else(|| known.iter().find(|thing| rules.is_it(thing, side, name, true)))?.clone();
    if sought.is_some() {
        give_up(&mut thing, side, now);
    }
    thing.replicas.insert(side.clone(), met(rules, made, false, (true, true)));
    settle(rules, &mut thing);
    Some(thing)
}

/// What a side holds when it is met. `ours`: the sync user made it, or may have. `named`: for an issue, so with nothing but its name.
fn met(rules: ThingRules<'_>, seen: &SeenThing, own: bool, (ours, named): (bool, bool)) -> ThingReplica {
    let held = |property: Property| {
        let value = seen.value(property).to_owned();
        let ours = ours && (!named || property == Property::Name);
        let theirs = !own && !ours && property.is_said(&value);
        (property, HeldValue { value, knows: None, theirs })
    };
    ThingReplica {
        native: Some(seen.native.clone()),
        held: rules.carried().map(held).collect(),
        ..ThingReplica::default()
    }
}

struct Look<'a> {
    rules: ThingRules<'a>,
    seen: &'a ThingsSeen<'a>,
    things: Vec<ProjectThing>,
    /// The number of this look's acts, by thing: all of one look are of one time.
    numbers: BTreeMap<ThingId, u64>,
}

impl Look<'_> {
    /// Jira gives no id twice, but one that was restored from a backup does (reliability.md, row 107). What is found under the id of
    /// one that was deleted there, or that is another's by now, and by another name, is no rename of it: else what a partner named
    /// would be taken for a word of the side where it lies, and go on to the others.
    fn leave_ids_given_again(&mut self) {
        let mut left: Vec<(usize, SideId)> = Vec::new();
        for (place, thing) in self.things.iter().enumerate() {
            for (side, list) in self.seen.lists {
                let Some(replica) = thing.replicas.get(side).filter(|replica| replica.native.is_some()) else {
                    continue;
                };
                let Some(seen) = list.iter().find(|seen| Some(&seen.native) == replica.native.as_ref()) else {
                    continue;
                };
                let name = seen.value(Property::Name);
                let sent = replica.sent.get(&Property::Name).into_iter().flatten();
                let mut own = sent.map(|sent| sent.value.as_str()).chain([replica.value(Property::Name)]);
                let others = self.things.iter().filter(|other| other.id != thing.id);
                let mut others = others.filter_map(|other| other.replicas.get(side)).filter(|other| !other.gone);
                let is_anothers = |other: &ThingReplica| match &other.native {
                    Some(native) => native == &seen.native,
                    // It is being made.
                    None => is_same_name(other.value(Property::Name), name),
                };
                if !own.any(|own| is_same_name(own, name)) && (replica.gone || others.any(is_anothers)) {
                    left.push((place, side.clone()));
                }
            }
        }
        for (place, side) in left {
            if let Some(replica) = self.things.get_mut(place).and_then(|thing| thing.replicas.get_mut(&side)) {
                (replica.native, replica.gone) = (None, true);
                replica.sent.clear();
                replica.missing.get_or_insert(self.seen.now);
            }
        }
    }

    /// What was met before: looked for by its id.
    fn known_ones(&mut self) {
        let mut taken: BTreeSet<(SideId, String)> = BTreeSet::new();
        for thing in &self.things {
            taken.extend(
                thing.replicas.iter().filter_map(|(side, replica)| Some((side.clone(), replica.native.clone()?))),
            );
        }
        let mut things = std::mem::take(&mut self.things);
        find_again(self.rules, &mut things, self.seen, &mut taken);
        for thing in &mut things {
            let mut acts: Vec<(SideId, NewAct)> = Vec::new();
            for (side, list) in self.seen.lists {
                let Some(replica) = thing.replicas.get_mut(side) else { continue };
                if replica.native.is_none() && replica.gone {
                    // Its id is another's: nothing can be found of it any more.
                    continue;
                }
                if replica.native.is_none() {
                    let settle = self.seen.settle.get(side).copied().unwrap_or(SignedDuration::MAX);
                    let began = replica.sent.values().flatten().map(|sent| sent.at).min();
                    // It may land yet. Then it would be one too many, since its name may be given up until then.
                    if began.is_none_or(|began| self.seen.now.duration_since(began) >= settle) {
                        give_up(thing, side, self.seen.now);
                        thing.replicas.remove(side);
                    }
                    continue;
                }
                match list.iter().find(|seen| Some(&seen.native) == replica.native.as_ref()) {
                    Some(seen) => {
                        (replica.missing, replica.gone) = (None, false);
                        let new = observe(self.rules, replica, side, (seen, self.seen.now), &thing.acts);
                        acts.extend(new.into_iter().map(|act| (side.clone(), act)));
                    }
                    None => {
                        let since = *replica.missing.get_or_insert(self.seen.now);
                        let settle = self.seen.settle.get(side).copied().unwrap_or(SignedDuration::MAX);
                        replica.gone |= self.seen.now.duration_since(since) >= settle;
                    }
                }
            }
            self.take_acts(thing, acts);
            settle(self.rules, thing);
        }
        self.things = things;
    }

    /// What a side shows and nobody knows: paired by its name, or the beginning of a new thing.
    fn newcomers(&mut self, side: &SideId, new_id: &mut dyn FnMut() -> ThingId) {
        let (rules, seen) = (self.rules, self.seen);
        let Some(list) = seen.lists.get(side) else { return };
        let known: BTreeSet<String> =
            self.things.iter().filter_map(|thing| thing.replicas.get(side)?.native.clone()).collect();
        // One of a side that only receives goes nowhere; but it is no other one, whatever it is called.
        let crosses = rules.settings.from.contains(side);
        for newcomer in list.iter().filter(|newcomer| !known.contains(&newcomer.native)) {
            let name = newcomer.value(Property::Name);
            let ours = seen.made.get(side).is_some_and(|made| made.contains(&name.trim().to_lowercase()));
            let late = self.things.iter().any(|thing| is_late(rules, thing, side, newcomer));
            let own = crosses && !ours && !late;
            let mut things = std::mem::take(&mut self.things);
            if let Some(thing) = things.iter_mut().find(|thing| rules.is_it(thing, side, name, ours)) {
                self.meet(thing, side, newcomer, own, (ours || late, ours && !late));
            } else {
                let words = things.iter().flat_map(|thing| thing.words_before.iter().chain([&thing.word]));
                let (id, words) = (new_id(), words.cloned().collect());
                let mut thing = ProjectThing {
                    id,
                    thing: rules.thing,
                    met_as: name.to_owned(),
                    word: super::called::new_word(&words, name, id),
                    words_before: BTreeSet::new(),
                    made_on: BTreeSet::new(),
                    replicas: BTreeMap::new(),
                    acts: BTreeMap::new(),
                    number: 0,
                    disputes: BTreeMap::new(),
                    lost: Vec::new(),
                    given_up: BTreeMap::new(),
                    given_up_as: BTreeMap::new(),
                    late,
                };
                self.meet(&mut thing, side, newcomer, own, (ours || late, ours && !late));
                things.push(thing);
            }
            self.things = things;
        }
    }

    /// What only receiving sides have is one with what a giving side has by the same name, by now: each that sees it there has its own
    /// already. Till then they were told apart, since the receivers may not see each other.
    fn join(&mut self) {
        let rules = self.rules;
        let gives = |thing: &ProjectThing| thing.replicas.keys().any(|side| rules.settings.from.contains(side));
        let is_own = |thing: &ProjectThing| thing.made_on.is_empty() && !gives(thing) && !thing.replicas.is_empty();
        let (own, mut things): (Vec<_>, Vec<_>) = std::mem::take(&mut self.things).into_iter().partition(is_own);
        for other in own {
            let is_one = |thing: &ProjectThing| {
                gives(thing)
                    && other.replicas.iter().all(|(side, replica)| {
                        replica.is_there()
                            && !thing.replicas.contains_key(side)
                            && rules.is_it(thing, side, replica.value(Property::Name), false)
                    })
            };
            match things.iter_mut().find(|thing| is_one(thing)) {
                Some(thing) => {
                    thing.replicas.extend(other.replicas);
                    thing.words_before.extend(other.words_before.into_iter().chain([other.word]));
                }
                None => things.push(other),
            }
        }
        self.things = things;
    }

    fn meet(
        &mut self,
        thing: &mut ProjectThing,
        side: &SideId,
        seen: &SeenThing,
        own: bool,
        (ours, named): (bool, bool),
    ) {
        let value = |property| seen.value(property).to_owned();
        thing.replicas.insert(side.clone(), met(self.rules, seen, own, (ours, named)));
        if own {
            thing.made_on.insert(side.clone());
            let said = self.rules.carried().filter(|property| property.is_said(seen.value(*property)));
            let act = |property| NewAct { property, value: value(property), knew: 0, met: true };
            let acts = said.map(|property| (side.clone(), act(property))).collect();
            self.take_acts(thing, acts);
        }
        settle(self.rules, thing);
    }

    /// Takes in what people did since the last look, and says what stands of what they did without knowing of each other.
    fn take_acts(&mut self, thing: &mut ProjectThing, acts: Vec<(SideId, NewAct)>) {
        if acts.is_empty() {
            return;
        }
        let number = *self.numbers.entry(thing.id).or_insert(thing.number + 1);
        thing.number = number;
        for (side, act) in &acts {
            // What is older than this is told no more; what this look itself found stays.
            thing.lost.retain(|lost| {
                lost.property != act.property
                    || [&lost.side, &lost.by].into_iter().any(|of| is_of(thing.acts.get(&act.property), of, number))
            });
            let made = ThingAct { number, value: act.value.clone(), met: act.met, lost_to: BTreeSet::new() };
            thing.acts.entry(act.property).or_default().insert(side.clone(), made);
            if let Some(held) = thing.replicas.get_mut(side).and_then(|replica| replica.held.get_mut(&act.property)) {
                held.knows = Some(ActKey { number, side: side.clone() });
            }
        }
        for (side, act) in &acts {
            let of_property = thing.acts.get(&act.property).cloned().unwrap_or_default();
            for (other, with) in of_property.iter().filter(|(other, _)| *other != side) {
                let both_new = acts.iter().any(|(new, too)| new == other && too.property == act.property);
                let unknown = with.number > act.knew && !(both_new && other < side);
                let heard =
                    self.rules.settings.sides().any(|ear| self.rules.sees(ear, side) && self.rules.sees(ear, other));
                if unknown && heard && !is_equal(act.property, &with.value, &act.value) {
                    self.disagree(thing, act.property, side, other);
                }
            }
        }
    }

    /// People of two sides made different things of one property. When a side is met says nothing of when its people did what is
    /// found there: that stands behind what was seen to happen, and of two such the first in order stands.
    fn disagree(&self, thing: &mut ProjectThing, property: Property, one: &SideId, other: &SideId) {
        let ranked = |side: &SideId| {
            let act = thing.acts.get(&property).and_then(|acts| acts.get(side));
            let number = act.filter(|act| !act.met).map_or(0, |act| act.number);
            let preferred = matches!(&self.rules.sync.on_conflict, ConflictPolicy::Prefer(first) if first == side);
            (preferred, number, Reverse(self.rules.order(side)))
        };
        let (winner, loser) = if ranked(one) > ranked(other) { (one, other) } else { (other, one) };
        let Some(acts) = thing.acts.get_mut(&property) else { return };
        let Some(stands) = acts.get(winner).cloned() else { return };
        let Some(lost) = acts.get_mut(loser) else { return };
        lost.lost_to.insert(ActKey { number: stands.number, side: winner.clone() });
        if self.rules.sync.on_conflict == ConflictPolicy::Ask {
            thing.disputes.entry(property).or_default().extend([one.clone(), other.clone()]);
            return;
        }
        let (value, stands) = (lost.value.clone(), stands.value);
        thing.lost.push(LostValue { property, side: loser.clone(), value, by: winner.clone(), stands });
    }
}

fn is_of(acts: Option<&BTreeMap<SideId, ThingAct>>, side: &SideId, number: u64) -> bool {
    acts.and_then(|acts| acts.get(side)).is_some_and(|act| act.number == number)
}

fn is_equal(property: Property, one: &str, other: &str) -> bool {
    one == other || (property == Property::Name && is_same_name(one, other))
}

/// What people did to a thing on one side. What we may have sent is ours.
fn observe(
    rules: ThingRules<'_>,
    replica: &mut ThingReplica,
    side: &SideId,
    (seen, now): (&SeenThing, Timestamp),
    known: &BTreeMap<Property, BTreeMap<SideId, ThingAct>>,
) -> Vec<NewAct> {
    let crosses = rules.settings.from.contains(side);
    let mut acts = Vec::new();
    for property in rules.carried() {
        let value = seen.value(property).to_owned();
        let Some(held) = replica.held.get_mut(&property) else {
            // Carried only now.
            let said = crosses && property.is_said(&value);
            replica.held.insert(property, HeldValue { value: value.clone(), knows: None, theirs: false });
            if said {
                acts.push(NewAct { property, value, knew: 0, met: true });
            }
            continue;
        };
        if held.value == value {
            continue;
        }
        let sent = replica.sent.get_mut(&property);
        if let Some(sent) = sent
            && let Some(at) = sent.iter().position(|sent| sent.value == value)
        {
            // Also when it lands late, over what somebody did since: that is agreed by now, and is written again.
            let landed = sent.remove(at);
            *held = HeldValue { value, knows: Some(landed.knows), theirs: false };
            continue;
        }
        held.value.clone_from(&value);
        if crosses {
            // Who still holds what lost knows nothing of what stands for it.
            let has_lost = |key: &&ActKey| {
                let own = known.get(&property).and_then(|acts| acts.get(side)).filter(|own| own.number == key.number);
                &key.side == side && own.is_some_and(|own| !own.lost_to.is_empty())
            };
            let knew = held.knows.as_ref().filter(|key| !has_lost(key)).map_or(0, |key| key.number);
            acts.push(NewAct { property, value, knew, met: false });
        } else {
            held.theirs = true;
        }
    }
    // Not before what is shown was compared with it: it may have landed in time, while nobody could look. Taken for a word of the side where
    // it lies, it would go on to others that may not know whose it is.
    replica.sent.retain(|_, sent| {
        sent.retain(|sent| now.duration_since(sent.at) < MAY_LAND);
        !sent.is_empty()
    });
    acts
}

/// Where a side holds what it is to hold, that act is in it; and who came to agree disputes no longer.
fn settle(rules: ThingRules<'_>, thing: &mut ProjectThing) {
    let replicas = &thing.replicas;
    thing.disputes.retain(|property, sides| {
        let held: BTreeSet<&str> = sides.iter().filter_map(|side| Some(replicas.get(side)?.value(*property))).collect();
        held.len() > 1
    });
    let mut equal: Vec<(SideId, Property, ActKey)> = Vec::new();
    for (side, replica) in thing.replicas.iter().filter(|(_, replica)| replica.native.is_some()) {
        for (property, held) in &replica.held {
            if let Some((key, value)) = rules.agreed(thing, side, *property)
                && held.value == value
                && held.knows.as_ref() != Some(&key)
            {
                equal.push((side.clone(), *property, key));
            }
        }
    }
    for (side, property, key) in equal {
        if let Some(held) = thing.replicas.get_mut(&side).and_then(|replica| replica.held.get_mut(&property)) {
            (held.knows, held.theirs) = (Some(key), false);
        }
    }
}
