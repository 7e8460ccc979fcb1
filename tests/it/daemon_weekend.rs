//! One partner is away for a weekend while the others work, and then comes back: all of it arrives, at what it may cost, within
//! what its instance grants and within the creations an hour that its administrator allowed. Must never judge by the daemon's state.

use std::collections::BTreeMap;
use std::time::Duration;

use jirasyncd::model::command::{AWAITED, Command, Target};
use jirasyncd::model::store::{Store as _, Urgency};
use jirasyncd::simulator::{Fault, FaultRule, Jira, Limits, When};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::daemon_pause::give;
use super::daemon_support::{THREE, World, in_bulk};

/// Creations an hour that the configuration grants.
const PER_HOUR: usize = 40;
/// The longest that the partner may take to be in step again.
const MOST_HOURS: usize = 12;

/// What a return cost on the partner's side.
#[expect(dead_code, reason = "printed with what is judged")]
#[derive(Debug)]
struct Return {
    /// What people did meanwhile on the two others.
    changes: usize,
    /// Requests after the return, polls apart, and the searches that polls made.
    calls: u64,
    polls: u64,
    /// Requests that the instance refused for their number.
    refused: usize,
    /// The most creations in any 60 minutes.
    most_creations: usize,
    /// From the return until all had arrived, in minutes.
    minutes: usize,
}

fn config() -> String {
    let text = in_bulk(THREE).replace("poll = \"30s\"", "poll = \"5m\"");
    let text = text.replace("sees = [\"acme\"], when = \"labels = share-initech\"", "sees = [\"acme\", \"globex\"]");
    format!("{text}\n[sync.support.backfill]\nper-hour = {PER_HOUR}\n")
}

/// What people do while the partner is away, the n-th of their acts: mostly edits, each of another issue, from both other sides;
/// every tenth is a comment, every twentieth a new issue.
fn act(world: &World, number: usize, keys: &[(String, String)]) {
    let (jane, jdoe) = (world.person("acme", "jane"), world.person("globex", "jdoe"));
    let index = number % keys.len();
    let (at_acme, at_globex) = &keys[index];
    if number % 20 == 7 {
        let labels = json!(["share-globex", "share-initech"]);
        jane.create("SUP", "Bug", json!({ "summary": format!("New {number:04}"), "labels": labels })).unwrap();
    } else if number % 10 == 3 {
        jane.comment(at_acme, &format!("word {number}")).unwrap();
    } else if number.is_multiple_of(2) {
        jane.edit(at_acme, json!({ "summary": format!("Item {index:04} at {number}") })).unwrap();
    } else {
        jdoe.edit(at_globex, json!({ "summary": format!("Item {index:04} at {number}") })).unwrap();
    }
}

/// The keys of each item at home and at the partner who stays, in the order of their summaries.
fn keys(world: &World) -> Vec<(String, String)> {
    let at = |side: &str| {
        let issues = world.jira(side).issues();
        issues.into_iter().map(|issue| (issue.fields["summary"].clone(), issue.key)).collect::<BTreeMap<_, _>>()
    };
    at("acme").into_values().zip(at("globex").into_values()).collect()
}

/// What a Jira shows of the items: summary and number of comments, in the order of the summaries.
fn shown(jira: &Jira) -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> =
        jira.issues().iter().map(|issue| (issue.fields["summary"].clone(), issue.comments.len())).collect();
    all.sort();
    all
}

