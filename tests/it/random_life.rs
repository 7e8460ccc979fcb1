//! What all random worlds have in common: dice that repeat, a daemon that may die at any effect, instances that break for a while.
//! A third of the daemons run as a service does, the others one interval after the other as `--once`. Must never know what people do in a
//! world, nor judge it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::app::{RunError, StartError};
use jirasyncd::clock::{Entropy, SeededEntropy};
use jirasyncd::console::{Heard, HookSink as _};
use jirasyncd::engine::SetupError;
use jirasyncd::jira::{Transport, TransportError};
use jirasyncd::model::ids::InstanceId;
use jirasyncd::simulator::{Fault, FaultRule, HookWeather, Jira, When};
use tokio_util::sync::CancellationToken;

use tracing_subscriber::layer::SubscriberExt as _;

use super::crash::{Fuse, fused_world};
use super::daemon_support::{World, load, two};
use super::fault_counts::FaultCounts;

/// What a daemon asks seldom, what it asks most seldom more than once.
const SELDOM_ASKED: [&str; 27] = [
    "deleteIssue",
    "deleteIssue",
    "deleteIssue",
    "deleteIssue",
    "deleteIssue",
    "deleteIssue",
    "doTransition",
    "doTransition",
    "doTransition",
    "addWatcher",
    "removeWatcher",
    "addWorklog",
    "addWorklog",
    "addWorklog",
    "updateWorklog",
    "deleteWorklog",
    "linkIssues",
    "linkIssues",
    "deleteIssueLink",
    "deleteIssueLink",
    "createOrUpdateRemoteIssueLink",
    "createVersion",
    "updateVersion",
    "createComponent",
    "addComment",
    "addAttachment",
    "createIssue",
];

/// Dice that repeat.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn below(&self, count: usize) -> usize {
        ((self.0.unit() * count as f64) as usize).min(count - 1)
    }

    pub(crate) fn one<T: Copy>(&self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// From 0 to 1.
    pub(crate) fn unit(&self) -> f64 {
        self.0.unit()
    }
}

/// How long a daemon runs on before people go on: a poll and what follows it.
const RUNS_ON: Duration = Duration::from_secs(45);
/// How often webhooks come meanwhile.
const WEBHOOKS_COME: Duration = Duration::from_secs(5);
/// The longest way of a request, and of its answer, in milliseconds, where a daemon runs: what runs beside one another is mixed by it.
const LONGEST_WAY: f64 = 150.0;

/// Effects of an interval among which such a daemon dies; one with fewer is survived.
const DEEP: usize = 200;

/// A network whose ways take their time.
struct SlowNet(Arc<dyn Transport>, Arc<SeededEntropy>);

#[async_trait]
impl Transport for SlowNet {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let way = || tokio::time::sleep(Duration::from_millis((self.1.unit() * LONGEST_WAY) as u64));
        way().await;
        let answer = self.0.send(request).await;
        way().await;
        answer
    }
}

/// A daemon that runs. Dropped, it is dead.
struct Running {
    stop: CancellationToken,
    run: Pin<Box<dyn Future<Output = Result<(), RunError>>>>,
}

impl Running {
    fn of(world: &World) -> Self {
        let (stop, daemon) = (CancellationToken::new(), world.daemon.clone().unwrap());
        let until = stop.clone();
        Self { stop, run: Box::pin(async move { daemon.run(until).await }) }
    }

    /// Runs on beside something else, until that is done.
    async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            ended = &mut self.run => panic!("the daemon ended by itself: {ended:?}"),
            done = other => done,
        }
    }
}

/// A world whose daemon may die, under dice.
pub(crate) struct Life {
    pub(crate) dice: Dice,
    pub(crate) world: World,
    fuse: Arc<Fuse>,
    /// Whether the daemon dies before and after requests, and nowhere else.
    dies_at_requests: bool,
    /// By what else it is drawn where the daemon dies deep in its intervals, where it does: what an interval does at its end is not among its first effects.
    deep: Option<Dice>,
    /// What is done for a daemon that cannot start.
    pub(crate) rescue: fn(&World),
    /// How often the daemon died.
    pub(crate) deaths: usize,
    /// Whether the daemon runs as a service does; and as it does, unless it died or was not begun yet.
    runs: bool,
    running: Option<Running>,
    /// The next interval has a full check in it.
    pub(crate) checks_all: bool,
}

