//! Another state of jirasyncd that keeps the same issues in step: both would undo each other's work. Must never take one that shares a
//! single issue for it: that is another pair, and none of our business. Must never hold up a side that it does not write to.

use super::{Draft, PlanInput};
use crate::model::hub::ItemState;
use crate::model::ids::SideId;

/// How what is said of it begins.
pub(crate) const SAID: &str = "another state of jirasyncd keeps ";
/// What is to be done about it.
const REMEDY: &str = "let one of the two do it: stop that daemon or take these issues out of its sync, or `jirasyncd unpair` them here. It ends \
    once that state wrote nothing here for a week, or when this daemon is started again and that state wrote nothing since";

/// Writes nothing to issues of an item that bear another state's marks, where two of them do.
pub(super) fn refuse(draft: &mut Draft<'_>) {
    let bear = shared(draft.input, &draft.plan.item);
    let Some(first) = bear.first().cloned() else { return };
    let replicas = &draft.plan.item.replicas;
    let keys: Vec<String> = bear.iter().filter_map(|side| Some(replicas.get(side)?.key.to_string())).collect();
    let why =
        format!("{SAID}{} in step too, as its marks on them say: nothing is written to them here", keys.join(" and "));
    draft.hold(&first, None, why, REMEDY);
    draft.plan.operations.retain(|operation| !bear.contains(&operation.side));
}

/// The sides that one other state writes to: on one instance it has one account.
fn shared(input: &PlanInput<'_>, item: &ItemState) -> Vec<SideId> {
    let instance = |side: &SideId| input.sync.side(side).map(|settings| &settings.instance);
    let there = item.rivals.iter().filter(|(side, _)| item.replicas.contains_key(*side));
    let all: Vec<_> = there.collect();
    let is_with = |side: &SideId, by, (other, rival): &(&SideId, &crate::model::hub::Rival)| {
        *other != side && (instance(other) != instance(side) || &rival.by == by)
    };
    let shared = all.iter().filter(|(side, rival)| all.iter().any(|other| is_with(side, &rival.by, other)));
    shared.map(|(side, _)| (*side).clone()).collect()
}
