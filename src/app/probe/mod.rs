//! What the daemon takes for granted of a Jira, tried out on one: each fact is a function in a list, with the place that rests on it and
//! what follows where it does not hold. Must never touch an issue that it did not make, nor leave one behind without saying so.

mod bench;
mod document;
mod facts_comments;
mod facts_files;
mod facts_issues;
mod facts_login;
mod facts_moves;
mod facts_search;
mod facts_work;
mod watching;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{StartError, Surroundings};
use crate::clock::SteadyClock;
use crate::jira::{Failure, JiraError, WriteOutcome, connect};
use crate::model::ids::IssueKey;
use crate::model::settings::{InstanceSettings, Kind};

use bench::{Bench, Parts};
use watching::{Record, Watching};

pub use document::facts_document;

/// A probe sends no more requests than this, but to take away what it made.
pub const MOST_REQUESTS: u32 = 800;

/// Where a fact is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// On Cloud and on Data Center.
    Both,
    /// On Cloud alone.
    Cloud,
    /// On Data Center alone.
    DataCenter,
    /// On both, in the project of a service desk.
    Desk,
}

/// How a fact is tried.
type Check = for<'b> fn(&'b Bench) -> BoxFuture<'b, Result<Found, Halt>>;

/// Something that the daemon takes for granted of a Jira.
#[derive(Clone, Copy)]
pub struct Fact {
    /// Its name, for programs.
    pub name: &'static str,
    /// What it is about, as a title.
    pub subject: &'static str,
    /// In words.
    pub says: &'static str,
    /// Where it is one.
    pub on: On,
    /// The file that rests on it.
    pub rests: &'static str,
    /// What of the simulator plays a Jira where it does not hold.
    pub simulator: &'static str,
    /// What follows for the daemon where it does not hold: the key of the configuration, or what it does by itself.
    pub daemon: &'static str,
    check: Check,
}

/// What was found of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Holds(String),
    DoesNotHold(String),
}

impl Found {
    fn when(holds: bool, seen: impl Into<String>) -> Self {
        if holds { Self::Holds(seen.into()) } else { Self::DoesNotHold(seen.into()) }
    }
}

/// Why a fact could not be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Halt(String);

impl From<JiraError> for Halt {
    fn from(error: JiraError) -> Self {
        Self(error.to_string())
    }
}

/// Whether a fact holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not.
    DoesNotHold,
    /// That could not be tried.
    NotTried,
}

/// What came of trying a fact.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tried {
    /// The fact's name.
    pub fact: &'static str,
    /// The fact in words.
    pub says: &'static str,
    /// Whether it holds.
    pub verdict: Verdict,
    /// What was seen, or why it could not be tried.
    pub seen: String,
    /// The file that rests on it.
    pub rests_on_it: &'static str,
    /// See [`Fact::simulator`].
    pub simulator: &'static str,
    /// See [`Fact::daemon`].
    pub daemon: &'static str,
}

/// An issue of the probe's own that could not be taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftBehind {
    /// Its key.
    pub key: IssueKey,
    /// Why.
    pub why: String,
}

/// What a probe found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Probed {
    /// What the instance calls its version.
    pub version: String,
    /// The facts, in the order of the list.
    pub facts: Vec<Tried>,
    /// How many issues were made.
    pub made: usize,
    /// Those that are still there.
    pub left: Vec<LeftBehind>,
    /// Whether it is not known what became of a creation: then there may be one more.
    pub in_doubt: bool,
    /// How many requests were sent.
    pub requests: u32,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The connection could not be made.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The instance refused, or is out of reach.
    #[error(transparent)]
    Jira(#[from] JiraError),
}

/// All facts.
#[must_use]
pub fn facts() -> Vec<Fact> {
    let lists = [
        facts_login::FACTS,
        facts_search::FACTS,
        facts_issues::FACTS,
        facts_moves::FACTS,
        facts_comments::FACTS,
        facts_files::FACTS,
        facts_work::FACTS,
    ];
    lists.concat()
}

