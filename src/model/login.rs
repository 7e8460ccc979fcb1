//! How the sync user logs in, and over which network. Must never be printed with a secret in it, nor know how a login is sent.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// How the sync user logs in.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Cloud: Basic with e-mail and API token. Scoped tokens go through the gateway.
    ApiToken {
        /// The sync user's e-mail.
        user: String,
        /// The token.
        token: Secret,
    },
    /// Data Center: Basic with user name and password.
    Basic {
        /// The sync user's login name.
        user: String,
        /// Its password.
        password: Secret,
    },
    /// Data Center: a personal access token as bearer. Cloud, through the gateway: a service account's token.
    Bearer {
        /// The token.
        token: Secret,
    },
    /// OAuth 2.0 client credentials: an application's id and secret, for access tokens that end soon.
    ClientCredentials(OauthClient),
    /// OAuth 2.0 code flow: an application, and what somebody once granted it.
    Grant(OauthGrant),
}

/// What an application shows at a token endpoint.
#[derive(Debug, Clone)]
pub struct OauthClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// Where access tokens are given out.
    pub token_url: String,
    /// The scopes to ask for, between spaces; `None`: those that the application has.
    pub scope: Option<String>,
}

impl OauthClient {
    /// Whether another application is this one but perhaps for its secret.
    fn is_in_name(&self, other: &Self) -> bool {
        (&self.id, &self.token_url, &self.scope) == (&other.id, &other.token_url, &other.scope)
    }
}

/// A grant, and how it is come by.
#[derive(Debug, Clone)]
pub struct OauthGrant {
    /// The application.
    pub client: OauthClient,
    /// Where somebody is asked to grant it.
    pub authorize_url: String,
    /// Where his browser is sent then; the application is registered with it.
    pub redirect_url: String,
    /// The file that holds the refresh token of now.
    pub file: PathBuf,
}

impl Auth {
    /// The secret that is configured.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        match self {
            Self::ApiToken { token, .. } | Self::Bearer { token } => token,
            Self::Basic { password, .. } => password,
            Self::ClientCredentials(client) | Self::Grant(OauthGrant { client, .. }) => &client.secret,
        }
    }

    /// Whether another login is this one but for its secret.
    #[must_use]
    pub fn differs_in_secret_only(&self, other: &Self) -> bool {
        let same = match (self, other) {
            (Self::ApiToken { user, .. }, Self::ApiToken { user: theirs, .. })
            | (Self::Basic { user, .. }, Self::Basic { user: theirs, .. }) => user == theirs,
            (Self::Bearer { .. }, Self::Bearer { .. }) => true,
            (Self::ClientCredentials(ours), Self::ClientCredentials(theirs)) => ours.is_in_name(theirs),
            (Self::Grant(ours), Self::Grant(theirs)) => {
                ours.client.is_in_name(&theirs.client) && ours.file == theirs.file
            }
            _ => false,
        };
        same && self.secret().expose() != other.secret().expose()
    }
}

/// How an instance is reached beside its URL.
#[derive(Debug, Clone, Default)]
pub struct NetworkSettings {
    /// PEM file of a private certificate authority, on top of the system's.
    pub ca_file: Option<PathBuf>,
    /// What this machine shows of itself in the TLS handshake.
    pub client_certificate: Option<ClientCertificate>,
    /// Through whom the instance is reached; `None`: as the environment says (`HTTPS_PROXY`, `NO_PROXY`).
    pub proxy: Option<ProxySettings>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// PEM file of the certificate, with those between it and the authority behind it.
    pub certificate: PathBuf,
    /// PEM file of the key; it may be the same file.
    pub key: PathBuf,
}

/// A proxy.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    /// `http`, `https`, `socks5` or `socks5h`, host and port; without credentials.
    pub url: String,
    /// User and password at the proxy.
    pub login: Option<(String, Secret)>,
    /// Hosts, domains (with a dot before them) and networks that are reached without it.
    pub no_proxy: Vec<String>,
}

/// When what an instance is reached with ends, each as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginEnds {
    /// The secret, as the file says.
    pub expires: Option<Timestamp>,
    /// The access that somebody granted, used or not.
    pub granted_until: Option<Timestamp>,
    /// What this machine shows of itself: the first certificate of `client-certificate` that ends.
    pub certificate_until: Option<Timestamp>,
    /// Who vouches for the instance: the last authority of `ca-file` that ends.
    pub authority_until: Option<Timestamp>,
}

impl LoginEnds {
    /// The same apart, each with the key of the instance that says what it is about.
    #[must_use]
    pub fn by_key(self) -> [(&'static str, Self); 3] {
        let Self { certificate_until, authority_until, .. } = self;
        [
            ("auth", Self { certificate_until: None, authority_until: None, ..self }),
            ("client-certificate", Self { certificate_until, ..Self::default() }),
            ("ca-file", Self { authority_until, ..Self::default() }),
        ]
    }

    /// Each that is known, with what it is called where people look.
    pub fn known(self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        let Self { expires, granted_until, certificate_until, authority_until } = self;
        let all = [
            ("token", expires),
            ("granted", granted_until),
            ("client certificate", certificate_until),
            ("certificate authority", authority_until),
        ];
        all.into_iter().filter_map(|(what, until)| Some((what, until?)))
    }
}
