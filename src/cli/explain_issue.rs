//! `jirasyncd explain KEY`: why an issue is as it is, from what the state knows of its item. Must never ask a Jira, and never show a value cut
//! short without saying where it is in full.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::arguments::{Common, issue_key};
use super::exit::Exit;
use super::output::{Output, table};
use super::settings::load;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::model::hub::{Absence, Agreed, Base, Conflict, ItemState, Replica};
use crate::model::ids::{FieldName, IssueKey, SideId};
use crate::model::operation::{IntentState, Told};
use crate::model::problem::Problem;
use crate::model::store::Store as _;
use crate::plan::{conflict_in_words, operation_in_words, value_in_words};
use crate::store::SqliteStore;

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The issue: a key, or the address that a browser shows.
    #[arg(value_name = "KEY", value_parser = issue_key)]
    pub(super) key: IssueKey,
    /// Shows so many of what was written, the newest.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) writes: usize,
    /// Prints JSON, with the values in full.
    #[arg(long)]
    pub(super) json: bool,
}

/// What is known of an item.
#[derive(Serialize)]
struct Known {
    item: ItemState,
    /// Where its issues are shown, by side.
    addresses: BTreeMap<SideId, String>,
    problems: Vec<(Timestamp, Problem)>,
    conflicts: Vec<Conflict>,
    /// Its writes, the oldest first.
    writes: Vec<Told>,
}

/// Tells it of each item that the key is of.
pub(super) fn run(common: &Common, wanted: &Explain, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let known = small_runtime()?.block_on(find(&config, wanted))?;
    if known.is_empty() {
        bail!(
            "no item of this state has an issue {}; `jirasyncd plan --item {}` says whether one would begin",
            wanted.key,
            wanted.key
        );
    }
    if output.json_wanted() {
        output.json(&serde_json::json!({ "exit": Exit::Done, "items": known }))?;
    } else {
        for known in &known {
            output.block(&text(known))?;
        }
    }
    Ok(Exit::Done)
}

async fn find(config: &Config, wanted: &Explain) -> anyhow::Result<Vec<Known>> {
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let standing = store.problems(usize::MAX).await?;
    let mut found = Vec::new();
    for id in store.items_by_key(&wanted.key).await? {
        let Some(item) = store.item(id).await? else { continue };
        let problems = standing.iter().filter(|stored| stored.item == Some(id));
        let problems = problems.map(|stored| (stored.since, stored.problem.clone())).collect();
        let addresses = item.replicas.iter().filter_map(|(side, replica)| {
            let instance = &config.syncs.get(&item.sync)?.side(side)?.instance;
            let base = config.instances.get(instance)?.url.as_str().trim_end_matches('/');
            Some((side.clone(), format!("{base}/browse/{}", replica.key)))
        });
        let addresses: BTreeMap<SideId, String> = addresses.collect();
        let (conflicts, writes) = (store.conflicts(id).await?, store.told(id, wanted.writes).await?);
        found.push(Known { item, addresses, problems, conflicts, writes });
    }
    Ok(found)
}

