//! Versions and components as things of their own, beside the issues that hold them: what a sync carries of them, what is known of
//! each, and what may be written. Must never tell one by its name once it was met: a rename is a rename, and no new version.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{InstanceId, SideId, SyncId, ThingId};
use super::operation::Thing;

/// What is carried of versions, or of components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingSettings {
    /// The sides whose people's versions, and what they do to them, cross. Never one with `from` or `not-from` of people: Jira does
    /// not say who changed a version.
    pub from: BTreeSet<SideId>,
    /// The sides that are written to.
    pub to: BTreeSet<SideId>,
    /// What is carried of each; always the name.
    pub carry: BTreeSet<Property>,
    /// How often the projects' lists are read.
    pub every: Duration,
}

impl ThingSettings {
    /// The sides whose lists are read.
    pub fn sides(&self) -> impl Iterator<Item = &SideId> {
        self.from.union(&self.to)
    }
}

/// One property of a version or component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Its name: one per project, whatever the case of its letters.
    Name,
    /// What is said of it.
    Description,
    /// Of versions: the day that it begins.
    StartDate,
    /// Of versions: the day of its release.
    ReleaseDate,
    /// Of versions: whether it is out.
    Released,
    /// Of versions: whether it is put away; then no screen offers it.
    Archived,
}

impl Property {
    /// All of a thing, in the order in which they are told.
    #[must_use]
    pub fn of(thing: Thing) -> &'static [Self] {
        match thing {
            Thing::Version => {
                &[Self::Name, Self::Description, Self::StartDate, Self::ReleaseDate, Self::Released, Self::Archived]
            }
            Thing::Component => &[Self::Name, Self::Description],
        }
    }

    /// As the configuration calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::StartDate => "start-date",
            Self::ReleaseDate => "release-date",
            Self::Released => "released",
            Self::Archived => "archived",
        }
    }

    /// Whether it is a day. No contract of Atlassian's says how one is taken away.
    #[must_use]
    pub fn is_day(self) -> bool {
        matches!(self, Self::StartDate | Self::ReleaseDate)
    }

    /// Whether a value that was found says something: none does not, nor does the `false` that Jira fills in by itself.
    #[must_use]
    pub fn is_said(self, value: &str) -> bool {
        let filled_in = self.is_flag() && value == "false";
        !value.is_empty() && !filled_in
    }

    /// Whether it is a yes or no.
    #[must_use]
    pub fn is_flag(self) -> bool {
        matches!(self, Self::Released | Self::Archived)
    }
}

/// What is shared of a thing: a text, a day (`2026-11-27`), or `true` and `false`. Empty: not there.
pub type ThingValues = BTreeMap<Property, String>;

/// A version or component as a project's list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenThing {
    /// Its id on the instance.
    pub native: String,
    /// All its properties.
    pub values: ThingValues,
}

impl SeenThing {
    /// A property; empty where it has none.
    #[must_use]
    pub fn value(&self, property: Property) -> &str {
        self.values.get(&property).map_or("", String::as_str)
    }
}

/// Which act of which side. Numbers are of one thing, and grow with each look at which people were found to have acted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ActKey {
    /// When.
    pub number: u64,
    /// Where.
    pub side: SideId,
}

/// What people of one side did last to a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingAct {
    /// When.
    pub number: u64,
    /// What they made it.
    pub value: String,
    /// It was there when their side was first met: nobody knows how old it is.
    #[serde(default)]
    pub met: bool,
    /// The acts that stand instead of this one, where who looks sees their side.
    #[serde(default)]
    pub lost_to: BTreeSet<ActKey>,
}

/// What a side was last seen to hold of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldValue {
    /// The value.
    pub value: String,
    /// The agreed act that is in it, or that was written over it; `None`: none.
    pub knows: Option<ActKey>,
    /// Somebody changed it whose acts do not cross.
    #[serde(default)]
    pub theirs: bool,
}

/// A value that was sent, and of which it is not known whether it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentValue {
    /// The value.
    pub value: String,
    /// The act that it is.
    pub knows: ActKey,
    /// When it was first sent.
    pub at: Timestamp,
}

/// A thing on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThingReplica {
    /// Its id there; `None`: it was sent, and nobody knows whether it was made, or it is gone and its id is another's.
    pub native: Option<String>,
    /// What it was seen to hold.
    pub held: BTreeMap<Property, HeldValue>,
    /// What may be under way to it, of each property the oldest first.
    pub sent: BTreeMap<Property, Vec<SentValue>>,
    /// Since when the project's list does not show it.
    pub missing: Option<Timestamp>,
    /// It was deleted there. It is never made again.
    pub gone: bool,
    /// The names that the sync user gave it there when it was renamed, and whose each was.
    #[serde(default)]
    pub given: BTreeMap<String, SideId>,
}

