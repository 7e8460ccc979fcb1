//! One simulated Jira: its front door. Requests come in, are recognised, limited, made to fail where a switch says so,
//! answered, and observed. Must never hold its lock while it waits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use super::auth::{self, Identity};
use super::content::Content;
use super::faults::{self, Fault, FaultRule};
use super::limits::{Limits, Meter};
use super::observe::{Count, Exchange, Observer};
use super::outcome::{Break, Outcome, fault_headers, json_body, outcome, upload};
use super::reply::{Answer, Refusal};
use super::rest::{self, Call, Found, Received, Route};
use super::setup::{Kind, Setup};
use super::state::{BadPage, State};
use super::values::Version;
use super::{build, oauth, seed, time};
use crate::clock::{Clock, Entropy};

/// A connection that broke instead of answering.
#[derive(Debug, Clone)]
pub enum Broken {
    /// No byte of an answer came.
    Reset,
    /// The head of the answer came, and this much of its body; `content-length` is that of the whole.
    Truncated(Box<Response<Bytes>>),
}

type Hook = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// Everything behind the lock.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) state: State,
    pub(super) observer: Observer,
    faults: Vec<FaultRule>,
    limits: Limits,
    meter: Meter,
    late: Vec<(Timestamp, Route, Call)>,
    /// Requests so far.
    served: u64,
}

/// A simulated Jira. Clones share it.
#[derive(Clone)]
pub struct Jira {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    inside: Arc<Mutex<Inside>>,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl std::fmt::Debug for Jira {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jira").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What is known of a request before it is answered.
struct Seen {
    exchange: Exchange,
    headers: Vec<(&'static str, String)>,
    fault: Option<Fault>,
}

impl Jira {
    /// Starts a Jira from its description. Ids are counted, times come from `clock` (moved by the setup's skew), faults by
    /// probability from `entropy`.
    #[must_use]
    pub fn new(setup: &Setup, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let now = server_time(clock.now(), setup.clock_skew);
        let mut state = build::state(setup, now);
        for recorded in &setup.recorded {
            seed::plant(&mut state, recorded);
        }
        let inside = Inside {
            state,
            observer: Observer::default(),
            faults: Vec::new(),
            limits: setup.limits.clone(),
            meter: Meter::default(),
            late: Vec::new(),
            served: 0,
        };
        Self { clock, entropy, inside: Arc::new(Mutex::new(inside)), hook: Arc::default() }
    }

    /// Its dice.
    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.entropy
    }

    /// The state, with its clock set and late writes applied.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inside> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let now = server_time(self.clock.now(), inside.state.skew);
        inside.settle(now);
        inside
    }

    /// Answers one request in process.
    ///
    /// # Errors
    /// [`Broken`] where a fault breaks the connection.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let answer = self.answer(request.map(Received::Whole)).await?;
        Ok(answer.map(|content| content.first(content.len())))
    }

    /// The same for the HTTP server, where a large file need not be in memory.
    pub(super) async fn answer(&self, request: Request<Received>) -> Result<Response<Content>, Broken> {
        let (parts, body) = request.into_parts();
        if let Some(answer) = oauth::answer(&mut self.lock().state, &parts, &body) {
            return answer;
        }
        let prepared = self.lock().prepare(&parts, &body, &*self.entropy);
        let (mut seen, ready) = prepared;
        if let Some(Fault::Slow(delay)) = seen.fault {
            tokio::time::sleep(delay).await;
        }
        let outcome = match ready {
            Ok((route, call)) => self.lock().act(&seen, route, call),
            Err(refusal) => Outcome::json(refusal.status, &refusal.body()),
        };
        self.finish(&mut seen, outcome)
    }

    fn finish(&self, seen: &mut Seen, outcome: Outcome) -> Result<Response<Content>, Broken> {
        let mut headers = HeaderMap::new();
        let mut put = |name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        };
        if outcome.body.len() > 0 || outcome.status == 200 {
            put("content-type", &outcome.content_type);
        }
        put("date", &seen.exchange.at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        if let Some(location) = &outcome.location {
            put("location", location);
        }
        for (name, value) in &seen.headers {
            put(name, value);
        }
        if outcome.broken == Some(Break::Truncate) {
            put("content-length", &outcome.body.len().to_string());
        }
        let exchange = &mut seen.exchange;
        exchange.status = outcome.status;
        exchange.fault = seen.fault.as_ref().map(Fault::name);
        exchange.response_headers = headers.clone();
        exchange.response_bytes = usize::try_from(outcome.body.len()).unwrap_or(usize::MAX);
        exchange.response_body = outcome.body.in_memory().cloned().unwrap_or_default();
        self.lock().observer.see(exchange);
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(hook) = hook {
            hook(exchange);
        }
        let half = outcome.body.len() / 2;
        let mut response = Response::new(outcome.body);
        *response.status_mut() = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        match outcome.broken {
            None => Ok(response),
            Some(Break::Reset) => Err(Broken::Reset),
            Some(Break::Truncate) => Err(Broken::Truncated(Box::new(response.map(|whole| whole.first(half))))),
        }
    }
}

