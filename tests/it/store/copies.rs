//! Copies of a state, their way back, and the check of all of it. Must never let a copy pass that is not one of a single moment, nor a
//! refusal that changed something.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jirasyncd::model::store::{StateIdentity, Store, Urgency};
use jirasyncd::store::{Anew, BackupError, OpenError, Spawn, SqliteStore, Whose, back_up, restore};

use super::support::{World, at, dependencies, hand_clock, id, intent, item, record, replica};

/// A closed state with `items` items, and its folder.
async fn closed(items: u64) -> World {
    let mut world = World::on_file(Spawn::Inline);
    for number in 1..=items {
        world.begin(number, Urgency::Live).await;
    }
    world.store.identity().await.unwrap();
    world.store = SqliteStore::in_memory(dependencies(Spawn::Inline, &world.clock)).unwrap();
    world
}

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, dependencies(Spawn::Inline, &hand_clock()))
}

/// Every file of a folder with what is in it, but for locks, and for what reading a state in use leaves beside it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let counts = |path: &PathBuf| {
        let name = path.to_string_lossy();
        let empty = fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() == 0);
        !(name.ends_with(".lock") || name.ends_with("-shm") || name.ends_with("-wal") && empty)
    };
    all.filter(counts).map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> Vec<u8> {
    if path.is_dir() { Vec::new() } else { fs::read(path).unwrap() }
}

fn change(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// The only file beside the state whose name says that it was put aside.
fn put_aside(world: &World) -> PathBuf {
    let aside = files(world.folder.path()).into_keys().filter(|path| path.to_string_lossy().contains("before-restore"));
    let whole = aside.filter(|path| !path.to_string_lossy().contains("-wal"));
    let [aside] = whole.collect::<Vec<_>>().try_into().unwrap();
    aside
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_of_one_moment_while_the_daemon_writes() {
    let world = World::on_file(Spawn::Thread);
    let identity = world.store.identity().await.unwrap();
    let away = tempfile::tempdir().unwrap();
    let (state, target) = (world.path(), away.path().join("backup.db"));
    world.begin(1, Urgency::Live).await;
    let copying = tokio::task::spawn_blocking({
        let (state, folder) = (state.clone(), away.path().to_owned());
        move || {
            (0..8)
                .map(|number| back_up(&state, &folder.join(format!("{number}.db"))).unwrap().items)
                .collect::<Vec<_>>()
        }
    });
    for number in 2..=60 {
        world.begin(number, Urgency::Live).await;
    }
    let counted = copying.await.unwrap();
    assert!(counted.is_sorted() && counted[0] >= 1, "{counted:?}");
    // A daemon that works on keeps what is in its log: all of it is in the copy.
    let holds = back_up(&state, &target).unwrap();
    assert_eq!((holds.items, holds.schema), (60, 13));
    assert_eq!(holds.bytes, fs::metadata(&target).unwrap().len());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600, "it holds the key of the marks");
    for (number, items) in (0..8).zip(counted).map(|(number, items)| (format!("{number}.db"), items)) {
        let copy = SqliteStore::read_only(&away.path().join(number)).unwrap();
        assert_eq!(copy.figures(at(0)).await.unwrap().items, items);
        assert_eq!(copy.check().await, Vec::<String>::new());
    }
    let names: Vec<String> =
        files(away.path()).into_keys().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.ends_with(".db")) && names.len() == 9, "drafts were left: {names:?}");
    let copy = open(&target).unwrap();
    assert_eq!(copy.identity().await.unwrap().seal_key, identity.seal_key);
    assert_eq!(copy.item(id(60)).await.unwrap(), Some(item(60)));
}

