//! [`JiraWrite`] for both kinds. Must never send anything twice, and never call a write done that Jira did not confirm.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::client::{Answer, Client, MEND_WAIT_MS, NotDone, Written, refusal_of};
use super::decode::{self, Decoder};
use super::encode::{self, Encoder};
use super::fields::{ESTIMATES, FieldList, PARENT, TIME_TRACKING};
use super::search::expands;
use super::transport::Pieces;
use super::{
    Created, Failure, FileDraft, IssueDraft, IssueEdit, JiraError, JiraWrite, Refusal, Want, WriteOutcome, wire,
};
use crate::model::ids::{AccountId, AttachmentId, CommentId, FieldId, IssueId, IssueKey};
use crate::model::issue::{IssueSnapshot, NativeValue, Visibility};
use crate::model::operation::{RemoteLink, Thing};
use crate::model::remark::Spent;
use crate::model::settings::Kind;
use crate::model::things::{Property, SeenThing, ThingValues};

/// Issues in one `issue/bulk` (Cloud's v3 document).
const BULK: usize = 50;

/// The writing end of a client.
pub(super) struct Writer(pub(super) Arc<Client>);

#[async_trait]
impl JiraWrite for Writer {
    async fn create(&self, drafts: &[IssueDraft]) -> Vec<WriteOutcome<Created>> {
        let fields = match self.0.fields_for_writing().await {
            Ok(fields) => fields,
            Err(no) => return drafts.iter().map(|_| no.clone().outcome()).collect(),
        };
        let mut outcomes = Vec::with_capacity(drafts.len());
        for part in drafts.chunks(BULK) {
            match part {
                [draft] => outcomes.push(self.0.create_one(draft, &fields).await),
                many => outcomes.extend(self.0.create_many(many, &fields).await),
            }
        }
        outcomes
    }

    async fn edit(&self, edit: &IssueEdit, want: &Want) -> WriteOutcome<Option<IssueSnapshot>> {
        match self.0.fields_for_writing().await {
            Ok(fields) => self.0.edit(edit, want, &fields).await,
            Err(no) => no.outcome(),
        }
    }

    async fn transition(&self, transition: &str, edit: &IssueEdit) -> WriteOutcome<()> {
        let fields = if edit.fields.is_empty() { Ok(Arc::default()) } else { self.0.fields_for_writing().await };
        let fields = match fields {
            Ok(fields) => fields,
            Err(no) => return no.outcome(),
        };
        let issue = edit.issue;
        let path = ["issue", &issue.to_string(), "transitions"];
        let body = Encoder { kind: self.0.kind, fields: &fields }.transition(transition, edit);
        let attempt = format!("taking transition {transition} of issue {issue}");
        let call = Call::with_body("doTransition", Method::POST, &path, body, attempt).on(issue);
        match self.0.write(&call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn attach(&self, issue: IssueId, draft: &FileDraft, pieces: Pieces) -> WriteOutcome<AttachmentId> {
        self.0.attach(issue, draft, pieces).await
    }

    async fn detach(&self, issue: IssueId, file: &AttachmentId) -> WriteOutcome<()> {
        self.0.detach(issue, file).await
    }

    async fn edit_comment(
        &self,
        issue: IssueId,
        comment: &CommentId,
        body: &NativeValue,
        silent: bool,
    ) -> WriteOutcome<()> {
        let fields = FieldList::default();
        let body = Encoder { kind: self.0.kind, fields: &fields }.comment_edit(body);
        let path = ["issue", &issue.to_string(), "comment", comment.as_str()];
        let attempt = format!("changing comment {comment} of issue {issue}");
        let call = Call::with_body("updateComment", Method::PUT, &path, body, attempt).on(issue);
        match self.0.write(&self.0.without_mails(call, silent)).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn delete_comment(&self, issue: IssueId, comment: &CommentId) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "comment", comment.as_str()];
        let attempt = format!("deleting comment {comment} of issue {issue}");
        let call = Call::without_body("deleteComment", Method::DELETE, &path, attempt).on(issue);
        match self.0.write(&call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn log_work(
        &self,
        issue: IssueId,
        spent: Spent,
        body: &NativeValue,
        mark: &str,
        silent: bool,
    ) -> WriteOutcome<CommentId> {
        self.0.log_work(issue, spent, body, mark, silent).await
    }

    async fn edit_work(
        &self,
        issue: IssueId,
        worklog: &CommentId,
        spent: Spent,
        body: &NativeValue,
        silent: bool,
    ) -> WriteOutcome<()> {
        self.0.edit_work(issue, worklog, spent, body, silent).await
    }

    async fn delete_work(&self, issue: IssueId, worklog: &CommentId, silent: bool) -> WriteOutcome<()> {
        self.0.delete_work(issue, worklog, silent).await
    }

    async fn link(&self, issue: IssueId, link: &RemoteLink) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "remotelink"];
        let attempt = format!("linking issue {issue} to {}", link.title);
        let call = Call::with_body("createOrUpdateRemoteIssueLink", Method::POST, &path, encode::link(link), attempt);
        match self.0.write(&call.on(issue)).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn unlink(&self, issue: IssueId, global_id: &str) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "remotelink"];
        let attempt = format!("taking a link of issue {issue} away");
        let call = Call::without_body("deleteRemoteIssueLinkByGlobalId", Method::DELETE, &path, attempt);
        let outcome = self.0.remove(&call.query("globalId", global_id).on(issue)).await;
        // No read of the issue tells of it: the list of its links says alone that it is gone.
        if outcome == WriteOutcome::NotFound && !self.0.may_be_linked(issue, global_id).await {
            return WriteOutcome::Done(());
        }
        outcome
    }

