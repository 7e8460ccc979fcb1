//! What many problems have in common: the same words about other issues have one cause, and are one thing to mend. Must never put two
//! remedies together, nor two sides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::fingerprint::Hash;
use super::ids::{CauseId, FieldName, OperationId, SideId};
use super::problem::Problem;
use super::right::Right;
use super::store::StoredProblem;

/// What stands in a cause where the words of its problems differ.
const ANY: char = '…';
/// How Jira refuses a field that no screen shows, and one that the sync user may not write: it does not tell which.
const OFF_SCREEN: &str = "is not on the appropriate screen";
/// What a remedy says between what something is needed for and what is needed.
const NEEDS: &str = " the sync user needs ";

/// Problems with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// What it is called in commands.
    pub id: CauseId,
    /// The side that they are on.
    pub side: SideId,
    /// The field, if they are one field's.
    pub field: Option<FieldName>,
    /// What is wrong, as the oldest one says it.
    pub what: String,
    /// Whether others say it with other keys, numbers or times.
    pub varies: bool,
    /// What to do, as the oldest one says it.
    pub remedy: String,
    /// Since when the oldest stands.
    pub since: Timestamp,
    /// Since when the newest stands.
    pub newest: Timestamp,
    /// How often they were met, together.
    pub times: u64,
    /// The operation that met the newest one last that a write met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationId>,
    /// Whether all of them are over by themselves: nobody has to act.
    pub settles: bool,
    /// What each is about, the oldest first.
    pub about: Vec<String>,
}

/// Side, field, and what they and their remedies say of any issue.
type Common = (SideId, Option<FieldName>, String, String);

/// What the problems of one cause have in common.
fn common(problem: &Problem) -> Common {
    let Problem { side, field, what, remedy, .. } = problem;
    // A field that waits for a permission of its own: another one that waits for the same is the same to mend.
    let own_right = format!("{NEEDS}{} and ", Right::EditIssues);
    if what.contains(OFF_SCREEN) && remedy.contains(&own_right) {
        return (side.clone(), None, OFF_SCREEN.to_owned(), of_any_issue(&of_any_function(remedy)));
    }
    let remedy = if refused_at(what).is_some() { of_any_function(remedy) } else { remedy.clone() };
    (side.clone(), field.clone(), of_any_issue(what), of_any_issue(&remedy))
}

/// Where it says that Jira did not allow something.
fn refused_at(text: &str) -> Option<usize> {
    ["status 401", "status 403"].into_iter().filter_map(|status| text.find(status)).min()
}

/// What a remedy says whatever the permission is needed for.
fn of_any_function(remedy: &str) -> String {
    let Some((head, tail)) = remedy.split_once(NEEDS) else { return remedy.to_owned() };
    let head = head.rsplit_once("for ").map_or("", |(head, _)| head);
    format!("{head}{ANY}{NEEDS}{tail}")
}

/// What a refusal says whatever was written: one permission that is missing is one cause, whichever fields, files and people wait for it. Elsewhere
/// names are what matters.
fn of_any_name(text: &str) -> String {
    let Some((head, tail)) = refused_at(text).map(|at| text.split_at(at)) else { return text.to_owned() };
    // Every second part is between quotes.
    let plain: Vec<&str> = head.split('`').step_by(2).collect();
    let mut said = plain.join("…");
    while said.contains("…, …") {
        said = said.replace("…, …", "…");
    }
    said + tail
}

/// What a text says of any issue: without keys, ids, and times.
fn of_any_issue(text: &str) -> String {
    let text = of_any_name(text);
    let mut said = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            said.push(ANY);
            said.extend(word.chars().filter(|sign| sign.is_whitespace()));
        } else {
            said.push_str(word);
        }
    }
    said
}

/// What the cause of a problem is called: by its side, its field, and what it and its remedy say of any issue.
#[must_use]
pub fn cause_of(problem: &Problem) -> CauseId {
    let mut hash = Hash::new();
    let (side, field, what, remedy) = common(problem);
    let field = field.as_ref().map(FieldName::as_str).unwrap_or_default();
    for part in [side.as_str(), field, &what, &remedy] {
        hash.take(part);
    }
    let short = (hash.0 >> 32) ^ (hash.0 & 0xffff_ffff);
    CauseId::new(format!("{short:08x}"))
}

