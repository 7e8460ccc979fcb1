//! The answers that are read where a configuration is set up, as far as they are needed. Must never demand what only one kind tells.

use serde::Deserialize;

use super::super::wire::User;

/// `GET serverInfo`, asked of a Jira of which nothing is known yet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Greeting {
    pub(super) version: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) deployment_type: Option<String>,
}

/// A project of a list.
#[derive(Debug, Deserialize)]
pub(super) struct ListedProject {
    pub(super) key: String,
    #[serde(default)]
    pub(super) name: String,
}

/// A page of Cloud's projects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectPage {
    #[serde(default)]
    pub(super) values: Vec<ListedProject>,
    pub(super) is_last: Option<bool>,
}

/// A project with its issue types.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectTypes {
    #[serde(default)]
    pub(super) issue_types: Vec<LevelledType>,
}

/// An issue type with its place in the hierarchy, which Cloud alone tells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LevelledType {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "subtask")]
    pub(super) sub_task: bool,
    pub(super) hierarchy_level: Option<i64>,
}

/// Issue types with their statuses, and what kind of status each is.
#[derive(Debug, Deserialize)]
pub(super) struct TypeWithCategories {
    #[serde(default)]
    pub(super) statuses: Vec<StatusWithCategory>,
}

/// A status with its category.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusWithCategory {
    #[serde(default)]
    pub(super) name: String,
    pub(super) status_category: Option<Category>,
}

/// A category of statuses, by the key that no language changes.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) key: Option<String>,
}

/// A user with what tells people from programs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate {
    #[serde(flatten)]
    pub(super) user: User,
    pub(super) account_type: Option<String>,
    pub(super) active: Option<bool>,
}

/// What a site of Cloud says of itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tenant {
    pub(super) cloud_id: Option<String>,
}
