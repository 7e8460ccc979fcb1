//! Webhooks: what is received is stored by the engine, and looked after instance by instance. It must never let a webhook do more
//! than hint, and never let an instance that does not answer hold up another.

use std::collections::BTreeMap;
use std::os::fd::AsFd as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::forged::{FORGED_REMEDY, Forged};
use super::{Daemon, RunError, StartError};
use crate::console::{Heard, HookPath, HookReceiver, HookSink, HookStatus, Refused};
use crate::engine::{Hearing, PollError};
use crate::model::ids::InstanceId;
use crate::model::store::{Store as _, StoreError};

/// Longest sleep between two looks at what waits.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long what could not be looked after is left alone.
const AGAIN: Duration = Duration::from_secs(5);

/// What to do where no webhook comes any more.
const SILENT_REMEDY: &str = "`jirasyncd webhooks verify` tries the way to the receiver and says, where the sync user may look, whether the instance \
                             still has the webhook: look at the proxy before the receiver and at the webhook in Jira, or set `webhooks = false` for an instance that is to send \
                             none; this ends when one comes";

/// Under what it is kept that webhooks of an instance came, and when the first did.
pub(super) fn came_note(instance: &InstanceId) -> String {
    format!("webhooks of {instance} came")
}

/// What came of an instance's webhooks, since the daemon was started.
#[derive(Debug, Clone, Default)]
pub(super) struct HookRecord {
    /// Whether any came, ever.
    came: bool,
    last: Option<Timestamp>,
    taken: u64,
    refused: BTreeMap<Refused, u64>,
    forged: Forged,
}

impl Daemon {
    /// The instances whose webhooks are taken.
    fn hooked(&self) -> impl Iterator<Item = &InstanceId> {
        let taken = self.config.daemon.webhooks.is_some();
        let instances = self.config.instances.values();
        instances.filter(move |settings| taken && settings.hooks.expected).map(|settings| &settings.id)
    }

