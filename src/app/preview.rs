//! What a run would do, worked out on a copy of the state in memory. Must never write to an instance or to the state: it
//! never calls what does, and holds no end that could.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{StartError, Surroundings, connect, dependencies, engine_on};
use crate::config::Config;
use crate::engine::apply::Hands;
use crate::engine::{PollError, ThingsPreview};
use crate::model::hub::ItemState;
use crate::model::ids::{InstanceId, IssueKey, ItemId, SideId, SyncId};
use crate::model::store::Store;
use crate::plan::Plan;
use crate::store::SqliteStore;

/// Items planned at once.
const AT_ONCE: usize = 100;

/// What would be done.
#[derive(Debug, Clone, Default)]
pub struct Previewed {
    /// The items that a run would work on.
    pub items: Vec<PreviewedItem>,
    /// What would be done with versions and components; nothing where only some items were asked for.
    pub things: Vec<ThingsPreview>,
    /// The syncs that nothing joins now: the side, and why.
    pub stopped: Vec<(SyncId, SideId, String)>,
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

/// Plans everything that a run would work on now, or only the items that hold one of `keys`.
///
/// # Errors
/// As for a start; the state may be in use, and may not exist yet.
pub async fn preview(
    config: Config,
    surroundings: Surroundings,
    keys: Option<Vec<IssueKey>>,
) -> Result<Previewed, StartError> {
    let mut dependencies = dependencies(&config, &surroundings);
    dependencies.spawn = crate::store::Spawn::Inline;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::copy_in_memory(&config.daemon.state, dependencies)?);
    store.free_all().await?;
    let (connections, _) = connect(&config, &surroundings)?;
    // Hands that hold no writing end: whatever calls them, nothing is sent.
    let ends = (connections, Hands::new(BTreeMap::new()));
    let (engine, _) = engine_on(&config, &surroundings, Arc::clone(&store), ends).await?;
    let instances: Vec<InstanceId> = engine.instances().cloned().collect();
    for instance in &instances {
        loop {
            let polled = match engine.poll(instance).await {
                Ok(polled) => polled,
                Err(PollError::Jira(error)) => return Err(crate::engine::SetupError::Jira(vec![error]).into()),
                Err(PollError::Store(error)) => return Err(error.into()),
            };
            while engine.admit(instance).await? > 0 {}
            if !polled.more {
                break;
            }
        }
    }
    let wanted = match &keys {
        Some(keys) => named(&*store, keys).await?,
        None => all(&*store, surroundings.clock.now()).await?,
    };
    let mut items = Vec::new();
    for part in wanted.chunks(AT_ONCE) {
        for preview in engine.preview(part).await? {
            let names = names(&preview.item);
            items.push(PreviewedItem { names, plan: preview.plan, unread: preview.unread });
        }
    }
    let things = if keys.is_none() { engine.preview_things().await? } else { Vec::new() };
    // Asked last: a `when` is only tried with the items.
    Ok(Previewed { items, things, stopped: engine.stopped() })
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
        let claims = store.claim("preview", now, AT_ONCE).await?;
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
