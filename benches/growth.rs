//! What an idle hour and a hundred changes cost beside how many items the state holds, as lines of a Markdown table: `cargo bench
//! --bench growth -- 1000 100000 1000000`; with the word `spread` the items that people work on lie anywhere among the others, else they
//! are the newest. Instructions are counted where it runs under callgrind, and stay 0 elsewhere:
//! `COUNTED=FOLDER/counted valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file=FOLDER/counted growth 1000`, with the program
//! that `cargo bench --bench growth --no-run` names. Must never measure two sizes differently.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

#[path = "../tests/it/daemon_support.rs"]
mod daemon_support;
#[path = "../tests/it/jira_support.rs"]
mod jira_support;
mod scale;
#[path = "../tests/it/simulator_support.rs"]
mod simulator_support;

use std::path::{Path, PathBuf};
use std::process::Command;

use scale::{Cost, Lie};
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

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let sizes: Vec<u64> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 100_000] } else { sizes };
    let lie = if words.iter().any(|word| word == "spread") { Lie::Spread } else { Lie::Newest };
    println!(
        "| items | state on disk | idle hour: calls | pages read | instructions | 100 changes: calls | pages read | instructions |"
    );
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for items in sizes {
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let world = runtime.block_on(scale::at_rest(items, lie));
        let mib = std::fs::metadata(world.state()).unwrap().len() / 1_048_576;
        let (idle, in_idle) = counted(|| runtime.block_on(scale::idle_hour(&world)));
        let (changes, in_changes) = counted(|| runtime.block_on(scale::hundred_changes(&world, "edited")));
        println!(
            "| {items} | {mib} MiB | {} | {} | {in_idle} | {} | {} | {in_changes} |",
            idle.calls, idle.pages, changes.calls, changes.pages
        );
        // Its tasks end in its runtime.
        runtime.block_on(async move { drop(world) });
    }
}

/// What it cost, and how many instructions it took where callgrind counts them.
fn counted(work: impl FnOnce() -> Cost) -> (Cost, u64) {
    let Some(files) = std::env::var_os("COUNTED") else { return (work(), 0) };
    control(&["--zero"]);
    control(&["--instr=on"]);
    let cost = work();
    control(&["--instr=off"]);
    control(&["--dump"]);
    (cost, instructions(&PathBuf::from(files)))
}

/// Tells callgrind, which runs this program, what to do.
fn control(words: &[&str]) {
    let told = Command::new("callgrind_control").args(words).arg(std::process::id().to_string()).output().unwrap();
    assert!(told.status.success(), "{told:?}");
}

/// What the newest of callgrind's files sums up.
fn instructions(files: &Path) -> u64 {
    let name = files.file_name().unwrap().to_str().unwrap();
    let all = std::fs::read_dir(files.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let number = |path: &PathBuf| -> Option<u64> {
        path.file_name()?.to_str()?.strip_prefix(name)?.strip_prefix('.')?.parse().ok()
    };
    let newest = all.filter(|path| number(path).is_some()).max_by_key(number).unwrap();
    let text = std::fs::read_to_string(newest).unwrap();
    // `summary` is what was counted when the program ended: nothing yet.
    let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
    line.unwrap().trim().parse().unwrap()
}
