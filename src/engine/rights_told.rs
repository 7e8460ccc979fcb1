//! Which permission a write of ours needs, in the words of a problem's remedy. Must never say that one is missing: Jira's no may be about
//! something else, and seldom tells.

use super::sync_run::SyncRun;
use crate::model::catalog::{Catalog, Shape};
use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::operation::Action;
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};

/// What is to be done about a no to a write.
pub(super) fn remedy_for(sync: &SyncRun, side: &SideId, action: &Action) -> String {
    let (catalogs, sync) = (sync.catalogs(), &sync.settings);
    let (mut function, rights) = needs(action, catalogs.get(side));
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
pub(super) fn remedy_for_field(sync: &SyncRun, side: &SideId, name: &FieldName) -> String {
    let (catalogs, sync) = (sync.catalogs(), &sync.settings);
    let field = sync.fields.get(name).and_then(|row| row.sides.get(side));
    let own = field.map(|field| own_rights(field, catalogs.get(side)));
    let (function, rights) = own.unwrap_or((Function::Issues, &[Right::EditIssues]));
    // Of a right that is missing Jira says that the field is on no screen.
    format!("mend what Jira names; {}; it is tried again when the value changes", needed(sync, side, function, rights))
}

/// What writing a field needs.
fn own_rights(field: &FieldId, catalog: Option<&Catalog>) -> (Function, &'static [Right]) {
    let shape = catalog.and_then(|catalog| catalog.shapes.get(field));
    match field.as_str() {
        "assignee" => (Function::Assignee, &[Right::AssignIssues]),
        "reporter" => (Function::Reporter, &[Right::ModifyReporter]),
        "duedate" => (Function::DueDate, &[Right::EditIssues, Right::ScheduleIssues]),
        "fixVersions" => (Function::FixVersions, &[Right::EditIssues, Right::ResolveIssues]),
        "security" => (Function::SecurityLevels, &[Right::EditIssues, Right::SetIssueSecurity]),
        _ if shape == Some(&Shape::Sprint) => (Function::Sprint, &[Right::EditIssues, Right::ScheduleIssues]),
        _ => (Function::Issues, &[Right::EditIssues]),
    }
}

fn needs(action: &Action, catalog: Option<&Catalog>) -> (Function, &'static [Right]) {
    let said = |remark: Remark, of_comments: &'static [Right], of_worklogs: &'static [Right]| match remark {
        Remark::Comment => (Function::Comments, of_comments),
        Remark::Worklog => (Function::Worklogs, of_worklogs),
    };
    match action {
        Action::Create { .. } => (Function::Issues, &[Right::CreateIssues]),
        Action::SetFields { fields } => {
            let mut own = fields.values().map(|write| own_rights(&write.field, catalog));
            // Several that wait for the same: the due date and the sprint.
            let first = own.next().filter(|(_, rights)| own.all(|(_, others)| others == *rights));
            first.unwrap_or((Function::Issues, &[Right::EditIssues]))
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
