//! Files: people's are noted where they are attached, and copied to every side that may have them. Must never copy a copy, one
//! of the sync user's own, or one whose issue may not be seen, and never delete anything but our own copies, unless a person took such a copy away and the
//! sync says `both`.

use std::collections::BTreeSet;

use super::absence::notice;
use super::matching::{is_a_bridge, waits};
use super::named_files::{Spoken, spoken_of};
use super::whose::stays;
use super::{By, Draft, Observation, Wanted};
use crate::mapping::{file_name, fits};
use crate::model::document::{Block, Document, Inline, Mark};
use crate::model::hub::{AttachmentRecord, CommentRecord, PendingComment, Said};
use crate::model::ids::{AttachmentId, CommentId, SideId};
use crate::model::issue::AttachmentSnapshot;
use crate::model::left;
use crate::model::operation::{Action, Operation};
use crate::model::settings::{TooLarge, WhenDeleted, WhichFiles};

/// Takes in the files of a side's issue.
pub(super) fn collect(draft: &mut Draft<'_>, side: &SideId, observation: &Observation) {
    let Some(files) = &observation.snapshot.attachments else { return };
    // Jira says that a file is not there also where it may only not be seen: one that shows up again is to be deleted still.
    for record in &mut draft.plan.item.attachments {
        if let Some(copy) = record.copies.get_mut(side).filter(|copy| files.iter().any(|file| file.id == copy.id)) {
            (copy.gone, copy.taken) = (false, false);
        }
    }
    note_taken(draft, side, observation, files);
    if !draft.input.sync.attachments.from.contains(side) {
        return;
    }
    for file in files {
        let ours = is_a_bridge(draft, side, file.author.as_ref());
        let records = &draft.plan.item.attachments;
        let copy = records.iter().any(|record| record.copies.get(side).is_some_and(|copy| copy.id == file.id));
        let known = records.iter().any(|record| &record.side == side && record.id == file.id);
        if ours || copy || known || stays(draft.input, side, file.author.as_ref()) {
            continue;
        }
        draft.plan.item.attachments.push(AttachmentRecord {
            side: side.clone(),
            id: file.id.clone(),
            name: file.name.clone(),
            size: file.size,
            mime: file.mime.clone(),
            author: file.author.clone(),
            copies: std::collections::BTreeMap::new(),
            refused: std::collections::BTreeMap::new(),
            gone: false,
            named_by: BTreeSet::new(),
            spared: BTreeSet::new(),
        });
    }
    for record in draft.plan.item.attachments.iter_mut().filter(|record| &record.side == side) {
        record.gone = !files.iter().any(|file| file.id == record.id);
    }
}

/// Notes which of our copies people took away, whose acts cross: the history names each file that went, and who took it. That one is not there
/// says nothing by itself, nor does what went before this was asked for.
fn note_taken(draft: &mut Draft<'_>, side: &SideId, observation: &Observation, files: &[AttachmentSnapshot]) {
    let rules = &draft.input.sync.attachments;
    if rules.deleted != WhenDeleted::Both || !rules.from.contains(side) {
        return;
    }
    let mut taken: BTreeSet<AttachmentId> = BTreeSet::new();
    for step in observation.steps.iter().filter(|step| step.by == By::Person) {
        if stays(draft.input, side, step.entry.author.as_ref()) {
            continue;
        }
        let went = step.entry.items.iter().filter(|item| item.field.as_str() == "attachment");
        taken.extend(went.filter_map(|item| item.from.clone()).map(AttachmentId::new));
    }
    let copies = draft.plan.item.attachments.iter_mut().filter_map(|record| record.copies.get_mut(side));
    for copy in copies.filter(|copy| !copy.gone && !files.iter().any(|file| file.id == copy.id)) {
        copy.taken |= taken.contains(&copy.id);
    }
}

