//! Which configuration a state is worked by: what changed since the one before, and that every item is looked at under it. Must never
//! forget a configuration that was accepted, nor keep a secret.

use super::{SqliteStore, StartError};
use crate::config::{Config, differences, sides_named};
use crate::engine::{Engine, Finding, Severity};
use crate::model::configuration::{Existing, KeptConfiguration};
use crate::model::ids::{SideId, SyncId};
use crate::model::store::{Store as _, StoreError, Urgency};

/// Under which its fingerprint is noted once every item is queued.
const NAME: &str = "configuration";
/// Items queued at once after a change of the configuration.
const QUEUED_AT_ONCE: usize = 1_000;
/// Configurations looked through for the newest that leaves existing issues as they are.
const MOST_KEPT: usize = 10_000;
/// Two skews that differ by more than this, in milliseconds, show that a clock was set.
const CLOCK_SET_MS: u64 = 60_000;

/// What a configuration is to a state.
pub(super) struct Accepted {
    /// The fingerprint that is noted: of the configuration that every item was queued for.
    known: Option<String>,
    /// The one that was kept last.
    last: Option<KeptConfiguration>,
    /// This one, as it is kept.
    now: KeptConfiguration,
    /// The number of the newest that leaves existing issues as they are; 0: none.
    pub(super) kept: u64,
}

impl Accepted {
    /// Holds a configuration to what the state was worked by before.
    pub(super) async fn of(store: &SqliteStore, config: &Config, existing: Existing) -> Result<Self, StoreError> {
        let known = store.note(NAME).await?;
        let all = store.configurations(MOST_KEPT).await?;
        let last = all.first().cloned();
        let from_now = |kept: &&KeptConfiguration| kept.existing == Existing::FromNow;
        let before = all.iter().find(from_now).map_or(0, |kept| kept.number);
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
        let kept = if now.existing == Existing::FromNow { now.number } else { before };
        Ok(Self { known, last, now, kept })
    }

    fn is_other(&self) -> bool {
        self.known.as_deref() != Some(&self.now.fingerprint)
    }

    /// What is another than in the configuration before, a line each.
    pub(super) fn differences(&self) -> Vec<String> {
        self.last.as_ref().map(|last| differences(&last.text, &self.now.text)).unwrap_or_default()
    }

    /// The sides that the configuration before had and this one has not, with how many items have an issue there.
    pub(super) async fn sides_left_out(&self, store: &SqliteStore) -> Result<Vec<(SyncId, SideId, u64)>, StoreError> {
        let Some(last) = &self.last else { return Ok(Vec::new()) };
        let now = sides_named(&self.now.text);
        let mut found = Vec::new();
        for (sync, side) in sides_named(&last.text).difference(&now) {
            let bound = store.bound_on(sync, side).await?;
            if bound > 0 {
                found.push((sync.clone(), side.clone(), bound));
            }
        }
        Ok(found)
    }

    /// The same as warnings: at a start nobody can be asked, and what is left out is only left alone.
    pub(super) async fn left_out(&self, store: &SqliteStore) -> Result<Vec<Finding>, StoreError> {
        let warn = |(sync, side, bound): (SyncId, SideId, u64)| Finding {
            severity: Severity::Warning,
            place: format!("sync.{sync}.side.{side}"),
            what: format!(
                "the configuration before had this side, and {bound} of its issues are bound; they are left alone"
            ),
            remedy: "put the side back to go on where it stood".to_owned(),
        };
        Ok(self.sides_left_out(store).await?.into_iter().map(warn).collect())
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
        let said = self.differences();
        store.keep_configuration(KeptConfiguration { at: now, ..self.now }).await?;
        if self.known.is_some() && (is_other || was_set) {
            let mut after = None;
            loop {
                let items = store.item_ids(after, QUEUED_AT_ONCE).await?;
                store.queue_items(&items, Urgency::Backfill, now).await?;
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
        Ok(())
    }
}

/// Whether our clock, or that of a Jira, was set since the last run.
async fn clock_was_set(store: &SqliteStore, engine: &Engine) -> Result<bool, StoreError> {
    let mut was_set = false;
    for instance in engine.instances() {
        let Some(skew) = engine.skew_ms(instance) else { continue };
        let name = format!("skew of {instance}");
        let known = store.note(&name).await?.and_then(|known| known.parse::<i64>().ok());
        if known.is_none_or(|known| known.abs_diff(skew) > CLOCK_SET_MS) {
            was_set |= known.is_some();
            store.set_note(&name, &skew.to_string()).await?;
        }
    }
    Ok(was_set)
}
