//! What happens to a comment, or to logged work, after it was copied: an edit of the original is made on the copies, and copies of what is not there
//! any more are withdrawn. Must never change or delete anything but our own copies, never on the word of an index, and never
//! lose what a person wrote into a copy.

use std::collections::BTreeSet;

use super::comments::{copy_body, is_shut, leaks, readers, rich};
use super::flow_back;
use super::fold::corrected;
use super::matching::is_a_bridge;
use super::{Draft, Observation, Wanted};
use crate::model::document::Document;
use crate::model::hub::{Audience, CommentRecord, Conflict, LaidOpen, Said, WrittenCopy};
use crate::model::ids::{CommentId, FieldName, SideId};
use crate::model::issue::{CommentSnapshot, Visibility};
use crate::model::left;
use crate::model::operation::{Action, Intent, Operation};
use crate::model::remark::{Remark, Spent};
use crate::model::settings::{CopyEdits, WhenDeleted, WhenNarrowed};
use crate::model::value::Value;
use crate::planted::{Bug, is_planted};
use crate::text;

/// Who changed a copy, where Jira does not say.
pub(super) const SOMEBODY: &str = "somebody";

/// Takes in what an original says now.
pub(super) fn hear(record: &mut CommentRecord, body: Document, author: String, spent: Option<Spent>) {
    match &mut record.said {
        None => record.said = Some(Said { body, author, edits: 0, spent }),
        Some(said) if !text::same(&said.body, &body) || !Spent::same(said.spent, spent) => {
            *said = Said { body, author, edits: said.edits.saturating_add(1), spent };
            // What Jira refused was the old text.
            record.refused.clear();
        }
        Some(_) => {}
    }
}

/// Takes in how a side's copies stand: one that somebody else changed is noted, and one that is to be internal and is open.
pub(super) fn look_at_copies(draft: &mut Draft<'_>, side: &SideId, observation: &Observation, remark: Remark) {
    for index in 0..draft.plan.item.remarks(remark).len() {
        let Some(record) = draft.plan.item.remarks(remark).get(index) else { continue };
        let Some(there) = copy_in(record, side, observation, remark) else {
            // Deleted by a person: nothing stands there that could be lost.
            if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
                record.strayed.remove(side);
                record.laid_open.remove(side);
            }
            continue;
        };
        let stands = rich(draft, side).read(&there.body);
        let as_written = record
            .written
            .get(side)
            .is_none_or(|written| text::same(&written.body, &stands) && Spent::same(written.spent, there.spent));
        let ours = is_a_bridge(draft, side, there.changed_by.as_ref());
        let by = there.changed_by.as_ref().map_or_else(|| SOMEBODY.to_owned(), ToString::to_string);
        let stray = (!ours && !as_written).then_some(by);
        let open = record.terms_of(side).under == Visibility::Internal && there.visibility == Visibility::Everybody;
        // Who takes words out of a note that lies open does not lay it open.
        let lay_open = record.laid_open.get(side) == Some(&LaidOpen::ByItself);
        let by_itself = ours || there.changed_by.is_none() || lay_open;
        let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) else { continue };
        match stray {
            Some(account) => drop(record.strayed.insert(side.clone(), account)),
            None => drop(record.strayed.remove(side)),
        }
        if open {
            let by = if by_itself { LaidOpen::ByItself } else { LaidOpen::BySomebody };
            record.laid_open.insert(side.clone(), by);
        } else {
            record.laid_open.remove(side);
        }
    }
}

/// Plans the edits and deletions of copies.
pub(super) fn revise(draft: &mut Draft<'_>, remark: Remark) {
    let mut flowing = BTreeSet::new();
    for index in 0..draft.plan.item.remarks(remark).len() {
        let Some(record) = draft.plan.item.remarks(remark).get(index).cloned() else { continue };
        for (side, copy) in &record.copies {
            if record.gone {
                withdraw(draft, (index, remark), &record, side, copy);
            } else if is_narrowed(draft, &record, side, remark) {
                narrow(draft, (index, remark), &record, side, copy);
            } else if record.strayed.contains_key(side)
                && remark == Remark::Comment
                && flow_back::carry(draft, index, &record, side, copy)
            {
                flowing.insert((index, side.clone()));
            } else {
                bring_up_to_date(draft, index, &record, side, copy, remark);
            }
        }
    }
    strays(draft, remark, &flowing);
    say_laid_open(draft, remark);
}

