//! JSON as each kind gives it: users, issues, comments, changelog entries, transitions. Strict about names: the
//! contracts allow no others. Must never change anything.

use serde_json::{Map, Value, json};

use super::setup::{Category, FieldType};
use super::state::{
    Attachment, Comment, Entry, Field, FieldKind, Issue, IssueType, LinkType, Named, Project, State, Status, Thing,
    ThingKind,
};
use super::values::{self, Version};
use super::{adf, comments, fields, parents, permissions, time, worklogs};

/// For whom and in which REST version something is rendered.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) state: &'a State,
    pub(crate) user: Option<&'a str>,
    pub(crate) version: Version,
}

/// Which parts of issues are wanted.
#[derive(Debug, Default, Clone)]
pub(crate) struct Wanted {
    /// Ids of fields; `*all`, `*navigable`, `-id`. None: no `fields` object at all.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) expand: Vec<String>,
    /// Property keys; `*all`.
    pub(crate) properties: Vec<String>,
    /// Cloud: how many changelog entries `expand=changelog` gives, newest first.
    pub(crate) changelog_cap: usize,
}

impl Wanted {
    fn expands(&self, what: &str) -> bool {
        self.expand.iter().any(|part| part == what || part.starts_with(&format!("{what}.")))
    }

    fn takes(&self, field: &str) -> bool {
        let Some(fields) = &self.fields else { return false };
        let off = format!("-{field}");
        if fields.contains(&off) {
            return false;
        }
        let listed = |name: &str| fields.iter().any(|known| known == name);
        let navigable = !matches!(field, "comment" | "attachment" | "worklog");
        let only_negative = fields.iter().all(|name| name.starts_with('-'));
        listed(field) || listed("*all") || (navigable && listed("*navigable")) || only_negative
    }
}

