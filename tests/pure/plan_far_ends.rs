//! Links to issues outside the sync, as they are planned, and the second look at such plans: with something wrong put in. Must
//! never let the planner decide what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::model::ends::{FarEnd, FarEnds};
use jirasyncd::model::hub::Replica;
use jirasyncd::model::ids::{EntryId, IssueId, IssueKey};
use jirasyncd::model::issue::{IssueLink, LogEntry, LogItem, NativeValue};
use jirasyncd::model::operation::{Action, Operation, RemoteLink};
use jirasyncd::model::settings::{ConflictPolicy, FieldKind};
use jirasyncd::model::whose::Circle;
use jirasyncd::plan::{By, Step, Wanted, check, plan};

use super::plan_world::{SOUND, World, side};

const SHOWN: &str = "a far end is shown only where it may be";
const TAKEN: &str = "only what was shown is taken away";

fn end(key: &str) -> FarEnd {
    FarEnd { issue: IssueId(99), key: IssueKey::new(key), kind: "Blocks".to_owned(), outward: true, stays: false }
}

/// Three sides with a counterpart each; the last sees only itself, and the first has a link to PLAT-9.
fn world() -> World {
    let sides: Vec<_> = (0..3).map(side).collect();
    let mut world = World::new(&sides, ConflictPolicy::Newest, SOUND);
    world.sync.links = false;
    world.sync.sides[2].sees = BTreeSet::from([side(2)]);
    let mut row = world.sync.fields[&"labels".into()].clone();
    (row.name, row.kind) = ("links".into(), FieldKind::Links);
    row.sides.values_mut().for_each(|field| *field = "issuelinks".into());
    row.not_synced = BTreeMap::from([(side(0), BTreeSet::from(["PLAT".to_owned()]))]);
    world.sync.fields.insert(row.name.clone(), row);
    let first = world.item.replicas.get_mut(&side(0)).unwrap();
    first.observed = true;
    let other = first.clone();
    first.ends.own.insert("7".to_owned(), end("PLAT-9"));
    for (place, issue) in [(1, 51), (2, 52)] {
        let replica = Replica { issue: IssueId(issue), key: IssueKey::new(format!("X-{issue}")), ..other.clone() };
        world.item.replicas.insert(side(place), replica);
    }
    world
}

fn ends(world: &mut World, place: usize) -> &mut FarEnds {
    &mut world.item.replicas.get_mut(&side(place)).unwrap().ends
}

/// What is planned of far ends.
fn planned(world: &World) -> Vec<Operation> {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let made = plan(&input);
    let rules: Vec<_> = check(&input, &made).into_iter().map(|violation| violation.rule).collect();
    assert!(!rules.contains(&SHOWN) && !rules.contains(&TAKEN), "{rules:?}");
    made.operations.into_iter().filter(|operation| operation.action.far_end().is_some()).collect()
}

/// The rules that a plan of nothing but this breaks.
fn broken(world: &World, place: usize, action: Action) -> Vec<&'static str> {
    let (observed, offers) = (BTreeMap::new(), BTreeMap::new());
    let input = world.input(&observed, &offers);
    let mut made = plan(&input);
    made.operations = vec![Operation { side: side(place), action }];
    check(&input, &made).into_iter().map(|violation| violation.rule).collect()
}

fn remote(world: &World) -> RemoteLink {
    let home = side(0);
    RemoteLink {
        global_id: format!("jirasyncd:{}:{home}:7", world.item.id),
        url: format!("https://{home}.example/browse/PLAT-9"),
        title: format!("PLAT-9 ({home})"),
        relationship: "links to".to_owned(),
    }
}

fn show(world: &World) -> Action {
    Action::ShowEnd { of: side(0), link: "7".to_owned(), shown: remote(world) }
}

fn hide(world: &World) -> Action {
    Action::HideEnd { of: side(0), link: "7".to_owned(), global_id: remote(world).global_id }
}

