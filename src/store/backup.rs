//! Copies of a whole state: out of one that may be in use, and back into its place. Must never write over anything, and never show a
//! copy under its name before it is whole, checked and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;

use super::audit;
use super::columns::Milliseconds;
use super::error::OpenError;
use super::lock::{StateLock, beside};
use super::open;
use super::schema::known_version;
use crate::model::ids::InstanceId;

/// All pages in one step: so the copy is of one moment, whatever the daemon writes meanwhile.
const ALL_PAGES: std::ffi::c_int = -1;
/// What belongs to a state beside its file.
pub(super) const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];
/// As many states may be put aside within one second.
const MOST_OF_ONE_NAME: u32 = 100;

/// What a copy of a state holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holds {
    /// Items that are kept in step, or are to be.
    pub items: u64,
    /// The version of its schema.
    pub schema: i64,
    /// The size of the file.
    pub bytes: u64,
    /// Up to when each instance had been polled, in its own time: as old is what it knows.
    pub polled: Vec<(InstanceId, Timestamp)>,
}

/// Why a file that somebody named as a backup cannot be opened: what is said of the state itself would be wrong of it.
#[must_use]
pub fn no_backup(error: OpenError) -> BackupError {
    match error {
        OpenError::Missing { path } | OpenError::Gone { path } => {
            BackupError::NoBackup { path, why: "it is not there" }
        }
        OpenError::NotAState { path, why } => BackupError::NoBackup { path, why },
        OpenError::Older { path, found } => BackupError::OldBackup { path, found },
        OpenError::Locked { .. }
        | OpenError::Network { .. }
        | OpenError::NoFolder { .. }
        | OpenError::Corrupt { .. }
        | OpenError::Newer { .. }
        | OpenError::Owner { .. }
        | OpenError::Unwritable { .. }
        | OpenError::Unreadable { .. }
        | OpenError::Database { .. }
        | OpenError::Thread { .. } => BackupError::Open(error),
    }
}

impl Holds {
    /// Whether it has the schema of this version, so that to write into it changes nothing for an earlier one.
    #[must_use]
    pub fn is_of_this_version(&self) -> bool {
        self.schema == known_version()
    }
}

/// Whose backup a state may be replaced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The same daemon's.
    Its,
    /// Any daemon's: somebody said that this is meant.
    Anybodys,
}

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// What it holds.
    pub holds: Holds,
    /// Where the state lies now that was there before.
    pub kept: Option<PathBuf>,
}

