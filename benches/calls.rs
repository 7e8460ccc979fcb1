//! Prints what the daemon costs in REST calls and answer bytes, as the Markdown table of `benches/README.md`: `cargo bench
//! --bench calls`. It needs no network and no time. Must never count by itself: `counted` does, for the tests too.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

mod counted;
#[path = "../tests/it/daemon_support.rs"]
mod daemon_support;
#[path = "../tests/it/jira_support.rs"]
mod jira_support;
#[path = "../tests/it/simulator_support.rs"]
mod simulator_support;

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

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tokio::time::pause();
    print!("{}", counted::table(&counted::scenarios::all().await));
    match counted::recorded_issues().await {
        Some(recorded) => println!("\n{recorded}"),
        None => println!("\nskipped: the recorded issues are not here"),
    }
}
