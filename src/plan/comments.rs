//! Comments: people's are collected where they are written, and copied to every side that may see them, in the order they
//! were written. Must never copy a restricted or internal one, a copy, or one of the sync user's own.

use jiff::Timestamp;

use super::fold::corrected;
use super::revisions::{hear, look_at_copies};
use super::{Draft, Observation, Wanted};
use crate::mapping::Rich;
use crate::mapping::header::{DEFAULT_HEADER, render};
use crate::model::document::Document;
use crate::model::hub::{CommentRecord, PendingComment, Said};
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, Operation};

/// Takes in the comments that people wrote on a side.
pub(super) fn collect(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    let comments = &observation.snapshot.comments;
    if comments.complete {
        look_at_copies(draft, side, observation);
    }
    if !draft.input.sync.comments.from.contains(side) || !comments.complete {
        return;
    }
    let us = draft.catalog(side).sync_user.clone();
    for comment in &comments.list {
        let author = comment.author.as_ref();
        let ours = us.is_some() && author.map(|author| &author.account) == us.as_ref();
        let records = &draft.plan.item.comments;
        let copy = records.iter().any(|record| record.copies.get(side) == Some(&comment.id));
        if comment.restricted || ours || copy {
            continue;
        }
        let pending = PendingComment {
            body: rich(draft, side).read(&comment.body),
            author: author.map_or_else(|| "somebody".to_owned(), |author| author.display_name.clone()),
            created: corrected(draft, side, comment.created),
        };
        if let Some(known) = records.iter().position(|record| &record.side == side && record.id == comment.id) {
            if let Some(record) = draft.plan.item.comments.get_mut(known) {
                hear(record, pending.body.clone(), pending.author.clone());
            }
            let records = &draft.plan.item.comments;
            // A copy that waits gets the text as it is now, and a side that joined after it was forgotten is still to get one.
            let wanted = records.get(known).is_some_and(|record| {
                record.pending.is_some() || sides_of(draft).any(|other| receives(draft, record, other))
            });
            if let Some(record) = draft.plan.item.comments.get_mut(known) {
                record.pending = Some(pending).filter(|_| wanted).or_else(|| record.pending.take());
            }
            continue;
        }
        draft.plan.item.comments.push(CommentRecord {
            side: side.clone(),
            id: comment.id.clone(),
            copies: std::collections::BTreeMap::new(),
            refused: std::collections::BTreeMap::new(),
            said: Some(Said { body: pending.body.clone(), author: pending.author.clone(), edits: 0 }),
            pending: Some(pending),
            gone: false,
            written: std::collections::BTreeMap::new(),
            strayed: std::collections::BTreeMap::new(),
            recorded: std::collections::BTreeMap::new(),
        });
    }
    for record in draft.plan.item.comments.iter_mut().filter(|record| &record.side == side) {
        record.gone = !comments.list.iter().any(|comment| comment.id == record.id && !comment.restricted);
    }
}

/// Plans the copies that are missing, and forgets texts that are needed no more.
pub(super) fn copy(draft: &mut Draft<'_>) {
    let sync = draft.input.sync;
    let mut operations: Vec<((Timestamp, usize, CommentId), Operation)> = Vec::new();
    let records = draft.plan.item.comments.clone();
    for (index, record) in records.iter().enumerate() {
        let Some(pending) = &record.pending else {
            read_again(draft, record);
            continue;
        };
        let order = sync.side_ids().position(|side| side == &record.side).unwrap_or(usize::MAX);
        let mut waiting = false;
        for side in &sync.sides {
            if !receives(draft, record, &side.id) {
                continue;
            }
            waiting = true;
            if let Some(operation) = copy_to(draft, record, pending, &side.id) {
                operations.push(((pending.created, order, record.id.clone()), operation));
            }
        }
        if !waiting && let Some(record) = draft.plan.item.comments.get_mut(index) {
            record.pending = None;
        }
    }
    operations.sort_by(|left, right| left.0.cmp(&right.0));
    draft.plan.operations.extend(operations.into_iter().map(|(_, operation)| operation));
    refusals(draft);
}

fn sides_of<'d>(draft: &'d Draft<'_>) -> impl Iterator<Item = &'d SideId> {
    draft.input.sync.side_ids()
}

