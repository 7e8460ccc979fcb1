//! The seam between the demo and the daemon: started from a configuration text, as from a file. It must never hand the daemon
//! anything that a configuration could not.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{Daemon, RunError, Surroundings};
use crate::config::{Environment, FileContent, SecretsWanted, load};
use crate::model::store::Store as _;

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
pub(super) async fn start(
    config_toml: &str,
    secrets: BTreeMap<String, String>,
    state_dir: &Path,
) -> Result<Box<dyn DaemonHandle>, String> {
    let file = state_dir.join("jirasyncd.toml").display().to_string();
    let loaded = load(config_toml, &file, &Secrets(secrets), SecretsWanted::Yes);
    let loaded = loaded.map_err(|report| report.to_string())?;
    let (daemon, _) =
        Daemon::start(loaded.config, Surroundings::of_this_machine()).await.map_err(|error| words(&error))?;
    let (daemon, cancel) = (Arc::new(daemon), CancellationToken::new());
    let (running, token) = (Arc::clone(&daemon), cancel.clone());
    // On a thread of its own: its tasks borrow from one another, so that it cannot move between threads.
    let runtime = tokio::runtime::Handle::current();
    let task = tokio::task::spawn_blocking(move || runtime.block_on(running.run(token)));
    Ok(Box::new(Running { daemon, cancel, task }))
}

/// An error and its causes.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The variables that the configuration names; no files.
struct Secrets(BTreeMap<String, String>);

impl Environment for Secrets {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn file(&self, _path: &Path) -> io::Result<FileContent> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct Running {
    daemon: Arc<Daemon>,
    cancel: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

#[async_trait]
impl DaemonHandle for Running {
    async fn stop(self: Box<Self>) -> Result<(), String> {
        self.cancel.cancel();
        match self.task.await {
            Ok(ended) => ended.map_err(|error| words(&error)),
            Err(error) => Err(words(&error)),
        }
    }

    async fn progress(&self) -> Progress {
        let store = self.daemon.store();
        let mut problems = Vec::new();
        let figures = store.figures(jiff::Timestamp::MAX).await;
        match store.problems(MOST_PROBLEMS).await {
            Ok(standing) => {
                let told = standing.into_iter().map(|known| format!("{}: {}", known.about, known.problem.what));
                problems.extend(told);
            }
            Err(error) => problems.push(words(&error)),
        }
        let figures = figures.unwrap_or_default();
        Progress { items: figures.items, due: figures.due, open_intents: figures.open_intents, problems }
    }
}

/// More problems than these are not told one by one.
const MOST_PROBLEMS: usize = 100;
