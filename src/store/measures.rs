//! Figures for those who measure: the queue, the writes without an outcome, the problems. Must never change anything, and never name an
//! issue.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::columns::Milliseconds;
use super::look::STANDS_OPEN;
use super::step::StepResult;
use crate::model::command::PARKED;
use crate::model::ids::{SideId, SyncId};
use crate::model::problem::DUPLICATE;
use crate::model::store::StoreError;

/// The queue of one sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFigures {
    /// The sync.
    pub sync: SyncId,
    /// Items that are due and that nobody works on.
    pub due: u64,
    /// Since when the first of them is.
    pub oldest: Option<Timestamp>,
    /// Items that are worked on.
    pub claimed: u64,
    /// Items that are due later.
    pub later: u64,
    /// Items that wait for a pause to end, or for an instance that is away for long.
    pub waiting: u64,
}

impl QueueFigures {
    /// That of a sync of which nothing is to be done: the state says nothing of it.
    #[must_use]
    pub fn at_rest(sync: &SyncId) -> Self {
        Self { sync: sync.clone(), due: 0, oldest: None, claimed: 0, later: 0, waiting: 0 }
    }
}

/// The writes to one side whose outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWrites {
    /// The sync.
    pub sync: SyncId,
    /// The side.
    pub side: SideId,
    /// How many.
    pub count: u64,
    /// When the first was opened.
    pub oldest: Timestamp,
}

/// What a state can tell at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateMeasures {
    /// By sync.
    pub queues: Vec<QueueFigures>,
    /// By sync and side; those of issues that are confirmed to be gone are waited for by nobody.
    pub writes: Vec<OpenWrites>,
    /// The problems that stand and were not dismissed, by what they are about.
    pub problems: BTreeMap<&'static str, u64>,
    /// What is wrong with whole instances and syncs, dismissed or not, by what it is filed under.
    pub apart: Vec<(String, String)>,
}

/// Problems of whole instances and syncs that are told.
const MOST_APART: i64 = 1_000;

/// What problems are about, as [`StateMeasures::problems`] tells it, and how such are filed.
pub const PROBLEM_KINDS: [(&str, &str); 11] = [
    ("instance", "instance "),
    ("sync", "sync "),
    ("creations", "creations of sync "),
    ("detached", "detached sync "),
    ("things", "versions and components of "),
    ("pairing", "pairing "),
    ("duplicate", DUPLICATE),
    ("twin", "second daemon of sync "),
    ("field", ""),
    ("issue", ""),
    ("other", ""),
];

impl SqliteStore {
    /// Figures for those who measure.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn measures(&self, now: Timestamp) -> Result<StateMeasures, StoreError> {
        let measure = move |connection: &Connection| {
            Ok(StateMeasures {
                queues: queues(connection, now)?,
                writes: writes(connection)?,
                problems: problems(connection)?,
                apart: apart(connection)?,
            })
        };
        self.read("measure", measure).await
    }
}

fn queues(connection: &Connection, now: Timestamp) -> StepResult<Vec<QueueFigures>> {
    let mut statement = connection.prepare_cached(
        "SELECT sync, count(*) FILTER (WHERE claimed_by IS NULL AND due_ms <= ?1),
                min(due_ms) FILTER (WHERE claimed_by IS NULL AND due_ms <= ?1),
                count(*) FILTER (WHERE claimed_by IS NOT NULL),
                count(*) FILTER (WHERE claimed_by IS NULL AND due_ms > ?1 AND due_ms < ?2),
                count(*) FILTER (WHERE claimed_by IS NULL AND due_ms >= ?2)
         FROM (SELECT sync, due_ms, claimed_by FROM work WHERE claimed_by IS NOT NULL
               UNION ALL
               SELECT sync, due_ms, claimed_by FROM work WHERE claimed_by IS NULL AND due_ms IS NOT NULL)
         GROUP BY sync ORDER BY sync",
    )?;
    let rows = statement.query_map(params![Milliseconds(now), Milliseconds(PARKED)], |row| {
        let count = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let oldest: Option<Milliseconds> = row.get(2)?;
        Ok(QueueFigures {
            sync: row.get(0)?,
            due: count(1)?,
            oldest: oldest.map(|Milliseconds(at)| at),
            claimed: count(3)?,
            later: count(4)?,
            waiting: count(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn writes(connection: &Connection) -> StepResult<Vec<OpenWrites>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT items.sync, intents.side, count(*), min(intents.opened_ms) FROM {STANDS_OPEN} GROUP BY 1, 2 ORDER BY 1, 2"
    ))?;
    let rows = statement.query_map([], |row| {
        let (count, Milliseconds(oldest)) = (row.get::<_, i64>(2)?.cast_unsigned(), row.get(3)?);
        Ok(OpenWrites { sync: row.get(0)?, side: row.get(1)?, count, oldest })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn problems(connection: &Connection) -> StepResult<BTreeMap<&'static str, u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT about, json_extract(problem, '$.field') IS NOT NULL, count(*) FROM problems
         WHERE dismissed_ms IS NULL GROUP BY 1, 2",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, Option<String>>(0)?, row.get(1)?, row.get::<_, i64>(2)?)))?;
    let mut found: BTreeMap<&'static str, u64> = BTreeMap::new();
    for row in rows {
        let (about, of_a_field, count) = row?;
        *found.entry(kind_of(about.as_deref(), of_a_field)).or_default() += count.cast_unsigned();
    }
    Ok(found)
}

/// Those of no issue, the oldest first.
fn apart(connection: &Connection) -> StepResult<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT about, coalesce(json_extract(problem, '$.what'), '') FROM problems
         WHERE about GLOB 'instance *' OR about GLOB 'sync *' OR about GLOB '* sync *' ORDER BY since_ms, number LIMIT ?1",
    )?;
    let rows = statement.query_map([MOST_APART], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kind_of(about: Option<&str>, of_a_field: bool) -> &'static str {
    let Some(about) = about else { return if of_a_field { "field" } else { "issue" } };
    let filed = PROBLEM_KINDS.iter().find(|(_, filed)| !filed.is_empty() && about.starts_with(filed));
    filed.map_or("other", |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{InstanceId, IssueId};
    use crate::model::problem::{duplicate, unpaired};

    #[test]
    fn a_problem_is_told_by_what_it_is_about_and_never_by_its_issue() {
        let acme = InstanceId::from("acme");
        assert_eq!(kind_of(None, true), "field");
        assert_eq!(kind_of(None, false), "issue");
        assert_eq!(kind_of(Some("instance acme"), false), "instance");
        assert_eq!(kind_of(Some("sync support"), false), "sync");
        assert_eq!(kind_of(Some(&duplicate(&acme, IssueId(7))), false), "duplicate");
        assert_eq!(kind_of(Some(&unpaired(&acme, IssueId(7))), true), "pairing");
        assert_eq!(kind_of(Some("whatever comes later"), false), "other");
    }
}
