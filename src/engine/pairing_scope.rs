//! Whether an issue may be paired with one that it names, without anybody's word. A partner's people choose what their issues name, so a
//! name opens nothing that the sync's own rules do not: what does not start by itself, or has no counterpart on a side, gets none there
//! by being named. Must never take a question that nobody answered for a yes.

use std::sync::Arc;

use super::admit::matching;
use super::instance::Instance;
use super::pair::Named;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::hub::ItemState;
use crate::model::ids::SideId;
use crate::model::issue::IssueSnapshot;

impl Engine {
    /// `Ok(Err)`: why not.
    pub(super) async fn may_meet(
        &self,
        sync: &Arc<SyncRun>,
        (side, instance, row): (&SideId, &Arc<Instance>, &IssueSnapshot),
        other: &Named,
    ) -> Result<Result<(), String>, JiraError> {
        let (Some(own), Some(there)) = (sync.side(side), sync.side(&other.side)) else {
            return Ok(Err(format!("side `{}` is none of the sync", other.side)));
        };
        if !own.sees.contains(&other.side) {
            return Ok(Err(format!("side `{side}` does not see side `{}`", other.side)));
        }
        let says = |what: &str| format!("{}, and {what}", other.key);
        let living = other.held.as_ref().filter(|item| item.merged.is_none());
        match (&other.held, living, &other.row) {
            (Some(_), None, _) => return Ok(Err(says("it was unpaired or merged: only a command pairs it"))),
            (_, Some(_), _) => {}
            (None, None, None) => return Ok(Err(says("it could not be read"))),
            (None, None, Some(found)) => {
                let made = found.mark.as_deref().and_then(|mark| self.opened_elsewhere(&other.instance, mark));
                if made.is_some_and(|(by, _)| self.syncs.get(&by).is_some_and(|by| by.ended().is_none())) {
                    // What its sides wrote into it would go wherever an issue here says.
                    return Ok(Err(says("another sync made it: only a command pairs it")));
                }
                if there.on_demand {
                    return Ok(Err(says("nothing of its side starts by itself (`scope`)")));
                }
                if let Some(jql) = &there.jql
                    && !self.matches(&other.instance, &there.project, jql, found).await?
                {
                    return Ok(Err(says("it does not match the `jql` of its side")));
                }
            }
        }
        let Some(home) = &sync.settings.home else { return Ok(Ok(())) };
        if home == side {
            let Some(when) = &there.when else { return Ok(Ok(())) };
            let shared = self.matches(instance, &own.project, when, row).await?;
            return Ok(if shared { Ok(()) } else { Err(says("this one does not match the `when` of its side")) });
        }
        let Some(when) = &own.when else { return Ok(Ok(())) };
        let shared = match (living, &other.row) {
            (Some(item), _) if item.belongs.contains(side) => true,
            // It may not have been asked yet, or be shared by now.
            (Some(item), _) => self.belongs_now(sync, home, when, item).await?,
            (None, Some(found)) if home == &other.side => {
                self.matches(&other.instance, &there.project, when, found).await?
            }
            (None, _) => false,
        };
        Ok(if shared { Ok(()) } else { Err(says("home's issue does not match the `when` of this side")) })
    }

    /// Whether home's issue of an item matches a side's `when` by now.
    async fn belongs_now(
        &self,
        sync: &SyncRun,
        home: &SideId,
        when: &str,
        item: &ItemState,
    ) -> Result<bool, JiraError> {
        let place = item.replicas.get(home).zip(sync.side(home));
        let Some((replica, settings)) = place else { return Ok(false) };
        let Some(instance) = self.instances.get(&settings.instance) else { return Ok(false) };
        let recent = |_: &_| !self.is_settled(instance, replica.updated);
        let found = instance.patiently(matching(instance, &settings.project, when, &[replica.issue], recent)).await?;
        Ok(found.contains(&replica.issue))
    }

    async fn matches(
        &self,
        instance: &Instance,
        project: &str,
        jql: &str,
        row: &IssueSnapshot,
    ) -> Result<bool, JiraError> {
        let recent = |_: &_| !self.is_settled(instance, row.updated);
        Ok(matching(instance, project, jql, &[row.id], recent).await?.contains(&row.id))
    }
}
