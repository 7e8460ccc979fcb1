//! Doubts about several tables at once: syncs that may write one field of one issue, instances that nothing uses. Must only
//! ever warn: each may be meant.

use super::keys;
use super::node::Cursor;
use super::problem::{Findings, listed};
use crate::model::ids::FieldId;
use crate::model::settings::{FieldKind, FieldRow, SideSettings, SyncSettings};

/// Warns of what may not be meant so.
pub(super) fn warn(top: &Cursor<'_>, syncs: &[SyncSettings], findings: &mut Findings<'_>) {
    let tables: Vec<Cursor<'_>> = top.get(&keys::SYNC).iter().flat_map(Cursor::entries).collect();
    for (index, sync) in syncs.iter().enumerate() {
        for other in &syncs[..index] {
            let pairs = sync.sides.iter().flat_map(|side| other.sides.iter().map(move |there| (side, there)));
            for (side, there) in pairs.filter(|(a, b)| (&a.instance, &a.project) == (&b.instance, &b.project)) {
                meet(&tables, (sync, side), (other, there), findings);
            }
        }
    }
    if let (true, Some(instances)) = (tables.is_empty(), top.get(&keys::INSTANCE)) {
        findings.warning(&instances.spot, "there is no sync, so that nothing is kept in step", "add `[sync.NAME]`");
        return;
    }
    let sides: Vec<Cursor<'_>> = tables
        .iter()
        .filter_map(|sync| sync.get(&keys::SIDE))
        .flat_map(|sides| sides.entries().collect::<Vec<_>>())
        .collect();
    for instance in top.get(&keys::INSTANCE).iter().flat_map(Cursor::entries) {
        let uses =
            |side: &Cursor<'_>| side.get(&keys::SIDE_INSTANCE).and_then(|cursor| cursor.text()) == Some(instance.name);
        if !sides.iter().any(uses) && !findings.has_errors() {
            let message = format!("no side uses the instance `{}`", instance.name);
            findings.warning(&instance.key_spot, message, "take it out, or name it in a side");
        }
    }
}

type Place<'a> = (&'a SyncSettings, &'a SideSettings);

fn meet(tables: &[Cursor<'_>], (sync, side): Place<'_>, (other, there): Place<'_>, findings: &mut Findings<'_>) {
    let theirs = written(other, there);
    let both: Vec<&str> =
        written(sync, side).into_iter().filter(|field| theirs.contains(field)).map(FieldId::as_str).collect();
    let entry = tables
        .iter()
        .filter(|table| table.name == sync.id.as_str())
        .filter_map(|table| table.get(&keys::SIDE))
        .find_map(|sides| sides.entries().find(|entry| entry.name == side.id.as_str()));
    let (Some(entry), false) = (entry, both.is_empty()) else { return };
    let message = format!(
        "syncs `{}` and `{}` may both write one issue of project `{}` of `{}` in {}: neither takes for a person's change what \
         the other wrote",
        other.id,
        sync.id,
        side.project,
        side.instance,
        listed(&both)
    );
    findings.warning(&entry.key_spot, message, "make them one sync with more sides, or let each carry other fields");
}

/// The fields of existing issues that a sync may write there: whatever its clauses say, since nobody can tell whether two of them find
/// one issue. A side that nobody else's word reaches is only read.
fn written<'s>(sync: &'s SyncSettings, side: &SideSettings) -> Vec<&'s FieldId> {
    let receives = |row: &&FieldRow| row.composed.is_some() || row.from.iter().any(|from| from != &side.id);
    let rows = sync.fields.values().filter(|row| row.kind != FieldKind::IssueType).filter(receives);
    rows.filter_map(|row| row.sides.get(&side.id)).collect()
}
