//! The real process on a real state over real HTTP, killed again and again while people act: each item has one counterpart,
//! each comment one copy, and in the end everything is equal and quiet. Must never judge by what the daemon says of itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{Exchange, Jira};
use jirasyncd::store::SqliteStore;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::cli_world::{Place, World, configuration};
use super::process_people::{Dice, People};
use super::process_support::Running;

/// How long everything is given to come to rest after the last kill.
const REST: Duration = Duration::from_secs(90);
/// How long nothing may be written then: several polls.
const QUIET: Duration = Duration::from_secs(4);
/// How long an answer to a write is held back: a process that dies meanwhile does not learn that it was done.
const HELD_BACK: Duration = Duration::from_millis(30);

/// Two sides that hold everything, polled every second.
fn fast(world: &World) -> String {
    let text = configuration(&world.acme.base_url(), &world.globex.base_url());
    let instance = "settle = \"2s\"\nrate = 100\n";
    let statuses = r#"status = [ { acme = ["To Do", "Backlog"], globex = "Open" },
           { acme = "In Progress", globex = "Working", path = { globex = ["Open", "Working"] } },
           { acme = "Done", globex = "Closed", path = { globex = ["Working", "Closed"] } } ]"#;
    let priorities = r#"priority = [ { acme = "Highest", globex = "P1" }, { acme = "Medium", globex = "P3" },
             { acme = "Low", globex = "P4" } ]"#;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match line.split(' ').next().unwrap_or_default() {
            "listen" => lines.push(format!("{line}\npoll = \"1s\"")),
            "kind" => lines.push(format!("{line}\n{instance}")),
            "status" => lines.push(statuses.to_owned()),
            "priority" => lines.push(priorities.to_owned()),
            "description" => {
                lines.push(format!("{line}\npriority = \"both\"\nstatus = {{ across = true }}\nlinks = \"both\""));
            }
            "home" => lines.push(format!("{line}\nattachments = \"both\"")),
            _ => lines.push(line.to_owned()),
        }
    }
    lines.push("[sync.support.worklogs]\nunrestricted = \"both\"".to_owned());
    lines.join("\n")
}

fn is_write(exchange: &Exchange) -> bool {
    exchange.method != "GET" && !exchange.path.contains("/search") && !exchange.path.contains("bulkfetch")
}

/// Counts the writes of both Jiras, and tells when the one that was waited for is done and not answered yet.
#[derive(Default)]
struct Writes {
    done: AtomicUsize,
    left: AtomicUsize,
    now: Notify,
}

impl Writes {
    #[expect(clippy::disallowed_methods, reason = "a slow Jira holds a thread of this test, not of the daemon")]
    fn watch(self: &Arc<Self>, jira: &Jira) {
        let writes = Arc::clone(self);
        jira.on_exchange(move |exchange| {
            if is_write(exchange) {
                writes.done.fetch_add(1, Ordering::SeqCst);
                let left = writes.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
                if left == Ok(1) {
                    writes.now.notify_one();
                }
                std::thread::sleep(HELD_BACK);
            }
        });
    }

