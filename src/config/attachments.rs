//! The `attachments` of a sync. Must never let a partner's files be seen by another for want of a word about it: Jira gives
//! files no visibility of their own.

use std::collections::BTreeSet;

use super::keys;
use super::node::Cursor;
use super::problem::Findings;
use super::sides::Sides;
use crate::model::settings::{AttachmentSettings, SideSettings, WhenDeleted};

/// Bytes in a megabyte, as people count them.
const MEGABYTE: f64 = 1_000_000.0;

/// Reads the word or the table; without one, no files are carried.
pub(super) fn read(
    sync: &Cursor<'_>,
    settings: &[SideSettings],
    sides: &Sides,
    findings: &mut Findings<'_>,
) -> AttachmentSettings {
    let Some(cursor) = sync.get(&keys::ATTACHMENTS) else { return AttachmentSettings::default() };
    let table = cursor.is_table();
    if !table && cursor.text() != Some("both") {
        return AttachmentSettings::default();
    }
    let names: Vec<String> = match cursor.get(&keys::FILE_NAMES) {
        Some(list) if table => list.items().filter_map(|item| Some(item.text()?.to_owned())).collect(),
        Some(_) | None => Vec::new(),
    };
    let apart = settings.iter().any(|side| side.sees.len() < settings.len());
    if apart && names.is_empty() {
        let help = "say which by `attachments = { names = [\"share-*\"] }`; `[\"*\"]` is all of them";
        findings.error(
            &cursor.key_spot,
            "files cross between sides that do not see all others, whoever may see them there",
            help,
        );
    }
    let set = |key| if table { cursor.get(key) } else { None };
    let largest = set(&keys::FILE_LARGEST).and_then(|cursor| cursor.number());
    let keep = set(&keys::FILE_DELETED).as_ref().and_then(Cursor::text) == Some("keep");
    let on = |key, findings: &mut Findings<'_>| -> BTreeSet<_> { sides.set(set(key).as_ref(), findings) };
    AttachmentSettings {
        from: on(&keys::FILE_FROM, findings),
        to: on(&keys::FILE_TO, findings),
        names,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be above 0 and small")]
        largest: largest.map(|megabytes| (megabytes * MEGABYTE) as u64),
        deleted: if keep { WhenDeleted::Keep } else { WhenDeleted::Delete },
    }
}
