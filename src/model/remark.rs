//! What people say on an issue beside its fields: comments and logged work. Both are carried in one way: the original stays
//! where it was written, and every side that may have it gets a copy. Must never be told apart by an id: both count from one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which of the two something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remark {
    /// A comment.
    #[default]
    Comment,
    /// Logged work.
    Worklog,
}

impl Remark {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Comment, Self::Worklog];

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Worklog => "worklog",
        }
    }
}

/// Work that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub seconds: u64,
}

impl Spent {
    /// Whether two are the same work. Some databases of Jira keep no parts of a second.
    #[must_use]
    pub fn same(one: Option<Self>, other: Option<Self>) -> bool {
        let seen = |spent: Self| (spent.started.as_second(), spent.seconds);
        one.map(seen) == other.map(seen)
    }

    /// For people.
    #[must_use]
    pub fn in_words(self) -> String {
        format!("{} s from {}", self.seconds, self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_work_is_known_by_its_second() {
        let at = |text: &str, seconds| Some(Spent { started: text.parse().unwrap(), seconds });
        assert!(Spent::same(at("2026-01-01T10:00:00.250Z", 60), at("2026-01-01T10:00:00Z", 60)));
        assert!(!Spent::same(at("2026-01-01T10:00:01Z", 60), at("2026-01-01T10:00:00Z", 60)));
        assert!(!Spent::same(at("2026-01-01T10:00:00Z", 61), at("2026-01-01T10:00:00Z", 60)));
        assert!(!Spent::same(at("2026-01-01T10:00:00Z", 60), None));
    }
}
