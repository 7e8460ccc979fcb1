//! The work queue: what is due, who has it, what is waiting to become an item. Must never lose a wake-up: a claim takes the
//! due time away, so whatever is there when the item is given back came after.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use super::columns::{Milliseconds, URGENCIES, encode};
use super::step::{StepError, StepResult};
use super::{look, turns};
use crate::model::command::PARKED;
use crate::model::ids::{InstanceId, IssueId, ItemId, SideId};
use crate::model::occasion::Occasion;
use crate::model::problem::Problem;
use crate::model::store::{Claim, Cursor, Hint, KnownBy, Newcomer, StoreError, Urgency};
use crate::planted::{Bug, is_planted};

/// All items of one urgency that are due by a time, by the partial index.
const WAITING: &str =
    "SELECT item FROM work WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?1 AND due_ms <= ?2";

/// What is due later than that waits for its own time, and not for what somebody heard of. Longer than any hint waits.
const HEARD_OF: SignedDuration = SignedDuration::from_mins(10);

/// Reasons are listed up to about so many characters; behind that they are only counted.
const ENOUGH: i64 = 200;

/// As many items are tried again at once when an operator says so.
const FEW: usize = 100;

/// Frees what is claimed, by its partial index.
pub(super) const FREE: &str =
    "UPDATE work SET claimed_by = NULL, due_ms = min(coalesce(due_ms, ?1), ?1), again = iif(again = 0, 0, 2)
    WHERE claimed_by IS NOT NULL";

/// Makes due what was put aside of one urgency, by the index of what is due; and what is claimed.
pub(super) const UNPARK: &str = "UPDATE work SET due_ms = ?1, again = iif(again = 0, 0, 3)
    WHERE claimed_by IS NULL AND due_ms IS NOT NULL AND urgency = ?2 AND due_ms >= ?3";
pub(super) const UNPARK_CLAIMED: &str = "UPDATE work SET due_ms = ?1 WHERE claimed_by IS NOT NULL AND due_ms >= ?2";

/// The items of an issue.
pub(super) const ITEMS_OF: &str = "SELECT item FROM replicas WHERE instance = ?1 AND issue = ?2";

