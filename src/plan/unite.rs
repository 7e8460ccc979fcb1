//! Two issues, or two items, that a person calls one. Must never lose what people wrote: what does not stand any more is a recorded
//! conflict, or stays where it is; nor write anything by itself: the next plan of the item that is kept does.

use crate::mapping::same;
use crate::model::command::MergeEffect;
use crate::model::hub::{Acts, AttachmentRecord, Base, CommentRecord, Conflict, ItemState, Replica, Watching};
use crate::model::ids::{ItemId, SideId};
use crate::model::remark::Remark;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;

use super::ends::new_global_id;
use super::{agreed_for, audience_of, levels};

/// What becomes of two items, or of an item and an issue beside it.
#[derive(Debug, Clone)]
pub struct United {
    /// The item that is kept.
    pub kept: ItemState,
    /// The item that holds the issues that are let be.
    pub retired: ItemState,
    /// Values that do not stand any more.
    pub conflicts: Vec<Conflict>,
    /// The sides on which the kept item holds another issue than before, or one where it held none.
    pub joined: Vec<SideId>,
    /// The sides whose issue has a security level that keeps it apart from now on: a person decides who may see it.
    pub apart: Vec<SideId>,
}

impl United {
    /// As one step of the state. The fences: of the kept item, and of the retired one if it was an item before.
    #[must_use]
    pub fn into_effect(self, sync: &SyncSettings, kept: u64, retired: Option<u64>) -> MergeEffect {
        let dropped = self
            .retired
            .replicas
            .iter()
            .filter_map(|(side, replica)| Some((side.clone(), sync.side(side)?.instance.clone(), replica.issue)));
        let joined = self.joined.iter().filter_map(|side| {
            Some((side.clone(), sync.side(side)?.instance.clone(), self.kept.replicas.get(side)?.issue))
        });
        // No problem about a second issue stands that was decided.
        let dropped = dropped.chain(joined).collect();
        MergeEffect {
            kept: (self.kept, kept),
            retired: vec![(self.retired, retired)],
            conflicts: self.conflicts,
            dropped,
        }
    }
}

/// An issue that is no item's, beside the one that is kept on its side: it is let be from now on.
#[must_use]
pub fn let_be(kept: &ItemState, id: ItemId, side: &SideId, found: Replica) -> United {
    let mut retired = retired(kept, id);
    retired.replicas.insert(side.clone(), found);
    United { kept: kept.clone(), retired, conflicts: Vec::new(), joined: Vec::new(), apart: Vec::new() }
}

/// An issue that is no item's takes the place of the one that an item holds on its side. Nothing of it is known yet: people's edits
/// count as concurrent with all that is agreed.
#[must_use]
pub fn replace(kept: &ItemState, id: ItemId, side: &SideId, found: Replica) -> United {
    let (mut now, mut retired) = (kept.clone(), retired(kept, id));
    if let Some(old) = now.replicas.insert(side.clone(), found) {
        retired.replicas.insert(side.clone(), old);
    }
    for remark in Remark::ALL {
        let (theirs, mut others): (Vec<CommentRecord>, Vec<CommentRecord>) =
            std::mem::take(now.remarks_mut(remark)).into_iter().partition(|record| &record.side == side);
        for record in &mut others {
            // Our copies stay in the issue that is let be; the other gets its own.
            record.forget(side);
            record.refused.remove(side);
            record.spared.remove(side);
        }
        *now.remarks_mut(remark) = others;
        *retired.remarks_mut(remark) = theirs;
    }
    let (theirs, mut others): (Vec<AttachmentRecord>, Vec<AttachmentRecord>) =
        std::mem::take(&mut now.attachments).into_iter().partition(|record| &record.side == side);
    for record in &mut others {
        record.copies.remove(side);
        record.refused.remove(side);
        record.spared.remove(side);
    }
    (now.attachments, retired.attachments) = (others, theirs);
    now.named.remove(side);
    now.left.remove(side);
    now.orphans.retain(|orphan| &orphan.side != side && &orphan.origin != side);
    now.asked = None;
    United { kept: now, retired, conflicts: Vec::new(), joined: vec![side.clone()], apart: Vec::new() }
}

