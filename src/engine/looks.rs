//! Searches for what we created, shared: after a death many batches hold creations in doubt, and one search tells of all of them. Must never
//! let a search tell of an answer that was lost after it began, nor share one that something is given up by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::instance::Instance;
use crate::jira::{JiraError, Made, made};
use crate::model::ids::{InstanceId, IssueId};
use crate::model::issue::IssueSnapshot;
use crate::model::store::KnownBy;

/// How long a search may tell others.
const SHARED: Duration = Duration::from_secs(10);

/// A search that was answered: when it began, by our monotonic time, from when on it looked, and what it brought.
struct Look {
    begun: Duration,
    since: Timestamp,
    rows: Arc<Vec<IssueSnapshot>>,
}

type Place = Arc<tokio::sync::Mutex<Option<Look>>>;

/// The last search in each project.
#[derive(Default)]
pub(super) struct Looks(Mutex<BTreeMap<(InstanceId, String), Place>>);

impl Looks {
    fn place(&self, instance: &InstanceId, project: &str) -> Place {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry((instance.clone(), project.to_owned())).or_default())
    }

    /// Lets go of what nobody may be told any more: it may be much.
    pub(super) fn forget_old(&self, now: Duration) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| {
            place.try_lock().map_or(true, |look| look.as_ref().is_some_and(|look| !look.is_old(now)))
        });
    }
}

impl Look {
    fn is_old(&self, now: Duration) -> bool {
        now.saturating_sub(self.begun) >= SHARED
    }
}

impl Engine {
    /// The rows of what was made since then that may be what is looked for: of many without those that are bound to items that nothing
    /// is open on. One that was last read as it stood before then cannot have been made since: its id was given again. So a Jira that
    /// was put back hides nothing here before that is recognised, which may be never of what is paused. Nor can an id alone bind a
    /// stranger: only a row with the very operation's mark is taken.
    pub(super) async fn unknown_of(
        &self,
        instance: &Instance,
        found: Made,
        since: Timestamp,
    ) -> Result<Vec<IssueSnapshot>, JiraError> {
        let known: BTreeSet<IssueId> = match &found {
            Made::Rows(_) => BTreeSet::new(),
            // A Jira that was put back from a backup gives ids again.
            Made::Many { .. } if instance.went_back() => BTreeSet::new(),
            // Where the state does not answer all are read: whatever is decided on by them will find that out.
            Made::Many { issues, .. } => {
                let by = KnownBy::ReadSince(since);
                self.store.known(&by, instance.id(), issues).await.unwrap_or_default().into_iter().collect()
            }
        };
        instance.patiently(made(&*instance.read, found, |issue| known.contains(&issue))).await
    }

    /// What the sync user made in a project since `since`. `after`: when the last of the answers was lost that are missed, by our monotonic
    /// time; without it nothing but a search of one's own will do. Whoever comes while one is under way waits for it.
    pub(super) async fn created_lately(
        &self,
        instance: &Instance,
        project: &str,
        since: Timestamp,
        after: Option<Duration>,
    ) -> Result<Arc<Vec<IssueSnapshot>>, JiraError> {
        let place = self.looks.place(instance.id(), project);
        let mut last = place.lock().await;
        let now = self.clock.monotonic();
        if let (Some(look), Some(after)) = (&*last, after)
            && look.since <= since
            && look.begun >= after
            && !look.is_old(now)
        {
            return Ok(Arc::clone(&look.rows));
        }
        let rows = Arc::new(self.created(instance, Some(project), since).await?);
        *last = Some(Look { begun: now, since, rows: Arc::clone(&rows) });
        Ok(rows)
    }
}
