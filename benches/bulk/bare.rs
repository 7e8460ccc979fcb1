//! The bare client: reads all, creates it, adds comments and transitions, reads what it made; nothing is remembered, nothing is
//! compared, and nothing is sent that this does not need. Must never be cleverer than it says: it is what the daemon is measured by.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use jirasyncd::jira::Transport;
use jirasyncd::simulator::presets;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::super::daemon_support::{ACME, INITECH, World};

/// Rows of a page, and issues of one creation.
const PAGE: usize = 100;
const MANY: usize = 50;
/// The id of the transition `Anfangen`, which somebody looked up once.
const BEGIN: &str = "11";

#[derive(Clone)]
struct Client {
    transport: Arc<dyn Transport>,
    places: Arc<Semaphore>,
    pace: Arc<Pace>,
    url: &'static str,
}

/// When the next request to a side may go.
struct Pace {
    next: Mutex<Instant>,
    every: Duration,
}

impl Pace {
    fn of(rate: u32) -> Arc<Self> {
        Arc::new(Self { next: Mutex::new(Instant::now()), every: Duration::from_secs(1) / rate })
    }

    async fn wait(&self) {
        let mut next = self.next.lock().await;
        let at = (*next).max(Instant::now());
        *next = at + self.every;
        drop(next);
        tokio::time::sleep_until(at).await;
    }
}

impl Client {
    fn new(world: &World, side: &str, url: &'static str, places: &Arc<Semaphore>, rate: u32) -> Self {
        let settings = world.config.instances.iter().find(|(id, _)| id.as_str() == side).map(|(_, settings)| settings);
        let transport = (world.surroundings.transports)(settings.expect("the instance")).expect("a transport");
        Self { transport, places: Arc::clone(places), pace: Pace::of(rate), url }
    }

    async fn send(&self, method: http::Method, path: &str, body: &Value) -> Value {
        let _place = self.places.acquire().await.unwrap();
        self.pace.wait().await;
        let host = self.url.trim_start_matches("https://");
        let who = format!("sync@{host}:{}", presets::SYNC_TOKEN);
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/rest/api/3/{path}", self.url))
            .header("authorization", format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(who)))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
            .unwrap();
        let answer = self.transport.send(request).await.unwrap();
        let said = String::from_utf8_lossy(answer.body());
        assert!(answer.status().is_success(), "{path}: {} {said}", answer.status());
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(http::Method::POST, path, body).await
    }
}

/// What an issue is, there and here.
struct Read {
    fields: Value,
}

fn draft(read: &Read) -> Value {
    json!({ "fields": {
        "project": { "key": "OPS" },
        "issuetype": { "name": "Fehler" },
        "summary": read.fields["summary"],
        "description": read.fields["description"],
        "priority": { "name": "Niedrig" },
    }})
}

/// Creates up to fifty, then all that hangs on each. Gives their ids.
async fn create(there: Client, reads: Vec<Read>) -> Vec<Value> {
    let updates: Vec<Value> = reads.iter().map(draft).collect();
    let created = there.post("issue/bulk", &json!({ "issueUpdates": updates })).await;
    let ids: Vec<Value> = created["issues"].as_array().unwrap().iter().map(|issue| issue["id"].clone()).collect();
    assert_eq!(ids.len(), reads.len());
    let hung = ids.iter().zip(&reads).map(|(id, read)| hang_on(&there, id.as_str().unwrap(), read));
    futures_util::future::join_all(hung).await;
    ids
}

async fn hang_on(there: &Client, id: &str, read: &Read) {
    for comment in read.fields["comment"]["comments"].as_array().into_iter().flatten() {
        there.post(&format!("issue/{id}/comment"), &json!({ "body": comment["body"] })).await;
    }
    if read.fields["status"]["name"] == "In Progress" {
        there.post(&format!("issue/{id}/transitions"), &json!({ "transition": { "id": BEGIN } })).await;
    }
}

/// Carries all of it, with so many requests under way at once, and so many a second to each side.
pub(super) async fn carry(world: &World, at_once: usize, rate: u32) {
    let places = Arc::new(Semaphore::new(at_once));
    let here = Client::new(world, super::FROM, ACME, &places, rate);
    let there = Client::new(world, super::TO, INITECH, &places, rate);
    let fields = json!(["summary", "description", "priority", "status", "comment"]);
    let mut creations: FuturesUnordered<BoxFuture<'_, Vec<Value>>> = FuturesUnordered::new();
    let mut readings: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
    let mut made: Vec<Value> = Vec::new();
    let first = json!({ "jql": "project = SUP ORDER BY created", "maxResults": PAGE, "fields": fields });
    let read_back = |ids: Vec<Value>| -> BoxFuture<'_, ()> {
        let (there, fields) = (there.clone(), fields.clone());
        Box::pin(async move {
            there.post("issue/bulkfetch", &json!({ "issueIdsOrKeys": ids, "fields": fields })).await;
        })
    };
    let ask = |body: Value| -> BoxFuture<'_, Value> {
        let here = here.clone();
        Box::pin(async move { here.post("search/jql", &body).await })
    };
    let mut page = Some(ask(first.clone()));
    loop {
        tokio::select! {
            Some(found) = futures_util::future::OptionFuture::from(page.as_mut()), if page.is_some() => {
                page = None;
                let rows = found["issues"].as_array().unwrap().clone();
                if let Some(token) = found["nextPageToken"].as_str() {
                    let mut next = first.clone();
                    next["nextPageToken"] = json!(token);
                    page = Some(ask(next));
                }
                for part in rows.chunks(MANY) {
                    let reads = part.iter().map(|row| Read { fields: row["fields"].clone() }).collect();
                    creations.push(Box::pin(create(there.clone(), reads)));
                }
            }
            Some(ids) = creations.next(), if !creations.is_empty() => {
                made.extend(ids);
                if made.len() >= PAGE {
                    readings.push(read_back(made.drain(..PAGE).collect()));
                }
            }
            Some(()) = readings.next(), if !readings.is_empty() => {}
            else => break,
        }
    }
    if !made.is_empty() {
        read_back(made).await;
    }
}
