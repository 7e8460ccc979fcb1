//! What is read of an issue or a comment by its name: the addresses of its remote links, and entity properties. Must never take one refusal
//! for the word that nothing is there.

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::wire;
use super::{Failure, JiraError};
use crate::model::ids::{CommentId, IssueId};

impl Client {
    /// The addresses of an issue's remote links.
    pub(super) async fn remote_addresses(&self, issue: IssueId) -> Result<Vec<String>, JiraError> {
        let address = |link: &Value| Some(link.pointer("/object/url")?.as_str()?.to_owned());
        Ok(self.remote_links(issue).await?.iter().filter_map(address).collect())
    }

    /// Whether an issue has a remote link of a global id, or that cannot be told now.
    pub(super) async fn may_be_linked(&self, issue: IssueId, global_id: &str) -> bool {
        let is_it = |link: &Value| link.get("globalId").and_then(Value::as_str) == Some(global_id);
        self.remote_links(issue).await.map_or(true, |links| links.iter().any(is_it))
    }

    /// `GET issue/{}/remotelink`, both kinds, not in pages. Where an administrator switched issue linking off it is 403; 404 is said of an
    /// issue that is not to be seen, and so is no list.
    async fn remote_links(&self, issue: IssueId) -> Result<Vec<Value>, JiraError> {
        let path = ["issue", &issue.to_string(), "remotelink"];
        let call = Call::get("getRemoteIssueLinks", &path, format!("reading the remote links of issue {issue}"));
        self.read(&call).await
    }

    /// An entity property of an issue (`GET issue/{}/properties/{}`, both kinds).
    pub(super) async fn issue_property(&self, issue: IssueId, name: &str) -> Result<Option<Value>, JiraError> {
        let id = issue.to_string();
        let attempt = format!("reading property `{name}` of issue {issue}");
        self.property(["getIssueProperty", "getIssuePropertyKeys"], ["issue", &id], name, &attempt).await
    }

    /// Our property of a comment (`GET comment/{}/properties/{}`, both kinds).
    pub(super) async fn comment_property(
        &self,
        issue: IssueId,
        comment: &CommentId,
    ) -> Result<Option<Value>, JiraError> {
        let attempt = format!("reading our mark on comment {comment} of issue {issue}");
        let owner = ["comment", comment.as_str()];
        self.property(["getCommentProperty", "getCommentPropertyKeys"], owner, wire::OURS, &attempt).await
    }

    /// A property of what lies at a path. Jira answers 404 where there is none, and also where what has it is not to be seen, or while a proxy
    /// starts: so after a 404 the list of names is asked for, and only that says that there is none.
    async fn property(
        &self,
        [one, all]: [&'static str; 2],
        [kind, id]: [&str; 2],
        name: &str,
        attempt: &str,
    ) -> Result<Option<Value>, JiraError> {
        let call = Call::get(one, &[kind, id, "properties", name], attempt);
        match self.read::<wire::Property>(&call).await {
            Ok(property) => return Ok(Some(property.value)),
            Err(JiraError { failure: Failure::NotFound, .. }) => {}
            Err(error) => return Err(error),
        }
        // That the issue is gone is another one's to say.
        let unclear = |why: &str| Err(self.error(attempt, Failure::Unreadable(why.to_owned())));
        match self.read::<wire::PropertyKeys>(&Call::get(all, &[kind, id, "properties"], attempt)).await {
            Ok(listed) if listed.keys.iter().any(|listed| listed.key == name) => unclear("404, and it is listed"),
            Ok(_) => Ok(None),
            Err(JiraError { failure: Failure::NotFound, .. }) => unclear("404, and so is the list of properties"),
            Err(error) => Err(error),
        }
    }
}
