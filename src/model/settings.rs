//! Checked settings: what the configuration means once nothing in it can be wrong by itself. Must never hold a name that
//! was not checked against the rest of the file; what only Jira knows is in [`super::catalog`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hooks::HookSettings;
use super::ids::{FieldId, FieldName, InstanceId, SideId, SyncId};
use super::initial::Initial;
use super::issue::Visibility;
use super::operation::Thing;
use super::remark::Remark;
use super::things::ThingSettings;
use super::whose::Whose;

pub use super::login::{Auth, ClientCertificate, LoginEnds, NetworkSettings, OauthClient, OauthGrant, ProxySettings};

/// Which of the two products an instance runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Jira Cloud: REST v3, ADF.
    Cloud,
    /// Jira Data Center: REST v2, wiki markup.
    DataCenter,
}

/// One instance and how to reach it.
#[derive(Debug, Clone)]
pub struct InstanceSettings {
    /// Its name.
    pub id: InstanceId,
    /// Its kind.
    pub kind: Kind,
    /// Base URL without a trailing slash, path prefix included: where people see it.
    pub url: String,
    /// Cloud: where requests go instead, without a trailing slash: Atlassian's gateway, by the site's cloud id.
    pub gateway: Option<String>,
    /// How the sync user logs in.
    pub auth: Auth,
    /// Requests per second that we allow ourselves there.
    pub rate: f64,
    /// Time-out of one request.
    pub timeout: Duration,
    /// How long the search index may hide what exists: doubts about a create wait this long.
    pub settle: Duration,
    /// How far polls look back over what they have seen.
    pub overlap: Duration,
    /// How it is reached beside its URL.
    pub network: NetworkSettings,
    /// What is agreed about its webhooks.
    pub hooks: HookSettings,
    /// When its token ends, where the file says so.
    pub expires: Option<jiff::Timestamp>,
}

/// A named rule that keeps the issues of 2..N sides in step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncSettings {
    /// Its name.
    pub id: SyncId,
    /// The side that `when` is asked of; partners' usual `sees`.
    pub home: Option<SideId>,
    /// What happens when people changed one field on two sides.
    pub on_conflict: ConflictPolicy,
    /// The sides in their fixed order: home first, then by name. At least two.
    pub sides: Vec<SideSettings>,
    /// Issue types.
    pub issue_types: Table,
    /// Statuses.
    pub statuses: Table,
    /// Priorities.
    pub priorities: Table,
    /// Types of issue links: cells are names, with `:inward` behind them where the direction is turned round.
    #[serde(default)]
    pub link_types: Table,
    /// People: cells are e-mails, account ids or user names.
    pub users: Table,
    /// The field rows by name. Issue type and status have rows too.
    pub fields: BTreeMap<FieldName, FieldRow>,
    /// What happens to comments.
    pub comments: CommentSettings,
    /// What happens to logged work.
    #[serde(default)]
    pub worklogs: CommentSettings,
    /// What happens to attachments.
    pub attachments: AttachmentSettings,
    /// What happens when an issue is not where it was.
    pub life: LifeSettings,
    /// Versions and components that are kept in step beside the issues.
    #[serde(default)]
    pub things: BTreeMap<Thing, ThingSettings>,
    /// How it begins, and at which pace it creates.
    #[serde(default)]
    pub start: super::start::StartSettings,
    /// Whether each replica links to the counterparts that its side sees.
    pub links: bool,
    /// Whether the sync user stops watching what Jira made it watch for its own writes.
    #[serde(default)]
    pub unwatch: bool,
    /// Which edits set off the mails that Jira sends.
    #[serde(default)]
    pub notify: Notify,
    /// What tells that issues of two sides are one, before anything is created for them.
    #[serde(default)]
    pub pairing: Vec<PairBy>,
}

/// What tells that an issue is one with an issue of another side: it names that one's key, or the address that a browser shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairBy {
    /// A field, by side.
    Field(BTreeMap<SideId, FieldId>),
    /// A remote link.
    RemoteLink,
    /// An entity property of the issue, of this name.
    Property(String),
}

/// Which of our edits set off the mails that Jira sends. Where the sync user may not leave them out, all do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notify {
    /// Those that carry a change; what completes a first copy does not.
    #[default]
    Changes,
    /// All.
    Always,
    /// None.
    Never,
}

impl SyncSettings {
    /// The side of that name.
    #[must_use]
    pub fn side(&self, id: &SideId) -> Option<&SideSettings> {
        self.sides.iter().find(|side| &side.id == id)
    }

