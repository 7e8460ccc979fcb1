//! What a person's change does to the agreed values. Must never drop a value that a person wrote: it becomes the agreed one,
//! an ancestor of it, or the losing half of a recorded conflict.
//!
//! Every audience is decided on its own, from the acts that it may see. So the outcome for one partner cannot depend on what
//! it may not see, and for scalars it cannot depend on the order in which sides are looked at: the rank of an act (preferred
//! side, corrected time, side order) is fixed when it is made.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::targets::held_as;
use super::{Draft, audiences_of, named_files, place};
use crate::mapping::{Place, Rich, outbound, same};
use crate::merge;
use crate::model::acts::TakenAct;
use crate::model::document::{Block, Document};
use crate::model::hub::{Acts, Agreed, Audience, Base, Conflict, Glimpse, Replica, Standing};
use crate::model::ids::{AccountId, OperationId, SideId};
use crate::model::initial::Initial;
use crate::model::settings::{ConflictPolicy, FieldKind, FieldRow, SyncSettings};
use crate::model::value::Value;
use crate::planted::{Bug, is_planted};

/// Glimpses kept per standing act: as many acts may be made before the first of them becomes known elsewhere.
const MOST_GLIMPSES: usize = 32;

/// One change by a person.
pub(super) struct Act {
    /// Where; for people whose acts stay there, the side that stands for them.
    pub(super) side: SideId,
    pub(super) value: Value,
    /// Corrected server time.
    pub(super) at: Timestamp,
    /// Our write that came right after it on the same replica, unknowing.
    pub(super) overwritten_by: Option<OperationId>,
    /// Who did it, where that is known. It decides nothing.
    pub(super) author: Option<AccountId>,
}

/// What the author of an act could see.
struct Sight<'a> {
    /// What they were told: the acts contained in the value that stood there.
    told: Acts,
    /// What they were told that their side cannot hold, and later than that.
    refused: Acts,
    /// Whether what stood there holds acts that the audience may not know of.
    private: bool,
    /// Whether nothing stood there any more, and such acts had a part in that.
    emptied: bool,
    /// The value that stood there.
    before: &'a Value,
    /// Whether what a side holds (the last) stands for a value, by that side's mapping.
    stands_for: &'a dyn Fn(&SideId, &Value, &Value) -> bool,
    side: &'a SideId,
    /// That side, as far as its texts go.
    rich: Rich<'a>,
}

impl Sight<'_> {
    /// Whether the author knew an act: it was contained in what stood there; or they acted later, and what stood there
    /// was that act's value all the same, or as near to it as their side can come. Depends on nothing but the two acts
    /// and on what we wrote there, so it cannot depend on when we looked.
    fn knew(&self, standing: &Standing, now: Timestamp) -> bool {
        self.told.of(&standing.side) >= standing.number
            || (now > standing.at
                && (self.refused.of(&standing.side) >= standing.number
                    || (self.stands_for)(self.side, &standing.value, self.before)))
    }

    /// Whether the author knew all that is agreed.
    fn knew_all(&self, agreed: &Agreed, now: Timestamp) -> bool {
        self.told.contains(&agreed.acts)
            || (now > agreed.at && (self.stands_for)(self.side, &agreed.value, self.before))
    }

    /// The same the other way round: whether the author of an act known before knew this one.
    fn was_known_to(&self, standing: &Standing, act: &Act) -> bool {
        let glimpsed = |side: &SideId, at: Timestamp, before: &Value| {
            side != &act.side && at > act.at && (self.stands_for)(side, &act.value, before)
        };
        glimpsed(&standing.side, standing.at, &standing.before)
            || standing.knew.iter().any(|glimpse| glimpsed(&glimpse.side, glimpse.at, &glimpse.before))
    }
}

/// Whether `held` is a value, or as near to it as the place can come.
pub(super) fn is_held_as(place: &Place<'_>, value: &Value, held: &Value) -> bool {
    if let (Value::Document(value), Value::Document(held)) = (value, held) {
        return Rich::from(place).is_held_as(value, held);
    }
    let place = &Place { held: Some(held), ..*place };
    outbound(place, value).map_or(true, |native| same(&held_as(place, &native, value), held))
}

