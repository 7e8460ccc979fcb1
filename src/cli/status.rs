//! `jirasyncd status`: the daemon over its control socket, else its state, read only. It must never change the state, and
//! always says which of the two it was.

use std::fmt::Write as _;

use serde::Serialize;

use super::arguments::Common;
use super::exit::Exit;
use super::output::{Output, counted, table};
use super::problems::SETTLES;
use super::settings::{absolute, load};
use super::small_runtime;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, SecretsWanted};
use crate::console::{
    AskError, CreationStatus, InstanceStatus, ProblemStatus, Status, ask_status, control_sockets, escaped,
};
use crate::jira::{Budget, login_ends};
use crate::model::cause::cause_of;
use crate::model::command::Pause;
use crate::model::ids::CauseId;
use crate::store::SqliteStore;

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'s> {
    /// Who answered.
    source: Source,
    #[serde(flatten)]
    status: &'s Status,
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    /// The daemon that runs.
    Daemon,
    /// Its state; no daemon runs.
    State,
}

/// Shows it; 1 while problems stand.
pub(super) fn run(common: &Common, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let config = load(common, SecretsWanted::No, output)?;
    let status = small_runtime()?.block_on(find(&config, output))?;
    let source = if status.running.is_some() { Source::Daemon } else { Source::State };
    if output.json_wanted() {
        output.json(&Answer { source, status: &status })?;
    } else {
        output.block(&text(&status))?;
    }
    Ok(if status.problems.is_empty() { Exit::Done } else { Exit::Problems })
}

async fn find(config: &Config, output: &mut Output<'_>) -> anyhow::Result<Status> {
    let state = absolute(&config.daemon.state);
    for socket in control_sockets(&config.daemon) {
        match ask_status(&socket).await {
            Ok(status) if absolute(&status.state) == state => return Ok(status),
            // The daemon of another configuration.
            Ok(_) | Err(AskError::NoDaemon { .. }) => {}
            Err(error @ (AskError::Denied { .. } | AskError::NoAnswer { .. })) => {
                output.note(&format!("{error}; the state is read instead"))?;
            }
        }
    }
    let store = SqliteStore::read_only(&config.daemon.state)?;
    let now = SystemClock::new().now();
    let mut status = Status::of_state(&store, &config.daemon.state, &config.instances, now).await?;
    for instance in &mut status.instances {
        if let Some(settings) = config.instances.get(&instance.name) {
            instance.ends = login_ends(settings);
        }
    }
    Ok(status)
}

fn text(status: &Status) -> String {
    let mut out = String::new();
    let state = status.state.display().to_string();
    // Writing to a string cannot fail.
    let _ = match &status.running {
        Some(running) => writeln!(
            out,
            "daemon: runs since {}, process {}, version {}\nstate:  {}",
            running.since,
            running.pid,
            escaped(&running.version),
            escaped(&state)
        ),
        None => writeln!(out, "daemon: none answers; this is what its state knows\nstate:  {}", escaped(&state)),
    };
    let figures = &status.figures;
    let rows = [
        ("items", figures.items),
        ("due now", figures.due),
        ("being worked on", figures.claimed),
        ("writes without an outcome yet", figures.open_intents),
        ("conflicts recorded", figures.conflicts),
        ("problems standing", figures.problems),
    ];
    let more = [
        ("problems dismissed", figures.dismissed),
        ("waiting for a resume, or for an instance to answer", figures.parked),
    ];
    let more = more.iter().filter(|(_, count)| *count > 0);
    let rows: Vec<Vec<String>> =
        rows.iter().chain(more).map(|(name, count)| vec![count.to_string(), (*name).to_owned()]).collect();
    let _ = write!(out, "\n{}\ninstances\n{}", table("  ", &rows), instances(status));
    if !status.pauses.is_empty() {
        let _ = write!(out, "\npaused: changes wait, nothing is lost\n");
    }
    for Pause { target, since, by } in &status.pauses {
        let line = format!("{target}, since {since:.3} by {by}; `jirasyncd resume{}` ends it", target.argument());
        let _ = writeln!(out, "  {}", escaped(&line));
    }
    let logins = logins(status);
    if !logins.is_empty() {
        let _ = write!(out, "\nlogins\n{logins}");
    }
    let limits = limits(status);
    if !limits.is_empty() {
        let _ = write!(out, "\nlimits\n{limits}");
    }
    let webhooks = webhooks(status);
    if !webhooks.is_empty() {
        let _ = write!(out, "\nwebhooks\n{webhooks}");
    }
    let creations = creations(status);
    if !creations.is_empty() {
        let _ = write!(out, "\nfirst copies\n{creations}");
    }
    if !status.problems.is_empty() {
        let _ = write!(out, "\nproblems\n{}", problems(&status.problems));
        let left_out = figures.problems.saturating_sub(status.problems.len() as u64);
        if left_out > 0 {
            let left_out = counted(usize::try_from(left_out).unwrap_or(usize::MAX), "more problem");
            let _ = writeln!(out, "  and {left_out}");
        }
    }
    out
}

