//! The exclusive lock on a state: one process writes it. The lock is the operating system's, so it ends with the process
//! however that dies; the file beside the state stays. It must never be deleted while one runs: two processes could then hold "the" lock.
//! It also says that a state lay beside it, so that a state which is gone is never taken for one that was never made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// What the second line says once a state lay beside the lock.
const A_STATE: &str = "a state lies beside this";

/// The lock, held as long as this lives.
#[derive(Debug)]
pub(super) struct StateLock {
    file: File,
    knows_a_state: bool,
}

/// Where the lock of the state at `path` is.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    beside(path, ".lock")
}

/// Whether the lock file of the state at `path` says that a state lay there.
pub(super) fn knew_a_state(path: &Path) -> bool {
    std::fs::read_to_string(lock_path(path)).is_ok_and(|text| says_a_state(&text))
}

fn says_a_state(text: &str) -> bool {
    text.lines().nth(1) == Some(A_STATE)
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
                let text = content(&mut file);
                let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
                return Err(OpenError::Locked { path: path.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let knows_a_state = says_a_state(&content(&mut file));
        let mut lock = Self { file, knows_a_state };
        lock.write().map_err(unwritable)?;
        Ok(lock)
    }

    /// Whether a state lay beside it when it was taken, or was made since.
    pub(super) fn knows_a_state(&self) -> bool {
        self.knows_a_state
    }

    /// Keeps that a state lies beside it, for whoever finds none later.
    pub(super) fn know_a_state(&mut self, path: &Path) -> Result<(), OpenError> {
        if !self.knows_a_state {
            self.knows_a_state = true;
            self.write().map_err(|source| OpenError::Unwritable { path: lock_path(path), source })?;
        }
        Ok(())
    }

    /// Whose it is, and what lies beside it.
    fn write(&mut self) -> std::io::Result<()> {
        let known = if self.knows_a_state { format!("{A_STATE}\n") } else { String::new() };
        let text = format!("{}\n{known}", std::process::id());
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        // Cut after it was written over: who reads meanwhile finds something, and a crash in between loses nothing.
        self.file.set_len(u64::try_from(text.len()).unwrap_or(0))?;
        self.file.sync_all()
    }
}

/// What it says. Unreadable or half written only means that the holder cannot be named.
fn content(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    text
}
