//! `jirasyncd check`: everything that is wrong, before anything runs. It only reads, and must never stop at the first thing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::arguments::{Check as Wanted, Common};
use super::check_text::text;
use super::exit::Exit;
use super::explain::InstanceFailure;
use super::fix_list::{Letter, letters};
use super::output::{Output, counted};
use super::small_runtime;
use crate::app::{Surroundings, connect};
use crate::config::{self, Config, Loaded, Report, SecretsWanted, SystemEnvironment};
use crate::engine::{Finding, LastKnown, PermissionReport, Severity, Survey, ends_in_words, survey};
use crate::jira::login_ends;
use crate::model::ids::InstanceId;
use crate::model::settings::{Kind, LoginEnds};

/// All that was found.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    /// The exit code.
    pub(super) exit: Exit,
    /// Whether the instances were left alone.
    pub(super) offline: bool,
    /// The file: what is wrong in it, and what may be meant otherwise.
    pub(super) configuration: Report,
    /// How many syncs it has. `None`: it cannot be used.
    pub(super) syncs: Option<usize>,
    /// The instances. Empty when offline.
    pub(super) instances: Vec<InstanceCheck>,
    /// What is needed to be allowed in each project, and whether it is.
    pub(super) permissions: Vec<PermissionReport>,
    /// What does not fit what the instances offer.
    pub(super) findings: Vec<Finding>,
    /// What to ask the administrators of each instance for. Empty unless asked for.
    pub(super) fix_list: Vec<Letter>,
}

/// One instance.
#[derive(Debug, Serialize)]
pub(super) struct InstanceCheck {
    /// Its name.
    pub(super) name: InstanceId,
    /// Its kind.
    pub(super) kind: Kind,
    /// Where it is.
    pub(super) url: String,
    /// When what it is reached with ends, as far as that is known.
    #[serde(flatten)]
    pub(super) ends: LoginEnds,
    /// Who we are there; `None` when it refused or is out of reach.
    pub(super) identity: Option<IdentityCheck>,
    /// What failed.
    pub(super) failures: Vec<InstanceFailure>,
}

/// The sync user as the instance sees it.
#[derive(Debug, Serialize)]
pub(super) struct IdentityCheck {
    /// Its account.
    pub(super) account: String,
    /// What it is called.
    pub(super) display_name: String,
    /// Its time zone.
    pub(super) time_zone: String,
    /// Jira's version.
    pub(super) version: String,
    /// Server time minus our time, in milliseconds.
    pub(super) skew_ms: i64,
}

/// Looks, and says what was found.
pub(super) fn run(common: &Common, wanted: &Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let secrets = if wanted.offline { SecretsWanted::No } else { SecretsWanted::Yes };
    let mut checked = match config::load_file(&common.config, &SystemEnvironment, secrets) {
        Err(report) => unusable(wanted.offline, report),
        Ok(Loaded { config, warnings }) if wanted.offline => usable(&config, warnings, true, Survey::default()),
        Ok(Loaded { config, warnings }) => {
            let waiting = output.waiting(format!("asking {}", counted(config.instances.len(), "instance")));
            let (connections, _) = connect(&config, &Surroundings::of_this_machine())?;
            let found = small_runtime()?.block_on(survey(&connections, &config.syncs, true, &LastKnown::default()));
            drop(waiting);
            usable(&config, warnings, false, found)
        }
    };
    if !wanted.offline {
        told_of_ends(&mut checked, Surroundings::of_this_machine().clock.now());
    }
    if wanted.fix_list && checked.syncs.is_some() {
        checked.fix_list = letters(&checked);
    }
    if output.json_wanted() {
        output.json(&checked)?;
    } else if wanted.fix_list && checked.syncs.is_some() {
        output.block(&super::fix_list::text(&checked))?;
    } else {
        output.rendered(&checked.configuration.render(output.colour()))?;
        output.block(&text(&checked))?;
    }
    Ok(checked.exit)
}

fn unusable(offline: bool, configuration: Report) -> Checked {
    Checked {
        exit: Exit::Configuration,
        offline,
        configuration,
        syncs: None,
        instances: Vec::new(),
        permissions: Vec::new(),
        findings: Vec::new(),
        fix_list: Vec::new(),
    }
}

/// Secrets and certificates that end soon are warned of.
fn told_of_ends(checked: &mut Checked, now: jiff::Timestamp) {
    for instance in &checked.instances {
        for (key, ends) in instance.ends.by_key() {
            let place = format!("instance.{}.{key}", instance.name);
            let ends = ends_in_words(&ends, now).into_iter();
            checked.findings.extend(ends.map(|(what, remedy)| Finding::warning(place.as_str(), what, remedy)));
        }
    }
}

fn usable(config: &Config, configuration: Report, offline: bool, survey: Survey) -> Checked {
    let mut failures: BTreeMap<InstanceId, Vec<InstanceFailure>> = BTreeMap::new();
    for error in &survey.failures {
        failures.entry(error.instance.clone()).or_default().push(error.into());
    }
    let instances = config.instances.values().filter(|_| !offline).map(|settings| InstanceCheck {
        name: settings.id.clone(),
        kind: settings.kind,
        url: settings.url.clone(),
        ends: login_ends(settings),
        identity: survey.identities.get(&settings.id).map(|identity| IdentityCheck {
            account: identity.account.to_string(),
            display_name: identity.display_name.clone(),
            time_zone: identity.time_zone.clone(),
            version: identity.version.clone(),
            skew_ms: identity.skew_ms,
        }),
        failures: failures.remove(&settings.id).unwrap_or_default(),
    });
    let instances: Vec<InstanceCheck> = instances.collect();
    let failed = !survey.failures.is_empty();
    let wrong = survey.findings.iter().any(|finding| finding.severity == Severity::Error);
    // What can be corrected here goes before what others have to do.
    let exit = match (wrong, failed) {
        (true, _) => Exit::Configuration,
        (false, true) => Exit::Instance,
        (false, false) => Exit::Done,
    };
    Checked {
        exit,
        offline,
        configuration,
        syncs: Some(config.syncs.len()),
        instances,
        permissions: survey.permissions,
        findings: survey.findings,
        fix_list: Vec::new(),
    }
}
