//! The item above another: a sub-task's issue, an issue's epic. It is carried as the item, and named on each side by its counterpart
//! there. Must never make a sub-task without its parent, never name an issue to a side that has no counterpart of it, and never
//! take away a parent that is none of the sync's.

use super::{Draft, Observation, agreed_for, place};
use crate::mapping::{FOREIGN, Parentless, Unmappable, native_parent};
use crate::model::catalog::Catalog;
use crate::model::hub::{Agreed, Awaited, Base};
use crate::model::ids::{FieldId, FieldName, ItemId, SideId};
use crate::model::issue::{Above, NativeValue};
use crate::model::operation::{FieldWrite, NativeWrite};
use crate::model::settings::{FieldKind, FieldRow, Kind};
use crate::model::value::Value;

/// Why a parent is not set now.
pub(super) enum Hindrance {
    /// It will pass, or is how it is meant: nobody is told.
    Waits(String),
    /// Somebody may do something about it.
    Cannot(Unmappable),
}

/// That a sub-task is not to be made now. The reason is held.
pub(super) struct NotYet;

/// Whether what a side was last seen to hold is an issue of its own, and no item's.
pub(super) fn is_below_a_stranger(draft: &Draft<'_>, row: &FieldRow, side: &SideId) -> bool {
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    row.kind == FieldKind::Parent && base.and_then(|base| base.value.as_ref()).is_some_and(is_stranger)
}

fn is_stranger(value: &Value) -> bool {
    matches!(value, Value::Choice(shared) if shared.starts_with(FOREIGN))
}

/// A parent that may yet become an item has this one looked at again then.
pub(super) fn await_stranger(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    // Links, where they are carried, have just said anew what they wait for.
    let linked =
        draft.input.sync.fields.values().any(|row| row.kind == FieldKind::Links && row.sides.contains_key(side));
    let awaits = &mut draft.plan.item.awaits;
    awaits.retain(|awaited| match awaited {
        Awaited::Issue { side: of, .. } => linked || of != side,
        Awaited::Key { side: of, .. } => of != side,
        Awaited::Replica { .. } => true,
    });
    let native = row.sides.get(side).and_then(|field| observation.snapshot.fields.get(field));
    let Some(NativeValue::Parent(above)) = native else { return };
    let (sync, references) = (draft.input.sync, draft.input.references);
    if references.relatives.above(side, above).is_none() && references.is_of(sync, side, &above.key) {
        let side = side.clone();
        draft.plan.item.awaits.insert(match above.issue {
            Some(issue) => Awaited::Issue { side, issue },
            None => Awaited::Key { side, key: above.key.clone() },
        });
    }
}

/// What a side waits for is said anew by each plan; where links are aimed at, by them.
pub(super) fn forget_waits(draft: &mut Draft<'_>, side: &SideId) {
    let sync = draft.input.sync;
    let mut links = sync.fields.values().filter(|row| row.kind == FieldKind::Links);
    let linked =
        links.any(|row| row.sides.contains_key(side) && agreed_for(&draft.plan.item, sync, row, side).is_some());
    if !linked {
        draft.plan.item.awaits.retain(|awaited| !matches!(awaited, Awaited::Replica { side: of, .. } if of == side));
    }
}

fn wait_for(draft: &mut Draft<'_>, item: ItemId, side: &SideId) {
    draft.plan.item.awaits.insert(Awaited::Replica { item, side: side.clone() });
}

