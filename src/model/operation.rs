//! One write to one replica, planned and journalled. Must never leave a choice to the one who executes it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::Document;
use super::hub::{Acts, Terms};
use super::ids::{
    AccountId, AttachmentId, CommentId, FieldId, FieldName, IssueId, IssueKey, ItemId, OperationId, SideId,
};
use super::issue::NativeValue;
use super::occasion::Brought;
use super::remark::{Remark, Spent};
use super::value::Value;

/// One write, all choices made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The side that is written to.
    pub side: SideId,
    /// What is written.
    pub action: Action,
}

/// An agreed value that a creation does not send: Jira gives the issue one of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unset {
    /// The agreed value.
    pub value: Value,
    /// The acts that it contains.
    pub acts: Acts,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The side's replica is created.
    Create {
        /// The issue type's name on that side.
        issue_type: String,
        /// The fields set at creation.
        fields: BTreeMap<FieldName, FieldWrite>,
        /// What creation cannot set, as it was agreed when this was planned: whose copy shows it from the start knows it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        unset: BTreeMap<FieldName, Unset>,
    },
    /// Fields of the replica are set, all in one request.
    SetFields {
        /// The fields.
        fields: BTreeMap<FieldName, FieldWrite>,
    },
    /// One hop of the workflow.
    Transition {
        /// The transition's id, as offered now.
        transition: String,
        /// The name of the status it is taken from; the offer is void elsewhere.
        from: String,
        /// The name of the status it leads to.
        to: String,
        /// Whether it reaches the wanted status. Only the last hop moves the base.
        last: bool,
        /// The shared status that is wanted in the end.
        wanted: Value,
        /// The acts of the agreed status.
        acts: Acts,
        /// What its screen asks for: the agreed values, which the replica holds already wherever an edit could set them.
        #[serde(default)]
        fields: BTreeMap<FieldName, FieldWrite>,
    },
    /// A copy of a person's comment, or of their logged work, is added.
    AddComment {
        /// Which of the two.
        #[serde(default)]
        remark: Remark,
        /// The side where the comment was written.
        origin: SideId,
        /// Its id there.
        comment: CommentId,
        /// The body with its header: `Adf` or `Wiki`.
        body: NativeValue,
        /// The same as it will be read back.
        #[serde(default)]
        wanted: Document,
        /// The count of the original's edits that it shows.
        #[serde(default)]
        edits: u64,
        /// The work, of logged work.
        #[serde(default)]
        spent: Option<Spent>,
        /// Who may read the original, and who is to read this.
        #[serde(default)]
        terms: Terms,
    },
    /// Our own copy of a comment, or of logged work, is changed as its original was. Never anything but the body and the work:
    /// properties could publish an internal note.
    EditComment {
        /// Which of the two.
        #[serde(default)]
        remark: Remark,
        /// The side where the comment was written.
        origin: SideId,
        /// Its id there.
        comment: CommentId,
        /// Our copy.
        copy: CommentId,
        /// The body with its header: `Adf` or `Wiki`.
        body: NativeValue,
        /// The same as it will be read back.
        wanted: Document,
        /// The count of the original's edits that it shows.
        edits: u64,
        /// The work, of logged work.
        #[serde(default)]
        spent: Option<Spent>,
        /// Whether a notice takes the place of the text, which may not be read there any more.
        #[serde(default)]
        emptied: bool,
    },
    /// A person's own comment is changed as somebody changed our copy of it. Nothing but the body.
    EditOriginal {
        /// Its id.
        comment: CommentId,
        /// The side where the copy was changed.
        by: SideId,
        /// The copy there.
        copy: CommentId,
        /// The body: `Adf` or `Wiki`.
        body: NativeValue,
        /// The same as it will be read back.
        wanted: Document,
        /// What it was seen to say; the write is void when it says something else.
        expects: Document,
        /// What the copy says, header and all.
        carried: Document,
    },
    /// A version or component is made in the side's project, so that a field may hold it. There is one per name, however often
    /// it is sent.
    Offer {
        /// The field that is to hold it.
        field: FieldName,
        /// What is made.
        thing: Thing,
        /// Its name there.
        name: String,
    },
    /// The replica shows its people where a counterpart is. Kept once by its global id, however often it is sent.
    Link {
        /// The side of the counterpart.
        to: SideId,
        /// The counterpart's key.
        key: IssueKey,
        /// What is shown.
        link: RemoteLink,
    },
    /// The replica's link to a counterpart is taken away, since that is not where it was.
    Unlink {
        /// The side of the counterpart.
        to: SideId,
        /// What Jira knows the link by.
        global_id: String,
    },
    /// The replica shows its people that a counterpart is linked to an issue which is no item of the sync. Kept once by its
    /// global id, however often it is sent.
    ShowEnd {
        /// The side of the counterpart.
        of: SideId,
        /// The id of its link there.
        link: String,
        /// What is shown.
        shown: RemoteLink,
    },
    /// The same is taken away.
    HideEnd {
        /// The side of the counterpart.
        of: SideId,
        /// The id of its link there.
        link: String,
        /// What Jira knows by what was shown.
        global_id: String,
    },
    /// The replica, which we made, is deleted: its counterpart was.
    DeleteIssue {
        /// The side whose issue is not there any more.
        with: SideId,
    },
    /// A copy of a person's file is attached: streamed from the one instance to the other.
    AddFile {
        /// The side where the file was attached.
        origin: SideId,
        /// Its id there.
        file: AttachmentId,
        /// Its name there.
        original: String,
        /// The name of the copy.
        name: String,
        /// Its size in bytes: what comes otherwise is not kept.
        size: u64,
        /// Its MIME type.
        mime: String,
    },
    /// Our own copy of a file is deleted, since the original is not there any more; or the original, since a person took our copy away.
    DeleteFile {
        /// The side where the file was attached.
        origin: SideId,
        /// Its id there.
        file: AttachmentId,
        /// What is deleted: our copy, or `file` itself.
        copy: AttachmentId,
        /// Where a person took our copy away, if it is the original that goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken: Option<SideId>,
    },
    /// An issue link is made. Jira gives it no id, and makes no second one where it is there already.
    AddIssueLink {
        /// The link.
        link: Relation,
    },
    /// An issue link is taken away.
    DeleteIssueLink {
        /// The link.
        link: Relation,
        /// Its id there.
        id: String,
    },
    /// Somebody is made a watcher. Who is one already stays so.
    AddWatcher {
        /// Who.
        watcher: Watcher,
    },
    /// Somebody is taken from the watchers. Who is none stays so.
    RemoveWatcher {
        /// Who.
        watcher: Watcher,
    },
    /// The sync user is taken from the watchers, to whom Jira adds whoever creates an issue or comments on it.
    StopWatching {
        /// The sync user.
        account: AccountId,
    },
    /// Our own copy of a comment, or of logged work, is deleted, since the original is not there any more.
    DeleteComment {
        /// Which of the two.
        #[serde(default)]
        remark: Remark,
        /// The side where the comment was written.
        origin: SideId,
        /// Its id there.
        comment: CommentId,
        /// Our copy.
        copy: CommentId,
    },
}

