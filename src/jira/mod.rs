//! One Jira instance, read and written over REST. It must never decide what should be written, and never send a write twice.

mod budget;
mod call;
mod calls;
mod catalog;
mod certificate;
pub mod choices;
mod circles;
mod client;
mod connect;
mod created;
mod decode;
mod encode;
mod fields;
mod files;
mod gate;
mod grant;
mod granting;
mod history;
mod hook_body;
mod hooks;
mod identity;
mod jql;
mod lenient;
mod login;
mod login_grant;
mod named;
mod oauth;
mod pages;
mod proof;
mod read;
mod requests;
mod reqwest_setup;
mod reqwest_transport;
mod retry;
mod rights;
mod search;
mod sending;
mod silence;
mod sprints;
mod things;
mod times_read;
mod trace;
mod transport;
mod urgency;
mod watchers;
mod wire;
mod worklogs;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use budget::Budget;
pub use calls::CallCount;
pub use certificate::login_ends;
pub use circles::RoleActors;
pub use connect::{connect, connect_with};
pub use created::{Made, Makers, made};
pub use grant::grant_ends;
pub use granting::{address_to_open, code_in, take_grant};
pub use hook_body::{NO_ISSUE, Told, read_hook};
pub use hooks::{HOOK_EVENTS, HookError, HookRegistry, PROPERTY_EVENTS, RegisteredHook, WantedHook};
pub use login::{LoginSources, Reread};
pub use pages::Trail;
pub use reqwest_setup::TransportSetupError;
pub use reqwest_transport::ReqwestTransport;
pub(crate) use retry::tells_an_answer;
pub use rights::{Nature, Permissions};
pub(crate) use search::beyond;
pub use times_read::TimesRead;
pub use trace::traced;
pub use transport::{BODY_CAP, Pieces, Transport, TransportError, Trouble};
pub use urgency::{as_urgent_as, in_the_share_of, share, within_a_crowd};

use crate::model::catalog::{Catalog, LinkWords, RequestType};
use crate::model::ids::{AccountId, AttachmentId, CommentId, FieldId, InstanceId, IssueId, IssueKey};
use crate::model::issue::{
    CommentSnapshot, IssueSnapshot, LogEntry, Named, NativeValue, TransitionOffer, Visibility, Watchers,
};
use crate::model::operation::{NativeWrite, RemoteLink, Thing};
use crate::model::remark::Spent;
use crate::model::settings::Kind;
use crate::model::things::{SeenThing, ThingValues};

/// Who we are on an instance, proven by its own answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The sync user.
    pub account: AccountId,
    /// What it is called.
    pub display_name: String,
    /// IANA name of its profile's time zone: JQL dates are read in it.
    pub time_zone: String,
    /// `serverInfo`: base URL as the server knows itself.
    pub base_url: String,
    /// `serverInfo`: version.
    pub version: String,
    /// Server time minus our time, in milliseconds: from `serverInfo` as far as the `Date` header bears it out.
    pub skew_ms: i64,
}

/// What a read of issues should bring.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Want {
    /// Fields by id.
    pub fields: BTreeSet<FieldId>,
    /// Comments too (complete or said not to be).
    pub comments: bool,
    /// Logged work too (complete or said not to be).
    pub worklogs: bool,
    /// Files too, without what is in them.
    pub attachments: bool,
    /// How many watch it too.
    pub watches: bool,
    /// Our issue property too.
    pub mark: bool,
    /// The transitions offered now too (`expand=transitions`), in the same request.
    pub transitions: bool,
}

/// One page of a poll.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePage {
    /// The rows, in order of (`updated`, id).
    pub rows: Vec<IssueSnapshot>,
    /// Rows that cannot be read: one bad issue must not hide the others.
    pub unread: Vec<UnreadRow>,
    /// How to go on; `None` on the last page.
    pub next: Option<String>,
    /// This is no page but the end of Data Center's window: there is more, to be asked for from a later time.
    pub cut: bool,
}

