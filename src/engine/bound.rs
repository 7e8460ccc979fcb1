//! What we made becomes a side's counterpart. Must never bind an issue that another item holds, nor forget that it was made.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::found::Duplicate;
use super::work::Work;
use crate::model::hub::Replica;
use crate::model::ids::{InstanceId, IssueId, IssueKey, SideId};
use crate::model::store::{Record, StoreError};

/// How long an issue whose id another item holds is let be before that is asked again.
const AGAIN: Duration = Duration::from_secs(30);
/// Ids from here on are no Jira's: they count up from 10000, and SQLite holds twice as much.
const FORGOTTEN: u64 = 4_000_000_000_000_000_000;
/// Between those of an id that was forgotten more than once.
const ONCE_MORE: u64 = 1_000_000_000_000_000;
/// So often at most.
const MOST: u64 = 1_000;

impl Engine {
    /// Binds what we created. A second one is a duplicate: it is said, and never deleted.
    pub(super) fn bind(&self, work: &mut Work, side: &SideId, replica: Replica) {
        match work.item.replicas.get(side) {
            Some(there) if there.issue != replica.issue => {
                if let Some(instance) = work.sync.instance_of(side).cloned() {
                    let (side, of, sync) = (side.clone(), there.key.clone(), work.sync.id().clone());
                    let (issue, key) = (replica.issue, replica.key);
                    work.duplicates.push(Duplicate { sync, instance, side, issue, key, of });
                }
            }
            Some(_) => {}
            None => {
                work.made.insert(side.clone());
                work.item.replicas.insert(side.clone(), replica);
            }
        }
    }

    /// Whether what we made has the id of an issue that another item holds and does not let go of now. Its Jira gave the id a second time, then:
    /// it was put back from a backup, or another one answers under its address. That is told of the instance, and what the other item
    /// held is not there any more. `made`: when it was made, where only a mark says that it is ours.
    pub(super) async fn is_given_again(
        &self,
        work: &mut Work,
        side: &SideId,
        (issue, key): (IssueId, &IssueKey),
        made: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let Some(instance) = self.instance_on(work, side) else { return Ok(false) };
        let holders = self.store.items_of(instance.id(), issue).await?;
        let mut holders = holders.into_iter().filter(|(item, sync, _)| *item != work.item.id && sync == work.sync.id());
        let Some((holder, _, there)) = holders.next() else { return Ok(false) };
        let claim = self.store.claim_these(&self.holder, self.now(), &[holder]).await?.pop();
        let mut known = "an issue".to_owned();
        let mut lets_go = false;
        if let Some(mut claim) = claim {
            if let Some(replica) = claim.item.replicas.get_mut(&there) {
                known = replica.key.to_string();
                lets_go = made.is_none_or(|made| replica.observed && made > replica.updated);
                if lets_go {
                    replica.issue = self.forgotten(instance.id(), issue).await?;
                }
            }
            if lets_go {
                let (item, requests) = (claim.item.clone(), Vec::new());
                let (intents, conflicts, problems, acts) = (Vec::new(), Vec::new(), None, Vec::new());
                self.store
                    .record(&[(claim.fence, Record { item, intents, conflicts, problems, acts, requests })])
                    .await?;
            }
            self.store.release(holder, claim.fence, Some(self.now()), claim.attempts).await?;
        }
        let seen = format!("the id of {known}, which another item holds, is that of {key} now, which was just made");
        if !lets_go {
            let remedy =
                "nothing, if it is over within minutes: it is looked at again. Else look what that id was before";
            work.problem(side, None, format!("{seen}: nothing is carried to it"), remedy);
            work.be_due(self.after(AGAIN));
        }
        self.went_back(&instance, seen).await?;
        Ok(!lets_go)
    }

    /// An id that stands for one which its Jira forgot, and which no Jira gives: nothing is found under it.
    async fn forgotten(&self, instance: &InstanceId, issue: IssueId) -> Result<IssueId, StoreError> {
        for round in 0..MOST {
            let id = IssueId(FORGOTTEN + round * ONCE_MORE + issue.0 % ONCE_MORE);
            if self.store.items_of(instance, id).await?.is_empty() {
                return Ok(id);
            }
        }
        Ok(issue)
    }
}
