//! Fields that somebody emptied where too many others were emptied with them: not taken in until a person says so, or the value is back. Must
//! never keep what we wrote ourselves from being settled, nor hold any other field.

use super::fold::{current, touching};
use super::{By, Draft, Observation, place};
use crate::model::ids::{FieldName, SideId};
use crate::model::settings::FieldRow;

/// Whether what is read of a field is held by the brake.
pub(super) fn is_held(draft: &Draft<'_>, row: &FieldRow, side: &SideId, read: &Observation) -> bool {
    if !draft.input.braked.contains(&(side.clone(), row.name.clone())) {
        return false;
    }
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = base.and_then(|base| base.value.as_ref()).is_some_and(|value| !value.is_empty());
    let now = current(&place(draft.input, &draft.nothing, row, side), read);
    let Some(field) = row.sides.get(side) else { return false };
    // What we emptied ourselves, because another side did, is no mistake of this one.
    let by_people = touching(read, field).last().is_none_or(|(step, _)| step.by == By::Person);
    held && by_people && now.is_some_and(|now| now.is_empty())
}

/// Notes whether a field is held. What we wrote before it was emptied is seen all the same.
pub(super) fn note(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, read: &Observation, held: bool) {
    if let (true, Some(field)) = (held, row.sides.get(side)) {
        let ours = touching(read, field).into_iter().filter_map(|(step, _)| match step.by {
            By::Us(operation) => Some(operation),
            By::SyncUser | By::Person => None,
        });
        draft.plan.seen.extend(ours.collect::<Vec<_>>());
    }
    let base = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name));
    if let Some(base) = base {
        base.braked = held;
    }
}

/// Tells of what is held.
pub(super) fn say(draft: &mut Draft<'_>) {
    let held = draft.plan.item.replicas.iter().flat_map(|(side, replica)| {
        let bases = replica.bases.iter().filter(|(_, base)| base.braked);
        bases.map(move |(name, _)| (side.clone(), name.clone()))
    });
    for (side, name) in held.collect::<Vec<(SideId, FieldName)>>() {
        let why = format!(
            "`{name}` was emptied here, and within a minute on more issues of this side than `life.most-emptied` lets: it is carried nowhere"
        );
        let remedy = "if it was a mistake, give the values back there; if it was meant, raise `life.most-emptied` to as many issues";
        draft.hold(&side, Some(&name), why, remedy);
    }
}
