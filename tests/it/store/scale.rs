//! Large states: how long a start takes and what it holds in memory is printed, not asserted; that the queue uses its index
//! is asserted beside the SQL. Many callers at once all get their answers.

use std::sync::Arc;

use jirasyncd::model::store::{Store, Urgency};
use jirasyncd::model::value::Value;
use jirasyncd::store::{Spawn, SqliteStore};

use super::support::{World, at, dependencies, id, item, newcomer};

/// An item about as large as one with a description and some fields.
fn large_item(number: u64) -> jirasyncd::model::hub::ItemState {
    let mut item = item(number);
    let replica = item.replicas.get_mut(&"a".into()).unwrap();
    for field in ["summary", "description", "status", "priority", "labels"] {
        let base = replica.bases.entry(field.into()).or_default();
        base.value = Some(Value::Line(format!("{field} of {number}: {}", "words and words ".repeat(15))));
    }
    item
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_large_state_opens_and_works() {
    // 100,000 when asked for by name; fewer in every run, so that the way there stays tested.
    let count: u64 = std::env::var("STORE_SCALE").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000);
    let mut world = World::on_file(Spawn::Thread);
    let began = world.clock_of_the_machine();
    let acme = "acme".into();
    for first in (1..=count).step_by(500) {
        let items: Vec<_> = (first..(first + 500).min(count + 1)).map(large_item).collect();
        let store = &world.store;
        futures_util::future::join_all(items.iter().map(|item| {
            let newcomer = newcomer("one", u64::try_from(item.id.0).unwrap(), 0);
            let acme = &acme;
            async move { store.begin_item(item, acme, &newcomer, Urgency::Backfill, at(0)).await.unwrap() }
        }))
        .await;
    }
    let filled = began.elapsed();
    let path = world.path();
    world.store = SqliteStore::in_memory(dependencies(Spawn::Inline, &world.clock)).unwrap();
    let before = resident_kib();
    let began = world.clock_of_the_machine();
    world.store = SqliteStore::open(&path, dependencies(Spawn::Thread, &world.clock)).unwrap();
    world.store.free_all().await.unwrap();
    let opened = began.elapsed();
    let figures = world.store.figures(at(0)).await.unwrap();
    assert_eq!((figures.items, figures.due), (count, count));
    let began = world.clock_of_the_machine();
    let claims = world.store.claim("me", at(0), 100, Urgency::Sweep).await.unwrap();
    let claimed = began.elapsed();
    assert_eq!(claims.len(), 100);
    let began = world.clock_of_the_machine();
    for claim in &claims {
        world.store.release(claim.item.id, claim.fence, None, 0).await.unwrap();
    }
    let released = began.elapsed();
    let resident = resident_kib();
    let began = world.clock_of_the_machine();
    assert_eq!(world.store.check().await, Vec::<String>::new());
    let checked = began.elapsed();
    println!(
        "{count} items, {} MiB: filled in {filled:?}, open in {opened:?}, 100 claimed in {claimed:?}, 100 released one by \
         one in {released:?}, resident {before} KiB before the start, {resident} KiB after it, {} KiB after reading \
         everything in {checked:?}",
        std::fs::metadata(&path).unwrap().len() / 1_048_576,
        resident_kib(),
    );
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "measures this machine, decides nothing")]
    fn clock_of_the_machine(&self) -> std::time::Instant {
        std::time::Instant::now()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once_are_all_answered() {
    let world = World::on_file(Spawn::Thread);
    let store = Arc::new(world.store);
    let tasks: Vec<_> = (1..=300_u64)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let acme = "acme".into();
                let begin =
                    async |item, newcomer| store.begin_item(&item, &acme, &newcomer, Urgency::Live, at(0)).await;
                // Every third one fails, among neighbours that must not notice.
                if number % 3 == 0 {
                    let mut wrong = item(number);
                    wrong.replicas.insert("nowhere".into(), super::support::replica(1, "X-1"));
                    assert!(begin(wrong, newcomer("one", number, 0)).await.is_err());
                    assert!(store.item(id(number)).await.unwrap().is_none());
                } else {
                    assert!(begin(item(number), newcomer("one", number, 0)).await.unwrap());
                    // A caller that has its answer reads what it wrote, on whichever connection.
                    assert_eq!(store.item(id(number)).await.unwrap(), Some(item(number)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.figures(at(0)).await.unwrap().items, 200);
}
