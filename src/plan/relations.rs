//! Links between items: what people did to them is told by comparing what stands there, the log says only who; and each link is
//! made or taken away by itself. Must never take a link away because it is only not shown: Jira hides those to issues that we may
//! not see.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::acts::observe;
use super::first::first_value;
use super::fold::{change, side_effect};
use super::links_told::{is_live, maker, named, naming};
use super::targets::with_base;
use super::whose::stays;
use super::{By, Draft, Observation, Step, Wanted, ends, left, place};
use crate::mapping::{Unlinkable, far_links, native_link, shared_links, strange_links};
use crate::model::hub::{Acknowledged, Acts, Agreed, Awaited, Base};
use crate::model::ids::{AccountId, EntryId, SideId};
use crate::model::issue::{IssueLink, NativeValue};
use crate::model::operation::{Action, Intent, Operation, Relation};
use crate::model::settings::{FieldRow, OnUnmapped};
use crate::model::value::Value;

/// By how much an entry may seem older than the write that it tells of: the clock of an instance is known by whole seconds.
const CLOCKS: SignedDuration = SignedDuration::from_secs(2);

/// The links that an observation shows.
pub(super) fn shown(row: &FieldRow, side: &SideId, observation: &Observation) -> BTreeSet<IssueLink> {
    let field = row.sides.get(side);
    match field.and_then(|field| observation.snapshot.fields.get(field)) {
        Some(NativeValue::Links(links)) => links.clone(),
        Some(_) | None => BTreeSet::new(),
    }
}

fn value(words: &BTreeSet<String>) -> Value {
    if words.is_empty() { Value::Empty } else { Value::Words(words.clone()) }
}

/// Whether what is missing in a read is missing for want of a direct read: an index may be behind.
pub(super) fn is_clear(draft: &Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) -> bool {
    if observation.direct {
        return true;
    }
    if !ends::are_clear(draft, row, side, observation) {
        return false;
    }
    let place = place(draft.input, &draft.nothing, row, side);
    let links = shown(row, side, observation);
    let now = shared_links(&place, &links);
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let known = base.and_then(|base| base.value.as_ref()).map(Value::words).unwrap_or_default();
    let field = row.sides.get(side);
    let told = |element: &String| {
        field.is_some_and(|field| !naming(draft, side, field, observation, element, None).is_empty())
    };
    known.iter().filter(|element| !now.contains_key(*element)).all(told)
}

/// Our writes of an element on a side, the newest first.
fn ours<'i>(draft: &Draft<'i>, row: &FieldRow, side: &SideId, element: &str, adding: bool) -> Option<&'i Intent> {
    let is_it = |intent: &&Intent| {
        let link = intent.operation.action.issue_link();
        &intent.operation.side == side
            && link
                .is_some_and(|(link, id)| id.is_none() == adding && link.field == row.name && link.element == element)
    };
    let mut all: Vec<&Intent> = draft.input.intents.iter().filter(is_it).collect();
    all.sort_by_key(|intent| (!intent.state.is_settled(), intent.opened));
    all.pop()
}

fn acts_of(intent: &Intent) -> Acts {
    intent.operation.action.issue_link().map(|(link, _)| link.acts.clone()).unwrap_or_default()
}

/// Takes in what a read shows of an item's links.
pub(super) fn take_in(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, observation: &Observation) {
    let links = shown(row, side, observation);
    ends::take_in(draft, row, side, observation);
    await_strangers(draft, row, side, &links);
    let Some(replica) = draft.plan.item.replicas.get(side) else { return };
    let made_now = replica.ours && !replica.observed;
    if !replica.bases.contains_key(&row.name) {
        if !made_now {
            first_value(draft, row, side, observation);
            return;
        }
        // Nothing is written at creation: what stands there was added since.
        if let Some(replica) = draft.plan.item.replicas.get_mut(side) {
            observe(replica.bases.entry(row.name.clone()).or_default(), Value::Empty);
        }
    }
    compare(draft, row, side, observation, &links);
}

/// A link to an issue that may yet become an item has this one looked at again then.
fn await_strangers(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, links: &BTreeSet<IssueLink>) {
    let place = place(draft.input, &draft.nothing, row, side);
    let mut strange = strange_links(&place, links);
    // What is shown of it elsewhere is to go then.
    strange.extend(far_links(&place, links).into_iter().map(|link| link.issue));
    let awaits = &mut draft.plan.item.awaits;
    awaits.retain(|awaited| !matches!(awaited, Awaited::Issue { side: of, .. } if of == side));
    awaits.extend(strange.into_iter().map(|issue| Awaited::Issue { side: side.clone(), issue }));
}

