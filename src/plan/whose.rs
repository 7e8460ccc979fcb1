//! People whose acts stay on their side (`from`, `not-from`). Their changes of fields are acts of a side of their own that only
//! their side sees, so what is kept of theirs is kept as a partner's private acts are, and nothing here has to take care of it.
//! Must never let an act cross whose author is not known to be one of those whose acts do.

use super::acts::{Act, observe, take};
use super::fold::{corrected, current};
use super::matching::is_a_bridge;
use super::{Draft, Observation, PlanInput, keeps_own, place};
use crate::mapping::{logged, logged_elements, same};
use crate::model::ids::{AccountId, FieldId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot, LogEntry, LogItem};
use crate::model::remark::Remark;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;

/// The side that an account's acts on `side` count for.
pub(super) fn voice(input: &PlanInput<'_>, side: &SideId, author: Option<&AccountId>) -> SideId {
    let stays = |account: &AccountId| input.observed.get(side).is_some_and(|read| read.outsiders.contains(account));
    if keeps_own(input.sync, side) && author.is_none_or(stays) { side.outsiders() } else { side.clone() }
}

/// Whether what an account does on a side stays there.
pub(super) fn stays(input: &PlanInput<'_>, side: &SideId, author: Option<&AccountId>) -> bool {
    voice(input, side, author).is_outsiders()
}

/// Whether a comment or logged work stays as it stands: somebody wrote it, or changed it last, whose acts do.
pub(super) fn keeps(input: &PlanInput<'_>, side: &SideId, comment: &CommentSnapshot) -> bool {
    let author = comment.author.as_ref().map(|author| &author.account);
    let changed_by = comment.changed_by.as_ref().or_else(|| author.filter(|_| comment.updated == comment.created));
    stays(input, side, author) || stays(input, side, changed_by)
}

/// Whose a change is that has no entry since the last read. What an issue lies below can come to mean something else because that
/// became an item: then it is whoever put it there.
pub(super) fn unlogged(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> SideId {
    let field = row.sides.get(side).filter(|_| row.kind == FieldKind::Parent);
    let entry =
        field.and_then(|field| history(&observation.snapshot, field).last().map(|(entry, _)| entry.author.clone()));
    let maker = || observation.snapshot.creator.as_ref().map(|creator| creator.account.clone());
    let author = if field.is_some() { entry.unwrap_or_else(maker) } else { None };
    voice(draft.input, side, author.as_ref())
}

/// The first read of an issue that a person made, where some people's acts stay: each field's history tells whose it is. Where
/// the log does not say what stood there before somebody changed it whose acts stay, nothing of the field crosses.
pub(super) fn first_value(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let place = place(draft.input, &draft.nothing, row, side);
    let (Some(field), Some(now)) = (row.sides.get(side), current(&place, observation)) else { return };
    let made = corrected(draft, side, observation.snapshot.created);
    let history = history(&observation.snapshot, field);
    let maker = observation.snapshot.creator.as_ref().map(|creator| &creator.account);
    let entries = history.iter().map(|(entry, _)| {
        let author = entry.author.as_ref();
        (voice(draft.input, side, author), corrected(draft, side, entry.created), author)
    });
    let voices: Vec<_> = std::iter::once((voice(draft.input, side, maker), made, maker)).chain(entries).collect();
    let acts: Vec<_> = if voices.iter().all(|(voice, ..)| voice == side) {
        vec![(side.clone(), now, made, hand(observation, Some(field)))]
    } else if let Some(values) = values(&place, &history, &now) {
        let act = |((voice, at, author), value): ((_, _, Option<&AccountId>), _)| (voice, value, at, author.cloned());
        voices.into_iter().zip(values).map(act).collect()
    } else {
        vec![(side.outsiders(), now, made, None)]
    };
    for (index, (voice, value, at, author)) in acts.into_iter().enumerate() {
        if index > 0 || !value.is_empty() {
            take(draft, row, &Act { side: voice, value, at, overwritten_by: None, author });
        } else if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
            observe(replica.bases.entry(row.name.clone()).or_default(), value);
        }
    }
}

/// Who gave a field the value that was read, as far as the log says: the last who touched it, else whoever made the issue.
pub(super) fn hand(observation: &Observation, field: Option<&FieldId>) -> Option<AccountId> {
    let snapshot = &observation.snapshot;
    let last = field.and_then(|field| history(snapshot, field).last().map(|(entry, _)| entry.author.clone()));
    let maker = || snapshot.creator.as_ref().filter(|_| snapshot.log_whole).map(|creator| creator.account.clone());
    last.unwrap_or_else(maker)
}

