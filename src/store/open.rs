//! Finding, making and opening the file of a state. Must never put a new state over anything that is there, and never change
//! a file before it is known to be ours and whole.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::error::OpenError;
use super::lock::{StateLock, beside, knew_a_state};
use super::mounts::{file_system_of, is_of_the_network};
use super::schema::{APPLICATION_ID, known_version, migrate, version};
use super::worker::Held;

/// Most memory for pages of the connection that writes, in KiB.
const WRITER_CACHE_KIB: i64 = 8_000;
/// Most memory for pages of the connection that reads, in KiB.
const READER_CACHE_KIB: i64 = 2_000;
/// How long to wait for somebody else's lock (a backup, a person with `sqlite3`), in ms.
const BUSY_TIMEOUT_MS: i64 = 5_000;
/// To what the write-ahead log is cut after it has grown, in bytes.
const LOG_LIMIT_BYTES: i64 = 16 * 1024 * 1024;

/// Pages copied in one step.
const COPIED_PAGES: std::ffi::c_int = 1_000;

/// What is checked page by page at each start: the tables that say who we are and which issue belongs to which item. The
/// large ones (items, intents) are not: reading all of them would take longer than a start may. A damaged page in those is
/// found when it is read, and `SqliteStore::check` reads everything.
const CHECKED_AT_START: &[&str] = &["identity", "cursors", "notes"];
/// Checked at each start, too, and before it is over where the state is small: they grow with the items.
const CHECKED_BESIDE: &[&str] = &["work", "replicas"];
/// A state of more bytes is large: these tables are checked while the daemon works already. About as long as a start may take.
const LARGE_BYTES: u64 = 512 * 1024 * 1024;
/// Most memory for pages of the connection that checks a large state, in KiB.
const CHECKER_CACHE_KIB: i64 = 512;

/// Opens the state at `path` for writing, under its exclusive lock; makes it if nothing is there. Says whether a part of it is still
/// to be checked, by [`for_checking`] and [`check_beside`].
pub(super) fn for_writing(path: &Path, may_defer: bool) -> Result<(Held, bool), OpenError> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder { folder: folder.to_owned() });
    }
    owner(path, folder)?;
    let mut lock = StateLock::take(path)?;
    not_of_the_network(&mounts(), path, folder)?;
    if exists(path)? {
        examine(path)?;
        keep_private(path)?;
    } else if lock.knows_a_state() {
        return Err(OpenError::Gone { path: path.to_owned() });
    } else {
        create(path, folder)?;
    }
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // SQLite opens a file that may only be read without a word, and fails at the first write.
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(failed(path, "open"))? {
        let why = "the file may only be read";
        return Err(OpenError::Unwritable { path: path.to_owned(), source: io::Error::other(why) });
    }
    let found = supported(path, &connection)?;
    let deferred = may_defer && fs::metadata(path).is_ok_and(|metadata| metadata.len() > LARGE_BYTES);
    check(path, &connection, CHECKED_AT_START)?;
    if !deferred {
        check(path, &connection, CHECKED_BESIDE)?;
    }
    if found < known_version() {
        migrate(&mut connection).map_err(failed(path, "upgrade"))?;
    }
    let journal: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(failed(path, "switch to a write-ahead log"))?;
    if journal != "wal" {
        let why = format!("the file system allows no write-ahead log, only {journal:?}");
        return Err(OpenError::Unwritable { path: path.to_owned(), source: io::Error::other(why) });
    }
    configure(&connection, WRITER_CACHE_KIB).map_err(failed(path, "set up"))?;
    lock.know_a_state(path)?;
    Ok((Held { connection, _lock: Some(lock) }, deferred))
}

/// A connection for [`check_beside`]: it only reads, and keeps few pages.
pub(super) fn for_checking(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    configure(&connection, CHECKER_CACHE_KIB).map_err(failed(path, "set up"))?;
    Ok(connection)
}

/// Checks what a start of a large state left out.
pub(super) fn check_beside(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    check(path, connection, CHECKED_BESIDE)
}

/// Opens the state at `path` for reading only, beside a daemon or without one. Changes nothing in it.
pub(super) fn for_reading(path: &Path) -> Result<Held, OpenError> {
    let (connection, found) = for_copying(path)?;
    if found < known_version() {
        return Err(OpenError::Older { path: path.to_owned(), found });
    }
    configure(&connection, READER_CACHE_KIB).map_err(failed(path, "set up"))?;
    Ok(Held { connection, _lock: None })
}

