//! What one replica was last seen to hold of one field. Must never be moved because something was decided: only because it was observed
//! or acknowledged.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::acts::Acts;
use super::ids::EntryId;
use super::value::Value;

/// What a replica was last seen to hold of one field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Base {
    /// The acts that its people could see when they last looked.
    pub acts: Acts,
    /// The agreed acts that need no write here: it holds their outcome untold, or was told that it cannot (then `acknowledged` says why).
    #[serde(default)]
    pub matched: Acts,
    /// The shared value last observed. `None`: never observed, or without counterpart in the shared vocabulary.
    pub value: Option<Value>,
    /// Why it does not hold the agreed value, though told (`acts` says which).
    pub acknowledged: Option<Acknowledged>,
    /// The last untagged change by the sync user that stands there, for `status`; cleared by the next observed value.
    pub side_effect: Option<EntryId>,
    /// Of links: those that came or went by no person's act. They stay as they are until somebody acts, or until they are as agreed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub adrift: BTreeSet<String>,
    /// `side-effects = "restore"`: the agreed acts for which our value was written back already.
    pub restored: Option<Acts>,
    /// `side-effects = "count"`: untagged changes counted in a row without a person's.
    #[serde(default)]
    pub counted: u32,
    /// What the side itself calls what it holds: of statuses and types, where several names share a value.
    #[serde(default)]
    pub native: Option<String>,
    /// A hash of what the issue itself showed when it was last read: what reads otherwise now, though it shows the same, is another
    /// word of the map and nobody's act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
    /// The number of the configuration under which what stood here was to stay (`from-now`), and the acts agreed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<(u64, Acts)>,
    /// What was set here over what, by somebody, and how often in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insisted: Option<super::insisted::Insisted>,
    /// Of a status: the way that our own hops took to where it stands, until anybody else moves it or a goal is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
    /// Whether the field held this value and the issue does not show it at all any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
    /// Whether somebody emptied the field, and that is held since too many were emptied at once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub braked: bool,
}

/// The way that our own hops took through a workflow, of which none reached the goal yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// The acts of the status that they are to reach.
    pub acts: Acts,
    /// The statuses that they came through, by the side's own names.
    pub through: BTreeSet<String>,
    /// The status that the last of them led to.
    pub to: String,
}

/// Why a side does not hold an agreed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// In words, for people.
    pub reason: String,
    /// Whether Jira refused it: then it is not tried again until the agreed value moves or somebody asks for it.
    pub refused: bool,
    /// Whether it may pass without anybody touching the issue (a screen, a permission, an option): each full check has it looked at again.
    #[serde(default)]
    pub may_pass: bool,
    /// Whether Jira did not take it at all, so that it never stood there: what somebody does there later was not meant to replace it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}