    async fn unmark(&self, issue: IssueId) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "properties", wire::OURS];
        let attempt = format!("taking our mark away from issue {issue}");
        let call = Call::without_body("deleteIssueProperty", Method::DELETE, &path, attempt);
        let outcome = self.0.remove(&call.on(issue)).await;
        if outcome == WriteOutcome::NotFound && matches!(self.0.issue_property(issue, wire::OURS).await, Ok(None)) {
            return WriteOutcome::Done(());
        }
        outcome
    }

    async fn unmark_comment(&self, issue: IssueId, comment: &CommentId) -> WriteOutcome<()> {
        let path = ["comment", comment.as_str(), "properties", wire::OURS];
        let attempt = format!("taking our mark away from comment {comment} of issue {issue}");
        let call = Call::without_body("deleteCommentProperty", Method::DELETE, &path, attempt);
        let outcome = self.0.remove(&call.on(issue)).await;
        if outcome == WriteOutcome::NotFound && matches!(self.0.comment_property(issue, comment).await, Ok(None)) {
            return WriteOutcome::Done(());
        }
        outcome
    }

    async fn unmark_work(&self, issue: IssueId, worklog: &CommentId) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "worklog", worklog.as_str(), "properties", wire::OURS];
        let attempt = format!("taking our mark away from work {worklog} of issue {issue}");
        self.0.remove(&Call::without_body("deleteWorklogProperty", Method::DELETE, &path, attempt).on(issue)).await
    }

    async fn delete(&self, issue: IssueId) -> WriteOutcome<()> {
        let attempt = format!("deleting issue {issue}");
        let call = Call::without_body("deleteIssue", Method::DELETE, &["issue", &issue.to_string()], attempt);
        self.0.remove(&call.on(issue)).await
    }

    async fn add_issue_link(&self, kind: &str, from: IssueId, to: IssueId) -> WriteOutcome<()> {
        let attempt = format!("linking issue {from} to issue {to} by `{kind}`");
        let body = encode::issue_link(kind, from, to);
        match self.0.write(&Call::with_body("linkIssues", Method::POST, &["issueLink"], body, attempt).on(from)).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn delete_issue_link(&self, issue: IssueId, link: &str) -> WriteOutcome<()> {
        let attempt = format!("taking link {link} of issue {issue} away");
        let call = Call::without_body("deleteIssueLink", Method::DELETE, &["issueLink", link], attempt).on(issue);
        match self.0.write(&call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    async fn watch(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()> {
        self.0.add_watcher(issue, account).await
    }

    async fn unwatch(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()> {
        self.0.remove_watcher(issue, account).await
    }

    async fn offer(&self, project: &str, thing: Thing, name: &str) -> WriteOutcome<SeenThing> {
        self.0.post_thing(project, thing, &ThingValues::from([(Property::Name, name.to_owned())])).await
    }

    async fn make_thing(&self, project: &str, thing: Thing, values: &ThingValues) -> WriteOutcome<SeenThing> {
        self.0.post_thing(project, thing, values).await
    }

    async fn change_thing(&self, thing: Thing, native: &str, values: &ThingValues) -> WriteOutcome<Option<SeenThing>> {
        self.0.put_thing(thing, native, values).await
    }

    async fn add_comment(
        &self,
        issue: IssueId,
        body: &NativeValue,
        readers: &Visibility,
        mark: &str,
    ) -> WriteOutcome<CommentId> {
        let fields = FieldList::default();
        let Some(body) = Encoder { kind: self.0.kind, fields: &fields }.comment(body, readers, mark) else {
            return WriteOutcome::NotSent { why: "nobody can be named to read it".to_owned(), wait_ms: 60_000 };
        };
        let path = ["issue", &issue.to_string(), "comment"];
        let attempt = format!("commenting on issue {issue}");
        let call = Call::with_body("addComment", Method::POST, &path, body, attempt).on(issue);
        match self.0.write(&call).await {
            Written::Yes(answer) => match decode::read::<wire::CreatedThing>(&answer.body) {
                Ok(created) => WriteOutcome::Done(CommentId::new(created.id.0)),
                Err(failure) => WriteOutcome::InDoubt(failure.to_string()),
            },
            Written::No(no) => no.outcome(),
        }
    }
}

impl Client {
    /// Sends a deletion. What is not found need not be gone: a proxy that starts says so of everything.
    async fn remove(&self, call: &Call) -> WriteOutcome<()> {
        match self.write(call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    /// The number of a project: a version is made by it.
    pub(super) async fn project_number(&self, project: &str) -> Result<u64, JiraError> {
        let attempt = format!("reading project {project}");
        let found: wire::Thing = self.read(&Call::get("getProject", &["project", project], &attempt)).await?;
        found.id.number().ok_or_else(|| self.error(&attempt, Failure::Unreadable("an id that is no number".to_owned())))
    }

    /// The field list for encoding. Without it a version would be written as a label is, and refused.
    async fn fields_for_writing(&self) -> Result<Arc<FieldList>, NotDone> {
        self.field_list(false).await.map_err(|error| NotDone::NotSent(error.to_string(), MEND_WAIT_MS))
    }

    async fn create_one(&self, draft: &IssueDraft, fields: &FieldList) -> WriteOutcome<Created> {
        let body = Encoder { kind: self.kind, fields }.draft(draft);
        let attempt = format!("creating an issue in project {}", draft.project);
        match self.write(&Call::with_body("createIssue", Method::POST, &["issue"], body, attempt)).await {
            Written::Yes(answer) => match decode::read::<wire::CreatedThing>(&answer.body) {
                Ok(created) => done(created),
                Err(failure) => WriteOutcome::InDoubt(failure.to_string()),
            },
            // A missing project is a no to the create, not a missing issue.
            Written::No(NotDone::NotFound) => WriteOutcome::Refused(Refusal {
                status: 404,
                messages: vec![format!("project {} is not there, or not visible", draft.project)],
                ..Refusal::default()
            }),
            Written::No(no) => by_part(no.outcome()),
        }
    }

    async fn create_many(&self, drafts: &[IssueDraft], fields: &FieldList) -> Vec<WriteOutcome<Created>> {
        let encoder = Encoder { kind: self.kind, fields };
        let bodies: Vec<Value> = drafts.iter().map(|draft| encoder.draft(draft)).collect();
        let body = json!({ "issueUpdates": bodies });
        let attempt = format!("creating {} issues", drafts.len());
        let all = |no: &NotDone| drafts.iter().map(|_| no.clone().outcome()).collect();
        match self.write_many(&Call::with_body("createIssues", Method::POST, &["issue", "bulk"], body, attempt)).await {
            Ok(many) => assigned(many, drafts.len()),
            Err(NotDone::NotFound) => all(&NotDone::Refused(Refusal { status: 404, ..Refusal::default() })),
            Err(no) => all(&no),
        }
    }

    /// Sends a bulk create. When all failed the answer is a 400 with the same shape.
    async fn write_many(&self, call: &Call) -> Result<wire::CreatedMany, NotDone> {
        match self.write_raw(call).await {
            Ok(Answer { status, body, .. }) if (200..300).contains(&status) => {
                decode::read(&body).map_err(|failure| NotDone::InDoubt(failure.to_string()))
            }
            Ok(Answer { status, body, .. }) => match decode::read::<wire::CreatedMany>(&body) {
                Ok(many) if !many.errors.is_empty() && many.issues.is_empty() => Ok(many),
                Ok(_) | Err(_) => Err(NotDone::Refused(super::client::refusal(status, &body))),
            },
            Err(no) => Err(no),
        }
    }

    async fn edit(&self, edit: &IssueEdit, want: &Want, fields: &FieldList) -> WriteOutcome<Option<IssueSnapshot>> {
        let body = Encoder { kind: self.kind, fields }.edit(edit);
        let path = ["issue", &edit.issue.to_string()];
        let attempt = format!("editing issue {}", edit.issue);
        let mut call = Call::with_body("editIssue", Method::PUT, &path, body, attempt).on(edit.issue);
        if self.kind == Kind::Cloud {
            call = call.query("returnIssue", "true").query("expand", expands(want).join(","));
        }
        if edit.silent {
            call = call.query("notifyUsers", "false");
        }
        match self.write(&call).await {
            Written::Yes(answer) => WriteOutcome::Done(self.returned(&answer, edit.issue, want, fields)),
            Written::No(no) => by_part(no.outcome()),
        }
    }

    /// The issue that an edit gave back, if it is all there: a field that is missing in the answer would look emptied, and
    /// without its log it is no check. A yes stays a yes without it.
    fn returned(&self, answer: &Answer, issue: IssueId, want: &Want, fields: &FieldList) -> Option<IssueSnapshot> {
        if self.kind != Kind::Cloud || answer.body.is_empty() {
            return None;
        }
        let row: Value = decode::read(&answer.body).ok()?;
        row.get("changelog")?;
        let given = row.get("fields")?;
        // Without a parent there is no such field.
        let is_given = |field: &FieldId| field.as_str() == PARENT || given.get(field.as_str()).is_some();
        want.fields.iter().all(is_given).then_some(())?;
        let snapshot = Decoder { kind: self.kind, fields }.issue(row, want).ok()?;
        (snapshot.id == issue).then_some(snapshot)
    }
}

/// What Jira says of the estimates together is said of each; what it says of a parent under another name, of the parent.
fn by_part<T>(mut outcome: WriteOutcome<T>) -> WriteOutcome<T> {
    if let WriteOutcome::Refused(refusal) = &mut outcome {
        if let Some(why) = refusal.fields.remove(TIME_TRACKING) {
            refusal.fields.extend(ESTIMATES.map(|(field, _)| (field.to_owned(), why.clone())));
        }
        if let Some(why) = refusal.fields.remove("parentId") {
            refusal.fields.insert(PARENT.to_owned(), why);
        }
    }
    outcome
}

fn done(created: wire::CreatedThing) -> WriteOutcome<Created> {
    match (created.id.number(), created.key) {
        (Some(id), Some(key)) => WriteOutcome::Done(Created { id: IssueId(id), key: IssueKey::new(key) }),
        (_, _) => WriteOutcome::InDoubt("the answer does not name what was created".into()),
    }
}

/// One outcome per draft. `issues` holds those that were created, in the order of the drafts; the errors say which drafts
/// failed. Where the numbers do not add up, nothing is guessed.
fn assigned(many: wire::CreatedMany, count: usize) -> Vec<WriteOutcome<Created>> {
    let mut outcomes: Vec<Option<WriteOutcome<Created>>> = (0..count).map(|_| None).collect();
    let mut adds_up = many.issues.len() + many.errors.len() == count;
    for error in many.errors {
        let refusal = refusal_of(error.status.unwrap_or(400), error.element_errors.unwrap_or_default());
        match error.failed_element_number.and_then(|at| outcomes.get_mut(at)) {
            Some(place) if place.is_none() => *place = Some(by_part(WriteOutcome::Refused(refusal))),
            Some(_) | None => adds_up = false,
        }
    }
    let mut created = many.issues.into_iter();
    let doubt = || WriteOutcome::InDoubt("the answer does not say which of the issues were created".into());
    let place = |outcome: Option<WriteOutcome<Created>>| match outcome {
        Some(outcome) if adds_up => outcome,
        None if adds_up => created.next().map_or_else(doubt, done),
        Some(_) | None => doubt(),
    };
    outcomes.into_iter().map(place).collect()
}