/// The observation of a side that is good enough to change its comments on; `None`: it was asked for, or is not to be had now.
pub(super) fn direct<'a>(draft: &mut Draft<'a>, side: &SideId, remark: Remark) -> Option<&'a Observation> {
    read_itself(draft, side).filter(|observation| observation.snapshot.remarks(remark).complete)
}

/// The observation of a side by its issue itself, whatever came of its comments; `None`: as above.
fn read_itself<'a>(draft: &mut Draft<'a>, side: &SideId) -> Option<&'a Observation> {
    if draft.is_barred(side) || !draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed) {
        return None;
    }
    let observation = draft.input.observed.get(side).filter(|observation| observation.direct);
    if observation.is_none() {
        draft.want(side, Wanted::Comments);
    }
    observation
}

pub(super) fn copy_in<'o>(
    record: &CommentRecord,
    side: &SideId,
    observation: &'o Observation,
    remark: Remark,
) -> Option<&'o CommentSnapshot> {
    let copy = record.copies.get(side)?;
    observation.snapshot.remarks(remark).list.iter().find(|comment| &comment.id == copy)
}

/// Whether a write to this copy is not settled yet.
fn is_under_way(draft: &Draft<'_>, side: &SideId, id: &CommentId, remark: Remark) -> bool {
    draft.unsettled(side).any(|intent| {
        let (Action::EditComment { copy, remark: kind, .. } | Action::DeleteComment { copy, remark: kind, .. }) =
            &intent.operation.action
        else {
            return false;
        };
        copy == id && *kind == remark
    })
}

fn bring_up_to_date(
    draft: &mut Draft<'_>,
    index: usize,
    record: &CommentRecord,
    side: &SideId,
    copy: &CommentId,
    remark: Remark,
) {
    let sync = draft.input.sync;
    let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
    // Where the configuration lets nothing pass any more, what stands there stays as it is.
    let passes = sees && readers(draft, record, side, remark).is_some() && !stays_inside(draft, record, side, remark);
    let Some(said) = &record.said else { return };
    // A copy from before texts were kept shows the first one.
    let shown = record.written.get(side).map_or(0, |written| written.edits);
    if !passes {
        if sees && shown < said.edits {
            kept_back(draft, record, side, copy, remark);
        }
        return;
    }
    let behind = shown < said.edits || record.emptied.contains(side);
    let refused = record.refused.contains_key(side);
    let drifted = drifted(draft, record, side, remark);
    let flows_back = remark == Remark::Comment && flow_back::is_under_way(draft, record);
    let waits = is_under_way(draft, side, copy, remark) || flows_back || is_shut(draft, record);
    if !(behind || drifted) || refused || waits {
        return;
    }
    let Some(observation) = direct(draft, side, remark) else { return };
    let Some(there) = copy_in(record, side, observation, remark) else {
        // A person deleted it: it is not made again.
        note(draft, (index, remark), side, None, said);
        return;
    };
    if record.terms_of(side).under == Visibility::Internal && there.visibility == Visibility::Everybody {
        hold_open(draft, side, copy, record.laid_open.get(side).copied().unwrap_or(LaidOpen::BySomebody));
        return;
    }
    let stands = rich(draft, side).read(&there.body);
    let says = (said.author.as_str(), &said.body);
    let Some((body, wanted)) = copy_body(draft, record, says, side, &there.body, remark) else { return };
    if text::same(&stands, &wanted) && Spent::same(said.spent, there.spent) {
        note(draft, (index, remark), side, Some(wanted), said);
        return;
    }
    if record.strayed.contains_key(side) {
        overwritten(draft, (index, remark), record, said, side, there, &stands);
    }
    let (origin, comment, copy) = (record.side.clone(), record.id.clone(), copy.clone());
    let (edits, spent) = (said.edits, said.spent);
    let action = Action::EditComment { remark, origin, comment, copy, body, wanted, edits, spent, emptied: false };
    draft.plan.operations.push(Operation { side: side.clone(), action });
}

