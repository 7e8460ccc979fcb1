//! The problems of items that are over, for explanations. Must never be taken for problems that stand, nor be kept of an item without end, nor
//! stand in the way of what is to be recorded.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::{Milliseconds, decode, encode};
use super::step::StepResult;
use super::{SqliteStore, StoreError, journal, told};
use crate::model::cause::cause_of;
use crate::model::command::Operator;
use crate::model::ids::{FieldName, ItemId, SyncId};
use crate::model::occasion::Brought;
use crate::model::problem::Problem;
use crate::model::store::Dismissed;
use crate::model::trail::{HowOver, PastProblem};

/// As many are kept of an item, the newest.
pub(super) const KEPT: i64 = 50;

/// The newest writes of an item among which the one is looked for that ended a problem.
const LOOKED_AT: i64 = 20;

/// A problem that is about to go.
pub(super) struct Ending {
    pub(super) number: i64,
    pub(super) since: Timestamp,
    pub(super) problem: Problem,
}

impl SqliteStore {
    /// The problems of an item that were over after a time, the newest, oldest first.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn past_problems(
        &self,
        item: ItemId,
        since: Timestamp,
        most: usize,
    ) -> Result<Vec<PastProblem>, StoreError> {
        let step = move |connection: &Connection| of_item(connection, item, since, most);
        self.read("list the problems of an item that are over", step).await
    }
}

fn of_item(connection: &Connection, item: ItemId, since: Timestamp, most: usize) -> StepResult<Vec<PastProblem>> {
    let mut statement = connection.prepare_cached(
        "SELECT since_ms, over_ms, times, how, brought, dismissed_ms, dismissed_uid, dismissed_user, problem
         FROM past_problems WHERE item = ?1 AND over_ms >= ?2 ORDER BY number DESC LIMIT ?3",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![item, Milliseconds(since), most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (Milliseconds(since), Milliseconds(over)) = (row.get(0)?, row.get(1)?);
        let (times, how, brought): (i64, String, Option<String>) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let dismissed = match row.get::<_, Option<Milliseconds>>(5)? {
            None => None,
            Some(Milliseconds(at)) => Some(Dismissed { at, by: Operator { uid: row.get(6)?, name: row.get(7)? } }),
        };
        let text: String = row.get(8)?;
        let what = || format!("a problem of item {item} that is over");
        found.push(PastProblem {
            since,
            over,
            times: u64::try_from(times).unwrap_or(1),
            how: decode(what, &how)?,
            // What cannot be read any more is not known.
            brought: brought.and_then(|text| serde_json::from_str(&text).ok()),
            dismissed,
            problem: decode(what, &text)?,
        });
    }
    found.reverse();
    Ok(found)
}

/// Keeps a problem of an item that is over, before its row goes. `new`: what is told of the item instead. `brought`: what brought up the look
/// that found it over.
pub(super) fn keep(
    connection: &Connection,
    item: ItemId,
    ending: &Ending,
    new: &BTreeSet<&Problem>,
    (now, brought): (Timestamp, Option<&Brought>),
) -> StepResult<()> {
    let (how, brought) = how(connection, item, ending, new, brought)?;
    let (how, brought) =
        (encode("how a problem ended", &how)?, brought.map(|brought| encode("an occasion", &brought)).transpose()?);
    connection
        .prepare_cached(
            "INSERT INTO past_problems (item, since_ms, over_ms, times, how, brought, dismissed_ms, dismissed_uid,
                 dismissed_user, problem)
             SELECT item, since_ms, ?2, times, ?3, ?4, dismissed_ms, dismissed_uid, dismissed_user, problem
             FROM problems WHERE number = ?1 AND item IS NOT NULL",
        )?
        .execute(params![ending.number, Milliseconds(now), how, brought])?;
    trim(connection, item)
}

/// How a problem ended, and what brought that about.
fn how(
    connection: &Connection,
    item: ItemId,
    ending: &Ending,
    new: &BTreeSet<&Problem>,
    brought: Option<&Brought>,
) -> StepResult<(HowOver, Option<Brought>)> {
    if new.iter().any(|other| is_instead(&ending.problem, other)) {
        return Ok((HowOver::Reworded, brought.cloned()));
    }
    if let Some(how) = brought.and_then(HowOver::by_command) {
        return Ok((how, brought.cloned()));
    }
    // What an operator had written is seen to be there by a later look.
    let write = newest_write(connection, item, ending)?;
    match write.and_then(|write| Some((HowOver::by_command(&write)?, write))) {
        Some((how, write)) => Ok((how, Some(write))),
        None => Ok((HowOver::ByItself, brought.cloned())),
    }
}

/// Whether one says of the same thing in other words that it is wrong.
fn is_instead(ended: &Problem, new: &Problem) -> bool {
    let of_one_field = ended.field.is_some() && ended.field == new.field;
    ended.side == new.side && (of_one_field || cause_of(ended) == cause_of(new))
}

/// What brought the newest write about that was decided on while a problem stood, and that is of its side and field.
fn newest_write(connection: &Connection, item: ItemId, ending: &Ending) -> StepResult<Option<Brought>> {
    let Ending { since, problem, .. } = ending;
    let mut statement = connection.prepare_cached(told::NEWEST)?;
    let rows = statement.query_map(params![item, LOOKED_AT, Milliseconds(*since)], journal::columns)?;
    let mut newest = None;
    for columns in rows {
        // One that cannot be read is told of where it is needed.
        let Ok(intent) = journal::intent(columns?) else { continue };
        let carries = |field: &FieldName| intent.operation.action.rules().iter().any(|rule| rule == field.as_str());
        let is_of_it = intent.operation.side == problem.side && problem.field.as_ref().is_none_or(carries);
        if intent.opened >= *since && is_of_it {
            newest = intent.brought;
        }
    }
    Ok(newest)
}

/// Nobody works on an item any more: what was wrong with it is told no longer.
pub(super) fn let_be(connection: &Connection, item: ItemId, now: Timestamp) -> StepResult<()> {
    let how = encode("how a problem ended", &HowOver::LetBe)?;
    connection
        .prepare_cached(
            "INSERT INTO past_problems (item, since_ms, over_ms, times, how, dismissed_ms, dismissed_uid,
                 dismissed_user, problem)
             SELECT item, since_ms, ?2, times, ?3, dismissed_ms, dismissed_uid, dismissed_user, problem
             FROM problems WHERE item = ?1 ORDER BY since_ms, number",
        )?
        .execute(params![item, Milliseconds(now), how])?;
    connection.prepare_cached("DELETE FROM problems WHERE item = ?1")?.execute([item])?;
    trim(connection, item)
}

/// The same of all items of a sync.
pub(super) fn let_all_be(connection: &Connection, sync: &SyncId, now: Timestamp) -> StepResult<()> {
    let mut select = connection.prepare_cached(
        "SELECT DISTINCT problems.item FROM problems JOIN items ON items.id = problems.item WHERE items.sync = ?1",
    )?;
    let items: Vec<ItemId> = select.query_map([sync], |row| row.get(0))?.collect::<Result<_, _>>()?;
    items.into_iter().try_for_each(|item| let_be(connection, item, now))
}

/// Forgets what is older than the newest of an item.
fn trim(connection: &Connection, item: ItemId) -> StepResult<()> {
    connection
        .prepare_cached(
            "DELETE FROM past_problems WHERE item = ?1 AND number <= (SELECT number FROM past_problems WHERE item = ?1
             ORDER BY number DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![item, KEPT])?;
    Ok(())
}
