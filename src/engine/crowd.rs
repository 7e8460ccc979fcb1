//! Polls while so much was changed of late that the overlap is not read along: only ids and times are listed, the newest first, and what is
//! new among them is read. Must never hold up the next poll for long, nor people for what we did ourselves.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::detect::{Listed, PollError, Polled};
use super::instance::{Instance, Window};
use crate::jira::{Trail, within_a_crowd};
use crate::model::ids::IssueId;
use crate::model::store::{Cursor, Urgency};

/// Rows read at once where only ids and times were asked for.
const PORTION: usize = 100;
/// The part of the time between two polls that a look at the whole overlap may take in each: an edit that the next one is to bring waits
/// until it is over.
const PART: u32 = 4;
/// How often one such look begins again after a failure before it fails its poll, too: with tokens that never last it would not end.
const FAILURES: u8 = 3;

/// A look at a whole overlap, which goes on with each poll.
#[derive(Debug)]
pub(super) struct WholeLook {
    projects: BTreeSet<String>,
    since: Timestamp,
    /// When it began, by our monotonic time: what the index brings later is for the next one.
    begun: Duration,
    page: Option<String>,
    trail: Trail,
    failures: u8,
}

/// Whether polls went to their ends.
#[derive(Debug, Default)]
pub(super) struct Torn {
    /// How often rows were queued.
    sightings: u64,
    /// What that was when the poll began that is under way, or that broke off.
    under_way: Option<u64>,
}

/// What is new on one page: of ours, and of others.
struct News {
    ours: Vec<Listed>,
    theirs: Vec<Listed>,
}

impl News {
    fn of(instance: &Instance, rows: Vec<(IssueId, Timestamp)>, since: Timestamp) -> Self {
        let rows = rows.into_iter().filter(|(_, updated)| *updated >= since);
        let unknown = rows.filter(|(issue, updated)| !instance.has_seen(*issue, *updated));
        let (ours, theirs) = unknown
            .map(|(issue, updated)| (updated, issue))
            .partition(|&(updated, issue)| instance.urgency_of(issue, updated) != Urgency::Live);
        Self { ours, theirs }
    }
}

impl Engine {
    /// Reads ids and times, the newest first, and then those rows that are not known, the oldest first. Behind a page on
    /// which nothing is new nothing was before, unless the last poll broke off (`torn`): it may have left out what lies between what it queued.
    /// What the index brings late is found once per overlap, when all is looked at, some pages in
    /// each poll. Where a page is mostly what we did ourselves, the rest is likely a crowd of that: it lets people go first. What they did
    /// is read at once where the list goes on.
    pub(super) async fn poll_narrow(
        &self,
        instance: &Arc<Instance>,
        projects: &BTreeSet<String>,
        window: &Window,
        torn: bool,
    ) -> Result<Polled, PollError> {
        let since = window.since;
        let mut polled = Polled::default();
        let (mut page, mut trail): (Option<String>, _) = (None, Trail::default());
        let (mut new, mut crowd): (Vec<Listed>, bool) = (Vec::new(), false);
        let mut newest: Option<Timestamp> = None;
        loop {
            let asked = instance.read.touched(projects, since, page.as_deref());
            let found = if crowd { within_a_crowd(asked).await? } else { asked.await? };
            polled.pages += 1;
            if found.cut || found.next.is_some() && !trail.leads_on(found.rows.iter().map(|(issue, _)| *issue)) {
                // From its end this list cannot be read. From the beginning it can, in slices.
                return Ok(polled.and(self.poll_rows(instance, projects, Some(since), true).await?));
            }
            let is_empty = found.rows.is_empty();
            let News { ours, theirs } = News::of(instance, found.rows, since);
            let is_known = !torn && ours.is_empty() && theirs.is_empty();
            crowd |= ours.len() > theirs.len();
            new.extend(ours);
            page = found.next;
            // An empty page proves nothing about those behind it.
            let is_last = page.is_none() || !is_empty && is_known;
            if crowd || !is_last {
                polled.rows += self.queue_at_once(instance, &theirs).await?;
                newest = newest.max(theirs.iter().map(|(updated, _)| *updated).max());
            } else {
                new.extend(theirs);
            }
            if is_last {
                break;
            }
        }
        new.sort_unstable();
        new.dedup();
        for part in new.chunks(PORTION) {
            // A row that changed once more since it was listed must not take the cursor past those behind it.
            let queued = self.queue_listed(instance, part, part.last().map(|(listed, _)| *listed));
            polled.rows += if crowd { within_a_crowd(queued).await? } else { queued.await? };
        }
        if let Some(updated) = newest {
            // All before it is queued by now.
            self.store.queue_hints(instance.id(), &[], &[], Some(Cursor { updated }), self.now()).await?;
        }
        if window.whole {
            polled = polled.and(self.look_on(instance, projects, window).await?);
        }
        self.forget_old(instance).await?;
        Ok(polled)
    }

