//! `jirasyncd probe`: tries what the daemon takes for granted of a Jira on one of its instances. It must never be let loose on a project
//! that a sync keeps: the probe's issues would be carried to its partners.

use std::io;

use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::arguments::Common;
use super::command::remember;
use super::exit::Exit;
use super::output::{Output, counted};
use super::settings::load;
use super::small_runtime;
use crate::app::{ProbeError, Probed, Surroundings, Tried, Verdict, probe};
use crate::config::{Config, SecretsWanted};
use crate::engine::SetupError;
use crate::model::command::Elsewhere;
use crate::model::ids::InstanceId;

/// The arguments of `probe`.
#[derive(Debug, Args)]
pub(super) struct Probe {
    /// The instance, as the configuration calls it.
    #[arg(value_name = "INSTANCE")]
    instance: String,
    /// A project to try things in, which no sync keeps. Some dozens of issues are made there, and deleted again.
    #[arg(long, value_name = "KEY")]
    project: String,
    /// The type of these issues [default: one that asks for a summary alone].
    #[arg(long, value_name = "NAME")]
    issue_type: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The configuration does not let a probe be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoProbe {
    /// There is no such instance.
    #[error("there is no instance `{name}` in the configuration; there are: {}", known.join(", "))]
    Instance {
        /// What was asked for.
        name: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// A sync keeps the project.
    #[error(
        "project {project} of `{instance}` is a side of sync `{sync}`: what a probe makes would be carried on. Name a project that no \
         sync keeps"
    )]
    Kept {
        /// The project.
        project: String,
        /// The instance.
        instance: InstanceId,
        /// The sync.
        sync: String,
    },
}

/// The result as JSON.
#[derive(Serialize)]
struct Said<'p> {
    exit: Exit,
    instance: &'p str,
    project: &'p str,
    #[serde(flatten)]
    probed: &'p Probed,
}

/// Tries everything, and says what was found.
pub(super) fn run(common: &Common, wanted: &Probe, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::Yes, output)?;
    let id = InstanceId::from(wanted.instance.as_str());
    let settings = config.instances.get(&id).ok_or_else(|| NoProbe::Instance {
        name: wanted.instance.clone(),
        known: config.instances.keys().map(ToString::to_string).collect(),
    })?;
    is_free(&config, &id, &wanted.project)?;
    let waiting = output.waiting(format!("trying things in project {} of `{id}`", wanted.project));
    let probed = small_runtime()?.block_on(async {
        let (surroundings, stop) = (Surroundings::of_this_machine(), CancellationToken::new());
        let early = stop.clone();
        // Whoever tells it to stop ends it early, and never without taking away what was made.
        let told = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        let listening = tokio::spawn(async move {
            let (mut interrupt, mut terminate, mut hangup) = told;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            early.cancel();
        });
        let probed = probe(settings, &wanted.project, wanted.issue_type.as_deref(), &surroundings, &stop).await;
        listening.abort();
        Ok::<_, io::Error>(probed)
    })?;
    drop(waiting);
    let probed = probed.map_err(|error| match error {
        ProbeError::Start(error) => anyhow::Error::from(error),
        ProbeError::Jira(error) => crate::app::StartError::from(SetupError::Jira(vec![error])).into(),
    })?;
    remember(common, &config, Elsewhere::Probed { instance: id, project: wanted.project.clone() }, output)?;
    let stands = |verdict| probed.facts.iter().any(|tried| tried.verdict == verdict);
    let bad = stands(Verdict::DoesNotHold) || !probed.left.is_empty() || probed.in_doubt;
    let exit = if bad { Exit::Problems } else { Exit::Done };
    if output.json_wanted() {
        output.json(&Said { exit, instance: &wanted.instance, project: &wanted.project, probed: &probed })?;
    } else {
        say(wanted, &probed, output)?;
    }
    Ok(exit)
}

fn is_free(config: &Config, instance: &InstanceId, project: &str) -> Result<(), NoProbe> {
    let here = config.instances.get(instance).map(|here| here.url.trim_end_matches('/'));
    for sync in config.syncs.values() {
        let kept = |side: &crate::model::settings::SideSettings| {
            // Two names may lead to one Jira.
            let there = config.instances.get(&side.instance).map(|there| there.url.trim_end_matches('/'));
            let is_there = side.instance == *instance || (there.is_some() && there == here);
            is_there && side.project.eq_ignore_ascii_case(project)
        };
        if sync.sides.iter().any(kept) {
            let (project, instance) = (project.to_owned(), instance.clone());
            return Err(NoProbe::Kept { project, instance, sync: sync.id.to_string() });
        }
    }
    Ok(())
}

fn say(wanted: &Probe, probed: &Probed, output: &mut Output<'_>) -> io::Result<()> {
    output.line(&format!("{} {}, project {}:", wanted.instance, probed.version, wanted.project))?;
    for tried in &probed.facts {
        let word = match tried.verdict {
            Verdict::Holds => "holds         ",
            Verdict::DoesNotHold => "DOES NOT HOLD ",
            Verdict::NotTried => "not tried     ",
        };
        output.line(&format!("  {word} {}: {}", tried.fact, tried.says))?;
        output.line(&format!("                 {}", tried.seen))?;
        if tried.verdict == Verdict::DoesNotHold {
            output.line(&format!("                 rests on it: {}", tried.rests_on_it))?;
            output.line(&format!("                 simulator: {}", tried.simulator))?;
            output.line(&format!("                 daemon: {}", tried.daemon))?;
        }
    }
    let count = |verdict| probed.facts.iter().filter(|tried: &&Tried| tried.verdict == verdict).count();
    output.line(&format!(
        "{} hold, {} do not hold, {} could not be tried; {} made and {} left behind, {} sent",
        count(Verdict::Holds),
        count(Verdict::DoesNotHold),
        count(Verdict::NotTried),
        counted(probed.made, "issue"),
        probed.left.len(),
        counted(usize::try_from(probed.requests).unwrap_or(usize::MAX), "request"),
    ))?;
    for left in &probed.left {
        output.line(&format!("{} is left behind: {}", left.key, left.why))?;
    }
    if probed.in_doubt {
        output.line(
            "it is not known what became of a creation: look for issues whose summary begins with `jirasyncd probe`",
        )?;
    }
    Ok(())
}