/// Takes an act in: counts it, moves the base of the replica it was made on, and the agreed value of every audience that
/// may see it.
pub(super) fn take(draft: &mut Draft<'_>, row: &FieldRow, act: &Act) {
    let sync = draft.input.sync;
    let item = &mut draft.plan.item;
    let number = item.acts.of(&act.side) + 1;
    item.acts.include(&act.side, number);
    let at = act.side.place();
    let Some(replica) = item.replicas.get_mut(&at) else { return };
    let base = replica.bases.entry(row.name.clone()).or_default();
    let before = base.value.clone().unwrap_or(Value::Empty);
    let told = base.acts.clone();
    // A side that can hold a value only roughly shows it so. What its Jira did not take at all nobody there could know of.
    let was_told = base.acknowledged.as_ref().is_some_and(|why| !why.unseen);
    let refused = if was_told { base.matched.clone() } else { Acts::default() };
    // What a function of the workflow took away was never agreed to be gone.
    let emptied = before.is_empty() && base.side_effect.is_none();
    super::insisted::note(base, &before, act);
    observe(base, act.value.clone());
    base.acts.include(&act.side, number);
    base.counted = 0;
    draft.plan.acts.push(TakenAct {
        side: at.clone(),
        field: row.name.clone(),
        number: (!act.side.is_outsiders()).then_some(number),
        author: act.author.clone(),
    });
    named_files::hear(draft, &act.side, &row.name, (&before, &act.value));
    let item = &mut draft.plan.item;
    let (input, nothing) = (draft.input, &draft.nothing);
    let stands_for = |side: &SideId, value: &Value, held: &Value| {
        is_held_as(&place(input, nothing, row, &side.place()), value, held)
    };
    for audience in audiences_of(item, sync, row) {
        if !audience.0.contains(&act.side) {
            continue;
        }
        let private = told.sides().any(|side| !audience.0.contains(side));
        let (told, refused) = (told.seen_by(&audience), refused.seen_by(&audience));
        let rich = Rich::from(&place(input, nothing, row, &at));
        let sight = Sight {
            told,
            refused,
            private,
            emptied: emptied && private,
            before: &before,
            stands_for: &stands_for,
            side: &act.side,
            rich,
        };
        let agreed = item.hub.entry(row.name.clone()).or_default().entry(audience.clone());
        let agreed = agreed.or_insert_with(|| nothing_yet(act));
        let was_open = is_left_open(sync, row, agreed);
        let conflict = decide(sync, row, agreed, act, number, &sight).filter(|_| !is_planted(Bug::LoserDropped));
        if was_open && !agreed.asking.is_empty() {
            // Who was filled before follows nobody while it is open whom to follow.
            let filled = keep_their_own(&item.replicas, row, &audience, agreed, &stands_for);
            agreed.asking.extend(filled);
        }
        agreed.acts.join(&sight.told);
        agreed.acts.include(&act.side, number);
        draft.plan.conflicts.extend(conflict.map(|decided| decided.of(row, audience, act)));
    }
}

/// The replica holds this now.
pub(super) fn observe(base: &mut Base, value: Value) {
    base.value = Some(value);
    base.trail = None;
    base.acknowledged = None;
    base.side_effect = None;
}

/// Before the first act that an audience may see. What the replica holds already may come from acts that it may not.
fn nothing_yet(act: &Act) -> Agreed {
    Agreed {
        value: Value::Empty,
        acts: Acts::default(),
        origins: BTreeSet::new(),
        by: act.side.clone(),
        at: act.at,
        asking: BTreeSet::new(),
        standing: Vec::new(),
    }
}

/// A conflict as decided.
struct Decided {
    winner: SideId,
    kept: Value,
    loser: SideId,
    lost: Value,
    at: Timestamp,
}

impl Decided {
    fn of(self, row: &FieldRow, audience: Audience, act: &Act) -> Conflict {
        Conflict {
            field: row.name.clone(),
            audience,
            winner: self.winner.place(),
            kept: self.kept,
            loser: self.loser.place(),
            lost: self.lost,
            at: self.at,
            overwritten_by: act.overwritten_by,
        }
    }
}