    /// What happens to what people say, of one kind.
    #[must_use]
    pub fn remarks(&self, remark: Remark) -> &CommentSettings {
        match remark {
            Remark::Comment => &self.comments,
            Remark::Worklog => &self.worklogs,
        }
    }

    /// The row that carries a side's watchers.
    #[must_use]
    pub fn watchers_on(&self, side: &SideId) -> Option<&FieldRow> {
        self.fields.values().find(|row| row.kind == FieldKind::Watchers && row.sides.contains_key(side))
    }

    /// Whether a row can give its field a value on a side: what is done on another side that this one sees, what the sync says itself,
    /// or a default. A row that only reads the field there gives it none.
    #[must_use]
    pub fn gives(&self, row: &FieldRow, side: &SideId) -> bool {
        let sees = |other: &SideId| row.across || self.side(side).is_some_and(|settings| settings.sees.contains(other));
        let carried = row.from.iter().any(|other| other != side && sees(other));
        let composed = row.composed.is_some() && !row.from.contains(side);
        row.sides.contains_key(side) && (carried || composed || row.default.contains_key(side))
    }

    /// The ids of all sides, in their fixed order.
    pub fn side_ids(&self) -> impl Iterator<Item = &SideId> {
        self.sides.iter().map(|side| &side.id)
    }

    /// The side, if some of its people's acts stay there (`from`, `not-from`).
    #[must_use]
    pub fn parted(&self, side: &SideId) -> Option<&SideSettings> {
        self.side(side).filter(|settings| !settings.whose.is_everybody())
    }
}

/// One end of a sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideSettings {
    /// Its name in the sync.
    pub id: SideId,
    /// Where it is.
    pub instance: InstanceId,
    /// The project's key.
    pub project: String,
    /// JQL that an issue made here must match to be carried elsewhere.
    pub jql: Option<String>,
    /// JQL on `home` that decides whether an item has a replica here.
    pub when: Option<String>,
    /// Whether no issue made here starts an item by itself.
    #[serde(default)]
    pub on_demand: bool,
    /// Whose acts may reach it. Always holds the side itself.
    pub sees: BTreeSet<SideId>,
    /// What to make of the sync user's untagged changes.
    pub side_effects: SideEffects,
    /// Whose acts cross from it.
    #[serde(default)]
    pub whose: Whose,
}

/// What people's concurrent changes of one scalar field lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictPolicy {
    /// The later one by corrected server time wins; ties by side order.
    Newest,
    /// That side's change wins; among others the newest.
    Prefer(SideId),
    /// Each side keeps its own until somebody resolves.
    Ask,
}

/// What to make of issues that the sync user made for a state that is not this one, in a project that is read for the first
/// time: the state was lost, and would create every counterpart again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownCopies {
    /// Nothing is created in the sync until somebody says what they are.
    Hold,
    /// They are left alone.
    Leave,
}

/// What to make of an entry by the sync user without our tag, and of what a workflow function adds to one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideEffects {
    /// Shown; the base follows; not propagated.
    Accept,
    /// Our value is written back once per hub version.
    Restore,
    /// Treated as a change of that side, five times in a row at most, and where that tells nobody of acts that they may not see.
    Count,
}

/// Rows of one map: one thing, as each side calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// In the file's order: the first fitting row counts.
    pub rows: Vec<Row>,
}

/// One thing of a map.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The shared name: the first name on the first side (in side order) that has one.
    pub shared: String,
    /// Per side the names that mean this thing; the first is written by preference.
    pub names: BTreeMap<SideId, Vec<String>>,
    /// Statuses only: per side the statuses to pass on the way, the last being the goal.
    pub path: BTreeMap<SideId, Vec<String>>,
}

/// What kind of value a field carries, which decides how it is mapped, merged and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// One line of text.
    Line,
    /// Rich text.
    Document,
    /// A row of a table: priority, select.
    Choice,
    /// The issue's type: written at creation only.
    IssueType,
    /// The status: written by transitions only.
    Status,
    /// A set of words, written as add and remove.
    Words,
    /// A user.
    Person,
    /// A calendar day.
    Day,
    /// A number.
    Number,
    /// An instant.
    Moment,
    /// A set of options (versions, components, groups), written as add and remove.
    Options,
    /// A set of users, written as add and remove.
    People,
    /// Seconds of work: an estimate.
    Duration,
    /// A set of links to other items of the sync, each made and taken away by itself.
    Links,
    /// The item that this one lies below: a sub-task's issue, an issue's epic.
    Parent,
    /// Who watches the issue, each added and taken away by itself.
    Watchers,
    /// What the instances say that the field holds. Never there once they were read.
    AsThere,
}

