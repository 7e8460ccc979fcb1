//! The injected clock and randomness repeat exactly.

use jirasyncd::clock::{Clock, Entropy, SeededEntropy, VirtualClock};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn virtual_clock_follows_the_paused_clock() {
    let start: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let clock = VirtualClock::starting_at(start);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(clock.now().to_string(), "2026-01-01T01:00:00Z");
    assert_eq!(clock.monotonic(), Duration::from_secs(3600));
}

#[test]
fn seeded_entropy_repeats() {
    let (a, b, c) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
    let (x, y, z) = (a.next_u128(), b.next_u128(), c.next_u128());
    assert_eq!(x, y);
    assert_ne!(x, z);
    assert!((0.0..1.0).contains(&a.unit()));
}
