//! The part of the second look at a plan that is about a state from a backup: what is deleted all the same. Must never share a decision
//! with the planner; it may share the names of things.

use super::check::Check;
use crate::model::left;
use crate::model::operation::Action;

impl Check<'_> {
    /// What is let be is deleted by people alone; and what is joined anew loses nothing meanwhile that anybody might miss.
    pub(super) fn let_be(&mut self) {
        let (input, plan) = (self.input, self.plan);
        let joins = input.item.matching.as_ref().is_some_and(|matching| matching.restored);
        for operation in &plan.operations {
            let (what, may_go) = match &operation.action {
                Action::DeleteComment { remark, origin, comment, copy } => {
                    let records = plan.item.remarks(*remark).iter();
                    let mut of_it = records.filter(|record| &record.side == origin && &record.id == comment);
                    (left::remark(*remark, copy), of_it.all(|record| !record.gone || record.notice))
                }
                Action::DeleteFile { copy, .. } => (left::file(copy), false),
                Action::DeleteIssueLink { link, .. } => (left::link(&link.field, &link.element), false),
                Action::DeleteIssue { .. } => ("its issue".to_owned(), false),
                Action::Create { .. }
                | Action::SetFields { .. }
                | Action::Transition { .. }
                | Action::AddComment { .. }
                | Action::EditComment { .. }
                | Action::EditOriginal { .. }
                | Action::Link { .. }
                | Action::Unlink { .. }
                | Action::ShowEnd { .. }
                | Action::HideEnd { .. }
                | Action::Offer { .. }
                | Action::AddFile { .. }
                | Action::AddIssueLink { .. }
                | Action::AddWatcher { .. }
                | Action::RemoveWatcher { .. }
                | Action::StopWatching { .. } => continue,
            };
            if plan.item.is_left(&operation.side, &what) {
                self.fail("what a backup says nothing of is let be", &operation.side, what);
            } else if joins && !may_go {
                self.fail("nothing is deleted while an item is joined anew", &operation.side, what);
            }
        }
    }
}
