//! What an instance offers, as data: names to ids, people, learnt workflows. Must never be guessed; all of it was read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, FieldId};
use super::issue::{Named, Person};
use super::operation::Thing;
use super::settings::Kind;
use super::things::Called;

/// What one side's instance and project offer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `None` until the instance was read.
    pub kind: Option<Kind>,
    /// Where the instance is, for people: without a slash at the end. Empty until it was read.
    #[serde(default)]
    pub address: String,
    /// All fields of the instance: id to display name. Names are not unique.
    pub fields: BTreeMap<FieldId, String>,
    /// Issue types of the project.
    pub issue_types: Vec<Named>,
    /// Statuses of the project.
    pub statuses: Vec<Named>,
    /// The statuses of each issue type's workflow, by name. Empty where it was read before this was kept.
    #[serde(default)]
    pub statuses_of: BTreeMap<String, BTreeSet<String>>,
    /// Priorities of the instance.
    pub priorities: Vec<Named>,
    /// Who the sync user is there.
    pub sync_user: Option<AccountId>,
    /// The people of the user map that were found: the configured text to the person.
    pub people: BTreeMap<String, Person>,
    /// Those of them who may not see the project's issues: a text must not call them there.
    #[serde(default)]
    pub strangers: BTreeSet<AccountId>,
    /// Per issue type name the ids of the fields on its create screen.
    pub create_fields: BTreeMap<String, BTreeSet<FieldId>>,
    /// Per issue type name what its create screen demands and has no default for: id to display name.
    pub required: BTreeMap<String, BTreeMap<FieldId, String>>,
    /// The largest file that may be attached, in bytes; `None` where that was not asked, or files may not be attached at all.
    #[serde(default)]
    pub upload_limit: Option<u64>,
    /// The names of the types of issue links. Empty where that was not asked.
    #[serde(default)]
    pub link_types: Vec<String>,
    /// How links of these types read.
    #[serde(default)]
    pub link_words: BTreeMap<String, LinkWords>,
    /// The sprints that are not over. Empty where that was not asked.
    #[serde(default)]
    pub sprints: Vec<Named>,
    /// The request types of the project's service desk. Empty where that was not asked.
    #[serde(default)]
    pub requests: Vec<RequestType>,
    /// The names of the issue types whose issues are sub-tasks.
    #[serde(default)]
    pub sub_task_types: BTreeSet<String>,
    /// Data Center: the field that names the epic of an issue which is no sub-task.
    #[serde(default)]
    pub epic_link: Option<FieldId>,
    /// Data Center: the field that names an epic for its children, which an epic is not made without.
    #[serde(default)]
    pub epic_name: Option<FieldId>,
    /// The options that fields offer on any of these screens. A field that is on none of them is not here.
    pub options: BTreeMap<FieldId, BTreeSet<String>>,
    /// What each field holds. A field that is not here may hold anything.
    #[serde(default)]
    pub shapes: BTreeMap<FieldId, Shape>,
    /// Whether the project is a service desk, whose comments can be internal; `None` where that was not asked.
    #[serde(default)]
    pub service_desk: Option<bool>,
    /// Whether the sync user is an agent of that service desk: else what it writes is a customer's word. `None` where that was not asked.
    #[serde(default)]
    pub desk_agent: Option<bool>,
    /// Whether the sync user may edit what others wrote; `None` where that was not asked.
    #[serde(default)]
    pub edits_all_comments: Option<bool>,
    /// Why Jira does not show who watches an issue, as it said when it was asked last; `None`: it does.
    // Not by its own name: a state, or a saved plan, of before may hold that as a mere yes or no.
    #[serde(default, rename = "watchers_hidden")]
    pub hides_watchers: Option<HidesWatchers>,
    /// Accounts that may not be assigned issues of the project, as Jira said when it was asked.
    #[serde(default)]
    pub unassignable: BTreeSet<AccountId>,
    /// What the project's versions and components are called there, where they are kept in step.
    #[serde(default)]
    pub called: BTreeMap<Thing, Called>,
}

/// Why a Jira does not show who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HidesWatchers {
    /// The sync user may not see it.
    WithoutRight,
    /// `Allow users to watch issues` is off in the general configuration of that Jira.
    SwitchedOff,
}

/// A request type of a service desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestType {
    /// What it is called there.
    pub name: String,
    /// What is written for it: its id on Cloud, the keys of portal and type on Data Center. `None` where Jira does not tell them.
    pub key: Option<String>,
    /// The id of the issue type that it is made as; `None` where that is not told.
    pub issue_type: Option<String>,
}

/// How links of a type read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkWords {
    /// From the issue at the outward end: `blocks`.
    pub outward: String,
    /// From the issue at the inward end: `is blocked by`.
    pub inward: String,
}

/// The field of resolutions.
const RESOLUTION: &str = "resolution";

