//! What one instance's requests log in with, kept fresh: a secret that is read again where it was refused, an access token that is
//! renewed before it ends. Must never show any of it, nor try again what was refused and is the same.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::HeaderValue;

use super::Failure;
use super::grant::Grant;
use super::oauth::{self, Denied};
use super::transport::Transport;
use crate::clock::Clock;
use crate::model::ids::InstanceId;
use crate::model::secret::Secret;
use crate::model::settings::{Auth, InstanceSettings, Kind, OauthClient, OauthGrant};

/// An access token is renewed so long before its end, or a quarter of its life before.
pub(super) const AHEAD: Duration = Duration::from_secs(60);
/// An access token that is no older was not refused for its age: a new one would be refused too.
const YOUNG: Duration = Duration::from_secs(60);
/// How long an endpoint is not asked again after it gave out no token: many calls would ask at once.
const QUIET: Duration = Duration::from_secs(30);
/// What is shorter is in every text, in bytes.
const SHORTEST_SECRET: usize = 6;
/// So many secrets of the past are remembered, to keep them out of what is told.
const REMEMBERED: usize = 16;

/// Reads the login's configuration again.
pub type Reread = dyn Fn() -> Option<Auth> + Send + Sync;

/// Where a login is renewed from.
#[derive(Clone, Default)]
pub struct LoginSources {
    /// The configuration; `None`: it is not read again.
    pub reread: Option<Arc<Reread>>,
}

/// What a request logs in with.
pub(super) struct Pass {
    authorization: HeaderValue,
    /// When it was given out. `None`: before this process ran, nobody knows when.
    made: Option<Duration>,
    /// When it is to be replaced, and when it ends, by the monotonic clock.
    life: Option<(Duration, Duration)>,
}

impl Pass {
    /// The header.
    pub(super) fn authorization(&self) -> HeaderValue {
        self.authorization.clone()
    }
}

/// The login of one instance.
pub(super) struct Login {
    pub(super) instance: InstanceId,
    pub(super) kind: Kind,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    sources: LoginSources,
    /// Held while a token is asked for: others wait for it instead of asking too.
    inside: tokio::sync::Mutex<Inside>,
    /// A pass was refused, and there was no other.
    suspect: AtomicBool,
    known: Mutex<VecDeque<Secret>>,
}

pub(super) struct Inside {
    pub(super) auth: Auth,
    pass: Option<Arc<Pass>>,
    /// When no token was given out, and why.
    pub(super) failed: Option<(Duration, Failure)>,
    pub(super) granted: Granted,
}

/// What is known of a grant beside its file.
#[derive(Default)]
pub(super) struct Granted {
    /// The access token of the pass.
    pub(super) access: Option<Secret>,
    /// An access token that was refused before its end.
    pub(super) spent: Option<Secret>,
    /// A refresh token that counts no longer, and what was said of it.
    pub(super) dead: Option<(Secret, Failure)>,
    /// What could not be written yet, and the refresh token in whose place it is to come.
    pub(super) unkept: Option<(Secret, Grant)>,
}

impl Login {
    pub(super) fn new(
        settings: &InstanceSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        sources: LoginSources,
    ) -> Self {
        let inside = Inside { auth: settings.auth.clone(), pass: None, failed: None, granted: Granted::default() };
        let login = Self {
            instance: settings.id.clone(),
            kind: settings.kind,
            transport,
            clock,
            sources,
            inside: tokio::sync::Mutex::new(inside),
            suspect: AtomicBool::new(false),
            known: Mutex::default(),
        };
        login.remember(settings.auth.secret());
        login
    }

    /// What to log in with now.
    ///
    /// # Errors
    /// There is nothing: the secret cannot be sent, or the token endpoint gave out no token.
    pub(super) async fn pass(&self) -> Result<Arc<Pass>, Failure> {
        let mut inside = self.inside.lock().await;
        if self.suspect.load(Ordering::Relaxed) {
            self.reread(&mut inside);
        }
        let now = self.clock.monotonic();
        let valid = |pass: &&Arc<Pass>| pass.life.is_none_or(|(renew, _)| now < renew);
        if let Some(pass) = inside.pass.as_ref().filter(valid) {
            return Ok(Arc::clone(pass));
        }
        let made = match inside.auth.clone() {
            Auth::ClientCredentials(client) => self.renewed(&mut inside, &client).await,
            Auth::Grant(grant) => self.by_grant(&mut inside, &grant).await,
            fixed @ (Auth::ApiToken { .. } | Auth::Basic { .. } | Auth::Bearer { .. }) => self.of_secret(&fixed),
        };
        let pass = Arc::new(made?);
        inside.pass = Some(Arc::clone(&pass));
        Ok(pass)
    }

    /// A request was answered to whom we are logged in as.
    pub(super) fn taken(&self) {
        self.suspect.store(false, Ordering::Relaxed);
    }

