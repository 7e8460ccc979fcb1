//! The creation of a counterpart where an item belongs and has none. Must never propose a second one while the first is in
//! doubt, and never put anything into it that its side may not see.

use std::collections::BTreeMap;

use super::targets::{held_as, is_set_by_hops, is_short};
use super::{Draft, agreed_for, place};
use crate::mapping::{Place, outbound};
use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation, Unset};
use crate::model::settings::{FieldKind, FieldRow, OnUnmapped};
use crate::model::value::Value;

/// What the name of an epic is written as where no row carries it, and where a row of that name has none to give.
const EPIC_NAME: &str = "epic-name";
const EPIC_NAME_BESIDE_ITS_ROW: &str = "epic-name (summary)";

/// What was estimated at first, and what remains of it: on both kinds of Jira.
const ESTIMATED: &str = "timeoriginalestimate";
const REMAINS: &str = "timeestimate";

/// Proposes the creation of the side's replica, if the item belongs there.
pub(super) fn propose(draft: &mut Draft<'_>, side: &SideId) {
    let known = draft.plan.item.replicas.values().any(|replica| replica.observed);
    // What is not covered any more gets no further counterpart: as far as the side may know of it.
    let sees = |other: &SideId| draft.input.sync.side(side).is_some_and(|settings| settings.sees.contains(other));
    let mut replicas = draft.plan.item.replicas.iter();
    let left = replicas.any(|(other, replica)| replica.rests() && !replica.ours && sees(other));
    if !known || left || !draft.input.belongs.contains(side) {
        return;
    }
    if draft.is_in_doubt(side) {
        let why = "a create is in doubt: it is looked for before anything is created";
        draft.hold_for_now(side, why.to_owned(), "none: it settles by itself");
        return;
    }
    let sync = draft.input.sync;
    if is_picked_unseen(draft, side) || super::levels::is_untold(draft) {
        return;
    }
    let Some(issue_type) = issue_type(draft, side) else { return };
    let offered = draft.catalog(side).create_fields.get(&issue_type).cloned();
    let Ok(parent) = super::parents::at_creation(draft, side, &issue_type) else { return };
    let mut fields: BTreeMap<_, FieldWrite> = BTreeMap::new();
    let before = draft.plan.operations.len();
    for row in super::composed::in_order(sync, side) {
        let Some(field) = row.sides.get(side) else { continue };
        if matches!(
            row.kind,
            FieldKind::IssueType | FieldKind::Status | FieldKind::Links | FieldKind::Parent | FieldKind::Watchers
        ) {
            continue;
        }
        // What is not on the create screen is set afterwards.
        if offered.as_ref().is_some_and(|offered| !offered.contains(field)) {
            continue;
        }
        if let Some(write) = write(draft, row, side, &issue_type) {
            fields.insert(row.name.clone(), write);
        }
    }
    fields.extend(parent);
    fields.extend(epic_name(draft, side, &issue_type, &fields));
    fields.extend(nothing_remains(draft, side, &fields));
    if super::levels::is_missed(sync, &draft.plan.item, side, &fields) {
        let why = "no counterpart is made: it cannot be given the security level that home's issue has".to_owned();
        let remedy = "let the sync user set it there (Set Issue Security), put the field on the create screen, and name the level in the row `security`";
        draft.hold(side, None, why, remedy);
        // Nor is anything that it would hold.
        draft.plan.operations.truncate(before);
        return;
    }
    // Without a summary that the side may see there is nothing to make an issue of.
    if !fields.values().any(|write| write.field.as_str() == "summary") {
        draft.plan.operations.truncate(before);
    } else {
        let unset = unset(draft, side);
        draft
            .plan
            .operations
            .push(Operation { side: side.clone(), action: Action::Create { issue_type, fields, unset } });
    }
}

/// The agreed type and status: no creation says the one as a field, nor the other at all.
fn unset(draft: &mut Draft<'_>, side: &SideId) -> BTreeMap<FieldName, Unset> {
    let sync = draft.input.sync;
    let rows = sync.fields.values().filter(|row| matches!(row.kind, FieldKind::IssueType | FieldKind::Status));
    let rows = rows.filter(|row| row.sides.contains_key(side));
    let agreed = rows.filter_map(|row| Some((row.name.clone(), draft.due(row, side)?)));
    // What this side is asked about is not what it is to show.
    let agreed = agreed.filter(|(_, agreed)| !agreed.asking.contains(side));
    agreed.map(|(name, agreed)| (name, Unset { value: agreed.value, acts: agreed.acts })).collect()
}

/// Data Center makes no epic without a name: where no row gives it one, it has its summary's.
fn epic_name(
    draft: &Draft<'_>,
    side: &SideId,
    issue_type: &str,
    fields: &BTreeMap<FieldName, FieldWrite>,
) -> Option<(FieldName, FieldWrite)> {
    let catalog = draft.catalog(side);
    let field = catalog.epic_name.as_ref()?;
    let required = catalog.required.get(issue_type)?.contains_key(field);
    let summary = fields.values().find(|write| write.field.as_str() == "summary")?;
    if !required || fields.values().any(|write| &write.field == field) {
        return None;
    }
    // A row of that name means an agreed value, and this is none.
    let taken = draft.input.sync.fields.contains_key(&FieldName::from(EPIC_NAME));
    let name = if taken { EPIC_NAME_BESIDE_ITS_ROW } else { EPIC_NAME };
    Some((FieldName::from(name), FieldWrite { field: field.clone(), ..summary.clone() }))
}

