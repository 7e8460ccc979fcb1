//! Who may do what: project permissions, global ones, and the lists that `mypermissions` and the schemes show.
//! Must never answer for a request: it only says yes or no.

use std::collections::BTreeSet;

use super::setup::{FieldType, Holder};
use super::state::{Field, FieldKind, Issue, Project, State};
use super::values;

/// Every built-in project permission [v3 GET permissionscheme], with the numeric id that `mypermissions` shows.
pub(crate) const PROJECT: &[&str] = &[
    "ADMINISTER_PROJECTS",
    "EDIT_WORKFLOW",
    "EDIT_ISSUE_LAYOUT",
    "BROWSE_PROJECTS",
    "MANAGE_SPRINTS_PERMISSION",
    "SERVICEDESK_AGENT",
    "VIEW_DEV_TOOLS",
    "VIEW_READONLY_WORKFLOW",
    "ASSIGNABLE_USER",
    "ASSIGN_ISSUES",
    "CLOSE_ISSUES",
    "CREATE_ISSUES",
    "DELETE_ISSUES",
    "EDIT_ISSUES",
    "LINK_ISSUES",
    "MODIFY_REPORTER",
    "MOVE_ISSUES",
    "RESOLVE_ISSUES",
    "SCHEDULE_ISSUES",
    "SET_ISSUE_SECURITY",
    "TRANSITION_ISSUES",
    "MANAGE_WATCHERS",
    "VIEW_VOTERS_AND_WATCHERS",
    "ADD_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "DELETE_OWN_ATTACHMENTS",
    "DELETE_ALL_WORKLOGS",
    "DELETE_OWN_WORKLOGS",
    "EDIT_ALL_WORKLOGS",
    "EDIT_OWN_WORKLOGS",
    "WORK_ON_ISSUES",
];

/// Global permissions.
pub(crate) const GLOBAL: &[&str] =
    &["ADMINISTER", "SYSTEM_ADMIN", "USER_PICKER", "BULK_CHANGE", "CREATE_SHARED_OBJECTS"];

/// The permission that writing this field needs besides `EDIT_ISSUES` or `CREATE_ISSUES`.
pub(crate) fn of_field(field: &Field) -> Option<&'static str> {
    match field.id.as_str() {
        "assignee" => Some("ASSIGN_ISSUES"),
        "reporter" => Some("MODIFY_REPORTER"),
        "duedate" => Some("SCHEDULE_ISSUES"),
        // Atlassian's description of Resolve Issues: it includes the field Fix versions (jira-facts, permissions).
        "fixVersions" => Some("RESOLVE_ISSUES"),
        "security" => Some("SET_ISSUE_SECURITY"),
        // Who puts issues into sprints and takes them out schedules them [Jira Software, SprintPermissionService; the same is said of Cloud]. That it
        // is refused as a due date is, is memory.
        _ => (field.kind == FieldKind::Plain(FieldType::Sprint)).then_some("SCHEDULE_ISSUES"),
    }
}

/// Whether somebody has a role of a project, as themselves or by a group.
pub(crate) fn has_role(state: &State, project: &Project, role: &str, user: &str) -> bool {
    let by_group = |group: &String| state.group_members.get(group).is_some_and(|members| members.contains(user));
    project.roles.get(role).is_some_and(|members| members.contains(user))
        || project.role_groups.get(role).is_some_and(|groups| groups.iter().any(by_group))
}

/// Whether this user (None: anonymous) holds a project permission, for an issue or in project context.
pub(crate) fn holds(state: &State, project: &Project, issue: Option<&Issue>, user: Option<&str>, key: &str) -> bool {
    let Some(holders) = project.permissions.get(key) else { return false };
    if key != "BROWSE_PROJECTS" && issue.is_some_and(|issue| issue.archived) {
        return false;
    }
    if key == "SERVICEDESK_AGENT" && !project.service_desk {
        return false;
    }
    is_one_of(state, project, issue, user, holders)
}

fn is_one_of(
    state: &State,
    project: &Project,
    issue: Option<&Issue>,
    user: Option<&str>,
    holders: &BTreeSet<Holder>,
) -> bool {
    holders.iter().any(|holder| match holder {
        Holder::Anyone => true,
        Holder::LoggedIn => user.is_some_and(|id| state.users.contains_key(id)),
        Holder::User(id) => user == Some(id.as_str()),
        Holder::Role(role) => user.is_some_and(|id| has_role(state, project, role, id)),
        // In project context these show as held [v3].
        Holder::Reporter => user.is_some() && issue.is_none_or(|issue| issue.text("reporter") == user),
        Holder::Assignee => user.is_some() && issue.is_none_or(|issue| issue.text("assignee") == user),
    })
}

/// Whether this user is among those who see issues of a security level, by the level's id. Nobody else is offered it, or may set it.
pub(crate) fn sees_level(
    state: &State,
    project: &Project,
    issue: Option<&Issue>,
    user: Option<&str>,
    level: &str,
) -> bool {
    let members = state.thing(level).and_then(|level| project.level_members.get(&level.name));
    members.is_none_or(|members| is_one_of(state, project, issue, user, members))
}

/// Whether this user sees that a project is there.
pub(crate) fn browses(state: &State, project: &Project, user: Option<&str>) -> bool {
    holds(state, project, None, user, "BROWSE_PROJECTS")
}

/// What of these values this user may not set, and why: a security level that they are not in, a project that they may not browse.
pub(crate) fn shut(
    state: &State,
    project: &Project,
    issue: Option<&Issue>,
    user: Option<&str>,
    changes: &[(String, serde_json::Value)],
) -> Vec<(String, String)> {
    let why = |name: &str, value: &serde_json::Value| {
        let id = value.as_str()?;
        if name == "security" {
            let is_shut = !sees_level(state, project, issue, user, id);
            return is_shut.then(|| format!("Security level id '{id}' is not valid"));
        }
        state.fields.get(name).filter(|field| field.kind == FieldKind::Plain(FieldType::Project))?;
        let chosen = state.project(id).filter(|chosen| !browses(state, chosen, user))?;
        Some(values::unknown_project(&chosen.key))
    };
    changes.iter().filter_map(|(name, value)| Some((name.clone(), why(name, value)?))).collect()
}

/// Whether this user holds a global permission.
pub(crate) fn holds_global(state: &State, user: Option<&str>, key: &str) -> bool {
    let Some(user) = user else { return false };
    match key {
        "ADMINISTER" | "SYSTEM_ADMIN" => state.administrators.contains(user),
        "USER_PICKER" => !state.cannot_browse_users.contains(user),
        _ => true,
    }
}

/// Whether this user sees the issue at all; where not, Jira says 404, never 403.
pub(crate) fn sees(state: &State, issue: &Issue, user: Option<&str>) -> bool {
    state.projects.get(&issue.project).is_some_and(|project| {
        holds(state, project, Some(issue), user, "BROWSE_PROJECTS")
            && issue.text("security").is_none_or(|level| sees_level(state, project, Some(issue), user, level))
    })
}