/// Plans the copies that are missing, before anything that may name them, and the deletion of those whose original is gone.
pub(super) fn carry(draft: &mut Draft<'_>) {
    let mut added = Vec::new();
    for record in draft.plan.item.attachments.clone() {
        take_away(draft, &record);
        for side in draft.input.sync.side_ids() {
            let spoken = if record.gone { Spoken::Nowhere } else { may_have(draft, &record, side) };
            if spoken < Spoken::AmongFew {
                unsay(draft, &record, side);
            }
            if record.gone {
                withdraw(draft, &record, side);
            } else if lacks(&record, side) && !waits(&draft.plan.item, &record.side, side) {
                match spoken {
                    Spoken::Nowhere => {}
                    Spoken::Internally => keep_inside(draft, &record, side),
                    Spoken::AmongFew | Spoken::Openly => added.extend(copy_to(draft, &record, side, spoken)),
                }
            }
        }
    }
    draft.plan.operations.splice(0..0, added);
    refusals(draft);
}

/// Whether a side may have a copy, now or when it has a replica, and how openly the file is spoken of there.
fn may_have(draft: &Draft<'_>, record: &AttachmentRecord, side: &SideId) -> Spoken {
    let sync = draft.input.sync;
    let rules = &sync.attachments;
    let sees = sync.side(side).is_some_and(|settings| settings.sees.contains(&record.side));
    let name = file_name(&record.name);
    let by_name = rules.names.iter().any(|pattern| fits(pattern, &name))
        || rules.names.is_empty() && rules.which == WhichFiles::All;
    let is_of_type = rules.types.is_empty() || rules.types.iter().any(|pattern| fits(pattern, file_type(&record.mime)));
    let crosses =
        is_of_type && side != &record.side && rules.from.contains(&record.side) && rules.to.contains(side) && sees;
    match rules.which {
        _ if !crosses => Spoken::Nowhere,
        _ if by_name => Spoken::Openly,
        WhichFiles::WithTheirComment => spoken_of(draft, record, side),
        WhichFiles::All => Spoken::Nowhere,
    }
}

/// The type of a file without its parameters; of one that Jira has no word for, what stands for any bytes.
fn file_type(told: &str) -> &str {
    let named = told.split(';').next().unwrap_or_default().trim();
    if named.is_empty() { "application/octet-stream" } else { named }
}

/// Whether a side may have a copy.
pub(super) fn crosses(draft: &Draft<'_>, record: &AttachmentRecord, side: &SideId) -> bool {
    matches!(may_have(draft, record, side), Spoken::Openly | Spoken::AmongFew)
}

/// Says of a file that only internal comments speak of that it stays: a copy could be seen by whoever sees the issue there, who
/// may be a customer that an internal comment is kept from.
fn keep_inside(draft: &mut Draft<'_>, record: &AttachmentRecord, side: &SideId) {
    let there = draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed);
    if !there || draft.is_barred(side) || draft.is_barred(&record.side) {
        return;
    }
    let why = format!("`{}` of {} is not copied: only internal comments speak of it", record.name, record.side);
    draft.hold(side, None, why, "name it in a comment that everybody may read, or let its name cross (`names`)");
}

/// Whether a side has no copy, and did not refuse one.
fn lacks(record: &AttachmentRecord, side: &SideId) -> bool {
    let told = record.refused.contains_key(side) || record.spared.contains(side);
    record.copies.get(side).is_none_or(|copy| copy.gone) && !told
}

fn copy_to(draft: &mut Draft<'_>, record: &AttachmentRecord, side: &SideId, spoken: Spoken) -> Option<Operation> {
    // Nothing leaves an issue that may not be seen, and nothing enters one.
    if draft.is_barred(side) || draft.is_barred(&record.side) {
        return None;
    }
    if !draft.plan.item.replicas.get(side)?.observed || is_under_way(draft, side, record) {
        return None;
    }
    let name = file_name(&record.name);
    let limit = draft.input.sync.attachments.largest.map_or(u64::MAX, |largest| largest);
    let taken = draft.catalog(side).upload_limit;
    if record.size > limit.min(taken.unwrap_or(0)) {
        // A note is for everybody there, so it tells of no file that only few are told of.
        let noted = draft.input.sync.attachments.too_large == TooLarge::Note && spoken == Spoken::Openly;
        if noted && taken.is_some() {
            say(draft, record, side, &name);
            return None;
        }
        if !noted {
            unsay(draft, record, side);
        }
        let (why, remedy) = too_large(draft, record, side, &name);
        draft.hold(side, None, why, remedy);
        return None;
    }
    unsay(draft, record, side);
    let action = Action::AddFile {
        origin: record.side.clone(),
        file: record.id.clone(),
        original: record.name.clone(),
        name,
        size: record.size,
        mime: record.mime.clone(),
    };
    Some(Operation { side: side.clone(), action })
}

