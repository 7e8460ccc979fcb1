//! Going over to another configuration without giving the state out of hand. The new one is held to the instances first, and the
//! daemon that runs goes on until another one can take its place. Must never go by a configuration that a start would refuse, and
//! leave out nothing that is in step unless somebody said so.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::{Daemon, Held, StartError, connect, side_instances};
use crate::config::{Config, Loaded};
use crate::engine::{Finding, SetupError, fits};
use crate::model::command::{Answer, Ended};
use crate::model::configuration::{Existing, SAYS_THE_SAME};
use crate::model::store::StoreError;

/// A configuration that was accepted, until a daemon goes by it.
#[derive(Debug)]
pub(super) struct Next {
    config: Config,
    existing: Existing,
}

impl Daemon {
    /// Waits until a configuration was accepted that this daemon does not go by.
    pub async fn replaced(&self) {
        self.replaced.notified().await;
    }

    /// The daemon that goes by the configuration that was accepted, on the same state, taking over. See [`Self::successor`].
    ///
    /// # Errors
    /// As for a start. Then the state goes by the configuration of this one.
    pub async fn succeed(&self) -> Result<Option<(Self, Vec<Finding>)>, StartError> {
        let Some((next, findings)) = self.successor().await? else { return Ok(None) };
        if let Err(error) = next.take_over().await {
            self.go_on()?;
            return Err(error);
        }
        Ok(Some((next, findings)))
    }

    /// Makes the daemon that goes by the configuration that was accepted, on the same state; it is to take over. This one must not
    /// run any more; it may again where the other one cannot.
    ///
    /// # Errors
    /// As for a start. Then the state goes by the configuration of this one.
    pub async fn successor(&self) -> Result<Option<(Self, Vec<Finding>)>, StartError> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Next { config, existing }) = next else { return Ok(None) };
        self.store.follow(side_instances(&config))?;
        let store = Arc::clone(&self.store);
        let limit = *self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = async {
            let (next, findings) = Self::begin(config, self.surroundings.clone(), store, existing).await?;
            next.limit_creations(limit).await?;
            Ok((next, findings))
        };
        match begun.await {
            Ok(started) => Ok(Some(started)),
            Err(error) => {
                self.go_on()?;
                Err(error)
            }
        }
    }

    /// Goes on by its own configuration, after another one was started and cannot run.
    ///
    /// # Errors
    /// The state was opened for reading only.
    pub fn go_on(&self) -> Result<(), StoreError> {
        self.leaving.store(false, Ordering::Relaxed);
        self.store.follow(side_instances(&self.config))
    }

    /// The configuration that it goes by.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Reads the configuration again, and goes over to it where a start would.
    pub(super) async fn reload(&self, confirm: bool, existing: Existing) -> Result<Answer, StoreError> {
        let Some(reread) = self.surroundings.reread.clone() else {
            return Ok(Answer::refused("this daemon was not started from a file"));
        };
        let Loaded { config, warnings } = match reread() {
            Ok(loaded) => loaded,
            Err(report) => return Ok(refused(report.render(false).lines())),
        };
        if config.daemon.state != self.config.daemon.state {
            let why =
                "`daemon.state` is another; a daemon keeps its state as long as it runs: stop it and start it again";
            return Ok(Answer::refused(why));
        }
        let mut held = Held::of(&self.store, &config, existing).await?;
        if let Err(StartError::OtherInstance { what }) = held.left_out(&self.store).await {
            return Ok(refused(
                [what.as_str(), "name the instance as before, or give what is new another side"].into_iter(),
            ));
        }
        let gone = held.gone(&self.store).await?;
        if !confirm && !gone.is_empty() {
            let lines: Vec<String> = gone.iter().map(ToString::to_string).collect();
            let more = "nothing is deleted by it; what is left out is left alone, and an issue that is in another project than its \
                        side is as one that was moved (`life.moved`); `jirasyncd reload --confirm` does it";
            return Ok(refused(lines.iter().map(String::as_str).chain([more])));
        }
        let (connections, _) = match connect(&config, &self.surroundings) {
            Ok(ends) => ends,
            Err(error) => return Ok(Answer::refused(said(&error))),
        };
        let findings = match fits(&*self.store, &connections, &config.syncs).await {
            Ok(findings) => findings,
            Err(SetupError::Store(error)) => return Err(error),
            Err(SetupError::Findings(findings)) => {
                let lines: Vec<String> = findings.iter().flat_map(lines_of).collect();
                return Ok(refused(lines.iter().map(String::as_str)));
            }
            Err(
                error @ (SetupError::Jira(_)
                | SetupError::OtherJira { .. }
                | SetupError::OtherAccount { .. }
                | SetupError::Seal),
            ) => {
                return Ok(refused(error.to_string().lines()));
            }
        };
        let mut lines = held.differences();
        lines.insert(
            0,
            match (lines.len(), existing) {
                (0, _) => SAYS_THE_SAME.to_owned(),
                (_, Existing::ReMap) => "the new configuration is right, and is gone over to; existing issues become what it says:".to_owned(),
                (_, Existing::FromNow) => {
                    "the new configuration is right, and is gone over to; fields of existing issues stay until they are changed:"
                        .to_owned()
                }
            },
        );
        if !confirm && held.changes_syncs() {
            lines.push(
                "where the new configuration would create issues of what is in step or stands there already, they wait until somebody \
                 says so: `jirasyncd status` tells how many, if any"
                    .to_owned(),
            );
        }
        lines.extend(warnings.render(false).lines().map(str::to_owned));
        lines.extend(findings.iter().flat_map(lines_of));
        // Before the answer says so.
        let asks = !confirm && held.changes_syncs();
        held.ask(&self.store, asks).await?;
        self.leaving.store(true, Ordering::Relaxed);
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(Next { config, existing });
        self.replaced.notify_one();
        Ok(Answer::new(Ended::Done, lines))
    }
}

fn lines_of(finding: &Finding) -> [String; 2] {
    [format!("{}: {}", finding.place, finding.what), format!("  Hint: {}", finding.remedy)]
}

fn refused<'a>(why: impl Iterator<Item = &'a str>) -> Answer {
    let first = "the configuration is not taken over; the daemon goes on with the one before:".to_owned();
    Answer::new(Ended::Refused, std::iter::once(first).chain(why.map(str::to_owned)).collect())
}

/// An error with its causes.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