impl Life {
    /// Starts the daemon of a world.
    pub(crate) async fn new(seed: u64, mut world: World) -> Self {
        let runs = seed % 3 == 1;
        if runs {
            let entropy = Arc::new(SeededEntropy::new(seed ^ 0x5105));
            world.bend(move |inner| Arc::new(SlowNet(inner, Arc::clone(&entropy))) as Arc<dyn Transport>);
        }
        let fuse = fused_world(&mut world);
        world.start().await;
        // Half of the worlds have an index that lags.
        let lag = Duration::from_secs(if seed.is_multiple_of(2) { 0 } else { 25 });
        world.jiras.values().for_each(|jira| jira.set_index_lag(lag));
        let dies_at_requests = seed % 8 == 5;
        let (dice, rescue) = (Dice::new(seed), (|_| {}) as fn(&World));
        let deep = dies_deep(seed).then(|| Dice::new(seed ^ 0xdee9));
        Self { dice, world, fuse, dies_at_requests, deep, rescue, deaths: 0, runs, running: None, checks_all: false }
    }

    /// Requests, answers and commits of the daemon until now, as a fuse counts them.
    pub(crate) fn effects(&self) -> usize {
        self.fuse.all()
    }

    /// What struck until now, and where the daemon died.
    pub(crate) fn struck(&self) -> FaultCounts {
        FaultCounts::of(self.world.jiras.values()).with_deaths(&self.fuse.deaths())
    }

