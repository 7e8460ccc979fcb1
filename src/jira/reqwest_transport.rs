//! [`Transport`] over reqwest and rustls. Must never retry by itself, follow a redirect, or trust a certificate that neither
//! the system nor the configured authority vouches for.

use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use jiff::Timestamp;

use super::reqwest_setup::{Setup, TransportSetupError};
use super::transport::{BODY_CAP, Pieces, Transport, TransportError, Trouble, gathered};
use crate::model::settings::{InstanceSettings, NetworkSettings};

/// Bytes per second below which an upload is given up.
const SLOWEST: u64 = 64 * 1024;

/// What rustls' own words hold when it, and not the connection, failed. Its errors cannot be told apart by type here.
const TLS_WORDS: [&str; 5] = ["certificate", "tls", "handshake", "corrupt message", "alert"];

/// The network as it is.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    /// For files: only a silence ends what takes long.
    files: reqwest::Client,
    timeout: Duration,
}

impl std::fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client would show its proxy's login.
        f.debug_struct("ReqwestTransport").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ReqwestTransport {
    /// The transport of an instance.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(settings: &InstanceSettings) -> Result<Self, TransportSetupError> {
        Self::over(settings.timeout, &settings.network)
    }

    /// A transport with this time-out for the silence between two parts of an answer; a whole exchange takes at most four
    /// times as long. `ca_file`: PEM certificates on top of the system's; if the system has none, these alone.
    ///
    /// # Errors
    /// The certificate file is unusable, or there are no certificates at all.
    pub fn new(timeout: Duration, ca_file: Option<&Path>) -> Result<Self, TransportSetupError> {
        let network = NetworkSettings { ca_file: ca_file.map(Path::to_path_buf), ..NetworkSettings::default() };
        Self::over(timeout, &network)
    }

    /// The same with all that the network may ask for.
    ///
    /// # Errors
    /// As [`Self::new`]; or the client certificate or the proxy cannot be used.
    pub fn over(timeout: Duration, network: &NetworkSettings) -> Result<Self, TransportSetupError> {
        let setup = Setup::of(network)?;
        let client = setup
            .built(timeout, |builder| builder.read_timeout(timeout).timeout(timeout.saturating_mul(4)).gzip(true))?;
        // A file that is packed itself must not be unpacked on the way.
        let files = setup.built(timeout, |builder| builder.gzip(false))?;
        Ok(Self { client, files, timeout })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError { trouble: Trouble::NotConnected, detail: chain(&error.without_url()) })?;
        let mut response = self.client.execute(request).await.map_err(before_the_answer)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = BytesMut::new();
        while let Some(part) = response.chunk().await.map_err(within_the_answer)? {
            if body.len() + part.len() > BODY_CAP {
                return Err(TransportError { trouble: Trouble::TooLarge, detail: String::new() });
            }
            body.extend_from_slice(&part);
        }
        let mut answer = http::Response::new(body.freeze());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    async fn upload(&self, request: http::Request<()>, body: Pieces) -> Result<http::Response<Bytes>, TransportError> {
        let length =
            request.headers().get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let longest = self.longest(length.unwrap_or(0));
        let request = request.map(|()| reqwest::Body::wrap_stream(body));
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError { trouble: Trouble::NotConnected, detail: chain(&error.without_url()) })?;
        let answered = tokio::time::timeout(longest, self.files.execute(request)).await.map_err(|_| too_late())?;
        let response = answered.map_err(before_the_answer)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let pieces = response.bytes_stream().map(|piece| piece.map_err(within_the_answer)).boxed();
        let pieces = in_time(pieces, self.timeout);
        let mut answer = http::Response::new(gathered(pieces).await?);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    async fn download(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, TransportError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError { trouble: Trouble::NotConnected, detail: chain(&error.without_url()) })?;
        let answered = tokio::time::timeout(self.timeout, self.files.execute(request)).await.map_err(|_| too_late())?;
        let response = answered.map_err(before_the_answer)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let pieces =
            in_time(response.bytes_stream().map(|piece| piece.map_err(within_the_answer)).boxed(), self.timeout);
        let mut answer = http::Response::new(pieces);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl ReqwestTransport {
    /// The longest that a body of so many bytes may take: as an exchange, and at least 64 KiB a second.
    fn longest(&self, length: u64) -> Duration {
        self.timeout.saturating_mul(4).saturating_add(Duration::from_secs(length / SLOWEST))
    }
}

