//! What is known of the security level of a replica. Must never say more than what was read, or written and seen.

use serde::{Deserialize, Serialize};

/// What is known of a replica's security level. It is what was read, whatever else of that read was taken in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Level {
    /// What it was last seen to have, as its side calls it.
    pub seen: Option<String>,
    /// Whether a write of ours put that there, and nobody was seen to touch it since.
    pub ours: bool,
    /// How often what we had put there was taken away, since home's issue got the level that it has.
    pub undone: u32,
    /// Whether it did not stand under the level of home's issue after the last plan: then nothing is to lead to it.
    pub exposed: bool,
}

impl Level {
    pub(super) fn is_none(&self) -> bool {
        self == &Self::default()
    }
}
