//! Watchers, as lists of them are taken in and planned. Must never take anybody away whom no list just named.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::ids::{AccountId, AttachmentId, OperationId, SideId};
use jirasyncd::model::issue::{AttachmentSnapshot, Person, Watched, Watchers};
use jirasyncd::model::operation::{Action, Intent, IntentState, Operation};
use jirasyncd::model::settings::{ConflictPolicy, FieldKind, Row, Table};
use jirasyncd::model::whose::Circle;
use jirasyncd::plan::{Plan, PlanInput, Wanted, plan};

use super::plan_world::{SOUND, World, side};

/// Two sides in step whose people are called the same.
fn world() -> World {
    let sides: Vec<SideId> = (0..2).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    let row = |name: &str| Row {
        shared: name.to_owned(),
        names: sides.iter().map(|side| (side.clone(), vec![name.to_owned()])).collect(),
        path: BTreeMap::new(),
    };
    world.sync.users = Table { rows: ["jane", "bert"].map(row).into() };
    world.settle().unwrap();
    let mut row = world.sync.fields[&"labels".into()].clone();
    (row.name, row.kind, row.exclude) = ("watchers".into(), FieldKind::Watchers, Vec::new());
    row.sides.values_mut().for_each(|field| *field = "watches".into());
    world.sync.fields.insert(row.name.clone(), row);
    for catalog in world.catalogs.values_mut() {
        for name in ["jane", "bert"] {
            let account = AccountId::new(name);
            let person = Person { account, display_name: name.to_owned(), email: None };
            catalog.people.insert(name.to_owned(), person);
        }
    }
    world
}

fn list(world: &World, names: &[&str], whole: bool) -> Watchers {
    Watchers {
        accounts: names.iter().map(|name| AccountId::new(*name)).collect(),
        watched: Watched { others: names.len() as u64, by_us: false },
        whole,
        read: world.item.replicas[&side(0)].updated,
    }
}

fn made(world: &World, watchers: &BTreeMap<SideId, Watchers>) -> Plan {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    plan(&PlanInput { watchers, ..world.input(&observed, &offers) })
}

fn deeds(plan: &Plan) -> Vec<String> {
    let deed = |operation: &Operation| {
        let (watcher, adds) = operation.action.watcher()?;
        Some(format!("{}{}{}", operation.side, if adds { '+' } else { '-' }, watcher.account))
    };
    plan.operations.iter().filter_map(deed).collect()
}

/// Both lists were taken in, and both name Jane.
fn with_jane() -> World {
    let mut world = world();
    let both = |world: &World| BTreeMap::from([0, 1].map(|on| (side(on), list(world, &["jane"], true))));
    for _ in 0..3 {
        let watchers = both(&world);
        world.item = made(&world, &watchers).item;
    }
    assert_eq!(deeds(&made(&world, &both(&world))), [] as [&str; 0]);
    world
}

#[test]
fn who_comes_is_added_elsewhere_and_who_goes_is_taken_away_by_a_list() {
    let mut world = with_jane();
    let lists = |world: &World, home: &[&str], whole: bool| {
        BTreeMap::from([(side(0), list(world, home, whole)), (side(1), list(world, &["jane"], true))])
    };
    assert_eq!(deeds(&made(&world, &lists(&world, &["bert", "jane"], true))), ["b+bert"]);
    assert_eq!(deeds(&made(&world, &lists(&world, &[], false))), [] as [&str; 0], "who is not shown need not be gone");
    assert_eq!(deeds(&made(&world, &lists(&world, &[], true))), ["b-jane"]);
    // Without a list of the other side nobody there is taken away.
    let home = BTreeMap::from([(side(0), list(&world, &[], true))]);
    let plan = made(&world, &home);
    assert_eq!(deeds(&plan), [] as [&str; 0]);
    assert!(plan.wanted.get(&side(1)).is_some_and(|wanted| wanted.contains(&Wanted::Watchers)));
    // What is under way already is not sent again.
    let plan = made(&world, &lists(&world, &["bert", "jane"], true));
    let added = plan.operations.into_iter().find(|it| matches!(it.action, Action::AddWatcher { .. })).unwrap();
    world.item = plan.item;
    world.intents.push(Intent {
        id: OperationId(9_999_999),
        item: world.item.id,
        issue: None,
        opened: world.item.replicas[&side(0)].updated,
        operation: added,
        state: IntentState::Open,
        opened_there: None,
        silent: false,
        searches: 0,
        brought: None,
    });
    assert_eq!(deeds(&made(&world, &lists(&world, &["bert", "jane"], true))), [] as [&str; 0]);
}

#[test]
fn a_list_is_asked_for_where_the_number_moved() {
    let world = with_jane();
    for (others, asks) in [(1, false), (2, true)] {
        let mut read = world.observe(&side(0), false).unwrap();
        read.snapshot.watched = Some(Watched { others, by_us: false });
        let (observed, offers) = (BTreeMap::from([(side(0), read)]), BTreeMap::new());
        let plan = plan(&world.input(&observed, &offers));
        let wants = plan.wanted.get(&side(0)).is_some_and(|wanted| wanted.contains(&Wanted::Watchers));
        assert_eq!(wants, asks, "{others}");
    }
}

/// Comments and files of people whose acts stay are counted, and not the copies that we made.
#[test]
fn what_stays_is_counted() {
    let mut world = world();
    world.sync.sides[0].whose.from.extend(Circle::parse("group:team"));
    world.sync.attachments.from = BTreeSet::from([side(0)]);
    let stays = |world: &World, author: &str| {
        let mut read = world.observe(&side(0), true).unwrap();
        read.snapshot.attachments = Some(vec![AttachmentSnapshot {
            id: AttachmentId::new("7"),
            name: "plan.pdf".to_owned(),
            size: 1,
            mime: String::new(),
            author: Some(author.into()),
            created: read.snapshot.created,
        }]);
        let (observed, offers) = (BTreeMap::from([(side(0), read)]), BTreeMap::new());
        plan(&world.input(&observed, &offers)).item.replicas[&side(0)].staying
    };
    assert_eq!(["outside-a", "person-a", "sync"].map(|author| stays(&world, author)), [1, 0, 0]);
    world.outside = true;
    world.comment(&side(0), false);
    assert_eq!(stays(&world, "person-a"), 1);
}
