//! Values that lost a conflict and stand again since an operator says so: at whom they arrive, what is kept of what they replace, and when
//! they are not taken. Must never let one partner be shown another's words.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jirasyncd::model::acts::Acts;
use jirasyncd::model::hub::{Audience, Conflict, Trail};
use jirasyncd::model::ids::{FieldName, SideId};
use jirasyncd::model::settings::{ConflictPolicy, SyncSettings};
use jirasyncd::model::value::Value;
use jirasyncd::plan::{By, NotTaken, take_back};

use super::plan_world::{SOUND, World, settings, side};

/// A world of so many sides at rest, with settings that are changed before.
fn at_rest(sides: usize, change: impl FnOnce(&mut SyncSettings)) -> World {
    let sides: Vec<SideId> = (0..sides).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    change(&mut sync);
    let mut world = World::with(sync, &sides[0], SOUND);
    world.settle().unwrap();
    world
}

/// Two people set the field before either heard of the other; the last of them stands. Gives what lost, for each audience.
fn disputes(world: &mut World, field: &str, on: [usize; 2]) -> Vec<Conflict> {
    let before = world.conflicts.len();
    for (pick, on) in on.into_iter().enumerate() {
        // Neither is what stands, nor what the other one says.
        let value = world.value(&side(on), field, if field == "priority" { 2 * pick } else { pick + 1 });
        assert!(world.set(&side(on), field, value, By::Person));
    }
    world.settle().unwrap();
    world.conflicts[before..].to_vec()
}

/// The same where all see each other.
fn dispute(world: &mut World, field: &str, on: [usize; 2]) -> Conflict {
    let all = disputes(world, field, on);
    let [lost] = all.as_slice() else { panic!("{all:?}") };
    lost.clone()
}

/// Two partners that do not see each other, and home between them.
fn apart(sync: &mut SyncSettings) {
    for partner in [1, 2] {
        sync.sides[partner].sees = BTreeSet::from([side(0), side(partner)]);
    }
}

fn later() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn held(world: &World, field: &str, sides: usize) -> Vec<Value> {
    (0..sides).map(|on| world.shared(&side(on), field)).collect()
}

#[test]
fn what_lost_stands_again_on_all_sides_and_what_stood_is_kept() {
    for (field, name) in [("summary", "summary"), ("priority", "priority"), ("duedate", "due")] {
        let mut world = at_rest(2, |_| {});
        let lost = dispute(&mut world, field, [1, 0]);
        assert_eq!((&lost.loser, held(&world, field, 2)), (&side(1), vec![lost.kept.clone(); 2]), "{field}");
        let back = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
        assert!(back.not_taken.is_empty() && !back.stands, "{field}: {back:?}");
        let [taken] = back.taken.as_slice() else { panic!("{field}: {:?}", back.taken) };
        assert_eq!((&taken.field, &taken.on), (&name.into(), &BTreeSet::from([side(0), side(1)])), "{field}");
        assert_eq!(taken.was, (side(0), lost.kept.clone()), "{field}");
        assert_eq!(taken.now, (side(1), lost.lost.clone()), "{field}");
        let [kept] = back.conflicts.as_slice() else { panic!("{field}: {:?}", back.conflicts) };
        assert_eq!((&kept.loser, &kept.lost, &kept.winner, &kept.kept), (&side(0), &lost.kept, &side(1), &lost.lost));
        world.item = back.item;
        world.settle().unwrap();
        assert_eq!(held(&world, field, 2), vec![lost.lost.clone(); 2], "{field}");
        // The same word once more changes nothing.
        let again = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
        assert!(again.stands && again.taken.is_empty() && again.conflicts.is_empty(), "{field}: {again:?}");
        assert_eq!(again.item, world.item, "{field}");
        // The other way round it is taken back as well, and whoever changes it next is in dispute with nobody.
        world.item = take_back(&world.sync, &world.item, std::slice::from_ref(kept), later()).item;
        world.settle().unwrap();
        assert_eq!(held(&world, field, 2), vec![lost.kept.clone(); 2], "{field}");
        let next = world.value(&side(1), field, 1);
        assert!(world.set(&side(1), field, next, By::Person), "{field}");
        world.settle().unwrap();
        assert_eq!(world.shared(&side(0), field), world.shared(&side(1), field), "{field}");
        assert_eq!(world.conflicts.len(), 1, "{field}: {:?}", world.conflicts);
    }
}

