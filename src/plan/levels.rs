//! Security levels: an issue whose level has a row is carried, and stands under that level's counterpart before anything else is
//! written to it. Must never let anything cross that a level without a row keeps apart, never write a level that home's issue has
//! not, and never open what no write of ours has shut.
//!
//! What counts is what was read (`Level::seen`), and not what is agreed: so no doubt about whose act counts lets anything through.
//! Only home's level crosses. One that another side's issue has for itself keeps that side apart, as it does without a row.

use std::collections::BTreeMap;

use super::targets::with_base;
use super::{By, Draft, Observation, Plan, PlanInput, Wanted, absence, fold, place};
use crate::mapping::inbound;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{FieldId, FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::level::Level;
use crate::model::operation::{Action, FieldWrite, Intent, NativeWrite};
use crate::model::settings::{FieldRow, SyncSettings};
use crate::model::value::Value;

/// The row of security levels, and the field on every side.
pub(super) const ROW: &str = "security";
/// How often a level that was taken away there is put back, for one level of home. Whoever takes it away again means it, or is an
/// automation that nobody should fight.
const MOST_PUT_BACK: u32 = 1;

/// How a side's replica stands to the level that home's issue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// As it should: whatever is carried may go there.
    Stands,
    /// Its level is still to be set, or to be seen: until then that, and nothing else, is written there.
    Rises,
    /// Home's issue has none any more, and ours is still to be taken away.
    Lowers,
    /// Somebody there took it away again after it was put back.
    Undone,
    /// Home's level has no name there.
    Unnamed,
    /// Home's Jira never told whether its issue has one.
    Untold,
}

fn row(sync: &SyncSettings) -> Option<&FieldRow> {
    sync.fields.get(&FieldName::from(ROW))
}

/// What a side calls home's level, in order of preference.
fn names_there<'a>(sync: &'a SyncSettings, level: &str, side: &SideId) -> &'a [String] {
    let (Some(row), Some(home)) = (row(sync), &sync.home) else { return &[] };
    let is_it = |names: &Vec<String>| names.iter().any(|name| name == level);
    let found = row.values.rows.iter().find(|known| known.names.get(home).is_some_and(is_it));
    found.and_then(|known| known.names.get(side)).map_or(&[], Vec::as_slice)
}

/// The level that home's issue was last seen to have.
pub(super) fn at_home<'a>(sync: &SyncSettings, item: &'a ItemState) -> Option<&'a str> {
    item.replicas.get(sync.home.as_ref()?)?.level.seen.as_deref()
}

/// Whether home's issue was ever read with a word about its level. One that was just made was not read at all, and of one that is
/// not where it was nothing is carried anyway.
fn is_told(sync: &SyncSettings, item: &ItemState) -> bool {
    let home = sync.home.as_ref().and_then(|home| item.replicas.get(home));
    home.is_none_or(|replica| {
        let told = replica.level.read.is_some() || replica.level.seen.is_some();
        told || !replica.observed || replica.away.is_some()
    })
}

/// Whether nothing is made of an issue since home's Jira never told of its level; then it is read, or that is said.
pub(super) fn is_untold(draft: &mut Draft<'_>) -> bool {
    let sync = draft.input.sync;
    let untold = row(sync).is_some() && !is_told(sync, &draft.plan.item);
    if untold {
        say_untold(draft);
    }
    untold
}

fn say_untold(draft: &mut Draft<'_>) {
    let Some(home) = draft.input.sync.home.clone() else { return };
    let Some(key) = draft.plan.item.replicas.get(&home).map(|replica| replica.key.clone()) else { return };
    if !draft.input.observed.get(&home).is_some_and(|observation| observation.direct) {
        draft.want(&home, Wanted::Comments);
        return;
    }
    let why =
        format!("Jira does not tell whether {key} has a security level: nothing is made of it or carried from it");
    let remedy = "show the field Security Level in the field configuration of its project and type, or remove the row `security`";
    draft.hold(&home, Some(&FieldName::from(ROW)), why, remedy);
}

/// The shared value of home's level.
fn shared(sync: &SyncSettings, level: &str) -> Option<Value> {
    let (row, home) = (row(sync)?, sync.home.as_ref()?);
    let is_it = |names: &Vec<String>| names.iter().any(|name| name == level);
    let found = row.values.rows.iter().find(|known| known.names.get(home).is_some_and(is_it))?;
    Some(Value::Choice(found.shared.clone()))
}

