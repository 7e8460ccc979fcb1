//! `jirasyncd probe` as a person calls it: what it says, its exit codes, and the projects that it leaves alone.

use jirasyncd::simulator::ProjectSetup;

use super::cli_world::World;

/// Both Jiras with a project that no sync keeps. At Globex nobody may delete there.
async fn world() -> World {
    World::with(|acme, globex| {
        let sandbox = |project: &ProjectSetup| ProjectSetup { key: "SAND".into(), id: 19_000, ..project.clone() };
        acme.projects.push(sandbox(&acme.projects[0]));
        globex.projects.push(sandbox(&globex.projects[0]));
        globex.projects[1].permissions.insert("DELETE_ISSUES".into(), Default::default());
        globex.quirks.comment_moves_updated = false;
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_says_what_holds_what_does_not_and_what_it_left() {
    let world = world().await;
    let place = world.place_with("auth = {", "rate = 200\nauth = {");
    let parts = [
        "DOES NOT HOLD  a-comment-moves-it: A new comment moves `updated`.",
        "simulator: `Quirks::comment_moves_updated`",
        "daemon: `daemon.webhooks`",
        "rests on it: src/engine/detect.rs",
        "SAND-1 is left behind: Jira refuses to delete it",
    ];
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["probe", "globex", "--project", "SAND"]).await.expect(1, &parts);
    let audit = place.run(&["audit", "--side", "globex", "--since", "1h"]).await;
    audit.expect(0, &["operator ", "`probe globex --project SAND`: done"]);
    assert!(world.globex.issues().iter().all(|issue| issue.key.starts_with("SAND-")));
    let said = place.run(&["probe", "acme", "--project", "SAND", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&said["exit"], &said["instance"]), (&0.into(), &"acme".into()));
    assert!(said["facts"].as_array().unwrap().iter().all(|fact| fact["verdict"] != "does-not-hold"), "{said:#}");
    assert_eq!(said["left"], serde_json::json!([]));
    assert!(world.acme.issues().is_empty(), "something is left behind");
}

#[tokio::test]
async fn a_project_that_a_sync_keeps_is_left_alone() {
    let world = world().await;
    let place = world.place();
    place.run(&["probe", "acme", "--project", "sup"]).await.expect(2, &["is a side of sync `support`"]);
    place.run(&["probe", "nobody", "--project", "SAND"]).await.expect(2, &["there is no instance `nobody`"]);
    place.run(&["probe", "acme", "--project", "NONE"]).await.expect(3, &["project NONE"]);
    let place = world.place_with("env:ACME_TOKEN", "env:GLOBEX_TOKEN");
    place.run(&["probe", "acme", "--project", "SAND"]).await.expect(3, &["asking who"]);
    assert!(world.acme.issues().is_empty());
}