/// What can be made in a project for a field to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thing {
    /// A version.
    Version,
    /// A component.
    Component,
}

impl Thing {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Version, Self::Component];

    /// In words.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Component => "component",
        }
    }
}

/// A link between the replicas of two items on one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The field whose value it is an element of.
    pub field: FieldName,
    /// The element, in shared words.
    pub element: String,
    /// The name of its type there.
    pub kind: String,
    /// Whether it reads as the type's outward text from the item's own replica.
    pub outward: bool,
    /// The other issue.
    pub issue: IssueId,
    /// Its key.
    pub key: IssueKey,
    /// The acts of the agreed value.
    pub acts: Acts,
}

impl Relation {
    /// Whether it is about the same link, whatever was agreed besides.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.field, &self.element, &self.kind, self.issue) == (&other.field, &other.element, &other.kind, other.issue)
    }
}

/// Somebody who watches a replica, or is to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    /// The field whose value they are an element of.
    pub field: FieldName,
    /// The element, in shared words.
    pub element: String,
    /// Who they are there.
    pub account: AccountId,
    /// The acts of the agreed value.
    pub acts: Acts,
}

/// A link from an issue to something elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteLink {
    /// What Jira knows it by, at most 255 characters: one that is there already is replaced.
    pub global_id: String,
    /// Where it leads.
    pub url: String,
    /// What is shown.
    pub title: String,
    /// How the issue relates to it, in words: Jira shows links under them.
    #[serde(default = "counterpart")]
    pub relationship: String,
}