/// Why a replica cannot be put below what is agreed, for now or at all.
pub(super) fn hindered(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    agreed: &Agreed,
    base: &Base,
) -> Option<Hindrance> {
    if base.value.as_ref().unwrap_or(&Value::Empty) == &agreed.value || agreed.asking.contains(side) {
        return None;
    }
    if super::targets::is_to_convert(draft, side) {
        return Some(Hindrance::Waits("it is to be converted in that Jira's browser first".to_owned()));
    }
    let Value::Choice(shared) = &agreed.value else {
        if base.value.as_ref().is_some_and(is_stranger) {
            return Some(Hindrance::Waits("its parent is no issue of the sync, and is left alone".to_owned()));
        }
        let remedy = "convert it to an issue in that Jira, or give it a parent again where that was taken away";
        let why = "a sub-task is never without a parent: it stays below the one it has";
        return is_sub_task(draft, side).then(|| cannot(why, remedy));
    };
    let above = native_parent(&place(draft.input, &draft.nothing, row, side), shared);
    match above {
        Err(Parentless::NotThere(item)) => {
            wait_for(draft, item, side);
            Some(Hindrance::Waits("its parent has no counterpart here yet".to_owned()))
        }
        Err(Parentless::Gone) => Some(Hindrance::Waits("its parent is not there now, or may not be seen".to_owned())),
        Err(Parentless::Stranger) => Some(Hindrance::Waits("its parent is no issue of the sync".to_owned())),
        Err(Parentless::Restricted) => Some(Hindrance::Waits("its parent has a security level".to_owned())),
        Ok(above) if draft.catalog(side).kind == Some(Kind::DataCenter) => not_over_rest(draft, side, &above),
        Ok(_) => None,
    }
}

/// What Data Center's REST API has no way for.
fn not_over_rest(draft: &Draft<'_>, side: &SideId, above: &Above) -> Option<Hindrance> {
    if is_sub_task(draft, side) {
        let remedy = format!("move it below {} in that Jira, or leave it where it is", above.key);
        return Some(cannot("Data Center lets nobody give a sub-task another parent over its REST API", &remedy));
    }
    // What is above an epic (Advanced Roadmaps) stands in a field of its own there, `Parent Link`, which is not carried.
    if type_there(draft, side).is_some_and(|issue_type| is_epic(draft.catalog(side), issue_type)) {
        let remedy =
            format!("set `Parent Link` of Advanced Roadmaps to {} in that Jira, or leave it as it is", above.key);
        return Some(cannot("it is an epic, and Data Center's `Epic Link` names no parent of an epic", &remedy));
    }
    if draft.catalog(side).epic_link.is_none() {
        let remedy = "take the side out of the row `parent`, if its Jira has no epics";
        return Some(cannot("that Jira has no field `Epic Link` to name the parent in", remedy));
    }
    None
}

fn cannot(why: &str, remedy: &str) -> Hindrance {
    Hindrance::Cannot(Unmappable { why: why.to_owned(), remedy: remedy.to_owned(), may_pass: true })
}

/// The type of a side's replica there.
fn type_there<'d>(draft: &'d Draft<'_>, side: &SideId) -> Option<&'d String> {
    let row = draft.input.sync.fields.values().find(|row| row.kind == FieldKind::IssueType);
    let base = row.and_then(|row| draft.plan.item.replicas.get(side)?.bases.get(&row.name));
    base.and_then(|base| base.native.as_ref())
}

/// Whether a side's replica is a sub-task there.
fn is_sub_task(draft: &Draft<'_>, side: &SideId) -> bool {
    type_there(draft, side).is_some_and(|name| draft.catalog(side).sub_task_types.contains(name))
}

/// Whether issues of a type are epics on a Data Center: those that Jira makes not without a name of an epic.
fn is_epic(catalog: &Catalog, issue_type: &str) -> bool {
    let named = |name: &FieldId| catalog.required.get(issue_type).is_some_and(|required| required.contains_key(name));
    catalog.epic_name.as_ref().is_some_and(named)
}

/// The field that a replica's parent is written to: Data Center has epics in one of their own.
pub(super) fn field_here(draft: &Draft<'_>, side: &SideId, field: FieldId) -> FieldId {
    let epic = draft.catalog(side).epic_link.clone();
    epic.filter(|_| !is_sub_task(draft, side)).unwrap_or(field)
}

