//! Who belongs to a group or has a role of a project. Must never take a refusal for "nobody": it is an error.
//!
//! Cloud's v3 document says how a role is looked up: the actors of the role in the project, held against the groups that
//! `GET user` gives with `expand=groups`. Data Center answers the same way; its document shows the groups in the answer and
//! leaves the parameter out.

use std::collections::{BTreeMap, BTreeSet};

use super::call::Call;
use super::client::Client;
use super::{JiraError, wire};
use crate::model::ids::AccountId;
use crate::model::settings::Kind;

/// Who has a role in a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleActors {
    /// As themselves.
    pub accounts: BTreeSet<AccountId>,
    /// The groups whose members have it, by their names.
    pub groups: BTreeSet<String>,
}

impl Client {
    /// The names of the groups that an account is in, also by other groups. `None`: Jira does not show them.
    pub(super) async fn groups_of(&self, account: &AccountId) -> Result<Option<BTreeSet<String>>, JiraError> {
        let attempt = format!("asking which groups `{account}` is in");
        let name = match self.kind {
            Kind::Cloud => "accountId",
            Kind::DataCenter => "username",
        };
        let call = Call::get("getUser", &["user"], attempt).query(name, account.as_str()).query("expand", "groups");
        let user: wire::UserWithGroups = self.read(&call).await?;
        // A list that is cut says nothing about the groups that it lacks.
        let whole = user.groups.filter(|groups| groups.size.is_none_or(|size| size <= groups.items.len()));
        Ok(whole.map(|groups| groups.items.into_iter().map(|group| group.name).collect()))
    }

    /// Who has a role in a project; `None`: there is no role of that name.
    pub(super) async fn role_actors(&self, project: &str, role: &str) -> Result<Option<RoleActors>, JiraError> {
        let attempt = format!("reading the roles of project {project}");
        let call = Call::get("getProjectRoles", &["project", project, "role"], attempt);
        let roles: BTreeMap<String, String> = self.read(&call).await?;
        let id = roles.get(role).and_then(|address| address.trim_end_matches('/').rsplit('/').next());
        let Some(id) = id.filter(|id| id.bytes().all(|sign| sign.is_ascii_digit())) else { return Ok(None) };
        let attempt = format!("reading who has the role `{role}` in project {project}");
        let read: wire::Role =
            self.read(&Call::get("getProjectRole", &["project", project, "role", id], attempt)).await?;
        let mut actors = RoleActors::default();
        for actor in read.actors {
            let group = actor.kind.as_deref() == Some("atlassian-group-role-actor");
            match (actor.actor_user, actor.actor_group, actor.name) {
                (Some(user), ..) => actors.accounts.extend(user.account_id.map(AccountId::new)),
                (None, Some(group), _) => drop(actors.groups.insert(group.name)),
                (None, None, Some(name)) if group => drop(actors.groups.insert(name)),
                (None, None, Some(name)) => drop(actors.accounts.insert(AccountId::new(name))),
                (None, None, None) => {}
            }
        }
        Ok(Some(actors))
    }
}
