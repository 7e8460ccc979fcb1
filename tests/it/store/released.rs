//! A stored database of each schema that was ever released, brought up to the newest. Must never be made by the code that is tested: what was
//! stored once is not written again. `UPDATE=1` stores one for a schema that has none yet. Nothing was released before 0.1, so the first seven were all
//! stored by the code of the seventh: what they hold was written down by it, and only their tables and columns are those of their time. A quiet
//! life fills few tables; the rows of the others were written by hand, long after: `released_rows` says which. Beside that of the quiet life stands
//! one of a livelier life (`released_desk`), from the schema on that was the newest when it was thought of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jirasyncd::model::store::Store as _;
use jirasyncd::store::{Page, Spawn, SqliteStore};
use rusqlite::Connection;

use super::super::daemon_restored::{ACME, carrying, create, edit, say};
use super::super::daemon_support::{World as Jiras, two};
use super::released_desk;
use super::support::{dependencies, hand_clock};

/// As `store::schema` writes it into the header.
const APPLICATION_ID: u32 = 0x4A53_5944;

pub(super) fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, dependencies(Spawn::Inline, &hand_clock())).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/store/released")
}

/// The newest schema that was stored. Each from 1 on was.
pub(super) fn newest() -> usize {
    migrations().len()
}

/// A life whose state was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// [`lived`].
    Quiet,
    /// [`released_desk::lived`].
    AtADesk,
}

impl Life {
    const ALL: [Self; 2] = [Self::Quiet, Self::AtADesk];

    /// The schemas that a state of it was stored of.
    pub(super) fn schemas(self) -> RangeInclusive<usize> {
        match self {
            Self::Quiet => 1..=newest(),
            Self::AtADesk => released_desk::FIRST_SCHEMA..=newest(),
        }
    }

    fn file(self, version: usize) -> PathBuf {
        folder().join(match self {
            Self::Quiet => format!("{version:04}.sql"),
            Self::AtADesk => format!("{version:04}-desk.sql"),
        })
    }
}

/// Makes the stored database of a schema at `path`, where nothing is, as a daemon of that time left it.
pub(super) fn old_state(version: usize, path: &Path) -> Connection {
    old_state_of(Life::Quiet, version, path)
}

/// The same of one of the lives.
pub(super) fn old_state_of(life: Life, version: usize, path: &Path) -> Connection {
    let stored = life.file(version);
    let stored = fs::read_to_string(&stored).unwrap_or_else(|error| panic!("{stored:?}: {error}; UPDATE=1 stores it"));
    let old = Connection::open(path).unwrap();
    // All at once: each statement by itself would wait for the disk.
    old.execute_batch(&format!("BEGIN;\n{stored}\nCOMMIT;")).unwrap();
    old.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    old
}

/// The upgrades as they stand, in order.
fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

pub(super) fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    texts(connection, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"))
}

pub(super) fn tables(connection: &Connection) -> Vec<String> {
    texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
}

/// What a database holds, as SQL that makes it again.
fn dump(connection: &Connection, from: &Connection) -> String {
    let mut text = String::new();
    let made = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let (triggers, rest): (Vec<String>, Vec<String>) =
        texts(connection, made).into_iter().partition(|sql| sql.starts_with("CREATE TRIGGER"));
    for sql in rest {
        writeln!(text, "{sql};").unwrap();
    }
    for table in tables(connection) {
        let columns = columns(connection, &table);
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let sql = format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ', ' || "));
        for row in texts(from, &sql) {
            writeln!(text, "INSERT INTO {table} ({}) VALUES ({row});", columns.join(", ")).unwrap();
        }
    }
    for sql in triggers {
        writeln!(text, "{sql};").unwrap();
    }
    text
}

/// A state in which something of most happened, by the code as it is.
pub(super) async fn lived() -> (Jiras, Connection) {
    let mut world = Jiras::new(&carrying(&two()), |_| {}).await;
    create(&world, ACME, "First");
    create(&world, ACME, "Second");
    world.settle().await;
    say(&world, ACME, "First", "Early");
    edit(&world, ACME, "Second", serde_json::json!({ "summary": "Second, edited" }));
    world.settle().await;
    world.daemon = None;
    let connection = Connection::open(world.state()).unwrap();
    (world, connection)
}