fn instances(status: &Status) -> String {
    let rows: Vec<Vec<String>> = status
        .instances
        .iter()
        .map(|instance| {
            let polled =
                instance.polled_to.map_or_else(|| "not polled yet".to_owned(), |to| format!("polled to {to:.3}"));
            let at = instance.polled_at.map(|at| format!("last poll {at:.3}")).unwrap_or_default();
            let trouble = instance.paused.as_ref().map(|why| format!("paused: {why}"));
            let trouble = trouble.or_else(|| instance.last_error.as_ref().map(|why| format!("failed: {why}")));
            let untagged = || "untagged mode: it does not give `historyMetadata` back, see docs/promises.md".to_owned();
            let trouble = trouble.or_else(|| instance.untagged.then(untagged));
            vec![instance.name.to_string(), polled, at, trouble.unwrap_or_default()]
        })
        .collect();
    table("  ", &rows)
}

/// When what each instance is reached with ends; empty where that is known of none.
fn logins(status: &Status) -> String {
    let row = |instance: &InstanceStatus| {
        let known = instance.ends.known();
        let until: Vec<String> =
            known.map(|(what, day)| format!("{what} until {}", day.strftime("%Y-%m-%d"))).collect();
        (!until.is_empty()).then(|| vec![instance.name.to_string(), until.join(", ")])
    };
    let rows: Vec<Vec<String>> = status.instances.iter().filter_map(row).collect();
    if rows.is_empty() { String::new() } else { table("  ", &rows) }
}

/// What is left of one instance's limits, when it refills, and what waits for it.
fn of_limits(budget: &Budget) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((left, most)) = budget.left {
        let full = budget.full_in.filter(|_| left < most).map(|wait| format!(", full in {wait} s"));
        let of = budget.left_of.as_ref().map(|endpoint| format!(" of {endpoint}")).unwrap_or_default();
        said.push(format!("{left} of {most} requests{of} left{}", full.unwrap_or_default()));
    }
    if let Some((left, seconds)) = budget.quota {
        said.push(format!("{left} points left, anew in {seconds} s"));
    }
    if budget.near {
        said.push("near the limit: first copies and full checks wait".to_owned());
    }
    said.extend(budget.waits.iter().map(|(what, seconds)| format!("{what} waits {seconds} s")));
    let slow = |(what, rate, seconds): &(String, f64, u64)| format!("{what} at {rate:.1} a second for {seconds} s");
    said.extend(budget.slow.iter().map(slow));
    said
}

/// What is left of each instance's limits; empty where nothing was told of any.
fn limits(status: &Status) -> String {
    let row = |instance: &InstanceStatus| {
        let budget = instance.budget.as_ref()?;
        let said = of_limits(budget);
        let rate = format!("at most {} a second", budget.rate);
        (!said.is_empty()).then(|| vec![instance.name.to_string(), rate, said.join("; ")])
    };
    let rows: Vec<Vec<String>> = status.instances.iter().filter_map(row).collect();
    if rows.is_empty() { String::new() } else { table("  ", &rows) }
}

/// What came of each instance's webhooks; empty where none are taken.
fn webhooks(status: &Status) -> String {
    let row = |instance: &InstanceStatus| {
        let hooks = instance.webhooks.as_ref()?;
        let last = hooks.last.map_or_else(|| "none came yet".to_owned(), |last| format!("last {last}"));
        let taken = format!("{} taken, {} refused", hooks.taken, hooks.refused);
        let warning = if hooks.unannounced > 0 {
            let changes = counted(hooks.unannounced, "issue");
            format!("warning: no webhook told of {changes} that polls saw change: `jirasyncd webhooks verify`")
        } else if hooks.unsigned > 0 {
            format!("warning: {} came without a valid signature", hooks.unsigned)
        } else {
            String::new()
        };
        Some(vec![instance.name.to_string(), last, taken, warning])
    };
    let rows: Vec<Vec<String>> = status.instances.iter().filter_map(row).collect();
    if rows.is_empty() { String::new() } else { table("  ", &rows) }
}

