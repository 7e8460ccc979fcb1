//! Issues that exist already, and that are one item from now on. Must never lose what people wrote: a value that does not stand is a
//! recorded conflict; never let one side's words into what a side receives that does not see it; nor write anything by itself: the next
//! plan of the item does.

use std::collections::{BTreeMap, BTreeSet};

use crate::mapping::same;
use crate::model::command::PairEffect;
use crate::model::hub::{Agreed, Audience, Conflict, ItemState, Replica};
use crate::model::ids::{FieldName, IssueKey, ItemId, SideId};
use crate::model::initial::Initial;
use crate::model::remark::Remark;
use crate::model::settings::{FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;

use super::unite::is_a_set;
use super::{agreed_for, audience_of, initial, levels, matching};

/// What becomes of issues that are paired.
#[derive(Debug, Clone)]
pub struct Paired {
    /// The item that holds them all.
    pub item: ItemState,
    /// Values that do not stand.
    pub conflicts: Vec<Conflict>,
    /// The sides whose issue the item did not hold before.
    pub joined: Vec<SideId>,
    /// The sides whose issue has a security level that keeps it apart: a person decides who may see it.
    pub apart: Vec<SideId>,
    /// The fields in which they differ and that are decided otherwise than by who was named first.
    pub decided: Vec<Decided>,
}

/// What was decided of a field by its `initial`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The field.
    pub field: FieldName,
    /// The side whose value stands, and when it was set, by our clock; `None`: each keeps its own until somebody says which stands.
    pub stands: Option<(SideId, jiff::Timestamp)>,
}

impl Paired {
    /// As one step of the state. `fence`: of an item that is kept in step already. `parted`: the items that were ended, without the issues
    /// that go from them.
    #[must_use]
    pub fn into_effect(self, sync: &SyncSettings, fence: Option<u64>, parted: Vec<ItemState>) -> PairEffect {
        let joined = self
            .joined
            .iter()
            .filter_map(|side| Some((sync.side(side)?.instance.clone(), self.item.replicas.get(side)?.issue)));
        let joined = joined.collect();
        PairEffect { item: self.item, fence, parted, conflicts: self.conflicts, joined }
    }
}

/// What an issue that no item holds is read into, before it is paired: an item of its own that counts people's acts where the one that it
/// joins stopped.
#[must_use]
pub fn alone(id: ItemId, sync: &SyncSettings, joins: Option<&ItemState>) -> ItemState {
    let mut item = ItemState::new(id, sync.id.clone());
    if let Some(joins) = joins {
        item.acts = joins.acts.clone();
    }
    item
}

/// Makes one item of several, each of which was taken in by a plan of its own; no two hold an issue on one side. The first has the first
/// word: of each field, what it says stands for everybody who may see it, then what the second says, and so on. `id`: of the item that
/// goes on, one of the parts, or a new one.
#[must_use]
pub fn pair(sync: &SyncSettings, id: ItemId, parts: &[ItemState]) -> Paired {
    let kept = parts.iter().find(|part| part.id == id);
    let mut item = kept.cloned().unwrap_or_else(|| ItemState::new(id, sync.id.clone()));
    item.merged = None;
    let mut joined = Vec::new();
    for part in parts.iter().filter(|part| part.id != id) {
        item.acts.join(&part.acts);
        joined.extend(part.replicas.keys().cloned());
        item.replicas.extend(part.replicas.clone());
        item.named.extend(part.named.clone());
        item.awaits.extend(part.awaits.iter().cloned());
        item.belongs.extend(part.belongs.iter().cloned());
        for remark in Remark::ALL {
            item.remarks_mut(remark).extend(part.remarks(remark).iter().cloned());
        }
        item.attachments.extend(part.attachments.iter().cloned());
        item.left.extend(part.left.clone());
        item.orphans.extend(part.orphans.iter().cloned());
    }
    let (mut conflicts, mut decided) = (Vec::new(), Vec::new());
    for row in sync.fields.values() {
        agree(sync, &mut item, row, parts, &mut conflicts, &mut decided);
    }
    decided.dedup();
    let mut lost: Vec<Conflict> = Vec::new();
    for row in sync.fields.values() {
        lost.extend(item.replicas.keys().filter_map(|side| overruled(sync, &item, row, side)));
    }
    let is_told =
        |conflict: &Conflict| lost.iter().any(|told| told.field == conflict.field && told.loser == conflict.loser);
    conflicts.retain(|conflict| !is_told(conflict));
    conflicts.dedup_by(|one, other| one.field == other.field && one.loser == other.loser && one.lost == other.lost);
    lost.extend(conflicts);
    // Where home is another issue than before, `when` is to be asked of it.
    item.asked = None;
    if sync.home.as_ref().is_some_and(|home| joined.contains(home)) {
        // What was made under the level of another issue of home, or of none, is no word about this one's.
        item.replicas.values_mut().for_each(|replica| replica.level.ours = false);
    }
    matching::begin(sync, &mut item, &joined);
    let apart = item.replicas.keys().filter(|side| levels::keeps_apart(sync, &item, side)).cloned().collect();
    Paired { item, conflicts: lost, joined, apart, decided }
}

