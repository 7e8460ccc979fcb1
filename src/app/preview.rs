//! What a run would do, worked out on a copy of the state in memory. Must never write to an instance or to the state: it
//! never calls what does, and holds no end that could.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::preview_cost::{Cost, Tally};
use super::{Held, StartError, Surroundings, connect, dependencies, engine_on};
use crate::config::Config;
use crate::engine::apply::Hands;
use crate::engine::{Connections, Engine, PollError, Preview, ThingsPreview, items_called};
use crate::jira::Failure;
use crate::model::configuration::Existing;
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::operation::Action;
use crate::model::problem::Problem;
use crate::model::settings::SyncSettings;
use crate::model::store::{Store, StoreError, Urgency};
use crate::plan::{Plan, Proposal, SavedInput, proposals};
use crate::store::SqliteStore;

/// Items planned at once.
const AT_ONCE: usize = 100;
/// Problems looked through for issues that are not clear.
const MOST_PROBLEMS: usize = 10_000;

/// Why nothing begins with an issue that an operator took out.
const LET_BE: &str =
    "it was unpaired, or merged into another one, and is let be since; `jirasyncd pair` takes it up again";

/// What would be done.
#[derive(Debug, Clone, Default)]
pub struct Previewed {
    /// The items that a run would work on.
    pub items: Vec<PreviewedItem>,
    /// What would be done with versions and components; nothing where only some items were asked for.
    pub things: Vec<ThingsPreview>,
    /// The syncs in which more would be created at once than needs nobody's word: how many, and how many need none.
    pub bursts: Vec<(SyncId, u64, u64)>,
    /// The syncs that nothing joins now, each with a problem that is in the way.
    pub stopped: Vec<(SyncId, Problem)>,
    /// The issues that would be paired because they name each other.
    pub pairs: Vec<(SyncId, String)>,
    /// What is not carried because what it names is not clear: why, and what to do.
    pub unclear: Vec<(String, String)>,
    /// Issues that look alike, and may be one: nothing but a person says so.
    pub proposals: Vec<(SyncId, Proposal)>,
    /// What that asks of each instance, at least.
    pub costs: Vec<Cost>,
    /// The keys that were asked for and that no item has: what stands against one, a line for each side.
    pub not_begun: Vec<(IssueKey, Vec<String>)>,
    /// The instances that did not answer, with what they said or why they are left alone: what changed there is in no plan.
    pub not_asked: Vec<(InstanceId, String)>,
}

/// What would be done with one item.
#[derive(Debug, Clone)]
pub struct PreviewedItem {
    /// The keys of its issues, by side.
    pub names: String,
    /// The plan; `None` where it cannot be made now.
    pub plan: Option<Plan>,
    /// What follows it once the issues are there that it makes, as far as that is known before; `None` where it makes none.
    pub then: Option<Plan>,
    /// Sides that could not be read, with the reason.
    pub unread: BTreeMap<SideId, String>,
    /// What the plan was made from, where that was asked for; `None` also where not all was read.
    pub input: Option<Box<SavedInput>>,
}

/// What is to be planned.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// Everything that a run would work on now.
    All,
    /// That of one sync.
    Sync(SyncId),
    /// That of the issues of one instance that a JQL finds.
    Found {
        /// The instance.
        instance: InstanceId,
        /// The JQL.
        jql: String,
    },
    /// The items that hold one of these keys, due or not.
    Keys(Vec<IssueKey>),
}

/// Plans what is `chosen`. Where the configuration is another than
/// the state's, that is every item; `existing` says what becomes of them.
///
/// # Errors
/// As for a start; the state may be in use, and may not exist yet.
pub async fn preview(
    config: Config,
    surroundings: Surroundings,
    chosen: Chosen,
    existing: Existing,
) -> Result<Previewed, StartError> {
    previewed(config, surroundings, chosen, existing, false).await
}

