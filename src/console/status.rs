//! What `status` shows, over the control socket and from the state alone. It must never hold a secret, and of an issue
//! nothing but keys and what is said in problems.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jira::Budget;
use crate::model::command::Pause;
use crate::model::ids::{FieldName, InstanceId, ItemId, OperationId, SideId};
use crate::model::problem::Problem;
use crate::model::settings::{InstanceSettings, Kind, LoginEnds};
use crate::model::start::{CreationFigures, CreationPace};
use crate::model::store::{Figures, Store, StoreError, StoredProblem};

/// Problems that are shown at most; `figures.problems` counts all.
pub const SHOWN_PROBLEMS: usize = 200;

/// How the daemon, or its state without one, is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// The daemon that runs. `None`: read from the state alone.
    pub running: Option<Running>,
    /// The state's file.
    pub state: PathBuf,
    /// Counts.
    pub figures: Figures,
    /// The instances of the configuration, by name.
    pub instances: Vec<InstanceStatus>,
    /// What waits because an operator said so, the oldest first.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// How far the first copies are, by sync.
    #[serde(default)]
    pub creations: Vec<CreationStatus>,
    /// What needs a person, oldest first, at most [`SHOWN_PROBLEMS`].
    pub problems: Vec<ProblemStatus>,
}

/// How far the first copies of a sync are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreationStatus {
    /// Counts.
    #[serde(flatten)]
    pub figures: CreationFigures,
    /// The speed, and what is waited for. `None` without a daemon.
    #[serde(default)]
    pub pace: Option<CreationPace>,
}

/// The process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Its version.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// When it was started.
    pub since: Timestamp,
}

/// One instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its name.
    pub name: InstanceId,
    /// Its kind.
    pub kind: Kind,
    /// Why nothing is asked of it now, if it is so. `None` without a daemon.
    pub paused: Option<String>,
    /// How far it was polled, in its own time.
    pub polled_to: Option<Timestamp>,
    /// When a poll last went well, by our clock. `None`: not since the daemon was started.
    pub polled_at: Option<Timestamp>,
    /// The last error of a poll, until one goes well.
    pub last_error: Option<String>,
    /// Untagged mode: it was seen not to give the tags of our writes back. `false` without a daemon.
    #[serde(default)]
    pub untagged: bool,
    /// What came of its webhooks. `None` where they are not taken, and without a daemon.
    #[serde(default)]
    pub webhooks: Option<HookStatus>,
    /// What is left of its limits. `None` without a daemon.
    #[serde(default)]
    pub budget: Option<Budget>,
    /// When what it is reached with ends, as far as that is known.
    #[serde(flatten)]
    pub ends: LoginEnds,
}

/// What came of an instance's webhooks, since the daemon was started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HookStatus {
    /// When the last one came, by our clock.
    pub last: Option<Timestamp>,
    /// How many were taken.
    pub taken: u64,
    /// How many were refused.
    pub refused: u64,
    /// How many of those for their signature.
    pub unsigned: u64,
    /// Issues that changed within a day, as polls saw, without a webhook that told of it in time.
    pub unannounced: usize,
}

/// What needs a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProblemStatus {
    /// The item; `None` when it is an instance's or a sync's.
    pub item: Option<ItemId>,
    /// The keys of the item's issues, or what else it is about.
    pub about: String,
    /// The side it is on.
    pub side: SideId,
    /// The field, if it is one field's.
    pub field: Option<FieldName>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Since when, by our clock.
    pub since: Timestamp,
    /// How often it was met since then.
    pub times: u64,
    /// The operation that met it last, where a write did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Whether it is over by itself: nobody has to act.
    #[serde(default)]
    pub settles: bool,
}

impl ProblemStatus {
    /// The problem as such.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let Self { side, field, what, remedy, operation, settles, .. } = self.clone();
        Problem { side, field, what, remedy, operation, settles }
    }
}

impl From<StoredProblem> for ProblemStatus {
    fn from(stored: StoredProblem) -> Self {
        let StoredProblem { item, about, problem, since, times, .. } = stored;
        Self {
            item,
            about,
            side: problem.side,
            field: problem.field,
            what: problem.what,
            remedy: problem.remedy,
            since,
            times,
            operation: problem.operation,
            settles: problem.settles,
        }
    }
}

impl InstanceStatus {
    /// What the state alone knows of an instance: how far it was polled.
    #[must_use]
    pub fn of_state(settings: &InstanceSettings, polled_to: Option<Timestamp>) -> Self {
        Self {
            name: settings.id.clone(),
            kind: settings.kind,
            paused: None,
            polled_to,
            polled_at: None,
            last_error: None,
            untagged: false,
            webhooks: None,
            budget: None,
            // The rest stands in files: who shows it reads them.
            ends: LoginEnds { expires: settings.expires, ..LoginEnds::default() },
        }
    }
}

impl Status {
    /// What the state alone knows. A daemon adds itself as `running`, and to each instance what it saw.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn of_state(
        store: &dyn Store,
        state: &Path,
        instances: &BTreeMap<InstanceId, InstanceSettings>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let figures = store.figures(now).await?;
        let polled: BTreeMap<&InstanceId, Timestamp> =
            figures.cursors.iter().map(|(instance, updated)| (instance, *updated)).collect();
        let instance =
            |settings: &InstanceSettings| InstanceStatus::of_state(settings, polled.get(&settings.id).copied());
        let instances = instances.values().map(instance).collect();
        let problems = store.problems_to_tell(SHOWN_PROBLEMS).await?.into_iter().map(ProblemStatus::from).collect();
        let pauses = store.pauses().await?;
        let creations = store.creation_figures(now).await?;
        let creations = creations.into_iter().map(|figures| CreationStatus { figures, pace: None }).collect();
        Ok(Self { running: None, state: state.to_owned(), figures, instances, pauses, creations, problems })
    }
}
