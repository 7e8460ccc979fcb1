//! What a Jira lets somebody do, and what a sync needs it for. Pure. The keys are the same on both kinds (jira-facts: permissions). It must
//! never hold a key that only one of them knows without saying so: Cloud refuses the whole question for one that it does not know.

use std::fmt;

use serde::Serialize;

use super::ids::SideId;
use super::settings::{Kind, SyncSettings};

/// Something that a sync does in a project, as the vendors' own tables of permissions part it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Issues are read, made, and their fields written.
    Issues,
    /// Statuses are carried.
    Statuses,
    /// The assignee is carried.
    Assignee,
    /// The reporter is carried.
    Reporter,
    /// The due date is carried.
    DueDate,
    /// The sprint is carried.
    Sprint,
    /// Fix versions are carried.
    FixVersions,
    /// Comments are copied.
    Comments,
    /// What somebody writes into a copy goes back into the original, which a person wrote.
    PeoplesComments,
    /// Files are copied.
    Attachments,
    /// Watchers are carried.
    Watchers,
    /// Links between issues are carried.
    Links,
    /// Logged work is copied.
    Worklogs,
    /// Security levels are carried.
    SecurityLevels,
    /// Versions and components are made and kept in step.
    VersionsAndComponents,
    /// Each replica leads back to its counterparts, and tells how the sync stands.
    WayBack,
    /// Whose acts cross (`from`, `not-from`).
    Circles,
    /// People are found by their e-mail.
    People,
    /// Copies of issues that are gone are deleted.
    Deletions,
    /// Edits set off no mails.
    SilentEdits,
    /// The project is a service desk.
    ServiceDesk,
}

