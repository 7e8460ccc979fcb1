//! Fields that a Jira does not show any more on an issue that held a value there: deleted, hidden, or not for such issues. Must never
//! take that for somebody's word that the field is empty, nor write to such a field before it is shown again.

use super::acts::observe;
use super::fold::{Written, touching, written_by};
use super::{Draft, Observation};
use crate::mapping::Unmappable;
use crate::model::hub::Base;
use crate::model::ids::{FieldName, SideId};
use crate::model::operation::{Intent, IntentState};
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

const REMEDY: &str = "restore the field in that Jira, or name another one in the configuration, or take the row out";

/// Whether an answer leaves a field out that was seen to hold something, without an entry that says it was emptied. Of parents,
/// links and levels that are not shown others decide, and a type always is.
pub(super) fn is_left_out(draft: &Draft<'_>, row: &FieldRow, side: &SideId, read: &Observation) -> bool {
    if matches!(row.kind, FieldKind::Parent | FieldKind::IssueType | FieldKind::Links)
        || row.name.as_str() == super::levels::ROW
    {
        return false;
    }
    let Some(field) = row.sides.get(side) else { return false };
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = base.and_then(|base| base.value.as_ref()).is_some_and(|value| *value != Value::Empty);
    held && !read.snapshot.fields.contains_key(field) && touching(read, field).is_empty()
}

/// Notes whether a side shows a field. What it offers is asked for again where it does not any more.
pub(super) fn note(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, left_out: bool) {
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let Some(base) = replica.bases.get_mut(&row.name) else { return };
    if left_out && !base.left_out {
        draft.plan.lacking.insert(side.clone());
    }
    base.left_out = left_out;
}

/// Why nothing is written to a custom field that the side's list does not name any more. The list is asked for again.
pub(super) fn unknown(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId) -> Option<Unmappable> {
    let field = row.sides.get(side).filter(|field| field.is_custom())?;
    let listed = &draft.catalog(side).fields;
    if listed.is_empty() || listed.contains_key(field) {
        return None;
    }
    draft.plan.lacking.insert(side.clone());
    let why = format!("the field `{field}` of `{}` is not there any more", row.name);
    Some(Unmappable { why, remedy: REMEDY.to_owned(), may_pass: true })
}

/// Whether a value that went without an entry may only not be seen: Jira does not show a parent to who may not see it.
pub(super) fn is_hidden(row: &FieldRow, now: &Value) -> bool {
    row.kind == FieldKind::Parent && now.is_empty()
}

/// A parent that we took away, and no entry tells of it though Jira said yes: there was none any more. It goes without one where the parent
/// itself is deleted.
pub(super) fn had_none(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, none: Value) {
    let answered = |intent: &&Intent| &intent.operation.side == side && intent.state == IntentState::Answered;
    let taken_away = draft.input.intents.iter().filter(answered).find_map(|intent| match written_by(intent, row)? {
        Written::Value(wanted, acts) if wanted.is_empty() => Some(acts),
        Written::Value(..) | Written::Hop => None,
    });
    let Some(acts) = taken_away else { return };
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let base = replica.bases.entry(row.name.clone()).or_default();
    observe(base, none);
    base.acts = acts;
}

/// Tells of the fields that are not shown.
pub(super) fn say(draft: &mut Draft<'_>) {
    let item = &draft.plan.item;
    let left_out = item.replicas.iter().flat_map(|(side, replica)| {
        let bases = replica.bases.iter().filter(|(_, base): &(&FieldName, &Base)| base.left_out);
        bases.map(move |(name, _)| (side.clone(), name.clone()))
    });
    for (side, name) in left_out.collect::<Vec<_>>() {
        let Some(field) = draft.input.sync.fields.get(&name).and_then(|row| row.sides.get(&side)) else { continue };
        let known = draft.catalog(&side).fields.contains_key(field);
        let (why, remedy) = if known {
            (
                format!(
                    "`{name}` (`{field}`) is not shown on this issue any more, and no entry says that somebody emptied it: it counts as it was"
                ),
                "look whether the field's context or configuration still covers the issue's type; it goes on when the field is shown again",
            )
        } else {
            (
                format!(
                    "the field `{field}` of `{name}` is not there any more: it counts as it was, and nobody else's is emptied for it"
                ),
                REMEDY,
            )
        };
        draft.hold(&side, Some(&name), why, remedy);
    }
}
