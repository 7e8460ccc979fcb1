//! What a changed map makes of issues that are in step. What a side holds is read anew, in the new words; what it should hold
//! instead is written, or let be until somebody changes it (`from-now`). Must never take for somebody's act what only the map says
//! otherwise now.

use super::acts::observe;
use super::fold::{current, touching, value_of};
use super::{Draft, Observation, place};
use crate::mapping::same;
use crate::model::fingerprint::hash_of_value;
use crate::model::hub::{Agreed, Base};
use crate::model::ids::SideId;
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

/// Whether a field's values are words of a map. Links and parents are words for other items, and texts have a log.
fn has_words(row: &FieldRow) -> bool {
    match row.kind {
        FieldKind::Choice
        | FieldKind::Status
        | FieldKind::IssueType
        | FieldKind::Person
        | FieldKind::People
        | FieldKind::Words
        | FieldKind::Options => true,
        FieldKind::Line
        | FieldKind::Number
        | FieldKind::Duration
        | FieldKind::Day
        | FieldKind::Moment
        | FieldKind::Document
        | FieldKind::Links
        | FieldKind::Parent
        | FieldKind::Watchers
        | FieldKind::AsThere => false,
    }
}

/// What a side was last seen to hold and what that is now, where the issue holds the same as then and only the words for it are
/// others.
fn in_other_words(
    draft: &Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    observation: &Observation,
) -> Option<(Value, Value)> {
    if !has_words(row) || !touching(observation, row.sides.get(side)?).is_empty() {
        return None;
    }
    let base = draft.plan.item.replicas.get(side)?.bases.get(&row.name)?;
    let held = base.value.clone()?;
    if base.seen? != hash_of_value(&value_of(row, side, observation)?) {
        return None;
    }
    let now = current(&place(draft.input, &draft.nothing, row, side), observation)?;
    (!same(&held, &now)).then_some((held, now))
}

/// Whether base and value differ in words alone.
pub(super) fn is_reworded(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    in_other_words(draft, row, side, observation).is_some()
}

/// Reads anew what a side holds. What was agreed is what it was there: it gets the new words of the side whose act it is.
pub(super) fn reword(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let Some((held, now)) = in_other_words(draft, row, side, observation) else { return };
    for agreed in draft.plan.item.hub.get_mut(&row.name).into_iter().flat_map(|audiences| audiences.values_mut()) {
        if &agreed.by.place() == side && same(&agreed.value, &held) {
            agreed.value = now.clone();
        }
        for standing in &mut agreed.standing {
            if &standing.side.place() == side && same(&standing.value, &held) {
                standing.value = now.clone();
            }
        }
    }
    if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) {
        base.value = Some(now);
    }
}

/// Remembers what the issue itself shows of a field.
pub(super) fn remember(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let Some(shown) = value_of(row, side, observation).filter(|_| has_words(row)) else { return };
    if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) {
        base.seen = Some(hash_of_value(&shown));
    }
}

/// What stands on a side stays there until somebody changes it: only what comes from now on goes by the new map.
pub(super) fn keep(base: &mut Base, agreed: &Agreed) {
    base.kept = Some(agreed.acts.clone());
}

/// The first read of a field whose row joined with such a change: what stands there is nobody's news.
pub(super) fn take_as_it_is(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, now: Value) {
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        observe(replica.bases.entry(row.name.clone()).or_default(), now);
    }
}

/// The item was planned on all that its sides hold, under the newest configuration.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let observed = &draft.input.observed;
    let mut here = draft.plan.item.replicas.iter().filter(|(_, replica)| !replica.is_elsewhere());
    if draft.plan.item.configured < draft.input.kept && here.all(|(side, _)| observed.contains_key(side)) {
        draft.plan.item.configured = draft.input.kept;
    }
}
