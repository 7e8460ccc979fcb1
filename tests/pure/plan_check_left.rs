//! The second look at a plan, where a state was put back from a backup: plans with something wrong put in. Must never let the planner
//! decide what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::ids::{AttachmentId, CommentId, SideId};
use jirasyncd::model::left;
use jirasyncd::model::matching::Matching;
use jirasyncd::model::operation::{Action, Operation};
use jirasyncd::model::remark::Remark;
use jirasyncd::model::settings::ConflictPolicy;
use jirasyncd::plan::{check, plan};

use super::plan_world::{SOUND, World, side};

const LET_BE: &str = "what a backup says nothing of is let be";
const ANEW: &str = "nothing is deleted while an item is joined anew";

/// The rules that a plan of nothing but this breaks, where these are let be.
fn broken(world: &World, left: &[String], action: &Action) -> Vec<&'static str> {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let mut made = plan(&input);
    made.item.left = BTreeMap::from([(side(1), left.iter().cloned().collect::<BTreeSet<_>>())]);
    made.operations = vec![Operation { side: side(1), action: action.clone() }];
    check(&input, &made).into_iter().map(|violation| violation.rule).collect()
}

#[test]
fn what_is_let_be_is_not_deleted() {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    let (comment, copy, file) = (CommentId::new("7"), CommentId::new("8"), AttachmentId::new("8"));
    let deletes: Vec<(Action, String)> = vec![
        (
            Action::DeleteFile { origin: side(0), file: AttachmentId::new("7"), copy: file.clone(), taken: None },
            left::file(&file),
        ),
        (
            Action::DeleteComment {
                remark: Remark::Comment,
                origin: side(0),
                comment: comment.clone(),
                copy: copy.clone(),
            },
            left::remark(Remark::Comment, &copy),
        ),
        (
            Action::DeleteComment { remark: Remark::Worklog, origin: side(0), comment, copy: copy.clone() },
            left::remark(Remark::Worklog, &copy),
        ),
    ];
    let all: BTreeSet<&String> = deletes.iter().map(|(_, name)| name).collect();
    assert_eq!(all.len(), deletes.len(), "each has a name of its own");
    for (action, name) in &deletes {
        assert!(broken(&world, std::slice::from_ref(name), action).contains(&LET_BE), "{name}");
        let others: Vec<String> = all.iter().filter(|other| **other != name).map(|other| (*other).clone()).collect();
        assert!(!broken(&world, &others, action).contains(&LET_BE), "{name}");
        assert!(!broken(&world, &[], action).contains(&ANEW), "{name}");
    }
    // Only what has its original may go while an item is joined anew: here none has.
    world.item.matching = Some(Matching { restored: true, ..Matching::of(sides) });
    assert!(broken(&world, &[], &deletes[0].0).contains(&ANEW));
}
