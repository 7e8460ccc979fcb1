//! The second look at a plan, where security levels are concerned: plans with something wrong put in. Must never let the planner
//! decide what is wrong.

use std::collections::BTreeMap;

use jirasyncd::model::hub::{Acts, Replica};
use jirasyncd::model::ids::{FieldName, IssueId, IssueKey, OperationId};
use jirasyncd::model::issue::{Named, NativeValue};
use jirasyncd::model::level::Level;
use jirasyncd::model::operation::{Action, FieldWrite, Intent, IntentState, NativeWrite, Operation, Thing};
use jirasyncd::model::settings::{ConflictPolicy, FieldKind, FieldRow, Row, Table};
use jirasyncd::model::value::Value;
use jirasyncd::plan::{Observation, check, plan};

use super::plan_world::{SOUND, World, side};

const LET_BE: &str = "what has a security level is let be";
const FIRST: &str = "a level stands before anything else is written";
const ALONE: &str = "a level is written alone";
const HOMES: &str = "only home's level is written";
const MADE: &str = "an issue is made under its level";
const UNTOLD: &str = "what home does not tell of is not carried";
const BESIDE: &str = "what has a security level shows nothing beside itself";

/// Home's `Staff` is `Inside` on the second side, and nothing on the third.
pub(super) fn world() -> World {
    let sides: Vec<_> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    let known = Row {
        shared: "Staff".to_owned(),
        names: [(side(0), vec!["Staff".to_owned()]), (side(1), vec!["Inside".to_owned()])].into(),
        path: BTreeMap::new(),
    };
    let mut row: FieldRow = world.sync.fields[&FieldName::from("priority")].clone();
    row.name = "security".into();
    row.kind = FieldKind::Choice;
    row.sides.values_mut().for_each(|field| *field = "security".into());
    row.from = [side(0)].into();
    row.values = Table { rows: vec![known] };
    world.sync.fields.insert(row.name.clone(), row);
    world
}

pub(super) fn with_replica(mut world: World, level: Option<&str>, ours: bool) -> World {
    let replica = Replica {
        issue: IssueId(77),
        key: IssueKey::new("B-77"),
        observed: true,
        ours: true,
        level: Level { seen: level.map(str::to_owned), ours, ..Level::default() },
        ..world.item.replicas[&side(0)].clone()
    };
    world.item.replicas.insert(side(1), replica);
    world
}

pub(super) fn at_home(mut world: World, level: Option<&str>) -> World {
    let replica = world.item.replicas.get_mut(&side(0)).unwrap();
    replica.observed = true;
    replica.level.seen = level.map(str::to_owned);
    replica.level.read = Some(replica.updated);
    world
}

fn write(field: &str, value: NativeValue) -> (FieldName, FieldWrite) {
    let write = FieldWrite {
        field: field.into(),
        write: NativeWrite::Set(value),
        wanted: Value::Choice("x".to_owned()),
        expects: None,
        acts: Acts::default(),
    };
    (field.into(), write)
}

fn level(name: &str) -> (FieldName, FieldWrite) {
    let named = Named { id: String::new(), name: name.to_owned() };
    write("security", if name.is_empty() { NativeValue::Empty } else { NativeValue::Named(named) })
}

fn edit<const N: usize>(fields: [(FieldName, FieldWrite); N]) -> Action {
    Action::SetFields { fields: fields.into() }
}

fn due() -> (FieldName, FieldWrite) {
    write("due", NativeValue::Text("2026-05-01".to_owned()))
}

/// The rules about levels that a plan of nothing but this breaks, on a side.
fn broken(
    world: &World,
    on: usize,
    observed: &BTreeMap<jirasyncd::model::ids::SideId, Observation>,
    action: Action,
) -> Vec<&'static str> {
    let offers = BTreeMap::new();
    let input = world.input(observed, &offers);
    let mut made = plan(&input);
    made.operations = vec![Operation { side: side(on), action }];
    let ours = [LET_BE, FIRST, ALONE, HOMES, MADE, BESIDE, UNTOLD];
    check(&input, &made).into_iter().map(|violation| violation.rule).filter(|rule| ours.contains(rule)).collect()
}