/// The problems by their causes: those that need somebody come first, of them what most issues have, then the oldest.
#[must_use]
pub fn causes(problems: &[StoredProblem]) -> Vec<Cause> {
    let mut found: BTreeMap<Common, Cause> = BTreeMap::new();
    let mut oldest_first: Vec<&StoredProblem> = problems.iter().collect();
    oldest_first.sort_by_key(|stored| stored.since);
    for StoredProblem { about, problem, since, times, .. } in oldest_first {
        let cause = found.entry(common(problem)).or_insert_with(|| Cause {
            id: cause_of(problem),
            side: problem.side.clone(),
            field: problem.field.clone(),
            what: problem.what.clone(),
            varies: false,
            remedy: problem.remedy.clone(),
            since: *since,
            newest: *since,
            times: 0,
            operation: None,
            settles: true,
            about: Vec::new(),
        });
        cause.settles &= problem.settles;
        cause.varies |= cause.what != problem.what;
        if cause.field != problem.field {
            cause.field = None;
        }
        cause.times = cause.times.saturating_add(*times);
        cause.operation = problem.operation.or(cause.operation);
        cause.newest = cause.newest.max(*since);
        cause.about.push(about.clone());
    }
    let mut causes: Vec<Cause> = found.into_values().collect();
    causes.sort_by_key(|cause| (cause.settles, std::cmp::Reverse(cause.about.len()), cause.since));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(about: &str, side: &str, what: &str, second: i64) -> StoredProblem {
        let problem = Problem {
            side: side.into(),
            field: None,
            what: what.into(),
            remedy: "grant it".into(),
            operation: None,
            settles: false,
        };
        let since = Timestamp::from_second(second).unwrap();
        StoredProblem { number: second, item: None, about: about.into(), problem, since, times: 1, dismissed: None }
    }

    #[test]
    fn a_permission_that_is_missing_is_one_cause_whatever_waits_for_it() {
        let refused = |what: &str| format!("Jira refused {what} in sync `support`, side `globex`: status 403: No way.");
        let told: Vec<StoredProblem> =
            ["a change of `summary`", "a change of `labels`, `summary`", "a change of `labels`"]
                .iter()
                .zip(1_i64..)
                .map(|(what, second)| stored("SUP-1", "globex", &refused(what), second))
                .collect();
        assert_eq!(causes(&told).len(), 1, "{:?}", causes(&told));
        let file = stored("SUP-1", "globex", &refused("the file `plan.pdf`"), 4);
        let other = stored("SUP-2", "globex", &refused("the file `notes.txt`"), 5);
        assert_eq!(cause_of(&file.problem), cause_of(&other.problem));
        assert_ne!(cause_of(&file.problem), cause_of(&told[0].problem), "another permission");
        let value =
            |name: &str| stored("SUP-1", "globex", &format!("`{name}` of field `priority` has no counterpart"), 6);
        assert_ne!(cause_of(&value("High").problem), cause_of(&value("Low").problem), "another thing to mend");
    }

    /// The due date and the sprint wait for the same one, which Jira does not name.
    #[test]
    fn a_permission_that_two_fields_wait_for_is_one_cause() {
        let right = |function: &str, rights: &str| {
            format!("mend what Jira names; for {function} the sync user needs {rights} in project `ENG`")
        };
        let of_field = |name: &str, id: &str, function: &str, rights: &str, second: i64| {
            let what = format!("Jira refused `{name}`: status 400: Field '{id}' cannot be set. It {OFF_SCREEN}.");
            let mut told = stored("SUP-1", "globex", &what, second);
            told.problem.field = Some(name.into());
            told.problem.remedy = right(function, rights);
            told
        };
        let schedule = "Edit Issues (EDIT_ISSUES) and Schedule Issues (SCHEDULE_ISSUES)";
        let day = of_field("due-date", "duedate", "the due date", schedule, 1);
        let sprint = of_field("Sprint", "customfield_10020", "the sprint", schedule, 2);
        let both = causes(&[day.clone(), sprint.clone()]);
        assert_eq!(both.len(), 1, "{both:?}");
        assert_eq!((both[0].field.as_ref(), both[0].varies, both[0].about.len()), (None, true, 2));
        assert_eq!((cause_of(&day.problem), cause_of(&sprint.problem)), (both[0].id.clone(), both[0].id.clone()));
        let alone = causes(std::slice::from_ref(&day));
        assert_eq!((&alone[0].field, &alone[0].id), (&day.problem.field, &both[0].id));
        // Other permissions, and screens that lack fields, are mended one by one.
        let resolve = "Edit Issues (EDIT_ISSUES) and Resolve Issues (RESOLVE_ISSUES)";
        let fix = of_field("fix-versions", "fixVersions", "fix versions", resolve, 3);
        let [text, number] =
            ["Text", "Number"].map(|name| of_field(name, name, "issues", "Edit Issues (EDIT_ISSUES)", 4));
        assert_eq!(causes(&[day, sprint, fix, text, number]).len(), 4);
        // Where Jira says that it is a permission, what was written together and alone is one as well.
        let refused = |second: i64, function: &str| {
            let mut told =
                stored("SUP-1", "globex", "Jira refused a change of `Sprint` in sync `s`: status 403: No.", second);
            told.problem.remedy = right(function, schedule);
            told
        };
        assert_eq!(causes(&[refused(1, "the due date"), refused(2, "the sprint")]).len(), 1);
    }

    #[test]
    fn what_settles_by_itself_stands_behind_what_needs_somebody() {
        let mut told = [
            stored("SUP-1", "globex", "the state was put back", 1),
            stored("SUP-2", "globex", "the state was put back", 2),
            stored("SUP-3", "globex", "no such user on globex", 3),
        ];
        told[..2].iter_mut().for_each(|stored| stored.problem.settles = true);
        let listed: Vec<(bool, usize)> = causes(&told).iter().map(|cause| (cause.settles, cause.about.len())).collect();
        assert_eq!(listed, [(false, 1), (true, 2)]);
        // One of them that needs somebody is enough.
        told[1].problem.settles = false;
        let listed: Vec<(bool, usize)> = causes(&told).iter().map(|cause| (cause.settles, cause.about.len())).collect();
        assert_eq!(listed, [(false, 2), (false, 1)]);
    }

    #[test]
    fn one_missing_permission_is_one_cause_however_many_issues_have_it() {
        let mut problems = [
            stored("SUP-2 ENG-9", "globex", "editing ENG-9 (id 10009) failed: status 403: no Edit Issues", 20),
            stored("SUP-1 ENG-4", "globex", "editing ENG-4 (id 10004) failed: status 403: no Edit Issues", 10),
            stored("SUP-3 ENG-5", "globex", "no such user on globex", 5),
            stored("SUP-1 OPS-4", "initech", "editing ENG-4 (id 10004) failed: status 403: no Edit Issues", 10),
        ];
        problems[1].times = 7;
        problems[1].problem.operation = Some(OperationId(7));
        let causes = causes(&problems);
        assert_eq!(causes.len(), 3);
        assert_eq!(causes[0].about, ["SUP-1 ENG-4", "SUP-2 ENG-9"]);
        assert_eq!((causes[0].varies, causes[1].varies), (true, false));
        assert_eq!(causes[0].what, problems[1].problem.what);
        assert_eq!(causes[0].since.as_second(), 10);
        assert_eq!(causes[0].newest.as_second(), 20);
        assert_eq!((causes[0].times, causes[0].operation), (8, Some(OperationId(7))));
        assert_eq!((causes[1].times, causes[1].operation), (1, None));
        assert_eq!(causes[1].about, ["SUP-3 ENG-5"]);
        assert_eq!(causes[2].side, SideId::from("initech"));
        let called = |index: usize| cause_of(&problems[index].problem);
        assert_eq!((called(0), called(1)), (causes[0].id.clone(), causes[0].id.clone()));
        assert_ne!(called(3), called(1), "another side is another thing to mend");
        assert_eq!(
            called(2),
            CauseId::from("88d7484c"),
            "the same in every build: it is typed from lists that were printed before"
        );
    }
}
