//! The whole daemon with logins that end or are replaced while it runs. Must never judge by what it says: what arrived is read off the
//! Jiras.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use jirasyncd::config::{self, Environment, FileContent, SecretsWanted};
use jirasyncd::jira::{address_to_open, code_in, take_grant};
use jirasyncd::model::secret::Secret;
use jirasyncd::model::settings::{Auth, ClientCertificate, Kind, OauthClient, OauthGrant};
use jirasyncd::simulator::{CLOUD_ID, Credential, presets};
use serde_json::{Value, json};

use super::daemon_input::{create, edit};
use super::daemon_support::{ACME, GLOBEX, Tokens, World, two};
use super::jira_ways::pem;

/// The usual secrets, and those that a test changes while the daemon runs.
struct Changing(Arc<Mutex<String>>);

impl Environment for Changing {
    fn variable(&self, name: &str) -> Option<String> {
        Tokens.variable(name)
    }

    fn file(&self, path: &Path) -> io::Result<FileContent> {
        if path != Path::new("/secrets/globex") {
            return Tokens.file(path);
        }
        Ok(FileContent { bytes: self.0.lock().unwrap().clone().into_bytes(), mode: 0o400 })
    }
}

/// A world whose configuration is read with a secret that may be changed.
fn changing(text: &str, secret: &str, mut world: World) -> (World, Arc<Mutex<String>>) {
    let held = Arc::new(Mutex::new(secret.to_owned()));
    let text = text.replace("STATE", &world.state().display().to_string());
    let read = {
        let held = Arc::clone(&held);
        move || config::load(&text, "test.toml", &Changing(Arc::clone(&held)), SecretsWanted::Yes)
    };
    world.config = read().unwrap_or_else(|report| panic!("{report}")).config;
    world.surroundings.reread = Some(Arc::new(read));
    (world, held)
}

const GLOBEX_AUTH: &str = "auth = { method = \"bearer\", token = \"env:TOKEN\" }";

