//! The `versions` and `components` of a sync. Must never let something cross whose author would have to be known: Jira does not say
//! who changed a version.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::keys::{self as keys_of_all, Key};
use super::keys_things as keys;
use super::node::Cursor;
use super::problem::Findings;
use super::sides::Sides;
use super::time::duration_of;
use crate::model::operation::Thing;
use crate::model::settings::{FieldRow, SideSettings, SyncSettings};
use crate::model::things::{Property, ThingSettings};

/// Reads both. What is left out, or is `skip`, is not carried.
pub(super) fn read(
    table: &Cursor<'_>,
    settings: &SyncSettings,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> BTreeMap<Thing, ThingSettings> {
    let both = [
        (Thing::Version, &keys::VERSIONS, &keys::VERSIONS_CARRY),
        (Thing::Component, &keys::COMPONENTS, &keys::COMPONENTS_CARRY),
    ];
    let read = both.into_iter().filter_map(|(thing, key, carry)| {
        let cursor = table.get(key)?;
        Some((thing, one(&cursor, thing, carry, settings, sides, findings)?))
    });
    read.collect()
}

fn one(
    cursor: &Cursor<'_>,
    thing: Thing,
    carry: &'static Key,
    settings: &SyncSettings,
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> Option<ThingSettings> {
    if !cursor.is_table() && cursor.text() != Some("both") {
        return None;
    }
    let key = |key| if cursor.is_table() { cursor.get(key) } else { None };
    let mut from = sides.set(key(&keys::THINGS_FROM).as_ref(), findings);
    let parted: BTreeSet<_> = from.iter().filter(|side| settings.parted(side).is_some()).cloned().collect();
    if let Some(list) = key(&keys::THINGS_FROM).filter(|_| !parted.is_empty()) {
        let message =
            format!("a side in `from` parts its people, and Jira does not say who changed a {}", thing.word());
        findings.error(&list.spot, message, "take that side out of this `from`: it goes on to receive");
    }
    from.retain(|side| !parted.contains(side));
    let to = sides.set(key(&keys::THINGS_TO).as_ref(), findings);
    // Where a name is none of a side's, or a side may not stand there, that was said.
    let named = |key| cursor.get(key).is_some_and(|list| list.items().next().is_some());
    let said = !parted.is_empty()
        || (cursor.is_table()
            && [(&keys::THINGS_FROM, &from), (&keys::THINGS_TO, &to)]
                .iter()
                .any(|(key, set)| set.is_empty() && named(key)));
    if !said && from.iter().all(|from| to.iter().all(|to| from == to)) {
        let message = format!("no {} goes from one side to another", thing.word());
        findings.error(&cursor.key_spot, message, "let one side be in `from` and another in `to`, or take it out");
    }
    let words = key(carry);
    let wanted = |property: &&Property| {
        let mut named = words.iter().flat_map(Cursor::items);
        words.is_none() || named.any(|word| word.text() == Some(property.word()))
    };
    let carry = Property::of(thing).iter().filter(wanted).copied().chain([Property::Name]).collect();
    if let Some(row) = settings.fields.values().find(|row| names_otherwise(thing, row)) {
        let message = format!(
            "the rows of `fields.{}` call {}s otherwise than they would be called here",
            row.name,
            thing.word()
        );
        findings.error(
            &cursor.key_spot,
            message,
            "take its `values` out: what is kept in step has one name everywhere",
        );
    }
    let every = if cursor.is_table() {
        duration_of(cursor, &keys::THINGS_EVERY, &("10s"..="1d"), findings)
    } else {
        super::time::duration(super::time::default_of(&keys::THINGS_EVERY))
    };
    Some(ThingSettings { from, to, carry, every: every.unwrap_or(Duration::from_secs(300)) })
}

/// Refuses that two syncs keep those of one project where one of them writes there: what it wrote would be a person's word for the
/// other, and go on to its partners.
pub(super) fn check_apart(top: &Cursor<'_>, syncs: &[SyncSettings], findings: &mut Findings<'_>) {
    let tables: Vec<Cursor<'_>> = top.get(&keys_of_all::SYNC).iter().flat_map(Cursor::entries).collect();
    let both = [(Thing::Version, &keys::VERSIONS), (Thing::Component, &keys::COMPONENTS)];
    for (thing, key) in both {
        for (index, sync) in syncs.iter().enumerate() {
            let met = syncs.iter().take(index).find_map(|other| Some((other, shared(thing, sync, other)?)));
            let Some((other, side)) = met else { continue };
            let table = tables.iter().find(|table| table.name == sync.id.as_str());
            let Some(cursor) = table.and_then(|table| table.get(key)) else { continue };
            let message = format!(
                "syncs `{}` and `{}` both keep the {}s of project `{}` of `{}` in step, and what one of them writes there would be a \
                 person's word for the other",
                other.id,
                sync.id,
                thing.word(),
                side.project,
                side.instance
            );
            let help = "make them one sync with more sides, or let both only take from that project: leave its side out of `to`";
            findings.error(&cursor.key_spot, message, help);
        }
    }
}

/// The side of `sync` whose project both keep, where one of them writes there.
fn shared<'s>(thing: Thing, sync: &'s SyncSettings, other: &SyncSettings) -> Option<&'s SideSettings> {
    let (here, there) = (sync.things.get(&thing)?, other.things.get(&thing)?);
    let kept = |settings: &ThingSettings, side: &SideSettings| settings.sides().any(|kept| kept == &side.id);
    sync.sides.iter().filter(|side| kept(here, side)).find(|side| {
        let same = |at: &&SideSettings| (&at.instance, &at.project) == (&side.instance, &side.project);
        let mut theirs = other.sides.iter().filter(|at| kept(there, at)).filter(same);
        theirs.any(|at| here.to.contains(&side.id) || there.to.contains(&at.id))
    })
}

/// Whether a row has a table of names for such things.
fn names_otherwise(thing: Thing, row: &FieldRow) -> bool {
    let fields: &[&str] = match thing {
        Thing::Version => &["fixVersions", "versions"],
        Thing::Component => &["components"],
    };
    !row.values.rows.is_empty() && row.sides.values().any(|field| fields.contains(&field.as_str()))
}
