//! The second look at a plan, where it is about how much is written at a time, who may receive what, and comments: sound plans, and
//! the same with something wrong put in. Must never let the planner decide what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::hub::{Acts, Base, LaidOpen, Terms};
use jirasyncd::model::ids::{CommentId, FieldName, IssueId, SideId};
use jirasyncd::model::issue::Visibility;
use jirasyncd::model::matching::Marked;
use jirasyncd::model::operation::{Action, FieldWrite, Operation, Relation, Thing, Unset};
use jirasyncd::model::remark::Remark;
use jirasyncd::model::settings::{ConflictPolicy, Farewell, FieldKind, OnUnmapped, RestrictedRow};
use jirasyncd::model::value::Value;
use jirasyncd::model::whose::Circle;
use jirasyncd::plan::{By, Observation, Plan, Wanted, check, plan};

use super::plan_world::{self, Fate, Revision, SOUND, World, side};

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
const OURS_GO: &str = "only our own copies are deleted";
const SEEN: &str = "bases follow what was seen";
const MAPPED: &str = "only mapped fields are written";

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

/// What a creation does not send is held against what is due, as what it sends.
#[test]
fn what_a_creation_leaves_unset_is_what_is_agreed_for_that_side() {
    let world = World::new(&[side(0), side(1)], ConflictPolicy::Newest, SOUND);
    let status = FieldName::from("status");
    let unset = |plan: &mut Plan, change: &dyn Fn(&mut BTreeMap<FieldName, Unset>)| {
        let mut made = plan.operations.iter_mut().filter_map(|operation| {
            if let Action::Create { unset, .. } = &mut operation.action { Some(unset) } else { None }
        });
        change(made.next().unwrap());
    };
    let is_agreed = |change: &dyn Fn(&mut Unset)| {
        broken(&world, |plan| unset(plan, &|unset| change(unset.get_mut(&status).unwrap())))
    };
    assert_eq!(is_agreed(&|_| {}), Vec::<&str>::new());
    assert_eq!(is_agreed(&|unset| unset.value = Value::Choice("a Done".to_owned())), [AGREED]);
    assert_eq!(is_agreed(&|unset| unset.acts = Acts::default()), [AGREED]);
    let found = is_agreed(&|unset| unset.acts.include(&SideId::from("elsewhere"), 1));
    assert!(found.contains(&LEAK), "{found:?}");
    let no_row = |unset: &mut BTreeMap<FieldName, Unset>| {
        let one = unset[&status].clone();
        unset.insert("summary".into(), one);
    };
    assert_eq!(broken(&world, |plan| unset(plan, &no_row)), [MAPPED]);
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

#[test]
fn what_a_person_made_is_not_deleted_with_its_counterpart() {
    let world = settled(2);
    for (on, ours) in [(1, true), (0, false)] {
        let found = broken(&world, |plan| {
            let action = Action::DeleteIssue { with: side(1 - on) };
            plan.operations = vec![Operation { side: side(on), action }];
        });
        assert_eq!(!found.contains(&OURS_GO), ours, "{found:?}");
    }
}

#[test]
fn what_is_known_of_an_issue_is_what_was_read() {
    let world = settled(2);
    let summary = FieldName::from("summary");
    // Only what the issue does not show at all may have stayed as it was.
    for left_out in [false, true] {
        let found = broken(&world, |plan| {
            let base = plan.item.replicas.get_mut(&side(1)).unwrap().bases.get_mut(&summary).unwrap();
            (base.value, base.left_out) = (Some(Value::Line("another".to_owned())), left_out);
        });
        assert!(found.contains(&SEEN), "left out: {left_out}, {found:?}");
    }
    let mut world = settled(2);
    let mut row = world.sync.fields[&FieldName::from("labels")].clone();
    (row.name, row.kind) = ("watchers".into(), FieldKind::Watchers);
    world.sync.fields.insert(row.name.clone(), row);
    let watchers = FieldName::from("watchers");
    let one = || Base { value: Some(Value::Words(BTreeSet::from(["jane".to_owned()]))), ..Base::default() };
    world.item.replicas.get_mut(&side(1)).unwrap().bases.insert(watchers.clone(), one());
    assert_eq!(broken(&world, |_| {}), [] as [&str; 0], "nobody looked at the list, and it stayed as it was");
    let found = broken(&world, |plan| {
        let bases = &mut plan.item.replicas.get_mut(&side(1)).unwrap().bases;
        bases.get_mut(&watchers).unwrap().value = Some(Value::Words(BTreeSet::from(["bert".to_owned()])));
    });
    assert!(found.contains(&SEEN), "{found:?}");
}

#[test]
fn who_lets_only_some_peoples_acts_cross_receives_as_ever() {
    let mut sync = plan_world::settings(&[side(0), side(1)], ConflictPolicy::Newest);
    sync.sides[0].whose.from.extend(Circle::parse("group:team"));
    // Nobody else is told the same.
    sync.sides[1].sees = BTreeSet::from([side(1)]);
    let mut world = World::with(sync, &side(1), SOUND);
    world.settle().unwrap();
    edit(&mut world, 1, "summary");
    let found = broken(&world, |plan| assert_eq!(writes(plan).len(), 1));
    assert!(found.is_empty(), "{found:?}");
}

/// `across` lets a value pass between partners that do not see each other.
#[test]
fn what_goes_across_may_come_from_a_side_that_is_not_seen() {
    for across in [true, false] {
        let mut sync = plan_world::settings(&[side(0), side(1), side(2)], ConflictPolicy::Newest);
        sync.fields.get_mut(&"summary".into()).unwrap().across = across;
        for partner in [1, 2] {
            sync.sides[partner].sees = BTreeSet::from([side(0), side(partner)]);
        }
        let mut world = World::with(sync, &side(0), SOUND);
        world.settle().unwrap();
        edit(&mut world, 1, "summary");
        let found = broken(&world, |plan| assert_eq!(plan.operations.len(), if across { 2 } else { 1 }));
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn a_link_is_no_value_of_another_field() {
    let world = settled(2);
    let link = |field: &str| Relation {
        field: field.into(),
        element: "1 Blocks".to_owned(),
        kind: "Blocks".to_owned(),
        outward: true,
        issue: IssueId(9),
        key: "B-9".into(),
        acts: Acts::default(),
    };
    let found = broken(&world, alone(Action::AddIssueLink { link: link("labels") }));
    assert!(found.contains(&MAPPED), "{found:?}");
    let mut world = world;
    let mut row = world.sync.fields[&FieldName::from("labels")].clone();
    (row.name, row.kind) = ("links".into(), FieldKind::Links);
    row.sides.values_mut().for_each(|field| *field = "issuelinks".into());
    world.sync.fields.insert(row.name.clone(), row);
    let found = broken(&world, alone(Action::AddIssueLink { link: link("links") }));
    assert!(!found.contains(&MAPPED) && found.contains(&AGREED), "{found:?}");
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

/// What few read may be read by those whom a row names for them, in both directions, and by nobody else.
#[test]
fn a_comment_for_few_goes_to_those_whom_a_row_names() {
    let role = |name: &str| Visibility::Role(name.to_owned());
    for (at, with, readers, there) in [(0, 1, role("Few"), role("Some")), (1, 0, role("Some"), role("Few"))] {
        let (mut world, action) = said();
        world.sync.comments.restricted =
            vec![RestrictedRow { at: side(at), visibility: readers, with: side(with), there }];
        world.issues.get_mut(&side(0)).unwrap()[0].comments[0].visibility = role("Few");
        let Action::AddComment { remark, origin, comment, body, wanted, edits, spent, .. } = action else {
            unreachable!()
        };
        let under = |name: &str| {
            let terms = Terms { of: role("Few"), under: role(name) };
            let (origin, comment, body, wanted) = (origin.clone(), comment.clone(), body.clone(), wanted.clone());
            alone(Action::AddComment { remark, origin, comment, body, wanted, edits, spent, terms })
        };
        assert_eq!(broken(&world, under("Some")), [] as [&str; 0], "{at}");
        assert!(broken(&world, under("Others")).contains(&STAY), "{at}");
    }
}

/// What is internal to a service desk goes by a row only where both projects are known to be what it takes them for.
#[test]
fn a_note_of_a_desk_goes_by_a_row_only_where_no_customer_can_read_it() {
    let stays = |of: &Visibility, under: &Visibility, change: fn(&mut World)| {
        let (mut world, action) = said();
        let row = RestrictedRow { at: side(0), visibility: of.clone(), with: side(1), there: under.clone() };
        world.sync.comments.restricted = vec![row];
        world.issues.get_mut(&side(0)).unwrap()[0].comments[0].visibility = of.clone();
        for (at, readers) in [(0, of), (1, under)] {
            let desk = readers == &Visibility::Internal;
            let catalog = world.catalogs.get_mut(&side(at)).unwrap();
            (catalog.service_desk, catalog.desk_agent) = (Some(desk), Some(desk));
        }
        change(&mut world);
        let Action::AddComment { remark, origin, comment, body, wanted, edits, spent, .. } = action else {
            unreachable!()
        };
        let terms = Terms { of: of.clone(), under: under.clone() };
        let copy = Action::AddComment { remark, origin, comment, body, wanted, edits, spent, terms };
        broken(&world, alone(copy)).contains(&STAY)
    };
    let (open, note) = (Visibility::Everybody, Visibility::Internal);
    assert!(!stays(&note, &open, |_| {}) && !stays(&open, &note, |_| {}) && !stays(&note, &note, |_| {}));
    for change in [
        |world: &mut World| world.catalogs.get_mut(&side(0)).unwrap().service_desk = None,
        |world: &mut World| world.catalogs.get_mut(&side(1)).unwrap().service_desk = None,
    ] {
        assert!(stays(&note, &open, change) && stays(&open, &note, change) && stays(&note, &note, change));
    }
    assert!(stays(&note, &open, |world| world.catalogs.get_mut(&side(1)).unwrap().service_desk = Some(true)));
    assert!(stays(&open, &note, |world| world.catalogs.get_mut(&side(1)).unwrap().service_desk = Some(false)));
    assert!(stays(&open, &note, |world| world.catalogs.get_mut(&side(1)).unwrap().desk_agent = Some(false)));
    assert!(stays(&open, &note, |world| world.catalogs.get_mut(&side(1)).unwrap().desk_agent = None));
}

/// Where a copy that is to be internal is open without anybody's doing, the next one would be too.
#[test]
fn nothing_internal_goes_where_one_of_ours_is_open() {
    let (mut world, action) = said();
    let (at, with, visibility, there) = (side(0), side(1), Visibility::Everybody, Visibility::Internal);
    world.sync.comments.restricted = vec![RestrictedRow { at, visibility, with, there }];
    for (at, desk) in [(0, false), (1, true)] {
        let catalog = world.catalogs.get_mut(&side(at)).unwrap();
        (catalog.service_desk, catalog.desk_agent) = (Some(desk), Some(desk));
    }
    let Action::AddComment { remark, origin, comment, body, wanted, edits, spent, .. } = action else { unreachable!() };
    let terms = Terms { of: Visibility::Everybody, under: Visibility::Internal };
    let copy = Action::AddComment { remark, origin, comment, body, wanted, edits, spent, terms };
    for (by, stays) in [(None, false), (Some(LaidOpen::BySomebody), false), (Some(LaidOpen::ByItself), true)] {
        let found = broken(&world, |plan| {
            plan.operations = vec![Operation { side: side(1), action: copy.clone() }];
            let mut other = plan.item.comments[0].clone();
            other.id = CommentId::new("other");
            other.copies.insert(side(1), CommentId::new("70"));
            other.laid_open.extend(by.map(|by| (side(1), by)));
            plan.item.comments.push(other);
        });
        assert_eq!(found.contains(&STAY), stays, "{by:?}: {found:?}");
    }
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
    // What the configuration alone forbids now is not taken back.
    world.sync.comments.to.remove(&side(1));
    assert_eq!(broken(&world, alone(delete(copy))), [SURELY]);
    world.sync.comments.to.insert(side(1));
    // Once its author narrowed the original, the copy may go, and may not be changed.
    world.revise(&side(0), 0, Revision::Restrict);
    assert_eq!(broken(&world, alone(delete(copy))), [] as [&str; 0]);
    let found = broken(&world, alone(change));
    assert!(found.contains(&STAY), "{found:?}");
}

/// A state from a backup does not know a copy; its mark says of what it is one, and of nothing else.
#[test]
fn a_copy_that_nobody_remembers_is_ours_by_its_own_mark() {
    let (mut world, _) = said();
    world.settle().unwrap();
    let record = world.item.comments.remove(0);
    let (comment, copy) = (record.id.clone(), record.copies[&side(1)].clone());
    let marked = |copy: CommentId, original: CommentId| {
        let (remark, origin) = (Remark::Comment, side(0));
        Marked { remark, side: side(1), copy, origin, original }
    };
    let other = CommentId::new("c99");
    for (mark, ours) in [
        (marked(copy.clone(), comment.clone()), true),
        (marked(copy.clone(), other.clone()), false),
        (marked(other.clone(), comment.clone()), false),
    ] {
        world.item.orphans = vec![mark.clone()];
        let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
        let input = world.input(&observed, &offers);
        let mut made = plan(&input);
        let (remark, origin) = (Remark::Comment, side(0));
        let action = Action::DeleteComment { remark, origin, comment: comment.clone(), copy: copy.clone() };
        made.operations = vec![Operation { side: side(1), action }];
        let found = check(&input, &made).into_iter().any(|violation| violation.rule == OURS);
        assert_eq!(!found, ours, "{mark:?}");
    }
}