#[tokio::test]
async fn a_backup_is_written_over_nothing() {
    let world = closed(1).await;
    let away = tempfile::tempdir().unwrap();
    let target = away.path().join("backup.db");
    for ending in ["", "-wal", "-journal"] {
        let there = away.path().join(format!("backup.db{ending}"));
        fs::write(&there, "somebody's").unwrap();
        let error = back_up(&world.path(), &target).unwrap_err();
        assert!(matches!(&error, BackupError::Exists { path } if *path == there), "{error}");
        assert_eq!(files(away.path()), BTreeMap::from([(there.clone(), b"somebody's".to_vec())]));
        fs::remove_file(there).unwrap();
    }
    // Also not through a link that leads nowhere.
    std::os::unix::fs::symlink(away.path().join("elsewhere"), &target).unwrap();
    assert!(matches!(back_up(&world.path(), &target), Err(BackupError::Exists { .. })));
    let error = back_up(&world.path(), &away.path().join("missing/backup.db")).unwrap_err();
    assert!(matches!(error, BackupError::File { .. }) && error.to_string().contains("missing"), "{error}");
    let error = back_up(&away.path().join("none.db"), &away.path().join("b.db")).unwrap_err();
    assert!(matches!(error, BackupError::Open(OpenError::Missing { .. })), "{error}");
}

/// Zeroes over the page where a table begins.
fn hole(path: &Path, table: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: usize = connection.query_row(sql, [table], |row| row.get::<_, u32>(0)).unwrap().try_into().unwrap();
    drop(connection);
    let mut bytes = fs::read(path).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_damaged_state_gives_no_backup() {
    let world = closed(3).await;
    hole(&world.path(), "items");
    let before = files(world.folder.path());
    let target = world.folder.path().join("backup.db");
    let error = back_up(&world.path(), &target).unwrap_err();
    assert!(matches!(error, BackupError::Damaged { .. } | BackupError::Open(OpenError::Corrupt { .. })), "{error}");
    assert!(files(world.folder.path()) == before, "{error}");
}

#[tokio::test]
async fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let world = closed(2).await;
    let state = world.path();
    let backup = world.folder.path().join("backup.db");
    back_up(&state, &backup).unwrap();
    // What a killed daemon leaves: a third item is in the log alone.
    let daemon = open(&state).unwrap();
    let mut third = World::in_memory();
    third.store = daemon;
    third.begin(3, Urgency::Live).await;
    let log = world.folder.path().join("state.db-wal");
    let (main, wal) = (fs::read(&state).unwrap(), fs::read(&log).unwrap());
    let running = restore(&state, &backup, Whose::Its, at(0)).unwrap_err();
    assert!(running.to_string().contains(&format!("process {}", std::process::id())), "{running}");
    assert_eq!(fs::read(&state).unwrap(), main);
    drop(third);
    fs::write(&state, &main).unwrap();
    fs::write(&log, &wal).unwrap();

    let kept_backup = fs::read(&backup).unwrap();
    let restored = restore(&state, &backup, Whose::Its, at(0)).unwrap();
    assert_eq!((restored.holds.items, restored.kept.clone()), (2, Some(put_aside(&world))));
    assert!(restored.kept.unwrap().ends_with("state.db.before-restore-20270115T080000Z"));
    assert_eq!(fs::read(&backup).unwrap(), kept_backup);
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(open(&state).unwrap().figures(at(0)).await.unwrap().items, 2);
    // The one before is whole, its log with it.
    assert_eq!(open(&put_aside(&world)).unwrap().figures(at(0)).await.unwrap().items, 3);

    // Within the same second it goes by another name.
    let again = restore(&state, &backup, Whose::Its, at(0)).unwrap().kept.unwrap();
    assert!(again.ends_with("state.db.before-restore-20270115T080000Z-2"), "{again:?}");
}

