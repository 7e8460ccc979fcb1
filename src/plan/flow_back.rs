//! What a person wrote into our copy of a comment, made on the original too: block by block, and only where everybody who reads
//! the comment may know of that person's side, and of what the copy's readers say. Must never change an original that was not just
//! read, and never let a partner's words, or what is said among few, reach another through home's comment.

use super::Draft;
use super::comments::rich;
use super::revisions::{SOMEBODY, copy_in, direct, overwritten};
use super::whose::{keeps, stays};
use crate::merge::document::merge;
use crate::model::document::{Block, Document};
use crate::model::hub::CommentRecord;
use crate::model::ids::{AccountId, CommentId, SideId};
use crate::model::issue::Visibility;
use crate::model::operation::{Action, Operation};
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::CopyEdits;
use crate::text;

/// Carries what stands in a side's copy back, if it may be. Says whether the copy is in hand: then nothing else is done to it.
pub(super) fn carry(
    draft: &mut Draft<'_>,
    index: usize,
    record: &CommentRecord,
    side: &SideId,
    copy: &CommentId,
) -> bool {
    if draft.input.sync.comments.copies != CopyEdits::FlowBack || obstacle(draft, record, side).is_some() {
        return false;
    }
    if is_under_way(draft, record) || is_planned(draft, record) {
        return true;
    }
    let (here, there) = (direct(draft, &record.side, Remark::Comment), direct(draft, side, Remark::Comment));
    let (Some(here), Some(there)) = (here, there) else { return true };
    let Some(original) = here.snapshot.comments.list.iter().find(|comment| comment.id == record.id) else {
        return false;
    };
    let Some(copied) = copy_in(record, side, there, Remark::Comment) else { return false };
    let (Some(said), Some(written)) = (&record.said, record.written.get(side)) else { return false };
    let terms = record.terms_of(side);
    let stands = rich(draft, side).read(&copied.body);
    let turned_back = record.turned_back.get(side).is_some_and(|(text, _)| text::same(text, &stands));
    // Whoever narrowed the copy meant it for fewer than read the original.
    if copied.visibility != terms.under || original.visibility != terms.of || turned_back {
        return false;
    }
    let preface = preface(record, &written.body);
    let before = without(preface, &written.body);
    let after = without(preface, &stands);
    let behind = written.edits < said.edits;
    // What the copy was made from is known only as it reads there, where the original moved on.
    let (before, after) = rich(draft, side).lift(&before, &after, if behind { &before } else { &said.body });
    // Where nobody else changed it, what differs beside the edit is our own loss: there the edit stands.
    let merged = if behind { merge(&before, &said.body, &after) } else { merge(&before, &after, &said.body) };
    if behind && !merged.conflicts.is_empty() {
        overwritten(draft, (index, Remark::Comment), record, said, side, copied, &stands);
    }
    if merged.document.is_empty() || text::same(&merged.document, &said.body) {
        return false;
    }
    let home = rich(draft, &record.side);
    let body = home.write(&merged.document, &original.body);
    let action = Action::EditOriginal {
        comment: record.id.clone(),
        by: side.clone(),
        copy: copy.clone(),
        wanted: home.read(&body),
        expects: home.read(&original.body),
        body,
        carried: stands,
    };
    draft.plan.operations.push(Operation { side: record.side.clone(), action });
    true
}

/// Why what people write into a side's copy cannot be made on the original, in words; `None`: it can.
pub(super) fn obstacle(draft: &Draft<'_>, record: &CommentRecord, side: &SideId) -> Option<String> {
    let sync = draft.input.sync;
    let origin = &record.side;
    let sees = |who: &SideId, whom: &SideId| sync.side(who).is_some_and(|settings| settings.sees.contains(whom));
    if !sees(origin, side) {
        return Some(format!("`{origin}` may not see what the people of `{side}` write"));
    }
    // What is said there is for those alone to whom the configuration would have it go, were it said there first.
    let under = record.terms_of(side).under;
    let told = |to: &SideId, readers: &Visibility| match sync.comments.route(side, &under, to) {
        None => under == Visibility::Everybody,
        Some(there) => &there == readers && sync.comments.unfit(side, &under, to, draft.input.catalogs).is_none(),
    };
    if !told(origin, &record.visibility) {
        return Some(format!("what {under} reads there is not for all who read the original on `{origin}`"));
    }
    // Also one that has no counterpart yet, or is not fit for it now: the words would be in the comment when it gets one.
    let reads = |other: &&SideId| {
        let is_third = *other != side && *other != origin && sees(other, origin);
        is_third && record.only.as_ref().is_none_or(|only| only == *other)
    };
    for other in sync.side_ids().filter(reads) {
        let Some(readers) = sync.comments.route(origin, &record.visibility, other) else { continue };
        if !sees(other, side) {
            return Some(format!(
                "`{other}` reads this comment too, and may not see what the people of `{side}` write"
            ));
        }
        if !told(other, &readers) {
            return Some(format!(
                "`{other}` reads this comment too, and what {under} reads there is not for all of them"
            ));
        }
    }
    let by = record.strayed.get(side).map(|by| Some(AccountId::from(by.as_str())).filter(|by| by.as_str() != SOMEBODY));
    if by.is_some_and(|by| stays(draft.input, side, by.as_ref())) {
        return Some("it was changed by somebody whose acts stay there".to_owned());
    }
    let original = draft
        .input
        .observed
        .get(origin)
        .and_then(|read| read.snapshot.comments.list.iter().find(|comment| comment.id == record.id));
    if original.is_some_and(|original| keeps(draft.input, origin, original)) {
        return Some("somebody whose acts stay there changed the original".to_owned());
    }
    if draft.is_barred(side) || draft.is_barred(origin) {
        return Some("an issue has a security level".to_owned());
    }
    (draft.catalog(origin).edits_all_comments != Some(true)).then(|| {
        let needed = needed(sync, origin, Function::PeoplesComments, &[Right::EditAllComments]);
        format!("the sync user may not edit what others wrote there: {needed}")
    })
}

/// Whether a write to the original is not settled: its copies wait for it.
pub(super) fn is_under_way(draft: &Draft<'_>, record: &CommentRecord) -> bool {
    draft
        .unsettled(&record.side)
        .any(|intent| matches!(&intent.operation.action, Action::EditOriginal { comment, .. } if comment == &record.id))
}

/// Whether the same plan carries another copy back: what is to go on top of that is known when it was done.
fn is_planned(draft: &Draft<'_>, record: &CommentRecord) -> bool {
    draft.plan.operations.iter().any(|operation| {
        let changes = matches!(&operation.action, Action::EditOriginal { comment, .. } if comment == &record.id);
        changes && operation.side == record.side
    })
}

/// What of a copy is not the original's text: the header, and the line that says whom it answers.
fn preface<'w>(record: &CommentRecord, written: &'w Document) -> &'w [Block] {
    let answers = record.parent.is_some() && matches!(written.blocks.get(1), Some(Block::Quote(_)));
    written.blocks.get(..if answers { 2 } else { 1 }).unwrap_or_default()
}

/// A text without those blocks of the preface that it begins with.
fn without(preface: &[Block], text: &Document) -> Document {
    let mut rest = text.blocks.as_slice();
    for block in preface {
        if let Some((first, others)) = rest.split_first()
            && text::key(first) == text::key(block)
        {
            rest = others;
        }
    }
    Document { blocks: rest.to_vec() }
}
