//! What should be written, decided from data alone. It must never do I/O, read a clock or draw randomness.
//!
//! First every observation is taken in, side by side in the sync's fixed order (`fold`): what the log says people did
//! becomes an *act*, and acts move the agreed values (`acts`). Then, for every side, what it should hold is compared with
//! what it was seen to hold (`targets`, `status`, `create`, `comments`, `revisions`, `links`).
//!
//! Invariant by absence: nothing in this folder moves a base because a value was *decided*. Bases move in `fold`, where a
//! value was observed, and in `targets`, where a side is told that it cannot hold one.

mod absence;
mod acts;
mod ahead;
mod alike;
mod answers;
mod attachments;
mod audiences;
pub mod called;
mod check;
mod check_comments;
mod check_ends;
mod check_files;
mod check_left;
mod check_levels;
mod check_relations;
mod check_watchers;
mod comments;
mod composed;
mod create;
mod difference;
mod emptied;
mod ends;
mod first;
mod flow_back;
mod fold;
mod initial;
pub mod input;
mod insisted;
mod lacks;
mod left;
mod levels;
mod line;
mod links;
mod links_told;
mod matching;
mod named_files;
mod not_shown;
mod pairing;
mod parents;
mod pseudonyms;
mod redact;
mod relations;
mod remap;
mod render;
mod requests;
mod restored;
mod revisions;
pub(crate) mod rivals;
mod saved;
mod status;
mod take_back;
mod targets;
mod things;
mod things_render;
mod things_sought;
mod things_write;
mod unite;
mod watchers;
mod whose;

use std::collections::{BTreeMap, BTreeSet};

pub use ahead::ahead;
pub use answers::{as_it_was_met, keep_answers_internal};
pub use called::{called, give_words, take_joined};
pub use check::{Violation, check};
pub(crate) use composed::{tells_of_counterparts, tells_of_more};
pub(crate) use ends::shows_too_much;
pub use initial::{Resolved, asked_value, date, last_changed, open_questions, resolve};
pub use input::{By, Hold, Observation, Plan, PlanInput, Step, Wanted};
pub use line::{Line, Part};
pub use matching::files_to_compare;
pub use named_files::speaks_of;
pub use pairing::{Decided, Paired, Proposal, alone, pair, proposals, would_tell};
pub use redact::redacted;
pub use render::{
    conflict as conflict_in_words, lines_of, operation_in_words, render, typed as value_as_typed,
    value as value_in_words,
};
pub(crate) use restored::takes_nothing_in;
pub use saved::SavedInput;
pub use take_back::{NotTaken, Taken, TakenBack, take_back};
pub use things::{ThingRules, ThingsSeen, take_in, take_made};
pub use things_render::render_things;
pub use things_write::{mark_done, mark_not_done, mark_sent, thing_field, thing_problems, thing_writes};
pub use unite::{United, let_be, replace, unite, would_show};
pub use watchers::{LET_WATCH, WATCHING_OFF};

use crate::mapping::Place;
use crate::model::catalog::Catalog;
use crate::model::hub::{Agreed, Audience, ItemState, Replica};
use crate::model::ids::{FieldName, SideId};
use crate::model::operation::Intent;
use crate::model::remark::Remark;
use crate::model::settings::{FieldRow, SyncSettings};
use crate::planted::{Bug, is_planted};

