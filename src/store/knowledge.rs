//! What belongs to the state as a whole: who it is, how far each instance was polled, learnt ways, notes. Must never make a
//! second identity for a state: every mark in every Jira is sealed under the first one's key.

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::Milliseconds;
use super::step::StepResult;
use crate::clock::Entropy;
use crate::model::catalog::Workflow;
use crate::model::ids::InstanceId;
use crate::model::store::{Cursor, StateIdentity};

/// Who this state is, if it was asked before.
pub(super) fn identity(connection: &Connection) -> StepResult<Option<StateIdentity>> {
    Ok(connection
        .prepare_cached("SELECT daemon, seal_key FROM identity")?
        .query_row([], |row| Ok(StateIdentity { daemon: row.get(0)?, seal_key: row.get(1)? }))
        .optional()?)
}

/// Who this state is; made when first asked.
pub(super) fn identity_or_new(connection: &Connection, entropy: &dyn Entropy) -> StepResult<StateIdentity> {
    if let Some(identity) = identity(connection)? {
        return Ok(identity);
    }
    let mut seal_key = [0; 32];
    let daemon = format!("{:032x}", entropy.next_u128());
    entropy.fill(&mut seal_key);
    connection
        .prepare_cached("INSERT INTO identity (only, daemon, seal_key) VALUES (1, ?1, ?2)")?
        .execute(params![daemon, seal_key])?;
    Ok(StateIdentity { daemon, seal_key })
}

/// Makes the state that of a daemon whose key is known. One that has an identity refuses another.
pub(super) fn adopt(connection: &Connection, identity: &StateIdentity) -> StepResult<()> {
    connection
        .prepare_cached("INSERT INTO identity (only, daemon, seal_key) VALUES (1, ?1, ?2)")?
        .execute(params![identity.daemon, identity.seal_key])?;
    Ok(())
}

/// How far `instance` was polled.
pub(super) fn cursor(connection: &Connection, instance: &InstanceId) -> StepResult<Option<Cursor>> {
    Ok(connection
        .prepare_cached("SELECT updated_ms FROM cursors WHERE instance = ?1")?
        .query_row([instance], |row| row.get(0).map(|Milliseconds(updated)| Cursor { updated }))
        .optional()?)
}

/// The ways learnt on a project.
pub(super) fn workflow(connection: &Connection, instance: &InstanceId, project: &str) -> StepResult<Workflow> {
    let mut statement = connection
        .prepare_cached("SELECT issue_type, from_status, to_status FROM ways WHERE instance = ?1 AND project = ?2")?;
    let mut rows = statement.query(params![instance, project])?;
    let mut workflow = Workflow::default();
    while let Some(row) = rows.next()? {
        let (issue_type, from, to): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        workflow.learn(&issue_type, &from, &to);
    }
    Ok(workflow)
}

/// Keeps ways learnt.
pub(super) fn learn_ways(
    connection: &Connection,
    instance: &InstanceId,
    project: &str,
    ways: &[(String, String, String)],
) -> StepResult<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO ways (instance, project, issue_type, from_status, to_status) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?;
    for (issue_type, from, to) in ways {
        statement.execute(params![instance, project, issue_type, from, to])?;
    }
    Ok(())
}

/// A small value by name.
pub(super) fn note(connection: &Connection, name: &str) -> StepResult<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT value FROM notes WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Keeps a small value by name.
pub(super) fn set_note(connection: &Connection, name: &str, value: &str) -> StepResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO notes (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute([name, value])?;
    Ok(())
}
