//! One sync as it runs: its settings with every name resolved, and what its sides offer. Must never hold anything of one item.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::jira::Want;
use crate::model::catalog::{Catalog, HidesWatchers, Shape, Workflow};
use crate::model::detach::Detached;
use crate::model::ids::{AccountId, FieldId, InstanceId, SideId, SyncId};
use crate::model::operation::Thing;
use crate::model::problem::Problem;
use crate::model::settings::{FieldKind, FieldRow, PairBy, SideSettings, SyncSettings, TooLarge};
use crate::model::things::Called;

/// The key of a stop that no clause is the reason for: copies of another state.
pub(crate) const COPIES: &str = "copies";

/// One sync.
pub(crate) struct SyncRun {
    pub(crate) settings: SyncSettings,
    /// What a read of a side's issue brings.
    wants: BTreeMap<SideId, Want>,
    catalogs: Mutex<Arc<BTreeMap<SideId, Catalog>>>,
    /// When a side was last asked again what it offers, by our monotonic time.
    looked: Mutex<BTreeMap<SideId, Duration>>,
    /// What may be attached, asked again.
    pub(super) uploads: Mutex<super::uploads::AskedUploads>,
    /// What was emptied in many items at once.
    pub(super) brakes: Mutex<super::emptied::Brakes>,
    /// Who may be assigned on a side, and until when that is believed.
    assignable: Mutex<BTreeMap<(SideId, AccountId), (bool, Duration)>>,
    /// Until when it is believed that a side does not show who watches.
    hides_watchers: Mutex<BTreeMap<SideId, Duration>>,
    /// Until when it is believed whether the sync user may edit all comments on a side.
    edits_all: Mutex<BTreeMap<SideId, Duration>>,
    /// Whether the sync user may leave mails out on a side, and until when that is believed.
    silence: Mutex<BTreeMap<SideId, (bool, Duration)>>,
    /// Until when it is remembered that an edit without mails was refused on a side where the right is said to be held.
    noisy: Mutex<BTreeMap<SideId, Duration>>,
    /// Whether the sync user is an agent of the service desk on a side, and until when that is believed.
    agency: Mutex<BTreeMap<SideId, (bool, Duration)>>,
    /// Until when it is believed whether the project of a side is a service desk.
    natures: Mutex<BTreeMap<SideId, Duration>>,
    workflows: Mutex<Arc<BTreeMap<SideId, Workflow>>>,
    /// Of which kinds of things it is known what they are called.
    named: Mutex<BTreeSet<Thing>>,
    /// The lists of them that could not be read when they were last looked at.
    unlisted: Mutex<BTreeSet<(Thing, SideId)>>,
    /// How often a new way was learnt: a plan made before the last one may be better now.
    learnt: AtomicU64,
    /// An operator said that its changes wait.
    parked: AtomicBool,
    /// A second daemon carries it too, on a copy of the state.
    twin: AtomicBool,
    /// An operator ended it.
    ended: Mutex<Option<Detached>>,
    /// What is known of newcomers before they start an item.
    pub(crate) pairings: Mutex<super::pairing::Looked>,
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
            catalogs: Mutex::new(Arc::new(catalogs)),
            looked: Mutex::default(),
            uploads: Mutex::default(),
            brakes: Mutex::default(),
            assignable: Mutex::default(),
            hides_watchers: Mutex::default(),
            edits_all: Mutex::default(),
            silence: Mutex::default(),
            noisy: Mutex::default(),
            agency: Mutex::default(),
            natures: Mutex::default(),
            learnt: AtomicU64::new(0),
            workflows: Mutex::new(Arc::new(workflows)),
            named: Mutex::default(),
            unlisted: Mutex::default(),
            parked: AtomicBool::new(false),
            twin: AtomicBool::new(false),
            ended: Mutex::default(),
            pairings: Mutex::default(),
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

    /// Whether a side may be asked again what it offers; if so, that is noted.
    pub(crate) fn may_look_again(&self, side: &SideId, now: Duration, age: Duration) -> bool {
        let mut looked = lock(&self.looked);
        if looked.get(side).is_some_and(|at| now < *at + age) {
            return false;
        }
        looked.insert(side.clone(), now);
        true
    }

