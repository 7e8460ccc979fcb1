//! From checked settings and connections to an engine that may run. Must never start where the configuration means another
//! Jira or another account than the state was made with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::apply::Hands;
use super::instance::Instance;
use super::last_known::LastKnown;
use super::names::{Finding, Severity};
use super::seal::{CannotSeal, Seal};
use super::survey::survey;
use super::sync_run::{SyncRun, want_on};
use super::{Engine, rows::Rows};
use crate::clock::{Clock, Entropy};
use crate::jira::{Identity, JiraError, TimesRead, Want};
use crate::model::account::FormerAccounts;
use crate::model::configuration::Accepted;
use crate::model::ids::{AccountId, InstanceId, SyncId};
use crate::model::settings::{SyncSettings, UnknownCopies};
use crate::model::store::{Store, StoreError};

pub use super::survey::{Connection, Connections};

/// Why an engine could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Instances that refused us or are out of reach.
    #[error("{}", lines(.0))]
    Jira(Vec<JiraError>),
    /// The configuration names what is not there.
    #[error("the configuration does not fit what the instances offer")]
    Findings(Vec<Finding>),
    /// An instance is another one than before.
    #[error("instance `{instance}` was {was}, and is now {is}: its issues are not those that the state knows")]
    OtherJira {
        /// The instance.
        instance: InstanceId,
        /// What the state knows.
        was: String,
        /// What answers now.
        is: String,
    },
    /// An instance is the same Jira, and the login is of another account than before.
    #[error(
        "instance `{instance}` was worked on as `{was}`, and the login is of `{is}` now: what `{was}` wrote would be taken for a person's"
    )]
    OtherAccount {
        /// The instance.
        instance: InstanceId,
        /// The account that the state knows.
        was: String,
        /// Whose login it is.
        is: AccountId,
    },
    /// The state could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Marks cannot be made.
    #[error("the key of the state cannot be used")]
    Seal,
}

impl From<CannotSeal> for SetupError {
    fn from(_: CannotSeal) -> Self {
        Self::Seal
    }
}

fn lines(errors: &[JiraError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What an engine is made of.
pub struct Parts {
    /// The state.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The instances, to read.
    pub connections: Connections,
    /// The instances, to write.
    pub hands: Hands,
    /// The syncs.
    pub syncs: BTreeMap<SyncId, SyncSettings>,
    /// Names this process in leases: host and pid.
    pub holder: String,
    /// How often instances are polled.
    pub poll: Duration,
    /// What to make of issues that the sync user made for another state.
    pub unknown_copies: UnknownCopies,
    /// As many newcomers of a side are decided on at once.
    pub portion: usize,
    /// The configurations that were accepted, this one among them.
    pub accepted: Accepted,
}

/// Whether an engine could be set up, with its warnings. Nothing is changed by it.
///
/// # Errors
/// As [`Engine::set_up`].
pub async fn fits(
    store: &dyn Store,
    connections: &Connections,
    syncs: &BTreeMap<SyncId, SyncSettings>,
) -> Result<Vec<Finding>, SetupError> {
    let known = LastKnown::of(store).await?;
    let survey = survey(connections, syncs, false, &known).await;
    if !survey.failures.is_empty() {
        return Err(SetupError::Jira(survey.failures));
    }
    if survey.findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(SetupError::Findings(survey.findings));
    }
    for (instance, identity) in &survey.identities {
        bound(store, instance, identity).await?;
    }
    Ok(survey.findings)
}

/// How an instance reads times in JQL.
async fn times_read(id: &InstanceId, connection: &Connection, project: Option<&String>) -> TimesRead {
    let Some(project) = project else { return TimesRead::Untried };
    match connection.read.learn_time_form(project).await {
        Ok(read) => read,
        Err(error) => {
            // Without an answer times are asked for more widely than needed: slower, never wrong.
            tracing::warn!(instance = %id, %error, "could not learn how times are read in JQL");
            TimesRead::Untried
        }
    }
}

impl Engine {
    /// Looks at every instance and makes an engine.
    ///
    /// # Errors
    /// An instance cannot be used, the configuration does not fit it, or the state cannot answer.
    pub async fn set_up(parts: Parts) -> Result<(Self, Vec<Finding>), SetupError> {
        let known = LastKnown::of(&*parts.store).await?;
        let survey = survey(&parts.connections, &parts.syncs, false, &known).await;
        if !survey.failures.is_empty() {
            return Err(SetupError::Jira(survey.failures));
        }
        if survey.findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(SetupError::Findings(survey.findings));
        }
        let seal = Seal::new(&parts.store.identity().await?)?;
        known.keep(&*parts.store, &parts.connections, &parts.syncs, &survey).await?;
        let mut instances = BTreeMap::new();
        for (id, connection) in parts.connections {
            let Some(identity) = survey.identities.get(&id).cloned() else { continue };
            bind(&*parts.store, &id, &identity).await?;
            let former = FormerAccounts::read(parts.store.note(&FormerAccounts::note(&id)).await?.as_deref())?;
            let (projects, want) = polled(&survey.syncs, &id);
            let silent = survey.silent.get(&id);
            let times = times_read(&id, &connection, projects.first().filter(|_| silent.is_none())).await;
            let clock = Arc::clone(&parts.clock);
            let instance =
                Instance::new(connection.settings, connection.read, (identity, former), projects, want, clock);
            instance.times_are_read(times);
            if let Some(Some(error)) = silent {
                tracing::warn!(instance = %id, %error, "an instance says nothing: the start goes by what it offered before");
                instance.failed(error);
            }
            instances.insert(id, Arc::new(instance));
        }
        let mut syncs = BTreeMap::new();
        let mut catalogs = survey.catalogs;
        for (id, mut settings) in survey.syncs {
            formerly(&mut settings, &instances);
            let mut workflows = BTreeMap::new();
            for side in &settings.sides {
                workflows.insert(side.id.clone(), parts.store.workflow(&side.instance, &side.project).await?);
            }
            let mut offered = catalogs.remove(&id).unwrap_or_default();
            super::people::recall(&*parts.store, &settings, &mut offered).await?;
            syncs.insert(id, Arc::new(SyncRun::new(settings, offered, workflows)));
        }
        let engine = Self {
            began: parts.clock.monotonic(),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            seal,
            hands: parts.hands,
            holder: parts.holder,
            instances,
            syncs,
            rows: Rows::default(),
            readings: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            commanding: tokio::sync::Mutex::default(),
            unknown_copies: parts.unknown_copies,
            portion: parts.portion,
            accepted: parts.accepted,
            check_after: parts.poll * 3 + Duration::from_secs(15),
            poll: parts.poll,
            learnt_at: Mutex::default(),
            lost_writes: Mutex::default(),
            looked_for: Mutex::default(),
            looks: super::looks::Looks::default(),
            pauses: AtomicU64::new(0),
            gates: Mutex::default(),
            places: super::places::Places::new(),
            pacing: tokio::sync::Mutex::default(),
            counting: tokio::sync::Mutex::default(),
            things: tokio::sync::Mutex::default(),
            restored: AtomicBool::new(false),
            covered: AtomicBool::new(false),
            rivals: Mutex::default(),
            suspects: Mutex::default(),
            woke: AtomicBool::new(false),
            queued: tokio::sync::Notify::new(),
        };
        engine.recall().await?;
        Ok((engine, survey.findings))
    }

    /// Takes up what the state knows beside its items.
    async fn recall(&self) -> Result<(), StoreError> {
        for instance in self.instances.values() {
            self.recall_missing(instance).await?;
        }
        self.recall_readings().await?;
        self.recall_gates().await?;
        self.recall_clauses().await?;
        self.recall_withheld().await?;
        self.recall_detached().await?;
        self.recall_rivals().await?;
        self.recall_restored().await?;
        self.recall_suspects().await?;
        self.recall_brakes().await?;
        self.forget_mails().await?;
        Ok(())
    }
}

