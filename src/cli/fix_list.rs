//! `jirasyncd check --fix-list`: for each Jira a letter to its administrators, ready to send, that says which permissions to give to the sync
//! user and which to take away, what to change there besides, and what to do where people work with its account. Must never ask for what
//! nothing in the configuration needs, nor name another Jira in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::check::{Checked, InstanceCheck};
use crate::console::escaped;
use crate::engine::{Demand, Finding, Mender, PermissionNeed, PermissionReport, Severity};
use crate::model::ids::InstanceId;
use crate::model::right::{BE_AGENT, MAKE_AGENT, Right};
use crate::model::settings::Kind;

/// How what is only wished for is asked for, behind its first word.
const NICE: &str = "to have, and it works without:";

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
        let changes = checked.findings.iter().filter_map(|finding| match &finding.mender {
            Mender::Administrator { instance: there, ask } => (there == &instance.name).then_some(ask.as_str()),
            Mender::Operator | Mender::Permission { .. } => None,
        });
        let text = letter(instance, &of_it.collect::<Vec<_>>(), &changes.collect())?;
        Some(Letter { instance: instance.name.clone(), url: instance.url.clone(), text })
    });
    letters.collect()
}

/// All letters, which Jiras could not be asked, and how many errors no administrator can mend.
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
    let is_ours = |finding: &&Finding| finding.severity == Severity::Error && finding.mender == Mender::Operator;
    match (checked.findings.iter().filter(is_ours).count(), out.is_empty()) {
        (0, true) => out.push_str("nothing is to be asked for: the sync user holds what is needed, and no more\n"),
        (0, false) => {}
        (1, _) => out.push_str("1 error is for whoever runs jirasyncd: `jirasyncd check`\n"),
        (errors, _) => {
            let _ = writeln!(out, "{errors} errors are for whoever runs jirasyncd: `jirasyncd check`");
        }
    }
    out
}

fn letter(instance: &InstanceCheck, reports: &[&PermissionReport], changes: &BTreeSet<&str>) -> Option<String> {
    let (give, take, people) = (to_give(reports), to_take(reports), to_people(reports));
    let signs: BTreeSet<&String> = reports.iter().flat_map(|report| &report.signs).collect();
    let asks = [&give.needed, &give.wished, &take, &people].into_iter().any(|part| !part.is_empty());
    if !asks && signs.is_empty() && changes.is_empty() {
        return None;
    }
    let us = instance.identity.as_ref().map_or_else(
        || "the sync user".to_owned(),
        |identity| format!("the account \"{}\" ({})", identity.display_name, identity.account),
    );
    let (is, please, nice) = if signs.is_empty() {
        ("is", "Please", "Nice")
    } else {
        ("should be", "If it stays that account, please", "If it stays that account, nice")
    };
    let mut out = format!(
        "jirasyncd keeps issues of this Jira in step with another one, as {}. That {is} an account which nobody works with.\n",
        escaped(&us)
    );
    if !signs.is_empty() {
        out.push_str(&another_account(instance, &signs, &to_have(reports)));
    }
    if !give.needed.is_empty() {
        let _ = write!(out, "\n{please} give to it, since it lacks them:\n{}", give.needed);
    }
    if !give.wished.is_empty() {
        let _ = write!(out, "\n{nice} {NICE}\n{}", give.wished);
    }
    if !people.is_empty() {
        let _ = write!(out, "\nPlease give to these people, since issues cannot be assigned to them:\n{people}");
    }
    if !take.is_empty() {
        let _ = write!(
            out,
            "\n{please} take from it what it does not need, so that its token is worth less to a thief:\n{take}"
        );
    }
    if !changes.is_empty() {
        let changes: String = changes.iter().map(|ask| format!("- {}\n", escaped(ask))).collect();
        let _ = write!(out, "\nPlease change in this Jira, or say that it is to stay as it is:\n{changes}");
    }
    Some(out)
}

