//! One instance as the engine knows it: its reader, its health, and what of its recent rows was taken in. Must never hold the
//! right to write: that lies in `apply`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::Clock;
use crate::jira::{Failure, Identity, JiraError, JiraRead, Want};
use crate::model::ids::{InstanceId, IssueId};
use crate::model::settings::InstanceSettings;
use crate::schedule::growing;

/// How long an instance is left alone after the login was refused, in seconds: accounts get locked by asking.
const LOGIN_PAUSE: Duration = Duration::from_secs(300);
/// First and longest pause after an instance could not be reached.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// One instance.
pub(crate) struct Instance {
    pub(crate) settings: InstanceSettings,
    pub(crate) read: Arc<dyn JiraRead>,
    pub(crate) identity: Identity,
    /// The projects of all sides on it, for the one search of a poll.
    pub(crate) projects: BTreeSet<String>,
    /// What a row of the poll brings: the mapped fields of all sides on it.
    pub(crate) want: Want,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Rows within the overlap that were queued: id to `updated`.
    seen: BTreeMap<IssueId, Timestamp>,
    failures: u32,
    pause: Option<Pause>,
}

/// Why an instance is left alone, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pause {
    /// Our monotonic time.
    pub(crate) until: Duration,
    /// In words.
    pub(crate) why: String,
}

impl Instance {
    pub(crate) fn new(
        settings: InstanceSettings,
        read: Arc<dyn JiraRead>,
        identity: Identity,
        projects: BTreeSet<String>,
        want: Want,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { settings, read, identity, projects, want, clock, state: Mutex::default() }
    }

    pub(crate) fn id(&self) -> &InstanceId {
        &self.settings.id
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pause that holds now.
    pub(crate) fn pause(&self) -> Option<Pause> {
        self.state().pause.clone().filter(|pause| pause.until > self.clock.monotonic())
    }

    /// Takes note of a failed request that says something about the whole instance. Says whether it did.
    pub(crate) fn failed(&self, error: &JiraError) -> bool {
        let mut state = self.state();
        let wait = match &error.failure {
            Failure::NotUs(_) | Failure::Locked(_) => LOGIN_PAUSE,
            Failure::Wait(milliseconds) => Duration::from_millis(*milliseconds),
            Failure::Unreachable(_) | Failure::NotJira(_) | Failure::Server(_) => {
                growing(FIRST_PAUSE, LONGEST_PAUSE, state.failures)
            }
            Failure::Refused(_) | Failure::NotFound | Failure::Unreadable(_) => return false,
        };
        state.failures = state.failures.saturating_add(1);
        state.pause = Some(Pause { until: self.clock.monotonic() + wait, why: error.to_string() });
        true
    }

    /// Takes note of an answer: the instance is well.
    pub(crate) fn answered(&self) {
        let mut state = self.state();
        state.failures = 0;
        state.pause = None;
    }

    /// Whether this row was queued already.
    pub(crate) fn has_seen(&self, issue: IssueId, updated: Timestamp) -> bool {
        self.state().seen.get(&issue).is_some_and(|seen| *seen >= updated)
    }

    /// Remembers queued rows.
    pub(crate) fn saw(&self, rows: impl IntoIterator<Item = (IssueId, Timestamp)>) {
        let mut state = self.state();
        for (issue, updated) in rows {
            let seen = state.seen.entry(issue).or_insert(updated);
            *seen = (*seen).max(updated);
        }
    }

    /// Forgets rows that no poll brings again.
    pub(crate) fn forget_before(&self, horizon: Timestamp) {
        self.state().seen.retain(|_, updated| *updated >= horizon);
    }

    /// How many known rows a search from `since` on brings again.
    pub(crate) fn seen_since(&self, since: Timestamp) -> usize {
        self.state().seen.values().filter(|updated| **updated >= since).count()
    }

    /// Server time minus ours, in milliseconds, as last measured.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.read.skew_ms().unwrap_or(self.identity.skew_ms)
    }

    /// Its server's time now, as far as the measured skew tells.
    pub(crate) fn server_now(&self) -> Timestamp {
        let skew = jiff::SignedDuration::from_millis(self.skew_ms());
        self.clock.now().saturating_add(skew).unwrap_or(Timestamp::MAX)
    }
}