/// Says that an edit stays out of a copy that is internal to a service desk, or that customers of one would read. Any other copy that the
/// configuration lets nothing pass to any more stands as it is, which nobody has to be told.
fn kept_back(draft: &mut Draft<'_>, record: &CommentRecord, side: &SideId, copy: &CommentId, remark: Remark) {
    let rules = draft.input.sync.remarks(remark);
    let unfit = rules.unfit(&record.side, &record.visibility, side, draft.input.catalogs).is_some();
    let inside = record.terms_of(side).under == Visibility::Internal;
    let is_told = record.laid_open.contains_key(side) || inside && leaks(draft, side);
    let would_open = stays_inside(draft, record, side, remark);
    if is_told || record.emptied.contains(side) || !(unfit || would_open) {
        return;
    }
    let (why, remedy) = if unfit {
        (
            format!(
                "what was said since is not written into comment {copy}: customers could read it, since a project is not known to be what the configuration takes it for, or the sync user is no agent there"
            ),
            "see what `jirasyncd check` says of the service desks",
        )
    } else {
        (
            format!(
                "what was said since is not written into comment {copy}: it is internal, and the configuration would have it open to customers now"
            ),
            "put the row of `restricted` back",
        )
    };
    draft.hold(side, None, why, remedy);
}

/// Says of every copy that is to be internal and that everybody could read when it was last read, that customers can.
fn say_laid_open(draft: &mut Draft<'_>, remark: Remark) {
    let mut found: Vec<(SideId, CommentId, LaidOpen)> = Vec::new();
    let is_there = |side: &&SideId| {
        let replica = draft.plan.item.replicas.get(*side);
        draft.input.sync.side(side).is_some() && replica.is_some_and(|replica| replica.away.is_none())
    };
    for record in draft.plan.item.remarks(remark) {
        for (side, by) in record.laid_open.iter().filter(|(side, _)| is_there(side)) {
            found.extend(record.copies.get(side).map(|copy| (side.clone(), copy.clone(), *by)));
        }
    }
    for (side, copy, by) in found {
        hold_open(draft, &side, &copy, by);
    }
}

fn hold_open(draft: &mut Draft<'_>, side: &SideId, copy: &CommentId, by: LaidOpen) {
    let (why, remedy) = match by {
        LaidOpen::BySomebody => (
            format!(
                "comment {copy} is a copy that is to be internal, and was laid open here: everybody can read it, and what is said from now on is not written into it"
            ),
            "make it internal again, or delete it by hand",
        ),
        LaidOpen::ByItself => (
            format!(
                "comment {copy} was written as an internal one, and everybody can read it: nothing internal is written to this issue while it stands so"
            ),
            "delete it by hand, or make it internal; where `jirasyncd probe` says that this Jira keeps no comment internal, share none with it",
        ),
    };
    draft.hold(side, None, why, remedy);
}

/// Whether a copy holds an older text of ours: a write that landed late. What else a Jira makes of our text is its own, and is
/// not written again and again.
fn drifted(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> bool {
    let (Some(written), Some(observation)) = (record.written.get(side), draft.input.observed.get(side)) else {
        return false;
    };
    let Some(there) = copy_in(record, side, observation, remark) else { return false };
    let stands = rich(draft, side).read(&there.body);
    let shows =
        |wanted: &Document, spent: Option<Spent>| text::same(wanted, &stands) && Spent::same(spent, there.spent);
    let is_older = |intent: &&Intent| {
        let action = &intent.operation.action;
        if let Action::EditComment { remark: kind, copy, wanted, edits, spent, emptied, .. } = action {
            let is_older = *edits < written.edits || *emptied != record.emptied.contains(side);
            return *kind == remark && copy == &there.id && is_older && shows(wanted, *spent);
        }
        let Action::AddComment { wanted, edits, spent, .. } = action else { return false };
        action.original() == Some((remark, &record.side, &record.id)) && *edits < written.edits && shows(wanted, *spent)
    };
    let mut ours = draft.input.intents.iter().filter(|intent| &intent.operation.side == side);
    !shows(&written.body, written.spent) && ours.any(|intent| is_older(&intent))
}

/// The copy is known to hold this now, or not to be there.
fn note(draft: &mut Draft<'_>, (index, remark): (usize, Remark), side: &SideId, body: Option<Document>, said: &Said) {
    let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) else { return };
    let body = body.or_else(|| record.written.remove(side).map(|written| written.body)).unwrap_or_default();
    record.written.insert(side.clone(), WrittenCopy { body, edits: said.edits, spent: said.spent });
    record.strayed.remove(side);
    record.emptied.remove(side);
}

