//! That an issue is not where it belongs, as far as is known. Must never say more than was seen: gone is what was missed twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::IssueKey;

/// That a replica is not where it was. Absence is never deletion: nothing is done about it before it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// In what way.
    pub how: Absence,
    /// Since when, by our clock.
    pub since: Timestamp,
    /// When it was confirmed, by our clock.
    pub confirmed: Option<Timestamp>,
    /// Whether its counterparts were given the status that the sync sets for this.
    #[serde(default)]
    pub moved_on: bool,
    /// It was first missed while the state was known to be older than what it wrote: nothing is deleted for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubted: bool,
    /// Its key where it is, if that is another project: the log of what is linked to it names that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IssueKey>,
}

impl Away {
    /// Whether it is confirmed that there is no such issue any more, or none that the sync user may see.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.confirmed.is_some() && !matches!(self.how, Absence::Moved(_))
    }
}

/// In what way a replica is not where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absence {
    /// It is not there, or not visible: Jira says the same of both.
    Missing,
    /// It is in this project now.
    Moved(String),
    /// We deleted it, since a counterpart was.
    DeletedByUs,
}
