//! What paired issues already hold is matched: comments by text, author and time, logged work by its time and text, files by what is in
//! them. What an earlier bridge copied becomes our copy; what the same person wrote on both sides is left alone on both. Must never take
//! two people's words for one, never bind what other people may read, and never have anything written or deleted that no bridge made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::alike::{copy_of, lines};
use super::comments::{readers, receives, rich};
use super::fold::corrected;
use super::{Draft, Wanted, attachments};
use crate::mapping::{FOREIGN, shared_account};
use crate::model::hub::{FileCopy, ItemState, PendingComment, Terms, WrittenCopy};
use crate::model::ids::{AccountId, AttachmentId, CommentId, SideId};
use crate::model::issue::{AttachmentSnapshot, CommentSnapshot, Visibility};
use crate::model::matching::Matching;
use crate::model::remark::{Remark, Spent};
use crate::model::settings::SyncSettings;
use crate::model::start::History;

/// How much earlier than its original a copy may seem to be: clocks are not read at one moment.
const MARGIN: SignedDuration = SignedDuration::from_mins(2);
/// How far apart two texts of one person may be that are one: somebody who keeps two Jiras in step by hand does so on the same day.
const SAME_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Issues joined an item: what they already hold is to be matched, or stays where it is, or is all to be copied.
pub(super) fn begin(sync: &SyncSettings, item: &mut ItemState, joined: &[SideId]) {
    match sync.start.history {
        History::Copy => {}
        History::Match if joined.is_empty() => {}
        History::Match => {
            let before = item.matching.take().unwrap_or_default();
            let sides = before.sides.iter().chain(joined).cloned().collect();
            item.matching = Some(Matching { sides, ..before });
        }
        History::FromNow => {
            let sides: Vec<SideId> = item.replicas.keys().cloned().collect();
            let apart = |one: &SideId| -> Vec<SideId> {
                let meets = |other: &&SideId| *other != one && (joined.contains(one) || joined.contains(other));
                sides.iter().filter(meets).cloned().collect()
            };
            for remark in Remark::ALL {
                for record in item.remarks_mut(remark) {
                    record.spared.extend(apart(&record.side));
                }
            }
            for record in &mut item.attachments {
                record.spared.extend(apart(&record.side));
            }
        }
    }
}

/// Whether nothing is copied between two sides yet: what they already hold is not compared.
pub(super) fn waits(item: &ItemState, one: &SideId, other: &SideId) -> bool {
    item.matching.as_ref().is_some_and(|matching| matching.sides.contains(one) || matching.sides.contains(other))
}

/// Whether an account is no person's on a side: the sync user's, or that of an earlier bridge.
pub(super) fn is_a_bridge(draft: &Draft<'_>, side: &SideId, account: Option<&AccountId>) -> bool {
    let us = draft.catalog(side).sync_user.as_ref();
    us.is_some() && account == us || draft.input.sync.start.is_former(side, account)
}

/// The files whose contents have to be known before an item's files can be compared: those of one size on two sides. `seen`: the files of
/// the sides that were read.
#[must_use]
pub fn files_to_compare(
    sync: &SyncSettings,
    item: &ItemState,
    seen: &BTreeMap<SideId, Vec<AttachmentSnapshot>>,
) -> Vec<(SideId, AttachmentSnapshot)> {
    let Some(matching) = &item.matching else { return Vec::new() };
    let crosses = |from: &SideId, to: &SideId| {
        let sees = sync.side(to).is_some_and(|settings| settings.sees.contains(from));
        sync.attachments.from.contains(from) && sync.attachments.to.contains(to) && sees
    };
    let mut wanted = Vec::new();
    for (side, files) in seen {
        for file in files.iter().filter(|file| !matching.looked_at(side, &file.id)) {
            let like = seen.iter().any(|(other, theirs)| {
                other != side
                    && (matching.sides.contains(side) || matching.sides.contains(other))
                    && (crosses(side, other) || crosses(other, side))
                    && theirs.iter().any(|there| there.size == file.size)
            });
            if like {
                wanted.push((side.clone(), file.clone()));
            }
        }
    }
    wanted
}

