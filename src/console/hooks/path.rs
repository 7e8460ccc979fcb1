//! The secret path of each instance, and the probe by which it is seen that a path leads to us. The path is a secret: it must never
//! stand in a log, an error or the status.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{constant_time, hmac};
use serde::Deserialize;

use crate::model::ids::InstanceId;
use crate::model::store::StateIdentity;

/// The event of a probe. No Jira sends it.
pub const PROBE_EVENT: &str = "jirasyncd:probe";

/// The last part of the path at which an instance's webhooks are taken: 128 bits in hex, derived from the state's own key. `Debug`
/// shows `***`. Clones share it, so that a path which leaked is no path any more from one moment to the next.
#[derive(Clone)]
pub struct HookPath(Arc<RwLock<String>>);

impl std::fmt::Debug for HookPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl HookPath {
    /// The first path of an instance. The same for a state as long as it lives; another state has another.
    #[must_use]
    pub fn of(identity: &StateIdentity, instance: &InstanceId) -> Self {
        Self::numbered(identity, instance, 0)
    }

    /// The path of an instance after so many before it were given up.
    #[must_use]
    pub fn numbered(identity: &StateIdentity, instance: &InstanceId, number: u32) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &identity.seal_key);
        let name = if number == 0 { String::new() } else { format!(", {number}") };
        let tag = hmac::sign(&key, format!("webhook path of {instance}{name}").as_bytes());
        Self(Arc::new(RwLock::new(hex(tag.as_ref().get(..16).unwrap_or_default()))))
    }

    /// Under what a state keeps how many paths of an instance were given up.
    #[must_use]
    pub fn note(instance: &InstanceId) -> String {
        format!("webhook path of {instance}")
    }

    /// The number that such a note says.
    #[must_use]
    pub fn number(note: Option<&str>) -> u32 {
        note.and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// From now on this path, and all its clones, is the other one.
    pub fn becomes(&self, other: &Self) {
        let other = other.expose();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = other;
    }

    /// The path itself: for the address that a Jira is given and for nothing else.
    #[must_use]
    pub fn expose(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a request's path ends with it: what stands before is the proxy's affair.
    pub(super) fn is_end_of(&self, path: &str) -> bool {
        let last = path.rsplit('/').next().unwrap_or_default();
        constant_time::verify_slices_are_equal(last.as_bytes(), self.expose().as_bytes()).is_ok()
    }
}

/// What only we can answer to a probe with this word.
#[must_use]
pub fn proof_of(path: &HookPath, word: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, path.expose().as_bytes());
    hex(hmac::sign(&key, format!("probe {word}").as_bytes()).as_ref())
}

/// The answer to a probe; `None` for every other body.
pub(super) fn answer_probe(path: &HookPath, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "webhookEvent")]
        event: String,
        word: String,
    }
    // A probe is small; nothing else is read twice.
    let probe: Probe = serde_json::from_slice(Some(body).filter(|body| body.len() <= 256)?).ok()?;
    (probe.event == PROBE_EVENT).then(|| proof_of(path, &probe.word))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