/// What a read of rows brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadRows {
    /// The rows.
    pub rows: Vec<IssueSnapshot>,
    /// Rows that cannot be read.
    pub unread: Vec<UnreadRow>,
}

/// A row of an answer that cannot be read, and as much of it as can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadRow {
    /// The issue.
    pub issue: Option<IssueId>,
    /// Its `updated` (server time).
    pub updated: Option<Timestamp>,
    /// What is wrong with it, with the place.
    pub why: String,
}

/// One page of ids and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedPage {
    /// Ids and `updated` (server time), the newest first.
    pub rows: Vec<(IssueId, Timestamp)>,
    /// How to go on; `None` on the last page.
    pub next: Option<String>,
    /// As in [`ChangePage::cut`].
    pub cut: bool,
}

/// An issue to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueDraft {
    /// Project key.
    pub project: String,
    /// Issue type's name.
    pub issue_type: String,
    /// Fields by id.
    pub fields: BTreeMap<FieldId, NativeValue>,
    /// Our sealed mark, set as issue property in the same request.
    pub mark: String,
}

/// An edit of fields.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueEdit {
    /// The issue.
    pub issue: IssueId,
    /// The fields.
    pub fields: BTreeMap<FieldId, NativeWrite>,
    /// Our sealed tag for `historyMetadata`.
    pub tag: String,
    /// Whether no mails are to be sent about it. Needs the right to administer the project or Jira: Data Center refuses the edit
    /// without it (403), and Cloud ignores the wish, or the edit (`notifyUsers`).
    pub silent: bool,
}

/// A file to be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDraft {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its MIME type.
    pub mime: String,
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{attempt} on instance `{instance}` failed: {failure}")]
pub struct JiraError {
    /// What was attempted, naming the issue where there is one.
    pub attempt: String,
    /// The instance.
    pub instance: InstanceId,
    /// What went wrong.
    pub failure: Failure,
}

/// What went wrong with a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// Never reached the server, or no whole answer came: DNS, connect, TLS, time-out, cut body.
    #[error("{0}")]
    Unreachable(String),
    /// An answer as nobody or somebody else, or 401: the token is wrong, expired or revoked.
    #[error("not logged in as the sync user: {0}")]
    NotUs(String),
    /// A CAPTCHA or the like: stop asking, a person must act.
    #[error("the account is locked: {0}")]
    Locked(String),
    /// Not an answer of a Jira API: an HTML page, a redirect to another host, a proxy's page.
    #[error("not an answer of a Jira API: {0}")]
    NotJira(String),
    /// Jira understood and said no (400, 403, 409, 410, 413, 422). Data Center's 500 for a wrong transition is a doubt.
    #[error("{0}")]
    Refused(Refusal),
    /// 404: deleted, moved out of sight, or no permission.
    #[error("not there, or not visible to the sync user")]
    NotFound,
    /// 429 or 503 after all patience; ask again no earlier than this many milliseconds from now.
    #[error("told to wait for {0} ms")]
    Wait(u64),
    /// 5xx after all retries.
    #[error("the server failed with status {0}")]
    Server(u16),
    /// The answer's JSON is broken or lacks what was asked for.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

/// The status of what was there once.
const GONE: u16 = 410;

/// Jira's no, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("status {status}: {}", self.in_words())]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// General messages.
    pub messages: Vec<String>,
    /// Messages per field id.
    pub fields: BTreeMap<String, String>,
}

impl Refusal {
    /// All messages in one line.
    #[must_use]
    pub fn in_words(&self) -> String {
        let fields = self.fields.iter().map(|(field, message)| format!("`{field}`: {message}"));
        let mut all: Vec<String> = self.messages.iter().cloned().chain(fields).collect();
        if self.status == GONE {
            all.push("this Jira took that part of its interface away: is there a newer jirasyncd?".to_owned());
        }
        if all.is_empty() { self.meaning().to_owned() } else { all.join("; ") }
    }

