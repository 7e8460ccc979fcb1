//! `jirasyncd init` with answers from a file, against two simulated Jiras: what it writes is taken as it is, and an issue crosses. Must
//! never reach past the binary, but to simulated Jiras.

use std::os::unix::fs::PermissionsExt as _;

use jirasyncd::simulator::{Jira, Setup};
use serde_json::json;

use super::cli_world::{ACME_TOKEN, GLOBEX_TOKEN, Place, Said, World, free_port, said};

/// A folder without a configuration.
pub(crate) fn empty_place() -> Place {
    Place { folder: tempfile::tempdir().unwrap() }
}

/// One person who has one e-mail in both, one who is only called alike.
pub(crate) fn people_in_both(acme: &mut Setup, globex: &mut Setup) {
    globex.users[1].email = "Jane@acme.example".into();
    globex.users[2].display_name = "Omar Haddad".into();
    assert_eq!(acme.users[2].display_name, "Omar Haddad");
}

/// All answers that have no default. The address of globex is that of a page.
fn answers(world: &World) -> String {
    format!(
        r#"
[[instances]]
name = "acme"
url = "{}"
user = "sync@acme.example"
token = "{ACME_TOKEN}"
project = "sup"

[[instances]]
name = "globex"
url = "{}/browse/ENG-1?focused=true"
token = "{GLOBEX_TOKEN}"
project = "ENG"
"#,
        world.acme.base_url(),
        world.globex.base_url()
    )
}

pub(crate) async fn init(place: &Place, answers: &str, words: &[&str]) -> Said {
    std::fs::write(place.file("answers.toml"), answers).unwrap();
    let file = place.file("answers.toml");
    place.run(&[&["init", "--answers", file.to_str().unwrap()], words].concat()).await
}

