//! A network that changes requests on their way out and answers on their way back: what a simulated Jira would not say, because
//! no Jira should. Must never change anything but what a test tells it to.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jirasyncd::jira::{Transport, TransportError};
use serde_json::Value;

type Out = dyn Fn(&str, &mut Value) + Send + Sync;
type Instead = dyn Fn(&str, &Value) -> Option<u16> + Send + Sync;
type Back = dyn Fn(&str, &Value, &mut Value) + Send + Sync;

/// A bent network. Both ends are told the method with the host and path.
pub(crate) struct Bent {
    inner: Arc<dyn Transport>,
    out: Arc<Out>,
    back: Arc<Back>,
    /// The status of an answer that is given in its place, if any.
    instead: Arc<Instead>,
    /// Whether a request with this method, host and path is sent again at once when its answer is missing.
    again: fn(&str) -> bool,
}

impl Bent {
    pub(crate) fn new(inner: Arc<dyn Transport>) -> Self {
        Self {
            inner,
            out: Arc::new(|_, _| {}),
            back: Arc::new(|_, _, _| {}),
            instead: Arc::new(|_, _| None),
            again: |_| false,
        }
    }

    /// Changes the bodies of requests.
    pub(crate) fn out(mut self, out: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Self {
        self.out = Arc::new(out);
        self
    }

    /// Changes the bodies of answers; the request's is told too.
    pub(crate) fn back(mut self, back: impl Fn(&str, &Value, &mut Value) + Send + Sync + 'static) -> Self {
        self.back = Arc::new(back);
        self
    }

    /// Answers in the place of the Jira, which is not asked.
    pub(crate) fn instead(mut self, instead: impl Fn(&str, &Value) -> Option<u16> + Send + Sync + 'static) -> Self {
        self.instead = Arc::new(instead);
        self
    }

    /// Sends again what was not answered.
    pub(crate) fn again(mut self, again: fn(&str) -> bool) -> Self {
        self.again = again;
        self
    }
}

#[async_trait]
impl Transport for Bent {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let place = format!("{} {}{}", parts.method, parts.uri.host().unwrap_or_default(), parts.uri.path());
        let mut asked: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if let Some(status) = (self.instead)(&place, &asked) {
            let mut answer = http::Response::new(Bytes::from_static(b"{}"));
            *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
            return Ok(answer);
        }
        let body = if asked.is_null() {
            body
        } else {
            (self.out)(&place, &mut asked);
            Bytes::from(asked.to_string())
        };
        let mut answer = self.inner.send(http::Request::from_parts(parts.clone(), body.clone())).await;
        if answer.is_err() && (self.again)(&place) {
            answer = self.inner.send(http::Request::from_parts(parts, body)).await;
        }
        let mut answer = answer?;
        if let Ok(mut said) = serde_json::from_slice::<Value>(answer.body()) {
            let before = said.clone();
            (self.back)(&place, &asked, &mut said);
            if said != before {
                *answer.body_mut() = Bytes::from(said.to_string());
                answer.headers_mut().remove("content-length");
            }
        }
        Ok(answer)
    }
}

/// Changes one issue wherever an answer shows it: alone, or in a list.
pub(crate) fn each_issue(said: &mut Value, change: impl Fn(&mut Value)) {
    if said.get("fields").is_some() {
        change(said);
    }
    for issue in said.get_mut("issues").and_then(Value::as_array_mut).into_iter().flatten() {
        change(issue);
    }
}
