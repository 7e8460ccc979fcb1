//! An item that is joined anew, because the state is older than what it wrote: what it last saw is not believed. What is equal on all
//! sides joins; of what differs the newest word of a person stands, and the others' are recorded conflicts. Must never delete anything, nor
//! take what we wrote on a side for that side's own word: it may come from one that others do not see.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::acts::observe;
use super::comments::{copy_body, readers, rich};
use super::fold::{change, corrected, current, touching};
use super::matching::is_a_bridge;
use super::{
    Draft, Observation, Plan, PlanInput, Wanted, agreed_for, audience_of, audiences_of, levels, place, relations, whose,
};
use crate::mapping::{same, shared_links};
use crate::model::catalog::Catalog;
use crate::model::hub::{Agreed, Conflict, ItemState, Terms, WrittenCopy};
use crate::model::ids::{CommentId, FieldName, SideId};
use crate::model::issue::{CommentSnapshot, LogEntry, Visibility};
use crate::model::matching::{Marked, Matching};
use crate::model::operation::Action;
use crate::model::remark::{Remark, Spent};
use crate::model::settings::{FieldKind, FieldRow};
use crate::model::value::Value;
use crate::text;

/// What the sides of an item that is joined anew hold.
#[derive(Default)]
pub(super) struct Anew {
    /// The rows that are joined by what stands. Sets that differ go by their log: an element of it comes or goes by itself.
    rows: BTreeSet<FieldName>,
    /// The sides whose Jira was put back from a backup.
    went_back: BTreeSet<SideId>,
    seen: BTreeMap<FieldName, Vec<Seen>>,
}

/// What a side holds of a field.
struct Seen {
    side: SideId,
    value: Value,
    /// When somebody last touched it, in corrected server time; `None`: not since the state last saw it.
    touched: Option<Timestamp>,
    /// Whose word it is; `None`: ours, or that of nobody since.
    word: Option<SideId>,
}

impl Anew {
    /// Of an item; nothing of one that is in step.
    pub(super) fn of(input: &PlanInput<'_>) -> Self {
        if !is_due(input.item) {
            return Self::default();
        }
        let rows = input.sync.fields.values().filter(|row| is_joined(input, row)).map(|row| row.name.clone());
        let went_back = input.item.matching.iter().flat_map(|matching| matching.went_back.keys()).cloned();
        Self { rows: rows.collect(), went_back: went_back.collect(), seen: BTreeMap::new() }
    }

    /// Whether a row is joined by what stands.
    pub(super) fn joins(&self, row: &FieldRow) -> bool {
        self.rows.contains(&row.name)
    }

    /// Whether a side's Jira was put back from a backup: what it holds otherwise, without an entry, is nobody's word.
    pub(super) fn went_back(&self, side: &SideId) -> bool {
        self.went_back.contains(side)
    }
}

/// Whether an item is joined anew.
fn is_due(item: &ItemState) -> bool {
    item.matching.as_ref().is_some_and(|matching| matching.restored)
}

fn is_joined(input: &PlanInput<'_>, row: &FieldRow) -> bool {
    let by_log = row.composed.is_some() || row.name.as_str() == levels::ROW;
    match row.kind {
        // Each is carried by what else is known of it.
        FieldKind::Links | FieldKind::Watchers | FieldKind::Parent | FieldKind::IssueType | FieldKind::AsThere => false,
        FieldKind::Words | FieldKind::Options | FieldKind::People => !by_log && is_equal(input, row),
        FieldKind::Line
        | FieldKind::Document
        | FieldKind::Choice
        | FieldKind::Status
        | FieldKind::Person
        | FieldKind::Day
        | FieldKind::Number
        | FieldKind::Moment
        | FieldKind::Duration => !by_log,
    }
}

/// Whether all sides hold the same.
fn is_equal(input: &PlanInput<'_>, row: &FieldRow) -> bool {
    let nothing = Catalog::default();
    let held = input
        .observed
        .iter()
        .filter(|(side, _)| row.sides.contains_key(*side) && input.item.replicas.contains_key(*side));
    let mut values = held.map(|(side, read)| current(&place(input, &nothing, row, side), read));
    let Some(first) = values.next() else { return true };
    values.all(|value| matches!((&first, &value), (Some(one), Some(other)) if same(one, other)))
}

