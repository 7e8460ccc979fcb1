//! The exclusive lock on a state: one process writes it. The lock is the operating system's, so it ends with the process
//! however that dies; the file beside the state stays. It must never be deleted: two processes could then hold "the" lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// The lock, held as long as this lives.
#[derive(Debug)]
pub(super) struct StateLock {
    _file: File,
}

/// Where the lock of the state at `path` is.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// The file beside `path` whose name has `ending` added.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

impl StateLock {
    /// Takes the lock on the state at `path`, or says who holds it.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let lock = lock_path(path);
        let unwritable = |source| OpenError::Unwritable { path: lock.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Unreadable or half written only means that the holder cannot be named.
                let _ = file.read_to_string(&mut text);
                return Err(OpenError::Locked { path: path.to_owned(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let pid = std::process::id();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{pid}"))
            .and_then(|()| file.flush())
            .map_err(unwritable)?;
        Ok(Self { _file: file })
    }
}
