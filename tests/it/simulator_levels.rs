//! The simulated Jira hides issues under a security level from who is not in it, as Atlassian documents it: not found by id, by search
//! or by a link, and not offered to who may not set it.

use jirasyncd::simulator::{Holder, Setup, presets};
use serde_json::json;

use super::contract::watch::watched;
use super::simulator_support::{Client, start};

fn with_levels(mut setup: Setup) -> Setup {
    let project = &mut setup.projects[0];
    project.security_levels = vec!["Staff".to_owned(), "Board".to_owned()];
    project.permissions.insert("SET_ISSUE_SECURITY".to_owned(), [Holder::LoggedIn].into());
    setup
}

#[tokio::test(start_paused = true)]
async fn an_issue_under_a_level_is_not_there_for_who_is_not_in_it() {
    let acme = start(&with_levels(presets::acme("https://acme.example")));
    let globex = start(&with_levels(presets::globex("https://jira.globex.example/jira")));
    for (jira, project, kind, member, other) in
        [(acme, "SUP", "Bug", "jane", "omar"), (globex, "ENG", "Defect", "jdoe", "mlopez")]
    {
        let _watch = watched(&jira);
        let id = jira.person(member).unwrap().id().to_owned();
        jira.set_level_members(project, "Staff", &[Holder::User(id)]);
        let (sees, sees_not) = (Client::of(&jira, member), Client::of(&jira, other));
        let fields = |level: &str| {
            json!({ "fields": { "project": { "key": project }, "issuetype": { "name": kind }, "summary": "x",
                "security": { "name": level } } })
        };
        let made = sees.post("issue", fields("Staff")).await;
        assert_eq!(made.status, 201, "{made:?}");
        let path = format!("issue/{}", made.text("/key"));
        assert_eq!(sees.get(&path).await.text("/fields/security/name"), "Staff");
        assert_eq!(sees_not.get(&path).await.status, 404);
        assert_eq!(sees_not.put(&path, json!({ "fields": { "summary": "y" } })).await.status, 404);
        // One may not set a level that one is not in, nor is it offered.
        let refused = sees_not.post("issue", fields("Staff")).await;
        assert_eq!((refused.status, refused.body["errors"]["security"].is_string()), (400, true), "{refused:?}");
        let open = sees_not.post("issue", fields("Board")).await;
        let meta = sees_not.get(&format!("issue/{}/editmeta", open.text("/key"))).await;
        let offered = meta.body["fields"]["security"]["allowedValues"].as_array().unwrap();
        assert_eq!(offered.iter().map(|level| level["name"].as_str().unwrap()).collect::<Vec<_>>(), ["Board"]);
        // Taken away it is there again.
        assert!(sees.put(&path, json!({ "fields": { "security": null } })).await.status < 300);
        assert_eq!(sees_not.get(&path).await.status, 200);
    }
}
