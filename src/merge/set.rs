//! Sets, element by element. Must never be written back as a whole.

use std::collections::BTreeSet;

/// What `side` added to and removed from `base`, done to `hub`.
#[must_use]
pub fn apply(base: &BTreeSet<String>, hub: &BTreeSet<String>, side: &BTreeSet<String>) -> BTreeSet<String> {
    let added = side.difference(base);
    let kept = hub.iter().filter(|element| side.contains(*element) || !base.contains(*element));
    kept.chain(added).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &str) -> BTreeSet<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn additions_and_removals_of_both_survive() {
        assert_eq!(apply(&set("a b"), &set("a b c"), &set("a d")), set("a c d"));
    }

    #[test]
    fn an_element_that_both_touched_follows_the_change() {
        assert_eq!(apply(&set("a"), &set(""), &set("a")), set(""));
        assert_eq!(apply(&set(""), &set("a"), &set("a")), set("a"));
        assert_eq!(apply(&set("a"), &set("a"), &set("")), set(""));
    }
}