#[tokio::test]
async fn what_is_no_whole_state_is_not_put_back() {
    let world = closed(2).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let backup = |make: &dyn Fn()| {
        let _ = fs::remove_file(&file);
        make();
        let (before, beside) = (files(world.folder.path()), files(folder.path()));
        let error = restore(&world.path(), &file, Whose::Its, at(0)).unwrap_err();
        assert!(files(world.folder.path()) == before, "{error}");
        assert!(files(folder.path()) == beside, "{error}");
        error.to_string()
    };
    let copied = || fs::copy(world.path(), &file).map(|_| ()).unwrap();
    let said = backup(&|| fs::write(&file, "Dear diary,\n").unwrap());
    assert!(said.contains("it is no SQLite database"), "{said}");
    let said = backup(&|| change(&file, "CREATE TABLE bookmarks (url TEXT)"));
    assert!(said.contains("a database of another program"), "{said}");
    let said = backup(&|| {
        copied();
        change(&file, "PRAGMA user_version = 99");
    });
    assert!(said.contains("made by a newer jirasyncd (schema 99"), "{said}");
    let said = backup(&|| {
        copied();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() - 4_096]).unwrap();
    });
    assert!(said.contains("it is cut off"), "{said}");
    // Damage that a start would not see: a restore reads all.
    let said = backup(&|| {
        copied();
        hole(&file, "items");
    });
    assert!(said.contains("damaged"), "{said}");
    let said = backup(&|| ());
    assert!(said.contains("is no backup, it is not there"), "{said}");
    let itself = restore(&world.path(), &world.path(), Whose::Its, at(0)).unwrap_err();
    assert!(matches!(itself, BackupError::Itself { .. }), "{itself}");
    assert_eq!(open(&world.path()).unwrap().figures(at(0)).await.unwrap().items, 2);
}

#[tokio::test]
async fn a_backup_takes_the_place_of_whatever_is_no_state_any_more() {
    let world = closed(2).await;
    let backup = world.folder.path().join("backup.db");
    back_up(&world.path(), &backup).unwrap();
    fs::write(world.path(), "a torn file").unwrap();
    let kept = restore(&world.path(), &backup, Whose::Its, at(0)).unwrap().kept.unwrap();
    assert_eq!(fs::read(&kept).unwrap(), b"a torn file");
    fs::remove_file(kept).unwrap();
    fs::remove_file(world.path()).unwrap();
    // A log without its file would be taken for the log of what is put there.
    fs::write(world.folder.path().join("state.db-wal"), "frames").unwrap();
    let kept = restore(&world.path(), &backup, Whose::Its, at(0)).unwrap().kept.unwrap();
    assert_eq!(fs::read(format!("{}-wal", kept.display())).unwrap(), b"frames");
    assert_eq!(open(&world.path()).unwrap().figures(at(0)).await.unwrap().items, 2);
    let elsewhere = tempfile::tempdir().unwrap();
    let restored = restore(&elsewhere.path().join("state.db"), &backup, Whose::Its, at(0)).unwrap();
    assert_eq!(restored.kept, None);
    assert_eq!(open(&elsewhere.path().join("state.db")).unwrap().figures(at(0)).await.unwrap().items, 2);
}

