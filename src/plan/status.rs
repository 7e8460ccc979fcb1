//! The next hop of a status on its way. Must never make an exploratory hop: only what is offered now and known to lead on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::targets::{held_as, is_set_by_hops};
use super::{Draft, Wanted, agreed_for, place};
use crate::mapping::{Place, names_on, outbound, path_on};
use crate::model::hub::{Acts, Agreed, Trail};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::{NativeValue, TransitionOffer};
use crate::model::operation::{Action, FieldWrite, NativeWrite, Operation};
use crate::model::right::{Function, Right, needed};
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

/// Hops of the longest way that is taken.
const LONGEST_WAY: usize = 5;

/// Where an issue stands on its way.
struct Stands<'s> {
    status: &'s str,
    issue_type: &'s str,
    /// What it came through by our own hops.
    through: BTreeSet<&'s str>,
}

/// Plans one hop towards the agreed status.
///
/// # Errors
/// There is none to make: why, and the remedy.
pub(super) fn hop(
    draft: &mut Draft<'_>,
    side: &SideId,
    agreed: &Agreed,
    native: &NativeValue,
    wanted: Value,
) -> Result<(), (String, String)> {
    let Value::Choice(shared) = &agreed.value else { return Ok(()) };
    let table = &draft.input.sync.statuses;
    let mut goals: Vec<String> = names_on(table, side, shared).into_iter().map(str::to_owned).collect();
    if let (true, NativeValue::Named(default)) = (goals.is_empty(), native) {
        goals.push(default.name.clone());
    }
    let Some(offers) = draft.input.offers.get(side) else {
        draft.want(side, Wanted::Transitions);
        draft.plan.goals.insert(side.clone(), goals);
        return Ok(());
    };
    let native = |kind: FieldKind| {
        let row = draft.input.sync.fields.values().find(|row| row.kind == kind)?;
        draft.plan.item.replicas.get(side)?.bases.get(&row.name)?.native.clone()
    };
    let now = native(FieldKind::Status).unwrap_or_default();
    let issue_type = native(FieldKind::IssueType).unwrap_or_default();
    if offers.is_empty() {
        // No way that others show helps here: it is asked for again by the full check.
        let needed = needed(draft.input.sync, side, Function::Statuses, &[Right::TransitionIssues]);
        let remedy = format!(
            "{needed}; or look at the conditions of that workflow; it is tried again with the next change and with every full check"
        );
        return Err((format!("Jira offers the sync user no transition from `{now}`"), remedy));
    }
    let path = path_on(table, side, shared);
    let found = {
        let through = come_through(draft, side, &agreed.acts, &now);
        let stands = Stands { status: &now, issue_type: &issue_type, through };
        next(draft, side, offers, &goals, path, &stands)
    };
    let Some((offer, onward)) = found else {
        let goal = goals.first().cloned().unwrap_or_default();
        draft.plan.stuck.insert(side.clone());
        let asked = [Right::ResolveIssues, Right::CloseIssues];
        let needed = needed(draft.input.sync, side, Function::Statuses, &asked);
        let remedy = format!(
            "add `path = {{ {side} = [\"…\", \"{goal}\"] }}` to the row of `{shared}` in `map.status`, or move one issue there by hand once; where conditions of that workflow ask for them, {needed}"
        );
        return Err((format!("no way is known from `{now}` to `{goal}`"), remedy));
    };
    let fields = match screen(draft, side, offer) {
        Asked::Given(fields) => fields,
        Asked::Later => return Ok(()),
        Asked::Missing(names) => {
            let why = format!(
                "the transition `{}` asks for {}, which no row of `fields` gives a value here",
                offer.name,
                names.join(", ")
            );
            let remedy = "map the field and give it a value, let the workflow set it, give it a default, or take it off the screen; or move the issue on by hand";
            return Err((why, remedy.to_owned()));
        }
    };
    let last = goals.contains(&offer.to.name);
    let action = Action::Transition {
        transition: offer.id.clone(),
        from: now,
        to: offer.to.name.clone(),
        last,
        wanted,
        acts: agreed.acts.clone(),
        fields,
    };
    draft.plan.operations.push(Operation { side: side.clone(), action });
    if !onward.is_empty() {
        draft.plan.onward.insert(side.clone(), onward);
    }
    Ok(())
}

