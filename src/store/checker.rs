//! The check of a large state beside the daemon that works on it. Must never keep the state open once its store is dropped, nor let
//! anything be written once damage is known.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use super::{OpenError, SqliteStore, audit, look, open};
use crate::model::store::StoreError;

/// How soon a check that is to end is interrupted once more.
const AGAIN: Duration = Duration::from_millis(5);

impl SqliteStore {
    /// Reads the whole state and says what is damaged, line by line; empty when all is well. Takes seconds on a large one.
    pub async fn check(&self) -> Vec<String> {
        // Damage can be such that the check itself cannot go on: that is its finding.
        self.read("check the state", audit::check).await.unwrap_or_else(|error| {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            vec![format!("{error}{cause}")]
        })
    }

    /// Gives the memory of all pages back that are kept for the next time.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn forget_pages(&self) -> Result<(), StoreError> {
        self.read("give memory back", look::forget_pages).await?;
        self.write("give memory back", look::forget_pages).await
    }
}

/// A check under way, or its result.
pub(super) struct Checker {
    damage: Arc<OnceLock<String>>,
    over: Arc<AtomicBool>,
    interrupt: InterruptHandle,
    thread: Option<JoinHandle<()>>,
}

impl Checker {
    /// Begins to check the state at `path`, on a thread of its own.
    pub(super) fn start(path: &Path) -> Result<Self, OpenError> {
        let connection = open::for_checking(path)?;
        let (interrupt, damage) = (connection.get_interrupt_handle(), Arc::<OnceLock<String>>::default());
        let over = Arc::<AtomicBool>::default();
        let (path, found, stopped) = (path.to_owned(), Arc::clone(&damage), Arc::clone(&over));
        let thread = std::thread::Builder::new()
            .name("state-check".to_owned())
            .spawn(move || check(&path, &connection, &found, &stopped))
            .map_err(|source| OpenError::Thread { source })?;
        Ok(Self { damage, over, interrupt, thread: Some(thread) })
    }

    /// What is damaged, as far as that is known.
    pub(super) fn damage(&self) -> Option<&str> {
        self.damage.get().map(String::as_str)
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        // What it would say of a check that was broken off is not wanted any more.
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // Between two statements there is nothing to interrupt.
            while !thread.is_finished() {
                self.interrupt.interrupt();
                std::thread::park_timeout(AGAIN);
            }
            let _ = thread.join();
        }
    }
}

fn check(path: &Path, connection: &Connection, found: &OnceLock<String>, over: &AtomicBool) {
    match open::check_beside(path, connection) {
        Ok(()) => tracing::debug!("the tables of the items are whole"),
        Err(OpenError::Corrupt { why, .. }) if !over.load(Ordering::SeqCst) => {
            tracing::error!(why, "the state is damaged: nothing more is written to it; put a backup in its place");
            // Nobody else sets it.
            let _ = found.set(why);
        }
        // It was interrupted, or could not be read: what cannot be read is found when it is needed.
        Err(error) => tracing::debug!(%error, "the tables of the items were not checked to the end"),
    }
}
