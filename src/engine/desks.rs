//! Service desks: whether a project is one, and whether the sync user is an agent there. Who is none is shown no internal comment, and what it
//! writes counts as a customer's. Must never hold anything back for it but what is to be internal there, nor let that go on the word of long ago.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::instance::Instance;
use super::revisions::record_of;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::model::ids::SideId;
use crate::model::issue::Visibility;
use crate::model::operation::{Action, Intent, IntentEvent};
use crate::model::problem::Problem;
use crate::model::right::{BE_AGENT, Function, Right, needed};
use crate::model::settings::SideSettings;

/// How long it is believed what a project is, and that the sync user is an agent there, or none.
const LASTS: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Takes in from what was read just now which projects are service desks, where that decides who reads; asks of each service desk
    /// whether the sync user is an agent there, and says where it is none.
    pub(super) async fn look_at_desks(&self, works: &[Work]) {
        let mut seen: BTreeSet<(usize, &SideId)> = BTreeSet::new();
        for work in works {
            for (side, read) in &work.reads {
                let Some(is_desk) = read.snapshot.service_desk else { continue };
                let decides = work.sync.settings.comments.asks_for_desk(side);
                let is_there = work.sync.side(side).is_some_and(|settings| settings.project == read.snapshot.project);
                if !(is_desk || decides) || !is_there || !seen.insert((Arc::as_ptr(&work.sync).addr(), side)) {
                    continue;
                }
                // A row may have waited here since before a pause.
                if decides && read.direct {
                    work.sync.note_nature(side, is_desk, self.clock.monotonic() + LASTS);
                }
                if is_desk {
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
        let Some((settings, instance)) = self.to_be_asked(sync, side) else { return };
        let key = Right::ServiceDeskAgent.key();
        match instance.patiently(instance.read.permissions(&settings.project, &[key])).await {
            Ok(held) => {
                sync.note_agency(side, held.get(key) == Some(&true), now + LASTS);
                self.tell_desk(sync, side, held.get(key) != Some(&true)).await;
            }
            Err(error) => tracing::debug!(%side, %error, "could not ask whether the sync user is an agent"),
        }
    }

    async fn look_at_nature(&self, sync: &SyncRun, side: &SideId) {
        let now = self.clock.monotonic();
        if sync.knows_nature(side, now) {
            return;
        }
        let Some((settings, instance)) = self.to_be_asked(sync, side) else { return };
        match instance.patiently(instance.read.nature(&settings.project)).await {
            Ok(nature) => sync.note_nature(side, nature.service_desk, now + LASTS),
            Err(error) => tracing::debug!(%side, %error, "could not ask whether a project is a service desk"),
        }
    }

    /// A side and its instance, unless that is left alone now.
    fn to_be_asked<'s>(&'s self, sync: &'s SyncRun, side: &SideId) -> Option<(&'s SideSettings, &'s Arc<Instance>)> {
        let settings = sync.side(side)?;
        let instance = self.instances.get(&settings.instance)?;
        (instance.pause().is_none() && instance.is_silent().is_none()).then_some((settings, instance))
    }

    /// Whether customers of a service desk cannot read what this write takes out of what is internal to one, or into it. Neither need be read
    /// for that: what is known of the projects may be of long ago, so it is asked again, each hour at most. One that may not go is put off.
    pub(super) async fn meets_no_customer(&self, work: &mut Work, intent: &Intent) -> bool {
        let side = &intent.operation.side;
        let action = &intent.operation.action;
        let terms = if let Action::AddComment { terms, .. } = action {
            Some(terms.clone())
        } else if let Action::EditComment { emptied: false, .. } = action {
            record_of(work, intent).map(|record| record.terms_of(side))
        } else {
            None
        };
        let Some(terms) = terms else { return true };
        let (is_known, is_fit) = match (&terms.of, &terms.under) {
            (_, Visibility::Internal) => self.keeps_notes(&work.sync, side).await,
            (Visibility::Internal, Visibility::Everybody) => self.has_no_customers(&work.sync, side).await,
            (_, Visibility::Everybody | Visibility::Role(_) | Visibility::Group(_) | Visibility::Other) => return true,
        };
        if is_known && is_fit {
            return true;
        }
        if !is_known {
            work.failed = true;
            let what = "nothing internal is written here: it could not be asked whether customers would read it";
            work.problem(side, None, what.to_owned(), "it is tried again; if it stays, look whether that Jira answers");
        }
        let why = "not sent: customers could read it".to_owned();
        work.move_intent(intent.id, &IntentEvent::Refused(why));
        work.put_off.push(intent.operation.clone());
        false
    }

    /// Whether what we write as an internal comment is one there: whether that is known, and whether it is so.
    async fn keeps_notes(&self, sync: &SyncRun, side: &SideId) -> (bool, bool) {
        self.look_at_nature(sync, side).await;
        self.look_at_desk(sync, side).await;
        let catalogs = sync.catalogs();
        let keeps = catalogs.get(side).is_some_and(|it| it.service_desk == Some(true) && it.desk_agent == Some(true));
        let now = self.clock.monotonic();
        (sync.knows_nature(side, now) && sync.knows_agency(side, now), keeps)
    }

    /// Whether everybody on a side is nobody's customer: whether that is known, and whether it is so.
    async fn has_no_customers(&self, sync: &SyncRun, side: &SideId) -> (bool, bool) {
        self.look_at_nature(sync, side).await;
        let catalogs = sync.catalogs();
        let has_none = catalogs.get(side).is_some_and(|it| it.service_desk == Some(false));
        (sync.knows_nature(side, self.clock.monotonic()), has_none)
    }

    /// Says that the sync user is no agent of a service desk, or that it is one by now.
    async fn tell_desk(&self, sync: &SyncRun, side: &SideId, lacks: bool) {
        let needed = needed(&sync.settings, side, Function::ServiceDesk, &[Right::ServiceDeskAgent]);
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: "the sync user is no agent of this service desk: it is shown no internal comments, and what it writes is taken for a customer's"
                .to_owned(),
            remedy: format!("{needed}. {BE_AGENT}"),
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
