//! `jirasyncd plan`: what a run would do, as the plan itself renders it. It must never write to a Jira or to the state.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use serde::Serialize;

use super::arguments::{Common, Plan as Wanted};
use super::exit::Exit;
use super::output::{Output, counted};
use super::{settings, small_runtime};
use crate::app::{
    Chosen, Cost, Previewed, PreviewedItem, Replayed, Surroundings, Words, preview, preview_with_inputs, replay,
    save_inputs,
};
use crate::config::{Config, SecretsWanted};
use crate::console::escaped;
use crate::engine::ThingsPreview;
use crate::model::ids::{InstanceId, SyncId};
use crate::model::operation::{Action, Operation};
use crate::model::problem::Problem;
use crate::model::things::ThingWrite;
use crate::plan::{Line, Plan, Proposal, SavedInput, lines_of};

/// Said where a value is longer than what is shown of it.
const CUT: &str = "Long values are cut here; `--json` gives them in full.";

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'p> {
    exit: Exit,
    items: Vec<Item<'p>>,
    /// Versions and components beside the issues.
    things: Vec<Things<'p>>,
    /// The syncs that nothing joins now.
    stopped: Vec<Stopped<'p>>,
    /// The issues that would be paired because they name each other.
    pairs: Vec<Pair<'p>>,
    /// What is not carried because what it names is not clear.
    unclear: Vec<Unclear<'p>>,
    /// Issues that look alike and may be one: the command that says so.
    proposals: Vec<String>,
    /// What that asks of each instance, at least: a status, and what follows a hop, is planned when the issue is there.
    costs: Vec<Asked<'p>>,
    /// By the keys that were asked for and that no item has: what stands against one, a line for each side.
    not_begun: &'p BTreeMap<String, Vec<String>>,
    /// The instances that did not answer, with what they said: what changed there is in no plan.
    not_asked: &'p BTreeMap<String, String>,
    totals: Totals,
}

/// The answer of plans that were made again, as JSON.
#[derive(Serialize)]
struct Again<'p> {
    exit: Exit,
    items: Vec<Item<'p>>,
    /// The rules of their own that plans break: each is a defect.
    broken: &'p [String],
    totals: Totals,
}

/// What is asked of an instance, as JSON.
#[derive(Serialize)]
struct Asked<'p> {
    instance: &'p str,
    /// The requests that write, and those that read right before.
    writes: u64,
    reads: u64,
    /// How long they take at the present rate, and how many go a second.
    seconds: f64,
    rate: f64,
    /// The syncs that create nothing before their hours come (`backfill.window`), and when that is.
    opens: BTreeMap<&'p str, String>,
    /// The changes that Jira may send mails about.
    mails: u64,
}

/// A sync that nothing joins now, as JSON.
#[derive(Serialize)]
struct Stopped<'p> {
    sync: &'p str,
    side: &'p str,
    why: &'p str,
    remedy: &'p str,
}

/// Issues that would be paired, as JSON.
#[derive(Serialize)]
struct Pair<'p> {
    sync: &'p str,
    issues: &'p str,
}

/// An issue that is not carried, as JSON.
#[derive(Serialize)]
struct Unclear<'p> {
    why: &'p str,
    remedy: &'p str,
}

/// The versions or components of a sync as JSON.
#[derive(Serialize)]
struct Things<'p> {
    sync: &'p str,
    /// `versions` or `components`.
    thing: String,
    /// A change per line.
    lines: Vec<String>,
    /// The same, with the values in full.
    writes: Vec<Written<'p>>,
    /// What needs a person.
    problems: Vec<String>,
}

/// A write to a version or component as JSON.
#[derive(Serialize)]
struct Written<'p> {
    side: &'p str,
    /// Its id there; absent where it is made.
    id: Option<&'p str>,
    /// What each property becomes.
    values: BTreeMap<&'static str, &'p str>,
}

/// One item as JSON.
#[derive(Serialize)]
struct Item<'p> {
    /// The keys of its issues.
    names: &'p str,
    /// The plan, a change per line.
    lines: Vec<String>,
    /// What follows it once the issues are there that it makes, likewise.
    then: Vec<String>,
    /// Sides that could not be read, and why.
    unread: BTreeMap<String, &'p str>,
    /// The plan as it is; absent where none could be made.
    plan: Option<&'p Plan>,
    /// What follows it, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    then_plan: Option<&'p Plan>,
}

