//! One item's cycle: detect, observe, plan, apply, record, recover. It must never decide what should be written (that is
//! `plan`), and nothing in it but `apply` may write.
//!
//! Polls queue hints (`detect`); newcomers become items (`admit`); due items are worked on in batches (`cycle`), each
//! item by one worker at a time. A batch looks (`look`) until every plan rests on what was read, writes down what it
//! knows, and only then writes to Jira (`apply`).

mod absence;
mod account;
mod admit;
mod announcements;
pub mod apply;
mod backfill;
mod bound;
mod called;
mod circles;
mod compare;
mod create;
mod creations;
mod crowd;
mod cycle;
mod desks;
mod detach;
mod detect;
mod done;
mod emptied;
mod expiry;
mod files;
mod found;
mod hear;
mod heard;
mod hold;
mod instance;
#[cfg(test)]
pub(crate) mod kept_notes;
mod kinds;
mod last_known;
mod late;
mod learn;
mod left_alone;
mod look;
mod looks;
mod mails;
mod marks;
mod match_files;
mod merge;
mod missed;
mod named;
mod names;
mod needs;
mod observe;
mod offers;
mod outcome;
mod pair;
mod pair_find;
mod pairing;
mod pairing_scope;
mod people;
mod places;
mod rebuild;
mod recover;
mod refer;
mod relations;
mod renamed;
mod resolve;
mod restored;
mod revisions;
mod rights;
mod rights_told;
mod rivals;
mod rows;
mod scope;
mod screens;
mod seal;
mod send;
mod setup;
mod singly;
mod strangers;
mod strayed;
mod survey;
mod suspects;
mod sweep;
mod sync_run;
mod take_back;
mod take_over;
mod tally;
mod things;
mod things_outcome;
mod things_preview;
mod times;
mod traces;
mod try_again;
mod unmarked;
mod unpair;
mod unshown;
mod uploads;
mod versions;
mod walk;
mod watchers;
mod went_back;
mod why_not;
mod work;
mod workflows;
mod worklogs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Clock, Entropy};
use crate::jira::{CallCount, Failure};
use crate::model::configuration::Accepted;
use crate::model::ids::{InstanceId, ItemId, OperationId, SideId, SyncId};
use crate::model::problem::Problem;
use crate::model::settings::UnknownCopies;
use crate::model::store::Store;

pub use account::accept_account;
pub use backfill::read_anew;
pub use called::{OtherKeys, items_called, items_of_key};
pub use circles::people_about;
pub use compare::{Compared, Difference, Differs, compare};
pub use creations::creations_about;
pub use cycle::{Preview, Upload, Uploads, Worked};
pub use detach::detached_about;
pub use detect::{PollError, Polled};
pub use expiry::ends_in_words;
pub use found::is_about_an_issue;
pub use hear::Hearing;
pub use last_known::LastKnown;
pub use names::{Finding, Mender, Severity};
pub use needs::Demand;
pub use rebuild::{Doubt, Doubtful, Rebuilt, rebuild};
pub use restored::is_about_the_state;
pub use rights::{PermissionExcess, PermissionNeed, PermissionReport};
pub use seal::{CannotSeal, Mark, Origin, Seal, is_like_a_mark};
pub use setup::{Connection, Connections, Parts, SetupError, fits};
pub use survey::{Survey, survey};
pub use sweep::{ROTATION, Scope as SweepScope, Swept};
pub use tally::{DONE, WriteCount};
pub use things::things_about;
pub use things_preview::ThingsPreview;

use instance::Instance;
use sync_run::SyncRun;

