//! What the sync user may do in a project or with an issue, and what sort of project it is. Must never take a key for held that the answer
//! does not name.

use std::collections::BTreeMap;

use super::call::Call;
use super::client::Client;
use super::search::{Ask, Search};
use super::{JiraError, Want, jql, wire};
use crate::model::ids::{IssueId, IssueKey};
use crate::model::settings::Kind;

/// What a sync needs the sync user to be allowed in a project: permission keys to whether it is.
pub type Permissions = BTreeMap<String, bool>;

/// What sort of project one is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Nature {
    /// Whether it is a service desk, whose comments can be internal.
    pub service_desk: bool,
    /// Whether its people keep it by themselves (Cloud): it has no permission scheme.
    pub team_managed: bool,
}

impl Client {
    /// Of the permission keys asked for, in the context that this part of the query names.
    pub(super) async fn permissions(
        &self,
        (name, context): (&'static str, &str),
        keys: &[&str],
        attempt: String,
    ) -> Result<Permissions, JiraError> {
        let mut call = Call::get("getMyPermissions", &["mypermissions"], attempt).query(name, context);
        if self.kind == Kind::Cloud {
            call = call.query("permissions", keys.join(","));
        }
        let known: wire::MyPermissions = self.read(&call).await?;
        let has = |key: &str| known.permissions.get(key).is_some_and(|permission| permission.have_permission);
        Ok(keys.iter().map(|key| ((*key).to_owned(), has(key))).collect())
    }

    pub(super) async fn nature(&self, project: &str) -> Result<Nature, JiraError> {
        let attempt = format!("reading project {project}");
        let found: wire::Project = self.read(&Call::get("getProject", &["project", project], &attempt)).await?;
        Ok(Nature {
            service_desk: found.project_type_key.as_deref() == Some("service_desk"),
            team_managed: found.style.as_deref() == Some("next-gen"),
        })
    }

    /// The key that a project has now. Jira finds it by a former one, too (memory).
    pub(super) async fn key_now(&self, project: &str) -> Result<String, JiraError> {
        let attempt = format!("asking which key project {project} has now");
        let found: wire::Project = self.read(&Call::get("getProject", &["project", project], &attempt)).await?;
        Ok(found.key.unwrap_or_else(|| project.to_owned()))
    }

    pub(super) async fn newest(
        &self,
        project: &str,
        clause: Option<&str>,
    ) -> Result<Option<(IssueId, IssueKey)>, JiraError> {
        let clause = clause.and_then(jql::wrapped).map(|clause| format!(" AND {clause}")).unwrap_or_default();
        let want = Want::default();
        let search = Search {
            jql: format!("{}{clause} ORDER BY updated DESC", jql::projects(std::iter::once(project))),
            ask: Ask::Rows(&want),
            page: None,
            fresh: &[],
            attempt: format!("looking for an issue of project {project}"),
        };
        let page = self.rows(&search, &want).await?;
        Ok(page.rows.into_iter().next().map(|row| (row.id, row.key)))
    }
}