/// Whether an item waits until all its issues were read by themselves. What is missing is asked for.
pub(super) fn waits(draft: &mut Draft<'_>) -> bool {
    if !is_due(&draft.plan.item) {
        return false;
    }
    let here = draft.input.sync.side_ids().filter(|side| draft.plan.item.replicas.contains_key(*side));
    let unread = |side: &&SideId| {
        let read = draft.input.observed.get(*side).is_some_and(|observation| observation.direct);
        !read && !draft.is_apart(side)
    };
    let missing: Vec<SideId> = here.filter(unread).cloned().collect();
    for side in &missing {
        draft.want(side, Wanted::Comments);
        let why = "the state, or a Jira of this item, was put back from an older backup: nothing is written for this item until all its issues were read";
        draft.hold(side, None, why.to_owned(), "it is read as soon as it can be");
    }
    !missing.is_empty()
}

/// Takes in what a side holds.
pub(super) fn see(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let at = place(draft.input, &draft.nothing, row, side);
    let (Some(field), Some(value)) = (row.sides.get(side), current(&at, observation)) else { return };
    let Some(replica) = draft.plan.item.replicas.get(side) else { return };
    let (ours, observed, known) = (replica.ours, replica.observed, replica.entry);
    let touches = |entry: &&LogEntry| entry.items.iter().any(|item| &item.field == field);
    let news = observation.snapshot.log.iter().filter(|entry| !observed || entry.id > known);
    let last = news.filter(touches).max_by_key(|entry| entry.id);
    let (touched, word) = match last {
        Some(entry) => {
            let theirs = !is_a_bridge(draft, side, entry.author.as_ref());
            (Some(entry.created), theirs.then(|| whose::voice(draft.input, side, entry.author.as_ref())))
        }
        None if observed => (None, None),
        None => {
            let maker = observation.snapshot.creator.as_ref().map(|creator| &creator.account);
            let created = Some(observation.snapshot.created);
            (created, (!ours && !value.is_empty()).then(|| whose::voice(draft.input, side, maker)))
        }
    };
    let touched = touched.map(|at| corrected(draft, side, at));
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        observe(replica.bases.entry(row.name.clone()).or_default(), value.clone());
    }
    let seen = Seen { side: side.clone(), value, touched, word };
    draft.anew.seen.entry(row.name.clone()).or_default().push(seen);
}

/// Takes in what a side holds whose Jira was put back from a backup, of a row that is not joined by what stands. What it lacks it forgot:
/// nobody took it away. What people did there since says its entries.
pub(super) fn see_again(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let at = place(draft.input, &draft.nothing, row, side);
    let links = row.kind == FieldKind::Links;
    let now = if links {
        let held = shared_links(&at, &relations::shown(row, side, observation)).into_keys().collect();
        Some(Value::Words(held))
    } else {
        current(&at, observation)
    };
    let touched = row.sides.get(side).is_some_and(|field| !touching(observation, field).is_empty());
    let Some(now) = now else { return };
    let Some(base) = draft.plan.item.replicas.get_mut(side).and_then(|replica| replica.bases.get_mut(&row.name)) else {
        return;
    };
    match &base.value {
        Some(Value::Words(known)) if touched || links => {
            let held: BTreeSet<String> = known.intersection(&now.words()).cloned().collect();
            base.value = Some(if held.is_empty() { Value::Empty } else { Value::Words(held) });
        }
        _ if touched || links => {}
        _ => base.value = Some(now),
    }
}

/// Joins what the sides hold.
pub(super) fn join(draft: &mut Draft<'_>) {
    let seen = std::mem::take(&mut draft.anew.seen);
    for row in draft.input.sync.fields.values() {
        let Some(seen) = seen.get(&row.name) else { continue };
        let Some(first) = seen.first() else { continue };
        if seen.iter().all(|other| same(&other.value, &first.value)) {
            for side in seen {
                stands(draft, row, &side.side, first.value.clone(), None);
            }
        } else {
            differ(draft, row, seen);
        }
    }
}

/// What a side holds is what is agreed for it; nobody did anything.
fn stands(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, value: Value, at: Option<Timestamp>) {
    let audience = audience_of(&draft.plan.item, draft.input.sync, row, side);
    let acts = match draft.plan.item.hub.get_mut(&row.name).and_then(|field| field.get_mut(&audience)) {
        Some(agreed) => {
            agreed.value = value;
            agreed.at = at.unwrap_or(agreed.at);
            agreed.standing.clear();
            agreed.asking.clear();
            agreed.acts.clone()
        }
        None if value.is_empty() => return,
        None => {
            let agreed = Agreed {
                value,
                acts: crate::model::hub::Acts::default(),
                origins: BTreeSet::from([side.clone()]),
                by: side.clone(),
                at: at.unwrap_or(Timestamp::MIN),
                asking: BTreeSet::new(),
                standing: Vec::new(),
            };
            draft.plan.item.hub.entry(row.name.clone()).or_default().insert(audience, agreed);
            return;
        }
    };
    if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
        replica.bases.entry(row.name.clone()).or_default().acts.join(&acts);
    }
}

