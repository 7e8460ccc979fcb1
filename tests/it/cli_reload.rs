//! A configuration that changes under a daemon that runs, as an administrator changes it. Must never leave a daemon behind.

use std::time::Duration;

use serde_json::json;

use super::cli_operate::until;
use super::cli_world::{Place, World};
use super::process_support::Running;

fn write(place: &Place, text: &str) {
    std::fs::write(place.file("jirasyncd.toml"), text).unwrap();
}

fn hang_up(daemon: &Running) {
    let pid = daemon.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
}

fn field(world: &World, name: &str) -> String {
    world.globex.issues().first().and_then(|issue| issue.fields.get(name).cloned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_goes_over_to_another_configuration_and_back() {
    let world = World::new().await;
    let before = world.configuration().replace("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"1s\"");
    let place = Place::new(&before);
    place.run(&["reload"]).await.expect(1, &["no state"]);
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    let fields = json!({ "summary": "Item", "duedate": "2026-12-24", "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    until("the item crosses", || world.globex.issues().len() == 1).await;
    assert_eq!(field(&world, "duedate"), "");
    // A row more: it fills what is there, and the same process goes on.
    let now = before.replace("description = \"both\"", "description = \"both\"\ndue-date = \"both\"");
    write(&place, &now);
    // Beforehand it is seen what that would do, beside the daemon, which goes by the one before.
    place.run(&["plan"]).await.expect(0, &["ENG-1", "due-date", "2026-12-24"]);
    assert_eq!(field(&world, "duedate"), "");
    let said = place.run(&["reload"]).await;
    said.expect(
        0,
        &[
            "the new configuration is right, and is gone over to",
            "sync.support.fields.due-date: \"both\", which is new",
        ],
    );
    until("the row is carried", || field(&world, "duedate") == "2026-12-24").await;
    let line = "    sync.support.fields.due-date: \"both\", which is new\n";
    let went = ": went over to configuration 2 (`jirasyncd configurations 2`); changed for this sync:\n";
    let parts = ["\noperators\n", "`reload` by ", went, line];
    place.run(&["explain", "SUP-1"]).await.expect(0, &parts);
    place.run(&["status"]).await.expect(0, &[&format!("process {}", daemon.pid())]);
    // What is wrong is not gone over to, however it is asked for.
    write(&place, &now.replace("due-date = \"both\"", "due-date = \"none\""));
    place.run(&["reload"]).await.expect(2, &["due-date"]);
    hang_up(&daemon);
    // In one line, which is there also where only what needs a person is logged.
    let parts = [" ERROR ", "the configuration is not taken over", "due-date"];
    let says_no = |line: &str| parts.iter().all(|part| line.contains(part));
    until("it says no", || daemon.log().lines().any(says_no)).await;
    write(&place, &now.replace("project = \"ENG\"", "project = \"NONE\""));
    place.run(&["reload"]).await.expect(1, &["the configuration is not taken over", "NONE"]);
    // The one before is kept, and can be put back.
    let kept = place.run(&["configurations", "1"]).await.expect(0, &[]);
    assert_eq!(kept.stdout, before);
    write(&place, &kept.stdout);
    hang_up(&daemon);
    until("it goes over", || daemon.log().matches(": runs version").count() == 3).await;
    let listed = place.run(&["configurations"]).await.expect(0, &["fields.due-date: \"both\", which is new"]);
    assert_eq!(listed.stdout.lines().filter(|line| line.contains("re-map")).count(), 3, "{listed:?}");
    // Nobody says who sent a signal: it is not told as what the daemon's own user commanded.
    place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &["operator SIGHUP"]);
    // Its doors may be elsewhere, too.
    write(
        &place,
        &kept.stdout.replace("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.2:0\"\nsocket = \"other.sock\""),
    );
    hang_up(&daemon);
    until("it goes over", || daemon.log().matches(": runs version").count() == 4).await;
    place.run(&["status"]).await.expect(0, &[&format!("process {}", daemon.pid())]);
    // What was refused, and where the doors are, changed nothing for an issue.
    let known = place.run(&["explain", "SUP-1", "--json"]).await.expect(0, &[]).json();
    let reloads: Vec<_> =
        known["items"][0]["commands"].as_array().unwrap().iter().map(|given| &given["configuration"]).collect();
    let differences = [
        "sync.support.fields.due-date: \"both\", which is new",
        "sync.support.fields.due-date: is gone; it was \"both\"",
    ];
    let changed = |number: usize| json!({ "number": number, "differences": [differences[number - 2]] });
    assert_eq!(reloads, [&changed(2), &changed(3)], "{known}");
    // It still works, and stops as ever.
    world.acme.person("jane").unwrap().create("SUP", "Bug", json!({ "summary": "Later" })).unwrap();
    until("another item crosses", || world.globex.issues().len() == 2).await;
    let (ended, took, log) = daemon.terminate(Duration::from_secs(20)).await;
    assert!(ended.success() && took < Duration::from_secs(10), "{took:?}\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_103_plan_shows_beforehand_what_another_map_would_do() {
    let world = World::new().await;
    let text = world.configuration().replace("description = \"both\"", "description = \"both\"\npriority = \"both\"");
    let place = Place::new(&text);
    let fields = json!({ "summary": "Item", "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap();
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(field(&world, "priority"), "P1");
    write(&place, &text.replace("globex = \"P1\"", "globex = \"P2\""));
    place.run(&["plan"]).await.expect(0, &["ENG-1", "priority", "P2"]);
    let kept = place.run(&["plan", "--from-now"]).await.expect(0, &[]);
    assert!(!kept.stdout.contains("P2"), "{kept:?}");
    place.run(&["run", "--once", "--from-now"]).await.expect(0, &["0 writes"]);
    place.run(&["run", "--once"]).await.expect(0, &["0 writes"]);
    assert_eq!(field(&world, "priority"), "P1");
    let listed = place.run(&["configurations", "--json"]).await.expect(0, &[]).json();
    assert_eq!(listed["configurations"][0]["existing"], json!("from-now"));
}
