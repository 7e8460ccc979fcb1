//! Where the counterparts are, for the people who work on a replica. Must never show a side what it does not see.

use super::Draft;
use crate::model::ids::{IssueKey, SideId};
use crate::model::operation::{Action, Operation, RemoteLink};

/// Plans the links that a replica lacks, or that show an old key.
pub(super) fn show(draft: &mut Draft<'_>) {
    let sync = draft.input.sync;
    if !sync.links {
        return;
    }
    for side in &sync.sides {
        let replica = draft.plan.item.replicas.get(&side.id).filter(|replica| replica.observed);
        let Some(replica) = replica.filter(|_| !draft.is_barred(&side.id)) else { continue };
        let lacks = |to: &SideId, key: &IssueKey| {
            to != &side.id && side.sees.contains(to) && replica.links.get(to) != Some(key)
        };
        let lacking: Vec<(SideId, IssueKey)> = draft
            .plan
            .item
            .replicas
            .iter()
            .filter(|(to, counterpart)| lacks(to, &counterpart.key))
            .map(|(to, counterpart)| (to.clone(), counterpart.key.clone()))
            .collect();
        for (to, key) in lacking {
            let address = draft.catalog(&to).address.trim_end_matches('/').to_owned();
            if address.is_empty() || is_under_way(draft, &side.id, &to) {
                continue;
            }
            let global_id = format!("jirasyncd:{}:{to}", draft.plan.item.id);
            let link = RemoteLink { global_id, url: format!("{address}/browse/{key}"), title: format!("{key} ({to})") };
            draft.plan.operations.push(Operation { side: side.id.clone(), action: Action::Link { to, key, link } });
        }
    }
}

fn is_under_way(draft: &Draft<'_>, side: &SideId, counterpart: &SideId) -> bool {
    draft.unsettled(side).any(|intent| match &intent.operation.action {
        Action::Link { to, .. } => to == counterpart,
        // Nothing is linked to from what may not be there.
        Action::Create { .. } => true,
        Action::SetFields { .. }
        | Action::Transition { .. }
        | Action::AddComment { .. }
        | Action::EditComment { .. }
        | Action::Offer { .. }
        | Action::DeleteComment { .. }
        | Action::AddFile { .. }
        | Action::DeleteFile { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. } => false,
    })
}
