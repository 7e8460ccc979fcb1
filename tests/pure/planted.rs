//! Bugs planted around the planner or into the loop that carries plans out: each must be caught by the property named in
//! its test, with `plan::check` switched off where the property alone has to see it. Whoever weakens a property learns it here.

use std::collections::BTreeMap;

use jirasyncd::mapping::{Place, inbound};
use jirasyncd::model::issue::NativeValue;
use jirasyncd::model::operation::Action;
use jirasyncd::model::value::Value;
use jirasyncd::plan::{By, Observation, Plan, PlanInput, plan};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::plan_properties::{
    Move, busy, calm, ends_with_the_newest, honest, isolates, nothing_overwritten, restored_value_counts,
    stored_otherwise, survives,
};
use crate::plan_world::{MOST_SIDES, Rig, SOUND};

/// Scripts that are played even if the first of them shows the bug.
const ENOUGH: usize = 30;

/// Scripts that are the same in every run.
fn scripts(strategy: impl Strategy<Value = Vec<Move>>) -> Vec<Vec<Move>> {
    let mut runner = TestRunner::deterministic();
    (0..600).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Whether a property fails for some script, and what it says first, or first of what begins with `by`. It must hold for all of them without the bug.
fn caught(
    rig: Rig,
    scripts: &[Vec<Move>],
    by: &str,
    property: impl Fn(Rig, usize, &[Move]) -> Result<(), String>,
) -> Option<String> {
    let mut first: Option<String> = None;
    for (index, script) in scripts.iter().enumerate() {
        let count = 2 + index % (MOST_SIDES - 1);
        if let Err(why) = property(SOUND, count, script) {
            panic!("without the bug: {why}\nafter {script:?}");
        }
        // Another property may see the same bug in an earlier script.
        let sought = |why: &String| why.starts_with(by);
        if !first.as_ref().is_some_and(sought)
            && let Err(why) = property(rig, count, script)
        {
            first = first.filter(|_| !sought(&why)).or(Some(why));
        }
        if first.as_ref().is_some_and(sought) && index >= ENOUGH {
            break;
        }
    }
    first
}

fn assert_caught(
    rig: Rig,
    by: &str,
    strategy: impl Strategy<Value = Vec<Move>>,
    property: impl Fn(Rig, usize, &[Move]) -> Result<(), String>,
) {
    let why = caught(rig, &scripts(strategy), by, property).expect("the planted bug was not caught");
    assert!(why.starts_with(by), "caught, but otherwise: {why}");
}

fn unchecked(plan: fn(&PlanInput<'_>) -> Plan) -> Rig {
    Rig { plan, checked: false, ..SOUND }
}

/// The base moves when a write is decided, not when it is seen.
fn base_on_decision(input: &PlanInput<'_>) -> Plan {
    let mut made = plan(input);
    for operation in &made.operations {
        let Some(replica) = made.item.replicas.get_mut(&operation.side) else { continue };
        if let Action::SetFields { fields } = &operation.action {
            for (name, write) in fields {
                let base = replica.bases.entry(name.clone()).or_default();
                base.value = Some(write.wanted.clone());
                base.acts.join(&write.acts);
            }
        }
    }
    made
}

#[test]
fn base_advanced_on_decision_is_caught_by_p5_and_by_the_checker() {
    assert_caught(unchecked(base_on_decision), "P6: ", honest(), ends_with_the_newest);
    assert_caught(Rig { plan: base_on_decision, ..SOUND }, "P10: ", honest(), survives);
}

/// What the sync user did is ours, whatever the tag says: the newest write of that side.
fn author_only(input: &PlanInput<'_>) -> Plan {
    let mut observed = input.observed.clone();
    for (side, observation) in &mut observed {
        let newest = input.intents.iter().rev().find(|intent| {
            &intent.operation.side == side && matches!(intent.operation.action, Action::SetFields { .. })
        });
        for step in &mut observation.steps {
            if let (By::Us(_) | By::SyncUser, Some(newest)) = (step.by, newest) {
                step.by = By::Us(newest.id);
            }
        }
    }
    plan(&PlanInput { observed: &observed, ..input.clone() })
}

#[test]
fn author_only_echo_is_caught_by_p5() {
    assert_caught(unchecked(author_only), "look: ", busy(), ends_with_the_newest);
}

/// A field that shows what was last seen counts as unchanged, whatever the log says.
fn equality_first(input: &PlanInput<'_>) -> Plan {
    let mut observed: BTreeMap<_, Observation> = input.observed.clone();
    for (side, observation) in &mut observed {
        for row in input.sync.fields.values() {
            let Some(field) = row.sides.get(side) else { continue };
            let place = Place {
                sync: input.sync,
                row,
                side,
                catalog: &input.catalogs[side],
                references: input.references,
                origin: None,
                held: None,
            };
            let shown = observation.snapshot.fields.get(field).unwrap_or(&NativeValue::Empty);
            let base = input.item.replicas.get(side).and_then(|r| r.bases.get(&row.name)).and_then(|b| b.value.clone());
            if base.is_some() && base == inbound(&place, shown) {
                for step in &mut observation.steps {
                    step.entry.items.retain(|item| &item.field != field);
                }
            }
        }
    }
    plan(&PlanInput { observed: &observed, ..input.clone() })
}

#[test]
fn equality_before_entries_is_caught_by_the_restored_value_and_by_p5() {
    assert!(restored_value_counts(unchecked(equality_first)).is_err());
    assert_caught(unchecked(equality_first), "look: ", honest(), ends_with_the_newest);
}

/// Every hop counts as the one that reaches the wanted status.
fn hop_moves_base(input: &PlanInput<'_>) -> Plan {
    let mut made = plan(input);
    for operation in &mut made.operations {
        if let Action::Transition { last, .. } = &mut operation.action {
            *last = true;
        }
    }
    made
}

#[test]
fn a_hop_that_moves_the_base_is_caught_by_p5_and_by_the_checker() {
    assert_caught(unchecked(hop_moves_base), "look: ", honest(), ends_with_the_newest);
    assert_caught(Rig { plan: hop_moves_base, ..SOUND }, "P10: ", honest(), survives);
}

/// What was written last is written again.
fn never_quiet(input: &PlanInput<'_>) -> Plan {
    let mut made = plan(input);
    let last = input.intents.iter().rev().find(|intent| matches!(intent.operation.action, Action::SetFields { .. }));
    if made.operations.is_empty() {
        made.operations.extend(last.map(|intent| intent.operation.clone()));
    }
    made
}

#[test]
fn a_planner_that_is_never_quiet_is_caught_by_the_bound_of_p3() {
    assert_caught(unchecked(never_quiet), "P3: not quiet after 200 plans", honest(), survives);
}

/// A create whose answer is missing is planned again at once.
fn blind_retry(input: &PlanInput<'_>) -> Plan {
    let mut intents = input.intents.to_vec();
    intents.retain(|intent| intent.state.is_settled() || !matches!(intent.operation.action, Action::Create { .. }));
    plan(&PlanInput { intents: &intents, ..input.clone() })
}

#[test]
fn a_blind_retry_of_a_create_is_caught_by_p9() {
    assert_caught(unchecked(blind_retry), "P9: ", honest(), survives);
}

#[test]
fn a_create_without_a_mark_is_caught_by_p9() {
    assert_caught(Rig { marks: false, ..SOUND }, "P9: ", honest(), survives);
}

#[test]
fn a_skipped_verify_is_caught_by_what_we_overwrote() {
    assert_caught(Rig { verifies: false, ..SOUND }, "verify: ", calm(), nothing_overwritten);
}

/// Everybody sees everybody: where a value came from is forgotten.
fn origin_forgotten(input: &PlanInput<'_>) -> Plan {
    let mut sync = input.sync.clone();
    let all = sync.side_ids().cloned().collect::<std::collections::BTreeSet<_>>();
    for side in &mut sync.sides {
        side.sees.clone_from(&all);
    }
    plan(&PlanInput { sync: &sync, ..input.clone() })
}

#[test]
fn a_forgotten_origin_is_caught_by_isolation_and_by_the_checker() {
    let property = |rig: Rig, _: usize, script: &[Move]| isolates(rig, script, 0);
    assert_caught(unchecked(origin_forgotten), "isolation: ", calm(), property);
    assert_caught(Rig { plan: origin_forgotten, ..SOUND }, "P10: ", calm(), property);
}

/// What Jira stored counts as what we wrote when only its case differs, for text of one line too.
fn lenient(input: &PlanInput<'_>) -> Plan {
    let mut made = plan(input);
    for (side, replica) in &mut made.item.replicas {
        for (name, base) in &mut replica.bases {
            for intent in input.intents.iter().filter(|intent| &intent.operation.side == side) {
                if let Action::SetFields { fields } = &intent.operation.action
                    && let Some(write) = fields.get(name)
                    && let (Value::Line(wanted), Some(Value::Line(held))) = (&write.wanted, &base.value)
                    && wanted.eq_ignore_ascii_case(held)
                {
                    base.value = Some(write.wanted.clone());
                    base.side_effect = None;
                }
            }
        }
    }
    made.holds.clear();
    made
}

#[test]
fn equivalence_for_non_text_is_caught_by_what_is_shown_and_by_the_checker() {
    assert_eq!(stored_otherwise(SOUND), Ok(()));
    let seen = stored_otherwise(unchecked(lenient)).unwrap_err();
    assert!(seen.starts_with("stored: "), "{seen}");
    let checked = stored_otherwise(Rig { plan: lenient, ..SOUND }).unwrap_err();
    assert!(checked.starts_with("P10: "), "{checked}");
}
