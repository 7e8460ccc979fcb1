//! Comments as they are planned: who gets a copy, whom it names, what is said of one that stays, and what flows back. Must never take
//! a copy for the word of who wrote the original.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use jirasyncd::model::document::{Block, Document};
use jirasyncd::model::hub::{CommentRecord, PendingComment, Said, Terms};
use jirasyncd::model::ids::{CommentId, SideId};
use jirasyncd::model::issue::Visibility;
use jirasyncd::model::operation::Action;
use jirasyncd::model::settings::{ConflictPolicy, CopyEdits, RestrictedRow};
use jirasyncd::plan::{Line, Plan, lines_of, operation_in_words, plan, render};
use jirasyncd::text;

use super::plan_check_files::said;
use super::plan_world::{Revision, SOUND, World, side};

fn settled() -> World {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world
}

fn made(world: &World) -> Plan {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    plan(&world.input(&observed, &offers))
}

/// A comment of home that nobody else got yet.
fn pending(world: &World, id: &str, words: &str) -> CommentRecord {
    let body = text::from_plain(words);
    let created = world.item.replicas[&side(0)].updated;
    let pending = PendingComment { body: body.clone(), author: "Jane".to_owned(), created, spent: None };
    CommentRecord { id: CommentId::new(id), pending: Some(pending), ..said(body) }
}

/// What a copy of a comment is to say.
fn copied(plan: &Plan, id: &str) -> Option<Document> {
    plan.operations.iter().find_map(|operation| {
        let Action::AddComment { comment, wanted, .. } = &operation.action else { return None };
        (comment.as_str() == id).then(|| wanted.clone())
    })
}

#[test]
fn an_internal_comment_that_would_be_public_stays_and_that_is_told() {
    let told = |change: fn(&mut World)| {
        let mut world = settled();
        world.sync.comments.internal = true;
        let internal = CommentRecord { visibility: Visibility::Internal, ..pending(&world, "9", "among us") };
        world.item.comments = vec![internal];
        change(&mut world);
        let plan = made(&world);
        assert_eq!(copied(&plan, "9"), None);
        plan.holds.iter().any(|hold| hold.side == side(1) && hold.why.contains("a comment was not copied"))
    };
    assert!(told(|_| {}));
    assert!(told(desks));
    assert!(told(|world| {
        desks(world);
        let there = world.catalogs.get_mut(&side(1)).unwrap();
        (there.service_desk, there.desk_agent) = (Some(true), Some(false));
    }));
    assert!(!told(|world| world.item.comments[0].gone = true));
    assert!(!told(|world| world.sync.sides[1].sees = BTreeSet::from([side(1)])));
    assert!(!told(|world| world.sync.comments.internal = false));
}

/// Home is a service desk, the other is none; the sync user is an agent where there is one.
fn desks(world: &mut World) {
    for (at, desk) in [(0, true), (1, false)] {
        let catalog = world.catalogs.get_mut(&side(at)).unwrap();
        (catalog.service_desk, catalog.desk_agent) = (Some(desk), Some(desk));
    }
}

#[test]
fn a_note_goes_by_a_row_to_who_is_nobodys_customer_and_is_told_where_it_stays() {
    let found = |change: fn(&mut World)| {
        let mut world = settled();
        let (visibility, there) = (Visibility::Internal, Visibility::Everybody);
        let row = RestrictedRow { at: side(0), visibility: visibility.clone(), with: side(1), there };
        world.sync.comments.restricted = vec![row];
        world.item.comments = vec![CommentRecord { visibility, ..pending(&world, "9", "among us") }];
        desks(&mut world);
        change(&mut world);
        let plan = made(&world);
        let told = plan.holds.iter().any(|hold| hold.side == side(1) && hold.why.contains("a comment was not copied"));
        (copied(&plan, "9").is_some(), told)
    };
    assert_eq!(found(|_| {}), (true, false));
    for change in [
        |world: &mut World| world.catalogs.get_mut(&side(0)).unwrap().service_desk = Some(false),
        |world: &mut World| world.catalogs.get_mut(&side(0)).unwrap().service_desk = None,
        |world: &mut World| world.catalogs.get_mut(&side(1)).unwrap().service_desk = Some(true),
        |world: &mut World| world.catalogs.get_mut(&side(1)).unwrap().service_desk = None,
    ] {
        assert_eq!(found(change), (false, true));
    }
}