/// Everything of one poll, webhook or sweep at once: the cursor never passes what is not queued.
pub(super) fn hints(
    connection: &Connection,
    instance: &InstanceId,
    hints: &[Hint],
    newcomers: &[Newcomer],
    cursor: Option<Cursor>,
    due: Timestamp,
) -> StepResult<()> {
    let mut items_of = connection.prepare_cached(ITEMS_OF)?;
    for hint in hints {
        let items: Vec<ItemId> =
            items_of.query_map(params![instance, hint.issue], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for item in items {
            wake(connection, item, hint.urgency, due, &hint.occasion)?;
        }
    }
    for newcomer in newcomers {
        connection
            .prepare_cached(
                "INSERT INTO newcomers (sync, instance, issue, side, first_seen_ms, urgency, occasion)
                 SELECT :sync, :instance, :issue, :side, :first_seen, :urgency, :occasion WHERE NOT EXISTS (SELECT 1 FROM replicas
                     WHERE instance = :instance AND issue = :issue AND sync = :sync)
                 ON CONFLICT (sync, instance, issue) DO UPDATE SET
                     side = excluded.side, urgency = min(urgency, excluded.urgency),
                     occasion = iif(excluded.urgency < urgency, excluded.occasion, occasion)",
            )?
            .execute(named_params! {
                ":sync": newcomer.sync,
                ":instance": newcomer.instance,
                ":issue": newcomer.issue,
                ":side": newcomer.side,
                ":first_seen": Milliseconds(newcomer.first_seen),
                ":urgency": newcomer.urgency,
                ":occasion": encode("an occasion", &newcomer.occasion)?,
            })?;
    }
    if let Some(cursor) = cursor {
        connection
            .prepare_cached(
                "INSERT INTO cursors (instance, updated_ms) VALUES (?1, ?2)
                 ON CONFLICT (instance) DO UPDATE SET updated_ms = max(updated_ms, excluded.updated_ms)",
            )?
            .execute(params![instance, Milliseconds(cursor.updated)])?;
    }
    Ok(())
}

/// Makes an item due at `due`, or leaves it due sooner. The more urgent reason stands, unless the older one is done with.
pub(super) fn wake(
    connection: &Connection,
    item: ItemId,
    urgency: Urgency,
    due: Timestamp,
    occasion: &Occasion,
) -> StepResult<()> {
    connection
        .prepare_cached(
            "UPDATE work SET
                 urgency = CASE WHEN due_ms IS NULL AND claimed_by IS NULL THEN ?2 ELSE min(urgency, ?2) END,
                 due_ms = coalesce(min(due_ms, ?3), ?3),
                 occasion = CASE
                     WHEN occasion IS NULL OR again > 0 THEN ?4
                     WHEN instr(occasion, ?4) > 0 THEN occasion
                     WHEN ?2 < urgency THEN ?4 || ',' || occasion
                     WHEN length(occasion) > ?5 THEN occasion
                     ELSE occasion || ',' || ?4 END,
                 reasons = iif(occasion IS NULL OR again > 0, 1, reasons + 1),
                 again = 0
             WHERE item = ?1",
        )?
        .execute(params![item, urgency, Milliseconds(due), encode("an occasion", occasion)?, ENOUGH])?;
    Ok(())
}

/// Makes all items of a sync due at `due`, as a first copy is.
pub(super) fn wake_sync(
    connection: &Connection,
    sync: &crate::model::ids::SyncId,
    due: Timestamp,
    occasion: &Occasion,
) -> StepResult<()> {
    let mut select = connection.prepare_cached("SELECT id FROM items WHERE sync = ?1")?;
    let items: Vec<ItemId> = select.query_map([sync], |row| row.get(0))?.collect::<Result<_, _>>()?;
    items.into_iter().try_for_each(|item| wake(connection, item, Urgency::Backfill, due, occasion))
}

/// Has what is held back of these items tried again: now, and at once if they are no more than one batch. Of many, what people do
/// meanwhile goes before them.
pub(super) fn ask_again(
    connection: &Connection,
    items: &[ItemId],
    now: Timestamp,
    occasion: &Occasion,
) -> StepResult<()> {
    let urgency = if items.len() > FEW { Urgency::Backfill } else { Urgency::Live };
    for item in items {
        connection
            .prepare_cached("UPDATE work SET asked_ms = ?2 WHERE item = ?1")?
            .execute(params![item, Milliseconds(now)])?;
        wake(connection, *item, urgency, now, occasion)?;
    }
    Ok(())
}

/// Takes due items of the most urgent kind that there is.
pub(super) fn claim(
    connection: &Connection,
    holder: &str,
    now: Timestamp,
    limit: usize,
    least: Urgency,
) -> StepResult<Vec<Claim>> {
    let mut claims = Vec::new();
    for urgency in URGENCIES.into_iter().filter(|urgency| *urgency <= least) {
        if !claims.is_empty() {
            break;
        }
        let items = turns::next(connection, urgency, now, limit)?;
        for item in items {
            claims.extend(take(connection, holder, now, item)?);
        }
    }
    Ok(claims)
}

/// Takes these items if they are free.
pub(super) fn claim_these(
    connection: &Connection,
    holder: &str,
    now: Timestamp,
    items: &[ItemId],
) -> StepResult<Vec<Claim>> {
    let mut claims = Vec::new();
    for item in items {
        claims.extend(take(connection, holder, now, *item)?);
    }
    Ok(claims)
}

fn take(connection: &Connection, holder: &str, now: Timestamp, item: ItemId) -> StepResult<Option<Claim>> {
    let taken = connection
        .prepare_cached(
            "UPDATE work SET claimed_by = ?2, fence = fence + 1, due_ms = NULL WHERE item = ?1 AND claimed_by IS NULL",
        )?
        .execute(params![item, holder])?;
    if taken == 0 {
        return Ok(None);
    }
    match look::claim(connection, item, now) {
        Err(StepError::Domain(StoreError::Unreadable { what, why })) => {
            set_aside(connection, now, item, &format!("The state holds {what} that cannot be read: {why}"))?;
            Ok(None)
        }
        Ok(claim) => {
            // What comes from now on is another reason.
            connection.prepare_cached("UPDATE work SET again = max(again, 1) WHERE item = ?1")?.execute([item])?;
            Ok(claim)
        }
        Err(error) => Err(error),
    }
}

/// One item that cannot be read must not hold up the others: it waits for the next hint, with a problem that says why.
fn set_aside(connection: &Connection, now: Timestamp, item: ItemId, what: &str) -> StepResult<()> {
    connection.prepare_cached("UPDATE work SET claimed_by = NULL WHERE item = ?1")?.execute([item])?;
    let side: Option<SideId> = connection
        .prepare_cached("SELECT side FROM replicas WHERE item = ?1 ORDER BY side LIMIT 1")?
        .query_row([item], |row| row.get(0))
        .optional()?;
    let problem = Problem {
        side: side.unwrap_or_else(|| SideId::from("")),
        field: None,
        what: what.to_owned(),
        remedy: "stop the daemon and put a backup in its place with `jirasyncd state restore`; all other items go on"
            .to_owned(),
        operation: None,
        settles: false,
    };
    let text = encode("a problem", &problem)?;
    connection
        .prepare_cached(
            "INSERT INTO problems (item, since_ms, problem) SELECT ?1, ?2, ?3
             WHERE NOT EXISTS (SELECT 1 FROM problems WHERE item = ?1 AND problem = ?3)",
        )?
        .execute(params![item, Milliseconds(now), text])?;
    Ok(())
}

/// Refuses whoever does not hold the item under its newest fence.
pub(super) fn check_lease(connection: &Connection, item: ItemId, fence: u64) -> StepResult<()> {
    let held = connection
        .prepare_cached("SELECT 1 FROM work WHERE item = ?1 AND fence = ?2 AND claimed_by IS NOT NULL")?
        .exists(params![item, fence.cast_signed()])?;
    if held || is_planted(Bug::LeaseFenceIgnored) { Ok(()) } else { Err(StoreError::Fenced { item }.into()) }
}

/// Gives an item back. A due time that came while it was held stands if it is sooner.
pub(super) fn release(
    connection: &Connection,
    item: ItemId,
    fence: u64,
    due: Option<Timestamp>,
    attempts: u32,
) -> StepResult<()> {
    let released = connection
        .prepare_cached(
            "UPDATE work SET claimed_by = NULL, attempts = ?4, due_ms = coalesce(min(due_ms, ?3), due_ms, ?3),
                 occasion = iif(coalesce(due_ms, ?3) IS NULL, NULL, occasion), again = min(again, 1)
             WHERE item = ?1 AND fence = ?2 AND claimed_by IS NOT NULL",
        )?
        .execute(params![item, fence.cast_signed(), due.map(Milliseconds), attempts])?;
    if released == 0 { Err(StoreError::Fenced { item }.into()) } else { Ok(()) }
}

/// Frees what a dead holder held. It is due at once: nobody knows how far the holder came. So is what was put aside for a pause:
/// if that still holds, it is put aside again.
pub(super) fn free_all(connection: &Connection, now: Timestamp) -> StepResult<Vec<ItemId>> {
    wake_awaited(connection, now)?;
    connection.prepare_cached(FREE)?.execute(params![Milliseconds(now)])?;
    let soon = now.saturating_add(HEARD_OF).unwrap_or(Timestamp::MAX);
    let mut waiting = Vec::new();
    for urgency in URGENCIES {
        let mut select = connection.prepare_cached(WAITING)?;
        let items = select.query_map(params![urgency, Milliseconds(soon)], |row| row.get(0))?;
        waiting.extend(items.collect::<Result<Vec<ItemId>, _>>()?);
    }
    Ok(waiting)
}

/// Makes due what waits for an instance that was away, and what waits for an operator: that is put aside again.
pub(super) fn wake_awaited(connection: &Connection, now: Timestamp) -> StepResult<()> {
    for urgency in URGENCIES {
        connection.prepare_cached(UNPARK)?.execute(params![Milliseconds(now), urgency, Milliseconds(PARKED)])?;
    }
    connection.prepare_cached(UNPARK_CLAIMED)?.execute(params![Milliseconds(now), Milliseconds(PARKED)])?;
    Ok(())
}

/// When the next free item is due that is no less urgent than `least`.
pub(super) fn next_due(connection: &Connection, least: Urgency) -> StepResult<Option<Timestamp>> {
    let mut soonest: Option<Timestamp> = None;
    for urgency in URGENCIES.into_iter().filter(|urgency| *urgency <= least) {
        if let Some(due) = turns::soonest(connection, urgency)? {
            soonest = Some(soonest.map_or(due, |other| other.min(due)));
        }
    }
    Ok(soonest)
}

/// Newcomers not decided yet, of one side or of all, the most urgent first, and of those the oldest.
pub(super) fn newcomers(
    connection: &Connection,
    of: Option<&(crate::model::ids::SyncId, SideId)>,
    limit: usize,
) -> StepResult<Vec<Newcomer>> {
    let mut statement = connection.prepare_cached(
        "SELECT sync, side, instance, issue, first_seen_ms, urgency, occasion FROM newcomers
         WHERE (?2 IS NULL OR sync = ?2) AND (?3 IS NULL OR side = ?3)
         ORDER BY urgency, first_seen_ms, sync, instance, issue LIMIT ?1",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (sync, side) = (of.map(|(sync, _)| sync.as_str()), of.map(|(_, side)| side.as_str()));
    let rows = statement.query_map(params![limit, sync, side], |row| {
        let Milliseconds(first_seen) = row.get(4)?;
        let (sync, side, instance, issue) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let known = row.get::<_, Option<String>>(6)?.and_then(|text| serde_json::from_str(&text).ok());
        let occasion = known.unwrap_or_else(|| Occasion::Poll(InstanceId::clone(&instance)));
        Ok(Newcomer { sync, side, instance, issue, first_seen, urgency: row.get(5)?, occasion })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets newcomers.
pub(super) fn forget_newcomers(connection: &Connection, newcomers: &[Newcomer]) -> StepResult<()> {
    let mut statement =
        connection.prepare_cached("DELETE FROM newcomers WHERE sync = ?1 AND instance = ?2 AND issue = ?3")?;
    for newcomer in newcomers {
        statement.execute(params![newcomer.sync, newcomer.instance, newcomer.issue])?;
    }
    Ok(())
}

/// The issues among `issues` that an item of `sync` holds.
pub(super) fn known(
    connection: &Connection,
    by: &KnownBy,
    instance: &InstanceId,
    issues: &[IssueId],
) -> StepResult<Vec<IssueId>> {
    let mut statement = connection.prepare_cached(match by {
        KnownBy::Sync(_) => "SELECT 1 FROM replicas WHERE instance = ?1 AND issue = ?2 AND sync = ?3",
        KnownBy::ReadSince(_) => {
            r#"SELECT 1 FROM replicas JOIN items ON items.id = replicas.item
               WHERE instance = ?1 AND issue = ?2
                 AND unixepoch(json_extract(state, '$.replicas."' || side || '".updated')) >= ?3
                 AND NOT EXISTS (SELECT 1 FROM intents WHERE intents.item = replicas.item AND settled_ms IS NULL)"#
        }
    })?;
    let mut known = Vec::new();
    for issue in issues {
        let is_known = match by {
            KnownBy::Sync(sync) => statement.exists(params![instance, issue, sync]),
            KnownBy::ReadSince(since) => statement.exists(params![instance, issue, since.as_second()]),
        };
        if is_known? {
            known.push(*issue);
        }
    }
    Ok(known)
}
