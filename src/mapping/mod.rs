//! A side's own words to the sync's shared vocabulary and back. Pure. Must never guess: what has no row becomes a value that
//! no other side has, or stays where it is with a reason.

mod file_name;
mod file_reference;
pub mod header;
mod inbound;
mod logged;
mod outbound;
mod reference;
mod reference_words;
mod rich;
mod scalar;
mod table;

pub use file_name::{file_name, fits};
pub use inbound::inbound;
pub use logged::{logged, logged_roughly};
pub use outbound::{Unmappable, outbound, outbound_over};
pub use reference::{HIDDEN, NO_REFERENCES, References};
pub use rich::Rich;
pub use table::{FOREIGN, names_on, path_on, shared_of};

use crate::model::catalog::Catalog;
use crate::model::document::Syntax;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings, Table};
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
}

impl Place<'_> {
    /// The table whose rows give the field its shared names. Empty: names are shared as they are.
    #[must_use]
    pub fn table(&self) -> &Table {
        match self.row.kind {
            FieldKind::IssueType => &self.sync.issue_types,
            FieldKind::Status => &self.sync.statuses,
            FieldKind::Person => &self.sync.users,
            FieldKind::Choice if self.row.name.as_str() == "priority" => &self.sync.priorities,
            FieldKind::Choice
            | FieldKind::Line
            | FieldKind::Document
            | FieldKind::Words
            | FieldKind::Options
            | FieldKind::Number
            | FieldKind::Moment
            | FieldKind::Day => &self.row.values,
        }
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
