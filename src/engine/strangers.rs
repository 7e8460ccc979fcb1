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
use crate::model::ids::{IssueId, IssueKey, SideId, SyncId};
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

/// What is said of such issues in a project.
pub(super) fn in_words(project: &str, issues: &BTreeMap<IssueId, IssueKey>) -> String {
    let more = if issues.len() >= ENOUGH { " or more" } else { "" };
    let mut keys: Vec<String> = issues.values().take(NAMED).map(ToString::to_string).collect();
    if issues.len() > NAMED {
        keys.push("...".to_owned());
    }
    let (count, noun, were) = if issues.len() == 1 { (1, "issue", "was") } else { (issues.len(), "issues", "were") };
    format!(
        "{count}{more} {noun} of project `{project}` ({}) {were} made by the sync user for another state than this one, or for a sync that is not configured",
        keys.join(", ")
    )
}

impl Engine {
    /// Looks in rows of a project that is read from the beginning for what the sync user made for another state.
    pub(super) async fn look_for_strangers(
        &self,
        instance: &Arc<Instance>,
        rows: &[IssueSnapshot],
    ) -> Result<(), PollError> {
        let us = &instance.identity.account;
        let mut unknown = Vec::new();
        for row in rows.iter().filter(|row| row.creator.as_ref().is_some_and(|creator| &creator.account == us)) {
            if instance.strangers(&row.project) >= ENOUGH {
                continue;
            }
            let items = self.store.items_of(instance.id(), row.id).await?;
            if items.is_empty() {
                unknown.push(row);
            } else if !items.iter().any(|(_, sync, _)| self.syncs.contains_key(sync)) {
                // The copy of a sync that is not configured: it may only have been given another name. One that a person ended is known.
                let mut ended = false;
                for (_, sync, _) in &items {
                    let note = self.store.note(&Detached::note(sync)).await?;
                    ended |= Detached::read(note.as_deref()).is_some();
                }
                if !ended {
                    self.met_copy(instance, row, "");
                }
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

    /// Notes an issue of the sync user whose mark this state cannot have made.
    pub(super) fn met_copy(&self, instance: &Instance, row: &IssueSnapshot, mark: &str) {
        let sides = self.syncs.values().flat_map(|sync| sync.settings.sides.iter().map(move |side| (sync.id(), side)));
        let mut here = sides.filter(|(_, side)| &side.instance == instance.id() && side.project == row.project);
        // One of another sync of this state, which will see to it.
        let known = here.any(|(sync, side)| self.seal.open(mark, sync, &side.id).is_some());
        if !known && self.unknown_copies == UnknownCopies::Hold {
            instance.met_stranger(&row.project, row.id, &row.key);
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
        let what = instance.strangers_in_words(project);
        tracing::error!(sync = %sync.id(), %side, what, "nothing is created in this sync");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!(
                "no counterpart is created in this sync: {what}; where a state was lost, each would be created again"
            ),
            remedy:
                "stop the daemon and restore the state from a backup, or give the sync the name back that it had; if \
                     nobody needs them kept in step, write `unknown-copies = \"leave\"` under `[daemon]` and restart"
                    .to_owned(),
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
        let issues = |count: u64| (1..=count).map(|id| (IssueId(id), IssueKey::new(format!("ENG-{id}")))).collect();
        let said = in_words("ENG", &issues(1));
        assert!(said.starts_with("1 issue of project `ENG` (ENG-1)"), "{said}");
        let said = in_words("ENG", &issues(5_000));
        assert!(said.starts_with("5000 or more issues of project `ENG` (ENG-1, ENG-2, ENG-3, ...)"), "{said}");
    }
}