#[test]
fn an_answer_names_whom_it_answers_and_nobody_of_the_same_number_elsewhere() {
    let mut world = settled();
    let elsewhere = CommentRecord {
        side: side(1),
        said: Some(Said { body: Document::default(), author: "Bert".to_owned(), edits: 0, spent: None }),
        ..said(Document::default())
    };
    let question = pending(&world, "9", "why?");
    let answer = CommentRecord { parent: Some(CommentId::new("9")), ..pending(&world, "10", "so") };
    world.item.comments = vec![elsewhere, question, answer];
    let plan = made(&world);
    let quotes = |id: &str| {
        let blocks = copied(&plan, id).unwrap().blocks;
        let quoted = blocks.into_iter().filter(|block| matches!(block, Block::Quote(_))).collect();
        text::plain(&Document { blocks: quoted })
    };
    assert!(quotes("10").contains("Jane:"), "{}", quotes("10"));
    assert_eq!(quotes("9"), "");
}

#[test]
fn a_comment_waits_for_a_counterpart_and_goes_where_one_is() {
    let mut world = settled();
    world.item.comments = vec![pending(&world, "9", "hello")];
    world.belongs.remove(&side(1));
    assert!(copied(&made(&world), "9").is_some(), "its counterpart is there");
    world.item.replicas.remove(&side(1));
    assert!(made(&world).item.comments[0].pending.is_none(), "nobody will read it");
    world.belongs.insert(side(1));
    assert!(made(&world).item.comments[0].pending.is_some());
}

/// The third side gets what the two others said. Of the first side's two, which stand together in the list, one is older than what the second
/// said, and one is newer.
#[test]
fn copies_are_made_in_the_order_in_which_people_wrote_wherever_they_stand_in_the_list() {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let written = |of: usize, id: &str, seconds: i64| {
        let record = pending(&world, id, id);
        let pending = record
            .pending
            .clone()
            .map(|pending| PendingComment { created: pending.created + SignedDuration::from_secs(seconds), ..pending });
        CommentRecord { side: side(of), pending, ..record }
    };
    // Of the same second the first side's comes first, and of the same side the one of the smaller id.
    let all = [
        written(1, "30", 50),
        written(0, "12", 50),
        written(0, "11", 50),
        written(1, "20", 20),
        written(0, "10", 40),
        written(0, "9", 10),
    ];
    world.item.comments = all.into();
    let plan = made(&world);
    let order: Vec<&str> = plan
        .operations
        .iter()
        .filter(|operation| operation.side == side(2))
        .filter_map(|operation| {
            let Action::AddComment { comment, .. } = &operation.action else { return None };
            Some(comment.as_str())
        })
        .collect();
    assert_eq!(order, ["9", "20", "10", "11", "12", "30"]);
}

fn narrow(world: &mut World, on: usize) {
    world.issues.get_mut(&side(on)).unwrap()[0].comments[0].visibility = Visibility::Role("Few".to_owned());
}

