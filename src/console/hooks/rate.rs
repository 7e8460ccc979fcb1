//! How many webhooks of one instance are taken in a time. It must never forget its bounds because a clock was set.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Requests in a row, and how many more come in a second.
const MOST: f64 = 200.0;
const PER_SECOND: f64 = 50.0;

/// A bucket of requests that may still be made.
#[derive(Debug)]
pub(super) struct Bucket(Mutex<(f64, Duration)>);

impl Default for Bucket {
    fn default() -> Self {
        Self(Mutex::new((MOST, Duration::ZERO)))
    }
}

impl Bucket {
    /// Takes one out; `false`: there is none.
    pub(super) fn takes_one(&self, now: Duration) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = *state;
        let filled = (left + now.saturating_sub(at).as_secs_f64() * PER_SECOND).min(MOST);
        let takes = filled >= 1.0;
        *state = (if takes { filled - 1.0 } else { filled }, now.max(at));
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_to_so_many_in_a_second() {
        let bucket = Bucket::default();
        let taken = |at: f64| (0..1_000).filter(|_| bucket.takes_one(Duration::from_secs_f64(at))).count();
        assert_eq!(taken(10.0), 200);
        assert_eq!(taken(10.0), 0);
        assert_eq!(taken(11.0), 50);
        assert_eq!(taken(9.0), 0, "time does not go back");
        assert_eq!(taken(1_000.0), 200);
    }
}
