//! Who asks. Must never say why a credential was refused beyond what Jira says.

use base64::Engine;
use http::HeaderMap;

use super::oauth;
use super::setup::{Credential, Kind};
use super::state::{State, User};

/// What the credentials of a request amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// This user, by id.
    User(String),
    /// There were no credentials.
    Anonymous,
    /// There were some, and they are wrong.
    Rejected,
}

/// Reads `Authorization`: on Cloud Basic with e-mail and API token; on Data Center Bearer with a PAT, or Basic with name
/// and password. Scoped tokens and Cloud's access tokens are taken through the gateway, and nothing else is there.
pub(crate) fn identify(state: &State, headers: &HeaderMap, gateway: bool) -> Identity {
    let Some(value) = headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return Identity::Anonymous;
    };
    let (scheme, secret) = value.split_once(' ').unwrap_or((value, ""));
    let secret = secret.trim();
    let found = match (state.kind, scheme.to_ascii_lowercase().as_str()) {
        (_, "basic") => basic(state, secret, gateway),
        (Kind::Cloud, "bearer") if gateway => {
            let scoped = Credential::ScopedToken(secret.into());
            holder(state, |_, credential| *credential == scoped).or_else(|| oauth::holder(state, secret))
        }
        (Kind::DataCenter, "bearer") => {
            let pat = Credential::Pat(secret.into());
            holder(state, |_, credential| *credential == pat).or_else(|| oauth::holder(state, secret))
        }
        _ => None,
    };
    found.map_or(Identity::Rejected, Identity::User)
}

fn basic(state: &State, encoded: &str, gateway: bool) -> Option<String> {
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (login, secret) = text.split_once(':')?;
    let wanted = match state.kind {
        Kind::Cloud if gateway => Credential::ScopedToken(secret.into()),
        Kind::Cloud => Credential::ApiToken(secret.into()),
        Kind::DataCenter => Credential::Password(secret.into()),
    };
    holder(state, |user, credential| {
        let name = if state.is_cloud() { &user.email } else { &user.name };
        name.eq_ignore_ascii_case(login) && *credential == wanted
    })
}

/// The active user with such a credential.
pub(super) fn holder(state: &State, fits: impl Fn(&User, &Credential) -> bool) -> Option<String> {
    let mut users = state.users.values().filter(|user| user.active);
    users.find(|user| user.credentials.iter().any(|credential| fits(user, credential))).map(|user| user.id.clone())
}