/// Whose state lies at `path`, be it of a schema that this version does not know. `None` where none lies there, where it is nobody's yet, and
/// where it is so damaged that it does not say.
pub(super) fn daemon_at(path: &Path) -> Option<String> {
    examine(path).ok()?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    daemon_of(&connection).ok()?
}

/// The id of the daemon whose state this is, if it is somebody's.
pub(super) fn daemon_of(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT daemon FROM identity", [], |row| row.get(0)).optional()
}

/// Opens a state of any schema that this version knows, for reading only, and says of which.
pub(super) fn for_copying(path: &Path) -> Result<(Connection, i64), OpenError> {
    if !exists(path)? {
        let path = path.to_owned();
        return Err(if knew_a_state(&path) { OpenError::Gone { path } } else { OpenError::Missing { path } });
    }
    examine(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    match supported(path, &connection) {
        Ok(found) => Ok((connection, found)),
        // Where the folder may not be written, the index of the log cannot be made. Without a log none is needed.
        Err(OpenError::Unwritable { .. }) if log_is_empty(path) => {
            let connection = connect_immutable(path)?;
            let found = supported(path, &connection)?;
            Ok((connection, found))
        }
        Err(error) => Err(error),
    }
}

/// A state in memory, gone with the process.
pub(super) fn in_memory() -> Result<Held, OpenError> {
    let path = Path::new(":memory:");
    let mut connection = Connection::open_in_memory().map_err(failed(path, "make"))?;
    migrate(&mut connection).map_err(failed(path, "make"))?;
    configure(&connection, WRITER_CACHE_KIB).map_err(failed(path, "set up"))?;
    Ok(Held { connection, _lock: None })
}

/// A copy of the state at `path` in memory, or a new one where there is none yet. The file is only read.
pub(super) fn copy(path: &Path) -> Result<Held, OpenError> {
    let source = match for_reading(path) {
        Ok(source) => source,
        Err(OpenError::Missing { .. }) => return in_memory(),
        Err(error) => return Err(error),
    };
    let mut connection = Connection::open_in_memory().map_err(failed(path, "copy"))?;
    Backup::new(&source.connection, &mut connection)
        .and_then(|backup| backup.run_to_completion(COPIED_PAGES, Duration::ZERO, None))
        .map_err(failed(path, "copy"))?;
    configure(&connection, WRITER_CACHE_KIB).map_err(failed(path, "set up"))?;
    Ok(Held { connection, _lock: None })
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(super) fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })
}

/// Refuses the state of another user. As root everything can be written, but what root makes beside the state, the daemon's
/// own user could not open afterwards.
pub(super) fn owner(path: &Path, folder: &Path) -> Result<(), OpenError> {
    let Ok(ours) = fs::metadata("/proc/self").map(|process| process.uid()) else {
        return Ok(());
    };
    let subject = if path.exists() { path } else { folder };
    let Ok(owner) = fs::metadata(subject).map(|metadata| metadata.uid()) else {
        return Ok(());
    };
    // A new state may be made in any folder that lets us; only root could do so in one that is the daemon's.
    let foreign = owner != ours && (subject == path || ours == 0);
    if foreign { Err(OpenError::Owner { path: path.to_owned(), owner, ours }) } else { Ok(()) }
}

/// The state holds the key of the marks: nobody else may read it.
fn keep_private(path: &Path) -> Result<(), OpenError> {
    let unwritable = |source| OpenError::Unwritable { path: path.to_owned(), source };
    let mode = fs::metadata(path).map_err(unwritable)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(unwritable)?;
    }
    Ok(())
}

/// Makes a whole state under another name, then gives it its own: a state is never seen half made, so an empty file is
/// always an accident.
fn create(path: &Path, folder: &Path) -> Result<(), OpenError> {
    let unwritable = |source| OpenError::Unwritable { path: path.to_owned(), source };
    if !log_is_empty(path) {
        let why = "the file is gone, but its write-ahead log `-wal` is still there".to_owned();
        return Err(OpenError::Corrupt { path: path.to_owned(), why });
    }
    let draft = beside(path, ".new");
    remove_draft(&draft).map_err(unwritable)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(unwritable)?;
    let mut connection = connect(&draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .and_then(|()| migrate(&mut connection))
        .and_then(|()| connection.close().map_err(|(_, error)| error))
        .map_err(failed(path, "make"))?;
    file.sync_all().map_err(unwritable)?;
    fs::rename(&draft, path).map_err(unwritable)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)
}

