//! The ways to log in that a Jira of each kind takes, and what each of them asks. Pure. Must never offer one that a configuration refuses.

use crate::model::settings::Kind;

/// A way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// What a file of answers calls it.
    pub(super) name: &'static str,
    /// In words.
    pub(super) told: &'static str,
    /// The configuration's `auth.method`.
    pub(super) method: &'static str,
    /// Whether it leads through Atlassian's gateway.
    pub(super) gateway: bool,
    /// What it asks, in this order.
    pub(super) asks: &'static [Asked],
}

/// A question of a way. Its answer is what the configuration's `auth` has under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// The key.
    pub(super) key: &'static str,
    /// In words.
    pub(super) what: &'static str,
    /// Whether it must not be shown, nor stand in the configuration.
    pub(super) secret: bool,
}

const fn plain(key: &'static str, what: &'static str) -> Asked {
    Asked { key, what, secret: false }
}

const fn secret(key: &'static str, what: &'static str) -> Asked {
    Asked { key, what, secret: true }
}

const EMAIL: Asked = plain("user", "the e-mail of the sync user");
const CLIENT_ID: Asked = plain("client-id", "the application's client id");
const CLIENT_SECRET: Asked = secret("client-secret", "the application's client secret");

/// What may be set beside what a way asks: where the application was registered otherwise than is usual, and the day on which a secret ends.
/// Nobody is asked for it.
pub(super) const BESIDE: [&str; 5] = ["token-url", "scope", "authorize-url", "redirect-url", "expires"];

static CLOUD: [Way; 5] = [
    Way {
        name: "api-token",
        told: "an API token of the sync user",
        method: "api-token",
        gateway: false,
        asks: &[EMAIL, secret("token", "the API token of the sync user")],
    },
    Way {
        name: "scoped-token",
        told: "an API token with scopes, through the gateway",
        method: "api-token",
        gateway: true,
        asks: &[EMAIL, secret("token", "the API token with scopes")],
    },
    Way {
        name: "service-account",
        told: "a token of a service account, through the gateway",
        method: "bearer",
        gateway: true,
        asks: &[secret("token", "the service account's token")],
    },
    Way {
        name: "client-credentials",
        told: "an OAuth 2.0 application with client credentials, through the gateway",
        method: "client-credentials",
        gateway: true,
        asks: &[CLIENT_ID, CLIENT_SECRET],
    },
    Way {
        name: "oauth",
        told: "an OAuth 2.0 application that the sync user grants access to in a browser",
        method: "oauth",
        gateway: true,
        asks: &[CLIENT_ID, CLIENT_SECRET],
    },
];

static DATA_CENTER: [Way; 4] = [
    Way {
        name: "bearer",
        told: "a personal access token of the sync user",
        method: "bearer",
        gateway: false,
        asks: &[secret("token", "a personal access token of the sync user")],
    },
    Way {
        name: "basic",
        told: "the sync user's password (old Data Centers)",
        method: "basic",
        gateway: false,
        asks: &[plain("user", "the login name of the sync user"), secret("password", "the sync user's password")],
    },
    Way {
        name: "client-credentials",
        told: "an OAuth 2.0 application with client credentials",
        method: "client-credentials",
        gateway: false,
        asks: &[CLIENT_ID, CLIENT_SECRET],
    },
    Way {
        name: "oauth",
        told: "an OAuth 2.0 application that the sync user grants access to in a browser",
        method: "oauth",
        gateway: false,
        asks: &[CLIENT_ID, CLIENT_SECRET],
    },
];

/// The ways to log in to a Jira of that kind. The first is the usual one.
pub(super) fn ways(kind: Kind) -> &'static [Way] {
    match kind {
        Kind::Cloud => &CLOUD,
        Kind::DataCenter => &DATA_CENTER,
    }
}

/// The usual one.
pub(super) fn usual(kind: Kind) -> Way {
    let [cloud, ..] = CLOUD;
    let [data_center, ..] = DATA_CENTER;
    match kind {
        Kind::Cloud => cloud,
        Kind::DataCenter => data_center,
    }
}
