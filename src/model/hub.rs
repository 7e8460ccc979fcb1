//! What we know of one item: the agreed values, what each replica was last seen to hold, and who acted. Must never move a
//! base because something was decided: only because it was observed or acknowledged.
//!
//! Causality is kept by counting people's acts per side ([`Acts`], a version vector). The agreed value is kept once per
//! *audience* ([`Audience`]: the sides whose acts may enter it), so that what one partner receives is computed without
//! the acts that it may not see. With `sees` left at its default there is one audience, and this is the plain hub.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use super::acts::{Acts, Audience};
pub use super::away::{Absence, Away};
pub use super::base::{Acknowledged, Base, Trail};
use super::document::Document;
use super::ids::{
    AccountId, AttachmentId, CommentId, EntryId, FieldName, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId,
};
use super::issue::Visibility;
use super::level::Level;
use super::remark::{Remark, Spent};
use super::scope::{Covered, Scope};
use super::value::Value;

/// The agreed value of one field for one audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreed {
    /// The value.
    pub value: Value,
    /// The acts it contains, winners and losers of conflicts alike.
    pub acts: Acts,
    /// The sides the value's content came from (of a merged value their union).
    pub origins: BTreeSet<SideId>,
    /// The side whose act set it last.
    pub by: SideId,
    /// When that was: server time of that side, corrected for its measured skew.
    pub at: Timestamp,
    /// Under `ask`: the sides that keep their own value until somebody resolves.
    pub asking: BTreeSet<SideId>,
    /// Of fields that are not merged: the acts that no other act was made on top of, the one that stands among them.
    /// They are kept so that the outcome cannot depend on the order in which acts become known.
    #[serde(default)]
    pub standing: Vec<Standing>,
}

/// An act that no later act was made on top of, as far as is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The side.
    pub side: SideId,
    /// Its number there.
    pub number: u64,
    /// When it was: corrected server time.
    pub at: Timestamp,
    /// The value that stood there before it.
    pub before: Value,
    /// The value it set.
    pub value: Value,
    /// What its author knew by the acts that they knew, the newest: an act that becomes known late may be one that was acted on top of.
    #[serde(default)]
    pub knew: Vec<Glimpse>,
}

/// What stood on a side when somebody acted there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glimpse {
    /// The side.
    pub side: SideId,
    /// When they acted: corrected server time.
    pub at: Timestamp,
    /// The value that stood there before.
    pub before: Value,
}

/// One replica of an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replica {
    /// Numeric id on its instance.
    pub issue: IssueId,
    /// Last key seen.
    pub key: IssueKey,
    /// The newest `updated` (server time) of a read that was taken in.
    pub updated: Timestamp,
    /// The last changelog entry taken in.
    pub entry: EntryId,
    /// Whether we created it (then its first values are ours, not a person's).
    pub ours: bool,
    /// Set once the first observation was taken in.
    pub observed: bool,
    /// Whether it had a security level that keeps it apart when it was last read: then nothing of its item is carried.
    #[serde(default)]
    pub restricted: bool,
    /// How it stands to security levels.
    #[serde(default, skip_serializing_if = "Level::is_none")]
    pub level: Level,
    /// What it was last seen to hold.
    pub bases: BTreeMap<FieldName, Base>,
    /// The counterparts that it links to, by the key that the link shows.
    #[serde(default)]
    pub links: BTreeMap<SideId, IssueKey>,
    /// Set while it is not where it was.
    #[serde(default)]
    pub away: Option<Away>,
    /// Whether it is in what the sync covers; `None`: nobody asked, or it does not matter.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// How many of its comments, worklogs and files are people's whose acts stay here.
    #[serde(default)]
    pub staying: u32,
    /// Who watches it, as far as more than the values of fields is known of it.
    #[serde(default)]
    pub watching: Watching,
    /// What its links lead to outside the sync, and what it shows of its counterparts' such links.
    #[serde(default)]
    pub ends: super::ends::FarEnds,
    /// What it showed when it was last taken in whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub print: Option<super::fingerprint::Fingerprint>,
    /// The operation that created it, until it was first observed: what that one sent is what it held at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<OperationId>,
    /// Since when it is where it was again, by our clock, after its counterparts got the status that the sync sets for its absence. Kept until
    /// that is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Timestamp>,
}

/// What is known of an issue's watchers besides who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watching {
    /// How many others than the sync user watched it when the list of them was last taken in; `None`: it never was.
    pub others: Option<u64>,
    /// When that list was read, by our clock.
    pub read: Option<Timestamp>,
    /// Whether the sync user watches it, as last seen.
    pub by_us: bool,
}

