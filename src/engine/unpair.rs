//! A person says that an item ends. Must never write to a Jira, nor end what has writes that nobody knows the outcome of.

use std::sync::Arc;

use super::merge::{BUSY, doubts};
use super::pair::Decision;
use super::pair_find::{names, place, several};
use super::{Engine, SyncRun};
use crate::model::command::{Answer, Effect, Ended};
use crate::model::operation::Intent;
use crate::model::store::StoreError;

impl Engine {
    pub(super) async fn decide_unpair(&self, sync: &Arc<SyncRun>, named: &str) -> Result<Decision, StoreError> {
        let (side, key) = match place(sync, named) {
            Ok(found) => found,
            Err(why) => return Ok(Decision::refused(why)),
        };
        let held = self.held_by_key(sync, side.as_ref(), &key).await?;
        if held.len() > 1 {
            return Ok(Decision::refused(several(&key, held.iter().map(|(side, _)| side))));
        }
        let Some((_, item)) = held.into_iter().next() else {
            return Ok(Decision::refused(format!("sync `{}` does not keep {key} in step", sync.id())));
        };
        match item.merged {
            Some(into) if into == item.id => return Ok(Decision::unchanged(format!("{key} was unpaired before"))),
            Some(_) => {
                return Ok(Decision::refused(format!(
                    "{key} was merged into another issue before, and is let be since"
                )));
            }
            None => {}
        }
        let held = self.hold_items(&[item.id]).await?;
        let Some(claim) = held.first() else { return Ok(Decision::refused(BUSY)) };
        // What was written to an issue that is gone is found by nobody.
        let is_open = |intent: &&Intent| !intent.state.is_settled() && !claim.item.is_gone_from(&intent.operation.side);
        if let Some(why) = doubts(claim.intents.iter().filter(is_open).count()) {
            return Ok(Decision { held, ..Decision::refused(why) });
        }
        let (mut ended, fence) = (claim.item.clone(), claim.fence);
        ended.merged = Some(ended.id);
        ended.awaits.clear();
        let lines = vec![
            format!("let be: {}; nothing is carried between them any more", names(&ended)),
            format!(
                "nothing in them is changed or deleted, and none of them is carried again until somebody says so with `jirasyncd pair {}`",
                sync.id()
            ),
        ];
        let answer = Answer::new(Ended::Done, lines);
        Ok(Decision { answer, effect: Some(Effect::Unpair(Box::new(ended), fence)), held })
    }
}
