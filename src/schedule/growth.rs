//! How delays grow from attempt to attempt, for requests and for items alike. The only file that uses `backoff`. Must never
//! read a clock or draw randomness: jitter is the caller's.

use std::time::Duration;

use backoff::backoff::Backoff;

/// Attempts after which the delay is its longest in any case.
const MOST_DOUBLINGS: u32 = 32;

/// A delay that doubles from `first` up to `longest`; `attempt` counts from 0. Without jitter.
#[must_use]
pub fn growing(first: Duration, longest: Duration, attempt: u32) -> Duration {
    let mut delays = backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(first)
        .with_multiplier(2.0)
        .with_max_interval(longest)
        .with_randomization_factor(0.0)
        .with_max_elapsed_time(None)
        .build();
    let mut delay = first;
    for _ in 0..=attempt.min(MOST_DOUBLINGS) {
        delay = delays.next_backoff().unwrap_or(longest);
    }
    delay
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let (first, longest) = (Duration::from_secs(2), Duration::from_secs(900));
        let delays: Vec<u64> = (0..12).map(|attempt| growing(first, longest, attempt).as_secs()).collect();
        assert_eq!(delays, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(growing(first, longest, u32::MAX), longest);
    }
}