/// What a transition's screen asks for.
enum Asked {
    /// All of it is agreed: it is sent along.
    Given(BTreeMap<FieldName, FieldWrite>),
    /// An edit of this plan writes some of it: the hop comes after.
    Later,
    /// The names of what nothing gives a value.
    Missing(Vec<String>),
}

/// Sends what is held once more, since Jira wants it in the request itself. What an edit could set was set by an edit before, so
/// that a refused hop keeps no value back; only what the edit screen lacks is set here.
fn screen(draft: &Draft<'_>, side: &SideId, offer: &TransitionOffer) -> Asked {
    let mut fields = BTreeMap::new();
    let mut missing = Vec::new();
    for asked in &offer.required {
        let row = draft.input.sync.fields.values().find(|row| row.sides.get(side) == Some(&asked.id));
        if row.is_some_and(|row| edits(draft, side, row)) {
            return Asked::Later;
        }
        match row.and_then(|row| Some((row.name.clone(), write(draft, side, row)?))) {
            Some((name, write)) => drop(fields.insert(name, write)),
            None => missing.push(asked.name.clone()),
        }
    }
    // What only a transition can set goes along with one that shows it.
    let shown = draft.input.sync.fields.values().filter(|row| {
        is_set_by_hops(row, side) && row.sides.get(side).is_some_and(|field| offer.shows.contains(field))
    });
    for row in shown {
        if let (false, Some(write)) = (fields.contains_key(&row.name), write(draft, side, row)) {
            fields.insert(row.name.clone(), write);
        }
    }
    if missing.is_empty() { Asked::Given(fields) } else { Asked::Missing(missing) }
}

fn edits(draft: &Draft<'_>, side: &SideId, row: &FieldRow) -> bool {
    draft.plan.operations.iter().any(|operation| {
        matches!(&operation.action, Action::SetFields { fields } if &operation.side == side && fields.contains_key(&row.name))
    })
}

/// What a field holds, for a screen: what is to stand there, or else the agreed value, or what the sync itself says instead of it. `None`
/// where there is neither, or this side has no name for it.
fn write(draft: &Draft<'_>, side: &SideId, row: &FieldRow) -> Option<FieldWrite> {
    if matches!(row.kind, FieldKind::Status | FieldKind::IssueType) {
        return None;
    }
    // A template that does not work is told with the edit. A level is written by edits, before everything else.
    let by_people = agreed_for(&draft.plan.item, draft.input.sync, row, side);
    let agreed = if row.name.as_str() == super::levels::ROW {
        Cow::Borrowed(by_people?)
    } else {
        super::composed::due(draft, row, side).ok()??
    };
    let base = draft.plan.item.replicas.get(side)?.bases.get(&row.name);
    let known = base.and_then(|base| base.value.as_ref());
    let place = Place { held: known, ..place(draft.input, &draft.nothing, row, side) };
    let in_words = |value: &Value| outbound(&place, value).ok().filter(|native| *native != NativeValue::Empty);
    // A value that is left standing against the agreed one stays, whatever the screen asks for.
    let is_let_be = agreed.asking.contains(side)
        || (by_people.is_none() && agreed.value.is_empty())
        || base.is_some_and(|base| base.side_effect.is_some() || base.acknowledged.is_some())
        || in_words(&agreed.value).is_none();
    let held = known.filter(|held| is_let_be && in_words(held).is_some());
    // Emptied on purpose, as far as anybody knows.
    if held.is_none() && base.is_some_and(|base| base.side_effect.is_some()) {
        return None;
    }
    let value = held.or((!agreed.asking.contains(side)).then_some(&agreed.value))?;
    let native = in_words(value)?;
    let wanted = held_as(&place, &native, value);
    let write = if let NativeValue::Words(add) = native {
        NativeWrite::Words { add: add.into_iter().collect(), remove: Vec::new() }
    } else {
        NativeWrite::Set(native)
    };
    if write.is_nothing() {
        return None;
    }
    let expects = base.and_then(|base| base.value.clone());
    Some(FieldWrite { field: row.sides.get(side)?.clone(), write, wanted, expects, acts: agreed.acts.clone() })
}

