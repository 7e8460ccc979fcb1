//! A state that is made anew where none is: under another name until it is whole. Must never be begun beside a state, nor take the place of
//! one that came meanwhile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::backup::{BackupError, ENDINGS, Holds, copy, failed, is_there, settle};
use super::error::OpenError;
use super::lock::{StateLock, beside};
use super::sqlite::SqliteStore;
use super::{knowledge, open};
use crate::model::store::{StateIdentity, StoreError};

/// A state under way. No daemon can start on its place meanwhile.
#[derive(Debug)]
pub struct Anew {
    state: PathBuf,
    draft: PathBuf,
    _lock: StateLock,
}

impl Anew {
    /// Begins one. What an attempt that was broken off left is removed.
    ///
    /// # Errors
    /// There is a state, a daemon runs, or the folder cannot be written.
    pub fn begin(state: &Path) -> Result<Self, BackupError> {
        Self::begin_by(&open::mounts(), state)
    }

    /// The same, by what the system says of its mounts.
    pub(super) fn begin_by(mounts: &str, state: &Path) -> Result<Self, BackupError> {
        let folder = open::folder_of(state);
        if !folder.is_dir() {
            return Err(OpenError::NoFolder { folder: folder.to_owned() }.into());
        }
        open::owner(state, folder)?;
        open::not_of_the_network(mounts, state, folder)?;
        none_there(state)?;
        let mut lock = StateLock::take(state)?;
        none_there(state)?;
        // Whoever has the key says that there was one. Reading every issue takes long: where this is broken off, no start may make a new one.
        lock.know_a_state(state)?;
        let anew = Self { state: state.to_owned(), draft: beside(state, ".rebuilt"), _lock: lock };
        anew.remove_draft()?;
        Ok(anew)
    }

    /// Where it is made.
    #[must_use]
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// It is whole and closed: gives it its name.
    ///
    /// # Errors
    /// See [`BackupError`]. There is no state then, or the one that came meanwhile.
    pub fn finish(self) -> Result<Holds, BackupError> {
        let new = beside(&self.state, ".new");
        open::remove_draft(&new).map_err(failed("remove the draft", &new))?;
        let (source, schema) = open::for_copying(&self.draft)?;
        let holds = copy(&source, (&self.draft, schema), &new)?;
        drop(source);
        none_there(&self.state)?;
        fs::rename(&new, &self.state).map_err(failed("give its name to", &self.state))?;
        settle(&self.state)?;
        self.remove_draft()?;
        Ok(holds)
    }

    /// Throws it away.
    ///
    /// # Errors
    /// The disk refuses that.
    pub fn give_up(self) -> Result<(), BackupError> {
        self.remove_draft()
    }

    fn remove_draft(&self) -> Result<(), BackupError> {
        for ending in ENDINGS.into_iter().chain([".lock"]) {
            let path = beside(&self.draft, ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("remove the draft", &path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

impl SqliteStore {
    /// Makes a state that is nobody's yet that of a daemon whose key is known.
    ///
    /// # Errors
    /// It is somebody's, or the state could not answer.
    pub async fn adopt(&self, identity: &StateIdentity) -> Result<(), StoreError> {
        let identity = identity.clone();
        self.write("say who this state is", move |connection| knowledge::adopt(connection, &identity)).await
    }
}

/// Refuses what is a state, or a part of one. An empty log is none: who only reads a state leaves one, and it stays when the state goes.
fn none_there(state: &Path) -> Result<(), BackupError> {
    if is_there(state)? {
        return Err(BackupError::StateThere { path: state.to_owned() });
    }
    for ending in ["-wal", "-journal"] {
        let path = beside(state, ending);
        if is_there(&path)? && fs::metadata(&path).map_or(true, |metadata| metadata.len() > 0) {
            return Err(BackupError::StateThere { path });
        }
    }
    Ok(())
}
