//! What Jira said no to is tried again: by itself, when its time comes, or since an operator says that the reason is mended. Must never
//! write over what a person did, nor ask the same again and again because it was asked for once.

use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::sync_run::SyncRun;
use super::work::Work;
use crate::model::ids::{FieldName, SideId};
use crate::model::operation::{Action, Intent};
use crate::model::problem::Problem;
use crate::model::remark::Remark;
use crate::model::store::{StoreError, StoredProblem};

/// How long a refused field is left alone.
const TRY_AGAIN: Duration = Duration::from_secs(3_600);

/// Whether a time lies no further back than a refusal counts.
fn is_lately(at: Timestamp, now: Timestamp) -> bool {
    let passed = now.duration_since(at);
    passed >= SignedDuration::ZERO && passed.unsigned_abs() < TRY_AGAIN
}

impl Engine {
    /// What Jira refused of a field is tried again when the issue is looked at, but not soon: a screen may show the field by then,
    /// a permission be given.
    pub(super) fn try_again(&self, work: &mut Work) {
        let now = self.now();
        // A clock that was set back since makes nobody ask without end.
        work.asked = work.asked.filter(|asked| *asked <= now);
        let lately = |side: &SideId, name: &FieldName| {
            let of_field = work.intents.iter().filter(|intent| &intent.operation.side == side);
            of_field
                .filter(|intent| writes(&intent.operation.action, name))
                .any(|intent| has_it_wait(work, intent, now))
        };
        let refused = work.item.replicas.iter().flat_map(|(side, replica)| {
            let of_side = replica.bases.iter().filter(|(_, base)| {
                base.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.refused && acknowledged.may_pass)
            });
            of_side.map(move |(name, _)| (side.clone(), name.clone()))
        });
        let due: Vec<(SideId, FieldName)> = refused.filter(|(side, name)| !lately(side, name)).collect();
        for (side, name) in due {
            let base = work.item.replicas.get_mut(&side).and_then(|replica| replica.bases.get_mut(&name));
            if let Some(acknowledged) = base.and_then(|base| base.acknowledged.as_mut()) {
                acknowledged.refused = false;
            }
        }
        copy_again(work, now);
        carry_again_as_asked(work, now);
    }

    /// Forgets what is only believed for a while of what these problems are about, so that it is asked anew and not held back: an
    /// operator says that it may be otherwise by now. What the state holds back is woken by the state.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn doubt_refusals(&self, told: &[StoredProblem]) -> Result<(), StoreError> {
        let mut concerned: BTreeSet<&crate::model::ids::SyncId> = BTreeSet::new();
        for item in told.iter().filter_map(|stored| stored.item).collect::<BTreeSet<_>>() {
            if let Some(known) = self.store.item(item).await? {
                concerned.extend(self.syncs.get_key_value(&known.sync).map(|(id, _)| id));
            }
            if concerned.len() == self.syncs.len() {
                break;
            }
        }
        for id in concerned {
            let Some(sync) = self.syncs.get(id) else { continue };
            sync.ask_anew();
            let mut learnt_at = self.learnt_at.lock().unwrap_or_else(PoisonError::into_inner);
            learnt_at.retain(|(of, _), _| of != id);
        }
        let apart = told.iter().filter(|stored| stored.item.is_none());
        let problems: BTreeSet<Problem> = apart.clone().map(|stored| stored.problem.clone()).collect();
        let about: BTreeSet<&str> = apart.map(|stored| stored.about.as_str()).collect();
        if problems.is_empty() {
            return Ok(());
        }
        for sync in self.syncs.values() {
            sync.try_clauses_again(&problems);
            self.look_at_newcomers_again(sync, &about);
        }
        self.look_at_these_things_again(&problems).await;
        Ok(())
    }

    fn look_at_newcomers_again(&self, sync: &SyncRun, about: &BTreeSet<&str>) {
        for side in &sync.settings.sides {
            if let Some(instance) = self.instances.get(&side.instance) {
                Self::look_at_stuck_again(sync, &side.id, instance.id(), about);
            }
        }
    }
}

/// Whether something that was sent has another try wait: it was lately, and nobody asked for one since.
fn has_it_wait(work: &Work, intent: &Intent, now: Timestamp) -> bool {
    is_lately(intent.opened, now) && work.holds_back(intent.opened)
}

/// The same of copies that were refused: Data Center says 400 of a missing right too (jira-facts 8).
fn copy_again(work: &mut Work, now: Timestamp) {
    // All of a side, or none: of many that were refused only the newest are known by their intents.
    let lately: BTreeSet<SideId> = work
        .intents
        .iter()
        .filter(|intent| has_it_wait(work, intent, now) && intent.operation.action.original().is_some())
        .map(|intent| intent.operation.side.clone())
        .collect();
    for remark in [Remark::Comment, Remark::Worklog] {
        for record in work.item.remarks_mut(remark) {
            record.refused.retain(|side, _| lately.contains(side));
        }
    }
}

/// What would be refused for ever is not tried again by itself: files that are not taken, texts that an original's Jira does not take. Once
/// for each time that somebody asks for it, since a limit may have been raised.
fn carry_again_as_asked(work: &mut Work, now: Timestamp) {
    let Some(asked) = work.asked.filter(|asked| is_lately(*asked, now)) else { return };
    let (mut files, mut originals) = (BTreeSet::new(), BTreeSet::new());
    for intent in work.intents.iter().filter(|intent| intent.opened > asked) {
        if matches!(intent.operation.action, Action::AddFile { .. }) {
            files.insert(intent.operation.side.clone());
        } else if let Action::EditOriginal { by, .. } = &intent.operation.action {
            originals.insert(by.clone());
        }
    }
    for record in &mut work.item.attachments {
        record.refused.retain(|side, _| files.contains(side));
    }
    for record in &mut work.item.comments {
        record.turned_back.retain(|side, _| originals.contains(side));
    }
}

fn writes(action: &Action, name: &FieldName) -> bool {
    let link = matches!(action,
        Action::AddIssueLink { link } | Action::DeleteIssueLink { link, .. } if &link.field == name);
    let watcher = action.watcher().is_some_and(|(watcher, _)| &watcher.field == name);
    link || watcher || action.fields().is_some_and(|fields| fields.contains_key(name))
}
