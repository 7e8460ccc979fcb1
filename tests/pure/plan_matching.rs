//! Issues that were joined, or whose state was put back: what they already hold is found to be copies, and what nobody knows any more is
//! let be. Must never let anything be copied twice for want of a read.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::hub::{Base, FileCopy};
use jirasyncd::model::ids::{AttachmentId, CommentId, SideId};
use jirasyncd::model::issue::{AttachmentSnapshot, NativeValue};
use jirasyncd::model::left;
use jirasyncd::model::matching::Matching;
use jirasyncd::model::operation::Action;
use jirasyncd::model::remark::Remark;
use jirasyncd::model::settings::{ConflictPolicy, FieldKind, WhenDeleted};
use jirasyncd::model::value::Value;
use jirasyncd::plan::{Observation, Plan, Wanted, files_to_compare, plan};
use jirasyncd::text;

use super::plan_check_files;
use super::plan_world::{SOUND, World, side};

/// Two sides in step with a comment of home and its copy.
fn world() -> World {
    of(2)
}

fn of(count: usize) -> World {
    let sides: Vec<SideId> = (0..count).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.comment(&side(0), false);
    world.settle().unwrap();
    world
}

/// The same, and nobody knows that the one is a copy of the other.
fn joined() -> (World, CommentId) {
    let mut world = world();
    let copy = world.item.comments[0].copies[&side(1)].clone();
    world.item.comments.clear();
    world.item.matching = Some(Matching::of([side(0), side(1)]));
    (world, copy)
}

fn made(world: &World, direct: bool, sides: &[usize], change: impl Fn(&mut Observation)) -> Plan {
    let seen = sides.iter().map(|on| {
        let mut read = world.observe(&side(*on), direct).unwrap();
        change(&mut read);
        (side(*on), read)
    });
    let (observed, offers) = (seen.collect(), BTreeMap::new());
    plan(&world.input(&observed, &offers))
}

fn copies(plan: &Plan) -> usize {
    plan.operations.iter().filter(|operation| matches!(operation.action, Action::AddComment { .. })).count()
}

fn asks(plan: &Plan, on: usize) -> bool {
    plan.wanted.get(&side(on)).is_some_and(|wanted| wanted.contains(&Wanted::Comments))
}

#[test]
fn what_stands_there_already_is_the_copy() {
    let (world, copy) = joined();
    let plan = made(&world, true, &[0, 1], |_| {});
    assert_eq!(plan.item.matching, None);
    assert_eq!(plan.item.comments[0].copies.get(&side(1)), Some(&copy));
    assert_eq!((copies(&plan), plan.matched.comments, plan.matched.left), (0, 1, 0));
    // A copy is no older than what it is a copy of.
    let (mut world, _) = joined();
    let written = world.issues[&side(1)][0].comments[0].created;
    world.issues.get_mut(&side(0)).unwrap()[0].comments[0].created = written + jiff::SignedDuration::from_hours(48);
    let plan = made(&world, true, &[0, 1], |_| {});
    assert_eq!((plan.item.comments[0].copies.len(), plan.matched.left), (0, 1));
}

#[test]
fn a_copy_of_one_line_is_found_and_so_are_those_of_three_sides() {
    let (mut world, copy) = joined();
    let said = text::plain(&text::read(&world.issues[&side(0)][0].comments[0].body));
    let one_line = NativeValue::Wiki(format!("P a (a): {said}"));
    world.issues.get_mut(&side(1)).unwrap()[0].comments[0].body = one_line;
    let plan = made(&world, true, &[0, 1], |_| {});
    assert_eq!(plan.item.comments[0].copies.get(&side(1)), Some(&copy));
    let mut world = of(3);
    world.item.comments.clear();
    world.item.matching = Some(Matching::of((0..3).map(side)));
    let plan = made(&world, true, &[0, 1, 2], |_| {});
    assert_eq!((copies(&plan), plan.matched.comments), (0, 2));
}

/// A link that nobody agreed on stays, as long as the issue has it.
#[test]
fn a_link_that_is_let_be_is_forgotten_with_it() {
    for (held, stays) in [(true, true), (false, false)] {
        let mut world = world();
        let mut row = world.sync.fields[&"labels".into()].clone();
        (row.name, row.kind) = ("links".into(), FieldKind::Links);
        row.sides.values_mut().for_each(|field| *field = "issuelinks".into());
        let link = "2 Blocks".to_owned();
        let links = Value::Words(held.then(|| link.clone()).into_iter().collect());
        let base = Base { value: Some(links), ..Base::default() };
        world.item.replicas.get_mut(&side(1)).unwrap().bases.insert(row.name.clone(), base);
        world.item.left = BTreeMap::from([(side(1), BTreeSet::from([left::link(&row.name, &link)]))]);
        world.sync.fields.insert(row.name.clone(), row);
        let plan = made(&world, true, &[], |_| {});
        assert_eq!(plan.item.left.contains_key(&side(1)), stays);
    }
}

