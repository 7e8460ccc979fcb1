//! The problems that stand, of items and of whole instances or syncs. Must never restart the age of a problem that was only
//! told again, be it with another number, nor forget that an operator dismissed it; one that is met again is counted.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::columns::{Milliseconds, decode, encode};
use super::past::{self, Ending};
use super::step::StepResult;
use crate::model::cause::cause_of;
use crate::model::command::Operator;
use crate::model::ids::{FieldName, ItemId, SideId, SyncId};
use crate::model::occasion::Brought;
use crate::model::problem::Problem;
use crate::model::store::{Dismissed, StoredProblem};

/// Whose problems they are.
pub(super) enum Owner {
    /// One item's.
    Item(ItemId),
    /// An instance's or a sync's, by its words.
    About(String),
}

/// From now on exactly these stand; those that stood already keep their age, and an item's that are over are kept for explanations. `brought`:
/// what brought up the look that says so.
pub(super) fn replace(
    connection: &Connection,
    owner: &Owner,
    problems: &[Problem],
    now: Timestamp,
    brought: Option<&Brought>,
) -> StepResult<()> {
    let (item, about) = match owner {
        Owner::Item(item) => (Some(*item), None),
        Owner::About(about) => (None, Some(about.as_str())),
    };
    let mut wanted: BTreeSet<&Problem> = BTreeSet::new();
    for problem in problems {
        // The first of those that say the same stays: it may name an operation.
        wanted.insert(problem);
    }
    let mut over = Vec::new();
    for (number, Milliseconds(since), text) in standing(connection, owner)? {
        // One that cannot be read is replaced like one that is over.
        let Ok(stood) = serde_json::from_str::<Problem>(&text) else {
            forget(connection, number)?;
            continue;
        };
        match wanted.take(&stood) {
            Some(again) => met_again(connection, number, &stood, again)?,
            None => over.push(Ending { number, since, problem: stood }),
        }
    }
    // Only now: those that say the very same are each other's.
    for ending in over {
        let alike = wanted.iter().copied().find(|told| is_the_same_thing(&ending.problem, told));
        if let Some(again) = alike {
            wanted.remove(again);
            met_again(connection, ending.number, &ending.problem, again)?;
            continue;
        }
        if let Some(item) = item {
            past::keep(connection, item, &ending, &wanted, (now, brought))?;
        }
        forget(connection, ending.number)?;
    }
    for problem in problems {
        if wanted.remove(problem) {
            let text = encode("a problem", problem)?;
            connection
                .prepare_cached("INSERT INTO problems (item, about, since_ms, problem) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![item, about, Milliseconds(now), text])?;
            log(connection, owner, problem)?;
        }
    }
    Ok(())
}

/// Whether one tells of what another told of, with other keys, numbers or times: how long to wait, which status, how many issues.
fn is_the_same_thing(stood: &Problem, told: &Problem) -> bool {
    // What a cause says of a right that several fields wait for is said without the field; and what is named is another thing by another name.
    (&stood.side, &stood.field) == (&told.side, &told.field)
        && named(&stood.what) == named(&told.what)
        && cause_of(stood) == cause_of(told)
}

/// What a text names: all between backquotes, the id behind the word for what has one, and how many issues of something it tells of.
fn named(what: &str) -> Vec<&str> {
    const WITH_AN_ID: [&str; 6] = ["comment", "worklog", "file", "attachment", "version", "component"];
    let quoted = what.split('`').skip(1).step_by(2);
    let words: Vec<&str> = what.split_whitespace().collect();
    let with_an_id = words.windows(2).filter(|pair| WITH_AN_ID.contains(&pair[0])).map(|pair| pair[1]);
    let counted = words.windows(3).filter(|three| three[1] == "issues" && three[2] == "of").map(|three| three[0]);
    quoted.chain(with_an_id).chain(counted).collect()
}

/// A problem that stood is told as it is now: its age, and that it was dismissed, stay.
fn met_again(connection: &Connection, number: i64, stood: &Problem, again: &Problem) -> StepResult<()> {
    // Another operation may have met it; without one, nothing was tried since.
    let operation = again.operation.or(stood.operation);
    let text = encode("a problem", &Problem { operation, ..again.clone() })?;
    connection
        .prepare_cached("UPDATE problems SET times = times + 1, problem = ?2 WHERE number = ?1")?
        .execute(params![number, text])?;
    Ok(())
}

/// What stands: its row, since when, and what it says.
fn standing(connection: &Connection, owner: &Owner) -> StepResult<Vec<(i64, Milliseconds, String)>> {
    let mut select = match owner {
        Owner::Item(_) => {
            connection.prepare_cached("SELECT number, since_ms, problem FROM problems WHERE item = ?1")?
        }
        Owner::About(_) => {
            connection.prepare_cached("SELECT number, since_ms, problem FROM problems WHERE about = ?1")?
        }
    };
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let standing: Vec<(i64, Milliseconds, String)> = match owner {
        Owner::Item(item) => select.query_map([item], row)?.collect::<Result<_, _>>()?,
        Owner::About(about) => select.query_map([about], row)?.collect::<Result<_, _>>()?,
    };
    Ok(standing)
}

fn forget(connection: &Connection, number: i64) -> StepResult<()> {
    connection.prepare_cached("DELETE FROM problems WHERE number = ?1")?.execute([number])?;
    Ok(())
}

/// Says that a problem stands from now on, but not what: words of people may be in it. Of many alike the log tells one.
fn log(connection: &Connection, owner: &Owner, problem: &Problem) -> StepResult<()> {
    let about = match owner {
        Owner::About(about) => Some(about.clone()),
        Owner::Item(item) => connection
            .prepare_cached(
                "SELECT group_concat(key, ', ' ORDER BY side) FROM replicas WHERE item = ?1 AND key IS NOT NULL",
            )?
            .query_row([*item], |row| row.get(0))?,
    };
    let (side, field) = (&problem.side, problem.field.as_ref().map_or("", FieldName::as_str));
    let (about, cause) = (about.unwrap_or_default(), cause_of(problem));
    tracing::warn!(%side, field, about, %cause, "a problem: `jirasyncd problems` tells what it is");
    Ok(())
}

/// One item's problems, oldest first.
pub(super) fn of_item(connection: &Connection, item: ItemId) -> StepResult<Vec<Problem>> {
    let mut statement =
        connection.prepare_cached("SELECT problem FROM problems WHERE item = ?1 ORDER BY since_ms, number")?;
    let rows = statement.query_map([item], |row| row.get::<_, String>(0))?;
    rows.map(|text| decode(|| format!("a problem of item {item}"), &text?)).collect()
}

/// The items of a sync that have a problem with a field on a side.
pub(super) fn of_field(
    connection: &Connection,
    sync: &SyncId,
    side: &SideId,
    field: &FieldName,
) -> StepResult<BTreeSet<ItemId>> {
    let mut statement = connection.prepare_cached(
        "SELECT problems.item, problem FROM problems JOIN items ON items.id = problems.item WHERE items.sync = ?1",
    )?;
    let rows = statement.query_map([sync], |row| Ok((row.get::<_, ItemId>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = BTreeSet::new();
    for row in rows {
        let (item, text) = row?;
        let problem: Problem = decode(|| format!("a problem of item {item}"), &text)?;
        if &problem.side == side && problem.field.as_ref() == Some(field) {
            found.insert(item);
        }
    }
    Ok(found)
}

/// The standing problems, oldest first; `every`: those too that nobody is to be told of.
pub(super) fn all(connection: &Connection, limit: usize, every: bool) -> StepResult<Vec<StoredProblem>> {
    let mut statement = connection.prepare_cached(
        "SELECT item, coalesce(about, (SELECT group_concat(key, ', ' ORDER BY side) FROM replicas
             WHERE replicas.item = problems.item AND key IS NOT NULL)), problem, since_ms, number,
             dismissed_ms, dismissed_uid, dismissed_user, times
         FROM problems WHERE ?2 OR dismissed_ms IS NULL ORDER BY since_ms, number LIMIT ?1",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![limit, every], |row| {
        let Milliseconds(since) = row.get(3)?;
        let dismissed = match row.get::<_, Option<Milliseconds>>(5)? {
            None => None,
            Some(Milliseconds(at)) => Some(Dismissed { at, by: Operator { uid: row.get(6)?, name: row.get(7)? } }),
        };
        let about: Option<String> = row.get(1)?;
        let (number, item, times) = (row.get::<_, i64>(4)?, row.get::<_, Option<ItemId>>(0)?, row.get::<_, i64>(8)?);
        Ok((number, item, about, row.get::<_, String>(2)?, since, dismissed, times))
    })?;
    rows.map(|row| {
        let (number, item, about, text, since, dismissed, times) = row?;
        // An item none of whose issues was read yet has no key to be called by.
        let about = about.or_else(|| item.map(|item| format!("item {item}"))).unwrap_or_default();
        let problem = decode(|| format!("a problem of {about}"), &text)?;
        let times = u64::try_from(times).unwrap_or(1);
        Ok(StoredProblem { number, item, about, problem, since, times, dismissed })
    })
    .collect()
}

/// Notes that nobody is to be told of these, by row, or that people are again. Those that are over or changed are let be.
pub(super) fn dismiss(connection: &Connection, numbers: &[i64], dismissed: Option<&Dismissed>) -> StepResult<()> {
    let mut update = connection.prepare_cached(
        "UPDATE problems SET dismissed_ms = ?2, dismissed_uid = ?3, dismissed_user = ?4 WHERE number = ?1",
    )?;
    let (at, by) = (dismissed.map(|dismissed| Milliseconds(dismissed.at)), dismissed.map(|dismissed| &dismissed.by));
    for number in numbers {
        update.execute(params![number, at, by.map(|by| by.uid), by.and_then(|by| by.name.as_ref())])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str) -> Problem {
        let (side, what, remedy) = ("globex".into(), what.to_owned(), "mend it".to_owned());
        Problem { side, field: None, what, remedy, operation: None, settles: false }
    }

    #[test]
    fn what_names_something_else_is_another_problem() {
        let same = |one: &str, other: &str| is_the_same_thing(&told(one), &told(other));
        assert!(same("reading 12 issues: told to wait for 300000 ms", "reading 11 issues: told to wait for 299000 ms"));
        assert!(!same("`P1` of field `priority` has no counterpart", "`P2` of field `priority` has no counterpart"));
        assert!(!same("the date of the version `1.2` stands", "the date of the version `1.3` stands"));
        assert!(!same("comment 10100 was not copied", "comment 10200 was not copied"));
        assert!(!same("21 issues of side a went", "500 issues of side a went"));
    }
}
