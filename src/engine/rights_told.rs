//! Which permission a write of ours needs, in the words of a problem's remedy. Must never say that one is missing: Jira's no may be about
//! something else, and seldom tells.

use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::operation::Action;
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::SyncSettings;

/// What is to be done about a no to a write.
pub(super) fn remedy_for(sync: &SyncSettings, side: &SideId, action: &Action) -> String {
    let (mut function, rights) = needs(action);
    let composes =
        |name: &FieldName| sync.fields.get(name).is_some_and(|row| row.composed.is_some() && !row.from.contains(side));
    if let Action::SetFields { fields } = action
        && fields.keys().all(composes)
    {
        function = Function::WayBack;
    }
    let needed = needed(sync, side, function, rights);
    format!("{needed}: give it what it lacks, or mend what else Jira names; it is tried again")
}

/// The same for the value of a field that Jira did not take.
pub(super) fn remedy_for_field(sync: &SyncSettings, side: &SideId, name: &FieldName) -> String {
    let field = sync.fields.get(name).and_then(|row| row.sides.get(side));
    let (function, rights) = field.map_or((Function::Issues, &[Right::EditIssues][..]), own_rights);
    // Of a right that is missing Jira says that the field is on no screen.
    format!("mend what Jira names; {}; it is tried again when the value changes", needed(sync, side, function, rights))
}

/// What writing a field needs.
fn own_rights(field: &FieldId) -> (Function, &'static [Right]) {
    match field.as_str() {
        "assignee" => (Function::Assignee, &[Right::AssignIssues]),
        "reporter" => (Function::Reporter, &[Right::ModifyReporter]),
        "duedate" => (Function::DueDate, &[Right::EditIssues, Right::ScheduleIssues]),
        "fixVersions" => (Function::FixVersions, &[Right::EditIssues, Right::ResolveIssues]),
        "security" => (Function::SecurityLevels, &[Right::EditIssues, Right::SetIssueSecurity]),
        _ => (Function::Issues, &[Right::EditIssues]),
    }
}

fn needs(action: &Action) -> (Function, &'static [Right]) {
    let said = |remark: Remark, of_comments: &'static [Right], of_worklogs: &'static [Right]| match remark {
        Remark::Comment => (Function::Comments, of_comments),
        Remark::Worklog => (Function::Worklogs, of_worklogs),
    };
    match action {
        Action::Create { .. } => (Function::Issues, &[Right::CreateIssues]),
        Action::SetFields { fields } => {
            let mut own = fields.values().map(|write| own_rights(&write.field));
            match (own.next(), own.next()) {
                (Some(own), None) => own,
                _ => (Function::Issues, &[Right::EditIssues]),
            }
        }
        Action::Transition { .. } => (Function::Statuses, &[Right::TransitionIssues]),
        Action::AddComment { remark, .. } => said(*remark, &[Right::AddComments], &[Right::WorkOnIssues]),
        Action::EditComment { remark, .. } => said(*remark, &[Right::EditOwnComments], &[Right::EditOwnWorklogs]),
        Action::DeleteComment { remark, .. } => said(*remark, &[Right::DeleteOwnComments], &[Right::DeleteOwnWorklogs]),
        Action::EditOriginal { .. } => (Function::PeoplesComments, &[Right::EditAllComments]),
        Action::AddFile { .. } => (Function::Attachments, &[Right::CreateAttachments]),
        Action::DeleteFile { taken: Some(_), .. } => (Function::Attachments, &[Right::DeleteAllAttachments]),
        Action::DeleteFile { .. } => (Function::Attachments, &[Right::DeleteOwnAttachments]),
        Action::Offer { .. } => (Function::VersionsAndComponents, &[Right::AdministerProjects]),
        Action::Link { .. } | Action::Unlink { .. } => (Function::WayBack, &[Right::LinkIssues]),
        Action::ShowEnd { .. }
        | Action::HideEnd { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. } => (Function::Links, &[Right::LinkIssues]),
        Action::AddWatcher { .. } | Action::RemoveWatcher { .. } | Action::StopWatching { .. } => {
            (Function::Watchers, &[Right::ManageWatchers])
        }
        Action::DeleteIssue { .. } => (Function::Deletions, &[Right::DeleteIssues]),
    }
}