/// What one search of an instance covers: all projects of all syncs on it, with all their fields.
pub(super) fn polled(syncs: &BTreeMap<SyncId, SyncSettings>, instance: &InstanceId) -> (BTreeSet<String>, Want) {
    let mut projects = BTreeSet::new();
    let mut want = Want { mark: true, ..Want::default() };
    for sync in syncs.values() {
        for side in sync.sides.iter().filter(|side| &side.instance == instance) {
            projects.insert(side.project.clone());
            let of_side = want_on(sync, &side.id);
            want.fields.extend(of_side.fields);
            want.comments |= of_side.comments;
            want.worklogs |= of_side.worklogs;
            want.attachments |= of_side.attachments;
            want.watches |= of_side.watches;
        }
    }
    (projects, want)
}

/// What was written as an account that was the sync user before is no person's.
fn formerly(settings: &mut SyncSettings, instances: &BTreeMap<InstanceId, Arc<Instance>>) {
    for side in &settings.sides {
        let Some(instance) = instances.get(&side.instance).filter(|instance| !instance.former.is_empty()) else {
            continue;
        };
        settings.start.former.entry(side.id.clone()).or_default().extend(instance.former.ids().cloned());
    }
}

/// Remembers which Jira and which account an instance is, and refuses another one.
async fn bind(store: &dyn Store, instance: &InstanceId, identity: &Identity) -> Result<(), SetupError> {
    match bound(store, instance, identity).await? {
        Bound::Known => Ok(()),
        Bound::New { name, is } => Ok(store.set_note(&name, &is).await?),
    }
}

/// Which Jira and account an instance is.
pub(super) enum Bound {
    /// The same as ever.
    Known,
    /// It is not known yet.
    New {
        /// The note's name.
        name: String,
        /// What is noted.
        is: String,
    },
}

pub(super) async fn bound(store: &dyn Store, instance: &InstanceId, identity: &Identity) -> Result<Bound, SetupError> {
    let (name, is) = (known_as(instance), in_words(identity));
    match store.note(&name).await? {
        Some(was) if was != is => Err(match account_at(&was, identity) {
            Some(was) => {
                let (instance, is) = (instance.clone(), identity.account.clone());
                SetupError::OtherAccount { instance, was: was.to_owned(), is }
            }
            None => SetupError::OtherJira { instance: instance.clone(), was, is },
        }),
        Some(_) => Ok(Bound::Known),
        None => Ok(Bound::New { name, is }),
    }
}

/// Under what it is kept which Jira and account an instance is.
pub(super) fn known_as(instance: &InstanceId) -> String {
    format!("identity of {instance}")
}

/// What is kept of it.
pub(super) fn in_words(identity: &Identity) -> String {
    format!("`{}` as `{}`", identity.base_url, identity.account)
}

/// The account that is kept, where it is of the same Jira.
pub(super) fn account_at<'k>(kept: &'k str, identity: &Identity) -> Option<&'k str> {
    kept.strip_prefix(&format!("`{}` as `", identity.base_url))?.strip_suffix('`')
}