/// Moves one agreed value by an act.
fn decide(
    sync: &SyncSettings,
    row: &FieldRow,
    agreed: &mut Agreed,
    act: &Act,
    number: u64,
    sight: &Sight<'_>,
) -> Option<Decided> {
    let on_top = sight.knew_all(agreed, act.at);
    match row.kind {
        FieldKind::Document if is_asked_whole(agreed) => asked_text(sync, row, agreed, act, number, sight),
        FieldKind::Words
        | FieldKind::Options
        | FieldKind::People
        | FieldKind::Links
        | FieldKind::Watchers
        | FieldKind::Document
            if same(&agreed.value, &act.value) =>
        {
            // Both wrote the same: no conflict, and nothing left to ask. The later one is the author from now on.
            if on_top || outranks(sync, act, agreed) {
                (agreed.by, agreed.at) = (act.side.clone(), act.at);
            }
            agreed.origins.insert(act.side.clone());
            agreed.asking.clear();
            None
        }
        FieldKind::Words | FieldKind::Options | FieldKind::People | FieldKind::Links | FieldKind::Watchers => {
            words(agreed, act, sight.before, on_top, sight.private);
            None
        }
        FieldKind::Document => document(sync, agreed, act, sight, on_top),
        FieldKind::Line
        | FieldKind::Choice
        | FieldKind::IssueType
        | FieldKind::Status
        | FieldKind::Person
        | FieldKind::Number
        | FieldKind::Duration
        | FieldKind::Moment
        | FieldKind::Parent
        | FieldKind::AsThere
        | FieldKind::Day => scalar(sync, row, agreed, act, number, sight),
    }
}

/// Whether paired issues hold values of which nobody said yet which one stands (`initial`). It is no conflict: whoever edits their own
/// saw none of the others, and says nothing of them.
fn is_left_open(sync: &SyncSettings, row: &FieldRow, agreed: &Agreed) -> bool {
    !agreed.asking.is_empty() && (sync.on_conflict != ConflictPolicy::Ask || row.initial == Initial::Ask)
}

/// The sides that hold another value than the one that would stand, though none of their people said it.
fn keep_their_own(
    replicas: &BTreeMap<SideId, Replica>,
    row: &FieldRow,
    audience: &Audience,
    agreed: &Agreed,
    stands_for: &dyn Fn(&SideId, &Value, &Value) -> bool,
) -> Vec<SideId> {
    let speaks = |side: &SideId| agreed.standing.iter().any(|standing| &standing.side.place() == side);
    let differs = |side: &SideId, replica: &Replica| {
        let held = replica.bases.get(&row.name).and_then(|base| base.value.as_ref());
        held.is_some_and(|held| !held.is_empty() && !stands_for(side, &agreed.value, held))
    };
    let here = replicas.iter().filter(|(side, _)| audience.0.contains(*side) && row.sides.contains_key(*side));
    here.filter(|(side, replica)| !speaks(side) && differs(side, replica)).map(|(side, _)| side.clone()).collect()
}

/// Whether paired issues hold two texts of which nobody said yet which one stands. They have nothing in common, so no block of one is
/// to get into the other.
fn is_asked_whole(agreed: &Agreed) -> bool {
    !agreed.asking.is_empty() && !agreed.standing.is_empty()
}

/// A text is a value like any other while it is asked about as a whole.
fn asked_text(
    sync: &SyncSettings,
    row: &FieldRow,
    agreed: &mut Agreed,
    act: &Act,
    number: u64,
    sight: &Sight<'_>,
) -> Option<Decided> {
    let place = act.side.place();
    let own = agreed.standing.iter().rfind(|standing| standing.side.place() == place);
    let own = own.map_or_else(|| agreed.value.clone(), |standing| standing.value.clone());
    let value = match (&own, sight.before, &act.value) {
        _ if sight.emptied => act.value.clone(),
        // What the audience may not see stood there too: only what was changed is taken over.
        (Value::Document(own), Value::Document(before), Value::Document(now)) if sight.private => {
            let mut merged = merge::document::merge(before, now, own).document;
            merged.blocks.retain(|block| !stands_in(before, block) || stands_in(own, block));
            Value::Document(merged)
        }
        _ if sight.private => own,
        _ => act.value.clone(),
    };
    let act = Act { value, side: act.side.clone(), author: act.author.clone(), ..*act };
    let decided = scalar(sync, row, agreed, &act, number, sight);
    if agreed.asking.is_empty() {
        // From now on it is merged block by block.
        agreed.standing.clear();
    }
    decided
}

