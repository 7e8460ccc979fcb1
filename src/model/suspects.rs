//! The items that were in work when the process panicked, and how often in a row. Must never name one that was worked on since without
//! a panic.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::ItemId;

/// Panics in a row after which an item is set aside: of the first one, others may have been in the same batch.
pub const MOST_PANICS: u8 = 3;

/// Suspects, as the state keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Suspects(BTreeMap<ItemId, u8>);

impl Suspects {
    /// Under what they are kept.
    pub const NOTE: &'static str = "suspects";

    /// What the state keeps. What cannot be read accuses nobody.
    #[must_use]
    pub fn read(note: Option<&str>) -> Self {
        note.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// What is to be kept; nothing where there are none.
    #[must_use]
    pub fn text(&self) -> String {
        if self.0.is_empty() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// One more panic while these were in work.
    pub fn accuse(&mut self, items: impl IntoIterator<Item = ItemId>) {
        for item in items {
            let count = self.0.entry(item).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// It was worked on without a panic. Says whether it was one of them.
    pub fn acquit(&mut self, item: ItemId) -> bool {
        self.0.remove(&item).is_some()
    }

    /// Whether an item is to be worked on by itself.
    #[must_use]
    pub fn has(&self, item: ItemId) -> bool {
        self.0.contains_key(&item)
    }

    /// Whether an item is not worked on any more.
    #[must_use]
    pub fn is_set_aside(&self, item: ItemId) -> bool {
        self.0.get(&item).is_some_and(|count| *count >= MOST_PANICS)
    }

    /// Lets those of these items be tried again, by themselves, that are set aside. Says whether there are any.
    pub fn try_these_again(&mut self, items: &BTreeSet<ItemId>) -> bool {
        let aside = self.0.iter_mut().filter(|(item, count)| **count >= MOST_PANICS && items.contains(item));
        aside.map(|(_, count)| *count = 1).count() > 0
    }

    /// Lets what is set aside be tried again, by itself; gives those items.
    pub fn try_again(&mut self) -> Vec<ItemId> {
        let aside = self.0.iter_mut().filter(|(_, count)| **count >= MOST_PANICS);
        aside
            .map(|(item, count)| {
                *count = 1;
                *item
            })
            .collect()
    }
}