/// What a note about a file that is too large for a side is known by.
fn note_of(record: &AttachmentRecord, side: &SideId) -> CommentId {
    CommentId::new(format!("file-{}-{side}", record.id))
}

fn is_note(said: &CommentRecord, record: &AttachmentRecord, side: &SideId) -> bool {
    said.notice && said.only.as_ref() == Some(side) && said.side == record.side && said.id == note_of(record, side)
}

/// A note in place of a file, which goes the way of comments: it is journalled, copied once, and taken back when the file fits,
/// is gone, or may not cross. Where the file is may be told where the links to the counterparts are shown.
fn say(draft: &mut Draft<'_>, record: &AttachmentRecord, side: &SideId, name: &str) {
    let Some(replica) = draft.plan.item.replicas.get(&record.side) else { return };
    let (key, at) = (replica.key.clone(), replica.updated);
    if let Some(said) = draft.plan.item.comments.iter_mut().find(|said| is_note(said, record, side)) {
        if said.gone && !said.copies.contains_key(side) {
            // It was taken back, and is said again.
            let again = |made: Said| PendingComment { body: made.body, author: made.author, created: at, spent: None };
            said.pending = said.said.clone().map(again);
        }
        said.gone = false;
        return;
    }
    let mut words = format!("`{name}` ({}) is not copied here: it is too large.", in_words(record.size));
    let mut blocks = crate::text::from_plain(&words).blocks;
    let address = draft.catalog(&record.side).address.trim_end_matches('/').to_owned();
    if draft.input.sync.links && !address.is_empty() {
        words.push_str(" It is attached to ");
        let link = Inline::Text(key.to_string(), vec![Mark::Link(format!("{address}/browse/{key}"))]);
        blocks = vec![Block::Paragraph(vec![Inline::Text(words, Vec::new()), link])];
    }
    let body = Document { blocks };
    let mut note = notice(&record.side, &note_of(record, side), body, at);
    note.only = Some(side.clone());
    draft.plan.item.comments.push(note);
}

/// Takes a note back, also one that is not written yet: the file is gone or on its way, or nobody is to hear of it there.
fn unsay(draft: &mut Draft<'_>, record: &AttachmentRecord, side: &SideId) {
    for said in draft.plan.item.comments.iter_mut().filter(|said| is_note(said, record, side)) {
        said.gone = true;
    }
}