/// The same, each plan with what it was made from.
///
/// # Errors
/// The same.
pub async fn preview_with_inputs(
    config: Config,
    surroundings: Surroundings,
    chosen: Chosen,
    existing: Existing,
) -> Result<Previewed, StartError> {
    previewed(config, surroundings, chosen, existing, true).await
}

async fn previewed(
    config: Config,
    surroundings: Surroundings,
    chosen: Chosen,
    existing: Existing,
    inputs: bool,
) -> Result<Previewed, StartError> {
    let most: BTreeMap<SyncId, u64> =
        config.syncs.iter().map(|(id, sync)| (id.clone(), sync.start.most_creations)).collect();
    let mut dependencies = dependencies(&config, &surroundings);
    dependencies.spawn = crate::store::Spawn::Inline;
    let copy = Arc::new(SqliteStore::copy_in_memory(&config.daemon.state, dependencies)?);
    let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&copy);
    store.free_all().await?;
    let held = Held::of(&copy, &config, existing).await?;
    held.left_out(&copy).await?;
    held.read_what_is_new(&copy).await?;
    let (connections, _) = connect(&config, &surroundings)?;
    // Hands that hold no writing end: whatever calls them, nothing is sent.
    let ends = (connections.clone(), Hands::new(BTreeMap::new()));
    let (engine, _) = engine_on(&config, &surroundings, Arc::clone(&store), ends, held.numbers).await?;
    // With another configuration than the state's every item may become another.
    held.take_over(&copy, &engine, &config, surroundings.clock.now()).await?;
    let instances: Vec<InstanceId> = engine.instances().cloned().collect();
    for instance in &instances {
        loop {
            let polled = match engine.poll(instance).await {
                Ok(polled) => polled,
                Err(PollError::Jira(error)) => return Err(crate::engine::SetupError::Jira(vec![error]).into()),
                Err(PollError::Store(error)) => return Err(error.into()),
            };
            admit_all(&engine, instance).await?;
            if !polled.more {
                break;
            }
        }
    }
    // Some wait until all sides were looked at.
    for instance in &instances {
        admit_all(&engine, instance).await?;
    }
    let wanted = items_of(&*store, surroundings.clock.now(), (&config, &connections), &chosen).await?;
    let mut items = Vec::new();
    let mut creations: BTreeMap<SyncId, u64> = BTreeMap::new();
    let mut tally = Tally::default();
    for part in wanted.chunks(AT_ONCE) {
        for preview in engine.preview(part, inputs).await? {
            let names = names(&preview.item);
            let planned = preview.plan.iter().flat_map(|plan| &plan.operations);
            let creates = planned.filter(|operation| matches!(operation.action, Action::Create { .. })).count();
            if let Some(sync) = config.syncs.get(&preview.item.sync) {
                tally.add(sync, &preview);
            }
            *creations.entry(preview.item.sync.clone()).or_default() += u64::try_from(creates).unwrap_or(u64::MAX);
            let Preview { plan, then, unread, input, .. } = preview;
            items.push(PreviewedItem { names, plan, then, unread, input });
        }
    }
    let unclear = unclear(&*store, &config, &chosen).await?;
    let is_of = |sync: &SyncId| match &chosen {
        Chosen::All => true,
        Chosen::Sync(of) => of == sync,
        Chosen::Found { .. } | Chosen::Keys(_) => false,
    };
    let mut proposals = propose(&config, &items);
    proposals.retain(|(sync, _)| is_of(sync));
    let mut things =
        if matches!(chosen, Chosen::All | Chosen::Sync(_)) { engine.preview_things().await? } else { Vec::new() };
    things.retain(|things| is_of(&things.sync));
    // Asked last: a `when` is only tried with the items.
    let bursts = creations.into_iter().filter_map(|(sync, count)| {
        let most = most.get(&sync).copied()?;
        (count > most).then_some((sync, count, most))
    });
    let (bursts, mut stopped, mut pairs) = (bursts.collect(), engine.stopped(), engine.pairs_made());
    stopped.retain(|(sync, ..)| concerns(&config, &chosen, sync));
    pairs.retain(|(sync, _)| concerns(&config, &chosen, sync));
    let costs = tally.costs(&connections, surroundings.clock.now());
    let not_begun = not_begun(&*store, &config, &engine, &chosen).await?;
    let not_asked = not_asked(&config, &engine, &chosen);
    Ok(Previewed { items, things, bursts, stopped, pairs, unclear, proposals, costs, not_begun, not_asked })
}

