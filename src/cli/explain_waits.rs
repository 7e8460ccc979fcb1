//! What of an item has not reached a side yet, and what it waits for. Must never say that something waits which is told as a problem of the
//! item, or that no side is to have.

use std::collections::BTreeSet;

use serde::Serialize;

use super::output::counted;
use crate::config::Config;
use crate::mapping::same;
use crate::model::command::{Pause, Target};
use crate::model::hub::{Acts, ItemState, Replica};
use crate::model::ids::{FieldName, SideId};
use crate::model::settings::{FieldKind, SideSettings, SyncSettings};
use crate::model::start::{Phase, Standing};
use crate::model::store::{Store as _, StoreError, StoredProblem};
use crate::model::value::Value;
use crate::plan::audience_of;
use crate::store::SqliteStore;

/// What a side does not have yet.
#[derive(Debug, Serialize)]
pub(super) struct Waits {
    /// The side.
    side: SideId,
    /// The fields whose agreed value it was not told. None: the issue itself is not there.
    fields: Vec<FieldName>,
    /// What stands between, as far as the state knows. Empty: nothing, but its turn.
    why: Vec<String>,
}

impl Waits {
    /// In words.
    pub(super) fn in_words(&self) -> String {
        let what = match self.fields.as_slice() {
            [] => "its issue there is not made yet".to_owned(),
            fields => {
                let names: Vec<&str> = fields.iter().map(FieldName::as_str).collect();
                format!("{} not written yet: {}", counted(fields.len(), "field"), names.join(", "))
            }
        };
        let why = if self.why.is_empty() { "it waits for its turn".to_owned() } else { self.why.join("; ") };
        format!("  side {}: {what} ({why})", self.side)
    }
}

/// What waits, by side. `standing`: all problems, of whatever.
///
/// # Errors
/// The state cannot be read.
pub(super) async fn waits(
    config: &Config,
    store: &SqliteStore,
    item: &ItemState,
    standing: &[StoredProblem],
) -> Result<Vec<Waits>, StoreError> {
    let Some(sync) = config.syncs.get(&item.sync).filter(|_| item.merged.is_none()) else { return Ok(Vec::new()) };
    let pauses = store.pauses().await?;
    let unmade = store.waiting_creations(&item.sync).await?;
    let mut found = Vec::new();
    for side in &sync.sides {
        let fields = match item.replicas.get(&side.id) {
            Some(replica) if is_let_be(replica) => continue,
            Some(replica) => behind(sync, item, side, replica),
            None if is_to_be_made(sync, item, side, standing) => Vec::new(),
            None => continue,
        };
        let of_side = |told: &&StoredProblem| told.item == Some(item.id) && told.problem.side == side.id;
        let told: Vec<&StoredProblem> = standing.iter().filter(of_side).collect();
        // What is told of a field stands below, with what to do.
        let is_told = |field: &FieldName| told.iter().any(|told| told.problem.field.as_ref() == Some(field));
        let fields: Vec<FieldName> = fields.into_iter().filter(|field| !is_told(field)).collect();
        if fields.is_empty() && item.replicas.contains_key(&side.id) {
            continue;
        }
        let mut why: Vec<String> = pauses.iter().filter_map(|pause| paused(pause, sync, side)).collect();
        // Of those of no field, those that a write met.
        if told.iter().any(|told| told.problem.field.is_none() && told.problem.operation.is_some()) {
            why.push("a problem of this side stands in the way: it is tried again with each look at the issue, and once an hour by itself".to_owned());
        }
        let about = format!("instance {}", side.instance);
        // Of all that may be wrong with an instance only that it does not answer has something wait.
        let of_it = standing.iter().filter(|told| told.item.is_none() && told.about == about);
        why.extend(of_it.map(|told| told.problem.what.clone()).filter(|what| what.contains("` failed: ")));
        if unmade.contains(&(item.id, side.id.clone())) {
            why.push(why_unmade(sync, standing_of(store, sync).await?));
        }
        found.push(Waits { side: side.id.clone(), fields, why });
    }
    Ok(found)
}

