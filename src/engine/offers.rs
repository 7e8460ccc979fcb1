//! What sides offer, learnt again while the daemon runs: options that somebody added, what we made there ourselves, who may be
//! assigned. Must never ask again and again for what is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Engine;
use super::cycle::LONGEST_SLOW_RETRY;
use super::survey::{has_links, offer_more, people_on};
use super::work::Work;
use crate::jira::{JiraError, Refusal, WriteOutcome};
use crate::mapping::Place;
use crate::model::catalog::Catalog;
use crate::model::ids::{AccountId, SideId, SyncId};
use crate::model::issue::NativeValue;
use crate::model::operation::{Action, FieldWrite, Intent, IntentEvent, IntentState, NativeWrite, Operation, Thing};
use crate::model::right::{Function, Right, needed};
use crate::model::settings::{CopyEdits, SideSettings, SyncSettings};
use crate::model::store::StoreError;
use crate::model::things::SeenThing;
use crate::plan::{Plan, thing_field};
use crate::schedule::growing;

/// How long what a side was seen to offer is good for, where something is lacking.
const OFFERS_LAST: Duration = Duration::from_secs(600);
/// How long it is believed that somebody may be assigned, and that they may not.
const MAY_LASTS: Duration = Duration::from_secs(24 * 3_600);
const MAY_NOT_LASTS: Duration = Duration::from_secs(600);
/// Jira's key for the right to edit what others wrote.
const EDIT_ALL: &str = "EDIT_ALL_COMMENTS";
/// How often what an issue lacks is looked for before it is made: each time it may have been renamed meanwhile.
const MOST_RENAMES: usize = 4;
/// Of these, how many for what an issue shows and no list has.
const MOST_LOOKS: usize = 2;
/// How often an issue waits for that where the lists could be read: a version of another project, which a field kept, is in none.
const MOST_WAITS: u32 = 3;
/// First wait after a version or component was refused.
pub(super) const FIRST_ASK: Duration = Duration::from_secs(300);

impl Engine {
    /// Looks at items for a round. Where a version or component is to be made for an issue, and the project's own are kept in step,
    /// those are looked at first: it may only have been renamed, or be about to be made. Then the issue is read anew, since a name
    /// that it had before may be nobody's any more. That writes, so it is no part of a look, which a preview takes as well.
    pub(super) async fn look_with_things(&self, works: &mut [Work]) -> Result<(), StoreError> {
        self.look(works).await?;
        self.look_where_braked(works).await?;
        let mut looked: Vec<BTreeSet<(Thing, String)>> = vec![BTreeSet::new(); works.len()];
        for round in 0..MOST_RENAMES {
            if !self.things_come_first(works, &mut looked, round < MOST_LOOKS).await {
                break;
            }
            plan_by_what_names_mean_now(works);
            self.look(works).await?;
        }
        for (work, looked) in works.iter_mut().zip(&looked) {
            make_what_stands(work, looked);
            // Decided on a name that nobody can tell the meaning of, it would undo what people did.
            let unknown = |(side, thing, _): &(SideId, Thing, String)| {
                work.attempts < MOST_WAITS || work.sync.is_unlisted(*thing, side)
            };
            let waits = unclear(work).into_iter().find(unknown);
            if let Some((side, thing, name)) = waits {
                tracing::warn!(item = %work.item.id, "what is meant by the name of a version or component is not known yet");
                let what = format!(
                    "the issue shows the {} `{name}`, and nobody could tell yet which one that is: nothing of this item is carried",
                    thing.word()
                );
                let remedy = if work.sync.is_held() {
                    "its list is not read while copies of another state hold the sync: see what is told of that"
                } else {
                    "let the sync user read that project's list; it is tried again"
                };
                // What stood is neither better nor worse than before.
                let field = thing_field(thing);
                let others = work.before.iter().filter(|told| told.field.as_ref() != Some(&field)).cloned();
                work.problems.extend(others);
                if work.attempts >= MOST_WAITS {
                    work.problem(&side, Some(&field), what, remedy);
                }
                work.plan = None;
                work.failed = true;
                work.over = true;
            }
        }
        Ok(())
    }

