//! The far ends of links: issues that are no items of the sync, and what is shown of them elsewhere. Must never hold more of
//! such an issue than its id and key: what else it says is its own project's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ids::{IssueId, IssueKey, SideId};
use super::operation::RemoteLink;

/// What a replica's links lead to outside the sync, and what it shows of where its counterparts' links lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarEnds {
    /// By the id of its own link: the issues of projects whose keys may be shown elsewhere, as last read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<String, FarEnd>,
    /// What it shows, by the side whose issue has the link and the id of that. Where an answer was lost it may show something, and
    /// nobody knows what: then no more than the global id is said. `None`: the same under the global id that it would be shown under.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<SideId, BTreeMap<String, Option<RemoteLink>>>,
}

/// An issue that a replica is linked to, and that is no item of the sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarEnd {
    /// The issue.
    pub issue: IssueId,
    /// Its key, as last read.
    pub key: IssueKey,
    /// The name of the link's type there.
    pub kind: String,
    /// Whether it reads as the type's outward text from the replica.
    pub outward: bool,
    /// Whether it stays there: somebody made it whose acts do, or who is not known, or the sync user.
    #[serde(default)]
    pub stays: bool,
}

impl FarEnds {
    /// What is shown of a side's link; `None`: nothing, as far as is known.
    #[must_use]
    pub fn of(&self, side: &SideId, link: &str) -> Option<&Option<RemoteLink>> {
        self.shown.get(side)?.get(link)
    }

    /// What Jira knows what is shown of a side's link by. It stays what it was when that was shown first, in whatever item it is now.
    #[must_use]
    pub fn known_by(&self, side: &SideId, link: &str) -> Option<&str> {
        self.of(side, link)?.as_ref().map(|shown| shown.global_id.as_str())
    }

    /// Notes that something may be shown of a side's link under a global id, and that nobody knows what.
    pub fn doubt(&mut self, side: &SideId, link: &str, global_id: &str) {
        let nothing_known = RemoteLink {
            global_id: global_id.to_owned(),
            url: String::new(),
            title: String::new(),
            relationship: String::new(),
        };
        self.note(side, link, Some(Some(nothing_known)));
    }

    /// Notes what is shown of a side's link; `None`: nothing any more.
    pub fn note(&mut self, side: &SideId, link: &str, shown: Option<Option<RemoteLink>>) {
        if let Some(shown) = shown {
            self.shown.entry(side.clone()).or_default().insert(link.to_owned(), shown);
            return;
        }
        if let Some(of_side) = self.shown.get_mut(side) {
            of_side.remove(link);
            if of_side.is_empty() {
                self.shown.remove(side);
            }
        }
    }
}
