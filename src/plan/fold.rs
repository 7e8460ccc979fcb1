//! Taking an observation in: every log entry is attributed, and what a field became is told from what it was. Must never
//! take our own write for a person's, never a person's for ours, and never tell "no change" from equality where the log says
//! otherwise.

use jiff::{SignedDuration, Timestamp};

use super::acts::{Act, observe, take};
use super::first::{first_value, joined_later, our_first_value};
use super::{By, Draft, Observation, PlanInput, Step, Wanted, not_shown, place, relations, remap, whose};
use crate::mapping::{Place, inbound, logged, logged_elements, logged_roughly, same, shared_element};
use crate::model::fingerprint::{Fingerprint, Shown};
use crate::model::hub::{Acknowledged, Acts};
use crate::model::ids::{AccountId, EntryId, FieldId, OperationId, SideId};
use crate::model::issue::{LogItem, NativeValue};
use crate::model::operation::{Action, FieldWrite, Intent, NativeWrite};
use crate::model::remark::Remark;
use crate::model::settings::{FieldKind, FieldRow, SideEffects};
use crate::model::value::Value;
use crate::planted::{Bug, is_planted};

/// Untagged changes by the sync user in a row that count as changes of the side before they look like a fight.
const MOST_COUNTED: u32 = 5;

/// Takes one side's observation in, or asks for another one where values and log do not agree.
pub(super) fn take_in(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    let snapshot = &observation.snapshot;
    let Some(replica) = draft.plan.item.replicas.get(side) else { return };
    if replica.restricted || replica.level.outdates(snapshot) || !super::absence::is_here(draft, side, observation) {
        return;
    }
    if replica.rests() {
        // What we wrote before it left is settled all the same: nobody is to look for it.
        let created = (!replica.observed).then(|| draft.input.creation(side)).flatten();
        let ours = observation.steps.iter().filter_map(|step| match step.by {
            By::Us(operation) => Some(operation),
            By::SyncUser | By::Person => None,
        });
        draft.plan.seen.extend(ours);
        draft.plan.seen.extend(created.map(|intent| intent.id));
        return;
    }
    let (first, ours) = (!replica.observed, replica.ours);
    let rows = draft.input.sync.fields.values().filter(|row| row.sides.contains_key(side));
    // No read of the issue says who its watchers are.
    let rows: Vec<&FieldRow> = rows.filter(|row| row.kind != FieldKind::Watchers).collect();
    let agree = |row: &&FieldRow| {
        first
            || is_withheld(draft, row, side, observation)
            || observation.again
            || draft.anew.joins(row)
            || draft.anew.went_back(side)
            || if row.kind == FieldKind::Links {
                relations::is_clear(draft, row, side, observation)
            } else {
                agrees(draft, row, side, observation)
            }
    };
    if !rows.iter().all(agree) {
        draft.want(side, Wanted::FreshRead);
        return;
    }
    let created = first.then(|| draft.input.creation(side)).flatten();
    draft.plan.seen.extend(created.map(|intent| intent.id));
    let mut moved_on = false;
    for row in rows {
        if draft.anew.went_back(side) && !draft.anew.joins(row) {
            super::restored::see_again(draft, row, side, observation);
        }
        if row.kind == FieldKind::Links {
            relations::take_in(draft, row, side, observation);
            continue;
        }
        if !first && withhold(draft, row, side, observation) {
            continue;
        }
        if row.kind == FieldKind::Parent {
            super::parents::await_stranger(draft, row, side, observation);
        }
        match (first, ours) {
            _ if draft.anew.joins(row) => super::restored::see(draft, row, side, observation),
            (true, false) => first_value(draft, row, side, observation),
            (true, true) => our_first_value(draft, row, side, observation, created),
            (false, _) => {
                remap::reword(draft, row, side, observation);
                replay(draft, row, side, observation);
            }
        }
        remap::remember(draft, row, side, observation);
        moved_on |= is_called_otherwise(draft, row, side, observation);
    }
    if moved_on {
        try_again(draft, side);
    }
    learn_ways(draft, side, observation);
    whose::count(draft, side, observation);
    super::attachments::collect(draft, side, observation);
    for remark in Remark::ALL {
        super::comments::collect(draft, side, observation, remark);
    }
    note_seen(draft, side, observation);
}