/// What a side is to hold of the row: home's level as it was last seen, or none where ours is to go. `None`: that is not ours to say.
pub(super) fn due(draft: &Draft<'_>, side: &SideId) -> Option<Value> {
    let sync = draft.input.sync;
    if sync.home.as_ref() == Some(side) {
        return None;
    }
    match at_home(sync, &draft.plan.item) {
        Some(level) => shared(sync, level),
        None => (of(draft.input, &draft.plan, side) == Guard::Lowers).then_some(Value::Empty),
    }
}

/// Takes in what levels were read, before anything else of the reads, and says what they keep apart.
pub(super) fn see(draft: &mut Draft<'_>) {
    let (input, sync) = (draft.input, draft.input.sync);
    let before = at_home(sync, &draft.plan.item).map(str::to_owned);
    for (side, observation) in input.observed {
        if absence::is_here(draft, side, observation) {
            let level = seen(draft, side, observation);
            if let (Some(level), Some(replica)) = (level, draft.plan.item.replicas.get_mut(side)) {
                replica.level = level;
            }
        }
    }
    if at_home(sync, &draft.plan.item) != before.as_deref() {
        draft.plan.item.replicas.values_mut().for_each(|replica| replica.level.undone = 0);
    }
    let sides: Vec<SideId> = draft.plan.item.replicas.keys().cloned().collect();
    for side in sides {
        let apart = keeps_apart(sync, &draft.plan.item, &side);
        let observation = input.observed.get(&side);
        let here = observation.is_some_and(|observation| absence::is_here(draft, &side, observation));
        let Some(replica) = draft.plan.item.replicas.get_mut(&side) else { continue };
        match observation {
            // Without a name it can have no row; and of what is elsewhere nothing is carried.
            Some(Observation { snapshot, .. })
                if apart || snapshot.restricted && (!here || snapshot.level.is_none()) =>
            {
                replica.restricted = true;
            }
            // What is older than the level says nothing of it, and no more does what does not tell of it.
            Some(Observation { snapshot, .. })
                if replica.restricted && (!snapshot.tells_level || replica.level.outdates(snapshot)) => {}
            // An index may be behind: nothing less than the issue itself lets in again.
            Some(observation) if replica.restricted && !observation.direct => draft.want(&side, Wanted::Comments),
            Some(_) => replica.restricted = false,
            None if apart => replica.restricted = true,
            None if replica.restricted && replica.level.seen.is_some() && !replica.is_elsewhere() => {
                // It is let in again only by a read: what was done meanwhile was not taken in.
                draft.want(&side, Wanted::Comments);
            }
            None => {}
        }
    }
}

/// The level of a replica as it was just read. `None`: Jira does not tell, and it is as it was.
fn seen(draft: &Draft<'_>, side: &SideId, observation: &Observation) -> Option<Level> {
    let sync = draft.input.sync;
    let snapshot = &observation.snapshot;
    // Elsewhere what is not told counts as not there: then nothing is written.
    if !snapshot.tells_level && sync.home.as_ref() == Some(side) {
        return None;
    }
    let replica = draft.plan.item.replicas.get(side).filter(|replica| !replica.level.outdates(snapshot))?;
    let mut level = replica.level.clone();
    let moved = level.seen != snapshot.level;
    let was_ours = level.ours;
    let field = FieldId::from(ROW);
    let steps = fold::touching(observation, &field);
    let is_ours = |step: &super::Step| {
        let untagged = || {
            let Some(row) = row(sync) else { return false };
            let native = snapshot.fields.get(&field).unwrap_or(&NativeValue::Empty);
            let value = inbound(&place(draft.input, &draft.nothing, row, side), native);
            fold::untagged_write(draft, row, side, value.as_ref(), step).is_some()
        };
        matches!(step.by, By::Us(_)) || step.by == By::SyncUser && untagged()
    };
    let last = steps.last().map(|(step, _)| is_ours(step));
    let made_so = || last.is_none() && is_made_with(draft, replica, side, snapshot.level.as_deref());
    level.ours = snapshot.level.is_some() && (last.unwrap_or(was_ours && !moved) || made_so());
    let set_by_us = was_ours || steps.iter().any(|(step, _)| is_ours(step));
    if snapshot.level.is_none() && set_by_us && last != Some(true) && (moved || last.is_some()) {
        level.undone += 1;
    }
    level.seen.clone_from(&snapshot.level);
    if snapshot.tells_level && (row(sync).is_some() || snapshot.restricted || level.read.is_some()) {
        level.told_by(snapshot);
    }
    Some(level)
}

