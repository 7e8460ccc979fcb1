//! Versions and components by what everybody may call them: the words that issues' rows share for them. Must never make a word of a
//! name that only some sides may know, and never give one a word that another had.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::things::{ThingRules, is_same_name};
use super::things_sought::{is_called, is_sought};
use crate::model::catalog::Catalog;
use crate::model::hub::ItemState;
use crate::model::ids::{SideId, ThingId};
use crate::model::settings::{FieldRow, SyncSettings};
use crate::model::things::{Called, ProjectThing, Property, ThingReplica};
use crate::model::value::Value;

/// What the things are called on each side, and which word that is for the others.
///
/// A row of such a field shares no names of a side as they are: one that a partner gave would be read at home as home's people's own,
/// and go on to the other partner. Nor does a rename move the time of change of the issues that hold it. So a thing has a word of its
/// own, the name under which it was met, and what sides call it stands there for that word.
#[must_use]
pub fn called(rules: ThingRules<'_>, things: &[ProjectThing]) -> BTreeMap<SideId, Called> {
    rules.sync.side_ids().map(|side| (side.clone(), called_on(rules, things, side))).collect()
}

fn called_on(rules: ThingRules<'_>, things: &[ProjectThing], side: &SideId) -> Called {
    let listed = rules.settings.sides().any(|known| known == side);
    let mut called = Called { by_id: listed.then(BTreeMap::new), ..Called::default() };
    let there = |thing: &ProjectThing| thing.replicas.get(side).is_some_and(ThingReplica::is_there);
    for thing in things {
        let open = open_name(rules, thing).to_owned();
        let name = match thing.replicas.get(side).filter(|_| there(thing)) {
            Some(replica) => Some(replica.value(Property::Name).to_owned()),
            None => {
                let name = rules.agreed(thing, side, Property::Name).map_or(open.as_str(), |(_, name)| name);
                let of_another = |other: &ProjectThing| {
                    let replica = other.replicas.get(side).filter(|_| there(other));
                    replica.is_some_and(|replica| is_same_name(replica.value(Property::Name), name))
                };
                // One that was sent there by another name may land yet. By this one a second would be made beside it.
                let may_land = |replica: &ThingReplica| is_sought(thing, side) && !is_called(replica, name);
                let may_land = thing.replicas.get(side).is_some_and(may_land);
                // By that name another one would be meant.
                Some(name.to_owned()).filter(|_| !may_land && !things.iter().any(of_another))
            }
        };
        called.by_word.extend(thing.words_before.iter().map(|before| (before.clone(), name.clone())));
        called.by_word.insert(thing.word.clone(), name);
        called.open.insert(thing.word.clone(), open);
        let Some(replica) = thing.replicas.get(side).filter(|replica| !replica.gone) else { continue };
        called.formerly.extend(replica.given.keys().map(|name| (name.clone(), thing.word.clone())));
    }
    let here =
        things.iter().filter_map(|thing| Some((thing, thing.replicas.get(side).filter(|replica| !replica.gone)?)));
    for (thing, replica) in here.clone() {
        let sent = replica.sent.get(&Property::Name).into_iter().flatten();
        called.by_name.extend(sent.map(|sent| (sent.value.clone(), thing.word.clone())));
    }
    // What stands there is meant before what is under way.
    for (thing, replica) in here {
        let name = replica.value(Property::Name);
        called.by_name.insert(name.to_owned(), thing.word.clone());
        if let (Some(by_id), Some(native)) = (&mut called.by_id, &replica.native) {
            by_id.insert(native.clone(), name.to_owned());
        }
    }
    // As it would be written it is read: also where nobody lists what there is.
    let before: BTreeSet<&String> = things.iter().flat_map(|thing| &thing.words_before).collect();
    for (word, name) in called.by_word.iter().filter(|(word, _)| !before.contains(*word)) {
        if let Some(name) = name.as_ref().filter(|name| !called.by_name.contains_key(*name)) {
            called.by_name.insert(name.clone(), word.clone());
        }
    }
    for thing in things {
        called.joined.extend(thing.words_before.iter().map(|before| (before.clone(), thing.word.clone())));
    }
    called
}

