//! What a daemon with many items takes while nothing happens: memory, and time until it is ready. The real binary on a real
//! state. Must never measure a state that is smaller than it says. `benches/footprint.rs` runs the same with 100,000 items.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jirasyncd::clock::{Clock as _, SystemClock, SystemEntropy};
use jirasyncd::model::hub::{ItemState, Replica};
use jirasyncd::model::ids::{EntryId, IssueId, IssueKey, ItemId};
use jirasyncd::model::occasion::Occasion;
use jirasyncd::model::store::{Cursor, Newcomer, Store as _, Urgency};
use jirasyncd::model::value::Value;
use jirasyncd::store::{Dependencies, Spawn, SqliteStore};
use tokio::time::Instant;

use super::cli_world::World;
use super::process_support::Running;

/// What the daemon may take with 100,000 items, without its program's file. It has 10 MiB.
const MOST_OWN_KIB: u64 = 24 * 1024;
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(1);
/// Items begun at once: the store makes few transactions of them.
const AT_ONCE: u64 = 2_000;

/// What was measured.
#[derive(Debug)]
pub(crate) struct Footprint {
    pub(crate) items: u64,
    pub(crate) state_mib: u64,
    pub(crate) filled: Duration,
    /// The best of three starts: what else the machine does is not ours.
    pub(crate) ready: Duration,
    pub(crate) resident_kib: u64,
    /// That without the pages of the program's file.
    pub(crate) own_kib: u64,
    pub(crate) peak_kib: u64,
}

fn replica(number: u64, key: String) -> Replica {
    let mut replica = Replica {
        entry: EntryId(number),
        observed: true,
        ..Replica::unread(IssueId(number), IssueKey::new(key), jiff::Timestamp::UNIX_EPOCH)
    };
    for field in ["summary", "description", "status", "priority", "labels"] {
        let base = replica.bases.entry(field.into()).or_default();
        base.value = Some(Value::Line(format!("{field} of {number}: {}", "words and words ".repeat(8))));
    }
    replica
}

fn item(number: u64) -> ItemState {
    let mut item = ItemState::new(ItemId(u128::from(number)), "support".into());
    item.replicas.insert("acme".into(), replica(number, format!("SUP-{number}")));
    item.replicas.insert("globex".into(), replica(number + 1_000_000, format!("ENG-{number}")));
    item
}

/// Makes a state with that many items on both sides, all of them at rest.
async fn fill(path: &Path, items: u64) {
    let sides = [("acme", "acme"), ("globex", "globex")];
    let dependencies = Dependencies {
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
        instances: sides.map(|(side, instance)| (("support".into(), side.into()), instance.into())).into(),
        spawn: Spawn::Thread,
    };
    let store = SqliteStore::open(path, dependencies).unwrap();
    let (now, acme) = (SystemClock::new().now(), "acme".into());
    let never = now.saturating_add(jiff::SignedDuration::from_hours(24 * 365)).unwrap();
    for first in (1..=items).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let batch: Vec<ItemState> = (first..(first + AT_ONCE).min(items + 1)).map(item).collect();
        let begun = batch.iter().map(|item| {
            let issue = item.replicas[&"acme".into()].issue;
            let (sync, side) = (item.sync.clone(), "acme".into());
            let (instance, occasion) = ("acme".into(), Occasion::Poll("acme".into()));
            let newcomer = Newcomer { sync, side, instance, issue, first_seen: now, urgency: Urgency::Live, occasion };
            let (store, acme) = (&store, &acme);
            async move { store.begin_item(item, acme, &newcomer, Urgency::Sweep, never).await.unwrap() }
        });
        assert!(futures_util::future::join_all(begun).await.into_iter().all(|begun| begun));
    }
    for instance in ["acme", "globex"] {
        store.queue_hints(&instance.into(), &[], &[], Some(Cursor { updated: now }), now).await.unwrap();
    }
    assert_eq!(store.figures(now).await.unwrap().items, items);
    let both = store.items_by_key(&IssueKey::new(format!("ENG-{items}"))).await.unwrap();
    assert_eq!(both, [ItemId(u128::from(items))], "the items have no second side");
}

/// Fills a state, and starts the daemon of this build on it three times.
pub(crate) async fn measure(items: u64, idle: Duration) -> Footprint {
    let world = World::new().await;
    let place = world.place_with("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"2s\"");
    let began = Instant::now();
    fill(&place.file("state.db"), items).await;
    let filled = began.elapsed();
    let mut ready = Duration::MAX;
    for number in 0..2 {
        let running = Running::start(&place, number);
        ready = ready.min(running.ready().await);
        running.terminate(Duration::from_secs(10)).await;
    }
    let running = Running::start(&place, 2);
    ready = ready.min(running.ready().await);
    world.acme.reset_calls();
    tokio::time::sleep(idle).await;
    let (resident_kib, peak_kib) = (running.memory_kib("VmRSS"), running.memory_kib("VmHWM"));
    let own_kib = running.memory_kib("RssAnon");
    let polls = world.acme.total_calls();
    assert!(polls > 0 && u128::from(polls) <= idle.as_millis() / 2_000 + 2, "{polls} requests while idle");
    running.terminate(Duration::from_secs(10)).await;
    let state_mib = std::fs::metadata(place.file("state.db")).unwrap().len() / 1_048_576;
    Footprint { items, state_mib, filled, ready, resident_kib, own_kib, peak_kib }
}

#[cfg(test)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_daemon_is_small_and_soon_ready() {
    let long = std::env::var_os("JIRASYNCD_LONG").is_some();
    let (items, idle) = if long { (100_000, 15) } else { (20_000, 5) };
    let found = measure(items, Duration::from_secs(idle)).await;
    let Footprint { items, state_mib, filled, ready, resident_kib, own_kib, peak_kib } = &found;
    println!(
        "{items} items, {state_mib} MiB filled in {filled:?}: ready in {ready:?}, resident {resident_kib} KiB \
         ({own_kib} KiB without the program's file) after {idle} s idle, {peak_kib} KiB at most"
    );
    assert!(found.resident_kib > 1_000, "nothing was measured: {found:?}");
    // Without optimisation most of what is resident is the program's own file, which says nothing of the daemon: the bench holds all of
    // it to the limit, in the release build.
    assert!(found.own_kib < MOST_OWN_KIB, "{found:?}");
    assert!(found.ready < READY_WITHIN, "{found:?}");
}
