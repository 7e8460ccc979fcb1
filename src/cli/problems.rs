//! `jirasyncd problems`: what needs a person, by cause: one missing permission is one thing to mend, however many issues lack it. Listing must
//! never change the state, nor leave one out without saying how many.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;

use super::arguments::{Common, issue_key};
use super::exit::Exit;
use super::output::{Output, counted};
use super::problems_acts::{Dismiss, Retry, Settle};
use super::settings::load;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::engine::items_of_key;
use crate::model::cause::{Cause, cause_of, causes};
use crate::model::hub::Conflict;
use crate::model::ids::{CauseId, FieldName, InstanceId, IssueKey, SideId};
use crate::model::problem_filter::ProblemFilter;
use crate::model::settings::SyncSettings;
use crate::model::store::{Store as _, StoredProblem};
use crate::plan::conflict_in_words;
use crate::store::SqliteStore;

/// Issues that are named of one cause; the rest is counted.
const NAMED: usize = 5;

/// What is said of a problem that nobody has to end.
pub(super) const SETTLES: &str = ", settles by itself";

/// Signs of what a cause is called.
const CAUSE_LENGTH: usize = 8;

/// The arguments of `problems`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Problems {
    #[command(subcommand)]
    pub(super) command: Option<ProblemsCommand>,
    #[command(flatten)]
    pub(super) listing: Listing,
}

/// What is done with problems.
#[derive(Debug, Subcommand)]
pub(super) enum ProblemsCommand {
    /// Lists them by cause, as `problems` alone does. Exit code 1 while problems stand.
    List(Listing),
    /// Shows one cause with every issue that has it, or what needs a person of one issue. Exit code 1 while problems stand.
    Show(Show),
    /// Has what they hold back tried again now, since the reason is mended: a permission was given, an option added. Without it that is
    /// done ever more seldom, from seconds to an hour.
    Retry(Retry),
    /// Hides them from lists, counts and notices until they change or come again. They hold back what they held back, which goes on to
    /// be tried.
    Dismiss(Dismiss),
    /// Brings values back that lost a conflict, of every issue that is meant; and where each side keeps its own value, says whose stands.
    /// With a KEY, `problems` shows what is kept of an issue.
    Resolve(Settle),
}

impl Problems {
    /// Whether JSON is printed instead of text.
    pub(super) fn wants_json(&self) -> bool {
        match &self.command {
            None => self.listing.json,
            Some(ProblemsCommand::List(listing)) => listing.json,
            Some(ProblemsCommand::Show(Show { json, .. })) => *json,
            Some(ProblemsCommand::Retry(Retry { done, .. }) | ProblemsCommand::Dismiss(Dismiss { done, .. })) => {
                done.json
            }
            Some(ProblemsCommand::Resolve(Settle { agree, .. })) => agree.json,
        }
    }
}

/// Which problems.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Which {
    /// Only those of the issue with this key: a key, or the address that a browser shows.
    #[arg(value_name = "KEY", value_parser = issue_key)]
    key: Option<IssueKey>,
    /// Only those on this side.
    #[arg(long, value_name = "SIDE")]
    side: Option<String>,
    /// Only those of this field.
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
    /// Only those that say this, in any case.
    #[arg(long, value_name = "TEXT")]
    matching: Option<String>,
    /// Only those with this cause, by the eight signs that lists show.
    #[arg(long, value_name = "CAUSE")]
    cause: Option<String>,
}

impl Which {
    /// The same as the daemon understands it.
    pub(super) fn filter(&self) -> ProblemFilter {
        let Self { key, side, field, matching, cause } = self.clone();
        ProblemFilter {
            key,
            side: side.as_deref().map(SideId::from),
            field: field.as_deref().map(FieldName::from),
            matching,
            cause: cause.as_deref().map(CauseId::from),
        }
    }
}