    /// After a pass was refused: whether there is another one to try at once.
    pub(super) async fn refused(&self, pass: &Arc<Pass>) -> bool {
        let mut inside = self.inside.lock().await;
        if inside.pass.as_ref().is_none_or(|newest| !Arc::ptr_eq(newest, pass)) {
            // It was replaced while the request was under way.
            return true;
        }
        let was_young = pass.made.is_some_and(|made| self.clock.monotonic().saturating_sub(made) < YOUNG);
        if pass.life.is_some() && !was_young {
            inside.pass = None;
            inside.granted.spent = inside.granted.access.take();
            return true;
        }
        self.reread(&mut inside)
    }

    /// Takes the configured secret anew. `true`: it is another one.
    pub(super) fn reread(&self, inside: &mut Inside) -> bool {
        self.suspect.store(true, Ordering::Relaxed);
        let found = self.sources.reread.as_ref().and_then(|reread| reread());
        let Some(auth) = found.filter(|found| inside.auth.differs_in_secret_only(found)) else { return false };
        self.remember(auth.secret());
        self.suspect.store(false, Ordering::Relaxed);
        (inside.auth, inside.pass, inside.failed) = (auth, None, None);
        true
    }

    /// A new access token; the one before as long as it lasts, where there is none to be had.
    async fn renewed(&self, inside: &mut Inside, client: &OauthClient) -> Result<Pass, Failure> {
        let asked = self.clock.monotonic();
        if let Some(failure) = Self::is_quiet(inside, asked) {
            return Self::last_resort(inside, asked, failure);
        }
        let mut issued = oauth::by_client(&*self.transport, self.kind, client).await;
        if issued.as_ref().is_err_and(|denied| matches!(denied.failure, Failure::NotUs(_)))
            && self.reread(inside)
            && let Auth::ClientCredentials(client) = &inside.auth.clone()
        {
            issued = oauth::by_client(&*self.transport, self.kind, client).await;
        }
        let now = self.clock.monotonic();
        match issued {
            Ok(issued) => {
                inside.failed = None;
                self.remember(&issued.access);
                // It counts from when it was asked for: the answer took its time.
                self.lasting(&issued.access, asked, issued.life, Some(now))
            }
            Err(Denied { failure, .. }) => {
                inside.failed = Some((now, failure.clone()));
                Self::last_resort(inside, now, failure)
            }
        }
    }

    /// A pass that lasts so long from then on, and was `made` when it was given out.
    pub(super) fn lasting(
        &self,
        access: &Secret,
        from: Duration,
        life: Duration,
        made: Option<Duration>,
    ) -> Result<Pass, Failure> {
        let ahead = AHEAD.min(life / 4);
        let life = Some((from + (life - ahead), from + life));
        Ok(Pass { authorization: header("Bearer", access)?, made, life })
    }

    /// Why nothing is asked for just now.
    pub(super) fn is_quiet(inside: &Inside, now: Duration) -> Option<Failure> {
        let failed = inside.failed.as_ref().filter(|(at, _)| now < *at + QUIET);
        failed.map(|(_, failure)| failure.clone())
    }

    pub(super) fn last_resort(inside: &Inside, now: Duration, failure: Failure) -> Result<Pass, Failure> {
        let lasting = inside.pass.as_ref().filter(|pass| pass.life.is_some_and(|(_, end)| now < end));
        lasting.map_or(Err(failure), |pass| {
            Ok(Pass { authorization: pass.authorization(), made: pass.made, life: pass.life })
        })
    }

    fn of_secret(&self, auth: &Auth) -> Result<Pass, Failure> {
        let authorization = match auth {
            Auth::ApiToken { user, token: secret } | Auth::Basic { user, password: secret } => {
                let pair = zeroize::Zeroizing::new(format!("{user}:{}", secret.expose()));
                let encoded = Secret::new(base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()));
                self.remember(&encoded);
                header("Basic", &encoded)?
            }
            Auth::Bearer { token: secret }
            | Auth::ClientCredentials(OauthClient { secret, .. })
            | Auth::Grant(OauthGrant { client: OauthClient { secret, .. }, .. }) => header("Bearer", secret)?,
        };
        Ok(Pass { authorization, made: Some(self.clock.monotonic()), life: None })
    }

    pub(super) fn remember(&self, secret: &Secret) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|known| known.expose() == secret.expose()) {
            return;
        }
        known.push_back(secret.clone());
        if known.len() > REMEMBERED {
            known.pop_front();
        }
    }

    /// A body without the login, where it holds that.
    pub(super) fn out_of(&self, body: Bytes) -> Bytes {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&body);
        let told = known.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let found: Vec<&str> = told.filter(|secret| text.contains(secret)).collect();
        if found.is_empty() {
            return body.clone();
        }
        Bytes::from(found.into_iter().fold(text.into_owned(), |text, secret| text.replace(secret, "***")))
    }
}

fn header(scheme: &str, secret: &Secret) -> Result<HeaderValue, Failure> {
    let words = zeroize::Zeroizing::new(format!("{scheme} {}", secret.expose()));
    // The error of the conversion is dropped on purpose: nothing of the token may be told.
    let mut value = HeaderValue::from_str(&words).map_err(|_| {
        Failure::Unreachable("the token holds a sign that a header cannot carry (a line break?)".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}
