//! The marks that our writes bear. Must never make one that says nothing of what it made a copy of: a state that is put back from an
//! older backup knows by it alone.

use super::Engine;
use super::seal::{Mark, Origin};
use super::work::Work;
use crate::model::hub::Replica;
use crate::model::ids::{CommentId, SideId};
use crate::model::operation::{Action, Intent};

impl Engine {
    /// The mark of a write. `None`: the cipher refused.
    pub(super) fn mark(&self, work: &Work, intent: &Intent) -> Option<String> {
        let of = origin(work, intent);
        let mark = Mark { operation: intent.id, item: intent.item, of };
        self.seal.close(mark, work.sync.id(), &intent.operation.side, &*self.entropy).ok()
    }
}

/// What a write makes a copy of: of an issue the one that a person made, else the first there is.
fn origin(work: &Work, intent: &Intent) -> Option<Origin> {
    if matches!(intent.operation.action, Action::Create { .. }) {
        let there = |side: &SideId| Some((side.clone(), work.item.replicas.get(side)?));
        let all: Vec<(SideId, &Replica)> = work.sync.settings.side_ids().filter_map(there).collect();
        let (side, replica) = all.iter().find(|(_, replica)| !replica.ours).or_else(|| all.first())?;
        return Origin::of(side, replica.issue.0);
    }
    let Action::AddComment { origin, comment, .. } = &intent.operation.action else { return None };
    Origin::of(origin, number(comment)?)
}

/// The number of a comment or worklog. Our own notices have none.
fn number(comment: &CommentId) -> Option<u64> {
    let number = comment.as_str().parse::<u64>().ok()?;
    // Only what is written the same way again is found by it.
    (number.to_string() == comment.as_str()).then_some(number)
}
