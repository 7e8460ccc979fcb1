//! Every event that jira-facts section 7 lists, in the shapes of both kinds, old and new, with and without the issue: each is taken, is a
//! hint and nothing more, and costs at most one look. Must never let what a body claims reach an issue.

use std::time::Duration;

use jirasyncd::model::ids::InstanceId;
use jirasyncd::model::store::Store as _;
use jirasyncd::simulator::Jira;
use serde_json::{Value, json};

use super::daemon_webhooks::{Hooked, config};

/// What a body may set off.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    /// The issue is read, or where the body does not name it, the instance is polled.
    Issue,
    /// The issue is read where it is named; a poll would not find it.
    Named,
    /// It is about no issue.
    Nothing,
}

/// All events of jira-facts section 7, and where it gives a family alone, its members.
const EVENTS: &[(&str, &[&str], Look)] = &[
    ("jira:issue", &["created", "updated", "deleted"], Look::Issue),
    ("issue_property", &["set", "deleted"], Look::Named),
    ("worklog", &["created", "updated", "deleted"], Look::Issue),
    ("comment", &["created", "updated", "deleted"], Look::Issue),
    ("attachment", &["created", "deleted"], Look::Issue),
    ("issuelink", &["created", "deleted"], Look::Issue),
    ("issuetype", &["created", "updated", "deleted"], Look::Nothing),
    (
        "project",
        &["created", "updated", "deleted", "soft_deleted", "restored_deleted", "archived", "restored_archived"],
        Look::Nothing,
    ),
    ("jira:version", &["created", "updated", "released", "unreleased", "moved", "deleted"], Look::Nothing),
    ("user", &["created", "updated", "deleted"], Look::Nothing),
    ("sprint", &["created", "updated", "started", "closed", "deleted"], Look::Nothing),
    ("board", &["created", "updated", "deleted", "configuration_changed"], Look::Nothing),
    (
        "option",
        &[
            "voting_changed",
            "watching_changed",
            "unassigned_issues_changed",
            "subtasks_changed",
            "attachments_changed",
            "issuelinks_changed",
            "timetracking_changed",
        ],
        Look::Nothing,
    ),
];

/// How a body is made.
#[derive(Clone, Copy, Debug)]
struct Shape {
    cloud: bool,
    /// With `issue`.
    whole: bool,
    /// As old versions: no event type, ids as text or numbers the other way round.
    old: bool,
}

fn somebody(shape: Shape) -> Value {
    if shape.cloud {
        json!({ "accountId": "557058:forger", "displayName": "Forger" })
    } else {
        json!({ "name": "forger", "key": "JIRAUSER666", "displayName": "Forger" })
    }
}