/// The instances of what was chosen that did not answer. One that an operator paused is left alone as asked.
fn not_asked(config: &Config, engine: &Engine, chosen: &Chosen) -> Vec<(InstanceId, String)> {
    let syncs = config.syncs.values().filter(|sync| concerns(config, chosen, &sync.id));
    let instances: BTreeSet<&InstanceId> = syncs.flat_map(|sync| &sync.sides).map(|side| &side.instance).collect();
    let silent = instances.into_iter().filter(|instance| engine.left_alone_for(instance).is_some());
    silent.filter_map(|instance| Some((instance.clone(), engine.paused(instance)?))).collect()
}

/// The keys that were asked for and that no item has, with what stands against one.
async fn not_begun(
    store: &dyn Store,
    config: &Config,
    engine: &Engine,
    chosen: &Chosen,
) -> Result<Vec<(IssueKey, Vec<String>)>, StoreError> {
    let Chosen::Keys(keys) = chosen else { return Ok(Vec::new()) };
    let syncs: Vec<&SyncSettings> = config.syncs.values().collect();
    let mut found = Vec::new();
    for key in keys {
        let items = items_called(store, &syncs, key).await?;
        let is_kept = items.iter().any(|(item, _)| item.merged.is_none());
        match (is_kept, !items.is_empty()) {
            (true, _) => {}
            (false, true) => found.push((key.clone(), vec![LET_BE.to_owned()])),
            (false, false) => found.push((key.clone(), engine.why_not_begun(key).await)),
        }
    }
    Ok(found)
}

/// Issues that look alike, of those that would start an item of their own.
fn propose(config: &Config, items: &[PreviewedItem]) -> Vec<(SyncId, Proposal)> {
    let known: Vec<&ItemState> = items.iter().filter_map(|item| item.plan.as_ref()).map(|plan| &plan.item).collect();
    let of_sync = |settings: &SyncSettings| {
        let items: Vec<&ItemState> = known.iter().copied().filter(|item| item.sync == settings.id).collect();
        proposals(settings, &items).into_iter().map(|found| (settings.id.clone(), found)).collect::<Vec<_>>()
    };
    config.syncs.values().flat_map(of_sync).collect()
}

/// Decides on all newcomers of an instance that can be decided on.
async fn admit_all(engine: &Engine, instance: &InstanceId) -> Result<(), StoreError> {
    while engine.admit(instance).await? > 0 || engine.take_more_newcomers().contains(instance) {}
    Ok(())
}

async fn named(store: &dyn Store, config: &Config, keys: &[IssueKey]) -> Result<Vec<ItemId>, StartError> {
    let syncs: Vec<&SyncSettings> = config.syncs.values().collect();
    let mut items = Vec::new();
    for key in keys {
        items.extend(items_called(store, &syncs, key).await?.into_iter().map(|(item, _)| item.id));
    }
    items.sort();
    items.dedup();
    Ok(items)
}

/// Whether what is said of a sync as a whole belongs to what is chosen.
fn concerns(config: &Config, chosen: &Chosen, sync: &SyncId) -> bool {
    match chosen {
        Chosen::Sync(of) => of == sync,
        Chosen::Found { instance, .. } => {
            config.syncs.get(sync).is_some_and(|sync| sync.sides.iter().any(|side| &side.instance == instance))
        }
        Chosen::All | Chosen::Keys(_) => true,
    }
}

