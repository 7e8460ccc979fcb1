//! Items whose state was put back from a backup, as they are joined anew by what stands and what the logs say. Must never let an old state
//! overrule what people did since.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::hub::{Absence, Away};
use jirasyncd::model::ids::SideId;
use jirasyncd::model::matching::Matching;
use jirasyncd::model::operation::Action;
use jirasyncd::model::settings::{ConflictPolicy, Farewell};
use jirasyncd::model::value::Value;
use jirasyncd::plan::{By, Plan};

use super::plan_world::{SOUND, World, side};

/// Two sides that were in step when the backup was made, after somebody had edited the first.
fn world() -> World {
    of(2)
}

fn of(count: usize) -> World {
    let sides: Vec<SideId> = (0..count).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.comment(&side(0), false);
    world.settle().unwrap();
    edit(&mut world, 0, "summary", By::Person);
    world.settle().unwrap();
    world.item.matching = Some(Matching { restored: true, ..Matching::of(sides) });
    world
}

fn edit(world: &mut World, on: usize, field: &str, by: By) {
    let value = world.value(&side(on), field, on + 2);
    assert!(world.set(&side(on), field, value, by));
}

fn made(world: &World) -> Plan {
    world.think(&world.everywhere(), true)
}

/// The values that are written on a side, by field.
fn written(plan: &Plan, on: usize) -> BTreeMap<String, Value> {
    let there = plan.operations.iter().filter(|operation| operation.side == side(on));
    let edits = there.filter_map(|operation| {
        let Action::SetFields { fields } = &operation.action else { return None };
        Some(fields.iter().map(|(name, write)| (name.to_string(), write.wanted.clone())))
    });
    edits.flatten().collect()
}

#[test]
fn what_people_did_since_stands_and_nobody_lost_anything_by_it() {
    let mut world = world();
    edit(&mut world, 1, "summary", By::Person);
    let plan = made(&world);
    let now = world.shared(&side(1), "summary");
    assert_eq!(written(&plan, 0), BTreeMap::from([("summary".to_owned(), now)]));
    assert_eq!((written(&plan, 1).len(), plan.conflicts.len()), (0, 0));
}

#[test]
fn of_two_words_the_newest_stands_and_each_other_one_is_kept() {
    let mut world = world();
    for on in [0, 1] {
        edit(&mut world, on, "summary", By::Person);
        edit(&mut world, on, "priority", By::Person);
    }
    let plan = made(&world);
    assert_eq!(written(&plan, 0).len(), 2);
    assert_eq!(written(&plan, 1).len(), 0);
    let mut lost: Vec<_> = plan.conflicts.iter().map(|it| (it.field.to_string(), it.loser.clone())).collect();
    lost.sort();
    assert_eq!(lost, [("priority".to_owned(), side(0)), ("summary".to_owned(), side(0))]);
}

/// Where nobody said anything since, what was written last is what we wrote: the state forgot it.
#[test]
fn our_own_newest_write_stands_where_nobody_said_anything() {
    let mut world = world();
    edit(&mut world, 1, "summary", By::SyncUser);
    let plan = made(&world);
    let now = world.shared(&side(1), "summary");
    assert_eq!(written(&plan, 0), BTreeMap::from([("summary".to_owned(), now)]));
    assert_eq!(plan.conflicts.len(), 0);
}

#[test]
fn nothing_is_deleted_for_what_an_old_state_knows() {
    let mut world = world();
    world.issues.get_mut(&side(0)).unwrap()[0].comments.clear();
    let plan = made(&world);
    assert!(plan.item.comments[0].gone);
    assert_eq!(plan.operations, []);
    assert_eq!(plan.item.matching, None, "all was read");
}

#[test]
fn of_three_words_both_that_do_not_stand_are_kept_whatever_they_say() {
    let mut world = of(3);
    for (on, priority) in [(0, 0), (1, 0), (2, 2)] {
        edit(&mut world, on, "summary", By::Person);
        let value = world.value(&side(on), "priority", priority);
        assert!(world.set(&side(on), "priority", value, By::Person));
    }
    let plan = made(&world);
    let mut lost: Vec<_> = plan.conflicts.iter().map(|it| (it.field.to_string(), it.loser.clone())).collect();
    lost.sort();
    let both = |field: &str| [0, 1].map(|on| (field.to_owned(), side(on)));
    assert_eq!(lost, [both("priority"), both("summary")].concat());
}

/// That the first side's issue is gone is sure. What else the state forgot is not known before this plan was carried out.
#[test]
fn the_plan_that_joins_an_item_anew_deletes_no_issue() {
    let mut world = of(3);
    world.sync.life.deleted = Farewell::Delete;
    let home = world.item.replicas.get_mut(&side(0)).unwrap();
    let (how, since) = (Absence::Missing, home.updated);
    home.away = Some(Away { how, since, confirmed: Some(since), moved_on: false, doubted: false, key: None });
    let deleted = |world: &World| {
        let plan = world.think(&BTreeSet::from([side(1), side(2)]), true);
        assert!(!plan.item.matching.is_some_and(|matching| matching.restored), "all that is there was read");
        plan.operations.iter().filter(|it| matches!(it.action, Action::DeleteIssue { .. })).count()
    };
    assert_eq!(deleted(&world), 0);
    world.item.matching = None;
    assert_eq!(deleted(&world), 2, "of one in step they go");
}