/// The entries that touch a field, oldest first.
fn history<'s>(snapshot: &'s IssueSnapshot, field: &FieldId) -> Vec<(&'s LogEntry, &'s LogItem)> {
    let item = |entry: &'s LogEntry| Some((entry, entry.items.iter().rev().find(|item| &item.field == field)?));
    let mut history: Vec<_> = snapshot.log.iter().filter_map(item).collect();
    history.sort_by_key(|(entry, _)| entry.id);
    history
}

/// What a field was at first and after each entry. `None`: the log does not say.
fn values(place: &crate::mapping::Place<'_>, history: &[(&LogEntry, &LogItem)], now: &Value) -> Option<Vec<Value>> {
    if place.row.kind == FieldKind::Document {
        // Logged texts are not what is read, so what one author changed of them cannot be told from what stood there.
        return None;
    }
    let Some((_, first)) = history.first() else { return Some(vec![now.clone()]) };
    let turned = LogItem { to: first.from.clone(), to_text: first.from_text.clone(), ..(*first).clone() };
    let mut value = logged(place, &turned)?;
    let mut values = vec![value.clone()];
    for (index, (entry, item)) in history.iter().enumerate() {
        value = if index + 1 == history.len() {
            now.clone()
        } else {
            logged_elements(place, &entry.items, &value).or_else(|| logged(place, item))?
        };
        values.push(value.clone());
    }
    Some(values)
}

/// Counts what stays of an issue besides its fields.
pub(super) fn count(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    if !keeps_own(draft.input.sync, side) {
        return;
    }
    let (input, mut staying) = (draft.input, 0);
    for remark in Remark::ALL.into_iter().filter(|remark| input.sync.remarks(*remark).gives(side)) {
        let list = &observation.snapshot.remarks(remark).list;
        let ours = |comment: &&CommentSnapshot| {
            is_a_bridge(draft, side, comment.author.as_ref().map(|author| &author.account))
        };
        staying += list.iter().filter(|comment| !ours(comment) && keeps(input, side, comment)).count();
    }
    if input.sync.attachments.from.contains(side) {
        let files = observation.snapshot.attachments.iter().flatten();
        let theirs = |file: &crate::model::issue::AttachmentSnapshot| !is_a_bridge(draft, side, file.author.as_ref());
        staying += files.filter(|file| theirs(file) && stays(input, side, file.author.as_ref())).count();
    }
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        replica.staying = u32::try_from(staying).unwrap_or(u32::MAX);
    }
}

/// Says what stays.
pub(super) fn say(draft: &mut Draft<'_>) {
    const REMEDY: &str = "let somebody do it whose acts cross, or change `from` and `not-from`";
    let sync = draft.input.sync;
    for side in sync.side_ids() {
        for row in sync.fields.values().filter(|row| row.sides.contains_key(side)) {
            // Nobody knows who makes somebody a watcher: `check` says so once, and not of every issue that is watched.
            if row.kind == FieldKind::Watchers || !kept(draft, sync, row, side) {
                continue;
            }
            let why = format!("`{}` was changed here by somebody whose acts stay here: it is not carried", row.name);
            draft.hold(side, Some(&row.name), why, REMEDY);
        }
        let staying = draft.plan.item.replicas.get(side).map_or(0, |replica| replica.staying);
        if staying > 0 {
            let things = if staying == 1 { "1 comment or file" } else { "comments or files" };
            let why = if staying == 1 { things.to_owned() } else { format!("{staying} {things}") };
            draft.hold(side, None, format!("{why} of people whose acts stay here: not carried"), REMEDY);
        }
    }
}

fn kept(draft: &Draft<'_>, sync: &SyncSettings, row: &FieldRow, side: &SideId) -> bool {
    let (item, outsiders) = (&draft.plan.item, side.outsiders());
    let Some(own) = super::agreed_for(item, sync, row, side).filter(|own| own.acts.of(&outsiders) > 0) else {
        return false;
    };
    let value =
        |other: &SideId| super::agreed_for(item, sync, row, other).map_or(&Value::Empty, |agreed| &agreed.value);
    let sees = |other: &&SideId| sync.side(other).is_some_and(|settings| settings.sees.contains(side)) || row.across;
    row.sides.keys().filter(|other| *other != side).filter(sees).any(|other| !same(value(other), &own.value))
}
