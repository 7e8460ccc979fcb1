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
use super::explain_commands::{Given, Past, given_to};
use super::explain_waits::{Waits, waits};
use super::output::{Output, counted, table};
use super::problems::SETTLES;
use super::settings::load;
use super::since::Since;
use super::small_runtime;
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::engine::{LastKnown, OtherKeys, items_called};
use crate::model::hub::{Absence, Agreed, Base, Conflict, ItemState, Replica};
use crate::model::ids::{FieldName, IssueKey, SideId};
use crate::model::problem::Problem;
use crate::model::settings::SyncSettings;
use crate::model::store::{Dismissed, Store as _};
use crate::model::trail::{PastProblem, Told, ToldAct, authors_in_words};
use crate::model::value::Value;
use crate::plan::{conflict_in_words, operation_in_words, value_in_words};
use crate::store::SqliteStore;

/// So many writes and changes are shown, unless something else is asked for.
const USUAL: usize = 20;

/// The heading over what is done with. Problems that are over stand among the writes, by their times.
const WRITTEN: &str = "written, the newest last";
const WRITTEN_AND_OVER: &str = "written, and problems that are over, the newest last";

/// The arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The issue: a key, or the address that a browser shows.
    #[arg(value_name = "KEY", value_parser = issue_key)]
    pub(super) key: IssueKey,
    /// Shows so many of what was written and changed, and of the problems that are over, the newest [default: 20, and all with `--since`].
    #[arg(long, value_name = "N")]
    pub(super) writes: Option<usize>,
    /// Only what was done, or was over, from this time on, and the pauses and ends of syncs (`detach`) that held then: `2026-03-01`, `2026-03-01T09:30:00Z` (UTC), or how long ago: `2h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<Since>,
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
    /// Since when each stands, and whether somebody dismissed it.
    problems: Vec<(Timestamp, Problem, Option<Dismissed>)>,
    /// Those that are over, the oldest first.
    past_problems: Vec<PastProblem>,
    conflicts: Vec<Conflict>,
    /// What a side does not have yet, and what that waits for.
    waits: Vec<Waits>,
    /// What the sides themselves call a value that has other names there.
    #[serde(skip)]
    names: BTreeMap<(SideId, FieldName), String>,
    /// What people changed and was taken in, the oldest first.
    changes: Vec<ToldAct>,
    /// What operators had done with it, the oldest first: what was said before the time that is asked for, and held then, among it.
    commands: Vec<Given>,
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
    let since = wanted.since.map_or(Timestamp::MIN, Since::moment);
    let most = wanted.writes.unwrap_or(if wanted.since.is_some() { usize::MAX } else { USUAL });
    let past = Past::kept(&store, since).await?;
    let standing = store.problems(usize::MAX).await?;
    let people = LastKnown::of(&store).await?;
    let mut found = Vec::new();
    let syncs: Vec<&SyncSettings> = config.syncs.values().collect();
    let other_keys = OtherKeys::kept(&store, &syncs).await?;
    for (item, _) in items_called(&store, &syncs, &wanted.key).await? {
        let id = item.id;
        let problems = standing.iter().filter(|stored| stored.item == Some(id));
        let problems =
            problems.map(|stored| (stored.since, stored.problem.clone(), stored.dismissed.clone())).collect();
        let addresses = item.replicas.iter().filter_map(|(side, replica)| {
            let instance = &config.syncs.get(&item.sync)?.side(side)?.instance;
            let base = config.instances.get(instance)?.url.as_str().trim_end_matches('/');
            Some((side.clone(), format!("{base}/browse/{}", replica.key)))
        });
        let addresses: BTreeMap<SideId, String> = addresses.collect();
        let mut conflicts = store.conflicts(id).await?;
        conflicts.retain(|lost| lost.at >= since);
        let past_problems = store.past_problems(id, since, most).await?;
        let (mut changes, mut writes) = (store.acts_of(id, since, most).await?, store.told(id, since, most).await?);
        changes.iter_mut().for_each(|act| people.call(&item.sync, std::slice::from_mut(&mut act.author)));
        writes.iter_mut().for_each(|told| people.call(&item.sync, &mut told.authors));
        let keys = other_keys.of(config.syncs.get(&item.sync), &item);
        let commands = given_to(&past, &item, &keys, config.syncs.get(&item.sync));
        let waits = waits(config, &store, &item, &standing).await?;
        let names = config.syncs.get(&item.sync).map(|sync| names_there(sync, &item)).unwrap_or_default();
        found.push(Known {
            item,
            addresses,
            problems,
            past_problems,
            conflicts,
            waits,
            names,
            changes,
            commands,
            writes,
        });
    }
    Ok(found)
}

