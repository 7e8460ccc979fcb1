//! Who may read and change a comment in the simulated Jira, as Atlassian's behave. Must never go through the daemon's client.

use jirasyncd::simulator::{Setup, presets};
use serde_json::{Value, json};

use super::simulator_support::{Client, start};

/// Both kinds as service desks, with the sync user and one person in a group.
fn desks() -> Vec<(Client, &'static str, &'static str, &'static str)> {
    let kinds: [(Setup, &str, &str, &str); 2] = [
        (presets::acme("https://acme.example"), "SUP", "Bug", "jane"),
        (presets::globex("https://jira.globex.example/jira"), "ENG", "Defect", "mlopez"),
    ];
    let desk = |(mut setup, project, kind, who): (Setup, &'static str, &'static str, &'static str)| {
        let members = setup.users.iter().filter(|user| ["sync", who].contains(&user.name.as_str()));
        let members = members.map(|user| user.id.clone()).collect();
        setup.group_members.insert("partners".into(), members);
        setup.projects[0].service_desk = true;
        (Client::of(&start(&setup), "sync"), project, kind, who)
    };
    kinds.into_iter().map(desk).collect()
}

async fn issue(client: &Client, project: &str, kind: &str) -> String {
    let fields = json!({ "project": { "key": project }, "issuetype": { "name": kind }, "summary": "x" });
    client.post("issue", json!({ "fields": fields })).await.text("/key").to_owned()
}

fn body(client: &Client, text: &str) -> Value {
    client.jira.person("sync").unwrap().text(text)
}

#[tokio::test(start_paused = true)]
async fn a_group_reads_its_comments_and_nobody_else_names_it() {
    for (client, project, kind, who) in desks() {
        let key = issue(&client, project, kind).await;
        client.jira.person(who).unwrap().group_comment(&key, "secret", "partners").unwrap();
        assert_eq!(client.get(&format!("issue/{key}/comment")).await.text("/comments/0/visibility/type"), "group");
        let other = if project == "SUP" { "omar" } else { "jdoe" };
        let other_client = Client::of(&client.jira, other);
        assert_eq!(other_client.get(&format!("issue/{key}/comment")).await.body["total"], 0);
        for (kind, name, words) in
            [("group", "partners", "of the group: partners."), ("role", "Nowhere", "of the project role: Nowhere.")]
        {
            let refused = other_client
                .post(
                    &format!("issue/{key}/comment"),
                    json!({ "body": body(&client, "x"), "visibility": { "type": kind, "value": name } }),
                )
                .await;
            assert_eq!(refused.status, 400);
            assert!(refused.text("/errors/commentLevel").ends_with(words), "{refused:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_put_with_properties_publishes_an_internal_note_and_one_without_keeps_it() {
    for (client, project, kind, _) in desks() {
        let key = issue(&client, project, kind).await;
        let note = json!([{ "key": "sd.public.comment", "value": { "internal": true } }]);
        let made = client
            .post(&format!("issue/{key}/comment"), json!({ "body": body(&client, "note"), "properties": note }))
            .await;
        let path = format!("issue/{key}/comment/{}", made.text("/id"));
        let internal = async || {
            let there = client.get(&format!("{path}?expand=properties")).await.body;
            let property =
                there["properties"].as_array().unwrap().iter().any(|property| property["value"]["internal"] == true);
            // The platform's own word for it is Cloud's alone.
            assert!(there.get("jsdPublic").is_none_or(|public| public == !property), "{there}");
            property
        };
        assert!(internal().await);
        client.put(&path, json!({ "body": body(&client, "note, again") })).await;
        assert!(internal().await);
        let mark = json!([{ "key": "mark", "value": { "x": 1 } }]);
        client.put(&path, json!({ "body": body(&client, "note, at last"), "properties": mark })).await;
        assert!(!internal().await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_for_those_who_read_what_it_answers() {
    let (client, project, kind, who) = desks().remove(0);
    let key = issue(&client, project, kind).await;
    let person = client.jira.person(who).unwrap();
    let first = person.group_comment(&key, "secret", "partners").unwrap();
    let answer = person.answer(&key, "secret too", &first).unwrap();
    let there = client.get(&format!("issue/{key}/comment/{answer}")).await;
    assert_eq!(there.body["parentId"].to_string(), first);
    assert_eq!(there.text("/visibility/value"), "partners");
    assert_eq!(person.open_comment(&key, &answer, "open").unwrap_err().status, 400);
    assert_eq!(person.answer(&key, "x", "1").unwrap_err().status, 400);
}

#[tokio::test(start_paused = true)]
async fn who_changes_a_comment_needs_the_right_and_is_named() {
    for (client, project, kind, who) in desks() {
        let key = issue(&client, project, kind).await;
        let made = client.post(&format!("issue/{key}/comment"), json!({ "body": body(&client, "ours") })).await;
        let path = format!("issue/{key}/comment/{}", made.text("/id"));
        let other = if project == "SUP" { "omar" } else { "jdoe" };
        let refused = Client::of(&client.jira, other).put(&path, json!({ "body": body(&client, "theirs") })).await;
        assert_eq!(refused.status, if project == "SUP" { 403 } else { 400 });
        // An administrator of the project may edit all comments.
        assert_eq!(
            Client::of(&client.jira, who).put(&path, json!({ "body": body(&client, "theirs") })).await.status,
            200
        );
        let there = client.get(&path).await;
        assert_ne!(there.body["author"]["displayName"], there.body["updateAuthor"]["displayName"]);
    }
}