/// What became of an item's links since they were last seen.
struct Changes<'o> {
    known: BTreeSet<String>,
    now: BTreeSet<String>,
    /// What stood there with our own writes done.
    ours_too: BTreeSet<String>,
    /// The acts of those writes.
    acts: Acts,
    /// What the sync user did besides, or nobody: the element, whether it came, and the entry.
    effects: Vec<(String, bool, Option<&'o Step>)>,
    /// What people did whose acts stay here, or nobody knows who: the element, and whether it came.
    staying: Vec<(String, bool)>,
    /// When a person last did something.
    last: Timestamp,
    /// Who last did something that does not stay here.
    author: Option<&'o AccountId>,
}

impl<'o> Changes<'o> {
    /// One element that came or went, and whether a person's doing it stays here.
    fn tell(&mut self, (element, came, stays): (&str, bool, bool), step: Option<&'o Step>, ours: Option<&Intent>) {
        match (step.map(|step| step.by), ours) {
            (Some(By::Person), _) => {
                self.last = step.map_or(self.last, |step| step.entry.created);
                if !stays {
                    self.author = step.and_then(|step| step.entry.author.as_ref());
                }
                self.stays(element, came, stays);
            }
            (Some(_), Some(intent)) => self.is_ours(element, came, intent),
            (None, Some(intent)) if is_live(intent) => self.is_ours(element, came, intent),
            // What came without an entry is a person's. What went without one may only not be seen.
            (None, _) if came => self.stays(element, came, stays),
            (_, _) => self.effects.push((element.to_owned(), came, step)),
        }
    }

    fn stays(&mut self, element: &str, came: bool, stays: bool) {
        if stays {
            self.staying.push((element.to_owned(), came));
        }
    }

    fn is_ours(&mut self, element: &str, came: bool, intent: &Intent) {
        put(&mut self.ours_too, element, came);
        self.acts.join(&acts_of(intent));
    }
}

/// Puts an element into a set, or takes it out.
pub(super) fn put(words: &mut BTreeSet<String>, element: &str, there: bool) {
    if there {
        words.insert(element.to_owned());
    } else {
        words.remove(element);
    }
}

fn compare(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    observation: &Observation,
    links: &BTreeSet<IssueLink>,
) {
    let Some(field) = row.sides.get(side) else { return };
    let elements = shared_links(&place(draft.input, &draft.nothing, row, side), links);
    let base = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let known = base.and_then(|base| base.value.as_ref()).map(Value::words).unwrap_or_default();
    let mut changes = Changes {
        now: elements.keys().cloned().collect(),
        ours_too: known.clone(),
        acts: Acts::default(),
        effects: Vec::new(),
        staying: Vec::new(),
        last: observation.snapshot.updated,
        author: None,
        known,
    };
    let before = changes.known.clone();
    let came: Vec<&String> = elements.keys().filter(|element| !before.contains(*element)).collect();
    let went: Vec<&String> = before.iter().filter(|element| !elements.contains_key(*element)).collect();
    for element in came.iter().copied() {
        let key = elements.get(element).and_then(|links| links.first()).map(|link| &link.key);
        let ours = ours(draft, row, side, element, true);
        let named = named(draft, side, field, observation, element, key);
        let step = named.turn((&came, &went), element, true, ours);
        let logged = key.and_then(|key| maker(field, observation, key));
        let author = step.map_or(logged, |step| step.entry.author.as_ref());
        let stays = stays(draft.input, side, author);
        changes.tell((element, true, stays), step, ours);
    }
    for element in went.iter().copied() {
        let ours = ours(draft, row, side, element, false);
        let named = named(draft, side, field, observation, element, None);
        let step = named.turn((&came, &went), element, false, ours);
        let stays = stays(draft.input, side, step.and_then(|step| step.entry.author.as_ref()));
        changes.tell((element, false, stays), step, ours);
    }
    landed(draft, row, side, observation, links, &mut changes);
    settle(draft, row, side, &changes);
}

/// Our own writes that are seen now, also those that somebody undid at once.
fn landed<'o>(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    observation: &'o Observation,
    links: &BTreeSet<IssueLink>,
    changes: &mut Changes<'o>,
) {
    let Some(field) = row.sides.get(side) else { return };
    let mut seen = Vec::new();
    for intent in draft.input.intents.iter().filter(|intent| &intent.operation.side == side && is_live(intent)) {
        let Some((link, id)) = intent.operation.action.issue_link().filter(|(link, _)| link.field == row.name) else {
            continue;
        };
        let element = &link.element;
        // What is older than the write is no trace of it.
        let mut after = naming(draft, side, field, observation, element, Some(&link.key));
        after.retain(|step| is_after(intent, step));
        let (came, made) = (after.last().map(|step| step.by), after.len());
        let (known, now) = (changes.known.contains(element), changes.now.contains(element));
        match id {
            None if now => seen.push(intent.id),
            None if !known && came.is_some_and(|by| by != By::Person) => {
                let Some(gone) = naming(draft, side, field, observation, element, None).pop() else { continue };
                // An entry names the other issue and no type: it may tell of another link to it, which stands there, or which we took away.
                let is_ours = gone.by != By::Person && takes_another_away(draft, side, link);
                if !is_after(intent, gone) || is_ours || made <= beside(changes, element) {
                    continue;
                }
                // It was there, and somebody took it away again.
                seen.push(intent.id);
                changes.is_ours(element, true, intent);
                changes.last = gone.entry.created;
            }
            Some(id) if !links.iter().any(|there| there.id == id) => {
                seen.push(intent.id);
                if now && known && came == Some(By::Person) {
                    // It was gone, and somebody made it again.
                    changes.is_ours(element, false, intent);
                }
            }
            None | Some(_) => {}
        }
    }
    draft.plan.seen.extend(seen);
}

