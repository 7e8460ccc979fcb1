//! When a plan asks for a read, and what it takes a value for that was read. Must never take what nobody logged for anybody's word.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use jirasyncd::mapping::References;
use jirasyncd::model::document::Syntax;
use jirasyncd::model::hub::{Acknowledged, ItemState, Rival, There};
use jirasyncd::model::ids::{EntryId, FieldId, IssueId, ItemId, OperationId, SideId};
use jirasyncd::model::issue::{IssueLink, LogEntry, LogItem, NativeValue};
use jirasyncd::model::operation::{Action, Intent, IntentState, Operation, Relation};
use jirasyncd::model::scope::{Covered, Scope};
use jirasyncd::model::settings::{Composed, ConflictPolicy, CopyEdits, FieldKind, SideEffects};
use jirasyncd::plan::{By, Hold, Observation, Plan, PlanInput, Step, Wanted, check, plan};
use jirasyncd::text;

use super::plan_world::{Fate, PRIORITIES, Revision, SOUND, World, settings, side};

fn settled(count: usize) -> World {
    let sides: Vec<SideId> = (0..count).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.settle().unwrap();
    world
}

fn edit(world: &mut World, on: usize, field: &str, pick: usize) {
    let value = world.value(&side(on), field, pick);
    assert!(world.set(&side(on), field, value, By::Person));
}

fn asks(plan: &Plan, on: usize, what: Wanted) -> bool {
    plan.wanted.get(&side(on)).is_some_and(|wanted| wanted.contains(&what))
}

fn at(on: usize) -> BTreeSet<SideId> {
    BTreeSet::from([side(on)])
}

#[test]
fn what_changed_without_an_entry_is_read_again() {
    let world = settled(2);
    for (field, value) in [("summary", "another"), ("duedate", "2026-02-03")] {
        let mut read = world.observe(&side(1), false).unwrap();
        read.snapshot.fields.insert(field.into(), NativeValue::Text(value.to_owned()));
        let (observed, offers) = (BTreeMap::from([(side(1), read)]), BTreeMap::new());
        let made = plan(&world.input(&observed, &offers));
        assert!(asks(&made, 1, Wanted::FreshRead), "{field}: {:?}", made.wanted);
    }
    let mut read = world.observe(&side(1), false).unwrap();
    read.snapshot.fields.remove(&FieldId::from("summary"));
    let (observed, offers) = (BTreeMap::from([(side(1), read)]), BTreeMap::new());
    let made = plan(&world.input(&observed, &offers));
    let told = |hold: &Hold| hold.side == side(1) && hold.why.contains("it counts as it was");
    assert!(made.holds.iter().any(told), "{:?}", made.holds);
    let known = |item: &ItemState| item.replicas[&side(1)].bases[&"summary".into()].value.clone();
    assert_eq!((known(&made.item), made.operations), (known(&world.item), Vec::new()), "and that is nobody's word");
}

#[test]
fn what_a_side_holds_whose_acts_do_not_count_is_nobodys_word() {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    sync.fields.get_mut(&"priority".into()).unwrap().from = at(1);
    let mut world = World::with(sync, &side(0), SOUND);
    let made = world.look(&at(0)).unwrap();
    assert!(!made.item.hub.contains_key(&"priority".into()), "{:?}", made.item.hub);
    assert!(made.item.hub.contains_key(&"summary".into()));
}

#[test]
fn a_text_is_written_over_what_was_just_read_there() {
    let mut world = settled(2);
    edit(&mut world, 0, "description", 1);
    let made = world.think(&at(0), true);
    assert_eq!(made.operations, []);
    assert!(asks(&made, 1, Wanted::Comments));
    assert_eq!(world.think(&world.everywhere(), true).operations.len(), 1);
}

