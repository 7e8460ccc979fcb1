//! The items that a command was about, as its record keeps them: `explain` tells of them. Must never grow with the state, nor say of an item
//! that is not kept by name that it was not meant.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::ids::ItemId;

/// Items that are kept by name. A command may be about all of a state, and its record stays for ever.
pub const MOST_KEPT: usize = 200;

/// Items that a command was about and that it does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The first ones, by their ids.
    items: Vec<ItemId>,
    /// How many there were behind these.
    #[serde(default)]
    more: usize,
}

impl Touched {
    /// These items.
    #[must_use]
    pub fn of(items: impl IntoIterator<Item = ItemId>) -> Self {
        let all: BTreeSet<ItemId> = items.into_iter().collect();
        let more = all.len().saturating_sub(MOST_KEPT);
        Self { items: all.into_iter().take(MOST_KEPT).collect(), more }
    }

    /// Whether the command was about this item; `None`: nobody knows any more.
    #[must_use]
    pub fn has(&self, item: ItemId) -> Option<bool> {
        let may_be_behind = self.more > 0 && self.items.last().is_some_and(|last| *last < item);
        if may_be_behind { None } else { Some(self.items.contains(&item)) }
    }

    /// Whether it was about none, or that was not kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::{Answer, Ended};

    #[test]
    fn the_first_are_kept_and_of_the_others_nothing_is_said() {
        let few = Touched::of([3, 1, 1].map(ItemId));
        assert_eq!([1, 2, 3, 4].map(|item| few.has(ItemId(item))), [true, false, true, false].map(Some));
        let many = Touched::of((1..=500).map(|number| ItemId(number * 2)));
        assert_eq!((many.items.len(), many.more), (MOST_KEPT, 300));
        let known = [2, 3, 400, 401, 402, 5_000].map(|item| many.has(ItemId(item)));
        assert_eq!(known, [Some(true), Some(false), Some(true), None, None, None]);
    }

    /// What was recorded by earlier versions is read as before, and what is about no item is written as before.
    #[test]
    fn an_answer_of_an_earlier_version_is_about_nothing_that_is_known() {
        let told = r#"{"ended":"done","lines":["paused"]}"#;
        let answer: Answer = serde_json::from_str(told).unwrap();
        assert!(answer.touched.is_empty() && answer.touched.has(ItemId(1)) == Some(false));
        assert_eq!(serde_json::to_string(&answer).unwrap(), told);
        let about = Answer { touched: Touched::of([ItemId(7)]), ..Answer::new(Ended::Done, Vec::new()) };
        let read: Answer = serde_json::from_str(&serde_json::to_string(&about).unwrap()).unwrap();
        assert_eq!(read, about);
    }
}