    /// Says whether a plan is to be made again. `looked`: the names that were looked for already, per item.
    /// `is_early`: what is unclear still after a few looks is of no list.
    async fn things_come_first(
        &self,
        works: &mut [Work],
        looked: &mut [BTreeSet<(Thing, String)>],
        is_early: bool,
    ) -> bool {
        let mut again = false;
        // All of them before the first look: it changes what names stand for, and not what the plans were made with.
        let names = |work: &Work| -> BTreeSet<(Thing, String)> {
            let unclear = unclear(work).into_iter().filter(|_| is_early);
            unclear.map(|(_, thing, name)| (thing, name)).collect()
        };
        let unclear: Vec<BTreeSet<(Thing, String)>> = works.iter().map(names).collect();
        let mut sure: BTreeSet<(SyncId, Thing)> = BTreeSet::new();
        for ((work, looked), unclear) in works.iter_mut().zip(looked).zip(unclear).filter(|((work, _), _)| !work.over) {
            let lacking: BTreeSet<(Thing, String)> =
                work.plan.iter().flat_map(|plan| &plan.operations).filter_map(|made| kept(work, made)).collect();
            if lacking.is_subset(looked) && unclear.is_empty() {
                continue;
            }
            // One look tells of all names.
            for (thing, name) in lacking.difference(looked).chain(&unclear) {
                let surely = unclear.contains(&(*thing, name.clone()));
                if surely && !sure.insert((work.sync.id().clone(), *thing)) {
                    continue;
                }
                if let Err(error) = self.look_at_things_first(&work.sync, *thing, name, surely).await {
                    tracing::warn!(%error, "could not look at versions and components first");
                }
            }
            looked.extend(lacking);
            work.look_anew();
            work.plan = None;
            again = true;
        }
        again
    }

    /// Learns what a plan lacks. Says whether the plan is to be made again.
    pub(super) async fn learn_what_is_offered(&self, work: &Work, plan: &Plan) -> bool {
        let mut learnt = false;
        for side in &plan.lacking {
            learnt |= self.look_again(work, side, OFFERS_LAST).await;
        }
        for operation in &plan.operations {
            let (Action::SetFields { fields } | Action::Create { fields, .. }) = &operation.action else { continue };
            for account in fields.values().filter_map(assigned) {
                learnt |= self.may_not_be_assigned(work, &operation.side, account).await;
            }
        }
        for record in plan.item.comments.iter().filter(|record| !record.strayed.is_empty()) {
            learnt |= self.learn_edits_all(work, &record.side).await;
        }
        learnt
    }

    /// Asks whether what others wrote may be edited, where a person changed a copy and that is to flow back.
    async fn learn_edits_all(&self, work: &Work, side: &SideId) -> bool {
        let now = self.clock.monotonic();
        let (Some(settings), Some(instance)) = (work.sync.side(side), self.instance_on(work, side)) else {
            return false;
        };
        let flows = work.sync.settings.comments.copies == CopyEdits::FlowBack;
        if !flows || work.sync.knows_edits_all(side, now) || instance.pause().is_some() {
            return false;
        }
        match instance.patiently(instance.read.permissions(&settings.project, &[EDIT_ALL])).await {
            Ok(held) => {
                let may = held.get(EDIT_ALL) == Some(&true);
                work.sync.note_edits_all(side, may, now + if may { MAY_LASTS } else { MAY_NOT_LASTS })
            }
            Err(error) => {
                instance.failed(&error);
                false
            }
        }
    }

    /// Reads once more what a side offers, unless that was done not long ago. Says whether it is another thing now.
    async fn look_again(&self, work: &Work, side: &SideId, age: Duration) -> bool {
        let now = self.clock.monotonic();
        let (Some(settings), Some(instance)) = (work.sync.side(side), self.instance_on(work, side)) else {
            return false;
        };
        if !work.sync.may_look_again(side, now, age) || instance.pause().is_some() {
            return false;
        }
        let people = people_on(&work.sync.settings, side);
        let read = instance.patiently(instance.read.catalog(&settings.project, &people)).await;
        let types = if has_links(&work.sync.settings, side) && read.is_ok() {
            instance.patiently(instance.read.link_types()).await
        } else {
            Ok(Vec::new())
        };
        let read = match read {
            Ok(mut catalog) => {
                let more = offer_more(&*instance.read, &work.sync.settings, settings, &mut catalog);
                instance.patiently(more).await.map(|()| catalog)
            }
            Err(error) => Err(error),
        };
        match read.and_then(|catalog| Ok((catalog, types?))) {
            Ok((mut catalog, types)) => {
                catalog.take_link_types(types);
                let before = work.sync.catalogs().get(side).map(|known| known.people.clone()).unwrap_or_default();
                super::people::remember(&mut catalog.people, before.clone(), &work.sync.settings, side);
                self.keep_people(work, side, &catalog.people, &before).await;
                work.sync.offers_now(side, catalog)
            }
            Err(error) => {
                instance.failed(&error);
                tracing::warn!(%side, %error, "could not read again what is offered");
                false
            }
        }
    }

