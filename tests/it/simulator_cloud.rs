//! The simulated Cloud behaves as Atlassian documents, awkwardness included.

use std::time::Duration;

use jirasyncd::simulator::{Fault, FaultRule, Holder, Quirks, When, presets};
use serde_json::{Value, json};

use super::simulator_support::{Client, acme, doc, start};

async fn issue(client: &Client, summary: &str) -> String {
    let body = json!({ "fields": { "project": { "key": "SUP" }, "issuetype": { "name": "Bug" }, "summary": summary } });
    let answer = client.post("issue", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text("/key").to_owned()
}

fn keys(body: &Value) -> Vec<String> {
    let list = body["issues"].as_array().unwrap();
    list.iter().map(|issue| issue["key"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn says_who_it_is_and_who_asks() {
    let client = acme();
    let info = client.with(None).get("serverInfo").await;
    assert_eq!((info.status, info.text("/deploymentType")), (200, "Cloud"));
    assert_eq!(info.text("/serverTime"), "2026-03-02T09:30:15.250+0000");
    let me = client.get("myself").await;
    assert_eq!(me.text("/emailAddress"), "sync@acme.example");
    assert_eq!(me.header("X-AAccountId"), Some(me.text("/accountId")));
    assert_eq!(me.header("date"), Some("Mon, 02 Mar 2026 09:30:15 GMT"));
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_gives_an_empty_list_where_anonymous_callers_may_look() {
    let client = acme().with(Some("Basic c3luY0BhY21lLmV4YW1wbGU6d3Jvbmc="));
    let projects = client.get("project/search").await;
    assert_eq!((projects.status, projects.body["total"].as_u64()), (200, Some(0)));
    assert_eq!(projects.header("X-Seraph-LoginReason"), Some("AUTHENTICATED_FAILED"));
    assert_eq!(projects.header("X-AAccountId"), None);
    assert_eq!(client.get("myself").await.status, 401);
    assert_eq!(acme().with(None).get("project/search").await.header("X-Seraph-LoginReason"), None);
}

#[tokio::test(start_paused = true)]
async fn creates_reads_edits_and_logs_what_changed() {
    let client = acme();
    let body = json!({
        "fields": {
            "project": { "key": "SUP" }, "issuetype": { "name": "Bug" }, "summary": "Printer on fire",
            "description": doc("smoke"), "labels": ["b", "a"], "priority": { "name": "High" },
        },
        "properties": [{ "key": "mark", "value": { "op": 1 } }],
    });
    let created = client.post("issue", body).await;
    assert_eq!(created.status, 201);
    let key = created.text("/key").to_owned();
    assert_eq!(key, "SUP-1");
    let read = client.get(&format!("issue/{key}?expand=changelog&properties=*all")).await;
    assert_eq!(read.body["fields"]["labels"], json!(["a", "b"]));
    assert_eq!(read.body["fields"]["description"], doc("smoke"));
    assert_eq!(read.body["changelog"]["total"], 0, "values at creation are not in the changelog");
    assert_eq!(read.body["properties"]["mark"]["op"], 1);

    tokio::time::advance(Duration::from_secs(60)).await;
    let edit = json!({
        "fields": { "summary": "Printer still on fire", "description": doc("more smoke"), "duedate": "2026-04-01" },
        "update": { "labels": [{ "add": "c" }, { "remove": "a" }] },
        "historyMetadata": { "type": "jirasyncd", "extraData": { "op": "7" } },
    });
    let edited = client.put(&format!("issue/{key}?returnIssue=true&expand=changelog"), edit).await;
    assert_eq!(edited.status, 200);
    assert_eq!(edited.text("/fields/updated"), "2026-03-02T09:31:15.250+0000");
    let entry = &edited.body["changelog"]["histories"][0];
    assert_eq!(entry["historyMetadata"]["extraData"]["op"], "7");
    assert_eq!(entry["author"]["accountId"], edited.header("X-AAccountId").unwrap());
    let items = entry["items"].as_array().unwrap();
    let item = |field: &str| items.iter().find(|item| item["field"] == field).unwrap_or_else(|| panic!("{items:?}"));
    assert_eq!(item("summary")["fromString"], "Printer on fire");
    assert_eq!(item("summary")["fieldId"], "summary");
    assert_eq!(item("labels")["fromString"], "a b");
    assert_eq!(item("labels")["toString"], "b c");
    assert_eq!(item("labels")["from"], Value::Null);
    assert_eq!(item("duedate")["to"], "2026-04-01");
    assert_eq!(item("description")["toString"], "more smoke", "rich text is logged as text, not as ADF");
    assert!(item("description")["from"].as_str().unwrap().contains(r#""version":"1""#));
    assert!(item("description")["to"].as_str().unwrap().contains(r#""version":"2""#));

    let again = json!({ "fields": { "summary": "Printer still on fire" } });
    assert_eq!(client.put(&format!("issue/{key}"), again).await.status, 204);
    assert_eq!(
        client.get(&format!("issue/{key}/changelog")).await.body["total"],
        1,
        "an edit that changes nothing is not logged"
    );
}

#[tokio::test(start_paused = true)]
async fn takes_only_documents_and_says_so() {
    let client = acme();
    let key = issue(&client, "x").await;
    for bad in [json!("text"), json!({ "type": "doc" }), doc("")] {
        let answer = client.put(&format!("issue/{key}"), json!({ "fields": { "description": bad } })).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text("/errors/description").contains("Atlassian Document"), "{answer:?}");
        let comment = client.post(&format!("issue/{key}/comment"), json!({ "body": bad })).await;
        assert_eq!(comment.status, 400);
        assert!(comment.body["errors"]["comment"].is_string());
    }
    let long = client.post(&format!("issue/{key}/comment"), json!({ "body": doc(&"x".repeat(32_768)) })).await;
    assert_eq!(
        long.text("/errors/comment"),
        "The entered text is too long. It exceeds the allowed limit of 32767 characters."
    );
    assert_eq!(
        client.post(&format!("issue/{key}/comment"), json!({ "body": doc(&"x".repeat(32_767)) })).await.status,
        201
    );
}

#[tokio::test(start_paused = true)]
async fn refuses_bad_values_per_field() {
    let client = acme();
    let fields = json!({
        "project": { "key": "SUP" }, "issuetype": { "name": "Bug" }, "summary": "x".repeat(256), "labels": ["a b"],
        "priority": { "name": "Nope" }, "status": { "name": "Done" }, "customfield_99999": "x",
    });
    let answer = client.post("issue", json!({ "fields": fields })).await;
    assert_eq!(answer.status, 400);
    let errors = answer.body["errors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["customfield_99999", "labels", "priority", "status", "summary"]);
    assert!(answer.text("/errors/customfield_99999").contains("not on the appropriate screen"));
    let lines = json!({ "fields": { "project": { "key": "SUP" }, "issuetype": { "name": "Bug" }, "summary": "a\nb" } });
    assert_eq!(client.post("issue", lines).await.status, 400);
    let both = json!({ "fields": { "labels": ["a"] }, "update": { "labels": [{ "add": "b" }] } });
    let key = issue(&client, "x").await;
    assert!(client.put(&format!("issue/{key}"), both).await.text("/errors/labels").contains("both"));
}

#[tokio::test(start_paused = true)]
async fn searches_by_token_without_a_total_and_only_with_ids_by_default() {
    let client = acme();
    for number in 0..5 {
        issue(&client, &format!("issue {number}")).await;
    }
    let gone = client.get("search?jql=project%20%3D%20SUP").await;
    assert_eq!(gone.status, 410);
    assert!(gone.text("/errorMessages/0").contains("CHANGE-2046"));
    let plain = client.get("search/jql?jql=project%20%3D%20SUP").await;
    assert_eq!(plain.body["issues"][0], json!({ "id": "10000" }));
    assert_eq!(plain.body.get("total"), None);
    assert_eq!(plain.body["isLast"], true);
    assert_eq!(plain.body.get("nextPageToken"), None);

    let mut body = json!({ "jql": "project = SUP ORDER BY key ASC", "fields": ["summary"], "maxResults": 2 });
    let mut seen = Vec::new();
    loop {
        let page = client.post("search/jql", body.clone()).await;
        seen.extend(keys(&page.body));
        match page.body.get("nextPageToken") {
            Some(token) => body["nextPageToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(seen, ["SUP-1", "SUP-2", "SUP-3", "SUP-4", "SUP-5"]);
    assert_eq!(client.post("search/jql", json!({ "jql": "order by key" })).await.status, 400);
    assert_eq!(client.post("search/jql", json!({ "jql": "project = SUP", "startAt": 0 })).await.status, 400);
    assert_eq!(client.post("search/jql", json!({ "jql": "project = SUP", "maxResults": 0 })).await.status, 400);
    assert_eq!(client.get("search/jql?jql=project%20%3D").await.status, 400);
    assert_eq!(client.post("search/jql", json!({ "jql": "project = NOPE" })).await.status, 400);
    client.jira.set_quirks(|quirks: &mut Quirks| quirks.unknown_names_are_empty = true);
    let empty = client.post("search/jql", json!({ "jql": "project = NOPE" })).await;
    assert_eq!((empty.status, keys(&empty.body).len()), (200, 0));
}

#[tokio::test(start_paused = true)]
async fn dates_in_jql_are_in_the_callers_zone_by_the_minute() {
    let client = acme();
    issue(&client, "x").await;
    let jane = Client::of(&client.jira, "jane");
    let search =
        |time: &str| json!({ "jql": format!("project = SUP AND updated >= \"{time}\""), "fields": ["summary"] });
    assert_eq!(keys(&client.post("search/jql", search("2026-03-02 09:30")).await.body).len(), 1);
    assert_eq!(keys(&client.post("search/jql", search("2026-03-02 09:31")).await.body).len(), 0);
    assert_eq!(
        keys(&jane.post("search/jql", search("2026-03-02 04:30")).await.body).len(),
        1,
        "New York is five hours behind"
    );
    assert_eq!(keys(&jane.post("search/jql", search("2026-03-02 04:31")).await.body).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_index_lags_unless_told_to_reconcile() {
    let mut setup = presets::acme("https://acme.example");
    setup.quirks.index_lag = Duration::from_secs(30);
    let client = Client::of(&start(&setup), "sync");
    let key = issue(&client, "before").await;
    let search = json!({ "jql": "project = SUP", "fields": ["summary"] });
    assert!(keys(&client.post("search/jql", search.clone()).await.body).is_empty());
    let mut fresh = search.clone();
    fresh["reconcileIssues"] = json!([10_000]);
    assert_eq!(keys(&client.post("search/jql", fresh).await.body), ["SUP-1"]);
    assert_eq!(client.get(&format!("issue/{key}")).await.status, 200, "reads by key never lag");

    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(keys(&client.post("search/jql", search.clone()).await.body), ["SUP-1"]);
    client.put(&format!("issue/{key}"), json!({ "fields": { "summary": "after" } })).await;
    let stale = client.post("search/jql", search.clone()).await;
    assert_eq!(stale.body["issues"][0]["fields"]["summary"], "before");
    tokio::time::advance(Duration::from_secs(31)).await;
    let now = client.post("search/jql", search.clone()).await;
    assert_eq!(now.body["issues"][0]["fields"]["summary"], "after");
    client.jira.add_fault(FaultRule::new("search", When::Nth(1), Fault::IndexLag(Duration::from_secs(40))));
    let back = client.post("search/jql", search).await;
    assert_eq!(back.body["issues"][0]["fields"]["summary"], "before", "visibility is not monotonic");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_seen_does_not_exist() {
    let mut setup = presets::acme("https://acme.example");
    setup.projects[0].permissions.insert("BROWSE_PROJECTS".into(), [Holder::Role("Administrators".into())].into());
    let jira = start(&setup);
    let key = issue(&Client::of(&jira, "sync"), "x").await;
    let omar = Client::of(&jira, "omar");
    let missing = omar.get(&format!("issue/{key}")).await;
    assert_eq!(missing.status, 404);
    assert_eq!(missing.body, omar.get("issue/SUP-999").await.body, "404 looks the same for both");
    assert_eq!(
        omar.post("issue/bulkfetch", json!({ "issueIdsOrKeys": [key, "SUP-999"] })).await.body["issues"],
        json!([])
    );
    assert_eq!(omar.get("mypermissions?projectKey=SUP&permissions=BROWSE_PROJECTS").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn permissions_must_be_named_and_known() {
    let client = acme();
    assert_eq!(client.get("mypermissions?projectKey=SUP").await.status, 400);
    assert_eq!(client.get("mypermissions?projectKey=SUP&permissions=BROWSE_PROJECTS,NOPE").await.status, 400);
    let held = client.get("mypermissions?projectKey=SUP&permissions=EDIT_ISSUES,ADMINISTER_PROJECTS").await;
    assert_eq!(held.body["permissions"]["ADMINISTER_PROJECTS"]["havePermission"], true);
    let omar = Client::of(&client.jira, "omar");
    let held = omar.get("mypermissions?projectKey=SUP&permissions=EDIT_ISSUES,ADMINISTER_PROJECTS").await;
    assert_eq!(held.body["permissions"]["ADMINISTER_PROJECTS"]["havePermission"], false);
    assert_eq!(held.body["permissions"]["EDIT_ISSUES"]["havePermission"], true);
}

#[tokio::test(start_paused = true)]
async fn a_transition_sets_the_resolution_in_the_same_entry() {
    let client = acme();
    let key = issue(&client, "x").await;
    let offered = client.get(&format!("issue/{key}/transitions?expand=transitions.fields")).await;
    let done =
        offered.body["transitions"].as_array().unwrap().iter().find(|t| t["to"]["name"] == "Done").unwrap().clone();
    let body = json!({ "transition": { "id": done["id"].as_str().unwrap().parse::<u64>().unwrap() }, "historyMetadata": { "type": "t" } });
    assert_eq!(client.post(&format!("issue/{key}/transitions"), body).await.status, 204, "an integer id is taken");
    let log = client.get(&format!("issue/{key}/changelog")).await;
    let fields: Vec<&str> =
        log.body["values"][0]["items"].as_array().unwrap().iter().map(|i| i["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["resolution", "status"]);
    assert_eq!(log.text("/values/0/historyMetadata/type"), "t");
    assert_eq!(
        client.post(&format!("issue/{key}/transitions"), json!({ "transition": { "id": "999" } })).await.status,
        400
    );
}

#[tokio::test(start_paused = true)]
async fn properties_and_comments_move_updated_as_they_should() {
    let client = acme();
    let key = issue(&client, "x").await;
    let updated = async |client: &Client| client.get(&format!("issue/{key}")).await.text("/fields/updated").to_owned();
    let first = updated(&client).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(client.put(&format!("issue/{key}/properties/a.b"), json!({ "n": 1 })).await.status, 201);
    assert_eq!(client.put(&format!("issue/{key}/properties/a.b"), json!({ "n": 2 })).await.status, 200);
    assert_eq!(client.get(&format!("issue/{key}/properties/a.b")).await.body["value"]["n"], 2);
    assert_eq!(updated(&client).await, first, "a property does not move updated");
    let comment = client
        .post(
            &format!("issue/{key}/comment"),
            json!({ "body": doc("hi"), "properties": [{ "key": "mark", "value": 1 }] }),
        )
        .await;
    assert_eq!(comment.status, 201);
    let id = comment.text("/id");
    assert_ne!(updated(&client).await, first, "a comment does");
    assert_eq!(client.get(&format!("comment/{id}/properties/mark")).await.body["value"], 1);
    let list = client.get(&format!("issue/{key}/comment")).await;
    assert_eq!(list.body["comments"][0].get("properties"), None, "lists need not carry properties");
    let expanded = client.get(&format!("issue/{key}/comment?expand=properties")).await;
    assert_eq!(expanded.body["comments"][0]["properties"][0]["key"], "mark");
    assert_eq!(client.get(&format!("issue/{key}/changelog")).await.body["total"], 0, "neither is logged");
    assert_eq!(client.delete(&format!("issue/{key}/comment/{id}")).await.status, 204);
    assert_eq!(client.get(&format!("comment/{id}/properties/mark")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn restricted_comments_are_for_members_only() {
    let client = acme();
    let key = issue(&client, "x").await;
    let omar = client.jira.person("omar").unwrap();
    omar.restricted_comment(&key, "secret", "Globex desk").unwrap();
    let jane = Client::of(&client.jira, "jane");
    assert_eq!(jane.get(&format!("issue/{key}/comment")).await.body["total"], 0);
    assert_eq!(client.get(&format!("issue/{key}/comment")).await.text("/comments/0/visibility/value"), "Globex desk");
    let refused = client.jira.person("jane").unwrap().restricted_comment(&key, "secret", "Globex desk").unwrap_err();
    assert_eq!(refused.status, 400);
}

#[tokio::test(start_paused = true)]
async fn many_are_created_and_read_at_once() {
    let client = acme();
    let good = |n: u32| json!({ "fields": { "project": { "key": "SUP" }, "issuetype": { "name": "Task" }, "summary": format!("n {n}") } });
    let bad = json!({ "fields": { "project": { "key": "SUP" }, "issuetype": { "name": "Task" } } });
    let answer = client.post("issue/bulk", json!({ "issueUpdates": [good(1), bad, good(2)] })).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body["errors"][0]["failedElementNumber"], 1);
    assert_eq!(answer.body["issues"].as_array().unwrap().len(), 2);
    assert_eq!(client.post("issue/bulk", json!({ "issueUpdates": [bad] })).await.status, 400);
    let many: Vec<Value> = (0..51).map(good).collect();
    assert_eq!(client.post("issue/bulk", json!({ "issueUpdates": many })).await.status, 400);
    let read = client
        .post("issue/bulkfetch", json!({ "issueIdsOrKeys": ["sup-2", "10000", "SUP-77"], "fields": ["summary"] }))
        .await;
    assert_eq!(keys(&read.body), ["SUP-1", "SUP-2"], "ascending id, any case, missing ones silently absent");
}

#[tokio::test(start_paused = true)]
async fn a_moved_issue_keeps_its_id_and_answers_to_its_old_key() {
    let mut setup = presets::acme("https://acme.example");
    let mut other = setup.projects[0].clone();
    (other.key, other.id) = ("OTH".into(), 10_001);
    setup.projects.push(other);
    let client = Client::of(&start(&setup), "sync");
    let key = issue(&client, "x").await;
    let new = client.jira.person("jane").unwrap().move_to(&key, "OTH").unwrap();
    assert_eq!(new, "OTH-1");
    let read = client.get(&format!("issue/{key}")).await;
    assert_eq!((read.status, read.text("/key"), read.text("/id")), (200, "OTH-1", "10000"));
    let log = client.get("issue/OTH-1/changelog").await;
    assert_eq!(log.body["values"][0]["items"][1]["field"], "Key");
}

#[tokio::test(start_paused = true)]
async fn silence_needs_the_right_to_it() {
    let client = acme();
    let key = issue(&client, "x").await;
    let omar = Client::of(&client.jira, "omar");
    let path = format!("issue/{key}?notifyUsers=false");
    assert_eq!(omar.put(&path, json!({ "fields": { "summary": "y" } })).await.status, 204);
    assert_eq!(client.jira.issue(&key).unwrap().fields["summary"], "y", "the flag is ignored, the edit is not");
    client.jira.set_quirks(|quirks| quirks.notify_without_right_drops_edit = true);
    assert_eq!(omar.put(&path, json!({ "fields": { "summary": "z" } })).await.status, 204);
    assert_eq!(client.jira.issue(&key).unwrap().fields["summary"], "y");
}

#[tokio::test(start_paused = true)]
async fn assigns_by_account_id_and_only_to_whom_it_may() {
    let client = acme();
    let key = issue(&client, "x").await;
    let jane = client.jira.person("jane").unwrap();
    assert_eq!(client.put(&format!("issue/{key}/assignee"), json!({ "accountId": jane.id() })).await.status, 204);
    let item = client.get(&format!("issue/{key}/changelog")).await.body["values"][0]["items"][0].clone();
    assert_eq!((item["to"].as_str(), item["toString"].as_str()), (Some(jane.id()), Some("Jane Roe")));
    assert_eq!(client.put(&format!("issue/{key}/assignee"), json!({ "accountId": "nobody" })).await.status, 400);
    assert_eq!(client.put(&format!("issue/{key}/assignee"), json!({ "accountId": null })).await.status, 204);
    assert_eq!(client.get(&format!("issue/{key}")).await.body["fields"]["assignee"], Value::Null);
    let found = client.get("user/search?query=jan").await;
    assert_eq!(found.text("/0/accountId"), jane.id());
    assert_eq!(client.get("user/assignable/search?project=SUP&query=omar").await.text("/0/displayName"), "Omar Haddad");
}

#[tokio::test(start_paused = true)]
async fn version_two_speaks_wiki_text() {
    let client = acme();
    let key = issue(&client, "x").await;
    let old = client.at("/rest/api/latest");
    assert_eq!(
        old.put(&format!("issue/{key}"), json!({ "fields": { "description": "one\n\ntwo" } })).await.status,
        204
    );
    assert_eq!(old.get(&format!("issue/{key}")).await.text("/fields/description"), "one\n\ntwo");
    let read = client.get(&format!("issue/{key}")).await;
    assert_eq!(read.body["fields"]["description"]["content"].as_array().unwrap().len(), 2);
    assert!(read.text("/self").contains("/rest/api/3/"));
}

#[tokio::test(start_paused = true)]
async fn a_migrated_account_bears_its_new_id_wherever_it_was() {
    let client = acme();
    let old = client.jira.person("sync").unwrap().id().to_owned();
    let key = issue(&client, "x").await;
    let other = issue(&client, "y").await;
    for key in [&key, &other] {
        assert_eq!(client.put(&format!("issue/{key}/assignee"), json!({ "accountId": old })).await.status, 204);
    }
    assert_eq!(client.put(&format!("issue/{other}/assignee"), json!({ "accountId": null })).await.status, 204);
    assert_eq!(client.post(&format!("issue/{key}/comment"), json!({ "body": doc("Seen") })).await.status, 201);
    client.jira.person("sync").unwrap().watch(&key).unwrap();
    let before = client.get(&format!("issue/{key}")).await.text("/fields/updated").to_owned();
    client.jira.migrate_account("sync", "712020:moved");
    // The login is the same, and so are its rights.
    assert_eq!(client.get("myself").await.text("/accountId"), "712020:moved");
    assert_eq!(client.put(&format!("issue/{other}"), json!({ "fields": { "summary": "z" } })).await.status, 204);
    let shown = client.get(&format!("issue/{key}")).await;
    assert_eq!(shown.text("/fields/updated"), before, "nobody changed it");
    assert_eq!(shown.text("/fields/assignee/accountId"), "712020:moved");
    assert_eq!(shown.text("/fields/creator/accountId"), "712020:moved");
    let comments = client.get(&format!("issue/{key}/comment")).await;
    assert_eq!(comments.text("/comments/0/author/accountId"), "712020:moved");
    for path in [format!("issue/{key}"), format!("issue/{key}/comment"), format!("issue/{other}/changelog")] {
        let body = client.get(&path).await.body.to_string();
        assert!(body.contains("712020:moved") && !body.contains(&old), "{path}: {body}");
    }
    let found = client.post("search/jql", json!({ "jql": "assignee = currentUser()", "fields": ["assignee"] })).await;
    assert_eq!(keys(&found.body), [key]);
}
