//! How far an instance told what it holds since the process began. A state from a backup may have made more than it knows, so nothing is
//! made on a side before that was heard of. Must never hold back what another sync or another side makes, nor anything for long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::instance::Instance;
use super::work::Work;
use crate::model::command::AWAITED;
use crate::model::ids::{IssueId, ItemId, SideId, SyncId};
use crate::model::operation::{Action, Operation};
use crate::model::store::StoreError;

/// How long after its first good poll an instance is waited for: whatever is not heard by then holds back nothing more.
pub(super) const PATIENCE: Duration = Duration::from_secs(900);
/// How exactly it is known when a process met an instance: its answers carry whole seconds, and its clock is measured.
const BEGAN_ROUGHLY: Duration = Duration::from_secs(120);

/// How long what a process sent may land after its end.
const LANDS: Duration = Duration::from_secs(720);

/// A side of a sync.
type Place = (SyncId, SideId);

/// How far an instance told what it holds.
#[derive(Default)]
pub(crate) struct Heard {
    /// How far it was polled when this process met it.
    knew: Option<Timestamp>,
    /// When it was first polled since, by our monotonic time.
    polled: Option<Duration>,
    /// The sides whose newcomers were all looked through since.
    sides: BTreeSet<Place>,
    /// What the sync user made and nobody knows yet whose it is.
    undecided: BTreeMap<Place, BTreeMap<IssueId, Undecided>>,
    /// It was waited for long enough.
    late: bool,
    /// Something waits for it.
    awaited: bool,
    /// Something of the above changed that may end a wait.
    news: bool,
}

/// What a mark says of an issue that could not be taken in yet.
struct Undecided {
    item: ItemId,
    /// The issue that it is a counterpart of.
    of: Option<(SideId, IssueId)>,
    /// It was told.
    told: bool,
}

