//! A small HTTP caller for the tests of the simulated Jira: in process, as one user.

use std::sync::Arc;

use base64::Engine;
use bytes::Bytes;
use http::{Request, Response};
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::simulator::{Broken, Jira, Kind, Setup, presets};
use serde_json::Value;

/// Whose requests these are.
pub(crate) struct Client {
    pub(crate) jira: Jira,
    authorization: Option<String>,
    prefix: String,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: http::HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {}", self.body))
    }
}

/// A Jira whose clock starts at a fixed time and follows tokio's.
pub(crate) fn start(setup: &Setup) -> Jira {
    let epoch = "2026-03-02T09:30:15.250Z".parse().unwrap();
    Jira::new(setup, Arc::new(VirtualClock::starting_at(epoch)), Arc::new(SeededEntropy::new(42)))
}

pub(crate) fn acme() -> Client {
    Client::of(&start(&presets::acme("https://acme.example")), "sync")
}

pub(crate) fn globex() -> Client {
    Client::of(&start(&presets::globex("https://jira.globex.example/jira")), "sync")
}

impl Client {
    /// The preset person of that login name.
    pub(crate) fn of(jira: &Jira, name: &str) -> Self {
        let base = jira.base_url();
        let host = base.split("://").nth(1).unwrap().split('/').next().unwrap().trim_start_matches("jira.");
        let (authorization, prefix) = match jira.kind() {
            Kind::Cloud => {
                let pair = format!("{name}@{host}:{name}-token");
                (format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)), "/rest/api/3")
            }
            Kind::DataCenter => (format!("Bearer {name}-token"), "/jira/rest/api/2"),
        };
        Self { jira: jira.clone(), authorization: Some(authorization), prefix: prefix.into() }
    }

    /// The same Jira with other credentials, or none.
    pub(crate) fn with(&self, authorization: Option<&str>) -> Self {
        Self { jira: self.jira.clone(), authorization: authorization.map(str::to_owned), prefix: self.prefix.clone() }
    }

    /// The same user on another API prefix.
    pub(crate) fn at(&self, prefix: &str) -> Self {
        Self { jira: self.jira.clone(), authorization: self.authorization.clone(), prefix: prefix.into() }
    }

    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri(format!("{}/{path}", self.prefix));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        request.body(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))).unwrap()
    }

    pub(crate) async fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer, Broken> {
        self.jira.handle(self.request(method, path, body)).await.map(|response| answer(&response))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.try_send("GET", path, None).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.try_send("POST", path, Some(&body)).await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.try_send("PUT", path, Some(&body)).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.try_send("DELETE", path, None).await.unwrap()
    }
}

fn answer(response: &Response<Bytes>) -> Answer {
    Answer {
        status: response.status().as_u16(),
        body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        headers: response.headers().clone(),
    }
}

/// A document of one paragraph.
pub(crate) fn doc(text: &str) -> Value {
    serde_json::json!({
        "type": "doc", "version": 1,
        "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }],
    })
}
