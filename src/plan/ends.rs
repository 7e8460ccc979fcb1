//! Links to issues that are no items of the sync, shown as remote links at the counterparts. Must never show more of such an
//! issue than its key, never one of a project that the sync does not list, and nobody's whose acts stay where they are.

use std::collections::{BTreeMap, BTreeSet};

use super::links::leads_to;
use super::links_told::makers;
use super::matching::is_a_bridge;
use super::relations::shown;
use super::whose::stays;
use super::{Draft, Observation, place};
use crate::mapping::{far_links, link_words, may_be_named};
use crate::model::ends::FarEnd;
use crate::model::hub::ItemState;
use crate::model::ids::{ItemId, SideId};
use crate::model::issue::IssueLink;
use crate::model::operation::{Action, Operation, RemoteLink};
use crate::model::settings::{FieldKind, FieldRow, SyncSettings};

/// What links are shown under whose type the side does not have: what Jira itself says of links that nobody named.
const LINKS_TO: &str = "links to";

/// Whether no far end is missing in a read for want of a direct one: an index may be behind.
pub(super) fn are_clear(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    let Some(replica) = draft.plan.item.replicas.get(side) else { return true };
    let (links, field) = (shown(row, side, observation), row.sides.get(side));
    let told = |end: &FarEnd| {
        let mut items = observation.steps.iter().flat_map(|step| &step.entry.items);
        items.any(|item| Some(&item.field) == field && item.from.as_deref() == Some(end.key.as_str()))
    };
    replica.ends.own.iter().all(|(id, end)| links.iter().any(|link| &link.id == id) || told(end))
}

/// Takes in which far ends a read shows. One that is not shown any more is none, whoever took it away, also where Jira only hides
/// it: what is shown of it is ours alone, and comes back with it.
pub(super) fn take_in(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let links = shown(row, side, observation);
    let before = draft.plan.item.replicas.get(side).map(|replica| replica.ends.own.clone()).unwrap_or_default();
    let place = place(draft.input, &draft.nothing, row, side);
    let far = far_links(&place, &links);
    // One whose maker's acts cross is known to; of any other more may be known now.
    let crossed = |link: &IssueLink| before.get(&link.id).is_some_and(|end| !end.stays);
    let mut own = BTreeMap::new();
    for &link in &far {
        // The log names no link's id: of several to one issue each may be anybody's who made one.
        let several = far.iter().filter(|other| other.key == link.key && !crossed(other)).count();
        let stays = !crossed(link)
            && row.sides.get(side).is_none_or(|field| {
                let makers = makers(field, observation, &link.key, several);
                makers.iter().any(|maker| is_a_bridge(draft, side, *maker) || stays(draft.input, side, *maker))
            });
        let end =
            FarEnd { issue: link.issue, key: link.key.clone(), kind: link.kind.clone(), outward: link.outward, stays };
        own.insert(link.id.clone(), end);
    }
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        replica.ends.own = own;
    }
}

/// Plans what replicas lack of their counterparts' far ends, and what they show of such as are none any more.
pub(super) fn show(draft: &mut Draft<'_>) {
    let sides: Vec<&SideId> = draft.input.sync.side_ids().collect();
    for &side in &sides {
        let there = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed);
        if !there || draft.is_barred(side) {
            continue;
        }
        for &of in sides.iter().filter(|&&of| of != side) {
            // What is kept apart changes nothing elsewhere: it is as it was.
            if draft.plan.item.replicas.contains_key(of) && !draft.is_barred(of) {
                let wanted = wanted(draft, side, of);
                bring(draft, side, of, &wanted);
            }
        }
        // The issue whose links these were is let be, or its side is in the sync no more.
        let shown = draft.plan.item.replicas.get(side).map(|replica| replica.ends.shown.keys().cloned());
        let is_nobodys = |of: &SideId| !sides.contains(&of) || !draft.plan.item.replicas.contains_key(of);
        let shown: BTreeSet<SideId> = shown.into_iter().flatten().filter(is_nobodys).collect();
        for of in &shown {
            withdraw(draft, side, of);
        }
    }
    for side in sides {
        say(draft, side);
    }
}

/// Takes away all that a replica shows of a counterpart's far ends.
pub(super) fn withdraw(draft: &mut Draft<'_>, side: &SideId, of: &SideId) {
    bring(draft, side, of, &BTreeMap::new());
}

/// The row that lets a side show what another's links lead to.
fn row<'a>(sync: &'a SyncSettings, side: &SideId, of: &SideId) -> Option<&'a FieldRow> {
    let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(of));
    let mut rows = sync.fields.values().filter(|row| row.kind == FieldKind::Links && row.from.contains(of));
    rows.find(|row| sees && row.sides.contains_key(side) && row.sides.contains_key(of))
}