#[test]
fn what_a_person_writes_into_a_copy_flows_back_where_it_is_for_the_same_readers() {
    let flows_back = |change: fn(&mut World)| {
        let mut world = settled();
        world.comment(&side(0), false);
        world.settle().unwrap();
        world.sync.comments.copies = CopyEdits::FlowBack;
        world.catalogs.get_mut(&side(0)).unwrap().edits_all_comments = Some(true);
        world.revise(&side(1), 0, Revision::EditCopy);
        change(&mut world);
        let plan = world.think(&world.everywhere(), true);
        plan.operations.iter().any(|it| matches!(it.action, Action::EditOriginal { .. }))
    };
    assert!(flows_back(|_| {}));
    assert!(!flows_back(|world| world.sync.comments.copies = CopyEdits::Hold));
    assert!(!flows_back(|world| narrow(world, 0)));
    assert!(!flows_back(|world| narrow(world, 1)));
}

/// Home's person writes something else into their one comment.
fn say(world: &mut World, words: &str) {
    world.revise(&side(0), 0, Revision::Edit);
    let syntax = world.syntax(&side(0));
    world.issues.get_mut(&side(0)).unwrap()[0].comments[0].body = text::write(&text::from_plain(words), syntax);
}

/// What changes far behind the beginning of a comment is shown, in our copy and in the original that somebody's change of the copy goes into.
/// Of what was written long ago nothing is compared with what stands there by now.
#[test]
fn a_change_far_behind_in_a_comment_is_shown_by_its_words() {
    let long = |last: &str| {
        format!("one two three four five six seven eight nine ten eleven twelve thirteen fourteen {last} sixteen")
    };
    let mut world = settled();
    world.comment(&side(0), false);
    world.settle().unwrap();
    say(&mut world, &long("fifteen"));
    world.settle().unwrap();
    say(&mut world, &long("otherwise"));
    let plan = world.think(&world.everywhere(), true);
    let shown = render(&plan);
    let words = "becomes: … eleven twelve thirteen fourteen [-fifteen-]{+otherwise+} sixteen\n";
    assert!(shown.contains(words), "{shown}");
    assert!(lines_of(&plan).iter().any(Line::is_cut), "some words are left out: {shown}");
    let edit = plan.operations.iter().find(|it| matches!(it.action, Action::EditComment { .. })).unwrap();
    let told = operation_in_words(&plan.item, edit);
    assert!(told[0].contains("one two") && !told[0].contains("{+"), "{told:?}");
    world.settle().unwrap();
    world.sync.comments.copies = CopyEdits::FlowBack;
    world.catalogs.get_mut(&side(0)).unwrap().edits_all_comments = Some(true);
    world.revise(&side(1), 0, Revision::EditCopy);
    let shown = render(&world.think(&world.everywhere(), true));
    assert!(shown.contains("becomes, as its copy on b: … ") && shown.contains("sixteen {+scribble "), "{shown}");
}

/// A copy stays internal when its row is gone; what is written into it stays there too.
#[test]
fn what_is_said_inside_flows_back_only_while_a_row_shares_it() {
    for shared in [true, false] {
        let mut world = settled();
        world.comment(&side(0), false);
        world.settle().unwrap();
        world.sync.comments.copies = CopyEdits::FlowBack;
        for (at, desk) in [(0, false), (1, true)] {
            let catalog = world.catalogs.get_mut(&side(at)).unwrap();
            (catalog.service_desk, catalog.desk_agent) = (Some(desk), Some(desk));
            catalog.edits_all_comments = Some(true);
        }
        let terms = Terms { of: Visibility::Everybody, under: Visibility::Internal };
        world.item.comments[0].terms.insert(side(1), terms);
        world.issues.get_mut(&side(1)).unwrap()[0].comments[0].visibility = Visibility::Internal;
        if shared {
            let (visibility, there) = (Visibility::Internal, Visibility::Everybody);
            world.sync.comments.restricted = vec![RestrictedRow { at: side(1), visibility, with: side(0), there }];
        }
        world.revise(&side(1), 0, Revision::EditCopy);
        let plan = world.think(&world.everywhere(), true);
        let flows = plan.operations.iter().any(|it| matches!(it.action, Action::EditOriginal { .. }));
        assert_eq!(flows, shared, "{:?}", plan.holds);
    }
}
