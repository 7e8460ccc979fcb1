//! `jirasyncd webhooks` against simulated Jiras and a daemon that runs: registered where the sync user may, told field by field where
//! it may not, and a probe that goes the whole way.

use std::time::Duration;

use serde_json::json;

use super::cli_world::{Place, Said, World, free_port};

fn hooked(world: &World) -> Place {
    let port = free_port();
    let daemon = "listen = \"127.0.0.1:0\"\n";
    let webhooks = format!(
        "{daemon}poll = \"1h\"\n[daemon.webhooks]\nlisten = \"127.0.0.1:{port}\"\npublic-url = \"http://127.0.0.1:{port}/jira\"\n"
    );
    let text = world.configuration().replace(daemon, &webhooks);
    Place::new(&text.replace("kind = \"cloud\"\n", "kind = \"cloud\"\nwebhook-secret = \"env:ACME_TOKEN\"\n"))
}

/// The daemon of a place, until dropped.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_registered_verified_and_bring_a_change_at_once() {
    let world = World::with(|acme, globex| {
        acme.administrators.insert(acme.users[0].id.clone());
        globex.administrators.insert(globex.users[0].id.clone());
    })
    .await;
    let place = hooked(&world);
    place.run(&["webhooks", "show"]).await.expect(1, &["there is no state at", "jirasyncd run"]);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    place.run(&["webhooks", "show"]).await.expect(1, &["is not registered", "jirasyncd webhooks register"]);
    let daemon = Running(place.command(&["run"]).stderr(std::process::Stdio::null()).spawn().unwrap());
    // What is done while a daemon starts nobody would remember: it is said then.
    for _ in 0..100 {
        if place.run(&["status", "--json"]).await.json()["source"] == "daemon" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let registered = place.run(&["webhooks", "register"]).await.expect(0, &["acme:", "globex:", "is registered"]);
    assert!(!registered.all().contains("/jira/"), "the secret path is shown to nobody who need not enter it");
    let mut verified: Option<Said> = None;
    for _ in 0..100 {
        let said = place.run(&["webhooks", "verify", "--json"]).await;
        if said.code == 0 {
            verified = Some(said);
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let verified = verified.expect("the receiver never answered").json();
    assert_eq!(verified["webhooks"].as_array().unwrap().len(), 2, "{verified}");
    assert!(verified.to_string().contains("a probe went by"), "{verified}");
    // The first poll is over, the next is an hour away.
    let jane = world.acme.person("jane").unwrap();
    jane.create("SUP", "Bug", json!({ "summary": "Told at once" })).unwrap();
    let arrived = || world.globex.issues().iter().any(|issue| issue.fields["summary"] == "Told at once");
    for _ in 0..150 {
        if arrived() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(arrived(), "the webhook brought nothing");
    place.run(&["status"]).await.expect(0, &["webhooks", "acme", "last 2", "taken, 0 refused"]);
    world.acme.repeat_webhooks();
    world.acme.set_webhook_jql("project = OLD");
    let wrong = ["registered more than once", "it tells of other projects", "jirasyncd webhooks renew"];
    place.run(&["webhooks", "show", "--instance", "acme"]).await.expect(1, &wrong);
    place.run(&["webhooks", "renew", "--instance", "acme"]).await.expect(0, &["acme:", "is registered"]);
    place.run(&["webhooks", "verify"]).await.expect(0, &["a probe went by", "is registered as it should be"]);
    place.run(&["webhooks", "renew", "--new-path", "--instance", "acme"]).await.expect(0, &["acme:", "is registered"]);
    place.run(&["webhooks", "verify"]).await.expect(0, &["a probe went by"]);
    place.run(&["webhooks", "remove"]).await.expect(0, &["is removed"]);
    place.run(&["webhooks", "remove"]).await.expect(0, &["was not registered"]);
    // With who did it, once for each time that something was written there.
    let audit = place.run(&["audit", "--side", "globex", "--since", "1h"]).await.expect(0, &[]);
    for (times, command) in [
        (1, "`webhooks register --instance acme`: done"),
        (1, "`webhooks register --instance globex`: done"),
        (2, "`webhooks renew --instance acme`: done"),
        (1, "`webhooks remove --instance globex`: done"),
    ] {
        assert_eq!(audit.stdout.matches(command).count(), times, "{command}\n{}", audit.stdout);
    }
    drop(daemon);
}

#[tokio::test]
async fn where_the_sync_user_may_not_an_administrator_is_told_field_by_field() {
    let world = World::new().await;
    let place = hooked(&world);
    place.run(&["run", "--once"]).await.expect(0, &[]);
    let fields = [
        "may not manage webhooks",
        "Settings > System > WebHooks",
        "Name: jirasyncd ",
        "Status: Enabled",
        "URL: http://127.0.0.1:",
        "Secret: the one that `webhook-secret` names",
        "Issue related events, JQL: project in (\"SUP\")",
        "Comment: created, updated, deleted",
        "Issue link: created, deleted",
    ];
    place.run(&["webhooks", "register"]).await.expect(1, &fields);
    place.run(&["webhooks", "show", "--instance", "globex"]).await.expect(0, &["project in (\"ENG\")"]);
    place.run(&["webhooks", "verify"]).await.expect(1, &["a probe by http://127.0.0.1:", "failed"]);
    place.run(&["webhooks", "show", "--instance", "nobody"]).await.expect(1, &["there is no instance `nobody`"]);
    // Where issues are paired by an entity property, that is told, too.
    let text = std::fs::read_to_string(place.file("jirasyncd.toml")).unwrap();
    std::fs::write(
        place.file("jirasyncd.toml"),
        format!("{text}\n[sync.support.pairing]\nby = [{{ property = \"other\" }}]\n"),
    )
    .unwrap();
    let told = place.run(&["webhooks", "register"]).await.expect(1, &["Issue property: set, deleted"]);
    assert_eq!(told.all().matches("Issue property").count(), 1, "a Data Center documents none: {told:?}");
    let plain = world.place();
    plain.run(&["webhooks", "show"]).await.expect(1, &["[daemon.webhooks]", "public-url"]);
}
