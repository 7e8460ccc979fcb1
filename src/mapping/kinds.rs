//! Where the names of a kind of field come from: one table, so that a new kind is placed once. Must never look at a value.

use crate::model::catalog::Catalog;
use crate::model::issue::Named;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings, Table};

/// Whose names a row speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vocabulary {
    /// `map.issue-type`.
    IssueTypes,
    /// `map.status`.
    Statuses,
    /// `map.priority`.
    Priorities,
    /// `map.users`.
    Users,
    /// The row's own `values`.
    Own,
}

/// The vocabulary of a row.
#[must_use]
pub fn vocabulary(row: &FieldRow) -> Vocabulary {
    match row.kind {
        FieldKind::IssueType => Vocabulary::IssueTypes,
        FieldKind::Status => Vocabulary::Statuses,
        FieldKind::Person | FieldKind::People | FieldKind::Watchers => Vocabulary::Users,
        FieldKind::Choice if row.name.as_str() == "priority" => Vocabulary::Priorities,
        FieldKind::Choice
        | FieldKind::Line
        | FieldKind::Document
        | FieldKind::Words
        | FieldKind::Options
        | FieldKind::Number
        | FieldKind::Moment
        | FieldKind::Duration
        | FieldKind::AsThere
        | FieldKind::Links
        | FieldKind::Parent
        | FieldKind::Day => Vocabulary::Own,
    }
}

impl Vocabulary {
    /// The table whose rows give the names their shared ones.
    #[must_use]
    pub fn table<'a>(self, sync: &'a SyncSettings, row: &'a FieldRow) -> &'a Table {
        match self {
            Self::IssueTypes => &sync.issue_types,
            Self::Statuses => &sync.statuses,
            Self::Priorities => &sync.priorities,
            Self::Users => &sync.users,
            Self::Own => &row.values,
        }
    }

    /// What a side has of them, with ids. `None`: that is known per field, or of nobody.
    #[must_use]
    pub fn offered(self, catalog: &Catalog) -> Option<&[Named]> {
        match self {
            Self::IssueTypes => Some(&catalog.issue_types),
            Self::Statuses => Some(&catalog.statuses),
            Self::Priorities => Some(&catalog.priorities),
            Self::Users | Self::Own => None,
        }
    }

    /// Where the rows stand in the configuration, below the sync.
    #[must_use]
    pub fn key(self, row: &FieldRow) -> String {
        match self {
            Self::IssueTypes => "map.issue-type".to_owned(),
            Self::Statuses => "map.status".to_owned(),
            Self::Priorities => "map.priority".to_owned(),
            Self::Users => "map.users".to_owned(),
            Self::Own => format!("fields.{}.values", row.name),
        }
    }
}
