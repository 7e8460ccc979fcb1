//! A person says which of several values of a field stands. Must never write to a Jira, nor let a value go that is not kept as a
//! conflict.

use std::sync::Arc;

use super::merge::{BUSY, doubts};
use super::pair::Decision;
use super::pair_find::{names, place, several};
use super::{Engine, SyncRun};
use crate::model::command::{Answer, Effect, Ended, PairEffect};
use crate::model::hub::ItemState;
use crate::model::ids::{FieldName, SideId};
use crate::model::operation::IntentState;
use crate::model::store::StoreError;
use crate::plan::{open_questions, resolve};

impl Engine {
    /// Decides whether what a side holds of a field stands from now on.
    pub(super) async fn decide_resolve(
        &self,
        sync: &Arc<SyncRun>,
        named: &str,
        field: &str,
        stands: &SideId,
    ) -> Result<Decision, StoreError> {
        let (side, key) = match place(sync, named) {
            Ok(found) => found,
            Err(why) => return Ok(Decision::refused(why)),
        };
        let held = self.held_by_key(sync, side.as_ref(), &key).await?;
        if held.len() > 1 {
            return Ok(Decision::refused(several(&key, held.iter().map(|(side, _)| side))));
        }
        let item = held.into_iter().next().map(|(_, item)| item).filter(|item| item.merged.is_none());
        let Some(item) = item else {
            return Ok(Decision::refused(format!("sync `{}` does not keep {key} in step", sync.id())));
        };
        let field = FieldName::from(field);
        let Some(row) = sync.settings.fields.get(&field) else {
            let known: Vec<&str> = sync.settings.fields.keys().map(FieldName::as_str).collect();
            return Ok(Decision::refused(format!("there is no field `{field}`; there are: {}", known.join(", "))));
        };
        if sync.side(stands).is_none() {
            return Ok(Decision::refused(format!("sync `{}` has no side `{stands}`", sync.id())));
        }
        let held = self.hold_items(&[item.id]).await?;
        let Some(claim) = held.first() else { return Ok(Decision::refused(BUSY)) };
        let lost = |state: &IntentState| matches!(state, IntentState::Open | IntentState::InDoubt);
        if let Some(why) = doubts(claim.intents.iter().filter(|intent| lost(&intent.state)).count()) {
            return Ok(Decision { held, ..Decision::refused(why) });
        }
        let Some(resolved) = resolve(&sync.settings, &claim.item, row, stands) else {
            let said = nothing_to_say(&claim.item, &field, stands);
            return Ok(Decision { held, ..said });
        };
        let mut lines = vec![format!("`{field}` of {}: what {stands} says stands", names(&claim.item))];
        for conflict in &resolved.conflicts {
            lines.push(format!("what {} holds of it is written over, and kept as a conflict", conflict.loser));
        }
        if !resolved.left.is_empty() {
            let left: Vec<&str> = resolved.left.iter().map(SideId::as_str).collect();
            lines.push(format!(
                "still asked about between {}: not all of them may hear of {stands}, so say it of another of these",
                left.join(", ")
            ));
        }
        let effect = PairEffect {
            item: resolved.item,
            fence: Some(claim.fence),
            parted: Vec::new(),
            conflicts: resolved.conflicts,
            joined: Vec::new(),
        };
        let answer = Answer::new(Ended::Done, lines);
        Ok(Decision { answer, effect: Some(Effect::Pair(Box::new(effect))), held })
    }
}

/// That nothing is asked about, or that the side has no part in it.
fn nothing_to_say(item: &ItemState, field: &FieldName, stands: &SideId) -> Decision {
    let open = open_questions(item);
    match open.get(field) {
        Some(sides) => {
            let sides: Vec<&str> = sides.iter().map(SideId::as_str).collect();
            Decision::refused(format!(
                "{stands} has no part in what is asked about `{field}`: {} have",
                sides.join(", ")
            ))
        }
        None => Decision::unchanged(format!("nothing is asked about `{field}` of {}", names(item))),
    }
}
