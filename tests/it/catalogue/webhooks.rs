//! Rows about webhooks: what comes twice, late, or about something else. Must never let a body decide what is written.

use std::time::Duration;

use jirasyncd::console::{HookSink as _, Refused};
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::{HookWeather, Jira};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::super::daemon_support::World;
use super::super::daemon_webhooks::{Hooked, SIDES, config, shared};
use super::writes;

/// A world whose Jiras tell nothing by themselves: the tests send what they want to be told.
async fn silent() -> Hooked {
    let hooked = Hooked::new(&config(), shared).await;
    for jira in hooked.world.jiras.values() {
        jira.set_hook_weather(HookWeather { lose: 1.0, ..HookWeather::default() });
    }
    hooked
}

fn event(name: &str, id: &str, more: &Value) -> Value {
    let mut body = json!({ "webhookEvent": name, "timestamp": 1_772_443_815_000_i64,
        "issue": { "id": id, "fields": { "project": { "key": "SUP" } } } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// People act while the daemon runs whose polls are an hour apart, and it is told these things. Gives how often it read at home.
async fn tell(hooked: &Hooked, act: impl FnOnce(&World) -> Vec<Value>) -> u64 {
    tell_from(hooked, "acme", act).await
}

/// The same of any side, which gives how often it was read. What is told twice has one name, as from Cloud.
async fn tell_from(hooked: &Hooked, side: &str, act: impl FnOnce(&World) -> Vec<Value>) -> u64 {
    let cancel = CancellationToken::new();
    let run = hooked.daemon.run(cancel.clone());
    let people = async {
        // The first poll comes at once.
        tokio::time::sleep(Duration::from_secs(5)).await;
        hooked.world.jiras.values().for_each(Jira::reset_calls);
        let mut names: Vec<Value> = Vec::new();
        for body in act(&hooked.world) {
            let known = names.iter().position(|known| *known == body);
            let name = known.unwrap_or(names.len());
            assert_eq!(hooked.send_named(side, &body, &format!("{side}-webhook-{name}")).await, 204);
            if known.is_none() {
                names.push(body);
            }
        }
        tokio::time::sleep(Duration::from_secs(15)).await;
        cancel.cancel();
    };
    let (ran, ()) = tokio::join!(run, people);
    ran.unwrap();
    let jira = hooked.world.jira(side);
    ["bulkFetchIssues", "getIssue", "search"].map(|operation| jira.count(operation)).iter().sum()
}

#[tokio::test(start_paused = true)]
async fn row_029_an_issue_that_is_told_of_five_times_has_one_counterpart() {
    let hooked = silent().await;
    let mut bodies = Vec::new();
    let made = tell(&hooked, |world| {
        let labels = json!(["share-globex", "share-initech"]);
        world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Valve", "labels": labels })).unwrap();
        bodies = vec![event("jira:issue_created", &world.issue("acme", "Valve").id.to_string(), &json!({})); 5];
        bodies.clone()
    })
    .await;
    for side in SIDES {
        assert_eq!(hooked.world.issues(side, "Valve").len(), 1, "{side}");
    }
    // And again when all is done: nothing of it is written, and it is looked at once.
    let again = tell(&hooked, |_| bodies).await;
    assert_eq!(writes(&hooked.world), 0);
    assert!(again == 1 && made < 8, "{made} and {again} reads");
    for side in SIDES {
        assert_eq!(hooked.world.issues(side, "Valve").len(), 1, "{side}");
    }
}

/// What is told of an issue before anybody told that there is one: alone, when its look has long been had, and all at once.
#[tokio::test(start_paused = true)]
async fn row_031_what_is_told_before_its_issue_was_is_carried_once() {
    for (side, project, kind, who) in [("acme", "SUP", "Bug", "jane"), ("globex", "ENG", "Defect", "jdoe")] {
        for (first, at_once) in [("comment_created", false), ("jira:issue_updated", false), ("comment_created", true)] {
            let hooked = silent().await;
            let mut made = Value::Null;
            tell_from(&hooked, side, |world| {
                let labels = json!(["share-globex", "share-initech"]);
                let person = world.person(side, who);
                let key = person.create(project, kind, json!({ "summary": "Valve", "labels": labels })).unwrap();
                let comment = person.comment(&key, "Dripping").unwrap();
                let id = world.issue(side, "Valve").id.to_string();
                let address = format!("{}/rest/api/2/issue/{id}/comment/{comment}", world.jira(side).base_url());
                let mut early = event(first, &id, &json!({ "comment": { "id": comment, "self": address } }));
                made = event("jira:issue_created", &id, &json!({}));
                for body in [&mut early, &mut made] {
                    body["issue"]["fields"]["project"]["key"] = json!(project);
                }
                // Data Center names a comment's issue in its address alone.
                if side == "globex" && first == "comment_created" {
                    early.as_object_mut().unwrap().remove("issue");
                }
                if at_once { vec![early, made.clone()] } else { vec![early] }
            })
            .await;
            let others: &[&str] = if side == "acme" { &["globex", "initech"] } else { &["acme"] };
            let case = format!("{first} from {side}, at once: {at_once}");
            for other in others {
                assert_eq!(hooked.world.issues(other, "Valve").len(), 1, "{case}: at {other} before it was told of");
            }
            // And now, or once more, that it was made.
            tell_from(&hooked, side, |_| vec![made]).await;
            assert_eq!(writes(&hooked.world), 0, "{case}");
            assert_eq!(hooked.world.issue(side, "Valve").comments.len(), 1, "{case}: an echo");
            for other in others {
                let comments = hooked.world.issue(other, "Valve").comments;
                assert_eq!(comments.len(), 1, "{case}: at {other}: {comments:?}");
            }
        }
    }
}

/// Jira tells of one comment in two events, and of one event again after a failed delivery under another id.
#[tokio::test(start_paused = true)]
async fn row_030_one_act_that_is_told_in_several_ways_is_carried_once() {
    let hooked = silent().await;
    let mut bodies = Vec::new();
    tell(&hooked, |world| {
        let issue = world.issue("acme", "Pump");
        let comment = world.person("acme", "jane").comment(&issue.key, "Dripping").unwrap();
        let (id, about) = (issue.id.to_string(), json!({ "comment": { "id": comment } }));
        let later = json!({ "comment": { "id": comment }, "timestamp": 1_772_443_999_000_i64 });
        let named = json!({ "issue_event_type_name": "issue_commented" });
        bodies = vec![
            event("comment_created", &id, &about),
            event("jira:issue_updated", &id, &named),
            event("comment_created", &id, &later),
            event("comment_updated", &id, &about),
        ];
        bodies.clone()
    })
    .await;
    for side in ["globex", "initech"] {
        assert_eq!(hooked.world.issue(side, "Pump").comments.len(), 1, "{side}");
    }
    let again = tell(&hooked, |_| bodies).await;
    assert_eq!(writes(&hooked.world), 0);
    assert!(again <= 1, "{again} reads");
}

#[tokio::test(start_paused = true)]
async fn row_033_a_body_from_before_brings_nothing_back() {
    let hooked = silent().await;
    let told = |world: &World| event("jira:issue_updated", &world.issue("acme", "Pump").id.to_string(), &json!({}));
    tell(&hooked, |world| {
        let key = world.issue("acme", "Pump").key;
        for words in ["Pump, old", "Pump, new"] {
            world.person("acme", "jane").edit(&key, json!({ "summary": words })).unwrap();
        }
        vec![told(world)]
    })
    .await;
    assert_eq!(hooked.world.field("globex", "Pump", "summary"), "Pump, new");
    tokio::time::advance(Duration::from_secs(30 * 60)).await;
    tell(&hooked, |world| {
        let mut late = told(world);
        late["changelog"] = json!({ "id": "1", "items": [{ "field": "summary", "fieldId": "summary",
            "fromString": "Pump", "toString": "Pump, old" }] });
        late["issue"]["fields"]["summary"] = json!("Pump, old");
        vec![late]
    })
    .await;
    assert_eq!(writes(&hooked.world), 0);
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "summary"), "Pump, new", "{side}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_037_what_is_told_of_another_project_costs_no_request() {
    let hooked = silent().await;
    let reads = tell(&hooked, |_| {
        let mut other = event("jira:issue_created", "987655", &json!({}));
        other["issue"]["fields"]["project"]["key"] = json!("ELSE");
        other["issue"]["key"] = json!("ELSE-1");
        vec![other; 20]
    })
    .await;
    assert_eq!(reads, 0);
}

#[tokio::test(start_paused = true)]
async fn row_034_many_forged_webhooks_within_a_minute_are_told_for_an_hour() {
    let hooked = silent().await;
    let problems = async || {
        hooked.daemon.once().await.unwrap();
        let stored = hooked.daemon.store().problems(10).await.unwrap();
        stored.into_iter().map(|stored| format!("{}: {}", stored.problem.side, stored.problem.what)).collect::<Vec<_>>()
    };
    // As many over a day, or for another reason, are no alarm.
    for _ in 0..40 {
        hooked.daemon.refused(&"acme".into(), Refused::Signature);
        hooked.daemon.refused(&"globex".into(), Refused::Body);
        hooked.world.pass(30).await;
    }
    (0..100).for_each(|_| hooked.daemon.refused(&"globex".into(), Refused::Body));
    assert_eq!(problems().await, Vec::<String>::new());
    (0..60).for_each(|_| hooked.daemon.refused(&"acme".into(), Refused::Signature));
    let told = problems().await;
    assert!(told.len() == 1 && told[0].starts_with("acme: 30 webhooks"), "{told:?}");
    hooked.world.pass(1_800).await;
    (0..60).for_each(|_| hooked.daemon.refused(&"acme".into(), Refused::Signature));
    assert_eq!(problems().await, told, "it is one alarm");
    hooked.world.pass(3_700).await;
    assert_eq!(problems().await, Vec::<String>::new());
}
