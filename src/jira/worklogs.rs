//! Logged work, read and written. Must never let a write of ours move somebody's estimate: `adjustEstimate=leave`, always.

use http::Method;
use serde_json::Value;

use super::call::Call;
use super::client::{Client, Written};
use super::decode::{self, Decoder};
use super::encode::Encoder;
use super::fields::FieldList;
use super::pages::Pages;
use super::{Failure, JiraError, WriteOutcome, wire};
use crate::model::ids::{CommentId, IssueId};
use crate::model::issue::{CommentSnapshot, Comments, NativeValue, Visibility};
use crate::model::remark::Spent;
use crate::model::settings::Kind;

/// Worklogs of one page (Cloud's v3 document). Data Center gives all, and knows no pages.
const PAGE: usize = 5_000;

impl Client {
    /// All logged work of an issue, on Cloud with our marks.
    pub(super) async fn all_worklogs(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError> {
        let attempt = format!("reading the worklogs of issue {issue}");
        let paged = self.kind == Kind::Cloud;
        let mut pages = Pages::new("worklogs", paged.then_some(PAGE));
        loop {
            let mut call = Call::get("getIssueWorklog", &["issue", &issue.to_string(), "worklog"], &attempt);
            if paged {
                call = call
                    .query("startAt", pages.start().to_string())
                    .query("maxResults", PAGE.to_string())
                    .query("expand", "properties");
            }
            let page: wire::WorklogPage = self.read(&call).await?;
            if pages.take(page.worklogs, page.total).map_err(|failure| self.error(&attempt, failure))? {
                break;
            }
        }
        let fields = FieldList::default();
        Ok(Decoder { kind: self.kind, fields: &fields }.worklogs(pages.whole()))
    }

    pub(super) async fn log_work(
        &self,
        issue: IssueId,
        spent: Spent,
        body: &NativeValue,
        mark: &str,
        silent: bool,
    ) -> WriteOutcome<CommentId> {
        let fields = FieldList::default();
        let body = Encoder { kind: self.kind, fields: &fields }.work(spent, body, Some(mark));
        let path = ["issue", &issue.to_string(), "worklog"];
        let attempt = format!("logging work on issue {issue}");
        let call = Call::with_body("addWorklog", Method::POST, &path, body, attempt).on(issue);
        match self.write(&self.without_mails(call, silent).query("adjustEstimate", "leave")).await {
            Written::Yes(answer) => match decode::read::<wire::CreatedThing>(&answer.body) {
                Ok(created) => WriteOutcome::Done(CommentId::new(created.id.0)),
                Err(failure) => WriteOutcome::InDoubt(failure.to_string()),
            },
            Written::No(no) => no.outcome(),
        }
    }

    pub(super) async fn edit_work(
        &self,
        issue: IssueId,
        worklog: &CommentId,
        spent: Spent,
        body: &NativeValue,
        silent: bool,
    ) -> WriteOutcome<()> {
        let fields = FieldList::default();
        let body = Encoder { kind: self.kind, fields: &fields }.work(spent, body, None);
        let path = ["issue", &issue.to_string(), "worklog", worklog.as_str()];
        let attempt = format!("changing worklog {worklog} of issue {issue}");
        let call = Call::with_body("updateWorklog", Method::PUT, &path, body, attempt).on(issue);
        match self.write(&self.without_mails(call, silent).query("adjustEstimate", "leave")).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    pub(super) async fn delete_work(&self, issue: IssueId, worklog: &CommentId, silent: bool) -> WriteOutcome<()> {
        let path = ["issue", &issue.to_string(), "worklog", worklog.as_str()];
        let attempt = format!("deleting worklog {worklog} of issue {issue}");
        let call = Call::without_body("deleteWorklog", Method::DELETE, &path, attempt).on(issue);
        match self.write(&self.without_mails(call, silent).query("adjustEstimate", "leave")).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    /// Asks that nobody is written to, where the contract has that: on Cloud, for work, and for comments that are changed (v3).
    pub(super) fn without_mails(&self, call: Call, silent: bool) -> Call {
        if silent && self.kind == Kind::Cloud { call.query("notifyUsers", "false") } else { call }
    }
}

impl Decoder<'_> {
    /// The logged work that came as a field: the first twenty of `total`.
    pub(super) fn worklogs_in_issue(self, page: Value) -> Result<Comments, Failure> {
        let page: wire::WorklogPage = decode::part(page)?;
        let complete = page.total == Some(page.worklogs.len());
        Ok(Comments { list: self.worklogs(page.worklogs), complete })
    }

    fn worklogs(self, worklogs: Vec<wire::Worklog>) -> Vec<CommentSnapshot> {
        let mut list: Vec<(u64, CommentSnapshot)> =
            worklogs.into_iter().map(|work| (work.id.number().unwrap_or(u64::MAX), self.worklog(work))).collect();
        list.sort_by_key(|(id, work)| (work.created, *id));
        list.into_iter().map(|(_, work)| work).collect()
    }

    fn worklog(self, work: wire::Worklog) -> CommentSnapshot {
        let ours = work.properties.iter().find(|property| property.key == wire::OURS);
        let readers = work.visibility.as_ref().filter(|visibility| !visibility.is_null());
        CommentSnapshot {
            mark: ours.and_then(|property| decode::mark_in(&property.value)),
            id: CommentId::new(work.id.0),
            author: work.author.and_then(|user| self.person(user)),
            created: work.created.0,
            updated: work.updated.map_or(work.created.0, |updated| updated.0),
            body: self.body(work.comment),
            changed_by: work.update_author.and_then(|user| self.person(user)).map(|person| person.account),
            visibility: readers.map_or(Visibility::Everybody, decode::readers),
            answers_lost: false,
            parent: None,
            spent: Some(Spent { started: work.started.0, seconds: work.time_spent_seconds }),
        }
    }
}
