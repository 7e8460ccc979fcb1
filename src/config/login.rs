//! `[instance.NAME.auth]` and `gateway`: how the sync user logs in. Must never let a method stand that the product does not take,
//! nor repeat what may be a secret.

use std::path::PathBuf;

use url::Url;

use super::instance::is_safe;
use super::keys::{self, Key};
use super::node::Cursor;
use super::problem::Findings;
use super::secret::Signs;
use super::time::default_of;
use super::{Reading, secret, shape};
use crate::model::secret::Secret;
use crate::model::settings::{Auth, Kind, OauthClient, OauthGrant};

/// Where Atlassian gives out access tokens for Cloud.
const CLOUD_TOKENS: &str = "https://auth.atlassian.com/oauth/token";
/// Where a Data Center gives them out, below its base URL.
const SERVER_TOKENS: &str = "/rest/oauth2/latest/token";
/// Where Atlassian asks somebody to grant access to a site of Cloud.
const CLOUD_GRANTS: &str = "https://auth.atlassian.com/authorize";
/// Where a Data Center does, below its base URL.
const SERVER_GRANTS: &str = "/rest/oauth2/latest/authorize";
/// What the daemon needs of Cloud, where somebody grants it. The last makes the grant outlast an hour.
const CLOUD_SCOPES: &str = "read:jira-work write:jira-work read:jira-user offline_access";
/// What the daemon needs of a Data Center; it includes reading.
const SERVER_SCOPE: &str = "WRITE";

