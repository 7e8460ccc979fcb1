//! What stands above an issue, as it is planned for a Data Center: its `Epic Link` names the epic of other issues, and nothing above an epic.
//! Must never take the planner's word for what a type is.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::mapping::References;
use jirasyncd::model::hub::There;
use jirasyncd::model::ids::{FieldId, FieldName, IssueId, IssueKey, ItemId};
use jirasyncd::model::issue::{Above, NativeValue};
use jirasyncd::model::operation::Action;
use jirasyncd::model::settings::{ConflictPolicy, FieldKind};
use jirasyncd::plan::{By, Observation, Plan, PlanInput, check, plan};

use super::plan_world::{SOUND, World, settings, side};

const EPIC_LINK: &str = "customfield_10100";
const EPIC_NAME: &str = "customfield_10101";

/// A Cloud and a Data Center, with parents carried.
fn world() -> World {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    let mut row = sync.fields[&"due".into()].clone();
    (row.name, row.kind) = ("parent".into(), FieldKind::Parent);
    row.sides.values_mut().for_each(|field| *field = "parent".into());
    sync.fields.insert(row.name.clone(), row);
    World::with(sync, &side(0), SOUND)
}

/// The Data Center has the fields of epics; `epic`: and makes no issue of the type that is carried without an epic's name.
fn with_epics(world: &mut World, epic: bool) {
    let catalog = world.catalogs.get_mut(&side(1)).unwrap();
    (catalog.epic_link, catalog.epic_name) = (Some(EPIC_LINK.into()), Some(EPIC_NAME.into()));
    let asked = BTreeMap::from([(FieldId::from(EPIC_NAME), "Epic Name".to_owned())]);
    catalog.required = epic.then(|| ("b Bug".to_owned(), asked)).into_iter().collect();
}

/// The issue above, on each side.
fn above(at: usize) -> Above {
    let (issue, key) = [(900, "A-900"), (901, "B-901")][at];
    Above { issue: Some(IssueId(issue)), key: IssueKey::new(key) }
}

/// What is planned where the issue above is an item with a counterpart.
fn planned(world: &World) -> Plan {
    let there = |at: usize| {
        let Above { issue, key } = above(at);
        There { issue: issue.unwrap(), key, restricted: false, gone: false, elsewhere: None, once: BTreeSet::new() }
    };
    let mut references = References::new(&world.sync, &world.catalogs, BTreeMap::new());
    references.relatives.add(ItemId(2), BTreeMap::from([(side(0), there(0)), (side(1), there(1))]));
    let mut observed: BTreeMap<_, Observation> = BTreeMap::new();
    for side in world.everywhere() {
        observed.extend(world.observe(&side, true).map(|seen| (side, seen)));
    }
    let offers = world.offers(&world.everywhere());
    let input = PlanInput { references: &references, ..world.input(&observed, &offers) };
    let made = plan(&input);
    assert_eq!(check(&input, &made), []);
    made
}

/// The field of the Data Center that the parent is written to.
fn written(plan: &Plan) -> Option<FieldId> {
    let theirs = plan.operations.iter().filter(|operation| operation.side == side(1));
    let mut fields = theirs.filter_map(|operation| operation.action.fields()?.get(&FieldName::from("parent")));
    fields.next().map(|write| write.field.clone())
}

#[test]
fn an_epic_is_made_without_what_stands_above_it() {
    for epic in [false, true] {
        let mut world = world();
        with_epics(&mut world, epic);
        let issue = &mut world.issues.get_mut(&side(0)).unwrap()[0];
        issue.fields.insert("parent".into(), NativeValue::Parent(above(0)));
        let plan = planned(&world);
        let made = plan.operations.iter().any(|operation| matches!(operation.action, Action::Create { .. }));
        assert!(made, "epic: {epic}, {plan:?}");
        assert_eq!(written(&plan), (!epic).then(|| FieldId::from(EPIC_LINK)), "epic: {epic}");
    }
}

#[test]
fn what_stands_above_an_epic_is_told_and_never_written_as_its_epic() {
    for epic in [false, true] {
        let mut world = world();
        world.settle().unwrap();
        with_epics(&mut world, epic);
        assert!(world.set(&side(0), "parent", NativeValue::Parent(above(0)), By::Person));
        // A Jira logs the id of the issue above.
        let (entry, _) = world.issues.get_mut(&side(0)).unwrap()[0].log.last_mut().unwrap();
        entry.items[0].to = above(0).issue.map(|issue| issue.to_string());
        let plan = planned(&world);
        assert_eq!(written(&plan), (!epic).then(|| FieldId::from(EPIC_LINK)), "epic: {epic}");
        let told: Vec<&str> = plan.holds.iter().map(|hold| hold.why.as_str()).collect();
        let expected: &[&str] =
            if epic { &["it is an epic, and Data Center's `Epic Link` names no parent of an epic"] } else { &[] };
        assert_eq!(told, expected, "epic: {epic}");
    }
}