/// Whether a replica that was never read before was made by us under the level that it has.
fn is_made_with(draft: &Draft<'_>, replica: &Replica, side: &SideId, level: Option<&str>) -> bool {
    let creation = (!replica.observed && replica.ours).then(|| draft.input.creation(side)).flatten();
    level.is_some() && creation.and_then(|intent| written(intent.operation.action.fields()?)) == level
}

/// The level that fields set.
fn written(fields: &BTreeMap<FieldName, FieldWrite>) -> Option<&str> {
    match &fields.get(&FieldName::from(ROW))?.write {
        NativeWrite::Set(NativeValue::Named(named)) => Some(&named.name),
        NativeWrite::Set(_) | NativeWrite::Words { .. } => None,
    }
}

/// Whether the level that a replica was last seen with keeps its side apart: it has no row, or it is neither home's nor ours.
pub(super) fn keeps_apart(sync: &SyncSettings, item: &ItemState, side: &SideId) -> bool {
    let Some(Level { seen: Some(seen), ours, .. }) = item.replicas.get(side).map(|replica| &replica.level) else {
        return false;
    };
    if row(sync).is_none() {
        return true;
    }
    if sync.home.as_ref() == Some(side) {
        return shared(sync, seen).is_none();
    }
    let stands = at_home(sync, item).is_some_and(|level| names_there(sync, level, side).contains(seen));
    // Where home's level has become another one, or none, ours stands there until it is replaced or taken away.
    !stands && !ours
}

/// How a replica of the side stands to home's level.
pub(super) fn of(input: &PlanInput<'_>, plan: &Plan, side: &SideId) -> Guard {
    let sync = input.sync;
    if row(sync).is_none() || sync.home.as_ref() == Some(side) {
        return Guard::Stands;
    }
    if !is_told(sync, &plan.item) {
        return Guard::Untold;
    }
    // What was written and not seen yet may stand there by now, whatever was seen before it.
    let is_unsettled = |intent: &Intent| {
        &intent.operation.side == side
            && !intent.state.is_settled()
            && !plan.seen.contains(&intent.id)
            && matches!(&intent.operation.action, Action::SetFields { fields } if fields.contains_key(&FieldName::from(ROW)))
    };
    if input.intents.iter().any(is_unsettled) {
        return Guard::Rises;
    }
    let level = plan.item.replicas.get(side).map(|replica| &replica.level);
    let seen = level.and_then(|level| level.seen.as_ref());
    match (at_home(sync, &plan.item), seen) {
        (None, None) => Guard::Stands,
        (None, Some(_)) => Guard::Lowers,
        (Some(at_home), seen) => match (names_there(sync, at_home, side), seen) {
            ([], _) => Guard::Unnamed,
            (names, Some(seen)) if names.contains(seen) => Guard::Stands,
            _ if level.is_some_and(|level| level.undone > MOST_PUT_BACK) => Guard::Undone,
            _ => Guard::Rises,
        },
    }
}

/// Where a replica is kept apart for want of its level, that level is set, or ours is taken away: ahead of everything else, and alone.
pub(super) fn guard(draft: &mut Draft<'_>, side: &SideId) {
    if draft.is_apart(side) || !draft.plan.item.replicas.contains_key(side) {
        return;
    }
    let guard = of(draft.input, &draft.plan, side);
    if guard == Guard::Rises || guard == Guard::Lowers && is_open_at_home(draft) {
        super::targets::aim(draft, side, Some(ROW));
    }
    if guard == Guard::Untold {
        say_untold(draft);
        return;
    }
    say(draft, side, guard);
}

