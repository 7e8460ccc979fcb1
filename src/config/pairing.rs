//! The `pairing` of a sync: what tells that issues of two sides are one. Must never take a table for a word about nothing.

use std::collections::BTreeMap;

use super::keys_pairing;
use super::node::Cursor;
use super::problem::Findings;
use super::sides::Sides;
use crate::model::ids::FieldId;
use crate::model::initial::Initial;
use crate::model::settings::PairBy;

/// Reads the table.
pub(super) fn read(sync: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Vec<PairBy> {
    let Some(list) = sync.get(&keys_pairing::PAIRING).and_then(|table| table.get(&keys_pairing::PAIRING_BY)) else {
        return Vec::new();
    };
    list.items().filter_map(|item| by(&item, sides, findings)).collect()
}

/// Whose value stands where paired issues differ, as the sync says of all fields.
pub(super) fn initial(sync: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Initial {
    let table = sync.get(&keys_pairing::PAIRING);
    let cursor = table.and_then(|table| table.get(&keys_pairing::PAIRING_INITIAL));
    cursor.map_or(Initial::First, |cursor| rule(&cursor, sides, findings))
}

/// The same as a row says it of its field.
pub(super) fn rule(cursor: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Initial {
    let text = cursor.text().unwrap_or_default();
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        // Blank, or no text: said already.
        (Some("first"), None, _) | (None, ..) => Initial::First,
        (Some("newest"), None, _) => Initial::Newest,
        (Some("ask"), None, _) => Initial::Ask,
        (Some("prefer"), Some(side), None) => {
            sides.find(side, &cursor.spot, findings).map_or(Initial::First, Initial::Prefer)
        }
        (Some(_), ..) => {
            let message = format!("`{text}` is none of `first`, `newest`, `ask`, `prefer SIDE`");
            let side = sides.order().next().map_or("SIDE", |side| side.as_str());
            findings.error(&cursor.spot, message, format!("write `first`, `newest`, `ask`, or `prefer {side}`"));
            Initial::First
        }
    }
}

fn by(item: &Cursor<'_>, sides: &Sides, findings: &mut Findings<'_>) -> Option<PairBy> {
    if !item.is_table() {
        return (item.text() == Some("remote-link")).then_some(PairBy::RemoteLink);
    }
    let property = item.get(&keys_pairing::BY_PROPERTY);
    let Some(field) = item.get(&keys_pairing::BY_FIELD) else {
        let name = property.as_ref().and_then(Cursor::text).filter(|name| !name.trim().is_empty());
        if name.is_none() {
            findings.error(
                &item.spot,
                "this names nothing to pair by",
                "write `{ field = { SIDE = \"…\" } }` or `{ property = \"…\" }`",
            );
        }
        return name.map(|name| PairBy::Property(name.to_owned()));
    };
    if let Some(property) = property {
        findings.error(&property.key_spot, "one entry pairs by a field or by a property", "make an entry of each");
    }
    let mut fields: BTreeMap<_, FieldId> = BTreeMap::new();
    for entry in field.entries() {
        let Some(side) = sides.known(&entry, findings) else { continue };
        if let Some(name) = entry.text() {
            fields.insert(side, FieldId::new(name));
        }
    }
    if fields.is_empty() && field.entries().next().is_none() {
        findings.error(
            &field.spot,
            "no side has a field here",
            "name the field of one side at least: `field = { SIDE = \"…\" }`",
        );
    }
    (!fields.is_empty()).then_some(PairBy::Field(fields))
}
