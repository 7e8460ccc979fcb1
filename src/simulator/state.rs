//! What a running simulated Jira remembers: people, fields, projects, workflows, issues and their histories.
//! Must never know about HTTP.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::Value;

use super::content::Content;
use super::quirks::Quirks;
use super::setup::{Category, Credential, FieldType, Holder, Kind, SprintState};

/// A user account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Account id (Cloud) or user key (Data Center).
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) hide_email: bool,
    pub(crate) zone_name: String,
    pub(crate) zone: TimeZone,
    pub(crate) active: bool,
    /// Whether the account was deleted: nobody finds it any more, and what it did stays.
    pub(crate) gone: bool,
    pub(crate) account_type: String,
    pub(crate) autowatch: bool,
    pub(crate) credentials: Vec<Credential>,
}

/// What a field holds, system fields included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// A field that people may have chosen the type of.
    Plain(FieldType),
    Priority,
    Resolution,
    Status,
    IssueType,
    Project,
    /// Both estimates, as one object. They are stored as fields of their own.
    TimeTracking,
    /// Another issue that it lies below, by id: `parent`, and the custom field Epic Link of Data Center.
    Parent,
    /// Computed when rendered; never stored, never written.
    Derived,
}

/// A field of the instance.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) custom: bool,
    pub(crate) kind: FieldKind,
    /// Options with their ids, for selects.
    pub(crate) options: Vec<(String, String)>,
    /// Options below another: the other's id, their own, their name.
    pub(crate) children: Vec<(String, String, String)>,
    /// The ids of options that an administrator disabled: who holds one keeps it, and nobody is offered it (memory).
    pub(crate) disabled: BTreeSet<String>,
}

impl Field {
    /// Whether it holds ADF or wiki markup.
    pub(crate) fn is_rich_text(&self) -> bool {
        self.kind == FieldKind::Plain(FieldType::RichText)
    }
}

/// Something with an id and a name: a priority, a resolution.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What a project has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThingKind {
    Component,
    Version,
    SecurityLevel,
}

/// A component, version or security level.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: ThingKind,
    pub(crate) description: String,
    /// Of versions, a day as it was written.
    pub(crate) start: Option<String>,
    /// The same of its release.
    pub(crate) release: Option<String>,
    pub(crate) released: bool,
    pub(crate) archived: bool,
    /// Project key.
    pub(crate) project: String,
    /// As it was recorded, if it was: so it is given back.
    pub(crate) recorded: Option<Value>,
}

/// A sprint of a project's scrum board; the board's id is the project's.
#[derive(Debug, Clone)]
pub(crate) struct Sprint {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) state: SprintState,
    /// Project key.
    pub(crate) project: String,
}

#[derive(Debug, Clone)]
pub(crate) struct IssueType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subtask: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) category: Category,
    pub(crate) editable: bool,
}

/// One edge of a workflow; names already resolved to ids.
#[derive(Debug, Clone)]
pub(crate) struct Transition {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Status ids; empty: global.
    pub(crate) from: BTreeSet<String>,
    pub(crate) to: String,
    pub(crate) screen: BTreeMap<String, bool>,
    pub(crate) needs: BTreeSet<String>,
    pub(crate) sets: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) name: String,
    /// Issue type ids.
    pub(crate) types: Vec<String>,
    /// Status ids, the first is the initial one.
    pub(crate) statuses: Vec<String>,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) screen: BTreeSet<String>,
    pub(crate) required: BTreeSet<String>,
    pub(crate) permissions: BTreeMap<String, BTreeSet<Holder>>,
    pub(crate) roles: BTreeMap<String, BTreeSet<String>>,
    /// Role name -> names of groups.
    pub(crate) role_groups: BTreeMap<String, BTreeSet<String>>,
    pub(crate) last_number: u64,
    pub(crate) service_desk: bool,
    /// Ids of issue types that have a workflow of their own.
    pub(crate) parted_types: BTreeSet<String>,
    /// Name of a security level -> who sees what has it; one that is not listed hides nothing.
    pub(crate) level_members: BTreeMap<String, BTreeSet<Holder>>,
    /// The key of its customer portal: it stays when the project's key changes.
    pub(crate) portal: String,
    pub(crate) request_types: Vec<RequestType>,
}

