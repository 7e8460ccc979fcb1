//! Reading until every plan rests on what was read. Must never let a write pass to a side that was not read directly since it
//! was last written to (*verify*), except for what makes something new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tracing::Instrument as _;

use super::Engine;
use super::admit::with_mark;
use super::instance::Instance;
use super::outcome::is_a_level;
use super::work::Work;
use crate::jira::{Failure, JiraError};
use crate::model::catalog::Catalog;
use crate::model::hub::{Absence, Away, ItemState};
use crate::model::ids::{FieldName, InstanceId, IssueId, ItemId, SideId};
use crate::model::issue::{IssueSnapshot, TransitionOffer};
use crate::model::operation::{Action, IntentState};
use crate::model::settings::FieldKind;
use crate::model::store::StoreError;
use crate::plan::{
    Observation, Plan, PlanInput, Wanted, check, is_levelled, keep_answers_internal, plan, take_joined,
    takes_nothing_in,
};
use crate::planted::{Bug, is_planted};

/// What each side offers.
type Catalogs = BTreeMap<SideId, Catalog>;
/// A wanted read: the work's place in the batch, its side, the issue.
type Wish = (usize, SideId, IssueId);
/// What a read brought.
type Answer = Result<IssueSnapshot, JiraError>;
/// What was asked of one instance at once, and the answers in the same order.
type Group = (Arc<Instance>, Vec<Wish>, Vec<Answer>);

/// Rounds of reading for one plan. More are a defect: every round reads something that the one before asked for.
const MOST_ROUNDS: usize = 8;

impl Engine {
    /// Has these items read on all their sides when it is their turn: why they wait was known to somebody who is dead.
    pub fn forget_why(&self, items: impl IntoIterator<Item = ItemId>) {
        self.rows.forget(items);
    }

    /// Takes the rows that polls brought for an item. Where there are none, all its replicas are to be read.
    pub(super) async fn take_rows(&self, work: &mut Work) {
        let replicas: Vec<(SideId, IssueId)> =
            work.item.replicas.iter().map(|(side, replica)| (side.clone(), replica.issue)).collect();
        for (side, issue) in &replicas {
            let Some(instance) = self.instance_on(work, side) else { continue };
            if let Some(row) = self.rows.take(instance.id(), *issue) {
                self.take_in(work, side, &instance, Ok(row), false).await;
            }
            if self.rows.was_lost(instance.id(), *issue) {
                work.want_read(side, false);
            }
        }
        // What one side's row told may be gone with a daemon that died, or with an attempt of its that failed: another side's row says
        // nothing of that. Where this daemon failed, it knows which sides it did not hear: whether one partner's issue is read must not
        // rest on whether another's could be.
        let item = work.item.id;
        let unknown = self.rows.is_forgotten(item) || (work.attempts > 0 && !self.rows.knows_failure(item));
        // Under another configuration every side may have to hold something else, also one that brought no news.
        let behind = work.item.configured < self.accepted.newest;
        for (side, _) in &replicas {
            if work.reads.is_empty() || ((behind || unknown) && !work.reads.contains_key(side)) {
                work.want_read(side, false);
            }
        }
        self.want_home(work);
        self.want_what_is_in_doubt(work);
        self.want_watchers(work);
    }

    /// Notes whose word was not taken in when a cycle ends: another side's row may bring the item up before it can be.
    pub(super) fn note_unheard(&self, work: &Work) {
        let sides = work.reads.keys().chain(work.to_read.keys()).chain(work.unread.keys());
        let sides = sides.chain(&work.partly);
        let issue = |side| {
            let replica = work.item.replicas.get(side)?;
            Some((work.sync.instance_of(side)?.clone(), replica.issue))
        };
        self.rows.ended(work.item.id, work.failed, sides.filter_map(issue));
    }

    /// The home, where a `when` was not answered for good for what is known of it: the question must not be lost because the
    /// next cycle was about another side.
    fn want_home(&self, work: &mut Work) {
        let Some(home) = work.sync.settings.home.clone().filter(|home| !work.reads.contains_key(home)) else { return };
        let Some(replica) = work.item.replicas.get(&home) else { return };
        if work.item.asked < Some(replica.updated) && !work.open_whens().is_empty() {
            work.want_read(&home, false);
        }
    }

