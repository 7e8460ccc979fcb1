//! The simulated Jira puts issues below others as Atlassian documents: `parent` on Cloud, `parent` at creation and Epic Link on
//! Data Center. Must never be bent to our client.

use jirasyncd::simulator::{FieldSetup, FieldType, Holder, Setup, presets};
use serde_json::{Value, json};

use super::contract::watch::watched;
use super::simulator_support::{Client, start};

fn cloud() -> Client {
    let mut setup = presets::acme("https://acme.example");
    with_levels(&mut setup, "Subtask");
    Client::of(&start(&setup), "sync")
}

fn server() -> Client {
    let mut setup = presets::globex("https://jira.globex.example/jira");
    with_levels(&mut setup, "Sub-task");
    setup.fields.push(FieldSetup::new("customfield_10100", "Epic Link", FieldType::EpicLink));
    setup.fields.push(FieldSetup::new("customfield_10101", "Epic Name", FieldType::EpicName));
    Client::of(&start(&setup), "sync")
}

fn with_levels(setup: &mut Setup, sub_task: &str) {
    let mut other = setup.projects[0].clone();
    (other.key, other.id) = ("OTH".to_owned(), 10_900);
    setup.projects.push(other);
    for project in &mut setup.projects {
        project.types.extend([("Epic".to_owned(), false), (sub_task.to_owned(), true)]);
    }
}

async fn create(client: &Client, project: &str, kind: &str, more: Value) -> (u16, Value) {
    let mut fields = json!({ "project": { "key": project }, "issuetype": { "name": kind }, "summary": "x" });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = client.post("issue", json!({ "fields": fields })).await;
    (answer.status, answer.body)
}

async fn made(client: &Client, project: &str, kind: &str, more: Value) -> String {
    let (status, body) = create(client, project, kind, more).await;
    assert_eq!(status, 201, "{body}");
    body["key"].as_str().unwrap().to_owned()
}

fn last(client: &Client, key: &str) -> Vec<(String, Option<String>, Option<String>)> {
    client.jira.issue(key).unwrap().history.last().unwrap().items.clone()
}

#[tokio::test(start_paused = true)]
async fn cloud_puts_sub_tasks_and_epic_children_below_a_parent() {
    let client = cloud();
    let _watch = watched(&client.jira);
    let (task, other) = (made(&client, "SUP", "Task", json!({})).await, made(&client, "SUP", "Task", json!({})).await);
    let (epic, far) = (made(&client, "SUP", "Epic", json!({})).await, made(&client, "OTH", "Task", json!({})).await);
    let refused = async |kind: &str, parent: Value| create(&client, "SUP", kind, json!({ "parent": parent })).await.1;
    let (status, body) = create(&client, "SUP", "Subtask", json!({})).await;
    assert_eq!(status, 400);
    assert_eq!(body["errors"]["issuetype"], "Issue type is a sub-task but parent issue key or id not specified.");
    let body = refused("Subtask", json!({ "key": "SUP-99" })).await;
    assert_eq!(body["errors"]["parent"], "Could not find issue by id or key.");
    let body = refused("Subtask", json!({ "key": far })).await;
    assert_eq!(body["errors"]["parent"], "Sub-tasks must be created in the same project as the parent.");
    assert!(refused("Task", json!({ "key": task })).await["errors"]["parentId"].is_string(), "not below its like");
    let sub = made(&client, "SUP", "Subtask", json!({ "parent": { "key": task } })).await;
    let shown = client.get(&format!("issue/{sub}?fields=parent")).await.body["fields"]["parent"].clone();
    assert_eq!(shown["key"], task.as_str());
    assert_eq!(client.get(&format!("issue/{task}")).await.body["fields"].get("parent"), None, "it has no such field");
    assert_eq!(
        client.get(&format!("issue/{task}?fields=subtasks")).await.body["fields"]["subtasks"][0]["key"],
        sub.as_str()
    );
    // Another parent, and for an epic's child none.
    let id = client.jira.issue(&other).unwrap().id.to_string();
    let answer = client.put(&format!("issue/{sub}"), json!({ "fields": { "parent": { "id": id } } })).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    let entry = client.get(&format!("issue/{sub}/changelog")).await.body["values"][0]["items"][0].clone();
    assert_eq!(
        (&entry["field"], &entry["to"], &entry["toString"]),
        (&json!("IssueParentAssociation"), &json!(id), &json!(null))
    );
    let away = json!({ "update": { "parent": [{ "set": { "none": true } }] } });
    assert_eq!(client.put(&format!("issue/{sub}"), away.clone()).await.status, 400, "a sub-task has a parent");
    let child = made(&client, "SUP", "Task", json!({ "parent": { "key": epic } })).await;
    assert_eq!(client.put(&format!("issue/{child}"), away).await.status, 204);
    assert_eq!(client.get(&format!("issue/{child}?fields=parent")).await.body["fields"], json!({}));
    client.jira.set_permission("SUP", "DELETE_ISSUES", &[Holder::LoggedIn]);
    assert_eq!(client.delete(&format!("issue/{other}")).await.status, 400, "it has a sub-task");
    assert_eq!(client.delete(&format!("issue/{other}?deleteSubtasks=true")).await.status, 204);
    assert!(client.jira.issue(&sub).is_none());
}