#[tokio::test(start_paused = true)]
async fn a_token_that_is_replaced_in_jira_and_in_its_file_needs_no_restart() {
    let text = two().replace(GLOBEX_AUTH, "auth = { method = \"bearer\", token = \"file:/secrets/globex\" }");
    let (mut world, secret) = changing(&text, "first-token", World::without_daemon(&two()));
    world.jira("globex").set_credentials("sync", vec![Credential::Pat("first-token".into())]);
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    // Here first: the old one goes on until Jira ends it, and then nobody notices.
    "second-token\n".clone_into(&mut secret.lock().unwrap());
    world.jira("globex").set_credentials("sync", vec![Credential::Pat("second-token".into())]);
    edit(&world, "acme", "jane", &key, "Item, second");
    world.intervals(2).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item, second");
    assert_eq!(world.problems().await, Vec::<String>::new());
    // In Jira first: somebody is told, and all goes on by itself once the file has the new one.
    world.jira("globex").set_credentials("sync", vec![Credential::Pat("third-token".into())]);
    edit(&world, "acme", "jane", &key, "Item, third");
    world.intervals(4).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item, second");
    assert!(!world.problems().await.is_empty());
    "third-token".clone_into(&mut secret.lock().unwrap());
    // It is asked every five minutes.
    world.intervals(24).await;
    assert_eq!(world.field("globex", "Item", "summary"), "Item, third");
    assert_eq!(world.problems().await, Vec::<String>::new());
    assert_eq!(world.in_step("acme", "globex").await, Ok(()));
    // What a start meets is told by the first poll, though nothing is asked for five minutes.
    world.jira("globex").set_credentials("sync", vec![Credential::Pat("fourth-token".into())]);
    world.start().await;
    world.interval().await;
    let problems = world.problems().await;
    assert!(problems.len() == 1 && problems[0].contains("not logged in as the sync user"), "{problems:?}");
    "fourth-token".clone_into(&mut secret.lock().unwrap());
    world.intervals(24).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn applications_sync_through_the_gateway_for_hours() {
    let acme = format!(
        "gateway = \"{ACME}/ex/jira/{CLOUD_ID}\"\nauth = {{ method = \"client-credentials\", client-id = \"a\", client-secret = \
         \"env:TOKEN\", token-url = \"{ACME}/oauth/token\" }}"
    );
    let globex =
        "auth = { method = \"client-credentials\", client-id = \"g\", client-secret = \"file:/secrets/globex\" }";
    let cloud = "auth = { method = \"api-token\", user = \"sync@acme.example\", token = \"env:TOKEN\" }";
    let text = two().replace(cloud, &acme).replace(GLOBEX_AUTH, globex);
    let (mut world, _) = changing(&text, "canary-globex", World::without_daemon(&two()));
    let client = |id: &str, secret: &str| vec![Credential::Client { id: id.into(), secret: secret.into() }];
    world.jira("acme").set_credentials("sync", client("a", presets::SYNC_TOKEN));
    world.jira("globex").set_credentials("sync", client("g", "canary-globex"));
    for jira in ["acme", "globex"] {
        world.jira(jira).set_token_life(Duration::from_secs(600));
    }
    assert!(GLOBEX.ends_with("/jira"), "the token endpoint lies below the context path");
    world.start().await;
    let key = create(&world, "SUP", "Item", &[]);
    world.settle().await;
    for hour in 0..3 {
        world.intervals(110).await;
        edit(&world, "acme", "jane", &key, &format!("Item {hour}"));
        world.settle().await;
        assert_eq!(world.field("globex", "Item", "summary"), format!("Item {hour}"));
    }
    for jira in ["acme", "globex"] {
        assert!((16..=24).contains(&world.jira(jira).tokens_given()), "{jira}: {}", world.jira(jira).tokens_given());
        assert!(world.jira(jira).calls().iter().all(|call| call.status != 401), "{jira}");
    }
    assert_eq!(world.problems().await, Vec::<String>::new());
    let links = format!("{:?}", world.issue("globex", "Item"));
    assert!(!links.contains("/ex/jira/"), "people are sent to the site: {links}");
    // Neither secret nor token is in the state.
    let state = std::fs::read(world.state()).unwrap();
    for word in ["canary-globex", "access-token-number", presets::SYNC_TOKEN] {
        let found = state.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(!found, "`{word}` is in the state");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_granted_access_is_a_problem_until_it_is_granted_anew() {
    let mut world = World::without_daemon(&two());
    // The page on which somebody grants access is none of the contract.
    world.unwatched();
    let secret = "canary-client-secret";
    world.jira("acme").set_credentials("sync", vec![Credential::Client { id: "app".into(), secret: secret.into() }]);
    let folder = tempfile::tempdir().unwrap();
    let grant = OauthGrant {
        client: OauthClient {
            id: "app".into(),
            secret: Secret::new(secret.into()),
            token_url: format!("{ACME}/oauth/token"),
            scope: Some("read:jira-work offline_access".into()),
        },
        authorize_url: format!("{ACME}/authorize"),
        redirect_url: "http://127.0.0.1:8472/granted".into(),
        file: folder.path().join("acme.grant"),
    };
    let acme = world.config.instances.get_mut(&"acme".into()).unwrap();
    acme.auth = Auth::Grant(grant.clone());
    acme.gateway = Some(format!("{ACME}/ex/jira/{CLOUD_ID}"));
    let settings = acme.clone();
    let transport = (world.surroundings.transports)(&settings).unwrap();
    let address = address_to_open(Kind::Cloud, &grant, "the-state").unwrap();
    let answer = transport.send(http::Request::get(address).body(Bytes::new()).unwrap()).await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    let code = code_in(back.split_once('?').unwrap().1, "the-state").unwrap().unwrap();
    let (clock, entropy) = (Arc::clone(&world.surroundings.clock), Arc::clone(&world.surroundings.entropy));
    take_grant(&settings, &grant, &code, transport, clock, entropy).await.unwrap();
    let granted = |at: Timestamp| {
        let mut kept: Value = serde_json::from_slice(&std::fs::read(&grant.file).unwrap()).unwrap();
        kept["granted"] = json!(at.to_string());
        std::fs::write(&grant.file, kept.to_string()).unwrap();
    };
    world.start().await;
    world.intervals(3).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
    let now = world.surroundings.clock.now();
    let ends = now + SignedDuration::from_hours(5 * 24);
    granted(now - SignedDuration::from_hours(360 * 24));
    world.intervals(3).await;
    let said = format!("acme: the access that was granted ends on {}", ends.strftime("%Y-%m-%d"));
    assert_eq!(world.problems().await, [said]);
    let status = serde_json::to_value(world.daemon().status().await.unwrap()).unwrap();
    assert_eq!(status["instances"][0]["granted_until"], json!(ends.to_string()), "{status}");
    // As `jirasyncd login` does it beside a daemon that runs.
    granted(now);
    world.intervals(3).await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn certificates_that_have_ended_are_problems_and_shown_on_both_kinds() {
    let mut world = World::without_daemon(&two());
    let uses = |world: &mut World, name: &str| {
        for settings in world.config.instances.values_mut() {
            settings.network.ca_file = Some(pem(name));
            let certificate = pem(name);
            settings.network.client_certificate = Some(ClientCertificate { certificate, key: pem("client.key") });
        }
    };
    uses(&mut world, "expired.pem");
    world.start().await;
    world.interval().await;
    let mut problems = world.problems().await;
    problems.sort();
    let expected = ["acme", "globex"].map(|instance| {
        [
            format!("{instance}: the certificate authority of `ca-file` has ended on 2020-01-02"),
            format!("{instance}: the client certificate has ended on 2020-01-02"),
        ]
    });
    assert_eq!(problems, expected.concat());
    for instance in world.daemon().status().await.unwrap().instances {
        let day = Some("2020-01-02T00:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!((instance.ends.certificate_until, instance.ends.authority_until), (day, day), "{}", instance.name);
    }
    uses(&mut world, "client.pem");
    world.start().await;
    world.interval().await;
    assert_eq!(world.problems().await, Vec::<String>::new());
}