/// Tries all facts on an instance, with issues of its own in `project`, and takes them away. `stop` has it end early.
///
/// # Errors
/// The instance refused the login or does not show the project, or is out of reach.
pub async fn probe(
    settings: &InstanceSettings,
    project: &str,
    issue_type: Option<&str>,
    surroundings: &Surroundings,
    stop: &CancellationToken,
) -> Result<Probed, ProbeError> {
    let record = Arc::new(Record::of(MOST_REQUESTS));
    let clock = Arc::new(SteadyClock::over(Arc::clone(&surroundings.clock)));
    let transport = || {
        let made = (surroundings.transports)(settings);
        made.map_err(|source| StartError::Transport { instance: settings.id.clone(), source })
    };
    let ends = |transport| connect(settings, transport, clock.clone(), Arc::clone(&surroundings.entropy));
    let (read, write) = ends(Arc::new(Watching::over(transport()?, Arc::clone(&record))));
    let (nobody, _) = ends(Arc::new(Watching::as_nobody(transport()?, Arc::clone(&record))));
    let word: String = format!("{:032x}", surroundings.entropy.next_u128()).chars().take(8).collect();
    let bench = Bench::new(Parts {
        read,
        write,
        nobody,
        project: project.to_owned(),
        issue_type: issue_type.map(str::to_owned),
        settle: settings.settle,
        record: Arc::clone(&record),
        clock: clock.clone(),
        word,
    })
    .await?;
    let desk = bench.read.nature(project).await.is_ok_and(|nature| nature.service_desk);
    bench.fill().await;
    let mut tried = Vec::new();
    for fact in facts().into_iter().filter(|fact| fact.is_of(settings.kind)) {
        let found = match fact.on {
            _ if stop.is_cancelled() => Err(Halt("the probe was stopped".to_owned())),
            On::Desk if !desk => Err(Halt("the project is no service desk".to_owned())),
            On::Both | On::Cloud | On::DataCenter | On::Desk => (fact.check)(&bench).await,
        };
        tried.push(fact.tried(found));
    }
    let (made, left) = take_away(&bench).await;
    let in_doubt = bench.doubts();
    let version = bench.identity.version.clone();
    Ok(Probed { version, facts: tried, made, left, in_doubt, requests: record.sent() })
}

impl Fact {
    fn is_of(&self, kind: Kind) -> bool {
        match self.on {
            On::Both | On::Desk => true,
            On::Cloud => kind == Kind::Cloud,
            On::DataCenter => kind == Kind::DataCenter,
        }
    }

    fn tried(&self, found: Result<Found, Halt>) -> Tried {
        let (verdict, seen) = match found {
            Ok(Found::Holds(seen)) => (Verdict::Holds, seen),
            Ok(Found::DoesNotHold(seen)) => (Verdict::DoesNotHold, seen),
            Err(Halt(why)) => (Verdict::NotTried, why),
        };
        Tried {
            fact: self.name,
            says: self.says,
            verdict,
            seen,
            rests_on_it: self.rests,
            simulator: self.simulator,
            daemon: self.daemon,
        }
    }
}

/// Deletes what was made. How many that were in all, and what is still there.
async fn take_away(bench: &Bench) -> (usize, Vec<LeftBehind>) {
    bench.record.allow(MOST_REQUESTS);
    let mut left = BTreeMap::new();
    for (issue, key) in bench.left().await {
        let why = match bench.write.delete(issue).await {
            WriteOutcome::Done(()) | WriteOutcome::NotFound => None,
            WriteOutcome::Refused(refusal) => Some(format!("Jira refuses to delete it: {refusal}")),
            WriteOutcome::NotSent { why, .. } => Some(format!("its deletion could not be sent: {why}")),
            // A look tells: what is gone is gone.
            WriteOutcome::InDoubt(why) if bench.is_gone(issue).await => {
                tracing::debug!(%issue, why, "an issue of the probe is gone although its deletion was in doubt");
                None
            }
            WriteOutcome::InDoubt(why) => Some(format!("its deletion failed: {why}")),
        };
        match why {
            Some(why) => {
                left.insert(issue, LeftBehind { key, why });
            }
            None => bench.gone(issue),
        }
    }
    (bench.made(), left.into_values().collect())
}

/// Whether a read failed since Jira said no, and with which status.
fn refused_with(error: &JiraError) -> Option<u16> {
    match &error.failure {
        Failure::Refused(refusal) => Some(refusal.status),
        Failure::NotFound => Some(404),
        Failure::Unreachable(_)
        | Failure::NotUs(_)
        | Failure::Locked(_)
        | Failure::NotJira(_)
        | Failure::Wait(_)
        | Failure::Server(_)
        | Failure::Unreadable(_) => None,
    }
}