/// Two items are one: the issues of the second go on as the first one's on the sides where that has none, and are let be elsewhere.
/// What the kept one agreed on stands; sets are joined.
#[must_use]
pub fn unite(sync: &SyncSettings, kept: &ItemState, dropped: &ItemState) -> United {
    let (mut now, mut retired) = (kept.clone(), dropped.clone());
    retired.merged = Some(kept.id);
    retired.awaits.clear();
    let mut conflicts = Vec::new();
    // One on a side that the configuration has no more is let be as well: nothing is known of where it is.
    let joins = |side: &&SideId| !kept.replicas.contains_key(*side) && sync.side(side).is_some();
    let joined: Vec<SideId> = dropped.replicas.keys().filter(joins).cloned().collect();
    for side in &joined {
        let Some(mut replica) = retired.replicas.remove(side) else { continue };
        let old = std::mem::take(&mut replica.bases);
        for row in sync.fields.values().filter(|row| row.sides.contains_key(side)) {
            let Some(base) = old.get(&row.name) else { continue };
            let lost = lost(sync, kept, row, side, base, &replica);
            conflicts.extend(lost);
            replica.bases.insert(row.name.clone(), joining(sync, kept, row, side, base));
        }
        replica.links.clear();
        for (of, links) in replica.ends.shown.clone() {
            // What may be shown is known by the name of the item that showed it.
            for (link, _) in links.iter().filter(|(_, shown)| shown.is_none()) {
                replica.ends.doubt(&of, link, &new_global_id(dropped.id, &of, link));
            }
        }
        // What it holds came from an issue that has another level, or may have: it is opened by nobody but a person.
        replica.level.ours = false;
        replica.watching = Watching { by_us: replica.watching.by_us, ..Watching::default() };
        now.replicas.insert(side.clone(), replica);
        if let Some(named) = dropped.named.get(side) {
            now.named.insert(side.clone(), named.clone());
        }
        if let Some(left) = dropped.left.get(side) {
            now.left.insert(side.clone(), left.clone());
        }
        if dropped.belongs.contains(side) {
            now.belongs.insert(side.clone());
        }
    }
    for remark in Remark::ALL {
        let theirs = dropped.remarks(remark).iter().filter(|record| joined.contains(&record.side) && !record.notice);
        let theirs: Vec<CommentRecord> = theirs.cloned().map(|record| only_on(record, &joined)).collect();
        now.remarks_mut(remark).extend(theirs);
    }
    for record in dropped.attachments.iter().filter(|record| joined.contains(&record.side)) {
        let mut record = record.clone();
        record.copies.retain(|side, _| joined.contains(side));
        record.refused.retain(|side, _| joined.contains(side));
        record.spared.retain(|side| joined.contains(side));
        now.attachments.push(record);
    }
    let orphans = dropped.orphans.iter();
    now.orphans.extend(orphans.filter(|it| joined.contains(&it.side) && joined.contains(&it.origin)).cloned());
    if !joined.is_empty() {
        now.asked = None;
    }
    if sync.home.as_ref().is_some_and(|home| joined.contains(home)) {
        // The same for what was made under the level of another issue of home than the one that counts from now on.
        now.replicas.values_mut().for_each(|replica| replica.level.ours = false);
    }
    let apart = now.replicas.keys().filter(|side| levels::keeps_apart(sync, &now, side)).cloned().collect();
    United { kept: now, retired, conflicts, joined, apart }
}

/// The side that would join with what people of a third one wrote, that third one, and a side of the kept item that may not see it.
/// In the kept item nobody could tell any more whose it is.
#[must_use]
pub fn would_show(sync: &SyncSettings, kept: &ItemState, dropped: &ItemState) -> Option<(SideId, SideId, SideId)> {
    let sees = |side: &SideId, other: &SideId| {
        side == other || sync.side(side).is_some_and(|settings| settings.sees.contains(other))
    };
    let joins = |side: &&SideId| !kept.replicas.contains_key(*side) && sync.side(side).is_some();
    for joining in dropped.replicas.keys().filter(joins) {
        let bases = dropped.replicas.get(joining).into_iter().flat_map(|replica| replica.bases.values());
        for origin in bases.flat_map(|base| base.acts.sides()).map(SideId::place).filter(|origin| origin != joining) {
            if let Some(side) = kept.replicas.keys().find(|side| sees(side, joining) && !sees(side, &origin)) {
                return Some((joining.clone(), origin, side.clone()));
            }
        }
    }
    None
}

/// An item that only holds what is let be.
fn retired(kept: &ItemState, id: ItemId) -> ItemState {
    let mut retired = ItemState::new(id, kept.sync.clone());
    retired.merged = Some(kept.id);
    retired
}

/// A record with the copies that go along; the others are made anew where the kept item's issues have none.
fn only_on(mut record: CommentRecord, sides: &[SideId]) -> CommentRecord {
    let gone: Vec<SideId> = record.copies.keys().filter(|side| !sides.contains(side)).cloned().collect();
    for side in gone {
        record.forget(&side);
    }
    record.refused.retain(|side, _| sides.contains(side));
    record.spared.retain(|side| sides.contains(side));
    record
}

/// Whether a value is made of elements, each of which stands for itself.
pub(super) fn is_a_set(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Words | FieldKind::Options | FieldKind::People | FieldKind::Links | FieldKind::Watchers)
}

/// What a side that joins is taken to have held, none of the kept item's acts contained: what of it is to count as its people's, the
/// next read shows as a change.
fn joining(sync: &SyncSettings, kept: &ItemState, row: &FieldRow, side: &SideId, base: &Base) -> Base {
    let held = base.value.clone();
    let counts = row.from.contains(side) && row.composed.is_none();
    let value = match (agreed_for(kept, sync, row, side), held) {
        (Some(agreed), Some(held)) if counts && is_a_set(row.kind) => {
            let both: std::collections::BTreeSet<String> =
                agreed.value.words().intersection(&held.words()).cloned().collect();
            Some(if both.is_empty() { Value::Empty } else { Value::Words(both) })
        }
        // Nobody ever said anything of it on the kept item's sides.
        (None, Some(_)) if counts => Some(Value::Empty),
        (_, held) => held,
    };
    Base { value, native: base.native.clone(), acts: Acts::default(), ..Base::default() }
}

/// The value of a side that joins, where it does not stand any more.
fn lost(
    sync: &SyncSettings,
    kept: &ItemState,
    row: &FieldRow,
    side: &SideId,
    base: &Base,
    replica: &Replica,
) -> Option<Conflict> {
    if is_a_set(row.kind) || row.composed.is_some() {
        return None;
    }
    let agreed = agreed_for(kept, sync, row, side)?;
    let lost = base.value.clone().filter(|held| !held.is_empty() && !same(held, &agreed.value))?;
    Some(Conflict {
        field: row.name.clone(),
        audience: audience_of(kept, sync, row, side),
        winner: agreed.by.place(),
        kept: agreed.value.clone(),
        loser: side.clone(),
        lost,
        at: replica.updated,
        overwritten_by: None,
    })
}
