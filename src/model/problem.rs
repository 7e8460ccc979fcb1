//! What needs a person. Must never be made without a remedy.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::ids::{FieldName, InstanceId, IssueId, OperationId, SideId};

/// How the problems about second issues are filed; instance and id follow.
pub const DUPLICATE: &str = "duplicate";

/// Under what the problem about a second issue is filed.
#[must_use]
pub fn duplicate(instance: &InstanceId, issue: IssueId) -> String {
    format!("{DUPLICATE} {instance} {issue}")
}

/// Under what the problem about an issue is filed that names what it cannot be paired with.
#[must_use]
pub fn unpaired(instance: &InstanceId, issue: IssueId) -> String {
    format!("pairing {instance} {issue}")
}

/// What needs a person, on one item. Two are the same that say the same, whichever operation met them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// The side it is on.
    pub side: SideId,
    /// The field, if it is one field's.
    pub field: Option<FieldName>,
    /// What is wrong, naming what was attempted and why it failed.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The operation that met it last, where a write did: `explain` and the log call it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Whether it is over by itself, whatever anybody does. One that may need somebody to end it is none of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settles: bool,
}

impl Problem {
    fn says(&self) -> (&SideId, &Option<FieldName>, &str, &str) {
        (&self.side, &self.field, &self.what, &self.remedy)
    }
}

impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        self.says() == other.says()
    }
}

impl Eq for Problem {}

impl PartialOrd for Problem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Problem {
    fn cmp(&self, other: &Self) -> Ordering {
        self.says().cmp(&other.says())
    }
}
