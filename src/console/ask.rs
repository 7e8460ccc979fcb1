//! How a command knocks: the status over the control socket, health over the port. It must never start a daemon, and never
//! take silence for an answer.

use std::error::Error as StdError;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;

use super::{Request, Status};
use crate::model::command::Answer;

/// How long a daemon has for its whole answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same for a command that asks Jiras, and waits for items that are worked on.
const LONG_PATIENCE: Duration = Duration::from_secs(180);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens there.
    #[error("no daemon listens on {path:?}")]
    NoDaemon {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is there, for others.
    #[error("the control socket {path:?} may not be used by this user")]
    Denied {
        /// The socket.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The daemon was reached and gave no proper answer.
    #[error("the daemon on {place} did not answer properly: {why}")]
    NoAnswer {
        /// Where.
        place: String,
        /// What went wrong.
        why: String,
    },
}

/// What a daemon says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It does its work.
    Well,
    /// It does not, and says why; or cannot be reached.
    Ill(String),
}

/// Asks the daemon behind a control socket how it is.
///
/// # Errors
/// See [`AskError`].
pub async fn ask_status(socket: &Path) -> Result<Status, AskError> {
    knock(socket).await?;
    let failed = |why: String| AskError::NoAnswer { place: socket.display().to_string(), why };
    let client = client().unix_socket(socket).build().map_err(|error| failed(words(&error)))?;
    let answer = client.get("http://localhost/status").send().await.map_err(|error| failed(words(&error)))?;
    let code = answer.status();
    if !code.is_success() {
        let text = answer.text().await.unwrap_or_default();
        return Err(failed(format!("status {}: {}", code.as_u16(), text.trim())));
    }
    answer.json().await.map_err(|error| failed(words(&error)))
}

/// Has the daemon behind a control socket carry a command out. `None`: it is the daemon of another state.
///
/// # Errors
/// See [`AskError`]. After [`AskError::NoAnswer`] nobody knows whether it was carried out.
pub async fn ask_command(socket: &Path, request: &Request) -> Result<Option<Answer>, AskError> {
    knock(socket).await?;
    let failed = |why: String| AskError::NoAnswer { place: socket.display().to_string(), why };
    let client = client().timeout(LONG_PATIENCE).unix_socket(socket).build().map_err(|error| failed(words(&error)))?;
    let asked = client.post("http://localhost/command").json(request).send().await;
    let answer = asked.map_err(|error| failed(words(&error)))?;
    let code = answer.status();
    if code.as_u16() == 421 {
        return Ok(None);
    }
    if !code.is_success() {
        let text = answer.text().await.unwrap_or_default();
        return Err(failed(format!("status {}: {}", code.as_u16(), text.trim())));
    }
    answer.json().await.map(Some).map_err(|error| failed(words(&error)))
}

/// Whether somebody listens. The HTTP client does not tell an absent socket from a forbidden one.
async fn knock(socket: &Path) -> Result<(), AskError> {
    let path = || socket.to_owned();
    match tokio::time::timeout(PATIENCE, UnixStream::connect(socket)).await {
        Ok(Err(source)) if source.kind() == io::ErrorKind::PermissionDenied => {
            Err(AskError::Denied { path: path(), source })
        }
        Ok(Err(_)) => Err(AskError::NoDaemon { path: path() }),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

/// Asks the daemon behind a port whether it is well. An address that means "all of this machine" is asked on the loopback.
pub async fn ask_health(address: SocketAddr) -> Health {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    let place = SocketAddr::new(ip, address.port());
    let asked = async {
        let answer = client().build()?.get(format!("http://{place}/healthz")).send().await?;
        let code = answer.status();
        Ok::<_, reqwest::Error>((code, answer.text().await?))
    };
    match asked.await {
        Ok((code, _)) if code == 200 => Health::Well,
        Ok((code, text)) if code == 503 => Health::Ill(text.trim().to_owned()),
        Ok((code, _)) => Health::Ill(format!("{place} answers with status {}: no jirasyncd?", code.as_u16())),
        Err(error) => Health::Ill(format!("{place} does not answer: {}", words(&error))),
    }
}

/// Nothing leaves the machine: no proxy, no redirect, and no certificates, which a bare container may not have.
fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only(std::iter::empty())
}

/// The last cause, which says most.
fn words(error: &reqwest::Error) -> String {
    let mut last: &dyn StdError = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
