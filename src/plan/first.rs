//! What the first read of an issue says: of a person's issue, all that stands there is theirs; of one that we made, what we wrote is ours.
//! Must never take what Jira gave a copy by itself for a person's word.

use super::acts::{Act, is_held_as, observe, take};
use super::fold::{corrected, current, replay, touching, write_of};
use super::{By, Draft, Observation, Step, place, remap, whose};
use crate::mapping::{Place, outbound, same};
use crate::model::catalog::Shape;
use crate::model::ids::{EntryId, SideId};
use crate::model::issue::LogItem;
use crate::model::operation::{Action, Intent, Unset};
use crate::model::settings::{FieldKind, FieldRow, SideEffects};
use crate::model::value::Value;

/// The first read of an issue that a person made: all that stands there is theirs.
pub(super) fn first_value(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    if row.from.contains(side) && super::keeps_own(draft.input.sync, side) {
        whose::first_value(draft, row, side, observation);
        return;
    }
    let place = place(draft.input, &draft.nothing, row, side);
    let Some(value) = current(&place, observation) else { return };
    if value.is_empty() || !row.from.contains(side) {
        let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
        observe(replica.bases.entry(row.name.clone()).or_default(), value);
        return;
    }
    let at = corrected(draft, side, observation.snapshot.created);
    let author = whose::hand(observation, row.sides.get(side));
    take(draft, row, &Act { side: side.clone(), value, at, overwritten_by: None, author });
}

/// The first read of an issue that we made: what we wrote is ours, what Jira added is a default.
pub(super) fn our_first_value(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    observation: &Observation,
    created: Option<&Intent>,
) {
    let written = created.and_then(|intent| {
        let write = write_of(intent, row)?;
        let wanted = remap::written_now(draft, row, side, intent).unwrap_or_else(|| write.wanted.clone());
        Some((wanted, write.acts.clone()))
    });
    let place = place(draft.input, &draft.nothing, row, side);
    let now = current(&place, observation);
    let steps = row.sides.get(side).map(|field| touching(observation, field)).unwrap_or_default();
    let touched = !steps.is_empty();
    let set_aside = is_set_aside(draft, side, &steps);
    let first_logged = steps.first().and_then(|(_, item)| logged_before(&place, item));
    // Jira gives no votes by itself, and logs none.
    if written.is_none() && place.shape() == Some(Shape::Count) && now.as_ref().is_some_and(counts_some) {
        if let (true, Some(value)) = (row.from.contains(side), now) {
            let at = corrected(draft, side, observation.snapshot.updated);
            take(draft, row, &Act { side: side.clone(), value, at, overwritten_by: None, author: None });
        }
        return;
    }
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let base = replica.bases.entry(row.name.clone()).or_default();
    match (written, now) {
        (Some((wanted, acts)), now) => {
            base.acts.join(&acts);
            // Somebody changed it already: the log tells what came after what we wrote.
            let stands = if touched { Some(wanted.clone()) } else { now };
            let kept = stands.as_ref().is_some_and(|stands| same(stands, &wanted));
            if let Some(stands) = stands {
                observe(base, stands);
            }
            if !kept {
                base.side_effect = Some(EntryId(0));
            }
        }
        (None, now) => {
            let first = if touched { first_logged } else { now };
            let known = created.and_then(|intent| unset(intent, row)).zip(first.as_ref());
            // What has no counterpart there is shown by nothing.
            let known = known.filter(|(agreed, first)| {
                !set_aside && outbound(&place, &agreed.value).is_ok() && is_held_as(&place, &agreed.value, first)
            });
            // It shows what was agreed when it was made, though nobody sent that: whoever acts there knows it, whatever their clock says.
            if let Some((agreed, _)) = known {
                base.acts.join(&agreed.acts);
            }
            if let Some(first) = first {
                observe(base, first);
            }
        }
    }
    if touched {
        replay(draft, row, side, observation);
    }
}

/// Whether an automation as the sync user was the first to change what a new copy shows. Nobody there saw what stood before it, so the side
/// was not told what is agreed, and gets it: a copy does not begin with a side effect. What counts is a word of the side that came on top.
fn is_set_aside(draft: &Draft<'_>, side: &SideId, steps: &[(&Step, &LogItem)]) -> bool {
    let counts = draft.input.sync.side(side).is_some_and(|side| side.side_effects == SideEffects::Count);
    !counts && steps.first().is_some_and(|(step, _)| step.by == By::SyncUser)
}

/// What a creation did not send of a row, and was agreed.
fn unset<'i>(created: &'i Intent, row: &FieldRow) -> Option<&'i Unset> {
    let Action::Create { unset, .. } = &created.operation.action else { return None };
    unset.get(&row.name)
}

/// What a type or status was before an entry of the log.
fn logged_before(place: &Place<'_>, item: &LogItem) -> Option<Value> {
    let chosen = matches!(place.row.kind, FieldKind::Status | FieldKind::IssueType);
    item.from_text.as_deref().filter(|name| chosen && !name.is_empty()).map(|name| Value::Choice(place.shared(name)))
}

fn counts_some(value: &Value) -> bool {
    !value.is_empty() && !matches!(value, Value::Number(count) | Value::Line(count) if count == "0")
}

/// The first read of a field whose row joined the sync after the issue did.
pub(super) fn joined_later(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    // We never wrote it: whoever did was somebody else, also on an issue that we made.
    let touches = |item: &LogItem| row.sides.get(side) == Some(&item.field);
    let touched = observation.snapshot.log.iter().any(|entry| entry.items.iter().any(touches));
    let ours = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.ours) && !touched;
    if ours && !super::keeps_own(draft.input.sync, side) {
        our_first_value(draft, row, side, observation, None);
    } else {
        first_value(draft, row, side, observation);
    }
}