#[tokio::test]
async fn the_backup_of_another_daemon_is_put_back_only_where_that_is_said() {
    let world = closed(2).await;
    let backup = world.folder.path().join("backup.db");
    back_up(&world.path(), &backup).unwrap();
    for (sql, whose) in [
        ("UPDATE identity SET daemon = '0123456789abcdef0123456789abcdef'", "0123456789abcdef"),
        ("DELETE FROM identity", "it was nobody's yet"),
    ] {
        change(&backup, sql);
        let before = files(world.folder.path());
        let error = restore(&world.path(), &backup, Whose::Its, at(0)).unwrap_err();
        assert!(matches!(error, BackupError::OfAnother { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains(whose) && said.contains("--of-another") && said.contains("backup.db"), "{said}");
        assert!(files(world.folder.path()) == before, "{said}");
    }
    let kept = restore(&world.path(), &backup, Whose::Anybodys, at(0)).unwrap().kept.unwrap();
    assert_eq!(open(&kept).unwrap().figures(at(0)).await.unwrap().items, 2);
    // Where nothing says whose the state was, there is nothing to hold it to.
    let elsewhere = tempfile::tempdir().unwrap();
    let state = elsewhere.path().join("state.db");
    assert_eq!(restore(&state, &backup, Whose::Its, at(0)).unwrap().kept, None);
    fs::write(&state, "a torn file").unwrap();
    assert!(restore(&state, &backup, Whose::Its, at(0)).unwrap().kept.is_some());
}

/// What is left, by the ending of each file's name, and how many items a start finds there. `None`: it has to say that the state is gone.
type Left<'b> = (&'static str, Vec<(&'static str, &'b [u8])>, Option<u64>);

/// By hand, since no kill strikes between two renames at will.
#[tokio::test]
async fn a_restore_that_was_killed_leaves_a_state_or_the_word_that_it_is_gone_and_goes_on() {
    let world = closed(2).await;
    let (state, away) = (world.path(), tempfile::tempdir().unwrap());
    let backup = away.path().join("backup.db");
    back_up(&state, &backup).unwrap();
    // A third item is in the log alone.
    let mut third = World::in_memory();
    third.store = open(&state).unwrap();
    third.begin(3, Urgency::Live).await;
    let (main, log) = (fs::read(&state).unwrap(), fs::read(world.folder.path().join("state.db-wal")).unwrap());
    drop(third);
    let copy = fs::read(&backup).unwrap();
    let (whole, half) = (&copy[..], &copy[..4_096]);
    let aside = [(".before-restore-20270115T080000Z", &main[..]), (".before-restore-20270115T080000Z-wal", &log[..])];
    let there = [("", &main[..]), ("-wal", &log[..])];
    let sets: [Left<'_>; 7] = [
        ("half a draft", [&there[..], &[(".new", half), (".new-journal", half)]].concat(), Some(3)),
        ("the whole draft", [&there[..], &[(".new", whole)]].concat(), Some(3)),
        ("the log has two names", [&there[..], &aside[1..], &[(".new", whole)]].concat(), Some(3)),
        ("the file is put aside", [&there[1..], &aside[..], &[(".new", whole)]].concat(), None),
        ("all is put aside", [&aside[..], &[(".new", whole)]].concat(), None),
        ("the draft has its name", [&aside[..], &[("", whole)]].concat(), Some(2)),
        ("half a draft where no state was", vec![(".new", half)], None),
    ];
    for (name, left, found) in sets {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let beside = |ending: &str| folder.path().join(format!("state.db{ending}"));
        for (ending, bytes) in &left {
            fs::write(beside(ending), bytes).unwrap();
        }
        fs::write(beside(".lock"), "7\na state lies beside this\n").unwrap();
        match found {
            Some(items) => assert_eq!(open(&state).unwrap().figures(at(0)).await.unwrap().items, items, "{name}"),
            None => {
                let before = files(folder.path());
                for _ in 0..2 {
                    for error in [open(&state).unwrap_err(), SqliteStore::read_only(&state).unwrap_err()] {
                        assert!(matches!(error, OpenError::Gone { .. }), "{name}: {error}");
                    }
                    let copied = SqliteStore::copy_in_memory(&state, dependencies(Spawn::Inline, &world.clock));
                    assert!(matches!(copied, Err(OpenError::Gone { .. })), "{name}");
                }
                assert!(files(folder.path()) == before, "{name}: something was changed");
            }
        }
        assert_eq!(restore(&state, &backup, Whose::Its, at(0)).unwrap().holds.items, 2, "{name}");
        assert_eq!(open(&state).unwrap().figures(at(0)).await.unwrap().items, 2, "{name}");
        assert!(!beside(".new").exists() && !beside(".new-journal").exists(), "{name}: a draft was left");
        // What was there before the kill is whole, with what was in its log.
        let mut kept = Vec::new();
        for path in files(folder.path()).into_keys().filter(|path| path.to_string_lossy().contains("before-restore")) {
            if !path.to_string_lossy().ends_with("-wal") {
                kept.push(open(&path).unwrap().figures(at(0)).await.unwrap().items);
            }
        }
        let was_there = left.len() > 1;
        assert_eq!(kept.contains(&3), was_there, "{name}: {kept:?}");
    }
}

#[tokio::test]
async fn where_a_restore_began_no_start_makes_a_new_state() {
    let world = closed(2).await;
    let (elsewhere, holed) = (tempfile::tempdir().unwrap(), world.folder.path().join("holed.db"));
    let state = elsewhere.path().join("state.db");
    back_up(&world.path(), &holed).unwrap();
    hole(&holed, "items");
    restore(&state, &holed, Whose::Its, at(0)).unwrap_err();
    assert!(matches!(open(&state), Err(OpenError::Gone { .. })), "a new state knows nothing of what was made");
    assert_eq!(files(elsewhere.path()), BTreeMap::new());
    let backup = world.folder.path().join("backup.db");
    back_up(&world.path(), &backup).unwrap();
    assert_eq!(restore(&state, &backup, Whose::Its, at(0)).unwrap().kept, None);
    assert_eq!(open(&state).unwrap().figures(at(0)).await.unwrap().items, 2);
}

#[tokio::test]
async fn a_backup_that_was_killed_counts_for_none_and_hinders_no_other() {
    let world = closed(2).await;
    let away = tempfile::tempdir().unwrap();
    let target = away.path().join("backup.db");
    // Of another process than this one.
    let draft = away.path().join(format!("backup.db.{}.part", std::process::id() + 1));
    fs::write(&draft, &fs::read(world.path()).unwrap()[..4_096]).unwrap();
    let none = restore(&world.path(), &target, Whose::Its, at(0)).unwrap_err();
    assert!(matches!(none, BackupError::NoBackup { .. }), "{none}");
    restore(&world.path(), &draft, Whose::Its, at(0)).unwrap_err();
    assert_eq!(back_up(&world.path(), &target).unwrap().items, 2);
    // Killed between its two names: it is whole, and nothing is written over it.
    fs::remove_file(&draft).unwrap();
    fs::hard_link(&target, &draft).unwrap();
    assert!(matches!(back_up(&world.path(), &target), Err(BackupError::Exists { .. })));
    assert_eq!(restore(&world.path(), &target, Whose::Its, at(0)).unwrap().holds.items, 2);
}

#[tokio::test]
async fn a_rebuild_that_was_killed_is_no_state_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.db");
    let identity = StateIdentity { daemon: "5".repeat(32), seal_key: [5; 32] };
    let began = || Anew::begin(&state).unwrap();
    let anew = began();
    let draft = anew.draft().to_owned();
    open(&draft).unwrap().adopt(&identity).await.unwrap();
    drop(anew);
    fs::write(folder.path().join("state.db.new"), "half a copy").unwrap();
    assert!(draft.exists());
    for error in [open(&state).unwrap_err(), SqliteStore::read_only(&state).unwrap_err()] {
        assert!(matches!(error, OpenError::Gone { .. }), "{error}");
    }
    let anew = began();
    assert!(!draft.exists(), "what was made of other reads is gone on with");
    open(&draft).unwrap().adopt(&identity).await.unwrap();
    anew.finish().unwrap();
    assert_eq!(open(&state).unwrap().identity().await.unwrap().daemon, identity.daemon);
    assert!(!draft.exists() && !folder.path().join("state.db.new").exists());
}

