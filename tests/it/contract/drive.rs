//! Every endpoint of both simulated kinds is driven under the watch, with the right and with the wrong: nothing that it
//! answers may be other than Atlassian's documents say.

use std::sync::Arc;

use base64::Engine;
use bytes::Bytes;
use http::Request;
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::simulator::{Jira, Kind, Setup, presets};
use serde_json::{Value, json};

use super::watch::watched;

struct Client {
    jira: Jira,
    authorization: String,
    api: &'static str,
}

impl Client {
    fn new(setup: &Setup) -> Self {
        let clock = Arc::new(VirtualClock::starting_at("2026-03-11T10:00:00Z".parse().unwrap()));
        let jira = Jira::new(setup, clock, Arc::new(SeededEntropy::new(1)));
        let basic = base64::engine::general_purpose::STANDARD.encode("sync@acme.example:sync-token");
        let (authorization, api) = match jira.kind() {
            Kind::Cloud => (format!("Basic {basic}"), "/rest/api/3"),
            Kind::DataCenter => ("Bearer sync-token".to_owned(), "/rest/api/2"),
        };
        Self { jira, authorization, api }
    }

    /// Sends a request and wants this status back.
    async fn ask(&self, wanted: u16, method: &str, path: &str, body: Value) -> Value {
        self.ask_as(Some(&self.authorization), wanted, method, path, body).await
    }

