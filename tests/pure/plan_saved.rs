//! What a plan is made from, kept and planned again: the same plan, and, in other words, one that does the same. Must never compare only what
//! was written.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::ids::SideId;
use jirasyncd::plan::{Plan, PlanInput, SavedInput, ahead, plan, redacted};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::plan_properties::{Move, honest, survives};
use crate::plan_world::{MOST_SIDES, Rig, SOUND};

/// Lives that are planned twice at every step.
const LIVES: usize = 20;

/// What a plan does, whatever it says: for each kind of thing the place of its side among the sides, as they sort.
fn shape(sides: &BTreeSet<SideId>, made: &Plan) -> BTreeMap<(String, usize), usize> {
    let place = |side: &SideId| sides.iter().position(|known| known == side).unwrap();
    let mut shape: BTreeMap<(String, usize), usize> = BTreeMap::new();
    let mut count = |what: String, side: &SideId| *shape.entry((what, place(side))).or_default() += 1;
    for operation in &made.operations {
        let action = format!("{:?}", operation.action);
        let kind = action.split(|sign: char| !sign.is_alphanumeric()).next().unwrap();
        count(kind.to_owned(), &operation.side);
    }
    made.holds.iter().for_each(|hold| count("hold".to_owned(), &hold.side));
    made.acts.iter().for_each(|act| count(format!("act {}", act.field), &act.side));
    for (side, wanted) in &made.wanted {
        wanted.iter().for_each(|wanted| count(format!("{wanted:?}"), side));
    }
    shape.insert(("conflicts".to_owned(), 0), made.conflicts.len());
    shape
}

fn sides(input: &PlanInput<'_>) -> BTreeSet<SideId> {
    input.sync.sides.iter().map(|side| side.id.clone()).collect()
}

/// Plans, and again from what was kept.
fn kept(input: &PlanInput<'_>) -> Plan {
    let (made, saved) = (plan(input), SavedInput::of(input));
    let text = serde_json::to_string(&saved).unwrap();
    let read: SavedInput = serde_json::from_str(&text).unwrap();
    assert_eq!(read, saved);
    let then = ahead(input, &made);
    assert_eq!(read.replay(), (made.clone(), then.clone(), Vec::new()));
    let other = redacted(&saved).unwrap();
    let read: SavedInput = serde_json::from_str(&other).unwrap_or_else(|error| panic!("{error}: {other}\nof {text}"));
    let (again, after, violations) = read.replay();
    assert!(violations.is_empty(), "{violations:?}");
    let renamed: BTreeSet<SideId> = serde_json::from_str::<serde_json::Value>(&other).unwrap()["sync"]["sides"]
        .as_array()
        .unwrap()
        .iter()
        .map(|side| side["id"].as_str().unwrap().into())
        .collect();
    assert_eq!(shape(&renamed, &again), shape(&sides(input), &made), "{text}\nin other words\n{other}");
    assert_eq!(
        after.map(|after| shape(&renamed, &after)),
        then.map(|then| shape(&sides(input), &then)),
        "{text}\n{other}"
    );
    made
}

#[test]
fn what_was_kept_is_planned_again_in_its_words_and_in_others() {
    let mut runner = TestRunner::deterministic();
    let mut planned = 0;
    for life in 0..LIVES {
        let script: Vec<Move> = honest().new_tree(&mut runner).unwrap().current();
        planned += script.len();
        survives(Rig { plan: kept, ..SOUND }, 2 + life % (MOST_SIDES - 1), &script).unwrap();
    }
    assert!(planned > LIVES * 5, "{planned}");
}