impl Replica {
    /// One that no read was taken in of yet, made by a person: `updated` is server time.
    #[must_use]
    pub fn unread(issue: IssueId, key: IssueKey, updated: Timestamp) -> Self {
        Self {
            issue,
            key,
            updated,
            entry: EntryId(0),
            ours: false,
            observed: false,
            restricted: false,
            level: Level::default(),
            bases: BTreeMap::new(),
            links: BTreeMap::new(),
            away: None,
            scope: None,
            staying: 0,
            watching: Watching::default(),
            ends: super::ends::FarEnds::default(),
            print: None,
            created_by: None,
            returned: None,
        }
    }

    /// Whether it is no longer what the sync covers, wherever it is.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.stands() == Some(Covered::Left)
    }

    /// Whether nobody knows for now if it is what the sync covers.
    #[must_use]
    pub fn is_unsure(&self) -> bool {
        self.stands() == Some(Covered::Unknown)
    }

    /// Whether it left what the sync covers, or may have: nothing of it is taken in, and nothing becomes of its counterparts.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.has_left() || self.is_unsure()
    }

    fn stands(&self) -> Option<Covered> {
        self.scope.as_ref().map(|scope| scope.standing)
    }

    /// Whether nothing is to be carried to it or from it for now: it is in another project, known for sure to be gone, or not what the sync covers.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        let away =
            self.away.as_ref().is_some_and(|away| away.confirmed.is_some() || matches!(away.how, Absence::Moved(_)));
        away || self.rests()
    }
}

/// A person's comment or logged work, and its copies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommentRecord {
    /// The side where it was written.
    pub side: SideId,
    /// Its id there.
    pub id: CommentId,
    /// Our copies.
    pub copies: BTreeMap<SideId, CommentId>,
    /// Sides that Jira refused it on, with the reason.
    pub refused: BTreeMap<SideId, String>,
    /// Its text as read, kept until every replica that may have it has its copy.
    #[serde(default)]
    pub pending: Option<PendingComment>,
    /// Whether it was not there any more when its side was last read whole, or may not be seen: no more copies are made.
    #[serde(default)]
    pub gone: bool,
    /// What it says. `None`: not read since its text is kept.
    #[serde(default)]
    pub said: Option<Said>,
    /// What each copy was last made to hold.
    #[serde(default)]
    pub written: BTreeMap<SideId, WrittenCopy>,
    /// Copies that somebody else changed, and who: they stand as they are until the original changes.
    #[serde(default)]
    pub strayed: BTreeMap<SideId, String>,
    /// What of these is recorded as the lost half of a conflict.
    #[serde(default)]
    pub recorded: BTreeMap<SideId, Document>,
    /// Whether it is no person's, but says that the side's issue is not where it was.
    #[serde(default)]
    pub notice: bool,
    /// The one side that is to get a copy. `None`: every side that may have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<SideId>,
    /// Who may read it where it was written, as last read.
    #[serde(default)]
    pub visibility: Visibility,
    /// The comment that it answers there.
    #[serde(default)]
    pub parent: Option<CommentId>,
    /// Who might read the original and each copy when that was made, where not everybody might read both.
    #[serde(default)]
    pub terms: BTreeMap<SideId, Terms>,
    /// Copies that hold a notice in place of the text, which may not be read there any more.
    #[serde(default)]
    pub emptied: BTreeSet<SideId>,
    /// Sides that get no copy: what stands there says the same and is nobody's copy, or it was written before the two were paired.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spared: BTreeSet<SideId>,
    /// Copies whose text the original's Jira will never take, whatever rights there are: the text, and why.
    #[serde(default)]
    pub turned_back: BTreeMap<SideId, (Document, String)>,
    /// Copies that are to be internal to a service desk and that everybody could read when they were last read, and by whose doing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub laid_open: BTreeMap<SideId, LaidOpen>,
}

/// By whose doing an internal copy is open to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaidOpen {
    /// Somebody changed it since it was made.
    BySomebody,
    /// Nobody did: that Jira does not keep what we write internal.
    ByItself,
}

impl CommentRecord {
    /// Who might read the original and the copy on a side when that was made.
    #[must_use]
    pub fn terms_of(&self, side: &SideId) -> Terms {
        self.terms.get(side).cloned().unwrap_or_default()
    }

    /// Forgets a copy that is not there any more.
    pub fn forget(&mut self, side: &SideId) {
        self.copies.remove(side);
        self.written.remove(side);
        self.strayed.remove(side);
        self.terms.remove(side);
        self.recorded.remove(side);
        self.emptied.remove(side);
        self.turned_back.remove(side);
        self.laid_open.remove(side);
    }
}