/// Requests that could have changed something: all but GETs, and searches that have a body.
fn writes(jira: &Jira) -> Vec<String> {
    const SEARCHES: [&str; 3] = ["search", "countIssues", "bulkFetchIssues"];
    let calls = jira.calls().into_iter();
    let writes = calls.filter(|call| call.method != "GET" && !SEARCHES.contains(&call.operation));
    writes.map(|call| format!("{} {}", call.method, call.path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_writes_is_taken_as_it_is_and_an_issue_crosses() {
    let world = World::with(people_in_both).await;
    let place = empty_place();
    let said = init(&place, &answers(&world), &[]).await.expect(
        0,
        &[
            "globex: Jira Data Center",
            "logged in as Sync (Acme)",
            "Bug = Defect; Task + Story = Task",
            "To Do + Backlog = Open; In Progress = Working; Done = Closed",
            "Highest = P1; High = P2",
            "Customer = Customer name",
            "1 mapped; 1 who are only called alike are not",
            "The Jiras have all that this needs.",
            "run --once --limit 1",
        ],
    );
    assert_eq!(said.stderr, "");
    for jira in [&world.acme, &world.globex] {
        assert_eq!(writes(jira), Vec::<String>::new());
        assert!(jira.total_calls() > 5);
    }
    let text = std::fs::read_to_string(place.file("jirasyncd.toml")).unwrap();
    assert!(!text.contains("canary"), "a token is in the configuration");
    assert!(text.contains("{ acme = \"jane@acme.example\", globex = \"jdoe\" },"), "{text}");
    assert!(text.contains("# { acme = \"omar@acme.example\", globex = \"mlopez\" },"), "{text}");
    let mode = |name: &str| std::fs::metadata(place.file(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("tokens"), mode("tokens/acme"), mode("tokens/globex")), (0o700, 0o600, 0o600));
    assert_eq!(std::fs::read_to_string(place.file("tokens/acme")).unwrap().trim(), ACME_TOKEN);
    place.run(&["check"]).await.expect(0, &["0 errors"]);
    let jane = world.acme.person("jane").unwrap();
    let fields = json!({
        "summary": "Printer on fire", "priority": { "name": "High" }, "customfield_10050": "Initech",
        "assignee": { "accountId": "5b10a2844c20165700ede21g" },
    });
    jane.create("SUP", "Bug", fields).unwrap();
    jane.create("SUP", "Story", json!({ "summary": "Another" })).unwrap();
    place.run(&["run", "--once", "--limit", "1"]).await.expect(0, &[]);
    let copies = world.globex.issues();
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].fields["summary"], "Printer on fire");
    for (field, value) in
        [("priority", "P2"), ("customfield_10111", "Initech"), ("assignee", "John Doe"), ("issuetype", "Defect")]
    {
        assert_eq!(copies[0].fields[field], value, "{field}");
    }
    place.run(&["run", "--once"]).await.expect(0, &[]);
    assert_eq!(world.globex.issues().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_over_unless_told_so() {
    let world = World::new().await;
    let place = empty_place();
    init(&place, &answers(&world), &[]).await.expect(0, &["0 mapped"]);
    std::fs::write(place.file("jirasyncd.toml"), "mine").unwrap();
    init(&place, &answers(&world), &[]).await.expect(2, &["jirasyncd.toml` already", "--overwrite"]);
    assert_eq!(std::fs::read_to_string(place.file("jirasyncd.toml")).unwrap(), "mine");
    std::fs::remove_file(place.file("jirasyncd.toml")).unwrap();
    init(&place, &answers(&world), &[]).await.expect(2, &["tokens/acme` already"]);
    assert!(!place.file("jirasyncd.toml").exists());
    init(&place, &answers(&world), &["--overwrite"]).await.expect(0, &[]);
    place.run(&["check"]).await.expect(0, &["0 errors"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_stay_where_it_is_and_people_may_be_named() {
    let world = World::new().await;
    let place = empty_place();
    let told = format!(
        "users = [ {{ acme = \"jane@acme.example\", globex = \"mlopez\" }} ]\n{}",
        answers(&world).replace(ACME_TOKEN, "env:ACME_TOKEN").replace(GLOBEX_TOKEN, "env:GLOBEX_TOKEN")
    );
    init(&place, &told, &[]).await.expect(0, &["1 mapped"]);
    assert!(!place.file("tokens").exists(), "there was no token to be kept");
    let text = std::fs::read_to_string(place.file("jirasyncd.toml")).unwrap();
    assert!(text.contains("token = \"env:ACME_TOKEN\"") && text.contains("globex = \"mlopez\""), "{text}");
    place.run(&["check"]).await.expect(0, &["0 errors"]);
    let nobody = told.replace("mlopez\"", "mlopez\", other = \"x\"");
    init(&place, &nobody, &["--overwrite"]).await.expect(2, &["`users[1]` is of no use", "no instance `other`"]);
    // Whoever is not found is told before it is written.
    let unknown = told.replace("globex = \"mlopez\"", "globex = \"Li Wei\"");
    let parts = ["warning: sync.", ".map.users, side `", "nobody is found as `Li Wei`"];
    init(&place, &unknown, &["--overwrite"]).await.expect(0, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_and_nothing_is_written() {
    let world = World::new().await;
    let place = empty_place();
    let good = answers(&world);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let (acme, globex) = (world.acme.base_url(), world.globex.base_url());
    let cases: [(&str, &str, i32, &[&str]); 12] = [
        (ACME_TOKEN, "canary-wrong", 3, &["instance `acme`", "make a new token for the sync user"]),
        (GLOBEX_TOKEN, "canary-wrong", 3, &["instance `globex`", "make a new token"]),
        ("user = \"sync@acme.example\"\n", "", 2, &["have no `instances[1].user`: the e-mail"]),
        (&format!("token = \"{GLOBEX_TOKEN}\"\n"), "", 2, &["have no `instances[2].token`: a personal access token"]),
        (&format!("url = \"{acme}\"\n"), "", 2, &["have no `instances[1].url`"]),
        (&acme, &nobody, 3, &["asking http://127.0.0.1:", "who it is failed"]),
        (&acme, "http://user:canary-secret@127.0.0.1", 2, &["`instances[1].url` is of no use", "holds credentials"]),
        (&globex, &acme, 2, &["`instances[2].url` is of no use", "was named before"]),
        ("project = \"sup\"", "project = \"SUPP\"", 2, &["`instances[1].project`", "did you mean `SUP`?"]),
        ("name = \"acme\"", "name = \"no name\"", 2, &["`instances[1].name` is of no use"]),
        ("name = \"acme\"", "nam = \"acme\"", 2, &["line 3: unknown field `nam`"]),
        ("sync@acme.example", "sync", 2, &["`instances[1].user` is of no use: `user` is no e-mail"]),
    ];
    for (part, by, code, parts) in cases {
        assert!(good.contains(part), "{part}");
        init(&place, &good.replacen(part, by, 1), &[]).await.expect(code, parts);
        let left: Vec<String> = std::fs::read_dir(place.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(left, ["answers.toml"], "{part} -> {by}");
    }
    // Whoever only wants to see it gets what he asks for.
    init(&place, &format!("write = false\n{good}"), &[]).await.expect(0, &["nothing was written"]);
    assert!(!place.file("jirasyncd.toml").exists() && !place.file("tokens").exists());
    place.run(&["init"]).await.expect(2, &["there is no terminal to ask at", "--answers FILE"]);
    // An address where something else answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>");
        }
    });
    init(&place, &good.replacen(&acme, &other, 1), &[]).await.expect(3, &["no Jira answers at http://127.0.0.1:"]);
    assert_eq!([writes(&world.acme), writes(&world.globex)].concat(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn json_answers_do_as_well() {
    let world = World::new().await;
    let place = empty_place();
    let answers = json!({ "instances": [
        { "url": world.acme.base_url(), "user": "sync@acme.example", "token": ACME_TOKEN, "project": "SUP" },
        { "url": world.globex.base_url(), "token": GLOBEX_TOKEN, "project": "ENG" },
    ]});
    std::fs::write(place.file("answers.json"), answers.to_string()).unwrap();
    let command = place.command(&["init", "--answers", place.file("answers.json").to_str().unwrap()]);
    said(command).await.expect(0, &["cloud: Jira Cloud", "data-center: Jira Data Center"]);
    place.run(&["check"]).await.expect(0, &["0 errors"]);
}
