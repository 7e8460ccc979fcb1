//! What the daemon costs in REST calls and answer bytes, counted by simulated Jiras under a paused clock, each instance polled
//! exactly once per interval. Shared by `benches/calls.rs` and `tests/it/daemon_costs.rs`. Must never leave a call out.

mod recorded;
pub(crate) mod scenarios;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Jira, Kind};

use super::daemon_support::World;

pub(crate) use recorded::recorded_issues;

/// The poll interval of the configurations in `daemon_support`.
const INTERVAL: Duration = Duration::from_secs(30);
/// More intervals than this without rest are a defect.
const MOST_INTERVALS: usize = 60;

/// Requests and the bytes of their answers' bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) calls: u64,
    pub(crate) bytes: u64,
}

impl Sum {
    fn of(jira: &Jira) -> Self {
        let counts = jira.counts();
        Self {
            calls: counts.values().map(|count| count.calls).sum(),
            bytes: counts.values().map(|count| count.response_bytes).sum(),
        }
    }

    fn grow(&mut self, from: Self, to: Self) {
        self.calls += to.calls - from.calls;
        self.bytes += to.bytes - from.bytes;
    }
}

/// One line of the table: what something cost on one instance.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) on: String,
    /// Poll intervals until all was at rest.
    pub(crate) intervals: u64,
    pub(crate) polls: Sum,
    pub(crate) work: Sum,
    /// What is held against the limit.
    pub(crate) counted: u64,
    pub(crate) limit: Option<u64>,
    /// The operations, for whoever has to find out.
    pub(crate) operations: BTreeMap<String, u64>,
}

impl Row {
    /// Fails where the limit is broken.
    #[track_caller]
    pub(crate) fn hold(&self) {
        let Some(limit) = self.limit else { return };
        assert!(self.counted <= limit, "{} on {}: {} of {limit}: {self:?}", self.what, self.on, self.counted);
    }

    fn line(&self) -> String {
        let limit = self.limit.map_or_else(String::new, |limit| limit.to_string());
        let Self { what, on, intervals, polls, work, counted, .. } = self;
        format!(
            "| {what} | {on} | {intervals} | {} | {} | {} | {} | {counted} | {limit} |",
            polls.calls, polls.bytes, work.calls, work.bytes
        )
    }
}

/// The rows as a Markdown table.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = "| what | on | intervals | polls | bytes | other calls | bytes | counted | limit |\n".to_owned();
    text.push_str("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for row in rows {
        let _ = writeln!(text, "{}", row.line());
    }
    text
}

/// What every instance was asked since it was reset.
#[derive(Debug)]
pub(crate) struct Meter {
    intervals: u64,
    tallies: BTreeMap<&'static str, (Sum, Sum)>,
}

impl Meter {
    pub(crate) fn start(world: &World) -> Self {
        for jira in world.jiras.values() {
            jira.reset_calls();
        }
        Self {
            intervals: 0,
            tallies: world.jiras.keys().map(|name| (*name, (Sum::default(), Sum::default()))).collect(),
        }
    }

    /// One interval: each instance is polled once, and what is due is worked on. Says whether anything was.
    async fn interval(&mut self, world: &World) -> bool {
        tokio::time::advance(INTERVAL).await;
        self.intervals += 1;
        let engine = world.daemon().engine();
        let before = sums(world);
        for instance in engine.instances().cloned().collect::<Vec<InstanceId>>() {
            engine.poll(&instance).await.unwrap();
        }
        let polled = sums(world);
        let mut busy = false;
        loop {
            let mut started = 0;
            for instance in engine.instances().cloned().collect::<Vec<InstanceId>>() {
                started += engine.admit(&instance).await.unwrap();
            }
            let worked = engine.work().await.unwrap();
            if started == 0 && worked.items.is_empty() {
                break;
            }
            busy = true;
        }
        let worked = sums(world);
        for (name, (polls, work)) in &mut self.tallies {
            polls.grow(before[name], polled[name]);
            work.grow(polled[name], worked[name]);
        }
        busy
    }

    /// Intervals until nothing was worked on and nothing is in doubt.
    pub(crate) async fn rest(&mut self, world: &World) {
        for _ in 0..MOST_INTERVALS {
            let busy = self.interval(world).await;
            let figures = world.daemon().store().figures(world.surroundings.clock.now()).await.unwrap();
            if !busy && figures.open_intents == 0 {
                return;
            }
        }
        panic!("never at rest: {:?}", world.problems().await);
    }

    /// What one instance was asked beyond one poll per interval.
    pub(crate) fn beyond_polls(&self, name: &str) -> u64 {
        let (polls, work) = self.tallies[name];
        (polls.calls + work.calls).saturating_sub(self.intervals)
    }

    /// What one instance was asked. `limit` holds for what goes beyond one poll per interval.
    fn row(&self, world: &World, what: &'static str, name: &'static str, limit: u64) -> Row {
        let (polls, work) = self.tallies[name];
        let counted = self.beyond_polls(name);
        let jira = world.jira(name);
        let operations = super::daemon_support::calls(jira);
        let on = format!("{name} ({})", kind(jira));
        Row { what, on, intervals: self.intervals, polls, work, counted, limit: Some(limit), operations }
    }
}

fn kind(jira: &Jira) -> &'static str {
    match jira.kind() {
        Kind::Cloud => "Cloud",
        Kind::DataCenter => "Data Center",
    }
}

fn sums(world: &World) -> BTreeMap<&'static str, Sum> {
    world.jiras.iter().map(|(name, jira)| (*name, Sum::of(jira))).collect()
}