/// Gives what an item holds under a word of before the word that it has now: nobody did anything.
pub fn take_joined(item: &mut ItemState, sync: &SyncSettings, catalogs: &BTreeMap<SideId, Catalog>) {
    for row in sync.fields.values() {
        let Some(joined) = joined(row, catalogs) else { continue };
        for agreed in item.hub.get_mut(&row.name).into_iter().flat_map(BTreeMap::values_mut) {
            reword(&mut agreed.value, joined);
            for standing in &mut agreed.standing {
                reword(&mut standing.before, joined);
                reword(&mut standing.value, joined);
                standing.knew.iter_mut().for_each(|glimpse| reword(&mut glimpse.before, joined));
            }
        }
        for replica in item.replicas.values_mut() {
            let Some(base) = replica.bases.get_mut(&row.name) else { continue };
            let insisted = base.insisted.iter_mut().flat_map(|insisted| [&mut insisted.set, &mut insisted.over]);
            base.value.iter_mut().chain(insisted).for_each(|value| reword(value, joined));
        }
    }
}

/// The words of before of what a row holds; `None`: there are none.
fn joined<'c>(row: &FieldRow, catalogs: &'c BTreeMap<SideId, Catalog>) -> Option<&'c BTreeMap<String, String>> {
    row.sides.iter().find_map(|(side, field)| {
        let catalog = catalogs.get(side)?;
        let thing = catalog.shapes.get(field).and_then(|shape| shape.thing())?;
        catalog.called.get(&thing).map(|called| &called.joined).filter(|joined| !joined.is_empty())
    })
}

fn reword(value: &mut Value, joined: &BTreeMap<String, String>) {
    let now = |word: &String| joined.get(word).unwrap_or(word).clone();
    match value {
        Value::Words(words) => *words = words.iter().map(now).collect(),
        Value::Choice(word) => *word = now(word),
        Value::Empty
        | Value::Line(_)
        | Value::Document(_)
        | Value::Person(_)
        | Value::Day(_)
        | Value::Number(_)
        | Value::Moment(_) => {}
    }
}

/// Gives a word to each that has none: an earlier release met them, or this look does.
pub fn give_words(rules: ThingRules<'_>, things: &mut [ProjectThing]) {
    let words = |thing: &ProjectThing| thing.words_before.iter().chain([&thing.word]).cloned().collect::<Vec<_>>();
    let mut taken: BTreeSet<String> = things.iter().flat_map(words).collect();
    // The plain word goes to whatever is called so wherever it is there: so an earlier release had it.
    let is_called_otherwise = |thing: &ProjectThing| {
        let open = open_name(rules, thing);
        thing.replicas.values().any(|replica| replica.is_there() && replica.value(Property::Name) != open)
    };
    let mut places: Vec<usize> = (0..things.len()).collect();
    places.sort_by_key(|place| things.get(*place).map(|thing| (is_called_otherwise(thing), thing.id)));
    for place in places {
        let Some(thing) = things.get(place).filter(|thing| thing.word.is_empty()) else { continue };
        let (name, id) = (open_name(rules, thing).to_owned(), thing.id);
        let word = new_word(&taken, &name, id);
        taken.insert(word.clone());
        if let Some(thing) = things.get_mut(place) {
            (thing.word, thing.met_as) = (word, name);
        }
    }
}

/// The name, or, where that is the word of another already, the name and who it is.
pub(super) fn new_word(taken: &BTreeSet<String>, name: &str, id: ThingId) -> String {
    if taken.contains(name) { format!("{name} ({id})") } else { name.to_owned() }
}

/// The name that all sides may know: by the newest act that every side sees, and before that the one under which it was met.
pub(super) fn open_name<'t>(rules: ThingRules<'_>, thing: &'t ProjectThing) -> &'t str {
    let acts = thing.acts.get(&Property::Name).into_iter().flatten();
    let open = acts.filter(|(side, _)| rules.settings.from.contains(*side) && is_open(rules, side));
    let is_there = |side: &SideId, number: u64| {
        thing.acts.get(&Property::Name).and_then(|acts| acts.get(side)).is_some_and(|act| act.number == number)
    };
    let newest = open.max_by_key(|(side, act)| {
        let beaten = act.lost_to.iter().any(|key| is_open(rules, &key.side) && is_there(&key.side, key.number));
        (!beaten, act.number, Reverse(rules.order(side)))
    });
    let met = Some(thing.met_as.as_str()).filter(|name| !name.is_empty());
    // One that an earlier release met.
    let first = || {
        let made = thing.made_on.iter().chain(thing.replicas.keys()).find_map(|side| thing.replicas.get(side));
        made.map_or("", |replica| replica.value(Property::Name))
    };
    newest.map(|(_, act)| act.value.as_str()).or(met).unwrap_or_else(first)
}

/// Whether every side sees what people of one do.
fn is_open(rules: ThingRules<'_>, side: &SideId) -> bool {
    rules.sync.side_ids().all(|other| rules.sees(other, side))
}