impl FieldKind {
    /// Whether it holds a set, whose elements come and go each on its own.
    #[must_use]
    pub fn is_set(self) -> bool {
        matches!(self, Self::Words | Self::Options | Self::People | Self::Links | Self::Watchers)
    }
}

/// One field that the sync carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldRow {
    /// Its shared name.
    pub name: FieldName,
    /// Its kind.
    pub kind: FieldKind,
    /// The sides that carry it, and what they call it: a field id, or a display name that the catalog resolves.
    pub sides: BTreeMap<SideId, FieldId>,
    /// The sides whose acts count. Others only receive.
    pub from: BTreeSet<SideId>,
    /// Whether the bare value may pass between sides that do not see each other.
    pub across: bool,
    /// Words that never cross: exact, or ending in `*`.
    pub exclude: Vec<String>,
    /// The field's own value table (a `Choice` that is not the priority).
    pub values: Table,
    /// What to write where the value has no counterpart.
    pub on_unmapped: OnUnmapped,
    /// What is written on the sides whose acts do not count, instead of what people wrote elsewhere.
    #[serde(default)]
    pub composed: Option<Composed>,
    /// Per side what is written where nothing is agreed.
    #[serde(default)]
    pub default: BTreeMap<SideId, String>,
    /// Of links: per side the projects there whose keys may be shown elsewhere, where a link leads to an issue that is no item.
    #[serde(default)]
    pub not_synced: BTreeMap<SideId, BTreeSet<String>>,
    /// Whose value stands where issues that are paired hold different ones.
    #[serde(default)]
    pub initial: Initial,
}

/// What the sync itself writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Composed {
    /// Always this.
    Constant(String),
    /// This template (minijinja) over the item's other values, checked to parse.
    Template(String),
}

/// What to write where a side has no counterpart of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnUnmapped {
    /// Leave what is there, and say so.
    Leave,
    /// Leave what is there, and say nothing.
    Skip,
    /// Make it there: a version or a component. Where that is refused, as [`OnUnmapped::Leave`].
    Create,
    /// Empty the field (assignee: unassign), and say so.
    Clear,
    /// Write this name of that side instead, and say so.
    Default(BTreeMap<SideId, String>),
}

/// What happens to comments, or to logged work. The default carries none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentSettings {
    /// The sides whose people's comments cross. Empty: none.
    pub from: BTreeSet<SideId>,
    /// The sides that receive comments.
    pub to: BTreeSet<SideId>,
    /// Per receiving side the template of the first line (minijinja over `author.name`, `side`), checked to parse.
    pub header: BTreeMap<SideId, String>,
    /// What becomes of the copies when the original is deleted, or may not be seen any more.
    pub deleted: WhenDeleted,
    /// Which restricted comments cross, and as what.
    #[serde(default)]
    pub restricted: Vec<RestrictedRow>,
    /// Whether internal comments of a service desk cross, as internal ones.
    #[serde(default)]
    pub internal: bool,
    /// What becomes of a copy whose original may not be read there any more.
    #[serde(default)]
    pub narrowed: WhenNarrowed,
    /// What becomes of what people write into copies.
    #[serde(default)]
    pub copies: CopyEdits,
}

impl CommentSettings {
    /// Who is to read the copy on `side` of a comment of `origin` that `visibility` may read there. `None`: no copy is made. Whether the
    /// projects are fit for what is internal to a service desk is another question: [`CommentSettings::fit_route`].
    #[must_use]
    pub fn route(&self, origin: &SideId, visibility: &Visibility, side: &SideId) -> Option<Visibility> {
        let row = self.restricted.iter().find_map(|row| {
            if &row.at == origin && &row.with == side && &row.visibility == visibility {
                return Some(row.there.clone());
            }
            (&row.with == origin && &row.at == side && &row.there == visibility).then(|| row.visibility.clone())
        });
        row.or_else(|| match visibility {
            Visibility::Everybody => {
                (self.from.contains(origin) && self.to.contains(side)).then_some(Visibility::Everybody)
            }
            Visibility::Internal => self.internal.then_some(Visibility::Internal),
            Visibility::Role(_) | Visibility::Group(_) | Visibility::Other => None,
        })
    }

