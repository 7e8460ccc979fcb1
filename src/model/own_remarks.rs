//! What was found out about the comments and logged work in an issue that the sync user made and that are no copies of ours. Must never say
//! of what was not asked for its mark that it bears none.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{CommentId, IssueId, OperationId};
use super::left;
use super::remark::Remark;

/// Which mark something bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bears {
    /// The one of this write of ours.
    Ours(OperationId),
    /// One of another sync, or of another state.
    Another,
    /// None at all.
    Nothing,
}

/// What of this kind stands in one issue. Names are those of [`left`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRemarks {
    /// The issue.
    pub issue: IssueId,
    /// The comments that stood there when they were looked at first: nothing is said of them. `None`: they were not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<BTreeSet<String>>,
    /// What was asked for its mark. It is set when something is made, so that no answer gets old.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<String, Bears>,
}

impl OwnRemarks {
    /// Of an issue of which nothing is known.
    #[must_use]
    pub fn of(issue: IssueId) -> Self {
        Self { issue, before: None, asked: BTreeMap::new() }
    }

    /// What this one bears, if that was asked.
    #[must_use]
    pub fn bears(&self, remark: Remark, id: &CommentId) -> Option<Bears> {
        self.asked.get(&left::remark(remark, id)).copied()
    }

    /// Forgets what does not stand there any more.
    pub fn keep(&mut self, remark: Remark, there: &BTreeSet<String>) {
        let kind = left::kind(remark);
        self.asked.retain(|name, _| !name.starts_with(&kind) || there.contains(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_is_forgotten_and_only_of_its_kind() {
        let mut own = OwnRemarks::of(IssueId(1));
        for name in ["comment 1", "comment 2", "worklog 1"] {
            own.asked.insert(name.to_owned(), Bears::Nothing);
        }
        own.keep(Remark::Comment, &BTreeSet::from(["comment 2".to_owned()]));
        assert_eq!(own.asked.keys().collect::<Vec<_>>(), ["comment 2", "worklog 1"]);
        assert_eq!(own.bears(Remark::Comment, &CommentId::new("2")), Some(Bears::Nothing));
        assert_eq!(own.bears(Remark::Comment, &CommentId::new("1")), None);
    }
}