/// The engine: everything that it works with is injected.
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    seal: Seal,
    hands: apply::Hands,
    /// Names this process in leases.
    holder: String,
    instances: BTreeMap<InstanceId, Arc<Instance>>,
    syncs: BTreeMap<SyncId, Arc<SyncRun>>,
    rows: rows::Rows,
    /// The sides whose project is still to be read from the beginning.
    readings: Mutex<backfill::Readings>,
    /// Held while it is decided whether one of them is read, and whether something waits for it.
    reading: tokio::sync::Mutex<()>,
    /// Held while a command of an operator is carried out, and while what one said is moved on.
    commanding: tokio::sync::Mutex<()>,
    unknown_copies: UnknownCopies,
    /// As many newcomers of a side are decided on at once, and read ahead of what is decided.
    portion: usize,
    /// The configurations that were accepted.
    accepted: Accepted,
    /// How long a write may stay unseen in polls before its issue is read directly.
    check_after: Duration,
    /// How often instances are polled.
    poll: Duration,
    /// When each side's workflow was last learnt from samples, by our monotonic time.
    learnt_at: Mutex<BTreeMap<(SyncId, SideId), Duration>>,
    /// When the answers to writes were lost, and when this began, by our monotonic time.
    lost_writes: Mutex<BTreeMap<OperationId, Duration>>,
    /// Comments in doubt that were looked for and not found, and may yet land.
    looked_for: Mutex<BTreeSet<OperationId>>,
    /// Searches for what we created.
    looks: looks::Looks,
    began: Duration,
    /// How often it was said what is paused.
    pauses: AtomicU64,
    /// What is let through of each sync's creations, and held while that is decided.
    gates: Mutex<creations::Gates>,
    places: places::Places,
    pacing: tokio::sync::Mutex<()>,
    /// Held while it is counted how many issues went.
    counting: tokio::sync::Mutex<()>,
    /// Held while versions and components are looked at.
    things: tokio::sync::Mutex<things::ThingLooks>,
    /// The state was recognised to be older than what it wrote.
    restored: AtomicBool,
    /// A full check began since it was last recognised.
    covered: AtomicBool,
    /// The items whose issues were looked at for another state's writes since the start.
    rivals: Mutex<BTreeSet<ItemId>>,
    /// What was in work when the process panicked before.
    suspects: Mutex<crate::model::suspects::Suspects>,
    /// Something that waited was woken since the worker was last told.
    woke: AtomicBool,
    /// Rung when something was queued that is not to wait for the end of a poll.
    queued: tokio::sync::Notify,
}

impl Engine {
    /// The instances, by name.
    pub fn instances(&self) -> impl Iterator<Item = &InstanceId> {
        self.instances.keys()
    }

    /// How many writes were sent since it was made, and what Jira said to them.
    #[must_use]
    pub fn writes(&self) -> Vec<WriteCount> {
        self.hands.counted()
    }

    /// How many requests went to an instance since the start, and what became of them.
    #[must_use]
    pub fn calls(&self, instance: &InstanceId) -> Vec<CallCount> {
        self.instances.get(instance).map(|instance| instance.read.calls()).unwrap_or_default()
    }

    /// Returns when something was queued in the middle of a poll that people wait for.
    pub async fn has_queued(&self) {
        self.queued.notified().await;
    }

    /// Server time of an instance minus ours, in milliseconds, as last measured.
    #[must_use]
    pub fn skew_ms(&self, instance: &InstanceId) -> Option<i64> {
        Some(self.instances.get(instance)?.skew_ms())
    }

    /// Why nothing is asked of an instance now, if it is so.
    #[must_use]
    pub fn paused(&self, instance: &InstanceId) -> Option<String> {
        self.instances.get(instance)?.pause().map(|pause| pause.why)
    }

    /// How an instance said that it does not take us for the sync user, where it is left alone for that.
    #[must_use]
    pub fn refuses_login(&self, instance: &InstanceId) -> Option<Failure> {
        self.instances.get(instance)?.pause()?.refused
    }

    /// How long nothing more is asked of an instance that did not answer. What an operator paused ends by no clock.
    #[must_use]
    pub fn left_alone_for(&self, instance: &InstanceId) -> Option<Duration> {
        let pause = self.instances.get(instance).filter(|instance| !instance.is_held())?.pause()?;
        Some(pause.until.saturating_sub(self.clock.monotonic()))
    }

    /// Whether an instance was seen not to give our tags back, since the start: untagged mode.
    #[must_use]
    pub fn is_untagged(&self, instance: &InstanceId) -> bool {
        self.instances.get(instance).is_some_and(|instance| instance.is_untagged())
    }

    /// How many issues of an instance changed of late, as polls saw, without a webhook that told of it.
    #[must_use]
    pub fn unannounced(&self, instance: &InstanceId) -> usize {
        self.instances.get(instance).map_or(0, |instance| instance.unannounced(self.now()))
    }

    /// Since when no webhook of an instance came though issues change there, where that is sure.
    #[must_use]
    pub fn hooks_silent(&self, instance: &InstanceId) -> Option<Timestamp> {
        self.instances.get(instance)?.hooks_silent(self.now())
    }

    /// The syncs that nothing joins now, each with a problem that is in the way.
    #[must_use]
    pub fn stopped(&self) -> Vec<(SyncId, Problem)> {
        let stopped = self.syncs.values().flat_map(|sync| {
            let problems = sync.stop_problems().into_iter();
            problems.map(|problem| (sync.id().clone(), problem))
        });
        stopped.collect()
    }

    /// Names of a side in messages.
    fn in_words(sync: &SyncRun, side: &SideId) -> String {
        format!("sync `{}`, side `{side}`", sync.id())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.now().saturating_add(wait).unwrap_or(Timestamp::MAX)
    }

    fn new_item(&self) -> ItemId {
        ItemId(self.entropy.next_id(self.now()))
    }
}