/// Notes what was read of a side, beside its fields.
fn note_seen(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    let snapshot = &observation.snapshot;
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        replica.observed = true;
        replica.created_by = None;
        replica.watching.by_us = snapshot.watched.map_or(replica.watching.by_us, |watched| watched.by_us);
        replica.key = snapshot.key.clone();
        if snapshot.updated >= replica.updated {
            replica.print = Some(Fingerprint::of(snapshot, &Shown::of(draft.input.sync, side)));
        }
        replica.updated = replica.updated.max(snapshot.updated);
        let newest = observation.snapshot.log.iter().map(|entry| entry.id).max();
        replica.entry = replica.entry.max(newest.unwrap_or(EntryId(0)));
    }
}

/// Whether what is read of a field is no word of anybody's.
fn is_withheld(draft: &Draft<'_>, row: &FieldRow, side: &SideId, read: &Observation) -> bool {
    not_shown::is_left_out(draft, row, side, read) || super::emptied::is_held(draft, row, side, read)
}

/// Notes whether it is. Says whether it is not taken in.
fn withhold(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, read: &Observation) -> bool {
    let left_out = not_shown::is_left_out(draft, row, side, read);
    not_shown::note(draft, row, side, left_out);
    let held = !left_out && super::emptied::is_held(draft, row, side, read);
    super::emptied::note(draft, row, side, read, held);
    left_out || held
}

/// Remembers what a side itself calls a status or type; says whether it is another status than before.
fn is_called_otherwise(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    let named = matches!(row.kind, FieldKind::Status | FieldKind::IssueType).then(|| value_of(row, side, observation));
    let Some(Some(NativeValue::Named(named))) = named else { return false };
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return false };
    let base = replica.bases.entry(row.name.clone()).or_default();
    let before = base.native.replace(named.name.clone());
    row.kind == FieldKind::Status && before.is_some_and(|before| before != named.name)
}

/// An issue in another status may take what it refused before: some statuses take no edits at all (`jira.issue.editable`).
fn try_again(draft: &mut Draft<'_>, side: &SideId) {
    let bases = draft.plan.item.replicas.get_mut(side).into_iter().flat_map(|replica| replica.bases.values_mut());
    for acknowledged in bases.filter_map(|base| base.acknowledged.as_mut()).filter(|told| told.may_pass) {
        acknowledged.refused = false;
    }
}

/// What the side holds of the field, natively.
pub(super) fn value_of(row: &FieldRow, side: &SideId, observation: &Observation) -> Option<NativeValue> {
    if row.kind == FieldKind::IssueType {
        return Some(NativeValue::Named(observation.snapshot.issue_type.clone()));
    }
    let field = row.sides.get(side)?;
    Some(observation.snapshot.fields.get(field).cloned().unwrap_or(NativeValue::Empty))
}

pub(super) fn current(place: &Place<'_>, observation: &Observation) -> Option<Value> {
    inbound(place, &value_of(place.row, place.side, observation)?)
}

/// The steps that touch a field, oldest first.
pub(super) fn touching<'o>(observation: &'o Observation, field: &FieldId) -> Vec<(&'o Step, &'o LogItem)> {
    let item =
        |step: &'o Step| step.entry.items.iter().rev().find(|item| &item.field == field).map(|item| (step, item));
    observation.steps.iter().filter_map(item).collect()
}

/// Whether base and log give the value that was read.
fn agrees(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    let place = place(draft.input, &draft.nothing, row, side);
    let (Some(field), Some(now)) = (row.sides.get(side), current(&place, observation)) else { return true };
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = base.and_then(|base| base.value.as_ref());
    let expected = match touching(observation, field).last() {
        Some((_, item)) => logged(&place, item),
        None if row.kind == FieldKind::IssueType || remap::has_another_key(&place, held, &now) => return true,
        // An issue that was no item's when it was read may be one now, and nothing was done to this one.
        None if super::parents::is_below_a_stranger(draft, row, side) => return true,
        None if not_shown::is_hidden(row, &now) || remap::is_reworded(draft, row, side, observation) => return true,
        None => held.cloned(),
    };
    // Where neither says anything there is nothing to disagree on. Text may be logged in another form than it is read.
    expected.is_none_or(|expected| {
        same(&expected, &now) || (row.kind == FieldKind::Document && matches_log(observation, field))
    })
}

