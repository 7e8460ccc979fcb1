//! Whether an issue is where it was. Must never take absence for deletion: an issue is gone when it was missed twice, as long
//! apart as its index may lag, while its project could be read, and when not too many of its side are.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::Instrument as _;

use super::Engine;
use super::instance::Instance;
use super::work::Work;
use crate::model::hub::{Absence, Away};
use crate::model::ids::{ItemId, SideId, SyncId};
use crate::model::issue::IssueSnapshot;
use crate::model::operation::{Action, Intent, IntentEvent, IntentState};
use crate::model::settings::Farewell;
use crate::model::store::StoreError;
use crate::planted::{Bug, is_planted};

/// What says that the project itself can be read.
const CONTROL: &str = "BROWSE_PROJECTS";
/// How long an issue counts for the brake.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// When it is looked again where the brake is on, or the project cannot be read.
const LATER: Duration = Duration::from_secs(3_600);
/// As many above the brake are counted: beyond it the number says no more.
const COUNTED: usize = 100;

/// Under what it is kept which issues of a side went of late.
pub(super) fn note(sync: &SyncId, side: &SideId) -> String {
    format!("gone {sync}/{side}")
}

impl Engine {
    /// Whether what is known of an item is not as what was written, or its Jira forgot some of that: what is missing may have gone with it.
    fn is_doubted(&self, work: &Work, side: &SideId) -> bool {
        let joins = work.item.matching.as_ref().is_some_and(|matching| matching.restored);
        joins || self.instance_on(work, side).is_some_and(|instance| instance.went_back())
    }

    /// Takes in where a read shows an issue to be.
    pub(super) fn note_presence(&self, work: &mut Work, side: &SideId, snapshot: &IssueSnapshot) {
        let (now, doubted) = (self.now(), self.is_doubted(work, side));
        let project = work.sync.side(side).map(|settings| settings.project.clone());
        let configured = self.instance_on(work, side).and_then(|instance| instance.configured_key(&snapshot.project));
        let shown = configured.unwrap_or_else(|| snapshot.project.clone());
        let is_here = project.is_none_or(|project| project == shown);
        let settle = self.instance_on(work, side).map(|instance| instance.settings.settle).unwrap_or_default();
        let Some(replica) = work.item.replicas.get_mut(side) else { return };
        let how = Absence::Moved(shown);
        // An answer of before our own deletion may come after it: taken for the issue's return, its absence would count as people's next.
        let is_of_before = |away: &Away| {
            let since = now.duration_since(away.since).unsigned_abs();
            away.how == Absence::DeletedByUs && since <= settle
        };
        if replica.away.as_ref().is_some_and(is_of_before) {
            return;
        }
        if is_here {
            if let Some(away) = replica.away.take() {
                tracing::info!(%side, issue.key = %snapshot.key, since = %away.since, "an issue is where it was again");
                work.returned.insert(side.clone());
                if away.moved_on {
                    replica.returned = Some(now);
                }
            }
        } else if replica.away.as_ref().is_none_or(|away| away.how != how) {
            let key = Some(snapshot.key.clone());
            // The status of an absence is given once, whatever becomes of it before the issue is back.
            let moved_on = replica.away.as_ref().is_some_and(|away| away.moved_on);
            replica.away = Some(Away { how, since: now, confirmed: None, moved_on, doubted, key });
        }
    }

    /// Takes in that an issue is not there, or not visible.
    pub(super) fn note_absence(&self, work: &mut Work, side: &SideId) {
        let deletes = |intent: &&Intent| {
            &intent.operation.side == side
                && !intent.state.is_settled()
                && matches!(intent.operation.action, Action::DeleteIssue { .. })
        };
        let deleting: Vec<Intent> = work.intents.iter().filter(deletes).cloned().collect();
        for intent in &deleting {
            work.move_intent(intent.id, &IntentEvent::Seen);
            self.deleted(work, side);
        }
        let (now, doubted) = (self.now(), self.is_doubted(work, side));
        let Some(replica) = work.item.replicas.get_mut(side) else { return };
        if replica.away.as_ref().is_none_or(|away| matches!(away.how, Absence::Moved(_))) {
            let moved_on = replica.away.as_ref().is_some_and(|away| away.moved_on);
            replica.away =
                Some(Away { how: Absence::Missing, since: now, confirmed: None, moved_on, doubted, key: None });
        }
    }