#[test]
fn nothing_is_compared_before_all_of_it_was_read() {
    let (world, _) = joined();
    let waits = |plan: &Plan| plan.item.matching.is_some() && copies(plan) == 0;
    let one = made(&world, true, &[0], |_| {});
    assert!(waits(&one) && asks(&one, 1) && !asks(&one, 0), "{:?}", one.wanted);
    let index = made(&world, false, &[0, 1], |_| {});
    assert!(waits(&index) && asks(&index, 0) && asks(&index, 1), "{:?}", index.wanted);
    let torn = made(&world, true, &[0, 1], |read| read.snapshot.comments.complete = false);
    assert!(waits(&torn) && torn.holds.iter().any(|hold| hold.why.contains("could not be read whole")));
}

#[test]
fn only_files_of_one_size_that_may_cross_are_looked_into() {
    let (mut world, _) = joined();
    let file = |id: &str, size: u64| AttachmentSnapshot {
        id: AttachmentId::new(id),
        name: id.to_owned(),
        size,
        mime: String::new(),
        author: None,
        created: world.item.replicas[&side(0)].updated,
    };
    let seen = BTreeMap::from([(side(0), vec![file("1", 5), file("2", 6)]), (side(1), vec![file("3", 5)])]);
    let wanted = |world: &World| -> Vec<String> {
        files_to_compare(&world.sync, &world.item, &seen).iter().map(|(_, file)| file.id.to_string()).collect()
    };
    assert_eq!(wanted(&world), [] as [&str; 0]);
    world.sync.attachments.from.insert(side(0));
    world.sync.attachments.to.insert(side(1));
    assert_eq!(wanted(&world), ["1", "3"]);
}

/// What a state from a backup says is gone may have been answered since: it stays, on both sides.
#[test]
fn what_would_be_deleted_by_an_old_state_is_let_be() {
    let let_be = |change: fn(&mut World)| -> BTreeSet<String> {
        let mut world = world();
        world.item.comments[0].gone = true;
        let mut file = plan_check_files::world().item.attachments.remove(0);
        file.gone = true;
        let copy = FileCopy { id: AttachmentId::new("20"), name: "plan.pdf".to_owned(), gone: false, taken: false };
        file.copies.insert(side(1), copy);
        world.item.attachments.push(file);
        world.item.matching = Some(Matching { careful: true, ..Matching::of([side(0), side(1)]) });
        let issue = &mut world.issues.get_mut(&side(0)).unwrap()[0];
        issue.comments.clear();
        change(&mut world);
        let plan = made(&world, true, &[0, 1], |_| {});
        plan.item.left.get(&side(1)).cloned().unwrap_or_default()
    };
    let file = left::file(&AttachmentId::new("20"));
    let comment = left::remark(Remark::Comment, &world().item.comments[0].copies[&side(1)]);
    assert_eq!(let_be(|_| {}), BTreeSet::from([comment.clone(), file.clone()]));
    assert_eq!(let_be(|world| world.sync.comments.deleted = WhenDeleted::Keep), BTreeSet::from([file.clone()]));
    assert_eq!(let_be(|world| world.sync.attachments.deleted = WhenDeleted::Keep), BTreeSet::from([comment.clone()]));
    assert_eq!(let_be(|world| world.item.comments[0].notice = true), BTreeSet::from([file]), "a note comes and goes");
    assert_eq!(let_be(|world| world.item.attachments[0].gone = false), BTreeSet::from([comment]));
    let joins = |world: &mut World| world.item.matching.as_mut().unwrap().careful = false;
    assert_eq!(let_be(joins), BTreeSet::new(), "nothing was put back");
}

/// What is let be is that until a read of the issue itself does not show it any more.
#[test]
fn what_is_let_be_and_gone_is_forgotten() {
    for (direct, there, stays, wants) in
        [(true, true, true, false), (true, false, false, false), (false, true, true, false), (false, false, true, true)]
    {
        let mut world = world();
        let record = world.item.comments.remove(0);
        let what = left::remark(Remark::Comment, &record.copies[&side(1)]);
        world.item.left = BTreeMap::from([(side(1), BTreeSet::from([what]))]);
        if !there {
            world.issues.get_mut(&side(1)).unwrap()[0].comments.clear();
        }
        let plan = made(&world, direct, &[1], |_| {});
        assert_eq!((plan.item.left.contains_key(&side(1)), asks(&plan, 1)), (stays, wants), "{direct} {there}");
    }
}
