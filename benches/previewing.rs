//! What `jirasyncd plan` takes of the processor for a thousand changed items of 100,000, or as many as are asked for (`-- 1000 10000`: changes,
//! items), as lines of a Markdown table: `cargo bench --bench previewing`. It fails where the limit is broken. Must never measure anything
//! but the binary of this build.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

#[path = "../tests/it/cli_world.rs"]
mod cli_world;
#[path = "../tests/it/daemon_support.rs"]
mod daemon_support;
#[path = "../tests/it/jira_support.rs"]
mod jira_support;
#[path = "../tests/it/plan_scale.rs"]
mod plan_scale;
mod scale;
#[path = "../tests/it/simulator_support.rs"]
mod simulator_support;

use std::process::ExitCode;
use std::time::Duration;

/// The contract is the tests' matter: here nothing is held to it.
mod contract {
    pub(crate) mod watch {
        use jirasyncd::simulator::Jira;

        pub(crate) struct Watch;

        pub(crate) fn watched(_: &Jira) -> Watch {
            Watch
        }
    }
}

/// The processor time that a thousand changes of 100,000 items may take.
const MOST: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let [changed, items] = *words.as_slice() else { return measured(1_000, 100_000).await };
    measured(changed, items).await
}

async fn measured(changed: u64, items: u64) -> ExitCode {
    let found = plan_scale::measure(items, changed).await;
    let seconds = |duration: Duration| format!("{:.2} s", duration.as_secs_f64());
    println!("| figure | measured | limit |\n| --- | --- | --- |");
    println!("| items, of which {} changed | {} | |", found.changed, found.items);
    println!("| state on disk | {} MiB | |", found.state_mib);
    println!("| requests to home, to the partner | {}, {} | |", found.calls[0], found.calls[1]);
    println!("| from start to end | {} | |", seconds(found.took));
    println!("| processor time | {} | {} |", seconds(found.cpu), seconds(MOST));
    ExitCode::from(u8::from(found.cpu >= MOST))
}