#[tokio::test(start_paused = true)]
async fn data_center_takes_a_parent_at_creation_and_an_epic_by_its_key() {
    let client = server();
    let _watch = watched(&client.jira);
    let task = made(&client, "ENG", "Task", json!({})).await;
    let (status, body) = create(&client, "ENG", "Epic", json!({})).await;
    assert_eq!((status, &body["errors"]["customfield_10101"]), (400, &json!("Epic Name is required.")));
    let epic = made(&client, "ENG", "Epic", json!({ "customfield_10101": "All of it" })).await;
    let (status, body) = create(&client, "ENG", "Sub-task", json!({})).await;
    assert_eq!(status, 400);
    assert_eq!(body["errors"]["issuetype"], "Issue type is a sub-task but parent issue key or id not specified.");
    assert_eq!(create(&client, "ENG", "Task", json!({ "parent": { "key": epic } })).await.0, 400, "only of sub-tasks");
    let sub = made(&client, "ENG", "Sub-task", json!({ "parent": { "key": task } })).await;
    let again = client.put(&format!("issue/{sub}"), json!({ "fields": { "parent": { "key": epic } } })).await;
    assert!(again.text("/errors/parent").contains("not on the appropriate screen"), "that is a move: {}", again.body);
    client.jira.person("jdoe").unwrap().move_under(&sub, &epic).unwrap();
    assert_eq!(last(&client, &sub), [("Parent".to_owned(), Some(task.clone()), Some(epic.clone()))]);
    // An epic's child, by a field of its own.
    let put = async |value: Value| {
        client.put(&format!("issue/{task}"), json!({ "fields": { "customfield_10100": value } })).await
    };
    assert_eq!(
        put(json!(sub)).await.text("/errors/customfield_10100"),
        format!("Issue '{sub}' must be of type 'Epic'.")
    );
    assert_eq!(put(json!(epic)).await.status, 204);
    let shown = client.get(&format!("issue/{task}?fields=customfield_10100,parent")).await.body["fields"].clone();
    assert_eq!(shown, json!({ "customfield_10100": epic }));
    assert_eq!(last(&client, &task), [("Epic Link".to_owned(), None, Some(epic.clone()))]);
    assert_eq!(last(&client, &epic), [("Epic Child".to_owned(), None, Some(task.clone()))]);
    assert_eq!(put(json!(null)).await.status, 204);
    assert_eq!(last(&client, &epic), [("Epic Child".to_owned(), Some(task), None)]);
    let types = client.get("project/ENG/statuses").await.body;
    let id = types.as_array().unwrap().iter().find(|kind| kind["subtask"] == true).unwrap()["id"].clone();
    let screen = client.get(&format!("issue/createmeta/ENG/issuetypes/{}", id.as_str().unwrap())).await.body;
    let field = |id: &str| screen["values"].as_array().unwrap().iter().find(|field| field["fieldId"] == id).cloned();
    assert_eq!(field("parent").unwrap()["required"], true);
    assert_eq!((field("customfield_10100"), field("customfield_10101")), (None, None));
}
