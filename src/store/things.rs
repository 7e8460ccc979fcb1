//! Versions and components beside the issues, and the names that we gave to such. Must never forget a name that we may have given:
//! what bears it is not the word of the side where it lies.

use rusqlite::{Connection, params};

use super::columns::{decode, encode};
use super::step::StepResult;
use super::told;
use crate::model::ids::{InstanceId, OperationId, SyncId, ThingId};
use crate::model::operation::{Action, Intent, Thing};
use crate::model::store::StoreError;
use crate::model::things::{MadeThing, ProjectThing};
use crate::model::trail::ThingStep;

/// A thing as its columns hold it.
pub(super) struct ThingColumns {
    id: ThingId,
    thing: &'static str,
    state: String,
}

impl ThingColumns {
    /// The columns of a thing.
    pub(super) fn of(thing: &ProjectThing) -> Result<Self, StoreError> {
        Ok(Self { id: thing.id, thing: thing.thing.word(), state: encode("a version or component", thing)? })
    }
}

/// All of one kind in a sync, in the order of their ids.
pub(super) fn all(connection: &Connection, sync: &SyncId, thing: Thing) -> StepResult<Vec<ProjectThing>> {
    let mut statement =
        connection.prepare_cached("SELECT state FROM things WHERE sync = ?1 AND thing = ?2 ORDER BY id")?;
    let rows = statement.query_map(params![sync, thing.word()], |row| row.get::<_, String>(0))?;
    rows.map(|text| decode(|| format!("a {} of sync {sync}", thing.word()), &text?)).collect()
}

/// Keeps things as they are known now, forgets those that are nowhere any more, keeps the names that are about to be given, and what is told
/// of the writes.
pub(super) fn keep(
    connection: &Connection,
    sync: &SyncId,
    things: &[ThingColumns],
    (over, made): (&[ThingId], &[MadeThing]),
    steps: &[ThingStep],
) -> StepResult<()> {
    for thing in things {
        connection
            .prepare_cached(
                "INSERT INTO things (id, sync, thing, state) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state",
            )?
            .execute(params![thing.id, sync, thing.thing, thing.state])?;
    }
    for id in over {
        connection.prepare_cached("DELETE FROM things WHERE id = ?1")?.execute([id])?;
    }
    made.iter().try_for_each(|made| note_made(connection, made))?;
    told::note(connection, sync, steps)
}

fn note_made(connection: &Connection, made: &MadeThing) -> StepResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO made_things (sync, side, instance, thing, name, for_issue, writes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)
             ON CONFLICT (sync, side, thing, name)
             DO UPDATE SET for_issue = max(for_issue, excluded.for_issue), writes = writes + 1",
        )?
        .execute(params![made.sync, made.side, made.instance, made.thing.word(), made.name, made.for_issue])?;
    Ok(())
}

/// Whether a write that was given up for this reason surely was not carried out: Jira said no (`status`, or that it is not there), or it
/// was not sent. What was in doubt may have been, and what was given up for another reason, too.
pub(super) fn was_not_done(why: &str) -> bool {
    why.starts_with("status ") || why.starts_with("not sent: ") || why == "not there"
}

/// Takes back that an intent which is not settled yet may have given a name: it surely did not. At 0 that name is nobody's of ours.
pub(super) fn withdraw(connection: &Connection, intent: OperationId) -> StepResult<()> {
    let taken = connection
        .prepare_cached(
            "UPDATE made_things SET writes = writes - 1 WHERE (sync, side, thing, name) IN (
                 SELECT items.sync, intents.side, json_extract(intents.intent, '$.operation.action.offer.thing'),
                        json_extract(intents.intent, '$.operation.action.offer.name')
                 FROM intents JOIN items ON items.id = intents.item
                 WHERE intents.id = ?1 AND intents.settled_ms IS NULL)",
        )?
        .execute([intent])?;
    if taken > 0 {
        connection.prepare_cached("DELETE FROM made_things WHERE writes <= 0")?.execute([])?;
    }
    Ok(())
}

/// Keeps the name that an intent is about to give, if it gives one. `instance` is its side's.
pub(super) fn note_offer(connection: &Connection, intent: &Intent, instances: &super::SideInstances) -> StepResult<()> {
    let Action::Offer { thing, name, .. } = &intent.operation.action else { return Ok(()) };
    let sync: SyncId = connection
        .prepare_cached("SELECT sync FROM items WHERE id = ?1")?
        .query_row([intent.item], |row| row.get(0))?;
    let side = intent.operation.side.clone();
    let instance = instances.get(&(sync.clone(), side.clone())).cloned().unwrap_or_else(|| InstanceId::new(""));
    note_made(connection, &MadeThing { sync, side, instance, thing: *thing, name: name.clone(), for_issue: true })
}

/// All names that we gave to things of one kind.
pub(super) fn made(connection: &Connection, thing: Thing) -> StepResult<Vec<MadeThing>> {
    let mut statement = connection.prepare_cached(
        "SELECT sync, side, instance, name, for_issue FROM made_things WHERE thing = ?1 ORDER BY sync, side, name",
    )?;
    let rows = statement.query_map([thing.word()], |row| {
        let (sync, side, instance) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(MadeThing { sync, side, instance, thing, name: row.get(3)?, for_issue: row.get(4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
