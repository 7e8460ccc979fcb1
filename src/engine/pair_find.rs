//! The issues that a command names, or that another issue names, read and judged. Must never give one out that belongs elsewhere: to
//! another state, to another sync, to no side's project.

use std::sync::Arc;

use super::admit::with_mark;
use super::called::items_called;
use super::instance::Instance;
use super::merge::Refusal;
use super::pair::Named;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError};
use crate::model::hub::ItemState;
use crate::model::ids::{IssueKey, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::key::key_in;
use crate::model::settings::UnknownCopies;
use crate::model::store::StoreError;

impl Engine {
    /// The issue of a key, `KEY` or `SIDE:KEY`.
    pub(super) async fn find_issue(&self, sync: &SyncRun, named: &str) -> Result<Result<Named, Refusal>, StoreError> {
        let (side, key) = match place(sync, named) {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let held = self.held_by_key(sync, side.as_ref(), &key).await?;
        if held.len() > 1 {
            return Ok(Err(several(&key, held.iter().map(|(side, _)| side))));
        }
        let (side, held) = match held.into_iter().next() {
            Some((side, item)) => (side, Some(item)),
            None => match side.map_or_else(|| self.side_of(sync, &key), Ok) {
                Ok(side) => (side, None),
                Err(why) => return Ok(Err(why)),
            },
        };
        let Some(instance) = sync.instance_of(&side).and_then(|id| self.instances.get(id)).cloned() else {
            return Ok(Err(format!("side `{side}` of sync `{}` has no instance", sync.id())));
        };
        if let Some(item) = held.as_ref().filter(|item| item.merged.is_none()) {
            // It may have been typed by the other key of a renamed project.
            let key = item.replicas.get(&side).map_or(key, |replica| replica.key.clone());
            return Ok(Ok(Named { side, instance, key, held, row: None }));
        }
        self.read_issue(sync, side, instance, key, held).await
    }

    /// Reads an issue that no living item holds, as far as its key tells.
    pub(super) async fn read_issue(
        &self,
        sync: &SyncRun,
        side: SideId,
        instance: Arc<Instance>,
        key: IssueKey,
        held: Option<ItemState>,
    ) -> Result<Result<Named, Refusal>, StoreError> {
        if let Some(pause) = instance.pause() {
            return Ok(Err(format!("instance `{}` is left alone now: {}", instance.id(), pause.why)));
        }
        let want = with_mark(&instance.want);
        let read = async { Ok(instance.read.named(std::slice::from_ref(&key), &want).await) };
        let read: Result<Vec<_>, JiraError> = instance.patiently(read).await;
        let row = match read.map(|mut rows| rows.pop()) {
            Ok(Some(Ok(row))) => row,
            Ok(Some(Err(JiraError { failure: Failure::NotFound, .. })) | None) => {
                return Ok(Err(format!("there is no {key} on `{}`, or the sync user may not see it", instance.id())));
            }
            Ok(Some(Err(error))) | Err(error) => {
                instance.failed(&error);
                return Ok(Err(error.to_string()));
            }
        };
        self.judge_issue(sync, side, instance, row, held).await
    }

    /// Whether an issue that was read may be paired at all.
    pub(super) async fn judge_issue(
        &self,
        sync: &SyncRun,
        side: SideId,
        instance: Arc<Instance>,
        mut row: IssueSnapshot,
        mut held: Option<ItemState>,
    ) -> Result<Result<Named, Refusal>, StoreError> {
        instance.by_configured_key(&mut row);
        let project = sync.side(&side).map(|settings| settings.project.clone()).unwrap_or_default();
        if row.project != project {
            return Ok(Err(format!(
                "{} is in project {}, and side `{side}` of sync `{}` is project {project}",
                row.key,
                row.project,
                sync.id()
            )));
        }
        for (item, of, _) in self.store.items_of(instance.id(), row.id).await? {
            if &of == sync.id() {
                // It had another key when it was bound.
                held = self.store.item(item).await?;
            }
        }
        if held.is_none()
            && let Some(why) = self.not_ours_to_take(sync, &side, &instance, &row).await?
        {
            return Ok(Err(why));
        }
        let (key, row) = (row.key.clone(), Some(Box::new(row)));
        Ok(Ok(Named { side, instance, key, held, row }))
    }

    /// Why an issue that no item of the sync holds is not to be paired: something of jirasyncd made it, or keeps it in step.
    async fn not_ours_to_take(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<Option<Refusal>, StoreError> {
        let key = &row.key;
        let items = self.store.items_of(instance.id(), row.id).await?;
        if self.ended_of(&items).await?.is_some() {
            // Its sync let go of it.
            return Ok(None);
        }
        if let Some(mark) = &row.mark {
            if let Some(mark) = self.seal.open(mark, sync.id(), side) {
                let of = match self.kept_in_the_end(mark.item).await? {
                    Some(item) => self.store.item(item).await?,
                    None => None,
                };
                return Ok(Some(match of {
                    Some(item) => format!("{key} is a copy that was made for the item of {}", names(&item)),
                    None => format!(
                        "{key} is a copy that was made for an item which this state does not know: restore a newer backup of it"
                    ),
                }));
            }
            if let Some((other, _)) = self.opened_elsewhere(instance, mark)
                && !self.is_let_go(sync, instance, row).await?
            {
                return Ok(Some(format!("{key} is a copy that sync `{other}` made")));
            }
        }
        let foreign = |text: &str| {
            self.seal.open(text, sync.id(), side).is_none() && self.opened_elsewhere(instance, text).is_none()
        };
        let tags = row.log.iter().filter_map(|entry| entry.tag.as_deref());
        let marked = row.mark.as_deref().into_iter().chain(tags).any(foreign);
        Ok((marked && self.unknown_copies == UnknownCopies::Hold).then(|| {
            format!(
                "{key} bears the mark of another state of jirasyncd, which made it or keeps it in step: end that first; if that state is \
                 gone for good, write `unknown-copies = \"leave\"` under `[daemon]` and restart"
            )
        }))
    }

    /// The sync and side of this state that a mark was made for.
    pub(super) fn opened_elsewhere(&self, instance: &Instance, mark: &str) -> Option<(SyncId, SideId)> {
        let sides = self.syncs.values().flat_map(|sync| sync.settings.sides.iter().map(move |side| (sync.id(), side)));
        let mut here = sides.filter(|(_, side)| &side.instance == instance.id());
        let found = here.find(|(sync, side)| self.seal.open(mark, sync, &side.id).is_some());
        found.map(|(sync, side)| (sync.clone(), side.id.clone()))
    }

    /// The items of a sync with an issue that goes by a key, each with the side where that is.
    pub(super) async fn held_by_key(
        &self,
        sync: &SyncRun,
        side: Option<&SideId>,
        key: &IssueKey,
    ) -> Result<Vec<(SideId, ItemState)>, StoreError> {
        let all = items_called(&*self.store, &[&sync.settings], key).await?.into_iter();
        let of_sync = all.filter(|(item, _)| &item.sync == sync.id());
        let found = of_sync.flat_map(|(item, sides)| {
            let here = sides.into_iter().filter(|of| side.is_none_or(|side| side == of));
            here.map(|of| (of, item.clone())).collect::<Vec<_>>()
        });
        Ok(found.collect())
    }

    /// The one side whose project a key is of.
    fn side_of(&self, sync: &SyncRun, key: &IssueKey) -> Result<SideId, Refusal> {
        let project = key.as_str().rsplit_once('-').map(|(project, _)| project).unwrap_or_default();
        let mut sides = sync.settings.sides.iter().filter(|side| self.is_called(side, project)).map(|side| &side.id);
        match (sides.next(), sides.next()) {
            (Some(side), None) => Ok(side.clone()),
            (Some(one), Some(other)) => Err(several(key, [one, other].into_iter().chain(sides))),
            (None, _) => Err(format!("{key} is in the project of no side of sync `{}`", sync.id())),
        }
    }
}

/// A key as it is typed, with its side where that is said.
pub(super) fn place(sync: &SyncRun, named: &str) -> Result<(Option<SideId>, IssueKey), Refusal> {
    let (side, key) = match named.trim().split_once(':') {
        Some((side, key)) => (Some(SideId::from(side.trim())), key.trim()),
        None => (None, named.trim()),
    };
    if let Some(side) = side.as_ref().filter(|side| sync.side(side).is_none()) {
        return Err(format!("sync `{}` has no side `{side}`", sync.id()));
    }
    match key_in(key) {
        Some(key) => Ok((side, key)),
        None => Err(format!("`{key}` is not the key of an issue, such as SUP-1")),
    }
}

pub(super) fn several<'s>(key: &IssueKey, sides: impl Iterator<Item = &'s SideId>) -> Refusal {
    let names: Vec<String> = sides.map(|side| format!("{side}:{key}")).collect();
    format!("{key} may be on several sides: say which, {}", names.join(" or "))
}

pub(super) fn names(item: &ItemState) -> String {
    let named = item.replicas.iter().map(|(side, replica)| format!("{} ({side})", replica.key));
    named.collect::<Vec<_>>().join(", ")
}
