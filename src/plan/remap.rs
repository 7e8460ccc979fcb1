//! What a changed map makes of issues that are in step. What a side holds is read anew, in the new words; what it should hold
//! instead is written, or let be until somebody changes it (`from-now`). Must never take for somebody's act what only the map says
//! otherwise now.

use std::collections::BTreeSet;

use super::fold::{current, touching, value_of, write_of};
use super::targets::with_base;
use super::{Draft, Observation, place};
use crate::mapping::{FOREIGN, Place, inbound, same};
use crate::model::catalog::Shape;
use crate::model::fingerprint::hash_of_value;
use crate::model::hub::{Agreed, Base};
use crate::model::ids::SideId;
use crate::model::issue::{Named, NativeValue};
use crate::model::operation::{Action, Intent, NativeWrite};
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;

/// Whether a field's values are words of a map. Links and parents are words for other items, and texts have a log.
fn has_words(row: &FieldRow) -> bool {
    match row.kind {
        FieldKind::Choice
        | FieldKind::Status
        | FieldKind::IssueType
        | FieldKind::Person
        | FieldKind::People
        | FieldKind::Words
        | FieldKind::Options => true,
        FieldKind::Line
        | FieldKind::Number
        | FieldKind::Duration
        | FieldKind::Day
        | FieldKind::Moment
        | FieldKind::Document
        | FieldKind::Links
        | FieldKind::Parent
        | FieldKind::Watchers
        | FieldKind::AsThere => false,
    }
}

/// Whether the configuration is another one than when all of the item was last looked at.
fn is_behind(draft: &Draft<'_>) -> bool {
    draft.input.item.configured < draft.input.accepted.newest
}

/// What a side was last seen to hold and what that is now, where the issue holds the same as then and only the words for it are
/// others.
fn in_other_words(
    draft: &Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    observation: &Observation,
) -> Option<(Value, Value)> {
    // Under one configuration a word stays a word.
    if !is_behind(draft) || !has_words(row) || !touching(observation, row.sides.get(side)?).is_empty() {
        return None;
    }
    let base = draft.plan.item.replicas.get(side)?.bases.get(&row.name)?;
    let held = base.value.clone()?;
    if base.seen? != hash_of_value(&value_of(row, side, observation)?) {
        return None;
    }
    let now = current(&place(draft.input, &draft.nothing, row, side), observation)?;
    (!same(&held, &now)).then_some((held, now))
}

/// Whether base and value differ in words alone.
pub(super) fn is_reworded(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    in_other_words(draft, row, side, observation).is_some()
}

/// Reads anew what a side holds. What was agreed is what it was there: it gets the new words of the side whose act it is.
pub(super) fn reword(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let Some((held, now)) = in_other_words(draft, row, side, observation) else { return };
    let place = place(draft.input, &draft.nothing, row, side);
    let rows = &place.table().rows;
    let dead = |word: &String| !rows.is_empty() && rows.iter().all(|row| &row.shared != word);
    let audiences = draft.plan.item.hub.get_mut(&row.name).into_iter().flatten();
    // Nobody learns a word of a side that they do not see.
    for (_, agreed) in audiences.filter(|(audience, _)| audience.0.contains(side)) {
        if row.kind.is_set() {
            reword_set(agreed, side, (&held.words(), &now.words()), dead);
            continue;
        }
        if &agreed.by.place() == side && same(&agreed.value, &held) {
            agreed.value = now.clone();
        }
        for standing in &mut agreed.standing {
            if &standing.side.place() == side && same(&standing.value, &held) {
                standing.value = now.clone();
            }
        }
    }
    if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) {
        base.value = Some(now);
    }
}

/// The same of a set, element by element: a side's new words replace old ones only where nobody else had a part in it. What has no row
/// any more is a word of its side, and stays there.
fn reword_set(
    agreed: &mut Agreed,
    side: &SideId,
    (held, now): (&BTreeSet<String>, &BTreeSet<String>),
    dead: impl Fn(&String) -> bool,
) {
    let mut words = agreed.value.words();
    let sides: BTreeSet<SideId> = agreed.origins.iter().map(SideId::place).collect();
    let (part, alone) = (sides.contains(side), sides.len() == 1 && sides.contains(side));
    words.retain(|word| !held.contains(word) || now.contains(word) || !(alone || dead(word)));
    let own = format!("{FOREIGN}{side}:");
    words.extend(now.difference(held).filter(|word| part || word.starts_with(&own)).cloned());
    agreed.value = if words.is_empty() { Value::Empty } else { Value::Words(words) };
}

/// What a write of ours gives a field, in the words that hold now; `None`: it is as it was kept. It may have been written under the map
/// before.
pub(super) fn written_now(draft: &Draft<'_>, row: &FieldRow, side: &SideId, intent: &Intent) -> Option<Value> {
    if !is_behind(draft) {
        return None;
    }
    let action = &intent.operation.action;
    let native = match (action, write_of(intent, row).map(|write| &write.write)) {
        (Action::Transition { to, last: true, .. }, _) if row.kind == FieldKind::Status => {
            NativeValue::Named(Named { id: String::new(), name: to.clone() })
        }
        (_, Some(NativeWrite::Set(native))) => native.clone(),
        (_, Some(NativeWrite::Words { .. }) | None) => return None,
    };
    inbound(&place(draft.input, &draft.nothing, row, side), &native).filter(|_| has_words(row))
}

