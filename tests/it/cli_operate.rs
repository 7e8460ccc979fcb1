//! Commands that change something, typed as an operator types them: to a daemon that runs, and without one. Must never leave a
//! daemon behind.

use std::time::Duration;

use serde_json::json;

use super::cli_world::{Place, World};
use super::process_support::Running;

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

fn create(world: &World, summary: &str) -> String {
    let fields = json!({ "summary": summary, "priority": { "name": "Highest" } });
    world.acme.person("jane").unwrap().create("SUP", "Bug", fields).unwrap()
}

fn place(world: &World) -> Place {
    world.place_with("listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1:0\"\npoll = \"1s\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_and_resume_speak_to_the_daemon_that_runs() {
    let world = World::new().await;
    let place = place(&world);
    let daemon = Running::start(&place, 1);
    daemon.ready().await;
    create(&world, "First");
    until("the first crosses", || world.globex.issues().len() == 1).await;
    place.run(&["pause", "support"]).await.expect(0, &["sync `support` is paused", "`jirasyncd resume support`"]);
    let status = place.run(&["status"]).await;
    let whose = status.stdout.lines().find(|line| line.contains("sync `support`, since ")).map(str::to_owned);
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    assert!(whose.is_some_and(|line| line.contains(&format!("uid {uid}"))), "{status:?}");
    create(&world, "Second");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(world.globex.issues().len(), 1);
    let again = place.run(&["pause", "support", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&again["ended"], &again["source"], &again["exit"]), (&json!("unchanged"), &json!("daemon"), &json!(0)));
    place.run(&["pause", "elsewhere"]).await.expect(1, &["there is no sync `elsewhere`; there are: support"]);
    place.run(&["pause", "support", "--instance", "acme"]).await.expect(2, &["cannot be used with"]);
    place.run(&["resume"]).await.expect(1, &["everything is not paused by itself", "`jirasyncd resume support`"]);
    place.run(&["resume", "support"]).await.expect(0, &["sync `support` goes on"]);
    until("the second crosses", || world.globex.issues().len() == 2).await;
    let (ended, ..) = daemon.terminate(Duration::from_secs(20)).await;
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_the_state_is_told() {
    let world = World::new().await;
    let place = world.place();
    place.run(&["pause"]).await.expect(1, &["no state"]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    create(&world, "Item");
    place.run(&["pause", "--instance", "globex"]).await.expect(0, &["no daemon runs", "instance `globex` is paused"]);
    place.run(&["run", "--once"]).await.expect(0, &["0 writes"]);
    place.run(&["status"]).await.expect(0, &["paused: changes wait", "instance `globex`", "waiting for a resume"]);
    place.run(&["merge", "support", "SUP-1", "SUP-2"]).await.expect(1, &["knows no issue SUP-2"]);
    assert_eq!(world.globex.issues().len(), 0);
    place.run(&["resume", "--instance", "globex"]).await.expect(0, &["instance `globex` goes on"]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(world.globex.issues().len(), 1);
    // It shows what it would do, and does nothing that nobody agreed to.
    create(&world, "The same");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let shown = ["kept in step: SUP-1 (acme), ENG-1 (globex)", "let be: SUP-2 (acme), ENG-2 (globex)"];
    let said = place.run(&["merge", "support", "SUP-1", "ENG-2"]).await.expect(1, &shown);
    assert!(said.stderr.contains("nothing was done"), "{said:?}");
    let said = place.run(&["merge", "support", "SUP-1", "ENG-2", "--yes", "--json"]).await.expect(0, &shown).json();
    assert_eq!((&said["ended"], &said["source"]), (&json!("done"), &json!("state")));
    place.run(&["merge", "support", "SUP-1", "SUP-2"]).await.expect(0, &["was merged into SUP-1 before"]);
    place.run(&["merge", "support", "SUP-1", "SUP-2", "--yes"]).await.expect(0, &["nothing is left to do"]);
    place.run(&["status"]).await.expect(0, &["1  items"]);
    // Issues that are there on both sides become one, before either starts an item of its own.
    create(&world, "Alone");
    let there = world.globex.person("jdoe").unwrap();
    there.create("ENG", "Defect", json!({ "summary": "Alone too", "priority": { "name": "P1" } })).unwrap();
    let shown = ["paired: SUP-3 (acme), ENG-3 (globex)", "its values of summary are kept as conflicts"];
    let dry = place.run(&["pair", "support", "SUP-3", "ENG-3"]).await.expect(1, &shown);
    assert!(dry.stderr.contains("nothing was done"), "{dry:?}");
    place.run(&["pair", "support", "SUP-3"]).await.expect(2, &["2 values required"]);
    let said = place.run(&["pair", "support", "SUP-3", "ENG-3", "--yes", "--json"]).await.expect(0, &shown).json();
    assert_eq!((&said["ended"], &said["source"]), (&json!("done"), &json!("state")));
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let summary = |issue: &str| world.globex.issue(issue).unwrap().fields["summary"].clone();
    assert_eq!((world.globex.issues().len(), summary("ENG-3")), (3, "Alone".to_owned()));
    place.run(&["unpair", "support", "ENG-3", "--yes"]).await.expect(0, &["let be: SUP-3 (acme), ENG-3 (globex)"]);
    place.run(&["unpair", "support", "SUP-3", "--yes"]).await.expect(0, &["was unpaired before"]);
    place.run(&["status"]).await.expect(0, &["1  items"]);
}
