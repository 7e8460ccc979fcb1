//! What a replica should hold against what it was seen to hold. Must never write where the same would be written again
//! without anything having changed, and never touch a side that a field's row leaves out.

use std::collections::{BTreeMap, BTreeSet};

use super::parents::Hindrance;
use super::remap::Kept;
use super::{Draft, Wanted, composed, lacks, place, relations, status, watchers};
use crate::mapping::{Place, Rich, Unmappable, inbound, outbound, outbound_over, same, shared_element};
use crate::model::catalog::Shape;
use crate::model::hub::{Acknowledged, Agreed, Base};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, FieldWrite, IntentState, NativeWrite, Operation};
use crate::model::settings::{FieldKind, FieldRow, OnUnmapped};
use crate::model::value::Value;
use crate::planted::{Bug, is_planted};

/// Plans what goes by itself, and what cannot go yet. Says whether that was all.
fn is_aimed_apart(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base) -> bool {
    if row.kind == FieldKind::Links {
        relations::aim(draft, row, side, agreed, base);
        return true;
    }
    if row.kind == FieldKind::Watchers {
        watchers::aim(draft, row, side, agreed, base);
        return true;
    }
    if row.kind != FieldKind::Parent {
        return false;
    }
    match super::parents::hindered(draft, row, side, agreed, base) {
        Some(Hindrance::Waits(reason)) => acknowledge(draft, row, side, agreed, reason, true),
        Some(Hindrance::Cannot(why)) => cannot(draft, row, side, agreed, why),
        None => return false,
    }
    true
}

/// Plans the edits and the next hop of one replica; `only`: of that row alone.
pub(super) fn aim(draft: &mut Draft<'_>, side: &SideId, only: Option<&str>) {
    // Where values and log do not agree nothing is known well enough to write.
    let unclear = draft.plan.wanted.get(side).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
    let seen = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed);
    if !seen || unclear {
        return;
    }
    if draft.is_in_doubt(side) {
        look_at_what_is_unseen(draft, side);
        return;
    }
    let sync = draft.input.sync;
    let mut fields: BTreeMap<FieldName, FieldWrite> = BTreeMap::new();
    let (mut hop, mut by_hop) = (None, None);
    if only.is_none() {
        super::parents::forget_waits(draft, side);
    }
    let rows = composed::in_order(sync, side).into_iter();
    for row in rows.filter(|row| row.name.as_str() == only.unwrap_or(row.name.as_str())) {
        // It goes ahead of everything else, and by itself.
        if only.is_none() && row.name.as_str() == super::levels::ROW {
            continue;
        }
        let Some(agreed) = draft.due(row, side) else { continue };
        let base = draft.plan.item.replicas.get(side).and_then(|r| r.bases.get(&row.name)).cloned().unwrap_or_default();
        if base.left_out || base.braked || is_aimed_apart(draft, row, side, &agreed, &base) {
            continue;
        }
        match stand(draft, row, side, &agreed, &base) {
            Stand::Holds => holds(draft, row, side, &agreed),
            Stand::LetBe => {}
            Stand::Keeps => super::remap::keep(draft, side, row, &agreed),
            Stand::Cannot(why) => cannot(draft, row, side, &agreed, why),
            // A text is written over what was just read there, and over nothing else.
            Stand::Write(..) if row.kind == FieldKind::Document && !draft.input.observed.contains_key(side) => {
                draft.want(side, Wanted::Comments);
            }
            Stand::Write(..)
                if fields.is_empty()
                    && base
                        .value
                        .as_ref()
                        .is_some_and(|stands| composed::differs_by_time_alone(draft, row, side, stands)) => {}
            Stand::Write(native, wanted) if row.kind == FieldKind::Status => hop = Some((row, agreed, native, wanted)),
            Stand::Write(..) if is_set_by_hops(row, side) => by_hop = Some(row),
            Stand::Write(native, wanted) => {
                let held = words_there(draft, row, side, &base);
                let shape = place(draft.input, &draft.nothing, row, side).shape();
                let single =
                    shape.is_some_and(|shape| shape.is_choice() || matches!(shape, Shape::Person | Shape::Maker));
                let native = with_names_that_stand(draft, row, side, &agreed, &held, native);
                let write = write_of(row, side, &agreed, &base, (&held, native), wanted, single);
                let Some(mut write) = write else { continue };
                if write.write.is_nothing() {
                    nothing_to_write(draft, row, side, &agreed, &base);
                    continue;
                }
                if row.kind == FieldKind::Parent {
                    write.field = super::parents::field_here(draft, side, write.field);
                }
                fields.insert(row.name.clone(), write);
            }
        }
    }
    if !fields.is_empty() {
        draft.plan.operations.push(Operation { side: side.clone(), action: Action::SetFields { fields } });
    }
    set_by_hops(draft, side, by_hop, hop);
}

