//! What a plan is made from and what it says. Data only.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::mapping::References;
use crate::model::acts::TakenAct;
use crate::model::catalog::{Catalog, Workflow};
use crate::model::configuration::Accepted;
use crate::model::hub::{Conflict, ItemState};
use crate::model::ids::{AccountId, FieldName, OperationId, SideId};
use crate::model::issue::{IssueSnapshot, LogEntry, TransitionOffer, Watchers};
use crate::model::matching::Matched;
use crate::model::operation::{Action, Intent, IntentState, Operation};
use crate::model::settings::SyncSettings;

/// Everything that a plan may know. `sides` here always means sides of the sync, in their fixed order.
#[derive(Debug, Clone)]
pub struct PlanInput<'a> {
    /// The sync.
    pub sync: &'a SyncSettings,
    /// What each side offers.
    pub catalogs: &'a BTreeMap<SideId, Catalog>,
    /// The ways learnt on each side.
    pub workflows: &'a BTreeMap<SideId, Workflow>,
    /// Server time minus our time per side, in milliseconds.
    pub skews: &'a BTreeMap<SideId, i64>,
    /// The item as recorded.
    pub item: &'a ItemState,
    /// Reads newer than the record, for any of the item's replicas.
    pub observed: &'a BTreeMap<SideId, Observation>,
    /// Who watches the replicas, where that was just read by itself.
    pub watchers: &'a BTreeMap<SideId, Watchers>,
    /// The item's intents whose tags may turn up, settled or not.
    pub intents: &'a [Intent],
    /// The sides where the item may have a replica (`when`, tested by the engine). A replica that exists stays in step.
    pub belongs: &'a BTreeSet<SideId>,
    /// The transitions offered now, per side, for the status last observed.
    pub offers: &'a BTreeMap<SideId, Vec<TransitionOffer>>,
    /// What texts refer to. The items of all issues that they name are in it.
    pub references: &'a References,
    /// The configurations that were accepted.
    pub accepted: Accepted,
    /// The fields of sides that were emptied in too many items at once: none of that is taken in.
    pub braked: &'a BTreeSet<(SideId, FieldName)>,
}

impl PlanInput<'_> {
    /// Whether what stands on the item's sides is to stay, though the map says otherwise now.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.item.configured < self.accepted.kept && self.item.replicas.values().any(|replica| replica.observed)
    }

    /// The intent that created a side's replica, if it is still among the intents. Another creation may have been sent as well, while this
    /// one was in doubt, with newer values.
    #[must_use]
    pub fn creation(&self, side: &SideId) -> Option<&Intent> {
        let mut of_side = self.intents.iter().rev().filter(|intent| {
            &intent.operation.side == side && matches!(intent.operation.action, Action::Create { .. })
        });
        match self.item.replicas.get(side)?.created_by {
            Some(operation) => of_side.find(|intent| intent.id == operation),
            None => of_side.find(|intent| !matches!(intent.state, IntentState::Void(_))),
        }
    }
}

/// A read of one replica, with every log entry since the record attributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// What was read.
    pub snapshot: IssueSnapshot,
    /// The entries after the replica's last entry, oldest first, with who made them.
    pub steps: Vec<Step>,
    /// Whether it was read from the issue itself, and not from the index: what it lacks is not there.
    pub direct: bool,
    /// Whether it was read again because log and values did not agree: then the values are believed.
    pub again: bool,
    /// The accounts whose acts stay here, of those that did something in what was read (`from`, `not-from`). Where the side
    /// names anybody, the acts of unknown authors stay too.
    pub outsiders: BTreeSet<AccountId>,
}

/// One changelog entry and who made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The entry.
    pub entry: LogEntry,
    /// Who made it.
    pub by: By,
}

/// Who made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// We did, under this operation: the tag says so, and it could be unsealed.
    Us(OperationId),
    /// The sync user, without our tag: a side effect, or somebody logged in as it.
    SyncUser,
    /// Somebody else: a person.
    Person,
}

/// What is needed before the plan can go on for a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Wanted {
    /// The transitions offered now.
    Transitions,
    /// A direct read, for a text that is to be written over what stands there, and for comments: whose text a side that joined late is still to get, or whose copies are to change.
    Comments,
    /// A fresh read: the log and the values do not agree.
    FreshRead,
    /// Who watches, which no read of the issue tells.
    Watchers,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hold {
    /// The side that does not get it.
    pub side: SideId,
    /// The field, if it is one field's.
    pub field: Option<FieldName>,
    /// Why, naming the value.
    pub why: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether it is over by itself, whatever anybody does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub settles: bool,
}

/// What should be written, and what is known now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The item with everything observed taken in. Bases have moved only where something was observed or acknowledged.
    pub item: ItemState,
    /// The writes, in the order they are to be sent per side.
    pub operations: Vec<Operation>,
    /// The conflicts that the observations brought.
    pub conflicts: Vec<Conflict>,
    /// What is not done, and why.
    pub holds: Vec<Hold>,
    /// What to read before planning again.
    pub wanted: BTreeMap<SideId, BTreeSet<Wanted>>,
    /// Operations whose trace was seen.
    pub seen: Vec<OperationId>,
    /// Acts of people taken in.
    pub acts: Vec<TakenAct>,
    /// Ways of the workflow that people were seen to take: (side, issue type, from status, to status).
    pub ways: Vec<(SideId, String, String, String)>,
    /// The statuses that are known to follow the hop that is planned on a side, the goal last; by those names that the side has. Empty where the
    /// hop reaches it.
    pub onward: BTreeMap<SideId, Vec<String>>,
    /// The statuses any of which a side is to reach, where it was not asked yet what it offers: by its own names.
    pub goals: BTreeMap<SideId, Vec<String>>,
    /// Sides whose status is to move and has no known way.
    pub stuck: BTreeSet<SideId>,
    /// Sides that were not seen to offer what they should hold: to be looked at again.
    pub lacking: BTreeSet<SideId>,
    /// What paired issues were found to hold already.
    pub matched: Matched,
}