/// What customers of a project's service desk may ask for.
#[derive(Debug, Clone)]
pub(crate) struct RequestType {
    pub(crate) id: String,
    /// Never changes, and is nowhere derived from the name.
    pub(crate) key: String,
    pub(crate) name: String,
    /// The id of its issue type.
    pub(crate) issue_type: String,
}

/// One field's change inside a changelog entry, in the recorded shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) field: String,
    /// `jira` or `custom`.
    pub(crate) field_type: &'static str,
    /// Rendered on Cloud only.
    pub(crate) field_id: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) from_string: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) to_string: Option<String>,
}

/// One changelog entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    /// None for anonymous or deleted authors.
    pub(crate) author: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) items: Vec<Item>,
    pub(crate) metadata: Option<Value>,
}

/// Who may see a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visibility {
    /// `role` or `group`.
    pub(crate) kind: String,
    pub(crate) value: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: Option<String>,
    pub(crate) update_author: Option<String>,
    /// ADF on Cloud, a string on Data Center.
    pub(crate) body: Value,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) visibility: Option<Visibility>,
    /// Cloud: the comment that it answers.
    pub(crate) parent: Option<u64>,
    pub(crate) properties: BTreeMap<String, Value>,
}

/// Work that somebody logged.
#[derive(Debug, Clone)]
pub(crate) struct Worklog {
    pub(crate) id: u64,
    pub(crate) author: Option<String>,
    pub(crate) update_author: Option<String>,
    /// ADF on Cloud, a string on Data Center; null: none.
    pub(crate) comment: Value,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) started: Timestamp,
    /// Time spent, in seconds.
    pub(crate) seconds: u64,
    pub(crate) visibility: Option<Visibility>,
    /// Cloud only.
    pub(crate) properties: BTreeMap<String, Value>,
}

/// A file of an issue.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) author: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) content: Content,
}

/// A link to something elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct RemoteLink {
    pub(crate) id: u64,
    /// As it was sent.
    pub(crate) body: Value,
}

impl RemoteLink {
    /// What it is known by.
    pub(crate) fn global_id(&self) -> Option<&str> {
        self.body.get("globalId").and_then(Value::as_str)
    }
}

/// A type of links between issues.
#[derive(Debug, Clone)]
pub(crate) struct LinkType {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) inward: String,
    pub(crate) outward: String,
}

/// A link to another issue, as one end has it; the other end has the same link the other way round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssueLink {
    pub(crate) id: u64,
    /// Id of its type.
    pub(crate) kind: String,
    /// Whether the other issue is shown as `outwardIssue`: from here it reads as the type's outward text.
    pub(crate) outward: bool,
    /// Id of the other issue.
    pub(crate) other: u64,
}

/// An issue. Values are canonical: ids for references, ADF (Cloud) or wiki text (Data Center) for rich text.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) key: String,
    /// Project key.
    pub(crate) project: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) creator: Option<String>,
    /// Field id -> canonical value; a missing one is empty.
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) properties: BTreeMap<String, Value>,
    pub(crate) comments: Vec<Comment>,
    /// Oldest first.
    pub(crate) worklogs: Vec<Worklog>,
    /// Ids of users.
    pub(crate) watchers: BTreeSet<String>,
    /// Ids of users.
    pub(crate) voters: BTreeSet<String>,
    pub(crate) remote_links: Vec<RemoteLink>,
    pub(crate) issue_links: Vec<IssueLink>,
    pub(crate) attachments: Vec<Attachment>,
    /// Oldest first.
    pub(crate) history: Vec<Entry>,
    /// Cloud: version of each rich text field, as its changelog entries name it.
    pub(crate) text_versions: BTreeMap<String, u64>,
    /// How often people were written to because of it: changes with `notifyUsers` not off. A deleted or a new comment counts for
    /// nothing here.
    pub(crate) notifications: u64,
    /// In no search, and read-only.
    pub(crate) archived: bool,
}

impl Issue {
    /// A field's canonical value; null when empty.
    pub(crate) fn value(&self, field: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.fields.get(field).unwrap_or(&NULL)
    }

    /// A field's canonical value where it is one string.
    pub(crate) fn text(&self, field: &str) -> Option<&str> {
        self.value(field).as_str()
    }
}

/// A version of an issue and when it was written; `None` once deleted.
pub(crate) type IndexedVersion = (Timestamp, Option<Arc<Issue>>);

