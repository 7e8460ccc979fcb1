//! What a run would do, worked out on a copy of the state in memory. Must never write to an instance or to the state: it
//! never calls what does, and holds no end that could.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Held, StartError, Surroundings, connect, dependencies, engine_on};
use crate::config::Config;
use crate::engine::apply::Hands;
use crate::engine::{Engine, PollError, ThingsPreview};
use crate::model::configuration::Existing;
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueKey, ItemId, SideId, SyncId};
use crate::model::operation::Action;
use crate::model::settings::SyncSettings;
use crate::model::store::{Store, StoreError, Urgency};
use crate::plan::{Plan, Proposal, proposals};
use crate::store::SqliteStore;

/// Items planned at once.
const AT_ONCE: usize = 100;
/// Problems looked through for issues that are not clear.
const MOST_PROBLEMS: usize = 10_000;

/// What would be done.
#[derive(Debug, Clone, Default)]
pub struct Previewed {
    /// The items that a run would work on.
    pub items: Vec<PreviewedItem>,
    /// What would be done with versions and components; nothing where only some items were asked for.
    pub things: Vec<ThingsPreview>,
    /// The syncs in which more would be created at once than needs nobody's word: how many, and how many need none.
    pub bursts: Vec<(SyncId, u64, u64)>,
    /// The syncs that nothing joins now: the side, and why.
    pub stopped: Vec<(SyncId, SideId, String)>,
    /// The issues that would be paired because they name each other.
    pub pairs: Vec<(SyncId, String)>,
    /// What is not carried because what it names is not clear: why, and what to do.
    pub unclear: Vec<(String, String)>,
    /// Issues that look alike, and may be one: nothing but a person says so.
    pub proposals: Vec<(SyncId, Proposal)>,
}

/// What would be done with one item.
#[derive(Debug, Clone)]
pub struct PreviewedItem {
    /// The keys of its issues, by side.
    pub names: String,
    /// The plan; `None` where it cannot be made now.
    pub plan: Option<Plan>,
    /// Sides that could not be read, with the reason.
    pub unread: BTreeMap<SideId, String>,
}

/// Plans everything that a run would work on now, or only the items that hold one of `keys`. Where the configuration is another than
/// the state's, that is every item; `existing` says what becomes of them.
///
/// # Errors
/// As for a start; the state may be in use, and may not exist yet.
pub async fn preview(
    config: Config,
    surroundings: Surroundings,
    keys: Option<Vec<IssueKey>>,
    existing: Existing,
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
    let ends = (connections, Hands::new(BTreeMap::new()));
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
    let wanted = match &keys {
        Some(keys) => named(&*store, keys).await?,
        None => all(&*store, surroundings.clock.now()).await?,
    };
    let mut items = Vec::new();
    let mut creations: BTreeMap<SyncId, u64> = BTreeMap::new();
    for part in wanted.chunks(AT_ONCE) {
        for preview in engine.preview(part).await? {
            let names = names(&preview.item);
            let planned = preview.plan.iter().flat_map(|plan| &plan.operations);
            let creates = planned.filter(|operation| matches!(operation.action, Action::Create { .. })).count();
            *creations.entry(preview.item.sync.clone()).or_default() += u64::try_from(creates).unwrap_or(u64::MAX);
            items.push(PreviewedItem { names, plan: preview.plan, unread: preview.unread });
        }
    }
    let standing = store.problems(MOST_PROBLEMS).await?.into_iter();
    let unclear = standing.filter(|stored| stored.about.starts_with("pairing "));
    let unclear = unclear.map(|stored| (stored.problem.what, stored.problem.remedy)).collect();
    let proposals = if keys.is_none() { propose(&config, &items) } else { Vec::new() };
    let things = if keys.is_none() { engine.preview_things().await? } else { Vec::new() };
    // Asked last: a `when` is only tried with the items.
    let bursts = creations.into_iter().filter_map(|(sync, count)| {
        let most = most.get(&sync).copied()?;
        (count > most).then_some((sync, count, most))
    });
    let (bursts, stopped, pairs) = (bursts.collect(), engine.stopped(), engine.pairs_made());
    Ok(Previewed { items, things, bursts, stopped, pairs, unclear, proposals })
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

async fn named(store: &dyn Store, keys: &[IssueKey]) -> Result<Vec<ItemId>, StartError> {
    let mut items = Vec::new();
    for key in keys {
        items.extend(store.items_by_key(key).await?);
    }
    items.sort();
    items.dedup();
    Ok(items)
}

/// The items that are due. Claiming takes them in order; the copy is thrown away.
async fn all(store: &dyn Store, now: jiff::Timestamp) -> Result<Vec<ItemId>, StartError> {
    let mut items = Vec::new();
    loop {
        let claims = store.claim("preview", now, AT_ONCE, Urgency::Sweep).await?;
        if claims.is_empty() {
            break;
        }
        items.extend(claims.iter().map(|claim| claim.item.id));
    }
    store.free_all().await?;
    Ok(items)
}

fn names(item: &ItemState) -> String {
    item.replicas.iter().map(|(side, replica)| format!("{side} {}", replica.key)).collect::<Vec<_>>().join(" = ")
}
