//! How a simulated Jira is described before it starts: kind, people, projects, workflows, fields, quirks.
//! Plain data; must never hold state of a running one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::limits::Limits;
use super::quirks::Quirks;

/// Which Jira is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Jira Cloud: REST v3 (and v2 for wiki text), account ids, ADF.
    Cloud,
    /// Jira Data Center 10.3: REST v2, user names and keys, wiki markup.
    DataCenter,
}

/// How somebody proves who he is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// Cloud: Basic with the e-mail address and this API token.
    ApiToken(String),
    /// Data Center: Basic with the login name and this password.
    Password(String),
    /// Data Center: `Authorization: Bearer` with this personal access token.
    Pat(String),
    /// Cloud, through the gateway only: Basic with the e-mail address and this scoped token, or Bearer with it alone.
    ScopedToken(String),
    /// OAuth 2.0 client credentials of an application that acts as this user.
    Client {
        /// The application's id.
        id: String,
        /// Its secret.
        secret: String,
    },
}

/// A person or the sync user.
#[derive(Debug, Clone)]
pub struct UserSetup {
    /// `accountId` on Cloud; user key (`JIRAUSER10100`) on Data Center. The identity in all of this module.
    pub id: String,
    /// Login name (Data Center); how tests name the user on both kinds.
    pub name: String,
    /// Display name.
    pub display_name: String,
    /// E-mail address; hidden from others on Cloud when `hide_email`.
    pub email: String,
    /// Profile privacy on Cloud.
    pub hide_email: bool,
    /// IANA name; JQL dates without an offset are read in it.
    pub time_zone: String,
    /// False for a deactivated account.
    pub active: bool,
    /// `atlassian`, `app`, `customer` (Cloud).
    pub account_type: String,
    /// The profile's preference to watch what one creates or comments on (memory: on by default on both kinds).
    pub autowatch: bool,
    /// All credentials that work.
    pub credentials: Vec<Credential>,
}

impl UserSetup {
    /// An active user with an e-mail address, in UTC, without credentials.
    #[must_use]
    pub fn new(id: &str, name: &str, display_name: &str, email: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            display_name: display_name.into(),
            email: email.into(),
            hide_email: false,
            time_zone: "Etc/UTC".into(),
            active: true,
            account_type: "atlassian".into(),
            autowatch: true,
            credentials: Vec::new(),
        }
    }

    /// Adds a credential.
    #[must_use]
    pub fn with(mut self, credential: Credential) -> Self {
        self.credentials.push(credential);
        self
    }

    /// Sets the profile's time zone (IANA name).
    #[must_use]
    pub fn zone(mut self, time_zone: &str) -> Self {
        self.time_zone = time_zone.into();
        self
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// One line.
    Text,
    /// ADF on Cloud, wiki markup on Data Center.
    RichText,
    /// A number.
    Number,
    /// `YYYY-MM-DD`.
    Date,
    /// ISO with offset.
    DateTime,
    /// A set of words.
    Labels,
    /// One user.
    User,
    /// Several users.
    Users,
    /// One of these options.
    Select(Vec<String>),
    /// Some of these options.
    MultiSelect(Vec<String>),
    /// A web address.
    Url,
    /// One of these options, as radio buttons.
    Radio(Vec<String>),
    /// Some of these options, as checkboxes.
    Checkboxes(Vec<String>),
    /// One of these options, and perhaps one of those below it.
    Cascade(Vec<(String, Vec<String>)>),
    /// One group of users.
    Group,
    /// Several groups.
    Groups,
    /// One version of the project.
    Version,
    /// Several versions of the project.
    Versions,
    /// Several components of the project.
    Components,
    /// One of the projects that whoever asks may browse.
    Project,
    /// A security level of the project.
    Security,
    /// Data Center: the epic that an issue belongs to.
    EpicLink,
    /// Data Center: what an epic is called on its children.
    EpicName,
    /// Sprints of scrum boards: those that are over, and at most one that is not.
    Sprint,
    /// A request type of the project's service desk ([`ProjectSetup::request_types`]).
    RequestType,
    /// Kept and given back as it came; not writable.
    Opaque,
}

