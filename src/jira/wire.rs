//! The JSON of both kinds, as far as we read it: unknown names are ignored, ids may be texts or numbers, times texts or
//! epochs. Must never be seen outside this folder.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The key of our properties on issues and comments, and the `type` of our history metadata.
pub(super) const OURS: &str = "jirasyncd";
/// The name that our sealed mark has in them.
pub(super) const MARK: &str = "mark";

/// An id that comes as text or number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Id(pub(super) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        id_text(&value).map(Self).ok_or_else(|| D::Error::custom("neither a text nor a whole number"))
    }
}

impl Id {
    /// The id as a number.
    pub(super) fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

/// An id of either shape as text.
pub(super) fn id_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
}

/// A time: `2021-01-17T12:34:00.000+0000`, RFC 3339, or epoch milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(pub(super) Timestamp);

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        stamp(&value).map(Self).ok_or_else(|| D::Error::custom("not a time"))
    }
}

fn stamp(value: &Value) -> Option<Timestamp> {
    if let Some(number) = value.as_i64() {
        return Timestamp::from_millisecond(number).ok();
    }
    let text = value.as_str()?;
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).ok().or_else(|| text.parse().ok())
}

/// `serverInfo`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerInfo {
    pub(super) base_url: Option<String>,
    pub(super) version: Option<String>,
    pub(super) deployment_type: Option<String>,
    pub(super) server_time: Option<Stamp>,
}

/// A user of either kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) account_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) key: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) email_address: Option<String>,
    pub(super) time_zone: Option<String>,
}

/// A user with `expand=groups`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct UserWithGroups {
    pub(super) groups: Option<GroupList>,
}

/// The groups of a user.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct GroupList {
    pub(super) size: Option<usize>,
    /// Where it does not come nothing is known: an empty one would say that they are in none.
    pub(super) items: Vec<GroupName>,
}

/// A group by its name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GroupName {
    pub(super) name: String,
}

/// Who has a role.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Role {
    /// Where it does not come nothing is known: an empty one would say that nobody has it.
    pub(super) actors: Vec<RoleActor>,
}

/// One who has a role: on Cloud a user or a group, on Data Center a name and its kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleActor {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    pub(super) actor_user: Option<User>,
    pub(super) actor_group: Option<GroupName>,
}

/// A field of `GET field`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) custom: bool,
    pub(super) schema: Option<Schema>,
}

/// What a field holds.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Schema {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) custom: Option<String>,
    /// What an array holds.
    pub(super) items: Option<String>,
}

/// An issue, with what was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub(super) id: Id,
    pub(super) key: String,
    pub(super) fields: Map<String, Value>,
    pub(super) changelog: Option<Changelog>,
    pub(super) properties: Option<Map<String, Value>>,
    pub(super) transitions: Option<Vec<Transition>>,
}

/// The part of an issue's history that came with it.
#[derive(Debug, Deserialize)]
pub(super) struct Changelog {
    pub(super) total: Option<u64>,
    #[serde(default)]
    pub(super) histories: Vec<Entry>,
}

/// A page of Cloud's changelog.
#[derive(Debug, Deserialize)]
pub(super) struct ChangelogPage {
    pub(super) total: Option<usize>,
    #[serde(rename = "isLast")]
    pub(super) is_last: Option<bool>,
    #[serde(default)]
    pub(super) values: Vec<Entry>,
}

/// One changelog entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) id: Id,
    pub(super) created: Stamp,
    pub(super) author: Option<User>,
    #[serde(default)]
    pub(super) items: Vec<Item>,
    pub(super) history_metadata: Option<HistoryMetadata>,
}

/// Who says that a change is whose.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HistoryMetadata {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) extra_data: Option<BTreeMap<String, Value>>,
}

/// One field's change.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    #[serde(default)]
    pub(super) field: String,
    pub(super) fieldtype: Option<String>,
    pub(super) field_id: Option<String>,
    pub(super) from: Option<Value>,
    pub(super) from_string: Option<String>,
    pub(super) to: Option<Value>,
    #[serde(rename = "toString")]
    pub(super) to_string: Option<String>,
}

