//! What somebody sets over the same other value, again and again. Data only; must never be more than was seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::value::Value;

/// One value set over another, again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Insisted {
    /// The shared value that was set.
    pub set: Value,
    /// The one that stood there before.
    pub over: Value,
    /// How often in a row.
    pub times: u32,
    /// When that was last: corrected server time.
    pub at: Timestamp,
}