/// What is wrong with the page of a search that is being answered (Cloud).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadPage {
    /// Nothing is on it, and a token leads on.
    Empty,
    /// Its token is not known any more.
    Lost,
    /// Its token leads to itself.
    Circle,
}

/// A search whose further pages are still to be fetched (Cloud).
#[derive(Debug, Clone)]
pub(crate) struct OpenSearch {
    /// Rows given before.
    pub(crate) given: usize,
    pub(crate) jql: String,
    pub(crate) rest: Vec<u64>,
    pub(crate) expires: Timestamp,
}

/// Everything that a running Jira remembers.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) kind: Kind,
    pub(crate) base: String,
    pub(crate) skew: SignedDuration,
    pub(crate) quirks: Quirks,
    pub(crate) bad_page: Option<BadPage>,
    pub(crate) zone: TimeZone,
    /// Server time of the request in hand.
    pub(crate) now: Timestamp,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) administrators: BTreeSet<String>,
    pub(crate) cannot_browse_users: BTreeSet<String>,
    pub(crate) fields: BTreeMap<String, Field>,
    pub(crate) types: Vec<IssueType>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) priorities: Vec<Named>,
    pub(crate) resolutions: Vec<Named>,
    pub(crate) link_types: Vec<LinkType>,
    /// Names of groups.
    pub(crate) groups: Vec<String>,
    /// Group name -> ids of its members.
    pub(crate) group_members: BTreeMap<String, BTreeSet<String>>,
    /// Components, versions and security levels of all projects, in the order of ids.
    pub(crate) things: Vec<Thing>,
    /// The sprints of all boards, in the order of ids.
    pub(crate) sprints: Vec<Sprint>,
    /// The number of the last sprint that was made: one that was deleted gives its own to no other.
    pub(crate) last_sprint: u64,
    /// Role name -> id.
    pub(crate) roles: BTreeMap<String, u64>,
    /// By key.
    pub(crate) projects: BTreeMap<String, Project>,
    pub(crate) issues: BTreeMap<u64, Arc<Issue>>,
    /// Upper-case key, present and former -> issue id.
    pub(crate) keys: BTreeMap<String, u64>,
    /// Comment id -> issue id.
    pub(crate) comments: BTreeMap<u64, u64>,
    /// Attachment id -> issue id.
    pub(crate) attachments: BTreeMap<u64, u64>,
    /// What search may see, oldest version first.
    pub(crate) index: BTreeMap<u64, VecDeque<IndexedVersion>>,
    pub(crate) searches: BTreeMap<String, OpenSearch>,
    pub(crate) last_issue: u64,
    /// The number of the newest component, version or level that was ever made.
    pub(crate) last_thing: usize,
    pub(crate) last_comment: u64,
    pub(crate) last_worklog: u64,
    pub(crate) last_entry: u64,
    pub(crate) last_attachment: u64,
    pub(crate) last_link: u64,
    pub(crate) last_search: u64,
    /// Lag of the request in hand, from a fault, where it is longer than the usual one.
    pub(crate) extra_lag: std::time::Duration,
    pub(crate) hooks: super::hooks::Hooks,
    pub(crate) logins: super::oauth::Logins,
    /// Who did what was last asked for.
    pub(crate) actor: Option<String>,
}

impl State {
    /// Whether this is a Cloud site.
    pub(crate) fn is_cloud(&self) -> bool {
        self.kind == Kind::Cloud
    }

    pub(crate) fn status(&self, id: &str) -> Option<&Status> {
        self.statuses.iter().find(|status| status.id == id)
    }

    pub(crate) fn issue_type(&self, id: &str) -> Option<&IssueType> {
        self.types.iter().find(|kind| kind.id == id)
    }

    /// The project of that key or id, in any case.
    pub(crate) fn project(&self, key_or_id: &str) -> Option<&Project> {
        let upper = key_or_id.to_uppercase();
        self.projects.get(&upper).or_else(|| self.projects.values().find(|project| project.id == key_or_id))
    }

    /// The issue of that id, key or former key.
    pub(crate) fn issue(&self, key_or_id: &str) -> Option<&Arc<Issue>> {
        let id = match self.keys.get(&key_or_id.to_uppercase()) {
            Some(id) => *id,
            None => key_or_id.parse().ok()?,
        };
        self.issues.get(&id)
    }