    /// Edits and hops that nobody knows the outcome of, or that polls should have shown by now.
    fn want_what_is_in_doubt(&self, work: &mut Work) {
        let now = self.now();
        let late = |opened: jiff::Timestamp| now.duration_since(opened).unsigned_abs() >= self.check_after;
        let sides: Vec<SideId> = work
            .intents
            .iter()
            .filter(|intent| is_seen_by_reading(&intent.operation.action))
            .filter(|intent| match intent.state {
                IntentState::Open | IntentState::InDoubt => true,
                IntentState::Answered => late(intent.opened),
                IntentState::Confirmed | IntentState::Void(_) => false,
            })
            .map(|intent| intent.operation.side.clone())
            .collect();
        for side in sides {
            work.want_read(&side, false);
        }
    }

    /// Reads and plans until no plan asks for more.
    pub(super) async fn look(&self, works: &mut [Work]) -> Result<(), StoreError> {
        self.learn_names(works).await?;
        for _ in 0..MOST_ROUNDS {
            self.read_wanted(works).await;
            self.read_watchers(works).await;
            self.confirm_absences(works).await?;
            self.judge_scope(works).await?;
            self.ask_when(works).await?;
            self.refer(works).await?;
            for work in works.iter_mut().filter(|work| !work.over && work.plan.is_none()) {
                self.compare_bare(work);
                self.end_rivals(work);
            }
            self.compare_files(works).await;
            self.look_at_desks(works).await;
            let mut more = false;
            for work in works.iter_mut().filter(|work| !work.over && work.plan.is_none()) {
                work.sync.doubt_assignable(self.clock.monotonic());
                work.sync.doubt_hidden_watchers(self.clock.monotonic());
                work.span.clone().in_scope(|| self.think(work));
                if let Some(plan) = work.plan.take() {
                    let span = work.span.clone();
                    let learnt = self.learn_what_is_offered(work, &plan).instrument(span).await;
                    work.plan = Some(plan).filter(|_| !learnt);
                    more |= learnt;
                }
                more |= !work.to_read.is_empty() || !work.to_list.is_empty();
            }
            if !more {
                return Ok(());
            }
        }
        for work in works.iter_mut().filter(|work| !work.over && work.plan.is_none()) {
            tracing::error!(item = %work.item.id, "a plan asked for reads without end");
            work.failed = true;
            work.over = true;
        }
        Ok(())
    }

