//! What needs a person. Must never be made without a remedy.

use serde::{Deserialize, Serialize};

use super::ids::{FieldName, SideId};

/// What needs a person, on one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// The side it is on.
    pub side: SideId,
    /// The field, if it is one field's.
    pub field: Option<FieldName>,
    /// What is wrong, naming what was attempted and why it failed.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}