/// How much is planned.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Totals {
    items: usize,
    pairs: usize,
    creates: usize,
    unclear: usize,
    changes: usize,
    /// Comments that would be created, and what paired issues hold already of comments, files and logged work.
    comments: usize,
    matched: usize,
    /// What an earlier bridge wrote that is a copy of nothing.
    left: usize,
    /// What follows once issues are created: comments, files, logged work, links, and fields that no create screen shows.
    following: usize,
    conflicts: usize,
    not_done: usize,
    to_be_read: usize,
    sides_unread: usize,
    instances_not_asked: usize,
    syncs_stopped: usize,
}

/// Prints the plans.
pub(super) fn run(common: &Common, wanted: Wanted, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if let Some(file) = &wanted.from {
        return again(file, output);
    }
    let config = settings::load(common, SecretsWanted::Yes, output)?;
    let existing = wanted.existing.into();
    let chosen = chosen(&config, &wanted)?;
    let waiting = output.waiting(format!("reading {}", counted(config.instances.len(), "instance")));
    let previewed = small_runtime()?.block_on(async {
        let (here, chosen) = (Surroundings::of_this_machine(), chosen.clone());
        match &wanted.save_input {
            Some(_) => preview_with_inputs(config, here, chosen, existing).await,
            None => preview(config, here, chosen, existing).await,
        }
    })?;
    let Previewed { items, things, bursts, stopped, pairs, unclear, proposals, costs, not_begun, not_asked } =
        previewed;
    drop(waiting);
    if let Some(file) = &wanted.save_input {
        save(file, &items, if wanted.unredacted { Words::Kept } else { Words::Replaced }, output)?;
    }
    let syncs: BTreeSet<_> = stopped.iter().map(|(sync, ..)| sync).collect();
    let (pairs_made, instances_not_asked) = (pairs.len(), not_asked.len());
    let totals = Totals {
        pairs: pairs_made,
        unclear: unclear.len(),
        instances_not_asked,
        ..Totals::of(&items, &things, syncs.len())
    };
    let proposals: Vec<String> = proposals.iter().map(|(sync, found)| in_words(sync, found)).collect();
    let exit = totals.exit();
    if output.json_wanted() {
        let stopped = stopped.iter().map(|(sync, Problem { side, what: why, remedy, .. })| {
            let (sync, side) = (sync.as_str(), side.as_str());
            Stopped { sync, side, why, remedy }
        });
        let (items, stopped) = (items.iter().map(Item::of).collect(), stopped.collect());
        let pairs = pairs.iter().map(|(sync, issues)| Pair { sync: sync.as_str(), issues }).collect();
        let unclear = unclear.iter().map(|(why, remedy)| Unclear { why, remedy }).collect();
        let things = things.iter().map(Things::of).collect();
        let costs = costs.iter().map(Asked::of).collect();
        let not_begun = &not_begun.into_iter().map(|(key, why)| (key.to_string(), why)).collect();
        let not_asked = &not_asked.into_iter().map(|(instance, why)| (instance.to_string(), why)).collect();
        output.json(&Answer {
            exit,
            items,
            things,
            stopped,
            pairs,
            unclear,
            proposals,
            costs,
            not_begun,
            not_asked,
            totals,
        })?;
        return Ok(exit);
    }
    tell(
        &Previewed {
            items,
            things,
            bursts,
            stopped,
            pairs,
            unclear,
            costs,
            not_begun,
            not_asked,
            ..Previewed::default()
        },
        &proposals,
        output,
    )?;
    if let Some(follows) = totals.follows() {
        output.line(&follows)?;
    }
    output.line(&totals.in_words())?;
    Ok(exit)
}