/// Whether a picked project may only have another key: an administrator changes that without an entry of the issues that hold it. It counts as
/// it was then.
pub(super) fn has_another_key(place: &Place<'_>, held: Option<&Value>, now: &Value) -> bool {
    let picked = held.is_some_and(|held| !held.is_empty() && !same(held, now)) && !now.is_empty();
    picked && place.shape() == Some(Shape::Project)
}

/// Remembers what the issue itself shows of a field.
pub(super) fn remember(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let Some(shown) = value_of(row, side, observation).filter(|_| has_words(row)) else { return };
    let at = place(draft.input, &draft.nothing, row, side);
    let now = current(&at, observation);
    let held = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = held.and_then(|base| base.value.as_ref());
    if now.is_some_and(|now| has_another_key(&at, held, &now)) {
        return;
    }
    if let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) {
        base.seen = Some(hash_of_value(&shown));
    }
}

/// Whether what stands on a side is to stay there, though the map gives another value.
pub(super) enum Kept {
    /// It was kept, and nobody acted since.
    Still,
    /// It is from now on.
    Now,
    /// It is not.
    Not,
}

/// Only what comes from now on goes by a new map (`from-now`): what is agreed by then stays as each side holds it, also of a row that is
/// new. `told`: the side was told what is agreed. What the sync itself makes of a field, and who may see an issue, is nobody's act, and
/// always as the configuration says.
pub(super) fn kept(draft: &Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base, told: bool) -> Kept {
    let accepted = draft.input.accepted;
    if agreed.acts.sides().next().is_none() || row.composed.is_some() || row.name.as_str() == super::levels::ROW {
        return Kept::Not;
    }
    let still = base.kept.as_ref().filter(|(number, _)| *number >= accepted.re_mapped);
    if still.is_some_and(|(_, acts)| acts == &agreed.acts) {
        return Kept::Still;
    }
    let before = draft.input.item.replicas.get(side).filter(|replica| replica.observed);
    let new = before.is_some_and(|replica| !replica.bases.contains_key(&row.name));
    if draft.input.keeps() && (told || new || still.is_some()) { Kept::Now } else { Kept::Not }
}

/// What stands on a side stays there until somebody changes it.
pub(super) fn keep(draft: &mut Draft<'_>, side: &SideId, row: &FieldRow, agreed: &Agreed) {
    let number = draft.input.accepted.kept;
    with_base(draft, side, row, |base| base.kept = Some((number, agreed.acts.clone())));
}

/// The item was planned on all that its sides hold, under the newest configuration. A side that the configuration has no more is
/// not read.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let input = draft.input;
    let here = draft
        .plan
        .item
        .replicas
        .iter()
        .filter(|(side, replica)| input.sync.side(side).is_some() && !replica.is_elsewhere());
    if draft.plan.item.configured < input.accepted.newest
        && here.into_iter().all(|(side, _)| input.observed.contains_key(side))
    {
        draft.plan.item.configured = input.accepted.newest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hub::Acts;

    fn words(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn agreed(value: &[&str], origins: &[&str]) -> Agreed {
        Agreed {
            value: Value::Words(words(value)),
            acts: Acts::default(),
            origins: origins.iter().map(|side| SideId::from(*side)).collect(),
            by: "home".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            asking: BTreeSet::new(),
            standing: Vec::new(),
        }
    }

    fn reworded(mut agreed: Agreed, side: &str, held: &[&str], now: &[&str], rows: &[&str]) -> BTreeSet<String> {
        let dead = |word: &String| !rows.contains(&word.as_str());
        reword_set(&mut agreed, &side.into(), (&words(held), &words(now)), dead);
        agreed.value.words()
    }

    #[test]
    fn an_element_that_lost_its_row_stays_a_word_of_each_side() {
        let there = reworded(agreed(&["A", "B"], &["home"]), "home", &["A", "B"], &["?home:A", "B"], &["B"]);
        assert_eq!(there, words(&["?home:A", "B"]));
        let there: Vec<&str> = there.iter().map(String::as_str).collect();
        let there = reworded(agreed(&there, &["home"]), "globex", &["A", "B"], &["?globex:A", "B"], &["B"]);
        assert_eq!(there, words(&["?globex:A", "?home:A", "B"]), "it is taken off nowhere");
    }

    #[test]
    fn new_words_of_one_side_replace_none_that_others_had_a_part_in() {
        let rows = ["A", "B", "C"];
        let alone = reworded(agreed(&["A"], &["home"]), "home", &["A"], &["B"], &rows);
        assert_eq!(alone, words(&["B"]));
        let both = reworded(agreed(&["A", "C"], &["globex", "home"]), "home", &["A"], &["B"], &rows);
        assert_eq!(both, words(&["A", "B", "C"]));
        let others = reworded(agreed(&["A"], &["globex"]), "home", &["A"], &["B"], &rows);
        assert_eq!(others, words(&["A"]));
    }
}
