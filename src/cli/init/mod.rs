//! `jirasyncd init`: asks for the Jiras, reads what they offer, proposes the whole mapping, and writes a configuration with a comment at
//! whatever a person should look at. It must never write to a Jira, nor over a file unless told.

mod alike;
mod answers;
mod ask;
mod files;
mod login;
mod people;
mod proposal;
mod proposal_fields;
#[cfg(test)]
mod proposal_tests;
mod reach;
mod rows;
mod summary;
mod terminal;
mod text;
mod ways;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;

use self::answers::FromFile;
pub(super) use self::ask::InitError;
use self::ask::{About, Asker, Cells, SidePeople};
use self::files::Overwrite;
use self::login::{Desk, Entered, Written, refused};
use self::people::{Mapped, Pair, who_is_who};
use self::proposal::{Side, propose};
use self::terminal::AtTerminal;
use self::text::{Draft, DraftInstance, text};
use super::arguments::Common;
use super::exit::Exit;
use super::output::{Output, counted};
use super::small_runtime;
use crate::app::{Surroundings, connect};
use crate::config::{SecretsWanted, load, may_be_a_name};
use crate::engine::{LastKnown, Severity, survey};

/// The arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Takes the answers from this file, TOML or JSON, instead of asking.
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// Writes over a configuration and tokens that are there.
    #[arg(long)]
    overwrite: bool,
}

/// Asks, proposes, and writes.
pub(super) fn run(common: &Common, wanted: &Init, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let overwrite = if wanted.overwrite { Overwrite::Asked } else { Overwrite::Never };
    files::are_free([common.config.as_path()], overwrite)?;
    let mut asker: Box<dyn Asker> = match &wanted.answers {
        Some(path) => Box::new(FromFile::read(path)?),
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => Box::new(AtTerminal),
        None => return Err(InitError::NoTerminal.into()),
    };
    files::make_folder(&common.config)?;
    small_runtime()?.block_on(set_up(&common.config, overwrite, asker.as_mut(), output))
}

async fn set_up(
    config: &Path,
    overwrite: Overwrite,
    asker: &mut dyn Asker,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    let surroundings = Surroundings::of_this_machine();
    let secrets = std::collections::BTreeMap::new();
    let mut desk = Desk { config, surroundings: &surroundings, overwrite, secrets };
    let mut entered: Vec<Entered> = Vec::new();
    while let Some(next) = desk.enter(entered.len() + 1, &entered, asker, output).await? {
        entered.push(next);
    }
    let tokens: BTreeSet<&Path> = desk.secrets.keys().map(PathBuf::as_path).collect();
    files::are_free(tokens, overwrite)?;
    let (sides, people) = read(&entered, asker, output).await?;
    let pairs = who_is_who(&people.iter().map(|(_, people)| people.clone()).collect::<Vec<_>>());
    let users = asker.people(&people, &pairs)?;
    let unsure = unsure(&people, &pairs, &users);
    let proposal = propose(&sides);
    let drafts: Vec<DraftInstance> = entered.iter().map(|entered| entered.draft.clone()).collect();
    let draft = Draft {
        state: state(config),
        instances: &drafts,
        sync: sync_name(&sides),
        sides: &sides,
        proposal: &proposal,
        users: &users,
        unsure: &unsure,
    };
    let text = text(&draft);
    output.block(&summary::proposed(&sides, &proposal, users.len(), unsure.len()))?;
    let loaded = load(&text, &config.display().to_string(), &Written(&desk.secrets), SecretsWanted::Yes)?;
    if !loaded.warnings.is_empty() {
        output.rendered_note(&loaded.warnings.render(output.stderr_colour()))?;
    }
    let waiting = output.waiting("checking it".to_owned());
    let (connections, _) = connect(&loaded.config, &surroundings)?;
    let found = survey(&connections, &loaded.config.syncs, true, &LastKnown::default()).await;
    drop(waiting);
    output.block(&summary::findings(&found))?;
    let wrong = found.findings.iter().any(|finding| finding.severity == Severity::Error);
    let exit = if wrong { Exit::Problems } else { Exit::Done };
    if !asker.agreed()? {
        output.note("nothing was written")?;
        // Who wanted to see it has seen it; who was asked and said no has not had it done.
        return Ok(if asker.only_shows() { exit } else { Exit::Problems });
    }
    files::write(config, &text, &desk.secrets, overwrite)?;
    output.block(&summary::written(config, desk.secrets.keys().map(PathBuf::as_path)))?;
    Ok(exit)
}