/// Matches what the item's issues hold, once all of them were read whole.
pub(super) fn settle(draft: &mut Draft<'_>) {
    let Some(mut matching) = draft.plan.item.matching.clone() else { return };
    let item = &draft.plan.item;
    matching.sides.retain(|side| item.replicas.contains_key(side));
    let here: Vec<SideId> = draft
        .input
        .sync
        .side_ids()
        .filter(|side| item.replicas.get(*side).is_some_and(|replica| replica.observed) && !draft.is_barred(side))
        .cloned()
        .collect();
    if matching.sides.is_empty() {
        draft.plan.item.matching = None;
        return;
    }
    if here.len() < 2 || !here.iter().any(|side| matching.sides.contains(side)) || !are_read(draft, &here) {
        return;
    }
    let seen: BTreeMap<SideId, Vec<AttachmentSnapshot>> = here
        .iter()
        .filter_map(|side| Some((side.clone(), draft.input.observed.get(side)?.snapshot.attachments.clone()?)))
        .collect();
    if !files_to_compare(draft.input.sync, &draft.plan.item, &seen).is_empty() {
        return;
    }
    for remark in Remark::ALL {
        match_remarks(draft, remark, &matching, &here);
    }
    match_files(draft, &matching, &seen);
    matching.sides.retain(|side| !here.contains(side));
    draft.plan.item.matching = Some(matching).filter(|left| !left.sides.is_empty());
    for remark in Remark::ALL {
        have_copied(draft, remark, &here);
    }
}

/// Whether all sides were read by their issues themselves, with all that is compared; what is missing is asked for.
fn are_read(draft: &mut Draft<'_>, here: &[SideId]) -> bool {
    let sync = draft.input.sync;
    let mut all = true;
    for side in here {
        let Some(observation) = draft.input.observed.get(side).filter(|observation| observation.direct) else {
            draft.want(side, Wanted::Comments);
            all = false;
            continue;
        };
        let snapshot = &observation.snapshot;
        let comments = sync.comments.gives(side) || sync.comments.takes(side);
        let files = sync.attachments.from.contains(side) || sync.attachments.to.contains(side);
        let work = &snapshot.worklogs;
        let whole = (!comments || snapshot.comments.complete)
            && (work.complete || work.list.is_empty())
            && (!files || snapshot.attachments.is_some());
        if !whole {
            let why = "what it already holds could not be read whole: none of it is copied until it was".to_owned();
            draft.hold(side, None, why, "it is tried again; look whether the sync user may see all of it");
            all = false;
        }
    }
    all
}

/// What somebody wrote, ready to be compared.
struct Original {
    /// Its place among the records.
    index: usize,
    side: SideId,
    id: CommentId,
    lines: Vec<String>,
    author: String,
    account: Option<AccountId>,
    created: Timestamp,
    spent: Option<Spent>,
}

