//! What landed after it was given up and sent again: comments, logged work and files that stand twice. Must never delete one of them, nor ask
//! a Jira where the sync user has none that nobody knows.

use super::Engine;
use super::files;
use super::instance::Instance;
use super::recover::{self, MARGIN};
use super::work::Work;
use crate::jira::JiraError;
use crate::model::hub::AttachmentRecord;
use crate::model::ids::{AttachmentId, CommentId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot};
use crate::model::operation::{Action, Intent, IntentEvent, IntentState};
use crate::model::own_remarks::Bears;
use crate::model::remark::Remark;
use crate::model::settings::Kind;

impl Engine {
    /// Copies that landed after they were given up. One that stands alone is taken for what it is; one beside another copy is
    /// told as long as it is there, and never deleted. Costs a request only where the sync user has some that nobody knows.
    pub(super) async fn look_for_late_comments(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
        remark: Remark,
    ) -> Result<(), JiraError> {
        let given_up = given_up_comments(work, side, remark);
        let opened = given_up.iter().filter_map(|intent| self.opened_there(instance.id(), intent)).min();
        let Some(since) = opened.and_then(|opened| opened.checked_sub(MARGIN).ok()) else { return Ok(()) };
        let asked = |work: &Work, there: &CommentSnapshot| {
            let own = work.item.own.get(side).filter(|own| own.issue == snapshot.id);
            own.and_then(|own| own.bears(remark, &there.id))
        };
        let unknown = |work: &Work, there: &CommentSnapshot| {
            let ours = instance.is_us(there.author.as_ref().map(|author| &author.account));
            let other = match asked(work, there) {
                Some(Bears::Ours(operation)) => !given_up.iter().any(|intent| intent.id == operation),
                Some(Bears::Another | Bears::Nothing) => true,
                None => false,
            };
            ours && there.created >= since && !other && !recover::is_copy(work, side, &there.id, remark)
        };
        let mut list: Vec<CommentSnapshot> = snapshot.remarks(remark).list.clone();
        list.retain(|there| unknown(work, there));
        let unasked = list.iter().any(|there| asked(work, there).is_none());
        if remark == Remark::Worklog && instance.settings.kind == Kind::Cloud && unasked {
            // With an issue they come without their marks.
            list = instance.read.worklogs(snapshot.id).await?;
            list.retain(|there| unknown(work, there));
        }
        for there in list {
            let late = if remark == Remark::Worklog && instance.settings.kind == Kind::DataCenter {
                self.made_by(work, &given_up, instance, snapshot.id, &there).await?
            } else {
                let bears = Box::pin(self.bears(work, (side, instance, snapshot.id), &there, remark)).await?;
                given_up.iter().find(|intent| bears == Bears::Ours(intent.id))
            };
            let Some(intent) = late else { continue };
            if is_sent_again(work, intent) {
                // Taken for the copy now, it would be forgotten as soon as the second one is found.
                continue;
            }
            match copy_beside(work, intent) {
                None => {
                    work.move_intent(intent.id, &IntentEvent::Seen);
                    recover::copied(work, intent, there.id.clone());
                }
                Some(other) => {
                    let word = remark.word();
                    let what = format!(
                        "{word} {} of {} is a duplicate of {word} {other}: it landed after it was given up",
                        there.id, snapshot.key
                    );
                    work.problem(side, None, what, "delete one of the two");
                }
            }
        }
        Ok(())
    }

    /// Files that landed after they were given up and sent again: told as long as they are there, and never deleted. What is in them is not
    /// read for that.
    pub(super) fn look_for_late_files(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
    ) {
        let given_up = |intent: &&Intent| &intent.operation.side == side && intent.state.may_land_yet();
        let given_up: Vec<Intent> = work.intents.iter().filter(given_up).cloned().collect();
        for intent in given_up {
            let Some((other, remedy)) = files::record_of(work, &intent).and_then(|record| other_upload(record, side))
            else {
                continue;
            };
            let since = self.opened_there(instance.id(), &intent).and_then(|opened| opened.checked_sub(MARGIN).ok());
            let Some(since) = since else { continue };
            let files = snapshot.attachments.iter().flatten();
            let late: Vec<_> =
                files.filter(|there| files::may_be_sent(work, &intent, instance, since, there)).collect();
            for there in late {
                let what = format!(
                    "file {} `{}` of {} is a duplicate of file {other}: it landed after it was given up",
                    there.id, there.name, snapshot.key
                );
                work.problem(side, None, what, remedy);
            }
        }
    }
}

/// What stands, or stood, for a file on a side where another upload of it landed late; and what to do. `None`: it may still be the copy.
fn other_upload(record: &AttachmentRecord, side: &SideId) -> Option<(AttachmentId, &'static str)> {
    const GONE: &str = "that one was deleted since: delete this one too, where nobody needs it";
    match record.copies.get(side) {
        Some(copy) if copy.gone => Some((copy.id.clone(), GONE)),
        Some(copy) => Some((copy.id.clone(), "delete one of the two")),
        None => record.gone.then(|| (record.id.clone(), GONE)),
    }
}

fn given_up_comments(work: &Work, side: &SideId, remark: Remark) -> Vec<Intent> {
    let of_side = work.intents.iter().filter(|intent| &intent.operation.side == side);
    let given_up = of_side.filter(|intent| intent.state.may_land_yet());
    let adds = |intent: &&Intent| matches!(&intent.operation.action, Action::AddComment { remark: kind, .. } if *kind == remark);
    given_up.filter(adds).cloned().collect()
}

/// Whether nobody knows yet what became of another write of the same copy.
fn is_sent_again(work: &Work, intent: &Intent) -> bool {
    let original = intent.operation.action.original();
    work.intents.iter().any(|other| {
        other.id != intent.id
            && other.operation.side == intent.operation.side
            && matches!(other.state, IntentState::Open | IntentState::InDoubt)
            && matches!(other.operation.action, Action::AddComment { .. })
            && other.operation.action.original() == original
    })
}

/// The copy that stands already where an intent was to make one.
fn copy_beside(work: &Work, intent: &Intent) -> Option<CommentId> {
    let (remark, origin, comment) = intent.operation.action.original()?;
    let record = work.item.remarks(remark).iter().find(|record| &record.side == origin && &record.id == comment)?;
    record.copies.get(&intent.operation.side).cloned()
}
