//! What an idle hour and a hundred changes cost beside how many items the state holds, as lines of a Markdown table: `cargo bench
//! --bench growth -- 1000 100000 1000000`. Under `valgrind --tool=callgrind` with `--toggle-collect='*in_an_idle_hour*'` or
//! `'*for_a_hundred_changes*'` it counts instructions; `SCALE_STATES` names a folder to keep filled states in, since filling one
//! there takes long. Must never measure two sizes differently.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

#[path = "../tests/it/daemon_support.rs"]
mod daemon_support;
#[path = "../tests/it/jira_support.rs"]
mod jira_support;
mod scale;
#[path = "../tests/it/simulator_support.rs"]
mod simulator_support;

use std::path::PathBuf;

use scale::Cost;
use tokio::runtime::{Builder, Runtime};

/// The contract is the tests' matter: here nothing is held to it, so that only the daemon costs time.
mod contract {
    pub(crate) mod watch {
        use jirasyncd::simulator::Jira;

        pub(crate) struct Watch;

        pub(crate) fn watched(_: &Jira) -> Watch {
            Watch
        }
    }
}

fn main() {
    let sizes: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 100_000] } else { sizes };
    let states = std::env::var_os("SCALE_STATES").map(PathBuf::from);
    println!("| items | state on disk | idle hour: calls | pages read | 100 changes: calls | pages read |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    for items in sizes {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let kept = states.as_ref().map(|states| states.join(format!("state-{items}.db")));
        let world = runtime.block_on(scale::at_rest(items, kept.as_deref()));
        let mib = std::fs::metadata(world.state()).unwrap().len() / 1_048_576;
        let idle = in_an_idle_hour(&runtime, &world);
        let changes = for_a_hundred_changes(&runtime, &world);
        println!("| {items} | {mib} MiB | {} | {} | {} | {} |", idle.calls, idle.pages, changes.calls, changes.pages);
        // Its tasks end in its runtime.
        runtime.block_on(async move { drop(world) });
    }
}

#[inline(never)]
fn in_an_idle_hour(runtime: &Runtime, world: &daemon_support::World) -> Cost {
    runtime.block_on(scale::idle_hour(world))
}

#[inline(never)]
fn for_a_hundred_changes(runtime: &Runtime, world: &daemon_support::World) -> Cost {
    runtime.block_on(scale::hundred_changes(world, "edited"))
}
