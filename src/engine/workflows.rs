//! What a check sees of the workflows that statuses are to be carried through: where no way leads, and what a way asks for that nobody
//! maps. Must only read, and never claim more than the issues show that it looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Finding;
use super::rights::PermissionReport;
use super::survey::Connection;
use crate::jira::{Failure, JiraError};
use crate::model::catalog::Catalog;
use crate::model::ids::SideId;
use crate::model::issue::TransitionOffer;
use crate::model::right::Right;
use crate::model::settings::{FieldKind, SideSettings, SyncSettings};

/// Per status what is offered there; `None`: no issue stands in it, so nobody knows.
type Seen = BTreeMap<String, Option<Vec<TransitionOffer>>>;

/// Looks at one issue of each type in each status that a side's issues may come through, and says where issues could not follow. A side that statuses are not carried
/// to is not looked at. Two requests for each type and status. What Jira does not tell of one status leaves that one unknown.
///
/// # Errors
/// The instance did not answer.
pub(super) async fn look(
    connection: &Connection,
    sync: &SyncSettings,
    side: &SideSettings,
    catalogs: &BTreeMap<SideId, Catalog>,
    reports: &[PermissionReport],
) -> Result<Vec<Finding>, JiraError> {
    let lacking = not_held(reports, side);
    let mut found = Vec::new();
    let mut unseen: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    let all = goals(sync, &side.id, catalogs);
    for issue_type in types(sync, &side.id, catalogs) {
        let goals = of_type(&all, catalogs.get(&side.id), &issue_type);
        let mut seen = Seen::new();
        let mut ahead: Vec<String> = goals.iter().flatten().cloned().collect();
        while let Some(status) = ahead.pop() {
            if seen.contains_key(&status) {
                continue;
            }
            let offers = offered(connection, side, &issue_type, &status).await?;
            // What lies on the way, mapped or not.
            ahead.extend(offers.iter().flatten().map(|offer| offer.to.name.clone()));
            seen.insert(status, offers);
        }
        found.extend(judge(sync, side, &issue_type, &goals, &seen, &lacking));
        let empty = seen.iter().filter(|(_, offers)| offers.is_none());
        unseen.entry(empty.map(|(status, _)| status.clone()).collect()).or_default().push(issue_type);
    }
    found.extend(unseen.iter().filter(|(statuses, _)| !statuses.is_empty()).map(|(statuses, types)| {
        let listed = |names: &[String]| format!("`{}`", names.join("`, `"));
        let what = format!(
            "no issue of type {} stands in {} of project `{}`: what the sync user is offered there is not known yet",
            listed(types),
            listed(statuses),
            side.project
        );
        let remedy =
            "nothing has to be done: an issue that finds no way on is told then; put one into each to know it before";
        Finding::note(statuses_of(sync, side), what, remedy)
    }));
    Ok(found)
}

/// The rights that conditions of workflows may ask for and that the sync user is not known to hold in the project of a side.
fn not_held(reports: &[PermissionReport], side: &SideSettings) -> Vec<Right> {
    let report = reports.iter().find(|report| report.instance == side.instance && report.project == side.project);
    let holds = |right: &Right| {
        let mut needs = report.into_iter().flat_map(|report| &report.needs);
        needs.any(|need| need.key == right.key() && need.is_held())
    };
    [Right::ResolveIssues, Right::CloseIssues].into_iter().filter(|right| !holds(right)).collect()
}

/// Where it stands in the configuration.
fn statuses_of(sync: &SyncSettings, side: &SideSettings) -> String {
    format!("sync.{}.fields.status, side `{}`", sync.id, side.id)
}

/// What is offered in a status; `None`: no issue stands there, or Jira does not tell.
async fn offered(
    connection: &Connection,
    side: &SideSettings,
    issue_type: &str,
    status: &str,
) -> Result<Option<Vec<TransitionOffer>>, JiraError> {
    // A type or status that is not there is told with the map; an issue may be gone by now.
    let known = |error: JiraError| {
        let says_no = matches!(error.failure, Failure::Refused(_) | Failure::NotFound);
        if says_no { Ok(None) } else { Err(error) }
    };
    let issue = match connection.read.sample(&side.project, issue_type, status).await {
        Ok(Some(issue)) => issue,
        Ok(None) => return Ok(None),
        Err(error) => return known(error),
    };
    connection.read.transitions(issue).await.map(Some).or_else(known)
}