    /// Puts a changed (or new) issue in place and into what search will see.
    pub(crate) fn store(&mut self, mut issue: Issue) {
        let id = issue.id;
        if self.quirks.updated_by_day {
            issue.updated = super::time::day_of(issue.updated);
        }
        if self.quirks.logs_status_alone {
            issue.history.retain(|entry| entry.items.iter().any(|item| item.field == "status"));
        }
        self.keys.insert(issue.key.to_uppercase(), id);
        let issue = Arc::new(issue);
        let old = self.issues.insert(id, Arc::clone(&issue));
        super::hooks::tell(self, old.as_ref(), Some(&issue));
        self.remember(id, Some(issue));
    }

    /// Takes an issue away.
    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(issue) = self.issues.remove(&id) {
            self.keys.retain(|_, target| *target != id);
            for comment in &issue.comments {
                self.comments.remove(&comment.id);
            }
            super::hooks::tell(self, Some(&issue), None);
            self.remember(id, None);
        }
    }

    pub(super) fn remember(&mut self, id: u64, version: Option<Arc<Issue>>) {
        let keep = self.quirks.index_lag.max(std::time::Duration::from_mins(2));
        let now = self.now;
        let versions = self.index.entry(id).or_default();
        versions.push_back((now, version));
        while versions.len() > 1 && versions.get(1).is_some_and(|(at, _)| super::time::after(*at, keep) <= now) {
            versions.pop_front();
        }
    }

    /// The issue as search sees it now.
    pub(crate) fn indexed(&self, id: u64) -> Option<&Arc<Issue>> {
        let lag = self.quirks.index_lag.max(self.extra_lag);
        let versions = self.index.get(&id)?;
        let seen = versions.iter().rev().find(|(at, _)| super::time::after(*at, lag) <= self.now)?;
        let issue = seen.1.as_ref()?;
        // What is deleted cannot be loaded any more, whatever the index says.
        self.issues.contains_key(&id).then_some(issue)
    }

    /// What a project has of one kind.
    pub(crate) fn things_of<'a>(&'a self, project: &'a str, kind: ThingKind) -> impl Iterator<Item = &'a Thing> {
        self.things.iter().filter(move |thing| thing.kind == kind && thing.project == project)
    }

    /// The component, version or level of that id.
    pub(crate) fn thing(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.id == id)
    }

    /// The same, to be changed. As it was recorded it is not any more.
    pub(crate) fn thing_mut(&mut self, id: &str) -> Option<&mut Thing> {
        let found = self.things.iter_mut().find(|thing| thing.id == id)?;
        found.recorded = None;
        Some(found)
    }

    /// The id of a project's thing of that name, made where there is none.
    pub(crate) fn make_thing(&mut self, project: &str, kind: ThingKind, name: &str) -> String {
        if let Some(known) = self.things_of(project, kind).find(|thing| thing.name == name) {
            return known.id.clone();
        }
        let newest = self.things.iter().filter_map(|thing| thing.id.parse::<usize>().ok()).max().unwrap_or(0);
        // Jira counts on: what was deleted gives its number to nobody.
        self.last_thing = (10_500 + self.things.len()).max(newest + 1).max(self.last_thing + 1);
        let id = self.last_thing.to_string();
        self.things.push(Thing {
            id: id.clone(),
            name: name.to_owned(),
            kind,
            description: String::new(),
            start: None,
            release: None,
            released: false,
            archived: false,
            project: project.to_owned(),
            recorded: None,
        });
        id
    }

    pub(crate) fn next_entry(&mut self) -> u64 {
        self.last_entry += 1;
        self.last_entry
    }

    /// The user that this reference (id, name, e-mail) means.
    pub(crate) fn user(&self, reference: &str) -> Option<&User> {
        self.users.get(reference).or_else(|| {
            self.users
                .values()
                .find(|user| user.name.eq_ignore_ascii_case(reference) || user.email.eq_ignore_ascii_case(reference))
        })
    }

    /// How requests name this user: account id or login name.
    pub(crate) fn rest_name(&self, reference: &str) -> String {
        let name = |user: &User| if self.is_cloud() { user.id.clone() } else { user.name.clone() };
        self.user(reference).map_or_else(|| reference.to_owned(), name)
    }

    /// How this user is named in `from`/`to` of changelog items: account id or user key.
    pub(crate) fn display(&self, id: &str) -> String {
        self.users.get(id).map_or_else(|| id.to_owned(), |user| user.display_name.clone())
    }
}