/// How the creations of a sync stand, as the state knows.
async fn standing_of(store: &SqliteStore, sync: &SyncSettings) -> Result<Option<Standing>, StoreError> {
    let kept = store.note(&Standing::note(&sync.id)).await?;
    Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Why a creation waits that is nobody's turn yet.
fn why_unmade(sync: &SyncSettings, standing: Option<Standing>) -> String {
    let id = &sync.id;
    match standing {
        Some(Standing { phase: Phase::Stopped, .. }) => {
            let most = sync.start.most_creations;
            format!("more than {most} would be created at once: they wait for `jirasyncd confirm {id}`")
        }
        Some(Standing { phase: Phase::Counting, .. }) | None => {
            "it is counted first how many would be created at once".to_owned()
        }
        Some(Standing { phase: Phase::Open, .. }) if sync.start.has_a_pace() => {
            "its turn has not come: `backfill` has a pace, and `jirasyncd status` tells it".to_owned()
        }
        Some(Standing { phase: Phase::Open, .. }) => {
            "its turn has not come: the next run creates it, unless `--limit` ends that before".to_owned()
        }
    }
}

/// Whether an issue is to be made there, and nothing that is told of the item stands against it.
fn is_to_be_made(sync: &SyncSettings, item: &ItemState, side: &SideSettings, standing: &[StoredProblem]) -> bool {
    let origins: Vec<&SideId> = item.replicas.iter().filter(|(_, there)| !there.ours).map(|(side, _)| side).collect();
    let sees = sync.fields.values().any(|row| {
        let audience = audience_of(item, sync, row, &side.id);
        origins.iter().any(|origin| audience.0.contains(*origin))
    });
    let is_told = standing.iter().any(|told| told.item == Some(item.id) && told.problem.side == side.id);
    let is_asked_for = side.when.is_none() || item.belongs.contains(&side.id);
    sees && is_asked_for && !is_told && !item.replicas.values().any(is_let_be)
}

/// Nothing is written there, which stands beside its key.
fn is_let_be(replica: &Replica) -> bool {
    replica.is_elsewhere() || replica.has_left() || replica.restricted
}

/// The fields of which a side was not told what is agreed.
fn behind(sync: &SyncSettings, item: &ItemState, side: &SideSettings, replica: &Replica) -> Vec<FieldName> {
    let rows = sync.fields.values().filter(|row| row.sides.contains_key(&side.id));
    // Links are kept in step one by one.
    let rows = rows.filter(|row| row.kind != FieldKind::Links && row.composed.is_none());
    let mut behind = BTreeSet::new();
    for row in rows {
        let agreed = item.hub.get(&row.name).and_then(|of| of.get(&audience_of(item, sync, row, &side.id)));
        let Some(agreed) = agreed.filter(|agreed| !agreed.asking.contains(&side.id)) else { continue };
        let base = replica.bases.get(&row.name);
        if base.is_some_and(|base| base.acknowledged.is_some()) {
            continue;
        }
        let mut told = base.map_or_else(Acts::default, |base| base.acts.clone());
        base.into_iter().for_each(|base| told.join(&base.matched));
        let held = base.and_then(|base| base.value.as_ref()).unwrap_or(&Value::Empty);
        if !told.contains(&agreed.acts) && !same(held, &agreed.value) {
            behind.insert(row.name.clone());
        }
    }
    behind.into_iter().collect()
}

fn paused(pause: &Pause, sync: &SyncSettings, side: &SideSettings) -> Option<String> {
    let is_meant = match &pause.target {
        Target::Everything => true,
        Target::Sync(of) => of == &sync.id,
        Target::Instance(of) => of == &side.instance,
    };
    is_meant.then(|| format!("paused since {:.3} by {}: `jirasyncd resume`", pause.since, pause.by))
}
