//! `jirasyncd problems`: what needs a person, by cause: one missing permission is one thing to mend, however many issues lack it. Must
//! never change the state, and never leave one out without saying how many.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::arguments::{Common, issue_key};
use super::exit::Exit;
use super::output::{Output, counted};
use super::settings::load;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::model::cause::{Cause, causes};
use crate::model::hub::Conflict;
use crate::model::ids::{IssueKey, ItemId};
use crate::model::store::{Store as _, StoredProblem};
use crate::plan::conflict_in_words;
use crate::store::SqliteStore;

/// Issues that are named of one cause; the rest is counted.
const NAMED: usize = 5;

/// The arguments of `problems`.
#[derive(Debug, Args)]
pub(super) struct Problems {
    /// Only those of the issue with this key, and its conflicts: a key, or the address that a browser shows.
    #[arg(value_name = "KEY", value_parser = issue_key)]
    pub(super) key: Option<IssueKey>,
    /// Only those on this side.
    #[arg(long, value_name = "SIDE")]
    pub(super) side: Option<String>,
    /// Only those of this field.
    #[arg(long, value_name = "FIELD")]
    pub(super) field: Option<String>,
    /// Only those that say this, in any case.
    #[arg(long, value_name = "TEXT")]
    pub(super) matching: Option<String>,
    /// Names every issue of a cause, not only the first.
    #[arg(long)]
    pub(super) all: bool,
    /// Prints JSON, with every issue.
    #[arg(long)]
    pub(super) json: bool,
}

impl Problems {
    /// Whether a problem is one of those that are asked for.
    pub(super) fn is_about(&self, stored: &StoredProblem) -> bool {
        let problem = &stored.problem;
        let says = |text: &String| {
            let text = text.to_lowercase();
            [&problem.what, &problem.remedy, &stored.about].into_iter().any(|said| said.to_lowercase().contains(&text))
        };
        let names = |key: &IssueKey| {
            let words = stored.about.split(|sign: char| !sign.is_alphanumeric() && sign != '-' && sign != '_');
            words.into_iter().any(|word| word == key.as_str())
        };
        self.key.as_ref().is_none_or(names)
            && self.side.as_ref().is_none_or(|side| problem.side.as_str() == side)
            && self.field.as_ref().is_none_or(|field| problem.field.as_ref().is_some_and(|of| of.as_str() == field))
            && self.matching.as_ref().is_none_or(says)
    }
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    exit: Exit,
    problems: usize,
    causes: &'a [Cause],
    conflicts: &'a [Lost],
}

/// A conflict, with the value that did not stand.
#[derive(Serialize)]
struct Lost {
    about: String,
    at: Timestamp,
    #[serde(flatten)]
    conflict: Conflict,
}

/// Shows them; 1 while one stands.
pub(super) fn run(common: &Common, wanted: &Problems, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let (problems, conflicts) = small_runtime()?.block_on(find(&config, wanted))?;
    let causes = causes(&problems);
    let exit = if problems.is_empty() { Exit::Done } else { Exit::Problems };
    if output.json_wanted() {
        output.json(&Answer { exit, problems: problems.len(), causes: &causes, conflicts: &conflicts })?;
        return Ok(exit);
    }
    if problems.is_empty() && conflicts.is_empty() {
        output.line("no problems")?;
    }
    let named = if wanted.all { usize::MAX } else { NAMED };
    for cause in &causes {
        output.block(&text(cause, named))?;
    }
    for lost in &conflicts {
        output.line(&format!("{}, {}: {}", lost.about, lost.at, conflict_in_words(&lost.conflict)))?;
    }
    Ok(exit)
}

async fn find(config: &Config, wanted: &Problems) -> anyhow::Result<(Vec<StoredProblem>, Vec<Lost>)> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let mut problems = store.problems(usize::MAX).await?;
    problems.retain(|stored| wanted.is_about(stored));
    let mut conflicts = Vec::new();
    if let Some(key) = &wanted.key {
        let items: BTreeSet<ItemId> = store.items_by_key(key).await?.into_iter().collect();
        for item in items {
            let keys = store.item(item).await?.map(|item| {
                let keys = item.replicas.values().map(|replica| replica.key.to_string());
                keys.collect::<Vec<_>>().join(" ")
            });
            let about = keys.unwrap_or_default();
            let lost = |conflict: Conflict| Lost { about: about.clone(), at: conflict.at, conflict };
            conflicts.extend(store.conflicts(item).await?.into_iter().map(lost));
        }
    }
    Ok((problems, conflicts))
}

/// A cause, what to do, and whom it concerns.
fn text(cause: &Cause, named: usize) -> String {
    let Cause { side, field, what, remedy, since, about, .. } = cause;
    let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
    let count = if about.len() == 1 { String::new() } else { format!("{}, ", counted(about.len(), "time")) };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", escaped(&format!("side {side}{field}: {count}since {since}")));
    let _ = writeln!(out, "  {}", escaped(what));
    let _ = writeln!(out, "  Hint: {}", escaped(remedy));
    let left = about.len().saturating_sub(named);
    let names = about.iter().take(named).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if left == 0 { String::new() } else { format!("; and {left} more (`--all` names them)") };
    let _ = writeln!(out, "  {}", escaped(&format!("{names}{more}")));
    out
}
