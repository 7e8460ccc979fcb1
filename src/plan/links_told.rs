//! What the log tells of links: who made one that stands there, and who took one away. Entries name the other issue, and neither type nor
//! direction. Must never take a person's link for ours, or for nobody's.

use super::{By, Draft, Observation, Step};
use crate::model::ids::{AccountId, FieldId, IssueKey, SideId};
use crate::model::issue::{LogEntry, LogItem};
use crate::model::operation::{Intent, IntentState};

/// What the log tells since the last read of links to one issue.
pub(super) struct Named<'o> {
    /// The steps that made one, and those that took one away, the newest last.
    came: Vec<&'o Step>,
    went: Vec<&'o Step>,
}

/// What the log tells of links to the issue that an element names, whose key there is `key`, or as we know it.
pub(super) fn named<'o>(
    draft: &Draft<'_>,
    side: &SideId,
    field: &FieldId,
    observation: &'o Observation,
    element: &str,
    key: Option<&IssueKey>,
) -> Named<'o> {
    let known = crate::mapping::element_parts(element);
    let known = known.and_then(|(item, _)| draft.input.references.relatives.there(item, side)).map(|there| &there.key);
    let added = key.or(known).map(|key| naming(draft, side, field, observation, element, Some(key)));
    Named { came: added.unwrap_or_default(), went: naming(draft, side, field, observation, element, None) }
}

impl<'o> Named<'o> {
    /// Whose step it was that an element comes or goes (`comes`), among all that `came` or `went`. Entries of links to one issue look alike, whatever
    /// their type and direction: what a write of ours did (`ours`) was told by an entry that is no person's, where there is one; what none did by a
    /// person's, where there is one, since the others tell of links that are the other item's; else by the newest.
    pub(super) fn turn(
        &self,
        (came, went): (&[&String], &[&String]),
        element: &str,
        comes: bool,
        ours: Option<&Intent>,
    ) -> Option<&'o Step> {
        let (here, gone) = (about_its_item(came, element), about_its_item(went, element));
        let of = |steps: &[&'o Step], person: bool| {
            steps.iter().rev().find(|step| (step.by == By::Person) == person).copied()
        };
        let all = if comes { &self.came } else { &self.went };
        let is_live = ours.is_some_and(is_live);
        if is_live && let Some(step) = of(all, false) {
            return Some(step);
        }
        let (mut made, mut taken) = (self.came.clone(), self.went.clone());
        let times = made.len().saturating_sub(here).max(taken.len().saturating_sub(gone));
        leave_out_what_passed(&mut made, &mut taken, times);
        let (left, several) = if comes { (made, here > 1) } else { (taken, gone > 1) };
        let is_a_persons = ours.is_none() || several && !is_live;
        let step = of(&left, true).filter(|_| is_a_persons).or(left.last().copied());
        // What went was told of by some entry, if by any.
        step.or(all.last().copied().filter(|_| !comes))
    }
}

/// How many of these elements are about the same item as one of them.
fn about_its_item(elements: &[&String], element: &str) -> usize {
    let item = |element: &str| crate::mapping::element_parts(element).map(|(item, _)| item);
    elements.iter().filter(|other| item(other) == item(element)).count()
}

/// Leaves out of the steps that made links to an issue, and of those that took some away, what came and went again, so many times at most: entries
/// name the other issue and no type, so that one that passed would be taken for one that stands (22054). Whoever takes one away takes away what
/// they made last.
fn leave_out_what_passed(came: &mut Vec<&Step>, went: &mut Vec<&Step>, mut times: usize) {
    let at = |step: &Step| (step.entry.created, step.entry.id);
    let mut place = 0;
    while let Some(gone) = went.get(place).copied().filter(|_| times > 0) {
        let by = |step: &Step| (step.by == By::Person, step.entry.author.clone());
        if let Some(made) = came.iter().rposition(|step| at(step) < at(gone) && by(step) == by(gone)) {
            came.remove(made);
            went.remove(place);
            times -= 1;
        } else {
            place += 1;
        }
    }
}

/// All that made (`added`: the key of the other issue) or took away (`None`: its key as we know it) a link to the issue that an element names, by the
/// log since the last read, the newest last.
pub(super) fn naming<'o>(
    draft: &Draft<'_>,
    side: &SideId,
    field: &FieldId,
    observation: &'o Observation,
    element: &str,
    added: Option<&IssueKey>,
) -> Vec<&'o Step> {
    let known = crate::mapping::element_parts(element);
    let known = known.and_then(|(item, _)| draft.input.references.relatives.there(item, side));
    let Some(key) = added.or(known.map(|there| &there.key)).map(IssueKey::as_str) else { return Vec::new() };
    // One that is in another project is named by its key there, and so is one that was when this came to be.
    let is_its = |named: &str| {
        let others = known.into_iter().flat_map(|there| there.elsewhere.iter().chain(&there.once));
        named == key || others.map(IssueKey::as_str).any(|other| other == named)
    };
    let names = |step: &&Step| {
        step.entry.items.iter().filter(|item| &item.field == field).any(|item| {
            let named = if added.is_some() { &item.to } else { &item.from };
            named.as_deref().is_some_and(is_its)
        })
    };
    observation.steps.iter().filter(names).collect()
}

/// Who made a link, by what is read of the log: also one that came long ago, to an issue that became an item since. What passed is left out, as
/// above.
pub(super) fn maker<'o>(field: &FieldId, observation: &'o Observation, key: &IssueKey) -> Option<&'o AccountId> {
    let mut there: Vec<&LogEntry> = Vec::new();
    for entry in &observation.snapshot.log {
        for item in entry.items.iter().filter(|item: &&LogItem| &item.field == field) {
            if item.to.as_deref() == Some(key.as_str()) {
                there.push(entry);
            } else if item.from.as_deref() == Some(key.as_str()) {
                let own = there.iter().rposition(|made| made.author == entry.author);
                if let Some(place) = own.or(there.len().checked_sub(1)) {
                    there.remove(place);
                }
            }
        }
    }
    there.pop().and_then(|entry| entry.author.as_ref())
}

/// Who may have made the links to an issue that stand there, as many as these; `None` of one whom the log does not name. The log does
/// not say which of several was taken away: so back to where none was left, all who made one may be it.
pub(super) fn makers<'o>(
    field: &FieldId,
    observation: &'o Observation,
    key: &IssueKey,
    links: usize,
) -> Vec<Option<&'o AccountId>> {
    let (mut all, mut there) = (Vec::new(), links);
    for entry in observation.snapshot.log.iter().rev() {
        for item in entry.items.iter().rev().filter(|item: &&LogItem| &item.field == field) {
            if there == 0 {
                return all;
            }
            if item.to.as_deref() == Some(key.as_str()) {
                all.push(entry.author.as_ref());
                there -= 1;
            } else if item.from.as_deref() == Some(key.as_str()) {
                there += 1;
            }
        }
    }
    all.extend(std::iter::repeat_n(None, there));
    all
}

/// Whether a write may still be seen to have been done.
pub(super) fn is_live(intent: &Intent) -> bool {
    matches!(intent.state, IntentState::Open | IntentState::InDoubt | IntentState::Answered)
}
