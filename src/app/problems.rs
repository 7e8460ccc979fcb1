//! Commands about problems: have what they hold back tried again, and hear of them no more. Must never be about more problems than were
//! asked for, nor keep in the record of a command what a Jira said.

use std::collections::BTreeSet;

use super::commands::Decided;
use crate::config::Config;
use crate::engine::items_of_key;
use crate::model::cause::{Cause, causes};
use crate::model::command::{AboutProblems, Answer, Effect, Ended};
use crate::model::ids::ItemId;
use crate::model::problem_filter::ProblemFilter;
use crate::model::settings::SyncSettings;
use crate::model::store::{Dismissed, Store, StoreError, StoredProblem};
use crate::model::suspects::Suspects;

/// Causes that are named in an answer.
const NAMED: usize = 20;

/// The problems that a filter is about, dismissed or not.
pub(super) async fn chosen(
    config: &Config,
    store: &dyn Store,
    filter: &ProblemFilter,
) -> Result<Vec<StoredProblem>, StoreError> {
    let syncs: Vec<&SyncSettings> = config.syncs.values().collect();
    let of_key = items_of_key(store, &syncs, filter).await?;
    let mut all = store.problems(usize::MAX).await?;
    all.retain(|stored| filter.is_about(stored, &of_key));
    Ok(all)
}

/// The items that problems are of.
pub(super) fn items_of(problems: &[StoredProblem]) -> BTreeSet<ItemId> {
    problems.iter().filter_map(|stored| stored.item).collect()
}

/// What these hold back is tried again.
pub(super) async fn retry(
    (config, store): (&Config, &dyn Store),
    filter: &ProblemFilter,
    dry_run: bool,
) -> Result<Decided, StoreError> {
    let problems = chosen(config, store, filter).await?;
    if problems.is_empty() {
        return Ok((none(), Vec::new()));
    }
    let items = items_of(&problems);
    // What belongs to no item is not tried by this: the next poll of its instance does.
    let (apart, of_items): (Vec<StoredProblem>, Vec<StoredProblem>) =
        problems.into_iter().partition(|stored| stored.item.is_none());
    let first = if dry_run { "would be tried again now" } else { "tried again now" };
    let answer = if of_items.is_empty() {
        told("of no issue in step, so not tried by this", &apart, dry_run)
    } else {
        told(first, &of_items, dry_run)
    };
    let mut answer = answer.touching(items.iter().copied());
    if !apart.is_empty() {
        answer.lines.push(format!(
            "{} of no issue in step: what instances, syncs and newcomers wait for is looked at with their next poll; after a \
             secret or the configuration was mended `jirasyncd reload` reads it at once",
            number(apart.len(), "problem")
        ));
    }
    let mut suspects = Suspects::read(store.note(Suspects::NOTE).await?.as_deref());
    let mut effects = vec![Effect::AskAgain(items.iter().copied().collect())];
    if suspects.try_these_again(&items) {
        effects.push(Effect::Note(Suspects::NOTE.to_owned(), suspects.text()));
    }
    Ok((answer, if dry_run { Vec::new() } else { effects }))
}

/// These are told no more; without `dismissed` they are told again.
pub(super) async fn dismiss(
    (config, store): (&Config, &dyn Store),
    filter: &ProblemFilter,
    dismissed: Option<Dismissed>,
    dry_run: bool,
) -> Result<Decided, StoreError> {
    let mut problems = chosen(config, store, filter).await?;
    let fit = problems.len();
    problems.retain(|stored| stored.dismissed.is_some() != dismissed.is_some());
    if fit == 0 {
        return Ok((none(), Vec::new()));
    }
    if problems.is_empty() {
        let line =
            if dismissed.is_some() { "all of these are dismissed already" } else { "none of these is dismissed" };
        return Ok((Answer::new(Ended::Unchanged, vec![line.to_owned()]), Vec::new()));
    }
    let first = match (&dismissed, dry_run) {
        (Some(_), true) => "would be told no more",
        (Some(_), false) => "told no more",
        (None, true) => "would be told again",
        (None, false) => "told again",
    };
    let mut answer = told(first, &problems, dry_run).touching(items_of(&problems));
    if dismissed.is_some() {
        answer.lines.push(
            "what they hold back goes on to be tried; one that changes or comes again is told again, and \
             `jirasyncd problems --dismissed` lists them"
                .to_owned(),
        );
    }
    let numbers = problems.iter().map(|stored| stored.number).collect();
    Ok((answer, if dry_run { Vec::new() } else { vec![Effect::Dismiss(numbers, dismissed)] }))
}

fn none() -> Answer {
    let line = "no problem is like that: `jirasyncd problems` lists them".to_owned();
    Answer::new(Ended::Unchanged, vec![line])
}

/// How many problems it is about and which causes they have; where it is only shown, in their words.
fn told(first: &str, problems: &[StoredProblem], shown: bool) -> Answer {
    let (causes, items) = (causes(problems), items_of(problems).len());
    let mut lines = vec![format!("{first}: {}, of {}", number(problems.len(), "problem"), number(items, "item"))];
    for cause in causes.iter().take(NAMED) {
        let Cause { id, side, field, what, about, .. } = cause;
        let field = field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
        let words = if shown { format!(": {what}") } else { String::new() };
        lines.push(format!("  {id}, {} on {side}{field}{words}", number(about.len(), "problem")));
    }
    if let Some(left) = causes.len().checked_sub(NAMED).filter(|left| *left > 0) {
        lines.push(format!("  and {}", number(left, "more cause")));
    }
    let about =
        AboutProblems { problems: problems.len(), items, causes: causes.into_iter().map(|cause| cause.id).collect() };
    Answer { about: Some(about), ..Answer::new(if shown { Ended::Shown } else { Ended::Done }, lines) }
}

fn number(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}
