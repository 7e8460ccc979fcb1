//! What a side is to hold of a row: what is agreed there, or what the sync itself writes. Must never compose anything from what
//! the side may not see.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, agreed_for, audience_of, levels, place};
use crate::mapping::{compose, inbound, written};
use crate::model::hub::{Absence, Acts, Agreed, Audience, Base, Replica};
use crate::model::ids::{FieldName, SideId};
use crate::model::settings::{Composed, FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;

/// What a template may name, and what it is.
type Values = BTreeMap<String, String>;

/// Whether the sync itself writes the row on that side.
pub(super) fn is_composed(row: &FieldRow, side: &SideId) -> bool {
    row.composed.is_some() && !row.from.contains(side)
}

/// What the side is to hold. `None`: nothing is known to be held anywhere.
///
/// # Errors
/// The template does not work on these values; in words.
pub(super) fn due<'d>(draft: &'d Draft<'_>, row: &FieldRow, side: &SideId) -> Result<Option<Cow<'d, Agreed>>, String> {
    if row.name.as_str() == levels::ROW {
        let Some(level) = levels::due(draft, side) else { return Ok(None) };
        let acts = agreed_for(&draft.plan.item, draft.input.sync, row, side).map(|agreed| agreed.acts.clone());
        let home = draft.input.sync.home.as_ref().unwrap_or(side);
        return Ok(Some(Cow::Owned(made(home, level, acts.unwrap_or_default()))));
    }
    if !is_composed(row, side) {
        let agreed = agreed_for(&draft.plan.item, draft.input.sync, row, side).map(Cow::Borrowed);
        let default = row.default.contains_key(side).then(|| Cow::Owned(made(side, Value::Empty, Acts::default())));
        return Ok(agreed.or(default));
    }
    let (text, acts) = match &row.composed {
        None => return Ok(None),
        Some(Composed::Constant(text)) => (text.clone(), Acts::default()),
        Some(Composed::Template(template)) => {
            let Some((values, acts)) = values(draft, row, side, template)? else { return Ok(None) };
            (compose::render(template, &values)?, acts)
        }
    };
    let place = place(draft.input, &draft.nothing, row, side);
    let value = inbound(&place, &written(&place, &text)).unwrap_or(Value::Empty);
    Ok(Some(Cow::Owned(made(side, value, acts))))
}

fn made(side: &SideId, value: Value, acts: Acts) -> Agreed {
    Agreed {
        value,
        acts,
        origins: BTreeSet::new(),
        by: side.clone(),
        at: jiff::Timestamp::UNIX_EPOCH,
        asking: BTreeSet::new(),
        standing: Vec::new(),
    }
}

/// What a template may name on that side, and the acts behind what it does name. `None`: it names the counterpart's key, and none
/// is there that the side sees.
fn values(draft: &Draft<'_>, row: &FieldRow, side: &SideId, template: &str) -> Result<Option<(Values, Acts)>, String> {
    let named = compose::variables(template)?;
    let sync = draft.input.sync;
    let (mut values, mut acts) = (Values::new(), Acts::default());
    let tells = ["keys", SYNC_STATE, SYNC_TIME].iter().any(|name| named.contains(*name));
    let own = |row: &&FieldRow| !matches!(row.kind, FieldKind::Links | FieldKind::Parent | FieldKind::Watchers);
    for other in sync.fields.values().filter(own) {
        let variable = compose::variable(other.name.as_str());
        let agreed = agreed_for(&draft.plan.item, sync, other, side);
        // An issue is not made of a summary that the side may not see.
        let summary = other.sides.get(side).is_some_and(|field| field.as_str() == "summary");
        if summary && agreed.is_none() && named.contains(&variable) {
            return Ok(None);
        }
        values.insert(
            variable.clone(),
            agreed.map(|agreed| compose::in_words(&said(draft, other, &agreed.value))).unwrap_or_default(),
        );
        // What tells of all rows is overwritten, like any value, by the next change of one of them.
        if let (Some(agreed), true) = (agreed, tells && other.across == row.across || named.contains(&variable)) {
            acts.join(&agreed.acts);
        }
    }
    let audience = audience_of(&draft.plan.item, sync, row, side);
    let others = counterparts(draft, side, &audience);
    match others.first() {
        Some((from, key)) => {
            values.insert("key".to_owned(), key.clone());
            values.insert("side".to_owned(), from.to_string());
        }
        None if OF_COUNTERPARTS.iter().any(|name| named.contains(*name)) => return Ok(None),
        None => {}
    }
    // A row may go by one of these names: then it is meant.
    let mut own = |name: &str, value: &dyn Fn() -> String| {
        if named.contains(name) && !values.contains_key(name) {
            values.insert(name.to_owned(), value());
        }
    };
    let keys: Vec<&str> = others.iter().map(|(_, key)| key.as_str()).collect();
    own("keys", &|| keys.join(", "));
    own(SYNC_STATE, &|| state(draft, side));
    own(SYNC_TIME, &|| newest(draft, row, side).strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    Ok(Some((values, acts)))
}

/// A value as it may be told to all: versions and components by the name that all may know.
fn said(draft: &Draft<'_>, row: &FieldRow, value: &Value) -> Value {
    let places = row.sides.keys().map(|side| place(draft.input, &draft.nothing, row, side));
    let Some(at) = places.into_iter().find(|at| at.thing().is_some()) else { return value.clone() };
    match value {
        Value::Words(words) => Value::Words(words.iter().map(|word| at.said(word)).collect()),
        Value::Choice(word) => Value::Choice(at.said(word)),
        Value::Empty
        | Value::Line(_)
        | Value::Document(_)
        | Value::Number(_)
        | Value::Moment(_)
        | Value::Day(_)
        | Value::Person(_) => value.clone(),
    }
}

/// What says nothing before a side has a counterpart.
const OF_COUNTERPARTS: [&str; 5] = ["key", "side", "keys", SYNC_STATE, SYNC_TIME];

/// Whether what a row writes tells of counterparts, or of the sync.
#[must_use]
pub(crate) fn tells_of_counterparts(row: &FieldRow) -> bool {
    let Some(Composed::Template(template)) = &row.composed else { return false };
    let named = compose::variables(template).unwrap_or_default();
    OF_COUNTERPARTS.iter().any(|name| named.contains(*name))
}

/// Whether such a row tells of more than that: what people wrote is part of it then.
#[must_use]
pub(crate) fn tells_of_more(row: &FieldRow) -> bool {
    let Some(Composed::Template(template)) = &row.composed else { return false };
    let named = compose::variables(template).unwrap_or_default();
    tells_of_counterparts(row) && named.iter().any(|name| !OF_COUNTERPARTS.contains(&name.as_str()))
}

/// Whether all that is agreed stands on the side.
const SYNC_STATE: &str = "sync_state";
/// When the newest of it was done.
const SYNC_TIME: &str = "sync_time";
/// How many signs a time takes.
const TIME_SIGNS: usize = "2026-03-02T09:30:00Z".len();
/// Stands for a time; no value holds it.
const SOME_TIME: &str = "\u{1}";

/// The rows of a side, those last that tell how the others stand.
pub(super) fn in_order<'a>(sync: &'a SyncSettings, side: &SideId) -> Vec<&'a FieldRow> {
    let tells = |row: &&FieldRow| match &row.composed {
        Some(Composed::Template(template)) => template.contains(SYNC_STATE) || template.contains(SYNC_TIME),
        Some(Composed::Constant(_)) | None => false,
    };
    let (last, first): (Vec<_>, Vec<_>) =
        sync.fields.values().filter(|row| row.sides.contains_key(side)).partition(tells);
    first.into_iter().chain(last).collect()
}

