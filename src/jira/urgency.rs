//! How urgent what is being done is and for which sync, for the gates on its way: what people just did goes before first copies, and those
//! before full checks. It is carried along by the task and not by arguments: every read on the way would need one. Must never hold anything up
//! by itself.

use crate::model::ids::SyncId;
use crate::model::store::Urgency;

/// Whose turn it is at a gate. Earlier variants go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// What somebody just did.
    People,
    /// What a poll reads of a crowd that is mostly our own doing: it holds up no copies for long, and people not at all.
    Crowd,
    /// First copies.
    Copies,
    /// Full checks.
    Checks,
}

tokio::task_local! {
    static TURN: Turn;
    static SHARE: SyncId;
}

/// Does something whose requests are as urgent as this. Futures that are handed to others on the way are as urgent as theirs.
pub async fn as_urgent_as<T>(urgency: Urgency, work: impl Future<Output = T>) -> T {
    let turn = match urgency {
        Urgency::Live => Turn::People,
        Urgency::Backfill => Turn::Copies,
        Urgency::Sweep => Turn::Checks,
    };
    TURN.scope(turn, work).await
}

/// Reads a crowd for a poll: before first copies, so that the next poll does not wait, and behind people. What is less urgent already
/// stays so.
pub async fn within_a_crowd<T>(work: impl Future<Output = T>) -> T {
    TURN.scope(turn().max(Turn::Crowd), work).await
}

/// Whose turn it is. What nobody said anything of is a person's.
pub(super) fn turn() -> Turn {
    TURN.try_with(|turn| *turn).unwrap_or(Turn::People)
}

/// Does something whose requests are of this sync's share of an instance's rate.
pub async fn in_the_share_of<T>(sync: SyncId, work: impl Future<Output = T>) -> T {
    SHARE.scope(sync, work).await
}

/// Of whose share a request is. What is asked for several syncs at once has one of its own, without a name.
#[must_use]
pub fn share() -> SyncId {
    SHARE.try_with(Clone::clone).unwrap_or_else(|_| SyncId::from(""))
}
