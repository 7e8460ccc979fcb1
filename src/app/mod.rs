//! The composition root: configuration to stores, clients and tasks. It must never decide anything about an issue.

mod commands;
mod compare;
mod configured;
mod detach;
mod doors;
mod figures;
mod forged;
mod hooks;
mod instances;
#[cfg(test)]
mod kept_notes;
mod login_ends;
mod measure;
mod notices;
mod once;
mod outbound;
mod preview;
mod preview_cost;
mod probe;
mod problems;
mod rebuild;
mod reload;
mod run;
mod saved_plans;
mod sweep;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Entropy, SteadyClock, SystemClock, SystemEntropy};
use crate::config::{Config, Loaded, Report};
use crate::engine::apply::Hands;
use crate::engine::{
    Connection, Connections, Engine, Finding, Parts, SetupError, is_about_an_issue, is_about_the_state, people_about,
    things_about,
};
use crate::jira::{JiraWrite, LoginSources, ReqwestTransport, Reread, Transport, TransportSetupError, connect_with};
use crate::model::configuration::{Accepted, Existing};
use crate::model::ids::InstanceId;
use crate::model::settings::InstanceSettings;
use crate::model::store::{Store, StoreError};
use crate::store::{Dependencies, OpenError, SideInstances, Spawn, SqliteStore};

use configured::Held;

pub use commands::commands_on_state;
pub use compare::compare_state;
pub use hooks::again;
pub use notices::{MailMessenger, MakeMessengers, Messenger, Messengers, PostMessenger, Unsent, Way};
pub use once::OnceSummary;
pub use preview::{Chosen, Previewed, PreviewedItem, preview, preview_with_inputs};
pub use preview_cost::Cost;
pub use probe::{
    Fact, LeftBehind, MOST_REQUESTS, On, ProbeError, Probed, Tried, Verdict, facts, facts_document, probe,
};
pub use rebuild::{RebuildError, rebuild_state};
pub use run::RunError;
pub use saved_plans::{Replayed, SavedPlansError, Words, replay, save_inputs};

/// Makes the transport of an instance.
pub type Transports = dyn Fn(&InstanceSettings) -> Result<Arc<dyn Transport>, TransportSetupError> + Send + Sync;

/// Puts something between the engine and the state: a simulated run counts its effects there, or dies at one.
pub type Between = dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync;

/// Reads the configuration again.
pub type RereadFile = dyn Fn() -> Result<Loaded, Report> + Send + Sync;

/// What the daemon stands in: all of it can be replaced, so that a whole run repeats from a seed.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The network.
    pub transports: Arc<Transports>,
    /// Where the state's work is done.
    pub spawn: Spawn,
    /// What stands between the engine and the state; nothing in production.
    pub between: Arc<Between>,
    /// The ways on which notices are sent.
    pub messengers: Arc<MakeMessengers>,
    /// Where the configuration is read again; `None`: nowhere.
    pub reread: Option<Arc<RereadFile>>,
    /// As many issues of a side that no item holds are decided on at once.
    pub portion: usize,
}

impl Surroundings {
    /// The same with a clock that nobody can set.
    fn steady(self) -> Self {
        Self { clock: Arc::new(SteadyClock::over(self.clock)), ..self }
    }

    /// The machine as it is.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let transports = |settings: &InstanceSettings| -> Result<Arc<dyn Transport>, TransportSetupError> {
            Ok(Arc::new(ReqwestTransport::of(settings)?))
        };
        Self {
            clock: Arc::new(SystemClock::new()),
            entropy: Arc::new(SystemEntropy),
            transports: Arc::new(transports),
            spawn: Spawn::Thread,
            between: Arc::new(|store| store),
            messengers: Arc::new(notices::of_this_machine),
            reread: None,
            portion: 1_000,
        }
    }
}

