//! Many issues with comments from one side to another: what the daemon sends for it and how long that takes, beside a client that
//! sends just what is needed. Shared by `benches/backfill.rs` and `tests/it/daemon_bulk.rs`. Must never leave a call out, nor give
//! the bare client more or fewer requests under way than the daemon had.

mod bare;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Jira, Limits};
use jirasyncd::store::Spawn;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::daemon_support::{World, two_clouds};
use wire::{Meter, Metered};

/// Where all lies at first, and where it goes.
pub(crate) const FROM: &str = "acme";
pub(crate) const TO: &str = "initech";
/// What each issue brings.
const COMMENTS: usize = 2;
/// Every so many-th issue stands one transition away from where new ones stand.
const HOP_EVERY: usize = 4;
/// How often it is looked whether all is done, and how long nothing may have been written then.
const LOOK: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_secs(45);
/// More looks than this are a defect.
const MOST_LOOKS: usize = 2_000;

/// The most requests that the daemon has under way for first copies (`engine::places`). Now and then a poll is one more.
const AT_ONCE: usize = 24;

/// What is carried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) issues: usize,
    /// Requests a second to each side at most. 1,000 are no limit here: the answers do not come as fast.
    pub(crate) rate: u32,
}

impl Load {
    fn comments(self) -> usize {
        self.issues * COMMENTS
    }

    fn hops(self) -> usize {
        self.issues.div_ceil(HOP_EVERY)
    }

    /// Pages of a hundred rows, of both sides.
    pub(crate) fn pages(self) -> usize {
        2 * self.issues.div_ceil(100)
    }

    /// What cannot be spared: issues are created 50 at a time, and read 100 at a time on both sides.
    pub(crate) fn needed(self) -> usize {
        self.issues.div_ceil(50) + self.pages() + self.hops() + self.comments()
    }
}

/// What was counted.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// All calls on both sides until all was at rest, but for what the first start asked before it began.
    pub(crate) calls: u64,
    /// What starting once more costs when all is done: what it asks at first, and the first polls.
    pub(crate) restart: u64,
    /// From the first request to the last write.
    pub(crate) took: Duration,
    /// The most requests that were under way at once.
    pub(crate) at_once: usize,
    /// At each kill, the writes that had no answer yet.
    pub(crate) cut_off: Vec<usize>,
    #[allow(dead_code, reason = "printed by what fails")]
    pub(crate) operations: BTreeMap<String, u64>,
}

impl Sent {
    /// How many calls being killed may cost beyond the starts: each write under way once more, and each page of both sides.
    pub(crate) fn may_cost_more(&self, load: Load) -> u64 {
        self.cut_off.iter().map(|cut_off| (cut_off + load.pages()) as u64).sum()
    }
}

/// What each issue is called.
fn summary(number: usize) -> String {
    format!("Bulk {number:05}")
}

fn is_hopped(number: usize) -> bool {
    number.is_multiple_of(HOP_EVERY)
}

/// Two Clouds, one of them full, and nothing limits the requests but how many are under way.
async fn full(load: Load) -> (World, Arc<Meter>) {
    let config = two_clouds().replace("rate = 100", &format!("rate = {}", load.rate));
    let config = config.replacen("home = \"acme\"\n", "home = \"acme\"\nmost-creations = 1000000\n", 1);
    let mut world = World::of(&config, |setups| setups.values_mut().for_each(|setup| setup.limits = Limits::off()));
    world.unwatched();
    let meter = Arc::new(Meter::default());
    let metered = Arc::clone(&meter);
    world.bend(move |inner| Arc::new(Metered::new(inner, &metered)));
    let jane = world.person(FROM, "jane");
    for number in 0..load.issues {
        let fields = json!({ "summary": summary(number), "description": "Text", "priority": { "name": "Low" } });
        let key = jane.create("SUP", "Bug", fields).unwrap();
        for comment in 0..COMMENTS {
            jane.comment(&key, &format!("Word {comment} on {number:05}")).unwrap();
        }
        if is_hopped(number) {
            jane.transition(&key, "In Progress").unwrap();
        }
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    tokio::time::advance(Duration::from_hours(1)).await;
    (world, meter)
}

fn all_calls(world: &World) -> u64 {
    [FROM, TO].map(|side| world.jira(side).total_calls()).iter().sum()
}

fn operations(world: &World) -> BTreeMap<String, u64> {
    let of = |side: &'static str| {
        let counts = world.jira(side).counts();
        counts.into_iter().map(move |(operation, count)| (format!("{side}: {operation}"), count.calls))
    };
    [FROM, TO].into_iter().flat_map(of).collect()
}