    /// Asks Jira before somebody is assigned. Says whether they may not be, which is news.
    async fn may_not_be_assigned(&self, work: &Work, side: &SideId, account: &AccountId) -> bool {
        let now = self.clock.monotonic();
        let (Some(settings), Some(instance)) = (work.sync.side(side), self.instance_on(work, side)) else {
            return false;
        };
        if work.sync.was_asked(side, account, now) || instance.pause().is_some() {
            return false;
        }
        match self.ask(settings, &instance, account).await {
            Ok(may) => {
                let until = now + if may { MAY_LASTS } else { MAY_NOT_LASTS };
                work.sync.note_assignable(side, account, may, until);
                !may
            }
            // Without an answer Jira decides when it is written.
            Err(error) => {
                instance.failed(&error);
                false
            }
        }
    }

    async fn ask(
        &self,
        settings: &SideSettings,
        instance: &super::instance::Instance,
        account: &AccountId,
    ) -> Result<bool, JiraError> {
        instance.patiently(instance.read.assignable(&settings.project, account)).await
    }

    /// What became of a version or component that was to be made.
    pub(super) async fn offer_outcome(&self, work: &mut Work, intent: &Intent, outcome: WriteOutcome<SeenThing>) {
        let side = intent.operation.side.clone();
        match outcome {
            WriteOutcome::Done(made) => {
                work.move_intent(intent.id, &IntentEvent::AnsweredYes);
                work.move_intent(intent.id, &IntentEvent::Seen);
                self.pair(work, intent, &made).await;
                self.made(work, intent).await;
            }
            WriteOutcome::Refused(refusal) => {
                work.move_intent(intent.id, &IntentEvent::Refused(refusal.to_string()));
                // It may be there by now: somebody, or another item, made it.
                self.look_again(work, &side, Duration::ZERO).await;
                if self.lacks(work, intent) {
                    refused(work, intent, &refusal);
                }
            }
            // It is made once per name: what is lacking is asked for again.
            WriteOutcome::InDoubt(why) => {
                work.move_intent(intent.id, &IntentEvent::Refused(format!("in doubt: {why}")));
                self.look_again(work, &side, Duration::ZERO).await;
                work.failed = true;
            }
            WriteOutcome::NotFound => {
                work.move_intent(intent.id, &IntentEvent::Refused("not there".to_owned()));
                work.failed = true;
            }
            WriteOutcome::NotSent { why, wait_ms } => {
                work.move_intent(intent.id, &IntentEvent::Refused(format!("not sent: {why}")));
                work.be_due(self.after(Duration::from_millis(wait_ms)));
            }
        }
    }

    /// What was made for an issue is, where the project's own are kept in step, the one that it was made after: by its id, whatever
    /// that is called when the lists are looked at next.
    async fn pair(&self, work: &Work, intent: &Intent, made: &SeenThing) {
        let Action::Offer { thing, .. } = &intent.operation.action else { return };
        if let Err(error) = self.pair_made(&work.sync, &intent.operation.side, *thing, made).await {
            tracing::warn!(%error, "could not note what a version or component was made after");
        }
    }

    async fn made(&self, work: &Work, intent: &Intent) {
        if let Action::Offer { thing, name, .. } = &intent.operation.action {
            work.sync.offers_too(&intent.operation.side, *thing, name);
        }
        // Where that is not known by field, it is read.
        if self.lacks(work, intent) {
            self.look_again(work, &intent.operation.side, Duration::ZERO).await;
        }
    }

    fn lacks(&self, work: &Work, intent: &Intent) -> bool {
        let (Action::Offer { field, name, .. }, side) = (&intent.operation.action, &intent.operation.side) else {
            return false;
        };
        let catalogs = work.sync.catalogs();
        let id = work.sync.settings.fields.get(field).and_then(|row| row.sides.get(side));
        let offered = id.zip(catalogs.get(side)).and_then(|(id, catalog)| catalog.options.get(id));
        offered.is_some_and(|offered| !offered.contains(name))
    }

