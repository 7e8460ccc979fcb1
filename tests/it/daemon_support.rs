//! Three simulated Jiras and the whole daemon on one thread, under a paused clock, without sockets. Every request and answer is
//! held to the contract. Must never look into the daemon's state to judge it: what happened is read off the Jiras.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use jirasyncd::app::{Daemon, StartError, Surroundings};
use jirasyncd::clock::{Clock, Entropy, SeededEntropy, VirtualClock};
use jirasyncd::config::{self, Config, Environment, FileContent, SecretsWanted};
use jirasyncd::jira::{Transport, TransportError, Trouble};
use jirasyncd::model::settings::InstanceSettings;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{IssueView, Jira, Person, Setup, presets};
use jirasyncd::store::{OpenError, Spawn};

use super::contract::watch::{Watch, watched};
use super::jira_support::{EPOCH, InProcess};

pub(crate) const ACME: &str = "https://acme.example";
pub(crate) const GLOBEX: &str = "https://jira.globex.example/jira";
pub(crate) const INITECH: &str = "https://initech.example";

/// The usual configuration: `acme` at home, `globex` and `initech` partners that do not see each other.
pub(crate) const THREE: &str = r#"
[daemon]
state = "sqlite:STATE"
poll = "30s"

[instance.acme]
kind = "cloud"
url = "https://acme.example"
auth = { method = "api-token", user = "sync@acme.example", token = "env:TOKEN" }
rate = 100
settle = "60s"

[instance.globex]
kind = "data-center"
url = "https://jira.globex.example/jira"
auth = { method = "bearer", token = "env:TOKEN" }
rate = 100
settle = "60s"

[instance.initech]
kind = "cloud"
url = "https://initech.example"
auth = { method = "api-token", user = "sync@initech.example", token = "env:TOKEN" }
rate = 100
settle = "60s"

[sync.support]
home = "acme"
side.acme = { instance = "acme", project = "SUP" }
side.globex = { instance = "globex", project = "ENG", sees = ["acme"], when = "labels = share-globex" }
side.initech = { instance = "initech", project = "OPS", sees = ["acme"], when = "labels = share-initech" }

[sync.support.map]
issue-type = [ { acme = "Bug", globex = "Defect", initech = "Fehler" },
               { acme = "Task", globex = "Task", initech = "Aufgabe" } ]
status = [ { acme = ["To Do", "Backlog"], globex = "Open", initech = "Neu" },
           { acme = "In Progress", globex = "Working", initech = "In Arbeit" },
           { acme = "Done", globex = "Closed", initech = "Fertig", path = { globex = ["Working", "Closed"] } } ]
priority = [ { acme = "Highest", globex = "P1", initech = "Hoch" },
             { acme = "Medium", globex = "P3", initech = "Mittel" },
             { acme = "Low", globex = "P4", initech = "Niedrig" } ]
users = [ { acme = "jane@acme.example", globex = "jdoe", initech = "petra@initech.example" } ]

[sync.support.fields]
summary = "both"
description = "both"
priority = "both"
labels = { exclude = ["share-*"] }
assignee = "both"
due-date = "both"
status = { across = true }

[sync.support.comments]
unrestricted = "both"
"#;

/// A configuration under which a thousand issues at once need nobody's word.
pub(crate) fn in_bulk(config: &str) -> String {
    config.replacen("home = \"acme\"\n", "home = \"acme\"\nmost-creations = 1000\n", 1)
}

/// The same with two sides that hold everything: a Cloud and a Data Center.
pub(crate) fn two() -> String {
    let text = THREE.replace(", sees = [\"acme\"], when = \"labels = share-globex\"", "");
    let text = text.lines().filter(|line| !line.starts_with("side.initech")).collect::<Vec<_>>().join("\n");
    let cut = text.find("[instance.initech]").unwrap()..text.find("[sync.support]").unwrap();
    let mut text = text.replace(text.get(cut).unwrap(), "");
    for cell in
        [", initech = \"Fehler\"", ", initech = \"Aufgabe\"", ", initech = \"Neu\"", ", initech = \"In Arbeit\""]
    {
        text = text.replace(cell, "");
    }
    for cell in [", initech = \"Fertig\"", ", initech = \"Hoch\"", ", initech = \"Mittel\"", ", initech = \"Niedrig\""]
    {
        text = text.replace(cell, "");
    }
    text.replace(", initech = \"petra@initech.example\"", "")
}