/// What is to be done where people, or another program, work with the account: there, and by whoever runs jirasyncd.
fn another_account(instance: &InstanceCheck, signs: &BTreeSet<&String>, have: &Wanted) -> String {
    let name = escaped(instance.name.as_str());
    let account = instance.identity.as_ref().map_or("ACCOUNT", |identity| identity.account.as_str());
    let account = escaped(account);
    let token = match instance.kind {
        Kind::Cloud => "an API token",
        Kind::DataCenter => "a personal access token",
    };
    let signs: String = signs.iter().map(|sign| format!("- {}\n", escaped(sign))).collect();
    let needed = &have.needed;
    let wished = if have.wished.is_empty() { String::new() } else { format!("\nNice {NICE}\n{}", have.wished) };
    format!(
        "
But somebody else seems to work with it:
{signs}
jirasyncd takes all that this account does for its own, so what a person does with it is not carried. Please make another account, for
jirasyncd alone, make {token} of it (or another login), and give it these permissions:
{needed}{wished}
It needs no others, but for what the conditions of this Jira's workflows ask for besides (Resolve Issues, Close Issues, a role, a group): those
are shown to administrators alone. What the old account has for them goes with it, so please give the new one that, too.
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

/// Permissions in lines: what is needed, and what is only wished for.
struct Wanted {
    needed: String,
    wished: String,
}

/// Where a permission is, and who can give it, in words.
type Place = (String, &'static str);

/// In a project, or in all of that Jira.
fn where_it_counts(report: &PermissionReport, global: bool) -> String {
    if global { "in all of this Jira".to_owned() } else { format!("in project {}", escaped(&report.project)) }
}

/// Held by those who are assigned, not by the sync user.
fn is_of_people(need: &PermissionNeed) -> bool {
    need.key == Right::AssignableUser.key()
}

/// All that an account needs there, whether this one has it or not, and how a new one becomes an agent of a service desk.
fn to_have(reports: &[&PermissionReport]) -> Wanted {
    let agent = Right::ServiceDeskAgent.to_string();
    let of = |demand: Demand| {
        let mut by: BTreeMap<Place, Vec<String>> = BTreeMap::new();
        for report in reports {
            // Several functions need it; what one of them needs is not wished for besides.
            let is_its = |need: &&PermissionNeed| {
                let same = report.needs.iter().filter(|other| other.key == need.key);
                !is_of_people(need) && same.map(|other| other.demand).min() == Some(demand)
            };
            for need in report.needs.iter().filter(is_its) {
                let (names, name) =
                    (by.entry((where_it_counts(report, need.global), need.given_by)).or_default(), need.in_words());
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        in_lines(&by, |names| names.contains(&agent).then_some(MAKE_AGENT))
    };
    Wanted { needed: of(Demand::Needed), wished: of(Demand::Wished) }
}

/// What the account lacks. What one function needs and another wishes for is needed for both.
fn to_give(reports: &[&PermissionReport]) -> Wanted {
    let mut lacking: BTreeMap<(Place, String), (Demand, BTreeSet<String>)> = BTreeMap::new();
    for report in reports {
        let wanted = report.needs.iter().filter(|need| need.demand != Demand::Useful && !is_of_people(need));
        for need in wanted.filter(|need| need.held == Some(false) || need.held_for_sample == Some(false)) {
            let mut what = need.in_words();
            if need.held == Some(true)
                && let Some(sample) = &report.sample
            {
                let _ = write!(what, ", which it holds in the project but not for {sample}");
            }
            let key = ((where_it_counts(report, need.global), need.given_by), what);
            let (demand, for_what) = lacking.entry(key).or_insert((need.demand, BTreeSet::new()));
            *demand = need.demand.min(*demand);
            for_what.insert(format!("{}: to {}", need.function, need.for_what));
        }
    }
    let of = |wanted: Demand| {
        let mut out = String::new();
        for (((place, given_by), what), (_, for_what)) in lacking.iter().filter(|(_, (demand, _))| *demand == wanted) {
            let for_what: Vec<&str> = for_what.iter().map(String::as_str).collect();
            let _ = writeln!(out, "- {place}: {what}\n    for {}\n    by {given_by}", for_what.join("; "));
            if *what == Right::ServiceDeskAgent.to_string() {
                let _ = writeln!(out, "    {BE_AGENT}");
            }
        }
        out
    };
    Wanted { needed: of(Demand::Needed), wished: of(Demand::Wished) }
}

/// The people to whom issues cannot be assigned, all or some of those that the configuration names.
fn to_people(reports: &[&PermissionReport]) -> String {
    let mut out = String::new();
    for report in reports.iter().filter(|report| !report.unassignable.is_empty()) {
        let names: Vec<String> = report.unassignable.iter().map(|name| format!("`{}`", escaped(name))).collect();
        for need in report.needs.iter().filter(|need| is_of_people(need)) {
            let (place, what, names) = (where_it_counts(report, need.global), need.in_words(), names.join(", "));
            let _ = writeln!(out, "- {place}: {what}, to {names}\n    by {}", need.given_by);
        }
    }
    out
}

fn to_take(reports: &[&PermissionReport]) -> String {
    let mut by: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    for report in reports {
        for excess in &report.excess {
            let names = by.entry((where_it_counts(report, excess.global), excess.given_by)).or_default();
            let name = format!("{} ({})", excess.name, excess.key);
            // What is global is told of every project.
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    in_lines(&by, |_| None)
}

/// Permissions by their place, and by who can give and take them. `note`: what else is to be said of some of them.
fn in_lines(by: &BTreeMap<Place, Vec<String>>, note: impl Fn(&[String]) -> Option<&'static str>) -> String {
    let mut out = String::new();
    for ((place, given_by), names) in by {
        let _ = writeln!(out, "- {place}: {}\n    by {given_by}", names.join(", "));
        if let Some(note) = note(names) {
            let _ = writeln!(out, "    {note}");
        }
    }
    out
}
