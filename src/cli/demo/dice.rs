//! Choices by chance, from injected randomness. It must never make randomness of its own.

use std::sync::Arc;

use crate::clock::Entropy;

/// Chooses.
#[derive(Clone)]
pub(super) struct Dice(Arc<dyn Entropy>);

impl Dice {
    pub(super) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self(entropy)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub(super) fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % (end.max(1) as u64)).unwrap_or(0)
    }

    /// True in `percent` of a hundred throws.
    pub(super) fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// One of these words.
    pub(super) fn word(&self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or("thing")
    }
}