impl Which {
    /// Where nothing was found: whether what was asked for can have a problem at all. A mistyped name is no good news.
    fn is_known(&self, config: &Config, is_kept: bool) -> anyhow::Result<()> {
        let all = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
        let sides = config.syncs.values().flat_map(|sync| sync.sides.iter().map(|side| side.id.as_str()));
        let sides: BTreeSet<&str> = sides.chain(config.instances.keys().map(InstanceId::as_str)).collect();
        let fields: BTreeSet<&str> =
            config.syncs.values().flat_map(|sync| sync.fields.keys().map(FieldName::as_str)).collect();
        if let Some(side) = self.side.as_deref().filter(|side| !sides.contains(side)) {
            bail!("no problem is of a side `{side}`, and there is none of that name; there are: {}", all(sides));
        }
        if let Some(field) = self.field.as_deref().filter(|field| !fields.contains(field)) {
            bail!("no problem is of a field `{field}`, and there is none of that name; there are: {}", all(fields));
        }
        if let Some(cause) = self.cause.as_deref().filter(|cause| !is_cause(cause)) {
            bail!("`{cause}` is no cause: eight signs, as lists show them");
        }
        match &self.key {
            Some(key) if !is_kept => bail!(
                "no issue {key} is kept in step, and no problem is of it; `jirasyncd plan --item {key}` says what stands against that"
            ),
            _ => Ok(()),
        }
    }
}

/// Whether it may be what a list calls a cause.
fn is_cause(text: &str) -> bool {
    text.len() == CAUSE_LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The arguments of `problems list`.
#[derive(Debug, Args)]
pub(super) struct Listing {
    #[command(flatten)]
    which: Which,
    /// Lists those that were dismissed, and by whom.
    #[arg(long)]
    dismissed: bool,
    /// Also those, beside the others.
    #[arg(skip)]
    both: bool,
    /// Names every issue of a cause, not only the first.
    #[arg(long)]
    all: bool,
    /// Prints JSON, with every issue.
    #[arg(long)]
    json: bool,
}

/// The arguments of `problems show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A cause, by the eight signs that lists show; or an issue: its key, or the address that a browser shows.
    #[arg(value_name = "CAUSE|KEY")]
    what: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Show {
    /// The listing that shows it.
    fn listing(&self) -> Result<Listing, String> {
        let which = if is_cause(&self.what) {
            Which { cause: Some(self.what.to_lowercase()), ..Which::default() }
        } else {
            Which { key: Some(issue_key(&self.what)?), ..Which::default() }
        };
        Ok(Listing { which, dismissed: false, both: true, all: true, json: self.json })
    }
}

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    exit: Exit,
    problems: usize,
    /// How many more there are of these that were dismissed; of a list of those, that are not.
    others: usize,
    causes: &'a [Cause],
    conflicts: &'a [Lost],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dismissed: Vec<&'a StoredProblem>,
}

/// A conflict, with the value that did not stand.
#[derive(Serialize)]
struct Lost {
    about: String,
    at: Timestamp,
    #[serde(flatten)]
    conflict: Conflict,
}

/// `problems` and what is done with them.
pub(super) fn run(common: &Common, wanted: &Problems, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match &wanted.command {
        None => list(common, &wanted.listing, output),
        Some(ProblemsCommand::List(wanted)) => list(common, wanted, output),
        Some(ProblemsCommand::Show(wanted)) => match wanted.listing() {
            Ok(listing) => list(common, &listing, output),
            Err(why) => bail!("`{}` is no cause (eight signs, as lists show them), and {why}", wanted.what),
        },
        Some(ProblemsCommand::Retry(wanted)) => wanted.run(common, output),
        Some(ProblemsCommand::Dismiss(wanted)) => wanted.run(common, output),
        Some(ProblemsCommand::Resolve(wanted)) => wanted.run(common, output),
    }
}

/// What is listed.
struct Found {
    problems: Vec<StoredProblem>,
    /// How many more there are that are dismissed, or are not.
    others: usize,
    conflicts: Vec<Lost>,
    /// Whether an item has an issue of the key that was asked for.
    is_kept: bool,
}

