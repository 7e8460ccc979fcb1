//! A backfill of 10,000 issues with 20,000 comments beside a client that sends just what it needs, as lines of a Markdown table: `cargo
//! bench --bench backfill`, or with another number of issues `-- 1000`. `-- real`: by the machine's clock, too, which takes minutes.
//! It fails where a limit is broken. Must never count by itself: `bulk` does, for the tests too.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

mod bulk;
#[path = "../tests/it/daemon_support.rs"]
mod daemon_support;
#[path = "../tests/it/jira_support.rs"]
mod jira_support;
#[path = "../tests/it/simulator_support.rs"]
mod simulator_support;

use std::process::ExitCode;

use bulk::{Load, Sent};
use tokio::runtime::Builder;

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

/// Times that it is killed.
const KILLS: usize = 5;

fn run(work: impl Future<Output = Sent>) -> Sent {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(work)
}

fn main() -> ExitCode {
    let issues = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let load = Load { issues, rate: 1_000 };
    let real = std::env::args().any(|word| word == "real");
    println!(
        "| what | calls | took | at once | least calls | limit of calls |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    );
    let row = |what: &str, sent: &Sent, limit: usize| {
        let took = sent.took.as_secs_f64();
        println!("| {what} | {} | {took:.1} s | {} | {} | {limit} |", sent.calls, sent.at_once, load.needed());
    };
    let limit = load.needed() * 11 / 10;
    let whole = run(bulk::daemon(load, 0, false));
    row("the daemon, simulated time", &whole, limit);
    let bare = run(bulk::bare(load, whole.at_once, false));
    row("the bare client, simulated time", &bare, load.needed());
    let killed = run(bulk::daemon(load, KILLS, false));
    let most = whole.calls + killed.restart * KILLS as u64 + killed.may_cost_more(load);
    row("the daemon, killed five times", &killed, usize::try_from(most).unwrap());
    println!(
        "\nsent and unanswered at the kills: {:?}; a start at rest costs {} calls",
        killed.cut_off, killed.restart
    );
    println!("whole: {:?}\nkilled: {:?}\n", whole.operations, killed.operations);
    let mut good = whole.calls <= limit as u64 && killed.calls <= most && whole.took <= bare.took.mul_f64(1.2);
    // As many a second as a Jira may grant: then that is the limit, and of it the daemon leaves a tenth to what people do.
    let slow = Load { rate: 100, ..load };
    let paced = run(bulk::daemon(slow, 0, false));
    row("the daemon, 100 requests a second", &paced, limit);
    let beside = run(bulk::bare(slow, paced.at_once, false));
    row("the bare client, 100 requests a second", &beside, load.needed());
    good &= paced.calls <= limit as u64 && paced.took <= beside.took.mul_f64(1.2);
    if real {
        let whole = run(bulk::daemon(load, 0, true));
        row("the daemon, by the clock", &whole, limit);
        let bare = run(bulk::bare(load, whole.at_once, true));
        row("the bare client, by the clock", &bare, load.needed());
        good &= whole.took <= bare.took.mul_f64(1.2);
    }
    ExitCode::from(u8::from(!good))
}
