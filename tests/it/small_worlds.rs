//! The small worlds that planted bugs are sought in, as they are without any: a few seeds of each, and those that failed once, or those that
//! a search asks for. Must never plant anything.

use super::planted_worlds::{
    across, calm, creations, desks, hollow, hooks, late, late_index, missing, outages, pair, texts, two_holders,
};

use super::random_life::seeds;
use super::untagged_world::untagged;

/// Runs a world of its own on this thread.
macro_rules! world {
    ($name:ident, $($seed:expr),+) => {
        #[tokio::test(start_paused = true)]
        async fn $name() {
            let asked = seeds(0, 0);
            for seed in if asked.is_empty() { vec![$($seed),+] } else { asked } {
                assert_eq!(super::$name(seed).await, Ok(()), "seed {seed}");
            }
        }
    };
}

mod of {
    use super::seeds;

    // 3: what one side's row told was forgotten with a daemon that died, when another side's row came first.
    world!(outages, 0, 3);
    // 20058: nobody ever went through the status that the way back leads through.
    world!(pair, 0, 20058);
    world!(calm, 0);
    world!(late_index, 0);
    world!(hollow, 0);
    world!(missing, 0);
    world!(creations, 0);
    world!(late, 0);
    world!(hooks, 0);
    world!(two_holders, 0);
    world!(desks, 0);
    world!(across, 0);
    world!(texts, 0);
    // Of each `on-conflict` and each `side-effects` one, with tags and without: 1, 5, 11 and 20 without, on both kinds of Jira. In 19073 nobody
    // ever went through the status that the way back leads through.
    world!(untagged, 0, 1, 2, 5, 11, 20, 19073);
}
