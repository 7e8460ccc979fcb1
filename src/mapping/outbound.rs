//! A shared value in a side's own words. Must never write what is close: no counterpart is an answer with a reason.

use super::Place;
use super::scalar::jira_moment;
use super::table::{FOREIGN, names_on};
use crate::model::issue::{Named, NativeValue};
use crate::model::settings::{FieldKind, OnUnmapped};
use crate::model::value::Value;

/// Jira's limit for one line of text, in characters.
const LINE_LIMIT: usize = 255;

/// Why a side has no counterpart of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmappable {
    /// Why, naming the value.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
}

/// What to write so that a side that holds nothing yet holds the value. A status gives the preferred name; how to get there
/// is the planner's.
///
/// # Errors
/// The side has no counterpart of the value.
pub fn outbound(place: &Place<'_>, value: &Value) -> Result<NativeValue, Unmappable> {
    outbound_over(place, value, &NativeValue::Empty)
}

/// The same for a side that holds `last`: of a text, what stands there already stays as it is.
///
/// # Errors
/// The side has no counterpart of the value.
pub fn outbound_over(place: &Place<'_>, value: &Value, last: &NativeValue) -> Result<NativeValue, Unmappable> {
    if value.is_empty() {
        return Ok(NativeValue::Empty);
    }
    match value {
        Value::Empty => Ok(NativeValue::Empty),
        Value::Line(text) => Ok(NativeValue::Text(one_line(text))),
        Value::Day(day) => Ok(NativeValue::Text(day.clone())),
        Value::Document(document) => Ok(super::Rich::from(place).write(document, last)),
        Value::Number(number) => Ok(NativeValue::Text(number.clone())),
        Value::Moment(moment) => Ok(NativeValue::Text(jira_moment(moment).unwrap_or_else(|| moment.clone()))),
        Value::Words(shared) if place.row.kind == FieldKind::Options => {
            // One without a name here stays where it is; that the rest stands for the whole is told by the planner.
            let names =
                shared.iter().filter_map(|shared| names_on(place.table(), place.side, shared).into_iter().next());
            let names = names.map(str::to_owned).collect();
            Ok(NativeValue::Words(super::inbound::carried(place, &names)))
        }
        Value::Words(words) => Ok(NativeValue::Words(super::inbound::carried(place, words))),
        Value::Choice(shared) => choice(place, shared),
        Value::Person(shared) => person(place, shared),
    }
}

/// One line of at most 255 characters: Jira refuses more. Our cut never flows back: it counts as the same value.
fn one_line(text: &str) -> String {
    let line = text.replace(['\r', '\n'], " ");
    if line.chars().count() <= LINE_LIMIT {
        return line;
    }
    let mut cut: String = line.chars().take(LINE_LIMIT - 1).collect();
    cut.push('…');
    cut
}

fn choice(place: &Place<'_>, shared: &str) -> Result<NativeValue, Unmappable> {
    let names = names_on(place.table(), place.side, shared);
    let name = match (names.first(), &place.row.on_unmapped) {
        (Some(name), _) => (*name).to_owned(),
        (None, OnUnmapped::Clear) => return Ok(NativeValue::Empty),
        (None, OnUnmapped::Default(defaults)) if defaults.contains_key(place.side) => {
            defaults.get(place.side).cloned().unwrap_or_default()
        }
        (None, OnUnmapped::Leave | OnUnmapped::Default(_)) => return Err(no_row(place, shared)),
    };
    let offered = match place.row.kind {
        FieldKind::IssueType => &place.catalog.issue_types,
        FieldKind::Status => &place.catalog.statuses,
        FieldKind::Choice if place.row.name.as_str() == "priority" => &place.catalog.priorities,
        FieldKind::Choice
        | FieldKind::Line
        | FieldKind::Document
        | FieldKind::Words
        | FieldKind::Options
        | FieldKind::Number
        | FieldKind::Moment
        | FieldKind::Person
        | FieldKind::Day => {
            return Ok(NativeValue::Named(Named { id: String::new(), name }));
        }
    };
    let id = offered.iter().find(|offer| offer.name == name).map(|offer| offer.id.clone()).unwrap_or_default();
    Ok(NativeValue::Named(Named { id, name }))
}

fn person(place: &Place<'_>, shared: &str) -> Result<NativeValue, Unmappable> {
    let cells = names_on(place.table(), place.side, shared);
    let found = cells.iter().find_map(|cell| place.catalog.people.get(*cell));
    if let (Some(person), false) = (found, place.table().rows.is_empty()) {
        return Ok(NativeValue::Person(person.clone()));
    }
    match &place.row.on_unmapped {
        OnUnmapped::Clear => Ok(NativeValue::Empty),
        OnUnmapped::Default(defaults) => {
            let default = defaults.get(place.side).and_then(|cell| place.catalog.people.get(cell));
            default.map(|person| NativeValue::Person(person.clone())).ok_or_else(|| no_row(place, shared))
        }
        OnUnmapped::Leave => Err(no_row(place, shared)),
    }
}

fn no_row(place: &Place<'_>, shared: &str) -> Unmappable {
    let name = shared.strip_prefix(FOREIGN).unwrap_or(shared);
    let map = match place.row.kind {
        FieldKind::IssueType => "map.issue-type".to_owned(),
        FieldKind::Status => "map.status".to_owned(),
        FieldKind::Person => "map.users".to_owned(),
        FieldKind::Choice if place.row.name.as_str() == "priority" => "map.priority".to_owned(),
        FieldKind::Choice
        | FieldKind::Line
        | FieldKind::Document
        | FieldKind::Words
        | FieldKind::Options
        | FieldKind::Number
        | FieldKind::Moment
        | FieldKind::Day => {
            format!("fields.{}.values", place.row.name)
        }
    };
    Unmappable {
        why: format!("`{name}` of field `{}` has no counterpart on side `{}`", place.row.name, place.side),
        remedy: format!("add a row for it to `sync.{}.{map}`", place.sync.id),
    }
}
