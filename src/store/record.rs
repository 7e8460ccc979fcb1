//! Recording what became of an item: its state, its bindings, its intents, conflicts, problems and acts, together or not at
//! all. Must never bind one issue to two items of a sync, and never unbind one in passing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{Milliseconds, encode};
use super::journal::{self, Move};
use super::past;
use super::problems::{self, Owner};
use super::queue::{check_lease, wake};
use super::step::StepResult;
use super::{SideInstances, queue};
use crate::model::acts::TakenAct;
use crate::model::command::MergeEffect;
use crate::model::hub::{Awaited, ItemState};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, OperationId, SideId, SyncId};
use crate::model::occasion::{Brought, Occasion};
use crate::model::problem::{Problem, duplicate};
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
    pub(super) id: ItemId,
    pub(super) sync: SyncId,
    pub(super) state: String,
    bindings: Vec<Binding>,
    /// What it waits for, by the words of the table.
    awaits: BTreeMap<String, Sought>,
}

/// What an item waits for, as it is looked for.
#[derive(Debug, Clone)]
enum Sought {
    Issue(InstanceId, IssueId),
    Key(InstanceId, IssueKey),
    Replica(ItemId, SideId),
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
        let awaits = item.awaits.iter().filter_map(|awaited| match awaited {
            Awaited::Issue { side, issue } => {
                let instance = instances.get(&(item.sync.clone(), side.clone()))?;
                Some((issue_of(&item.sync, instance, *issue), Sought::Issue(instance.clone(), *issue)))
            }
            Awaited::Key { side, key } => {
                let instance = instances.get(&(item.sync.clone(), side.clone()))?;
                Some((key_of(&item.sync, instance, key), Sought::Key(instance.clone(), key.clone())))
            }
            Awaited::Replica { item, side } => Some((replica_of(*item, side), Sought::Replica(*item, side.clone()))),
        });
        let awaits = awaits.collect();
        let state = encode("an item", item)?;
        Ok(Self { id: item.id, sync: item.sync.clone(), state, bindings: bindings.collect(), awaits })
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

/// How the table of what is awaited names an issue.
fn issue_of(sync: &SyncId, instance: &InstanceId, issue: IssueId) -> String {
    format!("issue {sync} {instance} {issue}")
}

/// The same of one that is known by its key alone.
fn key_of(sync: &SyncId, instance: &InstanceId, key: &IssueKey) -> String {
    format!("key {sync} {instance} {key}")
}

/// How it names an item's counterpart on a side.
fn replica_of(item: ItemId, side: &SideId) -> String {
    format!("replica {item} {side}")
}

/// A record as its columns hold it.
pub(super) struct RecordColumns {
    fence: u64,
    item: ItemColumns,
    moves: Vec<Move>,
    conflicts: Vec<String>,
    problems: Option<Vec<Problem>>,
    acts: Vec<TakenAct>,
    requests: Vec<(OperationId, String)>,
    brought: Option<Brought>,
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
            requests: record.requests.clone(),
            brought: record.brought.clone(),
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
        .prepare_cached("INSERT INTO work (item, sync, urgency) VALUES (?1, ?2, ?3)")?
        .execute(params![item.id, item.sync, urgency])?;
    bind(connection, item, due)?;
    wake(connection, item.id, urgency, due, &newcomer.occasion)?;
    Ok(true)
}

/// Keeps an item that was merged or unpaired.
pub(super) fn keep_retired(connection: &Connection, item: &ItemColumns, now: Timestamp) -> StepResult<()> {
    let mut update = connection.prepare_cached("UPDATE items SET state = ?2 WHERE id = ?1 AND merged IS NOT NULL")?;
    if update.execute(params![item.id, item.state])? == 0 {
        return Ok(());
    }
    bind(connection, item, now)
}

/// Records what became of items.
pub(super) fn record(connection: &Connection, now: Timestamp, records: &[RecordColumns]) -> StepResult<()> {
    for record in records {
        let item = record.item.id;
        check_lease(connection, item, record.fence)?;
        connection
            .prepare_cached("UPDATE items SET state = ?2 WHERE id = ?1")?
            .execute(params![item, record.item.state])?;
        bind(connection, &record.item, now)?;
        wait(connection, &record.item, now)?;
        journal::advance(connection, now, &record.moves)?;
        for conflict in &record.conflicts {
            connection
                .prepare_cached("INSERT INTO conflicts (item, found_ms, conflict) VALUES (?1, ?2, ?3)")?
                .execute(params![item, Milliseconds(now), conflict])?;
        }
        if let Some(standing) = &record.problems {
            problems::replace(connection, &Owner::Item(item), standing, now, record.brought.as_ref())?;
        }
        for TakenAct { side, field, number, author } in &record.acts {
            connection
                .prepare_cached(
                    "INSERT INTO acts (item, side, field, at_ms, act, author) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![item, side, field, Milliseconds(now), number.map(u64::cast_signed), author])?;
        }
        for (operation, request) in &record.requests {
            connection
                .prepare_cached("UPDATE intents SET request = ?2 WHERE id = ?1")?
                .execute(params![operation, request])?;
        }
    }
    Ok(())
}

/// A merge as its columns hold it.
pub(super) struct MergeColumns {
    kept: (ItemColumns, u64),
    /// The items whose issues are let be: the fence of one that was an item until now.
    retired: Vec<(ItemColumns, Option<u64>)>,
    conflicts: Vec<String>,
    /// Under what the problems about the issues that are let be are filed.
    over: Vec<String>,
}

impl MergeColumns {
    pub(super) fn of(merge: &MergeEffect, instances: &SideInstances) -> Result<Self, StoreError> {
        let retired = merge.retired.iter().map(|(item, fence)| Ok((ItemColumns::of(item, instances)?, *fence)));
        let over = merge.dropped.iter().map(|(_, instance, issue)| duplicate(instance, *issue));
        Ok(Self {
            kept: (ItemColumns::of(&merge.kept.0, instances)?, merge.kept.1),
            retired: retired.collect::<Result<_, StoreError>>()?,
            conflicts: merge
                .conflicts
                .iter()
                .map(|conflict| encode("a conflict", conflict))
                .collect::<Result<_, _>>()?,
            over: over.collect(),
        })
    }
}

/// Makes two issues or items one. The issues that are let be stay bound, to items that nobody works on any more: so they never
/// start another one.
pub(super) fn merge(
    connection: &Connection,
    now: Timestamp,
    merge: &MergeColumns,
    occasion: &Occasion,
) -> StepResult<()> {
    let (kept, fence) = &merge.kept;
    check_lease(connection, kept.id, *fence)?;
    for (retired, fence) in &merge.retired {
        match fence {
            Some(fence) => check_lease(connection, retired.id, *fence)?,
            None => {
                connection
                    .prepare_cached("INSERT INTO items (id, sync, state) VALUES (?1, ?2, ?3)")?
                    .execute(params![retired.id, retired.sync, retired.state])?;
            }
        }
        connection.prepare_cached("UPDATE items SET state = ?2, merged = ?3 WHERE id = ?1")?.execute(params![
            retired.id,
            retired.state,
            kept.id
        ])?;
        // Nobody is to take it again, nor to wait for anything in its name.
        for table in ["work", "awaits"] {
            connection.prepare_cached(&format!("DELETE FROM {table} WHERE item = ?1"))?.execute([retired.id])?;
        }
        past::let_be(connection, retired.id, now)?;
        let_go(connection, retired)?;
    }
    // An issue goes from one item to another within this transaction: first all that go are let go, then each is bound.
    let_go(connection, kept)?;
    for item in merge.retired.iter().map(|(retired, _)| retired).chain([kept]) {
        bind(connection, item, now)?;
    }
    connection.prepare_cached("UPDATE items SET state = ?2 WHERE id = ?1")?.execute(params![kept.id, kept.state])?;
    wait(connection, kept, now)?;
    for conflict in &merge.conflicts {
        connection
            .prepare_cached("INSERT INTO conflicts (item, found_ms, conflict) VALUES (?1, ?2, ?3)")?
            .execute(params![kept.id, Milliseconds(now), conflict])?;
    }
    for about in &merge.over {
        problems::replace(connection, &Owner::About(about.clone()), &[], now, None)?;
    }
    wake(connection, kept.id, Urgency::Live, now, occasion)
}

/// Unbinds the issues that an item holds no more.
pub(super) fn let_go(connection: &Connection, item: &ItemColumns) -> StepResult<()> {
    let mut select = connection.prepare_cached("SELECT side, issue FROM replicas WHERE item = ?1")?;
    let bound: Vec<(SideId, IssueId)> =
        select.query_map([item.id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let stays = |side: &SideId, issue: IssueId| {
        item.bindings.iter().any(|binding| &binding.side == side && binding.issue == issue)
    };
    for (side, _) in bound.iter().filter(|(side, issue)| !stays(side, *issue)) {
        connection
            .prepare_cached("DELETE FROM replicas WHERE item = ?1 AND side = ?2")?
            .execute(params![item.id, side])?;
    }
    Ok(())
}

/// Brings the bindings of the item's replicas up to date; those that it no longer lists stay.
pub(super) fn bind(connection: &Connection, item: &ItemColumns, due: Timestamp) -> StepResult<()> {
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
        wake_waiting(connection, item, binding, &instance, due)?;
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

/// Keeps what an item waits for. What came before it was waited for has it looked at again at once.
pub(super) fn wait(connection: &Connection, item: &ItemColumns, now: Timestamp) -> StepResult<()> {
    let mut select = connection.prepare_cached("SELECT what FROM awaits WHERE item = ?1")?;
    let known: BTreeSet<String> = select.query_map([item.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for over in known.iter().filter(|what| !item.awaits.contains_key(*what)) {
        connection
            .prepare_cached("DELETE FROM awaits WHERE what = ?1 AND item = ?2")?
            .execute(params![over, item.id])?;
    }
    for (what, sought) in item.awaits.iter().filter(|(what, _)| !known.contains(*what)) {
        connection
            .prepare_cached("INSERT INTO awaits (what, item) VALUES (?1, ?2)")?
            .execute(params![what, item.id])?;
        let there = match sought {
            Sought::Issue(instance, issue) => holder_of(connection, &item.sync, instance, *issue)?.is_some(),
            Sought::Key(instance, key) => connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM replicas WHERE key = ?1 AND instance = ?2 AND sync = ?3)",
                )?
                .query_row(params![key, instance, item.sync], |row| row.get(0))?,
            Sought::Replica(other, side) => connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM replicas WHERE item = ?1 AND side = ?2)")?
                .query_row(params![other, side], |row| row.get(0))?,
        };
        if there {
            wake(connection, item.id, Urgency::Live, now, &Occasion::Awaited)?;
        }
    }
    Ok(())
}

/// Has the items looked at again that waited for a binding.
fn wake_waiting(
    connection: &Connection,
    item: &ItemColumns,
    binding: &Binding,
    instance: &InstanceId,
    due: Timestamp,
) -> StepResult<()> {
    let (issue, replica) = (issue_of(&item.sync, instance, binding.issue), replica_of(item.id, &binding.side));
    let key = binding.key.as_ref().map_or_else(|| replica.clone(), |key| key_of(&item.sync, instance, key));
    let mut select = connection.prepare_cached("SELECT item FROM awaits WHERE what IN (?1, ?2, ?3)")?;
    let waiting: Vec<ItemId> = select.query_map([issue, replica, key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let awaited = Occasion::Awaited;
    waiting.into_iter().try_for_each(|waiting| wake(connection, waiting, Urgency::Live, due, &awaited))
}
