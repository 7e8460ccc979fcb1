//! All of an issue's history and all of its comments, page by page. Must never end before the last page.

use super::call::Call;
use super::client::Client;
use super::decode::Decoder;
use super::fields::FieldList;
use super::pages::{Pages, SoFar};
use super::{JiraError, wire};
use crate::model::ids::{EntryId, IssueId};
use crate::model::issue::CommentSnapshot;
use crate::model::settings::Kind;

/// Entries or comments of one page.
const PAGE: usize = 100;

/// What a history is made of.
const ENTRIES: &str = "entries of its history";

/// What is attempted.
fn reading_log(issue: IssueId) -> String {
    format!("reading the history of issue {issue}")
}

impl Client {
    /// Cloud: the first page tells how many there are; then from the end back to `after`, as new entries are few.
    pub(super) async fn log_cloud(&self, issue: IssueId, after: EntryId) -> Result<Vec<wire::Entry>, JiraError> {
        let first = self.log_page(issue, 0).await?;
        let Some(total) = first.total else { return self.log_forward(issue, first).await };
        let mut so_far = SoFar::of(ENTRIES);
        // A page may hold fewer than were asked for.
        let begun = first.values.len();
        let (mut entries, mut covered) = (first.values, false);
        let mut end = total;
        while end > begun && !covered {
            let start = end.saturating_sub(PAGE).max(begun);
            let mut at = start;
            // What was added while we read stands behind the end that we knew.
            let mut goes_on = true;
            while at < end || end == total && goes_on {
                let page = self.log_page(issue, at).await?;
                if page.values.is_empty() {
                    break;
                }
                so_far.take(page.values.len()).map_err(|failure| self.error(&reading_log(issue), failure))?;
                covered |= page.values.iter().any(|entry| entry.id.number().is_some_and(|id| id <= after.0));
                goes_on = page.is_last == Some(false);
                at += page.values.len();
                entries.extend(page.values);
            }
            end = start;
        }
        Ok(entries)
    }

    /// Without a total: page by page to the last.
    async fn log_forward(&self, issue: IssueId, first: wire::ChangelogPage) -> Result<Vec<wire::Entry>, JiraError> {
        let (mut entries, mut is_last, mut so_far) = (first.values, first.is_last, SoFar::of(ENTRIES));
        while is_last == Some(false) {
            let page = self.log_page(issue, entries.len()).await?;
            is_last = if page.values.is_empty() { Some(true) } else { page.is_last };
            let count = page.values.len();
            entries.extend(page.values);
            so_far.take(count).map_err(|failure| self.error(&reading_log(issue), failure))?;
        }
        Ok(entries)
    }

    async fn log_page(&self, issue: IssueId, start: usize) -> Result<wire::ChangelogPage, JiraError> {
        let path = ["issue", &issue.to_string(), "changelog"];
        let call = Call::get("getChangeLogs", &path, reading_log(issue));
        self.read(&call.query("startAt", start.to_string()).query("maxResults", PAGE.to_string())).await
    }

    pub(super) async fn log_server(&self, issue: IssueId) -> Result<Vec<wire::Entry>, JiraError> {
        #[derive(serde::Deserialize)]
        struct WithLog {
            changelog: wire::Changelog,
        }
        let call = Call::get("getIssue", &["issue", &issue.to_string()], reading_log(issue));
        let found: WithLog = self.read(&call.query("fields", "updated").query("expand", "changelog")).await?;
        Ok(found.changelog.histories)
    }

    pub(super) async fn all_comments(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError> {
        let attempt = format!("reading the comments of issue {issue}");
        let mut pages = Pages::new("comments", Some(PAGE));
        loop {
            let path = ["issue", &issue.to_string(), "comment"];
            let mut call = Call::get("getComments", &path, &attempt)
                .query("startAt", pages.start().to_string())
                .query("maxResults", PAGE.to_string());
            if self.kind == Kind::DataCenter {
                // Only the properties tell which comments are internal to a service desk.
                call = call.query("expand", "properties");
            }
            let page: wire::CommentPage = self.read(&call).await?;
            if pages.take(page.comments, page.total).map_err(|failure| self.error(&attempt, failure))? {
                break;
            }
        }
        let fields = FieldList::default();
        Ok(Decoder { kind: self.kind, fields: &fields }.comments(pages.whole()))
    }
}
