//! What the simulated Jiras tell by webhooks, in the shapes that the facts give, and how they deliver it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jirasyncd::clock::{SeededEntropy, VirtualClock};
use jirasyncd::simulator::{Delivery, HookWeather, Jira, Kind, Setup, SprintState, presets};
use serde_json::{Value, json};

use super::jira_support::EPOCH;

fn jira(setup: &Setup) -> Jira {
    let clock = Arc::new(VirtualClock::starting_at(EPOCH.parse().unwrap()));
    Jira::new(setup, clock, Arc::new(SeededEntropy::new(5)))
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_slice(delivery.request.body()).unwrap()
}

fn events(jira: &Jira) -> Vec<String> {
    let told = jira.webhooks_due();
    told.iter().for_each(|delivery| jira.webhook_answered(delivery, Some(200)));
    told.iter().map(|delivery| body(delivery)["webhookEvent"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn each_kind_tells_what_people_do_in_its_own_shapes() {
    for (setup, project, kind, person) in [
        (presets::acme("https://acme.example"), "SUP", "Bug", "jane"),
        (presets::globex("https://jira.globex.example"), "ENG", "Defect", "jdoe"),
    ] {
        let cloud = setup.kind == Kind::Cloud;
        let jira = jira(&setup);
        jira.register_webhook("https://hooks.example/x", Some("a-secret"));
        let person = jira.person(person).unwrap();
        let key = person.create(project, kind, json!({ "summary": "Pump" })).unwrap();
        let told = jira.webhooks_due();
        let created = body(&told[0]);
        assert_eq!(created["webhookEvent"], "jira:issue_created");
        assert_eq!(created["issue_event_type_name"], "issue_created");
        assert!(created["issue"]["id"].is_string() && created["timestamp"].is_i64(), "{created}");
        assert!(created["issue"]["self"].as_str().unwrap().contains("/rest/api/2/issue/"), "{created}");
        assert!(created["user"].get("emailAddress").is_none() || !cloud, "{created}");
        let headers = told[0].request.headers();
        assert_eq!(headers.contains_key("x-hub-signature"), cloud, "Data Center signs nothing");
        assert_eq!(headers.contains_key("x-atlassian-webhook-identifier"), cloud);
        assert_eq!(headers.get("x-atlassian-webhook-flow").is_some_and(|flow| flow == "Primary"), cloud);
        events(&jira);
        person.edit(&key, json!({ "summary": "Pump leaks" })).unwrap();
        let updated = body(&jira.webhooks_due()[0]);
        assert_eq!(updated["changelog"]["items"][0]["toString"], "Pump leaks");
        assert!(updated["changelog"]["id"].is_string());
        let comment = person.comment(&key, "Hello").unwrap();
        let told: Vec<Value> = jira.webhooks_due().iter().map(body).collect();
        let created = told.iter().find(|body| body["webhookEvent"] == "comment_created").unwrap();
        assert_eq!(created["comment"]["body"], "Hello", "wiki markup on both kinds");
        assert_eq!(created.get("issue").is_some(), cloud, "{created}");
        let also = told.iter().any(|body| body["issue_event_type_name"] == "issue_commented");
        assert_eq!(also, !cloud, "a comment also updates the issue, on Data Center");
        person.delete_comment(&key, &comment).unwrap();
        person.attach(&key, "a.txt", b"x").unwrap();
        let other = person.create(project, kind, json!({ "summary": "Other" })).unwrap();
        person.link(&key, "Blocks", &other).unwrap();
        let names = events(&jira);
        for event in ["comment_deleted", "attachment_created", "issuelink_created"] {
            assert_eq!(names.iter().filter(|name| *name == event).count(), 1, "{event}: {names:?}");
        }
        jira.set_permission(project, "DELETE_ISSUES", &[jirasyncd::simulator::Holder::LoggedIn]);
        person.delete(&key).unwrap();
        let names = events(&jira);
        assert!(names.contains(&"jira:issue_deleted".to_owned()), "{names:?}");
        assert!(!names.contains(&"attachment_deleted".to_owned()), "what it sets off comes later: {names:?}");
        tokio::time::advance(Duration::from_secs(61)).await;
        let told = jira.webhooks_due();
        let file = told.iter().find(|told| body(told)["webhookEvent"] == "attachment_deleted").unwrap();
        assert!(body(file).get("issue").is_none());
        assert_eq!(
            file.request.headers().get("x-atlassian-webhook-flow").is_some_and(|flow| flow == "Secondary"),
            cloud
        );
    }
}

#[tokio::test(start_paused = true)]
async fn properties_versions_sprints_and_projects_are_told_once_each_and_move_nothing() {
    for (setup, project, kind, person) in [
        (presets::acme("https://acme.example"), "SUP", "Bug", "jane"),
        (presets::globex("https://jira.globex.example"), "ENG", "Defect", "jdoe"),
    ] {
        let jira = jira(&setup);
        jira.set_permission(project, "ADMINISTER_PROJECTS", &[jirasyncd::simulator::Holder::LoggedIn]);
        let person = jira.person(person).unwrap();
        let key = person.create(project, kind, json!({ "summary": "Pump" })).unwrap();
        jira.register_webhook("https://hooks.example/x", None);
        let told = || -> Vec<Value> {
            let told = jira.webhooks_due();
            told.iter().for_each(|delivery| jira.webhook_answered(delivery, Some(200)));
            told.iter().map(body).collect()
        };
        let only = |event: &str| -> Value {
            let mut told = told();
            assert_eq!(told.len(), 1, "{event}: {told:?}");
            assert_eq!(told[0]["webhookEvent"], event);
            assert!(told[0]["timestamp"].is_i64());
            told.remove(0)
        };
        person.set_property(&key, "tool", json!({ "at": 1 })).unwrap();
        let set = only("issue_property_set");
        assert_eq!(set["property"], json!({ "key": "tool", "value": { "at": 1 } }));
        assert!(set["issue"]["id"].is_string() && set.get("changelog").is_none(), "{set}");
        person.set_property(&key, "tool", json!({ "at": 1 })).unwrap();
        assert_eq!(told(), Vec::<Value>::new(), "nothing changed by it");
        person.set_property(&key, "tool", json!({ "at": 2 })).unwrap();
        assert_eq!(only("issue_property_set")["property"]["value"]["at"], 2);
        person.delete_property(&key, "tool").unwrap();
        let gone = only("issue_property_deleted");
        assert_eq!(gone["property"]["key"], "tool");
        assert!(person.delete_property(&key, "tool").is_err());
        jira.add_sprint(project, "Sprint 1", SprintState::Future);
        let sprint = only("sprint_created");
        assert!(sprint["sprint"]["id"].is_u64() && sprint["sprint"]["originBoardId"].is_u64(), "{sprint}");
        assert!(sprint.get("issue").is_none(), "{sprint}");
        for (state, event) in [(SprintState::Active, "sprint_started"), (SprintState::Closed, "sprint_closed")] {
            jira.set_sprint("Sprint 1", state);
            assert_eq!(only(event)["sprint"]["name"], "Sprint 1");
            jira.set_sprint("Sprint 1", state);
            assert_eq!(told(), Vec::<Value>::new(), "it was so already");
        }
        jira.delete_sprint("Sprint 1");
        let gone = only("sprint_deleted");
        jira.add_sprint(project, "Sprint 2", SprintState::Future);
        assert_ne!(only("sprint_created")["sprint"]["id"], gone["sprint"]["id"], "a number is given once");
        jira.rename_project(project, "Pumps");
        let renamed = only("project_updated");
        assert_eq!((&renamed["project"]["name"], &renamed["project"]["key"]), (&json!("Pumps"), &json!(project)));
        assert!(renamed["project"]["id"].is_u64(), "{renamed}");
        for name in ["1.0", "2.0"] {
            person.make_version(project, name, json!({})).unwrap();
            let made = only("jira:version_created");
            assert!(made["version"]["id"].is_string() && made["version"]["projectId"].is_u64(), "{made}");
        }
        for (change, event) in [
            (json!({ "description": "First" }), "jira:version_updated"),
            (json!({ "released": true }), "jira:version_released"),
            (json!({ "released": false }), "jira:version_unreleased"),
        ] {
            person.change_version(project, "1.0", change).unwrap();
            assert_eq!(only(event)["version"]["name"], "1.0");
        }
        jira.put_version_first(project, "2.0");
        assert_eq!(only("jira:version_moved")["version"]["name"], "2.0");
        assert_eq!(jira.versions(project)[0]["name"], "2.0");
        jira.remove_version(&person, project, "1.0", Some("2.0")).unwrap();
        assert_eq!(only("jira:version_deleted")["mergedTo"]["name"], "2.0");
        jira.delete_version(project, "2.0");
        assert!(only("jira:version_deleted").get("mergedTo").is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_sends_again_what_failed_and_a_data_center_does_not() {
    for (setup, project, kind, person) in [
        (presets::acme("https://acme.example"), "SUP", "Bug", "jane"),
        (presets::globex("https://jira.globex.example"), "ENG", "Defect", "jdoe"),
    ] {
        let cloud = setup.kind == Kind::Cloud;
        let jira = jira(&setup);
        jira.register_webhook("https://hooks.example/x", None);
        jira.person(person).unwrap().create(project, kind, json!({ "summary": "Pump" })).unwrap();
        let mut sent = 0;
        let mut identifiers = std::collections::BTreeSet::new();
        for _ in 0..10 {
            for delivery in jira.webhooks_due() {
                let headers = delivery.request.headers();
                identifiers
                    .extend(headers.get("x-atlassian-webhook-identifier").map(|id| id.to_str().unwrap().to_owned()));
                assert_eq!(headers.contains_key("x-atlassian-webhook-retry"), sent > 0);
                sent += 1;
                jira.webhook_answered(&delivery, Some(503));
            }
            tokio::time::advance(Duration::from_secs(15 * 60)).await;
        }
        assert_eq!(sent, if cloud { 6 } else { 1 });
        assert_eq!(identifiers.len(), usize::from(cloud), "the same across retries");
        // What is refused for good is never sent again.
        jira.person(person).unwrap().create(project, kind, json!({ "summary": "Again" })).unwrap();
        jira.webhooks_due().iter().for_each(|delivery| jira.webhook_answered(delivery, Some(400)));
        assert_eq!(jira.webhooks_waiting(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn switches_lose_double_and_delay() {
    let jira = jira(&presets::acme("https://acme.example"));
    jira.register_webhook("https://hooks.example/x", None);
    jira.set_hook_weather(HookWeather { lose: 0.5, double: 0.5, delay: Duration::from_secs(1_800) });
    let jane = jira.person("jane").unwrap();
    let keys: Vec<String> =
        (0..60).map(|number| jane.create("SUP", "Bug", json!({ "summary": format!("{number}") })).unwrap()).collect();
    let mut told = Vec::new();
    for _ in 0..40 {
        for delivery in jira.webhooks_due() {
            told.push(body(&delivery)["issue"]["key"].as_str().unwrap().to_owned());
            jira.webhook_answered(&delivery, Some(200));
        }
        tokio::time::advance(Duration::from_secs(60)).await;
    }
    let different: std::collections::BTreeSet<&String> = told.iter().collect();
    assert!((15..45).contains(&different.len()), "{}", different.len());
    assert!(told.len() > different.len(), "some twice");
    let order: Vec<usize> = told.iter().map(|key| keys.iter().position(|known| known == key).unwrap()).collect();
    assert!(order.windows(2).any(|pair| pair[0] > pair[1]), "some overtook others");
}

#[tokio::test]
async fn only_an_administrator_registers_and_nobody_reads_a_secret() {
    for (mut setup, path, version) in [
        (presets::acme("https://acme.example"), "rest/webhooks/1.0/webhook", 3),
        (presets::globex("https://jira.globex.example"), "rest/jira-webhook/1.0/webhooks", 2),
    ] {
        let id = setup.users[0].id.clone();
        let send = async |jira: &Jira, method: &str, path: &str, body: Value| {
            let login =
                if version == 3 { "Basic c3luY0BhY21lLmV4YW1wbGU6c3luYy10b2tlbg==" } else { "Bearer sync-token" };
            let request =
                http::Request::builder().method(method).uri(format!("/{path}")).header("authorization", login);
            let request = request.header("content-type", "application/json");
            let answer = jira.handle(request.body(Bytes::from(body.to_string())).unwrap()).await.unwrap();
            (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
        };
        let wanted = json!({ "name": "x", "url": "https://hooks.example/x", "events": ["comment_created"], "secret": "a-secret" });
        assert_eq!(send(&jira(&setup), "POST", path, wanted.clone()).await.0, 403);
        if version == 3 {
            assert_eq!(send(&jira(&setup), "POST", "rest/api/3/webhook", json!({ "webhooks": [] })).await.0, 403);
        }
        setup.administrators.insert(id);
        let jira = jira(&setup);
        let (status, said) = send(&jira, "POST", path, wanted).await;
        assert!(status == 201 && !said.contains("a-secret"), "{said}");
        assert_eq!(said.contains("\"isSigned\":true"), version == 3, "{said}");
        let (status, said) = send(&jira, "PUT", &format!("{path}/1"), json!({ "url": "nowhere" })).await;
        assert_eq!(status, 400, "{said}");
        assert_eq!(send(&jira, "DELETE", &format!("{path}/1"), Value::Null).await.0, 204);
        assert_eq!(send(&jira, "GET", path, Value::Null).await.1, "[]");
    }
}