/// People's last words are taken in by their time, each as said on top of those before.
fn differ(draft: &mut Draft<'_>, row: &FieldRow, seen: &[Seen]) {
    let mut words: Vec<(Timestamp, &SideId, &Seen)> =
        seen.iter().filter_map(|seen| Some((seen.touched?, seen.word.as_ref()?, seen))).collect();
    // Sides come in their order, and the sort is stable.
    words.sort_by_key(|(at, ..)| *at);
    for (at, who, seen) in &words {
        let agreed = agreed_for(&draft.plan.item, draft.input.sync, row, &seen.side).cloned();
        if let (Some(agreed), Some(replica)) = (agreed, draft.plan.item.replicas.get_mut(&seen.side)) {
            let base = replica.bases.entry(row.name.clone()).or_default();
            base.value = Some(agreed.value);
            base.acts.join(&agreed.acts);
        }
        // It is corrected already.
        let skew = draft.input.skews.get(&seen.side).copied().unwrap_or(0);
        let at = at.saturating_add(jiff::SignedDuration::from_millis(skew)).unwrap_or(*at);
        change(draft, row, who, seen.value.clone(), at, None, None);
    }
    for audience in audiences_of(&draft.plan.item, draft.input.sync, row) {
        let receives = |seen: &&Seen| audience_of(&draft.plan.item, draft.input.sync, row, &seen.side) == audience;
        let heard = words.iter().any(|(_, who, seen)| audience.0.contains(*who) && row.from.contains(&seen.side));
        let newest = seen.iter().filter(receives).max_by_key(|seen| seen.touched);
        // Where nobody said anything that may be heard there, what stands there does, as its newest write left it.
        if let (Some(newest), false) = (newest.filter(|newest| newest.touched.is_some()), heard) {
            stands(draft, row, &newest.side, newest.value.clone(), newest.touched);
        }
    }
    for (at, _, seen) in &words {
        lost(draft, row, seen, *at);
    }
}

/// A person's word that does not stand is kept.
fn lost(draft: &mut Draft<'_>, row: &FieldRow, seen: &Seen, at: Timestamp) {
    let Some(agreed) = agreed_for(&draft.plan.item, draft.input.sync, row, &seen.side) else { return };
    if seen.value.is_empty() || same(&agreed.value, &seen.value) || !row.from.contains(&seen.side) {
        return;
    }
    let conflict = Conflict {
        field: row.name.clone(),
        audience: audience_of(&draft.plan.item, draft.input.sync, row, &seen.side),
        winner: agreed.by.place(),
        kept: agreed.value.clone(),
        loser: seen.side.clone(),
        lost: seen.value.clone(),
        at,
        overwritten_by: None,
    };
    let told =
        draft.plan.conflicts.iter().any(|told| {
            told.field == conflict.field && told.loser == conflict.loser && same(&told.lost, &conflict.lost)
        });
    if !told {
        draft.plan.conflicts.push(conflict);
    }
}

/// Copies that the state forgot are ours again, as their marks say.
pub(super) fn bind_marked(draft: &mut Draft<'_>, remark: Remark, matching: &Matching, side: &SideId) {
    let Some(read) = draft.input.observed.get(side) else { return };
    for copy in &read.snapshot.remarks(remark).list {
        let Some(marked) = matching.origin(remark, side, &copy.id) else { continue };
        bind(draft, remark, marked, copy);
    }
}

