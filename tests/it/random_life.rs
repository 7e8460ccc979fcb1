//! What all random worlds have in common: dice that repeat, a daemon that may die at any effect, instances that break for a while.
//! Must never know what people do in a world, nor judge it.

use std::sync::Arc;
use std::time::Duration;

use jirasyncd::clock::{Entropy, SeededEntropy};
use jirasyncd::simulator::{Fault, FaultRule, Jira, When};

use tracing_subscriber::layer::SubscriberExt as _;

use super::crash::{Fuse, fused_world};
use super::daemon_support::World;
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

/// A world whose daemon may die, under dice.
pub(crate) struct Life {
    pub(crate) dice: Dice,
    pub(crate) world: World,
    fuse: Arc<Fuse>,
    /// Whether the daemon dies before and after requests, and nowhere else.
    dies_at_requests: bool,
    /// What is done for a daemon that cannot start.
    pub(crate) rescue: fn(&World),
    /// How often the daemon died.
    pub(crate) deaths: usize,
}

impl Life {
    /// Starts the daemon of a world.
    pub(crate) async fn new(seed: u64, mut world: World) -> Self {
        let fuse = fused_world(&mut world);
        world.start().await;
        // Half of the worlds have an index that lags.
        let lag = Duration::from_secs(if seed.is_multiple_of(2) { 0 } else { 25 });
        world.jiras.values().for_each(|jira| jira.set_index_lag(lag));
        let dies_at_requests = seed % 8 == 5;
        Self { dice: Dice::new(seed), world, fuse, dies_at_requests, rescue: |_| {}, deaths: 0 }
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

    fn common_fault(&self) -> Fault {
        let seconds = Duration::from_secs;
        let faults = [
            Fault::StatusAfter(502),
            Fault::RateLimited { retry_after: Some(3) },
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
        if self.dies_at_requests {
            if self.dice.below(5) < 3 {
                self.fuse.set_at_requests(1 + self.dice.below(6));
            }
        } else if self.dice.below(5) == 0 {
            self.fuse.set(1 + self.dice.below(12));
        }
        let dead = tokio::select! {
            biased;
            () = self.fuse.blown() => true,
            _ = self.world.interval() => false,
        };
        self.fuse.set(0);
        if dead {
            self.deaths += 1;
            self.restart().await;
        }
    }

    async fn restart(&mut self) {
        // A start needs every instance: whoever starts the daemon tries again.
        while self.world.try_start().await.is_err() {
            self.world.pass(30).await;
            self.heal();
            (self.rescue)(&self.world);
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
    seed.is_multiple_of(100)
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