/// The statuses of a side that others' statuses are written as; each with the names that mean the same. None where no status is written
/// there.
fn goals(sync: &SyncSettings, side: &SideId, catalogs: &BTreeMap<SideId, Catalog>) -> Vec<Vec<String>> {
    let row = sync.fields.values().find(|row| row.kind == FieldKind::Status && row.sides.contains_key(side));
    let Some(row) = row else { return Vec::new() };
    let writes = |other: &SideId| other != side && row.from.contains(other);
    let rows = &sync.statuses.rows;
    if !rows.is_empty() {
        let shared = rows.iter().filter(|row| row.names.keys().any(writes));
        return shared.filter_map(|row| row.names.get(side).cloned()).collect();
    }
    // Without a map a status is carried to the one of the same name.
    let names = |catalog: &Catalog| catalog.statuses.iter().map(|status| status.name.clone()).collect::<BTreeSet<_>>();
    let elsewhere: BTreeSet<String> =
        catalogs.iter().filter(|(other, _)| writes(other)).flat_map(|(_, catalog)| names(catalog)).collect();
    let here = catalogs.get(side).map(names).unwrap_or_default();
    here.intersection(&elsewhere).map(|name| vec![name.clone()]).collect()
}

/// Of the goals those that the workflow of a type has. No issue of it can come to another.
fn of_type(goals: &[Vec<String>], catalog: Option<&Catalog>, issue_type: &str) -> Vec<Vec<String>> {
    let own = catalog.and_then(|catalog| catalog.statuses_of.get(issue_type));
    let has = |name: &&String| own.is_none_or(|own| own.contains(*name));
    let goals = goals.iter().map(|names| names.iter().filter(has).cloned().collect::<Vec<_>>());
    goals.filter(|names| !names.is_empty()).collect()
}

/// The types that issues of the sync have on a side.
pub(super) fn types(sync: &SyncSettings, side: &SideId, catalogs: &BTreeMap<SideId, Catalog>) -> BTreeSet<String> {
    let rows = &sync.issue_types.rows;
    if rows.is_empty() {
        let offered = catalogs.get(side).into_iter().flat_map(|catalog| &catalog.issue_types);
        return offered.map(|issue_type| issue_type.name.clone()).collect();
    }
    rows.iter().filter_map(|row| row.names.get(side)).flatten().cloned().collect()
}

/// Where a search through what was seen ends.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// At the goal, or where nobody knows how it goes on.
    Perhaps,
    /// Only by transitions that ask for what nothing gives a value.
    Asks,
    /// Nowhere near.
    None,
}

fn judge(
    sync: &SyncSettings,
    side: &SideSettings,
    issue_type: &str,
    goals: &[Vec<String>],
    seen: &Seen,
    lacking: &[Right],
) -> Vec<Finding> {
    // What people wrote there themselves is sent along with a hop, but what was made there holds nothing that a row only reads.
    let given = sync.fields.values().filter(|row| sync.gives(row, &side.id)).filter_map(|row| row.sides.get(&side.id));
    let given: BTreeSet<&str> = given.map(|field| field.as_str()).collect();
    let is_met = |offer: &TransitionOffer| offer.required.iter().all(|asked| given.contains(asked.id.as_str()));
    // Who is offered nothing at all lacks the right, which is told with the rights.
    if seen.values().flatten().all(Vec::is_empty) {
        return Vec::new();
    }
    let place = statuses_of(sync, side);
    let mut found = Vec::new();
    for goal in goals {
        let mut stuck = Vec::new();
        for from in seen.iter().filter(|(from, offers)| offers.is_some() && !goal.contains(*from)).map(|(from, _)| from)
        {
            let way = if way(seen, from, goal, is_met) {
                Way::Perhaps
            } else if way(seen, from, goal, |_| true) {
                Way::Asks
            } else {
                Way::None
            };
            match way {
                Way::Perhaps => {}
                Way::None => stuck.push(format!("`{from}`")),
                Way::Asks => found.extend(asking(seen, from, goal, &given).map(|(offer, lacks)| {
                    let (transition, to) = (&offer.name, &offer.to.name);
                    let what = format!(
                        "the transition `{transition}` of type `{issue_type}` from `{from}` to `{to}` asks for {lacks}, which no row gives a value"
                    );
                    let remedy =
                        "map the field so that another side gives it a value (`from`), or make it optional on that screen: Jira refuses the transition without it";
                    let ask = format!(
                        "in project {}, type `{issue_type}`, the transition `{transition}` from `{from}` to `{to}` asks for {lacks}: make that optional on its screen",
                        side.project
                    );
                    Finding::warning(place.clone(), what, remedy).for_administrator(&side.instance, ask)
                })),
            }
        }
        if !stuck.is_empty() {
            found.push(no_way(place.clone(), side, issue_type, (&stuck.join(", "), &goal.join("` or `")), lacking));
        }
    }
    found
}

/// Issues of a type that get from some statuses to no goal. `lacking`: of the rights that conditions ask for, those that are not held.
fn no_way(
    place: String,
    side: &SideSettings,
    issue_type: &str,
    (stuck, goal): (&str, &str),
    lacking: &[Right],
) -> Finding {
    let what = format!(
        "issues of type `{issue_type}` in project `{}` get from {stuck} to no `{goal}`: the sync user is offered no way there",
        side.project
    );
    let rights: Vec<String> = lacking.iter().map(ToString::to_string).collect();
    let rights = rights.join(" or ");
    let remedy = if lacking.is_empty() {
        "let the sync user pass the transitions that lead there: it holds Resolve Issues (RESOLVE_ISSUES) and Close Issues (CLOSE_ISSUES), so look at other conditions of that workflow; else such a status is a problem of each issue, and all else goes on".to_owned()
    } else {
        format!(
            "let the sync user pass the transitions that lead there: conditions of that workflow may ask for {rights}; else such a status is a problem of each issue, and all else goes on"
        )
    };
    let ask = format!(
        "let that account pass, in project {}, transitions that lead issues of type `{issue_type}` from {stuck} to `{goal}`",
        side.project
    );
    Finding::warning(place, what, remedy).for_administrator(&side.instance, ask)
}

