//! Conflicts and open questions of many items, settled by one word of a person: values that lost stand again. Must never write to a Jira, nor
//! decide on an item that somebody works on, or on writes whose outcome nobody knows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::called::items_of_key;
use super::merge::{BUSY, doubts};
use super::pair_find::names;
use super::{Engine, SyncRun};
use crate::model::command::{AboutProblems, Answer, Command, CommandRecord, Effect, Ended, Operator, PairEffect};
use crate::model::hub::{Conflict, ItemState};
use crate::model::ids::{FieldName, ItemId, SideId};
use crate::model::operation::IntentState;
use crate::model::problem_filter::ProblemFilter;
use crate::model::settings::SyncSettings;
use crate::model::store::{Claim, StoreError, StoredProblem};
use crate::model::value::Value;
use crate::plan::{
    NotTaken, Taken, asked_value, conflict_in_words, open_questions, resolve, take_back, value_as_typed, value_in_words,
};

/// Items that are settled with one word. More than these are held too long while it is decided.
const MOST_ITEMS: usize = 200;
/// Lines of an answer.
const MOST_LINES: usize = 100;

/// What is to be settled of an item.
struct Wanted {
    /// The conflicts whose losing values are to stand, oldest first.
    lost: Vec<Conflict>,
    /// The fields of which each side keeps its own value, until it is said whose stands: this side's.
    open: BTreeMap<FieldName, SideId>,
}

/// What settling an item comes to.
struct Settled {
    effect: Option<PairEffect>,
    lines: Vec<String>,
    fields: usize,
    /// What is not done of it, in words.
    not: Vec<String>,
}

