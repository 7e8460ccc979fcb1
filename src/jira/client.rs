//! One instance's client: builds requests, passes the gate, sends, asks the retry decision, proves every answer. Must never
//! send a write twice, nor let a secret out but in the `Authorization` header.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::call::{Call, Target};
use super::calls::Calls;
use super::fields::FieldList;
use super::gate::{Closed, Gate};
use super::jql::TimeForm;
use super::login::{Login, LoginSources};
use super::proof;
use super::retry::{self, Class, Decision, Seen};
use super::sending::{Sent, head};
use super::silence::Silence;
use super::transport::{Pieces, Transport, TransportError, gathered};
use super::urgency::turn;
use super::wire::ErrorCollection;
use super::{Failure, JiraError, Refusal, WriteOutcome, decode};
use crate::clock::{Clock, Entropy};
use crate::model::ids::{AccountId, InstanceId};
use crate::model::settings::{InstanceSettings, Kind};

/// As an attempt: one after which nothing is tried again.
const NO_MORE: u32 = 1_000;
/// How often an answer that cannot be read is asked for again.
const REREADS: u32 = 2;
/// How long a write waits when we are not logged in, in milliseconds.
const LOGIN_WAIT_MS: u64 = 300_000;
/// How long a write waits for what a person must mend, in milliseconds.
pub(super) const MEND_WAIT_MS: u64 = 60_000;

/// How far the date of an answer may be from what the measured skew says, in milliseconds: it is cut to the second, and an
/// answer takes its time.
const MOST_DRIFT_MS: i64 = 5_000;

/// What is known of the account once `identity` was asked.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) zone: Option<jiff::tz::TimeZone>,
}

/// The client of one instance.
pub(super) struct Client {
    pub(super) instance: InstanceId,
    pub(super) kind: Kind,
    pub(super) target: Result<Target, String>,
    pub(super) login: Login,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pub(super) gate: Gate,
    pub(super) silence: Silence,
    pub(super) calls: Calls,
    account: Mutex<Option<Account>>,
    fields: Mutex<Option<Arc<FieldList>>>,
    time_form: Mutex<Option<TimeForm>>,
    skew_ms: Mutex<Option<i64>>,
}

/// An answer that may be used.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Our clock half-way between sending and answer, in milliseconds since the epoch.
    pub(super) middle_ms: i64,
}

/// What became of a write that was sent, or not.
pub(super) enum Written {
    /// An answer to read: 2xx, proven to be to us.
    Yes(Answer),
    /// Not a yes.
    No(NotDone),
}

/// A write that brought no yes.
#[derive(Debug, Clone)]
pub(super) enum NotDone {
    Refused(Refusal),
    NotFound,
    NotSent(String, u64),
    InDoubt(String),
}

