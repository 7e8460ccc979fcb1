//! Security levels as they are taken in and planned: what is shut, what is let in again, and whose a level is. Must never take an
//! index for the issue itself.

use std::collections::BTreeMap;

use jirasyncd::model::hub::{Absence, Away};
use jirasyncd::model::ids::FieldName;
use jirasyncd::model::issue::NativeValue;
use jirasyncd::model::operation::{Action, NativeWrite};
use jirasyncd::plan::{Observation, Plan, Wanted, plan};

use super::plan_check_levels::{at_home, with_replica, world};
use super::plan_world::{World, side};

/// What is planned where this side alone was read, changed like this.
fn made(world: &World, on: usize, direct: bool, change: impl FnOnce(&mut Observation)) -> Plan {
    let mut read = world.observe(&side(0), direct).unwrap();
    if on != 0 {
        let replica = &world.item.replicas[&side(on)];
        (read.snapshot.id, read.snapshot.key) = (replica.issue, replica.key.clone());
        read.snapshot.project = side(on).as_str().to_uppercase();
        read.snapshot.fields.clear();
    }
    change(&mut read);
    let (observed, offers) = (BTreeMap::from([(side(on), read)]), BTreeMap::new());
    plan(&world.input(&observed, &offers))
}

/// What is planned for the level of the second side: a name, or that there is to be none.
fn level_set(plan: &Plan) -> Option<Option<String>> {
    let security = FieldName::from("security");
    plan.operations.iter().filter(|operation| operation.side == side(1)).find_map(|operation| {
        let Action::SetFields { fields } = &operation.action else { return None };
        let NativeWrite::Set(NativeValue::Named(named)) = &fields.get(&security)?.write else { return Some(None) };
        Some(Some(named.name.clone()))
    })
}

fn asks(plan: &Plan, on: usize) -> bool {
    plan.wanted.get(&side(on)).is_some_and(|wanted| wanted.contains(&Wanted::Comments))
}

#[test]
fn what_was_shut_is_let_in_by_the_issue_itself_alone() {
    let mut world = with_replica(at_home(world(), None), None, false);
    world.item.replicas.get_mut(&side(1)).unwrap().restricted = true;
    for (direct, tells, open) in [(true, true, true), (false, true, false), (true, false, false)] {
        let plan = made(&world, 1, direct, |read| read.snapshot.tells_level = tells);
        assert_eq!(plan.item.replicas[&side(1)].restricted, !open, "direct: {direct}, tells: {tells}");
        assert_eq!(asks(&plan, 1), !direct, "direct: {direct}, tells: {tells}");
    }
}

/// What was shut and is not any more is read before anything is written there: what was done meanwhile was not taken in.
#[test]
fn what_was_shut_is_read_unless_it_is_elsewhere() {
    for away in [false, true] {
        let mut world = with_replica(at_home(world(), Some("Staff")), Some("Inside"), true);
        let there = world.item.replicas.get_mut(&side(1)).unwrap();
        there.restricted = true;
        let (how, since) = (Absence::Moved("ELSE".to_owned()), there.updated);
        let moved = Away { how, since, confirmed: Some(since), moved_on: false, doubted: false, key: None };
        there.away = away.then_some(moved);
        let plan = made(&world, 0, true, |read| {
            (read.snapshot.restricted, read.snapshot.level) = (true, Some("Staff".to_owned()));
        });
        assert_eq!(asks(&plan, 1), !away, "away: {away}");
    }
}

#[test]
fn a_read_that_does_not_tell_is_no_word_about_the_level() {
    let world = with_replica(at_home(world(), None), None, false);
    for tells in [true, false] {
        let plan = made(&world, 1, true, |read| read.snapshot.tells_level = tells);
        let read = plan.item.replicas[&side(1)].level.read;
        assert_eq!(read.is_some() && read != world.item.replicas[&side(1)].level.read, tells, "{read:?}");
    }
}

#[test]
fn a_level_without_a_row_shuts_also_by_its_name() {
    let world = with_replica(at_home(world(), None), None, false);
    for (name, shut) in [("Staff", false), ("Secret", true)] {
        let plan = made(&world, 0, true, |read| {
            (read.snapshot.restricted, read.snapshot.level) = (true, Some(name.to_owned()));
        });
        assert_eq!(plan.item.replicas[&side(0)].restricted, shut, "{name}");
    }
}

#[test]
fn what_home_does_not_tell_is_asked_for_and_then_said() {
    let mut world = with_replica(at_home(world(), None), None, false);
    world.item.replicas.get_mut(&side(0)).unwrap().level.read = None;
    for direct in [false, true] {
        let plan = made(&world, 0, direct, |read| read.snapshot.tells_level = false);
        let said = plan.holds.iter().any(|hold| hold.why.contains("does not tell whether"));
        assert_eq!((asks(&plan, 0), said), (!direct, direct), "direct: {direct}");
    }
}

#[test]
fn a_counterpart_gets_homes_level_and_loses_it_only_by_a_read_of_home() {
    let staff = with_replica(at_home(world(), Some("Staff")), None, false);
    let under = |read: &mut Observation| {
        (read.snapshot.restricted, read.snapshot.level) = (true, Some("Staff".to_owned()));
    };
    assert_eq!(level_set(&made(&staff, 0, true, under)), Some(Some("Inside".to_owned())));
    let open = with_replica(at_home(world(), None), Some("Inside"), true);
    for (direct, wanted) in [(true, Some(None)), (false, None)] {
        let plan = made(&open, 0, direct, |_| {});
        assert_eq!(level_set(&plan), wanted, "direct: {direct}");
        assert_eq!(asks(&plan, 0), !direct);
    }
    // One that the row does not name there is said, and asked of nobody.
    let mut unnamed = staff;
    let third = unnamed.item.replicas.remove(&side(1)).unwrap();
    unnamed.item.replicas.insert(side(2), third);
    let plan = made(&unnamed, 0, true, under);
    assert!(plan.holds.iter().any(|hold| hold.side == side(2) && hold.why.contains("has no name here")), "{plan:?}");
    assert!(!asks(&plan, 0) && !asks(&plan, 2));
}

#[test]
fn only_what_we_set_is_ours_and_only_its_loss_is_counted() {
    for ours in [true, false] {
        let world = with_replica(at_home(world(), Some("Staff")), Some("Inside"), ours);
        let plan = made(&world, 1, true, |_| {});
        let level = &plan.item.replicas[&side(1)].level;
        assert_eq!((level.seen.clone(), level.undone), (None, u32::from(ours)), "ours: {ours}");
        // Somebody set it, as far as anybody can tell.
        let world = with_replica(at_home(self::world(), Some("Staff")), None, ours);
        let plan = made(&world, 1, true, |read| {
            (read.snapshot.restricted, read.snapshot.level) = (true, Some("Inside".to_owned()));
        });
        let level = &plan.item.replicas[&side(1)].level;
        assert_eq!((level.seen.as_deref(), level.ours), (Some("Inside"), false), "ours: {ours}");
    }
}
