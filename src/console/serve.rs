//! What is answered at the doors. It must never answer a page that somebody's browser was lured to: on the port the `Host`
//! must be an address or the loopback's name, which no foreign DNS can point at us.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::IncomingStream;
use axum::{Json, Router};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use super::bound::Bounded;
use super::metrics::{CONTENT_TYPE, metrics_page};
use super::{Listeners, Request, StatusSource, operator};

/// How long answers that are under way may take once the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// How long the figures may take to be had.
const FIGURES: Duration = Duration::from_secs(10);

type Source = Arc<dyn StatusSource>;

/// Answers at both doors until `cancel`, then lets answers that are under way end, and removes the socket's file.
///
/// # Errors
/// The system closed a door.
pub async fn serve(listeners: Listeners, source: Arc<dyn StatusSource>, cancel: CancellationToken) -> io::Result<()> {
    let Listeners { tcp, unix, file: _file, .. } = listeners;
    let stop = || {
        let cancel = cancel.clone();
        async move { cancel.cancelled().await }
    };
    let port = axum::serve(Bounded::over(tcp), on_the_port(Arc::clone(&source))).with_graceful_shutdown(stop());
    let named = on_the_socket(source).into_make_service_with_connect_info::<Peer>();
    let socket = axum::serve(unix, named).with_graceful_shutdown(stop());
    let both = async { tokio::try_join!(port.into_future(), socket.into_future()).map(|((), ())| ()) };
    let too_late = async {
        cancel.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        ended = both => ended,
        () = too_late => Ok(()),
    }
}

fn on_the_port(source: Source) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .route("/status", get(refuse_status))
        .with_state(source)
        .layer(from_fn(check_host))
        .layer(from_fn(close))
        .layer(from_fn(harden))
}

fn on_the_socket(source: Source) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/status", get(status))
        .route("/command", post(command))
        .with_state(source)
        .layer(from_fn(harden))
}

/// Who is at the other end of the socket, as the kernel says; `None` where it does not.
#[derive(Debug, Clone, Copy)]
struct Peer(Option<u32>);

impl Connected<IncomingStream<'_, UnixListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, UnixListener>) -> Self {
        Self(stream.io().peer_cred().ok().map(|peer| peer.uid()))
    }
}

async fn command(
    State(source): State<Source>,
    ConnectInfo(Peer(uid)): ConnectInfo<Peer>,
    Json(request): Json<Request>,
) -> Response {
    if request.state != source.state() {
        return (StatusCode::MISDIRECTED_REQUEST, "this daemon works on another state\n").into_response();
    }
    let Some(uid) = uid else {
        return (StatusCode::FORBIDDEN, "the system does not say who asks\n").into_response();
    };
    // It is carried out to its end, also where nobody waits for the answer any more.
    let carried = tokio::spawn(async move { source.command(operator(uid), request.command).await });
    match carried.await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(why)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the command was not carried out to its end\n").into_response(),
    }
}

async fn health(State(source): State<Source>) -> Response {
    well_or_not(source.health())
}

async fn readiness(State(source): State<Source>) -> Response {
    well_or_not(source.readiness())
}

fn well_or_not(said: Result<(), String>) -> Response {
    match said {
        Ok(()) => (StatusCode::OK, "ok\n").into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn metrics(State(source): State<Source>) -> Response {
    let measures = match tokio::time::timeout(FIGURES, source.measures()).await {
        Ok(Ok(measures)) => measures,
        Ok(Err(why)) => return (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
        Err(_) => return (StatusCode::SERVICE_UNAVAILABLE, "the state does not answer in time\n").into_response(),
    };
    match metrics_page(&measures) {
        Ok(page) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn status(State(source): State<Source>) -> Response {
    match source.status().await {
        Ok(status) => Json(status).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response(),
    }
}

fn refuse_status() -> impl Future<Output = (StatusCode, &'static str)> + Send {
    std::future::ready((StatusCode::FORBIDDEN, "the status is told over the control socket only\n"))
}

async fn check_host(request: HttpRequest, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(names_us) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "ask by IP address, or as `localhost`\n").into_response()
    }
}

/// Whether a `Host` header is an address or the loopback's name, with a port or without.
fn names_us(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or((rest, "none")),
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(|digits| digits.parse::<u16>().is_ok());
    (port.is_empty() || is_port(port)) && (name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok())
}

/// One request each: a connection that waits for another takes up a place. What is sent with a request is not read.
async fn close(request: HttpRequest, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn harden(request: HttpRequest, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_dns_could_point_at_us_is_not_ours() {
        for ours in ["127.0.0.1", "127.0.0.1:8470", "localhost", "LOCALHOST:1", "[::1]", "[::1]:8470", "10.0.0.7:80"] {
            assert!(names_us(ours), "{ours}");
        }
        for foreign in ["", ":80", "evil.example", "evil.example:8470", "localhost.evil.example", "127.0.0.1.nip.io"] {
            assert!(!names_us(foreign), "{foreign}");
        }
        for broken in ["127.0.0.1:", "127.0.0.1:x", "[::1", "[::1]x", "127.0.0.1:99999"] {
            assert!(!names_us(broken), "{broken}");
        }
    }
}