/// What is agreed of a field for each audience: what the part says that goes first by the row's `initial`, of those that the audience may
/// hear of. Sets are joined.
fn agree(
    sync: &SyncSettings,
    item: &mut ItemState,
    row: &FieldRow,
    parts: &[ItemState],
    conflicts: &mut Vec<Conflict>,
    decided: &mut Vec<Decided>,
) {
    let fields = || parts.iter().filter_map(|part| part.hub.get(&row.name));
    let audiences: BTreeSet<Audience> = fields().flat_map(|field| field.keys().cloned()).collect();
    for audience in audiences {
        let said = initial::in_rank(row, &audience, parts);
        let agreed = if row.initial == Initial::Ask && !is_a_set(row.kind) {
            initial::left_open(sync, row, &audience, &said)
        } else {
            None
        };
        if let Some(agreed) = agreed {
            decided.push(Decided { field: row.name.clone(), stands: None });
            item.hub.entry(row.name.clone()).or_default().insert(audience, agreed);
            continue;
        }
        let mut said = said.into_iter().map(|(_, agreed)| agreed);
        let Some(mut agreed) = said.next().cloned() else { continue };
        let mut differs = false;
        for theirs in said {
            let lost = settle(&mut agreed, theirs, row, &audience);
            differs |= lost.is_some();
            conflicts.extend(lost);
        }
        if differs && row.initial != Initial::First {
            decided.push(Decided { field: row.name.clone(), stands: Some((agreed.by.place(), agreed.at)) });
        }
        item.hub.entry(row.name.clone()).or_default().insert(audience, agreed);
    }
}

/// Takes in what a later part says: as known, and as an element of a set, but not as the value that stands. `Some`: it is another one.
fn settle(agreed: &mut Agreed, theirs: &Agreed, row: &FieldRow, audience: &Audience) -> Option<Conflict> {
    agreed.acts.join(&theirs.acts);
    if is_a_set(row.kind) {
        let words: BTreeSet<String> = agreed.value.words().union(&theirs.value.words()).cloned().collect();
        agreed.value = if words.is_empty() { Value::Empty } else { Value::Words(words) };
        agreed.origins.extend(theirs.origins.iter().cloned());
        return None;
    }
    if theirs.value.is_empty() || same(&theirs.value, &agreed.value) {
        return None;
    }
    Some(conflict(row.name.clone(), audience.clone(), agreed, theirs.by.place(), theirs.value.clone(), theirs.at))
}

fn conflict(
    field: FieldName,
    audience: Audience,
    agreed: &Agreed,
    loser: SideId,
    lost: Value,
    at: jiff::Timestamp,
) -> Conflict {
    let (winner, kept) = (agreed.by.place(), agreed.value.clone());
    Conflict { field, audience, winner, kept, loser, lost, at, overwritten_by: None }
}