/// Prints what would be done, for people.
fn tell(previewed: &Previewed, proposals: &[String], output: &mut Output<'_>) -> io::Result<()> {
    let Previewed { items, things, bursts, stopped, pairs, unclear, costs, not_begun, not_asked, .. } = previewed;
    for (instance, why) in not_asked {
        output.line(&format!("? instance {instance} does not answer, so what changed there is not planned: {why}"))?;
    }
    for (key, why) in not_begun {
        output.line(&format!("? no item has an issue {key}: {}", why.join("; ")))?;
    }
    let mut is_cut = false;
    for item in items {
        is_cut |= show(item, output)?;
    }
    for (sync, issues) in pairs {
        output.line(&format!("= sync {sync}: {issues} name each other and are paired"))?;
    }
    for (why, remedy) in unclear {
        output.line(&format!("? {why}; {remedy}"))?;
    }
    for proposal in proposals {
        output.line(&format!("may be one, by summary and type: `{proposal}`"))?;
    }
    for of_sync in things {
        for line in of_sync.lines.iter().chain(&problems_of(of_sync)) {
            output.change(line)?;
            is_cut |= line.is_cut();
        }
    }
    for (sync, Problem { side, what, remedy, .. }) in stopped {
        output.line(&format!("? sync {sync}, side {side}: {what} ({remedy})"))?;
    }
    for (sync, count, most) in bursts {
        let confirm = format!("`jirasyncd confirm {sync} {count}`");
        output.line(&format!(
            "? sync {sync}: {count} issues would be created, more than {most}: a run waits for {confirm}"
        ))?;
    }
    for cost in costs {
        output.line(&told(cost))?;
    }
    say_cut(is_cut, output)
}

/// Says that values are longer than what was shown of them, and where they are in full.
fn say_cut(is_cut: bool, output: &mut Output<'_>) -> io::Result<()> {
    if is_cut { output.line(CUT) } else { Ok(()) }
}

/// Prints one item's plan. Says whether a value in it was cut.
fn show(item: &PreviewedItem, output: &mut Output<'_>) -> io::Result<bool> {
    let lines = item.plan.as_ref().map(lines_of).unwrap_or_default();
    if !lines.is_empty() {
        // A line of a plan names the side that is written to; which issue it comes from stands above.
        output.line(&format!("{}:", item.names))?;
    }
    for line in &lines {
        output.change(line)?;
    }
    let then = item.then.as_ref().map(lines_of).unwrap_or_default();
    if !then.is_empty() {
        output.line("then:")?;
    }
    for line in &then {
        output.change(line)?;
    }
    for (side, why) in &item.unread {
        output.line(&format!("? {}: side {side} could not be read: {why}", item.names))?;
    }
    Ok(lines.iter().chain(&then).any(Line::is_cut))
}

/// Keeps what the plans were made from.
fn save(file: &Path, items: &[PreviewedItem], words: Words, output: &mut Output<'_>) -> anyhow::Result<()> {
    let inputs: Vec<&SavedInput> = items.iter().filter_map(|item| item.input.as_deref()).collect();
    save_inputs(file, &inputs, words)?;
    let how = match words {
        Words::Replaced => "other words stand for names and texts",
        Words::Kept => "with people's names and texts",
    };
    let kept = counted(inputs.len(), "plan");
    output.note(&format!(
        "{}: what {kept} {} made from, {how}",
        file.display(),
        if inputs.len() == 1 { "is" } else { "are" }
    ))?;
    if inputs.len() < items.len() {
        let lacking = counted(items.len() - inputs.len(), "item");
        output.note(&format!("{lacking} could not be read on all sides, and not planned: not in the file"))?;
    }
    Ok(())
}

/// Plans again what a file holds.
fn again(file: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (mut items, mut broken) = (Vec::new(), Vec::new());
    for Replayed { names, plan, then, violations } in replay(file)? {
        broken.extend(violations.iter().map(|rule| format!("! {names}: the plan breaks a rule of its own: {rule}")));
        items.push(PreviewedItem { names, plan: Some(plan), then, unread: BTreeMap::new(), input: None });
    }
    let totals = Totals::of(&items, &[], 0);
    let exit = if broken.is_empty() { totals.exit() } else { Exit::Problems };
    if output.json_wanted() {
        let items = items.iter().map(Item::of).collect();
        output.json(&Again { exit, items, broken: &broken, totals })?;
        return Ok(exit);
    }
    let mut is_cut = false;
    for item in &items {
        is_cut |= show(item, output)?;
    }
    for rule in &broken {
        output.line(rule)?;
    }
    say_cut(is_cut, output)?;
    output.line(&totals.in_words())?;
    Ok(exit)
}

