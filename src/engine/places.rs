//! How many items are written to at once, over all batches: so more batches may be under way than could be written at once, and
//! one that creates or reads meanwhile leaves none of it unused. Must never have what people just did wait for first copies.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

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
}

impl Places {
    pub(super) fn new() -> Self {
        Self { live: Semaphore::new(LIVE), waiting: Semaphore::new(WAITING) }
    }

    /// Waits for a place, but not for long; it is free again when this is dropped. Places are given in the order in which they were
    /// asked for. `None`: there was none in time.
    pub(super) async fn take(&self, urgency: Urgency) -> Option<SemaphorePermit<'_>> {
        let (places, longest) =
            if urgency == Urgency::Live { (&self.live, LONGEST_LIVE) } else { (&self.waiting, LONGEST_WAITING) };
        tokio::time::timeout(longest, places.acquire()).await.ok()?.ok()
    }
}