/// Who may read a comment, and a copy of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who may read the original where it was written.
    pub of: Visibility,
    /// Who may read the copy.
    pub under: Visibility,
}

/// What a person's comment says, as last read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Its text.
    pub body: Document,
    /// What its author is called where it was written.
    pub author: String,
    /// How often it was seen to change.
    pub edits: u64,
    /// The work, of logged work.
    #[serde(default)]
    pub spent: Option<Spent>,
}

/// What a copy was last made to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenCopy {
    /// Header and text, as they are read back.
    pub body: Document,
    /// The count of the original's edits that it shows.
    pub edits: u64,
    /// The work that it shows, of logged work.
    #[serde(default)]
    pub spent: Option<Spent>,
}

/// The text of a comment that waits for its copies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingComment {
    /// What it says.
    pub body: Document,
    /// What its author is called where it was written.
    pub author: String,
    /// When it was written: server time of its side, corrected for the measured skew.
    pub created: Timestamp,
    /// The work, of logged work.
    #[serde(default)]
    pub spent: Option<Spent>,
}

/// A person's file and its copies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttachmentRecord {
    /// The side where it was attached.
    pub side: SideId,
    /// Its id there.
    pub id: AttachmentId,
    /// Its name there.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its MIME type there.
    pub mime: String,
    /// Who attached it, if that was shown. For `explain` and `audit` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<AccountId>,
    /// Our copies, and their names.
    pub copies: BTreeMap<SideId, FileCopy>,
    /// Sides that did not take it, with the reason.
    #[serde(default)]
    pub refused: BTreeMap<SideId, String>,
    /// Whether it was not there any more when its issue was last read.
    #[serde(default)]
    pub gone: bool,
    /// Sides that get no copy: what lies there is the same, or it was attached before the two were paired.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spared: BTreeSet<SideId>,
    /// The texts of its side that speak of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named_by: BTreeSet<NamedBy>,
}

/// A text that speaks of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// A comment.
    Comment(CommentId),
    /// The text of logged work.
    Worklog(CommentId),
    /// A field.
    Field(FieldName),
}

/// A copy of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCopy {
    /// Its id.
    pub id: AttachmentId,
    /// Its name: that of the original, without what no file name should hold.
    pub name: String,
    /// Whether it was deleted with its original. Texts that point to it are read as before.
    #[serde(default)]
    pub gone: bool,
    /// Whether the history says that a person took it away whose acts cross.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken: bool,
}

/// A replica of an item that another item's values name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct There {
    /// Its issue.
    pub issue: IssueId,
    /// Its key.
    pub key: IssueKey,
    /// Whether it has a security level that keeps it apart, or does not stand under that of home's issue.
    pub restricted: bool,
    /// Whether it was not there, or not visible, when it was last looked for.
    pub gone: bool,
    /// Its key in another project, while it is there.
    pub elsewhere: Option<IssueKey>,
    /// The keys that it had before, by its own log. Looked up only where a link went and no key that is known says to whom.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub once: BTreeSet<IssueKey>,
}

/// What an item waits for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// That an issue that is no item's yet becomes one.
    Issue {
        /// The side that it is on.
        side: SideId,
        /// The issue.
        issue: IssueId,
    },
    /// The same of an issue that is known by its key alone.
    Key {
        /// The side that it is on.
        side: SideId,
        /// Its key.
        key: IssueKey,
    },
    /// That an item gets its counterpart on a side.
    Replica {
        /// The item.
        item: ItemId,
        /// The side.
        side: SideId,
    },
}

