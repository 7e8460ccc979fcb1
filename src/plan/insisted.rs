//! Two that insist: where people, or more likely an automation rule, set a field back right after each of our writes, we stop writing it
//! there (reliability.md, row 56). Else two rules on two sides would have us carry their values to and fro without end. Must never keep a
//! value from a side that was not set back there again and again.

use jiff::SignedDuration;

use super::acts::Act;
use crate::mapping::{Place, Unmappable, same};
use crate::model::hub::Base;
use crate::model::insisted::Insisted;
use crate::model::value::Value;

/// How often in a row the same is set over the same until nothing is written any more.
const MOST: u32 = 5;
/// The longest between two of these: people who send an issue to and fro take longer than rules do.
const AT_ONCE: SignedDuration = SignedDuration::from_hours(1);

/// Counts what somebody sets over what stood there.
pub(super) fn note(base: &mut Base, before: &Value, act: &Act) {
    // Texts are merged block by block: nothing of them goes to and fro as a whole.
    if matches!(act.value, Value::Document(_)) || same(before, &act.value) {
        return;
    }
    let last = base.insisted.take().filter(|last| {
        same(&last.set, &act.value) && same(&last.over, before) && act.at.duration_since(last.at) <= AT_ONCE
    });
    let times = last.map_or(0, |last| last.times).saturating_add(1);
    base.insisted = Some(Insisted { set: act.value.clone(), over: before.clone(), times, at: act.at });
}

/// Why a value is not written once more: it was set back there each time.
pub(super) fn holds(place: &Place<'_>, base: &Base, wanted: &Value) -> Option<Unmappable> {
    let insisted = base.insisted.as_ref().filter(|insisted| insisted.times >= MOST)?;
    let stands = base.value.as_ref().is_some_and(|held| same(held, &insisted.set));
    (stands && same(&insisted.over, wanted)).then(|| Unmappable {
        why: format!(
            "`{}` was set back from {} to {} here {} times in a row, as an automation rule does; it is not written any more",
            place.row.name,
            said(place, &insisted.over),
            said(place, &insisted.set),
            insisted.times
        ),
        remedy: "end the rule on one of the sides, then set the field once to another value".to_owned(),
        may_pass: false,
    })
}

/// A value in the words of people; both stood on that side.
fn said(place: &Place<'_>, value: &Value) -> String {
    let quoted = |word: &str| format!("`{word}`");
    match value {
        Value::Empty | Value::Document(_) => "nothing".to_owned(),
        Value::Choice(word) => quoted(&place.said(word)),
        Value::Words(words) => words.iter().map(|word| quoted(&place.said(word))).collect::<Vec<_>>().join(", "),
        Value::Line(text) | Value::Person(text) | Value::Day(text) | Value::Number(text) | Value::Moment(text) => {
            quoted(text)
        }
    }
}