/// How an issue relates to its counterpart.
#[must_use]
pub fn counterpart() -> String {
    "counterpart".to_owned()
}

impl Action {
    /// What of people's is copied, changed or deleted: its kind, the side where it was written, its id there.
    #[must_use]
    pub fn original(&self) -> Option<(Remark, &SideId, &CommentId)> {
        let (Self::AddComment { remark, origin, comment, .. }
        | Self::EditComment { remark, origin, comment, .. }
        | Self::DeleteComment { remark, origin, comment, .. }) = self
        else {
            return None;
        };
        Some((*remark, origin, comment))
    }

    /// Whether it has something gone that a read of its own shows or not: where that is not found, it need not be gone.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        matches!(self, Self::DeleteFile { .. } | Self::Unlink { .. } | Self::HideEnd { .. } | Self::DeleteIssue { .. })
    }

    /// The issue link that is made, or taken away by its id.
    #[must_use]
    pub fn issue_link(&self) -> Option<(&Relation, Option<&str>)> {
        if let Self::AddIssueLink { link } = self {
            return Some((link, None));
        }
        if let Self::DeleteIssueLink { link, id } = self { Some((link, Some(id))) } else { None }
    }

    /// The link to an issue outside the sync that is shown, or is no more: the side whose link it is, and its id there.
    #[must_use]
    pub fn far_end(&self) -> Option<(&SideId, &str)> {
        let (Self::ShowEnd { of, link, .. } | Self::HideEnd { of, link, .. }) = self else { return None };
        Some((of, link))
    }

    /// Who is made a watcher (`true`), or is one no more. The sync user's own leaving is not among these.
    #[must_use]
    pub fn watcher(&self) -> Option<(&Watcher, bool)> {
        if let Self::AddWatcher { watcher } = self {
            return Some((watcher, true));
        }
        if let Self::RemoveWatcher { watcher } = self { Some((watcher, false)) } else { None }
    }

    /// Whether it concerns no field of the issue: it can stand beside any other write.
    #[must_use]
    pub fn is_beside_the_fields(&self) -> bool {
        self.fields().is_none() && !matches!(self, Self::DeleteIssue { .. })
    }

    /// The fields that it sets; `None` of what concerns no field.
    #[must_use]
    pub fn fields(&self) -> Option<&BTreeMap<FieldName, FieldWrite>> {
        if let Self::Create { fields, .. } | Self::SetFields { fields } | Self::Transition { fields, .. } = self {
            Some(fields)
        } else {
            None
        }
    }
}

/// One field of a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldWrite {
    /// The field on that side.
    pub field: FieldId,
    /// How it is written.
    pub write: NativeWrite,
    /// The shared value that the replica will hold.
    pub wanted: Value,
    /// The shared value that the replica was seen to hold; the write is void when it holds another.
    pub expects: Option<Value>,
    /// The acts of the agreed value.
    pub acts: Acts,
}

/// How one field is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NativeWrite {
    /// Replaced by this value (`Empty` clears it).
    Set(NativeValue),
    /// Words added and removed, never set: another person's word survives.
    Words {
        /// To add, sorted.
        add: Vec<String>,
        /// To remove, sorted.
        remove: Vec<String>,
    },
}

impl NativeWrite {
    /// Whether it would change nothing, whatever stands there.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Words { add, remove } if add.is_empty() && remove.is_empty())
    }
}

