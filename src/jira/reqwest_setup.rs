//! What a reqwest client is made of: authorities, client certificate, proxy. Must never trust what nobody vouches for, nor repeat a
//! key or a password.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::reqwest_transport::chain;
use crate::model::settings::{ClientCertificate, NetworkSettings, ProxySettings};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take. Less than the silence that is allowed, which counts from the request on: else a host that is not
/// reached would look like one that does not answer, and a write that was never sent would be in doubt.
fn to_connect(timeout: Duration) -> Duration {
    CONNECT_TIMEOUT.min((timeout / 4).saturating_mul(3))
}

/// Shorter than the idle time-out of common servers, so that a write seldom meets a connection just being closed.
const POOL_IDLE: Duration = Duration::from_secs(20);

/// A transport could not be made: a matter of the configuration or of the machine.
#[derive(Debug, thiserror::Error)]
pub enum TransportSetupError {
    /// The file of the private certificate authority cannot be read.
    #[error("the certificate file `{path}` cannot be read")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no PEM certificate.
    #[error("the certificate file `{path}` holds no PEM certificate")]
    CaContent {
        /// The file.
        path: PathBuf,
    },
    /// A file of the client certificate cannot be read.
    #[error("the file `{path}` of the client certificate cannot be read")]
    ClientFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate and key do not make a client certificate.
    #[error("`{certificate}` and `{key}` do not hold a PEM certificate and its key")]
    ClientContent {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The proxy's URL is none.
    #[error("the proxy's URL cannot be used")]
    Proxy,
    /// The machine has no certificate authorities at all.
    #[error("this machine has no CA certificates: install the package `ca-certificates`, or name a file by `ca-file`")]
    NoCertificates,
    /// Something else.
    #[error("the HTTP client cannot be set up: {0}")]
    Other(String),
}

/// All that is read once for the clients of one instance.
pub(super) struct Setup {
    authorities: Vec<reqwest::Certificate>,
    identity: Option<reqwest::Identity>,
    proxy: Option<reqwest::Proxy>,
}

impl Setup {
    pub(super) fn of(network: &NetworkSettings) -> Result<Self, TransportSetupError> {
        let authorities = network.ca_file.as_deref().map(read_certificates).transpose()?.unwrap_or_default();
        let identity = network.client_certificate.as_ref().map(identity).transpose()?;
        let proxy = network.proxy.as_ref().map(proxy).transpose()?;
        Ok(Self { authorities, identity, proxy })
    }

    /// A client, with what `more` asks for.
    pub(super) fn built(
        &self,
        timeout: Duration,
        more: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<reqwest::Client, TransportSetupError> {
        let builder = || more(self.builder(timeout));
        let merged = builder().tls_certs_merge(self.authorities.clone()).build();
        let built = match merged {
            // reqwest refuses to build without any system store, even when certificates were given (its issue 2988).
            Err(_) if !self.authorities.is_empty() => builder().tls_certs_only(self.authorities.clone()).build(),
            other => other,
        };
        built.map_err(|error| {
            let words = chain(&error);
            if words.contains("No CA certificates") {
                TransportSetupError::NoCertificates
            } else {
                TransportSetupError::Other(words)
            }
        })
    }

    fn builder(&self, timeout: Duration) -> reqwest::ClientBuilder {
        let mut builder = reqwest::Client::builder()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(to_connect(timeout))
            .pool_idle_timeout(POOL_IDLE)
            .user_agent(concat!("jirasyncd/", env!("CARGO_PKG_VERSION")));
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity.clone());
        }
        if let Some(proxy) = &self.proxy {
            // Beside a proxy of its own the environment's counts no longer.
            builder = builder.proxy(proxy.clone());
        }
        builder
    }
}

fn identity(files: &ClientCertificate) -> Result<reqwest::Identity, TransportSetupError> {
    let read = |path: &Path| {
        let read = std::fs::read(path).map(Zeroizing::new);
        read.map_err(|source| TransportSetupError::ClientFile { path: path.to_path_buf(), source })
    };
    let mut pem = read(&files.certificate)?;
    if files.key != files.certificate {
        pem.push(b'\n');
        pem.extend_from_slice(&read(&files.key)?);
    }
    // The cause is dropped on purpose: nothing of the key may be told.
    reqwest::Identity::from_pem(&pem).map_err(|_| TransportSetupError::ClientContent {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
    })
}

fn proxy(settings: &ProxySettings) -> Result<reqwest::Proxy, TransportSetupError> {
    let mut proxy = reqwest::Proxy::all(&settings.url).map_err(|_| TransportSetupError::Proxy)?;
    if let Some((user, password)) = &settings.login {
        proxy = proxy.basic_auth(user, password.expose());
    }
    if !settings.no_proxy.is_empty() {
        proxy = proxy.no_proxy(reqwest::NoProxy::from_string(&settings.no_proxy.join(",")));
    }
    Ok(proxy)
}

fn read_certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, TransportSetupError> {
    let pem = std::fs::read(path).map_err(|source| TransportSetupError::CaFile { path: path.to_path_buf(), source })?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() {
        return Err(TransportSetupError::CaContent { path: path.to_path_buf() });
    }
    Ok(found)
}
