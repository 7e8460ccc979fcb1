//! How long planning one item takes, as a ratio to what parsing the JSON of the same snapshots takes, both in one run so that
//! the machine does not matter: `cargo bench --bench planning`. Must never plan on something else than was parsed.

#![expect(clippy::print_stdout, reason = "a bench prints")]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "code of the tests, shared")]

#[path = "../tests/pure/plan_world.rs"]
mod plan_world;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use jirasyncd::model::ids::SideId;
use jirasyncd::model::issue::IssueSnapshot;
use jirasyncd::model::settings::ConflictPolicy;
use jirasyncd::plan::{By, Observation, plan};
use plan_world::{FIELDS, SOUND, World, side};

/// Rounds of both, in turns; the fastest of each counts.
const ROUNDS: usize = 30;
const TIMES: u32 = 200;

#[expect(clippy::disallowed_methods, reason = "measures this machine, decides nothing")]
fn fastest(mut work: impl FnMut(), best: &mut Duration) {
    let began = Instant::now();
    for _ in 0..TIMES {
        work();
    }
    *best = (*best).min(began.elapsed() / TIMES);
}

fn main() {
    println!("| item | snapshots | parsing them | planning | ratio |\n| --- | --- | --- | --- | --- |");
    for (name, edits, comments) in [("at rest", 0, 0), ("one edit", 1, 0), ("six edits and ten comments", 6, 10)] {
        let sides = [side(0), side(1)];
        let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
        world.settle().unwrap();
        for field in FIELDS.iter().take(edits) {
            let value = world.value(&sides[0], field, 1);
            world.set(&sides[0], field, value, By::Person);
        }
        for _ in 0..comments {
            world.comment(&sides[0], false);
        }
        let everywhere = world.everywhere();
        let observed: BTreeMap<SideId, Observation> =
            everywhere.iter().filter_map(|side| Some((side.clone(), world.observe(side, false)?))).collect();
        let offers = world.offers(&everywhere);
        let bytes: Vec<Vec<u8>> =
            observed.values().map(|observation| serde_json::to_vec(&observation.snapshot).unwrap()).collect();
        let (mut parsing, mut planning) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let parse = || {
                for bytes in &bytes {
                    black_box(serde_json::from_slice::<IssueSnapshot>(black_box(bytes)).unwrap());
                }
            };
            fastest(parse, &mut parsing);
            fastest(|| drop(black_box(plan(black_box(&world.input(&observed, &offers))))), &mut planning);
        }
        let size: usize = bytes.iter().map(Vec::len).sum();
        let ratio = planning.as_secs_f64() / parsing.as_secs_f64();
        println!("| {name} | {size} bytes | {parsing:.1?} | {planning:.1?} | {ratio:.1} |");
    }
}