/// Everything durable about one item but its journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemState {
    /// Its id.
    pub id: ItemId,
    /// The sync it belongs to.
    pub sync: SyncId,
    /// Its replicas.
    pub replicas: BTreeMap<SideId, Replica>,
    /// The number of people's acts seen so far, per side, over all fields.
    pub acts: Acts,
    /// The agreed values per field and audience.
    pub hub: BTreeMap<FieldName, BTreeMap<Audience, Agreed>>,
    /// People's comments, in the order they were seen.
    pub comments: Vec<CommentRecord>,
    /// People's logged work, in the order it was seen.
    #[serde(default)]
    pub worklogs: Vec<CommentRecord>,
    /// People's files and their copies, in the order they were seen.
    #[serde(default)]
    pub attachments: Vec<AttachmentRecord>,
    /// The names of files that people of a side wrote into its texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub named: BTreeMap<SideId, BTreeMap<FieldName, BTreeSet<String>>>,
    /// What its links wait for: it is looked at again when that comes.
    #[serde(default)]
    pub awaits: BTreeSet<Awaited>,
    /// The sides where it was found to belong (`when`). A replica that exists stays in step whether listed or not.
    #[serde(default)]
    pub belongs: BTreeSet<SideId>,
    /// The home's `updated` for which every open `when` was answered for good. Older than what is known of the home: it is to
    /// be asked again, whatever else happened to the item since.
    #[serde(default)]
    pub asked: Option<Timestamp>,
    /// What its issues already held when they were paired, until that was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<super::matching::Matching>,
    /// The newest writes of other states of jirasyncd into its issues, by side.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rivals: BTreeMap<SideId, Rival>,
    /// What the sync user made before the state was put back from a backup, and what has no original now as far as that is known (names
    /// of `model::left`). It is let be until people delete it, or its original is back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left: BTreeMap<SideId, BTreeSet<String>>,
    /// Copies among them whose marks name an original that was not there: should it come, it has its copy already.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<super::matching::Marked>,
    /// What else the sync user said in its issues, as far as that was looked at.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own: BTreeMap<SideId, super::own_remarks::OwnRemarks>,
    /// When the issue that it began with was made, by our clock. `None`: nobody noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
    /// The item that this one was merged into. Its issues are let be from then on, and never become anybody's again. Its own id: it was
    /// unpaired, and its issues are let be until somebody pairs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<ItemId>,
    /// The number of the newest configuration that it was planned under with all its sides read; 0: none.
    #[serde(default)]
    pub configured: u64,
    /// The sides whose issue our marks were taken away from, and for which end of the sync.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stripped: BTreeMap<SideId, Timestamp>,
}

/// A write of another state of jirasyncd into an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// When, in the instance's time.
    pub at: Timestamp,
    /// As whom.
    pub by: AccountId,
}

impl ItemState {
    /// Whether a side's issue is confirmed to be gone.
    #[must_use]
    pub fn is_gone_from(&self, side: &SideId) -> bool {
        self.replicas.get(side).and_then(|replica| replica.away.as_ref()).is_some_and(Away::is_gone)
    }

    /// An item that nothing is known of.
    #[must_use]
    pub fn new(id: ItemId, sync: SyncId) -> Self {
        Self {
            id,
            sync,
            replicas: BTreeMap::new(),
            acts: Acts::default(),
            hub: BTreeMap::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            attachments: Vec::new(),
            named: BTreeMap::new(),
            awaits: BTreeSet::new(),
            belongs: BTreeSet::new(),
            asked: None,
            matching: None,
            rivals: BTreeMap::new(),
            left: BTreeMap::new(),
            orphans: Vec::new(),
            own: BTreeMap::new(),
            made: None,
            merged: None,
            configured: 0,
            stripped: BTreeMap::new(),
        }
    }

    /// Whether it was unpaired: nothing is carried, and its issues start no item until somebody says so.
    #[must_use]
    pub fn is_unpaired(&self) -> bool {
        self.merged == Some(self.id)
    }

    /// Whether something on a side is let be, by its name of `model::left`.
    #[must_use]
    pub fn is_left(&self, side: &SideId, what: &str) -> bool {
        self.left.get(side).is_some_and(|left| left.contains(what))
    }

    /// What people said, of one kind.
    #[must_use]
    pub fn remarks(&self, remark: Remark) -> &[CommentRecord] {
        match remark {
            Remark::Comment => &self.comments,
            Remark::Worklog => &self.worklogs,
        }
    }

    /// The same, to be changed.
    pub fn remarks_mut(&mut self, remark: Remark) -> &mut Vec<CommentRecord> {
        match remark {
            Remark::Comment => &mut self.comments,
            Remark::Worklog => &mut self.worklogs,
        }
    }
}

/// People changed one field of one item on two sides since the base. Kept in full, never dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// The field.
    pub field: FieldName,
    /// The audience whose agreed value was decided.
    pub audience: Audience,
    /// The side whose value stands (under `ask`: that the sides which are not in dispute follow).
    pub winner: SideId,
    /// The winning value.
    pub kept: Value,
    /// The side whose value lost.
    pub loser: SideId,
    /// The losing value, in full.
    pub lost: Value,
    /// When the losing act happened (corrected server time).
    pub at: Timestamp,
    /// Our write that overwrote it, if it was a lost update.
    pub overwritten_by: Option<OperationId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_of_an_earlier_version_was_for_everybody() {
        let record: CommentRecord =
            serde_json::from_str(r#"{ "side": "acme", "id": "1", "copies": { "globex": "2" }, "refused": {} }"#)
                .unwrap();
        assert_eq!(record.visibility, Visibility::Everybody);
        assert_eq!(record.terms_of(&"globex".into()), Terms::default());
    }
}