/// The parent that a new issue is made with. What is no sub-task may get it later.
///
/// # Errors
/// It would be a sub-task, and there is nothing to put it below.
pub(super) fn at_creation(
    draft: &mut Draft<'_>,
    side: &SideId,
    issue_type: &str,
) -> Result<Option<(FieldName, FieldWrite)>, NotYet> {
    let sub_task = draft.catalog(side).sub_task_types.contains(issue_type);
    let sync = draft.input.sync;
    draft.plan.item.awaits.retain(|awaited| !matches!(awaited, Awaited::Replica { side: of, .. } if of == side));
    let row = sync.fields.values().find(|row| row.kind == FieldKind::Parent && row.sides.contains_key(side));
    let Some((row, field)) = row.and_then(|row| Some((row, row.sides.get(side)?))) else {
        let remedy = "add `parent = \"both\"` to the fields of the sync, or map the type to one of ordinary issues";
        return without(draft, side, sub_task, "no row carries its parent", remedy);
    };
    let agreed = agreed_for(&draft.plan.item, sync, row, side).cloned();
    let Some((agreed, Value::Choice(shared))) = agreed.as_ref().map(|agreed| (agreed, &agreed.value)) else {
        let remedy = "give it a parent on a side that this one sees, or map the type to one of ordinary issues";
        return without(draft, side, sub_task, "none of whom this side sees gave it one", remedy);
    };
    let above = match native_parent(&place(draft.input, &draft.nothing, row, side), shared) {
        Ok(above) => above,
        Err(Parentless::NotThere(item)) => {
            wait_for(draft, item, side);
            let remedy = "none: it is made right after its parent's; share that with the side too, if it is not";
            return without(draft, side, sub_task, "its parent has no counterpart here yet", remedy);
        }
        Err(Parentless::Gone) => {
            let remedy = "restore the parent there, or let the sync user see it; the full check finds it";
            return without(draft, side, sub_task, "its parent is not there now, or may not be seen", remedy);
        }
        Err(Parentless::Stranger) => {
            let remedy = "let the sync carry the parent as well; then the sub-task follows by itself";
            return without(draft, side, sub_task, "its parent is no issue of this sync", remedy);
        }
        Err(Parentless::Restricted) => {
            let remedy = "remove the security level of the parent if it may be shared";
            return without(draft, side, sub_task, "its parent has a security level", remedy);
        }
    };
    let catalog = draft.catalog(side);
    let field = match (sub_task, catalog.kind, &catalog.epic_link) {
        (true, ..) | (false, Some(Kind::Cloud) | None, _) => field.clone(),
        // Above an epic is no epic. It is made without, and told then.
        (false, Some(Kind::DataCenter), Some(_)) if is_epic(catalog, issue_type) => return Ok(None),
        (false, Some(Kind::DataCenter), Some(epic)) => epic.clone(),
        (false, Some(Kind::DataCenter), None) => return Ok(None),
    };
    // What is not on the create screen is set afterwards.
    let offered = catalog.create_fields.get(issue_type);
    if !sub_task && offered.is_some_and(|offered| !offered.contains(&field)) {
        return Ok(None);
    }
    let write = NativeWrite::Set(NativeValue::Parent(above));
    let (wanted, acts) = (agreed.value.clone(), agreed.acts.clone());
    Ok(Some((row.name.clone(), FieldWrite { field, write, wanted, expects: None, acts })))
}

/// An ordinary issue is made without a parent; a sub-task is not made.
fn without(
    draft: &mut Draft<'_>,
    side: &SideId,
    sub_task: bool,
    why: &str,
    remedy: &str,
) -> Result<Option<(FieldName, FieldWrite)>, NotYet> {
    if !sub_task {
        return Ok(None);
    }
    draft.hold(side, None, format!("a sub-task is not made without its parent, and {why}"), remedy);
    Err(NotYet)
}