    /// People's rows in a crowd: the rest of the list may take a while. The cursor stays behind what is not queued yet.
    async fn queue_at_once(&self, instance: &Arc<Instance>, theirs: &[Listed]) -> Result<usize, PollError> {
        let rows = self.queue_listed(instance, theirs, None).await?;
        if rows > 0 {
            self.queued.notify_one();
        }
        Ok(rows)
    }

    /// Goes on with the look at the whole overlap, and at the one before it. What moves while it is paged comes to the top, where polls see it.
    async fn look_on(
        &self,
        instance: &Arc<Instance>,
        projects: &BTreeSet<String>,
        window: &Window,
    ) -> Result<Polled, PollError> {
        let start = self.clock.monotonic();
        let under_way = instance.whole_look().take().filter(|look| look.projects == *projects);
        let mut look = under_way.unwrap_or_else(|| WholeLook {
            projects: projects.clone(),
            since: window.earlier,
            begun: start,
            page: None,
            trail: Trail::default(),
            failures: 0,
        });
        let mut polled = Polled::default();
        loop {
            let asked = instance.read.touched(projects, look.since, look.page.as_deref());
            let found = match within_a_crowd(asked).await {
                Ok(found) => found,
                // A token may have expired, and what this poll was for came already. It is gone through again from its beginning.
                Err(error) if look.failures + 1 < FAILURES => {
                    tracing::debug!(instance = %instance.id(), %error, "the look at the whole overlap begins again");
                    (look.page, look.trail, look.failures) = (None, Trail::default(), look.failures + 1);
                    break;
                }
                Err(error) => return Err(error.into()),
            };
            polled.pages += 1;
            if found.cut || found.next.is_some() && !look.trail.leads_on(found.rows.iter().map(|(issue, _)| *issue)) {
                let read = self.poll_rows(instance, projects, Some(look.since), true);
                return Ok(polled.and(within_a_crowd(read).await?));
            }
            let News { ours, theirs } = News::of(instance, found.rows, look.since);
            polled.rows += self.queue_at_once(instance, &theirs).await?;
            for part in ours.chunks(PORTION) {
                polled.rows += within_a_crowd(self.queue_listed(instance, part, None)).await?;
            }
            look.page = found.next;
            if look.page.is_none() {
                instance.looked_at_all(look.begun);
                return Ok(polled);
            }
            if self.clock.monotonic().saturating_sub(start) >= self.poll / PART {
                break;
            }
        }
        *instance.whole_look() = Some(look);
        Ok(polled)
    }
}

impl Instance {
    /// A poll begins. Says whether one before it broke off after it had queued rows: what is known is not all that was before it then.
    pub(super) fn poll_begins(&self) -> bool {
        let mut torn = self.torn();
        let sightings = torn.sightings;
        *torn.under_way.get_or_insert(sightings) != sightings
    }

    /// A poll went to its end.
    pub(super) fn poll_ends(&self) {
        self.torn().under_way = None;
    }

    /// A poll queued rows.
    pub(super) fn sighted(&self) {
        self.torn().sightings += 1;
    }

    fn torn(&self) -> MutexGuard<'_, Torn> {
        self.torn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From when on the look at a whole overlap goes that is under way: what was seen since then is remembered until it ends.
    pub(super) fn looks_since(&self) -> Option<Timestamp> {
        self.whole_look().as_ref().map(|look| look.since)
    }

    /// The look at a whole overlap that is under way.
    pub(super) fn whole_look(&self) -> MutexGuard<'_, Option<WholeLook>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
