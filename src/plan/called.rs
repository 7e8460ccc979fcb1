//! Versions and components by what everybody may call them: the words that issues' rows share for them. Must never make a word of a
//! name that only some sides may know.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::things::ThingRules;
use crate::model::ids::{SideId, ThingId};
use crate::model::things::{Called, ProjectThing, Property, ThingReplica};

/// What the things are called on each side, and which word that is for the others.
///
/// A row of such a field shares no names of a side as they are: one that a partner gave would be read at home as home's people's own,
/// and go on to the other partner. The word for a thing is the name of the newest act that every side sees, and before that the one
/// under which it was met. So what a side makes of it by itself is another name there for the same word.
#[must_use]
pub fn called(rules: ThingRules<'_>, things: &[ProjectThing]) -> BTreeMap<SideId, Called> {
    let words = words(rules, things);
    let mut all = BTreeMap::new();
    for side in rules.sync.side_ids() {
        let (mut by_word, mut by_name) = (BTreeMap::new(), BTreeMap::new());
        // Those that are there go last: what stands under a word or a name is meant before what stood or may come.
        let mut in_order: Vec<&ProjectThing> = things.iter().collect();
        in_order.sort_by_key(|thing| thing.replicas.get(side).is_some_and(ThingReplica::is_there));
        for thing in &in_order {
            let Some((word, plain)) = words.get(&thing.id) else { continue };
            let there = thing.replicas.get(side).filter(|replica| replica.is_there());
            let name = match there {
                Some(replica) => replica.value(Property::Name),
                None => rules.agreed(thing, side, Property::Name).map_or(plain.as_str(), |(_, name)| name),
            };
            by_word.insert(word.clone(), name.to_owned());
        }
        let here = in_order.iter().filter_map(|thing| Some((thing, thing.replicas.get(side)?, words.get(&thing.id)?)));
        let here: Vec<_> = here.filter(|(_, replica, _)| !replica.gone).collect();
        for (_, replica, (word, _)) in &here {
            let given = replica.given.iter().filter(|(_, by)| !is_open(rules, by)).map(|(name, _)| name);
            by_name.extend(given.map(|name| (name.clone(), word.clone())));
        }
        for (_, replica, (word, _)) in &here {
            let sent = replica.sent.get(&Property::Name).into_iter().flatten().map(|sent| sent.value.clone());
            by_name.extend(sent.map(|name| (name, word.clone())));
        }
        for (_, replica, (word, _)) in &here {
            by_name.insert(replica.value(Property::Name).to_owned(), word.clone());
        }
        // Before a rename is on all sides, and seen in all issues, one that still is called so somewhere is what issues hold by that name.
        let taken: BTreeSet<&str> = here.iter().map(|(_, replica, _)| replica.value(Property::Name)).collect();
        for thing in &in_order {
            let Some(name) = words.get(&thing.id).and_then(|(word, _)| by_word.get(word).cloned()) else { continue };
            let there = thing.replicas.values().filter(|replica| replica.is_there());
            for other in there.map(|replica| replica.value(Property::Name)).filter(|other| !taken.contains(other)) {
                by_word.entry(other.to_owned()).or_insert_with(|| name.clone());
            }
        }
        by_word.retain(|word, name| word != name);
        by_name.retain(|name, word| name != word);
        all.insert(side.clone(), Called { by_word, by_name });
    }
    all
}

/// The word for each, and the name that it is made of.
fn words(rules: ThingRules<'_>, things: &[ProjectThing]) -> BTreeMap<ThingId, (String, String)> {
    let mut of_word: BTreeMap<&str, Vec<&ProjectThing>> = BTreeMap::new();
    for thing in things {
        of_word.entry(open_name(rules, thing)).or_default().push(thing);
    }
    let mut words = BTreeMap::new();
    for (word, mut of_word) in of_word {
        // One that is called so wherever it is has the word before one that only some call otherwise.
        of_word.sort_by_key(|thing| {
            let mut there = thing.replicas.values().filter(|replica| replica.is_there());
            (!there.all(|replica| replica.value(Property::Name) == word), thing.id)
        });
        let mut taken: BTreeSet<&SideId> = BTreeSet::new();
        for thing in of_word {
            let there = thing.replicas.iter().filter(|(_, replica)| replica.is_there());
            let there: BTreeSet<&SideId> = there.map(|(side, _)| side).collect();
            // Two that never meet on a side are one word, as one name would be.
            let own = if there.is_disjoint(&taken) { word.to_owned() } else { format!("{word} ({})", thing.id) };
            taken.extend(there);
            words.insert(thing.id, (own, word.to_owned()));
        }
    }
    words
}

/// The name that all sides may know.
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
