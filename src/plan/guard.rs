//! Security levels where a row maps them: an issue whose level has a counterpart is carried, and stands under that counterpart before
//! anything else is written to it. Must never let a level be taken away elsewhere, and never let anything cross that a level without
//! a row keeps apart.
//!
//! Only home's levels count (the configuration sees to it). A level of a side's own, which home's issue has not, keeps that side
//! apart as any level does without a row.

use std::collections::BTreeMap;

use super::{Draft, PlanInput, place};
use crate::mapping::inbound;
use crate::model::catalog::Catalog;
use crate::model::hub::ItemState;
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::operation::FieldWrite;
use crate::model::settings::{FieldRow, SyncSettings};
use crate::model::value::Value;

/// The row of security levels.
pub(super) const ROW: &str = "security";

/// How a side stands to the level that home's issue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// As it should: whatever is carried may go there.
    Stands,
    /// Its level is still to be set: until then that, and nothing else, is written there.
    Rises,
    /// It has a level of its own, and home has none: that is a person's to take away.
    Own,
}

fn row(sync: &SyncSettings) -> Option<&FieldRow> {
    sync.fields.get(&FieldName::from(ROW))
}

fn level_in(input: &PlanInput<'_>, nothing: &Catalog, side: &SideId, snapshot: &IssueSnapshot) -> Option<Value> {
    let row = row(input.sync)?;
    let native = row.sides.get(side).and_then(|field| snapshot.fields.get(field)).unwrap_or(&NativeValue::Empty);
    inbound(&place(input, nothing, row, side), native)
}

/// The level of home's issue, as it was just read, or else as it was last seen. `None`: it has none.
fn level_at_home(input: &PlanInput<'_>, item: &ItemState, nothing: &Catalog) -> Option<Value> {
    let home = input.sync.home.as_ref()?;
    let read = input.observed.get(home).and_then(|observation| level_in(input, nothing, home, &observation.snapshot));
    let known = || item.replicas.get(home)?.bases.get(&FieldName::from(ROW))?.value.clone();
    read.or_else(known).filter(|level| !level.is_empty())
}

/// Whether the level of an issue that was just read is one that the row carries, so that it keeps nothing apart.
pub(super) fn is_carried(draft: &Draft<'_>, side: &SideId, snapshot: &IssueSnapshot) -> bool {
    let Some(row) = row(draft.input.sync) else { return false };
    let Some(level) = level_in(draft.input, &draft.nothing, side, snapshot) else { return false };
    let has_row =
        matches!(&level, Value::Choice(shared) if row.values.rows.iter().any(|known| &known.shared == shared));
    if !has_row || draft.input.sync.home.as_ref() == Some(side) {
        return has_row;
    }
    let at_home = level_at_home(draft.input, &draft.plan.item, &draft.nothing);
    let before = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)?.value.as_ref());
    // Where home's level has become another one, the former stands there until it is replaced.
    at_home.is_some_and(|at_home| at_home == level || before == Some(&level))
}

/// How a replica of the side stands to home's level.
pub(super) fn of(input: &PlanInput<'_>, item: &ItemState, nothing: &Catalog, side: &SideId) -> Guard {
    let Some(row) = row(input.sync).filter(|_| input.sync.home.as_ref() != Some(side)) else { return Guard::Stands };
    let held = item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)?.value.clone());
    match (level_at_home(input, item, nothing), held.filter(|held| !held.is_empty())) {
        (None, None) => Guard::Stands,
        (None, Some(_)) => Guard::Own,
        (Some(at_home), Some(held)) if at_home == held => Guard::Stands,
        (Some(_), _) => Guard::Rises,
    }
}

/// Whether an issue that is to be made lacks the level that home's has.
pub(super) fn is_missed(
    input: &PlanInput<'_>,
    item: &ItemState,
    nothing: &Catalog,
    fields: &BTreeMap<FieldName, FieldWrite>,
) -> bool {
    let Some(row) = row(input.sync) else { return false };
    let written = fields.get(&row.name).map(|write| &write.wanted);
    level_at_home(input, item, nothing).is_some_and(|level| written != Some(&level))
}

/// Says why a side is kept apart by its own level, or by one that could not be set there.
pub(super) fn say(draft: &mut Draft<'_>, side: &SideId, guard: Guard) {
    // One that was just made is read first.
    let seen = draft.plan.item.replicas.get(side).filter(|replica| replica.observed);
    let Some(key) = seen.map(|replica| replica.key.clone()) else { return };
    let under_way = draft.plan.operations.iter().any(|operation| &operation.side == side) || draft.is_in_doubt(side);
    let (why, remedy) = match guard {
        Guard::Stands => return,
        Guard::Rises if under_way => return,
        Guard::Rises => (
            format!("{key} has not the security level that home's issue has: nothing else is written to it before"),
            "let the sync user set it there (Set Issue Security, the field on its screen), or set it by hand",
        ),
        Guard::Own => (
            format!("{key} has a security level, and home's issue has none: nothing of it is carried"),
            "remove the security level if it may be shared",
        ),
    };
    let field = FieldName::from(ROW);
    draft.hold(side, Some(&field), why, remedy);
}