    /// Whether comments of a side may cross.
    #[must_use]
    pub fn gives(&self, side: &SideId) -> bool {
        self.internal
            || self.from.contains(side)
            || self.restricted.iter().any(|row| &row.at == side || &row.with == side)
    }

    /// Whether a side may get comments.
    #[must_use]
    pub fn takes(&self, side: &SideId) -> bool {
        self.internal
            || self.to.contains(side)
            || self.restricted.iter().any(|row| &row.at == side || &row.with == side)
    }
}

/// Comments of one visibility on one side, and what they are on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictedRow {
    /// The side where they are restricted, or internal to its service desk.
    pub at: SideId,
    /// To whom.
    pub visibility: Visibility,
    /// The side with which they are shared.
    pub with: SideId,
    /// Who may read them there.
    pub there: Visibility,
}

/// What becomes of a copy whose original may not be read there any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenNarrowed {
    /// It is deleted, unless a person changed it.
    #[default]
    Delete,
    /// A notice takes the place of its text, unless a person changed it.
    Empty,
}

/// What becomes of what people write into copies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyEdits {
    /// It stays where it is and is told: a comment is its author's word.
    #[default]
    Hold,
    /// It is made on the original too, where the sync user may edit all comments.
    FlowBack,
}

/// What happens to attachments. The default carries none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentSettings {
    /// The sides whose people's files cross. Empty: none.
    pub from: BTreeSet<SideId>,
    /// The sides that receive files.
    pub to: BTreeSet<SideId>,
    /// Patterns of names that cross, `*` standing for anything. Empty: all.
    pub names: Vec<String>,
    /// Patterns of the types (MIME) that cross, `*` standing for anything. Empty: all. A type is Jira's word for the file.
    #[serde(default)]
    pub types: Vec<String>,
    /// The largest that crosses, in bytes. `None`: as large as the receiving Jira takes.
    pub largest: Option<u64>,
    /// What becomes of the copies when the original is deleted.
    pub deleted: WhenDeleted,
    /// Which files cross, next to those that `names` names.
    #[serde(default)]
    pub which: WhichFiles,
    /// What is done about a file that is too large for the receiving side.
    #[serde(default)]
    pub too_large: TooLarge,
}

/// Which files cross.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhichFiles {
    /// All, or those that `names` names.
    #[default]
    All,
    /// Those that a comment or another text of their side speaks of, to where that text crosses.
    WithTheirComment,
}

/// What is done about a file that is too large to cross.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TooLarge {
    /// It is told as a problem: nothing is written that nobody asked for.
    #[default]
    Problem,
    /// A comment in its place tells its name and size to those who miss it.
    Note,
}

/// What becomes of copies when their original is not there any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenDeleted {
    /// They are deleted too, unless a person changed them.
    #[default]
    Delete,
    /// They stay.
    Keep,
    /// They are deleted too; and where a person deletes a copy, so is the original. Of attachments alone.
    Both,
}

/// In as many issues one field of a side may be emptied at once, unless the file says another number.
pub const MOST_EMPTIED: usize = 20;

/// What settings of before this was one mean: what a state keeps of them must be the same as what the same file says today.
fn most_emptied() -> usize {
    MOST_EMPTIED
}

/// What happens when an issue of a sync is not where it was. By default nothing is done to its counterparts, and it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifeSettings {
    /// It was deleted, or the sync user may not see it any more: no API tells the one from the other.
    pub deleted: Farewell,
    /// It was moved to another project.
    pub moved: Farewell,
    /// It is there, and no longer what the sync covers: `jql` of its side, or `when` of the side of a copy.
    #[serde(default)]
    pub left: WhenLeft,
    /// As many issues of one side may go within a day before none of them is taken for gone.
    pub most_missing: usize,
    /// In as many issues the same field of one side may be emptied at once before that is held.
    #[serde(default = "most_emptied")]
    pub most_emptied: usize,
}

/// What becomes of an issue that is no longer what its sync covers. Its counterparts stay as they are either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenLeft {
    /// It is carried on: a clause says which issues join.
    #[default]
    GoOn,
    /// Nothing is carried to it or from it until it is back; what was done meanwhile is carried then.
    Stop,
}

/// What becomes of the counterparts of an issue that is not where it was. Only those whose sides see its side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Farewell {
    /// They stay as they are.
    #[default]
    Keep,
    /// They get a comment that says so.
    Comment,
    /// They get this status, by its shared name.
    Transition(String),
    /// Their link to it is taken away.
    Unlink,
    /// Those that we made are deleted. One that a person made never is.
    Delete,
}
