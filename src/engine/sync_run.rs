//! One sync as it runs: its settings with every name resolved, and what its sides offer. Must never hold anything of one item.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::jira::Want;
use crate::model::catalog::{Catalog, Workflow};
use crate::model::ids::{FieldId, InstanceId, SideId, SyncId};
use crate::model::problem::Problem;
use crate::model::settings::{FieldKind, SideSettings, SyncSettings};

/// One sync.
pub(crate) struct SyncRun {
    pub(crate) settings: SyncSettings,
    /// Server time minus ours per side, in milliseconds.
    pub(crate) skews: BTreeMap<SideId, i64>,
    /// What a read of a side's issue brings.
    wants: BTreeMap<SideId, Want>,
    catalogs: Mutex<Arc<BTreeMap<SideId, Catalog>>>,
    workflows: Mutex<Arc<BTreeMap<SideId, Workflow>>>,
    /// Why nothing of it is done now: by side and key the clauses that Jira refuses.
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
        skews: BTreeMap<SideId, i64>,
        catalogs: BTreeMap<SideId, Catalog>,
        workflows: BTreeMap<SideId, Workflow>,
    ) -> Self {
        let wants = settings.side_ids().map(|side| (side.clone(), want_on(&settings, side))).collect();
        Self {
            settings,
            skews,
            wants,
            catalogs: Mutex::new(Arc::new(catalogs)),
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
        Arc::clone(&lock(&self.catalogs))
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
        }
        new.into_iter().collect()
    }

    /// Takes a field off what is set at creation of a type: Jira refused it there.
    pub(crate) fn leave_out(&self, side: &SideId, issue_type: &str, field: &FieldId) {
        let mut all = lock(&self.catalogs);
        let mut changed = BTreeMap::clone(&all);
        let mapped: BTreeSet<FieldId> =
            self.settings.fields.values().filter_map(|row| row.sides.get(side).cloned()).collect();
        if let Some(catalog) = changed.get_mut(side) {
            catalog.create_fields.entry(issue_type.to_owned()).or_insert(mapped).remove(field);
        }
        *all = Arc::new(changed);
    }

    /// Stops for a clause, until it is tried again.
    pub(crate) fn stop(&self, side: &SideId, key: &'static str, problem: Problem, until: Duration) {
        lock(&self.stops).insert((side.clone(), key), Stop { problem, until });
    }

    /// Jira took the clause. Says whether it had refused it before.
    pub(crate) fn goes_on(&self, side: &SideId, key: &'static str) -> bool {
        lock(&self.stops).remove(&(side.clone(), key)).is_some()
    }

    /// Until when nothing of it is done, if it is stopped now.
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
        comments: sync.comments.from.contains(side),
        mark: false,
        transitions: false,
    }
}
