//! The table of the crash ring in `docs/proof.md`: written by a long run, and held against the scenarios that there are and against the
//! effects that each of them has. Must never tell of a death that was not died.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::{
    crash_scenarios_lives, crash_scenarios_pairs, crash_scenarios_relations, crash_scenarios_starts,
    crash_scenarios_talk, crash_scenarios_values, crash_scenarios_whole, crash_scenarios_words,
};

const BEGIN: &str = "<!-- crash ring -->\n";
const END: &str = "<!-- end of crash ring -->";
const HEAD: &str = "| scenario | effects | deaths | deaths while recovering |\n| --- | --- | --- | --- |\n";

/// What a scenario came to: effects, deaths, and deaths of a daemon that was recovering.
pub(crate) type Counts = [usize; 3];

/// All scenarios, by their tests.
fn names() -> Vec<&'static str> {
    [
        crash_scenarios_values::NAMES,
        crash_scenarios_talk::NAMES,
        crash_scenarios_relations::NAMES,
        crash_scenarios_lives::NAMES,
        crash_scenarios_pairs::NAMES,
        crash_scenarios_whole::NAMES,
        crash_scenarios_starts::NAMES,
        crash_scenarios_words::NAMES,
    ]
    .concat()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/proof.md")
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// The file around its table, and the rows.
fn read() -> (String, BTreeMap<String, Counts>, String) {
    let written = std::fs::read_to_string(path()).unwrap();
    let (before, rest) = written.split_once(BEGIN).expect("no table of the crash ring");
    let (table, after) = rest.split_once(END).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let number = |at: usize| cells[at].parse().unwrap_or_else(|_| panic!("no number in {line:?}"));
        (cells[1].to_owned(), [number(2), number(3), number(4)])
    };
    let rows = table.lines().skip(2).filter(|line| !line.starts_with("| **")).map(row).collect();
    (before.to_owned(), rows, after.to_owned())
}

/// Tests of one process write one after another. A long run that writes the table is one process.
static WRITING: Mutex<()> = Mutex::new(());

/// Writes the row of a scenario; what tells of scenarios that there are no more goes. One that tells of more deaths in the same effects
/// stays; one of fewer deaths than effects is no proof, and the test below says so.
pub(crate) fn write(name: &str, counts: Counts) {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let (before, mut rows, after) = read();
    if rows.get(&words(name)).is_some_and(|told| told[0] == counts[0] && told[1] > counts[1]) {
        return;
    }
    rows.insert(words(name), counts);
    let mut table = HEAD.to_owned();
    let (mut all, mut count): (Counts, usize) = ([0; 3], 0);
    for name in names() {
        let Some(counts) = rows.get(&words(name)) else { continue };
        let [effects, deaths, again] = counts;
        table += &format!("| {} | {effects} | {deaths} | {again} |\n", words(name));
        all = [all[0] + effects, all[1] + deaths, all[2] + again];
        count += 1;
    }
    table += &format!("| **{count} scenarios** | {} | {} | {} |\n", all[0], all[1], all[2]);
    std::fs::write(path(), format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
}

/// The effects of a scenario are those of the table: what is counted anew each time is counted the same.
pub(crate) fn check(name: &str, effects: usize) {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, rows, _) = read();
    let told = rows.get(&words(name)).unwrap_or_else(|| panic!("`{}` is not in docs/proof.md", words(name)));
    assert_eq!(told[0], effects, "docs/proof.md tells of other effects; {ANEW}");
}

const ANEW: &str = "write the table anew: JIRASYNCD_LONG=1 UPDATE=1 cargo test --test it crash_scenarios";

#[test]
fn the_table_of_the_proof_tells_of_every_scenario_and_of_no_other() {
    let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, rows, _) = read();
    let told: Vec<&str> = rows.keys().map(String::as_str).collect();
    let mut known: Vec<String> = names().into_iter().map(words).collect();
    known.sort();
    assert_eq!(told, known, "{ANEW}");
    assert!(known.len() >= 30, "about thirty were promised");
    for (name, [effects, deaths, again]) in &rows {
        assert!(
            deaths == effects && again >= deaths,
            "{name}: {deaths} deaths in {effects} effects, {again} while recovering; {ANEW}"
        );
    }
}
