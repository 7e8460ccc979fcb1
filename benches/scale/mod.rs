//! What a daemon does in an hour in which nothing happens, and for a hundred changes, beside how many items its state holds. A hundred
//! of them lie on simulated Jiras; the others are rows of the state, copied from one of these, that nothing asks about. Shared by
//! `benches/growth.rs` and `tests/it/daemon_scale.rs`. Must never measure a state that holds fewer items than it says.

use std::path::Path;
use std::time::Duration;

use jirasyncd::model::store::Store as _;
use rusqlite::{Connection, params};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::daemon_support::{World, two_clouds};

/// The items that people work on.
const REAL: u64 = 100;
/// How long a change takes to arrive at most.
const ARRIVES: Duration = Duration::from_mins(5);
/// Bytes of a page of the state.
const PAGE: u64 = 4_096;

/// Where the items that people work on lie among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// They are the newest: the others are older by minutes to years.
    Newest,
    /// Anywhere: each of their rows lies on another page.
    Spread,
}

/// What something cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Requests to all Jiras.
    pub(crate) calls: u64,
    /// Pages of the state that were read, where none was in memory at the beginning.
    pub(crate) pages: u64,
}

/// A daemon at rest over a state with so many items.
pub(crate) async fn at_rest(items: u64, lie: Lie) -> World {
    let mut world = World::without_daemon(&two_clouds());
    world.unwatched();
    let jane = world.person("acme", "jane");
    for number in 0..REAL {
        jane.create("SUP", "Bug", json!({ "summary": format!("Item {number}"), "description": "Text" })).unwrap();
    }
    world.start().await;
    world.settle().await;
    assert_eq!(world.jira("initech").issues().len() as u64, REAL);
    world.daemon = None;
    fill(&world.state(), 1, items - REAL, lie);
    begin(&mut world, items).await;
    world
}

/// The same with more items.
pub(crate) async fn grow(world: &mut World, items: u64, lie: Lie) {
    let now = world.surroundings.clock.now();
    let before = world.daemon().store().figures(now).await.unwrap().items;
    world.daemon = None;
    fill(&world.state(), before - REAL + 1, items - before, lie);
    begin(world, items).await;
}

async fn begin(world: &mut World, items: u64) {
    world.start().await;
    let now = world.surroundings.clock.now();
    assert_eq!(world.daemon().store().figures(now).await.unwrap().items, items);
    // All that was written leaves the overlap of the polls.
    run(world, Duration::from_mins(20)).await;
}

/// One hour in which nothing happens.
pub(crate) async fn idle_hour(world: &World) -> Cost {
    cost(world, run(world, Duration::from_hours(1))).await
}

/// Somebody changes each of the hundred; it arrives on the other side.
pub(crate) async fn hundred_changes(world: &World, word: &str) -> Cost {
    let jane = world.person("acme", "jane");
    for issue in world.jira("acme").issues() {
        jane.edit(&issue.key, json!({ "summary": format!("{} {word}", issue.key) })).unwrap();
    }
    let cost = cost(world, run(world, ARRIVES)).await;
    let arrived = world.jira("initech").issues().iter().filter(|issue| issue.fields["summary"].ends_with(word)).count();
    assert_eq!(arrived as u64, REAL);
    cost
}