#[test]
fn the_difference_is_planned_and_nothing_else() {
    let mut world = world();
    let wanted = Operation { side: side(1), action: show(&world) };
    assert_eq!(planned(&world), std::slice::from_ref(&wanted), "and nothing where it is not seen");
    // Nobody knows what is shown: it is set.
    ends(&mut world, 1).note(&side(0), "7", Some(None));
    assert_eq!(planned(&world), [wanted]);
    let shown = remote(&world);
    ends(&mut world, 1).note(&side(0), "7", Some(Some(shown)));
    assert_eq!(planned(&world), []);
    // Under another key it is set again.
    ends(&mut world, 0).own.insert("7".to_owned(), end("PLAT-10"));
    assert_eq!(planned(&world).len(), 1);
    let gone = Operation { side: side(1), action: hide(&world) };
    for own in [Some(end("SECR-9")), Some(FarEnd { stays: true, ..end("PLAT-9") }), None] {
        ends(&mut world, 0).own = own.map(|end| ("7".to_owned(), end)).into_iter().collect();
        assert_eq!(planned(&world), std::slice::from_ref(&gone));
    }
    // What is kept apart changes nothing elsewhere.
    for place in [0, 1] {
        world.item.replicas.get_mut(&side(place)).unwrap().restricted = true;
        assert_eq!(planned(&world), []);
        world.item.replicas.get_mut(&side(place)).unwrap().restricted = false;
    }
}