    /// Until the `n`th write from now is done, or for `most`.
    async fn nth(&self, n: usize, most: Duration) -> bool {
        self.left.store(n, Ordering::SeqCst);
        tokio::time::timeout(most, self.now.notified()).await.is_ok()
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

/// Two Jiras, a place for the daemon, the people, and the count of all writes.
async fn set_up(seed: u64) -> (World, Place, Arc<Mutex<People>>, Arc<Writes>) {
    let world = World::new().await;
    let place = Place::new(&fast(&world));
    let people = Arc::new(Mutex::new(People::new(&world.acme, &world.globex, seed)));
    let writes = Arc::new(Writes::default());
    writes.watch(&world.acme);
    writes.watch(&world.globex);
    (world, place, people, writes)
}

/// Waits until the auditor finds nothing, and sees that nothing is written afterwards.
async fn comes_to_rest(running: &Running, people: &Mutex<People>, writes: &Writes) {
    let began = tokio::time::Instant::now();
    while !people.lock().unwrap().wrong().is_empty() {
        let wrong = || people.lock().unwrap().wrong().join("\n");
        assert!(began.elapsed() < REST, "not at rest after {REST:?}:\n{}\n{}", wrong(), tail(&running.log()));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // What was just written is still looked at.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = writes.done();
    tokio::time::sleep(QUIET).await;
    assert_eq!(writes.done(), before, "written after all was quiet:\n{}", tail(&running.log()));
    let wrong = people.lock().unwrap().wrong();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

async fn stops_cleanly(running: Running) -> Duration {
    let (status, took, log) = running.terminate(Duration::from_secs(10)).await;
    assert_eq!(status.code(), Some(0), "{}", tail(&log));
    assert!(!log.contains("canary"), "a token was logged:\n{log}");
    took
}

/// The state of a dead daemon is whole. A copy is looked at: whoever opens a state last folds its `-wal`, and the next daemon is to find what
/// this one left.
fn is_sound(place: &Place) {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let name = format!("state.db{ending}");
        if place.file(&name).exists() {
            std::fs::copy(place.file(&name), folder.path().join(&name)).unwrap();
        }
    }
    let state = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    let said: String = state.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
}

/// What must be true after each kill: nothing is there twice, the state is whole, and no file of the daemon's holds a token.
fn is_in_order(place: &Place, people: &Mutex<People>, number: usize) {
    let doubled = people.lock().unwrap().doubled();
    assert!(doubled.is_empty(), "after kill {number}:\n{}", doubled.join("\n"));
    // Where it was killed before it made one, there is none.
    if place.file("state.db").exists() {
        is_sound(place);
    }
    place.holds_no_token();
}

/// Each summary and description that people gave is there, was replaced by one of them, or is kept.
async fn nothing_is_lost(place: &Place, people: &Mutex<People>) {
    let store = SqliteStore::read_only(&place.file("state.db")).unwrap();
    let mut told = Vec::new();
    for id in store.item_ids(None, 10_000).await.unwrap() {
        told.extend(store.conflicts(id).await.unwrap());
    }
    let lost = people.lock().unwrap().lost(&told);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

fn long() -> bool {
    std::env::var_os("JIRASYNCD_LONG").is_some()
}

fn seed() -> u64 {
    std::env::var("JIRASYNCD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn row_097_however_often_it_is_killed_everything_arrives_once() {
    let kills = if long() { 100 } else { 10 };
    let (world, place, people, writes) = set_up(seed()).await;
    let dice = Dice::new(seed().wrapping_add(1_000));
    let stop = CancellationToken::new();
    let acting = {
        let (people, stop, pace) = (Arc::clone(&people), stop.clone(), Dice::new(seed().wrapping_add(2_000)));
        tokio::spawn(async move {
            let pause = || Duration::from_millis(u64::try_from(60 + pace.below(180)).unwrap());
            while stop.run_until_cancelled(tokio::time::sleep(pause())).await.is_some() {
                people.lock().unwrap().act();
            }
        })
    };
    let (mut in_a_write, mut second) = (0, false);
    for number in 0..kills {
        let running = Running::start(&place, number);
        let most = Duration::from_millis(u64::try_from(100 + dice.below(3_000)).unwrap());
        if number % 4 == 3 {
            // Wherever it is, its start included.
            tokio::time::sleep(most).await;
        } else {
            running.ready().await;
            in_a_write += usize::from(writes.nth(1 + dice.below(4), most + Duration::from_secs(1)).await);
        }
        if number == 5 {
            let said = place.run(&["run"]).await;
            said.expect(1, &["is in use by process", &running.pid().to_string()]);
            second = true;
        }
        let log = running.log();
        assert!(running.kill(), "it ended by itself:\n{}", tail(&log));
        is_in_order(&place, &people, number);
    }
    // On a machine that does much else, few writes are reached in time.
    assert!(second && in_a_write > kills / 8, "only {in_a_write} kills fell into a write");
    let running = Running::start(&place, kills);
    running.ready().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.cancel();
    acting.await.unwrap();
    comes_to_rest(&running, &people, &writes).await;
    let backup = place.file("backup.db");
    place.run(&["state", "backup", backup.to_str().unwrap()]).await.expect(0, &[]);
    let took = stops_cleanly(running).await;
    is_in_order(&place, &people, kills);
    nothing_is_lost(&place, &people).await;
    // Whoever looks for a token would find one: what stands in the state in plain is found.
    assert!(place.files_with(b"[K-001]").iter().any(|file| file.ends_with("backup.db")), "nothing was looked at");
    let acts = people.lock().unwrap().acts().clone();
    assert_eq!(acts.len(), 12, "not everything was done: {acts:?}");
    println!(
        "seed {}: {kills} kills, {in_a_write} of them between a write and its answer; people did {acts:?}; {} writes; \
         stopped in {took:?}",
        seed(),
        writes.done()
    );
    drop(world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn row_098_told_to_stop_in_the_middle_of_writes_it_ends_in_time() {
    let (world, place, people, writes) = set_up(seed()).await;
    for _ in 0..20 {
        people.lock().unwrap().create();
    }
    let running = Running::start(&place, 0);
    assert!(writes.nth(1, Duration::from_secs(30)).await, "nothing was written:\n{}", running.log());
    stops_cleanly(running).await;
    let running = Running::start(&place, 1);
    comes_to_rest(&running, &people, &writes).await;
    people.lock().unwrap().comment_everywhere();
    assert!(writes.nth(3, Duration::from_secs(30)).await, "nothing was written:\n{}", running.log());
    let took = stops_cleanly(running).await;
    // Nobody is left that could write.
    let before = writes.done();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(writes.done(), before);
    let running = Running::start(&place, 2);
    comes_to_rest(&running, &people, &writes).await;
    stops_cleanly(running).await;
    is_in_order(&place, &people, 0);
    println!("stopped in {took:?} in the middle of writes");
    drop(world);
}