async fn run(world: &World, lasts: Duration) {
    let cancel = CancellationToken::new();
    let over = async {
        tokio::time::sleep(lasts).await;
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(world.daemon().run(cancel.clone()), over);
    ran.unwrap();
}

async fn cost(world: &World, work: impl Future<Output = ()>) -> Cost {
    world.daemon().store().forget_pages().await.unwrap();
    let calls = || world.jiras.values().map(jirasyncd::simulator::Jira::total_calls).sum::<u64>();
    let before = (calls(), bytes_read());
    work.await;
    Cost { calls: calls() - before.0, pages: (bytes_read() - before.1) / PAGE }
}

/// What this thread has read of files: nothing but pages of the state, which are read on it.
fn bytes_read() -> u64 {
    let counts = std::fs::read_to_string("/proc/thread-self/io").unwrap();
    let line = counts.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap();
    line.parse().unwrap()
}

/// One item of the state, as its rows hold it.
struct Template {
    id: Vec<u8>,
    sync: String,
    state: String,
    replicas: Vec<(String, String, i64, String)>,
    intents: Vec<(String, String, i64, i64, String)>,
}

impl Template {
    fn of(connection: &Connection) -> Self {
        let (id, sync, state): (Vec<u8>, String, String) = connection
            .query_row("SELECT id, sync, state FROM items ORDER BY id LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        let mut select = connection.prepare("SELECT side, instance, issue, key FROM replicas WHERE item = ?1").unwrap();
        let rows = select.query_map([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
        let replicas: Vec<_> = rows.map(Result::unwrap).collect();
        let mut select = connection
            .prepare("SELECT side, state, opened_ms, settled_ms, intent FROM intents WHERE item = ?1")
            .unwrap();
        let rows = select
            .query_map([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
            .unwrap();
        let intents: Vec<_> = rows.map(Result::unwrap).collect();
        assert!(replicas.len() == 2 && !intents.is_empty(), "no whole item");
        let (due, claimed): (Option<i64>, Option<String>) = connection
            .query_row("SELECT due_ms, claimed_by FROM work WHERE item = ?1", [&id], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((due, claimed), (None, None), "the item is not at rest");
        Self { id, sync, state, replicas, intents }
    }
}

/// Adds so many items at rest, numbered from `first` on, to a state that nobody has open.
pub(crate) fn fill(path: &Path, first: u64, more: u64, lie: Lie) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000",
        )
        .unwrap();
    let template = Template::of(&connection);
    let moments = moments(&connection);
    let old = template.id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    connection.execute_batch("BEGIN").unwrap();
    {
        let mut item = connection.prepare("INSERT INTO items (id, sync, state) VALUES (?1, ?2, ?3)").unwrap();
        let mut work =
            connection.prepare("INSERT INTO work (item, sync, urgency, fence) VALUES (?1, ?2, 1, 3)").unwrap();
        let mut replica = connection
            .prepare("INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .unwrap();
        let mut intent = connection
            .prepare(
                "INSERT INTO intents (id, item, side, state, searches, opened_ms, settled_ms, intent)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)",
            )
            .unwrap();
        for number in first..first + more {
            let id = another(number, lie, &moments);
            let new = id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            let mut state = template.state.replace(&old, &new);
            for (_, _, _, key) in &template.replicas {
                let (project, _) = key.split_once('-').unwrap();
                state = state.replace(&format!("\"{key}\""), &format!("\"{project}-{}\"", 1_000_000 + number));
            }
            item.execute(params![id, template.sync, state]).unwrap();
            work.execute(params![id, template.sync]).unwrap();
            for (side, instance, _, key) in &template.replicas {
                let (project, _) = key.split_once('-').unwrap();
                let (issue, key) = (10_000_000 + number, format!("{project}-{}", 1_000_000 + number));
                replica.execute(params![id, side, template.sync, instance, issue as i64, key]).unwrap();
            }
            for (at, (side, moved, opened, settled, text)) in (1_u64..).zip(&template.intents) {
                let own = another(number + at * 1_000_000_000, lie, &moments);
                intent.execute(params![own, id, side, moved, opened, settled, text]).unwrap();
            }
        }
    }
    connection.execute_batch("COMMIT").unwrap();
}

/// When each of the items that people work on was made, in milliseconds since 1970.
fn moments(connection: &Connection) -> Vec<u64> {
    let mut select = connection.prepare("SELECT DISTINCT item FROM replicas WHERE issue < 1000000").unwrap();
    let rows = select.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let moments: Vec<u64> = rows.map(|id| moment(&id.unwrap())).collect();
    assert!(!moments.is_empty(), "nobody works on anything");
    moments
}

/// When an item with this id was made (`clock::Entropy::next_id`).
fn moment(id: &[u8]) -> u64 {
    id[..6].iter().fold(0, |moment, byte| moment << 8 | u64::from(*byte))
}

/// An id as the daemon makes them. It lies among those of these moments, or is minutes to years older.
fn another(number: u64, lie: Lie, moments: &[u64]) -> Vec<u8> {
    let moment = match lie {
        Lie::Spread => moments[(number % moments.len() as u64) as usize],
        Lie::Newest => moments.iter().min().unwrap() - (number % 100_000_000) * 60_000,
    };
    [&moment.to_be_bytes()[2..], &scattered(number)[..10]].concat()
}

/// Random bytes that are the same each time: no two neighbours lie side by side.
fn scattered(number: u64) -> Vec<u8> {
    let mixed = |seed: u64| {
        let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    [mixed(number).to_be_bytes(), mixed(number ^ 0x5555_5555_5555).to_be_bytes()].concat()
}