/// What was answered and no poll showed yet holds up the next value no longer than a read takes.
#[test]
fn the_next_value_does_not_wait_for_a_poll() {
    let mut world = settled(2);
    edit(&mut world, 0, "summary", 1);
    world.cycle(&at(0), &mut || Fate::Done).unwrap();
    assert!(!asks(&world.think(&at(0), false), 1, Wanted::Comments), "there is nothing more to tell");
    edit(&mut world, 0, "summary", 1);
    let made = world.think(&at(0), false);
    assert!(made.operations.is_empty() && asks(&made, 1, Wanted::Comments), "{made:?}");
}

#[test]
fn what_could_not_be_written_is_forgiven_where_it_stands_by_now() {
    let mut world = settled(2);
    let why = Acknowledged { reason: "no".to_owned(), refused: true, may_pass: false, unseen: false };
    let base = world.item.replicas.get_mut(&side(1)).unwrap().bases.get_mut(&"summary".into()).unwrap();
    base.acknowledged = Some(why);
    let made = world.think(&world.everywhere(), true);
    let base = &made.item.replicas[&side(1)].bases[&"summary".into()];
    assert_eq!((made.operations.len(), &base.acknowledged), (0, &None));
}

#[test]
fn a_copy_in_step_asks_for_nothing_and_one_under_way_is_not_sent_again() {
    let mut world = settled(2);
    world.comment(&side(0), false);
    world.settle().unwrap();
    assert_eq!(world.think(&world.everywhere(), false).wanted, BTreeMap::new());
    world.revise(&side(0), 0, Revision::Edit);
    let edits =
        |plan: &Plan| plan.operations.iter().filter(|it| matches!(it.action, Action::EditComment { .. })).count();
    assert_eq!(edits(&world.think(&world.everywhere(), true)), 1);
    world.cycle(&world.everywhere(), &mut || Fate::Lost).unwrap();
    assert_eq!(edits(&world.think(&world.everywhere(), true)), 0, "it may still arrive");
}

#[test]
fn a_copy_that_somebody_changed_is_told_unless_it_flows_back() {
    for (copies, told) in [(CopyEdits::Hold, true), (CopyEdits::FlowBack, false)] {
        let mut world = settled(2);
        world.comment(&side(0), false);
        world.settle().unwrap();
        world.sync.comments.copies = copies;
        world.catalogs.get_mut(&side(0)).unwrap().edits_all_comments = Some(true);
        world.revise(&side(1), 0, Revision::EditCopy);
        let made = world.think(&world.everywhere(), true);
        assert_eq!(made.holds.iter().any(|hold| hold.why.contains("was changed here")), told, "{copies:?}");
    }
}

/// An automation may go on for ever: after five of its changes in a row the next one is no word of anybody.
#[test]
fn what_the_sync_user_does_untagged_counts_a_few_times() {
    let mut world = settled(2);
    world.sync.sides.iter_mut().for_each(|side| side.side_effects = SideEffects::Count);
    for times in 0..7 {
        let value = world.value(&side(1), "priority", times % 2);
        world.set(&side(1), "priority", value, By::SyncUser);
        world.settle().unwrap();
        let same = world.shared(&side(0), "priority") == world.shared(&side(1), "priority");
        assert_eq!(same, times < 5 || times % 2 == 0, "{times}: {PRIORITIES:?}");
    }
}

/// What is not covered any more gets no further counterpart.
#[test]
fn no_counterpart_is_made_of_what_left() {
    for (standing, made) in [(Covered::In, true), (Covered::Left, false)] {
        let mut world = World::new(&[side(0), side(1)], ConflictPolicy::Newest, SOUND);
        world.belongs = at(0);
        world.settle().unwrap();
        world.belongs.extend(at(1));
        let home = world.item.replicas.get_mut(&side(0)).unwrap();
        home.scope = Some(Scope { standing, ..Scope::joined("labels = x".to_owned()) });
        let plan = world.think(&at(0), true);
        let creates = plan.operations.iter().any(|it| matches!(it.action, Action::Create { .. }));
        assert_eq!(creates, made, "{standing:?}");
        assert!(plan.holds.is_empty() && plan.lacking.is_empty(), "all of it can be held there: {:?}", plan.holds);
    }
}

