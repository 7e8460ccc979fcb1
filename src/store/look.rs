//! Looking at items, conflicts and figures. Must never change anything: these run on a connection that cannot.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{Milliseconds, URGENCIES, brought, decode};
use super::step::StepResult;
use super::{journal, problems};
use crate::model::command::PARKED;
use crate::model::hub::{Conflict, ItemState, There};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::store::{Claim, Figures};

/// One item.
pub(super) fn item(connection: &Connection, item: ItemId) -> StepResult<Option<ItemState>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT state FROM items WHERE id = ?1")?
        .query_row([item], |row| row.get(0))
        .optional()?;
    text.map(|text| decode(|| format!("the state of item {item}"), &text)).transpose()
}

/// What a claim of the item gives, whoever holds it.
pub(super) fn claim(connection: &Connection, item: ItemId, now: Timestamp) -> StepResult<Option<Claim>> {
    let Some(state) = self::item(connection, item)? else {
        return Ok(None);
    };
    let mut select = connection.prepare_cached(
        "SELECT fence, attempts, urgency, occasion, reasons, again, asked_ms FROM work WHERE item = ?1",
    )?;
    let mut rows = select.query([item])?;
    // One that was merged into another is nobody's work any more.
    let Some(work) = rows.next()? else { return Ok(None) };
    let (fence, asked): (i64, Option<Milliseconds>) = (work.get(0)?, work.get(6)?);
    Ok(Some(Claim {
        item: state,
        fence: fence.cast_unsigned(),
        intents: journal::of_item(connection, item, now)?,
        attempts: work.get(1)?,
        urgency: work.get(2)?,
        brought: brought(work.get(3)?, work.get(4)?, work.get(5)?),
        asked: asked.map(|Milliseconds(asked)| asked),
        problems: problems::of_item(connection, item)?,
    }))
}

