//! The configurations that were accepted. Must never change or forget one.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::Milliseconds;
use super::step::StepResult;
use super::{SqliteStore, StoreError};
use crate::model::configuration::{Existing, KeptConfiguration};
use crate::model::ids::{SideId, SyncId};

const COLUMNS: &str = "number, at_ms, fingerprint, text, existing";

impl SqliteStore {
    /// Keeps a configuration that was accepted, unless the newest one is the same.
    ///
    /// # Errors
    /// The state could not keep it.
    pub async fn keep_configuration(&self, kept: KeptConfiguration) -> Result<(), StoreError> {
        self.write("keep a configuration", move |connection| keep(connection, &kept)).await
    }

    /// The configurations that were accepted, the newest first.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn configurations(&self, limit: usize) -> Result<Vec<KeptConfiguration>, StoreError> {
        self.read("list the configurations", move |connection| newest(connection, limit)).await
    }

    /// One of them.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn configuration(&self, number: u64) -> Result<Option<KeptConfiguration>, StoreError> {
        self.read("read a configuration", move |connection| one(connection, number)).await
    }

    /// How many items have an issue on a side.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn bound_on(&self, sync: &SyncId, side: &SideId) -> Result<u64, StoreError> {
        let (sync, side) = (sync.clone(), side.clone());
        self.read("count the issues of a side", move |connection| bound_on(connection, &sync, &side)).await
    }
}

fn keep(connection: &Connection, kept: &KeptConfiguration) -> StepResult<()> {
    let newest = newest(connection, 1)?;
    if newest.first().is_some_and(|newest| newest.fingerprint == kept.fingerprint) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO configurations (number, at_ms, fingerprint, text, existing) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            kept.number.cast_signed(),
            Milliseconds(kept.at),
            kept.fingerprint,
            kept.text,
            kept.existing.as_str()
        ])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeptConfiguration> {
    let Milliseconds(at) = row.get(1)?;
    let existing: String = row.get(4)?;
    Ok(KeptConfiguration {
        number: row.get::<_, i64>(0)?.cast_unsigned(),
        at,
        fingerprint: row.get(2)?,
        text: row.get(3)?,
        existing: if existing == Existing::FromNow.as_str() { Existing::FromNow } else { Existing::ReMap },
    })
}

fn newest(connection: &Connection, limit: usize) -> StepResult<Vec<KeptConfiguration>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM configurations ORDER BY number DESC LIMIT ?1"))?;
    let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn one(connection: &Connection, number: u64) -> StepResult<Option<KeptConfiguration>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM configurations WHERE number = ?1"))?;
    Ok(statement.query_row([number.cast_signed()], read).optional()?)
}

fn bound_on(connection: &Connection, sync: &SyncId, side: &SideId) -> StepResult<u64> {
    let mut statement = connection.prepare_cached("SELECT count(*) FROM replicas WHERE sync = ?1 AND side = ?2")?;
    Ok(statement.query_row(params![sync, side], |row| row.get::<_, i64>(0))?.cast_unsigned())
}