/// Elements are added and removed each on its own: never a conflict.
fn words(agreed: &mut Agreed, act: &Act, before: &Value, on_top: bool, private: bool) {
    let set = |value: &Value| match value {
        Value::Words(words) => words.clone(),
        Value::Empty
        | Value::Line(_)
        | Value::Document(_)
        | Value::Choice(_)
        | Value::Person(_)
        | Value::Number(_)
        | Value::Moment(_)
        | Value::Day(_) => BTreeSet::new(),
    };
    let (base, hub, side) = (set(before), set(&agreed.value), set(&act.value));
    // Before the first act that the audience may see, what stood there is what it starts from.
    let nothing_yet = agreed.origins.is_empty() && !private;
    let whole = nothing_yet || (on_top && base == hub);
    let hub = if nothing_yet { base.clone() } else { hub };
    let merged = merge::set::apply(&base, &hub, &side);
    agreed.value = if merged.is_empty() { Value::Empty } else { Value::Words(merged) };
    blame(agreed, act, whole);
}

/// Blocks are merged; where both changed one block, an act on top wins silently and a concurrent one by policy.
fn document(sync: &SyncSettings, agreed: &mut Agreed, act: &Act, sight: &Sight<'_>, on_top: bool) -> Option<Decided> {
    let text = |value: &Value| match value {
        Value::Document(document) => document.clone(),
        Value::Empty
        | Value::Line(_)
        | Value::Words(_)
        | Value::Choice(_)
        | Value::Person(_)
        | Value::Number(_)
        | Value::Moment(_)
        | Value::Day(_) => Document::default(),
    };
    let nothing_yet = agreed.standing.is_empty() && agreed.origins.is_empty();
    // In terms of what is agreed: what that side could not hold is not what its author took out.
    let hub = text(&agreed.value);
    // Whoever writes where nothing stands writes the whole, and adds to nothing. Had those whom this audience may not see not emptied
    // it, they would have written it over what is agreed here, as far as their side can show that.
    let before = if on_top && sight.emptied { sight.rich.shown(&hub) } else { text(sight.before) };
    let (base, side) = sight.rich.lift(&before, &text(&act.value), &hub);
    let whole = on_top && (crate::text::same(&base, &hub) || (nothing_yet && !sight.private));
    if whole {
        agreed.value = if side.is_empty() { Value::Empty } else { Value::Document(side) };
        blame(agreed, act, true);
        return None;
    }
    let wins = on_top || outranks(sync, act, agreed);
    let merged =
        if wins { merge::document::merge(&base, &side, &hub) } else { merge::document::merge(&base, &hub, &side) };
    let clash = !merged.conflicts.is_empty() && !on_top;
    if clash && sync.on_conflict == ConflictPolicy::Ask {
        return Some(ask(agreed, act));
    }
    let decided = clash.then(|| settle(agreed, act, wins));
    let mut merged = merged;
    if on_top {
        // An edited label does not take away what it stands for: both stay, one below the other.
        for conflict in merged.conflicts.iter().rev() {
            let kept: Vec<Block> =
                conflict.right.iter().filter(|block| crate::text::is_of_one_site(block)).cloned().collect();
            merged.document.blocks.splice(conflict.index..conflict.index, kept);
        }
    }
    if on_top && sight.private {
        // The author saw all that this audience agreed on, and more: a block that stood there untouched and that the
        // audience does not have was never meant for it.
        merged.document.blocks.retain(|block| !stands_in(&base, block) || stands_in(&hub, block));
    }
    agreed.value = if merged.document.is_empty() { Value::Empty } else { Value::Document(merged.document) };
    if wins {
        blame(agreed, act, false);
    } else {
        agreed.origins.insert(act.side.clone());
    }
    decided
}

fn stands_in(document: &Document, block: &Block) -> bool {
    let one = |block: &Block| Value::Document(Document { blocks: vec![block.clone()] });
    document.blocks.iter().any(|other| same(&one(other), &one(block)))
}

