//! A side's own words to the sync's shared vocabulary and back. Pure. Must never guess: what has no row becomes a value that
//! no other side has, or stays where it is with a reason.

pub mod compose;
mod file_name;
mod file_reference;
mod fit;
pub mod header;
mod inbound;
mod kinds;
mod listed;
mod logged;
mod outbound;
mod reference;
mod reference_words;
mod relation;
mod rich;
mod scalar;
mod set;
mod table;

pub use file_name::{file_name, fits};
pub use fit::{Fit, fit, natural};
pub use inbound::inbound;
pub(crate) use inbound::shared_account;
pub use kinds::{Vocabulary, vocabulary};
pub use logged::{logged, logged_elements, logged_roughly};
pub use outbound::{Unmappable, outbound, outbound_over};
pub use reference::{HIDDEN, NO_REFERENCES, References};
pub use relation::{
    Parentless, Relatives, Unlinkable, element_parts, far_links, link_cell, link_words, may_be_named, native_link,
    native_parent, parent_item, shared_links, shared_parent, strange_links,
};
pub use rich::Rich;
pub use set::{lacking, native_account, shared_element, taken};
pub use table::{FOREIGN, names_on, path_on, shared_of};

use crate::model::catalog::{Catalog, Shape};
use crate::model::document::Syntax;
use crate::model::issue::{Named, NativeValue};
use crate::model::operation::Thing;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings, Table};
use crate::model::things::Called;
use crate::model::value::Value;

/// One field on one side, with all that its mapping may know.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The sync.
    pub sync: &'a SyncSettings,
    /// The field's row.
    pub row: &'a FieldRow,
    /// The side.
    pub side: &'a crate::model::ids::SideId,
    /// What the side offers.
    pub catalog: &'a Catalog,
    /// What texts refer to.
    pub references: &'a References,
    /// Where a text that is too long stands whole.
    pub origin: Option<&'a crate::model::ids::SideId>,
    /// What its issue there is known to hold already, which needs no offer to stay.
    pub held: Option<&'a Value>,
}

impl Place<'_> {
    /// The table whose rows give the field its shared names. Empty: names are shared as they are.
    #[must_use]
    pub fn table(&self) -> &Table {
        vocabulary(self.row).table(self.sync, self.row)
    }

    /// The shared name of what the field's side calls so.
    #[must_use]
    pub fn shared(&self, name: &str) -> String {
        let word = match self.called() {
            Some(called) => match called.by_name.get(name).or_else(|| called.formerly.get(name)) {
                Some(word) => word.clone(),
                // It bears what is the word of another, and no list has shown it yet.
                None if called.by_word.contains_key(name) => format!("{FOREIGN}{}:{name}", self.side),
                None => name.to_owned(),
            },
            None => name.to_owned(),
        };
        // Words are shared as they are.
        if self.row.kind == FieldKind::Words { word } else { shared_of(self.table(), self.side, &word) }
    }

    /// Whether the lists say first what the side means by a name: which it is, is known by its id alone.
    #[must_use]
    pub fn is_unclear(&self, name: &str, id: Option<&str>) -> bool {
        let Some(called) = self.called() else { return false };
        let Some(by_id) = &called.by_id else { return false };
        match id {
            Some(id) => by_id.get(id).map(String::as_str) != Some(name),
            None => {
                !called.by_name.contains_key(name)
                    && (called.formerly.contains_key(name) || called.by_word.contains_key(name))
            }
        }
    }

    /// What may be said elsewhere of what the field's side calls so.
    pub(super) fn open_name(&self, name: &str) -> String {
        let open = self
            .called()
            .and_then(|called| called.open.get(called.by_name.get(name).or_else(|| called.formerly.get(name))?));
        open.map_or(name, String::as_str).to_owned()
    }

    /// A shared name as people may be told it.
    #[must_use]
    pub fn said(&self, shared: &str) -> String {
        let open = self.called().and_then(|called| called.open.get(shared));
        open.map_or(shared.strip_prefix(FOREIGN).unwrap_or(shared), String::as_str).to_owned()
    }

    /// What the side calls the thing of that shared name, the preferred name first. Empty: it has no name for it.
    #[must_use]
    pub fn names<'n>(&'n self, shared: &'n str) -> Vec<&'n str> {
        if let Some(called) = self.called() {
            if let Some(name) = called.by_word.get(shared) {
                return name.iter().map(String::as_str).collect();
            }
            if let Some((from, name)) = shared.strip_prefix(FOREIGN).and_then(|rest| rest.split_once(':')) {
                return if from == self.side.as_str() { vec![name] } else { Vec::new() };
            }
        }
        if self.row.kind == FieldKind::Words { vec![shared] } else { names_on(self.table(), self.side, shared) }
    }

    /// What a version or component is called there that others say so of. `None`: it is not there, and another one bears its name.
    fn name_of<'n>(&'n self, text: &'n str) -> Option<&'n str> {
        let Some(called) = self.called() else { return Some(text) };
        let words = called.open.iter().filter(|(_, open)| open.as_str() == text).map(|(word, _)| word);
        let names: Vec<Option<&str>> = words.filter_map(|word| Some(called.by_word.get(word)?.as_deref())).collect();
        if names.is_empty() { Some(text) } else { names.into_iter().flatten().next() }
    }

    /// Whether a version or component is known, and is not there since another one bears its name, which may be given up, or since it is
    /// sought there by another name.
    fn is_taken(&self, shared: &str) -> bool {
        self.called().is_some_and(|called| called.by_word.get(shared).is_some_and(Option::is_none))
    }

    /// Whether the field holds versions or components.
    #[must_use]
    pub fn thing(&self) -> Option<Thing> {
        self.shape()?.thing()
    }

    /// What the versions or components that the field holds are called there. A map of its own says that by itself.
    fn called(&self) -> Option<&Called> {
        self.catalog.called.get(&self.thing()?).filter(|_| self.table().rows.is_empty())
    }

    /// What the field holds there, where that is known.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        self.catalog.shapes.get(self.row.sides.get(self.side)?).copied()
    }

    /// Whether the side has that name for this field, as far as is known.
    #[must_use]
    pub fn offers(&self, name: &str) -> bool {
        let offered = self.row.sides.get(self.side).and_then(|field| self.catalog.options.get(field));
        // Words are made by being written.
        self.shape() == Some(Shape::Words) || offered.is_none_or(|offered| offered.contains(name))
    }

    /// Whether the issue there can hold that element, by that name: no screen offers an archived version any more, and the issues that
    /// hold it keep it.
    #[must_use]
    pub fn can_hold(&self, shared: &str, name: &str) -> bool {
        let stands = self.held.is_some_and(|held| match held {
            Value::Words(words) => words.contains(shared),
            Value::Choice(word) | Value::Line(word) => word == shared,
            Value::Empty
            | Value::Document(_)
            | Value::Person(_)
            | Value::Day(_)
            | Value::Number(_)
            | Value::Moment(_) => false,
        });
        stands || self.offers(name)
    }

    /// Whether the side's project has a version or component of that name, as its list said: where no screen offers it, it is archived.
    #[must_use]
    pub fn is_listed(&self, name: &str) -> bool {
        let by_id = self.called().and_then(|called| called.by_id.as_ref());
        by_id.is_some_and(|by_id| by_id.values().any(|listed| listed == name))
    }

    /// A thing by its name; by its id too, where Jira takes nothing else.
    #[must_use]
    pub fn named(&self, name: String) -> NativeValue {
        let id = match self.shape() {
            Some(Shape::Sprint) => {
                self.catalog.sprints.iter().find(|sprint| sprint.name == name).map(|sprint| sprint.id.clone())
            }
            Some(Shape::Request) => {
                self.catalog.requests.iter().find(|request| request.name == name).and_then(|found| found.key.clone())
            }
            _ => None,
        };
        NativeValue::Named(Named { id: id.unwrap_or_default(), name })
    }

    /// The syntax of rich text there.
    #[must_use]
    pub fn syntax(&self) -> Syntax {
        Rich::from(self).syntax()
    }

    /// Whether a word never crosses.
    #[must_use]
    pub fn is_excluded(&self, word: &str) -> bool {
        self.row.exclude.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => word.starts_with(start),
            None => word == pattern,
        })
    }
}

