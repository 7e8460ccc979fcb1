//! Sprints: what the field Sprint holds, and which may be chosen. Must never take a sprint that is over for one that is not, and
//! never choose between two of one name.
//!
//! The field holds every sprint that an issue was in; at most one of them is not over. Cloud shows objects, Data Center what Java
//! prints of them, or objects too (jira-facts 16). It is written as the number of one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::pages::SoFar;
use super::{Failure, JiraError, wire};
use crate::model::issue::{Named, NativeValue};

/// Rows on one page.
const PAGE: usize = 50;

/// One sprint of the field.
struct Sprint {
    id: u64,
    name: String,
    over: bool,
    /// When it was over, as Jira says it; empty where it does not.
    completed: String,
}

/// The sprint that an issue is in, or else the last one that it was in.
pub(super) fn read(value: &Value) -> NativeValue {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let read: Option<Vec<Sprint>> = list.iter().map(sprint).collect();
    let Some(all) = read else { return NativeValue::Other(value.clone()) };
    // Of those that are over the last one to end: numbers say which was made last, and a long planned one ends after it.
    let last = all.into_iter().max_by_key(|sprint| (!sprint.over, sprint.completed.clone(), sprint.id));
    last.map_or(NativeValue::Empty, |sprint| NativeValue::Named(Named { id: sprint.id.to_string(), name: sprint.name }))
}

fn sprint(value: &Value) -> Option<Sprint> {
    if let Some(text) = value.as_str() {
        return printed(text);
    }
    let id = value.get("id").and_then(wire::id_text)?.parse().ok()?;
    let name = value.get("name")?.as_str()?.to_owned();
    let over = value.get("state").and_then(Value::as_str).is_some_and(|state| state.eq_ignore_ascii_case("closed"));
    let completed = value.get("completeDate").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Sprint { id, name, over, completed })
}

/// `….Sprint@1b2c[id=1,rapidViewId=2,state=ACTIVE,name=Sprint 1,startDate=…]`. A name may hold commas and signs of equality.
fn printed(text: &str) -> Option<Sprint> {
    let (_, inner) = text.strip_suffix(']')?.split_once('[')?;
    let word = |name: &str| {
        let start =
            if inner.starts_with(name) { name.len() } else { inner.find(&format!(",{name}"))? + 1 + name.len() };
        inner.get(start..)?.split(',').next()
    };
    let id = word("id=")?.parse().ok()?;
    let over = word("state=")?.eq_ignore_ascii_case("closed");
    let (_, name) = inner.split_once(",name=")?;
    let end = [",goal=", ",startDate="].iter().filter_map(|next| name.find(next)).min();
    let completed = word("completeDate=").filter(|text| *text != "<null>").unwrap_or_default().to_owned();
    Some(Sprint { id, name: name.get(..end.unwrap_or(name.len()))?.to_owned(), over, completed })
}

impl Client {
    /// The sprints of a project's boards that are not over, by names that only one of them has. None where there are no boards, or
    /// they are not shown to us.
    pub(super) async fn sprints(&self, project: &str) -> Result<Vec<Named>, JiraError> {
        // Of every type: a team-managed project's board is `simple`, and has sprints. One without them says 400.
        let attempt = format!("reading the boards of project {project}");
        let boards = self.agile(&["board"], &[("projectKeyOrId", project)], &attempt).await?;
        let mut found: BTreeMap<u64, String> = BTreeMap::new();
        for board in boards {
            let id = board.id.0;
            let attempt = format!("reading the sprints of board {id}");
            let sprints = self.agile(&["board", &id, "sprint"], &[("state", "active,future")], &attempt).await?;
            found.extend(sprints.into_iter().filter_map(|sprint| Some((sprint.id.number()?, sprint.name))));
        }
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for name in found.values() {
            *times.entry(name.clone()).or_default() += 1;
        }
        let only = found.into_iter().filter(|(_, name)| times.get(name) == Some(&1));
        Ok(only.map(|(id, name)| Named { id: id.to_string(), name }).collect())
    }

    /// A list of Jira Software. Where it is refused or not there, it is empty: without boards there are no sprints.
    async fn agile(
        &self,
        path: &[&str],
        query: &[(&'static str, &str)],
        attempt: &str,
    ) -> Result<Vec<wire::Thing>, JiraError> {
        let endpoint = if path.len() == 1 { "getAllBoards" } else { "getAllSprints" };
        let path: Vec<&str> = ["rest", "agile", "1.0"].into_iter().chain(path.iter().copied()).collect();
        let (mut all, mut so_far) = (Vec::new(), SoFar::of("boards or sprints"));
        loop {
            let mut call = Call::get(endpoint, &path, attempt).outside();
            for (name, value) in query {
                call = call.query(name, *value);
            }
            let call = call.query("startAt", all.len().to_string()).query("maxResults", PAGE.to_string());
            let page: wire::AgilePage = match self.read(&call).await {
                Ok(page) => page,
                Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound | Failure::NotJira(_), .. }) => {
                    return Ok(all);
                }
                Err(error) => return Err(error),
            };
            let count = page.values.len();
            all.extend(page.values);
            if page.is_last || count == 0 {
                return Ok(all);
            }
            so_far.take(count).map_err(|failure| self.error(attempt, failure))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(value: &Value) -> String {
        let read = read(value);
        if let NativeValue::Named(named) = read { format!("{} {}", named.id, named.name) } else { format!("{read:?}") }
    }

    #[test]
    fn what_java_prints_is_read_whatever_the_name_holds() {
        let text = |id: u64, state: &str, name: &str| {
            format!(
                "com.atlassian.greenhopper.service.sprint.Sprint@7c[id={id},rapidViewId=3,state={state},name={name},\
                 startDate=<null>,endDate=<null>,completeDate=<null>,sequence={id},goal=state=CLOSED,name=x]"
            )
        };
        assert_eq!(name(&json!([text(7, "ACTIVE", "Odd, =[name]")])), "7 Odd, =[name]");
        assert_eq!(name(&json!([text(7, "ACTIVE", "Now"), text(9, "CLOSED", "Then")])), "7 Now");
        assert_eq!(name(&json!([text(7, "CLOSED", "First"), text(9, "CLOSED", "Last")])), "9 Last");
        let old = "com.atlassian.greenhopper.service.sprint.Sprint@7c[rapidViewId=3,state=FUTURE,name=A,goal=<null>,\
                   startDate=<null>,id=12]";
        assert_eq!(name(&json!([old])), "12 A");
        assert!(matches!(read(&json!(["Sprint 7"])), NativeValue::Other(_)));
    }

    #[test]
    fn objects_are_read_alike() {
        let open = json!({ "id": 2, "name": "Now", "state": "active", "boardId": 1 });
        let over = json!({ "id": 3, "name": "Then", "state": "closed", "boardId": 1 });
        assert_eq!(name(&json!([over, open])), "2 Now");
        // The one that was made first was the last to end.
        let ended = |id: u64, at: &str| json!({ "id": id, "name": "Over", "state": "closed", "completeDate": at });
        assert_eq!(
            name(&json!([ended(45, "2026-03-02T10:00:00.000Z"), ended(50, "2026-02-01T10:00:00.000Z")])),
            "45 Over"
        );
        assert_eq!(name(&json!([])), "Empty");
        assert!(matches!(read(&json!([{ "name": "?" }])), NativeValue::Other(_)));
    }
}