/// A body of an event about an issue that says what is not so.
fn forged(family: &str, event: &str, id: u64, base: &str, shape: Shape) -> Value {
    let number = |number: u64| if shape.old { json!(number) } else { json!(number.to_string()) };
    let mut body = json!({ "timestamp": 1_770_000_000_000_u64, "webhookEvent": format!("{family}_{event}") });
    let issue = json!({ "id": number(id), "self": format!("{base}/rest/api/2/issue/{id}"), "key": "SUP-666",
        "fields": { "summary": "Forged", "description": "Forged", "labels": ["forged"] } });
    if shape.whole {
        body["issue"] = issue;
    }
    let of_issue = |what: &str| format!("{base}/rest/api/2/issue/{id}/{what}/7");
    let forger = somebody(shape);
    let remark = |what: &str| {
        json!({ "self": of_issue(what), "id": number(7), "author": forger, "updateAuthor": forger, "body": "Forged",
            "comment": "Forged", "timeSpentSeconds": 60, "updated": "2026-01-05T08:00:00.000+0000" })
    };
    match family {
        "jira:issue" => {
            body["user"] = forger.clone();
            if !shape.old {
                body["issue_event_type_name"] = json!(format!("issue_{event}"));
            }
            body["changelog"] = json!({ "id": 1, "items": [{ "field": "summary", "toString": "Forged" }] });
        }
        "issue_property" => body["property"] = json!({ "key": "tool", "value": "Forged" }),
        "comment" => body["comment"] = remark("comment"),
        "worklog" => {
            body["worklog"] = remark("worklog");
            body["worklog"]["issueId"] = number(id);
        }
        "attachment" => {
            body["attachment"] = json!({ "self": format!("{base}/rest/api/2/attachment/7"), "id": number(7),
                "filename": "forged.txt", "author": forger });
        }
        "issuelink" => {
            body["issueLink"] = json!({ "id": 7, "sourceIssueId": id, "destinationIssueId": id,
                "issueLinkType": { "id": 1, "name": "Forged" }, "systemLink": false });
        }
        "jira:version" => body["version"] = json!({ "id": "7", "name": "Forged", "projectId": 10_000 }),
        "project" => body["project"] = json!({ "id": 10_000, "key": "SUP", "name": "Forged" }),
        "sprint" => body["sprint"] = json!({ "id": 7, "name": "Forged", "state": "closed", "originBoardId": 1 }),
        "board" => body["board"] = json!({ "id": 7, "name": "Forged", "type": "scrum" }),
        "user" => body["user"] = forger.clone(),
        "issuetype" => body["issuetype"] = json!({ "id": "7", "name": "Forged" }),
        "option" => body["property"] = json!({ "key": "jira.option.voting", "value": "false" }),
        other => panic!("{other} has no shape"),
    }
    body
}

/// All that stands anywhere.
fn standing(jiras: &std::collections::BTreeMap<&'static str, Jira>) -> String {
    jiras.values().map(|jira| format!("{:?}\n", jira.issues())).collect()
}

#[tokio::test(start_paused = true)]
async fn every_event_in_every_shape_is_a_hint_and_never_the_truth() {
    let hooked = Hooked::new(&config(), |world| {
        let labels = json!(["share-globex", "share-initech"]);
        world.person("acme", "jane").create("SUP", "Bug", json!({ "summary": "Pump", "labels": labels })).unwrap();
    })
    .await;
    let before = standing(&hooked.world.jiras);
    let mut heard = 0;
    for (side, cloud) in [("acme", true), ("globex", false)] {
        let (instance, jira) = (InstanceId::from(side), hooked.world.jira(side));
        let id = hooked.world.issue(side, "Pump").id;
        for (family, event, look) in
            EVENTS.iter().flat_map(|(family, events, look)| events.iter().map(move |event| (family, event, *look)))
        {
            for (whole, old) in [(true, false), (true, true), (false, false), (false, true)] {
                let shape = Shape { cloud, whole, old };
                let body = forged(family, event, id, "https://jira.example", shape);
                assert_eq!(hooked.send(side, &body).await, 204, "{side}: {body}");
                let waits: u64 =
                    hooked.daemon.store().waiting().await.unwrap().iter().map(|waiting| waiting.issues).sum();
                let expected = u64::from(match look {
                    Look::Issue => true,
                    Look::Named => whole,
                    Look::Nothing => false,
                });
                assert_eq!(waits, expected, "{side} {shape:?}: {body}");
                tokio::time::advance(Duration::from_secs(6)).await;
                jira.reset_calls();
                hooked.daemon.engine().look_after(&instance).await.unwrap();
                let calls = jira.total_calls();
                assert!(calls <= expected, "{side} {shape:?}: {calls} calls for {body}");
                heard += 1;
            }
        }
    }
    assert_eq!(heard, 2 * 4 * EVENTS.iter().map(|(_, events, _)| events.len()).sum::<usize>());
    hooked.live(5, |_| {}).await;
    assert_eq!(standing(&hooked.world.jiras), before);
    assert_eq!(hooked.daemon.store().problems(10).await.unwrap().len(), 0);
}
