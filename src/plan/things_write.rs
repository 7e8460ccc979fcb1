//! What is to be written of versions and components, what becomes of it, and what is told of them. Must never delete one, take a
//! day away, or make again what somebody deleted.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::things::ThingRules;
use crate::model::ids::{FieldName, SideId, ThingId};
use crate::model::operation::Thing;
use crate::model::problem::Problem;
use crate::model::things::{
    HeldValue, LostValue, ProjectThing, Property, SeenThing, SentValue, ThingReplica, ThingWrite,
};

/// Sides that are written to, in the fixed order.
fn receivers<'a>(rules: ThingRules<'a>, read: &BTreeSet<SideId>) -> Vec<&'a SideId> {
    rules.sync.side_ids().filter(|side| rules.settings.to.contains(*side) && read.contains(*side)).collect()
}

/// The writes that are due on the sides that were just read. Changes go first: a name may be given up by one, and taken by another.
#[must_use]
pub fn thing_writes(rules: ThingRules<'_>, things: &[ProjectThing], read: &BTreeSet<SideId>) -> Vec<ThingWrite> {
    let mut changes = Vec::new();
    let mut makes = Vec::new();
    // As they were made: our own ids are random, and in what order things come to be on a side may rest on nobody whom it does not see.
    let mut in_order: Vec<&ProjectThing> = things.iter().collect();
    in_order.sort_by_key(|thing| origin(rules, thing));
    for thing in in_order {
        for side in receivers(rules, read) {
            match thing.replicas.get(side) {
                None => makes.extend(make(rules, thing, side)),
                Some(replica) if replica.is_there() => changes.extend(change(rules, thing, side, replica)),
                Some(_) => {}
            }
        }
    }
    changes.extend(makes);
    changes
}

/// Where people made it: the place of the first such side, and its number there.
fn origin(rules: ThingRules<'_>, thing: &ProjectThing) -> (usize, u64, ThingId) {
    let made = thing.made_on.iter().min_by_key(|side| rules.order(side));
    let native = made.and_then(|side| thing.replicas.get(side)?.native.as_deref()?.parse().ok());
    (made.map_or(usize::MAX, |side| rules.order(side)), native.unwrap_or(u64::MAX), thing.id)
}

/// The contract of Cloud says that `released` is "not applicable when creating", so flags follow with a change.
fn make(rules: ThingRules<'_>, thing: &ProjectThing, side: &SideId) -> Option<ThingWrite> {
    if !rules.may_hold(thing, side) {
        return None;
    }
    let agreed = |property| rules.agreed(thing, side, property);
    // What is put away already is of no use to somebody who never had it.
    if agreed(Property::Archived).is_some_and(|(_, value)| value == "true") {
        return None;
    }
    agreed(Property::Name).filter(|(_, name)| !name.is_empty())?;
    let told = rules.carried().filter(|property| !property.is_flag());
    let values = told.filter_map(|property| {
        let (key, value) = agreed(property).filter(|(_, value)| !value.is_empty())?;
        Some((property, (value.to_owned(), key)))
    });
    Some(ThingWrite { id: thing.id, thing: rules.thing, side: side.clone(), native: None, values: values.collect() })
}

fn change(rules: ThingRules<'_>, thing: &ProjectThing, side: &SideId, replica: &ThingReplica) -> Option<ThingWrite> {
    let values = rules.carried().filter_map(|property| {
        let (key, value) = rules.agreed(thing, side, property)?;
        let disputed = thing.disputes.get(&property).is_some_and(|sides| sides.contains(side));
        let held = replica.held.get(&property)?;
        let due = held.knows.as_ref() != Some(&key) && held.value != value && !disputed;
        (due && !takes_a_day(property, value)).then(|| (property, (value.to_owned(), key)))
    });
    let write = ThingWrite {
        id: thing.id,
        thing: rules.thing,
        side: side.clone(),
        native: replica.native.clone(),
        values: values.collect(),
    };
    (!write.values.is_empty()).then_some(write)
}

fn takes_a_day(property: Property, value: &str) -> bool {
    property.is_day() && value.is_empty()
}

/// Notes that a write is about to be sent. This is made durable first.
pub fn mark_sent(thing: &mut ProjectThing, write: &ThingWrite, now: Timestamp) {
    let replica = thing.replicas.entry(write.side.clone()).or_default();
    for (property, (value, key)) in &write.values {
        if let Some(held) = replica.held.get(property).filter(|held| held.theirs) {
            thing.lost.retain(|lost| (lost.property, &lost.side) != (*property, &write.side));
            thing.lost.push(LostValue {
                property: *property,
                side: write.side.clone(),
                value: held.value.clone(),
                by: key.side.clone(),
                stands: value.clone(),
            });
        }
        if *property == Property::Name && write.native.is_some() {
            replica.given.insert(value.clone(), key.side.clone());
        }
        // One in doubt since before stays in doubt: it may still land.
        let sent = replica.sent.entry(*property).or_default();
        if !sent.iter().any(|sent| &sent.value == value) {
            sent.push(SentValue { value: value.clone(), knows: key.clone(), at: now });
        }
        if write.native.is_none() {
            let held = HeldValue { value: value.clone(), knows: Some(key.clone()), theirs: false };
            replica.held.insert(*property, held);
        }
    }
}