/// Whether a text has an entry: then the log says that it changed, and the value read says to what.
fn matches_log(observation: &Observation, field: &FieldId) -> bool {
    !touching(observation, field).is_empty()
}

/// A later read: the steps since, in order.
pub(super) fn replay(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let nothing = draft.nothing.clone();
    let input = draft.input;
    let place = place(input, &nothing, row, side);
    let (Some(field), Some(now)) = (row.sides.get(side), current(&place, observation)) else { return };
    let mut steps = touching(observation, field);
    if is_planted(Bug::EqualityBeforeEntries) && is_held(draft, row, side, &now) {
        steps.clear();
    }
    if steps.is_empty() {
        let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
        if base.is_none() {
            // A row that joined the sync later: what stands there is no news, whoever looks at it first.
            joined_later(draft, row, side, observation);
            return;
        }
        let known = base.and_then(|base| base.value.clone());
        if known.as_ref().is_some_and(|known| same(known, &now)) {
            return;
        }
        if not_shown::is_hidden(row, &now) {
            not_shown::had_none(draft, row, side, now);
            return;
        }
        if remap::has_another_key(&place, known.as_ref(), &now) {
            return;
        }
        // It changed without an entry: nobody knows who did it, so it counts as a person's.
        let who = whose::unlogged(draft, row, side, observation);
        change(draft, row, &who, now, observation.snapshot.updated, None, None);
        return;
    }
    let held = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let mut before = held.and_then(|base| base.value.clone());
    let mut mixed = false;
    for (index, (step, item)) in steps.iter().enumerate() {
        let next = steps.get(index + 1);
        let one_by_one = before.as_ref().and_then(|before| logged_elements(&place, &step.entry.items, before));
        let undone = || match next {
            Some((next, _)) if index + 2 == steps.len() => undone(input, &place, next, &now),
            Some(_) | None => None,
        };
        let value = match next {
            None => Some(now.clone()),
            Some(_) => one_by_one.or_else(|| logged(&place, item)).or_else(undone),
        };
        before.clone_from(&value);
        match by_value(draft, row, side, value.as_ref(), step.by) {
            By::Person if is_planted(Bug::CheckAfterSkipped) && next.is_some_and(|(next, _)| next.by != By::Person) => {
            }
            By::Us(operation) => our_step(draft, row, side, operation, value, step),
            By::SyncUser => match untagged_write(draft, row, side, value.as_ref(), step) {
                Some(operation) => our_step(draft, row, side, operation, value, step),
                None => untagged_step(draft, row, side, value, step),
            },
            By::Person => {
                let overwriter = next.and_then(|(next, _)| match next.by {
                    By::Us(operation) => Some(operation),
                    By::SyncUser | By::Person => None,
                });
                // A text between two people's edits is an ancestor of the later one; one that was overwritten by another hand is kept.
                let replaced = next.is_some_and(|(next, _)| next.by != By::Person);
                let value = if replaced { value.or_else(|| logged_roughly(&place, item)) } else { value };
                let who = whose::voice(input, side, step.entry.author.as_ref());
                // What they did is in what stands there, and cannot be told apart from what others do after them.
                mixed |= who.is_outsiders() && value.is_none();
                if let Some(value) = value {
                    let who = if mixed { side.outsiders() } else { who };
                    change(draft, row, &who, value, step.entry.created, overwriter, step.entry.author.as_ref());
                }
            }
        }
    }
}

/// What [`Bug::EqualityBeforeEntries`] asks: whether a field shows what was last seen.
fn is_held(draft: &Draft<'_>, row: &FieldRow, side: &SideId, now: &Value) -> bool {
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    base.and_then(|base| base.value.as_ref()).is_some_and(|held| same(held, now))
}