#[test]
fn a_template_tells_of_the_counterparts_and_how_they_stand() {
    let mut world = settled(2);
    let mut row = world.sync.fields[&"summary".into()].clone();
    row.name = "note".into();
    row.kind = FieldKind::Line;
    row.sides = BTreeMap::from([(side(1), "customfield_1".into())]);
    row.from = BTreeSet::new();
    row.composed = Some(Composed::Template("{{ keys }}: {{ sync_state }}".to_owned()));
    world.sync.fields.insert(row.name.clone(), row);
    world.settle().unwrap();
    let said = |world: &World| world.held(&side(1), "customfield_1");
    assert_eq!(said(&world), NativeValue::Text("A-1: in step".to_owned()));
    // A value that has no counterpart there stays what it was, and that is said.
    let (id, name) = ("id-a Local".to_owned(), "a Local".to_owned());
    let local = NativeValue::Named(jirasyncd::model::issue::Named { id, name });
    world.set(&side(0), "priority", local, By::Person);
    world.settle().unwrap();
    assert_eq!(said(&world), NativeValue::Text("A-1: held back: priority".to_owned()));
}

/// Another daemon on both issues would undo what this one does; on one of them it is another pair.
#[test]
fn nothing_is_written_beside_another_state() {
    let mut world = settled(3);
    edit(&mut world, 0, "summary", 1);
    let written = |world: &World| -> Vec<SideId> {
        world.think(&world.everywhere(), true).operations.into_iter().map(|operation| operation.side).collect()
    };
    let rival = Rival { at: world.item.replicas[&side(0)].updated, by: "other".into() };
    world.item.rivals.insert(side(1), rival.clone());
    assert_eq!(written(&world), [side(1), side(2)]);
    world.item.rivals.insert(side(0), rival);
    assert_eq!(written(&world), [side(2)]);
}

/// What is made with a text that is too long says where that stands whole.
#[test]
fn a_new_issue_says_where_its_text_stands_whole() {
    let mut world = World::new(&[side(0), side(1)], ConflictPolicy::Newest, SOUND);
    let long = text::from_plain(&["word ".repeat(5_000), "word ".repeat(5_000)].join("\n\n"));
    world.set(&side(0), "description", text::write(&long, Syntax::Adf), By::Person);
    let own = BTreeMap::from([(side(0), world.item.replicas[&side(0)].key.clone())]);
    let references = References::new(&world.sync, &world.catalogs, own);
    let observed = BTreeMap::from([(side(0), world.observe(&side(0), true).unwrap())]);
    let offers = BTreeMap::new();
    let made = plan(&PlanInput { references: &references, ..world.input(&observed, &offers) });
    let fields = made.operations.iter().find_map(|operation| {
        let Action::Create { fields, .. } = &operation.action else { return None };
        Some(fields)
    });
    let fields = fields.unwrap_or_else(|| panic!("{:?} {:?}", made.holds, made.wanted));
    let written = format!("{:?}", fields[&"description".into()].write);
    assert!(written.contains("[A-1|https://a.example/browse/A-1]"), "{}", &written[written.len() - 200..]);
}

/// Two sides, a link on the first to an issue that has a counterpart on both, and that issue.
fn linked() -> (World, References, BTreeMap<SideId, Observation>) {
    let mut world = settled(2);
    let mut row = world.sync.fields[&"labels".into()].clone();
    (row.name, row.kind) = ("links".into(), FieldKind::Links);
    row.sides.values_mut().for_each(|field| *field = "issuelinks".into());
    world.sync.fields.insert(row.name.clone(), row);
    world.catalogs.values_mut().for_each(|catalog| catalog.link_types = vec!["Blocks".to_owned()]);
    let mut references = References::new(&world.sync, &world.catalogs, BTreeMap::new());
    let there = |on: usize, key: &str| {
        let issue = IssueId(90 + on as u64);
        (
            side(on),
            There { issue, key: key.into(), restricted: false, gone: false, elsewhere: None, once: BTreeSet::new() },
        )
    };
    references.relatives.add(ItemId(9), BTreeMap::from([there(0, "A-9"), there(1, "B-9")]));
    let mut reads: BTreeMap<_, _> = (0..2).map(|on| (side(on), world.observe(&side(on), true).unwrap())).collect();
    let (id, kind) = ("5".to_owned(), "Blocks".to_owned());
    let links = BTreeSet::from([IssueLink { id, kind, outward: true, issue: IssueId(90), key: "A-9".into() }]);
    let home = reads.get_mut(&side(0)).unwrap();
    home.snapshot.fields.insert("issuelinks".into(), NativeValue::Links(links));
    (world, references, reads)
}

