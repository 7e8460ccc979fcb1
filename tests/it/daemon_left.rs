//! Issues that leave what their sync covers, and come back: `jql` of the side where they were made, `when` of the side of a copy.
//! Must never take the daemon's word for what was carried.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jirasyncd::jira::Transport;
use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::{Value, json};

use super::bent::Bent;
use super::daemon_support::{THREE, World, calls, two, two_clouds};

/// The side whose issues begin items by a `jql`, who works there, a type; and the other side with somebody who works there.
type Pair = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// A Cloud and a Data Center as the side with the clause.
fn pairs() -> [(String, Pair); 3] {
    let clause = |config: &str, side: &str| {
        let (from, to) = config.split_once(&format!("side.{side} = {{ ")).unwrap();
        format!("{from}side.{side} = {{ jql = \"labels = share-it\", {to}")
    };
    [
        (clause(&two(), "acme"), ("acme", "jane", "Bug", "globex", "jdoe")),
        (clause(&two(), "globex"), ("globex", "jdoe", "Defect", "acme", "jane")),
        (clause(&two_clouds(), "initech"), ("initech", "petra", "Fehler", "acme", "jane")),
    ]
}

fn stopping(config: &str) -> String {
    format!("{config}\n[sync.support.life]\nleft = \"stop\"\n")
}

fn project(jira: &str) -> &'static str {
    match jira {
        "acme" => "SUP",
        "globex" => "ENG",
        _ => "OPS",
    }
}

fn labels(world: &World, jira: &str, who: &str, key: &str, labels: &[&str]) {
    world.person(jira, who).edit(key, json!({ "labels": labels })).unwrap();
}

async fn paired(config: &str, (from, who, kind, to, _): Pair) -> (World, String, String) {
    let world = World::new(config, |_| {}).await;
    let fields = json!({ "summary": "Item", "labels": ["share-it"] });
    let key = world.person(from, who).create(project(from), kind, fields).unwrap();
    world.rest().await.unwrap();
    let other = world.issue(to, "Item").key;
    (world, key, other)
}