/// Shows them; 1 while one stands that is not dismissed.
fn list(common: &Common, wanted: &Listing, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let Found { problems, others, conflicts, is_kept } = small_runtime()?.block_on(find(&config, wanted))?;
    if problems.is_empty() && conflicts.is_empty() && others == 0 {
        wanted.which.is_known(&config, is_kept)?;
    }
    let causes = causes(&problems);
    let stands = problems.iter().any(|stored| stored.dismissed.is_none());
    let exit = if stands { Exit::Problems } else { Exit::Done };
    if output.json_wanted() {
        let dismissed = problems.iter().filter(|stored| stored.dismissed.is_some()).collect();
        let (causes, conflicts, problems) = (&causes, &conflicts, problems.len());
        output.json(&Answer { exit, problems, others, causes, conflicts, dismissed })?;
        return Ok(exit);
    }
    if problems.is_empty() && conflicts.is_empty() {
        output.line(if wanted.dismissed { "no problem is dismissed" } else { "no problems" })?;
    }
    let named = if wanted.all { usize::MAX } else { NAMED };
    for cause in &causes {
        output.block(&text(cause, named))?;
        for who in said_by(&problems, cause) {
            output.line(&format!("  dismissed {who}"))?;
        }
    }
    for lost in &conflicts {
        output.line(&format!("{}, {:.3}: {}", lost.about, lost.at, conflict_in_words(&lost.conflict)))?;
    }
    if others > 0 && !wanted.dismissed {
        output.note(&format!("{} dismissed: `jirasyncd problems --dismissed`", counted(others, "more problem")))?;
    }
    Ok(exit)
}

/// Who dismissed problems of a cause, and when.
fn said_by(problems: &[StoredProblem], cause: &Cause) -> BTreeSet<String> {
    let of_it = problems.iter().filter(|stored| cause_of(&stored.problem) == cause.id);
    of_it
        .filter_map(|stored| stored.dismissed.as_ref())
        .map(|dismissed| format!("since {} by {}", dismissed.at, dismissed.by))
        .collect()
}

async fn find(config: &Config, wanted: &Listing) -> anyhow::Result<Found> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let filter = wanted.which.filter();
    let syncs: Vec<&SyncSettings> = config.syncs.values().collect();
    let of_key = items_of_key(&store, &syncs, &filter).await?;
    let mut problems = store.problems(usize::MAX).await?;
    problems.retain(|stored| filter.is_about(stored, &of_key));
    let fit = problems.len();
    problems.retain(|stored| wanted.both || stored.dismissed.is_some() == wanted.dismissed);
    let (mut conflicts, mut is_kept) = (Vec::new(), true);
    if filter.key.is_some() {
        is_kept = !of_key.is_empty();
        for item in of_key {
            let keys = store.item(item).await?.map(|item| {
                let keys = item.replicas.values().map(|replica| replica.key.to_string());
                keys.collect::<Vec<_>>().join(" ")
            });
            let about = keys.unwrap_or_default();
            let lost = |conflict: Conflict| Lost { about: about.clone(), at: conflict.at, conflict };
            conflicts.extend(store.conflicts(item).await?.into_iter().map(lost));
        }
    }
    Ok(Found { others: fit - problems.len(), problems, conflicts, is_kept })
}

/// A cause, what to do, and whom it concerns.
fn text(cause: &Cause, named: usize) -> String {
    let Cause { id, side, field, what, varies, remedy, since, times, operation, settles, about, .. } = cause;
    let one_of_them = if *varies { "one of them: " } else { "" };
    let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
    let count = if about.len() == 1 { String::new() } else { format!("{}, ", counted(about.len(), "time")) };
    let settles = if *settles { SETTLES } else { "" };
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", escaped(&format!("side {side}{field}: {count}since {since:.3} (cause {id}){settles}")));
    let _ = writeln!(out, "  {one_of_them}{}", escaped(what));
    let _ = writeln!(out, "  Hint: {}", escaped(remedy));
    let by = operation.map(|operation| format!(", last by operation {operation}")).unwrap_or_default();
    let _ = writeln!(out, "  met {} in all{by}", counted(usize::try_from(*times).unwrap_or(usize::MAX), "time"));
    let left = about.len().saturating_sub(named);
    let names = about.iter().take(named).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if left == 0 { String::new() } else { format!("; and {left} more (`--all` names them)") };
    let _ = writeln!(out, "  {}", escaped(&format!("{names}{more}")));
    out
}