    /// What a plan of this item is made from, now.
    pub(super) fn with_input<R>(&self, work: &Work, catalogs: &Catalogs, then: impl FnOnce(&PlanInput<'_>) -> R) -> R {
        let (workflows, belongs) = (work.sync.workflows(), work.belongs());
        let observed: BTreeMap<SideId, Observation> = work
            .reads
            .iter()
            .map(|(side, read)| {
                let (snapshot, steps) = (read.snapshot.clone(), read.steps.clone());
                (
                    side.clone(),
                    Observation {
                        snapshot,
                        steps,
                        direct: read.direct,
                        again: read.again,
                        outsiders: read.outsiders.clone(),
                    },
                )
            })
            .collect();
        let offers = offers_now(work);
        let sync = Arc::clone(&work.sync);
        let skews: BTreeMap<SideId, i64> = sync
            .settings
            .sides
            .iter()
            .filter_map(|side| Some((side.id.clone(), self.instances.get(&side.instance)?.skew_ms())))
            .collect();
        let braked = sync.braked();
        let input = PlanInput {
            braked: &braked,
            sync: &sync.settings,
            catalogs,
            workflows: &workflows,
            skews: &skews,
            item: &work.item,
            observed: &observed,
            watchers: &work.watchers,
            intents: &work.intents,
            belongs: &belongs,
            offers: &offers,
            references: &work.references,
            accepted: self.accepted,
        };
        then(&input)
    }

    /// Plans one item on what was read, or asks for what has to be read first.
    fn think(&self, work: &mut Work) {
        work.learnt = work.sync.learnt();
        let mut catalogs = work.sync.catalogs();
        if !work.left_out.is_empty() {
            catalogs = Arc::new(without(&catalogs, work));
        }
        take_joined(&mut work.item, &work.sync.settings, &catalogs);
        let (planned, violations) = self.with_input(work, &catalogs, |input| {
            let planned = plan(input);
            let violations = if is_planted(Bug::CheckSkipped) { Vec::new() } else { check(input, &planned) };
            (planned, violations)
        });
        work.planned_by = Some(catalogs);
        self.want_for(work, &planned);
        if !work.to_read.is_empty() || !work.to_list.is_empty() {
            return;
        }
        if let Some(violation) = violations.first() {
            tracing::error!(item = %work.item.id, %violation, "a plan breaks a rule and is not carried out");
            let side = violation.side.clone();
            let what = format!("nothing is written: the plan breaks a rule of its own: {violation}");
            let saved = with_its_input(&work.item);
            let remedy = format!("this is a defect of jirasyncd: please report it with this text{saved}");
            work.problem(&side, None, what, &remedy);
            work.failed = true;
            work.over = true;
            return;
        }
        work.plan = Some(planned);
    }

    /// What a plan needs read before it may be carried out.
    fn want_for(&self, work: &mut Work, planned: &Plan) {
        let levelled = is_levelled(&work.sync.settings, &planned.item);
        for (side, wanted) in &planned.wanted {
            for wanted in wanted {
                match wanted {
                    Wanted::Transitions => work.want_read(side, true),
                    Wanted::Comments => work.want_read(side, false),
                    Wanted::Watchers => work.want_list(side),
                    Wanted::FreshRead => {
                        work.again.insert(side.clone());
                        work.want_read(side, false);
                    }
                }
            }
        }
        for operation in &planned.operations {
            // Nothing can be overwritten by what is new; and what changes a copy was planned on a direct read.
            let overwrites = matches!(
                operation.action,
                Action::SetFields { .. } | Action::Transition { .. } | Action::DeleteIssue { .. }
            );
            // What is new must not show more people than home's level does, where somebody took it away there meanwhile.
            let there = planned.item.replicas.contains_key(&operation.side);
            let away_from_home = work.sync.settings.home.as_ref() != Some(&operation.side);
            let shows = levelled && there && away_from_home;
            // A state from a backup may have added it before.
            let adds = matches!(operation.action, Action::AddComment { .. } | Action::AddFile { .. });
            let again = adds && self.is_restored();
            let overwrites = overwrites && !is_planted(Bug::VerifySkipped);
            let needs = (overwrites || shows || again) && !work.fresh.contains(&operation.side);
            if needs {
                work.want_read(&operation.side, matches!(operation.action, Action::Transition { .. }));
            }
            // Nor what home's issue says under a level that it has no more. A level waits for nothing.
            let home = work.sync.settings.home.clone().filter(|home| !work.fresh.contains(home));
            if let Some(home) = home.filter(|_| shows && !is_a_level(&operation.action)) {
                work.want_read(&home, false);
            }
            if let Action::DeleteIssue { with } = &operation.action
                && !work.fresh.contains(with)
            {
                // That it is gone was confirmed, perhaps long ago: it is looked for once more.
                work.want_read(with, false);
            }
        }
    }

    /// Reads all that is wanted directly: in one request per hundred issues where the kind has that.
    async fn read_wanted(&self, works: &mut [Work]) {
        let mut groups: BTreeMap<(InstanceId, bool), Vec<Wish>> = BTreeMap::new();
        for (index, work) in works.iter_mut().enumerate().filter(|(_, work)| !work.over) {
            for (side, transitions) in std::mem::take(&mut work.to_read) {
                let issue = work.item.replicas.get(&side).map(|replica| replica.issue);
                if let (Some(issue), Some(instance)) = (issue, work.sync.instance_of(&side).cloned()) {
                    groups.entry((instance, transitions)).or_default().push((index, side, issue));
                }
            }
        }
        let urgency = super::cycle::urgency_of(works);
        // Boxed: many futures over borrowed arguments cannot be shown to be `Send` otherwise.
        let mut reads: Vec<BoxFuture<'_, Group>> = Vec::new();
        for ((instance, transitions), wanted) in groups {
            if let Some(instance) = self.instances.get(&instance).cloned() {
                reads.push(Box::pin(async move {
                    let _place = self.places.take(urgency).await;
                    read_group(instance, wanted, transitions).await
                }));
            }
        }
        let answered = futures_util::future::join_all(reads).await;
        for (instance, wanted, answers) in answered {
            for ((index, side, _), answer) in wanted.into_iter().zip(answers) {
                if let Some(work) = works.get_mut(index) {
                    let span = work.span.clone();
                    self.take_in(work, &side, &instance, answer, true).instrument(span).await;
                }
            }
        }
    }

    /// Takes a read into the work, or the reason why there is none.
    pub(super) async fn take_in(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        answer: Result<IssueSnapshot, JiraError>,
        direct: bool,
    ) {
        let answer = match answer {
            Ok(snapshot) if self.is_another(work, side, instance, &snapshot, direct).await => {
                if !direct {
                    return;
                }
                let attempt = "reading issues".to_owned();
                Err(JiraError { attempt, instance: instance.id().clone(), failure: Failure::NotFound })
            }
            answer => answer,
        };
        let observed = match answer {
            Ok(mut snapshot) => {
                instance.by_configured_key(&mut snapshot);
                self.note_presence(work, side, &snapshot);
                let offers = snapshot.transitions.clone();
                let status = Work::status_in(&snapshot).map(str::to_owned);
                let observed = self.observe(work, side, instance, snapshot, direct).await;
                if let (Ok(Some(read)), Some(offers), Some(status)) = (&observed, offers, status) {
                    self.learn_offers(work, side, &read.snapshot.issue_type.name, &status, &offers);
                    work.offers.insert(side.clone(), (status, offers));
                }
                observed
            }
            Err(error) => Err(error),
        };
        match observed {
            Ok(Some(mut read)) => {
                keep_answers_internal(&work.item, side, &mut read.snapshot);
                work.read.insert(side.clone());
                if direct && read.snapshot.comments.complete {
                    work.heard.insert(side.clone());
                } else {
                    work.heard.remove(side);
                }
                read.again = direct && work.again.contains(side);
                work.reads.insert(side.clone(), read);
                if direct {
                    work.fresh.insert(side.clone());
                }
            }
            Ok(None) if direct => {
                work.unread.insert(side.clone(), "a read was older than what is known".to_owned());
                work.failed = true;
            }
            Ok(None) => {}
            Err(error) => self.unread(work, side, instance, &error),
        }
    }

    fn unread(&self, work: &mut Work, side: &SideId, instance: &Instance, error: &JiraError) {
        if let Some(pause) = instance.pause() {
            // Known already, and not asked again before the pause is over.
            self.wait_for(work, &pause);
            work.unread.insert(side.clone(), error.to_string());
            return;
        }
        if Self::is_gone(error) {
            // Missed once it is told as such, and gone for sure by the plan.
            work.slow = true;
            work.missed.insert(side.clone());
            self.note_absence(work, side);
        } else if instance.failed(error) {
            if let Some(pause) = instance.pause().filter(|pause| pause.away) {
                self.wait_for(work, &pause);
                work.unread.insert(side.clone(), error.to_string());
                return;
            }
        } else {
            let what = format!("{}: {error}", Self::in_words(&work.sync, side));
            work.problem(side, None, what, "it is tried again; if it stays, look at the issue in Jira");
        }
        // Gone or not, it is asked for again, ever more seldom: the right to see it may come back without a trace.
        let ours = |away: &Away| away.how == Absence::DeletedByUs;
        let deleted = work.item.replicas.get(side).and_then(|replica| replica.away.as_ref()).is_some_and(ours);
        work.unread.insert(side.clone(), error.to_string());
        work.failed |= !(deleted && Self::is_gone(error));
    }

    pub(super) fn instance_on(&self, work: &Work, side: &SideId) -> Option<Arc<Instance>> {
        work.sync.instance_of(side).and_then(|id| self.instances.get(id)).cloned()
    }
}

async fn read_group(instance: Arc<Instance>, wanted: Vec<Wish>, transitions: bool) -> Group {
    let issues: Vec<IssueId> = wanted.iter().map(|(_, _, issue)| *issue).collect();
    let answers = tokio::select! {
        biased;
        answers = read_directly(&instance, &issues, transitions) => answers,
        error = instance.falls_silent() => issues.iter().map(|_| Err(error.clone())).collect(),
    };
    (instance, wanted, answers)
}

/// Reads issues directly. An instance that is left alone is not asked.
pub(super) async fn read_directly(
    instance: &Instance,
    issues: &[IssueId],
    transitions: bool,
) -> Vec<Result<IssueSnapshot, JiraError>> {
    if let Some(error) = instance.is_silent() {
        return issues.iter().map(|_| Err(error.clone())).collect();
    }
    if let Some(pause) = instance.pause() {
        let error = pause.error(instance);
        return issues.iter().map(|_| Err(error.clone())).collect();
    }
    let mut want = with_mark(&instance.want);
    want.transitions = transitions;
    instance.read.issues(issues, &want).await
}

/// How to keep what a plan is made from, for whoever is to mend it.
fn with_its_input(item: &ItemState) -> String {
    let saved = |key| format!(", and the file that `jirasyncd plan --item {key} --save-input FILE` writes");
    item.replicas.values().next().map(|replica| saved(&replica.key)).unwrap_or_default()
}

/// The catalogs without the fields that Jira refused at this item's creation.
fn without(catalogs: &BTreeMap<SideId, Catalog>, work: &Work) -> BTreeMap<SideId, Catalog> {
    let mut catalogs = catalogs.clone();
    for (side, fields) in &work.left_out {
        let mapped = work.sync.want(side).fields;
        let Some(catalog) = catalogs.get_mut(side) else { continue };
        for issue_type in catalog.issue_types.clone() {
            let screen = catalog.create_fields.entry(issue_type.name).or_insert_with(|| mapped.clone());
            screen.retain(|field| !fields.contains(field));
        }
    }
    catalogs
}

/// The offers that are good in the status last seen.
fn offers_now(work: &Work) -> BTreeMap<SideId, Vec<TransitionOffer>> {
    let row = work.sync.settings.fields.values().find(|row| row.kind == FieldKind::Status).map(|row| &row.name);
    let status = |side: &SideId| match work.reads.get(side) {
        Some(read) => Work::status_in(&read.snapshot).map(str::to_owned),
        None => held_status(&work.item, side, row?),
    };
    let good = work.offers.iter().filter(|(side, (offered_in, _))| status(side).as_ref() == Some(offered_in));
    good.map(|(side, (_, offers))| (side.clone(), offers.clone())).collect()
}

fn held_status(item: &ItemState, side: &SideId, row: &FieldName) -> Option<String> {
    item.replicas.get(side)?.bases.get(row)?.native.clone()
}

/// Whether a direct read of the issue tells what became of it. Creates and new comments are looked for by their marks,
/// files by what is in them, watchers in the list of them.
pub(super) fn is_seen_by_reading(action: &Action) -> bool {
    let made = matches!(action, Action::Create { .. } | Action::AddComment { .. } | Action::AddFile { .. });
    !made && action.watcher().is_none() && !matches!(action, Action::StopWatching { .. })
}

/// The sides whose reads a plan took in.
pub(super) fn taken_in(work: &Work, planned: &Plan) -> BTreeSet<SideId> {
    if takes_nothing_in(planned) {
        return BTreeSet::new();
    }
    let unclear = |side: &SideId| planned.wanted.get(side).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
    work.reads.keys().filter(|side| !unclear(side)).cloned().collect()
}