/// A side joined after a comment's text was forgotten: the text is read again where it was written.
fn read_again(draft: &mut Draft<'_>, record: &CommentRecord) {
    let just_read = draft.input.observed.contains_key(&record.side);
    let due = |side: &SideId| {
        let observed = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed);
        observed && receives(draft, record, side)
    };
    if !just_read && draft.plan.item.replicas.contains_key(&record.side) && sides_of(draft).any(due) {
        let side = record.side.clone();
        draft.want(&side, Wanted::Comments);
    }
}

/// Whether a side is still to get a copy, now or when it has a replica.
fn receives(draft: &Draft<'_>, record: &CommentRecord, side: &SideId) -> bool {
    let sync = draft.input.sync;
    let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
    let place = draft.plan.item.replicas.contains_key(side) || draft.input.belongs.contains(side);
    side != &record.side
        && !record.gone
        && sync.comments.to.contains(side)
        && sees
        && place
        && !record.copies.contains_key(side)
        && !record.refused.contains_key(side)
}

fn copy_to(
    draft: &mut Draft<'_>,
    record: &CommentRecord,
    pending: &PendingComment,
    side: &SideId,
) -> Option<Operation> {
    let replica = draft.plan.item.replicas.get(side).filter(|_| !draft.is_barred(side))?;
    let under_way = draft.unsettled(side).any(|intent| match &intent.operation.action {
        Action::AddComment { origin, comment, .. } => origin == &record.side && comment == &record.id,
        // Nothing is added to what may not be there.
        Action::Create { .. } => true,
        Action::SetFields { .. }
        | Action::Transition { .. }
        | Action::EditComment { .. }
        | Action::DeleteComment { .. }
        | Action::Offer { .. }
        | Action::Link { .. }
        | Action::AddFile { .. }
        | Action::DeleteFile { .. }
        | Action::AddIssueLink { .. }
        | Action::DeleteIssueLink { .. } => false,
    });
    if !replica.observed || under_way {
        return None;
    }
    let (body, wanted) = copy_body(draft, record, &pending.author, &pending.body, side, &NativeValue::Empty)?;
    let edits = record.said.as_ref().map_or(0, |said| said.edits);
    let (origin, comment) = (record.side.clone(), record.id.clone());
    let action = Action::AddComment { origin, comment, body, wanted, edits };
    Some(Operation { side: side.clone(), action })
}

/// What a copy is to hold, over what it holds now, and the same as it will be read back.
pub(super) fn copy_body(
    draft: &mut Draft<'_>,
    record: &CommentRecord,
    author: &str,
    body: &Document,
    side: &SideId,
    last: &NativeValue,
) -> Option<(NativeValue, Document)> {
    let template = draft.input.sync.comments.header.get(side).map_or(DEFAULT_HEADER, String::as_str);
    let header = match render(template, author, &record.side) {
        Ok(header) => header,
        Err(why) => {
            let remedy = format!("correct `comments.header.{side}`");
            draft.hold(side, None, format!("the header of comments cannot be made: {why}"), &remedy);
            return None;
        }
    };
    let document = crate::text::with_header(&header, body);
    let rich = Rich { origin: Some(&record.side), ..rich(draft, side) };
    let body = rich.write(&document, last);
    let wanted = rich.read(&body);
    Some((body, wanted))
}

/// A side, as far as its texts go.
pub(super) fn rich<'d>(draft: &'d Draft<'_>, side: &'d SideId) -> Rich<'d> {
    Rich {
        sync: draft.input.sync,
        side,
        catalog: draft.catalog(side),
        references: draft.input.references,
        origin: None,
    }
}

/// Copies that Jira refused stay visible.
fn refusals(draft: &mut Draft<'_>) {
    let refused: Vec<(SideId, String)> = draft
        .plan
        .item
        .comments
        .iter()
        .flat_map(|record| record.refused.iter().map(|(side, why)| (side.clone(), why.clone())))
        .collect();
    for (side, why) in refused {
        draft.hold(
            &side,
            None,
            format!("Jira refused the copy of a comment: {why}"),
            "read Jira's message; the comment stays where it was written",
        );
    }
}
