//! Items that may be one, what becomes of those that are, and which of two values stands where a person says so. Must never let one partner
//! be told by another's words.

use std::collections::BTreeSet;

use jirasyncd::model::hub::ItemState;
use jirasyncd::model::ids::{ItemId, SideId};
use jirasyncd::model::initial::Initial;
use jirasyncd::model::issue::NativeValue;
use jirasyncd::model::settings::{ConflictPolicy, SyncSettings};
use jirasyncd::model::value::Value;
use jirasyncd::model::whose::Circle;
use jirasyncd::plan::{By, open_questions, pair, proposals, resolve, unite, would_tell};
use jirasyncd::text;

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

/// An issue that a person made on the first of these sides, in step with its counterparts on the others.
fn in_step(sync: &SyncSettings, on: &[usize]) -> World {
    let mut world = World::with(sync.clone(), &side(on[0]), SOUND);
    world.belongs = on.iter().copied().map(side).collect();
    world.item.id = ItemId(on[0] as u128 + 1);
    world.settle().unwrap();
    world
}

fn edit(world: &mut World, on: usize, field: &str) {
    let value = world.value(&side(on), field, 1);
    assert!(world.set(&side(on), field, value, By::Person));
    world.settle().unwrap();
}

/// A person says that these are one item.
fn paired(mut world: World, others: &[&World]) -> (World, Vec<(String, SideId)>) {
    let parts: Vec<ItemState> = others.iter().map(|other| other.item.clone()).collect();
    others.iter().for_each(|other| world.meet(other));
    let all: Vec<ItemState> = std::iter::once(world.item.clone()).chain(parts).collect();
    let paired = pair(&world.sync, world.item.id, &all);
    world.item = paired.item;
    let mut lost: Vec<_> = paired.conflicts.iter().map(|it| (it.field.to_string(), it.loser.clone())).collect();
    lost.sort();
    (world, lost)
}

fn asked(world: &World, field: &str) -> BTreeSet<SideId> {
    open_questions(&world.item).remove(&field.into()).unwrap_or_default()
}

/// The third side sees the first one's words alone: it follows them, and hears of no question that the second raises.
#[test]
fn of_a_question_only_those_are_told_who_may_hear_of_it() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    sync.fields.get_mut(&"summary".into()).unwrap().initial = Initial::Ask;
    for (on, sees) in [(0, [0, 1]), (1, [0, 1]), (2, [0, 2])] {
        sync.sides[on].sees = sees.map(side).into();
    }
    let mut partner = in_step(&sync, &[1]);
    edit(&mut partner, 1, "summary");
    let theirs = partner.held(&side(1), "summary");
    let (mut world, _) = paired(in_step(&sync, &[0, 2]), &[&partner]);
    assert_eq!(asked(&world, "summary"), BTreeSet::from([side(0), side(1)]));
    edit(&mut world, 0, "summary");
    assert_eq!(asked(&world, "summary"), BTreeSet::from([side(0), side(1)]));
    assert_eq!(world.held(&side(1), "summary"), theirs);
    assert_eq!(world.held(&side(2), "summary"), world.held(&side(0), "summary"));
}

/// Home sees all, and the third side follows home while the question is open. That its value stands is what it holds now, not what it held.
#[test]
fn who_only_follows_lets_nothing_stand_that_was_replaced_since() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    sync.fields.get_mut(&"summary".into()).unwrap().initial = Initial::Ask;
    for (on, sees) in [(1, [0, 1]), (2, [0, 2])] {
        sync.sides[on].sees = sees.map(side).into();
    }
    let mut partner = in_step(&sync, &[1]);
    edit(&mut partner, 1, "summary");
    let (mut world, _) = paired(in_step(&sync, &[0, 2]), &[&partner]);
    let before = world.held(&side(0), "summary");
    edit(&mut world, 0, "summary");
    let now = world.held(&side(0), "summary");
    assert!(now != before && world.held(&side(2), "summary") == now && asked(&world, "summary").contains(&side(1)));
    if let Some(resolved) = resolve(&world.sync, &world.item, &world.sync.fields[&"summary".into()], &side(2)) {
        assert!(resolved.conflicts.iter().all(|lost| lost.loser == side(1)), "{:?}", resolved.conflicts);
        world.item = resolved.item;
        world.settle().unwrap();
    }
    assert_eq!([0, 2].map(|on| world.held(&side(on), "summary")), [now.clone(), now]);
}

