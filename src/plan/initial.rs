//! Which value stands of a field where issues that are paired differ (`initial`), and what becomes of one that is asked about. Must never
//! take a value into an audience that it did not stand in before, nor settle by itself what is to be asked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::acts::rank;
use super::keeps_own;
use super::pairing::overruled;
use crate::mapping::same;
use crate::model::hub::{Agreed, Audience, Conflict, ItemState, Standing};
use crate::model::ids::{AccountId, FieldName, SideId};
use crate::model::initial::Initial;
use crate::model::issue::IssueSnapshot;
use crate::model::settings::{FieldRow, SyncSettings};
use crate::model::value::Value;

/// When an issue's fields were changed last, as its whole history tells; for those that are decided by that. By our clock. What the
/// history does not name is left out.
#[must_use]
pub fn last_changed(
    sync: &SyncSettings,
    side: &SideId,
    snapshot: &IssueSnapshot,
    outsiders: &BTreeSet<AccountId>,
    ours: &AccountId,
    skew_ms: i64,
) -> BTreeMap<FieldName, Timestamp> {
    // Whose acts stay on their side have no say in what stands elsewhere.
    let crosses =
        |author: Option<&AccountId>| !keeps_own(sync, side) || author.is_some_and(|author| !outsiders.contains(author));
    // What a bridge wrote is as old as what it carried, and no word of anybody there.
    let by_a_bridge = |author: Option<&AccountId>| author == Some(ours) || sync.start.is_former(side, author);
    let rows = sync.fields.values().filter(|row| row.initial == Initial::Newest);
    let last = |row: &FieldRow| {
        let field = row.sides.get(side)?;
        let touches = snapshot
            .log
            .iter()
            .filter(|entry| crosses(entry.author.as_ref()) && !by_a_bridge(entry.author.as_ref()))
            .filter(|entry| entry.items.iter().any(|item| &item.field == field));
        let at = touches.map(|entry| entry.created).max()?;
        Some(at.saturating_sub(SignedDuration::from_millis(skew_ms)).unwrap_or(at))
    };
    rows.filter_map(|row| Some((row.name.clone(), last(row)?))).collect()
}

/// Notes when the values of an issue that was just read were set. Without it they are as old as the issue.
pub fn date(item: &mut ItemState, side: &SideId, changed: &BTreeMap<FieldName, Timestamp>) {
    for (field, at) in changed {
        for agreed in item.hub.get_mut(field).into_iter().flat_map(BTreeMap::values_mut) {
            for standing in agreed.standing.iter_mut().filter(|standing| &standing.side == side) {
                standing.at = standing.at.max(*at);
            }
            if &agreed.by == side {
                agreed.at = agreed.at.max(*at);
            }
        }
    }
}

/// What the parts say of a field to an audience, the one that stands first.
pub(super) fn in_rank<'p>(
    row: &FieldRow,
    audience: &Audience,
    parts: &'p [ItemState],
) -> Vec<(&'p ItemState, &'p Agreed)> {
    let said = parts.iter().filter_map(|part| Some((part, part.hub.get(&row.name)?.get(audience)?)));
    let mut said: Vec<_> = said.collect();
    match &row.initial {
        Initial::First | Initial::Ask => {}
        Initial::Newest => said.sort_by_key(|(_, agreed)| Reverse(agreed.at)),
        Initial::Prefer(side) => said.sort_by_key(|(part, _)| !part.replicas.contains_key(side)),
    }
    said
}

/// What is known of a field that the parts hold otherwise, and that is asked about: every side keeps what it holds. `None`: all that
/// hold something hold the same.
pub(super) fn left_open(
    sync: &SyncSettings,
    row: &FieldRow,
    audience: &Audience,
    said: &[(&ItemState, &Agreed)],
) -> Option<Agreed> {
    let mut standing: Vec<Standing> = Vec::new();
    for (part, agreed) in said {
        standing.extend(held_in(row, audience, part, agreed));
    }
    // A field that was empty all along has nobody who says so, and is filled.
    let first = standing.iter().max_by_key(|standing| rank(sync, &standing.side, standing.at))?.clone();
    let differs = |standing: &&Standing| !same(&standing.value, &first.value);
    let asking: BTreeSet<SideId> = standing.iter().filter(differs).map(|standing| standing.side.place()).collect();
    if asking.is_empty() {
        return None;
    }
    let alike = standing.iter().filter(|standing| same(&standing.value, &first.value));
    let origins = alike.map(|standing| standing.side.clone()).collect();
    let mut acts = crate::model::hub::Acts::default();
    for (_, agreed) in said {
        acts.join(&agreed.acts);
    }
    Some(Agreed { value: first.value, acts, origins, by: first.side, at: first.at, asking, standing })
}

/// What the sides of one part hold of a field, as far as an audience may know: those whose people said it, and those that follow.
fn held_in(row: &FieldRow, audience: &Audience, part: &ItemState, agreed: &Agreed) -> Vec<Standing> {
    let holds =
        |standing: &&Standing| same(&standing.value, &agreed.value) || agreed.asking.contains(&standing.side.place());
    let mut held: Vec<Standing> = agreed.standing.iter().filter(holds).cloned().collect();
    let speaks = |held: &[Standing], side: &SideId| held.iter().any(|standing| &standing.side.place() == side);
    let also = |side: &SideId, number: u64| Standing {
        side: side.clone(),
        number,
        at: agreed.at,
        before: Value::Empty,
        value: agreed.value.clone(),
        knew: Vec::new(),
    };
    if !speaks(&held, &agreed.by.place()) {
        held.push(also(&agreed.by, agreed.acts.of(&agreed.by)));
    }
    for (side, replica) in &part.replicas {
        let value = replica.bases.get(&row.name).and_then(|base| base.value.as_ref());
        let follows = value.is_some_and(|value| same(value, &agreed.value));
        if follows && audience.0.contains(side) && row.sides.contains_key(side) && !speaks(&held, side) {
            held.push(also(side, 0));
        }
    }
    // Who was filled, and keeps that while it is open whom to follow.
    for side in &agreed.asking {
        let Some(base) = part.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)) else { continue };
        let fits = base.acts.sides().all(|actor| audience.0.contains(actor));
        if let Some(value) = base.value.clone().filter(|value| fits && !value.is_empty() && !speaks(&held, side)) {
            held.push(Standing { value, ..also(side, 0) });
        }
    }
    held
}

