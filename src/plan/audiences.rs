//! Audiences that a changed configuration brought: a side that joined, or sees more or less than before. Must never put an act
//! into an agreed value whose side the audience does not see.

use super::{Draft, audiences_of};
use crate::model::hub::{Agreed, Audience};
use crate::model::ids::FieldName;

/// Gives every audience without an agreed value the nearest that is known. Without it a side that joins would start from
/// nothing, and the first change would take everything else away.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let sync = draft.input.sync;
    for row in sync.fields.values() {
        for audience in audiences_of(&draft.plan.item, sync, row) {
            let known = draft.plan.item.hub.get(&row.name).is_some_and(|field| field.contains_key(&audience));
            if known {
                continue;
            }
            if let Some(nearest) = nearest(draft, &row.name, &audience) {
                draft.plan.item.hub.entry(row.name.clone()).or_default().insert(audience, nearest);
            }
        }
    }
}

/// Of the values that hold nothing but what the audience may see, the one with the most sides' acts, then the latest.
fn nearest(draft: &Draft<'_>, field: &FieldName, audience: &Audience) -> Option<Agreed> {
    let values = draft.plan.item.hub.get(field)?.values();
    let fits = values.filter(|agreed| {
        agreed.origins.iter().all(|side| audience.0.contains(side))
            && agreed.acts.sides().all(|side| audience.0.contains(side))
            && agreed.standing.iter().all(|standing| audience.0.contains(&standing.side))
    });
    fits.max_by_key(|agreed| (agreed.acts.sides().count(), agreed.at)).cloned()
}
