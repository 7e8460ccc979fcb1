//! Comments that stand in the sync user's name and bear no mark: a tool or a person used its account. Must never carry one, nor tell of what
//! stood there before, of a copy that nobody knows the outcome of, or of what another sync or another state wrote.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use super::Engine;
use super::instance::Instance;
use super::restored::{is_in_doubt, is_known};
use super::work::Work;
use crate::jira::JiraError;
use crate::model::ids::{IssueId, SideId};
use crate::model::issue::{CommentSnapshot, IssueSnapshot};
use crate::model::left;
use crate::model::operation::Action;
use crate::model::own_remarks::{Bears, OwnRemarks};
use crate::model::remark::Remark;

/// How long one is told of, and then until the issue is read next: each is, once a week. An older one is not asked for its mark either:
/// an account that became the sync user has a past.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many are named in one problem.
const MOST_NAMED: usize = 5;

const REMEDY: &str = "if it is for the other sides, write it there, or again as somebody else; nobody but jirasyncd should act as the sync \
    user. It is told for a week or so, or until it is deleted";

impl Engine {
    /// Tells of comments that the sync user made and that bear no mark. Costs one request for each that is new and no copy, once. It is rare,
    /// so it lies in no read's own future.
    pub(super) fn look_for_unmarked<'a>(
        &'a self,
        work: &'a mut Work,
        side: &'a SideId,
        instance: &'a Instance,
        snapshot: &'a IssueSnapshot,
    ) -> BoxFuture<'a, Result<(), JiraError>> {
        Box::pin(self.tell_unmarked(work, side, instance, snapshot))
    }

    async fn tell_unmarked(
        &self,
        work: &mut Work,
        side: &SideId,
        instance: &Instance,
        snapshot: &IssueSnapshot,
    ) -> Result<(), JiraError> {
        let adds = |action: &Action| matches!(action, Action::AddComment { remark: Remark::Comment, .. });
        if !snapshot.comments.complete || is_in_doubt(work, side, adds) || self.is_restored() {
            return Ok(());
        }
        let name = |there: &CommentSnapshot| left::remark(Remark::Comment, &there.id);
        let stranger = |there: &&CommentSnapshot| {
            let ours = instance.is_us(there.author.as_ref().map(|author| &author.account));
            ours && !is_known(work, Remark::Comment, side, &there.id) && !work.item.is_left(side, &name(there))
        };
        let strangers: Vec<CommentSnapshot> = snapshot.comments.list.iter().filter(stranger).cloned().collect();
        let names: BTreeSet<String> = strangers.iter().map(name).collect();
        let own = own_of(work, side, snapshot.id);
        own.keep(Remark::Comment, &names);
        let Some(before) = own.before.clone() else {
            own.before = Some(names);
            return Ok(());
        };
        let now = self.now();
        let mut told = Vec::new();
        for there in strangers {
            let until = there.created.checked_add(TOLD_FOR).unwrap_or(there.created);
            if before.contains(&name(&there)) || until <= now {
                continue;
            }
            if self.bears(work, (side, instance, snapshot.id), &there, Remark::Comment).await? == Bears::Nothing {
                told.push(there);
            }
        }
        if let Some(first) = told.first() {
            let mut ids: Vec<String> = told.iter().map(|there| there.id.to_string()).collect();
            let more = ids.len().saturating_sub(MOST_NAMED);
            ids.truncate(MOST_NAMED);
            if more > 0 {
                ids.push(format!("{more} more"));
            }
            let (noun, ids) = (if told.len() == 1 { "comment" } else { "comments" }, ids.join(", "));
            let who = first.author.as_ref().map(|author| author.display_name.as_str()).unwrap_or_default();
            let what = format!(
                "{noun} {ids} of {} stood there in the name of the sync user ({who}) and without our mark, so a tool or a person used its \
                 account: not carried",
                snapshot.key
            );
            work.problem(side, None, what, REMEDY);
        }
        Ok(())
    }

    /// Which mark a comment, or logged work that was listed by itself, bears. It is asked once.
    pub(super) async fn bears(
        &self,
        work: &mut Work,
        (side, instance, issue): (&SideId, &Instance, IssueId),
        there: &CommentSnapshot,
        remark: Remark,
    ) -> Result<Bears, JiraError> {
        let own = work.item.own.get(side).filter(|own| own.issue == issue);
        if let Some(known) = own.and_then(|own| own.bears(remark, &there.id)) {
            return Ok(known);
        }
        let mark = match remark {
            Remark::Comment => instance.patiently(instance.read.comment_mark(issue, &there.id)).await?,
            Remark::Worklog => there.mark.clone(),
        };
        let bears = match mark {
            None => Bears::Nothing,
            Some(mark) => match self.seal.open(&mark, work.sync.id(), side) {
                Some(mark) => Bears::Ours(mark.operation),
                None => Bears::Another,
            },
        };
        own_of(work, side, issue).asked.insert(left::remark(remark, &there.id), bears);
        Ok(bears)
    }
}

/// What is known of a side's issue; another issue than before is begun anew.
fn own_of<'w>(work: &'w mut Work, side: &SideId, issue: IssueId) -> &'w mut OwnRemarks {
    let own = work.item.own.entry(side.clone()).or_insert_with(|| OwnRemarks::of(issue));
    if own.issue != issue {
        *own = OwnRemarks::of(issue);
    }
    own
}