/// How what a side holds stands to what is agreed for it, in words. It names rows that people of that side are told of anyhow.
fn state(draft: &Draft<'_>, side: &SideId) -> String {
    let held = draft.plan.holds.iter().filter(|hold| &hold.side == side).filter_map(|hold| hold.field.as_ref());
    let bases = draft.plan.item.replicas.get(side).map(|replica| &replica.bases).into_iter().flatten();
    let rows = &draft.input.sync.fields;
    // A hop that is not to be had is found after this is said, and stands until somebody acts.
    let by_hops = |name: &FieldName| {
        name.as_str() == "resolution" || rows.get(name).is_some_and(|row| row.kind == FieldKind::Status)
    };
    let is_refused = |name: &FieldName, base: &Base| {
        let carried = rows.get(name).is_some_and(|row| row.sides.contains_key(side));
        carried && base.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.refused || by_hops(name))
    };
    let refused = bases.filter(|(name, base)| is_refused(name, base)).map(|(name, _)| name);
    let rows: BTreeSet<&str> = held.chain(refused).map(FieldName::as_str).collect();
    if rows.is_empty() {
        return "in step".to_owned();
    }
    format!("held back: {}", rows.into_iter().collect::<Vec<_>>().join(", "))
}

/// When the newest act was done of what is agreed for a side; what passes between sides that do not see one another tells no time.
fn newest(draft: &Draft<'_>, row: &FieldRow, side: &SideId) -> jiff::Timestamp {
    let rows = draft.input.sync.fields.values();
    let told =
        rows.filter(|other| other.sides.contains_key(side) && other.composed.is_none() && other.across == row.across);
    let times =
        told.filter_map(|other| agreed_for(&draft.plan.item, draft.input.sync, other, side)).map(|agreed| agreed.at);
    times.max().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// Whether what stands on the side is what it is to hold but for the time that it names: that is written along with something
/// else, and never by itself.
pub(super) fn differs_by_time_alone(draft: &Draft<'_>, row: &FieldRow, side: &SideId, stands: &Value) -> bool {
    let Some(Composed::Template(template)) = row.composed.as_ref().filter(|_| is_composed(row, side)) else {
        return false;
    };
    // A row of that name is no time of ours.
    if draft.input.sync.fields.values().any(|other| compose::variable(other.name.as_str()) == SYNC_TIME) {
        return false;
    }
    let Ok(Some((mut values, _))) = values(draft, row, side, template) else { return false };
    if stands.is_empty() || values.insert(SYNC_TIME.to_owned(), SOME_TIME.to_owned()).is_none() {
        return false;
    }
    let Ok(text) = compose::render(template, &values) else { return false };
    if row.kind == FieldKind::Line {
        return is_so_at_its_time(draft, row, side, &text, stands);
    }
    let stands = compose::in_words(stands);
    let mut parts = text.trim().split(SOME_TIME);
    let (Some(first), mut rest) = (parts.next(), stands.as_str()) else { return false };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    for part in parts {
        let Some((time, after)) = rest.split_at_checked(TIME_SIGNS) else { return false };
        let Some(after) = after.strip_prefix(part).filter(|_| time.parse::<jiff::Timestamp>().is_ok()) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}

/// Whether a text with [`SOME_TIME`] in it, written into one line and cut as that is, is what stands there but for its time.
fn is_so_at_its_time(draft: &Draft<'_>, row: &FieldRow, side: &SideId, text: &str, stands: &Value) -> bool {
    let Value::Line(shown) = stands else { return false };
    // Its line ends became blanks when it was written.
    let text = text.replace(['\r', '\n'], " ");
    let before = text.trim_start().split(SOME_TIME).next().unwrap_or_default();
    let time = shown.strip_prefix(before).and_then(|rest| rest.get(..TIME_SIGNS));
    let Some(time) = time.filter(|time| time.parse::<jiff::Timestamp>().is_ok()) else { return false };
    let place = place(draft.input, &draft.nothing, row, side);
    inbound(&place, &written(&place, &text.replace(SOME_TIME, time))).as_ref() == Some(stands)
}

/// The issues of the sides that this one sees, in their order. What has a security level is named nowhere.
fn counterparts(draft: &Draft<'_>, side: &SideId, audience: &Audience) -> Vec<(SideId, String)> {
    // `across` lets a bare value pass, and never says whose issue it came from.
    let sees = draft.input.sync.side(side).map(|settings| &settings.sees);
    let told = crate::planted::is_planted(crate::planted::Bug::AcrossCarriesAuthor);
    let may = |other: &SideId| audience.0.contains(other) && (told || sees.is_none_or(|sees| sees.contains(other)));
    let seen = draft.input.sync.side_ids().filter(|other| *other != side && may(other));
    let replicas = seen.filter_map(|other| Some((other, draft.plan.item.replicas.get(other)?)));
    // The key of one that was moved out of the sync tells of another project.
    let is_moved = |replica: &Replica| replica.away.as_ref().is_some_and(|away| matches!(away.how, Absence::Moved(_)));
    let named = replicas.filter(|(_, replica)| !replica.restricted && !is_moved(replica));
    named.map(|(other, replica)| (other.clone(), replica.key.to_string())).collect()
}
