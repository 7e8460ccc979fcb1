//! Edits that set off no mails (`notify`). Must never ask a Jira to leave its mails out where the sync user was not seen to hold
//! the right to: Data Center refuses the whole edit then, and of Cloud it is not known what it does.

use std::time::Duration;

use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::ids::{FieldName, SideId};
use crate::model::operation::{Action, Intent, Operation};
use crate::model::problem::Problem;
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::{Kind, Notify};
use crate::model::store::StoreError;

/// Either lets an edit be made without mails. Those who administer Jira need not administer the project.
const RIGHTS: [&str; 2] = ["ADMINISTER_PROJECTS", "ADMINISTER"];
/// How long it is believed that a right is held, or not.
const LASTS: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Whether an intent is to be sent without mails, and may be.
    pub(super) async fn is_silent(&self, work: &Work, intent: &Intent) -> bool {
        self.goes_silently(work, &intent.operation).await
    }

    /// Whether Jira may send mails about a write, by the events that it tells people of.
    pub(super) async fn may_be_mailed(&self, work: &Work, operation: &Operation) -> bool {
        let is_told = match &operation.action {
            Action::Create { .. }
            | Action::SetFields { .. }
            | Action::Transition { .. }
            | Action::AddComment { .. }
            | Action::EditComment { .. }
            | Action::EditOriginal { .. }
            | Action::DeleteComment { .. }
            | Action::DeleteIssue { .. }
            | Action::AddFile { .. }
            | Action::DeleteFile { .. } => true,
            Action::Offer { .. }
            | Action::Link { .. }
            | Action::Unlink { .. }
            | Action::ShowEnd { .. }
            | Action::HideEnd { .. }
            | Action::AddIssueLink { .. }
            | Action::DeleteIssueLink { .. }
            | Action::AddWatcher { .. }
            | Action::RemoveWatcher { .. }
            | Action::StopWatching { .. } => false,
        };
        is_told && !self.goes_silently(work, operation).await
    }

    async fn goes_silently(&self, work: &Work, operation: &Operation) -> bool {
        let side = &operation.side;
        let wished = match work.sync.settings.notify {
            Notify::Always => false,
            Notify::Changes => completes(work, operation),
            Notify::Never => true,
        };
        if !wished || !self.has_silent_form(work, operation) {
            return false;
        }
        // After a lost edit the right is asked for again, and told where it is missing; that edit goes out with mails either way.
        self.may_be_silent(work, side).await && !work.loud.contains(side)
    }

    /// Whether Jira knows this write without mails: edits of fields on both kinds, work and edited comments on Cloud (v3, dc).
    fn has_silent_form(&self, work: &Work, operation: &Operation) -> bool {
        let action = &operation.action;
        if matches!(action, Action::SetFields { .. }) {
            return true;
        }
        let worked = matches!(
            action,
            Action::AddComment { spent: Some(_), .. } | Action::DeleteComment { remark: Remark::Worklog, .. }
        );
        let edited = matches!(action, Action::EditComment { .. } | Action::EditOriginal { .. });
        let kind = self.instance_on(work, &operation.side).map(|instance| instance.settings.kind);
        (worked || edited) && kind == Some(Kind::Cloud)
    }

    /// Whether the sync user may leave mails out on a side.
    async fn may_be_silent(&self, work: &Work, side: &SideId) -> bool {
        self.may_silence_on(&work.sync, side).await
    }

    /// The same of a sync, whatever item it is about.
    pub(super) async fn may_silence_on(&self, sync: &SyncRun, side: &SideId) -> bool {
        let now = self.clock.monotonic();
        if let Some(may) = sync.may_silence(side, now) {
            return may;
        }
        let instance = sync.instance_of(side).and_then(|id| self.instances.get(id));
        let (Some(settings), Some(instance)) = (sync.side(side), instance) else { return false };
        if instance.pause().is_some() || instance.is_silent().is_some() {
            // Nothing is sent there now.
            return false;
        }
        match instance.patiently(instance.read.permissions(&settings.project, &RIGHTS)).await {
            Ok(held) => {
                let may = RIGHTS.iter().any(|right| held.get(*right) == Some(&true));
                sync.note_silence(side, may, now + LASTS);
                self.tell_mails(sync, side, !may && sync.settings.notify == Notify::Never).await;
                may
            }
            Err(error) => {
                // The edit itself tells how the instance is.
                tracing::debug!(%side, %error, "could not ask whether mails may be left out");
                false
            }
        }
    }

    /// Whether nothing was seen of an edit that was sent without mails: it is sent once more with them, since Jira may have
    /// dropped it for want of the right.
    pub(super) fn was_dropped(work: &mut Work, intent: &Intent) -> bool {
        if !intent.silent {
            return false;
        }
        let side = &intent.operation.side;
        work.loud.insert(side.clone());
        work.sync.doubt_silence(side);
        true
    }

    /// An edit was refused without mails and taken with them: the right may have been taken away since it was asked for, or the refusal had
    /// another reason that is over (a proxy's, say). So it is asked again; where it is said to be held, only the second refusal is believed.
    pub(super) async fn lost_silence(&self, work: &Work, side: &SideId) {
        let now = self.clock.monotonic();
        let again = work.sync.note_noise(side, now, now + LASTS);
        work.sync.doubt_silence(side);
        let may = self.may_silence_on(&work.sync, side).await;
        // Where it could not be asked, the next edit asks.
        let is_lacking = !may && work.sync.may_silence(side, now).is_some();
        if !again && !is_lacking {
            return;
        }
        work.sync.note_silence(side, false, now + LASTS);
        self.tell_mails(&work.sync, side, true).await;
    }

    /// Says of a side that edits go out with mails though that is not wished, or that they do not any more.
    async fn tell_mails(&self, sync: &SyncRun, side: &SideId, lacks: bool) {
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: "edits may not be made without mails there, so they are made with them".to_owned(),
            remedy: format!(
                "{}; or set `notify = \"always\"`",
                needed(&sync.settings, side, Function::SilentEdits, &[Right::AdministerProjects])
            ),
            operation: None,
            settles: false,
        };
        let problems = if lacks { vec![problem] } else { Vec::new() };
        if let Err(error) = self.store.set_problems(&owner(sync, side), &problems, self.now()).await {
            tracing::warn!(sync = %sync.id(), %side, %error, "could not note whether mails may be left out");
        }
    }

    /// What was said before the start is asked anew, and not at all where the configuration is another by now.
    pub(super) async fn forget_mails(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            for side in sync.settings.side_ids() {
                self.store.set_problems(&owner(sync, side), &[], self.now()).await?;
                self.store.set_problems(&super::desks::owner(sync, side), &[], self.now()).await?;
            }
        }
        Ok(())
    }
}

/// Whether an edit completes a first copy: it goes to the replica that was just made or is read for the first time, or the sync
/// itself writes it because there is one now (its key, say). What somebody does on another side meanwhile is a change.
fn completes(work: &Work, operation: &Operation) -> bool {
    let side = &operation.side;
    if work.made.contains(side) || work.unready.contains(side) {
        return true;
    }
    let ready = |side: &SideId| work.item.replicas.get(side).is_some_and(|replica| replica.observed);
    let begins = !work.made.is_empty() || work.unready.iter().any(ready);
    let composed = |name: &FieldName| {
        let row = work.sync.settings.fields.get(name);
        row.is_some_and(|row| row.composed.is_some() && !row.from.contains(side))
    };
    let Action::SetFields { fields } = &operation.action else { return false };
    begins && fields.keys().all(composed)
}

fn owner(sync: &SyncRun, side: &SideId) -> String {
    format!("mails of {}.{side}", sync.id())
}
