//! One item in the hands of a worker: what is known, what was just read, what is planned. Must never be shared between two
//! workers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use tokio::sync::OwnedSemaphorePermit;

use super::SyncRun;
use super::found::Duplicate;
use super::outcome::is_a_level;
use super::rights_told::remedy_for_field;
use crate::mapping::References;
use crate::model::acts::TakenAct;
use crate::model::catalog::Catalog;
use crate::model::hub::{Absence, Acknowledged, Conflict, ItemState, Replica};
use crate::model::ids::{AccountId, FieldId, FieldName, InstanceId, OperationId, SideId};
use crate::model::issue::{IssueSnapshot, NativeValue, TransitionOffer, Watchers};
use crate::model::occasion::Brought;
use crate::model::operation::{Action, Intent, IntentEvent, IntentState, Operation};
use crate::model::problem::Problem;
use crate::model::remark::Remark;
use crate::model::right::{Function, Right, needed};
use crate::model::settings::{FieldKind, SyncSettings};
use crate::model::store::{Claim, Record, Urgency};
use crate::plan::{Hold, Plan, Step, audience_of};

/// One item being worked on.
pub(crate) struct Work {
    /// What its lines in the log belong to, until it is given back.
    pub(crate) span: tracing::Span,
    pub(crate) sync: Arc<SyncRun>,
    pub(crate) fence: u64,
    pub(crate) attempts: u32,
    pub(crate) urgency: Urgency,
    /// What brought it up.
    pub(crate) brought: Option<Brought>,
    /// When an operator last said that what is held back is to be tried again.
    pub(crate) asked: Option<Timestamp>,
    /// How often it had been said what is paused when it was taken up.
    pub(crate) pauses: u64,
    /// Sides whose instance had not been polled since the start when it was taken up: nothing is made there. And those whose newcomers
    /// had not been looked through: no counterpart is.
    pub(crate) unpolled: BTreeSet<SideId>,
    pub(crate) untold: BTreeSet<SideId>,
    /// Files and logged work of the sync user without a mark that nobody remembers.
    pub(crate) bare: BTreeMap<SideId, BTreeSet<String>>,
    pub(crate) item: ItemState,
    pub(crate) intents: Vec<Intent>,
    /// Reads that are not taken in yet.
    pub(crate) reads: BTreeMap<SideId, Read>,
    /// The transitions offered, with the status that they are offered in.
    pub(crate) offers: BTreeMap<SideId, (String, Vec<TransitionOffer>)>,
    /// When it was last looked at, by our monotonic time; and that this was too long ago to write on it.
    pub(crate) looked: Duration,
    pub(crate) stale: bool,
    /// A slot for the next upload, and the instance that it is for.
    pub(crate) slot: Option<(InstanceId, OwnedSemaphorePermit)>,
    /// Sides that were read directly since they were last written to.
    pub(crate) fresh: BTreeSet<SideId>,
    /// Those of them whose last read had all that is said there.
    pub(crate) heard: BTreeSet<SideId>,
    /// Sides to be read directly before anything is decided there, and whether with the transitions offered.
    pub(crate) to_read: BTreeMap<SideId, bool>,
    /// Who watches, where that was read and is not taken in yet; where it is to be read; and where that failed in this cycle.
    pub(crate) watchers: BTreeMap<SideId, Watchers>,
    pub(crate) to_list: BTreeSet<SideId>,
    pub(crate) unlisted: BTreeSet<SideId>,
    /// Sides whose values and log did not agree: what is read next is believed.
    pub(crate) again: BTreeSet<SideId>,
    /// Sides of which only a part could be read in this cycle.
    pub(crate) partly: BTreeSet<SideId>,
    /// Sides that could not be read or written in this cycle, with the reason.
    pub(crate) unread: BTreeMap<SideId, String>,
    /// Sides where an edit or a hop was refused in this round, and why: what has rights of its own goes on until the round ends.
    pub(crate) fields_refused: BTreeMap<SideId, String>,
    /// Sides whose issue is where it was again.
    pub(crate) returned: BTreeSet<SideId>,
    /// Sides whose absence was judged in this cycle, and whether the issue was looked for before that.
    pub(crate) judged_absence: BTreeMap<SideId, bool>,
    /// The sides whose issue was asked for in this cycle, and is not there.
    pub(crate) missed: BTreeSet<SideId>,
    /// Sides where a field is sent by itself, because Jira refused several together without naming one.
    pub(crate) singly: BTreeSet<SideId>,
    /// Writes that were refused for now and hold up nothing else: they are not tried again in this cycle.
    pub(crate) put_off: Vec<Operation>,
    /// Sides where a copy of this kind was refused for want of a right: no other is tried in this cycle.
    pub(crate) shut: BTreeSet<(SideId, Remark)>,
    /// Sides whose replica was not complete when the item was taken up, and those whose replica was made since.
    pub(crate) unready: BTreeSet<SideId>,
    pub(crate) made: BTreeSet<SideId>,
    /// Sides that an edit was lost on which was to set off no mails.
    pub(crate) loud: BTreeSet<SideId>,
    /// Those of them whose file was not found.
    pub(crate) unfound: Vec<Operation>,
    /// Fields that Jira refused at this item's creation on a side: they are tried afterwards.
    pub(crate) left_out: BTreeMap<SideId, BTreeSet<FieldId>>,
    /// What the sides offered, as its plan was made with it.
    pub(crate) planned_by: Option<Arc<BTreeMap<SideId, Catalog>>>,
    pub(crate) plan: Option<Plan>,
    /// How much was learnt of the workflows when it was planned.
    pub(crate) learnt: u64,
    /// What the item's texts refer to.
    pub(crate) references: References,
    /// Sides that the last plan found no way for.
    pub(crate) stuck: BTreeSet<SideId>,
    /// The problems that stood when the item was taken, and the sides that were read since.
    pub(crate) before: Vec<Problem>,
    pub(crate) read: BTreeSet<SideId>,
    pub(crate) asked_when: bool,
    /// Sides whose replica's clause was asked for in this cycle, and for which change of the issue that tells.
    pub(crate) judged_scope: BTreeMap<SideId, Timestamp>,
    /// A `when` was not answered for good in this cycle.
    pub(crate) when_is_open: bool,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) acts: Vec<TakenAct>,
    /// What Jira calls the requests that were answered.
    pub(crate) requests: Vec<(OperationId, String)>,
    pub(crate) ways: Vec<(SideId, String, String, String)>,
    pub(crate) moves: Vec<(OperationId, IntentState)>,
    pub(crate) problems: BTreeSet<Problem>,
    /// The operations that wrote fields last, in this cycle.
    written: BTreeMap<(SideId, FieldName), OperationId>,
    /// Second issues that we made for a side, found in this cycle.
    pub(crate) duplicates: Vec<Duplicate>,
    /// What the last plan did not do, and why.
    pub(crate) holds: Vec<Hold>,
    /// When to look again even if nothing is hinted.
    pub(crate) due: Option<Timestamp>,
    /// Something went wrong that time may mend.
    pub(crate) failed: bool,
    /// Only a person can mend it: it is tried again ever more seldom.
    pub(crate) slow: bool,
    /// Nothing more is done in this cycle.
    pub(crate) over: bool,
    /// The end of the cycle is recorded.
    pub(crate) recorded: bool,
}