    /// Perhaps something breaks on that Jira, perhaps everything heals.
    pub(crate) fn weather(&mut self, jiras: &[&'static str]) {
        match self.dice.below(4) {
            0 => {
                let jira = self.dice.one(jiras);
                self.break_something(jira);
            }
            1 => self.heal(),
            _ => {}
        }
    }

    /// No fault strikes any more.
    pub(crate) fn heal(&self) {
        self.world.jiras.values().for_each(Jira::clear_faults);
    }

    /// The same where something is broken most of the time, also what only few answers show.
    pub(crate) fn bad_weather(&mut self, jiras: &[&'static str]) {
        if self.dice.below(3) == 0 {
            self.heal();
        }
        let jira = self.dice.one(jiras);
        let rare = [
            Fault::Anonymous,
            Fault::EmptyPage,
            Fault::LostToken,
            Fault::CircularPage,
            Fault::Status(401),
            Fault::Status(500),
        ];
        if self.dice.below(3) == 0 {
            let fault = rare[self.dice.below(rare.len())].clone();
            self.world.jira(jira).add_fault(FaultRule::new("*", When::Probability(0.3 * self.dice.unit()), fault));
        } else {
            self.break_something(jira);
        }
    }

    /// The same where a kind of request breaks that is seldom asked: none of any other.
    pub(crate) fn aimed_weather(&mut self, jiras: &[&'static str]) {
        if self.dice.below(4) == 0 {
            self.heal();
        }
        // Pages of searches break seldom, too.
        let pages = [Fault::LostToken, Fault::LostToken, Fault::EmptyPage, Fault::CircularPage];
        let page = pages[self.dice.below(pages.len())].clone();
        let when = When::Probability(0.2 * self.dice.unit());
        self.world.jira(self.dice.one(jiras)).add_fault(FaultRule::new("*", when, page));
        for _ in 0..5 * jiras.len() {
            let (jira, operation) = (self.dice.one(jiras), self.dice.one(&SELDOM_ASKED));
            // An index lags for searches alone, which are asked often.
            let common = self.common_fault();
            let is_lag = matches!(common, Fault::IndexLag(_));
            let is_mild = is_lag || matches!(common, Fault::Slow(_));
            let fault = if is_mild && self.dice.below(2) == 0 {
                Fault::Anonymous
            } else if is_lag {
                Fault::LoginPage
            } else {
                common
            };
            let when = When::Probability(0.3 + 0.5 * self.dice.unit());
            self.world.jira(jira).add_fault(FaultRule::new(operation, when, fault));
        }
    }

    /// No 400: it says for good that what was sent is not taken, so that whatever it struck would stay undone, told as a problem.
    fn common_fault(&self) -> Fault {
        let seconds = Duration::from_secs;
        let faults = [
            Fault::StatusAfter(502),
            Fault::RateLimited { retry_after: Some(3) },
            Fault::RateLimited { retry_after: None },
            Fault::Unavailable { status: 503, retry_after: None },
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::LateWrite(seconds(20)),
            Fault::Truncated,
            Fault::LoginPage,
            Fault::Slow(seconds(5)),
            Fault::IndexLag(seconds(50)),
            Fault::Status(409),
            Fault::Status(403),
            Fault::Status(404),
        ];
        faults[self.dice.below(faults.len())].clone()
    }

    fn break_something(&mut self, jira: &str) {
        let fault = self.common_fault();
        let when = When::Probability(0.1 + 0.4 * self.dice.unit());
        self.world.jira(jira).add_fault(FaultRule::new("*", when, fault));
    }

    /// One interval, in which the daemon may die.
    pub(crate) async fn live(&mut self) {
        // An interval begins with commits, so few of its first effects are at a request: some lives die there, and often.
        if let Some(deep) = &self.deep {
            if deep.below(5) < 2 {
                self.fuse.set(1 + deep.below(DEEP));
            }
        } else if self.dies_at_requests {
            if self.dice.below(5) < 3 {
                self.fuse.set_at_requests(1 + self.dice.below(6));
            }
        } else if self.dice.below(5) == 0 {
            self.fuse.set(1 + self.dice.below(12));
        }
        let checks_all = std::mem::take(&mut self.checks_all);
        let (world, running) = (&self.world, &mut self.running);
        let step = async {
            if self.runs {
                let running = running.get_or_insert_with(|| Running::of(world));
                running.beside(tell_for(world, RUNS_ON)).await;
                if checks_all {
                    running.beside(check_all(world)).await;
                }
            } else {
                bring_webhooks(world).await;
                world.interval().await;
                if checks_all {
                    check_all(world).await;
                }
            }
        };
        let dead = tokio::select! {
            biased;
            () = self.fuse.blown() => true,
            () = step => false,
        };
        self.fuse.set(0);
        if dead {
            self.deaths += 1;
            self.restart().await;
        }
    }

    /// Nothing breaks any more, and what runs as a service is stopped and started again: from now on interval follows interval.
    pub(crate) async fn calm(&mut self) {
        self.heal();
        if let Some(running) = self.running.take() {
            running.stop.cancel();
            running.run.await.unwrap();
            self.start().await;
        }
        self.runs = false;
    }

    async fn restart(&mut self) {
        self.running = None;
        // One start in four dies, too.
        if self.dice.below(4) == 0 {
            self.fuse.set(1 + self.dice.below(8));
            let dead = tokio::select! {
                biased;
                () = self.fuse.blown() => true,
                started = self.world.try_start() => {
                    if let Err(error) = &started {
                        allowed(error);
                    }
                    false
                }
            };
            self.fuse.set(0);
            self.deaths += usize::from(dead);
            if !dead && self.world.daemon.is_some() {
                return;
            }
        }
        self.start().await;
    }

    /// A start may need an instance that is away: whoever starts the daemon tries again.
    async fn start(&mut self) {
        let Err(error) = self.world.try_start().await else { return };
        allowed(&error);
        self.world.pass(30).await;
        self.heal();
        (self.rescue)(&self.world);
        self.world.start().await;
    }
}

/// Fails where an instance that is away is no reason for a start that did not go.
fn allowed(error: &StartError) {
    let is_away = matches!(error, StartError::Setup(SetupError::Jira(_) | SetupError::Findings(_)));
    assert!(is_away, "the daemon does not start: {error:?}");
}

/// A full check.
async fn check_all(world: &World) {
    world.daemon().engine().sweep(None).await.unwrap();
}

/// Time passes, and the daemon is told what happens.
async fn tell_for(world: &World, long: Duration) {
    for _ in 0..long.as_secs() / WEBHOOKS_COME.as_secs() {
        tokio::time::sleep(WEBHOOKS_COME).await;
        bring_webhooks(world).await;
    }
}

/// The Jiras tell the daemon what happens, though three in ten times they do not, and sometimes twice or late.
pub(crate) fn told_by_webhooks(world: &mut World, double: f64) {
    let webhooks = "poll = \"30s\"\n[daemon.webhooks]\npublic-url = \"https://hooks.example\"";
    let text = two().replacen("poll = \"30s\"", webhooks, 1);
    world.config.daemon.webhooks = load(&text, &world.config.daemon.state).daemon.webhooks;
    for jira in world.jiras.values() {
        jira.register_webhook("https://hooks.example/x", None);
        jira.set_hook_weather(HookWeather { lose: 0.3, double, delay: Duration::from_secs(90) });
    }
}

/// Brings the daemon what it is to be told by now, if it is told anything.
pub(crate) async fn bring_webhooks(world: &World) {
    if world.config.daemon.webhooks.is_none() {
        return;
    }
    for (name, jira) in &world.jiras {
        for delivery in jira.webhooks_due() {
            let heard = world.daemon().hear(&InstanceId::from(*name), delivery.request.body(), None).await;
            jira.webhook_answered(&delivery, Some(if heard == Heard::Taken { 204 } else { 503 }));
        }
    }
}

/// What the daemon tells of a life, where `JIRASYNCD_TELL` asks for it, and what it asks of each Jira: until this is dropped.
pub(crate) fn told(world: &World) -> Option<tracing::subscriber::DefaultGuard> {
    std::env::var_os("JIRASYNCD_TELL")?;
    for (name, jira) in &world.jiras {
        let name = *name;
        jira.record_bodies(true);
        jira.on_exchange(move |call| {
            let body = String::from_utf8_lossy(&call.request_body);
            println!("{} {name} {} {} {} {body}", call.at, call.status, call.method, call.path);
        });
    }
    let targets = tracing_subscriber::filter::Targets::new().with_target("jirasyncd", tracing::Level::DEBUG);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_test_writer();
    Some(tracing::subscriber::set_default(tracing_subscriber::registry().with(targets).with(layer)))
}

/// Whether nobody asked for a long run, or for seeds.
pub(crate) fn is_ordinary() -> bool {
    ["JIRASYNCD_LONG", "JIRASYNCD_SEED"].iter().all(|name| std::env::var_os(name).is_none())
}

/// Whether a seed is lived twice, and both lives have to ask and answer the same: that a seed repeats is not taken for granted.
pub(crate) fn is_lived_twice(seed: u64) -> bool {
    // Scattered: what a world is about goes by what divides its seed.
    seed == 0 || (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).is_multiple_of(100)
}

/// Whether the daemon of a seed dies anywhere in an interval instead of among its first effects. Scattered, and none of the seeds that are lived
/// for what they once showed.
fn dies_deep(seed: u64) -> bool {
    (seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 42) % 9 == 4
}

/// Lives in which each fault must have struck, and each kind of act been done.
pub(crate) const A_LONG_RUN: usize = 50;

/// The seeds of this run: those that are asked for (`JIRASYNCD_SEED=7`, or `7-20`), many in a long run, else few.
pub(crate) fn seeds(few: u64, many: u64) -> Vec<u64> {
    let asked = std::env::var("JIRASYNCD_SEED").ok().and_then(|text| {
        let (from, to) = text.split_once('-').unwrap_or((&text, &text));
        Some((from.parse::<u64>().ok()?..=to.parse().ok()?).collect())
    });
    let all = if std::env::var_os("JIRASYNCD_LONG").is_some() { many } else { few };
    asked.unwrap_or_else(|| (0..all).collect())
}