impl NotDone {
    /// The same as an outcome of any type.
    pub(super) fn outcome<T>(self) -> WriteOutcome<T> {
        match self {
            Self::Refused(refusal) => WriteOutcome::Refused(refusal),
            Self::NotFound => WriteOutcome::NotFound,
            Self::NotSent(why, wait_ms) => WriteOutcome::NotSent { why, wait_ms },
            Self::InDoubt(why) => WriteOutcome::InDoubt(why),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// A client. What is wrong with the settings shows at the first request.
    pub(super) fn new(
        settings: &InstanceSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        sources: LoginSources,
    ) -> Self {
        Self {
            instance: settings.id.clone(),
            kind: settings.kind,
            target: Target::of(settings),
            login: Login::new(settings, Arc::clone(&transport), Arc::clone(&clock), sources),
            transport,
            gate: Gate::new(settings.rate, settings.kind, Arc::clone(&clock)),
            silence: Silence::new(Arc::clone(&clock)),
            calls: Calls::default(),
            clock,
            entropy,
            account: Mutex::default(),
            fields: Mutex::default(),
            time_form: Mutex::default(),
            skew_ms: Mutex::default(),
        }
    }

    /// The account, once known.
    pub(super) fn account(&self) -> Option<Account> {
        lock(&self.account).clone()
    }

    /// Remembers who we are: every later answer must be to this account.
    pub(super) fn set_account(&self, account: Account) {
        *lock(&self.account) = Some(account);
    }

    /// Server time minus ours, once measured.
    pub(super) fn skew_ms(&self) -> Option<i64> {
        *lock(&self.skew_ms)
    }

    /// Takes an exact measure of the skew.
    pub(super) fn set_skew(&self, skew_ms: i64) {
        *lock(&self.skew_ms) = Some(skew_ms);
    }

    /// Follows a clock that was set, ours or theirs: every answer is dated, to the second.
    fn watch_skew(&self, headers: &HeaderMap, middle_ms: i64) {
        let date = headers.get("date").and_then(|value| value.to_str().ok()).and_then(retry::http_date);
        let Some(date) = date else { return };
        let by_date = date.as_millisecond() + 500 - middle_ms;
        let mut skew = lock(&self.skew_ms);
        if skew.is_some_and(|skew| (skew - by_date).abs() > MOST_DRIFT_MS) {
            *skew = Some(by_date);
        }
    }

    /// How times are written in JQL here.
    pub(super) fn time_form(&self) -> TimeForm {
        let zone = || self.account().and_then(|account| account.zone);
        lock(&self.time_form).clone().unwrap_or_else(|| zone().map_or(TimeForm::Wide, TimeForm::Minutes))
    }

    /// Sets how times are written, after it was tried.
    pub(super) fn set_time_form(&self, form: TimeForm) {
        *lock(&self.time_form) = Some(form);
    }

    /// The profile has another time zone: what was tried holds no longer.
    pub(super) fn forget_time_form(&self) {
        *lock(&self.time_form) = None;
    }

    /// The field list, read once (`fresh`: again).
    pub(super) async fn field_list(&self, fresh: bool) -> Result<Arc<FieldList>, JiraError> {
        let known = lock(&self.fields).clone();
        if let Some(known) = known.filter(|_| !fresh) {
            return Ok(known);
        }
        let list = self.read(&Call::get("getFields", &["field"], "reading the fields")).await?;
        let list = Arc::new(FieldList::new(list));
        *lock(&self.fields) = Some(Arc::clone(&list));
        Ok(list)
    }

    /// The field list if decoding needs it: Cloud's answers say by themselves what they hold.
    pub(super) async fn fields_for_reading(&self) -> Result<Arc<FieldList>, JiraError> {
        match self.kind {
            Kind::Cloud => Ok(lock(&self.fields).clone().unwrap_or_default()),
            Kind::DataCenter => self.field_list(false).await,
        }
    }

    /// An error of this instance.
    pub(super) fn error(&self, attempt: &str, failure: Failure) -> JiraError {
        JiraError { attempt: attempt.to_owned(), instance: self.instance.clone(), failure }
    }

    /// Sends a read until there is an answer, and reads it.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, JiraError> {
        Ok(self.read_with_answer(call).await?.0)
    }

    /// The same, with the answer itself.
    pub(super) async fn read_with_answer<T: DeserializeOwned>(&self, call: &Call) -> Result<(T, Answer), JiraError> {
        let mut unread = 0;
        loop {
            let answer = self.read_raw(call).await.map_err(|failure| self.error(&call.attempt, failure))?;
            match decode::read(&answer.body) {
                Ok(value) => return Ok((value, answer)),
                Err(failure) if unread >= REREADS => return Err(self.error(&call.attempt, failure)),
                Err(_) => {
                    self.sleep(retry::growth(unread)).await;
                    unread += 1;
                }
            }
        }
    }

    async fn read_raw(&self, call: &Call) -> Result<Answer, Failure> {
        let mut attempt = 0;
        let mut asking = self.silence.call();
        loop {
            self.pass(call).await?;
            let Sent { answer: sent, middle_ms } = self.send(Class::Read, call, &mut asking).await?;
            let seen = match &sent {
                Ok(answer) => {
                    self.watch_skew(answer.headers(), middle_ms);
                    self.gate.learn(call.endpoint, call.issue, answer.status().as_u16(), answer.headers());
                    Seen::Answer(answer.status().as_u16(), answer.headers())
                }
                Err(error) => Seen::Broken(error),
            };
            match retry::decide(Class::Read, seen, attempt) {
                Decision::RetryAfter(wait) => self.sleep(wait).await,
                Decision::GiveUp(failure) => return Err(failure),
                // The last two are never decided for reads.
                Decision::Give | Decision::InDoubt(_) | Decision::NotSent(..) => {
                    let answer = sent.map_err(|error| Failure::Unreachable(error.to_string()))?;
                    return self.given(call, Answer { middle_ms, ..self.taken(answer) });
                }
            }
            attempt += 1;
        }
    }

    /// Proves an answer and turns a no into a failure.
    fn given(&self, call: &Call, answer: Answer) -> Result<Answer, Failure> {
        if self.is_about_a_right(call, answer.status, &answer.headers) {
            return Err(Failure::Refused(refusal(answer.status, &answer.body)));
        }
        self.prove(call, &answer)?;
        match answer.status {
            200..=299 => Ok(answer),
            404 => Err(Failure::NotFound),
            status => Err(Failure::Refused(refusal(status, &answer.body))),
        }
    }

    fn prove(&self, call: &Call, answer: &Answer) -> Result<(), Failure> {
        let account = self.account().map(|account| account.id);
        let proof = proof::check(self.kind, account.as_ref(), call.needs, answer.status, &answer.headers, &answer.body);
        if let Err(Failure::Locked(words)) = &proof {
            self.gate.locked(words);
        }
        proof
    }

    async fn pass(&self, call: &Call) -> Result<(), Failure> {
        self.gate.pass(call.endpoint, call.issue, turn(), retry::PATIENCE).await.map_err(closed)
    }

    async fn pass_write(&self, call: &Call) -> Result<(), Failure> {
        self.gate.pass_write(call.endpoint, call.issue, turn(), retry::PATIENCE).await.map_err(closed)
    }

    /// Sends a write once and sorts its answer into yes and no.
    pub(super) async fn write(&self, call: &Call) -> Written {
        match self.write_raw(call).await {
            Ok(answer) if (200..300).contains(&answer.status) => Written::Yes(answer),
            Ok(answer) if answer.status == 404 => Written::No(NotDone::NotFound),
            Ok(answer) => Written::No(NotDone::Refused(refusal(answer.status, &answer.body))),
            Err(no) => Written::No(no),
        }
    }

    /// Sends a write once. `Ok`: Jira's own answer to us, yes or no.
    pub(super) async fn write_raw(&self, call: &Call) -> Result<Answer, NotDone> {
        // It lets others go first for some seconds, like the reads before it, else the writes of first copies would crowd out what people
        // just did. Not for longer: what it rests on grows old, and what waits here unsent is taken for sent after a restart.
        if let Err(failure) = self.pass_write(call).await {
            let wait = if let Failure::Wait(wait) = failure { wait } else { LOGIN_WAIT_MS };
            return Err(NotDone::NotSent(failure.to_string(), wait));
        }
        let mut asking = self.silence.call();
        let sent = self.send(Class::Write, call, &mut asking).await.map_err(not_sent)?;
        self.answered(call, sent.answer)
    }

    /// What the answer to a write means.
    fn answered(&self, call: &Call, sent: Result<http::Response<Bytes>, TransportError>) -> Result<Answer, NotDone> {
        let seen = match &sent {
            Ok(answer) => {
                super::trace::note(answer.headers());
                self.gate.learn(call.endpoint, call.issue, answer.status().as_u16(), answer.headers());
                Seen::Answer(answer.status().as_u16(), answer.headers())
            }
            Err(error) => Seen::Broken(error),
        };
        match (retry::decide(Class::Write, seen, 0), sent) {
            (Decision::NotSent(..), Ok(answer))
                if self.is_about_a_right(call, answer.status().as_u16(), answer.headers()) =>
            {
                Ok(self.taken(answer))
            }
            (Decision::NotSent(why, wait), sent) => {
                if let Ok(answer) = sent {
                    // Only to learn of a lock; the words of the decision stay.
                    let _ = self.prove(call, &self.taken(answer));
                }
                Err(NotDone::NotSent(why, retry::millis(wait)))
            }
            (Decision::InDoubt(why), _) => Err(NotDone::InDoubt(why)),
            (_, Ok(answer)) => self.judge(call, self.taken(answer)),
            (_, Err(error)) => Err(NotDone::InDoubt(error.to_string())),
        }
    }

    /// Data Center says 401 where a right of these operations is missing (so its document): the login was taken, as the answer
    /// shows.
    pub(super) fn is_about_a_right(&self, call: &Call, status: u16, headers: &HeaderMap) -> bool {
        const SUCH: [&str; 5] = ["linkIssues", "deleteIssueLink", "getIssueWatchers", "addWatcher", "removeWatcher"];
        let account = self.account().map(|account| account.id);
        SUCH.contains(&call.endpoint)
            && self.kind == Kind::DataCenter
            && status == 401
            && !retry::login_refused(headers)
            && headers.contains_key("x-ausername")
            && proof::identity(self.kind, account.as_ref(), call.needs, 200, headers).is_ok()
    }

    /// A write's answer that was not settled by its status alone. A yes that is not proven to be to us, or is no answer of
    /// Jira, leaves a doubt; a no does not.
    fn judge(&self, call: &Call, answer: Answer) -> Result<Answer, NotDone> {
        let status = answer.status;
        match self.prove(call, &answer) {
            Ok(()) => Ok(answer),
            Err(failure) if (200..300).contains(&status) => Err(NotDone::InDoubt(failure.to_string())),
            Err(failure @ (Failure::NotUs(_) | Failure::Locked(_))) => {
                Err(NotDone::NotSent(failure.to_string(), LOGIN_WAIT_MS))
            }
            Err(failure) if status == 404 => Err(NotDone::NotSent(failure.to_string(), MEND_WAIT_MS)),
            // A proxy that refuses this very content would refuse it for ever: a person must see it.
            Err(failure) => {
                let messages = vec![failure.to_string()];
                Err(NotDone::Refused(Refusal { status, messages, ..Refusal::default() }))
            }
        }
    }

    /// Fresh randomness.
    pub(super) fn random(&self) -> u128 {
        self.entropy.next_u128()
    }

    /// Asks for bytes, once: who carries them on tries again.
    pub(super) async fn download(&self, call: &Call) -> Result<Pieces, Failure> {
        self.pass(call).await?;
        let (mut request, pass) = self.request(call).await?;
        request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static("*/*"));
        let sent = self.transport.download(request).await;
        self.calls.ended(call.endpoint, status_of(&sent));
        self.noted(Class::Read, call, head(&sent), &pass).await;
        let answer = sent.map_err(|error| Failure::Unreachable(error.to_string()))?;
        let (parts, pieces) = answer.into_parts();
        let status = parts.status.as_u16();
        self.gate.learn(call.endpoint, call.issue, status, &parts.headers);
        if (200..300).contains(&status) {
            let account = self.account().map(|account| account.id);
            proof::identity(self.kind, account.as_ref(), call.needs, status, &parts.headers)?;
            return Ok(pieces);
        }
        let body = gathered(pieces).await.map_err(|error| Failure::Unreachable(error.to_string()))?;
        match retry::decide(Class::Read, Seen::Answer(status, &parts.headers), NO_MORE) {
            Decision::GiveUp(failure) => Err(failure),
            Decision::Give | Decision::RetryAfter(_) | Decision::InDoubt(_) | Decision::NotSent(..) => {
                let answer = self.taken(http::Response::from_parts(parts, body));
                self.given(call, answer).and_then(|answer| Err(Failure::Server(answer.status)))
            }
        }
    }

