//! Who watches an issue: read as a list, and changed one by one. Must never take a list that shows fewer than there are for all of
//! them: without the right to see them Jira tells their number alone.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::Call;
use super::client::{Client, Written};
use super::decode::Decoder;
use super::fields::FieldList;
use super::{JiraError, WriteOutcome, wire};
use crate::model::ids::{AccountId, IssueId};
use crate::model::issue::{Watched, Watchers};
use crate::model::settings::Kind;

/// `configuration`, on both kinds: what is switched on in all of a Jira (v3, dc).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    watching_enabled: Option<bool>,
}

impl Client {
    /// Whether issues can be watched at all.
    pub(super) async fn is_watching_on(&self) -> Result<bool, JiraError> {
        let call = Call::get("getConfiguration", &["configuration"], "reading whether issues can be watched");
        let configuration: Configuration = self.read(&call).await?;
        Ok(configuration.watching_enabled.unwrap_or(true))
    }

    /// Who watches an issue.
    pub(super) async fn list_watchers(&self, issue: IssueId) -> Result<Watchers, JiraError> {
        let attempt = format!("reading who watches issue {issue}");
        let call = Call::get("getIssueWatchers", &["issue", &issue.to_string(), "watchers"], attempt);
        let list: wire::Watchers = self.read(&call).await?;
        let fields = FieldList::default();
        let decoder = Decoder { kind: self.kind, fields: &fields };
        let people = list.watchers.into_iter().filter_map(|user| decoder.person(user));
        let accounts: std::collections::BTreeSet<AccountId> = people.map(|person| person.account).collect();
        let watched = watched(list.watch_count, list.is_watching);
        let shown = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
        Ok(Watchers { whole: shown >= list.watch_count, accounts, watched, read: self.clock.now() })
    }

    /// Makes somebody a watcher. The body is a bare JSON string: an account id, or a user name of Data Center.
    pub(super) async fn add_watcher(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()> {
        let attempt = format!("making `{account}` a watcher of issue {issue}");
        let path = ["issue", &issue.to_string(), "watchers"];
        let call = Call::with_body("addWatcher", Method::POST, &path, json!(account.as_str()), attempt).on(issue);
        match self.write(&call).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }

    /// Takes somebody from the watchers.
    pub(super) async fn remove_watcher(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()> {
        let attempt = format!("taking `{account}` from the watchers of issue {issue}");
        let path = ["issue", &issue.to_string(), "watchers"];
        let name = match self.kind {
            Kind::Cloud => "accountId",
            Kind::DataCenter => "username",
        };
        let call = Call::without_body("removeWatcher", Method::DELETE, &path, attempt).on(issue);
        match self.write(&call.query(name, account.as_str())).await {
            Written::Yes(_) => WriteOutcome::Done(()),
            Written::No(no) => no.outcome(),
        }
    }
}

fn watched(count: u64, by_us: bool) -> Watched {
    Watched { others: count.saturating_sub(u64::from(by_us)), by_us }
}

/// How many watch an issue, as its field tells.
pub(super) fn count(field: &Value) -> Option<Watched> {
    let (count, by_us) = (field.get("watchCount")?.as_u64()?, field.get("isWatching")?.as_bool()?);
    Some(watched(count, by_us))
}
