//! Rows whose value the sync itself writes: a constant, or a template over other values. Must never let a template through that
//! names what no row gives.

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::node::Cursor;
use super::problem::{Findings, listed};
use super::sides::Sides;
use crate::mapping::compose;
use crate::model::ids::FieldName;
use crate::model::settings::{Composed, FieldKind, FieldRow};

/// Whether a row may stand for one side alone.
pub(super) fn is_one(entry: &Cursor<'_>) -> bool {
    entry.get(&keys::FIELD_VALUE).is_some() || entry.get(&keys::FIELD_TEMPLATE).is_some()
}

/// What a row writes by itself.
pub(super) fn read(entry: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Composed> {
    let (value, template) = (entry.get(&keys::FIELD_VALUE), entry.get(&keys::FIELD_TEMPLATE));
    if let (Some(_), Some(template)) = (&value, &template) {
        findings.error(&template.key_spot, "a row has a `value` or a `template`, not both", "take one of them out");
    }
    let constant = value.and_then(|value| Some(Composed::Constant(value.text()?.to_owned())));
    constant.or_else(|| Some(Composed::Template(template?.text()?.to_owned())))
}

/// Says where nothing would be written.
pub(super) fn warn(entry: &Cursor<'_>, row: &FieldRow, sides: &Sides, findings: &mut Findings<'_>) {
    let receivers = sides.order().filter(|side| row.sides.contains_key(*side) && !row.from.contains(*side));
    if row.composed.is_some() && receivers.count() == 0 {
        let message = format!("nothing is ever written for `{}`: all its sides are in `from`", entry.name);
        findings.error(&entry.key_spot, message, "leave the side that is to receive it out of `from`");
    }
}

/// Tries every template out on made-up values.
pub(super) fn check(table: &Cursor<'_>, rows: &BTreeMap<FieldName, FieldRow>, findings: &mut Findings<'_>) {
    let named =
        rows.values().filter(|row| !matches!(row.kind, FieldKind::Links | FieldKind::Parent | FieldKind::Watchers));
    let mut known: BTreeSet<String> = named.map(|row| compose::variable(row.name.as_str())).collect();
    known.extend(["key", "keys", "side", "sync_state", "sync_time"].map(str::to_owned));
    for entry in table.entries() {
        let Some(cursor) = entry.get(&keys::FIELD_TEMPLATE) else { continue };
        let Some(template) = cursor.text() else { continue };
        let unknown = match compose::variables(template) {
            Ok(named) => named.into_iter().filter(|name| !known.contains(name)).collect::<Vec<String>>(),
            Err(why) => {
                findings.error(&cursor.spot, format!("the template does not work: {why}"), "correct it");
                continue;
            }
        };
        if !unknown.is_empty() {
            let help = "it may name `key`, `keys`, `side`, `sync_state`, `sync_time` and the rows of `fields`, with `_` for `-`";
            findings.error(&cursor.spot, format!("the template names {}, which no row gives", listed(&unknown)), help);
            continue;
        }
        let values = known.iter().map(|name| (name.clone(), "1".to_owned())).collect();
        if let Err(why) = compose::render(template, &values) {
            findings.error(&cursor.spot, format!("the template does not work: {why}"), "correct it");
        }
    }
}
