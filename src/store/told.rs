//! What the state tells of an item's writes to whoever asks why. Must never change it.

use rusqlite::{Connection, params};

use super::columns::Milliseconds;
use super::journal;
use super::step::StepResult;
use super::{SqliteStore, StoreError};
use crate::model::ids::ItemId;
use crate::model::operation::Told;

/// The newest of an item's writes, each by an index: those without an outcome yet, and so many of the others.
pub(super) const NEWEST: &str = "SELECT intent, state, searches, settled_ms FROM intents WHERE number IN (
        SELECT number FROM intents WHERE item = ?1 AND settled_ms IS NULL
        UNION ALL
        SELECT number FROM (SELECT number FROM intents WHERE item = ?1 AND settled_ms IS NOT NULL
            ORDER BY settled_ms DESC, number DESC LIMIT ?2)
    ) ORDER BY number";

impl SqliteStore {
    /// An item's writes in the order they were decided on: all without an outcome yet, and at most so many of the others, the newest.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn told(&self, item: ItemId, most: usize) -> Result<Vec<Told>, StoreError> {
        self.read("list the writes of an item", move |connection| told(connection, item, most)).await
    }
}

fn told(connection: &Connection, item: ItemId, most: usize) -> StepResult<Vec<Told>> {
    let mut statement = connection.prepare_cached(NEWEST)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![item, most], |row| {
        let settled: Option<Milliseconds> = row.get(3)?;
        Ok((journal::columns(row)?, settled.map(|settled| settled.0)))
    })?;
    rows.map(|row| {
        let (columns, settled) = row?;
        Ok(Told { intent: journal::intent(columns)?, settled })
    })
    .collect()
}
