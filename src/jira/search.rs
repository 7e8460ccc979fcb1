//! Searches: Cloud's `search/jql` with its token, Data Center's `search` with its window. Must never take an incomplete page
//! for a complete one.

use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::client::Client;
use super::fields::PARENT;
use super::pages::Trail;
use super::{Failure, JiraError, Want, wire};
use crate::model::ids::{FieldId, IssueId};
use crate::model::settings::Kind;
use crate::planted::{Bug, is_planted};

/// Rows of one page when fields are asked for: more are trimmed by Cloud, and one answer stays small.
const ROWS: usize = 100;
/// Rows of one page when only ids (elsewhere: ids or times) are asked for.
const CLOUD_IDS: usize = 5_000;
const SERVER_IDS: usize = 1_000;
/// `startAt + maxResults` beyond this is refused by Data Center.
const WINDOW: usize = 10_000;
/// The end of a query whose rows come in the order of their ids.
const BY_ID: &str = " ORDER BY id ASC";
/// As many ids Cloud reads past the index in one search.
const RECONCILED: usize = 50;

/// One page of rows as they came.
#[derive(Debug)]
pub(super) struct RawPage {
    pub(super) rows: Vec<Value>,
    pub(super) next: Option<String>,
    /// There is more, but no page leads there: Data Center's window ends.
    pub(super) cut: bool,
}

/// What is said where a search cannot be asked from a later place.
pub(crate) fn beyond() -> Failure {
    Failure::Unreadable("a search goes no further than its window here (10,000 rows by default)".into())
}

/// What one search asks.
#[derive(Debug, Clone)]
pub(super) struct Search<'a> {
    pub(super) jql: String,
    pub(super) ask: Ask<'a>,
    pub(super) page: Option<String>,
    /// Cloud: these are read past the index, if they are few enough.
    pub(super) fresh: &'a [IssueId],
    pub(super) attempt: String,
}

/// What a row of a search brings.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ask<'a> {
    /// Its id alone.
    Ids,
    /// Its id and `updated`.
    Times,
    /// All that a read brings.
    Rows(&'a Want),
}

impl Ask<'_> {
    /// Rows of one page.
    fn size(self, kind: Kind) -> usize {
        match (self, kind) {
            (Self::Rows(_), _) => ROWS,
            (Self::Ids, Kind::Cloud) => CLOUD_IDS,
            (Self::Times, _) | (Self::Ids, Kind::DataCenter) => SERVER_IDS,
        }
    }

    fn fields(self, epic: Option<&FieldId>) -> Vec<String> {
        match self {
            Self::Ids => vec!["id".to_owned()],
            Self::Times => vec!["updated".to_owned()],
            Self::Rows(want) => field_names(want, epic),
        }
    }
}

impl Client {
    /// One page of a search; one request.
    pub(super) async fn search(&self, search: &Search<'_>) -> Result<RawPage, JiraError> {
        let page = match self.kind {
            Kind::Cloud => self.search_cloud(search).await,
            Kind::DataCenter => self.search_server(search).await,
        }?;
        if page.next.is_some() && page.next == search.page {
            let failure = Failure::Unreadable("the next page is the same page".into());
            return Err(self.error(&search.attempt, failure));
        }
        Ok(page)
    }

    /// The ids of all issues that a query finds.
    pub(super) async fn search_ids(
        &self,
        jql: String,
        fresh: &[IssueId],
        attempt: &str,
    ) -> Result<Vec<IssueId>, JiraError> {
        let mut search = Search { jql: jql.clone(), ask: Ask::Ids, page: None, fresh, attempt: attempt.to_owned() };
        let (mut found, mut trail, mut begun) = (Vec::new(), Trail::default(), 0);
        loop {
            let page = self.search(&search).await?;
            if page.cut {
                // Beyond the window the next search begins after the last id, where they come in that order.
                let last = found.last().copied().filter(|_| found.is_sorted() && found.len() > begun);
                let (Some(last), Some(query)) = (last, jql.strip_suffix(BY_ID)) else {
                    return Err(self.error(attempt, beyond()));
                };
                begun = found.len();
                (search.jql, search.page) = (format!("{query} AND id > {last}{BY_ID}"), None);
                continue;
            }
            let before = found.len();
            for row in page.rows {
                let row: wire::OnlyId = super::decode::part(row).map_err(|failure| self.error(attempt, failure))?;
                found.extend(row.id.number().map(IssueId));
            }
            if page.next.is_some() && !trail.leads_on(found.iter().skip(before).copied()) {
                return Err(self.error(attempt, trail.lost()));
            }
            search.page = page.next;
            if search.page.is_none() {
                return Ok(found);
            }
        }
    }

    async fn search_cloud(&self, search: &Search<'_>) -> Result<RawPage, JiraError> {
        let mut body =
            json!({ "jql": search.jql, "maxResults": search.ask.size(self.kind), "fields": search.ask.fields(None) });
        if let Ask::Rows(want) = search.ask {
            body["expand"] = json!(expands(want).join(","));
            if want.mark {
                body["properties"] = json!([wire::OURS]);
            }
        }
        if let Some(token) = &search.page {
            body["nextPageToken"] = json!(token);
        }
        if !search.fresh.is_empty() && search.fresh.len() <= RECONCILED {
            body["reconcileIssues"] = json!(search.fresh);
        }
        let call = Call::with_body("search", Method::POST, &["search", "jql"], body, &search.attempt);
        let page: wire::SearchPage = match self.read(&call).await {
            Ok(page) => page,
            // The query was taken at its first page: this says nothing of it, nor of the ids in it.
            Err(JiraError { failure: Failure::Refused(no), .. }) if search.page.is_some() && no.status == 400 => {
                let why = format!("the next page was refused, though the first was not: {no}");
                return Err(self.error(&search.attempt, Failure::Unreadable(why)));
            }
            Err(error) => return Err(error),
        };
        // On the last page the token is absent or null; `isLast` alone is trusted only when it says so.
        let is_end = page.is_last == Some(true) || is_planted(Bug::PageEndBelieved) && page.issues.is_empty();
        let next = page.next_page_token.filter(|token| !token.is_empty() && !is_end);
        if next.is_none() && page.is_last == Some(false) && !is_end {
            let failure = Failure::Unreadable("more pages are announced, but no token leads there".into());
            return Err(self.error(&search.attempt, failure));
        }
        Ok(RawPage { rows: page.issues, next, cut: false })
    }

