//! The second look at a plan, where files and the notes about them are concerned: plans with something wrong put in. Must never
//! let the planner decide what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::document::{Block, Document, File, FilePlace, Inline};
use jirasyncd::model::hub::{AttachmentRecord, CommentRecord, Replica, Said, Terms};
use jirasyncd::model::ids::{AttachmentId, CommentId, SideId};
use jirasyncd::model::issue::{NativeValue, Visibility};
use jirasyncd::model::operation::{Action, Operation};
use jirasyncd::model::remark::Remark;
use jirasyncd::model::settings::{ConflictPolicy, WhichFiles};
use jirasyncd::plan::{By, check, plan};
use jirasyncd::text;

use super::plan_world::{SOUND, World, side};

const UNNAMED: &str = "files go only where something that crosses names them";
const ONE_SIDE: &str = "a note is for one side alone";
const SURELY: &str = "nothing is deleted that is not surely gone";

/// Three sides whose files cross where something names them, and a file of home.
pub(super) fn world() -> World {
    let sides: Vec<SideId> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    let rules = &mut world.sync.attachments;
    rules.from = sides.iter().cloned().collect();
    rules.to = rules.from.clone();
    rules.which = WhichFiles::WithTheirComment;
    world.item.attachments.push(AttachmentRecord {
        side: side(0),
        id: AttachmentId::new("7"),
        name: "plan.pdf".to_owned(),
        size: 1,
        mime: "application/pdf".to_owned(),
        author: None,
        copies: BTreeMap::new(),
        refused: BTreeMap::new(),
        gone: false,
        named_by: BTreeSet::new(),
        spared: BTreeSet::new(),
    });
    world
}

/// A comment of home with the number 9 that everybody may read.
pub(super) fn said(body: Document) -> CommentRecord {
    CommentRecord {
        side: side(0),
        id: CommentId::new("9"),
        copies: BTreeMap::new(),
        refused: BTreeMap::new(),
        pending: None,
        gone: false,
        said: Some(Said { body, author: "Jane".to_owned(), edits: 0, spent: None }),
        written: BTreeMap::new(),
        strayed: BTreeMap::new(),
        recorded: BTreeMap::new(),
        notice: false,
        only: None,
        visibility: Visibility::Everybody,
        parent: None,
        terms: BTreeMap::new(),
        emptied: BTreeSet::new(),
        turned_back: BTreeMap::new(),
        laid_open: BTreeMap::new(),
        spared: BTreeSet::new(),
    }
}

fn naming(name: &str) -> Document {
    let file =
        File { name: name.to_owned(), place: FilePlace::Attachment, attributes: Default::default(), marks: Vec::new() };
    Document { blocks: vec![Block::Paragraph(vec![Inline::File(file)])] }
}

/// The rules that a plan of nothing but this breaks.
fn broken(world: &World, action: Action) -> Vec<&'static str> {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let mut made = plan(&input);
    made.operations = vec![Operation { side: side(1), action }];
    check(&input, &made).into_iter().map(|violation| violation.rule).collect()
}

fn file() -> Action {
    Action::AddFile {
        origin: side(0),
        file: AttachmentId::new("7"),
        original: "plan.pdf".to_owned(),
        name: "plan.pdf".to_owned(),
        size: 1,
        mime: "application/pdf".to_owned(),
    }
}

#[test]
fn a_file_that_nothing_names_does_not_cross() {
    let mut world = world();
    assert!(broken(&world, file()).contains(&UNNAMED));
    world.item.comments.push(said(naming("other.pdf")));
    assert!(broken(&world, file()).contains(&UNNAMED));
    for (change, may) in [
        (said(naming("plan.pdf")), true),
        (CommentRecord { gone: true, ..said(naming("plan.pdf")) }, false),
        (CommentRecord { notice: true, ..said(naming("plan.pdf")) }, false),
        (CommentRecord { visibility: Visibility::Role("Few".to_owned()), ..said(naming("plan.pdf")) }, false),
        (CommentRecord { visibility: Visibility::Internal, ..said(naming("plan.pdf")) }, false),
        (CommentRecord { side: side(2), ..said(naming("plan.pdf")) }, false),
    ] {
        world.item.comments = vec![change.clone()];
        assert_eq!(!broken(&world, file()).contains(&UNNAMED), may, "{change:?}");
    }
    // Where a text names it, where its own name lets it cross, and where all do.
    world.item.comments = Vec::new();
    let fields = BTreeMap::from([("description".into(), BTreeSet::from(["plan.pdf".to_owned()]))]);
    world.item.named = BTreeMap::from([(side(0), fields)]);
    let replica: &mut Replica = world.item.replicas.get_mut(&side(0)).unwrap();
    replica.bases.entry("description".into()).or_default().value =
        Some(jirasyncd::model::value::Value::Document(naming("plan.pdf")));
    assert!(!broken(&world, file()).contains(&UNNAMED));
    world.item.named = BTreeMap::new();
    assert!(broken(&world, file()).contains(&UNNAMED));
    world.sync.attachments.names = vec!["plan*".to_owned()];
    assert!(!broken(&world, file()).contains(&UNNAMED));
    world.sync.attachments.names = Vec::new();
    world.sync.attachments.which = WhichFiles::All;
    assert!(!broken(&world, file()).contains(&UNNAMED));
}