#[tokio::test]
async fn a_state_that_is_gone_is_not_made_anew() {
    let world = closed(1).await;
    fs::remove_file(world.path()).unwrap();
    // Each start finds the trace, not only the first.
    for _ in 0..2 {
        for error in [open(&world.path()).unwrap_err(), SqliteStore::read_only(&world.path()).unwrap_err()] {
            assert!(matches!(error, OpenError::Gone { .. }), "{error}");
            let said = error.to_string();
            assert!(said.contains("state.db.lock") && said.contains("jirasyncd state restore"), "{said}");
        }
    }
    let copied = SqliteStore::copy_in_memory(&world.path(), dependencies(Spawn::Inline, &world.clock));
    assert!(matches!(copied, Err(OpenError::Gone { .. })), "a plan would show everything as new");
    assert_eq!(files(world.folder.path()), BTreeMap::new());
    fs::remove_file(world.folder.path().join("state.db.lock")).unwrap();
    assert_eq!(open(&world.path()).unwrap().figures(at(0)).await.unwrap().items, 0);
}

#[tokio::test]
async fn a_start_that_made_no_state_leaves_no_trace_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.db");
    // The folder cannot hold the draft, as on a full disk.
    fs::create_dir(folder.path().join("state.db.new")).unwrap();
    assert!(matches!(open(&state), Err(OpenError::Unwritable { .. })));
    fs::remove_dir(folder.path().join("state.db.new")).unwrap();
    assert!(open(&state).is_ok());
    assert!(open(&state).is_ok(), "one of an earlier version has no trace, and gets one");
}