/// The controls that tests, the demo and chaos use.
impl Jira {
    /// Which Jira this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.lock().state.kind
    }

    /// Scheme, host, port and context path.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.lock().state.base.clone()
    }

    /// Changes the base URL, once the port is known.
    pub fn set_base_url(&self, base_url: &str) {
        base_url.trim_end_matches('/').clone_into(&mut self.lock().state.base);
    }

    /// The server's clock now.
    #[must_use]
    pub fn server_time(&self) -> Timestamp {
        self.lock().state.now
    }

    /// Cloud: search sees versions only after this long, from now on.
    pub fn set_index_lag(&self, lag: Duration) {
        self.lock().state.quirks.index_lag = lag;
    }

    /// Changes the rate limits while it runs.
    pub fn set_limits(&self, limits: Limits) {
        let mut inside = self.lock();
        inside.limits = limits;
        inside.meter = Meter::default();
    }

    /// SHA-256 of a file; `None` where there is no such file, or the disk does not give it.
    #[must_use]
    pub fn file_hash(&self, attachment: u64) -> Option<Vec<u8>> {
        let content = {
            let inside = self.lock();
            let issue = inside.state.issues.get(inside.state.attachments.get(&attachment)?)?;
            issue.attachments.iter().find(|file| file.id == attachment)?.content.clone()
        };
        content.hash().ok()
    }

    /// Adds a fault switch.
    pub fn add_fault(&self, rule: FaultRule) {
        self.lock().faults.push(rule);
    }

    /// Takes all fault switches away. Writes already on their way still land late.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// The exchanges since the last reset, oldest first (the last 100,000).
    #[must_use]
    pub fn calls(&self) -> Vec<Exchange> {
        self.lock().observer.calls.iter().cloned().collect()
    }

    /// Sums per operation since the last reset.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, Count> {
        self.lock().observer.counts.clone()
    }

    /// How often this operation was called since the last reset.
    #[must_use]
    pub fn count(&self, operation: &str) -> u64 {
        self.lock().observer.counts.get(operation).map_or(0, |count| count.calls)
    }

    /// All calls since the last reset.
    #[must_use]
    pub fn total_calls(&self) -> u64 {
        self.lock().observer.counts.values().map(|count| count.calls).sum()
    }

    /// Forgets calls and counts.
    pub fn reset_calls(&self) {
        let mut inside = self.lock();
        inside.observer.calls.clear();
        inside.observer.counts.clear();
    }

    /// Whether [`Jira::calls`] keeps headers and bodies.
    pub fn record_bodies(&self, on: bool) {
        self.lock().observer.bodies = on;
    }

    /// Calls this with every exchange, bodies included, after it is answered and before the client has it. A panic in it
    /// goes to whoever sent the request.
    pub fn on_exchange(&self, hook: impl Fn(&Exchange) + Send + Sync + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(hook));
    }
}

fn server_time(now: Timestamp, skew: jiff::SignedDuration) -> Timestamp {
    time::to_millis(now.checked_add(skew).unwrap_or(now))
}

