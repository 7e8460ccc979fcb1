//! What a webhook's body says, old and new, of both kinds. It is read for hints: whatever it says, nothing in it may be taken for a
//! value of an issue, nor for leave to show one.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::wire;
use crate::model::ids::{AccountId, CommentId, IssueId};
use crate::model::settings::Kind;
use crate::model::store::CommentTrace;

/// Stands for something that names no issue.
pub const NO_ISSUE: IssueId = IssueId(0);
/// The longest text of a comment that is kept, in bytes: four times what Jira takes in signs.
const LONGEST_TEXT: usize = 131_072;

/// What a webhook told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The issues that it is about; [`NO_ISSUE`] where it must be about one and names none. Empty: nothing of ours.
    pub issues: Vec<IssueId>,
    /// Who did it, where that is said.
    pub by: Option<AccountId>,
    /// The project of the issue, where that is said.
    pub project: Option<String>,
    /// When the issue last changed, where it is about a change that moves this.
    pub updated: Option<Timestamp>,
    /// What a comment said.
    pub trace: Option<CommentTrace>,
}

/// The parts that are looked at. All may be missing: the shapes differ by kind, version and event.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "webhookEvent")]
    event: String,
    user: Option<Value>,
    issue: Option<Issue>,
    comment: Option<Remark>,
    worklog: Option<Remark>,
    attachment: Option<Remark>,
    #[serde(rename = "issueLink")]
    link: Option<Link>,
}

#[derive(Deserialize)]
struct Issue {
    id: Option<Value>,
    fields: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    updated: Option<Value>,
    project: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remark {
    #[serde(rename = "self")]
    address: Option<Value>,
    id: Option<Value>,
    issue_id: Option<Value>,
    author: Option<Value>,
    update_author: Option<Value>,
    updated: Option<Value>,
    body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    source_issue_id: Option<Value>,
    destination_issue_id: Option<Value>,
}

/// Reads a body.
///
/// # Errors
/// It is no webhook's. What is wrong is not told: it may hold anything.
pub fn read_hook(kind: Kind, body: &[u8]) -> Result<Told, serde_json::Error> {
    let body: Body = serde_json::from_slice(body)?;
    let event = body.event.as_str();
    let person = |value: Option<&Value>| {
        let name = match kind {
            Kind::Cloud => value?.get("accountId"),
            Kind::DataCenter => value?.get("name").or_else(|| value?.get("key")),
        };
        name.and_then(Value::as_str).filter(|name| !name.is_empty()).map(AccountId::from)
    };
    let user = || person(body.user.as_ref());
    let own = body.issue.as_ref().and_then(|issue| number(issue.id.as_ref()));
    let fields = body.issue.as_ref().and_then(|issue| issue.fields.as_ref());
    let project = fields.and_then(|fields| fields.project.as_ref()?.get("key")?.as_str().map(str::to_owned));
    let deleted = event.ends_with("_deleted");
    let told = |issue: Option<IssueId>| Told { issues: vec![issue.unwrap_or(NO_ISSUE)], project, ..Told::default() };
    let of_remark = |remark: &Option<Remark>| {
        let remark = remark.as_ref();
        let issue = own.or_else(|| remark.and_then(Remark::issue));
        // Who wrote it did not need to be the one who deleted it.
        let by = if deleted {
            user()
        } else {
            let by = remark.and_then(|remark| person(remark.update_author.as_ref().or(remark.author.as_ref())));
            by.or_else(user)
        };
        (issue, by)
    };
    if event.starts_with("jira:issue_") {
        let updated = fields.and_then(|fields| time(fields.updated.as_ref())).filter(|_| !deleted);
        return Ok(Told { by: user(), updated, ..told(own) });
    }
    if event.starts_with("comment_") {
        let (issue, by) = of_remark(&body.comment);
        let trace = body.comment.as_ref().and_then(|comment| comment.trace(by.clone(), deleted));
        return Ok(Told { by, trace: trace.filter(|_| issue.is_some()), ..told(issue) });
    }
    if event.starts_with("worklog_") {
        let (issue, by) = of_remark(&body.worklog);
        return Ok(Told { by, ..told(issue) });
    }
    if event.starts_with("attachment_") {
        let (issue, by) = of_remark(&body.attachment);
        return Ok(Told { by, ..told(issue) });
    }
    if event.starts_with("issuelink_") {
        let ends = body.link.iter().flat_map(|link| [&link.source_issue_id, &link.destination_issue_id]);
        let mut issues: Vec<IssueId> = ends.filter_map(|end| number(end.as_ref())).collect();
        if issues.is_empty() {
            issues.push(own.unwrap_or(NO_ISSUE));
        }
        return Ok(Told { issues, by: user(), ..Told::default() });
    }
    if event.starts_with("issue_property_") && own.is_some() {
        // It moves no `updated`, so no poll finds it; and a clause of a sync, or a pairing, may go by it.
        return Ok(Told { by: user(), ..told(own) });
    }
    // Projects, versions, people, sprints, boards: no field of an issue that a sync carries.
    Ok(Told::default())
}

impl Remark {
    /// The issue: named, or in the remark's address (`.../issue/10042/comment/10001`).
    fn issue(&self) -> Option<IssueId> {
        let in_address = || {
            let (_, rest) = self.address.as_ref()?.as_str()?.split_once("/issue/")?;
            let digits = rest.split('/').next()?;
            digits.parse().ok().filter(|number| *number > 0).map(IssueId)
        };
        number(self.issue_id.as_ref()).or_else(in_address)
    }