/// Whether what a set holds after a write of ours is what was seen before it, with just that added and taken away: one that landed late
/// found other elements there than when it was sent.
fn stands_with(draft: &Draft<'_>, row: &FieldRow, side: &SideId, intent: Option<&Intent>, value: &Value) -> bool {
    let write = intent.and_then(|intent| write_of(intent, row)).map(|write| &write.write);
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let (Some(NativeWrite::Words { add, remove }), Some(before)) = (write, base.and_then(|base| base.value.as_ref()))
    else {
        return false;
    };
    let place = place(draft.input, &draft.nothing, row, side);
    let mut words = before.words();
    for name in remove {
        words.remove(&shared_element(&place, name));
    }
    words.extend(add.iter().map(|name| shared_element(&place, name)));
    words == value.words()
}

/// What a set was before a write of ours that came last: what stands there, without what we added and with what we took away. The
/// log need not say it.
fn undone(input: &PlanInput<'_>, place: &Place<'_>, step: &Step, now: &Value) -> Option<Value> {
    let By::Us(operation) = step.by else { return None };
    let intent = input.intents.iter().find(|intent| intent.id == operation)?;
    let NativeWrite::Words { add, remove } = &write_of(intent, place.row)?.write else { return None };
    let mut words = now.words();
    for name in add {
        words.remove(&shared_element(place, name));
    }
    words.extend(remove.iter().map(|name| shared_element(place, name)));
    Some(if words.is_empty() { Value::Empty } else { Value::Words(words) })
}

/// A person's change on a side, which counts only where the row says so. `who`: the side that it counts for.
pub(super) fn change(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    who: &SideId,
    value: Value,
    at: Timestamp,
    overwritten_by: Option<OperationId>,
    author: Option<&AccountId>,
) {
    let side = &who.place();
    if row.from.contains(side) {
        let at = corrected(draft, side, at);
        take(draft, row, &Act { side: who.clone(), value, at, overwritten_by, author: author.cloned() });
        return;
    }
    let told = draft.due(row, side).map(|agreed| agreed.acts).unwrap_or_default();
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let base = replica.bases.entry(row.name.clone()).or_default();
    observe(base, value);
    if row.name.as_str() == super::levels::ROW {
        // Who may see it is home's to say, and how often it is put back is counted where levels are.
        return;
    }
    base.acts.join(&told);
    let reason = format!(
        "`{}` was changed here, but this side only receives it; the next change elsewhere overwrites it",
        row.name
    );
    base.acknowledged = Some(Acknowledged { reason, refused: true, may_pass: false, unseen: false });
}

/// An entry under one of our operations.
fn our_step(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    operation: OperationId,
    value: Option<Value>,
    step: &Step,
) {
    draft.plan.seen.push(operation);
    let intent = draft.input.intents.iter().find(|intent| intent.id == operation);
    let written = intent.and_then(|intent| written_by(intent, row));
    // It may be written by the map before, and read by the one that holds now.
    let in_words_of_now = intent.and_then(|intent| remap::written_now(draft, row, side, intent));
    let is_done = value.as_ref().is_some_and(|value| stands_with(draft, row, side, intent, value));
    let Some(replica) = draft.plan.item.replicas.get_mut(side) else { return };
    let base = replica.bases.entry(row.name.clone()).or_default();
    match (written, value) {
        (Some(Written::Hop), value) => {
            // A stop on the way: it is what stands there, but not what was told.
            base.value = value;
            base.side_effect = None;
            let before = base.trail.take();
            base.trail = intent.and_then(|intent| super::status::trodden(before, &intent.operation.action));
        }
        (Some(Written::Value(wanted, acts)), value) => {
            let wanted = in_words_of_now.unwrap_or(wanted);
            let kept = is_done || value.as_ref().is_none_or(|value| same(value, &wanted));
            observe(base, value.unwrap_or(wanted));
            // Not joined: what we overwrote unknowing is not to be seen there any more.
            base.acts = acts;
            if !kept {
                base.side_effect = Some(step.entry.id);
            }
        }
        // Ours, and the state forgot it: nobody knows what was told by it.
        (None, Some(value)) if intent.is_none() => observe(base, value),
        // A post-function in the same entry: under our tag, but not our doing.
        (None, Some(value)) => {
            let action = intent.map(|intent| &intent.operation.action);
            let setting = action.map_or(SideEffects::Accept, |action| setting_within(draft, row, side, action));
            by_setting(draft, row, side, value, step, setting);
        }
        (None, None) => {}
    }
}

