//! Seeds: our own format, and the issues that real Jiras gave. The recordings lie outside of the package; where they are absent
//! the test says so.

use std::path::PathBuf;

use jirasyncd::simulator::{FieldType, Jira, Seeded, Setup, presets};
use serde_json::{Value, json};

use super::simulator_support::{Client, start};

/// A recorded file; `None`, and a word about it, where the recordings are not there.
fn recorded(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("JIRASYNCD_SHARED").map_or_else(beside, PathBuf::from);
    let path = folder.join("recorded").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: there is no {}", path.display());
    }
    text
}

fn values(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn client(jira: &Jira) -> Client {
    Client::of(jira, "sync")
}

/// The sync user of a preset, and nothing else.
fn bare(mut setup: Setup) -> Setup {
    setup.projects.clear();
    setup.fields.clear();
    setup
}

const OURS: &str = r#"{
  "users": [{ "name": "jane2", "displayName": "Jane Two", "timeZone": "Europe/Oslo" }],
  "priorities": ["Now", "Later"],
  "fields": [{ "id": "customfield_1", "name": "Severity", "type": "select", "options": ["S1", "S2"] }],
  "projects": [{
    "key": "HLP", "types": ["Bug"],
    "statuses": [{ "name": "New", "category": "new" }, { "name": "Gone", "category": "done" }],
    "transitions": [{ "name": "Finish", "from": ["New"], "to": "Gone" }]
  }],
  "issues": [
    { "key": "HLP-7", "fields": {
      "issuetype": "Bug", "summary": "Printer on fire", "description": "one\n\ntwo", "status": "Gone", "priority": "Later",
      "assignee": "jane2", "labels": ["b", "a"], "customfield_1": "S2", "created": "2020-01-02T03:04:05.678+0000",
      "comment": { "comments": [{ "author": "jane2", "body": "hot", "created": "2020-01-03T00:00:00.000+0000" }] }
    } },
    { "fields": { "project": "HLP", "summary": "no key" } }
  ]
}"#;