impl ThingReplica {
    /// Whether it stands there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.native.is_some() && self.missing.is_none() && !self.gone
    }

    /// What it holds; empty where that was not seen.
    #[must_use]
    pub fn value(&self, property: Property) -> &str {
        self.held.get(&property).map_or("", |held| held.value.as_str())
    }
}

/// What somebody made of a property, and another's word stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostValue {
    /// The property.
    pub property: Property,
    /// Whose it was.
    pub side: SideId,
    /// The value.
    pub value: String,
    /// Whose stands.
    pub by: SideId,
    /// What stands.
    pub stands: String,
}

/// One logical version or component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectThing {
    /// Its identity.
    pub id: ThingId,
    /// Which of the two.
    pub thing: Thing,
    /// What it was called when it was first met; empty where an earlier release met it.
    #[serde(default)]
    pub met_as: String,
    /// The word that issues' rows share for it. It never changes, and is no other's. Empty where an earlier release met it.
    #[serde(default)]
    pub word: String,
    /// Words of others that turned out to be this one: what holds them means it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub words_before: BTreeSet<String>,
    /// The sides whose people made it. A side that sees none of them never gets it. Empty: the sync user made it for an issue, so
    /// it goes nowhere from there.
    pub made_on: BTreeSet<SideId>,
    /// It on the sides.
    pub replicas: BTreeMap<SideId, ThingReplica>,
    /// What people did last, by side.
    pub acts: BTreeMap<Property, BTreeMap<SideId, ThingAct>>,
    /// The number of the newest act.
    pub number: u64,
    /// With `on-conflict = "ask"`: the sides that keep their own.
    #[serde(default)]
    pub disputes: BTreeMap<Property, BTreeSet<SideId>>,
    /// What lost, until somebody changes that property again.
    #[serde(default)]
    pub lost: Vec<LostValue>,
    /// By side the names under which it was to be made there, when nobody answered and it was not found in time, and when it
    /// was given up: one that bears such a name within a day may be ours.
    #[serde(default)]
    pub given_up: BTreeMap<SideId, BTreeMap<String, Timestamp>>,
    /// All that was sent of each of these, by which ours is told from another of its name. None of a name that an earlier release
    /// gave up.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given_up_as: BTreeMap<SideId, Vec<BTreeMap<Property, HeldValue>>>,
    /// It landed after it was given up, and is one too many.
    #[serde(default)]
    pub late: bool,
}

/// What things are called on one side, and the words that issues' rows share for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// The name there, by the shared word; `None`: it is not there, and by its name another one would be meant, or a second one made
    /// beside what was sent there by another name and may land yet.
    pub by_word: BTreeMap<String, Option<String>>,
    /// The shared word, by the name there.
    pub by_name: BTreeMap<String, String>,
    /// The same of names that the sync user gave there once. Another may bear one by now.
    pub formerly: BTreeMap<String, String>,
    /// What all sides may know it as, by the shared word.
    pub open: BTreeMap<String, String>,
    /// The name there by Jira's id there; `None`: the side's lists are not read.
    pub by_id: Option<BTreeMap<String, String>>,
    /// The word by each that it had before: the same on all sides.
    #[serde(default)]
    pub joined: BTreeMap<String, String>,
}

/// One write to one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingWrite {
    /// The thing.
    pub id: ThingId,
    /// Which of the two.
    pub thing: Thing,
    /// The side that is written to.
    pub side: SideId,
    /// Its id there; `None`: it is made.
    pub native: Option<String>,
    /// What is written, and which act each value is.
    pub values: BTreeMap<Property, (String, ActKey)>,
}

impl ThingWrite {
    /// The values alone.
    #[must_use]
    pub fn plain(&self) -> ThingValues {
        self.values.iter().map(|(property, (value, _))| (*property, value.clone())).collect()
    }
}

/// A name that the sync user gave to a version or component: nobody's word at that side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MadeThing {
    /// The sync that it was made for.
    pub sync: SyncId,
    /// The side.
    pub side: SideId,
    /// Its instance; empty where an older state did not keep it.
    pub instance: InstanceId,
    /// Which of the two.
    pub thing: Thing,
    /// The name.
    pub name: String,
    /// It was made for an issue to hold, and not to keep one in step.
    pub for_issue: bool,
}