/// What a text of the configuration is as a value of a field on a side: a constant, a default.
#[must_use]
pub fn written(place: &Place<'_>, text: &str) -> NativeValue {
    let words = || text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
    match place.row.kind {
        FieldKind::Choice | FieldKind::Status | FieldKind::IssueType if place.shape() != Some(Shape::Text) => {
            place.named(text.to_owned())
        }
        FieldKind::Words | FieldKind::Options if place.shape().is_some_and(Shape::is_choice) => {
            place.named(text.to_owned())
        }
        FieldKind::Words | FieldKind::Options => NativeValue::Words(words().collect()),
        FieldKind::People => {
            let people = words().filter_map(|cell| place.catalog.people.get(&cell));
            NativeValue::Words(people.map(|person| person.account.to_string()).collect())
        }
        FieldKind::Person => {
            place.catalog.people.get(text).map_or(NativeValue::Empty, |person| NativeValue::Person(person.clone()))
        }
        FieldKind::Document => {
            Rich::from(place).write(&crate::text::read(&NativeValue::Text(text.to_owned())), &NativeValue::Empty)
        }
        FieldKind::Line if place.shape().is_some_and(Shape::is_choice) => place.named(text.to_owned()),
        FieldKind::Line => NativeValue::Text(outbound::one_line(text)),
        FieldKind::Links | FieldKind::Parent | FieldKind::Watchers => NativeValue::Empty,
        FieldKind::Moment => {
            let moment = scalar::moment(text).and_then(|moment| scalar::jira_moment(&moment));
            NativeValue::Text(moment.unwrap_or_else(|| text.to_owned()))
        }
        FieldKind::Choice
        | FieldKind::Status
        | FieldKind::IssueType
        | FieldKind::Number
        | FieldKind::Duration
        | FieldKind::AsThere
        | FieldKind::Day => NativeValue::Text(text.to_owned()),
    }
}

/// Whether two values are the same for change detection: exactly, but for the normalisations of text (docs/text.md).
#[must_use]
pub fn same(left: &Value, right: &Value) -> bool {
    if left.is_empty() && right.is_empty() {
        return true;
    }
    match (left, right) {
        (Value::Document(left), Value::Document(right)) => crate::text::same(left, right),
        _ => left == right,
    }
}
