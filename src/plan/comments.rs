//! Comments and logged work: people's are collected where they are written, and copied to every side that may see them, in the
//! order they were written. Must never copy a restricted or internal one further than a row says, a copy, or one of the sync
//! user's own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::fold::corrected;
use super::left::has_orphan;
use super::matching::{is_a_bridge, waits};
use super::revisions::{hear, look_at_copies};
use super::whose::keeps;
use super::{Draft, Observation, Wanted};
use crate::mapping::Rich;
use crate::mapping::header::{DEFAULT_HEADER, in_one_line, render};
use crate::model::catalog::Catalog;
use crate::model::document::{Block, Document, Inline};
use crate::model::hub::{CommentRecord, LaidOpen, PendingComment, Said, Terms};
use crate::model::ids::{CommentId, SideId};
use crate::model::issue::{CommentSnapshot, NativeValue, Visibility};
use crate::model::operation::{Action, Operation};
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::routes::Unfit;
use crate::model::settings::CommentSettings;
use crate::planted::{Bug, is_planted};

/// Takes in the comments that people wrote on a side.
pub(super) fn collect(draft: &mut Draft<'_>, side: &SideId, observation: &Observation, remark: Remark) {
    let comments = observation.snapshot.remarks(remark);
    if comments.complete {
        look_at_copies(draft, side, observation, remark);
    }
    if !draft.input.sync.remarks(remark).gives(side) || !comments.complete {
        return;
    }
    let rules = draft.input.sync.remarks(remark);
    for comment in &comments.list {
        let author = comment.author.as_ref();
        let ours = is_a_bridge(draft, side, author.map(|author| &author.account));
        let records = draft.plan.item.remarks(remark);
        let copy = records.iter().any(|record| record.copies.get(side) == Some(&comment.id));
        if ours && !is_planted(Bug::CopyTakenForOriginal) || copy {
            continue;
        }
        let known = records.iter().position(|record| &record.side == side && record.id == comment.id);
        let (kept, goes) = (keeps(draft.input, side, comment), goes_anywhere(draft, side, &comment.visibility, remark));
        // Somebody whose acts stay may narrow its readers, and not widen them.
        if let Some(record) = known.and_then(|known| draft.plan.item.remarks_mut(remark).get_mut(known))
            && (!kept || !goes)
        {
            read_by(record, comment, rules, draft.input.catalogs);
        }
        if !goes {
            // Nobody else may read it now: its text is not kept either.
            if let Some(record) = known.and_then(|known| draft.plan.item.remarks_mut(remark).get_mut(known)) {
                record.pending = None;
            }
            continue;
        }
        if kept {
            // What was said before somebody changed it whose acts stay is what the others go on reading.
            continue;
        }
        let pending = PendingComment {
            body: rich(draft, side).read(&comment.body),
            author: author.map_or_else(|| "somebody".to_owned(), |author| author.display_name.clone()),
            created: corrected(draft, side, comment.created),
            spent: comment.spent,
        };
        if let Some(known) = known {
            if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(known) {
                hear(record, pending.body.clone(), pending.author.clone(), pending.spent);
            }
            let records = draft.plan.item.remarks(remark);
            // A copy that waits gets the text as it is now, and a side that joined after it was forgotten is still to get one.
            let wanted = records.get(known).is_some_and(|record| {
                record.pending.is_some() || sides_of(draft).any(|other| receives(draft, record, other, remark))
            });
            if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(known) {
                record.pending = Some(pending).filter(|_| wanted).or_else(|| record.pending.take());
            }
            continue;
        }
        let record =
            CommentRecord { said: Some(first_said(&pending)), pending: Some(pending), ..new_record(side, comment) };
        draft.plan.item.remarks_mut(remark).push(record);
    }
    // Logged work that not everybody may read goes nowhere: to others it is as if it were not there.
    let stands = |record: &CommentRecord| {
        let there = comments.list.iter().find(|comment| comment.id == record.id);
        there.is_some_and(|there| remark == Remark::Comment || there.visibility == Visibility::Everybody)
    };
    let records = draft.plan.item.remarks_mut(remark).iter_mut();
    for record in records.filter(|record| &record.side == side && !record.notice) {
        record.gone = !stands(record);
    }
}