/// Atlassian's gateway for this site, without a trailing slash.
pub(super) fn gateway(table: &Cursor<'_>, kind: Option<Kind>, findings: &mut Findings<'_>) -> Option<String> {
    let cursor = table.get(&keys::GATEWAY)?;
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    if kind == Some(Kind::DataCenter) {
        findings.error(&cursor.key_spot, "a Data Center has no gateway", "take `gateway` out");
        return None;
    }
    let example =
        "write `https://api.atlassian.com/ex/jira/CLOUD-ID`; `URL/_edge/tenant_info` of the site tells the id";
    let plain = |url: &Url| url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
    let Some(url) = Url::parse(text).ok().filter(|url| url.has_host() && plain(url) && is_safe(url)) else {
        findings.error(&cursor.spot, "this is no gateway's URL", example);
        return None;
    };
    let id = url.path().trim_end_matches('/').strip_prefix("/ex/jira/");
    if id.is_none_or(|id| id.is_empty() || id.contains('/')) {
        findings.error(&cursor.spot, "the gateway's URL does not name a site by its cloud id", example);
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// The login. `url` is the instance's.
pub(super) fn read(
    reading: &Reading<'_>,
    table: &Cursor<'_>,
    kind: Option<Kind>,
    url: Option<&str>,
    findings: &mut Findings<'_>,
) -> Option<Auth> {
    let auth = table.get(&keys::AUTH).filter(Cursor::is_table)?;
    hide_what_was_mixed_up(&auth, findings);
    let gateway = table.get(&keys::GATEWAY).is_some();
    let token = resolved(reading, &auth, &keys::TOKEN, Signs::OfTokens, findings);
    let password = resolved(reading, &auth, &keys::PASSWORD, Signs::OfPasswords, findings);
    let client_secret = resolved(reading, &auth, &keys::CLIENT_SECRET, Signs::OfTokens, findings);
    let method = auth.get(&keys::METHOD)?;
    let word = method.text()?;
    if let Some((message, help)) = unfitting(word, kind, gateway) {
        findings.error(&method.spot, message, help);
        return None;
    }
    let taken: &[&Key] = match word {
        "api-token" => &[&keys::USER, &keys::TOKEN],
        "bearer" => &[&keys::TOKEN],
        "basic" => &[&keys::USER, &keys::PASSWORD],
        "client-credentials" => &[&keys::CLIENT_ID, &keys::CLIENT_SECRET, &keys::TOKEN_URL, &keys::SCOPE],
        "oauth" => &[
            &keys::CLIENT_ID,
            &keys::CLIENT_SECRET,
            &keys::TOKEN_URL,
            &keys::SCOPE,
            &keys::AUTHORIZE_URL,
            &keys::REDIRECT_URL,
        ],
        _ => return None,
    };
    let whole = nothing_else(&auth, word, taken, findings);
    let text = |key: &'static Key| Some(auth.get(key)?.text()?.trim().to_owned()).filter(|text| !text.is_empty());
    let read = match word {
        "api-token" => api_token(&auth, token, findings),
        "bearer" => Some(Auth::Bearer { token: needed(&auth, &keys::TOKEN, token, findings)? }),
        "basic" => {
            let user = needed(&auth, &keys::USER, auth.get(&keys::USER).map(|_| text(&keys::USER)), findings);
            let password = needed(&auth, &keys::PASSWORD, password, findings);
            basic(user?, password?, &auth, findings)
        }
        _ => {
            let id =
                needed(&auth, &keys::CLIENT_ID, auth.get(&keys::CLIENT_ID).map(|_| text(&keys::CLIENT_ID)), findings);
            let secret = needed(&auth, &keys::CLIENT_SECRET, client_secret, findings);
            let (tokens, grants) = endpoints(kind, url)?;
            let token_url = endpoint(&auth, &keys::TOKEN_URL, &tokens, findings);
            let usual = match (kind?, word) {
                (Kind::DataCenter, _) => Some(SERVER_SCOPE),
                (Kind::Cloud, "oauth") => Some(CLOUD_SCOPES),
                (Kind::Cloud, _) => None,
            };
            let scope = text(&keys::SCOPE).or(usual.map(str::to_owned));
            let client = OauthClient { id: id?, secret: secret?, token_url: token_url?, scope };
            if word == "oauth" {
                let authorize_url = endpoint(&auth, &keys::AUTHORIZE_URL, &grants, findings);
                let redirect_url = endpoint(&auth, &keys::REDIRECT_URL, default_of(&keys::REDIRECT_URL), findings);
                let file = grant_file(reading, table.name);
                let (authorize_url, redirect_url) = (authorize_url?, redirect_url?);
                Some(Auth::Grant(OauthGrant { client, authorize_url, redirect_url, file }))
            } else {
                Some(Auth::ClientCredentials(client))
            }
        }
    };
    read.filter(|_| whole)
}

/// Where a secret and a name were mixed up, the secret stands under the name.
fn hide_what_was_mixed_up(auth: &Cursor<'_>, findings: &mut Findings<'_>) {
    for key in [&keys::TOKEN, &keys::PASSWORD, &keys::CLIENT_SECRET] {
        if let Some(cursor) = auth.get(key).filter(|cursor| cursor.text().is_none()) {
            shape::hide(&cursor, findings);
        }
    }
    if let Some(user) = auth.get(&keys::USER).filter(|user| !user.text().is_some_and(is_email)) {
        shape::hide(&user, findings);
    }
    if let Some(id) = auth.get(&keys::CLIENT_ID) {
        shape::hide(&id, findings);
    }
}

/// A secret by its key. The outer `None`: the key is not there.
fn resolved(
    reading: &Reading<'_>,
    auth: &Cursor<'_>,
    key: &'static Key,
    signs: Signs,
    findings: &mut Findings<'_>,
) -> Option<Option<Secret>> {
    auth.get(key).map(|cursor| secret::resolve_of(reading, &cursor, signs, findings))
}

/// What is wrong with a method for a product.
fn unfitting(method: &str, kind: Option<Kind>, gateway: bool) -> Option<(&'static str, &'static str)> {
    match (method, kind?) {
        ("bearer", Kind::Cloud) if !gateway => {
            Some(("Jira Cloud takes no personal access token", "write `method = \"api-token\"`"))
        }
        ("api-token", Kind::DataCenter) => Some(("Jira Data Center has no API tokens", "write `method = \"bearer\"`")),
        ("basic", Kind::Cloud) => Some(("Jira Cloud takes no password", "write `method = \"api-token\"`")),
        ("client-credentials" | "oauth", Kind::Cloud) if !gateway => {
            Some(("Jira Cloud takes access tokens through its gateway only", "name the instance's `gateway`"))
        }
        _ => None,
    }
}

/// Whether no key stands there that the method does not take.
fn nothing_else(auth: &Cursor<'_>, method: &str, taken: &[&Key], findings: &mut Findings<'_>) -> bool {
    let all: [&'static Key; 9] = [
        &keys::USER,
        &keys::TOKEN,
        &keys::PASSWORD,
        &keys::CLIENT_ID,
        &keys::CLIENT_SECRET,
        &keys::TOKEN_URL,
        &keys::SCOPE,
        &keys::AUTHORIZE_URL,
        &keys::REDIRECT_URL,
    ];
    let mut whole = true;
    for key in all.into_iter().filter(|key| taken.iter().all(|taken| taken.name != key.name)) {
        let Some(cursor) = auth.get(key) else { continue };
        shape::hide(&cursor, findings);
        let why = if (method, key.name) == ("bearer", "user") { ": the token says who it is" } else { "" };
        let message = format!("`{method}` takes no `{}`{why}", key.name);
        findings.error(&cursor.key_spot, message, format!("take `{}` out", key.name));
        whole = false;
    }
    whole
}

/// A value that the method cannot do without.
fn needed<T>(auth: &Cursor<'_>, key: &'static Key, found: Option<Option<T>>, findings: &mut Findings<'_>) -> Option<T> {
    if found.is_none() {
        let message = format!("`{}` has no `{}`", auth.spot.path, key.name);
        findings.error(&auth.spot, message, shape::missing(key, &auth.spot.path));
    }
    found.flatten()
}

fn api_token(auth: &Cursor<'_>, token: Option<Option<Secret>>, findings: &mut Findings<'_>) -> Option<Auth> {
    let user = auth.get(&keys::USER);
    let token = needed(auth, &keys::TOKEN, token, findings);
    let Some(user) = user else {
        let help = "add the sync user's e-mail: `user = \"sync@acme.example\"`";
        findings.error(&auth.spot, "`api-token` needs a `user`", help);
        return None;
    };
    let text = user.text()?;
    if !text.trim().is_empty() && !is_email(text) {
        let help = "write the e-mail that the sync user logs in with: `user = \"sync@acme.example\"`";
        findings.error(&user.spot, "`user` is no e-mail", help);
        return None;
    }
    Some(Auth::ApiToken { user: text.to_owned(), token: token? })
}

fn basic(user: String, password: Secret, auth: &Cursor<'_>, findings: &mut Findings<'_>) -> Option<Auth> {
    if user.contains(':') || user.chars().any(char::is_control) {
        let spot = auth.get(&keys::USER).map(|user| user.spot)?;
        findings.error(&spot, "`user` holds a sign that Basic cannot carry", "write the login name as Jira shows it");
        return None;
    }
    Some(Auth::Basic { user, password })
}

/// Where a product gives out access tokens, and where it asks for grants.
fn endpoints(kind: Option<Kind>, url: Option<&str>) -> Option<(String, String)> {
    Some(match kind? {
        Kind::Cloud => (CLOUD_TOKENS.to_owned(), CLOUD_GRANTS.to_owned()),
        Kind::DataCenter => (format!("{}{SERVER_TOKENS}", url?), format!("{}{SERVER_GRANTS}", url?)),
    })
}

/// An endpoint, or what stands for it.
fn endpoint(auth: &Cursor<'_>, key: &'static Key, usual: &str, findings: &mut Findings<'_>) -> Option<String> {
    let Some(cursor) = auth.get(key) else { return Some(usual.to_owned()) };
    let text = cursor.text().filter(|text| !text.trim().is_empty())?;
    if text.contains('@') {
        findings.mask(cursor.node.span.clone());
    }
    let found = Url::parse(text).ok().filter(|url| url.has_host() && url.username().is_empty());
    let Some(found) = found.filter(is_safe) else {
        let help = "write `https://HOST/PATH`; `http://` is for the loopback only";
        findings.error(&cursor.spot, "no secret can be sent there", help);
        return None;
    };
    // As it is written: what an application is registered with is compared letter by letter.
    Some(if key.name == keys::REDIRECT_URL.name { text.trim().to_owned() } else { found.into() })
}

/// Where an instance's refresh token is kept: beside the state and not in it, for a state that is put back from a backup would bring a
/// token back that was given up since.
fn grant_file(reading: &Reading<'_>, instance: &str) -> PathBuf {
    let mut name = reading.state.clone().unwrap_or_default().into_os_string();
    name.push(format!(".{instance}.grant"));
    PathBuf::from(name)
}

fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(' '))
}