impl FieldType {
    /// Whether its elements come and go each on its own.
    pub(crate) fn is_set(&self) -> bool {
        match self {
            Self::Labels
            | Self::Users
            | Self::MultiSelect(_)
            | Self::Checkboxes(_)
            | Self::Groups
            | Self::Versions
            | Self::Components => true,
            Self::Text
            | Self::RichText
            | Self::Number
            | Self::Date
            | Self::DateTime
            | Self::User
            | Self::Select(_)
            | Self::Opaque
            | Self::Url
            | Self::Radio(_)
            | Self::Cascade(_)
            | Self::Group
            | Self::Version
            | Self::Project
            | Self::EpicLink
            | Self::EpicName
            | Self::Sprint
            | Self::RequestType
            | Self::Security => false,
        }
    }
}

/// How far a sprint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SprintState {
    /// Not begun.
    Future,
    /// Under way.
    Active,
    /// Over.
    Closed,
}

/// A custom field.
#[derive(Debug, Clone)]
pub struct FieldSetup {
    /// `customfield_10042`.
    pub id: String,
    /// The name; not unique in a real Jira.
    pub name: String,
    /// What it holds.
    pub kind: FieldType,
}

impl FieldSetup {
    /// A custom field.
    #[must_use]
    pub fn new(id: &str, name: &str, kind: FieldType) -> Self {
        Self { id: id.into(), name: name.into(), kind }
    }
}

/// The three status categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// `new`
    ToDo,
    /// `indeterminate`
    InProgress,
    /// `done`
    Done,
}

/// A status of a workflow.
#[derive(Debug, Clone)]
pub struct StatusSetup {
    /// Unique in the instance.
    pub name: String,
    /// Its category.
    pub category: Category,
    /// `jira.issue.editable`: false makes the issue refuse edits (not comments) while in this status.
    pub editable: bool,
}

/// One edge of the workflow graph.
#[derive(Debug, Clone)]
pub struct TransitionSetup {
    /// The button's name.
    pub name: String,
    /// Statuses it starts from; empty: from everywhere (a global transition).
    pub from: Vec<String>,
    /// Status it leads to.
    pub to: String,
    /// Fields on its screen, and whether each is required.
    pub screen: BTreeMap<String, bool>,
    /// Permission keys of its conditions besides `TRANSITION_ISSUES`.
    pub needs: BTreeSet<String>,
    /// Post-functions: field id -> value that is set (by name, or null), in the same changelog entry.
    pub sets: BTreeMap<String, serde_json::Value>,
}

impl TransitionSetup {
    /// A transition without a screen.
    #[must_use]
    pub fn new(name: &str, from: &[&str], to: &str) -> Self {
        Self {
            name: name.into(),
            from: from.iter().map(|status| (*status).to_owned()).collect(),
            to: to.into(),
            screen: BTreeMap::new(),
            needs: BTreeSet::new(),
            sets: BTreeMap::new(),
        }
    }

    /// Puts a field on the screen.
    #[must_use]
    pub fn screen(mut self, field: &str, required: bool) -> Self {
        self.screen.insert(field.into(), required);
        self
    }

    /// Adds a post-function that sets a field.
    #[must_use]
    pub fn sets(mut self, field: &str, value: serde_json::Value) -> Self {
        self.sets.insert(field.into(), value);
        self
    }
}

/// Who holds a permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// Everybody, logged in or not.
    Anyone,
    /// Everybody who is logged in.
    LoggedIn,
    /// One user, by id.
    User(String),
    /// The members of a project role.
    Role(String),
    /// Whoever reported the issue; in project context it shows as held (v3).
    Reporter,
    /// Whoever the issue is assigned to; in project context it shows as held (v3).
    Assignee,
}

