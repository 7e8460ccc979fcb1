//! Notices: what is seen is held against what was told, and what is due is sent on its ways. What was told is kept in the state before
//! it is sent, so that a restart repeats nothing; what was not sent then is sent by the next one. Must never hold up the work, and never
//! send words of an issue or a secret.

mod mail;
mod post;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::{Daemon, RunError};
use crate::config::NoticeSettings;
use crate::engine::DONE;
use crate::model::ids::{InstanceId, SyncId};
use crate::model::notices::{Notice, Seen, SeenInstance, Told};
use crate::model::store::{Store as _, StoreError};
use crate::schedule::growing;

pub use mail::MailMessenger;
pub use post::PostMessenger;

/// Under what it is kept what was told, and what is to be sent.
pub(super) const NOTE: &str = "notices";
/// How often it is looked.
const LOOK: Duration = Duration::from_secs(30);
/// How often one is tried to be sent, and how long it is waited before the second and the last try.
const MOST_TRIES: u32 = 6;
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(900);
/// Notices that are kept to be sent. Where a way is broken for days the oldest go.
const MOST_KEPT: usize = 100;

/// A way on which notices are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Posted as JSON.
    Webhook,
    /// By e-mail.
    Email,
}

/// Why a notice was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// In words; never with a URL or a login.
    pub why: String,
    /// Whether another try may do.
    pub again: bool,
}

/// Sends notices on one way.
#[async_trait]
pub trait Messenger: Send + Sync + 'static {
    /// Sends one.
    ///
    /// # Errors
    /// It was not taken, or nobody knows whether it was.
    async fn tell(&self, notice: &Notice) -> Result<(), Unsent>;
}

/// The ways that the configuration names.
pub type Messengers = BTreeMap<Way, Arc<dyn Messenger>>;

/// Makes them.
pub type MakeMessengers = dyn Fn(&NoticeSettings) -> Messengers + Send + Sync;

/// Those of this machine. Nothing is opened yet.
pub(super) fn of_this_machine(settings: &NoticeSettings) -> Messengers {
    let mut ways = Messengers::new();
    if let Some(url) = &settings.webhook {
        ways.insert(Way::Webhook, Arc::new(PostMessenger::new(url.clone())));
    }
    if let Some(mail) = &settings.email {
        ways.insert(Way::Email, Arc::new(MailMessenger::new(mail.clone())));
    }
    ways
}

/// What is kept in the state.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    told: Told,
    outbox: Vec<Parcel>,
}

/// A notice that is to be sent on one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Parcel {
    way: Way,
    notice: Notice,
    tries: u32,
    next: Timestamp,
}

impl Daemon {
    /// Looks once, and sends what is due. Nothing, where no notices are configured.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn tell_notices(&self) -> Result<(), StoreError> {
        let Some(settings) = &self.config.notices else { return Ok(()) };
        let text = self.store.note(NOTE).await?;
        // One that cannot be read is of another version: what it told is told again.
        let mut kept: Kept = text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let seen = self.seen().await?;
        for notice in kept.told.due(&seen, settings.limits) {
            tracing::info!(event = ?notice.event, about = notice.about, "a notice: {}", notice.title);
            let parcel = |way: &Way| Parcel { way: *way, notice: notice.clone(), tries: 0, next: seen.now };
            kept.outbox.extend(self.messengers.keys().map(parcel));
        }
        let surplus = kept.outbox.len().saturating_sub(MOST_KEPT);
        kept.outbox.drain(..surplus);
        let mut known = self.keep_notices(&kept, text).await?;
        while let Some(at) = kept.outbox.iter().position(|parcel| parcel.next <= seen.now) {
            let parcel = kept.outbox.remove(at);
            if let Some(again) = self.send(parcel, seen.now).await {
                kept.outbox.push(again);
            }
            known = self.keep_notices(&kept, known).await?;
        }
        Ok(())
    }

    /// Keeps it, where it is another than what is known to be kept.
    async fn keep_notices(&self, kept: &Kept, known: Option<String>) -> Result<Option<String>, StoreError> {
        let Ok(text) = serde_json::to_string(kept) else { return Ok(known) };
        if known.as_ref() != Some(&text) {
            self.store.set_note(NOTE, &text).await?;
        }
        Ok(Some(text))
    }

    /// Sends one. Gives it back where it is to be tried again.
    async fn send(&self, mut parcel: Parcel, now: Timestamp) -> Option<Parcel> {
        // The way is configured no more.
        let messenger = self.messengers.get(&parcel.way)?;
        let Unsent { why, again } = messenger.tell(&parcel.notice).await.err()?;
        let (way, title) = (parcel.way, &parcel.notice.title);
        parcel.tries += 1;
        if !again || parcel.tries >= MOST_TRIES {
            tracing::error!(?way, why, "a notice could not be sent, and is given up: {title}");
            return None;
        }
        tracing::warn!(?way, why, "a notice could not be sent, and is tried again: {title}");
        let wait = growing(FIRST_RETRY, LONGEST_RETRY, parcel.tries - 1);
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        parcel.next = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        Some(parcel)
    }

    /// Looks until it is cancelled.
    pub(super) async fn notices_on(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        if self.config.notices.is_none() {
            return Ok(());
        }
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Some(Err(error)) = cancel.run_until_cancelled(self.tell_notices()).await {
                // Who works with the state says so, and ends the run where it stays so.
                tracing::warn!(%error, "it could not be looked whether a notice is due");
            }
        }
        Ok(())
    }

    async fn seen(&self) -> Result<Seen, StoreError> {
        let now = self.surroundings.clock.now();
        let measured = self.store.measures(now).await?;
        let stopped: BTreeMap<SyncId, String> = self.stopped_syncs(&measured.apart).await?.into_iter().collect();
        let writes = self.engine.writes();
        let instances = self.config.instances.values().map(|settings| {
            let record = self.poll_record(&settings.id);
            let syncs =
                self.config.syncs.values().filter(|sync| sync.sides.iter().any(|side| side.instance == settings.id));
            let syncs: Vec<_> = syncs.collect();
            let is_beside = |instance: &InstanceId| {
                syncs.iter().any(|sync| sync.sides.iter().any(|side| &side.instance == instance))
            };
            let done = writes.iter().filter(|write| write.result == DONE && is_beside(&write.instance));
            let queues = measured.queues.iter().filter(|queue| syncs.iter().any(|sync| sync.id == queue.sync));
            let ends = self.login_ends(&settings.id);
            SeenInstance {
                id: settings.id.clone(),
                answered: record.last_good.unwrap_or(self.since),
                reached: record.last_good.is_some(),
                poll: SignedDuration::try_from(self.config.daemon.poll).unwrap_or(SignedDuration::MAX),
                why: record.error.or_else(|| self.engine.paused(&settings.id)),
                held: self.engine.is_held(&settings.id),
                done: done.map(|write| write.count).sum(),
                busy: queues.map(|queue| queue.due + queue.claimed).sum(),
                expires: ends.expires,
                grant_ends: ends.granted_until,
                certificate_ends: ends.certificate_until,
                authority_ends: ends.authority_until,
                hooks_silent: self.hooks_silent(&settings.id),
                hooks_heard: self.hooks_heard(&settings.id),
            }
        });
        let syncs = self.config.syncs.keys().map(|sync| (sync.clone(), stopped.get(sync).cloned()));
        let (instances, syncs) = (instances.collect(), syncs.collect());
        Ok(Seen { now, instances, syncs, problems: measured.problems.values().sum() })
    }
}