/// A person changed the copy, and others the original: the original stands, and what the person wrote is kept as a conflict.
pub(super) fn overwritten(
    draft: &mut Draft<'_>,
    (index, remark): (usize, Remark),
    record: &CommentRecord,
    said: &Said,
    side: &SideId,
    there: &CommentSnapshot,
    stands: &Document,
) {
    let mut lost = stands.clone();
    if let Some(spent) = there.spent {
        lost.blocks.extend(text::from_plain(&spent.in_words()).blocks);
    }
    let conflict = Conflict {
        field: FieldName::from(remark.word()),
        audience: Audience(BTreeSet::from([record.side.clone(), side.clone()])),
        winner: record.side.clone(),
        kept: Value::Document(said.body.clone()),
        loser: side.clone(),
        lost: Value::Document(lost.clone()),
        at: corrected(draft, side, there.updated),
        overwritten_by: None,
    };
    // Recorded once, however often the write has to be tried; the copy is a person's until it is done.
    let now = draft.plan.item.remarks(remark).get(index);
    if now.and_then(|record| record.recorded.get(side)).is_some_and(|recorded| text::same(recorded, &lost)) {
        return;
    }
    draft.plan.conflicts.push(conflict);
    if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
        record.recorded.insert(side.clone(), lost);
    }
}

/// What stands in place of a text that may not be read there any more. The same for every comment: it tells nothing.
const NOTICE: &str = "This comment is not shared here any more.";