/// The side holds what is agreed, as far as it can.
fn holds(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed) {
    with_base(draft, side, row, |base| {
        base.matched.join(&agreed.acts);
        base.acknowledged = None;
    });
}

/// Nothing is to be added to a set nor taken off it, so no edit goes out. What was just read there says so for good; what was last known
/// of it need not name all that stands there, so it is read, once for each act.
fn nothing_to_write(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base) {
    if draft.input.observed.contains_key(side) {
        holds(draft, row, side, agreed);
        return;
    }
    let mut told = base.acts.clone();
    told.join(&base.matched);
    if !told.contains(&agreed.acts) {
        draft.want(side, Wanted::Comments);
    }
}

/// Where what was answered is only still to be seen, the next value does not wait for a poll that shows it: the side is read, as right
/// before each write.
fn look_at_what_is_unseen(draft: &mut Draft<'_>, side: &SideId) {
    let unread = !draft.input.observed.contains_key(side);
    if unread && is_only_unseen(draft, side) && has_news(draft, side) {
        draft.want(side, Wanted::Comments);
    }
}

/// Whether all that is in doubt on a side was answered, and only no read showed it yet.
fn is_only_unseen(draft: &Draft<'_>, side: &SideId) -> bool {
    let mut written = draft.unsettled(side).filter(|intent| !intent.operation.action.is_beside_the_fields());
    written.all(|intent| intent.state == IntentState::Answered)
}

/// Whether a side is still to be told of people's acts that nothing under way there tells it of.
fn has_news(draft: &Draft<'_>, side: &SideId) -> bool {
    let sync = draft.input.sync;
    let Some(replica) = draft.plan.item.replicas.get(side) else { return false };
    // Links and watchers wait for no edit.
    let mut rows = sync.fields.values().filter(|row| !matches!(row.kind, FieldKind::Links | FieldKind::Watchers));
    rows.any(|row| {
        let Ok(Some(agreed)) = composed::due(draft, row, side) else { return false };
        if agreed.asking.contains(side) {
            return false;
        }
        let base = replica.bases.get(&row.name);
        let mut told = base.map(|base| base.acts.clone()).unwrap_or_default();
        told.join(&base.map(|base| base.matched.clone()).unwrap_or_default());
        for intent in draft.unsettled(side) {
            let action = &intent.operation.action;
            if let (Action::Transition { acts, .. }, FieldKind::Status) = (action, row.kind) {
                told.join(acts);
            } else if let Some(write) = action.fields().and_then(|fields| fields.get(&row.name)) {
                told.join(&write.acts);
            }
        }
        // Only what this very look brought: else a partner's news, read at home with the next look at another partner, would bring
        // forward what that one hears of home.
        draft.input.observed.keys().any(|seen| agreed.acts.of(seen) > told.of(seen))
    })
}

/// Plans the hop, and says what waits for one.
fn set_by_hops(
    draft: &mut Draft<'_>,
    side: &SideId,
    by_hop: Option<&FieldRow>,
    hop: Option<(&FieldRow, Agreed, NativeValue, Value)>,
) {
    if let (Some(row), None) = (by_hop, &hop) {
        let why = format!("only a transition sets `{}`, and the status is as it should be", row.name);
        draft.hold(side, Some(&row.name), why, "set it there by hand, or with the next transition that shows it");
    }
    if let Some((row, agreed, native, wanted)) = hop
        && let Err((why, remedy)) = status::hop(draft, side, &agreed, &native, wanted)
    {
        cannot(draft, row, side, &agreed, Unmappable { why, remedy, may_pass: false });
    }
}

/// The side is told that it cannot hold what is agreed: it is tried again by every plan, and its people's next act is no
/// conflict with what they were never shown.
fn cannot(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, cannot: Unmappable) {
    let Unmappable { why, remedy, may_pass } = cannot;
    acknowledge(draft, row, side, agreed, why.clone(), may_pass);
    if row.on_unmapped == OnUnmapped::Skip {
        return;
    }
    draft.hold(side, Some(&row.name), why, &remedy);
}

fn acknowledge(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, reason: String, may_pass: bool) {
    with_base(draft, side, row, |base| {
        // What a Jira did not take before is not seen there for that it has no name by now.
        let unseen = base.matched.contains(&agreed.acts) && base.acknowledged.as_ref().is_some_and(|why| why.unseen);
        base.matched.join(&agreed.acts);
        base.acknowledged = Some(Acknowledged { reason, refused: false, may_pass, unseen });
    });
}