#[tokio::test]
async fn a_check_names_what_does_not_fit() {
    for (sql, words) in [
        (
            "UPDATE items SET state = '{\"id\":' WHERE id = (SELECT min(id) FROM items)",
            "00000000000000000000000000000001 cannot be read",
        ),
        (
            "UPDATE replicas SET issue = 99 WHERE issue = 2",
            "holds issue 2 (SUP-2) on side a; bound to it is 99 (SUP-2) of acme",
        ),
        ("UPDATE replicas SET key = 'SUP-9' WHERE issue = 2", "bound to it is 2 (SUP-9)"),
        ("DELETE FROM replicas WHERE issue = 3", "holds issue SUP-3 on side a, which is bound to no item"),
        (
            "DELETE FROM work WHERE item = (SELECT max(id) FROM items)",
            "00000000000000000000000000000003 has no place in the queue",
        ),
        (
            "UPDATE items SET merged = id WHERE id = (SELECT max(id) FROM items)",
            "was let be, and has a place in the queue",
        ),
        ("UPDATE items SET sync = 'two' WHERE id = (SELECT max(id) FROM items)", "of sync two says that it is item"),
        ("UPDATE items SET sync = 'two' WHERE id = (SELECT max(id) FROM items)", "which is none of sync one"),
        ("UPDATE intents SET intent = 'x'", "write 1 of item 00000000000000000000000000000001 cannot be read"),
        ("UPDATE intents SET state = '\"asleep\"'", "write 1 of item 00000000000000000000000000000001 cannot be read"),
        ("INSERT INTO problems (about, since_ms, problem) VALUES ('acme', 0, 'x')", "problem 1 cannot be read"),
        ("INSERT INTO conflicts (item, found_ms, conflict) VALUES (x'01', 0, 'x')", "conflict 1 cannot be read"),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO awaits (what, item) VALUES ('x', x'01')",
            "a row of awaits names a row of items that is not there",
        ),
    ] {
        let world = World::on_file(Spawn::Inline);
        for number in 1..=3 {
            world.begin(number, Urgency::Live).await;
        }
        let claim = world.store.claim_these("me", at(0), &[id(1)]).await.unwrap().remove(0);
        world.store.open_intents(claim.fence, &[intent(1, id(1), 0)]).await.unwrap();
        let mut both = item(1);
        both.replicas.insert("g".into(), replica(77, "ENG-7"));
        world.store.record(&[(claim.fence, record(both))]).await.unwrap();
        let path = world.path();
        assert_eq!(SqliteStore::read_only(&path).unwrap().check().await, Vec::<String>::new());
        drop(world.store);
        change(&path, sql);
        let before = fs::read(&path).unwrap();
        let findings = SqliteStore::read_only(&path).unwrap().check().await;
        assert!(findings.iter().any(|finding| finding.contains(words)), "{sql}: {findings:?}");
        assert_eq!(fs::read(&path).unwrap(), before, "the state was changed");
    }
}

#[tokio::test]
async fn a_check_names_a_hundred_findings_and_counts_the_rest() {
    let world = closed(130).await;
    change(&world.path(), "UPDATE items SET state = ''");
    let findings = SqliteStore::read_only(&world.path()).unwrap().check().await;
    assert_eq!((findings.len(), findings[100].as_str()), (101, "and 30 more"));
}
