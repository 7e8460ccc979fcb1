//! What an instance offers, as data: names to ids, people, learnt workflows. Must never be guessed; all of it was read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, FieldId};
use super::issue::{Named, Person};
use super::settings::Kind;

/// What one side's instance and project offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `None` until the instance was read.
    pub kind: Option<Kind>,
    /// Where the instance is, for people: without a slash at the end. Empty until it was read.
    #[serde(default)]
    pub address: String,
    /// All fields of the instance: id to display name. Names are not unique.
    pub fields: BTreeMap<FieldId, String>,
    /// Issue types of the project.
    pub issue_types: Vec<Named>,
    /// Statuses of the project.
    pub statuses: Vec<Named>,
    /// Priorities of the instance.
    pub priorities: Vec<Named>,
    /// Who the sync user is there.
    pub sync_user: Option<AccountId>,
    /// The people of the user map that were found: the configured text to the person.
    pub people: BTreeMap<String, Person>,
    /// Those of them who may not see the project's issues: a text must not call them there.
    #[serde(default)]
    pub strangers: BTreeSet<AccountId>,
    /// Per issue type name the ids of the fields on its create screen.
    pub create_fields: BTreeMap<String, BTreeSet<FieldId>>,
    /// Per issue type name what its create screen demands and has no default for: id to display name.
    pub required: BTreeMap<String, BTreeMap<FieldId, String>>,
    /// The largest file that may be attached, in bytes; `None` where that was not asked, or files may not be attached at all.
    #[serde(default)]
    pub upload_limit: Option<u64>,
    /// The options that fields offer on any of these screens. A field that is on none of them is not here.
    pub options: BTreeMap<FieldId, BTreeSet<String>>,
}

/// The ways between statuses that were seen to work: (from status name, to status name).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Per issue type name, per status name the status names that a transition reached from it.
    pub ways: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Workflow {
    /// Learns one way. Returns whether it was new.
    pub fn learn(&mut self, issue_type: &str, from: &str, to: &str) -> bool {
        let ways = self.ways.entry(issue_type.to_owned()).or_default();
        ways.entry(from.to_owned()).or_default().insert(to.to_owned())
    }

    /// The status names reachable in one hop.
    pub fn from(&self, issue_type: &str, status: &str) -> impl Iterator<Item = &str> {
        self.ways.get(issue_type).and_then(|ways| ways.get(status)).into_iter().flatten().map(String::as_str)
    }
}
