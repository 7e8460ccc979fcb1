//! A field's value in the sync's shared vocabulary, a side's mapping undone. Must never hold a side's own words or ids.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::document::Document;

/// A field's value. An empty field is [`Value::Empty`], whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Nothing there.
    Empty,
    /// One line of text: the summary.
    Line(String),
    /// Rich text: the description.
    Document(Document),
    /// A named choice (status, priority, issue type, select), by the shared name of its row.
    Choice(String),
    /// A set of words: labels.
    Words(BTreeSet<String>),
    /// Somebody, by the shared name of their row in the user map.
    Person(String),
    /// A calendar day, `YYYY-MM-DD`.
    Day(String),
    /// A number in its shortest decimal form: `3`, `2.5`.
    Number(String),
    /// An instant in UTC, `YYYY-MM-DDThh:mm:ssZ` with as many decimals as it has.
    Moment(String),
}

impl Value {
    /// The elements of a set; of anything else there are none.
    #[must_use]
    pub fn words(&self) -> BTreeSet<String> {
        if let Self::Words(words) = self { words.clone() } else { BTreeSet::new() }
    }

    /// Whether nothing is there: empty text, an empty set and an empty document count as nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Line(text)
            | Self::Choice(text)
            | Self::Person(text)
            | Self::Day(text)
            | Self::Number(text)
            | Self::Moment(text) => text.is_empty(),
            Self::Words(words) => words.is_empty(),
            Self::Document(document) => document.is_empty(),
        }
    }
}
