//! The observer: every request is counted, and can be kept whole. Must never change an answer.

use std::collections::{BTreeMap, VecDeque};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use super::Jira;

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The operation's name (Atlassian's operationId, the same on both kinds; `unknown` for other paths).
    pub operation: &'static str,
    /// The path's placeholders.
    pub parameters: Vec<String>,
    /// HTTP method.
    pub method: String,
    /// Path below the context path, `/rest/api/3/issue/SUP-1`.
    pub path: String,
    /// Raw query, without the question mark.
    pub query: String,
    /// Id of the user that it was done as.
    pub user: Option<String>,
    /// Status; 0 where the connection was broken without an answer.
    pub status: u16,
    /// Request headers, `authorization` left out.
    pub request_headers: HeaderMap,
    /// Answer headers.
    pub response_headers: HeaderMap,
    /// Request body; empty in [`super::Jira::calls`] unless recording is on.
    pub request_body: Bytes,
    /// Answer body; empty in [`super::Jira::calls`] unless recording is on.
    pub response_body: Bytes,
    /// Bytes of the request body.
    pub request_bytes: usize,
    /// Bytes of the answer body.
    pub response_bytes: usize,
    /// Server time.
    pub at: Timestamp,
    /// The fault that struck, if any.
    pub fault: Option<&'static str>,
}

/// Sums over one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many requests.
    pub calls: u64,
    /// Their body bytes.
    pub request_bytes: u64,
    /// Their answers' body bytes.
    pub response_bytes: u64,
}

/// How many exchanges are kept.
const KEPT: usize = 100_000;

/// What was seen since the last reset, and what was seen at all.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    pub(crate) counts: BTreeMap<String, Count>,
    pub(crate) calls: VecDeque<Exchange>,
    pub(crate) bodies: bool,
    /// By fault and what it struck, an operation or the event of a webhook; no reset touches it, nor the trace.
    struck: BTreeMap<(&'static str, &'static str), u64>,
    trace: [u8; 32],
}

/// Whether a fault of this name could do anything to such a request: what concerns pages, the index or writes passes all others by.
fn concerns(fault: &str, exchange: &Exchange) -> bool {
    match fault {
        "empty-page" | "lost-token" | "circular-page" => exchange.path.ends_with("/search/jql"),
        "index-lag" => {
            exchange.path.contains("/search/") && !exchange.path.contains("/user/")
                || exchange.path.ends_with("/2/search")
        }
        "late-write" => is_write(exchange),
        _ => true,
    }
}

/// Some reads of Cloud are sent as `POST`.
fn is_write(exchange: &Exchange) -> bool {
    let reads = ["search", "countIssues", "bulkFetchIssues"];
    exchange.method != "GET" && !reads.contains(&exchange.operation) && !exchange.operation.starts_with("get")
}

impl Observer {
    /// Counts what befell something that is no request.
    pub(crate) fn strike(&mut self, fault: &'static str, what: &'static str) {
        *self.struck.entry((fault, what)).or_default() += 1;
    }

    /// Counts and keeps one exchange.
    pub(crate) fn see(&mut self, exchange: &Exchange) {
        let count = self.counts.entry(exchange.operation.to_owned()).or_default();
        count.calls += 1;
        count.request_bytes += exchange.request_bytes as u64;
        count.response_bytes += exchange.response_bytes as u64;
        if let Some(fault) = exchange.fault.filter(|fault| concerns(fault, exchange)) {
            self.strike(fault, exchange.operation);
        }
        self.trace(exchange);
        let mut kept = exchange.clone();
        if !self.bodies {
            kept.request_body = Bytes::new();
            kept.response_body = Bytes::new();
            kept.request_headers = HeaderMap::new();
            kept.response_headers = HeaderMap::new();
        }
        if self.calls.len() >= KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(kept);
    }

    fn trace(&mut self, exchange: &Exchange) {
        let mut context = Context::new(&SHA256);
        context.update(&self.trace);
        let (status, at) = (exchange.status.to_be_bytes(), exchange.at.as_millisecond().to_be_bytes());
        let (user, fault) = (exchange.user.as_deref().unwrap_or_default(), exchange.fault.unwrap_or_default());
        let asked = [&exchange.method, &exchange.path, &exchange.query, user, fault].map(str::as_bytes);
        let answered: [&[u8]; 4] = [&status, &at, &exchange.request_body, &exchange.response_body];
        for part in asked.into_iter().chain(answered) {
            // Its length first, so that no two lists of parts look the same.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        self.trace.copy_from_slice(context.finish().as_ref());
    }
}

impl Jira {
    /// How often each fault struck each operation since this Jira was made; and how often webhooks of each event were lost, doubled, delayed,
    /// or overtook one that was sent earlier (`webhook-lost` and so on).
    #[must_use]
    pub fn faults_struck(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        self.lock().observer.struck.clone()
    }

    /// SHA-256 over all that was asked and answered since this Jira was made: two runs of one seed have the same one.
    #[must_use]
    pub fn trace(&self) -> [u8; 32] {
        self.lock().observer.trace
    }
}
