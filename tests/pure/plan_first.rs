//! What is taken from the first read of a copy that we made. Must never take a clock's word for what its people could see.

use std::collections::BTreeSet;

use jirasyncd::model::ids::{FieldName, SideId};
use jirasyncd::model::settings::{Composed, ConflictPolicy};
use jirasyncd::model::value::Value;
use jirasyncd::plan::By;

use super::plan_world::{Fate, SOUND, World, settings, side};

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

/// An automation as the sync user moves each new copy on: nobody saw what it showed, so it gets what is agreed, and once.
#[test]
fn a_new_copy_that_an_automation_moves_on_gets_what_is_agreed() {
    let mut world = moved_about();
    world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done).unwrap();
    let moved_on = world.value(&side(1), "status", 1);
    assert!(world.set(&side(1), "status", moved_on.clone(), By::SyncUser));
    world.settle().unwrap();
    stands_at(&world, "To Do");
    // Whoever is told what is agreed and moves it all the same is let be.
    assert!(world.set(&side(1), "status", moved_on, By::SyncUser));
    world.settle().unwrap();
    assert_eq!(world.shared(&side(1), "status"), Value::Choice("a Doing".to_owned()));
    assert!(!world.holds.is_empty());
}

/// A row that says a status by itself is agreed with nobody, whatever the other side's status is.
#[test]
fn a_copy_gets_the_status_that_its_row_says_by_itself() {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    let row = sync.fields.get_mut(&FieldName::from("status")).unwrap();
    row.from = BTreeSet::from([side(0)]);
    row.composed = Some(Composed::Constant("b Doing".to_owned()));
    let mut world = World::with(sync, &side(0), SOUND);
    moved(&mut world, 0, 2);
    world.settle().unwrap();
    assert_eq!(world.shared(&side(1), "status"), Value::Choice("a Doing".to_owned()));
}

/// A status without a counterpart there is shown by no other one: whoever moves the copy on could not know it.
#[test]
fn a_status_without_a_counterpart_is_not_what_a_new_copy_shows() {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    sync.statuses.rows[2].names.remove(&side(1));
    let mut world = World::with(sync, &side(0), SOUND);
    // Seen before it moved, it has moved by somebody's word.
    world.look(&BTreeSet::from([side(0)])).unwrap();
    world.at(5);
    moved(&mut world, 0, 2);
    // Before it is told that the status is not carried.
    world.cycle(&BTreeSet::from([side(0)]), &mut || Fate::Done).unwrap();
    world.at(0);
    moved(&mut world, 1, 1);
    world.settle().unwrap();
    assert_eq!(world.shared(&side(0), "status"), Value::Choice("a Done".to_owned()));
    assert_eq!(world.conflicts.len(), 1, "{:?}", world.conflicts);
}