/// One read of one replica, its log attributed.
pub(crate) struct Read {
    pub(crate) snapshot: IssueSnapshot,
    pub(crate) steps: Vec<Step>,
    /// Whether it was read directly, and not by the index.
    pub(crate) direct: bool,
    /// Whether it was read because an earlier read did not agree with its log.
    pub(crate) again: bool,
    /// The accounts whose acts stay here, of those that did something in it.
    pub(crate) outsiders: BTreeSet<AccountId>,
}

/// The span of one cycle of an item. At every level that is written at all: a warning wants to say what it is about, too.
fn span_of(item: &ItemState) -> tracing::Span {
    let keys: Vec<&str> = item.replicas.values().map(|replica| replica.key.as_str()).collect();
    tracing::error_span!("item", id = %item.id, sync = %item.sync, keys = keys.join(","))
}

impl Work {
    pub(crate) fn new(claim: Claim, sync: Arc<SyncRun>) -> Self {
        let unready = claim.item.replicas.iter().filter(|(_, replica)| !replica.observed);
        let unready = unready.map(|(side, _)| side.clone()).collect();
        Self {
            span: span_of(&claim.item),
            sync,
            fence: claim.fence,
            attempts: claim.attempts,
            urgency: claim.urgency,
            brought: claim.brought,
            asked: claim.asked,
            pauses: 0,
            unpolled: BTreeSet::new(),
            untold: BTreeSet::new(),
            bare: BTreeMap::new(),
            item: claim.item,
            intents: claim.intents,
            reads: BTreeMap::new(),
            offers: BTreeMap::new(),
            looked: Duration::ZERO,
            stale: false,
            slot: None,
            fresh: BTreeSet::new(),
            heard: BTreeSet::new(),
            to_read: BTreeMap::new(),
            watchers: BTreeMap::new(),
            to_list: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            again: BTreeSet::new(),
            partly: BTreeSet::new(),
            unread: BTreeMap::new(),
            fields_refused: BTreeMap::new(),
            returned: BTreeSet::new(),
            judged_absence: BTreeMap::new(),
            missed: BTreeSet::new(),
            singly: BTreeSet::new(),
            put_off: Vec::new(),
            shut: BTreeSet::new(),
            unready,
            made: BTreeSet::new(),
            loud: BTreeSet::new(),
            unfound: Vec::new(),
            left_out: BTreeMap::new(),
            planned_by: None,
            plan: None,
            learnt: 0,
            references: References::default(),
            stuck: BTreeSet::new(),
            before: claim.problems,
            read: BTreeSet::new(),
            asked_when: false,
            judged_scope: BTreeMap::new(),
            when_is_open: false,
            conflicts: Vec::new(),
            acts: Vec::new(),
            requests: Vec::new(),
            ways: Vec::new(),
            moves: Vec::new(),
            problems: BTreeSet::new(),
            written: BTreeMap::new(),
            duplicates: Vec::new(),
            holds: Vec::new(),
            due: None,
            failed: false,
            slow: false,
            over: false,
            recorded: false,
        }
    }

