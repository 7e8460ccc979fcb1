//! Counterparts of ours that somebody moved into a project of another sync. Must never let one begin an item there by itself: what it was
//! made from would come back as new. A person may say so, once the sync that made it let go of it.

use super::instance::Instance;
use super::pair::Named;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::hub::{Absence, ItemState, Replica};
use crate::model::ids::{IssueId, IssueKey, SideId};
use crate::model::issue::IssueSnapshot;
use crate::model::settings::SideSettings;
use crate::model::store::StoreError;

/// A counterpart of ours that is in another project.
struct Strayed {
    side: SideId,
    issue: IssueId,
    /// The key that its item knows it by.
    was: IssueKey,
    /// Its key where it is.
    now: IssueKey,
    project: String,
}

impl Strayed {
    /// `None`: it is a person's, or not known for sure to be in another project.
    fn of(side: &SideId, replica: &Replica) -> Option<Self> {
        let away = replica.away.as_ref().filter(|away| away.confirmed.is_some() && replica.ours && !replica.rests())?;
        let Absence::Moved(project) = &away.how else { return None };
        Some(Self {
            side: side.clone(),
            issue: replica.issue,
            was: replica.key.clone(),
            now: away.key.clone().unwrap_or_else(|| replica.key.clone()),
            project: project.clone(),
        })
    }
}

impl Engine {
    /// Tells of counterparts that lie in a project of another sync and begin nothing there.
    pub(super) async fn tell_strayed(&self, work: &mut Work) -> Result<(), StoreError> {
        let strayed = work.item.replicas.iter().filter_map(|(side, replica)| Strayed::of(side, replica));
        for strayed in strayed.collect::<Vec<_>>() {
            let Some(instance) = work.sync.instance_of(&strayed.side).cloned() else { continue };
            let held = self.store.items_of(&instance, strayed.issue).await?;
            let made_by = work.sync.id().clone();
            for other in self.syncs.values().filter(|other| other.id() != &made_by && other.ended().is_none()) {
                let is_there = |side: &&SideSettings| side.instance == instance && side.project == strayed.project;
                let Some(there) = other.settings.sides.iter().find(is_there) else { continue };
                if held.iter().any(|(_, sync, _)| sync == other.id()) {
                    // A person had it join, or it was an item's there before.
                    continue;
                }
                let Strayed { side, was, now, project, .. } = &strayed;
                let (other, there) = (other.id(), &there.id);
                let what = format!(
                    "{now} was moved into project {project}, which sync `{other}` keeps in step; it is a counterpart that \
                     sync `{made_by}` made, so it begins nothing there"
                );
                let remedy = format!(
                    "move it back; or have sync `{made_by}` let go of it with `jirasyncd unpair {made_by} {side}:{was}`, and then \
                     sync `{other}` take it with `jirasyncd create {other} {there}:{now}`, or with `jirasyncd pair` beside an issue \
                     of another side"
                );
                work.problem(side, None, what, &remedy);
            }
        }
        Ok(())
    }

    /// Whether an issue that another sync of this state made may join one by a person's word: that sync let go of it (`unpair`), and it lies in
    /// none of its projects any more.
    pub(super) async fn is_let_go(
        &self,
        sync: &SyncRun,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<bool, StoreError> {
        let Some(mark) = &row.mark else { return Ok(false) };
        let Some((made_by, _)) = self.opened_elsewhere(instance, mark) else { return Ok(false) };
        let is_its = |side: &SideSettings| &side.instance == instance.id() && side.project == row.project;
        let lies_there = self.syncs.get(&made_by).is_some_and(|known| known.settings.sides.iter().any(is_its));
        if &made_by == sync.id() || lies_there {
            return Ok(false);
        }
        let mut is_let_go = false;
        for (item, holder, _) in self.store.items_of(instance.id(), row.id).await? {
            if holder == made_by {
                is_let_go = self.store.item(item).await?.as_ref().is_some_and(ItemState::is_unpaired);
                if !is_let_go {
                    return Ok(false);
                }
            }
        }
        Ok(is_let_go)
    }

    /// What whoever has an issue join a sync is told where another sync of this state made it.
    pub(super) fn says_whose(&self, sync: &SyncRun, issue: &Named) -> Option<String> {
        let row = issue.row.as_ref().filter(|_| issue.held.is_none())?;
        let (made_by, _) = self.opened_elsewhere(&issue.instance, row.mark.as_deref()?)?;
        (&made_by != sync.id()).then(|| {
            format!(
                "{} ({}) was made by sync `{made_by}`: what people of that sync's sides wrote into it is carried, too, to whomever this \
                 sync carries it to",
                issue.key, issue.side
            )
        })
    }
}
