//! Which issues start an item, and on which sides an item belongs: the syncs' `jql` and `when`, asked for the rows that came
//! and for nothing else. Must never start an item from an issue that a sync user made, and never take a first "no" of the
//! index for the last word.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::instance::Instance;
use super::pairing::Found;
use super::scope::joined;
use super::work::Work;
use super::{Engine, SyncRun};
use crate::jira::{Failure, JiraError, Want};
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{InstanceId, IssueId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::problem::Problem;
use crate::model::settings::Kind;
use crate::model::store::{Newcomer, StoreError, Urgency};
use crate::planted::{Bug, is_planted};

/// As many ids Cloud reads past its index in one search (`reconcileIssues`, its v3 document).
const RECONCILED: usize = 50;
/// Newcomers at once from which on a first copy counts as backfill: live changes go first.
pub(super) const MANY: usize = 20;
/// How long nothing joins a sync before a clause that Jira refused is tried again: what it names may be back.
const STOP: Duration = Duration::from_secs(300);

/// What was decided on some newcomers.
struct Decided {
    /// How many began an item.
    begun: usize,
    /// How many stay where they are.
    stay: usize,
    /// Whether all of them could be looked at: one that we made may be among those that could not.
    looked: bool,
}

impl Decided {
    /// On none of them.
    fn none(looked: bool) -> Self {
        Self { begun: 0, stay: 0, looked }
    }
}

impl Engine {
    /// Decides on an instance's newcomers. Returns how many items were started. Those of a stopped sync wait, and hold up
    /// nobody else's.
    ///
    /// # Errors
    /// The state could not answer. What an instance does not answer is asked again next time.
    pub async fn admit(&self, instance: &InstanceId) -> Result<usize, StoreError> {
        let Some(there) = self.instances.get(instance).cloned() else { return Ok(0) };
        // Polls and webhooks both bring newcomers: each is decided on once.
        let _held = there.admitting.lock().await;
        let (mut started, mut more, polled) = (0, false, there.is_polled());
        let syncs: Vec<Arc<SyncRun>> = self.syncs.values().cloned().collect();
        let now = self.clock.monotonic();
        for sync in syncs.iter().filter(|sync| sync.stopped(now).is_none() && !sync.is_parked()) {
            let sides = sync.settings.sides.iter().filter(|side| &side.instance == instance);
            let sides: Vec<SideId> = sides.map(|side| side.id.clone()).collect();
            for side in &sides {
                // Those that wait for a person hold up none behind them.
                let most = self.portion.saturating_add(Self::stuck_on(sync, side));
                let newcomers = self.store.newcomers(Some((sync.id(), side)), most).await?;
                Self::keep_in_mind(sync, side, &newcomers);
                // A side that was never polled forgot nothing, however many newcomers it brings.
                let mut all = polled && (newcomers.len() < most || !there.was_known());
                if !newcomers.is_empty() {
                    let full = newcomers.len() >= most;
                    let Decided { begun, stay, looked } = self.admit_on(sync, side, newcomers).await?;
                    started += begun;
                    more |= full && begun + stay > 0;
                    all &= looked;
                }
                if all {
                    there.has_told(sync.id(), side);
                }
                self.wake_withheld(sync, side).await?;
            }
        }
        self.wake_untold(&there).await?;
        there.has_more.store(more, Ordering::Relaxed);
        Ok(started)
    }

    /// The instances with more newcomers than were decided on at once. Each is given once: whoever has room for more decides on them.
    pub fn take_more_newcomers(&self) -> Vec<InstanceId> {
        let with_more = self.instances.values().filter(|instance| instance.has_more.swap(false, Ordering::Relaxed));
        with_more.map(|instance| instance.id().clone()).collect()
    }

    async fn admit_on(&self, sync: &Arc<SyncRun>, side: &SideId, all: Vec<Newcomer>) -> Result<Decided, StoreError> {
        let Some(instance) = sync.instance_of(side).and_then(|id| self.instances.get(id)).cloned() else {
            return Ok(Decided::none(true));
        };
        if instance.pause().is_some() {
            return Ok(Decided::none(false));
        }
        // What was only not found holds nothing up: it is looked for once more, and mostly gone.
        let put_off = all.iter().any(|newcomer| instance.is_put_off(newcomer.issue));
        let now = self.clock.monotonic();
        let waits = |issue: IssueId| instance.is_put_off(issue) || instance.missed.waits(issue, now);
        let all: Vec<Newcomer> = all.into_iter().filter(|newcomer| !waits(newcomer.issue)).collect();
        let (mut rows, missing) = self.rows_of(&instance, &all);
        let Some(unread) = self.read_missing(&instance, &missing, &mut rows).await else {
            return Ok(Decided::none(false));
        };
        let (open, mut over, unclear) = self.sort(sync, side, (&instance, &rows, &unread), all).await?;
        let looked = !put_off && unread.iter().all(|issue| instance.missed.holds(*issue)) && !unclear;
        let in_scope = match self.in_scope(sync, side, &instance, &open, &rows).await {
            Ok(in_scope) => {
                if !open.is_empty() {
                    self.scope_taken(sync, side, "jql").await?;
                }
                in_scope
            }
            Err(error) => {
                self.scope_failed(sync, side, &instance, &error, "jql").await?;
                return Ok(Decided::none(looked));
            }
        };
        let many = open.len() > MANY;
        let (mut started, mut plain) = (0, Vec::new());
        for newcomer in open {
            let Some(row) = rows.get(&newcomer.issue) else { continue };
            if in_scope.contains(&newcomer.issue) {
                match self.may_begin(sync, side, &instance, row).await? {
                    Some(true) if sync.settings.pairing.is_empty() => plain.push((newcomer, row)),
                    Some(true) => match self.pair_newcomer(sync, side, &instance, row).await? {
                        Found::Plain => plain.push((newcomer, row)),
                        Found::Paired => started += 1,
                        Found::Waits => {}
                    },
                    Some(false) => over.push(newcomer),
                    None => {}
                }
            } else if self.is_final(&instance, row.updated) {
                over.push(newcomer);
            } else {
                self.look_at_outside(sync, side, &instance, row).await;
            }
        }
        // What an earlier bridge made is a copy of what stands elsewhere: it may be paired, and starts nothing.
        let is_former = |row: &IssueSnapshot| {
            sync.settings.start.is_former(side, row.creator.as_ref().map(|creator| &creator.account))
        };
        let (former, plain): (Vec<_>, Vec<_>) = plain.into_iter().partition(|(_, row)| is_former(row));
        over.extend(former.into_iter().map(|(newcomer, _)| newcomer));
        self.many_begin(sync, plain.len()).await?;
        // Paired is before anything is created: also by what the other sides' issues name. Where one side's do, the others go on.
        let receivers: BTreeSet<SideId> = Self::receivers(sync, side).cloned().collect();
        let mut unclear = BTreeSet::new();
        for other in receivers.iter().filter(|_| !sync.settings.pairing.is_empty() && !plain.is_empty()) {
            if !self.is_looked_at(sync, other).await? {
                unclear.insert(other.clone());
            }
        }
        for (newcomer, row) in plain {
            let mut shut = Self::waited_for_by(sync, side, &self.configured_form(sync, side, &row.key));
            shut.extend(unclear.iter().cloned());
            if shut.is_empty() || !receivers.is_subset(&shut) {
                started += usize::from(self.begin(sync, side, &instance, &newcomer, row, many).await?);
            }
        }
        if !sync.settings.pairing.is_empty() {
            for newcomer in &over {
                self.settled(sync, side, &instance, newcomer.issue).await?;
            }
        }
        self.have_stay(&instance, &over).await?;
        Ok(Decided { begun: started, stay: over.len(), looked })
    }

    /// Has newcomers stay where they are.
    async fn have_stay(&self, instance: &Instance, over: &[Newcomer]) -> Result<(), StoreError> {
        for newcomer in over {
            // Nobody will ask for its row, but for an item that it was just found for.
            self.rows.let_go(instance.id(), newcomer.issue);
        }
        if over.is_empty() { Ok(()) } else { self.store.forget_newcomers(over).await }
    }

    /// Parts newcomers into those that may start something and those that never do. One that could not be read is in neither. Last:
    /// whether one is ours and its mark could not be read.
    async fn sort(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        (instance, rows, unread): (&Instance, &BTreeMap<IssueId, IssueSnapshot>, &BTreeSet<IssueId>),
        all: Vec<Newcomer>,
    ) -> Result<(Vec<Newcomer>, Vec<Newcomer>, bool), StoreError> {
        let by_us = |row: &IssueSnapshot| instance.is_us(row.creator.as_ref().map(|creator| &creator.account));
        let project = sync.side(side).map(|side| side.project.clone()).unwrap_or_default();
        let on_demand = sync.side(side).is_some_and(|side| side.on_demand);
        let (mut open, mut over, mut unclear) = (Vec::new(), Vec::new(), false);
        for newcomer in all {
            match rows.get(&newcomer.issue) {
                Some(row) if row.project != project => over.push(newcomer),
                Some(row) if by_us(row) && !is_planted(Bug::OursTakenForNew) => {
                    if self.found_ours(sync, side, instance, row).await? {
                        over.push(newcomer);
                    } else {
                        unclear |= !instance.is_in_doubt(sync.id(), side, row.id);
                    }
                }
                Some(_) if on_demand => over.push(newcomer),
                Some(_) => open.push(newcomer),
                // It is asked for again, by and by.
                None if unread.contains(&newcomer.issue) => {}
                // Gone again, or not visible, also at a second look: the next change hints it again.
                None => over.push(newcomer),
            }
        }
        for newcomer in &over {
            self.decided(sync, side, instance, newcomer.issue).await?;
        }
        Ok((open, over, unclear))
    }

    fn rows_of(&self, instance: &Instance, all: &[Newcomer]) -> (BTreeMap<IssueId, IssueSnapshot>, Vec<IssueId>) {
        let mut rows = BTreeMap::new();
        let mut missing = Vec::new();
        for newcomer in all {
            let mut row = self.rows.peek(instance.id(), newcomer.issue);
            if let Some(row) = &mut row {
                instance.by_configured_key(row);
            }
            match row.filter(|row| instance.projects.contains(&row.project)) {
                Some(row) => {
                    rows.insert(newcomer.issue, row);
                }
                // Where it shows a key that is not known, it is asked whose that is.
                None => missing.push(newcomer.issue),
            }
        }
        (rows, missing)
    }

    /// Reads the rows that are not at hand, and gives the issues that cannot be read. `None`: Jira did not answer.
    async fn read_missing(
        &self,
        instance: &Instance,
        missing: &[IssueId],
        rows: &mut BTreeMap<IssueId, IssueSnapshot>,
    ) -> Option<BTreeSet<IssueId>> {
        let mut unread = BTreeSet::new();
        if missing.is_empty() {
            return Some(unread);
        }
        let read = match instance.read.rows(missing, &instance.want).await {
            Ok(mut read) => self.by_configured_keys(instance, &mut read).await.map(|()| read),
            Err(error) => Err(error),
        };
        match read {
            Ok(read) => {
                for row in read.rows {
                    instance.could_read(row.id);
                    instance.missed.found(row.id);
                    self.rows.put(instance.id(), row.clone());
                    rows.insert(row.id, row);
                }
                for row in read.unread {
                    if let Some(issue) = row.issue {
                        instance.could_not_read(issue, &row.why);
                        unread.insert(issue);
                    }
                }
                let now = self.clock.monotonic();
                let once = |issue: &&IssueId| !rows.contains_key(*issue) && !instance.missed.again(**issue, now);
                let missed: Vec<IssueId> =
                    missing.iter().filter(|issue| !unread.contains(*issue)).filter(once).copied().collect();
                unread.extend(missed);
                Some(unread)
            }
            Err(error) => {
                instance.failed(&error);
                None
            }
        }
    }

    /// Those of the newcomers that the side's `jql` finds; all without one.
    async fn in_scope(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        newcomers: &[Newcomer],
        rows: &BTreeMap<IssueId, IssueSnapshot>,
    ) -> Result<BTreeSet<IssueId>, JiraError> {
        let issues: Vec<IssueId> = newcomers.iter().map(|newcomer| newcomer.issue).collect();
        let Some(settings) = sync.side(side) else { return Ok(BTreeSet::new()) };
        match &settings.jql {
            None => Ok(issues.into_iter().collect()),
            Some(_) if issues.is_empty() => Ok(BTreeSet::new()),
            Some(jql) => {
                let recent =
                    |issue: &IssueId| rows.get(issue).is_some_and(|row| !self.is_settled(instance, row.updated));
                matching(instance, &settings.project, jql, &issues, recent).await
            }
        }
    }

    /// Whether the index surely knows what was changed at `updated`.
    pub(super) fn is_settled(&self, instance: &Instance, updated: Timestamp) -> bool {
        let settle = SignedDuration::try_from(instance.settings.settle).unwrap_or(SignedDuration::MAX);
        instance.server_now().duration_since(updated) > settle
    }

    /// Whether a "no" of the index is final. Cloud was told to read these issues past its index.
    pub(super) fn is_final(&self, instance: &Instance, updated: Timestamp) -> bool {
        instance.settings.kind == Kind::Cloud || self.is_settled(instance, updated)
    }

    /// Whether whoever made an issue is one of those whose acts cross; if not, that is told. `None`: Jira did not answer.
    async fn may_begin(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        row: &IssueSnapshot,
    ) -> Result<Option<bool>, StoreError> {
        let Some(settings) = sync.settings.parted(side) else { return Ok(Some(true)) };
        let crosses = match &row.creator {
            Some(creator) => self.crosses(sync, settings, instance, &creator.account).await,
            None => Ok(false),
        };
        match crosses {
            Ok(true) => Ok(Some(true)),
            Ok(false) => {
                self.tell_stays(sync, side, row.key.as_str()).await?;
                Ok(Some(false))
            }
            Err(error) => {
                instance.failed(&error);
                Ok(None)
            }
        }
    }

    async fn begin(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        newcomer: &Newcomer,
        row: &IssueSnapshot,
        many: bool,
    ) -> Result<bool, StoreError> {
        let urgency = if many { newcomer.urgency } else { Urgency::Live };
        let mut item = ItemState::new(self.new_item(), sync.id().clone());
        item.made = row.created.checked_sub(SignedDuration::from_millis(instance.skew_ms())).ok();
        let replica = Replica {
            scope: joined(&sync.settings, side, false),
            ..Replica::unread(row.id, row.key.clone(), row.created)
        };
        item.replicas.insert(side.clone(), replica);
        self.store.begin_item(&item, instance.id(), newcomer, urgency, self.now()).await
    }

    /// Finds on which sides with a `when` items belong, for those whose home was just read.
    pub(super) async fn ask_when(&self, works: &mut [Work]) -> Result<(), StoreError> {
        let mut groups: BTreeMap<(SyncId, SideId), Vec<usize>> = BTreeMap::new();
        let mut asked: Vec<(usize, SideId)> = Vec::new();
        for (index, work) in works.iter_mut().enumerate() {
            let Some(home) = work.sync.settings.home.clone() else { continue };
            if work.asked_when || !work.reads.contains_key(&home) {
                continue;
            }
            work.asked_when = true;
            work.when_is_open = false;
            asked.push((index, home));
            for side in work.open_whens() {
                if let Some(until) = work.sync.refuses(&side, "when", self.clock.monotonic()) {
                    work.when_is_open = true;
                    work.be_due(self.after(until.saturating_sub(self.clock.monotonic())));
                    continue;
                }
                groups.entry((work.sync.id().clone(), side)).or_default().push(index);
            }
        }
        for ((sync, side), indices) in groups {
            let Some(sync) = self.syncs.get(&sync).cloned() else { continue };
            self.ask_when_on(&sync, &side, &indices, works).await?;
        }
        for (index, home) in asked {
            let Some(work) = works.get_mut(index).filter(|work| !work.when_is_open) else { continue };
            if let Some(updated) = work.reads.get(&home).map(|read| read.snapshot.updated) {
                work.item.asked = Some(updated);
            }
        }
        Ok(())
    }

    async fn ask_when_on(
        &self,
        sync: &Arc<SyncRun>,
        side: &SideId,
        indices: &[usize],
        works: &mut [Work],
    ) -> Result<(), StoreError> {
        let home = sync.settings.home.as_ref().and_then(|home| sync.side(home));
        let when = sync.side(side).and_then(|settings| settings.when.clone());
        let (Some(home), Some(when)) = (home, when) else { return Ok(()) };
        let Some(instance) = self.instances.get(&home.instance).cloned() else { return Ok(()) };
        let times: BTreeMap<IssueId, Timestamp> = indices
            .iter()
            .filter_map(|index| works.get(*index)?.reads.get(&home.id))
            .map(|read| (read.snapshot.id, read.snapshot.updated))
            .collect();
        let issues: Vec<IssueId> = times.keys().copied().collect();
        let recent = |issue: &IssueId| times.get(issue).is_some_and(|updated| !self.is_settled(&instance, *updated));
        let found = match instance.patiently(matching(&instance, &home.project, &when, &issues, recent)).await {
            Ok(found) => {
                self.scope_taken(sync, side, "when").await?;
                found
            }
            Err(error) => {
                for index in indices {
                    if let Some(work) = works.get_mut(*index) {
                        work.failed = true;
                        work.when_is_open = true;
                    }
                }
                return self.scope_failed(sync, side, &instance, &error, "when").await;
            }
        };
        for index in indices {
            let Some(work) = works.get_mut(*index) else { continue };
            let Some(issue) = work.reads.get(&home.id).map(|read| read.snapshot.id) else { continue };
            if found.contains(&issue) {
                work.item.belongs.insert(side.clone());
                continue;
            }
            // It left before it had a counterpart there: then it gets none.
            work.item.belongs.remove(side);
            if !times.get(&issue).is_some_and(|updated| self.is_final(&instance, *updated)) {
                work.when_is_open = true;
                work.be_due(self.after(instance.settings.settle));
            }
        }
        Ok(())
    }

    /// A clause that Jira refuses stops its sync alone; anything else says something about the instance.
    pub(super) async fn scope_failed(
        &self,
        sync: &SyncRun,
        side: &SideId,
        instance: &Instance,
        error: &JiraError,
        key: &'static str,
    ) -> Result<(), StoreError> {
        // Jira calls a bad clause a bad request; any other no is about rights or the moment.
        let is_bad = matches!(&error.failure, Failure::Refused(refusal) if refusal.status == 400);
        if instance.failed(error) || !is_bad {
            tracing::warn!(sync = %sync.id(), %side, %error, "could not ask which issues are in scope");
            return Ok(());
        }
        tracing::error!(sync = %sync.id(), %side, %error, "Jira refuses the sync's JQL: no further issue joins it");
        let problem = Problem {
            side: side.clone(),
            field: None,
            what: format!("no further issue joins this sync: Jira refuses its JQL: {error}"),
            remedy: format!(
                "correct `{key}` of side `{side}` in sync `{}` and restart, or mend in Jira what it names: it is tried \
                 again every five minutes",
                sync.id()
            ),
            operation: None,
            settles: false,
        };
        sync.stop(side, key, problem, self.clock.monotonic() + STOP);
        self.tell_stops(sync).await
    }

    /// Jira took a clause: a sync that stood still for it goes on.
    pub(super) async fn scope_taken(&self, sync: &SyncRun, side: &SideId, key: &'static str) -> Result<(), StoreError> {
        if !sync.goes_on(side, key) {
            return Ok(());
        }
        tracing::info!(sync = %sync.id(), %side, "Jira takes the sync's JQL again");
        self.tell_stops(sync).await
    }

    pub(super) async fn tell_stops(&self, sync: &SyncRun) -> Result<(), StoreError> {
        self.store.set_problems(&format!("sync {}", sync.id()), &sync.stop_problems(), self.now()).await
    }
}

/// Asks the index. Recent issues are asked in portions that Cloud reads past its index.
pub(super) async fn matching(
    instance: &Instance,
    project: &str,
    jql: &str,
    issues: &[IssueId],
    recent: impl Fn(&IssueId) -> bool,
) -> Result<BTreeSet<IssueId>, JiraError> {
    let (recent, settled): (Vec<IssueId>, Vec<IssueId>) = issues.iter().partition(|issue| recent(issue));
    let mut found = BTreeSet::new();
    if !settled.is_empty() {
        found.extend(instance.read.matching(project, jql, &settled).await?);
    }
    for part in recent.chunks(RECONCILED) {
        found.extend(instance.read.matching(project, jql, part).await?);
    }
    Ok(found)
}

/// What `want` would bring, with our mark.
#[must_use]
pub(super) fn with_mark(want: &Want) -> Want {
    Want { mark: true, ..want.clone() }
}