    /// Jira said yes and nothing changed: told so, the same is not sent again and again until the agreed value moves.
    pub(crate) fn kept_its_own(&mut self, side: &SideId, field: &FieldName, reason: String) {
        let row = self.sync.settings.fields.get(field);
        let audience = row.map(|row| audience_of(&self.item, &self.sync.settings, row, side));
        let agreed = audience.and_then(|audience| self.item.hub.get(field)?.get(&audience));
        let acts = agreed.map(|agreed| agreed.acts.clone()).unwrap_or_default();
        let Some(replica) = self.item.replicas.get_mut(side) else { return };
        let base = replica.bases.entry(field.clone()).or_default();
        base.matched.join(&acts);
        base.acknowledged = Some(Acknowledged { reason, refused: true, may_pass: true, unseen: false });
    }

    /// Whether a refusal of this time still has a write wait: one from before an operator asked for another try does not.
    pub(crate) fn holds_back(&self, refused: Timestamp) -> bool {
        self.asked.is_none_or(|asked| refused > asked)
    }

    /// Looks again at this time at the latest.
    pub(crate) fn be_due(&mut self, at: Timestamp) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Forgets what was read too long ago, and wants all of it read again.
    pub(crate) fn look_anew(&mut self) {
        self.stale = false;
        self.fresh.clear();
        self.heard.clear();
        self.offers.clear();
        self.watchers.clear();
        // What was not there may be back by now.
        for side in std::mem::take(&mut self.missed) {
            self.unread.remove(&side);
        }
        // What cannot be read again in this cycle is not lost either.
        let unread = &self.unread;
        self.reads.retain(|side, _| unread.contains_key(side));
        for side in self.item.replicas.keys().cloned().collect::<Vec<_>>() {
            self.want_read(&side, false);
        }
    }

    /// Whether what is written to a side's issue may be seen by those only who may see home's.
    pub(crate) fn is_under_a_level(&self, side: &SideId) -> bool {
        let there = self.item.replicas.contains_key(side) && self.sync.settings.home.as_ref() != Some(side);
        there && crate::plan::is_levelled(&self.sync.settings, &self.item)
    }