/// What a side holds that will be written over, whoever may say something there: also on sides that only receive.
pub(super) fn overruled(sync: &SyncSettings, item: &ItemState, row: &FieldRow, side: &SideId) -> Option<Conflict> {
    if row.composed.is_some() || !row.sides.contains_key(side) {
        return None;
    }
    let (agreed, replica) = (agreed_for(item, sync, row, side)?, item.replicas.get(side)?);
    let held = replica.bases.get(&row.name)?.value.clone().filter(|held| !held.is_empty())?;
    if agreed.asking.contains(side) {
        return None;
    }
    let stands = if is_a_set(row.kind) {
        held.words().is_subset(&agreed.value.words())
    } else {
        same(&held, &agreed.value) || agreed.by.place() == *side
    };
    let audience = || audience_of(item, sync, row, side);
    (!stands).then(|| conflict(row.name.clone(), audience(), agreed, side.clone(), held, replica.updated))
}

/// A side whose people wrote into an issue while it was in step, as far as its values tell, and another that would be shown that now and
/// does not see the first: what stands there nobody could tell from its own people's words any more.
#[must_use]
pub fn would_tell(
    sync: &SyncSettings,
    was: &ItemState,
    side: &SideId,
    others: &BTreeSet<SideId>,
) -> Option<(SideId, SideId)> {
    let sees = |side: &SideId, other: &SideId| {
        side == other || sync.side(side).is_some_and(|settings| settings.sees.contains(other))
    };
    let bases = was.replicas.get(side).into_iter().flat_map(|replica| replica.bases.values());
    let origins: BTreeSet<SideId> = bases.flat_map(|base| base.acts.sides()).map(SideId::place).collect();
    for origin in origins.iter().filter(|origin| *origin != side) {
        if let Some(other) = others.iter().find(|other| *other != side && sees(other, side) && !sees(other, origin)) {
            return Some((origin.clone(), other.clone()));
        }
    }
    None
}

/// Items of one sync that look alike, each with an issue on one side alone: a person says whether they are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The issues, in the order of the sides.
    pub issues: Vec<(SideId, IssueKey)>,
}

/// Which of these items of a sync have one summary and type on different sides, and no other like them on either.
#[must_use]
pub fn proposals(sync: &SyncSettings, items: &[&ItemState]) -> Vec<Proposal> {
    let mut alike: BTreeMap<String, BTreeMap<usize, Vec<&Replica>>> = BTreeMap::new();
    for item in items.iter().filter(|item| item.merged.is_none()) {
        let mut replicas = item.replicas.iter();
        let (Some((side, replica)), None) = (replicas.next(), replicas.next()) else { continue };
        let rank = sync.side_ids().position(|known| known == side);
        if let (Some(looks), Some(rank)) = (looks(sync, item, side), rank.filter(|_| replica.observed)) {
            alike.entry(looks).or_default().entry(rank).or_default().push(replica);
        }
    }
    let sides: Vec<&SideId> = sync.side_ids().collect();
    let whole = alike.into_values().filter(|found| found.len() > 1 && found.values().all(|there| there.len() == 1));
    let named = |(rank, there): (usize, Vec<&Replica>)| {
        let replica = there.first()?;
        Some(((*sides.get(rank)?).clone(), replica.key.clone()))
    };
    let mut all: Vec<Proposal> =
        whole.map(|found| Proposal { issues: found.into_iter().filter_map(named).collect() }).collect();
    all.sort_by(|one, other| one.issues.cmp(&other.issues));
    all
}

/// The summary and type of an item's one issue, as they would be shared.
fn looks(sync: &SyncSettings, item: &ItemState, side: &SideId) -> Option<String> {
    let said = |row: &FieldRow| {
        let agreed = item.hub.get(&row.name)?.values().find(|agreed| agreed.by.place() == *side)?;
        serde_json::to_string(&agreed.value).ok()
    };
    let summary = |row: &&FieldRow| row.sides.get(side).is_some_and(|field| field.as_str() == "summary");
    let summary = said(sync.fields.values().find(summary)?)?;
    let of_type = sync.fields.values().find(|row| row.kind == FieldKind::IssueType).and_then(said);
    Some(format!("{}\n{}", summary.trim().to_lowercase(), of_type.unwrap_or_default()))
}