/// Jira took a write. `answer`: what it said stands there now.
pub fn mark_done(
    rules: ThingRules<'_>,
    thing: &mut ProjectThing,
    write: &ThingWrite,
    answer: Option<&SeenThing>,
    now: Timestamp,
) {
    let Some(replica) = thing.replicas.get_mut(&write.side) else { return };
    if let (None, Some(made)) = (&write.native, answer) {
        replica.native = Some(made.native.clone());
        for property in rules.carried() {
            let value = made.value(property).to_owned();
            let knows = write.values.get(&property).map(|(_, key)| key.clone());
            replica.held.insert(property, HeldValue { value, knows, theirs: false });
        }
    } else {
        for (property, (value, key)) in &write.values {
            let value = answer.map_or(value.as_str(), |seen| seen.value(*property)).to_owned();
            replica.held.insert(*property, HeldValue { value, knows: Some(key.clone()), theirs: false });
        }
    }
    settled(replica, write, now);
}

/// What was sent at `now` is not under way any more.
fn settled(replica: &mut ThingReplica, write: &ThingWrite, now: Timestamp) {
    replica.sent.retain(|property, sent| {
        if write.values.contains_key(property) {
            sent.retain(|sent| sent.at != now);
        }
        !sent.is_empty()
    });
}

/// Nothing was written.
pub fn mark_not_done(thing: &mut ProjectThing, write: &ThingWrite, now: Timestamp) {
    if write.native.is_none() {
        thing.replicas.remove(&write.side);
    } else if let Some(replica) = thing.replicas.get_mut(&write.side) {
        settled(replica, write, now);
    }
}

/// The name of the field under which problems are told.
#[must_use]
pub fn thing_field(thing: Thing) -> FieldName {
    FieldName::new(match thing {
        Thing::Version => "versions",
        Thing::Component => "components",
    })
}

/// What needs a person.
#[must_use]
pub fn thing_problems(rules: ThingRules<'_>, things: &[ProjectThing]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let word = rules.thing.word();
    let mut tell = |side: &SideId, what: String, remedy: &str| {
        let field = Some(thing_field(rules.thing));
        problems.push(Problem {
            side: side.clone(),
            field,
            what,
            remedy: remedy.to_owned(),
            operation: None,
            settles: false,
        });
    };
    for thing in things {
        let name =
            |side: &SideId| thing.replicas.get(side).map_or("", |replica| replica.value(Property::Name)).to_owned();
        for lost in &thing.lost {
            let what = format!(
                "the {} of the {word} `{}` was made `{}` here and `{}` at `{}`, and neither knew: `{}` stands",
                lost.property.word(),
                name(&lost.side),
                lost.value,
                lost.stands,
                lost.by,
                lost.stands
            );
            tell(&lost.side, what, "set what is right in Jira; this is over once that property is changed again");
        }
        if let Some(side) = thing.replicas.keys().next().filter(|side| thing.late && !name(side).is_empty()) {
            let what =
                format!("the {word} `{}` landed here long after nobody answered, and is one too many", name(side));
            tell(side, what, "delete it, or merge it into the one that is kept in step; the sync deletes none");
        }
        for (property, sides) in &thing.disputes {
            for side in sides {
                let value = thing.replicas.get(side).map_or("", |replica| replica.value(*property));
                let what = format!(
                    "the {} of the {word} `{}` is disputed: here it is `{value}`, and stays so",
                    property.word(),
                    name(side)
                );
                tell(side, what, "make it the same on the sides in dispute");
            }
        }
        let stands: Vec<&SideId> =
            thing.replicas.iter().filter(|(_, replica)| replica.is_there()).map(|(side, _)| side).collect();
        for (side, replica) in &thing.replicas {
            if replica.gone && !stands.is_empty() {
                let others = stands.iter().map(|side| format!("`{side}`")).collect::<Vec<_>>().join(", ");
                let what = format!("the {word} `{}` was deleted or merged here, and stands at {others}", name(side));
                let remedy = "delete it there too, or make one of that name here; the sync deletes none, since that rewrites issues";
                tell(side, what, remedy);
            }
            let taken = rules.carried().filter(|property| {
                let agreed = rules.agreed(thing, side, *property);
                let held = replica.held.get(property);
                let receives = replica.is_there() && rules.settings.to.contains(side);
                receives
                    && agreed.is_some_and(|(key, value)| {
                        let due = held.is_some_and(|held| held.knows.as_ref() != Some(&key) && held.value != value);
                        due && takes_a_day(*property, value)
                    })
            });
            for property in taken {
                let what = format!(
                    "the {} of the {word} `{}` was taken away elsewhere and stands here: Jira documents no way to take it away",
                    property.word(),
                    name(side)
                );
                tell(side, what, "take it away here by hand");
            }
        }
    }
    problems
}
