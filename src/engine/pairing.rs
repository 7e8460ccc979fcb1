//! Newcomers that say which issue of another side they are one with (`pairing.by`): they are paired before anything is created for them.
//! Must never guess: what is not clear starts nothing, and is told; nor let an issue start an item while one that may name it was not
//! looked at yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::instance::Instance;
use super::pair::{Decision, Named};
use super::pair_find::names;
use super::{Engine, SyncRun};
use crate::jira::JiraError;
use crate::model::command::{Effect, Ended};
use crate::model::ids::{IssueId, IssueKey, SideId, SyncId};
use crate::model::issue::{IssueSnapshot, NativeValue};
use crate::model::key::key_in;
use crate::model::problem::{Problem, unpaired};
use crate::model::settings::PairBy;
use crate::model::store::{Newcomer, StoreError};

/// How long what is not clear is let be before it is looked at again, unless the issue changes.
const AGAIN: Duration = Duration::from_secs(600);
/// Newcomers of a side that are asked for, to know whether all were looked at.
const ALL: usize = 100_000;

/// What is known of a sync's newcomers before they start an item. After a start they are looked at again.
#[derive(Default)]
pub(crate) struct Looked {
    /// Those that name no issue of another side, and when they had changed last.
    plain: BTreeMap<(SideId, IssueId), Timestamp>,
    /// Those that start nothing until somebody settles what they name.
    stuck: BTreeMap<(SideId, IssueId), Stuck>,
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

    /// How many newcomers of a side wait until somebody settles what they name.
    pub(super) fn stuck_on(sync: &SyncRun, side: &SideId) -> usize {
        let known = looked(sync);
        known.stuck.keys().chain(known.plain.keys()).filter(|(of, _)| of == side).count()
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
            let known = looked(sync);
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
                    let problem = Problem { side: side.clone(), field: None, what, remedy };
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
            if let Some(said) = self.contradicts(sync, side, row, &found).await? {
                return Ok(Err(format!("it names {key}, and that names {said}")));
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
    ) -> Result<Option<IssueKey>, StoreError> {
        let fields = sync.settings.pairing.iter().filter_map(|by| match by {
            PairBy::Field(fields) => fields.get(&other.side),
            PairBy::RemoteLink | PairBy::Property(_) => None,
        });
        let fields: Vec<_> = fields.collect();
        let mut read = other.row.clone();
        if read.is_none() && !fields.is_empty() {
            // It is in step with others, and was not read for this.
            let asked = other.instance.read.named(std::slice::from_ref(&other.key), &other.instance.want).await;
            read = asked.into_iter().next().and_then(Result::ok).map(Box::new);
        }
        let Some(there) = read else { return Ok(None) };
        for field in fields {
            for text in texts(there.fields.get(field)) {
                let target = self.target(sync, &other.side, &text);
                if let Some((at, key)) = target.filter(|(at, _)| at == side)
                    && key != row.key
                {
                    tracing::debug!(%at, %key, "an issue names another one");
                    return Ok(Some(key));
                }
            }
        }
        Ok(None)
    }

    /// Whether no newcomer of another side is left that may name one of this side.
    pub(super) async fn others_are_looked_at(&self, sync: &SyncRun, side: &SideId) -> Result<bool, StoreError> {
        for other in sync.settings.sides.iter().filter(|other| &other.id != side && may_name(sync, &other.id)) {
            let Some(instance) = self.instances.get(&other.instance) else { continue };
            if instance.pause().is_some() || !self.is_read(sync, &other.id) {
                return Ok(false);
            }
            let waiting = if other.on_demand {
                Vec::new()
            } else {
                self.store.newcomers(Some((sync.id(), &other.id)), ALL).await?
            };
            let known = looked(sync);
            let is_known = |newcomer: &Newcomer| {
                let place = (other.id.clone(), newcomer.issue);
                known.plain.contains_key(&place) || known.stuck.contains_key(&place)
            };
            if waiting.iter().any(|newcomer| !is_known(newcomer) && !instance.is_put_off(newcomer.issue)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Forgets those that are newcomers of a side no more: they are part of an item, whoever said so, or out of the scope.
    pub(super) fn keep_in_mind(sync: &SyncRun, side: &SideId, newcomers: &[Newcomer]) {
        let here: BTreeSet<IssueId> = newcomers.iter().map(|newcomer| newcomer.issue).collect();
        let mut known = looked(sync);
        known.plain.retain(|(of, issue), _| of != side || here.contains(issue));
        known.stuck.retain(|(of, issue), _| of != side || here.contains(issue));
    }

    /// Whether one that waits names this issue: then this one waits too. That one is looked at again, once.
    pub(super) fn is_waited_for(sync: &SyncRun, side: &SideId, key: &IssueKey) -> bool {
        let mut known = looked(sync);
        let named = (side.clone(), key.clone());
        let mut found = false;
        for stuck in known.stuck.values_mut().filter(|stuck| stuck.names.contains(&named)) {
            if !stuck.retried {
                stuck.again = Duration::ZERO;
                stuck.retried = true;
            }
            found = true;
        }
        found
    }

    /// Nothing stands in the way of a newcomer any more, or it is none any more.
    pub(super) async fn settled(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        issue: IssueId,
    ) -> Result<(), StoreError> {
        looked(sync).stuck.remove(&(side.clone(), issue));
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
        let fits = |other: &&crate::model::settings::SideSettings| {
            let address = catalogs.get(&other.id).map(|catalog| catalog.address.as_str()).unwrap_or_default();
            let configured = self.instances.get(&other.instance).map(|known| known.settings.url.as_str());
            let mut places = [Some(address), configured].into_iter().flatten().filter(|place| !place.is_empty());
            let is_address = text.contains("://");
            let there = |place: &str| text.trim().starts_with(&format!("{}/browse/", place.trim_end_matches('/')));
            &other.id != side && other.project == project && (!is_address || places.any(there))
        };
        let mut sides = sync.settings.sides.iter().filter(fits);
        match (sides.next(), sides.next()) {
            (Some(other), None) => Some((other.id.clone(), key)),
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