/// What those wrote whose acts stay on their side stands in the same text.
#[test]
fn an_edit_of_a_text_that_is_asked_about_crosses_whole_and_without_what_stays() {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    sync.sides[0].whose.from.extend(Circle::parse("group:team"));
    sync.fields.get_mut(&"description".into()).unwrap().initial = Initial::Ask;
    let (mut world, mut partner) = (in_step(&sync, &[0]), in_step(&sync, &[1]));
    let plain = |world: &World, on: usize| text::plain(&text::read(&world.held(&side(on), "description")));
    let before = plain(&world, 0);
    world.outside = true;
    edit(&mut world, 0, "description");
    world.outside = false;
    let staying = plain(&world, 0);
    edit(&mut partner, 1, "description");
    let theirs = plain(&partner, 1);
    let (mut world, _) = paired(world, &[&partner]);
    edit(&mut world, 0, "description");
    assert_eq!((asked(&world, "description").len(), plain(&world, 1)), (2, theirs));
    let resolved = resolve(&world.sync, &world.item, &world.sync.fields[&"description".into()], &side(0)).unwrap();
    world.item = resolved.item;
    world.settle().unwrap();
    let now = plain(&world, 0);
    let line = |text: &str, of: &str| text.lines().find(|line| line.starts_with(of)).unwrap().to_owned();
    assert!(line(&staying, "e: ") != line(&before, "e: ") && line(&now, "e: ") == line(&staying, "e: "));
    assert!(line(&now, "a: ") != line(&before, "a: "));
    assert_eq!(plain(&world, 1), now.replace(&line(&now, "e: "), &line(&before, "e: ")));
}

/// The first and the last side see all; the others only themselves, so what they hold stays, and does not stand elsewhere.
#[test]
fn of_each_side_whose_value_does_not_stand_one_conflict_is_kept() {
    let sides: Vec<SideId> = (0..4).map(side).collect();
    let mut sync = settings(&sides, ConflictPolicy::Newest);
    for on in [1, 2] {
        sync.sides[on].sees = BTreeSet::from([side(on)]);
    }
    for alike in [false, true] {
        let mut worlds: Vec<World> = (0..4).map(|on| in_step(&sync, &[on])).collect();
        for (on, world) in worlds.iter_mut().enumerate().skip(1) {
            let value = NativeValue::Text(if alike { "one".to_owned() } else { format!("one of {on}") });
            assert!(world.set(&side(on), "summary", value, By::Person));
            world.settle().unwrap();
        }
        let first = worlds.remove(0);
        let (_, lost) = paired(first, &worlds.iter().collect::<Vec<_>>());
        let each: Vec<_> = (1..4).map(|on| ("summary".to_owned(), side(on))).collect();
        assert_eq!(lost, each, "alike: {alike}");
    }
}

/// Sets are joined: no element of one says that another is not to be there.
#[test]
fn what_a_kept_item_says_stands_on_the_sides_that_join_it() {
    let sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    let (mut world, mut dropped) = (in_step(&sync, &[0]), in_step(&sync, &[1]));
    edit(&mut world, 0, "summary");
    edit(&mut world, 0, "labels");
    // The later word of the two.
    dropped.at(1);
    for field in ["summary", "description", "labels"] {
        edit(&mut dropped, 1, field);
    }
    world.meet(&dropped);
    let united = unite(&sync, &world.item, &dropped.item);
    let before = ["summary", "description"].map(|field| world.shared(&side(0), field));
    let labels = [(0, &world), (1, &dropped)].map(|(on, world)| world.shared(&side(on), "labels").words());
    let mut lost: Vec<String> = united.conflicts.iter().map(|conflict| conflict.field.to_string()).collect();
    lost.sort();
    assert_eq!(lost, ["description", "summary"]);
    world.item = united.kept;
    world.settle().unwrap();
    for on in 0..2 {
        let now = ["summary", "description"].map(|field| world.shared(&side(on), field));
        assert_eq!(now, before, "{on}");
        assert_eq!(world.shared(&side(on), "labels"), Value::Words(labels.iter().flatten().cloned().collect()));
    }
    assert_eq!(world.conflicts.len(), 0, "{:?}", world.conflicts);
}
