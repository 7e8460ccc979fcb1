//! The table of planted bugs in `docs/proof.md`: read, written anew, and held against the bugs that there are. Must never say that a
//! bug is caught which the ring did not catch.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jirasyncd::planted::Bug;

const BEGIN: &str = "<!-- planted bugs -->\n";
const END: &str = "<!-- end of planted bugs -->";
/// A bug that takes this many seeds is not caught.
pub(crate) const MOST: u64 = 1_000;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/proof.md")
}

/// How a bug was caught: the world, how many seeds it took, and what was said.
#[cfg(feature = "planted-bugs")]
pub(crate) struct Caught {
    pub(crate) world: &'static str,
    pub(crate) seeds: u64,
    pub(crate) why: String,
}

/// Writes the table anew.
#[cfg(feature = "planted-bugs")]
pub(crate) fn write(rows: &BTreeMap<Bug, Caught>) {
    let written = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = written.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let mut table = "| bug | where | the promise that it breaks | world | seeds | what was said |\n\
        | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for bug in Bug::ALL {
        let (place, promise) = bug.tells();
        let Some(Caught { world, seeds, why }) = rows.get(&bug) else { continue };
        table += &format!("| {bug:?} | `{place}` | {promise} | {world} | {seeds} | {} |\n", shortened(why));
    }
    std::fs::write(path(), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}

/// The beginning, in one line that breaks no table.
#[cfg(feature = "planted-bugs")]
fn shortened(why: &str) -> String {
    let why =
        why.split_once("JIRASYNCD_SEED=").map_or(why, |(_, rest)| rest.split_once(": ").map_or(rest, |(_, why)| why));
    let words: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let signs = words.chars().map(|sign| if matches!(sign, '|' | '<' | '>' | '`') { '\'' } else { sign });
    let short: String = signs.clone().take(120).collect();
    if signs.count() > 120 { format!("{short}…") } else { short }
}

/// The seeds that each bug took, by the table.
fn told() -> BTreeMap<String, u64> {
    let written = std::fs::read_to_string(path()).unwrap();
    let (_, rest) = written.split_once(BEGIN).expect("no table of planted bugs");
    let (table, _) = rest.split_once(END).unwrap();
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = table.lines().skip(2).map(cells);
    rows.map(|row| (row[1].clone(), row[5].parse().unwrap_or_else(|_| panic!("{row:?} tells no seeds")))).collect()
}

#[test]
fn every_planted_bug_is_caught_by_the_table_of_the_proof() {
    let told = told();
    for bug in Bug::ALL {
        let seeds = told.get(&format!("{bug:?}")).unwrap_or_else(|| panic!("{bug:?} is not in docs/proof.md"));
        assert!((1..MOST).contains(seeds), "{bug:?} takes {seeds} seeds");
    }
    assert_eq!(told.len(), Bug::ALL.len(), "docs/proof.md tells of bugs that there are no more");
}