/// The items that hold an issue.
pub(super) fn items_of(
    connection: &Connection,
    instance: &InstanceId,
    issue: IssueId,
) -> StepResult<Vec<(ItemId, SyncId, SideId)>> {
    let mut statement = connection
        .prepare_cached("SELECT item, sync, side FROM replicas WHERE instance = ?1 AND issue = ?2 ORDER BY sync")?;
    let rows = statement.query_map(params![instance, issue], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Items by the key of a replica. Keys are unique on one instance only.
pub(super) fn items_by_key(connection: &Connection, key: &IssueKey) -> StepResult<Vec<ItemId>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT item FROM replicas WHERE key = ?1 ORDER BY item")?;
    let rows = statement.query_map([key], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The replicas of the items of a sync that have one of these keys on any side.
pub(super) fn counterparts(
    connection: &Connection,
    sync: &SyncId,
    keys: &[IssueKey],
) -> StepResult<Vec<BTreeMap<SideId, IssueKey>>> {
    let mut statement = connection.prepare_cached(
        "SELECT other.item, other.side, other.key FROM replicas AS one JOIN replicas AS other ON other.item = one.item
         WHERE one.key = ?1 AND one.sync = ?2 AND other.key IS NOT NULL",
    )?;
    let mut found: BTreeMap<ItemId, BTreeMap<SideId, IssueKey>> = BTreeMap::new();
    for key in keys {
        for row in statement.query_map(params![key, sync], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))? {
            let (item, side, key) = row?;
            found.entry(item).or_default().insert(side, key);
        }
    }
    Ok(found.into_values().collect())
}

/// Items by their issues, by the keys of these, and by their ids, with their replicas.
pub(super) fn relatives(
    connection: &Connection,
    sync: &SyncId,
    issues: &[(InstanceId, IssueId)],
    keys: &[(InstanceId, IssueKey)],
    items: &[ItemId],
) -> StepResult<Vec<(ItemId, BTreeMap<SideId, There>)>> {
    let mut wanted: BTreeSet<ItemId> = items.iter().copied().collect();
    let mut holder =
        connection.prepare_cached("SELECT item FROM replicas WHERE instance = ?1 AND issue = ?2 AND sync = ?3")?;
    for (instance, issue) in issues {
        wanted.extend(holder.query_row(params![instance, issue, sync], |row| row.get::<_, ItemId>(0)).optional()?);
    }
    let mut keeper =
        connection.prepare_cached("SELECT item FROM replicas WHERE key = ?2 AND instance = ?1 AND sync = ?3")?;
    for (instance, key) in keys {
        wanted.extend(keeper.query_row(params![instance, key, sync], |row| row.get::<_, ItemId>(0)).optional()?);
    }
    // Of the item's state only a few marks are read, not the texts.
    let mut replicas = connection.prepare_cached(
        r#"SELECT side, issue, key, coalesce(json_extract(state, '$.replicas."' || side || '".restricted'), 0)
                  OR coalesce(json_extract(state, '$.replicas."' || side || '".level.exposed'), 0),
                  coalesce(json_extract(state, '$.replicas."' || side || '".away.how'), '') IN ('missing', 'deleted-by-us'),
                  json_extract(state, '$.replicas."' || side || '".away.key')
           FROM replicas JOIN items ON items.id = replicas.item
           WHERE replicas.item = ?1 AND replicas.sync = ?2 AND key IS NOT NULL"#,
    )?;
    let mut found = Vec::new();
    for item in wanted {
        let mut there: BTreeMap<SideId, There> = BTreeMap::new();
        let rows = replicas.query_map(params![item, sync], |row| {
            let restricted: i64 = row.get(3)?;
            let (issue, key, elsewhere) = (row.get(1)?, row.get(2)?, row.get(5)?);
            let (restricted, gone) = (restricted != 0, row.get(4)?);
            Ok((row.get(0)?, There { issue, key, restricted, gone, elsewhere, once: BTreeSet::new() }))
        })?;
        for row in rows {
            let (side, replica) = row?;
            there.insert(side, replica);
        }
        if !there.is_empty() {
            found.push((item, there));
        }
    }
    Ok(found)
}

/// Ids of items in order.
pub(super) fn item_ids(connection: &Connection, after: Option<ItemId>, limit: usize) -> StepResult<Vec<ItemId>> {
    // Without a start nothing is greater than the empty blob but every id.
    let mut statement = connection
        .prepare_cached("SELECT id FROM items WHERE id > coalesce(?1, x'') AND merged IS NULL ORDER BY id LIMIT ?2")?;
    let rows = statement.query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn retired_ids(connection: &Connection, after: Option<ItemId>, limit: usize) -> StepResult<Vec<ItemId>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM items WHERE id > coalesce(?1, x'') AND merged IS NOT NULL ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The items with conflicts that were not merged into others, nor unpaired.
pub(super) fn items_in_conflict(connection: &Connection) -> StepResult<Vec<ItemId>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT item FROM conflicts JOIN items ON items.id = conflicts.item WHERE merged IS NULL ORDER BY item",
    )?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The conflicts of one item, oldest first.
pub(super) fn conflicts(connection: &Connection, item: ItemId) -> StepResult<Vec<Conflict>> {
    let mut statement = connection.prepare_cached("SELECT conflict FROM conflicts WHERE item = ?1 ORDER BY number")?;
    let rows = statement.query_map([item], |row| row.get::<_, String>(0))?;
    rows.map(|text| decode(|| format!("a conflict of item {item}"), &text?)).collect()
}

/// What was written to an issue that is gone stays open until it is back: waited for by nobody.
pub(super) const STANDS_OPEN: &str = r#"intents JOIN items ON items.id = intents.item
    WHERE intents.settled_ms IS NULL
      AND (json_extract(items.state, '$.replicas."' || intents.side || '".away.confirmed') IS NULL
           OR json_type(items.state, '$.replicas."' || intents.side || '".away.how') <> 'text')"#;

/// Figures for `status`.
pub(super) fn figures(connection: &Connection, now: Timestamp) -> StepResult<Figures> {
    let count = |sql: &str| -> StepResult<u64> {
        let count: i64 = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(count.cast_unsigned())
    };
    let mut due = 0;
    for urgency in URGENCIES {
        let count: i64 = connection
            .prepare_cached(
                "SELECT count(*) FROM work
                 WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?1 AND due_ms <= ?2",
            )?
            .query_row(params![urgency, Milliseconds(now)], |row| row.get(0))?;
        due += count.cast_unsigned();
    }
    let mut statement = connection.prepare_cached("SELECT instance, updated_ms FROM cursors ORDER BY instance")?;
    let cursors = statement.query_map([], |row| {
        let Milliseconds(updated) = row.get(1)?;
        Ok((row.get(0)?, updated))
    })?;
    let parked: i64 = connection
        .prepare_cached("SELECT count(*) FROM work WHERE due_ms >= ?1")?
        .query_row([Milliseconds(PARKED)], |row| row.get(0))?;
    let parked = parked.cast_unsigned();
    Ok(Figures {
        items: count("SELECT (SELECT count(*) FROM items) - (SELECT count(*) FROM items WHERE merged IS NOT NULL)")?,
        due,
        claimed: count("SELECT count(*) FROM work WHERE claimed_by IS NOT NULL")?,
        open_intents: count(&format!("SELECT count(*) FROM {STANDS_OPEN}"))?,
        conflicts: count("SELECT count(*) FROM conflicts")?,
        problems: count("SELECT count(*) FROM problems WHERE dismissed_ms IS NULL")?,
        dismissed: count("SELECT count(*) FROM problems WHERE dismissed_ms IS NOT NULL")?,
        parked,
        cursors: cursors.collect::<Result<_, _>>()?,
    })
}

/// Gives the memory of pages back that nothing is being done with.
pub(super) fn forget_pages(connection: &Connection) -> StepResult<()> {
    Ok(connection.execute_batch("PRAGMA shrink_memory")?)
}
