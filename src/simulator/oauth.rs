//! The token endpoint of OAuth 2.0 and the gateway's address, as far as clients without a browser use them. Must never write a
//! token into what is observed.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::content::Content;
use super::jira::Broken;
use super::reply::Refusal;
use super::rest::Received;
use super::setup::Credential;
use super::state::State;
use super::{Jira, auth, time};

/// The id that the gateway knows every simulated site by.
pub const CLOUD_ID: &str = "11111111-2222-3333-4444-555555555555";
/// How long a refresh token is taken again after it was used up (Cloud, as Atlassian's staff say).
const LEEWAY: Duration = Duration::from_secs(600);
/// How long an access token lasts unless somebody changes it.
const USUAL_LIFE: Duration = Duration::from_secs(3_600);

/// The access tokens that were given out.
#[derive(Debug)]
pub(crate) struct Logins {
    life: Duration,
    /// By token: whose it is, and when it ends.
    given: BTreeMap<String, (String, Timestamp)>,
    count: u64,
    /// So many of the next answers get lost on their way.
    lost: u32,
    /// By code of a browser: whose it is, and where the browser was sent.
    codes: BTreeMap<String, (String, String)>,
    /// By refresh token.
    refreshes: BTreeMap<String, Refresh>,
    /// A number for every code and refresh token.
    last: u64,
}

/// A refresh token.
#[derive(Debug, Clone)]
struct Refresh {
    user: String,
    redirect: String,
    /// Since when there is a newer one.
    given_up: Option<Timestamp>,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            life: USUAL_LIFE,
            given: BTreeMap::new(),
            count: 0,
            lost: 0,
            codes: BTreeMap::new(),
            refreshes: BTreeMap::new(),
            last: 0,
        }
    }
}

/// What an administrator does with logins, and what tests ask of them.
impl Jira {
    /// How long access tokens last that are given out from now on.
    pub fn set_token_life(&self, life: Duration) {
        self.lock().state.logins.life = life;
    }

    /// How many access tokens were given out.
    #[must_use]
    pub fn tokens_given(&self) -> u64 {
        self.lock().state.logins.count
    }

    /// Ends all access tokens before their time.
    pub fn revoke_tokens(&self) {
        self.lock().state.logins.given.clear();
    }

    /// Takes back all that somebody granted.
    pub fn revoke_grants(&self) {
        let mut inside = self.lock();
        inside.state.logins.refreshes.clear();
        inside.state.logins.given.clear();
    }

    /// Loses the next answers of the token endpoint: the tokens are given out, and nobody has them.
    pub fn lose_tokens(&self, answers: u32) {
        self.lock().state.logins.lost = answers;
    }

    /// Changes what somebody logs in with; what was good before is not any more.
    pub fn set_credentials(&self, name: &str, credentials: Vec<Credential>) {
        let mut inside = self.lock();
        if let Some(user) = inside.state.users.values_mut().find(|user| user.name == name) {
            user.credentials = credentials;
        }
    }
}

/// What lies behind the gateway's address for this site.
pub(super) fn behind_the_gateway<'p>(state: &State, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix("/ex/jira/")?.strip_prefix(CLOUD_ID)?;
    (state.is_cloud() && rest.starts_with('/')).then_some(rest)
}

/// The gateway's own no.
pub(super) fn unauthorized() -> Refusal {
    Refusal::raw(401, json!({ "code": 401, "message": "Unauthorized" }))
}

/// Whose access token that is, as long as it lasts.
pub(super) fn holder(state: &State, token: &str) -> Option<String> {
    let (user, until) = state.logins.given.get(token)?;
    let active = state.users.get(user).is_some_and(|user| user.active);
    (active && state.now < *until).then(|| user.clone())
}

/// The answer of the token endpoint, or of the page that asks for a grant; `None`: something else is asked.
pub(super) fn answer(
    state: &mut State,
    parts: &http::request::Parts,
    body: &Received,
) -> Option<Result<Response<Content>, Broken>> {
    let (tokens, grants) = if state.is_cloud() {
        ("/oauth/token", "/authorize")
    } else {
        ("/rest/oauth2/latest/token", "/rest/oauth2/latest/authorize")
    };
    if parts.method == Method::GET && state.is_cloud() && parts.uri.path().ends_with("/_edge/tenant_info") {
        return Some(Ok(spoken(200, &json!({ "cloudId": CLOUD_ID }))));
    }
    if parts.method == Method::GET && parts.uri.path().ends_with(grants) {
        return Some(Ok(granted(state, parts.uri.query().unwrap_or_default())));
    }
    if parts.method != Method::POST || !parts.uri.path().ends_with(tokens) {
        return None;
    }
    let (status, said) = given(state, &fields(parts, body));
    if state.logins.lost > 0 {
        state.logins.lost -= 1;
        return Some(Err(Broken::Reset));
    }
    Some(Ok(spoken(status, &said)))
}