    /// Takes what a side offers now. Says whether it is another thing than before.
    pub(crate) fn offers_now(&self, side: &SideId, mut catalog: Catalog) -> bool {
        self.change(side, |known| {
            catalog.address.clone_from(&known.address);
            catalog.unassignable.clone_from(&known.unassignable);
            // Asked for beside the catalog.
            catalog.upload_limit = known.upload_limit;
            catalog.service_desk = known.service_desk;
            catalog.desk_agent = known.desk_agent;
            catalog.edits_all_comments = known.edits_all_comments;
            catalog.hides_watchers = known.hides_watchers;
            catalog.called.clone_from(&known.called);
            *known = catalog;
        })
    }

    /// Takes the largest file that a side takes now. Says whether it is another than before.
    pub(super) fn limits_uploads(&self, side: &SideId, limit: Option<u64>) -> bool {
        self.change(side, |known| known.upload_limit = limit)
    }

    /// A version or component was made: the fields that hold such things offer it, where it is known what they offer.
    pub(crate) fn offers_too(&self, side: &SideId, thing: Thing, name: &str) -> bool {
        self.change(side, |known| {
            let Catalog { options, shapes, .. } = known;
            for (_, offered) in options.iter_mut().filter(|(field, _)| holds(shapes, field, thing)) {
                offered.insert(name.to_owned());
            }
        })
    }

    /// The versions or components that a side's project has: the fields that hold such things offer these.
    pub(crate) fn offers_these(&self, side: &SideId, thing: Thing, names: &BTreeSet<String>) -> bool {
        self.change(side, |known| {
            let Catalog { options, shapes, .. } = known;
            for (_, offered) in options.iter_mut().filter(|(field, _)| holds(shapes, field, thing)) {
                offered.clone_from(names);
            }
        })
    }

    /// Takes what versions or components are called, on all sides at once.
    pub(crate) fn calls(&self, thing: Thing, called: BTreeMap<SideId, Called>) {
        self.take_names(thing, called, true);
    }

    /// The same where that is not known yet.
    pub(crate) fn calls_first(&self, thing: Thing, called: BTreeMap<SideId, Called>) {
        self.take_names(thing, called, false);
    }

    fn take_names(&self, thing: Thing, called: BTreeMap<SideId, Called>, anew: bool) {
        let mut named = lock(&self.named);
        if !named.insert(thing) && !anew {
            return;
        }
        let mut all = lock(&self.catalogs);
        let mut changed = BTreeMap::clone(&all);
        for (side, called) in called {
            if let Some(catalog) = changed.get_mut(&side) {
                catalog.called.insert(thing, called);
            }
        }
        *all = Arc::new(changed);
    }

    /// Takes which lists of these things could not be read.
    pub(crate) fn could_not_list(&self, thing: Thing, sides: impl Iterator<Item = SideId>) {
        let mut unlisted = lock(&self.unlisted);
        unlisted.retain(|(known, _)| *known != thing);
        unlisted.extend(sides.map(|side| (thing, side)));
    }

    /// Whether a list could not be read when it was last looked at.
    pub(crate) fn is_unlisted(&self, thing: Thing, side: &SideId) -> bool {
        lock(&self.unlisted).contains(&(thing, side.clone()))
    }

    /// Whether it is known what they are called.
    pub(crate) fn knows_names(&self, thing: Thing) -> bool {
        lock(&self.named).contains(&thing)
    }

    fn change(&self, side: &SideId, change: impl FnOnce(&mut Catalog)) -> bool {
        let mut all = lock(&self.catalogs);
        let mut changed = BTreeMap::clone(&all);
        let Some(catalog) = changed.get_mut(side) else { return false };
        change(catalog);
        let differs = changed != **all;
        *all = Arc::new(changed);
        differs
    }

    /// Whether it is known whether somebody may be assigned. What is believed no longer is forgotten.
    pub(crate) fn was_asked(&self, side: &SideId, account: &AccountId, now: Duration) -> bool {
        let known = lock(&self.assignable).get(&(side.clone(), account.clone())).copied();
        known.is_some_and(|(_, until)| until > now)
    }