/// Whether a side shows an end that it is not to show any more, as far as settings and what was last read tell.
pub(crate) fn shows_too_much(sync: &SyncSettings, item: &ItemState, side: &SideId) -> bool {
    let may = |of: &SideId, link: &String| {
        let end = item.replicas.get(of).and_then(|replica| replica.ends.own.get(link)).filter(|end| !end.stays);
        let (Some(end), Some(row)) = (end, row(sync, side, of)) else { return false };
        let listed = row.not_synced.get(of).zip(end.key.as_str().rsplit_once('-'));
        listed.is_some_and(|(projects, (project, _))| projects.contains(project))
    };
    let shown = item.replicas.get(side).map(|replica| &replica.ends.shown);
    shown.into_iter().flatten().any(|(of, links)| links.keys().any(|link| !may(of, link)))
}

/// What a side is to show of another's far ends, by the ids of their links. An issue that became an item is the business of links
/// between items, also while it has no counterpart there.
fn wanted(draft: &Draft<'_>, side: &SideId, of: &SideId) -> BTreeMap<String, RemoteLink> {
    let (Some(row), Some(replica)) = (row(draft.input.sync, side, of), draft.plan.item.replicas.get(of)) else {
        return BTreeMap::new();
    };
    let (from, here) = (place(draft.input, &draft.nothing, row, of), place(draft.input, &draft.nothing, row, side));
    let may = |end: &FarEnd| {
        !end.stays && may_be_named(&from, &end.key) && draft.input.references.relatives.item(of, end.issue).is_none()
    };
    let address = draft.catalog(of).address.trim_end_matches('/');
    let link = |(id, end): (&String, &FarEnd)| {
        let relationship = link_words(&from, &here, &end.kind, end.outward).unwrap_or_else(|| LINKS_TO.to_owned());
        (id.clone(), leads_to(address, &end.key, of, global_id(draft, side, of, id), relationship))
    };
    replica.ends.own.iter().filter(|(_, end)| may(end)).map(link).collect()
}

/// Plans what makes a replica show these of a counterpart's far ends, and no others.
fn bring(draft: &mut Draft<'_>, side: &SideId, of: &SideId, wanted: &BTreeMap<String, RemoteLink>) {
    let Some(replica) = draft.plan.item.replicas.get(side) else { return };
    let ends = &replica.ends;
    let known = !draft.catalog(of).address.is_empty();
    let mut planned = Vec::new();
    for (link, shown) in wanted {
        if known && ends.of(of, link) != Some(&Some(shown.clone())) && !is_under_way(draft, side, of, link) {
            planned.push(Action::ShowEnd { of: of.clone(), link: link.clone(), shown: shown.clone() });
        }
    }
    for link in ends.shown.get(of).into_iter().flat_map(BTreeMap::keys).filter(|link| !wanted.contains_key(*link)) {
        if !is_under_way(draft, side, of, link) {
            let global_id = global_id(draft, side, of, link);
            planned.push(Action::HideEnd { of: of.clone(), link: link.clone(), global_id });
        }
    }
    draft.plan.operations.extend(planned.into_iter().map(|action| Operation { side: side.clone(), action }));
}

/// What Jira knows a shown end by: what it was shown under, also where its item was merged into this one since; or what it is to be
/// shown under. A link has an id of its own, which outlives the key of what it leads to.
fn global_id(draft: &Draft<'_>, side: &SideId, of: &SideId, link: &str) -> String {
    let ends = draft.plan.item.replicas.get(side).map(|replica| &replica.ends);
    let known = ends.and_then(|ends| ends.known_by(of, link));
    known.map_or_else(|| new_global_id(draft.plan.item.id, of, link), str::to_owned)
}

/// What an end is shown under by an item.
pub(super) fn new_global_id(item: ItemId, of: &SideId, link: &str) -> String {
    format!("jirasyncd:{item}:{of}:{link}")
}

fn is_under_way(draft: &Draft<'_>, side: &SideId, of: &SideId, link: &str) -> bool {
    draft.unsettled(side).any(|intent| {
        // Nothing is linked to from what may not be there.
        intent.operation.action.far_end() == Some((of, link))
            || matches!(intent.operation.action, Action::Create { .. })
    })
}

/// Says what stays of a side's far ends.
fn say(draft: &mut Draft<'_>, of: &SideId) {
    let sides = draft.input.sync.side_ids().filter(|side| *side != of && draft.plan.item.replicas.contains_key(*side));
    let Some(row) = sides.filter_map(|side| row(draft.input.sync, side, of)).next() else { return };
    let place = place(draft.input, &draft.nothing, row, of);
    let ends = draft.plan.item.replicas.get(of).map(|replica| &replica.ends.own);
    let stays = |end: &&FarEnd| {
        end.stays && may_be_named(&place, &end.key) && place.references.relatives.item(of, end.issue).is_none()
    };
    let Some(end) = ends.and_then(|ends| ends.values().find(stays)) else { return };
    let why =
        format!("a link to {} was made by the sync user, or by somebody whose acts stay here: not shown", end.key);
    let name = row.name.clone();
    draft.hold(of, Some(&name), why, "let somebody make it whose acts cross, or change `from` and `not-from`");
}