fn spoken(status: u16, said: &Value) -> Response<Content> {
    let mut response = Response::new(Content::from(Bytes::from(said.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Whoever opens the page grants what is asked for, as the user whose application it is.
fn granted(state: &mut State, query: &str) -> Response<Content> {
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let id = field("client_id");
    let is_it = |credential: &Credential| matches!(credential, Credential::Client { id: known, .. } if *known == id);
    let user = auth::holder(state, |_, credential| is_it(credential));
    let (Some(user), Ok(mut back)) = (user, url::Url::parse(&field("redirect_uri"))) else {
        return spoken(400, &json!({ "error": "invalid_request" }));
    };
    state.logins.last += 1;
    let code = format!("code-number-{}", state.logins.last);
    state.logins.codes.insert(code.clone(), (user, field("redirect_uri")));
    back.query_pairs_mut().append_pair("code", &code).append_pair("state", &field("state"));
    let mut response = spoken(302, &Value::Null);
    if let Ok(back) = HeaderValue::from_str(back.as_str()) {
        response.headers_mut().insert(header::LOCATION, back);
    }
    response
}

/// The fields of a request: JSON or a form.
fn fields(parts: &http::request::Parts, body: &Received) -> BTreeMap<String, String> {
    let Received::Whole(body) = body else { return BTreeMap::new() };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_slice(body).unwrap_or_default();
    }
    url::form_urlencoded::parse(body).into_owned().collect()
}

type Said = (u16, Value);

fn refused(status: u16, error: &str, words: &str) -> Said {
    (status, json!({ "error": error, "error_description": words }))
}

fn given(state: &mut State, fields: &BTreeMap<String, String>) -> Said {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let client = Credential::Client { id: field("client_id"), secret: field("client_secret") };
    let Some(user) = auth::holder(state, |_, credential| *credential == client) else {
        return refused(401, "invalid_client", "Client authentication failed.");
    };
    match field("grant_type").as_str() {
        "client_credentials" => {
            if !state.is_cloud() && !matches!(field("scope").as_str(), "READ" | "WRITE" | "ADMIN" | "SYSTEM_ADMIN") {
                return refused(400, "invalid_scope", "The scope is missing or unknown.");
            }
            tokens(state, user, None)
        }
        "authorization_code" => match state.logins.codes.remove(&field("code")) {
            Some((owner, redirect)) if owner == user && redirect == field("redirect_uri") => {
                tokens(state, user, Some(redirect))
            }
            _ => refused(403, "invalid_grant", "Invalid authorization code"),
        },
        "refresh_token" => refreshed(state, &user, &field("refresh_token"), &field("redirect_uri")),
        _ => refused(400, "unsupported_grant_type", "The grant type is not supported."),
    }
}

/// Gives out the next pair, and gives the refresh token up that was shown. Data Center compares the address.
fn refreshed(state: &mut State, user: &str, token: &str, redirect: &str) -> Said {
    let now = state.now;
    let is_cloud = state.is_cloud();
    let known = state.logins.refreshes.get_mut(token).filter(|known| {
        let lasts = known.given_up.is_none_or(|at| now <= time::after(at, LEEWAY));
        known.user == user && lasts && (is_cloud || known.redirect == redirect)
    });
    let Some(known) = known else {
        return refused(403, "invalid_grant", "Unknown or invalid refresh token.");
    };
    known.given_up.get_or_insert(now);
    let redirect = known.redirect.clone();
    tokens(state, user.to_owned(), Some(redirect))
}

/// An access token; with a refresh token where somebody granted it, whose browser was sent there.
fn tokens(state: &mut State, user: String, redirect: Option<String>) -> Said {
    let (token, life) = state.issue_access(user.clone());
    let mut said = json!({ "access_token": token, "token_type": "Bearer", "expires_in": life.as_secs() });
    if let Some(redirect) = redirect {
        state.logins.last += 1;
        let refresh = format!("refresh-token-number-{}", state.logins.last);
        said["refresh_token"] = json!(refresh);
        state.logins.refreshes.insert(refresh, Refresh { user, redirect, given_up: None });
    }
    (200, said)
}

impl State {
    /// A new access token, and how long it lasts.
    fn issue_access(&mut self, user: String) -> (String, Duration) {
        self.logins.count += 1;
        let (token, life) = (format!("access-token-number-{}", self.logins.count), self.logins.life);
        self.logins.given.insert(token.clone(), (user, time::after(self.now, life)));
        (token, life)
    }
}