/// Decides what should be written. Total and deterministic.
#[must_use]
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut draft = Draft::new(input);
    audiences::settle(&mut draft);
    levels::see(&mut draft);
    if restored::waits(&mut draft) {
        return draft.finish();
    }
    for side in &input.sync.sides {
        if let Some(observation) = input.observed.get(&side.id) {
            fold::take_in(&mut draft, &side.id, observation);
        }
        watchers::take_in(&mut draft, &side.id);
    }
    restored::join(&mut draft);
    draft.say_restricted();
    absence::part(&mut draft);
    matching::settle(&mut draft);
    left::settle(&mut draft);
    not_shown::say(&mut draft);
    emptied::say(&mut draft);
    for side in &input.sync.sides {
        if draft.is_barred(&side.id) {
            levels::guard(&mut draft, &side.id);
            continue;
        }
        if draft.plan.item.replicas.contains_key(&side.id) {
            levels::forgive(&mut draft, &side.id);
            targets::aim(&mut draft, &side.id, None);
        } else {
            create::propose(&mut draft, &side.id);
        }
    }
    remap::settle(&mut draft);
    named_files::bind(&mut draft);
    attachments::carry(&mut draft);
    left::find_notes(&mut draft);
    for remark in Remark::ALL {
        comments::copy(&mut draft, remark);
    }
    for remark in Remark::ALL {
        revisions::revise(&mut draft, remark);
    }
    links::show(&mut draft);
    ends::show(&mut draft);
    watchers::leave(&mut draft);
    absence::act(&mut draft);
    whose::say(&mut draft);
    restored::spare(&mut draft);
    rivals::refuse(&mut draft);
    draft.finish()
}

/// A plan in the making.
struct Draft<'a> {
    input: &'a PlanInput<'a>,
    plan: Plan,
    nothing: Catalog,
    /// What the issues of an item hold that is joined anew.
    anew: restored::Anew,
}

impl<'a> Draft<'a> {
    fn new(input: &'a PlanInput<'a>) -> Self {
        let plan = Plan {
            item: input.item.clone(),
            operations: Vec::new(),
            conflicts: Vec::new(),
            holds: Vec::new(),
            wanted: BTreeMap::new(),
            seen: Vec::new(),
            acts: Vec::new(),
            ways: Vec::new(),
            onward: BTreeMap::new(),
            goals: BTreeMap::new(),
            stuck: BTreeSet::new(),
            lacking: BTreeSet::new(),
            matched: crate::model::matching::Matched::default(),
        };
        Self { input, plan, nothing: Catalog::default(), anew: restored::Anew::of(input) }
    }

    fn finish(mut self) -> Plan {
        levels::expose(&mut self);
        self.plan.seen.sort();
        self.plan.seen.dedup();
        self.plan.holds.sort();
        self.plan.holds.dedup();
        self.plan
    }

    fn hold(&mut self, side: &SideId, field: Option<&FieldName>, why: String, remedy: &str) {
        let (side, field, remedy) = (side.clone(), field.cloned(), remedy.to_owned());
        self.plan.holds.push(Hold { side, field, why, remedy, settles: false });
    }

    /// The same of a side as a whole, for what is over by itself: nobody has to act.
    fn hold_for_now(&mut self, side: &SideId, why: String, remedy: &str) {
        let side = side.clone();
        self.plan.holds.push(Hold { side, field: None, why, remedy: remedy.to_owned(), settles: true });
    }

    /// Whether a side is kept apart, or does not stand under the security level yet that home's issue has.
    fn is_barred(&self, side: &SideId) -> bool {
        let there = self.plan.item.replicas.contains_key(side);
        self.is_apart(side) || (there && levels::of(self.input, &self.plan, side) != levels::Guard::Stands)
    }

    /// Whether a side is kept apart, also while its issue is not read again: by a security level of its own, or home's, which is
    /// the item's (a partner's own level is nothing that others could notice), or since its issue is not where it was. A level that
    /// a row carries keeps nothing apart.
    fn is_apart(&self, side: &SideId) -> bool {
        let restricted = |side: &SideId| self.plan.item.replicas.get(side).is_some_and(|replica| replica.restricted);
        let elsewhere = self.plan.item.replicas.get(side).is_some_and(Replica::is_elsewhere);
        elsewhere || restricted(side) || self.input.sync.home.as_ref().is_some_and(restricted)
    }

    /// Says of every issue with a security level that nothing is carried from it or to it.
    fn say_restricted(&mut self) {
        let restricted = self.plan.item.replicas.iter().filter(|(_, replica)| replica.restricted);
        let keys: Vec<_> = restricted.map(|(side, replica)| (side.clone(), replica.key.clone())).collect();
        for (side, key) in keys {
            let why = format!("{key} has a security level: nothing of it is carried, and nothing is written to it");
            self.hold(&side, None, why, "remove the security level if it may be shared");
        }
    }

