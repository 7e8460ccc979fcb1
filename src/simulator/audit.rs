//! A look at everything from above, for tests: values by name, whole histories, no permissions. Read-only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::adf;
use super::jira::Jira;
use super::state::{Attachment, Issue, IssueLink, RemoteLink, State, Worklog};
use super::values;

/// An issue as an auditor sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueView {
    /// Numeric id.
    pub id: u64,
    /// Present key.
    pub key: String,
    /// Project key.
    pub project: String,
    /// Id of the user who created it.
    pub creator: Option<String>,
    /// When.
    pub created: Timestamp,
    /// `updated`.
    pub updated: Timestamp,
    /// Field id -> value in words: names instead of ids, wiki text instead of ADF, labels joined by a space. Empty fields
    /// are missing.
    pub fields: BTreeMap<String, String>,
    /// Entity properties.
    pub properties: BTreeMap<String, Value>,
    /// Remote links, oldest first: title and address.
    pub links: Vec<(String, String)>,
    /// Links to other issues, in the order they were made.
    pub issue_links: Vec<LinkView>,
    /// Files, oldest first.
    pub attachments: Vec<AttachmentView>,
    /// Oldest first.
    pub comments: Vec<CommentView>,
    /// Oldest first.
    pub worklogs: Vec<WorklogView>,
    /// Oldest first.
    pub history: Vec<EntryView>,
    /// How often people were notified.
    pub notifications: u64,
}

fn link(link: &RemoteLink) -> (String, String) {
    let text = |at: &str| link.body.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/object/title"), text("/object/url"))
}

/// A link to another issue as an auditor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// Id.
    pub id: u64,
    /// Name of its type.
    pub kind: String,
    /// Whether it reads as the type's outward text from here.
    pub outward: bool,
    /// Key of the other issue.
    pub other: String,
}

fn issue_link(state: &State, link: &IssueLink) -> LinkView {
    let kind = state.link_types.iter().find(|kind| kind.id == link.kind);
    LinkView {
        id: link.id,
        kind: kind.map(|kind| kind.name.clone()).unwrap_or_default(),
        outward: link.outward,
        other: state.issues.get(&link.other).map(|issue| issue.key.clone()).unwrap_or_default(),
    }
}

/// A file as an auditor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentView {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// MIME type, as it was said when it was attached.
    pub mime: String,
    /// Id of its author.
    pub author: Option<String>,
    /// When it was attached.
    pub created: Timestamp,
    /// How many bytes are in it.
    pub length: u64,
    /// What is in it; empty where it is too large to be kept in memory: [`super::Jira::file_hash`] tells then.
    pub content: bytes::Bytes,
}

fn attachment(file: &Attachment) -> AttachmentView {
    AttachmentView {
        id: file.id,
        name: file.name.clone(),
        mime: file.mime.clone(),
        author: file.author.clone(),
        created: file.created,
        length: file.content.len(),
        content: file.content.in_memory().cloned().unwrap_or_default(),
    }
}

/// A comment as an auditor sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct CommentView {
    /// Id.
    pub id: u64,
    /// Id of its author.
    pub author: Option<String>,
    /// Wiki text.
    pub body: String,
    /// When it was added.
    pub created: Timestamp,
    /// When it was last rewritten.
    pub updated: Timestamp,
    /// Who rewrote it last.
    pub updated_by: Option<String>,
    /// Whether its property keeps it from a service desk's customers.
    pub internal: bool,
    /// The comment that it answers.
    pub parent: Option<u64>,
    /// `(type, value)` of its restriction.
    pub visibility: Option<(String, String)>,
    /// Entity properties.
    pub properties: BTreeMap<String, Value>,
}

/// Logged work as an auditor sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct WorklogView {
    /// Id.
    pub id: u64,
    /// Id of its author.
    pub author: Option<String>,
    /// Wiki text; empty where there is none.
    pub comment: String,
    /// When the work began.
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub seconds: u64,
    /// `(type, value)` of its restriction.
    pub visibility: Option<(String, String)>,
}

