//! Where the counterparts are, for the people who work on a replica. Must never show a side what it does not see.

use super::Draft;
use crate::model::hub::Replica;
use crate::model::ids::{IssueKey, SideId};
use crate::model::operation::{Action, Operation, RemoteLink, counterpart};

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
        // A link to what is gone is as it was, or was taken away.
        let gone = |to: &SideId| draft.plan.item.replicas.get(to).is_some_and(Replica::is_elsewhere);
        let lacking: Vec<(SideId, IssueKey)> = draft
            .plan
            .item
            .replicas
            .iter()
            .filter(|(to, counterpart)| lacks(to, &counterpart.key) && !gone(to))
            .map(|(to, counterpart)| (to.clone(), counterpart.key.clone()))
            .collect();
        for (to, key) in lacking {
            let address = draft.catalog(&to).address.trim_end_matches('/').to_owned();
            if address.is_empty() || is_under_way(draft, &side.id, &to) {
                continue;
            }
            let global_id = global_id(draft, &to);
            let link = leads_to(&address, &key, &to, global_id, counterpart());
            draft.plan.operations.push(Operation { side: side.id.clone(), action: Action::Link { to, key, link } });
        }
    }
}

/// A link to a side's issue. It says no more than the key: who may see the link need not see the issue.
pub(super) fn leads_to(
    address: &str,
    key: &IssueKey,
    side: &SideId,
    global_id: String,
    relationship: String,
) -> RemoteLink {
    let (url, title) = (format!("{address}/browse/{key}"), format!("{key} ({side})"));
    RemoteLink { global_id, url, title, relationship }
}

/// What Jira knows the links to a side's counterpart by.
pub(super) fn global_id(draft: &Draft<'_>, to: &SideId) -> String {
    format!("jirasyncd:{}:{to}", draft.plan.item.id)
}

fn is_under_way(draft: &Draft<'_>, side: &SideId, counterpart: &SideId) -> bool {
    draft.unsettled(side).any(|intent| {
        let action = &intent.operation.action;
        // Nothing is linked to from what may not be there.
        matches!(action, Action::Link { to, .. } if to == counterpart) || matches!(action, Action::Create { .. })
    })
}
