//! What an instance and a project offer. Must never resolve a name to a person or thing that fits only nearly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::call::Call;
use super::client::Client;
use super::decode::Decoder;
use super::fields::{ESTIMATES, FieldList, TIME_TRACKING};
use super::pages::SoFar;
use super::{Failure, JiraError, jql, wire};
use crate::model::catalog::{BELOW, Catalog, Shape};
use crate::model::ids::{AccountId, FieldId};
use crate::model::issue::{Named, Person};
use crate::model::settings::Kind;

/// Fields on one page of a create screen: Cloud takes no more.
const SCREEN_PAGE: usize = 200;

/// What a create screen shows.
#[derive(Default)]
struct Screen {
    /// Its fields, each with what may be chosen.
    options: BTreeMap<FieldId, BTreeSet<String>>,
    /// Those that must be filled and have no default, with their display names.
    required: BTreeMap<FieldId, String>,
}

impl Screen {
    fn take(&mut self, field: wire::ScreenField, fields: &FieldList) {
        let Some(id) = field.field_id.or(field.key) else { return };
        let is_project = fields.shape(&FieldId::from(id.as_str())) == Some(Shape::Project);
        let allowed = field.allowed_values.iter();
        let options: BTreeSet<String> = if is_project {
            allowed.flat_map(each).filter_map(key).collect()
        } else {
            allowed.flat_map(options).collect()
        };
        if field.required && !field.has_default_value {
            self.required.insert(FieldId::from(id.as_str()), field.name.unwrap_or_else(|| id.clone()));
        }
        if id == TIME_TRACKING {
            self.options.extend(ESTIMATES.map(|(id, _)| (FieldId::from(id), BTreeSet::new())));
        }
        self.options.insert(FieldId::new(id), options);
    }
}

/// How an option is called, and those below it.
fn options(allowed: &Value) -> Vec<String> {
    let name = |option: &Value| option.get("value").or_else(|| option.get("name"))?.as_str().map(str::to_owned);
    let Some(own) = name(allowed) else { return Vec::new() };
    let below = allowed.get("children").and_then(Value::as_array).into_iter().flatten().filter_map(name);
    let below: Vec<String> = below.map(|below| format!("{own}{BELOW}{below}")).collect();
    std::iter::once(own).chain(below).collect()
}

/// What is allowed: old Jiras give the projects of a picker as a list in the list (recorded).
fn each(allowed: &Value) -> &[Value] {
    allowed.as_array().map_or(std::slice::from_ref(allowed), Vec::as_slice)
}

/// What a project is known by.
fn key(project: &Value) -> Option<String> {
    project.get("key")?.as_str().map(str::to_owned)
}

