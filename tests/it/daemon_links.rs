//! The links that lead people from an issue to its counterparts. Must never ask the daemon what a Jira shows.

use jirasyncd::simulator::{Fault, FaultRule, Holder, When};
use serde_json::json;

use super::daemon_support::{ACME, GLOBEX, THREE, World, calls, two};

fn linked(config: &str) -> String {
    config.replacen("home = \"acme\"", "home = \"acme\"\ncounterparts = \"link\"", 1)
}

fn shared(world: &World) -> String {
    let labels = ["share-globex", "share-initech"];
    let fields = json!({ "summary": "Item", "priority": { "name": "Low" }, "labels": labels });
    world.person("acme", "jane").create("SUP", "Bug", fields).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_issue_leads_to_the_counterparts_that_its_side_sees() {
    let world = World::new(&linked(THREE), |_| {}).await;
    let key = shared(&world);
    world.rest().await.unwrap();
    let (globex, initech) = (world.issue("globex", "Item").key, world.issue("initech", "Item").key);
    let home = vec![(format!("{key} (acme)"), format!("{ACME}/browse/{key}"))];
    assert_eq!(world.issue("globex", "Item").links, home);
    assert_eq!(world.issue("initech", "Item").links, home, "partners do not learn of one another");
    let titles: Vec<String> = world.issue("acme", "Item").links.into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, [format!("{globex} (globex)"), format!("{initech} (initech)")]);
    assert_eq!(world.issue("acme", "Item").links[0].1, format!("{GLOBEX}/browse/{globex}"));
    // Once, and nothing of it is anybody's change.
    for jira in ["acme", "globex", "initech"] {
        world.jira(jira).reset_calls();
    }
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item again" })).unwrap();
    world.intervals(20).await;
    for jira in ["acme", "globex", "initech"] {
        assert_eq!(calls(world.jira(jira)).get("createOrUpdateRemoteIssueLink"), None, "{jira}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_link_and_a_missing_right_is_told() {
    for fault in [Fault::ResetBefore, Fault::ResetAfter, Fault::StatusAfter(502), Fault::Truncated] {
        let world = World::new(&linked(&two()), |jiras| {
            for jira in jiras.values() {
                jira.add_fault(FaultRule::new("createOrUpdateRemoteIssueLink", When::Nth(1), fault.clone()));
            }
        })
        .await;
        shared(&world);
        world.rest().await.unwrap();
        for jira in ["acme", "globex"] {
            assert_eq!(world.issue(jira, "Item").links.len(), 1, "{jira}, {fault:?}");
        }
        assert_eq!(world.problems().await, Vec::<String>::new(), "{fault:?}");
    }
    let world = World::new(&linked(&two()), |jiras| {
        jiras["globex"].set_permission("ENG", "LINK_ISSUES", &[Holder::User("nobody".into())]);
    })
    .await;
    let key = shared(&world);
    world.intervals(10).await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("permission to link issues"), "{problems:?}");
    world.person("acme", "jane").edit(&key, json!({ "summary": "Item goes on" })).unwrap();
    world.intervals(3).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item goes on");
    world.jira("globex").set_permission("ENG", "LINK_ISSUES", &[Holder::LoggedIn]);
    world.pass(7_200).await;
    world.rest().await.unwrap();
    assert_eq!(world.issue("globex", "Item").links.len(), 1);
    assert_eq!(world.problems().await, Vec::<String>::new());
}