impl Function {
    /// What it is called in a table and in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Issues => "issues",
            Self::Statuses => "statuses",
            Self::Assignee => "the assignee",
            Self::Reporter => "the reporter",
            Self::DueDate => "the due date",
            Self::Sprint => "the sprint",
            Self::FixVersions => "fix versions",
            Self::Comments => "comments",
            Self::PeoplesComments => "edits of people's own comments",
            Self::Attachments => "attachments",
            Self::Watchers => "watchers",
            Self::Links => "links",
            Self::Worklogs => "worklogs",
            Self::SecurityLevels => "security levels",
            Self::VersionsAndComponents => "versions and components",
            Self::WayBack => "the way back",
            Self::Circles => "`from` and `not-from`",
            Self::People => "the user map",
            Self::Deletions => "deletions",
            Self::SilentEdits => "silent edits",
            Self::ServiceDesk => "the service desk",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A permission of Jira.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Sees the project and its issues.
    BrowseProjects,
    /// Makes issues.
    CreateIssues,
    /// Writes fields.
    EditIssues,
    /// Writes the due date besides, and puts issues into sprints and takes them out.
    ScheduleIssues,
    /// Moves issues through their workflow.
    TransitionIssues,
    /// What conditions of some workflows ask for.
    ResolveIssues,
    /// The same.
    CloseIssues,
    /// Sets the assignee.
    AssignIssues,
    /// May be the assignee: held by those who are assigned, not by the sync user.
    AssignableUser,
    /// Sets the reporter.
    ModifyReporter,
    /// Writes comments.
    AddComments,
    /// Edits its own.
    EditOwnComments,
    /// Deletes its own.
    DeleteOwnComments,
    /// Edits everybody's.
    EditAllComments,
    /// Deletes everybody's.
    DeleteAllComments,
    /// Attaches files.
    CreateAttachments,
    /// Deletes its own.
    DeleteOwnAttachments,
    /// Deletes everybody's.
    DeleteAllAttachments,
    /// Sees who watches.
    ViewVotersAndWatchers,
    /// Makes others watch.
    ManageWatchers,
    /// Links issues, and puts remote links on them.
    LinkIssues,
    /// Logs work.
    WorkOnIssues,
    /// Edits its own.
    EditOwnWorklogs,
    /// Deletes its own.
    DeleteOwnWorklogs,
    /// Edits everybody's.
    EditAllWorklogs,
    /// Deletes everybody's.
    DeleteAllWorklogs,
    /// Sets security levels.
    SetIssueSecurity,
    /// Deletes issues.
    DeleteIssues,
    /// Moves issues to other projects.
    MoveIssues,
    /// Administers the project.
    AdministerProjects,
    /// Works on a service desk as its agent.
    ServiceDeskAgent,
    /// Finds people and groups, in all of Jira.
    BrowseUsers,
    /// Administers Jira.
    Administer,
    /// Administers the machine below it: Data Center alone.
    SystemAdministrator,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 34] = [
        Self::BrowseProjects,
        Self::CreateIssues,
        Self::EditIssues,
        Self::ScheduleIssues,
        Self::TransitionIssues,
        Self::ResolveIssues,
        Self::CloseIssues,
        Self::AssignIssues,
        Self::AssignableUser,
        Self::ModifyReporter,
        Self::AddComments,
        Self::EditOwnComments,
        Self::DeleteOwnComments,
        Self::EditAllComments,
        Self::DeleteAllComments,
        Self::CreateAttachments,
        Self::DeleteOwnAttachments,
        Self::DeleteAllAttachments,
        Self::ViewVotersAndWatchers,
        Self::ManageWatchers,
        Self::LinkIssues,
        Self::WorkOnIssues,
        Self::EditOwnWorklogs,
        Self::DeleteOwnWorklogs,
        Self::EditAllWorklogs,
        Self::DeleteAllWorklogs,
        Self::SetIssueSecurity,
        Self::DeleteIssues,
        Self::MoveIssues,
        Self::AdministerProjects,
        Self::ServiceDeskAgent,
        Self::BrowseUsers,
        Self::Administer,
        Self::SystemAdministrator,
    ];

    /// Jira's key and Jira's name of it.
    fn called(self) -> (&'static str, &'static str) {
        match self {
            Self::BrowseProjects => ("BROWSE_PROJECTS", "Browse Projects"),
            Self::CreateIssues => ("CREATE_ISSUES", "Create Issues"),
            Self::EditIssues => ("EDIT_ISSUES", "Edit Issues"),
            Self::ScheduleIssues => ("SCHEDULE_ISSUES", "Schedule Issues"),
            Self::TransitionIssues => ("TRANSITION_ISSUES", "Transition Issues"),
            Self::ResolveIssues => ("RESOLVE_ISSUES", "Resolve Issues"),
            Self::CloseIssues => ("CLOSE_ISSUES", "Close Issues"),
            Self::AssignIssues => ("ASSIGN_ISSUES", "Assign Issues"),
            Self::AssignableUser => ("ASSIGNABLE_USER", "Assignable User"),
            Self::ModifyReporter => ("MODIFY_REPORTER", "Modify Reporter"),
            Self::AddComments => ("ADD_COMMENTS", "Add Comments"),
            Self::EditOwnComments => ("EDIT_OWN_COMMENTS", "Edit Own Comments"),
            Self::DeleteOwnComments => ("DELETE_OWN_COMMENTS", "Delete Own Comments"),
            Self::EditAllComments => ("EDIT_ALL_COMMENTS", "Edit All Comments"),
            Self::DeleteAllComments => ("DELETE_ALL_COMMENTS", "Delete All Comments"),
            Self::CreateAttachments => ("CREATE_ATTACHMENTS", "Create Attachments"),
            Self::DeleteOwnAttachments => ("DELETE_OWN_ATTACHMENTS", "Delete Own Attachments"),
            Self::DeleteAllAttachments => ("DELETE_ALL_ATTACHMENTS", "Delete All Attachments"),
            Self::ViewVotersAndWatchers => ("VIEW_VOTERS_AND_WATCHERS", "View Voters and Watchers"),
            Self::ManageWatchers => ("MANAGE_WATCHERS", "Manage Watchers"),
            Self::LinkIssues => ("LINK_ISSUES", "Link Issues"),
            Self::WorkOnIssues => ("WORK_ON_ISSUES", "Work On Issues"),
            Self::EditOwnWorklogs => ("EDIT_OWN_WORKLOGS", "Edit Own Worklogs"),
            Self::DeleteOwnWorklogs => ("DELETE_OWN_WORKLOGS", "Delete Own Worklogs"),
            Self::EditAllWorklogs => ("EDIT_ALL_WORKLOGS", "Edit All Worklogs"),
            Self::DeleteAllWorklogs => ("DELETE_ALL_WORKLOGS", "Delete All Worklogs"),
            Self::SetIssueSecurity => ("SET_ISSUE_SECURITY", "Set Issue Security"),
            Self::DeleteIssues => ("DELETE_ISSUES", "Delete Issues"),
            Self::MoveIssues => ("MOVE_ISSUES", "Move Issues"),
            Self::AdministerProjects => ("ADMINISTER_PROJECTS", "Administer Projects"),
            Self::ServiceDeskAgent => ("SERVICEDESK_AGENT", "Service Desk Agent"),
            Self::BrowseUsers => ("USER_PICKER", "Browse Users and Groups"),
            Self::Administer => ("ADMINISTER", "Administer Jira"),
            Self::SystemAdministrator => ("SYSTEM_ADMIN", "Jira System Administrators"),
        }
    }

    /// Jira's key of it.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.called().0
    }

    /// Jira's name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.called().1
    }

    /// The one that holds it besides much more: who may edit everybody's may edit his own.
    #[must_use]
    pub fn wider(self) -> Option<Self> {
        const PAIRS: [(Right, Right); 5] = [
            (Right::EditOwnComments, Right::EditAllComments),
            (Right::DeleteOwnComments, Right::DeleteAllComments),
            (Right::DeleteOwnAttachments, Right::DeleteAllAttachments),
            (Right::EditOwnWorklogs, Right::EditAllWorklogs),
            (Right::DeleteOwnWorklogs, Right::DeleteAllWorklogs),
        ];
        PAIRS.into_iter().find(|(own, _)| *own == self).map(|(_, all)| all)
    }

    /// Whether it is one of all of Jira, and not of a project.
    #[must_use]
    pub fn is_global(self) -> bool {
        matches!(self, Self::BrowseUsers | Self::Administer | Self::SystemAdministrator)
    }

    /// Whether it may be another for each issue, and decides about what is done to issues that others made.
    #[must_use]
    pub fn is_of_an_issue(self) -> bool {
        use Right::{AdministerProjects, AssignableUser, CreateIssues, DeleteIssues, ServiceDeskAgent};
        !self.is_global()
            && !matches!(self, CreateIssues | AssignableUser | DeleteIssues | AdministerProjects | ServiceDeskAgent)
    }

    /// Whether it is one to administer a project, or Jira.
    #[must_use]
    pub fn is_administrative(self) -> bool {
        matches!(self, Self::AdministerProjects | Self::Administer | Self::SystemAdministrator)
    }

    /// Whether holding it without need is worth a word. Who may look for people, be assigned, or see who watches does no harm by it.
    #[must_use]
    pub fn is_worth_taking_away(self) -> bool {
        !matches!(self, Self::BrowseUsers | Self::AssignableUser | Self::ViewVotersAndWatchers | Self::ServiceDeskAgent)
    }

    /// Whether every Jira of the kind knows the key.
    #[must_use]
    pub fn is_known_on(self, kind: Kind) -> bool {
        // The one is only where Jira Service Management is installed, the other on Data Center.
        self != Self::ServiceDeskAgent && (self != Self::SystemAdministrator || kind == Kind::DataCenter)
    }

    /// Who can give it. `by_itself`: the project has no permission scheme, but access of its own (a team-managed project of Cloud).
    #[must_use]
    pub fn given_by(self, by_itself: bool) -> &'static str {
        if self == Self::ServiceDeskAgent {
            return "a Jira administrator (agent licence), with a project administrator (role Service Desk Team)";
        }
        match (self.is_global(), by_itself) {
            (true, _) => "a Jira administrator (global permissions)",
            (false, true) => "a project administrator (the project's own access, team-managed)",
            (false, false) => "a Jira administrator (permission scheme), or a project administrator (role)",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.name(), self.key())
    }
}