/// An issue that is made with an original estimate alone has all of it remaining: Jira fills that in. Where nothing remains of what is
/// copied, and what remains is carried to this side, that is said along with the estimate; else the two would stay unlike.
fn nothing_remains(
    draft: &Draft<'_>,
    side: &SideId,
    fields: &BTreeMap<FieldName, FieldWrite>,
) -> Option<(FieldName, FieldWrite)> {
    let sync = draft.input.sync;
    let remains = FieldId::from(REMAINS);
    let row = sync.fields.values().find(|row| row.sides.get(side) == Some(&remains))?;
    let sees = |other: &SideId| sync.side(side).is_some_and(|settings| settings.sees.contains(other));
    // What was made where the row does not look says nothing of what remains, and then Jira's own word stands.
    let is_made_there = |other: &SideId| {
        let replica = draft.plan.item.replicas.get(other);
        row.sides.contains_key(other) && replica.is_some_and(|replica| replica.observed && !replica.ours)
    };
    let mut from = row.from.iter().filter(|other| *other != side && sees(other));
    let is_carried = row.composed.is_none() && from.any(is_made_there);
    let is_written = |field: &str| fields.values().any(|write| write.field.as_str() == field);
    if !is_carried || !is_written(ESTIMATED) || is_written(REMAINS) {
        return None;
    }
    let acts = agreed_for(&draft.plan.item, sync, row, side).map(|agreed| agreed.acts.clone()).unwrap_or_default();
    let write = NativeWrite::Set(NativeValue::Empty);
    Some((row.name.clone(), FieldWrite { field: remains, write, wanted: Value::Empty, expects: None, acts }))
}

/// Whether an item that home picked for this side has no summary or no type that the side may see. Somebody waits for it there,
/// so it is told.
fn is_picked_unseen(draft: &mut Draft<'_>, side: &SideId) -> bool {
    let sync = draft.input.sync;
    let is_needed = |row: &&FieldRow| {
        let summary = row.sides.get(side).is_some_and(|field| field.as_str() == "summary");
        summary || row.kind == FieldKind::IssueType
    };
    let unseen = sync.fields.values().filter(is_needed);
    let unseen: Vec<&str> = unseen
        .filter(|row| matches!(super::composed::due(draft, row, side), Ok(None)))
        .map(|row| row.name.as_str())
        .collect();
    if unseen.is_empty() || sync.side(side).is_none_or(|side| side.when.is_none()) {
        return false;
    }
    let why = format!("no counterpart is made: whom this side sees has not written its {}", unseen.join(" and "));
    let remedy = "change these on a side that it sees, or add the side that wrote them to `sees`";
    draft.hold(side, None, why, remedy);
    true
}

fn issue_type(draft: &mut Draft<'_>, side: &SideId) -> Option<String> {
    let sync = draft.input.sync;
    let row = sync.fields.values().find(|row| row.kind == FieldKind::IssueType)?;
    let agreed = agreed_for(&draft.plan.item, sync, row, side)?.clone();
    let named = outbound(&place(draft.input, &draft.nothing, row, side), &agreed.value);
    match named {
        Ok(NativeValue::Named(named)) => Some(named.name),
        Ok(_) => None,
        Err(unmappable) => {
            draft.hold(
                side,
                Some(&row.name),
                format!("no counterpart is created: {}", unmappable.why),
                &unmappable.remedy,
            );
            None
        }
    }
}

fn write(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, issue_type: &str) -> Option<FieldWrite> {
    let agreed = draft.due(row, side)?;
    let field = row.sides.get(side)?.clone();
    // Only a transition sets it.
    if is_set_by_hops(row, side) {
        return None;
    }
    let origin = agreed.by.place();
    let place = Place { origin: Some(&origin), ..place(draft.input, &draft.nothing, row, side) };
    let native = outbound(&place, &agreed.value);
    let wanted: Option<Value> = native.as_ref().ok().map(|native| held_as(&place, native, &agreed.value));
    let short = wanted.as_ref().is_some_and(|wanted| is_short(row, &agreed.value, wanted));
    super::lacks::say(draft, row, side, &agreed.value, short);
    let native = native.and_then(|native| {
        super::requests::hindered(draft, row, side, &native, Some(issue_type)).map_or(Ok(native), Err)
    });
    match native {
        Ok(NativeValue::Empty) => None,
        Ok(native) => {
            let wanted = wanted.unwrap_or(Value::Empty);
            let write = if let NativeValue::Words(words) = native {
                NativeWrite::Words { add: words.into_iter().collect(), remove: Vec::new() }
            } else {
                NativeWrite::Set(native)
            };
            Some(FieldWrite { field, write, wanted, expects: None, acts: agreed.acts })
        }
        Err(_) if row.on_unmapped == OnUnmapped::Skip => None,
        Err(unmappable) => {
            draft.hold(side, Some(&row.name), unmappable.why, &unmappable.remedy);
            None
        }
    }
}