fn match_remarks(draft: &mut Draft<'_>, remark: Remark, matching: &Matching, here: &[SideId]) {
    let originals = originals(draft, remark, here);
    let mut by_last: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for (place, original) in originals.iter().enumerate() {
        by_last.entry(original.lines.last().cloned()).or_default().push(place);
    }
    for side in here {
        super::restored::bind_marked(draft, remark, matching, side);
        for copy in copies(draft, remark, side) {
            let (body, created) = (rich(draft, side).read(&copy.body), corrected(draft, side, copy.created));
            let lines = lines(&body);
            // A copy ends as its original does, whatever stands before it on its only line.
            let alike: Vec<usize> = if lines.len() > 1 {
                by_last.get(&lines.last().cloned()).into_iter().flatten().copied().collect()
            } else {
                (0..originals.len()).collect()
            };
            let one_line = by_last.iter().filter(|(last, _)| {
                lines.len() > 1
                    && last.as_ref().is_some_and(|last| lines.last().is_some_and(|line| line.ends_with(last)))
            });
            let alike: BTreeSet<usize> =
                alike.into_iter().chain(one_line.flat_map(|(_, places)| places.clone())).collect();
            let best = alike
                .into_iter()
                .filter_map(|place| Some((place, originals.get(place)?)))
                .filter(|(_, original)| may_be_copied(draft, remark, original, side, matching))
                .filter(|(_, original)| created.saturating_add(MARGIN).unwrap_or(created) >= original.created)
                .filter(|(_, original)| Spent::same(original.spent, copy.spent))
                .filter_map(|(place, original)| {
                    Some((place, original, copy_of(&lines, &original.lines, &original.author)?))
                })
                .min_by_key(|(place, original, words)| (std::cmp::Reverse(*words), original.created, *place));
            match best {
                Some((_, original, _)) => bind(draft, remark, original, side, &copy, body),
                None => draft.plan.matched.left += usize::from(matching.sides.contains(side)),
            }
        }
    }
    twins(draft, remark, &originals, matching);
}

/// What people wrote and what may be compared, the oldest first.
fn originals(draft: &Draft<'_>, remark: Remark, here: &[SideId]) -> Vec<Original> {
    let mut originals: Vec<Original> = Vec::new();
    for (index, record) in draft.plan.item.remarks(remark).iter().enumerate() {
        let Some(said) = record.said.as_ref().filter(|_| here.contains(&record.side) && !record.gone && !record.notice)
        else {
            continue;
        };
        let there = draft.input.observed.get(&record.side).map(|read| &read.snapshot.remarks(remark).list);
        let Some(there) = there.and_then(|list| list.iter().find(|comment| comment.id == record.id)) else { continue };
        originals.push(Original {
            index,
            side: record.side.clone(),
            id: record.id.clone(),
            lines: lines(&said.body),
            author: said.author.clone(),
            account: there.author.as_ref().map(|author| author.account.clone()),
            created: corrected(draft, &record.side, there.created),
            spent: said.spent,
        });
    }
    originals.sort_by(|one, other| (one.created, &one.side, &one.id).cmp(&(other.created, &other.side, &other.id)));
    originals
}

/// What bridges wrote on a side that is nobody's copy yet, the oldest first.
fn copies(draft: &Draft<'_>, remark: Remark, side: &SideId) -> Vec<CommentSnapshot> {
    let Some(read) = draft.input.observed.get(side) else { return Vec::new() };
    let records = draft.plan.item.remarks(remark);
    let is_known = |id: &CommentId| records.iter().any(|record| record.copies.get(side) == Some(id));
    let written = |comment: &&CommentSnapshot| {
        // What a person changed is partly theirs.
        is_a_bridge(draft, side, comment.author.as_ref().map(|author| &author.account))
            && comment.changed_by.as_ref().is_none_or(|by| is_a_bridge(draft, side, Some(by)))
            && !is_known(&comment.id)
    };
    let mut copies: Vec<CommentSnapshot> = read.snapshot.remarks(remark).list.iter().filter(written).cloned().collect();
    copies.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    copies
}

/// Whether an original would be copied to a side, so that what stands there may be that copy.
fn may_be_copied(draft: &Draft<'_>, remark: Remark, original: &Original, side: &SideId, matching: &Matching) -> bool {
    let compared = matching.sides.contains(side) || matching.sides.contains(&original.side);
    let Some(record) = draft.plan.item.remarks(remark).get(original.index).filter(|_| compared) else { return false };
    let sees = draft.input.sync.side(side).is_some_and(|settings| settings.sees.contains(&original.side));
    let is_open = !record.copies.contains_key(side) && !record.spared.contains(side);
    &original.side != side && sees && is_open && readers(draft, record, side, remark).is_some()
}

