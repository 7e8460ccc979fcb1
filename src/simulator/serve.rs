//! The simulated Jira over real HTTP, on loopback or wherever the listener listens. A reset really closes the connection
//! without a byte. Must never answer by itself: [`Jira::handle`] does.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::content::{Content, KEPT_IN_MEMORY};
use super::jira::{Broken, Jira};
use super::rest::{Received, files_of};

/// The largest request body that is read into memory: more than any documented limit but that of files.
const LARGEST: usize = 64 << 20;

/// Serves `jira` on `listener` until `cancel`, then lets running requests end.
///
/// # Errors
/// What the listener says.
pub async fn serve(jira: Jira, listener: TcpListener, cancel: CancellationToken) -> io::Result<()> {
    // What its webhooks tell goes out as long as it is served.
    let hooks = super::hooks::post_all(jira.clone(), cancel.clone());
    let app = router(jira).into_make_service_with_connect_info::<Cut>();
    let served =
        axum::serve(CuttableListener(listener), app).with_graceful_shutdown(async move { cancel.cancelled().await });
    let (served, ()) = tokio::join!(served.into_future(), hooks);
    served
}

fn router(jira: Jira) -> Router {
    Router::new().fallback(answer).with_state(jira)
}

async fn answer(State(jira): State<Jira>, ConnectInfo(cut): ConnectInfo<Cut>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(body) = received(&parts.headers, body).await else {
        cut.0.store(true, Ordering::Release);
        return Response::new(Body::empty());
    };
    match jira.answer(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(sent),
        Err(Broken::Reset) => {
            cut.0.store(true, Ordering::Release);
            Response::new(Body::empty())
        }
        Err(Broken::Truncated(response)) => (*response).map(|half| Body::from_stream(broken_off(half))),
    }
}

/// A request's body; large uploads are read file by file. `None`: it broke off.
async fn received(headers: &HeaderMap, body: Body) -> Option<Received> {
    let word = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let length: u64 = word(CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
    let boundary = word(CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind).ok());
    let Some(boundary) = boundary.filter(|_| length > KEPT_IN_MEMORY) else {
        return to_bytes(body, LARGEST).await.ok().map(Received::Whole);
    };
    match files_of(body.into_data_stream(), boundary, KEPT_IN_MEMORY).await {
        Ok(files) => Some(Received::Files(Some(files), length)),
        Err(multer::Error::StreamReadFailed(_)) => None,
        Err(_) => Some(Received::Files(None, length)),
    }
}

/// An answer's body.
fn sent(content: Content) -> Body {
    match content.in_memory() {
        Some(bytes) => Body::from(bytes.clone()),
        None => Body::from_stream(content.pieces()),
    }
}

/// Half a body, and when that is on its way the connection breaks.
fn broken_off(half: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let end = async {
        // Without a pause hyper drops the half together with the connection.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "simulated truncation"))
    };
    stream::once(async { Ok(half) }).chain(stream::once(end))
}

/// Says that a connection must break before its next byte.
#[derive(Debug, Clone, Default)]
struct Cut(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

/// Listens, and hands out streams that can be cut.
#[derive(Debug)]
struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (CuttableStream { stream, cut: Cut::default() }, address)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A TCP stream whose writes fail once it is cut; hyper then closes it.
#[derive(Debug)]
struct CuttableStream {
    stream: TcpStream,
    cut: Cut,
}

impl CuttableStream {
    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "simulated reset"));
        }
        Ok(())
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
