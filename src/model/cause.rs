//! What many problems have in common: the same words about other issues have one cause, and are one thing to mend. Must never put two
//! remedies together, nor two sides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::fingerprint::Hash;
use super::ids::{CauseId, FieldName, OperationId, SideId};
use super::problem::Problem;
use super::store::StoredProblem;

/// What stands in a cause where the words of its problems differ.
const ANY: char = '…';

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
    /// What each is about, the oldest first.
    pub about: Vec<String>,
}

/// What a refusal says whatever was written: one permission that is missing is one cause, whichever fields, files and people wait for it. What it
/// is needed for stands in the remedy. Elsewhere names are what matters.
fn of_any_name(text: &str) -> String {
    let refused = ["status 401", "status 403"].into_iter().filter_map(|status| text.find(status)).min();
    let Some((head, tail)) = refused.map(|at| text.split_at(at)) else { return text.to_owned() };
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
    let field = problem.field.as_ref().map(FieldName::as_str).unwrap_or_default();
    for part in [problem.side.as_str(), field, &of_any_issue(&problem.what), &of_any_issue(&problem.remedy)] {
        hash.take(part);
    }
    let short = (hash.0 >> 32) ^ (hash.0 & 0xffff_ffff);
    CauseId::new(format!("{short:08x}"))
}

/// The problems by their causes: what most issues have comes first, then the oldest.
#[must_use]
pub fn causes(problems: &[StoredProblem]) -> Vec<Cause> {
    let mut found: BTreeMap<(SideId, Option<FieldName>, String, String), Cause> = BTreeMap::new();
    let mut oldest_first: Vec<&StoredProblem> = problems.iter().collect();
    oldest_first.sort_by_key(|stored| stored.since);
    for StoredProblem { about, problem, since, times, .. } in oldest_first {
        let (what, remedy) = (of_any_issue(&problem.what), of_any_issue(&problem.remedy));
        let key = (problem.side.clone(), problem.field.clone(), what, remedy);
        let cause = found.entry(key).or_insert_with(|| Cause {
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
            about: Vec::new(),
        });
        cause.varies |= cause.what != problem.what;
        cause.times = cause.times.saturating_add(*times);
        cause.operation = problem.operation.or(cause.operation);
        cause.newest = cause.newest.max(*since);
        cause.about.push(about.clone());
    }
    let mut causes: Vec<Cause> = found.into_values().collect();
    causes.sort_by_key(|cause| (std::cmp::Reverse(cause.about.len()), cause.since));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(about: &str, side: &str, what: &str, second: i64) -> StoredProblem {
        let problem =
            Problem { side: side.into(), field: None, what: what.into(), remedy: "grant it".into(), operation: None };
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
