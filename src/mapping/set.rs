//! Sets on a side: which of its own elements stand for the shared ones. Must never drop an element without it being told by
//! [`lacking`].

use std::collections::BTreeSet;

use super::Place;
use super::inbound::{carried, shared_account};
use super::table::{names_on, without_row};
use crate::model::catalog::Shape;
use crate::model::ids::AccountId;
use crate::model::issue::NativeValue;
use crate::model::settings::{FieldKind, OnUnmapped};

fn is_of_people(place: &Place<'_>) -> bool {
    matches!(place.row.kind, FieldKind::People | FieldKind::Watchers)
}

/// The account that an element of a set of people is on the side. `None`: nobody there is known as that.
#[must_use]
pub fn native_account(place: &Place<'_>, shared: &str) -> Option<AccountId> {
    account(place, shared).map(AccountId::new)
}

/// What one element is on the side. `None`: it has no counterpart.
fn native(place: &Place<'_>, shared: &str) -> Option<String> {
    if is_of_people(place) {
        account(place, shared)
    } else {
        name(place, shared).filter(|name| place.can_hold(shared, name))
    }
}

/// The side's name for an element, whether it can be held there or not.
fn name(place: &Place<'_>, shared: &str) -> Option<String> {
    place.names(shared).first().map(|name| (*name).to_owned())
}

fn account(place: &Place<'_>, shared: &str) -> Option<String> {
    if let Some((side, account)) = without_row(shared) {
        return (side == place.side.as_str()).then(|| account.to_owned());
    }
    let cells = names_on(place.table(), place.side, shared);
    let found = cells.iter().find_map(|cell| place.catalog.people.get(*cell));
    found.map(|person| person.account.to_string()).filter(|_| !place.table().rows.is_empty())
}

/// The shared name of an element of the side.
#[must_use]
pub fn shared_element(place: &Place<'_>, name: &str) -> String {
    if is_of_people(place) {
        return shared_account(place.table(), place.side, place.catalog, name);
    }
    place.shared(name)
}

/// What to write of a set. One that a side can hold one element of holds the first in the order of the table's rows.
pub(super) fn set(place: &Place<'_>, shared: &BTreeSet<String>) -> NativeValue {
    let order = |shared: &String| {
        let row = place.table().rows.iter().position(|row| &row.shared == shared);
        (row.unwrap_or(usize::MAX), shared.clone())
    };
    let mut elements: Vec<&String> = shared.iter().collect();
    elements.sort_by_key(|shared| order(shared));
    let mut names: Vec<String> = elements.iter().filter_map(|shared| native(place, shared)).collect();
    if let (OnUnmapped::Default(defaults), true) = (&place.row.on_unmapped, names.len() < elements.len()) {
        names.extend(defaults.get(place.side).cloned());
    }
    let kept = carried(place, &names.iter().cloned().collect());
    names.retain(|name| kept.contains(name));
    match place.shape() {
        Some(Shape::Person) => {
            let is_first = |person: &&crate::model::issue::Person| {
                Some(person.account.as_str()) == names.first().map(String::as_str)
            };
            let person = place.catalog.people.values().find(is_first);
            person.map_or(NativeValue::Empty, |person| NativeValue::Person(person.clone()))
        }
        Some(shape) if shape.is_choice() => {
            names.into_iter().next().map_or(NativeValue::Empty, |name| place.named(name))
        }
        _ => NativeValue::Words(names.into_iter().collect()),
    }
}

/// The versions or components of a set that a side does not have, where another one bears the name that each would have.
#[must_use]
pub fn taken(place: &Place<'_>, shared: &BTreeSet<String>) -> BTreeSet<String> {
    shared.iter().filter(|word| place.is_taken(word)).map(|word| place.said(word)).collect()
}

/// The names that a side should have for the elements of a set, and neither offers nor holds already; and the elements that it has no
/// name for.
#[must_use]
pub fn lacking(place: &Place<'_>, shared: &BTreeSet<String>) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut unoffered, mut unnamed) = (BTreeSet::new(), BTreeSet::new());
    for element in shared.iter().filter(|shared| native(place, shared).is_none()) {
        let name = Some(element).filter(|_| !is_of_people(place)).and_then(|element| name(place, element));
        match name {
            // What never crosses is not missed.
            Some(name) if place.is_excluded(&name) => {}
            Some(name) => drop(unoffered.insert(name)),
            None => drop(unnamed.insert(place.said(element))),
        }
    }
    (unoffered, unnamed)
}