/// Removes what an attempt that was broken off left under a draft's name.
pub(super) fn remove_draft(draft: &Path) -> io::Result<()> {
    for ending in ["", "-journal"] {
        match fs::remove_file(beside(draft, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What the system says of its mounts. Where it says nothing, a folder is taken for a local one.
pub(super) fn mounts() -> String {
    fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

/// Refuses a folder of the network, by what the system says of its mounts.
pub(super) fn not_of_the_network(mounts: &str, path: &Path, folder: &Path) -> Result<(), OpenError> {
    let Ok(folder) = fs::canonicalize(folder) else { return Ok(()) };
    match file_system_of(mounts, &folder) {
        Some(kind) if is_of_the_network(&kind) => Err(OpenError::Network { path: path.to_owned(), kind }),
        _ => Ok(()),
    }
}

fn log_is_empty(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).map_or(true, |metadata| metadata.len() == 0)
}

/// Looks at the file without SQLite: is it a state, and is all of it there?
fn examine(path: &Path) -> Result<(), OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    let not_ours = |why| OpenError::NotAState { path: path.to_owned(), why };
    let corrupt = |why: String| OpenError::Corrupt { path: path.to_owned(), why };
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(not_ours("it is no file"));
    }
    if metadata.len() == 0 {
        return Err(corrupt("it is empty, and a state never is".to_owned()));
    }
    let mut header = Vec::with_capacity(100);
    file.by_ref().take(100).read_to_end(&mut header).map_err(unreadable)?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(not_ours("it is no SQLite database"));
    }
    if header.len() < 100 {
        return Err(corrupt(format!("it is cut off after {} bytes", header.len())));
    }
    let number = |at: usize| header[at..at + 4].iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    if number(68) != APPLICATION_ID {
        return Err(not_ours("it is a database of another program"));
    }
    let page = match u64::from(number(16) >> 16) {
        1 => 65_536,
        bytes => bytes,
    };
    let whole = u64::from(number(28)) * page;
    // While there is a log, pages may be in it that the file does not have yet.
    if metadata.len() < whole && log_is_empty(path) {
        return Err(corrupt(format!("it is cut off: {} bytes of {whole}", metadata.len())));
    }
    Ok(())
}

pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed(path, "open"))
}

/// Reads a file that nobody can change, without locks and without an index of the log.
fn connect_immutable(path: &Path) -> Result<Connection, OpenError> {
    let text = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{text}?immutable=1"), flags).map_err(failed(path, "open"))
}

/// The schema version, if this version knows it.
fn supported(path: &Path, connection: &Connection) -> Result<i64, OpenError> {
    let found = version(connection).map_err(failed(path, "read"))?;
    let known = known_version();
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if found < 1 {
        let why = "it has no schema".to_owned();
        return Err(OpenError::Corrupt { path: path.to_owned(), why });
    }
    Ok(found)
}

fn check(path: &Path, connection: &Connection, tables: &[&str]) -> Result<(), OpenError> {
    for table in tables {
        let said: String = connection
            .query_row(&format!("PRAGMA quick_check({table})"), [], |row| row.get(0))
            .map_err(failed(path, "check"))?;
        if said != "ok" {
            return Err(OpenError::Corrupt { path: path.to_owned(), why: said.replace('\n', "; ") });
        }
    }
    Ok(())
}

fn configure(connection: &Connection, cache_kib: i64) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    // What is idle stays on disk: no mapping, and no temporary files in folders that a hardened unit does not have.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", LOG_LIMIT_BYTES)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Sorts SQLite's refusals into those that a person can mend.
pub(super) fn failed(path: &Path, attempt: &'static str) -> impl Fn(rusqlite::Error) -> OpenError {
    move |source| {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                OpenError::Corrupt { path, why: source.to_string() }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                OpenError::Unwritable { path, source: io::Error::other(source) }
            }
            _ => OpenError::Database { path, attempt, source },
        }
    }
}