/// Why a state was not copied. What was there is as it was, unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// One of the two states cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file that somebody named is not there, or is nothing of ours.
    #[error("{path:?} is no backup, {why}: nothing was changed; name a file that `jirasyncd state backup` wrote")]
    NoBackup {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// A backup of an earlier version is whole for all that this one knows, and is not looked through.
    #[error(
        "{path:?} was made by an older jirasyncd (schema {found}) and cannot be looked through: `jirasyncd state restore` takes it, and the \
         next start brings it up to date"
    )]
    OldBackup {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// Something is there already.
    #[error("there is {path:?} already: a backup is written over nothing; name another file, or move this one away")]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// There is a state, or a part of one.
    #[error(
        "there is {path:?} already: a state is made anew only where none is; `jirasyncd state restore` puts a backup in its place, else move \
         it away with what lies beside it"
    )]
    StateThere {
        /// What is there.
        path: PathBuf,
    },
    /// A state was to be put in its own place.
    #[error("{path:?} is the state itself: name the file of a backup")]
    Itself {
        /// The state.
        path: PathBuf,
    },
    /// A backup of one daemon was to take the place of the state of another.
    #[error(
        "the backup {path:?} is another daemon's ({}) than the state {state:?} that it would replace ({daemon}): nothing was changed. Put in its \
         place it would not know the marks of this one, and make everything anew that this one made. Name a backup of this daemon, or add \
         `--of-another` where the other is meant", .found.as_deref().unwrap_or("it was nobody's yet")
    )]
    OfAnother {
        /// The backup.
        path: PathBuf,
        /// Whose it is.
        found: Option<String>,
        /// The state.
        state: PathBuf,
        /// Whose that is.
        daemon: String,
    },
    /// The copy is damaged, so what it was made of is.
    #[error("the copy of {path:?} is damaged ({why}), so it was thrown away; what it was made of is as it was")]
    Damaged {
        /// What it was made of.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// SQLite could not copy: one of the two disks fails, or there is no room.
    #[error("could not copy the state {path:?} to {to:?}: see that there is room, and that both disks are well")]
    Copy {
        /// What was copied.
        path: PathBuf,
        /// Where to.
        to: PathBuf,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The disk or its rights.
    #[error("could not {attempt} {path:?}")]
    File {
        /// What was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// Copies the state at `state` to `to`, where nothing may be. A daemon may run meanwhile: the copy is of one moment.
///
/// # Errors
/// See [`BackupError`]. Nothing lies at `to` then.
pub fn back_up(state: &Path, to: &Path) -> Result<Holds, BackupError> {
    let (source, schema) = open::for_copying(state)?;
    // A log of another state beside it would be taken for its own.
    for ending in ENDINGS {
        let path = beside(to, ending);
        if is_there(&path)? {
            return Err(BackupError::Exists { path });
        }
    }
    let draft = beside(to, &format!(".{}.part", std::process::id()));
    let made = copy(&source, (state, schema), &draft).and_then(|holds| {
        // Not a rename: that would write over what came there meanwhile.
        match fs::hard_link(&draft, to) {
            Ok(()) => fs::remove_file(&draft).map_err(failed("remove the draft", &draft))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists { path: to.to_owned() });
            }
            // A file system without links.
            Err(_) => fs::rename(&draft, to).map_err(failed("give its name to", to))?,
        }
        settle(to)?;
        Ok(holds)
    });
    if made.is_err() {
        // What cannot be removed is told by nothing more: the first error matters.
        let _ = open::remove_draft(&draft);
    }
    made
}

/// Puts a copy of the state at `from` in the place of the one at `state`, which no daemon may work on. That one is kept beside, under a
/// name with the time `now`.
///
/// # Errors
/// See [`BackupError`]. The state that was there is at its place, or under its new name; never is another one made meanwhile.
pub fn restore(state: &Path, from: &Path, whose: Whose, now: Timestamp) -> Result<Restored, BackupError> {
    restore_by(&open::mounts(), state, (from, whose), now)
}

/// The same, by what the system says of its mounts.
pub(super) fn restore_by(
    mounts: &str,
    state: &Path,
    (from, whose): (&Path, Whose),
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let folder = open::folder_of(state);
    if !folder.is_dir() {
        return Err(OpenError::NoFolder { folder: folder.to_owned() }.into());
    }
    open::owner(state, folder)?;
    // No start would take it there: better that it is said before the state that works is put aside.
    open::not_of_the_network(mounts, state, folder)?;
    let mut lock = StateLock::take(state)?;
    let identity = |path: &Path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    let draft = beside(state, ".new");
    for own in [state, draft.as_path()] {
        if identity(from).is_some_and(|it| identity(own) == Some(it)) {
            return Err(BackupError::Itself { path: own.to_owned() });
        }
    }
    let (source, schema) = open::for_copying(from).map_err(no_backup)?;
    if whose == Whose::Its {
        same_daemon(state, from, &source)?;
    }
    open::remove_draft(&draft).map_err(failed("remove the draft", &draft))?;
    // From here on a start finds a state, or is told that one is gone: never does it make a new one, wherever this is broken off. Before the
    // copy, for that takes long, and where no state lies a supervisor that starts the daemon meanwhile would have one made.
    lock.know_a_state(state)?;
    let holds = copy(&source, (from, schema), &draft).inspect_err(|_| {
        let _ = open::remove_draft(&draft);
    })?;
    let kept = put_aside(state, now)?;
    fs::rename(&draft, state).map_err(failed("give its name to", state))?;
    settle(state)?;
    Ok(Restored { holds, kept })
}

/// Refuses the backup of another daemon. Where no state lies, or one that does not say any more whose it is, there is nothing to hold it to.
fn same_daemon(state: &Path, from: &Path, source: &Connection) -> Result<(), BackupError> {
    let Some(daemon) = open::daemon_at(state) else { return Ok(()) };
    let found = open::daemon_of(source).map_err(open::failed(from, "read"))?;
    if found.as_ref() == Some(&daemon) {
        return Ok(());
    }
    Err(BackupError::OfAnother { path: from.to_owned(), found, state: state.to_owned(), daemon })
}

/// Gives a state and what belongs to it another name. The file goes before its log leaves the old name: a log alone is refused by every start,
/// and a file without its log would be taken for whole. Under the new name the log is first, so that a kill in between leaves no file without it.
fn put_aside(state: &Path, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    let mut found = Vec::new();
    for ending in ENDINGS {
        if is_there(&beside(state, ending))? {
            found.push(ending);
        }
    }
    if found.is_empty() {
        return Ok(None);
    }
    let dated = format!(".before-restore-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    for number in 1..=MOST_OF_ONE_NAME {
        let ending = if number == 1 { dated.clone() } else { format!("{dated}-{number}") };
        let aside = beside(state, &ending);
        let mut taken = false;
        for ending in ENDINGS {
            taken |= is_there(&beside(&aside, ending))?;
        }
        if taken {
            continue;
        }
        for ending in found.iter().filter(|ending| !ending.is_empty()) {
            // A file system without links: it follows its file below.
            let _ = fs::hard_link(beside(state, ending), beside(&aside, ending));
        }
        for ending in &found {
            let (old, new) = (beside(state, ending), beside(&aside, ending));
            // To rename one of two names of a file into the other leaves both.
            let moved = if is_there(&new)? { fs::remove_file(&old) } else { fs::rename(&old, &new) };
            moved.map_err(failed("put aside", &old))?;
        }
        return Ok(Some(aside));
    }
    Err(BackupError::Exists { path: beside(state, &dated) })
}

/// Copies a state to `draft`, checks the copy, and has it on the disk. It is one file, without a log.
pub(super) fn copy(source: &Connection, (path, schema): (&Path, i64), draft: &Path) -> Result<Holds, BackupError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
    let file = file.map_err(failed("make", draft))?;
    let mut target = open::connect(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let copied = (|| {
        // It is put on the disk once, at the end.
        target.pragma_update(None, "synchronous", "OFF")?;
        Backup::new(source, &mut target)?.step(ALL_PAGES)
    })();
    let ended = copied.map_err(|source| match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => open::failed(path, "copy")(source).into(),
        _ => BackupError::Copy { path: path.to_owned(), to: draft.to_owned(), source },
    })?;
    if !matches!(ended, StepResult::Done) {
        return Err(failed("copy", path)(io::Error::other(format!("somebody else holds it for long ({ended:?})"))));
    }
    let _: String = target
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
        .map_err(open::failed(draft, "close the log of"))?;
    let findings = audit::pages(&target).map_err(open::failed(draft, "check"))?;
    if let Some(why) = findings.into_iter().next() {
        return Err(BackupError::Damaged { path: path.to_owned(), why });
    }
    let (items, polled) = figures(&target).map_err(open::failed(draft, "read"))?;
    target.close().map_err(|(_, error)| error).map_err(open::failed(draft, "close"))?;
    file.sync_all().map_err(failed("write to the disk", draft))?;
    let bytes = file.metadata().map_err(failed("look at", draft))?.len();
    Ok(Holds { items, schema, bytes, polled })
}

fn figures(connection: &Connection) -> rusqlite::Result<(u64, Vec<(InstanceId, Timestamp)>)> {
    // An older schema has no column `merged`, and nothing merged.
    let sql = "SELECT count(*) FROM pragma_table_info('items') WHERE name = 'merged'";
    let merges: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let sql =
        if merges == 0 { "SELECT count(*) FROM items" } else { "SELECT count(*) FROM items WHERE merged IS NULL" };
    let items: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let mut statement = connection.prepare("SELECT instance, updated_ms FROM cursors ORDER BY instance")?;
    let polled = statement.query_map([], |row| {
        let Milliseconds(updated) = row.get(1)?;
        Ok((row.get(0)?, updated))
    })?;
    Ok((items.cast_unsigned(), polled.collect::<Result<_, _>>()?))
}

/// Whether anything is there, be it a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> Result<bool, BackupError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("look for", path)(error)),
    }
}

/// Has a name on the disk.
pub(super) fn settle(path: &Path) -> Result<(), BackupError> {
    let folder = open::folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write to the disk", folder))
}

pub(super) fn failed(attempt: &'static str, path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::File { attempt, path: path.to_owned(), source }
}