impl View<'_> {
    /// `{base}/rest/api/{version}/{path}`.
    pub(crate) fn link(&self, path: &str) -> String {
        let version = match self.version {
            Version::V2 => 2,
            Version::V3 => 3,
        };
        format!("{}/rest/api/{version}/{path}", self.state.base)
    }

    /// Data Center renders times in the caller's zone, Cloud in the site's.
    pub(crate) fn stamp(&self, at: jiff::Timestamp) -> String {
        let own = self.user.filter(|_| !self.state.is_cloud()).and_then(|id| self.state.users.get(id));
        time::stamp(at, own.map_or(&self.state.zone, |user| &user.zone))
    }

    /// A file's metadata. Data Center's are outside the REST API, under their names.
    pub(crate) fn attachment(&self, file: &Attachment) -> Value {
        let id = file.id;
        let content = if self.state.is_cloud() {
            self.link(&format!("attachment/content/{id}"))
        } else {
            format!("{}/secure/attachment/{id}/{}", self.state.base, encode(&file.name))
        };
        json!({
            "self": self.link(&format!("attachment/{id}")), "id": id.to_string(), "filename": file.name,
            "author": self.person(file.author.as_deref()), "created": self.stamp(file.created),
            "size": file.content.len(), "mimeType": file.mime, "content": content,
        })
    }

    pub(crate) fn status(&self, status: &Status) -> Value {
        let (id, key, colour, name) = match status.category {
            Category::ToDo => (2, "new", "blue-gray", "To Do"),
            Category::InProgress => (4, "indeterminate", "yellow", "In Progress"),
            Category::Done => (3, "done", "green", "Done"),
        };
        json!({
            "self": self.link(&format!("status/{}", status.id)), "id": status.id, "name": status.name, "description": "",
            "iconUrl": format!("{}/images/icons/statuses/generic.png", self.state.base),
            "statusCategory": { "self": self.link(&format!("statuscategory/{id}")), "id": id, "key": key,
                "colorName": colour, "name": name },
        })
    }

    pub(crate) fn issue_type(&self, kind: &IssueType) -> Value {
        let mut body = json!({
            "self": self.link(&format!("issuetype/{}", kind.id)), "id": kind.id, "name": kind.name, "description": "",
            "iconUrl": format!("{}/images/icons/issuetypes/{}.png", self.state.base, kind.id), "subtask": kind.subtask,
        });
        if self.state.is_cloud() {
            body["hierarchyLevel"] = json!(if kind.subtask { -1 } else { 0 });
        }
        body
    }

    pub(crate) fn priority(&self, priority: &Named) -> Value {
        json!({
            "self": self.link(&format!("priority/{}", priority.id)), "id": priority.id, "name": priority.name,
            "iconUrl": format!("{}/images/icons/priorities/{}.svg", self.state.base, priority.id),
        })
    }

    pub(crate) fn resolution(&self, resolution: &Named) -> Value {
        json!({
            "self": self.link(&format!("resolution/{}", resolution.id)), "id": resolution.id, "name": resolution.name,
            "description": "",
        })
    }

    pub(crate) fn project(&self, project: &Project) -> Value {
        let avatar = |size: &str| format!("{}/secure/projectavatar?size={size}&pid={}", self.state.base, project.id);
        let mut body = json!({
            "self": self.link(&format!("project/{}", project.id)), "id": project.id, "key": project.key, "name": project.name,
            "projectTypeKey": if project.service_desk { "service_desk" } else { "software" },
            "avatarUrls": { "16x16": avatar("xsmall"), "24x24": avatar("small"), "32x32": avatar("medium"), "48x48": avatar("large") },
        });
        if self.state.is_cloud() {
            body["simplified"] = json!(false);
        }
        body
    }

    /// A canonical value as this kind and version gives it.
    pub(crate) fn value(&self, field: &Field, value: &Value) -> Value {
        let by_id = value.as_str();
        match &field.kind {
            FieldKind::Priority => {
                found(&self.state.priorities, by_id).map_or(Value::Null, |known| self.priority(known))
            }
            FieldKind::Resolution => {
                found(&self.state.resolutions, by_id).map_or(Value::Null, |known| self.resolution(known))
            }
            FieldKind::Status => {
                by_id.and_then(|id| self.state.status(id)).map_or(Value::Null, |known| self.status(known))
            }
            FieldKind::IssueType => {
                by_id.and_then(|id| self.state.issue_type(id)).map_or(Value::Null, |known| self.issue_type(known))
            }
            FieldKind::Project | FieldKind::Derived | FieldKind::TimeTracking => value.clone(),
            FieldKind::Parent => parents::shown(self, field, value),
            FieldKind::Plain(kind) => match kind {
                FieldType::RichText => self.rich(value),
                FieldType::Sprint => super::sprints::shown(self.state, value),
                FieldType::RequestType => super::requests::shown(self.state, value),
                FieldType::User => self.person(by_id),
                FieldType::Users => {
                    Value::Array(list(value).iter().filter_map(Value::as_str).map(|id| self.user(id)).collect())
                }
                FieldType::Select(_) | FieldType::Radio(_) => by_id.map_or(Value::Null, |id| self.option(field, id)),
                FieldType::Cascade(_) => by_id.map_or(Value::Null, |path| {
                    let (parent, child) = path.split_once(',').map_or((path, None), |(parent, id)| (parent, Some(id)));
                    let mut option = self.option(field, parent);
                    if let Some(child) = child {
                        option["child"] = self.option(field, child);
                    }
                    option
                }),
                FieldType::MultiSelect(_) | FieldType::Checkboxes(_) => Value::Array(
                    list(value).iter().filter_map(Value::as_str).map(|id| self.option(field, id)).collect(),
                ),
                FieldType::Group => by_id.map_or(Value::Null, |name| self.group(name)),
                FieldType::Groups => {
                    Value::Array(list(value).iter().filter_map(Value::as_str).map(|name| self.group(name)).collect())
                }
                FieldType::Version | FieldType::Security => {
                    by_id.and_then(|id| self.state.thing(id)).map_or(Value::Null, |thing| self.thing(thing))
                }
                FieldType::Project => {
                    by_id.and_then(|id| self.state.project(id)).map_or(Value::Null, |known| self.project(known))
                }
                FieldType::Versions | FieldType::Components => {
                    let ids = list(value).iter().filter_map(Value::as_str);
                    Value::Array(ids.filter_map(|id| self.state.thing(id)).map(|thing| self.thing(thing)).collect())
                }
                FieldType::Labels => Value::Array(list(value).to_vec()),
                FieldType::Text
                | FieldType::Url
                | FieldType::Number
                | FieldType::Date
                | FieldType::DateTime
                | FieldType::EpicLink
                | FieldType::EpicName
                | FieldType::Opaque => value.clone(),
            },
        }
    }

    pub(crate) fn rich(&self, value: &Value) -> Value {
        if self.state.is_cloud() && self.version == Version::V2 && !value.is_null() {
            return json!(adf::to_wiki(value));
        }
        value.clone()
    }

    /// A component, version or security level.
    pub(crate) fn thing(&self, thing: &Thing) -> Value {
        if let Some(recorded) = &thing.recorded {
            return recorded.clone();
        }
        let path = match thing.kind {
            ThingKind::Component => "component",
            ThingKind::Version => "version",
            ThingKind::SecurityLevel => "securitylevel",
        };
        let mut body =
            json!({ "self": self.link(&format!("{path}/{}", thing.id)), "id": thing.id, "name": thing.name });
        match thing.kind {
            ThingKind::Version => {
                body["archived"] = json!(thing.archived);
                body["released"] = json!(thing.released);
                for (name, day) in [("startDate", &thing.start), ("releaseDate", &thing.release)] {
                    if let Some(day) = day {
                        body[name] = json!(day);
                    }
                }
            }
            ThingKind::SecurityLevel => body["description"] = json!(""),
            ThingKind::Component => {}
        }
        if !thing.description.is_empty() {
            body["description"] = json!(thing.description);
        }
        body
    }

    /// Both estimates, as `timetracking` shows them.
    fn time_tracking(&self, issue: &Issue) -> Value {
        let mut body = Map::new();
        let parts = [
            ("timeoriginalestimate", "originalEstimate"),
            ("timeestimate", "remainingEstimate"),
            ("timespent", "timeSpent"),
        ];
        for (field, name) in parts {
            if let Some(seconds) = issue.value(field).as_u64() {
                body.insert(name.to_owned(), json!(time::in_words(seconds, self.state.quirks.hours_per_day)));
                body.insert(format!("{name}Seconds"), json!(seconds));
            }
        }
        Value::Object(body)
    }

    pub(super) fn option(&self, field: &Field, id: &str) -> Value {
        json!({
            "self": self.link(&format!("customFieldOption/{id}")), "id": id,
            "value": values::option_name(field, id).unwrap_or_default(),
        })
    }

    pub(crate) fn link_type(&self, kind: &LinkType) -> Value {
        json!({
            "self": self.link(&format!("issueLinkType/{}", kind.id)), "id": kind.id, "name": kind.name,
            "inward": kind.inward, "outward": kind.outward,
        })
    }

    /// The links of an issue to those that may be seen: others are not shown at all.
    fn issue_links(&self, issue: &Issue) -> Value {
        let shown = issue.issue_links.iter().filter_map(|link| {
            let other = self.state.issues.get(&link.other)?;
            let seen = permissions::sees(self.state, other, self.user);
            let kind = self.state.link_types.iter().find(|kind| kind.id == link.kind)?;
            seen.then(|| {
                let end = if link.outward { "outwardIssue" } else { "inwardIssue" };
                json!({
                    "id": link.id.to_string(), "self": self.link(&format!("issueLink/{}", link.id)),
                    "type": self.link_type(kind), end: self.brief(other),
                })
            })
        });
        Value::Array(shown.collect())
    }

    /// An issue as others that name it show it.
    pub(crate) fn brief(&self, issue: &Issue) -> Value {
        let field =
            |id: &str| self.state.fields.get(id).map_or(Value::Null, |field| self.value(field, issue.value(id)));
        json!({
            "id": issue.id.to_string(), "key": issue.key, "self": self.link(&format!("issue/{}", issue.id)),
            "fields": { "summary": field("summary"), "status": field("status"), "priority": field("priority"),
                "issuetype": field("issuetype") },
        })
    }

    fn derived(&self, issue: &Issue, field: &str) -> Value {
        match field {
            "created" => json!(self.stamp(issue.created)),
            "updated" => json!(self.stamp(issue.updated)),
            "creator" => self.person(issue.creator.as_deref()),
            "comment" => self.comments(issue, &[]),
            "issuelinks" => self.issue_links(issue),
            "subtasks" => parents::sub_tasks(self.state, issue).iter().map(|child| self.brief(child)).collect(),
            "attachment" => issue.attachments.iter().map(|file| self.attachment(file)).collect(),
            "watches" => self.watches(issue),
            "votes" => self.votes(issue),
            "worklog" => worklogs::field(*self, issue),
            "progress" | "aggregateprogress" => json!({ "progress": 0, "total": 0 }),
            _ => json!(-1),
        }
    }

    fn fields(&self, issue: &Issue, wanted: &Wanted) -> Map<String, Value> {
        let mut body = Map::new();
        let project = self.state.projects.get(&issue.project);
        for field in self.state.fields.values().filter(|field| wanted.takes(&field.id)) {
            let value = match field.kind {
                FieldKind::Project => project.map_or(Value::Null, |project| self.project(project)),
                FieldKind::Derived => self.derived(issue, &field.id),
                FieldKind::TimeTracking => self.time_tracking(issue),
                FieldKind::Plain(_)
                | FieldKind::Priority
                | FieldKind::Resolution
                | FieldKind::Status
                | FieldKind::Parent
                | FieldKind::IssueType => self.value(field, issue.value(&field.id)),
            };
            // Without a parent there is no such field.
            if field.id != "parent" || !value.is_null() {
                body.insert(field.id.clone(), value);
            }
        }
        body
    }

    /// An issue with what is wanted of it.
    pub(crate) fn issue(&self, issue: &Issue, wanted: &Wanted) -> Value {
        if wanted.fields.is_none() && wanted.expand.is_empty() && wanted.properties.is_empty() {
            return json!({ "id": issue.id.to_string() });
        }
        let mut body = json!({
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": issue.id.to_string(), "self": self.link(&format!("issue/{}", issue.id)), "key": issue.key,
        });
        if wanted.fields.is_some() {
            body["fields"] = Value::Object(self.fields(issue, wanted));
        }
        if wanted.expands("changelog") {
            body["changelog"] = self.changelog(issue, wanted.changelog_cap);
        }
        if !wanted.properties.is_empty() {
            let all = wanted.properties.iter().any(|key| key == "*all");
            let kept = issue.properties.iter().filter(|(key, _)| all || wanted.properties.contains(key));
            body["properties"] = kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into();
        }
        let chosen = || self.state.fields.values().filter(|field| wanted.takes(&field.id));
        if wanted.expands("names") {
            body["names"] = chosen().map(|field| (field.id.clone(), json!(field.name))).collect::<Map<_, _>>().into();
        }
        if wanted.expands("schema") {
            body["schema"] = chosen()
                .map(|field| (field.id.clone(), fields::schema(self.state.is_cloud(), field)))
                .collect::<Map<_, _>>()
                .into();
        }
        if let Some(project) = self.state.projects.get(&issue.project) {
            if wanted.expands("transitions") {
                let with_fields = wanted.expand.iter().any(|part| part == "transitions.fields");
                body["transitions"] = self.transitions(project, issue, with_fields);
            }
            if wanted.expands("editmeta") {
                body["editmeta"] = self.editmeta(project, issue);
            }
        }
        body
    }

    /// Cloud: newest first and capped; Data Center: everything, oldest first.
    fn changelog(&self, issue: &Issue, cap: usize) -> Value {
        let total = issue.history.len();
        let histories: Vec<Value> = if self.state.is_cloud() {
            issue.history.iter().rev().take(cap.max(1)).map(|entry| self.entry(entry)).collect()
        } else {
            issue.history.iter().map(|entry| self.entry(entry)).collect()
        };
        json!({ "startAt": 0, "maxResults": histories.len(), "total": total, "histories": histories })
    }

    /// One changelog entry.
    pub(crate) fn entry(&self, entry: &Entry) -> Value {
        let items = entry.items.iter().map(|item| {
            let mut body = json!({
                "field": item.field, "fieldtype": item.field_type, "from": item.from, "fromString": item.from_string,
                "to": item.to, "toString": item.to_string,
            });
            if let Some(id) = item.field_id.as_ref().filter(|_| self.state.is_cloud()) {
                body["fieldId"] = json!(id);
            }
            body
        });
        let mut body = json!({ "id": entry.id.to_string(), "created": self.stamp(entry.created), "items": items.collect::<Vec<_>>() });
        if let Some(author) = entry.author.as_deref().filter(|id| self.state.users.contains_key(*id)) {
            body["author"] = self.user(author);
        }
        if let Some(metadata) = &entry.metadata {
            body["historyMetadata"] = metadata.clone();
        }
        body
    }

    /// The comments that this user may read, as the field `comment` shows them.
    pub(crate) fn comments(&self, issue: &Issue, expand: &[String]) -> Value {
        let comments: Vec<Value> = self.visible(issue).map(|comment| self.comment(issue, comment, expand)).collect();
        json!({ "startAt": 0, "maxResults": comments.len(), "total": comments.len(), "comments": comments })
    }

    /// The comments that this user may read, oldest first.
    pub(crate) fn visible<'i>(&self, issue: &'i Issue) -> impl Iterator<Item = &'i Comment> {
        let project = self.state.projects.get(&issue.project).cloned();
        let user = self.user.map(str::to_owned);
        issue.comments.iter().filter(move |comment| {
            project.as_ref().is_some_and(|project| comments::sees(self.state, project, comment, user.as_deref()))
        })
    }

    /// One comment.
    pub(crate) fn comment(&self, issue: &Issue, comment: &Comment, expand: &[String]) -> Value {
        let mut body = json!({
            "self": self.link(&format!("issue/{}/comment/{}", issue.id, comment.id)), "id": comment.id.to_string(),
            "body": self.rich(&comment.body), "created": self.stamp(comment.created), "updated": self.stamp(comment.updated),
        });
        if let Some(author) = &comment.author {
            body["author"] = self.user(author);
        }
        if let Some(author) = &comment.update_author {
            body["updateAuthor"] = self.user(author);
        }
        if self.state.is_cloud() {
            let desk = self.state.projects.get(&issue.project).is_some_and(|project| project.service_desk);
            body["jsdPublic"] = json!(!(desk && comments::is_internal(comment)));
            if let Some(parent) = comment.parent {
                body["parentId"] = json!(parent);
            }
        }
        if let Some(visibility) = &comment.visibility {
            body["visibility"] = json!({ "type": visibility.kind, "value": visibility.value });
            if self.state.is_cloud() {
                body["visibility"]["identifier"] = json!(visibility.value);
            }
        }
        if expand.iter().any(|part| part == "properties") || self.state.quirks.comment_lists_carry_properties {
            let properties = comment.properties.iter().map(|(key, value)| json!({ "key": key, "value": value }));
            body["properties"] = Value::Array(properties.collect());
        }
        body
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn found<'a>(known: &'a [Named], id: Option<&str>) -> Option<&'a Named> {
    known.iter().find(|entry| Some(entry.id.as_str()) == id)
}

/// Percent-encodes for a query value.
pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