/// What is to be planned. A sync or an instance that is not configured is told with those that are.
fn chosen(config: &Config, wanted: &Wanted) -> anyhow::Result<Chosen> {
    if !wanted.item.is_empty() {
        return Ok(Chosen::Keys(wanted.item.clone()));
    }
    if let Some(sync) = &wanted.sync {
        let known = config.syncs.keys().map(SyncId::as_str);
        return Ok(Chosen::Sync(known_as("sync", sync, known)?));
    }
    if let (Some(jql), Some(on)) = (&wanted.jql, &wanted.on) {
        let known = config.instances.keys().map(InstanceId::as_str);
        return Ok(Chosen::Found { instance: known_as("instance", on, known)?, jql: jql.clone() });
    }
    Ok(Chosen::All)
}

fn known_as<'n, T: From<&'n str>>(
    what: &str,
    wanted: &'n str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> anyhow::Result<T> {
    if known.clone().any(|name| name == wanted) {
        return Ok(T::from(wanted));
    }
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    anyhow::bail!("there is no {what} `{wanted}`; there are: {}", known.join(", "))
}

/// What a plan asks of an instance, in words.
fn told(cost: &Cost) -> String {
    let requests = counted(usize::try_from(cost.writes + cost.reads).unwrap_or(usize::MAX), "request");
    let mails = match cost.mails {
        0 => "no mails".to_owned(),
        mails => format!("mails about {} of the changes", mails),
    };
    let mut words = format!(
        "instance {}: at least {requests} ({} writing), {} at {:.1} a second; Jira may send {mails}",
        cost.instance,
        cost.writes,
        how_long(cost.seconds),
        cost.rate
    );
    for (sync, opens) in &cost.opens {
        words.push_str(&format!("; what sync {sync} creates waits for its hours, from {opens} on"));
    }
    words
}

fn how_long(seconds: f64) -> String {
    match seconds {
        ..1.0 => "less than a second".to_owned(),
        ..120.0 => format!("{seconds:.0} seconds"),
        ..7_200.0 => format!("{:.0} minutes", seconds / 60.0),
        _ => format!("{:.1} hours", seconds / 3_600.0),
    }
}

/// What is to be typed where issues that look alike are one.
fn in_words(sync: &SyncId, proposal: &Proposal) -> String {
    let keys: Vec<String> = proposal.issues.iter().map(|(side, key)| format!("{side}:{key}")).collect();
    format!("jirasyncd pair {sync} {}", keys.join(" "))
}

impl<'p> Asked<'p> {
    fn of(cost: &'p Cost) -> Self {
        let Cost { instance, writes, reads, seconds, opens, rate, mails } = cost;
        let (writes, reads, seconds, rate, mails) = (*writes, *reads, *seconds, *rate, *mails);
        let opens = opens.iter().map(|(sync, at)| (sync.as_str(), at.to_string())).collect();
        Self { instance: instance.as_str(), writes, reads, seconds, opens, rate, mails }
    }
}

impl<'p> Item<'p> {
    fn of(item: &'p PreviewedItem) -> Self {
        let lines = |plan: Option<&Plan>| told_lines(&plan.map(lines_of).unwrap_or_default());
        Self {
            names: &item.names,
            lines: lines(item.plan.as_ref()),
            then: lines(item.then.as_ref()),
            unread: item.unread.iter().map(|(side, why)| (side.to_string(), why.as_str())).collect(),
            plan: item.plan.as_ref(),
            then_plan: item.then.as_ref(),
        }
    }
}

impl<'p> Things<'p> {
    fn of(of_sync: &'p ThingsPreview) -> Self {
        Self {
            sync: of_sync.sync.as_str(),
            thing: format!("{}s", of_sync.thing.word()),
            lines: told_lines(&of_sync.lines),
            writes: of_sync.writes.iter().map(Written::of).collect(),
            problems: told_lines(&problems_of(of_sync)),
        }
    }
}

