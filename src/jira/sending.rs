//! One request on its way, as whoever we are logged in as. Must never send a write again but where its login was refused, which is
//! before anything was done, and there is another login; then once.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use super::Failure;
use super::call::Call;
use super::client::{Client, status_of};
use super::login::Pass;
use super::retry::{self, Class};
use super::silence::Asking;
use super::transport::TransportError;

/// What came back of a request.
pub(super) struct Sent {
    /// The answer, or why there is none.
    pub(super) answer: Result<http::Response<Bytes>, TransportError>,
    /// Our clock half-way between sending and answer, in milliseconds since the epoch.
    pub(super) middle_ms: i64,
}

impl Client {
    /// A call as a request, with the login of now.
    pub(super) async fn request(&self, call: &Call) -> Result<(http::Request<Bytes>, Arc<Pass>), Failure> {
        let target = self.target.as_ref().map_err(|why| Failure::Unreachable(why.clone()))?;
        let pass = self.login.pass().await?;
        let request = target.request(call, pass.authorization()).map_err(Failure::Unreachable)?;
        Ok((request, pass))
    }

    /// Sends a call. `Err`: nothing was sent, for there is no login.
    pub(super) async fn send(&self, class: Class, call: &Call, asking: &mut Asking<'_>) -> Result<Sent, Failure> {
        let (request, pass) = self.request(call).await?;
        let sent = self.send_once(call, request, asking).await;
        let Ok(answer) = &sent.answer else { return Ok(sent) };
        if !self.is_refused(class, call, answer.status().as_u16(), answer.headers()) {
            self.login.taken();
            return Ok(sent);
        }
        if !self.login.refused(&pass).await {
            return Ok(sent);
        }
        // Why there is none tells more than the refusal: a grant that is lost, for one.
        let (request, pass) = self.request(call).await?;
        let again = self.send_once(call, request, asking).await;
        if let Ok(answer) = &again.answer
            && self.is_refused(class, call, answer.status().as_u16(), answer.headers())
        {
            // What this one was refused for is not its age.
            self.login.refused(&pass).await;
        }
        Ok(again)
    }

    async fn send_once(&self, call: &Call, request: http::Request<Bytes>, asking: &mut Asking<'_>) -> Sent {
        let before = self.clock.now().as_millisecond();
        asking.sends();
        let answer = self.transport.send(request).await;
        asking.ended(answer.is_ok());
        self.calls.ended(call.endpoint, status_of(&answer));
        Sent { answer, middle_ms: i64::midpoint(before, self.clock.now().as_millisecond()) }
    }

    /// Remembers whether the login of a body that cannot be sent again was taken: whoever tries next finds another one.
    pub(super) async fn noted(&self, class: Class, call: &Call, head: Option<(u16, HeaderMap)>, pass: &Arc<Pass>) {
        let Some((status, headers)) = head else { return };
        if self.is_refused(class, call, status, &headers) {
            self.login.refused(pass).await;
        } else {
            self.login.taken();
        }
    }

    /// Whether an answer says that the login was not taken. A locked account is another matter: every further try makes it worse.
    pub(super) fn is_refused(&self, class: Class, call: &Call, status: u16, headers: &HeaderMap) -> bool {
        if headers.contains_key("x-authentication-denied-reason") || self.is_about_a_right(call, status, headers) {
            return false;
        }
        // A read may be answered as to nobody. A write that was done so is done.
        status == 401 || (retry::login_refused(headers) && (status == 403 || class == Class::Read))
    }
}

/// The head of an answer, if there is one.
pub(super) fn head<B>(sent: &Result<http::Response<B>, TransportError>) -> Option<(u16, HeaderMap)> {
    sent.as_ref().ok().map(|answer| (answer.status().as_u16(), answer.headers().clone()))
}
