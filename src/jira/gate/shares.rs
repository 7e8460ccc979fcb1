//! Whose turn it is among the syncs on one instance: each has the same share of its rate, as far as it wants it. Must never hold anything up while nobody else waits, nor let what is less urgent count against what is more.

use std::collections::BTreeMap;

use crate::jira::urgency::Turn;
use crate::model::ids::SyncId;

/// Start-time fair queueing: each request of a share is stamped one later than the one before it, but no earlier than what went last, so
/// that nobody saves up by not asking; the earliest stamp goes first.
#[derive(Debug, Default)]
pub(super) struct Shares {
    /// How many wait, by whose turn it is and of whose share.
    waiting: BTreeMap<(Turn, SyncId), usize>,
    /// The stamp of the next request.
    next: BTreeMap<(Turn, SyncId), u64>,
    /// The stamp of what went last.
    last: BTreeMap<Turn, u64>,
}

impl Shares {
    /// One more waits.
    pub(super) fn comes(&mut self, turn: Turn, share: &SyncId) {
        *self.waiting.entry((turn, share.clone())).or_default() += 1;
    }

    /// One waits no more: it went, or went away.
    pub(super) fn leaves(&mut self, turn: Turn, share: &SyncId) {
        let place = (turn, share.clone());
        if let Some(count) = self.waiting.get_mut(&place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.waiting.remove(&place);
            }
        }
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether somebody more urgent waits.
    pub(super) fn somebody_before(&self, turn: Turn) -> bool {
        self.waiting.keys().any(|(other, _)| *other < turn)
    }

    /// Whether it is another share's turn, which waits.
    pub(super) fn another_first(&self, turn: Turn, share: &SyncId) -> bool {
        let own = self.stamp(turn, share);
        let mut others = self.waiting.keys().filter(|(other, of)| *other == turn && of != share);
        others.any(|(_, of)| self.stamp(turn, of) < own)
    }

    /// One goes.
    pub(super) fn goes(&mut self, turn: Turn, share: &SyncId) {
        let stamp = self.stamp(turn, share);
        self.last.insert(turn, stamp);
        // A share that would be stamped so anyway needs no place here.
        self.next.retain(|(other, _), next| *other != turn || *next > stamp);
        self.next.insert((turn, share.clone()), stamp + 1);
    }

    fn stamp(&self, turn: Turn, share: &SyncId) -> u64 {
        let last = self.last.get(&turn).copied().unwrap_or_default();
        self.next.get(&(turn, share.clone())).copied().unwrap_or_default().max(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sync(name: &str) -> SyncId {
        SyncId::from(name)
    }

    /// Who goes when these wait with so many each, all from the beginning.
    fn order(waiting: &[(&str, usize)]) -> String {
        let mut shares = Shares::default();
        let mut left: Vec<(SyncId, usize)> = waiting.iter().map(|(name, count)| (sync(name), *count)).collect();
        for (share, count) in &left {
            (0..*count).for_each(|_| shares.comes(Turn::People, share));
        }
        let mut order = String::new();
        while let Some((share, count)) =
            left.iter_mut().find(|(share, count)| *count > 0 && !shares.another_first(Turn::People, share))
        {
            *count -= 1;
            order.push_str(share.as_str());
            shares.goes(Turn::People, share);
            shares.leaves(Turn::People, share);
        }
        order
    }

    #[test]
    fn shares_take_turns_and_a_lone_one_has_all() {
        assert_eq!(order(&[("a", 5), ("b", 2)]), "ababaaa");
        assert_eq!(order(&[("a", 3)]), "aaa");
        assert_eq!(order(&[("a", 3), ("b", 3), ("c", 1)]), "abcabab");
    }

    #[test]
    fn nobody_saves_up_and_what_is_less_urgent_counts_for_itself() {
        let mut shares = Shares::default();
        (0..50).for_each(|_| shares.goes(Turn::People, &sync("a")));
        shares.comes(Turn::People, &sync("b"));
        assert!(shares.another_first(Turn::People, &sync("a")), "b had none yet");
        shares.goes(Turn::People, &sync("b"));
        assert!(!shares.another_first(Turn::People, &sync("a")), "what a had before b came does not count");
        shares.goes(Turn::Copies, &sync("a"));
        assert!(!shares.another_first(Turn::Copies, &sync("a")), "b waits for people's sake");
        assert!(shares.somebody_before(Turn::Copies) && !shares.somebody_before(Turn::People));
        shares.leaves(Turn::People, &sync("b"));
        assert!(!shares.somebody_before(Turn::Copies));
    }
}
