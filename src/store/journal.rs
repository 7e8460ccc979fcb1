//! The journal of intents, which is also the ledger of everything we ever wrote. Must never drop an intent: the tag of an old
//! write may turn up years later.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{Milliseconds, decode, encode};
use super::queue::check_lease;
use super::step::StepResult;
use super::things;
use crate::model::ids::{ItemId, OperationId};
use crate::model::operation::{Intent, IntentState};
use crate::model::store::StoreError;

/// How long after it was settled an intent still comes with its item's claim. A write that lands later than this is still
/// found by its id.
const SETTLED_HORIZON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Most settled intents that come with a claim, the newest: bounds an item that is edited without end.
const MOST_SETTLED: i64 = 50;

const COLUMNS: &str = "intent, state, searches";

/// An intent as its columns hold it.
pub(super) struct Entry {
    id: OperationId,
    state: String,
    settled: bool,
    intent: String,
}

impl Entry {
    /// The columns of `intent`.
    pub(super) fn of(intent: &Intent) -> Result<Self, StoreError> {
        Ok(Self {
            id: intent.id,
            state: encode("an intent", &intent.state)?,
            settled: intent.state.is_settled(),
            intent: encode("an intent", intent)?,
        })
    }
}

/// A move of an intent as its columns hold it.
pub(super) struct Move {
    id: OperationId,
    state: String,
    settled: bool,
    /// It surely was not carried out.
    not_done: bool,
}

impl Move {
    /// The columns of a move.
    pub(super) fn of((id, state): &(OperationId, IntentState)) -> Result<Self, StoreError> {
        let not_done = matches!(state, IntentState::Void(why) if things::was_not_done(why));
        Ok(Self { id: *id, state: encode("an intent", state)?, settled: state.is_settled(), not_done })
    }
}

/// Writes intents down, under the lease on their items.
pub(super) fn open(
    connection: &Connection,
    fence: u64,
    now: Timestamp,
    intents: &[(Intent, Entry)],
    instances: &super::SideInstances,
) -> StepResult<()> {
    let mut checked: Option<ItemId> = None;
    for (intent, entry) in intents {
        if checked != Some(intent.item) {
            check_lease(connection, intent.item, fence)?;
            checked = Some(intent.item);
        }
        connection
            .prepare_cached(
                "INSERT INTO intents (id, item, side, issue, state, searches, opened_ms, settled_ms, intent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                entry.id,
                intent.item,
                intent.operation.side,
                intent.issue,
                entry.state,
                intent.searches,
                Milliseconds(intent.opened),
                entry.settled.then_some(Milliseconds(now)),
                entry.intent,
            ])?;
        things::note_offer(connection, intent, instances)?;
    }
    Ok(())
}

/// Moves intents to states that the fold gave.
pub(super) fn advance(connection: &Connection, now: Timestamp, moves: &[Move]) -> StepResult<()> {
    let mut statement = connection.prepare_cached("UPDATE intents SET state = ?2, settled_ms = ?3 WHERE id = ?1")?;
    for step in moves {
        if step.not_done {
            things::withdraw(connection, step.id)?;
        }
        let settled = step.settled.then_some(Milliseconds(now));
        let moved = statement.execute(params![step.id, step.state, settled])?;
        if moved == 0 {
            return Err(unknown(step.id).into());
        }
    }
    Ok(())
}

/// Counts one more fruitless search.
pub(super) fn count_search(connection: &Connection, operation: OperationId) -> StepResult<()> {
    let counted =
        connection.prepare_cached("UPDATE intents SET searches = searches + 1 WHERE id = ?1")?.execute([operation])?;
    if counted == 0 { Err(unknown(operation).into()) } else { Ok(()) }
}

fn unknown(operation: OperationId) -> StoreError {
    StoreError::Database {
        attempt: "move an intent",
        source: format!("no intent {operation} was ever opened in this state").into(),
    }
}

/// One intent, however old.
pub(super) fn find(connection: &Connection, operation: OperationId) -> StepResult<Option<Intent>> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM intents WHERE id = ?1"))?
        .query_row([operation], columns)
        .optional()?;
    found.map(intent).transpose()
}

/// Its states are those of `IntentState::may_land_yet`, written as the index on them has them.
pub(super) const OF_ITEM: &str = r#"SELECT intent, state, searches FROM intents WHERE number IN (
        SELECT number FROM intents WHERE item = ?1 AND settled_ms IS NULL
        UNION ALL
        SELECT number FROM (SELECT number FROM intents WHERE item = ?1 AND settled_ms >= ?2
            ORDER BY settled_ms DESC, number DESC LIMIT ?3)
        UNION ALL
        SELECT number FROM (SELECT number FROM intents WHERE item = ?1
            AND state IN ('{"void":"nothing of ours there is what was sent"}', '{"void":"no file of ours there is what was sent"}',
                '{"void":"no link there is what was sent"}')
            ORDER BY number DESC LIMIT ?3)
    ) ORDER BY number"#;

/// The item's intents that are not settled, the recently settled ones, and the newest copies and links that were given up, however long ago: in the
/// order they were opened.
pub(super) fn of_item(connection: &Connection, item: ItemId, now: Timestamp) -> StepResult<Vec<Intent>> {
    let since = now.saturating_sub(SETTLED_HORIZON).unwrap_or(Timestamp::MIN);
    let mut statement = connection.prepare_cached(OF_ITEM)?;
    let rows = statement.query_map(params![item, Milliseconds(since), MOST_SETTLED], columns)?;
    rows.map(|row| intent(row?)).collect()
}

pub(super) type Columns = (String, String, u32);

pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// What moves is kept beside the intent and wins over what was true when it was opened.
pub(super) fn intent((text, state, searches): Columns) -> StepResult<Intent> {
    let mut intent: Intent = decode(|| "an intent".to_owned(), &text)?;
    intent.state = decode(|| format!("the state of intent {}", intent.id), &state)?;
    intent.searches = searches;
    Ok(intent)
}