/// Why a daemon could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The state cannot be opened.
    #[error("could not open the state")]
    State(#[from] OpenError),
    /// An instance's transport could not be made.
    #[error("could not set up the connection to instance `{instance}`")]
    Transport {
        /// The instance.
        instance: InstanceId,
        /// The cause.
        #[source]
        source: TransportSetupError,
    },
    /// The instances and the configuration do not go together.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The ids that the state knows would be looked up in another Jira.
    #[error("{what}: an issue's id means another one there")]
    OtherInstance {
        /// Which side, and how many issues.
        what: String,
    },
    /// A JQL that somebody asked with.
    #[error("instance `{instance}` refuses the JQL `{jql}`: {why}")]
    Jql {
        /// The instance.
        instance: InstanceId,
        /// The JQL.
        jql: String,
        /// Jira's word.
        why: String,
    },
    /// The state failed.
    #[error("could not use the state")]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("could not listen on {address}: free the port, or change `daemon.listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The webhook receiver's address cannot be listened on.
    #[error("could not listen on {address} for webhooks: free the port, or change `daemon.webhooks.listen`")]
    HookListen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The control socket cannot be made.
    #[error("could not make the control socket {path:?}: change `daemon.socket`, or its folder's owner")]
    Socket {
        /// The socket.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// A daemon that is set up: its state is locked, its instances answered.
pub struct Daemon {
    config: Config,
    surroundings: Surroundings,
    store: Arc<SqliteStore>,
    engine: Arc<Engine>,
    since: jiff::Timestamp,
    polls: Mutex<BTreeMap<InstanceId, instances::PollRecord>>,
    wake: tokio::sync::Notify,
    /// A full check is asked for.
    sweeps: tokio::sync::Notify,
    /// Wakes who takes marks away.
    strips: tokio::sync::Notify,
    hooks: Mutex<BTreeMap<InstanceId, hooks::HookRecord>>,
    /// The paths at which webhooks are taken, shared with the receiver.
    doors: Mutex<BTreeMap<InstanceId, crate::console::HookPath>>,
    /// By instance: a webhook was stored.
    told: BTreeMap<InstanceId, tokio::sync::Notify>,
    /// The state failed, and is tried again.
    state_fails: AtomicBool,
    /// When what the instances are reached with ends.
    login_ends: Mutex<login_ends::KnownEnds>,
    /// The ways on which notices are sent.
    messengers: Messengers,
    /// Whether it runs, and when its worker last came round.
    pulse: measure::Pulse,
    /// What its configuration is to the state, until it takes over.
    held: Mutex<Option<Held>>,
    /// The configuration that was accepted, until a daemon goes by it.
    next: Mutex<Option<reload::Next>>,
    /// How many items are started at most, as long as the process runs.
    limit: Mutex<Option<u64>>,
    /// Another one was accepted: this daemon takes no more commands.
    leaving: AtomicBool,
    /// There is one.
    replaced: tokio::sync::Notify,
}

/// Makes the two ends of every instance. Nothing is sent.
///
/// # Errors
/// An instance's certificates cannot be used.
pub fn connect(config: &Config, surroundings: &Surroundings) -> Result<(Connections, Hands), StartError> {
    let mut connections = Connections::new();
    let mut hands: BTreeMap<InstanceId, Arc<dyn JiraWrite>> = BTreeMap::new();
    for (id, settings) in &config.instances {
        let transport = (surroundings.transports)(settings)
            .map_err(|source| StartError::Transport { instance: id.clone(), source })?;
        let (clock, entropy) = (Arc::clone(&surroundings.clock), Arc::clone(&surroundings.entropy));
        let (read, write) = connect_with(settings, transport, clock, entropy, login_sources(settings, surroundings));
        connections.insert(id.clone(), Connection { settings: settings.clone(), read });
        hands.insert(id.clone(), write);
    }
    Ok((connections, Hands::new(hands)))
}

/// Where an instance's login is read again once it was refused: the configuration, as long as it means the same Jira.
fn login_sources(settings: &InstanceSettings, surroundings: &Surroundings) -> LoginSources {
    let (id, url, gateway) = (settings.id.clone(), settings.url.clone(), settings.gateway.clone());
    let reread = surroundings.reread.clone().map(|reread| -> Arc<Reread> {
        Arc::new(move || {
            // A file that is being written cannot be read: then the next refusal reads it.
            let mut instances = reread().ok()?.config.instances;
            let found = instances.remove(&id).filter(|found| found.url == url && found.gateway == gateway)?;
            Some(found.auth)
        })
    });
    LoginSources { reread }
}

/// The instance of each side.
pub(crate) fn side_instances(config: &Config) -> SideInstances {
    let sides = config.syncs.values().flat_map(|sync| sync.sides.iter().map(move |side| (sync, side)));
    sides.map(|(sync, side)| ((sync.id.clone(), side.id.clone()), side.instance.clone())).collect()
}

/// Opens the state for writing.
fn open(config: &Config, surroundings: &Surroundings) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(&config.daemon.state, dependencies(config, surroundings))
}

fn dependencies(config: &Config, surroundings: &Surroundings) -> Dependencies {
    Dependencies {
        clock: Arc::clone(&surroundings.clock),
        entropy: Arc::clone(&surroundings.entropy),
        instances: side_instances(config),
        spawn: surroundings.spawn,
    }
}

/// Looks at the instances and makes the engine on a state.
async fn engine_on(
    config: &Config,
    surroundings: &Surroundings,
    store: Arc<dyn Store>,
    (connections, hands): (Connections, Hands),
    accepted: Accepted,
) -> Result<(Engine, Vec<Finding>), StartError> {
    let parts = Parts {
        store,
        clock: Arc::clone(&surroundings.clock),
        entropy: Arc::clone(&surroundings.entropy),
        connections,
        hands,
        syncs: config.syncs.clone(),
        holder: format!("pid {}", std::process::id()),
        poll: config.daemon.poll,
        unknown_copies: config.daemon.unknown_copies,
        portion: surroundings.portion,
        accepted,
    };
    Ok(Engine::set_up(parts).await?)
}

/// Problems looked through at a start.
const MOST_PROBLEMS: usize = 10_000;

/// Problems of instances and syncs that are no longer configured are over.
async fn forget_problems_of_strangers(
    store: &SqliteStore,
    config: &Config,
    now: jiff::Timestamp,
) -> Result<(), StoreError> {
    let ours = |about: &str| {
        config.instances.keys().any(|instance| instances::about(instance) == about)
            || config.syncs.values().any(|sync| {
                format!("sync {}", sync.id) == about
                    || (!sync.things.is_empty() && things_about(&sync.id) == about)
                    || crate::engine::creations_about(&sync.id) == about
                    || crate::engine::detached_about(&sync.id) == about
                    || sync.sides.iter().any(|side| {
                        side.whose.circles().next().is_some()
                            && people_about(&sync.id, &side.id).iter().any(|people| people == about)
                    })
            })
    };
    for stored in store.problems(MOST_PROBLEMS).await? {
        let stays = ours(&stored.about) || is_about_an_issue(&stored.about) || is_about_the_state(&stored.about);
        if stored.item.is_none() && !stays {
            store.set_problems(&stored.about, &[], now).await?;
        }
    }
    Ok(())
}

impl Daemon {
    /// Locks the state, looks at the instances, and is ready to run. The second part of the result are warnings.
    ///
    /// # Errors
    /// The state is in use or unusable, an instance refused or is out of reach, or the configuration names what is not there.
    pub async fn start(config: Config, surroundings: Surroundings) -> Result<(Self, Vec<Finding>), StartError> {
        Self::start_with(config, surroundings, Existing::ReMap).await
    }

    /// The same, and says what becomes of issues that are in step where the configuration is another than before.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(
        config: Config,
        surroundings: Surroundings,
        existing: Existing,
    ) -> Result<(Self, Vec<Finding>), StartError> {
        let surroundings = surroundings.steady();
        let store = Arc::new(open(&config, &surroundings)?);
        let (daemon, findings) = Self::begin(config, surroundings, store, existing).await?;
        daemon.take_over().await?;
        Ok((daemon, findings))
    }

    /// Starts on a state that is open. Nothing is done by the configuration until it takes over.
    async fn begin(
        config: Config,
        surroundings: Surroundings,
        store: Arc<SqliteStore>,
        existing: Existing,
    ) -> Result<(Self, Vec<Finding>), StartError> {
        let waiting = store.free_all().await?;
        let as_store = (surroundings.between)(Arc::<SqliteStore>::clone(&store));
        let ends = connect(&config, &surroundings)?;
        let held = Held::of(&store, &config, existing).await?;
        let left_out = held.left_out(&store).await?;
        held.read_what_is_new(&store).await?;
        let (engine, mut findings) = engine_on(&config, &surroundings, as_store, ends, held.numbers).await?;
        findings.extend(left_out);
        forget_problems_of_strangers(&store, &config, surroundings.clock.now()).await?;
        for about in
            engine.instances().map(instances::about).chain(config.syncs.keys().map(|sync| format!("sync {sync}")))
        {
            store.set_problems(&about, &[], surroundings.clock.now()).await?;
        }
        engine.forget_why(waiting);
        engine.hold(&store.pauses().await?);
        let daemon = Self {
            since: surroundings.clock.now(),
            hooks: Mutex::default(),
            doors: Mutex::default(),
            told: config.instances.keys().map(|instance| (instance.clone(), tokio::sync::Notify::new())).collect(),
            login_ends: Mutex::new(login_ends::of_all(&config, &*surroundings.clock)),
            messengers: config.notices.as_ref().map(&*surroundings.messengers).unwrap_or_default(),
            config,
            surroundings,
            store,
            engine: Arc::new(engine),
            polls: Mutex::default(),
            wake: tokio::sync::Notify::new(),
            sweeps: tokio::sync::Notify::new(),
            strips: tokio::sync::Notify::new(),
            state_fails: AtomicBool::new(false),
            pulse: measure::Pulse::default(),
            held: Mutex::new(Some(held)),
            next: Mutex::default(),
            limit: Mutex::default(),
            leaving: AtomicBool::new(false),
            replaced: tokio::sync::Notify::new(),
        };
        Ok((daemon, findings))
    }

    /// Goes by its configuration from now on: it is kept, and every item is looked at under it.
    ///
    /// # Errors
    /// The state could not keep it.
    pub async fn take_over(&self) -> Result<(), StartError> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(held) = held else { return Ok(()) };
        held.take_over(&self.store, &self.engine, &self.config, self.surroundings.clock.now()).await
    }

    /// Starts no more items than this, also under another configuration, as long as the process runs; `None`: any number.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn limit_creations(&self, limit: Option<u64>) -> Result<(), StoreError> {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
        self.engine.limit_creations(limit).await
    }

    /// The engine, to be driven step by step.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The syncs, by name.
    pub fn syncs(&self) -> impl Iterator<Item = &crate::model::ids::SyncId> {
        self.config.syncs.keys()
    }

    /// The state, to be looked at.
    #[must_use]
    pub fn store(&self) -> &SqliteStore {
        &self.store
    }
}