/// How far the first copies are, of the syncs that are at it; empty where none is.
fn creations(status: &Status) -> String {
    let row = |creations: &CreationStatus| {
        let figures = &creations.figures;
        let waiting: u64 = figures.waiting.values().sum();
        if waiting == 0 && figures.queued == 0 {
            return None;
        }
        let by_side: Vec<String> = figures.waiting.iter().map(|(side, count)| format!("{count} on {side}")).collect();
        let places = if by_side.is_empty() { String::new() } else { format!(" ({})", by_side.join(", ")) };
        let left = format!("{waiting} wait{places}, {} are looked at", figures.queued);
        let pace = creations.pace.clone().unwrap_or_default();
        let speed = pace.per_hour.map(|speed| format!("{speed} an hour of late"));
        let time = pace.left_seconds.map(|left| format!("about {} left at that speed", in_words(left)));
        let said: Vec<String> = [speed, time, pace.why].into_iter().flatten().collect();
        Some(vec![figures.sync.to_string(), format!("{} in step", figures.in_step), left, said.join("; ")])
    };
    let rows: Vec<Vec<String>> = status.creations.iter().filter_map(row).collect();
    if rows.is_empty() { String::new() } else { table("  ", &rows) }
}

/// A time as people say it, no more exactly than it is known.
fn in_words(seconds: u64) -> String {
    match seconds {
        0..5_400 => format!("{} min", seconds.div_ceil(60)),
        5_400..172_800 => format!("{} h", seconds.div_ceil(3_600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// Issues that are named of one cause; the rest is counted.
const NAMED: usize = 3;

/// By cause, as `jirasyncd problems` tells them: what many issues have is said once, and what settles by itself last.
fn problems(problems: &[ProblemStatus]) -> String {
    let mut causes: Vec<(CauseId, Vec<&ProblemStatus>)> = Vec::new();
    for problem in problems {
        let cause = cause_of(&problem.problem());
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, of_it)) => of_it.push(problem),
            None => causes.push((cause, vec![problem])),
        }
    }
    causes.sort_by_key(|(_, of_it)| of_it.iter().all(|problem| problem.settles));
    causes.iter().filter_map(|(cause, of_it)| Some(of_one_cause(cause, of_it.split_first()?))).collect()
}

fn of_one_cause(cause: &CauseId, (first, others): (&&ProblemStatus, &[&ProblemStatus])) -> String {
    let is_one_fields = others.iter().all(|other| other.field == first.field);
    let field = first.field.as_ref().filter(|_| is_one_fields);
    let field = field.map(|field| format!(", {field}")).unwrap_or_default();
    let all = others.iter().chain([first]);
    let (times, since) =
        (all.clone().map(|problem| problem.times).sum::<u64>(), all.map(|problem| problem.since).min());
    let times = counted(usize::try_from(times).unwrap_or(usize::MAX), "time");
    let about = if others.is_empty() {
        first.about.clone()
    } else {
        format!("{} (cause {cause})", counted(1 + others.len(), "problem"))
    };
    let since = since.unwrap_or(first.since);
    let one_of_them = if others.iter().any(|other| other.what != first.what) { "one of them: " } else { "" };
    let settles = if others.iter().chain([first]).all(|problem| problem.settles) { SETTLES } else { "" };
    let mut lines = vec![
        format!("  {about}, side {}{field}, since {since}, met {times}{settles}", first.side),
        format!("    {one_of_them}{}", first.what),
        format!("    Hint: {}", first.remedy),
    ];
    if !others.is_empty() {
        let names = std::iter::once(first).chain(others).take(NAMED).map(|problem| problem.about.as_str());
        let left = (1 + others.len()).saturating_sub(NAMED);
        let more =
            if left == 0 { String::new() } else { format!("; and {left} more: `jirasyncd problems show {cause}`") };
        lines.push(format!("    {}{more}", names.collect::<Vec<_>>().join("; ")));
    }
    lines.iter().map(|line| format!("{}\n", escaped(line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_limits_is_told_with_its_endpoint_and_when_it_refills() {
        let budget = Budget {
            rate: 5.0,
            left: Some((7, 100)),
            left_of: Some("editIssue".to_owned()),
            full_in: Some(20),
            quota: Some((600, 1_200)),
            waits: vec![("search".to_owned(), 3), ("writes of issue 7".to_owned(), 20)],
            slow: vec![("createIssue".to_owned(), 2.5, 41)],
            near: true,
        };
        let said = of_limits(&budget);
        let expected = [
            "7 of 100 requests of editIssue left, full in 20 s",
            "600 points left, anew in 1200 s",
            "near the limit: first copies and full checks wait",
            "search waits 3 s",
            "writes of issue 7 waits 20 s",
            "createIssue at 2.5 a second for 41 s",
        ];
        assert_eq!(said, expected);
        assert_eq!(of_limits(&Budget { rate: 5.0, ..Budget::default() }), Vec::<String>::new());
    }
}
