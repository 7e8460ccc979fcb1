//! What the screen of a transition is given. Must never take what people wrote elsewhere for what stands there instead of it.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::ids::FieldName;
use jirasyncd::model::operation::Action;
use jirasyncd::model::settings::{Composed, ConflictPolicy, FieldRow};
use jirasyncd::model::value::Value;
use jirasyncd::plan::By;

use super::plan_world::{SOUND, World, settings, side};

/// Moves the issue of the first side to a status whose screen asks for the priority on the other one, under a row like this. Gives what the
/// hops there were given of it, and the status that it has then.
fn given(change: impl FnOnce(&mut FieldRow)) -> (Vec<Value>, Value) {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    change(sync.fields.get_mut(&FieldName::from("priority")).unwrap());
    let mut world = World::with(sync, &side(0), SOUND);
    world.settle().unwrap();
    let done = world.value(&side(0), "status", 2);
    assert!(world.set(&side(0), "status", done, By::Person));
    world.settle().unwrap();
    let hops = world.sent.iter().filter(|operation| operation.side == side(1)).filter_map(|operation| {
        let Action::Transition { fields, .. } = &operation.action else { return None };
        fields.get(&FieldName::from("priority")).map(|write| write.wanted.clone())
    });
    (hops.collect(), world.shared(&side(1), "status"))
}

fn choice(name: &str) -> Value {
    Value::Choice(format!("{} {name}", side(0)))
}

#[test]
fn a_screen_is_given_what_is_agreed() {
    assert_eq!(given(|_| {}), (vec![choice("Medium")], choice("Done")));
}

/// What the row says stands there in the place of what people wrote elsewhere, which that side is not to see.
#[test]
fn a_screen_is_given_what_the_sync_says_and_nothing_that_it_stands_for() {
    let told = given(|row| {
        row.from = BTreeSet::from([side(0)]);
        row.composed = Some(Composed::Constant(format!("{} Low", side(1))));
    });
    assert_eq!(told, (vec![choice("Low")], choice("Done")));
}

#[test]
fn a_screen_is_given_the_default_where_nothing_is_agreed() {
    let told = given(|row| {
        row.from = BTreeSet::from([side(1)]);
        row.default = BTreeMap::from([(side(1), format!("{} Low", side(1)))]);
    });
    assert_eq!(told, (vec![choice("Low")], choice("Done")));
}
