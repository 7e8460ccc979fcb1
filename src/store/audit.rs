//! The check of a whole state: its pages, what its rows say of each other, and whether what they hold can be read. Must never change
//! anything, and never take a state for whole that it could not read to the end.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::step::{StepError, StepResult};
use crate::model::hub::{Conflict, ItemState};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
use crate::model::operation::{Intent, IntentState};
use crate::model::problem::Problem;

/// As many findings are named; of more only how many there are.
const NAMED: usize = 100;

/// What was found, the first ones by name.
#[derive(Default)]
struct Findings {
    named: Vec<String>,
    more: u64,
}

impl Findings {
    fn add(&mut self, finding: String) {
        if self.named.len() < NAMED {
            self.named.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// What is found in a part that cannot be read to the end: that.
    fn part(&mut self, what: &str, part: impl FnOnce(&mut Self) -> StepResult<()>) {
        match part(self) {
            Ok(()) => {}
            Err(StepError::Sql(error)) => self.add(format!("{what} cannot be read: {error}")),
            Err(StepError::Domain(error)) => self.add(format!("{what} cannot be read: {error}")),
        }
    }
}

/// Reads everything and says what is wrong, line by line; empty when all is well.
pub(super) fn check(connection: &Connection) -> StepResult<Vec<String>> {
    let mut findings = Findings::default();
    findings.part("a page", |findings| {
        pages(connection)?.into_iter().for_each(|finding| findings.add(finding));
        Ok(())
    });
    findings.part("an item", |findings| items(connection, findings));
    findings.part("a bound issue", |findings| strays(connection, findings));
    findings.part("a write", |findings| intents(connection, findings));
    findings.part("a conflict", |findings| texts::<Conflict>(connection, findings, "conflict", "conflicts"));
    findings.part("a problem", |findings| texts::<Problem>(connection, findings, "problem", "problems"));
    findings
        .part("a problem that is over", |findings| texts::<Problem>(connection, findings, "problem", "past_problems"));
    let Findings { mut named, more } = findings;
    if more > 0 {
        named.push(format!("and {more} more"));
    }
    Ok(named)
}

/// What is wrong with the pages, their indexes and the rows that name rows of other tables.
pub(super) fn pages(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut said = lines(connection, "PRAGMA integrity_check", |row| row.get(0))?;
    said.retain(|line: &String| line != "ok");
    if said.is_empty() {
        said = lines(connection, "PRAGMA foreign_key_check", |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            Ok(format!("a row of {table} names a row of {parent} that is not there"))
        })?;
    }
    Ok(said)
}

/// Each item can be read, is what its row says, holds the issues that are bound to it, and has its place in the queue.
fn items(connection: &Connection, findings: &mut Findings) -> StepResult<()> {
    let mut select = connection.prepare(
        "SELECT id, sync, state, merged IS NULL, EXISTS (
             SELECT 1 FROM work WHERE work.item = items.id AND work.sync = items.sync
         ) FROM items ORDER BY id",
    )?;
    let mut bound =
        connection.prepare("SELECT sync, instance, issue, key FROM replicas WHERE item = ?1 AND side = ?2")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (id, sync): (ItemId, SyncId) = (row.get(0)?, row.get(1)?);
        let (state, alive, queued): (String, bool, bool) = (row.get(2)?, row.get(3)?, row.get(4)?);
        if alive != queued {
            let wrong = if alive { "has no place in the queue" } else { "was let be, and has a place in the queue" };
            findings.add(format!("item {id} {wrong}"));
        }
        let item: ItemState = match serde_json::from_str(&state) {
            Ok(item) => item,
            Err(error) => {
                findings.add(format!("item {id} cannot be read: {error}"));
                continue;
            }
        };
        if item.id != id || item.sync != sync {
            findings.add(format!("item {id} of sync {sync} says that it is item {} of sync {}", item.id, item.sync));
        }
        for (side, replica) in &item.replicas {
            let there: Option<(SyncId, InstanceId, IssueId, Option<IssueKey>)> = bound
                .query_row(params![id, side], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .optional()?;
            let Some((of, instance, issue, key)) = there else {
                findings
                    .add(format!("item {id} holds issue {} on side {side}, which is bound to no item", replica.key));
                continue;
            };
            if of != sync || issue != replica.issue || key.as_ref() != Some(&replica.key) {
                let key = key.map_or_else(|| "no key".to_owned(), |key| key.to_string());
                findings.add(format!(
                    "item {id} of sync {sync} holds issue {} ({}) on side {side}; bound to it is {issue} ({key}) of {instance} in sync {of}",
                    replica.issue, replica.key
                ));
            }
        }
    }
    Ok(())
}

/// Each bound issue is bound to an item of its own sync.
fn strays(connection: &Connection, findings: &mut Findings) -> StepResult<()> {
    let mut select = connection.prepare(
        "SELECT replicas.item, side, replicas.sync, instance, issue FROM replicas LEFT JOIN items ON items.id = replicas.item
         WHERE items.id IS NULL OR items.sync <> replicas.sync",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (item, side): (ItemId, SideId) = (row.get(0)?, row.get(1)?);
        let (sync, instance, issue): (SyncId, InstanceId, IssueId) = (row.get(2)?, row.get(3)?, row.get(4)?);
        findings.add(format!(
            "issue {issue} of {instance} (side {side}) is bound to item {item}, which is none of sync {sync}"
        ));
    }
    Ok(())
}

fn intents(connection: &Connection, findings: &mut Findings) -> StepResult<()> {
    let mut select = connection.prepare("SELECT number, item, intent, state FROM intents ORDER BY number")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (number, item): (i64, ItemId) = (row.get(0)?, row.get(1)?);
        let (intent, state): (String, String) = (row.get(2)?, row.get(3)?);
        let read = serde_json::from_str::<Intent>(&intent).and_then(|_| serde_json::from_str::<IntentState>(&state));
        if let Err(error) = read {
            findings.add(format!("write {number} of item {item} cannot be read: {error}"));
        }
    }
    Ok(())
}

/// Each row of a table can be read.
fn texts<T: DeserializeOwned>(
    connection: &Connection,
    findings: &mut Findings,
    what: &str,
    table: &str,
) -> StepResult<()> {
    let mut select = connection.prepare(&format!("SELECT number, {what} FROM {table} ORDER BY number"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (number, text): (i64, String) = (row.get(0)?, row.get(1)?);
        if let Err(error) = serde_json::from_str::<T>(&text) {
            findings.add(format!("{what} {number} cannot be read: {error}"));
        }
    }
    Ok(())
}

fn lines(
    connection: &Connection,
    sql: &str,
    line: impl FnMut(&Row<'_>) -> rusqlite::Result<String>,
) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([], line)?.collect()
}