/// Who is to read a side's copy of a comment, where the projects are fit for it.
fn routed(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> Option<Visibility> {
    let rules = draft.input.sync.remarks(remark);
    rules.fit_route(&record.side, &record.visibility, side, draft.input.catalogs)
}

/// Whether a copy is internal to a service desk and would be open to everybody by the word of the configuration alone: what was said
/// behind the customers' backs is not shown to them because a row is gone.
fn stays_inside(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> bool {
    let terms = record.terms_of(side);
    terms.under == Visibility::Internal
        && record.visibility == terms.of
        && routed(draft, record, side, remark) == Some(Visibility::Everybody)
}

/// Whether the readers of an original, or what becomes of such comments on a side, are others than when the copy was made.
/// What only the configuration forbids now stays as it is, and so does what it would only now show to customers.
fn is_narrowed(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> bool {
    let terms = record.terms_of(side);
    let others = routed(draft, record, side, remark).is_some_and(|readers| readers != terms.under);
    !is_planted(Bug::NarrowedStays)
        && (record.visibility != terms.of || others && !stays_inside(draft, record, side, remark))
}

/// A copy that its readers may not have any more is deleted, or a notice takes the place of its text. Where the comment may
/// be read by others there, its copy is always made anew.
fn narrow(
    draft: &mut Draft<'_>,
    (index, remark): (usize, Remark),
    record: &CommentRecord,
    side: &SideId,
    copy: &CommentId,
) {
    let sync = draft.input.sync;
    let moves = routed(draft, record, side, remark).is_some();
    if moves || sync.remarks(remark).narrowed == WhenNarrowed::Delete {
        delete(draft, (index, remark), record, side, copy);
        return;
    }
    let notice = text::from_plain(NOTICE);
    // A late text of ours would stand open again. What else a Jira makes of the notice is its own.
    let is_done = record.emptied.contains(side) && !drifted(draft, record, side, remark);
    if is_done || is_under_way(draft, side, copy, remark) {
        return;
    }
    let (origin, there) = (direct(draft, &record.side, remark), direct(draft, side, remark));
    let (Some(_), Some(observation)) = (origin, there) else { return };
    let Some(there) = copy_in(record, side, observation, remark) else {
        if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
            record.forget(side);
        }
        return;
    };
    if draft.plan.item.remarks(remark).get(index).is_some_and(|record| record.strayed.contains_key(side)) {
        return;
    }
    let rich = rich(draft, side);
    let body = rich.write(&notice, &there.body);
    let wanted = rich.read(&body);
    let (origin, comment, copy) = (record.side.clone(), record.id.clone(), copy.clone());
    let edits = record.written.get(side).map_or(0, |written| written.edits);
    let spent = record.written.get(side).and_then(|written| written.spent);
    let action = Action::EditComment { remark, origin, comment, copy, body, wanted, edits, spent, emptied: true };
    draft.plan.operations.push(Operation { side: side.clone(), action });
}

fn withdraw(
    draft: &mut Draft<'_>,
    (index, remark): (usize, Remark),
    record: &CommentRecord,
    side: &SideId,
    copy: &CommentId,
) {
    if draft.plan.item.is_left(side, &left::remark(remark, copy)) {
        return;
    }
    // A note about a file that came, or that is gone or not to be known there, is nobody's word.
    if draft.input.sync.remarks(remark).deleted == WhenDeleted::Delete || record.only.is_some() {
        delete(draft, (index, remark), record, side, copy);
    }
}

fn delete(
    draft: &mut Draft<'_>,
    (index, remark): (usize, Remark),
    record: &CommentRecord,
    side: &SideId,
    copy: &CommentId,
) {
    if is_under_way(draft, side, copy, remark) {
        return;
    }
    // The original is gone by the word of the issue itself, read whole; `gone` follows every read that was taken in.
    // A note is gone by what is known of its file, which needs no comments of the file's side: they may not be carried.
    let origin =
        if record.only.is_some() { read_itself(draft, &record.side) } else { direct(draft, &record.side, remark) };
    let there = direct(draft, side, remark);
    let (Some(_), Some(observation)) = (origin, there) else { return };
    if copy_in(record, side, observation, remark).is_none() {
        if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
            record.forget(side);
        }
        return;
    }
    if draft.plan.item.remarks(remark).get(index).is_some_and(|record| record.strayed.contains_key(side)) {
        return;
    }
    let (origin, comment) = (record.side.clone(), record.id.clone());
    let action = Action::DeleteComment { remark, origin, comment, copy: copy.clone() };
    draft.plan.operations.push(Operation { side: side.clone(), action });
}

/// Why what stands in a copy stays there, though it may flow back.
fn kept(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> String {
    if draft.input.sync.remarks(remark).copies == CopyEdits::Hold {
        return String::new();
    }
    let turned_back = record.turned_back.get(side).map(|(_, why)| format!("Jira refused it there: {why}"));
    let why = flow_back::obstacle(draft, record, side).or(turned_back);
    why.map_or_else(String::new, |why| format!("; it cannot flow back, since {why}"))
}

/// Copies that somebody else changed stay visible until the original changes.
fn strays(draft: &mut Draft<'_>, remark: Remark, flowing: &BTreeSet<(usize, SideId)>) {
    let word = remark.word();
    let mut strays = Vec::new();
    for (index, record) in draft.plan.item.remarks(remark).iter().enumerate() {
        let told = |side: &&SideId| record.copies.contains_key(*side) && !flowing.contains(&(index, (*side).clone()));
        for side in record.strayed.keys().filter(told) {
            let copy = record.copies.get(side).map(ToString::to_string).unwrap_or_default();
            strays.push((
                side.clone(),
                copy,
                record.gone || is_narrowed(draft, record, side, remark),
                kept(draft, record, side, remark),
            ));
        }
    }
    for (side, copy, gone, kept) in strays {
        let (why, remedy) = if gone {
            (
                format!(
                    "the original of {word} {copy} is not there any more, or not for this side, but its copy was changed here: it stays"
                ),
                "delete the copy by hand if it is not wanted",
            )
        } else {
            (
                format!(
                    "{word} {copy} is a copy, and was changed here: the original was not, and its next edit replaces this{kept}"
                ),
                "write one of its own instead, or have the original changed",
            )
        };
        draft.hold(&side, None, why, remedy);
    }
}
