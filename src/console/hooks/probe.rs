//! The probe: a body of ours, sent the way that a Jira's webhooks take, whose answer only our receiver can give. It must never tell
//! the address that it was sent to: that holds the secret path.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::json;

use super::path::{HookPath, PROBE_EVENT, proof_of};
use crate::model::secret::Secret;

/// How long the way there and back may take: as long as Jira waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends a probe with this word to the receiver's public address, signed if there is a secret.
///
/// # Errors
/// What came instead of our own answer, in words.
pub async fn probe(url: &Secret, path: &HookPath, secret: Option<&Secret>, word: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| error.without_url().to_string())?;
    let body = json!({ "webhookEvent": PROBE_EVENT, "word": word }).to_string();
    let mut request = client.post(url.expose()).header("content-type", "application/json");
    if let Some(secret) = secret {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let tag = hmac::sign(&key, body.as_bytes());
        let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        request = request.header("x-hub-signature", format!("sha256={hex}"));
    }
    let answer = request.body(body).send().await.map_err(|error| in_words(&error.without_url()))?;
    let status = answer.status().as_u16();
    // Only as much is read as the answer of ours is long.
    let said = answer.content_length().is_none_or(|length| length <= 1_024);
    let text = if said { answer.text().await.unwrap_or_default() } else { String::new() };
    if status == 200 && text == proof_of(path, word) {
        return Ok(());
    }
    Err(match status {
        200..=299 => format!("something answers there with {status}, and it is not this daemon's receiver"),
        401 => "the receiver refuses the signature: does the daemon run with the present `webhook-secret`?".to_owned(),
        404 => "nothing is known there of this path (404): does the daemon run on this state, and does the proxy keep the end of the path? `webhook-from` refuses so too".to_owned(),
        502..=504 => format!("the proxy does not reach the receiver ({status}): does the daemon run, and listen where the proxy looks?"),
        status => format!("it is answered with {status}"),
    })
}

fn in_words(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