/// A project.
#[derive(Debug, Clone)]
pub struct ProjectSetup {
    /// Key, upper case.
    pub key: String,
    /// Numeric id.
    pub id: u64,
    /// Name.
    pub name: String,
    /// Names of its issue types, and whether each is a sub-task type.
    pub types: Vec<(String, bool)>,
    /// Statuses; the first is where new issues start.
    pub statuses: Vec<StatusSetup>,
    /// The workflow's edges.
    pub transitions: Vec<TransitionSetup>,
    /// Fields on the create and edit screens; empty: every field that can be written.
    pub screen: BTreeSet<String>,
    /// Fields that must be given on create and may not be emptied, besides summary.
    pub required: BTreeSet<String>,
    /// Permission key -> holders.
    pub permissions: BTreeMap<String, BTreeSet<Holder>>,
    /// Role name -> user ids.
    pub roles: BTreeMap<String, BTreeSet<String>>,
    /// Role name -> names of the groups whose members have it.
    pub role_groups: BTreeMap<String, BTreeSet<String>>,
    /// Names of its components.
    pub components: Vec<String>,
    /// Names of its versions.
    pub versions: Vec<String>,
    /// Whether it is a service desk: then comments can be internal.
    pub service_desk: bool,
    /// Names of its security levels.
    pub security_levels: Vec<String>,
    /// Name of a level -> who sees the issues that have it, of those who may browse the project. One without an entry hides nothing.
    pub level_members: BTreeMap<String, BTreeSet<Holder>>,
    /// The sprints of its scrum board, in their order. Names are not unique in a real Jira.
    pub sprints: Vec<(String, SprintState)>,
    /// What customers of its service desk ask for, in their order: the name, and the name of the issue type that it is made as.
    pub request_types: Vec<(String, String)>,
}

/// Permission keys that [`ProjectSetup::new`] gives to everybody who is logged in.
const EVERYDAY: [&str; 25] = [
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "CLOSE_ISSUES",
    "RESOLVE_ISSUES",
    "SCHEDULE_ISSUES",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "MOVE_ISSUES",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
    "DELETE_OWN_ATTACHMENTS",
    "WORK_ON_ISSUES",
    "EDIT_OWN_WORKLOGS",
    "DELETE_OWN_WORKLOGS",
    "VIEW_VOTERS_AND_WATCHERS",
    "MANAGE_WATCHERS",
    "VIEW_DEV_TOOLS",
    "VIEW_READONLY_WORKFLOW",
    "MODIFY_REPORTER",
    // Nobody's but in a service desk.
    "SERVICEDESK_AGENT",
];

/// Permission keys that only the role `Administrators` holds in [`ProjectSetup::new`].
const ADMINISTRATIVE: [&str; 10] = [
    "ADMINISTER_PROJECTS",
    "DELETE_ISSUES",
    "EDIT_ALL_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "EDIT_ALL_WORKLOGS",
    "DELETE_ALL_WORKLOGS",
    "SET_ISSUE_SECURITY",
    "EDIT_WORKFLOW",
    "EDIT_ISSUE_LAYOUT",
];

impl ProjectSetup {
    /// A project whose everyday permissions are everybody's and whose administrative ones are the role
    /// `Administrators`'.
    #[must_use]
    pub fn new(key: &str, id: u64, name: &str) -> Self {
        let everyday = EVERYDAY.iter().map(|key| ((*key).to_owned(), BTreeSet::from([Holder::LoggedIn])));
        let admin = ADMINISTRATIVE
            .iter()
            .map(|key| ((*key).to_owned(), BTreeSet::from([Holder::Role("Administrators".into())])));
        Self {
            key: key.into(),
            id,
            name: name.into(),
            types: Vec::new(),
            statuses: Vec::new(),
            transitions: Vec::new(),
            screen: BTreeSet::new(),
            required: BTreeSet::new(),
            permissions: everyday.chain(admin).collect(),
            roles: BTreeMap::from([("Administrators".to_owned(), BTreeSet::new())]),
            role_groups: BTreeMap::new(),
            components: Vec::new(),
            versions: Vec::new(),
            service_desk: false,
            security_levels: Vec::new(),
            level_members: BTreeMap::new(),
            sprints: Vec::new(),
            request_types: Vec::new(),
        }
    }

    /// Adds issue types by name.
    #[must_use]
    pub fn types(mut self, names: &[&str]) -> Self {
        self.types.extend(names.iter().map(|name| ((*name).to_owned(), false)));
        self
    }