/// What is known of an original when it is met, but for what it says.
pub(super) fn new_record(side: &SideId, comment: &CommentSnapshot) -> CommentRecord {
    CommentRecord {
        side: side.clone(),
        id: comment.id.clone(),
        copies: BTreeMap::new(),
        refused: BTreeMap::new(),
        said: None,
        pending: None,
        gone: false,
        written: BTreeMap::new(),
        strayed: BTreeMap::new(),
        recorded: BTreeMap::new(),
        visibility: comment.visibility.clone(),
        parent: comment.parent.clone(),
        terms: BTreeMap::new(),
        emptied: BTreeSet::new(),
        turned_back: BTreeMap::new(),
        laid_open: BTreeMap::new(),
        spared: BTreeSet::new(),
        notice: false,
        only: None,
    }
}

fn first_said(pending: &PendingComment) -> Said {
    Said { body: pending.body.clone(), author: pending.author.clone(), edits: 0, spent: pending.spent }
}

/// Takes in who may read an original now, and what it answers.
fn read_by(
    record: &mut CommentRecord,
    comment: &CommentSnapshot,
    rules: &CommentSettings,
    catalogs: &BTreeMap<SideId, Catalog>,
) {
    record.parent.clone_from(&comment.parent);
    if record.visibility == comment.visibility {
        return;
    }
    record.visibility = comment.visibility.clone();
    // A copy whose readers are the right ones for these too stays as it is.
    for copy in record.copies.keys() {
        let under = record.terms.get(copy).map(|terms| terms.under.clone()).unwrap_or_default();
        if rules.fit_route(&record.side, &comment.visibility, copy, catalogs).as_ref() == Some(&under) {
            record.terms.insert(copy.clone(), Terms { of: comment.visibility.clone(), under });
        }
    }
    // What Jira refused was for other readers.
    record.refused.clear();
}

/// Whether comments with these readers go to any other side.
fn goes_anywhere(draft: &Draft<'_>, side: &SideId, readers: &Visibility, remark: Remark) -> bool {
    let sync = draft.input.sync;
    sync.side_ids().any(|other| other != side && sync.remarks(remark).route(side, readers, other).is_some())
}

/// Who is to read a side's copy of a comment. `None`: there is to be none.
pub(super) fn readers(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> Option<Visibility> {
    if record.only.as_ref().is_some_and(|only| only != side) {
        return None;
    }
    let rules = draft.input.sync.remarks(remark);
    // What is internal would be public where the projects are not what the configuration takes them for.
    if rules.unfit(&record.side, &record.visibility, side, draft.input.catalogs).is_some() {
        return None;
    }
    // A notice goes also where comments do not.
    let readers = rules.route(&record.side, &record.visibility, side);
    let readers = readers.or_else(|| record.notice.then_some(Visibility::Everybody))?;
    (readers != Visibility::Internal || !leaks(draft, side)).then_some(readers)
}

/// Whether an internal copy is open to everybody there though nobody laid it open: what is written next would be, too.
pub(super) fn leaks(draft: &Draft<'_>, side: &SideId) -> bool {
    let open = |record: &CommentRecord| record.laid_open.get(side) == Some(&LaidOpen::ByItself);
    draft.plan.item.comments.iter().any(|record| open(record) && record.copies.contains_key(side))
}

/// Plans the copies that are missing, and forgets texts that are needed no more.
pub(super) fn copy(draft: &mut Draft<'_>, remark: Remark) {
    let sync = draft.input.sync;
    let mut operations: Vec<((Timestamp, usize, CommentId), Operation)> = Vec::new();
    let records = draft.plan.item.remarks(remark).to_vec();
    for (index, record) in records.iter().enumerate() {
        let Some(pending) = &record.pending else {
            read_again(draft, record, remark);
            continue;
        };
        let order = sync.side_ids().position(|side| side == &record.side).unwrap_or(usize::MAX);
        let mut waiting = false;
        for side in &sync.sides {
            if !receives(draft, record, &side.id, remark) {
                continue;
            }
            waiting = true;
            if let Some(operation) = copy_to(draft, record, pending, &side.id, remark) {
                operations.push(((pending.created, order, record.id.clone()), operation));
            }
        }
        if !waiting && let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
            record.pending = None;
        }
    }
    operations.sort_by(|left, right| left.0.cmp(&right.0));
    draft.plan.operations.extend(operations.into_iter().map(|(_, operation)| operation));
    refusals(draft, remark);
    if remark == Remark::Comment {
        undesked(draft);
    }
}