    /// Notes whether somebody may be assigned.
    pub(crate) fn note_assignable(&self, side: &SideId, account: &AccountId, may: bool, until: Duration) {
        lock(&self.assignable).insert((side.clone(), account.clone()), (may, until));
        self.change(side, |known| {
            if may {
                known.unassignable.remove(account)
            } else {
                known.unassignable.insert(account.clone())
            };
        });
    }

    /// Whether it is known whether the sync user may edit what others wrote on a side.
    pub(crate) fn knows_edits_all(&self, side: &SideId, now: Duration) -> bool {
        lock(&self.edits_all).get(side).is_some_and(|until| *until > now)
    }

    /// Notes whether the sync user may edit what others wrote, and until when that is believed. Says whether that is news.
    pub(crate) fn note_edits_all(&self, side: &SideId, may: bool, until: Duration) -> bool {
        lock(&self.edits_all).insert(side.clone(), until);
        self.change(side, |known| known.edits_all_comments = Some(may))
    }

    /// Whether the sync user may leave mails out on a side. `None`: that is to be asked.
    pub(crate) fn may_silence(&self, side: &SideId, now: Duration) -> Option<bool> {
        lock(&self.silence).get(side).filter(|(_, until)| *until > now).map(|(may, _)| *may)
    }

    /// Notes whether the sync user may leave mails out on a side, and until when that is believed.
    pub(crate) fn note_silence(&self, side: &SideId, may: bool, until: Duration) {
        lock(&self.silence).insert(side.clone(), (may, until));
    }

    /// Notes that an edit was refused on a side for being without mails, as it seems. Whether one was before, and that is still remembered.
    pub(crate) fn note_noise(&self, side: &SideId, now: Duration, until: Duration) -> bool {
        lock(&self.noisy).insert(side.clone(), until).is_some_and(|before| before > now)
    }

    /// Forgets whether mails may be left out on a side: it is asked again.
    pub(crate) fn doubt_silence(&self, side: &SideId) {
        lock(&self.silence).remove(side);
    }

    /// Whether it is known if the sync user is an agent on a side.
    pub(crate) fn knows_agency(&self, side: &SideId, now: Duration) -> bool {
        lock(&self.agency).get(side).is_some_and(|(_, until)| *until > now)
    }

    /// Notes whether the sync user is an agent on a side, and until when that is believed.
    pub(crate) fn note_agency(&self, side: &SideId, is_agent: bool, until: Duration) {
        lock(&self.agency).insert(side.clone(), (is_agent, until));
        self.change(side, |known| known.desk_agent = Some(is_agent));
    }

    /// Whether it is known if the project of a side is a service desk.
    pub(crate) fn knows_nature(&self, side: &SideId, now: Duration) -> bool {
        lock(&self.natures).get(side).is_some_and(|until| *until > now)
    }

    /// Notes whether the project of a side is a service desk, and until when that is believed.
    pub(crate) fn note_nature(&self, side: &SideId, is_desk: bool, until: Duration) {
        lock(&self.natures).insert(side.clone(), until);
        // Every read tells it, and it is hardly ever news.
        let known = lock(&self.catalogs).get(side).and_then(|catalog| catalog.service_desk);
        if known != Some(is_desk) {
            self.change(side, |known| known.service_desk = Some(is_desk));
        }
    }

    /// Notes that a side does not show who watches, and until when that is believed.
    pub(crate) fn note_hidden_watchers(&self, side: &SideId, why: HidesWatchers, until: Duration) {
        lock(&self.hides_watchers).insert(side.clone(), until);
        self.change(side, |known| known.hides_watchers = Some(why));
    }

    /// Forgets that a side does not show who watches, where that was asked long ago: it is asked again.
    pub(crate) fn doubt_hidden_watchers(&self, now: Duration) {
        let old: Vec<SideId> = {
            let known = lock(&self.hides_watchers);
            known.iter().filter(|(_, until)| **until <= now).map(|(side, _)| side.clone()).collect()
        };
        for side in old {
            lock(&self.hides_watchers).remove(&side);
            self.change(&side, |known| known.hides_watchers = None);
        }
    }

