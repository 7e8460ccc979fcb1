//! What one side's Jira said of one issue, in that side's own words, the same shape for both kinds. Must never hold a
//! shared value: mapping makes those.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{AccountId, AttachmentId, CommentId, EntryId, FieldId, IssueId, IssueKey};
use super::remark::{Remark, Spent};

/// One read of one issue. Values are read before (or together with) the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IssueSnapshot {
    /// Numeric id.
    pub id: IssueId,
    /// Key at the time of reading.
    pub key: IssueKey,
    /// Key of the project it is in now.
    pub project: String,
    /// Whether that is a service desk's; `None` where Jira did not say.
    #[serde(default)]
    pub service_desk: Option<bool>,
    /// The server's `created`.
    pub created: Timestamp,
    /// The server's `updated`.
    pub updated: Timestamp,
    /// Who created it.
    pub creator: Option<Person>,
    /// Its type.
    pub issue_type: Named,
    /// Whether a security level restricts it.
    pub restricted: bool,
    /// That level, as its side calls it; `None` where it has none, or one without a name.
    #[serde(default)]
    pub level: Option<String>,
    /// Whether Jira spoke of the level at all: it leaves out what a field configuration hides, and the level stands all the same.
    #[serde(default)]
    pub tells_level: bool,
    /// The values of the fields that were asked for, by field id.
    pub fields: BTreeMap<FieldId, NativeValue>,
    /// The ids of the versions, components and options that fields show, by field and name: names pass from one to another, ids do not.
    #[serde(default)]
    pub ids: BTreeMap<FieldId, BTreeMap<String, String>>,
    /// The comments that came with the read, and whether these are all.
    pub comments: Comments,
    /// The logged work that came with the read, and whether this is all.
    #[serde(default)]
    pub worklogs: Comments,
    /// The files of the issue; `None` if they were not asked for. They come whole.
    #[serde(default)]
    pub attachments: Option<Vec<AttachmentSnapshot>>,
    /// How many watch it; `None` if that was not asked for, or not told.
    #[serde(default)]
    pub watched: Option<Watched>,
    /// Changelog entries that came with the read, oldest first.
    pub log: Vec<LogEntry>,
    /// Whether `log` reaches back to the first entry. If not, older entries exist that were not read.
    pub log_whole: bool,
    /// Our mark in the issue's properties, sealed, if it was asked for and is there.
    pub mark: Option<String>,
    /// The transitions offered in the status that was read, if they were asked for.
    pub transitions: Option<Vec<TransitionOffer>>,
}

impl IssueSnapshot {
    /// What people say there, of one kind.
    #[must_use]
    pub fn remarks(&self, remark: Remark) -> &Comments {
        match remark {
            Remark::Comment => &self.comments,
            Remark::Worklog => &self.worklogs,
        }
    }

    /// The same, to be changed.
    pub fn remarks_mut(&mut self, remark: Remark) -> &mut Comments {
        match remark {
            Remark::Comment => &mut self.comments,
            Remark::Worklog => &mut self.worklogs,
        }
    }
}

/// A field's value as the side holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NativeValue {
    /// Null, or not there.
    Empty,
    /// Plain text, a date, a number: as text.
    Text(String),
    /// Wiki markup.
    Wiki(String),
    /// An ADF document.
    Adf(serde_json::Value),
    /// One named thing: status, priority, select option.
    Named(Named),
    /// A set of words.
    Words(BTreeSet<String>),
    /// A user.
    Person(Person),
    /// Links to other issues.
    Links(BTreeSet<IssueLink>),
    /// The issue that it lies below.
    Parent(Above),
    /// A shape that this version does not carry.
    Other(serde_json::Value),
}

/// A thing of an instance with an id and a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// The id, as text.
    pub id: String,
    /// The display name.
    pub name: String,
}

/// A link to another issue, as one of its two ends shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IssueLink {
    /// Its id; empty where it is yet to be made.
    pub id: String,
    /// The name of its type.
    pub kind: String,
    /// Whether it reads as the type's outward text from here: `SUP-1 blocks SUP-2`, seen from SUP-1.
    pub outward: bool,
    /// The other issue.
    pub issue: IssueId,
    /// Its key.
    pub key: IssueKey,
}

/// The issue that another lies below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Above {
    /// The issue; `None` where the field names it by its key alone (Epic Link).
    pub issue: Option<IssueId>,
    /// Its key.
    pub key: IssueKey,
}

/// A user as an instance shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who they are there.
    pub account: AccountId,
    /// What they are called there.
    pub display_name: String,
    /// Their e-mail, where the profile shows it.
    pub email: Option<String>,
}

