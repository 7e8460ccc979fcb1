//! Opening a state: alone, whole, ours; and every refusal leaves the file as it was and says what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jirasyncd::model::hub::Awaited;
use jirasyncd::model::ids::IssueId;
use jirasyncd::model::operation::Thing;
use jirasyncd::model::store::{Store, StoreError, Urgency};
use jirasyncd::store::{OpenError, Spawn, SqliteStore};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::support::{World, at, dependencies, hand_clock, id, intent, item, record};

fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(path, dependencies(Spawn::Inline, &hand_clock()))
}

/// Opening fails for writing and for reading with an error that says `words`, and the file keeps every byte.
fn refused(path: &Path, words: &str) {
    let before = fs::read(path).unwrap();
    for error in [open(path).unwrap_err(), SqliteStore::read_only(path).unwrap_err()] {
        let said = error.to_string();
        assert!(said.contains(words), "{said}");
        assert!(said.contains(path.to_str().unwrap()), "{said}");
    }
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
}

/// A closed state with one item, and its folder.
async fn closed_state() -> World {
    let mut world = World::on_file(Spawn::Inline);
    world.begin(1, Urgency::Live).await;
    world.store.identity().await.unwrap();
    world.store = SqliteStore::in_memory(dependencies(Spawn::Inline, &world.clock)).unwrap();
    world
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    for spawn in [Spawn::Inline, Spawn::Thread] {
        let world = World::on_file(spawn);
        let identity = world.store.identity().await.unwrap();
        world.begin(1, Urgency::Live).await;
        let fence = world.claim_one(0).await.fence;
        world.store.open_intents(fence, &[intent(1, id(1), 0)]).await.unwrap();
        // What a killed process leaves: the files as they are now, nothing closed, nothing folded in.
        let after = tempfile::tempdir().unwrap();
        for ending in ["", "-wal"] {
            let name = format!("state.db{ending}");
            fs::copy(world.folder.path().join(&name), after.path().join(&name)).unwrap();
        }
        let reopened = open(&after.path().join("state.db")).unwrap();
        assert_eq!(reopened.identity().await.unwrap().seal_key, identity.seal_key);
        assert!(
            reopened.claim("me", at(0), 9, Urgency::Sweep).await.unwrap().is_empty(),
            "its holder is not known to be dead yet"
        );
        reopened.free_all().await.unwrap();
        let claims = reopened.claim("me", at(0), 9, Urgency::Sweep).await.unwrap();
        assert_eq!((claims[0].item.id, claims[0].fence), (id(1), 2));
        assert_eq!(claims[0].intents, [intent(1, id(1), 0)]);
    }
}

#[tokio::test]
async fn a_dropped_store_can_be_opened_again_at_once() {
    for spawn in [Spawn::Inline, Spawn::Thread] {
        let mut world = World::on_file(spawn);
        let path = world.path();
        for number in 1..=20 {
            world.begin(number, Urgency::Live).await;
            drop(std::mem::replace(
                &mut world.store,
                SqliteStore::in_memory(dependencies(spawn, &world.clock)).unwrap(),
            ));
            world.store = SqliteStore::open(&path, dependencies(world.spawn, &world.clock)).unwrap();
        }
        assert_eq!(world.store.figures(at(0)).await.unwrap().items, 20);
        drop(world.store);
        assert!(!world.folder.path().join("state.db-wal").exists(), "the log was not folded in");
    }
}

#[tokio::test]
async fn row_100_a_second_opener_is_told_who_holds_it() {
    let world = World::on_file(Spawn::Thread);
    let error = open(&world.path()).unwrap_err();
    assert!(matches!(&error, OpenError::Locked { pid: Some(pid), .. } if *pid == std::process::id()), "{error}");
    let said = error.to_string();
    assert!(said.contains(&format!("process {}: stop that one first", std::process::id())), "{said}");
    fs::write(world.folder.path().join("state.db.lock"), "").unwrap();
    assert!(open(&world.path()).unwrap_err().to_string().contains("by another process"));
}

