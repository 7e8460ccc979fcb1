//! Versions and components that were sent without an answer, and what is found for them. Must never take one for two that were sent,
//! nor for what somebody emptied what was made by another write.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::things::{ThingRules, ThingsSeen, is_same_name};
use crate::model::ids::SideId;
use crate::model::things::{HeldValue, ProjectThing, Property, SeenThing, ThingReplica};

/// Finds what was sent without an answer among those that nobody knows: first all of them by their names; then, where somebody renamed
/// it since, by all else that was sent, if that tells it from others, and one alone is like one alone. What bears the name of another that
/// is known or sought is that one.
pub(super) fn find_again(
    rules: ThingRules<'_>,
    things: &mut [ProjectThing],
    looked: &ThingsSeen<'_>,
    taken: &mut BTreeSet<(SideId, String)>,
) {
    for (side, list) in looked.lists {
        let of_name = |thing: &ProjectThing, seen: &SeenThing| {
            thing.replicas.get(side).is_some_and(|replica| is_called(replica, seen.value(Property::Name)))
        };
        let mut pairs: Vec<(usize, &SeenThing)> = Vec::new();
        // Two may be sought by one name, where somebody took it for another one meanwhile: who says all that was sent is that one.
        for whole in [true, false] {
            for (place, thing) in things.iter().enumerate().filter(|(_, thing)| is_sought(thing, side)) {
                let is_it = |seen: &&SeenThing| {
                    let is_whole = || thing.replicas.get(side).is_some_and(|replica| says_all_else(replica, seen));
                    let is_free = !taken.contains(&(side.clone(), seen.native.clone()));
                    is_free && of_name(thing, seen) && (!whole || is_whole())
                };
                let is_paired = pairs.iter().any(|(paired, _)| *paired == place);
                if let Some(found) = list.iter().find(is_it).filter(|_| !is_paired) {
                    taken.insert((side.clone(), found.native.clone()));
                    pairs.push((place, found));
                }
            }
        }
        let named: BTreeSet<usize> = pairs.iter().map(|(place, _)| *place).collect();
        let alike = |place: usize, thing: &ProjectThing| -> Vec<&SeenThing> {
            let Some(replica) = thing.replicas.get(side).filter(|_| is_sought(thing, side) && !named.contains(&place))
            else {
                return Vec::new();
            };
            let strangers = strangers(rules, side, &replica.held);
            // Whom people's own would go to and who may not know what was sent: what they have themselves says it, so they are told
            // nothing by that.
            if is_said_of_others(things, place, replica, |_| true)
                && strangers.iter().all(|ear| is_said_of_others(things, place, replica, |at| at == *ear))
            {
                return Vec::new();
            }
            let nobodys = |seen: &&SeenThing| {
                !taken.contains(&(side.clone(), seen.native.clone()))
                    && !things.iter().any(|other| of_name(other, seen))
            };
            list.iter().filter(nobodys).filter(|seen| is_alike(replica, seen)).collect()
        };
        let all: Vec<(usize, Vec<&SeenThing>)> =
            things.iter().enumerate().map(|(place, thing)| (place, alike(place, thing))).collect();
        for (place, found) in &all {
            if let [one] = *found.as_slice()
                && all.iter().filter(|(_, others)| others.iter().any(|other| other.native == one.native)).count() == 1
            {
                pairs.push((*place, one));
            }
        }
        for (place, found) in pairs {
            taken.insert((side.clone(), found.native.clone()));
            if let Some(thing) = things.get_mut(place) {
                take_for_sent(thing, side, found, looked.now);
            }
        }
    }
}

/// Whether that is what one is called there, or is about to be.
pub(super) fn is_called(replica: &ThingReplica, name: &str) -> bool {
    let sent = replica.sent.get(&Property::Name).into_iter().flatten().map(|sent| sent.value.as_str());
    sent.chain([replica.value(Property::Name)]).any(|known| is_same_name(known, name))
}

/// Whether one was sent there, and nobody knows whether it was made.
pub(super) fn is_sought(thing: &ProjectThing, side: &SideId) -> bool {
    thing.replicas.get(side).is_some_and(|replica| replica.native.is_none() && !replica.gone)
}

/// What was sent there is not looked for any more. It may land yet, once its name is given up.
pub(super) fn give_up(thing: &mut ProjectThing, side: &SideId, now: Timestamp) {
    let Some(replica) = thing.replicas.get(side) else { return };
    let (name, sent) = (replica.value(Property::Name).to_lowercase(), replica.held.clone());
    thing.given_up.entry(side.clone()).or_default().insert(name, now);
    let all = thing.given_up_as.entry(side.clone()).or_default();
    if !all.contains(&sent) {
        all.push(sent);
    }
}