/// Two Clouds that hold everything.
pub(crate) fn two_clouds() -> String {
    let text = THREE.replace(", sees = [\"acme\"], when = \"labels = share-initech\"", "");
    let text = text.lines().filter(|line| !line.starts_with("side.globex")).collect::<Vec<_>>().join("\n");
    let cut = text.find("[instance.globex]").unwrap()..text.find("[instance.initech]").unwrap();
    let mut text = text.replace(text.get(cut).unwrap(), "");
    text = text.replace(", path = { globex = [\"Working\", \"Closed\"] }", "");
    for cell in ["Defect", "Task", "Open", "Working", "Closed", "P1", "P3", "P4", "jdoe"] {
        text = text.replace(&format!(", globex = \"{cell}\""), "");
    }
    text
}

/// Finds the Jira of a request by its host.
struct Net(BTreeMap<String, Jira>);

#[async_trait]
impl Transport for Net {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        match self.0.get(&host) {
            Some(jira) => InProcess(jira.clone()).send(request).await,
            None => Err(TransportError { trouble: Trouble::Dns, detail: format!("no such host: {host}") }),
        }
    }
}

/// The host of a Jira's address.
fn host(base_url: &str) -> String {
    let uri: http::Uri = base_url.parse().unwrap();
    uri.host().unwrap().to_owned()
}

/// The sync users' token and one person's; there are no files, and no other variables.
pub(crate) struct Tokens;

impl Environment for Tokens {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "TOKEN" => Some(presets::SYNC_TOKEN.to_owned()),
            // A person's, for a daemon that is told the wrong account.
            "JANE" => Some("jane-token".to_owned()),
            // That of an account which takes the sync user's place.
            "NEXT" => Some("next-token".to_owned()),
            _ => None,
        }
    }

    fn file(&self, _: &Path) -> io::Result<FileContent> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The world of a test.
pub(crate) struct World {
    pub(crate) jiras: BTreeMap<&'static str, Jira>,
    pub(crate) daemon: Option<Arc<Daemon>>,
    /// When it was started, or tried to: the first one aside, it died just before.
    pub(crate) starts: Vec<Timestamp>,
    pub(crate) config: Config,
    pub(crate) surroundings: Surroundings,
    _watches: Vec<Watch>,
    folder: tempfile::TempDir,
}

/// A folder in memory where the machine has one: these tests commit often, and wait for the disk otherwise.
fn new_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn load(text: &str, state: &Path) -> Config {
    let text = text.replace("STATE", &state.display().to_string());
    let loaded = config::load(&text, "test.toml", &Tokens, SecretsWanted::Yes);
    loaded.unwrap_or_else(|report| panic!("{report}")).config
}

impl World {
    /// The Jiras and a daemon that is set up, after `before` changed the Jiras.
    pub(crate) async fn new(config: &str, before: impl FnOnce(&BTreeMap<&'static str, Jira>)) -> Self {
        let mut world = Self::without_daemon(config);
        before(&world.jiras);
        world.start().await;
        world
    }

    pub(crate) fn without_daemon(config: &str) -> Self {
        Self::of(config, |_| {})
    }

    /// The Jiras, their descriptions changed before they start, and no daemon yet.
    pub(crate) fn of(config: &str, change: impl FnOnce(&mut BTreeMap<&'static str, Setup>)) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
        let mut setups = BTreeMap::from([
            ("acme", presets::acme(ACME)),
            ("globex", presets::globex(GLOBEX)),
            ("initech", presets::initech(INITECH)),
        ]);
        change(&mut setups);
        let jiras: BTreeMap<&'static str, Jira> = setups
            .iter()
            .enumerate()
            .map(|(seed, (name, setup))| {
                let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed as u64));
                (*name, Jira::new(setup, Arc::clone(&clock), entropy))
            })
            .collect();
        let net = setups.iter().map(|(name, setup)| (host(&setup.base_url), jiras[name].clone())).collect();
        let net: Arc<dyn Transport> = Arc::new(Net(net));
        let folder = new_folder();
        Self {
            config: load(config, &folder.path().join("state.db")),
            surroundings: Surroundings {
                clock,
                entropy: Arc::new(SeededEntropy::new(99)),
                transports: Arc::new(move |_: &InstanceSettings| Ok(Arc::clone(&net))),
                spawn: Spawn::Inline,
                between: Arc::new(|store| store),
                messengers: Arc::new(|_| Default::default()),
                reread: None,
                portion: 1_000,
            },
            // What is sought with planted bugs is found by auditors: the contract would take most of the time.
            _watches: jiras.values().filter(|_| cfg!(not(feature = "planted-bugs"))).map(watched).collect(),
            jiras,
            daemon: None,
            starts: Vec::new(),
            folder,
        }
    }