#[tokio::test(start_paused = true)]
async fn what_enters_the_filter_for_the_first_time_begins() {
    for (config, pair) in pairs() {
        let (from, who, kind, to, there) = pair;
        let world = World::new(&config, |_| {}).await;
        let fields = json!({ "summary": "Item", "description": "written before" });
        let key = world.person(from, who).create(project(from), kind, fields).unwrap();
        world.person(from, who).comment(&key, "said before").unwrap();
        world.rest().await.unwrap();
        assert!(world.issues(to, "Item").is_empty(), "{from}: it is outside");
        labels(&world, from, who, &key, &["share-it"]);
        world.rest().await.unwrap();
        let other = world.issue(to, "Item");
        assert!(other.fields["description"].contains("written before"), "{from}: {other:?}");
        assert_eq!(other.comments.len(), 1, "{from}: {other:?}");
        // From here on both are one item.
        world.person(to, there).edit(&other.key, json!({ "summary": "Item, changed there" })).unwrap();
        world.person(to, there).comment(&other.key, "said there").unwrap();
        world.rest().await.unwrap();
        let here = world.jira(from).issue(&key).unwrap();
        assert_eq!((here.fields["summary"].as_str(), here.comments.len()), ("Item, changed there", 2), "{from}");
        assert_eq!((world.issues(from, "Item").len(), world.issues(to, "Item").len()), (1, 1), "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_filter_goes_on_unless_something_else_is_said() {
    for (config, pair) in pairs() {
        let (world, key, _) = paired(&config, pair).await;
        let (from, who, _, to, _) = pair;
        labels(&world, from, who, &key, &[]);
        world.rest().await.unwrap();
        world.person(from, who).edit(&key, json!({ "summary": "Item, changed" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", "summary"), "Item, changed", "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn what_leaves_the_filter_rests_until_it_is_back_and_nothing_is_lost() {
    for (config, pair) in pairs() {
        let (mut world, key, other) = paired(&stopping(&config), pair).await;
        let (from, who, _, to, there) = pair;
        // What takes it out of the filter is not carried itself.
        world.person(from, who).edit(&key, json!({ "labels": [], "duedate": "2030-05-06" })).unwrap();
        world.rest().await.unwrap();
        world.person(from, who).edit(&key, json!({ "summary": "Item outside" })).unwrap();
        world.person(from, who).comment(&key, "said outside").unwrap();
        world.person(to, there).edit(&other, json!({ "description": "written meanwhile" })).unwrap();
        world.person(to, there).comment(&other, "said meanwhile").unwrap();
        world.rest().await.unwrap();
        // A restart and the full check change nothing of that.
        world.start().await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        let (here, away) = (world.jira(from).issue(&key).unwrap(), world.jira(to).issue(&other).unwrap());
        assert_eq!((away.fields["summary"].as_str(), away.comments.len()), ("Item", 1), "{from}");
        assert!(!away.fields.contains_key("duedate"), "{from}");
        assert!(!here.fields.contains_key("description") && here.comments.len() == 1, "{from}: {here:?}");
        assert_eq!(world.problems().await, Vec::<String>::new());
        for jira in [from, to] {
            world.jira(jira).reset_calls();
        }
        world.intervals(10).await;
        for jira in [from, to] {
            let calls = calls(world.jira(jira));
            assert!(calls.values().sum::<u64>() <= 10, "{jira}: nothing is asked while nothing changes: {calls:?}");
        }
        // Back again: both sides get what was done meanwhile.
        labels(&world, from, who, &key, &["share-it"]);
        world.rest().await.unwrap();
        let (here, away) = (world.jira(from).issue(&key).unwrap(), world.jira(to).issue(&other).unwrap());
        assert_eq!(away.fields["summary"], "Item outside", "{from}");
        assert_eq!(away.fields["duedate"], "2030-05-06", "{from}");
        assert!(here.fields["description"].contains("written meanwhile"), "{from}: {here:?}");
        assert_eq!((here.comments.len(), away.comments.len()), (2, 2), "{from}");
        assert_eq!((world.issues(from, "Item").len(), world.issues(to, "Item").len()), (1, 1));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_home_no_longer_shares_rests_and_the_others_go_on() {
    for (resting, going, who) in [("globex", "initech", "jdoe"), ("initech", "globex", "petra")] {
        let world = World::new(&stopping(THREE), |_| {}).await;
        let (rests, goes) = (format!("share-{resting}"), format!("share-{going}"));
        let fields = json!({ "summary": "Item", "labels": [rests, goes] });
        let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
        world.rest().await.unwrap();
        let copy = world.issue(resting, "Item").key;
        labels(&world, "acme", "jane", &home, &[&goes]);
        world.rest().await.unwrap();
        world.person("acme", "jane").edit(&home, json!({ "summary": "Item inside" })).unwrap();
        world.person(resting, who).edit(&copy, json!({ "description": "from the one that rests" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(going, "Item", "summary"), "Item inside");
        assert_eq!(world.field(resting, "Item", "summary"), "Item");
        assert_eq!(world.field("acme", "Item", "description"), "");
        labels(&world, "acme", "jane", &home, &[&rests, &goes]);
        world.rest().await.unwrap();
        assert_eq!(world.field(resting, "Item", "summary"), "Item inside");
        assert!(world.field("acme", "Item", "description").contains("from the one that rests"));
        assert_eq!(world.problems().await, Vec::<String>::new());
    }
}

/// It leaves between our write and the look at it: that is no write that Jira did not take.
#[tokio::test(start_paused = true)]
async fn what_was_just_written_is_settled_when_it_leaves() {
    for (config, pair) in pairs() {
        let (world, key, other) = paired(&stopping(&config), pair).await;
        let (from, who, _, to, there) = pair;
        world.person(to, there).edit(&other, json!({ "duedate": "2030-05-06" })).unwrap();
        world.pass(30).await;
        // Not looked at again after the write.
        let engine = world.daemon().engine();
        engine.poll(&to.into()).await.unwrap();
        engine.work().await.unwrap();
        assert_eq!(world.jira(from).issue(&key).unwrap().fields["duedate"], "2030-05-06", "{from}");
        labels(&world, from, who, &key, &[]);
        world.rest().await.unwrap();
        world.intervals(10).await;
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
        labels(&world, from, who, &key, &["share-it"]);
        world.rest().await.unwrap();
        assert_eq!(world.jira(to).issue(&other).unwrap().fields["duedate"], "2030-05-06", "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

/// What a partner made has not left anything: home's clause is about what home shares.
#[tokio::test(start_paused = true)]
async fn what_came_from_a_partner_need_not_match_the_clause_for_it() {
    let world = World::new(&stopping(THREE), |_| {}).await;
    let theirs = world.person("globex", "jdoe").create("ENG", "Defect", json!({ "summary": "Item" })).unwrap();
    world.rest().await.unwrap();
    let home = world.issue("acme", "Item").key;
    world.person("acme", "jane").edit(&home, json!({ "summary": "Item, seen by home" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.jira("globex").issue(&theirs).unwrap().fields["summary"], "Item, seen by home");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_left_gets_no_further_counterpart_until_it_is_back() {
    let clause = "side.acme = { jql = \"labels = share-it\", instance = \"acme\"";
    let config = stopping(&THREE.replace("side.acme = { instance = \"acme\"", clause));
    let world = World::new(&config, |_| {}).await;
    let fields = json!({ "summary": "Item", "labels": ["share-it", "share-globex"] });
    let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    labels(&world, "acme", "jane", &home, &["share-globex"]);
    world.rest().await.unwrap();
    labels(&world, "acme", "jane", &home, &["share-globex", "share-initech"]);
    world.rest().await.unwrap();
    assert!(world.issues("initech", "Item").is_empty());
    labels(&world, "acme", "jane", &home, &["share-it", "share-globex", "share-initech"]);
    world.rest().await.unwrap();
    assert_eq!(world.issues("initech", "Item").len(), 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// While nobody knows whether an issue is still covered nothing of it is carried; afterwards it is, or is not.
#[tokio::test(start_paused = true)]
async fn a_clause_that_jira_refuses_holds_back_what_may_have_left() {
    let by_jql = THREE.replace(
        "side.acme = { instance = \"acme\"",
        "side.acme = { jql = \"labels = share-globex\", instance = \"acme\"",
    );
    let by_jql = by_jql.replace(", when = \"labels = share-globex\"", "");
    for config in [stopping(THREE), stopping(&by_jql)] {
        for leaves in [false, true] {
            let world = World::new(&config, |_| {}).await;
            let fields = json!({ "summary": "Item", "labels": ["share-globex"] });
            let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
            world.rest().await.unwrap();
            let mut world = world.with_config(&config.replace("labels = share-globex", "nosuch = 1"));
            world.start().await;
            let kept: &[&str] = if leaves { &[] } else { &["share-globex"] };
            let edit = json!({ "summary": "Item, changed", "labels": kept });
            world.person("acme", "jane").edit(&home, edit).unwrap();
            world.intervals(30).await;
            assert_eq!(world.field("globex", "Item", "summary"), "Item");
            let problems = world.problems().await;
            assert!(problems.iter().any(|problem| problem.contains("Jira refuses its JQL")), "{problems:?}");
            let mut world = world.with_config(&config);
            world.start().await;
            world.intervals(30).await;
            world.rest().await.unwrap();
            let there = if leaves { "Item" } else { "Item, changed" };
            assert_eq!(world.field("globex", "Item", "summary"), there);
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
    }
}

/// An item of home that globex has a copy of: home's key and the copy's.
async fn shared(config: &str) -> (World, String, String) {
    let world = World::new(config, |_| {}).await;
    let fields = json!({ "summary": "Item", "labels": ["share-globex"] });
    let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Item").key;
    (world, home, copy)
}

/// Nothing crosses between home and the copy that it took away; once it shares it again, both get what was done.
async fn rests(world: &World, home: &str, copy: &str) {
    world.person("acme", "jane").edit(home, json!({ "summary": "Item, home's own" })).unwrap();
    world.person("globex", "jdoe").edit(copy, json!({ "description": "theirs" })).unwrap();
    world.intervals(20).await;
    world.person("globex", "jdoe").edit(copy, json!({ "description": "theirs alone" })).unwrap();
    world.intervals(20).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item");
    assert_eq!(world.field("acme", "Item", "description"), "");
    labels(world, "acme", "jane", home, &["share-globex"]);
    world.intervals(20).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, home's own");
    assert!(world.field("acme", "Item", "description").contains("theirs alone"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// The right to see an issue goes and comes back: that says nothing of whether it is covered.
#[tokio::test(start_paused = true)]
async fn what_left_has_left_also_when_it_is_hidden_and_seen_again() {
    for hidden_first in [false, true] {
        let (world, home, copy) = shared(&stopping(THREE)).await;
        if !hidden_first {
            labels(&world, "acme", "jane", &home, &[]);
            world.rest().await.unwrap();
        }
        world.jira("globex").set_permission("ENG", "BROWSE_PROJECTS", &[]);
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(10).await;
        if hidden_first {
            labels(&world, "acme", "jane", &home, &[]);
            world.intervals(10).await;
        }
        world.person("acme", "jane").edit(&home, json!({ "summary": "Item, said while hidden" })).unwrap();
        world.intervals(10).await;
        world.jira("globex").set_permission("ENG", "BROWSE_PROJECTS", &[Holder::LoggedIn]);
        // Only the copy is heard of: home is not read, so nobody asks.
        world.person("globex", "jdoe").edit(&copy, json!({ "duedate": "2030-05-06" })).unwrap();
        world.intervals(200).await;
        assert_eq!(world.field("globex", "Item", "summary"), "Item", "{hidden_first}");
        rests(&world, &home, &copy).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_no_longer_shared_may_be_deleted_and_home_hears_nothing_of_it() {
    let (world, home, copy) = shared(&format!("{}deleted = \"comment\"\n", stopping(THREE))).await;
    labels(&world, "acme", "jane", &home, &[]);
    world.rest().await.unwrap();
    world.jira("globex").set_permission("ENG", "DELETE_ISSUES", &[Holder::LoggedIn]);
    world.person("globex", "jdoe").delete(&copy).unwrap();
    for _ in 0..3 {
        world.daemon().engine().sweep(None).await.unwrap();
        world.intervals(10).await;
    }
    assert_eq!(world.jira("acme").issue(&home).unwrap().comments.len(), 0);
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// Another configuration is another question.
#[tokio::test(start_paused = true)]
async fn another_clause_is_asked_at_the_next_start() {
    for (config, pair) in pairs() {
        let (from, who, _, to, there) = pair;
        let others = [config.clone(), stopping(&config.replace("labels = share-it", "labels is EMPTY OR labels = x"))];
        for other in others {
            let (world, key, copy) = paired(&stopping(&config), pair).await;
            labels(&world, from, who, &key, &[]);
            world.rest().await.unwrap();
            world.person(from, who).edit(&key, json!({ "summary": "Item outside" })).unwrap();
            world.person(to, there).edit(&copy, json!({ "description": "written meanwhile" })).unwrap();
            world.rest().await.unwrap();
            assert_eq!(world.field(to, "Item", "summary"), "Item", "{from}");
            let mut world = world.with_config(&other);
            world.start().await;
            world.rest().await.unwrap();
            assert_eq!(world.field(to, "Item", "summary"), "Item outside", "{from}");
            assert!(world.field(from, "Item", "description").contains("written meanwhile"), "{from}");
            assert_eq!(world.problems().await, Vec::<String>::new());
        }
        // A narrower one.
        let (world, _, copy) = paired(&stopping(&config), pair).await;
        let mut world = world.with_config(&stopping(&config.replace("labels = share-it", "labels = other")));
        world.start().await;
        world.rest().await.unwrap();
        world.person(to, there).edit(&copy, json!({ "description": "written meanwhile" })).unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(from, "Item", "description"), "", "{from}");
    }
}

/// One search of issues by a clause, as the daemon asks it.
fn asks(asked: &Value, clause: &str) -> bool {
    asked["jql"].as_str().is_some_and(|jql| jql.contains(clause) && jql.contains("id in"))
}

/// While Jira does not answer for one partner, the other gets what home does; the one gets it later, whoever is heard of first.
#[tokio::test(start_paused = true)]
async fn a_clause_that_is_not_answered_holds_back_its_own_side_alone() {
    let mut world = World::without_daemon(&stopping(THREE));
    let refused = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&refused);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).out(move |_, body| {
            if held.load(Ordering::SeqCst)
                && let Some(jql) = body.get("jql").and_then(Value::as_str)
                && jql.contains("share-globex")
            {
                body["jql"] = json!(jql.replace("labels = share-globex", "nosuch = 1"));
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let fields = json!({ "summary": "Item", "labels": ["share-globex", "share-initech"] });
    let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue("globex", "Item").key;
    refused.store(true, Ordering::SeqCst);
    world.person("acme", "jane").edit(&home, json!({ "summary": "Item, changed" })).unwrap();
    world.intervals(4).await;
    assert_eq!(world.field("initech", "Item", "summary"), "Item, changed");
    assert_eq!(world.field("globex", "Item", "summary"), "Item");
    world.person("globex", "jdoe").edit(&copy, json!({ "description": "theirs" })).unwrap();
    world.intervals(2).await;
    assert_eq!(world.field("acme", "Item", "description"), "");
    refused.store(false, Ordering::SeqCst);
    world.intervals(30).await;
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, changed");
    assert!(world.field("acme", "Item", "description").contains("theirs"));
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// A Data Center's index lags, and before it is asked again the other side is heard of.
#[tokio::test(start_paused = true)]
async fn the_second_question_is_asked_whoever_is_heard_of_first() {
    let (config, pair) = pairs()[1].clone();
    let mut world = World::without_daemon(&stopping(&config));
    let lies = Arc::new(AtomicBool::new(false));
    let held = Arc::clone(&lies);
    world.bend(move |inner| {
        let held = Arc::clone(&held);
        Arc::new(Bent::new(inner).out(move |place, body| {
            if held.load(Ordering::SeqCst) && place.contains("globex") && asks(body, "share-it") {
                let jql = body["jql"].as_str().unwrap_or_default().replace("labels = share-it", "labels is EMPTY");
                body["jql"] = json!(jql);
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let (from, who, kind, to, there) = pair;
    let fields = json!({ "summary": "Item", "labels": ["share-it"] });
    let key = world.person(from, who).create(project(from), kind, fields).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue(to, "Item").key;
    world.intervals(10).await;
    lies.store(true, Ordering::SeqCst);
    labels(&world, from, who, &key, &[]);
    world.interval().await;
    lies.store(false, Ordering::SeqCst);
    world.person(to, there).comment(&copy, "said meanwhile").unwrap();
    world.interval().await;
    world.intervals(10).await;
    assert_eq!(world.jira(from).issue(&key).unwrap().comments.len(), 0);
    labels(&world, from, who, &key, &["share-it"]);
    world.rest().await.unwrap();
    assert_eq!(world.jira(from).issue(&key).unwrap().comments.len(), 1);
}

/// It leaves while it is worked on: what is read later in the same cycle is asked of again.
#[tokio::test(start_paused = true)]
async fn what_leaves_between_two_reads_is_not_carried() {
    let (config, pair) = pairs()[0].clone();
    let mut world = World::without_daemon(&stopping(&config));
    let doomed = Arc::new(std::sync::Mutex::new(None::<String>));
    let (held, acme) = (Arc::clone(&doomed), world.jira("acme").clone());
    world.bend(move |inner| {
        let (held, acme) = (Arc::clone(&held), acme.clone());
        Arc::new(Bent::new(inner).back(move |place, asked, _| {
            if place.contains("acme") && asks(asked, "share-it") {
                let key = held.lock().unwrap().take();
                if let Some(key) = key {
                    let jane = acme.person("jane").unwrap();
                    jane.edit(&key, json!({ "labels": [], "summary": "Item, outside" })).unwrap();
                }
            }
        })) as Arc<dyn Transport>
    });
    world.start().await;
    let (from, who, kind, to, there) = pair;
    let fields = json!({ "summary": "Item", "labels": ["share-it"] });
    let key = world.person(from, who).create(project(from), kind, fields).unwrap();
    world.rest().await.unwrap();
    let copy = world.issue(to, "Item").key;
    world.intervals(10).await;
    world.person(from, who).edit(&key, json!({ "summary": "Item, inside" })).unwrap();
    world.person(to, there).edit(&copy, json!({ "duedate": "2030-05-06" })).unwrap();
    *doomed.lock().unwrap() = Some(key.clone());
    world.rest().await.unwrap();
    assert!(doomed.lock().unwrap().is_none(), "the clause was never asked");
    assert_ne!(world.field(to, "Item", "summary"), "Item, outside");
    assert_eq!(world.problems().await, Vec::<String>::new());
}

/// No search finds an archived issue, so no clause does: that is no leaving.
#[tokio::test(start_paused = true)]
async fn what_no_search_finds_has_not_left() {
    for (config, pair) in pairs() {
        let (world, key, copy) = paired(&stopping(&config), pair).await;
        let (from, who, _, to, there) = pair;
        world.person(from, who).edit(&key, json!({ "summary": "Item, at last" })).unwrap();
        world.person(from, who).archive(&key).unwrap();
        world.person(to, there).comment(&copy, "said meanwhile").unwrap();
        world.daemon().engine().sweep(None).await.unwrap();
        world.person(to, there).edit(&copy, json!({ "duedate": "2030-05-06" })).unwrap();
        world.intervals(10).await;
        assert_eq!(world.field(to, "Item", "summary"), "Item", "{from}");
        let problems = world.problems().await;
        assert!(problems.iter().any(|problem| problem.contains("no search finds")), "{from}: {problems:?}");
        world.person(from, who).restore(&key).unwrap();
        world.intervals(200).await;
        world.daemon().engine().sweep(None).await.unwrap();
        world.rest().await.unwrap();
        assert_eq!(world.field(to, "Item", "summary"), "Item, at last", "{from}");
        assert_eq!(world.jira(from).issue(&key).unwrap().fields["duedate"], "2030-05-06", "{from}");
        assert_eq!(world.problems().await, Vec::<String>::new(), "{from}");
    }
}

/// A partner that does not see another one cannot tell what that one's issue leaves.
#[tokio::test(start_paused = true)]
async fn what_one_partner_takes_away_is_nothing_to_the_other() {
    let clause = "side.globex = { jql = \"labels = share-it\", instance";
    let world = World::new(&stopping(&THREE.replace("side.globex = { instance", clause)), |_| {}).await;
    let fields = json!({ "summary": "Item", "labels": ["share-it"] });
    let theirs = world.person("globex", "jdoe").create("ENG", "Defect", fields).unwrap();
    world.rest().await.unwrap();
    let home = world.issue("acme", "Item").key;
    labels(&world, "globex", "jdoe", &theirs, &[]);
    world.rest().await.unwrap();
    let edit = json!({ "summary": "Item of home", "issuetype": { "name": "Task" }, "labels": ["share-initech"] });
    world.person("acme", "jane").edit(&home, edit).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.issues("initech", "Item of home").len(), 1);
    assert_eq!(world.field("globex", "Item", "summary"), "Item");
}

/// A copy is taken away before anybody could look at it: that it was made is settled.
#[tokio::test(start_paused = true)]
async fn a_copy_that_leaves_before_it_was_looked_at_is_settled() {
    let world = World::new(&stopping(THREE), |_| {}).await;
    world.jira("globex").add_fault(FaultRule::new("getIssue", When::Always, Fault::Status(500)));
    let fields = json!({ "summary": "Item", "labels": ["share-globex"] });
    let home = world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
    world.interval().await;
    assert_eq!(world.issues("globex", "Item").len(), 1);
    labels(&world, "acme", "jane", &home, &[]);
    world.jira("globex").clear_faults();
    world.intervals(20).await;
    world.rest().await.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());
    labels(&world, "acme", "jane", &home, &["share-globex"]);
    world.rest().await.unwrap();
    world.person("acme", "jane").edit(&home, json!({ "summary": "Item, shared again" })).unwrap();
    world.rest().await.unwrap();
    assert_eq!(world.field("globex", "Item", "summary"), "Item, shared again");
    assert_eq!(world.problems().await, Vec::<String>::new());
}