/// A plan of these reads, which keeps the rules.
fn made(world: &World, references: &References, reads: &BTreeMap<SideId, Observation>) -> Plan {
    let offers = BTreeMap::new();
    let input = PlanInput { references, ..world.input(reads, &offers) };
    let made = plan(&input);
    assert_eq!(check(&input, &made), []);
    made
}

/// Our request for a link, whose answer is not known yet, opened at that moment by the clock of the instance that it went to.
fn asked_for(world: &mut World, operation: Operation, opened: Timestamp) -> OperationId {
    let ours = OperationId(9_999);
    world.intents.push(Intent {
        id: ours,
        item: world.item.id,
        issue: None,
        opened,
        operation,
        state: IntentState::InDoubt,
        opened_there: Some(opened),
        silent: false,
        searches: 0,
        brought: None,
    });
    ours
}

/// The answer to our request was lost, and no read showed the link before it was gone again.
#[test]
fn our_link_that_somebody_took_away_at_once_goes_everywhere() {
    let (mut world, references, mut reads) = linked();
    let mut first = made(&world, &references, &reads);
    let operation = first.operations.remove(0);
    assert!(matches!(operation.action, Action::AddIssueLink { .. }) && first.operations.is_empty(), "{operation:?}");
    world.item = first.item;
    let opened = world.item.replicas[&side(1)].updated;
    let ours = asked_for(&mut world, operation, opened);
    log(reads.get_mut(&side(1)).unwrap(), "B-9", &[(By::Us(ours), true), (By::Person, false)]);
    let plan = made(&world, &references, &reads);
    assert_eq!(plan.seen, [ours]);
    let gone: Vec<_> = plan.operations.iter().map(|it| (it.side.clone(), &it.action)).collect();
    assert!(
        matches!(gone.as_slice(), [(on, Action::DeleteIssueLink { id, .. })] if *on == side(0) && id == "5"),
        "{gone:?}"
    );
}

/// Entries name the other issue and no type: what came and went before our request, or what we took away ourselves, was another link to the same
/// issue (22000: the person's own link, which we carried, was taken away for it).
#[test]
fn another_link_that_came_and_went_before_is_not_the_one_that_we_asked_for() {
    for (later, went) in [(true, By::Person), (true, By::SyncUser), (false, By::SyncUser)] {
        let (mut world, references, mut reads) = linked();
        let mut first = made(&world, &references, &reads);
        let operation = first.operations.remove(0);
        world.item = first.item;
        if went != By::Person {
            let Action::AddIssueLink { link } = &operation.action else { panic!("{operation:?}") };
            let element = link.element.replace("Blocks", "Relates");
            assert_ne!(element, link.element);
            let action = Action::DeleteIssueLink { link: Relation { element, ..link.clone() }, id: "4".to_owned() };
            let removal = Operation { action, ..operation.clone() };
            let before = world.item.replicas[&side(1)].updated;
            asked_for(&mut world, removal, before);
            let removed = world.intents.last_mut().unwrap();
            (removed.id, removed.state) = (OperationId(9_998), IntentState::Confirmed);
        }
        let there = reads.get_mut(&side(1)).unwrap();
        let after = SignedDuration::from_secs(if later { 30 } else { 1 });
        let opened = there.snapshot.updated.checked_add(after).unwrap();
        asked_for(&mut world, operation, opened);
        log(there, "B-9", &[(By::SyncUser, true), (went, false)]);
        let plan = made(&world, &references, &reads);
        assert_eq!((plan.seen.len(), plan.operations.len()), (0, 0), "{later} {went:?}: {:?}", plan.operations);
    }
}

