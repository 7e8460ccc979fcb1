//! Which configuration a state is worked by: what changed since the one before, and that every item is looked at under it. Must never
//! forget a configuration that was accepted, nor keep a secret.

use std::fmt;

use super::{SqliteStore, StartError};
use crate::config::{Config, differences, sides_named, sides_to_read, syncs_changed};
use crate::engine::{Engine, Finding, Mender, Severity, read_anew};
use crate::model::configuration::{Accepted, Existing, KeptConfiguration};
use crate::model::ids::{InstanceId, SideId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::store::{Store as _, StoreError, Urgency};

/// Under which its fingerprint is noted once every item is queued.
pub(super) const NAME: &str = "configuration";
/// Under which the fingerprint is noted of a configuration that a reload accepted and by which nothing may be created yet.
pub(super) const ASKS: &str = "configuration that asks";
/// Items queued at once after a change of the configuration.
const QUEUED_AT_ONCE: usize = 1_000;
/// Configurations looked through for the newest of each kind.
const MOST_KEPT: usize = 10_000;
/// Two skews that differ by more than this, in milliseconds, show that a clock was set.
const CLOCK_SET_MS: u64 = 60_000;

/// What a configuration is to a state.
pub(super) struct Held {
    /// The fingerprint that is noted: of the configuration that every item was queued for.
    known: Option<String>,
    /// The one that was kept last.
    last: Option<KeptConfiguration>,
    /// This one, as it is kept.
    now: KeptConfiguration,
    /// Whether not one issue is to be created by what is new in it, until somebody says so.
    asks: bool,
    /// The numbers with this one among them.
    pub(super) numbers: Accepted,
}

/// A side on which issues are bound and that is not where it was.
pub(super) struct Gone {
    pub(super) sync: SyncId,
    pub(super) side: SideId,
    /// How many issues are bound there.
    pub(super) bound: u64,
    /// Where it was: instance and project.
    was: (String, String),
    /// Where it is; `None`: nowhere.
    is: Option<(String, String)>,
}

impl Gone {
    /// Whether the ids of its issues would be looked up in another Jira.
    fn is_at_another_instance(&self) -> bool {
        self.is.as_ref().is_some_and(|(instance, _)| instance != &self.was.0)
    }
}

/// In words.
impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sync, side, bound, was: (instance, project), is } = self;
        let kept = format!("{bound} of its issues are kept in step");
        match is {
            None => write!(f, "side `{side}` of sync `{sync}` is left out, and {kept}"),
            Some((now, _)) if now != instance => {
                write!(
                    f,
                    "side `{side}` of sync `{sync}` was on instance `{instance}` and would be on `{now}`, and {kept}"
                )
            }
            Some((_, now)) => {
                write!(f, "side `{side}` of sync `{sync}` was project {project} and would be {now}, and {kept}")
            }
        }
    }
}

impl Held {
    /// Holds a configuration to what the state was worked by before.
    pub(super) async fn of(store: &SqliteStore, config: &Config, existing: Existing) -> Result<Self, StoreError> {
        let known = store.note(NAME).await?;
        let all = store.configurations(MOST_KEPT).await?;
        let last = all.first().cloned();
        let same = last.as_ref().filter(|last| last.fingerprint == config.fingerprint);
        let now = match same {
            Some(same) => same.clone(),
            None => KeptConfiguration {
                number: last.as_ref().map_or(1, |last| last.number.saturating_add(1)),
                at: jiff::Timestamp::UNIX_EPOCH,
                fingerprint: config.fingerprint.clone(),
                text: config.text.clone(),
                // Nothing stands yet that could be left as it is.
                existing: if known.is_some() { existing } else { Existing::ReMap },
            },
        };
        let newest = |existing: Existing| {
            let all = std::iter::once(&now).chain(&all);
            all.filter(|kept| kept.existing == existing).map(|kept| kept.number).max().unwrap_or(0)
        };
        let (kept, re_mapped) = (newest(Existing::FromNow), newest(Existing::ReMap));
        let numbers = Accepted { newest: now.number, kept, re_mapped };
        let asks = store.note(ASKS).await?.as_ref() == Some(&config.fingerprint);
        Ok(Self { known, last, now, asks, numbers })
    }

    /// Has not one issue created by what is new in it, also where this process dies before it is gone over to; or up to as many as a
    /// start would.
    pub(super) async fn ask(&mut self, store: &SqliteStore, asks: bool) -> Result<(), StoreError> {
        if asks != self.asks {
            store.set_note(ASKS, if asks { &self.now.fingerprint } else { "" }).await?;
            self.asks = asks;
        }
        Ok(())
    }

    fn is_other(&self) -> bool {
        self.known.as_deref() != Some(&self.now.fingerprint)
    }

    /// Whether it says something else of some sync than the one before.
    pub(super) fn changes_syncs(&self) -> bool {
        self.last.as_ref().is_some_and(|last| !syncs_changed(&last.text, &self.now.text).is_empty())
    }

