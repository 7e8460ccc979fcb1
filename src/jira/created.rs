//! What the sync user made, by the index: for a creation whose answer was lost. Must never conclude anything without a row that
//! cannot be read.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::client::Client;
use super::read::Reader;
use super::search::{Ask, Search};
use super::{Failure, JiraError, JiraRead, Want, jql};
use crate::model::ids::{AccountId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::settings::Kind;

/// As many of a Data Center are read one by one without asking which of them are known.
const FEW: usize = 20;

/// Earlier accounts of the sync user.
pub type Makers = BTreeSet<AccountId>;

/// What the sync user made.
#[derive(Debug, Clone)]
pub enum Made {
    /// All of it, with our marks.
    Rows(Vec<IssueSnapshot>),
    /// More than a page holds: the ids, so that only those need be read that nobody knows.
    Many {
        /// What was made, maybe by others.
        issues: Vec<IssueId>,
        /// Who made what counts; empty: all of it does.
        by: Makers,
    },
}

/// The rows of what was made, with our marks; of many only those that `is_known` says nothing of.
///
/// # Errors
/// One of them could not be read: it might be the one that is looked for.
pub async fn made(
    read: &dyn JiraRead,
    made: Made,
    is_known: impl Fn(IssueId) -> bool,
) -> Result<Vec<IssueSnapshot>, JiraError> {
    let (issues, by) = match made {
        Made::Rows(rows) => return Ok(rows),
        Made::Many { issues, by } => (issues, by),
    };
    let unknown: Vec<IssueId> = issues.into_iter().filter(|issue| !is_known(*issue)).collect();
    let read = read.issues(&unknown, &Want { mark: true, ..Want::default() }).await.into_iter();
    read.filter(|row| !is_gone(row)).filter(|row| row.as_ref().map_or(true, |row| is_by(&by, row))).collect()
}

/// A row that names no maker may be anybody's.
fn is_by(makers: &Makers, row: &IssueSnapshot) -> bool {
    makers.is_empty() || row.creator.as_ref().is_none_or(|creator| makers.contains(&creator.account))
}

fn is_gone(row: &Result<IssueSnapshot, JiraError>) -> bool {
    matches!(row, Err(JiraError { failure: Failure::NotFound, .. }))
}

impl Client {
    pub(super) async fn created_by_us(
        &self,
        project: Option<&str>,
        since: Timestamp,
        former: &Makers,
        reader: &Reader,
    ) -> Result<Made, JiraError> {
        let place = project.map_or_else(|| "any project".to_owned(), |project| format!("project {project}"));
        let attempt = format!("looking for what we created in {place}");
        let within = project.map(|project| format!("{} AND ", jql::projects(std::iter::once(project))));
        // JQL refuses whole clauses that name an account which is gone by now: then all makers are asked for, and sorted here.
        let by_us = if former.is_empty() { "creator = currentUser() AND " } else { "" };
        let query = format!(
            "{}{by_us}created >= {} ORDER BY id ASC",
            within.unwrap_or_default(),
            self.time_form().at_or_before(since),
        );
        let by: Makers = match former.is_empty() {
            true => Makers::new(),
            false => former.iter().cloned().chain(self.account().map(|account| account.id)).collect(),
        };
        let want = Want { mark: true, ..Want::default() };
        if self.kind == Kind::DataCenter {
            // A search gives no properties here: each candidate is read by itself.
            let ids = self.search_ids(query, &[], &attempt).await?;
            if ids.len() > FEW {
                return Ok(Made::Many { issues: ids, by });
            }
            let read = reader.issues(&ids, &want).await.into_iter().filter(|row| !is_gone(row));
            let ours = read.filter(|row| row.as_ref().map_or(true, |row| is_by(&by, row)));
            return Ok(Made::Rows(ours.collect::<Result<_, _>>()?));
        }
        let search = Search { jql: query.clone(), ask: Ask::Rows(&want), page: None, fresh: &[], attempt };
        let page = self.rows(&search, &want).await?;
        if page.next.is_some() {
            // Fifty times as many fit on a page of ids.
            return Ok(Made::Many { issues: self.search_ids(query, &[], &search.attempt).await?, by });
        }
        // A row that cannot be read might be the one that is looked for: nothing may be concluded without it.
        if let Some(unread) = page.unread.first() {
            return Err(self.error(&search.attempt, Failure::Unreadable(unread.why.clone())));
        }
        Ok(Made::Rows(page.rows.into_iter().filter(|row| is_by(&by, row)).collect()))
    }
}
