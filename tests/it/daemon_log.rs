//! What a daemon writes to its log when much goes wrong at once: one line for what many issues have, not one for each. Must never count what
//! people are told otherwise: `problems` lists every issue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::telemetry::{LogFormat, LogSettings, subscriber};
use serde_json::json;
use tracing::subscriber::DefaultGuard;

use super::bent::{Bent, each_issue};
use super::daemon_restored::{ACME, Side, back_up, create, put_back};
use super::daemon_support::{World, in_bulk, two, two_clouds};
use super::everything_audit::Log;

/// So many lines may be written about whatever many issues have.
const FEW: usize = 20;
/// So many have it.
const MANY: usize = 100;

/// The log of a daemon as it is written by default, until the guard is dropped.
fn logged() -> (Log, DefaultGuard) {
    let settings = LogSettings { directives: "warn".to_owned(), format: LogFormat::Text, colour: false };
    let log = Log::default();
    let guard = tracing::subscriber::set_default(subscriber(&settings, log.clone()).unwrap());
    (log, guard)
}

/// Each kind of counterpart: Data Center, Cloud.
fn worlds() -> [(String, &'static str); 2] {
    [(in_bulk(&two()), "globex"), (in_bulk(&two_clouds()), "initech")]
}

fn create_many(world: &World, side: Side) {
    for number in 0..MANY {
        create(world, side, &format!("Item {number} of many"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_forgot_many_items_writes_few_lines() {
    for (config, to) in worlds() {
        let mut world = World::new(&config, |_| {}).await;
        world.unwatched();
        world.settle().await;
        let kept = back_up(&mut world).await;
        create_many(&world, ACME);
        world.rest().await.unwrap();
        assert_eq!(world.issues(to, "of many").len(), MANY, "{to}");
        put_back(&mut world, &kept);
        let (log, guard) = logged();
        world.start().await;
        world.rest().await.unwrap();
        drop(guard);
        assert_eq!(world.issues(to, "of many").len(), MANY, "{to}: found again");
        let text = log.text();
        let words = ["an item that the state forgot was found again by its mark", "an item is joined anew"];
        assert!(words.iter().any(|words| text.contains(words)), "{to}: nothing of that was told: {text}");
        assert!(text.lines().count() < FEW, "{to}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_rows_that_nobody_can_read_write_few_lines_over_many_polls() {
    for (config, to) in worlds() {
        let mut world = World::without_daemon(&config);
        world.unwatched();
        let bad = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&bad);
        world.bend(move |inner| {
            let held = Arc::clone(&held);
            Arc::new(Bent::new(inner).back(move |place, _, said| {
                if held.load(Ordering::SeqCst) && place.contains("acme.example") {
                    each_issue(said, |issue| issue["fields"]["issuetype"] = json!(["no", "such", "shape"]));
                }
            })) as Arc<dyn Transport>
        });
        world.start().await;
        world.settle().await;
        bad.store(true, Ordering::SeqCst);
        let (log, guard) = logged();
        create_many(&world, ACME);
        world.intervals(8).await;
        drop(guard);
        let text = log.text();
        assert!(text.contains("a row of an answer cannot be read"), "{to}: nothing of that was told: {text}");
        assert!(text.lines().count() < FEW, "{to}: {text}");
        bad.store(false, Ordering::SeqCst);
        world.intervals(30).await;
        world.rest().await.unwrap();
        assert_eq!(world.issues(to, "of many").len(), MANY, "{to}");
    }
}