#[test]
fn a_plan_that_shows_what_it_may_not_is_found() {
    let world = world();
    assert!(!broken(&world, 1, show(&world)).contains(&SHOWN));
    assert!(broken(&world, 2, show(&world)).contains(&SHOWN), "that side does not see it");
    assert!(broken(&world, 0, show(&world)).contains(&SHOWN), "it is its own");
    let says = |change: fn(&mut RemoteLink)| {
        let mut shown = remote(&world);
        change(&mut shown);
        Action::ShowEnd { of: side(0), link: "7".to_owned(), shown }
    };
    assert!(broken(&world, 1, says(|link| link.title += ": a summary")).contains(&SHOWN));
    assert!(broken(&world, 1, says(|link| link.url += "0")).contains(&SHOWN));
    assert!(broken(&world, 1, says(|link| link.global_id += "0")).contains(&SHOWN));
    type Wrong = (&'static str, fn(&mut World));
    let wrong: [Wrong; 6] = [
        ("another project", |world| drop(ends(world, 0).own.insert("7".to_owned(), end("PLATO-9")))),
        ("it stays", |world| ends(world, 0).own.get_mut("7").unwrap().stays = true),
        ("it is none any more", |world| ends(world, 0).own.clear()),
        ("its issue is kept apart", |world| world.item.replicas.get_mut(&side(0)).unwrap().restricted = true),
        ("nothing of that side counts", |world| {
            world.sync.fields.get_mut(&"links".into()).unwrap().from.remove(&side(0));
        }),
        ("no project is listed", |world| world.sync.fields.get_mut(&"links".into()).unwrap().not_synced.clear()),
    ];
    for (why, change) in wrong {
        let mut world = self::world();
        change(&mut world);
        assert!(broken(&world, 1, show(&world)).contains(&SHOWN), "{why}");
    }
}

#[test]
fn a_plan_that_takes_away_what_was_not_shown_is_found() {
    let mut world = world();
    assert!(broken(&world, 1, hide(&world)).contains(&TAKEN));
    ends(&mut world, 1).note(&side(0), "7", Some(None));
    assert!(!broken(&world, 1, hide(&world)).contains(&TAKEN));
    let other = Action::HideEnd { of: side(0), link: "7".to_owned(), global_id: "somebody's".to_owned() };
    assert!(broken(&world, 1, other).contains(&TAKEN));
}

/// Two items became one: what was shown before bears the name of the other.
#[test]
fn what_was_shown_is_known_by_the_name_that_it_was_shown_under() {
    let mut world = world();
    let old = RemoteLink { global_id: "jirasyncd:another:7".to_owned(), ..remote(&world) };
    ends(&mut world, 1).note(&side(0), "7", Some(Some(old.clone())));
    assert_eq!(planned(&world), [], "it would stand there twice");
    ends(&mut world, 0).own.insert("7".to_owned(), end("PLAT-10"));
    let again = planned(&world);
    assert!(
        matches!(&again[..], [Operation { action: Action::ShowEnd { shown, .. }, .. }] if shown.global_id == old.global_id),
        "{again:?}"
    );
    ends(&mut world, 0).own.clear();
    let gone = Action::HideEnd { of: side(0), link: "7".to_owned(), global_id: old.global_id };
    assert_eq!(planned(&world), [Operation { side: side(1), action: gone }]);
    assert!(broken(&world, 1, hide(&world)).contains(&TAKEN), "nothing of that name is there");
}

/// The issue that had the link is let be, or its side is in no sync any more.
#[test]
fn what_is_shown_of_nobody_is_taken_back() {
    for gone in [side(0), "elsewhere".into()] {
        let mut world = world();
        let shown = remote(&world);
        ends(&mut world, 1).note(&gone, "7", Some(Some(shown.clone())));
        if gone == side(0) {
            world.item.replicas.remove(&gone);
        }
        let hides = Action::HideEnd { of: gone, link: "7".to_owned(), global_id: shown.global_id };
        assert!(planned(&world).contains(&Operation { side: side(1), action: hides }));
    }
}

#[test]
fn what_only_an_index_does_not_show_is_read_first() {
    let mut world = world();
    let shown = remote(&world);
    ends(&mut world, 1).note(&side(0), "7", Some(Some(shown)));
    for direct in [false, true] {
        let mut observation = world.observe(&side(0), false).unwrap();
        observation.direct = direct;
        let observed = BTreeMap::from([(side(0), observation)]);
        let offers = BTreeMap::new();
        let made = plan(&world.input(&observed, &offers));
        let asks = made.wanted.get(&side(0)).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
        let hides = made.operations.iter().any(|operation| operation.action == hide(&world));
        assert_eq!((asks, hides), (!direct, direct), "direct: {direct}");
    }
}

/// An index may be behind, and a log is not: it says which link was taken away.
#[test]
fn what_the_log_says_was_taken_away_is_not_read_again() {
    for (key, asks) in [("PLAT-9", false), ("PLAT-8", true)] {
        let mut world = world();
        let shown = remote(&world);
        ends(&mut world, 1).note(&side(0), "7", Some(Some(shown)));
        let mut read = world.observe(&side(0), false).unwrap();
        let item = LogItem {
            field: "issuelinks".into(),
            from: Some(key.to_owned()),
            from_text: None,
            to: None,
            to_text: None,
        };
        let created = read.snapshot.created;
        let entry = LogEntry { id: EntryId(5), created, author: Some("person-a".into()), tag: None, items: vec![item] };
        read.snapshot.log.push(entry.clone());
        read.steps.push(Step { entry, by: By::Person });
        let (observed, offers) = (BTreeMap::from([(side(0), read)]), BTreeMap::new());
        let made = plan(&world.input(&observed, &offers));
        let wants = made.wanted.get(&side(0)).is_some_and(|wanted| wanted.contains(&Wanted::FreshRead));
        assert_eq!(wants, asks, "{key}");
    }
}

/// Of one link, whoever made it last counts: what another had made before was taken away.
#[test]
fn a_link_is_shown_by_the_word_of_who_made_it() {
    for (last, shown) in [("person-a", true), ("outside-a", false)] {
        let mut world = world();
        world.sync.sides[0].whose.from.extend(Circle::parse("group:team"));
        ends(&mut world, 0).own.clear();
        let mut read = world.observe(&side(0), true).unwrap();
        let first = if shown { "outside-a" } else { "person-a" };
        for (id, by, adds) in [(5, first, true), (6, first, false), (7, last, true)] {
            let key = Some("PLAT-9".to_owned());
            let (from, to) = if adds { (None, key) } else { (key, None) };
            let items = vec![LogItem { field: "issuelinks".into(), from, from_text: None, to, to_text: None }];
            let created = read.snapshot.created;
            let entry = LogEntry { id: EntryId(id), created, author: Some(by.into()), tag: None, items };
            read.snapshot.log.push(entry.clone());
            read.steps.push(Step { entry, by: By::Person });
        }
        let (id, kind, key) = ("7".to_owned(), "Blocks".to_owned(), "PLAT-9".into());
        let links = BTreeSet::from([IssueLink { id, kind, outward: true, issue: IssueId(99), key }]);
        read.snapshot.fields.insert("issuelinks".into(), NativeValue::Links(links));
        let (observed, offers) = (BTreeMap::from([(side(0), read)]), BTreeMap::new());
        let made = plan(&world.input(&observed, &offers));
        let shows = made.operations.iter().any(|it| it.side == side(1) && matches!(it.action, Action::ShowEnd { .. }));
        assert_eq!(shows, shown, "{last}");
    }
}
