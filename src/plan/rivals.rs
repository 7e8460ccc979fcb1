//! Another state of jirasyncd that keeps the same issues in step: both would undo each other's work. Must never take one that shares a
//! single issue for it: that is another pair, and none of our business.

use super::Draft;
use crate::model::hub::Replica;
use crate::model::ids::SideId;

/// What is to be done about it.
const REMEDY: &str = "let one of the two do it: stop that daemon or take these issues out of its sync, or `jirasyncd unpair` them here; if \
    that state is gone for good, write `unknown-copies = \"leave\"` under `[daemon]` and restart";

/// Writes nothing for an item two issues of which bear another state's marks.
pub(super) fn refuse(draft: &mut Draft<'_>) {
    let item = &draft.plan.item;
    let bear: Vec<(SideId, &Replica)> =
        item.rivals.iter().filter_map(|side| Some((side.clone(), item.replicas.get(side)?))).collect();
    if bear.len() < 2 {
        return;
    }
    let keys: Vec<String> = bear.iter().map(|(_, replica)| replica.key.to_string()).collect();
    let why = format!(
        "another state of jirasyncd keeps {} in step too, as its marks on them say: nothing is written for them here",
        keys.join(" and ")
    );
    if let Some((side, _)) = bear.into_iter().next() {
        draft.hold(&side, None, why, REMEDY);
    }
    draft.plan.operations.clear();
}