/// What to make of what a function of the workflow added to an entry of ours. It ran because of what the operation carried: counted as
/// this side's word it would tell of those acts to whoever sees this side and not whom they are of. Then it is let be, and told.
fn setting_within(draft: &Draft<'_>, row: &FieldRow, side: &SideId, action: &Action) -> SideEffects {
    let setting = draft.input.sync.side(side).map_or(SideEffects::Accept, |side| side.side_effects);
    // Levels are put back by rules of their own.
    let is_level = row.name.as_str() == super::levels::ROW;
    let tells = setting == SideEffects::Count && !is_seen_by_all(draft, row, side, action);
    if is_level || tells { SideEffects::Accept } else { setting }
}

/// Whether every other side that an act of this one reaches may see all acts that an operation carried here.
fn is_seen_by_all(draft: &Draft<'_>, row: &FieldRow, side: &SideId, action: &Action) -> bool {
    let (item, sync) = (&draft.plan.item, draft.input.sync);
    let mut carried: Vec<(Option<&FieldRow>, &Acts)> = Vec::new();
    if let Action::Transition { acts, .. } = action {
        carried.push((sync.fields.values().find(|row| row.kind == FieldKind::Status), acts));
    }
    let fields = action.fields().into_iter().flatten();
    carried.extend(fields.map(|(name, write)| (sync.fields.get(name), &write.acts)));
    let audience = |row: &FieldRow, other: &SideId| super::audience_of(item, sync, row, other);
    // Of a row that the configuration has no more nobody can say who may see what it carried.
    let sees = |other: &SideId, of: Option<&FieldRow>, acts: &Acts| {
        let audience = of.map(|of| audience(of, other));
        audience.is_some_and(|audience| acts.sides().all(|actor| audience.0.contains(actor)))
    };
    let is_reached = |other: &&SideId| *other != side && row.sides.contains_key(*other);
    let mut reached = sync.side_ids().filter(is_reached).filter(|other| audience(row, other).0.contains(side));
    reached.all(|other| carried.iter().all(|(of, acts)| sees(other, *of, acts)))
}

/// An entry by the sync user without our tag and without a write of ours of this field. Where it shows one of another field, a function added
/// this to it, as to one that bears our tag.
fn untagged_step(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, value: Option<Value>, step: &Step) {
    let input = draft.input;
    let of_another = |other: &&FieldRow| other.name != row.name && row.name.as_str() != super::levels::ROW;
    let beside = input.sync.fields.values().filter(of_another).find_map(|other| {
        let field = other.sides.get(side)?;
        let item = step.entry.items.iter().find(|item| &item.field == field)?;
        let wrote = logged(&place(input, &draft.nothing, other, side), item);
        untagged_write(draft, other, side, wrote.as_ref(), step)
    });
    let written = beside.and_then(|operation| input.intents.iter().find(|intent| intent.id == operation));
    match (written, value) {
        (Some(intent), Some(value)) => {
            let setting = setting_within(draft, row, side, &intent.operation.action);
            by_setting(draft, row, side, value, step, setting);
        }
        (_, value) => side_effect(draft, row, side, value, step),
    }
}

/// The write of ours that an entry without any tag shows, where an instance gives no tags back: one that is not settled, of this
/// field, with this value.
pub(super) fn untagged_write(
    draft: &Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    value: Option<&Value>,
    step: &Step,
) -> Option<OperationId> {
    if step.entry.tag.is_some() {
        return None;
    }
    let shows = |intent: &&Intent| match written_by(intent, row) {
        Some(Written::Value(wanted, _)) => value.is_none_or(|value| same(value, &wanted)),
        Some(Written::Hop) => {
            let leads_to = |item: &LogItem| matches!(&intent.operation.action, Action::Transition { to, .. } if item.to_text.as_ref() == Some(to));
            step.entry.items.iter().any(leads_to)
        }
        None => false,
    };
    let open = draft.input.intents.iter().filter(|intent| &intent.operation.side == side && !intent.state.is_settled());
    open.filter(shows).map(|intent| intent.id).next()
}

