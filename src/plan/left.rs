//! What stands although its original is gone, where the state was put back from a backup and nobody remembers what else became of it: it
//! stays, and is told until somebody deletes it or its original is back. Must never delete anything, nor make a second of what stands.

use std::collections::BTreeSet;

use super::comments::copy_body;
use super::matching::is_a_bridge;
use super::revisions::direct;
use super::{Draft, Observation, Wanted, agreed_for, place, restored};
use crate::mapping::native_link;
use crate::model::hub::{CommentRecord, ItemState, Terms, WrittenCopy};
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::{CommentSnapshot, Visibility};
use crate::model::left;
use crate::model::matching::Marked;
use crate::model::remark::Remark;
use crate::model::settings::{FieldKind, FieldRow, WhenDeleted};
use crate::text;

/// How many are named in one problem.
const MOST_NAMED: usize = 5;

/// Decides what is let be, once an item's issues were compared; lets go what is not to be any more; and tells the rest.
pub(super) fn settle(draft: &mut Draft<'_>) {
    keep(draft);
    find_again(draft);
    let all: Vec<SideId> = draft.plan.item.left.keys().cloned().collect();
    for side in &all {
        release(draft, side);
    }
    draft.plan.item.left.retain(|_, left| !left.is_empty());
    say(draft);
}

/// Whether a link is let be.
pub(super) fn is_kept(item: &ItemState, row: &FieldRow, side: &SideId, element: &str) -> bool {
    item.is_left(side, &left::link(&row.name, element))
}

/// Lets be what would be deleted, of the sides that were just compared.
fn keep(draft: &mut Draft<'_>) {
    let Some(before) = draft.input.item.matching.as_ref().filter(|before| before.restored || before.careful) else {
        return;
    };
    let open = draft.plan.item.matching.as_ref().map(|now| &now.sides);
    let compared: BTreeSet<&SideId> =
        before.sides.iter().filter(|side| open.is_none_or(|open| !open.contains(*side))).collect();
    if compared.is_empty() {
        return;
    }
    let item = &draft.plan.item;
    let now = |one: &SideId, other: &SideId| compared.contains(one) || compared.contains(other);
    let mut kept: Vec<(SideId, String)> = Vec::new();
    for remark in Remark::ALL {
        let deletes = draft.input.sync.remarks(remark).deleted == WhenDeleted::Delete;
        // A note is nobody's word: it comes and goes.
        for record in item.remarks(remark).iter().filter(|record| deletes && record.gone && !record.notice) {
            let copies = record.copies.iter().filter(|(side, _)| now(&record.side, side));
            kept.extend(copies.map(|(side, copy)| (side.clone(), left::remark(remark, copy))));
        }
    }
    let deletes = draft.input.sync.attachments.deleted != WhenDeleted::Keep;
    for record in item.attachments.iter().filter(|record| deletes && record.gone) {
        let copies = record.copies.iter().filter(|(side, copy)| !copy.gone && now(&record.side, side));
        kept.extend(copies.map(|(side, copy)| (side.clone(), left::file(&copy.id))));
    }
    // One that was deleted since a copy of it was, and that is there again.
    for record in item.attachments.iter().filter(|record| deletes && !record.gone) {
        let taken = record.copies.iter().any(|(side, copy)| copy.taken && now(&record.side, side));
        kept.extend(taken.then(|| (record.side.clone(), left::file(&record.id))));
    }
    for row in draft.input.sync.fields.values().filter(|row| row.kind == FieldKind::Links) {
        for side in item.replicas.keys() {
            let links = unwanted(draft, row, side);
            kept.extend(links.iter().map(|element| (side.clone(), left::link(&row.name, element))));
        }
    }
    if open.is_none() {
        let known = |marked: &&Marked| {
            let mut records = item.remarks(marked.remark).iter();
            records.any(|record| record.copies.get(&marked.side) == Some(&marked.copy))
        };
        let orphans: Vec<Marked> = before.marked.iter().filter(|marked| !known(marked)).cloned().collect();
        draft.plan.item.orphans.extend(orphans);
    }
    for (side, what) in kept {
        draft.plan.item.left.entry(side).or_default().insert(what);
    }
}

