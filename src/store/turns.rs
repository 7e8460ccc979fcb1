//! Which of the due items are next: those that wait longest, and where more wait than are taken at once, the syncs in turn. Must never let
//! the many items of one sync hold up the few of another.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::Milliseconds;
use super::step::StepResult;
use crate::model::ids::{ItemId, SyncId};
use crate::model::store::Urgency;

/// The next sync by name that has items of one urgency waiting, by the partial index: it is sought, and its items are not gone through.
pub(super) const NEXT_SYNC: &str = "SELECT sync FROM work
    WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?1 AND sync > ?2 ORDER BY sync LIMIT 1";

/// The due items of one urgency and sync, by the same index.
pub(super) const DUE: &str = "SELECT item, due_ms FROM work
    WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?1 AND sync = ?2 AND due_ms <= ?3
    ORDER BY due_ms, item LIMIT ?4";

/// The soonest due time of one urgency and sync, by the same index.
pub(super) const SOONEST: &str = "SELECT min(due_ms) FROM work
    WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?1 AND sync = ?2";

/// How many items of one urgency and sync are under way, up to so many, by the index of those.
pub(super) const UNDER_WAY: &str = "SELECT count(*) FROM (SELECT 1 FROM work
    WHERE claimed_by IS NOT NULL AND urgency = ?1 AND sync = ?2 LIMIT ?3)";
/// Claims up to which it counts what a sync has under way. Behind that it may be what waits for uploads, and holds nobody up.
const COUNTED: usize = 3;

/// A due item, and since when.
type Due = (ItemId, i64);

/// The syncs that have items of one urgency waiting, due or not.
pub(super) fn syncs(connection: &Connection, urgency: Urgency) -> StepResult<Vec<SyncId>> {
    let mut next = connection.prepare_cached(NEXT_SYNC)?;
    let mut syncs: Vec<SyncId> = Vec::new();
    loop {
        let last = syncs.last().map_or("", SyncId::as_str);
        match next.query_row(params![urgency, last], |row| row.get(0)).optional()? {
            Some(sync) => syncs.push(sync),
            None => return Ok(syncs),
        }
    }
}

/// The soonest due time of one urgency.
pub(super) fn soonest(connection: &Connection, urgency: Urgency) -> StepResult<Option<Timestamp>> {
    let mut soonest: Option<Timestamp> = None;
    for sync in syncs(connection, urgency)? {
        let due = connection.prepare_cached(SOONEST)?.query_row(params![urgency, sync], |row| row.get(0))?;
        if let Some(Milliseconds(due)) = due {
            soonest = Some(soonest.map_or(due, |other| other.min(due)));
        }
    }
    Ok(soonest)
}

/// Up to `limit` due items of one urgency: all that are due, those of the syncs by turns, if that is no more. Else those of the sync that has
/// the fewest under way, and among such of the one that waits longest; and where there is room beside them, all those of the next ones that fit
/// in. So nothing of a sync ends later for being in one batch with another's crowd.
pub(super) fn next(connection: &Connection, urgency: Urgency, now: Timestamp, limit: usize) -> StepResult<Vec<ItemId>> {
    let mut waiting: Vec<(u64, Vec<Due>)> = Vec::new();
    let syncs = syncs(connection, urgency)?;
    for sync in &syncs {
        // One more than wanted tells a crowd.
        let due = due_of(connection, urgency, sync, now, limit.saturating_add(1))?;
        if !due.is_empty() {
            let under_way = if syncs.len() > 1 { under_way(connection, urgency, sync, limit)? } else { 0 };
            waiting.push((under_way, due));
        }
    }
    waiting.sort_by_key(|(under_way, due)| (*under_way, soonest_of(due)));
    let mut taken: Vec<Vec<Due>> = Vec::new();
    let mut room = limit;
    for (_, mut due) in waiting {
        if taken.is_empty() {
            due.truncate(limit);
        }
        if due.len() <= room {
            room -= due.len();
            taken.push(due);
        }
    }
    taken.sort_by_key(|due| soonest_of(due));
    Ok(by_turns(taken))
}

fn soonest_of(due: &[Due]) -> Option<(i64, ItemId)> {
    due.first().map(|(item, since)| (*since, *item))
}

fn under_way(connection: &Connection, urgency: Urgency, sync: &SyncId, limit: usize) -> StepResult<u64> {
    let most = i64::try_from(limit.saturating_mul(COUNTED)).unwrap_or(i64::MAX);
    let count: i64 = connection.prepare_cached(UNDER_WAY)?.query_row(params![urgency, sync, most], |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

fn due_of(
    connection: &Connection,
    urgency: Urgency,
    sync: &SyncId,
    now: Timestamp,
    limit: usize,
) -> StepResult<Vec<Due>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(DUE)?;
    let rows =
        statement.query_map(params![urgency, sync, Milliseconds(now), limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The first of each, then the second of each, and so on: what is done first of a batch is then something of each sync.
fn by_turns(taken: Vec<Vec<Due>>) -> Vec<ItemId> {
    let mut lists: Vec<_> = taken.into_iter().map(Vec::into_iter).collect();
    let mut next = Vec::new();
    while !lists.is_empty() {
        lists.retain_mut(|list| match list.next() {
            Some((item, _)) => {
                next.push(item);
                true
            }
            None => false,
        });
    }
    next
}