    /// The receiver, with a door for each instance whose webhooks are taken. `None`: webhooks are not taken.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn hook_receiver(self: &Arc<Self>) -> Result<Option<HookReceiver>, StoreError> {
        if self.config.daemon.webhooks.is_none() {
            return Ok(None);
        }
        let identity = self.store.identity().await?;
        let mut doors = BTreeMap::new();
        for instance in self.hooked() {
            let Some(settings) = self.config.instances.get(instance) else { continue };
            let number = HookPath::number(self.store.note(&HookPath::note(instance)).await?.as_deref());
            let path = HookPath::numbered(&identity, instance, number);
            if self.store.note(&came_note(instance)).await?.is_some() {
                self.hooks.lock().unwrap_or_else(PoisonError::into_inner).entry(instance.clone()).or_default().came =
                    true;
            }
            self.doors.lock().unwrap_or_else(PoisonError::into_inner).insert(instance.clone(), path.clone());
            doors.insert(instance.clone(), (path, settings.hooks.clone()));
        }
        let sink = Arc::clone(self) as Arc<dyn HookSink>;
        Ok(Some(HookReceiver::new(doors, sink, Arc::clone(&self.surroundings.clock))))
    }

    /// Binds the receiver's port. `None`: webhooks are not taken.
    ///
    /// # Errors
    /// It is in use.
    pub async fn open_hooks(&self) -> Result<Option<TcpListener>, StartError> {
        let Some(settings) = &self.config.daemon.webhooks else { return Ok(None) };
        let address = settings.listen;
        TcpListener::bind(address).await.map(Some).map_err(|source| StartError::HookListen { address, source })
    }

    /// The same for a daemon that takes the place of another one: a port that is open already is kept open.
    ///
    /// # Errors
    /// It is in use.
    pub async fn keep_hooks(&self, open: Option<&TcpListener>) -> Result<Option<TcpListener>, StartError> {
        let Some(settings) = &self.config.daemon.webhooks else { return Ok(None) };
        match open {
            Some(open) if open.local_addr().is_ok_and(|bound| bound == settings.listen) => {
                again(open).map(Some).map_err(|source| StartError::HookListen { address: settings.listen, source })
            }
            Some(_) | None => self.open_hooks().await,
        }
    }

    /// Takes the webhooks of an instance at the path that the state knows now, and at no other.
    pub(super) async fn follow_hook_path(&self, instance: &InstanceId) -> Result<(), StoreError> {
        let number = HookPath::number(self.store.note(&HookPath::note(instance)).await?.as_deref());
        let path = HookPath::numbered(&self.store.identity().await?, instance, number);
        if let Some(door) = self.doors.lock().unwrap_or_else(PoisonError::into_inner).get(instance) {
            door.becomes(&path);
        }
        Ok(())
    }

    /// What came of an instance's webhooks; `None` where they are not taken.
    pub(super) fn hook_status(&self, instance: &InstanceId) -> Option<HookStatus> {
        self.hooked().find(|hooked| *hooked == instance)?;
        let record = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).get(instance).cloned();
        let record = record.unwrap_or_default();
        Some(HookStatus {
            last: record.last,
            taken: record.taken,
            refused: record.refused.values().sum(),
            unsigned: record.refused.get(&Refused::Signature).copied().unwrap_or_default(),
            unannounced: self.engine.unannounced(instance),
        })
    }

    /// The webhooks of an instance by what came of them; none where they are not taken.
    pub(super) fn hook_counts(&self, instance: &InstanceId) -> Vec<(&'static str, u64)> {
        if !self.hooked().any(|hooked| hooked == instance) {
            return Vec::new();
        }
        let record = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).get(instance).cloned();
        let record = record.unwrap_or_default();
        let refused = |why: Refused| record.refused.get(&why).copied().unwrap_or_default();
        vec![
            ("taken", record.taken),
            ("address", refused(Refused::Address)),
            ("signature", refused(Refused::Signature)),
            ("rate", refused(Refused::Rate)),
            ("body", refused(Refused::Body)),
        ]
    }

    /// That many forged webhooks came, and what to do.
    pub(super) fn forged(&self, instance: &InstanceId) -> Option<(String, &'static str)> {
        let now = self.surroundings.clock.now();
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        Some((hooks.get(instance)?.forged.alarm_in_words(now)?, FORGED_REMEDY))
    }

    /// Since when no webhook of an instance came though issues change there, where some came before.
    pub(super) fn hooks_silent(&self, instance: &InstanceId) -> Option<Timestamp> {
        self.hooked().find(|hooked| *hooked == instance)?;
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.get(instance).filter(|record| record.came)?;
        drop(hooks);
        self.engine.hooks_silent(instance)
    }

    /// When the last webhook of an instance came, since the start.
    pub(super) fn hooks_heard(&self, instance: &InstanceId) -> Option<Timestamp> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).get(instance)?.last
    }

    /// That webhooks come no more, and what to do.
    pub(super) fn silence_in_words(&self, instance: &InstanceId) -> Option<(String, &'static str)> {
        let since = self.hooks_silent(instance)?.strftime("%Y-%m-%d %H:%M");
        let what =
            format!("no webhook came while issues changed, since {since} UTC: what changes is seen by polls alone");
        Some((what, SILENT_REMEDY))
    }

    /// Looks after what webhooks told, until it is cancelled.
    pub(super) async fn look_after_all(&self, cancel: &CancellationToken) -> Result<(), RunError> {
        let hooked = self.hooked().map(|instance| self.look_after_on(instance, cancel));
        futures_util::future::try_join_all(hooked).await.map(drop)
    }

    async fn look_after_on(&self, instance: &InstanceId, cancel: &CancellationToken) -> Result<(), RunError> {
        let mut failures = 0;
        while !cancel.is_cancelled() {
            let looked = cancel.run_until_cancelled(self.look_after(instance)).await;
            // What was not looked after to its end is in the inbox still.
            let Some(looked) = looked else { return Ok(()) };
            let sleep = match looked {
                Ok(sleep) => {
                    self.state_answered(&mut failures);
                    sleep
                }
                Err(error) => {
                    self.state_failed(error, &mut failures, cancel).await?;
                    continue;
                }
            };
            let told = async {
                match self.told.get(instance) {
                    Some(told) => told.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = told => {}
                () = tokio::time::sleep(sleep) => {}
                () = cancel.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Looks after what is due of an instance. Gives how long nothing will be.
    async fn look_after(&self, instance: &InstanceId) -> Result<Duration, StoreError> {
        let now = self.surroundings.clock.now();
        let waiting = self.store.waiting().await?.into_iter().find(|waiting| &waiting.instance == instance);
        let Some(waiting) = waiting else { return Ok(LONGEST_SLEEP) };
        if waiting.due > now {
            let wait = Duration::try_from(waiting.due.duration_since(now)).unwrap_or(Duration::ZERO);
            return Ok(wait.clamp(Duration::from_millis(10), LONGEST_SLEEP));
        }
        if self.engine.paused(instance).is_some() {
            return Ok(AGAIN);
        }
        match self.engine.look_after(instance).await {
            Ok(_) => {
                self.engine.admit(instance).await?;
                self.wake.notify_one();
                Ok(Duration::ZERO)
            }
            Err(PollError::Jira(error)) => {
                tracing::warn!(%instance, %error, "what webhooks told cannot be looked after now");
                Ok(AGAIN)
            }
            Err(PollError::Store(error)) => Err(error),
        }
    }

    /// Looks after everything that is due, once.
    pub(super) async fn look_after_once(&self) -> Result<(), StoreError> {
        for instance in self.hooked() {
            self.look_after(instance).await?;
        }
        Ok(())
    }
}

/// The same port a second time.
///
/// # Errors
/// The system has no room for it.
pub fn again(open: &TcpListener) -> std::io::Result<TcpListener> {
    TcpListener::from_std(open.as_fd().try_clone_to_owned()?.into())
}

#[async_trait]
impl HookSink for Daemon {
    async fn hear(&self, instance: &InstanceId, body: &[u8], hook: Option<&str>) -> Heard {
        let debounce = self.config.daemon.webhooks.as_ref().map(|settings| settings.debounce).unwrap_or_default();
        let debounce = SignedDuration::try_from(debounce).unwrap_or(SignedDuration::ZERO);
        let heard = match self.engine.hear(instance, body, hook, debounce).await {
            Ok(Hearing::Stored) => {
                if let Some(told) = self.told.get(instance) {
                    told.notify_one();
                }
                Heard::Taken
            }
            Ok(Hearing::Known) => Heard::Taken,
            Ok(Hearing::Unreadable) => return Heard::Unreadable,
            Ok(Hearing::Full) => {
                tracing::warn!(%instance, "more webhooks wait than there is room for; the sender is told to come again");
                // Data Center never comes again, and Cloud five times.
                if let Err(error) = self.want_sweep([instance.clone()]).await {
                    tracing::warn!(%instance, %error, "could not ask for a full check");
                }
                return Heard::NoRoom;
            }
            Err(error) => {
                tracing::warn!(%instance, %error, "a webhook could not be stored; the sender is told to come again");
                return Heard::NoRoom;
            }
        };
        let now = self.surroundings.clock.now();
        let is_first = {
            let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            let record = hooks.entry(instance.clone()).or_default();
            record.last = Some(now);
            record.taken += 1;
            !std::mem::replace(&mut record.came, true)
        };
        if is_first && self.store.set_note(&came_note(instance), &now.to_string()).await.is_err() {
            // The next one keeps it.
            self.hooks.lock().unwrap_or_else(PoisonError::into_inner).entry(instance.clone()).or_default().came = false;
        }
        heard
    }

    fn refused(&self, instance: &InstanceId, why: Refused) {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let record = hooks.entry(instance.clone()).or_default();
        if why == Refused::Signature && record.forged.came(self.surroundings.clock.now()) {
            tracing::error!(%instance, "many webhooks come without a valid signature");
        }
        let count = record.refused.entry(why).or_default();
        *count += 1;
        // The first, and then ever more seldom: nobody fills a log by knocking.
        if count.is_power_of_two() {
            tracing::warn!(%instance, ?why, count = *count, "webhooks were refused");
        }
    }
}
