//! What is known of a replica being in what its sync covers (`life.left = "stop"`). Kept apart from its absence: an issue that left
//! may be hidden and deleted besides. Must never forget that something left unless its clause was found to match.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a replica is in what its sync covers, as last answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The clause that was asked, and of whom.
    pub clause: String,
    /// When the issue that tells had last changed when it was asked for good; `None`: not under this clause.
    pub asked: Option<Timestamp>,
    /// The answer.
    pub standing: Covered,
    /// It is to be asked again, whatever happens next: nobody answered, or the index need not know the last change yet.
    pub open: bool,
}

/// Whether a replica is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Covered {
    /// It is.
    In,
    /// It is not any more.
    Left,
    /// The question is not answered: nothing is carried until it is.
    Unknown,
}

impl Scope {
    /// What has just joined by this clause.
    #[must_use]
    pub fn joined(clause: String) -> Self {
        Self { clause, asked: None, standing: Covered::In, open: false }
    }

    /// Nobody answered. What left has left until the answer is yes.
    pub fn leave_open(&mut self) {
        self.open = true;
        if self.standing == Covered::In {
            self.standing = Covered::Unknown;
        }
    }
}