/// A name is a person's again, once what was given up under it cannot turn up any more.
pub(super) fn forget_given_up(thing: &mut ProjectThing, may_turn_up: impl Fn(&SideId, Timestamp) -> bool) {
    thing.given_up.retain(|side, names| {
        names.retain(|_, since| may_turn_up(side, *since));
        !names.is_empty()
    });
    let names = &thing.given_up;
    thing.given_up_as.retain(|side, all| {
        all.retain(|sent| names.get(side).is_some_and(|names| names.contains_key(&name_of(sent).to_lowercase())));
        !all.is_empty()
    });
}

/// Whether what a side shows, and nobody knows, may be what was given up there. A name alone says little: what was sent again had it,
/// too, and when somebody renamed that, people may have made another by the name that was free. So one of that name is theirs where
/// nothing else is as it was sent. Not where somebody would hear of it who does not see whose name it was: it may be ours, and all
/// else of it changed since.
pub(super) fn is_late(rules: ThingRules<'_>, thing: &ProjectThing, side: &SideId, seen: &SeenThing) -> bool {
    let name = seen.value(Property::Name);
    let Some(names) = thing.given_up.get(side) else { return false };
    if !names.contains_key(&name.trim().to_lowercase()) {
        return false;
    }
    let all = thing.given_up_as.get(side).into_iter().flatten();
    let mut all = all.filter(|sent| is_same_name(name_of(sent), name)).peekable();
    // An earlier release kept nothing but the name.
    all.peek().is_none() || all.any(|sent| !strangers(rules, side, sent).is_empty() || !is_another(sent, seen))
}

/// Who would hear of it, were it taken for people's own of that side, and does not see whose name it is.
fn strangers<'r>(rules: ThingRules<'r>, side: &SideId, sent: &BTreeMap<Property, HeldValue>) -> BTreeSet<&'r SideId> {
    let of = sent.get(&Property::Name).and_then(|name| name.knows.as_ref());
    let may_know = |ear: &SideId| of.is_some_and(|of| rules.sees(ear, &of.side));
    rules.settings.sides().filter(|ear| rules.sees(ear, side) && !may_know(ear)).collect()
}

/// Whether all but the name is said of another one, too, on such a side: of what people make next they may say it again, so it does not
/// tell what was sent from what they made.
fn is_said_of_others(things: &[ProjectThing], place: usize, sent: &ThingReplica, on: impl Fn(&SideId) -> bool) -> bool {
    let is_same =
        |property: Property, one: &str, other: &str| one == other || !property.is_said(one) && !property.is_said(other);
    let says_it = |other: &ThingReplica| {
        let mut told = sent.held.iter().filter(|(property, _)| **property != Property::Name);
        told.all(|(property, held)| is_same(*property, other.value(*property), &held.value))
    };
    let others = things.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
    let there = others.flat_map(|other| &other.replicas).filter(|(side, _)| on(side)).map(|(_, replica)| replica);
    there.filter(|replica| !replica.gone).any(says_it)
}

fn name_of(sent: &BTreeMap<Property, HeldValue>) -> &str {
    sent.get(&Property::Name).map_or("", |name| name.value.as_str())
}

/// Whether more than a name was sent, and nothing but the name is as it was.
fn is_another(sent: &BTreeMap<Property, HeldValue>, found: &SeenThing) -> bool {
    let mut told = sent.iter().filter(|(property, _)| **property != Property::Name).peekable();
    told.peek().is_some() && told.all(|(property, held)| found.value(*property) != held.value)
}

/// Takes what was found for what was sent there without an answer. Where nothing but the name is as it was sent, another one was made by
/// that name, for an issue or by somebody: what it does not say was emptied by nobody.
fn take_for_sent(thing: &mut ProjectThing, side: &SideId, found: &SeenThing, now: Timestamp) {
    let is_another = thing.replicas.get(side).is_some_and(|replica| is_another(&replica.held, found));
    if is_another {
        give_up(thing, side, now);
    }
    let Some(replica) = thing.replicas.get_mut(side) else { return };
    replica.native = Some(found.native.clone());
    replica.sent.clear();
    let silent = |property: Property| is_another && found.value(property).is_empty();
    for (_, held) in replica.held.iter_mut().filter(|(property, _)| silent(**property)) {
        *held = HeldValue { value: String::new(), knows: None, theirs: false };
    }
}

/// Whether all but the name is what was sent, and says something.
fn is_alike(replica: &ThingReplica, seen: &SeenThing) -> bool {
    let mut others = replica.held.iter().filter(|(property, _)| **property != Property::Name);
    others.any(|(property, held)| property.is_said(&held.value)) && says_all_else(replica, seen)
}

/// Whether all but the name is what was sent.
fn says_all_else(replica: &ThingReplica, seen: &SeenThing) -> bool {
    let mut others = replica.held.iter().filter(|(property, _)| **property != Property::Name);
    others.all(|(property, held)| seen.value(*property) == held.value)
}
