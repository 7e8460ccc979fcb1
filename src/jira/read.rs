//! [`JiraRead`] for both kinds. Must never conclude from absence what it did not ask directly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::Call;
use super::client::Client;
use super::created::{Made, Makers};
use super::decode::{self, Decoder};
use super::fields::FieldList;
use super::pages::Trail;
use super::search::{Ask, Search, expands, field_names};
use super::transport::Pieces;
use super::{
    Budget, CallCount, ChangePage, Failure, Identity, JiraError, JiraRead, Nature, Permissions, ReadRows, Refusal,
    RoleActors, TimesRead, TouchedPage, UnreadRow, Want, jql, wire,
};
use crate::model::catalog::{Catalog, LinkWords, RequestType};
use crate::model::ids::{AccountId, AttachmentId, CommentId, EntryId, FieldId, InstanceId, IssueId, IssueKey};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, LogEntry, Named, TransitionOffer, Watchers};
use crate::model::operation::Thing;
use crate::model::settings::Kind;
use crate::model::things::SeenThing;

/// Issues in one `bulkfetch`.
const BULK: usize = 100;
/// Data Center reads at once, each its own request.
const AT_ONCE: usize = 4;
/// Ids in one `id in (...)`.
const IDS: usize = 500;

/// One issue of a bulk read.
struct BulkRow {
    id: Option<IssueId>,
    key: Option<IssueKey>,
    read: Result<IssueSnapshot, JiraError>,
}

/// The reading end of a client.
pub(super) struct Reader(pub(super) Arc<Client>);

#[async_trait]
impl JiraRead for Reader {
    fn instance(&self) -> &InstanceId {
        &self.0.instance
    }

    fn kind(&self) -> Kind {
        self.0.kind
    }

    async fn identity(&self) -> Result<Identity, JiraError> {
        self.0.identity().await
    }

    fn skew_ms(&self) -> Option<i64> {
        self.0.skew_ms()
    }

    fn budget(&self) -> Budget {
        self.0.gate.budget()
    }

    fn calls(&self) -> Vec<CallCount> {
        self.0.calls.counted()
    }

    fn silent_for(&self) -> Option<std::time::Duration> {
        self.0.silence.lasts()
    }

    async fn catalog(&self, project: &str, people: &BTreeSet<String>) -> Result<Catalog, JiraError> {
        self.0.catalog(project, people).await
    }

    async fn edit_screen(&self, project: &str, issue_type: &str) -> Result<Option<BTreeSet<FieldId>>, JiraError> {
        self.0.edit_screen(project, issue_type).await
    }

    async fn permissions(&self, project: &str, keys: &[&str]) -> Result<Permissions, JiraError> {
        let attempt = format!("reading our permissions in project {project}");
        self.0.permissions(("projectKey", project), keys, attempt).await
    }

    async fn permissions_for(&self, issue: IssueId, keys: &[&str]) -> Result<Permissions, JiraError> {
        let attempt = format!("reading our permissions for issue {issue}");
        self.0.permissions(("issueId", &issue.to_string()), keys, attempt).await
    }

    async fn newest(&self, project: &str, jql: Option<&str>) -> Result<Option<(IssueId, IssueKey)>, JiraError> {
        self.0.newest(project, jql).await
    }

    async fn changes(
        &self,
        projects: &BTreeSet<String>,
        since: Option<Timestamp>,
        want: &Want,
        page: Option<&str>,
    ) -> Result<ChangePage, JiraError> {
        let mut query = jql::projects(projects.iter().map(String::as_str));
        if let Some(since) = since {
            query = format!("{query} AND updated >= {}", self.0.time_form().at_or_before(since));
        }
        let search = Search {
            jql: format!("{query} ORDER BY updated ASC, id ASC"),
            ask: Ask::Rows(want),
            page: page.map(str::to_owned),
            fresh: &[],
            attempt: "asking what changed".to_owned(),
        };
        self.0.rows(&search, want).await
    }