#[tokio::test]
async fn reading_works_beside_a_daemon_and_changes_nothing() {
    let world = World::on_file(Spawn::Thread);
    world.begin(1, Urgency::Live).await;
    let read = || ["", "-wal"].map(|ending| fs::read(world.folder.path().join(format!("state.db{ending}"))).unwrap());
    let before = read();
    let reader = SqliteStore::read_only(&world.path()).unwrap();
    assert_eq!(reader.item(id(1)).await.unwrap(), Some(item(1)));
    let unmade = reader.identity().await.unwrap_err().to_string();
    assert!(unmade.contains("no daemon has run"), "{unmade}");
    let error = reader.claim("me", at(0), 1, Urgency::Sweep).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the state was opened for reading only");
    assert!(reader.set_note("a", "b").await.is_err() && reader.record(&[]).await.is_err());
    assert_eq!(read(), before);
    // It follows what the daemon does meanwhile.
    world.begin(2, Urgency::Live).await;
    assert_eq!(reader.figures(at(0)).await.unwrap().items, 2);
}

#[tokio::test]
async fn reading_works_without_a_daemon() {
    let world = closed_state().await;
    let before = fs::read(world.path()).unwrap();
    let reader = SqliteStore::read_only(&world.path()).unwrap();
    assert_eq!(reader.view(id(1), at(0)).await.unwrap().unwrap().item, item(1));
    assert_eq!(reader.identity().await.unwrap().daemon.len(), 32);
    // A daemon may start meanwhile.
    let daemon = open(&world.path()).unwrap();
    drop(reader);
    drop(daemon);
    assert_eq!(fs::read(world.path()).unwrap(), before);
}

#[test]
fn there_may_be_no_state_yet() {
    let folder = tempfile::tempdir().unwrap();
    let error = SqliteStore::read_only(&folder.path().join("state.db")).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking made something");
}

#[test]
fn a_folder_that_is_missing_or_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for parent in [folder.path().join("missing"), file] {
        let error = open(&parent.join("state.db")).unwrap_err();
        assert!(matches!(&error, OpenError::NoFolder { folder } if *folder == parent), "{error}");
    }
}

#[test]
fn row_102_a_folder_that_cannot_be_written_is_told() {
    // Root may write anywhere, but nobody can make a file in /proc.
    let error = open(Path::new("/proc/self/state.db")).unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, OpenError::Unwritable { .. }), "{said}");
    assert!(said.contains("/proc/self/state.db") && said.contains("must own the folder"), "{said}");
}

#[tokio::test]
async fn row_102_a_state_that_may_only_be_read_is_told_before_it_is_used() {
    let world = closed_state().await;
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o400)).unwrap();
    let path = world.path();
    let error = if fs::OpenOptions::new().write(true).open(&path).is_err() {
        open(&path).unwrap_err()
    } else {
        // Root may write it all the same: a thread gives that up for itself.
        let held_to_the_mode = std::thread::spawn(move || {
            let mut sets = capabilities(None).unwrap();
            sets.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
            set_capabilities(None, sets).unwrap();
            open(&path).unwrap_err()
        });
        held_to_the_mode.join().unwrap()
    };
    assert!(matches!(error, OpenError::Unwritable { .. }), "{error}");
}

#[tokio::test]
async fn row_102_a_state_of_another_user_is_refused() {
    let world = closed_state().await;
    let file = fs::File::open(world.path()).unwrap();
    // Only root can give a file away; everybody else meets the same refusal with a file of root's.
    if std::os::unix::fs::fchown(&file, Some(12_345), None).is_ok() {
        let said = open(&world.path()).unwrap_err().to_string();
        assert!(said.contains("belongs to user 12345") && said.contains("sudo -u '#12345'"), "{said}");
    } else {
        eprintln!("skipped: this user may give no file away");
    }
}