/// The daemon carries it all, and is killed as many times, evenly over the writes that are needed. `real`: time is the machine's.
pub(crate) async fn daemon(load: Load, kills: usize, real: bool) -> Sent {
    let (mut world, meter) = full(load).await;
    if real {
        tokio::time::resume();
        world.surroundings.spawn = Spawn::Thread;
    }
    world.start().await;
    let first = all_calls(&world);
    let mut cut_off = Vec::new();
    let begun = Instant::now();
    let writes = load.issues.div_ceil(50) + load.hops() + load.comments();
    for kill in 1..=kills {
        meter.stops_at(writes * kill / (kills + 1));
        let cancel = CancellationToken::new();
        tokio::select! {
            ran = world.daemon().run(cancel) => panic!("the daemon ended by itself: {ran:?}"),
            () = meter.stopped() => {}
        }
        cut_off.push(meter.cut_off());
        // What was sent and not answered is carried out or not, as the network likes; nobody hears of it.
        world.daemon = None;
        world.start().await;
    }
    let cancel = CancellationToken::new();
    let done = async {
        at_rest(&world, &meter).await;
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(world.daemon().run(cancel.clone()), done);
    ran.unwrap();
    let sent = Sent {
        calls: all_calls(&world) - first,
        restart: 0,
        took: meter.last_write().duration_since(begun),
        at_once: meter.most_under_way(),
        cut_off,
        operations: operations(&world),
    };
    assert_eq!(world.problems().await, Vec::<String>::new());
    hold_whole(load, world.jira(TO));
    let restart = if kills > 0 { restart(&mut world).await } else { 0 };
    Sent { restart, ..sent }
}

/// What a start costs where nothing is to be done, and nothing was for as long as polls look back.
async fn restart(world: &mut World) -> u64 {
    // Stopped at once, its next polls would begin where the last ones stood, and show all of it again.
    let cancel = CancellationToken::new();
    let idle = async {
        tokio::time::sleep(Duration::from_hours(1)).await;
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(world.daemon().run(cancel.clone()), idle);
    ran.unwrap();
    world.daemon = None;
    let before = all_calls(world);
    world.start().await;
    let cancel = CancellationToken::new();
    let done = async {
        tokio::time::sleep(LOOK).await;
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(world.daemon().run(cancel.clone()), done);
    ran.unwrap();
    all_calls(world) - before
}

async fn at_rest(world: &World, meter: &Meter) {
    for _ in 0..MOST_LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = world.surroundings.clock.now();
        let figures = world.daemon().store().figures(now).await.unwrap();
        let busy = figures.due + figures.claimed + figures.open_intents;
        if busy == 0 && meter.wrote() && meter.last_write().elapsed() > QUIET {
            return;
        }
    }
    panic!("never at rest: {:?}", world.problems().await);
}

/// The same by a client that knows what is to be done, with as many requests under way at once.
pub(crate) async fn bare(load: Load, at_once: usize, real: bool) -> Sent {
    let (world, meter) = full(load).await;
    if real {
        tokio::time::resume();
    }
    let begun = Instant::now();
    bare::carry(&world, at_once.min(AT_ONCE), load.rate).await;
    let took = begun.elapsed();
    assert_eq!(world.jira(TO).issues().len(), load.issues);
    let comments: usize = world.jira(TO).issues().iter().map(|issue| issue.comments.len()).sum();
    assert_eq!(comments, load.comments());
    let hopped = world.jira(TO).issues().iter().filter(|issue| issue.fields["status"] == "In Arbeit").count();
    assert_eq!(hopped, load.hops());
    Sent {
        calls: all_calls(&world),
        restart: 0,
        took,
        at_once: meter.most_under_way(),
        cut_off: Vec::new(),
        operations: operations(&world),
    }
}

/// All is there, once, and says what it says on the other side.
fn hold_whole(load: Load, there: &Jira) {
    let issues = there.issues();
    let names: BTreeMap<&str, _> = issues.iter().map(|issue| (issue.fields["summary"].as_str(), issue)).collect();
    assert_eq!((issues.len(), names.len()), (load.issues, load.issues), "issues are missing or doubled");
    for number in 0..load.issues {
        let issue = names[summary(number).as_str()];
        let status = if is_hopped(number) { "In Arbeit" } else { "Neu" };
        assert_eq!(issue.fields["status"], status, "{}", issue.key);
        let said: Vec<&str> = issue.comments.iter().map(|comment| comment.body.as_str()).collect();
        let all = (0..COMMENTS).all(|comment| {
            said.iter().filter(|body| body.contains(&format!("Word {comment} on {number:05}"))).count() == 1
        });
        assert!(all && said.len() == COMMENTS, "{}: {said:?}", issue.key);
    }
}
