//! What `jirasyncd plan` costs beside how many items the state holds: the real binary, two simulated Jiras on sockets, and a state of which
//! all but a few items are rows that nobody asks about. Must never measure a plan of fewer changes than it says.
//! `benches/previewing.rs` runs the same with 100,000 items and holds it to its limit.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::cli_world::{Place, World};
use super::scale::{Lie, fill};

/// As the kernel counts processor time for `/proc`: a hundredth of a second on Linux, whatever the machine.
const TICKS: u64 = 100;

/// What a plan cost.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) items: u64,
    pub(crate) changed: u64,
    pub(crate) state_mib: u64,
    /// Processor time of the command, where no other child of this process ended meanwhile.
    pub(crate) cpu: Duration,
    pub(crate) took: Duration,
    /// Requests to home and to the partner.
    pub(crate) calls: [u64; 2],
}

/// Has so many issues in step, changes each of them at home, fills the state up to `items`, and plans.
pub(crate) async fn measure(items: u64, changed: u64) -> Planned {
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nmost-creations = 1000000");
    let jane = world.acme.person("jane").unwrap();
    let create = |number: u64| {
        let (summary, priority) = (format!("Item {number}"), json!({ "name": "Highest" }));
        let fields = json!({ "summary": summary, "description": "Text", "priority": priority });
        jane.create("SUP", "Bug", fields).unwrap()
    };
    let keys: Vec<String> = (0..changed).map(create).collect();
    let (_, first) = ended(&place, &["run", "--once"]).await;
    assert!(first.status.success(), "{first:?}");
    assert_eq!(world.globex.issues().len() as u64, changed);
    fill(&place.file("state.db"), 1, items - changed, Lie::Newest);
    for key in &keys {
        jane.edit(key, json!({ "summary": format!("{key} again") })).unwrap();
    }
    world.acme.reset_calls();
    world.globex.reset_calls();
    let (before, began) = (of_children(), Instant::now());
    let (took, planned) = ended(&place, &["plan", "--json"]).await;
    let cpu = of_children() - before;
    assert!(began.elapsed() >= took && planned.status.success(), "{planned:?}");
    let answer: serde_json::Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(answer["totals"]["items"], changed, "{}", answer["totals"]);
    assert_eq!(answer["totals"]["changes"], changed, "{}", answer["totals"]);
    let state = rusqlite::Connection::open(place.file("state.db")).unwrap();
    let held: i64 = state.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!(held as u64, items);
    let state_mib = std::fs::metadata(place.file("state.db")).unwrap().len() / 1_048_576;
    let calls = [&world.acme, &world.globex].map(jirasyncd::simulator::Jira::total_calls);
    Planned { items, changed, state_mib, cpu, took, calls }
}

/// Runs a command to its end, however long that takes.
async fn ended(place: &Place, words: &[&str]) -> (Duration, std::process::Output) {
    let mut command = place.command(words);
    let began = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    (began.elapsed(), output)
}

/// The processor time of all children of this process that ended.
fn of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The second word may hold spaces; it ends with the last bracket. `cutime` and `cstime` are the 16th and 17th (proc(5)).
    let (_, words) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = words.split_whitespace().skip(13).take(2).map(|word| word.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// Nothing is asked of a Jira for an item at rest.
#[cfg(test)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_asks_the_same_however_many_items_there_are() {
    let [few, many] = [measure(40, 30).await, measure(2_000, 30).await];
    for Planned { items, changed, state_mib, cpu, took, calls } in [&few, &many] {
        println!("{changed} of {items} items, {state_mib} MiB: {cpu:?} of the processor, {took:?}, calls {calls:?}");
    }
    assert_eq!(few.calls, many.calls);
    assert!(many.calls.iter().sum::<u64>() > 0, "nothing was asked");
}
