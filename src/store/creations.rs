//! Counterparts that wait to be created, and those whose creation was begun at a pace. Must never let one wait without being found
//! again: what is released is due in the same step.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::Milliseconds;
use super::step::StepResult;
use super::{knowledge, queue};
use crate::model::ids::{ItemId, SideId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::start::{Ahead, Counted, CreationFigures, CreationStep};
use crate::model::store::Urgency;

/// How long a newcomer is waited for that nobody decides on. One that waits longer waits for a person, or for an instance that is away.
const UNDECIDED: SignedDuration = SignedDuration::from_mins(15);

/// Carries one step out.
pub(super) fn keep(connection: &Connection, sync: &SyncId, step: &CreationStep, now: Timestamp) -> StepResult<()> {
    let mut waits = connection.prepare_cached(
        "INSERT INTO waiting_creations (item, side, sync, since_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for (item, side) in &step.waits {
        waits.execute(params![item, side, sync, Milliseconds(now)])?;
    }
    let mut begins = connection.prepare_cached(
        "INSERT INTO begun_creations (item, side, sync, at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (item, side) DO UPDATE SET at_ms = excluded.at_ms",
    )?;
    for (item, side) in &step.begins {
        begins.execute(params![item, side, sync, Milliseconds(now)])?;
    }
    let mut over = connection.prepare_cached("DELETE FROM waiting_creations WHERE item = ?1")?;
    for (item, is_due) in &step.released {
        over.execute(params![item])?;
        if *is_due {
            queue::wake(connection, *item, Urgency::Backfill, now, &Occasion::Turn)?;
        }
    }
    if let Some((name, text)) = &step.note {
        knowledge::set_note(connection, name, text)?;
    }
    Ok(())
}

/// What waits of a sync, the longest waiting first. An item that was merged into another has no place in the queue, and does not count.
pub(super) fn waiting(connection: &Connection, sync: &SyncId) -> StepResult<Vec<(ItemId, SideId)>> {
    let mut statement = connection.prepare_cached(
        "SELECT waiting_creations.item, side FROM waiting_creations JOIN work ON work.item = waiting_creations.item
         WHERE waiting_creations.sync = ?1 ORDER BY since_ms, waiting_creations.item, side",
    )?;
    let rows = statement.query_map([sync], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the creations of a sync were begun since a time.
pub(super) fn begun(connection: &Connection, sync: &SyncId, since: Timestamp) -> StepResult<Vec<Timestamp>> {
    let mut statement = connection
        .prepare_cached("SELECT at_ms FROM begun_creations WHERE sync = ?1 AND at_ms >= ?2 ORDER BY at_ms")?;
    let rows = statement.query_map(params![sync, Milliseconds(since)], |row| row.get(0).map(|Milliseconds(at)| at))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The items of a sync whose creation was begun at a pace or in a staged start.
pub(super) fn started(connection: &Connection, sync: &SyncId) -> StepResult<Vec<ItemId>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT item FROM begun_creations WHERE sync = ?1")?;
    let rows = statement.query_map([sync], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many items a sync has, but for those that are let be.
pub(super) fn size(connection: &Connection, sync: &SyncId) -> StepResult<u64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM items WHERE sync = ?1 AND merged IS NULL")?;
    let count: i64 = statement.query_row(params![sync], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// What lies before a sync of so many sides.
pub(super) fn ahead(
    connection: &Connection,
    sync: &SyncId,
    Counted { sides, enough, now, until }: Counted,
) -> StepResult<Ahead> {
    let count = |sql: &str, now: Option<Timestamp>| -> StepResult<u64> {
        let mut statement = connection.prepare_cached(sql)?;
        let count: i64 = match now {
            Some(now) => statement.query_row(params![sync, Milliseconds(now)], |row| row.get(0))?,
            None => statement.query_row(params![sync], |row| row.get(0))?,
        };
        Ok(count.cast_unsigned())
    };
    let items = size(connection, sync)?;
    let replicas = count(
        "SELECT count(*) FROM replicas JOIN items ON items.id = replicas.item
         WHERE items.sync = ?1 AND items.merged IS NULL",
        None,
    )?;
    let sides = u64::try_from(sides).unwrap_or(u64::MAX);
    let busy: i64 = connection
        .prepare_cached(
            "SELECT count(*) FROM work JOIN items ON items.id = work.item
             WHERE items.sync = ?1 AND (claimed_by IS NOT NULL OR due_ms <= ?2)
               AND (urgency > 0 OR (SELECT count(*) FROM replicas WHERE replicas.item = work.item) < ?3)",
        )?
        .query_row(params![sync, Milliseconds(until), i64::try_from(enough).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(Ahead {
        busy: busy.cast_unsigned(),
        newcomers: count(
            "SELECT count(*) FROM newcomers WHERE sync = ?1 AND first_seen_ms > ?2",
            now.checked_sub(UNDECIDED).ok(),
        )?,
        lacking: items.saturating_mul(sides).saturating_sub(replicas),
    })
}

/// How far the syncs' first copies are.
pub(super) fn figures(connection: &Connection, now: Timestamp) -> StepResult<Vec<CreationFigures>> {
    let mut found: BTreeMap<SyncId, CreationFigures> = BTreeMap::new();
    let blank = |sync: &SyncId| CreationFigures { sync: sync.clone(), waiting: BTreeMap::new(), queued: 0, in_step: 0 };
    let mut waiting = connection.prepare_cached(
        "SELECT waiting_creations.sync, side, count(*) FROM waiting_creations JOIN work ON work.item = waiting_creations.item
         GROUP BY waiting_creations.sync, side",
    )?;
    let rows = waiting.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)))?;
    for row in rows {
        let (sync, side, count): (SyncId, SideId, i64) = row?;
        found.entry(sync.clone()).or_insert_with(|| blank(&sync)).waiting.insert(side, count.cast_unsigned());
    }
    let mut in_step = connection.prepare_cached(
        "SELECT sync, count(*) FROM (SELECT sync, item FROM replicas GROUP BY sync, item HAVING count(*) > 1)
         GROUP BY sync",
    )?;
    let rows = in_step.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (sync, count): (SyncId, i64) = row?;
        found.entry(sync.clone()).or_insert_with(|| blank(&sync)).in_step = count.cast_unsigned();
    }
    let mut queued = connection.prepare_cached(
        "SELECT items.sync, count(*) FROM work JOIN items ON items.id = work.item
         WHERE (claimed_by IS NOT NULL OR due_ms <= ?1)
           AND (SELECT count(*) FROM replicas WHERE replicas.item = work.item) = 1
         GROUP BY items.sync",
    )?;
    let rows = queued.query_map([Milliseconds(now)], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (sync, count): (SyncId, i64) = row?;
        found.entry(sync.clone()).or_insert_with(|| blank(&sync)).queued = count.cast_unsigned();
    }
    Ok(found.into_values().collect())
}
