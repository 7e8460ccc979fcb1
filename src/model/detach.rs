//! That a sync was ended by an operator, and how far its marks are taken away. Must never say that a mark is gone which nobody saw go.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Operator;
use super::ids::SyncId;
use super::store::StoreError;

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
    /// How many fields were left as they are, since they hold what somebody else wrote too.
    #[serde(default)]
    pub left: u64,
    /// Of how many issues nobody knows whether a mark is left: the configuration leads to them no more, Jira does not show them, or what
    /// became of a write to them is not known.
    #[serde(default)]
    pub unknown: u64,
}

impl Detached {
    /// Under what it is kept.
    #[must_use]
    pub fn note(sync: &SyncId) -> String {
        format!("detached {sync}")
    }

    /// Reads what is kept. An empty note: it was taken up again.
    ///
    /// # Errors
    /// There is a note, and it says nothing: whether the sync is ended is not to be guessed.
    pub fn read(note: Option<&str>) -> Result<Option<Self>, StoreError> {
        let Some(note) = note.filter(|note| !note.is_empty()) else { return Ok(None) };
        let unreadable = |error: serde_json::Error| StoreError::Unreadable {
            what: "that a sync is ended".to_owned(),
            why: error.to_string(),
        };
        serde_json::from_str(note).map(Some).map_err(unreadable)
    }

    /// The text under which it is kept.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self)
            .map_err(|error| StoreError::Unreadable { what: "that a sync is ended".to_owned(), why: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_never_a_sync_that_goes_on() {
        assert_eq!(Detached::read(None).unwrap(), None);
        assert_eq!(Detached::read(Some("")).unwrap(), None);
        let why = Detached::read(Some("{\"since\":")).unwrap_err();
        assert!(matches!(why, StoreError::Unreadable { .. }), "{why}");
    }
}
