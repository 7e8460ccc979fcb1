//! What an issue showed when it was last taken in, as a few numbers: the full check holds a row of a search to them, and reads the
//! issue itself only where they differ. Must never hold what was shown, nor call two reads alike that may differ in a part that
//! both of them brought whole.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::{FieldId, SideId};
use super::issue::{Comments, IssueSnapshot};
use super::settings::{FieldKind, SyncSettings};

/// What of an issue counts for a sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    fields: BTreeSet<FieldId>,
    comments: bool,
    worklogs: bool,
    files: bool,
}

impl Shown {
    /// What counts of the issues of a side.
    #[must_use]
    pub fn of(sync: &SyncSettings, side: &SideId) -> Self {
        let rows = sync.fields.values().filter(|row| !matches!(row.kind, FieldKind::IssueType | FieldKind::Watchers));
        Self {
            fields: rows.filter_map(|row| row.sides.get(side)).cloned().collect(),
            comments: sync.comments.gives(side) || sync.comments.takes(side),
            worklogs: sync.worklogs.from.contains(side) || sync.worklogs.to.contains(side),
            files: sync.attachments.from.contains(side) || sync.attachments.to.contains(side),
        }
    }
}

/// Hashes of what an issue showed, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Where it is, its type, and the values of the fields that count, links among them.
    fields: u64,
    /// Ids and times of all comments; `None` where not all came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comments: Option<u64>,
    /// The same of logged work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worklogs: Option<u64>,
    /// The ids of all files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<u64>,
}

impl Fingerprint {
    /// Of what was read of an issue.
    #[must_use]
    pub fn of(snapshot: &IssueSnapshot, shown: &Shown) -> Self {
        let mut fields = Hash::new();
        fields.take(snapshot.key.as_str());
        fields.take(&snapshot.project);
        fields.take(&snapshot.issue_type.name);
        fields.take(snapshot.level.as_deref().unwrap_or_default());
        fields.take(if snapshot.restricted { "restricted" } else { "" });
        for field in &shown.fields {
            fields.take(field.as_str());
            // A value that is not there and one that is empty are the same.
            let value = snapshot.fields.get(field).filter(|value| **value != super::issue::NativeValue::Empty);
            fields.take(&value.and_then(|value| serde_json::to_string(value).ok()).unwrap_or_default());
        }
        let files = snapshot.attachments.as_ref().filter(|_| shown.files).map(|files| {
            let ids: BTreeSet<&str> = files.iter().map(|file| file.id.as_str()).collect();
            let mut hash = Hash::new();
            ids.into_iter().for_each(|id| hash.take(id));
            hash.0
        });
        Self {
            fields: fields.0,
            comments: remarks(&snapshot.comments).filter(|_| shown.comments),
            worklogs: remarks(&snapshot.worklogs).filter(|_| shown.worklogs),
            files,
        }
    }

    /// Whether the issue shows something else than `now`, in a part that both know whole.
    #[must_use]
    pub fn differs(&self, now: &Self) -> bool {
        let other = |one: Option<u64>, two: Option<u64>| one.is_some_and(|one| two.is_some_and(|two| one != two));
        self.fields != now.fields
            || other(self.comments, now.comments)
            || other(self.worklogs, now.worklogs)
            || other(self.files, now.files)
    }
}

/// A hash of what an issue shows of one field: of people their account alone, which stays when they are called otherwise.
#[must_use]
pub fn hash_of_value(value: &super::issue::NativeValue) -> u64 {
    let mut hash = Hash::new();
    if let super::issue::NativeValue::Person(person) = value {
        hash.take(person.account.as_str());
    } else {
        hash.take(&serde_json::to_string(value).unwrap_or_default());
    }
    hash.0
}

fn remarks(remarks: &Comments) -> Option<u64> {
    if !remarks.complete {
        return None;
    }
    let mut hash = Hash::new();
    let all: BTreeSet<(&str, jiff::Timestamp)> =
        remarks.list.iter().map(|remark| (remark.id.as_str(), remark.updated)).collect();
    for (id, updated) in all {
        hash.take(id);
        hash.take(&updated.to_string());
    }
    Some(hash.0)
}

