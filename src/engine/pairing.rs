//! Newcomers that say which issue of another side they are one with (`pairing.by`): they are paired before anything is created for them.
//! Must never guess: what is not clear starts nothing, and is told; nor let an issue start an item while one that may name it was not
//! looked at yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::creations::created_on;
use super::instance::Instance;
use super::pair::{Decision, Named};
use super::pair_find::names;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::command::{Effect, Ended};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::key::key_in;
use crate::model::occasion::Occasion;
use crate::model::operation::{Action, Operation};
use crate::model::problem::{Problem, unpaired};
use crate::model::settings::{PairBy, SideSettings};
use crate::model::store::{Newcomer, StoreError, Urgency};

/// How long what is not clear is let be before it is looked at again, unless the issue changes.
const AGAIN: Duration = Duration::from_secs(600);
/// Newcomers of a side that are asked for, to know whether all were looked at.
const ALL: usize = 100_000;

/// Whether all newcomers of a side are looked at that may name others, asked once for a batch.
pub(super) type Clear = BTreeMap<(SyncId, SideId), bool>;

/// What is known of a sync's newcomers before they start an item. After a start they are looked at again.
#[derive(Default)]
pub(crate) struct Looked {
    /// Those that name no issue of another side, and when they had changed last.
    plain: BTreeMap<(SideId, IssueId), Timestamp>,
    /// Those that start nothing until somebody settles what they name.
    stuck: BTreeMap<(SideId, IssueId), Stuck>,
    /// Those that are out of the scope as far as an index knows that may be behind.
    outside: BTreeMap<(SideId, IssueId), Outside>,
    /// Items whose counterpart on a side is not created, by what of them newcomers there may name.
    withheld: BTreeMap<SideId, BTreeMap<ItemId, BTreeSet<(SideId, IssueKey)>>>,
    /// Whether it is in the state that there are any, or were since the start.
    noted: bool,
    /// The pairs that were made.
    made: Vec<String>,
}

struct Stuck {
    updated: Timestamp,
    /// When it is looked at again, by our monotonic time.
    again: Duration,
    /// Whether it was looked at again already because what it names came.
    retried: bool,
    /// What it names.
    names: BTreeSet<(SideId, IssueKey)>,
}

/// One that is looked at, though the last word about its scope is not said. It may be in scope after all, so what it names counts.
struct Outside {
    updated: Timestamp,
    names: BTreeSet<(SideId, IssueKey)>,
}

impl Looked {
    /// Whether a newcomer was looked at, so that it holds up nothing but what it names.
    fn knows(&self, place: &(SideId, IssueId)) -> bool {
        self.plain.contains_key(place) || self.stuck.contains_key(place) || self.outside.contains_key(place)
    }

    /// Whether a newcomer of a side names one of these issues and waits.
    fn is_named(&self, on: &SideId, issues: &BTreeSet<(SideId, IssueKey)>) -> bool {
        let stuck = self.stuck.iter().map(|((of, _), stuck)| (of, &stuck.names));
        let outside = self.outside.iter().map(|((of, _), outside)| (of, &outside.names));
        stuck.chain(outside).any(|(of, names)| of == on && names.iter().any(|name| issues.contains(name)))
    }
}

/// Whether an operation creates a counterpart on one of these sides.
pub(super) fn is_created_on(operation: &Operation, sides: &BTreeSet<SideId>) -> bool {
    matches!(operation.action, Action::Create { .. }) && sides.contains(&operation.side)
}

/// What becomes of a newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It names nothing, and may start an item of its own.
    Plain,
    /// It is part of an item now.
    Paired,
    /// It waits.
    Waits,
}

/// What an issue names, in its own words and as an issue of another side.
struct Mention {
    by: String,
    text: String,
    target: Option<(SideId, IssueKey)>,
}

/// What says that items were withheld.
pub(super) const WITHHELD: &str = "yes";

/// Under what it is kept whether any were.
pub(super) fn withheld_note(sync: &SyncId) -> String {
    format!("pairs withheld of {sync}")
}

