//! The webhook receiver: a port of its own, one secret path per instance. What arrives is checked from the cheapest question to the
//! dearest, and stored before it is answered. It must never believe a body, never echo one, and never tell a stranger whether a path
//! exists.

mod path;
mod probe;
mod rate;
mod signature;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::bound;
use crate::clock::Clock;
use crate::model::hooks::HookSettings;
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;

pub use path::{HookPath, PROBE_EVENT, proof_of};
pub use probe::probe;

/// The largest body, in bytes. What is larger is found by polls.
const LARGEST_BODY: usize = 1 << 20;
/// How long a body may take to arrive. Jira gives up after 20 s.
const BODY_TIME: Duration = Duration::from_secs(5);
/// Bodies that are read at once.
const BODIES_AT_ONCE: usize = 16;

/// Cloud gives each webhook a name, the same each time that it is sent.
const IDENTIFIER: &str = "x-atlassian-webhook-identifier";

/// What became of a body that may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It was stored, or there was nothing to store.
    Taken,
    /// It is no webhook's.
    Unreadable,
    /// It could not be stored now.
    NoRoom,
}

/// Why a request was refused at an instance's own path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// It came from an address that it may not come from.
    Address,
    /// Its signature is missing or wrong.
    Signature,
    /// Too many came at once.
    Rate,
    /// It was too large, too slow, or broke off.
    Body,
}

/// Who takes what was received.
#[async_trait]
pub trait HookSink: Send + Sync + 'static {
    /// Takes a body of an instance, and what that calls the webhook. Durable when it returns.
    async fn hear(&self, instance: &InstanceId, body: &[u8], hook: Option<&str>) -> Heard;

    /// Takes note of a refusal.
    fn refused(&self, instance: &InstanceId, why: Refused);
}

/// One instance's door.
struct Door {
    path: HookPath,
    instance: InstanceId,
    settings: HookSettings,
    rate: rate::Bucket,
}

/// The receiver. Clones share it.
#[derive(Clone)]
pub struct HookReceiver {
    doors: Arc<Vec<Door>>,
    sink: Arc<dyn HookSink>,
    clock: Arc<dyn Clock>,
    bodies: Arc<Semaphore>,
}

impl std::fmt::Debug for HookReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookReceiver").field("doors", &self.doors.len()).finish_non_exhaustive()
    }
}

/// An answer: a status and, for a probe, its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAnswer {
    /// The status.
    pub status: u16,
    /// The body; empty but for a probe.
    pub body: String,
}

impl From<StatusCode> for HookAnswer {
    fn from(status: StatusCode) -> Self {
        Self { status: status.as_u16(), body: String::new() }
    }
}

impl IntoResponse for HookAnswer {
    fn into_response(self) -> Response {
        (StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), self.body).into_response()
    }
}

impl HookReceiver {
    /// A receiver with a door for each of these instances.
    #[must_use]
    pub fn new(
        doors: BTreeMap<InstanceId, (HookPath, HookSettings)>,
        sink: Arc<dyn HookSink>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let door = |(instance, (path, settings))| Door { path, instance, settings, rate: rate::Bucket::default() };
        let doors = Arc::new(doors.into_iter().map(door).collect());
        Self { doors, sink, clock, bodies: Arc::new(Semaphore::new(BODIES_AT_ONCE)) }
    }

    /// Answers until `cancel`. Connections are bounded in number and in time.
    ///
    /// # Errors
    /// The system closed the port.
    pub async fn serve(self, listener: TcpListener, cancel: CancellationToken) -> io::Result<()> {
        let app = Router::new().fallback(answer).with_state(self);
        let app = app.into_make_service_with_connect_info::<bound::Peer>();
        let stop = {
            let cancel = cancel.clone();
            async move { cancel.cancelled().await }
        };
        let served = axum::serve(bound::Bounded::over(listener), app).with_graceful_shutdown(stop);
        tokio::select! {
            ended = served.into_future() => ended,
            () = async { cancel.cancelled().await; tokio::time::sleep(BODY_TIME).await } => Ok(()),
        }
    }

