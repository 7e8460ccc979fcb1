//! What becomes of counterparts where an issue is surely gone, as it is planned. Must never let anything go for a mere absence.

use std::collections::BTreeMap;

use jirasyncd::model::hub::{Absence, Away};
use jirasyncd::model::ids::OperationId;
use jirasyncd::model::operation::{Action, Intent, IntentState, Operation};
use jirasyncd::model::settings::{ConflictPolicy, Farewell};
use jirasyncd::plan::{Plan, check, plan};

use super::plan_world::{SOUND, World, side};

/// Three sides in step; the first one's issue was deleted, and nobody doubts it.
fn gone(farewell: &Farewell) -> World {
    let sides: Vec<_> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world.sync.life.deleted = farewell.clone();
    let home = world.item.replicas.get_mut(&side(0)).unwrap();
    let since = home.updated;
    let how = Absence::Missing;
    home.away = Some(Away { how, since, confirmed: Some(since), moved_on: false, doubted: false, key: None });
    world
}

fn made(world: &World) -> Plan {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let made = plan(&input);
    assert_eq!(check(&input, &made), []);
    made
}

fn delete(on: usize) -> Operation {
    Operation { side: side(on), action: Action::DeleteIssue { with: side(0) } }
}

fn unlinked(plan: &Plan) -> Vec<usize> {
    let unlinks = |on: usize| {
        let is_it =
            |it: &Operation| it.side == side(on) && matches!(&it.action, Action::Unlink { to, .. } if *to == side(0));
        plan.operations.iter().any(is_it)
    };
    (0..3).filter(|on| unlinks(*on)).collect()
}

fn under_way(world: &mut World, operation: Operation) {
    world.intents.push(Intent {
        id: OperationId(9_999_999),
        item: world.item.id,
        issue: None,
        opened: world.item.replicas[&side(0)].updated,
        operation,
        state: IntentState::Open,
        opened_there: None,
        silent: false,
        searches: 0,
        brought: None,
    });
}

#[test]
fn our_copies_go_and_what_a_person_made_stays() {
    let mut world = gone(&Farewell::Delete);
    assert_eq!(made(&world).operations, [delete(1), delete(2)]);
    world.item.replicas.get_mut(&side(1)).unwrap().ours = false;
    let plan = made(&world);
    assert_eq!(plan.operations, [delete(2)]);
    let told = |on: usize| plan.holds.iter().any(|hold| hold.side == side(on) && hold.why.contains("no copy of ours"));
    assert!(told(1) && !told(2), "{:?}", plan.holds);
    // What it was last given may still arrive.
    under_way(&mut world, Operation { side: side(2), action: Action::SetFields { fields: BTreeMap::new() } });
    assert_eq!(made(&world).operations, []);
}

#[test]
fn only_what_leads_to_it_is_taken_away_and_once() {
    let mut world = gone(&Farewell::Unlink);
    let plan = made(&world);
    assert_eq!(unlinked(&plan), [1, 2]);
    under_way(&mut world, plan.operations.iter().find(|it| it.side == side(1)).unwrap().clone());
    assert_eq!(unlinked(&made(&world)), [2]);
    world.item.replicas.get_mut(&side(2)).unwrap().links.remove(&side(0));
    assert_eq!(unlinked(&made(&world)), [] as [usize; 0]);
}

#[test]
fn one_that_is_only_missed_costs_nothing() {
    for farewell in [Farewell::Delete, Farewell::Unlink] {
        let mut world = gone(&farewell);
        world.item.replicas.get_mut(&side(0)).unwrap().away.as_mut().unwrap().confirmed = None;
        assert_eq!(made(&world).operations, [], "{farewell:?}");
    }
}