impl Client {
    /// Reads the catalog; the field list is read anew too.
    pub(super) async fn catalog(&self, project: &str, people: &BTreeSet<String>) -> Result<Catalog, JiraError> {
        let fields = self.field_list(true).await?;
        let attempt = format!("reading the statuses of project {project}");
        let call = Call::get("getAllStatuses", &["project", project, "statuses"], attempt);
        let types: Vec<wire::TypeWithStatuses> = self.read(&call).await?;
        let mut statuses: BTreeMap<wire::Id, String> = BTreeMap::new();
        for status in types.iter().flat_map(|kind| &kind.statuses) {
            statuses.insert(status.id.clone(), status.name.clone());
        }
        let names = |kind: &wire::TypeWithStatuses| kind.statuses.iter().map(|status| status.name.clone()).collect();
        let statuses_of = types.iter().map(|kind| (kind.name.clone(), names(kind))).collect();
        let call = Call::get("getPriorities", &["priority"], "reading the priorities");
        let priorities: Vec<wire::Thing> = self.read(&call).await?;
        let mut create_fields = BTreeMap::new();
        let mut required = BTreeMap::new();
        let mut options: BTreeMap<FieldId, BTreeSet<String>> = BTreeMap::new();
        for kind in &types {
            if let Some(screen) = self.create_screen(project, kind, &fields).await? {
                create_fields.insert(kind.name.clone(), screen.options.keys().cloned().collect());
                required.insert(kind.name.clone(), screen.required);
                // A project may have no version at all; of other fields nothing is told where nothing is listed.
                let is_told = |field: &FieldId, offered: &BTreeSet<String>| {
                    let projects =
                        matches!(fields.shape(field), Some(Shape::Version | Shape::Versions | Shape::Components));
                    projects || !offered.is_empty()
                };
                for (field, offered) in screen.options.into_iter().filter(|(field, offered)| is_told(field, offered)) {
                    options.entry(field).or_default().extend(offered);
                }
            }
        }
        let mut found = BTreeMap::new();
        for cell in people {
            if let Some(person) = self.person(cell).await? {
                found.insert(cell.clone(), person);
            }
        }
        let mut strangers = BTreeSet::new();
        for account in found.values().map(|person| &person.account).collect::<BTreeSet<_>>() {
            if !self.may_look(project, account).await? {
                strangers.insert(account.clone());
            }
        }
        let server = self.kind == Kind::DataCenter;
        let sub_task_types = types.iter().filter(|kind| kind.sub_task).map(|kind| kind.name.clone()).collect();
        let named = |id: wire::Id, name: String| Named { id: id.0, name };
        Ok(Catalog {
            kind: Some(self.kind),
            // What the server calls itself is told by whoever asked who we are.
            address: String::new(),
            fields: fields.names(),
            issue_types: types.into_iter().map(|kind| named(kind.id, kind.name)).collect(),
            statuses_of,
            statuses: statuses.into_iter().map(|(id, name)| named(id, name)).collect(),
            priorities: priorities.into_iter().map(|thing| named(thing.id, thing.name)).collect(),
            sync_user: self.account().map(|account| account.id),
            people: found,
            strangers,
            create_fields,
            required,
            upload_limit: None,
            service_desk: None,
            desk_agent: None,
            edits_all_comments: None,
            hides_watchers: None,
            link_types: Vec::new(),
            link_words: BTreeMap::new(),
            sprints: Vec::new(),
            requests: Vec::new(),
            sub_task_types,
            epic_link: fields.epic_link().filter(|_| server),
            epic_name: fields.epic_name().filter(|_| server),
            options,
            shapes: fields.shapes(),
            unassignable: BTreeSet::new(),
            called: BTreeMap::new(),
        })
    }

    /// The fields on the create screen; `None` where we may not create.
    async fn create_screen(
        &self,
        project: &str,
        kind: &wire::TypeWithStatuses,
        fields: &FieldList,
    ) -> Result<Option<Screen>, JiraError> {
        let attempt = format!("reading the create screen of `{}` in project {project}", kind.name);
        let path = ["issue", "createmeta", project, "issuetypes", &kind.id.0];
        let mut screen = Screen::default();
        let (mut start, mut so_far) = (0, SoFar::of("fields of a screen"));
        loop {
            let call = Call::get("getCreateIssueMetaIssueTypeId", &path, &attempt)
                .query("startAt", start.to_string())
                .query("maxResults", SCREEN_PAGE.to_string());
            let page: wire::CreateFields = match self.read(&call).await {
                Ok(page) => page,
                Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound, .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            let count = page.fields.len();
            for field in page.fields {
                screen.take(field, fields);
            }
            start += count;
            let is_last = page.total.map(|total| start >= total).or(page.is_last);
            if count == 0 || is_last.unwrap_or(true) {
                return Ok(Some(screen));
            }
            so_far.take(count).map_err(|failure| self.error(&attempt, failure))?;
        }
    }

    /// The fields on the edit screen of the newest issue of a type. Jira lists none where the status or the permissions let nothing be edited.
    pub(super) async fn edit_screen(
        &self,
        project: &str,
        issue_type: &str,
    ) -> Result<Option<BTreeSet<FieldId>>, JiraError> {
        let of_type = format!("issuetype = {}", jql::quoted(issue_type));
        let unknown = |error: JiraError| {
            let says_no = matches!(error.failure, Failure::Refused(_) | Failure::NotFound);
            if says_no { Ok(None) } else { Err(error) }
        };
        let (issue, key) = match self.newest(project, Some(&of_type)).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(error) => return unknown(error),
        };
        let attempt = format!("reading the edit screen of {key}");
        let issue = issue.to_string();
        let call = Call::get("getEditIssueMeta", &["issue", &issue, "editmeta"], attempt);
        match self.read::<wire::EditFields>(&call).await {
            Ok(shown) => {
                let mut fields: BTreeSet<FieldId> = shown.fields.into_keys().map(FieldId::new).collect();
                if fields.contains(&FieldId::from(TIME_TRACKING)) {
                    fields.extend(ESTIMATES.map(|(id, _)| FieldId::from(id)));
                }
                Ok(Some(fields).filter(|fields| !fields.is_empty()))
            }
            Err(error) => unknown(error),
        }
    }