/// What is not clear of issues on the instances that are chosen: why, and what to do.
async fn unclear(store: &dyn Store, config: &Config, chosen: &Chosen) -> Result<Vec<(String, String)>, StoreError> {
    let syncs = config.syncs.values().filter(|sync| concerns(config, chosen, &sync.id));
    let on: BTreeSet<&str> = match chosen {
        Chosen::Found { instance, .. } => BTreeSet::from([instance.as_str()]),
        Chosen::All | Chosen::Keys(_) | Chosen::Sync(_) => {
            syncs.flat_map(|sync| &sync.sides).map(|side| side.instance.as_str()).collect()
        }
    };
    // `pairing INSTANCE ISSUE`
    let is_chosen = |about: &str| {
        let mut words = about.split(' ');
        words.next() == Some("pairing") && words.next().is_some_and(|instance| on.contains(instance))
    };
    let standing = store.problems(MOST_PROBLEMS).await?.into_iter().filter(|stored| is_chosen(&stored.about));
    Ok(standing.map(|stored| (stored.problem.what, stored.problem.remedy)).collect())
}

/// The items that are chosen.
async fn items_of(
    store: &dyn Store,
    now: jiff::Timestamp,
    (config, connections): (&Config, &Connections),
    chosen: &Chosen,
) -> Result<Vec<ItemId>, StartError> {
    match chosen {
        Chosen::Keys(keys) => named(store, config, keys).await,
        Chosen::All => all(store, now, |_| true).await,
        Chosen::Sync(sync) => all(store, now, |item| &item.sync == sync).await,
        Chosen::Found { instance, jql } => {
            let mut due = Vec::new();
            all(store, now, |item| {
                due.push(item.clone());
                true
            })
            .await?;
            found(config, connections, (instance, jql), &due).await
        }
    }
}

/// Of the items that are due those with an issue on an instance that its JQL finds.
async fn found(
    config: &Config,
    connections: &Connections,
    (instance, jql): (&InstanceId, &str),
    due: &[ItemState],
) -> Result<Vec<ItemId>, StartError> {
    let mut wanted = BTreeSet::new();
    let Some(connection) = connections.get(instance) else { return Ok(Vec::new()) };
    let sides = config.syncs.values().flat_map(|sync| sync.sides.iter().map(move |side| (&sync.id, side)));
    for (sync, side) in sides.filter(|(_, side)| &side.instance == instance) {
        let of_side = due.iter().filter(|item| &item.sync == sync);
        let issues: BTreeMap<IssueId, ItemId> =
            of_side.filter_map(|item| Some((item.replicas.get(&side.id)?.issue, item.id))).collect();
        // No issue has the first of these ids: a JQL that cannot be read is told also where nothing is due.
        let asked: Vec<IssueId> = std::iter::once(IssueId(1)).chain(issues.keys().copied()).collect();
        let matching = connection.read.matching(&side.project, jql, &asked).await;
        let matching = matching.map_err(|error| {
            if let Failure::Refused(refusal) = &error.failure {
                return StartError::Jql { instance: instance.clone(), jql: jql.to_owned(), why: refusal.to_string() };
            }
            crate::engine::SetupError::Jira(vec![error]).into()
        })?;
        wanted.extend(matching.iter().filter_map(|issue| issues.get(issue)));
    }
    Ok(wanted.into_iter().collect())
}

/// The items that are due, of those that are chosen. Claiming takes them in order; the copy is thrown away.
async fn all(
    store: &dyn Store,
    now: jiff::Timestamp,
    mut chosen: impl FnMut(&ItemState) -> bool,
) -> Result<Vec<ItemId>, StartError> {
    let mut items = Vec::new();
    loop {
        let claims = store.claim("preview", now, AT_ONCE, Urgency::Sweep).await?;
        if claims.is_empty() {
            break;
        }
        items.extend(claims.iter().filter(|claim| chosen(&claim.item)).map(|claim| claim.item.id));
    }
    store.free_all().await?;
    Ok(items)
}

/// The keys of an item's issues, by side.
pub(super) fn names(item: &ItemState) -> String {
    item.replicas.iter().map(|(side, replica)| format!("{side} {}", replica.key)).collect::<Vec<_>>().join(" = ")
}