/// Changes the base of a field on a replica that exists.
pub(super) fn with_base(draft: &mut Draft<'_>, side: &SideId, row: &FieldRow, change: impl FnOnce(&mut Base)) {
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        change(replica.bases.entry(row.name.clone()).or_default());
    }
}

/// How a replica stands to an agreed value.
enum Stand {
    /// It holds it, as far as it can.
    Holds,
    /// It does not, and that is to stay so for now.
    LetBe,
    /// It has no way to hold it.
    Cannot(Unmappable),
    /// It holds what it held under the map before, and that is to stay.
    Keeps,
    /// It is to be written: the native value, and the shared value that stands there then.
    Write(NativeValue, Value),
}

/// Whether what is agreed stands there: then it needs no counterpart, whatever a value without one is replaced by.
fn stands_already(row: &FieldRow, agreed: &Agreed, base: &Base) -> bool {
    let replaces = matches!(row.on_unmapped, OnUnmapped::Clear | OnUnmapped::Default(_));
    replaces && base.value.as_ref().is_some_and(|held| held == &agreed.value)
}

/// Says that nobody decided yet which side's value stands.
fn say_open(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId) {
    let why = format!(
        "`{}` is another one here than elsewhere; each side keeps its own until somebody says which stands",
        row.name
    );
    let key = draft.plan.item.replicas.get(side).map(|replica| replica.key.to_string()).unwrap_or_default();
    let remedy = format!(
        "make the sides equal, or name the one whose value stands: `jirasyncd resolve {} {side}:{key} {} SIDE`",
        draft.input.sync.id, row.name
    );
    draft.hold(side, Some(&row.name), why, &remedy);
}

fn stand(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base) -> Stand {
    let nothing = draft.nothing.clone();
    let input = draft.input;
    let origin = agreed.by.place();
    let place = Place { origin: Some(&origin), held: base.value.as_ref(), ..place(input, &nothing, row, side) };
    if agreed.asking.contains(side) {
        say_open(draft, row, side);
        return Stand::LetBe;
    }
    if stands_already(row, agreed, base) {
        return Stand::Holds;
    }
    let mut known = base.acts.clone();
    known.join(&base.matched);
    let told = known.contains(&agreed.acts);
    // What was just read there: blocks of a text that nobody changed are written as they are.
    let last = row.sides.get(side).and_then(|field| input.observed.get(side)?.snapshot.fields.get(field));
    let native = match (last, &agreed.value, &base.value) {
        // What it was last seen to hold tells what it would be given; what it is given goes over what stands there.
        (None, Value::Document(document), Some(Value::Document(held))) => Ok(Rich::from(&place).unseen(document, held)),
        (last, value, _) => outbound_over(&place, value, last.unwrap_or(&NativeValue::Empty)),
    };
    let native = match native {
        Ok(native) => native,
        Err(unmappable) if base.value.as_ref().is_some_and(|held| same(held, &agreed.value)) => {
            drop(unmappable);
            return Stand::Holds;
        }
        Err(unmappable) => {
            lacks::say(draft, row, side, &agreed.value, false);
            return Stand::Cannot(unmappable);
        }
    };
    let wanted = held_as(&place, &native, &agreed.value);
    lacks::say(draft, row, side, &agreed.value, is_short(row, &agreed.value, &wanted));
    if base.value.as_ref().is_some_and(|held| same(held, &wanted)) {
        return Stand::Holds;
    }
    if let Some(unmappable) = super::not_shown::unknown(draft, row, side) {
        return Stand::Cannot(unmappable);
    }
    let issue_type = super::requests::issue_type(draft, side);
    if let Some(unmappable) = super::requests::hindered(draft, row, side, &native, issue_type.as_deref()) {
        return Stand::Cannot(unmappable);
    }
    if told && base.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.refused) {
        return Stand::LetBe;
    }
    if told && base.side_effect.is_some() {
        let why = format!(
            "the sync user's own account or a workflow function changed `{}` here; it was not carried",
            row.name
        );
        draft.hold(
            side,
            Some(&row.name),
            why,
            "let nobody and nothing else act as the sync user, or set `side-effects`",
        );
        return Stand::LetBe;
    }
    if row.kind == FieldKind::IssueType && is_to_convert(draft, side) {
        return Stand::Cannot(Unmappable {
            why: "over REST no issue becomes a sub-task, and no sub-task an issue of its own".to_owned(),
            remedy: "convert it in that Jira's browser, or leave it; all else goes on".to_owned(),
            may_pass: true,
        });
    }
    if let Some(insisted) = super::insisted::holds(&place, base, &wanted) {
        return Stand::Cannot(insisted);
    }
    match super::remap::kept(draft, row, side, agreed, base, told) {
        Kept::Still => Stand::LetBe,
        Kept::Now => Stand::Keeps,
        Kept::Not => Stand::Write(native, wanted),
    }
}

