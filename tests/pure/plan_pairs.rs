//! Items that may be one, and which of two values stands where a person says so. Must never let one partner be told by another's words.

use std::collections::BTreeSet;

use jirasyncd::model::hub::ItemState;
use jirasyncd::model::ids::{ItemId, SideId};
use jirasyncd::model::settings::{ConflictPolicy, SyncSettings};
use jirasyncd::plan::{By, open_questions, proposals, resolve, would_tell};

use super::plan_world::{SOUND, World, settings, side};

/// An item that only one side has an issue of; all are called the same.
fn alone(sync: &SyncSettings, on: usize, id: u128) -> ItemState {
    let mut world = World::with(sync.clone(), &side(on), SOUND);
    world.belongs = BTreeSet::from([side(on)]);
    world.look(&BTreeSet::from([side(on)])).unwrap();
    world.item.id = ItemId(id);
    world.item
}

#[test]
fn two_that_are_called_the_same_are_proposed_and_three_are_not() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let sync = settings(&sides, ConflictPolicy::Newest);
    let (one, other, third) = (alone(&sync, 0, 1), alone(&sync, 1, 2), alone(&sync, 1, 3));
    let found: Vec<Vec<SideId>> = proposals(&sync, &[&other, &one])
        .into_iter()
        .map(|proposal| proposal.issues.into_iter().map(|(side, _)| side).collect())
        .collect();
    assert_eq!(found, [[side(0), side(1)]]);
    assert_eq!(proposals(&sync, &[&one, &other, &third]), []);
    assert_eq!(proposals(&sync, &[&one]), []);
}

#[test]
fn an_issue_that_holds_a_partners_words_is_not_shown_to_who_does_not_see_that_partner() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let value = world.value(&side(1), "summary", 1);
    world.set(&side(1), "summary", value, By::Person);
    world.settle().unwrap();
    let others = BTreeSet::from([side(2)]);
    assert_eq!(would_tell(&world.sync, &world.item, &side(0), &others), None, "all see all");
    world.sync.sides[2].sees = BTreeSet::from([side(0), side(2)]);
    assert_eq!(would_tell(&world.sync, &world.item, &side(0), &others), Some((side(1), side(2))));
    world.sync.sides[2].sees = BTreeSet::from([side(2)]);
    assert_eq!(would_tell(&world.sync, &world.item, &side(0), &others), None, "it is shown nothing");
}

#[test]
fn what_a_person_decides_stands_and_nothing_is_asked_any_more() {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Ask, SOUND);
    world.settle().unwrap();
    for on in 0..2 {
        let value = world.value(&side(on), "summary", 1);
        world.set(&side(on), "summary", value, By::Person);
    }
    world.settle().unwrap();
    assert_eq!(open_questions(&world.item).len(), 1);
    let row = |name: &str| &world.sync.fields[&name.into()];
    for on in 0..2 {
        let resolved = resolve(&world.sync, &world.item, row("summary"), &side(on)).unwrap();
        assert!(open_questions(&resolved.item).is_empty() && resolved.left.is_empty());
        let held = world.shared(&side(on), "summary");
        assert!(resolved.item.hub[&"summary".into()].values().all(|agreed| agreed.value == held), "{on}");
    }
    assert!(resolve(&world.sync, &world.item, row("description"), &side(0)).is_none(), "nobody asked");
}
