//! What stands of a field where issues that are paired hold different values, and nothing says what they had in common. Must never mean
//! that a value is dropped: one that does not stand is kept as a conflict, or stays where it is.

use serde::{Deserialize, Serialize};

use super::ids::SideId;

/// Whose value stands when issues are paired. An empty field is filled and a set is joined whatever this says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// That of the issue that was named first; where issues name each other, that of home, then in the order of the sides.
    #[default]
    First,
    /// The one that was changed last, as the issues' histories tell of that very field. A field that its history does not name was
    /// changed last when its issue was made.
    Newest,
    /// That side's, where it has one; else as [`Initial::First`].
    Prefer(SideId),
    /// Nobody's: each side keeps its own until somebody says which stands.
    Ask,
}
