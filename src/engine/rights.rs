//! What the sync user may do in each project that a sync uses, against what the syncs need: asked of the project and of one of its issues.
//! Only asks. Must never call held what Jira did not say to be held.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::names::Finding;
use super::needs::{Demand, Need, needs_of};
use super::survey::{Connection, Connections, Survey};
use crate::jira::{Failure, JiraError, JiraRead, Nature, Permissions, Want};
use crate::model::catalog::Catalog;
use crate::model::ids::{AccountId, InstanceId, IssueKey};
use crate::model::issue::{IssueSnapshot, LogEntry, LogItem};
use crate::model::right::{BE_AGENT, Function, Right};
use crate::model::settings::{Notify, SideSettings, SyncSettings};

/// People who are asked about at once.
const AT_ONCE: usize = 4;
/// Issues that somebody else reported: what is given to an issue's reporter alone does not show on ours.
const BY_OTHERS: &str = "reporter != currentUser()";
/// Issues that lie with the sync user.
const WITH_US: &str = "assignee = currentUser()";
/// Issues that the sync user's account made.
const BY_US: &str = "creator = currentUser()";
/// Issues that the sync user's account changed, as far as JQL asks the history.
const CHANGED_BY_US: &str =
    "status CHANGED BY currentUser() OR assignee CHANGED BY currentUser() OR priority CHANGED BY currentUser()";

/// One permission that the syncs need in a project, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionNeed {
    /// What needs it.
    pub function: Function,
    /// Jira's key.
    pub key: &'static str,
    /// Jira's name.
    pub name: &'static str,
    /// What it is needed for.
    pub for_what: &'static str,
    /// How much it is wanted.
    pub demand: Demand,
    /// Whether the sync user holds it in the project; `None` where Jira does not say, since it hides the project.
    pub held: Option<bool>,
    /// Whether it holds it for the sample; `None` where there is none, or it is none of an issue.
    pub held_for_sample: Option<bool>,
    /// Who can give it.
    pub given_by: &'static str,
    /// Whether it is one of all of that Jira, and not of the project.
    pub global: bool,
}

/// A permission that is held and that nothing needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionExcess {
    /// Jira's key.
    pub key: &'static str,
    /// Jira's name.
    pub name: &'static str,
    /// Who can take it away.
    pub given_by: &'static str,
    /// Whether it is one of all of that Jira, and not of the project.
    pub global: bool,
}

/// The permissions of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionReport {
    /// The instance.
    pub instance: InstanceId,
    /// The project's key.
    pub project: String,
    /// The sides that are there, as the configuration names them.
    pub sides: Vec<String>,
    /// The issue that was asked about besides.
    pub sample: Option<IssueKey>,
    /// One row per function and permission.
    pub needs: Vec<PermissionNeed>,
    /// What is held without need.
    pub excess: Vec<PermissionExcess>,
    /// Those of the people that the configuration names who may not be assigned, as it names them.
    pub unassignable: Vec<String>,
    /// What tells that the sync user is the account of a person, or of another program.
    pub signs: Vec<String>,
}

impl PermissionNeed {
    /// Whether it is held, as far as was asked.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held == Some(true) && self.held_for_sample != Some(false)
    }

    /// Jira's name and key of it.
    #[must_use]
    pub fn in_words(&self) -> String {
        format!("{} ({})", self.name, self.key)
    }
}

/// A project, with the sides of all syncs that are in it.
type Place<'s> = (&'s SyncSettings, &'s SideSettings);

/// What a project said.
#[derive(Default)]
struct Asked {
    nature: Nature,
    needs: Vec<Need>,
    /// `None`: Jira hides the project.
    held: Option<Permissions>,
    sample: Option<(IssueKey, Permissions)>,
    /// Those of the user map who may not be assigned, of how many.
    unassignable: (BTreeSet<String>, usize),
    with_us: Option<IssueKey>,
    /// Made with the sync user's account, without our mark.
    unmarked: Option<IssueKey>,
    /// Changed with the sync user's account, without our tag.
    untagged: Option<IssueKey>,
}

