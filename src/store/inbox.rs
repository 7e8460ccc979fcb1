//! What webhooks told: an inbox with one row per issue, and the traces of comments. Must never grow beyond its bounds, whatever is
//! sent: what finds no room is told to be sent again.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};

use super::columns::{Milliseconds, decode, encode};
use super::step::StepResult;
use crate::model::ids::{InstanceId, IssueId};
use crate::model::store::{Announced, Announcement, CommentTrace, Waiting};

/// Issues that wait at most, of one instance.
const MOST_WAITING: i64 = 10_000;
/// Traces that are kept at most, of one issue and of one instance. Beyond it the oldest go.
const MOST_TRACES_OF_ISSUE: i64 = 20;
const MOST_TRACES: i64 = 2_000;
/// How long a trace is kept where no item asks for it.
const TRACE_AGE: SignedDuration = SignedDuration::from_hours(24);
/// The longest that a hint waits for more.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(5);

/// Stores what a webhook told. `false`: there is no room for it, and nothing of it was stored.
pub(super) fn announce(connection: &Connection, instance: &InstanceId, told: &Announcement) -> StepResult<bool> {
    let waiting: i64 = connection
        .prepare_cached("SELECT count(*) FROM inbox WHERE instance = ?1")?
        .query_row([instance], |row| row.get(0))?;
    let mut new = 0;
    for issue in &told.issues {
        let known = connection
            .prepare_cached("SELECT 1 FROM inbox WHERE instance = ?1 AND issue = ?2")?
            .exists(params![instance, issue])?;
        new += i64::from(!known);
    }
    if waiting + new > MOST_WAITING {
        return Ok(false);
    }
    let due = told.at.saturating_add(told.debounce.min(LONGEST_WAIT)).unwrap_or(Timestamp::MAX);
    for issue in &told.issues {
        connection
            .prepare_cached(
                "INSERT INTO inbox (instance, issue, number, first_ms, due_ms, hook) VALUES (?1, ?2, 1, ?3, ?4, ?6)
                 ON CONFLICT (instance, issue) DO UPDATE SET number = number + 1,
                     due_ms = max(due_ms, min(excluded.due_ms, first_ms + ?5))",
            )?
            .execute(params![
                instance,
                issue,
                Milliseconds(told.at),
                Milliseconds(due),
                i64::try_from(LONGEST_WAIT.as_millis()).unwrap_or(i64::MAX),
                told.hook,
            ])?;
    }
    if let (Some(trace), Some(issue)) = (&told.trace, told.issues.first()) {
        keep(connection, instance, *issue, trace, told.at)?;
    }
    Ok(true)
}

fn keep(
    connection: &Connection,
    instance: &InstanceId,
    issue: IssueId,
    trace: &CommentTrace,
    at: Timestamp,
) -> StepResult<()> {
    let text = encode("a trace of a comment", trace)?;
    let known = connection
        .prepare_cached("SELECT 1 FROM comment_traces WHERE instance = ?1 AND issue = ?2 AND trace = ?3")?
        .exists(params![instance, issue, text])?;
    if known {
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO comment_traces (instance, issue, told_ms, trace) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![instance, issue, Milliseconds(at), text])?;
    connection
        .prepare_cached(
            "DELETE FROM comment_traces WHERE instance = ?1 AND issue = ?2 AND number <= (SELECT number FROM comment_traces
                 WHERE instance = ?1 AND issue = ?2 ORDER BY number DESC LIMIT 1 OFFSET ?3)",
        )?
        .execute(params![instance, issue, MOST_TRACES_OF_ISSUE])?;
    connection
        .prepare_cached(
            "DELETE FROM comment_traces WHERE number <= (SELECT number FROM comment_traces ORDER BY number DESC LIMIT 1 OFFSET ?1)",
        )?
        .execute([MOST_TRACES])?;
    let old = at.saturating_sub(TRACE_AGE).unwrap_or(Timestamp::MIN);
    connection.prepare_cached("DELETE FROM comment_traces WHERE told_ms < ?1")?.execute([Milliseconds(old)])?;
    Ok(())
}

/// What is due of an instance, the longest waiting first.
pub(super) fn announced(
    connection: &Connection,
    instance: &InstanceId,
    now: Timestamp,
    limit: usize,
) -> StepResult<Vec<Announced>> {
    let mut statement = connection.prepare_cached(
        "SELECT issue, number, hook FROM inbox WHERE instance = ?1 AND due_ms <= ?2 ORDER BY due_ms, issue LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![instance, Milliseconds(now), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(Announced { issue: row.get(0)?, number: row.get(1)?, hook: row.get(2)? })
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next of each instance is due.
pub(super) fn waiting(connection: &Connection) -> StepResult<Vec<Waiting>> {
    let mut statement =
        connection.prepare_cached("SELECT instance, min(due_ms), count(*) FROM inbox GROUP BY instance")?;
    let rows = statement.query_map([], |row| {
        let (Milliseconds(due), issues) = (row.get(1)?, row.get::<_, i64>(2)?);
        Ok(Waiting { instance: row.get(0)?, due, issues: issues.unsigned_abs() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Takes out what was looked after, unless more was told since.
pub(super) fn looked_after(connection: &Connection, instance: &InstanceId, looked: &[Announced]) -> StepResult<()> {
    let mut statement =
        connection.prepare_cached("DELETE FROM inbox WHERE instance = ?1 AND issue = ?2 AND number = ?3")?;
    for announced in looked {
        statement.execute(params![instance, announced.issue, announced.number])?;
    }
    // What was told meanwhile waits anew.
    let mut again =
        connection.prepare_cached("UPDATE inbox SET first_ms = due_ms WHERE instance = ?1 AND issue = ?2")?;
    for announced in looked {
        again.execute(params![instance, announced.issue])?;
    }
    Ok(())
}

/// The traces of an issue's comments, oldest first.
pub(super) fn traces(
    connection: &Connection,
    instance: &InstanceId,
    issue: IssueId,
) -> StepResult<Vec<(i64, CommentTrace)>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, trace FROM comment_traces WHERE instance = ?1 AND issue = ?2 ORDER BY number",
    )?;
    let rows: Vec<(i64, String)> = statement
        .query_map(params![instance, issue], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let read = |(number, text): (i64, String)| Ok((number, decode(|| "a trace of a comment".to_owned(), &text)?));
    rows.into_iter().map(read).collect()
}

/// Forgets traces.
pub(super) fn forget_traces(connection: &Connection, numbers: &[i64]) -> StepResult<()> {
    let mut statement = connection.prepare_cached("DELETE FROM comment_traces WHERE number = ?1")?;
    for number in numbers {
        statement.execute([number])?;
    }
    Ok(())
}