/// Lets projects be chosen, and reads them and their people.
async fn read(
    entered: &[Entered],
    asker: &mut dyn Asker,
    output: &mut Output<'_>,
) -> anyhow::Result<(Vec<Side>, Vec<SidePeople>)> {
    let (mut sides, mut people): (Vec<Side>, Vec<SidePeople>) = (Vec::new(), Vec::new());
    let mut chosen = Vec::new();
    for (at, here) in entered.iter().enumerate() {
        let about = About { nth: at + 1, called: here.draft.name.clone() };
        let proposed = like_the_first(here, chosen.first().copied());
        let project = asker.project(&about, &here.projects, proposed)?;
        chosen.extend(here.projects.get(project));
    }
    for (here, project) in entered.iter().zip(chosen) {
        let waiting = output.waiting(format!("reading project {} of {}", project.key, here.draft.name));
        let parts = here.choices.parts(&project.key).await.map_err(refused)?;
        let found = here.choices.people(&project.key).await.map_err(refused)?;
        drop(waiting);
        let found: Vec<Mapped> = found.iter().map(|person| Mapped::of(person, here.draft.kind)).collect();
        let (types, statuses) = (counted(parts.types.len(), "issue type"), parts.statuses.len());
        let people_here = found.len();
        output.line(&format!(
            "{}: project {} has {types}, {statuses} statuses and {people_here} people",
            here.draft.name, project.key
        ))?;
        people.push((here.draft.name.clone(), found));
        let (name, project) = (here.draft.name.clone(), project.key.clone());
        sides.push(Side { name, project, parts });
    }
    Ok((sides, people))
}

/// The project that is called most like the first that was chosen.
fn like_the_first(here: &Entered, first: Option<&crate::jira::choices::OfferedProject>) -> usize {
    let Some(first) = first else { return 0 };
    let near = |project: &crate::jira::choices::OfferedProject| {
        if project.key == first.key {
            2.0
        } else {
            alike::alike(&project.name, &first.name).map_or(0.0, |(_, score)| score)
        }
    };
    let scored = here.projects.iter().enumerate().map(|(at, project)| (near(project), at));
    // Of those that are alike the one that comes first.
    scored.fold((0.0, 0), |best, next| if next.0 > best.0 { next } else { best }).1
}

/// People who are only called alike, and of whom nobody said who they are.
fn unsure(people: &[SidePeople], pairs: &[Pair], users: &[Cells]) -> Vec<Cells> {
    let is_said = |cells: &Cells| cells.iter().any(|(side, cell)| users.iter().any(|row| row.get(side) == Some(cell)));
    pairs.iter().map(|pair| pair.written(people)).filter(|cells| !is_said(cells)).collect()
}

/// A sync is called after its projects.
fn sync_name(sides: &[Side]) -> String {
    let keys: Vec<String> = sides.iter().map(|side| side.project.to_lowercase()).collect();
    let name = keys.join("-");
    if may_be_a_name(&name) { name } else { "projects".to_owned() }
}

/// Where the system keeps its configuration the state has its usual place; elsewhere it lies beside.
fn state(config: &Path) -> String {
    let usual = config.starts_with("/etc");
    if usual { "sqlite:/var/lib/jirasyncd/state.db".to_owned() } else { "sqlite:state.db".to_owned() }
}
