//! Whose word is later, and who knew of whose, where the configuration or what a Jira offers changed in between. Must never take what
//! somebody replaced knowingly for a conflict, nor an earlier word for the later one.

use std::collections::BTreeSet;

use jirasyncd::model::ids::{FieldId, SideId};
use jirasyncd::model::issue::{Named, NativeValue};
use jirasyncd::model::settings::{ConflictPolicy, FieldKind, OnUnmapped, SyncSettings};
use jirasyncd::plan::By;

use super::plan_world::{SOUND, World, settings, side};

fn option(name: &str) -> NativeValue {
    NativeValue::Named(Named { id: format!("id-{name}"), name: name.to_owned() })
}

/// Both sides were given the same option, by two people; then one of the two Jiras archived it.
#[test]
fn who_moves_on_from_an_option_that_is_offered_no_more_takes_nothing_from_anybody() {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    let mut row = sync.fields[&"summary".into()].clone();
    (row.name, row.kind, row.on_unmapped) = ("flavour".into(), FieldKind::Choice, OnUnmapped::Clear);
    row.sides.values_mut().for_each(|field| *field = "customfield_1".into());
    sync.fields.insert(row.name.clone(), row);
    let mut world = World::with(sync, &side(0), SOUND);
    let offer = |world: &mut World, on: usize, names: &[&str]| {
        let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        world.catalogs.get_mut(&side(on)).unwrap().options.insert(FieldId::from("customfield_1"), names);
    };
    (0..2).for_each(|on| offer(&mut world, on, &["old", "new"]));
    world.settle().unwrap();
    for on in [1, 0] {
        assert!(world.set(&side(on), "customfield_1", option("old"), By::Person));
    }
    world.settle().unwrap();
    offer(&mut world, 1, &["new"]);
    world.settle().unwrap();
    assert!(world.set(&side(1), "customfield_1", option("new"), By::Person));
    world.settle().unwrap();
    assert_eq!(
        (0..2).map(|on| world.held(&side(on), "customfield_1")).collect::<Vec<_>>(),
        [option("new"), option("new")]
    );
    assert_eq!(world.conflicts, []);
}

/// The same sync without one of its sides.
fn without(mut sync: SyncSettings, out: &SideId) -> SyncSettings {
    sync.sides.retain(|side| &side.id != out);
    for side in &mut sync.sides {
        side.sees.remove(out);
    }
    for row in sync.fields.values_mut() {
        row.sides.remove(out);
        row.from.remove(out);
    }
    sync.comments.from.remove(out);
    sync.comments.to.remove(out);
    sync
}

/// The second side had a word in between that the third may not see, so nothing agreed says alone what the first one said, and when.
#[test]
fn the_latest_word_stands_also_on_a_side_that_was_out_of_the_configuration_then() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    for on in [1, 2] {
        sync.sides[on].sees = BTreeSet::from([side(0), side(on)]);
    }
    let mut world = World::with(sync.clone(), &side(0), SOUND);
    world.settle().unwrap();
    world.sync = without(sync.clone(), &side(2));
    for on in [1, 2, 0] {
        let value = world.value(&side(on), "summary", 1);
        assert!(world.set(&side(on), "summary", value, By::Person));
    }
    let latest = world.shared(&side(0), "summary");
    world.settle().unwrap();
    assert_eq!((world.shared(&side(1), "summary"), world.conflicts.len()), (latest.clone(), 1));
    world.conflicts.clear();
    world.sync = sync;
    world.settle().unwrap();
    for on in 0..3 {
        assert_eq!(world.shared(&side(on), "summary"), latest, "{on}");
    }
    assert!(world.conflicts.iter().all(|conflict| conflict.loser == side(2)), "{:?}", world.conflicts);
    assert!(!world.conflicts.is_empty(), "what was said there is kept");
}