#[test]
fn a_level_is_there_first_and_alone_and_is_homes() {
    let none = BTreeMap::new();
    for (home, there, ours, action, breaks) in [
        (Some("Staff"), Some("Inside"), true, edit([due()]), None),
        (Some("Staff"), None, false, edit([due()]), Some(FIRST)),
        (Some("Staff"), Some("Other"), true, edit([due()]), Some(FIRST)),
        (None, Some("Inside"), true, edit([due()]), Some(FIRST)),
        (None, None, false, edit([due()]), None),
        (Some("Staff"), None, false, edit([level("Inside")]), None),
        (Some("Staff"), None, false, edit([level("Inside"), due()]), Some(ALONE)),
        (Some("Staff"), Some("Inside"), true, edit([level("Other")]), Some(HOMES)),
        (Some("Staff"), Some("Inside"), true, edit([level("")]), Some(HOMES)),
        // Nobody just read that home's has none.
        (None, Some("Inside"), true, edit([level("")]), Some(HOMES)),
        (None, None, false, edit([level("Inside")]), Some(HOMES)),
        (Some("Secret"), Some("Inside"), true, edit([due()]), Some(LET_BE)),
        (
            None,
            Some("Inside"),
            true,
            Action::Offer { field: "due".into(), thing: Thing::Version, name: "v".into() },
            Some(FIRST),
        ),
        (
            Some("Staff"),
            Some("Inside"),
            true,
            Action::Offer { field: "due".into(), thing: Thing::Version, name: "v".into() },
            Some(BESIDE),
        ),
    ] {
        let world = with_replica(at_home(world(), home), there, ours);
        let found = broken(&world, 1, &none, action.clone());
        assert_eq!(found.first().copied(), breaks, "{home:?} {there:?} {action:?}: {found:?}");
    }
}

#[test]
fn nothing_is_written_beside_a_level_that_is_not_seen_yet() {
    for (on, breaks) in [(1, true), (2, false)] {
        let mut world = with_replica(at_home(world(), Some("Staff")), Some("Inside"), true);
        world.intents.push(Intent {
            id: OperationId(7),
            item: world.item.id,
            issue: None,
            operation: Operation { side: side(on), action: edit([level("Inside")]) },
            state: IntentState::Open,
            opened: world.item.replicas[&side(0)].updated,
            opened_there: None,
            silent: false,
            searches: 0,
            brought: None,
        });
        let found = broken(&world, 1, &BTreeMap::new(), edit([due()]));
        assert_eq!(found.contains(&FIRST), breaks, "{on}: {found:?}");
    }
}

#[test]
fn an_issue_is_made_under_its_level_or_not_at_all() {
    let none = BTreeMap::new();
    let create = |fields: Vec<(FieldName, FieldWrite)>| Action::Create {
        issue_type: "B Bug".to_owned(),
        fields: fields.into_iter().collect(),
        unset: BTreeMap::new(),
    };
    for (home, on, fields, fine) in [
        (Some("Staff"), 1, vec![due(), level("Inside")], true),
        (Some("Staff"), 1, vec![due()], false),
        (Some("Staff"), 1, vec![due(), level("Other")], false),
        (Some("Staff"), 2, vec![due(), level("Inside")], false),
        (None, 1, vec![due()], true),
        (None, 1, vec![due(), level("Inside")], false),
    ] {
        let world = at_home(world(), home);
        let found = broken(&world, on, &none, create(fields.clone()));
        assert_eq!(found.is_empty(), fine, "{home:?} {on} {fields:?}: {found:?}");
    }
}

#[test]
fn only_ours_is_opened_and_only_by_a_read_of_homes_issue() {
    for (direct, told, ours, fine) in
        [(true, true, true, true), (false, true, true, false), (true, false, true, false), (true, true, false, false)]
    {
        let world = with_replica(at_home(world(), None), Some("Inside"), ours);
        let mut read = world.observe(&side(0), false).unwrap();
        read.direct = direct;
        read.snapshot.tells_level = told;
        let observed = BTreeMap::from([(side(0), read)]);
        let found = broken(&world, 1, &observed, edit([level("")]));
        assert_eq!(found.is_empty(), fine, "{direct} {told} {ours}: {found:?}");
    }
}

#[test]
fn what_home_never_told_of_is_not_carried() {
    for recorded in [false, true] {
        let mut world = with_replica(at_home(world(), None), None, false);
        let home = world.item.replicas.get_mut(&side(0)).unwrap();
        home.level.read = None;
        home.observed = recorded;
        let observed = |tells: bool| {
            let mut read = world.observe(&side(0), false).unwrap();
            read.snapshot.tells_level = tells;
            BTreeMap::from([(side(0), read)])
        };
        assert_eq!(broken(&world, 1, &observed(false), edit([due()])), [UNTOLD], "{recorded}");
        assert_eq!(broken(&world, 1, &observed(true), edit([due()])), Vec::<&str>::new(), "{recorded}");
        let unread = broken(&world, 1, &BTreeMap::new(), edit([due()]));
        assert_eq!(unread.contains(&UNTOLD), recorded, "one that was just made was not read at all");
        // To home goes what others say.
        assert_eq!(broken(&world, 0, &observed(false), edit([due()])), Vec::<&str>::new(), "{recorded}");
    }
}
