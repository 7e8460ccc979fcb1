//! A shared value in a side's own words. Must never write what is close: no counterpart is an answer with a reason.

use super::scalar::{jira_moment, whole_minutes};
use super::table::{FOREIGN, names_on, without_row};
use super::{Place, Vocabulary, vocabulary};
use crate::model::catalog::Shape;
use crate::model::ids::AccountId;
use crate::model::issue::{Named, NativeValue, Person};
use crate::model::right::{Function, Right, needed, there};
use crate::model::settings::{FieldKind, Kind, OnUnmapped};
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
    /// Whether it may pass without the configuration being changed.
    pub may_pass: bool,
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
        return Ok(place.row.default.get(place.side).map_or(NativeValue::Empty, |text| super::written(place, text)));
    }
    match value {
        Value::Empty => Ok(NativeValue::Empty),
        Value::Line(text) if place.shape().is_some_and(Shape::is_choice) => {
            let Some(name) = place.name_of(text.trim()).map(str::to_owned) else {
                return Err(taken(place, text.trim()));
            };
            if place.can_hold(text.trim(), &name) { Ok(place.named(name)) } else { Err(not_offered(place, &name)) }
        }
        Value::Line(text) => Ok(NativeValue::Text(one_line(text))),
        Value::Day(day) => Ok(NativeValue::Text(day.clone())),
        Value::Document(document) => Ok(super::Rich::from(place).write(document, last)),
        Value::Number(number) if place.row.kind == FieldKind::Duration => Ok(NativeValue::Text(whole_minutes(number))),
        Value::Number(number) => Ok(NativeValue::Text(number.clone())),
        Value::Moment(moment) => Ok(NativeValue::Text(jira_moment(moment).unwrap_or_else(|| moment.clone()))),
        // As far as they can be made here.
        Value::Words(shared) if place.row.kind == FieldKind::Links => Ok(NativeValue::Links(
            shared.iter().filter_map(|element| super::native_link(place, element).ok()).collect(),
        )),
        // An element without a name here stays where it is; that the rest stands for the whole is told by the planner.
        Value::Words(shared) => Ok(super::set::set(place, shared)),
        Value::Choice(shared) if place.row.kind == FieldKind::Parent => {
            super::native_parent(place, shared).map(NativeValue::Parent).map_err(|_| no_parent(place))
        }
        Value::Choice(shared) => choice(place, shared),
        Value::Person(shared) => person(place, shared),
    }
}

/// One line of at most 255 characters: Jira refuses more. Our cut never flows back: it counts as the same value.
pub(super) fn one_line(text: &str) -> String {
    let line = text.replace(['\r', '\n'], " ");
    if line.chars().count() <= LINE_LIMIT {
        return line;
    }
    let mut cut: String = line.chars().take(LINE_LIMIT - 1).collect();
    cut.push('…');
    cut
}

fn choice(place: &Place<'_>, shared: &str) -> Result<NativeValue, Unmappable> {
    let names = place.names(shared);
    let own = vocabulary(place.row) == Vocabulary::Own;
    let name = match names.first() {
        Some(name) if own && !place.can_hold(shared, name) => Err(not_offered(place, name)),
        Some(name) => Ok((*name).to_owned()),
        None if place.is_taken(shared) => Err(taken(place, &place.said(shared))),
        None => Err(no_row(place, shared)),
    };
    let name = match (name, &place.row.on_unmapped) {
        (Ok(name), _) => name,
        (Err(_), OnUnmapped::Clear) => return Ok(NativeValue::Empty),
        (Err(why), OnUnmapped::Default(defaults)) => defaults.get(place.side).cloned().ok_or(why)?,
        (Err(why), OnUnmapped::Leave | OnUnmapped::Skip | OnUnmapped::Create) => return Err(why),
    };
    if place.shape() == Some(Shape::Text) && own {
        return Ok(NativeValue::Text(name));
    }
    let Some(offered) = vocabulary(place.row).offered(place.catalog) else { return Ok(place.named(name)) };
    let id = offered.iter().find(|offer| offer.name == name).map(|offer| offer.id.clone()).unwrap_or_default();
    Ok(NativeValue::Named(Named { id, name }))
}