/// The offer to take now, and what is known to follow it: nothing where it reaches a goal.
fn next<'o>(
    draft: &Draft<'_>,
    side: &SideId,
    offers: &'o [TransitionOffer],
    goals: &[String],
    path: &[String],
    stands: &Stands<'_>,
) -> Option<(&'o TransitionOffer, Vec<String>)> {
    let offered = |name: &str| {
        // Of several ways to one status the one that asks for nothing goes first.
        let to: Vec<&TransitionOffer> = offers.iter().filter(|offer| offer.to.name == name).collect();
        to.iter().find(|offer| offer.required.is_empty()).or(to.first()).copied()
    };
    if let Some(offer) = goals.iter().find_map(|goal| offered(goal)) {
        return Some((offer, Vec::new()));
    }
    // From a stop of the path it leads on; from elsewhere it goes on behind the last stop that was come through: who left it for a known way would
    // come back to where that began.
    let was_at = path.iter().rposition(|stop| stands.through.contains(stop.as_str()));
    let after = path.iter().position(|stop| stop == stands.status).or(was_at).map_or(0, |index| index + 1);
    let stop = path.get(after).filter(|stop| !stands.through.contains(stop.as_str()));
    if let Some(offer) = stop.and_then(|stop| offered(stop)) {
        return Some((offer, path.get(after + 1..).unwrap_or_default().to_vec()));
    }
    let mut way = way(draft, side, offers, goals, stands)?.into_iter();
    let offer = offered(&way.next()?)?;
    Some((offer, way.collect()))
}

/// The way that our own hops took, with one more of them. It lasts as long as the issue stands there, and not as long as the journal.
pub(super) fn trodden(before: Option<Trail>, hop: &Action) -> Option<Trail> {
    let Action::Transition { from, to, acts, .. } = hop else { return None };
    // Whoever else moved it meanwhile, or said where it is to go, began another way.
    let before = before.filter(|trail| &trail.acts == acts && &trail.to == from);
    let mut through = before.map(|trail| trail.through).unwrap_or_default();
    through.insert(from.clone());
    Some(Trail { acts: acts.clone(), through, to: to.clone() })
}

/// The statuses that our own hops came through to the one where the issue stands, on the way to what is agreed now. A way back into one of them
/// leads round and round: what leads on from there is what others are offered.
fn come_through<'d>(draft: &'d Draft<'_>, side: &SideId, acts: &Acts, now: &str) -> BTreeSet<&'d str> {
    let row = draft.input.sync.fields.values().find(|row| row.kind == FieldKind::Status);
    let replica = draft.plan.item.replicas.get(side);
    let base = row.and_then(|row| replica?.bases.get(&row.name));
    let trail = base.and_then(|base| base.trail.as_ref());
    let trail = trail.filter(|trail| &trail.acts == acts && trail.to == now);
    trail.into_iter().flat_map(|trail| &trail.through).map(String::as_str).collect()
}

/// The shortest known way to a goal: its stops, the goal last.
fn way(
    draft: &Draft<'_>,
    side: &SideId,
    offers: &[TransitionOffer],
    goals: &[String],
    stands: &Stands<'_>,
) -> Option<Vec<String>> {
    let workflow = draft.input.workflows.get(side)?;
    let mut seen: BTreeSet<&str> = stands.through.clone();
    seen.insert(stands.status);
    let mut queue: VecDeque<Vec<&str>> = VecDeque::new();
    let mut firsts: Vec<&str> = offers.iter().map(|offer| offer.to.name.as_str()).collect();
    firsts.sort_unstable();
    queue.extend(firsts.into_iter().filter(|first| seen.insert(first)).map(|first| vec![first]));
    while let Some(stops) = queue.pop_front() {
        let status = *stops.last()?;
        if goals.iter().any(|goal| goal == status) {
            return Some(stops.into_iter().map(str::to_owned).collect());
        }
        if stops.len() < LONGEST_WAY {
            for next in workflow.from(stands.issue_type, status) {
                if seen.insert(next) {
                    queue.push_back(stops.iter().copied().chain([next]).collect());
                }
            }
        }
    }
    None
}
