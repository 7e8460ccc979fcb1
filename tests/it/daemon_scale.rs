//! What the daemon does does not grow with the items that it knows: requests, and pages of the state that are read; and no query
//! reads a whole table of items. Must never measure with pages in memory that a larger state would not have there.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::scale::{Cost, at_rest, hundred_changes, idle_hour};

#[derive(Debug)]
struct Measured {
    idle: Cost,
    changes: Cost,
}

async fn measured(items: u64) -> Measured {
    let world = at_rest(items).await;
    let idle = idle_hour(&world).await;
    let changes = hundred_changes(&world, "edited").await;
    Measured { idle, changes }
}

#[tokio::test(start_paused = true)]
async fn what_is_done_does_not_grow_with_the_items() {
    let sizes: &[u64] =
        if std::env::var_os("JIRASYNCD_LONG").is_some() { &[1_000, 100_000, 1_000_000] } else { &[1_000, 20_000] };
    let mut all = Vec::new();
    for items in sizes {
        let found = measured(*items).await;
        println!("{items}: {found:?}");
        all.push(found);
    }
}