fn person(place: &Place<'_>, shared: &str) -> Result<NativeValue, Unmappable> {
    let cells = names_on(place.table(), place.side, shared);
    let found = cells.iter().find_map(|cell| place.catalog.people.get(*cell));
    let named = cells.first().filter(|_| found.is_none() && !place.table().rows.is_empty());
    let named = named.filter(|_| without_row(shared).is_none());
    let mut why = named.map_or_else(|| no_row(place, shared), |cell| nobody_found(place, cell));
    if let (None, Some(account)) = (found, own_account(place, shared)) {
        let account = AccountId::new(account);
        return Ok(NativeValue::Person(Person { display_name: account.to_string(), account, email: None }));
    }
    if let (Some(person), false) = (found, place.table().rows.is_empty()) {
        if !may_not_have_it(place, person) {
            return Ok(NativeValue::Person(person.clone()));
        }
        why = Unmappable {
            why: format!("{} may not be assigned issues on side `{}`", person.display_name, place.side),
            remedy: format!(
                "for {} they need {} in {}: let them be assigned there, or change their row in `sync.{}.map.users`",
                Function::Assignee,
                Right::AssignableUser,
                there(place.sync, place.side),
                place.sync.id
            ),
            may_pass: true,
        };
    }
    match &place.row.on_unmapped {
        OnUnmapped::Clear => Ok(NativeValue::Empty),
        OnUnmapped::Default(defaults) => {
            let default = defaults.get(place.side).and_then(|cell| place.catalog.people.get(cell));
            default.map(|person| NativeValue::Person(person.clone())).ok_or(why)
        }
        OnUnmapped::Leave | OnUnmapped::Skip | OnUnmapped::Create => Err(why),
    }
}

/// The account of somebody of this very side whom no row names. What only a log told may be a name that people read: no account is called so.
fn own_account<'s>(place: &Place<'_>, shared: &'s str) -> Option<&'s str> {
    let (side, account) = without_row(shared)?;
    (side == place.side.as_str() && !account.is_empty() && !account.contains(' ')).then_some(account)
}

/// Whether Jira said of somebody that they may not be assigned what this field is about.
fn may_not_have_it(place: &Place<'_>, person: &Person) -> bool {
    let assignee = place.row.sides.get(place.side).is_some_and(|field| field.as_str() == "assignee");
    assignee && place.catalog.unassignable.contains(&person.account)
}

/// A name that the map gives, and the side does not have. Of projects Jira offers those that the sync user may browse.
fn not_offered(place: &Place<'_>, name: &str) -> Unmappable {
    if place.shape() == Some(Shape::Project) {
        return Unmappable {
            why: format!(
                "project `{name}` of field `{}` is not on side `{}`, or the sync user may not see it",
                place.row.name, place.side
            ),
            remedy: "let the sync user browse it there (Browse Projects), or name another one in the row's `values`; it is looked for again"
                .to_owned(),
            may_pass: true,
        };
    }
    Unmappable {
        why: format!("field `{}` of side `{}` does not offer `{name}`", place.row.name, place.side),
        remedy: "add it there, or name what is there in the row's `values`; it is looked for again".to_owned(),
        may_pass: true,
    }
}

fn no_parent(place: &Place<'_>) -> Unmappable {
    Unmappable {
        why: format!("the parent has no counterpart on side `{}`", place.side),
        remedy: "none: it is set as soon as there is one".to_owned(),
        may_pass: true,
    }
}

/// A version or component that is not there, while another one has its name.
fn taken(place: &Place<'_>, name: &str) -> Unmappable {
    Unmappable {
        why: format!(
            "`{name}` of field `{}` is not on side `{}`, where another one bears that name or it is about to be made",
            place.row.name, place.side
        ),
        remedy: "if it is not made within minutes, give that other one another name there".to_owned(),
        may_pass: true,
    }
}

/// Somebody whom the map names there, and whom that Jira does not show.
fn nobody_found(place: &Place<'_>, cell: &str) -> Unmappable {
    // Data Center finds people by their names, whoever asks.
    let by_address = place.catalog.kind == Some(Kind::Cloud) && cell.contains('@');
    let remedy = if by_address {
        let needed = needed(place.sync, place.side, Function::People, &[Right::BrowseUsers]);
        format!(
            "{needed}: give it that, or correct their row in `sync.{}.map.users`, then `jirasyncd reload`: the next full check tries it again; of whom hides an address Cloud tells none: write the account id",
            place.sync.id
        )
    } else {
        format!(
            "correct their row in `sync.{}.map.users`, or give them an active account there, then `jirasyncd reload`: the next full check tries it again",
            place.sync.id
        )
    };
    Unmappable {
        why: format!(
            "nobody is found on side `{}` as `{cell}`, who is to stand in field `{}`",
            place.side, place.row.name
        ),
        remedy,
        // A start or a reload looks for them anew, and queues no issue for that.
        may_pass: true,
    }
}

fn no_row(place: &Place<'_>, shared: &str) -> Unmappable {
    let name = shared.strip_prefix(FOREIGN).unwrap_or(shared);
    let map = vocabulary(place.row).key(place.row);
    Unmappable {
        why: format!("`{name}` of field `{}` has no counterpart on side `{}`", place.row.name, place.side),
        remedy: format!("add a row for it to `sync.{}.{map}`", place.sync.id),
        may_pass: false,
    }
}
