//! Whether the sides take files, and how large ones, asked again while the daemon runs: with a full check, and when a file was refused. Must
//! never ask for each file of many, nor forget what is known because nobody answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::instance::Instance;
use super::sweep::Scope;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::hub::ItemState;
use crate::model::ids::SideId;
use crate::model::operation::Intent;

/// How long an answer is good for where files are refused.
const ANSWER_LASTS: Duration = Duration::from_secs(600);

/// What was asked of the sides of one sync.
#[derive(Default)]
pub(super) struct AskedUploads {
    /// When, by our monotonic time, because a file was refused.
    asked: BTreeMap<SideId, Duration>,
    /// The sides of which something else was learnt since the last full check began.
    changed: BTreeSet<SideId>,
}

impl SyncRun {
    fn asked_uploads(&self) -> MutexGuard<'_, AskedUploads> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what may be attached on a side. Says whether it is another thing than before.
    fn takes_uploads(&self, side: &SideId, limit: Option<u64>) -> bool {
        let changed = self.limits_uploads(side, limit);
        if changed {
            self.asked_uploads().changed.insert(side.clone());
        }
        changed
    }
}

impl Engine {
    /// Asks all sides that files go to. The items whose files wait for it are looked at in this full check.
    pub(super) async fn ask_what_may_be_attached(&self, scope: &Scope) {
        for sync in self.syncs.values() {
            sync.asked_uploads().changed.clear();
            for side in sync.settings.attachments.to.iter().filter(|_| sync.ended().is_none()) {
                let instance = sync.instance_of(side).and_then(|id| self.instances.get(id));
                let asked = instance.filter(|instance| scope.covers(instance.id()) && instance.pause().is_none());
                if let Some(instance) = asked {
                    self.ask_upload_limit(sync, side, instance).await;
                }
            }
        }
    }

    /// Asks the side that refused a file, unless that was done a moment ago. Says whether it takes something else than was known. It is
    /// rare, so it lies in no cycle's own future.
    pub(super) fn was_news<'a>(&'a self, work: &'a Work, intent: &'a Intent) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let (side, now) = (&intent.operation.side, self.clock.monotonic());
            let Some(instance) = self.instance_on(work, side) else { return false };
            let lately = work.sync.asked_uploads().asked.get(side).is_some_and(|at| now < *at + ANSWER_LASTS);
            if lately || instance.pause().is_some() {
                return false;
            }
            work.sync.asked_uploads().asked.insert(side.clone(), now);
            self.ask_upload_limit(&work.sync, side, &instance).await
        })
    }

    async fn ask_upload_limit(&self, sync: &SyncRun, side: &SideId, instance: &Instance) -> bool {
        match instance.patiently(instance.read.upload_limit()).await {
            Ok(limit) => sync.takes_uploads(side, limit),
            Err(error) => {
                instance.failed(&error);
                tracing::warn!(%side, %error, "could not ask again what may be attached");
                false
            }
        }
    }
}

/// Whether a file of an item waits for what was just learnt of a side.
pub(super) fn waits_for_uploads(item: &ItemState, sync: &SyncRun) -> bool {
    let changed = sync.asked_uploads().changed.clone();
    let lacks = |side: &SideId| {
        let files = item.attachments.iter().filter(|record| !record.gone && &record.side != side);
        files.into_iter().any(|record| record.copies.get(side).is_none_or(|copy| copy.gone))
    };
    changed.iter().any(|side| item.replicas.contains_key(side) && lacks(side))
}
