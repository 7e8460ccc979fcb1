//! More changes within a few minutes than a search shows, while people go on: polls bring each of them, before any full check. Must never
//! let the world go quiet before it looks.

use serde_json::json;

use super::daemon_support::{World, in_bulk, two};

/// How long an index may lag and how far polls look back, as they are by default: the one is longer than the other.
fn by_default() -> String {
    in_bulk(&two()).replace("\nsettle = \"60s\"\n", "\n")
}

/// Issues that are in step, and more than twice as many as one search goes through.
const CROWD: usize = 250;
const WINDOW: u64 = 100;

#[tokio::test(start_paused = true)]
async fn a_crowd_beyond_the_window_arrives_while_people_go_on() {
    // A start knows nothing of what was seen.
    for restart in [None, Some(10)] {
        crowd(restart).await;
    }
}

async fn crowd(restart: Option<usize>) {
    let mut world = World::new(&by_default(), |_| {}).await;
    let jdoe = world.person("globex", "jdoe");
    let make = |summary: String| jdoe.create("ENG", "Defect", json!({ "summary": summary })).unwrap();
    let crowd: Vec<String> = (0..CROWD).map(|number| make(format!("Crowd-{number:03} before"))).collect();
    let beside: Vec<String> = (0..100).map(|number| make(format!("Beside-{number:03} before"))).collect();
    world.settle().await;
    world.pass(3_600).await;
    world.settle().await;
    assert_eq!(world.issues("acme", "Crowd-").len(), CROWD);
    world.jira("globex").set_quirks(|quirks| (quirks.search_page_cap, quirks.search_window) = (20, WINDOW));
    for (number, key) in crowd.iter().enumerate() {
        jdoe.edit(key, json!({ "summary": format!("Crowd-{number:03} after") })).unwrap();
    }
    // Forty minutes, with an edit between two polls all the time.
    for (number, key) in beside.iter().take(80).enumerate() {
        world.interval().await;
        if restart == Some(number) {
            world.start().await;
        }
        jdoe.edit(key, json!({ "summary": format!("Beside-{number:03} after") })).unwrap();
    }
    world.interval().await;
    let arrived = world.issues("acme", " after").len();
    assert_eq!(arrived, CROWD + 80, "restart: {restart:?}, {:?}", world.problems().await);
}

/// All of it is fresher than an index may lag, so no time divides it.
#[tokio::test(start_paused = true)]
async fn a_crowd_beyond_the_window_does_not_wait_until_it_is_old() {
    let world = World::new(&by_default(), |_| {}).await;
    let jdoe = world.person("globex", "jdoe");
    let crowd: Vec<String> = (0..CROWD)
        .map(|number| jdoe.create("ENG", "Defect", json!({ "summary": format!("Crowd-{number:03} before") })).unwrap())
        .collect();
    world.settle().await;
    world.pass(3_600).await;
    world.settle().await;
    world.jira("globex").set_quirks(|quirks| (quirks.search_page_cap, quirks.search_window) = (20, WINDOW));
    for (number, key) in crowd.iter().enumerate() {
        jdoe.edit(key, json!({ "summary": format!("Crowd-{number:03} after") })).unwrap();
    }
    let made = jdoe.create("ENG", "Defect", json!({ "summary": "Late after" })).unwrap();
    world.intervals(2).await;
    assert_eq!(world.issues("acme", " after").len(), CROWD + 1, "{made}: {:?}", world.problems().await);
    assert_eq!(world.problems().await, Vec::<String>::new());
}
