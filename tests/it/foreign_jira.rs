//! PyPI's `jira820`, a fake Server by others, as one side of a sync of the real binary: it is carried to, and said not to show its
//! changes. As it is, without the doors that every Jira has, it is refused with the reason. What it needs is installed below `target/`
//! once; where python3 is missing the test says so.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::cli_world::{GLOBEX_TOKEN, Place, World};
use super::foreign_clients::{clients, interpreter};

const RIGHTS: &str = "ADMINISTER,ADMINISTER_PROJECTS,BROWSE_PROJECTS,CREATE_ISSUES,EDIT_ISSUES,ASSIGN_ISSUES,ADD_COMMENTS,\
                      EDIT_OWN_COMMENTS,DELETE_OWN_COMMENTS,EDIT_ALL_COMMENTS,CREATE_ATTACHMENTS,DELETE_OWN_ATTACHMENTS,LINK_ISSUES,\
                      TRANSITION_ISSUES,RESOLVE_ISSUES,CLOSE_ISSUES,SCHEDULE_ISSUES,MODIFY_REPORTER,WORK_ON_ISSUES,DELETE_ISSUES";

/// The token of somebody who works there.
const PERSON_TOKEN: &str = "canary-foreign-person-5d31";

/// A foreign Jira that runs until dropped.
struct Foreign {
    process: Child,
    url: String,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Foreign {
    fn start(arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(interpreter("foreign-jira", "foreign_jira.txt")?);
        command.arg(clients().join("foreign_jira.py")).args(arguments).stdout(Stdio::piped());
        command
            .env("JIRA_TOKEN", GLOBEX_TOKEN)
            .env("JIRA_PERSON_TOKEN", PERSON_TOKEN)
            .env("JIRA_RIGHTS", RIGHTS)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("JIRA820_PROJECT_KEY", "FOR").env("JIRA820_DATE", "2026-01-05");
        let mut process = command.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self { process, url: format!("http://127.0.0.1:{}", port.trim()) })
    }

    /// What it answers to somebody who works there.
    async fn get(&self, path: &str) -> serde_json::Value {
        let asked = reqwest::Client::new().get(format!("{}/rest/api/2/{path}", self.url));
        let body = asked.bearer_auth(PERSON_TOKEN).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&body).unwrap()
    }

    /// The summary of its first issue, as it shows it itself.
    async fn summary(&self) -> String {
        let body = self.get("issue/FOR-1?fields=summary").await;
        body["fields"]["summary"].as_str().unwrap_or_default().to_owned()
    }

    /// Somebody there moves its first issue to a status.
    async fn transition(&self, to: &str) {
        let offered = self.get("issue/FOR-1/transitions").await;
        let offered = offered["transitions"].as_array().unwrap();
        let id = &offered.iter().find(|offer| offer["to"]["name"] == to).unwrap()["id"];
        let asked = reqwest::Client::new().post(format!("{}/rest/api/2/issue/FOR-1/transitions", self.url));
        let asked = asked.bearer_auth(PERSON_TOKEN).json(&json!({ "transition": { "id": id } }));
        assert_eq!(asked.send().await.unwrap().status().as_u16(), 204);
    }
}

fn place(world: &World, foreign: &Foreign) -> Place {
    let (acme, url) = (world.acme.base_url(), &foreign.url);
    Place::new(&format!(
        r#"[daemon]
state = "sqlite:state.db"
listen = "127.0.0.1:0"

[instance.acme]
kind = "cloud"
url = "{acme}"
auth = {{ method = "api-token", user = "sync@acme.example", token = "env:ACME_TOKEN" }}

[instance.foreign]
kind = "data-center"
url = "{url}"
auth = {{ method = "bearer", token = "env:GLOBEX_TOKEN" }}

[sync.support]
home = "acme"
side.acme = {{ instance = "acme", project = "SUP" }}
side.foreign = {{ instance = "foreign", project = "FOR", sees = ["acme"] }}

[sync.support.map]
issue-type = [ {{ acme = "Bug", foreign = "Bug" }} ]
status = [ {{ acme = ["To Do", "Backlog"], foreign = "Open" }}, {{ acme = "In Progress", foreign = "In Progress" }},
           {{ acme = "Done", foreign = "Done" }} ]

[sync.support.fields]
summary = "both"
status = "both"
"#
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_jira_is_carried_to_and_said_not_to_show_its_changes() {
    let Some(foreign) = Foreign::start(&[]) else { return };
    let world = World::new().await;
    let place = place(&world, &foreign);
    world.acme.person("jane").unwrap().create("SUP", "Bug", json!({ "summary": "Over there" })).unwrap();
    let ran = place.run(&["run", "--once"]).await;
    assert_eq!(foreign.summary().await, "Over there", "{ran:?}");
    assert_eq!(ran.code, 1, "{ran:?}");
    let says = ["this Jira does not show its changes", "FOR-1 was made at", "2026-01-05T09:00:00Z", "daemon.sweep"];
    place.run(&["status"]).await.expect(1, &says);
}

/// All that is done there bears one time of long ago, so that what somebody does to a status looks older than what it follows. It arrives, or
/// it is kept as a conflict that names both: it is never gone without a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_does_on_a_foreign_jira_arrives_or_is_told() {
    let Some(foreign) = Foreign::start(&[]) else { return };
    let world = World::new().await;
    let place = place(&world, &foreign);
    let key = world.acme.person("jane").unwrap().create("SUP", "Bug", json!({ "summary": "Over there" })).unwrap();
    place.run(&["run", "--once"]).await;
    assert_eq!(foreign.summary().await, "Over there");
    foreign.transition("In Progress").await;
    let ran = place.run(&["run", "--once"]).await;
    place.run(&["run", "--once"]).await;
    let here = world.acme.issue(&key).unwrap().fields["status"].clone();
    let told = place.run(&["explain", &key]).await.all();
    assert!(told.contains("status, by jdoe on foreign"), "whose it was is not known: {ran:?}\n{told}");
    let kept =
        "! status: acme and foreign both changed it; acme stands \"To Do\", \"In Progress\" is kept in the record";
    assert!(here == "In Progress" || told.contains(kept), "{here}: {ran:?}\n{told}");
    // And that it is not to be taken for in step.
    place.run(&["status"]).await.expect(1, &["this Jira does not show its changes", "FOR-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_say_to_whom_it_answers_is_refused_with_that_reason() {
    let Some(foreign) = Foreign::start(&["bare"]) else { return };
    let world = World::new().await;
    let place = place(&world, &foreign);
    let reason = ["on instance `foreign`", "does not say to whom it was given (no X-AUSERNAME)"];
    place.run(&["run", "--once"]).await.expect(3, &reason);
    assert!(world.acme.issues().is_empty());
}
