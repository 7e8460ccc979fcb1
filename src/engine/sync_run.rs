//! One sync as it runs: its settings with every name resolved, and what its sides offer. Must never hold anything of one item.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::jira::Want;
use crate::model::catalog::{Catalog, Workflow};
use crate::model::ids::{FieldId, InstanceId, SideId, SyncId};
use crate::model::problem::Problem;
use crate::model::settings::{FieldKind, SideSettings, SyncSettings};

/// The key of a stop that no clause is the reason for: copies of another state.
pub(crate) const COPIES: &str = "copies";

/// One sync.
pub(crate) struct SyncRun {
    pub(crate) settings: SyncSettings,
    /// What a read of a side's issue brings.
    wants: BTreeMap<SideId, Want>,
    catalogs: Arc<BTreeMap<SideId, Catalog>>,
    workflows: Mutex<Arc<BTreeMap<SideId, Workflow>>>,
    /// How often a new way was learnt: a plan made before the last one may be better now.
    learnt: AtomicU64,
    /// Why nothing joins it now: by side and key the clauses that Jira refuses.
    stops: Mutex<BTreeMap<(SideId, &'static str), Stop>>,
}

/// A clause that Jira refuses.
struct Stop {
    problem: Problem,
    /// When it is tried again, by our monotonic time.
    until: Duration,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SyncRun {
    pub(crate) fn new(
        settings: SyncSettings,
        catalogs: BTreeMap<SideId, Catalog>,
        workflows: BTreeMap<SideId, Workflow>,
    ) -> Self {
        let wants = settings.side_ids().map(|side| (side.clone(), want_on(&settings, side))).collect();
        Self {
            settings,
            wants,
            catalogs: Arc::new(catalogs),
            learnt: AtomicU64::new(0),
            workflows: Mutex::new(Arc::new(workflows)),
            stops: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> &SyncId {
        &self.settings.id
    }

    pub(crate) fn side(&self, side: &SideId) -> Option<&SideSettings> {
        self.settings.side(side)
    }

    pub(crate) fn instance_of(&self, side: &SideId) -> Option<&InstanceId> {
        self.settings.side(side).map(|settings| &settings.instance)
    }

    pub(crate) fn want(&self, side: &SideId) -> Want {
        self.wants.get(side).cloned().unwrap_or_default()
    }

    pub(crate) fn catalogs(&self) -> Arc<BTreeMap<SideId, Catalog>> {
        Arc::clone(&self.catalogs)
    }

    /// How often a new way was learnt.
    pub(crate) fn learnt(&self) -> u64 {
        self.learnt.load(Ordering::Acquire)
    }

    pub(crate) fn workflows(&self) -> Arc<BTreeMap<SideId, Workflow>> {
        Arc::clone(&lock(&self.workflows))
    }

    /// Learns ways; gives back those that were new.
    pub(crate) fn learn(&self, side: &SideId, ways: &[(String, String, String)]) -> Vec<(String, String, String)> {
        let mut all = lock(&self.workflows);
        let known = |way: &&(String, String, String)| {
            let (issue_type, from, to) = way;
            all.get(side).is_some_and(|workflow| workflow.from(issue_type, from).any(|known| known == to))
        };
        let new: BTreeSet<(String, String, String)> = ways.iter().filter(|way| !known(way)).cloned().collect();
        if !new.is_empty() {
            let mut changed = BTreeMap::clone(&all);
            let workflow = changed.entry(side.clone()).or_default();
            for (issue_type, from, to) in &new {
                workflow.learn(issue_type, from, to);
            }
            *all = Arc::new(changed);
            self.learnt.fetch_add(1, Ordering::AcqRel);
        }
        new.into_iter().collect()
    }

    /// Stops for a clause, until it is tried again.
    pub(crate) fn stop(&self, side: &SideId, key: &'static str, problem: Problem, until: Duration) {
        lock(&self.stops).insert((side.clone(), key), Stop { problem, until });
    }

    /// Jira took the clause. Says whether it had refused it before.
    pub(crate) fn goes_on(&self, side: &SideId, key: &'static str) -> bool {
        lock(&self.stops).remove(&(side.clone(), key)).is_some()
    }

    /// Whether copies of another state were found in one of its projects.
    pub(crate) fn is_held(&self) -> bool {
        lock(&self.stops).keys().any(|(_, key)| *key == COPIES)
    }

    /// Until when a clause that Jira refused is not tried again.
    pub(crate) fn refuses(&self, side: &SideId, key: &'static str, now: Duration) -> Option<Duration> {
        lock(&self.stops).get(&(side.clone(), key)).map(|stop| stop.until).filter(|until| *until > now)
    }

    /// Until when nothing joins it, if it is stopped now.
    pub(crate) fn stopped(&self, now: Duration) -> Option<Duration> {
        lock(&self.stops).values().map(|stop| stop.until).filter(|until| *until > now).max()
    }

    /// What is said of the clauses that Jira refused when they were last tried.
    pub(crate) fn stop_problems(&self) -> Vec<Problem> {
        lock(&self.stops).values().map(|stop| stop.problem.clone()).collect()
    }
}

/// What a read of an issue on a side brings.
pub(crate) fn want_on(sync: &SyncSettings, side: &SideId) -> Want {
    let of_type = FieldId::from("issuetype");
    let fields =
        sync.fields.values().filter_map(|row| row.sides.get(side).filter(|_| row.kind != FieldKind::IssueType));
    Want {
        fields: fields.filter(|field| **field != of_type).cloned().collect(),
        comments: sync.comments.from.contains(side) || sync.comments.to.contains(side),
        attachments: sync.attachments.from.contains(side) || sync.attachments.to.contains(side),
        mark: false,
        transitions: false,
    }
}
