//! Items that may make the process panic: whatever was in work at a panic is worked on by itself from then on, and is set aside when it
//! was in work at three in a row, so that one issue does not stop all others for ever. Must never go on after a panic, nor cost a commit
//! where there was none.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{MutexGuard, PoisonError};

use futures_util::FutureExt as _;

use super::Engine;
use crate::model::command::PARKED;
use crate::model::ids::ItemId;
use crate::model::problem::Problem;
use crate::model::store::{Claim, Record, StoreError};
use crate::model::suspects::{MOST_PANICS, Suspects};

const REMEDY: &str = "this is a defect of jirasyncd: please report it with what the log says of the panic. `jirasyncd retry` has it tried again, \
                      after an update or once the issue was changed";

impl Engine {
    fn suspects(&self) -> MutexGuard<'_, Suspects> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what was in work when the daemon last panicked.
    pub(super) async fn recall_suspects(&self) -> Result<(), StoreError> {
        let kept = self.store.note(Suspects::NOTE).await?;
        *self.suspects() = Suspects::read(kept.as_deref());
        Ok(())
    }

    /// Works on items. A panic goes on as it came, once it is written down which items were in work.
    pub(super) async fn guard<T>(&self, items: &[ItemId], work: impl Future<Output = T>) -> T {
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(done) => done,
            Err(panic) => {
                let text = {
                    let mut suspects = self.suspects();
                    suspects.accuse(items.iter().copied());
                    suspects.text()
                };
                tracing::error!(
                    items = items.len(),
                    "a panic: these items are worked on one by one after the next start"
                );
                if let Err(error) = self.store.set_note(Suspects::NOTE, &text).await {
                    tracing::error!(%error, "could not note what was in work at a panic");
                }
                // Nothing of this process is to be relied on any more.
                std::panic::resume_unwind(panic)
            }
        }
    }

    /// Parts claims into those that are to be worked on one by one, and the others.
    pub(super) fn apart(&self, claims: Vec<Claim>) -> (Vec<Claim>, Vec<Claim>) {
        let suspects = self.suspects();
        claims.into_iter().partition(|claim| suspects.has(claim.item.id))
    }

    /// Gives a claimed item back that is not worked on any more, and says so. Says whether it did.
    pub(super) async fn set_aside(&self, claim: &Claim) -> Result<bool, StoreError> {
        if !self.suspects().is_set_aside(claim.item.id) {
            return Ok(false);
        }
        let Some((side, replica)) = claim.item.replicas.iter().next() else { return Ok(false) };
        let what = format!(
            "the process panicked {MOST_PANICS} times in a row while it worked on the item of {}: it is set aside, and everything else goes on",
            replica.key
        );
        let problem = Problem {
            side: side.clone(),
            field: None,
            what,
            remedy: REMEDY.to_owned(),
            operation: None,
            settles: false,
        };
        if !claim.problems.contains(&problem) {
            tracing::error!(item = %claim.item.id, key = %replica.key, "an item is set aside: the process panics with it");
            let problems = claim.problems.iter().cloned().chain([problem]).collect();
            let record = Record {
                item: claim.item.clone(),
                intents: Vec::new(),
                conflicts: Vec::new(),
                problems: Some(problems),
                acts: Vec::new(),
                requests: Vec::new(),
                brought: claim.brought.clone(),
            };
            self.store.record(&[(claim.fence, record)]).await?;
        }
        // The next start looks at it again, and puts it aside again.
        self.store.release(claim.item.id, claim.fence, Some(PARKED), claim.attempts).await?;
        Ok(true)
    }

    /// An item that was suspected was worked on without a panic.
    pub(super) async fn acquit(&self, item: ItemId) -> Result<(), StoreError> {
        let text = {
            let mut suspects = self.suspects();
            if !suspects.acquit(item) {
                return Ok(());
            }
            suspects.text()
        };
        self.store.set_note(Suspects::NOTE, &text).await
    }

    /// Takes up that an operator wants these to be tried again, also where they are set aside. The state wakes them.
    pub fn try_these_suspects_again(&self, items: &BTreeSet<ItemId>) {
        self.suspects().try_these_again(items);
    }

    /// Takes up that an operator wants what is set aside to be tried again, and wakes it.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn try_suspects_again(&self) -> Result<(), StoreError> {
        let items = self.suspects().try_again();
        for item in items {
            self.wake_now(item).await?;
        }
        Ok(())
    }
}
