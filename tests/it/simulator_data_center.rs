//! The simulated Data Center behaves as Atlassian documents, awkwardness included.

use std::time::Duration;

use jirasyncd::simulator::{Limits, presets};
use serde_json::{Value, json};

use super::simulator_support::{Client, globex, start};

async fn issue(client: &Client, summary: &str) -> String {
    let fields = json!({ "project": { "key": "ENG" }, "issuetype": { "name": "Defect" }, "summary": summary });
    let answer = client.post("issue", json!({ "fields": fields })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text("/key").to_owned()
}

#[tokio::test(start_paused = true)]
async fn says_who_it_is_and_who_asks() {
    let client = globex();
    let info = client.with(None).get("serverInfo").await;
    assert_eq!((info.status, info.text("/deploymentType")), (200, "Server"));
    assert_eq!(info.header("X-AUSERNAME"), Some("anonymous"));
    let me = client.get("myself").await;
    assert_eq!((me.text("/name"), me.text("/key")), ("sync", "JIRAUSER10100"));
    assert_eq!(me.header("X-AUSERNAME"), Some("sync"));
    assert!(me.text("/self").starts_with("https://jira.globex.example/jira/rest/api/2/user"), "the context path stays");
    let wrong = client.with(Some("Bearer nope")).get("myself").await;
    assert_eq!((wrong.status, wrong.header("X-Seraph-LoginReason")), (401, Some("AUTHENTICATED_FAILED")));
    let password = client.with(Some("Basic amRvZTpqZG9lLXBhc3N3b3Jk")).get("myself").await;
    assert_eq!(password.text("/name"), "jdoe");
    assert_eq!(client.at("/jira/rest/api/3").get("myself").await.status, 404);
    assert_eq!(client.at("/jira/rest/api/latest").get("myself").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn logs_by_name_oldest_first_and_renders_in_the_callers_zone() {
    let client = globex();
    let key = issue(&client, "one").await;
    for summary in ["two", "three"] {
        assert_eq!(client.put(&format!("issue/{key}"), json!({ "fields": { "summary": summary } })).await.status, 204);
    }
    let madrid = Client::of(&client.jira, "mlopez").get(&format!("issue/{key}?expand=changelog")).await;
    assert_eq!(madrid.text("/changelog/histories/0/items/0/toString"), "two");
    assert_eq!(madrid.text("/changelog/histories/1/items/0/toString"), "three");
    assert_eq!(madrid.body["changelog"]["histories"][0]["items"][0].get("fieldId"), None);
    assert_eq!(madrid.text("/changelog/histories/0/author/name"), "sync");
    assert_eq!(madrid.text("/fields/updated"), "2026-03-02T10:30:15.250+0100");
    assert_eq!(client.get(&format!("issue/{key}/changelog")).await.status, 404, "there is no changelog endpoint");
}

/// An index lies on each node and follows the others (memory): what it does not know yet is not found, what it finds is shown as it is.
#[tokio::test(start_paused = true)]
async fn the_index_follows_and_what_it_finds_is_shown_as_it_is() {
    let mut setup = presets::globex("https://jira.globex.example/jira");
    setup.quirks.index_lag = Duration::from_secs(30);
    let client = Client::of(&start(&setup), "sync");
    let key = issue(&client, "before").await;
    let search = json!({ "jql": "project = ENG", "fields": ["summary"] });
    assert_eq!(client.post("search", search.clone()).await.body["total"], 0);
    assert_eq!(client.get(&format!("issue/{key}")).await.status, 200, "reads by key never lag");
    tokio::time::advance(Duration::from_secs(30)).await;
    client.put(&format!("issue/{key}"), json!({ "fields": { "summary": "after", "labels": ["late"] } })).await;
    let found = client.post("search", search).await;
    assert_eq!((&found.body["total"], found.text("/issues/0/fields/summary")), (&json!(1), "after"));
    let by_label = json!({ "jql": "project = ENG AND labels = late", "fields": ["summary"] });
    assert_eq!(client.post("search", by_label).await.body["total"], 0, "it is matched as it was");
}

#[tokio::test(start_paused = true)]
async fn takes_only_wiki_text() {
    let client = globex();
    let key = issue(&client, "x").await;
    let document = json!({ "type": "doc", "version": 1, "content": [] });
    assert_eq!(client.put(&format!("issue/{key}"), json!({ "fields": { "description": document } })).await.status, 400);
    assert_eq!(
        client.put(&format!("issue/{key}"), json!({ "fields": { "description": "h1. *Hi*" } })).await.status,
        204
    );
    assert_eq!(client.get(&format!("issue/{key}")).await.text("/fields/description"), "h1. *Hi*");
    let comment = client.post(&format!("issue/{key}/comment"), json!({ "body": "x".repeat(32_768) })).await;
    assert!(comment.text("/errors/comment").starts_with("The entered text is too long."));
}

#[tokio::test(start_paused = true)]
async fn a_far_status_is_two_hops_away_and_a_wrong_transition_is_a_500() {
    let client = globex();
    let key = issue(&client, "x").await;
    let offered = client.get(&format!("issue/{key}/transitions?expand=transitions.fields")).await;
    assert_eq!(offered.body["transitions"].as_array().unwrap().len(), 1);
    assert_eq!(offered.text("/transitions/0/to/name"), "Working");
    let path = format!("issue/{key}/transitions");
    assert_eq!(
        client.post(&path, json!({ "transition": { "id": "31" } })).await.status,
        500,
        "Close is not offered yet"
    );
    assert_eq!(client.post(&path, json!({ "transition": { "id": "11" } })).await.status, 204);
    let next = client.get(&format!("{path}?expand=transitions.fields")).await;
    let close =
        next.body["transitions"].as_array().unwrap().iter().find(|t| t["to"]["name"] == "Closed").unwrap().clone();
    assert_eq!(close["fields"]["resolution"]["required"], false);
    let body = json!({ "transition": { "id": close["id"] }, "fields": { "resolution": { "name": "Duplicate" } } });
    assert_eq!(client.post(&path, body).await.status, 204);
    let read = client.get(&format!("issue/{key}")).await;
    assert_eq!((read.text("/fields/status/name"), read.text("/fields/resolution/name")), ("Closed", "Duplicate"));
    assert!(read.body["fields"]["resolutiondate"].is_string());
    let off = json!({ "transition": { "id": "41" }, "fields": { "summary": "y" } });
    assert_eq!(client.post(&path, off).await.status, 400, "only the screen's fields are allowed");
}

#[tokio::test(start_paused = true)]
async fn a_required_screen_field_must_be_given() {
    let mut setup = presets::globex("https://jira.globex.example/jira");
    setup.projects[0].transitions[0].screen.insert("customfield_10111".into(), true);
    let client = Client::of(&start(&setup), "sync");
    let key = issue(&client, "x").await;
    let path = format!("issue/{key}/transitions");
    let refused = client.post(&path, json!({ "transition": { "id": "11" } })).await;
    assert_eq!(refused.text("/errors/customfield_10111"), "Customer name is required.");
    let body = json!({ "transition": { "id": "11" }, "fields": { "customfield_10111": "ACME" } });
    assert_eq!(client.post(&path, body).await.status, 204);
    let items = client.jira.issue(&key).unwrap().history[0].items.clone();
    assert_eq!(items.iter().map(|(field, ..)| field.as_str()).collect::<Vec<_>>(), ["Customer name", "status"]);
}

#[tokio::test(start_paused = true)]
async fn searches_by_window() {
    let client = globex();
    for number in 0..3 {
        issue(&client, &format!("n {number}")).await;
    }
    let page = client
        .get("search?jql=project%3DENG+ORDER+BY+key&startAt=1&maxResults=1&validateQuery=True&fields=summary")
        .await;
    assert_eq!(page.body["total"], 3);
    assert_eq!(page.text("/issues/0/key"), "ENG-2");
    let all = client.post("search", json!({ "jql": "", "fields": ["id"], "expand": ["changelog"] })).await;
    assert_eq!(all.body["total"], 3, "unbounded queries are fine");
    assert!(all.body["issues"][0]["changelog"].is_object());
    let capped = client.post("search", json!({ "jql": "project = ENG", "maxResults": 5_000 })).await;
    assert_eq!(capped.body["maxResults"], 1_000, "capped without an error");
    assert_eq!(
        client.post("search", json!({ "jql": "project = ENG", "startAt": 9_500, "maxResults": 501 })).await.status,
        400
    );
    assert_eq!(client.post("search", json!({ "jql": "project = NOPE" })).await.status, 400);
    let count = client.post("search", json!({ "jql": "project = ENG", "maxResults": 0 })).await;
    assert_eq!((count.body["total"].as_u64(), count.body["issues"].as_array().map(Vec::len)), (Some(3), Some(0)));
    assert_eq!(client.get("search/jql?jql=project%3DENG").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn silence_without_the_right_is_forbidden() {
    let client = globex();
    let key = issue(&client, "x").await;
    let path = format!("issue/{key}?notifyUsers=false");
    let jdoe = Client::of(&client.jira, "jdoe");
    assert_eq!(jdoe.put(&path, json!({ "fields": { "summary": "y" } })).await.status, 403);
    assert_eq!(client.put(&path, json!({ "fields": { "summary": "y" } })).await.status, 204);
}

#[tokio::test(start_paused = true)]
async fn users_go_by_name() {
    let client = globex();
    let key = issue(&client, "x").await;
    assert_eq!(client.put(&format!("issue/{key}/assignee"), json!({ "name": "kchan" })).await.status, 204);
    let view = client.jira.issue(&key).unwrap();
    assert_eq!(view.fields["assignee"], "Kim Chan");
    assert_eq!(client.get("user/search?username=mlo").await.text("/0/key"), "JIRAUSER10102");
    assert_eq!(client.get("user?username=nobody").await.status, 404);
    let meta = client.get("issue/createmeta/ENG/issuetypes").await;
    assert_eq!(meta.text("/values/0/name"), "Defect");
    let id = meta.text("/values/0/id");
    let fields = client.get(&format!("issue/createmeta/ENG/issuetypes/{id}")).await;
    let summary =
        fields.body["values"].as_array().unwrap().iter().find(|field| field["fieldId"] == "summary").unwrap().clone();
    assert_eq!(summary["required"], true);
    let all = client.get("mypermissions?projectKey=ENG").await;
    assert_eq!(all.body["permissions"]["EDIT_ISSUES"]["havePermission"], true);
    assert_eq!(all.body["permissions"]["SYSTEM_ADMIN"]["havePermission"], Value::Bool(false));
}

#[tokio::test(start_paused = true)]
async fn limits_are_off_until_switched_on_and_then_per_user() {
    let client = globex();
    assert_eq!(client.get("myself").await.header("X-RateLimit-Limit"), None);
    client.jira.set_limits(Limits::data_center());
    for _ in 0..70 {
        let answer = client.get("myself").await;
        assert_eq!((answer.status, answer.header("Retry-After")), (200, Some("0")));
    }
    let refused = client.get("myself").await;
    assert_eq!((refused.status, refused.header("X-RateLimit-Remaining")), (429, Some("0")));
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert_eq!(Client::of(&client.jira, "jdoe").get("myself").await.status, 200);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(client.get("myself").await.status, 200);
}