impl Inside {
    /// Sets the server's clock and applies what was to land late by now.
    fn settle(&mut self, now: Timestamp) {
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.late).into_iter().partition(|(at, ..)| *at <= now);
        self.late = later;
        due.sort_by_key(|(at, ..)| *at);
        for (at, route, call) in due {
            // It landed then, though nobody asked for anything since.
            self.state.now = self.state.now.max(at);
            drop(self.run(route, &call));
        }
        self.state.now = self.state.now.max(now);
    }

    /// Recognises a request: operation, user, body, fault, limits.
    fn prepare(
        &mut self,
        parts: &http::request::Parts,
        body: &Received,
        entropy: &dyn Entropy,
    ) -> (Seen, Result<(Route, Call), Refusal>) {
        let (path, version, found) = self.locate(parts);
        let (request_body, request_bytes) = match body {
            Received::Whole(body) => (body.clone(), body.len()),
            Received::Files(_, length) => (Bytes::new(), usize::try_from(*length).unwrap_or(usize::MAX)),
        };
        let mut request_headers = parts.headers.clone();
        request_headers.remove(http::header::AUTHORIZATION);
        let exchange = Exchange {
            operation: "unknown",
            parameters: Vec::new(),
            method: parts.method.to_string(),
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            user: None,
            status: 0,
            request_headers,
            response_headers: HeaderMap::new(),
            request_body,
            response_body: Bytes::new(),
            request_bytes,
            response_bytes: 0,
            at: self.state.now,
            fault: None,
        };
        self.served += 1;
        let headers = vec![self.request_name()];
        let mut seen = Seen { exchange, headers, fault: None };
        let ready = self.recognise(&mut seen, parts, body, version, found, entropy);
        (seen, ready)
    }

    /// What it calls this request in its logs: Cloud's trace, Data Center's minute of the day, number and concurrency.
    fn request_name(&self) -> (&'static str, String) {
        if self.state.is_cloud() {
            return ("Atl-Traceid", format!("{:032x}", self.served));
        }
        ("X-AREQUESTID", format!("{}x{}x1", self.state.now.as_second().rem_euclid(86_400) / 60, self.served))
    }

    fn locate(&self, parts: &http::request::Parts) -> (String, Version, Found) {
        let context = url::Url::parse(&self.state.base)
            .map(|url| url.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        let path = parts.uri.path();
        let path = oauth::behind_the_gateway(&self.state, path).unwrap_or(path);
        let path = path.strip_prefix(context.as_str()).unwrap_or(path).to_owned();
        let rest = path.strip_prefix("/rest/api/").and_then(|rest| rest.split_once('/'));
        let version = match rest.map(|(version, _)| version) {
            Some("3") if self.state.is_cloud() => Some(Version::V3),
            Some("2" | "latest") => Some(Version::V2),
            _ => None,
        };
        let found = match (version, rest) {
            (Some(_), Some((_, below))) => rest::find(self.state.kind, parts.method.as_str(), below),
            _ => rest::find_outside(self.state.kind, parts.method.as_str(), &path),
        };
        (path, version.unwrap_or(Version::V2), found)
    }

    fn recognise(
        &mut self,
        seen: &mut Seen,
        parts: &http::request::Parts,
        body: &Received,
        version: Version,
        found: Found,
        entropy: &dyn Entropy,
    ) -> Result<(Route, Call), Refusal> {
        let gateway = oauth::behind_the_gateway(&self.state, parts.uri.path()).is_some();
        let mut identity = auth::identify(&self.state, &parts.headers, gateway);
        let (route, parameters) = match found {
            Found::Route(route, parameters) => (route, parameters),
            Found::OtherMethod => return Err(Refusal::message(405, "Method Not Allowed")),
            Found::Nothing => return Err(Refusal::message(404, "null for uri")),
        };
        seen.exchange.operation = route.name;
        seen.exchange.parameters.clone_from(&parameters);
        seen.fault = faults::choose(&mut self.faults, route.name, parts.method.as_str(), entropy);
        if seen.fault == Some(Fault::Anonymous) {
            identity = Identity::Rejected;
        }
        seen.headers.extend(fault_headers(seen.fault.as_ref(), self.state.now));
        if gateway && identity == Identity::Rejected {
            return Err(oauth::unauthorized());
        }
        let user = self.admit(seen, &route, &identity)?;
        seen.exchange.user.clone_from(&user);
        self.limit(seen, &route, user.as_deref(), parts.method.as_str(), &parameters)?;
        let upload = (route.name == "addAttachment").then(|| upload(parts, body));
        let body = if upload.is_some() { Value::Null } else { json_body(parts, body)? };
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let query = query.map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        Ok((route, Call { user, version, parameters, query, body, upload, page_cap: self.state.quirks.list_page_cap }))
    }

    /// Who this is done as; 401 where nobody may.
    fn admit(&self, seen: &mut Seen, route: &Route, identity: &Identity) -> Result<Option<String>, Refusal> {
        let cloud = self.state.is_cloud();
        let denied =
            || Refusal::message(401, "You are not authenticated. Authentication required to perform this operation.");
        match identity {
            Identity::User(id) => {
                let shown = self.state.users.get(id).map_or_else(|| id.clone(), |user| user.name.clone());
                seen.headers.push(if cloud {
                    ("X-AAccountId", id.clone())
                } else {
                    ("X-AUSERNAME", super::render::encode(&shown))
                });
                Ok(Some(id.clone()))
            }
            Identity::Rejected => {
                seen.headers.push(("X-Seraph-LoginReason", "AUTHENTICATED_FAILED".into()));
                if !cloud {
                    seen.headers.push(("X-AUSERNAME", "anonymous".into()));
                }
                // Cloud answers anonymously reachable endpoints as to anonymous callers [jjs]; so does the fault.
                if route.open && (cloud || seen.fault == Some(Fault::Anonymous)) { Ok(None) } else { Err(denied()) }
            }
            Identity::Anonymous => {
                if !cloud {
                    seen.headers.push(("X-AUSERNAME", "anonymous".into()));
                }
                if route.open { Ok(None) } else { Err(denied()) }
            }
        }
    }

    fn limit(
        &mut self,
        seen: &mut Seen,
        route: &Route,
        user: Option<&str>,
        method: &str,
        parameters: &[String],
    ) -> Result<(), Refusal> {
        let issue = parameters.first().filter(|_| seen.exchange.path.contains("/issue/"));
        let issue = issue.and_then(|reference| self.state.issue(reference)).map(|issue| issue.id.to_string());
        let now = self.state.now;
        let verdict =
            self.meter.take(&self.limits, now, user.unwrap_or("anonymous"), method, route.name, issue.as_deref());
        seen.headers.extend(verdict.headers);
        if verdict.refused {
            return Err(Refusal::message(429, "Rate limit exceeded."));
        }
        Ok(())
    }

    /// Does what was asked, or what the fault says instead.
    fn act(&mut self, seen: &Seen, route: Route, call: Call) -> Outcome {
        let Some(fault) = &seen.fault else { return outcome(self.run(route, &call)) };
        match fault {
            Fault::Slow(_) | Fault::Anonymous => outcome(self.run(route, &call)),
            Fault::Status(status) => Outcome::json(*status, &Refusal::message(*status, "Simulated refusal.").body()),
            Fault::StatusAfter(status) => {
                drop(self.run(route, &call));
                Outcome::json(*status, &Refusal::message(*status, "Simulated failure.").body())
            }
            Fault::RateLimited { .. } => Outcome::json(429, &Refusal::message(429, "Rate limit exceeded.").body()),
            Fault::Unavailable { status, .. } => Outcome {
                status: *status,
                content_type: "text/html;charset=UTF-8".to_owned(),
                location: None,
                body: Bytes::from_static(b"<html><head><title>Unavailable</title></head><body></body></html>").into(),
                broken: None,
            },
            Fault::ResetBefore => Outcome::reset(),
            Fault::ResetAfter => {
                drop(self.run(route, &call));
                Outcome::reset()
            }
            Fault::LateWrite(delay) => {
                let at = time::after(self.state.now, *delay);
                self.late.push((at, route, call));
                Outcome::reset()
            }
            Fault::Truncated => Outcome { broken: Some(Break::Truncate), ..outcome(self.run(route, &call)) },
            Fault::LoginPage => Outcome {
                status: 200,
                content_type: "text/html;charset=UTF-8".to_owned(),
                location: None,
                body: Bytes::from_static(
                    b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form></form></body></html>",
                )
                .into(),
                broken: None,
            },
            Fault::EmptyPage => outcome(self.run_badly(BadPage::Empty, route, &call)),
            Fault::LostToken => outcome(self.run_badly(BadPage::Lost, route, &call)),
            Fault::CircularPage => outcome(self.run_badly(BadPage::Circle, route, &call)),
            Fault::IndexLag(lag) => {
                self.state.extra_lag = *lag;
                let answer = self.run(route, &call);
                self.state.extra_lag = Duration::ZERO;
                outcome(answer)
            }
        }
    }

    fn run_badly(&mut self, page: BadPage, route: Route, call: &Call) -> Answer {
        self.state.bad_page = Some(page);
        let answer = self.run(route, call);
        self.state.bad_page = None;
        answer
    }

    fn run(&mut self, route: Route, call: &Call) -> Answer {
        self.state.actor.clone_from(&call.user);
        (route.run)(&mut self.state, call)
    }
}