impl Engine {
    /// Lets values stand that lost, or shows what that would do. What is answered is recorded, with the change or without one.
    ///
    /// # Errors
    /// The state could not answer. Nothing was changed then.
    pub async fn take_back(
        &self,
        (filter, take, dry_run): (&ProblemFilter, &str, bool),
        (by, at): (&Operator, Timestamp),
    ) -> Result<Answer, StoreError> {
        let syncs: Vec<&SyncSettings> = self.syncs.values().map(|sync| &sync.settings).collect();
        let of_key = items_of_key(&*self.store, &syncs, filter).await?;
        let mut told = self.store.problems(usize::MAX).await?;
        told.retain(|stored| filter.is_about(stored, &of_key));
        let mut items = Vec::new();
        for item in self.candidates(filter, of_key, &told).await? {
            let Some(state) = self.store.item(item).await?.filter(|state| state.merged.is_none()) else { continue };
            if self.wanted(&state, filter, take, &told).await?.is_some() {
                items.push(item);
            }
        }
        let held = if items.len() > MOST_ITEMS { Vec::new() } else { self.hold_items(&items).await? };
        let (answer, effects) = if items.is_empty() {
            let is_side = self.syncs.values().any(|sync| sync.settings.side(&take.into()).is_some());
            // Of a side it may be asked at any time; what is no side and was kept nowhere is mistyped.
            let ended = if is_side { Ended::Unchanged } else { Ended::Refused };
            (nothing_like_that(take, ended), Vec::new())
        } else if items.len() > MOST_ITEMS {
            let count = items.len();
            let why = format!("that is about {count} items, and at most {MOST_ITEMS} are settled at once: narrow it");
            (Answer::refused(why), Vec::new())
        } else if held.len() < items.len() {
            (Answer::refused(BUSY), Vec::new())
        } else {
            self.settle_all(&held, (filter, take, dry_run), &told, at).await?
        };
        let effects = if dry_run { Vec::new() } else { effects };
        let command = Command::Take { filter: filter.clone(), take: take.to_owned(), dry_run };
        let record = CommandRecord { at, by: by.clone(), command, answer: answer.clone() };
        let done = if dry_run { Ok(()) } else { self.store.carry_out(&record, &effects).await };
        for claim in &held {
            self.store.release(claim.item.id, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        done.map(|()| answer)
    }

    /// The items that may be meant.
    async fn candidates(
        &self,
        filter: &ProblemFilter,
        of_key: BTreeSet<ItemId>,
        told: &[StoredProblem],
    ) -> Result<BTreeSet<ItemId>, StoreError> {
        let mut found: BTreeSet<ItemId> = told.iter().filter_map(|stored| stored.item).collect();
        match &filter.key {
            // A cause is one of problems: what is recorded of conflicts has none.
            _ if filter.cause.is_some() => {}
            Some(_) => found.extend(of_key),
            None => found.extend(self.store.items_in_conflict().await?),
        }
        Ok(found)
    }

    /// What is to be settled of an item; `None`: nothing.
    async fn wanted(
        &self,
        item: &ItemState,
        filter: &ProblemFilter,
        take: &str,
        told: &[StoredProblem],
    ) -> Result<Option<Wanted>, StoreError> {
        let Some(sync) = self.syncs.get(&item.sync) else { return Ok(None) };
        let side = sync.settings.side(&take.into()).map(|side| side.id.clone());
        let asked = open_questions(item);
        let is_open = |stored: &&StoredProblem| stored.item == Some(item.id);
        let fields: BTreeSet<&FieldName> =
            told.iter().filter(is_open).filter_map(|stored| stored.problem.field.as_ref()).collect();
        let open: BTreeMap<FieldName, SideId> = fields
            .into_iter()
            .filter_map(|field| {
                let (of, row) = (asked.get(field)?, sync.settings.fields.get(field)?);
                // A value that is typed is the side's that shows it.
                let is_meant = |of: &&SideId| match &side {
                    Some(side) => *of == side,
                    None => asked_value(item, row, of).is_some_and(|value| is_typed(&value, take)),
                };
                Some((field.clone(), of.iter().find(is_meant)?.clone()))
            })
            .collect();
        let mut lost = if filter.cause.is_some() { Vec::new() } else { self.store.conflicts(item.id).await? };
        lost.retain(|conflict| {
            is_meant(filter, conflict)
                && !asked.contains_key(&conflict.field)
                && side.as_ref().map_or_else(|| is_typed(&conflict.lost, take), |side| &conflict.loser == side)
        });
        let nothing = lost.is_empty() && open.is_empty();
        Ok((!nothing).then_some(Wanted { lost, open }))
    }

    async fn settle_all(
        &self,
        held: &[Claim],
        (filter, take, dry_run): (&ProblemFilter, &str, bool),
        told: &[StoredProblem],
        at: Timestamp,
    ) -> Result<(Answer, Vec<Effect>), StoreError> {
        let (mut effects, mut lines, mut not, mut fields) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut touched = Vec::new();
        for claim in held {
            // Somebody may have been quicker.
            let Some(wanted) = self.wanted(&claim.item, filter, take, told).await? else { continue };
            let Some(sync) = self.syncs.get(&claim.item.sync) else { continue };
            let settled = settle(sync, claim, &wanted, at, dry_run);
            fields += settled.fields;
            lines.extend(settled.lines);
            not.extend(settled.not);
            touched.extend(settled.effect.as_ref().map(|effect| effect.item.id));
            effects.extend(settled.effect.map(|effect| Effect::Pair(Box::new(effect))));
        }
        let items = effects.len();
        if items == 0 {
            let ended = if not.is_empty() { Ended::Unchanged } else { Ended::Refused };
            not.extend(lines);
            not.truncate(MOST_LINES);
            return Ok((Answer::new(ended, not), Vec::new()));
        }
        let would = if dry_run { "would stand again" } else { "stands again" };
        let count = |count: usize, of: &str| format!("{count} {of}{}", if count == 1 { "" } else { "s" });
        lines.insert(0, format!("{would}: {} of {}", count(fields, "value"), count(items, "item")));
        lines.extend(not);
        let left = lines.len().saturating_sub(MOST_LINES);
        lines.truncate(MOST_LINES);
        if left > 0 {
            lines.push(format!("and {}", count(left, "more line")));
        }
        let about = Some(AboutProblems { problems: fields, items, causes: Vec::new() });
        let ended = if dry_run { Ended::Shown } else { Ended::Done };
        Ok((Answer { about, ..Answer::new(ended, lines) }.touching(touched), effects))
    }
}

fn nothing_like_that(take: &str, ended: Ended) -> Answer {
    let line = format!(
        "no value is kept like that: `{take}` is no side whose value lost or is asked about there, nor such a value; \
         `jirasyncd problems KEY` shows what is kept of an issue"
    );
    Answer::new(ended, vec![line])
}

/// Whether a conflict is one of those that are meant. A key was looked up before.
fn is_meant(filter: &ProblemFilter, conflict: &Conflict) -> bool {
    let says = |text: &String| conflict_in_words(conflict).to_lowercase().contains(&text.to_lowercase());
    filter.side.as_ref().is_none_or(|side| &conflict.loser == side)
        && filter.field.as_ref().is_none_or(|field| &conflict.field == field)
        && filter.matching.as_ref().is_none_or(says)
}

fn is_typed(value: &Value, typed: &str) -> bool {
    !typed.trim().is_empty() && value_as_typed(value).trim() == typed.trim()
}

/// Settles one item. Values are told only where nothing is recorded of it.
fn settle(sync: &SyncRun, claim: &Claim, wanted: &Wanted, at: Timestamp, tells: bool) -> Settled {
    let of = names(&claim.item);
    let mut settled = Settled { effect: None, lines: Vec::new(), fields: 0, not: Vec::new() };
    let lost = |state: &IntentState| matches!(state, IntentState::Open | IntentState::InDoubt);
    if sync.ended().is_some() {
        settled.not.push(format!("{of}: {}", super::pair::ended(sync.id())));
        return settled;
    }
    if let Some(why) = doubts(claim.intents.iter().filter(|intent| lost(&intent.state)).count()) {
        settled.not.push(format!("{of}: {why}"));
        return settled;
    }
    let back = take_back(&sync.settings, &claim.item, &wanted.lost, at);
    let (mut item, mut conflicts) = (back.item, back.conflicts);
    settled.fields += back.taken.len();
    settled.lines.extend(back.taken.iter().map(|taken| taken_in_words(&of, taken, tells)));
    settled.not.extend(back.not_taken.iter().map(not_in_words).map(|(why, remedy)| format!("{of}: {why}; {remedy}")));
    for (field, side) in &wanted.open {
        let Some(row) = sync.settings.fields.get(field) else { continue };
        let Some(resolved) = resolve(&sync.settings, &item, row, side) else { continue };
        (item, settled.fields) = (resolved.item, settled.fields + 1);
        settled.lines.push(format!("{of}: `{field}`: what {side} says stands"));
        for conflict in &resolved.conflicts {
            let value = if tells { format!(" ({})", value_in_words(&conflict.lost)) } else { String::new() };
            let loser = &conflict.loser;
            settled.lines.push(format!("  what {loser} holds{value} is written over, and kept as a conflict"));
        }
        conflicts.extend(resolved.conflicts);
    }
    if settled.fields == 0 {
        if back.stands {
            settled.lines.push(format!("{of}: that value stands already"));
        }
        return settled;
    }
    let (fence, parted, joined) = (Some(claim.fence), Vec::new(), Vec::new());
    settled.effect = Some(PairEffect { item, fence, parted, conflicts, joined });
    settled
}

fn taken_in_words(of: &str, taken: &Taken, tells: bool) -> String {
    let Taken { field, was: (was_of, was), now: (now_of, now), on } = taken;
    let on: Vec<&str> = on.iter().map(SideId::as_str).collect();
    let on = on.join(", ");
    if tells {
        let (was, now) = (value_in_words(was), value_in_words(now));
        return format!("{of}: {field} on {on}: {was} of {was_of} -> {now} of {now_of}");
    }
    format!("{of}: `{field}` on {on}: what {now_of} said stands; what {was_of} said is kept as a conflict")
}

/// What is not done, and what to do about it.
fn not_in_words(why: &NotTaken) -> (String, &'static str) {
    match why {
        NotTaken::NoField(field) => (
            format!("`{field}` is no field of this sync that a value could be taken back for"),
            "change it in an issue where it is decided",
        ),
        NotTaken::OtherAudience(field) => (
            format!(
                "`{field}` is not taken back: since then the configuration says otherwise who sees whom, so it is not known who may see it"
            ),
            "set it by hand",
        ),
        NotTaken::WouldTell(field, loser, origin, side) => (
            format!(
                "`{field}` is not taken back on {side}: what stood on {loser} may hold what people of {origin} wrote, and {side} may not see that"
            ),
            "set it by hand where it may be seen",
        ),
    }
}