fn too_late() -> TransportError {
    TransportError { trouble: Trouble::Timeout, detail: String::new() }
}

/// The pieces, none of which may take longer than this.
fn in_time(pieces: Pieces, timeout: Duration) -> Pieces {
    let next = move |state: Option<Pieces>| async move {
        let mut pieces = state?;
        match tokio::time::timeout(timeout, pieces.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => Some((Err(too_late()), None)),
        }
    };
    futures_util::stream::unfold(Some(pieces), next).boxed()
}

fn before_the_answer(error: reqwest::Error) -> TransportError {
    let trouble = if error.is_connect() || error.is_builder() {
        connect_trouble(&error, &chain(&error))
    } else if error.is_timeout() {
        Trouble::Timeout
    } else {
        Trouble::Reset
    };
    TransportError { trouble, detail: chain(&error.without_url()) }
}

fn within_the_answer(error: reqwest::Error) -> TransportError {
    let trouble = if error.is_timeout() { Trouble::Timeout } else { Trouble::CutBody };
    TransportError { trouble, detail: chain(&error.without_url()) }
}

fn connect_trouble(error: &reqwest::Error, words: &str) -> Trouble {
    let lower = words.to_ascii_lowercase();
    if error.is_timeout() {
        Trouble::ConnectTimeout
    } else if error.is_dns() || lower.contains("dns error") {
        Trouble::Dns
    } else if io_kind(error) == Some(std::io::ErrorKind::ConnectionRefused) {
        Trouble::Refused
    } else if TLS_WORDS.iter().any(|word| lower.contains(word)) {
        Trouble::Tls
    } else {
        Trouble::NotConnected
    }
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<std::io::ErrorKind> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(error) = next {
        found = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(found);
        next = error.source();
    }
    found
}

/// All words of an error and its causes, without repetitions.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut words: Vec<String> = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !words.iter().any(|known| known.contains(&more)) {
            words.push(more);
        }
        next = error.source();
    }
    with_dates(&words.join(": "))
}

/// The same words, with dates where the TLS library counts seconds since 1970.
fn with_dates(words: &str) -> String {
    let mut said = words.to_owned();
    for before in ["verification time ", "not valid after ", "not valid before "] {
        let Some(start) = said.find(before).map(|at| at + before.len()) else { continue };
        let rest = said.get(start..).unwrap_or_default();
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let number = rest.get(..digits).and_then(|number| number.parse().ok());
        let Some(at) = number.and_then(|seconds| Timestamp::from_second(seconds).ok()) else { continue };
        let unit = " (UNIX)";
        let behind = if rest.get(digits..).is_some_and(|rest| rest.starts_with(unit)) { unit.len() } else { 0 };
        said.replace_range(start..start + digits + behind, &at.to_string());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates_and_nothing_else_changes() {
        let said = "invalid peer certificate: certificate expired: verification time 1764320000 (UNIX), but certificate is not valid after \
                    1577836800 (186483200 seconds ago)";
        assert_eq!(
            with_dates(said),
            "invalid peer certificate: certificate expired: verification time 2025-11-28T08:53:20Z, but certificate is not valid after \
             2020-01-01T00:00:00Z (186483200 seconds ago)"
        );
        for other in ["invalid peer certificate: UnknownIssuer", "verification time unknown", "not valid after ", ""] {
            assert_eq!(with_dates(other), other);
        }
    }
}