impl<'p> Written<'p> {
    fn of(write: &'p ThingWrite) -> Self {
        let values = write.values.iter().map(|(property, (value, _))| (property.word(), value.as_str())).collect();
        Self { side: write.side.as_str(), id: write.native.as_deref(), values }
    }
}

/// Lines as they stand in JSON.
fn told_lines(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| escaped(&line.to_string()).into_owned()).collect()
}

/// What is not done, as lines.
fn problems_of(of_sync: &ThingsPreview) -> Vec<Line> {
    let line = |problem: &Problem| Line::of(format!("x {} {} ({})", problem.side, problem.what, problem.remedy));
    of_sync.problems.iter().map(line).collect()
}

impl Totals {
    /// As documented in docs/handbook.md: what is not done is a problem, a side that cannot be read is an instance's.
    fn exit(&self) -> Exit {
        if self.sides_unread > 0 || self.instances_not_asked > 0 {
            Exit::Instance
        } else if self.not_done > 0 || self.syncs_stopped > 0 || self.unclear > 0 {
            Exit::Problems
        } else {
            Exit::Done
        }
    }

    fn of(items: &[PreviewedItem], things: &[ThingsPreview], syncs_stopped: usize) -> Self {
        let mut totals = Self { items: items.len(), syncs_stopped, ..Self::default() };
        for of_sync in things {
            totals.changes += of_sync.lines.len();
            totals.not_done += of_sync.problems.len();
        }
        for item in items {
            totals.sides_unread += item.unread.len();
            if let Some(plan) = &item.plan {
                totals.changes += plan.operations.len();
                let is_create = |operation: &&Operation| matches!(operation.action, Action::Create { .. });
                totals.creates += plan.operations.iter().filter(is_create).count();
                let comments = |operation: &&Operation| matches!(operation.action, Action::AddComment { .. });
                totals.comments += plan.operations.iter().filter(comments).count();
                totals.matched += plan.matched.comments + plan.matched.worklogs + plan.matched.files;
                totals.left += plan.matched.left;
                totals.conflicts += plan.conflicts.len();
                totals.not_done += plan.holds.len();
                totals.to_be_read += plan.wanted.values().map(BTreeSet::len).sum::<usize>();
            }
            if let Some(then) = &item.then {
                totals.following += then.operations.len();
                totals.not_done += then.holds.len();
                totals.to_be_read += then.wanted.values().map(BTreeSet::len).sum::<usize>();
            }
        }
        totals
    }

    /// What is planned only once issues that are created are there, and its requests with it.
    fn follows(&self) -> Option<String> {
        let created = counted(self.creates, "issue");
        let words =
            format!("the status of {created} follows the creation, by what is offered there, and is not counted");
        (self.creates > 0).then_some(words)
    }

    fn in_words(&self) -> String {
        let mut words = format!(
            "{}: {}, {}, {} not done",
            counted(self.items, "item"),
            counted(self.changes, "change"),
            counted(self.conflicts, "conflict"),
            self.not_done
        );
        if self.pairs > 0 {
            words.push_str(&format!(", {} made", counted(self.pairs, "pair")));
        }
        if self.creates > 0 {
            words.push_str(&format!(", {} created", counted(self.creates, "issue")));
        }
        if self.following > 0 {
            words.push_str(&format!(", {} after that", counted(self.following, "change")));
        }
        if self.unclear > 0 {
            words.push_str(&format!(", {} not clear", counted(self.unclear, "issue")));
        }
        if self.matched > 0 || self.left > 0 {
            let comments = counted(self.comments, "comment");
            words.push_str(&format!(", {comments} to create, {} matched", self.matched));
        }
        if self.left > 0 {
            words.push_str(&format!(", {} of earlier bridges left alone", self.left));
        }
        if self.to_be_read > 0 {
            words.push_str(&format!(", {} to be read again", self.to_be_read));
        }
        if self.sides_unread > 0 {
            words.push_str(&format!(", {} not read", counted(self.sides_unread, "side")));
        }
        if self.syncs_stopped > 0 {
            words.push_str(&format!(", {} stopped", counted(self.syncs_stopped, "sync")));
        }
        words.push_str("; nothing was written");
        words
    }
}
