//! What an issue says of others by itself: remote links and entity properties that somebody else put there. Must never take what is not
//! there for a failure.

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::{Failure, JiraError, wire};
use crate::model::ids::IssueId;

impl Client {
    /// The addresses of an issue's remote links (`GET issue/{}/remotelink`, both kinds; not in pages).
    pub(super) async fn remote_addresses(&self, issue: IssueId) -> Result<Vec<String>, JiraError> {
        let path = ["issue", &issue.to_string(), "remotelink"];
        let call = Call::get("getRemoteIssueLinks", &path, format!("reading the remote links of issue {issue}"));
        match self.read::<Vec<Value>>(&call).await {
            Ok(links) => {
                let address = |link: &Value| Some(link.pointer("/object/url")?.as_str()?.to_owned());
                Ok(links.iter().filter_map(address).collect())
            }
            // Where an administrator switched issue linking off there are none.
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// An entity property of an issue (`GET issue/{}/properties/{}`, both kinds).
    pub(super) async fn issue_property(&self, issue: IssueId, name: &str) -> Result<Option<Value>, JiraError> {
        let path = ["issue", &issue.to_string(), "properties", name];
        let call = Call::get("getIssueProperty", &path, format!("reading property `{name}` of issue {issue}"));
        match self.read::<wire::Property>(&call).await {
            Ok(property) => Ok(Some(property.value)),
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
