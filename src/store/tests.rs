//! What only the inside can show: that queries use their indexes, and that steps which share a transaction do not share a
//! fate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::anew::Anew;
use super::backup::{Whose, restore_by};
use super::checker::Checker;
use super::columns::encode;
use super::journal::OF_ITEM;
use super::open;
use super::queue::ITEMS_OF;
use super::turns::{DUE, NEXT_SYNC, SOONEST, UNDER_WAY};
use super::worker::{Held, Spawn, Worker};
use crate::model::operation::{IntentState, NO_COPY_THERE, NO_FILE_THERE, NO_LINK_THERE};
use crate::model::store::StoreError;

fn plan(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let count = statement.parameter_count();
    let rows = statement
        .query_map(rusqlite::params_from_iter(std::iter::repeat_n(1, count)), |row| row.get::<_, String>(3))
        .unwrap();
    rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_queue_is_read_by_its_index() {
    let held = open::in_memory().unwrap();
    for sql in [DUE, SOONEST] {
        let plan = plan(&held.connection, sql);
        assert!(plan.contains("SEARCH work USING") && plan.contains("work_due (urgency=? AND sync=?"), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "sorted anew: {plan}");
    }
    let next = plan(&held.connection, NEXT_SYNC);
    assert!(next.contains("work_due (urgency=? AND sync>?)") && !next.contains("TEMP B-TREE"), "{next}");
    let under_way = plan(&held.connection, UNDER_WAY);
    assert!(under_way.contains("work_claimed (urgency=? AND sync=?)"), "{under_way}");
    let plan = plan(&held.connection, ITEMS_OF);
    assert!(plan.contains("replicas_issue (instance=? AND issue=?)"), "{plan}");
}

#[test]
fn copies_that_were_given_up_are_found_by_their_index() {
    for why in [NO_COPY_THERE, NO_FILE_THERE, NO_LINK_THERE] {
        let state = encode("a state", &IntentState::Void(why.to_owned())).unwrap();
        assert!(OF_ITEM.contains(&format!("'{state}'")), "{state}");
    }
    let held = open::in_memory().unwrap();
    let by_item = plan(&held.connection, OF_ITEM);
    assert!(by_item.contains("intents_given_up (item=?)"), "{by_item}");
    let newest = plan(&held.connection, super::told::NEWEST);
    assert!(newest.contains("intents_settled (item=?") && newest.contains("intents_open (item=?)"), "{newest}");
    assert!(!newest.contains("SCAN intents"), "{newest}");
}

#[test]
fn what_left_for_a_side_and_whose_it_was_are_found_by_their_indices() {
    let held = open::in_memory().unwrap();
    let left = plan(&held.connection, super::told::LEFT);
    assert!(left.contains("intents_side (side=? AND opened_ms>") && !left.contains("TEMP B-TREE"), "{left}");
    let author = plan(&held.connection, super::told::AUTHOR);
    assert!(author.contains("acts_item (item=?"), "{author}");
}

/// A worker on one table of numbers, and how often it committed.
fn worker(path: &std::path::Path) -> (Worker, Arc<AtomicUsize>) {
    let mut connection = Connection::open(path).unwrap();
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
    connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    let hook = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        false
    };
    connection.commit_hook(Some(hook)).unwrap();
    (Worker::start(Spawn::Thread, "test-writer", Held { connection, _lock: None }).unwrap(), commits)
}

#[tokio::test]
async fn steps_that_queue_up_share_a_commit_but_not_a_fate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("group.db");
    let (worker, commits) = worker(&path);
    let (open_gate, gate) = channel::<()>();
    let first = worker.run("wait", move |connection| {
        gate.recv_timeout(Duration::from_secs(60)).unwrap();
        connection.execute("INSERT INTO t VALUES (1)", [])?;
        Ok(connection.total_changes())
    });
    let insert = |number: i64| {
        worker.run("insert", move |connection| {
            connection.execute("INSERT INTO t VALUES (?1)", [number])?;
            // Fails after it wrote: its own work is undone, and nobody else's.
            if number == 3 {
                connection.execute("INSERT INTO t VALUES (1)", [])?;
            }
            Ok(connection.is_autocommit())
        })
    };
    let rest = futures_util::future::join_all((2..=6).map(insert));
    let other = Connection::open(&path).unwrap();
    let seen = || other.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
    let release = async {
        // Everybody is queued by now: join polls in order.
        assert_eq!(seen(), 0, "answered or visible before the commit");
        open_gate.send(()).unwrap();
    };
    let (first, rest, ()) = tokio::join!(first, rest, release);
    assert!(first.is_ok());
    let failed: Vec<usize> = rest.iter().enumerate().filter(|(_, r)| r.is_err()).map(|(i, _)| i + 2).collect();
    assert_eq!(failed, [3]);
    assert_eq!(seen(), 5);
    assert_eq!(commits.load(Ordering::SeqCst), 1, "each step was committed on its own");
}