/// What is to be looked at where somebody is no agent of a service desk: Jira answers for the licence and the role in one.
pub const BE_AGENT: &str = "Jira does not say whether the licence or the role is missing. A Jira administrator sees the licence in the user \
    administration, under the account's access to Jira Service Management, and gives it there; a project administrator sees in the project's \
    settings, under its people and roles, who has the role Service Desk Team, and puts the account into it";

/// What makes an account an agent of a service desk that was none before, as a new one is.
pub const MAKE_AGENT: &str = "To be an agent of that service desk it needs both: the licence, which a Jira administrator gives it in the user \
    administration, under the account's access to Jira Service Management; and the role Service Desk Team, into which a project administrator puts it in \
    the project's settings, under its people and roles";

/// "for comments the sync user needs Add Comments (ADD_COMMENTS) in project `ENG` of instance `globex`"; what is global it needs "on instance
/// `globex`".
#[must_use]
pub fn needed(sync: &SyncSettings, side: &SideId, function: Function, rights: &[Right]) -> String {
    let listed = |global: bool, place: String| {
        let of_it = rights.iter().filter(|right| right.is_global() == global);
        let of_it: Vec<String> = of_it.map(ToString::to_string).collect();
        (!of_it.is_empty()).then(|| format!("{} {place}", of_it.join(" and ")))
    };
    let instance = sync.side(side).map(|settings| format!("on instance `{}`", settings.instance));
    let anywhere = instance.unwrap_or_else(|| format!("on the instance of side `{side}`"));
    let rights = [listed(false, format!("in {}", there(sync, side))), listed(true, anywhere)];
    let rights = rights.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    format!("for {function} the sync user needs {rights}")
}

/// "project `ENG` of instance `globex`"
#[must_use]
pub fn there(sync: &SyncSettings, side: &SideId) -> String {
    let settings = sync.side(side);
    settings.map_or_else(
        || format!("side `{side}`"),
        |settings| format!("project `{}` of instance `{}`", settings.project, settings.instance),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_rights_are_called_alike() {
        let keys: BTreeSet<&str> = Right::ALL.into_iter().map(Right::key).collect();
        let names: BTreeSet<&str> = Right::ALL.into_iter().map(Right::name).collect();
        assert_eq!((keys.len(), names.len()), (Right::ALL.len(), Right::ALL.len()));
    }

    #[test]
    fn no_kind_is_asked_for_what_only_the_other_knows() {
        assert!(!Right::SystemAdministrator.is_known_on(Kind::Cloud));
        assert!(Right::SystemAdministrator.is_known_on(Kind::DataCenter));
    }
}
