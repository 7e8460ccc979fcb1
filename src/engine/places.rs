//! How many items are written to at once, over all batches: so more batches may be under way than could be written at once, and
//! one that creates or reads meanwhile leaves none of it unused. Must never have what people just did wait for first copies, nor
//! one sync for the many of another.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::jira::share;
use crate::model::ids::SyncId;
use crate::model::store::Urgency;

/// Items that are written to at once, of what people just did, and of all else.
const LIVE: usize = 32;
const WAITING: usize = 24;
/// Longest that somebody waits for a place, and goes on without one then: all of them may wait for one instance that answers slowly.
const LONGEST_LIVE: Duration = Duration::from_secs(2);
const LONGEST_WAITING: Duration = Duration::from_secs(5);

/// The places that items are written at.
#[derive(Debug)]
pub(super) struct Places {
    live: Semaphore,
    waiting: Semaphore,
    /// How many items of each sync are written to, by how urgent they are.
    written: Mutex<BTreeMap<(Urgency, SyncId), usize>>,
}

/// A place that is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Taken<'p> {
    places: &'p Places,
    of: (Urgency, SyncId),
    _permit: Option<SemaphorePermit<'p>>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self { live: Semaphore::new(LIVE), waiting: Semaphore::new(WAITING), written: Mutex::default() }
    }

    /// Waits for a place, but not for long. Places are given in the order in which they were asked for; but the first item of a sync that
    /// writes to none goes at once, however many of other syncs wait.
    pub(super) async fn take(&self, urgency: Urgency) -> Taken<'_> {
        let (places, longest) =
            if urgency == Urgency::Live { (&self.live, LONGEST_LIVE) } else { (&self.waiting, LONGEST_WAITING) };
        let of = (urgency, share());
        let is_first = !self.written().contains_key(&of);
        let permit = match places.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) if is_first => None,
            Err(_) => tokio::time::timeout(longest, places.acquire()).await.ok().and_then(Result::ok),
        };
        *self.written().entry(of.clone()).or_default() += 1;
        Taken { places: self, of, _permit: permit }
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<(Urgency, SyncId), usize>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut written = self.places.written();
        if let Some(count) = written.get_mut(&self.of) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                written.remove(&self.of);
            }
        }
    }
}