    /// Whether nobody knows what became of a write, and a look may tell: not at an issue that is gone.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let open = |intent: &Intent| matches!(intent.state, IntentState::Open | IntentState::InDoubt);
        self.intents.iter().any(|intent| open(intent) && !self.item.is_gone_from(&intent.operation.side))
    }

    /// Whether something of the item waits for its issue on a side to be read: what people said elsewhere, a file.
    pub(crate) fn is_waited_for(&self, side: &SideId) -> bool {
        let remarks = self.item.comments.iter().chain(&self.item.worklogs);
        let said = remarks.filter(|record| record.pending.is_some());
        let mut lacking = said.filter(|record| &record.side != side && !record.copies.contains_key(side));
        let mut files = self.item.attachments.iter().filter(|record| &record.side != side);
        lacking.next().is_some() || files.next().is_some()
    }

    /// Forgets an intent that was never opened nor sent, as if it had not been planned.
    pub(crate) fn forget_intent(&mut self, id: OperationId) {
        self.intents.retain(|intent| intent.id != id);
        self.moves.retain(|(moved, _)| *moved != id);
    }

    /// Whether a side's issue was looked for in this cycle and is not where it belongs. What could not be asked says nothing.
    pub(crate) fn saw_gone(&self, side: &SideId) -> bool {
        let Some(away) = self.item.replicas.get(side).and_then(|replica| replica.away.as_ref()) else { return false };
        match away.how {
            Absence::Missing => self.missed.contains(side),
            Absence::Moved(_) | Absence::DeletedByUs => self.fresh.contains(side),
        }
    }

    /// Whether nothing that a write rests on could not be read: its side, and under a level home, but for the level itself. Home
    /// that is gone for sure cannot be read, and what follows from that is done.
    pub(crate) fn was_seen(&self, operation: &Operation) -> bool {
        let gone = |side: &SideId| {
            let away = self.item.replicas.get(side).and_then(|replica| replica.away.as_ref());
            self.missed.contains(side) && away.is_some_and(|away| away.confirmed.is_some())
        };
        let unread = |home: &&SideId| self.unread.contains_key(*home) && !gone(home);
        let home = self.sync.settings.home.as_ref().filter(unread);
        let blind = home.is_some() && self.is_under_a_level(&operation.side) && !is_a_level(&operation.action);
        !blind && !self.unread.contains_key(&operation.side)
    }

    /// Whether this one waits since a write before it failed. Comments, logged work, files and links have rights of their own: a no to
    /// an edit or a hop says nothing of them.
    pub(crate) fn is_held_up(&self, operation: &Operation) -> bool {
        let refused = self.fields_refused.contains_key(&operation.side) && !operation.action.is_beside_the_fields();
        refused || self.unread.contains_key(&operation.side)
    }

    /// Ends a round of writes: where an edit or a hop was refused nothing more is decided before the next attempt.
    pub(crate) fn end_of_writes(&mut self) {
        for (side, why) in std::mem::take(&mut self.fields_refused) {
            self.unread.entry(side).or_insert(why);
        }
    }

    /// Wants a side read directly; `transitions`: with those offered now.
    pub(crate) fn want_read(&mut self, side: &SideId, transitions: bool) {
        if !self.unread.contains_key(side) {
            let wanted = self.to_read.entry(side.clone()).or_insert(transitions);
            *wanted |= transitions;
        }
    }

    /// Wants a side's watchers read, unless that was done or failed.
    pub(crate) fn want_list(&mut self, side: &SideId) {
        let done = self.watchers.contains_key(side) || self.unlisted.contains(side) || self.unread.contains_key(side);
        if !done {
            self.to_list.insert(side.clone());
        }
    }

    /// Moves an intent on. An event that cannot happen changes nothing and is a defect, so it is logged.
    pub(crate) fn move_intent(&mut self, id: OperationId, event: &IntentEvent) {
        let Some(intent) = self.intents.iter_mut().find(|intent| intent.id == id) else { return };
        match intent.state.next(event) {
            Ok(state) if state != intent.state => {
                intent.state = state.clone();
                self.moves.push((id, state));
            }
            Ok(_) => {}
            Err(illegal) => tracing::error!(operation = %id, %illegal, "an intent took an event that it cannot take"),
        }
    }

    /// What a side's sync user cannot do, for people.
    pub(crate) fn problem(&mut self, side: &SideId, field: Option<&FieldName>, what: String, remedy: &str) {
        let remedy = remedy.to_owned();
        self.problems.insert(Problem {
            side: side.clone(),
            field: field.cloned(),
            what,
            remedy,
            operation: None,
            settles: false,
        });
    }

    /// Has the problems that came with the answer to a write, and those that its fields may be, name its operation.
    pub(crate) fn met_by(&mut self, intent: &Intent, before: &BTreeSet<Problem>) {
        let new: Vec<Problem> = self.problems.difference(before).cloned().collect();
        for problem in new {
            self.problems.replace(Problem { operation: Some(intent.id), ..problem });
        }
        if let Action::SetFields { fields } | Action::Transition { fields, .. } = &intent.operation.action {
            let side = &intent.operation.side;
            self.written.extend(fields.keys().map(|field| ((side.clone(), field.clone()), intent.id)));
        }
    }

    /// The status that a read shows.
    pub(crate) fn status_in(snapshot: &IssueSnapshot) -> Option<&str> {
        match snapshot.fields.get(&"status".into()) {
            Some(NativeValue::Named(named)) => Some(&named.name),
            _ => None,
        }
    }

    /// The sides whose `when` decides whether the item gets a replica there.
    pub(crate) fn open_whens(&self) -> Vec<SideId> {
        let open = |side: &&crate::model::settings::SideSettings| {
            side.when.is_some() && !self.item.replicas.contains_key(&side.id)
        };
        self.sync.settings.sides.iter().filter(open).map(|side| side.id.clone()).collect()
    }

    /// The sides where the item may have a replica.
    pub(crate) fn belongs(&self) -> BTreeSet<SideId> {
        let open = self.sync.settings.sides.iter().filter(|side| side.when.is_none()).map(|side| side.id.clone());
        open.chain(self.item.belongs.iter().cloned()).collect()
    }

    /// Takes what is to be recorded now. The problems are those of the whole cycle only when it is over.
    pub(crate) fn record(&mut self) -> Record {
        let problems = self.over.then(|| self.all_problems());
        self.recorded = self.over;
        Record {
            item: self.item.clone(),
            intents: std::mem::take(&mut self.moves),
            conflicts: std::mem::take(&mut self.conflicts),
            problems,
            acts: std::mem::take(&mut self.acts),
            requests: std::mem::take(&mut self.requests),
            brought: if self.over { self.brought.clone() } else { None },
        }
    }

    /// What needs a person: what the last plan held back, what Jira refused and will not be asked again, what failed now.
    fn all_problems(&self) -> Vec<Problem> {
        let mut all = self.problems.clone();
        for hold in &self.holds {
            let (side, field) = (hold.side.clone(), hold.field.clone());
            all.insert(Problem {
                side,
                field,
                what: hold.why.clone(),
                remedy: hold.remedy.clone(),
                operation: None,
                settles: hold.settles,
            });
        }
        let gone = |side: &SideId| self.item.replicas.get(side).is_some_and(Replica::is_elsewhere);
        let unsure = |side: &SideId| self.item.replicas.get(side).is_some_and(Replica::is_unsure);
        let kept = self.before.iter().filter(|problem| {
            let in_doubt = self.intents.iter().any(|intent| {
                intent.operation.side == problem.side
                    && !intent.state.is_settled()
                    && !intent.operation.action.is_beside_the_fields()
            });
            // What the plan could not judge now is neither better nor worse than before.
            let unjudged = self.unread.contains_key(&problem.side)
                || (problem.field.is_none()
                    && self.item.replicas.contains_key(&problem.side)
                    && !self.read.contains(&problem.side));
            in_doubt || unsure(&problem.side) || (unjudged && !gone(&problem.side))
        });
        all.extend(kept.cloned());
        for (side, replica) in &self.item.replicas {
            all.extend(missed(&self.sync.settings, side, replica));
            for (field, base) in &replica.bases {
                // What the configuration does not carry any more needs nobody.
                if !self.sync.settings.fields.get(field).is_some_and(|row| row.sides.contains_key(side)) {
                    continue;
                }
                if let Some(refused) = base.acknowledged.as_ref().filter(|acknowledged| acknowledged.refused) {
                    // Where Jira said nothing, there is nothing of it to mend.
                    let row = self.sync.settings.fields.get(field);
                    let remedy = if row.is_some_and(|row| row.kind == FieldKind::IssueType) {
                        "Jira's REST API changes a type only among types of one workflow: give it the type in that Jira's browser \
                         (Move), or leave it"
                    } else if refused.reason.starts_with("Jira") {
                        &remedy_for_field(&self.sync, side, field)
                    } else {
                        "set it back by hand where it was changed, or let the side's changes count (`from` of the field's row)"
                    };
                    let remedy = remedy.to_owned();
                    let operation = self.written.get(&(side.clone(), field.clone())).copied();
                    let (side, field) = (side.clone(), Some(field.clone()));
                    all.insert(Problem {
                        side,
                        field,
                        what: refused.reason.clone(),
                        remedy,
                        operation,
                        settles: false,
                    });
                }
            }
        }
        all.into_iter().collect()
    }
}

/// That an issue was missed, and it is not known yet whether it is gone.
fn missed(sync: &SyncSettings, side: &SideId, replica: &Replica) -> Option<Problem> {
    let away = replica.away.as_ref().filter(|away| away.confirmed.is_none() && away.how == Absence::Missing)?;
    if replica.has_left() {
        return None;
    }
    let since = away.since.strftime("%Y-%m-%d %H:%M");
    let what = format!(
        "{} is not there since {since} UTC, or the sync user may not see it; nothing is written or deleted for it",
        replica.key
    );
    let needed = needed(sync, side, Function::Issues, &[Right::BrowseProjects]);
    let remedy = format!(
        "restore it, or let the sync user see it ({needed}); it is asked for again with every change of its counterparts"
    );
    Some(Problem { side: side.clone(), field: None, what, remedy, operation: None, settles: false })
}