    /// What a status mostly means that comes without a word.
    fn meaning(&self) -> &'static str {
        match self.status {
            400 => "without a reason given; it does not take what was sent",
            401 | 403 => "without a reason given; mostly the sync user lacks a permission there",
            409 => "without a reason given; mostly something changed there meanwhile",
            413 => "without a reason given; it is too large for that Jira",
            _ => "without a reason given",
        }
    }
}

/// What became of one write. Never retried by the transport.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOutcome<T> {
    /// Jira said yes.
    Done(T),
    /// Jira said no: nothing was written.
    Refused(Refusal),
    /// The issue is not there or not visible.
    NotFound,
    /// It certainly was not sent, or was turned away before being looked at (429, a refused login): try again no earlier
    /// than this many milliseconds from now, under the same operation id. Never after a 5xx: a 503 proves nothing.
    NotSent {
        /// Why, in words.
        why: String,
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// It may or may not have happened: observe before anything else.
    InDoubt(String),
}

/// What was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub id: IssueId,
    /// Its key.
    pub key: IssueKey,
}

/// Reading one instance. Reads are retried by the transport; every answer's identity is checked.
#[async_trait]
pub trait JiraRead: Send + Sync + 'static {
    /// The instance's name.
    fn instance(&self) -> &InstanceId;

    /// Its kind.
    fn kind(&self) -> Kind;

    /// Proves who we are, measures the skew, learns the time zone. Must be called before any other read.
    async fn identity(&self) -> Result<Identity, JiraError>;

    /// Server time minus our time in milliseconds, as the newest answers tell; `None` before [`JiraRead::identity`].
    fn skew_ms(&self) -> Option<i64>;

    /// What is left of its limits, as far as its answers told.
    fn budget(&self) -> Budget;

    /// How many requests went there and what became of them.
    fn calls(&self) -> Vec<CallCount>;

    /// For how long it has answered nothing that was asked, if that is longer than it ever takes of late.
    fn silent_for(&self) -> Option<std::time::Duration>;

    /// What the instance and this project offer; `people` are the user map's cells for this side.
    async fn catalog(&self, project: &str, people: &BTreeSet<String>) -> Result<Catalog, JiraError>;

    /// The fields on the edit screen of the project's newest issue of a type; `None`: there is none, or none that may be edited.
    async fn edit_screen(&self, project: &str, issue_type: &str) -> Result<Option<BTreeSet<FieldId>>, JiraError>;

    /// What the sync user may do in a project, of the permission keys asked for.
    async fn permissions(&self, project: &str, keys: &[&str]) -> Result<Permissions, JiraError>;

    /// The same for an issue: what only its reporter or assignee holds shows as held in the project.
    async fn permissions_for(&self, issue: IssueId, keys: &[&str]) -> Result<Permissions, JiraError>;

    /// The issue of the project that changed last, of those that match `jql`. By the index.
    async fn newest(&self, project: &str, jql: Option<&str>) -> Result<Option<(IssueId, IssueKey)>, JiraError>;

    /// Issues of `projects` updated at or after `since` (server time), oldest first, one page. The overlap is the
    /// caller's. At most one request.
    async fn changes(
        &self,
        projects: &BTreeSet<String>,
        since: Option<Timestamp>,
        want: &Want,
        page: Option<&str>,
    ) -> Result<ChangePage, JiraError>;

    /// A page of those updated in `[since, until]`, or at any time since, in the order of their ids and only such as come after `after`:
    /// where more changed in those minutes than Data Center's window holds. At most one request.
    async fn crowd(
        &self,
        projects: &BTreeSet<String>,
        (since, until): (Timestamp, Option<Timestamp>),
        after: Option<IssueId>,
        want: &Want,
    ) -> Result<ChangePage, JiraError>;

    /// The same with nothing but ids and times, up to 1,000 a page and the newest first: for looking back over what was read
    /// already.
    async fn touched(
        &self,
        projects: &BTreeSet<String>,
        since: Timestamp,
        page: Option<&str>,
    ) -> Result<TouchedPage, JiraError>;

    /// The ids of all issues of `projects` updated from `since` on and not after `until` (server time), and perhaps some more
    /// around, by the index. As few requests as there are pages of ids.
    async fn listed(
        &self,
        projects: &BTreeSet<String>,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Vec<IssueId>, JiraError>;

    /// Reads of issues as a poll brings them, 100 a request on both kinds: on Data Center by the index. Issues that are not
    /// there, or not visible, are left out.
    async fn rows(&self, issues: &[IssueId], want: &Want) -> Result<ReadRows, JiraError>;

    /// Some issue of the project in a status, to learn its transitions from. By the index.
    async fn sample(&self, project: &str, issue_type: &str, status: &str) -> Result<Option<IssueId>, JiraError>;

    /// Those of `issues` that match `jql` (in `project`), by the index. JQL that Jira refuses is `Failure::Refused`.
    async fn matching(&self, project: &str, jql: &str, issues: &[IssueId]) -> Result<BTreeSet<IssueId>, JiraError>;

    /// Fresh reads, not by the index: Cloud in bulk (100 a request), Data Center one request each. An issue that is
    /// not there or not visible has `Err(NotFound)`. The order is that of `issues`.
    async fn issues(&self, issues: &[IssueId], want: &Want) -> Vec<Result<IssueSnapshot, JiraError>>;

    /// Reads issues by their keys, in the order of `keys`. A key that an issue had before it was moved finds it under its new one.
    async fn named(&self, keys: &[IssueKey], want: &Want) -> Vec<Result<IssueSnapshot, JiraError>>;

    /// All changelog entries of an issue after `after`, oldest first.
    async fn log_after(&self, issue: IssueId, after: crate::model::ids::EntryId) -> Result<Vec<LogEntry>, JiraError>;

    /// All comments of an issue that the sync user may see, oldest first.
    async fn comments(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError>;

    /// One comment, by itself; `None`: it is not there, or the sync user may not see it.
    async fn comment(&self, issue: IssueId, comment: &CommentId) -> Result<Option<CommentSnapshot>, JiraError>;

    /// Our sealed mark on a comment, if there is one.
    async fn comment_mark(&self, issue: IssueId, comment: &CommentId) -> Result<Option<String>, JiraError>;

    /// All logged work of an issue that the sync user may see, oldest first, on Cloud with our marks. Refused or not found where
    /// time tracking is switched off.
    async fn worklogs(&self, issue: IssueId) -> Result<Vec<CommentSnapshot>, JiraError>;

    /// Who watches an issue. Where the sync user may not see that, it is refused, or there are more than are shown.
    async fn watchers(&self, issue: IssueId) -> Result<Watchers, JiraError>;

    /// Whether issues can be watched at all: an administrator may have switched that off for all of a Jira.
    async fn is_watching_on(&self) -> Result<bool, JiraError>;

    /// The addresses that an issue's remote links lead to.
    async fn remote_addresses(&self, issue: IssueId) -> Result<Vec<String>, JiraError>;

    /// What an entity property of an issue holds; `None` where there is none of that name.
    async fn issue_property(&self, issue: IssueId, name: &str) -> Result<Option<serde_json::Value>, JiraError>;

    /// The transitions offered now.
    async fn transitions(&self, issue: IssueId) -> Result<Vec<TransitionOffer>, JiraError>;

    /// Issues of the project, or of all that it may browse, that the sync user created at or after `since` (server time), by the index.
    async fn created_by_us(&self, project: Option<&str>, since: Timestamp, former: &Makers) -> Result<Made, JiraError>;

    /// The largest file that may be attached, in bytes; `None` where none may.
    async fn upload_limit(&self) -> Result<Option<u64>, JiraError>;

    /// The names of the types of issue links. Empty where linking is switched off.
    async fn link_types(&self) -> Result<Vec<(String, LinkWords)>, JiraError>;

    /// The names of all resolutions.
    async fn resolutions(&self) -> Result<Vec<String>, JiraError>;

    /// The sprints of the project's boards that are not over, by names that only one of them has.
    async fn sprints(&self, project: &str) -> Result<Vec<Named>, JiraError>;

    /// The request types of the project's service desk, by names that only one of them has; what is written for each where
    /// the field of that id takes them. None where the project is no service desk, or it is not shown to us.
    async fn request_types(&self, project: &str, field: &FieldId) -> Result<Vec<RequestType>, JiraError>;

    /// What is in a file, piece by piece. The pieces end with an error unless they are `size` bytes.
    async fn file(&self, file: &AttachmentId, name: &str, size: u64) -> Result<Pieces, JiraError>;

    /// Whether somebody may be assigned issues of the project.
    async fn assignable(&self, project: &str, account: &AccountId) -> Result<bool, JiraError>;

    /// The names of the groups that an account is in, also by other groups. `None`: Jira does not show them.
    async fn groups_of(&self, account: &AccountId) -> Result<Option<BTreeSet<String>>, JiraError>;

    /// Who has a role in a project; `None`: there is no role of that name.
    async fn role_actors(&self, project: &str, role: &str) -> Result<Option<RoleActors>, JiraError>;

    /// What sort of project it is.
    async fn nature(&self, project: &str) -> Result<Nature, JiraError>;

    /// The key that a project has now.
    async fn key_now(&self, project: &str) -> Result<String, JiraError>;

    /// All versions, or components, of a project. At most one request.
    async fn things(&self, project: &str, thing: Thing) -> Result<Vec<SeenThing>, JiraError>;

    /// Tries how the instance reads times in JQL, around the newest issue of the project, and uses the best form that works
    /// from then on. Without it (and where nothing works) times are written earlier than meant. At most five requests.
    async fn learn_time_form(&self, project: &str) -> Result<TimesRead, JiraError>;

    /// The time zone in the sync user's profile now; `None` where times are written so that it does not matter. Where it is another
    /// than before, times are written in it from then on.
    async fn zone_now(&self) -> Result<Option<String>, JiraError>;
}

/// Writing one instance. Nothing but `engine::apply` holds one.
#[async_trait]
pub trait JiraWrite: Send + Sync + 'static {
    /// Creates issues, up to 50 in one request; one outcome per draft, in order.
    async fn create(&self, drafts: &[IssueDraft]) -> Vec<WriteOutcome<Created>>;

    /// Sets fields. Where the kind gives the issue back with its log (Cloud), that is the check.
    async fn edit(&self, edit: &IssueEdit, want: &Want) -> WriteOutcome<Option<IssueSnapshot>>;

    /// Takes one transition of the edit's issue, under its tag, and sets its fields with it: a screen's required fields must
    /// come in the request itself.
    async fn transition(&self, transition: &str, edit: &IssueEdit) -> WriteOutcome<()>;

    /// Attaches a file whose bytes come piece by piece. Where they break off nothing is attached.
    async fn attach(&self, issue: IssueId, draft: &FileDraft, pieces: Pieces) -> WriteOutcome<AttachmentId>;

    /// Deletes a file of ours. One that is not there any more counts as deleted.
    async fn detach(&self, issue: IssueId, file: &AttachmentId) -> WriteOutcome<()>;

    /// Replaces the body of a comment of ours, and nothing else of it. `silent` leaves mails out where the kind can (Cloud:
    /// `notifyUsers` (v3)), here as with work.
    async fn edit_comment(
        &self,
        issue: IssueId,
        comment: &CommentId,
        body: &NativeValue,
        silent: bool,
    ) -> WriteOutcome<()>;

    /// Deletes a comment of ours. One that is not there is [`WriteOutcome::NotFound`].
    async fn delete_comment(&self, issue: IssueId, comment: &CommentId) -> WriteOutcome<()>;

    /// Logs work with its text, on Cloud with our sealed mark as its property. The remaining estimate stays as it is.
    async fn log_work(
        &self,
        issue: IssueId,
        spent: Spent,
        body: &NativeValue,
        mark: &str,
        silent: bool,
    ) -> WriteOutcome<CommentId>;

    /// Replaces the work and the text of a worklog of ours. The remaining estimate stays as it is.
    async fn edit_work(
        &self,
        issue: IssueId,
        worklog: &CommentId,
        spent: Spent,
        body: &NativeValue,
        silent: bool,
    ) -> WriteOutcome<()>;

    /// Deletes a worklog of ours. One that is not there is [`WriteOutcome::NotFound`].
    async fn delete_work(&self, issue: IssueId, worklog: &CommentId, silent: bool) -> WriteOutcome<()>;

    /// Makes an issue link to something elsewhere, or changes the link with that global id.
    async fn link(&self, issue: IssueId, link: &RemoteLink) -> WriteOutcome<()>;

    /// Takes the link with that global id away. One that is not there any more counts as taken away.
    async fn unlink(&self, issue: IssueId, global_id: &str) -> WriteOutcome<()>;

    /// Takes our property away from an issue. One that is not there counts as taken away.
    async fn unmark(&self, issue: IssueId) -> WriteOutcome<()>;

    /// The same of a comment.
    async fn unmark_comment(&self, issue: IssueId, comment: &CommentId) -> WriteOutcome<()>;

    /// The same of logged work. Cloud only: Data Center's has no properties.
    async fn unmark_work(&self, issue: IssueId, worklog: &CommentId) -> WriteOutcome<()>;

    /// Deletes an issue of ours. One that is not there any more counts as deleted; one with sub-tasks is refused.
    async fn delete(&self, issue: IssueId) -> WriteOutcome<()>;

    /// Makes a link of that type, so that `from` reads as its outward text (`SUP-1 blocks SUP-2`). One that is there already is a
    /// yes too, and no answer names it.
    async fn add_issue_link(&self, kind: &str, from: IssueId, to: IssueId) -> WriteOutcome<()>;

    /// Takes a link of an issue away. One that is not there, or may not be seen or taken away, is [`WriteOutcome::NotFound`] on
    /// Cloud.
    async fn delete_issue_link(&self, issue: IssueId, link: &str) -> WriteOutcome<()>;

    /// Makes somebody a watcher of an issue. Who is one already is a yes too.
    async fn watch(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()>;

    /// Takes somebody from the watchers of an issue. Who is none is a yes too.
    async fn unwatch(&self, issue: IssueId, account: &AccountId) -> WriteOutcome<()>;

    /// Makes a version or component of that name in a project. One that is there already is a refusal.
    async fn offer(&self, project: &str, thing: Thing, name: &str) -> WriteOutcome<SeenThing>;

    /// Makes a version or component with these properties, without flags. One of that name that is there already is a refusal.
    async fn make_thing(&self, project: &str, thing: Thing, values: &ThingValues) -> WriteOutcome<SeenThing>;

    /// Changes these properties of a version or component, and nothing else of it. Gives back what the answer shows, if it does.
    async fn change_thing(&self, thing: Thing, native: &str, values: &ThingValues) -> WriteOutcome<Option<SeenThing>>;

    /// Adds a comment with our sealed mark as its property, for `readers` alone.
    async fn add_comment(
        &self,
        issue: IssueId,
        body: &NativeValue,
        readers: &Visibility,
        mark: &str,
    ) -> WriteOutcome<CommentId>;
}