    async fn ask_as(&self, by: Option<&str>, wanted: u16, method: &str, path: &str, body: Value) -> Value {
        let content = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(format!("{}/{path}", self.api));
        if let Some(by) = by {
            request = request.header("authorization", by);
        }
        let request = request.header("content-type", "application/json").body(content).unwrap();
        let answer = self.jira.handle(request).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(answer.status().as_u16(), wanted, "{method} {path} {body}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(200, "GET", path, Value::Null).await
    }

    fn is_cloud(&self) -> bool {
        self.jira.kind() == Kind::Cloud
    }

    fn rich(&self, text: &str) -> Value {
        if !self.is_cloud() {
            return json!(text);
        }
        json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": text }] }] })
    }
}

#[tokio::test]
async fn cloud_keeps_its_contract() {
    let client = Client::new(&presets::acme("https://acme.example"));
    let _watch = watched(&client.jira);
    let scene = Scene {
        project: "SUP",
        kind: "Task",
        field: "customfield_10050",
        user: json!({ "accountId": "5b10ac8d82e05b22cc7d4ef5" }),
    };
    metadata(&client, &scene).await;
    let key = issues(&client, &scene).await;
    comments_and_properties(&client, &key).await;
    worklogs(&client, &scene).await;
    watchers_and_votes(&client, &scene).await;
    cloud_alone(&client, &scene, &key).await;
    refusals(&client, &key).await;
}

#[tokio::test]
async fn data_center_keeps_its_contract() {
    let client = Client::new(&presets::globex("https://jira.globex.example/jira"));
    let _watch = watched(&client.jira);
    let scene = Scene { project: "ENG", kind: "Task", field: "customfield_10111", user: json!({ "name": "mlopez" }) };
    metadata(&client, &scene).await;
    let key = issues(&client, &scene).await;
    comments_and_properties(&client, &key).await;
    worklogs(&client, &scene).await;
    watchers_and_votes(&client, &scene).await;
    data_center_alone(&client, &scene, &key).await;
    refusals(&client, &key).await;
}

#[tokio::test]
async fn a_violation_is_noticed() {
    let client = Client::new(&presets::acme("https://acme.example"));
    let watch = watched(&client.jira);
    client.get("serverInfo?verbose=1").await;
    client.ask(404, "GET", "no/such/thing", Value::Null).await;
    let found = watch.take();
    if super::document::shared().is_some() {
        assert!(found.len() == 2 && found[0].contains("QueryName") && found[1].contains("Path"), "{found:?}");
    }
}

struct Scene {
    project: &'static str,
    kind: &'static str,
    field: &'static str,
    user: Value,
}

async fn metadata(client: &Client, scene: &Scene) {
    let project = scene.project;
    for path in ["serverInfo", "myself", "project", "field", "issuetype", "status", "statuscategory", "priority"] {
        client.get(path).await;
    }
    client.get("resolution").await;
    let status = client.get("status").await[0]["id"].as_str().unwrap().to_owned();
    client.get(&format!("status/{status}")).await;
    for path in ["", "/statuses", "/permissionscheme", "/role"] {
        client.get(&format!("project/{project}{path}")).await;
    }
    let roles = client.get(&format!("project/{project}/role")).await;
    let role =
        roles.as_object().unwrap().values().next().unwrap().as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    client.get(&format!("project/{project}/role/{role}")).await;
    let schemes = client.get("permissionscheme").await;
    let scheme = &schemes["permissionSchemes"][0]["id"];
    client.get(&format!("permissionscheme/{scheme}?expand=permissions")).await;
    let types = client.get(&format!("issue/createmeta/{project}/issuetypes")).await;
    let id = types["issueTypes"][0]["id"].as_str().or(types["values"][0]["id"].as_str()).unwrap().to_owned();
    client.get(&format!("issue/createmeta/{project}/issuetypes/{id}?startAt=0&maxResults=50")).await;
}

async fn issues(client: &Client, scene: &Scene) -> String {
    let fields = json!({
        "project": { "key": scene.project }, "issuetype": { "name": scene.kind }, "summary": "Made by the contract test",
        "description": client.rich("It *rains*."), "labels": ["wet", "red"], "duedate": "2026-04-01",
        "assignee": scene.user, scene.field: "Acme & Co",
    });
    let metadata = json!({ "type": "jirasyncd", "extraData": { "operation": "1" } });
    let property = json!([{ "key": "mark", "value": { "id": 1 } }]);
    let made = json!({ "fields": fields, "properties": property });
    let made = client.ask(201, "POST", "issue", made).await;
    let key = made["key"].as_str().unwrap().to_owned();
    let edit = json!({ "fields": { "summary": "Edited", "duedate": null }, "update": { "labels": [{ "add": "blue" }, { "remove": "red" }] }, "historyMetadata": metadata });
    client.ask(204, "PUT", &format!("issue/{key}"), edit).await;
    client
        .ask(
            204,
            "PUT",
            &format!("issue/{key}/assignee"),
            if client.is_cloud() { json!({ "accountId": null }) } else { json!({ "name": null }) },
        )
        .await;
    client.get(&format!("issue/{key}/editmeta")).await;
    let transitions = client.get(&format!("issue/{key}/transitions?expand=transitions.fields")).await;
    let transition = transitions["transitions"].as_array().unwrap().last().unwrap()["id"].clone();
    let taken = json!({ "transition": { "id": transition }, "historyMetadata": metadata });
    client.ask(204, "POST", &format!("issue/{key}/transitions"), taken).await;
    let issue = client
        .get(&format!("issue/{key}?expand=changelog,renderedFields,names,schema,editmeta,transitions&properties=*all"))
        .await;
    assert_eq!(issue["fields"]["summary"], "Edited");
    assert_eq!(issue["changelog"]["histories"].as_array().map(Vec::len), Some(3), "{}", issue["changelog"]);
    client.get(&format!("issue/{key}?fields=summary,status,{}", scene.field)).await;
    let many = json!({ "issueUpdates": [{ "fields": fields }, { "fields": { "summary": "no project" } }] });
    let many = client.ask(201, "POST", "issue/bulk", many).await;
    assert_eq!(many["issues"].as_array().map(Vec::len), Some(1));
    client.ask(400, "POST", "issue/bulk", json!({ "issueUpdates": [{ "fields": { "summary": "no project" } }] })).await;
    let second = many["issues"][0]["key"].as_str().unwrap();
    client.ask(204, "DELETE", &format!("issue/{second}?deleteSubtasks=true"), Value::Null).await;
    key
}

async fn comments_and_properties(client: &Client, key: &str) {
    let comment = json!({ "body": client.rich("Hello"), "properties": [{ "key": "mark", "value": { "id": 2 } }] });
    let comment = client.ask(201, "POST", &format!("issue/{key}/comment"), comment).await;
    let id = comment["id"].as_str().unwrap().to_owned();
    client.ask(200, "PUT", &format!("issue/{key}/comment/{id}"), json!({ "body": client.rich("Hello again") })).await;
    client.get(&format!("issue/{key}/comment?startAt=0&maxResults=10&orderBy=-created")).await;
    client.get(&format!("issue/{key}/comment?expand=renderedBody,properties")).await;
    client.get(&format!("issue/{key}/comment/{id}?expand=renderedBody")).await;
    client.get(&format!("comment/{id}/properties")).await;
    client.get(&format!("comment/{id}/properties/mark")).await;
    client.ask(201, "PUT", &format!("comment/{id}/properties/other"), json!({ "a": [1] })).await;
    client.ask(200, "PUT", &format!("comment/{id}/properties/other"), json!("text")).await;
    client.ask(204, "DELETE", &format!("comment/{id}/properties/other"), Value::Null).await;
    client.get(&format!("issue/{key}?fields=comment")).await;
    client.ask(204, "DELETE", &format!("issue/{key}/comment/{id}"), Value::Null).await;
    client.ask(201, "PUT", &format!("issue/{key}/properties/other"), json!({ "a": [1] })).await;
    client.ask(200, "PUT", &format!("issue/{key}/properties/other"), json!(17)).await;
    client.get(&format!("issue/{key}/properties")).await;
    client.get(&format!("issue/{key}/properties/mark")).await;
    client.ask(204, "DELETE", &format!("issue/{key}/properties/other"), Value::Null).await;
}

/// An issue of its own: writes to one are limited.
async fn another(client: &Client, scene: &Scene) -> String {
    let fields =
        json!({ "project": { "key": scene.project }, "issuetype": { "name": scene.kind }, "summary": "Another" });
    let made = client.ask(201, "POST", "issue", json!({ "fields": fields })).await;
    made["key"].as_str().unwrap().to_owned()
}

async fn worklogs(client: &Client, scene: &Scene) {
    let key = another(client, scene).await;
    let at = "2026-03-10T08:30:00.000+0100";
    let mut body = json!({ "comment": client.rich("Dug"), "started": at, "timeSpentSeconds": 3_600 });
    if client.is_cloud() {
        body["properties"] = json!([{ "key": "mark", "value": { "id": 3 } }]);
    }
    let made = client.ask(201, "POST", &format!("issue/{key}/worklog?adjustEstimate=leave"), body).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let bare = json!({ "started": at, "timeSpent": "2h" });
    client.ask(201, "POST", &format!("issue/{key}/worklog"), bare).await;
    let path = format!("issue/{key}/worklog/{id}");
    client.ask(200, "PUT", &format!("{path}?adjustEstimate=leave"), json!({ "timeSpentSeconds": 60 })).await;
    client.get(&path).await;
    let page = client.get(&format!("issue/{key}/worklog")).await;
    assert_eq!(page["total"], 2);
    assert_eq!(client.get(&format!("issue/{key}?fields=worklog,timespent")).await["fields"]["timespent"], 7_260);
    client.ask(204, "DELETE", &format!("{path}?adjustEstimate=leave"), Value::Null).await;
    client.ask(404, "GET", &path, Value::Null).await;
    let zulu = json!({ "started": "2026-03-10T08:30:00Z", "timeSpentSeconds": 60 });
    client.ask(400, "POST", &format!("issue/{key}/worklog"), zulu).await;
    client.ask(400, "POST", &format!("issue/{key}/worklog"), json!({ "started": at })).await;
    client.jira.set_quirks(|quirks| quirks.time_tracking = false);
    client.ask(404, "GET", &format!("issue/{key}/worklog"), Value::Null).await;
    client.jira.set_quirks(|quirks| quirks.time_tracking = true);
}

async fn watchers_and_votes(client: &Client, scene: &Scene) {
    let key = another(client, scene).await;
    let (path, name) = (format!("issue/{key}/watchers"), if client.is_cloud() { "accountId" } else { "username" });
    let who = scene.user.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
    let before = client.get(&format!("issue/{key}?fields=updated,watches,votes")).await;
    assert_eq!(before["fields"]["watches"]["watchCount"], 1, "who creates an issue watches it");
    for _ in 0..2 {
        client.ask(204, "POST", &path, json!(who)).await;
    }
    let list = client.get(&path).await;
    assert_eq!((&list["watchCount"], list["watchers"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    client.jira.set_permission(scene.project, "VIEW_VOTERS_AND_WATCHERS", &[]);
    client.jira.set_permission(scene.project, "MANAGE_WATCHERS", &[]);
    let list = client.get(&path).await;
    assert_eq!((&list["watchCount"], list["watchers"].as_array().map(Vec::len)), (&json!(2), Some(0)));
    if !client.is_cloud() {
        client.jira.set_quirks(|quirks| quirks.hidden_watchers_refused = true);
        client.ask(401, "GET", &path, Value::Null).await;
    }
    let refused = if client.is_cloud() { 403 } else { 401 };
    client.ask(refused, "DELETE", &format!("{path}?{name}={who}"), Value::Null).await;
    client.jira.set_permission(scene.project, "MANAGE_WATCHERS", &[jirasyncd::simulator::Holder::LoggedIn]);
    for _ in 0..2 {
        client.ask(204, "DELETE", &format!("{path}?{name}={who}"), Value::Null).await;
    }
    client.ask(404, "POST", &path, json!("nobody-of-that-name")).await;
    client.ask(400, "DELETE", &path, Value::Null).await;
    client.ask(404, "POST", &format!("issue/{key}/votes"), Value::Null).await;
    let after = client.get(&format!("issue/{key}?fields=updated,watches,votes")).await;
    assert_eq!(before["fields"], after["fields"], "nothing of it moves `updated`");
    assert_eq!(client.get(&format!("issue/{key}/votes")).await["votes"], 0);
}

async fn cloud_alone(client: &Client, scene: &Scene, key: &str) {
    let project = scene.project;
    client.get("project/search?startAt=0&maxResults=10&keys=SUP&status=live").await;
    client.get(&format!("mypermissions?projectKey={project}&permissions=BROWSE_PROJECTS,EDIT_ISSUES")).await;
    let issue = client
        .ask(
            200,
            "PUT",
            &format!("issue/{key}?returnIssue=true&expand=changelog"),
            json!({ "fields": { "summary": "Returned" } }),
        )
        .await;
    let id: u64 = issue["id"].as_str().unwrap().parse().unwrap();
    client
        .get(&format!(
            "search/jql?jql=project%20%3D%20{project}&fields=summary,status&maxResults=1&reconcileIssues={id}"
        ))
        .await;
    let search = json!({ "jql": format!("project = {project} ORDER BY updated, id"), "fields": ["*all"], "expand": "changelog,names", "properties": ["mark"], "reconcileIssues": [id] });
    client.ask(200, "POST", "search/jql", search).await;
    client.ask(200, "POST", "search/approximate-count", json!({ "jql": format!("project = {project}") })).await;
    client.ask(410, "GET", "search?jql=project%20%3D%20SUP", Value::Null).await;
    client.ask(410, "POST", "search", json!({ "jql": "project = SUP" })).await;
    client.ask(200, "POST", "issue/bulkfetch", json!({ "issueIdsOrKeys": [key, "SUP-999"], "fields": ["summary"], "expand": ["changelog"], "properties": ["mark"] })).await;
    let log = client.get(&format!("issue/{key}/changelog?startAt=0&maxResults=2")).await;
    let entry: u64 = log["values"][0]["id"].as_str().unwrap().parse().unwrap();
    client.ask(200, "POST", &format!("issue/{key}/changelog/list"), json!({ "changelogIds": [entry] })).await;
    client
        .ask(
            200,
            "POST",
            "changelog/bulkfetch",
            json!({ "issueIdsOrKeys": [key], "fieldIds": ["summary"], "maxResults": 1 }),
        )
        .await;
    let comment =
        client.ask(201, "POST", &format!("issue/{key}/comment"), json!({ "body": client.rich("One more") })).await;
    let comment: u64 = comment["id"].as_str().unwrap().parse().unwrap();
    client.ask(200, "POST", "comment/list?expand=properties", json!({ "ids": [comment] })).await;
    let user = scene.user["accountId"].as_str().unwrap();
    client.get(&format!("user?accountId={user}")).await;
    client.get("user/search?query=omar").await;
    client.get("users/search?startAt=0&maxResults=10").await;
    client.get(&format!("user/bulk?accountId={user}")).await;
    client.get(&format!("user/assignable/search?project={project}&query=o")).await;
    client.ask(400, "GET", "mypermissions", Value::Null).await;
    client.ask(400, "POST", "search/jql", json!({ "jql": "order by key" })).await;
    client.ask(400, "POST", "search/jql", json!({ "jql": "project = = SUP" })).await;
}

async fn data_center_alone(client: &Client, scene: &Scene, key: &str) {
    let project = scene.project;
    client.get(&format!("mypermissions?projectKey={project}")).await;
    client.get(&format!("mypermissions?issueKey={key}")).await;
    client
        .get(&format!("search?jql=project%20%3D%20{project}&startAt=0&maxResults=1&fields=summary&validateQuery=True"))
        .await;
    let search = json!({ "jql": format!("project = {project} ORDER BY updated, id"), "fields": ["*all"], "expand": ["changelog"], "startAt": 0, "maxResults": 50 });
    client.ask(200, "POST", "search", search).await;
    client.ask(400, "GET", "search?jql=project%20%3D%20NOPE", Value::Null).await;
    client.get("user?username=mlopez").await;
    client.get("user?key=JIRAUSER10102").await;
    client.get("user/search?username=m").await;
    client.get("user/list?maxResults=10").await;
    client.get(&format!("user/assignable/search?project={project}&username=m")).await;
}

async fn refusals(client: &Client, key: &str) {
    client.ask(404, "GET", "issue/NOPE-1", Value::Null).await;
    client.ask(404, "PUT", "issue/NOPE-1", json!({ "fields": { "summary": "x" } })).await;
    client.ask(404, "GET", &format!("issue/{key}/comment/999999"), Value::Null).await;
    client.ask(404, "GET", &format!("issue/{key}/properties/absent"), Value::Null).await;
    client.ask(400, "PUT", &format!("issue/{key}"), json!({ "fields": { "summary": "" } })).await;
    client.ask(400, "PUT", &format!("issue/{key}"), json!({ "fields": { "customfield_99999": 1 } })).await;
    let wrong = if client.is_cloud() { 400 } else { 500 };
    client.ask(wrong, "POST", &format!("issue/{key}/transitions"), json!({ "transition": { "id": "99999" } })).await;
    client.ask_as(None, 401, "GET", "myself", Value::Null).await;
    client.ask_as(None, 401, "POST", "issue", json!({ "fields": {} })).await;
    client.ask_as(Some("Bearer stale"), 401, "GET", "myself", Value::Null).await;
}