    /// Rows that change while we page move to the end and pull the rest one place forward, so a page begins with the last
    /// row of the one before. Where that is not there any more, we go back: a row twice is harmless, a lost one is not.
    async fn search_server(&self, search: &Search<'_>) -> Result<RawPage, JiraError> {
        let unreadable = |words: String| self.error(&search.attempt, Failure::Unreadable(words));
        let place = match &search.page {
            None => Place { start: 0, anchor: None },
            Some(page) => {
                Place::read(page).ok_or_else(|| unreadable(format!("`{page}` is not a page of Data Center")))?
            }
        };
        let size = search.ask.size(self.kind).min(WINDOW.saturating_sub(place.start));
        let cut = || Ok(RawPage { rows: Vec::new(), next: None, cut: true });
        if size == 0 {
            return cut();
        }
        // A parent may stand in a field of its own, which only the list names.
        let epic = self.field_list(false).await?.epic_link();
        let fields = search.ask.fields(epic.as_ref());
        let mut body = json!({ "jql": search.jql, "startAt": place.start, "maxResults": size, "fields": fields });
        if let Ask::Rows(want) = search.ask {
            body["expand"] = json!(expands(want));
        }
        let call = Call::with_body("search", Method::POST, &["search"], body, &search.attempt);
        let page: wire::SearchPage = match self.read(&call).await {
            Ok(page) => page,
            // An administrator may set the window smaller.
            Err(JiraError { failure: Failure::Refused(no), .. }) if place.start > 0 && no.status == 400 => {
                return cut();
            }
            Err(error) => return Err(error),
        };
        let total = page.total.ok_or_else(|| unreadable("no `total`".into()))?;
        let mut rows = page.issues;
        let end = place.start + rows.len();
        if rows.is_empty() && place.start < total && page.max_results != Some(0) {
            return Err(unreadable(format!("an empty page at row {} of {total}", place.start)));
        }
        let last = rows.last().and_then(row_id);
        if let Some(anchor) = place.anchor {
            if rows.first().and_then(row_id) == Some(anchor) {
                rows.remove(0);
            } else {
                // By what a full page holds here, which may be fewer than were asked for; the last one holds fewer still. Two of
                // them, since nothing stands there to tell whether one was enough.
                let full = page.max_results.filter(|most| *most > 0).unwrap_or(size).min(size);
                let back = Place { start: place.start.saturating_sub(full * 2), anchor: None };
                return Ok(RawPage { rows: Vec::new(), next: Some(back.text()), cut: false });
            }
        }
        let next = (end < total).then(|| match last {
            // A page of one row and its anchor alone would not move on.
            Some(_) if end - place.start > 1 => Place { start: end - 1, anchor: last }.text(),
            Some(_) | None => Place { start: end, anchor: None }.text(),
        });
        Ok(RawPage { rows, next, cut: false })
    }
}

/// Where a page of Data Center begins, and the row that must stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    anchor: Option<u64>,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let (start, anchor) = match text.split_once('@') {
            Some((start, anchor)) => (start, Some(anchor.parse().ok()?)),
            None => (text, None),
        };
        Some(Self { start: start.parse().ok()?, anchor })
    }

    fn text(self) -> String {
        self.anchor.map_or_else(|| self.start.to_string(), |anchor| format!("{}@{anchor}", self.start))
    }
}

fn row_id(row: &Value) -> Option<u64> {
    row.get("id").and_then(wire::id_text)?.parse().ok()
}

/// The fields that every snapshot needs, and those that were asked for. `epic`: where Data Center keeps the epic, which is the parent
/// of what is no sub-task.
pub(super) fn field_names(want: &Want, epic: Option<&FieldId>) -> Vec<String> {
    const ALWAYS: [&str; 6] = ["project", "issuetype", "created", "updated", "creator", "security"];
    let mut names: Vec<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
    names.extend(want.fields.iter().map(ToString::to_string).filter(|name| !ALWAYS.contains(&name.as_str())));
    if let Some(epic) = epic.filter(|epic| !want.fields.contains(*epic))
        && want.fields.iter().any(|field| field.as_str() == PARENT)
    {
        names.push(epic.to_string());
    }
    if want.attachments {
        names.push("attachment".to_owned());
    }
    if want.comments && !want.fields.iter().any(|field| field.as_str() == "comment") {
        names.push("comment".to_owned());
    }
    if want.watches {
        names.push("watches".to_owned());
    }
    if want.worklogs {
        names.push("worklog".to_owned());
    }
    names
}

/// What is expanded.
pub(super) fn expands(want: &Want) -> Vec<&'static str> {
    let mut parts = vec!["changelog"];
    if want.transitions {
        // The second brings the screens' fields where the kind knows it, and is ignored elsewhere.
        parts.extend(["transitions", "transitions.fields"]);
    }
    parts
}
