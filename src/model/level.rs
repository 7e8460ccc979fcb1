//! What is known of the security level of a replica. Must never say more than what was read, or written and seen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::EntryId;
use super::issue::IssueSnapshot;

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
    /// The server's `updated` of the newest read that told of it, and the last changelog entry in that. `None`: none did, or its
    /// issue never had a level where no row carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// See `read`.
    pub entry: EntryId,
}

impl Level {
    pub(super) fn is_none(&self) -> bool {
        self == &Self::default()
    }

    /// Whether a read is older than the one that told of the level: what it says of it, and all else, is no news.
    #[must_use]
    pub fn outdates(&self, snapshot: &IssueSnapshot) -> bool {
        self.read.is_some_and(|read| snapshot.updated < read)
            || snapshot.log_whole && newest_entry(snapshot) < self.entry
    }

    /// Notes that a read told of the level.
    pub fn told_by(&mut self, snapshot: &IssueSnapshot) {
        self.read = self.read.max(Some(snapshot.updated));
        self.entry = self.entry.max(newest_entry(snapshot));
    }
}

fn newest_entry(snapshot: &IssueSnapshot) -> EntryId {
    snapshot.log.iter().map(|entry| entry.id).max().unwrap_or_default()
}
