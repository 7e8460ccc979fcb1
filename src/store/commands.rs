//! What operators did, and what waits because they said so. Must never change or forget what was recorded, nor do half of what a
//! command is.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::{Milliseconds, decode, encode};
use super::pairing::{self, PairColumns, UnpairColumns};
use super::record::{self, MergeColumns};
use super::step::StepResult;
use super::{SideInstances, knowledge, past, problems, queue};
use crate::model::command::{CommandRecord, Effect, Operator, Pause, Target};
use crate::model::ids::{ItemId, SyncId};
use crate::model::occasion::Occasion;
use crate::model::store::{Dismissed, StoreError};

/// An effect as its columns hold it.
pub(super) enum EffectColumns {
    Pause(Pause),
    EndPause(Target),
    Merge(Box<MergeColumns>),
    Pair(Box<PairColumns>),
    Unpair(Box<UnpairColumns>),
    Note(String, String),
    AskAgain(Vec<ItemId>),
    Dismiss(Vec<i64>, Option<Dismissed>),
    LetGo(SyncId),
    TakeUp(SyncId),
}

impl EffectColumns {
    /// The columns of `effect`.
    pub(super) fn of(effect: &Effect, instances: &SideInstances) -> Result<Self, StoreError> {
        Ok(match effect {
            Effect::Pause(pause) => Self::Pause(pause.clone()),
            Effect::EndPause(target) => Self::EndPause(target.clone()),
            Effect::LetGo(sync) => Self::LetGo(sync.clone()),
            Effect::TakeUp(sync) => Self::TakeUp(sync.clone()),
            Effect::Note(name, text) => Self::Note(name.clone(), text.clone()),
            Effect::AskAgain(items) => Self::AskAgain(items.clone()),
            Effect::Dismiss(numbers, dismissed) => Self::Dismiss(numbers.clone(), dismissed.clone()),
            Effect::Merge(merge) => Self::Merge(Box::new(MergeColumns::of(merge, instances)?)),
            Effect::Pair(pair) => Self::Pair(Box::new(PairColumns::of(pair, instances)?)),
            Effect::Unpair(item, fence) => Self::Unpair(Box::new(UnpairColumns::of(item, *fence, instances)?)),
        })
    }
}

/// Carries a command out, and keeps that it was given.
pub(super) fn carry_out(
    connection: &Connection,
    now: Timestamp,
    command: &CommandRecord,
    effects: &[EffectColumns],
) -> StepResult<()> {
    let occasion = Occasion::command(&command.command, &command.by);
    for effect in effects {
        match effect {
            EffectColumns::Pause(pause) => begin_pause(connection, pause)?,
            EffectColumns::EndPause(target) => end_pause(connection, target, now)?,
            EffectColumns::Note(name, text) => knowledge::set_note(connection, name, text)?,
            EffectColumns::AskAgain(items) => queue::ask_again(connection, items, now, &occasion)?,
            EffectColumns::Dismiss(numbers, dismissed) => {
                problems::dismiss(connection, numbers, dismissed.as_ref())?;
            }
            EffectColumns::LetGo(sync) => let_go(connection, sync, now)?,
            EffectColumns::TakeUp(sync) => queue::wake_sync(connection, sync, now, &occasion)?,
            EffectColumns::Merge(merge) => record::merge(connection, now, merge, &occasion)?,
            EffectColumns::Pair(pair) => pairing::pair(connection, now, pair, &occasion)?,
            EffectColumns::Unpair(unpair) => pairing::unpair(connection, now, unpair)?,
        }
    }
    connection
        .prepare_cached("INSERT INTO commands (at_ms, uid, user, command, answer) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            Milliseconds(command.at),
            command.by.uid,
            command.by.name,
            encode("a command", &command.command)?,
            encode("an answer", &command.answer)?,
        ])?;
    Ok(())
}

/// The items of a sync that is ended: nobody is to be told of them, nor are they due.
fn let_go(connection: &Connection, sync: &SyncId, now: Timestamp) -> StepResult<()> {
    past::let_all_be(connection, sync, now)?;
    for ended in [
        "DELETE FROM waiting_creations WHERE sync = ?1",
        "UPDATE work SET due_ms = NULL WHERE item IN (SELECT id FROM items WHERE sync = ?1)",
    ] {
        connection.prepare_cached(ended)?.execute([sync])?;
    }
    Ok(())
}

/// One that holds already keeps its age and whose it is.
fn begin_pause(connection: &Connection, pause: &Pause) -> StepResult<()> {
    connection
        .prepare_cached(
            "INSERT INTO pauses (target, since_ms, uid, user) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (target) DO NOTHING",
        )?
        .execute(params![encode("a pause", &pause.target)?, Milliseconds(pause.since), pause.by.uid, pause.by.name])?;
    Ok(())
}

/// What still waits for another pause is put aside again when it is looked at.
fn end_pause(connection: &Connection, target: &Target, now: Timestamp) -> StepResult<()> {
    connection.prepare_cached("DELETE FROM pauses WHERE target = ?1")?.execute([encode("a pause", target)?])?;
    queue::wake_awaited(connection, now)
}

/// The pauses that hold, the oldest first.
pub(super) fn pauses(connection: &Connection) -> StepResult<Vec<Pause>> {
    let mut statement =
        connection.prepare_cached("SELECT target, since_ms, uid, user FROM pauses ORDER BY since_ms, target")?;
    let rows = statement.query_map([], |row| {
        let Milliseconds(since) = row.get(1)?;
        Ok((row.get::<_, String>(0)?, since, Operator { uid: row.get(2)?, name: row.get(3)? }))
    })?;
    rows.map(|row| {
        let (target, since, by) = row?;
        Ok(Pause { target: decode(|| "a pause".to_owned(), &target)?, since, by })
    })
    .collect()
}

/// The newest commands since `since`, oldest first.
pub(super) fn since(connection: &Connection, since: Option<Timestamp>, limit: usize) -> StepResult<Vec<CommandRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT at_ms, uid, user, command, answer FROM commands WHERE at_ms >= ?1 ORDER BY at_ms DESC, number DESC LIMIT ?2",
    )?;
    let since = Milliseconds(since.unwrap_or(Timestamp::UNIX_EPOCH));
    let rows = statement.query_map(params![since, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        let Milliseconds(at) = row.get(0)?;
        let by = Operator { uid: row.get(1)?, name: row.get(2)? };
        Ok((at, by, row.get::<_, String>(3)?, row.get::<_, String>(4)?))
    })?;
    let mut found: Vec<CommandRecord> = rows
        .map(|row| {
            let (at, by, command, answer) = row?;
            let command = decode(|| "a command".to_owned(), &command)?;
            Ok(CommandRecord { at, by, command, answer: decode(|| "an answer".to_owned(), &answer)? })
        })
        .collect::<StepResult<_>>()?;
    found.reverse();
    Ok(found)
}
