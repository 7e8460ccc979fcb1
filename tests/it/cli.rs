//! The commands as somebody types them: exit codes, texts, JSON. Must never reach past the binary, but to simulated Jiras.

use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::cli_rights::take_what_nobody_needs;
use super::cli_world::{Place, World, configuration, free_port, said};

const EVERY_COMMAND: [&[&str]; 6] = [&["check"], &["plan"], &["run"], &["run", "--once"], &["status"], &["health"]];

#[tokio::test(flavor = "multi_thread")]
async fn without_a_configuration_every_command_says_so() {
    let place = Place::new("");
    std::fs::remove_file(place.file("jirasyncd.toml")).unwrap();
    for words in EVERY_COMMAND {
        place.run(words).await.expect(2, &["there is no such configuration file", "--config"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_is_told_whole_by_every_command() {
    let broken = configuration("https://acme.example", "https://globex.example")
        .replace("listen = ", "lisen = ")
        .replace("kind = \"data-center\"", "kind = \"server\"");
    let place = Place::new(&broken);
    for words in EVERY_COMMAND {
        let said = place.run(words).await.expect(2, &["jirasyncd.toml:3:1", "`listen`", "jirasyncd.toml:11:8"]);
        assert_eq!(said.stdout.is_empty(), words[0] != "check", "{said:?}");
    }
    let json = place.run(&["check", "--json"]).await.expect(2, &[]).json();
    assert_eq!(json["configuration"]["errors"][0]["line"], 3, "{json}");
    assert_eq!(json["exit"], 2);
    let json = place.run(&["plan", "--json"]).await.expect(2, &[]).json();
    assert_eq!(json["error"]["exit"], 2, "{json}");
    assert_eq!(json["error"]["configuration"]["errors"][0]["line"], 3, "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_is_a_mistake_of_the_caller() {
    let place = Place::new("");
    place.run(&["check", "--log", "jirasyncd=loud"]).await.expect(2, &["`jirasyncd=loud` does not say what to log"]);
    place.run(&["chekc"]).await.expect(2, &["check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_asks_everything_and_finds_nothing() {
    let world = World::new().await;
    let place = world.place();
    take_what_nobody_needs(&world, &place).await;
    let parts = ["all is well", "Sync (Acme)", "Sync (Globex)", "Browse Projects (BROWSE_PROJECTS)", "  held  "];
    let said = place.run(&["check"]).await.expect(0, &parts);
    assert!(!said.stdout.contains("MISSING") && !said.stdout.contains("warning"), "{said:?}");
    assert!(said.stderr.is_empty() && !said.stdout.contains('\u{1b}'), "{said:?}");
    let json = place.run(&["check", "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["instances"].as_array().unwrap().len(), 2, "{json}");
    assert_eq!(json["permissions"][0]["needs"][0]["held"], true, "{json}");
    assert!(!place.file("state.db").exists(), "`check` made a state");
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_nothing_is_asked_and_no_secret_is_needed() {
    let world = World::new().await;
    let place = world.place();
    let mut command = place.command(&["check", "--offline"]);
    command.env_remove("ACME_TOKEN");
    said(command).await.expect(0, &["the instances were not asked"]);
    assert_eq!(world.acme.total_calls() + world.globex.total_calls(), 0);
    let mut command = place.command(&["check"]);
    command.env_remove("ACME_TOKEN");
    said(command).await.expect(2, &["`ACME_TOKEN` is not set"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_an_instance_does_not_have_are_findings() {
    let world = World::new().await;
    let unknown = world.place_with("globex = \"Closed\"", "globex = \"Closd\"");
    unknown.run(&["check"]).await.expect(2, &["`Closd`", "Hint: ", "map.status", "1 error"]);
    let json = unknown.run(&["check", "--json"]).await.expect(2, &[]).json();
    assert_eq!(json["findings"][0]["severity"], "error", "{json}");
    for words in [&["plan"][..], &["run"], &["run", "--once"]] {
        unknown.run(words).await.expect(2, &["`Closd`", "Hint: "]);
    }
    let severity = |there: &str| {
        let values = format!("values = [ {{ acme = \"S1\", globex = \"{there}\" }} ]");
        let row = format!("severity = {{ acme = \"Severity\", globex = \"Severity\", {values} }}");
        world.place_with("summary = \"both\"", &format!("summary = \"both\"\n{row}"))
    };
    severity("Critical").run(&["check"]).await.expect(0, &[]);
    let parts = ["fields.severity.values, side `globex`", "there is no option `Critcal`", "did you mean `Critical`?"];
    severity("Critcal").run(&["check"]).await.expect(2, &parts);
    let demanding = World::with(|_, globex| {
        globex.projects[0].required.insert("customfield_10111".into());
    })
    .await;
    let parts = ["warning", "an issue of type `Defect` needs `Customer name` (customfield_10111), which no row gives"];
    demanding.place().run(&["check"]).await.expect(0, &parts);
    let project = world.place_with("project = \"ENG\"", "project = \"NOPE\"");
    project.run(&["check"]).await.expect(2, &["project `NOPE` of instance `globex`", "Hint: "]);
}

/// A row that only reads a field gives it no value there; one that writes it does, and so does what the sync says itself, or a default.
#[tokio::test(flavor = "multi_thread")]
async fn a_required_field_that_a_row_only_reads_is_found_before_the_first_write() {
    for (here, other, issue_type, field, name) in [
        ("acme", "globex", "Bug", "customfield_10050", "Customer"),
        ("globex", "acme", "Defect", "customfield_10111", "Customer name"),
    ] {
        let world = World::with(|acme, globex| {
            let demanding = if here == "acme" { acme } else { globex };
            demanding.projects[0].required.insert(field.into());
        })
        .await;
        let row = |more: &str| {
            let row =
                format!("customer = {{ kind = \"line\", acme = \"Customer\", globex = \"Customer name\"{more} }}");
            world.place_with("summary = \"both\"", &format!("summary = \"both\"\n{row}"))
        };
        let what = format!("an issue of type `{issue_type}` needs `{name}` ({field}), which no row gives a value");
        world.place().run(&["check"]).await.expect(0, &["warning", &what]);
        row(&format!(", from = [\"{here}\"]")).run(&["check"]).await.expect(0, &["warning", &what, "(`from`)"]);
        for more in [
            String::new(),
            format!(", from = [\"{other}\"]"),
            format!(", from = [\"{other}\"], value = \"Somebody\""),
            format!(", from = [\"{here}\"], default = {{ {here} = \"Somebody\" }}"),
        ] {
            let said = row(&more).run(&["check"]).await.expect(0, &["0 errors"]);
            assert!(!said.all().contains("which no row gives"), "{more}: {said:?}");
        }
    }
}

/// Only words, versions and components can be made: a select of either kind takes none, and that is said of the side that would receive it.
#[tokio::test(flavor = "multi_thread")]
async fn a_select_in_which_nothing_can_be_made_is_told() {
    let world = World::new().await;
    let checked = async |rows: &str| {
        let place = world.place_with("summary = \"both\"", &format!("summary = \"both\"\n{rows}"));
        place.run(&["check"]).await.expect(0, &["0 errors"])
    };
    let severity = |from: &str| {
        let values = "values = [ { acme = \"S1\", globex = \"Critical\" } ]";
        format!(
            "severity = {{ acme = \"Severity\", globex = \"Severity\", on-unmapped = \"create\", from = {from}, {values} }}"
        )
    };
    let told = |side: &str| {
        format!(
            "warning: sync.support.fields.severity.on-unmapped, side `{side}`: nothing is made in a select: `create` does no more than `leave` there"
        )
    };
    let [acme, globex] = ["acme", "globex"].map(told);
    checked(&severity("[\"acme\", \"globex\"]")).await.expect(0, &[&acme, &globex]);
    for (from, receives, gives) in [("[\"acme\"]", &globex, &acme), ("[\"globex\"]", &acme, &globex)] {
        let said = checked(&severity(from)).await.expect(0, &[receives]);
        assert!(!said.all().contains(gives), "{said:?}");
    }
    let rows = ["labels", "components", "fix-versions"].map(|name| format!("{name} = {{ on-unmapped = \"create\" }}"));
    let said = checked(&rows.join("\n")).await;
    assert!(!said.all().contains("nothing is made in"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jql_that_jira_refuses_is_found_before_the_first_write() {
    let world = World::new().await;
    let place = world.place_with("project = \"ENG\"", "project = \"ENG\", jql = \"labels is not not empty\"");
    let parts = ["sync.support.side.globex.jql", "`globex` refuses the JQL `labels is not not empty`", "Hint: try it"];
    place.run(&["check"]).await.expect(2, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_used_is_left_as_it_is() {
    let world = World::new().await;
    let place = world.place();
    std::fs::write(place.file("state.db"), "a diary, and no database").unwrap();
    for words in [&["run"][..], &["run", "--once"], &["plan"], &["status"]] {
        place.run(words).await.expect(2, &["state.db", "is not a state of jirasyncd"]);
    }
    assert_eq!(std::fs::read_to_string(place.file("state.db")).unwrap(), "a diary, and no database");
    let nowhere = world.place_with("sqlite:", "sqlite:nowhere/");
    nowhere.run(&["run", "--once"]).await.expect(2, &["there is no folder"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_the_remedy() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = world.place_with("127.0.0.1:0", &address);
    place.run(&["run"]).await.expect(1, &[&format!("could not listen on {address}"), "daemon.listen"]);
    // Once needs no port.
    assert!(matches!(place.run(&["run", "--once"]).await.code, 0 | 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named_with_what_it_is_for() {
    let world = World::with(|_, globex| {
        globex.projects[0].permissions.remove("ADD_COMMENTS");
    })
    .await;
    let parts = [
        "globex    ENG      comments      Add Comments (ADD_COMMENTS)                MISSING",
        "comments: the sync user lacks Add Comments (ADD_COMMENTS) in project `ENG` of instance `globex`",
        "which it needs to copy comments",
        "Hint: ask a Jira administrator (permission scheme)",
    ];
    world.place().run(&["check"]).await.expect(2, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_out_of_reach_is_not_the_configurations_fault() {
    let world = World::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let place = world.place_with(&world.acme.base_url(), &url);
    let said = place.run(&["check"]).await.expect(3, &["FAILED", "instance `acme`", "Hint: see that `url` is right"]);
    assert!(said.stdout.contains("Sync (Globex)"), "the other instance was not looked at: {said:?}");
    for words in [&["plan"][..], &["run"], &["run", "--once"]] {
        place.run(words).await.expect(3, &["Error: ", "instance `acme`", "Hint: "]);
    }
    let json = place.run(&["plan", "--json"]).await.expect(3, &[]).json();
    assert_eq!(json["error"]["instances"][0]["instance"], "acme", "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_named_but_not_shown() {
    let world = World::new().await;
    let place = world.place();
    for words in [&["check"][..], &["plan"], &["run", "--once"]] {
        let mut command = place.command(words);
        command.env("GLOBEX_TOKEN", "canary-that-nobody-made");
        said(command).await.expect(3, &["instance `globex`", "not logged in", "Hint: make a new token"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_from_a_jira_cannot_act_on_the_terminal() {
    let world = World::with(|acme, _| acme.users[0].display_name = "S\u{1b}[2Jync\u{202e}\r\nall is well".into()).await;
    for words in [&["check"][..], &["check", "--json"]] {
        let place = world.place();
        take_what_nobody_needs(&world, &place).await;
        let said = place.run(words).await.expect(0, &["all is well"]);
        let acts = |sign: char| sign != '\n' && sign.is_control() || sign == '\u{202e}';
        assert!(!said.all().chars().any(acts), "{said:?}");
        let forged = said.stdout.lines().filter(|line| line.starts_with("all is well")).count();
        assert_eq!(forged, usize::from(words.len() == 1), "a name wrote a line of its own: {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_what_it_was_read_from() {
    let world = World::new().await;
    let place = world.place();
    place.run(&["status"]).await.expect(1, &["there is no state", "jirasyncd run"]);
    std::fs::write(place.file("state.db"), "Dear diary,\n").unwrap();
    place.run(&["status"]).await.expect(2, &["is not a state of jirasyncd"]);
    assert_eq!(std::fs::read_to_string(place.file("state.db")).unwrap(), "Dear diary,\n");
    std::fs::remove_file(place.file("state.db")).unwrap();

    place.run(&["run", "--once"]).await.expect(0, &["0 problems"]);
    place.run(&["status"]).await.expect(0, &["daemon: none answers", "state.db", "instances", "acme"]);
    let json = place.run(&["status", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&json["source"], &json["running"]), (&"state".into(), &serde_json::Value::Null), "{json}");
    let json = place.run(&["run", "--once", "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["summary"]["problems"], 0, "{json}");
}

/// What would be made and changed of versions and components is planned as well, and nothing of it is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_versions_and_components() {
    let world = World::with(|acme, globex| {
        for setup in [acme, globex] {
            let everybody = [jirasyncd::simulator::Holder::LoggedIn].into();
            setup.projects[0].permissions.insert("ADMINISTER_PROJECTS".to_owned(), everybody);
        }
    })
    .await;
    let place = world.place_with("[sync.support]\n", "[sync.support]\nversions = \"both\"\ncomponents = \"both\"\n");
    let (jane, jdoe) = (world.acme.person("jane").unwrap(), world.globex.person("jdoe").unwrap());
    let said = serde_json::json!({ "description": "The \u{1b}[2J first", "releaseDate": "2026-12-24" });
    jane.make_version("SUP", "1.0", said).unwrap();
    jane.change_version("SUP", "1.0", serde_json::json!({ "released": true })).unwrap();
    jdoe.make_component("ENG", "Api").unwrap();
    let parts = [
        "+ globex version `1.0` is made: description \"The \\u{1b}[2J first\", release-date \"2026-12-24\", released",
        "+ acme component `Api` is made\n",
        "0 items: 2 changes",
    ];
    place.run(&["plan"]).await.expect(0, &parts);
    let json = place.run(&["plan", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&json["things"][0]["thing"], &json["totals"]["changes"]), (&"versions".into(), &2.into()), "{json}");
    assert_eq!(world.globex.count("createVersion") + world.acme.count("createComponent"), 0, "`plan` wrote");
    place.run(&["run", "--once"]).await.expect(0, &[]);
    jane.change_version("SUP", "1.0", serde_json::json!({ "name": "1.1", "released": false })).unwrap();
    place
        .run(&["plan"])
        .await
        .expect(0, &["~ globex version `1.0`: name \"1.0\" -> \"1.1\", released -> false\n", "1 change"]);
    assert_eq!(world.globex.versions("ENG")[0]["name"], "1.0", "`plan` wrote");
    // What needs a person is told.
    world.globex.remove_component(&jdoe, "ENG", "Api", None).unwrap();
    let key = jane.create("SUP", "Bug", serde_json::json!({ "summary": "Item" })).unwrap();
    let json = place.run(&["plan", "--json", "--item", &key]).await.json();
    assert_eq!(json["things"].as_array().unwrap().len(), 0, "only that item was asked for: {json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_before_it_is_carried_out() {
    let world = World::new().await;
    let place = world.place();
    let jane = world.acme.person("jane").unwrap();
    let fields = serde_json::json!({ "summary": "It \u{1b}[2J broke" });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    // Its priority has no row: a problem, here as in a run.
    let parts = ["+ globex create `Defect`", "1 item: 1 change", "1 not done", "nothing was"];
    let said = place.run(&["plan"]).await.expect(1, &parts);
    assert!(said.stdout.contains("\\u{1b}[2J") && !said.stdout.contains('\u{1b}'), "{said:?}");
    let json = place.run(&["plan", "--json", "--item", &key]).await.expect(1, &[]).json();
    assert_eq!((&json["totals"]["changes"], &json["exit"]), (&1.into(), &1.into()), "{json}");
    assert_eq!(world.globex.count("createIssue"), 0, "`plan` wrote");
    assert!(!place.file("state.db").exists(), "`plan` made a state");
    place
        .run(&["plan", "--item", "SUP-99"])
        .await
        .expect(0, &["no item has an issue SUP-99: sync support, side acme: there is no SUP-99 there", "0 items"]);

    place.run(&["run", "--once"]).await.expect(1, &["1 problem\n", "Hint: `jirasyncd status`"]);
    assert_eq!(world.globex.count("createIssue"), 1);
    place.run(&["plan", "--item", &key]).await.expect(1, &["1 item: 0 changes", "1 not done"]);
    // A clause that Jira refuses: nothing more can be planned, and that is said.
    let fields = serde_json::json!({ "summary": "Another" });
    jane.create("SUP", "Bug", fields).unwrap();
    let acme = "side.acme = { instance = \"acme\", project = \"SUP\"";
    let refused = world.place_with(acme, &format!("{acme}, jql = \"nosuch = 1\""));
    refused.run(&["plan"]).await.expect(1, &["nosuch", "1 sync stopped"]);
    let parts = ["1  items", "1  problems standing", "SUP-1, ENG-1, side globex, priority", "Hint: add a row"];
    place.run(&["status"]).await.expect(1, &parts);
}

#[tokio::test(flavor = "multi_thread")]
async fn even_the_most_talkative_log_holds_no_token() {
    let world = World::new().await;
    let place = world.place_with("home = \"acme\"", "home = \"acme\"\nattachments = \"both\"");
    let jane = world.acme.person("jane").unwrap();
    let fields = serde_json::json!({ "summary": "Item", "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields).unwrap();
    jane.comment(&key, "Said").unwrap();
    jane.attach(&key, "plan.png", b"bytes").unwrap();
    let traced = ["run", "--once", "--log", "trace", "--log-format", "json"];
    for words in [&["check", "--log", "trace"][..], &traced] {
        place.run(words).await.expect(0, &[]);
    }
    let there = world.globex.issues().remove(0);
    assert_eq!((there.comments.len(), there.attachments.len()), (1, 1), "writes of all kinds were logged");
    world.globex.set_permission("ENG", "EDIT_ISSUES", &[jirasyncd::simulator::Holder::User("nobody".into())]);
    jane.edit(&key, serde_json::json!({ "summary": "Item, edited" })).unwrap();
    place.run(&traced).await.expect(1, &["1 problem"]);
}

/// Each line of an item's cycle says whose it is, in either form, and holds nothing that people wrote.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_logged_of_an_item_says_which() {
    let world = World::new().await;
    let jane = world.acme.person("jane").unwrap();
    let fields = |summary| serde_json::json!({ "summary": summary, "priority": { "name": "Highest" } });
    let key = jane.create("SUP", "Bug", fields("Written by people")).unwrap();
    let place = world.place();
    let made = place.run(&["run", "--once", "--log", "debug", "--log-format", "json"]).await.expect(0, &[]);
    let lines = made.stderr.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let of_outcomes: Vec<_> = lines.filter(|line| line["target"] == "jirasyncd::engine::outcome").collect();
    assert!(of_outcomes.iter().any(|line| line["message"] == "created ENG-1"), "{of_outcomes:?}");
    for line in &of_outcomes {
        let span = &line["span"];
        assert_eq!(
            (&span["name"], &span["sync"], &span["keys"]),
            (&"item".into(), &"support".into(), &key.as_str().into())
        );
        assert!(span["id"].as_str().is_some_and(|id| id.len() == 32), "{line}");
    }
    jane.edit(&key, fields("Written again by people")).unwrap();
    let edited = place.run(&["run", "--once", "--log", "debug", "--log-format", "text"]).await.expect(0, &[]);
    let line = edited.stderr.lines().find(|line| line.contains("set summary")).unwrap();
    assert!(line.contains("item{id=") && line.contains("keys=\"SUP-1,ENG-1\"}: ENG-1: "), "{line}");
    assert!(!made.all().contains("Written") && !edited.all().contains("Written"), "{made:?} {edited:?}");
}

/// Waits until `found` finds something, at most ten seconds.
async fn eventually<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = found().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing came of it");
}

/// Reads what a daemon tells systemd until it says `word`.
fn heard(notified: &UnixDatagram, told: &mut String, word: &str) {
    let mut buffer = [0; 256];
    while !told.contains(word) {
        let length = notified.recv(&mut buffer).unwrap_or_else(|error| panic!("{word}: {error}, after {told}"));
        told.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_can_be_asked_told_and_stopped() {
    let world = World::new().await;
    let port = free_port();
    let place = world.place_with("127.0.0.1:0", &format!("127.0.0.1:{port}"));
    place.run(&["health"]).await.expect(1, &["does not answer"]);
    let notified = UnixDatagram::bind(place.file("notify")).unwrap();
    notified.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut command = place.command(&["run"]);
    command.env("NOTIFY_SOCKET", place.file("notify")).env("WATCHDOG_USEC", "300000");
    let mut daemon = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    eventually(async || (place.run(&["health"]).await.code == 0).then_some(())).await;

    place.run(&["health"]).await.expect(0, &["ok"]);
    let json = place.run(&["health", "--json"]).await.expect(0, &[]).json();
    assert_eq!(json["healthy"], true);
    let version = env!("CARGO_PKG_VERSION");
    place.run(&["status"]).await.expect(0, &["daemon: runs since", &format!("version {version}"), "acme"]);
    let json = place.run(&["status", "--json"]).await.expect(0, &[]).json();
    assert_eq!((&json["source"], &json["running"]["pid"]), (&"daemon".into(), &daemon.id().into()), "{json}");
    // A second one is told who holds the state, and disturbs nothing.
    place.run(&["run"]).await.expect(1, &["is in use by process", &daemon.id().to_string()]);
    place.run(&["status"]).await.expect(0, &["daemon: runs since"]);

    // All that was asked may have taken less than the time between two of these.
    let mut told = String::new();
    heard(&notified, &mut told, "WATCHDOG=1");
    std::process::Command::new("kill").arg(daemon.id().to_string()).status().unwrap();
    let code = eventually(async || daemon.try_wait().unwrap()).await.code();
    let mut log = String::new();
    daemon.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"message\":\"runs\"") && !log.contains("canary"), "{log}");
    assert!(!place.file("control.sock").exists(), "the control socket was left behind");
    heard(&notified, &mut told, "STOPPING=1");
    // It is alive from its first moment on, which may be told before it is ready.
    let (ready, stopping) = (told.find("READY=1"), told.find("STOPPING=1"));
    assert!(ready.is_some() && ready < stopping, "{told}");
    place.run(&["status"]).await.expect(0, &["daemon: none answers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_and_man_are_told_every_command_without_a_configuration() {
    let place = Place::new("");
    std::fs::remove_file(place.file("jirasyncd.toml")).unwrap();
    let help = place.run(&["--help"]).await.expect(0, &["Commands:"]);
    let commands = help.stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = place.run(&["completions", shell]).await.expect(0, &[]);
        let missing: Vec<_> = commands.iter().filter(|command| !said.stdout.contains(*command)).collect();
        assert!(missing.is_empty(), "{shell}: {missing:?}");
    }
    place.run(&["man"]).await.expect(0, &[".TH jirasyncd 1", "Exit codes"]);
    let folder = place.file("man");
    place
        .run(&["man", "--folder", folder.to_str().unwrap()])
        .await
        .expect(1, &["cannot be written into", "make that folder first"]);
    std::fs::create_dir(&folder).unwrap();
    place.run(&["man", "--folder", folder.to_str().unwrap()]).await.expect(0, &[]);
    for command in commands {
        let page = std::fs::read_to_string(folder.join(format!("jirasyncd-{command}.1"))).unwrap();
        assert!(page.contains(".SH NAME"), "{command}");
    }
}
