//! An answer on its way out, and the reading of what came in. Must never decide what is answered.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::content::Content;
use super::faults::Fault;
use super::reply::{Answer, Refusal, Reply};
use super::rest::{Received, Upload};
use super::time;

/// An answer on its way out.
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Content,
    pub(super) location: Option<String>,
    pub(super) broken: Option<Break>,
}

/// How it breaks off.
#[derive(PartialEq, Eq)]
pub(super) enum Break {
    Reset,
    Truncate,
}

pub(super) const JSON: &str = "application/json;charset=UTF-8";

impl Outcome {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let body = Bytes::from(body.to_string()).into();
        Self { status, content_type: JSON.to_owned(), body, location: None, broken: None }
    }

    pub(super) fn reset() -> Self {
        Self {
            status: 0,
            content_type: JSON.to_owned(),
            body: Bytes::new().into(),
            location: None,
            broken: Some(Break::Reset),
        }
    }
}

/// What a refusal by fault says about when to come back.
pub(super) fn fault_headers(fault: Option<&Fault>, now: Timestamp) -> Vec<(&'static str, String)> {
    match fault {
        Some(Fault::RateLimited { retry_after: Some(seconds) }) => {
            vec![("Retry-After", seconds.to_string()), ("RateLimit-Reason", "jira-burst-based".into())]
        }
        Some(Fault::RateLimited { retry_after: None }) => {
            let reset = time::after(now, Duration::from_secs(5));
            vec![("X-RateLimit-Reset", reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())]
        }
        Some(Fault::Unavailable { retry_after: Some(seconds), .. }) => vec![("Retry-After", seconds.to_string())],
        _ => Vec::new(),
    }
}

pub(super) fn outcome(answer: Answer) -> Outcome {
    match answer {
        Ok(Reply { status, body: Some(body), .. }) => Outcome::json(status, &body),
        Ok(Reply { status, file: Some((content_type, body)), .. }) => {
            Outcome { status, content_type, body, location: None, broken: None }
        }
        Ok(Reply { status, location, .. }) => {
            Outcome { status, content_type: JSON.to_owned(), body: Bytes::new().into(), location, broken: None }
        }
        Err(refusal) => Outcome::json(refusal.status, &refusal.body()),
    }
}

pub(super) fn upload(parts: &http::request::Parts, body: &Received) -> Upload {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Upload {
        content_type: header("content-type").to_owned(),
        body: body.clone(),
        token: matches!(header("x-atlassian-token"), "no-check" | "nocheck"),
    }
}

/// Reads the body: JSON with a JSON content type, or nothing (`DELETE` may come with a content type and no body).
pub(super) fn json_body(parts: &http::request::Parts, body: &Received) -> Result<Value, Refusal> {
    let Received::Whole(body) = body else {
        return Err(Refusal::raw(415, json!({ "errorMessages": ["Unsupported Media Type"], "errors": {} })));
    };
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let content_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|text| text.to_ascii_lowercase().starts_with("application/json")) {
        return Err(Refusal::raw(415, json!({ "errorMessages": ["Unsupported Media Type"], "errors": {} })));
    }
    serde_json::from_slice(body)
        .map_err(|_| Refusal::message(400, "There was an error parsing JSON. Check that your request body is valid."))
}