    fn trace(&self, by: Option<AccountId>, deleted: bool) -> Option<CommentTrace> {
        let body = self.body.as_ref()?.as_str().filter(|body| body.len() <= LONGEST_TEXT)?;
        let comment = CommentId::from(number(self.id.as_ref())?.to_string().as_str());
        Some(CommentTrace { comment, by, updated: time(self.updated.as_ref()), body: body.to_owned(), deleted })
    }
}

/// An id: text in most places, a number in some. What SQLite takes for an id of an issue is more than Jira gives.
fn number(value: Option<&Value>) -> Option<IssueId> {
    let value = value?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    (1..=i64::MAX.unsigned_abs()).contains(&number).then_some(IssueId(number))
}

fn time(value: Option<&Value>) -> Option<Timestamp> {
    serde_json::from_value::<wire::Stamp>(value?.clone()).ok().map(|stamp| stamp.0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn told(kind: Kind, body: &Value) -> Told {
        read_hook(kind, body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn every_event_about_an_issue_names_it_or_says_that_it_does_not() {
        let of = |body: Value| told(Kind::Cloud, &body).issues;
        let comment = json!({ "self": "https://a.example/rest/api/2/issue/10042/comment/7", "id": "7", "body": "x" });
        assert_eq!(of(json!({ "webhookEvent": "comment_created", "comment": comment })), [IssueId(10_042)]);
        assert_eq!(
            of(json!({ "webhookEvent": "comment_deleted", "comment": comment, "issue": { "id": "5" } })),
            [IssueId(5)]
        );
        assert_eq!(of(json!({ "webhookEvent": "comment_updated", "comment": { "id": "7" } })), [NO_ISSUE]);
        assert_eq!(of(json!({ "webhookEvent": "worklog_updated", "worklog": { "issueId": "9" } })), [IssueId(9)]);
        assert_eq!(of(json!({ "webhookEvent": "attachment_created", "attachment": { "id": "3" } })), [NO_ISSUE]);
        let link = json!({ "id": 23161, "sourceIssueId": 18715, "destinationIssueId": 11917 });
        assert_eq!(
            of(json!({ "webhookEvent": "issuelink_created", "issueLink": link })),
            [IssueId(18_715), IssueId(11_917)]
        );
        let property = json!({ "key": "tool", "value": 1 });
        for (issue, named) in [(json!({ "id": "5" }), &[IssueId(5)][..]), (Value::Null, &[])] {
            let body = json!({ "webhookEvent": "issue_property_deleted", "issue": issue, "property": property });
            assert_eq!(of(body), named, "no poll finds what moves no `updated`");
        }
        for event in ["project_created", "jira:version_released", "user_updated", "sprint_started", "x"] {
            assert!(of(json!({ "webhookEvent": event, "issue": { "id": "5" } })).is_empty(), "{event}");
        }
        for id in [json!("0"), json!(-1), json!("18446744073709551615"), json!("1; DROP"), json!([]), json!(1.5)] {
            assert_eq!(of(json!({ "webhookEvent": "jira:issue_updated", "issue": { "id": id } })), [NO_ISSUE], "{id}");
        }
    }

    #[test]
    fn who_did_it_is_never_who_wrote_what_was_deleted() {
        let us = json!({ "accountId": "us", "name": "sync" });
        let jane = json!({ "accountId": "jane", "name": "jroe" });
        let by = |kind, body: Value| told(kind, &body).by.map(|by| by.to_string());
        let comment =
            json!({ "self": "https://a.example/rest/api/2/issue/1/comment/7", "author": us, "updateAuthor": jane });
        assert_eq!(
            by(Kind::Cloud, json!({ "webhookEvent": "comment_updated", "comment": comment })),
            Some("jane".into())
        );
        assert_eq!(by(Kind::Cloud, json!({ "webhookEvent": "comment_deleted", "comment": comment })), None);
        let body = json!({ "webhookEvent": "comment_deleted", "comment": comment, "user": us });
        assert_eq!(by(Kind::DataCenter, body), Some("sync".into()));
        assert_eq!(
            by(Kind::DataCenter, json!({ "webhookEvent": "jira:issue_updated", "user": jane })),
            Some("jroe".into())
        );
    }

    #[test]
    fn what_is_no_webhook_is_refused_however_it_is_nested() {
        let nested = "[".repeat(100_000) + &"]".repeat(100_000);
        let deep = |key: &str| format!("{{\"webhookEvent\":\"jira:issue_updated\",\"{key}\":{nested}}}");
        assert!(read_hook(Kind::Cloud, deep("x").as_bytes()).is_ok(), "what nobody looks at is passed over");
        let deep = deep("user");
        for body in
            ["", "null", "[]", "{}", "{\"webhookEvent\":1}", "{\"webhookEvent\":\"x\",\"issue\":7}", "\u{0}", &deep]
        {
            assert!(read_hook(Kind::Cloud, body.as_bytes()).is_err(), "{}", body.get(..40).unwrap_or(body));
        }
    }

    /// Real bodies of real Jiras, where they are at hand.
    #[test]
    fn recorded_bodies_of_real_jiras_name_their_issue() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recorded");
        let mut folders: Vec<_> =
            ["mattermost+mattermost-plugin-jira", "jenkinsci+jira-trigger-plugin"].map(|name| root.join(name)).into();
        if !root.is_dir() {
            println!("skipped: there are no recorded bodies at {}", root.display());
            return;
        }
        let (mut bodies, mut traces, mut dated) = (0, 0, 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let body: Value = serde_json::from_str(&text).unwrap();
                let Some(event) = body.get("webhookEvent").and_then(Value::as_str) else { continue };
                let kind = if text.contains("accountId") { Kind::Cloud } else { Kind::DataCenter };
                let told = told(kind, &body);
                assert!(told.issues.len() == 1 && told.issues[0] != NO_ISSUE, "{}: {told:?}", path.display());
                assert!(told.by.is_some() || event == "comment_deleted", "{}: {told:?}", path.display());
                let whole = event.starts_with("jira:issue_") && !event.ends_with("_deleted");
                assert!(told.updated.is_none() || whole, "{}: {told:?}", path.display());
                dated += usize::from(told.updated.is_some());
                bodies += 1;
                traces += usize::from(told.trace.is_some());
            }
        }
        assert!(bodies >= 60 && traces >= 7 && dated >= 50, "{bodies} bodies, {traces} of comments, {dated} dated");
    }
}