/// What a bridge wrote is our copy from now on. Where other people may read it than are to, it is left alone, and nothing is copied there.
fn bind(
    draft: &mut Draft<'_>,
    remark: Remark,
    original: &Original,
    side: &SideId,
    copy: &CommentSnapshot,
    body: crate::model::document::Document,
) {
    let under = draft
        .plan
        .item
        .remarks(remark)
        .get(original.index)
        .and_then(|record| readers(draft, record, side, remark))
        .filter(|under| under == &copy.visibility);
    let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(original.index) else { return };
    match under {
        Some(under) => {
            let edits = record.said.as_ref().map_or(0, |said| said.edits);
            record.copies.insert(side.clone(), copy.id.clone());
            record.written.insert(side.clone(), WrittenCopy { body, edits, spent: copy.spent });
            if record.visibility != Visibility::Everybody || under != Visibility::Everybody {
                record.terms.insert(side.clone(), Terms { of: record.visibility.clone(), under });
            }
        }
        None => drop(record.spared.insert(side.clone())),
    }
    count(draft, remark);
}

fn count(draft: &mut Draft<'_>, remark: Remark) {
    match remark {
        Remark::Comment => draft.plan.matched.comments += 1,
        Remark::Worklog => draft.plan.matched.worklogs += 1,
    }
}

/// What one person wrote on two sides stays as it is on both, and goes to the others once.
fn twins(draft: &mut Draft<'_>, remark: Remark, originals: &[Original], matching: &Matching) {
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for (place, one) in originals.iter().enumerate() {
        let Some(person) = person(draft, one).filter(|_| !taken.contains(&place)) else { continue };
        let twin = originals.iter().enumerate().skip(place + 1).find(|(other_place, other)| {
            let same = match remark {
                Remark::Comment => one.lines == other.lines && !one.lines.is_empty(),
                Remark::Worklog => Spent::same(one.spent, other.spent),
            };
            let near = other.created.duration_since(one.created).abs() <= SAME_DAY;
            let open = may_be_copied(draft, remark, one, &other.side, matching)
                || may_be_copied(draft, remark, other, &one.side, matching);
            let theirs = self::person(draft, other).is_some_and(|theirs| theirs == person);
            !taken.contains(other_place) && same && near && open && theirs
        });
        let Some((other_place, other)) = twin else { continue };
        taken.extend([place, other_place]);
        let first = draft.plan.item.remarks(remark).get(one.index).cloned();
        let sides: Vec<SideId> = draft.input.sync.side_ids().cloned().collect();
        let reached = |side: &SideId| {
            first
                .as_ref()
                .is_some_and(|first| first.copies.contains_key(side) || receives_later(draft, first, side, remark))
        };
        let spared: Vec<SideId> = sides.into_iter().filter(|side| side == &one.side || reached(side)).collect();
        let records = draft.plan.item.remarks_mut(remark);
        if let Some(record) = records.get_mut(other.index) {
            record.spared.extend(spared.into_iter().filter(|side| side != &other.side));
        }
        if let Some(record) = records.get_mut(one.index) {
            record.spared.insert(other.side.clone());
        }
        count(draft, remark);
    }
}

/// Whether a side is to get a copy, once all is compared.
fn receives_later(draft: &Draft<'_>, record: &crate::model::hub::CommentRecord, side: &SideId, remark: Remark) -> bool {
    let sees = draft.input.sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
    sees && side != &record.side && readers(draft, record, side, remark).is_some()
}

/// Who wrote something, by the row of `map.users` that they have; nobody has one who is known on one side alone.
fn person(draft: &Draft<'_>, original: &Original) -> Option<String> {
    let account = original.account.as_ref()?;
    let users = &draft.input.sync.users;
    let shared = shared_account(users, &original.side, draft.catalog(&original.side), account.as_str());
    (!shared.starts_with(FOREIGN)).then_some(shared)
}

