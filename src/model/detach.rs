//! That a sync was ended by an operator, and how far its marks are taken away. Must never say that a mark is gone which nobody saw go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Operator;
use super::ids::SyncId;

/// A sync that was ended: nothing of it is carried until somebody takes it up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detached {
    /// When, by our clock. It also names this end: what was stripped for an earlier one was marked again since.
    pub since: Timestamp,
    /// Who said so.
    pub by: Operator,
    /// Whether our marks are to be taken away from its issues.
    pub strip: bool,
    /// Whether all of them were looked at.
    #[serde(default)]
    pub stripped: bool,
    /// On how many issues Jira refused that.
    #[serde(default)]
    pub refused: u64,
}

impl Detached {
    /// Under what it is kept.
    #[must_use]
    pub fn note(sync: &SyncId) -> String {
        format!("detached {sync}")
    }

    /// Reads what is kept. An empty note: it was taken up again.
    #[must_use]
    pub fn read(note: Option<&str>) -> Option<Self> {
        serde_json::from_str(note?).ok()
    }
}
