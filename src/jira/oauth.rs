//! One question to a token endpoint (OAuth 2.0), and its answer. Must never show a secret, nor take a page for a token.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::Deserialize;

use super::Failure;
use super::retry;
use super::transport::Transport;
use crate::model::secret::Secret;
use crate::model::settings::{Kind, OauthClient, OauthGrant};

/// How often an endpoint is asked that does not answer: a token that was given out and got lost does no harm.
const ATTEMPTS: u32 = 3;
/// The life of a token whose endpoint does not tell it.
const USUAL_LIFE: Duration = Duration::from_secs(3_600);
/// Signs of an endpoint's own words that are passed on.
const MOST_WORDS: usize = 200;

/// What an endpoint gave out.
pub(super) struct Issued {
    /// The access token.
    pub(super) access: Secret,
    /// How long it may be used from now on.
    pub(super) life: Duration,
    /// What gets the next one; the one before is given up then.
    pub(super) refresh: Option<Secret>,
}

/// Why an endpoint gave out nothing.
pub(super) struct Denied {
    pub(super) failure: Failure,
    /// What was shown was granted once, and counts no longer.
    pub(super) lost: bool,
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Self { failure, lost: false }
    }
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<serde_json::Value>,
    refresh_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

/// What an application shows beside itself.
enum Shown<'s> {
    /// Nothing.
    Itself,
    /// What it was given before.
    Refresh(&'s Secret),
    /// What a browser brought.
    Code(&'s Secret),
}

/// Asks for an access token by the application's own id and secret.
pub(super) async fn by_client(transport: &dyn Transport, kind: Kind, client: &OauthClient) -> Result<Issued, Denied> {
    ask(transport, kind, client, None, &Shown::Itself).await
}

/// Asks for the next access token of a grant. Whoever gets no answer may ask again with the same for ten minutes.
pub(super) async fn by_refresh(
    transport: &dyn Transport,
    kind: Kind,
    grant: &OauthGrant,
    refresh: &Secret,
) -> Result<Issued, Denied> {
    // Data Center compares the address again.
    ask(transport, kind, &grant.client, Some(&grant.redirect_url), &Shown::Refresh(refresh)).await
}

/// Asks for the first access token of a grant, by the code that a browser brought.
///
/// # Errors
/// The endpoint refused, failed or cannot be reached: in words, without any secret.
pub(super) async fn by_code(
    transport: &dyn Transport,
    kind: Kind,
    grant: &OauthGrant,
    code: &Secret,
) -> Result<Issued, Failure> {
    let asked = ask(transport, kind, &grant.client, Some(&grant.redirect_url), &Shown::Code(code)).await;
    asked.map_err(|denied| denied.failure)
}

fn body(kind: Kind, client: &OauthClient, redirect: Option<&str>, shown: &Shown<'_>) -> Asked {
    let mut fields = vec![("client_id", client.id.as_str()), ("client_secret", client.secret.expose())];
    match shown {
        Shown::Itself => {
            fields.push(("grant_type", "client_credentials"));
            fields.extend(client.scope.as_deref().map(|scope| ("scope", scope)));
        }
        Shown::Refresh(refresh) => {
            fields.extend([("grant_type", "refresh_token"), ("refresh_token", refresh.expose())]);
        }
        Shown::Code(code) => fields.extend([("grant_type", "authorization_code"), ("code", code.expose())]),
    }
    fields.extend(redirect.map(|redirect| ("redirect_uri", redirect)));
    match kind {
        // As Atlassian's document has it.
        Kind::Cloud => json(&fields),
        Kind::DataCenter => form(&fields),
    }
}

/// A body, and what it is.
struct Asked {
    content_type: &'static str,
    body: Bytes,
}

fn json(fields: &[(&str, &str)]) -> Asked {
    let object: serde_json::Map<String, serde_json::Value> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    Asked { content_type: "application/json", body: Bytes::from(serde_json::Value::Object(object).to_string()) }
}

fn form(fields: &[(&str, &str)]) -> Asked {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Asked { content_type: "application/x-www-form-urlencoded", body: Bytes::from(body) }
}

async fn ask(
    transport: &dyn Transport,
    kind: Kind,
    client: &OauthClient,
    redirect: Option<&str>,
    shown: &Shown<'_>,
) -> Result<Issued, Denied> {
    let asked = body(kind, client, redirect, shown);
    let place = &client.token_url;
    let mut attempt = 0;
    loop {
        let answer = match transport.send(request(place, &asked)?).await {
            Ok(answer) => answer,
            Err(_) if attempt + 1 < ATTEMPTS => {
                tokio::time::sleep(retry::growth(attempt)).await;
                attempt += 1;
                continue;
            }
            Err(error) => {
                let words = format!("asking {place} for an access token: {error}");
                return Err(Failure::Unreachable(words).into());
            }
        };
        let status = answer.status().as_u16();
        if status >= 500 && attempt + 1 < ATTEMPTS {
            tokio::time::sleep(retry::growth(attempt)).await;
            attempt += 1;
            continue;
        }
        return judged(client, shown, status, &answer);
    }
}

fn request(place: &str, asked: &Asked) -> Result<http::Request<Bytes>, Failure> {
    let mut request = http::Request::new(asked.body.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() =
        place.parse().map_err(|_| Failure::Unreachable("the instance's `token-url` cannot be used".to_owned()))?;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asked.content_type));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}

