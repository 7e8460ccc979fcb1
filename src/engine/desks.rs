//! Service desks in which the sync user is no agent: Jira shows it no internal comment there, and counts what it writes as a customer's. Must
//! never hold anything back for it but what is to be internal there: the rest of the issue goes on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::ids::SideId;
use crate::model::problem::Problem;
use crate::model::right::{Function, Right, needed};

/// How long it is believed that the sync user is an agent, or none.
const LASTS: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Asks of each service desk that was read just now whether the sync user is an agent there, and says where it is none.
    pub(super) async fn look_at_desks(&self, works: &[Work]) {
        let mut desks: BTreeSet<(usize, &SideId)> = BTreeSet::new();
        for work in works {
            let read = work.reads.iter().filter(|(_, read)| read.snapshot.service_desk == Some(true));
            for (side, _) in read {
                if desks.insert((Arc::as_ptr(&work.sync).addr(), side)) {
                    self.look_at_desk(&work.sync, side).await;
                }
            }
        }
    }

    async fn look_at_desk(&self, sync: &SyncRun, side: &SideId) {
        let comments = &sync.settings.comments;
        let now = self.clock.monotonic();
        if !(comments.gives(side) || comments.takes(side)) || sync.knows_agency(side, now) {
            return;
        }
        let instance = sync.instance_of(side).and_then(|id| self.instances.get(id));
        let (Some(settings), Some(instance)) = (sync.side(side), instance) else { return };
        if instance.pause().is_some() || instance.is_silent().is_some() {
            return;
        }
        let key = Right::ServiceDeskAgent.key();
        match instance.patiently(instance.read.permissions(&settings.project, &[key])).await {
            Ok(held) => {
                sync.note_agency(side, held.get(key) == Some(&true), now + LASTS);
                self.tell_desk(sync, side, held.get(key) != Some(&true)).await;
            }
            Err(error) => tracing::debug!(%side, %error, "could not ask whether the sync user is an agent"),
        }
    }

    /// Says that the sync user is no agent of a service desk, or that it is one by now.
    async fn tell_desk(&self, sync: &SyncRun, side: &SideId, lacks: bool) {
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: "the sync user is no agent of this service desk: it is shown no internal comments, and what it writes is taken for a customer's"
                .to_owned(),
            remedy: needed(&sync.settings, side, Function::ServiceDesk, &[Right::ServiceDeskAgent]),
            operation: None,
            settles: false,
        };
        let problems = if lacks { vec![problem] } else { Vec::new() };
        if let Err(error) = self.store.set_problems(&owner(sync, side), &problems, self.now()).await {
            tracing::warn!(sync = %sync.id(), %side, %error, "could not note whether the sync user is an agent");
        }
    }
}

/// Whose problem it is.
pub(super) fn owner(sync: &SyncRun, side: &SideId) -> String {
    format!("desk of {}.{side}", sync.id())
}
