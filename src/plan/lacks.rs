//! Elements of a value that a side has no counterpart of: told, left alone, or made there. Must never make anything without the
//! row saying so.

use std::collections::BTreeSet;

use super::{Draft, place};
use crate::mapping::{FOREIGN, Place, lacking, taken};
use crate::model::catalog::Shape;
use crate::model::ids::SideId;
use crate::model::operation::{Action, Operation, Thing};
use crate::model::settings::{FieldRow, OnUnmapped};
use crate::model::value::Value;

/// What to do where a side has no counterpart.
const REMEDY: &str =
    "none needed; add a row to the map, what is missing to that Jira, or shorten the text, to have it exactly";

/// Says what of a value a side cannot hold, asks for what is missing to be looked for again, and makes what may be made. `short`:
/// what is held there is not the whole value.
pub(super) fn say(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, value: &Value, short: bool) {
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = base.and_then(|base| base.value.as_ref());
    let place = Place { held, ..place(draft.input, &draft.nothing, row, side) };
    let (unoffered, unnamed) = match value {
        Value::Words(shared) => lacking(&place, shared),
        Value::Choice(shared) | Value::Line(shared) => {
            let name = place.names(shared).first().map(|name| (*name).to_owned());
            let known = place.shape().is_some_and(Shape::is_choice);
            (name.filter(|name| known && !place.can_hold(shared, name)).into_iter().collect(), BTreeSet::new())
        }
        Value::Empty | Value::Document(_) | Value::Person(_) | Value::Day(_) | Value::Number(_) | Value::Moment(_) => {
            (BTreeSet::new(), BTreeSet::new())
        }
    };
    let taken = match value {
        Value::Words(shared) => taken(&place, shared),
        Value::Empty
        | Value::Choice(_)
        | Value::Line(_)
        | Value::Document(_)
        | Value::Person(_)
        | Value::Day(_)
        | Value::Number(_)
        | Value::Moment(_) => BTreeSet::new(),
    };
    let thing = place.thing();
    if !unoffered.is_empty() {
        draft.plan.lacking.insert(side.clone());
    }
    let (archived, unoffered): (BTreeSet<String>, BTreeSet<String>) =
        unoffered.into_iter().partition(|name| thing.is_some() && place.is_listed(name));
    // What is made for an issue is seen by everybody who works there, whoever may see the issue.
    if let (OnUnmapped::Create, Some(thing), false) = (&row.on_unmapped, thing, super::levels::shuts(draft, side)) {
        for name in &unoffered {
            make(draft, row, side, thing, name);
        }
    }
    if !short || row.on_unmapped == OnUnmapped::Skip {
        return;
    }
    if let Value::Person(shared) = value {
        let who = shared.strip_prefix(FOREIGN).unwrap_or(shared);
        let stands = if row.on_unmapped == OnUnmapped::Clear { "nobody" } else { "somebody else" };
        let what = format!("`{}` is `{who}`, who has no account here that is known: {stands} stands there", row.name);
        let remedy =
            format!("add a row for them to `sync.{}.map.users`, if they have an account here", draft.input.sync.id);
        draft.hold(side, Some(&row.name), what, &remedy);
        return;
    }
    let names: Vec<String> = unoffered.iter().chain(&unnamed).map(|name| format!("`{name}`")).collect();
    let (what, remedy) = if !taken.is_empty() {
        let names: Vec<String> = taken.iter().map(|name| format!("`{name}`")).collect();
        let what =
            format!("{} is not there, and another one bears that name or it is about to be made", names.join(", "));
        (what, "if it is not made within minutes, give that other one another name there")
    } else if !archived.is_empty() && names.is_empty() {
        let names: Vec<String> = archived.iter().map(|name| format!("`{name}`")).collect();
        (
            format!("{} is archived there", names.join(", ")),
            "take it out of the archive there, if this issue is to have it",
        )
    } else if names.is_empty() {
        ("another value stands for it".to_owned(), REMEDY)
    } else {
        (format!("{} is missing", names.join(", ")), REMEDY)
    };
    draft.hold(side, Some(&row.name), format!("`{}` cannot be held in full here: {what}", row.name), remedy);
}

fn make(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, thing: Thing, name: &str) {
    let action = Action::Offer { field: row.name.clone(), thing, name: name.to_owned() };
    // One name may be lacking for several fields: it is made once.
    let is_made = |operation: &Operation| {
        &operation.side == side
            && matches!(&operation.action, Action::Offer { thing: made, name: other, .. } if *made == thing && other == name)
    };
    if !draft.plan.operations.iter().any(is_made) {
        draft.plan.operations.push(Operation { side: side.clone(), action });
    }
}
