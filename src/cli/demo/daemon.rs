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
use crate::clock::Clock;
use crate::config::{self, Environment, FileContent, SecretsWanted};
use crate::model::store::Store as _;

/// Problems shown at most.
const MOST_PROBLEMS: usize = 20;

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

/// The secrets of the demo, and nothing of this process.
struct Secrets(BTreeMap<String, String>);

impl Environment for Secrets {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn file(&self, _: &Path) -> io::Result<FileContent> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The daemon in this process.
struct Running {
    daemon: Arc<Daemon>,
    clock: Arc<dyn Clock>,
    cancel: CancellationToken,
    task: JoinHandle<Result<(), RunError>>,
}

#[async_trait]
impl DaemonHandle for Running {
    async fn stop(self: Box<Self>) -> Result<(), String> {
        self.cancel.cancel();
        match self.task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(format!("the daemon broke off: {error}")),
        }
    }

    async fn progress(&self) -> Progress {
        let store = self.daemon.store();
        let figures = store.figures(self.clock.now()).await.unwrap_or_default();
        let problems = store.problems(MOST_PROBLEMS).await.unwrap_or_default();
        let words = problems.into_iter().map(|stored| {
            let field = stored.problem.field.map(|field| format!(" {field}")).unwrap_or_default();
            format!("{} {}{field}: {}", stored.about, stored.problem.side, stored.problem.what)
        });
        Progress {
            items: figures.items,
            due: figures.due,
            open_intents: figures.open_intents,
            problems: words.collect(),
        }
    }
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
    let name = state_dir.join("jirasyncd.toml").display().to_string();
    let loaded = config::load(config_toml, &name, &Secrets(secrets), SecretsWanted::Yes);
    let config = loaded.map_err(|report| report.render(false))?.config;
    let surroundings = Surroundings::of_this_machine();
    let clock = Arc::clone(&surroundings.clock);
    let (daemon, _) = Daemon::start(config, surroundings).await.map_err(|error| in_words(&error))?;
    let (daemon, cancel) = (Arc::new(daemon), CancellationToken::new());
    let (running, stop) = (Arc::clone(&daemon), cancel.clone());
    let task = tokio::spawn(async move { running.run(stop).await });
    Ok(Box::new(Running { daemon, clock, cancel, task }))
}

/// An error with its causes.
fn in_words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