/// What a mark names has its copy again. One that is remembered and does not stand any more was made anew since.
pub(super) fn bind(draft: &mut Draft<'_>, remark: Remark, marked: &Marked, copy: &CommentSnapshot) {
    let side = &marked.side;
    let is_it =
        |record: &crate::model::hub::CommentRecord| record.side == marked.origin && record.id == marked.original;
    let Some(index) = draft.plan.item.remarks(remark).iter().position(is_it) else { return };
    let list = draft.input.observed.get(side).map(|read| &read.snapshot.remarks(remark).list);
    let stands = |id: &CommentId| list.is_none_or(|list| list.iter().any(|there| &there.id == id));
    let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) else { return };
    if record.copies.get(side).is_some_and(stands) {
        return;
    }
    record.forget(side);
    let record = record.clone();
    let said = record.said.clone().unwrap_or_else(|| crate::model::hub::Said {
        body: crate::model::document::Document::default(),
        author: String::new(),
        edits: 0,
        spent: None,
    });
    let stands = rich(draft, side).read(&copy.body);
    let due = copy_body(draft, &record, (&said.author, &said.body), side, &copy.body, remark).map(|(_, wanted)| wanted);
    let is_due = due.as_ref().is_some_and(|due| text::same(due, &stands)) && Spent::same(said.spent, copy.spent);
    let by_us = copy.changed_by.as_ref().is_none_or(|by| is_a_bridge(draft, side, Some(by)));
    let under = readers(draft, &record, side, remark);
    let Some(record) = draft.plan.item.remarks_mut(remark).get_mut(index) else { return };
    record.copies.insert(side.clone(), copy.id.clone());
    let open = record.visibility == Visibility::Everybody;
    // Where it may not be read at all any more, the copy is of the time before that: as one that everybody might read, it goes.
    let as_all = under.as_ref() == Some(&copy.visibility) && copy.visibility == Visibility::Everybody;
    if (open && !as_all) || (!open && under.is_some()) {
        let terms = Terms { of: record.visibility.clone(), under: copy.visibility.clone() };
        record.terms.insert(side.clone(), terms);
    }
    let written = match due {
        // A person wrote into it: what it was made to hold is as good as known, and the rest is theirs.
        Some(due) if !by_us => WrittenCopy { body: due, edits: said.edits, spent: said.spent },
        _ if is_due || !by_us => WrittenCopy { body: stands, edits: said.edits, spent: copy.spent },
        // It shows an older text of ours.
        _ => {
            if let Some(said) = record.said.as_mut() {
                said.edits = said.edits.saturating_add(1);
            }
            WrittenCopy { body: stands, edits: said.edits, spent: copy.spent }
        }
    };
    record.written.insert(side.clone(), written);
    if !by_us && let Some(by) = &copy.changed_by {
        record.strayed.insert(side.clone(), by.to_string());
    }
    match remark {
        Remark::Comment => draft.plan.matched.comments += 1,
        Remark::Worklog => draft.plan.matched.worklogs += 1,
    }
}

/// Nothing that people might miss is deleted for an item that is joined anew. As long as it is not, nothing is written, and nothing counts as taken in.
pub(super) fn spare(draft: &mut Draft<'_>) {
    if !is_due(draft.input.item) {
        return;
    }
    let item = &draft.plan.item;
    let here =
        |side: &SideId| item.replicas.get(side).is_some_and(|replica| replica.observed) && !draft.is_barred(side);
    let all = item.replicas.keys().filter(|side| here(side)).count();
    let left = item.matching.as_ref().is_some_and(|matching| matching.sides.iter().any(here));
    if let Some(matching) = draft.plan.item.matching.as_mut().filter(|_| all < 2 || !left) {
        // There is nothing to compare it with; what joins later is matched then.
        matching.restored = false;
        matching.careful = true;
    }
    if is_due(&draft.plan.item) {
        let holds = std::mem::take(&mut draft.plan.holds);
        let wanted = std::mem::take(&mut draft.plan.wanted);
        draft.plan = Plan { holds, wanted, ..Draft::new(draft.input).plan };
        return;
    }
    let item = &draft.plan.item;
    draft.plan.operations.retain(|operation| !deletes(&operation.action) || is_no_loss(item, &operation.action));
}

/// Whether what is deleted has its original still, and is shown to more people than may read it; or is a note of ours. To wait with that
/// would be to tell.
fn is_no_loss(item: &ItemState, action: &Action) -> bool {
    let Action::DeleteComment { remark, origin, comment, .. } = action else { return false };
    let mut records = item.remarks(*remark).iter();
    records.any(|record| &record.side == origin && &record.id == comment && (!record.gone || record.notice))
}

/// Whether a plan takes nothing in, because its item is still to be joined anew.
pub(crate) fn takes_nothing_in(plan: &Plan) -> bool {
    is_due(&plan.item)
}

fn deletes(action: &Action) -> bool {
    matches!(
        action,
        Action::DeleteComment { .. }
            | Action::DeleteIssueLink { .. }
            | Action::DeleteIssue { .. }
            | Action::DeleteFile { .. }
            | Action::Unlink { .. }
            | Action::HideEnd { .. }
            | Action::RemoveWatcher { .. }
            | Action::StopWatching { .. }
    )
}
