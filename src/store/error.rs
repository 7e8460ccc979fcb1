//! Why a state could not be opened, in words that name the file and the way out. Must never show what is in a state.

use std::io;
use std::path::PathBuf;

/// Why a state could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open for writing.
    #[error(
        "the state {path:?} is in use by {}: stop that one first (one daemon per state), or give this one its own `state`",
        holder(*.pid)
    )]
    Locked {
        /// The state.
        path: PathBuf,
        /// The process that holds it, when its lock file says so.
        pid: Option<u32>,
    },
    /// There is none yet.
    #[error(
        "there is no state at {path:?} yet: `jirasyncd run` makes it, or `state` in the configuration names another place"
    )]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// There was one, and it is gone.
    #[error(
        "the state {path:?} is gone, and the lock beside it says that there was one, or that one was being put there: no new one was put in its \
         place, for that would not know what was created. Put it back (`jirasyncd state restore BACKUP`), or correct `state`; to begin anew all the same, \
         remove \"{}.lock\" while no daemon runs", path.display()
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// A file system of the network, where neither locks nor the log's shared memory can be relied on.
    #[error(
        "the state {path:?} lies on a file system of the network ({kind}), where two daemons could write it at once, and a crash could \
         damage it: name a place on a local disk as `state`, and copy the state there with `jirasyncd state backup`"
    )]
    Network {
        /// The state.
        path: PathBuf,
        /// The kind of file system, as the system calls it.
        kind: String,
    },
    /// The folder it should be in does not exist, or is no folder.
    #[error(
        "there is no folder {folder:?} for the state: create it, owned by the user that runs jirasyncd (mode 0700)"
    )]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A file that is no SQLite database.
    #[error(
        "{path:?} is not a state of jirasyncd, {why}: it was left as it is; correct `state`, or restore a backup over it"
    )]
    NotAState {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// A state that is damaged.
    #[error(
        "the state {path:?} is damaged ({why}): it was left as it is; put the file of a backup in its place with `jirasyncd \
         state restore BACKUP`, which keeps this one; a new state would not know what was created, and create nothing where \
         the copies of this one lie"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A state whose schema this version does not know.
    #[error(
        "the state {path:?} was made by a newer jirasyncd (schema {found}, this one knows {known}): run the newer version, \
         or restore a backup made before the upgrade"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that this version knows.
        known: i64,
    },
    /// A state that waits for an upgrade, which reading alone must not do.
    #[error(
        "the state {path:?} was made by an older jirasyncd (schema {found}): start the daemon once, it upgrades it"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// It belongs to another user.
    #[error(
        "the state {path:?} belongs to user {owner}, and this process runs as user {ours}: run it as that user (`sudo -u \
         '#{owner}' jirasyncd ...`), or change the owner of the state and the files beside it (`chown {ours} {path:?}*`)"
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// It may not be written there.
    #[error(
        "cannot write {path:?}: the user that runs jirasyncd must own the folder and the files in it, on a local \
         disk that is not mounted read-only"
    )]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// It may not be read.
    #[error("cannot read {path:?}: run this as the user that runs the daemon, or as root")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// SQLite failed otherwise.
    #[error("could not {attempt} the state {path:?}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        attempt: &'static str,
        /// The cause.
        #[source]
        source: rusqlite::Error,
    },
    /// The system gave no thread.
    #[error("could not start the thread that writes the state")]
    Thread {
        /// The cause.
        #[source]
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