/// The log of a read tells in this order of links to that issue that came or went.
fn log(there: &mut Observation, key: &str, acts: &[(By, bool)]) {
    there.steps.clear();
    for (by, adds) in acts {
        let key = Some(key.to_owned());
        let (from, to) = if *adds { (None, key) } else { (key, None) };
        let field = FieldId::from("issuelinks");
        let item = LogItem { field, from: from.clone(), from_text: from, to: to.clone(), to_text: to };
        let id = EntryId(9_000 + there.snapshot.log.len() as u64);
        let author = Some(if *by == By::Person { "person-a" } else { "sync" }.into());
        let entry = LogEntry { id, created: there.snapshot.updated, author, tag: None, items: vec![item] };
        there.snapshot.log.push(entry.clone());
        there.steps.push(Step { entry, by: *by });
    }
}

/// Between two reads a person made a link, or took one away, and we made one to the same issue that came and went, or one that leads the other way
/// and is the other item's: each counts as whose it is, though the newest entry is ours (22054 and 22061: the person's link was put back as nobody's
/// doing).
#[test]
fn what_we_do_to_the_same_issue_says_nothing_of_a_persons_link() {
    let (person, came, went) = ((By::Person, true), (By::SyncUser, true), (By::SyncUser, false));
    for (adds, takes) in [
        (vec![person, came, went], vec![(By::Person, false), came, went]),
        (vec![person, came], vec![(By::Person, false), went]),
    ] {
        let (mut world, references, mut reads) = linked();
        let field = FieldId::from("issuelinks");
        world.sync.sides.iter_mut().for_each(|side| side.side_effects = SideEffects::Restore);
        let links = reads.get_mut(&side(0)).unwrap().snapshot.fields.remove(&field).unwrap();
        world.item = made(&world, &references, &reads).item;
        let home = reads.get_mut(&side(0)).unwrap();
        home.snapshot.fields.insert(field.clone(), links);
        log(home, "A-9", &adds);
        let plan = made(&world, &references, &reads);
        let told: Vec<_> = plan.operations.iter().map(|it| (it.side.clone(), &it.action)).collect();
        assert!(matches!(told.as_slice(), [(on, Action::AddIssueLink { .. })] if *on == side(1)), "{adds:?}: {told:?}");
        // It stands on both, and the person takes it away.
        world.item = plan.item;
        let there =
            IssueLink { id: "6".into(), kind: "Blocks".into(), outward: true, issue: IssueId(91), key: "B-9".into() };
        let there = NativeValue::Links(BTreeSet::from([there]));
        reads.get_mut(&side(1)).unwrap().snapshot.fields.insert(field.clone(), there);
        reads.get_mut(&side(0)).unwrap().steps.clear();
        let ours = asked_for(&mut world, plan.operations[0].clone(), reads[&side(1)].snapshot.updated);
        let plan = made(&world, &references, &reads);
        assert_eq!((plan.seen.as_slice(), plan.operations.len()), ([ours].as_slice(), 0), "{:?}", plan.operations);
        world.item = plan.item;
        world.intents.last_mut().unwrap().state = IntentState::Confirmed;
        let home = reads.get_mut(&side(0)).unwrap();
        home.snapshot.fields.remove(&field);
        log(home, "A-9", &takes);
        let plan = made(&world, &references, &reads);
        let told: Vec<_> = plan.operations.iter().map(|it| (it.side.clone(), &it.action)).collect();
        let goes = matches!(told.as_slice(), [(on, Action::DeleteIssueLink { id, .. })] if *on == side(1) && id == "6");
        assert!(goes, "{takes:?}: {told:?}");
    }
}