impl Instance {
    fn told(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it was polled before this process met it.
    pub(crate) fn knew_until(&self, cursor: Option<Timestamp>) {
        self.told().knew = cursor;
    }

    /// Whether it was ever polled before.
    pub(crate) fn was_known(&self) -> bool {
        self.told().knew.is_some()
    }

    /// Whether something was made between what the state knew when this process met it and that moment, by the instance's own time: if
    /// we made it, the state may have forgotten.
    pub(crate) fn may_be_forgotten(&self, made: Timestamp) -> bool {
        // One that was never polled forgot nothing.
        let Some(knew) = self.told().knew else { return false };
        let knew = knew.saturating_sub(signed(self.settings.overlap)).unwrap_or(Timestamp::MIN);
        made >= knew && made <= self.began.saturating_add(signed(BEGAN_ROUGHLY)).unwrap_or(Timestamp::MAX)
    }

    /// Whether what bears our mark, and is in no journal of this process, was made by another one that runs at the same time: what a dead
    /// one sent has landed by then.
    pub(crate) fn is_of_a_twin(&self, made: Timestamp) -> bool {
        made > self.began.saturating_add(signed(LANDS)).unwrap_or(Timestamp::MAX)
    }

    /// Takes note that it was polled since this process met it.
    pub(crate) fn was_polled(&self) {
        let now = self.clock.monotonic();
        let mut heard = self.told();
        if heard.polled.is_none() {
            (heard.polled, heard.news) = (Some(now), true);
        }
    }

    /// Whether it was.
    pub(crate) fn is_polled(&self) -> bool {
        self.told().polled.is_some()
    }

    /// Takes note that all of a side's newcomers were looked through.
    pub(crate) fn has_told(&self, sync: &SyncId, side: &SideId) {
        let mut heard = self.told();
        if heard.sides.insert((sync.clone(), side.clone())) {
            heard.news = true;
        }
    }

    /// Whether all that lies on a side was heard of, or waited for long enough.
    pub(crate) fn is_told(&self, sync: &SyncId, side: &SideId) -> bool {
        let now = self.clock.monotonic();
        let heard = self.told();
        let over = heard.polled.is_some_and(|at| now.saturating_sub(at) >= PATIENCE);
        over || heard.sides.contains(&(sync.clone(), side.clone()))
    }

    /// Takes note of an issue of ours that could not be taken in yet. Says whether that is to be told now, where it may be told.
    pub(crate) fn is_undecided(
        &self,
        place: (&SyncId, &SideId),
        issue: IssueId,
        item: ItemId,
        of: Option<(SideId, IssueId)>,
        may_tell: bool,
    ) -> bool {
        let now = self.clock.monotonic();
        let mut heard = self.told();
        let late = may_tell && heard.polled.is_some_and(|at| now.saturating_sub(at) >= PATIENCE);
        let here = heard.undecided.entry((place.0.clone(), place.1.clone())).or_default();
        let there = here.entry(issue).or_insert(Undecided { item, of, told: false });
        let was_told = there.told;
        there.told |= late;
        late && !was_told
    }

    /// Takes note that it was taken in. Says whether it had been told.
    pub(crate) fn is_decided(&self, sync: &SyncId, side: &SideId, issue: IssueId) -> bool {
        let mut heard = self.told();
        let here = heard.undecided.get_mut(&(sync.clone(), side.clone()));
        let Some(was) = here.and_then(|here| here.remove(&issue)) else { return false };
        heard.news = true;
        was.told
    }

    /// Whether nobody knows yet whose an issue is, but what its mark says.
    pub(crate) fn is_in_doubt(&self, sync: &SyncId, side: &SideId, issue: IssueId) -> bool {
        self.told().undecided.get(&(sync.clone(), side.clone())).is_some_and(|here| here.contains_key(&issue))
    }

    /// Whether an issue that is not taken in yet may be an item's counterpart on a side.
    fn may_hold(&self, work: &Work, side: &SideId) -> bool {
        let heard = self.told();
        let here = heard.undecided.get(&(work.sync.id().clone(), side.clone()));
        let is_its = |undecided: &Undecided| {
            let of =
                undecided.of.as_ref().and_then(|(from, issue)| Some((work.item.replicas.get(from)?.issue, *issue)));
            undecided.item == work.item.id || of.is_some_and(|(held, named)| held == named)
        };
        here.is_some_and(|here| here.values().any(is_its))
    }

    fn await_it(&self) {
        self.told().awaited = true;
    }

    /// Whether something came that may end a wait; and whether anything waits.
    fn take_news(&self) -> (bool, bool) {
        let now = self.clock.monotonic();
        let mut heard = self.told();
        let late = heard.polled.is_some_and(|at| now.saturating_sub(at) >= PATIENCE);
        let news = std::mem::take(&mut heard.news) || (late && !heard.late);
        heard.late = late;
        (news, news && std::mem::take(&mut heard.awaited))
    }
}

fn signed(by: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(by).unwrap_or(jiff::SignedDuration::MAX)
}

impl Engine {
    /// The sides of an item whose instance was not polled since the start, and those whose newcomers were not looked through.
    pub(super) fn unheard(&self, work: &Work) -> (BTreeSet<SideId>, BTreeSet<SideId>) {
        let (mut unpolled, mut untold) = (BTreeSet::new(), BTreeSet::new());
        for side in &work.sync.settings.sides {
            let Some(instance) = self.instances.get(&side.instance) else { continue };
            if !instance.is_polled() {
                unpolled.insert(side.id.clone());
            } else if !instance.is_told(work.sync.id(), &side.id) {
                untold.insert(side.id.clone());
            }
        }
        (unpolled, untold)
    }

    /// Whether a write would make something where nobody knows yet what stands: a state from a backup may have made it before. It waits
    /// for what its instance tells, and asks nobody meanwhile. What changes a value rests on a read anyway.
    pub(super) fn is_too_early(&self, work: &mut Work, operation: &Operation) -> bool {
        let creates = matches!(operation.action, Action::Create { .. });
        let adds = matches!(
            operation.action,
            Action::AddComment { .. } | Action::AddFile { .. } | Action::AddIssueLink { .. }
        );
        let side = &operation.side;
        let Some(instance) = self.instance_on(work, side).filter(|_| creates || adds) else { return false };
        let waits =
            work.unpolled.contains(side) || creates && (work.untold.contains(side) || instance.may_hold(work, side));
        if waits {
            instance.await_it();
            work.be_due(AWAITED);
        }
        waits
    }

    /// Wakes what waited until an instance told what it holds, where it told more.
    pub(super) async fn wake_untold(&self, instance: &Instance) -> Result<(), StoreError> {
        let (news, awaited) = instance.take_news();
        if news {
            // First, so that who takes an item up before this and gives it back after the waking sees it.
            self.pauses.fetch_add(1, Ordering::AcqRel);
        }
        if awaited {
            self.store.wake_awaited().await?;
            self.woke.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Whether something that waited is due since this was last asked.
    pub fn has_woken(&self) -> bool {
        self.woke.swap(false, Ordering::AcqRel)
    }
}