    /// Answers one request whose body is at hand: the same questions in the same order as over the network.
    pub async fn handle(&self, peer: IpAddr, request: http::Request<Bytes>) -> HookAnswer {
        let (parts, body) = request.into_parts();
        match self.knock(peer, &parts) {
            Ok(door) if body.len() > LARGEST_BODY => self.refuse(door, Refused::Body, StatusCode::PAYLOAD_TOO_LARGE),
            Ok(door) => self.take(door, &parts.headers, &body).await,
            Err(answer) => answer,
        }
    }

    /// What can be said before the body is read.
    fn knock(&self, peer: IpAddr, parts: &Parts) -> Result<&Door, HookAnswer> {
        let door = self.doors.iter().fold(None, |found, door| {
            // All are compared: the time tells nothing of the paths.
            if door.path.is_end_of(parts.uri.path()) { Some(door) } else { found }
        });
        let door = door.ok_or(StatusCode::NOT_FOUND)?;
        if !door.settings.from.is_empty() && !door.settings.from.iter().any(|network| network.holds(peer)) {
            return Err(self.refuse(door, Refused::Address, StatusCode::NOT_FOUND));
        }
        if parts.method != Method::POST {
            return Err(StatusCode::METHOD_NOT_ALLOWED.into());
        }
        if !door.rate.takes_one(self.clock.monotonic()) {
            return Err(self.refuse(door, Refused::Rate, StatusCode::TOO_MANY_REQUESTS));
        }
        Ok(door)
    }

    async fn take(&self, door: &Door, headers: &HeaderMap, body: &[u8]) -> HookAnswer {
        let secrets: &[Secret] = &door.settings.secrets;
        if !secrets.is_empty() && !signature::is_signed(headers, body, secrets) {
            return self.refuse(door, Refused::Signature, StatusCode::UNAUTHORIZED);
        }
        if let Some(proof) = path::answer_probe(&door.path, body) {
            return HookAnswer { status: 200, body: proof };
        }
        let hook = headers.get(IDENTIFIER).and_then(|name| name.to_str().ok());
        match self.sink.hear(&door.instance, body, hook).await {
            Heard::Taken => StatusCode::NO_CONTENT.into(),
            Heard::Unreadable => StatusCode::BAD_REQUEST.into(),
            Heard::NoRoom => StatusCode::SERVICE_UNAVAILABLE.into(),
        }
    }

    fn refuse(&self, door: &Door, why: Refused, status: StatusCode) -> HookAnswer {
        self.sink.refused(&door.instance, why);
        status.into()
    }

    async fn receive(&self, peer: SocketAddr, request: Request) -> HookAnswer {
        let (parts, body) = request.into_parts();
        let door = match self.knock(peer.ip(), &parts) {
            Ok(door) => door,
            Err(answer) => return answer,
        };
        let declared =
            parts.headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if declared.is_some_and(|length: u64| length > LARGEST_BODY as u64) {
            return self.refuse(door, Refused::Body, StatusCode::PAYLOAD_TOO_LARGE);
        }
        // Who cannot be heard now is told to come again: Jira does, and polls look in any case.
        let Ok(_permit) = self.bodies.try_acquire() else {
            return self.refuse(door, Refused::Rate, StatusCode::SERVICE_UNAVAILABLE);
        };
        match tokio::time::timeout(BODY_TIME, whole(body)).await {
            Ok(Some(body)) => self.take(door, &parts.headers, &body).await,
            Ok(None) => self.refuse(door, Refused::Body, StatusCode::PAYLOAD_TOO_LARGE),
            Err(_) => self.refuse(door, Refused::Body, StatusCode::REQUEST_TIMEOUT),
        }
    }
}

async fn whole(body: Body) -> Option<Bytes> {
    to_bytes(body, LARGEST_BODY).await.ok()
}

async fn answer(
    State(receiver): State<HookReceiver>,
    ConnectInfo(bound::Peer(peer)): ConnectInfo<bound::Peer>,
    request: Request,
) -> Response {
    let mut response = receiver.receive(peer, request).await.into_response();
    // One request each: a connection that waits for another takes up a place.
    response.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    response
}