#[tokio::test(start_paused = true)]
async fn our_own_format_says_names_where_rest_has_objects() {
    let mut setup = bare(presets::acme("https://acme.example"));
    assert_eq!(setup.add_seed(OURS).unwrap(), Seeded { issues: 2, entries: 0, fields: 1 });
    let client = client(&start(&setup));
    let issue = client.get("issue/HLP-7").await;
    assert_eq!(issue.text("/fields/status/name"), "Gone");
    assert_eq!(issue.text("/fields/priority/name"), "Later");
    assert_eq!(issue.text("/fields/assignee/displayName"), "Jane Two");
    assert_eq!(issue.text("/fields/customfield_1/value"), "S2");
    assert_eq!(issue.text("/fields/created"), "2020-01-02T03:04:05.678+0000");
    assert_eq!(issue.body["fields"]["labels"], json!(["a", "b"]));
    assert_eq!(issue.body["fields"]["description"]["content"].as_array().unwrap().len(), 2);
    let comments = client.get("issue/HLP-7/comment").await;
    assert_eq!(comments.text("/comments/0/author/displayName"), "Jane Two");
    assert_eq!(client.get("issue/HLP-8").await.text("/fields/summary"), "no key");
    // The described workflow stays as it is: nothing leads out of Gone.
    assert_eq!(client.get("issue/HLP-7/transitions").await.body["transitions"], json!([]));
    assert_eq!(client.get("issue/HLP-8/transitions").await.body["transitions"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_line() {
    let issue = r#"{"key":"A-1","fields":{"summary":"x"}}"#;
    let cases = [
        ("", "line 1: the file is empty"),
        ("[\n{\"fields\":{\"summary\":\"x\"}}\n]", "line 2: an issue without a `key`"),
        (&format!("{issue}\n{{\"key\":\"A-2\",\"fields\":{{}}}}\n"), "line 2: issue A-2 has no `summary`"),
        (&format!("{issue}\n{issue}\n{{\"key\":"), "line 3: EOF"),
        (&format!("{issue}\n{{\"id\":\"1\",\"items\":[]}}"), "line 2: a changelog entry without a time"),
        (&format!("{issue}\n\n{{\"what\":1}}"), "line 3: neither an issue"),
        (
            &format!("[{issue},\n{{\"key\":\"A-2\",\"fields\":{{\"summary\":\"x\",\"created\":\"yesterday\"}}}}]"),
            "line 2: issue A-2: `\"yesterday\"` is no time",
        ),
        ("{\"users\":[\n{\"nam\":\"x\"}]}", "line 2: unknown field `nam`"),
        ("{\"fields\":[\n{\"id\":\"a\",\"name\":\"b\",\"type\":\"colour\"}]}", "line 2: unknown variant `colour`"),
        ("{\"issues\":[\n\n{\"key\":\"A\",\"fields\":{\"summary\":\"x\"}}]}", "line 3: an issue without a `key`"),
        ("{\"schema\":{\"type\":\"string\"}}", "line 1: a field without an `id`"),
        ("{\"data\":\"{\"}", "line 1: in the column: EOF"),
        ("{\n\"users\": [\n", "line 3: EOF"),
        ("[\n\"a\",\n2]", "line 2: neither"),
        (&format!("[{issue}\n{issue}]"), "line 1: expected `,` or `]`"),
        (&format!("[{issue},\n"), "line 2: EOF"),
    ];
    for (text, expected) in cases {
        let mut setup = bare(presets::acme("https://acme.example"));
        let users = setup.users.len();
        let said = setup.add_seed(text).unwrap_err().to_string();
        assert!(said.starts_with(expected), "{text}\n expected: {expected}\n said: {said}");
        assert!(setup.recorded.is_empty() && setup.users.len() == users, "something was added: {text}");
    }
}

#[test]
fn a_row_may_keep_what_the_api_gave_in_one_column() {
    let row = json!({ "id": 4, "data": json!({ "key": "A-1", "fields": { "summary": "x" } }).to_string() });
    let mut setup = bare(presets::acme("https://acme.example"));
    setup.add_seed(&format!("{row}\n{row}\n")).unwrap();
    assert_eq!(start(&setup).issues().iter().map(|issue| issue.key.as_str()).collect::<Vec<_>>(), ["A-1", "A-2"]);
}

/// Every issue of a recording is there over REST: by search and by key, with its texts, times, names, comments and history.
async fn gives_back(client: &Client, issues: &[Value], search: &str) {
    let mut found = Vec::new();
    for project in issues
        .iter()
        .map(|issue| issue.pointer("/fields/project/key").unwrap().as_str().unwrap())
        .collect::<std::collections::BTreeSet<_>>()
    {
        let answer = client.get(&format!("{search}jql=project={project}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        found.extend(
            answer.body["issues"].as_array().unwrap().iter().map(|issue| issue["key"].as_str().unwrap().to_owned()),
        );
    }
    let mut keys: Vec<&str> = issues.iter().map(|issue| issue["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, keys);
    for issue in issues {
        let key = issue["key"].as_str().unwrap();
        let answer = client.get(&format!("issue/{key}?expand=changelog")).await;
        let read = |at: &str| answer.body.pointer(at).cloned().unwrap_or(Value::Null);
        let wrote = |at: &str| issue.pointer(at).cloned().unwrap_or(Value::Null);
        assert_eq!(answer.text("/id"), issue["id"].as_str().unwrap());
        for at in [
            "summary",
            "status/name",
            "priority/name",
            "issuetype/name",
            "resolution/name",
            "assignee/displayName",
            "reporter/displayName",
            "creator/displayName",
            "duedate",
            "fixVersions",
            "project/name",
        ] {
            let at = format!("/fields/{at}");
            assert_eq!(read(&at), wrote(&at), "{key} {at}");
        }
        let labels = |value: Value| {
            let mut labels: Vec<String> = serde_json::from_value(value).unwrap();
            labels.sort_unstable();
            labels
        };
        assert_eq!(labels(read("/fields/labels")), labels(wrote("/fields/labels")), "{key}");
        for at in ["/fields/created", "/fields/updated"] {
            let moment =
                |value: Value| jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", value.as_str().unwrap()).unwrap();
            assert_eq!(moment(read(at)), moment(wrote(at)), "{key} {at}");
        }
        let bodies = wrote("/fields/comment/comments").as_array().unwrap().len();
        assert_eq!(read("/fields/comment/comments").as_array().unwrap().len(), bodies, "{key}");
        let entries = |value: Value| {
            let mut entries: Vec<(String, Value)> = value
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| {
                    (
                        entry["id"].as_str().unwrap().to_owned(),
                        entry["items"]
                            .as_array()
                            .unwrap()
                            .iter()
                            .map(|item| {
                                json!([item["field"], item["from"], item["fromString"], item["to"], item["toString"]])
                            })
                            .collect(),
                    )
                })
                .collect();
            entries.sort_by_key(|(id, _)| id.parse::<u64>().unwrap());
            entries
        };
        assert_eq!(entries(read("/changelog/histories")), entries(wrote("/changelog/histories")), "{key}");
        // Sizes as recorded: an issue is no stub.
        let (ours, theirs) = (read("/fields").as_object().unwrap().len(), issue["fields"].as_object().unwrap().len());
        assert!(ours + 5 >= theirs, "{key} has {ours} fields of {theirs}");
    }
}

#[tokio::test(start_paused = true)]
async fn recorded_issues_of_a_cloud_site_are_given_back() {
    let Some(text) = recorded("apache+incubator-devlake/raw_jira_api_issues.jsonl") else { return };
    let mut setup = bare(presets::acme("https://acme.example"));
    assert_eq!(setup.add_seed(&text).unwrap().issues, 33);
    let issues = values(&text);
    let client = client(&start(&setup));
    gives_back(&client, &issues, "search/jql?maxResults=100&fields=summary&").await;
    let read = client.at("/rest/api/2").get("issue/EE-1").await;
    let body = |value: &Value| value.pointer("/fields/comment/comments/0/body").unwrap().clone();
    assert_eq!(body(&read.body), body(&issues[0]));
    assert!(serde_json::to_string(&read.body).unwrap().len() > 10_000);
    let field = setup.fields.iter().find(|field| field.id == "customfield_10015").unwrap();
    assert_eq!((field.name.as_str(), &field.kind), ("Start date", &FieldType::Date));
}

#[tokio::test(start_paused = true)]
async fn recorded_issues_of_a_server_are_given_back() {
    let Some(text) = recorded("apache+incubator-devlake/raw_jira_api_issue_relationships.jsonl") else { return };
    let mut setup = bare(presets::globex("https://jira.globex.example/jira"));
    assert_eq!(setup.add_seed(&text).unwrap().issues, 22);
    let issues = values(&text);
    let client = client(&start(&setup));
    gives_back(&client, &issues, "search?maxResults=100&fields=summary&").await;
    for issue in &issues {
        let read = client.get(&format!("issue/{}", issue["key"].as_str().unwrap())).await;
        for at in ["/fields/description", "/fields/comment/comments/0/body"] {
            assert_eq!(read.body.pointer(at), issue.pointer(at));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_kind_speaks_for_recordings_of_the_other() {
    let Some(text) = recorded("apache+incubator-devlake/raw_jira_api_issue_relationships.jsonl") else { return };
    let mut setup = bare(presets::acme("https://acme.example"));
    setup.add_seed(&text).unwrap();
    let client = client(&start(&setup));
    let first = &values(&text)[0];
    let read = client.get(&format!("issue/{}", first["key"].as_str().unwrap())).await;
    assert_eq!(read.text("/fields/description/type"), "doc");
    let plain = client.at("/rest/api/2").get(&format!("issue/{}", first["key"].as_str().unwrap())).await;
    assert_eq!(plain.body.pointer("/fields/description"), first.pointer("/fields/description"));
}

#[tokio::test(start_paused = true)]
async fn entries_that_name_no_issue_become_the_history_of_one() {
    let Some(text) = recorded("apache+incubator-devlake/raw_jira_api_issue_changelogs.jsonl") else { return };
    let mut setup = presets::acme("https://acme.example");
    assert_eq!(setup.add_seed(&text).unwrap(), Seeded { issues: 1, entries: 279, fields: 0 });
    let client = client(&start(&setup));
    let page = client.get("issue/SUP-1/changelog?startAt=200&maxResults=100").await;
    assert_eq!((page.body["total"].as_u64(), page.body["values"].as_array().unwrap().len()), (Some(279), 79));
    let texts = values(&text);
    let long =
        texts.iter().flat_map(|entry| entry["items"].as_array().unwrap()).filter(|item| item["field"] == "description");
    let kept = start(&setup).issues();
    let words: Vec<_> =
        kept[0].history.iter().flat_map(|entry| &entry.items).filter(|(field, ..)| field == "description").collect();
    assert_eq!(words.len(), long.count());
    assert!(kept[0].history.iter().all(|entry| entry.author.is_some()), "an author is missing");
}

#[tokio::test(start_paused = true)]
async fn the_field_list_of_a_large_site_is_given_back() {
    let Some(text) = recorded("openedx+openedx-webhooks/fields.json") else { return };
    let mut setup = bare(presets::acme("https://acme.example"));
    assert_eq!(setup.add_seed(&text).unwrap().fields, 555);
    let client = client(&start(&setup));
    let given = client.get("field").await;
    let names = |value: &Value| -> std::collections::BTreeSet<(String, String)> {
        let rows = value.as_array().unwrap().iter();
        let custom = rows.filter(|row| row["custom"] == json!(true));
        custom.map(|row| (row["id"].as_str().unwrap().to_owned(), row["name"].as_str().unwrap().to_owned())).collect()
    };
    let wanted: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(names(&given.body), names(&wanted));
}
