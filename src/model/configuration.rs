//! The configurations that a state has been worked by. Must never hold a secret: a file says only where those lie.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a reload answers first where no configuration is gone over to: findings may follow.
pub const SAYS_THE_SAME: &str = "the configuration says the same; it is read again with its secrets and certificates";

/// What becomes of issues that are in step when the configuration changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existing {
    /// They become what the new configuration says.
    #[default]
    ReMap,
    /// Their fields stay as they are until somebody changes them: only what comes from now on goes by the new configuration.
    FromNow,
}

impl Existing {
    /// As it is kept and typed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReMap => "re-map",
            Self::FromNow => "from-now",
        }
    }
}

/// The numbers of the configurations that matter for a plan; 0: there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The one that holds.
    pub newest: u64,
    /// The newest that left existing issues as they were.
    pub kept: u64,
    /// The newest that they had to follow.
    pub re_mapped: u64,
}

/// A configuration that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptConfiguration {
    /// Counts from 1; the newest is the one that holds.
    pub number: u64,
    /// When it was accepted, by our clock.
    pub at: Timestamp,
    /// SHA-256 of its text, in hex.
    pub fingerprint: String,
    /// The file.
    pub text: String,
    /// What existing issues became.
    pub existing: Existing,
}
