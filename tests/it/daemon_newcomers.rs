//! What comes with a new issue arrives with it: nobody waits a poll longer for its comments, files and status because few were
//! made. Must never let a second poll pass.

use std::time::Duration;

use jirasyncd::app::{Chosen, preview};
use jirasyncd::model::configuration::Existing;
use jirasyncd::model::operation::Action;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::daemon_support::{World, two, two_clouds};

/// Between two polls; nothing else tells the daemon of anything here.
const POLL: Duration = Duration::from_secs(30);
/// After the poll that shows it.
const SOON: Duration = Duration::from_secs(10);

/// With files.
fn config(of: &str) -> String {
    of.replacen("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"", 1)
}

/// What each side calls the status of what is worked on.
fn under_way(side: &str) -> &'static str {
    match side {
        "acme" => "In Progress",
        "globex" => "Working",
        _ => "In Arbeit",
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_new_issue_holds_arrives_with_it() {
    let from_home = (two(), ("acme", "jane", "SUP", "Bug"), "globex");
    let back = (two(), ("globex", "jdoe", "ENG", "Defect"), "acme");
    let among_clouds = (two_clouds(), ("acme", "jane", "SUP", "Bug"), "initech");
    for (of, (from, who, project, issue_type), to) in [from_home, back, among_clouds] {
        let world = World::new(&config(&of), |_| {}).await;
        world.rest().await.unwrap();
        let cancel = CancellationToken::new();
        let people = async {
            let began = tokio::time::Instant::now();
            // Right before a poll.
            tokio::time::sleep_until(began + POLL * 2 - Duration::from_millis(1)).await;
            let person = world.person(from, who);
            let key = person.create(project, issue_type, json!({ "summary": "Item" })).unwrap();
            person.comment(&key, "Said at once").unwrap();
            person.attach(&key, "plan.txt", b"plan").unwrap();
            person.transition(&key, under_way(from)).unwrap();
            tokio::time::sleep(SOON).await;
            let copy = world.issue(to, "Item");
            let arrived = (copy.comments.len(), copy.attachments.len(), world.field(to, "Item", "status"));
            cancel.cancel();
            arrived
        };
        let (ran, arrived) = tokio::join!(world.daemon().run(cancel.clone()), people);
        ran.unwrap();
        assert_eq!(arrived, (1, 1, under_way(to).to_owned()), "{from} to {to}");
    }
}

/// A run that ends by itself decides on all that it found, however many of it stay where they are; and so does a plan. The second time by
/// as many as are decided on in one go outside of tests, and more than are read in one.
#[tokio::test(start_paused = true)]
async fn one_run_carries_what_lies_behind_many_that_stay() {
    let of =
        two().replacen("project = \"SUP\"", "project = \"SUP\", not-from = [\"user:5b10a2844c20165700ede21g\"]", 1);
    for (portion, stay) in [(3, 11), (1_000, 2_105)] {
        let mut world = World::without_daemon(&of);
        for (who, count) in [("jane", stay), ("omar", 2)] {
            for number in 0..count {
                let fields = json!({ "summary": format!("Of {who} {number}") });
                world.person("acme", who).create("SUP", "Bug", fields).unwrap();
            }
        }
        world.surroundings.portion = portion;
        world.start().await;
        let state = world.config.clone();
        let planned = preview(state, world.surroundings(), Chosen::All, Existing::ReMap).await.unwrap();
        let creates = planned.items.iter().filter_map(|item| item.plan.as_ref()).flat_map(|plan| &plan.operations);
        assert_eq!(creates.filter(|operation| matches!(operation.action, Action::Create { .. })).count(), 2);
        world.daemon().once().await.unwrap();
        let made = (world.issues("globex", "Of jane").len(), world.issues("globex", "Of omar").len());
        assert_eq!(made, (0, 2), "of {stay}");
    }
}
