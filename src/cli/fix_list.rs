//! `jirasyncd check --fix-list`: for each Jira a letter to its administrators, ready to send, that says which permissions to give to the sync
//! user and which to take away. Must never ask for what nothing in the configuration needs, nor name another Jira in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::check::{Checked, InstanceCheck};
use crate::console::escaped;
use crate::engine::{Demand, PermissionReport};
use crate::model::ids::InstanceId;
use crate::model::right::Right;

/// What to ask the administrators of one Jira for.
#[derive(Debug, Serialize)]
pub(super) struct Letter {
    /// The instance.
    pub(super) instance: InstanceId,
    /// Where it is.
    pub(super) url: String,
    /// What is to be given and taken away, ready to send.
    pub(super) text: String,
}

/// A letter for each Jira of which something is to be asked.
pub(super) fn letters(checked: &Checked) -> Vec<Letter> {
    let letters = checked.instances.iter().filter_map(|instance| {
        let of_it = checked.permissions.iter().filter(|report| report.instance == instance.name);
        let (give, take): (Vec<String>, Vec<String>) = of_it.map(|report| (to_give(report), to_take(report))).unzip();
        let text = letter(instance, &give.concat(), &take.concat())?;
        Some(Letter { instance: instance.name.clone(), url: instance.url.clone(), text })
    });
    letters.collect()
}

/// All letters, and which Jiras could not be asked.
pub(super) fn text(checked: &Checked) -> String {
    let mut out = String::new();
    for letter in &checked.fix_list {
        let _ = writeln!(out, "--- to the administrators of {} ---\n\n{}", escaped(&letter.url), letter.text);
    }
    for instance in &checked.instances {
        for failure in &instance.failures {
            let _ = writeln!(out, "{} was not asked: {}", escaped(instance.name.as_str()), escaped(&failure.what));
        }
    }
    if out.is_empty() {
        out.push_str("nothing is to be asked for: the sync user holds what is needed, and no more\n");
    }
    out
}

fn letter(instance: &InstanceCheck, give: &str, take: &str) -> Option<String> {
    if give.is_empty() && take.is_empty() {
        return None;
    }
    let us = instance.identity.as_ref().map_or_else(
        || "the sync user".to_owned(),
        |identity| format!("the account \"{}\" ({})", identity.display_name, identity.account),
    );
    let mut out = format!(
        "jirasyncd keeps issues of this Jira in step with another one, as {}. That is an account which nobody works with.\n",
        escaped(&us)
    );
    if !give.is_empty() {
        let _ = write!(out, "\nPlease give to it, since it lacks them:\n{give}");
    }
    if !take.is_empty() {
        let _ = write!(
            out,
            "\nPlease take from it what it does not need, so that its token is worth less to a thief:\n{take}"
        );
    }
    Some(out)
}

fn to_give(report: &PermissionReport) -> String {
    let mut wanted: BTreeMap<(String, &str), BTreeSet<String>> = BTreeMap::new();
    for need in report.needs.iter().filter(|need| need.demand != Demand::Useful) {
        if need.held == Some(false) || need.held_for_sample == Some(false) {
            let mut what = need.in_words();
            if need.key == Right::AssignableUser.key() {
                what.push_str(", to the people to whom issues are assigned");
            }
            if need.held == Some(true)
                && let Some(sample) = &report.sample
            {
                let _ = write!(what, ", which it holds in the project but not for {sample}");
            }
            let for_what = format!("{}: to {}", need.function, need.for_what);
            wanted.entry((what, need.given_by)).or_default().insert(for_what);
        }
    }
    let mut out = String::new();
    for ((what, given_by), for_what) in wanted {
        let for_what: Vec<String> = for_what.into_iter().collect();
        let project = escaped(&report.project);
        let _ = writeln!(out, "- in project {project}: {what}\n    for {}\n    by {given_by}", for_what.join("; "));
    }
    out
}

fn to_take(report: &PermissionReport) -> String {
    let mut out = String::new();
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for excess in &report.excess {
        by.entry(excess.given_by).or_default().push(format!("{} ({})", excess.name, excess.key));
    }
    for (given_by, names) in by {
        let _ = writeln!(out, "- in project {}: {}\n    by {given_by}", escaped(&report.project), names.join(", "));
    }
    out
}
