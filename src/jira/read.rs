//! [`JiraRead`] for both kinds. Must never conclude from absence what it did not ask directly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::{Account, Answer, Call, Client};
use super::decode::{self, Decoder};
use super::fields::FieldList;
use super::proof::Needs;
use super::search::{Search, expands, field_names};
use super::{ChangePage, Failure, Identity, JiraError, JiraRead, Permissions, Want, jql, retry, wire};
use crate::model::catalog::Catalog;
use crate::model::ids::{AccountId, CommentId, EntryId, InstanceId, IssueId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, LogEntry, TransitionOffer};
use crate::model::settings::Kind;

/// Issues in one `bulkfetch`.
const BULK: usize = 100;
/// Data Center reads at once, each its own request.
const AT_ONCE: usize = 4;
/// Ids in one `id in (...)`.
const IDS: usize = 500;
const PAGE: usize = 100;

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

    async fn catalog(&self, project: &str, people: &BTreeSet<String>) -> Result<Catalog, JiraError> {
        self.0.catalog(project, people).await
    }

    async fn permissions(&self, project: &str, keys: &[&str]) -> Result<Permissions, JiraError> {
        let attempt = format!("reading our permissions in project {project}");
        let mut call = Call::get("getMyPermissions", &["mypermissions"], attempt).query("projectKey", project);
        if self.0.kind == Kind::Cloud {
            call = call.query("permissions", keys.join(","));
        }
        let known: wire::MyPermissions = self.0.read(&call).await?;
        let has = |key: &str| known.permissions.get(key).is_some_and(|permission| permission.have_permission);
        Ok(keys.iter().map(|key| ((*key).to_owned(), has(key))).collect())
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
            want: Some(want),
            page: page.map(str::to_owned),
            fresh: &[],
            attempt: "asking what changed".to_owned(),
        };
        self.0.rows(&search, want).await
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
                self.0.bulk(part, want, &fields, &mut known).await;
            }
        }
        let rest: BTreeSet<IssueId> = issues.iter().copied().filter(|issue| !known.contains_key(issue)).collect();
        let reads = rest.into_iter().map(|issue| {
            let fields = &fields;
            async move { (issue, self.0.issue(issue, want, fields).await) }
        });
        let read: Vec<_> = futures_util::stream::iter(reads).buffer_unordered(AT_ONCE).collect().await;
        known.extend(read);
        let missing = || Err(self.0.error("reading issues", Failure::NotFound));
        issues.iter().map(|issue| known.get(issue).cloned().unwrap_or_else(missing)).collect()
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

    async fn comment_mark(&self, issue: IssueId, comment: &CommentId) -> Result<Option<String>, JiraError> {
        let attempt = format!("reading our mark on comment {comment} of issue {issue}");
        let path = ["comment", comment.as_str(), "properties", wire::OURS];
        match self.0.read::<wire::Property>(&Call::get("getCommentProperty", &path, attempt)).await {
            Ok(property) => Ok(decode::mark_in(&property.value)),
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn transitions(&self, issue: IssueId) -> Result<Vec<TransitionOffer>, JiraError> {
        let path = ["issue", &issue.to_string(), "transitions"];
        let call = Call::get("getTransitions", &path, format!("reading the transitions of issue {issue}"));
        let found: wire::Transitions = self.0.read(&call.query("expand", "transitions.fields")).await?;
        Ok(decode::offers(found.transitions))
    }

    async fn created_by_us(&self, project: &str, since: Timestamp) -> Result<Vec<IssueSnapshot>, JiraError> {
        self.0.created_by_us(project, since, self).await
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

    async fn learn_time_form(&self, project: &str) -> Result<(), JiraError> {
        self.0.learn_time_form(project).await
    }
}

impl Client {
    async fn identity(&self) -> Result<Identity, JiraError> {
        let mut call = Call::get("getServerInfo", &["serverInfo"], "asking who the server is");
        call.needs = Needs::Nobody;
        let (server, answer): (wire::ServerInfo, _) = self.read_with_answer(&call).await?;
        self.check_kind(&server, &call)?;
        let attempt = "asking who we are";
        let me: wire::User = self.read(&Call::get("getCurrentUser", &["myself"], attempt)).await?;
        let zone_name = me.time_zone.clone().unwrap_or_default();
        let fields = FieldList::default();
        let person = Decoder { kind: self.kind, fields: &fields }.person(me);
        let person = person.ok_or_else(|| self.error(attempt, Failure::Unreadable("nobody is named".into())))?;
        let known = self.account().map(|account| account.id);
        if let Some(known) = known.filter(|known| known != &person.account) {
            let words = format!("we were `{known}` and are now `{}`", person.account);
            return Err(self.error(attempt, Failure::NotUs(words)));
        }
        let zone = jiff::tz::TimeZone::get(&zone_name).ok();
        self.set_account(Account { id: person.account.clone(), zone });
        Ok(Identity {
            account: person.account,
            display_name: person.display_name,
            time_zone: zone_name,
            base_url: server.base_url.unwrap_or_default(),
            version: server.version.unwrap_or_default(),
            skew_ms: skew(&answer, server.server_time),
        })
    }

    fn check_kind(&self, server: &wire::ServerInfo, call: &Call) -> Result<(), JiraError> {
        let is_cloud = server.deployment_type.as_deref() == Some("Cloud");
        if server.deployment_type.is_none() || is_cloud == (self.kind == Kind::Cloud) {
            return Ok(());
        }
        let is = if is_cloud { "a Cloud site" } else { "a Data Center" };
        let words = format!("this is {is}: correct the instance's `kind`");
        Err(self.error(&call.attempt, Failure::NotJira(words)))
    }

    async fn rows(&self, search: &Search<'_>, want: &Want) -> Result<ChangePage, JiraError> {
        let fields = self.fields_for_reading().await?;
        let page = self.search(search).await?;
        let decoder = Decoder { kind: self.kind, fields: &fields };
        let rows = page.rows.into_iter().map(|row| decoder.issue(row, want)).collect::<Result<_, _>>();
        Ok(ChangePage { rows: rows.map_err(|failure| self.error(&search.attempt, failure))?, next: page.next })
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
                            want: None,
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

    /// Cloud: up to 100 issues in one request. Those that do not come are not decided here: `bulkfetch` is silent about them.
    async fn bulk(
        &self,
        issues: &[IssueId],
        want: &Want,
        fields: &FieldList,
        known: &mut BTreeMap<IssueId, Result<IssueSnapshot, JiraError>>,
    ) {
        let ids: Vec<String> = issues.iter().map(ToString::to_string).collect();
        let attempt = format!("reading {} issues", ids.len());
        let mut body = json!({ "issueIdsOrKeys": ids, "fields": field_names(want), "expand": expands(want) });
        if want.mark {
            body["properties"] = json!([wire::OURS]);
        }
        let call = Call::with_body("bulkFetchIssues", Method::POST, &["issue", "bulkfetch"], body, &attempt);
        let found: wire::BulkFetch = match self.read(&call).await {
            Ok(found) => found,
            Err(error) => {
                known.extend(issues.iter().map(|issue| (*issue, Err(error.clone()))));
                return;
            }
        };
        let decoder = Decoder { kind: self.kind, fields };
        for row in found.issues {
            let id = row.get("id").and_then(wire::id_text).and_then(|id| id.parse().ok()).map(IssueId);
            if let Some(id) = id {
                known.insert(id, decoder.issue(row, want).map_err(|failure| self.error(&attempt, failure)));
            }
        }
    }

    /// One issue by a request of its own.
    async fn issue(&self, issue: IssueId, want: &Want, fields: &FieldList) -> Result<IssueSnapshot, JiraError> {
        let attempt = format!("reading issue {issue}");
        let mut call = Call::get("getIssue", &["issue", &issue.to_string()], &attempt)
            .query("fields", field_names(want).join(","))
            .query("expand", expands(want).join(","));
        if want.mark {
            call = call.query("properties", wire::OURS);
        }
        let row: Value = self.read(&call).await?;
        let decoder = Decoder { kind: self.kind, fields };
        decoder.issue(row, want).map_err(|failure| self.error(&attempt, failure))
    }

    /// Cloud: the first page tells how many there are; then from the end back to `after`, as new entries are few.
    async fn log_cloud(&self, issue: IssueId, after: EntryId) -> Result<Vec<wire::Entry>, JiraError> {
        let first = self.log_page(issue, 0).await?;
        let Some(total) = first.total else { return self.log_forward(issue, first).await };
        let (mut entries, mut covered) = (first.values, false);
        let mut end = total;
        while end > PAGE && !covered {
            let start = end.saturating_sub(PAGE).max(PAGE);
            let page = self.log_page(issue, start).await?;
            covered = page.values.iter().any(|entry| entry.id.number().is_some_and(|id| id <= after.0));
            // What was added while we read stands behind the end that we knew.
            if end == total && page.is_last == Some(false) {
                let newer = self.log_page(issue, total).await?;
                entries.extend(newer.values);
            }
            entries.extend(page.values);
            end = start;
        }
        Ok(entries)
    }

    /// Without a total: page by page to the last.
    async fn log_forward(&self, issue: IssueId, first: wire::ChangelogPage) -> Result<Vec<wire::Entry>, JiraError> {
        let (mut entries, mut is_last) = (first.values, first.is_last);
        while is_last == Some(false) {
            let page = self.log_page(issue, entries.len()).await?;
            is_last = if page.values.is_empty() { Some(true) } else { page.is_last };
            entries.extend(page.values);
        }
        Ok(entries)
    }

    async fn log_page(&self, issue: IssueId, start: usize) -> Result<wire::ChangelogPage, JiraError> {
        let path = ["issue", &issue.to_string(), "changelog"];
        let call = Call::get("getChangeLogs", &path, format!("reading the history of issue {issue}"));
        self.read(&call.query("startAt", start.to_string()).query("maxResults", PAGE.to_string())).await
    }

    async fn log_server(&self, issue: IssueId) -> Result<Vec<wire::Entry>, JiraError> {
        #[derive(serde::Deserialize)]
        struct WithLog {
            changelog: wire::Changelog,
        }
        let attempt = format!("reading the history of issue {issue}");
        let call = Call::get("getIssue", &["issue", &issue.to_string()], attempt);
        let found: WithLog = self.read(&call.query("fields", "updated").query("expand", "changelog")).await?;
        Ok(found.changelog.histories)
    }

    async fn all_comments(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError> {
        let attempt = format!("reading the comments of issue {issue}");
        let mut all = Vec::new();
        loop {
            let path = ["issue", &issue.to_string(), "comment"];
            let mut call = Call::get("getComments", &path, &attempt)
                .query("startAt", all.len().to_string())
                .query("maxResults", PAGE.to_string());
            if self.kind == Kind::DataCenter {
                // Only the properties tell which comments are internal to a service desk.
                call = call.query("expand", "properties");
            }
            let page: wire::CommentPage = self.read(&call).await?;
            let (count, total) = (page.comments.len(), page.total);
            all.extend(page.comments);
            match total {
                Some(total) if all.len() < total && count == 0 => {
                    let words = format!("an empty page after {} of {total} comments", all.len());
                    return Err(self.error(&attempt, Failure::Unreadable(words)));
                }
                Some(total) if all.len() < total => {}
                None if count >= PAGE => {}
                Some(_) | None => break,
            }
        }
        let fields = FieldList::default();
        Ok(Decoder { kind: self.kind, fields: &fields }.comments(all))
    }

    async fn created_by_us(
        &self,
        project: &str,
        since: Timestamp,
        reader: &Reader,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
        let attempt = format!("looking for what we created in project {project}");
        let query = format!(
            "{} AND creator = currentUser() AND created >= {} ORDER BY id ASC",
            jql::projects(std::iter::once(project)),
            self.time_form().at_or_before(since),
        );
        let want = Want { mark: true, ..Want::default() };
        if self.kind == Kind::DataCenter {
            // A search gives no properties here: each candidate is read by itself.
            let ids = self.search_ids(query, &[], &attempt).await?;
            let read = reader.issues(&ids, &want).await.into_iter();
            let there = read.filter(|row| !matches!(row, Err(JiraError { failure: Failure::NotFound, .. })));
            return there.collect();
        }
        let mut search = Search { jql: query, want: Some(&want), page: None, fresh: &[], attempt };
        let mut rows = Vec::new();
        loop {
            let page = self.rows(&search, &want).await?;
            rows.extend(page.rows);
            search.page = page.next;
            if search.page.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Tries both forms around the newest issue of the project: each must find it just before its `updated` and not well after.
    async fn learn_time_form(&self, project: &str) -> Result<(), JiraError> {
        let attempt = "trying how times are read in JQL";
        let scope = jql::projects(std::iter::once(project));
        let want = Want::default();
        let newest = Search {
            jql: format!("{scope} ORDER BY updated DESC"),
            want: Some(&want),
            page: None,
            fresh: &[],
            attempt: attempt.to_owned(),
        };
        let Some(known) = self.rows(&newest, &want).await?.rows.into_iter().next() else { return Ok(()) };
        let after = known.updated.checked_add(jiff::SignedDuration::from_mins(3)).unwrap_or(Timestamp::MAX);
        let forms =
            [Some(jql::TimeForm::Epoch), self.account().and_then(|account| account.zone).map(jql::TimeForm::Minutes)];
        for form in forms.into_iter().flatten() {
            let finds = async |at: Timestamp| {
                let clause = format!("{scope} AND {} AND updated >= {}", jql::ids(&[known.id]), form.at_or_before(at));
                match self.search_ids(clause, &[], attempt).await {
                    Ok(found) => Ok(Some(!found.is_empty())),
                    Err(JiraError { failure: Failure::Refused(_), .. }) => Ok(None),
                    Err(error) => Err(error),
                }
            };
            if finds(known.updated).await? == Some(true) && finds(after).await? == Some(false) {
                self.set_time_form(form);
                return Ok(());
            }
        }
        self.set_time_form(jql::TimeForm::Wide);
        Ok(())
    }
}

/// Server time minus ours. `serverTime` has milliseconds; it is believed as far as the `Date` header, which has seconds, does
/// not contradict it.
fn skew(answer: &Answer, told: Option<wire::Stamp>) -> i64 {
    let middle = answer.middle_ms;
    let date = answer.headers.get("date").and_then(|value| value.to_str().ok()).and_then(retry::http_date);
    // A header is cut to the second: half a second later is the best guess.
    let by_date = date.map(|date| date.as_millisecond() + 500 - middle);
    let by_body = told.map(|told| told.0.as_millisecond() - middle);
    match (by_date, by_body) {
        (Some(date), Some(body)) if (date - body).abs() <= 2_000 => body,
        (Some(date), _) => date,
        (None, body) => body.unwrap_or(0),
    }
}
