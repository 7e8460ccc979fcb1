//! What paired issues already hold, until it was looked through. Data only. Must never be dropped before it was: nothing of it is
//! copied until then.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{AttachmentId, CommentId, SideId};
use super::remark::Remark;

/// What is still to be compared of an item whose issues were paired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// The sides whose issue joined, and whose comments, files and logged work nobody compared yet.
    pub sides: BTreeSet<SideId>,
    /// What is in files of one size, as SHA-256 in hex. `None`: that cannot be read.
    #[serde(default)]
    pub hashes: BTreeMap<SideId, BTreeMap<AttachmentId, Option<String>>>,
    /// The state is older than what it wrote into these issues: what it last saw of them is not believed, nothing is deleted, and nothing
    /// is written until all of them were read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restored: bool,
    /// The state was put back from a backup: what is compared now deletes nothing of what joined before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub careful: bool,
    /// The sides whose Jira was put back from a backup, and how far its issue had been read before: what it holds and no entry of its
    /// log says is nobody's word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub went_back: BTreeMap<SideId, Timestamp>,
    /// Copies whose marks say what they are copies of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marked: Vec<Marked>,
}

/// A copy of ours that nobody remembers, and that its mark says the original of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    /// What it is.
    pub remark: Remark,
    /// Where it is.
    pub side: SideId,
    /// Its id there.
    pub copy: CommentId,
    /// The side of the original.
    pub origin: SideId,
    /// The original's id there.
    pub original: CommentId,
}

impl Matching {
    /// Of sides that joined.
    #[must_use]
    pub fn of(sides: impl IntoIterator<Item = SideId>) -> Self {
        Self { sides: sides.into_iter().collect(), ..Self::default() }
    }

    /// What a copy is a copy of, as its mark says.
    #[must_use]
    pub fn origin(&self, remark: Remark, side: &SideId, copy: &CommentId) -> Option<&Marked> {
        self.marked.iter().find(|marked| marked.remark == remark && &marked.side == side && &marked.copy == copy)
    }

    /// What is in a file, as far as that was looked at.
    #[must_use]
    pub fn hash(&self, side: &SideId, file: &AttachmentId) -> Option<&str> {
        self.hashes.get(side)?.get(file)?.as_deref()
    }

    /// Whether a file was looked at.
    #[must_use]
    pub fn looked_at(&self, side: &SideId, file: &AttachmentId) -> bool {
        self.hashes.get(side).is_some_and(|files| files.contains_key(file))
    }
}

/// What was found to be one thing on two sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Comments.
    pub comments: usize,
    /// Logged work.
    pub worklogs: usize,
    /// Files.
    pub files: usize,
    /// What an earlier bridge wrote that is a copy of nothing that stands there: it stays, and is nobody's.
    pub left: usize,
}

impl Matched {
    /// Whether nothing was compared, or nothing found.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}