#[tokio::test]
async fn a_commit_that_fails_is_told_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fail.db");
    let (worker, _) = worker(&path);
    worker
        .run("prepare", |connection| {
            connection
                .execute_batch("CREATE TABLE child (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)")?;
            Ok(())
        })
        .await
        .unwrap();
    let (open_gate, gate) = channel::<()>();
    let good = worker.run("good", move |connection| {
        gate.recv_timeout(Duration::from_secs(60)).unwrap();
        connection.execute("INSERT INTO t VALUES (1)", [])?;
        Ok(())
    });
    // The reference is only checked at the commit.
    let bad = worker.run("bad", |connection| {
        connection.execute("INSERT INTO child VALUES (?1)", params![77])?;
        Ok(())
    });
    let release = async { open_gate.send(()).unwrap() };
    let (good, bad, ()) = tokio::join!(good, bad, release);
    for result in [good, bad] {
        assert!(matches!(&result, Err(StoreError::Database { .. })), "{result:?}");
    }
    // And the next one works again.
    worker.run("next", |connection| Ok(connection.execute("INSERT INTO t VALUES (2)", [])?)).await.unwrap();
    let other = Connection::open(&path).unwrap();
    assert_eq!(other.query_row("SELECT group_concat(n) FROM t", [], |row| row.get::<_, String>(0)).unwrap(), "2");
}

#[tokio::test]
async fn a_transaction_that_sqlite_undid_is_told_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, _) = worker(&folder.path().join("full.db"));
    let (open_gate, gate) = channel::<()>();
    let early = worker.run("early", move |connection| {
        gate.recv_timeout(Duration::from_secs(60)).unwrap();
        connection.execute("INSERT INTO t VALUES (1)", [])?;
        Ok(())
    });
    // `OR ROLLBACK` does on purpose what a full disk does.
    let undone = worker.run("undone", |connection| {
        connection.execute("INSERT OR ROLLBACK INTO t VALUES (1)", [])?;
        Ok(())
    });
    let late = worker.run("late", |connection| Ok(connection.execute("INSERT INTO t VALUES (3)", [])?));
    let release = async { open_gate.send(()).unwrap() };
    let (early, undone, late, ()) = tokio::join!(early, undone, late, release);
    assert!(early.is_err(), "it was told that its work stands, but it was undone");
    assert!(undone.is_err());
    assert!(late.is_ok(), "{late:?}");
}

#[tokio::test]
async fn a_reader_never_answers_from_before_it_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("read.db");
    let (writer, _) = worker(&path);
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(&path, flags).unwrap();
    let reader = Worker::start(Spawn::Thread, "test-reader", Held { connection, _lock: None }).unwrap();
    let count =
        |connection: &Connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))?);
    let ((reading, begun), (open_gate, gate)) = (channel::<()>(), channel::<()>());
    let slow = reader.run("read slowly", move |connection| {
        let counted = count(connection);
        reading.send(()).unwrap();
        gate.recv_timeout(Duration::from_secs(60)).unwrap();
        counted
    });
    let after = async {
        begun.recv_timeout(Duration::from_secs(60)).unwrap();
        writer.run("insert", |connection| Ok(connection.execute("INSERT INTO t VALUES (1)", [])?)).await.unwrap();
        // Queued behind the slow one, which still holds its older view.
        let (counted, ()) = tokio::join!(reader.run("read", count), async { open_gate.send(()).unwrap() });
        counted.unwrap()
    };
    let (slow, after) = tokio::join!(slow, after);
    assert_eq!((slow.unwrap(), after), (0, 1));
}

#[test]
fn a_check_beside_the_daemon_finds_damage_and_ends_when_it_is_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let (held, deferred) = open::for_writing(&path, true).unwrap();
    assert!(!deferred, "a new state is small");
    let root: i64 = held
        .connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'work' AND type = 'table'", [], |row| row.get(0))
        .unwrap();
    let page: i64 = held.connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    drop(held);

    let whole = Checker::start(&path).unwrap();
    drop(whole);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = usize::try_from((root - 1) * page).unwrap();
    bytes[at..at + 64].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let damaged = Checker::start(&path).unwrap();
    let waited = (0..1_000).any(|_| {
        std::thread::park_timeout(Duration::from_millis(5));
        damaged.damage().is_some()
    });
    assert!(waited, "the damage is not found");
}

#[test]
fn row_102_a_state_on_a_folder_of_the_network_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let place = folder.path().canonicalize().unwrap();
    let mounts = |kind: &str| {
        let place = place.display();
        format!("21 1 8:1 / / rw - ext4 /dev/root rw\n30 21 0:40 / {place} rw - {kind} filer:/x rw\n")
    };
    let said = open::not_of_the_network(&mounts("nfs4"), &path, folder.path()).unwrap_err().to_string();
    assert!(said.contains("nfs4") && said.contains("state.db") && said.contains("local disk"), "{said}");
    open::not_of_the_network(&mounts("xfs"), &path, folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn nothing_is_put_back_or_made_anew_on_a_folder_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let (path, backup) = (folder.path().join("state.db"), folder.path().join("backup.db"));
    let place = folder.path().canonicalize().unwrap();
    let mounts = format!("30 21 0:40 / {} rw - nfs4 filer:/x rw\n", place.display());
    let restored = restore_by(&mounts, &path, (&backup, Whose::Anybodys), jiff::Timestamp::UNIX_EPOCH).unwrap_err();
    let anew = Anew::begin_by(&mounts, &path).unwrap_err();
    for said in [restored.to_string(), anew.to_string()] {
        assert!(said.contains("nfs4") && said.contains("local disk"), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
}