    /// Takes in that we deleted an issue of ours.
    pub(super) fn deleted(&self, work: &mut Work, side: &SideId) {
        let now = self.now();
        if let Some(replica) = work.item.replicas.get_mut(side) {
            let how = Absence::DeletedByUs;
            replica.away =
                Some(Away { how, since: now, confirmed: Some(now), moved_on: false, doubted: false, key: None });
        }
        // There is nothing to be read any more.
        work.to_read.remove(side);
        work.reads.remove(side);
    }

    /// Confirms what can be by now, and looks again later where it cannot.
    pub(super) async fn confirm_absences(&self, works: &mut [Work]) -> Result<(), StoreError> {
        for work in works.iter_mut().filter(|work| !work.over && work.plan.is_none()) {
            let span = work.span.clone();
            self.confirm_absences_of(work).instrument(span).await?;
        }
        Ok(())
    }

    async fn confirm_absences_of(&self, work: &mut Work) -> Result<(), StoreError> {
        for side in std::mem::take(&mut work.returned) {
            let _held = self.counting.lock().await;
            self.count(work, &side, None).await?;
        }
        // Of what left, nobody needs to know where it is before it is back.
        let covered = work.item.replicas.iter().filter(|(_, replica)| !replica.has_left());
        let open = covered.filter_map(|(side, replica)| {
            let away = replica.away.as_ref().filter(|away| away.confirmed.is_none())?;
            Some((side.clone(), away.since, work.saw_gone(side)))
        });
        for (side, since, looked) in open.collect::<Vec<_>>() {
            match work.judged_absence.insert(side.clone(), looked) {
                None => self.confirm_absence(work, &side, since, looked).await?,
                // What was asked for to judge it by is read now.
                Some(false) if looked => self.confirm_absence(work, &side, since, looked).await?,
                Some(_) if !looked => drop(work.judged_absence.remove(&side)),
                Some(_) => {}
            }
        }
        settle_what_is_gone(work);
        self.tell_strayed(work).await
    }

    async fn confirm_absence(
        &self,
        work: &mut Work,
        side: &SideId,
        since: Timestamp,
        looked: bool,
    ) -> Result<(), StoreError> {
        if self.is_only_renamed(work, side).await? {
            return Ok(());
        }
        let many = {
            let _held = self.counting.lock().await;
            self.count(work, side, Some(since)).await?
        };
        let (now, most) = (self.now(), work.sync.settings.life.most_missing);
        let Some(instance) = self.instance_on(work, side) else { return Ok(()) };
        let settle = SignedDuration::try_from(instance.settings.settle).unwrap_or(SignedDuration::MAX);
        let sure_at = since.saturating_add(settle).unwrap_or(Timestamp::MAX);
        if is_planted(Bug::DeleteOnOne404) {
            work.item.replicas.get_mut(side).and_then(|there| there.away.as_mut()?.confirmed.replace(now));
        } else if now < sure_at {
            work.be_due(sure_at);
        } else if many > most {
            let what = format!(
                "{many} issues of side `{side}` went within a day, more than `life.most-missing` ({most}): none of them is taken for gone"
            );
            let remedy =
                "look whether the sync user lost a right there; if they were meant to go, raise `life.most-missing`";
            work.problem(side, None, what, remedy);
            work.be_due(self.after(LATER));
        } else if !looked {
            work.want_read(side, false);
        } else if self.can_see_the_project(work, side).await {
            let forgotten = self.may_be_forgotten_there(work, side, &instance).await;
            if let Some(away) = work.item.replicas.get_mut(side).and_then(|replica| replica.away.as_mut()) {
                tracing::warn!(%side, how = ?away.how, "an issue is not where it was");
                away.doubted |= forgotten;
                away.confirmed = Some(now);
            }
        } else {
            work.be_due(self.after(LATER));
        }
        Ok(())
    }

