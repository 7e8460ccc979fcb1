//! The simulated Jira keeps links between issues as Atlassian documents and measured them. Must never be bent to our client.

use jirasyncd::simulator::{Holder, presets};
use serde_json::{Value, json};

use super::contract::watch::watched;
use super::simulator_support::{Client, start};

fn both() -> [(Client, &'static str, &'static str); 2] {
    let acme = start(&presets::acme("https://acme.example"));
    let globex = start(&presets::globex("https://jira.globex.example/jira"));
    [(Client::of(&acme, "sync"), "SUP", "Bug"), (Client::of(&globex, "sync"), "ENG", "Defect")]
}

async fn issue(client: &Client, project: &str, kind: &str) -> String {
    let fields = json!({ "project": { "key": project }, "issuetype": { "name": kind }, "summary": "x" });
    client.post("issue", json!({ "fields": fields })).await.text("/key").to_owned()
}

async fn links(client: &Client, key: &str) -> Vec<Value> {
    client.get(&format!("issue/{key}?fields=issuelinks")).await.body["fields"]["issuelinks"].as_array().unwrap().clone()
}

fn body(kind: &str, inward: &str, outward: &str) -> Value {
    json!({ "type": { "name": kind }, "inwardIssue": { "key": inward }, "outwardIssue": { "key": outward } })
}

#[tokio::test(start_paused = true)]
async fn a_link_reads_both_ways_and_is_there_once() {
    for (client, project, kind) in both() {
        let _watch = watched(&client.jira);
        let (a, b) = (issue(&client, project, kind).await, issue(&client, project, kind).await);
        let types = client.get("issueLinkType").await.body["issueLinkTypes"].clone();
        assert!(types.as_array().unwrap().iter().any(|kind| kind["name"] == "Blocks" && kind["outward"] == "blocks"));
        let before = client.jira.issue(&a).unwrap().updated;
        tokio::time::advance(std::time::Duration::from_secs(5)).await;
        let answer = client.post("issueLink", body("Blocks", &a, &b)).await;
        assert_eq!((answer.status, &answer.body), (201, &Value::Null), "no body, so no id");
        assert_eq!(client.post("issueLink", body("Blocks", &a, &b)).await.status, 201, "a second one is a yes as well");
        let (from_a, from_b) = (links(&client, &a).await, links(&client, &b).await);
        assert_eq!((from_a.len(), from_b.len()), (1, 1), "{project}");
        // Measured on Cloud: inward A and outward B show A as the inward issue of B.
        assert_eq!(from_b[0]["inwardIssue"]["key"], a.as_str());
        assert_eq!(from_a[0]["outwardIssue"]["key"], b.as_str());
        assert_eq!(from_a[0]["id"], from_b[0]["id"]);
        let history = client.jira.issue(&a).unwrap().history;
        let said = ("Link".to_owned(), None, Some(format!("This issue blocks {b}")));
        assert_eq!(history.last().unwrap().items, [said], "{project}");
        assert!(client.jira.issue(&a).unwrap().updated > before && client.jira.issue(&b).unwrap().updated > before);
        let id = from_a[0]["id"].as_str().unwrap();
        assert_eq!(client.get(&format!("issueLink/{id}")).await.text("/outwardIssue/key"), b);
        assert_eq!(client.delete(&format!("issueLink/{id}")).await.status, 204);
        assert_eq!(client.delete(&format!("issueLink/{id}")).await.status, 404);
        assert_eq!((links(&client, &a).await.len(), links(&client, &b).await.len()), (0, 0));
        let history = client.jira.issue(&b).unwrap().history;
        let said = ("Link".to_owned(), Some(format!("This issue is blocked by {a}")), None);
        assert_eq!(history.last().unwrap().items, [said]);
        // An issue takes its links along.
        client.post("issueLink", body("Blocks", &a, &b)).await;
        client.jira.set_permission(project, "DELETE_ISSUES", &[Holder::LoggedIn]);
        assert_eq!(client.delete(&format!("issue/{b}")).await.status, 204);
        assert_eq!(links(&client, &a).await.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_link_is_refused_in_each_kinds_way() {
    for (client, project, kind) in both() {
        let _watch = watched(&client.jira);
        let (a, b) = (issue(&client, project, kind).await, issue(&client, project, kind).await);
        assert_eq!(client.post("issueLink", body("Blocks", &a, &a)).await.status, 400, "to itself");
        assert_eq!(client.post("issueLink", body("Nonsense", &a, &b)).await.status, 404);
        assert_eq!(client.post("issueLink", body("Blocks", &a, "SUP-999")).await.status, 404);
        client.jira.set_permission(project, "LINK_ISSUES", &[Holder::User("nobody".into())]);
        let status = if project == "SUP" { 404 } else { 401 };
        assert_eq!(client.post("issueLink", body("Blocks", &a, &b)).await.status, status, "the right is missing");
    }
}
