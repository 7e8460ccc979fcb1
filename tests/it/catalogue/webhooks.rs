//! Rows about webhooks: what comes twice, late, or about something else. Must never let a body decide what is written.

use std::time::Duration;

use jirasyncd::simulator::{HookWeather, Jira};
use serde_json::{Value, json};

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

/// Sends these one after another, while the daemon lives for some seconds.
async fn tell(hooked: &Hooked, bodies: &[Value]) {
    for body in bodies {
        assert_eq!(hooked.send("acme", body).await, 204);
    }
    hooked.live(12, |_| {}).await;
}

#[tokio::test(start_paused = true)]
async fn row_029_an_issue_that_is_told_of_five_times_has_one_counterpart() {
    let hooked = silent().await;
    let labels = json!(["share-globex", "share-initech"]);
    let jane = hooked.world.person("acme", "jane");
    jane.create("SUP", "Bug", json!({ "summary": "Valve", "labels": labels })).unwrap();
    let id = hooked.world.issue("acme", "Valve").id.to_string();
    let body = event("jira:issue_created", &id, &json!({}));
    tell(&hooked, &[body.clone(), body.clone(), body.clone(), body.clone(), body.clone()]).await;
    for side in SIDES {
        assert_eq!(hooked.world.issues(side, "Valve").len(), 1, "{side}");
    }
    // And again when all is done: nothing of it is written.
    let before = hooked.world.jira("globex").issues().len();
    tell(&hooked, &[body.clone(), body]).await;
    assert_eq!((writes(&hooked.world), hooked.world.jira("globex").issues().len()), (0, before));
}

/// Jira tells of one comment in two events, and of one event again after a failed delivery under another id.
#[tokio::test(start_paused = true)]
async fn row_030_one_act_that_is_told_in_several_ways_is_carried_once() {
    let hooked = silent().await;
    let issue = hooked.world.issue("acme", "Pump");
    let comment = hooked.world.person("acme", "jane").comment(&issue.key, "Dripping").unwrap();
    let id = issue.id.to_string();
    let about = json!({ "comment": { "id": comment } });
    let bodies = [
        event("comment_created", &id, &about),
        event("jira:issue_updated", &id, &json!({ "issue_event_type_name": "issue_commented" })),
        event("comment_created", &id, &json!({ "comment": { "id": comment }, "timestamp": 1_772_443_999_000_i64 })),
        event("comment_updated", &id, &about),
    ];
    tell(&hooked, &bodies).await;
    for side in ["globex", "initech"] {
        assert_eq!(hooked.world.issue(side, "Pump").comments.len(), 1, "{side}");
    }
    tell(&hooked, &bodies).await;
    assert_eq!(writes(&hooked.world), 0);
}

#[tokio::test(start_paused = true)]
async fn row_033_a_body_from_before_brings_nothing_back() {
    let hooked = silent().await;
    let issue = hooked.world.issue("acme", "Pump");
    let jane = hooked.world.person("acme", "jane");
    jane.edit(&issue.key, json!({ "summary": "Pump, old" })).unwrap();
    jane.edit(&issue.key, json!({ "summary": "Pump, new" })).unwrap();
    let now = event("jira:issue_updated", &issue.id.to_string(), &json!({}));
    tell(&hooked, std::slice::from_ref(&now)).await;
    assert_eq!(hooked.world.field("globex", "Pump", "summary"), "Pump, new");
    tokio::time::advance(Duration::from_secs(30 * 60)).await;
    let mut late = event(
        "jira:issue_updated",
        &issue.id.to_string(),
        &json!({ "changelog": { "id": "1", "items": [
        { "field": "summary", "fieldId": "summary", "fromString": "Pump", "toString": "Pump, old" }] } }),
    );
    late["issue"]["fields"]["summary"] = json!("Pump, old");
    tell(&hooked, &[late]).await;
    assert_eq!(writes(&hooked.world), 0);
    for side in SIDES {
        assert_eq!(hooked.world.field(side, "Pump", "summary"), "Pump, new", "{side}");
    }
}

#[tokio::test(start_paused = true)]
async fn row_037_what_is_told_of_another_project_costs_no_request() {
    let hooked = silent().await;
    let mut other = event("jira:issue_created", "987655", &json!({}));
    other["issue"]["fields"]["project"]["key"] = json!("ELSE");
    other["issue"]["key"] = json!("ELSE-1");
    hooked.live(5, |_| {}).await;
    let quiet: u64 = hooked.world.jiras.values().map(Jira::total_calls).sum();
    tell(&hooked, &vec![other; 20]).await;
    let after: u64 = hooked.world.jiras.values().map(Jira::total_calls).sum();
    assert!(after <= quiet, "{quiet} before, {after} after");
}
