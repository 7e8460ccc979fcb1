//! What the sync user made, by the index: for a creation whose answer was lost. Must never conclude anything without a row that
//! cannot be read.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::client::Client;
use super::pages::Trail;
use super::read::Reader;
use super::search::{Ask, Search};
use super::{Failure, JiraError, JiraRead as _, Want, jql};
use crate::model::ids::AccountId;
use crate::model::issue::IssueSnapshot;
use crate::model::settings::Kind;

impl Client {
    pub(super) async fn created_by_us(
        &self,
        project: Option<&str>,
        since: Timestamp,
        former: &BTreeSet<AccountId>,
        reader: &Reader,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
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
        let us = self.account().map(|account| account.id);
        let is_ours = |row: &IssueSnapshot| {
            let maker = row.creator.as_ref().map(|creator| &creator.account);
            former.is_empty()
                || maker.is_none()
                || maker == us.as_ref()
                || maker.is_some_and(|maker| former.contains(maker))
        };
        let want = Want { mark: true, ..Want::default() };
        if self.kind == Kind::DataCenter {
            // A search gives no properties here: each candidate is read by itself.
            let ids = self.search_ids(query, &[], &attempt).await?;
            let read = reader.issues(&ids, &want).await.into_iter();
            let there = read.filter(|row| !matches!(row, Err(JiraError { failure: Failure::NotFound, .. })));
            return there.filter(|row| row.as_ref().map_or(true, is_ours)).collect();
        }
        let mut search = Search { jql: query, ask: Ask::Rows(&want), page: None, fresh: &[], attempt };
        let (mut rows, mut trail) = (Vec::new(), Trail::default());
        loop {
            let page = self.rows(&search, &want).await?;
            if page.next.is_some() && !trail.leads_on(page.rows.iter().map(|row| row.id)) {
                return Err(self.error(&search.attempt, trail.lost()));
            }
            // A row that cannot be read might be the one that is looked for: nothing may be concluded without it.
            if let Some(unread) = page.unread.first() {
                return Err(self.error(&search.attempt, Failure::Unreadable(unread.why.clone())));
            }
            rows.extend(page.rows.into_iter().filter(is_ours));
            search.page = page.next;
            if search.page.is_none() {
                return Ok(rows);
            }
        }
    }
}