    /// Sends a body piece by piece, once, and sorts its answer into yes and no.
    pub(super) async fn upload(&self, call: &Call, kind: http::HeaderValue, length: u64, body: Pieces) -> Written {
        if let Err(failure) = self.pass_write(call).await {
            let wait = if let Failure::Wait(wait) = failure { wait } else { LOGIN_WAIT_MS };
            return Written::No(NotDone::NotSent(failure.to_string(), wait));
        }
        let (mut request, pass) = match self.request(call).await {
            Ok((request, pass)) => (request.map(drop), pass),
            Err(failure) => return Written::No(not_sent(failure)),
        };
        let headers = request.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, kind);
        headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
        // Without it Jira takes the upload for one from a page that somebody was lured to.
        headers.insert("x-atlassian-token", http::HeaderValue::from_static("no-check"));
        let sent = self.transport.upload(request, body).await;
        self.calls.ended(call.endpoint, status_of(&sent));
        self.noted(Class::Write, call, head(&sent), &pass).await;
        match self.answered(call, sent) {
            Ok(answer) if (200..300).contains(&answer.status) => Written::Yes(answer),
            // Data Center says 404 also where a file is too large: the issue was just read.
            Ok(answer) if answer.status == 404 && self.kind == Kind::Cloud => Written::No(NotDone::NotFound),
            Ok(answer) => Written::No(NotDone::Refused(refusal(answer.status, &answer.body))),
            Err(no) => Written::No(no),
        }
    }

    /// An answer. What refuses may say what was asked, the login too (a proxy does): that is told to nobody.
    fn taken(&self, answer: http::Response<Bytes>) -> Answer {
        let (parts, body) = answer.into_parts();
        let body = if parts.status.is_success() { body } else { self.login.out_of(body) };
        Answer { status: parts.status.as_u16(), headers: parts.headers, body, middle_ms: 0 }
    }

    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(retry::jittered(wait, self.entropy.unit())).await;
    }
}