    /// Whether what an operation makes was refused, and it is not time to ask again. The problem goes on to stand.
    pub(super) fn may_not_be_made(&self, work: &mut Work, operation: &Operation) -> bool {
        let made = matches!(
            operation.action,
            Action::Offer { .. }
                | Action::AddIssueLink { .. }
                | Action::DeleteIssueLink { .. }
                | Action::ShowEnd { .. }
                | Action::HideEnd { .. }
                | Action::AddWatcher { .. }
                | Action::RemoveWatcher { .. }
                | Action::StopWatching { .. }
                | Action::AddComment { .. }
                | Action::EditComment { .. }
                | Action::EditOriginal { .. }
                | Action::DeleteComment { .. }
                | Action::AddFile { .. }
                | Action::DeleteFile { .. }
        );
        if !made {
            return false;
        }
        let of_it = work.intents.iter().filter(|intent| is_the_same(&intent.operation, operation));
        let refused_at: Vec<(jiff::Timestamp, String)> = of_it
            .filter_map(|intent| match &intent.state {
                // What Jira said no to; what was in doubt is asked again at once.
                IntentState::Void(why) if why.starts_with("status ") => Some((intent.opened, why.clone())),
                IntentState::Void(_)
                | IntentState::Open
                | IntentState::InDoubt
                | IntentState::Answered
                | IntentState::Confirmed => None,
            })
            .collect();
        let Some((last, why)) = refused_at.iter().max().cloned().filter(|(last, _)| work.holds_back(*last)) else {
            return false;
        };
        let times = u32::try_from(refused_at.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = growing(FIRST_ASK, LONGEST_SLOW_RETRY, times);
        let due = last.saturating_add(wait).unwrap_or(jiff::Timestamp::MAX);
        if due <= self.now() || last > self.now() {
            return false;
        }
        if let Action::Offer { field, thing, name } = &operation.action {
            let what = in_words(*thing, name, &why);
            let remedy = remedy_for_offer(&work.sync.settings, &operation.side);
            work.problem(&operation.side, Some(field), what, &remedy);
        }
        if let Action::AddIssueLink { link } | Action::DeleteIssueLink { link, .. } = &operation.action {
            let deed = if matches!(operation.action, Action::AddIssueLink { .. }) { "made" } else { "taken away" };
            let what = format!("Jira did not let the link `{}` to {} be {deed}: {why}", link.kind, link.key);
            let needed = needed(&work.sync.settings, &operation.side, Function::Links, &[Right::LinkIssues]);
            let remedy = format!("{needed}, and is to see both; it is tried again");
            work.problem(&operation.side, Some(&link.field), what, &remedy);
        }
        if let Some((watcher, adds)) = operation.action.watcher() {
            let deed = if adds { "made a watcher" } else { "taken from the watchers" };
            let what = format!("Jira did not let `{}` be {deed}: {why}", watcher.account);
            let needed = needed(&work.sync.settings, &operation.side, Function::Watchers, &[Right::ManageWatchers]);
            let remedy = format!("{needed}, and they the right to see the issue; it is tried again");
            work.problem(&operation.side, Some(&watcher.field), what, &remedy);
        }
        if operation.action.far_end().is_some() {
            self.tell_refused(work, operation, &why);
        }
        let apart = matches!(
            operation.action,
            Action::AddFile { .. } | Action::DeleteFile { .. } | Action::EditOriginal { .. }
        );
        if apart || operation.action.original().is_some() {
            self.tell_refused(work, operation, &why);
        }
        if matches!(operation.action, Action::StopWatching { .. }) {
            let what = format!("Jira did not let the sync user stop watching: {why}");
            let remedy = "switch Autowatch off in its profile there, or set `unwatch = false`; it is tried again";
            work.problem(&operation.side, None, what, remedy);
        }
        work.be_due(due);
        true
    }
}

/// The version or component that an operation makes, where the project's own are kept in step.
fn kept(work: &Work, operation: &Operation) -> Option<(Thing, String)> {
    let Action::Offer { thing, name, .. } = &operation.action else { return None };
    work.sync.settings.things.contains_key(thing).then(|| (*thing, name.clone()))
}

/// The names read in issues of which only the projects' lists say which version or component they mean: one that is new bears what
/// another was called, or is for the rest.
fn unclear(work: &Work) -> BTreeSet<(SideId, Thing, String)> {
    let sync = &work.sync.settings;
    let mut found = BTreeSet::new();
    let Some(catalogs) = work.planned_by.as_ref().filter(|_| work.plan.is_some()) else { return found };
    for (side, read) in &work.reads {
        let is_there = work.sync.side(side).is_some_and(|settings| settings.project == read.snapshot.project);
        let Some(catalog) = catalogs.get(side).filter(|_| is_there) else { continue };
        for row in sync.fields.values() {
            let place = Place { sync, row, side, catalog, references: &work.references, origin: None, held: None };
            let shown = row.sides.get(side).and_then(|field| read.snapshot.fields.get(field));
            let (Some(thing), Some(shown)) = (place.thing(), shown) else { continue };
            let mut names: Vec<&String> = Vec::new();
            if let NativeValue::Words(words) = shown {
                names.extend(words);
            } else if let NativeValue::Named(named) = shown {
                names.push(&named.name);
            }
            let ids = row.sides.get(side).and_then(|field| read.snapshot.ids.get(field));
            let id = |name: &String| ids.and_then(|ids| ids.get(name)).map(String::as_str);
            let names = names.into_iter().filter(|name| place.is_unclear(name, id(name)));
            found.extend(names.map(|name| (side.clone(), thing, name.clone())));
        }
    }
    found
}

/// What was planned before a look at what names stand for is planned again, if they stand for something else now.
fn plan_by_what_names_mean_now(works: &mut [Work]) {
    for work in works.iter_mut().filter(|work| !work.over && work.plan.is_some()) {
        let now = work.sync.catalogs();
        let differs = |before: &BTreeMap<SideId, Catalog>| {
            now.iter().any(|(side, catalog)| before.get(side).is_none_or(|before| before.called != catalog.called))
        };
        if work.planned_by.as_deref().is_some_and(differs) {
            work.plan = None;
        }
    }
}

/// Makes nothing by a name that was not looked for, or that its issue could not be read with anew: it may be nobody's any more.
fn make_what_stands(work: &mut Work, looked: &BTreeSet<(Thing, String)>) {
    let is_away = |side: &SideId| work.item.replicas.get(side).is_some_and(|replica| replica.away.is_some());
    let unknown = work.unread.keys().any(|side| !work.missed.contains(side) && !is_away(side));
    let Some(mut plan) = work.plan.take() else { return };
    let before = plan.operations.len();
    plan.operations.retain(|operation| kept(work, operation).is_none_or(|made| !unknown && looked.contains(&made)));
    work.failed |= plan.operations.len() < before;
    work.plan = Some(plan);
}

/// Whether two operations do the same.
fn is_the_same(one: &Operation, other: &Operation) -> bool {
    let there = &other.side;
    match (&one.action, &other.action) {
        (Action::AddIssueLink { link: one_link }, Action::AddIssueLink { link }) => {
            one.side == other.side && one_link.is_of(link)
        }
        (Action::DeleteIssueLink { id: one_id, .. }, Action::DeleteIssueLink { id, .. }) => {
            one.side == other.side && one_id == id
        }
        (Action::ShowEnd { of, link, .. }, Action::ShowEnd { of: too, link: other, .. })
        | (Action::HideEnd { of, link, .. }, Action::HideEnd { of: too, link: other, .. }) => {
            (&one.side, of, link) == (there, too, other)
        }
        _ => match (one.action.watcher(), other.action.watcher()) {
            (Some((one_watcher, adding)), Some((watcher, adds))) => {
                (&one.side, adding, &one_watcher.account) == (&other.side, adds, &watcher.account)
            }
            _ => one == other,
        },
    }
}

fn remedy_for_offer(sync: &SyncSettings, side: &SideId) -> String {
    let needed = needed(sync, side, Function::VersionsAndComponents, &[Right::AdministerProjects]);
    format!("{needed}; or make it there; it is asked for again")
}

fn in_words(thing: Thing, name: &str, why: &str) -> String {
    format!("Jira did not let the {} `{name}` be made: {why}", thing.word())
}

fn refused(work: &mut Work, intent: &Intent, refusal: &Refusal) {
    if let Action::Offer { field, thing, name } = &intent.operation.action {
        let what = in_words(*thing, name, &refusal.to_string());
        let remedy = remedy_for_offer(&work.sync.settings, &intent.operation.side);
        work.problem(&intent.operation.side, Some(field), what, &remedy);
    }
}

/// Whom a write assigns.
fn assigned(write: &FieldWrite) -> Option<&AccountId> {
    match &write.write {
        NativeWrite::Set(NativeValue::Person(person)) if write.field.as_str() == "assignee" => Some(&person.account),
        NativeWrite::Set(_) | NativeWrite::Words { .. } => None,
    }
}