/// The comments of a read, or its logged work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comments {
    /// Oldest first.
    pub list: Vec<CommentSnapshot>,
    /// Whether these are all comments the sync user may see. Nothing may be concluded from absence when false.
    pub complete: bool,
}

/// One comment, or one piece of logged work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommentSnapshot {
    /// Its id.
    pub id: CommentId,
    /// Who wrote it, if that is shown.
    pub author: Option<Person>,
    /// The server's `created`.
    pub created: Timestamp,
    /// The server's `updated`.
    pub updated: Timestamp,
    /// The body: `Adf` or `Wiki`.
    pub body: NativeValue,
    /// Who changed it last, if that is shown.
    pub changed_by: Option<AccountId>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The comment that it answers, where the kind has threads.
    #[serde(default)]
    pub parent: Option<CommentId>,
    /// Whether what it answers did not come with it: it was deleted, or may not be seen. Then nothing says who may read the answer.
    #[serde(default)]
    pub answers_lost: bool,
    /// The work that was done, of logged work.
    #[serde(default)]
    pub spent: Option<Spent>,
    /// Our sealed mark, where it came along.
    #[serde(default)]
    pub mark: Option<String>,
}

/// Who may read a comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everybody who may see the issue.
    #[default]
    Everybody,
    /// The members of a role of the project, by its name.
    Role(String),
    /// The members of a group, by its name.
    Group(String),
    /// Whoever works in the service desk, and none of its customers.
    Internal,
    /// Fewer, in a way that has no word here: it goes nowhere.
    Other,
}

impl Visibility {
    /// From its form in the configuration: `role:NAME`, `group:NAME` or `internal`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim() == "internal" {
            return Some(Self::Internal);
        }
        let (kind, name) = text.split_once(':')?;
        let name = name.trim();
        match kind.trim() {
            "role" if !name.is_empty() => Some(Self::Role(name.to_owned())),
            "group" if !name.is_empty() => Some(Self::Group(name.to_owned())),
            _ => None,
        }
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Role(name) => write!(f, "role `{name}`"),
            Self::Group(name) => write!(f, "group `{name}`"),
            Self::Internal => f.write_str("the service desk alone"),
            Self::Other => f.write_str("some"),
        }
    }
}

/// One file of an issue, without what is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentSnapshot {
    /// Its id.
    pub id: AttachmentId,
    /// Its name, as it was given: not unique, and not to be trusted.
    pub name: String,
    /// Its size in bytes, as the server tells it.
    pub size: u64,
    /// Its MIME type, as the server tells it.
    pub mime: String,
    /// Who attached it, if that is shown.
    pub author: Option<AccountId>,
    /// The server's `created`.
    pub created: Timestamp,
}

/// How many watch an issue, as any read of it tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Besides the sync user.
    pub others: u64,
    /// Whether the sync user does.
    pub by_us: bool,
}

/// Who watches an issue, as the list of them tells, which is read by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watchers {
    /// Those who are shown.
    pub accounts: BTreeSet<AccountId>,
    /// How many there are.
    pub watched: Watched,
    /// Whether all are shown. Nothing may be concluded from absence when false.
    pub whole: bool,
    /// When it was read, by our clock.
    pub read: Timestamp,
}

/// One changelog entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its id.
    pub id: EntryId,
    /// Server time.
    pub created: Timestamp,
    /// Who did it; absent for anonymous and deleted users.
    pub author: Option<AccountId>,
    /// Our tag (`historyMetadata` with our `type`), still sealed.
    pub tag: Option<String>,
    /// What changed.
    pub items: Vec<LogItem>,
}

/// One field's change in a changelog entry. Absent texts are nulls on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogItem {
    /// The field's id; resolved from the name where the kind does not give it (Data Center).
    pub field: FieldId,
    /// The id before.
    pub from: Option<String>,
    /// The display text before.
    pub from_text: Option<String>,
    /// The id after.
    pub to: Option<String>,
    /// The display text after.
    pub to_text: Option<String>,
}

/// A transition that the sync user is offered from an issue's present status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionOffer {
    /// The transition's id in this workflow.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The status it leads to.
    pub to: Named,
    /// Fields of its screen that are required and have no default.
    pub required: Vec<ScreenField>,
    /// All fields of its screen.
    #[serde(default)]
    pub shows: BTreeSet<FieldId>,
}

/// A field that a transition's screen asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenField {
    /// The field's id.
    pub id: FieldId,
    /// Its display name.
    pub name: String,
}