/// Whether transitions that count lead from a status to a goal, as far as anybody knows.
fn way(seen: &Seen, from: &str, goal: &[String], counts: impl Fn(&TransitionOffer) -> bool) -> bool {
    let (mut reached, mut ahead) = (BTreeSet::from([from]), vec![from]);
    while let Some(status) = ahead.pop() {
        let Some(Some(offers)) = seen.get(status) else { return true };
        for to in offers.iter().filter(|offer| counts(offer)).map(|offer| offer.to.name.as_str()) {
            if goal.iter().any(|name| name == to) {
                return true;
            }
            if reached.insert(to) {
                ahead.push(to);
            }
        }
    }
    false
}

/// The transitions from a status on the way to a goal that ask for what nothing gives a value, and for what.
fn asking<'s>(
    seen: &'s Seen,
    from: &str,
    goal: &[String],
    given: &BTreeSet<&str>,
) -> impl Iterator<Item = (&'s TransitionOffer, String)> {
    let offers = seen.get(from).into_iter().flatten().flatten();
    let offers = offers.filter(|offer| goal.contains(&offer.to.name) || way(seen, &offer.to.name, goal, |_| true));
    offers.filter_map(|offer| {
        let lacks = offer.required.iter().filter(|asked| !given.contains(asked.id.as_str()));
        let lacks: Vec<String> = lacks.map(|asked| format!("`{}` ({})", asked.name, asked.id)).collect();
        (!lacks.is_empty()).then(|| (offer, lacks.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::issue::{Named, ScreenField};

    fn offer(to: &str, asks: &[&str]) -> TransitionOffer {
        let asked = |id: &&str| ScreenField { id: (*id).into(), name: format!("The {id}") };
        let to = Named { id: String::new(), name: to.to_owned() };
        let required = asks.iter().map(asked).collect();
        TransitionOffer { id: "1".to_owned(), name: format!("to {}", to.name), to, required, shows: BTreeSet::new() }
    }

    fn seen(all: &[(&str, Option<Vec<TransitionOffer>>)]) -> Seen {
        all.iter().map(|(status, offers)| ((*status).to_owned(), offers.clone())).collect()
    }

    #[test]
    fn a_way_leads_over_other_statuses_and_through_what_nobody_has_seen() {
        let open =
            |offers| seen(&[("Open", Some(offers)), ("Working", Some(vec![offer("Closed", &[])])), ("Held", None)]);
        let goal = ["Closed".to_owned()];
        assert!(way(&open(vec![offer("Working", &[])]), "Open", &goal, |_| true));
        assert!(way(&open(vec![offer("Held", &[])]), "Open", &goal, |_| true), "nobody knows what is offered there");
        assert!(way(&open(vec![offer("Elsewhere", &[])]), "Open", &goal, |_| true), "nor there");
        assert!(!way(&open(vec![offer("Open", &[])]), "Open", &goal, |_| true), "round and round");
        assert!(!way(&open(vec![offer("Closed", &["reason"])]), "Open", &goal, |offer| offer.required.is_empty()));
    }

    #[test]
    fn only_statuses_of_a_types_own_workflow_are_goals_of_its_issues() {
        let all = [vec!["To Do".to_owned(), "Backlog".to_owned()], vec!["Done".to_owned()]];
        let own = BTreeMap::from([("Story".to_owned(), BTreeSet::from(["Backlog".to_owned(), "Drafted".to_owned()]))]);
        let catalog = Catalog { statuses_of: own, ..Catalog::default() };
        assert_eq!(of_type(&all, Some(&catalog), "Story"), [vec!["Backlog".to_owned()]]);
        assert_eq!(of_type(&all, Some(&catalog), "Bug"), all, "nobody knows its workflow");
    }

    #[test]
    fn what_a_transition_lacks_is_named_once_for_each() {
        let ways = vec![offer("Closed", &["reason", "resolution"]), offer("Working", &[]), offer("Held", &["reason"])];
        let seen = seen(&[("Open", Some(ways)), ("Working", Some(Vec::new())), ("Held", Some(Vec::new()))]);
        let goal = ["Closed".to_owned()];
        let all: Vec<String> = asking(&seen, "Open", &goal, &BTreeSet::from(["resolution"]))
            .map(|(offer, lacks)| format!("{}: {lacks}", offer.name))
            .collect();
        assert_eq!(all, ["to Closed: `The reason` (reason)"]);
    }
}