/// Of the acts that nobody acted on top of, the first in rank stands. Which one that is depends on the acts alone, and not
/// on the order in which they became known.
fn scalar(
    sync: &SyncSettings,
    row: &FieldRow,
    agreed: &mut Agreed,
    act: &Act,
    number: u64,
    sight: &Sight<'_>,
) -> Option<Decided> {
    let open = is_left_open(sync, row, agreed);
    // What paired issues are asked about stays open until it is answered, whatever becomes of conflicts.
    let ask = sync.on_conflict == ConflictPolicy::Ask || !agreed.asking.is_empty();
    let is_agreed = |standing: &Standing, agreed: &Agreed| standing.side == agreed.by && standing.at == agreed.at;
    let old = agreed.clone();
    let (kept, known): (Vec<Standing>, Vec<Standing>) = agreed.standing.drain(..).partition(|standing| {
        // Under `ask` an act settles nothing but what it replaced: the others keep their own until they move themselves. Of what
        // paired issues are asked about it replaced nothing but its own, whatever stood there.
        let waits = ask
            && standing.side.place() != act.side.place()
            && (open || !(sight.stands_for)(sight.side, &standing.value, sight.before));
        waits || !sight.knew(standing, act.at)
    });
    agreed.standing = kept;
    let contested = agreed.standing.iter().any(|standing| is_agreed(standing, &old));
    let before = sight.before.clone();
    let mine =
        Standing { side: act.side.clone(), number, at: act.at, before, value: act.value.clone(), knew: Vec::new() };
    match agreed.standing.iter_mut().find(|standing| !open && sight.was_known_to(standing, act)) {
        Some(later) => learn(later, known.into_iter().chain([mine])),
        None => {
            let mut mine = mine;
            learn(&mut mine, known);
            agreed.standing.push(mine);
        }
    }
    let first = agreed.standing.iter().max_by_key(|standing| rank(sync, &standing.side, standing.at))?.clone();
    let wins = first.side == act.side && first.number == number;
    let stands = agreed.standing.iter().any(|standing| standing.side == act.side && standing.number == number);
    let clash =
        if wins { contested && !same(&old.value, &act.value) } else { stands && !same(&first.value, &act.value) };
    (agreed.value, agreed.by, agreed.at) = (first.value, first.side, first.at);
    let alike = agreed.standing.iter().filter(|standing| same(&standing.value, &agreed.value));
    agreed.origins = alike.map(|standing| standing.side.clone()).collect();
    agreed.asking.clear();
    if ask {
        let others = agreed.standing.iter().filter(|standing| !same(&standing.value, &agreed.value));
        agreed.asking = others.map(|standing| standing.side.place()).collect();
    }
    clash.then(|| if wins { settle(&old, act, true) } else { settle(agreed, act, false) })
}

/// The author of an act knew what the authors of these knew.
fn learn(standing: &mut Standing, known: impl IntoIterator<Item = Standing>) {
    for other in known {
        standing.knew.extend(other.knew);
        standing.knew.push(Glimpse { side: other.side, at: other.at, before: other.before });
    }
    standing.knew.sort_by_key(|glimpse| Reverse(glimpse.at));
    standing.knew.truncate(MOST_GLIMPSES);
}

/// The record of a conflict, before the agreed value is moved.
fn settle(agreed: &Agreed, act: &Act, wins: bool) -> Decided {
    let (old, new) =
        ((agreed.by.clone(), agreed.value.clone(), agreed.at), (act.side.clone(), act.value.clone(), act.at));
    let (winner, loser) = if wins { (new, old) } else { (old, new) };
    Decided { winner: winner.0, kept: winner.1, loser: loser.0, lost: loser.1, at: loser.2 }
}

/// Each side keeps its own until somebody resolves.
fn ask(agreed: &mut Agreed, act: &Act) -> Decided {
    agreed.asking.insert(act.side.place());
    settle(agreed, act, false)
}

fn blame(agreed: &mut Agreed, act: &Act, whole: bool) {
    if whole {
        agreed.origins.clear();
    }
    agreed.origins.insert(act.side.clone());
    agreed.by = act.side.clone();
    agreed.at = act.at;
}

/// Whether an act goes before the agreed value.
fn outranks(sync: &SyncSettings, act: &Act, agreed: &Agreed) -> bool {
    rank(sync, &act.side, act.at) > rank(sync, &agreed.by, agreed.at)
}

/// Who goes first: the preferred side, then the later one, then the earlier side in order.
pub(super) fn rank(sync: &SyncSettings, side: &SideId, at: Timestamp) -> (bool, Timestamp, Reverse<usize>) {
    let side = side.place();
    let order = sync.side_ids().position(|known| *known == side).unwrap_or(usize::MAX);
    let preferred = matches!(&sync.on_conflict, ConflictPolicy::Prefer(preferred) if *preferred == side);
    (preferred, at, Reverse(order))
}
