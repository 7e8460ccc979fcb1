//! What a side is to hold of a row: what is agreed there, or what the sync itself writes. Must never compose anything from what
//! the side may not see.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, agreed_for, audience_of, place};
use crate::mapping::{compose, inbound, written};
use crate::model::hub::{Acts, Agreed, Audience};
use crate::model::ids::SideId;
use crate::model::settings::{Composed, FieldKind, FieldRow};
use crate::model::value::Value;

/// What a template may name, and what it is.
type Values = BTreeMap<String, String>;

/// Whether the sync itself writes the row on that side.
pub(super) fn is_composed(row: &FieldRow, side: &SideId) -> bool {
    row.composed.is_some() && !row.from.contains(side)
}

/// What the side is to hold. `None`: nothing is known to be held anywhere.
///
/// # Errors
/// The template does not work on these values; in words.
pub(super) fn due<'d>(draft: &'d Draft<'_>, row: &FieldRow, side: &SideId) -> Result<Option<Cow<'d, Agreed>>, String> {
    if !is_composed(row, side) {
        let agreed = agreed_for(&draft.plan.item, draft.input.sync, row, side).map(Cow::Borrowed);
        let default = row.default.contains_key(side).then(|| Cow::Owned(made(side, Value::Empty, Acts::default())));
        return Ok(agreed.or(default));
    }
    let (text, acts) = match &row.composed {
        None => return Ok(None),
        Some(Composed::Constant(text)) => (text.clone(), Acts::default()),
        Some(Composed::Template(template)) => {
            let Some((values, acts)) = values(draft, row, side, template)? else { return Ok(None) };
            (compose::render(template, &values)?, acts)
        }
    };
    let place = place(draft.input, &draft.nothing, row, side);
    let value = inbound(&place, &written(&place, &text)).unwrap_or(Value::Empty);
    Ok(Some(Cow::Owned(made(side, value, acts))))
}

fn made(side: &SideId, value: Value, acts: Acts) -> Agreed {
    Agreed {
        value,
        acts,
        origins: BTreeSet::new(),
        by: side.clone(),
        at: jiff::Timestamp::UNIX_EPOCH,
        asking: BTreeSet::new(),
        standing: Vec::new(),
    }
}

/// What a template may name on that side, and the acts behind what it does name. `None`: it names the counterpart's key, and none
/// is there that the side sees.
fn values(draft: &Draft<'_>, row: &FieldRow, side: &SideId, template: &str) -> Result<Option<(Values, Acts)>, String> {
    let named = compose::variables(template)?;
    let sync = draft.input.sync;
    let (mut values, mut acts) = (Values::new(), Acts::default());
    let own = |row: &&FieldRow| !matches!(row.kind, FieldKind::Links | FieldKind::Parent | FieldKind::Watchers);
    for other in sync.fields.values().filter(own) {
        let variable = compose::variable(other.name.as_str());
        let agreed = agreed_for(&draft.plan.item, sync, other, side);
        // An issue is not made of a summary that the side may not see.
        let summary = other.sides.get(side).is_some_and(|field| field.as_str() == "summary");
        if summary && agreed.is_none() && named.contains(&variable) {
            return Ok(None);
        }
        values.insert(variable.clone(), agreed.map(|agreed| compose::in_words(&agreed.value)).unwrap_or_default());
        if let (Some(agreed), true) = (agreed, named.contains(&variable)) {
            acts.join(&agreed.acts);
        }
    }
    let audience = audience_of(&draft.plan.item, sync, row, side);
    match counterpart(draft, side, &audience) {
        Some((from, key)) => {
            values.insert("key".to_owned(), key);
            values.insert("side".to_owned(), from.to_string());
        }
        None if named.contains("key") || named.contains("side") => return Ok(None),
        None => {}
    }
    Ok(Some((values, acts)))
}

/// The first side, in their order, that this one sees and that has an issue.
fn counterpart(draft: &Draft<'_>, side: &SideId, audience: &Audience) -> Option<(SideId, String)> {
    let seen = draft.input.sync.side_ids().filter(|other| *other != side && audience.0.contains(*other));
    let mut keys = seen.filter_map(|other| Some((other.clone(), draft.plan.item.replicas.get(other)?.key.to_string())));
    keys.next()
}