impl Catalog {
    /// Takes the types of issue links, and how they read.
    pub fn take_link_types(&mut self, types: Vec<(String, LinkWords)>) {
        self.link_types = types.iter().map(|(name, _)| name.clone()).collect();
        self.link_words = types.into_iter().collect();
    }

    /// Takes the sprints that are not over: no screen tells what such a field offers.
    pub fn take_sprints(&mut self, sprints: Vec<Named>) {
        let names: BTreeSet<String> = sprints.iter().map(|sprint| sprint.name.clone()).collect();
        let fields = self.shapes.iter().filter(|(_, shape)| **shape == Shape::Sprint).map(|(field, _)| field.clone());
        self.options.extend(fields.map(|field| (field, names.clone())));
        self.sprints = sprints;
    }

    /// Takes the request types of the service desk: no screen tells what such a field offers.
    pub fn take_requests(&mut self, requests: Vec<RequestType>) {
        let names: BTreeSet<String> = requests.iter().map(|request| request.name.clone()).collect();
        let fields = self.shapes.iter().filter(|(_, shape)| **shape == Shape::Request).map(|(field, _)| field.clone());
        self.options.extend(fields.map(|field| (field, names.clone())));
        self.requests = requests;
    }

    /// Takes the names of the resolutions: no create screen tells them.
    pub fn take_resolutions(&mut self, names: Vec<String>) {
        self.options.insert(FieldId::from(RESOLUTION), names.into_iter().collect());
    }
}

/// What a field of an instance holds, which decides how it is read and written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One line of text, or a web address.
    Text,
    /// Rich text.
    Rich,
    /// A number.
    Number,
    /// How many voted: read, and never written.
    Count,
    /// A number that Jira gives: read, and never written.
    Figure,
    /// Seconds of work: an estimate.
    Duration,
    /// A calendar day.
    Day,
    /// An instant.
    Moment,
    /// An instant that Jira notes, as when an issue was made: read, and never written.
    Stamp,
    /// A set of words.
    Words,
    /// One option.
    Option,
    /// A set of options.
    Options,
    /// An option, and perhaps one below it.
    Cascade,
    /// One user.
    Person,
    /// Who made the issue, as Jira notes it: read, and never written.
    Maker,
    /// A set of users.
    People,
    /// One group of users.
    Group,
    /// A set of groups.
    Groups,
    /// One version.
    Version,
    /// A set of versions.
    Versions,
    /// A set of components.
    Components,
    /// Links to other issues.
    Links,
    /// The issue above.
    Parent,
    /// Who watches: counted with the issue, listed by itself.
    Watchers,
    /// The sprint that an issue is in, or else the last one that it was in.
    Sprint,
    /// What a service desk's customer asked for.
    Request,
    /// Something with a name that is read, and never written: the project of an issue.
    Title,
    /// One project, by its key: what a project picker holds.
    Project,
    /// Something else with a name: a priority, a resolution, a security level.
    Named,
    /// Something that is not carried.
    Other,
}

impl Shape {
    /// What of a project it holds, if it holds versions or components.
    #[must_use]
    pub fn thing(self) -> Option<Thing> {
        let version = matches!(self, Self::Version | Self::Versions);
        (version || self == Self::Components).then_some(if version { Thing::Version } else { Thing::Component })
    }

    /// Whether it holds one thing out of those that are offered.
    #[must_use]
    pub fn is_choice(self) -> bool {
        matches!(
            self,
            Self::Option
                | Self::Cascade
                | Self::Group
                | Self::Version
                | Self::Sprint
                | Self::Request
                | Self::Project
                | Self::Named
        )
    }
}

/// What parts an option from the one below it in a name of ours: `Europe > France`.
pub const BELOW: &str = " > ";

/// The ways between statuses that were seen to work: (from status name, to status name).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workflow {
    /// Per issue type name, per status name the status names that a transition reached from it.
    pub ways: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Workflow {
    /// Learns one way. Returns whether it was new.
    pub fn learn(&mut self, issue_type: &str, from: &str, to: &str) -> bool {
        let ways = self.ways.entry(issue_type.to_owned()).or_default();
        ways.entry(from.to_owned()).or_default().insert(to.to_owned())
    }

    /// The status names reachable in one hop.
    pub fn from(&self, issue_type: &str, status: &str) -> impl Iterator<Item = &str> {
        self.ways.get(issue_type).and_then(|ways| ways.get(status)).into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalog_of_before_is_read() {
        let mut kept = serde_json::to_value(Catalog::default()).unwrap();
        kept["hides_watchers"] = true.into();
        let read: Catalog = serde_json::from_value(kept).unwrap();
        assert_eq!(read, Catalog::default());
        let hidden = Catalog { hides_watchers: Some(HidesWatchers::SwitchedOff), ..Catalog::default() };
        let again: Catalog = serde_json::from_value(serde_json::to_value(&hidden).unwrap()).unwrap();
        assert_eq!(again, hidden);
    }
}