    /// What is another than in the configuration before, a line each.
    pub(super) fn differences(&self) -> Vec<String> {
        self.last.as_ref().map(|last| differences(&last.text, &self.now.text)).unwrap_or_default()
    }

    /// The sides that are not where the configuration before had them, of those that issues are bound on.
    pub(super) async fn gone(&self, store: &SqliteStore) -> Result<Vec<Gone>, StoreError> {
        let Some(last) = self.last.as_ref().filter(|_| self.is_other()) else { return Ok(Vec::new()) };
        let now = sides_named(&self.now.text);
        let mut found = Vec::new();
        for ((sync, side), was) in sides_named(&last.text) {
            let is = now.get(&(sync.clone(), side.clone())).cloned();
            let bound = if is.as_ref() == Some(&was) { 0 } else { store.bound_on(&sync, &side).await? };
            if bound > 0 {
                found.push(Gone { sync, side, bound, was, is });
            }
        }
        Ok(found)
    }

    /// The same at a start, where nobody can be asked: what is left out is left alone, and that is told.
    ///
    /// # Errors
    /// A side is at another instance than its issues.
    pub(super) async fn left_out(&self, store: &SqliteStore) -> Result<Vec<Finding>, StartError> {
        let gone = self.gone(store).await?;
        if let Some(wrong) = gone.iter().find(|gone| gone.is_at_another_instance()) {
            return Err(StartError::OtherInstance { what: wrong.to_string() });
        }
        let warn = |gone: Gone| Finding {
            severity: Severity::Warning,
            place: format!("sync.{}.side.{}", gone.sync, gone.side),
            what: gone.to_string(),
            remedy: "they are left alone; put the side back to go on where it stood".to_owned(),
            mender: Mender::Operator,
        };
        Ok(gone.into_iter().map(warn).collect())
    }

    /// Has the projects read from the beginning of which more may begin than under the configuration before.
    pub(super) async fn read_what_is_new(&self, store: &SqliteStore) -> Result<(), StoreError> {
        let Some(last) = self.last.as_ref().filter(|_| self.is_other()) else { return Ok(()) };
        for (sync, side) in sides_to_read(&last.text, &self.now.text) {
            read_anew(store, &sync, &side).await?;
        }
        Ok(())
    }

    /// Keeps it, and has every item looked at again. With another configuration every item may have to look different: a side may
    /// have joined, a row of a map may be there now. And what waits by a clock that was set since may wait for hours.
    pub(super) async fn take_over(
        self,
        store: &SqliteStore,
        engine: &Engine,
        config: &Config,
        now: jiff::Timestamp,
    ) -> Result<(), StartError> {
        let (is_other, was_set) = (self.is_other(), clock_was_set(store, engine).await?);
        let (said, asks) = (self.differences(), self.asks && is_other);
        // One that was kept before its items were queued says nothing of what changed.
        let last = self.last.as_ref().filter(|last| last.fingerprint != self.now.fingerprint);
        let changed = last.map(|last| syncs_changed(&last.text, &self.now.text));
        let looks_again = self.known.is_some() && (is_other || was_set);
        // First of all: whatever the daemon dies at, what is to be asked about is held.
        for sync in config.syncs.keys().filter(|_| looks_again) {
            let is_changed = changed.as_ref().is_none_or(|changed| changed.contains(sync));
            if was_set || is_changed {
                engine.count_creations_anew(sync, asks && is_changed).await?;
            }
        }
        store.keep_configuration(KeptConfiguration { at: now, ..self.now }).await?;
        if looks_again {
            let mut after = None;
            loop {
                let items = store.item_ids(after, QUEUED_AT_ONCE).await?;
                store.queue_items(&items, Urgency::Backfill, now, &Occasion::Configuration).await?;
                after = items.last().copied();
                if items.len() < QUEUED_AT_ONCE {
                    break;
                }
            }
            let why = if is_other { "the configuration changed" } else { "a clock was set" };
            tracing::info!("{why}: every item is looked at again");
            for line in said {
                tracing::info!("configuration: {line}");
            }
        }
        if is_other {
            store.set_note(NAME, &config.fingerprint).await?;
        }
        if self.asks {
            store.set_note(ASKS, "").await?;
        }
        Ok(())
    }
}

/// Under what it is kept how far the clock of an instance is from ours.
pub(super) fn skew_note(instance: &InstanceId) -> String {
    format!("skew of {instance}")
}

/// Whether our clock, or that of a Jira, was set since the last run.
async fn clock_was_set(store: &SqliteStore, engine: &Engine) -> Result<bool, StoreError> {
    let mut was_set = false;
    for instance in engine.instances() {
        let Some(skew) = engine.skew_ms(instance) else { continue };
        let name = skew_note(instance);
        let known = store.note(&name).await?.and_then(|known| known.parse::<i64>().ok());
        if known.is_none_or(|known| known.abs_diff(skew) > CLOCK_SET_MS) {
            was_set |= known.is_some();
            store.set_note(&name, &skew.to_string()).await?;
        }
    }
    Ok(was_set)
}
