//! Issues that the sync user made, that bear a mark, and that this state cannot have made: those of a state that was lost, or of
//! another daemon with the same account. Must never be taken for nobody's: a state that is new would create each of them again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::detect::PollError;
use super::instance::Instance;
use super::pairing::{Clear, is_created_on};
use super::sync_run::COPIES;
use super::{Engine, SyncRun};
use crate::jira::{Failure, Want};
use crate::model::detach::Detached;
use crate::model::hub::ItemState;
use crate::model::ids::{IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::operation::{Action, Operation};
use crate::model::problem::Problem;
use crate::model::settings::{Kind, UnknownCopies};
use crate::model::store::StoreError;
use crate::plan::{Hold, Plan};

/// With so many known in a project no more are looked for there.
const ENOUGH: usize = 100;
/// Keys named in a message.
const NAMED: usize = 3;
/// How long nothing is created for them before the project is read again: they may be gone.
const AGAIN: Duration = Duration::from_secs(3_600);

/// What is to be done about them.
pub(super) const REMEDY: &str = "if they are copies that a lost state made, stop the daemon and restore that state from a \
    backup; if the sync had another name, give it back; else they are left alone";

/// The same for a sync in which nothing is created for them.
const RESTORE: &str = "stop the daemon and restore the state from a backup, or give the sync the name back that it had; if nobody \
    needs them kept in step, write `unknown-copies = \"leave\"` under `[daemon]` and restart";

/// What is to be done about copies of a sync that a person ended.
pub(super) const REMEDY_ENDED: &str = "pair them with `jirasyncd pair`, or take the ended sync up again with `jirasyncd attach`; if \
    nobody needs them kept in step, write `unknown-copies = \"leave\"` under `[daemon]` and restart";

/// An issue that the sync user made, and that no sync which goes on knows.
#[derive(Debug, Clone)]
pub(super) struct Stranger {
    /// Its key.
    pub(super) key: IssueKey,
    /// The sync that a person ended, and whose copy it is; `None`: this state cannot have made it.
    pub(super) of: Option<SyncId>,
}

/// What is said of such issues in a project, and what is to be done.
pub(super) fn in_words(project: &str, issues: &BTreeMap<IssueId, Stranger>) -> Vec<(String, &'static str)> {
    let more = if issues.len() >= ENOUGH { " or more" } else { "" };
    let mut of: BTreeMap<Option<&SyncId>, Vec<&IssueKey>> = BTreeMap::new();
    for stranger in issues.values() {
        of.entry(stranger.of.as_ref()).or_default().push(&stranger.key);
    }
    let said = |(of, issues): (Option<&SyncId>, Vec<&IssueKey>)| {
        let mut keys: Vec<String> = issues.iter().take(NAMED).map(ToString::to_string).collect();
        if issues.len() > NAMED {
            keys.push("...".to_owned());
        }
        let (count, keys) = (issues.len(), keys.join(", "));
        let (noun, were, are) =
            if count == 1 { ("issue", "was", "is a copy") } else { ("issues", "were", "are copies") };
        match of {
            None => (
                format!(
                    "{count}{more} {noun} of project `{project}` ({keys}) {were} made by the sync user for another state than this one, or for a sync that is not configured"
                ),
                REMEDY,
            ),
            Some(sync) => (
                format!("{count}{more} {noun} of project `{project}` ({keys}) {are} of the ended sync `{sync}`"),
                REMEDY_ENDED,
            ),
        }
    };
    of.into_iter().map(said).collect()
}

impl Engine {
    /// Looks in rows of a project that is read from the beginning for what the sync user made for another state.
    pub(super) async fn look_for_strangers(
        &self,
        instance: &Arc<Instance>,
        rows: &[IssueSnapshot],
    ) -> Result<(), PollError> {
        let mut unknown = Vec::new();
        let by_us = |row: &&IssueSnapshot| instance.is_us(row.creator.as_ref().map(|creator| &creator.account));
        for row in rows.iter().filter(by_us) {
            if instance.strangers(&row.project) >= ENOUGH {
                continue;
            }
            let items = self.store.items_of(instance.id(), row.id).await?;
            if items.is_empty() {
                unknown.push(row);
                continue;
            }
            match self.ended_of(&items).await? {
                Some(ended) => self.met_ended(instance, row, ended),
                // The copy of a sync that is not configured: it may only have been given another name.
                None if !items.iter().any(|(_, sync, _)| self.syncs.contains_key(sync)) => {
                    self.met_copy(instance, row, "");
                }
                None => {}
            }
        }
        if instance.settings.kind == Kind::Cloud {
            for row in unknown {
                if let Some(mark) = &row.mark {
                    self.met_copy(instance, row, mark);
                }
            }
            return Ok(());
        }
        // A search brings no properties there.
        let issues: Vec<IssueId> = unknown.iter().map(|row| row.id).collect();
        let want = Want { mark: true, ..Want::default() };
        let read = if issues.is_empty() { Vec::new() } else { instance.read.issues(&issues, &want).await };
        for (row, read) in unknown.into_iter().zip(read) {
            match read {
                Ok(IssueSnapshot { mark: Some(mark), .. }) => self.met_copy(instance, row, &mark),
                Ok(_) => {}
                // What cannot be read is another matter, told by itself.
                Err(error) if matches!(error.failure, Failure::NotFound | Failure::Unreadable(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The sync that a person ended and that alone holds an issue, if it is so.
    pub(super) async fn ended_of(&self, items: &[(ItemId, SyncId, SideId)]) -> Result<Option<SyncId>, StoreError> {
        let mut ended = None;
        for (_, sync, _) in items {
            if self.syncs.get(sync).is_some_and(|sync| sync.ended().is_none()) {
                return Ok(None);
            }
            if Detached::read(self.store.note(&Detached::note(sync)).await?.as_deref())?.is_some() {
                ended = Some(sync.clone());
            }
        }
        Ok(ended)
    }

    /// Notes the copy of a sync that a person ended. Where no other sync goes on nothing is created, and there is nothing to say.
    fn met_ended(&self, instance: &Instance, row: &IssueSnapshot, of: SyncId) {
        let goes_on = self.syncs.values().filter(|sync| sync.ended().is_none());
        let mut sides = goes_on.flat_map(|sync| sync.settings.sides.iter());
        let is_here = sides.any(|side| &side.instance == instance.id() && side.project == row.project);
        if is_here && self.unknown_copies == UnknownCopies::Hold {
            instance.met_stranger(&row.project, row.id, Stranger { key: row.key.clone(), of: Some(of) });
        }
    }

    /// Notes an issue of the sync user whose mark this state cannot have made.
    pub(super) fn met_copy(&self, instance: &Instance, row: &IssueSnapshot, mark: &str) {
        let sides = self.syncs.values().flat_map(|sync| sync.settings.sides.iter().map(move |side| (sync.id(), side)));
        let mut here = sides.filter(|(_, side)| &side.instance == instance.id() && side.project == row.project);
        // One of another sync of this state, which will see to it.
        let known = here.any(|(sync, side)| self.seal.open(mark, sync, &side.id).is_some());
        if !known && self.unknown_copies == UnknownCopies::Hold {
            instance.met_stranger(&row.project, row.id, Stranger { key: row.key.clone(), of: None });
        }
    }

    /// Nothing is created in a sync one of whose projects holds such issues.
    pub(super) async fn hold_for_strangers(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        project: &str,
    ) -> Result<(), StoreError> {
        let said = instance.strangers_in_words(project);
        let ended = !said.is_empty() && said.iter().all(|(_, remedy)| *remedy == REMEDY_ENDED);
        let what = said.into_iter().map(|(what, _)| what).collect::<Vec<_>>().join("; ");
        let why = if ended { "this sync is the same under another name" } else { "a state was lost" };
        tracing::error!(sync = %sync.id(), %side, what, "nothing is created in this sync");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!("no counterpart is created in this sync: {what}; where {why}, each would be created again"),
            remedy: if ended { REMEDY_ENDED } else { RESTORE }.to_owned(),
            operation: None,
            settles: false,
        };
        sync.stop(side, COPIES, problem, self.clock.monotonic() + AGAIN);
        self.tell_stops(sync).await
    }

    /// They are not there any more, or do not matter.
    pub(super) async fn go_on_after_strangers(&self, sync: &SyncRun, side: &SideId) -> Result<(), StoreError> {
        if sync.goes_on(side, COPIES) { self.tell_stops(sync).await } else { Ok(()) }
    }

    /// Whether a side's project need not be read again yet.
    pub(super) fn waits_for_strangers(&self, sync: &SyncId, side: &SideId) -> bool {
        let now = self.clock.monotonic();
        self.syncs.get(sync).is_some_and(|sync| sync.refuses(side, COPIES, now).is_some())
    }

    /// Whether an operation is a create that must wait.
    pub(super) fn is_withheld(&self, sync: &SyncRun, operation: &Operation) -> bool {
        matches!(operation.action, Action::Create { .. }) && !self.may_create(sync, &operation.side)
    }

    /// A plan as it would be carried out now: creates that wait are holds.
    pub(super) async fn without_withheld(
        &self,
        sync: &Arc<SyncRun>,
        item: &ItemState,
        mut plan: Plan,
        clear: &mut Clear,
    ) -> Result<Plan, StoreError> {
        let (waiting, operations): (Vec<Operation>, Vec<Operation>) =
            plan.operations.into_iter().partition(|operation| self.is_withheld(sync, operation));
        let named = self.named_by_newcomers(sync, item, &operations, clear).await?;
        let (unpaired, operations): (Vec<Operation>, Vec<Operation>) =
            operations.into_iter().partition(|operation| is_created_on(operation, &named));
        plan.operations = operations;
        let hold = |operation: Operation, why: &str, remedy: &str| Hold {
            side: operation.side,
            field: None,
            why: why.to_owned(),
            remedy: remedy.to_owned(),
            settles: false,
        };
        plan.holds.extend(waiting.into_iter().map(|operation| {
            hold(operation, "no counterpart is created in this sync now", "see the problem of the sync")
        }));
        plan.holds.extend(unpaired.into_iter().map(|operation| {
            let why = "no counterpart is created here while an issue that lies here may be it (`pairing.by`)";
            hold(operation, why, "see what is said of the issues that are not carried; all else goes on")
        }));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_one_line() {
        let stranger =
            |id: u64, of: Option<&str>| Stranger { key: IssueKey::new(format!("ENG-{id}")), of: of.map(SyncId::from) };
        let issues = |count: u64| (1..=count).map(|id| (IssueId(id), stranger(id, None))).collect();
        let said = &in_words("ENG", &issues(1))[0].0;
        assert!(said.starts_with("1 issue of project `ENG` (ENG-1)"), "{said}");
        let mut issues: BTreeMap<IssueId, Stranger> = issues(5_000);
        let said = &in_words("ENG", &issues)[0].0;
        assert!(said.starts_with("5000 or more issues of project `ENG` (ENG-1, ENG-2, ENG-3, ...)"), "{said}");
        issues.insert(IssueId(9_000), stranger(9_000, Some("old")));
        let said = in_words("ENG", &issues);
        assert!(said.len() == 2 && said[1].0.ends_with("(ENG-9000) is a copy of the ended sync `old`"), "{said:?}");
    }
}