/// Whether a step may have come of a write, or after it.
fn is_after(intent: &Intent, step: &Step) -> bool {
    let opened = intent.opened_there.and_then(|opened| opened.checked_sub(CLOCKS).ok());
    opened.is_none_or(|opened| step.entry.created >= opened)
}

/// Whether a write of ours takes another link to the same issue away.
fn takes_another_away(draft: &Draft<'_>, side: &SideId, link: &Relation) -> bool {
    draft.input.intents.iter().filter(|intent| &intent.operation.side == side).any(|intent| {
        let other = intent.operation.action.issue_link();
        other.is_some_and(|(other, id)| id.is_some() && other.key == link.key && other.element != link.element)
    })
}

/// How many other links to the same item came since.
fn beside(changes: &Changes<'_>, element: &str) -> usize {
    let item = |element: &str| crate::mapping::element_parts(element).map(|(item, _)| item);
    let came = changes.now.difference(&changes.known).filter(|other| *other != element);
    came.filter(|other| item(other) == item(element)).count()
}

/// Moves the base, and counts what people did.
fn settle(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, changes: &Changes<'_>) {
    if changes.ours_too != changes.known {
        with_base(draft, side, row, |base| {
            observe(base, value(&changes.ours_too));
            base.acts.join(&changes.acts);
        });
    }
    let mut besides = changes.ours_too.clone();
    for (element, came, _) in &changes.effects {
        put(&mut besides, element, *came);
    }
    if besides != changes.ours_too {
        match changes.effects.iter().rev().find_map(|(_, _, step)| *step) {
            Some(step) => side_effect(draft, row, side, Some(value(&besides)), step),
            // Not shown any more, and nobody took it away.
            None => with_base(draft, side, row, |base| {
                observe(base, value(&besides));
                base.side_effect = Some(EntryId(0));
            }),
        }
        // Where it counts, or is put back, nothing is let be.
        with_base(draft, side, row, |base| {
            if base.side_effect.is_some() {
                base.adrift.extend(changes.effects.iter().map(|(element, ..)| element.clone()));
            }
        });
    }
    let mut crossing = changes.now.clone();
    for (element, came) in &changes.staying {
        put(&mut crossing, element, !came);
    }
    if crossing != besides {
        change(draft, row, side, value(&crossing), changes.last, None, changes.author);
    }
    if changes.now != crossing {
        change(draft, row, &side.outsiders(), value(&changes.now), changes.last, None, None);
    }
}