    /// The one person that a cell of the user map means.
    async fn person(&self, cell: &str) -> Result<Option<Person>, JiraError> {
        let attempt = format!("looking for the user `{cell}`");
        let users: Vec<wire::User> = match self.kind {
            Kind::Cloud if !cell.contains('@') => return self.account_named(cell, attempt).await,
            Kind::Cloud => {
                let call = Call::get("findUsers", &["user", "search"], attempt).query("query", cell);
                self.read(&call).await?
            }
            Kind::DataCenter => {
                let call = Call::get("findUsers", &["user", "search"], attempt).query("username", cell);
                self.read(&call.query("includeInactive", "true")).await?
            }
        };
        let fields = FieldList::default();
        let decoder = Decoder { kind: self.kind, fields: &fields };
        let is = |text: Option<&String>| text.is_some_and(|text| text.eq_ignore_ascii_case(cell));
        let by_name = users.iter().find(|user| {
            self.kind == Kind::DataCenter && (is(user.name.as_ref()) || user.key.as_deref() == Some(cell))
        });
        if let Some(user) = by_name {
            return Ok(decoder.person(user.clone()));
        }
        let mut by_email = users.into_iter().filter(|user| is(user.email_address.as_ref()));
        // Two accounts with one address: neither is surely meant.
        let found = by_email.next().filter(|_| by_email.next().is_none());
        Ok(found.and_then(|user| decoder.person(user)))
    }

    /// Whether somebody may see the project's issues. Where the sync user may not browse users, nobody
    /// is known to.
    async fn may_look(&self, project: &str, account: &AccountId) -> Result<bool, JiraError> {
        let attempt = format!("asking whether `{account}` may see project {project}");
        let name = match self.kind {
            Kind::Cloud => "accountId",
            Kind::DataCenter => "username",
        };
        let call = Call::get("findUsersWithBrowsePermission", &["user", "viewissue", "search"], attempt)
            .query("projectKey", project)
            .query(name, account.as_str());
        let found: Vec<wire::User> = match self.read(&call).await {
            Ok(found) => found,
            Err(JiraError { failure: Failure::Refused(_) | Failure::NotFound, .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let fields = FieldList::default();
        let decoder = Decoder { kind: self.kind, fields: &fields };
        Ok(found.into_iter().filter_map(|user| decoder.person(user)).any(|person| &person.account == account))
    }

    async fn account_named(&self, cell: &str, attempt: String) -> Result<Option<Person>, JiraError> {
        let call = Call::get("getUser", &["user"], attempt).query("accountId", cell);
        match self.read::<wire::User>(&call).await {
            Ok(user) => {
                let fields = FieldList::default();
                let found = Decoder { kind: self.kind, fields: &fields }.person(user);
                Ok(found.filter(|person| person.account.as_str() == cell))
            }
            Err(JiraError { failure: Failure::NotFound, .. }) => Ok(None),
            // Without the permission to browse users an account id can be written all the same.
            Err(JiraError { failure: Failure::Refused(refusal), .. }) if refusal.status == 403 => {
                Ok(Some(Person { account: AccountId::from(cell), display_name: cell.to_owned(), email: None }))
            }
            Err(JiraError { failure: Failure::Refused(_), .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_picker_offers_projects_by_their_keys_also_where_they_are_a_list_in_the_list() {
        let custom = "com.atlassian.jira.plugin.system.customfieldtypes:project";
        let fields: Vec<wire::Field> = serde_json::from_value(json!([
            { "id": "customfield_1", "schema": { "type": "project", "custom": custom } },
            { "id": "customfield_2", "schema": { "type": "version" } },
        ]))
        .unwrap();
        let fields = FieldList::new(fields);
        let project = |key: &str, name: &str| json!({ "key": key, "name": name });
        let (support, web) = (project("SUP", "Support"), project("WEB", "Web"));
        let offered = |id: &str, allowed: Value| {
            let mut screen = Screen::default();
            let field = json!({ "fieldId": id, "allowedValues": allowed });
            screen.take(serde_json::from_value(field).unwrap(), &fields);
            screen.options.remove(&FieldId::from(id)).unwrap().into_iter().collect::<Vec<String>>()
        };
        assert_eq!(offered("customfield_1", json!([support, web])), ["SUP", "WEB"]);
        assert_eq!(offered("customfield_1", json!([[support, web]])), ["SUP", "WEB"]);
        assert_eq!(offered("customfield_2", json!([support])), ["Support"], "everything else goes by its name");
    }
}