impl Survey {
    /// Asks what the sync user may in every project, once for all syncs that are in it.
    pub(super) async fn ask_rights(&mut self, connections: &Connections) {
        let syncs = self.syncs.clone();
        let mut projects: BTreeMap<(InstanceId, String), Vec<Place<'_>>> = BTreeMap::new();
        for (sync, side) in syncs.values().flat_map(|sync| sync.sides.iter().map(move |side| (sync, side))) {
            let answers = self.identities.contains_key(&side.instance) && !self.silent.contains_key(&side.instance);
            if answers {
                projects.entry((side.instance.clone(), side.project.clone())).or_default().push((sync, side));
            }
        }
        for ((instance, project), places) in &projects {
            let us = self.identities.get(instance).map(|identity| identity.account.clone());
            let (Some(connection), Some(us)) = (connections.get(instance), us) else { continue };
            let catalogs: Vec<&Catalog> = places
                .iter()
                .filter_map(|(sync, side)| self.catalogs.get(&sync.id).and_then(|sides| sides.get(&side.id)))
                .collect();
            match ask(connection, &us, project, places, &catalogs).await {
                Ok(asked) => {
                    let names_us = catalogs.iter().any(|catalog| {
                        let us = catalog.sync_user.as_ref();
                        catalog.people.values().any(|person| Some(&person.account) == us)
                    });
                    self.judge(instance, project, places, asked, names_us);
                }
                Err(error) if self.failures.iter().any(|failed| failed.instance == error.instance) => {}
                Err(error) => self.failures.push(error),
            }
        }
    }