    /// Adds a status.
    #[must_use]
    pub fn status(mut self, name: &str, category: Category) -> Self {
        self.statuses.push(StatusSetup { name: name.into(), category, editable: true });
        self
    }

    /// Adds an edge of the workflow.
    #[must_use]
    pub fn transition(mut self, transition: TransitionSetup) -> Self {
        self.transitions.push(transition);
        self
    }

    /// Adds a member to a role.
    #[must_use]
    pub fn member(mut self, role: &str, user: &str) -> Self {
        self.roles.entry(role.into()).or_default().insert(user.into());
        self
    }

    /// Gives a role to the members of a group.
    #[must_use]
    pub fn member_group(mut self, role: &str, group: &str) -> Self {
        self.roles.entry(role.into()).or_default();
        self.role_groups.entry(role.into()).or_default().insert(group.into());
        self
    }

    /// Takes a permission from everybody and gives it to these holders.
    #[must_use]
    pub fn permission(mut self, key: &str, holders: &[Holder]) -> Self {
        self.permissions.insert(key.into(), holders.iter().cloned().collect());
        self
    }
}

/// A Jira before it starts.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Which Jira is played.
    pub kind: Kind,
    /// Scheme, host, port and context path, without a slash at the end.
    pub base_url: String,
    /// Everybody.
    pub users: Vec<UserSetup>,
    /// Ids of users with the global permission Administer Jira.
    pub administrators: BTreeSet<String>,
    /// Ids of users without Browse users and groups: their user searches give an empty list on Cloud.
    pub cannot_browse_users: BTreeSet<String>,
    /// Names, highest first.
    pub priorities: Vec<String>,
    /// Names.
    pub resolutions: Vec<String>,
    /// Types of links between issues: name, how it reads at the inward end, and at the outward end.
    pub link_types: Vec<(String, String, String)>,
    /// Names of all groups of users.
    pub groups: Vec<String>,
    /// Group name -> ids of its members.
    pub group_members: BTreeMap<String, BTreeSet<String>>,
    /// Custom fields.
    pub fields: Vec<FieldSetup>,
    /// Projects.
    pub projects: Vec<ProjectSetup>,
    /// Its server's clock is this far ahead of the injected one (negative: behind).
    pub clock_skew: SignedDuration,
    /// See [`Quirks`].
    pub quirks: Quirks,
    /// See [`Limits`].
    pub limits: Limits,
    /// Recorded issues that are put in at start, see [`Setup::add_seed`].
    pub recorded: Vec<serde_json::Value>,
}

impl Setup {
    /// An empty Cloud site.
    #[must_use]
    pub fn cloud(base_url: &str) -> Self {
        Self::empty(Kind::Cloud, base_url)
    }

    /// An empty Data Center.
    #[must_use]
    pub fn data_center(base_url: &str) -> Self {
        Self::empty(Kind::DataCenter, base_url)
    }

    /// An empty Jira of either kind.
    #[must_use]
    pub fn empty(kind: Kind, base_url: &str) -> Self {
        Self {
            kind,
            base_url: base_url.trim_end_matches('/').into(),
            users: Vec::new(),
            administrators: BTreeSet::new(),
            cannot_browse_users: BTreeSet::new(),
            priorities: Vec::new(),
            resolutions: Vec::new(),
            link_types: usual_link_types(),
            groups: Vec::new(),
            group_members: BTreeMap::new(),
            fields: Vec::new(),
            projects: Vec::new(),
            clock_skew: SignedDuration::ZERO,
            quirks: Quirks::default(),
            limits: match kind {
                Kind::Cloud => Limits::cloud(),
                Kind::DataCenter => Limits::off(),
            },
            recorded: Vec::new(),
        }
    }
}

/// What every new Jira has.
fn usual_link_types() -> Vec<(String, String, String)> {
    [
        ("Blocks", "is blocked by", "blocks"),
        ("Cloners", "is cloned by", "clones"),
        ("Duplicate", "is duplicated by", "duplicates"),
        ("Relates", "relates to", "relates to"),
    ]
    .map(|(name, inward, outward)| (name.to_owned(), inward.to_owned(), outward.to_owned()))
    .into()
}