    async fn crowd(
        &self,
        projects: &BTreeSet<String>,
        (since, until): (Timestamp, Option<Timestamp>),
        after: Option<IssueId>,
        want: &Want,
    ) -> Result<ChangePage, JiraError> {
        let form = self.0.time_form();
        let until = until.map_or_else(String::new, |until| format!(" AND updated < {}", form.after(until)));
        let after = after.map_or_else(String::new, |id| format!(" AND id > {id}"));
        let search = Search {
            jql: format!(
                "{} AND updated >= {}{until}{after} ORDER BY id ASC",
                jql::projects(projects.iter().map(String::as_str)),
                form.at_or_before(since),
            ),
            ask: Ask::Rows(want),
            page: None,
            fresh: &[],
            attempt: "asking what changed".to_owned(),
        };
        self.0.rows(&search, want).await
    }

    async fn touched(
        &self,
        projects: &BTreeSet<String>,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<TouchedPage, JiraError> {
        let query = jql::projects(projects.iter().map(String::as_str));
        let search = Search {
            jql: format!(
                "{query} AND updated >= {} ORDER BY updated DESC, id DESC",
                self.0.time_form().at_or_before(since)
            ),
            ask: Ask::Times,
            page: page.map(str::to_owned),
            fresh: &[],
            attempt: "asking what changed".to_owned(),
        };
        let page = self.0.search(&search).await?;
        let rows = page.rows.into_iter().map(decode::touched).collect::<Result<_, _>>();
        let rows = rows.map_err(|failure| self.0.error(&search.attempt, failure))?;
        Ok(TouchedPage { rows, next: page.next, cut: page.cut })
    }

    async fn listed(
        &self,
        projects: &BTreeSet<String>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Vec<IssueId>, JiraError> {
        let mut query = jql::projects(projects.iter().map(String::as_str));
        if let Some(since) = since {
            query = format!("{query} AND updated >= {}", self.0.time_form().at_or_before(since));
        }
        if let Some(until) = until {
            query = format!("{query} AND updated < {}", self.0.time_form().after(until));
        }
        self.0.search_ids(format!("{query} ORDER BY id ASC"), &[], "asking what changed").await
    }

    async fn rows(&self, issues: &[IssueId], want: &Want) -> Result<ReadRows, JiraError> {
        let mut read = ReadRows::default();
        if self.0.kind == Kind::Cloud {
            read.take(issues, self.issues(issues, want).await)?;
            return Ok(read);
        }
        for part in issues.chunks(BULK) {
            match self.0.all_rows(part, want).await {
                Ok(whole) => {
                    read.rows.extend(whole.rows);
                    read.unread.extend(whole.unread);
                }
                // An id that is gone makes Jira refuse them all.
                Err(JiraError { failure: Failure::Refused(_), .. }) => {
                    read.take(part, self.issues(part, want).await)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    async fn sample(&self, project: &str, issue_type: &str, status: &str) -> Result<Option<IssueId>, JiraError> {
        let search = Search {
            jql: format!(
                "{} AND issuetype = {} AND status = {} ORDER BY updated DESC",
                jql::projects(std::iter::once(project)),
                jql::quoted(issue_type),
                jql::quoted(status)
            ),
            ask: Ask::Times,
            page: None,
            fresh: &[],
            attempt: format!("looking for an issue of project {project} in status `{status}`"),
        };
        let page = self.0.search(&search).await?;
        let first = page.rows.into_iter().next().map(decode::touched).transpose();
        Ok(first.map_err(|failure| self.0.error(&search.attempt, failure))?.map(|(issue, _)| issue))
    }

    async fn matching(&self, project: &str, jql: &str, issues: &[IssueId]) -> Result<BTreeSet<IssueId>, JiraError> {
        let clause = jql::wrapped(jql).map(|clause| format!(" AND {clause}")).unwrap_or_default();
        let query = format!("{}{clause}", jql::projects(std::iter::once(project)));
        let mut found = BTreeSet::new();
        for part in issues.chunks(IDS) {
            self.0.matching(&query, part, &mut found).await?;
        }
        Ok(found)
    }

    async fn issues(&self, issues: &[IssueId], want: &Want) -> Vec<Result<IssueSnapshot, JiraError>> {
        let fields = match self.0.fields_for_reading().await {
            Ok(fields) => fields,
            Err(error) => return issues.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut known = BTreeMap::new();
        if self.0.kind == Kind::Cloud && issues.len() > 1 {
            for part in issues.chunks(BULK) {
                let names: Vec<String> = part.iter().map(ToString::to_string).collect();
                match self.0.bulk(&names, want, &fields).await {
                    Ok(rows) => known.extend(rows.into_iter().filter_map(|row| Some((row.id?, row.read)))),
                    Err(error) => known.extend(part.iter().map(|issue| (*issue, Err(error.clone())))),
                }
            }
        }
        let rest: BTreeSet<IssueId> = issues.iter().copied().filter(|issue| !known.contains_key(issue)).collect();
        let reads = rest.into_iter().map(|issue| {
            let fields = &fields;
            async move { (issue, self.0.issue(&issue.to_string(), want, fields).await) }
        });
        let read: Vec<_> = futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        known.extend(read);
        let missing = || Err(self.0.error("reading issues", Failure::NotFound));
        issues.iter().map(|issue| known.get(issue).cloned().unwrap_or_else(missing)).collect()
    }

    async fn named(&self, keys: &[IssueKey], want: &Want) -> Vec<Result<IssueSnapshot, JiraError>> {
        let fields = match self.0.fields_for_reading().await {
            Ok(fields) => fields,
            Err(error) => return keys.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut known = BTreeMap::new();
        if self.0.kind == Kind::Cloud && keys.len() > 1 {
            for part in keys.chunks(BULK) {
                let names: Vec<String> = part.iter().map(ToString::to_string).collect();
                match self.0.bulk(&names, want, &fields).await {
                    Ok(rows) => known.extend(rows.into_iter().filter_map(|row| Some((row.key?, row.read)))),
                    Err(error) => known.extend(part.iter().map(|key| (key.clone(), Err(error.clone())))),
                }
            }
        }
        // One that was moved comes under another key there, and is asked for by itself.
        let rest: BTreeSet<IssueKey> = keys.iter().filter(|key| !known.contains_key(*key)).cloned().collect();
        let reads = rest.into_iter().map(|key| {
            let fields = &fields;
            async move {
                let read = self.0.issue(key.as_str(), want, fields).await;
                (key, read)
            }
        });
        let read: Vec<_> = futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        known.extend(read);
        let missing = || Err(self.0.error("reading issues", Failure::NotFound));
        keys.iter().map(|key| known.get(key).cloned().unwrap_or_else(missing)).collect()
    }

    async fn log_after(&self, issue: IssueId, after: EntryId) -> Result<Vec<LogEntry>, JiraError> {
        let fields = self.0.fields_for_reading().await?;
        let entries = match self.0.kind {
            Kind::Cloud => self.0.log_cloud(issue, after).await?,
            Kind::DataCenter => self.0.log_server(issue).await?,
        };
        let mut log = Decoder { kind: self.0.kind, fields: &fields }
            .entries(entries)
            .map_err(|failure| self.0.error(&format!("reading the history of issue {issue}"), failure))?;
        log.retain(|entry| entry.id > after);
        Ok(log)
    }

    async fn comments(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError> {
        self.0.all_comments(issue).await
    }

    async fn comment(&self, issue: IssueId, comment: &CommentId) -> Result<Option<CommentSnapshot>, JiraError> {
        let Some(found) = self.0.one_comment(issue, comment).await? else { return Ok(None) };
        let mut read = Vec::new();
        if let Some(parent) = found.parent_id.as_ref().and_then(wire::id_text) {
            // Who may read an answer depends on what it answers, here as in a list.
            read.extend(self.0.one_comment(issue, &CommentId::new(parent)).await?);
        }
        read.push(found);
        let fields = FieldList::default();
        let decoded = Decoder { kind: self.0.kind, fields: &fields }.comments(read);
        Ok(decoded.into_iter().find(|read| &read.id == comment))
    }

    async fn comment_mark(&self, issue: IssueId, comment: &CommentId) -> Result<Option<String>, JiraError> {
        let value = self.0.comment_property(issue, comment).await?;
        Ok(value.as_ref().and_then(decode::mark_in))
    }

    async fn worklogs(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError> {
        self.0.all_worklogs(issue).await
    }

    async fn watchers(&self, issue: IssueId) -> Result<Watchers, JiraError> {
        self.0.list_watchers(issue).await
    }

    async fn is_watching_on(&self) -> Result<bool, JiraError> {
        self.0.is_watching_on().await
    }

    async fn remote_addresses(&self, issue: IssueId) -> Result<Vec<String>, JiraError> {
        self.0.remote_addresses(issue).await
    }

    async fn issue_property(&self, issue: IssueId, name: &str) -> Result<Option<Value>, JiraError> {
        self.0.issue_property(issue, name).await
    }

    async fn transitions(&self, issue: IssueId) -> Result<Vec<TransitionOffer>, JiraError> {
        let path = ["issue", &issue.to_string(), "transitions"];
        let call = Call::get("getTransitions", &path, format!("reading the transitions of issue {issue}"));
        let found: wire::Transitions = self.0.read(&call.query("expand", "transitions.fields")).await?;
        Ok(decode::offers(found.transitions))
    }

    async fn created_by_us(&self, project: Option<&str>, since: Timestamp, former: &Makers) -> Result<Made, JiraError> {
        self.0.created_by_us(project, since, former, self).await
    }

    async fn link_types(&self) -> Result<Vec<(String, LinkWords)>, JiraError> {
        let call = Call::get("getIssueLinkTypes", &["issueLinkType"], "reading the types of issue links");
        match self.0.read::<wire::LinkTypes>(&call).await {
            Ok(found) => {
                let words =
                    |kind: wire::LinkType| (kind.name, LinkWords { outward: kind.outward, inward: kind.inward });
                Ok(found.issue_link_types.into_iter().map(words).collect())
            }
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn resolutions(&self) -> Result<Vec<String>, JiraError> {
        let call = Call::get("getResolutions", &["resolution"], "reading the resolutions");
        let found: Vec<wire::Thing> = self.0.read(&call).await?;
        Ok(found.into_iter().map(|thing| thing.name).collect())
    }

    async fn sprints(&self, project: &str) -> Result<Vec<Named>, JiraError> {
        self.0.sprints(project).await
    }

    async fn request_types(&self, project: &str, field: &FieldId) -> Result<Vec<RequestType>, JiraError> {
        self.0.request_types(project, field).await
    }

    async fn upload_limit(&self) -> Result<Option<u64>, JiraError> {
        self.0.upload_limit().await
    }

    async fn file(&self, file: &AttachmentId, name: &str, size: u64) -> Result<Pieces, JiraError> {
        self.0.file(file, name, size).await
    }

    async fn assignable(&self, project: &str, account: &AccountId) -> Result<bool, JiraError> {
        let attempt = format!("asking whether `{account}` may be assigned in project {project}");
        let name = match self.0.kind {
            Kind::Cloud => "accountId",
            Kind::DataCenter => "username",
        };
        let call = Call::get("findAssignableUsers", &["user", "assignable", "search"], attempt)
            .query("project", project)
            .query(name, account.as_str());
        let found: Vec<wire::User> = self.0.read(&call).await?;
        let fields = FieldList::default();
        let decoder = Decoder { kind: self.0.kind, fields: &fields };
        Ok(found.into_iter().filter_map(|user| decoder.person(user)).any(|person| &person.account == account))
    }

    async fn groups_of(&self, account: &AccountId) -> Result<Option<BTreeSet<String>>, JiraError> {
        self.0.groups_of(account).await
    }

    async fn role_actors(&self, project: &str, role: &str) -> Result<Option<RoleActors>, JiraError> {
        self.0.role_actors(project, role).await
    }

    async fn things(&self, project: &str, thing: Thing) -> Result<Vec<SeenThing>, JiraError> {
        self.0.list_things(project, thing).await
    }

    async fn nature(&self, project: &str) -> Result<Nature, JiraError> {
        self.0.nature(project).await
    }

    async fn key_now(&self, project: &str) -> Result<String, JiraError> {
        self.0.key_now(project).await
    }

    async fn learn_time_form(&self, project: &str) -> Result<TimesRead, JiraError> {
        self.0.learn_time_form(project).await
    }

    async fn zone_now(&self) -> Result<Option<String>, JiraError> {
        self.0.zone_now().await
    }
}

impl ReadRows {
    /// Takes what came of reading these issues one by one. One that is gone is left out, one that nobody can read is named.
    ///
    /// # Errors
    /// The instance did not answer, or refused.
    pub fn take(
        &mut self,
        issues: &[IssueId],
        answers: Vec<Result<IssueSnapshot, JiraError>>,
    ) -> Result<(), JiraError> {
        for (issue, answer) in issues.iter().zip(answers) {
            match answer {
                Ok(row) => self.rows.push(row),
                Err(JiraError { failure: Failure::NotFound, .. }) => {}
                Err(JiraError { failure: Failure::Unreadable(why), .. }) => {
                    self.unread.push(UnreadRow { issue: Some(*issue), updated: None, why });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Client {
    async fn one_comment(&self, issue: IssueId, comment: &CommentId) -> Result<Option<wire::Comment>, JiraError> {
        let attempt = format!("reading comment {comment} of issue {issue}");
        let path = ["issue", &issue.to_string(), "comment", comment.as_str()];
        let mut call = Call::get("getComment", &path, attempt);
        if self.kind == Kind::DataCenter {
            call = call.query("expand", "properties");
        }
        match self.read::<wire::Comment>(&call).await {
            Ok(found) => Ok(Some(found)),
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn rows(&self, search: &Search<'_>, want: &Want) -> Result<ChangePage, JiraError> {
        let fields = self.fields_for_reading().await?;
        let page = self.search(search).await?;
        let decoder = Decoder { kind: self.kind, fields: &fields };
        let (mut rows, mut unread) = (Vec::new(), Vec::new());
        for row in page.rows {
            let known = decode::touched(row.clone()).ok();
            let id = row.get("id").and_then(wire::id_text).and_then(|id| id.parse().ok()).map(IssueId);
            match decoder.issue(row, want) {
                Ok(row) => rows.push(row),
                Err(failure) => {
                    let why = failure.to_string();
                    tracing::error!(instance = %self.instance, issue = ?id, why, "a row of an answer cannot be read");
                    unread.push(UnreadRow { issue: id, updated: known.map(|(_, updated)| updated), why });
                }
            }
        }
        Ok(ChangePage { rows, unread, next: page.next, cut: page.cut })
    }

    /// Data Center: the rows of some ids. An administrator may set a page to hold fewer rows than are asked for.
    async fn all_rows(&self, issues: &[IssueId], want: &Want) -> Result<ReadRows, JiraError> {
        let attempt = format!("reading {} issues", issues.len());
        let jql = format!("{} ORDER BY id ASC", jql::ids(issues));
        let mut search = Search { jql, ask: Ask::Rows(want), page: None, fresh: &[], attempt };
        let (mut read, mut trail) = (ReadRows::default(), Trail::default());
        loop {
            let page = self.rows(&search, want).await?;
            if page.cut {
                // One of them is gone since the first page: the query is refused, and what was read is not all.
                let refusal = Refusal {
                    status: 400,
                    messages: vec!["a later page was refused".to_owned()],
                    ..Refusal::default()
                };
                return Err(self.error(&search.attempt, Failure::Refused(refusal)));
            }
            if page.next.is_some() && !trail.leads_on(page.rows.iter().map(|row| row.id)) {
                return Err(self.error(&search.attempt, trail.lost()));
            }
            read.rows.extend(page.rows);
            read.unread.extend(page.unread);
            search.page = page.next;
            if search.page.is_none() {
                return Ok(read);
            }
        }
    }

    /// Asks for some ids. An id that is gone makes Jira refuse the whole query, so after a refusal the clause is asked alone;
    /// if it is good, the ids are asked by halves.
    async fn matching(&self, query: &str, part: &[IssueId], found: &mut BTreeSet<IssueId>) -> Result<(), JiraError> {
        let attempt = "asking which issues are in scope";
        let mut waiting = vec![part];
        let mut clause_is_good = false;
        while let Some(part) = waiting.pop() {
            if part.is_empty() {
                continue;
            }
            let asked = self.search_ids(format!("{query} AND {}", jql::ids(part)), part, attempt).await;
            match asked {
                Ok(ids) => found.extend(ids.into_iter().filter(|id| part.contains(id))),
                Err(JiraError { failure: Failure::Refused(refusal), .. }) if refusal.status == 400 => {
                    if !clause_is_good {
                        let search = Search {
                            jql: format!("{query} AND created < \"1970-01-02\""),
                            ask: Ask::Ids,
                            page: None,
                            fresh: &[],
                            attempt: attempt.to_owned(),
                        };
                        self.search(&search).await?;
                        clause_is_good = true;
                    }
                    // One id alone that is refused is gone, so it is not in scope.
                    if part.len() > 1 {
                        let (first, second) = part.split_at(part.len() / 2);
                        waiting.extend([first, second]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Cloud: up to 100 issues in one request, by id or key. Those that do not come are not decided here: `bulkfetch` is silent about
    /// them.
    async fn bulk(&self, names: &[String], want: &Want, fields: &FieldList) -> Result<Vec<BulkRow>, JiraError> {
        let attempt = format!("reading {} issues", names.len());
        let mut body = json!({ "issueIdsOrKeys": names, "fields": field_names(want, None), "expand": expands(want) });
        if want.mark {
            body["properties"] = json!([wire::OURS]);
        }
        let call = Call::with_body("bulkFetchIssues", Method::POST, &["issue", "bulkfetch"], body, &attempt);
        let found: wire::BulkFetch = self.read(&call).await?;
        let decoder = Decoder { kind: self.kind, fields };
        let rows = found.issues.into_iter().map(|row| BulkRow {
            id: row.get("id").and_then(wire::id_text).and_then(|id| id.parse().ok()).map(IssueId),
            key: row.get("key").and_then(Value::as_str).map(IssueKey::from),
            read: decoder.issue(row, want).map_err(|failure| self.error(&attempt, failure)),
        });
        Ok(rows.collect())
    }

    /// One issue by a request of its own, by id or key.
    async fn issue(&self, name: &str, want: &Want, fields: &FieldList) -> Result<IssueSnapshot, JiraError> {
        let attempt = format!("reading issue {name}");
        let epic = fields.epic_link().filter(|_| self.kind == Kind::DataCenter);
        let mut call = Call::get("getIssue", &["issue", name], &attempt)
            .query("fields", field_names(want, epic.as_ref()).join(","))
            .query("expand", expands(want).join(","));
        if want.mark {
            call = call.query("properties", wire::OURS);
        }
        let row: Value = self.read(&call).await?;
        let decoder = Decoder { kind: self.kind, fields };
        let mut read = decoder.issue(row, want).map_err(|failure| self.error(&attempt, failure))?;
        if want.transitions {
            // What answers without any has none on offer, which is told: waited for, they would be asked for without end.
            read.transitions.get_or_insert_default();
        }
        Ok(read)
    }
}
