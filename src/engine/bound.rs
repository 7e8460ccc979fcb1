//! What we made becomes a side's counterpart. Must never bind an issue that another item holds, nor forget that it was made.

use std::time::Duration;

use jiff::Timestamp;

use super::Engine;
use super::found::Duplicate;
use super::went_back::is_gone_since;
use super::work::Work;
use crate::model::hub::{ItemState, Replica};
use crate::model::ids::{InstanceId, IssueId, IssueKey, ItemId, SideId, SyncId};
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
        let is_another = |(item, sync, there): &(ItemId, SyncId, SideId)| {
            sync == work.sync.id() && (*item != work.item.id || there != side)
        };
        let Some((holder, _, there)) = holders.into_iter().find(is_another) else { return Ok(false) };
        let held = self.store.item(holder).await?.and_then(|item| item.replicas.get(&there).cloned());
        let known = held.map_or_else(|| "an issue".to_owned(), |replica| replica.key.to_string());
        let seen = format!("the id of {known}, which another item holds, is that of {key} now, which was just made");
        // Before anything lets go: what is missing from then on may be missing since its Jira was put back.
        self.went_back(&instance, seen.clone()).await?;
        let instead = self.forgotten(instance.id(), issue).await?;
        if self.lets_go(work, (holder, &there), instead, made).await? {
            return Ok(false);
        }
        let remedy = "nothing, if it is over within minutes: it is looked at again. Else look what that id was before";
        work.problem(side, None, format!("{seen}: nothing is carried to it"), remedy);
        work.be_due(self.after(AGAIN));
        Ok(true)
    }

    /// Has the item that holds an id keep another in its place. Says whether it did: not while it is worked on, nor where nothing proves that its
    /// issue is gone.
    async fn lets_go(
        &self,
        work: &mut Work,
        (holder, there): (ItemId, &SideId),
        instead: IssueId,
        made: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let give_up = |item: &mut ItemState| {
            let replica = item.replicas.get_mut(there);
            let gone = replica.filter(|replica| made.is_none_or(|made| is_gone_since(replica, made)));
            gone.is_some_and(|replica| {
                replica.issue = instead;
                // The issue that is there now has that key.
                replica.key = IssueKey::from(format!("{} (before)", replica.key).as_str());
                true
            })
        };
        if holder == work.item.id {
            let gone = give_up(&mut work.item);
            if gone {
                // By itself: both of its sides cannot have the id within one step.
                self.store.record(&[(work.fence, unchanged(work.item.clone()))]).await?;
            }
            return Ok(gone);
        }
        if let Some(mut claim) = self.store.claim_these(&self.holder, self.now(), &[holder]).await?.pop() {
            let gone = give_up(&mut claim.item);
            let kept = if gone { self.store.record(&[(claim.fence, unchanged(claim.item))]).await } else { Ok(()) };
            // Given back whatever became of it: nobody else could work on it before the next start.
            self.store.release(holder, claim.fence, Some(self.now()), claim.attempts).await?;
            return kept.map(|()| gone);
        }
        // It has no place in the queue, and nobody else works on it.
        let Some(mut item) = self.store.item(holder).await?.filter(|item| item.merged.is_some()) else {
            return Ok(false);
        };
        let gone = give_up(&mut item);
        if gone {
            self.store.keep_retired(&item).await?;
        }
        Ok(gone)
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

/// A record of an item of which nothing else came.
fn unchanged(item: ItemState) -> Record {
    Record {
        item,
        intents: Vec::new(),
        conflicts: Vec::new(),
        problems: None,
        acts: Vec::new(),
        requests: Vec::new(),
        brought: None,
    }
}
