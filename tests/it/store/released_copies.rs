//! States and backups of each released schema that are not brought up yet: what may be done with them is done, and what may not is refused by
//! words that say what to do. Must never bring one up but by a start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jirasyncd::model::store::Store as _;
use jirasyncd::store::{BackupError, OpenError, Spawn, SqliteStore, Whose, back_up, no_backup, restore};

use super::super::cli_world::{Place, configuration};
use super::released::{newest, old_state, open, tables, texts};
use super::support::{at, dependencies, hand_clock};

/// A stored state of a schema in a folder of its own.
struct Old {
    folder: tempfile::TempDir,
    version: usize,
}

impl Old {
    fn new(version: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(old_state(version, &folder.path().join("state.db")));
        Self { folder, version }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn schema(&self) -> i64 {
        i64::try_from(self.version).unwrap()
    }
}

/// All schemas but the newest.
fn older() -> impl Iterator<Item = Old> {
    (1..newest()).map(Old::new)
}

/// Every row of every table, as SQLite writes it.
fn rows(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let of = |table: &String| {
        let columns = texts(&connection, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        texts(&connection, &format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ', ' || ")))
    };
    tables(&connection).iter().map(|table| (table.clone(), of(table))).collect()
}

fn version_of(path: &Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_backup_of_each_schema_is_put_back_and_the_next_start_brings_it_up() {
    for version in 1..=newest() {
        let old = Old::new(version);
        let (state, backup) = (old.file("state.db"), old.file("backup.db"));
        // A state that was not brought up yet gives a backup of itself as it is.
        let (before, held) = (std::fs::read(&state).unwrap(), rows(&state));
        let holds = back_up(&state, &backup).unwrap();
        assert_eq!((holds.items, holds.schema), (2, old.schema()), "schema {version}");
        assert_eq!(holds.polled.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["acme", "globex"]);
        assert!(std::fs::read(&state).unwrap() == before, "schema {version}: the state was changed");
        assert!(rows(&backup) == held, "schema {version}: the backup is not what the state was");

        // Put back where another state is, which this version made.
        let place = tempfile::tempdir().unwrap();
        let newer = place.path().join("state.db");
        drop(open(&newer));
        let restored = restore(&newer, &backup, Whose::Its, at(0)).unwrap();
        assert_eq!((restored.holds.items, restored.holds.schema), (2, old.schema()), "schema {version}");
        assert_eq!(version_of(&restored.kept.unwrap()), i64::try_from(newest()).unwrap());
        assert_eq!(version_of(&newer), old.schema(), "schema {version} was brought up by no start");
        assert!(rows(&newer) == held, "schema {version}: it is not the backup");
        let store = open(&newer);
        assert_eq!(store.item_ids(None, 10).await.unwrap().len(), 2, "schema {version}");
        assert_eq!(store.check().await, Vec::<String>::new(), "schema {version}");
        drop(store);
        assert_eq!(version_of(&newer), i64::try_from(newest()).unwrap());
        assert_eq!(version_of(&backup), old.schema(), "the backup stays as it is");
    }
}

#[test]
fn a_state_that_was_not_brought_up_is_not_looked_through_and_it_is_said_what_to_do() {
    for old in older() {
        let state = old.file("state.db");
        let before = std::fs::read(&state).unwrap();
        let error = SqliteStore::read_only(&state).unwrap_err();
        assert!(matches!(&error, OpenError::Older { found, .. } if *found == old.schema()), "{error}");
        let said = error.to_string();
        assert!(said.contains("state.db") && said.contains(&format!("schema {}", old.version)), "{said}");
        // The same words would be wrong of a backup: nobody starts on that.
        let error = no_backup(error);
        assert!(matches!(&error, BackupError::OldBackup { found, .. } if *found == old.schema()), "{error}");
        let said = error.to_string();
        let parts = [format!("schema {}", old.version), "`jirasyncd state restore` takes it".to_owned()];
        assert!(parts.iter().all(|part| said.contains(part)) && said.contains("next start"), "{said}");
        // A plan would have to bring it up first.
        let planned = SqliteStore::copy_in_memory(&state, dependencies(Spawn::Inline, &hand_clock()));
        assert!(matches!(planned, Err(OpenError::Older { .. })), "{planned:?}");
        assert!(std::fs::read(&state).unwrap() == before, "schema {}: a refusal changed it", old.version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_told_what_may_be_done_with_an_older_backup() {
    let place = Place::new(&configuration("http://127.0.0.1:1", "http://127.0.0.1:1/jira"));
    let state = place.file("state.db");
    for old in older() {
        let (backup, schema) = (old.file("state.db"), format!("schema {}", old.version));
        let file = backup.to_str().unwrap();
        let words = ["made by an older jirasyncd", &schema, "`jirasyncd state restore` takes it"];
        place.run(&["state", "check", file]).await.expect(1, &words);
        // It is put back, and a copy of what is there then is made as it is.
        place.run(&["state", "restore", file]).await.expect(0, &["2 items", &schema]);
        let copy = old.file("copy.db");
        place.run(&["state", "backup", copy.to_str().unwrap()]).await.expect(0, &["2 items", &schema]);
        assert!(rows(&copy) == rows(&backup), "{schema}");
        // Of the state itself it is said that a start brings it up.
        let said = place.run(&["state", "check"]).await.expect(1, &[&schema]);
        assert!(!said.all().contains("state restore") && said.all().contains("start"), "{said:?}");
        drop(open(&state));
        place.run(&["state", "check"]).await.expect(0, &["state.db is whole"]);
    }
}
