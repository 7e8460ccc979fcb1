//! Every fault at every kind of write and read, on both kinds of Jira: people act, the fault strikes once or often, it stops,
//! and then everything must be in step, nothing twice, nothing echoed. Must never be made to pass by striking less.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, When};
use serde_json::json;

use super::daemon_audit::{by_token, ours};
use super::daemon_support::{World, two, two_clouds};

/// What the daemon has to write, and the operations that the fault strikes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Create,
    CreateMany,
    Edit,
    Hop,
    Comment,
    Read,
}

const KINDS: [Kind; 6] = [Kind::Create, Kind::CreateMany, Kind::Edit, Kind::Hop, Kind::Comment, Kind::Read];

impl Kind {
    fn operations(self) -> &'static [&'static str] {
        match self {
            Self::Create => &["createIssue"],
            Self::CreateMany => &["createIssues"],
            Self::Edit => &["editIssue"],
            Self::Hop => &["doTransition"],
            Self::Comment => &["addComment"],
            Self::Read => {
                &["search", "getIssue", "bulkFetchIssues", "getComments", "getCommentProperty", "getTransitions"]
            }
        }
    }
}

fn faults() -> Vec<Fault> {
    let mut faults: Vec<Fault> = [401, 403, 404, 409].map(Fault::Status).into();
    faults.extend([500, 502].map(Fault::StatusAfter));
    faults.extend([Some(7), None].map(|retry_after| Fault::RateLimited { retry_after }));
    faults.extend([Some(7), None].map(|retry_after| Fault::Unavailable { status: 503, retry_after }));
    faults.extend([Fault::ResetBefore, Fault::ResetAfter, Fault::Truncated, Fault::LoginPage, Fault::Anonymous]);
    faults.push(Fault::LateWrite(Duration::from_secs(40)));
    faults.push(Fault::Slow(Duration::from_secs(20)));
    faults.push(Fault::IndexLag(Duration::from_secs(90)));
    faults
}

/// Sides that carry everything of each other; the fault strikes on the second.
struct Pair {
    config: fn() -> String,
    to: &'static str,
    hops: usize,
}

const PAIRS: [Pair; 2] =
    [Pair { config: two, to: "globex", hops: 2 }, Pair { config: two_clouds, to: "initech", hops: 1 }];

fn create(world: &World, token: &str) {
    let fields = json!({ "summary": format!("{token} is broken"), "description": "One\n\nTwo",
        "priority": { "name": "Low" }, "labels": ["paper"] });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap();
}

/// What people do at acme for one kind of write. Gives the tokens of the items that it is about.
fn act(world: &World, kind: Kind, round: usize) {
    let jane = world.person("acme", "jane");
    let key = world.issue("acme", "Known-0 ").key;
    match kind {
        Kind::Create => create(world, &format!("Single-{round}")),
        Kind::CreateMany => (0..3).for_each(|index| create(world, &format!("Many-{round}-{index}"))),
        Kind::Edit => jane.edit(&key, json!({ "summary": format!("Known-0 edited {round}") })).unwrap(),
        Kind::Hop => jane.transition(&key, if round == 0 { "Done" } else { "In Progress" }).unwrap(),
        Kind::Comment => drop(jane.comment(&key, &format!("A word of round {round}")).unwrap()),
        Kind::Read => {
            jane.edit(&key, json!({ "duedate": format!("2026-05-{:02}", round + 1) })).unwrap();
            create(world, &format!("Read-{round}"));
            jane.comment(&key, &format!("A read of round {round}")).unwrap();
        }
    }
}

/// Entries that our writes for one act leave behind on the second side.
fn entries(pair: &Pair, kind: Kind) -> usize {
    match kind {
        Kind::Edit | Kind::Read => 1,
        Kind::Hop => pair.hops,
        Kind::Create | Kind::CreateMany | Kind::Comment => 0,
    }
}

/// One world for one fault: each kind of write in turn.
async fn strike(pair: &Pair, fault: &Fault) -> Vec<String> {
    let world = World::new(&(pair.config)(), |_| {}).await;
    create(&world, "Known-0");
    world.settle().await;
    let mut wrong = Vec::new();
    let mut expected = 0;
    for (round, when) in [When::Nth(1), When::Probability(0.6)].into_iter().enumerate() {
        for kind in KINDS {
            for operation in kind.operations() {
                world.jira(pair.to).add_fault(FaultRule::new(operation, when.clone(), fault.clone()));
            }
            act(&world, kind, round);
            world.intervals(4).await;
            world.jira(pair.to).clear_faults();
            expected += entries(pair, kind);
            let mut found = world.rest().await.err().into_iter().collect::<Vec<_>>();
            found.extend(world.in_step("acme", pair.to).await.err());
            let echoes = by_token(&world, "acme").map(|all| ours("acme", &all["Known-0"])).unwrap_or_default();
            if echoes > 0 {
                found.push(format!("{echoes} echoes"));
            }
            let there = by_token(&world, pair.to).map(|all| ours(pair.to, &all["Known-0"])).unwrap_or_default();
            // A write that lands after it was done again leaves an entry of its own; that it changes nothing is judged above.
            if there != expected && *fault != Fault::LateWrite(Duration::from_secs(40)) {
                found.push(format!("{there} entries of ours, {expected} are due"));
            }
            if !found.is_empty() {
                wrong.push(format!("{} {fault:?} {when:?} {kind:?}: {}", pair.to, found.join("; ")));
                return wrong;
            }
        }
    }
    wrong
}

async fn strike_all(pair: &Pair) {
    let mut wrong = Vec::new();
    for fault in faults() {
        wrong.extend(strike(pair, &fault).await);
    }
    assert!(wrong.is_empty(), "{} of {} faults:\n{}", wrong.len(), faults().len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_a_data_center_leaves_anything_out_of_step() {
    strike_all(&PAIRS[0]).await;
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_a_cloud_leaves_anything_out_of_step() {
    strike_all(&PAIRS[1]).await;
}