/// A size as people say it.
fn in_words(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

fn too_large(draft: &Draft<'_>, record: &AttachmentRecord, side: &SideId, name: &str) -> (String, &'static str) {
    let size = record.size;
    let from = &record.side;
    match draft.catalog(side).upload_limit {
        None => (
            format!("`{name}` of {from} is not copied: that Jira takes no files"),
            "switch attachments on there, or set `attachments = \"skip\"`",
        ),
        Some(limit) if size > limit => (
            format!("`{name}` of {from} is not copied: it has {size} bytes, and that Jira takes {limit}"),
            "raise the limit there; it is tried again",
        ),
        Some(_) => (
            format!("`{name}` of {from} is not copied: it has {size} bytes, more than `largest` allows"),
            "raise `attachments.largest`, or send it another way",
        ),
    }
}

/// Whether a write about this file on that side is not settled, or nothing may be added to what may not be there.
fn is_under_way(draft: &Draft<'_>, side: &SideId, record: &AttachmentRecord) -> bool {
    draft.unsettled(side).any(|intent| {
        let action = &intent.operation.action;
        matches!(action, Action::AddFile { origin, file, .. } | Action::DeleteFile { origin, file, .. }
            if origin == &record.side && file == &record.id)
            || matches!(action, Action::Create { .. })
    })
}

/// Deletes our copy of a file that is not there any more, by the word of both issues themselves.
fn withdraw(draft: &mut Draft<'_>, record: &AttachmentRecord, side: &SideId) {
    let keep = draft.input.sync.attachments.deleted == WhenDeleted::Keep;
    let Some(copy) = record.copies.get(side).filter(|copy| !keep && !copy.gone) else { return };
    let is_left = draft.plan.item.is_left(side, &left::file(&copy.id));
    if is_left || draft.is_barred(side) || draft.is_barred(&record.side) || is_under_way(draft, side, record) {
        return;
    }
    let (Some(_), Some(there)) = (direct(draft, &record.side), direct(draft, side)) else { return };
    if there.iter().any(|id| id == &copy.id) {
        let (origin, file, copy) = (record.side.clone(), record.id.clone(), copy.id.clone());
        let action = Action::DeleteFile { origin, file, copy, taken: None };
        draft.plan.operations.push(Operation { side: side.clone(), action });
        return;
    }
    let known = |known: &&mut AttachmentRecord| known.side == record.side && known.id == record.id;
    let record = draft.plan.item.attachments.iter_mut().find(known);
    if let Some(copy) = record.and_then(|record| record.copies.get_mut(side)) {
        copy.gone = true;
    }
}

/// Deletes a file whose copy a person took away, where that is asked for, by the word of both issues themselves. Its other copies go once it is
/// seen to be gone, so it stays where one of them is on a side that does not see who took it.
fn take_away(draft: &mut Draft<'_>, record: &AttachmentRecord) {
    let both = draft.input.sync.attachments.deleted == WhenDeleted::Both && !record.gone;
    let sees = |side: &SideId, by: &SideId| draft.input.sync.side(side).is_some_and(|side| side.sees.contains(by));
    let may = |by: &SideId| both && sees(&record.side, by) && !draft.is_barred(by);
    let Some(by) = record.copies.iter().find(|(by, copy)| copy.taken && may(by)).map(|(by, _)| by.clone()) else {
        return;
    };
    let is_left = draft.plan.item.is_left(&record.side, &left::file(&record.id));
    if is_left || draft.is_barred(&record.side) || is_under_way(draft, &record.side, record) {
        return;
    }
    let blind = record.copies.iter().find(|(side, copy)| *side != &by && !copy.gone && !sees(side, &by));
    if let Some((blind, _)) = blind {
        let name = &record.name;
        let why =
            format!("`{name}` stays, though somebody deleted its copy on {by}: {blind} has one, and does not see {by}");
        draft.hold(&record.side, None, why, "delete it here, if it is to go everywhere");
        return;
    }
    let (Some(there), Some(copies)) = (direct(draft, &record.side), direct(draft, &by)) else { return };
    let is_back = record.copies.get(&by).is_some_and(|copy| copies.contains(&copy.id));
    if !there.contains(&record.id) || is_back {
        return;
    }
    let (origin, file) = (record.side.clone(), record.id.clone());
    let action = Action::DeleteFile { origin, file, copy: record.id.clone(), taken: Some(by) };
    draft.plan.operations.push(Operation { side: record.side.clone(), action });
}

/// The files of a side's issue by a direct read; `None`: it was asked for, or is not to be had now.
fn direct(draft: &mut Draft<'_>, side: &SideId) -> Option<Vec<AttachmentId>> {
    if !draft.plan.item.replicas.get(side).is_some_and(|replica| replica.observed) {
        return None;
    }
    let observation = draft.input.observed.get(side).filter(|observation| observation.direct);
    if observation.is_none() {
        draft.want(side, Wanted::Comments);
    }
    let files = observation?.snapshot.attachments.as_ref()?;
    Some(files.iter().map(|file| file.id.clone()).collect())
}

/// Files that Jira refused stay visible.
fn refusals(draft: &mut Draft<'_>) {
    let refused: Vec<(SideId, String)> = draft
        .plan
        .item
        .attachments
        .iter()
        .filter(|record| !record.gone)
        .flat_map(|record| record.refused.iter().map(|(side, why)| (side.clone(), why.clone())))
        .collect();
    for (side, why) in refused {
        draft.hold(&side, None, why, "attach it there by hand, or take it away here");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_the_unit_that_people_use() {
        let sizes = [999, 1_500, 2_000_000, 3_400_000_000].map(in_words);
        assert_eq!(sizes, ["999 bytes", "1.5 kB", "2.0 MB", "3.4 GB"]);
    }
}