fn worklog(work: &Worklog) -> WorklogView {
    let wiki = || if work.comment.is_null() { String::new() } else { adf::to_wiki(&work.comment) };
    WorklogView {
        id: work.id,
        author: work.author.clone(),
        comment: work.comment.as_str().map_or_else(wiki, str::to_owned),
        started: work.started,
        seconds: work.seconds,
        visibility: work.visibility.as_ref().map(|visibility| (visibility.kind.clone(), visibility.value.clone())),
    }
}

/// A changelog entry as an auditor sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryView {
    /// Id.
    pub id: u64,
    /// Id of its author.
    pub author: Option<String>,
    /// When.
    pub created: Timestamp,
    /// `(field, fromString, toString)`.
    pub items: Vec<(String, Option<String>, Option<String>)>,
    /// `historyMetadata`, if it came with some.
    pub metadata: Option<Value>,
}

impl Jira {
    /// All issues, by id.
    #[must_use]
    pub fn issues(&self) -> Vec<IssueView> {
        let inside = self.lock();
        inside.state.issues.values().map(|issue| view(&inside.state, issue)).collect()
    }

    /// One issue, by key, former key or id.
    #[must_use]
    pub fn issue(&self, reference: &str) -> Option<IssueView> {
        let inside = self.lock();
        inside.state.issue(reference).map(|issue| view(&inside.state, issue))
    }
}

impl Jira {
    /// The remote links of an issue, by key, former key or id, oldest first, each as it was sent last.
    #[must_use]
    pub fn remote_links(&self, reference: &str) -> Vec<Value> {
        let inside = self.lock();
        let issue = inside.state.issue(reference);
        issue.map(|issue| issue.remote_links.iter().map(|link| link.body.clone()).collect()).unwrap_or_default()
    }
}

fn view(state: &State, issue: &Issue) -> IssueView {
    let mut fields = BTreeMap::new();
    for (id, value) in &issue.fields {
        let Some(field) = state.fields.get(id) else { continue };
        let text = match value.as_str() {
            Some(text) if id == "duedate" => Some(text.to_owned()),
            _ => values::logged(state, field, value).1,
        };
        fields.insert(id.clone(), text.unwrap_or_default());
    }
    let comments = issue.comments.iter().map(|comment| CommentView {
        id: comment.id,
        author: comment.author.clone(),
        body: comment.body.as_str().map_or_else(|| adf::to_wiki(&comment.body), str::to_owned),
        created: comment.created,
        updated: comment.updated,
        internal: super::comments::is_internal(comment),
        parent: comment.parent,
        updated_by: comment.update_author.clone(),
        visibility: comment.visibility.as_ref().map(|visibility| (visibility.kind.clone(), visibility.value.clone())),
        properties: comment.properties.clone(),
    });
    let history = issue.history.iter().map(|entry| EntryView {
        id: entry.id,
        author: entry.author.clone(),
        created: entry.created,
        items: entry
            .items
            .iter()
            .map(|item| (item.field.clone(), item.from_string.clone(), item.to_string.clone()))
            .collect(),
        metadata: entry.metadata.clone(),
    });
    IssueView {
        id: issue.id,
        key: issue.key.clone(),
        project: issue.project.clone(),
        creator: issue.creator.clone(),
        created: issue.created,
        updated: issue.updated,
        fields,
        properties: issue.properties.clone(),
        attachments: issue.attachments.iter().map(attachment).collect(),
        links: issue.remote_links.iter().map(link).collect(),
        issue_links: issue.issue_links.iter().map(|link| issue_link(state, link)).collect(),
        comments: comments.collect(),
        worklogs: issue.worklogs.iter().map(worklog).collect(),
        history: history.collect(),
        notifications: issue.notifications,
    }
}