fn text(known: &Known) -> String {
    let Known { item, addresses, problems, past_problems, conflicts, waits, names, changes, commands, writes } = known;
    let made = item.made.map(|made| format!(", made {made:.3}")).unwrap_or_default();
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
            let name = names.get(&(side.clone(), field.clone())).map(String::as_str);
            let _ = writeln!(out, "{}", escaped(&format!("    {side} {}", held(base, name))));
        }
    }
    block(
        &mut out,
        "problems",
        problems.iter().flat_map(|(since, problem, dismissed)| in_words(*since, problem, dismissed.as_ref())),
    );
    block(&mut out, "waits", waits.iter().map(Waits::in_words));
    block(&mut out, "conflicts", conflicts.iter().map(|lost| format!("  {:.3} {}", lost.at, conflict_in_words(lost))));
    block(&mut out, "changed by people, as it was taken in", changes.iter().map(changed));
    block(&mut out, "operators", commands.iter().flat_map(Given::in_words));
    let of = |outcome: bool| writes.iter().filter(move |told| told.settled.is_some() == outcome);
    block(&mut out, "on its way", of(false).flat_map(|told| written(item, told)));
    let mut done: Vec<(Timestamp, Vec<String>)> =
        of(true).map(|told| (told.intent.opened, written(item, told))).collect();
    done.extend(past_problems.iter().map(|past| (past.over, is_over(past))));
    done.sort_by_key(|(at, _)| *at);
    let title = if past_problems.is_empty() { WRITTEN } else { WRITTEN_AND_OVER };
    block(&mut out, title, done.into_iter().flat_map(|(_, lines)| lines));
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
        format!("{how} since {:.3}", away.since)
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
    format!("{}, by {} at {:.3}{open}", value_in_words(&agreed.value), agreed.by, agreed.at)
}

/// What each side calls what it was last seen to hold, where the map gives that a name there.
fn names_there(sync: &SyncSettings, item: &ItemState) -> BTreeMap<(SideId, FieldName), String> {
    let mut names = BTreeMap::new();
    for (side, replica) in &item.replicas {
        for (field, base) in &replica.bases {
            let row = sync.fields.get(field);
            let (Some(row), Some(Value::Choice(shared))) = (row, &base.value) else { continue };
            let table = crate::mapping::vocabulary(row).table(sync, row);
            let name = crate::mapping::names_on(table, side, shared).first().map(|name| (*name).to_owned());
            names.extend(name.filter(|name| name != shared).map(|name| ((side.clone(), field.clone()), name)));
        }
    }
    names
}

fn held(base: &Base, name: Option<&str>) -> String {
    let value = base.value.as_ref().map_or_else(|| "something without a counterpart".to_owned(), value_in_words);
    let native = base.native.as_deref().or(name).map(|native| format!(" (`{native}`)")).unwrap_or_default();
    let why =
        base.acknowledged.as_ref().map(|why| format!("; it cannot hold more: {}", why.reason)).unwrap_or_default();
    format!("was last seen to hold {value}{native}{why}")
}

fn in_words(since: Timestamp, problem: &Problem, dismissed: Option<&Dismissed>) -> [String; 2] {
    let field: Option<&FieldName> = problem.field.as_ref();
    let field = field.map(|field| format!(", {field}")).unwrap_or_default();
    let (dismissed, settles) = (said_of(dismissed), if problem.settles { SETTLES } else { "" });
    let what = format!("  side {}{field}, since {since:.3}{dismissed}{settles}: {}", problem.side, problem.what);
    [what, format!("    Hint: {}", problem.remedy)]
}

/// When it was over and how, what it was, and what brought that about.
fn is_over(past: &PastProblem) -> Vec<String> {
    let PastProblem { since, over, times, how, brought, dismissed, problem } = past;
    let field = problem.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
    let times = counted(usize::try_from(*times).unwrap_or(usize::MAX), "time");
    let (side, what, dismissed) = (&problem.side, &problem.what, said_of(dismissed.as_ref()));
    let mut lines = vec![
        format!("  {over:.3} a problem ({})", how.words()),
        format!("    side {side}{field}, since {since:.3}, met {times}{dismissed}: {what}"),
    ];
    lines.extend(brought.as_ref().map(|brought| format!("    because of {}", brought.words())));
    lines
}

fn said_of(dismissed: Option<&Dismissed>) -> String {
    dismissed.map(|dismissed| format!(", dismissed {:.3} by {}", dismissed.at, dismissed.by)).unwrap_or_default()
}

fn changed(act: &ToldAct) -> String {
    format!("  {:.3} {}, by {}", act.at, act.field, act.author.words())
}

/// When it was decided on, by whose act and why then, what came of it, and what it was.
fn written(item: &ItemState, told: &Told) -> Vec<String> {
    let Told { intent, authors, request, .. } = told;
    let mut lines = vec![format!("  {:.3} {} ({})", intent.opened, intent.id, intent.state.words())];
    let brought = intent.brought.as_ref().map(|brought| format!("because of {}", brought.words()));
    let by = (!authors.is_empty()).then(|| format!("by {}", authors_in_words(authors)));
    let request = request.as_ref().map(|request| format!("request {request}"));
    let known: Vec<String> = by.into_iter().chain(brought).chain(request).collect();
    if !known.is_empty() {
        lines.push(format!("    {}", known.join("; ")));
    }
    lines.extend(operation_in_words(item, &intent.operation).into_iter().map(|line| format!("    {line}")));
    lines
}