/// What customers of a service desk could read, who are not to, is told, and stays.
fn undesked(draft: &mut Draft<'_>) {
    let (sync, catalogs) = (draft.input.sync, draft.input.catalogs);
    let mut found: BTreeSet<(SideId, Unfit)> = BTreeSet::new();
    for record in draft.plan.item.comments.iter().filter(|record| !record.gone) {
        let lacks = |side: &&SideId| {
            let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
            let place = draft.plan.item.replicas.contains_key(*side);
            let meant = record.only.as_ref().is_none_or(|only| only == *side);
            let lies_there = record.copies.contains_key(*side) || record.spared.contains(*side);
            *side != &record.side && sees && place && meant && !lies_there
        };
        found.extend(sync.side_ids().filter(lacks).filter_map(|side| {
            let unfit = sync.comments.unfit(&record.side, &record.visibility, side, catalogs)?;
            Some((side.clone(), unfit))
        }));
    }
    for (side, unfit) in found {
        say_unfit(draft, &side, &unfit);
    }
}

fn say_unfit(draft: &mut Draft<'_>, side: &SideId, unfit: &Unfit) {
    match unfit {
        Unfit::NoDesk(at) => draft.hold(
            side,
            None,
            format!("a comment was not copied: it is to be internal on side `{at}`, which is no service desk, so that everybody could read it there"),
            "share it by hand, correct the row of `restricted`, or set `internal = \"skip\"`",
        ),
        Unfit::Open(at) => draft.hold(
            side,
            None,
            format!("a comment was not copied: the row of `restricted` leaves side `{at}` open to everybody, which is a service desk with customers"),
            "name that side's readers in the row too: `internal`, a role or a group",
        ),
        Unfit::NoAgent(at) => {
            let remedy = needed(draft.input.sync, at, Function::ServiceDesk, &[Right::ServiceDeskAgent]);
            let why = format!("a comment was not copied: it is to be internal on side `{at}`, where the sync user is no agent, so that customers could read it");
            draft.hold(side, None, why, &remedy);
        }
        Unfit::Unknown(at) => draft.hold(
            side,
            None,
            format!("a comment was not copied: it is not known yet whether side `{at}` is a service desk, and whether the sync user is an agent there"),
            "wait until that Jira answers: it is asked at a start, and as often as an issue of that side is read",
        ),
    }
}

fn sides_of<'d>(draft: &'d Draft<'_>) -> impl Iterator<Item = &'d SideId> {
    draft.input.sync.side_ids()
}

/// A side joined after a comment's text was forgotten: the text is read again where it was written.
fn read_again(draft: &mut Draft<'_>, record: &CommentRecord, remark: Remark) {
    let just_read = draft.input.observed.contains_key(&record.side);
    let due = |side: &SideId| {
        let observed = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed);
        observed && receives(draft, record, side, remark)
    };
    if !just_read && draft.plan.item.replicas.contains_key(&record.side) && sides_of(draft).any(due) {
        let side = record.side.clone();
        draft.want(&side, Wanted::Comments);
    }
}

/// Whether a side is still to get a copy, now or when it has a replica.
pub(super) fn receives(draft: &Draft<'_>, record: &CommentRecord, side: &SideId, remark: Remark) -> bool {
    let sync = draft.input.sync;
    let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
    let place = draft.plan.item.replicas.contains_key(side) || draft.input.belongs.contains(side);
    side != &record.side
        && !record.gone
        && readers(draft, record, side, remark).is_some()
        && sees
        && place
        && !record.copies.contains_key(side)
        && !record.refused.contains_key(side)
        && !record.spared.contains(side)
        && !has_orphan(&draft.plan.item, record, side, remark)
        && !waits(&draft.plan.item, &record.side, side)
}

