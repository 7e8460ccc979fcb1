//! The `attachments` of a sync. Must never let a partner's files be seen by another for want of a word about it: Jira gives
//! files no visibility of their own.

use std::collections::BTreeSet;

use super::keys;
use super::node::Cursor;
use super::problem::Findings;
use super::sides::Sides;
use crate::model::ids::SideId;
use crate::model::settings::{
    AttachmentSettings, CopyEdits, FieldKind, FieldRow, RestrictedRow, SideSettings, SyncSettings, TooLarge,
    WhenDeleted, WhichFiles,
};

/// Bytes in a megabyte, as people count them.
const MEGABYTE: f64 = 1_000_000.0;
/// The word for files that cross with what speaks of them.
const WITH_COMMENT: &str = "with-their-comment";

/// Reads the word or the table; without one, no files are carried.
pub(super) fn read(
    sync: &Cursor<'_>,
    settings: &[SideSettings],
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> AttachmentSettings {
    let Some(cursor) = sync.get(&keys::ATTACHMENTS) else { return AttachmentSettings::default() };
    let table = cursor.is_table();
    if !table && !matches!(cursor.text(), Some("both" | WITH_COMMENT)) {
        return AttachmentSettings::default();
    }
    let patterns = |key| -> Vec<String> {
        let list = if table { cursor.get(key) } else { None };
        let items = list.iter().flat_map(Cursor::items);
        items.filter_map(|item| Some(item.text()?.to_owned())).collect()
    };
    let names = patterns(&keys::FILE_NAMES);
    let types = patterns(&keys::FILE_TYPES);
    let apart = settings.iter().any(|side| side.sees.len() < settings.len());
    let set = |key| if table { cursor.get(key) } else { None };
    let says = |key| set(key).and_then(|cursor| Some(cursor.text()?.to_owned()));
    let spoken_of = says(&keys::FILE_WHICH).as_deref() == Some(WITH_COMMENT) || cursor.text() == Some(WITH_COMMENT);
    if apart && names.is_empty() && !spoken_of {
        let help =
            "write `\"with-their-comment\"`, or say which by `{ names = [\"share-*\"] }`; `[\"*\"]` is all of them";
        findings.error(
            &cursor.key_spot,
            "files cross between sides that do not see all others, whoever may see them there",
            help,
        );
    }
    let largest = set(&keys::FILE_LARGEST).and_then(|cursor| cursor.number());
    let deleted = match says(&keys::FILE_DELETED).as_deref() {
        Some("keep") => WhenDeleted::Keep,
        Some("both") => WhenDeleted::Both,
        _ => WhenDeleted::Delete,
    };
    let note = says(&keys::FILE_TOO_LARGE).as_deref() == Some("note");
    let on = |key, findings: &mut Findings<'_>| -> BTreeSet<_> { sides.set(set(key).as_ref(), findings) };
    AttachmentSettings {
        from: on(&keys::FILE_FROM, findings),
        to: on(&keys::FILE_TO, findings),
        names,
        types,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be above 0 and small")]
        largest: largest.map(|megabytes| (megabytes * MEGABYTE) as u64),
        deleted,
        which: if spoken_of { WhichFiles::WithTheirComment } else { WhichFiles::All },
        too_large: if note { TooLarge::Note } else { TooLarge::Problem },
    }
}

/// Says where a comment of one side may hold the words of another, which must not fetch files, and what never has an effect.
pub(super) fn check(sync: &Cursor<'_>, settings: &SyncSettings, findings: &mut Findings<'_>) {
    let Some(cursor) = sync.get(&keys::ATTACHMENTS) else { return };
    let files = &settings.attachments;
    let spoken_of = files.which == WhichFiles::WithTheirComment;
    if spoken_of && settings.comments.copies == CopyEdits::FlowBack {
        findings.error(
            &cursor.key_spot,
            "files would cross on the word of whoever edits a copy of a comment: that flows back into the original",
            "leave out `comments.copies = \"flow-back\"`, or say by `names` which files cross",
        );
    }
    if spoken_of && !names_cross(settings) {
        findings.warning(
            &cursor.key_spot,
            "no file crosses for what speaks of it: no comment, worklog or text that could name one crosses between these sides",
            "let comments, worklogs or a text cross, or say by `names` which files do",
        );
    }
    let which = if cursor.is_table() { cursor.get(&keys::FILE_WHICH) } else { None };
    if let Some(which) = which.filter(|which| which.text() == Some("all") && !files.names.is_empty()) {
        findings.warning(
            &which.key_spot,
            "`all` says nothing next to `names`: only files of these names cross",
            "take it out, or take `names` out if all are to cross",
        );
    }
}

/// Whether anything that could name a file crosses where files may. Internal comments alone fetch none.
fn names_cross(settings: &SyncSettings) -> bool {
    let files = &settings.attachments;
    let between = |from: &SideId, to: &SideId| {
        let rows = &settings.comments.restricted;
        let row = |row: &RestrictedRow| {
            !row.is_internal() && ([&row.at, &row.with] == [from, to] || [&row.with, &row.at] == [from, to])
        };
        let said = [&settings.comments, &settings.worklogs];
        let text = |row: &FieldRow| {
            let both = row.sides.contains_key(from) && row.sides.contains_key(to);
            row.kind == FieldKind::Document && row.from.contains(from) && both
        };
        said.iter().any(|rules| rules.from.contains(from) && rules.to.contains(to))
            || rows.iter().any(row)
            || settings.fields.values().any(text)
    };
    let sees = |to: &SideId, from: &SideId| settings.side(to).is_some_and(|side| side.sees.contains(from));
    let pairs = files.from.iter().flat_map(|from| files.to.iter().map(move |to| (from, to)));
    pairs.into_iter().any(|(from, to)| from != to && sees(to, from) && between(from, to))
}