#[test]
fn a_note_goes_to_its_one_side() {
    let mut world = world();
    let note = Action::AddComment {
        remark: Remark::Comment,
        origin: side(0),
        comment: CommentId::new("9"),
        body: NativeValue::Empty,
        wanted: Document::default(),
        edits: 0,
        spent: None,
        terms: Terms::default(),
    };
    for (only, may) in [(side(1), true), (side(2), false)] {
        let words = text::from_plain("`plan.pdf` is too large.");
        world.item.comments = vec![CommentRecord { notice: true, only: Some(only), ..said(words) }];
        assert_eq!(!broken(&world, note.clone()).contains(&ONE_SIDE), may);
    }
}

/// A note was never among the comments of its side: it goes once it is taken back, by a read of the issue where the file is.
#[test]
fn a_note_that_stands_is_not_deleted() {
    for (gone, direct, may) in [(true, true, true), (true, false, false), (false, true, false), (false, false, false)] {
        let mut world = world();
        world.item.replicas.get_mut(&side(0)).unwrap().observed = true;
        let copies = BTreeMap::from([(side(1), CommentId::new("20"))]);
        let words = text::from_plain("`plan.pdf` is too large.");
        world.item.comments = vec![CommentRecord { notice: true, only: Some(side(1)), gone, copies, ..said(words) }];
        let (remark, comment, copy) = (Remark::Comment, CommentId::new("9"), CommentId::new("20"));
        let action = Action::DeleteComment { remark, origin: side(0), comment, copy };
        let observed = BTreeMap::from([(side(0), world.observe(&side(0), direct).unwrap())]);
        let offers = BTreeMap::new();
        let input = world.input(&observed, &offers);
        let mut made = plan(&input);
        made.item = world.item.clone();
        made.operations = vec![Operation { side: side(1), action }];
        let found = check(&input, &made).into_iter().any(|violation| violation.rule == SURELY);
        assert_eq!(!found, may, "gone: {gone}, direct: {direct}");
    }
}

/// What people say of a file takes it along, on its own side alone, and outside of what they quote.
#[test]
fn a_file_crosses_with_what_names_it() {
    let copied = |change: fn(&mut World)| {
        let mut world = world();
        let home = world.item.replicas[&side(0)].clone();
        for replica in world.item.replicas.values_mut() {
            replica.observed = true;
        }
        let there = Replica { issue: jirasyncd::model::ids::IssueId(77), observed: true, ours: true, ..home };
        world.item.replicas.insert(side(1), there);
        world.catalogs.values_mut().for_each(|catalog| catalog.upload_limit = Some(1_000));
        change(&mut world);
        let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
        let made = plan(&world.input(&observed, &offers));
        made.operations.iter().any(|operation| matches!(operation.action, Action::AddFile { .. }))
    };
    assert!(!copied(|_| {}));
    assert!(copied(|world| world.item.comments = vec![said(naming("plan.pdf"))]));
    assert!(!copied(|world| {
        let quoted = Document { blocks: vec![Block::Quote(naming("plan.pdf").blocks)] };
        world.item.comments = vec![said(quoted)];
    }));
    assert!(!copied(|world| world.item.comments = vec![CommentRecord { side: side(1), ..said(naming("plan.pdf")) }]));
    let internal = |world: &mut World| {
        world.item.comments = vec![CommentRecord { visibility: Visibility::Internal, ..said(naming("plan.pdf")) }];
    };
    assert!(!copied(internal));
    let refused = |world: &mut World| {
        let refused = BTreeMap::from([(side(1), "no".to_owned())]);
        world.item.comments = vec![CommentRecord { refused, ..said(naming("plan.pdf")) }];
    };
    assert!(!copied(refused), "its copy never got there");
}

/// A description that somebody lets name a file takes it along, once that is agreed.
#[test]
fn a_file_crosses_with_the_description_that_names_it() {
    let mut world = World::new(&[side(0), side(1)], ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    let file = self::world().item.attachments.remove(0);
    world.sync.attachments = self::world().sync.attachments;
    world.catalogs.values_mut().for_each(|catalog| catalog.upload_limit = Some(1_000));
    world.item.attachments.push(file);
    let adds = |world: &World| {
        let made = world.think(&world.everywhere(), true);
        made.operations.iter().any(|operation| matches!(operation.action, Action::AddFile { .. }))
    };
    assert!(!adds(&world));
    let text = NativeValue::Wiki("see [^plan.pdf]".to_owned());
    world.set(&side(1), "description", text.clone(), By::Person);
    assert!(!adds(&world), "it was named where the file is not");
    let media = serde_json::json!({ "type": "media", "attrs": { "type": "file", "id": "u-1", "collection": "", "alt": "plan.pdf" } });
    let picture = serde_json::json!({ "type": "mediaSingle", "content": [media] });
    let doc = serde_json::json!({ "type": "doc", "version": 1, "content": [picture] });
    world.set(&side(0), "description", NativeValue::Adf(doc), By::Person);
    assert!(adds(&world));
}