    /// Whether what is missing may be missing because its Jira was put back from a backup. Asked where something would be deleted for it.
    async fn may_be_forgotten_there(&self, work: &Work, side: &SideId, instance: &Instance) -> bool {
        let Some(replica) = work.item.replicas.get(side) else { return false };
        let deletes = matches!(work.sync.settings.life.deleted, Farewell::Delete | Farewell::Unlink);
        let missing = replica.away.as_ref().is_some_and(|away| away.how == Absence::Missing && !away.doubted);
        deletes && missing && self.may_have_forgotten(instance, replica.issue).await
    }

    /// The positive control: what is missing in a project that cannot be read is not gone.
    async fn can_see_the_project(&self, work: &mut Work, side: &SideId) -> bool {
        let Some(instance) = self.instance_on(work, side) else { return false };
        if instance.pause().is_some() {
            // Nothing is asked of it now.
            return false;
        }
        let project = work.sync.side(side).map(|settings| settings.project.clone()).unwrap_or_default();
        match instance.read.permissions(&project, &[CONTROL]).await {
            Ok(held) => held.get(CONTROL) == Some(&true),
            Err(error) => {
                if !Self::is_gone(&error) {
                    instance.failed(&error);
                }
                false
            }
        }
    }

    /// How many issues of a side went within a day, this one counted or not.
    pub(super) async fn count(
        &self,
        work: &Work,
        side: &SideId,
        since: Option<Timestamp>,
    ) -> Result<usize, StoreError> {
        let name = note(work.sync.id(), side);
        let kept = self.store.note(&name).await?;
        let mut gone: BTreeMap<ItemId, Timestamp> =
            kept.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let before = gone.clone();
        let now = self.now();
        gone.retain(|_, since| now.duration_since(*since) < REMEMBERED);
        match since {
            Some(since) if gone.len() < work.sync.settings.life.most_missing.saturating_add(COUNTED) => {
                // An old absence that is looked at again is one of today's.
                let since = if now.duration_since(since) < REMEMBERED { since } else { now };
                gone.entry(work.item.id).or_insert(since);
            }
            Some(_) => {}
            None => drop(gone.remove(&work.item.id)),
        }
        if gone != before {
            let text = serde_json::to_string(&gone).unwrap_or_default();
            self.store.set_note(&name, &text).await?;
        }
        Ok(gone.len())
    }
}

/// Nobody will see what was written to an issue that is gone. Should it be there again, what is found of it is known by its tag, or is read
/// as it stands. What is made once and has no such trace in the issue itself (comments, logged work, files, what leads elsewhere) stays in
/// doubt: given up, it would be made again beside itself.
fn settle_what_is_gone(work: &mut Work) {
    let away = |side: &SideId| {
        let away = work.item.replicas.get(side).and_then(|replica| replica.away.as_ref());
        away.filter(|away| away.confirmed.is_some())
    };
    let mut moves = Vec::new();
    for intent in work.intents.iter().filter(|intent| !intent.state.is_settled()) {
        let Some(away) = away(&intent.operation.side) else { continue };
        let answered = intent.state == IntentState::Answered;
        match &intent.operation.action {
            // It never comes back.
            _ if away.how == Absence::DeletedByUs => {}
            // It was made, and went before a read showed it.
            Action::Create { .. } if answered => {}
            _ if matches!(away.how, Absence::Moved(_)) => continue,
            Action::SetFields { .. }
            | Action::Transition { .. }
            | Action::AddWatcher { .. }
            | Action::RemoveWatcher { .. }
            | Action::StopWatching { .. }
            | Action::AddIssueLink { .. }
            | Action::DeleteIssueLink { .. }
            | Action::DeleteIssue { .. } => {}
            Action::Create { .. }
            | Action::AddComment { .. }
            | Action::EditComment { .. }
            | Action::EditOriginal { .. }
            | Action::DeleteComment { .. }
            | Action::Offer { .. }
            | Action::Link { .. }
            | Action::Unlink { .. }
            | Action::ShowEnd { .. }
            | Action::HideEnd { .. }
            | Action::AddFile { .. }
            | Action::DeleteFile { .. } => continue,
        }
        // What was answered was done: it cannot be refused any more.
        let event = if answered { IntentEvent::Seen } else { IntentEvent::Refused("its issue is gone".to_owned()) };
        moves.push((intent.id, event));
    }
    for (id, event) in moves {
        work.move_intent(id, &event);
    }
}