/// Who made an entry, unless [`Bug::ValueOnly`] says that it was the write of ours that wrote the same.
fn by_value(draft: &Draft<'_>, row: &FieldRow, side: &SideId, value: Option<&Value>, by: By) -> By {
    if !is_planted(Bug::ValueOnly) {
        return by;
    }
    let wrote = |intent: &&Intent| match written_by(intent, row).filter(|_| &intent.operation.side == side) {
        Some(Written::Value(wanted, _)) => value.is_some_and(|value| same(value, &wanted)),
        Some(Written::Hop) | None => false,
    };
    let found = draft.input.intents.iter().rev().find(wrote);
    found.map_or(by, |intent| By::Us(intent.id))
}

pub(super) enum Written {
    Value(Value, Acts),
    Hop,
}

/// What an intent writes of a field, if it is one of its fields.
pub(super) fn written_by(intent: &Intent, row: &FieldRow) -> Option<Written> {
    let action = &intent.operation.action;
    if let (Action::Transition { last, wanted, acts, .. }, FieldKind::Status) = (action, row.kind) {
        return Some(if *last || is_planted(Bug::HopMovesBase) {
            Written::Value(wanted.clone(), acts.clone())
        } else {
            Written::Hop
        });
    }
    write_of(intent, row).map(|write| Written::Value(write.wanted.clone(), write.acts.clone()))
}

/// What an intent writes of a field. Its row may go by another name since, and is known by the side's own field then: else what we wrote
/// ourselves would be taken for the doing of a function.
pub(super) fn write_of<'i>(intent: &'i Intent, row: &FieldRow) -> Option<&'i FieldWrite> {
    let (fields, field) = (intent.operation.action.fields()?, row.sides.get(&intent.operation.side));
    fields.get(&row.name).or_else(|| fields.values().find(|write| Some(&write.field) == field))
}

/// An entry by the sync user without our tag: never a person's change.
pub(super) fn side_effect(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, value: Option<Value>, step: &Step) {
    let Some(value) = value else { return };
    let sync = draft.input.sync;
    // A tag that is not this sync's is another's of ours: its write is nobody's act.
    let ours_elsewhere = step.entry.tag.is_some();
    let setting =
        sync.side(side).map(|side| side.side_effects).filter(|_| !ours_elsewhere).unwrap_or(SideEffects::Accept);
    if row.name.as_str() == super::levels::ROW && !row.from.contains(side) {
        change(draft, row, side, value, step.entry.created, None, step.entry.author.as_ref());
        return;
    }
    by_setting(draft, row, side, value, step, setting);
}

/// What a side effect comes to under a setting.
fn by_setting(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, value: Value, step: &Step, setting: SideEffects) {
    let told = super::agreed_for(&draft.plan.item, draft.input.sync, row, side).map(|agreed| agreed.acts.clone());
    let Some(base) = draft.plan.item.replicas.get_mut(side).map(|r| r.bases.entry(row.name.clone()).or_default())
    else {
        return;
    };
    let counted = base.counted + 1;
    match setting {
        SideEffects::Count if counted <= MOST_COUNTED && row.from.contains(side) => {
            change(draft, row, side, value, step.entry.created, None, step.entry.author.as_ref());
            if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|r| r.bases.get_mut(&row.name)) {
                base.counted = counted;
            }
        }
        SideEffects::Restore if base.restored != told => {
            base.restored = told;
            observe(base, value);
        }
        SideEffects::Accept | SideEffects::Restore | SideEffects::Count => {
            observe(base, value);
            base.side_effect = Some(step.entry.id);
        }
    }
}

/// A server's time, with its measured skew taken out.
pub(super) fn corrected(draft: &Draft<'_>, side: &SideId, at: Timestamp) -> Timestamp {
    let skew = draft.input.skews.get(side).copied().unwrap_or(0);
    at.saturating_sub(SignedDuration::from_millis(skew)).unwrap_or(at)
}

/// The ways that people took through the workflow.
fn learn_ways(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    let status = FieldId::from("status");
    let issue_type = observation.snapshot.issue_type.name.clone();
    for entry in &observation.snapshot.log {
        for item in entry.items.iter().filter(|item| item.field == status) {
            if let (Some(from), Some(to)) = (&item.from_text, &item.to_text) {
                draft.plan.ways.push((side.clone(), issue_type.clone(), from.clone(), to.clone()));
            }
        }
    }
}