/// An operation in the journal. Durable before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Its id: what Jira keeps, sealed, with the change.
    pub id: OperationId,
    /// The item.
    pub item: ItemId,
    /// The replica's issue; `None` for a create.
    pub issue: Option<IssueId>,
    /// The write.
    pub operation: Operation,
    /// Where it stands.
    pub state: IntentState,
    /// When it was opened, by our clock.
    pub opened: Timestamp,
    /// The same by the clock of the instance that is written to, as far as the measured skew told: clocks of ours may be set.
    #[serde(default)]
    pub opened_there: Option<Timestamp>,
    /// Whether it is sent without mails: an edit that nothing is seen of may have been dropped for that.
    #[serde(default)]
    pub silent: bool,
    /// For a create in doubt: how often the index was asked after the lag bound without result.
    pub searches: u32,
    /// What brought its item up when it was decided on. `None`: decided before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<Brought>,
}

/// Why a copy of a comment or of logged work was given up: nothing that the sync user wrote there bears its mark, though it must be shown by
/// now. It may land later yet. The store finds these words again, so they stay.
pub const NO_COPY_THERE: &str = "nothing of ours there is what was sent";

/// The same of a file.
pub const NO_FILE_THERE: &str = "no file of ours there is what was sent";

/// The same of a link between two issues, which bears no mark: without this its entry in the log would be nobody's.
pub const NO_LINK_THERE: &str = "no link there is what was sent";

/// Where an intent stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntentState {
    /// Durable, perhaps being sent. Found so after a crash it is in doubt.
    Open,
    /// Sent without a conclusive answer.
    InDoubt,
    /// Jira said yes; not yet seen in what Jira shows.
    Answered,
    /// Seen in what Jira shows.
    Confirmed,
    /// It did not happen, and will not be sent again under this id.
    Void(String),
}

impl IntentState {
    /// Whether it is a copy or a link that was looked for and not there, so that it may land later yet.
    pub fn may_land_yet(&self) -> bool {
        matches!(self, Self::Void(why) if [NO_COPY_THERE, NO_FILE_THERE, NO_LINK_THERE].contains(&why.as_str()))
    }
}

/// What can happen to an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentEvent {
    /// The answer was missing or inconclusive, or the daemon died.
    AnswerLost,
    /// Jira answered yes.
    AnsweredYes,
    /// Its trace was seen: the tag, the mark, the id.
    Seen,
    /// Jira answered no, or the verify failed before it was sent, or it was looked for and is not there.
    Refused(String),
}

/// An event that cannot happen in that state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an intent that is {state:?} cannot take {event:?}")]
pub struct IllegalEvent {
    /// The state.
    pub state: IntentState,
    /// The event.
    pub event: IntentEvent,
}

impl IntentState {
    /// The state after `event`. Live run and recovery use this same fold.
    ///
    /// # Errors
    /// The event cannot happen in this state.
    pub fn next(&self, event: &IntentEvent) -> Result<Self, IllegalEvent> {
        match (self, event) {
            (Self::Open | Self::InDoubt, IntentEvent::AnswerLost) => Ok(Self::InDoubt),
            (Self::Open | Self::InDoubt | Self::Answered, IntentEvent::AnsweredYes) => Ok(Self::Answered),
            // A write may land long after we gave it up: then it is seen though void, and that is the truth.
            (Self::Open | Self::InDoubt | Self::Answered | Self::Confirmed | Self::Void(_), IntentEvent::Seen) => {
                Ok(Self::Confirmed)
            }
            (Self::Open | Self::InDoubt, IntentEvent::Refused(why)) => Ok(Self::Void(why.clone())),
            (state, event) => Err(IllegalEvent { state: state.clone(), event: event.clone() }),
        }
    }

    /// Whether nothing more is to be found out about it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Confirmed | Self::Void(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_landing_confirms_even_a_void_intent() {
        assert_eq!(IntentState::Void("gone".into()).next(&IntentEvent::Seen), Ok(IntentState::Confirmed));
    }

    #[test]
    fn a_confirmed_intent_is_never_refused() {
        assert!(IntentState::Confirmed.next(&IntentEvent::Refused("no".into())).is_err());
        assert!(IntentState::Answered.next(&IntentEvent::AnswerLost).is_err());
    }
}
