//! Memory and start-up of the real daemon with 100,000 items at rest, or as many as are asked for (`-- 1000000`), as lines of a
//! Markdown table: `cargo bench --bench footprint`. It fails where a limit is broken. Must never measure anything but the binary of this build.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

#[path = "../tests/it/cli_world.rs"]
mod cli_world;
#[path = "../tests/it/footprint.rs"]
mod footprint;
#[path = "../tests/it/process_support.rs"]
mod process_support;

use std::process::ExitCode;
use std::time::Duration;

/// What the daemon may take with 100,000 items.
const MOST_RESIDENT_KIB: u64 = 60 * 1024;

const ITEMS: u64 = 100_000;
const IDLE: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let items = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ITEMS);
    let found = footprint::measure(items, IDLE).await;
    let seconds = |duration: Duration| format!("{:.2} s", duration.as_secs_f64());
    let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
    println!("| figure | measured | limit |\n| --- | --- | --- |");
    println!("| items, each with a replica on both sides | {} | |", found.items);
    println!("| state on disk | {} MiB, filled in {} | |", found.state_mib, seconds(found.filled));
    let limit = seconds(footprint::READY_WITHIN);
    println!("| from start to `READY=1` | {} | {limit} |", seconds(found.ready));
    let limit = mib(MOST_RESIDENT_KIB);
    println!("| resident after {} idle | {} | {limit} |", seconds(IDLE), mib(found.resident_kib));
    println!("| most resident until then | {} | |", mib(found.peak_kib));
    let good = found.ready < footprint::READY_WITHIN && found.resident_kib < MOST_RESIDENT_KIB;
    ExitCode::from(u8::from(!good))
}