/// The links that a side holds and that are not agreed.
fn unwanted(draft: &Draft<'_>, row: &FieldRow, side: &SideId) -> BTreeSet<String> {
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let held = base.and_then(|base| base.value.as_ref()).map(crate::model::value::Value::words).unwrap_or_default();
    let agreed = agreed_for(&draft.plan.item, draft.input.sync, row, side);
    let wanted = agreed.map(|agreed| agreed.value.words()).unwrap_or_default();
    held.difference(&wanted).cloned().collect()
}

/// Copies whose mark names an original that was not there: where it is there after all, they are its copies.
fn find_again(draft: &mut Draft<'_>) {
    for marked in std::mem::take(&mut draft.plan.item.orphans) {
        let there = draft.plan.item.replicas.contains_key(&marked.side);
        let known = of(&draft.plan.item, &marked).is_some() || is_met_narrowed(draft, &marked);
        let reads = if known { direct(draft, &marked.side, marked.remark) } else { whole(draft, &marked) };
        let copy = reads.map(|read| read.snapshot.remarks(marked.remark).list.iter().find(|it| it.id == marked.copy));
        match copy {
            // It is looked at once it can be.
            None => draft.plan.item.orphans.extend(Some(marked).filter(|_| there)),
            Some(None) => {}
            Some(Some(copy)) if known => restored::bind(draft, marked.remark, &marked, copy),
            Some(Some(_)) => draft.plan.item.orphans.push(marked),
        }
    }
}

/// An original that was made and kept for few since the backup has no record: nothing of it goes anywhere. Its copy, of the time before
/// that, does not stay for it: then it gets one.
fn is_met_narrowed(draft: &mut Draft<'_>, marked: &Marked) -> bool {
    let Some(read) = direct(draft, &marked.origin, marked.remark) else { return false };
    let originals = &read.snapshot.remarks(marked.remark).list;
    let narrowed = |it: &&CommentSnapshot| it.id == marked.original && it.visibility != Visibility::Everybody;
    let Some(original) = originals.iter().find(narrowed) else { return false };
    let record = super::comments::new_record(&marked.origin, original);
    draft.plan.item.remarks_mut(marked.remark).push(record);
    true
}

fn of<'i>(item: &'i ItemState, marked: &Marked) -> Option<&'i CommentRecord> {
    item.remarks(marked.remark).iter().find(|record| record.side == marked.origin && record.id == marked.original)
}

/// A read of the copy's side, of all that is said there; nothing is asked for.
fn whole<'a>(draft: &Draft<'a>, marked: &Marked) -> Option<&'a Observation> {
    let read = draft.input.observed.get(&marked.side).filter(|read| read.direct && !draft.is_barred(&marked.side));
    read.filter(|read| read.snapshot.remarks(marked.remark).complete)
}

/// Whether a side has a copy of this whose original was not known: it gets no second one.
pub(super) fn has_orphan(item: &ItemState, record: &CommentRecord, side: &SideId, remark: Remark) -> bool {
    item.orphans.iter().any(|orphan| {
        let of_it = orphan.origin == record.side && orphan.original == record.id;
        of_it && orphan.remark == remark && &orphan.side == side
    })
}

/// Lets go what is not there any more, and what has an original again.
fn release(draft: &mut Draft<'_>, side: &SideId) {
    let read = draft.input.observed.get(side).filter(|_| !draft.is_barred(side));
    let item = &draft.plan.item;
    let (mut live, mut there, mut whole) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for remark in Remark::ALL {
        for record in item.remarks(remark).iter().filter(|record| !record.gone) {
            live.extend(record.copies.get(side).map(|copy| left::remark(remark, copy)));
        }
        if let Some(all) = read.map(|read| read.snapshot.remarks(remark)).filter(|all| all.complete) {
            there.extend(all.list.iter().map(|it| left::remark(remark, &it.id)));
            whole.push(left::kind(remark));
        }
    }
    for record in item.attachments.iter().filter(|record| !record.gone) {
        live.extend(record.copies.get(side).map(|copy| left::file(&copy.id)));
    }
    if let Some(files) = read.and_then(|read| read.snapshot.attachments.as_ref()) {
        there.extend(files.iter().map(|file| left::file(&file.id)));
        whole.push(left::FILE.to_owned());
    }
    for row in draft.input.sync.fields.values().filter(|row| row.kind == FieldKind::Links) {
        there.extend(unwanted(draft, row, side).iter().map(|element| left::link(&row.name, element)));
    }
    let is_link = |what: &String| what.starts_with(left::LINK);
    let is_read = |what: &String| is_link(what) || whole.iter().any(|kind| what.starts_with(kind.as_str()));
    let (gone, direct) = (!item.replicas.contains_key(side), read.is_some_and(|read| read.direct));
    let Some(mut left) = draft.plan.item.left.remove(side).filter(|_| !gone) else { return };
    let before = left.len();
    left.retain(|what| !live.contains(what));
    let missing = read.is_some() && left.iter().any(|what| !is_link(what) && !there.contains(what));
    // An index may be behind; and what was told of a side is told until it is read again.
    let reads = !direct && (missing || left.len() < before) && !draft.is_barred(side);
    if reads && draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed) {
        draft.want(side, Wanted::Comments);
    }
    left.retain(|what| there.contains(what) || !is_read(what) || !(direct || is_link(what)));
    draft.plan.item.left.insert(side.clone(), left);
}

