//! The second look at a plan, where it is about how much is written at a time, who may receive what, and comments: sound plans, and
//! the same with something wrong put in. Must never let the planner decide what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::hub::Terms;
use jirasyncd::model::ids::{CommentId, FieldName, SideId};
use jirasyncd::model::issue::Visibility;
use jirasyncd::model::operation::{Action, FieldWrite, Operation, Thing};
use jirasyncd::model::remark::Remark;
use jirasyncd::model::settings::{ConflictPolicy, Farewell, OnUnmapped};
use jirasyncd::plan::{By, Observation, Plan, Wanted, check, plan};

use super::plan_world::{Fate, Revision, SOUND, World, side};

const AT_A_TIME: &str = "one edit, then one hop, per side and plan";
const UNSETTLED: &str = "nothing is written beside a write that is not settled";
const DISAGREE: &str = "nothing is written where values and log do not agree";
const LEAK: &str = "no leak";
const AGREED: &str = "only agreed values are written";
const ASKED: &str = "a side keeps its own until somebody resolves";
const MADE: &str = "only what a row lets be made is made";
const COPIED_ONCE: &str = "a comment is copied once";
const CHANGED_ONCE: &str = "a comment is changed once at a time";
const NOT_SEEN: &str = "comments go only where they may be seen";
const OURS: &str = "only our own copies are changed";
const STAY: &str = "restricted comments stay";
const SURELY: &str = "nothing is deleted that is not surely gone";
const FRESH: &str = "a copy is changed on a fresh read";
const GONE: &str = "what is not known to be gone is not parted with";

fn settled(count: usize) -> World {
    let sides: Vec<SideId> = (0..count).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world
}

fn edit(world: &mut World, at: usize, field: &str) {
    let value = world.value(&side(at), field, 1);
    assert!(world.set(&side(at), field, value, By::Person));
}

/// The rules that the plan on what all sides show breaks once it was changed. Unchanged it breaks none.
fn broken(world: &World, change: impl FnOnce(&mut Plan)) -> Vec<&'static str> {
    let sees = |side: SideId| Some((side.clone(), world.observe(&side, true)?));
    let observed: BTreeMap<SideId, Observation> = world.everywhere().into_iter().filter_map(sees).collect();
    let offers = world.offers(&world.everywhere());
    let input = world.input(&observed, &offers);
    let mut made = plan(&input);
    assert_eq!(check(&input, &made), []);
    change(&mut made);
    check(&input, &made).into_iter().map(|violation| violation.rule).collect()
}

fn writes(plan: &mut Plan) -> &mut BTreeMap<FieldName, FieldWrite> {
    let mut edits = plan.operations.iter_mut().filter_map(|operation| {
        if let Action::SetFields { fields } = &mut operation.action { Some(fields) } else { None }
    });
    edits.next().unwrap()
}

#[test]
fn one_edit_and_then_one_hop() {
    let mut world = settled(2);
    edit(&mut world, 0, "summary");
    edit(&mut world, 0, "status");
    assert!(broken(&world, |_| {}).is_empty());
    let found = broken(&world, |plan| plan.operations.reverse());
    assert!(found.contains(&AT_A_TIME), "a hop before the edit: {found:?}");
    for index in 0..2 {
        let found = broken(&world, |plan| {
            assert_eq!(plan.operations.len(), 2);
            plan.operations.push(plan.operations[index].clone());
        });
        assert!(found.contains(&AT_A_TIME), "{found:?}");
    }
}

#[test]
fn nothing_beside_what_is_not_settled_or_not_clear() {
    let mut world = settled(2);
    edit(&mut world, 0, "summary");
    let operation = world.think(&world.everywhere(), true).operations[0].clone();
    let found = broken(&world, |plan| {
        plan.wanted.entry(side(1)).or_default().insert(Wanted::FreshRead);
    });
    assert!(found.contains(&DISAGREE), "{found:?}");
    // A read that does not show what was written settles it; until then nothing is written beside it.
    world.cycle(&world.everywhere(), &mut || Fate::Lost).unwrap();
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let mut made = plan(&input);
    made.operations = vec![operation];
    let rules = |made: &Plan| check(&input, made).into_iter().any(|violation| violation.rule == UNSETTLED);
    assert!(rules(&made));
    made.seen.extend(input.intents.iter().map(|intent| intent.id));
    assert!(!rules(&made), "what this very plan saw is settled");
}

#[test]
fn only_what_is_agreed_among_whom_it_sees_is_received() {
    let mut world = settled(3);
    world.sync.sides[1].sees = BTreeSet::from([side(0), side(1)]);
    world.sync.sides[2].sees = BTreeSet::from([side(0), side(2)]);
    world.settle().unwrap();
    edit(&mut world, 0, "summary");
    let outside = |plan: &mut Plan| {
        let write = writes(plan).get_mut(&FieldName::from("summary")).unwrap();
        write.acts.include(&side(2), 1);
    };
    let found = broken(&world, outside);
    assert!(found.contains(&LEAK) && found.contains(&AGREED), "{found:?}");
    let found = broken(&world, |plan| {
        for agreed in plan.item.hub.get_mut(&FieldName::from("summary")).unwrap().values_mut() {
            agreed.asking.insert(side(1));
        }
    });
    assert!(found.contains(&ASKED), "{found:?}");
    let found = broken(&world, |plan| {
        plan.item.hub.remove(&FieldName::from("summary"));
    });
    assert!(found.contains(&AGREED), "{found:?}");
}

