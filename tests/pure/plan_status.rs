//! The ways of a status through a workflow in which others are offered more than we are. Must never go where an issue came from.

use std::collections::BTreeMap;

use jirasyncd::model::catalog::Workflow;
use jirasyncd::model::ids::SideId;
use jirasyncd::model::operation::Action;
use jirasyncd::model::settings::ConflictPolicy;
use jirasyncd::model::value::Value;
use jirasyncd::plan::By;

use super::plan_world::{SOUND, World, settings, side};

/// A world in step whose second side closes issues for others alone, as its workflow and its configured path have it.
fn closed_to_us(ways: &[(&str, &str)], path: &[&str]) -> World {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    let there = |name: &str| format!("{} {name}", side(1));
    if !path.is_empty() {
        let stops = path.iter().map(|stop| there(stop)).collect();
        sync.statuses.rows[2].path = BTreeMap::from([(side(1), stops)]);
    }
    let mut world = World::with(sync, &side(0), SOUND);
    let mut workflow = Workflow::default();
    for (from, to) in ways {
        workflow.learn(&there("Bug"), &there(from), &there(to));
    }
    world.workflows.insert(side(1), workflow);
    world.closed.insert(there("Done"));
    world.settle().unwrap();
    let done = world.value(&side(0), "status", 2);
    assert!(world.set(&side(0), "status", done, By::Person));
    world
}

/// Where our hops led on the second side.
fn hops(world: &World) -> Vec<&str> {
    let made = world.sent.iter().filter(|operation| operation.side == side(1));
    let to =
        made.filter_map(
            |operation| {
                if let Action::Transition { to, .. } = &operation.action { Some(to.as_str()) } else { None }
            },
        );
    to.collect()
}

#[test]
fn a_configured_path_that_ends_before_its_goal_is_not_gone_round_and_round() {
    let ways = [("To Do", "Doing"), ("Doing", "Done"), ("Doing", "Waiting"), ("Waiting", "Doing"), ("Waiting", "Done")];
    let mut world = closed_to_us(&ways, &["Doing", "Done"]);
    world.settle().unwrap();
    assert_eq!(hops(&world), ["b Doing", "b Waiting"]);
    assert!(world.holds.iter().any(|hold| hold.why.contains("no way is known from")), "{:?}", world.holds);
    world.closed.clear();
    world.settle().unwrap();
    assert_eq!(world.shared(&side(1), "status"), Value::Choice("a Done".to_owned()));
}

/// Where a stop is not offered, and a known way leads on, the path goes on behind the last stop that was come through.
#[test]
fn a_path_goes_on_where_a_known_way_left_it() {
    let ways = [("To Do", "Doing"), ("Doing", "Waiting"), ("Waiting", "Done"), ("Waiting", "Testing")];
    let mut world = closed_to_us(&ways, &["Doing", "Testing", "Done"]);
    world.settle().unwrap();
    assert_eq!(hops(&world), ["b Doing", "b Waiting", "b Testing"]);
}

/// A path that names one status twice, and the way on from it that is not offered.
#[test]
fn a_stop_that_a_path_names_twice_is_come_through_once() {
    let ways = [("To Do", "Doing"), ("Doing", "Waiting"), ("Waiting", "Doing"), ("Doing", "Done")];
    let mut world = closed_to_us(&ways, &["Doing", "Waiting", "Doing", "Done"]);
    world.settle().unwrap();
    assert_eq!(hops(&world), ["b Doing", "b Waiting"]);
}

/// The journal keeps what was settled for a while. What our hops came through is known for longer, until somebody moves the issue.
#[test]
fn what_our_hops_came_through_outlasts_the_journal() {
    let ways = [("To Do", "Doing"), ("Doing", "To Do"), ("To Do", "Done"), ("Doing", "Done")];
    let mut world = closed_to_us(&ways, &[]);
    for _ in 0..3 {
        world.settle().unwrap();
        assert_eq!(hops(&world), ["b Doing"]);
        world.intents.clear();
    }
    // A person who puts it back begins another way, and has the word: home follows.
    let back = world.value(&side(1), "status", 0);
    assert!(world.set(&side(1), "status", back, By::Person));
    world.settle().unwrap();
    assert_eq!(world.shared(&side(0), "status"), Value::Choice("a To Do".to_owned()));
    let done = world.value(&side(0), "status", 2);
    assert!(world.set(&side(0), "status", done, By::Person));
    world.settle().unwrap();
    assert_eq!(hops(&world), ["b Doing", "b Doing"]);
}
