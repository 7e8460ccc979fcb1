//! `jirasyncd check --fix-list`: for each Jira a letter to its administrators, ready to send, that says which permissions to give to the sync
//! user and which to take away, and what to do where people work with its account. Must never ask for what nothing in the configuration
//! needs, nor name another Jira in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::check::{Checked, InstanceCheck};
use crate::console::escaped;
use crate::engine::{Demand, PermissionNeed, PermissionReport};
use crate::model::ids::InstanceId;
use crate::model::right::Right;
use crate::model::settings::Kind;

/// What to ask the administrators of one Jira for.
#[derive(Debug, Serialize)]
pub(super) struct Letter {
    /// The instance.
    pub(super) instance: InstanceId,
    /// Where it is.
    pub(super) url: String,
    /// What is to be done there, ready to send.
    pub(super) text: String,
}

/// A letter for each Jira of which something is to be asked.
pub(super) fn letters(checked: &Checked) -> Vec<Letter> {
    let letters = checked.instances.iter().filter_map(|instance| {
        let of_it = checked.permissions.iter().filter(|report| report.instance == instance.name);
        let text = letter(instance, &of_it.collect::<Vec<_>>())?;
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

fn letter(instance: &InstanceCheck, reports: &[&PermissionReport]) -> Option<String> {
    let all = |part: fn(&PermissionReport) -> String| reports.iter().map(|report| part(report)).collect::<String>();
    let (give, take) = (all(to_give), all(to_take));
    let signs: BTreeSet<&String> = reports.iter().flat_map(|report| &report.signs).collect();
    if give.is_empty() && take.is_empty() && signs.is_empty() {
        return None;
    }
    let us = instance.identity.as_ref().map_or_else(
        || "the sync user".to_owned(),
        |identity| format!("the account \"{}\" ({})", identity.display_name, identity.account),
    );
    let (is, please) =
        if signs.is_empty() { ("is", "Please") } else { ("should be", "If it stays that account, please") };
    let mut out = format!(
        "jirasyncd keeps issues of this Jira in step with another one, as {}. That {is} an account which nobody works with.\n",
        escaped(&us)
    );
    if !signs.is_empty() {
        out.push_str(&another_account(instance, &signs, &all(to_have)));
    }
    if !give.is_empty() {
        let _ = write!(out, "\n{please} give to it, since it lacks them:\n{give}");
    }
    if !take.is_empty() {
        let _ = write!(
            out,
            "\n{please} take from it what it does not need, so that its token is worth less to a thief:\n{take}"
        );
    }
    Some(out)
}

/// What is to be done where people, or another program, work with the account: there, and by whoever runs jirasyncd.
fn another_account(instance: &InstanceCheck, signs: &BTreeSet<&String>, have: &str) -> String {
    let name = escaped(instance.name.as_str());
    let account = instance.identity.as_ref().map_or("ACCOUNT", |identity| identity.account.as_str());
    let account = escaped(account);
    let token = match instance.kind {
        Kind::Cloud => "an API token",
        Kind::DataCenter => "a personal access token",
    };
    let signs: String = signs.iter().map(|sign| format!("- {}\n", escaped(sign))).collect();
    format!(
        "
But somebody else seems to work with it:
{signs}
jirasyncd takes all that this account does for its own, so what a person does with it is not carried. Please make another account, for
jirasyncd alone, make {token} of it (or another login), and give it these permissions and no others:
{have}
Whoever runs jirasyncd then changes the account, where it has worked as the old one already:
1. He stops it.
2. In its configuration, under [instance.{name}], he lets `auth` name the new account and its token.
3. He says `jirasyncd accept-account {name} --instead-of {account}`: what was written as the old account stays known as jirasyncd's.
   Comments, worklogs and files among that are changed and deleted as the new account, which needs Edit All and Delete All of them for it.
4. He runs `jirasyncd check`, and starts it again.
Where it has not worked yet, steps 2 and 4 are enough. After step 3 what the old account does is still not carried: whoever works with it
needs another one, too.
"
    )
}

/// All that an account needs there, whether this one has it or not.
fn to_have(report: &PermissionReport) -> String {
    let is_its = |need: &&PermissionNeed| need.demand != Demand::Useful && need.key != Right::AssignableUser.key();
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for need in report.needs.iter().filter(is_its) {
        let (names, name) = (by.entry(need.given_by).or_default(), need.in_words());
        // Several functions need it.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    in_lines(report, &by)
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
    let mut by: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for excess in &report.excess {
        by.entry(excess.given_by).or_default().push(format!("{} ({})", excess.name, excess.key));
    }
    in_lines(report, &by)
}

/// Permissions of a project, by who can give and take them.
fn in_lines(report: &PermissionReport, by: &BTreeMap<&str, Vec<String>>) -> String {
    let mut out = String::new();
    for (given_by, names) in by {
        let _ = writeln!(out, "- in project {}: {}\n    by {given_by}", escaped(&report.project), names.join(", "));
    }
    out
}
