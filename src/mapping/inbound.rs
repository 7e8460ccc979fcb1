//! What a side holds, in shared words. Must never lose that something is there: what has no row becomes a value of its own.

use std::collections::BTreeSet;

use super::Place;
use super::scalar::{moment, number};
use super::table::FOREIGN;
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::SideId;
use crate::model::issue::{NativeValue, Person};
use crate::model::settings::{FieldKind, Table};
use crate::model::value::Value;

/// The shared value of what the side holds. `None`: a shape that this kind of field does not carry.
#[must_use]
pub fn inbound(place: &Place<'_>, native: &NativeValue) -> Option<Value> {
    if matches!(native, NativeValue::Empty) {
        return Some(Value::Empty);
    }
    let value = match (place.row.kind, native) {
        // Jira shows `3.0` where its log, and people, say `3`.
        (FieldKind::Line, NativeValue::Text(text))
            if matches!(place.shape(), Some(Shape::Number | Shape::Count | Shape::Figure)) =>
        {
            Value::Line(number(text).unwrap_or_else(|| text.trim().to_owned()))
        }
        // Jira trims what is written, but keeps blanks that came otherwise: they are no difference.
        (FieldKind::Line, NativeValue::Text(text) | NativeValue::Wiki(text)) => Value::Line(text.trim().to_owned()),
        (FieldKind::Day, NativeValue::Text(text)) => Value::Day(text.get(..10).unwrap_or(text).to_owned()),
        (FieldKind::Document, NativeValue::Text(_) | NativeValue::Wiki(_) | NativeValue::Adf(_)) => {
            Value::Document(super::Rich::from(place).read(native))
        }
        (FieldKind::Choice | FieldKind::Status | FieldKind::IssueType, NativeValue::Named(named)) => {
            Value::Choice(place.shared(&named.name))
        }
        (FieldKind::Choice, NativeValue::Text(text)) => Value::Choice(place.shared(text)),
        (FieldKind::Line, NativeValue::Named(named)) => Value::Line(place.open_name(&named.name)),
        // In words, wherever people are only named.
        (FieldKind::Line, NativeValue::Person(person)) => Value::Line(person.display_name.clone()),
        (FieldKind::Line, NativeValue::Words(words)) => {
            let words: BTreeSet<String> = carried(place, words).iter().map(|name| place.open_name(name)).collect();
            Value::Line(words.into_iter().collect::<Vec<_>>().join(", "))
        }
        (
            FieldKind::Words | FieldKind::Options | FieldKind::People | FieldKind::Watchers,
            NativeValue::Words(names),
        ) => {
            let carried = carried(place, names);
            Value::Words(carried.iter().map(|name| super::shared_element(place, name)).collect())
        }
        (FieldKind::Links, NativeValue::Links(links)) => {
            Value::Words(super::shared_links(place, links).into_keys().collect())
        }
        (FieldKind::Parent, NativeValue::Parent(above)) => Value::Choice(super::shared_parent(place, above)),
        (FieldKind::Options, NativeValue::Named(named)) => {
            Value::Words(BTreeSet::from([super::shared_element(place, &named.name)]))
        }
        (FieldKind::People, NativeValue::Person(person)) => {
            Value::Words(BTreeSet::from([super::shared_element(place, person.account.as_str())]))
        }
        (FieldKind::Duration, NativeValue::Text(text)) => match number(text)? {
            // Nothing is estimated as no time at all: that is how it is cleared.
            seconds if seconds == "0" => Value::Empty,
            seconds => Value::Number(seconds),
        },
        (FieldKind::Number, NativeValue::Text(text)) => Value::Number(number(text)?),
        (FieldKind::Moment, NativeValue::Text(text)) => Value::Moment(moment(text)?),
        (FieldKind::Person, NativeValue::Person(person)) => Value::Person(shared_person(place, person)),
        _ => return None,
    };
    Some(if value.is_empty() { Value::Empty } else { value })
}

pub(super) fn carried(place: &Place<'_>, words: &BTreeSet<String>) -> BTreeSet<String> {
    words.iter().filter(|word| !place.is_excluded(word)).cloned().collect()
}

/// The shared name of somebody: the row one of whose cells for this side was found to be them.
pub(super) fn shared_person(place: &Place<'_>, person: &Person) -> String {
    shared_account(place.table(), place.side, place.catalog, person.account.as_str())
}

/// The same for an account of that side.
pub(crate) fn shared_account(table: &Table, side: &SideId, catalog: &Catalog, account: &str) -> String {
    let is_them = |cell: &String| match catalog.people.get(cell) {
        Some(found) => found.account.as_str() == account,
        None => cell == account,
    };
    let row = table.rows.iter().find(|row| row.names.get(side).is_some_and(|cells| cells.iter().any(is_them)));
    row.map_or_else(|| format!("{FOREIGN}{side}:{account}"), |row| row.shared.clone())
}
