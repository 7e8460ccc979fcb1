//! Which files people's texts speak of (`attachments = "with-their-comment"`). Must never let somebody fetch a file by writing
//! its name on another side: only what is said on a file's own side counts, outside of quotes, and only where that is read too.
//!
//! A text names a file by its name, and names are not unique. So each mention is bound, once, to the newest file of that name
//! that is there: a file that comes later under the same name does not cross on the word of an old text, also when the file that
//! was meant is deleted, or the text is not to be seen for a while.

use std::collections::{BTreeMap, BTreeSet};

use super::comments::readers;
use super::{Draft, agreed_for};
use crate::model::document::{Block, Document};
use crate::model::hub::{AttachmentRecord, CommentRecord, NamedBy};
use crate::model::ids::{FieldName, SideId};
use crate::model::issue::Visibility;
use crate::model::remark::Remark;
use crate::model::settings::WhichFiles;
use crate::model::value::Value;
use crate::text;

/// The names of files in a text, and how often each is there. What is quoted is somebody else's word, who may be a partner.
fn names_of(document: &Document) -> BTreeMap<String, usize> {
    let mut names = BTreeMap::new();
    let mut own = document.blocks.clone();
    text::change_blocks(&mut own, &mut |block| {
        if let Block::Quote(quoted) = block {
            quoted.clear();
        }
    });
    text::visit_files(&own, &mut |file| {
        if !file.name.is_empty() {
            *names.entry(file.name.clone()).or_default() += 1;
        }
    });
    names
}

fn names_in(value: &Value) -> BTreeMap<String, usize> {
    if let Value::Document(document) = value { names_of(document) } else { BTreeMap::new() }
}

/// Whether a text speaks of a file, by its name and outside of quotes.
#[must_use]
pub fn speaks_of(text: &Document, file: &str) -> bool {
    names_of(text).contains_key(file)
}

/// Takes in what somebody wrote into a text: the names that were not there before, or not as often, are theirs.
pub(super) fn hear(draft: &mut Draft<'_>, side: &SideId, field: &FieldName, (before, after): (&Value, &Value)) {
    if side.is_outsiders() || !draft.input.sync.attachments.from.contains(side) {
        return;
    }
    let before = names_in(before);
    let more = |(name, count): (String, usize)| (before.get(&name).is_none_or(|held| *held < count)).then_some(name);
    let named: BTreeSet<String> = names_in(after).into_iter().filter_map(more).collect();
    if !named.is_empty() {
        let fields = draft.plan.item.named.entry(side.clone()).or_default();
        fields.entry(field.clone()).or_default().extend(named);
    }
}

/// Binds every mention to the file that it means.
pub(super) fn bind(draft: &mut Draft<'_>) {
    if draft.input.sync.attachments.which != WhichFiles::WithTheirComment {
        return;
    }
    let texts = texts(draft);
    let records = &mut draft.plan.item.attachments;
    for record in records.iter_mut() {
        let (side, name) = (&record.side, &record.name);
        let still = |by: &NamedBy| texts.get(&(side.clone(), by.clone())).is_some_and(|names| names.contains(name));
        record.named_by.retain(still);
    }
    for ((side, by), names) in texts {
        for name in names {
            let of_that_name = |record: &&mut AttachmentRecord| record.side == side && record.name == name;
            if records.iter_mut().filter(of_that_name).any(|record| record.named_by.contains(&by)) {
                continue;
            }
            if let Some(newest) = records.iter_mut().rev().filter(of_that_name).find(|record| !record.gone) {
                newest.named_by.insert(by.clone());
            }
        }
    }
}

/// What people of each side say of files, and where. What is not there any more still means what it meant: it may come back.
fn texts(draft: &mut Draft<'_>) -> BTreeMap<(SideId, NamedBy), BTreeSet<String>> {
    let mut texts = BTreeMap::new();
    for remark in Remark::ALL {
        for record in draft.plan.item.remarks(remark).iter().filter(|record| !record.notice) {
            let said = record.said.as_ref().map(|said| &said.body);
            let Some(body) = said.or(record.pending.as_ref().map(|pending| &pending.body)) else { continue };
            let names = names_of(body);
            let by = match remark {
                Remark::Comment => NamedBy::Comment(record.id.clone()),
                Remark::Worklog => NamedBy::Worklog(record.id.clone()),
            };
            texts.insert((record.side.clone(), by), names.into_keys().collect());
        }
    }
    let item = &mut draft.plan.item;
    for (side, fields) in &mut item.named {
        let replica = item.replicas.get(side);
        for (field, named) in fields {
            // What does not stand there any more is nobody's word.
            if let Some(replica) = replica {
                let base = replica.bases.get(field).and_then(|base| base.value.as_ref());
                let held = base.map(names_in).unwrap_or_default();
                named.retain(|name| held.contains_key(name));
            }
            texts.insert((side.clone(), NamedBy::Field(field.clone())), named.clone());
        }
    }
    texts
}

/// How openly something that a side reads speaks of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spoken {
    /// Nothing does.
    Nowhere,
    /// Only what is internal to a service desk.
    Internally,
    /// Only what a role or group reads there.
    AmongFew,
    /// What everybody reads there.
    Openly,
}

/// How openly something that a side reads speaks of a file.
pub(super) fn spoken_of(draft: &Draft<'_>, record: &AttachmentRecord, side: &SideId) -> Spoken {
    let spoken = record.named_by.iter().map(|by| match by {
        NamedBy::Comment(id) => {
            said_of(draft, Remark::Comment, side, |said| said.side == record.side && &said.id == id)
        }
        NamedBy::Worklog(id) => {
            said_of(draft, Remark::Worklog, side, |said| said.side == record.side && &said.id == id)
        }
        NamedBy::Field(field) => {
            let item = &draft.plan.item;
            let row = draft.input.sync.fields.get(field).filter(|row| row.sides.contains_key(side));
            let agreed = row.and_then(|row| agreed_for(item, draft.input.sync, row, side));
            let names = agreed.is_some_and(|agreed| names_in(&agreed.value).contains_key(&record.name));
            if names { Spoken::Openly } else { Spoken::Nowhere }
        }
    });
    spoken.max().unwrap_or(Spoken::Nowhere)
}

/// How openly a comment, or logged work, stands on a side or is to stand there. The side sees the file's: that was asked before.
fn said_of(draft: &Draft<'_>, remark: Remark, side: &SideId, is: impl Fn(&CommentRecord) -> bool) -> Spoken {
    let said = draft.plan.item.remarks(remark).iter().find(|record| is(record));
    let Some(said) = said.filter(|record| !record.gone && !record.refused.contains_key(side)) else {
        return Spoken::Nowhere;
    };
    match readers(draft, said, side, remark) {
        None => Spoken::Nowhere,
        Some(Visibility::Internal) => Spoken::Internally,
        Some(_) if said.visibility == Visibility::Internal => Spoken::Internally,
        Some(Visibility::Everybody) => Spoken::Openly,
        Some(Visibility::Role(_) | Visibility::Group(_) | Visibility::Other) => Spoken::AmongFew,
    }
}