/// Whether home's issue was just read itself, and has no level: nothing less opens what stands elsewhere. An index may be behind.
fn is_open_at_home(draft: &mut Draft<'_>) -> bool {
    let Some(home) = draft.input.sync.home.clone() else { return false };
    let unclear = draft.plan.wanted.get(&home).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
    let there = draft.plan.item.replicas.get(&home).is_some_and(|replica| {
        !replica.is_elsewhere() && replica.away.is_none() && !replica.restricted && replica.level.seen.is_none()
    });
    if unclear || !there {
        return false;
    }
    let read = draft.input.observed.get(&home).filter(|observation| observation.direct);
    let read = read.filter(|observation| absence::is_here(draft, &home, observation));
    if read.is_none() {
        draft.want(&home, Wanted::Comments);
    }
    read.is_some_and(|observation| observation.snapshot.tells_level && !observation.snapshot.restricted)
}

/// Says why nothing is written to a replica but its level.
fn say(draft: &mut Draft<'_>, side: &SideId, guard: Guard) {
    // One that was just made is read first.
    let seen = draft.plan.item.replicas.get(side).filter(|replica| replica.observed);
    let Some(key) = seen.map(|replica| replica.key.clone()) else { return };
    let under_way = draft.plan.operations.iter().any(|operation| &operation.side == side) || draft.is_in_doubt(side);
    let (why, remedy) = match guard {
        Guard::Stands | Guard::Untold => return,
        Guard::Rises | Guard::Lowers if under_way => return,
        Guard::Rises => (
            format!("{key} has not the security level that home's issue has: nothing else is written to it before"),
            "let the sync user set it there (Set Issue Security, the field on its screen), or set it by hand",
        ),
        // Home is looked at first.
        Guard::Lowers if draft.plan.wanted.values().any(|wanted| wanted.contains(&Wanted::Comments)) => return,
        Guard::Lowers => (
            format!("{key} has a security level still that home's issue has no more: nothing is written to it before"),
            "let the sync user take it away there (Set Issue Security, the field on its screen), or do it by hand",
        ),
        Guard::Undone => (
            format!(
                "somebody took away from {key} the security level that home's issue has, again: nothing more is written to it"
            ),
            "set it there by hand, or change home's level; let nobody and no automation take it away there",
        ),
        Guard::Unnamed => (
            format!("home's issue has a security level that has no name here: nothing is carried to {key}"),
            "name it in the row `security`, or remove the level if the issue may be shared",
        ),
    };
    let field = FieldName::from(ROW);
    draft.hold(side, Some(&field), why, remedy);
}

/// Forgets why a level could not be set where it stands by now.
pub(super) fn forgive(draft: &mut Draft<'_>, side: &SideId) {
    let Some(row) = row(draft.input.sync).cloned() else { return };
    let stands = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.level.seen.is_some());
    if stands && of(draft.input, &draft.plan, side) == Guard::Stands {
        with_base(draft, side, &row, |base| {
            base.acknowledged = None;
            base.side_effect = None;
        });
    }
}

/// Whether an issue that is to be made lacks the level that home's has.
pub(super) fn is_missed(
    sync: &SyncSettings,
    item: &ItemState,
    side: &SideId,
    fields: &BTreeMap<FieldName, FieldWrite>,
) -> bool {
    let Some(level) = at_home(sync, item).filter(|_| row(sync).is_some()) else { return false };
    let names = names_there(sync, level, side);
    !written(fields).is_some_and(|written| names.iter().any(|name| name == written))
}

/// Whether a write there would be seen by more people than home's level lets see what it is about: what is made for an issue stands
/// beside it for everybody.
pub(super) fn shuts(draft: &Draft<'_>, side: &SideId) -> bool {
    let sync = draft.input.sync;
    sync.home.as_ref() != Some(side) && at_home(sync, &draft.plan.item).is_some()
}

/// Marks what may show more people than home's level lets see it. One that was just made under that level does not, though it was
/// not read yet.
pub(super) fn expose(draft: &mut Draft<'_>) {
    let (input, sync) = (draft.input, draft.input.sync);
    let sides: Vec<SideId> = draft.plan.item.replicas.keys().cloned().collect();
    for side in sides {
        let unread = draft.plan.item.replicas.get(&side).is_some_and(|replica| !replica.observed);
        let made_so = unread
            && input
                .creation(&side)
                .and_then(|intent| intent.operation.action.fields())
                .is_some_and(|fields| !is_missed(sync, &draft.plan.item, &side, fields));
        let guard = of(input, &draft.plan, &side);
        if let Some(replica) = draft.plan.item.replicas.get_mut(&side) {
            replica.level.exposed = !made_so && !matches!(guard, Guard::Stands | Guard::Lowers);
        }
    }
}
