//! Audiences that a changed configuration brought: a side that joined, or sees more or less than before. Must never put an act
//! into an agreed value whose side the audience does not see.

use std::collections::BTreeSet;

use super::{Draft, audiences_of};
use crate::model::hub::{Acts, Agreed, Audience, Standing};
use crate::model::ids::FieldName;
use crate::model::settings::{FieldKind, FieldRow};

/// Gives every audience without an agreed value the nearest that is known. Without it a side that joins would start from
/// nothing, and the first change would take everything else away.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let sync = draft.input.sync;
    for row in sync.fields.values() {
        for audience in audiences_of(&draft.plan.item, sync, row) {
            let known = draft.plan.item.hub.get(&row.name).and_then(|field| field.get(&audience));
            if let Some(known) = known.cloned() {
                if let Some(newer) = newer(draft, row, &audience, &known) {
                    draft.plan.item.hub.entry(row.name.clone()).or_default().insert(audience, newer);
                }
                continue;
            }
            if let Some(nearest) = nearest(draft, &row.name, &audience) {
                draft.plan.item.hub.entry(row.name.clone()).or_default().insert(audience, nearest);
            }
        }
    }
}

/// What is known beyond a value that an audience was left with: a configuration without one of its sides took no act into it. Under
/// one that stays the same every act is in every value whose audience may see it, and nothing is found here.
fn newer(draft: &Draft<'_>, row: &FieldRow, audience: &Audience, known: &Agreed) -> Option<Agreed> {
    let beyond = |acts: &Acts| acts.contains(&known.acts) && !known.acts.contains(acts);
    if let Some(agreed) = nearest(draft, &row.name, audience).filter(|agreed| beyond(&agreed.acts)) {
        return Some(agreed);
    }
    // Else what stands on a side, where nothing but what they may see led to it. Of sets and texts a side may hold a part only.
    if row.kind.is_set() || row.kind == FieldKind::Document {
        return None;
    }
    draft.plan.item.replicas.iter().find_map(|(side, replica)| {
        let base = replica.bases.get(&row.name).filter(|_| row.from.contains(side) && audience.0.contains(side))?;
        let value = base.value.clone().filter(|_| base.side_effect.is_none() && beyond(&base.acts))?;
        if !base.acts.sides().all(|side| audience.0.contains(side)) {
            return None;
        }
        let agreed = draft.plan.item.hub.get(&row.name)?.values();
        let at = agreed.filter(|agreed| &agreed.by == side).map(|agreed| agreed.at).max().unwrap_or(known.at);
        let number = base.acts.of(side);
        let stands = Standing {
            side: side.clone(),
            number,
            at,
            before: known.value.clone(),
            value: value.clone(),
            knew: Vec::new(),
        };
        Some(Agreed {
            value,
            acts: base.acts.clone(),
            origins: known.origins.iter().chain([side]).cloned().collect(),
            by: side.clone(),
            at,
            asking: BTreeSet::new(),
            standing: vec![stands],
        })
    })
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
