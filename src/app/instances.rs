//! Polling one instance and keeping its record for `status`. Must never let a failing instance hold up another.

use std::sync::PoisonError;

use jiff::Timestamp;

use super::Daemon;
use crate::engine::{PollError, Polled};
use crate::jira::{Failure, JiraError, Trouble};
use crate::model::ids::{InstanceId, SideId};
use crate::model::problem::Problem;
use crate::model::store::{Store as _, StoreError};

/// How the polls of an instance went.
#[derive(Debug, Clone, Default)]
pub(super) struct PollRecord {
    /// The last that brought an answer, by our clock.
    pub(super) last_good: Option<Timestamp>,
    /// What the last one said if it failed.
    pub(super) error: Option<String>,
    /// It says since when nothing is answered: more than the requests tell that end without an answer.
    pub(super) hangs: bool,
    /// What is wrong with parts of it.
    pub(super) troubles: Vec<(String, &'static str)>,
}

/// Under what the problems of an instance are kept.
pub(super) fn about(instance: &InstanceId) -> String {
    format!("instance {instance}")
}

impl Daemon {
    /// Polls one instance once. What Jira says against it becomes a problem of the instance, until it answers again.
    pub(super) async fn poll(&self, instance: &InstanceId) -> Result<Polled, StoreError> {
        if self.engine.paused(instance).is_some() {
            // A start or a worker may have met it, who tell nobody.
            if let (Some(failure), None) = (self.engine.refuses_login(instance), self.poll_record(instance).error) {
                let attempt = "asking what changed".to_owned();
                self.tell_refusal(instance, &JiraError { attempt, instance: instance.clone(), failure }).await?;
            }
            return Ok(Polled::default());
        }
        match self.asked(instance).await {
            Ok(polled) => {
                let was_bad = self.note_poll(instance, None);
                if was_bad {
                    tracing::info!(%instance, "instance `{instance}` answers again");
                }
                self.tell_troubles(instance, was_bad).await?;
                // Here and not with the worker: an instance that answers slowly holds up its own newcomers alone.
                let mut started = self.engine.admit(instance).await?;
                started += self.engine.pace_creations().await?;
                let woke = self.engine.has_woken();
                if polled.rows > 0 || started > 0 || woke {
                    tracing::debug!(%instance, rows = polled.rows, "{} issues changed on `{instance}`", polled.rows);
                    self.wake.notify_one();
                }
                Ok(polled)
            }
            Err(PollError::Jira(error)) => {
                // What else keeps it from answering says more.
                let is_slow = |why: &str| why.starts_with(&Trouble::Timeout.to_string());
                let is_told = matches!(&error.failure, Failure::Unreachable(why) if is_slow(why))
                    && self.poll_record(instance).hangs;
                if !is_told {
                    self.tell_refusal(instance, &error).await?;
                }
                Ok(Polled::default())
            }
            Err(PollError::Store(error)) => Err(error),
        }
    }

    /// Asks what changed. That the instance hangs is told once a request has taken its time: a poll is given up only after several.
    async fn asked(&self, instance: &InstanceId) -> Result<Polled, PollError> {
        let mut polling = std::pin::pin!(self.engine.poll(instance));
        let error = tokio::select! {
            biased;
            polled = &mut polling => return polled,
            error = self.engine.hangs(instance) => error,
        };
        if self.poll_record(instance).error.is_none() {
            self.tell_refusal(instance, &error).await?;
            self.polls.lock().unwrap_or_else(PoisonError::into_inner).entry(instance.clone()).or_default().hangs = true;
        }
        polling.await
    }

    /// What an instance says against being polled becomes its problem.
    async fn tell_refusal(&self, instance: &InstanceId, error: &JiraError) -> Result<(), StoreError> {
        let words = error.to_string();
        if !self.note_poll(instance, Some(words.clone())) {
            tracing::warn!(%instance, %error, "instance `{instance}` cannot be polled");
        }
        let (side, remedy) = (SideId::new(instance.as_str()), remedy(&error.failure).to_owned());
        let settles = settles(&error.failure);
        let problem = Problem { side, field: None, what: words, remedy, operation: None, settles };
        self.store.set_problems(&about(instance), &[problem], self.surroundings.clock.now()).await
    }

    /// Keeps what is wrong with parts of an instance as its problems, where that changed or something else stood there.
    pub(super) async fn tell_troubles(&self, instance: &InstanceId, was_bad: bool) -> Result<(), StoreError> {
        self.engine.keep_unshown(instance).await?;
        if self.engine.wants_check(instance) {
            self.want_sweep([instance.clone()]).await?;
        }
        let mut troubles = self.engine.troubles(instance);
        troubles.extend(self.endings(instance));
        troubles.extend(self.forged(instance));
        troubles.extend(self.silence_in_words(instance));
        let changed = {
            let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
            let record = polls.entry(instance.clone()).or_default();
            std::mem::replace(&mut record.troubles, troubles.clone()) != troubles
        };
        if !changed && !was_bad {
            return Ok(());
        }
        let problem = |(what, remedy): (String, &str)| Problem {
            side: SideId::new(instance.as_str()),
            field: None,
            what,
            remedy: remedy.to_owned(),
            operation: None,
            settles: false,
        };
        let problems: Vec<Problem> = troubles.into_iter().map(problem).collect();
        self.store.set_problems(&about(instance), &problems, self.surroundings.clock.now()).await
    }

    /// Keeps how a poll went. Says whether the one before had failed.
    fn note_poll(&self, instance: &InstanceId, error: Option<String>) -> bool {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        let record = polls.entry(instance.clone()).or_default();
        let was_bad = record.error.is_some();
        if error.is_none() {
            record.last_good = Some(self.surroundings.clock.now());
        }
        record.error = error;
        record.hangs = false;
        was_bad
    }

    pub(super) fn poll_record(&self, instance: &InstanceId) -> PollRecord {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner).get(instance).cloned().unwrap_or_default()
    }
}

/// Whether it is over by itself: the instance asked for time. One that fails may do so until somebody repairs it.
fn settles(failure: &Failure) -> bool {
    match failure {
        Failure::Wait(_) => true,
        Failure::Server(_)
        | Failure::Unreachable(_)
        | Failure::NotUs(_)
        | Failure::Locked(_)
        | Failure::NotJira(_)
        | Failure::Refused(_)
        | Failure::NotFound
        | Failure::Unreadable(_) => false,
    }
}

/// What a person can do about it.
fn remedy(failure: &Failure) -> &'static str {
    match failure {
        Failure::Unreachable(_) => "look at the network, the name and the certificate; it is tried again by itself",
        Failure::NotUs(words) if words.contains("`jirasyncd login") => {
            "run `jirasyncd login INSTANCE` with that instance; it is tried again every five minutes"
        }
        Failure::NotUs(_) => "give the instance a token that works; it is tried again every five minutes",
        Failure::Locked(_) => "log in once as the sync user by the browser",
        Failure::NotJira(_) => "correct the instance's `url`, or what stands between (proxy, single sign-on)",
        Failure::Refused(_) => {
            "let the sync user browse every project of its syncs (Browse Projects, BROWSE_PROJECTS), or correct their keys"
        }
        Failure::NotFound => "correct the instance's `url`",
        Failure::Wait(_) | Failure::Server(_) => "none: it is tried again by itself",
        Failure::Unreadable(_) => "look whether the instance was upgraded; it is tried again by itself",
    }
}