    /// Forgets who may not be assigned, where that was asked long ago: it is asked again.
    pub(crate) fn doubt_assignable(&self, now: Duration) {
        let old: Vec<(SideId, AccountId)> = {
            let known = lock(&self.assignable);
            known.iter().filter(|(_, (may, until))| !may && *until <= now).map(|(key, _)| key.clone()).collect()
        };
        for (side, account) in old {
            lock(&self.assignable).remove(&(side.clone(), account.clone()));
            self.change(&side, |known| {
                known.unassignable.remove(&account);
            });
        }
    }

    /// Forgets what is believed for a while of what its sides offer and allow: an operator says that it may be otherwise by now.
    pub(crate) fn ask_anew(&self) {
        lock(&self.looked).clear();
        lock(&self.edits_all).clear();
        lock(&self.silence).retain(|_, (may, _)| *may);
        lock(&self.noisy).clear();
        lock(&self.agency).retain(|_, (is_agent, _)| *is_agent);
        lock(&self.natures).clear();
        lock(&self.hides_watchers).values_mut().for_each(|until| *until = Duration::ZERO);
        for (may, until) in lock(&self.assignable).values_mut() {
            *until = if *may { *until } else { Duration::ZERO };
        }
    }

    /// Has the clauses tried again at once of which one of these problems tells.
    pub(crate) fn try_clauses_again(&self, told: &BTreeSet<Problem>) {
        for ((_, key), stop) in lock(&self.stops).iter_mut() {
            // Copies of another state are looked for first, which has its own time.
            if *key != COPIES && told.contains(&stop.problem) {
                stop.until = Duration::ZERO;
            }
        }
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

    /// Has its changes wait until somebody says that they go on, or has them go on.
    pub(crate) fn park(&self, parked: bool) {
        self.parked.store(parked, Ordering::Release);
    }

    /// Whether an operator said that its changes wait, or ended it.
    pub(crate) fn is_parked(&self) -> bool {
        self.parked.load(Ordering::Acquire) || self.has_twin() || lock(&self.ended).is_some()
    }

    /// A second daemon carries it too: nothing more is done for it before the next start.
    pub(crate) fn meets_twin(&self) {
        self.twin.store(true, Ordering::Release);
    }

    /// Whether a second daemon was seen to carry it.
    pub(crate) fn has_twin(&self) -> bool {
        self.twin.load(Ordering::Acquire)
    }

    /// An operator ended it, or took it up again.
    pub(crate) fn end(&self, detached: Option<Detached>) {
        *lock(&self.ended) = detached;
    }

    /// That an operator ended it.
    pub(crate) fn ended(&self) -> Option<Detached> {
        lock(&self.ended).clone()
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

/// Whether a field holds such things.
fn holds(shapes: &BTreeMap<FieldId, Shape>, field: &FieldId, thing: Thing) -> bool {
    match shapes.get(field) {
        Some(Shape::Version | Shape::Versions) => thing == Thing::Version,
        Some(Shape::Components) => thing == Thing::Component,
        Some(_) | None => false,
    }
}

/// What a read of an issue on a side brings.
pub(crate) fn want_on(sync: &SyncSettings, side: &SideId) -> Want {
    let of_type = FieldId::from("issuetype");
    let read = |row: &&FieldRow| !matches!(row.kind, FieldKind::IssueType | FieldKind::Watchers);
    let fields = sync.fields.values().filter(read).filter_map(|row| row.sides.get(side));
    let pairing = sync.pairing.iter().filter_map(|by| match by {
        PairBy::Field(fields) => fields.get(side),
        PairBy::RemoteLink | PairBy::Property(_) => None,
    });
    let fields = fields.chain(pairing);
    // Notes about files are comments, and are taken back by what both issues show.
    let notes = sync.attachments.too_large == TooLarge::Note
        && (sync.attachments.from.contains(side) || sync.attachments.to.contains(side));
    Want {
        fields: fields.filter(|field| **field != of_type).cloned().collect(),
        comments: sync.comments.gives(side) || sync.comments.takes(side) || notes,
        worklogs: sync.worklogs.from.contains(side) || sync.worklogs.to.contains(side),
        attachments: sync.attachments.from.contains(side) || sync.attachments.to.contains(side),
        watches: sync.unwatch || sync.watchers_on(side).is_some(),
        mark: false,
        transitions: false,
    }
}
