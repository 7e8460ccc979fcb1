//! What needs a person. Must never be made without a remedy.

use serde::{Deserialize, Serialize};

use super::ids::{FieldName, InstanceId, IssueId, SideId};

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

/// What needs a person, on one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// The side it is on.
    pub side: SideId,
    /// The field, if it is one field's.
    pub field: Option<FieldName>,
    /// What is wrong, naming what was attempted and why it failed.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}
