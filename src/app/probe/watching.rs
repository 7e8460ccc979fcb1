//! The network as a probe uses it: what is answered is kept, so that heads and bodies can be looked at, and requests are counted.
//! Must never keep what is sent: it holds the token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};

use crate::jira::{Pieces, Transport, TransportError, Trouble};

/// The longest body that is kept, in bytes.
const KEPT: usize = 1 << 20;

/// What was answered to one request.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// Method and path, `GET /rest/api/3/myself`.
    pub(super) asked: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// Empty where it came piece by piece, or was too long to be kept.
    pub(super) body: Bytes,
}

impl Answer {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// All that was answered, and how many requests may still be sent.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    answers: Vec<Answer>,
    sent: u32,
    left: u32,
}

impl Record {
    /// A record of no more than so many requests.
    pub(super) fn of(most: u32) -> Self {
        Self(Mutex::new(Inside { left: most, ..Inside::default() }))
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets as many more be sent: what was made is taken away, whatever the rest needed.
    pub(super) fn allow(&self, more: u32) {
        let mut inside = self.lock();
        inside.left = inside.left.saturating_add(more);
    }

    /// How many were sent.
    pub(super) fn sent(&self) -> u32 {
        self.lock().sent
    }

    /// All answers so far, the oldest first.
    pub(super) fn answers(&self) -> Vec<Answer> {
        self.lock().answers.clone()
    }

    /// The newest answer to a request whose method and path hold this.
    pub(super) fn newest(&self, asked: &str) -> Option<Answer> {
        self.lock().answers.iter().rev().find(|answer| answer.asked.contains(asked)).cloned()
    }

    fn take_leave(&self) -> Result<(), TransportError> {
        let mut inside = self.lock();
        if inside.left == 0 {
            let detail = format!("a probe sends no more than {} requests", inside.sent);
            return Err(TransportError { trouble: Trouble::NotConnected, detail });
        }
        inside.left -= 1;
        inside.sent += 1;
        Ok(())
    }

    fn keep(&self, asked: String, status: u16, headers: &HeaderMap, body: &Bytes) {
        let body = if body.len() > KEPT { Bytes::new() } else { body.clone() };
        self.lock().answers.push(Answer { asked, status, headers: headers.clone(), body });
    }
}

/// Hands requests on, and keeps what is answered.
pub(super) struct Watching {
    inner: Arc<dyn Transport>,
    record: Arc<Record>,
    /// Whether the login is left out.
    as_nobody: bool,
}

impl Watching {
    pub(super) fn over(inner: Arc<dyn Transport>, record: Arc<Record>) -> Self {
        Self { inner, record, as_nobody: false }
    }

    /// The same without a login. A wrong token would say the same, and might lock the account.
    pub(super) fn as_nobody(inner: Arc<dyn Transport>, record: Arc<Record>) -> Self {
        Self { inner, record, as_nobody: true }
    }

    fn ready<T>(&self, request: &mut Request<T>) -> Result<String, TransportError> {
        self.record.take_leave()?;
        if self.as_nobody {
            request.headers_mut().remove(http::header::AUTHORIZATION);
        }
        Ok(format!("{} {}", request.method(), request.uri().path()))
    }

    fn kept(&self, asked: String, answer: &Response<Bytes>) {
        self.record.keep(asked, answer.status().as_u16(), answer.headers(), answer.body());
    }
}

#[async_trait]
impl Transport for Watching {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let asked = self.ready(&mut request)?;
        let answer = self.inner.send(request).await?;
        self.kept(asked, &answer);
        Ok(answer)
    }

    async fn upload(&self, mut request: Request<()>, body: Pieces) -> Result<Response<Bytes>, TransportError> {
        let asked = self.ready(&mut request)?;
        let answer = self.inner.upload(request, body).await?;
        self.kept(asked, &answer);
        Ok(answer)
    }

    async fn download(&self, mut request: Request<Bytes>) -> Result<Response<Pieces>, TransportError> {
        let asked = self.ready(&mut request)?;
        let answer = self.inner.download(request).await?;
        self.record.keep(asked, answer.status().as_u16(), answer.headers(), &Bytes::new());
        Ok(answer)
    }
}
