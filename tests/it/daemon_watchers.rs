//! Who watches, carried one by one; and the sync user, which watches nothing. Must never take the daemon's word for who watches.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jirasyncd::jira::Transport;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::bent::Bent;
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// With watchers carried, and three people known on all sides.
fn watched(config: &str, row: &str) -> String {
    let mut users =
        "users = [ { acme = \"omar@acme.example\", globex = \"mlopez\", initech = \"juergen@initech.example\" },
          { acme = \"li@acme.example\", globex = \"kchan\", initech = \"anna@initech.example\" },
         "
        .to_owned();
    for (side, cells) in [
        ("globex", [", globex = \"mlopez\"", ", globex = \"kchan\""]),
        ("initech", [", initech = \"juergen@initech.example\"", ", initech = \"anna@initech.example\""]),
    ] {
        if !config.contains(&format!("side.{side}")) {
            cells.iter().for_each(|cell| users = users.replace(cell, ""));
        }
    }
    let config = config.replacen("users = [", &users, 1);
    config.replacen("summary = \"both\"", &format!("summary = \"both\"\n{row}"), 1)
}

const QUIET: &str = "watchers = { on-unmapped = \"skip\" }";

async fn world(config: &str) -> World {
    World::new(&watched(config, QUIET), |_| {}).await
}

const PLACES: [(&str, &str, &str, &str); 3] =
    [("acme", "SUP", "Bug", "jane"), ("globex", "ENG", "Defect", "jdoe"), ("initech", "OPS", "Fehler", "petra")];

fn place(jira: &str) -> (&'static str, &'static str, &'static str, &'static str) {
    *PLACES.iter().find(|place| place.0 == jira).unwrap()
}

/// Somebody of that Jira makes an issue there, and watches it for that.
fn create(world: &World, jira: &str, summary: &str) -> String {
    let (_, project, kind, who) = place(jira);
    world.person(jira, who).create(project, kind, json!({ "summary": summary })).unwrap()
}

/// Who watches, by what they are called at acme.
fn watchers(world: &World, jira: &str, summary: &str) -> BTreeSet<&'static str> {
    let known = BTreeMap::from([
        ("jdoe", "jane"),
        ("petra", "jane"),
        ("mlopez", "omar"),
        ("juergen", "omar"),
        ("kchan", "li"),
        ("anna", "li"),
        ("jane", "jane"),
        ("omar", "omar"),
        ("li", "li"),
        ("nora", "nora"),
        ("sync", "sync"),
    ]);
    world.jira(jira).watchers(&world.issue(jira, summary).key).iter().map(|name| known[name.as_str()]).collect()
}