async fn store_what_is_missing() {
    fs::create_dir_all(folder()).unwrap();
    let (_quiet_world, quiet) = lived().await;
    let (_desk_world, at_a_desk) = released_desk::lived().await;
    let all = migrations();
    for (life, lived) in [(Life::Quiet, &quiet), (Life::AtADesk, &at_a_desk)] {
        for version in life.schemas() {
            let file = life.file(version);
            if file.exists() {
                continue;
            }
            let old = Connection::open_in_memory().unwrap();
            for sql in &all[..version] {
                old.execute_batch(sql).unwrap();
            }
            fs::write(file, dump(&old, lived)).unwrap();
        }
    }
}

/// Tables, indices and triggers with their columns, as SQLite sees them.
fn shape(path: &Path) -> BTreeMap<String, String> {
    let connection = Connection::open(path).unwrap();
    let named = "SELECT type || ' ' || name || ' on ' || tbl_name FROM sqlite_schema";
    let mut shape: BTreeMap<String, String> =
        texts(&connection, named).into_iter().map(|name| (name, String::new())).collect();
    for table in tables(&connection) {
        let columns =
            format!("SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk FROM pragma_table_info('{table}')");
        shape.insert(format!("columns of {table}"), texts(&connection, &columns).join(", "));
    }
    shape
}

#[tokio::test(start_paused = true)]
async fn a_stored_database_of_each_schema_is_brought_up() {
    if std::env::var_os("UPDATE").is_some() {
        store_what_is_missing().await;
    }
    let fresh = tempfile::tempdir().unwrap();
    let newest = fresh.path().join("state.db");
    drop(open(&newest));
    let newest = shape(&newest);
    for life in Life::ALL {
        for version in life.schemas() {
            is_brought_up(life, version, &newest).await;
        }
    }
}

async fn is_brought_up(life: Life, version: usize, newest: &BTreeMap<String, String>) {
    let place = format!("{life:?}, schema {version}");
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("state.db");
    let old = old_state_of(life, version, &path);
    let count = |connection: &Connection, table: &str| -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let before: BTreeMap<String, i64> =
        tables(&old).into_iter().map(|table| (table.clone(), count(&old, &table))).collect();
    assert!(before["items"] >= 2 && before["intents"] > 5, "{place}: {before:?}");
    let key: Vec<u8> = old.query_row("SELECT seal_key FROM identity", [], |row| row.get(0)).unwrap();
    drop(old);
    let store = open(&path);
    assert_eq!(store.identity().await.unwrap().seal_key.to_vec(), key, "{place}");
    let ids = store.item_ids(None, 100).await.unwrap();
    assert_eq!(i64::try_from(ids.len()).unwrap(), before["items"]);
    for id in ids {
        let item = store.item(id).await.unwrap().unwrap();
        assert_eq!(item.replicas.len(), 2, "{place}: {item:?}");
        assert!(item.replicas.values().all(|replica| replica.observed), "{place}");
        for replica in item.replicas.values() {
            assert_eq!(store.items_by_key(&replica.key).await.unwrap(), [id]);
        }
    }
    // What was written then is told as well, as far as it was kept.
    let all = Page::since(jiff::Timestamp::MIN);
    let (left, _) = store.left_for(&"globex".into(), None, all, 100).await.unwrap();
    let kinds: Vec<&str> = left.iter().map(|left| left.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "create").count(), 2, "{place}: {kinds:?}");
    let told =
        left.iter().filter(|left| left.request.is_some() && left.authors.iter().any(|who| who.account.is_some()));
    assert_eq!(told.count() > 0, version > 9, "{place}: {left:?}");
    assert_eq!(store.check().await, Vec::<String>::new(), "{place}");
    assert!(store.cursor(&"acme".into()).await.unwrap().is_some());
    drop(store);
    assert_eq!(&shape(&path), newest, "{place}");
    let now = Connection::open(&path).unwrap();
    for (table, rows) in before {
        assert!(count(&now, &table) >= rows, "{place}: rows of {table} went");
    }
    drop(now);
    assert!(SqliteStore::read_only(&path).is_ok());
}

#[test]
fn what_was_released_is_what_the_upgrades_make() {
    let old = Connection::open_in_memory().unwrap();
    for (version, sql) in (1_usize..).zip(migrations()) {
        old.execute_batch(&sql).unwrap();
        for life in Life::ALL.into_iter().filter(|life| life.schemas().contains(&version)) {
            let stored = fs::read_to_string(life.file(version)).unwrap_or_default();
            let made = Connection::open_in_memory().unwrap();
            made.execute_batch(&stored).unwrap();
            let all = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name";
            assert_eq!(texts(&old, all), texts(&made, all), "schema {version} was changed after it was released");
        }
    }
}