/// Whether the type that is agreed for a side makes a sub-task of its issue, or an issue of its sub-task.
pub(super) fn is_to_convert(draft: &Draft<'_>, side: &SideId) -> bool {
    let row = draft.input.sync.fields.values().find(|row| row.kind == FieldKind::IssueType);
    let Some(row) = row.filter(|row| row.sides.contains_key(side)) else { return false };
    let there = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)?.native.as_ref());
    let agreed = super::agreed_for(&draft.plan.item, draft.input.sync, row, side);
    let (Some(there), Some(agreed)) = (there, agreed) else { return false };
    let sub_tasks = &draft.catalog(side).sub_task_types;
    match outbound(&place(draft.input, &draft.nothing, row, side), &agreed.value) {
        Ok(NativeValue::Named(named)) => sub_tasks.contains(&named.name) != sub_tasks.contains(there),
        Ok(_) | Err(_) => false,
    }
}

/// The shared value that stands there once `native` is written: our own loss (a cut, a default) is no change later.
pub(super) fn held_as(place: &Place<'_>, native: &NativeValue, value: &Value) -> Value {
    // A status or choice by name comes back as its row; everything else as it is read.
    inbound(place, native).unwrap_or_else(|| value.clone())
}

/// Whether what a side can hold is not the whole value. Markup that the other syntax lacks is no news: texts are carried as well
/// as they can be. Nor is what is written where nothing is agreed.
pub(super) fn is_short(row: &FieldRow, agreed: &Value, wanted: &Value) -> bool {
    row.kind != FieldKind::Document && !agreed.is_empty() && !same(wanted, agreed)
}

/// Whether Jira lets only a transition set the field, with its screen.
pub(super) fn is_set_by_hops(row: &FieldRow, side: &SideId) -> bool {
    row.sides.get(side).is_some_and(|field| field.as_str() == "resolution")
}

/// The elements of a set that a side was seen to hold, in its own words.
fn words_there(draft: &Draft<'_>, row: &FieldRow, side: &SideId, base: &Base) -> BTreeSet<String> {
    let place = Place { held: base.value.as_ref(), ..place(draft.input, &draft.nothing, row, side) };
    let read = draft.input.observed.get(side).zip(row.sides.get(side));
    let read = read.and_then(|(observation, field)| observation.snapshot.fields.get(field));
    match (read, base.value.as_ref().map(|held| outbound(&place, held))) {
        (Some(NativeValue::Words(words)), _) => words.iter().filter(|word| !place.is_excluded(word)).cloned().collect(),
        (_, Some(Ok(NativeValue::Words(words)))) => words,
        _ => BTreeSet::new(),
    }
}

/// Of several names that one option has on a side, the one that stands there already is as good as the preferred one.
fn with_names_that_stand(
    draft: &Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    agreed: &Agreed,
    held: &BTreeSet<String>,
    native: NativeValue,
) -> NativeValue {
    let (FieldKind::Options | FieldKind::People, NativeValue::Words(preferred), Value::Words(agreed)) =
        (row.kind, &native, &agreed.value)
    else {
        return native;
    };
    let place = place(draft.input, &draft.nothing, row, side);
    let shared = |name: &String| shared_element(&place, name);
    let mut words: BTreeSet<String> = held.iter().filter(|name| agreed.contains(&shared(name))).cloned().collect();
    let there: BTreeSet<String> = words.iter().map(shared).collect();
    words.extend(preferred.iter().filter(|name| !there.contains(&shared(name))).cloned());
    NativeValue::Words(words)
}

fn write_of(
    row: &FieldRow,
    side: &SideId,
    agreed: &Agreed,
    base: &Base,
    (held, native): (&BTreeSet<String>, NativeValue),
    wanted: Value,
    single: bool,
) -> Option<FieldWrite> {
    let whole = single || is_planted(Bug::SetsAsSet);
    let write = if row.kind.is_set() && !matches!(native, NativeValue::Named(_) | NativeValue::Person(_)) && !whole {
        let want = if let NativeValue::Words(words) = native { words } else { BTreeSet::new() };
        NativeWrite::Words {
            add: want.difference(held).cloned().collect(),
            remove: held.difference(&want).cloned().collect(),
        }
    } else {
        NativeWrite::Set(native)
    };
    let field = row.sides.get(side)?.clone();
    Some(FieldWrite { field, write, wanted, expects: base.value.clone(), acts: agreed.acts.clone() })
}
