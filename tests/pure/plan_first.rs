//! What is taken from the first read of a copy that we made. Must never take a clock's word for what its people could see.

use std::collections::BTreeSet;

use jirasyncd::model::ids::SideId;
use jirasyncd::model::settings::ConflictPolicy;
use jirasyncd::model::value::Value;
use jirasyncd::plan::By;

use super::plan_world::{Fate, SOUND, World, side};

fn moved(world: &mut World, on: usize, status: usize) {
    let value = world.value(&side(on), "status", status);
    assert!(world.set(&side(on), "status", value, By::Person));
}

/// An issue that was moved about at home and stands where a new copy stands, and nobody copied it yet.
fn moved_about() -> World {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.at(5);
    for status in [1, 2, 0] {
        moved(&mut world, 0, status);
    }
    world
}

fn stands_at(world: &World, status: &str) {
    for on in 0..2 {
        assert_eq!(world.shared(&side(on), "status"), Value::Choice(format!("a {status}")));
    }
    assert_eq!(world.conflicts, []);
}

/// Creation sends no status, and the copy shows the agreed one all the same: whoever moves it on knew that, whatever their clock says.
#[test]
fn a_first_move_on_a_new_copy_stands_though_its_clock_is_behind() {
    let mut world = moved_about();
    world.settle().unwrap();
    world.at(0);
    moved(&mut world, 1, 1);
    world.settle().unwrap();
    stands_at(&world, "Doing");
}

/// The same where it was moved before anything of it was read: then the log tells what it showed.
#[test]
fn a_move_before_the_first_read_of_a_copy_is_no_conflict() {
    let mut world = moved_about();
    world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done).unwrap();
    world.at(0);
    moved(&mut world, 1, 1);
    world.settle().unwrap();
    stands_at(&world, "Doing");
}

/// What home said after the copy was made, nobody there could know.
#[test]
fn a_move_at_home_after_the_creation_is_told_by_time() {
    let mut world = moved_about();
    world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done).unwrap();
    moved(&mut world, 0, 2);
    world.look(&BTreeSet::from([side(0)])).unwrap();
    world.at(0);
    moved(&mut world, 1, 1);
    world.settle().unwrap();
    assert_eq!(world.shared(&side(1), "status"), Value::Choice("a Done".to_owned()));
    assert_eq!(world.conflicts.len(), 1, "{:?}", world.conflicts);
}