fn name(jira: &str, who: &'static str) -> &'static str {
    match (jira, who) {
        ("globex", "jane") => "jdoe",
        ("initech", "jane") => "petra",
        ("globex", "omar") => "mlopez",
        ("globex", "li") => "kchan",
        ("initech", "omar") => "juergen",
        ("initech", "li") => "anna",
        _ => who,
    }
}

fn add(world: &World, jira: &str, summary: &str, who: &'static str) {
    let key = world.issue(jira, summary).key;
    world.person(jira, place(jira).3).add_watcher(&key, name(jira, who)).unwrap();
}

fn remove(world: &World, jira: &str, summary: &str, who: &'static str) {
    let key = world.issue(jira, summary).key;
    world.person(jira, place(jira).3).remove_watcher(&key, name(jira, who)).unwrap();
}

async fn sweep(world: &World) -> usize {
    let different = world.daemon().engine().sweep(None).await.unwrap().0.different;
    world.rest().await.unwrap();
    different
}

fn count(world: &World, jira: &str, operation: &str) -> u64 {
    calls(world.jira(jira)).get(operation).copied().unwrap_or_default()
}

fn written(world: &World) -> u64 {
    let of = |jira: &str| count(world, jira, "addWatcher") + count(world, jira, "removeWatcher");
    PLACES.iter().map(|place| of(place.0)).sum()
}

fn reset(world: &World) {
    PLACES.iter().for_each(|place| world.jira(place.0).reset_calls());
}

/// A list that shows fewer than there are is no word about those that it lacks.
#[tokio::test(start_paused = true)]
async fn whom_a_list_does_not_show_is_not_gone() {
    let mut world = World::without_daemon(&watched(&two(), QUIET));
    let short = Arc::new(AtomicBool::new(false));
    let is_short = Arc::clone(&short);
    world.bend(move |inner| {
        let is_short = Arc::clone(&is_short);
        Arc::new(Bent::new(inner).back(move |place, _, said| {
            let list = said.get_mut("watchers").and_then(serde_json::Value::as_array_mut);
            if let Some(list) = list.filter(|_| place.contains("acme.example") && is_short.load(Ordering::SeqCst)) {
                list.retain(|user| !user["displayName"].to_string().contains("Omar"));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    create(&world, "acme", "Item");
    add(&world, "acme", "Item", "omar");
    world.settle().await;
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "omar"].into());
    short.store(true, Ordering::SeqCst);
    add(&world, "acme", "Item", "li");
    sweep(&world).await;
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "li", "omar"].into());
    assert_eq!(watchers(&world, "acme", "Item"), ["jane", "li", "omar"].into());
}

#[tokio::test(start_paused = true)]
async fn watchers_come_and_go_on_both_sides() {
    for (config, from, to) in [(two(), "acme", "globex"), (two(), "globex", "acme"), (two_clouds(), "acme", "initech")]
    {
        let world = world(&config).await;
        create(&world, from, "Item");
        add(&world, from, "Item", "omar");
        world.rest().await.unwrap();
        for jira in [from, to] {
            assert_eq!(watchers(&world, jira, "Item"), ["jane", "omar"].into(), "{jira}: and not the sync user");
        }
        assert_eq!(count(&world, to, "addWatcher"), 2, "one each");
        reset(&world);
        world.intervals(10).await;
        assert_eq!(sweep(&world).await, 0, "what was carried is no news");
        for jira in [from, to] {
            assert_eq!(count(&world, jira, "getIssueWatchers"), 0, "nobody asks while nothing moves");
        }
        // Nothing tells of a watcher: the full check does, by their number, or another change of the issue.
        add(&world, to, "Item", "li");
        assert_eq!(sweep(&world).await, 1);
        assert_eq!(watchers(&world, from, "Item"), ["jane", "li", "omar"].into(), "{from}");
        let asked = |jira: &str| (count(&world, jira, "getIssueWatchers"), count(&world, jira, "addWatcher"));
        assert_eq!((asked(to), asked(from)), ((1, 0), (1, 1)), "read, added, and looked at");
        remove(&world, from, "Item", "omar");
        let key = world.issue(from, "Item").key;
        world.person(from, place(from).3).edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(watchers(&world, to, "Item two"), ["jane", "li"].into(), "{to}");
        assert_eq!(written(&world), 2, "no echo");
        reset(&world);
        world.intervals(10).await;
        assert_eq!((sweep(&world).await, written(&world)), (0, 0));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_on_two_sides_at_once_stays_on_both() {
    let world = world(&two()).await;
    create(&world, "acme", "Item");
    world.rest().await.unwrap();
    add(&world, "acme", "Item", "omar");
    add(&world, "globex", "Item", "li");
    remove(&world, "globex", "Item", "jane");
    sweep(&world).await;
    for jira in ["acme", "globex"] {
        assert_eq!(watchers(&world, jira, "Item"), ["li", "omar"].into(), "{jira}");
    }
    // The same person on both sides is written nowhere.
    reset(&world);
    add(&world, "acme", "Item", "jane");
    world.person("globex", "jdoe").watch(&world.issue("globex", "Item").key).unwrap();
    sweep(&world).await;
    assert_eq!(written(&world), 0);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn who_is_known_nowhere_else_stays_where_they_are() {
    for row in [QUIET, "watchers = \"both\""] {
        let world = World::new(&watched(&two(), row), |_| {}).await;
        create(&world, "acme", "Item");
        add(&world, "acme", "Item", "nora");
        world.rest().await.unwrap();
        assert_eq!(watchers(&world, "globex", "Item"), ["jane"].into());
        add(&world, "globex", "Item", "omar");
        sweep(&world).await;
        remove(&world, "globex", "Item", "jane");
        sweep(&world).await;
        assert_eq!(watchers(&world, "acme", "Item"), ["nora", "omar"].into());
        world.intervals(5).await;
        assert_eq!(watchers(&world, "acme", "Item"), ["nora", "omar"].into());
        let problems = world.problems().await;
        assert_eq!(problems.is_empty(), row == QUIET, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.contains("`watchers` cannot be held in full")), "{problems:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_side_that_only_receives_keeps_its_own() {
    let row = "watchers = { from = [\"acme\"], on-unmapped = \"skip\" }";
    let world = World::new(&watched(&two(), row), |_| {}).await;
    create(&world, "acme", "Item");
    world.rest().await.unwrap();
    add(&world, "globex", "Item", "li");
    sweep(&world).await;
    assert_eq!(watchers(&world, "acme", "Item"), ["jane"].into());
    add(&world, "acme", "Item", "omar");
    sweep(&world).await;
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "li", "omar"].into());
    remove(&world, "acme", "Item", "omar");
    sweep(&world).await;
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "li"].into());
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_swap_that_leaves_the_number_is_found_within_a_day() {
    let world = world(&two()).await;
    create(&world, "acme", "Item");
    add(&world, "acme", "Item", "omar");
    world.rest().await.unwrap();
    add(&world, "acme", "Item", "li");
    remove(&world, "acme", "Item", "omar");
    assert_eq!(sweep(&world).await, 0);
    world.pass(25 * 3_600).await;
    world.interval().await;
    sweep(&world).await;
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "li"].into());
}

#[tokio::test(start_paused = true)]
async fn partners_learn_nothing_of_one_anothers_watchers() {
    let world = world(THREE).await;
    let labels = json!({ "summary": "Item", "labels": ["share-globex", "share-initech"] });
    world.person("acme", "jane").create("SUP", "Bug", labels).unwrap();
    world.rest().await.unwrap();
    add(&world, "globex", "Item", "omar");
    sweep(&world).await;
    assert_eq!(watchers(&world, "acme", "Item"), ["jane", "omar"].into());
    assert_eq!(watchers(&world, "initech", "Item"), ["jane"].into());
    add(&world, "acme", "Item", "li");
    sweep(&world).await;
    assert_eq!(watchers(&world, "initech", "Item"), ["jane", "li"].into());
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "li", "omar"].into());
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn row_111_what_may_not_be_seen_is_told_and_the_rest_goes_on() {
    for (config, other, refused) in
        [(two(), "globex", false), (two(), "globex", true), (two_clouds(), "initech", false)]
    {
        let world = world(&config).await;
        world.jira(other).set_quirks(|quirks| quirks.hidden_watchers_refused = refused);
        let project = place(other).1;
        world.jira(other).set_permission(project, "VIEW_VOTERS_AND_WATCHERS", &[Holder::User("nobody".into())]);
        create(&world, "acme", "Item");
        world.intervals(4).await;
        add(&world, other, "Item", "li");
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(2).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("who watches"), "{other}: {problems:?}");
        let key = world.issue("acme", "Item").key;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.interval().await;
        assert_eq!(world.field(other, "Item", "summary"), "Item two", "{other}");
        assert_eq!(world.problems().await, problems, "it goes on to stand");
        assert!(count(&world, other, "getIssueWatchers") <= 2, "{other}: it is not asked again and again");
        world.jira(other).set_permission(project, "VIEW_VOTERS_AND_WATCHERS", &[Holder::LoggedIn]);
        world.pass(700).await;
        world.interval().await;
        sweep(&world).await;
        assert_eq!(watchers(&world, "acme", "Item"), ["jane", "li"].into(), "{other}");
        assert_eq!(watchers(&world, other, "Item"), ["jane", "li"].into(), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

/// Watching is switched off for all of a Jira, whatever it answers then: that is told once, nobody is taken away elsewhere for it, and all else
/// goes on; on again, all is in step.
#[tokio::test(start_paused = true)]
async fn row_111_where_watching_is_switched_off_that_is_told_and_the_rest_goes_on() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        for empty in [false, true] {
            let world = world(&config).await;
            let said = format!("{other}, an empty list: {empty}");
            create(&world, "acme", "Item");
            add(&world, "acme", "Item", "omar");
            world.rest().await.unwrap();
            assert_eq!(watchers(&world, other, "Item"), ["jane", "omar"].into(), "{said}");
            world.jira(other).set_quirks(|quirks| (quirks.watching, quirks.unwatched_is_empty) = (false, empty));
            reset(&world);
            add(&world, "acme", "Item", "li");
            let key = world.issue("acme", "Item").key;
            world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
            world.intervals(30).await;
            assert_eq!(world.field(other, "Item", "summary"), "Item two", "{said}");
            assert_eq!(
                watchers(&world, "acme", "Item two"),
                ["jane", "omar", "li"].into(),
                "{said}: nobody is taken away"
            );
            let problems = world.problems().await;
            assert!(problems.len() == 1 && problems[0].contains("watching is switched off"), "{said}: {problems:?}");
            assert!(count(&world, other, "getIssueWatchers") + count(&world, other, "addWatcher") <= 6, "{said}");
            world.jira(other).set_quirks(|quirks| quirks.watching = true);
            world.pass(700).await;
            sweep(&world).await;
            assert_eq!(watchers(&world, "acme", "Item two"), ["jane", "omar", "li"].into(), "{said}");
            assert_eq!(watchers(&world, other, "Item two"), ["jane", "omar", "li"].into(), "{said}");
            assert_eq!(world.problems().await, Vec::<String>::new(), "{said}");
        }
    }
}

/// Jira makes nobody a watcher who may not see the issue, whoever asks for it.
#[tokio::test(start_paused = true)]
async fn row_111_a_watcher_who_may_not_see_the_issue_there_is_told_once_and_the_rest_goes_on() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let (_, project, _, person) = place(other);
        let seeing = ["sync", person, name(other, "omar")];
        let seeing = seeing.map(|who| Holder::User(world.person(other, who).id().to_owned()));
        world.jira(other).set_permission(project, "BROWSE_PROJECTS", &seeing);
        let key = create(&world, "acme", "Item");
        add(&world, "acme", "Item", "li");
        world.intervals(4).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("be made a watcher"), "{other}: {problems:?}");
        assert!(problems[0].contains("permission to view this issue"), "{other}: {problems:?}");
        assert_eq!(watchers(&world, other, "Item"), ["jane"].into(), "{other}");
        // Another watcher and a field are not held up by it.
        add(&world, "acme", "Item", "omar");
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.intervals(20).await;
        assert_eq!(world.field(other, "Item", "summary"), "Item two", "{other}");
        assert_eq!(watchers(&world, other, "Item"), ["jane", "omar"].into(), "{other}");
        assert_eq!(
            watchers(&world, "acme", "Item"),
            ["jane", "li", "omar"].into(),
            "{other}: nobody is taken away for it"
        );
        assert_eq!(world.problems().await, problems, "{other}: it is told once");
        assert!(count(&world, other, "addWatcher") <= 6, "{other}: it is asked for ever more seldom");
        world.jira(other).set_permission(project, "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        world.pass(3_600).await;
        world.rest().await.unwrap();
        assert_eq!(watchers(&world, other, "Item"), ["jane", "li", "omar"].into(), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_changed_is_told_and_the_rest_goes_on() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = world(&config).await;
        let (_, project, _, person) = place(other);
        let holder = Holder::User(world.person(other, person).id().to_owned());
        world.jira(other).set_permission(project, "MANAGE_WATCHERS", &[holder]);
        create(&world, "acme", "Item");
        world.intervals(4).await;
        let problems = world.problems().await;
        assert!(problems.len() == 1 && problems[0].contains("be made a watcher"), "{other}: {problems:?}");
        let key = world.issue("acme", "Item").key;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Item two" })).unwrap();
        world.interval().await;
        assert_eq!(world.field(other, "Item", "summary"), "Item two", "{other}");
        world.intervals(20).await;
        assert!(count(&world, other, "addWatcher") <= 4, "{other}: it is asked for ever more seldom");
        // Whoever may not be added does not hold up the others, nor who comes here.
        add(&world, other, "Item", "li");
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(2).await;
        assert_eq!(watchers(&world, "acme", "Item"), ["jane", "li"].into(), "{other}");
        world.jira(other).set_permission(project, "MANAGE_WATCHERS", &[Holder::LoggedIn]);
        world.pass(3_600).await;
        world.rest().await.unwrap();
        assert_eq!(watchers(&world, other, "Item"), ["jane", "li"].into(), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{other}");
    }
}

fn unwatch(config: &str, word: &str) -> String {
    config.replacen("home = \"acme\"", &format!("home = \"acme\"\nunwatch = {word}"), 1)
}

#[tokio::test(start_paused = true)]
async fn row_110_the_sync_user_stops_watching_at_one_request_for_each_of_its_writes() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = World::new(&unwatch(&config, "true"), |_| {}).await;
        let key = create(&world, "acme", "Item");
        world.rest().await.unwrap();
        assert_eq!(world.jira(other).watchers(&world.issue(other, "Item").key), BTreeSet::new(), "{other}");
        assert_eq!(count(&world, other, "removeWatcher"), 1);
        for text in ["One", "Two"] {
            world.person("acme", "jane").comment(&key, text).unwrap();
        }
        world.rest().await.unwrap();
        assert_eq!(world.jira(other).watchers(&world.issue(other, "Item").key), BTreeSet::new(), "{other}");
        assert_eq!(count(&world, other, "removeWatcher"), 2, "{other}: once for both");
        assert_eq!((count(&world, other, "getIssueWatchers"), count(&world, "acme", "getIssueWatchers")), (0, 0));
        reset(&world);
        world.intervals(10).await;
        assert_eq!((sweep(&world).await, written(&world)), (0, 0), "{other}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn the_sync_user_watches_where_it_is_to_and_is_nobodys_watcher() {
    for (config, other) in [(two(), "globex"), (two_clouds(), "initech")] {
        let world = World::new(&unwatch(&watched(&config, QUIET), "false"), |_| {}).await;
        create(&world, "acme", "Item");
        world.rest().await.unwrap();
        assert_eq!(watchers(&world, other, "Item"), ["jane", "sync"].into(), "{other}");
        assert_eq!(watchers(&world, "acme", "Item"), ["jane"].into(), "{other}: it is not carried");
        assert_eq!((sweep(&world).await, count(&world, other, "removeWatcher")), (0, 0));
        let mut world = World::of(&unwatch(&config, "true"), |setups| {
            setups.values_mut().flat_map(|setup| &mut setup.users).for_each(|user| user.autowatch = false);
        });
        world.start().await;
        create(&world, "acme", "Item");
        world.rest().await.unwrap();
        assert_eq!(count(&world, other, "removeWatcher"), 0);
    }
}

const FAULTS: [Fault; 5] = [
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::StatusAfter(502),
    Fault::Unavailable { status: 503, retry_after: None },
    Fault::LateWrite(Duration::from_secs(40)),
];

async fn lost_answer(operation: &str, faults: &[Fault]) {
    for fault in faults {
        let said = format!("{operation} {fault:?}");
        let world = world(&two()).await;
        create(&world, "acme", "Item");
        world.rest().await.unwrap();
        world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), fault.clone()));
        add(&world, "acme", "Item", "omar");
        sweep(&world).await;
        assert_eq!(watchers(&world, "globex", "Item"), ["jane", "omar"].into(), "{said}");
        remove(&world, "acme", "Item", "omar");
        sweep(&world).await;
        for jira in ["acme", "globex"] {
            assert_eq!(watchers(&world, jira, "Item"), ["jane"].into(), "{said}: {jira}");
        }
        reset(&world);
        assert_eq!((sweep(&world).await, written(&world)), (0, 0), "{said}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_brings_a_watcher_once() {
    lost_answer("addWatcher", &FAULTS).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_brings_nobody_back() {
    lost_answer("removeWatcher", &FAULTS).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_does_not_come_is_no_empty_list() {
    lost_answer("getIssueWatchers", &FAULTS[1..4]).await;
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_dies_after_its_writes_takes_them_for_its_own() {
    let mut world = world(&two()).await;
    create(&world, "acme", "Item");
    world.rest().await.unwrap();
    for operation in ["addWatcher", "removeWatcher"] {
        world.jira("globex").add_fault(FaultRule::new(operation, When::Nth(1), Fault::ResetAfter));
    }
    add(&world, "acme", "Item", "omar");
    world.daemon().engine().sweep(None).await.unwrap();
    world.interval().await;
    world.start().await;
    world.rest().await.unwrap();
    assert_eq!(watchers(&world, "globex", "Item"), ["jane", "omar"].into());
    remove(&world, "acme", "Item", "omar");
    world.daemon().engine().sweep(None).await.unwrap();
    world.interval().await;
    world.start().await;
    world.rest().await.unwrap();
    sweep(&world).await;
    for jira in ["acme", "globex"] {
        assert_eq!(watchers(&world, jira, "Item"), ["jane"].into(), "{jira}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}