/// Whether what was heard before is not passed on any more: the issue where it was written has a security level by now, or is
/// not where it was. A notice speaks of just that, unless it is about a file.
pub(super) fn is_shut(draft: &Draft<'_>, record: &CommentRecord) -> bool {
    (!record.notice || record.only.is_some()) && draft.is_barred(&record.side)
}

fn copy_to(
    draft: &mut Draft<'_>,
    record: &CommentRecord,
    pending: &PendingComment,
    side: &SideId,
    remark: Remark,
) -> Option<Operation> {
    let replica = draft.plan.item.replicas.get(side).filter(|_| !draft.is_barred(side) && !is_shut(draft, record))?;
    let under_way = draft.unsettled(side).any(|intent| {
        let action = &intent.operation.action;
        let this = matches!(action, Action::AddComment { .. })
            && action.original() == Some((remark, &record.side, &record.id));
        // Nothing is added to what may not be there.
        this || matches!(action, Action::Create { .. })
    });
    if !replica.observed || under_way {
        return None;
    }
    let (body, wanted) = copy_body(draft, record, (&pending.author, &pending.body), side, &NativeValue::Empty, remark)?;
    let edits = record.said.as_ref().map_or(0, |said| said.edits);
    let (origin, comment) = (record.side.clone(), record.id.clone());
    let terms = Terms { of: record.visibility.clone(), under: readers(draft, record, side, remark)? };
    let action = Action::AddComment { remark, origin, comment, body, wanted, edits, spent: pending.spent, terms };
    Some(Operation { side: side.clone(), action })
}

/// What a copy is to hold, over what it holds now, and the same as it will be read back.
pub(super) fn copy_body(
    draft: &mut Draft<'_>,
    record: &CommentRecord,
    (author, body): (&str, &Document),
    side: &SideId,
    last: &NativeValue,
    remark: Remark,
) -> Option<(NativeValue, Document)> {
    let template = draft.input.sync.remarks(remark).header.get(side).map_or(DEFAULT_HEADER, String::as_str);
    let header = match render(template, author, &record.side) {
        Ok(header) => header,
        Err(why) => {
            let word = remark.word();
            let remedy = format!("correct `{word}s.header.{side}`");
            draft.hold(side, None, format!("the header of {word}s cannot be made: {why}"), &remedy);
            return None;
        }
    };
    let mut document = body.clone();
    // No contract takes the parent of a new comment, so whom it answers stands in words.
    if let Some(author) = answered(draft, record, side) {
        let line = Block::Paragraph(vec![Inline::Text(format!("{}:", in_one_line(&author)), Vec::new())]);
        document.blocks.insert(0, Block::Quote(vec![line]));
    }
    let as_said = record.notice.then(|| draft.input.references.as_said());
    let document = if record.notice { document } else { crate::text::with_header(&header, &document) };
    let rich = rich(draft, side);
    let references = as_said.as_ref().unwrap_or(rich.references);
    let rich = Rich { origin: Some(&record.side), references, ..rich };
    let body = rich.write(&document, last);
    let wanted = rich.read(&body);
    Some((body, wanted))
}

/// The author of the comment that this one answers, where the side may know of it.
fn answered(draft: &Draft<'_>, record: &CommentRecord, side: &SideId) -> Option<String> {
    let parent = record.parent.as_ref()?;
    let is_parent = |other: &&CommentRecord| {
        other.side == record.side && &other.id == parent || other.copies.get(&record.side) == Some(parent)
    };
    let answered = draft.plan.item.comments.iter().find(is_parent)?;
    let sees = draft.input.sync.side(side).is_some_and(|settings| settings.sees.contains(&answered.side));
    let told = sees && !answered.gone && readers(draft, answered, side, Remark::Comment).is_some();
    let said = answered.said.as_ref().filter(|_| &answered.side == side || told)?;
    Some(said.author.clone())
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
fn refusals(draft: &mut Draft<'_>, remark: Remark) {
    let refused: Vec<(SideId, String)> = draft
        .plan
        .item
        .remarks(remark)
        .iter()
        .flat_map(|record| record.refused.iter().map(|(side, why)| (side.clone(), why.clone())))
        .collect();
    for (side, why) in refused {
        draft.hold(
            &side,
            None,
            format!("Jira refused the copy of a {}: {why}", remark.word()),
            "read Jira's message; the original stays where it was written",
        );
    }
}