/// What is nobody's copy and has none is copied after all: its text is at hand.
fn have_copied(draft: &mut Draft<'_>, remark: Remark, here: &[SideId]) {
    for index in 0..draft.plan.item.remarks(remark).len() {
        let Some(record) = draft.plan.item.remarks(remark).get(index) else { continue };
        let wanted = here.contains(&record.side)
            && record.pending.is_none()
            && draft.input.sync.side_ids().any(|side| receives(draft, record, side, remark));
        let Some(said) = record.said.clone().filter(|_| wanted) else { continue };
        let there = draft.input.observed.get(&record.side).map(|read| &read.snapshot.remarks(remark).list);
        let Some(there) = there.and_then(|list| list.iter().find(|comment| comment.id == record.id)) else { continue };
        let created = corrected(draft, &record.side, there.created);
        let pending = PendingComment { body: said.body, author: said.author, created, spent: said.spent };
        if let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) {
            record.pending = Some(pending);
        }
    }
}

fn match_files(draft: &mut Draft<'_>, matching: &Matching, seen: &BTreeMap<SideId, Vec<AttachmentSnapshot>>) {
    let known = draft.plan.item.matching.clone().unwrap_or_default();
    let same = |side: &SideId, file: &AttachmentId, other: &SideId, there: &AttachmentId| matches!((known.hash(side, file), known.hash(other, there)), (Some(one), Some(two)) if one == two);
    let mut taken: BTreeSet<(SideId, AttachmentId)> = draft
        .plan
        .item
        .attachments
        .iter()
        .flat_map(|record| record.copies.iter().map(|(side, copy)| (side.clone(), copy.id.clone())))
        .collect();
    for index in 0..draft.plan.item.attachments.len() {
        for (side, files) in seen {
            let Some(record) = draft.plan.item.attachments.get(index).filter(|record| !record.gone) else { continue };
            let compared = matching.sides.contains(side) || matching.sides.contains(&record.side);
            let open = !record.copies.contains_key(side) && !record.spared.contains(side);
            if !compared || !open || side == &record.side || !attachments::crosses(draft, record, side) {
                continue;
            }
            let is_it = |file: &&AttachmentSnapshot| {
                file.size == record.size
                    && same(&record.side, &record.id, side, &file.id)
                    && !taken.contains(&(side.clone(), file.id.clone()))
            };
            // What a bridge attached goes before what a person did.
            let theirs = |file: &&AttachmentSnapshot| !is_a_bridge(draft, side, file.author.as_ref());
            let Some(file) =
                files.iter().filter(is_it).min_by_key(|file| (theirs(file), file.created, file.id.clone()))
            else {
                continue;
            };
            let by_a_bridge = is_a_bridge(draft, side, file.author.as_ref());
            let from = record.side.clone();
            taken.insert((side.clone(), file.id.clone()));
            let twin = draft
                .plan
                .item
                .attachments
                .iter()
                .position(|other| &other.side == side && other.id == file.id && !by_a_bridge);
            if let Some(record) = draft.plan.item.attachments.get_mut(index) {
                if by_a_bridge {
                    let copy = FileCopy { id: file.id.clone(), name: file.name.clone(), gone: false, taken: false };
                    record.copies.insert(side.clone(), copy);
                } else {
                    record.spared.insert(side.clone());
                }
            }
            if let Some(twin) = twin.and_then(|twin| draft.plan.item.attachments.get_mut(twin)) {
                let others: Vec<SideId> = draft.input.sync.side_ids().filter(|other| *other != side).cloned().collect();
                // The first of the two goes to the others.
                twin.spared.extend(others.into_iter().filter(|other| {
                    other == &from || draft.input.sync.side(other).is_some_and(|settings| settings.sees.contains(&from))
                }));
            }
            draft.plan.matched.files += 1;
        }
    }
}
