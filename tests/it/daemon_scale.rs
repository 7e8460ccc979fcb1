//! What the daemon does does not grow with the items that it knows: requests, and pages of the state that are read; and no query
//! reads a whole table of items. Must never measure with pages in memory that a larger state would not have there.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::scale::{Cost, Lie, at_rest, grow, hundred_changes, idle_hour};

/// Pages of the state that one change may read at most, on both its sides and however large the state is, where each of its rows and
/// index entries lies on another page.
const MOST_PAGES: u64 = 24;

fn sizes() -> &'static [u64] {
    if std::env::var_os("JIRASYNCD_LONG").is_some() { &[1_000, 100_000, 1_000_000] } else { &[1_000, 6_000] }
}

/// What an idle hour and a hundred changes cost at each size.
async fn at_all_sizes(lie: Lie) -> Vec<(Cost, Cost)> {
    let mut world = at_rest(sizes()[0], lie).await;
    let mut all: Vec<(Cost, Cost)> = Vec::new();
    for items in sizes() {
        if items != &sizes()[0] {
            grow(&mut world, *items, lie).await;
        }
        let found = (idle_hour(&world).await, hundred_changes(&world, &format!("with {items}")).await);
        println!("{items}, {lie:?}: {found:?}");
        all.push(found);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn what_is_done_to_the_newest_does_not_grow_with_the_items() {
    let all = at_all_sizes(Lie::Newest).await;
    let (first_idle, first_changes) = all[0];
    for (idle, changes) in all {
        assert_eq!(idle.calls, first_idle.calls);
        assert!(idle.pages <= first_idle.pages + 3, "{idle:?}, with few {first_idle:?}");
        assert_eq!(changes.calls, first_changes.calls);
        assert!(changes.pages * 10 <= first_changes.pages * 11, "{changes:?}, with few {first_changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_to_any_of_them_reads_a_few_pages_each() {
    let all = at_all_sizes(Lie::Spread).await;
    let (_, first_changes) = all[0];
    for (_, changes) in all {
        assert_eq!(changes.calls, first_changes.calls);
        assert!(changes.pages <= 100 * MOST_PAGES, "{changes:?}, with few {first_changes:?}");
    }
}

/// The tables that grow with the items.
const GROWING: [&str; 10] = [
    "items",
    "work",
    "replicas",
    "intents",
    "acts",
    "conflicts",
    "problems",
    "past_problems",
    "awaits",
    "begun_creations",
];
/// Indexes that hold only what is under way.
const SMALL: [&str; 4] = ["work_due", "work_claimed", "intents_open", "items_merged"];

/// Statements that may read all of a table, and when they run.
const RARE: &[(&str, &str)] = &[
    ("SELECT count(*) FROM ", "figures that a person asked for"),
    ("SELECT number, conflict FROM conflicts ORDER BY number", "a full check of the state that a person asked for"),
    (
        "SELECT number, item, intent, state FROM intents ORDER BY number",
        "a full check of the state that a person asked for",
    ),
    ("SELECT id, sync, state, merged IS NULL, EXISTS", "a full check of the state that a person asked for"),
    (
        "SELECT replicas.item, side, replicas.sync, instance, issue FROM",
        "a full check of the state that a person asked for",
    ),
    ("SELECT (SELECT count(*) FROM items)", "figures that a person asked for"),
    ("SELECT sync, count(*) FROM (SELECT sync, item FROM replicas", "figures that a person asked for"),
    ("SELECT items.sync, count(*) FROM work", "figures that a person asked for"),
    ("SELECT waiting_creations.sync, side, count(*) FROM", "figures that a person asked for"),
    ("SELECT id FROM items WHERE id > ", "a full check, a hundred at a time"),
    ("SELECT id FROM items WHERE sync = ", "all of them are to be looked at"),
    ("SELECT DISTINCT problems.item FROM problems JOIN", "a sync that is ended"),
    ("UPDATE work SET due_ms = NULL WHERE item IN (SELECT id", "a sync that is ended"),
    ("SELECT problems.item, problem FROM problems JOIN", "a way became known: no more than the problems that stand"),
    (
        "SELECT about, json_extract(problem, '$.field') IS NOT NULL",
        "the problems that stand, when figures are asked for",
    ),
    ("SELECT count(*) FROM problems WHERE dismissed_ms IS", "the problems that stand, when figures are asked for"),
    ("SELECT DISTINCT item FROM conflicts", "conflicts that a person has settled"),
    ("SELECT about, coalesce(json_extract(problem", "the problems that stand, when figures are asked for"),
    ("SELECT item, coalesce(about,", "problems that a person asked for, as many as were asked for"),
];

/// The SQL in the store's sources.
fn statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    // What two statements share.
    let look = std::fs::read_to_string(folder.join("look.rs")).unwrap();
    let (_, shared) = look.split_once("STANDS_OPEN: &str = r#\"").unwrap();
    let (shared, _) = shared.split_once("\"#").unwrap();
    let mut found = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_sql = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "rs") && !file.ends_with("tests.rs");
    for file in files.into_iter().filter(is_sql) {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("r#\"", "\u{1}").replace("\"#", "\u{1}");
        // Between raw quotes there are quotes of SQL.
        for (at, part) in text.split('\u{1}').enumerate() {
            let literals: Vec<&str> =
                if at % 2 == 1 { vec![part] } else { part.split('"').skip(1).step_by(2).collect() };
            let sql = literals.into_iter().map(str::trim_start).filter(|literal| {
                ["SELECT ", "UPDATE ", "DELETE ", "INSERT "].iter().any(|word| literal.starts_with(word))
            });
            // What is read of either of two tables, whole, when a person asks for it.
            let either =
                |sql: &str| sql.replace("SELECT number, {what} FROM {table}", "SELECT number, conflict FROM conflicts");
            found.extend(sql.map(|sql| {
                either(sql).replace("{COLUMNS}", "*").replace("{table}", "work").replace("{STANDS_OPEN}", shared)
            }));
        }
    }
    found
}

#[test]
fn no_query_of_daily_work_reads_a_whole_table() {
    let connection = Connection::open_in_memory().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
    let mut upgrades: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    upgrades.sort();
    for upgrade in upgrades {
        connection.execute_batch(&std::fs::read_to_string(upgrade).unwrap()).unwrap();
    }
    let all = statements();
    let (mut left_out, mut whole) = (Vec::new(), Vec::new());
    for sql in &all {
        let mut explain = match connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) {
            Ok(explain) => explain,
            Err(error) => {
                left_out.push(format!("{error}: {sql}"));
                continue;
            }
        };
        let nothing = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, explain.parameter_count()));
        let steps: Vec<String> =
            explain.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        let scans = |step: &String| {
            let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
            let small = SMALL.iter().any(|index| step.contains(&format!("INDEX {index}")));
            table.is_some_and(|table| GROWING.contains(&table)) && !small
        };
        if steps.iter().any(scans) && !RARE.iter().any(|(rare, _)| sql.starts_with(rare)) {
            whole.push(format!("{}\n    {}", sql.split_whitespace().collect::<Vec<_>>().join(" "), steps.join("; ")));
        }
    }
    assert!(all.len() > 100 && left_out.is_empty(), "of {} these were not planned: {left_out:#?}", all.len());
    assert!(whole.is_empty(), "these read a whole table:\n{}", whole.join("\n"));
}
