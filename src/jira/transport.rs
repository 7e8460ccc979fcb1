//! The seam to the network: one request in, one whole answer out. Must never retry, follow a redirect or send anything to
//! another host than the request names.

use std::fmt;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// The most bytes of one answer's body, unpacked. What is larger is an error, never cut.
pub const BODY_CAP: usize = 64 * 1024 * 1024;

/// A body piece by piece. After an error nothing more comes.
pub type Pieces = BoxStream<'static, Result<Bytes, TransportError>>;

/// Sends one request and brings the whole answer. URIs are absolute.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`.
    ///
    /// # Errors
    /// No whole answer came: [`TransportError::trouble`] says why and whether the request may have arrived.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;

    /// Sends a request whose body comes piece by piece; its `content-length` is set. A piece that is an error breaks the
    /// request off. This gathers the pieces; what carries large files must not.
    ///
    /// # Errors
    /// As [`Transport::send`].
    async fn upload(&self, request: http::Request<()>, body: Pieces) -> Result<http::Response<Bytes>, TransportError> {
        let whole = gathered(body).await?;
        self.send(request.map(|()| whole)).await
    }

    /// Sends a request whose answer's body comes piece by piece. This gathers it first; what carries large files must not.
    ///
    /// # Errors
    /// As [`Transport::send`], but that a body may break off later.
    async fn download(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, TransportError> {
        let answer = self.send(request).await?;
        Ok(answer.map(|body| futures_util::stream::once(async move { Ok(body) }).boxed()))
    }
}

/// All pieces in one, up to [`BODY_CAP`].
pub(super) async fn gathered(mut body: Pieces) -> Result<Bytes, TransportError> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece?;
        if whole.len() + piece.len() > BODY_CAP {
            return Err(TransportError { trouble: Trouble::TooLarge, detail: String::new() });
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// What broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The host's name has no address.
    Dns,
    /// Nobody listens there.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// The server's certificate or the handshake was not acceptable.
    Tls,
    /// No connection for another reason, or a request that cannot be sent at all.
    NotConnected,
    /// The request was sent; no answer in time.
    Timeout,
    /// The connection broke after the request was (or may have been) sent.
    Reset,
    /// The answer's head came, its body only in part or with a broken encoding.
    CutBody,
    /// The body is larger than [`BODY_CAP`].
    TooLarge,
}

impl Trouble {
    /// Whether the request may have reached the server. Only `false` proves that nothing happened.
    #[must_use]
    pub fn may_have_arrived(self) -> bool {
        match self {
            Self::Dns | Self::Refused | Self::ConnectTimeout | Self::Tls | Self::NotConnected => false,
            Self::Timeout | Self::Reset | Self::CutBody | Self::TooLarge => true,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "the host's name cannot be resolved",
            Self::Refused => "the connection was refused",
            Self::ConnectTimeout => "no connection in time",
            Self::Tls => "no secure connection",
            Self::NotConnected => "no connection",
            Self::Timeout => "no answer in time",
            Self::Reset => "the connection broke before the answer",
            Self::CutBody => "the answer broke off",
            Self::TooLarge => "the answer is larger than 64 MiB",
        })
    }
}

/// No whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{trouble}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct TransportError {
    /// What broke.
    pub trouble: Trouble,
    /// The system's own words. Holds no header and no body.
    pub detail: String,
}
