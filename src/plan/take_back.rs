//! A value that lost a conflict stands again, since an operator says so. Must never take it where it was not weighed before, nor where it may
//! hold what the others there may not see, and never let the value go that it replaces.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::unite::is_a_set;
use super::{audience_of, audiences_of};
use crate::mapping::same;
use crate::model::hub::{Agreed, Audience, Conflict, ItemState, Standing};
use crate::model::ids::{FieldName, SideId};
use crate::model::settings::{FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;

/// A value that stands again.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The field.
    pub field: FieldName,
    /// The value that stood until now, and whose it was.
    pub was: (SideId, Value),
    /// The value that stands from now on, and whose it is.
    pub now: (SideId, Value),
    /// The sides that are to hold it.
    pub on: BTreeSet<SideId>,
}

/// Why a value is not taken on some sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotTaken {
    /// The configuration has no such field any more, or nobody's word decides what it holds.
    NoField(FieldName),
    /// It was weighed for sides that saw each other otherwise than the configuration says now.
    OtherAudience(FieldName),
    /// A text of the first side may hold what people of the second wrote, and the third may not see that.
    WouldTell(FieldName, SideId, SideId, SideId),
}

/// An item after values that lost were taken back.
#[derive(Debug, Clone)]
pub struct TakenBack {
    /// The item.
    pub item: ItemState,
    /// What stands again.
    pub taken: Vec<Taken>,
    /// The values that do not stand any more.
    pub conflicts: Vec<Conflict>,
    /// What is not taken back, and why.
    pub not_taken: BTreeSet<NotTaken>,
    /// Whether one of them stands as it is.
    pub stands: bool,
}

/// Lets the values stand that lost these conflicts, the newest of each field and audience. `at`: when an operator said so.
#[must_use]
pub fn take_back(sync: &SyncSettings, was: &ItemState, lost: &[Conflict], at: Timestamp) -> TakenBack {
    let (item, taken, conflicts) = (was.clone(), Vec::new(), Vec::new());
    let mut back = TakenBack { item, taken, conflicts, not_taken: BTreeSet::new(), stands: false };
    let mut seen: BTreeSet<(&FieldName, &Audience)> = BTreeSet::new();
    for conflict in lost.iter().rev() {
        if seen.insert((&conflict.field, &conflict.audience))
            && let Err(why) = back.take(sync, conflict, at)
        {
            back.not_taken.insert(why);
        }
    }
    back
}

impl TakenBack {
    fn take(&mut self, sync: &SyncSettings, lost: &Conflict, at: Timestamp) -> Result<(), NotTaken> {
        let field = || lost.field.clone();
        let decided_by_people =
            |row: &&FieldRow| row.composed.is_none() && !matches!(row.kind, FieldKind::Links | FieldKind::Watchers);
        let row = sync.fields.get(&lost.field).filter(decided_by_people).ok_or_else(|| NotTaken::NoField(field()))?;
        if !audiences_of(&self.item, sync, row).contains(&lost.audience) {
            return Err(NotTaken::OtherAudience(field()));
        }
        if let Some((origin, hidden_from)) = would_tell(&self.item, sync, row, lost) {
            return Err(NotTaken::WouldTell(field(), lost.loser.clone(), origin, hidden_from));
        }
        let hears = |side: &&SideId| audience_of(&self.item, sync, row, side) == lost.audience;
        let on: BTreeSet<SideId> = row.sides.keys().filter(hears).cloned().collect();
        let agreed = self.item.hub.get_mut(&lost.field).and_then(|field| field.get_mut(&lost.audience));
        let agreed = agreed.ok_or_else(|| NotTaken::OtherAudience(field()))?;
        if same(&agreed.value, &lost.lost) && agreed.asking.is_empty() {
            self.stands = true;
            return Ok(());
        }
        let was = (agreed.by.place(), agreed.value.clone());
        self.conflicts.push(Conflict {
            field: field(),
            audience: lost.audience.clone(),
            winner: lost.loser.clone(),
            kept: lost.lost.clone(),
            loser: was.0.clone(),
            lost: was.1.clone(),
            at: agreed.at,
            overwritten_by: None,
        });
        set(agreed, row, lost, at);
        let now = (lost.loser.clone(), lost.lost.clone());
        self.ask_again(&lost.field, &on);
        let alike = |taken: &&mut Taken| taken.field == lost.field && taken.was == was && taken.now == now;
        match self.taken.iter_mut().find(alike) {
            Some(taken) => taken.on.extend(on),
            None => self.taken.push(Taken { field: field(), was, now, on }),
        }
        Ok(())
    }

    /// What these sides were told of the field before says nothing of the value that stands now.
    fn ask_again(&mut self, field: &FieldName, on: &BTreeSet<SideId>) {
        let replicas = self.item.replicas.iter_mut().filter(|(side, _)| on.contains(*side));
        for base in replicas.filter_map(|(_, replica)| replica.bases.get_mut(field)) {
            if let Some(acknowledged) = &mut base.acknowledged {
                acknowledged.refused = false;
            }
            (base.side_effect, base.kept) = (None, None);
            // The way to the value of before is none to this one.
            base.trail = None;
            base.adrift.clear();
        }
    }
}

/// The value that lost is the agreed one.
fn set(agreed: &mut Agreed, row: &FieldRow, lost: &Conflict, at: Timestamp) {
    let (by, value) = (lost.loser.clone(), lost.lost.clone());
    let number = agreed.acts.of(&by);
    let is_merged = row.kind == FieldKind::Document || is_a_set(row.kind);
    if is_merged {
        // Parts of it may be anybody's who had a say before.
        agreed.origins.insert(by.clone());
        agreed.standing.clear();
    } else {
        let (before, knew) = (Value::Empty, Vec::new());
        agreed.origins = BTreeSet::from([by.clone()]);
        agreed.standing = vec![Standing { side: by.clone(), number, at, before, value: value.clone(), knew }];
    }
    agreed.asking.clear();
    (agreed.value, agreed.by, agreed.at) = (value, by, at);
}

/// Somebody whose words may be part of what lost, and a side that would be shown them and may not see them. A value that is set as a whole is
/// the word of whoever set it; a text or a set is that of all whose words stood there.
fn would_tell(item: &ItemState, sync: &SyncSettings, row: &FieldRow, lost: &Conflict) -> Option<(SideId, SideId)> {
    if row.kind != FieldKind::Document && !is_a_set(row.kind) {
        return None;
    }
    let stood_there = audience_of(item, sync, row, &lost.loser);
    let had_a_say = |side: &&SideId| item.acts.of(side) > 0;
    let hidden = stood_there.0.iter().filter(had_a_say).find(|side| !lost.audience.0.contains(*side))?;
    let shown = row.sides.keys().find(|side| audience_of(item, sync, row, side) == lost.audience)?;
    Some((hidden.place(), shown.clone()))
}
