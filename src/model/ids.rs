//! The identities of things, each its own type so that none can stand for another. Must never parse meaning out of an id.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it is.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// An instance's name in the configuration (`[instance.NAME]`).
    InstanceId
}
text_id! {
    /// A sync's name in the configuration (`[sync.NAME]`).
    SyncId
}
text_id! {
    /// A side's name in its sync (`side.NAME`).
    SideId
}
impl SideId {
    /// The people of this side whose acts stay there (`from`, `not-from`). They are counted as a side of their own that nobody
    /// sees but this one: so what is kept of theirs is kept as a partner's private acts are. No side's own name ends like this.
    #[must_use]
    pub fn outsiders(&self) -> Self {
        Self(format!("{}{OUTSIDERS}", self.place().as_str()))
    }

    /// The side where they act: itself, but for outsiders.
    #[must_use]
    pub fn place(&self) -> Self {
        Self(self.0.trim_end_matches(OUTSIDERS).to_owned())
    }

    /// Whether it stands for people whose acts stay where they are.
    #[must_use]
    pub fn is_outsiders(&self) -> bool {
        self.0.ends_with(OUTSIDERS)
    }
}

/// Not a sign of names in the configuration.
const OUTSIDERS: char = '~';

text_id! {
    /// A field's name in the sync's shared vocabulary: the key of its row under `fields`.
    FieldName
}
text_id! {
    /// A field's id on one instance: `summary`, `customfield_10042`.
    FieldId
}

impl FieldId {
    /// Whether an administrator made the field. Of the others some are left out of an answer where they are empty.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.as_str().starts_with("customfield_")
    }
}

text_id! {
    /// An issue's key. Display only: it changes on move and rename.
    IssueKey
}
text_id! {
    /// Who somebody is on one instance: `accountId` on Cloud, the user `name` on Data Center.
    AccountId
}
text_id! {
    /// A comment's id on one instance.
    CommentId
}
text_id! {
    /// An attachment's id on one instance.
    AttachmentId
}

text_id! {
    /// What problems with one cause have in common: eight hex digits, the same for the same words in every run.
    CauseId
}

/// An issue's numeric id: its identity within an instance, stable over moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IssueId(pub u64);

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A changelog entry's id within an instance; later entries of one issue have larger ids. 0: before any entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub u64);

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:032x})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                u128::from_str_radix(text, 16).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

random_id! {
    /// One logical issue, at most one replica per side. 128 random bits, 32 hex digits in text.
    ItemId
}
random_id! {
    /// One logical version or component, at most one per side's project. 128 random bits.
    ThingId
}
random_id! {
    /// One write to one replica. 128 random bits; Jira stores it sealed with the change it made.
    OperationId
}
