//! What goes together in one request, and what by itself. Must never leave anything of an operation out.

use super::work::Work;
use crate::model::operation::{Action, Operation};

/// An edit as one operation, or as one per field where Jira refused them together without naming one.
pub(super) fn singly(work: &Work, operation: Operation) -> Vec<Operation> {
    let Operation { side, action } = operation;
    let one = |action| Operation { side: side.clone(), action };
    if let Action::SetFields { fields } = action {
        if work.singly.contains(&side) && fields.len() > 1 {
            return fields.into_iter().map(|field| one(Action::SetFields { fields: [field].into() })).collect();
        }
        return vec![one(Action::SetFields { fields })];
    }
    vec![one(action)]
}
