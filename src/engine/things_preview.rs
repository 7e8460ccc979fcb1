//! What a look at versions and components would write. Must never send anything, nor keep what it found.

use std::collections::BTreeSet;

use super::Engine;
use crate::model::ids::{SideId, SyncId};
use crate::model::operation::Thing;
use crate::model::problem::Problem;
use crate::model::store::StoreError;
use crate::model::things::{ProjectThing, SeenThing, ThingWrite};
use crate::plan::{Line, ThingRules, mark_done, mark_sent, render_things, thing_problems, thing_writes};

/// What a look would do for one sync, with one of the two kinds.
#[derive(Debug, Clone)]
pub struct ThingsPreview {
    /// The sync.
    pub sync: SyncId,
    /// Which of the two.
    pub thing: Thing,
    /// What would be written, a version or component per line.
    pub lines: Vec<Line>,
    /// The same, with the values in full.
    pub writes: Vec<ThingWrite>,
    /// What needs a person, or could not be read.
    pub problems: Vec<Problem>,
}

impl Engine {
    /// What a look at all versions and components would do now. Nothing is written, neither to a Jira nor to the state.
    ///
    /// # Errors
    /// The state could not answer.
    pub async fn preview_things(&self) -> Result<Vec<ThingsPreview>, StoreError> {
        let mut previews = Vec::new();
        for sync in self.syncs.values().filter(|sync| !sync.is_parked() && !sync.is_held()) {
            for (thing, settings) in &sync.settings.things {
                let rules = ThingRules { sync: &sync.settings, thing: *thing, settings };
                let taken = self.take_things(sync, rules).await?;
                let read: BTreeSet<SideId> = taken.lists.keys().cloned().collect();
                let writes = self.all_writes(rules, &taken.things, &read);
                let mut problems = taken.problems;
                problems.extend(thing_problems(rules, &taken.things));
                let lines = render_things(&taken.things, &writes);
                previews.push(ThingsPreview { sync: sync.id().clone(), thing: *thing, lines, writes, problems });
            }
        }
        Ok(previews)
    }

    /// The writes that are due, and those that follow what is made.
    fn all_writes(&self, rules: ThingRules<'_>, things: &[ProjectThing], read: &BTreeSet<SideId>) -> Vec<ThingWrite> {
        let (mut things, now) = (things.to_vec(), self.now());
        let mut writes = thing_writes(rules, &things, read);
        for write in &writes {
            if let Some(thing) = things.iter_mut().find(|thing| thing.id == write.id) {
                mark_sent(thing, write, now);
                // Whatever id it will have.
                let made = SeenThing { native: write.native.clone().unwrap_or_default(), values: write.plain() };
                mark_done(rules, thing, write, Some(&made).filter(|_| write.native.is_none()), now);
            }
        }
        for then in thing_writes(rules, &things, read) {
            match writes.iter_mut().find(|write| (write.id, &write.side) == (then.id, &then.side)) {
                Some(write) => write.values.extend(then.values),
                None => writes.push(then),
            }
        }
        writes
    }
}