/// So many changes while one of three is away for so long.
async fn absence(away: Duration, changes: usize) -> Return {
    let labels = json!(["share-globex", "share-initech"]);
    let mut world = World::new(&config().replace(&format!("per-hour = {PER_HOUR}"), "per-hour = 100000"), |jiras| {
        let jane = jiras["acme"].person("jane").unwrap();
        for index in 0..changes {
            let fields =
                json!({ "summary": format!("Item {index:04}"), "labels": labels, "priority": { "name": "Low" } });
            jane.create("SUP", "Bug", fields).unwrap();
        }
    })
    .await;
    world.settle().await;
    world = world.with_config(&config());
    world.start().await;
    tokio::time::advance(Duration::from_hours(2)).await;
    world.settle().await;
    let initech = world.jira("initech").clone();
    for (name, limits) in [("acme", Limits::cloud()), ("initech", Limits::cloud()), ("globex", Limits::data_center())] {
        world.jira(name).set_limits(limits);
    }

    initech.add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    let cancel = CancellationToken::new();
    let run = world.daemon().run(cancel.clone());
    let keys = keys(&world);
    let people = async {
        for number in 0..changes {
            act(&world, number, &keys);
            tokio::time::sleep(away / u32::try_from(changes).unwrap()).await;
        }
        // What waits costs nothing meanwhile: it is due by no clock, and the polls alone ask whether the partner is back.
        tokio::time::sleep(Duration::from_mins(30)).await;
        let due = world.daemon().store().next_due(Urgency::Sweep).await.unwrap();
        assert!(due.is_none_or(|due| due == AWAITED), "{due:?}");
        initech.clear_faults();
        initech.reset_calls();
        let mut minutes = 0;
        let before = initech.issues().len();
        while ["acme", "globex"].iter().any(|other| shown(&initech) != shown(world.jira(other))) {
            assert!(minutes < MOST_HOURS * 60, "still not in step: {:?}", world.problems().await);
            tokio::time::sleep(Duration::from_mins(1)).await;
            minutes += 1;
        }
        cancel.cancel();
        (minutes, before)
    };
    let (ran, (minutes, before)) = tokio::join!(run, people);
    ran.unwrap();
    assert_eq!(world.problems().await, Vec::<String>::new());

    let calls = initech.calls();
    let by_operation: BTreeMap<String, u64> =
        initech.counts().into_iter().map(|(operation, count)| (operation, count.calls)).collect();
    println!("{by_operation:?}");
    let polls = by_operation.get("search").copied().unwrap_or_default();
    Return {
        changes,
        calls: by_operation.values().sum::<u64>() - polls,
        polls,
        refused: calls.iter().filter(|call| call.status == 429).count(),
        most_creations: most_in_an_hour(&initech, before),
        minutes,
    }
}

/// The most issues that were made within any hour, the end of which is no part of it, after the first so many.
fn most_in_an_hour(jira: &Jira, after: usize) -> usize {
    let mut made: Vec<jiff::Timestamp> = jira.issues().iter().map(|issue| issue.created).collect();
    made.sort();
    let made = &made[after..];
    let hour = jiff::SignedDuration::from_hours(1);
    let within = |from: jiff::Timestamp| made.iter().filter(|at| **at >= from && **at < from + hour).count();
    made.iter().map(|from| within(*from)).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn row_038_after_an_absence_all_arrives_within_the_budget_and_the_hourly_cap() {
    // In the long run from Friday evening to Monday morning, with as many changes as a busy project sees; else over a night.
    let long = std::env::var_os("JIRASYNCD_LONG").is_some();
    let (hours, changes) = if long { (60, 2_000) } else { (12, 60) };
    let came_back = absence(Duration::from_hours(hours), changes).await;
    println!("{came_back:?}");
    assert!(came_back.calls * 10 <= 12 * came_back.changes as u64, "{came_back:?}");
    assert_eq!(came_back.refused, 0, "{came_back:?}");
    assert!(came_back.most_creations <= PER_HOUR, "{came_back:?}");
}

/// What waits for an operator and for an absent instance goes on with whichever ends first.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_pause_does_not_wait_for_a_partner_who_is_away() {
    let world = World::new(&config(), |jiras| {
        let fields = json!({ "summary": "Pump", "labels": ["share-globex", "share-initech"] });
        jiras["acme"].person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    })
    .await;
    world.settle().await;
    let key = world.issue("acme", "Pump").key;
    world.jira("initech").add_fault(FaultRule::new("*", When::Always, Fault::ResetBefore));
    give(&world, Command::Pause(Target::Instance("globex".into()))).await;
    let cancel = CancellationToken::new();
    let run = world.daemon().run(cancel.clone());
    let people = async {
        // Long enough for initech to count as away; what is edited then waits for both.
        tokio::time::sleep(Duration::from_hours(1)).await;
        world.person("acme", "jane").edit(&key, json!({ "summary": "Pump leaks" })).unwrap();
        tokio::time::sleep(Duration::from_hours(1)).await;
        give(&world, Command::Resume(Target::Instance("globex".into()))).await;
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(world.issue("globex", "Pump").fields["summary"], "Pump leaks");
        give(&world, Command::Pause(Target::Sync("support".into()))).await;
        world.jira("initech").clear_faults();
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(world.issue("initech", "Pump").fields["summary"], "Pump", "the sync is paused");
        give(&world, Command::Resume(Target::Sync("support".into()))).await;
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert_eq!(world.issue("initech", "Pump").fields["summary"], "Pump leaks");
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(run, people);
    ran.unwrap();
}
