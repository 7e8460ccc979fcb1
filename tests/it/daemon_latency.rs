//! How long a person's edit takes to the other sides, webhooks on, where every request takes 50 ms: beside what the requests take
//! that nothing can spare, the read right before a write and the write. In simulated time, so exact. Must never leave an edit out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::daemon_support::{World, in_bulk};
use super::daemon_webhooks::{Hooked, config};

/// How long a request takes.
const ANSWER: Duration = Duration::from_millis(50);
/// How long the daemon waits for more of a burst.
const DEBOUNCE: Duration = Duration::from_secs(1);
/// Between two edits: ten a second.
const BETWEEN: Duration = Duration::from_millis(100);
/// The items that are edited in turn.
const ITEMS: usize = 100;

/// When which issue was written to, by host and path.
type Writes = Arc<Mutex<Vec<(String, Instant)>>>;

/// A network in which everything takes its time, and writes of issues are noted when they have arrived.
struct Slow {
    inner: Arc<dyn Transport>,
    writes: Writes,
}

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let place = format!("{}{}", request.uri().host().unwrap_or_default(), request.uri().path());
        let writes = request.method() == http::Method::PUT;
        tokio::time::sleep(ANSWER).await;
        let answer = self.inner.send(request).await;
        if writes {
            self.writes.lock().unwrap().push((place, Instant::now()));
        }
        answer
    }
}

/// What was measured, as ratios to the time of a read and a write.
#[derive(Debug, PartialEq)]
struct Latency {
    arrivals: usize,
    median: f64,
    most_but_one_in_a_hundred: f64,
    most: f64,
}

/// The last part of the paths of an item's issue on each side.
fn paths(world: &World, item: usize) -> BTreeMap<&'static str, (String, String)> {
    ["acme", "globex", "initech"]
        .map(|side| {
            let issue = world.issue(side, &format!("Item {item:03}"));
            (side, (issue.key.clone(), issue.id.to_string()))
        })
        .into()
}

/// Ten edits a second for so many edits, in turn at home and at a partner.
async fn latency(edits: usize) -> Latency {
    let writes: Writes = Arc::default();
    let mut world = World::without_daemon(&in_bulk(&config()));
    let noted = Arc::clone(&writes);
    world.bend(move |inner| Arc::new(Slow { inner, writes: Arc::clone(&noted) }));
    world.start().await;
    let labels = json!(["share-globex", "share-initech"]);
    let hooked = Hooked::of(world, |world| {
        for item in 0..ITEMS {
            let fields = json!({ "summary": format!("Item {item:03}"), "labels": labels });
            world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        }
    })
    .await;
    hooked.live(30, |_| {}).await;
    let paths: Vec<_> = (0..ITEMS).map(|item| paths(&hooked.world, item)).collect();
    writes.lock().unwrap().clear();

    let cancel = CancellationToken::new();
    let mut made: Vec<(usize, &str, Instant)> = Vec::new();
    let people = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        for number in 0..edits {
            let (item, home) = (number % ITEMS, number.is_multiple_of(2));
            let (side, who) = if home { ("acme", "jane") } else { ("globex", "jdoe") };
            let (key, _) = &paths[item][side];
            hooked
                .world
                .person(side, who)
                .edit(key, json!({ "summary": format!("Item {item:03} at {number}") }))
                .unwrap();
            made.push((item, side, Instant::now()));
            hooked.pump().await;
            let until = Instant::now() + BETWEEN;
            while Instant::now() < until {
                hooked.pump().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        for _ in 0..10_000 {
            hooked.pump().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(hooked.daemon.run(cancel.clone()), people);
    ran.unwrap();

    let writes = writes.lock().unwrap().clone();
    let mut waits: Vec<Duration> = Vec::new();
    for (item, from, at) in made {
        let to: &[&str] = if from == "acme" { &["globex", "initech"] } else { &["acme"] };
        for side in to {
            let (key, id) = &paths[item][side];
            let host = hooked.world.jira(side).base_url();
            let arrived = writes.iter().find(|(place, when)| {
                let path = place.rsplit('/').next().unwrap_or_default();
                *when > at && host.contains(place.split('/').next().unwrap_or_default()) && (path == id || path == key)
            });
            let (_, arrived) = arrived.unwrap_or_else(|| panic!("item {item} never reached {side}"));
            waits.push(arrived.duration_since(at).saturating_sub(DEBOUNCE));
        }
    }
    waits.sort();
    let least = (ANSWER * 2).as_secs_f64();
    let at = |share: f64| {
        let index = ((waits.len() as f64 * share).ceil() as usize).clamp(1, waits.len()) - 1;
        (waits[index].as_secs_f64() / least * 1000.0).round() / 1000.0
    };
    Latency { arrivals: waits.len(), median: at(0.5), most_but_one_in_a_hundred: at(0.99), most: at(1.0) }
}

#[tokio::test(start_paused = true)]
async fn an_edit_takes_little_more_than_the_requests_that_it_needs() {
    let taken = latency(300).await;
    println!("{taken:?}");
    // One request more than the two: a webhook is no more than a hint, so the issue that it is about is read.
    assert_eq!(taken, Latency { arrivals: 450, median: 1.5, most_but_one_in_a_hundred: 1.5, most: 1.5 });
}
