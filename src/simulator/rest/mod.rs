//! The REST operations. Each takes the state and one call and gives an answer; none knows about sockets, faults or limits.

mod agile;
mod attachment;
mod comment;
mod desk;
mod issue;
mod issue_link;
mod meta;
mod property;
mod remote;
mod routes;
mod search;
mod thing;
mod transition;
mod user;
pub(crate) mod watcher;
mod webhook;
mod worklog;

use serde_json::Value;

use super::change::By;
use super::permissions;
use super::render::{View, Wanted};
use super::reply::Refusal;
use super::state::{Issue, Project, State};
use super::values::Version;
use std::sync::Arc;

pub(crate) use attachment::{Received, Sent, add as add_attachment, files_of, remove as delete_attachment};
pub(crate) use comment::{add as add_comment, edit as edit_comment, remove as delete_comment};
pub(crate) use issue::{delete as delete_issue, edit as edit_issue, insert as create_issue};
pub(crate) use issue_link::{add as link_issues, remove as unlink_issues};
pub(crate) use property::{issue_delete as delete_issue_property, issue_set as set_issue_property};
pub(crate) use remote::set as link_remotely;
pub(crate) use routes::{Found, Route, find, find_outside};
pub(crate) use thing::{create_component, create_version, update_component, update_version};
pub(crate) use transition::{list as list_transitions, take as take_transition};
pub(crate) use watcher::{add as watch, remove as unwatch, unvote, vote};
pub(crate) use worklog::{add as add_worklog, edit as edit_worklog, remove as delete_worklog};

/// One request, understood as far as its path, query and body go.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) user: Option<String>,
    pub(crate) version: Version,
    /// What the path's placeholders hold, in order.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Value,
    /// The body of an upload, which is no JSON.
    pub(crate) upload: Option<Upload>,
    /// Elements of a list's page at most, whatever is asked for.
    pub(crate) page_cap: u64,
}

/// A multipart body.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) content_type: String,
    pub(crate) body: Received,
    /// Whether `X-Atlassian-Token: no-check` came along.
    pub(crate) token: bool,
}

impl Call {
    pub(crate) fn by(&self) -> By<'_> {
        By { user: self.user.as_deref(), version: self.version }
    }

    pub(crate) fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        View { state, user: self.user.as_deref(), version: self.version }
    }

    pub(crate) fn parameter(&self, index: usize) -> &str {
        self.parameters.get(index).map_or("", String::as_str)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter, repeated or separated by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let all = self.query.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split(','));
        all.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A yes or no, in any case (`validateQuery=True` is sent by a well-known client).
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.query(name).and_then(|text| text.to_ascii_lowercase().parse().ok())
    }

    /// A number of the query; `None` where there is none; 400 where it is not one.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.query(name).filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| Refusal::message(400, format!("Parameter '{name}' must be a number: {text}"))),
        }
    }

    /// `startAt` and `maxResults`, with this default and cap.
    pub(crate) fn page(&self, default: u64, cap: u64) -> Result<(usize, usize), Refusal> {
        let start = self.number("startAt")?.unwrap_or(0);
        let most = self.number("maxResults")?.unwrap_or(default).min(cap).min(self.page_cap);
        Ok((usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(usize::MAX)))
    }

    /// The issue of the first placeholder, if this user may see it; else 404 on Cloud, 404 or 401 on Data Center.
    pub(crate) fn issue(&self, state: &State) -> Result<Arc<Issue>, Refusal> {
        let found =
            state.issue(self.parameter(0)).filter(|issue| permissions::sees(state, issue, self.user.as_deref()));
        found.cloned().ok_or_else(|| {
            if state.is_cloud() {
                Refusal::message(404, "Issue does not exist or you do not have permission to see it.")
            } else if self.user.is_none() {
                Refusal::message(401, "You do not have the permission to see the specified issue.")
            } else {
                Refusal::message(404, "Issue Does Not Exist")
            }
        })
    }

    /// The project of the first placeholder, if this user may see it.
    pub(crate) fn project(&self, state: &State, reference: &str) -> Result<Project, Refusal> {
        let user = self.user.as_deref();
        let found = state
            .project(reference)
            .filter(|project| permissions::holds(state, project, None, user, "BROWSE_PROJECTS"));
        found
            .cloned()
            .ok_or_else(|| Refusal::message(404, format!("No project could be found with key '{reference}'.")))
    }

    /// `fields`, `expand` and `properties` of the query, with this default for the fields.
    pub(crate) fn wanted(&self, default: Option<&str>) -> Wanted {
        let fields = self.list("fields");
        Wanted {
            fields: if fields.is_empty() { default.map(|name| vec![name.to_owned()]) } else { Some(fields) },
            expand: self.list("expand"),
            properties: self.list("properties"),
            changelog_cap: 100,
        }
    }
}

/// Strings of a JSON array, or of one comma-separated string.
pub(crate) fn strings(value: Option<&Value>) -> Vec<String> {
    let Some(value) = value else { return Vec::new() };
    if let Some(text) = value.as_str() {
        return text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    }
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect()
}