/// Tells what stays, once all was compared: of links by their row, of the rest in one.
fn say(draft: &mut Draft<'_>) {
    if draft.plan.item.matching.is_some() {
        return;
    }
    let mut told = Vec::new();
    for (side, left) in &draft.plan.item.left {
        let said: Vec<String> = left.iter().filter(|what| !what.starts_with(left::LINK)).cloned().collect();
        told.push((side.clone(), None, said));
        for row in draft.input.sync.fields.values().filter(|row| row.kind == FieldKind::Links) {
            let here = place(draft.input, &draft.nothing, row, side);
            let links = unwanted(draft, row, side).into_iter().filter(|it| left.contains(&left::link(&row.name, it)));
            let to = |element: String| match native_link(&here, &element) {
                Ok(link) => format!("the link to {}", link.key),
                Err(_) => "a link".to_owned(),
            };
            told.push((side.clone(), Some(&row.name), links.map(to).collect()));
        }
    }
    for (side, row, mut names) in told.into_iter().filter(|(.., names)| !names.is_empty()) {
        let Some(replica) = draft.plan.item.replicas.get(&side) else { continue };
        let more = names.len().saturating_sub(MOST_NAMED);
        names.truncate(MOST_NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let why = format!(
            "{} holds what stands nowhere else now ({}); an older backup does not say that it may go, so it stays",
            replica.key,
            names.join(", ")
        );
        let remedy = "delete by hand what is not wanted; this ends once it is gone, or stands on the other side again";
        draft.hold(&side, row, why, remedy);
    }
}

/// Notes of ours that the state forgot are found again by their words, before they are written.
pub(super) fn find_notes(draft: &mut Draft<'_>) {
    let mut taken: BTreeSet<CommentId> = BTreeSet::new();
    for index in 0..draft.plan.item.comments.len() {
        let Some(record) = draft.plan.item.comments.get(index).filter(|record| record.notice && !record.gone) else {
            continue;
        };
        let Some((record, side)) = record.only.clone().map(|side| (record.clone(), side)) else { continue };
        let (false, Some(pending)) = (record.copies.contains_key(&side), &record.pending) else { continue };
        let Some(read) = draft.input.observed.get(&side) else { continue };
        for there in &read.snapshot.comments.list {
            let ours = is_a_bridge(draft, &side, there.author.as_ref().map(|author| &author.account));
            let name = left::remark(Remark::Comment, &there.id);
            if !ours || !draft.plan.item.is_left(&side, &name) || taken.contains(&there.id) {
                continue;
            }
            let says = (pending.author.as_str(), &pending.body);
            let Some((_, body)) = copy_body(draft, &record, says, &side, &there.body, Remark::Comment) else { break };
            let stands = super::comments::rich(draft, &side).read(&there.body);
            if !text::same(&stands, &body) {
                continue;
            }
            taken.insert(there.id.clone());
            if let Some(record) = draft.plan.item.comments.get_mut(index) {
                record.copies.insert(side.clone(), there.id.clone());
                record.written.insert(side.clone(), WrittenCopy { body, edits: 0, spent: None });
                if there.visibility != Visibility::Everybody {
                    let terms = Terms { of: record.visibility.clone(), under: there.visibility.clone() };
                    record.terms.insert(side.clone(), terms);
                }
            }
            break;
        }
    }
}
