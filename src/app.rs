//! The composition root: configuration to stores, clients and tasks. It must never decide anything about an issue.
//! A stand-in with the final interface, until the real one is merged.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::config::Config;
use crate::console::{self, BindError, Listeners, Running, Status, StatusSource};
use crate::engine::apply::Hands;
use crate::engine::{Connection, Connections, Engine, Finding, Parts, SetupError};
use crate::jira::{self, ReqwestTransport, TransportSetupError};
use crate::model::ids::{InstanceId, IssueKey, SideId};
use crate::model::store::{Store, StoreError};
use crate::plan::Plan;
use crate::store::{self, Dependencies, OpenError, SqliteStore};

/// How instances are reached.
#[derive(Debug, Default)]
pub struct Transports;

/// What the daemon takes from the world around it.
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The network.
    pub transports: Arc<Transports>,
    /// Where the store works.
    pub spawn: store::Spawn,
}

impl Surroundings {
    /// Those of this machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            transports: Arc::default(),
            spawn: store::Spawn::Thread,
        }
    }
}

/// Why the daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state.
    #[error(transparent)]
    State(#[from] OpenError),
    /// The way to an instance.
    #[error("instance `{instance}` cannot be reached")]
    Transport {
        /// The instance.
        instance: InstanceId,
        /// Why not.
        source: TransportSetupError,
    },
    /// The engine.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The state, once open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The port.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The control socket.
    #[error("cannot listen on the control socket {path:?}")]
    Socket {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl From<BindError> for StartError {
    fn from(error: BindError) -> Self {
        match error {
            BindError::Listen { address, source } => Self::Listen { address, source },
            BindError::Socket { path, source } => Self::Socket { path, source },
        }
    }
}

/// Why the daemon stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What one run did.
#[derive(Debug, Clone, Serialize)]
pub struct OnceSummary {
    /// Items worked on.
    pub items: u64,
    /// Writes sent.
    pub writes: u64,
    /// Problems standing.
    pub problems: u64,
    /// Instances that did not answer.
    pub unreachable: Vec<String>,
}

/// What a run would do with one item.
#[derive(Debug, Clone)]
pub struct PreviewedItem {
    /// The keys of its replicas.
    pub names: String,
    /// The plan.
    pub plan: Option<Plan>,
    /// Sides that could not be read.
    pub unread: BTreeMap<SideId, String>,
}

/// Both ends of all instances.
///
/// # Errors
/// A transport cannot be made.
pub fn connect(config: &Config, surroundings: &Surroundings) -> Result<(Connections, Hands), StartError> {
    let mut connections = Connections::new();
    let mut hands = BTreeMap::new();
    for (id, settings) in &config.instances {
        let transport = ReqwestTransport::new(settings.timeout, settings.ca_file.as_deref())
            .map_err(|source| StartError::Transport { instance: id.clone(), source })?;
        let (clock, entropy) = (Arc::clone(&surroundings.clock), Arc::clone(&surroundings.entropy));
        let (read, write) = jira::connect(settings, Arc::new(transport), clock, entropy);
        connections.insert(id.clone(), Connection { settings: settings.clone(), read });
        hands.insert(id.clone(), write);
    }
    Ok((connections, Hands::new(hands)))
}

/// The daemon.
pub struct Daemon {
    known: Arc<Known>,
    engine: Engine,
    listeners: std::sync::Mutex<Option<Listeners>>,
}

struct Known {
    config: Config,
    clock: Arc<dyn Clock>,
    store: Arc<SqliteStore>,
    since: jiff::Timestamp,
}

impl Known {
    async fn status(&self) -> Result<Status, StoreError> {
        let instances = &self.config.instances;
        let now = self.clock.now();
        let mut status = Status::of_state(&*self.store, &self.config.daemon.state, instances, now).await?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        status.running = Some(Running { version, pid: std::process::id(), since: self.since });
        Ok(status)
    }
}

#[async_trait::async_trait]
impl StatusSource for Known {
    async fn status(&self) -> Result<Status, String> {
        Self::status(self).await.map_err(|error| error.to_string())
    }

    fn health(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Daemon {
    /// Opens the state and sets the engine up.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config, surroundings: Surroundings) -> Result<(Self, Vec<Finding>), StartError> {
        let (connections, hands) = connect(&config, &surroundings)?;
        let instances = config
            .syncs
            .values()
            .flat_map(|sync| sync.sides.iter().map(|side| ((sync.id.clone(), side.id.clone()), side.instance.clone())));
        let dependencies = Dependencies {
            clock: Arc::clone(&surroundings.clock),
            entropy: Arc::clone(&surroundings.entropy),
            instances: instances.collect(),
            spawn: surroundings.spawn,
        };
        let store = Arc::new(SqliteStore::open(&config.daemon.state, dependencies)?);
        let socket = console::control_socket(&config.daemon);
        let listeners = console::bind(config.daemon.listen, &socket).await?;
        let clock = Arc::clone(&surroundings.clock);
        let (engine, warnings) = Engine::set_up(Parts {
            store: Arc::clone(&store) as Arc<dyn Store>,
            clock: surroundings.clock,
            entropy: surroundings.entropy,
            connections,
            hands,
            syncs: config.syncs.clone(),
            holder: std::process::id().to_string(),
            poll: config.daemon.poll,
        })
        .await?;
        let since = clock.now();
        let known = Arc::new(Known { config, clock, store, since });
        Ok((Self { known, engine, listeners: std::sync::Mutex::new(Some(listeners)) }, warnings))
    }

    /// Runs until cancelled.
    ///
    /// # Errors
    /// The state failed.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), RunError> {
        let listeners = self.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(listeners) = listeners {
            let source = Arc::clone(&self.known) as Arc<dyn StatusSource>;
            let _ = console::serve(listeners, source, cancel).await;
        }
        Ok(())
    }

    /// Works until nothing is due.
    ///
    /// # Errors
    /// The state failed.
    pub async fn once(&self) -> Result<OnceSummary, RunError> {
        let mut unreachable = Vec::new();
        for instance in self.engine.instances() {
            if self.engine.poll(instance).await.is_err() {
                unreachable.push(instance.to_string());
            }
        }
        let mut summary = OnceSummary { items: 0, writes: 0, problems: 0, unreachable };
        loop {
            let worked = self.engine.work().await?;
            if worked.items == 0 {
                break;
            }
            summary.items += worked.items as u64;
            summary.writes += worked.writes as u64;
        }
        summary.problems = self.known.store.figures(self.known.clock.now()).await?.problems;
        Ok(summary)
    }

    /// How it is.
    ///
    /// # Errors
    /// The state failed.
    pub async fn status(&self) -> Result<Status, StoreError> {
        self.known.status().await
    }
}

/// What a run would do.
///
/// # Errors
/// See [`StartError`].
pub async fn preview(
    config: Config,
    surroundings: &Surroundings,
    _keys: Option<Vec<IssueKey>>,
) -> Result<Vec<PreviewedItem>, StartError> {
    let (connections, _hands) = connect(&config, surroundings)?;
    let survey = crate::engine::survey(&connections, &config.syncs, false).await;
    if !survey.failures.is_empty() {
        return Err(SetupError::Jira(survey.failures).into());
    }
    if survey.findings.iter().any(|finding| finding.severity == crate::engine::Severity::Error) {
        return Err(SetupError::Findings(survey.findings).into());
    }
    Ok(Vec::new())
}