    /// Holds nothing to the contract any more, for what is only counted: it takes most of the time.
    pub(crate) fn unwatched(&self) {
        self.jiras.values().for_each(|jira| jira.on_exchange(|_| {}));
    }

    /// Where the state is.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    /// Puts something between the daemon and the network.
    pub(crate) fn bend(&mut self, bend: impl Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync + 'static) {
        let inner = Arc::clone(&self.surroundings.transports);
        self.surroundings.transports = Arc::new(move |settings: &InstanceSettings| Ok(bend(inner(settings)?)));
    }

    /// The same Jiras under another configuration.
    pub(crate) fn with_config(mut self, config: &str) -> Self {
        self.config = load(config, &self.folder.path().join("state.db"));
        self
    }

    pub(crate) fn surroundings(&self) -> Surroundings {
        self.surroundings.clone()
    }

    pub(crate) async fn try_start(&mut self) -> Result<(), StartError> {
        self.daemon = None;
        self.starts.push(self.surroundings.clock.now());
        let mut started = Daemon::start(self.config.clone(), self.surroundings()).await;
        // A process that another test begins just now holds what is open here, until it becomes another program.
        for _ in 0..50 {
            if !matches!(started, Err(StartError::State(OpenError::Locked { pid, .. })) if pid == Some(std::process::id()))
            {
                break;
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "another process is waited for: simulated time tells nothing of it"
            )]
            std::thread::sleep(Duration::from_millis(10));
            started = Daemon::start(self.config.clone(), self.surroundings()).await;
        }
        self.daemon = Some(Arc::new(started?.0));
        Ok(())
    }

    /// Starts the daemon on the same files, as after a crash.
    pub(crate) async fn start(&mut self) {
        self.try_start().await.unwrap_or_else(|error| panic!("{error:?}"));
    }

    pub(crate) fn daemon(&self) -> &Daemon {
        self.daemon.as_deref().unwrap()
    }

    pub(crate) fn jira(&self, name: &str) -> &Jira {
        &self.jiras[name]
    }

    pub(crate) fn person(&self, jira: &str, name: &str) -> Person {
        self.jiras[jira].person(name).unwrap_or_else(|| panic!("no {name} at {jira}"))
    }

    /// One poll interval: everything that the daemon does in it.
    pub(crate) async fn interval(&self) -> jirasyncd::app::OnceSummary {
        tokio::time::advance(Duration::from_secs(30)).await;
        self.daemon().once().await.unwrap()
    }

    /// Intervals until nothing is worked on and nothing is open any more.
    pub(crate) async fn settle(&self) {
        for _ in 0..60 {
            let summary = self.interval().await;
            let figures = self.daemon().store().figures(self.surroundings.clock.now()).await.unwrap();
            if summary.items == 0 && figures.open_intents == 0 {
                return;
            }
        }
        panic!("the daemon never comes to rest; problems: {:?}", self.problems().await);
    }

    pub(crate) async fn problems(&self) -> Vec<String> {
        let stored = self.daemon().store().problems(100).await.unwrap();
        stored.into_iter().map(|stored| format!("{}: {}", stored.problem.side, stored.problem.what)).collect()
    }

    /// The issues whose summary holds a text.
    pub(crate) fn issues(&self, jira: &str, part: &str) -> Vec<IssueView> {
        let holds = |view: &IssueView| view.fields.get("summary").is_some_and(|summary| summary.contains(part));
        self.jira(jira).issues().into_iter().filter(holds).collect()
    }

    /// The one issue whose summary holds a text.
    pub(crate) fn issue(&self, jira: &str, part: &str) -> IssueView {
        let mut found = self.issues(jira, part);
        assert_eq!(found.len(), 1, "issues with `{part}` at {jira}: {found:?}");
        found.remove(0)
    }

    pub(crate) fn field(&self, jira: &str, part: &str, field: &str) -> String {
        self.issue(jira, part).fields.get(field).cloned().unwrap_or_default()
    }
}

/// Counts what reaches a Jira.
pub(crate) fn calls(jira: &Jira) -> BTreeMap<String, u64> {
    jira.counts().into_iter().map(|(operation, count)| (operation, count.calls)).collect()
}
