//! The input of a plan, kept: what a defect is told with, and planned again elsewhere. Must never hold anything that a plan may not know,
//! such as a secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ahead::ahead;
use super::check::{Violation, check};
use super::input::{Observation, Plan, PlanInput};
use super::plan;
use crate::mapping::References;
use crate::model::catalog::{Catalog, Workflow};
use crate::model::configuration::Accepted;
use crate::model::hub::ItemState;
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::{TransitionOffer, Watchers};
use crate::model::operation::Intent;
use crate::model::settings::SyncSettings;

/// All that one plan was made from; the fields are those of [`PlanInput`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedInput {
    sync: SyncSettings,
    catalogs: BTreeMap<SideId, Catalog>,
    workflows: BTreeMap<SideId, Workflow>,
    skews: BTreeMap<SideId, i64>,
    item: ItemState,
    observed: BTreeMap<SideId, Observation>,
    watchers: BTreeMap<SideId, Watchers>,
    intents: Vec<Intent>,
    belongs: BTreeSet<SideId>,
    offers: BTreeMap<SideId, Vec<TransitionOffer>>,
    references: References,
    accepted: Accepted,
    braked: BTreeSet<(SideId, FieldName)>,
}

impl SavedInput {
    /// A copy of what a plan is made from.
    #[must_use]
    pub fn of(input: &PlanInput<'_>) -> Self {
        let mut sync = input.sync.clone();
        // When a backlog is created is no matter of a plan, and the name of a zone has no other words.
        sync.start.window = None;
        Self {
            sync,
            catalogs: input.catalogs.clone(),
            workflows: input.workflows.clone(),
            skews: input.skews.clone(),
            item: input.item.clone(),
            observed: input.observed.clone(),
            watchers: input.watchers.clone(),
            intents: input.intents.to_vec(),
            belongs: input.belongs.clone(),
            offers: input.offers.clone(),
            references: input.references.clone(),
            accepted: input.accepted,
            braked: input.braked.clone(),
        }
    }

    /// The item as it was recorded.
    #[must_use]
    pub fn item(&self) -> &ItemState {
        &self.item
    }

    /// The names of the sides as they sort: choices between equals rest on that.
    #[must_use]
    pub(super) fn sides(&self) -> BTreeSet<SideId> {
        self.sync.sides.iter().map(|side| side.id.clone()).collect()
    }

    /// Plans again, with what follows, and says which rules of its own the plan breaks.
    #[must_use]
    pub fn replay(&self) -> (Plan, Option<Plan>, Vec<Violation>) {
        let input = PlanInput {
            sync: &self.sync,
            catalogs: &self.catalogs,
            workflows: &self.workflows,
            skews: &self.skews,
            item: &self.item,
            observed: &self.observed,
            watchers: &self.watchers,
            intents: &self.intents,
            belongs: &self.belongs,
            offers: &self.offers,
            references: &self.references,
            accepted: self.accepted,
            braked: &self.braked,
        };
        let planned = plan(&input);
        let (then, violations) = (ahead(&input, &planned), check(&input, &planned));
        (planned, then, violations)
    }
}