/// Comments as a field or as a page.
#[derive(Debug, Deserialize)]
pub(super) struct CommentPage {
    pub(super) total: Option<usize>,
    #[serde(default)]
    pub(super) comments: Vec<Comment>,
}

/// One comment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comment {
    pub(super) id: Id,
    pub(super) author: Option<User>,
    pub(super) update_author: Option<User>,
    #[serde(default)]
    pub(super) body: Value,
    pub(super) created: Stamp,
    pub(super) updated: Option<Stamp>,
    pub(super) visibility: Option<Value>,
    pub(super) jsd_public: Option<bool>,
    /// Cloud: the comment that it answers. In no document of Atlassian's.
    pub(super) parent_id: Option<Value>,
    #[serde(default)]
    pub(super) properties: Vec<Property>,
}

/// Logged work as a field or as a page.
#[derive(Debug, Deserialize)]
pub(super) struct WorklogPage {
    pub(super) total: Option<usize>,
    #[serde(default)]
    pub(super) worklogs: Vec<Worklog>,
}

/// One piece of logged work.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Worklog {
    pub(super) id: Id,
    pub(super) author: Option<User>,
    pub(super) update_author: Option<User>,
    #[serde(default)]
    pub(super) comment: Value,
    pub(super) created: Stamp,
    pub(super) updated: Option<Stamp>,
    pub(super) started: Stamp,
    pub(super) time_spent_seconds: u64,
    pub(super) visibility: Option<Value>,
    #[serde(default)]
    pub(super) properties: Vec<Property>,
}

/// An entity property.
#[derive(Debug, Deserialize)]
pub(super) struct Property {
    #[serde(default)]
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// The names of the entity properties of something: only these say that there is none of a name.
#[derive(Debug, Deserialize)]
pub(super) struct PropertyKeys {
    pub(super) keys: Vec<PropertyKey>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PropertyKey {
    #[serde(default)]
    pub(super) key: String,
}

/// `GET transitions`.
#[derive(Debug, Deserialize)]
pub(super) struct Transitions {
    #[serde(default)]
    pub(super) transitions: Vec<Transition>,
}

/// A transition on offer.
#[derive(Debug, Deserialize)]
pub(super) struct Transition {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) name: String,
    pub(super) to: Thing,
    #[serde(rename = "isAvailable")]
    pub(super) is_available: Option<bool>,
    #[serde(default)]
    pub(super) fields: BTreeMap<String, ScreenField>,
}

/// A field on a screen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScreenField {
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) has_default_value: bool,
    pub(super) name: Option<String>,
    pub(super) field_id: Option<String>,
    pub(super) key: Option<String>,
    /// What may be chosen: options with a `value`, other things with a `name`. Of any shape where an app made the field.
    #[serde(default)]
    pub(super) allowed_values: Vec<Value>,
}

/// Something with an id and a name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Thing {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) name: String,
}

/// A page of Jira Software's own lists.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgilePage {
    #[serde(default)]
    pub(super) values: Vec<Thing>,
    #[serde(default)]
    pub(super) is_last: bool,
}

/// A page of a service desk's lists.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeskPage<Row> {
    #[serde(default = "Vec::new")]
    pub(super) values: Vec<Row>,
    #[serde(default)]
    pub(super) is_last_page: bool,
}

/// A service desk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Desk {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) project_key: String,
    #[serde(default)]
    pub(super) project_name: String,
}

/// A request type of a service desk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestType {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) issue_type_id: Option<Id>,
}

/// What is suggested for a field in JQL.
#[derive(Debug, Deserialize)]
pub(super) struct Suggestions {
    #[serde(default)]
    pub(super) results: Vec<Suggestion>,
}

/// One value that is suggested: as JQL writes it, and as people read it, with tags.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Suggestion {
    #[serde(default)]
    pub(super) value: String,
    #[serde(default)]
    pub(super) display_name: String,
}

/// A project, as far as its kind goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Project {
    /// The key that it has now, by whichever it was asked for.
    pub(super) key: Option<String>,
    pub(super) project_type_key: Option<String>,
    /// `next-gen`: team-managed. Cloud alone.
    pub(super) style: Option<String>,
}