fn judged(
    client: &OauthClient,
    shown: &Shown<'_>,
    status: u16,
    answer: &http::Response<Bytes>,
) -> Result<Issued, Denied> {
    let place = &client.token_url;
    match status {
        200..=299 => Ok(issued(place, answer.body())?),
        429 => {
            let wait = retry::told_wait(answer.headers()).unwrap_or_else(|| retry::growth(5));
            Err(Failure::Wait(retry::millis(wait)).into())
        }
        300..=399 => {
            let words = format!("{place} gives out no access tokens: it answers with a redirect ({status})");
            Err(Failure::NotJira(words).into())
        }
        500.. => Err(Failure::Unreachable(format!("{place} gives out no access token now: status {status}")).into()),
        _ => Err(refused(client, shown, status, answer.body())),
    }
}

fn refused(client: &OauthClient, shown: &Shown<'_>, status: u16, body: &[u8]) -> Denied {
    let refused: Refused = serde_json::from_slice(body).unwrap_or_default();
    let lost = refused.error == "invalid_grant" && !matches!(shown, Shown::Itself);
    let words = in_words(client, shown, refused);
    let guess = if lost { "" } else { ": is the client's id or secret wrong or revoked?" };
    let words = format!("{place} gave out no access token ({status}{words}){guess}", place = client.token_url);
    Denied { failure: Failure::NotUs(words), lost }
}

/// The endpoint's own words, without what it was asked with.
fn in_words(client: &OauthClient, shown: &Shown<'_>, refused: Refused) -> String {
    let said: Vec<String> =
        [refused.error, refused.error_description].into_iter().filter(|text| !text.is_empty()).collect();
    let mut text = said.join(": ").replace(client.secret.expose(), "***");
    if let Shown::Refresh(secret) | Shown::Code(secret) = shown {
        text = text.replace(secret.expose(), "***");
    }
    let text: String = text.chars().filter(|sign| !sign.is_control()).take(MOST_WORDS).collect();
    if text.is_empty() { text } else { format!(", {text}") }
}

fn issued(place: &str, body: &[u8]) -> Result<Issued, Failure> {
    // The error of the reading may repeat what it read.
    let tokens: Tokens = serde_json::from_slice(body)
        .map_err(|_| Failure::Unreadable(format!("{place} answered, but with no access token")))?;
    let access = Secret::new(tokens.access_token);
    let kind = tokens.token_type.unwrap_or_else(|| "Bearer".to_owned());
    if access.expose().is_empty() || !kind.eq_ignore_ascii_case("bearer") {
        return Err(Failure::Unreadable(format!("{place} answered, but not with a bearer token")));
    }
    let seconds = tokens.expires_in.and_then(|told| told.as_u64().or_else(|| told.as_str()?.parse().ok()));
    let refresh = tokens.refresh_token.filter(|token| !token.is_empty()).map(Secret::new);
    Ok(Issued { access, life: seconds.map_or(USUAL_LIFE, Duration::from_secs), refresh })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(secret: &str) -> OauthClient {
        OauthClient {
            id: "id".into(),
            secret: Secret::new(secret.into()),
            token_url: "https://auth.example/token".into(),
            scope: None,
        }
    }

    #[test]
    fn a_refusal_repeats_no_secret() {
        let mut answer =
            http::Response::new(Bytes::from(r#"{"error":"invalid_client","error_description":"no s3cr3t\n here"}"#));
        *answer.status_mut() = http::StatusCode::UNAUTHORIZED;
        let denied = judged(&client("s3cr3t"), &Shown::Itself, 401, &answer).err().unwrap();
        let Failure::NotUs(said) = denied.failure else { panic!() };
        assert!(said.contains("401, invalid_client: no *** here") && !said.contains("s3cr3t"), "{said}");
    }

    #[test]
    fn a_grant_that_is_lost_is_told_from_a_client_that_is_refused() {
        let token = Secret::new("canary-token".into());
        let mut answer = http::Response::new(Bytes::from(
            r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token: canary-token"}"#,
        ));
        *answer.status_mut() = http::StatusCode::FORBIDDEN;
        let lost = |shown: &Shown<'_>| judged(&client("s3cr3t"), shown, 403, &answer).err().unwrap();
        let denied = lost(&Shown::Refresh(&token));
        assert!(denied.lost && !denied.failure.to_string().contains("canary"), "{}", denied.failure);
        assert!(!lost(&Shown::Itself).lost);
    }

    #[test]
    fn only_a_bearer_token_is_one() {
        let life = |body: &str| issued("p", body.as_bytes()).map(|issued| issued.life.as_secs()).ok();
        assert_eq!(life(r#"{"access_token":"a","expires_in":60,"token_type":"bearer"}"#), Some(60));
        assert_eq!(life(r#"{"access_token":"a","expires_in":"60"}"#), Some(60));
        assert_eq!(life(r#"{"access_token":"a"}"#), Some(3_600));
        for none in [r#"{"access_token":""}"#, r#"{"access_token":"a","token_type":"mac"}"#, "{}", "<html>", ""] {
            assert_eq!(life(none), None, "{none}");
        }
    }
}