/// The way that our hops took to what stood is none to what stands now: back is a way again.
#[test]
fn what_is_taken_back_has_a_way_of_its_own() {
    let mut world = at_rest(2, |_| {});
    let lost = dispute(&mut world, "priority", [1, 0]);
    let base = world.item.replicas.get_mut(&side(1)).unwrap().bases.get_mut(&FieldName::from("priority")).unwrap();
    base.trail = Some(Trail { acts: Acts::default(), through: BTreeSet::new(), to: "b Doing".to_owned() });
    let back = take_back(&world.sync, &world.item, &[lost], later());
    assert_eq!(back.taken.len(), 1, "{back:?}");
    assert_eq!(back.item.replicas[&side(1)].bases[&FieldName::from("priority")].trail, None);
}

#[test]
fn of_several_that_lost_the_newest_of_each_field_stands() {
    let mut world = at_rest(2, |_| {});
    let first = dispute(&mut world, "summary", [1, 0]);
    let day = dispute(&mut world, "duedate", [1, 0]);
    let second = dispute(&mut world, "summary", [1, 0]);
    assert_ne!(first.lost, second.lost);
    let back = take_back(&world.sync, &world.item, &[first, day.clone(), second.clone()], later());
    assert_eq!((back.taken.len(), back.conflicts.len()), (2, 2), "{:?}", back.taken);
    world.item = back.item;
    world.settle().unwrap();
    assert_eq!(held(&world, "summary", 2), vec![second.lost; 2]);
    assert_eq!(held(&world, "duedate", 2), vec![day.lost; 2]);
}

#[test]
fn it_arrives_where_it_was_weighed_and_nowhere_else() {
    let mut world = at_rest(3, apart);
    let lost = disputes(&mut world, "summary", [1, 0]);
    let (stood, was) = (held(&world, "summary", 3), lost[0].lost.clone());
    assert_eq!(stood, vec![lost[0].kept.clone(); 3]);
    let back = take_back(&world.sync, &world.item, &lost, later());
    world.item = back.item;
    world.settle().unwrap();
    let on: BTreeSet<SideId> = back.taken.iter().flat_map(|taken| taken.on.clone()).collect();
    assert_eq!(on, BTreeSet::from([side(0), side(1)]), "the third does not see whose it is");
    assert_eq!(held(&world, "summary", 3), [was.clone(), was, stood[2].clone()]);
}

#[test]
fn what_was_weighed_for_others_than_see_each_other_now_is_not_taken() {
    let mut world = at_rest(3, |_| {});
    let lost = dispute(&mut world, "summary", [1, 0]);
    apart(&mut world.sync);
    let back = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
    let on: Vec<_> = back.taken.iter().map(|taken| taken.on.clone()).collect();
    assert_eq!(on, [BTreeSet::from([side(0)])], "home alone sees all still");
    world.sync.sides[0].sees = BTreeSet::from([side(0), side(1)]);
    let back = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
    assert_eq!(back.not_taken, BTreeSet::from([NotTaken::OtherAudience("summary".into())]));
    assert!(back.taken.is_empty() && back.conflicts.is_empty() && back.item == world.item);
}

#[test]
fn a_text_that_may_hold_a_partners_words_is_shown_to_nobody_who_may_not_see_them() {
    let mut world = at_rest(3, apart);
    // The other partner has a say, so that what stands at home may be its words.
    let words = world.value(&side(2), "description", 1);
    world.set(&side(2), "description", words, By::Person);
    world.settle().unwrap();
    let standing = world.shared(&side(0), "description");
    let audience = Audience(world.sync.sides[1].sees.clone());
    let lost = Conflict {
        field: "description".into(),
        audience: audience.clone(),
        winner: side(1),
        kept: world.shared(&side(1), "description"),
        loser: side(0),
        lost: standing,
        at: later(),
        overwritten_by: None,
    };
    let back = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
    let why = NotTaken::WouldTell("description".into(), side(0), side(2), side(1));
    assert_eq!(back.not_taken, BTreeSet::from([why]));
    assert!(back.taken.is_empty() && back.item == world.item);
    // The same of a value that is set as a whole is the word of whoever set it.
    let line = Conflict { field: "summary".into(), lost: Value::Line("Of home".to_owned()), ..lost };
    let back = take_back(&world.sync, &world.item, &[line], later());
    assert!(back.not_taken.is_empty() && back.taken.len() == 1, "{back:?}");
}

#[test]
fn without_a_row_nothing_is_taken() {
    let mut world = at_rest(2, |_| {});
    let lost = dispute(&mut world, "summary", [1, 0]);
    let row = world.sync.fields.remove(&lost.field).unwrap();
    let back = take_back(&world.sync, &world.item, std::slice::from_ref(&lost), later());
    assert_eq!(back.not_taken, BTreeSet::from([NotTaken::NoField(lost.field.clone())]));
    assert!(back.taken.is_empty() && back.item == world.item);
    world.sync.fields.insert(lost.field.clone(), row);
    let back = take_back(&world.sync, &world.item, &[lost], later());
    assert!(back.taken.len() == 1 && back.not_taken.is_empty());
}