fn text(known: &Known) -> String {
    let Known { item, addresses, problems, conflicts, writes } = known;
    let made = item.made.map(|made| format!(", made {made}")).unwrap_or_default();
    let mut out = format!("sync {}, item {}{made}\n", item.sync, item.id);
    let rows: Vec<Vec<String>> = item
        .replicas
        .iter()
        .map(|(side, replica)| {
            let address = addresses.get(side).cloned().unwrap_or_default();
            vec![side.to_string(), replica.key.to_string(), whose(replica).to_owned(), address, standing(replica)]
        })
        .collect();
    out.push_str(&table("  ", &rows));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\nfields");
    for (field, agreed) in &item.hub {
        for (audience, agreed) in agreed {
            let sides: Vec<&str> = audience.0.iter().map(SideId::as_str).collect();
            let line = format!("  {field}, of {}: {}", sides.join(" and "), said(agreed));
            let _ = writeln!(out, "{}", escaped(&line));
        }
        for (side, base) in item.replicas.iter().filter_map(|(side, replica)| Some((side, replica.bases.get(field)?))) {
            let _ = writeln!(out, "{}", escaped(&format!("    {side} {}", held(base))));
        }
    }
    block(&mut out, "problems", problems.iter().map(|(since, problem)| in_words(*since, problem)));
    block(&mut out, "conflicts", conflicts.iter().map(|lost| format!("  {} {}", lost.at, conflict_in_words(lost))));
    let of = |outcome: bool| writes.iter().filter(move |told| told.settled.is_some() == outcome);
    block(&mut out, "on its way", of(false).flat_map(|told| written(item, told)));
    block(&mut out, "written, the newest last", of(true).flat_map(|told| written(item, told)));
    out.push_str("\nLong values are cut here; `--json` gives them in full.\n");
    out
}

fn block(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "\n{title}");
        for line in lines {
            let _ = writeln!(out, "{}", escaped(&line));
        }
    }
}

fn whose(replica: &Replica) -> &'static str {
    if replica.ours { "made by jirasyncd" } else { "made by people" }
}

/// What keeps an issue from being in step, if anything.
fn standing(replica: &Replica) -> String {
    let away = replica.away.as_ref().map(|away| {
        let how = match &away.how {
            Absence::Missing => "not there, or not visible".to_owned(),
            Absence::Moved(project) => format!("in project {project}"),
            Absence::DeletedByUs => "deleted by jirasyncd".to_owned(),
        };
        format!("{how} since {}", away.since)
    });
    let left = || replica.has_left().then(|| "left the scope".to_owned());
    let unsure = || replica.is_unsure().then(|| "nobody knows whether it is in scope".to_owned());
    let restricted = || replica.restricted.then(|| "under a security level".to_owned());
    let unseen = || (!replica.observed).then(|| "not read yet".to_owned());
    away.or_else(left).or_else(unsure).or_else(restricted).or_else(unseen).unwrap_or_default()
}

fn said(agreed: &Agreed) -> String {
    let asking: Vec<&str> = agreed.asking.iter().map(SideId::as_str).collect();
    let open = if asking.is_empty() { String::new() } else { format!("; open on {}", asking.join(", ")) };
    format!("{}, by {} at {}{open}", value_in_words(&agreed.value), agreed.by, agreed.at)
}

fn held(base: &Base) -> String {
    let value = base.value.as_ref().map_or_else(|| "something without a counterpart".to_owned(), value_in_words);
    let native = base.native.as_ref().map(|native| format!(" (`{native}`)")).unwrap_or_default();
    let why =
        base.acknowledged.as_ref().map(|why| format!("; it cannot hold more: {}", why.reason)).unwrap_or_default();
    format!("was last seen to hold {value}{native}{why}")
}

fn in_words(since: Timestamp, problem: &Problem) -> String {
    let field: Option<&FieldName> = problem.field.as_ref();
    let field = field.map(|field| format!(", {field}")).unwrap_or_default();
    format!("  side {}{field}, since {since}: {} Hint: {}", problem.side, problem.what, problem.remedy)
}

/// When it was decided on, what came of it, and what it was.
fn written(item: &ItemState, told: &Told) -> Vec<String> {
    let intent = &told.intent;
    let state = match &intent.state {
        IntentState::Open => "sent, or about to be".to_owned(),
        IntentState::InDoubt => "nobody knows whether it was done".to_owned(),
        IntentState::Answered => "Jira said yes, and did not show it yet".to_owned(),
        IntentState::Confirmed => "done".to_owned(),
        IntentState::Void(why) => format!("not done: {why}"),
    };
    let mut lines = vec![format!("  {} {} ({state})", intent.opened, intent.id)];
    lines.extend(operation_in_words(item, &intent.operation).into_iter().map(|line| format!("    {line}")));
    lines
}