/// The fields of an item that are asked about, each with the sides that hold another value than the others.
#[must_use]
pub fn open_questions(item: &ItemState) -> BTreeMap<FieldName, BTreeSet<SideId>> {
    let mut open: BTreeMap<FieldName, BTreeSet<SideId>> = BTreeMap::new();
    for (field, by_audience) in &item.hub {
        for agreed in by_audience.values().filter(|agreed| !agreed.asking.is_empty()) {
            let sides = open.entry(field.clone()).or_default();
            sides.extend(agreed.asking.iter().cloned());
            sides.insert(agreed.by.place());
        }
    }
    open
}

/// An item after a person said which of several values stands.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The item.
    pub item: ItemState,
    /// The values that do not stand any more.
    pub conflicts: Vec<Conflict>,
    /// The sides that are asked about still, since they may not hear of the side whose value stands.
    pub left: BTreeSet<SideId>,
}

/// Lets what a side holds of a field stand for all that may hear of it. `None`: that side has no part in any question about it.
#[must_use]
pub fn resolve(sync: &SyncSettings, was: &ItemState, row: &FieldRow, side: &SideId) -> Option<Resolved> {
    let mut item = was.clone();
    let mut decided = BTreeSet::new();
    let field = item.hub.get_mut(&row.name)?;
    for (audience, agreed) in field.iter_mut().filter(|(audience, _)| audience.0.contains(side)) {
        let Some(stands) = (!agreed.asking.is_empty()).then(|| held_by(was, row, audience, agreed, side)).flatten()
        else {
            continue;
        };
        let alike = agreed.standing.iter().filter(|standing| same(&standing.value, &stands.value));
        let mut origins: BTreeSet<SideId> = alike.map(|standing| standing.side.clone()).collect();
        if agreed.standing.is_empty() {
            origins = agreed.origins.iter().chain([side]).cloned().collect();
        }
        agreed.standing = if agreed.standing.is_empty() || row.kind == crate::model::settings::FieldKind::Document {
            Vec::new()
        } else {
            vec![stands.clone()]
        };
        agreed.origins = origins;
        (agreed.value, agreed.by, agreed.at) = (stands.value, stands.side, stands.at);
        agreed.asking.clear();
        decided.insert(audience.clone());
    }
    if decided.is_empty() {
        return None;
    }
    let told = |of: &&SideId| decided.contains(&super::audience_of(&item, sync, row, of));
    let lost = item.replicas.keys().filter(told).filter_map(|of| overruled(sync, &item, row, of));
    let can_hold = |conflict: &Conflict| {
        let base = item.replicas.get(&conflict.loser).and_then(|replica| replica.bases.get(&row.name));
        base.is_some_and(|base| base.acknowledged.is_none())
    };
    let conflicts = lost.filter(can_hold).collect();
    let left = open_questions(&item).remove(&row.name).unwrap_or_default();
    Some(Resolved { item, conflicts, left })
}

/// What a side holds of a field that is asked about. `None`: it has no part in any question about it.
#[must_use]
pub fn asked_value(item: &ItemState, row: &FieldRow, side: &SideId) -> Option<Value> {
    let parts = item.hub.get(&row.name)?.iter().filter(|(audience, _)| audience.0.contains(side));
    let mut asked = parts.filter(|(_, agreed)| !agreed.asking.is_empty());
    asked.find_map(|(audience, agreed)| held_by(item, row, audience, agreed, side)).map(|held| held.value)
}

/// What a side holds of a field that is asked about, in an audience that may know it.
fn held_by(item: &ItemState, row: &FieldRow, audience: &Audience, agreed: &Agreed, side: &SideId) -> Option<Standing> {
    let shown = item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)?.value.as_ref());
    // Who only follows (none of its people said it) may hold something newer by now.
    let holds = |standing: &&Standing| standing.number != 0 || shown.is_none_or(|shown| same(shown, &standing.value));
    let mut own = agreed.standing.iter().filter(|standing| &standing.side.place() == side).filter(holds);
    if let Some(own) = own.next_back() {
        return Some(own.clone());
    }
    let also = |value: Value, by: &SideId, at: Timestamp| Standing {
        side: by.clone(),
        number: agreed.acts.of(by),
        at,
        before: Value::Empty,
        value,
        knew: Vec::new(),
    };
    let replica = item.replicas.get(side)?;
    let base = replica.bases.get(&row.name)?;
    let held = base.value.clone()?;
    if same(&held, &agreed.value) {
        return Some(also(agreed.value.clone(), &agreed.by, agreed.at));
    }
    // A text of which only blocks were disputed. What stands there may hold more than these may see.
    let fits = agreed.asking.contains(side) && base.acts.sides().all(|actor| audience.0.contains(actor));
    fits.then(|| also(held, side, replica.updated))
}