/// FNV-1a with 64 bits: the same in every build, since it is kept, and enough where nobody gains by a collision.
pub(crate) struct Hash(pub(crate) u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Takes a text, and where it ends.
    pub(crate) fn take(&mut self, text: &str) {
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::issue::{CommentSnapshot, Named, NativeValue, Visibility};
    use super::*;

    fn snapshot() -> IssueSnapshot {
        let at = jiff::Timestamp::UNIX_EPOCH;
        IssueSnapshot {
            service_desk: None,
            id: super::super::ids::IssueId(1),
            key: "A-1".into(),
            project: "A".into(),
            created: at,
            updated: at,
            creator: None,
            issue_type: Named { id: "1".into(), name: "Bug".into() },
            restricted: false,
            level: None,
            tells_level: false,
            fields: [("summary".into(), NativeValue::Text("a".into()))].into(),
            ids: std::collections::BTreeMap::new(),
            comments: Comments { list: vec![comment("7", 0)], complete: true },
            worklogs: Comments::default(),
            attachments: Some(Vec::new()),
            watched: None,
            log: Vec::new(),
            log_whole: true,
            mark: None,
            transitions: None,
        }
    }

    fn comment(id: &str, second: i64) -> CommentSnapshot {
        let at = jiff::Timestamp::from_second(second).unwrap();
        CommentSnapshot {
            id: id.into(),
            author: None,
            created: at,
            updated: at,
            body: NativeValue::Empty,
            changed_by: None,
            visibility: Visibility::Everybody,
            answers_lost: false,
            parent: None,
            spent: None,
            mark: None,
        }
    }

    fn shown() -> Shown {
        Shown { fields: ["summary".into(), "duedate".into()].into(), comments: true, worklogs: true, files: true }
    }

    #[test]
    fn what_counts_shows_and_what_does_not_count_does_not() {
        let print = |change: &dyn Fn(&mut IssueSnapshot)| {
            let mut changed = snapshot();
            change(&mut changed);
            Fingerprint::of(&changed, &shown())
        };
        let before = print(&|_| {});
        let set = |row: &mut IssueSnapshot, field: &str, value| drop(row.fields.insert(field.into(), value));
        assert!(!before.differs(&print(&|row| set(row, "other", NativeValue::Text("b".into())))), "a field of nobody");
        assert!(!before.differs(&print(&|row| set(row, "duedate", NativeValue::Empty))));
        assert!(!before.differs(&print(&|row| row.comments.complete = false)), "not all of them came");
        assert!(!before.differs(&print(&|row| row.attachments = None)));
        assert!(before.differs(&print(&|row| set(row, "summary", NativeValue::Text("b".into())))));
        assert!(before.differs(&print(&|row| row.key = "B-1".into())));
        assert!(before.differs(&print(&|row| row.restricted = true)));
        assert!(before.differs(&print(&|row| row.comments.list[0] = comment("7", 1))), "edited");
        assert!(before.differs(&print(&|row| row.comments.list[0] = comment("8", 0))), "one for another");
        assert!(before.differs(&print(&|row| row.comments.list.clear())));
        let silent = Shown { comments: false, ..shown() };
        let without = Fingerprint::of(&snapshot(), &silent);
        let mut edited = snapshot();
        edited.comments.list.clear();
        assert!(!without.differs(&Fingerprint::of(&edited, &silent)), "comments are not carried there");
    }

    #[test]
    fn the_hash_is_the_published_one() {
        let mut hash = Hash::new();
        "foobar".bytes().for_each(|byte| hash.0 = (hash.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!(hash.0, 0x8594_4171_f739_67e8);
        let of = |texts: &[&str]| {
            let mut hash = Hash::new();
            texts.iter().for_each(|text| hash.take(text));
            hash.0
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]), "where a text ends counts");
    }
}
