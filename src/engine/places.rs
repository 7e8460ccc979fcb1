//! How many items are written to at once, over all batches: so more batches may be under way than could be written at once, and
//! one that creates or reads meanwhile leaves none of it unused. Must never have what people just did wait for first copies.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::store::Urgency;

/// Items that are written to at once, of what people just did, and of all else.
const LIVE: usize = 32;
const WAITING: usize = 24;

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

    /// Waits for a place; it is free again when this is dropped. Places are given in the order in which they were asked for.
    pub(super) async fn take(&self, urgency: Urgency) -> Option<SemaphorePermit<'_>> {
        let places = if urgency == Urgency::Live { &self.live } else { &self.waiting };
        // Nobody closes them.
        places.acquire().await.ok()
    }
}