    /// What a side is to hold of a row; a template that does not work is told.
    fn due(&mut self, row: &FieldRow, side: &SideId) -> Option<Agreed> {
        match composed::due(self, row, side) {
            Ok(agreed) => agreed.map(std::borrow::Cow::into_owned),
            Err(why) => {
                self.hold(
                    side,
                    Some(&row.name),
                    format!("the template of `{}` does not work: {why}", row.name),
                    "correct it",
                );
                None
            }
        }
    }

    fn want(&mut self, side: &SideId, wanted: Wanted) {
        self.plan.wanted.entry(side.clone()).or_default().insert(wanted);
    }

    /// The intents of a side that are not settled, nor seen by what was just read.
    fn unsettled(&self, side: &SideId) -> impl Iterator<Item = &'a Intent> {
        let open = move |intent: &&Intent| {
            &intent.operation.side == side && !intent.state.is_settled() && !self.plan.seen.contains(&intent.id)
        };
        self.input.intents.iter().filter(open)
    }

    /// Whether an edit, hop or create on the side is not settled: nothing more is planned there until it is.
    fn is_in_doubt(&self, side: &SideId) -> bool {
        self.unsettled(side).any(|intent| !intent.operation.action.is_beside_the_fields())
    }

    fn catalog(&self, side: &SideId) -> &Catalog {
        self.input.catalogs.get(side).unwrap_or(&self.nothing)
    }
}

/// Whether home's issue has a security level: then a counterpart is looked at right before each write to it.
#[must_use]
pub(crate) fn is_levelled(sync: &SyncSettings, item: &ItemState) -> bool {
    levels::at_home(sync, item).is_some()
}

/// A field on a side.
fn place<'a>(input: &'a PlanInput<'_>, nothing: &'a Catalog, row: &'a FieldRow, side: &'a SideId) -> Place<'a> {
    Place {
        sync: input.sync,
        row,
        side,
        catalog: input.catalogs.get(side).unwrap_or(nothing),
        references: input.references,
        origin: None,
        held: None,
    }
}

/// Whose acts may enter what a side receives of a field.
#[must_use]
pub fn audience_of(item: &ItemState, sync: &SyncSettings, row: &FieldRow, side: &SideId) -> Audience {
    let own = Some(side.outsiders()).filter(|own| keeps_own(sync, side) || item.acts.of(own) > 0);
    let own = own.into_iter().chain(left_out(item, sync, row, side));
    if row.across || is_planted(Bug::OriginForgotten) {
        return Audience(sync.side_ids().cloned().chain(own).collect());
    }
    let mut sees = sync.side(side).map(|side| side.sees.clone()).unwrap_or_default();
    sees.insert(side.clone());
    // What stays on a side is part of what stands there, also after everybody's acts were let cross.
    sees.extend(own);
    Audience(sees)
}

/// The sides that the configuration has no more and whose acts a side was told of a field: what they did stays a part of it.
pub(super) fn left_out<'i>(
    item: &'i ItemState,
    sync: &'i SyncSettings,
    row: &FieldRow,
    side: &SideId,
) -> impl Iterator<Item = SideId> + use<'i> {
    let base = item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name));
    let told = base.into_iter().flat_map(|base| base.acts.sides());
    told.filter(|actor| sync.side(&actor.place()).is_none()).cloned()
}

/// Whether some people's acts stay on a side.
fn keeps_own(sync: &SyncSettings, side: &SideId) -> bool {
    sync.parted(side).is_some()
}

/// The distinct audiences of a field's receivers.
fn audiences_of(item: &ItemState, sync: &SyncSettings, row: &FieldRow) -> BTreeSet<Audience> {
    row.sides.keys().map(|side| audience_of(item, sync, row, side)).collect()
}

/// What is agreed for a side.
fn agreed_for<'a>(item: &'a ItemState, sync: &SyncSettings, row: &FieldRow, side: &SideId) -> Option<&'a Agreed> {
    item.hub.get(&row.name)?.get(&audience_of(item, sync, row, side))
}
