//! Recording what became of an item: its state, its bindings, its intents, conflicts, problems and acts, together or not at
//! all. Must never bind one issue to two items of a sync, and never unbind one in passing.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{Milliseconds, encode};
use super::journal::{self, Move};
use super::problems::{self, Owner};
use super::queue::{check_lease, wake};
use super::step::StepResult;
use super::{SideInstances, queue};
use crate::model::hub::ItemState;
use crate::model::ids::{FieldName, InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::problem::Problem;
use crate::model::store::{Newcomer, Record, StoreError, Urgency};

/// A replica as its columns hold it. `instance` is `None` where the configuration no longer has the side.
#[derive(Debug, Clone)]
struct Binding {
    side: SideId,
    instance: Option<InstanceId>,
    issue: IssueId,
    key: Option<IssueKey>,
}

/// An item as its columns hold it.
pub(super) struct ItemColumns {
    id: ItemId,
    sync: SyncId,
    state: String,
    bindings: Vec<Binding>,
}

impl ItemColumns {
    /// The columns of `item`.
    pub(super) fn of(item: &ItemState, instances: &SideInstances) -> Result<Self, StoreError> {
        let bindings = item.replicas.iter().map(|(side, replica)| Binding {
            side: side.clone(),
            instance: instances.get(&(item.sync.clone(), side.clone())).cloned(),
            issue: replica.issue,
            key: Some(replica.key.clone()),
        });
        Ok(Self { id: item.id, sync: item.sync.clone(), state: encode("an item", item)?, bindings: bindings.collect() })
    }

    /// Adds the newcomer's own issue, which the item need not have read yet.
    pub(super) fn starting_from(mut self, newcomer: &Newcomer, instance: &InstanceId) -> Self {
        let known = self.bindings.iter_mut().find(|binding| binding.side == newcomer.side);
        match known {
            Some(binding) => binding.instance = Some(instance.clone()),
            None => self.bindings.push(Binding {
                side: newcomer.side.clone(),
                instance: Some(instance.clone()),
                issue: newcomer.issue,
                key: None,
            }),
        }
        self
    }
}

/// A record as its columns hold it.
pub(super) struct RecordColumns {
    fence: u64,
    item: ItemColumns,
    moves: Vec<Move>,
    conflicts: Vec<String>,
    problems: Option<Vec<Problem>>,
    acts: Vec<(SideId, FieldName)>,
}

impl RecordColumns {
    /// The columns of `record`.
    pub(super) fn of(fence: u64, record: &Record, instances: &SideInstances) -> Result<Self, StoreError> {
        Ok(Self {
            fence,
            item: ItemColumns::of(&record.item, instances)?,
            moves: record.intents.iter().map(Move::of).collect::<Result<_, _>>()?,
            conflicts: record
                .conflicts
                .iter()
                .map(|conflict| encode("a conflict", conflict))
                .collect::<Result<_, _>>()?,
            problems: record.problems.clone(),
            acts: record.acts.clone(),
        })
    }
}

/// Starts an item from a newcomer. `false` if its issue is bound in that sync already; the newcomer is forgotten either way.
pub(super) fn begin(
    connection: &Connection,
    item: &ItemColumns,
    instance: &InstanceId,
    newcomer: &Newcomer,
    urgency: Urgency,
    due: Timestamp,
) -> StepResult<bool> {
    queue::forget_newcomers(connection, std::slice::from_ref(newcomer))?;
    if holder_of(connection, &item.sync, instance, newcomer.issue)?.is_some() {
        return Ok(false);
    }
    connection
        .prepare_cached("INSERT INTO items (id, sync, state) VALUES (?1, ?2, ?3)")?
        .execute(params![item.id, item.sync, item.state])?;
    connection
        .prepare_cached("INSERT INTO work (item, urgency) VALUES (?1, ?2)")?
        .execute(params![item.id, urgency])?;
    bind(connection, item)?;
    wake(connection, item.id, urgency, due)?;
    Ok(true)
}

/// Records what became of items.
pub(super) fn record(connection: &Connection, now: Timestamp, records: &[RecordColumns]) -> StepResult<()> {
    for record in records {
        let item = record.item.id;
        check_lease(connection, item, record.fence)?;
        connection
            .prepare_cached("UPDATE items SET state = ?2 WHERE id = ?1")?
            .execute(params![item, record.item.state])?;
        bind(connection, &record.item)?;
        journal::advance(connection, now, &record.moves)?;
        for conflict in &record.conflicts {
            connection
                .prepare_cached("INSERT INTO conflicts (item, found_ms, conflict) VALUES (?1, ?2, ?3)")?
                .execute(params![item, Milliseconds(now), conflict])?;
        }
        if let Some(standing) = &record.problems {
            problems::replace(connection, &Owner::Item(item), standing, now)?;
        }
        for (side, field) in &record.acts {
            connection
                .prepare_cached("INSERT INTO acts (item, side, field, at_ms) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![item, side, field, Milliseconds(now)])?;
        }
    }
    Ok(())
}

/// Brings the bindings of the item's replicas up to date; those that it no longer lists stay.
fn bind(connection: &Connection, item: &ItemColumns) -> StepResult<()> {
    for binding in &item.bindings {
        let old: Option<(InstanceId, IssueId, Option<IssueKey>)> = connection
            .prepare_cached("SELECT instance, issue, key FROM replicas WHERE item = ?1 AND side = ?2")?
            .query_row(params![item.id, binding.side], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let known = old.as_ref().map(|(instance, _, _)| instance);
        let Some(instance) = binding.instance.as_ref().or(known).cloned() else {
            return Err(StoreError::Database {
                attempt: "bind an issue to its item",
                source: format!("sync {} has no side {} in this configuration", item.sync, binding.side).into(),
            }
            .into());
        };
        if old == Some((instance.clone(), binding.issue, binding.key.clone())) {
            continue;
        }
        if let Some(holder) = holder_of(connection, &item.sync, &instance, binding.issue)?
            && holder != item.id
        {
            let (sync, issue) = (item.sync.clone(), binding.issue);
            return Err(StoreError::Bound { sync, instance, issue, holder }.into());
        }
        connection
            .prepare_cached(
                "INSERT INTO replicas (item, side, sync, instance, issue, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (item, side) DO UPDATE SET
                     instance = excluded.instance, issue = excluded.issue, key = excluded.key",
            )?
            .execute(params![item.id, binding.side, item.sync, instance, binding.issue, binding.key])?;
        // What is bound waits no longer to start an item.
        connection
            .prepare_cached("DELETE FROM newcomers WHERE sync = ?1 AND instance = ?2 AND issue = ?3")?
            .execute(params![item.sync, instance, binding.issue])?;
    }
    Ok(())
}

fn holder_of(
    connection: &Connection,
    sync: &SyncId,
    instance: &InstanceId,
    issue: IssueId,
) -> StepResult<Option<ItemId>> {
    Ok(connection
        .prepare_cached("SELECT item FROM replicas WHERE instance = ?1 AND issue = ?2 AND sync = ?3")?
        .query_row(params![instance, issue, sync], |row| row.get(0))
        .optional()?)
}