#[tokio::test]
async fn only_its_owner_may_read_a_state() {
    let world = closed_state().await;
    let mode = || fs::metadata(world.path()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(world.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(&world.path()).unwrap();
    store.set_note("a", "b").await.unwrap();
    assert_eq!(mode(), 0o600, "it holds the key of the marks");
    for ending in ["-wal", "-shm", ".lock"] {
        let beside = fs::metadata(world.folder.path().join(format!("state.db{ending}"))).unwrap();
        assert_eq!(beside.permissions().mode() & 0o777, 0o600, "{ending}");
    }
}

#[test]
fn row_094_what_is_no_state_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    for (bytes, words) in [
        (b"[daemon]\nlisten = 1\n".to_vec(), "it is no SQLite database"),
        (b"short".to_vec(), "it is no SQLite database"),
        (Vec::new(), "it is empty, and a state never is"),
        (b"SQLite format 3\0 and then nothing".to_vec(), "it is cut off after 33 bytes"),
    ] {
        fs::write(&path, bytes).unwrap();
        refused(&path, words);
    }
    fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    drop(other);
    refused(&path, "a database of another program");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(open(&path).unwrap_err().to_string().contains("it is no file"));
}

#[tokio::test]
async fn row_094_a_newer_state_is_left_alone() {
    let world = closed_state().await;
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    refused(&world.path(), "made by a newer jirasyncd (schema 99, this one knows 13)");
}

#[tokio::test]
async fn an_older_state_is_brought_up() {
    let world = closed_state().await;
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    let newer = "DROP TABLE awaits; DROP TABLE commands; DROP TABLE pauses; DROP INDEX items_merged;
                 ALTER TABLE items DROP COLUMN merged; DROP TABLE inbox; DROP TABLE comment_traces;
                 DROP TABLE things; DROP TABLE made_things; DROP TABLE configurations;
                 DROP TABLE waiting_creations; DROP TABLE begun_creations; DROP INDEX intents_given_up;
                 DROP INDEX work_due; DROP INDEX work_claimed; ALTER TABLE work DROP COLUMN sync;
                 CREATE INDEX work_due ON work (urgency, due_ms) WHERE claimed_by IS NULL AND due_ms IS NOT NULL;
                 CREATE INDEX work_claimed ON work (claimed_by) WHERE claimed_by IS NOT NULL;
                 DROP INDEX newcomers_age; ALTER TABLE newcomers DROP COLUMN urgency;
                 CREATE INDEX newcomers_age ON newcomers (first_seen_ms);
                 ALTER TABLE work DROP COLUMN occasion; ALTER TABLE work DROP COLUMN reasons;
                 ALTER TABLE work DROP COLUMN again; ALTER TABLE newcomers DROP COLUMN occasion;
                 ALTER TABLE acts DROP COLUMN act; ALTER TABLE acts DROP COLUMN author;
                 DROP INDEX intents_side; DROP TABLE thing_writes; ALTER TABLE intents DROP COLUMN request;
                 ALTER TABLE work DROP COLUMN asked_ms; ALTER TABLE problems DROP COLUMN dismissed_ms;
                 ALTER TABLE problems DROP COLUMN dismissed_uid; ALTER TABLE problems DROP COLUMN dismissed_user;
                 ALTER TABLE problems DROP COLUMN times; DROP TABLE past_problems";
    connection.execute_batch(newer).unwrap();
    // A version that was made for an issue, long ago.
    let offer = r#"{"operation":{"action":{"offer":{"field":"fix-versions","thing":"version","name":"1.0"}}}}"#;
    let values = rusqlite::params![id(1).0.to_be_bytes().to_vec(), offer];
    let plant = "INSERT INTO intents (id, item, side, state, searches, opened_ms, settled_ms, intent)
                 VALUES (zeroblob(16), ?1, 'a', '\"confirmed\"', 0, 0, 0, ?2)";
    connection.execute(plant, values).unwrap();
    // Another that Jira refused, and one that was in doubt.
    for (number, state) in [(1, r#"{"void":"status 400: no"}"#), (2, r#"{"void":"in doubt: no answer"}"#)] {
        let offer = offer.replace("1.0", &format!("2.{number}"));
        let plant = plant.replace("zeroblob(16)", "randomblob(16)").replace(r#"'"confirmed"'"#, "?3");
        let values = rusqlite::params![id(1).0.to_be_bytes().to_vec(), offer, state];
        connection.execute(&plant, values).unwrap();
    }
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let store = open(&world.path()).unwrap();
    let made = store.made_things(Thing::Version).await.unwrap();
    let names: Vec<&str> = made.iter().map(|made| made.name.as_str()).collect();
    assert_eq!(names, ["1.0", "2.2"]);
    assert!(made.iter().all(|one| one.side == "a".into() && one.for_issue), "{made:?}");
    let claims = store.claim_these("a test", at(0), &[id(1)]).await.unwrap();
    assert_eq!(claims[0].item, item(1));
    let mut waits = item(1);
    waits.awaits.insert(Awaited::Issue { side: "a".into(), issue: IssueId(9) });
    store.record(&[(claims[0].fence, record(waits.clone()))]).await.unwrap();
    assert_eq!(store.item(id(1)).await.unwrap(), Some(waits));
}

#[tokio::test]
async fn row_094_a_damaged_state_is_left_alone() {
    let world = closed_state().await;
    let path = world.path();
    let whole = fs::read(&path).unwrap();

    fs::write(&path, &whole[..whole.len() - 4_096]).unwrap();
    refused(&path, "it is cut off");

    // Zeroes over every page but the first: a start reads the tables that say who we are.
    let mut holed = whole.clone();
    holed[4_096..].fill(0);
    fs::write(&path, &holed).unwrap();
    let said = open(&path).unwrap_err().to_string();
    assert!(said.contains("is damaged") && said.contains("the file of a backup"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), holed, "the file was changed");

    // The file is gone, what was not folded into it is still there.
    fs::remove_file(&path).unwrap();
    fs::write(world.folder.path().join("state.db-wal"), "frames").unwrap();
    assert!(matches!(open(&path), Err(OpenError::Gone { .. })));
    fs::remove_file(world.folder.path().join("state.db.lock")).unwrap();
    let said = open(&path).unwrap_err().to_string();
    assert!(said.contains("`-wal` is still there"), "{said}");
    assert!(!path.exists(), "a new state was put in its place");
    fs::remove_file(world.folder.path().join("state.db-wal")).unwrap();

    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&path).unwrap().item(id(1)).await.unwrap(), Some(item(1)));
}

#[tokio::test]
async fn a_start_reads_what_says_who_we_are_and_a_check_reads_all() {
    let world = closed_state().await;
    let path = world.path();
    let whole = fs::read(&path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let page_of = |table: &str| -> usize {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
        connection.query_row(sql, [table], |row| row.get::<_, u32>(0)).unwrap().try_into().unwrap()
    };
    let pages = ["identity", "work", "replicas", "replicas_issue", "items"].map(page_of);
    drop(connection);
    for page in pages {
        let mut holed = whole.clone();
        holed[(page - 1) * 4_096..page * 4_096].fill(0);
        fs::write(&path, &holed).unwrap();
        if page == pages[4] {
            let store = open(&path).unwrap();
            assert!(!store.check().await.is_empty(), "the damage was overlooked");
            assert!(store.item(id(1)).await.is_err());
        } else {
            let error = open(&path).unwrap_err();
            assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
            assert_eq!(fs::read(&path).unwrap(), holed, "the file was changed");
        }
    }
}

#[tokio::test]
async fn a_half_made_state_is_begun_anew() {
    let world = closed_state().await;
    let whole = fs::read(world.path()).unwrap();
    fs::rename(world.path(), world.folder.path().join("state.db.new")).unwrap();
    fs::write(world.folder.path().join("state.db.new"), &whole[..5_000]).unwrap();
    // No state lay beside the lock yet.
    fs::write(world.folder.path().join("state.db.lock"), "7\n").unwrap();
    let store = open(&world.path()).unwrap();
    assert_eq!(store.figures(at(0)).await.unwrap().items, 0);
    assert!(!world.folder.path().join("state.db.new").exists());
}

#[tokio::test]
async fn one_unreadable_item_holds_up_no_other() {
    let mut world = closed_state().await;
    let connection = rusqlite::Connection::open(world.path()).unwrap();
    connection.execute("UPDATE items SET state = '{\"id\":'", []).unwrap();
    drop(connection);
    world.store = open(&world.path()).unwrap();
    world.begin(2, Urgency::Live).await;
    assert_eq!(world.claimed(0, 10).await, [id(2)]);
    let problems = world.store.problems(10).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].item, problems[0].about.as_str()), (Some(id(1)), "SUP-1"));
    assert!(problems[0].problem.what.contains("the state of item 00000000000000000000000000000001"), "{problems:?}");
    // It is looked at again when something happens to it, and told once.
    world.hint(1, 0).await;
    assert!(world.claim(0, 10).await.is_empty());
    assert_eq!(world.store.problems(10).await.unwrap().len(), 1);
    let error = world.store.item(id(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error}");
}