/// `GET issueLinkType`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkTypes {
    #[serde(default)]
    pub(super) issue_link_types: Vec<LinkType>,
}

/// A type of issue links.
#[derive(Debug, Deserialize)]
pub(super) struct LinkType {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) outward: String,
    #[serde(default)]
    pub(super) inward: String,
}

/// A row of `GET project/{}/statuses`.
#[derive(Debug, Deserialize)]
pub(super) struct TypeWithStatuses {
    pub(super) id: Id,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "subtask")]
    pub(super) sub_task: bool,
    #[serde(default)]
    pub(super) statuses: Vec<Thing>,
}

/// A page of the fields on a create screen: `fields` on Cloud, `values` on Data Center.
#[derive(Debug, Deserialize)]
pub(super) struct CreateFields {
    pub(super) total: Option<usize>,
    #[serde(rename = "isLast")]
    pub(super) is_last: Option<bool>,
    #[serde(default, alias = "values")]
    pub(super) fields: Vec<ScreenField>,
}

/// The edit screen of an issue, by field id.
#[derive(Debug, Deserialize)]
pub(super) struct EditFields {
    #[serde(default)]
    pub(super) fields: BTreeMap<String, serde::de::IgnoredAny>,
}

/// A page of a search: Cloud's token or Data Center's total. Rows stay unread until each is decoded by itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchPage {
    #[serde(default)]
    pub(super) issues: Vec<Value>,
    pub(super) next_page_token: Option<String>,
    pub(super) is_last: Option<bool>,
    pub(super) total: Option<usize>,
    pub(super) max_results: Option<usize>,
}

/// The ids of a search.
#[derive(Debug, Deserialize)]
pub(super) struct OnlyId {
    pub(super) id: Id,
}

/// A row of a search for times.
#[derive(Debug, Deserialize)]
pub(super) struct Touched {
    pub(super) id: Id,
    pub(super) fields: OnlyUpdated,
}

/// The one field of it.
#[derive(Debug, Deserialize)]
pub(super) struct OnlyUpdated {
    pub(super) updated: Stamp,
}

/// `POST issue/bulkfetch`.
#[derive(Debug, Deserialize)]
pub(super) struct BulkFetch {
    #[serde(default)]
    pub(super) issues: Vec<Value>,
}

/// `GET mypermissions`.
#[derive(Debug, Deserialize)]
pub(super) struct MyPermissions {
    #[serde(default)]
    pub(super) permissions: BTreeMap<String, Permission>,
}

/// One permission.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission {
    #[serde(default)]
    pub(super) have_permission: bool,
}

/// A version or component, in a list or an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectThing {
    pub(super) id: Id,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) start_date: Option<String>,
    pub(super) release_date: Option<String>,
    pub(super) released: Option<bool>,
    pub(super) archived: Option<bool>,
}

/// A created issue or comment.
#[derive(Debug, Deserialize)]
pub(super) struct CreatedThing {
    pub(super) id: Id,
    pub(super) key: Option<String>,
}

/// `POST issue/bulk`.
#[derive(Debug, Deserialize)]
pub(super) struct CreatedMany {
    #[serde(default)]
    pub(super) issues: Vec<CreatedThing>,
    #[serde(default)]
    pub(super) errors: Vec<CreateError>,
}

/// Why one of many was not created.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateError {
    pub(super) status: Option<u16>,
    pub(super) element_errors: Option<ErrorCollection>,
    pub(super) failed_element_number: Option<usize>,
}

/// Jira's no.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorCollection {
    #[serde(default)]
    pub(super) error_messages: Vec<String>,
    #[serde(default)]
    pub(super) errors: BTreeMap<String, Value>,
    pub(super) error_message: Option<String>,
    pub(super) message: Option<String>,
}

/// Who watches an issue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Watchers {
    /// How many there are.
    pub(super) watch_count: u64,
    /// Whether whoever asks is one of them.
    #[serde(default)]
    pub(super) is_watching: bool,
    /// Those who are shown.
    #[serde(default)]
    pub(super) watchers: Vec<User>,
}