fn looked(sync: &SyncRun) -> MutexGuard<'_, Looked> {
    sync.pairings.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// The pairs that were made since the start because issues name each other.
    #[must_use]
    pub fn pairs_made(&self) -> Vec<(SyncId, String)> {
        let of = |sync: &Arc<SyncRun>| {
            let made = looked(sync).made.clone();
            made.into_iter().map(|pair| (sync.id().clone(), pair)).collect::<Vec<_>>()
        };
        self.syncs.values().flat_map(of).collect()
    }

    /// How many newcomers of a side were looked at and wait: they take nobody's turn.
    pub(super) fn stuck_on(sync: &SyncRun, side: &SideId) -> usize {
        let known = looked(sync);
        let all = known.stuck.keys().chain(known.plain.keys()).chain(known.outside.keys());
        all.filter(|(of, _)| of == side).count()
    }

    /// Looks at a newcomer that the index does not find in scope, where that is not the last word: what it names is not created there
    /// meanwhile, and it holds up nothing else.
    pub(super) async fn look_at_outside(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Arc<Instance>,
        row: &IssueSnapshot,
    ) {
        let place = (side.clone(), row.id);
        if sync.settings.pairing.is_empty()
            || looked(sync).outside.get(&place).is_some_and(|outside| outside.updated == row.updated)
        {
            return;
        }
        match self.mentions(sync, side, instance, row).await {
            Ok(mentions) => {
                let names = mentions.into_iter().filter_map(|mention| mention.target).collect();
                let mut known = looked(sync);
                known.plain.remove(&place);
                known.stuck.remove(&place);
                known.outside.insert(place, Outside { updated: row.updated, names });
            }
            Err(error) => {
                // Nobody knows what it names: it is asked for again.
                instance.failed(&error);
            }
        }
    }

    /// Pairs a newcomer with what it names, if it names anything.
    pub(super) async fn pair_newcomer(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Arc<Instance>,
        row: &IssueSnapshot,
    ) -> Result<Found, StoreError> {
        let (place, now) = ((side.clone(), row.id), self.clock.monotonic());
        {
            let mut known = looked(sync);
            known.outside.remove(&place);
            if known.plain.get(&place) == Some(&row.updated) {
                return Ok(Found::Plain);
            }
            if known.stuck.get(&place).is_some_and(|stuck| stuck.updated == row.updated && stuck.again > now) {
                return Ok(Found::Waits);
            }
        }
        let mentions = match self.mentions(sync, side, instance, row).await {
            Ok(mentions) => mentions,
            Err(error) => {
                if !instance.failed(&error) {
                    let what = format!("{} is not carried: nobody knows what it names: {error}", row.key);
                    let remedy =
                        "let the sync user read it there, or take that out of `pairing.by`; it is asked for again"
                            .to_owned();
                    let (side, field) = (side.clone(), None);
                    let problem = Problem { side, field, what, remedy, operation: None, settles: false };
                    self.store.set_problems(&unpaired(instance.id(), row.id), &[problem], self.now()).await?;
                }
                return Ok(Found::Waits);
            }
        };
        if mentions.is_empty() {
            looked(sync).plain.insert(place, row.updated);
            self.settled(sync, side, instance, row.id).await?;
            return Ok(Found::Plain);
        }
        let targets: BTreeSet<(SideId, IssueKey)> =
            mentions.iter().filter_map(|mention| mention.target.clone()).collect();
        match self.pair_with(sync, side, instance, row, &mentions, &targets).await? {
            Ok(Some(pair)) => {
                tracing::info!(sync = %sync.id(), %pair, "issues that name each other are one item");
                looked(sync).made.push(pair);
                self.settled(sync, side, instance, row.id).await?;
                Ok(Found::Paired)
            }
            Ok(None) => Ok(Found::Waits),
            Err(why) => {
                tracing::warn!(sync = %sync.id(), key = %row.key, why, "an issue is not carried: what it names is not clear");
                {
                    let mut known = looked(sync);
                    let before = known.stuck.get(&place).filter(|stuck| stuck.updated == row.updated);
                    let retried = before.is_some_and(|stuck| stuck.retried);
                    let stuck = Stuck { updated: row.updated, again: now + AGAIN, retried, names: targets };
                    known.stuck.insert(place, stuck);
                }
                let problem = Problem {
                    side: side.clone(),
                    field: None,
                    what: format!("{} is not carried, and nothing is created for it: {why}", row.key),
                    remedy: format!(
                        "correct what it names; or say what it is one with by `jirasyncd pair {0} {side}:{1} …`, or that it is one with \
                         none by `jirasyncd create {0} {side}:{1}`",
                        sync.id(),
                        row.key
                    ),
                    operation: None,
                    settles: false,
                };
                self.store.set_problems(&unpaired(instance.id(), row.id), &[problem], self.now()).await?;
                Ok(Found::Waits)
            }
        }
    }

    /// Pairs an issue with what it names. `None`: not now. `Err`: why not at all.
    async fn pair_with(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        instance: &Arc<Instance>,
        row: &IssueSnapshot,
        mentions: &[Mention],
        targets: &BTreeSet<(SideId, IssueKey)>,
    ) -> Result<Result<Option<String>, String>, StoreError> {
        if let Some(lost) = mentions.iter().find(|mention| mention.target.is_none()) {
            return Ok(Err(format!("its {} names `{}`, which is in the project of no other side", lost.by, lost.text)));
        }
        let mut by_side: BTreeMap<&SideId, &IssueKey> = BTreeMap::new();
        for (there, key) in targets {
            if let Some(other) = by_side.insert(there, key) {
                return Ok(Err(format!("it names both {other} and {key} of {there}")));
            }
        }
        let own = self.read_issue(sync, side.clone(), Arc::clone(instance), row.key.clone(), None).await?;
        if instance.pause().is_some() {
            return Ok(Ok(None));
        }
        let mut named = match own {
            Ok(own) => vec![own],
            Err(why) => return Ok(Err(why)),
        };
        for (there, key) in by_side {
            let Some(other) = sync.instance_of(there).and_then(|id| self.instances.get(id)).cloned() else { continue };
            if other.pause().is_some() {
                return Ok(Ok(None));
            }
            let found = self.find_issue(sync, &format!("{there}:{key}")).await?;
            if other.pause().is_some() {
                // It did not answer: nobody knows what is there.
                return Ok(Ok(None));
            }
            let found = match found {
                Ok(found) => found,
                Err(why) => return Ok(Err(format!("it names {key}: {why}"))),
            };
            match self.may_meet(sync, (side, instance, row), &found).await {
                Ok(Ok(())) => {}
                Ok(Err(why)) => return Ok(Err(format!("it names {why}"))),
                Err(error) => {
                    tracing::warn!(sync = %sync.id(), key = %row.key, %error, "nobody knows whether an issue may be paired");
                    return Ok(Ok(None));
                }
            }
            match self.contradicts(sync, side, row, &found).await {
                Ok(None) => {}
                Ok(Some(said)) => return Ok(Err(format!("it names {key}, and that names {said}"))),
                // Nobody knows what it names.
                Err(error) if found.instance.failed(&error) => return Ok(Ok(None)),
                Err(error) => return Ok(Err(format!("it names {key}, which cannot be read: {error}"))),
            }
            named.push(found);
        }
        // Home has the first word, then the sides in their order.
        let rank = |side: &SideId| sync.settings.side_ids().position(|known| known == side);
        named.sort_by_key(|issue| rank(&issue.side));
        let Decision { answer, effect, held } = self.pair_these(sync, named).await?;
        let done = match &effect {
            Some(Effect::Pair(pair)) => self.store.pair_up(pair).await.map(|()| Some(names(&pair.item))),
            Some(_) | None => Ok(None),
        };
        for claim in held {
            self.store.release(claim.item.id, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        match (done, answer.ended) {
            (Ok(Some(pair)), _) => Ok(Ok(Some(pair))),
            (Ok(None), Ended::Refused) => {
                let why = answer.lines.join("; ");
                // Somebody works on it, or a write is in doubt: that passes.
                Ok(if why.contains("try again") { Ok(None) } else { Err(why) })
            }
            (Ok(None), Ended::Done | Ended::Unchanged | Ended::Shown) | (Err(StoreError::Bound { .. }), _) => {
                Ok(Ok(None))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// What another issue names in place of this one, where its side has a field for that.
    async fn contradicts(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        row: &IssueSnapshot,
        other: &Named,
    ) -> Result<Option<IssueKey>, JiraError> {
        let fields = sync.settings.pairing.iter().filter_map(|by| match by {
            PairBy::Field(fields) => fields.get(&other.side),
            PairBy::RemoteLink | PairBy::Property(_) => None,
        });
        let fields: Vec<_> = fields.collect();
        let mut read = other.row.clone();
        if read.is_none() && !fields.is_empty() {
            // It is in step with others, and was not read for this.
            let asked = other.instance.read.named(std::slice::from_ref(&other.key), &other.instance.want).await;
            read = asked.into_iter().next().transpose()?.map(Box::new);
        }
        let Some(there) = read else { return Ok(None) };
        for field in fields {
            for text in texts(there.fields.get(field)) {
                let target = self.target(sync, &other.side, &text);
                if let Some((at, key)) = target.filter(|(at, _)| at == side)
                    && key != self.configured_form(sync, side, &row.key)
                {
                    tracing::debug!(%at, %key, "an issue names another one");
                    return Ok(Some(key));
                }
            }
        }
        Ok(None)
    }

    /// The sides that may get a counterpart of what is made on a side: those that see it. Nothing of another one's is asked for.
    pub(super) fn receivers<'s>(sync: &'s SyncRun, side: &SideId) -> impl Iterator<Item = &'s SideId> {
        let receives = move |other: &&SideSettings| &other.id != side && other.sees.contains(side);
        sync.settings.sides.iter().filter(receives).map(|other| &other.id)
    }

    /// Whether no newcomer of a side is left that may name an issue of another one and was not looked at.
    pub(super) async fn is_looked_at(&self, sync: &SyncRun, side: &SideId) -> Result<bool, StoreError> {
        let Some(other) = sync.side(side).filter(|_| may_name(sync, side)) else { return Ok(true) };
        let Some(instance) = self.instances.get(&other.instance) else { return Ok(true) };
        if instance.pause().is_some() || !self.is_read(sync, side) {
            return Ok(false);
        }
        if other.on_demand {
            return Ok(true);
        }
        let waiting = self.store.newcomers(Some((sync.id(), side)), ALL).await?;
        let known = looked(sync);
        let is_known =
            |newcomer: &Newcomer| known.knows(&(side.clone(), newcomer.issue)) || instance.is_put_off(newcomer.issue);
        Ok(waiting.iter().all(is_known))
    }

    /// The sides on which an item gets no counterpart for now, of those where these operations create one: an issue that lies there and
    /// is not paired yet names one of the item's, or may. That is that side's affair alone, and holds up no other.
    pub(super) async fn named_by_newcomers(
        &self,
        sync: &Arc<SyncRun>,
        item: &ItemState,
        operations: &[Operation],
        clear: &mut Clear,
    ) -> Result<BTreeSet<SideId>, StoreError> {
        let mut named = BTreeSet::new();
        if sync.settings.pairing.is_empty() {
            return Ok(named);
        }
        let key = |(side, there): (&SideId, &Replica)| (side.clone(), self.configured_form(sync, side, &there.key));
        let issues: BTreeSet<(SideId, IssueKey)> = item.replicas.iter().map(key).collect();
        for side in created_on(operations) {
            let place = (sync.id().clone(), side.clone());
            let is_clear = match clear.get(&place) {
                Some(is_clear) => *is_clear,
                None => self.is_looked_at(sync, &side).await?,
            };
            clear.insert(place, is_clear);
            let mut known = looked(sync);
            if !is_clear || known.is_named(&side, &issues) {
                known.withheld.entry(side.clone()).or_default().insert(item.id, issues.clone());
                named.insert(side);
            }
        }
        let is_news = !named.is_empty() && !std::mem::replace(&mut looked(sync).noted, true);
        if is_news {
            // Durable: nothing else would wake them after a start.
            self.store.set_note(&withheld_note(sync.id()), WITHHELD).await?;
        }
        Ok(named)
    }

    /// Wakes the items whose counterpart on a side waits for nothing there any more.
    pub(super) async fn wake_withheld(&self, sync: &SyncRun, side: &SideId) -> Result<(), StoreError> {
        if !looked(sync).withheld.contains_key(side) || !self.is_looked_at(sync, side).await? {
            return Ok(());
        }
        let free: Vec<ItemId> = {
            let mut known = looked(sync);
            let mut withheld = known.withheld.remove(side).unwrap_or_default();
            let free = withheld.iter().filter(|(_, issues)| !known.is_named(side, issues)).map(|(item, _)| *item);
            let free: Vec<ItemId> = free.collect();
            withheld.retain(|item, _| !free.contains(item));
            if !withheld.is_empty() {
                known.withheld.insert(side.clone(), withheld);
            }
            free
        };
        if !free.is_empty() {
            self.store.queue_items(&free, Urgency::Live, self.now(), &Occasion::Awaited).await?;
        }
        Ok(())
    }

    /// Wakes what was withheld when the daemon ended: it is withheld again where that is still so.
    pub(super) async fn recall_withheld(&self) -> Result<(), StoreError> {
        for sync in self.syncs.values() {
            let note = withheld_note(sync.id());
            if self.store.note(&note).await?.as_deref() == Some(WITHHELD) {
                self.store.wake_sync(sync.id(), self.now(), &Occasion::Start).await?;
                self.store.set_note(&note, "").await?;
            }
        }
        Ok(())
    }

    /// Forgets those that are newcomers of a side no more: they are part of an item, whoever said so, or out of the scope.
    pub(super) fn keep_in_mind(sync: &SyncRun, side: &SideId, newcomers: &[Newcomer]) {
        let here: BTreeSet<IssueId> = newcomers.iter().map(|newcomer| newcomer.issue).collect();
        let mut known = looked(sync);
        known.plain.retain(|(of, issue), _| of != side || here.contains(issue));
        known.stuck.retain(|(of, issue), _| of != side || here.contains(issue));
        known.outside.retain(|(of, issue), _| of != side || here.contains(issue));
    }

    /// The sides one of whose newcomers waits and names this issue. Each of these is looked at again, once.
    pub(super) fn waited_for_by(sync: &SyncRun, side: &SideId, key: &IssueKey) -> BTreeSet<SideId> {
        let mut known = looked(sync);
        let named = (side.clone(), key.clone());
        let mut found = BTreeSet::new();
        for ((of, _), stuck) in known.stuck.iter_mut().filter(|(_, stuck)| stuck.names.contains(&named)) {
            if !stuck.retried {
                stuck.again = Duration::ZERO;
                stuck.retried = true;
            }
            found.insert(of.clone());
        }
        let outside = known.outside.iter().filter(|(_, outside)| outside.names.contains(&named));
        found.extend(outside.map(|((of, _), _)| of.clone()));
        found
    }

    /// Has newcomers of a side looked at again that wait, and of which a problem is told that is filed under one of these.
    pub(super) fn look_at_stuck_again(sync: &SyncRun, on: &SideId, instance: &InstanceId, about: &BTreeSet<&str>) {
        for ((side, issue), stuck) in &mut looked(sync).stuck {
            if side == on && about.contains(unpaired(instance, *issue).as_str()) {
                stuck.again = Duration::ZERO;
            }
        }
    }

    /// Nothing stands in the way of a newcomer any more, or it is none any more.
    pub(super) async fn settled(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        issue: IssueId,
    ) -> Result<(), StoreError> {
        {
            let (mut known, place) = (looked(sync), (side.clone(), issue));
            known.stuck.remove(&place);
            known.outside.remove(&place);
        }
        let about = unpaired(instance.id(), issue);
        let standing = self.store.problems(super::found::MOST).await?;
        if standing.iter().any(|stored| stored.about == about) {
            self.store.set_problems(&about, &[], self.now()).await?;
        }
        Ok(())
    }

    /// What an issue names.
    async fn mentions(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<Vec<Mention>, JiraError> {
        let mut found = Vec::new();
        for by in &sync.settings.pairing {
            let (what, said) = match by {
                PairBy::Field(fields) => match fields.get(side) {
                    Some(field) => (format!("field {field}"), texts(row.fields.get(field))),
                    None => continue,
                },
                PairBy::RemoteLink => {
                    let links = instance.patiently(instance.read.remote_addresses(row.id)).await?;
                    ("remote link".to_owned(), links)
                }
                PairBy::Property(name) => {
                    let value = instance.patiently(instance.read.issue_property(row.id, name)).await?;
                    (format!("property {name}"), value.as_ref().map(strings).unwrap_or_default())
                }
            };
            for text in said.into_iter().filter(|text| key_in(text).is_some()) {
                let target = self.target(sync, side, &text);
                // An issue has links to many places.
                if target.is_some() || !matches!(by, PairBy::RemoteLink) {
                    found.push(Mention { by: what.clone(), text, target });
                }
            }
        }
        Ok(found)
    }

    /// The issue of another side that a key or an address means.
    fn target(&self, sync: &SyncRun, side: &SideId, text: &str) -> Option<(SideId, IssueKey)> {
        let key = key_in(text)?;
        let (project, _) = key.as_str().rsplit_once('-')?;
        let catalogs = sync.catalogs();
        let fits = |other: &&SideSettings| {
            let address = catalogs.get(&other.id).map(|catalog| catalog.address.as_str()).unwrap_or_default();
            let configured = self.instances.get(&other.instance).map(|known| known.settings.url.as_str());
            let mut places = [Some(address), configured].into_iter().flatten().filter(|place| !place.is_empty());
            let is_address = text.contains("://");
            let there = |place: &str| text.trim().starts_with(&format!("{}/browse/", place.trim_end_matches('/')));
            &other.id != side && self.is_called(other, project) && (!is_address || places.any(there))
        };
        let mut sides = sync.settings.sides.iter().filter(fits);
        match (sides.next(), sides.next()) {
            (Some(other), None) => Some((other.id.clone(), self.configured_form(sync, &other.id, &key))),
            _ => None,
        }
    }
}

/// Whether issues of a side may name others.
fn may_name(sync: &SyncRun, side: &SideId) -> bool {
    sync.settings.pairing.iter().any(|by| match by {
        PairBy::Field(fields) => fields.contains_key(side),
        PairBy::RemoteLink | PairBy::Property(_) => true,
    })
}

/// What a field says that may name issues.
fn texts(value: Option<&NativeValue>) -> Vec<String> {
    let parts = |text: &String| -> Vec<String> {
        let parts = text.split(|sign: char| sign.is_whitespace() || sign == ',' || sign == ';');
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    match value {
        Some(NativeValue::Text(text) | NativeValue::Wiki(text)) => parts(text),
        Some(NativeValue::Words(words)) => words.iter().flat_map(parts).collect(),
        Some(NativeValue::Named(named)) => parts(&named.name),
        Some(NativeValue::Other(value) | NativeValue::Adf(value)) => strings(value),
        Some(NativeValue::Empty | NativeValue::Person(_) | NativeValue::Links(_) | NativeValue::Parent(_)) | None => {
            Vec::new()
        }
    }
}

/// The texts in a JSON value. Jira limits how much that is.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