#[test]
fn only_what_a_row_lets_be_made_and_is_agreed_is_made() {
    let mut world = settled(2);
    edit(&mut world, 0, "labels");
    let word = "new-word".to_owned();
    let offer = |plan: &mut Plan| {
        let action = Action::Offer { field: "labels".into(), thing: Thing::Version, name: word.clone() };
        plan.operations = vec![Operation { side: side(1), action }];
    };
    let found = broken(&world, offer);
    assert!(found.contains(&MADE), "{found:?}");
    world.sync.fields.get_mut(&"labels".into()).unwrap().on_unmapped = OnUnmapped::Create;
    let found = broken(&world, offer);
    assert!(!found.contains(&MADE) && found.contains(&AGREED), "{found:?}");
}

#[test]
fn a_counterpart_of_what_is_there_is_not_parted_with() {
    let world = settled(2);
    for farewell in [Farewell::Unlink, Farewell::Delete] {
        let found = broken(&world, |plan| {
            let action = if farewell == Farewell::Delete {
                Action::DeleteIssue { with: side(0) }
            } else {
                Action::Unlink { to: side(0), global_id: String::new() }
            };
            plan.operations = vec![Operation { side: side(1), action }];
        });
        assert!(found.contains(&GONE), "{farewell:?}: {found:?}");
    }
}

/// A world with a comment at home, and what copies it to the other side.
fn said() -> (World, Action) {
    let mut world = settled(2);
    world.comment(&side(0), false);
    let made = world.think(&world.everywhere(), true);
    let action = made.operations.iter().find(|it| matches!(it.action, Action::AddComment { .. })).unwrap();
    (world, action.action.clone())
}

fn alone(action: Action) -> impl FnOnce(&mut Plan) {
    move |plan| plan.operations = vec![Operation { side: side(1), action }]
}

#[test]
fn a_comment_goes_once_and_only_where_the_rules_let_it() {
    let (mut world, action) = said();
    assert!(broken(&world, alone(action.clone())).is_empty());
    let twice = |plan: &mut Plan| plan.operations.push(plan.operations[0].clone());
    let found = broken(&world, twice);
    assert!(found.contains(&COPIED_ONCE), "{found:?}");
    let Action::AddComment { origin, comment, body, wanted, .. } = action.clone() else { unreachable!() };
    let internal = Action::AddComment {
        remark: Remark::Comment,
        origin,
        comment,
        body,
        wanted,
        edits: 0,
        spent: None,
        terms: Terms { of: Visibility::Internal, ..Terms::default() },
    };
    let found = broken(&world, alone(internal));
    assert!(found.contains(&STAY), "{found:?}");
    for take in [true, false] {
        let mut world = said().0;
        let rules = &mut world.sync.comments;
        if take {
            rules.from.remove(&side(0))
        } else {
            rules.to.remove(&side(1))
        };
        let found = broken(&world, alone(action.clone()));
        assert!(found.contains(&NOT_SEEN) && found.contains(&STAY), "{found:?}");
    }
    world.sync.sides[1].sees = BTreeSet::from([side(1)]);
    let found = broken(&world, alone(action));
    assert!(found.contains(&NOT_SEEN), "{found:?}");
}

#[test]
fn a_comment_under_way_is_not_sent_again() {
    let (mut world, action) = said();
    world.cycle(&world.everywhere(), &mut || Fate::Lost).unwrap();
    let found = broken(&world, alone(action));
    assert!(found.contains(&COPIED_ONCE), "{found:?}");
}

#[test]
fn a_copy_is_changed_once_on_a_fresh_read_and_deleted_only_with_its_original() {
    let (mut world, _) = said();
    world.settle().unwrap();
    world.revise(&side(0), 0, Revision::Edit);
    let is_change = |it: &&Operation| matches!(it.action, Action::EditComment { .. });
    let made = world.think(&world.everywhere(), true);
    let change = made.operations.iter().find(is_change).unwrap().action.clone();
    assert!(broken(&world, alone(change.clone())).is_empty());
    let found = broken(&world, |plan| plan.operations.push(plan.operations[0].clone()));
    assert!(found.contains(&CHANGED_ONCE), "{found:?}");
    let Action::EditComment { comment, copy, .. } = &change else { unreachable!() };
    let delete = |copy: &CommentId| Action::DeleteComment {
        remark: Remark::Comment,
        origin: side(0),
        comment: comment.clone(),
        copy: copy.clone(),
    };
    let found = broken(&world, alone(delete(copy)));
    assert_eq!(found, [SURELY]);
    let found = broken(&world, alone(delete(&CommentId::new("c1"))));
    assert!(found.contains(&OURS) && found.contains(&FRESH), "{found:?}");
    // Once its author narrowed the original, the copy may go, and may not be changed.
    world.revise(&side(0), 0, Revision::Restrict);
    assert_eq!(broken(&world, alone(delete(copy))), [] as [&str; 0]);
    let found = broken(&world, alone(change));
    assert!(found.contains(&STAY), "{found:?}");
}