/// Plans the links that a replica lacks, and those that it should not have.
pub(super) fn aim(draft: &mut Draft<'_>, row: &FieldRow, side: &SideId, agreed: &Agreed, base: &Base) {
    let mut told = base.acts.clone();
    told.join(&base.matched);
    let told = told.contains(&agreed.acts);
    if told && base.acknowledged.as_ref().is_some_and(|acknowledged| acknowledged.refused) {
        return;
    }
    let (held, wanted) = (base.value.as_ref().map(Value::words).unwrap_or_default(), agreed.value.words());
    // What is let be counts as agreed here.
    let is_kept = |element: &String| !wanted.contains(element) && left::is_kept(&draft.plan.item, row, side, element);
    let (kept, held): (BTreeSet<String>, BTreeSet<String>) = held.into_iter().partition(is_kept);
    let differs = |element: &String| wanted.contains(element) != held.contains(element);
    let adrift = adrift(draft, row, side, |element| told && differs(element));
    let (mut planned, mut open, mut reasons) = (Vec::new(), false, Vec::new());
    reasons.extend(kept.first().map(|_| "a link of before the state was put back is let be".to_owned()));
    let mut waits: BTreeSet<Awaited> = BTreeSet::new();
    for element in wanted.difference(&held).filter(|element| !adrift.contains(*element)) {
        let native = native_link(&place(draft.input, &draft.nothing, row, side), element);
        match native {
            Ok(_) if is_under_way(draft, side, element) => open = true,
            Ok(link) => {
                planned.push(Action::AddIssueLink { link: relation(row, element, &link, agreed) });
            }
            Err(Unlinkable::NotThere(item)) => {
                waits.insert(Awaited::Replica { item, side: side.clone() });
                reasons.push("an issue that it links to has no counterpart here yet".to_owned());
            }
            // It is looked for by the full check, as this item is.
            Err(Unlinkable::Gone(key)) => reasons.push(format!("{key} is not there now, or may not be seen")),
            Err(Unlinkable::Restricted(key)) => reasons.push(format!("{key} has a security level")),
            Err(Unlinkable::NoType(name)) => {
                draft.plan.lacking.insert(side.clone());
                let why = format!("a link of type `{name}` cannot be made here: there is no such type");
                reasons.push(why.clone());
                if row.on_unmapped != OnUnmapped::Skip {
                    let remedy =
                        format!("add a row to `sync.{}.map.link-type`, or the type there", draft.input.sync.id);
                    draft.hold(side, Some(&row.name), why, &remedy);
                }
            }
        }
    }
    for element in held.difference(&wanted).filter(|element| !adrift.contains(*element)) {
        let restricted = matches!(
            native_link(&place(draft.input, &draft.nothing, row, side), element),
            Err(Unlinkable::Restricted(_))
        );
        if restricted {
            reasons.push("a link to an issue with a security level is left alone".to_owned());
            continue;
        }
        open |= is_under_way(draft, side, element);
        if !open {
            match there(draft, row, side, element, agreed) {
                Some(links) => planned.extend(links),
                None => {
                    draft.want(side, Wanted::Comments);
                    open = true;
                }
            }
        }
    }
    let awaits = &mut draft.plan.item.awaits;
    awaits.retain(|awaited| !matches!(awaited, Awaited::Replica { side: of, .. } if of == side));
    awaits.extend(waits);
    if planned.is_empty() && !open {
        with_base(draft, side, row, |base| {
            base.matched.join(&agreed.acts);
            let reason = reasons.first().cloned();
            base.acknowledged =
                reason.map(|reason| Acknowledged { reason, refused: false, may_pass: true, unseen: false });
        });
    }
    draft.plan.operations.extend(planned.into_iter().map(|action| Operation { side: side.clone(), action }));
}

/// What came or went by no person's act and is still not as agreed: it is told, and let be until somebody acts. Each link by itself: one that
/// waits for its other end is made when that is there, whatever became of another.
fn adrift(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    is_still: impl Fn(&String) -> bool,
) -> BTreeSet<String> {
    // What went with its other end waits for that one.
    let went = |element: &String| {
        let found = native_link(&place(draft.input, &draft.nothing, row, side), element);
        matches!(found, Err(Unlinkable::NotThere(_) | Unlinkable::Gone(_)))
    };
    let replica = draft.plan.item.replicas.get_mut(side);
    let Some(base) = replica.and_then(|replica| replica.bases.get_mut(&row.name)) else { return BTreeSet::new() };
    base.adrift.retain(|element| is_still(element) && !went(element));
    let adrift = base.adrift.clone();
    if !adrift.is_empty() {
        let why = format!("`{}` is not as agreed here, and no person changed it; it was not carried", row.name);
        let remedy =
            "let the sync user see all linked issues, and nobody else act as the sync user; or change the links";
        draft.hold(side, Some(&row.name), why, remedy);
    }
    adrift
}

fn relation(row: &FieldRow, element: &str, link: &IssueLink, agreed: &Agreed) -> Relation {
    Relation {
        field: row.name.clone(),
        element: element.to_owned(),
        kind: link.kind.clone(),
        outward: link.outward,
        issue: link.issue,
        key: link.key.clone(),
        acts: agreed.acts.clone(),
    }
}

/// The deletion of the links that stand for an element, by a read; `None`: that has to be read first.
fn there(draft: &Draft<'_>, row: &FieldRow, side: &SideId, element: &str, agreed: &Agreed) -> Option<Vec<Action>> {
    let observation = draft.input.observed.get(side)?;
    let links = shown(row, side, observation);
    let place = place(draft.input, &draft.nothing, row, side);
    let found = shared_links(&place, &links).remove(element).unwrap_or_default();
    let delete =
        |link: &IssueLink| Action::DeleteIssueLink { link: relation(row, element, link, agreed), id: link.id.clone() };
    Some(found.into_iter().map(delete).collect())
}

/// Whether a write of a link is not settled.
fn is_under_way(draft: &Draft<'_>, side: &SideId, element: &str) -> bool {
    draft
        .unsettled(side)
        .any(|intent| intent.operation.action.issue_link().is_some_and(|(link, _)| link.element == element))
}
