//! The seam between the demo and the daemon: started from a configuration text, as from a file. It must never hand the daemon
//! anything that a configuration could not.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;

/// What a running daemon says about itself, for the view only: the auditor never reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Progress {
    /// Items that it knows.
    pub(super) items: u64,
    /// Items that are due.
    pub(super) due: u64,
    /// Writes noted down and not confirmed.
    pub(super) open_intents: u64,
    /// What needs a person, in words.
    pub(super) problems: Vec<String>,
}

/// A daemon that runs.
#[async_trait]
pub(super) trait DaemonHandle: Send {
    /// Lets what is under way end, and stops.
    async fn stop(self: Box<Self>) -> Result<(), String>;

    /// How it is getting on.
    async fn progress(&self) -> Progress;
}

/// Starts a daemon on this configuration; `secrets` are what its `env:NAME`s name.
///
/// # Errors
/// Why it does not run, in words.
#[expect(clippy::unused_async, reason = "starting a daemon waits")]
pub(super) async fn start(
    config_toml: &str,
    secrets: BTreeMap<String, String>,
    state_dir: &Path,
) -> Result<Box<dyn DaemonHandle>, String> {
    let _ = (config_toml, secrets, state_dir);
    Err("not wired yet".to_owned())
}