    fn judge(&mut self, instance: &InstanceId, project: &str, places: &[Place<'_>], asked: Asked, names_us: bool) {
        let place = in_config(places).join(", ");
        let there = format!("project `{project}` of instance `{instance}`");
        let mut report = report(instance, project, places, &asked);
        let mut about_rights: Vec<Finding> =
            report.needs.iter().filter_map(|need| missing(need, &report, &place, &there, &asked)).collect();
        about_rights.extend(excessive(&report, places, &there));
        self.findings.extend(about_rights.into_iter().map(|finding| finding.for_permission(instance)));
        let remedy = "give the sync an account that nobody works with: what a person does with it is not carried";
        let before = self.findings.len();
        let is_a_persons = |what: String| Finding::warning(&place, what, remedy);
        if names_us {
            let what = format!("the user map names the sync user of instance `{instance}` as one of the people there");
            self.findings.push(is_a_persons(what));
        } else if let Some(key) = &asked.with_us {
            let what = format!("{key} in {there} is assigned to the sync user: is it the account of a person?");
            self.findings.push(is_a_persons(what));
        }
        if let Some(key) = &asked.unmarked {
            let what = format!(
                "{key} in {there} was created by the sync user and bears no mark of jirasyncd: is it the account of a person, or of another program?"
            );
            self.findings.push(is_a_persons(what));
        }
        if let Some(key) = &asked.untagged {
            let what = format!(
                "{key} in {there} was changed by the sync user and not by jirasyncd: is it the account of a person, or does an automation act as it?"
            );
            self.findings.push(is_a_persons(what));
        }
        report.signs = self.findings.iter().skip(before).map(|finding| finding.what.clone()).collect();
        self.permissions.push(report);
    }
}

/// The sides, as the configuration names them.
fn in_config(places: &[Place<'_>]) -> Vec<String> {
    places.iter().map(|(sync, side)| format!("sync.{}.side.{}", sync.id, side.id)).collect()
}

async fn ask(
    connection: &Connection,
    us: &AccountId,
    project: &str,
    places: &[Place<'_>],
    catalogs: &[&Catalog],
) -> Result<Asked, JiraError> {
    let (read, kind) = (&*connection.read, connection.settings.kind);
    let needs_with = |desk: bool| {
        let needs = places.iter().flat_map(|(sync, side)| needs_of(sync, side, catalogs, kind, desk));
        // Of the same, what is wanted most counts.
        let mut most: BTreeMap<(Function, Right, &'static str), Need> = BTreeMap::new();
        for need in needs {
            let kept = most.entry((need.function, need.right, need.for_what)).or_insert(need);
            kept.demand = kept.demand.min(need.demand);
        }
        most.into_values().collect::<Vec<_>>()
    };
    let Some(nature) = shown(read.nature(project).await)? else {
        return Ok(Asked { needs: needs_with(false), ..Asked::default() });
    };
    let needs = needs_with(nature.service_desk);
    let needed: BTreeSet<Right> = needs.iter().map(|need| need.right).collect();
    let keys: Vec<&str> = needed.iter().map(|right| right.key()).collect();
    let Some(mut held) = shown(read.permissions(project, &keys).await)? else {
        return Ok(Asked { nature, needs, ..Asked::default() });
    };
    let others = Right::ALL.into_iter().filter(|right| right.is_known_on(kind) && !needed.contains(right));
    let others: Vec<&str> = others.map(Right::key).collect();
    // A key that this Jira does not know makes it refuse them all: then nothing is said about them.
    held.extend(shown(read.permissions(project, &others).await)?.unwrap_or_default());
    let sample = match shown(read.newest(project, Some(BY_OTHERS)).await)?.flatten() {
        Some(found) => Some(found),
        None => shown(read.newest(project, None).await)?.flatten(),
    };
    let sample = match sample {
        Some((issue, key)) => {
            let wider = needed.iter().filter_map(|right| right.wider());
            let keys: BTreeSet<&str> = keys.iter().copied().chain(wider.map(Right::key)).collect();
            let keys: Vec<&str> = keys.into_iter().collect();
            shown(read.permissions_for(issue, &keys).await)?.map(|held| (key, held))
        }
        None => None,
    };
    let with_us = shown(read.newest(project, Some(WITH_US)).await)?.flatten().map(|(_, key)| key);
    let made = newest(read, project, BY_US).await?;
    let works_here = made.as_ref().is_some_and(|row| row.mark.is_some());
    let unmarked = made.filter(|row| row.mark.is_none()).map(|row| row.key);
    let untagged = newest(read, project, CHANGED_BY_US).await?.filter(|row| is_changed_by_hand(row, us, works_here));
    let untagged = untagged.map(|row| row.key);
    let unassignable = if needed.contains(&Right::AssignableUser) {
        unassignable(read, project, catalogs).await?
    } else {
        (BTreeSet::new(), 0)
    };
    Ok(Asked { nature, needs, held: Some(held), sample, unassignable, with_us, unmarked, untagged })
}

/// The newest issue of a project that a clause names, read.
async fn newest(read: &dyn JiraRead, project: &str, clause: &str) -> Result<Option<IssueSnapshot>, JiraError> {
    let Some((issue, _)) = shown(read.newest(project, Some(clause)).await)?.flatten() else { return Ok(None) };
    let row = read.issues(&[issue], &Want { mark: true, ..Want::default() }).await.pop();
    Ok(row.map(shown).transpose()?.flatten())
}

/// Whether the history of an issue names the sync user without our tag where a tag can be: at a link, a file or logged work none can. Of an
/// issue that shows no tag at all nothing is said where jirasyncd works already: there are Jiras that do not give tags back.
fn is_changed_by_hand(row: &IssueSnapshot, us: &AccountId, works_here: bool) -> bool {
    let ours: Vec<&LogEntry> = row.log.iter().filter(|entry| entry.author.as_ref() == Some(us)).collect();
    let shows_tags = ours.iter().any(|entry| entry.tag.is_some());
    let can_be_tagged = |item: &LogItem| matches!(item.field.as_str(), "status" | "assignee" | "priority");
    let by_hand = |entry: &&&LogEntry| entry.tag.is_none() && entry.items.iter().any(can_be_tagged);
    (shows_tags || !works_here && row.mark.is_none()) && ours.iter().any(|entry| by_hand(&entry))
}

/// What Jira does not show, or refuses, is not known.
fn shown<T>(answer: Result<T, JiraError>) -> Result<Option<T>, JiraError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(JiraError { failure: Failure::NotFound | Failure::Refused(_), .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those of the people that the configuration names who may not be assigned, of how many.
async fn unassignable(
    read: &dyn JiraRead,
    project: &str,
    catalogs: &[&Catalog],
) -> Result<(BTreeSet<String>, usize), JiraError> {
    let people: BTreeMap<AccountId, String> = catalogs
        .iter()
        .flat_map(|catalog| &catalog.people)
        .map(|(name, person)| (person.account.clone(), name.clone()))
        .collect();
    let all: Vec<(&AccountId, &String)> = people.iter().collect();
    let mut found = BTreeSet::new();
    for part in all.chunks(AT_ONCE) {
        let answers = part.iter().map(async |(account, _)| read.assignable(project, account).await);
        for ((_, name), may) in part.iter().zip(futures_util::future::join_all(answers).await) {
            if shown(may)? == Some(false) {
                found.insert((*name).clone());
            }
        }
    }
    Ok((found, people.len()))
}

fn report(instance: &InstanceId, project: &str, places: &[Place<'_>], asked: &Asked) -> PermissionReport {
    let given_by = |right: Right| right.given_by(asked.nature.team_managed);
    let row = |need: &Need| PermissionNeed {
        function: need.function,
        key: need.right.key(),
        name: need.right.name(),
        for_what: need.for_what,
        demand: need.demand,
        held: held(need.right, asked),
        held_for_sample: asked
            .sample
            .as_ref()
            .filter(|_| need.right.is_of_an_issue())
            .and_then(|(_, held)| is_held(held, need.right)),
        given_by: given_by(need.right),
        global: need.right.is_global(),
    };
    let excess = |right: &Right| {
        let wanted = |need: &Need| {
            // To administer is much for mails that are left out where that is possible.
            need.right == *right && (need.demand != Demand::Useful || !right.is_administrative())
        };
        let holds = |right: Right| asked.held.as_ref().is_some_and(|held| held.get(right.key()) == Some(&true));
        // Taken away, what it stands for would be missing.
        let stands_in = |need: &Need| need.right.wider() == Some(*right) && !holds(need.right);
        holds(*right) && right.is_worth_taking_away() && !asked.needs.iter().any(|need| wanted(need) || stands_in(need))
    };
    let excess = Right::ALL.into_iter().filter(excess);
    PermissionReport {
        instance: instance.clone(),
        project: project.to_owned(),
        sides: in_config(places),
        sample: asked.sample.as_ref().map(|(key, _)| key.clone()),
        needs: asked.needs.iter().map(row).collect(),
        excess: excess
            .map(|right| PermissionExcess {
                key: right.key(),
                name: right.name(),
                given_by: given_by(right),
                global: right.is_global(),
            })
            .collect(),
        unassignable: asked.unassignable.0.iter().cloned().collect(),
        signs: Vec::new(),
    }
}

fn held(right: Right, asked: &Asked) -> Option<bool> {
    let Some(held) = &asked.held else {
        // Nothing else is to be had without it.
        return (right == Right::BrowseProjects).then_some(false);
    };
    if right == Right::AssignableUser {
        let (lacking, of) = &asked.unassignable;
        return (*of > 0).then_some(lacking.len() < *of);
    }
    is_held(held, right)
}

/// As Jira said, or by one that holds it besides.
fn is_held(held: &Permissions, right: Right) -> Option<bool> {
    let said = |right: Right| held.get(right.key()).copied();
    said(right).map(|own| own || right.wider().and_then(said) == Some(true))
}

/// What is said of a permission that is not held.
fn missing(
    need: &PermissionNeed,
    report: &PermissionReport,
    place: &str,
    there: &str,
    asked: &Asked,
) -> Option<Finding> {
    let (right, function, for_what, given_by) = (need.in_words(), need.function, need.for_what, need.given_by);
    let finding = |what: String, remedy: String| match need.demand {
        Demand::Needed => Some(Finding::error(place, what, remedy)),
        Demand::Wished => Some(Finding::warning(place, what, remedy)),
        Demand::Useful => None,
    };
    if need.key == Right::AssignableUser.key() {
        return unassigned(need, place, there, asked);
    }
    if need.key == Right::ServiceDeskAgent.key() && need.held == Some(false) {
        let what = format!(
            "{function}: the sync user lacks {right} in {there}, so it is no agent there; it needs it to {for_what}"
        );
        return finding(what, BE_AGENT.to_owned());
    }
    let to_ask = format!("ask {given_by} to give it to the sync user");
    if need.held == Some(false) && need.global {
        let instance = &report.instance;
        let what =
            format!("{function}: the sync user lacks {right} on instance `{instance}`, which it needs to {for_what}");
        return finding(what, to_ask);
    }
    if need.held == Some(false) {
        let what = format!("{function}: the sync user lacks {right} in {there}, which it needs to {for_what}");
        return finding(what, to_ask);
    }
    if need.held_for_sample == Some(false) {
        let sample = report.sample.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = format!(
            "{function}: the sync user holds {right} in {there}, but not for its issue {sample}; it needs it to {for_what}"
        );
        let remedy = format!(
            "look whether only the issue's reporter or assignee has it, or its status or security level takes it away; then ask {given_by}"
        );
        return finding(what, remedy);
    }
    None
}

/// The same of the people who are to be assigned: that one of them may not is his own matter.
fn unassigned(need: &PermissionNeed, place: &str, there: &str, asked: &Asked) -> Option<Finding> {
    let (lacking, of) = &asked.unassignable;
    if lacking.is_empty() {
        return None;
    }
    let names: Vec<String> = lacking.iter().map(|name| format!("`{name}`")).collect();
    let (right, function) = (need.in_words(), need.function);
    let what =
        format!("{function}: {} lack {right} in {there}, so issues cannot be assigned to them", names.join(", "));
    let remedy = format!("ask {} to give it to them, or map them to others", need.given_by);
    let all = lacking.len() == *of;
    Some(if all { Finding::error(place, what, remedy) } else { Finding::warning(place, what, remedy) })
}

/// What is said of permissions that nothing needs: those to administer by themselves.
fn excessive(report: &PermissionReport, places: &[Place<'_>], there: &str) -> Vec<Finding> {
    let place = report.sides.join(", ");
    let is_administrative = |excess: &&PermissionExcess| {
        Right::ALL.into_iter().any(|right| right.key() == excess.key && right.is_administrative())
    };
    let (administers, others): (Vec<_>, Vec<_>) = report.excess.iter().partition(is_administrative);
    let in_words = |excess: &[&PermissionExcess]| {
        let names: Vec<String> = excess.iter().map(|excess| format!("{} ({})", excess.name, excess.key)).collect();
        names.join(", ")
    };
    let (everywhere, administers): (Vec<_>, Vec<_>) = administers.into_iter().partition(|excess| excess.global);
    let mut found = Vec::new();
    if !everywhere.is_empty() {
        let (rights, instance) = (in_words(&everywhere), &report.instance);
        let what =
            format!("the sync user administers: it holds {rights} on instance `{instance}`, and no mapping needs that");
        found.push(Finding::warning(
            &place,
            what,
            "have it taken away: whoever gets hold of its token administers that Jira",
        ));
    }
    if !administers.is_empty() {
        let rights = in_words(&administers);
        let what = format!("the sync user administers: it holds {rights} in {there}, and no mapping needs that");
        let leaves_mails = places.iter().any(|(sync, _)| sync.notify == Notify::Changes);
        let mut remedy = "have it taken away".to_owned();
        if leaves_mails {
            remedy.push_str("; without it first copies are completed with mails (`notify`)");
        }
        found.push(Finding::warning(&place, what, remedy));
    }
    if !others.is_empty() {
        let what = format!("the sync user holds more in {there} than any sync needs: {}", in_words(&others));
        let remedy = "have it taken away: whoever gets hold of the sync user's token has it too";
        found.push(Finding::warning(&place, what, remedy));
    }
    found
}