/// A write that was not sent, for there was no login.
fn not_sent(failure: Failure) -> NotDone {
    let wait = match failure {
        Failure::Wait(wait) => wait,
        Failure::NotUs(_) | Failure::Locked(_) => LOGIN_WAIT_MS,
        Failure::Unreachable(_)
        | Failure::NotJira(_)
        | Failure::Refused(_)
        | Failure::NotFound
        | Failure::Server(_)
        | Failure::Unreadable(_) => MEND_WAIT_MS,
    };
    NotDone::NotSent(failure.to_string(), wait)
}

/// The status of an answer, if there is one.
pub(super) fn status_of<B>(sent: &Result<http::Response<B>, TransportError>) -> Option<u16> {
    sent.as_ref().ok().map(|answer| answer.status().as_u16())
}

/// Jira's no in its own words.
pub(super) fn refusal(status: u16, body: &[u8]) -> Refusal {
    let errors: ErrorCollection = serde_json::from_slice(body).unwrap_or_default();
    refusal_of(status, errors)
}

/// The same, already read.
pub(super) fn refusal_of(status: u16, errors: ErrorCollection) -> Refusal {
    let mut messages = errors.error_messages;
    messages.extend(errors.error_message.or(errors.message));
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Refusal { status, messages, fields: errors.errors.into_iter().map(|(field, value)| (field, text(value))).collect() }
}

fn closed(closed: Closed) -> Failure {
    match closed {
        Closed::Wait(wait) => Failure::Wait(retry::millis(wait)),
        Closed::Locked(words) => Failure::Locked(words),
    }
}
